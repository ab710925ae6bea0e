//! Tables of any Arrow types, bound to the fields of a schema.
//!
//! Columns find their fields by header, and their values are brought to the canonical types line by line: text into
//! numbers and dates, dictionaries, decimals, timestamps into days, whole numbers into codes. A value that does not
//! fit rejects its line and no other.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema as ArrowSchema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use qingfeng_rules::{Field, Schema};

use crate::read::cast::{self, Bad};
use crate::read::{
    Chunk, Column, NOTED_COLUMNS, Piece, PieceReject, Place, Position, Reject, arrow_schema, id_at,
    one_chunk, shown,
};

/// The rows of a table that are cast at once.
const ROWS: usize = 8192;

/// The columns of a table do not fit the schema, or its rows do not fit into one chunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input}: {reason}")]
pub struct BindError {
    input: String,
    reason: String,
}

impl BindError {
    fn new(input: &str, reason: impl Into<String>) -> Self {
        Self { input: input.to_owned(), reason: reason.into() }
    }

    /// The input whose columns do not fit.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// What does not fit, and what would.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Which column of a table fills which field of a schema.
#[derive(Clone, Debug)]
pub struct Binding {
    schema: Arc<Schema>,
    arrow: SchemaRef,
    input: String,
    /// For each field its column.
    columns: Vec<Option<usize>>,
    unused: Vec<String>,
}

impl Binding {
    /// Binds the columns of a table; `input` names the table in errors and rejects.
    ///
    /// # Errors
    ///
    /// Two columns for one field, no column for a required field, or a column of a type that cannot hold the field's
    /// values (a list, a structure).
    pub fn new(schema: Arc<Schema>, table: &ArrowSchema, input: &str) -> Result<Self, BindError> {
        let headers: Vec<String> = table.fields().iter().map(|field| field.name().clone()).collect();
        let Columns { columns, unused } = columns(&schema, &headers, input)?;
        for (field, column) in schema.fields().iter().zip(&columns) {
            let Some(column) = column.map(|column| table.field(column)) else { continue };
            if let Err(remedy) = cast::check(column.data_type()) {
                let (header, found) = (column.name(), column.data_type());
                return Err(BindError::new(
                    input,
                    format!("the column `{header}` for `{}` is of type {found}; {remedy}", field.name),
                ));
            }
        }
        Ok(Self { arrow: arrow_schema(&schema), schema, input: input.into(), columns, unused })
    }

    /// For each field of the schema the number of its column in the table.
    pub fn columns(&self) -> &[Option<usize>] {
        &self.columns
    }

    /// The columns that no field claims, in order; the first 100.
    pub fn unused_columns(&self) -> &[String] {
        &self.unused
    }

    /// The names of the fields that have no column.
    pub fn absent_fields(&self) -> Vec<String> {
        absent(&self.schema, &self.columns)
    }

    /// All lines of a batch of the table as one chunk. The positions are rows of the batch, the input is number 0.
    ///
    /// The lines of one declaration must be adjacent; where they are not, each run of lines is a declaration. Missing
    /// numbers of items are counted, and lines of a declaration beyond `max_declaration_lines` are rejected.
    ///
    /// # Errors
    ///
    /// A column with more text than an Arrow array of type `Utf8` holds, 2 GiB.
    pub fn chunk(&self, batch: &RecordBatch, max_declaration_lines: usize) -> Result<Chunk, BindError> {
        let mut caster = self.caster();
        let pieces = (0..batch.num_rows()).step_by(ROWS).map(|first| {
            let rows = batch.slice(first, ROWS.min(batch.num_rows() - first));
            caster.piece(&rows, 0, first as u64 + 1)
        });
        one_chunk(&self.schema, &self.input, max_declaration_lines, pieces).map_err(|error| {
            BindError::new(
                &self.input,
                format!("the rows do not fit into one batch ({error}); give fewer at once"),
            )
        })
    }

    /// What casts the rows of this table.
    pub(crate) fn caster(&self) -> Caster {
        Caster { binding: self.clone(), columns: self.schema.fields().iter().map(Column::new).collect() }
    }

    /// The same binding for a table that has only the bound columns, in their order.
    pub(crate) fn projected(mut self) -> (Self, Vec<usize>) {
        let mut kept: Vec<usize> = self.columns.iter().flatten().copied().collect();
        kept.sort_unstable();
        for column in self.columns.iter_mut().flatten() {
            *column = kept.partition_point(|kept| kept < column);
        }
        (self, kept)
    }
}

/// A column of a batch, cast to its field.
pub(crate) struct CastColumn {
    pub(crate) array: ArrayRef,
    /// The values that are none of the field, with their rows, in order; they are missing in the array.
    pub(crate) bad: Vec<(usize, Bad)>,
    /// The bytes that the column had before.
    pub(crate) bytes: usize,
}

impl CastColumn {
    /// Casts `rows` values, or makes as many missing ones. `column` is empty before and after.
    pub(crate) fn new(source: Option<&ArrayRef>, rows: usize, column: &mut Column) -> Self {
        let mut bad = Vec::new();
        let array = cast::column(source, rows, column, &mut |row, problem| bad.push((row, problem)));
        Self { array, bad, bytes: source.map_or(0, |source| source.get_array_memory_size()) }
    }
}

/// Casts the rows of a table, batch by batch.
#[derive(Debug)]
pub(crate) struct Caster {
    binding: Binding,
    columns: Vec<Column>,
}

impl Caster {
    /// The rows of a batch, the first of which is the row `first` of the input.
    pub(crate) fn piece(&mut self, batch: &RecordBatch, input_number: u32, first: u64) -> Piece {
        let rows = batch.num_rows();
        let columns = self.binding.columns.iter().zip(&mut self.columns);
        let columns = columns
            .map(|(source, column)| CastColumn::new(source.map(|source| batch.column(source)), rows, column));
        let columns = columns.collect();
        self.binding.piece(columns, rows, input_number, first)
    }
}

impl Binding {
    /// The schema whose fields the columns are bound to.
    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The piece of these columns, one for each field; the first row is the row `first` of the input.
    pub(crate) fn piece(
        &self,
        columns: Vec<CastColumn>,
        rows: usize,
        input_number: u32,
        first: u64,
    ) -> Piece {
        let Self { schema, arrow, input, .. } = self;
        let mut bad: Vec<(usize, usize, Bad)> = Vec::new();
        let mut bytes = 0;
        let mut cast = Vec::with_capacity(columns.len());
        for (field, column) in columns.into_iter().enumerate() {
            cast.push(column.array);
            bytes += column.bytes;
            bad.extend(column.bad.into_iter().map(|(row, problem)| (row, field, problem)));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        #[expect(clippy::expect_used, reason = "every column was cast to the type and number of rows wanted")]
        let cast = RecordBatch::try_new_with_options(Arc::clone(arrow), cast, &options)
            .expect("columns fit the schema");
        let place = |row: usize| Place { input: input_number, position: Position::Row(first + row as u64) };
        if bad.is_empty() {
            let places = (0..rows).map(place).collect();
            return Piece::new(cast, places, Vec::new(), bytes, schema.declaration);
        }

        // The first bad field of each row counts.
        bad.sort_by_key(|(row, field, _)| (*row, *field));
        bad.dedup_by_key(|(row, ..)| *row);
        let ids = cast.column(schema.declaration.index());
        let mut kept = vec![true; rows];
        let mut rejects = Vec::with_capacity(bad.len());
        for (rejected, (row, field, Bad { value, reason })) in bad.into_iter().enumerate() {
            kept[row] = false;
            let declaration = (!ids.is_null(row)).then(|| id_at(ids, row).into_owned());
            rejects.push(PieceReject {
                before: row - rejected,
                place: place(row),
                reject: Reject {
                    input: input.clone(),
                    position: place(row).position,
                    declaration_id: declaration.as_deref().map(shown),
                    field: Some(schema.fields()[field].name.clone()),
                    value: value.as_deref().map(shown),
                    reason,
                },
                declaration,
            });
        }
        let places = (0..rows).filter(|&row| kept[row]).map(place).collect();
        #[expect(clippy::expect_used, reason = "the mask was made for this batch")]
        let batch =
            filter_record_batch(&cast, &BooleanArray::from(kept)).expect("the mask has the batch's length");
        Piece::new(batch, places, rejects, bytes, schema.declaration)
    }
}

/// The columns of an input by field, and those that no field claims.
pub(crate) struct Columns {
    pub(crate) columns: Vec<Option<usize>>,
    pub(crate) unused: Vec<String>,
}

/// Finds each field's column by its header.
pub(crate) fn columns(schema: &Schema, headers: &[String], input: &str) -> Result<Columns, BindError> {
    let mut columns: Vec<Option<usize>> = vec![None; schema.fields().len()];
    let mut unused = Vec::new();
    for (at, header) in headers.iter().enumerate() {
        let Some(id) = schema.field_of_header(header) else {
            if unused.len() < NOTED_COLUMNS {
                let has_name = !header.trim().is_empty();
                unused.push(if has_name {
                    shown(header)
                } else {
                    format!("column {}, without a header", at + 1)
                });
            }
            continue;
        };
        if let Some(first) = columns[id.index()].replace(at) {
            let (name, first) = (&schema[id].name, &headers[first]);
            return Err(BindError::new(
                input,
                format!(
                    "the columns {} (`{first}`) and {} (`{header}`) both stand for `{name}`; remove or rename one \
                     of them (accepted headers: {})",
                    columns_number(headers, first),
                    at + 1,
                    accepted(&schema[id])
                ),
            ));
        }
    }
    let missing = schema.fields().iter().zip(&columns);
    let missing: Vec<&Field> = missing
        .filter(|(field, column)| field.required && column.is_none())
        .map(|(field, _)| field)
        .collect();
    if missing.is_empty() {
        Ok(Columns { columns, unused })
    } else {
        Err(lacking(schema, headers, &missing, input))
    }
}

/// The number of the first column with this header, from 1.
fn columns_number(headers: &[String], header: &String) -> usize {
    headers.iter().position(|other| other == header).map_or(0, |at| at + 1)
}

/// The error for required fields without a column.
fn lacking(schema: &Schema, headers: &[String], missing: &[&Field], input: &str) -> BindError {
    let unknown: Vec<&String> =
        headers.iter().filter(|header| schema.field_of_header(header).is_none()).collect();
    let fields = missing.iter().map(|field| {
        let mut text = format!("no column for `{}` (accepted headers: {})", field.name, accepted(field));
        if let Some(near) = nearest(field, &unknown) {
            text += &format!("; `{near}` may be meant, then rename it");
        }
        text
    });
    let mut reason = fields.collect::<Vec<_>>().join("; ");
    if unknown.len() == headers.len() {
        let first: Vec<String> =
            headers.iter().take(5).map(|header| format!("`{}`", shown(header))).collect();
        reason +=
            &format!("; no header is known, the first are {}: is the header row there?", first.join(", "));
    }
    BindError::new(input, reason)
}

fn accepted(field: &Field) -> String {
    let headers: Vec<&str> = std::iter::once(&field.name).chain(&field.columns).map(String::as_str).collect();
    headers.join(", ")
}

/// The unknown header that is most like one that the field accepts, if any is.
fn nearest<'a>(field: &Field, unknown: &[&'a String]) -> Option<&'a String> {
    /// The likeness, from 0 to 1, above which a header is taken for a slip of the pen.
    const ALIKE: f64 = 0.7;
    let likeness = |header: &str| {
        let header = header.to_lowercase();
        let accepted = std::iter::once(&field.name).chain(&field.columns);
        let each = accepted
            .map(|accepted| strsim::normalized_damerau_levenshtein(&header, &accepted.to_lowercase()));
        each.fold(0.0, f64::max)
    };
    let short = unknown.iter().filter(|header| header.len() <= 200);
    let best = short.map(|header| (likeness(header), *header)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, header)| header)
}

/// The names of the fields without a column.
pub(crate) fn absent(schema: &Schema, columns: &[Option<usize>]) -> Vec<String> {
    let without = schema.fields().iter().zip(columns).filter(|(_, column)| column.is_none());
    without.map(|(field, _)| field.name.clone()).collect()
}
