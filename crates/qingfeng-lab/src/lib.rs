//! The laboratory: synthetic trade in which the truth is known, and the whole cycle run on it.
//!
//! No other crate may depend on it but the command and tests; nothing but it knows the truth.

pub mod generate;
pub mod simulate;
