//! `qingfeng outcome`: what inspections found.

mod check;
mod import;
mod list;

use clap::Subcommand;
use qingfeng_store::{Party, Role};

use crate::exit::{self, Exit, Failure};

/// Check and import results of inspections.
///
/// Results go into the store that lookup tables may come from. A lookup table with `history` is made of them: rules read
/// from it how often a party was inspected and what was found, as it was known on the day of each goods line.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, after_help = exit::examples(&[
    "qingfeng outcome check results.csv --plan plan.csv",
    "qingfeng outcome import results.csv --rules rules/clean-wind --author \"Li Wei\"",
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

fn role_name(role: Role) -> String {
    format!("{role:?}").to_lowercase()
}

/// A party with its role.
pub fn party(party: &Party) -> String {
    format!("{} {}", role_name(party.role), party.name)
}
