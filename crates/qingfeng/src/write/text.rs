//! Rows as text: CSV and NDJSON.
//!
//! In CSV lists are joined by `;` (a `;` in an element becomes `,`, so that the number of elements stays), a missing
//! value is an empty cell, and before a text that a spreadsheet would run as a formula stands an apostrophe, which our
//! readers take away. In NDJSON missing values are `null`. Numbers are written alike in both: the fewest digits that read
//! back as the same number.

use std::io::Write as _;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, OffsetSizeTrait,
    RecordBatch, StringArray, UInt64Array,
};
use arrow_schema::{ArrowError, DataType, Schema};
use qingfeng_rules::Date;
use serde::Serialize;

use crate::read::{MARK, is_run};

/// The cells of a column.
enum Cells<'a> {
    Text(&'a StringArray),
    Coded(&'a Int32Array, &'a StringArray),
    Integer(&'a Int64Array),
    Count(&'a UInt64Array),
    Number(&'a Float64Array),
    Day(&'a Date32Array),
    Flag(&'a BooleanArray),
    List(List<'a>),
}

/// Lists: the elements of all, and which of them are those of a row.
struct List<'a> {
    elements: Box<Cells<'a>>,
    of_row: Box<dyn Fn(usize) -> Range<usize> + 'a>,
}

/// Refuses a table with a column that text files do not have.
pub(super) fn check(schema: &Schema) -> Result<(), ArrowError> {
    match schema.fields().iter().find(|field| !is_writable(field.data_type())) {
        None => Ok(()),
        Some(field) => Err(ArrowError::InvalidArgumentError(format!(
            "the column `{}` is {}; CSV and NDJSON take Utf8, Int64, UInt64, Float64, Date32, Boolean and lists of these: \
             cast it, or write Parquet or Arrow",
            field.name(),
            field.data_type()
        ))),
    }
}

fn is_writable(kind: &DataType) -> bool {
    use DataType::{Boolean, Date32, Dictionary, Float64, Int32, Int64, LargeList, List, UInt64, Utf8};
    match kind {
        List(element) | LargeList(element) => {
            !element.data_type().is_nested() && is_writable(element.data_type())
        }
        Dictionary(key, value) => **key == Int32 && **value == Utf8,
        kind => matches!(kind, Utf8 | Int64 | UInt64 | Float64 | Date32 | Boolean),
    }
}

impl<'a> Cells<'a> {
    /// The cells of a column of a type that [`check`] lets pass.
    fn of(column: &'a ArrayRef) -> Self {
        match column.data_type() {
            DataType::Dictionary(..) => {
                let coded = column.as_dictionary::<Int32Type>();
                Self::Coded(coded.keys(), coded.values().as_string())
            }
            DataType::Int64 => Self::Integer(column.as_primitive::<Int64Type>()),
            DataType::UInt64 => Self::Count(column.as_primitive::<UInt64Type>()),
            DataType::Float64 => Self::Number(column.as_primitive::<Float64Type>()),
            DataType::Date32 => Self::Day(column.as_primitive::<Date32Type>()),
            DataType::Boolean => Self::Flag(column.as_boolean()),
            DataType::List(_) => Self::lists::<i32>(column),
            DataType::LargeList(_) => Self::lists::<i64>(column),
            _ => Self::Text(column.as_string()),
        }
    }

    fn lists<O: OffsetSizeTrait>(column: &'a ArrayRef) -> Self {
        let lists = column.as_list::<O>();
        let offsets = lists.value_offsets();
        let of_row = move |row: usize| offsets[row].as_usize()..offsets[row + 1].as_usize();
        Self::List(List { elements: Box::new(Self::of(lists.values())), of_row: Box::new(of_row) })
    }

    fn text(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Text(texts) => (!texts.is_null(row)).then(|| texts.value(row)),
            Self::Coded(keys, texts) => (!keys.is_null(row)).then(|| texts.value(keys.value(row) as usize)),
            _ => None,
        }
    }

    /// Writes a value that is no text and no list, the same in both formats. Gives false where it is missing.
    fn plain(&self, row: usize, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        match self {
            Self::Integer(values) if !values.is_null(row) => write!(out, "{}", values.value(row))?,
            Self::Count(values) if !values.is_null(row) => write!(out, "{}", values.value(row))?,
            Self::Number(values) if !values.is_null(row) && values.value(row).is_finite() => {
                json(out, &values.value(row))?;
            }
            Self::Day(values) if !values.is_null(row) => {
                let days = values.value(row);
                let day = Date::from_days(days).ok_or_else(|| {
                    ArrowError::InvalidArgumentError(format!("day {days} since 1970 is beyond the calendar"))
                })?;
                write!(out, "{day}")?;
            }
            Self::Flag(values) if !values.is_null(row) => write!(out, "{}", values.value(row))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn csv(&self, row: usize, out: &mut Vec<u8>, scratch: &mut String) -> Result<(), ArrowError> {
        match self {
            Self::Text(_) | Self::Coded(..) => quoted(out, self.text(row).unwrap_or_default()),
            Self::List(list) => {
                scratch.clear();
                let elements = (list.of_row)(row);
                for element in elements.clone() {
                    if element > elements.start {
                        scratch.push(';');
                    }
                    match list.elements.text(element) {
                        Some(text) => scratch.extend(text.chars().map(|c| if c == ';' { ',' } else { c })),
                        None => {
                            let mut value = Vec::new();
                            list.elements.plain(element, &mut value)?;
                            scratch.push_str(&String::from_utf8_lossy(&value));
                        }
                    }
                }
                quoted(out, scratch);
            }
            plain => {
                plain.plain(row, out)?;
            }
        }
        Ok(())
    }

    fn json(&self, row: usize, is_null: bool, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        match self {
            _ if is_null => out.extend_from_slice(b"null"),
            Self::Text(_) | Self::Coded(..) => match self.text(row) {
                Some(text) => json(out, text)?,
                None => out.extend_from_slice(b"null"),
            },
            Self::Day(_) => {
                out.push(b'"');
                self.plain(row, out)?;
                out.push(b'"');
            }
            Self::List(list) => {
                out.push(b'[');
                let elements = (list.of_row)(row);
                for element in elements.clone() {
                    if element > elements.start {
                        out.push(b',');
                    }
                    list.elements.json(element, false, out)?;
                }
                out.push(b']');
            }
            plain => {
                if !plain.plain(row, out)? {
                    out.extend_from_slice(b"null");
                }
            }
        }
        Ok(())
    }
}

fn json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> Result<(), ArrowError> {
    serde_json::to_writer(out, value).map_err(|error| ArrowError::JsonError(error.to_string()))
}

/// A cell, in quotes where RFC 4180 asks for them, and with a mark before it where a spreadsheet would run it.
fn quoted(out: &mut Vec<u8>, text: &str) {
    let mark = if is_run(text) { Some(MARK as u8) } else { None };
    if !text.bytes().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n')) {
        out.extend(mark);
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend(mark);
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// The header of a CSV file.
pub(super) fn header(schema: &Schema) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, field) in schema.fields().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        quoted(&mut out, field.name());
    }
    out.push(b'\n');
    out
}

/// Rows as CSV.
pub(super) fn csv(rows: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let columns: Vec<Cells<'_>> = rows.columns().iter().map(Cells::of).collect();
    let (mut out, mut scratch) = (Vec::with_capacity(rows.num_rows() * columns.len() * 8), String::new());
    for row in 0..rows.num_rows() {
        let start = out.len();
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            column.csv(row, &mut out, &mut scratch)?;
        }
        // A row of one empty cell would be no row.
        if out.len() == start {
            out.extend_from_slice(b"\"\"");
        }
        out.push(b'\n');
    }
    Ok(out)
}

/// Rows as NDJSON.
pub fn ndjson(rows: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let schema = rows.schema();
    let names: Vec<Vec<u8>> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let mut name = if at == 0 { b"{".to_vec() } else { b",".to_vec() };
            json(&mut name, field.name())?;
            name.push(b':');
            Ok(name)
        })
        .collect::<Result<_, ArrowError>>()?;
    let columns: Vec<(Cells<'_>, &ArrayRef)> =
        rows.columns().iter().map(|column| (Cells::of(column), column)).collect();
    let mut out = Vec::with_capacity(rows.num_rows() * columns.len() * 16);
    for row in 0..rows.num_rows() {
        if names.is_empty() {
            out.push(b'{');
        }
        for (name, (cells, column)) in names.iter().zip(&columns) {
            out.extend_from_slice(name);
            cells.json(row, column.is_null(row), &mut out)?;
        }
        out.extend_from_slice(b"}\n");
    }
    Ok(out)
}

/// JSON with escapes for what a terminal could take for a command, or what hides or turns text. All of these stand within
/// strings and have sixteen bits.
pub(super) fn escaped(json: Vec<u8>) -> Vec<u8> {
    if json.iter().all(|byte| *byte < 0x7f) {
        return json;
    }
    let Ok(text) = str::from_utf8(&json) else { return json };
    let mut out = Vec::with_capacity(json.len());
    let mut bytes = [0; 4];
    for letter in text.chars() {
        match letter {
            '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(letter)).as_bytes());
            }
            letter => out.extend_from_slice(letter.encode_utf8(&mut bytes).as_bytes()),
        }
    }
    out
}
