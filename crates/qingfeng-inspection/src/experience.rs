//! What earlier inspections say of the next: the probability of a finding, and which rules are young.
//!
//! A declaration's *cell* (the policy's `[selection.exploration] cell`: tens of score, goods group, mode, ...) has n known
//! inspections of which x found something. Its probability of a finding is the posterior mean
//!
//! > p = (x + k q(s)) / (n + k)
//!
//! with the prior q(s), a function of the score s that never falls, of strength k = 20 inspections. The
//! prior is learnt as well: in tens of score, all cells together, by the same formula around a fixed line, then made
//! monotone by pooling neighbours that are out of order (Ayer, Brunk, Ewing, Reid and Silverman 1955), and between the
//! middles of the tens by straight lines. The upper confidence bound is
//!
//! > u = p + z sqrt(p (1 - p) / (n + k))
//!
//! with z = 1: the bound of the normal approximation around the posterior mean, which for k = z² and
//! q = 1/2 would be the middle of Wilson's interval (Wilson 1927). All are kept in millionths, rounded down, so that the
//! order of two declarations is the same on every machine.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use qingfeng_rules::Date;
use qingfeng_rules::selection::CellPart;

use super::candidate::AssessedDeclaration;
use super::policy::Policy;

/// The prior counts as so many inspections.
pub(crate) const PRIOR_STRENGTH: u64 = 20;

/// How many standard errors the upper confidence bound is above the mean.
pub(crate) const CONFIDENCE: f64 = 1.0;

/// Scores beyond these are like them.
const SCORES: (i64, i64) = (-200, 1_000);

/// Points of score of a band.
const BAND: i64 = 10;

const MILLION: u64 = 1_000_000;

/// Inspections, and those of them that found something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    inspected: u64,
    found: u64,
}

impl Tally {
    fn change(&mut self, before: Option<bool>, now: Option<bool>) {
        let count = |of: Option<bool>| u64::from(of.is_some());
        let found = |of: Option<bool>| u64::from(of == Some(true));
        self.inspected = (self.inspected + count(now)).saturating_sub(count(before));
        self.found = (self.found + found(now)).saturating_sub(found(before));
    }

    /// (x + k q) / (n + k), in millionths.
    fn mean(self, prior: u64) -> u64 {
        (self.found * MILLION + PRIOR_STRENGTH * prior) / (self.inspected + PRIOR_STRENGTH)
    }
}

/// A declaration's cell.
pub type Cell = Vec<Arc<str>>;

/// A known inspection of a trader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    day: Date,
    candidate: usize,
    found: bool,
}

/// What is known on a day.
#[derive(Clone, Debug, Default)]
pub struct Experience {
    cells: HashMap<Cell, Tally>,
    bands: BTreeMap<i64, Tally>,
    /// The middles of bands, as scores, and the prior there.
    prior: Vec<(i64, u64)>,
    rules: Vec<u64>,
    traders: HashMap<Arc<str>, Vec<Visit>>,
}

/// What an inspection is expected to find, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The probability of a finding.
    pub mean: u32,
    /// Its upper confidence bound.
    pub upper: u32,
}

/// The line that the prior is before anything is known, in millionths: from 0.5 % at a score of 0 to 30 % at 100, and
/// from there on slowly up to 50 %; below 0 down to 0.1 %.
fn fixed_prior(score: i64) -> u64 {
    let parts = match score.clamp(SCORES.0, SCORES.1) {
        score @ ..0 => 5_000 + score * 20,
        score @ 0..=100 => 5_000 + score * 2_950,
        score => 300_000 + (score - 100) * 222,
    };
    parts.unsigned_abs()
}

impl Experience {
    /// Nothing known of the rules of a policy.
    pub fn none(policy: &Policy) -> Self {
        Self { rules: vec![0; policy.rules.len()], ..Self::default() }
    }

    /// The cell of a declaration at an office.
    #[doc(hidden)]
    pub fn cell(policy: &Policy, candidate: &AssessedDeclaration, office: Option<&str>) -> Cell {
        let missing = || Arc::from("");
        policy
            .selection
            .exploration
            .cell
            .iter()
            .map(|part| match part {
                CellPart::Band => {
                    Arc::from(candidate.score.clamp(SCORES.0, SCORES.1).div_euclid(BAND).to_string())
                }
                CellPart::Group => Arc::clone(&candidate.group),
                CellPart::Mode => candidate.mode.clone().unwrap_or_else(missing),
                CellPart::Destination => candidate.destination.clone().unwrap_or_else(missing),
                CellPart::Office => Arc::from(office.unwrap_or_default()),
                CellPart::TraderClass => Arc::clone(&candidate.trader_class),
            })
            .collect()
    }

    /// Learns what an inspection showed: the day of its result and whether something was found. `before` is what was
    /// learnt of it earlier and counts no more; `now` is nothing where nothing is known any more.
    #[doc(hidden)]
    pub fn learn(
        &mut self,
        at: usize,
        candidate: &AssessedDeclaration,
        cell: Cell,
        before: Option<(Date, bool)>,
        now: Option<(Date, bool)>,
    ) {
        let found = |of: Option<(Date, bool)>| of.map(|(_, found)| found);
        if !cell.is_empty() {
            self.cells.entry(cell).or_default().change(found(before), found(now));
        }
        let band = candidate.score.clamp(SCORES.0, SCORES.1).div_euclid(BAND);
        let tally = self.bands.entry(band).or_default();
        tally.change(found(before), found(now));
        // A band of which nothing is known any more is as if nothing had been.
        if tally.inspected == 0 {
            self.bands.remove(&band);
        }
        for &rule in candidate.rules.iter() {
            if let Some(count) = self.rules.get_mut(rule as usize) {
                *count = (*count + u64::from(now.is_some())).saturating_sub(before.is_some().into());
            }
        }
        if let Some(trader) = &candidate.trader {
            let visits = self.traders.entry(Arc::clone(trader)).or_default();
            let visit = |(day, found)| Visit { day, candidate: at, found };
            if let Some(place) = before.and_then(|of| visits.binary_search(&visit(of)).ok()) {
                visits.remove(place);
            }
            if let Some(visit) = now.map(visit) {
                let place = visits.partition_point(|known| *known < visit);
                visits.insert(place, visit);
            }
        }
    }

    /// Brings the prior up to what was learnt.
    #[doc(hidden)]
    pub fn settle(&mut self) {
        self.prior.clear();
        let (Some(first), Some(last)) = (self.bands.keys().next(), self.bands.keys().next_back()) else {
            return;
        };
        // Bands without inspections stand in between too, so that none is drawn up or down by far neighbours. Pools
        // are (bands, weight, weight × mean), pooled while one is less than the one before.
        let mut pools: Vec<(i64, u64, u64)> = Vec::new();
        for band in *first - 1..=*last + 1 {
            let tally = self.bands.get(&band).copied().unwrap_or_default();
            let weight = tally.inspected + PRIOR_STRENGTH;
            let mut pool = (1, weight, tally.found * MILLION + PRIOR_STRENGTH * fixed_prior(middle(band)));
            while let Some(&(bands, weight, sum)) = pools.last() {
                if u128::from(sum) * u128::from(pool.1) <= u128::from(pool.2) * u128::from(weight) {
                    break;
                }
                pool = (pool.0 + bands, pool.1 + weight, pool.2 + sum);
                pools.pop();
            }
            pools.push(pool);
        }
        let mut band = *first - 1;
        for (bands, weight, sum) in pools {
            for _ in 0..bands {
                self.prior.push((middle(band), sum / weight));
                band += 1;
            }
        }
    }

    /// The prior of a score, in millionths.
    fn prior(&self, score: i64) -> u64 {
        let (Some(&(low, first)), Some(&(high, last))) = (self.prior.first(), self.prior.last()) else {
            return fixed_prior(score);
        };
        let score = score.clamp(SCORES.0, SCORES.1);
        if score <= low {
            return first;
        }
        if score >= high {
            return last;
        }
        let at = ((score - low) / BAND) as usize;
        let ((from, below), (_, above)) = (self.prior[at], self.prior[at + 1]);
        below + (above - below) * (score - from).unsigned_abs() / BAND.unsigned_abs()
    }

    /// What the inspection of a declaration of this cell and score is expected to find.
    pub(super) fn expected(&self, cell: &Cell, score: i64) -> Expected {
        let prior = self.prior(score);
        let tally = self.cells.get(cell).copied().unwrap_or_default();
        let mean = tally.mean(prior).min(MILLION);
        let share = mean as f64 / 1e6;
        let weight = (tally.inspected + PRIOR_STRENGTH) as f64;
        let upper = share + CONFIDENCE * (share * (1.0 - share) / weight).sqrt();
        let upper = (upper.min(1.0) * 1e6) as u32;
        Expected { mean: mean as u32, upper: upper.max(mean as u32) }
    }

    /// The young rule of a declaration, if one of its rules is young on a day: by its position.
    pub(super) fn young_rule(
        &self,
        policy: &Policy,
        candidate: &AssessedDeclaration,
        day: Date,
        has_outcomes: bool,
    ) -> Option<usize> {
        let exploration = &policy.selection.exploration;
        candidate.rules.iter().map(|&rule| rule as usize).find(|&rule| {
            let from = policy.rules.get(rule).and_then(|rule| rule.from);
            let is_new = from.is_some_and(|from| {
                let age = i64::from(day.days()) - i64::from(from.days());
                (0..i64::from(exploration.young_days)).contains(&age)
            });
            let is_unknown = has_outcomes
                && self.rules.get(rule).is_some_and(|&results| results < exploration.young_results.into());
            is_new || is_unknown
        })
    }

    /// Until which day a trader is left alone, if it is on this day.
    pub(super) fn left_alone(&self, policy: &Policy, trader: &str, day: Date) -> Option<Date> {
        let limits = &policy.selection.traders;
        let inspections = limits.inspections.filter(|&count| count > 0)? as usize;
        let visits = self.traders.get(trader)?;
        let since = visits.iter().rposition(|visit| visit.found).map_or(0, |at| at + 1);
        let pauses = visits[since..].windows(inspections).filter_map(|run| {
            let (first, last) = (run.first()?.day, run.last()?.day);
            let within = i64::from(last.days()) - i64::from(first.days()) < i64::from(limits.days);
            let until = last.plus_days(limits.pause_days.into()).unwrap_or(Date::MAX);
            (within && last < day && day <= until).then_some(until)
        });
        pauses.max()
    }
}

fn middle(band: i64) -> i64 {
    band * BAND + BAND / 2
}

#[cfg(test)]
mod tests;
