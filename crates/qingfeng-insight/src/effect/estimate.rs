//! The estimate of a rate from a draw.

use serde::Serialize;

use crate::statistics::clopper_pearson;

/// The hit rate of a group had all of it been inspected.
///
/// What is known of a group of declarations has three parts:
///
/// - *certain*: those that were selected with probability 1. They are counted as they are; of those without a result, as
///   many violate as of those with one.
/// - *drawn*: those that a draw chose, each with its own probability π. Their findings are counted as well.
/// - *the others*: N that could have been drawn and were not, or were and have no result. Nobody saw them; what they hold is
///   N times the weighted mean of the drawn, each with the weight 1/π − 1.
///
/// Added up this is the estimate of Horvitz and Thompson (1952), since y/π = y + y (1/π − 1), with the unseen part
/// post-stratified to its known number as Hájek (1971) has it: the sum of the weights is replaced by N. It needs no assumption of
/// why the first part was selected.
///
/// The interval is that of the unseen part, since the others are counted. It is the interval of Clopper and Pearson (1934)
/// for a share, with the effective number of drawn declarations in the place of their number, as Korn and Graubard (1998)
/// use it for surveys with few cases: the lesser of (Σv)²/Σv² (Kish 1965) and ȳ (1 − ȳ) over the variance of the weighted
/// mean. That number n is then taken as n N / (n + N): the unseen are themselves no more than N, so that their share spreads
/// around its expectation. For a simple random sample this is the variance with the usual correction for a finite
/// population, and of a group that was inspected as a whole nothing stays open. Where results of the certain are missing,
/// theirs is a second unseen part with an interval made alike, and the bounds of the sum are those of Zou and Donner (2008):
/// the roots of the summed squares of the distances from each estimate to its bound.
///
/// - C. J. Clopper, E. S. Pearson: The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial.
///   Biometrika 26 (1934), 404–413.
/// - D. G. Horvitz, D. J. Thompson: A Generalization of Sampling Without Replacement from a Finite Universe. Journal of the
///   American Statistical Association 47 (1952), 663–685.
/// - J. Hájek: Comment on an essay by D. Basu. In: Foundations of Statistical Inference, Toronto 1971, 236.
/// - L. Kish: Survey Sampling. New York 1965, 427–430.
/// - E. L. Korn, B. I. Graubard: Confidence Intervals for Proportions with Small Expected Number of Positive Counts
///   Estimated from Survey Data. Survey Methodology 24 (1998), 193–201.
/// - E. B. Wilson: Probable Inference, the Law of Succession, and Statistical Inference. Journal of the American Statistical
///   Association 22 (1927), 209–212.
/// - G. Y. Zou, A. Donner: Construction of Confidence Limits about Effect Measures: A General Approach. Statistics in
///   Medicine 27 (2008), 1693–1702.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The rate; `None` where something was not selected and nothing of it was drawn.
    pub rate: Option<f64>,
    /// The lower bound of its interval; 0 where nothing is known.
    pub low: f64,
    /// The upper bound; 1 where nothing is known.
    pub high: f64,
    /// The violations in the part of the group that the estimate covers.
    pub findings: Option<f64>,
    /// The part of the group that the estimate speaks of, in [0, 1]: without those that no draw could choose, and without
    /// those that were certain to be inspected if none of them has a result.
    pub covered: f64,
    /// How many drawn declarations of equal chance would tell as much of the unseen part.
    pub effective: f64,
}

/// What is known of a group, in sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    /// Of all that were selected with certainty: with a result, with a finding.
    pub certain: f64,
    pub certain_found: f64,
    /// Of all that were drawn: with a result, with a finding.
    pub drawn: f64,
    pub drawn_found: f64,
    /// Those of the certain without a result.
    pub certain_open: f64,
    /// Those that could have been drawn and have no result.
    pub unseen: f64,
    /// Those that no draw could choose.
    pub out: f64,
    /// Over the drawn with a result: Σv, Σv², Σvy, Σv²y, with v = 1/π − 1.
    pub v: f64,
    pub v2: f64,
    pub vy: f64,
    pub v2y: f64,
}

impl Sums {
    /// Adds a drawn declaration with a result.
    pub fn draw(&mut self, probability: f64, found: bool) {
        let weight = 1.0 / probability - 1.0;
        self.drawn += 1.0;
        self.v += weight;
        self.v2 += weight * weight;
        if found {
            self.drawn_found += 1.0;
            self.vy += weight;
            self.v2y += weight * weight;
        }
    }

    /// Adds a part of another group.
    pub fn add(&mut self, other: &Self, part: f64) {
        self.certain += part * other.certain;
        self.certain_found += part * other.certain_found;
        self.drawn += part * other.drawn;
        self.drawn_found += part * other.drawn_found;
        self.certain_open += part * other.certain_open;
        self.unseen += part * other.unseen;
        self.out += part * other.out;
        self.v += part * other.v;
        self.v2 += part * other.v2;
        self.vy += part * other.vy;
        self.v2y += part * other.v2y;
    }

    /// The mean of the unseen as the drawn tell it, and the effective number of the drawn.
    fn mean(&self) -> Option<(f64, f64)> {
        if self.drawn <= 0.0 {
            return None;
        }
        if self.v <= 0.0 {
            // Each was drawn for certain, and those without a result are like those with one.
            return Some((self.drawn_found / self.drawn, self.drawn));
        }
        let mean = (self.vy / self.v).clamp(0.0, 1.0);
        let kish = self.v * self.v / self.v2;
        let spread = (self.v2y * (1.0 - 2.0 * mean) + mean * mean * self.v2) / (self.v * self.v);
        let binomial = mean * (1.0 - mean);
        let effective = if binomial > 0.0 && spread > 0.0 { kish.min(binomial / spread) } else { kish };
        Some((mean, effective))
    }

    /// What is not known of the group: how many, what part of them violates, and what as many equal results would tell as
    /// much. Nothing is known of a part without a result to go by.
    fn unknown(&self) -> [(f64, Option<(f64, f64)>); 2] {
        let certain = (self.certain > 0.0).then(|| (self.certain_found / self.certain, self.certain));
        let certain_open = if certain.is_some() { self.certain_open } else { 0.0 };
        [(certain_open, certain), (self.unseen, self.mean())]
    }

    /// The rate of the group had all of it been inspected, with an interval of this level.
    pub fn estimate(&self, level: f64) -> Estimate {
        let unknown = self.unknown();
        let seen = self.certain + self.drawn;
        let total = seen + unknown.iter().map(|(number, _)| number).sum::<f64>();
        let group = seen + self.certain_open + self.unseen + self.out;
        let effective = self.mean().map_or(0.0, |(_, effective)| effective);
        if total <= 0.0 {
            return Estimate { rate: None, low: 0.0, high: 1.0, findings: None, covered: 0.0, effective };
        }
        let found = self.certain_found + self.drawn_found;
        let (mut findings, mut below, mut above) = (Some(found), 0.0_f64, 0.0_f64);
        // What is certain to be there, and what may be there at the most.
        let (mut least, mut most) = (found, found);
        for (number, known) in unknown.into_iter().filter(|(number, _)| *number > 0.0) {
            let Some((mean, results)) = known else {
                findings = None;
                most += number;
                continue;
            };
            let size = results * number / (results + number);
            let (low, high) = clopper_pearson(mean * size, size, level);
            findings = findings.map(|findings| findings + number * mean);
            below += (number * (mean - low)).powi(2);
            above += (number * (high - mean)).powi(2);
            least += number * mean;
            most += number * mean;
        }
        let of = |findings: f64| (findings / total).clamp(0.0, 1.0);
        Estimate {
            rate: findings.map(of),
            low: of(least - below.sqrt()),
            high: of(most + above.sqrt()),
            findings,
            covered: total / group,
            effective,
        }
    }
}

#[cfg(test)]
mod tests;
