//! CSV: records with a header.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memchr2, memchr3};
use qingfeng_rules::Schema;

use super::bind::{self, Columns, Source};
use super::error::ReadError;
use super::frame::{Content, Frame, Framer, Scan, Scanner};
use super::lines::Position;
use super::reject::{Problem, RejectKind, shown};
use super::rows::{Cell, Rows};
use super::text::{Encoding, decode, lossy, unmarked};
use super::{Decoder, Format, Input, InputNotes, Pieces, parsed};

/// The bytes of a record at most.
pub(crate) const MAX_RECORD_BYTES: usize = 1 << 20;

/// Finds records as RFC 4180 has them. Quotes count at the start of a cell only, and what follows the closing one
/// must be a separator or the end: so a stray quote shows itself at the next quote, and the record is given up in
/// favour of its first physical line. (Lenient readers, csv-core among them, would go on and swallow lines.)
pub(super) struct Records {
    pub(super) delimiter: u8,
    /// The number of cells of a record, once the header is known.
    pub(super) cells: Option<usize>,
}

impl Scanner for Records {
    fn scan(&self, bytes: &[u8], ended: bool, _seen: usize) -> Scan {
        match memchr3(b'\n', b'\r', b'"', bytes) {
            Some(at) if bytes[at] == b'"' => self.scan_quoted(bytes, ended),
            Some(at) if at > MAX_RECORD_BYTES => {
                let end = line_end(bytes, at, true).unwrap_or(1);
                Scan::Bad { length: 0, with_end: at + end, reason: too_long() }
            }
            Some(at) => match line_end(bytes, at, ended) {
                Some(end) => Scan::Record { length: at, with_end: at + end, lines: 1, quoted: false },
                None => Scan::More,
            },
            None if bytes.len() > MAX_RECORD_BYTES => Scan::Endless { reason: too_long() },
            None if ended => {
                Scan::Record { length: bytes.len(), with_end: bytes.len(), lines: 1, quoted: false }
            }
            None => Scan::More,
        }
    }
}

impl Records {
    fn scan_quoted(&self, bytes: &[u8], ended: bool) -> Scan {
        let mut at = 0;
        let mut cells = 0;
        let length = loop {
            if bytes.get(at) == Some(&b'"') {
                let Some(close) = closing_quote(bytes, at + 1) else {
                    return self.unfinished(bytes, ended, cells);
                };
                at = close + 1;
            } else {
                match memchr3(self.delimiter, b'\n', b'\r', &bytes[at..]) {
                    Some(length) => at += length,
                    None => at = bytes.len(),
                }
            }
            cells += 1;
            match bytes.get(at) {
                Some(&byte) if byte == self.delimiter => at += 1,
                Some(b'\n' | b'\r') => break at,
                // A quote at the very end may be the first half of an escaped one.
                None if ended => break at,
                None => return self.unfinished(bytes, ended, cells - 1),
                Some(_) => {
                    return self.first_line(bytes, format!(
                        "the quote that opens cell {cells} is closed before the cell ends; double quotes inside a \
                         cell, or remove them"
                    ));
                }
            }
        };
        if length > MAX_RECORD_BYTES {
            return self.first_line(bytes, too_long());
        }
        if self.cells.is_some_and(|expected| expected != cells) {
            return self.first_line(bytes, wrong_count(cells, self.cells.unwrap_or(0)));
        }
        let Some(end) = (if length == bytes.len() { Some(0) } else { line_end(bytes, length, ended) }) else {
            return Scan::More;
        };
        let inside = &bytes[..length];
        let breaks = memchr_iter(b'\n', inside).count() + lone_returns(inside);
        Scan::Record { length, with_end: length + end, lines: breaks as u64 + 1, quoted: true }
    }

    /// A record whose end is not in sight.
    fn unfinished(&self, bytes: &[u8], ended: bool, cells: usize) -> Scan {
        if ended {
            let cell = cells + 1;
            self.first_line(
                bytes,
                format!("the quote that opens cell {cell} is never closed; close or remove it"),
            )
        } else if bytes.len() > MAX_RECORD_BYTES {
            self.first_line(bytes, too_long())
        } else {
            Scan::More
        }
    }

    /// The record is given up: its first physical line is no record, and reading goes on with the next one.
    fn first_line(&self, bytes: &[u8], reason: String) -> Scan {
        match memchr2(b'\n', b'\r', bytes) {
            Some(length) => {
                let end = line_end(bytes, length, true).unwrap_or(1);
                Scan::Bad { length, with_end: length + end, reason }
            }
            None if bytes.len() > MAX_RECORD_BYTES => Scan::Endless { reason },
            None => Scan::Bad { length: bytes.len(), with_end: bytes.len(), reason },
        }
    }
}

fn too_long() -> String {
    let most = MAX_RECORD_BYTES >> 20;
    format!("the record is longer than {most} MiB; is a quote or a line end missing?")
}

pub(super) fn wrong_count(found: usize, expected: usize) -> String {
    format!(
        "has {found} fields, the header has {expected}; a cell with a separator in it must stand in quotes"
    )
}

/// The bytes of the line end at `at`, or `None` if a second byte of it may follow.
fn line_end(bytes: &[u8], at: usize, ended: bool) -> Option<usize> {
    match (bytes[at], bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some(2),
        (b'\r', None) if !ended => None,
        _ => Some(1),
    }
}

/// Carriage returns that end a line by themselves.
fn lone_returns(bytes: &[u8]) -> usize {
    memchr_iter(b'\r', bytes).filter(|&at| bytes.get(at + 1) != Some(&b'\n')).count()
}

/// The quote that closes the cell whose text starts at `at`.
fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'"', &bytes[at..])?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// A cell of a record: where its text stands, and whether quotes in it are doubled.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: usize,
    end: usize,
    doubled: bool,
}

impl Span {
    /// The text of the cell in its record, without a [mark](unmarked); `None` if it is none of this encoding.
    pub(super) fn text(self, encoding: Encoding, record: &[u8]) -> Option<Cow<'_, str>> {
        let text = decode(encoding, &record[self.start..self.end])?;
        Some(unmarked(if self.doubled { text.replace("\"\"", "\"").into() } else { text }))
    }
}

/// The cells of a record that the scanner has found well-formed.
pub(super) fn split(record: &[u8], delimiter: u8, quoted: bool, cells: &mut Vec<Span>) {
    cells.clear();
    let mut start = 0;
    if !quoted {
        for end in memchr_iter(delimiter, record) {
            cells.push(Span { start, end, doubled: false });
            start = end + 1;
        }
        cells.push(Span { start, end: record.len(), doubled: false });
        return;
    }
    loop {
        let end = if record.get(start) == Some(&b'"') {
            let close = closing_quote(record, start + 1).unwrap_or(record.len());
            let text = &record[start + 1..close];
            cells.push(Span { start: start + 1, end: close, doubled: memchr(b'"', text).is_some() });
            // In a header, with a separator that is only tried, something else may follow the quote.
            let rest = record.get(close + 1..).unwrap_or_default();
            memchr(delimiter, rest).map_or(record.len(), |length| close + 1 + length)
        } else {
            let end = memchr(delimiter, &record[start..]).map_or(record.len(), |length| start + length);
            cells.push(Span { start, end, doubled: false });
            end
        };
        if end >= record.len() {
            return;
        }
        start = end + 1;
    }
}

/// Reads the lines of a CSV file.
pub(crate) struct Csv {
    framer: Framer,
    records: Records,
    /// One for each block that is parsed at the same time.
    parsers: Vec<Parser>,
    notes: InputNotes,
}

impl Csv {
    pub(crate) fn open(
        schema: &Arc<Schema>,
        input: &Input,
        number: u32,
        mut framer: Framer,
        encoding: Encoding,
        ahead: usize,
    ) -> Result<Self, ReadError> {
        let is_known = |header: &str| schema.knows_header(header);
        let (delimiter, headers) = header(&mut framer, input, encoding, &is_known)?;
        let Columns { sources, unused: unused_columns } =
            bind::columns(schema, &headers, &input.to_string())?;
        let records = Records { delimiter, cells: Some(headers.len()) };
        let notes = InputNotes {
            input: input.to_string(),
            format: Format::Csv,
            delimiter: Some(char::from(delimiter)),
            columns: bind::uses(&headers, &sources),
            unused_columns,
            absent_fields: bind::absent(schema, sources.iter().map(|sources| !sources.is_empty())),
        };
        let rows = || {
            let rows = Rows::new(Arc::clone(schema), &input.to_string(), number);
            let present = (0..sources.len()).filter(|&field| !sources[field].is_empty());
            rows.read_as(present.collect(), delimiter == b';')
        };
        let mut used: Vec<usize> = sources.iter().flatten().map(|source| source.column).collect();
        used.sort_unstable();
        used.dedup();
        let parser = || Parser {
            rows: rows(),
            sources: sources.clone(),
            delimiter,
            headers: used.iter().map(|&column| (column, headers[column].clone())).collect(),
            width: headers.len(),
            encoding,
            cells: Vec::new(),
        };
        let parsers = (0..ahead).map(|_| parser()).collect();
        Ok(Self { framer, records, parsers, notes })
    }
}

impl Decoder for Csv {
    /// As many pieces as there are parsers.
    fn pieces(&mut self, input: &Input, lines: usize) -> Pieces {
        let Self { framer, records, parsers, .. } = self;
        parsed(framer, records, input, lines, parsers, |parser, block| {
            block.frames.iter().for_each(|frame| parser.parse_frame(&block.bytes, frame));
            parser.rows.finish(block.bytes.len())
        })
    }

    fn notes(&self) -> InputNotes {
        self.notes.clone()
    }
}

/// The lines above the header that are looked at to find it.
const LINES_ABOVE: usize = 20;

/// Reads the header: what separates cells, and the headers. A line `sep=;` may stand above it.
pub(super) fn header(
    framer: &mut Framer,
    input: &impl std::fmt::Display,
    encoding: Encoding,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<(u8, Vec<String>), ReadError> {
    framer.skip_mark(encoding.mark());
    let (line, first, quoted) = record(framer, input, encoding)?;
    let told = first.trim().strip_prefix("sep=").or_else(|| first.trim().strip_prefix("SEP="));
    let (text, quoted, delimiters) = match told
        .map(|told| if told.is_empty() { "\t" } else { told }.as_bytes())
    {
        Some(&[told @ (b',' | b';' | b'\t')]) => {
            let (_, text, quoted) = record(framer, input, encoding)?;
            (text, quoted, vec![told])
        }
        Some(_) => {
            let reason = format!(
                "names a separator in line {line} that is not read, `{}`; comma, semicolon and tab are read",
                shown(&first)
            );
            return Err(ReadError::content(input, reason));
        }
        None => (first, quoted, vec![b'\t', b';', b',']),
    };
    let (delimiter, found) = headers(is_known, &text, quoted, &delimiters);
    if !found.iter().any(|header| is_known(header)) {
        let amiss = |reason: String| Err(ReadError::content(input, reason));
        let known = |text: &str, quoted: bool, delimiters: &[u8]| {
            let (_, found) = headers(is_known, text, quoted, delimiters);
            found.iter().filter(|header| is_known(header)).count()
        };
        if let Some(separator) =
            [b'|', b'^', b'~'].into_iter().find(|separator| known(&text, quoted, &[*separator]) > 0)
        {
            let separator = char::from(separator);
            return amiss(format!(
                "has cells that seem to be separated by `{separator}`; comma, semicolon and tab are read"
            ));
        }
        for _ in 0..LINES_ABOVE {
            let Ok((line, text, quoted)) = record(framer, input, encoding) else { break };
            let found = known(&text, quoted, &delimiters);
            if found > 1 {
                return amiss(format!(
                    "has its header in line {line}, as it seems: {found} of its cells are names of columns; remove the lines above it"
                ));
            }
        }
    }
    Ok((delimiter, found))
}

/// The next record, with its line and whether it has quotes, before it is known what separates cells.
fn record(
    framer: &mut Framer,
    input: &impl std::fmt::Display,
    encoding: Encoding,
) -> Result<(u64, String, bool), ReadError> {
    let broken = |error: &std::io::Error| ReadError::broken(input, "its start", error);
    // Which line the header ends on does not depend on the separator, unless quotes stand in odd places.
    let records = Records { delimiter: b',', cells: None };
    let block = loop {
        match framer.block(&records, 1).map_err(|error| broken(&error))? {
            Some(block) if block.frames.is_empty() => {}
            Some(block) => break block,
            None => {
                return Err(ReadError::content(input, "has no header; its first line must name the columns"));
            }
        }
    };
    let frame = &block.frames[0];
    let record = &block.bytes[frame.start..frame.end];
    let quoted = match &frame.content {
        Content::Bad(reason) if record.is_empty() => {
            return Err(ReadError::content(input, format!("has no header that can be read: {reason}")));
        }
        Content::Bad(_) => true,
        content => *content == Content::Quoted,
    };
    match decode(encoding, record) {
        Some(text) => Ok((frame.line, text.into_owned(), quoted)),
        None => Err(ReadError::content(input, format!("has a header that {}", encoding.reason(record)))),
    }
}

/// The separator and the headers: of the separators the one that gives most headers that fields accept, and
/// among equal ones that which gives most headers.
fn headers(
    is_known: &dyn Fn(&str) -> bool,
    text: &str,
    quoted: bool,
    delimiters: &[u8],
) -> (u8, Vec<String>) {
    let tried = delimiters.iter().map(|&delimiter| {
        let mut cells = Vec::new();
        split(text.as_bytes(), delimiter, quoted, &mut cells);
        let headers = cells.iter().map(|cell| {
            let header = text.get(cell.start..cell.end).unwrap_or_default();
            if cell.doubled { header.replace("\"\"", "\"") } else { header.to_owned() }
        });
        let headers: Vec<String> = headers.map(|header| header.trim().to_owned()).collect();
        let known = headers.iter().filter(|header| is_known(header)).count();
        (known, delimiter, headers)
    });
    let best = tried.max_by_key(|(known, _, headers)| (*known, headers.len()));
    best.map_or((b',', Vec::new()), |(_, delimiter, headers)| (delimiter, headers))
}

/// Makes pieces of blocks.
struct Parser {
    rows: Rows,
    /// For each field where its values stand.
    sources: Vec<Vec<Source>>,
    delimiter: u8,
    /// The columns of fields, with their headers.
    headers: Vec<(usize, String)>,
    /// The number of columns.
    width: usize,
    encoding: Encoding,
    cells: Vec<Span>,
}

impl Parser {
    /// Whether a record is the header once more, as it is where files were put one after the other.
    fn is_header(&self, record: &[u8]) -> bool {
        self.headers.iter().all(|(column, header)| {
            let cell = self.cells.get(*column).and_then(|cell| record.get(cell.start..cell.end));
            let cell = cell.map(|cell| cell.strip_prefix(self.encoding.mark()).unwrap_or(cell));
            cell.is_some_and(|cell| cell.trim_ascii() == header.as_bytes())
        })
    }

    fn parse_frame(&mut self, bytes: &[u8], frame: &Frame) {
        let record = &bytes[frame.start..frame.end];
        let position = Position::Line(frame.line);
        let Self { rows, cells, encoding, .. } = self;
        let encoding = *encoding;
        if let Content::Bad(reason) = &frame.content {
            let value = (!record.is_empty()).then(|| shown(&lossy(encoding, record)));
            return rows.reject(position, None, None, value, Problem::malformed(reason));
        }
        split(record, self.delimiter, frame.content == Content::Quoted, cells);
        if cells.len() != self.width {
            let value = Some(shown(&lossy(encoding, record)));
            let problem = Problem::malformed(wrong_count(cells.len(), self.width));
            return rows.reject(position, None, None, value, problem);
        }
        if self.is_header(record) {
            let value = Some(shown(&lossy(encoding, record)));
            let reason = "is the header once more: files were put one after the other; give them as inputs of their own, or remove \
                          the line";
            return self.rows.reject(position, None, None, value, Problem::malformed(reason));
        }
        let Self { rows, sources, cells, .. } = self;
        // One check of the whole record is faster than one a cell.
        let text = if encoding == Encoding::Utf8 { std::str::from_utf8(record).ok() } else { None };
        rows.push(position, |field, source| {
            let Source { column, part } = *sources[field].get(source)?;
            let Span { start, end, doubled } = *cells.get(column)?;
            let text = match text.and_then(|text| text.get(start..end)) {
                Some(text) => Cow::Borrowed(text),
                None => match decode(encoding, &record[start..end]) {
                    Some(text) => text,
                    None => return Some(invalid(&record[start..end], encoding)),
                },
            };
            let cell = Cell::Text(unmarked(if doubled { text.replace("\"\"", "\"").into() } else { text }));
            Some(if let Some(part) = part { cell.part(part) } else { cell })
        });
    }
}

fn invalid(cell: &[u8], encoding: Encoding) -> Cell<'static> {
    let problem = Problem::new(RejectKind::Encoding, encoding.reason(cell));
    Cell::Bad { value: shown(&lossy(encoding, cell)), problem }
}

#[cfg(test)]
mod tests;
