//! Declarations grouped by the rules that fired on them.

use std::collections::BTreeMap;

use qingfeng::read::ReadError;
use qingfeng_rules::{Date, Month, SelectionKind};

use super::{CurrentPoints, Totals};
use crate::effect::tally::Responses;
use crate::rating::is_summed;
use qingfeng_inspection::evidence::{Evidence, Judged};
use qingfeng_store::Verdict;

/// Weights of declarations, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// How many.
    pub count: u64,
    /// Their weights.
    pub weight: f64,
    /// The squares of their weights.
    pub square: f64,
}

impl Sums {
    fn add(&mut self, weight: f64) {
        self.count += 1;
        self.weight += weight;
        self.square += weight * weight;
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            weight: self.weight + other.weight,
            square: self.square + other.square,
        }
    }
}

/// A set of fired rules, with what was found where just these fired.
#[derive(Clone, Debug)]
pub(super) struct Set {
    /// The active rules of the pack, rising.
    pub rules: Box<[u32]>,
    /// What rules with computed points add here.
    pub extra: i64,
    /// Whether its declarations have one line, where that makes a difference: rules choose among numbers that are known there
    /// alone.
    pub is_of_one_line: bool,
    /// All assessed declarations of the set.
    pub assessed: u64,
    /// By period, rising: violations, and clear.
    pub periods: Vec<(u32, Sums, Sums)>,
}

/// What was found in a set in some periods.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'s> {
    pub set: &'s Set,
    pub violations: Sums,
    pub clear: Sums,
}

impl Found<'_> {
    pub(super) fn both(&self) -> Sums {
        self.violations.and(self.clear)
    }
}

/// All sets, with the periods in which something was judged.
#[derive(Clone, Debug)]
pub(super) struct Design {
    pub sets: Vec<Set>,
    /// What a period is.
    pub period: &'static str,
    /// Their names, in order of time.
    pub periods: Vec<String>,
    pub totals: Totals,
    pub unknown_rules: Vec<String>,
}

/// Fewer periods than this say nothing of time.
const PERIODS_LEAST: usize = 3;

#[derive(Clone, Copy)]
enum Division {
    Month,
    Week,
    Day,
}

impl Division {
    fn of(self, day: Date) -> i64 {
        match self {
            Self::Month => i64::from(Month::of(day).day(1).days()),
            Self::Week => i64::from(day.days()).div_euclid(7),
            Self::Day => i64::from(day.days()),
        }
    }

    fn name(self, number: i64) -> String {
        let days = if matches!(self, Self::Week) { number * 7 } else { number };
        let day = i32::try_from(days).ok().and_then(Date::from_days);
        day.map_or_else(String::new, |day| match self {
            Self::Month => Month::of(day).to_string(),
            Self::Week | Self::Day => day.to_string(),
        })
    }
}

impl Design {
    /// Puts the declarations together. Everything is added in the order of `evidence`.
    pub(super) fn new(evidence: &Evidence, pack: &CurrentPoints, weighted: bool) -> Result<Self, ReadError> {
        let placed = || pack.rules.iter().enumerate().map(|(at, rule)| (rule, at as u32));
        let at: BTreeMap<&str, u32> =
            placed().filter(|(rule, _)| !rule.is_band).map(|(rule, at)| (rule.id.as_str(), at)).collect();
        let bands = placed().filter(|(rule, _)| rule.is_band);
        let bands: BTreeMap<(u32, i64), u32> = bands
            .filter_map(|(rule, band)| Some(((*at.get(rule.id.as_str())?, rule.points?), band)))
            .collect();
        let known: Vec<Option<u32>> = evidence.rules.iter().map(|id| at.get(&**id).copied()).collect();
        let fired = |judged: &Judged| -> Box<[u32]> {
            let mut rules: Vec<u32> = judged.rules.iter().filter_map(|&rule| known[rule as usize]).collect();
            rules.sort_unstable();
            rules.into()
        };
        let mut unknown = vec![false; evidence.rules.len()];
        let judged = evidence.inspections().filter(|(.., inspection)| inspection.verdict().found().is_some());
        let days: Vec<Date> = judged.filter_map(|(day, ..)| day).collect();
        let numbers = |division: Division| {
            let mut numbers: Vec<i64> = days.iter().map(|&day| division.of(day)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        let divisions = [("month", Division::Month), ("week", Division::Week), ("day", Division::Day)];
        let (period, division, numbers) = divisions
            .into_iter()
            .map(|(name, division)| (name, division, numbers(division)))
            .find(|(.., numbers)| numbers.len() >= PERIODS_LEAST)
            .unwrap_or_else(|| ("day", Division::Day, numbers(Division::Day)));
        let extras = Extras::new(evidence, pack, &fired)?;
        let responses = Responses::of(evidence, None);
        let mut sets: BTreeMap<(Box<[u32]>, i64, bool), Set> = BTreeMap::new();
        let mut totals = Totals::default();
        let (mut all, mut violations) = (Sums::default(), 0.0);
        evidence.each(|judged| {
            judged.rules.iter().for_each(|&rule| unknown[rule as usize] |= known[rule as usize].is_none());
            let rules = fired(judged);
            let (rules, extra) = match extras.of(judged, &rules, pack) {
                // What is known to be a number of the rule's is a rule of its own.
                (Some(computed), extra) if bands.contains_key(&(computed, extra)) => {
                    let band = bands[&(computed, extra)];
                    let others = rules.iter().copied().filter(|rule| *rule != computed);
                    (others.chain([band]).collect(), 0)
                }
                (_, extra) => (rules, extra),
            };
            let is_of_one_line = !bands.is_empty() && judged.line_groups.len() <= 1;
            let set = sets.entry((rules.clone(), extra, is_of_one_line)).or_insert_with(|| Set {
                rules,
                extra,
                is_of_one_line,
                assessed: 0,
                periods: Vec::new(),
            });
            set.assessed += 1;
            totals.assessed += 1;
            let Some(inspection) = &judged.inspection else {
                totals.not_inspected += 1;
                return;
            };
            let found = match inspection.verdict() {
                Verdict::Open => {
                    totals.open += 1;
                    return;
                }
                Verdict::Waived => {
                    totals.waived += 1;
                    return;
                }
                Verdict::Clear => false,
                Verdict::Violation(_) => true,
            };
            // What is missing is like what came back of the same office and stratum.
            let probability = inspection.probability * responses.rate(inspection);
            let weight = if weighted { 1.0 / probability.clamp(LEAST, 1.0) } else { 1.0 };
            // Declarations without a day are learnt from with the first period.
            let number = judged
                .day
                .map_or(0, |day| numbers.binary_search(&division.of(day)).unwrap_or_default() as u32);
            let position = match set.periods.binary_search_by_key(&number, |period| period.0) {
                Ok(position) => position,
                Err(position) => {
                    set.periods.insert(position, (number, Sums::default(), Sums::default()));
                    position
                }
            };
            let (_, violating, clear) = &mut set.periods[position];
            if found {
                violating.add(weight)
            } else {
                clear.add(weight)
            }
            all.add(weight);
            totals.judged += 1;
            totals.violations += u64::from(found);
            totals.drawn += u64::from(inspection.selected == SelectionKind::Random);
            violations += if found { weight } else { 0.0 };
        })?;
        let unknown_rules = evidence.rules.iter().zip(unknown).filter(|(_, unknown)| *unknown);
        let sets: Vec<Set> = sets.into_values().collect();
        totals.sets = sets.iter().filter(|set| !set.periods.is_empty()).count() as u64;
        if totals.judged > 0 {
            totals.effective = all.weight * all.weight / all.square;
            totals.rate = violations / all.weight;
        }
        Ok(Self {
            sets,
            period,
            periods: numbers.iter().map(|&number| division.name(number)).collect(),
            totals,
            unknown_rules: unknown_rules.map(|(id, _)| id.to_string()).collect(),
        })
    }

    /// What was found in some periods, set by set.
    pub(super) fn found(&self, wanted: impl Fn(u32) -> bool) -> Vec<Found<'_>> {
        let found = self.sets.iter().filter_map(|set| {
            let mut sums: Option<(Sums, Sums)> = None;
            for &(_, violations, clear) in set.periods.iter().filter(|period| wanted(period.0)) {
                let (v, c) = sums.unwrap_or_default();
                sums = Some((v.and(violations), c.and(clear)));
            }
            sums.map(|(violations, clear)| Found { set, violations, clear })
        });
        found.collect()
    }
}

/// The least probability that counts: a plan has none that is smaller.
const LEAST: f64 = 1e-6;

/// What rules with computed points give, as far as scores show it.
struct Extras {
    /// By rule of the pack: its mean points where it alone has computed ones and the score is not cut.
    usual: Vec<i64>,
}

impl Extras {
    fn new(
        evidence: &Evidence,
        pack: &CurrentPoints,
        fired: &(dyn Fn(&Judged) -> Box<[u32]> + Sync),
    ) -> Result<Self, ReadError> {
        let mut seen = vec![(0_i128, 0_i128); pack.rules.len()];
        if pack.rules.iter().any(|rule| rule.points.is_none()) {
            evidence.each(|judged| {
                let rules = fired(judged);
                let mut computed = rules.iter().filter(|&&rule| pack.rules[rule as usize].points.is_none());
                if let (Some(&rule), None) = (computed.next(), computed.next())
                    && let Some(rest) = rest(judged, &rules, pack)
                {
                    let (sum, count) = &mut seen[rule as usize];
                    *sum += i128::from(rest);
                    *count += 1;
                }
            })?;
        }
        let mean = |&(sum, count): &(i128, i128)| {
            if count == 0 { 0 } else { i64::try_from(sum / count).unwrap_or_default() }
        };
        Ok(Self { usual: seen.iter().map(mean).collect() })
    }

    /// What rules with computed points gave, and the rule that gave it, where there is one and that is certain.
    fn of(&self, judged: &Judged, rules: &[u32], pack: &CurrentPoints) -> (Option<u32>, i64) {
        let computed = || rules.iter().copied().filter(|&rule| pack.rules[rule as usize].points.is_none());
        let Some(first) = computed().next() else { return (None, 0) };
        match rest(judged, rules, pack) {
            Some(rest) => (Some(first).filter(|_| computed().count() == 1), rest),
            None => (None, computed().map(|rule| self.usual[rule as usize]).sum()),
        }
    }
}

/// What the fixed points leave over of a score that is the sum of the points.
fn rest(judged: &Judged, rules: &[u32], pack: &CurrentPoints) -> Option<i64> {
    let fixed: i64 = rules.iter().filter_map(|&rule| pack.rules[rule as usize].points).sum();
    is_summed(judged, (pack.floor, pack.cap)).then(|| judged.score.saturating_sub(fixed))
}
