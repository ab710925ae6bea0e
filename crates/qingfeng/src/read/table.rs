//! Parquet files, Arrow files and Arrow streams.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use qingfeng_rules::Schema;

use super::error::ReadError;
use super::rows::Piece;
use super::source::Bytes;
use super::{Format, Input, InputNotes};
use crate::bind::{Binding, Caster};

/// The rows of a batch that Parquet is asked for at most.
const ROWS: usize = 8192;

/// Reads the rows of a table.
pub(crate) struct Table {
    number: u32,
    batches: Batches,
    caster: Caster,
    notes: InputNotes,
    /// What is left of the batch read last.
    rest: Option<RecordBatch>,
    /// The number of rows given out so far.
    rows: u64,
}

/// Only the columns that fields claim are read, save from a stream, which has its columns' names in itself.
enum Batches {
    Parquet(ParquetRecordBatchReader),
    File(FileReader<BufReader<File>>),
    Stream(StreamReader<BufReader<Bytes>>),
}

impl Table {
    pub(crate) fn parquet(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        file: File,
    ) -> Result<Self, ReadError> {
        let broken = |error| ReadError::broken_table(input, 0, &error);
        let builder = guarded(|| Ok(ParquetRecordBatchReaderBuilder::try_new(file)?)).map_err(broken)?;
        let binding = Binding::new(Arc::clone(schema), builder.schema(), &input.to_string())?;
        let notes = notes(&binding, input, Format::Parquet);
        let (binding, columns) = binding.projected();
        let projection = ProjectionMask::roots(builder.parquet_schema(), columns);
        let batches = guarded(|| Ok(builder.with_projection(projection).with_batch_size(ROWS).build()?));
        let batches = batches.map_err(broken)?;
        Ok(Self::new(number, Batches::Parquet(batches), &binding, notes))
    }

    pub(crate) fn arrow_file(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        file: File,
    ) -> Result<Self, ReadError> {
        let broken = |error| ReadError::broken_table(input, 0, &error);
        let again = file.try_clone().map_err(|source| ReadError::open(input, source))?;
        let table = guarded(|| Ok(FileReader::try_new_buffered(file, None)?.schema())).map_err(broken)?;
        let binding = Binding::new(Arc::clone(schema), &table, &input.to_string())?;
        let notes = notes(&binding, input, Format::Arrow);
        let (binding, columns) = binding.projected();
        let batches = guarded(|| FileReader::try_new_buffered(again, Some(columns))).map_err(broken)?;
        Ok(Self::new(number, Batches::File(batches), &binding, notes))
    }

    pub(crate) fn arrow_stream(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        bytes: Bytes,
    ) -> Result<Self, ReadError> {
        let broken = |error| ReadError::broken_table(input, 0, &error);
        let batches = guarded(|| StreamReader::try_new_buffered(bytes, None)).map_err(broken)?;
        let binding = Binding::new(Arc::clone(schema), &batches.schema(), &input.to_string())?;
        let notes = notes(&binding, input, Format::Arrow);
        Ok(Self::new(number, Batches::Stream(batches), &binding, notes))
    }

    fn new(number: u32, batches: Batches, binding: &Binding, notes: InputNotes) -> Self {
        Self { number, batches, caster: binding.caster(), notes, rest: None, rows: 0 }
    }

    /// The next rows, at most so many.
    pub(crate) fn piece(&mut self, input: &Input, rows_max: usize) -> Result<Option<Piece>, ReadError> {
        let batch = match self.rest.take() {
            Some(rest) => rest,
            None => match self.next_batch() {
                None => return Ok(None),
                Some(Ok(batch)) => batch,
                Some(Err(error)) => return Err(ReadError::broken_table(input, self.rows, &error)),
            },
        };
        let rows = batch.num_rows().min(rows_max);
        if rows < batch.num_rows() {
            self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
        }
        let piece = self.caster.piece(&batch.slice(0, rows), self.number, self.rows + 1);
        self.rows += rows as u64;
        Ok(Some(piece))
    }

    fn next_batch(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        guarded(|| {
            match &mut self.batches {
                Batches::Parquet(batches) => batches.next(),
                Batches::File(batches) => batches.next(),
                Batches::Stream(batches) => batches.next(),
            }
            .transpose()
        })
        .transpose()
    }

    pub(crate) fn notes(&self) -> InputNotes {
        self.notes.clone()
    }
}

/// Does what the libraries do on data that may be corrupt. Arrow's checks are not complete: some lengths that lie make
/// it panic where it should fail. What panicked is not used again.
fn guarded<T>(work: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        Err(ArrowError::IpcError(message.to_owned()))
    })
}

fn notes(binding: &Binding, input: &Input, format: Format) -> InputNotes {
    InputNotes {
        input: input.to_string(),
        format,
        delimiter: None,
        unused_columns: binding.unused_columns().to_vec(),
        absent_fields: binding.absent_fields(),
    }
}
