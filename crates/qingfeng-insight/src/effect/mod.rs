//! The worth of rules: what they find, and what they would find if everything on which they fire were inspected.
//!
//! ```text
//! Evidence ──tally──▶ what fired, was inspected, was found ──estimate──▶ rates with intervals
//!          ──months, overlaps, lines──▶ RuleEffect ──state──▶ young, good, tired, dead
//!          ──score──▶ CapacityPoint
//! ```
//!
//! Hit rates of what was selected make a rule look as good as the selection: a rule that fires together with a strong one
//! is inspected where the strong one fires, and nowhere else. So each rate stands here twice: as it was seen, and as the
//! draw says it is ([`Estimate`]). How, and from which sources, is told in [`estimate`].
//!
//! The unit is the declaration, since declarations are what plans select. With [`EffectOptions::lines`] a rule has found
//! something only where the violation is on a goods line on which it fired.

mod capacity;
pub mod estimate;
mod lines;
mod overlap;
mod rows;
mod rules;
mod state;
pub(crate) mod tally;
#[cfg(test)]
mod tests;
mod trend;

use qingfeng_rules::{Date, Pack, Status};
use serde::Serialize;

pub use estimate::{Estimate, Rate};
pub use lines::FiredLines;
pub use rows::{effect_rows, effect_schema};

/// The capacities at which precision and recall are told, as shares of all declarations.
pub const CAPACITIES: [f64; 7] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// How the worth of rules is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectOptions {
    /// How often intervals shall hold the truth, in (0, 1).
    pub level: f64,
    /// The capacities at which precision and recall are told, as shares of all declarations, in (0, 1].
    pub capacities: Vec<f64>,
    /// Points that an officer works off in an hour, where outcomes do not say how long an inspection took and plans cost
    /// points.
    pub points_per_hour: Option<f64>,
    /// Rules that should be there, though they may never have fired, with titles.
    pub known: Vec<KnownRule>,
    /// On which goods lines rules fired.
    pub lines: Option<FiredLines>,
    /// When a rule is young, tired or dead.
    pub thresholds: Thresholds,
    /// The width of a score band.
    pub band: u32,
    /// How many partners of a rule are told.
    pub partners: usize,
}

impl Default for EffectOptions {
    fn default() -> Self {
        Self {
            level: 0.95,
            capacities: CAPACITIES.to_vec(),
            points_per_hour: None,
            known: Vec::new(),
            lines: None,
            thresholds: Thresholds::default(),
            band: 10,
            partners: 5,
        }
    }
}

impl EffectOptions {
    /// The options with the rules of a pack and its points per hour.
    pub fn with_pack(mut self, pack: &Pack) -> Self {
        self.known = pack
            .rules
            .iter()
            .filter(|rule| matches!(rule.status, Status::Active | Status::Shadow))
            .map(|rule| KnownRule {
                id: rule.id.as_str().into(),
                title: rule.title.clone(),
                shadow: rule.status == Status::Shadow,
            })
            .collect();
        let points = pack.selection.as_ref().map(|selection| f64::from(selection.cost.points_per_hour));
        self.points_per_hour = self.points_per_hour.or(points);
        self
    }
}

/// A rule of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRule {
    /// Its id.
    pub id: Box<str>,
    /// Its title.
    pub title: String,
    /// Whether it is on trial.
    pub shadow: bool,
}

/// When a rule is young, tired or dead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// Fewer results make a rule young.
    pub young_results: u64,
    /// A rule that first fired less than so many days before the last day of the evidence is young, where the evidence
    /// begins earlier.
    pub young_days: u32,
    /// So many results without a finding make a rule dead.
    pub dead_results: u64,
    /// A rule that has not fired for so many days is dead.
    pub dead_days: u32,
    /// How unlikely a fall of the hit rate must be by chance to make a rule tired.
    pub tired_level: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { young_results: 30, young_days: 28, dead_results: 100, dead_days: 90, tired_level: 0.01 }
    }
}

/// The state of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It finds, and nothing says that it finds less than it did.
    Good,
    /// Too few results or days to say.
    Young,
    /// Its hit rate fell, or lies below that of the draw.
    Tired,
    /// It never fires, no longer fires, or finds nothing.
    Dead,
}

impl State {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Young => "young",
            Self::Tired => "tired",
            Self::Dead => "dead",
        }
    }
}

/// How a rate compares with that of all declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Its interval lies above.
    Above,
    /// The intervals touch.
    Alike,
    /// Its interval lies below.
    Below,
}

/// What is known of a group of declarations: those on which a rule fired, of a channel, of a band of scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
pub struct Part {
    /// Its name: a channel, `70–79`, `targeted`, an office, a pack.
    pub name: String,
    /// What is known of it.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What only one rule found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
pub struct Month {
    /// `2016-09`.
    pub month: String,
    /// Declarations on which it fired.
    pub fired: u64,
    /// Those inspected, with a result.
    pub inspected: u64,
    /// Those of them with a violation.
    pub found: u64,
}

/// How a hit rate changed from month to month, by how declarations were selected (Armitage 1955, Mantel 1963).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// The test's statistic, about normal where nothing changed: below 0 the hit rate fell.
    pub z: f64,
    /// How likely so great a fall is by chance.
    pub p_fall: f64,
    /// How likely so great a rise is by chance.
    pub p_rise: f64,
    /// The hit rate seen in the earlier half of the results.
    pub earlier: f64,
    /// The hit rate seen in the later half.
    pub later: f64,
}

/// What a rule is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleEffect {
    /// Its id.
    pub rule: Box<str>,
    /// Its title, where the pack is at hand.
    pub title: Option<String>,
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
    /// Whether that difference is certain enough.
    pub standing: Option<Standing>,
    /// What no other active rule found.
    pub only: Only,
    /// The rules that fire on most of the same declarations, by Jaccard's index.
    pub overlaps: Vec<Overlap>,
    /// Month by month.
    pub months: Vec<Month>,
    /// How its hit rate changed; `None` without results in two months.
    pub trend: Option<Trend>,
    /// Its state.
    pub state: State,
    /// Why it has that state, in words.
    pub reason: String,
    /// The same in Chinese.
    pub reason_zh: String,
}

/// Precision and recall where the best of the score are inspected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapacityPoint {
    /// The capacity, as a share of all declarations.
    pub share: f64,
    /// The same in declarations.
    pub inspections: u64,
    /// The score of the last one inspected; among those of equal score chance decides.
    pub score: i64,
    /// Violations among them, estimated.
    pub found: Option<f64>,
    /// Violations of an inspection: estimate and interval.
    pub precision: Option<Rate>,
    /// The part of all violations that they are.
    pub recall: Option<f64>,
    /// Precision of an inspection by chance.
    pub random: Option<f64>,
    /// Precision of who knows all violations.
    pub ideal: Option<f64>,
    /// Recall of who knows all violations.
    pub ideal_recall: Option<f64>,
}

/// What rules and packs are worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// How often intervals shall hold the truth.
    pub level: f64,
    /// Whether findings were set to goods lines.
    pub by_lines: bool,
    /// The first and the last day of the declarations.
    pub days: Option<(Date, Date)>,
    /// All declarations: its estimate is the hit rate of chance.
    pub all: Figures,
    /// By how they were selected: mandatory, targeted, random.
    pub kinds: Vec<Part>,
    /// By channel, in the order of the mean score.
    pub channels: Vec<Part>,
    /// By band of the score, the lowest first.
    pub bands: Vec<Part>,
    /// By office, in the order of names: those that a plan of the office's day could choose.
    pub offices: Vec<Part>,
    /// By pack, in the order of names.
    pub packs: Vec<Part>,
    /// Precision and recall at each capacity.
    pub capacity: Vec<CapacityPoint>,
    /// Active rules and shadow rules, by worth: what they are estimated to find, the most first.
    pub rules: Vec<RuleEffect>,
    /// Declarations that no draw could choose: those of no office, or whose stratum's draw was cut to nothing.
    pub without_chance: u64,
    /// Outcomes of declarations that no plan selected, which are not counted.
    pub unplanned: u64,
    /// Planned inspections of declarations that were not assessed.
    pub planned_elsewhere: u64,
    /// By what states were decided.
    pub thresholds: Thresholds,
}
