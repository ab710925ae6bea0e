//! What inspections found: results as rows, and as a whole by declaration.
//!
//! A row is the result of a goods line, or of a declaration as a whole. A result that is not coded, and a waiver without
//! a coded reason, are open: they count neither as a finding nor as clear.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::Date;
use serde::{Deserialize, Serialize};

use crate::read::{Input, ReadError, shown};
use crate::selection::SelectionKind;
use crate::selection::table_rows::{Row, RowReader};
use crate::store::Violation;

/// The most rows of outcomes that are kept.
pub const MAX_OUTCOMES: u64 = 50_000_000;

/// What an inspection came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Inspected, nothing found.
    Clear,
    /// Inspected, a violation found.
    Violation(Violation),
    /// Not inspected, with a coded reason.
    Waived,
    /// Without a coded result, or waived without a coded reason: never counted as clear.
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
#[derive(Clone, Debug, PartialEq)]
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

/// The results that files name, with what they mean.
const RESULTS: [(&str, Verdict); 10] = [
    ("clear", Verdict::Clear),
    ("counterfeit", Verdict::Violation(Violation::Counterfeit)),
    ("fake", Verdict::Violation(Violation::Fake)),
    ("inferior", Verdict::Violation(Violation::Inferior)),
    ("safety", Verdict::Violation(Violation::Safety)),
    ("health", Verdict::Violation(Violation::Health)),
    ("environment", Verdict::Violation(Violation::Environment)),
    ("misdeclared", Verdict::Violation(Violation::Misdeclared)),
    ("waived", Verdict::Waived),
    ("open", Verdict::Open),
];

impl Verdict {
    /// The verdict of this name in files, case aside: `clear`, `counterfeit` …, `waived`, `open`.
    pub fn from_name(name: &str) -> Option<Self> {
        let known = RESULTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|&(_, verdict)| verdict)
    }

    /// Its name in files.
    pub fn name(self) -> &'static str {
        RESULTS.iter().find(|(_, verdict)| *verdict == self).map_or("open", |(name, _)| name)
    }

    /// Whether it is a finding; `None` where nothing is known of the goods: waived or open.
    pub fn found(self) -> Option<bool> {
        match self {
            Self::Clear => Some(false),
            Self::Violation(_) => Some(true),
            Self::Waived | Self::Open => None,
        }
    }
}

/// What inspections found, by declaration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    by_declaration: BTreeMap<Box<str>, Vec<Outcome>>,
    rows: u64,
}

const COLUMNS: &[&str] = &[
    "declaration_id",
    "item_no",
    "found_on",
    "day",
    "declared_on",
    "known_on",
    "selected",
    "result",
    "waiver",
    "pieces",
    "value",
    "fine",
    "case_number",
    "major_case",
    "disposal",
    "disclosed_on",
    "hours",
];

impl Outcomes {
    /// Outcomes out of rows, in any order. Of several rows of one line the one known last counts.
    pub fn new(rows: impl IntoIterator<Item = Outcome>) -> Self {
        let mut outcomes = Self::default();
        rows.into_iter().for_each(|row| outcomes.add(row));
        outcomes.order();
        outcomes
    }

    fn add(&mut self, row: Outcome) {
        self.rows += 1;
        match self.by_declaration.get_mut(&row.declaration_id) {
            Some(known) => known.push(row),
            None => {
                self.by_declaration.insert(row.declaration_id.clone(), vec![row]);
            }
        }
    }

    /// Of each line the result that was known last, in the order of lines.
    fn order(&mut self) {
        for known in self.by_declaration.values_mut() {
            known.sort_by_key(|row| (row.item_no, row.known_on.or(row.found_on), row.found_on));
            known.reverse();
            known.dedup_by_key(|row| row.item_no);
            known.reverse();
        }
    }

    /// Reads tables of outcomes, of the declarations that `keep` says yes to.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a row without a declaration, a result of another name; each with its place.
    pub fn read(inputs: &[Input], keep: &mut dyn FnMut(&str) -> bool) -> Result<Self, ReadError> {
        let mut outcomes = Self::default();
        for input in inputs {
            let rows = RowReader::open(input, None, COLUMNS)?;
            rows.require(&[0, 7], "a table of results of inspections")?;
            for row in rows {
                let row = outcome(&row?)?;
                if keep(&row.declaration_id) {
                    outcomes.add(row);
                }
                if outcomes.rows > MAX_OUTCOMES {
                    let reason = format!("more than {MAX_OUTCOMES} results; give a shorter time");
                    return Err(ReadError::content(input, reason));
                }
            }
        }
        outcomes.order();
        Ok(outcomes)
    }

    /// The results of a declaration, one a line, in the order of lines.
    pub fn of(&self, declaration: &str) -> &[Outcome] {
        self.by_declaration.get(declaration).map_or(&[], Vec::as_slice)
    }

    /// Takes the results of a declaration out.
    pub(crate) fn take(&mut self, declaration: &str) -> Option<Vec<Outcome>> {
        self.by_declaration.remove(declaration)
    }

    /// The declarations with results, in order.
    pub fn declarations(&self) -> impl Iterator<Item = (&str, &[Outcome])> {
        self.by_declaration.iter().map(|(id, rows)| (&**id, rows.as_slice()))
    }

    /// The rows that were read and kept.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// What the results of the lines of a declaration come to: a violation on whichever line counts first, then what is
/// open, then what is clear; waived is what was waived as a whole. A declaration without results is open.
pub fn verdict_of(lines: &[Outcome]) -> Verdict {
    let violation = lines.iter().find(|line| matches!(line.verdict, Verdict::Violation(_)));
    let any = |verdict: Verdict| lines.iter().any(|line| line.verdict == verdict);
    match violation {
        Some(line) => line.verdict,
        None if any(Verdict::Open) => Verdict::Open,
        None if any(Verdict::Clear) => Verdict::Clear,
        None if any(Verdict::Waived) => Verdict::Waived,
        None => Verdict::Open,
    }
}

fn outcome(row: &Row) -> Result<Outcome, ReadError> {
    let coded = |column: usize| row.text(column);
    let waiver: Option<Arc<str>> = coded(8)?.map(Into::into);
    let verdict = match row.text(7)? {
        None => Verdict::Open,
        Some(name) => match Verdict::from_name(name.trim()) {
            Some(Verdict::Waived) if waiver.is_none() => Verdict::Open,
            Some(verdict) => verdict,
            None => {
                let names: Vec<&str> = RESULTS.iter().map(|(name, _)| *name).collect();
                return Err(row.error(format!(
                    "`result` is `{}`; write one of {}",
                    shown(&name),
                    names.join(", ")
                )));
            }
        },
    };
    let selected = match row.text(6)? {
        None => None,
        Some(name) => Some(SelectionKind::from_name(&name).ok_or_else(|| {
            row.error(format!("`selected` is `{}`; write mandatory, targeted or random", shown(&name)))
        })?),
    };
    let disposal = match row.text(14)? {
        None => None,
        Some(name) => {
            Some(Disposal::ALL.iter().find(|(known, _)| *known == name).map(|of| of.1).ok_or_else(|| {
                let names = Disposal::ALL.map(|(name, _)| name).join(", ");
                row.error(format!("`disposal` is `{}`; write one of {names}", shown(&name)))
            })?)
        }
    };
    let found_on = [2, 3, 4].into_iter().map(|column| row.date(column)).find(|day| !matches!(day, Ok(None)));
    Ok(Outcome {
        declaration_id: row.required_text(0)?.into(),
        item_no: row.integer(1)?,
        found_on: found_on.transpose()?.flatten(),
        known_on: row.date(5)?,
        selected,
        verdict,
        waiver,
        pieces: row.integer(9)?,
        value: row.number(10)?,
        fine: row.number(11)?,
        case_number: row.text(12)?.map(Into::into),
        major_case: row.flag(13)?.unwrap_or(false),
        disposal,
        disclosed_on: row.date(15)?,
        hours: row.number(16)?,
    })
}
