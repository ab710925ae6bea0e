//! `qingfeng schema --match`: which column of a file fills which field.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use qingfeng::read::{InputNotes, ReadOptions};
use qingfeng::rules::{Closure, FieldId, FieldRef, Pack, Points};
use serde::Serialize;

use crate::exit::Failure;
use crate::inputs::ReadArgs;
use crate::numbers::{count, grouped};
use crate::record::record;
use crate::table::{Cell, table, titled};
use crate::terminal::{BOLD, DIM, clean, shortened};

/// The lines of a file that are looked at.
const LINES: usize = 10_000;
/// The values shown of a field.
const EXAMPLES: usize = 3;

/// What a field has in the lines that were looked at.
#[derive(Default)]
struct Filled {
    lines: usize,
    unreadable: usize,
    examples: Vec<String>,
}

/// How a file fits a pack.
pub struct Match<'p> {
    pack: &'p Pack,
    lines: usize,
    notes: InputNotes,
    fields: Vec<Filled>,
    /// For each field that rules read how many of them do, if no line has it.
    wanted: BTreeMap<FieldId, usize>,
}

impl<'p> Match<'p> {
    pub fn of(pack: &'p Pack, file: &Path, how: ReadArgs) -> Result<Self, Failure> {
        let options = ReadOptions { batch_lines: LINES, ..ReadOptions::default() };
        let mut reader = how.reader(&[file.to_owned()], pack, options)?;
        let chunk = reader.next().transpose()?;
        let notes = reader.notes().first().cloned();
        let notes = notes.ok_or_else(|| Failure::Files(format!("{}: has no lines", file.display())))?;
        let mut fields: Vec<Filled> = pack.schema.ids().map(|_| Filled::default()).collect();
        let lines = chunk.as_ref().map_or(0, |chunk| chunk.lines.len());
        if let Some(chunk) = &chunk {
            for field in pack.schema.ids() {
                let filled = &mut fields[field.index()];
                for value in (0..lines).filter_map(|line| chunk.lines.shown(field, line)) {
                    filled.lines += 1;
                    if filled.examples.len() < EXAMPLES && !filled.examples.contains(&value) {
                        filled.examples.push(value);
                    }
                }
            }
            let unreadable = chunk.lines.unreadable().iter().filter_map(|of| of.field);
            unreadable.for_each(|field| fields[field.index()].unreadable += 1);
        }
        let mut wanted = wanted(pack);
        wanted.retain(|field, _| fields[field.index()].lines == 0);
        Ok(Self { pack, lines, notes, fields, wanted })
    }

    pub fn listing(&self) -> impl Serialize + use<'_> {
        let name = |field: FieldId| self.pack.schema[field].name.as_str();
        let columns = self.notes.columns.iter().map(|of| {
            let filled = &self.fields[of.field.index()];
            record!({
                column: &of.column,
                field: name(of.field),
                part: of.is_part,
                lines: filled.lines,
                unreadable: filled.unreadable,
                examples: &filled.examples,
            })
        });
        let wanted = self.wanted.iter().map(|(field, rules)| record!({ field: name(*field), rules: *rules }));
        record!({
            input: &self.notes.input,
            lines: self.lines,
            columns: columns.collect::<Vec<_>>(),
            unused_columns: &self.notes.unused_columns,
            wanted: wanted.collect::<Vec<_>>(),
        })
    }

    pub fn human(&self) -> String {
        let schema = &self.pack.schema;
        let lines = count(self.lines as u64, "line");
        let mut out = format!("{BOLD}{}{BOLD:#}, the first {lines}\n\n", clean(&self.notes.input));
        let row = |column: &str, field: FieldId, is_part: bool| {
            let filled = &self.fields[field.index()];
            let examples = filled.examples.iter().map(|value| shortened(value, 24)).collect::<Vec<_>>();
            let amiss = match filled.unreadable {
                0 => String::new(),
                lines => format!("{} unreadable", grouped(lines as u64)),
            };
            vec![
                Cell::new(clean(column)),
                Cell::new(&schema[field].name).style(BOLD),
                Cell::new(if is_part { "a part" } else { "" }).style(DIM),
                Cell::new(grouped(filled.lines as u64)).right(),
                Cell::new(amiss),
                Cell::new(clean(&examples.join(", "))).style(DIM),
            ]
        };
        let rows: Vec<_> = if self.notes.columns.is_empty() {
            // Of JSON the keys are not told one by one.
            let filled = schema.ids().filter(|field| self.fields[field.index()].lines > 0);
            filled.map(|field| row("", field, false)).collect()
        } else {
            self.notes.columns.iter().map(|of| row(&of.column, of.field, of.is_part)).collect()
        };
        out += &table("  ", &rows);
        let left = self.notes.unused_columns.iter().map(|column| vec![Cell::new(clean(column))]);
        let mut wanted: Vec<(&FieldId, &usize)> = self.wanted.iter().collect();
        wanted.sort_by_key(|(field, rules)| (std::cmp::Reverse(**rules), **field));
        let wanted = wanted.into_iter().map(|(field, rules)| {
            vec![
                Cell::new(&schema[*field].name).style(BOLD),
                Cell::new(&schema[*field].title),
                Cell::new(count(*rules as u64, "rule")),
            ]
        });
        let sections = [
            titled("Columns that fill no field", &left.collect::<Vec<_>>()),
            titled("Fields that rules read and that are empty here", &wanted.collect::<Vec<_>>()),
        ];
        for section in sections.iter().filter(|section| !section.is_empty()) {
            out += &format!("\n{section}");
        }
        out
    }
}

/// The declared fields that evaluated rules read, each with how many of them do.
fn wanted(pack: &Pack) -> BTreeMap<FieldId, usize> {
    let mut wanted = BTreeMap::new();
    for rule in pack.rules.iter().filter(|rule| rule.status.is_evaluated()) {
        let closures = [
            rule.when.as_ref(),
            rule.reason.as_ref(),
            match &rule.points {
                Points::Computed(closure) => Some(closure),
                Points::Fixed(_) => None,
            },
        ];
        let mut fields: BTreeSet<FieldId> = BTreeSet::new();
        closures.into_iter().flatten().for_each(|closure| declared(pack, closure, &mut fields));
        fields.into_iter().for_each(|field| *wanted.entry(field).or_default() += 1);
    }
    wanted
}

/// The declared fields that a closure reads, those among them from which others are computed.
fn declared(pack: &Pack, closure: &Closure, fields: &mut BTreeSet<FieldId>) {
    for field in closure.fields() {
        match field {
            FieldRef::Declared(field) => drop(fields.insert(field)),
            FieldRef::Derived(derived) => fields.extend(derived.sources(&pack.schema).into_iter().flatten()),
            FieldRef::Computed(at) | FieldRef::Total(at) => {
                if let Some(computed) = pack.computed.get(at) {
                    declared(pack, &computed.closure, fields);
                }
            }
        }
    }
}
