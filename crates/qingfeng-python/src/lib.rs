//! The module `qingfeng._native`: the engine for Python.
//!
//! | module | |
//! | --- | --- |
//! | `engine` | opening packs; the ways in |
//! | `declaration`, `assessment` | one declaration, and its result |
//! | `tables`, `scores`, `rejects` | tables by Arrow's C interfaces, results while they come, and what could not be read |
//! | `reports` | check, test, explain, why-not, diff, verify: as the command has them |
//! | `planning` | plans and commitments |
//! | `studies` | the worth of rules, points, new rules, signs, aims, the report, the proof of a draw |
//! | `waiting` | work beside Python, which a signal ends |
//! | `errors` | which error is which exception |
//!
//! What has no need of Rust is Python, in `python/qingfeng`: pages, exceptions, progress, the names of arguments.

mod assessment;
mod declaration;
mod engine;
mod errors;
mod planning;
mod rejects;
mod reports;
mod scores;
mod studies;
mod tables;
mod waiting;

use pyo3::prelude::*;

/// The engine for Python.
#[pymodule]
mod _native {
    use std::ffi::OsString;

    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::assessment::{Assessment, FiredRule, ItemResult, Range, UndecidedRule, UnreadableValue};
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::planning::{commitments, plan};
    #[pymodule_export]
    use crate::reports::{check, diff, explain, explain_in, test, verify, why_not};
    #[pymodule_export]
    use crate::scores::Scores;
    #[pymodule_export]
    use crate::studies::{calibrate, effect, learn, mine, prove, report, targets, watch};
    #[pymodule_export]
    use crate::tables::Table;

    /// The version of the engine.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "it is a name of Python's")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Runs the command with these arguments, the first of which is its name, and gives its exit code. It may end the process.
    #[pyfunction]
    fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
        py.detach(|| qingfeng_cli::run(arguments))
    }
}
