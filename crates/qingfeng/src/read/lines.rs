//! Goods lines in typed columns, and the places they were read from.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};
use qingfeng_rules::{Date, FieldId, Kind, Schema};
use serde::{Serialize, Serializer};

use super::coded::CodedColumns;
use super::reject::{Problem, Reject, RejectKind};

/// Where in its input a goods line stands. Of a declaration that a program hands over, and of a JSON message, only the
/// items are counted: their line is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// The physical line of a text file. The first line, mostly the header, is 1.
    Line(u64),
    /// The row of a Parquet or Arrow table. The first row is 1.
    Row(u64),
    /// An item of a declaration that stands on one line of a text file, as nested JSON has it.
    Item {
        /// The physical line of the declaration, from 1.
        line: u64,
        /// The item in the declaration's list, from 1.
        item: u32,
    },
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(0) => f.write_str("as a whole"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
            Self::Item { line: 0, item } => write!(f, "item {item}"),
            Self::Item { line, item } => write!(f, "line {line}, item {item}"),
        }
    }
}

impl Serialize for Position {
    /// As people read it: `line 5`, `row 7`, `line 5, item 2`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a goods line was read: an input, by its number in the order given to the reader, and a position in it.
///
/// Places are ordered as the lines were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The number of the input, from 0.
    pub input: u32,
    /// The position in the input.
    pub position: Position,
}

/// What of a goods line could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// The line, by its position.
    pub line: usize,
    /// The field whose value could not be read; `None` if nothing but the declaration's id could.
    pub field: Option<FieldId>,
    /// What is wrong, with the value as it stands in the input.
    pub reject: Reject,
}

impl Place {
    /// The place with the name of its input, if that is one of these.
    #[cfg(feature = "tools")]
    pub(crate) fn within(&self, inputs: &[super::Input]) -> String {
        match inputs.get(self.input as usize) {
            Some(input) => format!("{input}, {}", self.position),
            None => self.position.to_string(),
        }
    }
}

/// Goods lines with one column for each field of the schema, in the schema's order and named as the fields are.
///
/// The columns have canonical Arrow types: text and codes are `Utf8`, integers `Int64`, numbers `Float64` (always
/// finite, and never -0.0), flags `Boolean`, dates `Date32` (days in the years 1 to 9999). Values are in their
/// canonical form: text without blanks around it, codes in upper case and as their code list writes them, nothing
/// outside a field's `min` and `max`. An empty text is missing (null). A field that the input has no column for is
/// all null. Values that could not be read are null and stand in [`Lines::unreadable`]; but for them required fields have
/// no nulls, and where the schema has an item field that has none either.
///
/// The lines of one declaration are contiguous.
#[derive(Clone, Debug)]
pub struct Lines {
    batch: RecordBatch,
    starts: Arc<[u32]>,
    places: Arc<[Place]>,
    unreadable: Arc<[Unreadable]>,
    coded: Arc<CodedColumns>,
}

impl Lines {
    /// No lines, with the columns of this schema.
    pub fn empty(schema: &Schema) -> Self {
        Self::new(RecordBatch::new_empty(arrow_schema(schema)), vec![0], Vec::new(), Vec::new())
    }

    pub(crate) fn new(
        batch: RecordBatch,
        starts: Vec<u32>,
        places: Vec<Place>,
        unreadable: Vec<Unreadable>,
    ) -> Self {
        debug_assert_eq!(batch.num_rows(), places.len());
        debug_assert_eq!(starts.last().copied(), u32::try_from(places.len()).ok());
        debug_assert!(unreadable.is_sorted_by_key(|of| of.line));
        let coded = Arc::default();
        Self { batch, starts: starts.into(), places: places.into(), unreadable: unreadable.into(), coded }
    }

    /// The same with the numbers of texts.
    pub(crate) fn coded(self, coded: CodedColumns) -> Self {
        Self { coded: coded.into(), ..self }
    }

    /// The numbers of the texts of each field, where they are known.
    pub(crate) fn coded_columns(&self) -> &Arc<CodedColumns> {
        &self.coded
    }

    /// The lines of one declaration alone. It shares the memory of the batch.
    pub(crate) fn part(&self, declaration: Range<usize>) -> Self {
        let batch = self.batch.slice(declaration.start, declaration.len());
        let starts = vec![0, declaration.len() as u32];
        let of = self.unreadable_in(&declaration);
        let unreadable = of.iter().map(|of| Unreadable { line: of.line - declaration.start, ..of.clone() });
        Self::new(batch, starts, self.places[declaration.clone()].to_vec(), unreadable.collect())
    }

    /// The number of goods lines.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The columns, one for each field of the schema, in its order.
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The column of a field.
    pub fn column(&self, field: FieldId) -> &ArrayRef {
        self.batch.column(field.index())
    }

    /// The column of a field of text or codes, or `None` if the field is of another kind.
    pub fn text(&self, field: FieldId) -> Option<&StringArray> {
        self.column(field).as_string_opt()
    }

    /// The number of declarations.
    pub fn declaration_count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The lines of each declaration, in order; each range has at least one line.
    pub fn declarations(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.starts.windows(2).map(|pair| pair[0] as usize..pair[1] as usize)
    }

    /// The first line of each declaration, and the number of lines at the end.
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// What could not be read, by line.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// The number of lines of which something could not be read.
    pub(crate) fn unreadable_lines(&self) -> u64 {
        self.unreadable.chunk_by(|one, next| one.line == next.line).count() as u64
    }

    /// The same of some lines.
    pub(crate) fn unreadable_in(&self, lines: &Range<usize>) -> &[Unreadable] {
        let at = |line: usize| self.unreadable.partition_point(|of| of.line < line);
        &self.unreadable[at(lines.start)..at(lines.end)]
    }

    /// The same lines as if a field that some of them lack could not be read there.
    pub(crate) fn without(&self, field: FieldId, lines: &[usize]) -> Self {
        let unread = lines.iter().map(|&line| {
            let problem = Problem::new(RejectKind::Missing, "");
            let reject = Reject::new("", self.places[line].position, problem);
            Unreadable { line, field: Some(field), reject }
        });
        let mut unreadable: Vec<Unreadable> = self.unreadable.iter().cloned().chain(unread).collect();
        unreadable.sort_by_key(|of| of.line);
        Self { unreadable: unreadable.into(), ..self.clone() }
    }

    /// The value of a field on a line, as people read it; `None` if it is missing.
    pub fn shown(&self, field: FieldId, line: usize) -> Option<String> {
        let column = self.column(field);
        (!column.is_null(line)).then(|| shown_at(column, line))
    }

    /// Where each line was read.
    pub fn places(&self) -> &[Place] {
        &self.places
    }
}

/// The value of a column on a line, which is not missing, as people read it.
pub(super) fn shown_at(column: &ArrayRef, line: usize) -> String {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(line).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(line).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(line).to_string(),
        DataType::Boolean => column.as_boolean().value(line).to_string(),
        _ => column
            .as_primitive_opt::<Date32Type>()
            .and_then(|days| Date::from_days(days.value(line)))
            .map_or_else(String::new, |day| day.to_string()),
    }
}

/// The canonical Arrow type of the values of a kind.
pub fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Code => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Number => DataType::Float64,
        Kind::Flag => DataType::Boolean,
        Kind::Date => DataType::Date32,
    }
}

/// The Arrow schema of [`Lines`]: a column for each field, in order. All columns are nullable.
pub fn arrow_schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter();
    let fields: Vec<_> =
        fields.map(|field| arrow_schema::Field::new(&field.name, data_type(field.kind), true)).collect();
    Arc::new(arrow_schema::Schema::new(fields))
}
