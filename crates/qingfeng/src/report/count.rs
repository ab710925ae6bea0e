//! Counts of declarations, of what was inspected and of what was found.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evidence::Judged;
use crate::outcomes::Verdict;
use crate::selection::SelectionKind;

/// A share with the interval in which it lies with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// The share, in [0, 1].
    pub rate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The quantile of the normal distribution for 95 %, both sides.
const Z: f64 = 1.959_963_984_540_054;

impl Rate {
    /// `found` of `of`, with Wilson's score interval (E. B. Wilson: Probable Inference, the Law of Succession, and
    /// Statistical Inference, 1927). Of nothing there is no rate.
    ///
    /// ```
    /// use qingfeng::report::Rate;
    ///
    /// let rate = Rate::wilson(10.0, 100.0).unwrap();
    /// assert_eq!((rate.rate, (rate.low * 1e4).round(), (rate.high * 1e4).round()), (0.1, 552.0, 1744.0));
    /// assert!(Rate::wilson(0.0, 0.0).is_none());
    /// ```
    pub fn wilson(found: f64, of: f64) -> Option<Self> {
        if of <= 0.0 || of.is_nan() {
            return None;
        }
        let rate = (found / of).clamp(0.0, 1.0);
        let z2 = Z * Z;
        let middle = (rate + z2 / (2.0 * of)) / (1.0 + z2 / of);
        let half = Z / (1.0 + z2 / of) * (rate * (1.0 - rate) / of + z2 / (4.0 * of * of)).sqrt();
        let low = if rate == 0.0 { 0.0 } else { (middle - half).clamp(0.0, rate) };
        let high = if rate == 1.0 { 1.0 } else { (middle + half).clamp(rate, 1.0) };
        Some(Self { rate, low, high })
    }
}

/// How many of all declarations violate, by inverse probabilities of selection, as far as draws show it.
///
/// Inspected declarations with a result are weighted by 1/π (Hájek 1971): those selected by rules stand for themselves,
/// the drawn for all that could have been drawn. The interval is Wilson's for the drawn, with Kish's effective number
/// (Σw)²/Σw² (Kish 1965), around the certain ones; it takes no heed of the finite population, so it is rather too wide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The share of declarations that violate.
    #[serde(flatten)]
    pub rate: Rate,
    /// The drawn inspections with a result that it rests on.
    pub drawn: u64,
}

/// The fewest drawn inspections with a result on which an estimate is made.
pub const LEAST_DRAWN: u64 = 10;

/// Counts of a set of declarations.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
    /// Cases: distinct case numbers, and declarations with a violation and no case number.
    pub cases: u64,
    /// Those of them that are major.
    pub major_cases: u64,
    /// Pieces that violate.
    pub pieces: u64,
    /// Their value, in the unit of declarations.
    pub value: f64,
    /// The fines, in yuan.
    pub fines: f64,
    /// Found among inspected, whatever led to the inspection.
    pub hit_rate: Option<Rate>,
    /// Of all declarations, what draws show.
    pub estimate: Option<Estimate>,
}

/// What makes a case: its number, or the declaration where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKey<'e> {
    /// The number of the case.
    Number(&'e str),
    /// A declaration whose violation has no number of a case.
    Declaration(&'e str),
}

/// The cases of a declaration, each with whether it is major: one for each case number among its violations, or the
/// declaration itself where none has a number.
pub fn cases_of(judged: &Judged) -> Vec<(CaseKey<'_>, bool)> {
    let mut cases: BTreeMap<CaseKey<'_>, bool> = BTreeMap::new();
    let mut unnumbered = None;
    let outcomes = judged.inspection.iter().flat_map(|inspection| &inspection.outcomes);
    for outcome in outcomes.filter(|outcome| matches!(outcome.verdict, Verdict::Violation(_))) {
        match outcome.case_number.as_deref().filter(|number| !number.is_empty()) {
            Some(number) => *cases.entry(CaseKey::Number(number)).or_default() |= outcome.major_case,
            None => *unnumbered.get_or_insert(false) |= outcome.major_case,
        }
    }
    if let (true, Some(major)) = (cases.is_empty(), unnumbered) {
        cases.insert(CaseKey::Declaration(&judged.declaration_id), major);
    }
    cases.into_iter().collect()
}

/// Counts in the making.
#[derive(Clone, Debug, Default)]
pub struct Counter<'e> {
    counts: Counts,
    cases: BTreeMap<CaseKey<'e>, bool>,
    certain: u64,
    certain_found: u64,
    drawn: u64,
    /// Sums over the drawn: of weights, of their squares, of the weights of what was found.
    weight: f64,
    weight_squared: f64,
    weight_found: f64,
}

impl<'e> Counter<'e> {
    /// Counts a declaration.
    pub fn add(&mut self, judged: &'e Judged) {
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
                counts.pieces += u64::try_from(outcome.pieces.unwrap_or(0)).unwrap_or(0);
                counts.value += outcome.value.filter(|value| value.is_finite()).unwrap_or(0.0);
                counts.fines += outcome.fine.filter(|fine| fine.is_finite()).unwrap_or(0.0);
            }
        }
        for (key, major) in cases_of(judged) {
            *self.cases.entry(key).or_default() |= major;
        }
        let Some(found) = inspection.verdict().found() else { return };
        if inspection.selected == SelectionKind::Random && inspection.probability > 0.0 {
            let weight = inspection.probability.recip();
            self.drawn += 1;
            self.weight += weight;
            self.weight_squared += weight * weight;
            self.weight_found += if found { weight } else { 0.0 };
        } else {
            self.certain += 1;
            self.certain_found += u64::from(found);
        }
    }

    /// What was counted.
    pub fn finish(self) -> Counts {
        let mut counts = self.counts;
        counts.inspected = counts.clear + counts.found;
        counts.cases = self.cases.len() as u64;
        counts.major_cases = self.cases.values().filter(|major| **major).count() as u64;
        counts.hit_rate = Rate::wilson(counts.found as f64, counts.inspected as f64);
        if self.drawn >= LEAST_DRAWN {
            let share = self.weight_found / self.weight;
            let effective = self.weight * self.weight / self.weight_squared;
            counts.estimate = Rate::wilson(share * effective, effective).map(|of_drawn| {
                let all = self.certain as f64 + self.weight;
                let of = |share: f64| (self.certain_found as f64 + share * self.weight) / all;
                let rate = Rate { rate: of(of_drawn.rate), low: of(of_drawn.low), high: of(of_drawn.high) };
                Estimate { rate, drawn: self.drawn }
            });
        }
        counts
    }
}
