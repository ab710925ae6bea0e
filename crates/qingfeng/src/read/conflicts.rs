//! Header fields that have several values within one declaration: which of them holds, nobody knows.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::DataType;
use arrow_select::take::take;
use qingfeng_rules::{FieldId, Level, Schema};

use super::InputNames;
use super::lines::{Place, Unreadable, shown_at};
use super::reject::{Problem, Reject, shown};
use super::rows::Start;

/// A header field that has several values within a declaration.
pub(super) struct Conflict {
    /// The first line of the declaration among those that wait.
    pub(super) start: usize,
    pub(super) field: FieldId,
    pub(super) reject: Reject,
}

/// For each field the value that it had last in the declaration that is being read.
#[derive(Default)]
pub(super) struct Tails(Vec<Option<(ArrayRef, usize)>>);

impl Tails {
    /// The lines of a batch whose value of a header field differs from the one before it in the same declaration, with the
    /// field, in order. `starts` are the lines with which declarations start; the first `goes_on` with the declaration read
    /// before, or not. A missing value differs from none.
    pub(super) fn conflicts(
        &mut self,
        schema: &Schema,
        batch: &RecordBatch,
        starts: &[Start],
        goes_on: bool,
    ) -> Vec<(usize, FieldId)> {
        self.0.resize(schema.fields().len(), None);
        let rows = batch.num_rows();
        let mut found = Vec::new();
        for (at, field) in schema.fields().iter().enumerate() {
            if field.level != Level::Header || at == schema.declaration.index() {
                continue;
            }
            let column = batch.column(at);
            if rows == 0 {
                continue;
            }
            let mut last = self.0[at].take().filter(|_| goes_on);
            if column.null_count() == rows {
                // Most fields that a declaration can have are not in the file.
                self.0[at] = last.filter(|_| starts.len() <= 1);
                continue;
            }
            if let (Some((before, row)), Some(first)) = (&last, (0..rows).find(|row| !column.is_null(*row)))
                && starts.get(1).is_none_or(|start| first < start.line)
                && !is_same(before, *row, column, first)
            {
                found.push((first, FieldId(at as u16)));
            }
            within(column, starts, rows, &mut |line| found.push((line, FieldId(at as u16))));
            let start = starts.last().map_or(0, |start| start.line);
            if starts.len() > 1 {
                last = None;
            }
            self.0[at] = (start..rows)
                .rev()
                .find(|row| !column.is_null(*row))
                .map(|row| (column.slice(row, 1), 0))
                .or(last);
        }
        found.sort_unstable_by_key(|(line, field)| (*line, *field));
        found
    }
}

/// The lines that differ from the one before them with a value, in the same declaration.
fn within(column: &ArrayRef, starts: &[Start], rows: usize, found: &mut dyn FnMut(usize)) {
    fn each(
        starts: &[Start],
        rows: usize,
        is_null: &dyn Fn(usize) -> bool,
        has_nulls: bool,
        same: impl Fn(usize, usize) -> bool,
        found: &mut dyn FnMut(usize),
    ) {
        for (at, start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).map_or(rows, |next| next.line);
            let mut last = start.line;
            for line in start.line + 1..end {
                if has_nulls && is_null(line) {
                    continue;
                }
                if !(same(last, line) || has_nulls && is_null(last)) {
                    found(line);
                }
                last = line;
            }
        }
    }
    fn primitive<T: ArrowPrimitiveType>(column: &ArrayRef) -> impl Fn(usize, usize) -> bool {
        let values = column.as_primitive::<T>().values().clone();
        move |one, other| values[one] == values[other]
    }
    let has_nulls = column.null_count() > 0;
    let is_null = |line: usize| column.is_null(line);
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            each(
                starts,
                rows,
                &is_null,
                has_nulls,
                |one, other| texts.value(one) == texts.value(other),
                found,
            );
        }
        DataType::Int64 => each(starts, rows, &is_null, has_nulls, primitive::<Int64Type>(column), found),
        DataType::Float64 => each(starts, rows, &is_null, has_nulls, primitive::<Float64Type>(column), found),
        DataType::Date32 => each(starts, rows, &is_null, has_nulls, primitive::<Date32Type>(column), found),
        DataType::Boolean => {
            let flags = column.as_boolean();
            each(
                starts,
                rows,
                &is_null,
                has_nulls,
                |one, other| flags.value(one) == flags.value(other),
                found,
            );
        }
        _ => {}
    }
}

fn is_same(one: &ArrayRef, at: usize, other: &ArrayRef, line: usize) -> bool {
    one.slice(at, 1).to_data() == other.slice(line, 1).to_data()
}

/// The reject of the line from which a header field has another value.
#[cold]
pub(super) fn conflict(
    schema: &Schema,
    inputs: &InputNames,
    field: FieldId,
    id: &str,
    batch: &RecordBatch,
    line: usize,
    place: Place,
) -> Reject {
    let name = &schema[field].name;
    let value = shown_at(batch.column(field.index()), line);
    let input = inputs.get(place.input as usize).cloned().unwrap_or_default();
    let reason = format!(
        "a line before it of the same declaration has another `{name}`; correct one of them, or give each declaration an id of \
         its own"
    );
    Reject::new(input, place.position, Problem::conflict(reason))
        .of(Some(shown(id)))
        .at(Some(name.clone()), Some(shown(&value)))
}

/// The batch without the values of these fields where they cannot be read.
pub(super) fn without_conflicts(
    batch: RecordBatch,
    mut fields: Vec<FieldId>,
    unreadable: &[Unreadable],
) -> RecordBatch {
    fields.sort_unstable();
    fields.dedup();
    if fields.is_empty() {
        return batch;
    }
    let (schema, mut columns, rows) = batch.into_parts();
    for field in fields {
        let mut kept: Vec<Option<u32>> = (0..rows as u32).map(Some).collect();
        unreadable.iter().filter(|of| of.field == Some(field)).for_each(|of| kept[of.line] = None);
        let column = &mut columns[field.index()];
        #[expect(clippy::expect_used, reason = "the rows are those of the column")]
        let taken = take(column, &UInt32Array::from(kept), None).expect("rows of the column");
        *column = taken;
    }
    #[expect(clippy::expect_used, reason = "the columns have their types and lengths as before")]
    RecordBatch::try_new(Arc::clone(&schema), columns).expect("the columns fit")
}
