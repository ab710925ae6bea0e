//! `qingfeng verify`: whether the compiled rules give the interpreter's answer on someone's own declarations.

use qingfeng::read::ReadOptions;
use qingfeng::tools::verify::{Verification, VerifyOptions};

use crate::exit::{self, Exit, Failure};
use crate::inputs::InputArgs;
use crate::numbers::count;
use crate::passes::{PassArgs, ThreadArgs};
use crate::progress::Bar;
use crate::stores::PackArgs;
use crate::terminal::{self, ERROR, GOOD, WARNING, clean_but, styled};

/// Compare compiled rules with the interpreter on your declarations.
///
/// The interpreter defines what a rule means; `score` runs programs that the rules are compiled to. This command reads
/// the inputs as `score` does, evaluates the rules on every goods line both ways, and compares fired rules, points,
/// scores, channels, faults and reasons. It is as slow as the interpreter.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng verify declarations.csv --rules rules/clean-wind",
    "qingfeng verify *.parquet --rules rules/clean-wind --lines 100000",
], &[exit::finding("the compiled rules differ from the interpreter"), exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    inputs: InputArgs,

    #[command(flatten)]
    pack: PackArgs,

    /// Number of goods lines. The comparison stops after the declaration that reaches it.
    #[arg(long, value_name = "N", alias = "limit", value_parser = clap::value_parser!(u64).range(1..))]
    lines: Option<u64>,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    passes: PassArgs,

    /// Compile a wrong comparison, to see that it is found.
    #[arg(long, hide = true)]
    plant_fault: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut engine = args.passes.applied(args.pack.open()?);
    if args.plant_fault {
        engine = engine.with_planted_fault();
    }
    let usual = ReadOptions::default();
    let batch_lines = args.lines.map_or(usual.batch_lines, |limit| {
        usize::try_from(limit).map_or(usual.batch_lines, |limit| limit.min(usual.batch_lines))
    });
    let reader = args.inputs.reader(engine.pack(), ReadOptions { batch_lines, ..usual })?;
    let options = VerifyOptions { pipeline: args.threads.number().into(), limit: args.lines };
    let verification =
        Bar::during(reader.bytes_total(), |progress| engine.verify(reader, &options, progress))?;
    terminal::print(&human(&verification))?;
    Ok(if verification.difference.is_some() { Exit::Finding } else { Exit::Done })
}

pub fn human(verification: &Verification) -> String {
    let Verification { lines, rejected, declarations, fired, faults, seconds, difference, .. } = verification;
    let mut out = String::new();
    if let Some(difference) = difference {
        out += &format!("{}\n", styled(ERROR, "The compiled rules differ from the interpreter"));
        out += &format!("{}\n\n", clean_but(difference.to_string().trim_end(), &['\n']));
    }
    let verdict = if difference.is_some() { "Compared until then:" } else { "Compared, and all equal:" };
    let style = if difference.is_some() { WARNING } else { GOOD };
    out += &format!(
        "{} {} of {}, {} of a rule that fired, {}\n",
        styled(style, verdict),
        count(*lines, "line"),
        count(*declarations, "declaration"),
        count(*fired, "pair"),
        count(*faults, "fault"),
    );
    if *rejected > 0 {
        out += &format!("{} could not be read whole; `qingfeng score` shows why\n", count(*rejected, "line"));
    }
    out += &format!("Took {seconds:.1} s\n");
    out
}
