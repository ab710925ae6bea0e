//! Lists as text, for CSV, which has none.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema};

/// The batch with each list as one text: its elements joined by `;`. A `;` inside an element becomes `,`, so that the
/// number of elements stays. An empty list is an empty text, a missing one is missing, a missing element is empty.
pub(super) fn join_lists(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let is_list = |kind: &DataType| matches!(kind, DataType::List(_) | DataType::LargeList(_));
    let schema = batch.schema();
    if !schema.fields().iter().any(|field| is_list(field.data_type())) {
        return Ok(batch.clone());
    }
    let fields = schema.fields().iter().map(|field| {
        let kind = if is_list(field.data_type()) { DataType::Utf8 } else { field.data_type().clone() };
        Field::new(field.name(), kind, true)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = batch.columns().iter().map(|column| match column.data_type() {
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            join(lists.len(), |row| (!lists.is_null(row)).then(|| lists.value(row)))
        }
        DataType::LargeList(_) => {
            let lists = column.as_list::<i64>();
            join(lists.len(), |row| (!lists.is_null(row)).then(|| lists.value(row)))
        }
        _ => Ok(Arc::clone(column)),
    });
    RecordBatch::try_new(schema, columns.collect::<Result<_, _>>()?)
}

fn join(rows: usize, list: impl Fn(usize) -> Option<ArrayRef>) -> Result<ArrayRef, ArrowError> {
    let mut joined = StringBuilder::with_capacity(rows, rows * 16);
    let mut text = String::new();
    for row in 0..rows {
        let Some(list) = list(row) else {
            joined.append_null();
            continue;
        };
        text.clear();
        let options = FormatOptions::default();
        let elements = ArrayFormatter::try_new(list.as_ref(), &options)?;
        for element in 0..list.len() {
            if element > 0 {
                text.push(';');
            }
            text += &elements.value(element).try_to_string()?.replace(';', ",");
        }
        joined.append_value(&text);
    }
    Ok(Arc::new(joined.finish()))
}
