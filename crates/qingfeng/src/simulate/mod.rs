//! Simulation: days of made-up trade with exporters who adapt, and the whole cycle day by day, to see what a random share,
//! exploration and calibration are worth where the truth is known.
//!
//! ```text
//! generate ──▶ the day's consignments ──adversaries rewrite theirs──▶ declarations
//!    declarations ──engine──▶ assessments ──planner, the world's key──▶ inspections ──truth──▶ outcomes
//!    outcomes ──▶ experience of the planner, points (monthly), what adversaries learn ──▶ the next day
//! ```
//!
//! Each *world* has a seed: its trade, its traders and its draw follow from it. Each *arm* is a way of running the ports.
//! All arms see the same original trade in the same world, so that their differences are paired.
//!
//! Consignments, not declarations, are what is counted: one that an adversary splits into three declarations is one
//! violation, found when any part of it is. So all arms have the same violations, whatever adversaries do.

mod options;
mod result;
mod tactics;

pub use options::{
    Adversaries, Arm, ArmError, Inspections, MAX_ARMS, MAX_INSPECTIONS_PER_DAY, MAX_LINES, MAX_LINES_PER_DAY,
    MAX_SEEDS, Offices, SimulateOptions,
};
pub use result::{
    ArmResult, Counts, Estimate, Figures, Month, RuleTruth, RuleWorth, Simulated, TacticResult, WorldResult,
};
pub use tactics::Tactic;
