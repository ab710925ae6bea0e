//! What inspections found: results as rows, and as a whole by declaration.
//!
//! A row is the result of a goods line, or of a declaration as a whole. A result that is not coded, and a waiver without
//! a coded reason, are open: they count neither as a finding nor as clear.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::Date;
use serde::{Deserialize, Serialize};

use crate::read::{Input, ReadError, ReadOptions, Reject};
use crate::selection::SelectionKind;
use crate::store::{ChangeKind, SnapshotId, Store, StoreError, Violation};
use crate::tables::{self, Streamed};

pub mod check;
pub(crate) mod table;
mod timeline;

pub use table::OutcomeColumns;
pub use timeline::{Known, Timeline};

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
    pub(crate) fn weight(self) -> u8 {
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
        Self {
            declaration_id: declaration_id.into(),
            item_no: None,
            found_on: None,
            known_on: None,
            selected: None,
            verdict,
            waiver: None,
            pieces: None,
            value: None,
            fine: None,
            case_number: None,
            major_case: false,
            disposal: None,
            disclosed_on: None,
            hours: None,
        }
    }

    /// The day from which it counts as known, if that is said.
    pub fn known(&self) -> Option<Date> {
        self.known_on.or(self.found_on)
    }

    /// What comes later counts: by the day on which it became known; on one day a coded result rather than none and a
    /// violation rather than clear. The rest makes the order the same whatever the order of rows was.
    fn in_time(&self, other: &Self) -> std::cmp::Ordering {
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

/// What inspections found, by declaration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    by_declaration: BTreeMap<Box<str>, Vec<Outcome>>,
    rows: u64,
    gathered: Gathered,
    corrected: u64,
    conflicting: u64,
}

/// What came of rows that were not taken.
#[derive(Clone, Debug, Default, PartialEq)]
struct Gathered {
    rejects: Streamed,
    /// Rows that were not known yet, or without a day.
    later: u64,
}

/// Whether a row was known at the end of a day.
fn is_known(row: &Outcome, as_of: Option<Date>) -> bool {
    as_of.is_none_or(|day| row.known().is_some_and(|known| known <= day))
}

/// Gives out the rows of tables, of the declarations that `keep` says yes to, that were known at the end of a day.
fn each_row(
    inputs: &[Input],
    options: &ReadOptions,
    as_of: Option<Date>,
    keep: &mut dyn FnMut(&str) -> bool,
    take: &mut dyn FnMut(Outcome),
) -> Result<Gathered, ReadError> {
    let first = inputs.first().map(ToString::to_string).unwrap_or_default();
    let (mut later, mut kept) = (0, 0);
    let rejects = tables::stream(inputs, &OutcomeColumns::TABLE, options, &mut |row| {
        let row = match table::outcome(row) {
            Ok(row) => row,
            Err(mistake) => return Ok(Err(mistake)),
        };
        if !keep(&row.declaration_id) {
            return Ok(Ok(()));
        }
        if !is_known(&row, as_of) {
            later += 1;
            return Ok(Ok(()));
        }
        if kept == MAX_OUTCOMES {
            let reason = format!("more than {MAX_OUTCOMES} results; give a shorter time");
            return Err(ReadError::content(&first, reason));
        }
        kept += 1;
        take(row);
        Ok(Ok(()))
    })?;
    Ok(Gathered { rejects, later })
}

/// Gives out the results of a snapshot of a store that were known at the end of a day.
fn each_stored(
    store: &mut Store,
    snapshot: &SnapshotId,
    as_of: Option<Date>,
    keep: &mut dyn FnMut(&str) -> bool,
    take: &mut dyn FnMut(Outcome),
) -> Result<Gathered, StoreError> {
    let mut gathered = Gathered::default();
    // Of what became known on one day the later change counts.
    let mut last: BTreeMap<(String, Option<i64>, Date), Outcome> = BTreeMap::new();
    store.changes(snapshot, 1, &mut |change| {
        if let ChangeKind::Found(finding) = change.kind
            && keep(&finding.declaration_id)
        {
            let outcome = finding.outcome(change.known_on);
            let known = outcome.known_on.unwrap_or(change.known_on);
            last.insert((finding.declaration_id, finding.item_no, known), outcome);
        }
        Ok(())
    })?;
    for row in last.into_values() {
        if is_known(&row, as_of) { take(row) } else { gathered.later += 1 }
    }
    Ok(gathered)
}

impl Outcomes {
    /// Outcomes out of rows, in any order. Of several rows of one line the one known last counts.
    pub fn new(rows: impl IntoIterator<Item = Outcome>) -> Self {
        let mut outcomes = Self::default();
        rows.into_iter().for_each(|row| outcomes.add(row));
        outcomes.order();
        outcomes
    }

    /// The outcomes that were known at the end of a day: those found or corrected later are as if they had not come yet.
    /// A row without any day is left out, since nobody can say when it was known.
    ///
    /// ```
    /// use qingfeng::outcomes::{Outcomes, Verdict};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("outcomes.csv");
    /// std::fs::write(&path, "declaration_id,item_no,found_on,known_on,result\n\
    ///     D1,1,2016-09-07,,clear\n\
    ///     D1,1,2016-09-07,2016-10-12,fake\n")?;
    /// let rows = Outcomes::rows_of(&[path.into()], &Default::default())?;
    /// let then = Outcomes::known_by("2016-09-30".parse()?, rows.clone());
    /// let now = Outcomes::new(rows);
    /// assert_eq!(then.of("D1")[0].verdict, Verdict::Clear);
    /// assert_eq!(now.of("D1")[0].verdict.name(), "fake");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn known_by(day: Date, rows: impl IntoIterator<Item = Outcome>) -> Self {
        let mut outcomes = Self::default();
        rows.into_iter().for_each(|row| outcomes.add_as_of(row, Some(day)));
        outcomes.order();
        outcomes
    }

    fn add_as_of(&mut self, row: Outcome, as_of: Option<Date>) {
        if is_known(&row, as_of) { self.add(row) } else { self.gathered.later += 1 }
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
        let (mut corrected, mut conflicting) = (0, 0);
        for known in self.by_declaration.values_mut() {
            known.sort_by(|a, b| a.item_no.cmp(&b.item_no).then_with(|| a.in_time(b)));
            known.reverse();
            known.dedup_by(|earlier, kept| {
                let same = earlier.item_no == kept.item_no;
                if same && earlier.verdict != kept.verdict {
                    corrected += u64::from(earlier.known() != kept.known());
                    conflicting += u64::from(earlier.known() == kept.known());
                }
                same
            });
            known.reverse();
        }
        (self.corrected, self.conflicting) = (corrected, conflicting);
    }

    /// Reads tables of outcomes, of the declarations that `keep` says yes to. A row that cannot be read is one of the
    /// [`rejects`](Self::rejects); the others count.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or has no column `declaration_id` or `result`, with its place; too many rows.
    pub fn read(inputs: &[Input], keep: &mut dyn FnMut(&str) -> bool) -> Result<Self, ReadError> {
        Self::read_as_of(inputs, &ReadOptions::default(), None, keep)
    }

    /// The same, as it was known at the end of a day, with files of any encoding; see [`known_by`](Self::known_by).
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn read_as_of(
        inputs: &[Input],
        options: &ReadOptions,
        as_of: Option<Date>,
        keep: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Self, ReadError> {
        let mut outcomes = Self::default();
        outcomes.gathered = each_row(inputs, options, as_of, keep, &mut |row| outcomes.add(row))?;
        outcomes.order();
        Ok(outcomes)
    }

    /// The rows of tables of outcomes as they stand, without those that cannot be read.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn rows_of(inputs: &[Input], options: &ReadOptions) -> Result<Vec<Outcome>, ReadError> {
        let mut rows = Vec::new();
        each_row(inputs, options, None, &mut |_| true, &mut |row| rows.push(row))?;
        Ok(rows)
    }

    /// The results of a snapshot of a store, of the declarations that `keep` says yes to; as they were known at the end of
    /// a day, if one is given.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub fn of_store(
        store: &mut Store,
        snapshot: &SnapshotId,
        as_of: Option<Date>,
        keep: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Self, StoreError> {
        let mut outcomes = Self::default();
        outcomes.gathered = each_stored(store, snapshot, as_of, keep, &mut |row| outcomes.add(row))?;
        outcomes.order();
        Ok(outcomes)
    }

    /// The first rows that could not be read, each with its place, and how many there are.
    pub fn rejects(&self) -> (&[Reject], u64) {
        (&self.gathered.rejects.rejects, self.gathered.rejects.rejected)
    }

    /// Results that a later one of the same line replaced and that said something else.
    pub fn corrected(&self) -> u64 {
        self.corrected
    }

    /// Results of the same line and day that say different things: the graver one counts.
    pub fn conflicting(&self) -> u64 {
        self.conflicting
    }

    /// Results that were left out because they were not known yet, or without a day.
    pub fn later(&self) -> u64 {
        self.gathered.later
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

/// What the results of the lines of a declaration come to; see [`Verdict::of_lines`].
pub fn verdict_of(lines: &[Outcome]) -> Verdict {
    Verdict::of_lines(lines.iter().map(|line| line.verdict))
}

#[cfg(test)]
mod tests;
