//! Rows of the tables that `qingfeng` itself writes, read back: assessments and plans, in any of the four formats.
//!
//! They are read one after the other in the order in which they stand; from a pipe, each row as soon as it comes. The
//! records are found by the readers of declarations; what a cell means is decided here.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema};
#[cfg(feature = "parquet")]
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qingfeng_rules::Date;

use super::arrays::{ArrayCells, Cell, List};
use super::{Col, Day, Integer, Number, Presence, Table, Text, Texts};
#[cfg(feature = "parquet")]
use crate::read::SharedFile;
use crate::read::records::{JsonLines, Record, Records};
use crate::read::{
    Batches, Encoding, Format, Input, Position, ReadError, Source, guarded, next_batch, open_source, shown,
};

/// The bytes of a text at most.
const MAX_TEXT_BYTES: usize = 1 << 16;
/// The elements of a list at most.
const MAX_LIST: usize = 100_000;
/// The rows of a batch that is decoded at once.
#[cfg(feature = "parquet")]
const BATCH_ROWS: usize = 8_192;

/// A row of a table. What a cell cannot be, or that must be there and is not, is an error with its place; so is a text of
/// more than 64 KiB, and a list of more than 100,000 texts.
pub struct Row<'r> {
    input: &'r str,
    position: Position,
    names: &'r [Box<str>],
    cells: Cells<'r>,
}

enum Cells<'r> {
    /// A record, and in which of its cells each column stands.
    Record(Record<'r>, &'r [Option<usize>]),
    Object(&'r serde_json::Map<String, serde_json::Value>),
    Batch(&'r [Option<ArrayCells>], usize),
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.input, self.position)
    }
}

impl<'r> Row<'r> {
    /// What is wrong with this row, after its place.
    pub fn error(&self, reason: impl AsRef<str>) -> ReadError {
        ReadError::content(&self.input, format!("{}: {}", self.position, reason.as_ref()))
    }

    /// What is wrong with a column of this row: what it has, and what it must be.
    pub fn wrong<K>(&self, column: Col<K>, wanted: &str) -> ReadError {
        let name = &self.names[column.at()];
        let found = match self.cell(column) {
            Cell::Missing => return self.error(format!("`{name}` is missing; it must be {wanted}")),
            Cell::Text(text) => format!("`{}`", shown(&text)),
            Cell::Day(day) => day.to_string(),
            Cell::Integer(integer) => integer.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::List(_) => "a list".to_owned(),
            Cell::Other(what) => what.to_owned(),
        };
        self.error(format!("`{name}` is {found}; it must be {wanted}"))
    }

    fn cell<K>(&self, column: Col<K>) -> Cell<'r> {
        let cell = match &self.cells {
            Cells::Record(record, places) => match places[column.at()].map(|place| record.cell(place)) {
                None => Cell::Missing,
                Some(Some(text)) => Cell::Text(text),
                Some(None) => Cell::Other("not UTF-8"),
            },
            Cells::Object(object) => object.get(&*self.names[column.at()]).map_or(Cell::Missing, json_cell),
            Cells::Batch(columns, row) => {
                columns[column.at()].as_ref().map_or(Cell::Missing, |cells| cells.cell(*row))
            }
        };
        match cell {
            Cell::Text(text) if text.is_empty() => Cell::Missing,
            cell => cell,
        }
    }

    /// A text, if there is one.
    pub fn text(&self, column: Col<Text>) -> Result<Option<Cow<'r, str>>, ReadError> {
        match self.cell(column) {
            Cell::Missing => Ok(None),
            Cell::Text(text) if text.len() > MAX_TEXT_BYTES => {
                let most = MAX_TEXT_BYTES >> 10;
                Err(self.error(format!("`{}` is longer than {most} KiB", self.names[column.at()])))
            }
            Cell::Text(text) => Ok(Some(text)),
            Cell::Day(day) => Ok(Some(Cow::Owned(day.to_string()))),
            // A column of digits alone is one of numbers to some programs.
            Cell::Integer(integer) => Ok(Some(Cow::Owned(integer.to_string()))),
            _ => Err(self.wrong(column, "a text")),
        }
    }

    /// A text that must be there.
    pub fn required_text(&self, column: Col<Text>) -> Result<Cow<'r, str>, ReadError> {
        self.text(column)?.ok_or_else(|| self.wrong(column, "a text"))
    }

    /// A whole number, if there is one.
    pub fn integer(&self, column: Col<Integer>) -> Result<Option<i64>, ReadError> {
        match self.cell(column) {
            Cell::Missing => Ok(None),
            Cell::Integer(integer) => Ok(Some(integer)),
            Cell::Text(text) => text.parse().map(Some).map_err(|_| self.wrong(column, "a whole number")),
            _ => Err(self.wrong(column, "a whole number")),
        }
    }

    /// A whole number that must be there.
    pub fn required_integer(&self, column: Col<Integer>) -> Result<i64, ReadError> {
        self.integer(column)?.ok_or_else(|| self.wrong(column, "a whole number"))
    }

    /// A whole number of at least `least`, if there is one.
    pub fn count(&self, column: Col<Integer>, least: u32) -> Result<Option<u32>, ReadError> {
        let wanted = || self.wrong(column, &format!("a whole number from {least} to {}", u32::MAX));
        let fits = |count| u32::try_from(count).ok().filter(|count| *count >= least);
        self.integer(column)?.map(|count| fits(count).ok_or_else(wanted)).transpose()
    }

    /// The same, which must be there.
    pub fn required_count(&self, column: Col<Integer>, least: u32) -> Result<u32, ReadError> {
        self.count(column, least)?.ok_or_else(|| self.wrong(column, "a whole number"))
    }

    /// A finite number, if there is one.
    pub fn number(&self, column: Col<Number>) -> Result<Option<f64>, ReadError> {
        let number = match self.cell(column) {
            Cell::Missing => return Ok(None),
            Cell::Integer(integer) => Some(integer as f64),
            Cell::Number(number) => Some(number),
            Cell::Text(text) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.wrong(column, "a number")),
        }
    }

    /// A number that must be there.
    pub fn required_number(&self, column: Col<Number>) -> Result<f64, ReadError> {
        self.number(column)?.ok_or_else(|| self.wrong(column, "a number"))
    }

    /// A day, if there is one.
    pub fn date(&self, column: Col<Day>) -> Result<Option<Date>, ReadError> {
        let wrong = || self.wrong(column, "a day of the calendar such as 2016-09-06");
        match self.cell(column) {
            Cell::Missing => Ok(None),
            Cell::Day(day) => Ok(Some(day)),
            Cell::Text(text) => text.parse().map(Some).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    /// A day that must be there.
    pub fn required_date(&self, column: Col<Day>) -> Result<Date, ReadError> {
        let wanted = "a day of the calendar such as 2016-09-06";
        self.date(column)?.ok_or_else(|| self.wrong(column, wanted))
    }

    /// A list of texts; a missing one is empty.
    pub fn list(&self, column: Col<Texts>) -> Result<Vec<Cow<'r, str>>, ReadError> {
        let list = match self.cell(column) {
            Cell::Missing => Some(Vec::new()),
            Cell::List(list) => list.texts(),
            Cell::Text(Cow::Borrowed(text)) => Some(text.split(';').map(Cow::Borrowed).collect()),
            Cell::Text(text) => Some(text.split(';').map(|text| Cow::Owned(text.to_owned())).collect()),
            Cell::Integer(integer) => Some(vec![Cow::Owned(integer.to_string())]),
            _ => None,
        };
        let list = list.ok_or_else(|| self.wrong(column, "a list of texts"))?;
        if list.len() > MAX_LIST || list.iter().any(|text| text.len() > MAX_TEXT_BYTES) {
            return Err(self.error(format!(
                "`{}` is too long a list; it may have {MAX_LIST} texts of {} KiB",
                self.names[column.at()],
                MAX_TEXT_BYTES >> 10
            )));
        }
        Ok(list)
    }
}

/// Reads the rows of a table.
pub struct RowReader {
    input: Arc<str>,
    names: Vec<Box<str>>,
    source: RowSource,
    /// Whether the table has the column; of JSON this is not known beforehand.
    has: Vec<bool>,
}

enum RowSource {
    Csv { records: Records, places: Vec<Option<usize>> },
    Ndjson { lines: JsonLines, object: serde_json::Map<String, serde_json::Value> },
    Batches { batches: Batches, batch: BatchRows, next: usize, before: u64 },
}

/// The rows of a batch in memory.
#[derive(Default)]
pub struct BatchRows {
    names: Vec<Box<str>>,
    columns: Vec<Option<ArrayCells>>,
    rows: usize,
}

impl fmt::Debug for RowReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowReader").field("input", &self.input).finish_non_exhaustive()
    }
}

impl fmt::Debug for BatchRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchRows").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl BatchRows {
    /// The rows of a batch, by the columns of a table. Columns that it does not have are empty.
    ///
    /// # Errors
    ///
    /// A column that cannot be converted.
    pub fn new(table: &Table, batch: &RecordBatch) -> Result<Self, ArrowError> {
        let mut rows = Self { names: names(table), ..Self::default() };
        rows.take(batch)?;
        Ok(rows)
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let cells = |name: &str| {
            let column = batch.column_by_name(name);
            column.map(|column| guarded(|| ArrayCells::of(column))).transpose()
        };
        self.columns = self.names.iter().map(|name| cells(name)).collect::<Result<_, _>>()?;
        self.rows = batch.num_rows();
        Ok(())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows).map(|row| self.row("batch", row, 0))
    }

    fn row<'r>(&'r self, input: &'r str, row: usize, before: u64) -> Row<'r> {
        let position = Position::Row(before + row as u64 + 1);
        Row { input, position, names: &self.names, cells: Cells::Batch(&self.columns, row) }
    }
}

fn names(table: &Table) -> Vec<Box<str>> {
    table.columns.iter().map(|column| column.name.into()).collect()
}

impl RowReader {
    /// Opens a table: standard input as NDJSON. Columns that are not declared are passed over.
    ///
    /// # Errors
    ///
    /// The input cannot be opened, is none of the formats, has no header, or lacks a column that is needed.
    pub fn open(input: &Input, table: &Table) -> Result<Self, ReadError> {
        let reader = Self::named(input, names(table))?;
        let columns = table.columns.iter().enumerate();
        let needed = columns.filter(|(_, column)| column.presence == Presence::Needed).map(|(at, _)| at);
        reader.require(&needed.collect::<Vec<usize>>(), table.what)?;
        Ok(reader)
    }

    /// Opens a table of columns that are known only now. Their handles count them.
    ///
    /// # Errors
    ///
    /// The input cannot be opened, is none of the formats, or has no header.
    pub fn named(input: &Input, names: Vec<Box<str>>) -> Result<Self, ReadError> {
        let name: Arc<str> = input.to_string().into();
        let all = vec![true; names.len()];
        let ndjson = |lines| RowSource::Ndjson { lines, object: serde_json::Map::new() };
        if *input == Input::Stdin {
            let lines = ndjson(JsonLines::new(Box::new(io::stdin()), true));
            return Ok(Self { input: name, names, source: lines, has: all });
        }
        let broken = |error: ArrowError| ReadError::broken_table(&name, 0, &error);
        let in_schema = |schema: &Schema| names.iter().map(|name| schema.index_of(name).is_ok()).collect();
        let (batches, has) = match open_source(input, None, Encoding::Utf8, &Arc::new(AtomicU64::new(0)))? {
            Source::Text { format: Format::Csv, bytes } => {
                let is_known = |header: &str| names.iter().any(|name| **name == *header);
                let (records, headers) = Records::open(&name, bytes, &is_known)?;
                let place = |name: &str| headers.iter().position(|header| header == name);
                let places: Vec<Option<usize>> = names.iter().map(|name| place(name)).collect();
                let has = places.iter().map(Option::is_some).collect();
                return Ok(Self { input: name, names, source: RowSource::Csv { records, places }, has });
            }
            Source::Text { bytes, .. } => {
                let lines = ndjson(JsonLines::new(bytes, false));
                return Ok(Self { input: name, names, source: lines, has: all });
            }
            #[cfg(feature = "parquet")]
            Source::Parquet(file) => {
                let file = SharedFile::new(file);
                let reader =
                    guarded(|| Ok(ParquetRecordBatchReaderBuilder::try_new(file)?)).map_err(broken)?;
                let has = in_schema(reader.schema());
                let reader = guarded(|| Ok(reader.with_batch_size(BATCH_ROWS).build()?)).map_err(broken)?;
                (Box::new(reader) as Batches, has)
            }
            Source::Arrow(file) => {
                let reader = guarded(|| FileReader::try_new_buffered(file, None)).map_err(broken)?;
                let has = in_schema(&reader.schema());
                (Box::new(reader) as Batches, has)
            }
            Source::Stream(bytes) => {
                let reader = guarded(|| StreamReader::try_new_buffered(bytes, None)).map_err(broken)?;
                let has = in_schema(&reader.schema());
                (Box::new(reader) as Batches, has)
            }
            Source::Batches(mut given) => {
                let first = given.next().transpose().map_err(broken)?;
                let none = || vec![false; names.len()];
                let has = first.as_ref().map_or_else(none, |batch| in_schema(batch.schema_ref()));
                (Box::new(first.map(Ok).into_iter().chain(given)) as Batches, has)
            }
        };
        let batch = BatchRows { names: names.clone(), ..BatchRows::default() };
        Ok(Self {
            input: name,
            names,
            source: RowSource::Batches { batches, batch, next: 0, before: 0 },
            has,
        })
    }

    /// Whether the table has a column; of JSON this is not known beforehand, and so is true.
    pub fn has<K>(&self, column: Col<K>) -> bool {
        self.has[column.at()]
    }

    /// Refuses a table that lacks one of these columns, by their places.
    ///
    /// # Errors
    ///
    /// The first that it lacks, with `what` the table should be.
    pub fn require(&self, columns: &[usize], what: &str) -> Result<(), ReadError> {
        match columns.iter().find(|&&column| !self.has[column]) {
            None => Ok(()),
            Some(&column) => {
                let reason = format!("has no column `{}`; is it {what}?", self.names[column]);
                Err(ReadError::content(&self.input, reason))
            }
        }
    }

    /// The next row. After an error nothing should be read.
    ///
    /// # Errors
    ///
    /// The input breaks off, or has a record that is none; with its place.
    pub fn read(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        let Self { input, names, source, .. } = self;
        let row = |position, cells| Row { input, position, names, cells };
        match source {
            RowSource::Csv { records, places } => {
                let record = records.read(input)?;
                Ok(record.map(|record| row(Position::Line(record.line), Cells::Record(record, places))))
            }
            RowSource::Ndjson { lines, object } => {
                let Some((line, text)) = lines.read(input)? else { return Ok(None) };
                *object = serde_json::from_slice(text).map_err(|error| {
                    let reason = format!("line {line}: is no JSON object on one line: {error}");
                    ReadError::content(input, reason)
                })?;
                Ok(Some(row(Position::Line(line), Cells::Object(object))))
            }
            RowSource::Batches { batches, batch, next, before } => {
                while *next == batch.rows {
                    *before += batch.rows as u64;
                    let failed = |error: ArrowError| ReadError::broken_table(input, *before, &error);
                    let Some(more) = next_batch(batches) else {
                        (*next, batch.rows) = (0, 0);
                        return Ok(None);
                    };
                    batch.take(&more.map_err(failed)?).map_err(failed)?;
                    *next = 0;
                }
                *next += 1;
                Ok(Some(batch.row(input, *next - 1, *before)))
            }
        }
    }
}

fn json_cell(value: &serde_json::Value) -> Cell<'_> {
    use serde_json::Value;
    match value {
        Value::Null => Cell::Missing,
        Value::Bool(flag) => Cell::Text(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cell::Integer(integer),
            None => number.as_f64().map_or(Cell::Other("a number out of bounds"), Cell::Number),
        },
        Value::String(text) => Cell::Text(Cow::Borrowed(text)),
        Value::Object(_) => Cell::Other("an object"),
        Value::Array(list) => Cell::List(List::Json(list)),
    }
}
