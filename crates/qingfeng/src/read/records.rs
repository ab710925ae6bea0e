//! Records one after the other, for tables whose columns are not those of a schema. They are framed as declarations are.

use std::borrow::Cow;

use super::csv::{self, Span};
use super::error::ReadError;
use super::frame::{Block, Content, Frame, Framer, PhysicalLines};
use super::source::Bytes;
use super::text::Encoding;

/// The records that are framed at once.
const BLOCK_RECORDS: usize = 8_192;
/// The bytes of a line of JSON at most.
const MAX_LINE_BYTES: usize = 4 << 20;

/// Frames, one after the other.
struct Frames {
    framer: Framer,
    block: Block,
    next: usize,
}

impl Frames {
    fn new(framer: Framer) -> Self {
        Self { framer, block: Block::default(), next: 0 }
    }

    /// The next frame; a line that is no record is an error.
    fn read(
        &mut self,
        input: &str,
        scanner: &impl super::frame::Scanner,
    ) -> Result<Option<(&Frame, &[u8])>, ReadError> {
        while self.next == self.block.frames.len() {
            match self.framer.block(scanner, BLOCK_RECORDS) {
                Ok(Some(block)) => (self.block, self.next) = (block, 0),
                Ok(None) => return Ok(None),
                Err(error) => {
                    let after = format!("line {}", self.framer.lines_before());
                    return Err(ReadError::broken(&input, after, &error));
                }
            }
        }
        let frame = &self.block.frames[self.next];
        self.next += 1;
        match &frame.content {
            Content::Bad(reason) => Err(ReadError::content(&input, format!("line {}: {reason}", frame.line))),
            _ => Ok(Some((frame, &self.block.bytes[frame.start..frame.end]))),
        }
    }
}

/// The records of a CSV file.
pub(crate) struct Records {
    frames: Frames,
    records: csv::Records,
    width: usize,
    spans: Vec<Span>,
}

/// A record.
pub(crate) struct Record<'r> {
    /// Its first physical line.
    pub(crate) line: u64,
    bytes: &'r [u8],
    spans: &'r [Span],
}

impl<'r> Record<'r> {
    /// A cell; `None` if it is no text.
    pub(crate) fn cell(&self, at: usize) -> Option<Cow<'r, str>> {
        self.spans[at].text(Encoding::Utf8, self.bytes)
    }
}

impl Records {
    /// Reads the header: of the three separators the one that gives most headers that are known.
    pub(crate) fn open(
        input: &str,
        bytes: Bytes,
        is_known: &dyn Fn(&str) -> bool,
    ) -> Result<(Self, Vec<String>), ReadError> {
        let mut framer = Framer::new(bytes);
        let (delimiter, headers) = csv::header(&mut framer, &input, Encoding::Utf8, is_known)?;
        let records = csv::Records { delimiter, cells: Some(headers.len()) };
        let frames = Frames::new(framer);
        Ok((Self { frames, records, width: headers.len(), spans: Vec::new() }, headers))
    }

    /// The next record.
    pub(crate) fn read(&mut self, input: &str) -> Result<Option<Record<'_>>, ReadError> {
        let Some((frame, bytes)) = self.frames.read(input, &self.records)? else { return Ok(None) };
        csv::split(bytes, self.records.delimiter, frame.content == Content::Quoted, &mut self.spans);
        if self.spans.len() != self.width {
            let reason = csv::wrong_count(self.spans.len(), self.width);
            return Err(ReadError::content(&input, format!("line {}: {reason}", frame.line)));
        }
        Ok(Some(Record { line: frame.line, bytes, spans: &self.spans }))
    }
}

/// Lines of JSON.
pub(crate) struct JsonLines {
    frames: Frames,
}

impl JsonLines {
    /// Of a stream that is `prompt` lines are wanted as soon as they come.
    pub(crate) fn new(bytes: Bytes, prompt: bool) -> Self {
        let mut framer = Framer::new(bytes);
        framer.is_prompt = prompt;
        framer.skip_mark(Encoding::Utf8.mark());
        Self { frames: Frames::new(framer) }
    }

    /// The next line and its number.
    pub(crate) fn read(&mut self, input: &str) -> Result<Option<(u64, &[u8])>, ReadError> {
        let line = self.frames.read(input, &PhysicalLines { most: MAX_LINE_BYTES })?;
        Ok(line.map(|(frame, bytes)| (frame.line, bytes)))
    }
}
