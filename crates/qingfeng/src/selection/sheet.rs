//! Small tables that people keep: capacities, outcomes. Read by the same reader as declarations, row by row.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use qingfeng_rules::{Date, Field, FieldId, Kind, Level, Schema};

use crate::read::{Input, Place, ReadError, ReadOptions, Reader};

/// A column of such a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnOf {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// A row without it is a mistake.
    pub(super) required: bool,
    /// Other headers under which it is found.
    pub(super) headers: &'static [&'static str],
}

/// Rows, and where each stands.
pub(super) struct Sheet {
    /// Pieces: the columns in the order asked for, and the places of their rows.
    pieces: Vec<(RecordBatch, Vec<Place>)>,
    inputs: Vec<String>,
    /// The columns that some input has.
    present: BTreeSet<&'static str>,
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'s> {
    sheet: &'s Sheet,
    piece: usize,
    row: usize,
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
    pub(super) fn read(inputs: &[Input], columns: &[ColumnOf], most: usize) -> Result<Self, TableError> {
        let field = |name: &str, kind, required, headers: &[&str]| Field {
            name: name.to_owned(),
            kind,
            level: Level::Item,
            required,
            unit: None,
            title: String::new(),
            title_zh: None,
            columns: headers.iter().map(|&header| header.to_owned()).collect(),
            codes: None,
            min: None,
            max: None,
        };
        let mut fields: Vec<Field> =
            columns.iter().map(|of| field(of.name, of.kind, of.required, of.headers)).collect();
        // A first field that no file has, so that each row stands for itself.
        let row = FieldId(fields.len() as u16);
        fields.push(field("#row", Kind::Text, false, &[]));
        let schema = Schema::new(fields, row).map_err(|clash| TableError::Content(clash.to_string()))?;
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
    pub(super) fn has(&self, column: &str) -> bool {
        self.present.contains(column)
    }

    /// All rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.pieces.iter().enumerate().flat_map(move |(piece, (batch, _))| {
            (0..batch.num_rows()).map(move |row| Row { sheet: self, piece, row })
        })
    }
}

impl<'s> Row<'s> {
    fn column(self, at: usize) -> Option<&'s dyn Array> {
        let column = self.sheet.pieces[self.piece].0.column(at).as_ref();
        (!column.is_null(self.row)).then_some(column)
    }

    /// A text.
    pub(super) fn text(self, at: usize) -> Option<&'s str> {
        self.column(at)?.as_string_opt::<i32>().map(|texts| texts.value(self.row))
    }

    /// A day.
    pub(super) fn date(self, at: usize) -> Option<Date> {
        Date::from_days(self.column(at)?.as_primitive_opt::<Date32Type>()?.value(self.row))
    }

    /// A whole number.
    pub(super) fn integer(self, at: usize) -> Option<i64> {
        self.column(at)?.as_primitive_opt::<Int64Type>().map(|numbers| numbers.value(self.row))
    }

    /// A number.
    pub(super) fn number(self, at: usize) -> Option<f64> {
        self.column(at)?.as_primitive_opt::<Float64Type>().map(|numbers| numbers.value(self.row))
    }

    /// Where it stands: `capacity.csv, line 4`.
    pub(super) fn place(self) -> String {
        let place = self.sheet.pieces[self.piece].1[self.row];
        let input = self.sheet.inputs.get(place.input as usize).map_or("", String::as_str);
        format!("{input}, {}", place.position)
    }

    /// An error at this row.
    pub(super) fn wrong(self, what: impl AsRef<str>) -> TableError {
        TableError::Content(format!("{}: {}", self.place(), what.as_ref()))
    }
}
