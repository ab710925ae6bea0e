//! What calibration gives.

use serde::Serialize;

use super::Toward;

/// Points proposed for the rules of a pack, and how they were judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Calibration {
    /// What was learnt from.
    pub totals: Totals,
    /// Towards what the penalty draws.
    pub toward: Toward,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// Points for each unit of log odds.
    pub scale: f64,
    /// Whether channels keep their least scores.
    pub keep_channels: bool,
    /// What one point of the pack as it is adds to the log odds of a violation. Nought or less: its score says nothing.
    pub pack_slope: f64,
    /// The log odds of a violation where no rule fires.
    pub intercept: f64,
    /// Each active rule of the pack, in the order of the pack.
    pub rules: Vec<PointsProposal>,
    /// The share of the assessed declarations that reaches each channel by its score, from mild to severe.
    pub channels: Vec<ChannelShare>,
    /// How the proposal and the pack did on periods that they were not learnt from; `None` where there are too few days.
    pub validation: Option<Validation>,
    /// Rules that fired and that the pack does not have as active rules; their findings are those of the others.
    pub unknown_rules: Vec<String>,
}

/// What was learnt from.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Totals {
    /// Assessed declarations.
    pub assessed: u64,
    /// Those with an inspection and a coded result.
    pub judged: u64,
    /// Judged ones with a violation.
    pub violations: u64,
    /// Inspected without a coded result; left out.
    pub open: u64,
    /// Waived with a reason; left out.
    pub waived: u64,
    /// Assessed and not inspected.
    pub not_inspected: u64,
    /// Judged ones that were drawn at random.
    pub drawn: u64,
    /// As how many evenly selected declarations the judged ones tell (Kish 1965): the square of the sum of the weights by the
    /// sum of their squares.
    pub effective: f64,
    /// The weighted rate of violations.
    pub rate: f64,
    /// Different sets of fired rules among the judged ones.
    pub sets: u64,
}

/// Why a rule has the points that are proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fitted.
    Fitted,
    /// Fitted, and cut at the least or the most points of a rule.
    Bounded,
    /// Kept: an expression gives its points. The numbers among which it chooses may be fitted.
    Computed,
    /// Kept: it forces a channel.
    ForcedChannel,
    /// Kept: what it fires on must be inspected.
    Mandatory,
    /// Kept: it did not fire on any judged declaration.
    Silent,
    /// Kept: it fired on too few judged declarations.
    LittleSupport,
    /// Kept: it was silent on too few judged declarations to be distinguished from the intercept.
    AlwaysFires,
    /// Kept: on what was judged it fires just where a combination of others does, so it cannot be distinguished from them.
    Inseparable,
    /// Kept: the number is not written in the rule, or serves several rules.
    SharedNumber,
    /// Kept: the caller asked for it.
    AsAsked,
}

impl Reason {
    /// What people read.
    pub fn text(self) -> &'static str {
        match self {
            Self::Fitted => "fitted",
            Self::Bounded => "fitted, cut at the bound",
            Self::Computed => "kept: an expression gives its points",
            Self::ForcedChannel => "kept: it forces a channel",
            Self::Mandatory => "kept: what it fires on must be inspected",
            Self::Silent => "kept: fired on nothing that was judged",
            Self::LittleSupport => "kept: too few judged declarations",
            Self::AlwaysFires => "kept: fires on nearly all",
            Self::Inseparable => "kept: not to be told from others",
            Self::SharedNumber => "kept: its number is not its own",
            Self::AsAsked => "kept, as asked",
        }
    }

    /// Whether the points were fitted.
    pub fn is_fitted(self) -> bool {
        matches!(self, Self::Fitted | Self::Bounded)
    }
}

/// What is proposed for a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PointsProposal {
    /// The rule's id.
    pub rule: String,
    /// Whether these are the points that it gives on some lines: one of the numbers among which it chooses.
    pub is_band: bool,
    /// Its points today; `None` where an expression gives them.
    pub before: Option<i64>,
    /// The points proposed; those of today where they are kept.
    pub after: Option<i64>,
    /// Why.
    pub reason: Reason,
    /// The log odds that it adds, if it was fitted.
    pub coefficient: Option<f64>,
    /// Their standard error.
    pub standard_error: Option<f64>,
    /// The interval of its points, before rounding and bounds.
    pub interval: Option<(f64, f64)>,
    /// Judged declarations on which it fired.
    pub support: u64,
    /// Of these with a violation.
    pub violations: u64,
    /// Violations among all declarations on which it fires, by the weights.
    pub observed: f64,
    /// As many by the proposed points of all rules; far from `observed` where something else than points is wrong.
    pub expected: f64,
    /// The standard error of their difference, if the points are right.
    pub expected_error: f64,
}

impl PointsProposal {
    /// By how much the points change.
    pub fn change(&self) -> i64 {
        self.after.unwrap_or(0) - self.before.unwrap_or(0)
    }
}

/// How many of the assessed declarations reach a channel by their score alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelShare {
    /// The channel.
    pub channel: String,
    /// Its least score.
    pub from: i64,
    /// The least score proposed.
    pub from_after: i64,
    /// Their share with the points of today.
    pub before: f64,
    /// Their share with the points proposed.
    pub after: f64,
}

/// How the proposal did on periods that it was not learnt from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Validation {
    /// What a period is: `month`, `week` or `day`.
    pub period: &'static str,
    /// Each judged period.
    pub periods: Vec<PeriodJudged>,
    /// Each penalty, over all periods.
    pub penalties: Vec<PenaltyJudged>,
    /// Mean log loss of the pack's score as a forecast.
    pub pack_log_loss: f64,
    /// The same of the points proposed.
    pub proposal_log_loss: f64,
    /// By how much the log loss falls.
    pub gain: f64,
    /// The standard error of the gain.
    pub gain_error: f64,
    /// Violations found in the best declarations of each period.
    pub at_capacity: Vec<AtCapacity>,
    /// What to make of it.
    pub verdict: Verdict,
}

/// A period judged by what was learnt before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PeriodJudged {
    /// Its name: `2016-09`, or its first day.
    pub period: String,
    /// Judged declarations before it.
    pub learnt_from: u64,
    /// Its judged declarations.
    pub judged: u64,
    /// Those with a violation.
    pub violations: u64,
    /// Mean log loss of the pack's score as a forecast.
    pub pack_log_loss: f64,
    /// The same of the points that would have been proposed.
    pub proposal_log_loss: f64,
}

/// A penalty over all periods.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PenaltyJudged {
    /// The penalty.
    pub penalty: f64,
    /// Mean log loss of the points that it gives.
    pub log_loss: f64,
}

/// What the best declarations held.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AtCapacity {
    /// The share of the declarations that is inspected, by score.
    pub share: f64,
    /// The share of these with a violation, by the pack.
    pub pack_precision: f64,
    /// By the proposal.
    pub proposal_precision: f64,
    /// The share of all violations among these, by the pack.
    pub pack_recall: f64,
    /// By the proposal.
    pub proposal_recall: f64,
}

/// What to make of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The proposal forecasts better, by more than chance would.
    Better,
    /// The two do not differ beyond chance.
    NotTold,
    /// The pack forecasts better.
    Worse,
}
