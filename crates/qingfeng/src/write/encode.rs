//! The formats and compressions of written tables.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_json::writer::LineDelimited;
use arrow_schema::{ArrowError, SchemaRef};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as ParquetCompression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::lists::join_lists;
use crate::read::Format;

/// The rows of a group of a Parquet file. A group is held in memory until it is full.
const ROW_GROUP_ROWS: usize = 1 << 17;

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
    Gzip(GzEncoder<BufWriter<File>>),
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
            Compression::Gzip => Self::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Compression::Zstd => Self::Zstd(zstd::Encoder::new(file, 3)?),
        })
    }

    pub(super) fn stdout(is_broken: Arc<AtomicBool>) -> Self {
        Self::Stdout(BufWriter::with_capacity(1 << 16, Pipe { stdout: io::stdout(), is_broken }))
    }

    fn close(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Gzip(file) => file.finish()?.flush(),
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
            Self::Zstd(sink) => sink.write(bytes),
            Self::Stdout(sink) => sink.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.flush(),
            // Flushing a compressor ends its block and costs size; `close` writes what is left.
            Self::Gzip(_) | Self::Zstd(_) => Ok(()),
            Self::Stdout(sink) => sink.flush(),
        }
    }
}

/// Writes batches in one of the formats.
pub(super) enum Encoder {
    Csv { writer: Box<arrow_csv::Writer<Sink>> },
    Ndjson { writer: Box<arrow_json::Writer<Sink, LineDelimited>>, is_live: bool },
    Parquet { writer: Box<ArrowWriter<Sink>> },
    Arrow { writer: Box<FileWriter<Sink>> },
}

impl Encoder {
    pub(super) fn new(format: Format, sink: Sink, schema: SchemaRef) -> Result<Self, ArrowError> {
        Ok(match format {
            Format::Csv => {
                let mut writer = Box::new(arrow_csv::WriterBuilder::new().with_header(true).build(sink));
                // A table without lines has a header all the same.
                writer.write(&join_lists(&RecordBatch::new_empty(schema))?)?;
                Self::Csv { writer }
            }
            Format::Ndjson => {
                let is_live = matches!(sink, Sink::Stdout(_));
                let writer = arrow_json::WriterBuilder::new().with_explicit_nulls(true).build(sink);
                Self::Ndjson { writer: Box::new(writer), is_live }
            }
            Format::Parquet => {
                let zstd = ParquetCompression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder()
                    .set_compression(zstd)
                    .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
                    .build();
                Self::Parquet { writer: Box::new(ArrowWriter::try_new(sink, schema, Some(properties))?) }
            }
            Format::Arrow => Self::Arrow { writer: Box::new(FileWriter::try_new(sink, &schema)?) },
        })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::Csv { writer } => writer.write(&join_lists(batch)?),
            Self::Ndjson { writer, is_live } => {
                writer.write(batch)?;
                // Who reads along sees each batch when it is done.
                if *is_live { Ok(writer.get_mut().flush()?) } else { Ok(()) }
            }
            Self::Parquet { writer } => Ok(writer.write(batch)?),
            Self::Arrow { writer } => writer.write(batch),
        }
    }

    pub(super) fn close(self) -> Result<(), ArrowError> {
        let sink = match self {
            Self::Csv { writer } => writer.into_inner(),
            Self::Ndjson { mut writer, .. } => {
                writer.finish()?;
                writer.into_inner()
            }
            Self::Parquet { writer } => writer.into_inner()?,
            Self::Arrow { writer } => writer.into_inner()?,
        };
        Ok(sink.close()?)
    }
}
