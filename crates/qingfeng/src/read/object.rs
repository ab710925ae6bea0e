//! A declaration as an object, whether JSON has it or a program made it: what its keys stand for, and how the object
//! and its items become goods lines. Both ways go through here, so that they read alike.

use std::sync::Arc;

use qingfeng_rules::Schema;

use super::lines::Position;
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

pub(super) fn cell<'a, V: Entry<'a>>(entry: Option<V>) -> Cell<'a> {
    entry.map_or(Cell::Missing, V::cell)
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Field(usize),
    Items,
    Unused,
}

impl Slot {
    #[cold]
    pub(super) fn of(schema: &Schema, key: &str) -> Self {
        match schema.field_of_header(key) {
            Some(field) => Self::Field(field.index()),
            None if key == ITEMS => Self::Items,
            None => Self::Unused,
        }
    }
}

/// An object: the value of each field, and what stands under the name of the list of goods lines.
pub(super) struct Object<V> {
    pub(super) cells: Vec<Option<V>>,
    pub(super) items: Option<V>,
    /// What two of its keys stand for.
    twice: Option<Slot>,
}

impl<V: Copy> Object<V> {
    pub(super) fn new(schema: &Schema) -> Self {
        Self { cells: vec![None; schema.fields().len()], items: None, twice: None }
    }

    pub(super) fn put(&mut self, slot: Slot, value: V) {
        let place = match slot {
            Slot::Field(field) => &mut self.cells[field],
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

    /// Whether each of its keys stands for something else.
    pub(super) fn check(&self, schema: &Schema) -> Result<(), Problem> {
        let name = match self.twice {
            None => return Ok(()),
            Some(Slot::Field(field)) => schema.fields()[field].name.as_str(),
            Some(_) => ITEMS,
        };
        Err(Problem::conflict(format!("two keys stand for `{name}`; leave one of them out")))
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
            let id = match cell(self.header.cells[self.schema.declaration.index()]) {
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
        if self.header.cells[declaration].is_none() {
            self.same_declaration(cell(item.cells[declaration]))?;
        }
        let header = self.header;
        self.rows.push(position, |field| cell(item.cells[field].or(header.cells[field])));
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
