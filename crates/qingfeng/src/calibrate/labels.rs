//! History of which everything is known: each declaration with its result, whoever selected it.

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Pack};

use crate::evidence::{Evidence, Inspection};
use crate::outcomes::{MAX_OUTCOMES, Outcome, Outcomes, Verdict};
use crate::read::{Input, ReadError, shown};
use crate::selection::SelectionKind;
use crate::selection::table_rows::{Row, RowReader};
use crate::store::Violation;

/// Results of declarations of which nothing is hidden.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    by_declaration: BTreeMap<Box<str>, (Vec<Outcome>, Option<Date>)>,
}

impl Labels {
    /// Out of outcomes: those of all declarations that they have.
    pub fn of(outcomes: &Outcomes) -> Self {
        let all = outcomes.declarations();
        let by_declaration = all.map(|(id, rows)| (id.into(), (rows.to_vec(), None)));
        Self { by_declaration: by_declaration.collect() }
    }

    /// Out of a column of files with declarations, found with the headers that the pack has for a declaration's id and day.
    /// `0`, `false`, `no` and `clear` are clear; `1`, `true`, `yes`, any other positive whole number and the names of
    /// violations are violations; an empty cell is open.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or lacks the column, a cell with something else; each with its place.
    pub fn read(inputs: &[Input], pack: &Pack, label: &str) -> Result<Self, ReadError> {
        let schema = &pack.schema;
        let headers = |field| {
            let field = &schema[field];
            std::iter::once(field.name.as_str()).chain(field.columns.iter().map(String::as_str))
        };
        let ids: Vec<&str> = headers(schema.declaration).collect();
        let days: Vec<&str> = schema.date.into_iter().flat_map(headers).collect();
        let columns: Vec<&str> =
            std::iter::once(label).chain(ids.iter().copied()).chain(days.iter().copied()).collect();
        let (first_day, end) = (1 + ids.len(), columns.len());
        let mut labels = Self::default();
        let mut count = 0_u64;
        for input in inputs {
            let rows = RowReader::open(input, None, &columns)?;
            rows.require(&[0], "a file with declarations and their results")?;
            let here = |range: std::ops::Range<usize>| -> Vec<usize> {
                range.filter(|&column| rows.has(column)).collect()
            };
            let (ids, days) = (here(1..first_day), here(first_day..end));
            if ids.is_empty() {
                let known = columns[1..first_day].join("`, `");
                let reason = format!("has no column with the id of the declaration: `{known}`");
                return Err(ReadError::content(input, reason));
            }
            for row in rows {
                let row = row?;
                count += 1;
                if count > MAX_OUTCOMES {
                    let reason = format!("more than {MAX_OUTCOMES} rows; give a shorter time");
                    return Err(ReadError::content(input, reason));
                }
                let first = |columns: &[usize]| {
                    let texts = columns.iter().map(|&column| row.text(column));
                    texts.into_iter().find(|text| !matches!(text, Ok(None))).transpose().map(Option::flatten)
                };
                let id: Box<str> = first(&ids)?
                    .ok_or_else(|| row.error(format!("`{}` is missing", columns[ids[0]])))?
                    .into();
                let day =
                    match days.iter().map(|&column| row.date(column)).find(|day| !matches!(day, Ok(None))) {
                        Some(day) => day?,
                        None => None,
                    };
                let outcome = outcome(&id, verdict(&row, label)?, day);
                let known = labels.by_declaration.entry(id).or_default();
                known.0.push(outcome);
                known.1 = known.1.or(day);
            }
        }
        Ok(labels)
    }

    /// How many declarations they have.
    pub fn len(&self) -> usize {
        self.by_declaration.len()
    }

    /// Whether they have none.
    pub fn is_empty(&self) -> bool {
        self.by_declaration.is_empty()
    }

    /// Counts each assessed declaration with a label as inspected for certain. A declaration without a day of its own gets
    /// the day of its label.
    pub fn judge(&self, evidence: &mut Evidence) {
        if evidence.sites.is_empty() {
            evidence.sites.push("everywhere".into());
        }
        for judged in &mut evidence.declarations {
            let Some((outcomes, day)) = self.by_declaration.get(&judged.declaration_id) else { continue };
            judged.day = judged.day.or(*day);
            let found_on = outcomes.iter().find_map(|outcome| outcome.found_on);
            judged.inspection = Some(Box::new(Inspection {
                day: judged.day.or(found_on).unwrap_or(Date::MAX),
                office: judged.sites.first().copied().unwrap_or_default(),
                selected: SelectionKind::Random,
                probability: 1.0,
                cost: 1,
                stratum: None,
                outcomes: outcomes.clone(),
            }));
        }
        evidence.declarations.sort_by(|a, b| (a.day, &a.declaration_id).cmp(&(b.day, &b.declaration_id)));
    }
}

fn verdict(row: &Row<'_>, label: &str) -> Result<Verdict, ReadError> {
    let Some(text) = row.text(0)? else { return Ok(Verdict::Open) };
    let text = text.trim();
    let violation = Verdict::Violation(Violation::Misdeclared);
    Ok(match text.to_lowercase().as_str() {
        "0" | "false" | "no" | "clear" => Verdict::Clear,
        "true" | "yes" => violation,
        name => match (Verdict::from_name(name), name.parse::<u32>()) {
            // A label has no reason, and without one a waiver is open.
            (Some(Verdict::Waived), _) => Verdict::Open,
            (Some(verdict), _) => verdict,
            (None, Ok(_)) => violation,
            (None, Err(_)) => {
                return Err(row.error(format!(
                    "`{}` is `{}`; it must be 0 or clear, or 1 or the name of a violation",
                    shown(label),
                    shown(text)
                )));
            }
        },
    })
}

fn outcome(id: &str, verdict: Verdict, day: Option<Date>) -> Outcome {
    Outcome {
        declaration_id: id.into(),
        item_no: None,
        found_on: day,
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
