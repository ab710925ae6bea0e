//! What exporters who adapt do to a consignment before they declare it.

use serde::Serialize;

/// A way to be looked at less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tactic {
    /// Another port, airport, crossing or market: of two that it looks at the one where less was inspected lately.
    Port,
    /// Another trade mode.
    Mode,
    /// The brand spelt otherwise, with letters that look alike, blanks between, or left out.
    Brand,
    /// The consignment split into several declarations.
    Split,
    /// In the name of a firm registered within the last five weeks.
    Name,
}

impl Tactic {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Port, Self::Mode, Self::Brand, Self::Split, Self::Name];
}
