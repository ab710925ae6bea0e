//! What exporters who violate know, and what they make of it.
//!
//! An exporter adapts or does not, for good, as its world's seed decides. One who adapts begins by declaring as it
//! always did. It changes its way when it was found, and now and then when it hears that others of its trade were found
//! who use the same way. It changes only what violates; honest consignments stay as they are. It has an order of tactics
//! of its own, goes on to the next that fits, and keeps what works.

use std::collections::BTreeMap;

use qingfeng_rules::Date;

use super::consignment::{Consignment, column};
use super::options::Adversaries;
use super::tactics::Tactic;
use crate::generate::disguise::{SeededRandom, mix, pinned};
use qingfeng_rules::SelectionKind;

/// Of news beyond these a single one is not heard any more.
const NEWS_MAX: u64 = 200;
/// What is left of yesterday's impression of a port.
const DECAY: f64 = 0.95;

/// The ways that are counted: the tactics, and none.
pub(super) const TALLIES: usize = Tactic::ALL.len() + 1;

pub(super) fn tally_index(tactic: Option<Tactic>) -> usize {
    tactic.map_or(TALLIES - 1, |tactic| tactic as usize)
}

/// How much is inspected at ports and markets, as those see it who trade there.
#[derive(Clone, Debug, Default)]
pub(super) struct ObservedRates(BTreeMap<Box<str>, [f64; 2]>);

impl ObservedRates {
    /// The share of declarations that was inspected lately; a place of which nothing is known looks like one in twenty.
    pub(super) fn share(&self, place: &str) -> f64 {
        let [declared, inspected] = self.0.get(place).copied().unwrap_or_default();
        (inspected + 1.0) / (declared + 20.0)
    }

    pub(super) fn record(&mut self, place: &str, inspected: bool) {
        let seen = match self.0.get_mut(place) {
            Some(seen) => seen,
            None => self.0.entry(place.into()).or_default(),
        };
        seen[0] += 1.0;
        seen[1] += f64::from(u8::from(inspected));
    }

    fn decay(&mut self) {
        for seen in self.0.values_mut() {
            *seen = seen.map(|count| count * DECAY);
        }
    }
}

/// Those who trade alike: mode and chapter of goods.
pub(super) type Trade = (Box<str>, Box<str>);

pub(super) fn trade(mode: Option<&str>, hs: Option<&str>) -> Trade {
    (mode.unwrap_or_default().into(), hs.and_then(|hs| hs.get(..2)).unwrap_or_default().into())
}

/// One exporter's state.
#[derive(Clone, Debug, Default)]
struct ExporterState {
    tactic: Option<Tactic>,
    /// Decides how the tactic is used, until it is changed.
    manner: u64,
    /// The day of the first consignment by this way.
    since: Option<Date>,
    passed: u64,
    /// Findings that it has heard of, of those by this way.
    heard: u64,
    /// Tactics that were left, by bits.
    left: u8,
    is_found: bool,
    changes: u64,
}

/// What became of a way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TacticTally {
    pub(super) violations: u64,
    pub(super) found: u64,
    pub(super) taken_up: u64,
    pub(super) ended_found: u64,
    pub(super) ended_by_draw: u64,
    pub(super) days: u64,
    pub(super) passed: u64,
    pub(super) first_use: Option<Date>,
    pub(super) first_found: Option<Date>,
}

/// All exporters of a world.
#[derive(Clone, Debug)]
pub(super) struct Exporters {
    seed: u64,
    adversaries: Adversaries,
    states: BTreeMap<u32, ExporterState>,
    findings: BTreeMap<(Trade, usize), u64>,
    pub(super) observed: ObservedRates,
    pub(super) tallies: [TacticTally; TALLIES],
    number: u64,
}

impl Exporters {
    /// `seed` is that of the world.
    pub(super) fn new(seed: u64, adversaries: Adversaries) -> Self {
        Self {
            seed: mix(seed ^ 0xAD_5A_12),
            adversaries,
            states: BTreeMap::new(),
            findings: BTreeMap::new(),
            observed: ObservedRates::default(),
            tallies: [TacticTally::default(); TALLIES],
            number: 0,
        }
    }

    /// Whether an exporter adapts.
    pub(super) fn adapts(&self, exporter: u32) -> bool {
        pinned(self.seed ^ u64::from(exporter), 1_000_000) < self.adversaries.share.0
    }

    fn known(&self, trade: &Trade, tactic: Option<Tactic>) -> u64 {
        self.findings.get(&(trade.clone(), tally_index(tactic))).copied().unwrap_or(0)
    }

    /// How an exporter who adapts lodges a consignment that violates: by which tactic, and as which declarations; none
    /// if as it is.
    pub(super) fn lodge(
        &mut self,
        exporter: u32,
        trade: &Trade,
        consignment: &Consignment,
        day: Date,
    ) -> (Option<Tactic>, Option<Vec<Consignment>>) {
        let mut state = self.states.remove(&exporter).unwrap_or_default();
        if state.changes == 0 && state.since.is_none() {
            self.tallies[tally_index(None)].taken_up += 1;
        }
        let known = self.known(trade, state.tactic);
        let news = known.saturating_sub(state.heard).min(NEWS_MAX);
        state.heard = known;
        let mut random =
            SeededRandom::new(self.seed ^ mix(u64::from(exporter)), mix(known ^ (state.changes << 32)));
        let is_warned = (0..news).any(|_| random.chance(self.adversaries.speed.0));
        if state.is_found || is_warned {
            self.change(exporter, &mut state, trade, consignment, &mut random);
        }
        let tactic = state.tactic.filter(|tactic| tactic.fits(consignment));
        let lodged = tactic
            .map(|tactic| tactic.declare(consignment, state.manner, day, &self.observed, &mut self.number));
        let tally = &mut self.tallies[tally_index(tactic)];
        tally.violations += 1;
        tally.first_use.get_or_insert(day);
        if tactic == state.tactic {
            state.since.get_or_insert(day);
        }
        self.states.insert(exporter, state);
        (tactic, lodged)
    }

    fn change(
        &mut self,
        exporter: u32,
        state: &mut ExporterState,
        trade: &Trade,
        consignment: &Consignment,
        random: &mut SeededRandom,
    ) {
        let bit = |tactic: Tactic| 1 << tactic as u8;
        state.left |= state.tactic.map_or(0, bit);
        let mut order = Tactic::ALL;
        order.sort_by_key(|&tactic| pinned(self.seed ^ mix(u64::from(exporter)) ^ tactic as u64, u32::MAX));
        let fits = |tactic: &Tactic| Some(*tactic) != state.tactic && tactic.fits(consignment);
        let fresh = order.iter().copied().find(|tactic| fits(tactic) && state.left & bit(*tactic) == 0);
        // Who has tried all begins again, with what lies back longest.
        let next = fresh.or_else(|| {
            state.left = 0;
            order.iter().copied().find(fits)
        });
        *state = ExporterState {
            tactic: next,
            manner: random.bits(),
            since: None,
            passed: 0,
            heard: self.known(trade, next),
            left: state.left,
            is_found: false,
            changes: state.changes + 1,
        };
        self.tallies[tally_index(next)].taken_up += 1;
    }

    /// Some part of a consignment that violates was found.
    pub(super) fn found(
        &mut self,
        exporter: Option<u32>,
        trade: &Trade,
        tactic: Option<Tactic>,
        kind: SelectionKind,
        day: Date,
    ) {
        *self.findings.entry((trade.clone(), tally_index(tactic))).or_default() += 1;
        let Some(state) = exporter.and_then(|exporter| self.states.get_mut(&exporter)) else { return };
        let tally = &mut self.tallies[tally_index(tactic)];
        tally.found += 1;
        tally.first_found.get_or_insert(day);
        if state.tactic == tactic && !state.is_found {
            state.is_found = true;
            tally.ended_found += 1;
            tally.ended_by_draw += u64::from(kind == SelectionKind::Random);
            tally.passed += state.passed;
            let since = state.since.unwrap_or(day);
            tally.days += u64::try_from(day.days() - since.days()).unwrap_or(0);
        }
    }

    /// A consignment that violates came through.
    pub(super) fn passed(&mut self, exporter: Option<u32>, tactic: Option<Tactic>) {
        if let Some(state) = exporter.and_then(|exporter| self.states.get_mut(&exporter))
            && state.tactic == tactic
        {
            state.passed += 1;
        }
    }

    /// The day ends: impressions of ports fade.
    pub(super) fn end_day(&mut self) {
        self.observed.decay();
    }
}

/// The number of an exporter's code, `E012345`.
pub(super) fn exporter_number(code: Option<&str>) -> Option<u32> {
    code?.strip_prefix('E')?.parse().ok()
}

/// The places that a declaration shows: its port and its market.
pub(super) const PLACES: [usize; 2] = [column::PORT, column::PLACE];

#[cfg(test)]
mod tests;
