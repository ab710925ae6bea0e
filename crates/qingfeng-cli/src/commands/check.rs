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
#[command(after_help = exit::help(&["qingfeng check rules/clean-wind"]))]
pub struct Args {
    /// The directory that holds pack.toml.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// How mistakes are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
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
    let checked = Checked::new(&args.directory);
    match args.format {
        Format::Human => terminal::print(&render::human(&checked))?,
        Format::Plain => terminal::print(&render::plain(&checked))?,
        Format::Json => terminal::print_json(&Report::new(&checked))?,
    }
    Ok(if checked.diagnostics.errors() > 0 { Exit::Finding } else { Exit::Done })
}
