//! What was known of each declaration from which day on: what plans learn from.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use qingfeng_rules::Date;

use crate::gathered::{Gathered, each_row, each_stored};
use crate::{Outcome, SnapshotId, Store, StoreError, Verdict};
use qingfeng::read::{Input, ReadError, ReadOptions, Reject};

/// What is known of an inspection from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownResult {
    /// The day on which it became known. A plan counts it from the day after.
    pub known_on: Date,
    /// The day of its last result and whether something was found; `None` where nothing coded is known any more.
    pub found: Option<(Date, bool)>,
}

/// A result, as far as it is learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LineResult {
    item_no: Option<i64>,
    known_on: Date,
    found_on: Date,
    verdict: Verdict,
}

/// What was known of each declaration on each day: results, and what later ones of the same line changed.
///
/// Where a table of outcomes has what is known last, this has the way to it, and nothing of pieces and fines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    by_declaration: HashMap<Box<str>, Vec<LineResult>, FixedState>,
    gathered: Gathered,
}

impl Timeline {
    /// Of results in any order. Those without a day are left out, since nobody can say when they were known.
    ///
    /// ```
    /// use qingfeng_store::{Outcome, Timeline, Verdict};
    ///
    /// let [day, later] = ["2016-09-07".parse()?, "2016-10-12".parse()?];
    /// let fake = Outcome::new("D1", day, Verdict::from_name("fake").unwrap());
    /// let clear = Outcome { known_on: Some(later), verdict: Verdict::Clear, ..fake.clone() };
    /// let known = Timeline::new([clear, fake]).of("D1", day);
    /// assert_eq!((known[0].known_on, known[0].found), (day, Some((day, true))));
    /// assert_eq!((known[1].known_on, known[1].found), (later, Some((day, false))));
    /// # Ok::<(), qingfeng::rules::ParseDateError>(())
    /// ```
    pub fn new(rows: impl IntoIterator<Item = Outcome>) -> Self {
        let mut timeline = Self::default();
        rows.into_iter().for_each(|row| timeline.add(&row));
        timeline.order();
        timeline
    }

    /// Reads tables of outcomes; with `as_of` only what was known at the end of that day.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or has no column `declaration_id` or `result`, with its place; too many rows.
    pub fn read(inputs: &[Input], options: &ReadOptions, as_of: Option<Date>) -> Result<Self, ReadError> {
        let mut timeline = Self::default();
        let gathered = each_row(inputs, options, as_of, &mut |_| true, &mut |row| timeline.add(&row))?;
        Ok(timeline.gathered(gathered))
    }

    /// The results of a snapshot of a store; with `as_of` only what was known at the end of that day.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub fn of_store(
        store: &mut Store,
        snapshot: &SnapshotId,
        as_of: Option<Date>,
    ) -> Result<Self, StoreError> {
        let mut timeline = Self::default();
        let gathered = each_stored(store, snapshot, as_of, &mut |_| true, &mut |row| timeline.add(&row))?;
        Ok(timeline.gathered(gathered))
    }

    fn gathered(mut self, gathered: Gathered) -> Self {
        self.gathered = Gathered { later: self.gathered.later + gathered.later, ..gathered };
        self.order();
        self
    }

    fn add(&mut self, row: &Outcome) {
        let Some(known_on) = row.known() else {
            self.gathered.later += 1;
            return;
        };
        let found_on = row.found_on.unwrap_or(known_on);
        let known_on = known_on.max(found_on);
        let result = LineResult { item_no: row.item_no, known_on, found_on, verdict: row.verdict };
        match self.by_declaration.get_mut(&row.declaration_id) {
            Some(known) => known.push(result),
            None => {
                self.by_declaration.insert(row.declaration_id.clone(), vec![result]);
            }
        }
    }

    /// Of what became known of a line on one day the last in time counts; lines without a correction are put together by
    /// their days. What never had a coded result teaches nothing.
    fn order(&mut self) {
        self.by_declaration.retain(|_, results| {
            results.sort_by_key(|of| (of.item_no, of.known_on, of.found_on, of.verdict.weight(), of.verdict));
            results.dedup_by(|later, kept| {
                let same = (later.item_no, later.known_on) == (kept.item_no, kept.known_on);
                if same {
                    *kept = *later;
                }
                same
            });
            if results.windows(2).all(|pair| pair[0].item_no != pair[1].item_no) {
                results.iter_mut().for_each(|result| result.item_no = None);
                results.sort_by_key(|of| (of.known_on, of.found_on));
                results.dedup_by(|next, kept| {
                    let same = (next.known_on, next.found_on) == (kept.known_on, kept.found_on);
                    if same {
                        kept.verdict = Verdict::of_lines([kept.verdict, next.verdict]);
                    }
                    same
                });
                // From here on each stands for a line of its own.
                for (at, result) in results.iter_mut().enumerate().skip(1) {
                    result.item_no = Some(at as i64);
                }
            }
            results.shrink_to_fit();
            results.iter().any(|result| result.verdict.found().is_some())
        });
    }

    /// What became known of the inspection of a declaration of a day, day by day, each time that it changed what was known.
    /// Results from before that day are those of another declaration with the same id.
    pub fn of(&self, declaration: &str, declared: Date) -> Vec<KnownResult> {
        let all = self.by_declaration.get(declaration).map_or(&[][..], Vec::as_slice);
        if let [one] = all {
            let found = one.verdict.found().filter(|_| one.found_on >= declared);
            let known = |found| KnownResult { known_on: one.known_on, found: Some((one.found_on, found)) };
            return found.map(known).into_iter().collect();
        }
        let mut results: Vec<&LineResult> = all.iter().filter(|result| result.found_on >= declared).collect();
        results.sort_by_key(|result| result.known_on);
        let mut lines: BTreeMap<Option<i64>, &LineResult> = BTreeMap::new();
        let mut known: Vec<KnownResult> = Vec::new();
        for of_day in results.chunk_by(|a, b| a.known_on == b.known_on) {
            lines.extend(of_day.iter().map(|result| (result.item_no, *result)));
            let found = Verdict::of_lines(lines.values().map(|line| line.verdict)).found();
            let coded = lines.values().filter(|line| line.verdict.found().is_some());
            let found = found.and_then(|found| Some((coded.map(|line| line.found_on).max()?, found)));
            if found != known.last().and_then(|known| known.found) {
                known.push(KnownResult { known_on: of_day[0].known_on, found });
            }
        }
        known
    }

    /// The id of a declaration, if it has a coded result.
    #[doc(hidden)]
    pub fn id(&self, declaration: &str) -> Option<&str> {
        self.by_declaration.get_key_value(declaration).map(|(id, _)| &**id)
    }

    /// The number of declarations with a coded result.
    pub fn len(&self) -> usize {
        self.by_declaration.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_declaration.is_empty()
    }

    /// The first rows that could not be read, each with its place, and how many there are.
    pub fn rejects(&self) -> (&[Reject], u64) {
        (&self.gathered.rejects.rejects, self.gathered.rejects.rejected)
    }

    /// Feeds what is learnt from, whatever the order of the rows was.
    #[doc(hidden)]
    pub fn feed(&self, hasher: &mut blake3::Hasher) {
        let mut in_order: Vec<_> = self.by_declaration.iter().collect();
        in_order.sort_unstable_by_key(|(declaration, _)| *declaration);
        for (declaration, results) in in_order {
            hasher.update(&(declaration.len() as u64).to_le_bytes());
            hasher.update(declaration.as_bytes());
            hasher.update(&(results.len() as u64).to_le_bytes());
            for result in results {
                hasher.update(&result.item_no.unwrap_or(i64::MIN).to_le_bytes());
                hasher.update(&result.known_on.days().to_le_bytes());
                hasher.update(&result.found_on.days().to_le_bytes());
                hasher.update(&[result.verdict.weight()]);
            }
        }
    }
}
