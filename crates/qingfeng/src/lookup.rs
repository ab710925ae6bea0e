//! Lookup tables: blacklists, authorisations, notices. Read once, when the engine is opened.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use qingfeng_rules::{Code, CodeList, Date, Diagnostic, Field, FieldId, Kind, Level, Lookup, Schema, Value};

use crate::read::{Input, ReadError, ReadOptions, Reader, Reject};
use crate::values::Typed;

/// The rows of one lookup table, found by key.
#[derive(Debug)]
pub(crate) struct LookupTable {
    /// The declared columns, in the order of the declaration: key, days, others.
    columns: Vec<Typed>,
    from: Option<usize>,
    until: Option<usize>,
    /// Rows by the bytes of their key, in the order of the file.
    rows: HashMap<Box<[u8]>, Vec<u32>>,
    /// The fields of a line that are compared with the key.
    pub(crate) key: Vec<FieldId>,
}

/// Appends one value of a key so that different keys have different bytes; false where it is missing.
pub(crate) fn push_key(key: &mut Vec<u8>, value: Value<'_>) -> bool {
    let number = match value {
        Value::Missing | Value::Number(_) => return false,
        Value::Text(text) => {
            key.extend_from_slice(&(text.len() as u64).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
            return true;
        }
        Value::Flag(flag) => i64::from(flag),
        Value::Integer(integer) => integer,
        Value::Date(date) => date.days().into(),
    };
    key.extend_from_slice(&number.to_le_bytes());
    true
}

impl LookupTable {
    /// Reads a table's file. Gives the table, or what is wrong with the file.
    pub(crate) fn read(
        pack: &Path,
        lookup: &Lookup,
        file: &str,
        schema: &Schema,
    ) -> Result<Self, Vec<Diagnostic>> {
        let failed = |title: String, help: &str| {
            Diagnostic::new(Code::BadLookup, title).at(lookup.place.clone(), "declared here").help(help)
        };
        let table_schema = table_schema(lookup, schema)
            .map_err(|title| vec![failed(title, "give the columns other names")])?;
        let width = lookup.columns.len();
        let options = ReadOptions::default();
        let path = pack.join(file);
        // Messages name the file by its path in the pack, wherever that is.
        let shown = |error: ReadError| {
            let (inside, outside) = (file, path.display().to_string());
            format!(
                "the lookup table `{}` cannot be read: {}",
                lookup.name,
                error.to_string().replace(&outside, inside)
            )
        };
        let mut mistakes = Vec::new();
        let mut batches = Vec::new();
        let reader = Reader::new(Arc::new(table_schema), vec![Input::Path(path.clone())], options);
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(error) => {
                return Err(vec![failed(shown(error), "correct `file`, or the file")]);
            }
        };
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
                }
                Ok(None) => break,
                Err(error) => {
                    mistakes.push(failed(shown(error), "correct the file"));
                    break;
                }
            }
        }
        if let Some(notes) = reader.notes().first() {
            for column in notes.absent_fields.iter().filter(|column| !column.starts_with('#')) {
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
        let count = batches.iter().map(|batch| batch.num_rows()).sum();
        let columns: Vec<ArrayRef> = (0..width)
            .map(|at| {
                let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(at).as_ref()).collect();
                match parts.as_slice() {
                    [] => Ok(arrow_array::new_empty_array(&crate::read::data_type(lookup.columns[at].1))),
                    parts => arrow_select::concat::concat(parts),
                }
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| vec![failed(format!("{file} is too large: {error}"), "split the table")])?;
        let columns =
            columns.iter().zip(&lookup.columns).map(|(column, (_, kind))| Typed::new(column, *kind));
        Ok(Self::index(columns.collect(), count, lookup))
    }

    fn index(columns: Vec<Typed>, count: usize, lookup: &Lookup) -> Self {
        let position = |name: &Option<String>| {
            name.as_ref().and_then(|name| lookup.columns.iter().position(|(column, _)| column == name))
        };
        let mut rows: HashMap<Box<[u8]>, Vec<u32>> = HashMap::with_capacity(count);
        let mut key = Vec::new();
        for row in 0..count {
            key.clear();
            let complete = (0..lookup.key.len()).all(|at| push_key(&mut key, columns[at].value(row)));
            if complete {
                rows.entry(key.as_slice().into()).or_default().push(row as u32);
            }
        }
        Self {
            columns,
            from: position(&lookup.from),
            until: position(&lookup.until),
            rows,
            key: lookup.key.clone(),
        }
    }

    /// The first row with this key that is in force on the day. Without a day all rows are.
    pub(crate) fn entry(&self, key: &[u8], day: Option<Date>) -> Option<u32> {
        let rows = self.rows.get(key)?;
        let in_force = |row: u32| {
            let date = |column: Option<usize>| match column.map(|at| self.columns[at].value(row as usize)) {
                Some(Value::Date(date)) => Some(date),
                _ => None,
            };
            day.is_none_or(|day| {
                date(self.from).is_none_or(|from| from <= day)
                    && date(self.until).is_none_or(|until| day <= until)
            })
        };
        rows.iter().copied().find(|&row| in_force(row))
    }

    /// The value of a column of a row.
    pub(crate) fn value(&self, row: u32, column: usize) -> Value<'_> {
        self.columns[column].value(row as usize)
    }

    /// The number of rows in the file.
    pub(crate) fn row_count(&self) -> usize {
        self.columns.first().map_or(0, Typed::len)
    }

    /// Whether some row has this key, on whatever day.
    pub(crate) fn has_key(&self, key: &[u8]) -> bool {
        self.rows.contains_key(key)
    }
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

/// A schema by which the reader can read a lookup table: its columns, and a first field that no file has, so
/// that each row is a declaration of its own.
pub(crate) fn table_schema(lookup: &Lookup, schema: &Schema) -> Result<Schema, String> {
    let key: Vec<&Field> = lookup.key.iter().map(|&id| &schema[id]).collect();
    let column = |name: &str, kind: Kind, codes: Option<CodeList>, required: bool| Field {
        name: name.to_owned(),
        kind,
        level: Level::Item,
        required,
        unit: None,
        title: String::new(),
        title_zh: None,
        columns: Vec::new(),
        codes,
        min: None,
        max: None,
    };
    let mut fields: Vec<Field> = lookup
        .columns
        .iter()
        .enumerate()
        .map(|(at, (name, kind))| {
            let codes = key.get(at).and_then(|field| field.codes);
            column(name, *kind, codes, at < key.len())
        })
        .collect();
    let row = FieldId(fields.len() as u16);
    fields.push(column("#row", Kind::Text, None, false));
    Schema::new(fields, row).map_err(|clash| clash.to_string())
}
