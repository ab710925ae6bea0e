//! What a scoring run amounts to.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use qingfeng_rules::Pack;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::assessment::decisive;
use crate::engine::Engine;
use crate::eval::{BatchResults, CodesAmiss};
use crate::read::{Change, Changed, Changes, InputNotes, Lines, Place, Reader};

/// How often a rule fired and faulted, and what it gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleCount {
    /// Lines on which it fired.
    pub fired: u64,
    /// Lines on which it could not be evaluated.
    pub faults: u64,
    /// The sum of its points.
    pub points: i64,
}

/// Codes of a field that are amiss, with the lines that have them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CodeCounts {
    /// Lines by code; the first 1,000 codes.
    pub codes: BTreeMap<String, u64>,
    /// Lines with further ones.
    pub others: u64,
}

impl CodeCounts {
    const CODES_MAX: usize = 1_000;

    fn add(&mut self, code: &str, lines: u64) {
        if let Some(count) = self.codes.get_mut(code) {
            *count += lines;
        } else if self.codes.len() < Self::CODES_MAX {
            self.codes.insert(code.to_owned(), lines);
        } else {
            self.others += lines;
        }
    }

    /// Adds codes; which of too many are kept must not depend on the order of a map.
    pub(crate) fn add_sorted(&mut self, mut codes: Vec<(&str, u64)>) {
        codes.sort_unstable();
        codes.into_iter().for_each(|(code, lines)| self.add(code, lines));
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        other.codes.iter().for_each(|(code, lines)| self.add(code, *lines));
        self.others += other.others;
    }

    /// All lines with one of them.
    pub fn lines(&self) -> u64 {
        self.codes.values().sum::<u64>() + self.others
    }
}

/// What of declarations was read and not understood. It is no reason to reject a line, and may be one to ask the sender.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Notes {
    /// The fields that the schema does not have: columns, or keys of JSON; the first 100.
    pub unknown_fields: Vec<String>,
    /// Codes that neither the reference data nor the field's code list has, by field.
    pub unknown_codes: BTreeMap<String, CodeCounts>,
    /// Codes that were not in use on the day of the declaration, by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub codes_of_another_day: BTreeMap<String, CodeCounts>,
    /// First statutory units in which the tariff does not measure the goods, as `L of 640399`.
    #[serde(skip_serializing_if = "is_none")]
    pub unfit_units: CodeCounts,
    /// Goods lines with a number that an earlier line of their declaration has.
    pub repeated_items: u64,
    /// What was done to cells to read them, by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changed: BTreeMap<String, BTreeMap<Change, Changed>>,
}

/// What was done to cells, by the name of their field.
fn named_changes(pack: &Pack, changes: &Changes) -> BTreeMap<String, BTreeMap<Change, Changed>> {
    let mut named: BTreeMap<String, BTreeMap<Change, Changed>> = BTreeMap::new();
    for (field, change, changed) in changes.iter() {
        if let Some(field) = pack.schema.fields().get(field) {
            named.entry(field.name.clone()).or_default().insert(change, changed.clone());
        }
    }
    named
}

impl Notes {
    /// Whether there is nothing to note.
    pub fn is_empty(&self) -> bool {
        self.unknown_fields.is_empty()
            && self.unknown_codes.is_empty()
            && self.codes_of_another_day.is_empty()
            && is_none(&self.unfit_units)
            && self.repeated_items == 0
            && self.changed.is_empty()
    }

    /// The notes on some lines.
    pub(crate) fn of(
        pack: &Pack,
        results: &BatchResults,
        lines: &Lines,
        unknown_fields: Vec<String>,
        changes: &Changes,
    ) -> Self {
        Self {
            unknown_fields,
            unknown_codes: results.amiss.unknown(pack),
            codes_of_another_day: results.amiss.of_another_day(pack),
            unfit_units: results.amiss.unfit_units.clone(),
            repeated_items: repeated_items(pack, lines),
            changed: named_changes(pack, changes),
        }
    }
}

/// Values of a field that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnreadableValues {
    /// Goods lines with such a value.
    pub lines: u64,
    /// The same by what is wrong.
    pub kinds: BTreeMap<String, u64>,
    /// The first of them: its place, what stands there, and what is wrong.
    pub example: Option<String>,
}

impl UnreadableValues {
    fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        for (kind, lines) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_default() += lines;
        }
        if self.example.is_none() {
            self.example.clone_from(&other.example);
        }
    }
}

/// What could not be read of some lines, by field; without a field where nothing of a line could.
fn unreadable(pack: &Pack, lines: &Lines) -> BTreeMap<String, UnreadableValues> {
    let mut found: BTreeMap<String, UnreadableValues> = BTreeMap::new();
    for of in lines.unreadable() {
        let name = of.field.map_or_else(String::new, |field| pack.schema[field].name.clone());
        let one = found.entry(name).or_default();
        one.lines += 1;
        *one.kinds.entry(of.reject.kind.name().to_owned()).or_default() += 1;
        if one.example.is_none() {
            one.example = Some(of.reject.to_string());
        }
    }
    found
}

/// A declaration whose lines do not stand together, by the places where it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ScatteredPlaces {
    /// The first start: input and position.
    pub first: String,
    /// The next start, after lines of other declarations.
    pub again: String,
}

/// The counts of a scoring run, over all inputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Goods lines read: always `lines_assessed + lines_rejected`.
    pub lines_read: u64,
    /// Goods lines assessed.
    pub lines_assessed: u64,
    /// Goods lines that were left out: those beyond the most of a declaration that are assessed together.
    pub lines_rejected: u64,
    /// Goods lines of which something could not be read. Rules that depend on it are undecided there.
    pub lines_unreadable: u64,
    /// Declarations with such a line.
    pub declarations_unreadable: u64,
    /// What could not be read, by field; under the empty name whole lines.
    pub unreadable: BTreeMap<String, UnreadableValues>,
    /// Declarations assessed.
    pub declarations: u64,
    /// Declarations by channel, from mild to severe.
    #[serde(serialize_with = "as_map")]
    pub channels: Vec<(String, u64)>,
    /// The sum of the scores of all lines (points within floor and cap).
    pub points_total: i64,
    /// The sum of the points of all lines, before floor and cap.
    pub points_raw_total: i64,
    /// Pairs of a line and a rule that fired on it, shadow rules included.
    pub fired_total: u64,
    /// Pairs of a line and a rule that could not be evaluated on it.
    pub faults_total: u64,
    /// The evaluated rules, in the order of the pack.
    #[serde(serialize_with = "as_map")]
    pub rules: Vec<(String, RuleCount)>,
    /// What was done to cells to read them, by field.
    pub changed: BTreeMap<String, BTreeMap<Change, Changed>>,
    /// Codes that neither the reference data nor the field's code list has, by field.
    pub unknown_codes: BTreeMap<String, CodeCounts>,
    /// Codes that were not in use on the day of the declaration, by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub codes_of_another_day: BTreeMap<String, CodeCounts>,
    /// First statutory units in which the tariff does not measure the goods, as `L of 640399`.
    #[serde(skip_serializing_if = "is_none")]
    pub unfit_units: CodeCounts,
    /// Goods lines with a number that an earlier line of their declaration has.
    #[serde(skip_serializing_if = "is_zero")]
    pub repeated_items: u64,
    /// Declarations whose lines do not stand together; each part was assessed by itself.
    pub scattered_declarations: u64,
    /// The first 20 of them.
    pub scattered_places: Vec<ScatteredPlaces>,
    /// The inputs that were read to their end.
    pub inputs: Vec<InputNotes>,
    /// The pack: `name@version#digest`.
    pub pack: String,
    /// The pack's digest.
    pub digest: String,
    /// The snapshot of the store of lookup tables, if one of them comes from a store: `1234#9f3a06c4d2e1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookups: Option<String>,
    /// Seconds taken to open the pack.
    pub load_seconds: f64,
    /// Seconds taken to read, score and write.
    pub seconds: f64,
    /// Threads that scored.
    pub threads: usize,
}

fn as_map<V: Serialize, S: Serializer>(pairs: &[(String, V)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn is_none(counts: &CodeCounts) -> bool {
    counts.lines() == 0
}

impl Summary {
    /// What the tally of all lines of a reader amounts to.
    pub(crate) fn of(engine: &Engine, reader: &Reader, tally: &Tally, threads: usize, seconds: f64) -> Self {
        let pack = engine.pack();
        let place = |place: Place| {
            let input = reader.inputs().get(place.input as usize).map_or(String::new(), ToString::to_string);
            format!("{input}, {}", place.position)
        };
        let names = pack.channels.iter().map(|channel| channel.name.clone());
        let rules = pack.rules.iter().zip(&tally.rules);
        let evaluated = rules.filter(|(rule, _)| rule.status.is_evaluated());
        let scattered = reader.scattered();
        let places = scattered.first.iter().map(|scattered| ScatteredPlaces {
            first: place(scattered.first),
            again: place(scattered.again),
        });
        Self {
            lines_read: tally.lines_read,
            lines_assessed: tally.lines_read - tally.lines_rejected,
            lines_rejected: tally.lines_rejected,
            lines_unreadable: tally.lines_unreadable,
            declarations_unreadable: tally.declarations_unreadable,
            unreadable: tally.unreadable.clone(),
            declarations: tally.declarations,
            channels: names.zip(tally.channels.iter().copied()).collect(),
            points_total: tally.points,
            points_raw_total: tally.points_raw,
            fired_total: tally.rules.iter().map(|rule| rule.fired).sum(),
            faults_total: tally.rules.iter().map(|rule| rule.faults).sum(),
            rules: evaluated.map(|(rule, count)| (rule.id.clone(), *count)).collect(),
            changed: named_changes(pack, &tally.changes),
            unknown_codes: tally.amiss.unknown(pack),
            codes_of_another_day: tally.amiss.of_another_day(pack),
            unfit_units: tally.amiss.unfit_units.clone(),
            repeated_items: tally.repeated_items,
            scattered_declarations: scattered.count,
            scattered_places: places.collect(),
            inputs: reader.notes().to_vec(),
            pack: engine.pack_id().to_string(),
            digest: engine.digest().to_owned(),
            lookups: engine.lookups().map(|lookups| lookups.snapshot.clone()),
            load_seconds: engine.load_time().as_secs_f64(),
            seconds,
            threads,
        }
    }

    /// Lines a second, read to written.
    pub fn lines_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.lines_read as f64 / self.seconds } else { 0.0 }
    }
}

/// The counts of one batch; sums of them do not depend on how lines were put into batches.
pub(crate) struct Tally {
    pub lines_read: u64,
    pub lines_rejected: u64,
    pub lines_unreadable: u64,
    pub declarations_unreadable: u64,
    pub unreadable: BTreeMap<String, UnreadableValues>,
    pub declarations: u64,
    pub channels: Vec<u64>,
    pub points: i64,
    pub points_raw: i64,
    /// By position in the pack.
    pub rules: Vec<RuleCount>,
    pub amiss: CodesAmiss,
    pub repeated_items: u64,
    pub changes: Changes,
}

/// The lines with a number that an earlier line of their declaration has.
fn repeated_items(pack: &Pack, lines: &Lines) -> u64 {
    let Some(items) = pack.schema.item.and_then(|item| lines.column(item).as_primitive_opt::<Int64Type>())
    else {
        return 0;
    };
    let mut repeated = 0;
    for range in lines.declarations() {
        let numbers = &items.values()[range];
        // Mostly they rise.
        if !numbers.is_sorted_by(|a, b| a < b) {
            let mut numbers = numbers.to_vec();
            numbers.sort_unstable();
            repeated += numbers.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        }
    }
    repeated
}

impl Tally {
    pub(crate) fn empty(pack: &Pack) -> Self {
        Self {
            lines_read: 0,
            lines_rejected: 0,
            lines_unreadable: 0,
            declarations_unreadable: 0,
            unreadable: BTreeMap::new(),
            declarations: 0,
            channels: vec![0; pack.channels.len()],
            points: 0,
            points_raw: 0,
            rules: vec![RuleCount::default(); pack.rules.len()],
            amiss: CodesAmiss::default(),
            repeated_items: 0,
            changes: Changes::default(),
        }
    }

    pub(crate) fn of(pack: &Pack, lines: &Lines, results: &BatchResults) -> Self {
        let mut tally = Self::empty(pack);
        tally.unreadable = unreadable(pack, lines);
        tally.lines_unreadable = lines.unreadable_lines();
        for range in lines.declarations() {
            tally.declarations_unreadable += u64::from(!lines.unreadable_in(&range).is_empty());
            let declaration = &results.lines[range];
            tally.declarations += 1;
            tally.channels[declaration[decisive(declaration)].channel.index()] += 1;
        }
        for line in &results.lines {
            tally.points += line.score;
            tally.points_raw += line.points;
        }
        for &(rule, points) in results.all_fired() {
            let count = &mut tally.rules[rule as usize];
            count.fired += 1;
            count.points += points;
        }
        for &(rule, _) in results.all_faults() {
            tally.rules[rule as usize].faults += 1;
        }
        tally.amiss.add(&results.amiss);
        tally.repeated_items = repeated_items(pack, lines);
        tally
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.lines_read += other.lines_read;
        self.lines_rejected += other.lines_rejected;
        self.lines_unreadable += other.lines_unreadable;
        self.declarations_unreadable += other.declarations_unreadable;
        for (field, values) in &other.unreadable {
            self.unreadable.entry(field.clone()).or_default().add(values);
        }
        self.declarations += other.declarations;
        self.channels.iter_mut().zip(&other.channels).for_each(|(a, b)| *a += b);
        self.points += other.points;
        self.points_raw += other.points_raw;
        for (a, b) in self.rules.iter_mut().zip(&other.rules) {
            a.fired += b.fired;
            a.faults += b.faults;
            a.points += b.points;
        }
        self.amiss.add(&other.amiss);
        self.repeated_items += other.repeated_items;
        self.changes.add(other.changes.clone());
    }
}
