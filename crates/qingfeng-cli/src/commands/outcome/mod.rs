//! `qingfeng outcome`: what inspections found.

mod check;
mod import;
mod list;

use clap::Subcommand;

use crate::exit::{self, Exit, Failure};

/// Keep what inspections found: check and import results, see the history of exporters, producers, agents and brands.
///
/// Results go into the store that lookup tables may come from. A table of a pack with `history` is made of them: rules
/// read from it how often a party was inspected and what was found, as it was known on the day of each line.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, after_help = exit::help(&[
    "qingfeng outcome import results.csv --rules rules/clean-wind --by \"Li Wei\"",
    "qingfeng outcome check results.csv --plan plan.csv",
    "qingfeng outcome list --rules rules/clean-wind --role exporter --as-of 2016-09-06",
]))]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Args),
    Check(check::Args),
    List(list::Args),
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Import(args) => import::run(args),
        Command::Check(args) => check::run(args),
        Command::List(args) => list::run(args),
    }
}
