//! Profiles: what past declarations say of what a line has in common with them.

use std::fmt;

use crate::base::value::Value;
use crate::diagnostic::Place;
use crate::model::derived::FieldRef;
use crate::model::schema::Kind;

/// The most fields that the key of a profile has.
pub const PROFILE_KEY_MAX: usize = 6;

/// The longest window, in days.
pub const PROFILE_WINDOW_MAX: u32 = 3_660;

/// The keys of a profile that names no other bound.
pub const PROFILE_KEYS_DEFAULT: u64 = 2_000_000;

/// The most keys that a pack can allow a profile.
pub const PROFILE_KEYS_MAX: u64 = 50_000_000;

/// A profile as `pack.toml` declares it: a lookup table whose rows are counted from past declarations.
///
/// It has an entry for each line that has its key, also where nothing came before: counts are 0 there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// What is counted.
    pub of: Counted,
    /// How many days before the line's own are looked at; all, if it is not given.
    pub window: Option<u32>,
    /// Means, shares, quantiles and rates of fewer values are missing.
    pub least: u64,
    /// How many keys it can have.
    pub most_keys: u64,
    /// What is measured, in the order of the columns after the key.
    pub measures: Vec<Measure>,
}

/// Of what a profile tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// What was declared.
    Declared,
    /// What inspections found, by the day on which it became known.
    Results {
        /// Whether a result stands for 1/probability of its selection.
        weighted: bool,
    },
}

impl Counted {
    /// Those that a pack can name; results are weighted unless it says otherwise.
    pub const ALL: [(&'static str, Self); 2] =
        [("declared", Self::Declared), ("results", Self::Results { weighted: true })];
}

/// A column of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Measure {
    /// The name of the column.
    pub name: String,
    /// What it tells.
    pub what: Statistic,
    /// The field of which it tells that, by name; none for counts and days of lines.
    pub of: Option<String>,
    /// The field, known once the pack is loaded.
    pub field: Option<FieldRef>,
    /// The flag that must hold on a line for it to count, by name.
    pub only: Option<String>,
    /// The field of that flag, known once the pack is loaded.
    pub only_field: Option<FieldRef>,
    /// Where it is declared.
    pub place: Place,
}

/// What a measure tells of the lines in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistic {
    /// How many lines.
    Lines,
    /// How many declarations.
    Declarations,
    /// The first day with a line.
    FirstDay,
    /// The last day with a line.
    LastDay,
    /// The sum of a number.
    Sum,
    /// The mean of a number.
    Mean,
    /// How many different values.
    Distinct,
    /// The least number below or at which so many millionths of the values are.
    Quantile(u32),
    /// The share of the lines with a flag on which it holds.
    Share,
    /// How many declarations were inspected: where results are weighted, how many equal weights would tell as much.
    Inspected,
    /// Of these, how many violated.
    Found,
    /// The share of the inspected that violated.
    Rate,
}

impl Statistic {
    /// Those that are of a field, by the key that names it.
    pub const OF_FIELDS: [(&'static str, Self); 5] = [
        ("sum", Self::Sum),
        ("mean", Self::Mean),
        ("median", Self::Quantile(500_000)),
        ("distinct", Self::Distinct),
        ("share", Self::Share),
    ];

    /// Those that are of lines as such.
    pub const OF_LINES: [(&'static str, Self); 4] = [
        ("lines", Self::Lines),
        ("declarations", Self::Declarations),
        ("first_day", Self::FirstDay),
        ("last_day", Self::LastDay),
    ];

    /// Those that are of results of inspections.
    pub const OF_RESULTS: [(&'static str, Self); 3] =
        [("inspected", Self::Inspected), ("found", Self::Found), ("rate", Self::Rate)];

    /// The kind of its values.
    pub fn kind(self) -> Kind {
        match self {
            Self::Lines | Self::Declarations | Self::Distinct => Kind::Integer,
            Self::FirstDay | Self::LastDay => Kind::Date,
            Self::Sum | Self::Mean | Self::Quantile(_) | Self::Share => Kind::Number,
            Self::Inspected | Self::Found | Self::Rate => Kind::Number,
        }
    }

    /// Whether it can be told of fields of this kind.
    pub fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Sum | Self::Mean | Self::Quantile(_) => matches!(kind, Kind::Number | Kind::Integer),
            Self::Share => kind == Kind::Flag,
            Self::Distinct => kind != Kind::Number,
            Self::Lines | Self::Declarations | Self::FirstDay | Self::LastDay => false,
            Self::Inspected | Self::Found | Self::Rate => false,
        }
    }

    /// What it tells where nothing came before.
    pub fn of_nothing(self) -> Value<'static> {
        match self {
            Self::Lines | Self::Declarations | Self::Distinct => Value::Integer(0),
            Self::Sum | Self::Inspected | Self::Found => Value::Number(0.0),
            Self::Mean | Self::Quantile(_) | Self::Share | Self::Rate => Value::Missing,
            Self::FirstDay | Self::LastDay => Value::Missing,
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Self::OF_FIELDS.iter().chain(&Self::OF_LINES).chain(&Self::OF_RESULTS);
        let named = all.find(|(_, known)| known == self);
        match (named, self) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Self::Quantile(millionths)) => write!(f, "quantile {}", f64::from(*millionths) / 1e6),
            (None, _) => f.write_str("?"),
        }
    }
}
