//! Parquet files, Arrow files, Arrow streams, and batches in memory.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::ArrowError;
#[cfg(feature = "parquet")]
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use qingfeng_rules::Schema;

use super::bind::{Binding, Caster};
use super::error::ReadError;
use super::input::Batches as GivenBatches;
#[cfg(feature = "parquet")]
use super::parquet_columns::{ParquetColumns, SharedFile};
use super::source::Bytes;
use super::{Format, Input, InputNotes, NOTED_COLUMNS, Pieces, spread};

/// Reads the rows of a table.
pub struct Table {
    number: u32,
    batches: Batches,
    binding: Arc<Binding>,
    notes: InputNotes,
    /// The number of rows given out so far.
    rows: u64,
}

/// Only the columns that fields claim are read, save from a stream, which has its columns' names in itself.
enum Batches {
    #[cfg(feature = "parquet")]
    Parquet(ParquetColumns),
    Arrow {
        batches: Box<ArrowBatches>,
        /// One for each piece that is cast at the same time.
        casters: Vec<Caster>,
        /// What is left of the batch read last.
        rest: Option<RecordBatch>,
    },
}

enum ArrowBatches {
    File(FileReader<BufReader<File>>),
    Stream(StreamReader<BufReader<Bytes>>),
    Given(GivenBatches),
}

impl Table {
    #[cfg(feature = "parquet")]
    pub fn parquet(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        file: File,
        ahead: usize,
    ) -> Result<Self, ReadError> {
        let broken = |error| ReadError::broken_table(input, 0, &error);
        let file = SharedFile::new(file);
        let metadata = guarded(|| Ok(ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?));
        let metadata = metadata.map_err(broken)?;
        let binding = Binding::new(Arc::clone(schema), metadata.schema(), &input.to_string())?;
        let notes = notes(&binding, input, Format::Parquet);
        let columns = guarded(|| ParquetColumns::new(&file, &metadata, &binding, ahead)).map_err(broken)?;
        let batches = Batches::Parquet(columns);
        Ok(Self { number, batches, binding: Arc::new(binding), notes, rows: 0 })
    }

    pub fn arrow_file(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        file: File,
        ahead: usize,
    ) -> Result<Self, ReadError> {
        let broken = |error| ReadError::broken_table(input, 0, &error);
        let again = file.try_clone().map_err(|source| ReadError::open(input, source))?;
        let table = guarded(|| Ok(FileReader::try_new_buffered(file, None)?.schema())).map_err(broken)?;
        let binding = Binding::new(Arc::clone(schema), &table, &input.to_string())?;
        let notes = notes(&binding, input, Format::Arrow);
        let (binding, columns) = binding.projected();
        let batches = guarded(|| FileReader::try_new_buffered(again, Some(columns))).map_err(broken)?;
        Ok(Self::arrow(number, ArrowBatches::File(batches), None, binding, notes, ahead))
    }

    pub fn arrow_stream(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        bytes: Bytes,
        ahead: usize,
    ) -> Result<Self, ReadError> {
        let broken = |error| ReadError::broken_table(input, 0, &error);
        let batches = guarded(|| StreamReader::try_new_buffered(bytes, None)).map_err(broken)?;
        let binding = Binding::new(Arc::clone(schema), &batches.schema(), &input.to_string())?;
        let notes = notes(&binding, input, Format::Arrow);
        Ok(Self::arrow(number, ArrowBatches::Stream(batches), None, binding, notes, ahead))
    }

    pub(crate) fn given(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        mut batches: GivenBatches,
        ahead: usize,
    ) -> Result<Self, ReadError> {
        let Some(first) = batches.next() else {
            return Err(ReadError::content(
                input,
                "has no batches; a table without declarations has at least its columns, in a batch without rows",
            ));
        };
        let first = first.map_err(|error| ReadError::broken_table(input, 0, &error))?;
        let binding = Binding::new(Arc::clone(schema), first.schema_ref(), &input.to_string())?;
        let notes = notes(&binding, input, Format::Arrow);
        Ok(Self::arrow(number, ArrowBatches::Given(batches), Some(first), binding, notes, ahead))
    }

    fn arrow(
        number: u32,
        batches: ArrowBatches,
        rest: Option<RecordBatch>,
        binding: Binding,
        notes: InputNotes,
        ahead: usize,
    ) -> Self {
        let casters = (0..ahead).map(|_| Caster::new(binding.schema())).collect();
        Self {
            number,
            batches: Batches::Arrow { batches: Box::new(batches), casters, rest },
            binding: Arc::new(binding),
            notes,
            rows: 0,
        }
    }

    /// The next pieces, of at most so many rows each.
    pub fn pieces(&mut self, input: &Input, rows_max: usize) -> Pieces {
        let (number, mut first) = (self.number, self.rows + 1);
        let Self { batches, binding, notes, .. } = self;
        let broken = |rows: u64, error: ArrowError| ReadError::broken_table(input, rows, &error);
        let (pieces, end) = match batches {
            #[cfg(feature = "parquet")]
            Batches::Parquet(columns) => {
                let (work, end) = columns.next();
                let work = work.into_iter().map(|(rows, columns)| {
                    let place = first;
                    first += rows as u64;
                    (rows, columns, place)
                });
                let work: Vec<_> = work.collect();
                let mut workers = vec![(); work.len()];
                let piece = |(), (rows, columns, first)| binding.piece(columns, rows, number, first);
                let end = end.map(|end| end.map_err(|error| broken(first - 1, error)));
                (spread::each(&mut workers, work, |_, work| piece((), work)), end)
            }
            Batches::Arrow { batches, casters, rest } => {
                let mut work = Vec::with_capacity(casters.len());
                let mut end = None;
                while work.len() < casters.len() {
                    let batch = match rest.take().map_or_else(|| batches.next(), |rest| Some(Ok(rest))) {
                        Some(Ok(batch)) => batch,
                        Some(Err(error)) => {
                            end = Some(Err(broken(first - 1, error)));
                            break;
                        }
                        None => {
                            end = Some(Ok(()));
                            break;
                        }
                    };
                    if matches!(**batches, ArrowBatches::Given(_)) {
                        match binding.for_batch(&batch) {
                            Ok(None) => {}
                            Ok(Some(other)) => {
                                bind_again(notes, &other);
                                *binding = Arc::new(other);
                            }
                            Err(error) => {
                                end = Some(Err(error.into()));
                                break;
                            }
                        }
                    }
                    let rows = batch.num_rows().min(rows_max);
                    if rows < batch.num_rows() {
                        *rest = Some(batch.slice(rows, batch.num_rows() - rows));
                    }
                    work.push((Arc::clone(binding), batch.slice(0, rows), first));
                    first += rows as u64;
                }
                let cast = |caster: &mut Caster, (binding, batch, first): (Arc<Binding>, _, _)| {
                    caster.piece(&binding, &batch, number, first)
                };
                (spread::each(casters, work, cast), end)
            }
        };
        self.rows = first - 1;
        Pieces { pieces, end }
    }

    pub fn notes(&self) -> InputNotes {
        self.notes.clone()
    }
}

impl ArrowBatches {
    fn next(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        guarded(|| {
            match self {
                Self::File(batches) => batches.next(),
                Self::Stream(batches) => batches.next(),
                Self::Given(batches) => batches.next(),
            }
            .transpose()
        })
        .transpose()
    }
}

/// Does what the libraries do on data that may be corrupt. Arrow's checks are not complete: some lengths that lie make
/// it panic where it should fail. What panicked is not used again.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        Err(ArrowError::IpcError(message.to_owned()))
    })
}

/// Notes the columns of a batch that has others than those before.
fn bind_again(notes: &mut InputNotes, binding: &Binding) {
    let absent = binding.absent_fields();
    notes.absent_fields.retain(|field| absent.contains(field));
    for column in binding.unused_columns() {
        if notes.unused_columns.len() < NOTED_COLUMNS && !notes.unused_columns.contains(column) {
            notes.unused_columns.push(column.clone());
        }
    }
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
