//! The parts of a rule's condition as they are written.

use crate::lang::expr::{Expr, ExprKind};
use crate::pack::Pack;

/// A part of a condition, in the shape in which the interpreter explains conditions: taken apart at `&&` and `||`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionPart {
    /// The part as Rhai source.
    pub text: String,
    /// Its parts.
    pub parts: Vec<ConditionPart>,
}

impl ConditionPart {
    /// The parts that have no parts, in order.
    pub fn leaves(&self) -> Vec<&Self> {
        if self.parts.is_empty() {
            return vec![self];
        }
        self.parts.iter().flat_map(Self::leaves).collect()
    }
}

impl Pack {
    /// The condition of a rule, by its position in the pack, in parts; one that is written with statements is one
    /// part. `None` for a rule without a condition.
    pub fn condition(&self, rule: usize) -> Option<ConditionPart> {
        let body = &self.rules[rule].when.as_ref()?.body;
        Some(match result(body).filter(|result| result.is_plain()) {
            Some(result) => part(result),
            None => ConditionPart { parts: Vec::new(), ..part(body) },
        })
    }
}

/// The expression after the `let`s at the beginning of a closure, if that is all.
fn result(body: &Expr) -> Option<&Expr> {
    let ExprKind::Block(statements) = &body.kind else { return Some(body) };
    let (last, lets) = statements.split_last()?;
    let is_let = |statement: &Expr| matches!(&statement.kind, ExprKind::Let(_, value) if value.is_plain());
    lets.iter().all(is_let).then_some(last)
}

fn part(expr: &Expr) -> ConditionPart {
    let parts = match &expr.kind {
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.as_slice(),
        _ => &[],
    };
    ConditionPart { text: expr.to_string(), parts: parts.iter().map(part).collect() }
}
