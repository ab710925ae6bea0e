//! Findings of a store as histories of parties: how often each was inspected and what was found, day by day.
//!
//! An inspection is a declaration of which at least one line has a result; it is of the day of its last result. It
//! shows a violation if one of its lines does, on the day of the last such result. What is said of a line again replaces
//! what was said before from the day after it became known. A line that is waived or open was not inspected.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use qingfeng_rules::lookups::{HISTORY_COLUMNS, HistoryGrade, HistoryRole, Lookup};
use qingfeng_rules::{Date, Field, FieldRef, Kind, Pack, Schema};
use serde::Serialize;

use super::{Change, ChangeKind, Finding, Role, SnapshotId, Store, StoreError};
use qingfeng::internals::Column;
use qingfeng::internals::Rows;
use qingfeng::internals::Typed;
use qingfeng::read::Problem;

/// The findings of a store, and what they say of parties.
#[derive(Debug, Default)]
pub struct Findings {
    findings: Vec<Known>,
}

/// A finding, as far as histories need it.
#[derive(Debug)]
struct Known {
    number: u64,
    known_on: Date,
    finding: Finding,
}

/// What is known of a party on some days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartyHistory {
    /// Inspections in the 12 months before the day.
    pub inspections_12m: i64,
    /// Inspections in the 36 months before the day.
    pub inspections_36m: i64,
    /// Inspections in the 12 months before the day that showed a violation.
    pub violations_12m: i64,
    /// Inspections in the 36 months before the day that showed a violation.
    pub violations_36m: i64,
    /// The day of the last violation, however long ago.
    pub last_finding: Option<Date>,
    /// The day of the last inspection, however long ago.
    pub last_inspection: Option<Date>,
    /// Inspections since the last violation that showed none; all of them, if there never was one.
    pub clear_since_finding: i64,
    /// The first grade of the pack that fits.
    pub grade: Option<String>,
}

/// What is known of a party from one day to another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    from: i32,
    until: i32,
    history: PartyHistory,
}

/// A line with a result that says something of a party, and the days on which that is what is known of the line.
#[derive(Clone, Copy, Debug)]
struct Occurrence {
    from: i32,
    until: i32,
    declaration: u32,
    found_on: Date,
    violates: bool,
    major: bool,
}

/// The day so many calendar months before: the same day of the month, or the last one of a shorter month.
///
/// A finding counts in a window of 12 months on a day while it was found after the day 12 months before.
pub(crate) fn months_before(day: Date, months: i64) -> Date {
    let months = day.year() * 12 + day.month() - 1 - months;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let found = (28..=day.day()).rev().chain([day.day()]).find_map(|of_month| {
        Date::from_ymd(i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(of_month).ok()?)
    });
    found.unwrap_or(Date::MIN)
}

/// The first day on which what was found on this day is no longer in a window of so many months.
fn leaves(found_on: Date, months: i64) -> i32 {
    let mut day = months_before(found_on, -months);
    while months_before(day, months) < found_on {
        match day.plus_days(1) {
            Some(next) => day = next,
            None => return i32::MAX,
        }
    }
    if day == Date::MIN { i32::MAX } else { day.days() }
}

pub(super) fn role_of(role: HistoryRole) -> Role {
    match role {
        HistoryRole::Exporter => Role::Exporter,
        HistoryRole::Producer => Role::Producer,
        HistoryRole::Agent => Role::Agent,
        HistoryRole::Brand => Role::Brand,
    }
}

impl Findings {
    /// Reads the findings of a snapshot.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub fn read(store: &mut Store, snapshot: &SnapshotId) -> Result<Self, StoreError> {
        let mut findings = Self::default();
        store.changes(snapshot, 1, &mut |change| {
            findings.take(&change);
            Ok(())
        })?;
        Ok(findings)
    }

    /// Takes the next change.
    pub(crate) fn take(&mut self, change: &Change) {
        if let ChangeKind::Found(finding) = &change.kind {
            let (number, known_on, finding) = (change.number, change.known_on, finding.clone());
            self.findings.push(Known { number, known_on, finding });
        }
    }

    /// What each party in a role did, by the party's name as declarations have it.
    fn occurrences(&self, role: HistoryRole, field: &Field) -> BTreeMap<Arc<str>, Vec<Occurrence>> {
        let role = role_of(role);
        let mut order: Vec<usize> = (0..self.findings.len()).collect();
        // The results of each line together, in the order in which they became known.
        let line = |at: usize| {
            let known = &self.findings[at];
            (&*known.finding.declaration_id, known.finding.item_no, known.known_on, known.number)
        };
        order.sort_unstable_by(|&a, &b| line(a).cmp(&line(b)));
        let mut parties: BTreeMap<Arc<str>, Vec<Occurrence>> = BTreeMap::new();
        let mut names: HashMap<&str, Option<Arc<str>>> = HashMap::new();
        let mut declaration = 0;
        for (at, &index) in order.iter().enumerate() {
            let Known { known_on, finding, .. } = &self.findings[index];
            let same =
                |other: &&usize| self.findings[**other].finding.declaration_id == finding.declaration_id;
            if at > 0 && order.get(at - 1).filter(same).is_none() {
                declaration += 1;
            }
            let next = order.get(at + 1).filter(same).map(|&next| &self.findings[next]);
            let next = next.filter(|next| next.finding.item_no == finding.item_no);
            let from = (*known_on).max(finding.day()).days() + 1;
            let until = next.map_or(i32::MAX, |next| next.known_on.days());
            // What is waived or open was not inspected; it still replaces what was said of the line before.
            if from > until || finding.verdict.found().is_none() {
                continue;
            }
            let mut told: Vec<&Arc<str>> = Vec::new();
            for party in finding.parties.iter().filter(|party| party.role == role) {
                names.entry(&party.name).or_insert_with(|| canonical(&party.name, field));
            }
            for party in finding.parties.iter().filter(|party| party.role == role) {
                let Some(Some(name)) = names.get(party.name.as_str()) else { continue };
                if told.contains(&name) {
                    continue;
                }
                told.push(name);
                let violates = finding.verdict.found() == Some(true);
                parties.entry(Arc::clone(name)).or_default().push(Occurrence {
                    from,
                    until,
                    declaration,
                    found_on: finding.day(),
                    violates,
                    major: violates && finding.major_case,
                });
            }
        }
        parties
    }

    /// The rows of a history.
    pub(crate) fn rows(
        &self,
        role: HistoryRole,
        lookup: &Lookup,
        schema: &Schema,
        grades: &[HistoryGrade],
        without_day: i32,
    ) -> Rows {
        let Some(&FieldRef::Declared(key)) = lookup.key.first() else { return Rows::none(&lookup.columns) };
        let key = &schema[key];
        let column = |name: &str, kind: Kind| {
            Column::new(&Field {
                name: name.to_owned(),
                kind,
                codes: None,
                required: false,
                min: None,
                max: None,
                ..key.clone()
            })
        };
        let mut names = column(&key.name, key.kind);
        let mut columns: Vec<Column> =
            HISTORY_COLUMNS.iter().map(|(name, kind)| column(name, *kind)).collect();
        let mut days = Vec::new();
        for (name, occurrences) in self.occurrences(role, key) {
            for stretch in stretches(&occurrences, grades) {
                let rows = days.len();
                if names.push(&name).and_then(|()| push(&mut columns, &stretch.history)).is_err() {
                    // Such a name no line can have.
                    names.truncate(rows);
                    columns.iter_mut().for_each(|column| column.truncate(rows));
                    break;
                }
                days.push((stretch.from, stretch.until));
            }
        }
        let columns = std::iter::once((&mut names, key.kind))
            .chain(columns.iter_mut().zip(HISTORY_COLUMNS.map(|(_, kind)| kind)))
            .map(|(column, kind)| Typed::new(&column.finish(), kind))
            .collect();
        Rows { columns, days, without_day: Some(without_day), otherwise: None }
    }

    /// What lines of a day see of each party in a role, by the names that lines have for them; nothing if the pack has no
    /// field of the role's name.
    pub fn histories(&self, pack: &Pack, role: HistoryRole, day: Date) -> Vec<(Arc<str>, PartyHistory)> {
        let Some(field) = pack.schema.field(role.name()) else { return Vec::new() };
        let (field, grades) = (&pack.schema[field], &pack.history.grades);
        let parties = self.occurrences(role, field).into_iter();
        let known = parties.filter_map(|(name, occurrences)| {
            let stretches = stretches(&occurrences, grades);
            let on = stretches.into_iter().find(|at| at.from <= day.days() && day.days() <= at.until)?;
            Some((name, on.history))
        });
        known.collect()
    }

    /// The findings that lines of a day see, those that fit, in the order of declarations and lines; each with the day on
    /// which it became known.
    pub fn known_on(&self, day: Date, fits: impl Fn(&Finding) -> bool) -> Vec<(Date, &Finding)> {
        let mut last: BTreeMap<(&str, Option<i64>), (Date, u64, &Finding)> = BTreeMap::new();
        let known = self.findings.iter().filter(|known| known.known_on < day && known.finding.day() < day);
        for known in known.filter(|known| fits(&known.finding)) {
            let line = (&*known.finding.declaration_id, known.finding.item_no);
            let now = (known.known_on, known.number, &known.finding);
            let kept = last.entry(line).or_insert(now);
            if (kept.0, kept.1) < (now.0, now.1) {
                *kept = now;
            }
        }
        last.into_values().map(|(on, _, finding)| (on, finding)).collect()
    }
}

/// A name as lines have it; none if no line can have it.
fn canonical(name: &str, field: &Field) -> Option<Arc<str>> {
    let mut column = Column::new(field);
    column.push(name).ok()?;
    column.last_text().filter(|text| !text.is_empty()).map(Arc::from)
}

fn push(columns: &mut [Column], history: &PartyHistory) -> Result<(), Problem> {
    let [in_12m, in_36m, violations_12m, violations_36m, last_finding, last_inspection, clear, grade] =
        columns
    else {
        return Ok(());
    };
    in_12m.push_integer(history.inspections_12m)?;
    in_36m.push_integer(history.inspections_36m)?;
    violations_12m.push_integer(history.violations_12m)?;
    violations_36m.push_integer(history.violations_36m)?;
    for (column, day) in [(last_finding, history.last_finding), (last_inspection, history.last_inspection)] {
        match day {
            Some(day) => column.push_date(day)?,
            None => column.push_null(),
        }
    }
    clear.push_integer(history.clear_since_finding)?;
    match &history.grade {
        Some(text) => grade.push(text)?,
        None => grade.push_null(),
    }
    Ok(())
}

/// How many inspections there are of each day.
#[derive(Default)]
struct Days(BTreeMap<Date, i64>);

impl Days {
    fn add(&mut self, day: Option<Date>, by: i64) {
        let Some(day) = day else { return };
        let count = self.0.entry(day).or_default();
        *count += by;
        if *count == 0 {
            self.0.remove(&day);
        }
    }

    fn after(&self, day: Date) -> i64 {
        use std::ops::Bound::{Excluded, Unbounded};
        self.0.range((Excluded(day), Unbounded)).map(|(_, count)| count).sum()
    }

    fn last(&self) -> Option<Date> {
        self.0.last_key_value().map(|(day, _)| *day)
    }
}

/// What the known results of a declaration show of a party: the days of the inspection, of the violation and of the
/// major case, and that of the inspection if there is no violation.
fn shown(lines: &BTreeSet<usize>, occurrences: &[Occurrence]) -> [Option<Date>; 4] {
    let last = |fits: fn(&Occurrence) -> bool| {
        lines.iter().map(|&at| &occurrences[at]).filter(|line| fits(line)).map(|line| line.found_on).max()
    };
    let (inspected, violation) = (last(|_| true), last(|line| line.violates));
    [inspected, violation, last(|line| line.major), if violation.is_none() { inspected } else { None }]
}

/// What is known of a party, from day to day.
fn stretches(occurrences: &[Occurrence], grades: &[HistoryGrade]) -> Vec<Stretch> {
    // The days on which something changes, with the lines that come and go.
    let mut turns: BTreeMap<i32, Vec<(usize, bool)>> = BTreeMap::new();
    for (at, line) in occurrences.iter().enumerate() {
        turns.entry(line.from).or_default().push((at, true));
        if let Some(after) = line.until.checked_add(1) {
            turns.entry(after).or_default().push((at, false));
        }
        for months in [12, 36] {
            let day = leaves(line.found_on, months);
            if line.from < day && day <= line.until && day != i32::MAX {
                turns.entry(day).or_default();
            }
        }
    }
    let [mut inspections, mut violations, mut majors, mut clear]: [Days; 4] = Default::default();
    let mut declarations: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
    let mut stretches: Vec<Stretch> = Vec::with_capacity(turns.len());
    let days: Vec<i32> = turns.keys().copied().collect();
    for ((from, lines), next) in turns.into_iter().zip(days.into_iter().skip(1).map(Some).chain([None])) {
        for (at, comes) in lines {
            let of = declarations.entry(occurrences[at].declaration).or_default();
            let before = shown(of, occurrences);
            if comes {
                of.insert(at);
            } else {
                of.remove(&at);
            }
            let after = shown(of, occurrences);
            let counts = [&mut inspections, &mut violations, &mut majors, &mut clear];
            for ((days, before), after) in counts.into_iter().zip(before).zip(after) {
                days.add(before, -1);
                days.add(after, 1);
            }
        }
        let (Some(day), Some(last_inspection)) = (Date::from_days(from), inspections.last()) else {
            continue;
        };
        let (year, three) = (months_before(day, 12), months_before(day, 36));
        let last_finding = violations.last();
        let mut history = PartyHistory {
            inspections_12m: inspections.after(year),
            inspections_36m: inspections.after(three),
            violations_12m: violations.after(year),
            violations_36m: violations.after(three),
            last_finding,
            last_inspection: Some(last_inspection),
            clear_since_finding: clear.after(last_finding.unwrap_or(Date::MIN)),
            grade: None,
        };
        let major = majors.after(three) > 0;
        let fits = |grade: &&HistoryGrade| {
            grade.violations_12m.is_none_or(|least| history.violations_12m >= least)
                && grade.violations_36m.is_none_or(|least| history.violations_36m >= least)
                && (!grade.major || major)
        };
        history.grade = grades.iter().find(fits).map(|grade| grade.name.clone());
        let until = next.map_or(i32::MAX, |next| next - 1);
        match stretches.last_mut() {
            Some(last) if last.history == history && last.until == from - 1 => last.until = until,
            _ => stretches.push(Stretch { from, until, history }),
        }
    }
    stretches
}
