//! The estimate of a rate from a draw.

use std::cmp::Ordering;

use serde::Serialize;

use crate::statistics::{share_high, share_low};

/// The hit rate of a group had all of it been inspected.
///
/// What is known of a group of declarations has two parts, and each of them those with a result and those without:
///
/// - *certain*: those that were selected with probability 1;
/// - *drawable*: those that a draw chose, each with its own probability, and those that it could have chosen.
///
/// Those with a result are counted as they are. Nobody saw the others; what they hold is their number N times the weighted
/// mean of those of their part with a result, each with the weight v = 1/p − 1, where p is the probability of being selected
/// and of sending back a result. The second factor is the share of the selected of the same office, way of selection and
/// stratum that came back: the missing are taken to be like those that came within their office and stratum (weighting
/// classes; Little 1986), and say nothing of other offices. A declaration of an office from which nothing came back has no
/// such share, and is not covered.
///
/// Added up this is the estimate of Horvitz and Thompson (1952), since y/p = y + y (1/p − 1), with the unseen part
/// post-stratified to its known number as Hájek (1971) has it: the sum of the weights is replaced by N. It needs no assumption of
/// why the first part was selected.
///
/// The interval is that of the unseen, since the others are counted. It is the interval of Clopper and Pearson (1934)
/// for a share, with the effective number of results in the place of their number, as Korn and Graubard (1998)
/// use it for surveys with few cases: the lesser of (Σv)²/Σv² (Kish 1965) and ȳ (1 − ȳ) over the variance of the weighted
/// mean. That number n is then taken as n N / (n + N): the unseen are themselves no more than N, so that their share spreads
/// around its expectation. For a simple random sample this is the variance with the usual correction for a finite
/// population, and of a group that was inspected as a whole nothing stays open. The bounds of the sum of both parts are
/// those of Zou and Donner (2008): the roots of the summed squares of the distances from each estimate to its bound.
///
/// - C. J. Clopper, E. S. Pearson: The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial.
///   Biometrika 26 (1934), 404–413.
/// - D. G. Horvitz, D. J. Thompson: A Generalization of Sampling Without Replacement from a Finite Universe. Journal of the
///   American Statistical Association 47 (1952), 663–685.
/// - J. Hájek: Comment on an essay by D. Basu. In: Foundations of Statistical Inference, Toronto 1971, 236.
/// - L. Kish: Survey Sampling. New York 1965, 427–430.
/// - E. L. Korn, B. I. Graubard: Confidence Intervals for Proportions with Small Expected Number of Positive Counts
///   Estimated from Survey Data. Survey Methodology 24 (1998), 193–201.
/// - R. J. A. Little: Survey Nonresponse Adjustments for Estimates of Means. International Statistical Review 54 (1986),
///   139–157.
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
    /// those of whose like no result came back.
    pub covered: f64,
    /// How many drawn declarations of equal chance would tell as much of the unseen part.
    pub effective: f64,
}

impl Estimate {
    /// Between which rates that of the whole group lies, whatever the part is that the estimate does not cover.
    pub fn whole(&self) -> (f64, f64) {
        (self.low * self.covered, self.high * self.covered + 1.0 - self.covered)
    }
}

/// How much violates: pieces and fines.
pub(crate) type Worth = [f64; 2];

/// One half of a group: those that were certain to be inspected, or those that a draw could choose.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Half {
    /// Those with a result, with a finding, and what these hold.
    pub results: f64,
    pub found: f64,
    worth: Worth,
    /// Those without a result that are taken to be like them.
    pub unseen: f64,
    /// Over those with a result: Σv, Σv², Σvy, Σv²y, with v = 1/p − 1; and Σv of what they hold.
    v: f64,
    v2: f64,
    vy: f64,
    v2y: f64,
    v_worth: Worth,
}

impl Half {
    /// Takes in a declaration with a result that was to have one with this probability.
    pub fn result(&mut self, probability: f64, found: bool, worth: Worth) {
        let v = 1.0 / probability - 1.0;
        let y = f64::from(u8::from(found));
        self.results += 1.0;
        self.found += y;
        self.v += v;
        self.v2 += v * v;
        self.vy += v * y;
        self.v2y += v * v * y;
        for ((sum, v_sum), worth) in self.worth.iter_mut().zip(&mut self.v_worth).zip(worth) {
            *sum += worth;
            *v_sum += v * worth;
        }
    }

    fn add(&mut self, other: &Self, part: f64) {
        self.results += part * other.results;
        self.found += part * other.found;
        self.unseen += part * other.unseen;
        self.v += part * other.v;
        self.v2 += part * other.v2;
        self.vy += part * other.vy;
        self.v2y += part * other.v2y;
        let worth = self.worth.iter_mut().chain(&mut self.v_worth);
        worth.zip(other.worth.iter().chain(&other.v_worth)).for_each(|(sum, other)| *sum += part * other);
    }

    /// The same without a part of it.
    fn without(&self, part: &Self) -> Self {
        // What differs by the rounding of sums alone is nothing.
        let rest = |all: f64, part: f64| Some(all - part).filter(|rest| *rest > 1e-9 * all).unwrap_or(0.0);
        Self {
            results: rest(self.results, part.results),
            found: rest(self.found, part.found),
            unseen: rest(self.unseen, part.unseen),
            v: rest(self.v, part.v),
            v2: rest(self.v2, part.v2),
            vy: rest(self.vy, part.vy),
            v2y: rest(self.v2y, part.v2y),
            worth: [0, 1].map(|at| rest(self.worth[at], part.worth[at])),
            v_worth: [0, 1].map(|at| rest(self.v_worth[at], part.v_worth[at])),
        }
    }

    fn count(&self) -> f64 {
        self.results + self.unseen
    }

    /// The weighted mean of those with a result, with the weights `one` + `times` v, and their effective number.
    fn mean(&self, one: f64, times: f64) -> Option<(f64, f64)> {
        if self.results <= 0.0 {
            return None;
        }
        let weights = one * self.results + times * self.v;
        if weights <= 0.0 {
            // Each was to have a result for certain, and those without one are like those with one.
            return Some((self.found / self.results, self.results));
        }
        let squares =
            |count: f64, v: f64, v2: f64| one * one * count + 2.0 * one * times * v + times * times * v2;
        let mean = ((one * self.found + times * self.vy) / weights).clamp(0.0, 1.0);
        let square = squares(self.results, self.v, self.v2);
        let kish = weights * weights / square;
        let of_found = squares(self.found, self.vy, self.v2y);
        let spread = (of_found * (1.0 - 2.0 * mean) + mean * mean * square) / (weights * weights);
        let binomial = mean * (1.0 - mean);
        let effective = if binomial > 0.0 && spread > 0.0 { kish.min(binomial / spread) } else { kish };
        Some((mean, effective))
    }

    /// What is not known of it: how many, and between which numbers their violations lie.
    fn unknown(&self, tail: f64) -> Span {
        let Some((mean, results)) = self.mean(0.0, 1.0) else { return Span::unknown(self.unseen) };
        // That they are no more than so many makes their share spread.
        let size = results * self.unseen / (results + self.unseen);
        Span::of(self.unseen, mean, size, tail)
    }

    /// The violations of so many as there are here, were they drawn anew from where these came from.
    fn coming(&self, tail: f64) -> Span {
        let times = if self.v > 0.0 { self.unseen / self.v } else { 0.0 };
        match self.mean(1.0, times) {
            Some((mean, size)) => Span::of(self.count(), mean, size, tail),
            None => Span::unknown(self.unseen),
        }
    }

    /// What it holds, those without a result included.
    fn held(&self) -> Option<Worth> {
        if self.unseen <= 0.0 {
            return Some(self.worth);
        }
        let per = match (self.v, self.results) {
            (v, _) if v > 0.0 => self.v_worth.map(|sum| sum / v),
            (_, results) if results > 0.0 => self.worth.map(|sum| sum / results),
            _ => return None,
        };
        Some([0, 1].map(|at| self.worth[at] + self.unseen * per[at]))
    }
}

/// A number that is known within bounds: it is between `least` and `most`, which differ where nothing is known of a part; the
/// squares of how far chance leads below and above are added up over parts (Zou and Donner 2008).
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    least: f64,
    most: f64,
    below: f64,
    above: f64,
}

impl Span {
    /// So many violations for certain.
    fn certain(number: f64) -> Self {
        Self { least: number, most: number, below: 0.0, above: 0.0 }
    }

    /// Of so many nothing is known.
    fn unknown(number: f64) -> Self {
        Self { least: 0.0, most: number, below: 0.0, above: 0.0 }
    }

    /// Of so many this share, as so many results tell it.
    fn of(number: f64, mean: f64, results: f64, tail: f64) -> Self {
        if number <= 0.0 {
            return Self::default();
        }
        let found = mean * results;
        Self {
            least: number * mean,
            most: number * mean,
            below: (number * (mean - share_low(found, results, tail))).powi(2),
            above: (number * (share_high(found, results, tail) - mean)).powi(2),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            least: self.least + other.least,
            most: self.most + other.most,
            below: self.below + other.below,
            above: self.above + other.above,
        }
    }

    fn times(self, factor: f64) -> Self {
        let square = factor * factor;
        Self {
            least: self.least * factor,
            most: self.most * factor,
            below: self.below * square,
            above: self.above * square,
        }
    }

    /// Whether it lies above another one, which is of others.
    fn is_above(&self, other: &Self) -> bool {
        self.least - other.most > (self.below + other.above).sqrt()
    }

    fn low(&self) -> f64 {
        self.least - self.below.sqrt()
    }

    fn high(&self) -> f64 {
        self.most + self.above.sqrt()
    }
}

/// What is known of a group, in sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    /// Of all that were selected with certainty.
    pub certain: Half,
    /// Of all that were drawn, or could have been.
    pub drawn: Half,
    /// Those of which nothing is said: no draw could choose them, or nothing came back of their like.
    pub out: f64,
}

/// The least probability that is told: a millionth of a millionth.
const LEAST_P: f64 = 1e-12;

impl Sums {
    /// Adds a part of another group.
    pub fn add(&mut self, other: &Self, part: f64) {
        self.certain.add(&other.certain, part);
        self.drawn.add(&other.drawn, part);
        self.out += part * other.out;
    }

    /// The same without a part of the group.
    pub fn without(&self, part: &Self) -> Self {
        Self {
            certain: self.certain.without(&part.certain),
            drawn: self.drawn.without(&part.drawn),
            out: (self.out - part.out).max(0.0),
        }
    }

    pub fn results(&self) -> f64 {
        self.certain.results + self.drawn.results
    }

    pub fn found(&self) -> f64 {
        self.certain.found + self.drawn.found
    }

    /// The halves of which something is said, and how many others are left out: of the certain without a result something is
    /// said only where some have one.
    fn said(&self) -> ([Half; 2], f64) {
        if self.certain.results > 0.0 {
            ([self.certain, self.drawn], 0.0)
        } else {
            ([Half::default(), self.drawn], self.certain.unseen)
        }
    }

    /// The violations of the group had all of it been inspected, what it covers, and what that is of all.
    fn findings(&self, tail: f64) -> (Span, f64, f64) {
        let (halves, left) = self.said();
        let total: f64 = halves.iter().map(Half::count).sum();
        let covered = if total > 0.0 { total / (total + left + self.out) } else { 0.0 };
        let unknown = halves.iter().filter(|half| half.unseen > 0.0).map(|half| half.unknown(tail));
        (unknown.fold(Span::certain(self.found()), Span::and), total, covered)
    }

    /// The rate of the group had all of it been inspected, with an interval of this level.
    pub fn estimate(&self, level: f64) -> Estimate {
        let (span, total, covered) = self.findings((1.0 - level) / 2.0);
        let effective = self.drawn.mean(0.0, 1.0).map_or(0.0, |(_, effective)| effective);
        if total <= 0.0 {
            return Estimate { rate: None, low: 0.0, high: 1.0, findings: None, covered, effective };
        }
        let findings = (span.least == span.most).then_some(span.least);
        let of = |findings: f64| (findings / total).clamp(0.0, 1.0);
        Estimate {
            rate: findings.map(of),
            low: of(span.low()),
            high: of(span.high()),
            findings,
            covered,
            effective,
        }
    }

    /// What the covered part of the group holds, in pieces and in fines, had all of it been inspected; `None` where nothing
    /// of something was drawn.
    pub fn held(&self) -> Option<Worth> {
        let ([certain, drawn], _) = self.said();
        let (certain, drawn) = (certain.held()?, drawn.held()?);
        Some([0, 1].map(|at| certain[at] + drawn[at]))
    }

    /// The rate of those to come: what was counted is a sample of them, too.
    fn coming(&self, tail: f64) -> Option<Span> {
        let (halves, _) = self.said();
        let total: f64 = halves.iter().map(Half::count).sum();
        let spans = halves.iter().map(|half| half.coming(tail)).fold(Span::default(), Span::and);
        (total > 0.0).then(|| spans.times(1.0 / total))
    }

    /// Whether the rate of those to come is above or below that of another group, and how likely a difference as
    /// great is by chance, in both directions: the level at which the intervals of both, put together, just reach each
    /// other. `None` where nothing is known of one of them.
    pub fn compared(&self, other: &Self) -> Option<(Ordering, f64)> {
        let spans = |p: f64| Some((self.coming(p / 2.0)?, other.coming(p / 2.0)?));
        let (own, others) = spans(1.0)?;
        let order = match (own.least > others.most, own.most < others.least) {
            (true, _) => Ordering::Greater,
            (_, true) => Ordering::Less,
            _ => return Some((Ordering::Equal, 1.0)),
        };
        let are_apart = |p: f64| {
            spans(p).is_some_and(|(own, others)| match order {
                Ordering::Less => others.is_above(&own),
                _ => own.is_above(&others),
            })
        };
        // Of the logarithm, to a thousandth of the probability.
        let (mut low, mut high) = (LEAST_P.ln(), 0.0);
        for _ in 0..15 {
            let middle = 0.5 * (low + high);
            if are_apart(middle.exp()) { high = middle } else { low = middle }
        }
        Some((order, high.exp()))
    }
}

#[cfg(test)]
mod tests;
