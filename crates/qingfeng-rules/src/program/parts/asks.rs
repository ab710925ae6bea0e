//! What a part of a condition asks for, and how far a line is from it.

use crate::lang::expr::{Comparison, Constant, Operator};
use crate::program::Program;
use crate::program::check;
use crate::program::eval::Val;
use crate::program::node::{NodeId, Nodes, Op};

use super::readable;

/// What a comparison or an `in` asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asks {
    /// The first of these must compare so with the second.
    Compare(NodeId, Comparison, NodeId),
    /// The first must be in the second, or not.
    In(NodeId, NodeId, bool),
}

impl Asks {
    /// What a node asks for, through whatever it is wrapped in.
    pub fn of(nodes: &Nodes, root: NodeId) -> Option<Self> {
        let (mut id, mut negated) = (root, false);
        loop {
            match nodes[id].op {
                Op::Computed(_) => id = nodes[id].args[0],
                Op::Then => id = nodes[id].args[1],
                Op::Not => {
                    negated = !negated;
                    id = nodes[id].args[0];
                }
                _ => break,
            }
        }
        let args = &nodes[id].args;
        match nodes[id].op {
            Op::Compare(comparison) => {
                let comparison = if negated { inverse(comparison) } else { comparison };
                Some(match nodes[args[0]].constant() {
                    Some(_) => Self::Compare(args[1], check::turned(comparison), args[0]),
                    None => Self::Compare(args[0], comparison, args[1]),
                })
            }
            Op::In if nodes[args[0]].constant().is_none() => Some(Self::In(args[0], args[1], negated)),
            _ => None,
        }
    }

    pub fn sides(self) -> (NodeId, NodeId) {
        match self {
            Self::Compare(of, _, bound) | Self::In(of, bound, _) => (of, bound),
        }
    }

    /// What is wanted of the first side, given the value of the second, where a short form exists.
    pub fn wanted(self, program: &Program, bound: &Val<'_>) -> Option<String> {
        let (_, side) = self.sides();
        Some(match self {
            Self::Compare(_, comparison, _) => {
                let sign = Operator::Compare(comparison).sign();
                match program.machine.nodes[side].constant() {
                    Some(Constant::Missing) if comparison == Comparison::Equal => "none".to_owned(),
                    Some(Constant::Missing) => "any".to_owned(),
                    Some(_) => format!("{sign} {}", readable(bound)),
                    None => format!("{sign} {} ({})", readable(bound), program.expression(side)),
                }
            }
            Self::In(_, _, negated) => {
                let within = match bound {
                    Val::Range(first, end, inclusive) => {
                        format!("from {first} to {}", last(*end, *inclusive))
                    }
                    Val::Array(items) => list(items.iter().map(readable)),
                    Val::Map(entries) => list(entries.keys().map(|key| format!("{key:?}"))),
                    _ => return None,
                };
                if negated { format!("not {within}") } else { within }
            }
        })
    }

    /// How far apart the values of both sides are.
    pub fn distance(self, of: &Val<'_>, bound: &Val<'_>) -> Option<f64> {
        let nearest = |mut apart: Vec<f64>| {
            apart.sort_by(f64::total_cmp);
            apart.first().copied()
        };
        match (self, bound) {
            (Self::Compare(..), _) => distance(of, bound),
            (Self::In(_, _, false), Val::Range(first, end, inclusive)) => {
                let ends = [*first, last(*end, *inclusive)];
                nearest(ends.iter().filter_map(|&end| distance(of, &Val::Integer(end))).collect())
            }
            (Self::In(_, _, false), Val::Array(items)) => {
                nearest(items.iter().filter_map(|item| distance(of, item)).collect())
            }
            _ => None,
        }
    }
}

/// The last whole number of a range.
fn last(end: i64, inclusive: bool) -> i64 {
    if inclusive { end } else { end.saturating_sub(1) }
}

/// What holds where a comparison of values that are there does not.
fn inverse(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}

fn list(items: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN_MAX: usize = 4;
    let count = items.len();
    let shown: Vec<String> = items.take(SHOWN_MAX).collect();
    let more = if count > SHOWN_MAX { format!(", … ({count} in all)") } else { String::new() };
    format!("one of {}{more}", shown.join(", "))
}

/// How far two values are apart; see [`Wanted::distance`].
fn distance(a: &Val<'_>, b: &Val<'_>) -> Option<f64> {
    let number = |value: &Val<'_>| match value {
        Val::Integer(integer) => Some(*integer as f64),
        Val::Number(number) => Some(*number),
        _ => None,
    };
    if let (Val::Date(a), Val::Date(b)) = (a, b) {
        return Some((f64::from((a.days() - b.days()).abs()) / 365.0).min(1.0));
    }
    let (a, b) = (number(a)?, number(b)?);
    if a == b {
        return Some(0.0);
    }
    // Halves, so that the difference of two large numbers is finite.
    let apart = (a / 2.0 - b / 2.0).abs() / (a.abs().max(b.abs()) / 2.0);
    Some(apart.min(1.0))
}
