//! Formulas: literals joined by `and` and `or`.

use std::collections::HashSet;
use std::rc::Rc;

use super::super::set::Set;
use super::TermId;

pub(in crate::analysis) type Formula = Rc<Shape>;

/// A formula; see [`Terms::holds`].
#[derive(Debug)]
pub(in crate::analysis) enum Shape {
    Constant(bool),
    /// The set lies within what the term can be.
    Literal(TermId, Rc<Set>),
    And(Vec<Formula>),
    Or(Vec<Formula>),
}

pub(in crate::analysis) fn constant(holds: bool) -> Formula {
    Rc::new(Shape::Constant(holds))
}

pub(in crate::analysis) fn all(parts: Vec<Formula>) -> Formula {
    join(parts, true)
}

pub(in crate::analysis) fn any(parts: Vec<Formula>) -> Formula {
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
pub(in crate::analysis) fn walk(formula: &Formula, visit: &mut dyn FnMut(&Formula) -> bool) {
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
