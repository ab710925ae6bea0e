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
