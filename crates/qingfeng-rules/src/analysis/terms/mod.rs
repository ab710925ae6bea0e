//! Conditions as formulas: which values of which parts of a line a condition holds on.
//!
//! A term is a part of a condition whose values are looked at: a field, a computed number, a pair of texts that are
//! compared, a test that has no simpler form. A literal says that a term is in a set. Formulas are exact: where a
//! condition holds the formula is true, and where it is true with terms as they are on a line the condition holds.
//! That terms depend on each other is known in part only, so a formula that cannot be true is a condition that cannot
//! hold, but not the other way round.

mod formula;
mod literal;
mod outcomes;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use crate::base::limits;
use crate::lang::expr::Constant;
use crate::lang::functions::FUNCTIONS;
use crate::model::derived::{Derived, FieldRef};
use crate::model::schema::Field;
use crate::program::PackFacts;
use crate::program::fold;
use crate::program::node::{DatePart, Kinds, NodeContext, NodeId, NodeSpan, Nodes, Op, Special};

use super::prove::Effort;
use super::set::{End, FALSE, Intervals, Num, NumberCut, Set, TRUE, TextCut, Values};
use literal::cut;
use outcomes::Outcomes;

pub(super) use formula::{Formula, Shape, all, any, constant, walk};

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
    universe: Set,
    /// Where it is within the set, the other term is present.
    implies: Vec<(Set, TermId)>,
    /// The node of the only field that a flag depends on.
    sole: Option<NodeId>,
}
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

    pub fn all_implied(&self, term: TermId) -> Vec<TermId> {
        self.terms[term.0 as usize].implies.iter().map(|(_, other)| *other).collect()
    }

    /// Adds the terms that a formula mentions, those that these imply, and the fields that decide their tests.
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

    pub fn known_term(&self, node: NodeId) -> Option<TermId> {
        self.known.get(&TermKey::Node(node)).copied()
    }

    pub fn node_of(&self, term: TermId) -> Option<NodeId> {
        self.terms[term.0 as usize].node
    }

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
        self.nodes.visit(node, |id, node| {
            let is_leaf = matches!(node.op, Op::Field(_) | Op::Listed(_) | Op::Entry(_));
            leaves.extend(is_leaf.then_some(id));
            !is_leaf
        });
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
                let of_declaration = matches!(
                    derived,
                    Derived::ItemCount
                        | Derived::DeclarationValue
                        | Derived::DeclarationNetKg
                        | Derived::DeclarationQuantity
                );
                if !of_declaration {
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
                    let key = self.field_term(key);
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
        self.nodes.visit(root, |id, _| order.insert(id));
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
}
