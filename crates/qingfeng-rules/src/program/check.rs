//! Conditions in the form in which they are evaluated on a line, and estimates of their cost and share.
//!
//! Most conditions compare fields with constants; those comparisons are taken out of the graph of nodes and done
//! directly. A missing number is not a number here, with which each comparison comes out as the language wants: all
//! fail but `!=`.

use std::sync::Arc;

use crate::base::value::Value;
use crate::lang::expr::{Comparison, Constant};
use crate::lang::functions::FUNCTIONS;
use crate::lang::kernel::Fault;
use crate::model::derived::FieldRef;
use crate::model::schema::Kind;

use super::PackFacts;
use super::eval::{Evaluation, LineSource, SET_LEN_MIN, Val, compare};
use super::node::{Node, NodeId, Nodes, Op, Special};

#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// A field of numbers compared with a number.
    Number(FieldRef, Comparison, f64),
    /// A field of whole numbers compared with one.
    Integer(FieldRef, Comparison, i64),
    /// A field of texts, whether it is this text.
    Text(FieldRef, Arc<str>, bool),
    /// A field, whether it is missing.
    Missing(FieldRef, bool),
    /// A field of texts, whether it is one of these.
    TextIn(FieldRef, Box<[Arc<str>]>),
    /// Whether the line has an entry in a lookup table.
    Listed(u32),
    /// A column of a lookup table's entry compared with a single value.
    Column(u32, u32, Comparison, Arc<Constant>),
    /// What an index knows of a text, or else a node.
    Find(u32, NodeId),
    All(Box<[Check]>),
    Any(Box<[Check]>),
    /// Anything else.
    Node(NodeId),
}

impl Check {
    pub fn of(nodes: &Nodes, facts: &PackFacts, id: NodeId) -> Self {
        let node = &nodes[id];
        let parts = || node.args.iter().map(|&part| Self::of(nodes, facts, part)).collect();
        match &node.op {
            Op::And if node.args.iter().all(|&part| nodes[part].kinds.is_flag()) => Self::All(parts()),
            Op::Or if node.args.iter().all(|&part| nodes[part].kinds.is_flag()) => Self::Any(parts()),
            Op::Listed(table) => Self::Listed(*table),
            Op::Compare(comparison) => {
                let (a, b) = (&nodes[node.args[0]], &nodes[node.args[1]]);
                if let (Op::Column(table, column), Some(constant)) = (&a.op, b.constant())
                    && nodes[a.args[0]].op == Op::Entry(*table)
                    && !matches!(constant, Constant::Array(_) | Constant::Map(_) | Constant::Function(..))
                {
                    return Self::Column(*table, *column, *comparison, Arc::new(constant.clone()));
                }
                let (field, comparison, constant) = match (&a.op, a.constant(), &b.op, b.constant()) {
                    (Op::Field(field), _, _, Some(constant)) => (*field, *comparison, constant),
                    (_, Some(constant), Op::Field(field), _) => (*field, turned(*comparison), constant),
                    _ => return Self::Node(id),
                };
                match (facts.field_kind(field), comparison, constant) {
                    (_, Comparison::Equal, Constant::Missing) => Self::Missing(field, true),
                    (_, Comparison::NotEqual, Constant::Missing) => Self::Missing(field, false),
                    (Kind::Text | Kind::Code, Comparison::Equal, Constant::Text(text)) => {
                        Self::Text(field, Arc::clone(text), true)
                    }
                    (Kind::Text | Kind::Code, Comparison::NotEqual, Constant::Text(text)) => {
                        Self::Text(field, Arc::clone(text), false)
                    }
                    (Kind::Integer, comparison, Constant::Integer(bound)) => {
                        Self::Integer(field, comparison, *bound)
                    }
                    (Kind::Number, comparison, constant) => match exact_number(constant) {
                        Some(bound) => Self::Number(field, comparison, bound),
                        None => Self::Node(id),
                    },
                    _ => Self::Node(id),
                }
            }
            Op::Find(find) => Self::Find(*find, node.args[0]),
            Op::In => {
                let (item, whole) = (&nodes[node.args[0]], &nodes[node.args[1]]);
                match (&item.op, whole.constant()) {
                    (Op::Field(field), Some(Constant::Array(items)))
                        if matches!(facts.field_kind(*field), Kind::Text | Kind::Code)
                            && items.len() < SET_LEN_MIN =>
                    {
                        let texts = items.iter().map(|item| match item {
                            Constant::Text(text) => Some(Arc::clone(text)),
                            _ => None,
                        });
                        match texts.collect::<Option<_>>() {
                            Some(texts) => Self::TextIn(*field, texts),
                            None => Self::Node(id),
                        }
                    }
                    _ => Self::Node(id),
                }
            }
            _ => Self::Node(id),
        }
    }

    pub fn holds<'b, S: LineSource<'b>>(&self, on: &mut Evaluation<'_, 'b, S>) -> Result<bool, Fault> {
        match self {
            Self::Number(field, comparison, bound) => {
                let number = on.source.number(*field);
                Ok(match comparison {
                    Comparison::Equal => number == *bound,
                    Comparison::NotEqual => number != *bound,
                    Comparison::Less => number < *bound,
                    Comparison::LessOrEqual => number <= *bound,
                    Comparison::Greater => number > *bound,
                    Comparison::GreaterOrEqual => number >= *bound,
                })
            }
            Self::Integer(field, comparison, bound) => Ok(match on.source.value(*field) {
                Value::Integer(integer) => match comparison {
                    Comparison::Equal => integer == *bound,
                    Comparison::NotEqual => integer != *bound,
                    Comparison::Less => integer < *bound,
                    Comparison::LessOrEqual => integer <= *bound,
                    Comparison::Greater => integer > *bound,
                    Comparison::GreaterOrEqual => integer >= *bound,
                },
                _ => *comparison == Comparison::NotEqual,
            }),
            Self::Text(field, text, equal) => {
                let is = matches!(on.source.value(*field), Value::Text(value) if *value == **text);
                Ok(is == *equal)
            }
            Self::TextIn(field, texts) => Ok(match on.source.value(*field) {
                Value::Text(value) => texts.iter().any(|text| **text == *value),
                _ => false,
            }),
            Self::Listed(table) => Ok(on.source.entry(*table as usize).is_some()),
            Self::Column(table, column, comparison, constant) => {
                let value = match on.source.entry(*table as usize) {
                    Some(row) => on.source.entry_value(*table as usize, row, *column as usize),
                    None => Value::Missing,
                };
                compare(*comparison, &Val::of_value(value), &Val::of_constant(constant))
            }
            Self::Find(find, node) => match on.source.found(*find) {
                Some(found) => Ok(found),
                None => on.flag(*node),
            },
            Self::Missing(field, missing) => Ok((on.source.value(*field) == Value::Missing) == *missing),
            Self::All(parts) => {
                for part in parts {
                    if !part.holds(on)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(parts) => {
                for part in parts {
                    if part.holds(on)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Node(id) => on.flag(*id),
        }
    }
}

/// The comparison with its sides exchanged.
pub(crate) fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// The number that a constant is, if it is exactly that number.
pub(crate) fn exact_number(constant: &Constant) -> Option<f64> {
    match constant {
        Constant::Number(number) => Some(*number),
        Constant::Integer(integer) if integer.unsigned_abs() <= 1 << 53 => Some(*integer as f64),
        _ => None,
    }
}

/// The share of lines on which a node holds, by rule of thumb: fields are seldom equal to a constant, often within a
/// bound. Wrong guesses cost time and change no answer.
pub(crate) fn share(nodes: &Nodes, id: NodeId) -> f64 {
    let node = &nodes[id];
    let of = |at: usize| share(nodes, node.args[at]);
    let constant = |at: usize| nodes[node.args[at]].constant();
    match &node.op {
        Op::Constant(constant) => match &**constant {
            Constant::Flag(false) => 0.0,
            _ => 1.0,
        },
        Op::And => node.args.iter().map(|&part| share(nodes, part)).product(),
        Op::Or => 1.0 - node.args.iter().map(|&part| 1.0 - share(nodes, part)).product::<f64>(),
        Op::Not => 1.0 - of(0),
        Op::If => of(0) * of(1) + (1.0 - of(0)) * of(2),
        Op::Then => of(1),
        Op::Test(_) | Op::Find(_) | Op::Computed(_) => of(0),
        Op::Compare(comparison) => {
            let missing = [0, 1].iter().any(|&at| matches!(constant(at), Some(Constant::Missing)));
            match (comparison, missing) {
                (Comparison::Equal, true) => 0.2,
                (Comparison::NotEqual, true) => 0.8,
                (Comparison::Equal, false) => 0.03,
                (Comparison::NotEqual, false) => 0.97,
                _ => 0.3,
            }
        }
        Op::In => match constant(1) {
            Some(Constant::Array(items)) => (0.03 * items.len() as f64).min(0.5),
            Some(Constant::Map(entries)) => (0.03 * entries.len() as f64).min(0.5),
            _ => 0.05,
        },
        Op::Listed(_) => 0.05,
        Op::Matches(_) => 0.05,
        Op::Special(Special::HasAnyWord) => match constant(1) {
            Some(Constant::Array(words)) => (0.01 * words.len() as f64).min(0.5),
            _ => 0.1,
        },
        Op::Function(at) => FUNCTIONS[*at as usize].share,
        _ => 0.5,
    }
}

/// What a node costs about, in comparisons of numbers.
pub(crate) fn cost(nodes: &Nodes, id: NodeId) -> u32 {
    // A test costs what looking it up costs, mostly.
    match nodes[id].op {
        Op::Test(_) => return 4,
        Op::Find(_) => return 2,
        _ => {}
    }
    let mut total = 0_u32;
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        total = total.saturating_add(own_cost(&nodes[id]));
        if total > 10_000 {
            break;
        }
        open.extend(nodes[id].args.iter().copied());
    }
    total
}

/// What an operation costs about, in comparisons of numbers, without its arguments.
pub(super) fn own_cost(node: &Node) -> u32 {
    match &node.op {
        Op::Constant(_) | Op::Computed(_) | Op::Then | Op::Fail(_) | Op::Test(_) | Op::Find(_) => 0,
        Op::Field(FieldRef::Declared(_)) => 1,
        Op::Function(at) => FUNCTIONS[*at as usize].cost,
        Op::Matches(_) => 40,
        Op::Special(Special::HasAnyWord) => 80,
        // The entries of a batch are found beforehand.
        Op::Listed(_) | Op::Entry(_) => 2,
        Op::In => 4,
        Op::Interpolated => 30,
        Op::Array | Op::Mapped | Op::Filter => 10,
        Op::DatePart(_) => 4,
        _ => 1,
    }
}
