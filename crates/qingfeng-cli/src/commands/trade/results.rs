//! `qingfeng trade results`

use std::collections::HashMap;
use std::path::PathBuf;

use qingfeng_store::trade::{TradeRecord, WeightedResult};

use super::kept_line;
use crate::exit::{self, Exit, Failure};
use crate::findings::NeededResults;
use crate::numbers::count;
use crate::stores::TradeArgs;
use crate::studies::Plans;
use crate::terminal::{self, Format, WARNING, styled};

/// Add results of inspections to the record of past trade.
///
/// Profiles of results and risks count them by what the lines of their declarations have in common, from the day after each
/// became known. All are added, or none; a row that the record has already changes nothing, so a file can be given twice. A
/// row that says something else of a line is a correction: it counts from the day after it is known.
///
/// With the plans that selected the inspections each result counts by 1/probability, so that what rules select does not show
/// as the rate of all. Without a plan each counts once.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng trade results --outcomes results.csv --plan plan.csv --rules rules/clean-wind",
    "qingfeng trade results --store sqlite:port.sqlite --rules rules/clean-wind",
], &[exit::FILES]))]
pub struct Args {
    #[command(flatten)]
    results: NeededResults,

    /// Plans, as `qingfeng plan` wrote them. Each result counts by 1/probability of its selection.
    #[arg(long = "plan", value_name = "FILE", num_args = 1..)]
    plans: Vec<PathBuf>,

    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    trade: TradeArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let directory = args.trade.directory(&args.rules)?;
    let rows = args.results.results()?.rows_of_all()?;
    let plans = Plans::read(&args.plans)?.files;
    let of_plans = plans.iter().flat_map(|plan| plan.days().flatten());
    let probabilities: HashMap<&str, f64> =
        of_plans.map(|row| (&*row.declaration_id, row.probability)).collect();
    let unplanned = match probabilities.is_empty() {
        true => 0,
        false => rows.iter().filter(|row| !probabilities.contains_key(&*row.declaration_id)).count() as u64,
    };
    let weighted = rows.into_iter().map(|row| {
        let probability = probabilities.get(&*row.declaration_id).copied();
        WeightedResult::new(row, probability)
    });
    let added = TradeRecord::add_results(&directory, weighted)?;
    if args.format == Format::Json {
        terminal::print_json(&added)?;
        return Ok(Exit::Done);
    }
    let mut out = format!("Added {}\n", count(added.added, "result"));
    let notes = [
        (added.known, "in the record already"),
        (added.undated, "without a day, not kept"),
        (added.of_unknown, "of declarations that the record does not have: add these"),
        (unplanned, "of declarations that no plan selected, counted once"),
    ];
    for (number, note) in notes.into_iter().filter(|(number, _)| *number > 0) {
        out += &format!("  {} {note}\n", styled(WARNING, &count(number, "result")));
    }
    out += &kept_line(&added.kept);
    terminal::print(&out)?;
    Ok(Exit::Done)
}
