//! What some goods lines have in common: how many of them have each probe, so that each rule hangs on a rare one.
//!
//! Which witness a rule has decides how often it is visited, and nothing else: the answers do not depend on the lines
//! that happened to come first.

use std::cell::OnceCell;
use std::collections::HashMap;

use foldhash::fast::FixedState;
use qingfeng_rules::Value;
use qingfeng_rules::internals::{LineSource, Memo, Probe, Program, WordCounts};

use crate::eval::values::BatchValues;

/// Lines that are looked at, at most.
const LINES_MAX: usize = 2_048;
/// Texts in which parts are looked for, and the longest beginnings that are counted.
const TEXTS_MAX: usize = 256;
const PREFIX_MAX: usize = 10;

/// The texts of a source on the lines of the sample.
#[derive(Default)]
struct Texts {
    counts: HashMap<Box<str>, u32, FixedState>,
    missing: u32,
    /// The same in order, made when somebody asks.
    sorted: OnceCell<Vec<(Box<str>, u32)>>,
    /// Made when somebody asks.
    words: OnceCell<WordCounts>,
    prefixes: OnceCell<HashMap<Box<str>, u32, FixedState>>,
}

/// Some goods lines, as the probes of a program see them.
pub(crate) struct Selectivity {
    lines: usize,
    texts: Vec<Texts>,
    /// For each source its numbers, rising, and on how many lines it has none.
    numbers: Vec<(Vec<f64>, u32)>,
    /// For each lookup table on how many lines it has an entry.
    listed: Vec<u32>,
}

impl Selectivity {
    /// A sample of a batch. `view` gives a line of it.
    pub(crate) fn new<'b, S: LineSource<'b>>(
        program: &'b Program,
        values: &'b BatchValues,
        tables: usize,
        view: impl Fn(usize) -> S,
    ) -> Self {
        let step = values.len().div_ceil(LINES_MAX).max(1);
        let lines: Vec<usize> = (0..values.len()).step_by(step).collect();
        let texts = program.text_sources().iter().enumerate().map(|(at, source)| {
            let mut texts = Texts::default();
            for &line in &lines {
                let text = match values.declared(line, source.field) {
                    Value::Text(text) => Some(text),
                    _ => None,
                };
                let mut count = |text: Option<&str>| match text {
                    Some(text) => match texts.counts.get_mut(text) {
                        Some(count) => *count += 1,
                        None => _ = texts.counts.insert(text.into(), 1),
                    },
                    None => texts.missing += 1,
                };
                if source.computed {
                    // Where it cannot be computed all of its rules are visited, whichever they are.
                    let _ = program.text_of(at as u32, text, count);
                } else {
                    count(match source.digits {
                        Some(digits) => text.and_then(|text| text.get(..digits)),
                        None => text,
                    });
                }
            }
            texts
        });
        let texts = texts.collect();
        let mut memo = Memo::default();
        let numbers = (0..program.number_sources().len()).map(|source| {
            let mut numbers = Vec::with_capacity(lines.len());
            let mut missing = 0;
            for &line in &lines {
                match program.number_of(source as u32, &view(line), &mut memo) {
                    Ok(number) if !number.is_nan() => numbers.push(number),
                    _ => missing += 1,
                }
                memo.clear();
            }
            numbers.sort_by(f64::total_cmp);
            (numbers, missing)
        });
        let numbers = numbers.collect();
        let entries =
            |table: usize| lines.iter().filter(|&&line| values.lookup_entry(line, table).is_some()).count();
        let listed = (0..tables).map(|table| entries(table) as u32).collect();
        Self { lines: lines.len(), texts, numbers, listed }
    }

    /// About which share of lines has a probe; never nothing, since a sample does not show what is rare.
    pub(crate) fn share(&self, probe: &Probe) -> f64 {
        let count = match probe {
            Probe::Equal(source, texts) => {
                let counts = &self.texts[*source as usize].counts;
                texts.iter().filter_map(|text| counts.get(&**text)).sum()
            }
            Probe::NoText(source) => self.texts[*source as usize].missing,
            Probe::Prefix(source, prefixes) => {
                let texts = &self.texts[*source as usize];
                prefixes.iter().map(|prefix| texts.beginning_with(prefix)).sum()
            }
            Probe::Word(source, words) => {
                let texts = &self.texts[*source as usize];
                words.iter().map(|word| texts.with_word(word)).sum()
            }
            Probe::Part(source, parts) => {
                let texts = &self.texts[*source as usize];
                let share: f64 = parts.iter().map(|part| texts.share_with(part)).sum();
                (share * self.lines as f64) as u32
            }
            Probe::Listed(table) => self.listed[*table as usize],
            Probe::NoNumber(source) => self.numbers[*source as usize].1,
            Probe::Between(source, low, high) => {
                let numbers = &self.numbers[*source as usize].0;
                let first = numbers.partition_point(|number| number < low);
                let end = numbers.partition_point(|number| number <= high);
                end.saturating_sub(first) as u32
            }
        };
        (f64::from(count) + 0.5) / (self.lines as f64 + 1.0)
    }
}

impl Texts {
    fn beginning_with(&self, prefix: &str) -> u32 {
        let known = self.prefixes.get_or_init(|| {
            let mut prefixes: HashMap<Box<str>, u32, FixedState> = HashMap::default();
            for (text, count) in self.sorted() {
                for prefix in (1..=PREFIX_MAX).filter_map(|length| text.get(..length)) {
                    *prefixes.entry(prefix.into()).or_default() += *count;
                }
            }
            prefixes
        });
        known.get(prefix).copied().unwrap_or(0)
    }

    /// The texts and their counts, in order, so that nothing depends on that of a map.
    fn sorted(&self) -> &[(Box<str>, u32)] {
        self.sorted.get_or_init(|| {
            let mut sorted: Vec<_> = self.counts.iter().map(|(text, count)| (text.clone(), *count)).collect();
            sorted.sort_unstable();
            sorted
        })
    }

    fn with_word(&self, word: &str) -> u32 {
        let known = self.words.get_or_init(|| {
            let (mut words, mut scratch) = (WordCounts::default(), String::new());
            for (text, count) in self.sorted() {
                (0..*count).for_each(|_| words.add(text, &mut scratch));
            }
            words
        });
        known.at_most(word)
    }

    fn share_with(&self, part: &str) -> f64 {
        let (mut with, mut all) = (0, 0);
        for (text, count) in self.sorted().iter().take(TEXTS_MAX) {
            all += *count;
            with += if text.contains(part) { *count } else { 0 };
        }
        f64::from(with) / f64::from(all.max(1))
    }
}
