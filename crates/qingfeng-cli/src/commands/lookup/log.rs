//! `qingfeng lookup log`

use std::collections::{HashMap, VecDeque};

use qingfeng::rules::Date;
use qingfeng_store::{Change, ChangeKind, Finding};
use serde::Serialize;
use serde_json::json;

use super::{Where, entry_line, values};
use crate::commands::outcome::party;
use crate::exit::{self, Exit, Failure};
use crate::record::record;
use crate::table::{Cell, table};
use crate::terminal::{self, BOLD, DIM, Format, StdoutError, clean};

/// Show the changes of a store, the newest last.
///
/// Each change with who made it, when and why, and from which day it counts as known.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng lookup log --rules rules/clean-wind --last 20",
    "qingfeng lookup log --store sqlite:store.sqlite --entry 12 --format json",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    store: Where,

    /// Only changes of this table, as the store names it.
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,

    /// Only changes of this entry.
    #[arg(long, value_name = "NUMBER")]
    entry: Option<u64>,

    /// Only the last changes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,

    /// Output format. JSON has one change per line.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// So many changes are printed at once.
const PRINTED: usize = 1000;

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let pack = args.store.pack()?;
    let mut store = args.store.open(pack.as_ref())?;
    let snapshot = store.snapshot(None)?;
    // The entries of the table, with their first days.
    let mut entries: HashMap<u64, Option<Date>> = HashMap::new();
    let mut kept: VecDeque<Change> = VecDeque::new();
    let mut failure = None;
    let last = args.last.map(|last| usize::try_from(last).unwrap_or(usize::MAX));
    let result = store.changes(&snapshot, 1, &mut |change| {
        let fits = match &change.kind {
            ChangeKind::Added(entry) => {
                let fits = args.table.as_ref().is_none_or(|table| *table == entry.table);
                if fits {
                    entries.insert(change.number, entry.from);
                }
                fits && args.entry.is_none_or(|entry| entry == change.number)
            }
            ChangeKind::Expired { entry, .. } => {
                entries.contains_key(entry) && args.entry.is_none_or(|asked| asked == *entry)
            }
            ChangeKind::Found(_) => args.table.is_none() && args.entry.is_none(),
        };
        if fits {
            kept.push_back(change);
            match last {
                Some(last) if kept.len() > last => {
                    kept.pop_front();
                }
                None if kept.len() == PRINTED => {
                    if let Err(error) = print(args.format, &mut kept, &entries) {
                        failure = Some(error);
                        return Err(qingfeng_store::StoreError::refused("the output is closed"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    });
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    // What was as it was written is shown before the change that is not.
    print(args.format, &mut kept, &entries)?;
    result?;
    Ok(Exit::Done)
}

fn print(
    format: Format,
    changes: &mut VecDeque<Change>,
    entries: &HashMap<u64, Option<Date>>,
) -> Result<(), StdoutError> {
    let changes: Vec<Change> = changes.drain(..).collect();
    match format {
        Format::Human => {
            let rows: Vec<Vec<Cell>> = changes.iter().map(|change| row(change, entries)).collect();
            terminal::print(&table("", &rows))
        }
        Format::Json => terminal::print_json_lines(changes.iter().map(logged)),
    }
}

fn row(change: &Change, entries: &HashMap<u64, Option<Date>>) -> Vec<Cell> {
    let what = match &change.kind {
        ChangeKind::Added(entry) => format!("added to {}: {}", entry.table, entry_line(entry)),
        ChangeKind::Expired { entry, until }
            if entries.get(entry).copied().flatten().map_or(*until == Date::MIN, |from| *until < from) =>
        {
            format!("entry {entry} taken back")
        }
        ChangeKind::Expired { entry, until } => format!("entry {entry} ends on {until}"),
        ChangeKind::Found(finding) => found(finding),
    };
    let why = change.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    vec![
        Cell::new(change.number.to_string()).style(BOLD).right(),
        Cell::new(&change.at),
        Cell::new(&change.by),
        Cell::new(format!("known on {}", change.known_on)).style(DIM),
        Cell::new(clean(&format!("{what}{why}"))),
    ]
}

fn found(finding: &Finding) -> String {
    let item = finding.item_no.map(|item| format!(", item {item}")).unwrap_or_default();
    let parties: Vec<String> = finding.parties.iter().map(party).collect();
    let result = finding.verdict.name();
    let major = if finding.major_case { ", major" } else { "" };
    let of = if parties.is_empty() { String::new() } else { format!(" of {}", parties.join(", ")) };
    format!("found {result}{major} on {} in {}{item}{of}", finding.day(), finding.declaration_id)
}

fn logged(change: &Change) -> impl Serialize {
    let (kind, what) = match &change.kind {
        ChangeKind::Added(entry) => {
            let what = json!({
                "table": entry.table, "values": values(entry), "from": entry.from, "until": entry.until,
                "source": entry.source, "grade": entry.grade,
            });
            ("added", what)
        }
        ChangeKind::Expired { entry, until } => ("expired", json!({ "entry": entry, "until": until })),
        ChangeKind::Found(finding) => {
            let what = json!({
                "declaration_id": finding.declaration_id, "item_no": finding.item_no, "found_on": finding.found_on,
                "result": finding.verdict.name(), "waiver": finding.waiver, "selected": finding.selected.map(|of| of.name()),
                "violation": finding.violation(), "pieces": finding.pieces, "value": finding.value, "fine": finding.fine,
                "case_number": finding.case_number, "major": finding.major_case, "disposal": finding.disposal,
                "disclosed_on": finding.disclosed_on, "hours": finding.hours, "parties": finding.parties,
            });
            ("found", what)
        }
    };
    record!({
        change: change.number,
        at: &change.at,
        by: &change.by,
        reason: &change.reason,
        known_on: change.known_on,
        kind: kind,
        #[serde(flatten)]
        what: what,
    })
}
