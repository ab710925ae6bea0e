//! Tables that people keep: capacities, outcomes, notices. Read by the reader of declarations, so that headers, encodings and
//! rejects are the same, and row by row, so that none of the table is held.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use qingfeng_rules::{Date, Field, FieldId, Kind, Level, Reading, Schema};

use super::{CellKind, Col, Column, Day, Flag, Integer, Number, Presence, Table, Text};
use crate::read::{Input, InputNotes, Place, Problem, ReadError, ReadOptions, Reader, Reject, RejectKind};

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct SheetRow<'s> {
    batch: &'s RecordBatch,
    inputs: &'s [String],
    place: Place,
    row: usize,
}

/// What is wrong with a row: the field, its value if that can be shown, and the reason with what would be right.
pub type Mistake = (&'static str, Option<String>, String);

/// What is done with a row: taken, or found to be a mistake; an error ends the reading.
pub type Take<'t> = dyn FnMut(SheetRow<'_>) -> Result<Result<(), Mistake>, ReadError> + 't;

/// The rejects that are kept at most; further ones are counted.
pub const KEPT_REJECTS: usize = 1000;

/// What came of a table besides the rows that were taken.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Streamed {
    /// The first rows that could not be taken, in the order of the inputs.
    pub rejects: Vec<Reject>,
    /// How many there are.
    pub rejected: u64,
    /// What each input held besides.
    pub notes: Vec<InputNotes>,
}

impl Streamed {
    /// Whether no input has a column.
    pub fn lacks(&self, column: &str) -> bool {
        self.notes.iter().all(|notes| notes.absent_fields.iter().any(|absent| absent == column))
    }
}

impl Column {
    /// The column as a field of a schema.
    pub fn field(&self) -> Field {
        let kind = match self.kind {
            CellKind::Text | CellKind::Texts => Kind::Text,
            CellKind::Day => Kind::Date,
            CellKind::Integer => Kind::Integer,
            CellKind::Number => Kind::Number,
            CellKind::Flag => Kind::Flag,
        };
        let columns = self.headers.iter().map(|&header| header.to_owned()).collect();
        Field { columns, ..plain_field(self.name, kind, self.presence == Presence::Needed) }
    }
}

/// A field of rows that has nothing but a name and a kind.
pub(crate) fn plain_field(name: &str, kind: Kind, required: bool) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        level: Level::Item,
        required,
        unit: None,
        title: String::new(),
        title_zh: None,
        columns: Vec::new(),
        codes: None,
        min: None,
        max: None,
        reading: Reading { is_id: kind == Kind::Text && name == "declaration_id", ..Reading::default() },
    }
}

/// A schema of these fields, in which each row stands for itself.
///
/// # Errors
///
/// Two of them claim one header.
pub fn schema_of_rows(mut fields: Vec<Field>) -> Result<Schema, String> {
    let row = FieldId(fields.len() as u16);
    // A last field that no file has.
    fields.push(plain_field("#row", Kind::Text, false));
    Schema::new(fields, row).map_err(|clash| clash.to_string())
}

/// Reads a table row by row and holds none of it. A row that cannot be read, or that `take` finds a mistake in, becomes a
/// reject; the others are taken all the same. An error of `take` that is no mistake of the row ends the reading.
///
/// # Errors
///
/// A file that cannot be read or lacks a column that is needed; what `take` ends with.
pub fn stream(
    inputs: &[Input],
    table: &Table,
    options: &ReadOptions,
    take: &mut Take<'_>,
) -> Result<Streamed, ReadError> {
    let fields = table.columns.iter().map(Column::field).collect();
    let streamed = stream_fields(inputs, fields, options, KEPT_REJECTS, take)?;
    let needed = |column: &&Column| matches!(column.presence, Presence::Needed | Presence::Headed);
    for notes in &streamed.notes {
        let lacks = |column: &&Column| notes.absent_fields.iter().any(|absent| absent == column.name);
        if let Some(column) = table.columns.iter().filter(needed).find(lacks) {
            let unused = match notes.unused_columns.as_slice() {
                [] => String::new(),
                unused => format!("; it has columns that are not read: {}", unused.join(", ")),
            };
            let reason = format!("there is no column `{}`{unused}", column.name);
            return Err(ReadError::content(&notes.input, reason));
        }
    }
    Ok(streamed)
}

/// The same of columns that are known only now, and whatever columns are missing. Handles count the fields; the first is a
/// text that names a row.
///
/// # Errors
///
/// A file that cannot be read; what `take` ends with.
pub fn stream_fields(
    inputs: &[Input],
    fields: Vec<Field>,
    options: &ReadOptions,
    kept: usize,
    take: &mut Take<'_>,
) -> Result<Streamed, ReadError> {
    let mut streamed = Streamed::default();
    if inputs.is_empty() {
        return Ok(streamed);
    }
    let names: Vec<String> = inputs.iter().map(ToString::to_string).collect();
    let schema = schema_of_rows(fields).map_err(|clash| ReadError::content(&names[0], clash))?;
    let mut reader = Reader::new(Arc::new(schema), inputs.to_vec(), options.clone())?;
    while let Some(piece) = reader.piece()? {
        let mut rejects: Vec<Reject> = piece.rejects.into_iter().map(|reject| reject.reject).collect();
        for (row, &place) in piece.places.iter().enumerate() {
            let row = SheetRow { batch: &piece.batch, inputs: &names, place, row };
            if let Err(mistake) = take(row)? {
                rejects.push(row.reject(mistake));
            }
        }
        rejects.sort_by_key(|reject| (names.iter().position(|name| *name == reject.input), reject.position));
        for reject in rejects {
            streamed.rejected += 1;
            if streamed.rejects.len() < kept {
                streamed.rejects.push(reject);
            }
        }
    }
    streamed.notes = reader.notes().to_vec();
    Ok(streamed)
}

impl<'s> SheetRow<'s> {
    fn column<K>(self, column: Col<K>) -> Option<&'s dyn Array> {
        let column = self.batch.column(column.at()).as_ref();
        (!column.is_null(self.row)).then_some(column)
    }

    /// A text.
    pub fn text(self, column: Col<Text>) -> Option<&'s str> {
        self.column(column)?.as_string_opt::<i32>().map(|texts| texts.value(self.row))
    }

    /// A day.
    pub fn date(self, column: Col<Day>) -> Option<Date> {
        Date::from_days(self.column(column)?.as_primitive_opt::<Date32Type>()?.value(self.row))
    }

    /// A whole number.
    pub fn integer(self, column: Col<Integer>) -> Option<i64> {
        self.column(column)?.as_primitive_opt::<Int64Type>().map(|numbers| numbers.value(self.row))
    }

    /// A number.
    pub fn number(self, column: Col<Number>) -> Option<f64> {
        self.column(column)?.as_primitive_opt::<Float64Type>().map(|numbers| numbers.value(self.row))
    }

    /// Yes or no.
    pub fn flag(self, column: Col<Flag>) -> Option<bool> {
        self.column(column)?.as_boolean_opt().map(|flags| flags.value(self.row))
    }

    fn input(self) -> &'s str {
        self.inputs.get(self.place.input as usize).map_or("", String::as_str)
    }

    /// Where it stands, in its inputs.
    pub fn at(self) -> Place {
        self.place
    }

    /// Where it stands: `capacity.csv, line 4`.
    pub fn place(self) -> String {
        format!("{}, {}", self.input(), self.place.position)
    }

    /// An error at this row, which ends the reading.
    pub fn error(self, reason: impl Into<String>) -> ReadError {
        ReadError::content(&self.place(), reason)
    }

    /// The row as a reject.
    pub fn reject(self, (field, value, reason): Mistake) -> Reject {
        Reject::new(self.input(), self.place.position, Problem::new(RejectKind::Value, reason))
            .of(self.text(Col::new(0)).map(crate::read::shown))
            .at(Some(field.to_owned()), value.map(|value| crate::read::shown(&value)))
    }
}
