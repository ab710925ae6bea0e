//! What commands find, for a program that shows it elsewhere: as the JSON that they print, and in their words.

use std::io;
use std::path::Path;
use std::sync::Arc;

use qingfeng::read::{ReadError, ReadOptions, Reader, Reject};
use qingfeng::rules::{Date, Diagnostics, Pack};
use qingfeng::tools::diff::Diff;
use qingfeng::tools::rule_tests::BacktestError;
use qingfeng::tools::verify::Verification;
use qingfeng::tools::why_not::WhyNot;
use qingfeng::{Engine, Explanation, OpenedPack};
use qingfeng_insight::targets::Aims;
use qingfeng_inspection::Policy;
use qingfeng_store::StoreLookups;
use serde::Serialize;

use crate::commands::explain::Found;
use crate::commands::{
    check, diff, draw, explain, learn, mine, report, targets, test, verify, watch, why_not,
};
use crate::diagnostics_json;
use crate::render::{self, Checked};
use crate::studies::{Inspected, LedgerInputs, StudyError, Watcher};
use crate::terminal;

pub use crate::commands::draw::prove::ProofGiven;
pub use crate::commands::learn::LearnGiven;
pub use crate::commands::mine::{MineGiven, MineLabels};
pub use crate::commands::report::ReportGiven;
pub use crate::commands::test::Options as TestOptions;
pub use crate::commands::watch::WatchGiven;
pub use crate::rejects::{rows as reject_rows, schema as reject_schema};
pub use crate::words::{Language, tell_effect};

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
pub fn plain(text: &str) -> String {
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
    check_report(&check::reviewed(directory, lookups, as_of))
}

/// `check` of the pack in an archive, which is called by this name. Its tests are looked at as those of a directory are.
///
/// # Errors
///
/// A temporary directory that cannot be written.
pub fn check_archive(
    name: &Path,
    bytes: Vec<u8>,
    lookups: &StoreLookups,
    as_of: Option<Date>,
) -> io::Result<serde_json::Result<Report>> {
    let directory = tempfile::tempdir()?;
    let opened = Engine::builder().archive(bytes.clone()).lookups(lookups).check();
    // What cannot be unpacked is no pack either, which opening it has found.
    if opened.opened.is_some() {
        qingfeng::unpack_archive(&bytes, directory.path())?;
    }
    let checked = Checked { engine: opened.opened, ..Checked::of(name, opened.diagnostics) };
    Ok(check_report(&check::judged(checked, directory.path(), as_of)))
}

fn check_report(checked: &Checked) -> serde_json::Result<Report> {
    let human = render::human(&Checked { notes_shown: true, ..checked.clone() });
    Report::new(&diagnostics_json::report(checked), &human, checked.diagnostics.errors() == 0)
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

/// A report of what was studied.
type Studied<T> = Result<serde_json::Result<T>, StudyError>;

/// `watch`. It is well where there is no sign.
///
/// # Errors
///
/// Inputs that cannot be read, rules that are not there.
pub fn watch(given: WatchGiven, progress: &mut Watcher<'_>) -> Studied<Report> {
    let watched = watch::watched(given, progress)?;
    Ok(Report::new(&watched.answer(), &watched.human(), watched.watch.signs.is_empty()))
}

/// `targets`.
///
/// # Errors
///
/// Inputs that cannot be read.
pub fn targets(inspected: &Inspected, pack: &Pack, aims: &Aims, ledgers: &LedgerInputs) -> Studied<Report> {
    let targets = targets::accounts(inspected, pack, aims, ledgers)?;
    Ok(Report::new(&targets, &targets::human::human(&targets, aims), true))
}

/// What a campaign came to.
#[derive(Clone, Debug)]
pub struct CampaignReport {
    /// As `--format json` writes it.
    pub json: String,
    /// The page.
    pub html: String,
}

/// `report`, in a language.
///
/// # Errors
///
/// Inputs that cannot be read, surveys of what the pack does not have.
pub fn campaign(
    given: ReportGiven,
    language: Language,
    progress: &mut Watcher<'_>,
) -> Studied<CampaignReport> {
    let report = report::reported(given, progress)?;
    Ok(terminal::json(&report)
        .map(|json| CampaignReport { json, html: report::page::page(&report, language) }))
}

/// `mine`, with the file of the rules.
///
/// # Errors
///
/// Inputs that cannot be read, options out of bounds, ids that the pack has.
pub fn mine(given: MineGiven, progress: &mut Watcher<'_>) -> Studied<(Report, String)> {
    let pack = Arc::clone(given.engine.pack());
    let mining = mine::mining(given, progress)?;
    let rules = mining.rule_file(&pack)?;
    Ok(Report::new(&mining, &mining.human(), true).map(|report| (report, rules)))
}

/// `learn`, with the file of the rules.
///
/// # Errors
///
/// Inputs that cannot be read, options out of bounds, ids that the pack has.
pub fn learn(given: LearnGiven, progress: &mut Watcher<'_>) -> Studied<(Report, String)> {
    let pack = Arc::clone(given.history.engine.pack());
    let learning = learn::learning(given, progress)?;
    let rules = learning.rule_file(&pack)?;
    Ok(Report::new(&learning, &learning.human(), true).map(|report| (report, rules)))
}

/// `draw prove`. It is well where all of the day is proved.
///
/// # Errors
///
/// Inputs that cannot be read, a site that is not there, a commitment that is none.
pub fn prove(opened: &OpenedPack, policy: &Policy, given: ProofGiven) -> Studied<Report> {
    let proven = draw::prove::proven(opened, policy, given)?;
    Ok(Report::new(&proven.answer(), &proven.human(), proven.is_proved()))
}
