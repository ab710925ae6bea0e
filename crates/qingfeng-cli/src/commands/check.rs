//! `qingfeng check`: every mistake in a pack.

use std::path::Path;

use clap::ValueEnum;
use qingfeng::rules::internals::nearest;
use qingfeng::rules::{Code, Date, Severity};
use qingfeng_store::StoreLookups;

use crate::clock::today;
use crate::exit::{self, Exit, Failure};
use crate::render::{self, Checked};
use crate::stores::DirectoryArgs;
use crate::terminal::{self, Verbosity};
use crate::{diagnostics_json, edits, fix, sarif};

/// Check a rule pack and show every mistake.
///
/// Reads pack.toml, the reference data, all rule files and all lookup tables. Nothing is scored.
///
/// A comment above a rule, or in it, allows a warning that is meant, with the reason:
/// `// qingfeng: allow QF1001 because whole dozens are meant`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng check rules/clean-wind",
    "qingfeng check rules/clean-wind --deny warnings,QF1003",
    "qingfeng check rules/clean-wind --fix --dry-run",
    "qingfeng check rules/clean-wind --format sarif > check.sarif",
], &[exit::finding("the pack has errors, or what --deny names"), exit::FILES]))]
pub struct Args {
    #[command(flatten)]
    pack: DirectoryArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// Treat these as errors: codes such as QF1001 (`qingfeng explain-code` lists them), `warnings` for all warnings,
    /// `residual` for QF1003. Separate several by commas.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = Denied::parse)]
    deny: Vec<Denied>,

    /// Show notes too: advice, mostly on speed, that changes no result. Formats for programs always have them.
    #[arg(long)]
    notes: bool,

    /// Correct files where it is certain what is meant, then check them. Nothing is changed if that would leave more
    /// errors.
    #[arg(long)]
    fix: bool,

    /// Change nothing. With --fix: print what would be changed, as a unified diff.
    #[arg(long, requires = "fix", conflicts_with = "format")]
    dry_run: bool,

    /// Use the state as of this day, such as 2016-12-31, to judge validity. Default: `as_of` under `[check]` in pack.toml,
    /// then today.
    #[arg(long, value_name = "DAY")]
    as_of: Option<Date>,
}

/// What counts as an error although it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Denied {
    Warnings,
    Code(Code),
}

impl Denied {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "warnings" => return Ok(Self::Warnings),
            "residual" => return Ok(Self::Code(Code::ResidualRule)),
            _ => {}
        }
        Code::find(text).map(Self::Code).ok_or_else(|| {
            let known = Code::ALL.iter().map(|code| code.id()).chain(["warnings", "residual"]);
            match nearest(&text.to_uppercase(), known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "give a code such as QF1001, `warnings` or `residual`".to_owned(),
            }
        })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people: each mistake under its source line.
    Human,
    /// One line each: file, line, column, code, message.
    Plain,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code scanners and editors.
    Sarif,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if args.fix {
        let outcome = fix::plan(&args.pack.directory);
        if args.dry_run {
            terminal::print(&edits::diff(&outcome.changes()))?;
            terminal::summary(&fix::told(&outcome, "would be"));
            return Ok(if outcome.errors_after > 0 { Exit::Finding } else { Exit::Done });
        }
        edits::write(&args.pack.directory, &outcome.changes())?;
        terminal::summary(&fix::told(&outcome, "were"));
    }
    let mut checked = checked(args)?;
    match args.format {
        Format::Human if terminal::verbosity() == Verbosity::Quiet => {
            if checked.diagnostics.errors() > 0 {
                checked.diagnostics.items.retain(|item| item.severity() == Severity::Error);
                terminal::print(&render::human(&checked))?;
            }
        }
        Format::Human => terminal::print(&render::human(&checked))?,
        Format::Plain => terminal::print(&render::plain(&checked))?,
        Format::Json => terminal::print_json(&diagnostics_json::report(&checked))?,
        Format::Sarif => terminal::print_json(&sarif::log(&checked))?,
    }
    Ok(if checked.diagnostics.errors() > 0 { Exit::Finding } else { Exit::Done })
}

/// What is to be said of the pack in a directory, its validities judged for a day: this one, else that of the pack, else
/// today.
pub fn reviewed(directory: &Path, lookups: &StoreLookups, as_of: Option<Date>) -> Checked {
    judged(Checked::new(directory, lookups), directory, as_of)
}

/// The same of a pack that was opened already, whose tests are in a directory.
pub fn judged(mut checked: Checked, tests: &Path, as_of: Option<Date>) -> Checked {
    checked.as_of =
        checked.engine.as_ref().map(|engine| as_of.or(engine.pack().check_as_of).unwrap_or_else(today));
    match &checked.engine {
        Some(engine) => checked.diagnostics = engine.review(tests, checked.as_of),
        // Of a pack that does not load it is not known what else is to be said, nor which comments are needed.
        None => checked.diagnostics.suppress(|_| false),
    }
    checked
}

/// All that is to be said of the pack.
fn checked(args: &Args) -> Result<Checked, Failure> {
    let mut checked = reviewed(&args.pack.directory, &args.pack.lookups.lookups()?, args.as_of);
    checked.notes_shown = args.notes;
    for item in &mut checked.diagnostics.items {
        let denied = args.deny.iter().any(|denied| match denied {
            Denied::Warnings => item.severity() == Severity::Warning,
            Denied::Code(code) => item.code == *code,
        });
        item.denied |= denied;
    }
    Ok(checked)
}
