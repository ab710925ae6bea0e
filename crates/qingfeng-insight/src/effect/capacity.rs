//! Precision and recall where the best of the score are inspected.

use std::collections::BTreeMap;

use super::estimate::Sums;
use super::{CapacityPoint, EffectOptions};
use crate::statistics::Rate;

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
    let best = above.estimate(level);
    let count = inspections as f64;
    let found = best.rate.map(|rate| rate * count);
    let left = population - inspections;
    let missed = match left {
        0 => Some(0.0),
        left => below.estimate(level).rate.map(|rate| rate * left as f64),
    };
    let total = found.zip(missed).map(|(found, missed)| found + missed);
    let of_total = |part: f64| total.filter(|total| *total > 0.0).map(|total| (part / total).min(1.0));
    CapacityPoint {
        share,
        inspections,
        score: last,
        found,
        precision: best.rate.map(|rate| Rate { rate, low: best.low, high: best.high }),
        recall: found.and_then(of_total),
        random,
        ideal: total.map(|total| (total / count).min(1.0)),
        ideal_recall: of_total(count),
    }
}
