//! From lowered nodes to a program, pass by pass.

use std::collections::HashMap;
use std::sync::Arc;

use crate::lang::expr::Constant;
use crate::lang::functions::FUNCTIONS;
use crate::model::schema::FieldId;

use super::check::{self, Check};
use super::lower::NotLowered;
use super::node::{self, NodeContext, NodeId, Nodes, Op};
use super::{
    CompiledRule, Condition, Lowered, PackFacts, Passes, Program, Residual, ValueSource, fold, witness,
};

/// Builds a program out of lowered nodes, pass by pass.
pub(super) struct Builder<'p> {
    pub lowered: &'p Lowered,
    pub passes: Passes,
    pub context: &'p NodeContext<'p>,
    pub facts: &'p PackFacts,
    pub tests: Vec<FieldId>,
    pub finds: Vec<NodeId>,
}

impl Builder<'_> {
    pub fn build(&mut self, program: &mut Program) {
        let mut nodes = std::mem::take(&mut program.machine.nodes);
        let mut done = HashMap::new();
        let lowered = self.lowered;
        let mut root = |builder: &mut Self, id: NodeId| -> NodeId {
            let (passes, context) = (builder.passes, builder.context);
            let id = lowered.nodes.rebuild(id, &mut done, &mut |node, args| {
                let (op, span) = (node.op.clone(), node.span.clone());
                if passes.fold {
                    fold::add(&mut nodes, context, op, args, span)
                } else {
                    nodes.add(context, op, args, span)
                }
            });
            if !passes.share {
                done.clear();
            }
            id
        };
        let mut roots: Vec<[Option<NodeId>; 4]> = Vec::with_capacity(lowered.rules.len());
        for rule in &lowered.rules {
            let mut of = |value: &Option<Result<NodeId, NotLowered>>| match value {
                Some(Ok(id)) => Some(root(self, *id)),
                _ => None,
            };
            let (when, points, reason) = (of(&rule.when), of(&rule.points), of(&rule.reason));
            let guard = rule.guard.map(|guard| root(self, guard));
            roots.push([when, guard, points, reason]);
        }
        if self.passes.order || self.passes.tests || self.passes.words {
            let arranged = self.arrange(&nodes);
            roots.iter_mut().flatten().flatten().for_each(|root| *root = arranged.outside[root.index()]);
            nodes = arranged.nodes;
        }
        nodes.seal();
        program.tests = std::mem::take(&mut self.tests);
        program.finds = std::mem::take(&mut self.finds);
        program.machine.nodes = nodes;
        for (rule, [when, guard, points, reason]) in lowered.rules.iter().zip(roots) {
            let condition = match (&rule.when, when) {
                (None, _) => Condition::Always,
                (Some(_), Some(root)) if is_true(&program.machine.nodes, root) => Condition::Always,
                (Some(_), Some(root)) => {
                    Condition::Check { root, check: Check::of(&program.machine.nodes, self.facts, root) }
                }
                (Some(_), None) => Condition::Residual {
                    guard: guard.map(|root| (root, Check::of(&program.machine.nodes, self.facts, root))),
                },
            };
            let value =
                |lowered: &Option<Result<NodeId, NotLowered>>, node: Option<NodeId>| match (lowered, node) {
                    (None, _) => ValueSource::Fixed,
                    (Some(_), Some(node)) => ValueSource::Node(node),
                    (Some(_), None) => ValueSource::Residual,
                };
            let (points, reason) = (value(&rule.points, points), value(&rule.reason, reason));
            program.rules.push(CompiledRule { condition, points, reason });
            let closures = [("when", &rule.when), ("score", &rule.points), ("reason", &rule.reason)];
            let residuals = closures.into_iter().filter_map(|(closure, lowered)| match lowered {
                Some(Err(why)) => Some(Residual {
                    closure,
                    reason: why.reason.clone(),
                    place: crate::diagnostic::Place {
                        file: Arc::clone(&self.facts.files[why.file as usize]),
                        span: why.span.clone(),
                    },
                }),
                _ => None,
            });
            program.residuals.push(residuals.collect());
        }
        program.sources = witness::Sources::of(program, self.facts, None);
    }

    /// Orders the parts of conditions, and marks the tests on one text.
    fn arrange(&mut self, old: &Nodes) -> Arranged {
        let (passes, context) = (self.passes, self.context);
        let mut nodes = Nodes::new(passes.share);
        let dependence = dependences(old, self.facts, passes.words);
        // Each node as a test's part and as it stands elsewhere: only the largest test is worth remembering.
        let mut inside: Vec<NodeId> = Vec::with_capacity(old.len());
        let mut outside: Vec<NodeId> = Vec::with_capacity(old.len());
        for at in 0..old.len() {
            let node = &old[NodeId(at as u32)];
            let test = match dependence[at] {
                Dependence::Text(field, cost)
                    if passes.tests && cost >= TEST_COST_MIN && node.kinds.is_flag() =>
                {
                    Some(field)
                }
                _ => None,
            };
            let of = if test.is_some() { &inside } else { &outside };
            let mut args: Vec<NodeId> = node.args.iter().map(|arg| of[arg.index()]).collect();
            if passes.order && matches!(node.op, Op::And | Op::Or) {
                order_parts(&nodes, &mut args, node.op == Op::Or);
            }
            let mut plain = nodes.add(context, node.op.clone(), args, node.span.clone());
            if passes.words && is_find(&nodes, self.facts, plain) {
                let number = self.finds.len() as u32;
                self.finds.push(plain);
                plain = nodes.add(context, Op::Find(number), vec![plain], node.span.clone());
            }
            inside.push(plain);
            outside.push(match test {
                Some(field) => {
                    let number = self.tests.len() as u32;
                    self.tests.push(field);
                    nodes.add(context, Op::Test(number), vec![plain], node.span.clone())
                }
                None => plain,
            });
        }
        Arranged { nodes, outside }
    }
}

/// Whether a node asks of a field's text what an index of words can answer.
fn is_find(nodes: &Nodes, facts: &PackFacts, id: NodeId) -> bool {
    let node = &nodes[id];
    let (text, sought) = match (&node.op, &node.args[..]) {
        (Op::In, [part, whole]) => (*whole, *part),
        (Op::Special(node::Special::HasAnyWord), [text, words]) => (*text, *words),
        (Op::Function(at), [text, sought]) if FUNCTIONS[*at as usize].found_by.is_some() => (*text, *sought),
        _ => return false,
    };
    let of_field = matches!(&nodes[text].op, Op::Field(field) if facts.text_field(*field).is_some());
    of_field && nodes[sought].constant().is_some() && node.is_sure_flag()
}

/// Nodes after the passes on conditions, and the new place of each old one.
struct Arranged {
    nodes: Nodes,
    outside: Vec<NodeId>,
}

/// A test that costs less is sooner done than remembered.
const TEST_COST_MIN: u32 = 12;

fn is_true(nodes: &Nodes, id: NodeId) -> bool {
    matches!(nodes[id].constant(), Some(Constant::Flag(true)))
}

#[derive(Clone, Copy, Debug)]
enum Dependence {
    Nothing,
    /// The text of one field, and about how much it costs to compute.
    Text(FieldId, u32),
    More,
}

fn dependences(nodes: &Nodes, facts: &PackFacts, finds: bool) -> Vec<Dependence> {
    let mut all: Vec<Dependence> = Vec::with_capacity(nodes.len());
    for at in 0..nodes.len() {
        let node = &nodes[NodeId(at as u32)];
        let own = match &node.op {
            Op::Field(field) => match facts.text_field(*field) {
                Some(id) => Dependence::Text(id, 1),
                None => Dependence::More,
            },
            Op::Listed(_) | Op::Entry(_) => Dependence::More,
            _ => Dependence::Nothing,
        };
        let joined = node.args.iter().fold(own, |joined, arg| match (joined, all[arg.index()]) {
            (Dependence::Nothing, other) | (other, Dependence::Nothing) => other,
            (Dependence::Text(a, x), Dependence::Text(b, y)) if a == b => {
                Dependence::Text(a, x.saturating_add(y))
            }
            _ => Dependence::More,
        });
        all.push(match joined {
            // An index finds it: nothing is left to remember.
            Dependence::Text(field, _) if finds && is_find(nodes, facts, NodeId(at as u32)) => {
                Dependence::Text(field, 2)
            }
            Dependence::Text(field, cost) => {
                Dependence::Text(field, cost.saturating_add(check::own_cost(node)))
            }
            other => other,
        });
    }
    all
}

/// Puts the parts of `&&` or `||` that cannot fault in the order in which they decide soonest for what they cost.
/// Parts that can fault keep their places, so that the same lines fault.
fn order_parts(nodes: &Nodes, parts: &mut [NodeId], is_or: bool) {
    let mut start = 0;
    while start < parts.len() {
        let length = parts[start..].iter().take_while(|&&part| nodes[part].is_sure_flag()).count();
        parts[start..start + length].sort_by(|&a, &b| {
            let rank = |part: NodeId| {
                let holds = check::share(nodes, part);
                let decides = if is_or { holds } else { 1.0 - holds };
                f64::from(check::cost(nodes, part) + 1) / decides.max(0.001)
            };
            rank(a).total_cmp(&rank(b))
        });
        start += length + 1;
    }
}
