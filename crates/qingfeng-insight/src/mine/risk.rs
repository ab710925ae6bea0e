//! Which fields tell how likely goods are to violate, level by level.
//!
//! A level is a key, such as `hs4` and `departure`. Its rate is that of the results known of the key, and of the level before,
//! which counts for its `strength` in results; so a `[risks.NAME]` of a pack has it. Levels are added one at a time: of the keys
//! that have one field more than the last, or one field alone, the one with which results of later days are foretold
//! best. How well is the log loss of each result, told by those that were known before its day. So nothing is chosen by
//! what it says of the results that it was made of.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::FixedState;
use qingfeng_rules::FieldRef;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

use super::lines::{Data, LabelledLines, MISSING};
use super::rhai::laid_out;
use super::{Judgement, MineError};

/// The most levels, and the most fields of a level, that are looked for.
const LEVELS_MAX: usize = 7;
const FIELDS_MAX: usize = 6;
/// The values of a number that a key may have without being named: a rate of duty has few, a mass has many.
const VALUES_MAX: usize = 200;
/// The strengths that are tried.
const STRENGTHS: [f64; 11] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// How many standard deviations the bounds are from the rate.
const DEVIATIONS: f64 = 2.0;
/// A level must foretell better by so many standard errors, of so many stretches of time.
const ERRORS: f64 = 2.5;
const STRETCHES: usize = 20;
/// Chances are held this far from certainty, so that no one result decides.
const CERTAIN: f64 = 1e-4;
/// Points of a doubling of the odds: 25 for each unit of their logarithm.
const POINTS_OF_DOUBLING: f64 = 17.0;
/// How many doublings get points.
const DOUBLINGS: u32 = 8;
/// Rates above it are as this, so that odds stay finite.
const RATE_MAX: f64 = 0.99;

/// A level of a risk.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RiskLevel {
    /// The fields of its key.
    pub fields: Vec<String>,
    /// For how many results the level before counts.
    pub strength: f64,
    /// Different keys with a result.
    pub keys: u64,
    /// The share of lines of which a result of the same key was known before.
    pub known: f64,
    /// The log loss of a line with this level and those before it, by results known before its day.
    pub log_loss: f64,
}

/// A risk that was learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LearnedRisk {
    /// Its name in the pack.
    pub name: String,
    /// Its levels, from broad to narrow.
    pub levels: Vec<RiskLevel>,
    /// The share of results with a finding.
    pub prior: f64,
    /// The log loss of a line by the prior alone.
    pub log_loss: f64,
    /// How well its points rank held-out lines.
    pub judgement: Option<Judgement>,
    /// The id of the rule that gives its points.
    pub rule: String,
    /// As a table of `pack.toml`.
    pub toml: String,
    /// The rule, as text of a rule file.
    pub rhai: String,
}

/// What a risk says of lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RiskSays {
    /// Log odds of the rate, in whole thousandths.
    pub(super) log_odds: Vec<i64>,
    /// Points by the upper bound.
    pub(super) points: Vec<i64>,
}

/// Results of a key: sums of weights, of their squares, and of the weights of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    weights: f64,
    squares: f64,
    found: f64,
}

impl Sums {
    fn add(&mut self, weight: f64, found: bool) {
        self.weights += weight;
        self.squares += weight * weight;
        self.found += if found { weight } else { 0.0 };
    }

    fn without(self, other: Self) -> Self {
        Self {
            weights: self.weights - other.weights,
            squares: self.squares - other.squares,
            found: self.found - other.found,
        }
    }

    /// How many results of equal weight would tell as much (Kish 1965), and how many of these are findings.
    fn counted(self) -> (f64, f64) {
        if self.squares <= 0.0 || self.weights <= 0.0 {
            return (0.0, 0.0);
        }
        let inspected = self.weights * self.weights / self.squares;
        (inspected, inspected * (self.found / self.weights).clamp(0.0, 1.0))
    }
}

/// Which key each line has; [`MISSING`] where a field of it is missing.
#[derive(Clone, Debug)]
struct Keys {
    of_line: Vec<u32>,
    count: usize,
}

impl Keys {
    /// The keys of pairs of keys.
    fn paired(&self, other: &Self) -> Self {
        let mut known: HashMap<(u32, u32), u32, FixedState> = HashMap::default();
        let pair = |(&a, &b): (&u32, &u32)| {
            if a == MISSING || b == MISSING {
                return MISSING;
            }
            let next = known.len() as u32;
            *known.entry((a, b)).or_insert(next)
        };
        let of_line = self.of_line.iter().zip(&other.of_line).map(pair).collect();
        Self { of_line, count: known.len() }
    }

    /// Whether lines of one key never differ in the other one.
    fn implies(&self, other: &Self) -> bool {
        let mut told = vec![None; self.count];
        self.of_line
            .iter()
            .zip(&other.of_line)
            .all(|(&key, &value)| key == MISSING || *told[key as usize].get_or_insert(value) == value)
    }
}

/// A field that keys may have.
struct Candidate {
    name: String,
    keys: Keys,
}

/// Results known of the key of each line, and how many of them are findings.
#[derive(Clone, Debug, Default)]
struct Counts {
    inspected: Vec<f64>,
    found: Vec<f64>,
}

/// A level with what it knows of lines.
struct Level {
    /// Its fields, by their places among the candidates.
    fields: Vec<usize>,
    keys: Keys,
    counts: Counts,
    /// For how many results the level before counts.
    strength: f64,
}

/// The lines to learn from, in the order of their days, and those held out.
struct Lines<'a> {
    lines: &'a LabelledLines,
    learn: Vec<u32>,
    held: Vec<u32>,
    /// Lines to learn from in the order in which their results became known.
    known: Vec<u32>,
    /// Which lines share values that no result may be told by.
    same: Option<&'a [u32]>,
}

impl Lines<'_> {
    fn weight(&self, line: u32) -> f64 {
        self.lines.weight(line).unwrap_or(1.0)
    }

    fn found(&self, line: u32) -> bool {
        self.lines.whole[line as usize] == Some(true)
    }

    /// Takes the results of some lines, each declaration once for a key. Lines of a declaration stand together.
    fn take(&self, of: &[u32], keys: &Keys, mut add: impl FnMut(u32, f64, bool, u32)) {
        let declaration = |line: &u32| self.lines.declarations[*line as usize];
        for of_one in of.chunk_by(|a, b| declaration(a) == declaration(b)) {
            for (at, &line) in of_one.iter().enumerate() {
                let key = keys.of_line[line as usize];
                let again = of_one[..at].iter().any(|&other| keys.of_line[other as usize] == key);
                if key != MISSING && !again {
                    add(key, self.weight(line), self.found(line), line);
                }
            }
        }
    }

    /// What is known of the keys of lines: of those to learn from before their day, of those held out all of the learning time.
    fn counts(&self, keys: &Keys) -> Counts {
        let mut sums = vec![Sums::default(); keys.count];
        let mut of_same: HashMap<(u32, u32), Sums, FixedState> = HashMap::default();
        let mut counts =
            Counts { inspected: vec![0.0; self.lines.len()], found: vec![0.0; self.lines.len()] };
        let mut known = 0;
        let mut bring = |until: usize, sums: &mut Vec<Sums>, of_same: &mut HashMap<_, Sums, _>| {
            self.take(&self.known[known..until], keys, |key, weight, found, line| {
                sums[key as usize].add(weight, found);
                if let Some(same) = self.same {
                    of_same.entry((key, same[line as usize])).or_default().add(weight, found);
                }
            });
            known = until;
        };
        let mut tell = |line: u32, sums: &[Sums], of_same: &HashMap<(u32, u32), Sums, FixedState>| {
            let key = keys.of_line[line as usize];
            if key == MISSING {
                return;
            }
            let own = self.same.and_then(|same| of_same.get(&(key, same[line as usize])));
            let (inspected, found) = sums[key as usize].without(own.copied().unwrap_or_default()).counted();
            (counts.inspected[line as usize], counts.found[line as usize]) = (inspected, found);
        };
        for of_day in self.learn.chunk_by(|&a, &b| self.lines.days[a as usize] == self.lines.days[b as usize])
        {
            let day = self.lines.days[of_day[0] as usize];
            let until = self.known.partition_point(|&line| self.lines.known_on[line as usize] < day);
            bring(until, &mut sums, &mut of_same);
            of_day.iter().for_each(|&line| tell(line, &sums, &of_same));
        }
        bring(self.known.len(), &mut sums, &mut of_same);
        self.held.iter().for_each(|&line| tell(line, &sums, &of_same));
        counts
    }

    /// The log loss of lines to learn from, by stretches of time of about equally many, and the weight of all.
    fn loss(&self, rates: &[f64]) -> (Vec<f64>, f64) {
        let mut stretches = vec![0.0; STRETCHES];
        let mut all = 0.0;
        for (at, &line) in self.learn.iter().enumerate() {
            let rate = rates[line as usize].clamp(CERTAIN, 1.0 - CERTAIN);
            let weight = self.weight(line);
            let told = if self.found(line) { rate } else { 1.0 - rate };
            stretches[at * STRETCHES / self.learn.len()] -= weight * told.ln();
            all += weight;
        }
        (stretches, all)
    }
}

/// The rates of lines with one level more.
fn rates(before: &[f64], counts: &Counts, strength: f64) -> Vec<f64> {
    let of_line = |((before, inspected), found): ((&f64, &f64), &f64)| {
        (found + strength * before) / (inspected + strength)
    };
    before.iter().zip(&counts.inspected).zip(&counts.found).map(of_line).collect()
}

/// Whether stretches with less loss are so by more than chance.
fn is_better(before: &[f64], after: &[f64]) -> bool {
    let gains: Vec<f64> = before.iter().zip(after).map(|(before, after)| before - after).collect();
    let count = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / count;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean > ERRORS * (variance / count).sqrt()
}

fn sum(stretches: &[f64]) -> f64 {
    stretches.iter().sum()
}

/// The fields that keys may have: codes, and numbers that come again.
fn candidates(lines: &LabelledLines, names: &[String]) -> Result<Vec<Candidate>, MineError> {
    let can = |field: FieldRef| !matches!(field, FieldRef::Computed(_));
    let mut columns: Vec<_> = lines.columns.iter().filter(|column| can(column.field)).collect();
    columns.retain(|column| !matches!(column.data, Data::Texts(..)) || names.contains(&column.name));
    if let Some(field) = names.iter().find(|name| columns.iter().all(|column| column.name != **name)) {
        let known = columns.iter().map(|column| column.name.clone()).collect();
        return Err(MineError::NoField { field: field.clone(), known });
    }
    columns.retain(|column| names.is_empty() || names.contains(&column.name));
    let candidate = |column: &super::lines::Column| {
        let keys = match &column.data {
            Data::Codes(codes, names) | Data::Texts(codes, names) => {
                Keys { of_line: codes.clone(), count: names.len() }
            }
            Data::Numbers(numbers) => {
                let mut known: HashMap<u64, u32, FixedState> = HashMap::default();
                let key = |number: &f64| {
                    if number.is_nan() {
                        return MISSING;
                    }
                    let next = known.len() as u32;
                    *known.entry((number + 0.0).to_bits()).or_insert(next)
                };
                Keys { of_line: numbers.iter().map(key).collect(), count: known.len() }
            }
        };
        Candidate { name: column.name.clone(), keys }
    };
    let is_number = |column: &super::lines::Column| matches!(column.data, Data::Numbers(_));
    let all = columns.iter().map(|column| (is_number(column), candidate(column)));
    let fits = |(is_number, candidate): &(bool, Candidate)| {
        !names.is_empty() || !is_number || candidate.keys.count <= VALUES_MAX
    };
    Ok(all.filter(fits).map(|(_, candidate)| candidate).collect())
}

/// The fields of keys that may be added: one field more than a level has, or one field alone. Fields that follow from the new
/// one are left out.
fn next_fields(candidates: &[Candidate], levels: &[Level]) -> Vec<Vec<usize>> {
    let mut next: BTreeSet<Vec<usize>> = (0..candidates.len()).map(|at| vec![at]).collect();
    for level in levels {
        for (at, candidate) in candidates.iter().enumerate() {
            if level.fields.contains(&at) || level.keys.implies(&candidate.keys) {
                continue;
            }
            let stays = |&field: &usize| !candidate.keys.implies(&candidates[field].keys);
            let mut fields: Vec<usize> = level.fields.iter().copied().filter(stays).chain([at]).collect();
            fields.sort_unstable();
            next.insert(fields);
        }
    }
    let is_new = |fields: &Vec<usize>| levels.iter().all(|level| level.fields != *fields);
    next.into_iter().filter(|fields| fields.len() <= FIELDS_MAX && is_new(fields)).collect()
}

/// The keys of some fields.
fn keys_of(candidates: &[Candidate], fields: &[usize]) -> Keys {
    let (first, others) = fields.split_first().map_or((0, &[][..]), |(first, others)| (*first, others));
    others.iter().fold(candidates[first].keys.clone(), |keys, &field| keys.paired(&candidates[field].keys))
}

/// The strength of a level with which results are foretold best, and the losses with it.
fn best_strength(lines: &Lines<'_>, before: &[f64], counts: &Counts) -> (f64, Vec<f64>) {
    let tried = STRENGTHS.map(|strength| (strength, lines.loss(&rates(before, counts, strength)).0));
    let [first, ..] = tried.clone();
    tried.into_iter().fold(first, |best, one| if sum(&one.1) < sum(&best.1) { one } else { best })
}

/// The strengths of levels, each as it is best after those before it, and the losses with all.
fn best_strengths(lines: &Lines<'_>, prior: f64, levels: &[&Level]) -> (Vec<f64>, Vec<f64>) {
    let mut before = vec![prior; lines.lines.len()];
    let (mut strengths, mut loss) = (Vec::new(), Vec::new());
    for level in levels {
        let strength;
        (strength, loss) = best_strength(lines, &before, &level.counts);
        before = rates(&before, &level.counts, strength);
        strengths.push(strength);
    }
    (strengths, loss)
}

/// Points of a rate by the odds at which points begin: 17 for a doubling, in equal steps between doublings.
fn points(rate: f64, odds: f64) -> i64 {
    let rate = rate.min(RATE_MAX);
    let times = rate / (1.0 - rate) / odds;
    let doublings = (0..DOUBLINGS).rev().find(|&at| times >= f64::from(1_u32 << at));
    let Some(doublings) = doublings else { return 0 };
    let within = times / f64::from(1_u32 << doublings) - 1.0;
    (POINTS_OF_DOUBLING * (f64::from(doublings) + within.min(1.0))) as i64
}

/// A number with so many digits that matter.
fn rounded(number: f64) -> f64 {
    format!("{number:.3e}").parse().unwrap_or(number)
}

/// A number as rules write it.
fn written(number: f64) -> String {
    let text = format!("{number}");
    if text.contains('.') { text } else { text + ".0" }
}

/// What is known of lines when a risk is learned.
pub(super) struct Given<'a> {
    /// Lines to learn from, and held-out ones.
    pub(super) learn: &'a [u32],
    pub(super) held: &'a [u32],
    /// Which lines share values that no result may be told by.
    pub(super) same: Option<&'a [u32]>,
    /// The name of the risk, the fields that its keys may have (all without names), the status of its rule.
    pub(super) name: &'a str,
    pub(super) fields: &'a [String],
    pub(super) status: &'a str,
}

/// The risk that foretells results best, and what it says of lines; `None` where no key foretells better than the average.
pub(super) fn risk(
    lines: &LabelledLines,
    given: &Given<'_>,
) -> Result<Option<(LearnedRisk, RiskSays)>, MineError> {
    let candidates = candidates(lines, given.fields)?;
    let has_result =
        |line: &&u32| lines.whole[**line as usize].is_some() && lines.days[**line as usize].is_some();
    let learn: Vec<u32> = given.learn.iter().filter(has_result).copied().collect();
    if learn.is_empty() {
        return Ok(None);
    }
    let mut known = learn.clone();
    known.sort_by_key(|&line| (lines.known_on[line as usize], line));
    let lines = Lines { lines, learn, held: given.held.to_vec(), known, same: given.same };
    let (mut all, mut hits) = (0.0, 0.0);
    for &line in &lines.learn {
        all += lines.weight(line);
        hits += if lines.found(line) { lines.weight(line) } else { 0.0 };
    }
    // Half a result of each kind keeps it from certainty.
    let smallest = 0.5 * all / lines.learn.len() as f64;
    let prior = rounded((hits + smallest) / (all + 2.0 * smallest));
    let (mut loss, all) = lines.loss(&vec![prior; lines.lines.len()]);
    let alone = sum(&loss) / all;
    // From broad to narrow.
    let mut levels: Vec<Level> = Vec::new();
    while levels.len() < LEVELS_MAX {
        let with = |fields: &[usize]| {
            let keys = keys_of(&candidates, fields);
            let level = Level { fields: fields.to_vec(), counts: lines.counts(&keys), keys, strength: 0.0 };
            let at = levels.partition_point(|other| other.keys.count <= level.keys.count);
            let (broader, narrower) = levels.split_at(at);
            let all: Vec<&Level> = broader.iter().chain([&level]).chain(narrower).collect();
            let loss = best_strengths(&lines, prior, &all).1;
            (at, level, loss)
        };
        let next = next_fields(&candidates, &levels);
        let losses: Vec<Vec<f64>> = next.par_iter().map(|fields| with(fields).2).collect();
        let better = next.into_iter().zip(&losses).filter(|(_, with)| is_better(&loss, with));
        let best = better.min_by(|a, b| sum(a.1).total_cmp(&sum(b.1)));
        let Some((fields, _)) = best else { break };
        let (at, level, with) = with(&fields);
        levels.insert(at, level);
        loss = with;
    }
    // A level that others have made idle goes.
    let mut at = 0;
    while levels.len() > 1 && at < levels.len() {
        let level = levels.remove(at);
        let without = best_strengths(&lines, prior, &levels.iter().collect::<Vec<_>>()).1;
        if sum(&without) <= sum(&loss) {
            loss = without;
        } else {
            levels.insert(at, level);
            at += 1;
        }
    }
    let strengths = best_strengths(&lines, prior, &levels.iter().collect::<Vec<_>>()).0;
    levels.iter_mut().zip(strengths).for_each(|(level, strength)| level.strength = strength);
    if levels.is_empty() {
        return Ok(None);
    }
    Ok(Some(told(&lines, given, &candidates, &levels, prior, alone)))
}

/// The risk of these levels, in words, as text, and on lines.
fn told(
    lines: &Lines<'_>,
    given: &Given<'_>,
    candidates: &[Candidate],
    levels: &[Level],
    prior: f64,
    alone: f64,
) -> (LearnedRisk, RiskSays) {
    let mut rates_now = vec![prior; lines.lines.len()];
    let mut told = Vec::new();
    for level in levels {
        rates_now = rates(&rates_now, &level.counts, level.strength);
        let (loss, all) = lines.loss(&rates_now);
        let known = lines.learn.iter().filter(|&&line| level.counts.inspected[line as usize] > 0.0).count();
        let mut keys: Vec<u32> = lines.learn.iter().map(|&line| level.keys.of_line[line as usize]).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|&key| key != MISSING);
        told.push(RiskLevel {
            fields: level.fields.iter().map(|&field| candidates[field].name.clone()).collect(),
            strength: level.strength,
            keys: keys.len() as u64,
            known: known as f64 / lines.learn.len() as f64,
            log_loss: sum(&loss) / all,
        });
    }
    let odds = rounded(prior / (1.0 - prior));
    let mut says = RiskSays::default();
    let last = levels.last();
    for (line, &rate) in rates_now.iter().enumerate() {
        let results = last.map_or(0.0, |last| last.counts.inspected[line] + last.strength);
        let deviation = (rate * (1.0 - rate) / (results + 1.0)).sqrt();
        let upper = (rate + DEVIATIONS * deviation).min(1.0);
        let held = rate.clamp(CERTAIN, 1.0 - CERTAIN);
        says.log_odds.push(((held / (1.0 - held)).ln() * 1_000.0).round() as i64);
        says.points.push(points(upper, odds));
    }
    let judged = |&line: &u32| (says.points[line as usize], lines.found(line), lines.lines.weight(line));
    let held = lines.held.iter().filter(|&&line| lines.lines.whole[line as usize].is_some());
    let judgement = Judgement::weighed(held.map(judged).collect());
    let name = given.name;
    let rule = format!("RISK-{}", name.to_uppercase());
    let mut risk = LearnedRisk {
        name: name.to_owned(),
        levels: told,
        prior,
        log_loss: alone,
        judgement,
        rhai: String::new(),
        toml: String::new(),
        rule,
    };
    risk.toml = toml(&risk);
    risk.rhai = laid_out(rhai(&risk, odds, given.status));
    (risk, says)
}

/// `[risks.NAME]`
fn toml(risk: &LearnedRisk) -> String {
    let level = |level: &RiskLevel| {
        let fields: Vec<String> = level.fields.iter().map(|field| format!("{field:?}")).collect();
        format!("    [{}],\n", fields.join(", "))
    };
    let strengths: Vec<String> = risk.levels.iter().map(|level| written(level.strength)).collect();
    format!(
        "[risks.{}]\nlevels = [\n{}]\nprior = {}\nstrength = [{}]\ndeviations = {}\n",
        risk.name,
        risk.levels.iter().map(level).collect::<String>(),
        written(risk.prior),
        strengths.join(", "),
        written(DEVIATIONS)
    )
}

/// The rule that gives points by the upper bound of the rate.
fn rhai(risk: &LearnedRisk, odds: f64, status: &str) -> String {
    let name = &risk.name;
    let steps: Vec<String> = (0..DOUBLINGS)
        .rev()
        .map(|at| {
            let points = written(POINTS_OF_DOUBLING * f64::from(at));
            let times = written(f64::from(1_u32 << at));
            format!("if times >= {times} {{ {points} + 17.0 * min(times / {times} - 1.0, 1.0) }}")
        })
        .collect();
    format!(
        "// By how many times the odds of a finding may exceed those of all goods, {odds}: 17 points double them.\n\
         rule(\"{}\", #{{\n    title:  \"Goods like these were found bad\",\n    status: \"{status}\",\n    score:  |d| {{\n        \
         let upper = min(d.{name}_upper, {RATE_MAX});\n        let times = upper / (1.0 - upper) / {odds};\n        let points = {}\n        \
         else {{ 0.0 }};\n        points.to_int()\n    }},\n    when:   |d| d.{name}_upper > {},\n    \
         reason: |d| `${{(d.{name}_rate * 100.0).to_int()}} % of goods like these, up to ${{(d.{name}_upper * 100.0).to_int()}} %`,\n    \
         tags:   [\"learned\"],\n}});\n",
        risk.rule,
        steps.join("\n        else "),
        written(risk.prior)
    )
}

#[cfg(test)]
mod tests;
