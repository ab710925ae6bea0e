//! What stops the reading of an input as a whole.

use std::fmt;
use std::io;

use super::bind::BindError;

/// An input cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing to read.
    #[error("no input to read; name a file, or `-` for standard input")]
    NoInput,
    /// Standard input is named more than once.
    #[error("standard input is named more than once; it can be read once")]
    StdinTwice,
    /// An input cannot be opened.
    #[error("{input}: cannot be opened: {source}")]
    Open {
        /// The input.
        input: String,
        /// Why.
        source: io::Error,
    },
    /// An input is not what the reader takes: a directory, an empty file, a list in JSON, UTF-16, ...
    #[error("{input}: {reason}")]
    Content {
        /// The input.
        input: String,
        /// What it is, and what would be right.
        reason: String,
    },
    /// The columns of an input do not fit the schema.
    #[error(transparent)]
    Columns(#[from] BindError),
    /// An input ends too early or is corrupt.
    #[error("{input}: cannot be read after {after}: {reason}")]
    Broken {
        /// The input.
        input: String,
        /// The last place that could be read, in words.
        after: String,
        /// What went wrong, and a remedy.
        reason: String,
    },
    /// A declaration does not fit into the limit of memory.
    #[error(
        "the declaration `{declaration}` has more than {limit} bytes in {lines} lines, more than the limit of memory leaves \
         for one; raise `memory_limit`, or split the declaration"
    )]
    Memory {
        /// The declaration's id, cut as in rejects.
        declaration: String,
        /// Its lines so far.
        lines: usize,
        /// The bytes that one declaration may have.
        limit: usize,
    },
    /// A temporary file cannot be written or read.
    #[error("a temporary file in {directory} cannot be used: {source}; make room there, or set TMPDIR")]
    Temporary {
        /// Where the file is.
        directory: String,
        /// Why.
        source: io::Error,
    },
}

impl ReadError {
    #[doc(hidden)]
    pub fn open(input: &impl fmt::Display, source: io::Error) -> Self {
        Self::Open { input: input.to_string(), source }
    }

    #[doc(hidden)]
    pub fn content(input: &impl fmt::Display, reason: impl Into<String>) -> Self {
        Self::Content { input: input.to_string(), reason: reason.into() }
    }

    #[doc(hidden)]
    pub fn temporary(source: io::Error) -> Self {
        Self::Temporary { directory: std::env::temp_dir().display().to_string(), source }
    }

    /// A stream of bytes failed after this place.
    pub fn broken(input: &impl fmt::Display, after: impl Into<String>, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                "the compressed data end too early; the file is cut short, so get it again".to_owned()
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                format!("the compressed data are corrupt ({error}); get the file again")
            }
            _ => error.to_string(),
        };
        Self::Broken { input: input.to_string(), after: after.into(), reason }
    }

    /// A table failed after this row.
    pub fn broken_table(input: &impl fmt::Display, rows: u64, error: &impl fmt::Display) -> Self {
        let error = error.to_string();
        if let Some((_, codec)) = error.split_once("Disabled feature at compile time: ") {
            let codec: String = codec.chars().take_while(char::is_ascii_alphanumeric).collect();
            let reason = format!(
                "has columns that are compressed with {}, which is not read here; write it with zstd, snappy, gzip or without \
                 compression",
                codec.to_uppercase()
            );
            return Self::content(input, reason);
        }
        let after = if rows == 0 { "its start".to_owned() } else { format!("row {rows}") };
        let reason = format!("the table is cut short or corrupt ({error}); get the file again");
        Self::Broken { input: input.to_string(), after, reason }
    }
}
