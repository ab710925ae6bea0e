//! `qingfeng score`: what becomes of each declaration.

mod report;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use qingfeng::read::{ReadOptions, Reject};
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng::{By, Engine, Evaluation, Outputs, Pipeline, Summary};

use crate::exit::{self, Exit, Failure};
use crate::inputs::InputArgs;
use crate::outputs::{check_apart, output, write_text};
use crate::passes::PassArgs;
use crate::progress::Bar;
use crate::stores::LookupArgs;
use crate::{rejects, terminal};
use report::{Report, SHOWN_REJECTS};

/// Score declarations and write what becomes of each.
///
/// Writes one row for each declaration, or for each goods line, in the order of the inputs: score, channel, the rules
/// that fired and the pack that decided. At the end a summary goes to standard error. The lines of a declaration must
/// stand together.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng score declarations.csv --rules rules/clean-wind -o assessments.parquet",
    "qingfeng score *.ndjson.gz --rules rules/clean-wind --reasons --rejects bad.csv -o out.csv",
]))]
pub struct Args {
    #[command(flatten)]
    inputs: InputArgs,

    /// The directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    lookups: LookupArgs,

    /// Where to write: .csv, .ndjson, .parquet or .arrow; the first two also with .gz or .zst. Without it, and for
    /// `-`, NDJSON goes to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What a row stands for.
    #[arg(long, value_name = "WHAT", default_value = "declaration")]
    by: Rows,

    /// Also write why each rule fired.
    #[arg(long)]
    reasons: bool,

    /// Where to write the lines that could not be read, in the same formats.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Where to write the summary as JSON.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// End with exit code 1 if a line could not be read or a declaration is scattered over the inputs.
    #[arg(long)]
    strict: bool,

    /// How many threads score; without it, one for each processor. The output is the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// What evaluates the rules: programs that they were compiled to, or the interpreter, which is slow and defines
    /// what they mean. The output is the same.
    #[arg(long, value_name = "ENGINE", default_value = "compiled")]
    engine: Evaluator,

    #[command(flatten)]
    passes: PassArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rows {
    Declaration,
    Item,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Evaluator {
    Compiled,
    Interpreted,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let standard = Path::new("-");
    let mut outputs = vec![("--output", args.output.as_deref().unwrap_or(standard))];
    outputs.extend(args.rejects.as_deref().map(|path| ("--rejects", path)));
    outputs.extend(args.summary.as_deref().map(|path| ("--summary", path)));
    check_apart(&outputs, &args.inputs.inputs)?;

    let evaluation = match args.engine {
        Evaluator::Compiled => Evaluation::Compiled,
        Evaluator::Interpreted => Evaluation::Interpreted,
    };
    let engine = args.passes.applied(args.lookups.open(&args.rules)?).with_evaluation(evaluation);
    let (summary, rejects) = score(args, &engine)?;
    if let Some(path) = &args.summary {
        write_text(path, &terminal::json(&summary)?)?;
    }
    terminal::note(&Report { summary: &summary, engine: &engine, rejects: &rejects }.human());
    let found = summary.lines_rejected > 0 || summary.scattered_declarations > 0;
    Ok(if args.strict && found { Exit::Finding } else { Exit::Done })
}

/// Scores the inputs and writes the outputs. Gives the summary, and the first rejects if they go nowhere else.
fn score(args: &Args, engine: &Engine) -> Result<(Summary, Vec<Reject>), Failure> {
    let by = match args.by {
        Rows::Declaration => By::Declaration,
        Rows::Item => By::Item,
    };
    let reader = args.inputs.reader(engine.pack(), ReadOptions::default())?;
    let target = output(args.output.as_ref());
    let mut assessments = TableWriter::create(&target, engine.output_schema(by, args.reasons))?;
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
    let pipeline = Pipeline::from(args.threads.map(usize::from));
    let summary = engine.score(reader).by(by).reasons(args.reasons).pipeline(pipeline).run(outputs);
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
