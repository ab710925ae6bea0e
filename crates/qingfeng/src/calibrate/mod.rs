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
//! The scale is the one under which as many of the assessed declarations reach each channel as today: volumes stay what
//! they are, and a score means what it meant.

mod options;
mod result;

pub use options::{CalibrateOptions, CurrentPoints, CurrentRule, Toward};
pub use result::{
    AtCapacity, Calibration, ChannelShare, PenaltyJudged, PeriodJudged, PointsProposal, Reason, Totals,
    Validation, Verdict,
};

/// Why points cannot be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
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
    NothingJudged {
        /// Assessed declarations.
        assessed: u64,
        /// Of these inspected, without a coded result.
        open: u64,
        /// Waived.
        waived: u64,
    },
    /// All that was judged came out alike.
    #[error("all {judged} judged declarations are {what}; points need some of each, so give a longer time")]
    AllAlike {
        /// Judged declarations.
        judged: u64,
        /// `clear` or `violations`.
        what: &'static str,
    },
    /// No rule has enough of both.
    #[error(
        "no rule whose points can be changed fired on {support} judged declarations and stayed silent on as many; give a longer time or a smaller support"
    )]
    NoRule {
        /// The support that was asked for.
        support: u32,
    },
    /// More than can be fitted in reasonable time.
    #[error(
        "{sets} different sets of rules by {rules} rules are more than can be fitted at once; give a shorter time or a larger support"
    )]
    TooLarge {
        /// Different sets of fired rules.
        sets: u64,
        /// Rules to fit.
        rules: u64,
    },
    /// The library gives no answer.
    #[error("the regression failed: {0}; a larger penalty may help")]
    Failed(String),
}
