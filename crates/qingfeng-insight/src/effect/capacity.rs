//! Precision and recall where the best of the score are inspected.

use std::collections::BTreeMap;

use super::estimate::Sums;
use super::{Bounded, CapacityPoint, EffectOptions, Estimate};

/// The declarations of a score that a draw or a plan could choose, and what is known of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfScore {
    pub count: u64,
    pub sums: Sums,
}

/// The points of the options, the smallest capacity first. Among declarations of equal score chance decides, so of the last
/// score a part is counted.
pub(crate) fn points(scores: &BTreeMap<i64, OfScore>, options: &EffectOptions) -> Vec<CapacityPoint> {
    let population: u64 = scores.values().map(|score| score.count).sum();
    if population == 0 {
        return Vec::new();
    }
    let mut all = Sums::default();
    scores.values().for_each(|score| all.add(&score.sums, 1.0));
    let all = all.estimate(options.level);
    let mut shares = options.capacities.clone();
    shares.retain(|share| *share > 0.0 && *share <= 1.0);
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    shares.iter().map(|&share| point(scores, population, all.rate, share, options.level)).collect()
}

fn point(
    scores: &BTreeMap<i64, OfScore>,
    population: u64,
    random: Option<f64>,
    share: f64,
    level: f64,
) -> CapacityPoint {
    let inspections = ((share * population as f64).round() as u64).clamp(1, population);
    let (mut above, mut below) = (Sums::default(), Sums::default());
    let (mut room, mut last) = (inspections, 0);
    for (&score, group) in scores.iter().rev() {
        let taken = room.min(group.count);
        if taken > 0 {
            last = score;
            room -= taken;
        }
        let part = taken as f64 / group.count as f64;
        above.add(&group.sums, part);
        below.add(&group.sums, 1.0 - part);
    }
    let precision = above.estimate(level);
    let count = inspections as f64;
    let left = population - inspections;
    let below = match left {
        0 => Violations { told: Some(0.0), low: 0.0, high: 0.0 },
        left => Violations::of(&below.estimate(level), left),
    };
    let best = Violations::of(&precision, inspections);
    let total = best.told.zip(below.told).map(|(best, below)| best + below).filter(|total| *total > 0.0);
    let [pieces, fines] = above.held().map_or([None; 2], |held| held.map(Some));
    CapacityPoint {
        share,
        inspections,
        score: last,
        precision,
        recall: best.of_all(&below),
        pieces,
        fines,
        random,
        ideal: total.map(|total| (total / count).min(1.0)),
        ideal_recall: total.map(|total| (count / total).min(1.0)),
    }
}

/// How many of some declarations violate.
#[derive(Clone, Copy)]
struct Violations {
    told: Option<f64>,
    low: f64,
    high: f64,
}

impl Violations {
    /// Of so many, by an estimate.
    fn of(estimate: &Estimate, number: u64) -> Self {
        let of = |rate: f64| rate * number as f64;
        Self { told: estimate.rate.map(of), low: of(estimate.low), high: of(estimate.high) }
    }

    /// Which part of these and the others together these are. The bounds are those of Zou and Donner (2008) for a ratio, by its
    /// logarithm; where one of the two is none, or only known within bounds, they are the outermost.
    fn of_all(&self, others: &Self) -> Bounded {
        let part = |own: f64, others: f64| (own + others > 0.0).then(|| own / (own + others));
        let rate = self.told.zip(others.told).and_then(|(own, rest)| part(own, rest));
        let outermost = Bounded {
            rate,
            low: part(self.low, others.high).unwrap_or(0.0),
            high: part(self.high, others.low).unwrap_or(1.0),
        };
        let (Some(own), Some(rest)) = (self.told, others.told) else { return outermost };
        if own <= 0.0 || rest <= 0.0 {
            return outermost;
        }
        // By which factor the ratio of own to rest may be too high; infinitely much where a bound is 0.
        let off = |own: f64, rest: f64| own.ln().hypot(rest.ln()).exp();
        let (down, up) = (off(own / self.low, others.high / rest), off(self.high / own, rest / others.low));
        Bounded {
            rate,
            low: part(own / down, rest).unwrap_or(0.0),
            high: part(own, rest / up).unwrap_or(1.0),
        }
    }
}
