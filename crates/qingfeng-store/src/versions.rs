//! Entries of a store as the rows of a lookup table: what was known of each, and when.

use std::collections::{BTreeSet, HashMap};

use arrow_array::ArrayRef;
use qingfeng_rules::lookups::Lookup;
use qingfeng_rules::{Date, Schema};

use super::{Change, ChangeKind, Entry};
use qingfeng::internals::Column;
use qingfeng::internals::Typed;
use qingfeng::internals::{Rows, table_schema};

/// The most entries of which it is said that they do not fit.
const MISFITS_MAX: usize = 20;

/// Entries of the tables that a pack uses, and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    /// The tables that the pack uses.
    wanted: BTreeSet<String>,
    /// All tables that the store has ever had.
    seen: BTreeSet<String>,
    entries: Vec<Known>,
    /// Positions in `entries`, by the number of an entry.
    by_number: HashMap<u64, usize>,
}

/// An entry, with all that became known of its end.
#[derive(Debug)]
struct Known {
    number: u64,
    known_on: Date,
    entry: Entry,
    /// From when on it was known to end when; and the number of that change.
    expiries: Vec<(Date, u64, Date)>,
}

/// An entry as it was known from one day to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    /// The days on which it counts.
    from: i32,
    until: i32,
    /// Its last day, as it was known.
    last_day: Option<Date>,
}

/// What a table has that does not fit, with the number of the entry.
pub(crate) struct Misfit {
    pub number: u64,
    pub column: String,
    pub reason: String,
}

impl Versions {
    pub(crate) fn new(wanted: BTreeSet<String>) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// All tables that the store has ever had.
    pub(crate) fn tables(&self) -> &BTreeSet<String> {
        &self.seen
    }

    /// Takes the next change.
    pub(crate) fn take(&mut self, change: Change) {
        match change.kind {
            ChangeKind::Added(entry) => {
                if self.wanted.contains(&entry.table) {
                    self.by_number.insert(change.number, self.entries.len());
                }
                if !self.seen.contains(&entry.table) {
                    self.seen.insert(entry.table.clone());
                }
                if self.wanted.contains(&entry.table) {
                    let (number, known_on) = (change.number, change.known_on);
                    self.entries.push(Known { number, known_on, entry, expiries: Vec::new() });
                }
            }
            ChangeKind::Expired { entry, until } => {
                if let Some(&at) = self.by_number.get(&entry) {
                    self.entries[at].expiries.push((change.known_on, change.number, until));
                }
            }
            ChangeKind::Found(_) => {}
        }
    }

    /// The rows of a table. An entry that does not fit the columns of the pack and has not expired is a mistake.
    pub(crate) fn rows(
        &self,
        table: &str,
        lookup: &Lookup,
        schema: &Schema,
        without_day: i32,
    ) -> Result<Rows, Vec<Misfit>> {
        let shape = table_schema(lookup, schema)
            .map_err(|reason| vec![Misfit { number: 0, column: String::new(), reason }])?;
        let mut columns: Vec<Column> =
            shape.fields()[..lookup.columns.len()].iter().map(Column::new).collect();
        let mut of_table: Vec<&Known> =
            self.entries.iter().filter(|known| known.entry.table == table).collect();
        // Where two entries count on one day, the one that became known last goes before.
        of_table.sort_unstable_by_key(|known| std::cmp::Reverse((known.known_on, known.number)));
        let (mut days, mut misfits) = (Vec::new(), Vec::new());
        for known in of_table {
            for version in known.versions() {
                match push(&mut columns, days.len(), lookup, &known.entry, version.last_day) {
                    Ok(()) => days.push((version.from, version.until)),
                    // With this entry the pack could not be opened while it was in force, so no result rests on it.
                    Err(_) if !known.expiries.is_empty() => break,
                    Err((column, reason)) => {
                        misfits.push(Misfit { number: known.number, column, reason });
                        break;
                    }
                }
            }
            if misfits.len() >= MISFITS_MAX {
                break;
            }
        }
        if !misfits.is_empty() {
            return Err(misfits);
        }
        let finished: Vec<ArrayRef> = columns.iter_mut().map(Column::finish).collect();
        let columns = finished
            .iter()
            .zip(&lookup.columns)
            .map(|(column, (_, kind))| Typed::new(column, *kind))
            .collect();
        Ok(Rows { columns, days, without_day: Some(without_day), otherwise: None })
    }
}

impl Known {
    /// What was known of the entry, from one change to the next.
    fn versions(&self) -> Vec<Version> {
        let mut known: Vec<(Date, u64, Option<Date>)> = vec![(self.known_on, self.number, self.entry.until)];
        // An end cannot be known before the entry is.
        let ends = self.expiries.iter();
        known.extend(ends.map(|&(on, number, until)| (on.max(self.known_on), number, Some(until))));
        known.sort_unstable_by_key(|&(on, number, _)| (on, number));
        let first_day = self.entry.from.map_or(i32::MIN, Date::days);
        let mut versions = Vec::with_capacity(known.len());
        for (at, &(on, _, last_day)) in known.iter().enumerate() {
            let next = known.get(at + 1).map_or(i32::MAX, |next| next.0.days() - 1);
            let from = first_day.max(on.days());
            let until = last_day.map_or(i32::MAX, Date::days).min(next);
            if from <= until {
                versions.push(Version { from, until, last_day });
            }
        }
        versions
    }
}

/// Appends an entry to the columns, which have so many rows; on a mistake it is taken back.
fn push(
    columns: &mut [Column],
    rows: usize,
    lookup: &Lookup,
    entry: &Entry,
    last_day: Option<Date>,
) -> Result<(), (String, String)> {
    let mut failed = None;
    for (column, (name, _)) in columns.iter_mut().zip(&lookup.columns) {
        let pushed = if Some(name) == lookup.from.as_ref() {
            day(column, entry.from)
        } else if Some(name) == lookup.until.as_ref() {
            day(column, last_day)
        } else {
            let value = match entry.values.iter().find(|(known, _)| known == name) {
                Some((_, value)) => Some(value.as_str()),
                None if name == "source" => entry.source.as_deref(),
                None if name == "grade" => entry.grade.as_deref(),
                None => None,
            };
            match value {
                Some(value) => column.push(value).map_err(|reason| {
                    format!("`{name}` is `{}`: {reason}", qingfeng::internals::shown(value))
                }),
                None => column.push_missing().map_err(String::from),
            }
        };
        if let Err(reason) = pushed {
            failed = Some((name.clone(), reason));
            break;
        }
    }
    if failed.is_some() {
        columns.iter_mut().for_each(|column| column.truncate(rows));
    }
    failed.map_or(Ok(()), Err)
}

fn day(column: &mut Column, date: Option<Date>) -> Result<(), String> {
    match date {
        Some(date) => Ok(column.push_date(date)?),
        None => {
            column.push_null();
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
