//! `qingfeng trade`: the record of past trade.

mod add;
mod results;
mod show;

use clap::Subcommand;
use qingfeng_store::trade::Kept;

use crate::exit::{self, Exit, Failure};
use crate::numbers::count;
use crate::terminal::DIM;

/// Keep past declarations, from which profiles are counted.
///
/// A rule asks a profile what is usual: how many declarations an exporter had in thirty days, the median price of the
/// goods. A risk tells how often goods like these were found bad. The record holds what the profiles of a pack need of each
/// goods line, and the results of inspections, and nothing else.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, after_help = exit::examples(&[
    "qingfeng trade add yesterday.csv --rules rules/clean-wind",
    "qingfeng trade results --outcomes results.csv --plan plan.csv --rules rules/clean-wind",
    "qingfeng trade show --rules rules/clean-wind",
]))]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Args),
    Results(results::Args),
    Show(show::Args),
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Add(args) => add::run(args),
        Command::Results(args) => results::run(args),
        Command::Show(args) => show::run(args),
    }
}

/// What a record holds, in a line.
fn kept_line(kept: &Kept) -> String {
    let days = match kept.days {
        Some((first, last)) if first == last => format!(", {first}"),
        Some((first, last)) => format!(", {first} to {last}"),
        None => String::new(),
    };
    let results = match kept.results {
        0 => String::new(),
        rows => format!(", and {}", count(rows, "result")),
    };
    format!(
        "The record holds {} of {}{days}{results} {DIM}trade@{}{DIM:#}\n",
        count(kept.lines, "line"),
        count(kept.declarations, "declaration"),
        kept.digest
    )
}
