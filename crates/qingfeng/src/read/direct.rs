//! A declaration that a program made becomes goods lines without being written as JSON and read again. Lines and
//! rejects are those that its JSON would give.
//!
//! Nearly all declarations can be read, and field by field; that is fast. Where anything is unusual they are read
//! once more line by line, which finds all rejects.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use qingfeng_rules::{Field, Kind, Schema};
use serde::Serialize;

use super::cell::{Reason, missing};
use super::column::Column;
use super::error::ReadError;
use super::lines::{Lines, Place, Position, arrow_schema};
use super::ndjson::{ITEMS, MAX_LINE_BYTES};
use super::reject::shown;
use super::rows::{Cell, Rows};
use super::{Chunk, Input, MAX_LINES, one_chunk};
use crate::declaration::{Declaration, FieldValue, Item};

/// What rejects give as their input.
const INPUT: &str = "the declaration";
/// Columns without a value are kept for declarations of so many lines.
const KEPT_LINES: usize = 64;
/// Fields times lines that are read field by field.
const CELLS_MAX: usize = 1 << 18;
/// Different keys that are remembered.
const REMEMBERED_KEYS: usize = 4096;

/// Reads declarations of one schema. Shared by threads.
pub(crate) struct Direct {
    schema: Arc<Schema>,
    arrow: SchemaRef,
    /// The field that takes the list of goods lines for its value, if the schema has one of that name.
    items: Option<usize>,
    /// By the number of lines, columns without any value; that of the line's number counts.
    empty: [OnceLock<Vec<ArrayRef>>; KEPT_LINES + 1],
    idle: Mutex<Vec<Builder>>,
}

/// What one thread needs to read declarations.
struct Builder {
    columns: Vec<Column>,
    /// For each field and, within it, for each line the number of its value, from 1; 0 if it has none.
    cells: Vec<u32>,
    header_keys: Keys,
    item_keys: Keys,
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Field(usize),
    Items,
    Unused,
}

/// The keys met so far, in the order in which declarations have them.
#[derive(Default)]
struct Keys(Vec<(Box<str>, Slot)>);

impl Keys {
    /// Gives `visit` what each key stands for, and its value.
    fn visit<'d>(
        &mut self,
        schema: &Schema,
        fields: &'d BTreeMap<String, FieldValue>,
        mut visit: impl FnMut(Slot, &'d FieldValue),
    ) {
        let mut at = 0;
        for (key, value) in fields {
            while self.0.get(at).is_some_and(|(known, _)| **known < **key) {
                at += 1;
            }
            let slot = match self.0.get(at) {
                Some((known, slot)) if **known == **key => *slot,
                _ => {
                    let slot = slot_of(schema, key);
                    if self.0.len() < REMEMBERED_KEYS {
                        self.0.insert(at, (key.as_str().into(), slot));
                    }
                    slot
                }
            };
            visit(slot, value);
        }
    }
}

#[cold]
fn slot_of(schema: &Schema, key: &str) -> Slot {
    match schema.field_of_header(key) {
        Some(field) => Slot::Field(field.index()),
        None if key == ITEMS => Slot::Items,
        None => Slot::Unused,
    }
}

/// An object of the declaration's JSON: the value of each field.
struct Object<'d> {
    cells: Vec<Option<&'d FieldValue>>,
    /// A value of the header, or of an item, that stands under the name of the list of goods lines.
    items: bool,
    /// A field for which two keys stand, or the list of goods lines.
    twice: Option<Slot>,
}

impl<'d> Object<'d> {
    fn new(keys: &mut Keys, schema: &Schema, fields: &'d BTreeMap<String, FieldValue>) -> Self {
        let mut object = Self { cells: vec![None; schema.fields().len()], items: false, twice: None };
        keys.visit(schema, fields, |slot, value| {
            let known = match slot {
                Slot::Field(field) => object.cells[field].replace(value).is_some(),
                Slot::Items => std::mem::replace(&mut object.items, true),
                Slot::Unused => false,
            };
            if known && object.twice.is_none() {
                object.twice = Some(slot);
            }
        });
        object
    }

    fn twice(&self, schema: &Schema) -> Result<(), String> {
        let name = match self.twice {
            None => return Ok(()),
            Some(Slot::Field(field)) => schema.fields()[field].name.as_str(),
            Some(_) => ITEMS,
        };
        Err(format!("two keys stand for `{name}`; leave one of them out"))
    }
}

impl Builder {
    fn new(schema: &Schema) -> Self {
        Self {
            columns: schema.fields().iter().map(Column::new).collect(),
            cells: Vec::new(),
            header_keys: Keys::default(),
            item_keys: Keys::default(),
        }
    }
}

impl Direct {
    pub(crate) fn new(schema: &Arc<Schema>) -> Self {
        Self {
            arrow: arrow_schema(schema),
            items: schema.field_of_header(ITEMS).map(|field| field.index()),
            schema: Arc::clone(schema),
            empty: [const { OnceLock::new() }; KEPT_LINES + 1],
            idle: Mutex::default(),
        }
    }

    /// The lines of a declaration, or its rejects.
    ///
    /// # Errors
    ///
    /// More text than an Arrow column can hold.
    pub(crate) fn read(&self, declaration: &Declaration) -> Result<Chunk, ReadError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut builder = idle.unwrap_or_else(|| Builder::new(&self.schema));
        let bytes = bytes_at_most(declaration);
        let lines = if bytes <= MAX_LINE_BYTES { self.fields(declaration, &mut builder) } else { None };
        let chunk = match lines {
            Some(lines) => Ok(Chunk { lines_read: lines.len() as u64, lines, rejects: Vec::new() }),
            None => self.lines(declaration, &mut builder, bytes),
        };
        // What a long declaration took is not kept.
        if bytes < MAX_LINE_BYTES / 16 {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(builder);
        }
        chunk
    }

    /// Reads field by field. `None` if a line is to be rejected, or if it is not certain that all is well.
    fn fields(&self, declaration: &Declaration, builder: &mut Builder) -> Option<Lines> {
        let Builder { columns, cells, header_keys, item_keys } = builder;
        let items = &declaration.items;
        if self.items.is_some() && !items.is_empty() {
            return None;
        }
        let count = items.len().max(1);
        if columns.len() * count > CELLS_MAX {
            return None;
        }
        cells.clear();
        cells.resize(columns.len() * count, 0);
        let mut values: Vec<&FieldValue> = Vec::with_capacity(declaration.header.len() + 8 * items.len());
        let mut is_plain = true;
        header_keys.visit(&self.schema, &declaration.header, |slot, value| match slot {
            Slot::Field(field) => {
                let cells = &mut cells[field * count..][..count];
                // Two keys that stand for one field.
                is_plain &= cells[0] == 0;
                values.push(value);
                cells.fill(values.len() as u32);
            }
            Slot::Items => is_plain = false,
            Slot::Unused => {}
        });
        let header_values = values.len() as u32;
        // Lines that name their declarations themselves may be of several.
        let is_one = items.is_empty() || cells[self.schema.declaration.index() * count] > 0;
        for (line, item) in items.iter().enumerate() {
            item_keys.visit(&self.schema, &item.fields, |slot, value| match slot {
                Slot::Field(field) => {
                    let cell = &mut cells[field * count + line];
                    // Only a value of the header may be there, and then the same one.
                    let above = values.get((*cell).wrapping_sub(1) as usize);
                    is_plain &= *cell <= header_values && above.is_none_or(|above| is_same(above, value));
                    values.push(value);
                    *cell = values.len() as u32;
                }
                Slot::Items => is_plain = false,
                Slot::Unused => {}
            });
        }
        if !(is_plain && is_one) {
            return None;
        }
        let empty = self.empty(count);
        let mut arrays = Vec::with_capacity(columns.len());
        for (at, column) in columns.iter_mut().enumerate() {
            let field = &self.schema.fields()[at];
            let array = match column_of(field, column, &cells[at * count..][..count], &values) {
                Ok(Some(array)) => array,
                Ok(None) => Arc::clone(&empty[at]),
                Err(_) => {
                    column.truncate(0);
                    return None;
                }
            };
            // Missing numbers are counted; where only some are missing, line by line.
            if self.schema.item.is_some_and(|item| item.index() == at)
                && field.kind == Kind::Integer
                && array.null_count() > 0
            {
                return None;
            }
            arrays.push(array);
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.arrow), arrays).ok()?;
        let place = |item| Place {
            input: 0,
            position: if items.is_empty() { Position::Line(1) } else { Position::Item { line: 1, item } },
        };
        Some(Lines::new(batch, vec![0, count as u32], (1..=count as u32).map(place).collect()))
    }

    /// For each field its column where no line has a value.
    fn empty(&self, lines: usize) -> Cow<'_, [ArrayRef]> {
        let make = || {
            let item = self.schema.item.map(|item| item.index());
            let fields = self.schema.fields().iter().enumerate();
            let columns = fields.map(|(at, field)| {
                if item == Some(at) && field.kind == Kind::Integer {
                    return Arc::new((1..=lines as i64).collect::<Int64Array>()) as ArrayRef;
                }
                let mut column = Column::new(field);
                (0..lines).for_each(|_| column.push_null());
                column.finish()
            });
            columns.collect::<Vec<_>>()
        };
        match self.empty.get(lines) {
            Some(kept) if self.schema.fields().len() * KEPT_LINES <= CELLS_MAX => {
                kept.get_or_init(make).into()
            }
            _ => make().into(),
        }
    }

    /// Reads line by line.
    fn lines(
        &self,
        declaration: &Declaration,
        builder: &mut Builder,
        bytes: usize,
    ) -> Result<Chunk, ReadError> {
        let mut rows = Rows::new(Arc::clone(&self.schema), INPUT, 0);
        let position = Position::Line(1);
        if bytes > MAX_LINE_BYTES && is_longer(declaration, MAX_LINE_BYTES) {
            let most = MAX_LINE_BYTES >> 20;
            let reason = format!("the line is longer than {most} MiB; is a line end missing?");
            rows.reject(position, None, None, None, reason);
        } else if let Err(reason) = self.declaration(declaration, builder, &mut rows) {
            rows.reject(position, None, None, Some(shown(&json(declaration))), reason);
        }
        let pieces = std::iter::once(rows.finish(bytes));
        one_chunk(&self.schema, INPUT, MAX_LINES, pieces)
            .map_err(|error| ReadError::broken(&Input::Stdin, String::new(), &io::Error::other(error)))
    }

    fn declaration(
        &self,
        declaration: &Declaration,
        builder: &mut Builder,
        rows: &mut Rows,
    ) -> Result<(), String> {
        let mut header = Object::new(&mut builder.header_keys, &self.schema, &declaration.header);
        let list = !declaration.items.is_empty();
        let known = match self.items {
            Some(field) => header.cells[field].is_some(),
            None => header.items,
        };
        if list && known && header.twice.is_none() {
            header.twice = Some(self.items.map_or(Slot::Items, Slot::Field));
        }
        header.twice(&self.schema)?;
        if header.items {
            return Err(format!("`{ITEMS}` is not a list; it must list the goods lines as objects"));
        }
        if !list || self.items.is_some() {
            rows.push(Position::Line(1), |field| {
                if list && self.items == Some(field) {
                    let reason = "is a list; the field takes a single value".into();
                    return Cell::Bad { value: shown(&json(&declaration.items)), reason };
                }
                cell(header.cells[field])
            });
            return Ok(());
        }
        for (number, item) in (1..).zip(&declaration.items) {
            let position = Position::Item { line: 1, item: number };
            if let Err(reason) = self.item(&header, item, &mut builder.item_keys, position, rows) {
                let id = match cell(header.cells[self.schema.declaration.index()]) {
                    Cell::Text(text) => rows.declaration(Cell::Text(text)),
                    _ => None,
                };
                rows.reject(position, id, None, Some(shown(&json(item))), reason);
            }
        }
        Ok(())
    }

    fn item(
        &self,
        header: &Object<'_>,
        item: &Item,
        keys: &mut Keys,
        position: Position,
        rows: &mut Rows,
    ) -> Result<(), String> {
        let item = Object::new(keys, &self.schema, &item.fields);
        item.twice(&self.schema)?;
        if item.items {
            return Err(format!("the item has `{ITEMS}` of its own; items have no items"));
        }
        let mut both = header.cells.iter().zip(&item.cells);
        let differs = both.position(|cells| match cells {
            (Some(above), Some(here)) => !is_same(above, here),
            _ => false,
        });
        if let Some(field) = differs {
            let name = &self.schema.fields()[field].name;
            return Err(format!(
                "the item and its declaration have different values of `{name}`; leave one of them out"
            ));
        }
        rows.push(position, |field| cell(item.cells[field].or(header.cells[field])));
        Ok(())
    }
}

/// The column of a field, `None` if no line has a value; or why a line is to be rejected.
fn column_of(
    field: &Field,
    column: &mut Column,
    cells: &[u32],
    values: &[&FieldValue],
) -> Result<Option<ArrayRef>, Reason> {
    let value_of = |cell: u32| values.get(cell.wrapping_sub(1) as usize).copied();
    if !cells.iter().any(|&cell| value_of(cell).is_some_and(|value| !is_missing(value))) {
        return if field.required { Err(missing(field)) } else { Ok(None) };
    }
    column.reserve(cells.len());
    let mut before = None;
    for &cell in cells {
        // The header's value, mostly.
        if before.replace(cell) == Some(cell) {
            column.push_again();
            continue;
        }
        match (value_of(cell), field.kind) {
            (Some(FieldValue::Text(text)), _) => column.push_new(text),
            (Some(FieldValue::Integer(integer)), Kind::Integer | Kind::Number) => {
                column.push_integer(*integer)
            }
            (Some(FieldValue::Number(number)), Kind::Number) if number.is_finite() => {
                column.push_number(*number)
            }
            (value, _) => match self::cell(value) {
                Cell::Text(text) => column.push_new(&text),
                _ => column.push_missing(),
            },
        }?;
    }
    Ok(Some(column.finish()))
}

/// JSON has no number for what is not finite.
fn is_missing(value: &FieldValue) -> bool {
    match value {
        FieldValue::Missing => true,
        FieldValue::Number(number) => !number.is_finite(),
        _ => false,
    }
}

/// The cell of a value: as JSON writes it.
fn cell(value: Option<&FieldValue>) -> Cell<'_> {
    match value {
        None => Cell::Missing,
        Some(value) if is_missing(value) => Cell::Missing,
        Some(FieldValue::Text(text)) => Cell::Text(text.into()),
        Some(FieldValue::Flag(flag)) => Cell::Text(if *flag { "true" } else { "false" }.into()),
        Some(value) => Cell::Text(json(value).into()),
    }
}

/// Whether JSON writes both values in the same way.
fn is_same(a: &FieldValue, b: &FieldValue) -> bool {
    match (a, b) {
        (FieldValue::Number(a), FieldValue::Number(b)) if a.is_finite() || b.is_finite() => {
            a.to_bits() == b.to_bits()
        }
        (a, b) => (is_missing(a) && is_missing(b)) || a == b,
    }
}

/// The JSON of something that has one.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The bytes of the declaration's JSON at most.
fn bytes_at_most(declaration: &Declaration) -> usize {
    // A letter is written with six bytes at most; quotes, colons and commas come to it.
    let fields = |fields: &BTreeMap<String, FieldValue>| -> usize {
        let sizes = fields.iter().map(|(key, value)| match value {
            FieldValue::Text(text) => 6 * (key.len() + text.len()) + 8,
            _ => 6 * key.len() + 40,
        });
        sizes.sum::<usize>() + 4
    };
    32 + fields(&declaration.header)
        + declaration.items.iter().map(|item| fields(&item.fields)).sum::<usize>()
}

/// Whether the declaration's JSON has more bytes than that.
fn is_longer(declaration: &Declaration, most: usize) -> bool {
    struct Rest(usize);
    impl io::Write for Rest {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::OutOfMemory)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Rest(most), declaration).is_err()
}

#[cfg(test)]
mod tests;
