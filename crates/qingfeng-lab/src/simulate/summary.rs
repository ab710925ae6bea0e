//! Worlds put together: means, intervals and paired differences.

use std::collections::BTreeMap;

use super::exporters::TacticTally;
use super::options::Arm;
use super::records::CONFIDENCE;
use super::result::{
    Accuracy, ArmResult, Counts, Estimate, Figures, Month, RuleTruth, RuleWorth, TacticResult, WorldResult,
};
use super::world::{World, tallied};

/// Days of the year to which findings are brought.
const YEAR: f64 = 366.0;

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The figures of a world; `late` has the counts of its last third.
pub(super) fn figures(all: &Counts, late: &Counts, days: u64) -> Figures<f64> {
    Figures {
        found_a_year: all.violations_found as f64 * YEAR / days.max(1) as f64,
        hit_rate: share(all.hits, all.inspections),
        targeted_hit_rate: share(all.targeted_hits, all.targeted),
        random_hit_rate: share(all.drawn_hits, all.drawn),
        found_share: share(all.violations_found, all.violations),
        found_value_share: share(all.value_found_cents, all.value_cents),
        late_found_share: share(late.violations_found, late.violations),
        drawn_share: share(all.drawn, all.inspections),
        out_of_reach_share: share(all.out_of_reach, all.violations),
    }
}

impl<T> Figures<T> {
    /// A value for each figure; `of` gives it by how that figure is read.
    fn each<U>(of: impl Fn(fn(&Figures<U>) -> &U) -> T) -> Self {
        Self {
            found_a_year: of(|figures| &figures.found_a_year),
            hit_rate: of(|figures| &figures.hit_rate),
            targeted_hit_rate: of(|figures| &figures.targeted_hit_rate),
            random_hit_rate: of(|figures| &figures.random_hit_rate),
            found_share: of(|figures| &figures.found_share),
            found_value_share: of(|figures| &figures.found_value_share),
            late_found_share: of(|figures| &figures.late_found_share),
            drawn_share: of(|figures| &figures.drawn_share),
            out_of_reach_share: of(|figures| &figures.out_of_reach_share),
        }
    }
}

/// Student's t for 95 % (Student 1908), by degrees of freedom from 1; beyond the table the value for 30 falls towards
/// that of the normal distribution by 2.42 / df, within 0.001 of the exact one.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The mean of some worlds, with its interval.
pub(super) fn estimate(values: &[f64]) -> Estimate {
    let count = values.len() as f64;
    if values.is_empty() {
        return Estimate::default();
    }
    let mean = values.iter().sum::<f64>() / count;
    if values.len() == 1 {
        return Estimate { mean, low: None, high: None };
    }
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    let t = T.get(values.len() - 2).copied().unwrap_or(1.960 + 2.42 / (count - 1.0));
    Estimate { mean, low: Some(mean - t * error), high: Some(mean + t * error) }
}

fn estimates(worlds: &[Figures<f64>]) -> Figures<Estimate> {
    Figures::each(|figure: fn(&Figures<f64>) -> &f64| {
        estimate(&worlds.iter().map(|world| *figure(world)).collect::<Vec<f64>>())
    })
}

/// An arm's worlds put together; `first` are those of the first arm, unless this is it.
pub(super) fn arm(arm: Arm, worlds: Vec<World>, first: Option<&[WorldResult]>) -> ArmResult {
    let months = months(&worlds);
    let tactics = tallied()
        .map(|(tactic, way)| {
            let tallies: Vec<&TacticTally> = worlds.iter().map(|world| &world.tallies[way]).collect();
            let sum = |of: fn(&TacticTally) -> u64| tallies.iter().map(|tally| of(tally)).sum::<u64>();
            let ended = sum(|tally| tally.ended_found);
            let mean = |total: u64| (ended > 0).then(|| total as f64 / ended as f64);
            let firsts: Vec<f64> = tallies
                .iter()
                .filter_map(|tally| Some(f64::from(tally.first_found?.days() - tally.first_use?.days())))
                .collect();
            TacticResult {
                tactic,
                violations: sum(|tally| tally.violations),
                violations_found: sum(|tally| tally.found),
                taken_up: sum(|tally| tally.taken_up),
                ended_found: ended,
                ended_by_draw: sum(|tally| tally.ended_by_draw),
                days_to_found: mean(sum(|tally| tally.days)),
                passed_before: mean(sum(|tally| tally.passed)),
                days_to_first: (!firsts.is_empty()).then(|| firsts.iter().sum::<f64>() / firsts.len() as f64),
            }
        })
        .collect();
    let worlds: Vec<WorldResult> = worlds.into_iter().map(|world| world.result).collect();
    let figures: Vec<Figures<f64>> = worlds.iter().map(|world| world.figures).collect();
    let difference = first.map(|first| {
        let pairs = figures.iter().zip(first).map(|(own, first)| {
            Figures::each(|figure: fn(&Figures<f64>) -> &f64| figure(own) - figure(&first.figures))
        });
        estimates(&pairs.collect::<Vec<_>>())
    });
    ArmResult {
        arm,
        figures: estimates(&figures),
        difference,
        months,
        tactics,
        rules: rules(&worlds),
        worlds,
    }
}

fn months(worlds: &[World]) -> Vec<Month> {
    let mut by_month: BTreeMap<&str, Vec<Counts>> = BTreeMap::new();
    for of_world in worlds.iter().flat_map(|world| &world.result.months) {
        by_month.entry(&of_world.month).or_default().push(of_world.counts);
    }
    let month = |(month, each): (&str, Vec<Counts>)| {
        let mut counts = Counts::default();
        each.iter().for_each(|&of_world| counts += of_world);
        let shares = |of: fn(&Counts) -> f64| estimate(&each.iter().map(of).collect::<Vec<f64>>());
        Month {
            month: month.to_owned(),
            counts,
            found_share: shares(|counts| share(counts.violations_found, counts.violations)),
            hit_rate: shares(|counts| share(counts.hits, counts.inspections)),
        }
    };
    by_month.into_iter().map(month).collect()
}

/// What is said of rules, held against the truth.
fn rules(worlds: &[WorldResult]) -> Option<RuleTruth> {
    let all: Vec<&RuleWorth> = worlds.iter().flat_map(|world| &world.rules).collect();
    // Without a draw only rules of which all was inspected have a corrected rate, and it is the naive one.
    let drawn = worlds.iter().filter(|world| world.counts.drawn > 0).flat_map(|world| &world.rules);
    let naive = all.iter().map(|rule| (rule.naive, rule.naive_interval, rule.truth)).collect::<Vec<_>>();
    let corrected = drawn.filter_map(|rule| Some((rule.corrected?, rule.corrected_interval, rule.truth)));
    let corrected: Vec<(f64, [f64; 2], f64)> = corrected.collect();
    let estimated: Vec<f64> = worlds.iter().filter_map(|world| world.estimated_violations).collect();
    Some(RuleTruth {
        rules: naive.len() as u64,
        naive: accuracy(&naive)?,
        corrected_rules: corrected.len() as u64,
        corrected: accuracy(&corrected),
        confidence: CONFIDENCE,
        estimated_violations: (estimated.len() == worlds.len()).then(|| estimated.iter().sum()),
        violating_declarations: worlds.iter().map(|world| world.violating_declarations).sum(),
    })
}

/// How figures with their intervals stand to the truth.
fn accuracy(figures: &[(f64, [f64; 2], f64)]) -> Option<Accuracy> {
    let count = figures.len() as f64;
    let held = figures.iter().filter(|(_, [low, high], truth)| low <= truth && truth <= high).count();
    (!figures.is_empty()).then(|| Accuracy {
        bias: figures.iter().map(|(figure, _, truth)| figure - truth).sum::<f64>() / count,
        error: figures.iter().map(|(figure, _, truth)| (figure - truth).abs()).sum::<f64>() / count,
        held: held as f64 / count,
    })
}

#[cfg(test)]
mod tests;
