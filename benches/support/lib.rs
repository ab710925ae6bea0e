//! What the benches share.
//!
//! [`workload`] draws rules and lines, [`hand`] evaluates the same rules as an engineer without an engine would, and
//! [`measure`] takes times. Nothing else may depend on this package.

pub mod hand;
pub mod measure;
pub mod workload;

#[cfg(test)]
mod tests;
