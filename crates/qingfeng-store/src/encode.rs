//! Changes to rows and back.

use std::collections::BTreeMap;

use qingfeng_rules::Date;
use serde::{Deserialize, Serialize};

use super::chain::Row;
use super::{Author, Change, ChangeKind, Entry, Finding, Party, StoreError, Violation};
use crate::{Disposal, Outcome, Verdict};
use qingfeng_rules::SelectionKind;

/// The longest value of an entry, in bytes.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// The longest name, reason or source, in bytes.
pub const NOTE_BYTES_MAX: usize = 4096;
/// The most values of an entry, and parties of a finding.
pub const VALUES_MAX: usize = 1000;

/// A change as it will be kept.
#[derive(Debug)]
pub(super) struct Encoded {
    pub known_on: String,
    pub kind: &'static str,
    pub lookup: Option<String>,
    pub body: String,
}

impl Encoded {
    /// The row, with who makes it.
    pub(super) fn row<'a>(&'a self, author: &'a Author) -> Row<'a> {
        Row {
            at: &author.at,
            by: &author.by,
            reason: author.reason.as_deref(),
            known_on: &self.known_on,
            kind: self.kind,
            lookup: self.lookup.as_deref(),
            body: &self.body,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddedBody {
    values: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpiredBody {
    entry: u64,
    until: Date,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundBody {
    declaration_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_no: Option<i64>,
    found_on: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<Violation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pieces: Option<i64>,
    /// A text, so that every number comes back to the last digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    fine: Option<String>,
    major: bool,
    parties: Vec<Party>,
    // What follows came later. It is written only where it is said, so that rows without it keep their bytes and hashes.
    /// That nothing is known of the goods; without it a row without a violation is clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unresolved: Option<Unresolved>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiver: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selected: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disposal: Option<Disposal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disclosed_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
}

/// Why nothing is known of the goods.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unresolved {
    Waived,
    Open,
}

/// Checks who makes a change.
pub(super) fn check_author(author: &Author) -> Result<(), StoreError> {
    note("the name of who changes the store", &author.by)?;
    if author.by.trim().is_empty() {
        return Err(StoreError::refused("a change needs the name of who makes it; give it with --by"));
    }
    if !is_moment(&author.at) {
        return Err(StoreError::refused(format!(
            "`{}` is no moment in UTC; write it as 2016-09-06T08:30:00Z",
            qingfeng::internals::shown(&author.at)
        )));
    }
    author.reason.as_deref().map_or(Ok(()), |reason| note("the reason of a change", reason))
}

/// `2016-09-06T08:30:00Z`
fn is_moment(text: &str) -> bool {
    let two = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<u32>().ok());
    let bytes = text.as_bytes();
    bytes.len() == 20
        && text.is_ascii()
        && (bytes[4], bytes[7], bytes[10], bytes[13], bytes[16], bytes[19])
            == (b'-', b'-', b'T', b':', b':', b'Z')
        && [11, 12, 14, 15, 17, 18].iter().all(|&at: &usize| bytes[at].is_ascii_digit())
        && text.get(..10).is_some_and(|day| day.parse::<Date>().is_ok())
        && two(11..13).is_some_and(|hour| hour < 24)
        && two(14..16).is_some_and(|minute| minute < 60)
        // A leap second.
        && two(17..19).is_some_and(|second| second <= 60)
}

/// Checks a text that people read in one line.
fn note(what: &str, text: &str) -> Result<(), StoreError> {
    if text.len() > NOTE_BYTES_MAX {
        let length = text.len();
        return Err(StoreError::refused(format!(
            "{what} has {length} bytes; {NOTE_BYTES_MAX} is the most it can have"
        )));
    }
    if text.chars().any(char::is_control) {
        return Err(StoreError::refused(format!(
            "{what} has a control character (`{}`); write it in one line",
            qingfeng::internals::shown(text)
        )));
    }
    Ok(())
}

/// A change as it will be kept, checked.
pub(super) fn encode(known_on: Date, kind: &ChangeKind) -> Result<Encoded, StoreError> {
    let (name, lookup, body) = match kind {
        ChangeKind::Added(entry) => ("added", Some(entry.table.clone()), added(entry)?),
        ChangeKind::Expired { entry, until } => {
            ("expired", None, json(&ExpiredBody { entry: *entry, until: *until })?)
        }
        ChangeKind::Found(finding) => ("found", None, found(finding)?),
    };
    Ok(Encoded { known_on: known_on.to_string(), kind: name, lookup, body })
}

fn added(entry: &Entry) -> Result<String, StoreError> {
    note("the name of a lookup table", &entry.table)?;
    if entry.table.is_empty() {
        return Err(StoreError::refused("an entry needs the name of its lookup table"));
    }
    if let (Some(from), Some(until)) = (entry.from, entry.until)
        && from > until
    {
        return Err(StoreError::refused(format!(
            "an entry cannot be from {from} until {until}; its last day is no earlier than its first"
        )));
    }
    for (what, text) in [("the source of an entry", &entry.source), ("the grade of an entry", &entry.grade)] {
        text.as_deref().map_or(Ok(()), |text| note(what, text))?;
    }
    many("an entry", "values", entry.values.len())?;
    let mut values = BTreeMap::new();
    for (name, value) in &entry.values {
        if values.insert(name.clone(), value.clone()).is_some() {
            return Err(StoreError::refused(format!("an entry has two values of `{name}`; give one")));
        }
    }
    for (name, value) in &values {
        note("the name of a column", name)?;
        if value.len() > VALUE_BYTES_MAX {
            return Err(StoreError::refused(format!(
                "the value of `{name}` has {} bytes; {VALUE_BYTES_MAX} is the most it can have",
                value.len()
            )));
        }
    }
    let Entry { from, until, source, grade, .. } = entry.clone();
    json(&AddedBody { values, from, until, source, grade })
}

fn found(finding: &Finding) -> Result<String, StoreError> {
    let Finding { outcome, parties } = finding;
    if outcome.declaration_id.is_empty() {
        return Err(StoreError::refused("a finding needs the id of its declaration"));
    }
    note("the id of a declaration", &outcome.declaration_id)?;
    let found_on = outcome.found_on.ok_or_else(|| {
        StoreError::refused(format!(
            "the result of {} needs the day on which it was found",
            outcome.declaration_id
        ))
    })?;
    many("a finding", "parties", parties.len())?;
    for party in parties {
        note("the name of a party", &party.name)?;
    }
    for (name, number) in [("fine", outcome.fine), ("value", outcome.value), ("hours", outcome.hours)] {
        if let Some(number) = number
            && !number.is_finite()
        {
            return Err(StoreError::refused(format!(
                "the {name} of {} is {number}; give a number",
                outcome.declaration_id
            )));
        }
    }
    let texts = [
        ("the number of a case", outcome.case_number.as_deref()),
        ("the reason of a waiver", outcome.waiver.as_deref()),
    ];
    for (what, text) in texts {
        text.map_or(Ok(()), |text| note(what, text))?;
    }
    let number = |number: Option<f64>| number.map(|number| number.to_string());
    json(&FoundBody {
        declaration_id: outcome.declaration_id.to_string(),
        item_no: outcome.item_no,
        found_on,
        violation: finding.violation(),
        pieces: outcome.pieces,
        fine: number(outcome.fine),
        major: outcome.major_case,
        parties: parties.clone(),
        unresolved: match outcome.verdict {
            Verdict::Waived => Some(Unresolved::Waived),
            Verdict::Open => Some(Unresolved::Open),
            Verdict::Clear | Verdict::Violation(_) => None,
        },
        waiver: outcome.waiver.as_deref().map(str::to_owned),
        selected: outcome.selected.map(|selected| selected.name().to_owned()),
        value: number(outcome.value),
        case_number: outcome.case_number.as_deref().map(str::to_owned),
        disposal: outcome.disposal,
        disclosed_on: outcome.disclosed_on,
        hours: number(outcome.hours),
    })
}

fn many(what: &str, of: &str, count: usize) -> Result<(), StoreError> {
    if count > VALUES_MAX {
        return Err(StoreError::refused(format!(
            "{what} has {count} {of}; {VALUES_MAX} is the most it can have"
        )));
    }
    Ok(())
}

fn json(body: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(body)
        .map_err(|error| StoreError::refused(format!("a change cannot be written as JSON: {error}")))
}

/// The change of a row, or what is wrong with the row.
pub(super) fn decode(number: u64, row: &Row<'_>) -> Result<Change, String> {
    fn read<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, String> {
        serde_json::from_str(body).map_err(|error| format!("its content cannot be read ({error})"))
    }
    let known_on = row
        .known_on
        .parse()
        .map_err(|error| format!("`{}` is {error}", qingfeng::internals::shown(row.known_on)))?;
    let kind = match (row.kind, row.lookup) {
        ("added", Some(table)) => {
            let AddedBody { values, from, until, source, grade } = read(row.body)?;
            ChangeKind::Added(Entry {
                table: table.to_owned(),
                values: values.into_iter().collect(),
                from,
                until,
                source,
                grade,
            })
        }
        ("expired", None) => {
            let ExpiredBody { entry, until } = read(row.body)?;
            ChangeKind::Expired { entry, until }
        }
        ("found", None) => {
            let body: FoundBody = read(row.body)?;
            let number = |text: Option<String>, what: &str| {
                let number = text.map(|text| {
                    let number: Option<f64> = text.parse().ok();
                    number
                        .filter(|number| number.is_finite())
                        .ok_or_else(|| format!("`{}` is no {what}", qingfeng::internals::shown(&text)))
                });
                number.transpose()
            };
            let verdict = match (body.violation, body.unresolved) {
                (Some(violation), None) => Verdict::Violation(violation),
                (None, None) => Verdict::Clear,
                (None, Some(Unresolved::Waived)) => Verdict::Waived,
                (None, Some(Unresolved::Open)) => Verdict::Open,
                (Some(_), Some(_)) => return Err("it has a violation, and is waived or open".to_owned()),
            };
            let selected = body.selected.map(|name| {
                SelectionKind::from_name(&name).ok_or_else(|| {
                    format!("`{}` is no way to be selected", qingfeng::internals::shown(&name))
                })
            });
            let outcome = Outcome {
                item_no: body.item_no,
                waiver: body.waiver.map(Into::into),
                selected: selected.transpose()?,
                pieces: body.pieces,
                value: number(body.value, "value")?,
                fine: number(body.fine, "fine")?,
                case_number: body.case_number.map(Into::into),
                major_case: body.major,
                disposal: body.disposal,
                disclosed_on: body.disclosed_on,
                hours: number(body.hours, "number of hours")?,
                ..Outcome::new(&body.declaration_id, body.found_on, verdict)
            };
            ChangeKind::Found(Finding { outcome, parties: body.parties })
        }
        (kind, _) => return Err(format!("it is of the unknown kind `{}`", qingfeng::internals::shown(kind))),
    };
    Ok(Change {
        number,
        at: row.at.to_owned(),
        by: row.by.to_owned(),
        reason: row.reason.map(str::to_owned),
        known_on,
        kind,
    })
}

#[cfg(test)]
mod tests;
