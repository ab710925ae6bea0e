//! `qingfeng diff`: what would change with another pack.

mod charts;
mod groups;
mod human;
mod page;
mod workload;

use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::tools::diff::{Diff, DiffOptions, Readers, read_alike};
use qingfeng::{Engine, Pipeline};

use crate::args::Format;
use crate::exit::{self, Exit, Failure};
use crate::inputs::{ReadArgs, is_standard};
use crate::outputs::{check_apart, write_text};
use crate::progress::Bar;
use crate::stores::LookupArgs;
use crate::terminal::{self, ERROR};

/// Show what would change with another rule pack: rules by what they mean, and declarations by what becomes of them.
///
/// A rule counts as changed if it decides otherwise on some line: renaming a group or a constant, moving a rule, or
/// writing its condition in another order changes nothing. With inputs both packs score the same declarations, and
/// for each that changes its channel the differences are told without which it would not have. Nothing is written
/// but the report.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng diff rules/in-force rules/proposed",
    "qingfeng diff rules/in-force rules/proposed 2016-*.parquet --html change.html",
    "qingfeng diff rules/in-force rules/proposed declarations.csv --format json --exit-code",
]))]
pub struct Args {
    /// The directory of the pack that is in force.
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The directory of the pack that would take its place.
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// Files with declarations to score with both packs; without any, only the packs are compared. CSV, NDJSON,
    /// Parquet or Arrow; the first two also packed with gzip or zstd. `-` is standard input.
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    lookups: LookupArgs,

    #[command(flatten)]
    how: ReadArgs,

    /// How the report is shown on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// Also write the report as a page for a browser or for print: one file that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// The declarations that are shown of each pair of an old and a new channel.
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(0..=1000))]
    examples: u16,

    /// End with exit code 1 if anything differs. Without it a comparison that could be made ends with 0.
    #[arg(long)]
    exit_code: bool,

    /// How many threads score; without it, one for each processor. The report is the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut outputs = vec![("the report", Path::new("-"))];
    outputs.extend(args.html.as_deref().map(|path| ("--html", path)));
    check_apart(&outputs, &args.inputs)?;
    let old = open(args, &args.old, "old")?;
    let new = open(args, &args.new, "new")?;
    let diff = if args.inputs.is_empty() { old.diff(&new) } else { over(args, &old, &new)? };
    if let Some(path) = &args.html {
        write_text(path, &page::page(&diff, &args.inputs))?;
    }
    match args.format {
        Format::Human => terminal::print(&human::human(&diff))?,
        Format::Json => terminal::print_json(&diff)?,
    }
    Ok(if args.exit_code && !diff.is_empty() { Exit::Finding } else { Exit::Done })
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
    let bar = Bar::new(readers.bytes_total());
    let options = DiffOptions {
        pipeline: Pipeline::from(args.threads.map(usize::from)),
        examples: args.examples.into(),
    };
    let diff = old.diff_over(new, readers, &options, &mut |progress| {
        bar.show(progress.bytes_read, progress.lines);
    });
    bar.end();
    Ok(diff?)
}
