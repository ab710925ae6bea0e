//! What the pack's own rules, and a learned risk, say of lines, so that it is not mined once more.
//!
//! A logistic regression of findings on which rules fired, on the sum of their points by bands, and on the risk by bands,
//! says how likely a finding is on each line by these alone. It is no matter of the pack's points, which may be wrong: where its rules find
//! much, they explain much. On the lines of a rule that is large enough, findings and what is expected of them are equal
//! but for a small ridge. So a pattern that is one of the pack's rules has nothing left to say.

use std::collections::BTreeMap;

use super::additive::chance;
use super::lines::LabelledLines;
use crate::calibrate::ridge::{Ridge, Row};

/// The weight of the ridge, as so many more lines that say nothing: enough that there is an answer.
const RIDGE_LINES: f64 = 5.0;
/// The bands of the sum of points, at most.
const BANDS: usize = 12;
/// The rules that count by themselves at most, those on the most lines first; others count by their points.
const RULES_MAX: usize = 500;

/// What lines have in common that are alike to the pack and the risk: the set of rules, and the bands of points and of risk.
type Kind = (u32, [usize; 2]);

/// The active rules of the pack on each line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PackSays {
    /// The rules of the pack that count here.
    pub(super) rules: u64,
    /// Sets of rules that fired together, rising.
    pub(super) sets: Vec<Box<[u32]>>,
    /// The set of each line.
    pub(super) of_line: Vec<u32>,
    /// The sum of their points on each line.
    pub(super) points: Vec<i64>,
}

impl PackSays {
    /// Numbers sets by their rules, so that nothing depends on the order in which lines were read.
    pub(super) fn sort(&mut self) {
        let mut order: Vec<u32> = (0..self.sets.len() as u32).collect();
        order.sort_by(|&a, &b| self.sets[a as usize].cmp(&self.sets[b as usize]));
        let mut new = vec![0; order.len()];
        for (at, &former) in order.iter().enumerate() {
            new[former as usize] = at as u32;
        }
        self.of_line.iter_mut().for_each(|set| *set = new[*set as usize]);
        self.sets.sort();
    }
}

/// Bounds between bands of points: each band begins at one.
fn bounds(points: &[i64], learn: &[u32]) -> Vec<i64> {
    let mut known: Vec<i64> = learn.iter().map(|&line| points[line as usize]).collect();
    known.sort_unstable();
    let distinct = {
        let mut distinct = known.clone();
        distinct.dedup();
        distinct
    };
    let mut bounds = if distinct.len() <= BANDS {
        distinct
    } else {
        (0..BANDS).map(|at| known[at * known.len() / BANDS]).collect()
    };
    bounds.dedup();
    // The first band has all that is below.
    bounds.split_off(bounds.len().min(1))
}

/// How likely a finding is on each line by the rules of the pack and a learned risk, as log odds; `None` where there is
/// neither.
pub(super) fn log_odds(lines: &LabelledLines, learn: &[u32], least: u32) -> Option<Vec<f64>> {
    if lines.pack.is_none() && lines.risk.is_none() {
        return None;
    }
    let none = Vec::new();
    let of_pack = lines.pack.as_ref().map_or(&none, |says| &says.points);
    let of_risk = lines.risk.as_ref().map_or(&none, |says| &says.log_odds);
    let banded = [of_pack, of_risk].map(|of_line| {
        let bounds = if of_line.is_empty() { Vec::new() } else { bounds(of_line, learn) };
        (of_line, bounds)
    });
    let set = |line: u32| lines.pack.as_ref().map_or(0, |says| says.of_line[line as usize]);
    let kind = |line: u32| -> Kind {
        let bands = banded.each_ref().map(|(of_line, bounds)| {
            of_line.get(line as usize).map_or(0, |value| bounds.partition_point(|bound| bound <= value))
        });
        (set(line), bands)
    };
    let mut count_of_rule: BTreeMap<u32, u32> = BTreeMap::new();
    let rules_of = |set: u32| lines.pack.as_ref().map_or(&[][..], |says| &says.sets[set as usize]);
    for &line in learn {
        for &rule in rules_of(set(line)) {
            *count_of_rule.entry(rule).or_default() += 1;
        }
    }
    let mut large: Vec<(u32, u32)> = count_of_rule.into_iter().filter(|(_, count)| *count >= least).collect();
    large.sort_by_key(|&(rule, count)| (std::cmp::Reverse(count), rule));
    large.truncate(RULES_MAX);
    // The intercept comes first, then bands but for the first of each sort, then rules.
    let first_of_risk = banded[0].1.len();
    let first_rule = 1 + first_of_risk + banded[1].1.len();
    let columns: BTreeMap<u32, usize> =
        large.iter().enumerate().map(|(at, &(rule, _))| (rule, first_rule + at)).collect();
    let terms = |(set, [points, risk]): Kind| -> Vec<(usize, f64)> {
        let rules = rules_of(set).iter().filter_map(|rule| columns.get(rule).copied());
        let points = (points > 0).then_some(points);
        let risk = (risk > 0).then_some(first_of_risk + risk);
        std::iter::once(0).chain(points).chain(risk).chain(rules).map(|column| (column, 1.0)).collect()
    };
    let scale = lines.seen(None).scale(learn);
    let mut groups: BTreeMap<Kind, (f64, f64)> = BTreeMap::new();
    let (mut hits, mut all) = (0.0, 0.0);
    for &line in learn {
        let weight = lines.weight(line).unwrap_or(1.0) * scale;
        let found = if lines.found[line as usize] { weight } else { 0.0 };
        let group = groups.entry(kind(line)).or_default();
        (group.0, group.1) = (group.0 + weight, group.1 + found);
        (hits, all) = (hits + found, all + weight);
    }
    let base = (hits + 0.5) / (all + 1.0);
    let offset = (base / (1.0 - base)).ln();
    let rows: Vec<Row> = groups
        .iter()
        .map(|(&kind, &(weight, found))| Row { terms: terms(kind), share: found / weight, weight, offset })
        .collect();
    let fit = Ridge::fit(&rows, first_rule + columns.len(), RIDGE_LINES * base * (1.0 - base))?;
    let mut known: BTreeMap<Kind, f64> = BTreeMap::new();
    let log_odds = |line: u32| {
        let kind = kind(line);
        *known.entry(kind).or_insert_with(|| {
            Row { terms: terms(kind), share: 0.0, weight: 0.0, offset }.log_odds(&fit.beta)
        })
    };
    Some((0..lines.len() as u32).map(log_odds).collect())
}

/// The findings that the rules of the pack lead to expect, as weights.
pub(super) fn expected<'a>(
    lines: &LabelledLines,
    given: &[f64],
    of: impl IntoIterator<Item = &'a u32>,
) -> f64 {
    let of_line = |&line: &u32| lines.weight(line).unwrap_or(1.0) * chance(given[line as usize]);
    of.into_iter().map(of_line).sum()
}
