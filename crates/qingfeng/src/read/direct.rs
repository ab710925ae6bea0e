//! One declaration by itself: values of a program, or a JSON message.
//!
//! What a program made becomes goods lines without being written as JSON and read again. Lines and rejects are those
//! that its JSON would give. Nearly all declarations can be read, and field by field; that is fast. Where anything is
//! unusual they are read once more line by line, which finds all rejects.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, OnceLock};

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use qingfeng_rules::{Field, Kind, Schema};
use serde::Serialize;

use super::cell::{missing, not_finite, number_text, whole};
use super::changes::Changes;
use super::column::Column;
use super::conflicts::Tails;
use super::lines::{Lines, Place, Position, arrow_schema};
use super::money::convert;
use super::ndjson::{MAX_LINE_BYTES, Parser, is_list, note_unused, too_long};
use super::object::{Entry, ITEMS, KEY_BYTES_MAX, Nested, Object, Slot};
use super::reject::{Problem, shown};
use super::rows::Start;
use super::rows::{Cell, Piece, Rows};
use super::scatter::Starts;
use super::{Chunk, MAX_LINES, one_chunk};
use crate::declaration::{Declaration, FieldValue};
use crate::threads::Idle;

/// What rejects give as their input.
const INPUT: &str = "the declaration";
/// Columns without a value are kept for declarations of so many lines.
const KEPT_LINES: usize = 64;
/// Fields times lines that are read field by field.
const CELLS_MAX: usize = 1 << 18;
/// Different keys that are remembered, and those among them that no field claims.
const REMEMBERED_KEYS: usize = 512;
const REMEMBERED_UNUSED: usize = 128;

/// Reads declarations of one schema. Shared by threads.
pub(crate) struct Direct {
    schema: Arc<Schema>,
    arrow: SchemaRef,
    max_declaration_lines: usize,
    /// The field that takes the list of goods lines for its value, if the schema has one of that name.
    items: Option<usize>,
    /// By the number of lines, columns without any value; that of the line's number counts.
    empty: [OnceLock<Vec<ArrayRef>>; KEPT_LINES + 1],
    idle: Idle<Builder>,
    parsers: Idle<Parser>,
}

/// What was read of one declaration.
pub(crate) struct OneRead {
    pub(crate) chunk: Chunk,
    /// The keys that no field claims; the first 100.
    pub(crate) unknown_fields: Vec<String>,
}

/// What one thread needs to read declarations.
struct Builder {
    columns: Vec<Column>,
    /// For each field and, within it, for each line the number of its value, from 1; 0 if it has none.
    cells: Vec<u32>,
    header_keys: Keys,
    item_keys: Keys,
}

/// Keys met so far, in the order in which declarations have them.
#[derive(Default)]
struct Keys {
    known: Vec<(Box<str>, Slot)>,
    /// How many of them no field claims.
    unused: usize,
}

impl Keys {
    /// Gives `visit` what each key stands for, and its value; keys that no field claims go to `unused`.
    fn visit<'d>(
        &mut self,
        schema: &Schema,
        fields: &'d BTreeMap<String, FieldValue>,
        unused: &mut Vec<String>,
        mut visit: impl FnMut(Slot, &'d FieldValue),
    ) {
        let mut at = 0;
        for (key, value) in fields {
            let is_next = self.known.get(at).is_some_and(|(known, _)| **known == **key);
            if !is_next {
                at += self.known[at..].partition_point(|(known, _)| **known < **key);
            }
            let slot = match self.known.get(at) {
                Some((known, slot)) if **known == **key => *slot,
                _ => self.learn(schema, key, &mut at),
            };
            if slot == Slot::Unused {
                note_unused(unused, key);
            } else {
                visit(slot, value);
            }
        }
    }

    /// What a key stands for that stands before the one at `at`.
    #[cold]
    fn learn(&mut self, schema: &Schema, key: &str, at: &mut usize) -> Slot {
        let slot = Slot::of(schema, key);
        if key.len() > KEY_BYTES_MAX {
            return slot;
        }
        if slot == Slot::Unused {
            // A system has the same keys of its own in each declaration. Whoever invents keys must not fill the memory.
            if self.unused == REMEMBERED_UNUSED {
                self.known.retain(|(_, slot)| *slot != Slot::Unused);
                self.unused = 0;
                *at = self.known.partition_point(|(known, _)| **known < *key);
            }
            self.unused += 1;
        }
        if self.known.len() < REMEMBERED_KEYS + self.unused {
            self.known.insert(*at, (key.into(), slot));
        }
        slot
    }

    fn object<'d>(
        &mut self,
        schema: &Schema,
        fields: &'d BTreeMap<String, FieldValue>,
        unused: &mut Vec<String>,
    ) -> Object<&'d FieldValue> {
        let mut object = Object::new(schema);
        self.visit(schema, fields, unused, |slot, value| object.put(slot, value));
        object.note_left(schema, unused);
        object
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
    /// One that rejects the lines of a declaration beyond so many.
    pub(crate) fn new(schema: &Arc<Schema>, max_declaration_lines: usize) -> Self {
        Self {
            arrow: arrow_schema(schema),
            max_declaration_lines: max_declaration_lines.clamp(1, MAX_LINES),
            items: schema.field_of_header(ITEMS).map(|field| field.index()),
            schema: Arc::clone(schema),
            empty: [const { OnceLock::new() }; KEPT_LINES + 1],
            idle: Idle::default(),
            parsers: Idle::default(),
        }
    }

    /// The lines of a declaration, or its rejects; without rejects the lines are those of one declaration.
    pub(crate) fn read(&self, declaration: &Declaration) -> OneRead {
        let mut builder = self.idle.borrow().unwrap_or_else(|| Builder::new(&self.schema));
        let bytes = bytes_at_most(declaration);
        let mut unknown_fields = Vec::new();
        let lines = if bytes <= MAX_LINE_BYTES {
            self.fields(declaration, &mut builder, &mut unknown_fields)
        } else {
            None
        };
        let chunk = match lines {
            Some(lines) => {
                let mut changes = Changes::default();
                for (at, column) in builder.columns.iter_mut().enumerate() {
                    changes.add(column.take_changes().of_field(at));
                }
                Chunk { lines, rejects: Vec::new(), lines_lost: 0, changes }
            }
            None => {
                unknown_fields.clear();
                builder.columns.iter_mut().for_each(|column| drop(column.take_changes()));
                self.chunk(self.lines(declaration, &mut builder, bytes, &mut unknown_fields))
            }
        };
        // What a long declaration took is not kept.
        if bytes < MAX_LINE_BYTES / 16 {
            self.idle.give_back(builder);
        }
        OneRead { chunk, unknown_fields }
    }

    /// The same of a JSON message: one object, as on a line of an NDJSON file.
    pub(crate) fn read_json(&self, json: &[u8]) -> OneRead {
        let new = || Parser::of_messages(&self.schema, INPUT);
        let mut parser = self.parsers.borrow().unwrap_or_else(new);
        let (piece, unknown_fields) = parser.message(json);
        if json.len() < MAX_LINE_BYTES / 16 {
            self.parsers.give_back(parser);
        }
        OneRead { chunk: self.chunk(piece), unknown_fields }
    }

    /// The lines of a declaration that are read at most.
    pub(crate) fn max_declaration_lines(&self) -> usize {
        self.max_declaration_lines
    }

    /// Drops what is kept for the next declarations.
    pub(crate) fn trim(&self) {
        self.idle.clear();
        self.parsers.clear();
    }

    fn chunk(&self, piece: Piece) -> Chunk {
        let pieces = std::iter::once(piece);
        #[expect(clippy::expect_used, reason = "one piece is not put together, and nothing is noted")]
        one_chunk(&self.schema, INPUT, self.max_declaration_lines, Starts::ignored(), pieces)
            .expect("one piece is a chunk")
            .0
    }

    /// Reads field by field. `None` if a line is to be rejected, or if it is not certain that all is well.
    fn fields(
        &self,
        declaration: &Declaration,
        builder: &mut Builder,
        unused: &mut Vec<String>,
    ) -> Option<Lines> {
        let Builder { columns, cells, header_keys, item_keys } = builder;
        let items = &declaration.items;
        if self.items.is_some() && !items.is_empty() {
            return None;
        }
        let count = items.len().max(1);
        if columns.len() * count > CELLS_MAX || count > self.max_declaration_lines {
            return None;
        }
        cells.clear();
        cells.resize(columns.len() * count, 0);
        let mut values: Vec<&FieldValue> = Vec::with_capacity(declaration.header.len() + 8 * items.len());
        let mut is_plain = true;
        header_keys.visit(&self.schema, &declaration.header, unused, |slot, value| match slot {
            Slot::Field(key) => {
                let cells = &mut cells[key.field * count..][..count];
                // Two keys that stand for one field.
                is_plain &= cells[0] == 0 && !key.has_spare();
                values.push(value);
                cells.fill(values.len() as u32);
            }
            Slot::Box(..) | Slot::Items | Slot::Unused => is_plain = false,
        });
        let header_values = values.len() as u32;
        // Lines that name their declarations themselves may name several.
        let is_one = items.is_empty() || cells[self.schema.declaration.index() * count] > 0;
        for (line, item) in items.iter().enumerate() {
            item_keys.visit(&self.schema, &item.fields, unused, |slot, value| match slot {
                Slot::Field(key) => {
                    let cell = &mut cells[key.field * count + line];
                    // Only a value of the header may be there, and then the same one.
                    let above = values.get((*cell).wrapping_sub(1) as usize);
                    is_plain &= *cell <= header_values
                        && !key.has_spare()
                        && above.is_none_or(|above| above.is_same(value));
                    values.push(value);
                    *cell = values.len() as u32;
                }
                Slot::Box(..) | Slot::Items | Slot::Unused => is_plain = false,
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
        let whole = [Start { line: 0, hash: 0 }];
        if count > 1 && !Tails::default().conflicts(&self.schema, &batch, &whole, false).is_empty() {
            return None;
        }
        let place = |item| Place { input: 0, position: Position::Item { line: 0, item } };
        let places: Vec<Place> = (1..=count as u32).map(place).collect();
        let (batch, without_rate) = convert(&self.schema, &Arc::default(), batch, &places, &[]);
        if !without_rate.is_empty() {
            return None;
        }
        Some(Lines::new(batch, vec![0, count as u32], places, Vec::new()))
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
        unused: &mut Vec<String>,
    ) -> Piece {
        let mut rows = Rows::new(Arc::clone(&self.schema), INPUT, 0);
        let result = if bytes > MAX_LINE_BYTES && is_longer(declaration, MAX_LINE_BYTES) {
            Err(too_long())
        } else {
            self.declaration(declaration, builder, &mut rows, unused)
        };
        if let Err(problem) = result {
            rows.reject(Position::Line(0), None, None, json(declaration), problem);
        }
        rows.finish(bytes)
    }

    fn declaration(
        &self,
        declaration: &Declaration,
        builder: &mut Builder,
        rows: &mut Rows,
        unused: &mut Vec<String>,
    ) -> Result<(), Problem> {
        let mut header = builder.header_keys.object(&self.schema, &declaration.header, unused);
        let list = !declaration.items.is_empty();
        match self.items {
            Some(field) if list && header.has(field) => header.repeats(Slot::of(&self.schema, ITEMS)),
            None if list && header.items.is_some() => header.repeats(Slot::Items),
            _ => {}
        }
        header.check(&self.schema)?;
        if header.items.is_some() {
            return Err(Problem::value(format!(
                "`{ITEMS}` is not a list; it must list the goods lines as objects"
            )));
        }
        if !list || self.items.is_some() {
            rows.push(Position::Item { line: 0, item: 1 }, |field, source| {
                if list && self.items == Some(field) {
                    let value = json(&declaration.items).unwrap_or_default();
                    return Some(Cell::Bad { value, problem: is_list() });
                }
                header.cell(None, &self.schema, field, source)
            });
            return Ok(());
        }
        let mut nested = Nested::new(rows, &self.schema, &header);
        for (number, item) in (1..).zip(&declaration.items) {
            let object = builder.item_keys.object(&self.schema, &item.fields, unused);
            nested.item(Position::Item { line: 0, item: number }, Ok(object), || json(item));
        }
        Ok(())
    }
}

/// The column of a field, `None` if no line has a value; or why a line is to be rejected.
fn column_of(
    field: &Field,
    column: &mut Column,
    cells: &[u32],
    values: &[&FieldValue],
) -> Result<Option<ArrayRef>, Problem> {
    let value_of = |cell: u32| values.get(cell.wrapping_sub(1) as usize).copied();
    if !cells.iter().any(|&cell| value_of(cell).is_some_and(|value| *value != FieldValue::Missing)) {
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
            (value, _) => match value.map_or(Cell::Missing, Entry::cell) {
                Cell::Text(text) => column.push_new(&text),
                Cell::Number(number) => column.push_number(number),
                Cell::Missing => column.push_missing(),
                Cell::Bad { problem, .. } => Err(problem),
            },
        }?;
    }
    Ok(Some(column.finish()))
}

impl<'d> Entry<'d> for &'d FieldValue {
    fn cell(self) -> Cell<'d> {
        match self {
            FieldValue::Missing => Cell::Missing,
            FieldValue::Flag(flag) => Cell::Text(if *flag { "true" } else { "false" }.into()),
            FieldValue::Integer(integer) => Cell::Text(integer.to_string().into()),
            FieldValue::Number(number)
                if number.is_nan() || (number.is_finite() && number.trunc() == *number) =>
            {
                Cell::Number(*number)
            }
            FieldValue::Number(number) if number.is_finite() => Cell::Text(number_text(*number).into()),
            FieldValue::Number(number) => {
                let value = number.to_string();
                Cell::Bad { problem: not_finite(&value), value }
            }
            FieldValue::Text(text) => Cell::Text(text.into()),
        }
    }

    fn is_same(self, other: Self) -> bool {
        use FieldValue::{Integer, Number};
        match (self, other) {
            (Integer(integer), Number(number)) | (Number(number), Integer(integer)) => {
                whole(*number) == Some(*integer)
            }
            (one, other) => one == other,
        }
    }
}

/// The JSON of something as a reject shows it, if it has one.
fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok().map(|json| shown(&json))
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
    serde_json::to_writer(Rest(most), declaration).is_err_and(|error| error.is_io())
}

#[cfg(test)]
mod tests;
