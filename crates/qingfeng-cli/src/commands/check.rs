//! `qingfeng check`: every mistake in a pack.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::exit::{self, Exit, Failure};
use crate::render::{self, Checked, Report};
use crate::terminal;

/// Check a rule pack and show every mistake in it.
///
/// Reads pack.toml, the reference data, all rule files and all lookup tables. Nothing is scored.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng check rules/clean-wind",
    "qingfeng check rules/clean-wind --deny residual",
]))]
pub struct Args {
    /// The directory that holds pack.toml.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// How mistakes are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// What else counts as an error; several are parted by commas.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    deny: Vec<Denied>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Denied {
    /// A `when`, `score` or `reason` that cannot be compiled and is left to the interpreter, which is slow.
    Residual,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Drawn under the lines they speak of.
    Human,
    /// One line each: file, line, column, code, message.
    Plain,
    /// For programs.
    Json,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut checked = Checked::new(&args.directory);
    if args.deny.contains(&Denied::Residual) {
        deny_residuals(&mut checked);
    }
    match args.format {
        Format::Human => terminal::print(&render::human(&checked))?,
        Format::Plain => terminal::print(&render::plain(&checked))?,
        Format::Json => terminal::print_json(&Report::new(&checked))?,
    }
    Ok(if checked.diagnostics.errors() > 0 { Exit::Finding } else { Exit::Done })
}

/// Makes each closure that is left to the interpreter an error.
fn deny_residuals(checked: &mut Checked) {
    let Some(engine) = &checked.engine else { return };
    for (at, rule) in engine.pack().rules.iter().enumerate() {
        let residuals = engine.program().residuals(at).iter();
        checked.diagnostics.items.extend(residuals.map(|residual| residual.diagnostic(&rule.id).deny()));
    }
}
