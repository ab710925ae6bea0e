//! NDJSON: one object a line, a goods line or a declaration with its items. A JSON message is read as such a line.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use qingfeng_rules::Schema;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::bind;
use super::cell::without_zero_fraction;
use super::frame::{Content, Frame, Framer, PhysicalLines};
use super::lines::Position;
use super::object::{Entry, ITEMS, KEY_BYTES_MAX, Nested, Object, Slot};
use super::reject::{Problem, RejectKind, shown};
use super::rows::{Cell, Piece, Rows};
use super::text::{Encoding, decode, lossy};
use super::{Decoder, Format, Input, InputNotes, NOTED_COLUMNS, Pieces, parsed};

/// The bytes of a line at most.
pub(super) const MAX_LINE_BYTES: usize = 16 << 20;
/// The different keys that are remembered. An input with more is read all the same, if slower.
const REMEMBERED_KEYS: usize = 4096;

/// Reads the lines of an NDJSON file.
pub(crate) struct Ndjson {
    framer: Framer,
    /// One for each block that is parsed at the same time.
    parsers: Vec<Parser>,
    /// What all of them have met, in the order of the input.
    notes: InputNotes,
    seen: Vec<bool>,
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
            columns: Vec::new(),
            unused_columns: Vec::new(),
            absent_fields: Vec::new(),
        };
        let parser = || Parser {
            rows: Rows::new(Arc::clone(schema), &input.to_string(), number),
            keys: Keys::new(Arc::clone(schema), true),
            encoding,
        };
        let parsers = (0..ahead).map(|_| parser()).collect();
        let seen = vec![false; schema.fields().len()];
        Self { framer, parsers, notes, seen, schema: Arc::clone(schema) }
    }
}

impl Decoder for Ndjson {
    /// As many pieces as there are parsers.
    fn pieces(&mut self, input: &Input, lines: usize) -> Pieces {
        let scanner = PhysicalLines { most: MAX_LINE_BYTES };
        let Self { framer, parsers, .. } = self;
        let pieces = parsed(framer, &scanner, input, lines, parsers, |parser, block| {
            for frame in &block.frames {
                parser.parse_frame(&block.bytes[frame.start..frame.end], frame);
            }
            parser.rows.finish(block.bytes.len())
        });
        for Parser { keys, .. } in &mut self.parsers {
            // A key that no parser has met before is reported by that of the first block that has it.
            keys.unused.drain(..).for_each(|key| note_unused(&mut self.notes.unused_columns, &key));
            self.seen.iter_mut().zip(&keys.seen).for_each(|(all, seen)| *all |= *seen);
        }
        pieces
    }

    fn notes(&self) -> InputNotes {
        let absent_fields = bind::absent(&self.schema, self.seen.iter().copied());
        InputNotes { absent_fields, ..self.notes.clone() }
    }
}

/// Makes pieces of blocks.
pub(super) struct Parser {
    rows: Rows,
    keys: Keys,
    encoding: Encoding,
}

impl Parser {
    /// A parser of messages, each by itself: what one of them has must not show in the next.
    pub(super) fn of_messages(schema: &Arc<Schema>, input: &str) -> Self {
        let rows = Rows::new(Arc::clone(schema), input, 0);
        Self { rows, keys: Keys::new(Arc::clone(schema), false), encoding: Encoding::Utf8 }
    }

    /// The lines of a message, and the keys in it that no field claims.
    pub(super) fn message(&mut self, json: &[u8]) -> (Piece, Vec<String>) {
        let json = json.strip_prefix(Encoding::Utf8.mark()).unwrap_or(json);
        let problem = if json.len() > MAX_LINE_BYTES {
            Err(too_long())
        } else {
            match std::str::from_utf8(json) {
                Ok(text) => self.parse_object(text, 0),
                Err(_) => Err(Problem::new(RejectKind::Encoding, "is not UTF-8; JSON is UTF-8")),
            }
        };
        if let Err(problem) = problem {
            let value = (!json.is_empty()).then(|| shown(&lossy(self.encoding, json)));
            self.rows.reject(Position::Line(0), None, None, value, problem);
        }
        (self.rows.finish(json.len()), std::mem::take(&mut self.keys.unused))
    }

    #[cfg(test)]
    pub(super) fn remembered_keys(&self) -> usize {
        self.keys.slots.len().max(self.keys.expected.len())
    }

    fn parse_frame(&mut self, line: &[u8], frame: &Frame) {
        let problem = match &frame.content {
            Content::Bad(reason) => Err(Problem::malformed(reason)),
            _ => match decode(self.encoding, line) {
                Some(text) => self.parse_object(&text, frame.line),
                None => {
                    let reason = format!("the line {}", self.encoding.reason(line));
                    Err(Problem::new(RejectKind::Encoding, reason))
                }
            },
        };
        if let Err(problem) = problem {
            let value = (!line.is_empty()).then(|| shown(&lossy(self.encoding, line)));
            self.rows.reject(Position::Line(frame.line), None, None, value, problem);
        }
    }

    /// The lines of an object. `Err` if it is to be rejected as a whole.
    fn parse_object(&mut self, text: &str, line: u64) -> Result<(), Problem> {
        let Self { rows, keys, .. } = self;
        let header = keys.object(text)?;
        header.check(&keys.schema)?;
        let Some(items) = header.items else {
            let position = if line == 0 { Position::Item { line, item: 1 } } else { Position::Line(line) };
            rows.push(position, |field, source| header.cell(None, &keys.schema, field, source));
            return Ok(());
        };
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(items.get()) else {
            return Err(Problem::value(format!(
                "`{ITEMS}` is not a list; it must list the goods lines as objects"
            )));
        };
        if items.is_empty() {
            return Err(Problem::new(
                RejectKind::Missing,
                format!("`{ITEMS}` is empty; a declaration has at least one goods line"),
            ));
        }
        let schema = Arc::clone(&keys.schema);
        let mut nested = Nested::new(rows, &schema, &header);
        for (item, raw) in (1..).zip(items) {
            let position = Position::Item { line, item };
            nested.item(position, keys.object(raw.get()), || Some(shown(raw.get())));
        }
        Ok(())
    }
}

/// Why a message, or a declaration that a program made, is too long.
pub(super) fn too_long() -> Problem {
    let most = MAX_LINE_BYTES >> 20;
    let reason =
        format!("the declaration has more than {most} MiB of JSON, the most that is read as one; split it");
    Problem::new(RejectKind::TooLong, reason)
}

impl<'a> Entry<'a> for &'a RawValue {
    fn cell(self) -> Cell<'a> {
        let raw = self.get();
        match raw.as_bytes().first() {
            Some(b'"') if !raw.contains('\\') => {
                Cell::Text(raw.get(1..raw.len() - 1).unwrap_or_default().into())
            }
            Some(b'"') => match serde_json::from_str::<String>(raw) {
                Ok(text) => Cell::Text(text.into()),
                Err(_) => Cell::Bad {
                    value: shown(raw),
                    problem: Problem::value(
                        "has an escape that stands for no letter; write the letter itself",
                    ),
                },
            },
            Some(b'[') => Cell::Bad { value: shown(raw), problem: is_list() },
            Some(b'{') => Cell::Bad {
                value: shown(raw),
                problem: Problem::value("is an object; the field takes a single value"),
            },
            Some(b'n') | None => Cell::Missing,
            Some(b't' | b'f') => Cell::Text(raw.into()),
            // Numbers count as they are written: a code loses no digit. With a fraction of zeros or an exponent it was a float.
            Some(_) => {
                let digits = without_zero_fraction(raw);
                let is_float = digits.len() < raw.len() || raw.contains(['e', 'E']);
                let value = if is_float { raw.parse().ok() } else { None };
                match value.filter(|value: &f64| value.is_finite() && value.trunc() == *value) {
                    Some(value) => Cell::Number(value),
                    None => Cell::Text(digits.into()),
                }
            }
        }
    }

    fn is_same(self, other: Self) -> bool {
        self.get() == other.get()
    }
}

/// Why a list is no value of a field.
pub(super) fn is_list() -> Problem {
    Problem::value("is a list; the field takes a single value")
}

/// The keys met so far.
struct Keys {
    schema: Arc<Schema>,
    slots: HashMap<Box<str>, Slot>,
    /// The keys in the order in which an object had them: the next object mostly has them in the same order.
    expected: Vec<(Box<str>, Slot)>,
    /// The number of keys of the present object so far.
    next: usize,
    /// Whether keys that no field claims are remembered, and so noted once.
    remembers_unused: bool,
    unused: Vec<String>,
    /// For each field whether a key stood for it, as [`bind::absent`] takes it.
    seen: Vec<bool>,
}

impl Keys {
    fn new(schema: Arc<Schema>, remembers_unused: bool) -> Self {
        let seen = vec![false; schema.fields().len()];
        let (slots, expected, unused) = (HashMap::new(), Vec::new(), Vec::new());
        Self { schema, slots, expected, next: 0, remembers_unused, unused, seen }
    }

    fn object<'a>(&mut self, text: &'a str) -> Result<Object<&'a RawValue>, Problem> {
        let mut json = serde_json::Deserializer::from_str(text);
        self.next = 0;
        let object = ObjectSeed(self).deserialize(&mut json).map_err(|error| {
            let message = error.to_string();
            // Each line is a document of its own, so that only the column says something.
            let message = message.split(" at line ").next().unwrap_or_default();
            Problem::malformed(match error.classify() {
                serde_json::error::Category::Data => "is not an object; write one object a line".to_owned(),
                _ => format!("is not JSON: {message}, at byte {}; write one object a line", error.column()),
            })
        })?;
        match json.end() {
            Ok(()) => Ok(object),
            Err(_) => Err(Problem::malformed("goes on after the object; write one object a line")),
        }
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
        if !self.is_remembered(key, slot) {
            self.next = at;
            return slot;
        }
        // Declarations and their items alternate, so a place holds what it held last.
        match self.expected.get_mut(at) {
            Some(place) => *place = (key.into(), slot),
            None if at < REMEMBERED_KEYS => self.expected.push((key.into(), slot)),
            None => {}
        }
        slot
    }

    fn is_remembered(&self, key: &str, slot: Slot) -> bool {
        key.len() <= KEY_BYTES_MAX && (self.remembers_unused || slot != Slot::Unused)
    }

    #[cold]
    fn learn(&mut self, key: &str) -> Slot {
        let slot = Slot::of(&self.schema, key);
        match slot {
            Slot::Field(key) => self.seen[key.field] = true,
            Slot::Box(of, key) => {
                let parts = self.schema.ids().filter(|id| self.schema.part_of_box(of, *id).is_some());
                for field in parts.map(|id| id.index()).chain(key.map(|key| key.field)) {
                    self.seen[field] = true;
                }
            }
            Slot::Items => {}
            Slot::Unused => note_unused(&mut self.unused, key),
        }
        if self.is_remembered(key, slot) && self.slots.len() < REMEMBERED_KEYS {
            self.slots.insert(key.into(), slot);
        }
        slot
    }
}

/// Notes a key or a column that no field claims, once, if there are not too many of them.
pub(super) fn note_unused(unused: &mut Vec<String>, key: &str) {
    if unused.len() < NOTED_COLUMNS {
        let key = shown(key);
        if !unused.contains(&key) {
            unused.push(key);
        }
    }
}

struct ObjectSeed<'k>(&'k mut Keys);

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_> {
    type Value = Object<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_> {
    type Value = Object<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::new(&self.0.schema);
        while let Some(slot) = map.next_key_seed(KeySeed(self.0))? {
            if slot == Slot::Unused {
                map.next_value::<IgnoredAny>()?;
            } else {
                object.put(slot, map.next_value()?);
            }
        }
        object.note_left(&self.0.schema, &mut self.0.unused);
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
