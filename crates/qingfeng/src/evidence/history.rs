//! Labelled history: everything that was assessed was inspected too, so that no plan is needed.

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Pack};

use super::changes::bare;
use super::{Evidence, Inspection, Judged, TOLD};
use crate::outcomes::{Outcome, Outcomes, Verdict};
use crate::read::{Input, ReadError};
use crate::selection::SelectionKind;
use crate::selection::table_rows::RowReader;
use crate::store::Violation;

/// Results that stand as a column of 0 and 1 (or true and false) in files of declarations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The column: 1 is a violation, 0 clear, nothing is no result.
    pub column: String,
    /// The columns that may have the declaration's id, the first that is there.
    pub ids: Vec<String>,
    /// The columns that may have its day, the first that is there.
    pub days: Vec<String>,
}

impl Labels {
    /// Labels in a column of files that have the columns `declaration_id` and `declared_on`, or what a pack calls the two.
    pub fn new(column: impl Into<String>, pack: Option<&Pack>) -> Self {
        let named = |name: &str| -> Vec<String> {
            let of_pack = pack.and_then(|pack| pack.schema.fields().iter().find(|field| field.name == name));
            let also = of_pack.into_iter().flat_map(|field| field.columns.iter().cloned());
            std::iter::once(name.to_owned()).chain(also).collect()
        };
        Self { column: column.into(), ids: named("declaration_id"), days: named("declared_on") }
    }

    /// Reads the labels. A label says nothing of the kind of violation: each counts as misdeclared.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or lacks the columns, a label that is none; with its place.
    pub fn read(&self, inputs: &[Input]) -> Result<Outcomes, ReadError> {
        let columns: Vec<&str> = std::iter::once(self.column.as_str())
            .chain(self.ids.iter().chain(&self.days).map(String::as_str))
            .collect();
        let days = 1 + self.ids.len()..columns.len();
        let mut outcomes = Vec::new();
        for input in inputs {
            let rows = RowReader::open(input, None, &columns)?;
            rows.require(&[0], "a table with this label")?;
            if !(1..=self.ids.len()).any(|column| rows.has(column)) {
                let reason =
                    format!("has no column `{}` with the ids of declarations", self.ids.join("` or `"));
                return Err(ReadError::content(input, reason));
            }
            for row in rows {
                let row = row?;
                let mut id = None;
                for column in 1..=self.ids.len() {
                    id = id.or(row.text(column)?);
                }
                let mut found_on = None;
                for column in days.clone() {
                    found_on = found_on.or(row.date(column)?);
                }
                let id = id.ok_or_else(|| row.error(format!("`{}` is missing", self.ids[0])))?;
                let verdict = match row.flag(0)? {
                    Some(true) => Verdict::Violation(Violation::Misdeclared),
                    Some(false) => Verdict::Clear,
                    None => Verdict::Open,
                };
                // Each line has its own label; which line it is says nothing here, and a violation on any counts.
                let item = Some(outcomes.len() as i64);
                outcomes.push(Outcome { found_on, ..bare(&id, item, verdict) });
                if outcomes.len() as u64 > crate::outcomes::MAX_OUTCOMES {
                    return Err(ReadError::content(input, "has too many labels; give a shorter time"));
                }
            }
        }
        Ok(Outcomes::new(outcomes))
    }
}

/// The office of inspections of which nobody knows where they were.
const NOWHERE: &str = "unknown";

impl Evidence {
    /// Reads assessments by declaration of a history in which everything was inspected: each declaration with results counts
    /// as selected with probability 1. Without a day of its own a declaration has that of its first result.
    ///
    /// # Errors
    ///
    /// An input that cannot be read, lacks a column, or has a row that none should have; each with its place.
    pub fn read_history(assessments: &[Input], mut outcomes: Outcomes) -> Result<Self, ReadError> {
        let mut evidence = Self::assessed(assessments, std::iter::once(NOWHERE))?;
        let days: BTreeMap<Box<str>, Date> = outcomes
            .declarations()
            .filter_map(|(id, lines)| Some((id.into(), lines.iter().find_map(|line| line.found_on)?)))
            .collect();
        let nowhere =
            evidence.sites.binary_search_by(|site| (**site).cmp(NOWHERE)).unwrap_or_default() as u32;
        for judged in &mut evidence.declarations {
            let Some(lines) = outcomes.take(&judged.declaration_id) else { continue };
            let day = days.get(&judged.declaration_id).copied();
            judged.day = judged.day.or(day);
            // Of a history without days the day of an inspection says nothing.
            let Some(on) = judged.day.or(Date::from_days(0)) else { continue };
            judged.inspection = Some(Box::new(Inspection {
                day: on,
                office: judged.sites.first().copied().unwrap_or(nowhere),
                selected: SelectionKind::Mandatory,
                probability: 1.0,
                cost: 1,
                stratum: None,
                outcomes: lines,
            }));
        }
        let key = |judged: &Judged| (judged.day, judged.declaration_id.clone());
        evidence.declarations.sort_by_cached_key(key);
        let others: Vec<Box<str>> = outcomes.declarations().map(|(id, _)| id.into()).collect();
        evidence.unplanned = (others.len() as u64, others.into_iter().take(TOLD).collect());
        Ok(evidence)
    }
}
