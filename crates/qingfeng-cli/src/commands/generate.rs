//! `qingfeng generate`: made-up declarations.

use std::path::{Path, PathBuf};

use qingfeng::rules::Date;
use qingfeng::write::TableWriter;
use qingfeng_lab::generate::Generator;

use crate::exit::{self, Exit, Failure};
use crate::outputs::{check_apart, output};
use crate::progress::Bar;

/// Write made-up declarations, to try things out.
///
/// A year of a country's exports with planted violations, about two lines in a hundred. The same number of lines and
/// the same seed give the same files on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng generate --lines 1000000 --outcomes outcomes.parquet -o declarations.parquet",
]))]
pub struct Args {
    /// How many goods lines to write.
    #[arg(long, value_name = "N")]
    lines: u64,

    /// The first day; the lines are spread over the days from it.
    #[arg(long, value_name = "DAY", default_value = "2016-01-01")]
    from: Date,

    /// The last day.
    #[arg(long, value_name = "DAY", default_value = "2016-12-31")]
    until: Date,

    /// Another seed gives other declarations.
    #[arg(long, value_name = "S", default_value_t = 2016)]
    seed: u64,

    /// Also write what a full inspection of each line would find.
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,

    /// Where to write: .csv, .ndjson, .parquet or .arrow; the first two also with .gz or .zst. `-` is standard output,
    /// as NDJSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut outputs: Vec<(&str, &Path)> = vec![("--output", &args.output)];
    outputs.extend(args.outcomes.as_deref().map(|path| ("--outcomes", path)));
    check_apart(&outputs, &[])?;
    let generator =
        Generator::new(args.seed, args.lines).between(args.from, args.until).ok_or_else(|| {
            let message = "--from and --until must be days of 2016, the first before the last";
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
