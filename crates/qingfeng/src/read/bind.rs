//! Tables of any Arrow types, bound to the fields of a schema.
//!
//! Columns find their fields by header, and their values are brought to the canonical types line by line: text into
//! numbers and dates, dictionaries, decimals, timestamps into days, whole numbers into codes. A value that does not
//! fit rejects its line and no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{DataType, Field as ArrowField, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use qingfeng_rules::{Field, FieldId, Kind, Part, Reading, Schema};

use super::assemble::{id_at, one_chunk};
use super::cast::{self, Bad};
use super::changes::Changes;
use super::coded::Coded;
use super::column::Column;
use super::lines::{Place, Position, arrow_schema};
use super::reject::{Reject, shown};
use super::rows::{Extent, Piece, PieceReject, unnamed, with_ids};
use super::scatter::Starts;
use super::{Chunk, ColumnUse, NOTED_COLUMNS, Scattered};

/// The rows of a table that are cast at once.
const ROWS: usize = 8192;

/// The columns of a table do not fit the schema, or its rows do not fit into one chunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input}: {reason}")]
pub struct BindError {
    input: String,
    kind: BindErrorKind,
    fields: Vec<String>,
    reason: String,
}

/// What of a table does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindErrorKind {
    /// Two columns stand for one field.
    Repeated,
    /// There is no column for fields that each line needs.
    Missing,
    /// A column is of a type that cannot hold the values of its field.
    ColumnType,
    /// The rows have more text than one Arrow array holds.
    TooLarge,
}

impl BindError {
    fn new(input: &str, kind: BindErrorKind, fields: Vec<String>, reason: impl Into<String>) -> Self {
        Self { input: input.to_owned(), kind, fields, reason: reason.into() }
    }

    /// The input whose columns do not fit.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// What does not fit.
    pub fn kind(&self) -> BindErrorKind {
        self.kind
    }

    /// The fields of the schema that it is about.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// What does not fit, and what would.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Which column of a table fills which field of a schema.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    schema: Arc<Schema>,
    /// The columns of the table, and those of the lines.
    table: SchemaRef,
    arrow: SchemaRef,
    input: String,
    /// For each field where its values stand.
    sources: Vec<Vec<Source>>,
    unused: Vec<String>,
}

impl Binding {
    /// Binds the columns of a table; `input` names the table in errors and rejects.
    ///
    /// # Errors
    ///
    /// Two columns for one field, no column for a required field, or a column of a type that cannot hold the field's
    /// values (a list, a structure).
    pub(crate) fn new(schema: Arc<Schema>, table: &SchemaRef, input: &str) -> Result<Self, BindError> {
        let headers: Vec<String> = table.fields().iter().map(|field| field.name().clone()).collect();
        if let Some(nested) = nested(&schema, table) {
            return Err(BindError::new(input, BindErrorKind::ColumnType, Vec::new(), nested));
        }
        let Columns { sources, unused } = columns(&schema, &headers, input)?;
        let each = schema.fields().iter().zip(&sources);
        for (field, source) in each.flat_map(|(field, of)| of.iter().map(move |source| (field, source))) {
            let column = table.field(source.column);
            if let Err(remedy) = cast::check(column.data_type(), field.reading.zone) {
                let (header, found, name) = (column.name(), column.data_type(), &field.name);
                let reason = format!("the column `{header}` for `{name}` is of type {found}; {remedy}");
                return Err(BindError::new(input, BindErrorKind::ColumnType, vec![name.clone()], reason));
            }
        }
        let (table, arrow) = (Arc::clone(table), arrow_schema(&schema));
        Ok(Self { table, arrow, schema, input: input.into(), sources, unused })
    }

    /// The columns that no field claims, in order; the first 100.
    pub(crate) fn unused_columns(&self) -> &[String] {
        &self.unused
    }

    /// Each column with the fields that it fills.
    pub(crate) fn uses(&self) -> Vec<ColumnUse> {
        let headers: Vec<String> = self.table.fields().iter().map(|field| field.name().clone()).collect();
        uses(&headers, &self.sources)
    }

    /// The names of the fields that have no column.
    pub(crate) fn absent_fields(&self) -> Vec<String> {
        absent(&self.schema, self.sources.iter().map(|sources| !sources.is_empty()))
    }

    /// This binding, or one for the columns of the next batch where they are others, or in another order.
    pub(crate) fn for_batch(&self, batch: &RecordBatch) -> Result<Option<Self>, BindError> {
        let table = batch.schema_ref();
        let same = |a: &ArrowField, b: &ArrowField| a.name() == b.name() && a.data_type() == b.data_type();
        let fits = Arc::ptr_eq(table, &self.table)
            || (table.fields().len() == self.table.fields().len()
                && table.fields().iter().zip(self.table.fields()).all(|(a, b)| same(a, b)));
        if fits { Ok(None) } else { Self::new(Arc::clone(&self.schema), table, &self.input).map(Some) }
    }

    /// All lines of a batch of the table as one chunk, and which of its declarations are scattered. The positions are
    /// rows of the batch, the input is number 0.
    ///
    /// The lines of one declaration must be adjacent; where they are not, each run of lines is a declaration. Missing
    /// numbers of items are counted, and lines of a declaration beyond `max_declaration_lines` are rejected.
    ///
    /// # Errors
    ///
    /// A column with more text than an Arrow array of type `Utf8` holds, 2 GiB.
    pub(crate) fn chunk(
        &self,
        batch: &RecordBatch,
        max_declaration_lines: usize,
    ) -> Result<(Chunk, Scattered), BindError> {
        let mut caster = Caster::default();
        let rows = batch.num_rows();
        let pieces = (0..rows).step_by(ROWS).map(|first| {
            let part = batch.slice(first, ROWS.min(rows - first));
            caster.piece(self, &part, 0, first as u64 + 1)
        });
        let starts = Starts::new(rows);
        one_chunk(&self.schema, &self.input, max_declaration_lines, starts, pieces).map_err(|error| {
            let reason = format!("the rows do not fit into one batch ({error}); give fewer at once");
            BindError::new(&self.input, BindErrorKind::TooLarge, Vec::new(), reason)
        })
    }

    /// The same binding for a table that has only the bound columns, in their order.
    pub(crate) fn projected(mut self) -> (Self, Vec<usize>) {
        let mut kept: Vec<usize> = self.sources.iter().flatten().map(|source| source.column).collect();
        kept.sort_unstable();
        kept.dedup();
        for source in self.sources.iter_mut().flatten() {
            source.column = kept.partition_point(|kept| *kept < source.column);
        }
        (self, kept)
    }
}

/// A column of a batch, cast to its field.
pub(crate) struct CastColumn {
    pub(crate) array: ArrayRef,
    /// The numbers of its texts, if the source has them.
    coded: Option<Coded>,
    /// The values that are none of the field, with their rows, in order; they are missing in the array.
    pub(crate) bad: Vec<(usize, Bad)>,
    /// The bytes that the column had before.
    pub(crate) bytes: usize,
    /// What was done to cells.
    changes: Changes,
}

impl CastColumn {
    /// Casts `rows` values, or makes as many missing ones. `column` is empty before and after.
    fn new(source: Option<&ArrayRef>, rows: usize, column: &mut Column) -> Self {
        let mut bad = Vec::new();
        let (array, coded) = cast::column(source, rows, column, &mut |row, problem| bad.push((row, problem)));
        // A slice holds all of its batch; what its rows take is the part that counts. Of a dictionary it is what is made of
        // it: all batches have the same one.
        let bytes = |array: &ArrayRef| array.to_data().get_slice_memory_size().unwrap_or_default();
        let bytes = source.map_or(0, |source| bytes(if coded.is_some() { &array } else { source }));
        Self { array, coded, bad, bytes, changes: column.take_changes() }
    }

    /// The rows without a value, readable or not.
    fn open(&self) -> UInt32Array {
        let mut bad = self.bad.iter().map(|(row, _)| *row).peekable();
        let is_open = |row: &usize| bad.next_if_eq(row).is_none() && self.array.is_null(*row);
        (0..self.array.len()).filter(is_open).map(|row| row as u32).collect()
    }

    /// Puts the values of `other` into these rows.
    fn fill(&mut self, rows: &UInt32Array, other: Self) {
        let mut from: Vec<(usize, usize)> = (0..self.array.len()).map(|row| (0, row)).collect();
        rows.values().iter().enumerate().for_each(|(at, row)| from[*row as usize] = (1, at));
        #[expect(clippy::expect_used, reason = "both are of the field's type, and the rows are theirs")]
        let array =
            interleave(&[&*self.array, &*other.array], &from).expect("rows of two columns of one type");
        self.array = array;
        self.coded = None;
        self.bad.extend(other.bad.into_iter().map(|(at, bad)| (rows.value(at) as usize, bad)));
        self.bad.sort_by_key(|(row, _)| *row);
        self.bytes += other.bytes;
        self.changes.add(other.changes);
    }
}

/// Casts the columns in which the values of one field stand.
#[derive(Debug)]
pub(crate) struct FieldCaster {
    /// Of the first source, or of a field without any.
    first: Column,
    /// Of the other sources.
    others: Vec<Column>,
}

impl FieldCaster {
    pub(crate) fn new(field: &Field, sources: &[Source]) -> Self {
        let column = |at: usize| {
            // What one source lacks the next one may have.
            let required = field.required && at + 1 >= sources.len();
            let part = sources.get(at).and_then(|source| source.part);
            Column::new(&Field { required, ..of_part(field, part) })
        };
        Self { first: column(0), others: (1..sources.len()).map(column).collect() }
    }

    /// The values of `rows` rows; `arrays` are those of the sources.
    pub(crate) fn cast(&mut self, arrays: &[ArrayRef], rows: usize) -> CastColumn {
        let mut cast = CastColumn::new(arrays.first(), rows, &mut self.first);
        for (column, array) in self.others.iter_mut().zip(arrays.iter().skip(1)) {
            let open = cast.open();
            if open.is_empty() {
                break;
            }
            #[expect(clippy::expect_used, reason = "the arrays have the same number of rows")]
            let array = take(array, &open, None).expect("rows of the array");
            cast.fill(&open, CastColumn::new(Some(&array), open.len(), column));
        }
        cast
    }
}

/// Casts the rows of a table, batch by batch.
#[derive(Debug, Default)]
pub(crate) struct Caster {
    fields: Vec<FieldCaster>,
    sources: Vec<Vec<Source>>,
}

impl Caster {
    /// The rows of a batch, the first of which is the row `first` of the input.
    pub(crate) fn piece(
        &mut self,
        binding: &Binding,
        batch: &RecordBatch,
        input_number: u32,
        first: u64,
    ) -> Piece {
        let rows = batch.num_rows();
        if self.fields.is_empty() || self.sources != binding.sources {
            let fields = binding.fields().map(|(field, sources)| FieldCaster::new(field, sources));
            (self.fields, self.sources) = (fields.collect(), binding.sources.clone());
        }
        let mut arrays: Vec<ArrayRef> = Vec::new();
        let columns = binding.sources.iter().zip(&mut self.fields).map(|(sources, field)| {
            arrays.clear();
            arrays.extend(sources.iter().map(|source| Arc::clone(batch.column(source.column))));
            field.cast(&arrays, rows)
        });
        let columns = columns.collect();
        binding.piece(columns, rows, input_number, first)
    }
}

impl Binding {
    /// The fields of the schema, and where the values of each stand.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&Field, &[Source])> {
        self.schema.fields().iter().zip(self.sources.iter().map(Vec::as_slice))
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
        let mut coded = Vec::with_capacity(columns.len());
        let mut changes = Changes::default();
        for (field, column) in columns.into_iter().enumerate() {
            changes.add(column.changes.of_field(field));
            cast.push(column.array);
            coded.push(column.coded);
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
            let piece = Piece::new(cast, places, Vec::new(), bytes, schema.declaration).changed(changes);
            return piece.coded(coded);
        }

        bad.sort_by_key(|(row, field, _)| (*row, *field));
        let declaration = schema.declaration;
        let ids = Arc::clone(cast.column(declaration.index()));
        // Without its id nothing of a row counts.
        let nameless = |row: usize| ids.is_null(row);
        let is_text = matches!(schema[declaration].kind, Kind::Text | Kind::Code);
        bad.retain(|(row, field, _)| !nameless(*row) || *field == declaration.index());
        let mut rejects = Vec::with_capacity(bad.len());
        let mut lost = 0;
        for (row, field, Bad { value, problem }) in bad {
            let id = (!nameless(row)).then(|| id_at(&ids, row).into_owned());
            let extent = match &id {
                Some(_) => Extent::Field(FieldId(field as u16)),
                None if is_text => Extent::Line,
                None => Extent::Lost,
            };
            rejects.push(PieceReject {
                before: row - lost,
                place: place(row),
                extent,
                reject: Reject::new(input, place(row).position, problem)
                    .of(id.as_deref().map(shown))
                    .at(Some(schema.fields()[field].name.clone()), value.as_deref().map(shown)),
                declaration: id,
            });
            lost += usize::from(extent == Extent::Lost);
        }
        let is_kept = |row: &usize| is_text || !nameless(*row);
        let places = (0..rows).filter(is_kept).map(place).collect();
        #[expect(clippy::expect_used, reason = "the mask was made for this batch")]
        let batch = filter_record_batch(&cast, &(0..rows).map(|row| Some(is_kept(&row))).collect())
            .expect("the mask has the batch's length");
        let batch = if is_text && ids.null_count() > 0 {
            let name = |row: usize| nameless(row).then(|| unnamed(input, place(row).position));
            with_ids(&batch, &(0..rows).map(name).collect::<Vec<_>>(), declaration)
        } else {
            batch
        };
        Piece::new(batch, places, rejects, bytes, declaration).changed(changes)
    }
}

/// Why a table has values of fields within a column, if it has.
fn nested(schema: &Schema, table: &SchemaRef) -> Option<String> {
    fn parts(data_type: &DataType) -> Option<&arrow_schema::Fields> {
        match data_type {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                parts(item.data_type())
            }
            DataType::Struct(fields) => Some(fields),
            _ => None,
        }
    }
    let is_field = |name: &str| schema.knows_header(name);
    table.fields().iter().filter(|column| !is_field(column.name())).find_map(|column| {
        let within: Vec<&str> = parts(column.data_type())?.iter().map(|part| part.name().as_str()).collect();
        let found = within.iter().find(|name| is_field(name))?;
        let (name, of) = (column.name(), if matches!(column.data_type(), DataType::Struct(_)) { "a structure" } else { "a list of structures" });
        Some(format!(
            "the column `{name}` is {of} with `{found}` in it; write one row for each goods line, with columns of their own (in \
             DuckDB: unnest({name}, recursive := true)), or write NDJSON"
        ))
    })
}

/// The field as its cells are to be read where they hold several fields.
pub(crate) fn of_part(field: &Field, part: Option<Part>) -> Field {
    Field { reading: Reading { part, ..field.reading.clone() }, ..field.clone() }
}

/// Where values of a field stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The number of the column.
    pub(crate) column: usize,
    /// What the field takes of its cells, if they hold several fields.
    pub(crate) part: Option<Part>,
}

/// Which columns fill which fields.
pub(crate) struct Columns {
    /// For each field its sources, the preferred one first: where one has no value, that of the next one counts.
    pub(crate) sources: Vec<Vec<Source>>,
    /// The columns that no field claims, in order; the first 100.
    pub(crate) unused: Vec<String>,
}

/// Finds each field's column by its header, and the columns that no field claims. Of two columns for one field that which
/// the field prefers is read, and the other fills the field that takes it as a spare, or counts as unused. A box that holds
/// several fields fills what their own columns leave empty.
pub(crate) fn columns(schema: &Schema, headers: &[String], input: &str) -> Result<Columns, BindError> {
    let mut columns: Vec<Option<usize>> = vec![None; schema.fields().len()];
    let mut unused: BTreeMap<usize, String> = BTreeMap::new();
    let mut boxes = Vec::new();
    let mut spares = Vec::new();
    for (at, header) in headers.iter().enumerate() {
        let parts = schema.parts_of_header(header);
        let is_box = !parts.is_empty();
        boxes.extend(parts.into_iter().map(|(field, part)| (at, field, part)));
        let Some(id) = schema.field_of_header(header) else {
            if !is_box {
                let has_name = !header.trim().is_empty();
                unused.insert(
                    at,
                    if has_name { shown(header) } else { format!("column {}, without a header", at + 1) },
                );
            }
            continue;
        };
        let Some(first) = columns[id.index()].replace(at) else { continue };
        let name = &schema[id].name;
        let (one, other) = (schema.rank(id, &headers[first]), schema.rank(id, header));
        if one == other {
            let reason = format!(
                "the columns {} (`{}`) and {} (`{header}`) both stand for `{name}`; remove or rename one of them \
                 (accepted headers: {})",
                first + 1,
                headers[first],
                at + 1,
                accepted(&schema[id])
            );
            return Err(BindError::new(input, BindErrorKind::Repeated, vec![name.clone()], reason));
        }
        let (kept, left) = if one < other { (first, at) } else { (at, first) };
        columns[id.index()] = Some(kept);
        if let Some(spare) = schema.spare_of_header(&headers[left]) {
            spares.push((spare, left));
        }
        unused.insert(left, left_for(schema, id, &headers[left], &headers[kept]));
    }
    for (field, column) in spares {
        if columns[field.index()].is_none() {
            columns[field.index()] = Some(column);
            unused.remove(&column);
        }
    }
    let own = |column: Option<usize>| column.map(|column| Source { column, part: None });
    let mut sources: Vec<Vec<Source>> =
        columns.into_iter().map(|column| own(column).into_iter().collect()).collect();
    for (column, field, part) in boxes {
        let sources = &mut sources[field.index()];
        if sources.iter().all(|source| source.column != column) {
            sources.push(Source { column, part: Some(part) });
        }
    }
    let unused = unused.into_values().take(NOTED_COLUMNS).collect();
    let missing = schema.fields().iter().zip(&sources);
    let missing: Vec<&Field> = missing
        .filter(|(field, sources)| field.required && sources.is_empty())
        .map(|(field, _)| field)
        .collect();
    if missing.is_empty() {
        Ok(Columns { sources, unused })
    } else {
        Err(lacking(schema, headers, &missing, input))
    }
}

/// What is said of a header that is not read, since the field has one that it prefers.
pub(crate) fn left_for(schema: &Schema, field: FieldId, left: &str, kept: &str) -> String {
    format!("{} (for `{}` the column {} is read)", shown(left), schema[field].name, shown(kept))
}

/// Each column with the fields that it fills, in the order of the columns.
pub(crate) fn uses(headers: &[String], sources: &[Vec<Source>]) -> Vec<ColumnUse> {
    let each = sources.iter().enumerate();
    let each = each.flat_map(|(field, sources)| sources.iter().map(move |source| (field, source)));
    let mut uses: Vec<(usize, ColumnUse)> = each
        .filter_map(|(field, source)| {
            let (field, is_part) = (FieldId(field as u16), source.part.is_some());
            let use_of = ColumnUse { column: shown(headers.get(source.column)?), field, is_part };
            Some((source.column, use_of))
        })
        .collect();
    uses.sort_by_key(|(column, _)| *column);
    uses.into_iter().map(|(_, use_of)| use_of).collect()
}

/// The error for required fields without a column.
fn lacking(schema: &Schema, headers: &[String], missing: &[&Field], input: &str) -> BindError {
    let unknown: Vec<&String> = headers.iter().filter(|header| !schema.knows_header(header)).collect();
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
        reason = format!(
            "no header is known, the first are {}: is the header row there? {reason}",
            first.join(", ")
        );
    }
    let fields = missing.iter().map(|field| field.name.clone()).collect();
    BindError::new(input, BindErrorKind::Missing, fields, reason)
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

/// The names of the fields that the input cannot have; `is_there` says of each field whether it can.
pub(crate) fn absent(schema: &Schema, is_there: impl Iterator<Item = bool>) -> Vec<String> {
    let without = schema.fields().iter().zip(is_there).filter(|(_, is_there)| !is_there);
    without.map(|(field, _)| field.name.clone()).collect()
}
