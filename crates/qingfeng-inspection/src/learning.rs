//! What inspections showed, as a plan learns from it.

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Kind};

use qingfeng::internals::sheet::{ColumnOf, Sheet, TableError};
use qingfeng::read::Input;
use qingfeng_store::Verdict;

/// The most rows of outcomes.
pub const MAX_OUTCOME_ROWS: usize = 50_000_000;

/// The results that are findings; `clear` is none.
pub const VIOLATIONS: [&str; 7] =
    ["counterfeit", "fake", "inferior", "safety", "health", "environment", "misdeclared"];

/// What the inspection of a declaration showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The day of the result; it counts from the day after.
    pub day: Date,
    /// Whether something was found, on whichever line.
    pub found: bool,
}

/// What inspections showed, by declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    by_declaration: BTreeMap<Box<str>, Vec<Outcome>>,
    rows: u64,
}

impl Outcomes {
    /// Outcomes of declarations. A declaration that is named several times on a day, for each of its lines, has a
    /// finding if one of them has.
    ///
    /// ```
    /// use qingfeng_inspection::Outcomes;
    ///
    /// let day = "2016-09-06".parse()?;
    /// let outcomes = Outcomes::new([("D1", day, false), ("D1", day, true), ("D2", day, false)]);
    /// assert_eq!(outcomes.len(), 2);
    /// assert_eq!(outcomes.of("D1", day).map(|outcome| outcome.found), Some(true));
    /// # Ok::<(), qingfeng::rules::ParseDateError>(())
    /// ```
    pub fn new<'d>(outcomes: impl IntoIterator<Item = (&'d str, Date, bool)>) -> Self {
        let mut all = Self::default();
        for (declaration, day, found) in outcomes {
            all.add(declaration, day, found);
        }
        all.order();
        all
    }

    fn add(&mut self, declaration: &str, day: Date, found: bool) {
        self.rows += 1;
        let outcome = Outcome { day, found };
        match self.by_declaration.get_mut(declaration) {
            Some(known) => match known.iter_mut().find(|known| known.day == day) {
                Some(known) => known.found |= found,
                None => known.push(outcome),
            },
            None => {
                self.by_declaration.insert(declaration.into(), vec![outcome]);
            }
        }
    }

    fn order(&mut self) {
        for known in self.by_declaration.values_mut() {
            known.sort_by_key(|outcome| outcome.day);
        }
    }

    /// Reads tables of outcomes, one row an inspected line: `declaration_id`, `found_on` (or `day`, or `declared_on`
    /// where the day of the result is not kept), and `result`: `clear`, or what was found. Rows that are waived, open or
    /// without a result are passed over.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a row without a day, a result of another name; each with its place.
    pub fn read(inputs: &[Input]) -> Result<Self, TableError> {
        let column = |name, kind, required, headers| ColumnOf { name, kind, required, headers };
        let columns = [
            column("declaration_id", Kind::Text, true, &[] as &[_]),
            column("found_on", Kind::Date, false, &["day"]),
            column("declared_on", Kind::Date, false, &[]),
            column("result", Kind::Text, false, &[]),
        ];
        let sheet = Sheet::read(inputs, &columns, MAX_OUTCOME_ROWS)?;
        if !sheet.has("result") {
            let name = inputs.first().map(ToString::to_string).unwrap_or_default();
            let message =
                format!("{name}: there is no column `result`; is it a table of results of inspections?");
            return Err(TableError::Content(message));
        }
        let mut all = Self::default();
        for row in sheet.rows() {
            let Some(day) = row.date(1).or_else(|| row.date(2)) else {
                return Err(
                    row.wrong("no day: neither `found_on` nor `declared_on`; give the day of the result")
                );
            };
            let result = row.text(3).unwrap_or_default();
            let found = match Verdict::from_name(result) {
                // What has no coded result, or was waived, teaches nothing; above all not that it is clear.
                _ if result.is_empty() => continue,
                Some(verdict) => match verdict.found() {
                    Some(found) => found,
                    None => continue,
                },
                None => {
                    let other = qingfeng::internals::shown(result);
                    let known = VIOLATIONS.join(", ");
                    return Err(
                        row.wrong(format!("`result` is `{other}`; write clear, {known}, waived or open"))
                    );
                }
            };
            all.add(row.text(0).unwrap_or_default(), day, found);
        }
        all.order();
        Ok(all)
    }

    /// The outcome of a declaration of a day: whether something was found on that day or later, known from the last
    /// of its results on, so that nobody decides by a part of them.
    pub fn of(&self, declaration: &str, declared: Date) -> Option<Outcome> {
        let all = self.by_declaration.get(declaration)?;
        let since = &all[all.partition_point(|outcome| outcome.day < declared)..];
        let day = since.last()?.day;
        Some(Outcome { day, found: since.iter().any(|outcome| outcome.found) })
    }

    /// The number of declarations.
    pub fn len(&self) -> usize {
        self.by_declaration.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_declaration.is_empty()
    }

    /// The rows that were read.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Feeds what is said, whatever the order of the rows was.
    pub(super) fn hash(&self, hasher: &mut blake3::Hasher) {
        for (declaration, outcomes) in &self.by_declaration {
            hasher.update(&(declaration.len() as u64).to_le_bytes());
            hasher.update(declaration.as_bytes());
            for outcome in outcomes {
                hasher.update(&outcome.day.days().to_le_bytes());
                hasher.update(&[u8::from(outcome.found)]);
            }
        }
    }
}
