//! A declaration as an object, whether JSON has it or a program made it: what its keys stand for, and how the object
//! and its items become goods lines. Both ways go through here, so that they read alike.

use std::cmp::Ordering;
use std::sync::Arc;

use qingfeng_rules::{FieldId, Schema};

use super::bind::left_for;
use super::lines::Position;
use super::ndjson::note_unused;
use super::reject::Problem;
use super::rows::{Cell, Rows};

/// The key of a declaration's list of goods lines.
pub(super) const ITEMS: &str = "items";
/// The bytes of a key that is remembered at most.
pub(super) const KEY_BYTES_MAX: usize = 256;

/// The value of a key.
pub(super) trait Entry<'a>: Copy {
    /// What a field makes of it.
    fn cell(self) -> Cell<'a>;
    /// Whether both are written in the same way.
    fn is_same(self, other: Self) -> bool;
}

/// The rank of a value whose key is one of another field: each key of its own goes before it.
const SPARE: usize = usize::MAX;

/// A key that stands for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) field: usize,
    /// How the field prefers it to others, the best first.
    rank: usize,
    /// The field that takes its value where the field itself has a better key.
    spare: Option<usize>,
}

impl Key {
    fn name(self, schema: &Schema) -> &str {
        schema.header(FieldId(self.field as u16), self.rank)
    }

    /// Whether its value can go to another field.
    pub(super) fn has_spare(self) -> bool {
        self.spare.is_some()
    }
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Field(Key),
    /// A box that holds several fields, by its number in the schema; the field, too, that has its name.
    Box(usize, Option<Key>),
    Items,
    Unused,
}

impl Slot {
    #[cold]
    pub(super) fn of(schema: &Schema, key: &str) -> Self {
        let of_field = |field: FieldId| Key {
            field: field.index(),
            rank: schema.rank(field, key),
            spare: schema.spare_of_header(key).map(|field| field.index()),
        };
        let field = schema.field_of_header(key).map(of_field);
        match (schema.box_of_header(key), field) {
            (Some(of), field) => Self::Box(of, field),
            (None, Some(field)) => Self::Field(field),
            (None, None) if key == ITEMS => Self::Items,
            (None, None) => Self::Unused,
        }
    }
}

/// An object: the value of each field, and what stands under the name of the list of goods lines.
pub(super) struct Object<V> {
    cells: Vec<Option<(Key, V)>>,
    /// Boxes that hold several fields.
    boxes: Vec<(usize, V)>,
    pub(super) items: Option<V>,
    /// What two of its keys stand for alike.
    twice: Option<Slot>,
    /// Keys that are not read, with those that their fields prefer.
    left: Vec<(Key, Key)>,
}

impl<V: Copy> Object<V> {
    pub(super) fn new(schema: &Schema) -> Self {
        let cells = vec![None; schema.fields().len()];
        Self { cells, boxes: Vec::new(), items: None, twice: None, left: Vec::new() }
    }

    pub(super) fn put(&mut self, slot: Slot, value: V) {
        match slot {
            Slot::Field(key) => self.put_field(key, value),
            Slot::Box(of, key) => {
                if self.boxes.iter().any(|(known, _)| *known == of) {
                    self.repeats(slot);
                }
                self.boxes.push((of, value));
                if let Some(key) = key {
                    self.put_field(key, value);
                }
            }
            Slot::Items if self.items.replace(value).is_some() => self.repeats(slot),
            Slot::Items | Slot::Unused => {}
        }
    }

    fn put_field(&mut self, key: Key, value: V) {
        let place = &mut self.cells[key.field];
        let Some((known, before)) = *place else {
            *place = Some((key, value));
            return;
        };
        let (kept, left, value_left) = match key.rank.cmp(&known.rank) {
            Ordering::Equal => return self.repeats(Slot::Field(key)),
            Ordering::Less => {
                *place = Some((key, value));
                (key, known, before)
            }
            Ordering::Greater => (known, key, value),
        };
        self.left.push((left, kept));
        if let Some(spare) = left.spare {
            self.put_spare(spare, value_left);
        }
    }

    /// Gives a field a value that is not read by the field whose name its key has; a key of its own goes before it.
    fn put_spare(&mut self, field: usize, value: V) {
        self.cells[field].get_or_insert((Key { field, rank: SPARE, spare: None }, value));
    }

    /// Notes the keys that are not read, as the columns of a table are noted.
    pub(super) fn note_left(&self, schema: &Schema, unused: &mut Vec<String>) {
        let is_read_as = |field: usize| self.cells[field].is_some_and(|(key, _)| key.rank == SPARE);
        let left =
            self.left.iter().filter(|(left, _)| left.rank != SPARE && !left.spare.is_some_and(is_read_as));
        for (left, kept) in left {
            let field = FieldId(left.field as u16);
            note_unused(unused, &left_for(schema, field, left.name(schema), kept.name(schema)));
        }
    }

    /// Notes that two keys stand for the same.
    pub(super) fn repeats(&mut self, slot: Slot) {
        self.twice.get_or_insert(slot);
    }

    /// Whether a key stands for a field itself.
    pub(super) fn has(&self, field: usize) -> bool {
        self.cells[field].is_some()
    }

    /// Whether each of its keys stands for something else.
    pub(super) fn check(&self, schema: &Schema) -> Result<(), Problem> {
        let name = match self.twice {
            None => return Ok(()),
            Some(Slot::Field(key) | Slot::Box(_, Some(key))) => schema.fields()[key.field].name.as_str(),
            Some(Slot::Box(of, None)) => schema.box_name(of),
            Some(_) => ITEMS,
        };
        Err(Problem::conflict(format!("two keys stand for `{name}`; leave one of them out")))
    }
}

impl<'a, V: Entry<'a>> Object<V> {
    /// The cells of a field, the first one first; those of a declaration above this object where the object has none. A
    /// key of its own goes before the parts of boxes.
    pub(super) fn cell(
        &self,
        above: Option<&Self>,
        schema: &Schema,
        field: usize,
        source: usize,
    ) -> Option<Cell<'a>> {
        let objects = || std::iter::once(self).chain(above);
        let own = objects().find_map(|object| object.cells[field]);
        if let (Some((_, value)), 0) = (own, source) {
            return Some(value.cell());
        }
        let boxes = objects().flat_map(|object| &object.boxes);
        let mut parts =
            boxes.filter_map(|&(of, value)| Some((schema.part_of_box(of, FieldId(field as u16))?, value)));
        let (part, value) = parts.nth(source - usize::from(own.is_some()))?;
        Some(value.cell().part(part))
    }
}

/// Makes goods lines of the items of a declaration.
pub(super) struct Nested<'r, 'o, V> {
    rows: &'r mut Rows,
    schema: &'r Arc<Schema>,
    header: &'o Object<V>,
    /// The declaration's id, where the items have it and not the header.
    id: Option<String>,
}

impl<'a, 'r, 'o, V: Entry<'a>> Nested<'r, 'o, V> {
    pub(super) fn new(rows: &'r mut Rows, schema: &'r Arc<Schema>, header: &'o Object<V>) -> Self {
        Self { rows, schema, header, id: None }
    }

    /// Appends the line of an item; `object` has it as an object or says why it is none, `shown` shows it.
    pub(super) fn item(
        &mut self,
        position: Position,
        object: Result<Object<V>, Problem>,
        shown: impl FnOnce() -> Option<String>,
    ) {
        if let Err(problem) = object.and_then(|item| self.line(position, item)) {
            let id = self.header.cell(None, self.schema, self.schema.declaration.index(), 0);
            let id = self.rows.declaration(id);
            let id = id.or_else(|| self.id.clone());
            self.rows.reject(position, id, None, shown(), problem);
        }
    }

    fn line(&mut self, position: Position, mut item: Object<V>) -> Result<(), Problem> {
        item.check(self.schema)?;
        for field in 0..item.cells.len() {
            if let (Some((better, _)), Some((key, value))) = (self.header.cells[field], item.cells[field])
                && let Some(spare) = key.spare.filter(|_| better.rank < key.rank)
            {
                item.cells[field] = None;
                item.put_spare(spare, value);
            }
        }
        if item.items.is_some() {
            return Err(Problem::conflict(format!("the item has `{ITEMS}` of its own; items have no items")));
        }
        let mut both = self.header.cells.iter().zip(&item.cells);
        let differs = both.position(|cells| match cells {
            (Some((_, above)), Some((_, here))) => !above.is_same(*here),
            _ => false,
        });
        if let Some(field) = differs {
            let name = &self.schema.fields()[field].name;
            return Err(Problem::conflict(format!(
                "the item and its declaration have different values of `{name}`; leave one of them out"
            )));
        }
        let declaration = self.schema.declaration.index();
        if !self.header.has(declaration) {
            self.same_declaration(item.cell(None, self.schema, declaration, 0))?;
        }
        let (header, schema) = (self.header, self.schema);
        self.rows.push(position, |field, source| item.cell(Some(header), schema, field, source));
        Ok(())
    }

    /// Whether an item that names its declaration names that of the items before it.
    fn same_declaration(&mut self, id: Option<Cell<'_>>) -> Result<(), Problem> {
        let Some(id) = self.rows.declaration(id) else { return Ok(()) };
        match &self.id {
            Some(known) if *known != id => {
                let name = &self.schema[self.schema.declaration].name;
                Err(Problem::conflict(format!(
                    "the items of one declaration have different values of `{name}`; give each declaration an \
                     object of its own"
                )))
            }
            Some(_) => Ok(()),
            None => {
                self.id = Some(id);
                Ok(())
            }
        }
    }
}
