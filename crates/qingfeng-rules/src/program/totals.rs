//! What the lines of a declaration have together: of each total the part that a line adds.

use std::collections::HashMap;

use super::eval::{Evaluation, LineSource, Machine, Memo, Val};
use super::node::{NodeId, Nodes};
use super::{Lowered, fold, with_context};
use crate::base::value::Value;

/// The parts of totals as a program. Each is compiled and cannot fault: a total that could not be told is refused when the pack
/// is loaded.
#[derive(Debug)]
pub struct Totals {
    machine: Machine,
    /// The position of each total among the computed fields, with its node.
    roots: Vec<(usize, NodeId)>,
}

impl Totals {
    pub(crate) fn of(lowered: &Lowered) -> Self {
        let mut folded = Nodes::new(true);
        let mut roots = Vec::new();
        with_context(&lowered.facts, |context| {
            let mut done = HashMap::new();
            for (at, node) in lowered.totals() {
                let root = lowered.nodes.rebuild(node, &mut done, &mut |node, args| {
                    fold::add(&mut folded, context, node.op.clone(), args, node.span.clone())
                });
                roots.push((at, root));
            }
        });
        folded.seal();
        let mut machine = Machine::new(folded);
        machine.prepare(roots.iter().map(|&(_, root)| root));
        Self { machine, roots }
    }

    /// The totals, by position among the computed fields; each may use those before it.
    pub fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.roots.iter().map(|&(at, _)| at)
    }

    /// What a line adds to the total at this place: a number, 1 for a flag that holds; not a number where it adds nothing.
    pub fn part<'b, S: LineSource<'b>>(&'b self, place: usize, source: &S, memo: &mut Memo<'b>) -> f64 {
        let Some(&(_, root)) = self.roots.get(place) else { return f64::NAN };
        match (Evaluation { machine: &self.machine, source, memo }).value(root) {
            Ok(Val::Flag(flag)) => f64::from(u8::from(flag)),
            Ok(Val::Integer(integer)) => integer as f64,
            Ok(Val::Number(number)) => number,
            _ => f64::NAN,
        }
    }
}

/// The same of a value that the interpreter gave.
pub fn part_of(value: Value<'_>) -> f64 {
    match value {
        Value::Flag(flag) => f64::from(u8::from(flag)),
        Value::Integer(integer) => integer as f64,
        Value::Number(number) => number,
        _ => f64::NAN,
    }
}
