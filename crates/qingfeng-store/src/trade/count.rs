//! From the lines of a record to the rows of a profile.

use std::hash::BuildHasher as _;
use std::ops::Range;

use arrow_array::{Array as _, ArrayRef, RecordBatch, UInt32Array};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use qingfeng::internals::{Rows, Typed};
use qingfeng_rules::lookups::{Lookup, Measure, Profile, Statistic};
use qingfeng_rules::{Date, Kind, Value};

use super::columns::Growing;
use super::window::{Count, KeyLines, Values};

/// The most lines that a profile is counted from, and the most rows that it has. They bound its memory.
pub(super) const LINES_MAX: usize = 100_000_000;
pub(super) const ROWS_MAX: usize = 50_000_000;

/// A profile that outgrew a bound.
#[derive(Debug)]
pub(super) enum TooLarge {
    /// It has more keys than it can have.
    Keys,
    /// It is counted from more lines, changes more often or has longer keys than can be held.
    Rows,
}

/// The lines of a record for one profile, taken batch by batch.
#[derive(Debug)]
pub(super) struct Counter<'p> {
    profile: &'p Profile,
    keys: Keys,
    /// Of each line: its key, its day, its declaration.
    key_of: Vec<u32>,
    days: Vec<i32>,
    declarations: Vec<u64>,
    /// Of each measure the values.
    values: Vec<Column>,
}

/// The values of a field on all lines.
#[derive(Debug)]
enum Column {
    None,
    Numbers(Vec<f64>),
    Hashes(Vec<u64>),
    Flags(Vec<Option<bool>>),
}

impl Column {
    fn new(measure: &Measure) -> Self {
        match measure.what {
            Statistic::Lines | Statistic::Declarations if measure.only.is_some() => Self::Flags(Vec::new()),
            Statistic::Sum | Statistic::Mean | Statistic::Quantile(_) => Self::Numbers(Vec::new()),
            Statistic::Distinct => Self::Hashes(Vec::new()),
            Statistic::Share => Self::Flags(Vec::new()),
            _ => Self::None,
        }
    }

    fn push(&mut self, value: Value<'_>) {
        match self {
            Self::None => {}
            Self::Numbers(numbers) => numbers.push(match value {
                Value::Number(number) => number,
                Value::Integer(integer) => integer as f64,
                _ => f64::NAN,
            }),
            Self::Hashes(hashes) => hashes.push(match value {
                Value::Missing => 0,
                value => {
                    let mut bytes = Vec::new();
                    push_value(&mut bytes, value);
                    FixedState::default().hash_one(bytes).max(1)
                }
            }),
            Self::Flags(flags) => flags.push(match value {
                Value::Flag(flag) => Some(flag),
                _ => None,
            }),
        }
    }

    /// Those of some lines, in this order.
    fn of<'s>(&self, order: &[u32], scratch: &'s mut Scratch) -> Values<'s> {
        fn gather<'s, T: Copy>(all: &[T], order: &[u32], into: &'s mut Vec<T>) -> &'s [T] {
            into.clear();
            into.extend(order.iter().map(|&line| all[line as usize]));
            into
        }
        match self {
            Self::None => Values::None,
            Self::Numbers(all) => Values::Numbers(gather(all, order, &mut scratch.numbers)),
            Self::Hashes(all) => Values::Hashes(gather(all, order, &mut scratch.hashes)),
            Self::Flags(all) => Values::Flags(gather(all, order, &mut scratch.flags)),
        }
    }
}

#[derive(Debug, Default)]
struct Scratch {
    numbers: Vec<f64>,
    hashes: Vec<u64>,
    flags: Vec<Option<bool>>,
}

/// The keys, each once, as bytes one after the other.
#[derive(Debug, Default)]
pub(super) struct Keys {
    table: HashTable<u32>,
    hashes: Vec<u64>,
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl Keys {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    /// The number of a line's key, if it has all fields. `bytes` is room to work in.
    pub fn of_line(&mut self, key: &[Typed], line: usize, bytes: &mut Vec<u8>) -> Option<u32> {
        bytes.clear();
        for column in key {
            match column.value(line) {
                Value::Missing => return None,
                value => push_value(bytes, value),
            }
        }
        Some(self.number(bytes))
    }

    fn bytes(&self, key: u32) -> &[u8] {
        let start = (key as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[key as usize]]
    }

    fn number(&mut self, key: &[u8]) -> u32 {
        let hash = FixedState::default().hash_one(key);
        if let Some(&known) = self.table.find(hash, |&known| self.bytes(known) == key) {
            return known;
        }
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        self.hashes.push(hash);
        let hashes = &self.hashes;
        self.table.insert_unique(hash, number, |&known| hashes[known as usize]);
        number
    }
}

/// A value as bytes, from which [`read_value`] makes it again.
fn push_value(bytes: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Missing => {}
        Value::Text(text) => {
            bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Value::Flag(flag) => bytes.push(flag.into()),
        Value::Integer(integer) => bytes.extend_from_slice(&integer.to_le_bytes()),
        // Both zeros are equal.
        Value::Number(number) => bytes.extend_from_slice(&(number + 0.0).to_le_bytes()),
        Value::Date(date) => bytes.extend_from_slice(&date.days().to_le_bytes()),
    }
}

fn split<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (head, tail) = bytes.split_at(N.min(bytes.len()));
    *bytes = tail;
    head.try_into().unwrap_or([0; N])
}

/// The next value of a key, of this kind.
fn read_value<'b>(bytes: &mut &'b [u8], kind: Kind) -> Value<'b> {
    match kind {
        Kind::Text | Kind::Code => {
            let length = u32::from_le_bytes(split(bytes)) as usize;
            let (text, rest) = bytes.split_at(length.min(bytes.len()));
            *bytes = rest;
            std::str::from_utf8(text).map_or(Value::Missing, Value::Text)
        }
        Kind::Integer => Value::Integer(i64::from_le_bytes(split(bytes))),
        Kind::Number => Value::Number(f64::from_le_bytes(split(bytes))),
        Kind::Flag => Value::Flag(split::<1>(bytes) != [0]),
        Kind::Date => Date::from_days(i32::from_le_bytes(split(bytes))).map_or(Value::Missing, Value::Date),
    }
}

impl<'p> Counter<'p> {
    pub fn new(profile: &'p Profile) -> Self {
        Self {
            profile,
            keys: Keys::default(),
            key_of: Vec::new(),
            days: Vec::new(),
            declarations: Vec::new(),
            values: profile.measures.iter().map(Column::new).collect(),
        }
    }

    /// Takes lines: their days and declarations, the fields of the key, and for each measure its field and its flag, if it has
    /// them.
    pub fn take(
        &mut self,
        days: &[i32],
        declarations: &[u64],
        key: &[Typed],
        measured: &[[Option<Typed>; 2]],
    ) -> Result<(), TooLarge> {
        let mut bytes = Vec::new();
        for (line, (&day, &declaration)) in days.iter().zip(declarations).enumerate() {
            let Some(key) = self.keys.of_line(key, line, &mut bytes) else { continue };
            self.key_of.push(key);
            self.days.push(day);
            self.declarations.push(declaration);
            for (column, [field, only]) in self.values.iter_mut().zip(measured) {
                let counts = only.as_ref().is_none_or(|only| only.value(line) == Value::Flag(true));
                column.push(match field {
                    Some(field) if counts => field.value(line),
                    Some(_) => Value::Missing,
                    None => Value::Flag(counts),
                });
            }
        }
        if self.keys() > self.profile.most_keys {
            return Err(TooLarge::Keys);
        }
        if self.key_of.len() > LINES_MAX { Err(TooLarge::Rows) } else { Ok(()) }
    }

    /// How many different keys there are.
    pub fn keys(&self) -> u64 {
        self.keys.len()
    }

    /// The rows: for each key and each day on which its window changes, the values from that day on. The last row is
    /// that of keys without one.
    pub fn rows(self, lookup: &Lookup) -> Result<Rows, TooLarge> {
        let order = self.by_key();
        let mut told: Vec<Growing> =
            self.profile.measures.iter().map(|measure| Growing::new(measure.what.kind())).collect();
        let (mut key_rows, mut days): (Vec<u32>, Vec<(i32, i32)>) = (Vec::new(), Vec::new());
        let mut scratch: Vec<Scratch> = self.values.iter().map(|_| Scratch::default()).collect();
        let mut rest = order.as_slice();
        for key in 0..self.keys.ends.len() as u32 {
            let count = rest.iter().take_while(|&&line| self.key_of[line as usize] == key).count();
            let (of_key, others) = rest.split_at(count);
            rest = others;
            self.count(key, of_key, &mut scratch, &mut told, &mut key_rows, &mut days);
            if days.len() >= ROWS_MAX {
                return Err(TooLarge::Rows);
            }
        }
        row_table(&self.keys, &key_rows, days, told, lookup, &self.profile.measures)
    }

    /// The lines, those of a key together, by day and declaration.
    fn by_key(&self) -> Vec<u32> {
        let mut starts = vec![0_u32; self.keys.ends.len() + 1];
        for &key in &self.key_of {
            starts[key as usize + 1] += 1;
        }
        for key in 1..starts.len() {
            starts[key] += starts[key - 1];
        }
        let mut order = vec![0_u32; self.key_of.len()];
        let mut next = starts.clone();
        for (line, &key) in (0..).zip(&self.key_of) {
            let at = &mut next[key as usize];
            order[*at as usize] = line;
            *at += 1;
        }
        for key in starts.windows(2) {
            let of_key = &mut order[key[0] as usize..key[1] as usize];
            of_key.sort_unstable_by_key(|&line| (self.days[line as usize], self.declarations[line as usize]));
        }
        order
    }

    /// Adds the rows of a key.
    fn count(
        &self,
        key: u32,
        of_key: &[u32],
        scratch: &mut [Scratch],
        told: &mut [Growing],
        key_rows: &mut Vec<u32>,
        days: &mut Vec<(i32, i32)>,
    ) {
        let lines = self.key_lines(of_key);
        let values: Vec<Values<'_>> =
            self.values.iter().zip(scratch).map(|(column, scratch)| column.of(of_key, scratch)).collect();
        let measures = &self.profile.measures;
        let mut counts: Vec<Count> =
            measures.iter().zip(&values).map(|(measure, &values)| Count::new(measure.what, values)).collect();
        let day_count = lines.days.len();
        let mut window: Range<usize> = 0..0;
        while window.start < day_count {
            // A day comes in on the day after it, and leaves when it is further back than the window reaches.
            let comes = lines.days.get(window.end).map(|day| day.saturating_add(1));
            let leaves = self.profile.window.filter(|_| window.start < window.end).map(|length| {
                lines.days[window.start]
                    .saturating_add(i32::try_from(length).unwrap_or(i32::MAX))
                    .saturating_add(1)
            });
            let Some(from) = comes.into_iter().chain(leaves).min() else { break };
            let before = window.clone();
            if comes == Some(from) {
                window.end += 1;
            }
            if leaves == Some(from) {
                window.start += 1;
            }
            for (count, &values) in counts.iter_mut().zip(&values) {
                count.change(&lines, values, before.end..window.end, true);
                count.change(&lines, values, before.start..window.start, false);
            }
            // The row before ends here.
            if let Some(last) = days.last_mut()
                && key_rows.last() == Some(&key)
                && last.1 == i32::MAX
            {
                last.1 = from - 1;
            }
            if window.is_empty() {
                continue;
            }
            key_rows.push(key);
            days.push((from, i32::MAX));
            for (column, count) in told.iter_mut().zip(&counts) {
                column.push(count.told(&lines, &window, self.profile.least));
            }
        }
    }

    /// The days of the lines of a key.
    fn key_lines(&self, of_key: &[u32]) -> KeyLines {
        let mut lines = KeyLines::default();
        let day = |line: &u32| self.days[*line as usize];
        let declaration = |line: &u32| self.declarations[*line as usize];
        let mut at = 0;
        for of_day in of_key.chunk_by(|a, b| day(a) == day(b)) {
            lines.days.push(day(&of_day[0]));
            lines.starts.push(at);
            at += of_day.len();
            lines.declaration_of.extend(of_day.iter().map(declaration));
            lines.declarations.push(of_day.chunk_by(|a, b| declaration(a) == declaration(b)).count() as u64);
        }
        lines.starts.push(at);
        lines
    }
}

/// The rows of a profile, of which each has a key and days and the values told on them, and at the end that of keys without
/// one.
pub(super) fn row_table(
    keys: &Keys,
    key_rows: &[u32],
    mut days: Vec<(i32, i32)>,
    mut told: Vec<Growing>,
    lookup: &Lookup,
    measures: &[Measure],
) -> Result<Rows, TooLarge> {
    // Where nothing came before.
    let otherwise = days.len() as u32;
    days.push((i32::MIN, i32::MAX));
    for (column, measure) in told.iter_mut().zip(measures) {
        column.push(measure.what.of_nothing());
    }
    let kinds = lookup.columns.iter().take(lookup.key.len()).map(|&(_, kind)| kind);
    let mut of_keys: Vec<(Kind, Growing)> = kinds.map(|kind| (kind, Growing::new(kind))).collect();
    for key in 0..keys.ends.len() as u32 {
        let mut bytes = keys.bytes(key);
        of_keys.iter_mut().for_each(|(kind, column)| column.push(read_value(&mut bytes, *kind)));
    }
    let taken: UInt32Array = key_rows.iter().copied().map(Some).chain([None]).collect();
    let of_keys = of_keys.into_iter().map(|(_, column)| {
        let column = column.finish();
        arrow_select::take::take(&column, &taken, None).map_err(|_| TooLarge::Rows)
    });
    let told = told.into_iter().map(|column| Ok(column.finish()));
    let columns: Vec<ArrayRef> = of_keys.chain(told).collect::<Result<_, _>>()?;
    let columns = columns.iter().zip(&lookup.columns).map(|(column, (_, kind))| Typed::new(column, *kind));
    Ok(Rows { columns: columns.collect(), days, without_day: Some(i32::MIN), otherwise: Some(otherwise) })
}

/// The days and declarations of a batch of the record.
pub(super) fn days_and_declarations(batch: &RecordBatch) -> Option<(&[i32], Vec<u64>)> {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Date32Type, Int64Type};
    let days = batch.column(0).as_primitive_opt::<Date32Type>()?;
    let declarations = batch.column(1).as_primitive_opt::<Int64Type>()?;
    if days.null_count() + declarations.null_count() > 0 {
        return None;
    }
    Some((days.values(), declarations.values().iter().map(|&hash| hash as u64).collect()))
}
