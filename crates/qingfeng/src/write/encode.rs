//! The formats and compressions of written tables.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Fields, Schema, SchemaRef};
use arrow_select::take::take;
use flate2::write::GzEncoder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::text;
use crate::read::Format;
use crate::threads::is_in_pool;

/// The compression around a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Where the bytes go.
pub(super) enum Sink {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
    #[cfg(feature = "parquet")]
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
    Stdout(BufWriter<Pipe>),
}

/// Standard output, and whether somebody still reads it.
pub(super) struct Pipe {
    stdout: Stdout,
    is_broken: Arc<AtomicBool>,
}

impl Pipe {
    fn watch<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
            self.is_broken.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes);
        self.watch(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.watch(flushed)
    }
}

impl Sink {
    pub(super) fn file(file: BufWriter<File>, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(file),
            // The header has no time and no name, so that equal tables have equal files.
            Compression::Gzip => Self::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::default()))),
            #[cfg(feature = "parquet")]
            Compression::Zstd => Self::Zstd(zstd::Encoder::new(file, 3)?),
            #[cfg(not(feature = "parquet"))]
            Compression::Zstd => return Err(crate::read::without_zstd()),
        })
    }

    pub(super) fn stdout(is_broken: Arc<AtomicBool>) -> Self {
        Self::Stdout(BufWriter::with_capacity(1 << 16, Pipe { stdout: io::stdout(), is_broken }))
    }

    fn close(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Gzip(file) => file.finish()?.flush(),
            #[cfg(feature = "parquet")]
            Self::Zstd(file) => file.finish()?.flush(),
            Self::Stdout(mut pipe) => pipe.flush(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(sink) => sink.write(bytes),
            Self::Gzip(sink) => sink.write(bytes),
            #[cfg(feature = "parquet")]
            Self::Zstd(sink) => sink.write(bytes),
            Self::Stdout(sink) => sink.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.flush(),
            // Flushing a compressor ends its block and costs size; `close` writes what is left.
            Self::Gzip(_) => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Zstd(_) => Ok(()),
            Self::Stdout(sink) => sink.flush(),
        }
    }
}

/// Writes batches in one of the formats. Where this is called in a pool of threads, they share the encoding; the bytes
/// are the same.
pub(super) enum Encoder {
    Csv(Sink),
    Ndjson(Sink),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::ParquetEncoder>),
    Arrow(Box<FileWriter<Sink>>, SchemaRef),
}

impl Encoder {
    pub(super) fn new(format: Format, mut sink: Sink, schema: SchemaRef) -> Result<Self, ArrowError> {
        if let Format::Csv | Format::Ndjson = format {
            text::check(&schema)?;
        }
        Ok(match format {
            Format::Csv => {
                // A table without lines has a header all the same.
                sink.write_all(&text::header(&schema))?;
                Self::Csv(sink)
            }
            Format::Ndjson => Self::Ndjson(sink),
            #[cfg(feature = "parquet")]
            Format::Parquet => Self::Parquet(Box::new(super::parquet::ParquetEncoder::new(sink, schema)?)),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                return Err(ArrowError::NotYetImplemented(crate::read::WITHOUT_PARQUET.to_owned()));
            }
            Format::Arrow => {
                let plain = plain(&schema);
                Self::Arrow(Box::new(FileWriter::try_new(sink, &plain)?), plain)
            }
        })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::Csv(sink) => write_text(sink, batch, text::csv),
            Self::Ndjson(sink) if matches!(sink, Sink::Stdout(_)) => {
                write_text(sink, batch, |rows| Ok(text::escaped(text::ndjson(rows)?)))?;
                // Who reads along sees each batch when it is done.
                Ok(sink.flush()?)
            }
            Self::Ndjson(sink) => write_text(sink, batch, text::ndjson),
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.write(batch),
            Self::Arrow(writer, plain) => writer.write(&without_dictionaries(batch, plain)?),
        }
    }

    pub(super) fn close(self) -> Result<(), ArrowError> {
        let sink = match self {
            Self::Csv(sink) | Self::Ndjson(sink) => sink,
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.close()?,
            Self::Arrow(writer, _) => writer.into_inner()?,
        };
        Ok(sink.close()?)
    }
}

/// The columns of an Arrow file: one with a dictionary has the texts themselves, since such a file has one dictionary for all
/// batches, and each batch comes with its own.
fn plain(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Dictionary(_, values) => {
            Arc::new(field.as_ref().clone().with_data_type((**values).clone()))
        }
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Fields>()))
}

fn without_dictionaries(batch: &RecordBatch, plain: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(|column| match column.as_any_dictionary_opt() {
        Some(coded) => take(coded.values(), coded.keys(), None),
        None => Ok(Arc::clone(column)),
    });
    RecordBatch::try_new(Arc::clone(plain), columns.collect::<Result<_, _>>()?)
}

/// The rows that are made text of at once.
const TEXT_ROWS: usize = 1024;

/// Writes rows of text, which do not depend on each other.
fn write_text(
    sink: &mut Sink,
    batch: &RecordBatch,
    text: fn(&RecordBatch) -> Result<Vec<u8>, ArrowError>,
) -> Result<(), ArrowError> {
    let part = |at: usize| batch.slice(at, TEXT_ROWS.min(batch.num_rows() - at));
    let parts: Vec<RecordBatch> = (0..batch.num_rows()).step_by(TEXT_ROWS).map(part).collect();
    if is_in_pool() {
        let texts: Vec<_> = parts.par_iter().map(text).collect();
        texts.into_iter().try_for_each(|text| Ok(sink.write_all(&text?)?))
    } else {
        parts.iter().try_for_each(|part| Ok(sink.write_all(&text(part)?)?))
    }
}
