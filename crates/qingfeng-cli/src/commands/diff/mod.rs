//! `qingfeng diff`: what would change with another pack.

mod charts;
mod groups;
pub mod human;
mod page;
mod workload;

use std::path::{Path, PathBuf};

use qingfeng::Engine;
use qingfeng::read::ReadOptions;
use qingfeng::tools::diff::{Diff, DiffOptions, Readers, read_alike};

use crate::exit::{self, Exit, Failure};
use crate::inputs::{ReadArgs, is_standard};
use crate::outputs::{Kept, check_apart, write_text};
use crate::passes::ThreadArgs;
use crate::progress::Bar;
use crate::stores::LookupArgs;
use crate::terminal::{self, ERROR, Format};

/// Show what would change with another rule pack.
///
/// A rule counts as changed if it decides otherwise on some goods line: renaming a group or a constant, moving a rule, or
/// writing its condition in another order changes nothing. With inputs both packs score the same declarations, and for
/// each that changes its channel the causes are reported: the differences without which it would not have. Nothing is
/// written but the report.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng diff rules/in-force rules/proposed",
    "qingfeng diff rules/in-force rules/proposed 2016-*.parquet --html change.html",
    "qingfeng diff rules/in-force rules/proposed declarations.csv --format json --strict",
], &[exit::finding("with --strict: something differs"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Directory of the rule pack in force.
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// Directory of the rule pack that would replace it.
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// Files with declarations: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow. `-` is standard input.
    /// Default: only the packs are compared.
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    lookups: LookupArgs,

    #[command(flatten)]
    how: ReadArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// Also write an HTML page to this file, for a browser or for paper.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Number of declarations to show for each pair of an old and a new channel.
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(0..=1000))]
    examples: u16,

    /// Exit with code 1 if anything is found: a difference.
    #[arg(long, alias = "exit-code")]
    strict: bool,

    #[command(flatten)]
    threads: ThreadArgs,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut outputs = vec![("the report", Path::new("-"))];
    outputs.extend(args.html.as_deref().map(|path| ("--html", path)));
    let kept = Kept { packs: &[&args.old, &args.new], store: args.lookups.name() };
    check_apart(&outputs, &args.inputs, kept)?;
    let old = open(args, &args.old, "old")?;
    let new = open(args, &args.new, "new")?;
    let diff = if args.inputs.is_empty() { old.diff(&new) } else { over(args, &old, &new)? };
    if let Some(path) = &args.html {
        write_text(path, &page::page(&diff, &args.inputs))?;
    }
    args.format.print(&diff, || human::human(&diff))?;
    Ok(if args.strict && !diff.is_empty() { Exit::Finding } else { Exit::Done })
}

/// The engine of one of the packs; of an invalid one it is said which it is.
fn open(args: &Args, directory: &Path, which: &str) -> Result<Engine, Failure> {
    args.lookups.open(directory).inspect_err(|_| {
        terminal::note(&format!("{ERROR}error:{ERROR:#} the {which} pack is invalid\n\n"));
    })
}

fn over(args: &Args, old: &Engine, new: &Engine) -> Result<Diff, Failure> {
    let reader = |engine: &Engine| args.how.reader(&args.inputs, engine.pack(), ReadOptions::default());
    let readers = if read_alike(old, new) {
        Readers::one(reader(old)?)
    } else {
        let readers = Readers::two(reader(old)?, reader(new)?);
        let twice = |path: &&PathBuf| is_standard(path) || !path.is_file();
        if let Some(path) = args.inputs.iter().find(twice) {
            return Err(Failure::Usage(format!(
                "the fields of the two packs differ, so each reads the inputs by itself, and `{}` can be read only \
                 once; write it to a file",
                path.display()
            )));
        }
        readers
    };
    let options = DiffOptions { pipeline: args.threads.number().into(), examples: args.examples.into() };
    Ok(Bar::during(readers.bytes_total(), |progress| old.diff_over(new, readers, &options, progress))?)
}
