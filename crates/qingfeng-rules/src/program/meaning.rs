//! What closures mean, whatever they are called and however they are written: digests of lowered nodes, so that two
//! packs can be compared rule by rule.
//!
//! Two digests are equal only if the closures give the same value and the same faults on every line. Constants and
//! functions are put in where they are used, constants are folded, and where order cannot be seen it does not count:
//! parts of `&&` and `||` that cannot fault, both sides of `==`, `a < b` and `b > a`, the elements of a list that is
//! only searched. Closures that are not lowered are compared as they are written, comments and layout aside.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use crate::base::limits;
use crate::lang::expr::{Comparison, Constant};
use crate::lang::functions::FUNCTIONS;
use crate::lang::kernel::Arithmetic;
use crate::lang::rule::{Closure, Points, Rule, computed_index};
use crate::lang::syntax::Function;
use crate::model::derived::FieldRef;

use super::node::{Kinds, Node, NodeContext, NodeId, NodeSpan, Nodes, Op, Special};
use super::written::Written;
use super::{Lowered, NotLowered, PackFacts, Passes, Program, fold, with_context};

/// What something means, in 128 bits: equal meanings have equal digests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeaningDigest([u8; 16]);

impl MeaningDigest {
    /// The digest of some bytes, for what is compared besides closures.
    pub fn of(bytes: &[u8]) -> Self {
        Digester::new("bytes").bytes(bytes).end()
    }
}

impl fmt::Debug for MeaningDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Makes a digest of parts, each with its length before it.
pub(super) struct Digester(blake3::Hasher);

impl Digester {
    pub fn new(tag: &str) -> Self {
        Self(blake3::Hasher::new()).text(tag)
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub fn of(self, digests: impl IntoIterator<Item = MeaningDigest>) -> Self {
        digests.into_iter().fold(self, |digester, digest| digester.bytes(&digest.0))
    }

    pub fn end(self) -> MeaningDigest {
        let mut short = [0; 16];
        short.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        MeaningDigest(short)
    }
}

/// A part of a closure, as it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeaningPart {
    /// What it means.
    pub digest: MeaningDigest,
    /// As Rhai source, with constants and functions put in; cut where it is long.
    pub text: String,
}

/// What one closure means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Equal only where value and faults are the same on every line.
    pub digest: MeaningDigest,
    /// The parts of an `&&`, or the whole as one part.
    pub parts: Vec<MeaningPart>,
    /// Whether the closure is lowered. One that is not is compared as it is written.
    pub compiled: bool,
    /// The lookup tables that it asks, by their positions in the pack.
    pub tables: BTreeSet<usize>,
    /// The computed fields that it reads by name, by their positions in the pack.
    pub computed: BTreeSet<usize>,
}

impl Meaning {
    /// The whole closure as text.
    pub fn text(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|part| part.text.as_str()).collect();
        parts.join(" && ")
    }
}

/// What one rule means, its key and its validity aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMeaning {
    /// When it fires; without a condition always.
    pub when: Meaning,
    /// Its points.
    pub points: Meaning,
    /// Its evidence; without one the title.
    pub reason: Meaning,
}

/// What the closures of a pack mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackMeaning {
    /// By position in the pack.
    pub rules: Vec<RuleMeaning>,
    /// The computed fields, by position in the pack.
    pub computed: Vec<Meaning>,
}

/// What is kept of the closures for their meaning.
#[derive(Clone, Debug, Default)]
pub(super) struct Closures {
    /// The computed fields.
    pub fields: Vec<Result<NodeId, Written>>,
    /// For each rule what was written of its closures that are not lowered: condition, points, reason.
    pub written: Vec<[Option<Written>; 3]>,
}

impl Closures {
    /// Those of the rules at these positions.
    pub fn of_rules(&self, positions: &[usize]) -> Self {
        let written = positions.iter().map(|&at| self.written[at].clone()).collect();
        Self { fields: self.fields.clone(), written }
    }

    /// Keeps what was written of a closure that is not lowered.
    pub fn keep(
        lowered: Option<&Result<NodeId, NotLowered>>,
        closure: Option<&Closure>,
        functions: &[BTreeMap<String, Function>],
    ) -> Option<Written> {
        match (lowered, closure) {
            (Some(Err(_)), Some(closure)) => Some(Written::of(closure, &functions[closure.file])),
            _ => None,
        }
    }
}

/// The meaning of all closures of a pack. `tables` are the names that its lookup tables go by.
pub(crate) fn of_pack(lowered: &Lowered, rules: &[Rule], tables: &[String]) -> PackMeaning {
    let graph = |transparent: bool| Graph::of(lowered, transparent, tables);
    let maker = Maker { facts: &lowered.facts, inner: graph(true), shown: graph(false), tables };
    let mut computed: Vec<Meaning> = Vec::new();
    for field in &lowered.closures.fields {
        let meaning = match field {
            Ok(node) => maker.meaning(*node),
            Err(written) => maker.written(written, &computed),
        };
        computed.push(meaning);
    }
    let rules = rules.iter().enumerate().map(|(at, rule)| {
        let of = &lowered.rules[at];
        let written = &lowered.closures.written[at];
        let closure = |closure: &Option<Result<NodeId, NotLowered>>, written: &Option<Written>| match (
            closure, written,
        ) {
            (Some(Ok(node)), _) => Some(maker.meaning(*node)),
            (_, Some(written)) => Some(maker.written(written, &computed)),
            _ => None,
        };
        let points = match rule.points {
            Points::Fixed(points) => maker.constant(&Constant::Integer(points)),
            Points::Computed(_) => {
                closure(&of.points, &written[1]).unwrap_or_else(|| maker.constant(&Constant::Missing))
            }
        };
        RuleMeaning {
            when: closure(&of.when, &written[0]).unwrap_or_else(|| maker.constant(&Constant::Flag(true))),
            points,
            reason: closure(&of.reason, &written[2])
                .unwrap_or_else(|| maker.constant(&Constant::Text(rule.title.as_str().into()))),
        }
    });
    PackMeaning { rules: rules.collect(), computed }
}

/// The nodes of a pack, folded, with their digests.
struct Graph {
    program: Program,
    /// Lowered nodes to those of the program.
    places: HashMap<NodeId, NodeId>,
    digests: Vec<MeaningDigest>,
}

impl Graph {
    /// With `transparent`, computed fields are put in where they are read.
    fn of(lowered: &Lowered, transparent: bool, tables: &[String]) -> Self {
        let facts = &lowered.facts;
        let mut nodes = Nodes::new(true);
        let mut places = HashMap::new();
        let roots = lowered.rules.iter().flat_map(|rule| [&rule.when, &rule.points, &rule.reason]);
        let roots = roots.filter_map(|root| root.as_ref()?.as_ref().ok());
        let roots = roots.chain(lowered.closures.fields.iter().filter_map(|field| field.as_ref().ok()));
        with_context(facts, |context| {
            for root in roots {
                lowered.nodes.rebuild(*root, &mut places, &mut |node, args| match node.op {
                    Op::Computed(_) if transparent => args[0],
                    Op::Interpolated => interpolated(&mut nodes, context, args, &node.span),
                    _ => fold::add(&mut nodes, context, node.op.clone(), args, node.span.clone()),
                });
            }
        });
        let mut program = Program::empty(std::sync::Arc::clone(facts), Passes::NONE);
        program.machine.nodes = nodes;
        let digests = digests(&program.machine.nodes, facts, tables);
        Self { program, places, digests }
    }

    fn digest(&self, node: NodeId) -> MeaningDigest {
        self.digests[node.index()]
    }
}

/// A text of parts; neighbouring parts that are the same on every line become one.
fn interpolated(nodes: &mut Nodes, context: &NodeContext<'_>, args: Vec<NodeId>, span: &NodeSpan) -> NodeId {
    let mut parts: Vec<NodeId> = Vec::with_capacity(args.len());
    let mut constants: Vec<NodeId> = Vec::new();
    for arg in args.into_iter().map(Some).chain([None]) {
        match arg {
            Some(arg) if nodes[arg].constant().is_some() => constants.push(arg),
            other => {
                if !constants.is_empty() {
                    let run = std::mem::take(&mut constants);
                    parts.push(fold::add(nodes, context, Op::Interpolated, run, span.clone()));
                }
                parts.extend(other);
            }
        }
    }
    fold::add(nodes, context, Op::Interpolated, parts, span.clone())
}

struct Maker<'m> {
    facts: &'m PackFacts,
    /// Computed fields put in, for the digests of whole closures.
    inner: Graph,
    /// Computed fields by name, for people.
    shown: Graph,
    tables: &'m [String],
}

/// Parts of a closure that are written out at most, and letters.
const SHOWN_NODES_MAX: usize = 300;
const SHOWN_LETTERS_MAX: usize = 600;

impl Maker<'_> {
    fn constant(&self, constant: &Constant) -> Meaning {
        let digest = constant_digest(constant);
        let text = cut(constant.to_string());
        Meaning {
            digest,
            parts: vec![MeaningPart { digest, text }],
            compiled: true,
            tables: BTreeSet::new(),
            computed: BTreeSet::new(),
        }
    }

    fn meaning(&self, node: NodeId) -> Meaning {
        let (shown, program) = (self.shown.places[&node], &self.shown.program);
        let parts: Vec<NodeId> = match &program.machine.nodes[shown] {
            Node { op: Op::And, args, .. } => args.to_vec(),
            _ => vec![shown],
        };
        let several = parts.len() > 1;
        let part = |part: NodeId| {
            let text = cut(program.written_out(part, SHOWN_NODES_MAX));
            let text = if several && matches!(program.machine.nodes[part].op, Op::Or) {
                format!("({text})")
            } else {
                text
            };
            MeaningPart { digest: self.shown.digest(part), text }
        };
        let (mut tables, mut computed) = (BTreeSet::new(), BTreeSet::new());
        program.machine.nodes.visit(shown, |_, node| {
            match node.op {
                Op::Listed(table) | Op::Entry(table) => _ = tables.insert(table as usize),
                Op::Computed(at) => _ = computed.insert(at as usize),
                Op::Field(FieldRef::Total(at)) => _ = computed.insert(at),
                _ => {}
            }
            true
        });
        Meaning {
            digest: self.inner.digest(self.inner.places[&node]),
            parts: parts.into_iter().map(part).collect(),
            compiled: true,
            tables,
            computed,
        }
    }

    fn written(&self, written: &Written, earlier: &[Meaning]) -> Meaning {
        let asked = self.facts.lookup_names.iter().enumerate();
        let tables: BTreeSet<usize> =
            asked.filter(|(_, name)| written.texts.contains(*name)).map(|(at, _)| at).collect();
        let computed: BTreeSet<usize> = written.fields.iter().filter_map(computed_index).collect();
        let fields = written.fields.iter().map(|field| match field {
            FieldRef::Computed(at) if earlier.get(*at).is_some() => earlier[*at].digest,
            field => field_digest(self.facts, *field),
        });
        let names = tables.iter().map(|&table| Digester::new("table").text(&self.tables[table]).end());
        let digest = Digester::new("written").of([written.digest]).of(fields).of(names).end();
        Meaning {
            digest,
            parts: vec![MeaningPart { digest, text: cut(written.text.clone()) }],
            compiled: false,
            tables,
            computed,
        }
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(SHOWN_LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

pub(super) fn constant_digest(constant: &Constant) -> MeaningDigest {
    match constant {
        Constant::Missing => Digester::new("missing"),
        Constant::Flag(flag) => Digester::new("flag").bytes(&[u8::from(*flag)]),
        Constant::Integer(integer) => Digester::new("integer").bytes(&integer.to_le_bytes()),
        Constant::Number(number) => Digester::new("number").bytes(&number.to_bits().to_le_bytes()),
        Constant::Text(text) => Digester::new("text").text(text),
        Constant::Date(date) => Digester::new("date").bytes(&date.days().to_le_bytes()),
        Constant::Array(items) => Digester::new("list").of(items.iter().map(constant_digest)),
        Constant::Map(entries) => entries.iter().fold(Digester::new("map"), |digester, (key, value)| {
            digester.text(key).of([constant_digest(value)])
        }),
        Constant::Function(name, captured) => {
            Digester::new("function").text(name).of(captured.iter().map(constant_digest))
        }
    }
    .end()
}

fn field_digest(facts: &PackFacts, field: FieldRef) -> MeaningDigest {
    let digester = Digester::new("field").text(facts.field_name(field)).text(facts.field_kind(field).name());
    match field {
        FieldRef::Total(at) => digester.text(facts.totals[at].as_deref().unwrap_or_default()).end(),
        _ => digester.end(),
    }
}

/// The digests of all nodes. Arguments stand before the nodes that use them.
fn digests(nodes: &Nodes, facts: &PackFacts, tables: &[String]) -> Vec<MeaningDigest> {
    let mut digests: Vec<MeaningDigest> = Vec::with_capacity(nodes.len());
    for at in 0..nodes.len() {
        let digest = node_digest(nodes, NodeId(at as u32), facts, tables, &digests);
        digests.push(digest);
    }
    digests
}

fn node_digest(
    nodes: &Nodes,
    id: NodeId,
    facts: &PackFacts,
    tables: &[String],
    known: &[MeaningDigest],
) -> MeaningDigest {
    let node = &nodes[id];
    let mut args: Vec<MeaningDigest> = node.args.iter().map(|arg| known[arg.index()]).collect();
    // With two parts that can fault, the order shows in which of the faults comes.
    let one_faults = node.args.iter().filter(|&&arg| nodes[arg].fallible).count() <= 1;
    let digester = match &node.op {
        Op::Constant(constant) => return constant_digest(constant),
        Op::Field(field) => return field_digest(facts, *field),
        Op::Computed(_) | Op::Test(_) | Op::Find(_) => return args[0],
        Op::And | Op::Or => {
            let mut start = 0;
            while start < args.len() {
                let sure = node.args[start..].iter().take_while(|&&arg| nodes[arg].is_sure_flag()).count();
                args[start..start + sure].sort_unstable();
                start += sure + 1;
            }
            Digester::new(if node.op == Op::And { "and" } else { "or" })
        }
        Op::Compare(comparison) => {
            for (digest, &arg) in args.iter_mut().zip(&node.args) {
                *digest = as_number(&nodes[arg]).unwrap_or(*digest);
            }
            let comparison = match comparison {
                Comparison::Equal | Comparison::NotEqual if one_faults => {
                    args.sort_unstable();
                    *comparison
                }
                Comparison::Greater if one_faults => {
                    args.reverse();
                    Comparison::Less
                }
                Comparison::GreaterOrEqual if one_faults => {
                    args.reverse();
                    Comparison::LessOrEqual
                }
                comparison => *comparison,
            };
            Digester::new("compare").text(&format!("{comparison:?}"))
        }
        Op::In | Op::Special(Special::HasAnyWord) if !node.fallible => {
            // Of a list that is only searched neither order nor repetition counts.
            let list = usize::from(true);
            if let Some(Constant::Array(items)) = nodes[node.args[list]].constant() {
                let items: BTreeSet<MeaningDigest> = items.iter().map(constant_digest).collect();
                args[list] = Digester::new("any of").of(items).end();
            }
            Digester::new(if node.op == Op::In { "in" } else { "has any word" })
        }
        Op::Arithmetic(operator) => {
            let numeric =
                node.args.iter().all(|&arg| nodes[arg].kinds.within(Kinds::NUMERIC.or(Kinds::MISSING)));
            if matches!(operator, Arithmetic::Add | Arithmetic::Multiply) && numeric && one_faults {
                args.sort_unstable();
            }
            Digester::new("arithmetic").text(&format!("{operator:?}"))
        }
        Op::DatePart(part) => Digester::new("part of date").text(part.name()),
        Op::Listed(table) => Digester::new("listed").text(&tables[*table as usize]),
        Op::Entry(table) => Digester::new("entry").text(&tables[*table as usize]),
        Op::Column(table, column) => {
            let (name, kind) = &facts.columns[*table as usize][*column as usize];
            Digester::new("column").text(name).text(kind.name())
        }
        Op::Bits(bits) => Digester::new("bits").text(&format!("{bits:?}")),
        Op::Range(inclusive) => Digester::new("range").bytes(&[u8::from(*inclusive)]),
        Op::Function(at) => Digester::new("call").text(FUNCTIONS[*at as usize].name),
        Op::Special(special) => Digester::new("special").text(&format!("{special:?}")),
        Op::Matches(pattern) => Digester::new("matches").text(pattern),
        Op::Get(name, missing_fits) => Digester::new("get").text(name).bytes(&[u8::from(*missing_fits)]),
        Op::Fail(fault) => Digester::new("fail").text(&format!("{fault:?}")),
        Op::Switch(table) => {
            // By value, with what is given for it; the arms have no order of their own.
            let mut arms: BTreeMap<MeaningDigest, MeaningDigest> = BTreeMap::new();
            for (value, arm) in &table.values {
                arms.entry(constant_digest(value)).or_insert(args[*arm as usize + 1]);
            }
            let ends = [args[0], args[args.len() - 1]];
            return arms
                .into_iter()
                .fold(Digester::new("switch").of(ends), |digester, (value, arm)| digester.of([value, arm]))
                .end();
        }
        Op::Not => Digester::new("not"),
        Op::If => Digester::new("if"),
        Op::Then => Digester::new("then"),
        Op::Coalesce => Digester::new("coalesce"),
        Op::In => Digester::new("in"),
        Op::Negate => Digester::new("negate"),
        Op::Plus => Digester::new("plus"),
        Op::Array => Digester::new("array"),
        Op::Filter => Digester::new("filter"),
        Op::Mapped => Digester::new("mapped"),
        Op::Index => Digester::new("index"),
        Op::Interpolated => Digester::new("interpolated"),
    };
    digester.of(args).end()
}

/// A whole number that is compared: by its value it is the same as a number.
fn as_number(node: &Node) -> Option<MeaningDigest> {
    const EXACT: i64 = 1 << f64::MANTISSA_DIGITS;
    match node.constant() {
        Some(Constant::Integer(integer)) if (-EXACT..=EXACT).contains(integer) => {
            Some(constant_digest(&Constant::Number(*integer as f64)))
        }
        _ => None,
    }
}

const _: () = assert!(SHOWN_LETTERS_MAX < limits::REASON_CHARS_MAX);
