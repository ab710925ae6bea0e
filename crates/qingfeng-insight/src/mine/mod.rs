//! Rules proposed from labelled history: what declarations said, and what inspections of them found.
//!
//! ```text
//! lines of the learning time ──facets──▶ codes, bands, words ──additive──▶ points of each, beside the others
//!                                   └──search──▶ conjunctions that the points do not explain
//!        ──confirm, on later days──▶ what holds ──levels──▶ rules ──judge, on held-out days──▶ what they are worth
//! ```
//!
//! Nothing of the held-out days is seen before the last step: bands, lists of codes, points and the choice of rules come
//! from learning days alone. Within these, what is proposed must hold again on days after those on which it was found,
//! and that at a rate of false discoveries over all that was tried (Benjamini and Hochberg 1995).
//!
//! Where plans selected the lines, each stands for as many as 1/probability of its selection (Horvitz and Thompson 1952),
//! in what is learned, in what is tried and in what is shown. What the pack's own rules say of a line is known beforehand:
//! only what goes beyond it is learned.
//!
//! A rule is a list of codes, a band of numbers, a word, or a conjunction of up to three of them; its points are the
//! logarithm of the odds in whole points, 25 for each unit, as an additive scorecard has them. So the
//! sum over the rules that fired ranks declarations as a logistic regression (with a ridge, Hoerl and Kennard 1970) would.
mod additive;
mod beside;
mod choose;
mod facets;
mod judge;
mod lines;
mod rhai;
mod risk;
mod run;
mod search;
mod selected;

use qingfeng_rules::{Date, Status};
use serde::Serialize;

use qingfeng::internals::shown;

pub use judge::{BestShare, Judgement};
pub use lines::{LabelledLines, Labels, LineOptions, labelled_schema};
pub use rhai::rule_file;
pub use risk::{LearnedRisk, RiskLevel};
pub use run::{learn, mine};

use crate::statistics::wilson;

/// Points of one unit of log odds: 17 points double the odds.
const POINTS_PER_LOG_ODDS: f64 = 25.0;
/// Points of rules are multiples of this.
const POINTS_STEP: i64 = 5;
/// The file of a pack with mined rules. A new one takes its place, so that its rules are none of those that new rules stand
/// beside.
pub const MINED_FILE: &str = "mined.rhai";
/// The most rules that can be asked for.
pub const MAX_RULES: usize = 1_000;
/// The most conditions of a rule.
pub const MAX_CONDITIONS: usize = 3;

/// How to look for rules.
#[derive(Clone, Debug, PartialEq)]
pub struct MineOptions {
    /// The last day to learn from; later lines are held out. Without it, all lines are learned from except those that
    /// were read to be judged.
    pub until: Option<Date>,
    /// The conditions of a rule at most, from 1 to [`MAX_CONDITIONS`].
    pub conditions: usize,
    /// The rules at most, from 1 to [`MAX_RULES`].
    pub most: usize,
    /// The lines of the learning time that a code, a band or a rule must have.
    pub least_lines: u32,
    /// Of the patterns that are confirmed, the share that may be chance.
    pub false_discoveries: f64,
    /// Fields whose values, taken together, no line to learn from may share with a held-out line. For data in which the
    /// same goods come back with the same result, so that a look into the past is a look at the answer.
    pub cold: Vec<String>,
    /// The status of the rules that are written.
    pub status: Status,
    /// What ids begin with; a hyphen and a number follow.
    pub prefix: String,
}

impl Default for MineOptions {
    fn default() -> Self {
        Self {
            until: None,
            conditions: 2,
            most: 30,
            least_lines: 20,
            false_discoveries: 0.05,
            cold: Vec::new(),
            status: Status::Shadow,
            prefix: "MINED".to_owned(),
        }
    }
}

/// How to learn a risk, and rules beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnOptions {
    /// The name of the risk in the pack: lower case letters, digits and `_`.
    pub name: String,
    /// The fields that keys of its levels may have; all codes and numbers of goods without any here. Computed fields cannot
    /// be keys.
    pub fields: Vec<String>,
    /// How rules are looked for beside it.
    pub mine: MineOptions,
}

/// Why no rules can be proposed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum MineError {
    /// [`MineOptions::conditions`] is out of bounds.
    #[error("a rule has 1 to {MAX_CONDITIONS} conditions, not {0}")]
    Conditions(usize),
    /// [`MineOptions::most`] is out of bounds.
    #[error("there can be 1 to {MAX_RULES} rules, not {0}")]
    Rules(usize),
    /// [`MineOptions::false_discoveries`] is out of bounds.
    #[error("the rate of false discoveries lies between 0 and 1")]
    FalseDiscoveries,
    /// [`MineOptions::prefix`] cannot begin an id.
    #[error("ids begin with 1 to {} letters, digits, `.`, `_` and `-`", run::PREFIX_MAX)]
    Prefix,
    /// [`LearnOptions::name`] cannot name a risk.
    #[error("`{}` cannot name a risk; use lower case letters, digits and `_`", shown(.0))]
    RiskName(String),
    /// A field of [`MineOptions::cold`] or [`LearnOptions::fields`] is none that conditions, or keys, may be on.
    #[error("`{field}` is no field that conditions may be on; these are: {}", known.join(", "))]
    NoField { field: String, known: Vec<String> },
    /// The column of labels is that of a field.
    #[error(
        "`{}` is read as the field `{field}` of the pack, so that rules could see the result; take the field out of the \
         schema, or name another column",
        shown(column)
    )]
    LabelIsField { column: String, field: String },
    /// The column of labels cannot stand beside the fields of a schema.
    #[error("{0}")]
    Label(String),
    /// No line is left to learn from beside the held-out ones.
    #[error("all lines share the values of the cold fields with held-out ones; name more fields")]
    AllCold,
    /// No line of the learning time has a result.
    #[error("no line with a result is of {0} or before; give a later --until")]
    NothingBefore(Date),
    /// No line has a result.
    #[error("no line has a result")]
    NoResult,
}

/// Of what a rate is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RatesOf {
    /// Of the lines that were given: nobody said how they were selected.
    LinesGiven,
    /// Of all trade that plans could select: each line counts by 1/probability of its selection.
    Trade,
}

/// The lines of all trade that inspected lines stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StandsFor {
    /// Lines: the sum of the weights.
    pub lines: f64,
    /// Lines with a finding.
    pub hits: f64,
    /// The sum of the squares of the weights.
    #[serde(skip)]
    pub squares: f64,
}

impl StandsFor {
    /// How many lines of equal weight would say as much (Kish 1965).
    pub fn effective(self) -> f64 {
        if self.squares > 0.0 { self.lines * self.lines / self.squares } else { 0.0 }
    }
}

/// Lines with a result, and those of them with a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Hits {
    /// Lines.
    pub lines: u64,
    /// Lines with a finding.
    pub hits: u64,
    /// What they stand for, where plans say how lines were selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trade: Option<StandsFor>,
}

impl Hits {
    /// Hits by lines, of all trade where plans say how lines were selected; `None` without lines.
    pub fn rate(self) -> Option<f64> {
        match self.trade {
            Some(trade) => (trade.lines > 0.0).then(|| (trade.hits / trade.lines).min(1.0)),
            None => (self.lines > 0).then(|| self.hits as f64 / self.lines as f64),
        }
    }

    /// The interval of the rate at 95 % (Wilson 1927), of lines that stand for others by their effective number; `None`
    /// without lines.
    ///
    /// ```
    /// use qingfeng_insight::mine::Hits;
    /// let (low, high) = Hits { lines: 100, hits: 30, ..Hits::default() }.interval().unwrap();
    /// assert_eq!((format!("{low:.3}"), format!("{high:.3}")), ("0.219".into(), "0.396".into()));
    /// ```
    pub fn interval(self) -> Option<(f64, f64)> {
        let (hits, lines) = match self.trade {
            Some(trade) => (self.rate()? * trade.effective(), trade.effective()),
            None => (self.hits as f64, self.lines as f64),
        };
        wilson(hits, lines, 0.95).map(|rate| (rate.low, rate.high))
    }

    /// Adds what others counted.
    pub(crate) fn append(&mut self, other: Self) {
        self.lines += other.lines;
        self.hits += other.hits;
        if let Some(other) = other.trade {
            let trade = self.trade.get_or_insert_default();
            trade.lines += other.lines;
            trade.hits += other.hits;
            trade.squares += other.squares;
        }
    }

    /// Counts a line, with its weight if it stands for others.
    pub(crate) fn add(&mut self, found: bool, weight: Option<f64>) {
        self.lines += 1;
        self.hits += u64::from(found);
        if let Some(weight) = weight {
            let trade = self.trade.get_or_insert_default();
            trade.lines += weight;
            trade.hits += if found { weight } else { 0.0 };
            trade.squares += weight * weight;
        }
    }
}

/// A proposed rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MinedRule {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its conditions in words, all of which must hold.
    pub conditions: Vec<String>,
    /// Its points.
    pub points: i64,
    /// What it found on learning days, the days that it was made from.
    pub learned: Hits,
    /// What rules of its kind (the same field and about as many points, or the same conjunction) found on learning days after
    /// those that they were made from.
    pub confirmed: Hits,
    /// What it found on held-out days.
    pub held_out: Hits,
    /// The interval of the hit rate on held-out days, at 95 %.
    pub interval: Option<(f64, f64)>,
    /// The hit rate on held-out days by that of all held-out lines.
    pub lift: Option<f64>,
    /// What it found on held-out days by what the rules of the pack lead to expect there; only beside them.
    pub lift_beside: Option<f64>,
    /// Why it looks like a result of inspections and not like a cause, if it does.
    pub suspicious: Option<String>,
    /// As a rule of a rule file.
    pub rhai: String,
}

/// A field that took no part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LeftOut {
    /// The field.
    pub field: String,
    /// Why.
    pub why: &'static str,
}

/// How well points rank held-out lines with the rules of the pack.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BesidePack {
    /// The active rules of the pack that new rules were learned beside.
    pub rules: u64,
    /// How well the points of the pack alone rank held-out lines.
    pub pack: Option<Judgement>,
    /// The same of these points and those of the new rules.
    pub both: Option<Judgement>,
}

/// What was proposed, and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Mined {
    /// Of what rates are.
    pub rates_of: RatesOf,
    /// What is to be known of the rates before they are used.
    pub warning: Option<&'static str>,
    /// First and last learning day.
    pub learned_days: Option<(Date, Date)>,
    /// First and last held-out day.
    pub held_out_days: Option<(Date, Date)>,
    /// Lines learned from.
    pub learned: Hits,
    /// Lines of the learning time that were not used since they share the values of the `cold` fields with held-out ones.
    pub dropped: u64,
    /// Held-out lines.
    pub held_out: Hits,
    /// Patterns that were tried on later days.
    pub tried: u64,
    /// Of these the confirmed ones.
    pub confirmed: u64,
    /// Rules that were confirmed and are not proposed, since on held-out lines they find the contrary of what their points
    /// say: a rule with points no more than the average, or than the pack's rules lead to expect, and one of negative
    /// points no less.
    pub refuted: u64,
    /// The rules, those that find most first.
    pub rules: Vec<MinedRule>,
    /// How well the sum of points ranks held-out lines.
    pub judgement: Option<Judgement>,
    /// What the rules of the pack do there; `None` where new rules were learned alone.
    pub beside: Option<BesidePack>,
    /// How well the points of the pack, of a learned risk and of these rules rank them together; only beside a risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_risk: Option<Judgement>,
    /// Fields that took no part.
    pub left_out: Vec<LeftOut>,
}

/// A risk, and the rules beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Learned {
    /// The risk; `None` where no key foretells results better than the average does.
    pub risk: Option<LearnedRisk>,
    /// The rules.
    #[serde(flatten)]
    pub mined: Mined,
}
