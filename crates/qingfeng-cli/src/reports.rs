//! What commands find, for a program that shows it elsewhere: as the JSON that they print, and in their words.

use std::path::Path;

use qingfeng::read::{ReadError, ReadOptions, Reader, Reject};
use qingfeng::rules::{Date, Diagnostics};
use qingfeng::tools::diff::Diff;
use qingfeng::tools::rule_tests::BacktestError;
use qingfeng::tools::verify::Verification;
use qingfeng::tools::why_not::WhyNot;
use qingfeng::{Engine, Explanation};
use qingfeng_store::StoreLookups;
use serde::Serialize;

use crate::commands::explain::Found;
use crate::commands::{check, diff, explain, test, verify, why_not};
use crate::diagnostics_json;
use crate::render::{self, Checked};
use crate::terminal;

pub use crate::commands::test::Options as TestOptions;
pub use crate::rejects::{rows as reject_rows, schema as reject_schema};
pub use crate::words::tell_effect;

/// What a command found.
#[derive(Clone, Debug)]
pub struct Report {
    /// As `--format json` prints it.
    pub json: String,
    /// As it is printed for people, without colours.
    pub text: String,
    /// Whether nothing is wrong: the command would end with the exit code 0.
    pub is_well: bool,
}

impl Report {
    fn new(value: &impl Serialize, human: &str, is_well: bool) -> serde_json::Result<Self> {
        Ok(Self { json: terminal::json(value)?, text: plain(human), is_well })
    }
}

/// A text without its styles, and without anything that a terminal could obey.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(&terminal::guarded(text)).to_string()
}

/// Mistakes as a list in JSON, as `check` has them.
///
/// # Errors
///
/// None that is known: all of it has a form in JSON.
pub fn diagnostics(found: &Diagnostics) -> serde_json::Result<String> {
    terminal::json(&found.data())
}

/// Mistakes as `check` draws them, each under its line. `name` stands before the names of files.
pub fn drawn(name: &Path, found: Diagnostics) -> String {
    plain(&render::human(&Checked::of(name, found)))
}

/// `check` of the pack in a directory.
///
/// # Errors
///
/// None that is known.
pub fn check(directory: &Path, lookups: &StoreLookups, as_of: Option<Date>) -> serde_json::Result<Report> {
    let checked = check::reviewed(directory, lookups, as_of);
    let human = render::human(&Checked { notes_shown: true, ..checked.clone() });
    Report::new(&diagnostics_json::report(&checked), &human, checked.diagnostics.errors() == 0)
}

/// `check` of a pack that is no directory, by what opening it found.
///
/// # Errors
///
/// None that is known.
pub fn check_opened(
    name: &Path,
    engine: Option<Engine>,
    diagnostics: Diagnostics,
) -> serde_json::Result<Report> {
    let checked = Checked { engine, notes_shown: true, ..Checked::of(name, diagnostics) };
    Report::new(
        &diagnostics_json::report(&checked),
        &render::human(&checked),
        checked.diagnostics.errors() == 0,
    )
}

/// `explain` of a declaration that was explained already.
///
/// # Errors
///
/// None that is known.
pub fn explain(engine: &Engine, explanation: Explanation, all: bool) -> serde_json::Result<Report> {
    explained(engine, &Found { explanation, rejects: Vec::new() }, all)
}

fn explained(engine: &Engine, found: &Found, all: bool) -> serde_json::Result<Report> {
    Report::new(found, &found.human(all, engine.pack()), true)
}

/// How inputs are read to explain one of their declarations.
pub fn explain_options() -> ReadOptions {
    explain::read_options()
}

/// `explain` of one of the declarations of a reader; else why there is nothing to explain.
///
/// # Errors
///
/// Inputs that cannot be read.
pub fn explain_in(
    engine: &Engine,
    declaration_id: &str,
    reader: Reader,
    all: bool,
) -> Result<Result<Report, String>, ReadError> {
    Ok(match explain::find(engine, declaration_id, reader)? {
        Ok(found) => explained(engine, &found, all).map_err(|error| error.to_string()),
        Err(missing) => Err(plain(missing.human().trim_end())),
    })
}

/// `test` of the pack in a directory, which the engine was opened for.
///
/// # Errors
///
/// Files that `expect.toml` names and that cannot be read.
pub fn test(
    engine: &Engine,
    directory: &Path,
    options: &TestOptions,
    tried: &(dyn Fn(u64, u64) + Sync),
) -> Result<serde_json::Result<Report>, BacktestError> {
    let run = test::Run::new(engine, directory, options, tried)?;
    let pack = engine.pack();
    Ok(Report::new(&run.json(pack), &run.human(pack), run.is_well()))
}

/// `why-not` of a rule.
///
/// # Errors
///
/// None that is known.
pub fn why_not(why: &WhyNot) -> serde_json::Result<Report> {
    Report::new(why, &why_not::human(why), true)
}

/// `diff` of two packs.
///
/// # Errors
///
/// None that is known.
pub fn diff(found: &Diff) -> serde_json::Result<Report> {
    Report::new(found, &diff::human::human(found), found.is_empty())
}

/// `verify`, which has no JSON.
pub fn verify(found: &Verification) -> String {
    plain(&verify::human(found))
}

/// Rejects, each in a line.
pub fn rejects(found: &[Reject]) -> String {
    crate::rejects::listed(found, usize::MAX)
}
