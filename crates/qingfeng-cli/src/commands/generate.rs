//! `qingfeng generate`: synthetic declarations.

use std::path::{Path, PathBuf};

use qingfeng::rules::Date;
use qingfeng::write::TableWriter;
use qingfeng_lab::Generator;

use crate::exit::{self, Exit, Failure};
use crate::outputs::{Kept, check_apart, output};
use crate::progress::Bar;

/// Generate synthetic declarations.
///
/// A year of a country's exports with planted violations, about two in a hundred lines. Codes, trade modes and boxes of the
/// form are those of the day. The same number of lines and the same seed give the same files on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng generate --lines 1000000 --outcomes outcomes.parquet -o declarations.parquet",
], &[exit::FILES]))]
pub struct Args {
    /// Number of goods lines.
    #[arg(long, value_name = "N")]
    lines: u64,

    /// First day. The lines are spread over the days from it.
    #[arg(long, value_name = "DAY", default_value = "2016-01-01")]
    from: Date,

    /// Last day.
    #[arg(long, value_name = "DAY", default_value = "2016-12-31")]
    until: Date,

    /// Seed of random numbers.
    #[arg(long, value_name = "SEED", default_value_t = 2016)]
    seed: u64,

    /// Results of inspections, written to this file: what a full inspection of each line would find.
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,

    /// Output file: .csv or .ndjson, also with .gz or .zst, .parquet or .arrow. `-`: NDJSON on standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut outputs: Vec<(&str, &Path)> = vec![("--output", &args.output)];
    outputs.extend(args.outcomes.as_deref().map(|path| ("--outcomes", path)));
    check_apart(&outputs, &[], Kept::default())?;
    let generator =
        Generator::new(args.seed, args.lines).between(args.from, args.until).ok_or_else(|| {
            let message =
                "--from and --until must be days of one year from 2015 to 2026, the first before the last";
            Failure::Usage(message.to_owned())
        })?;
    let mut declarations = TableWriter::create(&output(Some(&args.output)), Generator::schema())?;
    let mut outcomes = match &args.outcomes {
        Some(path) => Some(TableWriter::create(&output(Some(path)), Generator::outcomes_schema())?),
        None => None,
    };
    let bar = Bar::new(Some(args.lines));
    let mut lines = 0;
    for generated in generator {
        declarations.write(&generated.declarations)?;
        if let Some(outcomes) = &mut outcomes {
            outcomes.write(&generated.outcomes)?;
        }
        lines += generated.declarations.num_rows() as u64;
        bar.show(lines, lines);
    }
    bar.end();
    declarations.finish()?;
    outcomes.map_or(Ok(()), TableWriter::finish)?;
    Ok(Exit::Done)
}
