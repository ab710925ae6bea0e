//! `qingfeng coverage`: where the policy looks, and where it does not.

mod cell;
mod human;
mod listing;
mod page;
mod view;

use std::path::PathBuf;

use qingfeng::read::ReadOptions;
use qingfeng::rules::{Date, Key};
use qingfeng::tools::policy_coverage::{AXES, CoverageError, CoverageOptions, PolicyCoverage};

use crate::exit::{self, Exit, Failure};
use crate::inputs::{ReadArgs, one_of};
use crate::outputs;
use crate::passes::ThreadArgs;
use crate::progress::Bar;
use crate::stores::DirectoryArgs;
use crate::terminal::{self, Format};
use view::View;

/// Show which regions, goods and trade modes the rules cover, and the gaps.
///
/// A table of two of the three, by default goods by region. Each cell shows how many active rules are made for it: they
/// name its goods and its region. A rule that asks for neither applies everywhere and fills no gap. A gap is a cell that
/// no rule names, not even its goods or its region alone, or whose rules cannot by themselves lead out of the mildest
/// channel. With declarations it also counts how much trade there is in each cell, and the gaps with the most value come
/// first.
///
/// Groups may overlap, and a line counts in each of its groups. Conditions and the key `site` are ignored: points are what
/// a line can get at most.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng coverage rules/clean-wind",
    "qingfeng coverage rules/clean-wind --by commodity,mode --region africa",
    "qingfeng coverage rules/clean-wind --region africa --commodity toys --mode general",
    "qingfeng coverage rules/clean-wind declarations.csv --as-of 2016-06-30 --html coverage.html",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    pack: DirectoryArgs,

    /// Files with declarations: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow. `-` is standard input.
    /// Default: no trade is counted.
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    read: ReadArgs,

    /// What a row of the result is, and after a comma what a column is. Default: commodity,region, or the two that are left.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = one_of(&[
        ("region", 0_usize), ("commodity", 1), ("mode", 2),
    ]))]
    by: Vec<usize>,

    /// Only this group of regions. `all` and `other` (in no group) can be named too.
    #[arg(long, value_name = "NAME")]
    region: Option<String>,

    /// Only this group of goods.
    #[arg(long, value_name = "NAME")]
    commodity: Option<String>,

    /// Only this group of trade modes. With all three, the rules of the cell are listed.
    #[arg(long, value_name = "NAME")]
    mode: Option<String>,

    /// Use the state as of this day: rules in force and members of groups, also for goods lines of other days. Default: any
    /// day.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    as_of: Option<Date>,

    /// Maximum number of rows to show: gaps.
    #[arg(long, alias = "gaps", value_name = "N", default_value_t = 20)]
    limit: usize,

    /// Also write an HTML page to this file, for a browser or for paper.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Output format. JSON has all cells of region, goods and mode.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    #[command(flatten)]
    threads: ThreadArgs,
}

impl From<CoverageError> for Failure {
    fn from(error: CoverageError) -> Self {
        Self::Usage(error.to_string())
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let only = [&args.region, &args.commodity, &args.mode].map(Clone::clone);
    for &axis in &args.by {
        if only[axis].is_some() {
            let key = AXES[axis].name();
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
        let kept = outputs::Kept { packs: &[&args.pack.directory], store: args.pack.lookups.name() };
        outputs::check_apart(&files, &args.inputs, kept)?;
    }
    let engine = args.pack.open()?;
    let pack = engine.pack();
    let view = View::new(pack, &args.by, &only);
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
        let pipeline = args.threads.number().into();
        Bar::during(reader.bytes_total(), |progress| {
            engine.count_trade(&mut coverage, reader, &pipeline, progress)
        })?;
    }
    let coverage = &coverage;
    if let Some(html) = &args.html {
        outputs::write_text(html, &page::page(&engine, coverage, &view))?;
    }
    match args.format {
        Format::Json => terminal::print_json(&listing::listing(&engine, coverage))?,
        Format::Human if only.iter().all(Option::is_some) => {
            terminal::print(&cell::human(&engine, coverage))?;
        }
        Format::Human => terminal::print(&human::human(&engine, coverage, &view, args.limit))?,
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
