//! The tests of the crate from outside, in one binary: it is linked once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod analysis;
mod layers;
mod manual;
mod meaning;
mod mistakes;
mod same_meaning;
mod sandbox;
mod support;
