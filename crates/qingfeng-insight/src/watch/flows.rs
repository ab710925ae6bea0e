//! Trade in a compact form: a row for each consignment.

use std::hash::Hash;

use foldhash::fast::FixedState;
use indexmap::IndexSet;
use qingfeng_rules::Date;

pub(super) const MAX_ROWS: usize = 10_000_000;

/// Which part of a rule's key is left out.
pub(super) const WHOLE: u32 = 0;
pub(super) const WITHOUT_SITE: u32 = 1;
pub(super) const WITHOUT_MODE: u32 = 2;
pub(super) const WITHOUT_GOODS: u32 = 3;
/// How many forms a rule is evaluated in.
pub(super) const FORMS: u32 = 4;

/// The number of a key, a new one if it has none yet.
fn number<K: ?Sized + Hash + Eq>(known: &mut IndexSet<Box<K>, FixedState>, key: &K) -> u32
where
    for<'k> Box<K>: From<&'k K>,
{
    known.get_index_of(key).unwrap_or_else(|| known.insert_full(key.into()).0) as u32
}

/// Texts by number; number 0 is the missing one.
#[derive(Clone, Debug)]
pub(super) struct Texts(IndexSet<Box<str>, FixedState>);

impl Default for Texts {
    fn default() -> Self {
        Self(std::iter::once("".into()).collect())
    }
}

impl Texts {
    pub fn number(&mut self, text: &str) -> u32 {
        number(&mut self.0, text)
    }

    pub fn text(&self, number: u32) -> &str {
        self.0.get_index(number as usize).map_or("", |text| text)
    }
}

/// The lines of one declaration that have the same code, port and mode, and that the same rules catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub day: i32,
    pub exporter: u32,
    pub port: u32,
    pub mode: u32,
    /// The first six digits of the HS code.
    pub code: u32,
    /// The forms of rules that catch it, by number of the set.
    pub set: u32,
    pub cents: i64,
}

/// A declaration of a mode that has a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Declared {
    /// The limit, by its position.
    pub limit: u32,
    pub place: u32,
    pub exporter: u32,
    pub value: f64,
}

/// A rule whose day is watched.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WatchedRule {
    pub id: String,
    pub title: String,
    pub title_zh: Option<String>,
    pub since: Date,
    /// Whether it has a key of sites, of modes, of goods.
    pub keyed: [bool; 3],
}

/// Rows, with what their numbers stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    pub texts: Texts,
    /// Sets of forms of rules: `rule * FORMS + form`, rising.
    pub sets: IndexSet<Box<[u32]>, FixedState>,
    pub rows: Vec<Row>,
    pub declared: Vec<Declared>,
    /// Declarations without a day of their own.
    pub undated: u64,
    pub lines: u64,
    pub is_full: bool,
    /// Whether the next row is the first of its declaration, so that it is not put to the one before.
    pub fresh: bool,
}

impl Flows {
    pub fn set(&mut self, forms: &[u32]) -> u32 {
        number(&mut self.sets, forms)
    }

    /// Adds the rows of another, with numbers of its own.
    pub fn append(&mut self, other: &Self) {
        self.undated += other.undated;
        self.lines += other.lines;
        if self.rows.len() + other.rows.len() > MAX_ROWS
            || self.declared.len() + other.declared.len() > MAX_ROWS
        {
            self.is_full = true;
            return;
        }
        let texts: Vec<u32> = other.texts.0.iter().map(|text| self.texts.number(text)).collect();
        let sets: Vec<u32> = other.sets.iter().map(|set| self.set(set)).collect();
        let text = |number: u32| texts[number as usize];
        self.rows.extend(other.rows.iter().map(|row| Row {
            day: row.day,
            exporter: text(row.exporter),
            port: text(row.port),
            mode: text(row.mode),
            code: text(row.code),
            set: sets[row.set as usize],
            cents: row.cents,
        }));
        self.declared.extend(other.declared.iter().map(|declared| Declared {
            place: text(declared.place),
            exporter: text(declared.exporter),
            ..*declared
        }));
    }
}
