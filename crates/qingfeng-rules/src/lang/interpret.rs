//! The interpreter: runs a rule's closures with Rhai itself, one line at a time. It defines what a rule means.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rhai::{AST, Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Scope};

use crate::base::limits;
use crate::base::value::Value;
use crate::lang::expr::{Constant, Expr, ExprKind};
use crate::lang::kernel::{Fault, Scalar, checked_points, reason_text};
use crate::lang::rule::{Captured, Closure, ComputedField, Points, Rule, computed_needs};
use crate::lang::sandbox;
use crate::lang::syntax::constant_of;
use crate::model::derived::FieldRef;
use crate::model::manifest::Lookup;
use crate::model::schema::Schema;

/// Where the interpreter gets the values of goods lines and of the lookup entries that belong to them.
pub trait LineValues: Send + Sync {
    /// The value of a declared or derived field on a line. Never asked for a computed field.
    fn value(&self, line: usize, field: FieldRef) -> Value<'_>;
    /// The entry of a lookup table (by its position in the pack) that a line has on its own date, if any.
    fn entry(&self, line: usize, table: usize) -> Option<u32>;
    /// The value of a column (by its position in the table's `columns`) of an entry.
    fn entry_value(&self, table: usize, entry: u32, column: usize) -> Value<'_>;
}

/// One goods line: what `d` is in Rhai.
#[derive(Clone)]
struct Line {
    lines: Arc<dyn LineValues>,
    at: usize,
}

#[derive(Clone)]
struct Entry {
    lines: Arc<dyn LineValues>,
    table: usize,
    entry: u32,
}

/// The values of the pack's computed fields on the current line.
type ComputedValues = Arc<Mutex<Vec<Option<Result<Dynamic, Fault>>>>>;

/// What the interpreter needs of a pack.
pub(crate) struct Interpreted<'p> {
    pub schema: &'p Schema,
    pub lookups: &'p [Lookup],
    pub rules: &'p [Rule],
    pub computed: &'p [ComputedField],
    /// The functions of each file, as Rhai has them.
    pub files: &'p [AST],
    pub patterns: &'p [String],
}

/// What has rules to interpret: a pack.
pub(crate) trait Interpretable: Send + Sync {
    fn interpreted(&self) -> Interpreted<'_>;
}

/// Runs the closures of a pack's rules. Each thread has its own.
pub struct Interpreter {
    pack: Arc<dyn Interpretable>,
    engine: Engine,
    /// For each file its functions, once they are called.
    files: Vec<OnceLock<AST>>,
    /// For each rule, the computed fields that its closures need; empty if the pack computes none.
    needs: Vec<OnceLock<Box<[usize]>>>,
    computed: ComputedValues,
    line: Option<Dynamic>,
    /// Parts of closures, compiled by themselves: by file and source.
    snippets: Mutex<BTreeMap<(usize, String), AST>>,
}

/// Parts of closures that are remembered.
const SNIPPETS_MAX: usize = 256;

/// The outcome of a part of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Held,
    /// It does not hold.
    Failed,
    /// It was not evaluated, since the parts before it decided.
    NotReached,
    /// It has no value on this line.
    Fault(Fault),
}

impl Outcome {
    fn of(holds: Result<bool, Fault>) -> Self {
        match holds {
            Ok(true) => Self::Held,
            Ok(false) => Self::Failed,
            Err(fault) => Self::Fault(fault),
        }
    }
}

/// A part of a condition and its outcome on a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The part as Rhai source.
    pub text: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// The values that it saw: source, and value as text.
    pub values: Vec<(String, String)>,
    /// `and` or `or` between the parts of this part, if it has some.
    pub joined: Option<&'static str>,
    /// The parts of this part.
    pub parts: Vec<Part>,
}

impl Part {
    fn whole(text: String, outcome: Outcome, values: Vec<(String, String)>) -> Self {
        Self { text, outcome, values, joined: None, parts: Vec::new() }
    }
}

impl Interpreter {
    pub(crate) fn of(pack: Arc<dyn Interpretable>) -> Self {
        let mut engine = sandbox::engine(limits::LINE_OPERATIONS_MAX, limits::VARIABLES_MAX);
        let of = pack.interpreted();
        let computed: ComputedValues = Arc::new(Mutex::new(vec![None; of.computed.len()]));
        register_line(&mut engine, &of, &computed);
        sandbox::register_patterns(&mut engine, of.patterns.iter().cloned());
        let files = vec![OnceLock::new(); of.files.len()];
        let needs = vec![OnceLock::new(); if of.computed.is_empty() { 0 } else { of.rules.len() }];
        Self { pack, engine, files, needs, computed, line: None, snippets: Mutex::default() }
    }

    /// Sets the line that the following calls are about.
    pub fn begin(&mut self, lines: Arc<dyn LineValues>, line: usize) {
        self.lock().fill(None);
        self.line = Some(Dynamic::from(Line { lines, at: line }));
    }

    /// Drops the line, and the columns it belongs to.
    pub fn end(&mut self) {
        self.line = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<Result<Dynamic, Fault>>>> {
        self.computed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The functions of a file. Each interpreter has its own copy: threads that share one would contend on its
    /// count.
    fn functions(&self, file: usize) -> &AST {
        self.files[file].get_or_init(|| {
            self.pack.interpreted().files[file].clone_functions_only_filtered(|_, _, _, _, _| true)
        })
    }

    fn rule(&self, rule: usize) -> &Rule {
        &self.pack.interpreted().rules[rule]
    }

    fn call(&self, closure: &Closure) -> Result<Dynamic, Fault> {
        let line = self.line.clone().ok_or(Fault::Failed)?;
        let args: Vec<Dynamic> =
            closure.captured.iter().map(|captured| captured.value().clone()).chain([line]).collect();
        closure
            .pointer
            .call::<Dynamic>(&self.engine, self.functions(closure.file), args)
            .map_err(|error| sandbox::fault_of(&error))
    }

    /// Computes the pack's own fields that a rule needs, in order of definition.
    fn compute(&self, rule: usize) {
        let Some(needs) = self.needs.get(rule) else { return };
        let needs = needs.get_or_init(|| {
            let closures = self.rule(rule).closures();
            let fields = closures.flat_map(|closure| closure.fields.iter().copied()).collect();
            computed_needs(&fields, self.pack.interpreted().computed).into()
        });
        self.compute_fields(needs);
    }

    fn compute_fields(&self, fields: &[usize]) {
        for &at in fields {
            if self.lock()[at].is_none() {
                let value = self.call(&self.pack.interpreted().computed[at].closure);
                self.lock()[at] = Some(value);
            }
        }
    }

    /// The value of a computed field on the line.
    ///
    /// # Errors
    ///
    /// The fault of the field's closure.
    pub fn computed_value(&self, field: usize) -> Result<Scalar, Fault> {
        let computed = self.pack.interpreted().computed;
        self.compute_fields(&computed_needs(&[FieldRef::Computed(field)].into(), computed));
        match &self.lock()[field] {
            Some(Ok(value)) => sandbox::scalar_of(value),
            Some(Err(fault)) => Err(*fault),
            None => Err(Fault::Failed),
        }
    }

    /// Whether the condition of a rule (by its position in the pack) holds on the line. A rule without a
    /// condition always holds.
    ///
    /// # Errors
    ///
    /// The fault of the condition.
    pub fn holds(&self, rule: usize) -> Result<bool, Fault> {
        let Some(when) = self.condition(rule) else { return Ok(true) };
        self.compute(rule);
        flag(&self.call(when)?)
    }

    /// The points of a rule on the line.
    ///
    /// # Errors
    ///
    /// The fault of the closure that computes them; points beyond what a rule can give are an overflow.
    pub fn points(&self, rule: usize) -> Result<i64, Fault> {
        let closure = match &self.rule(rule).points {
            Points::Fixed(points) => return Ok(*points),
            Points::Computed(closure) => closure,
        };
        self.compute(rule);
        checked_points(self.call(closure)?.as_int().map_err(|_| Fault::TypeMismatch)?)
    }

    /// The reason of a rule that fired: its evidence, or its title where it gives none. A reason that faults is
    /// the title with a note, so that asking for reasons never changes what fires.
    pub fn reason(&self, rule: usize) -> String {
        let definition = self.rule(rule);
        let Some(closure) = &definition.reason else { return definition.title.clone() };
        self.compute(rule);
        let evidence = self.call(closure).and_then(|value| sandbox::scalar_of(&value));
        reason_text(&definition.title, evidence)
    }

    /// The outcome of each part of a rule's condition on the line. Conditions are taken apart at `&&` and `||`;
    /// one that is written with statements is shown as a whole. `None` for a rule without a condition.
    pub fn explain(&self, rule: usize) -> Option<Part> {
        let when = self.condition(rule)?;
        let outcome = Outcome::of(self.holds(rule));
        let (lets, result) = when.body.after_lets();
        let is_plain = lets.iter().all(Expr::is_plain_let) && result.is_plain();
        Some(match is_plain.then(|| self.scope_after(rule, when, lets)) {
            Some(Ok(mut scope)) => {
                // The rule's own answer is what counts.
                Part { outcome, ..self.part(&mut scope, when, result) }
            }
            _ => Part::whole(when.text(), outcome, Vec::new()),
        })
    }

    pub(crate) fn condition(&self, rule: usize) -> Option<&Closure> {
        self.rule(rule).when.as_ref()
    }

    /// The variables of a part of a rule's closure: those of the closure, and what these `let`s make.
    pub(crate) fn scope_after(
        &self,
        rule: usize,
        closure: &Closure,
        lets: &[Expr],
    ) -> Result<Scope<'static>, Fault> {
        self.compute(rule);
        let mut scope = Scope::new();
        let captured = closure.captured.iter().map(Captured::value).chain(&self.line);
        for (name, value) in closure.params.iter().zip(captured) {
            scope.push_dynamic(name.clone(), value.clone());
        }
        for statement in lets {
            let ExprKind::Let(name, value) = &statement.kind else { return Err(Fault::Failed) };
            let value = self.evaluate(&mut scope, closure, value)?;
            scope.push_dynamic(name.text.clone(), value);
        }
        Ok(scope)
    }

    /// Evaluates a part of a closure separately.
    pub(crate) fn evaluate(
        &self,
        scope: &mut Scope<'_>,
        closure: &Closure,
        expr: &Expr,
    ) -> Result<Dynamic, Fault> {
        let before = scope.len();
        let result = self.snippet(closure, expr, &mut |ast| {
            self.engine.eval_ast_with_scope::<Dynamic>(&mut *scope, ast)
        })?;
        scope.rewind(before);
        result.map_err(|error: Box<EvalAltResult>| sandbox::fault_of(&error))
    }

    /// Gives `run` an expression of a closure, compiled separately. The most recent ones are kept.
    fn snippet<T>(&self, closure: &Closure, expr: &Expr, run: &mut dyn FnMut(&AST) -> T) -> Result<T, Fault> {
        let key = (closure.file, expr.to_string());
        let mut snippets = self.snippets.lock().unwrap_or_else(PoisonError::into_inner);
        if !snippets.contains_key(&key) {
            let part = self.engine.compile(&key.1).map_err(|_| Fault::Failed)?;
            if snippets.len() >= SNIPPETS_MAX {
                snippets.clear();
            }
            snippets.insert(key.clone(), self.functions(closure.file).merge(&part));
        }
        Ok(run(&snippets[&key]))
    }

    fn part(&self, scope: &mut Scope<'_>, closure: &Closure, expr: &Expr) -> Part {
        let (joined, decides, parts) = match &expr.kind {
            ExprKind::And(parts) => ("and", Outcome::Failed, parts),
            ExprKind::Or(parts) => ("or", Outcome::Held, parts),
            _ => {
                let holds = self.evaluate(scope, closure, expr).and_then(|value| flag(&value));
                let values = self.values(scope, closure, expr);
                return Part::whole(expr.to_string(), Outcome::of(holds), values);
            }
        };
        let mut outcome = if decides == Outcome::Failed { Outcome::Held } else { Outcome::Failed };
        let mut decided = false;
        let parts = parts
            .iter()
            .map(|part| {
                if decided {
                    return Part::whole(part.to_string(), Outcome::NotReached, Vec::new());
                }
                let part = self.part(scope, closure, part);
                if part.outcome == decides || matches!(part.outcome, Outcome::Fault(_)) {
                    outcome = part.outcome;
                    decided = true;
                }
                part
            })
            .collect();
        Part { text: expr.to_string(), outcome, values: Vec::new(), joined: Some(joined), parts }
    }

    /// The values that a part of a condition saw: what it reads of the line, and its variables.
    pub(crate) fn values(
        &self,
        scope: &mut Scope<'_>,
        closure: &Closure,
        expr: &Expr,
    ) -> Vec<(String, String)> {
        let mut sources: BTreeMap<usize, &Expr> = BTreeMap::new();
        let line = closure.params.last().map_or("", String::as_str);
        expr.walk(&mut |part| {
            let shown = match &part.kind {
                ExprKind::Property(object, _) => is_of_line(object, line),
                ExprKind::Call { name, args, method: true } => {
                    matches!(name.text.as_str(), "lookup" | "listed")
                        && args.first().is_some_and(|object| is_of_line(object, line))
                        && !std::ptr::eq(part, expr)
                        && name.text == "listed"
                }
                ExprKind::Variable(name) => name != line,
                _ => false,
            };
            if shown {
                sources.entry(part.span.end).or_insert(part);
            }
        });
        let mut values = Vec::new();
        for source in sources.into_values() {
            let text = source.to_string();
            let value = match self.evaluate(scope, closure, source) {
                Ok(value) => constant_of(&value).map(|constant| match &constant {
                    Constant::Date(date) => date.to_string(),
                    Constant::Number(number) => Value::Number(*number).shown(),
                    constant => constant.to_string(),
                }),
                Err(fault) => Some(format!("fault: {fault}")),
            };
            if let Some(value) = value
                && !values.iter().any(|(known, _)| *known == text)
            {
                values.push((text, value));
            }
        }
        values
    }
}

/// Whether a condition that gave this value holds.
pub(crate) fn flag(value: &Dynamic) -> Result<bool, Fault> {
    value.as_bool().map_err(|_| Fault::TypeMismatch)
}

/// Whether an expression is the line, or something read of it.
fn is_of_line(expr: &Expr, line: &str) -> bool {
    match &expr.kind {
        ExprKind::Variable(name) => name == line,
        ExprKind::Call { name, args, method: true } if name.text == "lookup" => {
            args.first().is_some_and(|object| is_of_line(object, line))
        }
        _ => false,
    }
}

type Native = Result<Dynamic, Box<EvalAltResult>>;

fn register_line(engine: &mut Engine, pack: &Interpreted<'_>, computed: &ComputedValues) {
    engine.register_type_with_name::<Line>("the goods line");
    engine.register_type_with_name::<Entry>("a lookup entry");
    let line_type = [TypeId::of::<Line>()];
    let schema = pack.schema;
    let declared = schema.ids().map(|id| (schema[id].name.as_str(), FieldRef::Declared(id)));
    let derived = schema.derived().map(|derived| (derived.name(), FieldRef::Derived(derived)));
    for (name, field) in declared.chain(derived) {
        let getter = format!("get${name}");
        engine.register_raw_fn(getter, line_type, move |_, args| -> Native {
            Ok(match args[0].read_lock::<Line>() {
                Some(line) => sandbox::dynamic_of(line.lines.value(line.at, field)),
                None => Dynamic::UNIT,
            })
        });
    }
    let totals = pack.computed.iter().enumerate().filter(|(_, field)| field.total);
    for (at, field) in totals {
        engine.register_raw_fn(format!("get${}", field.name), line_type, move |_, args| -> Native {
            Ok(match args[0].read_lock::<Line>() {
                Some(line) => sandbox::dynamic_of(line.lines.value(line.at, FieldRef::Total(at))),
                None => Dynamic::UNIT,
            })
        });
    }
    for (at, field) in pack.computed.iter().enumerate().filter(|(_, field)| !field.total) {
        let computed = Arc::clone(computed);
        engine.register_raw_fn(format!("get${}", field.name), line_type, move |_, _| -> Native {
            match &computed.lock().unwrap_or_else(PoisonError::into_inner)[at] {
                Some(Ok(value)) => Ok(value.clone()),
                Some(Err(fault)) => sandbox::raise(*fault),
                None => sandbox::raise(Fault::Failed),
            }
        });
    }
    let lookup_args = [TypeId::of::<Line>(), TypeId::of::<ImmutableString>()];
    let tables: Arc<[String]> = pack.lookups.iter().map(|lookup| lookup.name.clone()).collect();
    for name in ["listed", "lookup"] {
        let tables = Arc::clone(&tables);
        engine.register_raw_fn(name, lookup_args, move |_, args| -> Native {
            let (Some(line), Ok(table)) = (args[0].read_lock::<Line>(), args[1].as_immutable_string_ref())
            else {
                return sandbox::raise(Fault::TypeMismatch);
            };
            let Some(table) = tables.iter().position(|known| known == table.as_str()) else {
                return sandbox::raise(Fault::BadArgument);
            };
            let entry = line.lines.entry(line.at, table);
            Ok(match (name, entry) {
                ("listed", entry) => entry.is_some().into(),
                (_, Some(entry)) => Dynamic::from(Entry { lines: Arc::clone(&line.lines), table, entry }),
                (_, None) => Dynamic::UNIT,
            })
        });
    }
    let mut columns: BTreeMap<String, BTreeMap<usize, usize>> = BTreeMap::new();
    for (table, lookup) in pack.lookups.iter().enumerate() {
        for (at, (column, _)) in lookup.columns.iter().enumerate() {
            columns.entry(column.clone()).or_default().insert(table, at);
        }
    }
    for (column, positions) in columns {
        let getter = format!("get${column}");
        sandbox::register_missing(engine, &getter);
        engine.register_raw_fn(getter, [TypeId::of::<Entry>()], move |_, args| -> Native {
            let Some(entry) = args[0].read_lock::<Entry>() else { return Ok(Dynamic::UNIT) };
            match positions.get(&entry.table) {
                Some(&column) => {
                    Ok(sandbox::dynamic_of(entry.lines.entry_value(entry.table, entry.entry, column)))
                }
                None => sandbox::raise(Fault::TypeMismatch),
            }
        });
    }
    // An entry is never missing.
    for (sign, result) in [("==", false), ("!=", true)] {
        for types in
            [[TypeId::of::<Entry>(), TypeId::of::<()>()], [TypeId::of::<()>(), TypeId::of::<Entry>()]]
        {
            engine.register_raw_fn(sign, types, move |_, _| -> Native { Ok(result.into()) });
        }
    }
}

/// Threads share the pointers of a pack.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Interpreter>();
    shared::<FnPtr>();
};
