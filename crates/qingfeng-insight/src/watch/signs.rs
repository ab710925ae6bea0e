//! What stands out, in one list.

use serde::Serialize;

use super::{BunchingAt, Proposal, Shift, ShiftTo, Watch, WatchOptions};
use crate::rating::{State, StateReason, Trend};

/// What a sign is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignKind {
    /// Trade that moved after a rule came into force.
    Displacement,
    /// Declarations just under a limit.
    JustUnderLimit,
    /// A trader whose declarations gather just under a limit.
    TraderUnderLimit,
    /// A site that inspects the same scores more or less than others.
    UnequalTreatment,
    /// A site that finds more or less than others in the same scores.
    UnequalFindings,
    /// A rule that does harm: it adds risk where less is found than by chance, or relieves where more is.
    Harmful,
    /// A rule that becomes worse.
    Tired,
    /// A rule that fires no more or finds nothing.
    Dead,
    /// Inspections that stay open.
    Open,
}

impl SignKind {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 9] = [
        Self::Displacement,
        Self::JustUnderLimit,
        Self::TraderUnderLimit,
        Self::UnequalTreatment,
        Self::UnequalFindings,
        Self::Harmful,
        Self::Tired,
        Self::Dead,
        Self::Open,
    ];
}

/// Something that stands out: a sign and no proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sign {
    /// What it is of.
    pub kind: SignKind,
    /// The rule, the mode, the trader or the site.
    pub subject: String,
    /// Where it was found: its place in [`Watch::displacement`], [`Watch::limits`], the sites of [`Watch::sites`],
    /// [`Watch::rules`] or the sites of [`Watch::open`], by kind.
    #[serde(skip)]
    pub of: usize,
    /// Of a displacement the place of its shift, of a trader under a limit its place among the exporters there.
    #[serde(skip)]
    pub part: Option<usize>,
    /// How large: a ratio to what was to be expected; of [`SignKind::Open`] the share that is open, of
    /// [`SignKind::Dead`] the days without firing, or the results without a finding.
    pub size: f64,
    /// Its 95 % interval, where it has one.
    pub interval: Option<(f64, f64)>,
    /// The probability of it by chance, corrected for the number of comparisons; `None` for what is no test.
    pub p_adjusted: Option<f64>,
    /// The same in words, where a program put them there.
    #[serde(flatten)]
    pub words: Option<SignWords>,
}

/// A sign in words. The library leaves them to the program that shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignWords {
    /// Where trade went, in English.
    pub to: Option<String>,
    /// The sign in one sentence, with its numbers, in English.
    pub text: String,
    /// The same in Chinese.
    pub text_zh: String,
}

impl Sign {
    fn new(kind: SignKind, subject: &str, of: usize, size: f64) -> Self {
        let subject = subject.to_owned();
        Self { kind, subject, of, part: None, size, interval: None, p_adjusted: None, words: None }
    }
}

/// What stands out of all that was found.
pub(super) fn signs(watch: &Watch, options: &WatchOptions) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::new();
    displaced(watch, options, &mut signs);
    bunched(watch, options, &mut signs);
    unequal(watch, options, &mut signs);
    of_rules(watch, &mut signs);
    for (of, site) in watch.open.sites.iter().enumerate().filter(|(_, site)| site.late > 0) {
        let interval = Some((site.open.low, site.open.high));
        let size = site.open.share.unwrap_or(0.0);
        signs.push(Sign { interval, ..Sign::new(SignKind::Open, &site.site, of, size) });
    }
    signs.sort_by(|a, b| {
        let p = |sign: &Sign| sign.p_adjusted.unwrap_or(1.0);
        a.kind
            .cmp(&b.kind)
            .then(p(a).total_cmp(&p(b)))
            .then(b.size.total_cmp(&a.size))
            .then_with(|| (&a.subject, a.of, a.part).cmp(&(&b.subject, b.of, b.part)))
    });
    signs
}

fn displaced(watch: &Watch, options: &WatchOptions, signs: &mut Vec<Sign>) {
    for (of, of_rule) in watch.displacement.iter().enumerate() {
        // Where the trade that the rule catches grows as well, it is growth and goes round nothing.
        let grows = of_rule.caught.as_ref().is_some_and(|caught| caught.low > 1.0);
        let is_sign = |shift: &Shift| {
            let apart = !grows || shift.to == ShiftTo::NewExporters;
            apart
                && shift.to != ShiftTo::Caught
                && shift.p_adjusted <= options.level
                && shift.ratio >= options.least_ratio
                && shift.after >= options.least_count
        };
        for (at, shift) in of_rule.shifts.iter().enumerate().filter(|(_, shift)| is_sign(shift)) {
            signs.push(Sign {
                part: Some(at),
                interval: Some((shift.low, shift.high)),
                p_adjusted: Some(shift.p_adjusted),
                ..Sign::new(SignKind::Displacement, &of_rule.rule, of, shift.ratio)
            });
        }
    }
}

fn bunched(watch: &Watch, options: &WatchOptions, signs: &mut Vec<Sign>) {
    for (of, bunching) in watch.limits.iter().enumerate() {
        let is_sign = |at: &BunchingAt| at.p_adjusted <= options.level && at.ratio() >= options.least_ratio;
        for (at, exporter) in bunching.exporters.iter().enumerate().filter(|(_, at)| is_sign(at)) {
            signs.push(Sign {
                part: Some(at),
                p_adjusted: Some(exporter.p_adjusted),
                ..Sign::new(SignKind::TraderUnderLimit, &exporter.name, of, exporter.ratio())
            });
        }
        let (Some(ratio), Some(adjusted)) = (bunching.ratio, bunching.p_adjusted) else { continue };
        if adjusted > options.level || ratio < options.least_ratio || bunching.under < options.least_count {
            continue;
        }
        signs.push(Sign {
            interval: Some((bunching.low.unwrap_or(0.0), bunching.high.unwrap_or(f64::MAX))),
            p_adjusted: Some(adjusted),
            ..Sign::new(SignKind::JustUnderLimit, &bunching.limit.mode, of, ratio)
        });
    }
}

fn unequal(watch: &Watch, options: &WatchOptions, signs: &mut Vec<Sign>) {
    for (of, site) in watch.sites.sites.iter().enumerate() {
        if site.declarations < options.least_count {
            continue;
        }
        let mut add = |kind, ratio: f64, p: f64| {
            if p <= options.level && options.is_apart(ratio) {
                signs.push(Sign { p_adjusted: Some(p), ..Sign::new(kind, &site.site, of, ratio) });
            }
        };
        add(SignKind::UnequalTreatment, site.ratio, site.p_adjusted);
        if site.found.of >= options.least_count {
            add(SignKind::UnequalFindings, site.found_ratio(), site.found_p_adjusted);
        }
    }
}

fn of_rules(watch: &Watch, signs: &mut Vec<Sign>) {
    for (of, watched) in watch.rules.iter().enumerate().filter(|(_, of)| of.proposal != Proposal::Keep) {
        let rating = &watched.rating;
        let sign = |kind, size| Sign::new(kind, &watched.rule, of, size);
        signs.extend(match (rating.state, rating.reason, rating.trend) {
            (State::Harmful, StateReason::Compared { rate, chance, .. }, _) => {
                let size = rate.map_or(1.0, |rate| rate / chance.max(1e-9));
                Some(Sign { p_adjusted: rating.p_adjusted, ..sign(SignKind::Harmful, size) })
            }
            (State::Tired, StateReason::Changed { p, .. }, Some(Trend { earlier, later, .. })) => {
                Some(Sign { p_adjusted: Some(p), ..sign(SignKind::Tired, later / earlier.max(1e-9)) })
            }
            (State::Dead, StateReason::Silent { days, .. }, _) => Some(sign(SignKind::Dead, days as f64)),
            (State::Dead, StateReason::NoFinding { inspected }, _) => {
                Some(sign(SignKind::Dead, inspected as f64))
            }
            _ => None,
        });
    }
}
