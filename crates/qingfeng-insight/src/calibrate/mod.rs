//! Points fitted to what inspections found.
//!
//! ```text
//! log odds of a violation = a + Σ over the fired rules of their coefficients
//! points of a rule        = its coefficient times one scale, rounded, within bounds
//! ```
//!
//! The coefficients are those of a logistic regression with a ridge penalty (le Cessie and van Houwelingen 1992) in which
//! each judged declaration counts by one over its probability of being selected (Horvitz and Thompson 1952), so that what
//! was looked at most does not look worst. The penalty draws coefficients towards the points of the pack: a rule of which
//! little was found stays nearly as it is. Standard errors are those of the sandwich (Huber 1967; Binder 1983), which hold
//! under such weights. How strong the penalty is, is chosen by judging each of the last periods with what was learnt
//! before it (rolling origin).
//!
//! The scale is the one under which about as many of the assessed declarations reach the channels as today, so that a score
//! means about what it meant. The least scores of channels follow, so that each keeps its workload, unless they are to stay.

mod design;
mod fit;
mod judge;
mod learn;
mod options;
mod result;
pub(crate) mod ridge;

use crate::statistics::Z95;
use design::Design;
use learn::{Lesson, Scores, score};
use qingfeng::read::ReadError;
use qingfeng_inspection::evidence::Evidence;

pub use options::{CalibrateOptions, CurrentPoints, CurrentRule, Toward};
pub use result::{
    AtCapacity, Calibration, ChannelShare, PenaltyJudged, PeriodJudged, PointsProposal, Reason, Totals,
    Validation, Verdict,
};

/// Why points cannot be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum CalibrateError {
    /// The pack takes the largest points.
    #[error(
        "the score of the pack is the largest of the points (`combine = \"max\"`); only points that are added can be fitted"
    )]
    NotSummed,
    /// An option is out of its bounds.
    #[error("{0}")]
    Option(String),
    /// No assessed declaration has a result.
    #[error(
        "no assessed declaration has an inspection with a coded result ({assessed} assessed, {open} open, {waived} waived); give the plans and the outcomes of the same days"
    )]
    NothingJudged { assessed: u64, open: u64, waived: u64 },
    /// All that was judged came out alike.
    #[error("all {judged} judged declarations are {what}; points need some of each, so give a longer time")]
    AllAlike { judged: u64, what: &'static str },
    /// No rule has enough of both.
    #[error(
        "no rule whose points can be changed fired on {support} judged declarations and stayed silent on as many; give a longer time or a smaller support"
    )]
    NoRule { support: u32 },
    /// More than can be fitted in reasonable time.
    #[error(
        "{sets} different sets of rules by {rules} rules are more than can be fitted at once; give a shorter time or a larger support"
    )]
    TooLarge { sets: u64, rules: u64 },
    /// The regression has no answer.
    #[error("the regression failed: its information has no inverse; a larger penalty may help")]
    Singular,
    /// The declarations can no longer be read.
    #[error("{0}")]
    Read(String),
}

impl From<ReadError> for CalibrateError {
    fn from(error: ReadError) -> Self {
        Self::Read(error.to_string())
    }
}

/// Fits the points of a pack's rules to what inspections found.
///
/// Declarations whose inspection has no coded result, and waived ones, are left out and counted. The answer depends on the
/// arguments alone: not on threads or on the order of files.
///
/// # Errors
///
/// Nothing was judged, all that was judged came out alike, no rule has enough support, or an option is out of bounds.
///
/// ```
/// use qingfeng_insight::calibrate::{CalibrateError, CalibrateOptions, CurrentPoints, calibrate};
/// use qingfeng_inspection::evidence::Evidence;
///
/// let engine = qingfeng::Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/import-fraud"))?;
/// let current = CurrentPoints::of(engine.pack());
/// let error = calibrate(&Evidence::default(), &current, &CalibrateOptions::default()).unwrap_err();
/// assert!(matches!(error, CalibrateError::NothingJudged { assessed: 0, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn calibrate(
    evidence: &Evidence,
    current: &CurrentPoints,
    options: &CalibrateOptions,
) -> Result<Calibration, CalibrateError> {
    options.check()?;
    if !current.summed {
        return Err(CalibrateError::NotSummed);
    }
    let design = Design::new(evidence, current, options.weighted)?;
    let totals = &design.totals;
    if totals.judged == 0 {
        let (assessed, open, waived) = (totals.assessed, totals.open, totals.waived);
        return Err(CalibrateError::NothingJudged { assessed, open, waived });
    }
    let lesson = Lesson::new(&design, design.found(|_| true), current, options)?;
    let judged = judge::judge(&design, current, options)?;
    // Without periods to judge by, the penalty in the middle of those that may be tried.
    let mut penalties = options.penalties.clone();
    penalties.sort_by(f64::total_cmp);
    let penalty = judged.as_ref().map_or(penalties[penalties.len() / 2], |(penalty, _)| *penalty);
    let learnt = lesson.learn(penalty, true)?;
    let before: Vec<i64> = current.rules.iter().map(|rule| rule.points.unwrap_or(0)).collect();
    let mut rules: Vec<PointsProposal> = current
        .rules
        .iter()
        .zip(&learnt.rules)
        .zip(&learnt.points)
        .map(|((rule, fitted), &points)| PointsProposal {
            rule: rule.id.clone(),
            is_band: rule.is_band,
            before: rule.points,
            after: rule.points.map(|_| points),
            reason: fitted.reason,
            coefficient: fitted.coefficient,
            standard_error: fitted.error,
            interval: fitted.coefficient.zip(fitted.error).map(|(coefficient, error)| {
                let off = Z95 * error;
                ((coefficient - off) * learnt.scale, (coefficient + off) * learnt.scale)
            }),
            support: 0,
            violations: 0,
            observed: 0.0,
            expected: 0.0,
            expected_error: 0.0,
        })
        .collect();
    for row in design.found(|_| true) {
        let chance = learnt.proposal.probability(score(row.set, &learnt.points, current) as f64);
        for &rule in &row.set.rules {
            let rule = &mut rules[rule as usize];
            rule.support += row.both().count;
            rule.violations += row.violations.count;
            rule.observed += row.violations.weight;
            rule.expected += row.both().weight * chance;
            rule.expected_error += row.both().square * chance * (1.0 - chance);
        }
    }
    rules.iter_mut().for_each(|rule| rule.expected_error = rule.expected_error.sqrt());
    let from: Vec<i64> = current.channels.iter().map(|channel| channel.1).collect();
    let (today, proposed) =
        (Scores::new(&design, &before, current), Scores::new(&design, &learnt.points, current));
    let from_after = if options.keep_channels { from.clone() } else { proposed.channels(&today, current) };
    let shares = today.reaching(&from).into_iter().zip(proposed.reaching(&from_after));
    let channels = current.channels.iter().zip(from_after).zip(shares);
    let channels = channels.map(|(((channel, from), from_after), (before, after))| ChannelShare {
        channel: channel.clone(),
        from: *from,
        from_after,
        before,
        after,
    });
    Ok(Calibration {
        channels: channels.collect(),
        toward: options.toward,
        penalty,
        scale: learnt.scale,
        keep_channels: options.keep_channels,
        pack_slope: learnt.pack_slope,
        intercept: learnt.intercept,
        rules,
        validation: judged.map(|(_, validation)| validation),
        unknown_rules: design.unknown_rules.clone(),
        totals: design.totals,
    })
}

#[cfg(test)]
mod tests;
