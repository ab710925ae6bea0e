//! `qingfeng coverage`: where the policy looks, and where it does not.

mod cell;
mod human;
mod listing;
mod page;
mod view;

use std::path::PathBuf;

use clap::ValueEnum;
use qingfeng::Pipeline;
use qingfeng::read::ReadOptions;
use qingfeng::rules::{Date, Key};
use qingfeng::tools::policy_coverage::{AXES, CoverageError, CoverageOptions, PolicyCoverage, TradeOptions};

use crate::args::Format;
use crate::exit::{self, Exit, Failure};
use crate::inputs::ReadArgs;
use crate::outputs;
use crate::progress::Bar;

use crate::stores::LookupArgs;
use crate::terminal;
use view::View;

/// Show which regions, goods and trade modes the rules look at, and the gaps.
///
/// A table of two of the three, by default goods by region. In each cell stands how many active rules are made for it:
/// they name the goods and the region. A rule that asks for neither is there for everything and fills no gap. A gap is a
/// cell that no rule names, not even its goods or its region alone, or that rules name which by themselves cannot lead
/// out of the mildest channel. With declarations it is also counted how much trade there is in each cell, and the gaps
/// with the most value come first.
///
/// Groups may overlap, and a line counts in each group that it is in. Conditions are not looked at, nor is the key
/// `site`: points are what a line can get at most.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng coverage rules/clean-wind",
    "qingfeng coverage rules/clean-wind --by commodity,mode --region africa",
    "qingfeng coverage rules/clean-wind --region africa --commodity toys --mode general",
    "qingfeng coverage rules/clean-wind declarations.csv --as-of 2016-06-30 --html coverage.html",
]))]
pub struct Args {
    /// The directory that holds pack.toml.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    lookups: LookupArgs,

    /// Files with declarations, whose trade is counted: CSV, NDJSON, Parquet or Arrow. `-` is standard input.
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    read: ReadArgs,

    /// What the rows of the table are, and its columns; without it goods by region, or the two that are left.
    #[arg(long, value_name = "ROWS,COLUMNS", value_delimiter = ',')]
    by: Vec<By>,

    /// Only this group of regions; `all` and `other` (in no group) can be named too.
    #[arg(long, value_name = "NAME")]
    region: Option<String>,

    /// Only this group of goods.
    #[arg(long, value_name = "NAME")]
    commodity: Option<String>,

    /// Only this group of trade modes. With all three, the rules of the cell are listed.
    #[arg(long, value_name = "NAME")]
    mode: Option<String>,

    /// Rules in force and members of groups on this day; without it, on any day. Lines are put into the groups of this
    /// day too, whatever their own.
    #[arg(long, value_name = "DATE", value_parser = crate::inputs::day)]
    as_of: Option<Date>,

    /// How many gaps are listed.
    #[arg(long, value_name = "N", default_value_t = 20)]
    gaps: usize,

    /// Also write a page with a picture of the coverage to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// For whom the coverage is written. For programs it has all cells of region, goods and mode.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// How many threads evaluate; without it, one for each processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// An axis of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Region,
    Commodity,
    Mode,
}

impl By {
    /// The position of the axis in a cell.
    fn axis(self) -> usize {
        match self {
            Self::Region => 0,
            Self::Commodity => 1,
            Self::Mode => 2,
        }
    }
}

impl From<CoverageError> for Failure {
    fn from(error: CoverageError) -> Self {
        Self::Usage(error.to_string())
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let only = [&args.region, &args.commodity, &args.mode].map(Clone::clone);
    for by in &args.by {
        if only[by.axis()].is_some() {
            let key = AXES[by.axis()].name();
            return Err(Failure::Usage(format!("--{key} keeps one group, so `--by` cannot have `{key}`")));
        }
    }
    if args.by.len() > 2 || matches!(args.by[..], [rows, columns] if rows == columns) {
        let message = "--by has one or two different names: the rows, and the columns";
        return Err(Failure::Usage(message.to_owned()));
    }
    let json = matches!(args.format, Format::Json);
    if let Some(html) = &args.html {
        let mut files = vec![("--html", html.as_path())];
        files.extend(
            Some(("the list", std::path::Path::new("-"))).filter(|_| crate::inputs::is_standard(html)),
        );
        outputs::check_apart(&files, &args.inputs)?;
    }
    let engine = args.lookups.open(&args.directory)?;
    let pack = engine.pack();
    let by: Vec<usize> = args.by.iter().map(|by| by.axis()).collect();
    let view = View::new(pack, &by, &only);
    let mut options = CoverageOptions { as_of: args.as_of, only: only.clone() };
    // A table for people shows two axes; of the third it needs no more than the whole.
    if !json && args.html.is_none() {
        for axis in (0..AXES.len()).filter(|axis| !view.shows(*axis)) {
            options.only[axis].get_or_insert_with(|| "(all)".to_owned());
        }
    }
    let mut coverage = engine.policy_coverage(&options)?;
    if !args.inputs.is_empty() {
        let reader = args.read.reader(&args.inputs, pack, ReadOptions::default())?;
        let bar = Bar::new(reader.bytes_total());
        let options = TradeOptions { pipeline: Pipeline::from(args.threads.map(usize::from)) };
        let counted = engine.count_trade(&mut coverage, reader, &options, &mut |progress| {
            bar.show(progress.bytes_read, progress.lines);
        });
        bar.end();
        counted?;
    }
    let coverage = &coverage;
    if let Some(html) = &args.html {
        outputs::write_text(html, &page::page(&engine, coverage, &view))?;
    }
    match args.format {
        Format::Json => terminal::print_json(&listing::Listing::new(&engine, coverage))?,
        Format::Human if only.iter().all(Option::is_some) => {
            terminal::print(&cell::human(&engine, coverage))?;
        }
        Format::Human => terminal::print(&human::human(&engine, coverage, &view, args.gaps))?,
    }
    Ok(Exit::Done)
}

/// What people call the segments of an axis.
fn axis_title(key: Key) -> &'static str {
    match key {
        Key::Region => "Region",
        Key::Commodity => "Goods",
        Key::Mode => "Trade mode",
        Key::Site => "Site",
    }
}

/// What a coverage is about: the pack, the day, the segments kept.
fn subject(engine: &qingfeng::Engine, coverage: &PolicyCoverage) -> String {
    let pack = engine.pack();
    let mut subject = format!("{} {}", pack.name, pack.version);
    match coverage.as_of() {
        Some(day) => subject += &format!(", as of {day}"),
        None => subject += ", rules in force on any day",
    }
    for axis in coverage.axes() {
        if let [only] = &axis.segments[..]
            && only.name != "(all)"
        {
            subject += &format!(", {} {}", axis.key.name(), only.name);
        }
    }
    subject
}
