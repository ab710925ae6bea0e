//! Lines that could not be read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::lines::Position;

/// The number of characters of a bad value that a reject shows.
pub const SHOWN_CHARACTERS: usize = 100;

/// What is wrong with a rejected line, for programs: the same problem has the same kind in every format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectKind {
    /// The line has no value of a field that each line needs.
    Missing,
    /// The value of a field is none of its kind: no number, no day, neither true nor false, a list.
    Value,
    /// The value lies outside the bounds of its field, or its kind holds no number of that size.
    OutOfRange,
    /// A text, a line or a declaration has more bytes than can be read.
    TooLong,
    /// The bytes are no text of the encoding.
    Encoding,
    /// The line cannot be taken apart: it is no JSON, a quote is never closed, it has too many cells.
    Malformed,
    /// Two keys or values say different things, or the same thing twice.
    Conflict,
    /// The declaration has more lines than are assessed together.
    TooManyLines,
    /// The input breaks off within the declaration.
    CutOff,
}

impl RejectKind {
    /// Its name, as results have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Value => "value",
            Self::OutOfRange => "out_of_range",
            Self::TooLong => "too_long",
            Self::Encoding => "encoding",
            Self::Malformed => "malformed",
            Self::Conflict => "conflict",
            Self::TooManyLines => "too_many_lines",
            Self::CutOff => "cut_off",
        }
    }
}

/// What is wrong with a value or a line, with the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(crate) kind: RejectKind,
    pub(crate) reason: String,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: RejectKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }

    pub(crate) fn value(reason: impl Into<String>) -> Self {
        Self::new(RejectKind::Value, reason)
    }

    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self::new(RejectKind::Malformed, reason)
    }

    pub(crate) fn conflict(reason: impl Into<String>) -> Self {
        Self::new(RejectKind::Conflict, reason)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl From<Problem> for String {
    fn from(problem: Problem) -> Self {
        problem.reason
    }
}

/// A line that could not be read, and why. The other lines of its input are read all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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
    /// What is wrong with it, for programs.
    pub kind: RejectKind,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

impl Reject {
    /// A line that cannot be read as a whole.
    pub fn new(input: impl Into<String>, position: Position, problem: Problem) -> Self {
        let Problem { kind, reason } = problem;
        let input = input.into();
        Self { input, position, declaration_id: None, field: None, value: None, kind, reason }
    }

    /// The same, of a declaration.
    #[must_use]
    pub fn of(mut self, declaration_id: Option<String>) -> Self {
        self.declaration_id = declaration_id;
        self
    }

    /// The same, for the value of a field.
    #[must_use]
    pub fn at(mut self, field: Option<String>, value: Option<String>) -> Self {
        (self.field, self.value) = (field, value);
        self
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, position, field, reason, .. } = self;
        write!(f, "{input}, {position}")?;
        match field {
            Some(field) if !reason.contains(&format!("`{field}`")) => write!(f, ", `{field}`: {reason}"),
            _ => write!(f, ": {reason}"),
        }
    }
}

/// The text, cut to the characters that a reject shows.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
