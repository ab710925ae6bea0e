//! What stops the reading of an input as a whole.

use crate::bind::BindError;

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
        source: std::io::Error,
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
    /// A temporary file cannot be written or read.
    #[error("a temporary file in {directory} cannot be used: {source}; make room there, or set TMPDIR")]
    Temporary {
        /// Where the file is.
        directory: String,
        /// Why.
        source: std::io::Error,
    },
}
