//! From rule files to rules: runs each file's top level in the sandbox, then checks what it registered.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{AST, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext, ParseErrorType, Position, Scope};

use crate::base::limits;
use crate::base::value::Date;
use crate::diagnostic::{
    Code, Diagnostic, Diagnostics, Fix, Place, nearest, parameter_around, quote_numbers, rewrite_day,
};
use crate::lang::expr::{Constant, Expr, ExprKind};
use crate::lang::functions;
use crate::lang::pieces;
use crate::lang::rule::{Closure, ComputedField, KeyValue, Points, Rule, Status};
use crate::lang::sandbox;
use crate::lang::syntax::{CallSite, Function, Lowering, SourceMap, constant_of, line_column};
use crate::lang::types::{Base, Type};
use crate::lang::typing::{Checker, Context, compared_with_true, not_in_language};
use crate::model::channel::{Channel, ChannelId};
use crate::model::keys;
use crate::model::manifest::{Lookup, is_hs_prefix};
use crate::model::reference::{Key, Reference};
use crate::model::schema::{CodeList, Kind, Schema};

/// What rules may refer to.
pub(crate) struct Environment<'e> {
    pub schema: &'e Schema,
    pub reference: &'e Reference,
    pub channels: &'e [Channel],
    pub lookups: &'e [Lookup],
}

/// What the rule files of a pack give.
#[derive(Default)]
pub(crate) struct Loaded {
    pub rules: Vec<Rule>,
    pub computed: Vec<ComputedField>,
    /// The functions of each file, as Rhai has them.
    pub files: Vec<AST>,
    /// The functions of each file, as expressions.
    pub functions: Vec<BTreeMap<String, Function>>,
    pub names: Vec<Arc<str>>,
    pub patterns: BTreeSet<String>,
    pub used: Used,
}

/// What rule files use of what the pack defines.
#[derive(Clone, Default)]
pub(crate) struct Used {
    /// Lookup tables, by position.
    pub lookups: BTreeSet<usize>,
    /// For each file, the names that its top level calls.
    pub called: Vec<BTreeSet<String>>,
}

/// A call of `rule` or `field`, as it was made.
struct Registration {
    is_rule: bool,
    position: Position,
    id: Dynamic,
    content: Dynamic,
}

/// How deep captured values may nest.
const CAPTURE_DEPTH_MAX: usize = 16;

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

/// Loads the rule files, in the order given.
pub(crate) fn load(
    files: &[(Arc<str>, Arc<str>)],
    environment: &Environment<'_>,
    diagnostics: &mut Diagnostics,
) -> Loaded {
    let mut loaded = Loaded::default();
    let registered: Arc<Mutex<Vec<Registration>>> = Arc::default();
    let engine = loading_engine(&registered);
    let mut seen = BTreeMap::new();
    for (name, text) in files {
        let mut file = File {
            name,
            own: OF_RULES,
            lowering: Lowering { source: SourceMap::new(text) },
            environment,
            functions: BTreeMap::new(),
            ast: None,
            ids: BTreeMap::new(),
            sites: OnceCell::new(),
            at: loaded.files.len(),
            lookups: BTreeSet::new(),
            called: BTreeSet::new(),
            about: None,
            diagnostics,
        };
        let Some(ast) = file.parse(&engine, text).map(Rc::new) else { continue };
        file.ast = Some(Rc::clone(&ast));
        let ready = file.survey(&ast);
        if ready {
            file.run(&engine, &ast);
        }
        let calls = std::mem::take(&mut *registered.lock().unwrap_or_else(PoisonError::into_inner));
        loaded.files.push(ast.clone_functions_only());
        for call in calls {
            if call.is_rule {
                if loaded.rules.len() >= limits::RULES_MAX {
                    let title = format!("a pack cannot have more than {} rules", limits::RULES_MAX);
                    file.report(Code::BadValue, file.token(call.position), title, None);
                    break;
                }
                file.rule(&call, &mut loaded, &mut seen);
                file.about = None;
            } else {
                file.field(&call, &mut loaded);
            }
        }
        loaded.used.lookups.extend(std::mem::take(&mut file.lookups));
        loaded.used.called.push(std::mem::take(&mut file.called));
        let functions = file.functions;
        loaded.functions.push(functions);
        loaded.names.push(Arc::clone(name));
    }
    diagnostics.keep_rules(seen);
    loaded.rules.shrink_to_fit();
    loaded
}

/// Functions of rule files.
const OF_RULES: &[(&str, usize, &str)] =
    &[("rule", 2, "rule(\"ID\", #{ ... })"), ("field", 2, "field(\"name\", |d| ...)")];

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
    let mut file = File {
        name,
        own: OF_TESTS,
        lowering: Lowering { source: SourceMap::new(text) },
        environment,
        functions: BTreeMap::new(),
        ast: None,
        ids: BTreeMap::new(),
        sites: OnceCell::new(),
        at: 0,
        lookups: BTreeSet::new(),
        called: BTreeSet::new(),
        about: None,
        diagnostics,
    };
    let ast = file.parse(engine, text)?;
    if !file.survey(&ast) {
        return None;
    }
    let errors = file.diagnostics.errors();
    file.run(engine, &ast);
    (file.diagnostics.errors() == errors).then_some(ast)
}

fn loading_engine(registered: &Arc<Mutex<Vec<Registration>>>) -> Engine {
    let mut engine = sandbox::engine(limits::FILE_OPERATIONS_MAX, limits::FILE_VARIABLES_MAX);
    // Rules say the same names over and over. What is kept is bounded by the files themselves; with a smaller
    // bound Rhai would look for the least used text whenever a new one comes.
    engine.set_max_strings_interned(usize::MAX);
    for (name, is_rule) in [("rule", true), ("field", false)] {
        let registered = Arc::clone(registered);
        engine.register_fn(
            name,
            move |context: NativeCallContext<'_>,
                  id: Dynamic,
                  content: Dynamic|
                  -> Result<(), Box<EvalAltResult>> {
                let position = context.call_position();
                let (Some(id), Some(content)) = (fixed(&id, 0), fixed(&content, 0)) else {
                    return Err("a captured value nests too deep".into());
                };
                let mut calls = registered.lock().unwrap_or_else(PoisonError::into_inner);
                if calls.len() > limits::RULES_MAX {
                    return Err("too many rules".into());
                }
                calls.push(Registration { is_rule, position, id, content });
                Ok(())
            },
        );
    }
    engine
}

struct File<'f> {
    name: &'f Arc<str>,
    /// The functions that only such files have, with how they are called.
    own: &'static [(&'static str, usize, &'static str)],
    lowering: Lowering<'f>,
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
    /// What its top level calls.
    called: BTreeSet<String>,
    /// The rule that is being read.
    about: Option<String>,
    diagnostics: &'f mut Diagnostics,
}

impl File<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place { file: self.name.clone(), span }
    }

    fn token(&self, position: Position) -> Range<usize> {
        self.lowering.source.token(position)
    }

    fn own_names(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.own.iter().map(|&(name, ..)| name)
    }

    fn report(&mut self, code: Code, span: Range<usize>, title: impl Into<String>, help: Option<String>) {
        self.push(self.mistake(code, span, title, help));
    }

    fn mistake(
        &self,
        code: Code,
        span: Range<usize>,
        title: impl Into<String>,
        help: Option<String>,
    ) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(code, title).at(self.place(span), "");
        diagnostic.help = help;
        diagnostic
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
        let source = self.lowering.source.slice(span.clone());
        let mistake = self.mistake(code, span, title, None).respelt(source, written, known);
        self.push(mistake);
    }

    fn push(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.rule = self.about.clone();
        self.diagnostics.push(diagnostic);
    }

    fn parse(&mut self, engine: &Engine, text: &str) -> Option<AST> {
        if let Some(ast) = pieces::parse(engine, text) {
            return Some(ast);
        }
        match engine.compile(text) {
            // Rhai takes a comment that is never closed for the end of the file, which would silence every rule
            // after it. Only in such a comment is a further `*/` no mistake.
            Ok(_) if text.contains("/*") && engine.compile(format!("{text}\n*/")).is_ok() => {
                let start = text.rfind("/*").unwrap_or(0);
                let help = Some("close it with `*/`, or begin each line of it with `//`".to_owned());
                self.report(
                    Code::RhaiSyntax,
                    start..start + 2,
                    "the comment that begins here is never closed",
                    help,
                );
                None
            }
            Ok(ast) => Some(ast),
            Err(error) => {
                let span = self.token(error.position());
                let written = text.get(span.clone()).unwrap_or("");
                let (code, title, help) = syntax_message(&error, written);
                let fix = self.missing_sign(&error, text, span.start);
                let mistake = self.mistake(code, span, title, help).fix(fix);
                self.push(mistake);
                None
            }
        }
    }

    /// Where a comma or a semicolon is missing, it is missing behind what stands before.
    fn missing_sign(&self, error: &rhai::ParseError, text: &str, at: usize) -> Option<Fix> {
        let sign = match error.err_type() {
            ParseErrorType::MissingToken(sign, _) if matches!(sign.as_str(), "," | ";") => sign,
            _ => return None,
        };
        let before = text.get(..at)?.trim_end();
        let last_line = before.rsplit('\n').next().unwrap_or("");
        // What seems to stand before may be a comment, or a text with such signs in it.
        let is_clear = !last_line.is_empty() && !last_line.contains("//") && !last_line.ends_with("*/");
        let place = self.place(before.len()..before.len());
        is_clear.then(|| Fix::safe(format!("put in the `{sign}`"), place, sign.as_str()))
    }

    /// Looks the whole file over before it runs: what the language does not have, and calls of functions that
    /// do not exist, are all found at once.
    fn survey(&mut self, ast: &AST) -> bool {
        let errors_before = self.diagnostics.errors();
        self.functions = self.lowering.functions(ast);
        let top_level = self.lowering.top_level(ast);
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut ids = BTreeMap::new();
        let mut called = BTreeSet::new();
        for name in self.functions.keys() {
            if functions::names().chain(self.own_names()).any(|known| known == name) {
                let defined = self.lowering.source.find(&format!("fn {name}"));
                found.push(self.mistake(
                    Code::Duplicate,
                    defined.unwrap_or(0..0),
                    format!("the file defines a function `{name}`, which the language has already"),
                    Some("give it another name".into()),
                ));
            }
        }
        // What functions of rules do is found where rules call them; nothing checks those of tests before they run.
        let own: Vec<&str> = self.own_names().collect();
        let bodies = self.functions.values().filter(|_| self.own != OF_RULES).map(|function| &function.body);
        for expr in top_level.iter().chain(bodies) {
            expr.walk(&mut |expr| match &expr.kind {
                ExprKind::Unsupported(what, _) => {
                    let title = not_in_language(what);
                    found.push(self.mistake(Code::NotInLanguage, expr.span.clone(), title, None));
                }
                ExprKind::Variable(name) => {
                    called.insert(name.clone());
                }
                ExprKind::Constant(Constant::Function(name, _)) => {
                    called.insert(name.clone());
                }
                ExprKind::Call { name, args, method } => {
                    called.insert(name.text.clone());
                    if let Some((_, arity, usage)) = self.own.iter().find(|(own, ..)| *own == name.text) {
                        if let ([id, _], false) = (args.as_slice(), *method) {
                            ids.insert(name.span.start, id.span.clone());
                        }
                        if args.len() != *arity {
                            let takes = if *arity == 2 { "two" } else { "three" };
                            let title = format!(
                                "`{}` takes {takes} arguments, and {} are given",
                                name.text,
                                args.len()
                            );
                            let help = Some(format!("write `{usage}`"));
                            found.push(self.mistake(Code::WrongType, expr.span.clone(), title, help));
                        }
                    } else if functions::LEFT_OUT.contains(&name.text.as_str()) {
                        let title = not_in_language(&format!("`{}`", name.text));
                        found.push(self.mistake(Code::NotInLanguage, name.span.clone(), title, None));
                    } else if !self.functions.contains_key(&name.text)
                        && functions::find(&name.text).is_none()
                        && !functions::CLOSURE_FUNCTIONS.iter().any(|(known, _)| *known == name.text)
                    {
                        let known = functions::names().chain(own.iter().copied()).chain(
                            self.functions
                                .keys()
                                .map(String::as_str)
                                .filter(|name| !name.starts_with("anon$")),
                        );
                        let title = format!("there is no function `{}`", name.text);
                        let source = self.lowering.source.slice(name.span.clone());
                        let mistake = self.mistake(Code::UnknownFunction, name.span.clone(), title, None);
                        found.push(mistake.respelt(source, &name.text, known));
                    }
                }
                _ => {}
            });
        }
        self.ids = ids;
        self.called = called;
        found.into_iter().for_each(|mistake| self.push(mistake));
        self.diagnostics.errors() == errors_before
    }

    fn run(&mut self, engine: &Engine, ast: &AST) {
        let Err(error) = engine.run_ast_with_scope(&mut Scope::new(), ast) else { return };
        let inner = error.unwrap_inner();
        let mut position = inner.position();
        if position.is_none() {
            position = error.position();
        }
        let span = self.token(position);
        let (code, title, help) = match inner {
            EvalAltResult::ErrorVariableNotFound(name, _) => {
                let mut names: Vec<String> = Vec::new();
                for expr in self.lowering.top_level(ast) {
                    expr.walk(&mut |expr| {
                        if let ExprKind::Let(name, _) = &expr.kind {
                            names.push(name.text.clone());
                        }
                    });
                }
                let context = Context {
                    schema: self.environment.schema,
                    computed: &[],
                    lookups: self.environment.lookups,
                };
                let known = names.iter().map(String::as_str);
                let help = match context.field(name) {
                    Some(_) => Some(format!("`{name}` is a field: write `d.{name}`")),
                    None => nearest(name, known.clone()).map(|near| format!("did you mean `{near}`?")),
                };
                let is_field = context.field(name).is_some();
                let title = format!("there is no variable `{name}`");
                let source = self.lowering.source.slice(span.clone());
                let mistake = self.mistake(Code::UnknownVariable, span.clone(), title, help);
                // A closure captures what it does not know. Outside of one there is no goods line.
                let line = parameter_around(self.lowering.source.slice(0..span.end), span.start);
                let mistake = match line.filter(|_| is_field && source == name.as_str()) {
                    Some(line) => {
                        let field = format!("{line}.{name}");
                        mistake.fix(Fix::safe(format!("write `{field}`"), self.place(span), field))
                    }
                    None if is_field => mistake,
                    None => mistake.respelling(source, name, known),
                };
                self.push(mistake);
                return;
            }
            EvalAltResult::ErrorTooManyOperations(_) => {
                let title =
                    format!("the file does not come to an end within {} steps", limits::FILE_OPERATIONS_MAX);
                (Code::FileFailed, title, Some("look for a loop that never ends".into()))
            }
            EvalAltResult::ErrorDataTooLarge(what, _) => {
                (Code::FileFailed, format!("a value is too large: {}", what.to_lowercase()), None)
            }
            EvalAltResult::ErrorTooManyVariables(_) => {
                (Code::FileFailed, format!("more than {} variables", limits::FILE_VARIABLES_MAX), None)
            }
            EvalAltResult::ErrorStackOverflow(_) => (
                Code::FileFailed,
                format!("functions call each other more than {} deep", limits::CALL_LEVELS_MAX),
                None,
            ),
            EvalAltResult::ErrorDataRace(..) => {
                let title = "a list or a map is changed while a closure that captured it is in use";
                (Code::FileFailed, title.to_owned(), Some("change it before the closure is written".into()))
            }
            EvalAltResult::ErrorRuntime(value, _) if value.is::<crate::lang::kernel::Fault>() => {
                (Code::FileFailed, format!("this stopped the file: {}", sandbox::fault_of(&error)), None)
            }
            other => {
                let text = other.to_string();
                let text = text.split(" (line").next().unwrap_or("").lines().next().unwrap_or("").to_owned();
                (Code::FileFailed, format!("this stopped the file: {text}"), None)
            }
        };
        self.report(code, span, title, help);
    }

    /// The registration as it is written, if it is written out.
    fn site(&self, call: &Registration) -> Option<&CallSite> {
        let ast = self.ast.as_ref()?;
        let sites = self.sites.get_or_init(|| self.lowering.call_sites(ast));
        sites.get(&line_column(call.position))
    }

    /// Where a key of a registration stands, and where its value; the call where it was not written out there.
    fn key_place(&self, call: &Registration, key: &str) -> (Range<usize>, Range<usize>) {
        let token = self.token(call.position);
        self.site(call).and_then(|site| site.keys.get(key).cloned()).unwrap_or((token.clone(), token))
    }

    fn id_place(&self, call: &Registration) -> Range<usize> {
        let token = self.token(call.position);
        match self.ids.get(&token.start).cloned().or_else(|| Some(self.site(call)?.id.clone())) {
            Some(id) => id,
            None => token,
        }
    }

    fn check(
        &mut self,
        pointer: FnPtr,
        computed: &[(String, Type)],
        loaded_patterns: &mut BTreeSet<String>,
    ) -> Option<(Type, Closure)> {
        let name = pointer.fn_name().to_owned();
        let function = self.functions.get(&name)?;
        let captured: Vec<Constant> =
            pointer.iter_curry().map(|value| constant_of(value).unwrap_or(Constant::Missing)).collect();
        if function.params.len() != captured.len() + 1 {
            return None;
        }
        let environment = self.environment;
        let context = Context { schema: environment.schema, computed, lookups: environment.lookups };
        let (ty, found) = Checker::new(&context, &self.functions, self.name.clone())
            .with_source(&self.lowering.source)
            .closure(&name, &captured);
        for mut diagnostic in found.diagnostics {
            diagnostic.rule = self.about.clone();
            self.diagnostics.push(diagnostic);
        }
        loaded_patterns.extend(found.patterns);
        self.lookups.extend(found.lookups);
        let params = function.params.clone();
        let body = unwrapped(&function.body).clone();
        Some((ty, Closure { file: self.at, pointer, params, body, fields: found.fields }))
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
            let help = Some("use lower case letters, digits and `_`".to_owned());
            self.report(Code::BadValue, id_place, format!("`{name}` cannot be the name of a field"), help);
            return;
        }
        let computed = types_of(&loaded.computed);
        let context = Context {
            schema: self.environment.schema,
            computed: &computed,
            lookups: self.environment.lookups,
        };
        if context.field(&name).is_some() {
            let help = Some("give it another name".to_owned());
            self.report(Code::Duplicate, id_place, format!("there is a field `{name}` already"), help);
            return;
        }
        let Some(pointer) = call.content.clone().try_cast::<FnPtr>() else {
            let help = Some("write `field(\"name\", |d| ...)`".to_owned());
            self.report(
                Code::WrongType,
                self.token(call.position),
                "the second argument of `field` must be a closure",
                help,
            );
            return;
        };
        let Some((ty, closure)) = self.check(pointer, &computed, &mut loaded.patterns) else {
            let help = Some("write `|d| ...`".to_owned());
            self.report(
                Code::WrongType,
                self.token(call.position),
                "the closure of a field takes the goods line and nothing else",
                help,
            );
            return;
        };
        let kind = match ty.base {
            Base::Flag => Kind::Flag,
            Base::Integer => Kind::Integer,
            Base::Number => Kind::Number,
            Base::Text => Kind::Text,
            Base::Date => Kind::Date,
            _ => {
                if self.diagnostics.errors() == 0 {
                    let title =
                        format!("the field `{name}` is {ty}; a field is a flag, a number, a text or a date");
                    self.report(Code::TypeMismatch, closure.body.span.clone(), title, None);
                }
                return;
            }
        };
        loaded.computed.push(ComputedField { name, kind, missing: ty.missing, closure });
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
            let help = format!("use up to {} letters, digits, `.`, `_` and `-`", limits::RULE_ID_CHARS_MAX);
            self.report(
                Code::BadValue,
                id_place,
                format!("`{shown}` cannot be the id of a rule"),
                Some(help),
            );
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
            let help = Some("write `rule(\"ID\", #{ title: \"...\", ... })`".to_owned());
            self.report(
                Code::WrongType,
                self.token(call.position),
                "the second argument of `rule` must be a map",
                help,
            );
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

fn types_of(computed: &[ComputedField]) -> Vec<(String, Type)> {
    computed.iter().map(|field| (field.name.clone(), Type::of_kind(field.kind, field.missing))).collect()
}

/// A block with one expression in it is that expression.
fn unwrapped(body: &Expr) -> &Expr {
    match &body.kind {
        ExprKind::Block(statements) if statements.len() == 1 => unwrapped(&statements[0]),
        _ => body,
    }
}

/// The map of one rule, read key by key.
struct RuleMap<'r, 'f> {
    file: &'r mut File<'f>,
    call: &'r Registration,
    map: &'r rhai::Map,
    id: &'r str,
    computed: &'r [(String, Type)],
    patterns: &'r mut BTreeSet<String>,
}

impl RuleMap<'_, '_> {
    fn read(&mut self, id_place: Range<usize>) -> Rule {
        for key in self.map.keys() {
            if !keys::RULE.has(key) {
                let (place, _) = self.file.key_place(self.call, key);
                let title = format!("a rule has no key `{key}`");
                self.file.unknown(Code::UnknownKey, place, title, key, keys::RULE.names());
            }
        }
        let title = match self.text("title") {
            Some(title) if title.trim().is_empty() => {
                let (_, place) = self.file.key_place(self.call, "title");
                let help = Some("say what an officer reads when it fires".to_owned());
                self.file.report(
                    Code::BadValue,
                    place,
                    format!("the rule `{}` has an empty `title`", self.id),
                    help,
                );
                title
            }
            Some(title) => title,
            None => {
                if !self.map.contains_key("title") {
                    let title = format!("the rule `{}` has no `title`", self.id);
                    let help = Some("add `title: \"what an officer reads when it fires\"`".to_owned());
                    self.file.report(Code::MissingKey, id_place.clone(), title, help);
                }
                String::new()
            }
        };
        let (from, until) = (self.date("from"), self.date("until"));
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            let (_, place) = self.file.key_place(self.call, "until");
            let title = format!("the rule `{}` ends on {until}, before it begins on {from}", self.id);
            let fix = self.exchanged("from", "until");
            let mistake = self.file.mistake(Code::EndsBeforeItBegins, place, title, None);
            let mistake = mistake.note("both days count: from the first to the last").fix(fix);
            self.file.push(mistake);
        }
        Rule {
            id: self.id.to_owned(),
            title,
            place: self.file.place(id_place),
            region: self.key(Key::Region),
            commodity: self.key(Key::Commodity),
            mode: self.key(Key::Mode),
            site: self.key(Key::Site),
            from,
            until,
            status: self.choice("status", &Status::ALL).unwrap_or(Status::Active),
            when: self.when(),
            points: self.points(),
            reason: self.reason(),
            at_least: self.channel("at_least"),
            at_most: self.channel("at_most"),
            basis: self.text("basis"),
            owner: self.text("owner"),
            tags: self.texts("tags").into_iter().collect(),
        }
    }

    fn value(&self, key: &str) -> Option<&Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit())
    }

    /// The values of two keys exchanged, if both are texts that are written out.
    fn exchanged(&self, first: &str, second: &str) -> Option<Fix> {
        let [first, second] = [first, second].map(|key| self.file.key_place(self.call, key).1);
        let source = |span: &Range<usize>| self.file.lowering.source.slice(span.clone()).to_owned();
        let (a, b) = (source(&first), source(&second));
        let are_texts =
            [&a, &b].iter().all(|text| text.len() > 2 && text.starts_with('"') && text.ends_with('"'));
        are_texts.then(|| {
            Fix::suggested("exchange the two days", self.file.place(first), b).and(self.file.place(second), a)
        })
    }

    fn wrong_type(&mut self, key: &str, expected: &str) {
        let (_, place) = self.file.key_place(self.call, key);
        let given = self
            .map
            .get(key)
            .and_then(constant_of)
            .map_or_else(|| "a value".to_owned(), |value| Type::of_constant(&value).to_string());
        let given = if given == "a list" { "a list of other values".to_owned() } else { given };
        let title = format!("`{key}` must be {expected}, not {given}");
        let fix = match key {
            "region" | "commodity" | "mode" | "site" => {
                let source = self.file.lowering.source.slice(place.clone());
                quote_numbers(source, &self.file.place(place.clone()))
            }
            "score" => {
                let source = self.file.lowering.source.slice(place.clone());
                let inside = source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                let points = inside.filter(|inside| inside.parse::<i64>().is_ok());
                points.map(|points| {
                    Fix::safe(format!("write `{points}`"), self.file.place(place.clone()), points)
                })
            }
            _ => None,
        };
        let mistake = self.file.mistake(Code::WrongType, place, title, None).fix(fix);
        self.file.push(mistake);
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.value(key)?.clone().into_string() {
            Ok(text) => Some(text),
            Err(_) => {
                self.wrong_type(key, "a text");
                None
            }
        }
    }

    /// A list of texts, or one text.
    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        if let Ok(text) = value.clone().into_string() {
            return vec![text];
        }
        let texts: Option<Vec<String>> = value
            .as_array_ref()
            .ok()
            .and_then(|items| items.iter().map(|item| item.clone().into_string().ok()).collect());
        texts.unwrap_or_else(|| {
            self.wrong_type(key, "a list of texts");
            Vec::new()
        })
    }

    fn date(&mut self, key: &str) -> Option<Date> {
        if let Some(date) = self.value(key)?.read_lock::<Date>() {
            return Some(*date);
        }
        let text = self.text(key)?;
        let date = text.parse().ok();
        if date.is_none() {
            let (_, place) = self.file.key_place(self.call, key);
            let help = Some(format!("write `{key}: \"2016-09-06\"`"));
            let source = self.file.lowering.source.slice(place.clone());
            let fix = rewrite_day(source, &text, &self.file.place(place.clone()));
            let title = format!("`{text}` is not a day of the calendar");
            let mistake = self.file.mistake(Code::BadValue, place, title, help).fix(fix);
            self.file.push(mistake);
        }
        date
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|&(_, value)| value);
        if found.is_none() {
            let (_, place) = self.file.key_place(self.call, key);
            let known = choices.iter().map(|(name, _)| *name);
            self.file.unknown(Code::UnknownName, place, format!("`{key}` cannot be `{text}`"), &text, known);
        }
        found
    }

    fn channel(&mut self, key: &str) -> Option<ChannelId> {
        let channels = self.file.environment.channels;
        let choices: Vec<(&str, ChannelId)> = channels
            .iter()
            .enumerate()
            .map(|(at, channel)| (channel.name.as_str(), ChannelId(at as u8)))
            .collect();
        self.choice(key, &choices)
    }

    fn key(&mut self, key: Key) -> Vec<KeyValue> {
        let names = self.texts(key.name());
        let environment = self.file.environment;
        let keys = &environment.schema.keys;
        let field = match key {
            Key::Region => keys.region,
            Key::Commodity => keys.commodity,
            Key::Mode => keys.mode,
            Key::Site => keys.site.first().map(|&(_, field)| field),
        };
        if !names.is_empty() && field.is_none() {
            let (place, _) = self.file.key_place(self.call, key.name());
            let title = format!("the schema says of no field that `{}` is compared with it", key.name());
            let help = Some(format!("name one in `pack.toml`, under `[keys]`, as `{}`", key.name()));
            self.file.report(Code::UnknownName, place, title, help);
            return Vec::new();
        }
        // An empty list would fit every line; who writes one means something else.
        if names.is_empty()
            && self.value(key.name()).is_some_and(|value| value.is_array())
            && self.file.diagnostics.errors() == 0
        {
            let (_, place) = self.file.key_place(self.call, key.name());
            let title = format!("`{}` is an empty list", key.name());
            let help = Some(format!("leave `{}` out to mean any, or name something", key.name()));
            self.file.report(Code::BadValue, place, title, help);
        }
        names.iter().filter_map(|name| self.key_value(key, name)).collect()
    }

    fn key_value(&mut self, key: Key, name: &str) -> Option<KeyValue> {
        let environment = self.file.environment;
        if let Some(value) = key_value(environment.schema, environment.reference, key, name) {
            return Some(value);
        }
        let (_, place) = self.file.key_place(self.call, key.name());
        let place = self.element_place(place, name);
        let groups = environment.reference.groups(key);
        let kinds =
            environment.schema.keys.site.iter().map(|(kind, _)| kind.as_str()).filter(|_| key == Key::Site);
        let known = groups.iter().map(|group| group.name.as_str()).chain(kinds);
        let (what, file, code) = match key {
            Key::Region => ("region", "regions", "a country code"),
            Key::Commodity => ("goods group", "commodities", "an HS prefix"),
            Key::Mode => ("group of trade modes", "modes", "a mode code in it"),
            Key::Site => ("site", "sites", "a kind of site"),
        };
        let title = format!("`{name}` is neither a {what} of `reference/{file}.toml` nor {code}");
        self.file.unknown(Code::UnknownName, place, title, name, known);
        None
    }

    /// The place of one text in a list that is written out from `place` on.
    fn element_place(&self, place: Range<usize>, text: &str) -> Range<usize> {
        let source = self.file.lowering.source.slice(place.clone());
        let quoted = format!("\"{text}\"");
        match source.find(&quoted) {
            Some(at) => place.start + at..place.start + at + quoted.len(),
            None => place,
        }
    }

    fn closure(&mut self, key: &str) -> Option<(Type, Closure)> {
        let pointer = self.value(key)?.clone().try_cast::<FnPtr>()?;
        let checked = self.file.check(pointer, self.computed, self.patterns);
        if checked.is_none() {
            let (_, place) = self.file.key_place(self.call, key);
            let title = format!("the closure of `{key}` takes the goods line and nothing else");
            self.file.report(Code::WrongType, place, title, Some("write `|d| ...`".into()));
        }
        checked
    }

    fn when(&mut self) -> Option<Closure> {
        if !self.value("when")?.is::<FnPtr>() {
            self.wrong_type("when", "a closure `|d| ...`");
            return None;
        }
        let (ty, closure) = self.closure("when")?;
        let span = result_span(&closure.body);
        if !ty.fits(&Base::Flag) || ty.base == Base::Missing {
            let title = format!("`when` must give a flag, and gives {ty}");
            self.file.report(Code::TypeMismatch, span, title, None);
        } else if ty.base == Base::Flag && ty.missing {
            let text = closure.body.to_string();
            let help = format!("write `{text} == true`, or `{text} ?? false`");
            let title = "`when` must give a flag, and this may be missing";
            let fix = compared_with_true(&closure.body, &self.file.place(span.clone()));
            let mistake = self.file.mistake(Code::TypeMismatch, span, title, Some(help)).fix(fix);
            self.file.push(mistake);
        }
        Some(closure)
    }

    fn points(&mut self) -> Points {
        let fixed = Points::Fixed(0);
        let Some(value) = self.value("score") else { return fixed };
        if value.is::<FnPtr>() {
            let Some((ty, closure)) = self.closure("score") else { return fixed };
            let span = result_span(&closure.body);
            if !ty.fits(&Base::Integer) || ty.base == Base::Missing {
                let title = format!("`score` must give whole points, and gives {ty}");
                let help = (ty.base == Base::Number).then(|| "round it: `(...).round().to_int()`".to_owned());
                self.file.report(Code::TypeMismatch, span, title, help);
            } else if ty.base == Base::Integer && ty.missing {
                let title = "`score` must give whole points, and this may be missing";
                self.file.report(Code::TypeMismatch, span, title, Some("write `(...) ?? 0`".into()));
            }
            return Points::Computed(closure);
        }
        match value.as_int() {
            Ok(points) if points.unsigned_abs() <= limits::POINTS_MAX.unsigned_abs() => Points::Fixed(points),
            Ok(points) => {
                let (_, place) = self.file.key_place(self.call, "score");
                let title =
                    format!("{points} points are more than the {} that a rule can give", limits::POINTS_MAX);
                self.file.report(Code::BadValue, place, title, None);
                fixed
            }
            Err(_) => {
                self.wrong_type("score", "whole points, or a closure `|d| ...` that gives them");
                fixed
            }
        }
    }

    fn reason(&mut self) -> Option<Closure> {
        if !self.value("reason")?.is::<FnPtr>() {
            self.wrong_type("reason", "a closure ``|d| `...` ``");
            return None;
        }
        let (ty, closure) = self.closure("reason")?;
        if !ty.fits(&Base::Text) {
            let title = format!("`reason` must give a text, and gives {ty}");
            let help = Some("write it in back quotes: `` `... ${value}` ``".to_owned());
            self.file.report(Code::TypeMismatch, result_span(&closure.body), title, help);
        }
        Some(closure)
    }
}

/// What a name in a key of rules stands for, by the schema and the reference data of a pack; `None` where it is an error.
pub(crate) fn key_value(schema: &Schema, reference: &Reference, key: Key, name: &str) -> Option<KeyValue> {
    let groups = reference.groups(key);
    if let Some(at) = groups.iter().position(|group| group.name == name) {
        return Some(KeyValue::Group(at));
    }
    let upper = name.trim().to_uppercase();
    let site_kinds = &schema.keys.site;
    match key {
        Key::Region => {
            let is_country =
                schema.keys.region.is_some_and(|field| schema[field].codes == Some(CodeList::Country));
            let code = CodeList::Country.canonical(&upper);
            if is_country && CodeList::Country.knows(&code) {
                return Some(KeyValue::Code(code.into_owned()));
            }
            if !is_country && is_member(groups, &upper) {
                return Some(KeyValue::Code(upper));
            }
        }
        Key::Commodity => {
            let digits = CodeList::Hs.canonical(&upper);
            if is_hs_prefix(&digits) {
                return Some(KeyValue::Code(digits.into_owned()));
            }
        }
        // A mode without a group of its own is known if any group lists it.
        Key::Mode => {
            if is_member(groups, &upper) || (groups.is_empty() && !upper.is_empty()) {
                return Some(KeyValue::Code(upper));
            }
        }
        Key::Site => {
            if site_kinds.iter().any(|(kind, _)| kind == name) {
                return Some(KeyValue::SiteKind(name.to_owned()));
            }
            if is_member(groups, &upper) {
                return Some(KeyValue::Code(upper));
            }
        }
    }
    None
}

fn is_member(groups: &[crate::model::reference::Group], code: &str) -> bool {
    groups.iter().flat_map(|group| &group.members).any(|member| {
        if member.prefix { code.starts_with(member.code.as_str()) } else { member.code == code }
    })
}

/// The part of a closure that gives its result.
fn result_span(body: &Expr) -> Range<usize> {
    match &body.kind {
        ExprKind::Block(statements) => statements.last().map_or(body.span.clone(), result_span),
        _ => body.span.clone(),
    }
}

/// What to say of a file that Rhai cannot read.
fn syntax_message(error: &rhai::ParseError, written: &str) -> (Code, String, Option<String>) {
    let removed = ["eval", "import", "export", "try", "catch", "throw"];
    if removed.contains(&written) {
        let title = format!("`{written}` is not part of the rule language");
        return (Code::NotInLanguage, title, None);
    }
    match error.err_type() {
        ParseErrorType::UnexpectedEOF => {
            let help = "a bracket or a brace is not closed";
            (Code::RhaiSyntax, "the file ends in the middle of something".into(), Some(help.into()))
        }
        ParseErrorType::MismatchedType(wanted, _) if wanted.contains("bool") => {
            let help = "two values are compared with `==`; a single `=` gives a variable a value";
            (Code::RhaiSyntax, "a condition stands here that is none".into(), Some(help.into()))
        }
        ParseErrorType::MissingToken(token, purpose) => {
            (Code::RhaiSyntax, format!("`{token}` is missing {purpose}"), None)
        }
        ParseErrorType::BadInput(rhai::LexError::UnexpectedInput(sign)) if sign == "?" => {
            let help = "write `if condition { value } else { other }`".to_owned();
            (Code::NotInLanguage, "`? :` is not part of the rule language".into(), Some(help))
        }
        ParseErrorType::ExprTooDeep => {
            let title = format!("expressions nest more than {} deep", limits::EXPRESSION_DEPTH_MAX);
            (Code::RhaiSyntax, title, None)
        }
        ParseErrorType::DuplicatedProperty(key) => {
            (Code::Duplicate, format!("the key `{key}` is given twice"), Some("take one of them out".into()))
        }
        ParseErrorType::FnDuplicatedDefinition(name, _) => {
            (Code::Duplicate, format!("the function `{name}` is defined twice"), None)
        }
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            let lower: String = letters
                .next()
                .map(|first| first.to_lowercase().collect::<String>() + letters.as_str())
                .unwrap_or_default();
            (Code::RhaiSyntax, lower.replace('\'', "`"), None)
        }
    }
}
