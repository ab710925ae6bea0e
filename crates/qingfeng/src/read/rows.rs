//! Rows of cells become a piece: typed columns of the lines that could be read, and rejects of the others.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use qingfeng_rules::{FieldId, Schema};

use super::assemble::id_at;
use super::column::Column;
use super::lines::{Place, Position, arrow_schema};
use super::reject::{Problem, Reject, shown};
use super::scatter::id_hash;

/// Lines read from one stretch of an input. Pieces are cut anywhere; the assembler makes chunks of them.
///
/// A piece depends on its stretch only, so pieces can be made by several threads.
#[derive(Debug)]
pub struct Piece {
    /// The lines that could be read. Items may lack their numbers.
    pub batch: RecordBatch,
    pub places: Vec<Place>,
    pub rejects: Vec<PieceReject>,
    /// About the number of bytes that the lines need.
    pub bytes: usize,
    /// The lines whose declaration is another one than that of the line before, the first line among them.
    pub starts: Vec<Start>,
}

/// A line with which a declaration may start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub line: usize,
    /// The hash of the declaration's id.
    pub hash: u64,
}

impl Piece {
    /// A piece of these lines; `declaration` is the field of the declarations' ids.
    pub fn new(
        batch: RecordBatch,
        places: Vec<Place>,
        rejects: Vec<PieceReject>,
        bytes: usize,
        declaration: FieldId,
    ) -> Self {
        let ids = batch.column(declaration.index());
        let mut starts = Vec::new();
        if let Some(ids) = ids.as_string_opt::<i32>() {
            let mut last = None;
            for line in 0..ids.len() {
                let id = ids.value(line);
                if last != Some(id) {
                    last = Some(id);
                    starts.push(Start { line, hash: id_hash(id) });
                }
            }
        } else {
            let mut last = None;
            for line in 0..ids.len() {
                let id = id_at(ids, line);
                if last.as_ref() != Some(&id) {
                    starts.push(Start { line, hash: id_hash(&id) });
                    last = Some(id);
                }
            }
        }
        Self { batch, places, rejects, bytes, starts }
    }
}

/// A reject and its place among the lines of its piece.
#[derive(Debug)]
pub struct PieceReject {
    /// The number of lines of the piece that stand before it.
    pub before: usize,
    pub place: Place,
    /// The declaration's whole id, if it could be read.
    pub declaration: Option<String>,
    pub reject: Reject,
}

/// A cell as an input has it.
pub enum Cell<'a> {
    Missing,
    Text(Cow<'a, str>),
    /// A cell that is no text at all: invalid bytes, a list.
    Bad {
        value: String,
        problem: Problem,
    },
}

/// The lines and rejects of a piece while it grows.
pub struct Rows {
    schema: Arc<Schema>,
    arrow: SchemaRef,
    input: String,
    input_number: u32,
    columns: Vec<Column>,
    places: Vec<Place>,
    rejects: Vec<PieceReject>,
    /// For the ids of rejected lines.
    declaration: Column,
}

impl Rows {
    pub fn new(schema: Arc<Schema>, input: &str, input_number: u32) -> Self {
        Self {
            arrow: arrow_schema(&schema),
            columns: schema.fields().iter().map(Column::new).collect(),
            declaration: Column::new(&schema[schema.declaration]),
            schema,
            input: input.to_owned(),
            input_number,
            places: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// Appends a line; `cell` gives the cell of each field by its number. A line with a bad cell is rejected for
    /// the first one in the order of the schema.
    pub fn push<'a>(&mut self, position: Position, mut cell: impl FnMut(usize) -> Cell<'a>) {
        let lines = self.places.len();
        for at in 0..self.columns.len() {
            let column = &mut self.columns[at];
            let (value, problem) = match cell(at) {
                Cell::Missing => match column.push_missing() {
                    Ok(()) => continue,
                    Err(problem) => (None, problem),
                },
                Cell::Text(text) => match column.push(&text) {
                    Ok(()) => continue,
                    Err(problem) => ((!text.trim().is_empty()).then(|| shown(&text)), problem),
                },
                Cell::Bad { value, problem } => (Some(value), problem),
            };
            let field = column.field().name.clone();
            for column in &mut self.columns[..at] {
                column.truncate(lines);
            }
            let declaration = self.declaration(cell(self.schema.declaration.index()));
            self.reject(position, declaration, Some(field), value, problem);
            return;
        }
        self.places.push(Place { input: self.input_number, position });
    }

    /// The canonical id in a cell of a rejected line.
    pub fn declaration(&mut self, cell: Cell<'_>) -> Option<String> {
        let Cell::Text(text) = cell else { return None };
        self.declaration.truncate(0);
        self.declaration.push(&text).ok()?;
        match self.declaration.last_text() {
            Some(id) => Some(id.to_owned()),
            None => Some(text.trim().to_owned()),
        }
    }

    /// Appends a reject.
    pub fn reject(
        &mut self,
        position: Position,
        declaration: Option<String>,
        field: Option<String>,
        value: Option<String>,
        problem: Problem,
    ) {
        self.rejects.push(PieceReject {
            before: self.places.len(),
            place: Place { input: self.input_number, position },
            reject: Reject::new(&self.input, position, problem)
                .of(declaration.as_deref().map(shown))
                .at(field, value),
            declaration,
        });
    }

    /// The piece of all lines so far; the next one begins.
    pub fn finish(&mut self, bytes: usize) -> Piece {
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        #[expect(
            clippy::expect_used,
            reason = "columns have the types of the schema and grow by whole lines"
        )]
        let batch = RecordBatch::try_new(Arc::clone(&self.arrow), columns).expect("columns fit the schema");
        let places = std::mem::take(&mut self.places);
        self.places.reserve(places.len());
        Piece::new(batch, places, std::mem::take(&mut self.rejects), bytes, self.schema.declaration)
    }
}
