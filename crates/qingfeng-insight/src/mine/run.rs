//! From labelled lines to rules.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use qingfeng_rules::{Date, Pack};

use super::beside::{expected, log_odds};
use super::choose::choose;
use super::judge::Judgement;
use super::lines::{Data, LabelledLines};
use super::{
    BesidePack, Hits, LearnOptions, Learned, MAX_CONDITIONS, MAX_RULES, MineError, MineOptions, Mined,
    MinedRule, RatesOf, rhai, risk,
};

/// A rule looks like a result of inspections if this share of its lines has a finding,
const TOO_GOOD: f64 = 0.95;
/// it has this many lines or more,
const TOO_GOOD_LINES: u64 = 50;
/// and this share of all findings or more is on them.
const TOO_GOOD_SHARE: f64 = 0.1;
/// What is said where nobody said how lines were selected.
const LINES_GIVEN: &str = "The lines are taken as all of trade: rates are those of the lines given. If they were selected for inspection, give \
     the plans with --plan.";
/// Letters with which ids begin, at most.
pub(super) const PREFIX_MAX: usize = 50;

/// The first and the last day of lines that are in the order of days.
fn span(lines: &LabelledLines, of: &[u32]) -> Option<(Date, Date)> {
    let mut days = of.iter().filter_map(|&line| lines.days[line as usize]);
    let first = days.next()?;
    Some((first, days.next_back().unwrap_or(first)))
}

fn hits<'a>(lines: &LabelledLines, of: impl IntoIterator<Item = &'a u32>) -> Hits {
    let mut hits = Hits::default();
    of.into_iter().for_each(|&line| hits.add(lines.found[line as usize], lines.weight(line)));
    hits
}

fn in_words(days: Option<(Date, Date)>) -> String {
    days.map_or_else(|| "lines without a day".to_owned(), |(first, last)| format!("{first} to {last}"))
}

/// Which lines share the values of fields: those of one number do.
fn same_values(lines: &LabelledLines, fields: &[String]) -> Result<Option<Vec<u32>>, MineError> {
    if fields.is_empty() {
        return Ok(None);
    }
    let mut columns = Vec::new();
    for name in fields {
        let column = lines.column(name).ok_or_else(|| MineError::NoField {
            field: name.clone(),
            known: lines.columns.iter().map(|column| column.name.clone()).collect(),
        })?;
        columns.push(column);
    }
    let mut numbers: HashMap<Vec<u64>, u32, FixedState> = HashMap::default();
    let number = |line: usize| {
        let value = |data: &Data| match data {
            Data::Codes(codes, _) | Data::Texts(codes, _) => u64::from(codes[line]),
            Data::Numbers(numbers) => numbers[line].to_bits(),
        };
        let values = columns.iter().map(|column| value(&column.data)).collect();
        let next = numbers.len() as u32;
        *numbers.entry(values).or_insert(next)
    };
    Ok(Some((0..lines.len()).map(number).collect()))
}

/// Lines of `learn` that share no values with those of `later`.
pub(super) fn cold(same: Option<&[u32]>, learn: &[u32], later: &[u32]) -> Vec<u32> {
    let Some(same) = same else { return learn.to_vec() };
    let known: HashSet<u32, FixedState> = later.iter().map(|&line| same[line as usize]).collect();
    learn.iter().copied().filter(|&line| !known.contains(&same[line as usize])).collect()
}

/// The lines that are learned from, and those that are held out.
struct Split {
    learn: Vec<u32>,
    held: Vec<u32>,
    /// Which lines share their values, where that matters.
    same: Option<Vec<u32>>,
    /// Lines that are not learned from, since held-out ones have their values.
    dropped: u64,
}

impl Split {
    /// Of all lines of declarations with a result.
    fn of(lines: &LabelledLines, options: &MineOptions) -> Result<Self, MineError> {
        let all = 0..lines.len() as u32;
        let is_late = |line: u32| match options.until {
            Some(until) => lines.days[line as usize].is_some_and(|day| day > until),
            None => false,
        };
        let is_known = |line: u32| options.until.is_none() || lines.days[line as usize].is_some();
        let held: Vec<u32> =
            all.clone().filter(|&line| lines.to_judge[line as usize] || is_late(line)).collect();
        let to_learn = |line: &u32| !lines.to_judge[*line as usize] && !is_late(*line) && is_known(*line);
        let mut learn: Vec<u32> = all.filter(to_learn).collect();
        let before = learn.len();
        let same = same_values(lines, &options.cold)?;
        learn = cold(same.as_deref(), &learn, &held);
        let dropped = (before - learn.len()) as u64;
        if learn.is_empty() {
            return Err(match (options.until, dropped) {
                (_, 1..) => MineError::AllCold,
                (Some(until), _) => MineError::NothingBefore(until),
                (None, _) => MineError::NoResult,
            });
        }
        Ok(Self { learn, held, same, dropped })
    }

    /// Without lines that have no result of their own.
    fn labelled(mut self, lines: &LabelledLines, options: &MineOptions) -> Result<Self, MineError> {
        for of in [&mut self.learn, &mut self.held] {
            of.retain(|&line| lines.is_labelled[line as usize]);
        }
        match (self.learn.is_empty(), options.until) {
            (false, _) => Ok(self),
            (true, Some(until)) => Err(MineError::NothingBefore(until)),
            (true, None) => Err(MineError::NoResult),
        }
    }
}

fn check(options: &MineOptions) -> Result<(), MineError> {
    if !(1..=MAX_CONDITIONS).contains(&options.conditions) {
        return Err(MineError::Conditions(options.conditions));
    }
    if !(1..=MAX_RULES).contains(&options.most) {
        return Err(MineError::Rules(options.most));
    }
    if !(options.false_discoveries > 0.0 && options.false_discoveries < 1.0) {
        return Err(MineError::FalseDiscoveries);
    }
    let is_of_id = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if !options.prefix.chars().all(is_of_id) || !(1..=PREFIX_MAX).contains(&options.prefix.len()) {
        return Err(MineError::Prefix);
    }
    Ok(())
}

/// Learns how likely goods are to violate, and the rules that say what this does not.
///
/// The levels and the strength of the risk are those by which results of the learning time are foretold best, each by what was
/// known before its day. Rules are then learned as [`mine`] does, beside the rules of the pack and the risk.
///
/// # Errors
///
/// Those of [`mine`]; a field of [`LearnOptions::fields`] that is none, or is computed.
pub fn learn(pack: &Pack, lines: &mut LabelledLines, options: &LearnOptions) -> Result<Learned, MineError> {
    check(&options.mine)?;
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
    };
    if !is_name(&options.name) || options.name.len() > PREFIX_MAX {
        return Err(MineError::RiskName(options.name.clone()));
    }
    let split = Split::of(lines, &options.mine)?;
    let given = risk::Given {
        learn: &split.learn,
        held: &split.held,
        same: split.same.as_deref(),
        name: &options.name,
        fields: &options.fields,
        status: options.mine.status.name(),
    };
    let (learned, says) = risk::risk(lines, &given)?.unzip();
    lines.risk = says;
    let mined = mine(pack, lines, &options.mine)?;
    Ok(Learned { risk: learned, mined })
}

/// Proposes rules for a pack.
///
/// Lines up to [`MineOptions::until`] are learned from, later ones and those read to be judged are held out: what is said
/// of them was not used in learning. The answer does not depend on the order of the lines, nor on threads.
///
/// # Errors
///
/// Options out of their bounds, a field to keep cold that is none, no line to learn from.
///
/// ```no_run
/// use qingfeng::Engine;
/// use qingfeng_insight::mine::{LabelledLines, Labels, LineOptions, MineOptions, labelled_schema, mine};
/// use qingfeng::read::{Input, ReadOptions, Reader};
///
/// let engine = Engine::open("rules/import-fraud")?;
/// let schema = labelled_schema(&engine.pack().schema, "Fraud")?;
/// let input = |name: &str| Input::Path(format!("../shared/data/import-declarations/{name}").into());
/// let read = |name: &str, judge| Ok::<_, qingfeng::read::ReadError>(
///     (Reader::new(schema.clone(), vec![input(name)], ReadOptions::default())?, input(name), judge));
/// let readers = vec![read("train.csv", false)?, read("valid.csv", true)?];
/// let options = LineOptions { labels: &Labels::Column, plans: &[], parties: false, alone: false };
/// let lines = LabelledLines::read(&engine, readers, &options, None, &mut |_| {})?;
/// let mined = mine(engine.pack(), &lines, &MineOptions::default())?;
/// println!("{} rules", mined.rules.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mine(pack: &Pack, lines: &LabelledLines, options: &MineOptions) -> Result<Mined, MineError> {
    check(options)?;
    let Split { learn, held, same, dropped } = Split::of(lines, options)?.labelled(lines, options)?;
    let given = log_odds(lines, &learn, options.least_lines.max(1));
    let choice = choose(pack, lines, &learn, same.as_deref(), given.as_deref(), options);
    let (learned, held_out) = (hits(lines, &learn), hits(lines, &held));
    let (learned_days, held_out_days) = (span(lines, &learn), span(lines, &held));
    let learned_words = in_words(learned_days);
    let held_words = (!held.is_empty()).then(|| in_words(held_out_days));
    // What held-out days find by what the rules of the pack lead to expect, all lines having as many as they do.
    let found_by_expected = |hits: Hits, of: &[u32]| {
        let given = given.as_deref()?;
        let expected = expected(lines, given, of);
        let found = hits.trade.map_or(hits.hits as f64, |trade| trade.hits);
        (expected > 0.0).then(|| found / expected)
    };
    let all_by_expected = found_by_expected(held_out, &held).filter(|all| *all > 0.0);
    let mut judged = Vec::new();
    let mut refuted = 0;
    for chosen in choice.rules {
        let on: Vec<u32> = held.iter().copied().filter(|&line| chosen.pattern.holds(line)).collect();
        let later = hits(lines, &on);
        let lift =
            later.rate().zip(held_out.rate()).filter(|(_, all)| *all > 0.0).map(|(own, all)| own / all);
        let lift_beside = found_by_expected(later, &on).zip(all_by_expected).map(|(own, all)| own / all);
        let is_contrary = |lift: f64| if chosen.points > 0 { lift < 1.0 } else { lift > 1.0 };
        if [lift, lift_beside].into_iter().flatten().any(is_contrary) {
            refuted += 1;
        } else {
            judged.push((chosen, on, later, lift, lift_beside));
        }
    }
    let digits = judged.len().to_string().len().max(2);
    let mut points = vec![0_i64; lines.len()];
    let mut rules = Vec::new();
    for (at, (chosen, on, later, lift, lift_beside)) in judged.iter().enumerate() {
        let own = hits(lines, learn.iter().filter(|&&line| chosen.pattern.holds(line)));
        on.iter().for_each(|&line| points[line as usize] += chosen.points);
        let findings = |hits: Hits| hits.trade.map_or(hits.hits as f64, |trade| trade.hits);
        let share = findings(own) / findings(learned).max(1.0);
        let base = learned.rate().unwrap_or(0.0);
        let is_too_good = own.rate().is_some_and(|rate| rate >= TOO_GOOD.max((1.0 + base) / 2.0))
            && own.lines >= TOO_GOOD_LINES
            && share >= TOO_GOOD_SHARE;
        let conditions = rhai::words(pack, &chosen.pattern);
        let mut rule = MinedRule {
            id: format!("{}-{:0digits$}", options.prefix, at + 1),
            title: rhai::title(&conditions, chosen.points),
            conditions,
            points: chosen.points,
            learned: own,
            confirmed: chosen.confirmed,
            held_out: *later,
            interval: later.interval(),
            lift: *lift,
            lift_beside: *lift_beside,
            suspicious: is_too_good.then(|| {
                format!(
                    "Looks like a result, not a cause: {:.0} % of its lines have a finding, and {:.0} % of all findings are on them",
                    own.rate().unwrap_or(0.0) * 100.0,
                    share * 100.0
                )
            }),
            rhai: String::new(),
        };
        let facts = rhai::Facts {
            status: options.status.name(),
            learned_days: &learned_words,
            held_out_days: held_words.as_deref(),
        };
        rule.rhai = rhai::rule(pack, &chosen.pattern, &rule, &facts);
        rules.push(rule);
    }
    let ranked = |points: &dyn Fn(usize) -> i64| {
        let of =
            held.iter().map(|&line| (points(line as usize), lines.found[line as usize], lines.weight(line)));
        Judgement::weighed(of.collect())
    };
    let rates_of = if lines.weights.is_some() { RatesOf::Trade } else { RatesOf::LinesGiven };
    Ok(Mined {
        rates_of,
        warning: (rates_of == RatesOf::LinesGiven).then_some(LINES_GIVEN),
        learned_days,
        held_out_days,
        learned,
        dropped,
        held_out,
        tried: choice.tried,
        confirmed: choice.confirmed,
        refuted,
        rules,
        judgement: ranked(&|line| points[line]),
        beside: lines.pack.as_ref().map(|pack| BesidePack {
            rules: pack.rules,
            pack: ranked(&|line| pack.points[line]),
            both: ranked(&|line| pack.points[line] + points[line]),
        }),
        with_risk: lines.risk.as_ref().and_then(|risk| {
            let of_pack = |line: usize| lines.pack.as_ref().map_or(0, |pack| pack.points[line]);
            ranked(&|line| of_pack(line) + risk.points[line] + points[line])
        }),
        left_out: lines.left_out.clone(),
    })
}
