//! Counts of declarations, of what was inspected and of what was found.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::effect::tally::{Case, Tally};
use crate::effect::{Estimate, Rate};
use qingfeng_inspection::evidence::Judged;
use qingfeng_store::Verdict;

/// The confidence level of intervals.
const LEVEL: f64 = 0.95;

/// The fewest drawn inspections with a result on which an estimate is shown.
pub(super) const LEAST_DRAWN: u64 = 10;

/// Counts of a set of declarations.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Assessed declarations.
    pub declarations: u64,
    /// Planned inspections.
    pub planned: u64,
    /// Inspections with a result: clear or a violation.
    pub inspected: u64,
    /// Inspections that found nothing.
    pub clear: u64,
    /// Inspections that found a violation.
    pub found: u64,
    /// Inspections waived with a coded reason.
    pub waived: u64,
    /// Planned inspections without a result.
    pub open: u64,
    /// Cases: declarations with a violation; those with the same case number are one.
    pub cases: u64,
    /// Those of them that are major.
    pub major_cases: u64,
    /// Pieces that violate.
    pub pieces: u64,
    /// Their value, in the unit of declarations.
    pub value: f64,
    /// The fines, in yuan.
    pub fines: f64,
    /// Found among inspected, whatever led to the inspection, with Wilson's interval.
    pub hit_rate: Option<Rate>,
    /// Of all declarations, what the draw shows; `None` where less than ten drawn inspections have a result.
    pub estimate: Option<Estimate>,
}

/// What makes a case: its number, or the declaration where there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CaseKey {
    /// The number of the case.
    Number(Box<str>),
    /// A declaration whose violation has no number of a case.
    Declaration(Box<str>),
}

/// The case of a declaration with a violation, and whether it is major: the first case number of its violations, or the
/// declaration itself where none has a number.
pub(super) fn case_of(judged: &Judged) -> Option<(CaseKey, bool)> {
    let outcomes = judged.inspection.iter().flat_map(|inspection| &inspection.outcomes);
    let violations = outcomes.filter(|outcome| matches!(outcome.verdict, Verdict::Violation(_)));
    let (mut number, mut major) = (None, None);
    for outcome in violations {
        number = number.or(outcome.case_number.as_deref());
        *major.get_or_insert(false) |= outcome.major_case;
    }
    let declaration = || CaseKey::Declaration(judged.declaration_id.clone());
    Some((number.map_or_else(declaration, |number| CaseKey::Number(number.into())), major?))
}

/// Counts in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    counts: Counts,
    cases: BTreeMap<CaseKey, bool>,
    tally: Tally,
}

impl Counter {
    /// Counts a declaration as the case that it is.
    pub fn add(&mut self, judged: &Judged, case: &Case) {
        self.tally.add(case);
        let counts = &mut self.counts;
        counts.declarations += 1;
        let Some(inspection) = &judged.inspection else { return };
        counts.planned += 1;
        match inspection.verdict() {
            Verdict::Clear => counts.clear += 1,
            Verdict::Violation(_) => counts.found += 1,
            Verdict::Waived => counts.waived += 1,
            Verdict::Open => counts.open += 1,
        }
        for outcome in &inspection.outcomes {
            if matches!(outcome.verdict, Verdict::Violation(_)) {
                let pieces = u64::try_from(outcome.pieces.unwrap_or(0)).unwrap_or(0);
                counts.pieces = counts.pieces.saturating_add(pieces);
                counts.value += outcome.value.filter(|value| value.is_finite()).unwrap_or(0.0);
                counts.fines += outcome.fine.filter(|fine| fine.is_finite()).unwrap_or(0.0);
            }
        }
        if let Some((key, major)) = case_of(judged) {
            *self.cases.entry(key).or_default() |= major;
        }
    }

    /// What was counted.
    pub fn finish(self) -> Counts {
        let figures = self.tally.figures(LEVEL);
        let mut counts = self.counts;
        counts.inspected = counts.clear + counts.found;
        counts.cases = self.cases.len() as u64;
        counts.major_cases = self.cases.values().filter(|major| **major).count() as u64;
        counts.hit_rate = figures.seen;
        counts.estimate =
            Some(figures.estimate).filter(|of| of.rate.is_some() && figures.drawn >= LEAST_DRAWN);
        counts
    }
}
