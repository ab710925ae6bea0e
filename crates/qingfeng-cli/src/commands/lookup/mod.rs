//! `qingfeng lookup`: the tables of the store.

mod add;
mod expire;
mod import;
mod list;
mod log;
mod verify;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Subcommand;
use qingfeng::rules::Pack;
use qingfeng_store::{Entry, Store, StoreUrl};

use crate::exit::{self, Exit, Failure};
use crate::render::load_pack;
use crate::stores::StoreArgs;
use crate::terminal::shortened;

/// Manage lookup tables in a store.
///
/// A store keeps entries of lookup tables and results of inspections, and is append-only: each change has a number, who
/// made it, when and why, and from which day it counts as known.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, after_help = exit::examples(&[
    "qingfeng lookup import blacklist list.csv --rules rules/clean-wind --author \"Li Wei\"",
    "qingfeng lookup list blacklist --rules rules/clean-wind --as-of 2016-09-06",
]))]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Args),
    Add(add::Args),
    Expire(expire::Args),
    List(list::Args),
    Log(log::Args),
    Verify(verify::Args),
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Import(args) => import::run(args),
        Command::Add(args) => add::run(args),
        Command::Expire(args) => expire::run(args),
        Command::List(args) => list::run(args),
        Command::Log(args) => log::run(args),
        Command::Verify(args) => verify::run(args),
    }
}

/// Which store a command looks at, where the pack is needed for its address alone.
#[derive(Debug, clap::Args)]
struct Where {
    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,

    #[command(flatten)]
    store: StoreArgs,
}

impl Where {
    fn pack(&self) -> Result<Option<Pack>, Failure> {
        self.rules.as_deref().map(load_pack).transpose()
    }

    fn url(&self, pack: Option<&Pack>) -> Result<StoreUrl, Failure> {
        self.store.url(self.rules.as_deref().zip(pack))
    }

    /// The store, which must be there.
    fn open(&self, pack: Option<&Pack>) -> Result<Store, Failure> {
        Ok(Store::open(&self.url(pack)?)?)
    }
}

/// What an entry says, in one line: `exporter=91330782MA28; grade A; from 2016-09-01 on; source notice of Kenya`.
fn entry_line(entry: &Entry) -> String {
    let mut parts: Vec<String> =
        entry.values.iter().map(|(name, value)| format!("{name}={}", short(value))).collect();
    parts.extend(entry.grade.as_ref().map(|grade| format!("grade {grade}")));
    parts.push(match (entry.from, entry.until) {
        (None, None) => "on all days".to_owned(),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    });
    parts.extend(entry.source.as_ref().map(|source| format!("source {source}")));
    parts.join("; ")
}

/// The values of an entry by the names of their columns, in the order of these.
fn values(entry: &Entry) -> BTreeMap<&str, &str> {
    entry.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The beginning of a long value.
fn short(value: &str) -> Cow<'_, str> {
    shortened(value, 60)
}
