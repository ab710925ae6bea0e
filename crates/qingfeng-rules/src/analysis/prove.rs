//! Whether formulas can be true together.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::set::{FALSE, Set, TRUE, Values};
use super::terms::{Formula, Shape, TermId, Terms, walk};

/// A formula, or that it is not true.
pub(super) type Claim<'f> = (&'f Formula, bool);

/// How many choices between alternatives are tried before a question is given up.
const CHOICES_MAX: u32 = 3_000;

/// How many parts of formulas are looked at before a question is given up.
const STEPS_MAX: u32 = 100_000;
const STEPS_OF_RULE_MAX: u32 = 1_000_000;
/// The limit for all questions about a pack: a few seconds of work.
const STEPS_OF_PACK_MAX: u32 = 200_000_000;
/// What a part of a closure counts for that becomes a formula: it takes time, and memory for as long as the pack is looked
/// at.
const STEPS_OF_PART: usize = 400;

/// How much more may be looked at.
pub(super) struct Effort {
    of_rule: u32,
    of_pack: u32,
}

impl Default for Effort {
    fn default() -> Self {
        Self { of_rule: STEPS_OF_RULE_MAX, of_pack: STEPS_OF_PACK_MAX }
    }
}

impl Effort {
    /// Counts steps that were taken.
    pub fn spend(&mut self, steps: usize) {
        self.of_pack = self.of_pack.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
    }

    /// Counts parts of closures that became formulas.
    pub fn spend_parts(&mut self, parts: usize) {
        self.spend(parts.saturating_mul(STEPS_OF_PART));
    }

    /// Whether nothing can be asked any more.
    pub fn is_spent(&self) -> bool {
        self.of_pack == 0
    }
}

/// How many texts of a list are tried on the tests that look at it.
const TEXTS_MAX: usize = 16;

pub(super) type State = BTreeMap<TermId, Rc<Set>>;

struct Search<'t, 'p> {
    terms: &'t mut Terms<'p>,
    choices: u32,
    steps: u32,
}

struct GivenUp;

impl Terms<'_> {
    /// Begins with the questions about another rule.
    pub fn next_rule(&mut self) {
        self.effort.of_rule = STEPS_OF_RULE_MAX;
    }

    /// Whether claims can never be true of one line. Only what is certain gives true.
    pub fn never(&mut self, claims: &[Claim<'_>]) -> bool {
        matches!(self.search(claims), Ok(false))
    }

    /// Whether nothing is known that keeps claims from being true of one line.
    pub fn fit(&mut self, claims: &[Claim<'_>]) -> bool {
        matches!(self.search(claims), Ok(true))
    }

    fn search(&mut self, claims: &[Claim<'_>]) -> Result<bool, GivenUp> {
        let todo = claims.iter().map(|(formula, sign)| (Rc::clone(formula), *sign)).collect();
        let steps = self.effort.of_rule.min(self.effort.of_pack).min(STEPS_MAX);
        let mut search = Search { terms: self, choices: CHOICES_MAX, steps };
        let possible = search.possible(State::new(), todo, Vec::new());
        let taken = steps - search.steps;
        self.effort.of_rule -= taken;
        self.effort.spend(taken as usize);
        possible
    }

    /// Whether the last formula is true wherever the claims are.
    pub fn follows(&mut self, claims: &[Claim<'_>], conclusion: &Formula) -> bool {
        let mut claims = claims.to_vec();
        claims.push((conclusion, false));
        self.never(&claims)
    }

    /// What a formula says of terms without any choice, and the alternatives it leaves; `None` if it is never true.
    pub fn without_choice(&mut self, formula: &Formula) -> Option<(State, Vec<Formula>)> {
        let mut state = State::new();
        let mut open = Vec::new();
        let mut possible = true;
        let mut search = Search { terms: self, choices: 0, steps: 0 };
        walk(formula, &mut |part| {
            match &**part {
                Shape::Constant(holds) => possible &= holds,
                Shape::Literal(term, set) => possible &= search.constrain(&mut state, *term, set),
                Shape::And(_) => return possible,
                Shape::Or(_) => open.push(Rc::clone(part)),
            }
            false
        });
        if !possible {
            return None;
        }
        Some((state, open))
    }
}

impl Search<'_, '_> {
    /// Whether the state, the claims and the alternatives fit together, as far as can be seen.
    fn possible(
        &mut self,
        mut state: State,
        mut todo: Vec<(Formula, bool)>,
        mut open: Vec<(Formula, bool)>,
    ) -> Result<bool, GivenUp> {
        loop {
            while let Some((formula, sign)) = todo.pop() {
                self.steps = self.steps.checked_sub(1).ok_or(GivenUp)?;
                match &*formula {
                    Shape::Constant(holds) => {
                        if *holds != sign {
                            return Ok(false);
                        }
                    }
                    Shape::Literal(term, set) => {
                        let fits = if sign {
                            self.constrain(&mut state, *term, set)
                        } else {
                            {
                                let outside = set.complement().intersection(self.terms.universe(*term));
                                self.constrain(&mut state, *term, &Rc::new(outside))
                            }
                        };
                        if !fits {
                            return Ok(false);
                        }
                    }
                    Shape::And(parts) if sign => {
                        todo.extend(parts.iter().map(|part| (Rc::clone(part), true)))
                    }
                    Shape::Or(parts) if !sign => {
                        todo.extend(parts.iter().map(|part| (Rc::clone(part), false)))
                    }
                    Shape::And(_) | Shape::Or(_) => open.push((formula, sign)),
                }
            }
            // Alternatives that are decided already need no choice.
            let mut left = Vec::with_capacity(open.len());
            for (formula, sign) in std::mem::take(&mut open) {
                let mut choices = self.alternatives(&state, &formula, sign);
                match &mut choices {
                    None => {}
                    Some(alternatives) => match alternatives.len() {
                        0 => return Ok(false),
                        1 => todo.extend(alternatives.pop().map(|only| (only, sign))),
                        _ => left.push((formula, sign)),
                    },
                }
            }
            open = left;
            if todo.is_empty() {
                break;
            }
        }
        // The one with the fewest alternatives first.
        let counts = open.iter().map(|(formula, _)| match &**formula {
            Shape::And(parts) | Shape::Or(parts) => parts.len(),
            _ => 0,
        });
        let Some(at) = counts.enumerate().min_by_key(|&(at, count)| (count, at)).map(|(at, _)| at) else {
            return Ok(self.is_consistent(&state));
        };
        let (formula, sign) = open.swap_remove(at);
        for alternative in self.alternatives(&state, &formula, sign).unwrap_or_default() {
            self.choices = self.choices.checked_sub(1).ok_or(GivenUp)?;
            if self.possible(state.clone(), vec![(alternative, sign)], open.clone())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The parts of a disjunction that the state allows; `None` if one of them holds already.
    fn alternatives(&mut self, state: &State, formula: &Formula, sign: bool) -> Option<Vec<Formula>> {
        let (Shape::And(parts) | Shape::Or(parts)) = &**formula else { return None };
        self.steps = self.steps.saturating_sub(parts.len() as u32);
        let mut left = Vec::with_capacity(parts.len());
        for part in parts {
            match &**part {
                Shape::Constant(holds) if *holds == sign => return None,
                Shape::Constant(_) => {}
                Shape::Literal(term, set) => {
                    // The part holds where the term is in the set, or where it is not.
                    let (inside, outside) = match state.get(term) {
                        Some(known) => (known.within(set), known.is_disjoint(set)),
                        None => (false, false),
                    };
                    if if sign { inside } else { outside } {
                        return None;
                    }
                    if !(if sign { outside } else { inside }) {
                        left.push(Rc::clone(part));
                    }
                }
                _ => left.push(Rc::clone(part)),
            }
        }
        Some(left)
    }

    /// Adds what is known of a term, and what follows from it; false if nothing is left.
    fn constrain(&mut self, state: &mut State, term: TermId, set: &Rc<Set>) -> bool {
        let known = match state.get(&term) {
            Some(known) => Rc::new(known.intersection(set)),
            None => Rc::clone(set),
        };
        if known.is_empty() {
            return false;
        }
        let before = state.insert(term, Rc::clone(&known));
        if before.is_some_and(|before| before == known) {
            return true;
        }
        for other in self.terms.implied(term, &known) {
            let present = Rc::new(Set::present(self.terms.universe(other)));
            if !self.constrain(state, other, &present) {
                return false;
            }
        }
        true
    }

    /// Tries the texts of lists on the tests that look at the same field.
    fn is_consistent(&mut self, state: &State) -> bool {
        let mut tests: BTreeMap<TermId, Vec<(TermId, u8)>> = BTreeMap::new();
        for (&term, set) in state {
            if let (Some(leaf), Values::Bits(bits)) = (self.terms.sole(term), &set.values)
                && (*bits == TRUE || *bits == FALSE)
                && let Some(leaf) = self.terms.known_term(leaf)
            {
                tests.entry(leaf).or_default().push((term, *bits));
            }
        }
        for (leaf, tests) in tests {
            let Some(set) = state.get(&leaf) else { continue };
            let Values::Texts(texts) = &set.values else { continue };
            let Some(texts) = texts.texts().filter(|texts| texts.len() <= TEXTS_MAX && !set.missing) else {
                continue;
            };
            let Some(leaf) = self.terms.node_of(leaf) else { continue };
            let fits = texts.iter().any(|text| {
                tests.iter().all(|&(test, bits)| {
                    let Some(node) = self.terms.node_of(test) else { return true };
                    self.terms.test(node, leaf, text).is_none_or(|holds| holds == (bits == TRUE))
                })
            });
            if !fits {
                return false;
            }
        }
        true
    }
}
