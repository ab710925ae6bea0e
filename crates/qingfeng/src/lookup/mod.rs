//! Lookup tables: blacklists, authorisations, notices, histories. Made once, when the engine is opened.

mod file;
mod index;

use std::hash::{BuildHasher, Hash, Hasher};

use arrow_array::StringArray;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use qingfeng_rules::internals::folded;
use qingfeng_rules::lookups::Lookup;
use qingfeng_rules::{Date, FieldRef, Kind, Value};

use crate::eval::values::Typed;
use crate::read::data_type;

use index::KeyIndex;

pub use file::table_schema;
pub(crate) use file::{read, unreadable};

/// No row, no key.
pub const NONE: u32 = u32::MAX;

/// The hash of a line that lacks a part of the key.
const NO_HASH: u64 = 0;

/// The rows of a table before they are indexed.
#[derive(Debug)]
pub struct Rows {
    /// The columns, in the order of the declaration: key, days, others.
    pub columns: Vec<Typed>,
    /// The days from and to which each row counts, as days since 1970-01-01. Of several rows with one key that count
    /// on a day the first does.
    pub days: Vec<(i32, i32)>,
    /// The day for which lines without a day are taken; without it they have the first row of their key.
    pub without_day: Option<i32>,
    /// The row of lines with a day whose key has no row on it.
    pub otherwise: Option<u32>,
}

impl Rows {
    /// No rows of these columns.
    pub fn none(columns: &[(String, Kind)]) -> Self {
        let empty = |kind| Typed::new(&arrow_array::new_empty_array(&data_type(kind)), kind);
        Self {
            columns: columns.iter().map(|&(_, kind)| empty(kind)).collect(),
            days: Vec::new(),
            without_day: None,
            otherwise: None,
        }
    }
}

/// The rows of one lookup table, found by key.
#[derive(Debug)]
pub struct LookupTable {
    columns: Vec<Typed>,
    /// The columns of the key as they are compared.
    keys: Vec<Typed>,
    row_count: usize,
    /// Finds positions in `heads`.
    index: KeyIndex,
    heads: Vec<Head>,
    /// For each key, from which day on which row counts, in order of days.
    segments: Vec<(i32, u32)>,
    /// The row of lines with a day whose key has none on it, or [`NONE`].
    otherwise: u32,
    /// How lines are compared with the key.
    pub compared: Compared,
}

/// The fields of a line that are compared with a key, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The fields.
    pub key: Vec<FieldRef>,
    /// Whether texts are folded.
    pub fold: bool,
    /// The position of the field whose values in the table are prefixes, with their lengths in bytes, falling.
    pub prefix: Option<(usize, Vec<usize>)>,
}

impl Compared {
    fn new(lookup: &Lookup) -> Self {
        let prefix = lookup.prefix.map(|at| (at, Vec::new()));
        Self { key: lookup.key.clone(), fold: lookup.fold, prefix }
    }
}

/// The texts of a column as words are compared; other columns as they are.
pub fn folded_column(column: &Typed) -> Typed {
    match column {
        Typed::Text(texts) => Typed::Text(texts.iter().map(|text| text.map(folded)).collect()),
        other => other.clone(),
    }
}

/// The rows of one key.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// A row that has the key.
    row: u32,
    /// The row of lines without a day.
    without_day: u32,
    /// Its segments.
    start: u32,
    end: u32,
}

/// The hash of a text that is a key by itself.
#[inline]
fn text_hash(hasher: &FixedState, text: &str) -> u64 {
    hasher.hash_one(text.as_bytes()).max(NO_HASH + 1)
}

/// The hash of a key: the same in all tables with this key. [`NO_HASH`] where a value is missing.
fn hash<'v>(hasher: &FixedState, width: usize, value: &dyn Fn(usize) -> Value<'v>) -> u64 {
    if let (1, Value::Text(text)) = (width, value(0)) {
        return text_hash(hasher, text);
    }
    let mut hasher = hasher.build_hasher();
    for at in 0..width {
        match value(at) {
            Value::Missing => return NO_HASH,
            // Both zeros are equal.
            Value::Number(number) => hasher.write_u64((number + 0.0).to_bits()),
            Value::Text(text) => text.hash(&mut hasher),
            Value::Flag(flag) => hasher.write_u8(flag.into()),
            Value::Integer(integer) => hasher.write_i64(integer),
            Value::Date(date) => hasher.write_i32(date.days()),
        }
    }
    hasher.finish().max(NO_HASH + 1)
}

/// The key of a table on the lines of a batch.
pub struct LineKeys<'b> {
    /// How many fields the key has.
    pub width: usize,
    /// The number of lines.
    pub lines: usize,
    /// The value of a line for a field of the key, by its position.
    pub value: &'b dyn Fn(usize, usize) -> Value<'b>,
    /// The values, where they are one column of texts.
    pub texts: Option<&'b StringArray>,
}

impl LineKeys<'_> {
    /// The hash of the key on each line, which all tables with this key share.
    pub fn hashes(&self) -> Box<[u64]> {
        let hasher = FixedState::default();
        match self.texts {
            Some(texts) => {
                texts.iter().map(|text| text.map_or(NO_HASH, |text| text_hash(&hasher, text))).collect()
            }
            None => {
                (0..self.lines).map(|line| hash(&hasher, self.width, &|at| (self.value)(line, at))).collect()
            }
        }
    }
}

impl LookupTable {
    /// Finds out which row counts for which key and when.
    pub fn new(rows: Rows, lookup: &Lookup) -> Self {
        Self::compared(rows, Compared::new(lookup))
    }

    fn compared(rows: Rows, mut compared: Compared) -> Self {
        let Rows { columns, days, without_day, otherwise } = rows;
        let otherwise = otherwise.unwrap_or(NONE);
        let width = compared.key.len();
        let keys_compared = columns.iter().take(width).map(|column| match compared.fold {
            true => folded_column(column),
            false => column.clone(),
        });
        let keys_compared: Vec<Typed> = keys_compared.collect();
        if let Some((at, lengths)) = &mut compared.prefix
            && let Some(Typed::Text(texts)) = keys_compared.get(*at)
        {
            let all: std::collections::BTreeSet<usize> = texts.iter().flatten().map(str::len).collect();
            *lengths = all.into_iter().rev().collect();
        }
        let hasher = FixedState::default();
        let mut keys: HashTable<u32> = HashTable::with_capacity(days.len());
        let (mut heads, mut hashes): (Vec<Head>, Vec<u64>) = (Vec::new(), Vec::new());
        let mut key_of = vec![NONE; days.len()];
        let same = |a: u32, b: u32| {
            (0..width).all(|at| keys_compared[at].value(a as usize) == keys_compared[at].value(b as usize))
        };
        for (row, key_of) in (0..).zip(&mut key_of) {
            let hash = hash(&hasher, width, &|at| keys_compared[at].value(row as usize));
            if hash == NO_HASH {
                continue;
            }
            *key_of = match keys.find(hash, |&at| same(heads[at as usize].row, row)) {
                Some(&at) => at,
                None => {
                    let at = heads.len() as u32;
                    heads.push(Head { row, without_day: NONE, start: 0, end: 0 });
                    hashes.push(hash);
                    keys.insert_unique(hash, at, |&at| hashes[at as usize]);
                    at
                }
            };
            // For the time being the number of its rows.
            heads[*key_of as usize].end += 1;
        }
        let mut grouped: Vec<u32> =
            (0..days.len() as u32).filter(|&row| key_of[row as usize] != NONE).collect();
        // Stable: the rows of a key keep their order.
        grouped.sort_by_key(|&row| key_of[row as usize]);
        let mut segments = Vec::with_capacity(grouped.len() * 2);
        let mut rest = grouped.as_slice();
        for head in &mut heads {
            let (of_key, others) = rest.split_at(head.end as usize);
            rest = others;
            head.start = segments.len() as u32;
            add_segments(of_key, &days, &mut segments);
            head.end = segments.len() as u32;
            head.without_day = match without_day {
                None => head.row,
                Some(day) => on(&segments[head.start as usize..], day),
            };
        }
        let row_count = days.len();
        let index = KeyIndex::new(&hashes);
        Self { columns, keys: keys_compared, row_count, index, heads, segments, otherwise, compared }
    }

    /// The row that counts on each line of a batch, or [`NONE`]. `hashes` are those of the keys, `days` the dates of the
    /// batch.
    ///
    /// All lines in a few tight passes: what a line waits for from memory does not hold up the next.
    pub fn entries(&self, hashes: &[u64], keys: &LineKeys<'_>, days: Option<&Typed>) -> Box<[u32]> {
        let mut entries = vec![NONE; hashes.len()].into_boxed_slice();
        let day = |line: usize| match days.map(|days| days.value(line)) {
            Some(Value::Date(day)) => Some(day),
            _ => None,
        };
        if self.otherwise != NONE {
            for (line, entry) in entries.iter_mut().enumerate() {
                if hashes[line] != NO_HASH && day(line).is_some() {
                    *entry = self.otherwise;
                }
            }
        }
        if self.heads.is_empty() {
            return entries;
        }
        let mut listed = self.index.candidates(hashes);
        self.index.first_keys(hashes, &mut listed);
        let texts = match self.keys.first() {
            Some(Typed::Text(known)) => keys.texts.map(|asked| (known, asked)),
            _ => None,
        };
        let same = |line: usize, key: u32| {
            let row = self.heads[key as usize].row as usize;
            match texts {
                Some((known, asked)) => known.value(row) == asked.value(line),
                None => (self.keys.iter().enumerate())
                    .all(|(at, column)| column.value(row) == (keys.value)(line, at)),
            }
        };
        for (line, first) in listed {
            let line = line as usize;
            // Two keys may have one tag.
            let key = match first {
                NONE => continue,
                first if same(line, first) => first,
                _ => match self.index.find(hashes[line], &|key| same(line, key)) {
                    Some(key) => key,
                    None => continue,
                },
            };
            match self.entry(key, day(line)) {
                NONE => {}
                row => entries[line] = row,
            }
        }
        entries
    }

    /// Of the rows of a key the one that counts on the day.
    #[inline]
    fn entry(&self, key: u32, day: Option<Date>) -> u32 {
        let head = self.heads[key as usize];
        match day {
            None => head.without_day,
            Some(day) => on(&self.segments[head.start as usize..head.end as usize], day.days()),
        }
    }

    /// The value of a column of a row.
    pub fn value(&self, row: u32, column: usize) -> Value<'_> {
        self.columns[column].value(row as usize)
    }

    /// The number of rows.
    pub fn row_count(&self) -> usize {
        self.row_count
    }
}

/// The row that counts on a day.
#[inline]
fn on(segments: &[(i32, u32)], day: i32) -> u32 {
    match segments.partition_point(|&(from, _)| from <= day) {
        0 => NONE,
        after => segments[after - 1].1,
    }
}

/// Adds from which day on which of the rows of one key counts.
fn add_segments(rows: &[u32], days: &[(i32, i32)], segments: &mut Vec<(i32, u32)>) {
    if let [row] = rows {
        let (from, until) = days[*row as usize];
        if from <= until {
            segments.push((from, *row));
            segments.extend(until.checked_add(1).map(|after| (after, NONE)));
        }
        return;
    }
    // Where rows begin and end. A set of those that count, by position, gives the first.
    let mut turns: Vec<(i32, bool, u32)> = Vec::with_capacity(rows.len() * 2);
    for (at, &row) in (0..).zip(rows) {
        let (from, until) = days[row as usize];
        if from <= until {
            turns.push((from, true, at));
            turns.extend(until.checked_add(1).map(|after| (after, false, at)));
        }
    }
    turns.sort_unstable();
    let mut counting = std::collections::BTreeSet::new();
    let mut last = NONE;
    for of_day in turns.chunk_by(|a, b| a.0 == b.0) {
        for &(_, begins, at) in of_day {
            if begins {
                counting.insert(at);
            } else {
                counting.remove(&at);
            }
        }
        let row = counting.first().map_or(NONE, |&at| rows[at as usize]);
        if row != last {
            segments.push((of_day[0].0, row));
            last = row;
        }
    }
}

#[cfg(test)]
mod tests;
