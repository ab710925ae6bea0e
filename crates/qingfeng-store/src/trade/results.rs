//! What inspections found, in a record of past trade, and what is counted from it.
//!
//! A result is kept as its row says it, with the weight that the plan gives it. What was known of a declaration on a day
//! is what a [`Timeline`] of all rows says, so a correction takes back what it corrects from the day on which it is known.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array as _, ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qingfeng::internals::{Rows, Typed};
use qingfeng::write::{Output, TableWriter};
use qingfeng_rules::lookups::{Lookup, Profile, Statistic};
use qingfeng_rules::{Date, Value};

use super::columns::Growing;
use super::count::{Keys, LINES_MAX, ROWS_MAX, TooLarge, row_table};
use super::record::{TradeError, damaged, declaration_hash, failed, write_failed};
use super::window::millionths;
use crate::{Outcome, Timeline, Verdict};

/// The most results that one stands for. A smaller probability tells nothing that could be measured, and sums stay within bounds.
const WEIGHT_MAX: f64 = 1e6;

/// A result of an inspection, with what it stands for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WeightedResult {
    /// The result.
    pub outcome: Outcome,
    /// 1/probability of the selection of its declaration, from 1 to a million; none where no plan says it.
    pub weight: Option<f64>,
}

impl WeightedResult {
    /// A result of a declaration that was selected with this probability, where that is known.
    pub fn new(outcome: Outcome, probability: Option<f64>) -> Self {
        let weight = probability.map(|probability| (1.0 / probability).clamp(1.0, WEIGHT_MAX));
        Self { outcome, weight }
    }
}

/// A row as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ResultRow {
    id: Box<str>,
    item_no: Option<i64>,
    found_on: i32,
    known_on: i32,
    verdict: Verdict,
    weight: Option<f64>,
}

impl ResultRow {
    /// None, if nobody can say when it was known.
    pub fn of(result: &WeightedResult) -> Option<Self> {
        let outcome = &result.outcome;
        let known_on = outcome.known()?;
        let found_on = outcome.found_on.unwrap_or(known_on);
        Some(Self {
            id: outcome.declaration_id.clone(),
            item_no: outcome.item_no,
            found_on: found_on.days(),
            known_on: known_on.max(found_on).days(),
            verdict: outcome.verdict,
            weight: result.weight,
        })
    }

    /// By what a row is known again.
    pub fn hash(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        let weight = self.weight.map_or(0, f64::to_bits);
        for part in [
            self.id.as_bytes(),
            &self.item_no.unwrap_or(i64::MIN).to_le_bytes(),
            &self.found_on.to_le_bytes(),
            &self.known_on.to_le_bytes(),
            self.verdict.name().as_bytes(),
            &weight.to_le_bytes(),
        ] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        short
    }

    fn outcome(&self) -> Option<Outcome> {
        Some(Outcome {
            item_no: self.item_no,
            known_on: Some(Date::from_days(self.known_on)?),
            ..Outcome::new(&self.id, Date::from_days(self.found_on)?, self.verdict)
        })
    }
}

fn schema() -> SchemaRef {
    let field = |name: &str, of: DataType, nullable| Field::new(name, of, nullable);
    Arc::new(Schema::new(vec![
        field("declaration_id", DataType::Utf8, false),
        field("item_no", DataType::Int64, true),
        field("found_on", DataType::Date32, false),
        field("known_on", DataType::Date32, false),
        field("result", DataType::Utf8, false),
        field("weight", DataType::Float64, true),
    ]))
}

/// Writes rows to a file.
pub(super) fn write(path: &Path, rows: &[ResultRow]) -> Result<(), TradeError> {
    let texts = |of: &dyn Fn(&ResultRow) -> String| -> ArrayRef {
        let mut column = StringBuilder::new();
        rows.iter().for_each(|row| column.append_value(of(row)));
        Arc::new(column.finish())
    };
    let days = |of: fn(&ResultRow) -> i32| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<Date32Array>())
    };
    let columns = vec![
        texts(&|row| row.id.to_string()),
        Arc::new(rows.iter().map(|row| row.item_no).collect::<Int64Array>()),
        days(|row| row.found_on),
        days(|row| row.known_on),
        texts(&|row| row.verdict.name().to_owned()),
        Arc::new(rows.iter().map(|row| row.weight).collect::<Float64Array>()),
    ];
    let batch = RecordBatch::try_new(schema(), columns).map_err(|error| damaged(path, error))?;
    let mut writer = TableWriter::create(&Output::Path(path.to_owned()), schema()).map_err(write_failed)?;
    writer.write(&batch).map_err(write_failed)?;
    writer.finish().map_err(write_failed)
}

/// Reads the rows of a file.
pub(super) fn read(path: &Path, take: &mut dyn FnMut(ResultRow)) -> Result<u64, TradeError> {
    let file = File::open(path).map_err(|source| failed(path, source))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(path, error))?;
    if builder.schema().fields() != schema().fields() {
        return Err(damaged(path, "it has other columns"));
    }
    let mut rows = 0;
    for batch in builder.build().map_err(|error| damaged(path, error))? {
        let batch = batch.map_err(|error| damaged(path, error))?;
        let (ids, verdicts) = (batch.column(0).as_string::<i32>(), batch.column(4).as_string::<i32>());
        let items = batch.column(1).as_primitive::<Int64Type>();
        let day = |column: usize| batch.column(column).as_primitive::<Date32Type>();
        let (found, known) = (day(2), day(3));
        let weights = batch.column(5).as_primitive::<Float64Type>();
        for at in 0..batch.num_rows() {
            let verdict = Verdict::from_name(verdicts.value(at));
            take(ResultRow {
                id: ids.value(at).into(),
                item_no: items.is_valid(at).then(|| items.value(at)),
                found_on: found.value(at),
                known_on: known.value(at),
                verdict: verdict.ok_or_else(|| damaged(path, "it has a result of another name"))?,
                weight: weights.is_valid(at).then(|| weights.value(at)),
            });
        }
        rows += batch.num_rows() as u64;
    }
    Ok(rows)
}

/// All results of a record, by declaration.
#[derive(Debug, Default)]
pub(super) struct Results {
    timeline: Timeline,
    declarations: HashMap<u64, (Box<str>, f64)>,
}

/// What is known of an inspection on some days, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    from: i32,
    until: i32,
    found: bool,
}

impl Results {
    pub fn new(rows: Vec<ResultRow>) -> Self {
        let mut declarations: HashMap<u64, (Box<str>, f64)> = HashMap::new();
        for row in &rows {
            let of = declarations.entry(declaration_hash(&row.id)).or_insert_with(|| (row.id.clone(), 1.0));
            // Rows of several plans agree; where one has none the others say it.
            of.1 = of.1.max(row.weight.unwrap_or(1.0)).min(WEIGHT_MAX);
        }
        Self { timeline: Timeline::new(rows.iter().filter_map(ResultRow::outcome)), declarations }
    }

    /// What lines of which days know of a declaration of a day.
    fn stretches(&self, declaration: u64, declared: i32, window: Option<u32>) -> Option<(Vec<Stretch>, f64)> {
        let (id, weight) = self.declarations.get(&declaration)?;
        let known = self.timeline.of(id, Date::from_days(declared)?);
        let mut stretches = Vec::new();
        for (at, result) in known.iter().enumerate() {
            let Some((_, found)) = result.found else { continue };
            let known_on = result.known_on.days();
            // A line of the day itself does not know it, and one of the day on which something else is known still does.
            let next = known.get(at + 1).map_or(i32::MAX, |next| next.known_on.days());
            let leaves = window
                .map_or(i32::MAX, |days| known_on.saturating_add(i32::try_from(days).unwrap_or(i32::MAX)));
            let stretch = Stretch { from: known_on.saturating_add(1), until: next.min(leaves), found };
            if stretch.from <= stretch.until {
                stretches.push(stretch);
            }
        }
        Some((stretches, *weight))
    }
}

/// Inspections in whole millionths of their weights, so that no order of adding shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    weights: i128,
    squares: i128,
    found: i128,
}

impl Sums {
    fn add(&mut self, other: Self, sign: i128) {
        self.weights += sign * other.weights;
        self.squares += sign * other.squares;
        self.found += sign * other.found;
    }

    /// How many results of equal weight would tell as much: (Σw)²/Σw² (L. Kish, Survey Sampling, 1965, 11.7).
    fn inspected(self) -> f64 {
        if self.squares == 0 {
            0.0
        } else {
            (self.weights as f64 / 1e6).powi(2) / (self.squares as f64 / 1e6)
        }
    }

    fn rate(self) -> Option<f64> {
        (self.weights > 0).then(|| self.found as f64 / self.weights as f64)
    }
}

/// The results of a record for one profile, taken batch by batch with the lines of the record.
#[derive(Debug)]
pub(super) struct ResultCounter<'p> {
    profile: &'p Profile,
    weighted: bool,
    results: &'p Results,
    keys: Keys,
    /// Of each line of an inspected declaration that has a key: the key, the declaration, its day.
    inspected: Vec<(u32, u64, i32)>,
}

impl<'p> ResultCounter<'p> {
    pub fn new(profile: &'p Profile, weighted: bool, results: &'p Results) -> Self {
        Self { profile, weighted, results, keys: Keys::default(), inspected: Vec::new() }
    }

    /// Takes lines: their days and declarations, and the fields of the key.
    pub fn take(&mut self, days: &[i32], declarations: &[u64], key: &[Typed]) -> Result<(), TooLarge> {
        let mut bytes = Vec::new();
        for (line, (&day, &declaration)) in days.iter().zip(declarations).enumerate() {
            if !self.results.declarations.contains_key(&declaration) {
                continue;
            }
            let Some(key) = self.keys.of_line(key, line, &mut bytes) else { continue };
            self.inspected.push((key, declaration, day));
        }
        if self.keys.len() > self.profile.most_keys {
            return Err(TooLarge::Keys);
        }
        if self.inspected.len() > LINES_MAX { Err(TooLarge::Rows) } else { Ok(()) }
    }

    pub fn keys(&self) -> u64 {
        self.keys.len()
    }

    /// The rows: for each key and each day on which what is known changes, the values from that day on.
    pub fn rows(mut self, lookup: &Lookup) -> Result<Rows, TooLarge> {
        // A declaration counts once for a key, however many of its lines have it.
        self.inspected.sort_unstable();
        self.inspected.dedup();
        let mut changes: Vec<(u32, i32, Sums, i128)> = Vec::new();
        for &(key, declaration, day) in &self.inspected {
            let Some((stretches, weight)) = self.results.stretches(declaration, day, self.profile.window)
            else {
                continue;
            };
            let weight = if self.weighted { weight } else { 1.0 };
            for stretch in stretches {
                let weights = millionths(weight);
                let squares = millionths(weight * weight);
                let sums = Sums { weights, squares, found: if stretch.found { weights } else { 0 } };
                changes.push((key, stretch.from, sums, 1));
                if stretch.until < i32::MAX {
                    changes.push((key, stretch.until + 1, sums, -1));
                }
            }
        }
        changes.sort_unstable_by_key(|&(key, day, ..)| (key, day));
        let measures = &self.profile.measures;
        let mut told: Vec<Growing> =
            measures.iter().map(|measure| Growing::new(measure.what.kind())).collect();
        let (mut key_rows, mut days): (Vec<u32>, Vec<(i32, i32)>) = (Vec::new(), Vec::new());
        for of_key in changes.chunk_by(|a, b| a.0 == b.0) {
            let mut sums = Sums::default();
            let mut of_days = of_key.chunk_by(|a, b| a.1 == b.1).peekable();
            while let Some(of_day) = of_days.next() {
                of_day.iter().for_each(|&(_, _, change, sign)| sums.add(change, sign));
                if sums == Sums::default() {
                    continue;
                }
                key_rows.push(of_day[0].0);
                days.push((of_day[0].1, of_days.peek().map_or(i32::MAX, |next| next[0].1 - 1)));
                for (column, measure) in told.iter_mut().zip(measures) {
                    column.push(match (measure.what, sums.rate()) {
                        (Statistic::Inspected, _) => Value::Number(sums.inspected()),
                        (Statistic::Found, Some(rate)) => Value::Number(sums.inspected() * rate),
                        (Statistic::Rate, Some(rate)) if sums.inspected() >= self.profile.least as f64 => {
                            Value::Number(rate)
                        }
                        _ => Value::Missing,
                    });
                }
            }
            if days.len() >= ROWS_MAX {
                return Err(TooLarge::Rows);
            }
        }
        row_table(&self.keys, &key_rows, days, told, lookup, measures)
    }
}
