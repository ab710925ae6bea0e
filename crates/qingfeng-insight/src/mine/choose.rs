//! Which patterns become rules: those that hold again on later days.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::Pack;

use super::additive::{Model, Seen, chance};
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
/// Weights are counted in whole units, of which there are at most so many.
const UNITS_MAX: f64 = 20_000.0;
/// Sums of chances that take up to so many steps are taken exactly, longer ones as normal.
const STEPS_MAX: usize = 6_000_000;

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
    /// Its lines.
    lines: Vec<Tried>,
}

/// What a field was tried for in a direction: all its points, and each number of them.
#[derive(Default)]
struct UnitTrial {
    all: Trial,
    levels: BTreeMap<i64, Trial>,
}

impl UnitTrial {
    /// What points near these found, from half of them to twice as many: numbers of points move a little from fit to fit. All
    /// that was tried where nothing is near.
    fn near(&self, points: i64) -> Trial {
        let points = points.abs();
        let near = self.levels.iter().filter(|(level, _)| *level * 2 >= points && **level <= points * 2);
        let mut sum = Trial::default();
        near.for_each(|(_, trial)| sum.append(trial));
        if sum.lines.is_empty() {
            sum.append(&self.all);
        }
        sum
    }
}

/// A line on which something was tried.
#[derive(Clone, Copy)]
struct Tried {
    found: bool,
    /// How likely it was to be found without it.
    chance: f64,
    /// What it counts.
    weight: f64,
}

impl Trial {
    /// Adds a line that counts `times` what lines of its kind do.
    fn add(&mut self, lines: &LabelledLines, line: u32, times: f64, chance: f64) {
        let found = lines.found[line as usize];
        let weight = lines.weight(line);
        self.hits.add(found, weight);
        self.lines.push(Tried { found, chance, weight: times * weight.unwrap_or(1.0) });
    }

    fn append(&mut self, other: &Self) {
        self.hits.append(other.hits);
        self.lines.extend(&other.lines);
    }

    /// How likely so many findings, or more, or so few, would be by chance.
    fn chance(&self, up: bool) -> f64 {
        if up { self.upper() } else { self.lower() }
    }

    /// How likely so many findings, or more, would be by chance.
    fn upper(&self) -> f64 {
        tail(&self.lines)
    }

    /// The same of so few.
    fn lower(&self) -> f64 {
        let clear = |line: &Tried| Tried { found: !line.found, chance: 1.0 - line.chance, ..*line };
        tail(&self.lines.iter().map(clear).collect::<Vec<_>>())
    }
}

/// How likely it is that found lines weigh at least as much as they do, each being found with its chance and apart from the
/// others: exactly, or by the normal distribution with a correction for continuity.
///
/// Which lines were inspected, and what each counts, is given: that lines count differently makes the sum of those found
/// less certain, and so it is in its distribution, be it one heavy line among many light ones. To be added up exactly,
/// weights are rounded to whole units; such a sum is tested as rightly as any other. Lines that count less than half a
/// unit then have no part in it.
fn tail(lines: &[Tried]) -> f64 {
    let total: f64 = lines.iter().map(|line| line.weight).sum();
    let least = lines.iter().map(|line| line.weight).fold(f64::INFINITY, f64::min);
    if !lines.iter().any(|line| line.found) {
        return 1.0;
    }
    let unit = least.max(total / UNITS_MAX);
    let units = |line: &Tried| (line.weight / unit).round() as usize;
    let most: usize = lines.iter().filter(|line| line.found).map(units).sum();
    if most == 0 {
        return 1.0;
    }
    if lines.len() * most <= STEPS_MAX {
        // The chance of each sum below that of the lines found.
        let mut sums = vec![0.0; most];
        sums[0] = 1.0;
        let mut largest = 0;
        for line in lines {
            let (units, chance) = (units(line), line.chance);
            largest = (largest + units).min(most - 1);
            for at in (0..=largest).rev() {
                let less = at.checked_sub(units).map_or(0.0, |less| sums[less] * chance);
                sums[at] = sums[at] * (1.0 - chance) + less;
            }
        }
        return (1.0 - sums.iter().sum::<f64>()).clamp(0.0, 1.0);
    }
    let found: f64 = lines.iter().filter(|line| line.found).map(|line| line.weight).sum();
    let mean: f64 = lines.iter().map(|line| line.weight * line.chance).sum();
    let variance = |line: &Tried| line.weight.powi(2) * line.chance * (1.0 - line.chance);
    let spread = lines.iter().map(variance).sum::<f64>().sqrt();
    normal_above((found - 0.5 * unit - mean) / spread.max(1e-9 * unit))
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
    let seen = lines.seen(None);
    let scale = seen.scale(of);
    let weight = |line: u32| seen.weight(line) * scale;
    let hits: f64 = of.iter().filter(|&&line| lines.found[line as usize]).map(|&line| weight(line)).sum();
    (hits + 0.5) / (of.iter().map(|&line| weight(line)).sum::<f64>() + 1.0)
}

/// How likely a finding on each line is without a pattern.
enum Without<'a> {
    /// As on all lines.
    Rate(f64),
    /// As the rules of the pack lead to expect, moved so that all lines of the days have as many as they do.
    Given(&'a [f64], f64),
}

impl<'a> Without<'a> {
    fn of(lines: &LabelledLines, seen: Seen<'a>, of: &[u32]) -> Self {
        match seen.given {
            None => Self::Rate(rate(lines, of)),
            Some(given) => Self::Given(given, Model::fit(&[], of, seen, 0).intercept),
        }
    }

    fn chance(&self, line: u32) -> f64 {
        match self {
            Self::Rate(rate) => *rate,
            Self::Given(given, moved) => chance(given[line as usize] + moved),
        }
    }
}

/// The field and the direction in which a facet counts.
type Unit = (String, bool);

/// What the points of each field, up and down, find on days after those that they were fitted on.
fn try_units(
    pack: &Pack,
    lines: &LabelledLines,
    seen: Seen<'_>,
    learn: &[u32],
    same: Option<&[u32]>,
    least: u32,
) -> BTreeMap<Unit, UnitTrial> {
    let mut trials: BTreeMap<Unit, UnitTrial> = BTreeMap::new();
    for pair in CUTS.windows(2) {
        let (from, until) = (cut(lines, learn, pair[0]), cut(lines, learn, pair[1]));
        let after = &learn[from..until];
        let before = &cold(same, &learn[..from], after);
        if before.is_empty() || after.is_empty() {
            continue;
        }
        let facets = additive(&facets(pack, lines, before, least));
        let model = Model::fit(&facets, before, seen, least);
        let without = Without::of(lines, seen, after);
        for (facet, weights) in facets.iter().zip(&model.weights) {
            let points: Vec<i64> = weights.iter().map(|&weight| points(weight)).collect();
            if points.iter().all(|&points| points == 0) {
                continue;
            }
            for &line in after {
                let points = points[facet.of_line[line as usize] as usize];
                if points != 0 {
                    let trial = trials.entry((facet.name.clone(), points > 0)).or_default();
                    // A line counts by its points: where a field has a code that says much, codes that hardly say
                    // anything do not drown it.
                    let times = (points.abs() / POINTS_STEP) as f64;
                    let chance = without.chance(line);
                    trial.all.add(lines, line, times, chance);
                    trial.levels.entry(points.abs()).or_default().add(lines, line, times, chance);
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
    seen: Seen<'_>,
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
    let model = Model::fit(&alone, before, seen, options.least_lines);
    let by_parts = |line: u32| model.chance(&alone, seen.given(line), line);
    let expected: Vec<f64> = before.iter().map(|&line| by_parts(line)).collect();
    let found = search(&facets, before, seen, &expected, options.conditions, options.least_lines);
    let without = Without::of(lines, seen, after);
    let tried = |pattern: Pattern| {
        let (mut expected, mut average) = (Trial::default(), Trial::default());
        for &line in after.iter().filter(|&&line| pattern.holds(line)) {
            expected.add(lines, line, 1.0, by_parts(line));
            average.add(lines, line, 1.0, without.chance(line));
        }
        // It must find more than the average, or than the rules of the pack lead to expect, and more than its parts do.
        let chance = expected.upper().max(average.upper());
        (pattern, average, chance)
    };
    found.into_iter().map(tried).collect()
}

/// Chooses rules from learning lines, which are in the order of days.
///
/// Where `same` says which lines share their values, no line is tried on what lines of its own values led to. `given` are
/// log odds by line that the rules of the pack account for.
pub(super) fn choose(
    pack: &Pack,
    lines: &LabelledLines,
    learn: &[u32],
    same: Option<&[u32]>,
    given: Option<&[f64]>,
    options: &MineOptions,
) -> Choice {
    let least = options.least_lines.max(1);
    let seen = lines.seen(given);
    let units = try_units(pack, lines, seen, learn, same, least);
    let conjunctions = try_conjunctions(pack, lines, seen, learn, same, options);
    let mut chances: Vec<f64> = units.iter().map(|((_, up), trial)| trial.all.chance(*up)).collect();
    chances.extend(conjunctions.iter().map(|(.., chance)| *chance));
    let adjusted = false_discovery(&chances);
    let is_confirmed: Vec<bool> = adjusted.iter().map(|&p| p <= options.false_discoveries).collect();
    let tried = chances.len() as u64;
    let confirmed_count = is_confirmed.iter().filter(|confirmed| **confirmed).count() as u64;
    let held: BTreeMap<&Unit, &UnitTrial> =
        units.iter().zip(&is_confirmed).filter(|(_, held)| **held).map(|(held, _)| held).collect();
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
    let model = Model::fit(&fitted, learn, seen, least);
    let scale = seen.scale(learn);
    let base = rate(lines, learn);
    let mut rules = Vec::new();
    let mut add = |pattern: Pattern, points: i64, confirmed: Hits| {
        let mut hits = Hits::default();
        learn
            .iter()
            .filter(|&&line| pattern.holds(line))
            .for_each(|&line| hits.add(lines.found[line as usize], lines.weight(line)));
        // A rule that an officer reads must say by itself what its points say.
        let Some(own) = hits.rate().filter(|rate| (*rate > base) == (points > 0)) else { return };
        let weight = points as f64 / POINTS_PER_LOG_ODDS;
        let counted = hits.trade.map_or(hits.lines as f64, |trade| trade.lines * scale);
        let gain = weight * weight * counted * own.max(base) * (1.0 - own.max(base).min(0.9));
        rules.push(Chosen { pattern, points, confirmed, gain });
    };
    for (facet, weights) in fitted[..alone].iter().zip(&model.weights) {
        let mut levels: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (cell, &weight) in weights.iter().enumerate().skip(1) {
            levels.entry(points(weight)).or_default().push(cell as u32);
        }
        for (points, cells) in levels {
            let unit = (facet.name.clone(), points > 0);
            let Some(trial) = held.get(&unit).filter(|_| points != 0) else { continue };
            // One code that says much does not speak for those that hardly say anything: these must hold by themselves.
            let near = trial.near(points);
            if near.chance(points > 0) <= options.false_discoveries {
                add(Pattern { parts: vec![Part { facet: Arc::clone(facet), cells }] }, points, near.hits);
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
