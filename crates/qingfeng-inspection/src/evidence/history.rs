//! Labelled history: everything that was assessed was inspected too, so that no plan is needed.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::{Date, FieldId, Pack, SelectionKind};

use super::{Evidence, Inspection};
use crate::outcomes::Outcomes;
use qingfeng::internals::shown;
use qingfeng::read::{Input, ReadError};
use qingfeng::tables::{Col, Day, RowReader, Text};
use qingfeng_store::Violation;
use qingfeng_store::{Outcome, Verdict};

/// Results that stand as a column in files of declarations: `0`, `false`, `no` and `clear` are clear; `1`, `true`, `yes`, any
/// other positive whole number and the names of violations are violations; an empty cell is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The column.
    pub column: String,
    /// The columns that may have the declaration's id, the first that is there.
    pub ids: Vec<String>,
    /// The columns that may have its day, the first that is there.
    pub days: Vec<String>,
}

impl Labels {
    /// Labels in a column of files that have the columns `declaration_id` and `declared_on`, or what a pack calls a
    /// declaration's id and day.
    pub fn new(column: impl Into<String>, pack: Option<&Pack>) -> Self {
        let schema = pack.map(|pack| &pack.schema);
        let named = |name: &str, field: Option<FieldId>| -> Vec<String> {
            let of_pack = schema.zip(field).map(|(schema, field)| &schema[field]);
            let mut names = vec![name.to_owned()];
            if let Some(field) = of_pack {
                names.extend(std::iter::once(&field.name).chain(&field.columns).cloned());
            }
            let mut known = BTreeSet::new();
            names.retain(|name| known.insert(name.clone()));
            names
        };
        let ids = named("declaration_id", schema.map(|schema| schema.declaration));
        Self { column: column.into(), ids, days: named("declared_on", schema.and_then(|schema| schema.date)) }
    }

    /// Reads the labels. A label that does not name the kind of violation counts as misdeclared.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or lacks the columns, a label that is none; with its place.
    pub fn read(&self, inputs: &[Input]) -> Result<Outcomes, ReadError> {
        let names = std::iter::once(&self.column).chain(&self.ids).chain(&self.days);
        let names: Vec<Box<str>> = names.map(|name| name.as_str().into()).collect();
        let label: Col<Text> = Col::new(0);
        let ids: Vec<Col<Text>> = (1..=self.ids.len()).map(Col::new).collect();
        let days: Vec<Col<Day>> = (1 + ids.len()..names.len()).map(Col::new).collect();
        let mut outcomes = Vec::new();
        for input in inputs {
            let mut rows = RowReader::named(input, names.clone())?;
            rows.require(&[label.at()], "a table with this label")?;
            let Some(here) = ids.iter().find(|id| rows.has(**id)).map(|id| id.at()) else {
                let reason =
                    format!("has no column `{}` with the ids of declarations", self.ids.join("` or `"));
                return Err(ReadError::content(input, reason));
            };
            while let Some(row) = rows.read()? {
                let (mut id, mut found_on) = (None, None);
                for &column in &ids {
                    id = id.or(row.text(column)?);
                }
                for &column in &days {
                    found_on = found_on.or(row.date(column)?);
                }
                let id = id.ok_or_else(|| row.error(format!("`{}` is missing", names[here])))?;
                let text = row.text(label)?.unwrap_or_default();
                let verdict = Self::verdict(&text).ok_or_else(|| {
                    row.error(format!(
                        "`{}` is `{}`; it must be 0 or clear, or 1 or the name of a violation",
                        shown(&self.column),
                        shown(text.trim())
                    ))
                })?;
                // Each line has its own label; which line it is says nothing here, and a violation on any counts.
                let item_no = Some(outcomes.len() as i64);
                outcomes.push(Outcome { found_on, item_no, ..Outcome::undated(&id, verdict) });
                if outcomes.len() as u64 > crate::outcomes::MAX_OUTCOMES {
                    return Err(ReadError::content(input, "has too many labels; give a shorter time"));
                }
            }
        }
        Ok(Outcomes::new(outcomes))
    }

    /// What a label says; nothing if it is none.
    pub fn verdict(text: &str) -> Option<Verdict> {
        let violation = Verdict::Violation(Violation::Misdeclared);
        match text.trim().to_lowercase().as_str() {
            "" => Some(Verdict::Open),
            "0" | "0.0" | "false" | "no" | "n" => Some(Verdict::Clear),
            "1.0" | "true" | "yes" | "y" => Some(violation),
            name => match Verdict::from_name(name) {
                // A label has no reason, and without one a waiver is open.
                Some(Verdict::Waived) => Some(Verdict::Open),
                None => name.parse::<u32>().ok().map(|_| violation),
                named => named,
            },
        }
    }
}

/// The office of inspections of which nobody knows where they were.
const NOWHERE: &str = "unknown";

impl Evidence {
    /// Reads assessments by declaration of a history in which everything was inspected: each declaration with results counts
    /// as selected with probability 1. Without a day of its own a declaration has that of its first result. The pack says
    /// which channel is the gravest of a declaration that was assessed several times.
    ///
    /// # Errors
    ///
    /// An input that cannot be read, lacks a column, or has a row that none should have; each with its place.
    pub fn read_history(
        assessments: &[Input],
        mut outcomes: Outcomes,
        pack: Option<&Pack>,
    ) -> Result<Self, ReadError> {
        let days: BTreeMap<Box<str>, Date> = outcomes
            .declarations()
            .filter_map(|(id, lines)| Some((id.into(), lines.iter().find_map(|line| line.found_on)?)))
            .collect();
        let of_result = |id: &str| days.get(id).copied();
        let mut evidence = Self::assessed(assessments, pack, std::iter::once(NOWHERE), &of_result)?;
        let nowhere =
            evidence.sites.binary_search_by(|site| (**site).cmp(NOWHERE)).unwrap_or_default() as u32;
        let mut inspections: Vec<(Option<Date>, Box<str>, Inspection)> = Vec::new();
        evidence.guessed_channels = evidence.declarations.first_time(|batch| {
            for judged in batch {
                let Some(lines) = outcomes.take(&judged.declaration_id) else { continue };
                // Of a history without days the day of an inspection says nothing.
                let Some(on) = judged.day.or(Date::from_days(0)) else { continue };
                let inspection = Inspection {
                    day: on,
                    office: judged.sites.first().copied().unwrap_or(nowhere),
                    selected: SelectionKind::Mandatory,
                    probability: 1.0,
                    cost: 1,
                    stratum: None,
                    outcomes: lines,
                };
                inspections.push((judged.day, judged.declaration_id.clone(), inspection));
            }
            Ok(())
        })?;
        for (day, id, inspection) in inspections {
            evidence.declarations.inspect(day, &id, inspection);
        }
        outcomes.declarations().for_each(|(id, _)| evidence.unplanned.add(id));
        Ok(evidence)
    }
}

#[cfg(test)]
mod tests;
