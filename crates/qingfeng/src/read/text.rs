//! Encodings of text files.

use std::borrow::Cow;

use encoding_rs::GB18030;

/// The encoding of a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// GB 18030, and with it GBK and GB 2312.
    Gb18030,
}

impl Encoding {
    /// Its name, and what a file that is not in it may be in.
    pub(crate) fn names(self) -> [&'static str; 2] {
        match self {
            Self::Utf8 => ["UTF-8", "GB 18030 or GBK"],
            Self::Gb18030 => ["GB 18030", "UTF-8"],
        }
    }

    /// The byte order mark that a file may begin with.
    pub(crate) fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Gb18030 => b"\x84\x31\x95\x33",
        }
    }
}

/// What stands before a cell that a spreadsheet would run.
pub(crate) const MARK: char = '\'';

/// Whether a spreadsheet that opens the cell of a CSV file would run it as a formula, whatever marks stand before it. A
/// number is none, with whatever sign.
pub(crate) fn is_run(cell: &str) -> bool {
    if cell.as_bytes().first().is_none_or(|first| first.is_ascii_alphanumeric()) {
        return false;
    }
    let cell = cell.trim_start_matches(MARK);
    let visible = cell.trim_start_matches(|letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{feff}')
    });
    // Spreadsheets of East Asia take the wide signs for the others.
    let is_formula = visible.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        && !visible.parse().is_ok_and(f64::is_finite);
    is_formula || cell.starts_with(['\t', '\r', '\n'])
}

/// A cell of a CSV file without the mark that was written before it lest a spreadsheet run it.
pub(crate) fn unmarked(cell: Cow<'_, str>) -> Cow<'_, str> {
    if !cell.starts_with(MARK) || !is_run(&cell) {
        return cell;
    }
    match cell {
        Cow::Borrowed(cell) => Cow::Borrowed(&cell[MARK.len_utf8()..]),
        Cow::Owned(mut cell) => {
            cell.remove(0);
            cell.into()
        }
    }
}

/// The bytes as text, if they are text of this encoding.
///
/// Line ends, quotes and the separators of CSV are never part of a longer character in either encoding, so records
/// and cells can be cut before.
pub(crate) fn decode(encoding: Encoding, bytes: &[u8]) -> Option<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Encoding::Gb18030 => GB18030.decode_without_bom_handling_and_without_replacement(bytes),
    }
}

/// The first bytes as text, as many as a reject can show, with marks for what is no text.
pub(crate) fn lossy(encoding: Encoding, bytes: &[u8]) -> Cow<'_, str> {
    let head = &bytes[..bytes.len().min(1024)];
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(head),
        Encoding::Gb18030 => GB18030.decode_without_bom_handling(head).0,
    }
}
