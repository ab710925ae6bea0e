//! Constant folding: what is the same on every line is computed once, when the pack is loaded.

use std::sync::Arc;

use crate::base::value::Value;
use crate::lang::expr::{Comparison, Constant};
use crate::lang::kernel::Fault;
use crate::model::derived::FieldRef;

use super::eval::{Evaluation, LineSource, Machine, Memo};
use super::node::{Kinds, Node, NodeContext, NodeId, NodeSpan, Nodes, Op};

/// The line of a node that reads none.
struct NoLine;

impl<'b> LineSource<'b> for NoLine {
    fn value(&self, _: FieldRef) -> Value<'b> {
        Value::Missing
    }

    fn entry(&self, _: usize) -> Option<u32> {
        None
    }

    fn entry_value(&self, _: usize, _: u32, _: usize) -> Value<'b> {
        Value::Missing
    }
}

/// Adds a node, or something simpler that has the same value and the same faults on every line.
pub(crate) fn add(
    nodes: &mut Nodes,
    context: &NodeContext<'_>,
    op: Op,
    args: Vec<NodeId>,
    span: NodeSpan,
) -> NodeId {
    let flag = |nodes: &mut Nodes, flag: bool, span: NodeSpan| {
        nodes.add(context, Op::Constant(Arc::new(Constant::Flag(flag))), Vec::new(), span)
    };
    match op {
        Op::And | Op::Or => {
            // The constant that decides, and the one that changes nothing.
            let decides = op == Op::Or;
            let mut parts: Vec<NodeId> = Vec::with_capacity(args.len());
            let mut decided = false;
            for arg in args {
                if decided {
                    break;
                }
                match nodes[arg].constant() {
                    Some(Constant::Flag(known)) if *known != decides => {}
                    Some(Constant::Flag(_)) => {
                        decided = true;
                        // Parts before it count for their faults alone.
                        while parts.last().is_some_and(|&part| nodes[part].is_sure_flag()) {
                            parts.pop();
                        }
                        parts.push(arg);
                    }
                    // Its parts may stand there already, and then so often that they would be more with each turn of a
                    // loop that joins a value with itself.
                    _ if nodes[arg].op == op => {
                        for &part in &nodes[arg].args {
                            if !parts.contains(&part) {
                                parts.push(part);
                            }
                        }
                    }
                    // A part that stands there already decides nothing any more.
                    _ if parts.contains(&arg) => {}
                    _ => parts.push(arg),
                }
            }
            match parts[..] {
                [] => flag(nodes, !decides, span),
                [only] if nodes[only].kinds.is_flag() => only,
                _ => nodes.add(context, op, parts, span),
            }
        }
        Op::Not => {
            let inner = &nodes[args[0]];
            match (&inner.op, inner.constant()) {
                (_, Some(Constant::Flag(known))) => {
                    let known = !*known;
                    flag(nodes, known, span)
                }
                (Op::Not, _) if nodes[inner.args[0]].kinds.is_flag() => inner.args[0],
                (Op::Compare(comparison), _) => match opposite(*comparison) {
                    Some(opposite) => {
                        let args = inner.args.to_vec();
                        nodes.add(context, Op::Compare(opposite), args, span)
                    }
                    None => nodes.add(context, op, args, span),
                },
                _ => nodes.add(context, op, args, span),
            }
        }
        Op::If => {
            let known = |id: NodeId| match nodes[id].constant() {
                Some(Constant::Flag(flag)) => Some(*flag),
                _ => None,
            };
            match (known(args[0]), known(args[1]), known(args[2])) {
                (Some(true), ..) => args[1],
                (Some(false), ..) => args[2],
                (_, Some(true), Some(false)) if nodes[args[0]].kinds.is_flag() => args[0],
                (_, Some(false), Some(true)) if nodes[args[0]].kinds.is_flag() => {
                    add(nodes, context, Op::Not, vec![args[0]], span)
                }
                _ if args[1] == args[2] && nodes[args[0]].kinds.is_flag() => {
                    add(nodes, context, Op::Then, vec![args[0], args[1]], span)
                }
                _ => nodes.add(context, op, args, span),
            }
        }
        Op::Then if !nodes[args[0]].fallible => args[1],
        Op::Switch(ref table) if nodes[args[0]].constant().is_some() => {
            let subject = nodes[args[0]].constant();
            let arm = table.arm(|value| Some(value) == subject);
            args[arm.map_or(args.len() - 1, |arm| arm as usize + 1)]
        }
        Op::Coalesce => {
            let mut parts = Vec::with_capacity(args.len());
            for arg in args {
                let kinds = nodes[arg].kinds;
                if kinds != Kinds::MISSING || nodes[arg].fallible {
                    parts.push(arg);
                }
                if !kinds.has(Kinds::MISSING) {
                    break;
                }
            }
            match parts[..] {
                [] => nodes.add(context, Op::Constant(Arc::new(Constant::Missing)), Vec::new(), span),
                [only] => only,
                _ => nodes.add(context, op, parts, span),
            }
        }
        op => {
            let pure = !matches!(
                op,
                Op::Constant(_)
                    | Op::Field(_)
                    | Op::Listed(_)
                    | Op::Entry(_)
                    | Op::Column(..)
                    | Op::Fail(_)
                    | Op::Matches(_)
            );
            // A range has no constant of its own; it is folded with what asks it.
            let of_constants = |nodes: &Nodes| {
                args.iter().all(|&arg| {
                    let node: &Node = &nodes[arg];
                    node.constant().is_some()
                        || matches!(node.op, Op::Range(_))
                            && node.args.iter().all(|&end| nodes[end].constant().is_some())
                })
            };
            let foldable = pure && !matches!(op, Op::Range(_)) && of_constants(nodes);
            let id = nodes.add(context, op, args, span.clone());
            if !foldable {
                return id;
            }
            match folded(nodes, id) {
                Ok(Some(constant)) => nodes.add(context, Op::Constant(Arc::new(constant)), Vec::new(), span),
                Ok(None) => id,
                Err(fault) => nodes.add(context, Op::Fail(fault), Vec::new(), span),
            }
        }
    }
}

/// The value of a node of constants.
fn folded(nodes: &mut Nodes, id: NodeId) -> Result<Option<Constant>, Fault> {
    let machine = Machine::new(std::mem::take(nodes));
    let mut memo = Memo::default();
    let value = Evaluation { machine: &machine, source: &NoLine, memo: &mut memo }.value(id);
    let value = value.map(|value| value.to_constant());
    drop(memo);
    *nodes = machine.nodes;
    value
}

/// The comparison that holds exactly where this one does not, whatever is missing: only `==` and `!=` have one.
fn opposite(comparison: Comparison) -> Option<Comparison> {
    match comparison {
        Comparison::Equal => Some(Comparison::NotEqual),
        Comparison::NotEqual => Some(Comparison::Equal),
        _ => None,
    }
}
