//! The laboratory: synthetic trade in which the truth is known, and the whole cycle of inspections run on it.
//!
//! [`Generator`] makes a year of export declarations with planted violations, and what full inspections of them would find.
//! [`Simulation`] runs days of it through scoring, planning, inspection and learning, with exporters who adapt, and compares
//! ways of running the ports.
//!
//! Nothing but this crate knows the truth: only the command, examples, tests and benches may depend on it, never a crate that
//! scores, plans or learns. It uses the public items of the other crates alone, as any program does, and so tests them.

mod generate;
mod simulate;

pub use generate::{Generated, Generator};
pub use simulate::{
    Accuracy, Adversaries, Arm, ArmError, ArmResult, Counts, Estimate, Figures, Inspections, MAX_ARMS,
    MAX_INSPECTIONS_PER_DAY, MAX_LINES, MAX_LINES_PER_DAY, MAX_SEEDS, Month, Offices, RuleTruth, RuleWorth,
    SimulateError, SimulateOptions, Simulated, Simulation, Tactic, TacticResult, WorldMonth, WorldResult,
};
