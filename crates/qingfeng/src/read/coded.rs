//! Texts as numbers within a list of different texts, as Parquet and Arrow files keep them.
//!
//! Beside a column of texts, its numbers spare what depends on a text alone from being found out line by line. They are kept
//! where they come for nothing; a column without them means the same.

use std::sync::Arc;

use arrow_array::{Int32Array, StringArray};

/// The texts of some lines of one column.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    /// The different texts, in canonical form; those that are missing or could not be read are null.
    pub(crate) texts: Arc<StringArray>,
    /// For each line the position of its text among them; null where it has none.
    pub(crate) keys: Int32Array,
}

/// Those of each column of a batch that has them; empty where none has.
pub(crate) type CodedColumns = Vec<Option<Coded>>;

impl Coded {
    pub(crate) fn slice(&self, from: usize, count: usize) -> Self {
        Self { texts: Arc::clone(&self.texts), keys: self.keys.slice(from, count) }
    }
}

/// Those of lines that follow each other, if all of them have the same list of texts.
fn joined(parts: &[&Coded]) -> Option<Coded> {
    let (first, rest) = parts.split_first()?;
    if rest.is_empty() {
        return Some((*first).clone());
    }
    if !rest.iter().all(|part| Arc::ptr_eq(&part.texts, &first.texts)) {
        return None;
    }
    let keys = parts.iter().flat_map(|part| part.keys.iter()).collect();
    Some(Coded { texts: Arc::clone(&first.texts), keys })
}

/// Those of batches that follow each other.
pub(crate) fn joined_columns(batches: &[&CodedColumns]) -> CodedColumns {
    let columns = batches.iter().map(|batch| batch.len()).min().unwrap_or(0);
    let column = |at: usize| {
        let parts: Option<Vec<&Coded>> = batches.iter().map(|batch| batch[at].as_ref()).collect();
        joined(&parts?)
    };
    (0..columns).map(column).collect()
}

/// Those of some lines of a batch.
pub(crate) fn sliced_columns(columns: &CodedColumns, from: usize, count: usize) -> CodedColumns {
    columns.iter().map(|column| column.as_ref().map(|coded| coded.slice(from, count))).collect()
}
