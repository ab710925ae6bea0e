//! Conditions as formulas: which values of which parts of a line a condition holds on.
//!
//! A term is a part of a condition whose values are looked at: a field, a computed number, a pair of texts that are
//! compared, a test that has no simpler form. A literal says that a term is in a set. Formulas are exact: where a
//! condition holds the formula is true, and where it is true with terms as they are on a line the condition holds.
//! That terms depend on each other is known in part only, so a formula that cannot be true is a condition that cannot
//! hold, but not the other way round.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::derived::{Derived, FieldRef};
use crate::expr::{Comparison, Constant};
use crate::functions::FUNCTIONS;
use crate::limits;
use crate::program::PackFacts;
use crate::program::fold;
use crate::program::node::{DatePart, Kinds, NodeContext, NodeId, NodeSpan, Nodes, Op, Special};
use crate::schema::{Field, Kind};

use super::prove::Effort;
use super::set::{
    End, FALSE, Intervals, Num, NumberCut, Set, TRUE, TextCut, TextSide, Values, prefix_text, single_text,
};

/// A term by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TermId(u32);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum TermKey {
    /// The value of a node.
    Node(NodeId),
    /// How two nodes compare, the first in order of the two first.
    Pair(NodeId, NodeId),
    /// Something about which nothing is known.
    Other(String),
}

/// Less, equal, greater, one of both missing, both missing: the cases of a pair.
const LESS: u8 = 1;
const EQUAL: u8 = 2;
const GREATER: u8 = 4;
const ONE_MISSING: u8 = 8;
const BOTH_MISSING: u8 = 16;

#[derive(Clone, Debug)]
struct Term {
    node: Option<NodeId>,
    /// All that it can be.
    universe: Set,
    /// Where it is within the set, the other term is present.
    implies: Vec<(Set, TermId)>,
    /// The node of the only field that a flag depends on.
    sole: Option<NodeId>,
}

pub(super) type Formula = Rc<Shape>;

/// A formula; see [`Terms::holds`].
#[derive(Debug)]
pub(super) enum Shape {
    Constant(bool),
    /// The set lies within what the term can be.
    Literal(TermId, Rc<Set>),
    And(Vec<Formula>),
    Or(Vec<Formula>),
}

pub(super) fn constant(holds: bool) -> Formula {
    Rc::new(Shape::Constant(holds))
}

pub(super) fn all(parts: Vec<Formula>) -> Formula {
    join(parts, true)
}

pub(super) fn any(parts: Vec<Formula>) -> Formula {
    join(parts, false)
}

fn join(parts: Vec<Formula>, and: bool) -> Formula {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        match &*part {
            Shape::Constant(holds) if *holds == and => {}
            Shape::Constant(_) => return part,
            _ => kept.push(part),
        }
    }
    match kept.len() {
        0 => constant(and),
        1 => kept.swap_remove(0),
        _ if and => Rc::new(Shape::And(kept)),
        _ => Rc::new(Shape::Or(kept)),
    }
}

/// Calls `visit` for a formula and its parts, each once; into the parts of one only if it says so.
pub(super) fn walk(formula: &Formula, visit: &mut dyn FnMut(&Formula) -> bool) {
    // What stands in several places is one formula, so that there may be more places than can be visited.
    let mut visited: HashSet<*const Shape> = HashSet::new();
    let mut open = vec![Rc::clone(formula)];
    while let Some(formula) = open.pop() {
        if !visited.insert(Rc::as_ptr(&formula)) || !visit(&formula) {
            continue;
        }
        if let Shape::And(parts) | Shape::Or(parts) = &*formula {
            open.extend(parts.iter().rev().cloned());
        }
    }
}

/// Where a condition holds, and where it fails; elsewhere it faults.
#[derive(Clone)]
struct Outcomes {
    holds: Formula,
    fails: Formula,
}

/// The terms of a pack's conditions.
pub(super) struct Terms<'p> {
    pub nodes: Nodes,
    context: &'p NodeContext<'p>,
    facts: &'p PackFacts,
    terms: Vec<Term>,
    known: HashMap<TermKey, TermId>,
    outcomes: HashMap<NodeId, Outcomes>,
    /// What tests on one text give, by test and text.
    evaluated: HashMap<(NodeId, Arc<str>), Option<bool>>,
    pub effort: Effort,
}

/// How many different leaves of a term are looked at for what must be present.
const LEAVES_MAX: usize = 6;

const NO_SPAN: NodeSpan = NodeSpan { file: 0, start: 0, end: 0 };

impl<'p> Terms<'p> {
    pub fn new(context: &'p NodeContext<'p>, facts: &'p PackFacts) -> Self {
        Self {
            nodes: Nodes::new(true),
            context,
            facts,
            terms: Vec::new(),
            known: HashMap::new(),
            outcomes: HashMap::new(),
            evaluated: HashMap::new(),
            effort: Effort::default(),
        }
    }

    /// The node in the one form of all that mean the same.
    pub fn canonical(&mut self, apart: &Nodes, root: NodeId, done: &mut HashMap<NodeId, NodeId>) -> NodeId {
        let (context, nodes) = (self.context, &mut self.nodes);
        apart.rebuild(root, done, &mut |node, args| match node.op {
            Op::Computed(_) => args[0],
            _ => fold::add(nodes, context, node.op.clone(), args, node.span.clone()),
        })
    }

    fn add(&mut self, op: Op, args: Vec<NodeId>) -> NodeId {
        fold::add(&mut self.nodes, self.context, op, args, NO_SPAN)
    }

    /// The node of a field.
    pub fn field(&mut self, field: FieldRef) -> NodeId {
        self.add(Op::Field(field), Vec::new())
    }

    pub fn universe(&self, term: TermId) -> &Set {
        &self.terms[term.0 as usize].universe
    }

    /// What must be present where the term is within the set.
    pub fn implied(&self, term: TermId, set: &Set) -> Vec<TermId> {
        let implies = self.terms[term.0 as usize].implies.iter();
        implies.filter(|(trigger, _)| set.within(trigger)).map(|(_, other)| *other).collect()
    }

    /// All terms that may be implied by this one.
    pub fn all_implied(&self, term: TermId) -> Vec<TermId> {
        self.terms[term.0 as usize].implies.iter().map(|(_, other)| *other).collect()
    }

    /// Adds the terms of which a formula speaks, those that these imply, and the fields that decide their tests.
    pub fn spoken(&self, formula: &Formula, terms: &mut BTreeSet<TermId>) {
        let mut open = Vec::new();
        walk(formula, &mut |part| {
            if let Shape::Literal(term, _) = &**part {
                open.push(*term);
            }
            true
        });
        while let Some(term) = open.pop() {
            if terms.insert(term) {
                open.extend(self.all_implied(term));
                open.extend(self.sole(term).and_then(|leaf| self.known_term(leaf)));
            }
        }
    }

    /// The node of the only field on which a term that is a flag depends.
    pub fn sole(&self, term: TermId) -> Option<NodeId> {
        self.terms[term.0 as usize].sole
    }

    /// The term of a node, if it has one.
    pub fn known_term(&self, node: NodeId) -> Option<TermId> {
        self.known.get(&TermKey::Node(node)).copied()
    }

    pub fn node_of(&self, term: TermId) -> Option<NodeId> {
        self.terms[term.0 as usize].node
    }

    /// The term of a field's values.
    pub fn field_term(&mut self, field: FieldRef) -> TermId {
        let node = self.field(field);
        self.term(node)
    }

    /// A term about which nothing is known but its name.
    pub fn other(&mut self, name: String) -> Formula {
        let key = TermKey::Other(name);
        let universe = Set::of(Values::Bits(TRUE | FALSE));
        let term = self.intern(key, None, universe);
        Rc::new(Shape::Literal(term, Rc::new(Set::of(Values::Bits(TRUE)))))
    }

    fn intern(&mut self, key: TermKey, node: Option<NodeId>, universe: Set) -> TermId {
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let id = TermId(self.terms.len() as u32);
        self.known.insert(key, id);
        self.terms.push(Term { node, universe, implies: Vec::new(), sole: None });
        id
    }

    /// The term of a node's values.
    fn term(&mut self, node: NodeId) -> TermId {
        if let Some(&known) = self.known.get(&TermKey::Node(node)) {
            return known;
        }
        let universe = self.universe_of(node);
        let id = self.intern(TermKey::Node(node), Some(node), universe);
        let implies = self.implications(node, id);
        self.terms[id.0 as usize].implies = implies;
        let leaves = self.leaves(node);
        if let ([only], true) = (leaves.as_slice(), self.nodes[node].is_sure_flag())
            && *only != node
        {
            self.terms[id.0 as usize].sole = Some(*only);
        }
        id
    }

    /// How two nodes compare.
    fn pair(&mut self, a: NodeId, b: NodeId) -> TermId {
        let key = TermKey::Pair(a, b);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let missing = |terms: &Self, id: NodeId| terms.may_be_missing(id);
        let (a_missing, b_missing) = (missing(self, a), missing(self, b));
        // A value compared with itself is equal to it, or missing.
        let mut bits = if a == b { EQUAL } else { LESS | EQUAL | GREATER };
        if a != b && (a_missing || b_missing) {
            bits |= ONE_MISSING;
        }
        if a_missing && b_missing {
            bits |= BOTH_MISSING;
        }
        let fault = self.nodes[a].fallible || self.nodes[b].fallible;
        let universe = Set { missing: false, fault, values: Values::Bits(bits) };
        let id = self.intern(key, None, universe);
        let present = Set::of(Values::Bits(LESS | EQUAL | GREATER));
        let sides = [a, b].map(|side| self.term(side));
        self.terms[id.0 as usize].implies = sides.into_iter().map(|side| (present.clone(), side)).collect();
        id
    }

    fn declared(&self, node: NodeId) -> Option<&'p Field> {
        match self.nodes[node].op {
            Op::Field(FieldRef::Declared(id)) => Some(&self.facts.schema[id]),
            _ => None,
        }
    }

    fn may_be_missing(&self, node: NodeId) -> bool {
        match self.nodes[node].op {
            Op::Field(FieldRef::Declared(id)) => {
                let schema = &self.facts.schema;
                !(schema[id].required || schema.item == Some(id) || schema.declaration == id)
            }
            Op::Field(FieldRef::Derived(derived)) => !derived.always_present(),
            _ => self.nodes[node].kinds.has(Kinds::MISSING),
        }
    }

    fn universe_of(&self, node: NodeId) -> Set {
        let kinds = self.nodes[node].kinds.without(Kinds::MISSING);
        let values = if kinds.within(Kinds::NUMERIC) {
            Values::Numbers(self.bounds(node))
        } else if kinds == Kinds::DATE {
            Values::Numbers(Intervals::all())
        } else if kinds == Kinds::TEXT {
            Values::Texts(self.texts_of(node))
        } else {
            Values::Bits(TRUE | FALSE)
        };
        Set { missing: self.may_be_missing(node), fault: self.nodes[node].fallible, values }
    }

    /// The texts that a node can have at all.
    fn texts_of(&self, node: NodeId) -> Intervals<TextCut> {
        match self.nodes[node].op {
            // Nothing that was read is empty.
            Op::Field(_) => Intervals::text(&"".into()).complement(),
            _ => Intervals::all(),
        }
    }

    /// The numbers that a node can have.
    fn bounds(&self, node: NodeId) -> Intervals<NumberCut> {
        let from = |least: f64| Intervals::between(cut(Num::Number(least), false), End::Finish);
        let between = |least: i64, most: i64| {
            Intervals::between(cut(Num::Integer(least), false), cut(Num::Integer(most), true))
        };
        let schema = &self.facts.schema;
        let not_negative = |field: &Field| field.min.is_some_and(|min| min >= 0.0);
        match &self.nodes[node].op {
            Op::Field(FieldRef::Declared(id)) => {
                let field = &schema[*id];
                let least = field.min.map_or(End::Start, |min| cut(Num::Number(min), false));
                let most = field.max.map_or(End::Finish, |max| cut(Num::Number(max), true));
                Intervals::between(least, most)
            }
            Op::Field(FieldRef::Derived(Derived::ItemCount)) => from(1.0),
            Op::Field(FieldRef::Derived(derived)) => match derived.sources(schema) {
                // A sum or a quotient of what is not negative.
                Some(sources) if sources.iter().all(|&id| not_negative(&schema[id])) => from(0.0),
                _ => Intervals::all(),
            },
            Op::DatePart(DatePart::Year) => between(1, 9999),
            Op::DatePart(DatePart::Month) => between(1, 12),
            Op::DatePart(DatePart::Day) => between(1, 31),
            Op::DatePart(DatePart::Weekday) => between(1, 7),
            Op::Special(Special::Len) => from(0.0),
            Op::Function(at) => match FUNCTIONS[*at as usize].name {
                "index_of" => from(-1.0),
                "sign" => between(-1, 1),
                "abs" | "sqrt" => from(0.0),
                _ => Intervals::all(),
            },
            _ => Intervals::all(),
        }
    }

    /// The fields and the lookup entries that a node's value depends on, if they are few.
    pub fn leaves(&self, node: NodeId) -> Vec<NodeId> {
        let mut leaves = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![node];
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.nodes[id].op {
                Op::Field(_) | Op::Listed(_) | Op::Entry(_) => {
                    leaves.insert(id);
                }
                _ => open.extend(self.nodes[id].args.iter().copied()),
            }
        }
        leaves.into_iter().collect()
    }

    /// What must be present where a term is: found by taking each field away and looking at what is left.
    fn implications(&mut self, node: NodeId, id: TermId) -> Vec<(Set, TermId)> {
        let universe = self.universe(id).clone();
        let present = Set::present(&universe);
        let schema = Arc::clone(&self.facts.schema);
        let mut implied: Vec<(Set, TermId)> = Vec::new();
        let declared = |terms: &mut Self, field| terms.field_term(FieldRef::Declared(field));
        match self.nodes[node].op.clone() {
            Op::Field(FieldRef::Derived(derived)) => {
                let of_line = matches!(
                    derived,
                    Derived::UnitValue
                        | Derived::UnitMass
                        | Derived::ValuePerKg
                        | Derived::Hs2
                        | Derived::Hs4
                        | Derived::Hs6
                );
                if of_line {
                    for source in derived.sources(&schema).into_iter().flatten() {
                        let source = declared(self, source);
                        implied.push((present.clone(), source));
                    }
                }
            }
            Op::Field(_) => {}
            Op::Entry(table) | Op::Listed(table) => {
                // A line that lacks a part of a table's key has no entry.
                let listed = matches!(self.nodes[node].op, Op::Listed(_));
                let trigger = if listed { Set::of(Values::Bits(TRUE)) } else { present };
                for &key in &self.facts.lookup_keys[table as usize] {
                    let key = declared(self, key);
                    implied.push((trigger.clone(), key));
                }
            }
            Op::Column(table, _) => {
                let entry = self.add(Op::Entry(table), Vec::new());
                let entry = self.term(entry);
                implied.push((present, entry));
            }
            _ => {
                let leaves = self.leaves(node);
                if leaves.len() <= LEAVES_MAX {
                    for leaf in leaves {
                        let missing = self.replaced(node, leaf, &Constant::Missing);
                        let trigger = match self.nodes[missing].constant() {
                            Some(Constant::Missing) => present.clone(),
                            Some(Constant::Flag(false)) => Set::of(Values::Bits(TRUE)),
                            Some(Constant::Flag(true)) => Set::of(Values::Bits(FALSE)),
                            _ => continue,
                        };
                        if self.may_be_missing(leaf) {
                            let leaf = self.term(leaf);
                            implied.push((trigger, leaf));
                        }
                    }
                }
            }
        }
        implied
    }

    /// The node with a constant in the place of one of its leaves.
    fn replaced(&mut self, root: NodeId, leaf: NodeId, constant: &Constant) -> NodeId {
        let mut order = BTreeSet::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            if order.insert(id) {
                open.extend(self.nodes[id].args.iter().copied());
            }
        }
        let new = self.add(Op::Constant(Arc::new(constant.clone())), Vec::new());
        let mut done: HashMap<NodeId, NodeId> = HashMap::from([(leaf, new)]);
        // Arguments stand before the nodes that use them.
        for id in order {
            if id == leaf {
                continue;
            }
            let node = &self.nodes[id];
            let args: Vec<NodeId> = node.args.iter().map(|arg| done[arg]).collect();
            let new = match (&node.op, args.first().map(|&arg| self.nodes[arg].constant())) {
                (Op::Matches(pattern), Some(Some(value))) => {
                    let found = match value {
                        Constant::Text(text) => regex::RegexBuilder::new(pattern)
                            .size_limit(limits::REGEX_BYTES_MAX)
                            .build()
                            .ok()
                            .map(|regex| regex.is_match(text)),
                        _ => Some(false),
                    };
                    match found {
                        Some(found) => self.add(Op::Constant(Arc::new(Constant::Flag(found))), Vec::new()),
                        None => id,
                    }
                }
                (op, _) => {
                    let op = op.clone();
                    self.add(op, args)
                }
            };
            done.insert(id, new);
        }
        done[&root]
    }

    /// What a test on one text gives for a text; `None` where it is not known.
    pub fn test(&mut self, test: NodeId, leaf: NodeId, text: &Arc<str>) -> Option<bool> {
        if let Some(&known) = self.evaluated.get(&(test, Arc::clone(text))) {
            return known;
        }
        let value = self.replaced(test, leaf, &Constant::Text(Arc::clone(text)));
        let known = match self.nodes[value].constant() {
            Some(Constant::Flag(flag)) => Some(*flag),
            _ => None,
        };
        self.evaluated.insert((test, Arc::clone(text)), known);
        known
    }

    /// Where a condition holds.
    pub fn holds(&mut self, node: NodeId) -> Formula {
        self.outcomes(node).holds
    }

    /// Where computed points come out without a fault, and as many as a rule can give.
    pub fn gives_points(&mut self, id: NodeId) -> Formula {
        let node = self.nodes[id].clone();
        match &node.op {
            Op::Constant(value) => match **value {
                Constant::Integer(points) => {
                    constant(points.unsigned_abs() <= limits::POINTS_MAX.unsigned_abs())
                }
                _ => constant(false),
            },
            Op::If => {
                let condition = self.outcomes(node.args[0]);
                let (then, otherwise) = (self.gives_points(node.args[1]), self.gives_points(node.args[2]));
                any(vec![all(vec![condition.holds, then]), all(vec![condition.fails, otherwise])])
            }
            Op::Switch(_) if self.is_sure_subject(node.args[0]) => {
                all(node.args[1..].iter().map(|&arm| self.gives_points(arm)).collect())
            }
            _ => self.other(format!("points of node {}", id.0)),
        }
    }

    fn outcomes(&mut self, id: NodeId) -> Outcomes {
        if let Some(known) = self.outcomes.get(&id) {
            return known.clone();
        }
        let outcomes = self.outcomes_of(id);
        self.outcomes.insert(id, outcomes.clone());
        outcomes
    }

    fn outcomes_of(&mut self, id: NodeId) -> Outcomes {
        let node = self.nodes[id].clone();
        let args = &node.args;
        match &node.op {
            Op::Constant(value) => {
                let holds = **value == Constant::Flag(true);
                let fails = **value == Constant::Flag(false);
                Outcomes { holds: constant(holds), fails: constant(fails) }
            }
            Op::And | Op::Or => {
                let and = node.op == Op::And;
                let parts: Vec<Outcomes> = args.iter().map(|&arg| self.outcomes(arg)).collect();
                // `a || b` is `!(!a && !b)`, faults included.
                let goes_on = |part: &Outcomes| Rc::clone(if and { &part.holds } else { &part.fails });
                let decides = |part: &Outcomes| Rc::clone(if and { &part.fails } else { &part.holds });
                let through = all(parts.iter().map(goes_on).collect());
                let sure = args.iter().all(|&arg| self.nodes[arg].is_sure_flag());
                let decided = any(parts
                    .iter()
                    .enumerate()
                    .map(|(at, part)| {
                        // The parts before it must have come out without a fault.
                        let before = if sure { &[][..] } else { &parts[..at] };
                        all(before.iter().map(goes_on).chain([decides(part)]).collect())
                    })
                    .collect());
                if and {
                    Outcomes { holds: through, fails: decided }
                } else {
                    Outcomes { holds: decided, fails: through }
                }
            }
            Op::Not => {
                let Outcomes { holds, fails } = self.outcomes(args[0]);
                Outcomes { holds: fails, fails: holds }
            }
            Op::If => {
                let [condition, then, otherwise] = [0, 1, 2].map(|at| self.outcomes(args[at]));
                let either = |a: &Formula, b: &Formula| {
                    any(vec![
                        all(vec![Rc::clone(&condition.holds), Rc::clone(a)]),
                        all(vec![Rc::clone(&condition.fails), Rc::clone(b)]),
                    ])
                };
                Outcomes {
                    holds: either(&then.holds, &otherwise.holds),
                    fails: either(&then.fails, &otherwise.fails),
                }
            }
            Op::Then if !self.nodes[args[0]].fallible => self.outcomes(args[1]),
            Op::Switch(table) if self.is_sure_subject(args[0]) => {
                let (subject, arms) = (args[0], &args[1..]);
                let mut cases: Vec<Vec<&Constant>> = vec![Vec::new(); arms.len()];
                for (value, arm) in &table.values {
                    cases[*arm as usize].push(value);
                }
                let mut taken = Vec::new();
                let mut holds = Vec::new();
                let mut fails = Vec::new();
                let last = arms.len() - 1;
                for (at, &arm) in arms.iter().enumerate() {
                    let outcomes = self.outcomes(arm);
                    let here = if at == last {
                        any(std::mem::take(&mut taken))
                    } else {
                        let here = self.one_of(subject, &cases[at]);
                        taken.push(Rc::clone(&here));
                        here
                    };
                    let here = if at == last { self.negation(&here) } else { here };
                    holds.push(all(vec![Rc::clone(&here), outcomes.holds]));
                    fails.push(all(vec![here, outcomes.fails]));
                }
                Outcomes { holds: any(holds), fails: any(fails) }
            }
            Op::Compare(comparison) => {
                self.compared(*comparison, args[0], args[1], id).unwrap_or_else(|| self.opaque(id))
            }
            Op::In => self.contained(args[0], args[1], id).unwrap_or_else(|| self.opaque(id)),
            Op::Listed(table) => {
                let entry = self.add(Op::Entry(*table), Vec::new());
                let term = self.term(entry);
                let present = Set::present(self.universe(term));
                let missing = Set::only_missing(self.universe(term));
                Outcomes { holds: self.literal(entry, present), fails: self.literal(entry, missing) }
            }
            Op::Function(at) if FUNCTIONS[*at as usize].name == "starts_with" && !node.fallible => {
                match self.nodes[args[1]].constant() {
                    Some(Constant::Text(prefix)) => {
                        let set = Set::of(Values::Texts(Intervals::prefix(prefix)));
                        self.within(args[0], set)
                    }
                    _ => self.opaque(id),
                }
            }
            Op::Special(Special::HasAnyWord) if !node.fallible => {
                match self.nodes[args[1]].constant().cloned() {
                    Some(Constant::Array(words)) => {
                        let has_word = FUNCTIONS.iter().position(|function| function.name == "has_word");
                        let op = Op::Function(has_word.unwrap_or_default() as u32);
                        let mut holds = Vec::new();
                        let mut fails = Vec::new();
                        for word in words {
                            let word = self.add(Op::Constant(Arc::new(word)), Vec::new());
                            let found = self.add(op.clone(), vec![args[0], word]);
                            let outcomes = self.outcomes(found);
                            holds.push(outcomes.holds);
                            fails.push(outcomes.fails);
                        }
                        Outcomes { holds: any(holds), fails: all(fails) }
                    }
                    _ => self.opaque(id),
                }
            }
            // `flag ?? constant`
            Op::Coalesce if args.len() == 2 && !node.fallible => {
                let first = self.nodes[args[0]].kinds.without(Kinds::MISSING).is_flag();
                match self.nodes[args[1]].constant() {
                    Some(Constant::Flag(otherwise)) if first => {
                        let set = |bit, missing| Set { missing, fault: false, values: Values::Bits(bit) };
                        let otherwise = *otherwise;
                        Outcomes {
                            holds: self.literal(args[0], set(TRUE, otherwise)),
                            fails: self.literal(args[0], set(FALSE, !otherwise)),
                        }
                    }
                    _ => self.opaque(id),
                }
            }
            _ => self.opaque(id),
        }
    }

    fn is_sure_subject(&self, subject: NodeId) -> bool {
        let node = &self.nodes[subject];
        !node.fallible && node.kinds.within(Kinds::TEXT.or(Kinds::MISSING))
    }

    /// Where a text is one of these.
    fn one_of(&mut self, subject: NodeId, values: &[&Constant]) -> Formula {
        let missing = values.iter().any(|value| **value == Constant::Missing);
        let texts = values.iter().filter_map(|value| match value {
            Constant::Text(text) => Some(Intervals::text(text)),
            _ => None,
        });
        let values = Values::Texts(Intervals::union(texts));
        self.literal(subject, Set { missing, fault: false, values })
    }

    /// Where a formula is not true.
    fn negation(&self, formula: &Formula) -> Formula {
        match &**formula {
            Shape::Constant(holds) => constant(!holds),
            Shape::Literal(term, set) => {
                let set = set.complement().intersection(self.universe(*term));
                Rc::new(Shape::Literal(*term, Rc::new(set)))
            }
            Shape::And(parts) => any(parts.iter().map(|part| self.negation(part)).collect()),
            Shape::Or(parts) => all(parts.iter().map(|part| self.negation(part)).collect()),
        }
    }

    /// A test that has no simpler form.
    fn opaque(&mut self, id: NodeId) -> Outcomes {
        let flag = |bit| Set::of(Values::Bits(bit));
        if !self.nodes[id].kinds.without(Kinds::MISSING).is_flag() {
            // What may be no flag has no values here: only that it holds or does not.
            let name = format!("node {}", id.0);
            let holds = self.other(name);
            let fails = self.negation(&holds);
            let fails = all(vec![fails, self.other(format!("node {} fails", id.0))]);
            return Outcomes { holds, fails };
        }
        let term = self.term(id);
        let universe = self.universe(term).clone();
        let literal = |bit| Rc::new(Shape::Literal(term, Rc::new(flag(bit).intersection(&universe))));
        Outcomes { holds: literal(TRUE), fails: literal(FALSE) }
    }

    /// Where a node's value is in the set, and where it is not, though without a fault.
    fn within(&mut self, node: NodeId, set: Set) -> Outcomes {
        let outside = Set { fault: false, ..set.complement() };
        Outcomes { holds: self.literal(node, set), fails: self.literal(node, outside) }
    }

    fn compared(&mut self, comparison: Comparison, a: NodeId, b: NodeId, id: NodeId) -> Option<Outcomes> {
        let parts_fault = self.nodes[a].fallible || self.nodes[b].fallible;
        if self.nodes[id].fallible && !parts_fault {
            return None;
        }
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let (node, comparison, value) = match (self.nodes[a].constant(), self.nodes[b].constant()) {
            (_, Some(value)) => (a, comparison, value.clone()),
            (Some(value), None) => (b, turned(comparison), value.clone()),
            (None, None) => return self.compared_pair(comparison, a, b),
        };
        let kinds = self.nodes[node].kinds.without(Kinds::MISSING);
        if value == Constant::Missing {
            if !equality {
                return None;
            }
            let term = self.term(node);
            let missing = Set::only_missing(self.universe(term));
            let outcomes = self.within(node, missing);
            return Some(match comparison {
                Comparison::Equal => outcomes,
                _ => Outcomes { holds: outcomes.fails, fails: outcomes.holds },
            });
        }
        let values = match &value {
            Constant::Integer(_) | Constant::Number(_) if kinds.within(Kinds::NUMERIC) => {
                Values::Numbers(self.numbers(comparison, number_of(&value)?, kinds == Kinds::INTEGER))
            }
            Constant::Date(date) if kinds == Kinds::DATE => {
                Values::Numbers(self.numbers(comparison, Num::Integer(date.days().into()), true))
            }
            Constant::Text(text) if kinds == Kinds::TEXT => Values::Texts(text_set(comparison, text)),
            Constant::Flag(flag) if kinds.is_flag() && equality => {
                let bit = if *flag == (comparison == Comparison::Equal) { TRUE } else { FALSE };
                Values::Bits(bit)
            }
            _ => return None,
        };
        // `!=` holds for a missing value.
        let set = Set { missing: comparison == Comparison::NotEqual, fault: false, values };
        Some(self.within(node, set))
    }

    fn numbers(&self, comparison: Comparison, bound: Num, whole: bool) -> Intervals<NumberCut> {
        let before = cut_of(bound, false, whole);
        let after = cut_of(bound, true, whole);
        match comparison {
            Comparison::Equal => Intervals::between(before, after),
            Comparison::NotEqual => Intervals::between(before, after).complement(),
            Comparison::Less => Intervals::between(End::Start, before),
            Comparison::LessOrEqual => Intervals::between(End::Start, after),
            Comparison::Greater => Intervals::between(after, End::Finish),
            Comparison::GreaterOrEqual => Intervals::between(before, End::Finish),
        }
    }

    fn compared_pair(&mut self, comparison: Comparison, a: NodeId, b: NodeId) -> Option<Outcomes> {
        let (first, second, comparison) =
            if a <= b { (a, b, comparison) } else { (b, a, turned(comparison)) };
        let bits = match comparison {
            Comparison::Equal => EQUAL | BOTH_MISSING,
            Comparison::NotEqual => LESS | GREATER | ONE_MISSING,
            Comparison::Less => LESS,
            Comparison::LessOrEqual => LESS | EQUAL,
            Comparison::Greater => GREATER,
            Comparison::GreaterOrEqual => GREATER | EQUAL,
        };
        let scalar = Kinds::SCALAR;
        if ![a, b].iter().all(|&side| self.nodes[side].kinds.within(scalar)) {
            return None;
        }
        let term = self.pair(first, second);
        let universe = self.universe(term).clone();
        let literal = |bits| {
            let set = Set::of(Values::Bits(bits)).intersection(&universe);
            if set.is_empty() {
                constant(false)
            } else if universe.within(&set) {
                constant(true)
            } else {
                Rc::new(Shape::Literal(term, Rc::new(set)))
            }
        };
        Some(Outcomes { holds: literal(bits), fails: literal(!bits) })
    }

    fn contained(&mut self, item: NodeId, whole: NodeId, id: NodeId) -> Option<Outcomes> {
        if self.nodes[id].fallible && !self.nodes[item].fallible {
            return None;
        }
        let kinds = self.nodes[item].kinds.without(Kinds::MISSING);
        if let Op::Range(inclusive) = self.nodes[whole].op {
            let ends: Vec<Constant> = self.nodes[whole]
                .args
                .iter()
                .map(|&end| self.nodes[end].constant().cloned())
                .collect::<Option<_>>()?;
            let [first, last] = ends.as_slice() else { return None };
            if !kinds.within(Kinds::NUMERIC) {
                return None;
            }
            let from = cut_of(number_of(first)?, false, kinds == Kinds::INTEGER);
            let to = cut_of(number_of(last)?, inclusive, kinds == Kinds::INTEGER);
            let set = Set::of(Values::Numbers(Intervals::between(from, to)));
            return Some(self.within(item, set));
        }
        let Some(Constant::Array(items)) = self.nodes[whole].constant().cloned() else { return None };
        // A missing value is in no list, not even in one that has `()`.
        let items: Vec<Constant> = items.into_iter().filter(|item| *item != Constant::Missing).collect();
        let set = if kinds == Kinds::TEXT {
            let texts = items.iter().map(|item| match item {
                Constant::Text(text) => Some(Intervals::text(text)),
                _ => None,
            });
            Values::Texts(Intervals::union(texts.collect::<Option<Vec<_>>>()?))
        } else if kinds.within(Kinds::NUMERIC) {
            let whole = kinds == Kinds::INTEGER;
            let numbers = items.iter().map(|item| {
                let number = number_of(item)?;
                Some(self.numbers(Comparison::Equal, number, whole))
            });
            Values::Numbers(Intervals::union(numbers.collect::<Option<Vec<_>>>()?))
        } else {
            return None;
        };
        Some(self.within(item, Set::of(set)))
    }

    /// Where the value of a node is in the set.
    pub fn literal(&mut self, node: NodeId, set: Set) -> Formula {
        if let Some(value) = self.nodes[node].constant() {
            return match membership(value, &set) {
                Some(holds) => constant(holds),
                None => self.other(format!("constant {}", node.0)),
            };
        }
        match self.nodes[node].op.clone() {
            // `value ?? constant`
            Op::Coalesce if self.nodes[node].args.len() == 2 => {
                let (first, second) = (self.nodes[node].args[0], self.nodes[node].args[1]);
                let same = self.nodes[first].kinds.without(Kinds::MISSING).within(self.nodes[node].kinds)
                    && kind_of(self.nodes[first].kinds) == kind_of(self.nodes[node].kinds);
                if let Some(value) = self.nodes[second].constant()
                    && same
                    && let Some(missing) = membership(value, &set)
                {
                    return self.literal(first, Set { missing, ..set });
                }
            }
            Op::Field(FieldRef::Derived(derived)) => {
                if let (Some(digits), Values::Texts(texts), Some(hs)) =
                    (derived.digits(), &set.values, self.facts.schema.keys.commodity)
                {
                    let inside = digit_prefixes(texts, digits);
                    let outside = digit_prefixes(&texts.complement(), digits);
                    let hs = self.field(FieldRef::Declared(hs));
                    if let (Some(prefixes), false) = (inside, set.missing) {
                        return self.literal(hs, Set::of(Values::Texts(prefixes)));
                    }
                    if let (Some(prefixes), true) = (outside, set.missing) {
                        let values = Values::Texts(prefixes.complement());
                        return self.literal(hs, Set { missing: true, fault: false, values });
                    }
                }
            }
            _ => {}
        }
        let term = self.term(node);
        // A length and a part of a date are missing only where the text and the date are.
        if matches!(self.nodes[node].op, Op::DatePart(_) | Op::Special(Special::Len))
            && !self.nodes[node].fallible
            && !set.missing
            && Set::present(self.universe(term)).within(&set)
        {
            let inner = self.nodes[node].args[0];
            let of_inner = self.term(inner);
            let present = Set::present(self.universe(of_inner));
            return self.literal(inner, present);
        }
        let mut set = set.intersection(self.universe(term));
        if let Values::Texts(texts) = &set.values {
            // What the node never has may as well be in the set, if it is all that keeps it from being everything.
            let outside = self.admissible(node, &texts.complement());
            set.values = Values::Texts(if outside.is_empty() {
                Intervals::all()
            } else {
                self.admissible(node, texts)
            });
            set = set.intersection(self.universe(term));
        }
        if set.is_empty() {
            return constant(false);
        }
        if self.universe(term).within(&set) {
            return constant(true);
        }
        Rc::new(Shape::Literal(term, Rc::new(set)))
    }

    /// The texts of a set that the node can have: a code has no lower case letters, for one.
    fn admissible(&self, node: NodeId, texts: &Intervals<TextCut>) -> Intervals<TextCut> {
        let kept = texts.0.iter().filter(|interval| {
            if let Some(text) = single_text(interval) {
                return self.why_never(node, text, false).is_none();
            }
            prefix_text(interval).is_none_or(|prefix| self.why_never(node, prefix, true).is_none())
        });
        Intervals(kept.cloned().collect())
    }

    /// Why a node never has a text, or none that begins with it; `None` if it can have.
    pub fn why_never(&self, node: NodeId, text: &str, prefix: bool) -> Option<String> {
        match &self.nodes[node].op {
            Op::Function(at) => {
                let (cased, name) = match FUNCTIONS[*at as usize].name {
                    "to_lower" => (text.to_lowercase(), "lower"),
                    "to_upper" => (text.to_uppercase(), "upper"),
                    _ => return None,
                };
                // The last letter of a beginning may depend on what follows it.
                let differs = cased != text && (!prefix || text.is_ascii());
                differs
                    .then(|| format!("`to_{name}()` gives {name} case letters, and `\"{text}\"` has others"))
            }
            Op::Field(FieldRef::Derived(derived)) => {
                let digits = derived.digits()?;
                let fits = if prefix { text.len() <= digits } else { text.len() == digits };
                (!fits).then(|| format!("`{}` always has {digits} digits", derived.name()))
            }
            Op::Field(FieldRef::Declared(_)) => {
                let field = self.declared(node)?;
                let name = &field.name;
                if text.trim_start() != text || (!prefix && text.trim_end() != text) {
                    return Some(format!("blanks around `{name}` are removed when it is read"));
                }
                if !prefix && text.is_empty() {
                    return Some(format!("an empty `{name}` is missing: compare it with `()`"));
                }
                if field.kind != Kind::Code {
                    return None;
                }
                let upper = text.to_uppercase();
                if upper != text && (!prefix || text.is_ascii()) {
                    return Some(format!("`{name}` is a code, and codes are in upper case: `\"{upper}\"`"));
                }
                let list = field.codes?;
                let canonical = list.canonical(text);
                let differs = if prefix {
                    text.contains(['.', ' ']) && list == crate::schema::CodeList::Hs
                } else {
                    canonical != text
                };
                differs.then(|| format!("`{name}` is brought to one form when it is read: `\"{canonical}\"`"))
            }
            _ => None,
        }
    }
}

/// Which kind of values a set of kinds has.
fn kind_of(kinds: Kinds) -> u8 {
    let kinds = kinds.without(Kinds::MISSING);
    if kinds.within(Kinds::NUMERIC) {
        0
    } else if kinds == Kinds::TEXT {
        1
    } else if kinds == Kinds::DATE {
        2
    } else if kinds.is_flag() {
        3
    } else {
        4
    }
}

/// The prefixes of codes whose first digits are one of these texts, if the set is a list of texts.
fn digit_prefixes(texts: &Intervals<TextCut>, digits: usize) -> Option<Intervals<TextCut>> {
    let texts = texts.texts()?;
    Some(Intervals::union(texts.into_iter().filter(|text| text.len() == digits).map(Intervals::prefix)))
}

/// Whether a constant is in the set; `None` where it is of another kind.
fn membership(value: &Constant, set: &Set) -> Option<bool> {
    let values = match value {
        Constant::Missing => return Some(set.missing),
        Constant::Integer(_) | Constant::Number(_) => {
            let number = number_of(value)?;
            Values::Numbers(Intervals::between(cut(number, false), cut(number, true)))
        }
        Constant::Date(date) => {
            let day = Num::Integer(date.days().into());
            Values::Numbers(Intervals::between(cut(day, false), cut(day, true)))
        }
        Constant::Text(text) => Values::Texts(Intervals::text(text)),
        Constant::Flag(flag) => Values::Bits(if *flag { TRUE } else { FALSE }),
        Constant::Array(_) | Constant::Map(_) | Constant::Function(..) => return None,
    };
    if std::mem::discriminant(&values) != std::mem::discriminant(&set.values) {
        return None;
    }
    Some(!Set::of(values).intersection(set).is_empty())
}

fn number_of(value: &Constant) -> Option<Num> {
    match value {
        Constant::Integer(integer) => Some(Num::Integer(*integer)),
        Constant::Number(number) => Some(Num::Number(*number)),
        _ => None,
    }
}

fn cut(at: Num, after: bool) -> End<NumberCut> {
    End::At(NumberCut { at, after })
}

/// The place before or after a bound; between whole numbers there is one place only.
fn cut_of(bound: Num, after: bool, whole: bool) -> End<NumberCut> {
    if !whole {
        return cut(bound, after);
    }
    let next = match bound {
        Num::Integer(integer) => {
            if !after {
                return cut(bound, false);
            }
            integer.checked_add(1)
        }
        Num::Number(number) => {
            const RANGE: f64 = 9_223_372_036_854_775_808.0;
            let up = number.ceil();
            if up >= RANGE {
                return End::Finish;
            }
            if up < -RANGE {
                return End::Start;
            }
            let up_whole = up as i64;
            if after && up == number { up_whole.checked_add(1) } else { Some(up_whole) }
        }
    };
    next.map_or(End::Finish, |next| cut(Num::Integer(next), false))
}

/// The texts that compare so with a text, byte by byte.
fn text_set(comparison: Comparison, text: &Arc<str>) -> Intervals<TextCut> {
    let at = |side| End::At(TextCut { at: Arc::clone(text), side });
    let (before, after) = (at(TextSide::Before), at(TextSide::After));
    match comparison {
        Comparison::Equal => Intervals::text(text),
        Comparison::NotEqual => Intervals::text(text).complement(),
        Comparison::Less => Intervals::between(End::Start, before),
        Comparison::LessOrEqual => Intervals::between(End::Start, after),
        Comparison::Greater => Intervals::between(after, End::Finish),
        Comparison::GreaterOrEqual => Intervals::between(before, End::Finish),
    }
}

/// The comparison with its sides changed over.
fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}
