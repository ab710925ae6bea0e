//! The code lists of the Chinese export declaration, with the days on which each code was in use.
//!
//! The lists stand in `codes/*.tsv`; `docs/codes.md` names the source of each. Inside Qingfeng a value is the code of its
//! row; files may write its name, in Chinese or English, or any other writing that the row has.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use unicode_normalization::UnicodeNormalization;

use super::text::is_invisible;
use super::value::Date;

/// A code of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The code, as rules see it.
    pub code: &'static str,
    /// Its English name; empty for some.
    pub title: &'static str,
    /// Its Chinese name.
    pub title_zh: &'static str,
    /// Other writings of it.
    pub also: Vec<&'static str>,
    /// When it was in use.
    pub life: Life,
    /// What the list has of it besides, in the order of [`CodeTable::more`].
    pub more: Vec<&'static str>,
}

/// A code list.
///
/// ```
/// use qingfeng_rules::codes;
///
/// let units = codes::table("unit").unwrap();
/// assert_eq!(units.find("千克").map(|unit| unit.code), Some("KG"));
/// assert_eq!(units.find("035"), units.find("kg"));
/// let modes = codes::table("trade-mode").unwrap();
/// let tourism = modes.find("旅游购物商品").unwrap();
/// assert_eq!((tourism.code, tourism.life.until.unwrap().to_string()), ("0139", "2017-07-31".to_owned()));
/// ```
#[derive(Debug)]
pub struct CodeTable {
    name: &'static str,
    entries: Vec<Entry>,
    more: Vec<&'static str>,
    by_code: HashMap<&'static str, usize, FixedState>,
    by_writing: HashMap<String, usize, FixedState>,
}

/// There is one list of a name.
impl PartialEq for CodeTable {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

macro_rules! tables {
    ($($name:literal,)*) => {
        static TABLES: LazyLock<Vec<CodeTable>> = LazyLock::new(|| {
            vec![$(CodeTable::read($name, include_str!(concat!("codes/", $name, ".tsv"))),)*]
        });

        /// The names of the lists, in alphabetical order.
        pub const NAMES: &[&str] = &[$($name),*];
    };
}

tables! {
    "benefit", "brand-kind", "currency", "customs-office", "district", "domestic-port", "levy-mode", "levy-nature",
    "packing", "trade-mode", "trade-terms", "transport", "unit",
}

/// A writing as it is compared: compatibility forms in capitals, without letters that nobody sees and blanks around it.
pub fn normal(writing: &str) -> String {
    // Nearly all writings are so already, and the full way is slow.
    let is_plain = writing.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain {
        return writing.trim().to_ascii_uppercase();
    }
    let seen = writing.nfkc().filter(|letter| !is_invisible(*letter));
    seen.flat_map(char::to_uppercase).collect::<String>().trim().to_owned()
}

/// The same text with wide letters made narrow.
pub(crate) fn narrow(text: &str) -> String {
    text.nfkc().collect()
}

impl CodeTable {
    fn read(name: &'static str, text: &'static str) -> Self {
        let mut lines = text.lines();
        let more = lines.next().unwrap_or_default().split('\t').skip(6).collect();
        let entries: Vec<Entry> = lines.filter_map(entry).collect();
        let mut by_writing: HashMap<String, usize, FixedState> = HashMap::default();
        for (at, entry) in entries.iter().enumerate() {
            let writings = [entry.title_zh, entry.title].into_iter().chain(entry.also.iter().copied());
            for writing in writings.filter(|writing| !writing.is_empty()) {
                by_writing.entry(normal(writing)).or_insert(at);
            }
        }
        // A code is itself, whatever else has it for a name.
        by_writing.extend(entries.iter().enumerate().map(|(at, entry)| (normal(entry.code), at)));
        let by_code = entries.iter().enumerate().map(|(at, entry)| (entry.code, at)).collect();
        Self { name, entries, more, by_code, by_writing }
    }

    /// Its name, as packs write it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its codes, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The names of what it has of each code besides its names and days.
    pub fn more(&self) -> &[&'static str] {
        &self.more
    }

    /// What the list has of a code.
    pub fn entry(&self, code: &str) -> Option<&Entry> {
        self.by_code.get(code).map(|&at| &self.entries[at])
    }

    /// The code with this writing; case and width do not matter.
    pub fn find(&self, writing: &str) -> Option<&Entry> {
        self.by_writing.get(&normal(writing)).map(|&at| &self.entries[at])
    }

    /// The code with this writing, which is in [normal](normal) form.
    pub(crate) fn code(&self, normal: &str) -> Option<&'static str> {
        self.by_writing.get(normal).map(|&at| self.entries[at].code)
    }
}

fn entry(line: &'static str) -> Option<Entry> {
    let mut cells = line.split('\t');
    let mut cell = || cells.next();
    let (code, title, title_zh, also) = (cell()?, cell()?, cell()?, cell()?);
    let life = Life { from: cell()?.parse().ok(), until: cell()?.parse().ok() };
    let also = also.split('|').filter(|also| !also.is_empty()).collect();
    Some(Entry { code, title, title_zh, also, life, more: cells.collect() })
}

/// The list of this name.
pub fn table(name: &str) -> Option<&'static CodeTable> {
    TABLES.iter().find(|table| table.name == name)
}

/// When a code was in use: both days count, and one that is not known limits nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Life {
    /// Whether it was in use on a day.
    pub fn has(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// When a subheading of six digits was in force in the tariff: from the first to the last day, more than once for some.
/// The list begins with the HS of 2007; an edition holds from 1 January of its year.
static SUBHEADINGS: LazyLock<BTreeMap<&str, Vec<Life>>> = LazyLock::new(|| {
    let mut found: BTreeMap<&str, Vec<Life>> = BTreeMap::new();
    for line in include_str!("codes/hs6.tsv").lines().skip(1) {
        let mut cells = line.split('\t');
        let code = cells.next().unwrap_or_default();
        let mut day = || cells.next().and_then(|day| day.parse().ok());
        found.entry(code).or_default().push(Life { from: day(), until: day() });
    }
    found
});

/// Whether a commodity code was one on a day, as far as its first six digits tell. Chapters 98 and 99 are each country's own,
/// and count as in force. Before 2007 nothing is known of codes that the HS of 2007 does not have.
///
/// ```
/// use qingfeng_rules::codes::in_force;
///
/// let day = |text: &str| text.parse().unwrap();
/// assert!(in_force("8711601000", day("2017-01-01")) && !in_force("8711601000", day("2016-12-31")));
/// assert!(in_force("690810", day("2016-12-31")) && !in_force("690810", day("2017-01-01")));
/// assert!(!in_force("871199", day("2016-12-31")));
/// ```
pub fn in_force(hs: &str, day: Date) -> bool {
    lives(hs).is_none_or(|lives| lives.iter().any(|life| life.has(day)))
}

/// The days on which a commodity code was one; `None` for those of chapters 98 and 99.
pub fn lives(hs: &str) -> Option<&'static [Life]> {
    let Some(subheading) = hs.get(..6) else { return Some(&[]) };
    if subheading.starts_with("98") || subheading.starts_with("99") {
        return None;
    }
    Some(SUBHEADINGS.get(subheading).map_or(&[], Vec::as_slice))
}

/// The statutory units of goods by the beginning of their code: the first, and the second if there is one.
static STATUTORY_UNITS: LazyLock<HashMap<&str, (&str, &str), FixedState>> = LazyLock::new(|| {
    let rows = include_str!("codes/hs-units.tsv").lines().skip(1);
    rows.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, (cells.next()?, cells.next().unwrap_or_default())))
    })
    .collect()
});

/// Whether the tariff measures goods in a unit: in that one, or in one of the same kind. `None` where nothing is known of the
/// goods or of the unit.
///
/// ```
/// use qingfeng_rules::codes::unit_fits;
///
/// // Shoes are counted in pairs and weighed.
/// assert_eq!(unit_fits("6403990090", "PR"), Some(true));
/// assert_eq!(unit_fits("6403990090", "T"), Some(true));
/// assert_eq!(unit_fits("6403990090", "L"), Some(false));
/// assert_eq!(unit_fits("6403990090", "XX"), None);
/// ```
pub fn unit_fits(hs: &str, unit: &str) -> Option<bool> {
    let (first, second) =
        (2..=hs.len().min(10)).rev().find_map(|digits| STATUTORY_UNITS.get(hs.get(..digits)?)).copied()?;
    let kind = |unit: &str| table("unit")?.entry(unit)?.more.first().copied();
    let found = kind(unit)?;
    let is_like = |other: &str| {
        other == unit || !matches!(found, "other" | "kind") && !other.is_empty() && kind(other) == Some(found)
    };
    Some(is_like(first) || is_like(second))
}

#[cfg(test)]
mod tests;
