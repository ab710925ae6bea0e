//! What a line is, seen from one side: which code of a field it has, in which band its number lies, whether its text has
//! a word, whether its code is in a group. Bands and codes are chosen on the lines to learn from alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::internals::Words;
use qingfeng_rules::reference::Group;
use qingfeng_rules::{Date, FieldRef, Key, Kind, Pack};

use super::lines::{Column, Data, LabelledLines, MISSING, can_be_named};

/// A number that has at most so many values is looked at by value.
const VALUES_MAX: usize = 50;
/// Bands of a number.
const BANDS: usize = 12;
/// Words of a text field that are looked at, the most frequent first.
const WORDS_MAX: usize = 200;
/// Codes of a field that are looked at, the most frequent first.
const CODES_MAX: usize = 5_000;

/// What a line has in a facet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// The field is missing.
    Missing,
    /// It has this code.
    Code(Box<str>),
    /// It is this number.
    Exactly(f64),
    /// It is at least the first and below the second.
    Band(Option<f64>, Option<f64>),
    /// Its text has this word.
    Word(Box<str>),
    /// Its code belongs to this group.
    Group(Key, Box<str>),
}

/// A side from which lines are seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facet {
    /// The column that it looks at.
    pub(super) column: usize,
    /// Facets of one family are not combined with each other: they look at the same value.
    pub(super) family: String,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) is_country: bool,
    /// The cells, numbered from 1.
    pub(super) cells: Vec<Cell>,
    /// The cell of each line; 0 where it is in none of them.
    pub(super) of_line: Vec<u32>,
    /// It only takes part in conjunctions.
    pub(super) joint_only: bool,
}

/// The facets of lines, as the lines to learn from show them.
pub(super) fn facets(pack: &Pack, lines: &LabelledLines, learn: &[u32], least: u32) -> Vec<Arc<Facet>> {
    let mut all = Vec::new();
    let commodity = pack.schema.keys.commodity.map(FieldRef::Declared);
    for (at, column) in lines.columns.iter().enumerate() {
        let derived_code = matches!(column.field, FieldRef::Derived(derived) if derived.digits().is_some());
        let is_commodity = Some(column.field) == commodity;
        let family = if derived_code || is_commodity { "commodity".to_owned() } else { column.name.clone() };
        let new = |cells: Vec<Cell>, of_line: Vec<u32>, joint_only: bool| Facet {
            column: at,
            family: family.clone(),
            kind: column.kind,
            name: column.name.clone(),
            is_country: column.codes.is_some_and(qingfeng_rules::CodeList::is_country),
            cells,
            of_line,
            joint_only,
        };
        match &column.data {
            Data::Codes(codes, names) => {
                // The code itself has too many digits to say anything; its first digits are facets of their own.
                if !is_commodity {
                    let (cells, of_line) = by_code(codes, names, learn, least);
                    all.extend((!cells.is_empty()).then(|| new(cells, of_line, false)));
                }
                for (key, groups) in groups(pack, column) {
                    for group in groups {
                        let of_line = members(group, key == Key::Commodity, codes, names, &lines.days);
                        let cell = Cell::Group(key, group.name.as_str().into());
                        all.push(new(vec![cell], of_line, true));
                    }
                }
            }
            Data::Numbers(numbers) => {
                let (cells, of_line) = by_number(numbers, column.kind == Kind::Integer, learn, least);
                all.extend((!cells.is_empty()).then(|| new(cells, of_line, false)));
            }
            Data::Texts(texts, names) => {
                for (word, of_line) in by_word(texts, names, learn, least) {
                    all.push(new(vec![Cell::Word(word)], of_line, false));
                }
            }
        }
    }
    let mut kept: Vec<Arc<Facet>> = Vec::new();
    for facet in all {
        // Where each declaration has one line, a sum over the declaration says what the line says.
        let same = |known: &Arc<Facet>| {
            known.joint_only == facet.joint_only
                && known.cells.len() == facet.cells.len()
                && learn.iter().all(|&line| known.of_line[line as usize] == facet.of_line[line as usize])
        };
        if !kept.iter().any(same) {
            kept.push(Arc::new(facet));
        }
    }
    kept
}

/// The groups whose members are codes of this column.
fn groups<'a>(pack: &'a Pack, column: &Column) -> Vec<(Key, &'a [Group])> {
    let keys = &pack.schema.keys;
    let of_key = [(Key::Region, keys.region), (Key::Commodity, keys.commodity), (Key::Mode, keys.mode)];
    let of_column =
        of_key.into_iter().filter(|(_, field)| field.map(FieldRef::Declared) == Some(column.field));
    of_column.map(|(key, _)| (key, pack.reference.groups(key))).collect()
}

/// In which lines a group has the code, on the line's own day.
fn members(
    group: &Group,
    prefixes: bool,
    codes: &[u32],
    names: &[Box<str>],
    days: &[Option<Date>],
) -> Vec<u32> {
    let fitting: Vec<Vec<(Option<Date>, Option<Date>)>> = names
        .iter()
        .map(|name| {
            let fits = |member: &&qingfeng_rules::reference::Member| match member.prefix || prefixes {
                true => name.starts_with(&member.code),
                false => **name == *member.code,
            };
            group.members.iter().filter(fits).map(|member| (member.from, member.until)).collect()
        })
        .collect();
    let is_member = |(&code, day): (&u32, &Option<Date>)| {
        let Some(times) = fitting.get(code as usize) else { return 0 };
        let in_force = |&(from, until): &(Option<Date>, Option<Date>)| {
            day.is_none_or(|day| {
                from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until)
            })
        };
        u32::from(times.iter().any(in_force))
    };
    codes.iter().zip(days).map(is_member).collect()
}

fn by_code(codes: &[u32], names: &[Box<str>], learn: &[u32], least: u32) -> (Vec<Cell>, Vec<u32>) {
    let mut counts = vec![0_u32; names.len() + 1];
    let place = |code: u32| if code == MISSING { names.len() } else { code as usize };
    for &line in learn {
        counts[place(codes[line as usize])] += 1;
    }
    let is_used = |at: usize| counts[at] >= least && names.get(at).is_none_or(|name| can_be_named(name));
    let mut used: Vec<usize> = (0..counts.len()).filter(|&at| is_used(at)).collect();
    used.sort_by_key(|&at| (std::cmp::Reverse(counts[at]), at));
    used.truncate(CODES_MAX);
    used.sort_unstable();
    let mut number = vec![0_u32; counts.len()];
    for (at, &place) in used.iter().enumerate() {
        number[place] = at as u32 + 1;
    }
    let cells = used.iter().map(|&at| names.get(at).map_or(Cell::Missing, |name| Cell::Code(name.clone())));
    (cells.collect(), codes.iter().map(|&code| number[place(code)]).collect())
}

/// A number of two digits and noughts, as people set thresholds.
fn round(number: f64, whole: bool) -> f64 {
    if number == 0.0 {
        return 0.0;
    }
    let scale = 10_f64.powi(1 - number.abs().log10().floor() as i32);
    let rounded = (number * scale).round() / scale;
    // The shortest text of it, so that what is compared is what is written.
    let text = format!("{:.*}", if scale > 1.0 { scale.log10().round() as usize } else { 0 }, rounded);
    let rounded = text.parse().unwrap_or(rounded);
    if whole { f64::round(rounded) } else { rounded }
}

fn by_number(numbers: &[f64], whole: bool, learn: &[u32], least: u32) -> (Vec<Cell>, Vec<u32>) {
    /// Larger numbers, and smaller ones, are not written.
    const LARGEST: f64 = 1e15;
    let mut known: Vec<f64> =
        learn.iter().map(|&line| numbers[line as usize]).filter(|n| !n.is_nan()).collect();
    known.sort_by(f64::total_cmp);
    let missing = learn.len() - known.len();
    let mut cells = Vec::new();
    let mut counts: Vec<(f64, u32)> = Vec::new();
    for &number in &known {
        match counts.last_mut() {
            Some((last, count)) if *last == number => *count += 1,
            _ => counts.push((number, 1)),
        }
    }
    let mut cuts: Vec<f64> = Vec::new();
    if counts.len() <= VALUES_MAX {
        let written = |number: f64| number.abs() < LARGEST && format!("{number}").len() < 20;
        let used = counts.iter().filter(|(number, count)| *count >= least && written(*number));
        cells.extend(used.map(|&(number, _)| Cell::Exactly(number)));
    } else {
        cuts = (1..BANDS).map(|at| round(known[at * known.len() / BANDS], whole)).collect();
        cuts.retain(|cut| cut.abs() < LARGEST && (*cut == 0.0 || cut.abs() > 1e-9));
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        if !cuts.is_empty() {
            let bounds = std::iter::once(None).chain(cuts.iter().copied().map(Some)).chain([None]);
            let bounds: Vec<Option<f64>> = bounds.collect();
            cells.extend(bounds.windows(2).map(|pair| Cell::Band(pair[0], pair[1])));
        }
    }
    if missing >= least as usize {
        cells.push(Cell::Missing);
    }
    let missing_cell = if cells.last() == Some(&Cell::Missing) { cells.len() as u32 } else { 0 };
    let exact: BTreeMap<u64, u32> = cells
        .iter()
        .enumerate()
        .filter_map(|(at, cell)| match cell {
            Cell::Exactly(number) => Some((number.to_bits(), at as u32 + 1)),
            _ => None,
        })
        .collect();
    let cell = |&number: &f64| {
        if number.is_nan() {
            missing_cell
        } else if cuts.is_empty() {
            exact.get(&number.to_bits()).copied().unwrap_or(0)
        } else {
            cuts.partition_point(|&cut| cut <= number) as u32 + 1
        }
    };
    let of_line = numbers.iter().map(cell).collect();
    (cells, of_line)
}

/// The words of a text: runs of Latin letters and digits, of three at least, and pairs of Chinese letters.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let lower = text.to_lowercase();
    for run in lower.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        if run.len() >= 3 && run.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            words.push(run.to_owned());
        }
    }
    let letters: Vec<char> = lower.chars().collect();
    let chinese = |letter: char| matches!(letter, '\u{4e00}'..='\u{9fff}');
    for pair in letters.windows(2) {
        if pair.iter().all(|&letter| chinese(letter)) {
            words.push(pair.iter().collect());
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

fn by_word(texts: &[u32], names: &[Box<str>], learn: &[u32], least: u32) -> Vec<(Box<str>, Vec<u32>)> {
    let mut uses = vec![0_u32; names.len()];
    for &line in learn {
        if let Some(uses) = uses.get_mut(texts[line as usize] as usize) {
            *uses += 1;
        }
    }
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (name, &uses) in names.iter().zip(&uses).filter(|(_, uses)| **uses > 0) {
        for word in words_of(name) {
            *counts.entry(word).or_default() += uses;
        }
    }
    let mut frequent: Vec<(String, u32)> =
        counts.into_iter().filter(|(word, count)| *count >= least && can_be_named(word)).collect();
    frequent.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    frequent.truncate(WORDS_MAX);
    let index = Words::new(frequent.iter().enumerate().map(|(at, (word, _))| (word, at as u32)));
    let mut found: Vec<Vec<u32>> = Vec::with_capacity(names.len());
    let mut scratch = String::new();
    for name in names {
        let mut words = Vec::new();
        index.find(name, &mut scratch, &mut |word| words.push(word));
        found.push(words);
    }
    let mut columns: Vec<Vec<u32>> = vec![vec![0; texts.len()]; frequent.len()];
    for (line, &text) in texts.iter().enumerate() {
        for &word in found.get(text as usize).map_or(&[][..], Vec::as_slice) {
            columns[word as usize][line] = 1;
        }
    }
    frequent.into_iter().map(|(word, _)| word.into_boxed_str()).zip(columns).collect()
}

/// A facet with some of its cells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) facet: Arc<Facet>,
    /// Rising.
    pub(super) cells: Vec<u32>,
}

/// What a rule asks for: all parts must hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    pub(super) parts: Vec<Part>,
}

impl Pattern {
    pub(super) fn holds(&self, line: u32) -> bool {
        self.parts.iter().all(|part| part.cells.binary_search(&part.facet.of_line[line as usize]).is_ok())
    }

    /// Seen as a facet of one cell.
    pub(super) fn as_facet(&self, lines: usize) -> Facet {
        let first = &self.parts[0].facet;
        Facet {
            cells: vec![Cell::Missing],
            of_line: (0..lines as u32).map(|line| u32::from(self.holds(line))).collect(),
            ..Facet { of_line: Vec::new(), cells: Vec::new(), ..(**first).clone() }
        }
    }
}
