//! The worth of rules: what they find, and what they would find if everything on which they fire were inspected.
//!
//! ```text
//! Evidence ──tally──▶ what fired, was inspected, was found ──estimate──▶ rates with intervals
//!          ──months, overlaps, lines──▶ RuleEffect, with a rating
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
pub(crate) mod estimate;
mod lines;
mod overlap;
mod result;
mod rows;
mod rules;
pub(crate) mod tally;
#[cfg(test)]
mod tests;

use qingfeng_rules::Pack;

use crate::rating::{KnownRules, Thresholds};
pub use crate::statistics::{Rate, clopper_pearson, wilson};
pub use estimate::Estimate;
pub use lines::FiredLines;
pub use result::{Bounded, CapacityPoint, Effect, Figures, MonthEffect, Only, Overlap, Part, RuleEffect};
pub use rows::{effect_rows, effect_schema};

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
    /// The rules of the pack: those that should be there, though they may never have fired, and what each is for.
    pub known: KnownRules,
    /// On which goods lines rules fired.
    pub lines: Option<FiredLines>,
    /// How rules are judged.
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
            known: KnownRules::default(),
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
        self.known = KnownRules::of(pack);
        let points = pack.selection.as_ref().map(|selection| f64::from(selection.cost.points_per_hour));
        self.points_per_hour = self.points_per_hour.or(points);
        self
    }
}
