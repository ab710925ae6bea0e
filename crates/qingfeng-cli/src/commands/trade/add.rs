//! `qingfeng trade add`

use std::path::PathBuf;

use qingfeng::Pipeline;
use qingfeng::read::ReadOptions;
use qingfeng_store::StoreLookups;
use qingfeng_store::trade::TradeRecord;

use super::kept_line;
use crate::exit::{self, Exit, Failure};
use crate::inputs::InputArgs;
use crate::numbers::count;
use crate::passes::ThreadArgs;
use crate::progress::Bar;
use crate::render;
use crate::stores::TradeArgs;
use crate::terminal::{self, Format, WARNING, styled};

/// Add declarations to the record of past trade.
///
/// All of them are added, or none. A declaration that the record has already changes nothing, whichever file it comes in, so
/// a file can be given twice. Days need no order: a late file counts on its days.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng trade add yesterday.csv --rules rules/clean-wind",
    "qingfeng trade add 2025-*.parquet --rules rules/clean-wind --trade /var/lib/qingfeng/trade",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    inputs: InputArgs,

    /// Directory of the rule pack, whose profiles say what is kept.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    trade: TradeArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let engine = render::open(&args.rules, &StoreLookups::default().without_rows())?;
    let directory = args.trade.directory(&args.rules)?;
    let reader = args.inputs.reader(engine.pack(), ReadOptions::default())?;
    let pipeline = Pipeline::from(args.threads.number());
    let added = Bar::during(reader.bytes_total(), |progress| {
        TradeRecord::add(&directory, &engine, reader, &pipeline, progress)
    })?;
    if args.format == Format::Json {
        terminal::print_json(&added)?;
        return Ok(Exit::Done);
    }
    let mut out =
        format!("Added {} of {}\n", count(added.lines, "line"), count(added.declarations, "declaration"));
    let notes = [
        (added.known, "declaration", "in the record already"),
        (added.undated, "line", "without a day, not kept"),
        (added.amiss, "line", "could not be read whole, counted without what is unreadable"),
    ];
    for (number, what, note) in notes.into_iter().filter(|(number, ..)| *number > 0) {
        out += &format!("  {} {note}\n", styled(WARNING, &count(number, what)));
    }
    out += &kept_line(&added.kept);
    terminal::print(&out)?;
    Ok(Exit::Done)
}
