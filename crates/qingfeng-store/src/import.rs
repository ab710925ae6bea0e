//! Entries from files and from people into a store.
//!
//! A row says what holds of a key from its first day to its last. What was said of the key before for some of these
//! days ends on the day before the first; nothing is overwritten, and lines of days before the change was known see
//! what was known then. A row that is there already adds nothing: the entry that was last said of its key and days is
//! equal to it. That holds when the entry was ended by someone since: a list that comes every week does not bring back
//! what an officer took out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use qingfeng_rules::Date;
use serde::Serialize;

use super::entries::{KnownEntry, entries, never};
use super::form::{Mistake, TableForm};
use super::{APPEND_MAX, Author, ChangeKind, Entry, NewChange, SnapshotId, Store, StoreError};
use qingfeng::read::{Input, Place, Problem, ReadError, ReadOptions, Reader, Reject, RejectKind};

/// The most rows of one import.
pub const IMPORT_MAX: usize = APPEND_MAX / 2;
/// The most rows of one key in an import.
pub const KEY_ROWS_MAX: usize = 1000;
/// How often an import is decided anew when others changed the store meanwhile.
const ATTEMPTS: usize = 10;

/// From which day on entries count as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// From this one.
    On(Date),
    /// Each from its own first day, as if it had been there at once: a replay of old days sees what was not known then.
    FromFirstDay,
}

/// How to import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// From which day on the entries count as known.
    pub known: Known,
    /// The source of rows that have none.
    pub source: Option<String>,
    /// The grade of rows that have none.
    pub grade: Option<String>,
    /// Whether entries are taken whose first day is after the one on which they are known.
    pub future: bool,
    /// How the files are read.
    pub read: ReadOptions,
}

/// What became of the rows of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Rows read: those added, unchanged and rejected together.
    pub read: u64,
    /// Rows that became entries.
    pub added: u64,
    /// Rows that are there already.
    pub unchanged: u64,
    /// Of these, rows whose entries were ended since. They stay so.
    pub unchanged_ended: u64,
    /// Rows that could not be taken.
    pub rejected: u64,
    /// Entries of before that end because a row says something else of their key and days.
    pub ended: u64,
    /// The names of columns that the files have and the table has not.
    pub unused_columns: Vec<String>,
}

/// Why files could not be imported.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum ImportError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store, or what was asked of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file lacks columns of the table.
    #[error("{input}: has no column `{column}`; {remedy}")]
    Column { input: String, column: String, remedy: String },
    /// More rows than one import takes.
    #[error("the files have more than {IMPORT_MAX} rows; import them in parts")]
    TooMany,
}

/// Rows that were read and checked, before a store has seen them.
#[derive(Debug)]
pub struct Import {
    form: TableForm,
    rows: Vec<NewRow>,
    summary: Imported,
    rejects: Vec<Reject>,
}

#[derive(Debug)]
struct NewRow {
    entry: Entry,
    key: Vec<u8>,
    known_on: Date,
}

impl Import {
    /// Reads files of rows and checks each row by itself and with the others.
    ///
    /// # Errors
    ///
    /// [`ImportError`]: a file cannot be read, lacks a column, or there are too many rows.
    pub fn read(form: TableForm, inputs: Vec<Input>, options: &ImportOptions) -> Result<Self, ImportError> {
        let names: Vec<String> = inputs.iter().map(Input::to_string).collect();
        let mut reader = Reader::new(Arc::new(form.schema.clone()), inputs, options.read.clone())?;
        let mut import = Self { form, rows: Vec::new(), summary: Imported::default(), rejects: Vec::new() };
        let mut seen = Seen::default();
        while let Some(piece) = reader.piece()? {
            let mut read_rejects = piece.rejects.into_iter().peekable();
            let columns = import.form.typed(piece.batch.columns());
            for (row, place) in piece.places.iter().enumerate() {
                // A row is refused for the first of its values that cannot be read.
                let mut is_refused = false;
                while let Some(reject) = read_rejects.next_if(|reject| reject.before <= row) {
                    if !is_refused || reject.place != *place {
                        import.rejects.push(reject.reject);
                    }
                    is_refused |= reject.place == *place;
                }
                if is_refused {
                    continue;
                }
                let taken =
                    import.form.row(&columns, row).and_then(|entry| import.check(entry, options)).and_then(
                        |row| Ok(if seen.is_new(&row, *place, &names)? { Some(row) } else { None }),
                    );
                match taken {
                    Ok(Some(row)) => import.rows.push(row),
                    Ok(None) => import.summary.unchanged += 1,
                    Err(Mistake { field, value, reason }) => {
                        let input = names.get(place.input as usize).cloned().unwrap_or_default();
                        let problem = Problem::new(RejectKind::Value, reason);
                        import.rejects.push(Reject::new(input, place.position, problem).at(field, value));
                    }
                }
            }
            import.rejects.extend(read_rejects.map(|reject| reject.reject));
            if import.rows.len() + import.rejects.len() > IMPORT_MAX {
                return Err(ImportError::TooMany);
            }
        }
        for notes in reader.notes() {
            if let Some(column) = notes.absent_fields.iter().find(|column| !import.may_lack(column)) {
                let remedy = match notes.unused_columns.as_slice() {
                    [] => "add it".to_owned(),
                    unused => format!("it has columns that the table has not: {}", unused.join(", ")),
                };
                return Err(ImportError::Column {
                    input: notes.input.clone(),
                    column: column.clone(),
                    remedy,
                });
            }
            for column in &notes.unused_columns {
                if !import.summary.unused_columns.contains(column) {
                    import.summary.unused_columns.push(column.clone());
                }
            }
        }
        import.summary.rejected = import.rejects.len() as u64;
        import.summary.read = import.rows.len() as u64 + import.summary.unchanged + import.summary.rejected;
        Ok(import)
    }

    fn may_lack(&self, column: &str) -> bool {
        column.starts_with('#') || self.form.may_lack(column)
    }

    /// A row that can be taken as far as it goes by itself.
    fn check(&self, mut entry: Entry, options: &ImportOptions) -> Result<NewRow, Mistake> {
        let mistake = |field: &str, value: Option<String>, reason: String| Mistake {
            field: Some(field.to_owned()),
            value,
            reason,
        };
        entry.source = entry.source.or_else(|| options.source.clone());
        entry.grade = entry.grade.or_else(|| options.grade.clone());
        if entry.source.is_none() {
            return Err(mistake(
                "source",
                None,
                "there is no `source`: who says so; fill in the column, or give one for all with --source"
                    .to_owned(),
            ));
        }
        let known_on = match options.known {
            Known::On(day) => day,
            Known::FromFirstDay => entry.from.unwrap_or(Date::MIN),
        };
        if let Some(from) = entry.from
            && from > known_on
            && !options.future
        {
            let reason = format!(
                "the first day {from} is after {known_on}, on which the entry counts as known; correct it, or allow it \
                 with --future"
            );
            return Err(mistake(self.form.first_day_column(), Some(from.to_string()), reason));
        }
        // What the store would refuse of one row is a reject of that row, and no reason to refuse the others.
        super::encode::encode(known_on, &ChangeKind::Added(entry.clone())).map_err(|error| Mistake {
            field: None,
            value: None,
            reason: error.to_string(),
        })?;
        Ok(NewRow { key: self.form.key_of(&entry), entry, known_on })
    }

    /// The rows that could not be taken, in the order of the files.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// What would become of the rows in a store, or if there is none yet; nothing is changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub fn preview(&self, store: Option<&mut Store>) -> Result<Imported, StoreError> {
        let known = match store {
            Some(store) => {
                let snapshot = store.snapshot(None)?;
                entries(store, &snapshot, Some(&self.form.table))?
            }
            None => Vec::new(),
        };
        Ok(self.decide(&known).0)
    }

    /// Adds the rows to a store, all that can be taken or none. Gives what became of them, and the snapshot after.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was added.
    pub fn add(&self, store: &mut Store, author: &Author) -> Result<(Imported, SnapshotId), StoreError> {
        decided(store, author, |store, at| Ok(self.decide(&entries(store, at, Some(&self.form.table))?)))
    }

    fn decide(&self, known: &[KnownEntry]) -> (Imported, Vec<NewChange>) {
        let mut summary = self.summary.clone();
        let mut book = Book::new(&self.form, known);
        let mut changes = Vec::new();
        for row in &self.rows {
            if let Some(last) = book.last_said(row)
                && last.entry == row.entry
            {
                summary.unchanged += 1;
                summary.unchanged_ended += u64::from(last.until(None) != last.entry.until);
                continue;
            }
            summary.added += 1;
            summary.ended += book.push(row, &mut changes);
        }
        (summary, changes)
    }
}

/// Decides on changes by what is known, and appends them if the store is still the same; else decides anew.
pub(super) fn decided<T>(
    store: &mut Store,
    author: &Author,
    mut decide: impl FnMut(&mut Store, &SnapshotId) -> Result<(T, Vec<NewChange>), StoreError>,
) -> Result<(T, SnapshotId), StoreError> {
    let mut attempt = 1;
    loop {
        let snapshot = store.snapshot(None)?;
        let (outcome, changes) = decide(store, &snapshot)?;
        match store.append_after(&snapshot, author, &changes) {
            Ok(after) => return Ok((outcome, after)),
            Err(StoreError::Moved { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Adds one entry. Gives its number, or nothing if it counts already just so, and the numbers of the entries that end
/// because of it.
///
/// # Errors
///
/// [`StoreError`]; then nothing was added.
pub fn add(
    store: &mut Store,
    author: &Author,
    form: &TableForm,
    entry: &Entry,
    known_on: Date,
) -> Result<(Option<u64>, Vec<u64>), StoreError> {
    let row = NewRow { key: form.key_of(entry), entry: entry.clone(), known_on };
    let (added, after) = decided(store, author, |store, at| {
        let known = entries(store, at, Some(&form.table))?;
        let mut book = Book::new(form, &known);
        let is_there = |last: &KnownEntry| last.entry == *entry && last.until(None) == entry.until;
        if book.last_said(&row).is_some_and(is_there) {
            return Ok((None, Vec::new()));
        }
        let mut changes = Vec::new();
        book.push(&row, &mut changes);
        let ended = changes.iter().filter_map(|change| match change.kind {
            ChangeKind::Expired { entry, .. } => Some(entry),
            _ => None,
        });
        Ok((Some(ended.collect::<Vec<_>>()), changes))
    })?;
    // The entry is the last of its changes.
    Ok(match added {
        None => (None, Vec::new()),
        Some(ended) => (Some(after.change), ended),
    })
}

/// Ends an entry: its last day is this one; `None` takes it back, so that it counts on no day. Lines of days before
/// `known_on` see it as before. Gives the entry as it was.
///
/// # Errors
///
/// [`StoreError::Refused`]: there is no such entry, it begins later, or it ends no later already.
pub fn expire(
    store: &mut Store,
    author: &Author,
    entry: u64,
    until: Option<Date>,
    known_on: Date,
) -> Result<KnownEntry, StoreError> {
    let (found, _) = decided(store, author, |store, at| {
        let known = entries(store, at, None)?;
        let found = known.iter().find(|known| known.number == entry);
        let Some(found) = found else { return Err(super::no_entry(&store.to_string(), entry)) };
        let from = found.entry.from;
        let last = match until {
            Some(until) => {
                if let Some(from) = from
                    && until < from
                {
                    return Err(StoreError::refused(format!(
                        "entry {entry} begins on {from}, after {until}; give a later day, or take it back with --withdraw"
                    )));
                }
                until
            }
            None => never(from),
        };
        if let Some(now) = found.until(None)
            && now <= last
        {
            let what =
                if found.is_withdrawn() { "is taken back".to_owned() } else { format!("ends on {now}") };
            return Err(StoreError::refused(format!(
                "entry {entry} {what} already; an entry is not made longer: add another with `qingfeng lookup add`"
            )));
        }
        let change = NewChange { known_on, kind: ChangeKind::Expired { entry, until: last } };
        Ok((found.clone(), vec![change]))
    })?;
    Ok(found)
}

/// What is known of a table, by key.
struct Book<'k> {
    known: &'k [KnownEntry],
    by_key: HashMap<Vec<u8>, Vec<usize>>,
    /// Whether an entry ends by a change that is not in the store yet.
    ended: Vec<bool>,
}

impl<'k> Book<'k> {
    fn new(form: &TableForm, known: &'k [KnownEntry]) -> Self {
        let mut by_key: HashMap<Vec<u8>, Vec<usize>> = HashMap::with_capacity(known.len());
        for (at, known) in known.iter().enumerate() {
            by_key.entry(form.key_of(&known.entry)).or_default().push(at);
        }
        Self { known, by_key, ended: vec![false; known.len()] }
    }

    /// What was last said of the key for one of these days, whether it was ended since or not.
    fn last_said(&self, row: &NewRow) -> Option<&'k KnownEntry> {
        let of_key = self.by_key.get(&row.key)?.iter().rev().map(|&at| &self.known[at]);
        let Entry { from, until, .. } = row.entry;
        of_key.into_iter().find(|known| overlap((from, until), (known.entry.from, known.entry.until)))
    }

    /// Adds the changes of a new row: what it stands for ends, then it follows. Gives how many end.
    fn push(&mut self, row: &NewRow, changes: &mut Vec<NewChange>) -> u64 {
        let Entry { from, until, .. } = row.entry;
        let mut count = 0;
        for &at in self.by_key.get(&row.key).into_iter().flatten() {
            let known = &self.known[at];
            let now = (known.entry.from, known.until(None));
            if self.ended[at] || known.is_withdrawn() || !overlap((from, until), now) {
                continue;
            }
            self.ended[at] = true;
            count += 1;
            let last = match (from.and_then(|from| from.plus_days(-1)), known.entry.from) {
                (Some(before), Some(first)) if before < first => never(Some(first)),
                (Some(before), _) => before,
                (None, first) => never(first),
            };
            changes.push(NewChange {
                known_on: row.known_on,
                kind: ChangeKind::Expired { entry: known.number, until: last },
            });
        }
        changes.push(NewChange { known_on: row.known_on, kind: ChangeKind::Added(row.entry.clone()) });
        count
    }
}

/// Whether two stretches of days, with or without bounds, have a day in common.
fn overlap(one: (Option<Date>, Option<Date>), other: (Option<Date>, Option<Date>)) -> bool {
    let first = |from: Option<Date>| from.unwrap_or(Date::MIN);
    let last = |until: Option<Date>| until.unwrap_or(Date::MAX);
    first(one.0) <= last(other.1) && first(other.0) <= last(one.1)
}

/// The rows of an import by key and first day. Those of one key have no day in common.
#[derive(Default)]
struct Seen {
    by_key: HashMap<Vec<u8>, BTreeMap<Date, SeenRow>>,
}

struct SeenRow {
    entry: Entry,
    place: Place,
}

impl Seen {
    /// Whether a row says something that none before it said. It must not contradict one.
    fn is_new(&mut self, row: &NewRow, place: Place, names: &[String]) -> Result<bool, Mistake> {
        let of_key = self.by_key.entry(row.key.clone()).or_default();
        let entry = &row.entry;
        let last = entry.until.unwrap_or(Date::MAX);
        // No row before this one has a day in common with another, so the last that begins in time is the one to see.
        if let Some((_, earlier)) = of_key.range(..=last).next_back()
            && overlap((entry.from, entry.until), (earlier.entry.from, earlier.entry.until))
        {
            if earlier.entry == *entry {
                return Ok(false);
            }
            let input = names.get(earlier.place.input as usize).map_or("", String::as_str);
            return Err(Mistake {
                field: None,
                value: None,
                reason: format!(
                    "says something else of the same key and days as {input}, {}; keep one of the two, or give them \
                     days apart",
                    earlier.place.position
                ),
            });
        }
        if of_key.len() >= KEY_ROWS_MAX {
            return Err(Mistake {
                field: None,
                value: None,
                reason: format!("the key has {KEY_ROWS_MAX} rows before this one; import the others apart"),
            });
        }
        of_key.insert(entry.from.unwrap_or(Date::MIN), SeenRow { entry: entry.clone(), place });
        Ok(true)
    }
}
