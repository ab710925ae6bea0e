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

mod assemble;
pub(crate) mod bind;
pub(crate) mod cast;
#[doc(hidden)]
pub mod cell;
mod changes;
pub(crate) mod coded;
#[expect(missing_docs, reason = "seen by the crates of this workspace alone")]
mod column;
mod conflicts;
mod csv;
mod direct;
mod error;
mod frame;
mod input;
mod lines;
mod money;
mod ndjson;
mod object;
#[cfg(feature = "parquet")]
mod parquet_columns;
pub(crate) mod records;
mod reject;
#[expect(missing_docs, reason = "seen by the crates of this workspace alone")]
mod rows;
mod scatter;
mod source;
mod spread;
mod table;
mod text;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use qingfeng_rules::FieldId;
use qingfeng_rules::countries::Numbers;
use qingfeng_rules::{Schema, Zone};
use serde::Serialize;

use assemble::Assembler;
use csv::Csv;
use frame::{Block, Framer, Scanner};
use ndjson::Ndjson;
use scatter::Starts;
use table::Table;

pub(crate) use assemble::{Parts, one_chunk};
pub use bind::{BindError, BindErrorKind};
pub use cell::MAX_TEXT_BYTES;
pub(crate) use cell::whole;
pub use changes::{Change, Changed, Changes};
#[doc(hidden)]
pub use column::Column;
pub(crate) use direct::{Direct, OneRead};
pub use error::ReadError;
pub(crate) use input::Batches;
pub use input::{Given, Input};
pub use lines::{Lines, Place, Position, Unreadable, arrow_schema, data_type};
#[cfg(feature = "parquet")]
pub(crate) use parquet_columns::SharedFile;
#[doc(hidden)]
pub use reject::shown;
pub use reject::{Problem, Reject, RejectKind, SHOWN_CHARACTERS};
#[doc(hidden)]
pub use rows::Piece;
pub(crate) use source::{Source, open as open_source, unpacked};
#[cfg(not(feature = "parquet"))]
pub(crate) use source::{WITHOUT_PARQUET, without_zstd};
pub(crate) use table::{guarded, next_batch};
pub use text::Encoding;
pub(crate) use text::{MARK, is_run};

/// The largest `batch_lines` and `max_declaration_lines`: so many texts of the greatest length fit into one array.
pub const MAX_LINES: usize = 32_767;

/// The number of unused columns that are noted for an input.
pub(crate) const NOTED_COLUMNS: usize = 100;

/// The lines of a piece at most. Pieces have no bearing on chunks.
const PIECE_LINES: usize = 8192;

/// The inputs as messages show them.
pub(crate) type InputNames = Arc<Vec<String>>;

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

/// How to read. What is read depends on the content of the inputs and on these, and on nothing else.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format of all inputs; `None` goes by the extension, and without a known one by the content.
    pub format: Option<Format>,
    /// The encoding of text files.
    pub encoding: Encoding,
    /// The zone that days are of; `None` is the one of the schema.
    pub zone: Option<Zone>,
    /// The list that countries' numbers are from, in fields for which the schema names none.
    pub country_numbers: Option<Numbers>,
    /// The number of goods lines in a chunk at most; a single declaration with more is a chunk of its own. From 1 to
    /// [`MAX_LINES`]; other values count as the nearest of these.
    pub batch_lines: usize,
    /// The number of lines of one declaration that are assessed together at most; further ones are rejected. From 1
    /// to [`MAX_LINES`]; other values count as the nearest of these.
    pub max_declaration_lines: usize,
    /// The number of declarations noted in memory, to find scattered ones, before they go to a temporary file.
    pub noted_declarations: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            encoding: Encoding::Utf8,
            zone: None,
            country_numbers: None,
            batch_lines: 8192,
            max_declaration_lines: 10_000,
            noted_declarations: 1 << 18,
        }
    }
}

/// Whole declarations, and the rejects found while reading them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chunk {
    /// Goods lines, typed. Each declaration has all its lines here, save those that were left out.
    pub lines: Lines,
    /// What could not be read, found while reading this chunk, in the order of the input: values and lines. Some may belong
    /// to declarations of the chunk after.
    pub rejects: Vec<Reject>,
    /// Lines that were left out: those beyond the most that are assessed together, and those of a declaration within
    /// which the input breaks off.
    pub lines_lost: u64,
    /// What was done to cells to read them, found while reading this chunk.
    pub changes: Changes,
}

impl Chunk {
    /// Lines read.
    pub fn lines_read(&self) -> u64 {
        self.lines.len() as u64 + self.lines_lost
    }

    /// Lines of which something could not be read, and those that were left out.
    pub fn lines_amiss(&self) -> u64 {
        self.lines.unreadable_lines() + self.lines_lost
    }
}

/// What an input held besides declarations, for a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InputNotes {
    /// The input, as [`Input`] shows it.
    pub input: String,
    /// Its format.
    #[serde(skip)]
    pub format: Format,
    /// What separates the cells of a CSV file: a comma, a semicolon or a tab.
    #[serde(skip)]
    pub delimiter: Option<char>,
    /// For each column and each field that it fills, in the order of the columns; none of JSON, which has keys.
    #[serde(skip)]
    pub columns: Vec<ColumnUse>,
    /// Columns (in JSON: keys) that no field claims, in order of appearance; the first 100.
    pub unused_columns: Vec<String>,
    /// The names of the fields that have no column (in JSON: no key in any line).
    pub absent_fields: Vec<String>,
}

/// A column of an input, and a field that it fills.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnUse {
    /// The header.
    pub column: String,
    /// The field.
    pub field: FieldId,
    /// Whether the field takes a part of the cells: the column is a box of the form that holds several fields.
    pub is_part: bool,
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
/// error, which comes when all lines before it were given out, the reader ends; the lines of a declaration that the
/// input breaks off in are given out as rejects.
pub struct Reader {
    schema: Arc<Schema>,
    inputs: Vec<Input>,
    options: ReadOptions,
    /// The number of the input that is opened next.
    next: usize,
    current: Option<Box<dyn Decoder>>,
    /// The pieces that are decoded at once.
    ahead: usize,
    /// Pieces that were decoded, and the error that comes after them.
    pieces: VecDeque<Piece>,
    broken: Option<ReadError>,
    assembler: Assembler,
    notes: Vec<InputNotes>,
    scattered: Scattered,
    bytes_read: Arc<AtomicU64>,
    /// Whether no more lines come, and the error for which they do not.
    at_end: bool,
    failure: Option<ReadError>,
}

/// Pieces of an input that follow each other.
pub(crate) struct Pieces {
    pieces: Vec<Piece>,
    /// How the input ends after them; `None` if there may be more.
    end: Option<Result<(), ReadError>>,
}

/// The next pieces of a text, one for each parser.
fn parsed<P: Send>(
    framer: &mut Framer,
    scanner: &impl Scanner,
    input: &Input,
    lines: usize,
    parsers: &mut [P],
    parse: impl Fn(&mut P, &Block) -> Piece + Sync,
) -> Pieces {
    let (blocks, end) = framer.blocks(scanner, lines, parsers.len());
    let pieces = spread::each(parsers, blocks, |parser, block| parse(parser, &block));
    let after = || format!("line {}", framer.lines_before());
    Pieces { pieces, end: end.map(|end| end.map_err(|error| ReadError::broken(input, after(), &error))) }
}

/// Reads one input.
trait Decoder: Send {
    /// The next pieces, of at most so many lines each.
    fn pieces(&mut self, input: &Input, lines_max: usize) -> Pieces;
    /// What the input held besides.
    fn notes(&self) -> InputNotes;
}

impl Reader {
    /// A reader of these inputs. Files are looked for at once, and opened when their turn comes.
    ///
    /// # Errors
    ///
    /// No inputs, standard input twice, a file that is missing, or a directory.
    pub fn new(schema: Arc<Schema>, inputs: Vec<Input>, options: ReadOptions) -> Result<Self, ReadError> {
        if inputs.is_empty() {
            return Err(ReadError::NoInput);
        }
        if inputs.iter().filter(|input| matches!(input, Input::Stdin)).count() > 1 {
            return Err(ReadError::StdinTwice);
        }
        inputs.iter().try_for_each(source::check)?;
        source::check_apart(&inputs)?;
        let schema = match (options.zone, options.country_numbers) {
            (None, None) => schema,
            (zone, numbers) => {
                let mut schema = Schema::clone(&schema);
                zone.into_iter().for_each(|zone| schema.set_days(zone));
                numbers.into_iter().for_each(|numbers| schema.set_country_numbers(numbers));
                Arc::new(schema)
            }
        };
        let names = Arc::new(inputs.iter().map(Input::to_string).collect());
        let assembler = Assembler::new(
            Arc::clone(&schema),
            names,
            options.batch_lines.clamp(1, MAX_LINES),
            options.max_declaration_lines.clamp(1, MAX_LINES),
            Starts::new(options.noted_declarations),
        );
        Ok(Self {
            schema,
            inputs,
            options,
            next: 0,
            current: None,
            ahead: 1,
            pieces: VecDeque::new(),
            broken: None,
            assembler,
            notes: Vec::new(),
            scattered: Scattered::default(),
            bytes_read: Arc::default(),
            at_end: false,
            failure: None,
        })
    }

    /// The inputs, as given. [`Place::input`] counts them from 0.
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

    /// The bytes read so far, as they stand in the files. A Parquet or Arrow file counts as a whole when it is opened.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// The bytes of all inputs, if all are files or bytes in memory.
    pub fn bytes_total(&self) -> Option<u64> {
        self.inputs.iter().map(Input::size).sum()
    }

    /// The lines that follow, from the present input or the next ones, whatever declarations they belong to. A line of which
    /// something cannot be read is left out: this reads tables whose rows count as a whole or not at all.
    #[doc(hidden)]
    pub fn piece(&mut self) -> Result<Option<Piece>, ReadError> {
        Ok(self.next_piece()?.map(|piece| piece.of_readable(self.schema.declaration)))
    }

    fn next_piece(&mut self) -> Result<Option<Piece>, ReadError> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(Some(piece));
            }
            if let Some(error) = self.broken.take() {
                return Err(error);
            }
            let Some(current) = &mut self.current else {
                let Some(input) = self.inputs.get(self.next) else { return Ok(None) };
                self.next += 1;
                self.current = Some(self.open(input)?);
                continue;
            };
            let input = &self.inputs[self.next - 1];
            let Pieces { pieces, end } = current.pieces(input, PIECE_LINES);
            self.pieces.extend(pieces);
            let Some(end) = end else { continue };
            self.notes.push(current.notes());
            self.current = None;
            self.broken = end.err();
        }
    }

    /// Opens the input before `next`.
    fn open(&self, input: &Input) -> Result<Box<dyn Decoder>, ReadError> {
        let Self { schema, options, ahead, .. } = self;
        let (ahead, encoding, number) = (*ahead, options.encoding, self.next as u32 - 1);
        Ok(match source::open(input, options.format, encoding, &self.bytes_read)? {
            Source::Text { format: Format::Csv, bytes } => {
                Box::new(Csv::open(schema, input, number, Framer::new(bytes), encoding, ahead)?)
            }
            Source::Text { bytes, .. } => {
                Box::new(Ndjson::open(schema, input, number, Framer::new(bytes), encoding, ahead))
            }
            table => Box::new(Table::open(schema, input, number, table, ahead)?),
        })
    }

    /// Reads on, to the next piece or to the end.
    fn read_on(&mut self) -> Result<(), ReadError> {
        match self.next_piece()? {
            Some(piece) => self.assembler.take(piece),
            None => {
                self.at_end = true;
                self.assembler.end()?;
                self.scattered = self.assembler.starts().scattered()?;
                Ok(())
            }
        }
    }
}

impl Reader {
    /// Sets how many pieces are decoded at once, by the threads of the pool that the reader is used in. What is read
    /// does not depend on it. To be called before reading starts.
    pub(crate) fn decode_ahead(&mut self, pieces: usize) {
        self.ahead = pieces.max(1);
    }

    /// Keeps the lines that wait to become a chunk within so many bytes. To be called before reading starts.
    pub(crate) fn limit_memory(&mut self, bytes: usize) {
        self.assembler.limit_memory(bytes);
    }

    /// The next chunk, in parts.
    pub(crate) fn parts(&mut self) -> Option<Result<Parts, ReadError>> {
        loop {
            if let Some(parts) = self.assembler.chunk(self.at_end) {
                return Some(Ok(parts));
            }
            if self.at_end {
                return self.failure.take().map(Err);
            }
            if let Err(error) = self.read_on() {
                self.at_end = true;
                self.failure = Some(error);
                if let Err(error) = self.assembler.end() {
                    self.failure = Some(error);
                }
                self.assembler.break_off();
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Chunk, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.parts()?.map(Parts::chunk))
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("inputs", &self.inputs)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
