//! The dispatch of a pack: for each thing that an index can find on a line, the rules that hang on it.
//!
//! A *mark* is a probe on the text of one field (it equals a constant, it has a word). Marks of a text are found once
//! for each different text; numbers and entries of lookup tables are looked at line by line. The rules that depend on
//! each of them are known for the whole pack, and a line visits those that are among its candidates. So nothing is prepared
//! for a combination of keys, and lines cost the same whether their combination was seen before or not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aho_corasick::automaton::Automaton;
use aho_corasick::{Anchored, StartKind, dfa, nfa};
use foldhash::fast::FixedState;
use qingfeng_rules::FieldId;
use qingfeng_rules::internals::{Probe, Program, Visit, Witness, Words};

use crate::eval::key_index::KeyIndex;
use crate::eval::rule_set::{Bounds, Dependents, Intervals, RuleSet};

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
    /// Each finds some parts at once; with the number of the first.
    automata: Vec<(usize, Machine)>,
    /// The parts from here on are looked for one by one.
    rest: usize,
}

/// Finds all of some parts in one pass over a text.
enum Machine {
    /// With all transitions: fastest, and takes about a kilobyte for each byte of the parts.
    Table(dfa::DFA),
    Links(nfa::contiguous::NFA),
}

impl Machine {
    fn new(parts: &[(Arc<str>, Mark)], bytes: usize) -> Option<Self> {
        let parts = parts.iter().map(|(part, _)| part.as_bytes());
        // Every byte of a text is looked at once, so nothing is gained by looking for rare ones first.
        if bytes <= DFA_BYTES_MAX {
            let table = dfa::DFA::builder().prefilter(false).start_kind(StartKind::Unanchored).build(parts);
            table.ok().map(Self::Table)
        } else {
            nfa::contiguous::NFA::builder().prefilter(false).build(parts).ok().map(Self::Links)
        }
    }

    /// Gives the numbers of the parts that a text has, a part once for each place at which it stands.
    fn find(&self, text: &str, found: impl FnMut(usize)) {
        match self {
            Self::Table(machine) => each_match(machine, text, found),
            Self::Links(machine) => each_match(machine, text, found),
        }
    }
}

/// All matches of an automaton, those that overlap among them.
fn each_match(machine: &impl Automaton, text: &str, mut found: impl FnMut(usize)) {
    let Ok(mut state) = machine.start_state(Anchored::No) else { return };
    let mut note = |state| {
        if machine.is_special(state) && machine.is_match(state) {
            (0..machine.match_len(state)).for_each(|at| found(machine.match_pattern(state, at).as_usize()));
        }
    };
    note(state);
    for &byte in text.as_bytes() {
        state = machine.next_state(Anchored::No, state, byte);
        note(state);
    }
}

impl Parts {
    fn new(parts: Vec<(Arc<str>, Mark)>) -> Self {
        let mut automata = Vec::new();
        let (mut rest, mut bytes) = (0, 0);
        while parts.len() - rest > 2 {
            let some = &parts[rest..parts.len().min(rest + AUTOMATON_PARTS)];
            let of_these: usize = some.iter().map(|(part, _)| part.len()).sum();
            bytes += of_these;
            if bytes > AUTOMATA_BYTES_MAX {
                break;
            }
            let Some(machine) = Machine::new(some, of_these) else { break };
            automata.push((rest, machine));
            rest += some.len();
        }
        Self { parts, automata, rest }
    }

    fn find(&self, text: &str, found: &mut Vec<Mark>) {
        for (first, machine) in &self.automata {
            machine.find(text, |part| found.push(self.parts[first + part].1));
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

/// The dispatch; rules are numbered as in the key index.
pub(crate) struct Dispatch {
    pub fields: Vec<FieldMarks>,
    /// The rules that are visited wherever they are candidates.
    pub always: RuleSet,
    /// The rules that hang on each mark.
    pub marks: Vec<Dependents>,
    /// Those on numbers, by source.
    pub numbers: Vec<NumberRules>,
    /// Those on lookup tables, to be visited where the line has an entry.
    pub tables: Vec<(u32, Dependents)>,
    /// For each find of the program the field and the marks that answer it; no marks where no index does.
    finds: Vec<Option<(FieldId, Box<[Mark]>)>>,
}

/// The rules that hang on the number of one source.
pub(crate) struct NumberRules {
    pub source: u32,
    /// All of them, to be visited where the number cannot be computed.
    pub all: Dependents,
    /// Those that ask for no number.
    missing: Dependents,
    bounds: Intervals,
}

impl NumberRules {
    /// Adds the candidates to visit where the number is this.
    #[inline]
    pub(crate) fn add(&self, number: f64, candidates: &RuleSet, visits: &mut RuleSet) {
        if number.is_nan() {
            self.missing.add(candidates, visits);
        } else {
            self.bounds.add(number, candidates, visits);
        }
    }
}

/// What rules hang on while it is collected.
#[derive(Default)]
struct Building {
    /// The rules of each mark.
    lists: Vec<Vec<u32>>,
    fields: BTreeMap<FieldId, BTreeMap<u32, BuildingSource>>,
    /// The bounds on each number, and the rules that ask for none.
    numbers: BTreeMap<u32, (Vec<Bounds>, Vec<u32>)>,
    tables: BTreeMap<u32, Vec<u32>>,
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

    /// Hangs a rule on a probe.
    fn add(&mut self, program: &Program, rule: u32, probe: &Probe) {
        match probe {
            Probe::Listed(table) => self.tables.entry(*table).or_default().push(rule),
            Probe::Between(source, low, high) => {
                let bounds = Bounds { low: *low, high: *high, rule };
                self.numbers.entry(*source).or_default().0.push(bounds);
            }
            Probe::NoNumber(source) => self.numbers.entry(*source).or_default().1.push(rule),
            on_text => _ = self.marks(program, on_text, Some(rule)),
        }
    }
}

impl Dispatch {
    /// The dispatch by the witnesses given, one for each rule of the pack.
    pub(crate) fn new(program: &Program, witnesses: &[Option<Witness>], keys: &KeyIndex) -> Self {
        let all = keys.rules().len();
        let mut building = Building::default();
        let mut always = RuleSet::empty(all);
        for (rule, &position) in (0..).zip(keys.rules()) {
            let witness = match program.visit(position as usize) {
                Visit::Always => None,
                Visit::Compiled | Visit::Residual => witnesses[position as usize].as_ref(),
            };
            match witness {
                None => always.insert(rule as usize),
                Some(witness) => witness.probes.iter().for_each(|probe| building.add(program, rule, probe)),
            }
        }
        let find = |probe: &Option<Probe>| match probe {
            Some(probe @ (Probe::Word(..) | Probe::Prefix(..) | Probe::Part(..))) => {
                building.marks(program, probe, None)
            }
            _ => None,
        };
        let finds = program.finds().iter().map(find).collect();
        let Building { lists, fields, numbers, tables } = building;
        let on_number = |(source, (bounds, missing)): (u32, (Vec<Bounds>, Vec<u32>))| NumberRules {
            source,
            all: Dependents::new(
                bounds.iter().map(|of| of.rule).chain(missing.iter().copied()).collect(),
                all,
            ),
            bounds: Intervals::new(&bounds, all),
            missing: Dependents::new(missing, all),
        };
        Self {
            fields: fields.into_iter().map(|(field, marks)| finished(program, field, marks)).collect(),
            always,
            marks: lists.into_iter().map(|rules| Dependents::new(rules, all)).collect(),
            numbers: numbers.into_iter().map(on_number).collect(),
            tables: tables.into_iter().map(|(table, rules)| (table, Dependents::new(rules, all))).collect(),
            finds,
        }
    }

    /// The field and the marks that answer a find.
    #[inline]
    pub(crate) fn find(&self, find: u32) -> Option<&(FieldId, Box<[Mark]>)> {
        self.finds[find as usize].as_ref()
    }
}

fn finished(program: &Program, field: FieldId, sources: BTreeMap<u32, BuildingSource>) -> FieldMarks {
    let sources = sources.into_iter().map(|(at, marks)| {
        let source = &program.text_sources()[at as usize];
        let [equal, prefix, words, parts] = marks.texts;
        let mut prefix_lengths: Vec<usize> = prefix.keys().map(|prefix| prefix.len()).collect();
        prefix_lengths.sort_unstable();
        prefix_lengths.dedup();
        SourceMarks {
            source: at,
            digits: source.digits,
            computed: source.computed,
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
