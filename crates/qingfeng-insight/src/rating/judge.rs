//! The ratings on rules.

use std::cmp::Ordering;

use qingfeng_rules::Date;

use super::trend::trend;
use super::{Rating, RuleCounts, Side, Standing, State, StateReason, Thresholds, Trend};
use crate::effect::tally::Tally;
use crate::statistics::false_discovery;

/// How likely silence may be by chance to be one.
const SILENCE: f64 = 0.01;

/// What rules are judged by besides their own counts.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'s> {
    /// All declarations.
    pub all: &'s Tally,
    /// The hit rate of all declarations.
    pub chance: Option<f64>,
    /// The first and the last day of the evidence.
    pub days: Option<(Date, Date)>,
    pub thresholds: &'s Thresholds,
}

/// A rule that is to be judged.
pub(crate) struct Facts<'f> {
    pub counts: &'f RuleCounts,
    pub side: Option<Side>,
}

/// The ratings on rules, all of them together.
pub(crate) fn ratings(rules: &[Facts<'_>], setting: &Setting<'_>) -> Vec<Rating> {
    let mut ratings: Vec<Rating> = rules.iter().map(|rule| rule.before_tests(setting)).collect();
    // What is dead or young is not judged by tests, and so is none of those for whose number they are corrected.
    let is_tested = |rating: &Rating| rating.state == State::CannotBeTold;
    let (differences, changes): (Vec<_>, Vec<_>) = rules
        .iter()
        .zip(&ratings)
        .map(|(rule, rating)| match is_tested(rating) {
            true => (rule.difference(setting), rating.trend.and_then(|trend| rule.worsening(&trend))),
            false => (None, None),
        })
        .unzip();
    let differences_adjusted = adjusted(&differences.iter().map(|of| of.map(|of| of.1)).collect::<Vec<_>>());
    let changes_adjusted = adjusted(&changes);
    for (at, (rule, rating)) in rules.iter().zip(&mut ratings).enumerate().filter(|(_, of)| is_tested(of.1)) {
        let level = setting.thresholds.level;
        let is_told = differences_adjusted[at].is_some_and(|p| p <= level);
        rating.standing = differences[at].map(|(order, _)| match order {
            Ordering::Greater if is_told => Standing::Above,
            Ordering::Less if is_told => Standing::Below,
            _ => Standing::Alike,
        });
        rating.p = differences[at].map(|of| of.1);
        rating.p_adjusted = differences_adjusted[at];
        let changed = changes_adjusted[at].filter(|p| *p <= level);
        (rating.state, rating.reason) = rule.told(rating, changed, setting);
    }
    ratings
}

/// Probabilities corrected for their number; those that are not there are none of them.
fn adjusted(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut corrected = false_discovery(&p.iter().copied().flatten().collect::<Vec<_>>()).into_iter();
    p.iter().map(|p| p.and_then(|_| corrected.next())).collect()
}

fn days_between(from: Date, until: Date) -> i64 {
    i64::from(until.days()) - i64::from(from.days())
}

impl Facts<'_> {
    /// What is told without a test; [`State::CannotBeTold`] where one is needed.
    fn before_tests(&self, setting: &Setting<'_>) -> Rating {
        let (state, reason) = self
            .dead(setting)
            .or_else(|| self.young(setting))
            .unwrap_or((State::CannotBeTold, StateReason::NothingDrawn));
        Rating {
            state,
            reason,
            words: None,
            side: self.side,
            standing: None,
            p: None,
            p_adjusted: None,
            trend: trend(&self.counts.months),
        }
    }

    fn dead(&self, setting: &Setting<'_>) -> Option<(State, StateReason)> {
        let (tally, thresholds) = (&self.counts.tally, setting.thresholds);
        if tally.fired == 0 {
            return Some((State::Dead, StateReason::NeverFires));
        }
        if let (Some((first, since)), Some((_, end))) = (self.counts.days, setting.days) {
            let days = days_between(since, end);
            // Had it gone on as it was, how likely would all that came after the first day have come before the silence?
            let active = (days_between(first, since) + 1) as f64;
            let by_chance = (active / (active + days as f64)).powf(tally.fired as f64 - 1.0);
            if days >= i64::from(thresholds.dead_days) && by_chance < SILENCE {
                return Some((State::Dead, StateReason::Silent { since, days }));
            }
        }
        // Of a rule that relieves, no finding is what it is for.
        let inspected = tally.inspected();
        let finds_nothing = tally.found() == 0 && inspected >= thresholds.dead_results;
        (finds_nothing && self.side == Some(Side::Risk))
            .then_some((State::Dead, StateReason::NoFinding { inspected }))
    }

    fn young(&self, setting: &Setting<'_>) -> Option<(State, StateReason)> {
        let (inspected, thresholds) = (self.counts.tally.inspected(), setting.thresholds);
        if inspected < thresholds.young_results {
            let least = thresholds.young_results;
            return Some((State::Young, StateReason::FewResults { inspected, least }));
        }
        let ((since, _), (begin, end)) = self.counts.days.zip(setting.days)?;
        let days = days_between(since, end) + 1;
        // What fires from the first days on may be older than the evidence.
        let is_new = days_between(begin, since) >= i64::from(thresholds.young_days);
        (is_new && days < i64::from(thresholds.young_days))
            .then_some((State::Young, StateReason::New { since, days }))
    }

    /// How its rate compares with that of the declarations on which it did not fire, and how likely that is by chance.
    fn difference(&self, setting: &Setting<'_>) -> Option<(Ordering, f64)> {
        setting.chance?;
        self.counts.tally.sums.compared(&setting.all.sums.without(&self.counts.whole))
    }

    /// How likely it is by chance that it became so much worse.
    fn worsening(&self, trend: &Trend) -> Option<f64> {
        Some(match self.side? {
            Side::Risk => trend.p_fall,
            Side::Relief => trend.p_rise,
        })
    }

    /// What tests tell.
    fn told(&self, rating: &Rating, changed: Option<f64>, setting: &Setting<'_>) -> (State, StateReason) {
        let compared = setting.chance.zip(rating.standing).map(|(chance, standing)| {
            let estimate = self.counts.tally.sums.estimate(0.95);
            (
                standing,
                StateReason::Compared {
                    rate: estimate.rate,
                    chance,
                    standing,
                    side: self.side,
                    covered: estimate.covered,
                    undrawn: self.counts.undrawn(),
                },
            )
        });
        let fits = match (self.side, compared) {
            (Some(Side::Risk), Some((Standing::Above, _)))
            | (Some(Side::Relief), Some((Standing::Below, _))) => Some(true),
            (Some(Side::Risk), Some((Standing::Below, _)))
            | (Some(Side::Relief), Some((Standing::Above, _))) => Some(false),
            _ => None,
        };
        if let (Some(false), Some((_, reason))) = (fits, compared) {
            return (State::Harmful, reason);
        }
        if let (Some(p), Some(Trend { earlier, later, .. })) = (changed, rating.trend)
            && (earlier > later) == (self.side == Some(Side::Risk))
        {
            return (State::Tired, StateReason::Changed { earlier, later, p });
        }
        let state = if fits == Some(true) { State::Good } else { State::CannotBeTold };
        (state, compared.map_or(StateReason::NothingDrawn, |(_, reason)| reason))
    }
}
