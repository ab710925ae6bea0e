//! Tables that are files of the pack, read by the reader of declarations.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array};
use qingfeng_rules::lookups::{Lookup, LookupSource};
use qingfeng_rules::{Code, Diagnostic, Field, FieldRef, Schema, Value};

use super::Rows;
use crate::eval::values::Typed;
use crate::read::{Change, Changes, Input, ReadError, ReadOptions, Reader, Reject};
use crate::tables::{plain_field, schema_of_rows};

/// The mistake of a pack whose table cannot be read.
pub(crate) fn unreadable(lookup: &Lookup, error: &ReadError) -> Diagnostic {
    let title = format!("the lookup table `{}` cannot be read: {error}", lookup.name);
    let help = "correct `file`, or the file";
    Diagnostic::new(Code::BadLookup, title).at(lookup.place.clone(), "declared here").help(help)
}

/// Reads the rows of a table and tells of what is not read as it is written, or says what is wrong with them.
pub(crate) fn read(
    input: Input,
    lookup: &Lookup,
    schema: &Schema,
) -> Result<(Rows, Vec<Diagnostic>), Vec<Diagnostic>> {
    let failed = |title: String, help: &str| {
        Diagnostic::new(Code::BadLookup, title).at(lookup.place.clone(), "declared here").help(help)
    };
    let table_schema =
        table_schema(lookup, schema).map_err(|title| vec![failed(title, "give the columns other names")])?;
    let width = lookup.columns.len();
    let file = &input.to_string();
    let mut reader = Reader::new(Arc::new(table_schema), vec![input], ReadOptions::default())
        .map_err(|error| vec![unreadable(lookup, &error)])?;
    let mut mistakes = Vec::new();
    let mut batches = Vec::new();
    let mut changes = Changes::default();
    // Rows are taken as they come: they are no declarations, so nothing keeps them together.
    loop {
        match reader.piece() {
            Ok(Some(piece)) => {
                mistakes.extend(
                    piece
                        .rejects
                        .iter()
                        .map(|reject| failed(row_title(file, &reject.reject), "correct the row")),
                );
                batches.push(piece.batch);
                changes.add(piece.changes);
            }
            Ok(None) => break,
            Err(error) => {
                let title = format!("the lookup table `{}` cannot be read: {error}", lookup.name);
                mistakes.push(failed(title, "correct the file"));
                break;
            }
        }
    }
    if let Some(notes) = reader.notes().first() {
        // In the file that tests see instead of a store only the key must be there.
        let needed = |column: &&String| match &lookup.source {
            LookupSource::File(_) => !column.starts_with('#'),
            _ => lookup.key_names().any(|name| name == column.as_str()),
        };
        for column in notes.absent_fields.iter().filter(needed) {
            let title = format!("{file} has no column `{column}`");
            let help = match notes.unused_columns.as_slice() {
                [] => "add it".to_owned(),
                unused => format!("it has the unused columns {}", unused.join(", ")),
            };
            mistakes.push(failed(title, &help));
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let too_large = |error| vec![failed(format!("{file} is too large: {error}"), "split the table")];
    let columns: Vec<ArrayRef> = (0..width)
        .map(|at| {
            let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(at).as_ref()).collect();
            match parts.as_slice() {
                [] => Ok(arrow_array::new_empty_array(&crate::read::data_type(lookup.columns[at].1))),
                parts => arrow_select::concat::concat(parts),
            }
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(too_large)?;
    let count = batches.iter().map(|batch| batch.num_rows()).sum();
    // Rows that a test or a program gives for a profile stand for what was counted: other keys have what nothing tells.
    let nothing = lookup.profile().map(|profile| {
        let of_keys = lookup.columns.iter().take(lookup.key.len()).map(|_| Value::Missing);
        of_keys.chain(profile.measures.iter().map(|measure| measure.what.of_nothing()))
    });
    let columns = match nothing {
        Some(values) => {
            let columns = columns.iter().zip(values).map(|(column, value)| {
                let one: ArrayRef = match value {
                    Value::Integer(integer) => Arc::new(Int64Array::from(vec![integer])),
                    Value::Number(number) => Arc::new(Float64Array::from(vec![number])),
                    _ => arrow_array::new_null_array(column.data_type(), 1),
                };
                arrow_select::concat::concat(&[column.as_ref(), one.as_ref()])
            });
            columns.collect::<Result<Vec<_>, _>>().map_err(too_large)?
        }
        None => columns,
    };
    let columns: Vec<Typed> =
        columns.iter().zip(&lookup.columns).map(|(column, (_, kind))| Typed::new(column, *kind)).collect();
    let day = |name: &Option<String>, row: usize| {
        let at = lookup.columns.iter().position(|(column, _)| Some(column) == name.as_ref())?;
        match columns[at].value(row) {
            Value::Date(date) => Some(date.days()),
            _ => None,
        }
    };
    // A profile tells nothing of a line without a day, which is taken for one before all rows.
    let without_day = lookup.profile().map(|_| i32::MIN);
    let first = if without_day.is_some() { i32::MIN + 1 } else { i32::MIN };
    let mut days: Vec<(i32, i32)> = (0..count)
        .map(|row| (day(&lookup.from, row).unwrap_or(first), day(&lookup.until, row).unwrap_or(i32::MAX)))
        .collect();
    let otherwise = lookup.profile().map(|_| days.len() as u32);
    days.extend(otherwise.map(|_| (i32::MIN, i32::MAX)));
    let told = changes.iter().filter(|(_, change, _)| !matches!(change, Change::Null | Change::NoDay));
    let told = told.map(|(at, change, changed)| {
        let (name, cells) = (&lookup.columns[at].0, changed.cells);
        let title = format!(
            "{file}: {cells} value{} of `{name}` {} not read as written: {}",
            if cells == 1 { "" } else { "s" },
            if cells == 1 { "is" } else { "are" },
            change.title()
        );
        Diagnostic::new(Code::ChangedEntry, title)
            .at(lookup.place.clone(), "declared here")
            .note(format!("the first: {}", changed.example))
            .help("write the values as they are read")
    });
    Ok((Rows { columns, days, without_day, otherwise }, told.collect()))
}

/// What is wrong with a row.
fn row_title(file: &str, reject: &Reject) -> String {
    let what = match (&reject.field, &reject.value) {
        (Some(field), _) if reject.reason.starts_with(&format!("`{field}`")) => String::new(),
        (Some(field), Some(value)) => format!("`{field}` is `{value}`: "),
        (Some(field), None) => format!("`{field}`: "),
        _ => String::new(),
    };
    format!("{file}, {}: {what}{}", reject.position, reject.reason)
}

/// A schema by which the reader can read a lookup table: its columns, each row for itself.
pub fn table_schema(lookup: &Lookup, schema: &Schema) -> Result<Schema, String> {
    let fields = lookup.columns.iter().enumerate().map(|(at, (name, kind))| {
        let plain = plain_field(name, *kind, at < lookup.key.len());
        // A key is read as the field with which it is compared. What is derived from a code is no such code.
        match lookup.key.get(at) {
            Some(&FieldRef::Declared(id)) => {
                Field { codes: schema[id].codes, reading: schema[id].reading.clone(), ..plain }
            }
            _ => plain,
        }
    });
    let mut table = schema_of_rows(fields.collect())?;
    schema.days().into_iter().for_each(|zone| table.set_days(zone));
    Ok(table)
}
