//! NDJSON: one object a line, a goods line or a declaration with its items.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use qingfeng_rules::Schema;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::ReadError;
use super::frame::{Block, Content, Frame, Framer, PhysicalLines};
use super::lines::Position;
use super::reject::shown;
use super::rows::{Cell, Piece, Rows};
use super::text::{Encoding, decode, lossy};
use super::{Format, Input, InputNotes, NOTED_COLUMNS, Pieces, spread};
use crate::bind;

/// The bytes of a line at most.
pub(super) const MAX_LINE_BYTES: usize = 16 << 20;
/// The key of a declaration's list of goods lines.
pub(super) const ITEMS: &str = "items";
/// The different keys that are remembered. An input with more is read all the same, if slower.
const REMEMBERED_KEYS: usize = 4096;

/// Reads the lines of an NDJSON file.
pub(crate) struct Ndjson {
    framer: Framer,
    /// One for each block that is parsed at the same time.
    parsers: Vec<Parser>,
    /// What all of them have met, in the order of the input.
    notes: InputNotes,
    seen: Vec<Option<usize>>,
    schema: Arc<Schema>,
}

impl Ndjson {
    pub(crate) fn open(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        mut framer: Framer,
        encoding: Encoding,
        ahead: usize,
    ) -> Self {
        framer.skip_mark(encoding.mark());
        let notes = InputNotes {
            input: input.to_string(),
            format: Format::Ndjson,
            delimiter: None,
            unused_columns: Vec::new(),
            absent_fields: Vec::new(),
        };
        let parser = || Parser {
            rows: Rows::new(Arc::clone(schema), &input.to_string(), number),
            keys: Keys::new(Arc::clone(schema)),
            encoding,
        };
        let parsers = (0..ahead).map(|_| parser()).collect();
        let seen = vec![None; schema.fields().len()];
        Self { framer, parsers, notes, seen, schema: Arc::clone(schema) }
    }

    /// The next pieces, as many as there are parsers.
    pub(crate) fn pieces(&mut self, input: &Input, lines: usize) -> Pieces {
        let scanner = PhysicalLines { most: MAX_LINE_BYTES };
        let (blocks, end) = self.framer.blocks(&scanner, lines, self.parsers.len());
        let pieces = spread::each(&mut self.parsers, blocks, |parser, block| parser.parse(&block));
        for Parser { keys, .. } in &mut self.parsers {
            // A key that no parser has met before is told by that of the first block that has it.
            for key in keys.unused.drain(..) {
                if self.notes.unused_columns.len() < NOTED_COLUMNS
                    && !self.notes.unused_columns.contains(&key)
                {
                    self.notes.unused_columns.push(key);
                }
            }
            self.seen.iter_mut().zip(&keys.seen).for_each(|(all, seen)| *all = all.or(*seen));
        }
        let after = || format!("line {}", self.framer.lines_before());
        let end = end.map(|end| end.map_err(|error| ReadError::broken(input, after(), &error)));
        Pieces { pieces, end }
    }

    pub(crate) fn notes(&self) -> InputNotes {
        InputNotes { absent_fields: bind::absent(&self.schema, &self.seen), ..self.notes.clone() }
    }
}

/// Makes pieces of blocks.
struct Parser {
    rows: Rows,
    keys: Keys,
    encoding: Encoding,
}

/// An object: the value of each field, and its items.
#[derive(Default)]
struct Object<'a> {
    cells: Vec<Option<&'a RawValue>>,
    items: Option<&'a RawValue>,
    /// A key that two of its entries have, or that stands for the same field as another one.
    twice: Option<String>,
}

impl Parser {
    fn parse(&mut self, block: &Block) -> Piece {
        for frame in &block.frames {
            self.parse_frame(&block.bytes[frame.start..frame.end], frame);
        }
        self.rows.finish(block.bytes.len())
    }

    fn parse_frame(&mut self, line: &[u8], frame: &Frame) {
        let position = Position::Line(frame.line);
        let problem = match &frame.content {
            Content::Bad(reason) => Err(reason.clone()),
            _ => match decode(self.encoding, line) {
                Some(text) => self.parse_line(&text, frame.line),
                None if self.encoding == Encoding::Utf8 => {
                    Err("the line is not UTF-8; if the whole file is GB 18030 or GBK, say so".into())
                }
                None => Err("the line is not GB 18030; if the whole file is UTF-8, say so".into()),
            },
        };
        if let Err(reason) = problem {
            let value = (!line.is_empty()).then(|| shown(&lossy(self.encoding, line)));
            self.rows.reject(position, None, None, value, reason);
        }
    }

    /// The lines of an object. `Err` if the whole line is to be rejected.
    fn parse_line(&mut self, text: &str, line: u64) -> Result<(), String> {
        let object = self.object(text)?;
        if let Some(twice) = object.twice {
            return Err(twice);
        }
        let position = Position::Line(line);
        let Some(items) = object.items else {
            self.rows.push(position, |field| cell(object.cells[field]));
            return Ok(());
        };
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(items.get()) else {
            return Err(format!("`{ITEMS}` is not a list; it must list the goods lines as objects"));
        };
        if items.is_empty() {
            return Err(format!("`{ITEMS}` is empty; a declaration has at least one goods line"));
        }
        for (item, raw) in (1..).zip(items) {
            let position = Position::Item { line, item };
            if let Err(reason) = self.parse_item(&object, raw, position) {
                let id = match cell(object.cells[self.keys.schema.declaration.index()]) {
                    Cell::Text(text) => self.rows.declaration(Cell::Text(text)),
                    _ => None,
                };
                self.rows.reject(position, id, None, Some(shown(raw.get())), reason);
            }
        }
        Ok(())
    }

    /// A goods line of a declaration.
    fn parse_item<'a>(
        &mut self,
        declaration: &Object<'a>,
        raw: &'a RawValue,
        position: Position,
    ) -> Result<(), String> {
        let item = self.object(raw.get())?;
        if let Some(twice) = item.twice {
            return Err(twice);
        }
        if item.items.is_some() {
            return Err(format!("the item has `{ITEMS}` of its own; items have no items"));
        }
        let both = declaration.cells.iter().zip(&item.cells);
        let mut differing = both.enumerate().filter_map(|(field, cells)| match cells {
            (Some(above), Some(here)) if above.get() != here.get() => Some(field),
            _ => None,
        });
        if let Some(field) = differing.next() {
            let name = &self.keys.schema.fields()[field].name;
            return Err(format!(
                "the item and its declaration have different values of `{name}`; leave one of them out"
            ));
        }
        self.rows.push(position, |field| cell(item.cells[field].or(declaration.cells[field])));
        Ok(())
    }

    fn object<'a>(&mut self, text: &'a str) -> Result<Object<'a>, String> {
        let mut json = serde_json::Deserializer::from_str(text);
        self.keys.next = 0;
        let object = ObjectSeed(&mut self.keys).deserialize(&mut json).map_err(|error| {
            let message = error.to_string();
            // Each line is a document of its own, so that only the column says something.
            let message = message.split(" at line ").next().unwrap_or_default();
            match error.classify() {
                serde_json::error::Category::Data => "is not an object; write one object a line".to_owned(),
                _ => format!("is not JSON: {message}, at byte {}; write one object a line", error.column()),
            }
        })?;
        match json.end() {
            Ok(()) => Ok(object),
            Err(_) => Err("goes on after the object; write one object a line".into()),
        }
    }
}

/// The cell in a value.
fn cell(raw: Option<&RawValue>) -> Cell<'_> {
    let Some(raw) = raw.map(RawValue::get) else { return Cell::Missing };
    match raw.as_bytes().first() {
        Some(b'"') if !raw.contains('\\') => Cell::Text(raw.get(1..raw.len() - 1).unwrap_or_default().into()),
        Some(b'"') => match serde_json::from_str::<String>(raw) {
            Ok(text) => Cell::Text(text.into()),
            Err(_) => Cell::Bad {
                value: shown(raw),
                reason: "has an escape that stands for no letter; write the letter itself".into(),
            },
        },
        Some(b'[') => {
            Cell::Bad { value: shown(raw), reason: "is a list; the field takes a single value".into() }
        }
        Some(b'{') => {
            Cell::Bad { value: shown(raw), reason: "is an object; the field takes a single value".into() }
        }
        Some(b'n') | None => Cell::Missing,
        // Numbers and truth values count as they are written: a code loses no digit.
        Some(_) => Cell::Text(raw.into()),
    }
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Field(usize),
    Items,
    Unused,
}

/// The keys met so far.
struct Keys {
    schema: Arc<Schema>,
    slots: HashMap<Box<str>, Slot>,
    /// The keys in the order in which an object had them: the next object mostly has them in the same order.
    expected: Vec<(Box<str>, Slot)>,
    /// The number of keys of the present object so far.
    next: usize,
    unused: Vec<String>,
    /// For each field whether a key stood for it, as [`bind::absent`] takes it.
    seen: Vec<Option<usize>>,
}

impl Keys {
    fn new(schema: Arc<Schema>) -> Self {
        let seen = vec![None; schema.fields().len()];
        Self { schema, slots: HashMap::new(), expected: Vec::new(), next: 0, unused: Vec::new(), seen }
    }

    fn find(&mut self, key: &str) -> Slot {
        let at = self.next;
        self.next += 1;
        match self.expected.get(at) {
            Some((expected, slot)) if **expected == *key => return *slot,
            _ => {}
        }
        let slot = match self.slots.get(key) {
            Some(&slot) => slot,
            None => self.learn(key),
        };
        // Declarations and their items alternate, so a place holds what it held last.
        match self.expected.get_mut(at) {
            Some(place) => *place = (key.into(), slot),
            None if at < REMEMBERED_KEYS => self.expected.push((key.into(), slot)),
            None => {}
        }
        slot
    }

    #[cold]
    fn learn(&mut self, key: &str) -> Slot {
        let slot = match self.schema.field_of_header(key) {
            Some(field) => {
                self.seen[field.index()] = Some(0);
                Slot::Field(field.index())
            }
            None if key == ITEMS => Slot::Items,
            None => {
                if self.unused.len() < NOTED_COLUMNS && !self.unused.iter().any(|unused| unused == key) {
                    self.unused.push(shown(key));
                }
                Slot::Unused
            }
        };
        if self.slots.len() < REMEMBERED_KEYS {
            self.slots.insert(key.into(), slot);
        }
        slot
    }
}

struct ObjectSeed<'k>(&'k mut Keys);

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_> {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_> {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object { cells: vec![None; self.0.schema.fields().len()], ..Object::default() };
        while let Some(slot) = map.next_key_seed(KeySeed(self.0))? {
            let place = match slot {
                Slot::Field(field) => &mut object.cells[field],
                Slot::Items => &mut object.items,
                Slot::Unused => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if place.replace(map.next_value()?).is_some() && object.twice.is_none() {
                let name = match slot {
                    Slot::Field(field) => self.0.schema.fields()[field].name.as_str(),
                    _ => ITEMS,
                };
                object.twice = Some(format!("two keys stand for `{name}`; leave one of them out"));
            }
        }
        Ok(object)
    }
}

struct KeySeed<'k>(&'k mut Keys);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Slot, E> {
        Ok(self.0.find(key))
    }
}
