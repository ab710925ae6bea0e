//! From conditions to formulas: where each holds, and where it fails without a fault.

use std::rc::Rc;
use std::sync::Arc;

use super::super::set::{End, FALSE, Intervals, Num, NumberCut, Set, TRUE, Values};
use super::formula::{Formula, Shape, all, any, constant};
use super::literal::{cut_of, number_of, text_set};
use super::{BOTH_MISSING, EQUAL, GREATER, LESS, ONE_MISSING, Terms};
use crate::base::limits;
use crate::lang::expr::{Comparison, Constant};
use crate::lang::functions::FUNCTIONS;
use crate::program::check::turned;
use crate::program::node::{Kinds, NodeId, Op, Special};

/// Where a condition holds, and where it fails; elsewhere it faults.
#[derive(Clone)]
pub(super) struct Outcomes {
    pub holds: Formula,
    pub fails: Formula,
}

impl Terms<'_> {
    pub fn holds(&mut self, node: NodeId) -> Formula {
        self.outcomes(node).holds
    }

    /// Where computed points come out without a fault, and as many as a rule can give.
    pub fn gives_points(&mut self, id: NodeId) -> Formula {
        let node = self.nodes[id].clone();
        match &node.op {
            Op::Constant(value) => match **value {
                Constant::Integer(points) => {
                    constant(points.unsigned_abs() <= limits::POINTS_MAX.unsigned_abs())
                }
                _ => constant(false),
            },
            Op::If => {
                let condition = self.outcomes(node.args[0]);
                let (then, otherwise) = (self.gives_points(node.args[1]), self.gives_points(node.args[2]));
                any(vec![all(vec![condition.holds, then]), all(vec![condition.fails, otherwise])])
            }
            Op::Switch(_) if self.is_sure_subject(node.args[0]) => {
                all(node.args[1..].iter().map(|&arm| self.gives_points(arm)).collect())
            }
            _ => self.other(format!("points of node {}", id.0)),
        }
    }

    fn outcomes(&mut self, id: NodeId) -> Outcomes {
        if let Some(known) = self.outcomes.get(&id) {
            return known.clone();
        }
        let outcomes = self.outcomes_of(id);
        self.outcomes.insert(id, outcomes.clone());
        outcomes
    }

    fn outcomes_of(&mut self, id: NodeId) -> Outcomes {
        let node = self.nodes[id].clone();
        let args = &node.args;
        match &node.op {
            Op::Constant(value) => {
                let holds = **value == Constant::Flag(true);
                let fails = **value == Constant::Flag(false);
                Outcomes { holds: constant(holds), fails: constant(fails) }
            }
            Op::And | Op::Or => {
                let and = node.op == Op::And;
                let parts: Vec<Outcomes> = args.iter().map(|&arg| self.outcomes(arg)).collect();
                // `a || b` is `!(!a && !b)`, faults included.
                let goes_on = |part: &Outcomes| Rc::clone(if and { &part.holds } else { &part.fails });
                let decides = |part: &Outcomes| Rc::clone(if and { &part.fails } else { &part.holds });
                let through = all(parts.iter().map(goes_on).collect());
                let sure = args.iter().all(|&arg| self.nodes[arg].is_sure_flag());
                let decided = any(parts
                    .iter()
                    .enumerate()
                    .map(|(at, part)| {
                        // The parts before it must have come out without a fault.
                        let before = if sure { &[][..] } else { &parts[..at] };
                        all(before.iter().map(goes_on).chain([decides(part)]).collect())
                    })
                    .collect());
                if and {
                    Outcomes { holds: through, fails: decided }
                } else {
                    Outcomes { holds: decided, fails: through }
                }
            }
            Op::Not => {
                let Outcomes { holds, fails } = self.outcomes(args[0]);
                Outcomes { holds: fails, fails: holds }
            }
            Op::If => {
                let [condition, then, otherwise] = [0, 1, 2].map(|at| self.outcomes(args[at]));
                let either = |a: &Formula, b: &Formula| {
                    any(vec![
                        all(vec![Rc::clone(&condition.holds), Rc::clone(a)]),
                        all(vec![Rc::clone(&condition.fails), Rc::clone(b)]),
                    ])
                };
                Outcomes {
                    holds: either(&then.holds, &otherwise.holds),
                    fails: either(&then.fails, &otherwise.fails),
                }
            }
            Op::Then if !self.nodes[args[0]].fallible => self.outcomes(args[1]),
            Op::Switch(table) if self.is_sure_subject(args[0]) => {
                let (subject, arms) = (args[0], &args[1..]);
                let mut cases: Vec<Vec<&Constant>> = vec![Vec::new(); arms.len()];
                for (value, arm) in &table.values {
                    cases[*arm as usize].push(value);
                }
                let mut taken = Vec::new();
                let mut holds = Vec::new();
                let mut fails = Vec::new();
                let last = arms.len() - 1;
                for (at, &arm) in arms.iter().enumerate() {
                    let outcomes = self.outcomes(arm);
                    let here = if at == last {
                        any(std::mem::take(&mut taken))
                    } else {
                        let here = self.one_of(subject, &cases[at]);
                        taken.push(Rc::clone(&here));
                        here
                    };
                    let here = if at == last { self.negation(&here) } else { here };
                    holds.push(all(vec![Rc::clone(&here), outcomes.holds]));
                    fails.push(all(vec![here, outcomes.fails]));
                }
                Outcomes { holds: any(holds), fails: any(fails) }
            }
            Op::Compare(comparison) => {
                self.compared(*comparison, args[0], args[1], id).unwrap_or_else(|| self.opaque(id))
            }
            Op::In => self.contained(args[0], args[1], id).unwrap_or_else(|| self.opaque(id)),
            Op::Listed(table) => {
                let entry = self.add(Op::Entry(*table), Vec::new());
                let term = self.term(entry);
                let present = Set::present(self.universe(term));
                let missing = Set::only_missing(self.universe(term));
                Outcomes { holds: self.literal(entry, present), fails: self.literal(entry, missing) }
            }
            Op::Function(at) if FUNCTIONS[*at as usize].name == "starts_with" && !node.fallible => {
                match self.nodes[args[1]].constant() {
                    Some(Constant::Text(prefix)) => {
                        let set = Set::of(Values::Texts(Intervals::prefix(prefix)));
                        self.within(args[0], set)
                    }
                    _ => self.opaque(id),
                }
            }
            Op::Special(Special::HasAnyWord) if !node.fallible => {
                match self.nodes[args[1]].constant().cloned() {
                    Some(Constant::Array(words)) => {
                        let has_word = FUNCTIONS.iter().position(|function| function.name == "has_word");
                        let op = Op::Function(has_word.unwrap_or_default() as u32);
                        let mut holds = Vec::new();
                        let mut fails = Vec::new();
                        for word in words {
                            let word = self.add(Op::Constant(Arc::new(word)), Vec::new());
                            let found = self.add(op.clone(), vec![args[0], word]);
                            let outcomes = self.outcomes(found);
                            holds.push(outcomes.holds);
                            fails.push(outcomes.fails);
                        }
                        Outcomes { holds: any(holds), fails: all(fails) }
                    }
                    _ => self.opaque(id),
                }
            }
            // `flag ?? constant`
            Op::Coalesce if args.len() == 2 && !node.fallible => {
                let first = self.nodes[args[0]].kinds.without(Kinds::MISSING).is_flag();
                match self.nodes[args[1]].constant() {
                    Some(Constant::Flag(otherwise)) if first => {
                        let set = |bit, missing| Set { missing, fault: false, values: Values::Bits(bit) };
                        let otherwise = *otherwise;
                        Outcomes {
                            holds: self.literal(args[0], set(TRUE, otherwise)),
                            fails: self.literal(args[0], set(FALSE, !otherwise)),
                        }
                    }
                    _ => self.opaque(id),
                }
            }
            _ => self.opaque(id),
        }
    }

    fn is_sure_subject(&self, subject: NodeId) -> bool {
        let node = &self.nodes[subject];
        !node.fallible && node.kinds.within(Kinds::TEXT.or(Kinds::MISSING))
    }

    /// Where a text is one of these.
    fn one_of(&mut self, subject: NodeId, values: &[&Constant]) -> Formula {
        let missing = values.iter().any(|value| **value == Constant::Missing);
        let texts = values.iter().filter_map(|value| match value {
            Constant::Text(text) => Some(Intervals::text(text)),
            _ => None,
        });
        let values = Values::Texts(Intervals::union(texts));
        self.literal(subject, Set { missing, fault: false, values })
    }

    /// Where a formula is not true.
    fn negation(&self, formula: &Formula) -> Formula {
        match &**formula {
            Shape::Constant(holds) => constant(!holds),
            Shape::Literal(term, set) => {
                let set = set.complement().intersection(self.universe(*term));
                Rc::new(Shape::Literal(*term, Rc::new(set)))
            }
            Shape::And(parts) => any(parts.iter().map(|part| self.negation(part)).collect()),
            Shape::Or(parts) => all(parts.iter().map(|part| self.negation(part)).collect()),
        }
    }

    /// A test that has no simpler form.
    fn opaque(&mut self, id: NodeId) -> Outcomes {
        let flag = |bit| Set::of(Values::Bits(bit));
        if !self.nodes[id].kinds.without(Kinds::MISSING).is_flag() {
            // What may be no flag has no values here: only that it holds or does not.
            let name = format!("node {}", id.0);
            let holds = self.other(name);
            let fails = self.negation(&holds);
            let fails = all(vec![fails, self.other(format!("node {} fails", id.0))]);
            return Outcomes { holds, fails };
        }
        let term = self.term(id);
        let universe = self.universe(term).clone();
        let literal = |bit| Rc::new(Shape::Literal(term, Rc::new(flag(bit).intersection(&universe))));
        Outcomes { holds: literal(TRUE), fails: literal(FALSE) }
    }

    /// Where a node's value is in the set, and where it is not, though without a fault.
    fn within(&mut self, node: NodeId, set: Set) -> Outcomes {
        let outside = Set { fault: false, ..set.complement() };
        Outcomes { holds: self.literal(node, set), fails: self.literal(node, outside) }
    }

    fn compared(&mut self, comparison: Comparison, a: NodeId, b: NodeId, id: NodeId) -> Option<Outcomes> {
        let parts_fault = self.nodes[a].fallible || self.nodes[b].fallible;
        if self.nodes[id].fallible && !parts_fault {
            return None;
        }
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let (node, comparison, value) = match (self.nodes[a].constant(), self.nodes[b].constant()) {
            (_, Some(value)) => (a, comparison, value.clone()),
            (Some(value), None) => (b, turned(comparison), value.clone()),
            (None, None) => return self.compared_pair(comparison, a, b),
        };
        let kinds = self.nodes[node].kinds.without(Kinds::MISSING);
        if value == Constant::Missing {
            if !equality {
                return None;
            }
            let term = self.term(node);
            let missing = Set::only_missing(self.universe(term));
            let outcomes = self.within(node, missing);
            return Some(match comparison {
                Comparison::Equal => outcomes,
                _ => Outcomes { holds: outcomes.fails, fails: outcomes.holds },
            });
        }
        let values = match &value {
            Constant::Integer(_) | Constant::Number(_) if kinds.within(Kinds::NUMERIC) => {
                Values::Numbers(self.numbers(comparison, number_of(&value)?, kinds == Kinds::INTEGER))
            }
            Constant::Date(date) if kinds == Kinds::DATE => {
                Values::Numbers(self.numbers(comparison, Num::Integer(date.days().into()), true))
            }
            Constant::Text(text) if kinds == Kinds::TEXT => Values::Texts(text_set(comparison, text)),
            Constant::Flag(flag) if kinds.is_flag() && equality => {
                let bit = if *flag == (comparison == Comparison::Equal) { TRUE } else { FALSE };
                Values::Bits(bit)
            }
            _ => return None,
        };
        // `!=` holds for a missing value.
        let set = Set { missing: comparison == Comparison::NotEqual, fault: false, values };
        Some(self.within(node, set))
    }

    fn numbers(&self, comparison: Comparison, bound: Num, whole: bool) -> Intervals<NumberCut> {
        let before = cut_of(bound, false, whole);
        let after = cut_of(bound, true, whole);
        match comparison {
            Comparison::Equal => Intervals::between(before, after),
            Comparison::NotEqual => Intervals::between(before, after).complement(),
            Comparison::Less => Intervals::between(End::Start, before),
            Comparison::LessOrEqual => Intervals::between(End::Start, after),
            Comparison::Greater => Intervals::between(after, End::Finish),
            Comparison::GreaterOrEqual => Intervals::between(before, End::Finish),
        }
    }

    fn compared_pair(&mut self, comparison: Comparison, a: NodeId, b: NodeId) -> Option<Outcomes> {
        let (first, second, comparison) =
            if a <= b { (a, b, comparison) } else { (b, a, turned(comparison)) };
        let bits = match comparison {
            Comparison::Equal => EQUAL | BOTH_MISSING,
            Comparison::NotEqual => LESS | GREATER | ONE_MISSING,
            Comparison::Less => LESS,
            Comparison::LessOrEqual => LESS | EQUAL,
            Comparison::Greater => GREATER,
            Comparison::GreaterOrEqual => GREATER | EQUAL,
        };
        let scalar = Kinds::SCALAR;
        if ![a, b].iter().all(|&side| self.nodes[side].kinds.within(scalar)) {
            return None;
        }
        let term = self.pair(first, second);
        let universe = self.universe(term).clone();
        let literal = |bits| {
            let set = Set::of(Values::Bits(bits)).intersection(&universe);
            if set.is_empty() {
                constant(false)
            } else if universe.within(&set) {
                constant(true)
            } else {
                Rc::new(Shape::Literal(term, Rc::new(set)))
            }
        };
        Some(Outcomes { holds: literal(bits), fails: literal(!bits) })
    }

    fn contained(&mut self, item: NodeId, whole: NodeId, id: NodeId) -> Option<Outcomes> {
        if self.nodes[id].fallible && !self.nodes[item].fallible {
            return None;
        }
        let kinds = self.nodes[item].kinds.without(Kinds::MISSING);
        if let Op::Range(inclusive) = self.nodes[whole].op {
            let ends: Vec<Constant> = self.nodes[whole]
                .args
                .iter()
                .map(|&end| self.nodes[end].constant().cloned())
                .collect::<Option<_>>()?;
            let [first, last] = ends.as_slice() else { return None };
            if !kinds.within(Kinds::NUMERIC) {
                return None;
            }
            let from = cut_of(number_of(first)?, false, kinds == Kinds::INTEGER);
            let to = cut_of(number_of(last)?, inclusive, kinds == Kinds::INTEGER);
            let set = Set::of(Values::Numbers(Intervals::between(from, to)));
            return Some(self.within(item, set));
        }
        let Some(Constant::Array(items)) = self.nodes[whole].constant().cloned() else { return None };
        // A missing value is in no list, not even in one that has `()`.
        let items: Vec<Constant> = items.into_iter().filter(|item| *item != Constant::Missing).collect();
        let set = if kinds == Kinds::TEXT {
            let texts = items.iter().map(|item| match item {
                Constant::Text(text) => Some(Intervals::text(text)),
                _ => None,
            });
            Values::Texts(Intervals::union(texts.collect::<Option<Vec<_>>>()?))
        } else if kinds.within(Kinds::NUMERIC) {
            let whole = kinds == Kinds::INTEGER;
            let numbers = items.iter().map(|item| {
                let number = number_of(item)?;
                Some(self.numbers(Comparison::Equal, number, whole))
            });
            Values::Numbers(Intervals::union(numbers.collect::<Option<Vec<_>>>()?))
        } else {
            return None;
        };
        Some(self.within(item, Set::of(set)))
    }
}
