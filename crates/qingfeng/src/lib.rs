//! A risk-targeting rules engine for export inspection.

pub mod bind;
pub mod generate;
pub mod read;
pub mod write;
