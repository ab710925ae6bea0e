//! Rejects as a table.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use qingfeng::read::Reject;

use crate::numbers::more;
use crate::terminal::clean;

/// The columns of a file of rejects.
pub fn schema() -> SchemaRef {
    let field = |name, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        field("input", false),
        field("position", false),
        field("declaration_id", true),
        field("field", true),
        field("value", true),
        field("reason", false),
    ]))
}

/// The first rejects, each in a line, and how many more there are.
pub fn shown(rejects: &[Reject], rejected: u64, most: usize, rest: &str) -> String {
    let lines = rejects.iter().take(most).map(|reject| format!("  {}\n", clean(&reject.to_string())));
    lines.collect::<String>() + &more("  ", rejected, most, rest)
}

/// Rejects as rows of such a file.
pub fn rows(rejects: &[Reject]) -> Result<RecordBatch, ArrowError> {
    fn column<'r>(texts: impl Iterator<Item = Option<&'r str>>) -> ArrayRef {
        Arc::new(StringArray::from_iter(texts))
    }
    let positions: Vec<String> = rejects.iter().map(|reject| reject.position.to_string()).collect();
    let columns = vec![
        column(rejects.iter().map(|reject| Some(reject.input.as_str()))),
        column(positions.iter().map(|position| Some(position.as_str()))),
        column(rejects.iter().map(|reject| reject.declaration_id.as_deref())),
        column(rejects.iter().map(|reject| reject.field.as_deref())),
        column(rejects.iter().map(|reject| reject.value.as_deref())),
        column(rejects.iter().map(|reject| Some(reject.reason.as_str()))),
    ];
    RecordBatch::try_new(schema(), columns)
}

/// The first of some rejects, one a line.
pub fn listed(rejects: &[Reject], shown: usize) -> String {
    rejects.iter().take(shown).map(|reject| format!("  {}\n", clean(&reject.to_string()))).collect()
}
