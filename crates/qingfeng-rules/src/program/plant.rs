//! A wrong kernel on purpose, so that tests can show that comparing a program with the interpreter finds one.

use crate::lang::expr::Comparison;

use super::check::Check;
use super::node::{Kinds, NodeId, Op};
use super::{Condition, Program};

impl Program {
    /// Makes `<` on numbers hold where they are equal.
    pub(super) fn plant_fault(&mut self) {
        for at in 0..self.machine.nodes.len() {
            let id = NodeId(at as u32);
            let node = &self.machine.nodes[id];
            let numeric =
                |arg: &NodeId| self.machine.nodes[*arg].kinds.within(Kinds::NUMERIC.or(Kinds::MISSING));
            if node.op == Op::Compare(Comparison::Less) && node.args.iter().all(numeric) {
                self.machine.nodes.replace_op(id, Op::Compare(Comparison::LessOrEqual));
            }
        }
        for rule in &mut self.rules {
            if let Condition::Check { check, .. } | Condition::Residual { guard: Some((_, check)) } =
                &mut rule.condition
            {
                plant(check);
            }
        }
    }
}

fn plant(check: &mut Check) {
    match check {
        Check::Number(_, comparison, _) | Check::Integer(_, comparison, _)
            if *comparison == Comparison::Less =>
        {
            *comparison = Comparison::LessOrEqual;
        }
        Check::All(parts) | Check::Any(parts) => parts.iter_mut().for_each(plant),
        _ => {}
    }
}
