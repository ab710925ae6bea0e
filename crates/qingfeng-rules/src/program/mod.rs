//! Compiled rules: closures as programs over goods lines, without the interpreter.
//!
//! [`Lowered`] is what the closures of a pack mean, node by node; [`Program`] is the same after the passes that make
//! it fast. A closure that has no lowered form stays with the interpreter (see [`NotLowered`]); its rule still has a
//! guard where the first parts of its condition could be lowered.

mod build;
pub(crate) mod check;
mod eval;
pub(crate) mod fold;
mod lower;
mod meaning;
pub(crate) mod node;
mod parts;
mod plant;
mod print;
mod totals;
mod undecided;
mod witness;
mod written;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::lang::expr::{Expr, ExprKind};
use crate::lang::kernel::{self, Fault, Scalar};
use crate::lang::rule::{Closure, ComputedField, Rule, computed_needs};
use crate::lang::syntax::Function;
use crate::model::derived::FieldRef;
use crate::model::manifest::Lookup;
use crate::model::schema::{FieldId, Kind, Schema};

use build::Builder;
use check::Check;
use eval::{Evaluation, Machine, Val};
use lower::{Lowerer, Scope};
use meaning::Closures;

pub(crate) use lower::NotLowered;
use node::{NodeContext, NodeId, NodeSpan, Nodes, Op};
use written::Written;

pub use eval::{LineSource, Memo};
pub(crate) use meaning::of_pack as meaning_of_pack;
pub use meaning::{Meaning, MeaningDigest, MeaningPart, PackMeaning, RuleMeaning};
pub use parts::{Leaf, PartTree, Parts, Wanted};
pub use totals::{Totals, part_of};
pub use undecided::{Decision, Dependence, Read};
pub use witness::{NumberSource, Probe, TextSource, Witness};

#[derive(Clone, Debug)]
pub(crate) struct LoweredRule {
    pub(crate) when: Option<Result<NodeId, NotLowered>>,
    /// What must hold for a condition that was not lowered: its first parts.
    guard: Option<NodeId>,
    pub(crate) points: Option<Result<NodeId, NotLowered>>,
    reason: Option<Result<NodeId, NotLowered>>,
}

/// What the closures of a pack mean, before any pass.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub(crate) nodes: Nodes,
    pub(crate) rules: Vec<LoweredRule>,
    closures: Closures,
    pub(crate) facts: Arc<PackFacts>,
}

/// What programs need to know of their pack.
#[derive(Clone, Debug)]
pub(crate) struct PackFacts {
    pub(crate) schema: Arc<Schema>,
    computed: Vec<(String, Kind)>,
    /// What each computed field is made of, as text, where it is a total.
    totals: Vec<Option<String>>,
    columns: Vec<Vec<(String, Kind)>>,
    lookup_names: Vec<String>,
    pub(crate) lookup_keys: Vec<Vec<FieldRef>>,
    pub(crate) files: Vec<Arc<str>>,
    /// The points of each rule that always gives the same; 0 for the others.
    points: Vec<i64>,
    titles: Vec<String>,
}

/// What a computed field is made of, those that it reads included.
fn formula(computed: &[ComputedField], at: usize) -> String {
    let needed = computed_needs(&BTreeSet::from([FieldRef::Computed(at)]), computed);
    needed
        .into_iter()
        .map(|at| format!("{} = {}\n", computed[at].name, computed[at].closure.text()))
        .collect()
}

impl Lowered {
    /// The node of each total, by its position among the computed fields.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (usize, NodeId)> + '_ {
        let fields = self.closures.fields.iter().enumerate();
        let totals = fields.filter(|(at, _)| self.facts.totals[*at].is_some());
        totals.filter_map(|(at, field)| Some((at, *field.as_ref().ok()?)))
    }

    /// Whether a total is compiled and cannot fault.
    pub(crate) fn is_sure(&self, total: usize) -> bool {
        self.totals().any(|(at, node)| at == total && !self.nodes[node].fallible)
    }

    /// Those of the rules at these positions, in this order; one may be there several times.
    pub(crate) fn of_rules(&self, positions: &[usize]) -> Self {
        let facts = PackFacts {
            points: positions.iter().map(|&at| self.facts.points[at]).collect(),
            titles: positions.iter().map(|&at| self.facts.titles[at].clone()).collect(),
            ..PackFacts::clone(&self.facts)
        };
        Self {
            nodes: self.nodes.clone(),
            rules: positions.iter().map(|&at| self.rules[at].clone()).collect(),
            closures: self.closures.of_rules(positions),
            facts: Arc::new(facts),
        }
    }
}

impl PackFacts {
    fn field_kind(&self, field: FieldRef) -> Kind {
        match field {
            FieldRef::Declared(id) => self.schema[id].kind,
            FieldRef::Derived(derived) => derived.kind(),
            FieldRef::Computed(at) | FieldRef::Total(at) => self.computed[at].1,
        }
    }

    fn field_name(&self, field: FieldRef) -> &str {
        match field {
            FieldRef::Declared(id) => &self.schema[id].name,
            FieldRef::Derived(derived) => derived.name(),
            FieldRef::Computed(at) | FieldRef::Total(at) => &self.computed[at].0,
        }
    }

    /// The declared text field that a field is made from, if it is made from nothing else.
    fn text_field(&self, field: FieldRef) -> Option<FieldId> {
        match field {
            FieldRef::Declared(id) if matches!(self.schema[id].kind, Kind::Text | Kind::Code) => Some(id),
            FieldRef::Derived(derived) if derived.digits().is_some() => self.schema.keys.commodity,
            _ => None,
        }
    }
}

/// Calls `use_it` with what nodes need to know of the pack.
pub(crate) fn with_context<T>(facts: &PackFacts, use_it: impl FnOnce(&NodeContext<'_>) -> T) -> T {
    let field_kind = |field| facts.field_kind(field);
    let column_kind = |table: u32, column: u32| facts.columns[table as usize][column as usize].1;
    use_it(&NodeContext { field_kind: &field_kind, column_kind: &column_kind })
}

/// What the closures of a pack are lowered from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'p> {
    pub schema: &'p Arc<Schema>,
    pub lookups: &'p [Lookup],
    pub rules: &'p [Rule],
    pub computed: &'p [ComputedField],
    pub functions: &'p [BTreeMap<String, Function>],
    pub files: &'p [Arc<str>],
}

/// Lowers all closures of a pack's rules and computed fields. Equal parts of closures are one node if they are
/// `shared`; else each stands where it was written.
pub(crate) fn lower(source: &Source<'_>, shared: bool) -> Lowered {
    let Source { schema, lookups, rules, computed, functions, files } = *source;
    let facts = PackFacts {
        schema: Arc::clone(schema),
        computed: computed.iter().map(|field| (field.name.clone(), field.kind)).collect(),
        totals: (0..computed.len()).map(|at| computed[at].total.then(|| formula(computed, at))).collect(),
        columns: lookups.iter().map(|lookup| lookup.columns.clone()).collect(),
        lookup_names: lookups.iter().map(|lookup| lookup.name.clone()).collect(),
        lookup_keys: lookups.iter().map(|lookup| lookup.key.clone()).collect(),
        files: files.to_vec(),
        points: rules.iter().map(|rule| rule.points.fixed().unwrap_or(0)).collect(),
        titles: rules.iter().map(|rule| rule.title.clone()).collect(),
    };
    let names = Names::new(&facts);
    let mut nodes = Nodes::new(shared);
    let fields = lower_computed(&mut nodes, &facts, &names, lookups, computed, functions);
    let lowered = with_scope(&facts, &names, lookups, &fields, |scope| {
        let rule = |rule: &Rule| {
            let mut lowered =
                |closure: Option<&Closure>| Some(lower_closure(&mut nodes, scope, functions, closure?));
            let [when, points, reason] =
                [rule.when.as_ref(), rule.points.closure(), rule.reason.as_ref()].map(&mut lowered);
            let guard = match (&when, &rule.when) {
                (Some(Err(_)), Some(closure)) => lower_guard(&mut nodes, scope, functions, closure),
                _ => None,
            };
            LoweredRule { when, guard, points, reason }
        };
        rules.iter().map(rule).collect()
    });
    nodes.seal();
    let lowered: Vec<LoweredRule> = lowered;
    let written = rules.iter().zip(&lowered).map(|(rule, lowered)| {
        [
            Closures::keep(lowered.when.as_ref(), rule.when.as_ref(), functions),
            Closures::keep(lowered.points.as_ref(), rule.points.closure(), functions),
            Closures::keep(lowered.reason.as_ref(), rule.reason.as_ref(), functions),
        ]
    });
    let written = written.collect();
    let fields = fields
        .into_iter()
        .zip(computed)
        .map(|(value, field)| value.map_err(|_| Written::of(&field.closure, &functions[field.closure.file])));
    let closures = Closures { fields: fields.collect(), written };
    Lowered { nodes, rules: lowered, closures, facts: Arc::new(facts) }
}

struct Names<'f> {
    fields: HashMap<&'f str, FieldRef>,
    columns: HashSet<&'f str>,
}

impl<'f> Names<'f> {
    fn new(facts: &'f PackFacts) -> Self {
        let schema = &*facts.schema;
        let declared = schema.ids().map(|id| (schema[id].name.as_str(), FieldRef::Declared(id)));
        let derived = schema.derived().map(|derived| (derived.name(), FieldRef::Derived(derived)));
        let computed = facts.computed.iter().enumerate();
        let computed = computed.map(|(at, (name, _))| {
            let is_total = facts.totals[at].is_some();
            (name.as_str(), if is_total { FieldRef::Total(at) } else { FieldRef::Computed(at) })
        });
        let columns = facts.columns.iter().flatten().map(|(name, _)| name.as_str());
        Self { fields: declared.chain(derived).chain(computed).collect(), columns: columns.collect() }
    }
}

/// Calls `use_it` with what closures may refer to, given the nodes of the computed fields so far.
fn with_scope<T>(
    facts: &PackFacts,
    names: &Names<'_>,
    lookups: &[Lookup],
    computed: &[Result<NodeId, NotLowered>],
    use_it: impl FnOnce(&Scope<'_>) -> T,
) -> T {
    let field_kind = |field| facts.field_kind(field);
    let column_kind = |table: u32, column: u32| facts.columns[table as usize][column as usize].1;
    let context = NodeContext { field_kind: &field_kind, column_kind: &column_kind };
    let field = |name: &str| names.fields.get(name).copied();
    let columns = |name: &str| names.columns.contains(name);
    use_it(&Scope { context, field: &field, computed, lookups, columns: &columns })
}

/// Lowers the computed fields, each of which may use those before it.
fn lower_computed(
    nodes: &mut Nodes,
    facts: &PackFacts,
    names: &Names<'_>,
    lookups: &[Lookup],
    computed: &[ComputedField],
    functions: &[BTreeMap<String, Function>],
) -> Vec<Result<NodeId, NotLowered>> {
    let mut fields = Vec::with_capacity(computed.len());
    for definition in computed {
        let value = with_scope(facts, names, lookups, &fields, |scope| {
            lower_closure(nodes, scope, functions, &definition.closure)
        });
        fields.push(value);
    }
    fields
}

fn lower_closure(
    nodes: &mut Nodes,
    scope: &Scope<'_>,
    functions: &[BTreeMap<String, Function>],
    closure: &Closure,
) -> Result<NodeId, NotLowered> {
    lower_body(nodes, scope, functions, closure, &closure.body)
}

fn lower_body(
    nodes: &mut Nodes,
    scope: &Scope<'_>,
    functions: &[BTreeMap<String, Function>],
    closure: &Closure,
    body: &Expr,
) -> Result<NodeId, NotLowered> {
    Lowerer::new(nodes, scope, &functions[closure.file], closure.file as u32).closure(
        &closure.params,
        &closure.captured,
        body,
    )
}

/// The first parts of a condition, up to the one that is not lowered.
fn lower_guard(
    nodes: &mut Nodes,
    scope: &Scope<'_>,
    functions: &[BTreeMap<String, Function>],
    closure: &Closure,
) -> Option<NodeId> {
    let ExprKind::And(parts) = &closure.body.kind else { return None };
    let lowered: Vec<NodeId> =
        parts.iter().map_while(|part| lower_body(nodes, scope, functions, closure, part).ok()).collect();
    let span = nodes[*lowered.first()?].span.clone();
    Some(nodes.add(&scope.context, Op::And, lowered, span))
}

macro_rules! passes {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// Which passes a program goes through; by default all. The answers are the same without any.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct Passes {
            $($(#[$doc])* pub $name: bool,)*
            /// Plants a wrong kernel, so that tests can show that it is found: `<` on numbers holds where they are equal.
            #[doc(hidden)]
            pub planted_fault: bool,
        }

        impl Passes {
            /// All of them.
            pub const ALL: Self = Self { $($name: true,)* planted_fault: false };
            /// None of them.
            pub const NONE: Self = Self { $($name: false,)* planted_fault: false };
            /// The names of the passes, in order.
            pub const NAMES: [&'static str; 7] = [$(stringify!($name)),*];

            /// The pass of this name, to switch it on or off.
            pub fn get_mut(&mut self, name: &str) -> Option<&mut bool> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

passes! {
    /// Compute what is the same on every line when the pack is loaded.
    fold
    /// Compute equal expressions of all rules once a line.
    share
    /// Evaluate first what decides soonest and costs least.
    order
    /// Remember by text what depends on the text of one field alone.
    tests
    /// Visit a rule only on lines on which a witness of its condition holds.
    witnesses
    /// Keep the numeric witnesses of all rules in sorted lists.
    thresholds
    /// Find the words of all rules in one pass over a text.
    words
}

impl Default for Passes {
    fn default() -> Self {
        Self::ALL
    }
}

#[derive(Clone, Debug)]
enum Condition {
    /// It holds on every line.
    Always,
    /// Compiled.
    Check { root: NodeId, check: Check },
    /// By the interpreter, on the lines on which the guard holds.
    Residual { guard: Option<(NodeId, Check)> },
}

/// What gives the points or the reason of a rule.
#[derive(Clone, Debug)]
enum ValueSource {
    Fixed,
    Node(NodeId),
    Residual,
}

#[derive(Clone, Debug)]
struct CompiledRule {
    condition: Condition,
    points: ValueSource,
    reason: ValueSource,
}

/// What a visit of a rule on a line needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The rule fires on every line that its key fits.
    Always,
    /// The condition is compiled: ask [`Program::holds`].
    Compiled,
    /// The condition is the interpreter's. Where [`Program::holds`] is false it need not be asked.
    Residual,
}

/// Why a closure of a rule is left to the interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residual {
    /// Which closure: `when`, `score` or `reason`.
    pub closure: &'static str,
    /// What has no lowered form.
    pub reason: String,
    /// Where it stands.
    pub place: crate::diagnostic::Place,
}

impl Residual {
    /// The same as a note about the rule of this id, for those who want all rules compiled.
    pub fn diagnostic(&self, rule: &str) -> Diagnostic {
        let title =
            format!("`{}` of the rule `{rule}` is left to the interpreter: {}", self.closure, self.reason);
        Diagnostic::new(Code::ResidualRule, title)
            .at(self.place.clone(), "")
            .about(rule)
            .help("the answer is the same, but slower; use expressions, and loops over lists")
    }
}

/// The rules of a pack as programs. Immutable; threads share it.
#[derive(Debug)]
pub struct Program {
    machine: Machine,
    rules: Vec<CompiledRule>,
    residuals: Vec<Vec<Residual>>,
    passes: Passes,
    facts: Arc<PackFacts>,
    /// The field whose text each test depends on.
    tests: Vec<FieldId>,
    finds: Vec<NodeId>,
    sources: witness::Sources,
}

impl Program {
    pub(crate) fn compile(lowered: &Lowered, passes: Passes) -> Self {
        let facts = Arc::clone(&lowered.facts);
        let mut program = Self::empty(Arc::clone(&facts), passes);
        with_context(&facts, |context| {
            let mut builder =
                Builder { lowered, passes, context, facts: &facts, tests: Vec::new(), finds: Vec::new() };
            builder.build(&mut program);
        });
        program.machine.prepare(program.rules.iter().flat_map(CompiledRule::roots));
        if passes.planted_fault {
            program.plant_fault();
        }
        program
    }

    fn empty(facts: Arc<PackFacts>, passes: Passes) -> Self {
        Self {
            machine: Machine::new(Nodes::new(passes.share)),
            rules: Vec::new(),
            residuals: Vec::new(),
            passes,
            facts,
            tests: Vec::new(),
            finds: Vec::new(),
            sources: witness::Sources::default(),
        }
    }

    /// The passes that the program went through.
    pub fn passes(&self) -> Passes {
        self.passes
    }

    /// The field whose text each test depends on; see [`LineSource::remembered`].
    pub fn tests(&self) -> &[FieldId] {
        &self.tests
    }

    /// What a visit of a rule (by its position in the pack) needs.
    pub fn visit(&self, rule: usize) -> Visit {
        match &self.rules[rule].condition {
            Condition::Always => Visit::Always,
            Condition::Check { .. } => Visit::Compiled,
            Condition::Residual { .. } => Visit::Residual,
        }
    }

    /// Whether the condition of a rule holds on a line; of a residual one, whether it may hold and the interpreter
    /// must be asked.
    ///
    /// # Errors
    ///
    /// The fault of the condition.
    pub fn holds<'b, S: LineSource<'b>>(
        &'b self,
        rule: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Result<bool, Fault> {
        let check = match &self.rules[rule].condition {
            Condition::Always | Condition::Residual { guard: None } => return Ok(true),
            Condition::Check { check, .. } | Condition::Residual { guard: Some((_, check)) } => check,
        };
        check.holds(&mut Evaluation { machine: &self.machine, source, memo })
    }

    /// The points of a rule on a line, or `None` where the interpreter must be asked.
    ///
    /// # Errors
    ///
    /// The fault of the closure that computes them; points beyond what a rule can give are an overflow.
    pub fn points<'b, S: LineSource<'b>>(
        &'b self,
        rule: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Option<Result<i64, Fault>> {
        match self.rules[rule].points {
            ValueSource::Fixed => Some(Ok(self.facts.points[rule])),
            ValueSource::Residual => None,
            ValueSource::Node(node) => {
                Some(match (Evaluation { machine: &self.machine, source, memo }).value(node) {
                    Ok(Val::Integer(points)) => kernel::checked_points(points),
                    Ok(_) => Err(Fault::TypeMismatch),
                    Err(fault) => Err(fault),
                })
            }
        }
    }

    /// The reason of a rule that fired on a line, or `None` where the interpreter must be asked.
    pub fn reason<'b, S: LineSource<'b>>(
        &'b self,
        rule: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Option<String> {
        let title = &self.facts.titles[rule];
        match self.rules[rule].reason {
            ValueSource::Fixed => Some(title.clone()),
            ValueSource::Residual => None,
            ValueSource::Node(node) => {
                let value = Evaluation { machine: &self.machine, source, memo }.value(node);
                let value = value.and_then(|value| value.single().map(Scalar::from));
                Some(kernel::reason_text(title, value))
            }
        }
    }

    /// The closures of a rule that are left to the interpreter, and why.
    pub fn residuals(&self, rule: usize) -> &[Residual] {
        &self.residuals[rule]
    }
}

impl CompiledRule {
    fn roots(&self) -> impl Iterator<Item = NodeId> + '_ {
        let condition = match &self.condition {
            Condition::Always | Condition::Residual { guard: None } => None,
            Condition::Check { root, .. } | Condition::Residual { guard: Some((root, _)) } => Some(*root),
        };
        let value = |value: &ValueSource| match value {
            ValueSource::Node(node) => Some(*node),
            ValueSource::Fixed | ValueSource::Residual => None,
        };
        condition.into_iter().chain(value(&self.points)).chain(value(&self.reason))
    }
}

/// The span of a node as a place in its file.
fn place(facts: &PackFacts, span: &NodeSpan) -> crate::diagnostic::Place {
    crate::diagnostic::Place {
        file: Arc::clone(&facts.files[span.file as usize]),
        span: span.start as usize..span.end as usize,
    }
}
