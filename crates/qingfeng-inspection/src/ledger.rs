//! Tables that people keep beside inspections, held as a whole.

use qingfeng::read::{Input, ReadError, ReadOptions, Reject};
use qingfeng::tables::{self, Mistake, SheetRow, Table};

/// The rows of a table at most.
const MAX_LEDGER_ROWS: usize = 1_000_000;

/// The rows of a table, and those that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger<T> {
    /// The rows, in the order of the inputs.
    pub rows: Vec<T>,
    /// The first rows that could not be read.
    pub rejects: Vec<Reject>,
    /// How many there are.
    pub rejected: u64,
}

impl<T> Ledger<T> {
    /// Reads tables row by row. A row that `row` finds a mistake in becomes a reject; the others count.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or lacks a column that is needed; more than a million rows.
    pub fn read(
        inputs: &[Input],
        options: &ReadOptions,
        table: &Table,
        row: &mut dyn FnMut(SheetRow<'_>) -> Result<T, Mistake>,
    ) -> Result<Self, ReadError> {
        let mut rows = Vec::new();
        let first = inputs.first().map(ToString::to_string).unwrap_or_default();
        let streamed = tables::stream(inputs, table, options, &mut |cells| {
            let read = match row(cells) {
                Ok(read) => read,
                Err(mistake) => return Ok(Err(mistake)),
            };
            if rows.len() == MAX_LEDGER_ROWS {
                let reason = format!("more than {MAX_LEDGER_ROWS} rows; give a shorter time");
                return Err(ReadError::content(&first, reason));
            }
            rows.push(read);
            Ok(Ok(()))
        })?;
        Ok(Self { rows, rejects: streamed.rejects, rejected: streamed.rejected })
    }
}
