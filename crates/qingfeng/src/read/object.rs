//! A declaration as an object, whether JSON has it or a program made it: what its keys stand for, and how the object
//! and its items become goods lines. Both ways go through here, so that they read alike.

use std::sync::Arc;

use qingfeng_rules::{FieldId, Schema};

use super::cell::{self, number_text};
use super::lines::Position;
use super::reject::{Problem, shown};
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

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Field(usize),
    /// A box that holds several fields, by its number in the schema; the field, too, that has its name.
    Box(usize, Option<usize>),
    Items,
    Unused,
}

impl Slot {
    #[cold]
    pub(super) fn of(schema: &Schema, key: &str) -> Self {
        let field = schema.field_of_header(key).map(|field| field.index());
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
    cells: Vec<Option<V>>,
    /// Boxes that hold several fields.
    boxes: Vec<(usize, V)>,
    pub(super) items: Option<V>,
    /// What two of its keys stand for.
    twice: Option<Slot>,
}

impl<V: Copy> Object<V> {
    pub(super) fn new(schema: &Schema) -> Self {
        Self { cells: vec![None; schema.fields().len()], boxes: Vec::new(), items: None, twice: None }
    }

    pub(super) fn put(&mut self, slot: Slot, value: V) {
        let place = match slot {
            Slot::Field(field) => &mut self.cells[field],
            Slot::Box(of, field) => {
                if self.boxes.iter().any(|(known, _)| *known == of) {
                    self.repeats(slot);
                }
                self.boxes.push((of, value));
                match field {
                    Some(field) => &mut self.cells[field],
                    None => return,
                }
            }
            Slot::Items => &mut self.items,
            Slot::Unused => return,
        };
        if place.replace(value).is_some() {
            self.repeats(slot);
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
            Some(Slot::Field(field) | Slot::Box(_, Some(field))) => schema.fields()[field].name.as_str(),
            Some(Slot::Box(of, None)) => schema.box_name(of),
            Some(_) => ITEMS,
        };
        Err(Problem::conflict(format!("two keys stand for `{name}`; leave one of them out")))
    }
}

impl<'a, V: Entry<'a>> Object<V> {
    /// The cell of a field; of a declaration above this object where the object has none. A key of its own goes before a
    /// part of a box.
    pub(super) fn cell(&self, above: Option<&Self>, schema: &Schema, field: usize) -> Cell<'a> {
        let objects = || std::iter::once(self).chain(above);
        if let Some(value) = objects().find_map(|object| object.cells[field]) {
            return value.cell();
        }
        let parts = objects().flat_map(|object| &object.boxes);
        let part = parts
            .filter_map(|&(of, value)| Some((schema.part_of_box(of, FieldId(field as u16))?, value)))
            .next();
        let (part, text) = match part.map(|(part, value)| (part, value.cell())) {
            Some((part, Cell::Text(text))) => (part, text),
            Some((part, Cell::Number(number))) => (part, number_text(number).into()),
            Some((_, cell)) => return cell,
            None => return Cell::Missing,
        };
        match cell::part(part, &text) {
            Ok(part) => Cell::Text(part.into_owned().into()),
            Err(problem) => Cell::Bad { value: shown(&text), problem },
        }
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
        if let Err(problem) = object.and_then(|item| self.line(position, &item)) {
            let id = match self.header.cell(None, self.schema, self.schema.declaration.index()) {
                cell @ (Cell::Text(_) | Cell::Number(_)) => self.rows.declaration(cell),
                _ => None,
            };
            let id = id.or_else(|| self.id.clone());
            self.rows.reject(position, id, None, shown(), problem);
        }
    }

    fn line(&mut self, position: Position, item: &Object<V>) -> Result<(), Problem> {
        item.check(self.schema)?;
        if item.items.is_some() {
            return Err(Problem::conflict(format!("the item has `{ITEMS}` of its own; items have no items")));
        }
        let mut both = self.header.cells.iter().zip(&item.cells);
        let differs = both.position(|cells| match cells {
            (Some(above), Some(here)) => !above.is_same(*here),
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
            self.same_declaration(item.cell(None, self.schema, declaration))?;
        }
        let (header, schema) = (self.header, self.schema);
        self.rows.push(position, |field| item.cell(Some(header), schema, field));
        Ok(())
    }

    /// Whether an item that names its declaration names that of the items before it.
    fn same_declaration(&mut self, id: Cell<'_>) -> Result<(), Problem> {
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
