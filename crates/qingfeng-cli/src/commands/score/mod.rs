//! `qingfeng score`: what becomes of each declaration.

mod summary;

use std::path::{Path, PathBuf};

use qingfeng::read::{ReadOptions, Reject};
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng::{By, Engine, Outputs, Summary};

use crate::exit::{self, Exit, Failure};
use crate::inputs::{InputArgs, one_of};
use crate::outputs::{Kept, check_apart, output, write_text};
use crate::passes::{EngineArgs, ThreadArgs};
use crate::progress::Bar;
use crate::stores::PackArgs;
use crate::terminal::Verbosity;
use crate::{rejects, terminal};
use summary::{Report, SHOWN_REJECTS};

/// Score declarations and assign each to a channel.
///
/// Writes one row per declaration, or per goods line, in the order of the inputs: score, channel, the rules that fired
/// and the pack that decided. A summary goes to standard error. The lines of a declaration must be adjacent.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng score declarations.csv --rules rules/clean-wind -o assessments.parquet",
    "qingfeng score *.ndjson.gz --rules rules/clean-wind --reasons --rejects bad.csv -o out.csv",
], &[exit::finding("with --strict: a line was rejected, or a declaration is scattered"), exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    inputs: InputArgs,

    #[command(flatten)]
    pack: PackArgs,

    /// Output file: .csv or .ndjson, also with .gz or .zst, .parquet or .arrow. Default, and `-`: NDJSON on standard
    /// output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What a row of the result is.
    #[arg(long, value_name = "WHAT", default_value = "declaration", value_parser = one_of(&[
        ("declaration", By::Declaration), ("item", By::Item),
    ]))]
    by: By,

    /// Also write why each rule fired.
    #[arg(long)]
    reasons: bool,

    /// Write rejected rows to this file, in the formats of --output.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Write a summary as JSON to this file.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Exit with code 1 if anything is found: a line with something unreadable or left out, or a declaration scattered
    /// over the inputs.
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let standard = Path::new("-");
    let mut outputs = vec![("--output", args.output.as_deref().unwrap_or(standard))];
    outputs.extend(args.rejects.as_deref().map(|path| ("--rejects", path)));
    outputs.extend(args.summary.as_deref().map(|path| ("--summary", path)));
    let kept = Kept { packs: &[&args.pack.rules], store: args.pack.lookups.name() };
    check_apart(&outputs, &args.inputs.inputs, kept)?;

    let engine = args.engine.applied(args.pack.open()?);
    let (summary, rejects) = score(args, &engine)?;
    if let Some(path) = &args.summary {
        write_text(path, &terminal::json(&summary)?)?;
    }
    let report = Report { summary: &summary, engine: &engine, rejects: &rejects };
    terminal::summary(&report.human());
    let is_spoilt = summary.lines_unreadable > 0 && summary.lines_unreadable == summary.lines_assessed;
    if is_spoilt {
        terminal::note("No goods line could be read whole: is this the right file, and its encoding?\n");
    }
    let amiss = summary.lines_rejected + summary.lines_unreadable + summary.scattered_declarations;
    if is_spoilt || (args.strict && amiss > 0) {
        if terminal::verbosity() == Verbosity::Quiet {
            terminal::note(&report.findings());
        }
        return Ok(Exit::Finding);
    }
    Ok(Exit::Done)
}

/// Scores the inputs and writes the outputs. Gives the summary, and the first rejects if they go nowhere else.
fn score(args: &Args, engine: &Engine) -> Result<(Summary, Vec<Reject>), Failure> {
    let reader = args.inputs.reader(engine.pack(), ReadOptions::default())?;
    let target = output(args.output.as_ref());
    let mut assessments = TableWriter::create(&target, engine.output_schema(args.by, args.reasons))?;
    let rejects_target = output(args.rejects.as_ref());
    let mut rejects = match &args.rejects {
        Some(_) => Some(TableWriter::create(&rejects_target, rejects::schema())?),
        None => None,
    };
    let mut first_rejects: Vec<Reject> = Vec::new();
    let bar = Bar::new(reader.bytes_total());
    let outputs = Outputs {
        assessments: &mut |rows| assessments.write(rows),
        rejects: &mut |found| match &mut rejects {
            Some(rejects) => {
                let rows = rejects::rows(found)
                    .map_err(|source| WriteError::Table { output: rejects_target.to_string(), source })?;
                rejects.write(&rows)
            }
            None => {
                let room = SHOWN_REJECTS.saturating_sub(first_rejects.len());
                first_rejects.extend(found.iter().take(room).cloned());
                Ok(())
            }
        },
        progress: &mut |progress| bar.show(progress.bytes_read, progress.lines),
    };
    let summary =
        engine.score(reader).by(args.by).reasons(args.reasons).pipeline(args.threads.number()).run(outputs);
    bar.end();
    let summary = summary.map_err(|error| incomplete(error.into(), &target))?;
    assessments.finish()?;
    rejects.map_or(Ok(()), TableWriter::finish)?;
    Ok((summary, first_rejects))
}

/// The failure of a run, with where to find what was written before.
fn incomplete(failure: Failure, target: &Output) -> Failure {
    match (failure, target) {
        (Failure::Files(message), Output::Path(path)) => {
            Failure::Files(format!("{message}; what was scored before is in {}.partial", path.display()))
        }
        (failure, _) => failure,
    }
}
