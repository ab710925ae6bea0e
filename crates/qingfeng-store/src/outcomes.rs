//! Results of inspections from files into a store.
//!
//! A row is the result of a goods line: what violates, or that it is clear. A row that is there already adds nothing. A
//! row that says something else of a line is a correction: it counts from when it is known, and what was said before stays.

use std::collections::HashMap;
use std::sync::Arc;

use qingfeng_rules::lookups::HistoryRole;
use qingfeng_rules::{Date, Field, FieldId, Kind, Level, Pack, Schema, Value};
use serde::Serialize;

use super::history::role_of;
use super::import::{ImportError, Known, decided};
use super::{
    APPEND_MAX, Author, ChangeKind, Finding, NewChange, Outcome, Party, SnapshotId, Store, StoreError,
};
use crate::outcome_table::{self as table, OutcomeColumns};
use qingfeng::internals::Typed;
use qingfeng::read::{Input, Place, Problem, ReadOptions, Reader, Reject, RejectKind};
use qingfeng::tables::{self, Col, Mistake, SheetRow};

/// The most rows of one import of results.
pub const OUTCOMES_MAX: usize = APPEND_MAX;

/// The columns before those of the parties, in order.
const COLUMNS: usize = OutcomeColumns::TABLE.columns.len();

/// What became of the rows of an import of results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutcomesImported {
    /// Rows read: those added, unchanged and rejected together.
    pub read: u64,
    /// Rows that were added.
    pub added: u64,
    /// Of these, rows that say something else of a line than was known.
    pub corrections: u64,
    /// Of these, rows that show a violation.
    pub violations: u64,
    /// Of these, rows that are waived or open: they count neither as an inspection nor as clear.
    pub unresolved: u64,
    /// Rows that are there already.
    pub unchanged: u64,
    /// Rows that could not be taken.
    pub rejected: u64,
    /// The names of columns of the files that are not read.
    pub unused_columns: Vec<String>,
}

/// Results that were read and checked, before a store has seen them.
#[derive(Debug)]
pub struct Outcomes {
    rows: Vec<Row>,
    summary: OutcomesImported,
    rejects: Vec<Reject>,
    names: Vec<String>,
}

#[derive(Debug)]
struct Row {
    finding: Finding,
    known_on: Date,
    place: Place,
}

type Line = (Box<str>, Option<i64>);

impl Outcomes {
    /// Reads files of results, checks each row by itself and with the others, and finds who answers for those that do not
    /// say it in the declarations. The results are held in memory, the declarations are not.
    ///
    /// # Errors
    ///
    /// [`ImportError`]: a file cannot be read, lacks a column, or there are too many rows.
    pub fn read(
        pack: &Pack,
        inputs: Vec<Input>,
        declarations: Vec<Input>,
        known: Known,
        options: &ReadOptions,
    ) -> Result<Self, ImportError> {
        let names: Vec<String> = inputs.iter().map(Input::to_string).collect();
        let (fields, roles) = fields(pack)?;
        let mut outcomes = Self {
            rows: Vec::new(),
            summary: OutcomesImported::default(),
            rejects: Vec::new(),
            names: names.clone(),
        };
        let mut seen: HashMap<(Line, Date), usize> = HashMap::new();
        let streamed = tables::stream_fields(&inputs, fields, options, usize::MAX, &mut |row| {
            if outcomes.rows.len() == OUTCOMES_MAX {
                let reason = format!("more than {OUTCOMES_MAX} rows; import them in parts");
                return Err(row.error(reason));
            }
            let finding = finding(row, &roles, known);
            Ok(finding.map(|(finding, known_on)| outcomes.take(finding, known_on, row.at(), &mut seen)))
        })?;
        outcomes.rejects.extend(streamed.rejects);
        for notes in &streamed.notes {
            let absent = |column: &str| notes.absent_fields.iter().any(|absent| absent == column);
            let needed = ["declaration_id", "found_on", "result"].into_iter().find(|column| {
                // The day of the declaration stands for that of the result where no other is kept.
                absent(column) && (*column != "found_on" || absent("declared_on"))
            });
            if let Some(column) = needed.map(str::to_owned) {
                let remedy = match notes.unused_columns.as_slice() {
                    [] => "add it".to_owned(),
                    unused => format!("it has columns that are not read: {}", unused.join(", ")),
                };
                return Err(ImportError::Column { input: notes.input.clone(), column, remedy });
            }
            for column in &notes.unused_columns {
                if !outcomes.summary.unused_columns.contains(column) {
                    outcomes.summary.unused_columns.push(column.clone());
                }
            }
        }
        let joined = !declarations.is_empty();
        if joined {
            outcomes.join(pack, declarations, options)?;
        }
        outcomes.without_parties(joined);
        outcomes.rejects.sort_by_key(|reject| {
            let input = outcomes.names.iter().position(|name| *name == reject.input);
            (input, reject.position)
        });
        outcomes.summary.rejected = outcomes.rejects.len() as u64;
        outcomes.summary.read =
            outcomes.rows.len() as u64 + outcomes.summary.unchanged + outcomes.summary.rejected;
        Ok(outcomes)
    }

    fn reject(
        &mut self,
        place: Place,
        declaration_id: Option<String>,
        field: &str,
        value: Option<String>,
        reason: String,
    ) {
        let input = self.names.get(place.input as usize).cloned().unwrap_or_default();
        let problem = Problem::new(RejectKind::Value, reason);
        let reject = Reject::new(input, place.position, problem).of(declaration_id);
        self.rejects.push(reject.at(Some(field.to_owned()), value));
    }

    fn take(
        &mut self,
        finding: Finding,
        known_on: Date,
        place: Place,
        seen: &mut HashMap<(Line, Date), usize>,
    ) {
        // Results of a line that became known on different days are a result and its correction.
        let line = ((finding.declaration_id.clone(), finding.item_no), known_on);
        match seen.get(&line) {
            Some(&at) if self.rows[at].finding == finding => self.summary.unchanged += 1,
            Some(&at) => {
                let first = self.rows[at].place;
                let name = &self.names[first.input as usize];
                let reason = format!(
                    "the line has another result in {name}, {}; keep one of them, or say with `known_on` when each became \
                     known",
                    first.position
                );
                let id = Some(finding.outcome.declaration_id.into());
                self.reject(place, id, "declaration_id", None, reason);
            }
            None => {
                seen.insert(line, self.rows.len());
                self.rows.push(Row { finding, known_on, place });
            }
        }
    }

    /// Takes from declarations who answers for results that do not say it.
    fn join(
        &mut self,
        pack: &Pack,
        declarations: Vec<Input>,
        options: &ReadOptions,
    ) -> Result<(), ImportError> {
        let schema = &pack.schema;
        let mut asked: HashMap<Line, Vec<usize>> = HashMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            if row.finding.parties.is_empty() {
                asked.entry((row.finding.declaration_id.clone(), row.finding.item_no)).or_default().push(at);
            }
        }
        let fields: Vec<(HistoryRole, FieldId)> = roles_of(schema).collect();
        let mut found = vec![false; self.rows.len()];
        let mut reader = Reader::new(Arc::clone(schema), declarations, options.clone())?;
        while let Some(piece) = reader.piece()? {
            let columns: Vec<Typed> = schema
                .fields()
                .iter()
                .zip(piece.batch.columns())
                .map(|(field, column)| Typed::new(column, field.kind))
                .collect();
            for row in 0..piece.places.len() {
                let Value::Text(id) = columns[schema.declaration.index()].value(row) else { continue };
                let item = match schema.item.map(|field| columns[field.index()].value(row)) {
                    Some(Value::Integer(item)) => Some(item),
                    _ => None,
                };
                // A result of a declaration as a whole has the parties of its header.
                for of_line in [item, None].into_iter().take(if item.is_some() { 2 } else { 1 }) {
                    let line: Line = (id.into(), of_line);
                    for &at in asked.get(&line).map_or(&[][..], Vec::as_slice) {
                        if std::mem::replace(&mut found[at], true) {
                            continue;
                        }
                        for &(role, field) in &fields {
                            if of_line.is_none() && item.is_some() && schema[field].level != Level::Header {
                                continue;
                            }
                            if let Value::Text(name) = columns[field.index()].value(row) {
                                let party = Party { role: role_of(role), name: name.to_owned() };
                                self.rows[at].finding.parties.push(party);
                            }
                        }
                    }
                }
            }
        }
        let mut kept = Vec::with_capacity(self.rows.len());
        for (at, row) in std::mem::take(&mut self.rows).into_iter().enumerate() {
            let line = (row.finding.declaration_id.clone(), row.finding.item_no);
            if found[at] || !asked.contains_key(&line) {
                kept.push(row);
                continue;
            }
            let reason = "no declaration that was given has this line; correct the number, or give the file that has it";
            self.reject(
                row.place,
                Some(line.0.into()),
                "item_no",
                line.1.map(|item| item.to_string()),
                reason.to_owned(),
            );
        }
        self.rows = kept;
        Ok(())
    }

    /// Rejects what says nothing of anybody, unless the declarations themselves name nobody.
    fn without_parties(&mut self, joined: bool) {
        if joined {
            return;
        }
        let (kept, nobody): (Vec<Row>, Vec<Row>) =
            std::mem::take(&mut self.rows).into_iter().partition(|row| {
                // Of what was not inspected nobody's history tells.
                !row.finding.parties.is_empty() || row.finding.verdict.found().is_none()
            });
        self.rows = kept;
        for row in nobody {
            let reason = "nobody answers for it: there is no exporter, producer, agent or brand; fill one in, or give the \
                          declarations with --declarations";
            self.reject(
                row.place,
                Some(row.finding.outcome.declaration_id.into()),
                "exporter",
                None,
                reason.to_owned(),
            );
        }
    }

    /// The rows that could not be taken, in the order of the files; after [`add`](Self::add) or
    /// [`preview`](Self::preview) those too that do not fit what the store has.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// What would become of the rows in a store, or if there is none yet; nothing is changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub fn preview(&mut self, store: Option<&mut Store>) -> Result<OutcomesImported, StoreError> {
        let known = match store {
            Some(store) => {
                let snapshot = store.snapshot(None)?;
                self.known(store, &snapshot)?
            }
            None => HashMap::new(),
        };
        let (summary, _, rejects) = self.decide(&known);
        self.rejects.extend(rejects);
        Ok(summary)
    }

    /// Adds the rows to a store, all that can be taken or none. Gives what became of them, and the snapshot after.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was added.
    pub fn add(
        &mut self,
        store: &mut Store,
        author: &Author,
    ) -> Result<(OutcomesImported, SnapshotId), StoreError> {
        let ((summary, rejects), after) = decided(store, author, |store, at| {
            let (summary, changes, rejects) = self.decide(&self.known(store, at)?);
            Ok(((summary, rejects), changes))
        })?;
        self.rejects.extend(rejects);
        Ok((summary, after))
    }

    /// What a store knows of the lines, each with the day on which it became known.
    fn known(
        &self,
        store: &mut Store,
        snapshot: &SnapshotId,
    ) -> Result<HashMap<Line, (Date, Finding)>, StoreError> {
        let asked: std::collections::HashSet<(&str, Option<i64>)> =
            self.rows.iter().map(|row| (&*row.finding.declaration_id, row.finding.item_no)).collect();
        let mut known: HashMap<Line, (Date, Finding)> = HashMap::new();
        store.changes(snapshot, 1, &mut |change| {
            if let ChangeKind::Found(finding) = change.kind
                && asked.contains(&(&*finding.declaration_id, finding.item_no))
            {
                let line = (finding.declaration_id.clone(), finding.item_no);
                // Of what became known on one day the later change counts.
                if known.get(&line).is_none_or(|(on, _)| *on <= change.known_on) {
                    known.insert(line, (change.known_on, finding));
                }
            }
            Ok(())
        })?;
        Ok(known)
    }

    fn decide(
        &self,
        known: &HashMap<Line, (Date, Finding)>,
    ) -> (OutcomesImported, Vec<NewChange>, Vec<Reject>) {
        let mut summary = self.summary.clone();
        let (mut changes, mut rejects) = (Vec::new(), Vec::new());
        // In the order of the files, but the results of a line one after the other as they became known.
        let mut firsts: HashMap<(&str, Option<i64>), usize> = HashMap::new();
        let mut order: Vec<(usize, Date, usize)> = Vec::with_capacity(self.rows.len());
        for (at, row) in self.rows.iter().enumerate() {
            let line = (&*row.finding.declaration_id, row.finding.item_no);
            order.push((*firsts.entry(line).or_insert(at), row.known_on, at));
        }
        order.sort_unstable();
        let mut last: Option<&Row> = None;
        for row in order.into_iter().map(|(_, _, at)| &self.rows[at]) {
            let Row { finding, known_on, place } = row;
            let same = |other: &&Row| {
                other.finding.declaration_id == finding.declaration_id
                    && other.finding.item_no == finding.item_no
            };
            let of_file = last.filter(same).map(|row| (row.known_on, &row.finding));
            let of_store = known.get(&(finding.declaration_id.clone(), finding.item_no));
            let before = of_file.or(of_store.map(|(on, finding)| (*on, finding)));
            match before {
                Some((_, before)) if alike(before, finding) => {
                    summary.unchanged += 1;
                    continue;
                }
                Some((on, _)) if *known_on < on => {
                    summary.rejected += 1;
                    let input = self.names.get(place.input as usize).cloned().unwrap_or_default();
                    let reason = format!(
                        "the line has another result, known since {on}; a correction cannot be known before it: give \
                         --known-on {on} or a later day"
                    );
                    let reject =
                        Reject::new(input, place.position, Problem::new(RejectKind::Conflict, reason))
                            .of(Some(finding.declaration_id.to_string()));
                    rejects.push(reject.at(Some("found_on".to_owned()), Some(finding.day().to_string())));
                    continue;
                }
                Some(_) => summary.corrections += 1,
                None => {}
            }
            last = Some(row);
            summary.added += 1;
            summary.violations += u64::from(finding.violation().is_some());
            summary.unresolved += u64::from(finding.verdict.found().is_none());
            changes.push(NewChange { known_on: *known_on, kind: ChangeKind::Found(finding.clone()) });
        }
        (summary, changes, rejects)
    }
}

/// Whether two findings say the same, in whatever order they name the parties.
fn alike(a: &Finding, b: &Finding) -> bool {
    let sorted = |finding: &Finding| {
        let mut finding = finding.clone();
        finding.parties.sort_unstable_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
        finding
    };
    sorted(a) == sorted(b)
}

fn roles_of(schema: &Schema) -> impl Iterator<Item = (HistoryRole, FieldId)> + '_ {
    HistoryRole::ALL.into_iter().filter_map(|(name, role)| {
        let field = schema.field(name)?;
        matches!(schema[field].kind, Kind::Text | Kind::Code).then_some((role, field))
    })
}

/// The columns of files of results, and the roles that the pack knows.
fn fields(pack: &Pack) -> Result<(Vec<Field>, Vec<HistoryRole>), StoreError> {
    let of_pack = |id: FieldId, name: &str, required: bool| Field {
        name: name.to_owned(),
        level: Level::Item,
        required,
        ..pack.schema[id].clone()
    };
    let mut fields: Vec<Field> = OutcomeColumns::TABLE.columns.iter().map(tables::Column::field).collect();
    fields[0] = of_pack(pack.schema.declaration, "declaration_id", true);
    let mut roles = Vec::new();
    let mut of_parties = Vec::new();
    for (role, id) in roles_of(&pack.schema) {
        of_parties.push(of_pack(id, role.name(), false));
        roles.push(role);
    }
    // A header that the pack has for an id or a party is theirs.
    let theirs: Vec<Field> = fields.iter().take(1).chain(&of_parties).cloned().collect();
    let theirs = tables::schema_of_rows(theirs).map_err(StoreError::refused)?;
    for field in &mut fields[1..] {
        field.columns.retain(|header| theirs.field_of_header(header).is_none());
    }
    fields.extend(of_parties);
    Ok((fields, roles))
}

/// The finding of a row, and the day on which it counts as known.
fn finding(row: SheetRow<'_>, roles: &[HistoryRole], known: Known) -> Result<(Finding, Date), Mistake> {
    let outcome = table::outcome(row)?;
    let Some(found_on) = outcome.found_on else {
        return Err(("found_on", None, "`found_on` is missing; fill in the day of the result".to_owned()));
    };
    // What the row says of itself counts before what is said of all of them.
    let known_on = outcome.known_on.unwrap_or(match known {
        Known::On(day) => day,
        Known::FromFirstDay => found_on,
    });
    if found_on > known_on {
        let reason = format!(
            "it was found after {known_on}, on which it counts as known; correct it, or give --known-on"
        );
        return Err(("found_on", Some(found_on.to_string()), reason));
    }
    let parties = roles.iter().enumerate().filter_map(|(at, &role)| {
        row.text(Col::new(COLUMNS + at)).map(|name| Party { role: role_of(role), name: name.to_owned() })
    });
    // The change says when it became known.
    let finding = Finding { outcome: Outcome { known_on: None, ..outcome }, parties: parties.collect() };
    // What the store would refuse of one row is a reject of that row, and no reason to refuse the others.
    super::encode::encode(known_on, &ChangeKind::Found(finding.clone()))
        .map_err(|error| ("declaration_id", None, error.to_string()))?;
    Ok((finding, known_on))
}
