//! Young, good, tired or dead, and why.

use qingfeng_rules::Date;
use serde::Serialize;

use super::{Figures, Standing, State, Thresholds, Trend};

/// Why a rule has its state.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum StateReason {
    /// It never fired.
    NeverFires,
    /// It fires no more.
    Silent {
        /// The last day on which it fired.
        since: Date,
        /// From then to the last day of the evidence.
        days: i64,
    },
    /// Nothing was found on what it fired on.
    NoFinding {
        /// Inspections with a coded result.
        inspected: u64,
    },
    /// Too few results.
    FewResults {
        /// Inspections with a coded result.
        inspected: u64,
        /// How many it takes.
        least: u64,
    },
    /// It fires only since lately.
    New {
        /// The first day on which it fired.
        since: Date,
        /// From then to the last day of the evidence, both counted.
        days: i64,
    },
    /// Its hit rate fell.
    Fell {
        /// In the earlier half of the results.
        earlier: f64,
        /// In the later half.
        later: f64,
        /// How likely so great a fall is by chance.
        p: f64,
    },
    /// Nothing was drawn with which its hit rate could be compared.
    NothingDrawn,
    /// How its hit rate compares.
    Compared {
        /// Its own.
        rate: f64,
        /// That of all declarations.
        chance: f64,
        /// Whether the difference is certain enough.
        standing: Option<Standing>,
    },
}

/// The reason in words. The library leaves them to the program that shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonWords {
    /// In English.
    pub reason: String,
    /// In Chinese.
    pub reason_zh: String,
}

/// What a state is decided by.
pub(super) struct Facts<'f> {
    pub figures: &'f Figures,
    /// The first and the last day on which the rule fired.
    pub fired: Option<(Date, Date)>,
    /// The first and the last day of the evidence.
    pub days: Option<(Date, Date)>,
    pub trend: Option<&'f Trend>,
    pub standing: Option<Standing>,
    /// The hit rate of all declarations.
    pub of_chance: Option<f64>,
}

fn days_between(from: Date, until: Date) -> i64 {
    i64::from(until.days()) - i64::from(from.days())
}

/// The state of a rule with the reason.
pub(super) fn state(facts: &Facts<'_>, thresholds: &Thresholds) -> (State, StateReason) {
    let figures = facts.figures;
    if figures.fired == 0 {
        return (State::Dead, StateReason::NeverFires);
    }
    if let (Some((_, since)), Some((_, end))) = (facts.fired, facts.days) {
        let days = days_between(since, end);
        if days >= i64::from(thresholds.dead_days) {
            return (State::Dead, StateReason::Silent { since, days });
        }
    }
    let inspected = figures.inspected;
    if figures.found == 0 && inspected >= thresholds.dead_results {
        return (State::Dead, StateReason::NoFinding { inspected });
    }
    if inspected < thresholds.young_results {
        return (State::Young, StateReason::FewResults { inspected, least: thresholds.young_results });
    }
    if let (Some((since, _)), Some((begin, end))) = (facts.fired, facts.days) {
        let days = days_between(since, end) + 1;
        // What fires from the first days on may be older than the evidence.
        let new = days_between(begin, since) >= i64::from(thresholds.young_days);
        if new && days < i64::from(thresholds.young_days) {
            return (State::Young, StateReason::New { since, days });
        }
    }
    if let Some(&Trend { p_fall, earlier, later, .. }) =
        facts.trend.filter(|trend| trend.p_fall < thresholds.tired_level && trend.later < trend.earlier)
    {
        return (State::Tired, StateReason::Fell { earlier, later, p: p_fall });
    }
    let (Some(rate), Some(chance)) = (figures.estimate.rate, facts.of_chance) else {
        return (State::Good, StateReason::NothingDrawn);
    };
    let standing = facts.standing;
    let state = if standing == Some(Standing::Below) { State::Tired } else { State::Good };
    (state, StateReason::Compared { rate, chance, standing })
}
