//! From rule files to rules: runs each file's top level in the sandbox, then checks what it registered.

mod rule_map;
mod source;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{AST, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext, Position};

use crate::base::limits;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Help, Place};
use crate::lang::expr::{Constant, Expr, ExprKind, SameConstant};
use crate::lang::rule::{Captured, Closure, ComputedField, Rule};
use crate::lang::sandbox;
use crate::lang::syntax::{CallSite, Function, SourceMap, Translator, constant_of, line_column};
use crate::lang::types::{Base, Type};
use crate::lang::typing::{Checker, Context};
use crate::model::channel::Channel;
use crate::model::manifest::Lookup;
use crate::model::reference::Reference;
use crate::model::schema::{Kind, Schema};

use rule_map::RuleMap;

pub(crate) use rule_map::key_value;

pub(crate) struct Environment<'e> {
    pub schema: &'e Schema,
    pub reference: &'e Reference,
    pub channels: &'e [Channel],
    pub lookups: &'e [Lookup],
}

#[derive(Default)]
pub(crate) struct Loaded {
    pub rules: Vec<Rule>,
    pub computed: Vec<ComputedField>,
    /// The functions of each file, as Rhai has them.
    pub files: Vec<AST>,
    pub functions: Vec<BTreeMap<String, Function>>,
    pub names: Vec<Arc<str>>,
    pub patterns: BTreeSet<String>,
    pub used: Used,
}

/// What rule files use of what the pack defines.
#[derive(Clone, Default)]
pub(crate) struct Used {
    pub lookups: BTreeSet<usize>,
    /// For each file, the names that its top level calls.
    pub called: Vec<BTreeSet<String>>,
}

/// What a rule file registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Registered {
    Rule,
    Field,
    Total,
}

/// A call of `rule`, `field` or `total`, as it was made.
struct Registration {
    what: Registered,
    position: Position,
    id: Dynamic,
    content: Dynamic,
}

const CAPTURE_DEPTH_MAX: usize = 16;
/// The operations that are counted at once for a whole pack.
const OPERATIONS_COUNTED: u64 = 1_000;

/// What the files of a pack have registered, and how much it holds.
#[derive(Default)]
struct Registry {
    calls: Vec<Registration>,
    /// What closures captured, each value once.
    captured: HashMap<SameConstant, Captured>,
    /// Bytes, as [`limits::PACK_HELD_MAX`] bounds them.
    held: usize,
    /// Values that were captured, as [`limits::PACK_CAPTURED_MAX`] bounds them.
    walked: usize,
    operations: u64,
}

impl Registry {
    fn add(
        &mut self,
        what: Registered,
        position: Position,
        id: &Dynamic,
        content: &Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        // One more than may be, so that it is found.
        if self.calls.len() > limits::RULES_MAX {
            return Err("too many rules".into());
        }
        let nests = || "a captured value nests too deep";
        let id = fixed(id, 0).ok_or_else(nests)?;
        let content = if let Ok(map) = content.as_map_ref() {
            let mut fixed_map = rhai::Map::new();
            for (key, value) in map.iter() {
                fixed_map.insert(key.clone(), self.closure_or_value(value)?);
            }
            Dynamic::from_map(fixed_map)
        } else {
            self.closure_or_value(content)?
        };
        self.hold(&id)?;
        self.calls.push(Registration { what, position, id, content });
        Ok(())
    }

    fn hold(&mut self, value: &Dynamic) -> Result<(), Box<EvalAltResult>> {
        let (bytes, values) = size(value, 0);
        self.held += bytes + limits::VALUE_BYTES * values;
        if self.held > limits::PACK_HELD_MAX {
            // They would be looked at for nothing.
            self.calls.clear();
            let most = limits::PACK_HELD_MAX >> 20;
            return Err(format!(
                "the rules of the pack hold more than {most} MiB of texts and values; shorten titles, and keep long lists in \
                 lookup tables"
            )
            .into());
        }
        Ok(())
    }

    /// A value, or a closure whose captured values are each a [`Captured`].
    fn closure_or_value(&mut self, value: &Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        let Some(pointer) = value.read_lock::<FnPtr>() else {
            let value = fixed(value, 0).ok_or("a value nests too deep")?;
            self.hold(&value)?;
            return Ok(value);
        };
        let mut pointer = pointer.clone();
        for captured in pointer.iter_curry_mut() {
            let (bytes, values) = size(captured, 0);
            self.walked += values + bytes / limits::VALUE_BYTES;
            if self.walked > limits::PACK_CAPTURED_MAX {
                self.calls.clear();
                let most = limits::PACK_CAPTURED_MAX;
                return Err(format!(
                    "the closures of the pack capture more than {most} values, counted for each rule; keep long lists in \
                     lookup tables"
                )
                .into());
            }
            let value = fixed(captured, 0).ok_or("a captured value nests too deep")?;
            let constant = Arc::new(constant_of(&value).unwrap_or(Constant::Missing));
            // What is no constant is not known to be equal to another.
            let is_known = constant.is_value() && (*constant != Constant::Missing || value.is_unit());
            let key = SameConstant(Arc::clone(&constant));
            let shared = match self.captured.get(&key).filter(|_| is_known) {
                Some(known) => known.clone(),
                None => {
                    self.hold(&value)?;
                    let new = Captured::new(value, constant);
                    if is_known {
                        self.captured.insert(key, new.clone());
                    }
                    new
                }
            };
            *captured = Dynamic::from(shared);
        }
        Ok(Dynamic::from(pointer))
    }
}

/// How much a value holds: bytes of text, and values. Of what nests too deep nothing is said.
fn size(value: &Dynamic, depth: usize) -> (usize, usize) {
    let sum = |(a, b): (usize, usize), (c, d): (usize, usize)| (a + c, b + d);
    if depth > CAPTURE_DEPTH_MAX {
        (0, 1)
    } else if value.is_shared() {
        size(&value.flatten_clone(), depth + 1)
    } else if let Ok(text) = value.as_immutable_string_ref() {
        (text.len(), 1)
    } else if let Ok(items) = value.as_array_ref() {
        items.iter().map(|item| size(item, depth + 1)).fold((0, 1), sum)
    } else if let Ok(entries) = value.as_map_ref() {
        entries.iter().map(|(key, item)| sum((key.len(), 0), size(item, depth + 1))).fold((0, 1), sum)
    } else if let Some(pointer) = value.read_lock::<FnPtr>() {
        pointer.iter_curry().map(|item| size(item, depth + 1)).fold((0, 1), sum)
    } else {
        (0, 1)
    }
}

/// The value with nothing shared in it, so that it stays as it is now; `None` where it nests too deep.
pub(crate) fn fixed(value: &Dynamic, depth: usize) -> Option<Dynamic> {
    if depth > CAPTURE_DEPTH_MAX {
        return None;
    }
    if value.is_shared() {
        // One lock at a time: a value that contains itself must end at the depth, not in a deadlock.
        let inner = value.flatten_clone();
        return fixed(&inner, depth + 1);
    }
    if let Ok(array) = value.as_array_ref() {
        return array
            .iter()
            .map(|item| fixed(item, depth + 1))
            .collect::<Option<Vec<_>>>()
            .map(Dynamic::from_array);
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map.iter().map(|(key, item)| Some((key.clone(), fixed(item, depth + 1)?)));
        return entries.collect::<Option<rhai::Map>>().map(Dynamic::from_map);
    }
    if let Some(pointer) = value.read_lock::<FnPtr>() {
        let mut pointer = pointer.clone();
        for captured in pointer.iter_curry_mut() {
            *captured = fixed(captured, depth + 1)?;
        }
        return Some(Dynamic::from(pointer));
    }
    Some(value.clone())
}

pub(crate) fn load(
    files: &[(Arc<str>, Arc<str>)],
    environment: &Environment<'_>,
    diagnostics: &mut Diagnostics,
) -> Loaded {
    let mut loaded = Loaded::default();
    let registered: Arc<Mutex<Registry>> = Arc::default();
    let mut engine = loading_engine(&registered);
    let mut parts = 0;
    let mut seen = BTreeMap::new();
    for (name, text) in files {
        let mut file = File::new(name, text, OF_RULES, environment, diagnostics);
        file.at = loaded.files.len();
        file.parts = parts;
        let left = limits::PACK_OPERATIONS_MAX.saturating_sub(registry(&registered).operations);
        // No operations at all would be any number of them.
        engine.set_max_operations(left.clamp(1, limits::FILE_OPERATIONS_MAX));
        let Some(ast) = file.parse(&engine, text).map(Rc::new) else { continue };
        file.ast = Some(Rc::clone(&ast));
        let ready = file.survey(&ast);
        if ready {
            file.run(&engine, &ast);
        }
        let calls = std::mem::take(&mut registry(&registered).calls);
        loaded.files.push(ast.clone_functions_only());
        for call in calls {
            if call.what == Registered::Rule {
                if loaded.rules.len() >= limits::RULES_MAX {
                    let title = format!("a pack cannot have more than {} rules", limits::RULES_MAX);
                    file.report(Code::BadValue, file.token(call.position), title, None);
                    break;
                }
                file.rule(&call, &mut loaded, &mut seen);
                file.about = None;
                if file.parts > limits::PACK_PARTS_MAX {
                    let most = limits::PACK_PARTS_MAX;
                    let title = format!(
                        "the closures of the pack have more than {most} parts, counted for each rule"
                    );
                    let help = "write one rule for many values, with a lookup table";
                    file.report(Code::BadValue, file.token(call.position), title, help);
                    return loaded;
                }
            } else {
                file.field(&call, &mut loaded);
            }
        }
        parts = file.parts;
        loaded.used.lookups.extend(file.lookups);
        loaded.used.called.push(file.called);
        loaded.functions.push(file.functions);
        loaded.names.push(Arc::clone(name));
    }
    diagnostics.keep_rules(seen);
    loaded.rules.shrink_to_fit();
    loaded
}

/// Functions of rule files.
const OF_RULES: &[(&str, usize, &str)] = &[
    ("rule", 2, "rule(\"ID\", #{ ... })"),
    ("field", 2, "field(\"name\", |d| ...)"),
    ("total", 2, "total(\"name\", |d| ...)"),
];

/// Runs a file of tests on an engine that has `test`; gives its tree, unless it has mistakes.
pub(crate) fn run_tests(
    engine: &Engine,
    name: &Arc<str>,
    text: &str,
    environment: &Environment<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<AST> {
    const OF_TESTS: &[(&str, usize, &str)] =
        &[("test", 3, "test(\"what it shows\", #{ ... }, #{ fires: \"RULE\" })")];
    let mut file = File::new(name, text, OF_TESTS, environment, diagnostics);
    let ast = file.parse(engine, text)?;
    if !file.survey(&ast) {
        return None;
    }
    let errors = file.diagnostics.errors();
    file.run(engine, &ast);
    (file.diagnostics.errors() == errors).then_some(ast)
}

fn registry(registered: &Mutex<Registry>) -> MutexGuard<'_, Registry> {
    registered.lock().unwrap_or_else(PoisonError::into_inner)
}

fn loading_engine(registered: &Arc<Mutex<Registry>>) -> Engine {
    let mut engine = sandbox::engine(limits::FILE_OPERATIONS_MAX, limits::FILE_VARIABLES_MAX);
    // Rules say the same names over and over. What is kept is bounded by the files themselves; with a smaller
    // bound Rhai would look for the least used text whenever a new one comes.
    engine.set_max_strings_interned(usize::MAX);
    let counted = Arc::clone(registered);
    engine.on_progress(move |operations| {
        // Counted from the start of each file: a step of so many is one.
        if operations.is_multiple_of(OPERATIONS_COUNTED) {
            registry(&counted).operations += OPERATIONS_COUNTED;
        }
        None
    });
    for (name, what) in
        [("rule", Registered::Rule), ("field", Registered::Field), ("total", Registered::Total)]
    {
        let registered = Arc::clone(registered);
        engine.register_fn(
            name,
            move |context: NativeCallContext<'_>,
                  id: Dynamic,
                  content: Dynamic|
                  -> Result<(), Box<EvalAltResult>> {
                registry(&registered).add(what, context.call_position(), &id, &content)
            },
        );
    }
    engine
}

struct File<'f> {
    name: &'f Arc<str>,
    /// The functions that only such files have, with how they are called.
    own: &'static [(&'static str, usize, &'static str)],
    translator: Translator<'f>,
    environment: &'f Environment<'f>,
    functions: BTreeMap<String, Function>,
    ast: Option<Rc<AST>>,
    /// By the start of each registration at the top level, its first argument.
    ids: BTreeMap<usize, Range<usize>>,
    /// All registrations with their keys: only mistakes need them.
    sites: OnceCell<BTreeMap<(usize, usize), CallSite>>,
    at: usize,
    /// The lookup tables that its closures use, by position.
    lookups: BTreeSet<usize>,
    called: BTreeSet<String>,
    about: Option<String>,
    /// The bodies of closures, which rules share, and how many parts they have.
    bodies: BTreeMap<String, (Arc<Expr>, usize)>,
    /// The parts of all closures so far, counted for each rule.
    parts: usize,
    diagnostics: &'f mut Diagnostics,
}

impl<'f> File<'f> {
    fn new(
        name: &'f Arc<str>,
        text: &'f str,
        own: &'static [(&'static str, usize, &'static str)],
        environment: &'f Environment<'f>,
        diagnostics: &'f mut Diagnostics,
    ) -> Self {
        Self {
            name,
            own,
            translator: Translator { source: SourceMap::new(text) },
            environment,
            functions: BTreeMap::new(),
            ast: None,
            ids: BTreeMap::new(),
            sites: OnceCell::new(),
            at: 0,
            lookups: BTreeSet::new(),
            called: BTreeSet::new(),
            about: None,
            bodies: BTreeMap::new(),
            parts: 0,
            diagnostics,
        }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place { file: self.name.clone(), span }
    }

    fn token(&self, position: Position) -> Range<usize> {
        self.translator.source.token(position)
    }

    fn own_names(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.own.iter().map(|&(name, ..)| name)
    }

    fn report(&mut self, code: Code, span: Range<usize>, title: impl Into<String>, help: impl Into<Help>) {
        self.push(self.mistake(code, span, title, help));
    }

    fn mistake(
        &self,
        code: Code,
        span: Range<usize>,
        title: impl Into<String>,
        help: impl Into<Help>,
    ) -> Diagnostic {
        Diagnostic::found(code, self.place(span), title, help)
    }

    /// Reports a name that nothing has, with those that there are.
    fn unknown<'n>(
        &mut self,
        code: Code,
        span: Range<usize>,
        title: impl Into<String>,
        written: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) {
        let source = self.translator.source.slice(span.clone());
        let mistake = self.mistake(code, span, title, None).respelt(source, written, known);
        self.push(mistake);
    }

    fn push(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.rule = self.about.clone();
        self.diagnostics.push(diagnostic);
    }

    /// The registration as it is written, if it is written out.
    fn site(&self, call: &Registration) -> Option<&CallSite> {
        let ast = self.ast.as_ref()?;
        let sites = self.sites.get_or_init(|| self.translator.call_sites(ast));
        sites.get(&line_column(call.position))
    }

    /// Where a key of a registration stands, and where its value; the call where it was not written out there.
    fn key_place(&self, call: &Registration, key: &str) -> (Range<usize>, Range<usize>) {
        let token = self.token(call.position);
        self.site(call).and_then(|site| site.keys.get(key).cloned()).unwrap_or((token.clone(), token))
    }

    fn id_place(&self, call: &Registration) -> Range<usize> {
        let token = self.token(call.position);
        let id = self.ids.get(&token.start).or_else(|| self.site(call).map(|site| &site.id));
        id.cloned().unwrap_or(token)
    }

    fn check(
        &mut self,
        mut pointer: FnPtr,
        computed: &[(String, Type, bool)],
        loaded_patterns: &mut BTreeSet<String>,
    ) -> Option<(Type, Closure)> {
        let name = pointer.fn_name().to_owned();
        let function = self.functions.get(&name)?;
        let captured: Option<Vec<Captured>> = pointer
            .iter_curry()
            .map(|value| value.read_lock::<Captured>().map(|value| value.clone()))
            .collect();
        let captured = captured?;
        pointer.set_curry([]);
        if function.params.len() != captured.len() + 1 {
            return None;
        }
        let environment = self.environment;
        let context = Context { schema: environment.schema, computed, lookups: environment.lookups };
        let (ty, found) = Checker::new(&context, &self.functions, self.name.clone())
            .with_source(&self.translator.source)
            .closure(&name, &captured);
        let params = function.params.clone();
        let (body, parts) = self.bodies.entry(name).or_insert_with(|| {
            let mut parts = 0;
            function.body.walk(&mut |_| parts += 1);
            (Arc::new(unwrapped(&function.body).clone()), parts)
        });
        let body = Arc::clone(body);
        self.parts += *parts;
        found.diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
        loaded_patterns.extend(found.patterns);
        self.lookups.extend(&found.lookups);
        let (fields, lookups) = (found.fields, found.lookups);
        Some((ty, Closure { file: self.at, pointer, captured, params, body, fields, lookups }))
    }

    fn field(&mut self, call: &Registration, loaded: &mut Loaded) {
        let id_place = self.id_place(call);
        let Ok(name) = call.id.clone().into_string() else {
            self.report(Code::WrongType, id_place, "the name of a field must be a text", None);
            return;
        };
        let is_name = name.starts_with(|letter: char| letter.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_name || matches!(name.as_str(), "listed" | "lookup") {
            let title = format!("`{name}` cannot be the name of a field");
            self.report(Code::BadValue, id_place, title, "use lower case letters, digits and `_`");
            return;
        }
        let computed = types_of(&loaded.computed);
        let context = Context {
            schema: self.environment.schema,
            computed: &computed,
            lookups: self.environment.lookups,
        };
        if context.field(&name).is_some() {
            let title = format!("there is a field `{name}` already");
            self.report(Code::Duplicate, id_place, title, "give it another name");
            return;
        }
        let place = self.token(call.position);
        let total = call.what == Registered::Total;
        let function = if total { "total" } else { "field" };
        let Some(pointer) = call.content.clone().try_cast::<FnPtr>() else {
            let title = format!("the second argument of `{function}` must be a closure");
            self.report(Code::WrongType, place, title, format!("write `{function}(\"name\", |d| ...)`"));
            return;
        };
        let Some((ty, closure)) = self.check(pointer, &computed, &mut loaded.patterns) else {
            let title = format!("the closure of a {function} takes the goods line and nothing else");
            self.report(Code::WrongType, place, title, "write `|d| ...`");
            return;
        };
        let kind = match ty.base {
            // How often it holds.
            Base::Flag if total => Kind::Integer,
            Base::Integer if total => Kind::Number,
            Base::Flag => Kind::Flag,
            Base::Integer => Kind::Integer,
            Base::Number => Kind::Number,
            Base::Text if !total => Kind::Text,
            Base::Date if !total => Kind::Date,
            _ => {
                if self.diagnostics.errors() == 0 {
                    let title = match total {
                        true => format!("the total `{name}` is of {ty}; it is of a flag or a number"),
                        false => {
                            format!(
                                "the field `{name}` is {ty}; a field is a flag, a number, a text or a date"
                            )
                        }
                    };
                    self.report(Code::TypeMismatch, closure.body.span.clone(), title, None);
                }
                return;
            }
        };
        // There is always a number of lines.
        let missing = ty.missing && !(total && ty.base == Base::Flag);
        loaded.computed.push(ComputedField { name, kind, missing, closure, total });
    }

    fn rule(&mut self, call: &Registration, loaded: &mut Loaded, seen: &mut BTreeMap<String, Place>) {
        let id_place = self.id_place(call);
        let Ok(id) = call.id.clone().into_string() else {
            self.report(Code::WrongType, id_place, "the id of a rule must be a text", None);
            return;
        };
        let is_id = !id.is_empty()
            && id.len() <= limits::RULE_ID_CHARS_MAX
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !is_id {
            let shown: String = id.chars().take(limits::RULE_ID_CHARS_MAX).collect();
            let title = format!("`{shown}` cannot be the id of a rule");
            let help = format!("use up to {} letters, digits, `.`, `_` and `-`", limits::RULE_ID_CHARS_MAX);
            self.report(Code::BadValue, id_place, title, help);
            return;
        }
        self.about = Some(id.clone());
        if let Some(first) = seen.get(&id) {
            let diagnostic = Diagnostic::new(Code::Duplicate, format!("there are two rules `{id}`"))
                .at(self.place(id_place), "the second")
                .at(first.clone(), "the first")
                .note("reports and outcomes name rules by their ids")
                .help("give each rule an id of its own");
            self.push(diagnostic);
            return;
        }
        seen.insert(id.clone(), self.place(id_place.clone()));
        let Ok(map) = call.content.as_map_ref() else {
            let title = "the second argument of `rule` must be a map";
            let help = "write `rule(\"ID\", #{ title: \"...\", ... })`";
            self.report(Code::WrongType, self.token(call.position), title, help);
            return;
        };
        let computed = types_of(&loaded.computed);
        let mut entries = RuleMap {
            file: self,
            call,
            map: &map,
            id: &id,
            computed: &computed,
            patterns: &mut loaded.patterns,
        };
        let rule = entries.read(id_place);
        drop(map);
        loaded.rules.push(rule);
    }
}

fn types_of(computed: &[ComputedField]) -> Vec<(String, Type, bool)> {
    let of =
        |field: &ComputedField| (field.name.clone(), Type::of_kind(field.kind, field.missing), field.total);
    computed.iter().map(of).collect()
}

/// A block with one expression in it is that expression.
pub(crate) fn unwrapped(body: &Expr) -> &Expr {
    match &body.kind {
        ExprKind::Block(statements) if statements.len() == 1 => unwrapped(&statements[0]),
        _ => body,
    }
}

/// The part of a closure that gives its result.
fn result_span(body: &Expr) -> Range<usize> {
    match &body.kind {
        ExprKind::Block(statements) => statements.last().map_or(body.span.clone(), result_span),
        _ => body.span.clone(),
    }
}
