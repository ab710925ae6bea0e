//! Framing: a stream of bytes becomes blocks of whole records. What the records mean is found out later, block by
//! block, so that several threads can do it.

use std::io::{self, ErrorKind, Read};

use super::source::Bytes;

/// The bytes asked of the stream at once.
const FILL_BYTES: usize = 1 << 18;
/// The bytes of a block at which it is given out.
const BLOCK_BYTES: usize = 4 << 20;

/// One record of a block, or what stands in its place.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Where in the block the record starts and ends, without its line end.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Its first physical line in the input, from 1.
    pub(crate) line: u64,
    pub(crate) content: Content,
}

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A record.
    Plain,
    /// A record of CSV with quotes, well-formed and with the header's number of cells.
    Quoted,
    /// A physical line that is no record, and why.
    Bad(String),
}

/// Whole records and the bytes they stand in.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    pub(crate) frames: Vec<Frame>,
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A record of `length` bytes; `with_end` bytes and `lines` physical lines on, the next one starts.
    Record { length: usize, with_end: usize, lines: u64, quoted: bool },
    /// A physical line that is no record.
    Bad { length: usize, with_end: usize, reason: String },
    /// A physical line that is too long, so that it is not kept until it ends.
    Endless { reason: String },
    /// More bytes are needed.
    More,
}

/// Finds records.
pub(crate) trait Scanner {
    /// What stands at the start of `bytes`, which are not empty. After them comes nothing if they have `ended`; the
    /// first `seen` bytes were scanned before and were not enough.
    fn scan(&self, bytes: &[u8], ended: bool, seen: usize) -> Scan;
}

/// Cuts a stream into blocks.
pub(crate) struct Framer {
    stream: Bytes,
    bytes: Vec<u8>,
    /// The first byte that no frame holds, and its physical line.
    at: usize,
    line: u64,
    state: State,
    /// Whether the rest of a line that is too long is being skipped.
    is_skipping: bool,
    /// Whether records are given out as soon as they come, however the stream is dealt out.
    pub(crate) is_prompt: bool,
}

enum State {
    Open,
    Ended,
    Failed(io::Error),
}

impl Framer {
    pub(crate) fn new(stream: Bytes) -> Self {
        let (bytes, state) = (Vec::new(), State::Open);
        Self { stream, bytes, at: 0, line: 1, state, is_skipping: false, is_prompt: false }
    }

    /// The number of physical lines read so far.
    pub(crate) fn lines_before(&self) -> u64 {
        self.line - 1
    }

    /// Skips this mark if it stands next. To be called first.
    pub(crate) fn skip_mark(&mut self, mark: &[u8]) {
        while self.bytes.len() < mark.len() && matches!(self.state, State::Open) {
            self.fill();
        }
        if self.bytes[self.at..].starts_with(mark) {
            self.at += mark.len();
        }
    }

    /// The next block, with at most so many frames, or `None` at the end. An error comes after all whole records
    /// before it.
    pub(crate) fn block(&mut self, scanner: &impl Scanner, frames_max: usize) -> io::Result<Option<Block>> {
        let mut frames: Vec<Frame> = Vec::new();
        let mut seen = 0;
        let mut is_over = false;
        while frames.len() < frames_max && self.at < BLOCK_BYTES {
            if self.is_skipping {
                self.skip();
            }
            if self.at == self.bytes.len() {
                if !matches!(self.state, State::Open) {
                    is_over = true;
                    break;
                }
                if self.is_prompt && !frames.is_empty() {
                    break;
                }
                self.fill();
                continue;
            }
            let (start, line) = (self.at, self.line);
            let ended = matches!(self.state, State::Ended);
            match scanner.scan(&self.bytes[start..], ended, seen) {
                Scan::Record { length, with_end, lines, quoted } => {
                    self.at += with_end;
                    self.line += lines;
                    if !is_blank(&self.bytes[start..start + length]) {
                        let content = if quoted { Content::Quoted } else { Content::Plain };
                        frames.push(Frame { start, end: start + length, line, content });
                    }
                }
                Scan::Bad { length, with_end, reason } => {
                    self.at += with_end;
                    self.line += 1;
                    frames.push(Frame { start, end: start + length, line, content: Content::Bad(reason) });
                }
                Scan::Endless { reason } => {
                    self.is_skipping = true;
                    frames.push(Frame { start, end: start, line, content: Content::Bad(reason) });
                }
                // What a failed stream leaves is no whole record: its last cell may be cut.
                Scan::More if !matches!(self.state, State::Open) => {
                    is_over = true;
                    break;
                }
                Scan::More if self.is_prompt && !frames.is_empty() => break,
                Scan::More => {
                    seen = self.bytes.len() - start;
                    self.fill();
                    continue;
                }
            }
            seen = 0;
        }
        if is_over && frames.is_empty() {
            return match std::mem::replace(&mut self.state, State::Ended) {
                State::Failed(error) => Err(error),
                State::Open | State::Ended => Ok(None),
            };
        }
        Ok(Some(self.cut(frames)))
    }

    /// The next blocks, so many at most, and how the stream ended if it did.
    pub(crate) fn blocks(
        &mut self,
        scanner: &impl Scanner,
        frames_max: usize,
        blocks_max: usize,
    ) -> (Vec<Block>, Option<io::Result<()>>) {
        let mut blocks = Vec::with_capacity(blocks_max);
        while blocks.len() < blocks_max {
            match self.block(scanner, frames_max) {
                Ok(Some(block)) => blocks.push(block),
                Ok(None) => return (blocks, Some(Ok(()))),
                Err(error) => return (blocks, Some(Err(error))),
            }
        }
        (blocks, None)
    }

    /// The bytes up to here as a block of their own.
    fn cut(&mut self, frames: Vec<Frame>) -> Block {
        let mut rest = Vec::with_capacity(self.bytes.capacity());
        rest.extend_from_slice(&self.bytes[self.at..]);
        self.at = 0;
        Block { bytes: std::mem::replace(&mut self.bytes, rest), frames }
    }

    /// Skips to the end of the physical line, keeping nothing of it.
    fn skip(&mut self) {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.bytes[self.at..]) {
                self.at += end + 1;
                break;
            }
            self.bytes.truncate(self.at);
            if !matches!(self.state, State::Open) {
                break;
            }
            self.fill();
        }
        self.line += 1;
        self.is_skipping = false;
    }

    /// Reads on. A block must not depend on how the stream is dealt out, so this waits for all the bytes it wants, unless
    /// records are to come promptly.
    fn fill(&mut self) {
        let before = self.bytes.len();
        self.bytes.resize(before + FILL_BYTES, 0);
        let mut end = before;
        while end < self.bytes.len() {
            match self.stream.read(&mut self.bytes[end..]) {
                Ok(0) => {
                    self.state = State::Ended;
                    break;
                }
                Ok(count) => {
                    end += count;
                    if self.is_prompt {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.state = State::Failed(error);
                    break;
                }
            }
        }
        self.bytes.truncate(end);
    }
}

/// Whether there is nothing but blanks. Tabs separate cells, so they are none.
fn is_blank(record: &[u8]) -> bool {
    record.iter().all(|&byte| byte == b' ' || byte == b'\r')
}

/// A record is a physical line.
pub(crate) struct PhysicalLines {
    /// The bytes of a line at most.
    pub(crate) most: usize,
}

impl Scanner for PhysicalLines {
    fn scan(&self, bytes: &[u8], ended: bool, seen: usize) -> Scan {
        let too_long = || {
            let most = self.most >> 20;
            format!("the line is longer than {most} MiB; is a line end missing?")
        };
        match memchr::memchr(b'\n', &bytes[seen..]) {
            Some(end) if seen + end > self.most => {
                Scan::Bad { length: 0, with_end: seen + end + 1, reason: too_long() }
            }
            Some(end) => {
                let length = seen + end;
                Scan::Record { length, with_end: length + 1, lines: 1, quoted: false }
            }
            None if bytes.len() > self.most => Scan::Endless { reason: too_long() },
            None if ended => {
                Scan::Record { length: bytes.len(), with_end: bytes.len(), lines: 1, quoted: false }
            }
            None => Scan::More,
        }
    }
}

#[cfg(test)]
mod tests;
