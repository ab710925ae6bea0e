//! Expressions on a goods line as a graph of nodes: what closures are lowered to.
//!
//! A node has no side effect, so equal nodes can be one node; what a closure does in order (a `let` whose value may
//! fault, a statement before the last) is kept by [`Op::Then`]. Each node knows of which kinds its value can be and
//! whether it can fault, from its parts alone.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::lang::expr::{Bits, Comparison, Constant};
use crate::lang::functions;
use crate::lang::kernel::{Arithmetic, Fault};
use crate::model::derived::FieldRef;
use crate::model::schema::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub u32);

impl NodeId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The kinds of value that a node can have: a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kinds(u16);

impl Kinds {
    pub const NONE: Self = Self(0);
    pub const MISSING: Self = Self(1);
    pub const FLAG: Self = Self(1 << 1);
    pub const INTEGER: Self = Self(1 << 2);
    pub const NUMBER: Self = Self(1 << 3);
    pub const TEXT: Self = Self(1 << 4);
    pub const DATE: Self = Self(1 << 5);
    pub const ARRAY: Self = Self(1 << 6);
    pub const MAP: Self = Self(1 << 7);
    pub const RANGE: Self = Self(1 << 8);
    pub const ENTRY: Self = Self(1 << 9);
    pub const NUMERIC: Self = Self(Self::INTEGER.0 | Self::NUMBER.0);
    /// What [`crate::Value`] holds.
    pub const SCALAR: Self = Self(0b11_1111);
    pub const ANY: Self = Self((1 << 10) - 1);
    const SINGLE: [Self; 10] = [
        Self::MISSING,
        Self::FLAG,
        Self::INTEGER,
        Self::NUMBER,
        Self::TEXT,
        Self::DATE,
        Self::ARRAY,
        Self::MAP,
        Self::RANGE,
        Self::ENTRY,
    ];

    pub fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Code => Self::TEXT,
            Kind::Integer => Self::INTEGER,
            Kind::Number => Self::NUMBER,
            Kind::Flag => Self::FLAG,
            Kind::Date => Self::DATE,
        }
    }

    pub fn of_constant(constant: &Constant) -> Self {
        match constant {
            Constant::Missing => Self::MISSING,
            Constant::Flag(_) => Self::FLAG,
            Constant::Integer(_) => Self::INTEGER,
            Constant::Number(_) => Self::NUMBER,
            Constant::Text(_) => Self::TEXT,
            Constant::Date(_) => Self::DATE,
            Constant::Array(_) => Self::ARRAY,
            Constant::Map(_) => Self::MAP,
            // Functions are bound while closures are lowered and never become values.
            Constant::Function(..) => Self::NONE,
        }
    }

    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all kinds of this set are in the other.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub fn is_flag(self) -> bool {
        self == Self::FLAG
    }

    fn or_missing(self) -> Self {
        self.or(Self::MISSING)
    }

    fn each(self) -> impl Iterator<Item = Self> {
        Self::SINGLE.into_iter().filter(move |kind| self.has(*kind))
    }

    /// Whether each kind of this set can be compared with each of the other without a fault.
    fn comparable(self, other: Self) -> bool {
        self.each().all(|a| {
            other.each().all(|b| {
                a == Self::MISSING
                    || b == Self::MISSING
                    || a == b && a.within(Self::SCALAR)
                    || a.within(Self::NUMERIC) && b.within(Self::NUMERIC)
            })
        })
    }
}

/// All kinds that one of them can be.
impl FromIterator<Self> for Kinds {
    fn from_iter<I: IntoIterator<Item = Self>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::or)
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 10] =
            ["missing", "flag", "integer", "number", "text", "date", "list", "map", "range", "entry"];
        let names = NAMES.iter().zip(Self::SINGLE).skip(1).filter(|(_, kind)| self.has(*kind));
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        f.write_str(if names.is_empty() { "missing".to_owned() } else { names.join("|") }.as_str())?;
        f.write_str(if self.has(Self::MISSING) && !names.is_empty() { "?" } else { "" })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DatePart {
    Year,
    Month,
    Day,
    Weekday,
}

impl DatePart {
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Year, Self::Month, Self::Day, Self::Weekday].into_iter().find(|part| part.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Weekday => "weekday",
        }
    }
}

/// Functions that take or give more than single values, and those that need something prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Special {
    Len,
    IsEmpty,
    HasAnyWord,
    Keys,
    Values,
}

impl Special {
    /// Each with its name and how many arguments it takes.
    const ALL: [(Self, &'static str, usize); 5] = [
        (Self::Len, "len", 1),
        (Self::IsEmpty, "is_empty", 1),
        (Self::HasAnyWord, "has_any_word", 2),
        (Self::Keys, "keys", 1),
        (Self::Values, "values", 1),
    ];

    pub fn of(name: &str, args: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|&(_, known, count)| (known, count) == (name, args)).map(|known| known.0)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|known| known.0 == self).map_or("", |known| known.1)
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) enum Op {
    Constant(Arc<Constant>),
    /// A declared or derived field of the line.
    Field(FieldRef),
    /// A field that the pack computes: its position; the argument computes it.
    Computed(u32),
    DatePart(DatePart),
    /// Whether the line has an entry in the lookup table.
    Listed(u32),
    /// The entry of the lookup table that the line has.
    Entry(u32),
    /// A column of an entry of a table; missing without an entry.
    Column(u32, u32),
    And,
    Or,
    Not,
    /// Condition, value if it holds, value if not.
    If,
    /// The first argument for its faults, then the value of the second.
    Then,
    Coalesce,
    Compare(Comparison),
    /// Item, then the list, range, map or text that has it.
    In,
    Arithmetic(Arithmetic),
    Negate,
    Plus,
    Bits(Bits),
    /// A range, with its end or without.
    Range(bool),
    /// A row of [`functions::FUNCTIONS`].
    Function(u32),
    Special(Special),
    /// A regular expression on a text.
    Matches(Arc<str>),
    Array,
    /// Elements and conditions in turn: the list of the elements whose conditions hold.
    Filter,
    /// The results of a closure for each element of a list.
    Mapped,
    /// A list or map, and the index or key.
    Index,
    /// An entry of a map by its name; whether a missing map gives a missing entry, or else a fault.
    Get(Arc<str>, bool),
    Interpolated,
    /// The subject, then a value for each arm of the table, then that of no arm.
    Switch(Arc<SwitchTable>),
    /// A fault, whatever the line.
    Fail(Fault),
    /// A flag that depends on the text of one field alone: by its number, so that it can be remembered by text.
    Test(u32),
    /// A test on the text of one field that an index answers: by its number.
    Find(u32),
}

/// Which arm a value takes. Guarded cases and ranges are lowered to `if`s, so each value has one arm.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SwitchTable {
    /// The values of the arms, by arm.
    pub values: Vec<(Constant, u32)>,
    texts: HashMap<Arc<str>, u32, FixedState>,
}

impl SwitchTable {
    pub fn new(values: Vec<(Constant, u32)>) -> Self {
        let texts = values.iter().filter_map(|(value, arm)| match value {
            Constant::Text(text) => Some((Arc::clone(text), *arm)),
            _ => None,
        });
        let texts = texts.collect();
        Self { values, texts }
    }

    pub fn arm_of_text(&self, text: &str) -> Option<u32> {
        self.texts.get(text).copied()
    }

    pub fn arm(&self, is: impl Fn(&Constant) -> bool) -> Option<u32> {
        self.values.iter().find(|(value, _)| is(value)).map(|(_, arm)| *arm)
    }
}

impl Hash for SwitchTable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values.hash(state);
    }
}

impl Eq for Op {}

/// A place in a rule file: the file's position among the pack's rule files, and bytes of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeSpan {
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub op: Op,
    pub args: Box<[NodeId]>,
    pub kinds: Kinds,
    /// Whether it can fault on some line.
    pub fallible: bool,
    pub span: NodeSpan,
}

impl Node {
    /// Whether it is a flag on each line, and never a fault.
    pub fn is_sure_flag(&self) -> bool {
        self.kinds.is_flag() && !self.fallible
    }

    pub fn constant(&self) -> Option<&Constant> {
        match &self.op {
            Op::Constant(constant) => Some(constant),
            _ => None,
        }
    }
}

/// Key of a node in the table of known nodes.
#[derive(Clone, Debug)]
struct Shape(Op, Box<[NodeId]>);

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.1 == other.1
            && match (&self.0, &other.0) {
                (Op::Constant(a), Op::Constant(b)) => a.is_same(b),
                (a, b) => a == b,
            }
    }
}

impl Eq for Shape {}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        self.1.hash(state);
    }
}

pub(crate) struct NodeContext<'p> {
    pub field_kind: &'p dyn Fn(FieldRef) -> Kind,
    pub column_kind: &'p dyn Fn(u32, u32) -> Kind,
}

/// Nodes, each after its arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    known: HashMap<Shape, NodeId>,
    /// Whether equal nodes are one node.
    shared: bool,
    /// How often a node was added, the equal ones counted.
    added: usize,
}

impl std::ops::Index<NodeId> for Nodes {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }
}

impl Nodes {
    pub fn new(shared: bool) -> Self {
        Self { shared, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How often a node was added, whether it was new or not: the work that they took.
    pub fn added(&self) -> usize {
        self.added
    }

    /// Forgets what is only needed to add nodes.
    pub fn seal(&mut self) {
        self.known = HashMap::new();
        self.nodes.shrink_to_fit();
    }

    /// Adds a node, or finds the equal one.
    pub fn add(&mut self, context: &NodeContext<'_>, op: Op, args: Vec<NodeId>, span: NodeSpan) -> NodeId {
        self.added += 1;
        let args: Box<[NodeId]> = args.into();
        let shape = if self.shared {
            let shape = Shape(op.clone(), args.clone());
            if let Some(&known) = self.known.get(&shape) {
                return known;
            }
            Some(shape)
        } else {
            None
        };
        let (kinds, fallible) = self.facts(context, &op, &args);
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { op, args, kinds, fallible, span });
        if let Some(shape) = shape {
            self.known.insert(shape, id);
        }
        id
    }

    /// Gives a node another operation on the same arguments. Its kinds and its faults must be the same.
    pub fn replace_op(&mut self, id: NodeId, op: Op) {
        self.nodes[id.index()].op = op;
    }

    fn kinds(&self, id: NodeId) -> Kinds {
        self[id].kinds
    }

    /// The kinds of a node's value, and whether it can fault. Only what is certain counts as not fallible.
    fn facts(&self, context: &NodeContext<'_>, op: &Op, args: &[NodeId]) -> (Kinds, bool) {
        let parts_fault = args.iter().any(|&arg| self[arg].fallible);
        let kinds: Vec<Kinds> = args.iter().map(|&arg| self.kinds(arg)).collect();
        let all: Kinds = kinds.iter().copied().collect();
        let missing = if all.has(Kinds::MISSING) { Kinds::MISSING } else { Kinds::NONE };
        let (kinds, faults) = match op {
            Op::Constant(constant) => (Kinds::of_constant(constant), false),
            Op::Field(field) => (Kinds::of_kind((context.field_kind)(*field)).or_missing(), false),
            Op::Computed(_) | Op::Test(_) | Op::Find(_) => (all, false),
            Op::DatePart(_) => (Kinds::INTEGER.or(missing), false),
            Op::Listed(_) => (Kinds::FLAG, false),
            Op::Entry(_) => (Kinds::ENTRY.or_missing(), false),
            Op::Column(table, column) => {
                (Kinds::of_kind((context.column_kind)(*table, *column)).or_missing(), false)
            }
            Op::And | Op::Or => (Kinds::FLAG, !all.is_flag()),
            Op::Not => (Kinds::FLAG.or(missing), !all.within(Kinds::FLAG.or_missing())),
            Op::If => (kinds[1].or(kinds[2]), !kinds[0].is_flag()),
            Op::Then => (kinds[1], false),
            Op::Coalesce => {
                let last = kinds.len() - 1;
                let value = kinds[..last]
                    .iter()
                    .fold(kinds[last], |all, kinds| all.or(kinds.without(Kinds::MISSING)));
                (value, false)
            }
            Op::Compare(Comparison::Equal | Comparison::NotEqual) => {
                let entry = |a: Kinds, b: Kinds| a.within(Kinds::ENTRY.or_missing()) && b == Kinds::MISSING;
                let fits =
                    kinds[0].comparable(kinds[1]) || entry(kinds[0], kinds[1]) || entry(kinds[1], kinds[0]);
                (Kinds::FLAG, !fits)
            }
            Op::Compare(_) => {
                let fits = kinds[0].comparable(kinds[1]) && !all.has(Kinds::FLAG);
                (Kinds::FLAG, !fits)
            }
            Op::In => (Kinds::FLAG, !self.contains_fits(args, &kinds)),
            Op::Arithmetic(operator) => self.arithmetic_facts(*operator, args, &kinds),
            Op::Negate => (all, all.has(Kinds::INTEGER) || !all.within(Kinds::NUMERIC.or_missing())),
            Op::Plus => (all, !all.within(Kinds::NUMERIC.or_missing())),
            Op::Bits(_) => {
                let flags = all.within(Kinds::FLAG.or_missing());
                let integers = all.within(Kinds::INTEGER.or_missing());
                let value = all.without(Kinds::FLAG.or(Kinds::INTEGER).or_missing());
                (all.without(value), !(flags || integers))
            }
            Op::Range(_) => (Kinds::RANGE, !all.within(Kinds::INTEGER)),
            Op::Function(at) => function_facts(*at, args.iter().map(|&arg| &self[arg]), &kinds),
            Op::Special(Special::Len) => {
                let sized = Kinds::TEXT.or(Kinds::ARRAY).or(Kinds::MAP).or_missing();
                (Kinds::INTEGER.or(missing), !all.within(sized))
            }
            Op::Special(Special::IsEmpty) => {
                let sized = Kinds::TEXT.or(Kinds::ARRAY).or(Kinds::MAP).or_missing();
                (Kinds::FLAG, !all.within(sized))
            }
            Op::Special(Special::HasAnyWord) => {
                let words_fit = self[args[1]].constant().is_some_and(|words| match words {
                    Constant::Array(words) => {
                        words.iter().all(|word| matches!(word, Constant::Text(_) | Constant::Missing))
                    }
                    _ => false,
                });
                let text = kinds[0].within(Kinds::TEXT.or_missing());
                (Kinds::FLAG, !(text && (words_fit || kinds[1] == Kinds::MISSING)))
            }
            Op::Special(Special::Keys | Special::Values) => {
                (Kinds::ARRAY.or(missing), !all.within(Kinds::MAP.or_missing()))
            }
            Op::Matches(_) => (Kinds::FLAG, !all.within(Kinds::TEXT.or_missing())),
            // Texts, lists and maps in a list count together, and can be too many.
            Op::Array | Op::Mapped => {
                let sized = Kinds::TEXT.or(Kinds::ARRAY).or(Kinds::MAP);
                (Kinds::ARRAY, all.has(sized))
            }
            Op::Filter => {
                let conditions = kinds.iter().skip(1).step_by(2);
                (Kinds::ARRAY, !conditions.fold(Kinds::FLAG, |all, kinds| all.or(*kinds)).is_flag())
            }
            Op::Index => match self[args[0]].constant() {
                Some(Constant::Map(entries)) => {
                    let values: Kinds = entries.values().map(Kinds::of_constant).collect();
                    (values.or_missing(), kinds[1] != Kinds::TEXT)
                }
                // What is in it may not be known.
                _ => (self.element_kinds(args[0]).unwrap_or(Kinds::ANY), true),
            },
            // What the entry is shows on the line.
            Op::Get(..) => (Kinds::ANY, true),
            Op::Interpolated => (Kinds::TEXT, true),
            Op::Switch(_) => (kinds[1..].iter().copied().collect(), false),
            Op::Fail(_) => (Kinds::NONE, true),
        };
        (kinds, parts_fault || faults)
    }

    /// Whether `item in whole` cannot fault.
    fn contains_fits(&self, args: &[NodeId], kinds: &[Kinds]) -> bool {
        let (item, whole) = (kinds[0], kinds[1].without(Kinds::MISSING));
        if whole == Kinds::TEXT || whole == Kinds::MAP {
            return item.within(Kinds::TEXT.or_missing());
        }
        if whole == Kinds::RANGE {
            return item.within(Kinds::NUMERIC.or_missing());
        }
        if whole == Kinds::NONE {
            return true;
        }
        whole == Kinds::ARRAY && self.element_kinds(args[1]).is_some_and(|kinds| kinds.comparable(item))
    }

    /// The kinds of the elements of a list, if they are known.
    pub fn element_kinds(&self, list: NodeId) -> Option<Kinds> {
        let node = &self[list];
        let of_args = |step| node.args.iter().step_by(step).map(|&arg| self.kinds(arg)).collect();
        match &node.op {
            Op::Array | Op::Mapped => Some(of_args(1)),
            Op::Filter => Some(of_args(2)),
            _ => match node.constant() {
                Some(Constant::Array(items)) => Some(items.iter().map(Kinds::of_constant).collect()),
                _ => None,
            },
        }
    }

    fn arithmetic_facts(&self, operator: Arithmetic, args: &[NodeId], kinds: &[Kinds]) -> (Kinds, bool) {
        use Arithmetic::{Add, Divide, Multiply, Power, Remainder, Subtract};
        let (a, b) = (kinds[0], kinds[1]);
        let mut value = Kinds::NONE;
        let mut certain = true;
        for a in a.each() {
            for b in b.each() {
                let (kind, fits) = match (operator, a, b) {
                    (_, Kinds::MISSING, other) | (_, other, Kinds::MISSING) => {
                        // A list and `()` do not go together; a single value and `()` are missing.
                        (Kinds::MISSING, other.within(Kinds::SCALAR))
                    }
                    (_, Kinds::INTEGER, Kinds::INTEGER) => (Kinds::INTEGER, false),
                    (Power, Kinds::NUMBER, Kinds::INTEGER) => (Kinds::NUMBER, false),
                    (Power, ..) => (Kinds::NONE, false),
                    (_, a, b) if a.within(Kinds::NUMERIC) && b.within(Kinds::NUMERIC) => {
                        let number = |id: NodeId| match self[id].constant() {
                            Some(Constant::Number(number)) => Some(number.abs()),
                            Some(Constant::Integer(integer)) => Some((*integer as f64).abs()),
                            _ => None,
                        };
                        let (left, right) = (number(args[0]), number(args[1]));
                        let fits = match operator {
                            Remainder => right.is_some_and(|right| right > 0.0),
                            Divide => right.is_some_and(|right| right >= 1.0),
                            Multiply => [left, right].iter().flatten().any(|side| *side <= 1.0),
                            _ => false,
                        };
                        (Kinds::NUMBER, fits)
                    }
                    (Add, Kinds::TEXT, Kinds::TEXT) => (Kinds::TEXT, false),
                    (Add, Kinds::DATE, Kinds::INTEGER)
                    | (Add, Kinds::INTEGER, Kinds::DATE)
                    | (Subtract, Kinds::DATE, Kinds::INTEGER) => (Kinds::DATE, false),
                    (Subtract, Kinds::DATE, Kinds::DATE) => (Kinds::INTEGER, true),
                    (Add, Kinds::ARRAY, Kinds::ARRAY) => (Kinds::ARRAY, false),
                    _ => (Kinds::NONE, false),
                };
                value = value.or(kind);
                certain &= fits;
            }
        }
        (value, !certain)
    }

    /// Calls `visit` for a node and those it uses, each once, the first argument first; for the arguments of one only if it
    /// says so.
    pub fn visit(&self, root: NodeId, mut visit: impl FnMut(NodeId, &Node) -> bool) {
        let mut visited = HashSet::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            if visited.insert(id) && visit(id, &self[id]) {
                open.extend(self[id].args.iter().rev().copied());
            }
        }
    }

    /// A node and those it is made of, each once and after its arguments; without those that are done, and what only they
    /// use. No recursion is needed, however deep they nest.
    pub fn within(&self, root: NodeId, is_done: impl Fn(NodeId) -> bool) -> Vec<NodeId> {
        let (mut order, mut known, mut open) = (Vec::new(), HashSet::new(), vec![(root, false)]);
        while let Some((id, entered)) = open.pop() {
            if entered {
                order.push(id);
            } else if !is_done(id) && known.insert(id) {
                open.push((id, true));
                open.extend(self[id].args.iter().rev().map(|&arg| (arg, false)));
            }
        }
        order
    }

    /// Rebuilds a node, its arguments first: `make` gets each node with its new arguments.
    pub fn rebuild(
        &self,
        root: NodeId,
        done: &mut HashMap<NodeId, NodeId>,
        make: &mut dyn FnMut(&Node, Vec<NodeId>) -> NodeId,
    ) -> NodeId {
        for id in self.within(root, |id| done.contains_key(&id)) {
            let node = &self[id];
            let args = node.args.iter().map(|arg| done[arg]).collect();
            done.insert(id, make(node, args));
        }
        done[&root]
    }
}

/// What is known of a function on single values, from the kinds of its arguments.
fn function_facts<'n>(at: u32, args: impl Iterator<Item = &'n Node>, kinds: &[Kinds]) -> (Kinds, bool) {
    let all: Kinds = kinds.iter().copied().collect();
    let missing = if all.has(Kinds::MISSING) { Kinds::MISSING } else { Kinds::NONE };
    let texts = all.within(Kinds::TEXT.or_missing());
    let numbers = all.within(Kinds::NUMERIC.or_missing());
    let name = functions::FUNCTIONS[at as usize].name;
    match name {
        "starts_with" | "ends_with" | "has_word" | "resembles" => (Kinds::FLAG, !texts),
        "to_lower" | "to_upper" => (Kinds::TEXT.or(missing), true),
        "sub_string" => {
            let fits = kinds[0].within(Kinds::TEXT.or_missing())
                && kinds[1..].iter().all(|kinds| kinds.within(Kinds::INTEGER.or_missing()));
            (Kinds::TEXT.or(missing), !fits)
        }
        "index_of" => (Kinds::INTEGER.or(missing), !texts),
        "to_string" => (Kinds::TEXT, !all.within(Kinds::SCALAR)),
        "abs" => (all, !all.within(Kinds::NUMBER.or_missing())),
        "sign" => (Kinds::INTEGER.or(missing), !numbers),
        "floor" | "ceiling" => (all, !numbers),
        "round" => {
            let digits =
                args.skip(1).all(|digits| matches!(digits.constant(), Some(Constant::Integer(0..=12))));
            (all.or(missing), !(numbers && digits))
        }
        "int" | "to_int" => (Kinds::INTEGER.or(missing), true),
        "to_float" => (Kinds::NUMBER.or(missing), !numbers),
        "sqrt" => (Kinds::NUMBER.or(missing), true),
        "min" | "max" => (all, !numbers),
        "is_even" | "is_odd" => (Kinds::FLAG, !all.within(Kinds::INTEGER.or_missing())),
        "date" => (Kinds::DATE.or(missing), true),
        // A function that is new here: nothing is certain.
        _ => (Kinds::SCALAR, true),
    }
}
