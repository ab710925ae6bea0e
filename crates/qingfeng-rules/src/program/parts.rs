//! The condition of one rule taken apart at `&&` and `||`, each part a program of its own.
//!
//! A rule is one program that stops at the first part which decides. To say which part keeps a rule from firing over a
//! whole file every part is evaluated on every line, so each is lowered by itself here, with the `let`s before it. A
//! `!` around `&&` or `||` is moved inwards, which changes neither the answer nor which part is looked at first.

mod asks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::value::Value;
use crate::diagnostic::Place;
use crate::lang::expr::{Constant, Expr, ExprKind, Operator};
use crate::lang::interpret::{Interpreter, flag};
use crate::lang::kernel::{Fault, checked_points};
use crate::lang::rule::{Closure, Points};
use crate::model::derived::FieldRef;

use super::check::Check;
use super::eval::{Evaluation, LineSource, Memo, Val};
use super::fold;
use super::lower::NotLowered;
use super::node::{NodeId, Nodes, Op};
use super::print::short;
use super::{
    Names, PackFacts, Passes, Program, Source, lower_body, lower_closure, lower_computed, with_scope,
};
use asks::Asks;

/// Parts of one condition, at most; one that has more is left whole.
const LEAVES_MAX: usize = 1_000;

/// How the parts of a condition are joined. Parts are looked at from left to right, until one decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartTree {
    /// A part that is not taken apart: its position among [`Parts::leaves`].
    Leaf(usize),
    /// All of these must hold.
    All(Vec<PartTree>),
    /// Any of these will do.
    Any(Vec<PartTree>),
}

/// A part of a condition that is not taken apart any more.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The part as Rhai source.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// The variables in it that a loop or a constant of the file has fixed, with their values.
    pub constants: Vec<(String, String)>,
    /// The declared and derived fields that it reads, including the inputs of its computed fields and the keys of its
    /// lookup tables.
    pub fields: Vec<FieldRef>,
    /// Why it is left to the interpreter, if it is.
    pub residual: Option<String>,
    evaluated: Evaluated,
}

#[derive(Clone, Debug)]
enum Evaluated {
    Compiled {
        root: NodeId,
        check: Check,
        /// What it reads of the line, in the order of the source.
        seen: Vec<NodeId>,
        asks: Option<Asks>,
    },
    /// The interpreter evaluates this expression, after the `let`s.
    Interpreted(Box<Expr>),
    /// The interpreter evaluates the condition as a whole.
    Whole,
}

/// What a part would have needed to hold, where a short form exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// What was looked at: `d.unit_value`.
    pub of: String,
    /// Its value on the line; `()` where it is missing.
    pub value: String,
    /// What was wanted of it: `< 300`.
    pub wanted: String,
    /// How far it was from that, from 0 for equal to 1: the difference of two numbers by the larger of them, of two days
    /// by a year. `None` where no distance can be measured.
    pub distance: Option<f64>,
}

/// The condition of a rule taken apart; see [`Pack::parts`](crate::Pack::parts).
#[derive(Debug)]
pub struct Parts {
    rule: usize,
    tree: Option<PartTree>,
    leaves: Vec<Leaf>,
    lets: Vec<Expr>,
    points: PartPoints,
    /// Whether nothing of the condition is left to the interpreter.
    compiled: bool,
    program: Program,
}

#[derive(Clone, Debug)]
enum PartPoints {
    Fixed(i64),
    Node(NodeId),
    Residual,
}

impl Parts {
    pub(crate) fn of(source: &Source<'_>, facts: &Arc<PackFacts>, rule: usize) -> Self {
        let Source { lookups, functions, .. } = *source;
        let definition = &source.rules[rule];
        let mut parts = Self {
            rule,
            tree: None,
            leaves: Vec::new(),
            lets: Vec::new(),
            points: PartPoints::Residual,
            compiled: false,
            program: Program::empty(Arc::clone(facts), Passes { fold: true, share: true, ..Passes::NONE }),
        };
        let names = Names::new(facts);
        let mut nodes = Nodes::new(true);
        let computed = lower_computed(&mut nodes, facts, &names, lookups, source.computed, functions);
        with_scope(facts, &names, lookups, &computed, |scope| {
            let mut folded = Nodes::new(true);
            let mut done = std::collections::HashMap::new();
            let mut fold = |nodes: &Nodes, id: NodeId| {
                nodes.rebuild(id, &mut done, &mut |node, args| {
                    fold::add(&mut folded, &scope.context, node.op.clone(), args, node.span.clone())
                })
            };
            parts.points = match &definition.points {
                Points::Fixed(points) => PartPoints::Fixed(*points),
                Points::Computed(closure) => match lower_closure(&mut nodes, scope, functions, closure) {
                    Ok(id) => PartPoints::Node(fold(&nodes, id)),
                    Err(_) => PartPoints::Residual,
                },
            };
            if let Some(when) = &definition.when {
                let (lets, condition) = when.body.after_lets();
                let mut exprs = Vec::new();
                let mut tree = split(condition, false, &mut exprs);
                let lowered = |nodes: &mut Nodes, part: &Expr| {
                    lower_body(nodes, scope, functions, when, &with_lets(lets, part))
                };
                let mut roots: Vec<Result<NodeId, NotLowered>> =
                    exprs.iter().map(|part| lowered(&mut nodes, part)).collect();
                // What the interpreter evaluates part by part it is given as source, which statements have not.
                let plain_lets = lets.iter().all(Expr::is_plain_let);
                let in_parts = exprs.len() <= LEAVES_MAX
                    && roots
                        .iter()
                        .zip(&exprs)
                        .all(|(root, part)| root.is_ok() || plain_lets && part.is_plain());
                if !in_parts {
                    tree = PartTree::Leaf(0);
                    roots = vec![lower_closure(&mut nodes, scope, functions, when)];
                    exprs = vec![(*when.body).clone()];
                }
                parts.tree = Some(tree);
                parts.lets = lets.to_vec();
                for (root, part) in roots.into_iter().zip(exprs) {
                    let root = root.map(|id| fold(&nodes, id));
                    parts.leaves.push(leaf(&names, facts, when, part, root, in_parts));
                }
            }
            folded.seal();
            parts.program.machine.nodes = folded;
        });
        parts.program.machine.prepare(std::iter::empty());
        parts.compiled = parts.leaves.iter().all(|leaf| leaf.residual.is_none());
        for leaf in &mut parts.leaves {
            if let Evaluated::Compiled { root, check, seen, asks } = &mut leaf.evaluated {
                *check = Check::of(&parts.program.machine.nodes, facts, *root);
                *asks = Asks::of(&parts.program.machine.nodes, *root);
                *seen = seen_by(&parts.program.machine.nodes, *root);
                leaf.fields = fields_of(&parts.program.machine.nodes, facts, *root);
            }
        }
        parts
    }

    /// The rule's position in the pack.
    pub fn rule(&self) -> usize {
        self.rule
    }

    /// How the parts are joined; `None` for a rule without a condition.
    pub fn tree(&self) -> Option<&PartTree> {
        self.tree.as_ref()
    }

    /// The parts that are not taken apart, in the order of the source.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Whether nothing of the condition is left to the interpreter. Of one that is, the rule's own answer
    /// ([`Interpreter::holds`](crate::internals::Interpreter::holds)) is what counts: the interpreter's bounds are those of a whole
    /// condition.
    pub fn condition_is_compiled(&self) -> bool {
        self.compiled
    }

    /// Whether nothing is left to the interpreter: neither a part nor the points.
    pub fn is_compiled(&self) -> bool {
        self.compiled && !matches!(self.points, PartPoints::Residual)
    }

    /// Whether a part holds on a line, or `None` where the interpreter must be asked
    /// ([`Interpreter::part_holds`](crate::internals::Interpreter::part_holds)).
    ///
    /// # Errors
    ///
    /// The fault of the part when it is evaluated by itself. A part before it may keep the rule from looking at it.
    #[inline]
    pub fn holds<'b, S: LineSource<'b>>(
        &'b self,
        leaf: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Option<Result<bool, Fault>> {
        match &self.leaves[leaf].evaluated {
            Evaluated::Compiled { check, .. } => {
                Some(check.holds(&mut Evaluation { machine: &self.program.machine, source, memo }))
            }
            _ => None,
        }
    }

    /// The points of the rule on a line, or `None` where the interpreter must be asked.
    ///
    /// # Errors
    ///
    /// The fault of the closure that computes them.
    pub fn points<'b, S: LineSource<'b>>(
        &'b self,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Option<Result<i64, Fault>> {
        match self.points {
            PartPoints::Fixed(points) => Some(Ok(points)),
            PartPoints::Residual => None,
            PartPoints::Node(node) => {
                Some(match (Evaluation { machine: &self.program.machine, source, memo }).value(node) {
                    Ok(Val::Integer(points)) => checked_points(points),
                    Ok(_) => Err(Fault::TypeMismatch),
                    Err(fault) => Err(fault),
                })
            }
        }
    }

    /// Whether a field that the part reads is missing on a line.
    pub fn is_missing<'b, S: LineSource<'b>>(&self, leaf: usize, source: &S) -> bool {
        self.leaves[leaf].fields.iter().any(|field| source.value(*field) == Value::Missing)
    }

    /// What a part saw of a line: source, and value as text. Of a part that the interpreter evaluates nothing; see
    /// [`Interpreter::part_values`](crate::internals::Interpreter::part_values).
    pub fn values<'b, S: LineSource<'b>>(
        &'b self,
        leaf: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Vec<(String, String)> {
        let Evaluated::Compiled { seen, .. } = &self.leaves[leaf].evaluated else { return Vec::new() };
        let mut values: Vec<(String, String)> = Vec::new();
        for &node in seen {
            let keys: &[FieldRef] = match self.program.machine.nodes[node].op {
                Op::Listed(table) | Op::Entry(table) => self.program.lookup_key(table),
                _ => &[],
            };
            for &key in keys {
                let name = format!("d.{}", self.program.facts.field_name(key));
                values.push((name, source.value(key).to_string()));
            }
            if keys.is_empty() {
                let value =
                    Evaluation { machine: &self.program.machine, source, memo: &mut *memo }.value(node);
                values.push((self.program.expression(node), shown(value)));
            }
        }
        let mut known = BTreeSet::new();
        values.retain(|(name, _)| known.insert(name.clone()));
        values
    }

    /// What a part would have needed to hold on a line, for comparisons and `in`.
    pub fn wanted<'b, S: LineSource<'b>>(
        &'b self,
        leaf: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Option<Wanted> {
        let (asks, a, b) = self.asked(leaf, source, memo)?;
        let wanted = asks.wanted(&self.program, &b)?;
        let distance = asks.distance(&a, &b);
        let of = self.program.expression(asks.sides().0);
        Some(Wanted { of, value: readable(&a), wanted, distance })
    }

    /// How far a part that does not hold is from holding; see [`Wanted::distance`].
    pub fn distance<'b, S: LineSource<'b>>(
        &'b self,
        leaf: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Option<f64> {
        let (asks, a, b) = self.asked(leaf, source, memo)?;
        asks.distance(&a, &b)
    }

    /// What a part asks for, and the values of both sides.
    fn asked<'b, S: LineSource<'b>>(
        &'b self,
        leaf: usize,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> Option<(Asks, Val<'b>, Val<'b>)> {
        let Evaluated::Compiled { asks: Some(asks), .. } = self.leaves[leaf].evaluated else { return None };
        let mut value = |id: NodeId| {
            Evaluation { machine: &self.program.machine, source, memo: &mut *memo }.value(id).ok()
        };
        let (of, bound) = asks.sides();
        Some((asks, value(of)?, value(bound)?))
    }

    /// What the interpreter evaluates of a part: `None` for the condition as a whole.
    fn interpreted(&self, leaf: usize) -> Option<&Expr> {
        match &self.leaves[leaf].evaluated {
            Evaluated::Interpreted(expr) => Some(expr),
            _ => None,
        }
    }
}

impl Interpreter {
    /// Whether a part of a rule's condition holds on the line, by itself.
    ///
    /// # Errors
    ///
    /// The fault of the part, or of a `let` before it.
    pub fn part_holds(&self, parts: &Parts, leaf: usize) -> Result<bool, Fault> {
        let (Some(part), Some(when)) = (parts.interpreted(leaf), self.condition(parts.rule)) else {
            return self.holds(parts.rule);
        };
        let mut scope = self.scope_after(parts.rule, when, &parts.lets)?;
        flag(&self.evaluate(&mut scope, when, part)?)
    }

    /// The values that a part which is left to the interpreter saw on the line: source, and value as text.
    pub fn part_values(&self, parts: &Parts, leaf: usize) -> Vec<(String, String)> {
        let (Some(part), Some(when)) = (parts.interpreted(leaf), self.condition(parts.rule)) else {
            return Vec::new();
        };
        let scope = self.scope_after(parts.rule, when, &parts.lets);
        scope.map_or_else(|_| Vec::new(), |mut scope| self.values(&mut scope, when, part))
    }
}

fn with_lets(lets: &[Expr], part: &Expr) -> Expr {
    if lets.is_empty() {
        return part.clone();
    }
    Expr { kind: ExprKind::Block(lets.iter().chain([part]).cloned().collect()), span: part.span.clone() }
}

/// Takes a condition, or its contrary, apart.
fn split(expr: &Expr, negated: bool, leaves: &mut Vec<Expr>) -> PartTree {
    let mut each = |parts: &[Expr]| parts.iter().map(|part| split(part, negated, leaves)).collect();
    match &expr.kind {
        ExprKind::And(parts) if negated => PartTree::Any(each(parts)),
        ExprKind::And(parts) => PartTree::All(each(parts)),
        ExprKind::Or(parts) if negated => PartTree::All(each(parts)),
        ExprKind::Or(parts) => PartTree::Any(each(parts)),
        ExprKind::Operator(Operator::Not, operand) if negated || is_joined(&operand[0]) => {
            split(&operand[0], !negated, leaves)
        }
        _ => {
            let leaf = if negated {
                let operand = vec![expr.clone()];
                Expr { kind: ExprKind::Operator(Operator::Not, operand), span: expr.span.clone() }
            } else {
                expr.clone()
            };
            leaves.push(leaf);
            PartTree::Leaf(leaves.len() - 1)
        }
    }
}

/// Whether an expression is joined by `&&` or `||`, under whatever `!`.
fn is_joined(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::And(_) | ExprKind::Or(_) => true,
        ExprKind::Operator(Operator::Not, operand) => is_joined(&operand[0]),
        _ => false,
    }
}

/// A leaf, before its checks, fields and values are taken from the finished nodes.
fn leaf(
    names: &Names<'_>,
    facts: &PackFacts,
    when: &Closure,
    part: Expr,
    root: Result<NodeId, NotLowered>,
    in_parts: bool,
) -> Leaf {
    let mut constants: BTreeMap<String, String> = BTreeMap::new();
    let captured: Vec<(&String, &Constant)> =
        (when.params.iter().zip(&when.captured)).map(|(name, value)| (name, &**value.constant())).collect();
    let mut read: BTreeSet<FieldRef> = BTreeSet::new();
    let line = when.params.last().map_or("", String::as_str);
    part.walk(&mut |part| match &part.kind {
        ExprKind::Variable(name) => {
            let known = captured.iter().find(|(known, _)| *known == name);
            if let Some((_, value)) = known.filter(|(_, value)| !matches!(value, Constant::Function(..))) {
                constants.insert(name.clone(), short(value));
            }
        }
        ExprKind::Property(object, name) => {
            if matches!(&object.kind, ExprKind::Variable(variable) if variable == line) {
                read.extend(names.fields.get(name.text.as_str()));
            }
        }
        _ => {}
    });
    let place = Place { file: Arc::clone(&facts.files[when.file]), span: part.span.clone() };
    let text = if in_parts { part.to_string() } else { when.text() };
    let is_read = |field: &FieldRef| !matches!(field, FieldRef::Computed(_));
    let fields = if in_parts { read } else { when.fields.clone() };
    let fields = fields.into_iter().filter(is_read).collect();
    let (evaluated, residual) = match root {
        Ok(root) => {
            (Evaluated::Compiled { root, check: Check::Node(root), seen: Vec::new(), asks: None }, None)
        }
        Err(why) if in_parts => (Evaluated::Interpreted(Box::new(part)), Some(why.reason)),
        Err(why) => (Evaluated::Whole, Some(why.reason)),
    };
    Leaf { text, place, constants: constants.into_iter().collect(), fields, residual, evaluated }
}

fn seen_by(nodes: &Nodes, root: NodeId) -> Vec<NodeId> {
    let shown =
        |id: &NodeId| matches!(nodes[*id].op, Op::Field(_) | Op::Column(..) | Op::Listed(_) | Op::Entry(_));
    nodes.within(root, |_| false).into_iter().filter(shown).collect()
}

fn fields_of(nodes: &Nodes, facts: &PackFacts, root: NodeId) -> Vec<FieldRef> {
    let mut fields = BTreeSet::new();
    nodes.visit(root, |_, node| {
        match node.op {
            Op::Field(field) => _ = fields.insert(field),
            Op::Listed(table) | Op::Entry(table) => {
                fields.extend(facts.lookup_keys[table as usize].iter().copied());
            }
            _ => {}
        }
        true
    });
    fields.into_iter().collect()
}

/// A value as a table shows it: a number without a point that says nothing.
fn readable(value: &Val<'_>) -> String {
    match value {
        Val::Number(number) => number.to_string(),
        Val::Range(first, end, true) => format!("{first}..={end}"),
        Val::Range(first, end, false) => format!("{first}..{end}"),
        Val::Entry(..) => "an entry".to_owned(),
        Val::Date(date) => date.to_string(),
        value => value.to_constant().as_ref().map_or_else(String::new, short),
    }
}

fn shown(value: Result<Val<'_>, Fault>) -> String {
    match value {
        Ok(value) => readable(&value),
        Err(fault) => format!("fault: {fault}"),
    }
}
