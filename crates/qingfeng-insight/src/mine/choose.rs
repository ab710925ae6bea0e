//! Which patterns become rules: those that hold again on later days.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::Pack;

use super::additive::Model;
use super::facets::{Facet, Part, Pattern, facets};
use super::lines::LabelledLines;
use super::run::cold;
use super::search::search;
use super::{Hits, MineOptions, POINTS_PER_LOG_ODDS, POINTS_STEP};
use crate::statistics::{false_discovery, normal_above};

/// Where the learning time is cut: what is found before a cut is tried on the days up to the next.
const CUTS: [f64; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Before this cut conjunctions are looked for; all later days try them.
const SEARCHED: f64 = 0.6;
/// Sums of up to so many chances are taken exactly, longer ones as normal.
const EXACT_MAX: usize = 2_000;

/// A rule to be.
pub(super) struct Chosen {
    pub(super) pattern: Pattern,
    pub(super) points: i64,
    pub(super) confirmed: Hits,
    /// What leaving it out would cost.
    pub(super) gain: f64,
}

pub(super) struct Choice {
    pub(super) rules: Vec<Chosen>,
    pub(super) tried: u64,
    pub(super) confirmed: u64,
}

/// What was tried on later days.
#[derive(Default)]
struct Trial {
    hits: Hits,
    /// How likely each of its lines was to be found without it.
    chances: Vec<f64>,
}

impl Trial {
    fn add(&mut self, found: bool, chance: f64) {
        self.hits.add(found);
        self.chances.push(chance);
    }

    /// How likely so many findings, or more, would be by chance.
    fn upper(&self) -> f64 {
        tail(self.hits.hits, &self.chances)
    }

    /// The same of so few.
    fn lower(&self) -> f64 {
        let clear: Vec<f64> = self.chances.iter().map(|chance| 1.0 - chance).collect();
        tail(self.hits.lines - self.hits.hits, &clear)
    }
}

/// How likely at least so many of independent events are: exactly, or by the normal distribution with a correction for
/// continuity.
fn tail(at_least: u64, chances: &[f64]) -> f64 {
    if at_least == 0 {
        return 1.0;
    }
    if chances.len() <= EXACT_MAX {
        let most = at_least as usize;
        // The chance of each count below `at_least`.
        let mut counts = vec![0.0; most];
        counts[0] = 1.0;
        for (done, &chance) in chances.iter().enumerate() {
            for at in (0..=(done + 1).min(most - 1)).rev() {
                let less = if at > 0 { counts[at - 1] * chance } else { 0.0 };
                counts[at] = counts[at] * (1.0 - chance) + less;
            }
        }
        return (1.0 - counts.iter().sum::<f64>()).clamp(0.0, 1.0);
    }
    let mean: f64 = chances.iter().sum();
    let spread = chances.iter().map(|chance| chance * (1.0 - chance)).sum::<f64>().sqrt();
    normal_above((at_least as f64 - 0.5 - mean) / spread.max(1e-9))
}

/// Points of a weight: whole steps.
fn points(weight: f64) -> i64 {
    (weight * POINTS_PER_LOG_ODDS / POINTS_STEP as f64).round() as i64 * POINTS_STEP
}

/// Where the day at this share of the lines begins.
fn cut(lines: &LabelledLines, learn: &[u32], share: f64) -> usize {
    let at = (learn.len() as f64 * share) as usize;
    match learn.get(at) {
        None => learn.len(),
        Some(&line) => learn.partition_point(|&other| lines.days[other as usize] < lines.days[line as usize]),
    }
}

fn rate(lines: &LabelledLines, of: &[u32]) -> f64 {
    let hits = of.iter().filter(|&&line| lines.found[line as usize]).count();
    (hits as f64 + 0.5) / (of.len() as f64 + 1.0)
}

/// The field and the direction in which a facet counts.
type Unit = (String, bool);

/// What the points of each field, up and down, find on days after those that they were fitted on.
fn try_units(
    pack: &Pack,
    lines: &LabelledLines,
    learn: &[u32],
    same: Option<&[u32]>,
    least: u32,
) -> BTreeMap<Unit, Trial> {
    let mut trials: BTreeMap<Unit, Trial> = BTreeMap::new();
    for pair in CUTS.windows(2) {
        let (from, until) = (cut(lines, learn, pair[0]), cut(lines, learn, pair[1]));
        let after = &learn[from..until];
        let before = &cold(same, &learn[..from], after);
        if before.is_empty() || after.is_empty() {
            continue;
        }
        let facets = additive(&facets(pack, lines, before, least));
        let model = Model::fit(&facets, before, &lines.found, least);
        let base = rate(lines, after);
        for (facet, weights) in facets.iter().zip(&model.weights) {
            let points: Vec<i64> = weights.iter().map(|&weight| points(weight)).collect();
            if points.iter().all(|&points| points == 0) {
                continue;
            }
            for &line in after {
                let points = points[facet.of_line[line as usize] as usize];
                if points != 0 {
                    let trial = trials.entry((facet.name.clone(), points > 0)).or_default();
                    trial.add(lines.found[line as usize], base);
                }
            }
        }
    }
    trials
}

/// The facets that count by themselves.
fn additive(facets: &[Arc<Facet>]) -> Vec<Arc<Facet>> {
    facets.iter().filter(|facet| !facet.joint_only).cloned().collect()
}

/// Conjunctions found early, with what they find later.
fn try_conjunctions(
    pack: &Pack,
    lines: &LabelledLines,
    learn: &[u32],
    same: Option<&[u32]>,
    options: &MineOptions,
) -> Vec<(Pattern, Trial, f64)> {
    if options.conditions < 2 {
        return Vec::new();
    }
    let (before, after) = learn.split_at(cut(lines, learn, SEARCHED));
    let before = &cold(same, before, after);
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
    let facets = facets(pack, lines, before, options.least_lines);
    let alone = additive(&facets);
    let model = Model::fit(&alone, before, &lines.found, options.least_lines);
    let expected: Vec<f64> = before.iter().map(|&line| model.chance(&alone, line)).collect();
    let found = search(&facets, before, &lines.found, &expected, options.conditions, options.least_lines);
    let base = rate(lines, after);
    let tried = |pattern: Pattern| {
        let (mut expected, mut average) = (Trial::default(), Trial::default());
        for &line in after.iter().filter(|&&line| pattern.holds(line)) {
            let is_found = lines.found[line as usize];
            expected.add(is_found, model.chance(&alone, line));
            average.add(is_found, base);
        }
        // It must find more than the average, and more than its parts lead to expect.
        let chance = expected.upper().max(average.upper());
        (pattern, average, chance)
    };
    found.into_iter().map(tried).collect()
}

/// Chooses rules from learning lines, which are in the order of days.
///
/// Where `same` says which lines share their values, no line is tried on what lines of its own values led to.
pub(super) fn choose(
    pack: &Pack,
    lines: &LabelledLines,
    learn: &[u32],
    same: Option<&[u32]>,
    options: &MineOptions,
) -> Choice {
    let least = options.least_lines.max(1);
    let units = try_units(pack, lines, learn, same, least);
    let conjunctions = try_conjunctions(pack, lines, learn, same, options);
    let mut chances: Vec<f64> =
        units.iter().map(|((_, up), trial)| if *up { trial.upper() } else { trial.lower() }).collect();
    chances.extend(conjunctions.iter().map(|(.., chance)| *chance));
    let adjusted = false_discovery(&chances);
    let is_confirmed: Vec<bool> = adjusted.iter().map(|&p| p <= options.false_discoveries).collect();
    let tried = chances.len() as u64;
    let confirmed_count = is_confirmed.iter().filter(|confirmed| **confirmed).count() as u64;
    let held: BTreeMap<&Unit, Hits> = units
        .iter()
        .zip(&is_confirmed)
        .filter(|(_, held)| **held)
        .map(|((unit, trial), _)| (unit, trial.hits))
        .collect();
    let joint: Vec<(Pattern, Hits)> = conjunctions
        .into_iter()
        .zip(&is_confirmed[units.len()..])
        .filter(|(_, held)| **held)
        .map(|((pattern, trial, _), _)| (pattern, trial.hits))
        .collect();
    let all = facets(pack, lines, learn, least);
    let mut fitted = additive(&all);
    let alone = fitted.len();
    fitted.extend(joint.iter().map(|(pattern, _)| Arc::new(pattern.as_facet(lines.len()))));
    let model = Model::fit(&fitted, learn, &lines.found, least);
    let base = rate(lines, learn);
    let mut rules = Vec::new();
    let mut add = |pattern: Pattern, points: i64, confirmed: Hits| {
        let mut hits = Hits::default();
        learn
            .iter()
            .filter(|&&line| pattern.holds(line))
            .for_each(|&line| hits.add(lines.found[line as usize]));
        // A rule that an officer reads must say by itself what its points say.
        let Some(own) = hits.rate().filter(|rate| (*rate > base) == (points > 0)) else { return };
        let weight = points as f64 / POINTS_PER_LOG_ODDS;
        let gain = weight * weight * hits.lines as f64 * own.max(base) * (1.0 - own.max(base).min(0.9));
        rules.push(Chosen { pattern, points, confirmed, gain });
    };
    for (facet, weights) in fitted[..alone].iter().zip(&model.weights) {
        let mut levels: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (cell, &weight) in weights.iter().enumerate().skip(1) {
            levels.entry(points(weight)).or_default().push(cell as u32);
        }
        for (points, cells) in levels {
            let unit = (facet.name.clone(), points > 0);
            if let (true, Some(&hits)) = (points != 0, held.get(&unit)) {
                add(Pattern { parts: vec![Part { facet: Arc::clone(facet), cells }] }, points, hits);
            }
        }
    }
    for ((pattern, hits), weights) in joint.into_iter().zip(&model.weights[alone..]) {
        let points = points(weights.get(1).copied().unwrap_or(0.0));
        if points > 0 {
            add(pattern, points, hits);
        }
    }
    rules.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    rules.truncate(options.most);
    Choice { rules, tried, confirmed: confirmed_count }
}

#[cfg(test)]
mod tests;
