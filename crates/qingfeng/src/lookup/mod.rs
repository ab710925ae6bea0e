//! Lookup tables: blacklists, authorisations, notices, histories. Made once, when the engine is opened.

mod file;

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use qingfeng_rules::{Date, FieldId, Value};

use crate::values::Typed;

pub(crate) use file::{read as read_file, table_schema};

/// No row.
const NONE: u32 = u32::MAX;

/// The rows of a table before they are indexed.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The columns, in the order of the declaration: key, days, others.
    pub columns: Vec<Typed>,
    /// The days from and to which each row counts, as days since 1970-01-01. Of several rows with one key that count
    /// on a day the first does.
    pub days: Vec<(i32, i32)>,
    /// The day for which lines without a day are taken; without it they have the first row of their key.
    pub without_day: Option<i32>,
}

/// The rows of one lookup table, found by key.
#[derive(Debug)]
pub(crate) struct LookupTable {
    columns: Vec<Typed>,
    row_count: usize,
    /// Positions in `heads`.
    keys: HashTable<u32>,
    heads: Vec<Head>,
    /// For each key, from which day on which row counts, in order of days.
    segments: Vec<(i32, u32)>,
    /// The fields of a line that are compared with the key.
    pub(crate) key: Vec<FieldId>,
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

/// The hash of a text that is a key by itself: the same in all tables.
pub(crate) fn text_hash(text: &str) -> u64 {
    FixedState::default().hash_one(text.as_bytes())
}

/// The hash of a key, or none where a value is missing.
fn hash<'v>(width: usize, value: &dyn Fn(usize) -> Value<'v>) -> Option<u64> {
    if let (1, Value::Text(text)) = (width, value(0)) {
        return Some(text_hash(text));
    }
    let mut hasher = FixedState::default().build_hasher();
    for at in 0..width {
        match value(at) {
            Value::Missing | Value::Number(_) => return None,
            Value::Text(text) => text.hash(&mut hasher),
            Value::Flag(flag) => hasher.write_u8(flag.into()),
            Value::Integer(integer) => hasher.write_i64(integer),
            Value::Date(date) => hasher.write_i32(date.days()),
        }
    }
    Some(hasher.finish())
}

impl LookupTable {
    /// Finds out which row counts for which key and when.
    pub(crate) fn new(rows: Rows, key: Vec<FieldId>) -> Self {
        let Rows { columns, days, without_day } = rows;
        let width = key.len();
        let mut keys: HashTable<u32> = HashTable::with_capacity(days.len());
        let mut heads: Vec<Head> = Vec::new();
        let mut key_of = vec![NONE; days.len()];
        let same = |a: u32, b: u32| {
            (0..width).all(|at| columns[at].value(a as usize) == columns[at].value(b as usize))
        };
        let rehash = |heads: &[Head], at: u32| {
            let row = heads[at as usize].row as usize;
            hash(width, &|column| columns[column].value(row)).unwrap_or(0)
        };
        for (row, key_of) in (0..).zip(&mut key_of) {
            let Some(hash) = hash(width, &|at| columns[at].value(row as usize)) else { continue };
            *key_of = match keys.find(hash, |&at| same(heads[at as usize].row, row)) {
                Some(&at) => at,
                None => {
                    let at = heads.len() as u32;
                    heads.push(Head { row, without_day: NONE, start: 0, end: 0 });
                    keys.insert_unique(hash, at, |&at| rehash(&heads, at));
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
        Self { columns, row_count: days.len(), keys, heads, segments, key }
    }

    /// The rows of a text that is a key by itself, on whatever day.
    #[inline]
    pub(crate) fn find_text(&self, hash: u64, text: &str) -> Option<u32> {
        let Typed::Text(column) = self.columns.first()? else { return None };
        self.keys.find(hash, |&at| column.value(self.heads[at as usize].row as usize) == text).copied()
    }

    /// The rows of a key, on whatever day.
    #[inline]
    pub(crate) fn find<'v>(&self, value: &dyn Fn(FieldId) -> Value<'v>) -> Option<u32> {
        if let [field] = self.key[..]
            && let Value::Text(text) = value(field)
        {
            return self.find_text(text_hash(text), text);
        }
        let hash = hash(self.key.len(), &|at| value(self.key[at]))?;
        let same = |row: u32| {
            self.key
                .iter()
                .enumerate()
                .all(|(at, &field)| self.columns[at].value(row as usize) == value(field))
        };
        self.keys.find(hash, |&at| same(self.heads[at as usize].row)).copied()
    }

    /// Of the rows of a key the one that counts on the day.
    #[inline]
    pub(crate) fn entry(&self, key: u32, day: Option<Date>) -> Option<u32> {
        let head = self.heads[key as usize];
        let row = match day {
            None => head.without_day,
            Some(day) => on(&self.segments[head.start as usize..head.end as usize], day.days()),
        };
        (row != NONE).then_some(row)
    }

    /// The value of a column of a row.
    pub(crate) fn value(&self, row: u32, column: usize) -> Value<'_> {
        self.columns[column].value(row as usize)
    }

    /// The number of rows.
    pub(crate) fn row_count(&self) -> usize {
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The row that counts is the first of its key that counts on the day.
        #[test]
        fn the_first_row_in_force_counts(
            rows in prop::collection::vec((0..4_i64, -5..25_i32, -5..25_i32), 0..40),
            without_day in prop::option::of(-5..25_i32),
        ) {
            let column = arrow_array::Int64Array::from_iter(rows.iter().map(|row| (row.0 > 0).then_some(row.0)));
            let open = |day: i32, open: i32| if day < 0 { open } else { day };
            let days: Vec<(i32, i32)> =
                rows.iter().map(|row| (open(row.1, i32::MIN), open(row.2, i32::MAX))).collect();
            let table = Rows { columns: vec![Typed::Integer(column)], days: days.clone(), without_day };
            let table = LookupTable::new(table, vec![FieldId(0)]);
            for key in 0..5 {
                let found = table.find(&|_| Value::Integer(key));
                for day in -6..30 {
                    let counts = |at: &usize| {
                        rows[*at].0 == key && key > 0 && days[*at].0 <= day && day <= days[*at].1
                    };
                    let expected = (0..rows.len()).find(counts);
                    let answer = found.and_then(|key| table.entry(key, Date::from_days(day)));
                    prop_assert_eq!(answer, expected.map(|row| row as u32), "key {} day {}", key, day);
                }
                let first = (0..rows.len()).find(|&at| rows[at].0 == key && key > 0).map(|row| row as u32);
                let expected = match without_day {
                    None => first,
                    Some(day) => found.and_then(|key| table.entry(key, Date::from_days(day))),
                };
                prop_assert_eq!(found.and_then(|key| table.entry(key, None)), expected);
            }
        }
    }
}
