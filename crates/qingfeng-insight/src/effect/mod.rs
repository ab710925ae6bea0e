//! The worth of rules: what they find, and what they would find if everything on which they fire were inspected.
//!
//! ```text
//! Evidence ──tally──▶ what fired, was inspected, was found ──estimate──▶ rates with intervals
//!          ──months, overlaps, lines──▶ RuleEffect ──state──▶ young, good, tired, dead
//!          ──score──▶ CapacityPoint
//! ```
//!
//! Hit rates of what was selected make a rule look as good as the selection: a rule that fires together with a strong one
//! is inspected where the strong one fires, and nowhere else. So each rate stands here twice: as it was seen, and as the
//! draw says it is ([`Estimate`]). It says how, with its sources.
//!
//! The unit is the declaration, since declarations are what plans select. With [`EffectOptions::lines`] a rule has found
//! something only where the violation is on a goods line on which it fired.

mod capacity;
mod estimate;
mod lines;
mod overlap;
mod result;
mod rows;
mod rules;
mod state;
pub(crate) mod tally;
#[cfg(test)]
mod tests;
mod trend;

use qingfeng_rules::{Pack, Status};
use serde::Serialize;

pub use crate::statistics::{Rate, clopper_pearson, wilson};
pub use estimate::Estimate;
pub use lines::FiredLines;
pub use result::{
    CapacityPoint, Effect, Figures, MonthEffect, Only, Overlap, Part, RuleEffect, Standing, State, Trend,
};
pub use rows::{effect_rows, effect_schema};
pub use state::{ReasonWords, StateReason};

/// The capacities at which precision and recall are told, as shares of all declarations.
pub const CAPACITIES: [f64; 7] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// How the worth of rules is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectOptions {
    /// The confidence level of intervals, in (0, 1).
    pub level: f64,
    /// The capacities at which precision and recall are told, as shares of all declarations, in (0, 1].
    pub capacities: Vec<f64>,
    /// Points that an officer works off in an hour, where outcomes do not say how long an inspection took and plans cost
    /// points.
    pub points_per_hour: Option<f64>,
    /// Rules that should be there, though they may never have fired, with titles.
    pub known: Vec<KnownRule>,
    /// On which goods lines rules fired.
    pub lines: Option<FiredLines>,
    /// When a rule is young, tired or dead.
    pub thresholds: Thresholds,
    /// The width of a score band.
    pub band: u32,
    /// How many partners of a rule are told.
    pub partners: usize,
}

impl Default for EffectOptions {
    fn default() -> Self {
        Self {
            level: 0.95,
            capacities: CAPACITIES.to_vec(),
            points_per_hour: None,
            known: Vec::new(),
            lines: None,
            thresholds: Thresholds::default(),
            band: 10,
            partners: 5,
        }
    }
}

impl EffectOptions {
    /// The options with the rules of a pack and its points per hour.
    pub fn with_pack(mut self, pack: &Pack) -> Self {
        self.known = pack
            .rules
            .iter()
            .filter(|rule| matches!(rule.status, Status::Active | Status::Shadow))
            .map(|rule| KnownRule {
                id: rule.id.as_str().into(),
                title: rule.title.clone(),
                title_zh: rule.title_zh.clone(),
                shadow: rule.status == Status::Shadow,
            })
            .collect();
        let points = pack.selection.as_ref().map(|selection| f64::from(selection.cost.points_per_hour));
        self.points_per_hour = self.points_per_hour.or(points);
        self
    }
}

/// A rule of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRule {
    /// Its id.
    pub id: Box<str>,
    /// Its title.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// Whether it is on trial.
    pub shadow: bool,
}

/// When a rule is young, tired or dead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// Fewer results make a rule young.
    pub young_results: u64,
    /// A rule that first fired less than so many days before the last day of the evidence is young, where the evidence
    /// begins earlier.
    pub young_days: u32,
    /// So many results without a finding make a rule dead.
    pub dead_results: u64,
    /// A rule that has not fired for so many days is dead.
    pub dead_days: u32,
    /// How unlikely a fall of the hit rate must be by chance to make a rule tired.
    pub tired_level: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { young_results: 30, young_days: 28, dead_results: 100, dead_days: 90, tired_level: 0.01 }
    }
}
