//! What an inspection found: a result as a row, and what it comes to.

use std::sync::Arc;

use qingfeng_rules::{Date, SelectionKind};
use serde::{Deserialize, Serialize};

use crate::Violation;
use crate::outcome_table as table;

/// What an inspection came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Inspected, nothing found.
    Clear,
    /// Inspected, a violation found.
    Violation(Violation),
    /// Not inspected, with a coded reason.
    Waived,
    /// Without a coded result, or waived without a coded reason: never counted as clear.
    #[default]
    Open,
}

/// What became of goods that violate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposal {
    /// Destroyed.
    Destroyed,
    /// Returned to the exporter or producer.
    Returned,
    /// Confiscated.
    Confiscated,
    /// Put right and released.
    Rectified,
}

impl Disposal {
    /// All, with their names in files.
    pub const ALL: [(&'static str, Self); 4] = [
        ("destroyed", Self::Destroyed),
        ("returned", Self::Returned),
        ("confiscated", Self::Confiscated),
        ("rectified", Self::Rectified),
    ];
}

/// The result of a goods line, or of a declaration as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The declaration.
    pub declaration_id: Box<str>,
    /// Its line; `None` is the declaration as a whole.
    pub item_no: Option<i64>,
    /// The day of the result.
    pub found_on: Option<Date>,
    /// The day from which it counts as known, where it is another: late results and corrections. Of several results of a
    /// line the one known last counts.
    pub known_on: Option<Date>,
    /// How the declaration was selected, where the row says it.
    pub selected: Option<SelectionKind>,
    /// What it came to.
    pub verdict: Verdict,
    /// The coded reason of a waiver.
    pub waiver: Option<Arc<str>>,
    /// Pieces that violate.
    pub pieces: Option<i64>,
    /// Their value, in the unit of declarations.
    pub value: Option<f64>,
    /// The fine, in yuan.
    pub fine: Option<f64>,
    /// The number of the case.
    pub case_number: Option<Box<str>>,
    /// Whether the case is a major one.
    pub major_case: bool,
    /// What became of the goods.
    pub disposal: Option<Disposal>,
    /// The day on which the case was made public.
    pub disclosed_on: Option<Date>,
    /// Hours of officers that the inspection took.
    pub hours: Option<f64>,
}

impl Verdict {
    /// The verdict of this name in files, case aside: `clear`, `counterfeit` …, `waived`, `open`; or as Chinese files
    /// say it, `侵权`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        let known = table::RESULTS
            .iter()
            .find(|(known, _, others)| known.eq_ignore_ascii_case(name) || others.contains(&name));
        known.map(|&(_, verdict, _)| verdict)
    }

    /// Its name in files.
    pub fn name(self) -> &'static str {
        table::RESULTS.iter().find(|(_, verdict, _)| *verdict == self).map_or("open", |(name, ..)| name)
    }

    /// Whether it is a finding; `None` where nothing is known of the goods: waived or open.
    pub fn found(self) -> Option<bool> {
        match self {
            Self::Clear => Some(false),
            Self::Violation(_) => Some(true),
            Self::Waived | Self::Open => None,
        }
    }

    /// Of two results of one line and day the one with the greater weight counts: a coded one rather than none, and a
    /// violation rather than clear.
    #[doc(hidden)]
    pub fn weight(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Waived => 1,
            Self::Clear => 2,
            Self::Violation(_) => 3,
        }
    }

    /// What the results of the lines of a declaration come to: a violation on whichever line counts first, then what is
    /// open, then what is clear; waived is what was waived as a whole. A declaration without results is open.
    pub fn of_lines(lines: impl IntoIterator<Item = Self>) -> Self {
        let rank = |verdict| match verdict {
            Self::Waived => 0,
            Self::Clear => 1,
            Self::Open => 2,
            Self::Violation(_) => 3,
        };
        let graver = |a, b| if rank(b) > rank(a) { b } else { a };
        lines.into_iter().reduce(graver).unwrap_or(Self::Open)
    }
}

impl Outcome {
    /// The result of a declaration as a whole, of which nothing else is known.
    pub fn new(declaration_id: &str, found_on: Date, verdict: Verdict) -> Self {
        Self { found_on: Some(found_on), ..Self::undated(declaration_id, verdict) }
    }

    /// The result of a declaration as a whole, of which not even the day is known.
    pub fn undated(declaration_id: &str, verdict: Verdict) -> Self {
        Self { declaration_id: declaration_id.into(), verdict, ..Self::default() }
    }

    /// The day from which it counts as known, if that is said.
    pub fn known(&self) -> Option<Date> {
        self.known_on.or(self.found_on)
    }

    /// What comes later counts: by the day on which it became known; on one day a coded result rather than none and a
    /// violation rather than clear. The rest makes the order the same whatever the order of rows was.
    #[doc(hidden)]
    pub fn in_time(&self, other: &Self) -> std::cmp::Ordering {
        let days = |of: &Self| (of.known(), of.found_on, of.verdict.weight(), of.verdict, of.major_case);
        let rest = |of: &Self| {
            let texts = (of.case_number.clone(), of.waiver.clone());
            (
                of.known_on,
                of.pieces,
                texts,
                of.selected.map(SelectionKind::name),
                of.disposal,
                of.disclosed_on,
            )
        };
        let numbers = |of: &Self| [of.value, of.fine, of.hours].map(|number| number.unwrap_or(-1.0));
        days(self).cmp(&days(other)).then_with(|| rest(self).cmp(&rest(other))).then_with(|| {
            let pairs = numbers(self).into_iter().zip(numbers(other));
            pairs
                .map(|(a, b)| a.total_cmp(&b))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    }
}

/// What the results of the lines of a declaration come to; see [`Verdict::of_lines`].
pub fn verdict_of(lines: &[Outcome]) -> Verdict {
    Verdict::of_lines(lines.iter().map(|line| line.verdict))
}
