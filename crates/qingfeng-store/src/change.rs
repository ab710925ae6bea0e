//! What a store holds.

use std::fmt;
use std::ops::Deref;

use qingfeng_rules::Date;
use serde::{Deserialize, Serialize};

use crate::{Outcome, Verdict};

/// What was known at a moment, named by the last change that is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotId {
    /// The number of the last change; 0 before the first.
    pub change: u64,
    /// The hash of all changes up to it: BLAKE3 in hexadecimal.
    pub hash: String,
}

impl fmt::Display for SnapshotId {
    /// `1234#9f3a06c4d2e1`: the number and the beginning of the hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.change, self.hash.get(..12).unwrap_or(&self.hash))
    }
}

/// Who changes a store, when and why: what stands with each change of an [`append`](super::Store::append).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who: a name or a number of staff. Not empty.
    pub by: String,
    /// When: UTC, `2016-09-06T08:30:00Z`. The library reads no clock; the caller does.
    pub at: String,
    /// Why, where it is said.
    pub reason: Option<String>,
}

/// A change before it is in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct NewChange {
    /// The day from which it counts as known.
    pub known_on: Date,
    /// What is changed.
    pub kind: ChangeKind,
}

/// One change of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// When it was made: UTC, `2016-09-06T08:30:00Z`.
    pub at: String,
    /// Who made it.
    pub by: String,
    /// Why, where it was said.
    pub reason: Option<String>,
    /// The day from which it counts as known.
    pub known_on: Date,
    /// What was changed.
    pub kind: ChangeKind,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// An entry was added. Its number is that of the change.
    Added(Entry),
    /// An entry ends: its last day is this one.
    Expired {
        /// The entry, by the number of the change that added it.
        entry: u64,
        /// Its last day.
        until: Date,
    },
    /// An inspection showed something, or nothing.
    Found(Finding),
}

/// An entry of a lookup table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The table.
    pub table: String,
    /// The values of its key and columns, as texts in the order of the names (a store sorts them); dates as
    /// `2016-09-06`. What is missing has no value here.
    pub values: Vec<(String, String)>,
    /// Its first day, if it has one.
    pub from: Option<Date>,
    /// Its last day, if it has one.
    pub until: Option<Date>,
    /// Where it comes from: `market supervision of Yiwu`, `notice of Kenya`.
    pub source: Option<String>,
    /// How grave or how sure it is, in the source's own grades.
    pub grade: Option<String>,
}

/// Who answers for a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The exporter.
    Exporter,
    /// The producer.
    Producer,
    /// The agent.
    Agent,
    /// The brand.
    Brand,
}

/// A party of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// As what it answers.
    pub role: Role,
    /// Its code or name, as declarations have it.
    pub name: String,
}

/// What an inspection showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Violation {
    /// Bears a mark that it may not bear.
    Counterfeit,
    /// Passed off as another's.
    Fake,
    /// Below its standard.
    Inferior,
    /// A defect of safety.
    Safety,
    /// A defect of health.
    Health,
    /// A defect for the environment.
    Environment,
    /// Not what was declared.
    Misdeclared,
}

/// A result of an inspection, with who answers for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The result. It has a day; the day from which it counts as known is that of its change.
    pub outcome: Outcome,
    /// Who answers for it.
    pub parties: Vec<Party>,
}

impl Deref for Finding {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        &self.outcome
    }
}

impl From<Outcome> for Finding {
    /// A result for which nobody answers.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, parties: Vec::new() }
    }
}

impl Finding {
    /// The day of the result, which each in a store has.
    pub fn day(&self) -> Date {
        self.outcome.found_on.unwrap_or(Date::MIN)
    }

    /// What violates, if anything does.
    pub fn violation(&self) -> Option<Violation> {
        match self.verdict {
            Verdict::Violation(violation) => Some(violation),
            _ => None,
        }
    }
}
