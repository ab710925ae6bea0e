//! Parquet files, Arrow files, Arrow streams, and batches in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};
#[cfg(feature = "parquet")]
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use qingfeng_rules::Schema;

use super::bind::{Binding, Caster};
use super::error::ReadError;
use super::input::Batches as ArrowBatches;
use super::ndjson::note_unused;
#[cfg(feature = "parquet")]
use super::parquet_columns::{ParquetColumns, SharedFile, with_dictionaries};
use super::source::Source;
use super::{Decoder, Format, Input, InputNotes, Pieces, spread};

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
        batches: ArrowBatches,
        /// Whether each batch may have other columns.
        is_given: bool,
        /// One for each piece that is cast at the same time.
        casters: Vec<Caster>,
        /// What is left of the batch read last.
        rest: Option<RecordBatch>,
    },
}

impl Table {
    /// Opens what is no text.
    pub fn open(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        source: Source,
        ahead: usize,
    ) -> Result<Self, ReadError> {
        let broken = |error| ReadError::broken_table(input, 0, &error);
        let bind = |table: &SchemaRef| Binding::new(Arc::clone(schema), table, &input.to_string());
        let casters = || (0..ahead).map(|_| Caster::default()).collect();
        let arrow = |batches: ArrowBatches| Batches::Arrow {
            batches,
            is_given: false,
            casters: casters(),
            rest: None,
        };
        let (binding, notes, batches) = match source {
            #[cfg(feature = "parquet")]
            Source::Parquet(file) => {
                let file = SharedFile::new(file);
                let metadata = guarded(|| Ok(ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?));
                let metadata = metadata.map_err(broken)?;
                let binding = bind(metadata.schema())?;
                let columns =
                    guarded(|| ParquetColumns::new(&file, &with_dictionaries(metadata), &binding, ahead));
                let notes = notes(&binding, input, Format::Parquet);
                (binding, notes, Batches::Parquet(columns.map_err(broken)?))
            }
            Source::Arrow(mut file) => {
                let table = guarded(|| Ok(FileReader::try_new(&mut file, None)?.schema())).map_err(broken)?;
                let binding = bind(&table)?;
                let notes = notes(&binding, input, Format::Arrow);
                let (binding, columns) = binding.projected();
                let batches =
                    guarded(|| FileReader::try_new_buffered(file, Some(columns))).map_err(broken)?;
                (binding, notes, arrow(Box::new(batches)))
            }
            Source::Text { bytes, .. } | Source::Stream(bytes) => {
                let batches = guarded(|| StreamReader::try_new_buffered(bytes, None)).map_err(broken)?;
                let binding = bind(&batches.schema())?;
                let notes = notes(&binding, input, Format::Arrow);
                (binding, notes, arrow(Box::new(batches)))
            }
            Source::Batches(mut batches) => {
                let Some(first) = batches.next() else {
                    return Err(ReadError::content(
                        input,
                        "has no batches; a table without declarations has at least its columns, in a batch without rows",
                    ));
                };
                let first = first.map_err(broken)?;
                let binding = bind(first.schema_ref())?;
                let notes = notes(&binding, input, Format::Arrow);
                let rest = Some(first);
                (binding, notes, Batches::Arrow { batches, is_given: true, casters: casters(), rest })
            }
        };
        Ok(Self { number, batches, binding: Arc::new(binding), notes, rows: 0 })
    }
}

impl Decoder for Table {
    fn pieces(&mut self, input: &Input, rows_max: usize) -> Pieces {
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
            Batches::Arrow { batches, is_given, casters, rest } => {
                let mut work = Vec::with_capacity(casters.len());
                let mut end = None;
                while work.len() < casters.len() {
                    let batch = match rest.take().map(Ok).or_else(|| next_batch(batches)) {
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
                    if *is_given {
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

    fn notes(&self) -> InputNotes {
        self.notes.clone()
    }
}

/// The next of some batches.
pub(crate) fn next_batch(batches: &mut ArrowBatches) -> Option<Result<RecordBatch, ArrowError>> {
    guarded(|| batches.next().transpose()).transpose()
}

/// Does what the libraries do on data that may be corrupt. Arrow's checks are not complete: some lengths that lie make
/// it panic where it should fail. What panicked is not used again.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
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
    binding.unused_columns().iter().for_each(|column| note_unused(&mut notes.unused_columns, column));
}

fn notes(binding: &Binding, input: &Input, format: Format) -> InputNotes {
    InputNotes {
        input: input.to_string(),
        format,
        delimiter: None,
        columns: binding.uses(),
        unused_columns: binding.unused_columns().to_vec(),
        absent_fields: binding.absent_fields(),
    }
}
