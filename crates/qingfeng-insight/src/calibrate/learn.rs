//! From what was found to whole points.

use std::collections::BTreeMap;

use super::design::{Design, Found, Set};
use super::fit::{self, Line, Regression};
use super::{CalibrateError, CalibrateOptions, CurrentPoints, Reason, Toward};

/// Points learnt from some declarations.
#[derive(Clone, Debug)]
pub(super) struct Learnt {
    /// Today's points as a forecast.
    pub pack: Line,
    /// The points proposed as a forecast.
    pub proposal: Line,
    pub intercept: f64,
    /// What a point of the pack is worth in log odds, uncut.
    pub pack_slope: f64,
    pub scale: f64,
    /// By rule of the pack.
    pub rules: Vec<LearntRule>,
    /// By rule of the pack; 0 where they are computed.
    pub points: Vec<i64>,
}

/// A rule in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LearntRule {
    pub reason: Reason,
    pub coefficient: Option<f64>,
    pub error: Option<f64>,
}

/// The score of a set with these points.
pub(super) fn score(set: &Set, points: &[i64], pack: &CurrentPoints) -> i64 {
    uncut(set, points).clamp(pack.floor, pack.cap.max(pack.floor))
}

fn uncut(set: &Set, points: &[i64]) -> i64 {
    set.rules.iter().fold(set.extra, |sum, &rule| sum.saturating_add(points[rule as usize]))
}

/// How the log odds rise with the score under these points.
fn forecast(rows: &[Found<'_>], of: &dyn Fn(&Set) -> i64) -> Result<Line, CalibrateError> {
    let unit = fit::unit(rows);
    let items: Vec<(i64, f64, f64)> =
        rows.iter().map(|row| (of(row.set), row.violations.weight * unit, row.clear.weight * unit)).collect();
    fit::line(&items)
}

/// What is the same for all penalties.
pub(super) struct Lesson<'l> {
    rows: Vec<Found<'l>>,
    design: &'l Design,
    current: &'l CurrentPoints,
    options: &'l CalibrateOptions,
    /// Today's points, 0 where they are computed.
    today: Vec<i64>,
    pack: Line,
    pack_slope: f64,
    reasons: Vec<Reason>,
    regression: Regression,
}

impl<'l> Lesson<'l> {
    pub(super) fn new(
        design: &'l Design,
        rows: Vec<Found<'l>>,
        current: &'l CurrentPoints,
        options: &'l CalibrateOptions,
    ) -> Result<Self, CalibrateError> {
        let today: Vec<i64> = current.rules.iter().map(|rule| rule.points.unwrap_or(0)).collect();
        let judged: u64 = rows.iter().map(|row| row.both().count).sum();
        let violations: u64 = rows.iter().map(|row| row.violations.count).sum();
        if judged == 0 || violations == 0 || violations == judged {
            let what = if violations == 0 { "clear" } else { "violations" };
            return Err(CalibrateError::AllAlike { judged, what });
        }
        let mut fired = vec![0_u64; today.len()];
        for row in &rows {
            row.set.rules.iter().for_each(|&rule| fired[rule as usize] += row.both().count);
        }
        let support = u64::from(options.support.max(1));
        let mut reasons: Vec<Reason> = current
            .rules
            .iter()
            .zip(&fired)
            .map(|(rule, &fired)| match rule.kept {
                Some(reason) => reason,
                None if rule.points.is_none() => Reason::Computed,
                None if fired == 0 => Reason::Silent,
                None if fired < support => Reason::LittleSupport,
                None if judged - fired < support => Reason::AlwaysFires,
                None => Reason::Fitted,
            })
            .collect();
        if !reasons.contains(&Reason::Fitted) {
            return Err(CalibrateError::NoRule { support: options.support });
        }
        let pack = forecast(&rows, &|set| score(set, &today, current))?;
        let pack_slope = forecast(&rows, &|set| uncut(set, &today))?.slope;
        let wanted: Vec<u32> =
            (0..reasons.len() as u32).filter(|&rule| reasons[rule as usize] == Reason::Fitted).collect();
        // A rule that says no more than others together keeps its points; the others are fitted given that.
        let regression = Regression::new(&rows, wanted.clone())?;
        let lost = wanted.iter().filter(|rule| regression.rules.binary_search(rule).is_err());
        lost.for_each(|&rule| reasons[rule as usize] = Reason::Inseparable);
        let given = |set: &Set| {
            let is_drawn_to_zero =
                |rule: u32| options.toward == Toward::Zero && reasons[rule as usize] == Reason::Fitted;
            let points = |&rule: &u32| if is_drawn_to_zero(rule) { 0 } else { today[rule as usize] };
            let sum: i64 = set.rules.iter().map(points).sum();
            pack_slope.max(0.0) * sum.saturating_add(set.extra) as f64
        };
        let regression = regression.given(rows.iter().map(|row| given(row.set)));
        Ok(Self { rows, design, current, options, today, pack, pack_slope, reasons, regression })
    }

    /// Fits with a penalty, and makes whole points of it.
    pub(super) fn learn(&self, penalty: f64, with_errors: bool) -> Result<Learnt, CalibrateError> {
        let worth = self.pack_slope.max(0.0);
        let fitted = self.regression.fit(penalty, with_errors)?;
        let mut rules: Vec<LearntRule> = self
            .reasons
            .iter()
            .map(|&reason| LearntRule { reason, coefficient: None, error: None })
            .collect();
        for (position, &rule) in self.regression.rules.iter().enumerate() {
            let prior = match self.options.toward {
                Toward::Pack => worth * self.today[rule as usize] as f64,
                Toward::Zero => 0.0,
            };
            let learnt = &mut rules[rule as usize];
            learnt.coefficient = Some(prior + fitted.values[position]);
            learnt.error = fitted.errors.get(position).copied();
        }
        let (scale, points) = self.scaled(&rules, worth);
        for (rule, points) in rules.iter_mut().zip(&points) {
            if let Some(coefficient) = rule.coefficient
                && (coefficient * scale).round() as i64 != *points
            {
                rule.reason = Reason::Bounded;
            }
        }
        let proposal = forecast(&self.rows, &|set| score(set, &points, self.current))?;
        Ok(Learnt {
            pack: self.pack,
            proposal,
            intercept: fitted.intercept,
            pack_slope: self.pack_slope,
            scale,
            rules,
            points,
        })
    }

    /// The points at a scale.
    fn points(&self, rules: &[LearntRule], scale: f64) -> Vec<i64> {
        let points = rules.iter().zip(&self.today).map(|(rule, &today)| match rule.coefficient {
            Some(coefficient) => {
                let (least, most) = self.options.bounds(today, self.current);
                ((coefficient * scale).round() as i64).clamp(least, most)
            }
            None => today,
        });
        points.collect()
    }

    /// The scale under which as many declarations reach each channel as today, and the points at it. Of scales that do
    /// equally well the one counts that is nearest to the pack's own: one point by what it is worth today.
    fn scaled(&self, rules: &[LearntRule], worth: f64) -> (f64, Vec<i64>) {
        let size = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(f64::abs).sum::<f64>();
        let fitted = || rules.iter().zip(&self.today).filter(|(rule, _)| rule.coefficient.is_some());
        let base = if worth > WORTH_LEAST {
            1.0 / worth
        } else {
            let today = size(&mut fitted().map(|(_, &today)| today as f64));
            let coefficients = size(&mut fitted().filter_map(|(rule, _)| rule.coefficient));
            if today > 0.0 && coefficients > 0.0 { today / coefficients } else { POINTS_OF_DOUBLED_ODDS }
        };
        let before = self.reaching(&self.today);
        let tried = |step: i32| {
            let scale = base * (f64::from(step) / STEPS_OF_DOUBLING).exp2();
            let points = self.points(rules, scale);
            let after = self.reaching(&points);
            let off: f64 = before.iter().zip(&after).map(|(before, after)| (before - after).abs()).sum();
            Scaled { off, step, scale, points }
        };
        let mut best = tried(0);
        let coarse = (-COARSE..=COARSE).map(|step| step * COARSE_STEP);
        coarse.for_each(|step| best = best.clone().or(tried(step)));
        let middle = best.step;
        (middle + 1 - COARSE_STEP..middle + COARSE_STEP).for_each(|step| best = best.clone().or(tried(step)));
        (best.scale, best.points)
    }

    /// The share of the assessed declarations that reaches each channel beyond the mildest by its score.
    fn reaching(&self, points: &[i64]) -> Vec<f64> {
        let from: Vec<i64> = self.current.channels.iter().skip(1).map(|channel| channel.1).collect();
        Scores::new(self.design, points, self.current).reaching(&from)
    }
}

/// A scale that was tried.
#[derive(Clone)]
struct Scaled {
    /// How far the shares are from those of today.
    off: f64,
    step: i32,
    scale: f64,
    points: Vec<i64>,
}

impl Scaled {
    /// The better of two; of equals the one nearer to the pack's own scale, then the former.
    fn or(self, other: Self) -> Self {
        let is_nearer = other.off <= self.off + SAME && other.step.abs() < self.step.abs();
        if other.off < self.off - SAME || is_nearer { other } else { self }
    }
}

/// Shares that differ by less are the same.
const SAME: f64 = 1e-12;

/// How many assessed declarations have each score.
pub(super) struct Scores {
    counts: BTreeMap<i64, u64>,
    all: u64,
}

impl Scores {
    pub(super) fn new(design: &Design, points: &[i64], pack: &CurrentPoints) -> Self {
        let mut counts = BTreeMap::new();
        for set in &design.sets {
            *counts.entry(score(set, points, pack)).or_default() += set.assessed;
        }
        Self { counts, all: design.totals.assessed.max(1) }
    }

    /// The share that has at least each of these scores.
    pub(super) fn reaching(&self, from: &[i64]) -> Vec<f64> {
        from.iter().map(|&from| self.at_least(from) as f64 / self.all as f64).collect()
    }

    fn at_least(&self, from: i64) -> u64 {
        self.counts.range(from..).map(|(_, count)| count).sum()
    }

    /// From which scores as many reach each channel beyond the mildest as reach it today. Of scores that do equally well the one
    /// nearest to today's.
    pub(super) fn channels(&self, today: &Self, pack: &CurrentPoints) -> Vec<i64> {
        let mut from: Vec<i64> = Vec::with_capacity(pack.channels.len());
        for (at, &(_, now)) in pack.channels.iter().enumerate() {
            let Some(&below) = from.last() else {
                from.push(now);
                continue;
            };
            let wanted = today.at_least(now);
            let left = (pack.channels.len() - at) as i64 - 1;
            let tried = below + 1..=pack.cap.saturating_sub(left).max(below + 1);
            let best = tried.min_by_key(|&from| (self.at_least(from).abs_diff(wanted), from.abs_diff(now)));
            from.push(best.unwrap_or(now));
        }
        from
    }
}

/// A point that is worth less says nothing.
const WORTH_LEAST: f64 = 1e-4;
/// Scales between one and its double.
const STEPS_OF_DOUBLING: f64 = 32.0;
/// Two doublings to either side, four steps at a time.
const COARSE: i32 = 16;
const COARSE_STEP: i32 = 4;
/// Points for a unit of log odds where neither the pack nor the fit says any: 28 points double the odds.
const POINTS_OF_DOUBLED_ODDS: f64 = 40.0;
