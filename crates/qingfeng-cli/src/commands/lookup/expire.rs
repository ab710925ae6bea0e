//! `qingfeng lookup expire`

use qingfeng::rules::Date;
use qingfeng_store as store;

use super::{Where, entry_line};
use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::stores::AuthorArgs;
use crate::terminal::{self, GOOD, clean, styled};

/// End an entry of a lookup table, or withdraw one that was a mistake.
///
/// The entry stays in the store with its end: lines of days before the end was known still see it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng lookup expire 12 --until 2016-12-31 --rules rules/clean-wind --author \"Li Wei\" --reason \"fine paid\"",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Number of an entry, as `lookup list` shows it.
    #[arg(value_name = "ENTRY")]
    entry: u64,

    /// Last day.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day, required_unless_present = "withdraw")]
    until: Option<Date>,

    /// Withdraw the entry: it counts on no day.
    #[arg(long, conflicts_with = "until")]
    withdraw: bool,

    /// Day from which the change counts as known. Default: today.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    known_on: Option<Date>,

    #[command(flatten)]
    store: Where,

    #[command(flatten)]
    author: AuthorArgs,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let author = args.author.author()?;
    let pack = args.store.pack()?;
    let mut store = args.store.open(pack.as_ref())?;
    let known_on = args.known_on.unwrap_or_else(clock::today);
    let before = store::expire(&mut store, &author, args.entry, args.until, known_on)?;
    let what = match args.until {
        Some(until) => format!("Entry {} of {} ends on {until}", before.number, before.entry.table),
        None => format!("Entry {} of {} is taken back", before.number, before.entry.table),
    };
    terminal::print(&format!(
        "{}, known on {known_on}\n  {}\nSnapshot {} of {}\n",
        styled(GOOD, &clean(&what)),
        clean(&entry_line(&before.entry)),
        store.snapshot(None)?,
        clean(&store.to_string()),
    ))?;
    Ok(Exit::Done)
}
