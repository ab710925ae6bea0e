//! `qingfeng check`: every mistake in a pack.

use std::path::PathBuf;

use clap::ValueEnum;
use qingfeng::rules::internals::nearest;
use qingfeng::rules::{Code, Date, Severity};

use crate::clock::today;
use crate::exit::{self, Exit, Failure};
use crate::fix;
use crate::render::{self, Checked};
use crate::report::Report;
use crate::sarif::Log;
use crate::stores::LookupArgs;
use crate::terminal;

/// Check a rule pack and show every mistake in it.
///
/// Reads pack.toml, the reference data, all rule files and all lookup tables. Nothing is scored.
///
/// A warning that is meant as it is can be allowed by a comment above the rule, or in it, with the reason:
/// `// qingfeng: allow QF1001 because whole dozens are meant`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng check rules/clean-wind",
    "qingfeng check rules/clean-wind --deny warnings,QF1003",
    "qingfeng check rules/clean-wind --fix --dry-run",
    "qingfeng check rules/clean-wind --format sarif > check.sarif",
]))]
pub struct Args {
    /// The directory that holds pack.toml.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    lookups: LookupArgs,

    /// How mistakes are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// What else counts as an error: a code such as QF1001 (`qingfeng explain-code` lists them), `warnings` for all
    /// warnings, `residual` for QF1003. Several are parted by commas.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = Denied::parse)]
    deny: Vec<Denied>,

    /// Show notes too: advice, mostly on speed, that changes no answer. Formats for programs always have them.
    #[arg(long)]
    notes: bool,

    /// Correct the files where it is certain what is meant, then check them. Nothing is changed if that would leave
    /// more errors.
    #[arg(long)]
    fix: bool,

    /// With --fix: change nothing, and print what would be changed as a unified diff.
    #[arg(long, requires = "fix", conflicts_with = "format")]
    dry_run: bool,

    /// The day for which validity is judged, such as 2016-12-31. Without it `as_of` under `[check]` in pack.toml, and
    /// without that today.
    #[arg(long, value_name = "DATE")]
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
    /// Drawn under the lines they speak of.
    Human,
    /// One line each: file, line, column, code, message.
    Plain,
    /// For programs.
    Json,
    /// For programs that gather what checks of many kinds find: SARIF 2.1.0.
    Sarif,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if args.fix {
        let outcome = fix::plan(&args.directory);
        if args.dry_run {
            terminal::print(&fix::diff(&outcome))?;
            terminal::note(&fix::told(&outcome, "would be"));
            return Ok(if outcome.errors_after > 0 { Exit::Finding } else { Exit::Done });
        }
        fix::write(&args.directory, &outcome)?;
        terminal::note(&fix::told(&outcome, "were"));
    }
    let checked = checked(args)?;
    match args.format {
        Format::Human => terminal::print(&render::human(&checked))?,
        Format::Plain => terminal::print(&render::plain(&checked))?,
        Format::Json => terminal::print_json(&Report::new(&checked))?,
        Format::Sarif => terminal::print_json(&Log::new(&checked))?,
    }
    Ok(if checked.diagnostics.errors() > 0 { Exit::Finding } else { Exit::Done })
}

/// All that is to be said of the pack.
fn checked(args: &Args) -> Result<Checked, Failure> {
    let mut checked = Checked::new(&args.directory, &args.lookups.lookups()?);
    checked.notes_shown = args.notes;
    checked.as_of =
        checked.engine.as_ref().map(|engine| args.as_of.or(engine.pack().check_as_of).unwrap_or_else(today));
    match &checked.engine {
        Some(engine) => checked.diagnostics = engine.review(&args.directory, checked.as_of),
        // Of a pack that does not load it is not known what else is to be said, nor which comments are needed.
        None => checked.diagnostics.suppress(|_| false),
    }
    for item in &mut checked.diagnostics.items {
        let denied = args.deny.iter().any(|denied| match denied {
            Denied::Warnings => item.severity() == Severity::Warning,
            Denied::Code(code) => item.code == *code,
        });
        item.denied |= denied;
    }
    Ok(checked)
}
