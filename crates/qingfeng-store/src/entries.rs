//! Entries, with what was known of them when.

use qingfeng_rules::Date;

use super::{Change, ChangeKind, Entry, SnapshotId, Store, StoreError};

/// An entry of a lookup table as a store has it: how it was added, and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownEntry {
    /// Its number, that of the change that added it.
    pub number: u64,
    /// When it was added: UTC, `2016-09-06T08:30:00Z`.
    pub at: String,
    /// Who added it.
    pub by: String,
    /// Why, where it was said.
    pub reason: Option<String>,
    /// The day from which it counts as known.
    pub known_on: Date,
    /// The entry as it was added.
    pub entry: Entry,
    /// Its ends, in the order in which they were made. The one that became known last counts.
    pub ends: Vec<End>,
}

/// The end of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The number of the change.
    pub number: u64,
    /// When it was made: UTC.
    pub at: String,
    /// Who made it.
    pub by: String,
    /// Why, where it was said.
    pub reason: Option<String>,
    /// The day from which it counts as known.
    pub known_on: Date,
    /// The last day of the entry. A day before its first: the entry counts on no day.
    pub until: Date,
}

impl KnownEntry {
    /// The last day of the entry, if it has one, as it is known on a day; without a day, as it is known now.
    pub fn until(&self, known: Option<Date>) -> Option<Date> {
        let ends = self.ends.iter().filter(|end| known.is_none_or(|day| end.known_on <= day));
        // An end cannot be known before the entry is.
        match ends.max_by_key(|end| (end.known_on.max(self.known_on), end.number)) {
            Some(end) => Some(end.until),
            None => self.entry.until,
        }
    }

    /// Whether the entry counts for a goods line of this day: it is known on the day, and the day is one of its own.
    pub fn counts_on(&self, day: Date) -> bool {
        self.known_on <= day
            && self.entry.from.is_none_or(|from| from <= day)
            && self.until(Some(day)).is_none_or(|until| day <= until)
    }

    /// Whether, as it is known now, it was ended before it began.
    pub fn is_withdrawn(&self) -> bool {
        match (self.until(None), self.entry.from) {
            (Some(until), Some(from)) => until < from,
            (Some(until), None) => until == Date::MIN,
            (None, _) => false,
        }
    }
}

/// The entries of a table, or of all, in a snapshot: in the order of their numbers.
///
/// # Errors
///
/// [`StoreError`], as [`Store::changes`] has it.
pub fn entries(
    store: &mut Store,
    snapshot: &SnapshotId,
    table: Option<&str>,
) -> Result<Vec<KnownEntry>, StoreError> {
    let mut entries: Vec<KnownEntry> = Vec::new();
    store.changes(snapshot, 1, &mut |change| {
        let Change { number, at, by, reason, known_on, kind } = change;
        match kind {
            ChangeKind::Added(entry) if table.is_none_or(|table| table == entry.table) => {
                entries.push(KnownEntry { number, at, by, reason, known_on, entry, ends: Vec::new() });
            }
            ChangeKind::Expired { entry, until } => {
                if let Ok(place) = entries.binary_search_by_key(&entry, |known| known.number) {
                    entries[place].ends.push(End { number, at, by, reason, known_on, until });
                }
            }
            ChangeKind::Added(_) | ChangeKind::Found(_) => {}
        }
        Ok(())
    })?;
    Ok(entries)
}

/// The day before an entry begins: as its last day it says that the entry counts on no day.
pub(super) fn never(from: Option<Date>) -> Date {
    from.and_then(|from| from.plus_days(-1)).unwrap_or(Date::MIN)
}
