//! What findings say: the worth of rules, points that fit, new rules, signs in the trade, aims, the report.
//!
//! | to learn | call |
//! | --- | --- |
//! | what rules are worth | [`Effect::of`] |
//! | what is to be thought of each rule | [`Rating`], part of what `Effect` and `Watch` give |
//! | which points fit what was found | [`calibrate()`] |
//! | which rules labelled history proposes | [`mine()`] |
//! | where trade went, which sites differ, which rules do harm | [`Watch::of`] |
//! | how far the year's aims are reached | [`Targets::of_plans`] |
//! | what a campaign found | [`Report::of`] |
//!
//! Results are data that `serde` writes; their parts have names in the modules. Sentences are left to the program that
//! shows them.
//!
//! It reads what `score`, `plan` and people wrote, and proposes. It does not know how a plan is made, and changes no pack.

pub mod calibrate;
pub mod effect;
pub mod mine;
pub mod rating;
pub mod report;
mod statistics;
pub mod targets;
pub mod watch;

pub use calibrate::{CalibrateOptions, Calibration, calibrate};
pub use effect::{Effect, EffectOptions, effect_rows, effect_schema};
pub use mine::{MineOptions, Mined, mine};
pub use rating::Rating;
pub use report::{Report, ReportOptions, ReportParts};
pub use targets::{Aims, Targets};
pub use watch::{Trade, Watch, WatchOptions};
