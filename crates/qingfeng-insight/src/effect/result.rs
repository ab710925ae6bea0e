//! What rules are worth, as data.

use qingfeng_rules::Date;
use serde::Serialize;

use super::estimate::Estimate;
use crate::rating::{Rating, Thresholds};
use crate::statistics::Rate;

/// What is known of a group of declarations: those on which a rule fired, of a channel, of a band of scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Declarations of the group.
    pub fired: u64,
    /// Those inspected, with a coded result.
    pub inspected: u64,
    /// Those of them with a violation. By goods lines: with one on a line on which the rule fired.
    pub found: u64,
    /// Selected, but without a coded result, or waived: neither found nor clear.
    pub unresolved: u64,
    /// Those inspected that a draw chose.
    pub drawn: u64,
    /// Those of them with a violation.
    pub drawn_found: u64,
    /// The hit rate as it was seen, `found / inspected`, with Wilson's interval. It is that of what was selected.
    pub seen: Option<Rate>,
    /// The hit rate had everything been inspected.
    pub estimate: Estimate,
    /// Pieces that violate.
    pub pieces: i64,
    /// Fines, in yuan.
    pub fines: f64,
    /// What the inspections cost, in points; in inspections where capacity is counted in them.
    pub cost: u64,
    /// Hours of officers, as outcomes tell them, else by the points of an hour; `None` where some inspection has neither.
    pub hours: Option<f64>,
    /// Findings in an hour of an officer.
    pub found_per_hour: Option<f64>,
    /// Fines in an hour of an officer, in yuan.
    pub fines_per_hour: Option<f64>,
}

/// A part of the declarations by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// Its name: a channel, `70–79`, `targeted`, an office, a pack.
    pub name: String,
    /// What is known of it.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What only one rule found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Only {
    /// Declarations on which no other active rule fired.
    pub fired: u64,
    /// Those of them inspected, with a result.
    pub inspected: u64,
    /// Those of them with a violation.
    pub found: u64,
}

/// A rule that fires on the same declarations.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Overlap {
    /// The other rule.
    pub rule: Box<str>,
    /// Declarations on which both fired.
    pub both: u64,
    /// What part of this rule's declarations that is.
    pub share: f64,
    /// Jaccard's index: both, of those on which either fired.
    pub jaccard: f64,
}

/// A month of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MonthEffect {
    /// `2016-09`.
    pub month: String,
    /// Declarations on which it fired.
    pub fired: u64,
    /// Those inspected, with a result.
    pub inspected: u64,
    /// Those of them with a violation.
    pub found: u64,
}

/// What a rule is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuleEffect {
    /// Its id.
    pub rule: Box<str>,
    /// Its title, where a pack was given.
    pub title: Option<String>,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// Whether it is on trial: it adds no points, and is never the reason of an inspection.
    pub shadow: bool,
    /// What is known of the declarations on which it fired.
    #[serde(flatten)]
    pub figures: Figures,
    /// Goods lines on which it fired, where they are given.
    pub lines: Option<u64>,
    /// The first day on which it fired.
    pub first_fired: Option<Date>,
    /// The last day on which it fired.
    pub last_fired: Option<Date>,
    /// How many times the hit rate of all declarations its own is, both estimated.
    pub lift: Option<f64>,
    /// What no other active rule found.
    pub only: Only,
    /// The rules that fire on most of the same declarations, by Jaccard's index.
    pub overlaps: Vec<Overlap>,
    /// Month by month.
    pub months: Vec<MonthEffect>,
    /// The part of its declarations that is at offices where nothing of it was drawn. The estimate takes them to be like those of
    /// other offices.
    pub undrawn: f64,
    /// What is to be thought of it.
    #[serde(flatten)]
    pub rating: Rating,
}

/// Precision and recall where the best of the score are inspected.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CapacityPoint {
    /// The capacity, as a share of all declarations.
    pub share: f64,
    /// The same in declarations.
    pub inspections: u64,
    /// The score of the last one inspected; among those of equal score chance decides.
    pub score: i64,
    /// Violations of an inspection, with what is expected among all of them.
    pub precision: Estimate,
    /// The part of all violations that they are.
    pub recall: Bounded,
    /// Pieces that violate among them, as what was seen and the draw tell it; `None` where nothing of something was drawn.
    pub pieces: Option<f64>,
    /// Their fines, in yuan, likewise.
    pub fines: Option<f64>,
    /// Precision of an inspection by chance.
    pub random: Option<f64>,
    /// Precision of who knows all violations.
    pub ideal: Option<f64>,
    /// Recall of who knows all violations.
    pub ideal_recall: Option<f64>,
}

/// A share that may be known within bounds alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bounded {
    /// The share; `None` where nothing of something was drawn.
    pub rate: Option<f64>,
    /// The lower bound of its interval.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// What rules and packs are worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Effect {
    /// The confidence level of intervals.
    pub level: f64,
    /// Whether findings are attributed to goods lines.
    pub by_lines: bool,
    /// The first and the last day of the declarations.
    pub days: Option<(Date, Date)>,
    /// All declarations: its estimate is the hit rate of chance.
    pub all: Figures,
    /// By how they were selected: mandatory, targeted, random.
    pub kinds: Vec<Part>,
    /// By channel, the gravest last.
    pub channels: Vec<Part>,
    /// By band of the score, the lowest first.
    pub bands: Vec<Part>,
    /// By office, in the order of names: those that a plan of the office's day could choose.
    pub offices: Vec<Part>,
    /// By pack, in the order of names.
    pub packs: Vec<Part>,
    /// Precision and recall at each capacity.
    pub capacity: Vec<CapacityPoint>,
    /// Active rules and shadow rules: harmful ones first, then by worth, what they are estimated to find, descending.
    pub rules: Vec<RuleEffect>,
    /// Declarations that no draw could choose: those of no office, or whose stratum's draw was cut to nothing.
    pub without_chance: u64,
    /// Declarations of offices from which nothing came back of what was selected as they were, or could have been.
    pub without_answer: u64,
    /// Outcomes of declarations that no plan selected, which are not counted.
    pub unplanned: u64,
    /// Planned inspections of declarations that were not assessed.
    pub planned_elsewhere: u64,
    /// Assessments that gave way to one in another channel, where no pack said which is the graver.
    pub guessed_channels: u64,
    /// How rules were judged.
    pub thresholds: Thresholds,
}
