//! What inspections found: results as rows, and as a whole by declaration.
//!
//! A row is the result of a goods line, or of a declaration as a whole. A result that is not coded, and a waiver without
//! a coded reason, are open: they count neither as a finding nor as clear.

use std::collections::BTreeMap;

use qingfeng::read::{Input, ReadError, ReadOptions, Reject};
use qingfeng_rules::Date;
use qingfeng_store::gathered::{Gathered, each_row, each_stored, is_known};
use qingfeng_store::{Outcome, SnapshotId, Store, StoreError};

pub mod check;

pub(crate) use qingfeng_store::gathered::MAX_OUTCOMES;
pub use qingfeng_store::{KnownResult, Timeline};

/// What inspections found, by declaration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    by_declaration: BTreeMap<Box<str>, Vec<Outcome>>,
    rows: u64,
    gathered: Gathered,
    corrected: u64,
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
    /// use qingfeng_inspection::outcomes::Outcomes;
    /// use qingfeng_store::{Outcome, Verdict};
    ///
    /// let [day, later] = ["2016-09-07".parse()?, "2016-10-12".parse()?];
    /// let clear = Outcome::new("D1", day, Verdict::Clear);
    /// let fake = Outcome { known_on: Some(later), verdict: Verdict::from_name("fake").unwrap(), ..clear.clone() };
    /// let then = Outcomes::known_by("2016-09-30".parse()?, [clear.clone(), fake.clone()]);
    /// assert_eq!(then.of("D1")[0].verdict, Verdict::Clear);
    /// assert_eq!(Outcomes::new([clear, fake]).of("D1")[0].verdict.name(), "fake");
    /// # Ok::<(), qingfeng_rules::ParseDateError>(())
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
        let mut corrected = 0;
        for known in self.by_declaration.values_mut() {
            known.sort_by(|a, b| a.item_no.cmp(&b.item_no).then_with(|| a.in_time(b)));
            known.reverse();
            known.dedup_by(|earlier, kept| {
                let same = earlier.item_no == kept.item_no;
                corrected +=
                    u64::from(same && earlier.verdict != kept.verdict && earlier.known() != kept.known());
                same
            });
            known.reverse();
        }
        self.corrected = corrected;
    }

    /// Reads tables of outcomes, of the declarations that `keep` says yes to; as they were known at the end of a day, if one
    /// is given, see [`known_by`](Self::known_by). A row that cannot be read is one of the [`rejects`](Self::rejects); the
    /// others count.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or has no column `declaration_id` or `result`, with its place; too many rows.
    pub fn read(
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

#[cfg(test)]
mod tests;
