//! `qingfeng lookup list`

use qingfeng::rules::Date;
use qingfeng_store::{End, KnownEntry, SnapshotId, TableForm, entries};
use serde::Serialize;

use super::{Where, entry_line, short, values};
use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::numbers::grouped;
use crate::record::{is_none, record};
use crate::table::{Cell, table};
use crate::terminal::{self, BOLD, DIM, Format, clean};

/// List the entries of a lookup table.
///
/// Those that count for a goods line of today, or of another day as it was known then; with --all every entry with who
/// added it, who ended it, when and why.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng lookup list blacklist --rules rules/clean-wind",
    "qingfeng lookup list blacklist --rules rules/clean-wind --key 91330782MA28 --all",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Lookup table, as pack.toml names it; without --rules, as the store names it.
    #[arg(value_name = "TABLE")]
    table: String,

    #[command(flatten)]
    store: Where,

    /// Use the state as of this day. Default: today.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day, conflicts_with = "all")]
    as_of: Option<Date>,

    /// Only entries with this value in their key.
    #[arg(long, value_name = "VALUE")]
    key: Option<String>,

    /// Show everything: each entry, whether it counts or not, with its changes.
    #[arg(long)]
    all: bool,

    /// Snapshot of the store, by the number of its last change. Default: the latest.
    #[arg(long, value_name = "SNAPSHOT")]
    snapshot: Option<u64>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let pack = args.store.pack()?;
    let form = pack.as_ref().map(|pack| TableForm::new(pack, &args.table)).transpose()?;
    let name = form.as_ref().map_or(args.table.as_str(), |form| form.table());
    let mut store = args.store.open(pack.as_ref())?;
    let snapshot = store.snapshot(args.snapshot)?;
    let mut known = entries(&mut store, &snapshot, Some(name))?;
    let total = known.len();
    let day = (!args.all).then(|| args.as_of.unwrap_or_else(clock::today));
    known.retain(|known| day.is_none_or(|day| known.counts_on(day)));
    if let Some(asked) = &args.key {
        let asked = asked.trim();
        let is_key = |column: &str| form.as_ref().is_none_or(|form| form.key().any(|key| key == column));
        known.retain(|known| {
            // Codes are kept in upper case, however they are typed.
            let mut values = known.entry.values.iter().filter(|(column, _)| is_key(column));
            values.any(|(_, value)| value == asked || *value == asked.to_uppercase())
        });
    }
    match args.format {
        Format::Json => terminal::print_json(&record!({
            table: name,
            snapshot: snapshot.to_string(),
            #[serde(skip_serializing_if = "is_none")]
            as_of: day,
            entries: known.iter().map(|known| listed(known, day)).collect::<Vec<_>>(),
        }))?,
        Format::Human => {
            let head = heading(name, day, known.len(), total, &snapshot);
            let body = match day {
                Some(day) => in_force(&known, form.as_ref(), day),
                None => known.iter().map(history).collect(),
            };
            terminal::print(&format!("{head}{body}"))?;
        }
    }
    Ok(Exit::Done)
}

fn listed_end(end: &End) -> impl Serialize {
    let End { number, at, by, reason, known_on, until } = end;
    record!({ change: number, until: until, known_on: known_on, at: at, by: by, reason: reason })
}

fn listed(known: &KnownEntry, day: Option<Date>) -> impl Serialize {
    let KnownEntry { number, at, by, reason, known_on, entry, ends } = known;
    let ends = ends.iter().filter(|end| day.is_none_or(|day| end.known_on <= day));
    record!({
        entry: number,
        values: values(entry),
        from: entry.from,
        // As it is known on the day.
        until: known.until(day),
        source: &entry.source,
        grade: &entry.grade,
        known_on: known_on,
        at: at,
        by: by,
        reason: reason,
        ends: ends.map(listed_end).collect::<Vec<_>>(),
    })
}

fn heading(name: &str, day: Option<Date>, shown: usize, total: usize, snapshot: &SnapshotId) -> String {
    let entries = match shown {
        1 => "1 entry".to_owned(),
        shown => format!("{} entries", grouped(shown as u64)),
    };
    let which = match day {
        Some(day) => format!("{entries} in force on {day}, of {} in all", grouped(total as u64)),
        None => entries,
    };
    format!("{BOLD}{}{BOLD:#}: {which}; snapshot {snapshot}\n", clean(name))
}

/// One line an entry, the key before the other columns.
fn in_force(known: &[KnownEntry], form: Option<&TableForm>, day: Date) -> String {
    if known.is_empty() {
        return String::new();
    }
    let mut columns: Vec<&str> = form.map(|form| form.key().collect()).unwrap_or_default();
    for known in known {
        for (name, _) in &known.entry.values {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    let names = [&["entry"], &*columns, &["from", "until", "grade", "source", "known on", "by"]].concat();
    let mut rows = vec![names.into_iter().map(|name| Cell::new(name).style(DIM)).collect::<Vec<_>>()];
    for known in known {
        let value = |column: &str| {
            let found = known.entry.values.iter().find(|(name, _)| name == column);
            found.map(|(_, value)| short(value)).unwrap_or_default()
        };
        let date = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let mut row = vec![Cell::new(known.number.to_string()).right()];
        row.extend(columns.iter().map(|column| Cell::new(value(column)).style(BOLD)));
        row.push(Cell::new(date(known.entry.from)));
        row.push(Cell::new(date(known.until(Some(day)))));
        row.push(Cell::new(known.entry.grade.as_deref().unwrap_or_default()));
        row.push(Cell::new(known.entry.source.as_deref().unwrap_or_default()));
        row.push(Cell::new(known.known_on.to_string()));
        row.push(Cell::new(&known.by));
        rows.push(row);
    }
    table("  ", &rows)
}

/// An entry with all that was done to it.
fn history(known: &KnownEntry) -> String {
    let why =
        |reason: &Option<String>| reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let KnownEntry { number, at, by, reason, known_on, entry, ends } = known;
    let mut out = format!("  {BOLD}{number}{BOLD:#}  {}\n", clean(&entry_line(entry)));
    let added = format!("added by {by} on {at}, known on {known_on}{}", why(reason));
    out += &format!("      {}\n", clean(&added));
    for End { number, at, by, reason, known_on, until } in ends {
        let what = match entry.from {
            Some(from) if *until < from => "taken back".to_owned(),
            None if *until == Date::MIN => "taken back".to_owned(),
            _ => format!("ended on {until}"),
        };
        let line = format!("{what} by {by} on {at}, known on {known_on} (change {number}){}", why(reason));
        out += &format!("      {}\n", clean(&line));
    }
    out
}
