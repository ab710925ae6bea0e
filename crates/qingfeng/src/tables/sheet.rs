//! Tables that people keep: capacities, outcomes, notices. Read by the same reader as declarations, row by row.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use qingfeng_rules::{Date, Field, FieldId, Kind, Level, Schema};

use crate::read::{Input, Place, ReadError, ReadOptions, Reader, Reject};

/// A column of such a table.
#[derive(Clone, Copy, Debug)]
pub struct ColumnOf {
    pub name: &'static str,
    pub kind: Kind,
    /// A row without it is a mistake.
    pub required: bool,
    /// Other headers under which it is found.
    pub headers: &'static [&'static str],
}

/// Rows, and where each stands.
pub struct Sheet {
    /// Pieces: the columns in the order asked for, and the places of their rows.
    pieces: Vec<(RecordBatch, Vec<Place>)>,
    inputs: Vec<String>,
    /// The columns that some input has.
    present: BTreeSet<&'static str>,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'s> {
    batch: &'s RecordBatch,
    inputs: &'s [String],
    place: Place,
    row: usize,
}

/// What is wrong with a row: the field, its value if that can be shown, and the reason with what would be right.
pub type Mistake = (&'static str, Option<String>, String);

/// What is done with a row: taken, or found to be a mistake; an error ends the reading.
pub type Take<'t> = dyn FnMut(Row<'_>) -> Result<Result<(), Mistake>, ReadError> + 't;

/// The rejects that are kept at most; further ones are counted.
pub const KEPT_REJECTS: usize = 1000;

/// What came of the rows of a table besides those that were taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streamed {
    /// The first rows that could not be taken, in the order of the inputs.
    pub rejects: Vec<Reject>,
    /// How many there are.
    pub rejected: u64,
}

impl Streamed {
    pub fn reject(&mut self, reject: Reject) {
        self.rejected += 1;
        if self.rejects.len() < KEPT_REJECTS {
            self.rejects.push(reject);
        }
    }
}

impl ColumnOf {
    /// As a field of a schema.
    pub fn field(&self) -> Field {
        Field {
            name: self.name.to_owned(),
            kind: self.kind,
            level: Level::Item,
            required: self.required,
            unit: None,
            title: String::new(),
            title_zh: None,
            columns: self.headers.iter().map(|&header| header.to_owned()).collect(),
            codes: None,
            min: None,
            max: None,
        }
    }
}

/// A schema of these fields, in which each row stands for itself.
pub fn schema_of(mut fields: Vec<Field>) -> Result<Schema, String> {
    let row = FieldId(fields.len() as u16);
    // A first field that no file has.
    fields.push(ColumnOf { name: "#row", kind: Kind::Text, required: false, headers: &[] }.field());
    Schema::new(fields, row).map_err(|clash| clash.to_string())
}

/// Reads a table row by row and holds none of it. A row that cannot be read, or that `take` finds a mistake in, becomes a
/// reject; the others are taken all the same. An error of `take` that is no mistake of the row ends the reading.
pub fn stream(
    inputs: &[Input],
    columns: &[ColumnOf],
    needed: &[&'static str],
    options: &ReadOptions,
    take: &mut Take<'_>,
) -> Result<Streamed, ReadError> {
    let mut streamed = Streamed::default();
    if inputs.is_empty() {
        return Ok(streamed);
    }
    let names: Vec<String> = inputs.iter().map(ToString::to_string).collect();
    let schema = schema_of(columns.iter().map(ColumnOf::field).collect())
        .map_err(|clash| ReadError::content(&names[0], clash))?;
    let mut reader = Reader::new(Arc::new(schema), inputs.to_vec(), options.clone())?;
    while let Some(piece) = reader.piece()? {
        let mut rejects: Vec<Reject> = piece.rejects.into_iter().map(|reject| reject.reject).collect();
        for (row, &place) in piece.places.iter().enumerate() {
            let row = Row { batch: &piece.batch, inputs: &names, place, row };
            if let Err((field, value, reason)) = take(row)? {
                rejects.push(Reject {
                    input: row.input().to_owned(),
                    position: place.position,
                    declaration_id: row.text(0).map(crate::read::shown),
                    field: Some(field.to_owned()),
                    value: value.map(|value| crate::read::shown(&value)),
                    reason,
                });
            }
        }
        rejects.sort_by_key(|reject| (names.iter().position(|name| *name == reject.input), reject.position));
        rejects.into_iter().for_each(|reject| streamed.reject(reject));
    }
    for notes in reader.notes() {
        if let Some(column) = notes.absent_fields.iter().find(|absent| needed.contains(&absent.as_str())) {
            let unused = match notes.unused_columns.as_slice() {
                [] => String::new(),
                unused => format!("; it has columns that are not read: {}", unused.join(", ")),
            };
            return Err(ReadError::content(&notes.input, format!("there is no column `{column}`{unused}")));
        }
    }
    Ok(streamed)
}

/// A table cannot be read: where, what is wrong, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A file that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row, or a table as a whole, is not what was expected.
    #[error("{0}")]
    Content(String),
}

impl Sheet {
    /// Reads all rows, so many at most. A row that cannot be read is an error: a plan made from a part of a table is
    /// another plan.
    pub fn read(inputs: &[Input], columns: &[ColumnOf], most: usize) -> Result<Self, TableError> {
        let schema = schema_of(columns.iter().map(ColumnOf::field).collect()).map_err(TableError::Content)?;
        let mut reader = Reader::new(Arc::new(schema), inputs.to_vec(), ReadOptions::default())?;
        let names: Vec<String> = inputs.iter().map(ToString::to_string).collect();
        let mut pieces = Vec::new();
        let mut count = 0;
        while let Some(piece) = reader.piece()? {
            if let Some(reject) = piece.rejects.first() {
                let reject = &reject.reject;
                let what = match (&reject.field, &reject.value) {
                    (Some(field), Some(value)) => format!("`{field}` is `{value}`: "),
                    (Some(field), None) if !reject.reason.contains(&format!("`{field}`")) => {
                        format!("`{field}`: ")
                    }
                    _ => String::new(),
                };
                let message = format!("{}, {}: {what}{}", reject.input, reject.position, reject.reason);
                return Err(TableError::Content(message));
            }
            count += piece.places.len();
            if count > most {
                let name = names.first().map_or("", String::as_str);
                return Err(TableError::Content(format!(
                    "{name}: more than {most} rows; give a smaller table"
                )));
            }
            pieces.push((piece.batch, piece.places));
        }
        let mut present = BTreeSet::new();
        for notes in reader.notes() {
            for column in columns {
                let absent = notes.absent_fields.iter().any(|absent| absent == column.name);
                if !absent {
                    present.insert(column.name);
                } else if column.required {
                    let unused = match notes.unused_columns.as_slice() {
                        [] => String::new(),
                        unused => format!("; it has the unused columns {}", unused.join(", ")),
                    };
                    let message = format!("{}: there is no column `{}`{unused}", notes.input, column.name);
                    return Err(TableError::Content(message));
                }
            }
        }
        Ok(Self { pieces, inputs: names, present })
    }

    /// Whether some input has this column.
    pub fn has(&self, column: &str) -> bool {
        self.present.contains(column)
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.pieces.iter().flat_map(move |(batch, places)| {
            let row = move |(row, &place)| Row { batch, inputs: &self.inputs, place, row };
            places.iter().enumerate().map(row)
        })
    }
}

impl<'s> Row<'s> {
    fn column(self, at: usize) -> Option<&'s dyn Array> {
        let column = self.batch.column(at).as_ref();
        (!column.is_null(self.row)).then_some(column)
    }

    /// A text.
    pub fn text(self, at: usize) -> Option<&'s str> {
        self.column(at)?.as_string_opt::<i32>().map(|texts| texts.value(self.row))
    }

    /// A day.
    pub fn date(self, at: usize) -> Option<Date> {
        Date::from_days(self.column(at)?.as_primitive_opt::<Date32Type>()?.value(self.row))
    }

    /// A whole number.
    pub fn integer(self, at: usize) -> Option<i64> {
        self.column(at)?.as_primitive_opt::<Int64Type>().map(|numbers| numbers.value(self.row))
    }

    /// A number.
    pub fn number(self, at: usize) -> Option<f64> {
        self.column(at)?.as_primitive_opt::<Float64Type>().map(|numbers| numbers.value(self.row))
    }

    /// Yes or no.
    pub fn flag(self, at: usize) -> Option<bool> {
        self.column(at)?.as_boolean_opt().map(|flags| flags.value(self.row))
    }

    fn input(self) -> &'s str {
        self.inputs.get(self.place.input as usize).map_or("", String::as_str)
    }

    /// Where it stands: `capacity.csv, line 4`.
    pub fn place(self) -> String {
        format!("{}, {}", self.input(), self.place.position)
    }

    /// An error at this row.
    pub fn wrong(self, what: impl AsRef<str>) -> TableError {
        TableError::Content(format!("{}: {}", self.place(), what.as_ref()))
    }

    /// The row of a piece that another reader gave.
    pub fn of(batch: &'s RecordBatch, inputs: &'s [String], place: Place, row: usize) -> Self {
        Self { batch, inputs, place, row }
    }
}
