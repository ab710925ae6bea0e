//! Lines that could not be read.

use std::fmt;

use serde::Serialize;

use super::lines::Position;

/// The number of characters of a bad value that a reject shows.
pub const SHOWN_CHARACTERS: usize = 100;

/// A line that could not be read, and why. The other lines of its input are read all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// The input, as [`Input`](super::Input) shows it.
    pub input: String,
    /// Where the line stands in it.
    pub position: Position,
    /// The declaration that the line belongs to, if that could be read; cut like `value`.
    pub declaration_id: Option<String>,
    /// The name of the first bad field, in the order of the schema. `None` if the line as a whole cannot be read.
    pub field: Option<String>,
    /// The bad value as it stands in the input: at most [`SHOWN_CHARACTERS`] characters, then `…`.
    pub value: Option<String>,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, position, reason, .. } = self;
        write!(f, "{input}, {position}: {reason}")
    }
}

/// The text, cut to the characters that a reject shows.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
