//! Rows of cells become a piece: typed columns, and rejects of what could not be read.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use qingfeng_rules::{Field, FieldId, Kind, Part, Reading, Schema};

use super::assemble::id_at;
use super::cell::{self, number_code, number_text};
use super::changes::Changes;
use super::coded::CodedColumns;
use super::column::Column;
use super::lines::{Place, Position, arrow_schema};
use super::reject::{Problem, Reject, RejectKind, shown};
use super::scatter::id_hash;

/// Lines read from one stretch of an input. Pieces are cut anywhere; the assembler makes chunks of them.
///
/// A piece depends on its stretch only, so pieces can be made by several threads.
#[derive(Debug)]
pub struct Piece {
    /// The lines. Items may lack their numbers.
    pub batch: RecordBatch,
    pub places: Vec<Place>,
    pub rejects: Vec<PieceReject>,
    /// About the number of bytes that the lines need.
    pub bytes: usize,
    /// The lines whose declaration is another one than that of the line before, the first line among them.
    pub starts: Vec<Start>,
    /// What was done to cells.
    pub changes: Changes,
    /// The numbers of texts, where they are known.
    pub(super) coded: CodedColumns,
}

/// The batch with other ids of declarations, where `ids` has them.
pub(super) fn with_ids(batch: &RecordBatch, ids: &[Option<String>], declaration: FieldId) -> RecordBatch {
    let (schema, mut columns, _) = batch.clone().into_parts();
    let column = &mut columns[declaration.index()];
    let named = ids.iter().enumerate().map(|(line, id)| match id {
        Some(id) => Some(Cow::Borrowed(id.as_str())),
        None => Some(id_at(column, line)),
    });
    let named: StringArray = named.collect();
    *column = Arc::new(named);
    #[expect(clippy::expect_used, reason = "the column has the length and type of the one that it replaces")]
    RecordBatch::try_new(schema, columns).expect("the column fits")
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
        let (changes, coded) = (Changes::default(), CodedColumns::new());
        Self { batch, places, rejects, bytes, starts, changes, coded }
    }

    /// The same with what was done to cells.
    pub fn changed(self, changes: Changes) -> Self {
        Self { changes, ..self }
    }

    /// The same with the numbers of texts.
    pub(super) fn coded(self, coded: CodedColumns) -> Self {
        Self { coded, ..self }
    }

    /// The lines of which everything could be read; the others are rejected for the first thing that could not.
    pub(super) fn of_readable(self, declaration: FieldId) -> Self {
        if self.rejects.iter().all(|reject| reject.extent == Extent::Lost) {
            return self;
        }
        let Self { batch, places, mut rejects, bytes, changes, .. } = self;
        rejects.dedup_by_key(|reject| reject.place);
        let mut is_readable = vec![true; places.len()];
        let mut lost = 0;
        for reject in &mut rejects {
            let line = reject.before;
            reject.before -= lost;
            if reject.extent != Extent::Lost {
                is_readable[line] = false;
                reject.extent = Extent::Lost;
                lost += 1;
            }
        }
        let kept =
            places.into_iter().zip(&is_readable).filter(|(_, kept)| **kept).map(|(place, _)| place).collect();
        #[expect(clippy::expect_used, reason = "the mask was made for this batch")]
        let batch =
            filter_record_batch(&batch, &BooleanArray::from(is_readable)).expect("the mask has its length");
        Self::new(batch, kept, rejects, bytes, declaration).changed(changes)
    }

    /// The lines whose declaration could not be read, rising.
    pub(super) fn unnamed(&self) -> impl Iterator<Item = usize> + '_ {
        let unnamed = |reject: &&PieceReject| reject.extent == Extent::Line && reject.declaration.is_none();
        self.rejects.iter().filter(unnamed).map(|reject| reject.before)
    }

    /// The lines before one and those from it on.
    pub(super) fn split_at(self, line: usize, declaration: FieldId) -> (Self, Self) {
        let Self { batch, mut places, mut rejects, bytes, changes, .. } = self;
        let rest = batch.slice(line, batch.num_rows() - line);
        let rest_places = places.split_off(line);
        let mut rest_rejects = rejects.split_off(rejects.partition_point(|reject| reject.before < line));
        rest_rejects.iter_mut().for_each(|reject| reject.before -= line);
        let before = Self::new(batch.slice(0, line), places, rejects, bytes, declaration);
        (before.changed(changes), Self::new(rest, rest_places, rest_rejects, 0, declaration))
    }

    /// These lines and then those of another piece.
    pub(super) fn followed_by(self, other: Self, declaration: FieldId) -> Self {
        let lines = self.places.len();
        #[expect(
            clippy::expect_used,
            reason = "both have the schema, and a few lines are put before a piece"
        )]
        let batch =
            concat_batches(&self.batch.schema(), [&self.batch, &other.batch]).expect("both fit together");
        let places = [self.places, other.places].concat();
        let mut rejects = self.rejects;
        rejects.extend(
            other.rejects.into_iter().map(|reject| PieceReject { before: reject.before + lines, ..reject }),
        );
        let mut changes = self.changes;
        changes.add(other.changes);
        Self::new(batch, places, rejects, self.bytes + other.bytes, declaration).changed(changes)
    }

    /// Gives lines other declarations, where `ids` has them.
    pub(super) fn rename(&mut self, ids: &[Option<String>], declaration: FieldId) {
        for reject in &mut self.rejects {
            if let Some(Some(id)) = ids.get(reject.before)
                && reject.extent == Extent::Line
            {
                reject.declaration = Some(id.clone());
                reject.reject.declaration_id = Some(shown(id));
            }
        }
        let (places, rejects) = (std::mem::take(&mut self.places), std::mem::take(&mut self.rejects));
        let batch = with_ids(&self.batch, ids, declaration);
        let changes = std::mem::take(&mut self.changes);
        *self = Self::new(batch, places, rejects, self.bytes, declaration).changed(changes);
    }
}

/// A reject and its place among the lines of its piece.
#[derive(Debug)]
pub struct PieceReject {
    /// The number of lines of the piece that stand before it.
    pub before: usize,
    pub place: Place,
    /// How much of its line could not be read.
    pub extent: Extent,
    /// The declaration's whole id, if it could be read.
    pub declaration: Option<String>,
    pub reject: Reject,
}

/// How much of a line could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The value of a field; the line is kept without it.
    Field(FieldId),
    /// All but its declaration; a line without values stands in its place.
    Line,
    /// The line is left out.
    Lost,
}

/// A cell as an input has it.
pub enum Cell<'a> {
    Missing,
    Text(Cow<'a, str>),
    /// A number that may have lost digits: codes are not made of it.
    Number(f64),
    /// A cell that is no text at all: invalid bytes, a list.
    Bad {
        value: String,
        problem: Problem,
    },
}

impl<'a> Cell<'a> {
    /// What a field takes of a cell that holds several.
    pub fn part(self, part: Part) -> Self {
        let taken = match &self {
            Self::Text(Cow::Borrowed(text)) => cell::part(part, text),
            Self::Text(text) => cell::part(part, text).map(|part| part.into_owned().into()),
            Self::Number(number) => {
                cell::part(part, &number_text(*number)).map(|part| part.into_owned().into())
            }
            Self::Missing | Self::Bad { .. } => return self,
        };
        taken
            .map_or_else(|problem| Self::Bad { value: self.shown().unwrap_or_default(), problem }, Self::Text)
    }

    /// What stands in the cell, for people.
    fn shown(&self) -> Option<String> {
        match self {
            Self::Missing => None,
            Self::Text(text) => (!text.trim().is_empty()).then(|| shown(text)),
            Self::Number(number) if number.is_finite() => Some(number_text(*number)),
            Self::Number(number) => Some(number.to_string()),
            Self::Bad { value, .. } => Some(value.clone()),
        }
    }

    /// Appends the value of the cell, or says what stands there and why it is none.
    fn push_to(self, column: &mut Column) -> Result<(), (Option<String>, Problem)> {
        let pushed = match &self {
            Self::Missing => column.push_missing(),
            Self::Text(text) => column.push(text),
            Self::Number(number) => column.push_number(*number),
            Self::Bad { .. } => Ok(()),
        };
        match self {
            Self::Bad { value, problem } => Err((Some(value), problem)),
            cell => pushed.map_err(|problem| (cell.shown(), problem)),
        }
    }
}

/// The id of a declaration that is a line without a readable id.
pub(crate) fn unnamed(input: &str, position: Position) -> String {
    format!("{input}, {position}")
}

/// The lines and rejects of a piece while it grows.
pub struct Rows {
    schema: Arc<Schema>,
    arrow: SchemaRef,
    input: String,
    input_number: u32,
    columns: Vec<Column>,
    /// The fields that the input can have, by their numbers; the others are missing on all lines.
    present: Vec<usize>,
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
            present: (0..schema.fields().len()).collect(),
            schema,
            input: input.to_owned(),
            input_number,
            places: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// Appends a line; `cell` gives the cells of each field by its number, one for each source, until there are no more:
    /// what one leaves empty the next one may have. A cell that cannot be read is missing in the line and has a reject;
    /// without the declaration's id nothing of the line counts.
    pub fn push<'a>(&mut self, position: Position, mut cell: impl FnMut(usize, usize) -> Option<Cell<'a>>) {
        let (lines, rejects) = (self.places.len(), self.rejects.len());
        for which in 0..self.present.len() {
            let at = self.present[which];
            let column = &mut self.columns[at];
            let mut pushed = cell(at, 0).unwrap_or(Cell::Missing).push_to(column);
            let mut source = 1;
            while match &pushed {
                Ok(()) => column.is_last_missing(),
                Err((_, problem)) => problem.kind == RejectKind::Missing,
            } {
                let Some(next) = cell(at, source) else { break };
                column.truncate(lines);
                pushed = next.push_to(column);
                source += 1;
            }
            let Err((value, problem)) = pushed else { continue };
            let field = column.field().name.clone();
            let id = self.schema.declaration;
            if at == id.index() {
                self.present[..which].iter().for_each(|&at| self.columns[at].truncate(lines));
                self.rejects.truncate(rejects);
                let declaration = self.declaration(cell(at, 0));
                return self.reject(position, declaration, Some(field), value, problem);
            }
            column.push_null();
            let extent = Extent::Field(FieldId(at as u16));
            let declaration = self.declaration(cell(id.index(), 0));
            self.note(position, extent, declaration, Some(field), value, problem);
        }
        self.places.push(Place { input: self.input_number, position });
    }

    /// The canonical id in a cell of a rejected line.
    pub fn declaration(&mut self, cell: Option<Cell<'_>>) -> Option<String> {
        self.declaration.truncate(0);
        let text = match cell? {
            Cell::Text(text) => text,
            Cell::Number(number) => number_code(number).ok()?.into(),
            Cell::Missing | Cell::Bad { .. } => return None,
        };
        self.declaration.push(&text).ok()?;
        match self.declaration.last_text() {
            Some(id) => Some(id.to_owned()),
            None => Some(text.trim().to_owned()),
        }
    }

    /// Appends a line with nothing readable but its declaration; where that could not be read either, it is a
    /// declaration of its own, named by its place.
    pub fn reject(
        &mut self,
        position: Position,
        declaration: Option<String>,
        field: Option<String>,
        value: Option<String>,
        problem: Problem,
    ) {
        let id = self.schema.declaration.index();
        if !matches!(self.schema.fields()[id].kind, Kind::Text | Kind::Code) {
            return self.note(position, Extent::Lost, declaration, field, value, problem);
        }
        for &at in &self.present {
            let column = &mut self.columns[at];
            if at == id {
                column.push_as_is(&declaration.clone().unwrap_or_else(|| unnamed(&self.input, position)));
            } else {
                column.push_null();
            }
        }
        self.note(position, Extent::Line, declaration, field, value, problem);
        self.places.push(Place { input: self.input_number, position });
    }

    fn note(
        &mut self,
        position: Position,
        extent: Extent,
        declaration: Option<String>,
        field: Option<String>,
        value: Option<String>,
        problem: Problem,
    ) {
        self.rejects.push(PieceReject {
            before: self.places.len(),
            place: Place { input: self.input_number, position },
            extent,
            reject: Reject::new(&self.input, position, problem)
                .of(declaration.as_deref().map(shown))
                .at(field, value),
            declaration,
        });
    }

    /// The piece of all lines so far; the next one begins.
    pub fn finish(&mut self, bytes: usize) -> Piece {
        let lines = self.places.len();
        let mut present = self.present.iter().peekable();
        let columns = self.columns.iter_mut().enumerate().map(|(at, column)| {
            if present.next_if_eq(&&at).is_some() { column.finish() } else { column.absent(lines) }
        });
        let columns = columns.collect();
        #[expect(
            clippy::expect_used,
            reason = "columns have the types of the schema and grow by whole lines"
        )]
        let batch = RecordBatch::try_new(Arc::clone(&self.arrow), columns).expect("columns fit the schema");
        let places = std::mem::take(&mut self.places);
        self.places.reserve(places.len());
        let mut changes = Changes::default();
        for (at, column) in self.columns.iter_mut().enumerate() {
            changes.add(column.take_changes().of_field(at));
        }
        let rejects = std::mem::take(&mut self.rejects);
        Piece::new(batch, places, rejects, bytes, self.schema.declaration).changed(changes)
    }

    /// The input has columns for these fields alone, and perhaps separates cells by semicolons.
    pub fn read_as(mut self, present: Vec<usize>, semicolons: bool) -> Self {
        self.present = present;
        if semicolons {
            let fields = self.schema.fields().iter();
            let fields = fields.map(|field| Field {
                reading: Reading { semicolons, ..field.reading.clone() },
                ..field.clone()
            });
            self.columns = fields.map(|field| Column::new(&field)).collect();
        }
        self
    }
}
