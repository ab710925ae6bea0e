//! Rows of the tables that `qingfeng` itself writes, read back: assessments and plans, in any of the four formats.
//!
//! Declarations are read by [`read`](crate::read), which knows a schema. These tables have a fixed one, lists among
//! their columns, and are read row by row in the order in which they stand; from a pipe, each row as soon as it comes.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use qingfeng_rules::Date;

use crate::read::{Format, Input, ReadError, Source, guarded, open_source, shown};

/// The bytes of a row of text at most.
const MAX_ROW_BYTES: usize = 4 << 20;
/// The bytes of a text at most.
const MAX_TEXT_BYTES: usize = 1 << 16;
/// The elements of a list at most.
const MAX_LIST: usize = 100_000;

/// A cell as a table has it.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Missing,
    Text(String),
    Integer(i64),
    Number(f64),
    List(Vec<String>),
    /// Something else, in words.
    Other(&'static str),
}

/// A row: the cells of the columns that were asked for.
#[derive(Debug)]
pub struct Row<'c> {
    input: Arc<str>,
    position: Position,
    columns: &'c [&'c str],
    cells: Vec<Cell>,
}

/// `line 5`, `row 7`.
#[derive(Clone, Copy, Debug)]
enum Position {
    Line(u64),
    Row(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

impl Row<'_> {
    /// What is wrong with this row.
    pub fn error(&self, reason: impl AsRef<str>) -> ReadError {
        ReadError::content(&self.input, format!("{}: {}", self.position, reason.as_ref()))
    }

    fn wrong(&self, column: usize, wanted: &str) -> ReadError {
        let name = self.columns[column];
        let found = match &self.cells[column] {
            Cell::Missing => return self.error(format!("`{name}` is missing; it must be {wanted}")),
            Cell::Text(text) if text.is_empty() => {
                return self.error(format!("`{name}` is missing; it must be {wanted}"));
            }
            Cell::Text(text) => format!("`{}`", shown(text)),
            Cell::Integer(integer) => integer.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::List(_) => "a list".to_owned(),
            Cell::Other(what) => (*what).to_owned(),
        };
        self.error(format!("`{name}` is {found}; it must be {wanted}"))
    }

    /// A text, if there is one.
    pub fn text(&self, column: usize) -> Result<Option<Cow<'_, str>>, ReadError> {
        match &self.cells[column] {
            Cell::Missing => Ok(None),
            Cell::Text(text) if text.is_empty() => Ok(None),
            Cell::Text(text) if text.len() > MAX_TEXT_BYTES => {
                let most = MAX_TEXT_BYTES >> 10;
                Err(self.error(format!("`{}` is longer than {most} KiB", self.columns[column])))
            }
            Cell::Text(text) => Ok(Some(Cow::Borrowed(text))),
            // A column of digits alone is one of numbers to some programs.
            Cell::Integer(integer) => Ok(Some(Cow::Owned(integer.to_string()))),
            _ => Err(self.wrong(column, "a text")),
        }
    }

    /// A text that must be there.
    pub fn required_text(&self, column: usize) -> Result<Cow<'_, str>, ReadError> {
        self.text(column)?.ok_or_else(|| self.wrong(column, "a text"))
    }

    /// A whole number, if there is one.
    pub fn integer(&self, column: usize) -> Result<Option<i64>, ReadError> {
        match &self.cells[column] {
            Cell::Missing => Ok(None),
            Cell::Integer(integer) => Ok(Some(*integer)),
            Cell::Text(text) if text.is_empty() => Ok(None),
            Cell::Text(text) => text.parse().map(Some).map_err(|_| self.wrong(column, "a whole number")),
            _ => Err(self.wrong(column, "a whole number")),
        }
    }

    /// A whole number of at least `least`, if there is one.
    pub fn count(&self, column: usize, least: u32) -> Result<Option<u32>, ReadError> {
        match self.integer(column)? {
            None => Ok(None),
            Some(count) => {
                u32::try_from(count).ok().filter(|count| *count >= least).map(Some).ok_or_else(|| {
                    self.wrong(column, &format!("a whole number from {least} to {}", u32::MAX))
                })
            }
        }
    }

    /// The same, which must be there.
    pub fn required_count(&self, column: usize, least: u32) -> Result<u32, ReadError> {
        self.count(column, least)?.ok_or_else(|| self.wrong(column, "a whole number"))
    }

    /// A finite number, if there is one.
    pub fn number(&self, column: usize) -> Result<Option<f64>, ReadError> {
        let number = match &self.cells[column] {
            Cell::Missing => return Ok(None),
            Cell::Text(text) if text.is_empty() => return Ok(None),
            Cell::Integer(integer) => Some(*integer as f64),
            Cell::Number(number) => Some(*number),
            Cell::Text(text) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.wrong(column, "a number")),
        }
    }

    /// A day, if there is one.
    pub fn date(&self, column: usize) -> Result<Option<Date>, ReadError> {
        let wanted = "a day of the calendar such as 2016-09-06";
        match self.text(column)? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| self.wrong(column, wanted)),
        }
    }

    /// A list of texts; a missing one is empty.
    pub fn list(&self, column: usize) -> Result<Cow<'_, [String]>, ReadError> {
        let list = match &self.cells[column] {
            Cell::Missing => Cow::Borrowed(&[][..]),
            Cell::List(list) => Cow::Borrowed(&list[..]),
            Cell::Text(text) if text.is_empty() => Cow::Borrowed(&[][..]),
            Cell::Text(text) => text.split(';').map(str::to_owned).collect::<Vec<_>>().into(),
            Cell::Integer(integer) => vec![integer.to_string()].into(),
            _ => return Err(self.wrong(column, "a list of texts")),
        };
        if list.len() > MAX_LIST || list.iter().any(|text| text.len() > MAX_TEXT_BYTES) {
            return Err(self.error(format!(
                "`{}` is too long a list; it may have {MAX_LIST} texts of {} KiB",
                self.columns[column],
                MAX_TEXT_BYTES >> 10
            )));
        }
        Ok(list)
    }
}

/// Reads the rows of a table.
pub struct RowReader<'c> {
    input: Arc<str>,
    columns: &'c [&'c str],
    source: Rows,
    /// Whether the table has the column; of JSON this is not known beforehand.
    has: Vec<bool>,
    is_over: bool,
}

enum Rows {
    Csv { lines: Lines, delimiter: u8, width: usize, at: Vec<Option<usize>> },
    Ndjson(Lines),
    Batches { batches: Batches, batch: Vec<Option<Vec<Cell>>>, row: usize, rows: usize, before: u64 },
}

enum Batches {
    Parquet(ParquetRecordBatchReader),
    File(Box<FileReader<BufReader<File>>>),
    Stream(Box<StreamReader<BufReader<Box<dyn Read + Send>>>>),
}

impl Batches {
    fn next(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        guarded(|| {
            match self {
                Self::Parquet(batches) => batches.next(),
                Self::File(batches) => batches.next(),
                Self::Stream(batches) => batches.next(),
            }
            .transpose()
        })
        .transpose()
    }
}

impl<'c> RowReader<'c> {
    /// Opens a table. Columns that are not asked for are passed over.
    ///
    /// # Errors
    ///
    /// The input cannot be opened, is none of the formats, or has no header.
    pub fn open(input: &Input, format: Option<Format>, columns: &'c [&'c str]) -> Result<Self, ReadError> {
        let name: Arc<str> = input.to_string().into();
        if *input == Input::Stdin && format.is_none_or(|format| format == Format::Ndjson) {
            let lines = Lines::new(Box::new(io::stdin()));
            return Ok(Self::of(name, columns, Rows::Ndjson(lines), vec![true; columns.len()]));
        }
        let broken = |error: ArrowError| ReadError::broken_table(&name, 0, &error);
        let position = |schema: &SchemaRef| -> Vec<bool> {
            columns.iter().map(|column| schema.index_of(column).is_ok()).collect()
        };
        let batches = |batches| Rows::Batches { batches, batch: Vec::new(), row: 0, rows: 0, before: 0 };
        let (source, has) = match open_source(input, format, &Arc::new(AtomicU64::new(0)))? {
            Source::Text { format: Format::Csv, bytes } => {
                let mut lines = Lines::new(bytes);
                let (delimiter, headers) = header(&mut lines, &name, columns)?;
                let at: Vec<Option<usize>> = columns
                    .iter()
                    .map(|column| headers.iter().position(|header| header.trim() == *column))
                    .collect();
                let has = at.iter().map(Option::is_some).collect();
                (Rows::Csv { lines, delimiter, width: headers.len(), at }, has)
            }
            Source::Text { bytes, .. } => (Rows::Ndjson(Lines::new(bytes)), vec![true; columns.len()]),
            Source::File { format: Format::Parquet, file } => {
                let reader =
                    guarded(|| Ok(ParquetRecordBatchReaderBuilder::try_new(file)?)).map_err(broken)?;
                let has = position(reader.schema());
                let reader = guarded(|| Ok(reader.with_batch_size(8192).build()?)).map_err(broken)?;
                (batches(Batches::Parquet(reader)), has)
            }
            Source::File { file, .. } => {
                let reader = guarded(|| FileReader::try_new_buffered(file, None)).map_err(broken)?;
                let has = position(&reader.schema());
                (batches(Batches::File(Box::new(reader))), has)
            }
            Source::Stream(bytes) => {
                let reader = guarded(|| StreamReader::try_new_buffered(bytes, None)).map_err(broken)?;
                let has = position(&reader.schema());
                (batches(Batches::Stream(Box::new(reader))), has)
            }
        };
        Ok(Self::of(name, columns, source, has))
    }

    fn of(input: Arc<str>, columns: &'c [&'c str], source: Rows, has: Vec<bool>) -> Self {
        Self { input, columns, source, has, is_over: false }
    }

    /// Whether the table has a column; of JSON this is not known beforehand, and so is true.
    pub fn has(&self, column: usize) -> bool {
        self.has[column]
    }

    /// Refuses a table that lacks one of these columns. In JSON every row is asked for itself.
    pub fn require(&self, columns: &[usize], what: &str) -> Result<(), ReadError> {
        match columns.iter().find(|&&column| !self.has[column]) {
            None => Ok(()),
            Some(&column) => Err(ReadError::content(
                &self.input,
                format!("has no column `{}`; is it {what}?", self.columns[column]),
            )),
        }
    }

    fn read(&mut self) -> Result<Option<Row<'c>>, ReadError> {
        let columns = self.columns;
        let row =
            |input: &Arc<str>, position, cells| Row { input: Arc::clone(input), position, columns, cells };
        match &mut self.source {
            Rows::Csv { lines, delimiter, width, at } => {
                let Some((line, record)) = lines.record(&self.input)? else { return Ok(None) };
                let position = Position::Line(line);
                let cells = split(&record, *delimiter);
                if cells.len() != *width {
                    let reason = format!("{position}: has {} fields, the header has {width}", cells.len());
                    return Err(ReadError::content(&self.input, reason));
                }
                let cells = at.iter().map(|at| match at {
                    Some(at) => Cell::Text(cells[*at].clone()),
                    None => Cell::Missing,
                });
                Ok(Some(row(&self.input, position, cells.collect())))
            }
            Rows::Ndjson(lines) => loop {
                let Some((line, text)) = lines.line(&self.input)? else { return Ok(None) };
                if text.trim().is_empty() {
                    continue;
                }
                let position = Position::Line(line);
                let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)
                    .map_err(|error| {
                        let reason = format!("{position}: is no JSON object on one line: {error}");
                        ReadError::content(&self.input, reason)
                    })?;
                let cells = columns.iter().map(|column| object.get(*column).map_or(Cell::Missing, json_cell));
                return Ok(Some(row(&self.input, position, cells.collect())));
            },
            Rows::Batches { batches, batch, row: at, rows, before } => {
                while at == rows {
                    *before += *rows as u64;
                    let failed = |error: ArrowError| ReadError::broken_table(&self.input, *before, &error);
                    let Some(next) = batches.next() else { return Ok(None) };
                    let next = next.map_err(failed)?;
                    let cells = |column: &&str| {
                        let column = next.column_by_name(column);
                        column.map(|column| guarded(|| array_cells(column))).transpose()
                    };
                    *batch = columns.iter().map(cells).collect::<Result<_, _>>().map_err(failed)?;
                    (*at, *rows) = (0, next.num_rows());
                }
                let cells = batch.iter_mut().map(|column| match column {
                    Some(column) => std::mem::replace(&mut column[*at], Cell::Missing),
                    None => Cell::Missing,
                });
                let cells = cells.collect();
                *at += 1;
                Ok(Some(row(&self.input, Position::Row(*before + *at as u64), cells)))
            }
        }
    }
}

impl<'c> Iterator for RowReader<'c> {
    type Item = Result<Row<'c>, ReadError>;

    /// The next row. After an error nothing comes.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.read();
        self.is_over = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}

/// Text, line by line: a line is given out as soon as it has come.
struct Lines {
    bytes: BufReader<Box<dyn Read + Send>>,
    line: u64,
}

impl Lines {
    fn new(bytes: Box<dyn Read + Send>) -> Self {
        Self { bytes: BufReader::with_capacity(1 << 16, bytes), line: 0 }
    }

    /// The next line without its end.
    fn line(&mut self, input: &str) -> Result<Option<(u64, String)>, ReadError> {
        let mut bytes = Vec::new();
        let mut limited = (&mut self.bytes).take(MAX_ROW_BYTES as u64 + 1);
        let read = limited.read_until(b'\n', &mut bytes);
        read.map_err(|error| ReadError::broken(&input, format!("line {}", self.line), &error))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let failed = |reason| Err(ReadError::content(&input, format!("line {}: {reason}", self.line)));
        if bytes.len() > MAX_ROW_BYTES {
            return failed("is longer than 4 MiB; is a line end missing?");
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        if self.line == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some((self.line, text))),
            Err(_) => failed("is not UTF-8; save the file as UTF-8"),
        }
    }

    /// The next record of CSV, which goes on over a line end within quotes, and its first line.
    fn record(&mut self, input: &str) -> Result<Option<(u64, String)>, ReadError> {
        loop {
            let Some((first, mut record)) = self.line(input)? else { return Ok(None) };
            if record.is_empty() {
                continue;
            }
            while !record.matches('"').count().is_multiple_of(2) {
                let Some((_, more)) = self.line(input)? else {
                    let reason =
                        format!("line {first}: a quote is opened and never closed; close or remove it");
                    return Err(ReadError::content(&input, reason));
                };
                if record.len() + more.len() > MAX_ROW_BYTES {
                    let reason =
                        format!("line {first}: the record is longer than 4 MiB; is a quote missing?");
                    return Err(ReadError::content(&input, reason));
                }
                record.push('\n');
                record += &more;
            }
            return Ok(Some((first, record)));
        }
    }
}

/// The separator and the headers of a CSV file.
fn header(lines: &mut Lines, input: &str, columns: &[&str]) -> Result<(u8, Vec<String>), ReadError> {
    let Some((_, record)) = lines.record(input)? else {
        return Err(ReadError::content(&input, "has no header; its first line must name the columns"));
    };
    let tried = [b'\t', b';', b','].map(|delimiter| {
        let headers = split(&record, delimiter);
        let known = headers.iter().filter(|header| columns.contains(&header.trim())).count();
        (known, delimiter, headers)
    });
    let best = tried.into_iter().max_by_key(|(known, _, headers)| (*known, headers.len()));
    Ok(best.map_or((b',', Vec::new()), |(_, delimiter, headers)| (delimiter, headers)))
}

/// The cells of a record.
fn split(record: &str, delimiter: u8) -> Vec<String> {
    let delimiter = char::from(delimiter);
    let mut cells = Vec::new();
    let mut rest = record;
    loop {
        let mut cell = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            while let Some(at) = rest.find('"') {
                cell += &rest[..at];
                rest = &rest[at + 1..];
                match rest.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        rest = more;
                    }
                    None => break,
                }
            }
        }
        let (more, after) = match rest.split_once(delimiter) {
            Some((more, after)) => (more, Some(after)),
            None => (rest, None),
        };
        cell += more;
        cells.push(cell);
        match after {
            Some(after) => rest = after,
            None => return cells,
        }
    }
}

fn json_cell(value: &serde_json::Value) -> Cell {
    use serde_json::Value;
    match value {
        Value::Null => Cell::Missing,
        Value::Bool(flag) => Cell::Text(flag.to_string()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cell::Integer(integer),
            None => number.as_f64().map_or(Cell::Other("a number out of bounds"), Cell::Number),
        },
        Value::String(text) => Cell::Text(text.clone()),
        Value::Object(_) => Cell::Other("an object"),
        Value::Array(list) => {
            let texts: Option<Vec<String>> =
                list.iter().map(|element| element.as_str().map(str::to_owned)).collect();
            texts.map_or(Cell::Other("a list of other things than texts"), Cell::List)
        }
    }
}

/// The cells of a column of a batch.
fn array_cells(column: &ArrayRef) -> Result<Vec<Cell>, ArrowError> {
    let cast = |to: &DataType| arrow_cast::cast(column, to);
    let kind = match column.data_type() {
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        kind => kind.clone(),
    };
    let rows = column.len();
    Ok(match &kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Date32 | DataType::Date64 => {
            let texts = cast(&DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            texts.iter().map(|text| text.map_or(Cell::Missing, |text| Cell::Text(text.to_owned()))).collect()
        }
        kind if kind.is_integer() => {
            let integers = cast(&DataType::Int64)?;
            let integers = integers.as_primitive::<Int64Type>();
            let cell = |row| match (column.is_null(row), integers.is_null(row)) {
                (true, _) => Cell::Missing,
                (_, true) => Cell::Other("a number out of bounds"),
                _ => Cell::Integer(integers.value(row)),
            };
            (0..rows).map(cell).collect()
        }
        kind if kind.is_floating() => {
            let numbers = cast(&DataType::Float64)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            numbers.iter().map(|number| number.map_or(Cell::Missing, Cell::Number)).collect()
        }
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            let offsets = lists.value_offsets().iter().map(|&at| at as usize);
            list_cells(column, lists.values(), offsets)?
        }
        DataType::LargeList(_) => {
            let lists = column.as_list::<i64>();
            let offsets = lists.value_offsets().iter().map(|&at| at as usize);
            list_cells(column, lists.values(), offsets)?
        }
        DataType::Boolean => {
            let flags = column.as_boolean();
            flags.iter().map(|flag| flag.map_or(Cell::Missing, |flag| Cell::Text(flag.to_string()))).collect()
        }
        DataType::Null => vec![Cell::Missing; rows],
        _ => (0..rows)
            .map(|row| if column.is_null(row) { Cell::Missing } else { Cell::Other("of another type") })
            .collect(),
    })
}

/// The cells of a column of lists, whose elements stand one list after the other.
fn list_cells(
    lists: &ArrayRef,
    elements: &ArrayRef,
    offsets: impl Iterator<Item = usize> + Clone,
) -> Result<Vec<Cell>, ArrowError> {
    let mut elements = array_cells(elements)?;
    let list = |(row, (from, to)): (usize, (usize, usize))| {
        if lists.is_null(row) {
            return Cell::Missing;
        }
        let texts: Option<Vec<String>> = elements[from..to]
            .iter_mut()
            .map(|cell| match std::mem::replace(cell, Cell::Missing) {
                Cell::Text(text) => Some(text),
                Cell::Integer(integer) => Some(integer.to_string()),
                _ => None,
            })
            .collect();
        texts.map_or(Cell::Other("a list of other things than texts"), Cell::List)
    };
    Ok(offsets.clone().zip(offsets.skip(1)).enumerate().map(list).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_split_as_they_are_written() {
        for (record, cells) in [
            ("a,b", vec!["a", "b"]),
            ("", vec![""]),
            (",", vec!["", ""]),
            ("\"a,b\",c", vec!["a,b", "c"]),
            ("\"a\"\"b\",\"\"", vec!["a\"b", ""]),
            ("\"a\nb\",\"c\"", vec!["a\nb", "c"]),
            ("a\"b\",c", vec!["a\"b\"", "c"]),
        ] {
            assert_eq!(split(record, b','), cells, "{record}");
        }
    }
}
