//! Test support of Qingfeng, not published.
//!
//! - [`corpus`] reads the cases of `testdata/` and runs them on anything that can assess declarations with a pack:
//!   the library, the command, a binding. It knows no engine.
//! - [`battery`] writes what all surfaces of the engine must answer, to the byte, as files.
//! - [`fuzz`] has the functions that fuzzers call, and seeded inputs for them that reach deep.
//! - [`generate`] makes packs and declarations up.
//! - [`equality`] compares the answers of two engines on the same lines.

pub mod battery;
pub mod corpus;
pub mod equality;
pub mod fuzz;
pub mod generate;
