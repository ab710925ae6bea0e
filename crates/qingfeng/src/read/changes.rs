//! What was done to cells to read them: the value is certain, and yet it is not what is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was done to a cell to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// It says that there is no value: `NULL`, `\\N`, `#N/A`.
    Null,
    /// It says that there is no day: `0000-00-00`, `9999-12-31`.
    NoDay,
    /// Letters that nobody sees were left out.
    Invisible,
    /// Full-width letters and digits became narrow ones.
    Wide,
    /// Quotes or an apostrophe around the value were left out.
    Quotes,
    /// Zeros after the point of a code were left out.
    Decimals,
    /// Zeros in front of a code were put back.
    Zeros,
    /// The code was taken out of a cell that has a name, too, or the name stands for it.
    NameAndCode,
    /// It says that there is none, by a word of the pack: `无`, `N/M`.
    Nothing,
    /// What stands between thousands was left out, and a comma before decimals became a point.
    Separators,
    /// A country was read from its number in ISO 3166-1.
    NumberIso,
    /// A country was read from the number that China Customs had until August 2018.
    NumberGac,
    /// A moment became a day by the zone that days are of.
    Moment,
}

impl Change {
    /// What was done, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Null => "missing, written out",
            Self::NoDay => "no day, written out",
            Self::Invisible => "letters that nobody sees left out",
            Self::Wide => "wide letters made narrow",
            Self::Quotes => "quotes left out",
            Self::Decimals => "zeros after the point left out",
            Self::Zeros => "zeros in front put back",
            Self::NameAndCode => "code taken from its name, or from name and code",
            Self::Nothing => "missing, by a word of the pack for it",
            Self::Separators => "thousands and decimals told apart",
            Self::NumberIso => "country read from its number in ISO 3166-1",
            Self::NumberGac => "country read from its number of China Customs until 2018",
            Self::Moment => "day of a moment by the zone of days",
        }
    }
}

/// Cells to which the same was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changed {
    /// How many there are.
    pub cells: u64,
    /// The first of them, as it is written and as it was read.
    pub example: String,
}

/// What was done to the cells of each field, by its number in the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<(usize, Change), Changed>);

impl Changes {
    /// Counts a cell; `example` shows it, if it is the first.
    pub(crate) fn count(&mut self, field: usize, change: Change, example: impl FnOnce() -> String) {
        let changed =
            self.0.entry((field, change)).or_insert_with(|| Changed { cells: 0, example: example() });
        changed.cells += 1;
    }

    /// Adds what was counted after it.
    pub(crate) fn add(&mut self, later: Self) {
        if self.0.is_empty() {
            *self = later;
            return;
        }
        for ((field, change), changed) in later.0 {
            match self.0.get_mut(&(field, change)) {
                Some(known) => known.cells += changed.cells,
                None => {
                    self.0.insert((field, change), changed);
                }
            }
        }
    }

    /// The same for a column of its own, as those of a field.
    pub(crate) fn of_field(self, field: usize) -> Self {
        Self(self.0.into_iter().map(|((_, change), changed)| ((field, change), changed)).collect())
    }

    /// Whether nothing was done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each field, by its number, with what was done to its cells.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Change, &Changed)> {
        self.0.iter().map(|(&(field, change), changed)| (field, change, changed))
    }
}
