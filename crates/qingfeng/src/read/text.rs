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
    /// Why bytes are no text of it, and what to do.
    pub(crate) fn reason(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => {
                let at = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), |_| 0);
                let byte = bytes.get(at).copied().unwrap_or(0);
                // A single byte above ASCII between letters is no half of a Chinese one.
                let is_western = bytes.get(at + 1).is_none_or(u8::is_ascii);
                let western =
                    "Latin-1 or Windows-1252, convert it to UTF-8 (`iconv -f WINDOWS-1252 -t UTF-8`)";
                let chinese = "GB 18030 or GBK, give --encoding gb18030";
                let (one, other) = if is_western { (western, chinese) } else { (chinese, western) };
                format!("is not UTF-8 (byte 0x{byte:02X}); if the whole file is {one}; if it is {other}")
            }
            Self::Gb18030 => {
                "is not GB 18030; if the whole file is UTF-8, leave --encoding out, else write it again"
                    .to_owned()
            }
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
        Encoding::Gb18030 if !bytes.is_ascii() && is_utf8(bytes, 8) => None,
        Encoding::Gb18030 => GB18030.decode_without_bom_handling_and_without_replacement(bytes),
    }
}

/// Why the start of a text that was said to be in an encoding is in another one, if it is: it begins with the mark of that
/// one, or it is UTF-8, which is no chance.
pub(crate) fn contradiction(encoding: Encoding, start: &[u8]) -> Option<&'static str> {
    match encoding {
        Encoding::Gb18030 if start.starts_with(Encoding::Utf8.mark()) => {
            Some("begins with the mark of UTF-8, so it is not GB 18030; leave --encoding out")
        }
        Encoding::Gb18030 if is_utf8(start, 4) => {
            Some("is UTF-8 with letters beyond ASCII, so it is not GB 18030; leave --encoding out")
        }
        _ => None,
    }
}

/// Whether bytes are UTF-8, and not by chance. A letter of GBK is one of UTF-8 in one case of seven; three bytes of UTF-8
/// count twice. `least` is what the letters must come to; where it is little, one within a Latin word is enough.
fn is_utf8(bytes: &[u8], least: usize) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // What was looked at may end within a letter.
        Err(error) if error.error_len().is_none() => match std::str::from_utf8(&bytes[..error.valid_up_to()])
        {
            Ok(text) => text,
            Err(_) => return false,
        },
        Err(_) => return false,
    };
    let mut sum = 0;
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_ascii() {
            let after = letters.peek().copied().unwrap_or(' ');
            let is_within = before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
            let is_western = is_within && least < 8 && matches!(letter, 'À'..='þ');
            sum += if is_western { least } else { letter.len_utf8() - 1 };
        }
        before = letter;
    }
    sum >= least
}

/// The first bytes as text, as many as a reject can show, with marks for what is no text.
pub(crate) fn lossy(encoding: Encoding, bytes: &[u8]) -> Cow<'_, str> {
    let head = &bytes[..bytes.len().min(1024)];
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(head),
        Encoding::Gb18030 => GB18030.decode_without_bom_handling(head).0,
    }
}
