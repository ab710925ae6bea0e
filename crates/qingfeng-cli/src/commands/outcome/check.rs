//! `qingfeng outcome check`

use std::path::PathBuf;

use qingfeng::read::ReadOptions;
use qingfeng::rules::Date;
use qingfeng_inspection::outcomes::check::{PlanCheck, Returns};

use crate::exit::{self, Exit, Failure};
use crate::inputs::ReadArgs;
use crate::numbers::{count, grouped, more};
use crate::rejects;
use crate::studies::{Plans, files};
use crate::table::{Cell, heads, table};
use crate::terminal::{BOLD, DIM, Format, WARNING, clean, styled};

/// The places that are shown of each kind of misfit.
const SHOWN: usize = 3;
const ALL: &str = "; --format json tells them";

/// Check results of inspections against plans.
///
/// Reports rows that no plan asked for, that were found before their planned day, that name another site or another kind
/// of selection than the plan, waivers without a coded reason, and lines with two results; and, by site, how many planned
/// inspections have a coded result, are waived, are open, or have no result.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng outcome check outcomes.csv --plan plan.csv",
    "qingfeng outcome check outcomes-*.csv --plan plans/*.csv --as-of 2016-09-30 --strict",
], &[exit::finding("with --strict: a row is rejected or does not fit the plan"), exit::FILES]))]
pub struct Args {
    /// Files to read, with results: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow. `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Plans, as `qingfeng plan` wrote them.
    #[arg(long = "plan", value_name = "FILE", num_args = 1.., required = true)]
    plans: Vec<PathBuf>,

    /// Use the state as of this day: what was known at its end, and inspections planned up to it. Default: all.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    as_of: Option<Date>,

    /// Exit with code 1 if anything is found: a row that is rejected or does not fit the plan.
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    read: ReadArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let plans = Plans::read(&args.plans)?.changed();
    let options = args.read.options(ReadOptions::default());
    let check = PlanCheck::read(&files(&args.files), &plans, &options, args.as_of)?;
    args.format.print(&check, || human(&check))?;
    Ok(if args.strict && !check.is_clean() { Exit::Finding } else { Exit::Done })
}

/// The check, for people.
pub fn human(check: &PlanCheck) -> String {
    let row = |name: &str, number: u64, note: &str| {
        vec![Cell::new(name), Cell::new(grouped(number)).right(), Cell::new(note).style(DIM)]
    };
    let mut rows = vec![
        row("rows read", check.rows + check.rejected, ""),
        row("fit the plan", check.fits, ""),
        row("do not fit", check.rows - check.fits, ""),
        row("rejected", check.rejected, if check.rejected > 0 { "they count nowhere" } else { "" }),
    ];
    if check.corrected > 0 {
        rows.push(row("corrected", check.corrected, "by a later row of the same line"));
    }
    let mut out = format!("{BOLD}Outcomes against the plan{BOLD:#}\n{}", table("  ", &rows));
    for misfits in &check.misfits {
        let title = misfits.kind.title();
        out += &format!("{}\n", styled(WARNING, &format!("{}: {}", count(misfits.count, "row"), title)));
        for told in misfits.first.iter().take(SHOWN) {
            let line = format!("{}: {}: {}", told.place, told.declaration_id, told.reason);
            out += &format!("  {}\n", clean(&line));
        }
        out += &more("  ", misfits.count, SHOWN, ALL);
    }
    if check.rejected > 0 {
        out += &format!("{}\n", styled(WARNING, &format!("{} cannot be read", count(check.rejected, "row"))));
        out += &rejects::shown(&check.rejects, check.rejected, SHOWN, ALL);
    }
    out + &offices(check)
}

fn offices(check: &PlanCheck) -> String {
    let row = |name: &str, of: &Returns| {
        let mut cells = vec![Cell::new(name).style(BOLD)];
        let numbers = [of.planned, of.coded, of.waived, of.open, of.nothing];
        cells.extend(numbers.map(|number| Cell::new(grouped(number)).right()));
        cells.push(Cell::new(of.open_since.map_or(String::new(), |since| since.to_string())));
        cells
    };
    let names = ["office", "planned", "coded", "waived", "open", "nothing came back", "open since"];
    let mut rows = vec![heads(&names, &[0, 6])];
    rows.extend(check.offices.iter().map(|(name, of)| row(name, of)));
    if check.offices.len() != 1 {
        rows.push(row("all", &check.all));
    }
    format!("{BOLD}Planned inspections{BOLD:#}\n{}", table("  ", &rows))
}
