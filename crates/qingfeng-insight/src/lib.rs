//! What findings say: the worth of rules, points that fit, new rules, signs in the trade, aims, the report.
//!
//! It reads what `score`, `plan` and people wrote, and proposes. It does not know how a plan is made, and changes no pack.

#[cfg(feature = "calibrate")]
pub mod calibrate;
pub mod effect;
pub mod mine;
pub mod report;
mod statistics;
pub mod targets;
pub mod watch;
