//! The plan of a pack: for each thing that an index can find on a line, the rules that hang on it.
//!
//! A *mark* is a probe on the text of one field (it equals a constant, it has a word, its lookup table has a row for
//! it). Marks of a text are found once for each different text; each mark has the list of the rules to visit. Numbers
//! and lookup tables with several keys are looked at line by line, in the lists of the line's candidate set.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use foldhash::fast::FixedState;
use qingfeng_rules::{FieldId, Probe, Program, Value, Visit, Words};

use crate::key_index::{KeyIndex, RuleSet};
use crate::lookup::{LookupTable, push_key};

/// A mark by its number.
pub(crate) type Mark = u32;

/// Marks with more rules than this are looked up in the candidate set, where they have been sorted out.
const SHORT_LIST: usize = 16;

/// The marks that a text of one field can have.
pub(crate) struct FieldMarks {
    pub field: FieldId,
    sources: Vec<SourceMarks>,
    /// Lookup tables that are keyed by this field alone, with their marks.
    tables: Vec<(usize, Mark)>,
}

/// The marks on one source of texts.
struct SourceMarks {
    source: u32,
    digits: Option<usize>,
    computed: bool,
    equal: HashMap<Arc<str>, Mark, FixedState>,
    prefix: HashMap<Arc<str>, Mark, FixedState>,
    /// The lengths of prefixes, in order.
    prefix_lengths: Vec<usize>,
    words: Words,
    parts: Parts,
    missing: Option<Mark>,
    /// All rules on the source must be visited where it cannot be computed.
    fault: Mark,
    /// The marks of texts, words and parts.
    all: Vec<Mark>,
}

/// Texts that are looked for within a text.
struct Parts {
    parts: Vec<(Arc<str>, Mark)>,
    /// Finds all of them at once; none for a few, or for too many.
    automaton: Option<AhoCorasick>,
}

impl Parts {
    fn new(parts: Vec<(Arc<str>, Mark)>) -> Self {
        let texts = parts.iter().map(|(part, _)| part.as_bytes());
        let automaton = if parts.len() > 2 { AhoCorasick::new(texts).ok() } else { None };
        Self { parts, automaton }
    }
}

impl SourceMarks {
    fn find(&self, text: Option<&str>, found: &mut Vec<Mark>) {
        let Some(text) = text else {
            found.extend(self.missing);
            return;
        };
        found.extend(self.equal.get(text));
        for &length in &self.prefix_lengths {
            let Some(prefix) = text.get(..length) else { continue };
            found.extend(self.prefix.get(prefix));
        }
        self.words.find(text, &mut |mark| found.push(mark));
        match &self.parts.automaton {
            Some(automaton) => found.extend(
                automaton
                    .find_overlapping_iter(text)
                    .map(|part| self.parts.parts[part.pattern().as_usize()].1),
            ),
            None => found.extend(
                self.parts.parts.iter().filter(|(part, _)| text.contains(&**part)).map(|(_, mark)| *mark),
            ),
        }
    }
}

impl FieldMarks {
    /// Finds the marks of a text; `None` is a missing one.
    pub(crate) fn find(
        &self,
        program: &Program,
        tables: &[LookupTable],
        text: Option<&str>,
        found: &mut Vec<Mark>,
    ) {
        let first = found.len();
        for source in &self.sources {
            if source.computed {
                let result = program.text_of(source.source, text, |text| source.find(text, found));
                if result.is_err() {
                    found.push(source.fault);
                }
                continue;
            }
            let part = match source.digits {
                Some(digits) => text.and_then(|text| text.get(..digits)),
                None => text,
            };
            source.find(part, found);
        }
        if let Some(text) = text {
            let mut key = Vec::new();
            for &(table, mark) in &self.tables {
                key.clear();
                if push_key(&mut key, Value::Text(text)) && tables[table].has_key(&key) {
                    found.push(mark);
                }
            }
        }
        // A word can stand there twice, and a rule hang on several marks; the visits are made unique later.
        found[first..].sort_unstable();
    }
}

/// A witness that is looked at line by line.
#[derive(Clone, Copy, Debug)]
enum LineProbe {
    Between(u32, f64, f64),
    NoNumber(u32),
    Table(u32),
}

/// How a rule comes to be visited.
#[derive(Clone, Debug, Default)]
struct RuleProbes {
    /// On each candidate line.
    always: bool,
    /// Marks with many rules.
    long: Vec<Mark>,
    line: Vec<LineProbe>,
    /// The fields whose marks matter, one bit for each of `fields`; those beyond the 63rd share the last bit.
    fields: u64,
}

/// The plan; rules are numbered as in the key index.
pub(crate) struct Plan {
    pub fields: Vec<FieldMarks>,
    /// For each mark the rules that hang on it, in order.
    lists: Vec<Box<[u32]>>,
    rules: Vec<RuleProbes>,
}

/// Marks while they are collected.
#[derive(Default)]
struct Building {
    lists: Vec<Vec<u32>>,
    fields: BTreeMap<FieldId, BuildingField>,
}

#[derive(Default)]
struct BuildingField {
    sources: BTreeMap<u32, BuildingSource>,
    tables: BTreeMap<u32, Mark>,
}

#[derive(Default)]
struct BuildingSource {
    equal: BTreeMap<Arc<str>, Mark>,
    prefix: BTreeMap<Arc<str>, Mark>,
    words: BTreeMap<Arc<str>, Mark>,
    parts: BTreeMap<Arc<str>, Mark>,
    missing: Option<Mark>,
    fault: Option<Mark>,
}

fn hang(lists: &mut Vec<Vec<u32>>, mark: &mut Option<Mark>, rule: u32) {
    let at = *mark.get_or_insert_with(|| {
        lists.push(Vec::new());
        lists.len() as Mark - 1
    });
    let list = &mut lists[at as usize];
    if list.last() != Some(&rule) {
        list.push(rule);
    }
}

fn hang_on(lists: &mut Vec<Vec<u32>>, marks: &mut BTreeMap<Arc<str>, Mark>, text: &Arc<str>, rule: u32) {
    let mut mark = marks.get(text).copied();
    hang(lists, &mut mark, rule);
    if let Some(mark) = mark {
        marks.insert(Arc::clone(text), mark);
    }
}

impl Building {
    /// Hangs a rule on a probe; gives the probe if it is looked at line by line.
    fn add(&mut self, program: &Program, rule: u32, probe: &Probe) -> Option<LineProbe> {
        let source_of = |probe: &Probe| match probe {
            Probe::Equal(source, _)
            | Probe::NoText(source)
            | Probe::Prefix(source, _)
            | Probe::Word(source, _)
            | Probe::Part(source, _) => Some(*source),
            _ => None,
        };
        if let Some(at) = source_of(probe) {
            let field = program.text_sources()[at as usize].field;
            let source = self.fields.entry(field).or_default().sources.entry(at).or_default();
            let lists = &mut self.lists;
            hang(lists, &mut source.fault, rule);
            match probe {
                Probe::Equal(_, texts) => {
                    texts.iter().for_each(|text| hang_on(lists, &mut source.equal, text, rule));
                }
                Probe::Prefix(_, texts) => {
                    texts.iter().for_each(|text| hang_on(lists, &mut source.prefix, text, rule));
                }
                Probe::Word(_, texts) => {
                    texts.iter().for_each(|text| hang_on(lists, &mut source.words, text, rule));
                }
                Probe::Part(_, texts) => {
                    texts.iter().for_each(|text| hang_on(lists, &mut source.parts, text, rule));
                }
                _ => hang(lists, &mut source.missing, rule),
            }
            return None;
        }
        match probe {
            Probe::Listed(table) => match program.lookup_key(*table) {
                [field] if program.is_text(*field) => {
                    let field = self.fields.entry(*field).or_default();
                    let mut mark = field.tables.get(table).copied();
                    hang(&mut self.lists, &mut mark, rule);
                    field.tables.extend(mark.map(|mark| (*table, mark)));
                    None
                }
                _ => Some(LineProbe::Table(*table)),
            },
            Probe::Between(source, low, high) => Some(LineProbe::Between(*source, *low, *high)),
            Probe::NoNumber(source) => Some(LineProbe::NoNumber(*source)),
            _ => None,
        }
    }
}

impl Plan {
    pub(crate) fn new(program: &Program, keys: &KeyIndex) -> Self {
        let mut building = Building::default();
        let mut rules: Vec<RuleProbes> = vec![RuleProbes::default(); keys.rules().len()];
        for (rule, &position) in (0..).zip(keys.rules()) {
            let probes = &mut rules[rule as usize];
            let witness = match program.visit(position as usize) {
                Visit::Always => None,
                Visit::Compiled | Visit::Residual => program.witness(position as usize),
            };
            match witness {
                None => probes.always = true,
                Some(witness) => {
                    probes.line = witness
                        .probes
                        .iter()
                        .filter_map(|probe| building.add(program, rule, probe))
                        .collect();
                }
            }
        }
        let fields: Vec<FieldMarks> =
            building.fields.into_iter().map(|(field, marks)| finished(program, field, marks)).collect();
        let lists: Vec<Box<[u32]>> = building.lists.into_iter().map(Vec::into_boxed_slice).collect();
        for (bit, field) in fields.iter().enumerate() {
            for mark in field.marks() {
                for &rule in &lists[mark as usize] {
                    rules[rule as usize].fields |= 1 << bit.min(63);
                    if lists[mark as usize].len() > SHORT_LIST {
                        rules[rule as usize].long.push(mark);
                    }
                }
            }
        }
        Self { fields, lists, rules }
    }

    /// The rules that hang on a mark, if they are few: those among them that are candidates are to be visited.
    #[inline]
    pub(crate) fn short_list(&self, mark: Mark) -> Option<&[u32]> {
        let list = &self.lists[mark as usize];
        (list.len() <= SHORT_LIST).then_some(list)
    }

    /// What the lines of a candidate set are looked at for.
    pub(crate) fn set(&self, set: &RuleSet) -> SetPlan {
        let mut plan = SetPlan::default();
        let mut numbers: BTreeMap<u32, NumberLists> = BTreeMap::new();
        let mut tables: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut long: Vec<(Mark, u32)> = Vec::new();
        for rule in set.iter() {
            let probes = &self.rules[rule as usize];
            plan.fields |= probes.fields;
            if probes.always {
                plan.always.push(rule);
            }
            long.extend(probes.long.iter().map(|&mark| (mark, rule)));
            for probe in &probes.line {
                match *probe {
                    LineProbe::Between(source, low, high) => {
                        let lists = numbers.entry(source).or_default();
                        match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
                            (true, false) => lists.up_to.push((high, rule)),
                            (false, true) => lists.from.push((low, rule)),
                            _ => lists.within.push((low, high, rule)),
                        }
                    }
                    LineProbe::NoNumber(source) => numbers.entry(source).or_default().missing.push(rule),
                    LineProbe::Table(table) => tables.entry(table).or_default().push(rule),
                }
            }
        }
        long.sort_unstable();
        plan.long = long;
        plan.numbers = numbers
            .into_iter()
            .map(|(source, mut lists)| {
                lists.up_to.sort_by(|a, b| a.0.total_cmp(&b.0));
                lists.from.sort_by(|a, b| a.0.total_cmp(&b.0));
                (source, lists)
            })
            .collect();
        plan.tables = tables.into_iter().collect();
        plan
    }
}

impl FieldMarks {
    fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = self.tables.iter().map(|(_, mark)| *mark).collect();
        for source in &self.sources {
            marks.push(source.fault);
            marks.extend(source.missing);
        }
        marks.extend(self.sources.iter().flat_map(|source| source.all.iter().copied()));
        marks.sort_unstable();
        marks.dedup();
        marks
    }
}

fn finished(program: &Program, field: FieldId, marks: BuildingField) -> FieldMarks {
    let sources = marks.sources.into_iter().map(|(at, marks)| {
        let source = &program.text_sources()[at as usize];
        let mut prefix_lengths: Vec<usize> = marks.prefix.keys().map(|prefix| prefix.len()).collect();
        prefix_lengths.sort_unstable();
        prefix_lengths.dedup();
        let all = [&marks.equal, &marks.prefix, &marks.words, &marks.parts];
        SourceMarks {
            source: at,
            digits: source.digits,
            computed: source.computed,
            all: all.into_iter().flat_map(|marks| marks.values().copied()).collect(),
            words: Words::new(marks.words.iter().map(|(word, mark)| (word, *mark))),
            parts: Parts::new(marks.parts.into_iter().collect()),
            equal: marks.equal.into_iter().collect(),
            prefix: marks.prefix.into_iter().collect(),
            prefix_lengths,
            missing: marks.missing,
            fault: marks.fault.unwrap_or_default(),
        }
    });
    let tables = marks.tables.into_iter().map(|(table, mark)| (table as usize, mark)).collect();
    FieldMarks { field, sources: sources.collect(), tables }
}

/// The bounds of the rules of a set on one number.
#[derive(Debug, Default)]
pub(crate) struct NumberLists {
    /// Upper bounds, rising.
    up_to: Vec<(f64, u32)>,
    /// Lower bounds, rising.
    from: Vec<(f64, u32)>,
    within: Vec<(f64, f64, u32)>,
    missing: Vec<u32>,
}

impl NumberLists {
    /// The rules to visit where the number is this.
    #[inline]
    pub(crate) fn find(&self, number: f64, visits: &mut Vec<u32>) {
        if number.is_nan() {
            visits.extend_from_slice(&self.missing);
            return;
        }
        visits.extend(self.up_to.iter().rev().take_while(|(high, _)| number <= *high).map(|(_, rule)| *rule));
        visits.extend(self.from.iter().take_while(|(low, _)| *low <= number).map(|(_, rule)| *rule));
        let within = self.within.iter().filter(|(low, high, _)| *low <= number && number <= *high);
        visits.extend(within.map(|(_, _, rule)| *rule));
    }

    /// All rules, to be visited where the number cannot be computed.
    pub(crate) fn all(&self, visits: &mut Vec<u32>) {
        visits.extend(self.up_to.iter().chain(&self.from).map(|(_, rule)| *rule));
        visits.extend(self.within.iter().map(|(_, _, rule)| *rule));
        visits.extend_from_slice(&self.missing);
    }
}

/// What the lines of one candidate set are looked at for.
#[derive(Debug, Default)]
pub(crate) struct SetPlan {
    /// Rules that are visited on each line, in order.
    pub always: Vec<u32>,
    /// The fields whose marks matter.
    pub fields: u64,
    /// Marks with many rules, each with the rules that are in the set, in order.
    long: Vec<(Mark, u32)>,
    /// Numbers, by source.
    pub numbers: Vec<(u32, NumberLists)>,
    /// Lookup tables, each with the rules to visit where the line has an entry.
    pub tables: Vec<(u32, Vec<u32>)>,
}

impl SetPlan {
    /// The rules of the set that hang on a mark with many rules.
    #[inline]
    pub(crate) fn long_list(&self, mark: Mark, visits: &mut Vec<u32>) {
        let first = self.long.partition_point(|(known, _)| *known < mark);
        visits
            .extend(self.long[first..].iter().take_while(|(known, _)| *known == mark).map(|(_, rule)| *rule));
    }
}
