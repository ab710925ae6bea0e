//! `qingfeng lookup verify`

use qingfeng_store::{SnapshotId, StoreError};

use super::Where;
use crate::exit::{self, Exit, Failure};
use crate::numbers::grouped;
use crate::terminal::{self, BAD, GOOD, clean, styled};

/// Verify that no change of a store was tampered with.
///
/// Computes the hash of each change from the first on. Prints the name of the snapshot, which assessments carry after
/// `+lookups@`; --snapshot with the name from an assessment verifies that it was made with this store.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng lookup verify --rules rules/clean-wind",
    "qingfeng lookup verify --rules rules/clean-wind --snapshot '1234#9f3a06c4d2e1'",
], &[exit::finding("a change was tampered with, or the store is another"), exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    store: Where,

    /// Snapshot of the store, by the number of its last change or by the name that an assessment has. Default: the latest.
    #[arg(long, value_name = "SNAPSHOT", value_parser = name)]
    snapshot: Option<Name>,
}

#[derive(Clone, Debug)]
struct Name {
    change: u64,
    hash: Option<String>,
}

fn name(text: &str) -> Result<Name, String> {
    let wrong = || "write it as 1234 or as 1234#9f3a06c4d2e1".to_owned();
    let (number, hash) = match text.split_once('#') {
        Some((number, hash)) => (number, Some(hash)),
        None => (text, None),
    };
    let change = number.parse().map_err(|_| wrong())?;
    let is_hash =
        |hash: &str| (6..=64).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    match hash {
        Some(hash) if !is_hash(hash) => Err(wrong()),
        hash => Ok(Name { change, hash: hash.map(str::to_lowercase) }),
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let pack = args.store.pack()?;
    let mut store = args.store.open(pack.as_ref())?;
    let snapshot = store.snapshot(args.snapshot.as_ref().map(|name| name.change))?;
    let result = store.changes(&snapshot, 1, &mut |_| Ok(()));
    if let Err(error @ StoreError::Tampered { .. }) = result {
        terminal::print(&format!("{}\n", styled(BAD, &clean(&error.to_string()))))?;
        return Ok(Exit::Finding);
    }
    result?;
    if let Some(hash) = args.snapshot.as_ref().and_then(|name| name.hash.as_ref())
        && !snapshot.hash.starts_with(hash)
    {
        let line = format!(
            "The store has another snapshot {}: its hash is {} and not {hash}; it is not the store that the name is of",
            snapshot.change, snapshot.hash
        );
        terminal::print(&format!("{}\n", styled(BAD, &line)))?;
        return Ok(Exit::Finding);
    }
    let SnapshotId { change, hash } = &snapshot;
    let verdict = match change {
        0 => "The store has no changes".to_owned(),
        1 => "The one change is as it was written".to_owned(),
        count => format!("All {} changes are as they were written", grouped(*count)),
    };
    terminal::print(&format!(
        "{}\nSnapshot {snapshot} of {}\nHash     {hash}\n",
        styled(GOOD, &verdict),
        clean(&store.to_string())
    ))?;
    Ok(Exit::Done)
}
