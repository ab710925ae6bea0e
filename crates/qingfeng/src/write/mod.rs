//! Writing tables: assessments, plans, rejects, as CSV, NDJSON, Parquet or Arrow.
//!
//! The same batches give the same bytes, whatever the day and the machine.

mod encode;
#[cfg(feature = "parquet")]
mod parquet;
mod text;
mod whole;

use std::fmt;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use encode::{Compression, Encoder, Sink};

#[doc(hidden)]
pub use text::ndjson;
pub(crate) use whole::PARTIAL;
#[doc(hidden)]
pub use whole::{Unfinished, WholeFile, give_up};

use crate::read::Format;

/// Something to write a table to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// A file. Its extension names the format: `.csv`, `.ndjson` (or `.jsonl`), `.parquet`, `.arrow`; after the first
    /// two `.gz` or `.zst` may follow.
    Path(PathBuf),
    /// Standard output, as NDJSON.
    Stdout,
}

impl WriteError {
    /// What went wrong with an output of a program's own.
    pub fn other(
        output: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Io { output: output.into(), source: io::Error::other(source) }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Stdout => f.write_str("standard output"),
        }
    }
}

/// A table cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The extension of the file names no format.
    #[error(
        "{output}: its extension names no format; use .csv, .csv.gz, .csv.zst, .ndjson, .ndjson.gz, .ndjson.zst, \
         .parquet or .arrow"
    )]
    Extension {
        /// The output.
        output: String,
    },
    /// The file cannot be created, written or renamed.
    #[error("{output}: cannot be written: {source}")]
    Io {
        /// The output.
        output: String,
        /// Why.
        source: io::Error,
    },
    /// The table does not fit the format.
    #[error("{output}: cannot be written: {source}")]
    Table {
        /// The output.
        output: String,
        /// Why.
        source: ArrowError,
    },
    /// Nobody reads standard output any more. A command ends then without a word.
    #[error("standard output is closed")]
    BrokenPipe,
}

/// Writes the batches of a table.
///
/// A file is written beside its target, under the target's name with `.partial` after it, and takes the target's name
/// in [`finish`](Self::finish). If that is not called, because the run failed, the `.partial` file stays with what was
/// written before, so that it is not lost; readers refuse it. An older file of the target's name stays as it was. One
/// writer at a time has a target: [`create`](Self::create) fails while another one writes it, in whatever process.
pub struct TableWriter {
    output: Output,
    /// The file that is written, unless it is standard output.
    file: Option<WholeFile>,
    /// `None` once it is closed.
    encoder: Option<Encoder>,
    is_pipe_broken: Arc<AtomicBool>,
}

impl TableWriter {
    /// A writer of a table with this schema.
    ///
    /// CSV begins with a header; there lists are joined by `;` (a `;` in an element becomes `,`), a missing value is an
    /// empty cell, and a text that a spreadsheet would run as a formula has an apostrophe before it, which
    /// [readers](crate::read) take away. In NDJSON missing values are written as `null`. Parquet is compressed with zstd.
    ///
    /// # Errors
    ///
    /// An extension that names no format, a file that cannot be created, or one that another run is writing.
    pub fn create(output: &Output, schema: SchemaRef) -> Result<Self, WriteError> {
        let is_pipe_broken = Arc::new(AtomicBool::new(false));
        let (format, compression) = match output {
            Output::Stdout => (Format::Ndjson, Compression::None),
            Output::Path(path) => {
                format(path).ok_or_else(|| WriteError::Extension { output: output.to_string() })?
            }
        };
        let failed = |source| WriteError::Io { output: output.to_string(), source };
        let (sink, file) = match output {
            Output::Stdout => (Sink::stdout(Arc::clone(&is_pipe_broken)), None),
            Output::Path(path) => {
                let whole = WholeFile::create(path).map_err(failed)?;
                let file = BufWriter::with_capacity(1 << 16, whole.handle().map_err(failed)?);
                (Sink::file(file, compression).map_err(failed)?, Some(whole))
            }
        };
        let encoder = Encoder::new(format, sink, schema)
            .map_err(|source| WriteError::Table { output: output.to_string(), source })?;
        Ok(Self { output: output.clone(), file, encoder: Some(encoder), is_pipe_broken })
    }

    /// Writes a batch.
    ///
    /// # Errors
    ///
    /// The output cannot be written, nobody reads it any more, or the batch has another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let written = match &mut self.encoder {
            Some(encoder) => encoder.write(batch),
            None => Ok(()),
        };
        written.map_err(|source| self.error(source))
    }

    /// Writes what is left and gives the file its name.
    ///
    /// # Errors
    ///
    /// The output cannot be written, or the file cannot be renamed.
    pub fn finish(mut self) -> Result<(), WriteError> {
        if let Some(encoder) = self.encoder.take() {
            encoder.close().map_err(|source| self.error(source))?;
        }
        if let Some(file) = self.file.take() {
            file.finish().map_err(|source| WriteError::Io { output: self.output.to_string(), source })?;
        }
        Ok(())
    }

    fn error(&self, source: ArrowError) -> WriteError {
        let output = self.output.to_string();
        match source {
            _ if self.is_pipe_broken.load(Ordering::Relaxed) => WriteError::BrokenPipe,
            ArrowError::IoError(_, source) => WriteError::Io { output, source },
            source => WriteError::Table { output, source },
        }
    }
}

impl Drop for TableWriter {
    /// Closes the file, so that what was written can be read, but leaves it its partial name.
    fn drop(&mut self) {
        if let Some(encoder) = self.encoder.take() {
            // Who drops a writer has an error to tell already.
            let _ = encoder.close();
        }
    }
}

impl fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableWriter").field("output", &self.output).finish_non_exhaustive()
    }
}

/// The format and compression that the name of the file tells.
fn format(path: &Path) -> Option<(Format, Compression)> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let (name, compression) = if let Some(name) = name.strip_suffix(".gz") {
        (name, Compression::Gzip)
    } else if let Some(name) = name.strip_suffix(".zst") {
        (name, Compression::Zstd)
    } else {
        (name.as_str(), Compression::None)
    };
    let format = match name.rsplit_once('.')?.1 {
        "csv" => Format::Csv,
        "ndjson" | "jsonl" => Format::Ndjson,
        "parquet" if compression == Compression::None => Format::Parquet,
        "arrow" if compression == Compression::None => Format::Arrow,
        _ => return None,
    };
    Some((format, compression))
}
