//! The dispatch of a pack: for each thing that an index can find on a line, the rules that hang on it.
//!
//! A *mark* is a probe on the text of one field (it equals a constant, it has a word). Marks of a text are found once
//! for each different text; each mark has the list of the rules to visit. Numbers and entries of lookup tables are
//! looked at line by line, in the lists of the line's candidate set.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use foldhash::fast::FixedState;
use qingfeng_rules::FieldId;
use qingfeng_rules::internals::{Probe, Program, Visit, Witness, Words};

use crate::eval::key_index::{KeyIndex, RuleSet};

/// A mark by its number.
pub(crate) type Mark = u32;

/// The marks that a text of one field can have.
pub(crate) struct FieldMarks {
    pub field: FieldId,
    sources: Vec<SourceMarks>,
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

/// The parts of one field that are looked for with a table of all states.
const DFA_BYTES_MAX: usize = 4096;
/// The parts that one automaton looks for: the time to build it grows with their square.
const AUTOMATON_PARTS: usize = 4096;
/// The bytes of parts that automata look for; they take some hundred times as much memory. Further parts are looked for
/// one by one.
const AUTOMATA_BYTES_MAX: usize = 1 << 20;

/// Texts that are looked for within a text.
struct Parts {
    parts: Vec<(Arc<str>, Mark)>,
    /// Each finds whether there is any of some parts, and all of them at once; with the number of the first.
    automata: Vec<(usize, AhoCorasick, AhoCorasick)>,
    /// The parts from here on are looked for one by one.
    rest: usize,
}

impl Parts {
    fn new(parts: Vec<(Arc<str>, Mark)>) -> Self {
        let mut automata = Vec::new();
        let (mut rest, mut bytes) = (0, 0);
        while parts.len() - rest > 2 {
            let some = &parts[rest..parts.len().min(rest + AUTOMATON_PARTS)];
            let texts = some.iter().map(|(part, _)| part.as_bytes());
            let of_these: usize = texts.clone().map(<[u8]>::len).sum();
            bytes += of_these;
            if bytes > AUTOMATA_BYTES_MAX {
                break;
            }
            // A table of all states is fastest, and takes about a kilobyte for each byte of the parts.
            let kind = (of_these <= DFA_BYTES_MAX).then_some(AhoCorasickKind::DFA);
            let any =
                AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).kind(kind).build(texts.clone());
            let Some((any, all)) = any.ok().zip(AhoCorasick::builder().kind(kind).build(texts).ok()) else {
                break;
            };
            automata.push((rest, any, all));
            rest += some.len();
        }
        Self { parts, automata, rest }
    }

    fn find(&self, text: &str, found: &mut Vec<Mark>) {
        for (first, any, all) in &self.automata {
            if any.is_match(text) {
                let parts = all.find_overlapping_iter(text);
                found.extend(parts.map(|part| self.parts[first + part.pattern().as_usize()].1));
            }
        }
        let rest = self.parts[self.rest..].iter();
        found.extend(rest.filter(|(part, _)| text.contains(&**part)).map(|(_, mark)| *mark));
    }
}

impl SourceMarks {
    fn find(&self, text: Option<&str>, scratch: &mut String, found: &mut Vec<Mark>) {
        let Some(text) = text else {
            found.extend(self.missing);
            return;
        };
        found.extend(self.equal.get(text));
        for &length in &self.prefix_lengths {
            let Some(prefix) = text.get(..length) else { continue };
            found.extend(self.prefix.get(prefix));
        }
        self.words.find(text, scratch, &mut |mark| found.push(mark));
        self.parts.find(text, found);
    }
}

impl FieldMarks {
    /// Finds the marks of a text; `None` is a missing one.
    pub(crate) fn find(
        &self,
        program: &Program,
        text: Option<&str>,
        scratch: &mut String,
        found: &mut Vec<Mark>,
    ) {
        let first = found.len();
        for source in &self.sources {
            if source.computed {
                let result = program.text_of(source.source, text, |text| source.find(text, scratch, found));
                if result.is_err() {
                    found.push(source.fault);
                }
                continue;
            }
            let part = match source.digits {
                Some(digits) => text.and_then(|text| text.get(..digits)),
                None => text,
            };
            source.find(part, scratch, found);
        }
        if found.len() > first + 1 {
            found[first..].sort_unstable();
        }
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
    marks: Vec<Mark>,
    line: Vec<LineProbe>,
    /// The fields whose marks matter, one bit for each of `fields`; those beyond the 63rd share the last bit.
    fields: u64,
}

/// The dispatch; rules are numbered as in the key index.
pub(crate) struct Dispatch {
    pub fields: Vec<FieldMarks>,
    rules: Vec<RuleProbes>,
    /// For each find of the program the field and the marks that answer it; no marks where no index does.
    finds: Vec<Option<(FieldId, Box<[Mark]>)>>,
}

/// Marks while they are collected, each with the rules that hang on it.
#[derive(Default)]
struct Building {
    lists: Vec<Vec<u32>>,
    fields: BTreeMap<FieldId, BTreeMap<u32, BuildingSource>>,
}

#[derive(Default)]
struct BuildingSource {
    /// What texts are looked at for: that they equal it, begin with it, have it as a word, have it within them.
    texts: [BTreeMap<Arc<str>, Mark>; 4],
    missing: Option<Mark>,
    fault: Option<Mark>,
}

/// The texts that a probe looks for, by the position in [`BuildingSource::texts`].
type Sought<'p> = (usize, &'p [Arc<str>]);

/// The source of a probe on texts and what it looks for; `None` where it asks that there is no text.
fn on_text(probe: &Probe) -> Option<(u32, Option<Sought<'_>>)> {
    match probe {
        Probe::Equal(source, texts) => Some((*source, Some((0, &texts[..])))),
        Probe::Prefix(source, texts) => Some((*source, Some((1, &texts[..])))),
        Probe::Word(source, texts) => Some((*source, Some((2, &texts[..])))),
        Probe::Part(source, texts) => Some((*source, Some((3, &texts[..])))),
        Probe::NoText(source) => Some((*source, None)),
        Probe::Listed(_) | Probe::Between(..) | Probe::NoNumber(_) => None,
    }
}

/// A mark, made if there is none yet; the rule, if there is one, hangs on it.
fn hang(lists: &mut Vec<Vec<u32>>, mark: &mut Option<Mark>, rule: Option<u32>) -> Mark {
    let at = *mark.get_or_insert_with(|| {
        lists.push(Vec::new());
        lists.len() as Mark - 1
    });
    let list = &mut lists[at as usize];
    if rule.is_some() && list.last().copied() != rule {
        list.extend(rule);
    }
    at
}

impl Building {
    /// The field of a probe on texts and the marks that answer it; the rule, if there is one, hangs on them.
    fn marks(
        &mut self,
        program: &Program,
        probe: &Probe,
        rule: Option<u32>,
    ) -> Option<(FieldId, Box<[Mark]>)> {
        let (at, sought) = on_text(probe)?;
        let field = program.text_sources()[at as usize].field;
        let source = self.fields.entry(field).or_default().entry(at).or_default();
        let lists = &mut self.lists;
        hang(lists, &mut source.fault, rule);
        let Some((kind, texts)) = sought else {
            return Some((field, [hang(lists, &mut source.missing, rule)].into()));
        };
        let known = &mut source.texts[kind];
        let marks = texts.iter().map(|text| {
            let mark = hang(lists, &mut known.get(text).copied(), rule);
            known.insert(Arc::clone(text), mark);
            mark
        });
        Some((field, marks.collect()))
    }

    /// Hangs a rule on a probe; gives the probe if it is looked at line by line.
    fn add(&mut self, program: &Program, rule: u32, probe: &Probe) -> Option<LineProbe> {
        match probe {
            Probe::Listed(table) => Some(LineProbe::Table(*table)),
            Probe::Between(source, low, high) => Some(LineProbe::Between(*source, *low, *high)),
            Probe::NoNumber(source) => Some(LineProbe::NoNumber(*source)),
            on_text => {
                self.marks(program, on_text, Some(rule));
                None
            }
        }
    }
}

impl Dispatch {
    /// The dispatch by the witnesses given, one for each rule of the pack.
    pub(crate) fn new(program: &Program, witnesses: &[Option<Witness>], keys: &KeyIndex) -> Self {
        let mut building = Building::default();
        let mut rules: Vec<RuleProbes> = vec![RuleProbes::default(); keys.rules().len()];
        for (rule, &position) in (0..).zip(keys.rules()) {
            let probes = &mut rules[rule as usize];
            let witness = match program.visit(position as usize) {
                Visit::Always => None,
                Visit::Compiled | Visit::Residual => witnesses[position as usize].as_ref(),
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
        let find = |probe: &Option<Probe>| match probe {
            Some(probe @ (Probe::Word(..) | Probe::Prefix(..) | Probe::Part(..))) => {
                building.marks(program, probe, None)
            }
            _ => None,
        };
        let finds = program.finds().iter().map(find);
        let finds = finds.collect();
        let fields: Vec<FieldMarks> =
            building.fields.into_iter().map(|(field, marks)| finished(program, field, marks)).collect();
        for (bit, field) in fields.iter().enumerate() {
            for mark in field.marks() {
                for &rule in &building.lists[mark as usize] {
                    rules[rule as usize].fields |= 1 << bit.min(63);
                    rules[rule as usize].marks.push(mark);
                }
            }
        }
        Self { fields, rules, finds }
    }

    /// The field and the marks that answer a find.
    #[inline]
    pub(crate) fn find(&self, find: u32) -> Option<&(FieldId, Box<[Mark]>)> {
        self.finds[find as usize].as_ref()
    }

    /// What the lines of a candidate set are looked at for.
    pub(crate) fn set(&self, set: &RuleSet) -> SetDispatch {
        let mut found = SetDispatch::default();
        let mut numbers: BTreeMap<u32, [Vec<Bounds>; 4]> = BTreeMap::new();
        let mut tables: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut marks: Vec<(Mark, u32)> = Vec::new();
        for rule in set.iter() {
            let probes = &self.rules[rule as usize];
            found.fields |= probes.fields;
            if probes.always {
                found.always.push(rule);
            }
            marks.extend(probes.marks.iter().map(|&mark| (mark, rule)));
            for probe in &probes.line {
                match *probe {
                    LineProbe::Between(source, low, high) => {
                        let part = match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
                            (true, false) => UP_TO,
                            (false, true) => FROM,
                            _ => WITHIN,
                        };
                        numbers.entry(source).or_default()[part].push(Bounds { low, high, rule });
                    }
                    LineProbe::NoNumber(source) => {
                        let bounds = Bounds { low: f64::NAN, high: f64::NAN, rule };
                        numbers.entry(source).or_default()[NO_NUMBER].push(bounds);
                    }
                    LineProbe::Table(table) => tables.entry(table).or_default().push(rule),
                }
            }
        }
        let mut bounds: Vec<Bounds> = Vec::new();
        let of_source = |(source, mut parts): (u32, [Vec<Bounds>; 4])| {
            parts[UP_TO].sort_by(|a, b| a.high.total_cmp(&b.high));
            parts[FROM].sort_by(|a, b| a.low.total_cmp(&b.low));
            let mut starts = [bounds.len() as u32; 5];
            for (part, start) in parts.iter().zip(&mut starts[1..]) {
                bounds.extend_from_slice(part);
                *start = bounds.len() as u32;
            }
            NumberRules { source, starts }
        };
        found.numbers = numbers.into_iter().map(of_source).collect();
        found.bounds = bounds.into();
        found.tables = tables.into_iter().collect();
        found.marks = MarkTable::new(marks);
        found
    }
}

impl FieldMarks {
    fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
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

fn finished(program: &Program, field: FieldId, sources: BTreeMap<u32, BuildingSource>) -> FieldMarks {
    let sources = sources.into_iter().map(|(at, marks)| {
        let source = &program.text_sources()[at as usize];
        let all = marks.texts.iter().flat_map(|marks| marks.values().copied()).collect();
        let [equal, prefix, words, parts] = marks.texts;
        let mut prefix_lengths: Vec<usize> = prefix.keys().map(|prefix| prefix.len()).collect();
        prefix_lengths.sort_unstable();
        prefix_lengths.dedup();
        SourceMarks {
            source: at,
            digits: source.digits,
            computed: source.computed,
            all,
            words: Words::new(words.iter().map(|(word, mark)| (word, *mark))),
            parts: Parts::new(parts.into_iter().collect()),
            equal: equal.into_iter().collect(),
            prefix: prefix.into_iter().collect(),
            prefix_lengths,
            missing: marks.missing,
            fault: marks.fault.unwrap_or_default(),
        }
    });
    FieldMarks { field, sources: sources.collect() }
}

/// The bounds of a rule on a number.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    low: f64,
    high: f64,
    rule: u32,
}

/// The bounds of the rules of a set on the number of one source.
#[derive(Debug)]
pub(crate) struct NumberRules {
    pub source: u32,
    /// Where in the set's bounds those begin that have an upper bound alone (rising), then a lower bound alone (rising),
    /// then both; then those that ask for no number, and the end.
    starts: [u32; 5],
}

impl NumberRules {
    fn part<'b>(&self, all: &'b [Bounds], part: usize) -> &'b [Bounds] {
        &all[self.starts[part] as usize..self.starts[part + 1] as usize]
    }
}

/// What the lines of one candidate set are looked at for.
#[derive(Debug, Default)]
pub(crate) struct SetDispatch {
    /// Rules that are visited on each line, in order.
    pub always: Vec<u32>,
    /// The fields whose marks matter.
    pub fields: u64,
    /// The rules to visit by mark.
    pub marks: MarkTable,
    /// Numbers, by source.
    pub numbers: Box<[NumberRules]>,
    /// The bounds on all numbers, one after the other, so that they are near each other in memory.
    bounds: Box<[Bounds]>,
    /// Lookup tables, each with the rules to visit where the line has an entry.
    pub tables: Vec<(u32, Vec<u32>)>,
}

/// The parts of [`NumberRules`].
const UP_TO: usize = 0;
const FROM: usize = 1;
const WITHIN: usize = 2;
const NO_NUMBER: usize = 3;

impl SetDispatch {
    /// The rules to visit where the number of a source is this.
    #[inline]
    pub(crate) fn find(&self, of: &NumberRules, number: f64, visits: &mut Vec<u32>) {
        let part = |part| of.part(&self.bounds, part);
        if number.is_nan() {
            visits.extend(part(NO_NUMBER).iter().map(|bounds| bounds.rule));
            return;
        }
        for bounds in part(UP_TO).iter().rev() {
            if number > bounds.high {
                break;
            }
            visits.push(bounds.rule);
        }
        for bounds in part(FROM) {
            if bounds.low > number {
                break;
            }
            visits.push(bounds.rule);
        }
        for bounds in part(WITHIN) {
            if bounds.low <= number && number <= bounds.high {
                visits.push(bounds.rule);
            }
        }
    }

    /// All rules on the number of a source, to be visited where it cannot be computed.
    pub(crate) fn all(&self, of: &NumberRules, visits: &mut Vec<u32>) {
        let all = &self.bounds[of.starts[UP_TO] as usize..of.starts[NO_NUMBER + 1] as usize];
        visits.extend(all.iter().map(|bounds| bounds.rule));
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.always.len() * size_of::<u32>()
            + size_of_val(&*self.bounds)
            + size_of_val(&*self.numbers)
            + size_of_val(&*self.marks.slots)
            + size_of_val(&*self.marks.rules)
            + self.tables.iter().map(|(_, rules)| size_of_val(&**rules) + 32).sum::<usize>()
    }
}

/// The rules of a set by mark: a table with open addressing.
#[derive(Debug, Default)]
pub(crate) struct MarkTable {
    /// Mark, and where its rules begin and end; a power of two of them, at least half of them empty.
    slots: Box<[(Mark, u32, u32)]>,
    rules: Box<[u32]>,
}

/// The mark of an empty slot.
const NO_MARK: Mark = Mark::MAX;

impl MarkTable {
    fn new(mut pairs: Vec<(Mark, u32)>) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        pairs.sort_unstable();
        pairs.dedup();
        let rules: Box<[u32]> = pairs.iter().map(|(_, rule)| *rule).collect();
        let groups: Vec<(Mark, usize)> =
            pairs.chunk_by(|a, b| a.0 == b.0).map(|group| (group[0].0, group.len())).collect();
        let mut slots = vec![(NO_MARK, 0, 0); (groups.len() * 2).next_power_of_two()].into_boxed_slice();
        let mask = slots.len() - 1;
        let mut start = 0;
        for (mark, count) in groups {
            let mut at = Self::first_slot(mark) & mask;
            while slots[at].0 != NO_MARK {
                at = (at + 1) & mask;
            }
            slots[at] = (mark, start, start + count as u32);
            start += count as u32;
        }
        Self { slots, rules }
    }

    fn first_slot(mark: Mark) -> usize {
        (mark.wrapping_mul(0x9e37_79b9) >> 7) as usize
    }

    /// Adds the rules of a mark.
    #[inline]
    pub(crate) fn find(&self, mark: Mark, visits: &mut Vec<u32>) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let mut at = Self::first_slot(mark) & mask;
        loop {
            let (known, start, end) = self.slots[at];
            if known == mark {
                visits.extend_from_slice(&self.rules[start as usize..end as usize]);
                return;
            }
            if known == NO_MARK {
                return;
            }
            at = (at + 1) & mask;
        }
    }
}
