//! What is to be thought of a rule: one state with its reason, by one statistic, wherever rules are judged.
//!
//! ```text
//! Evidence ──counts──▶ RuleCounts ──judge──▶ Rating: young, good, harmful, tired, dead, cannot be told
//! a pack ──▶ KnownRules: which rules add risk, and which relieve of it
//! ```
//!
//! A rule that adds risk is good where more is found than by chance. A rule that relieves (points below 0, or a ceiling) is
//! good where less is found. Each is harmful where it is the other way round. What is found is the estimate of
//! [`Estimate`](crate::effect::Estimate), compared with that of all declarations on which the rule did not fire; how that
//! changes is the trend over months. Each of the two tests is corrected for the number of rules (Benjamini and Hochberg
//! 1995), so that of those which are called good, harmful or tired at most the share [`Thresholds::level`] is expected to be
//! chance.

mod counts;
mod judge;
mod known;
mod trend;

use qingfeng_rules::Date;
use serde::Serialize;

pub(crate) use counts::RuleCounts;
pub(crate) use judge::{Facts, Setting, ratings};
pub(crate) use known::is_summed;
pub use known::{KnownRule, KnownRules, Side};
pub(crate) use trend::OfMonth;

/// The state of a rule. In this order lists have them: what asks for something to be done first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum State {
    /// It adds risk where less is found than by chance, or relieves where more is.
    #[serde(rename = "harmful")]
    Harmful,
    /// It never fires, no longer fires, or finds nothing.
    #[serde(rename = "dead")]
    Dead,
    /// It becomes worse from month to month.
    #[serde(rename = "tired")]
    Tired,
    /// What is known does not tell it from chance.
    #[serde(rename = "cannot be told")]
    CannotBeTold,
    /// Too few results or days to say.
    #[serde(rename = "young")]
    Young,
    /// It adds risk where more is found than by chance, or relieves where less is, and nothing says that it becomes worse.
    #[serde(rename = "good")]
    Good,
}

impl State {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Harmful => "harmful",
            Self::Dead => "dead",
            Self::Tired => "tired",
            Self::CannotBeTold => "cannot be told",
            Self::Young => "young",
            Self::Good => "good",
        }
    }
}

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
    /// Its hit rate fell, or that of a rule that relieves rose.
    Changed {
        /// In the earlier half of the results.
        earlier: f64,
        /// In the later half.
        later: f64,
        /// How likely so great a change is by chance, corrected for the number of rules.
        p: f64,
    },
    /// Nothing was drawn with which its hit rate could be compared.
    NothingDrawn,
    /// How its hit rate compares.
    Compared {
        /// Its own; `None` where it is only known within bounds.
        rate: Option<f64>,
        /// That of all declarations.
        chance: f64,
        /// How they compare.
        standing: Standing,
        /// Whether it is to add risk or to relieve; `None` where that is not known.
        side: Option<Side>,
        /// The part of its declarations that the rate speaks of.
        covered: f64,
        /// The part of its declarations that is at offices where nothing of it was drawn.
        undrawn: f64,
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

/// How a rate compares with that of all declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It lies above, more certainly than chance and the number of rules explain.
    Above,
    /// They are not told apart.
    Alike,
    /// It lies below.
    Below,
}

/// How a hit rate changed from month to month, by how declarations were selected (Armitage 1955, Mantel 1963).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trend {
    /// The test's statistic, about normal where nothing changed: below 0 the hit rate fell.
    pub z: f64,
    /// How likely so great a fall is by chance.
    pub p_fall: f64,
    /// How likely so great a rise is by chance.
    pub p_rise: f64,
    /// The hit rate seen in the earlier half of the results.
    pub earlier: f64,
    /// The hit rate seen in the later half.
    pub later: f64,
}

/// What is to be thought of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rating {
    /// Its state.
    pub state: State,
    /// Why it has that state.
    #[serde(skip)]
    pub reason: StateReason,
    /// The same in words, where a program put them there.
    #[serde(flatten)]
    pub words: Option<ReasonWords>,
    /// Whether it is to add risk or to relieve; `None` where nothing says so.
    pub side: Option<Side>,
    /// How its hit rate compares with that of all declarations; `None` where one of them is not known.
    pub standing: Option<Standing>,
    /// How likely a difference as great as that from the declarations on which it did not fire is by chance.
    pub p: Option<f64>,
    /// The same, corrected for the number of rules.
    pub p_adjusted: Option<f64>,
    /// How its hit rate changed; `None` without results in two months.
    pub trend: Option<Trend>,
}

/// When a rule is young or dead, and how certain a rating must be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// Fewer results make a rule young.
    pub young_results: u64,
    /// A rule that first fired less than so many days before the last day of the evidence is young, where the evidence
    /// begins earlier.
    pub young_days: u32,
    /// So many results without a finding make a rule dead that is to add risk.
    pub dead_results: u64,
    /// A rule that has not fired for so many days is dead, if it used to fire so often that chance seldom makes it silent so
    /// long.
    pub dead_days: u32,
    /// The share of the rules called good, harmful or tired that may be chance, in (0, 1): the false discovery rate.
    pub level: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { young_results: 30, young_days: 28, dead_results: 100, dead_days: 90, level: 0.05 }
    }
}

#[cfg(test)]
mod tests;
