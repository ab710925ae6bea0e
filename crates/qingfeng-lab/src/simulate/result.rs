//! What a simulation comes to.

use std::ops::AddAssign;

use serde::Serialize;

use super::options::{Adversaries, Arm, Offices};
use super::tactics::Tactic;

/// A simulation that was run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulated {
    /// The pack whose rules and policy were tried, `name@version#digest`.
    pub pack: String,
    /// The other pack, by which arms with the part `other` were run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// The seed of the first world.
    pub seed: u64,
    /// How many worlds.
    pub seeds: u32,
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: String,
    /// How many days.
    pub days: u32,
    /// Goods lines of a day, on average.
    pub lines_per_day: u64,
    /// Inspections of a day, where they were given as a number.
    pub inspections_per_day: Option<u32>,
    /// Which declarations shared an office.
    pub offices: Offices,
    /// Who adapted, and how fast.
    pub adversaries: Adversaries,
    /// The arms, in the order in which they were given.
    pub arms: Vec<ArmResult>,
}

/// A mean over worlds, with the interval in which the mean of all possible worlds lies with a confidence of 95 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end; missing where there is one world alone, which says nothing of others.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// What an arm came to, all worlds together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmResult {
    /// The arm.
    pub arm: Arm,
    /// Its figures.
    pub figures: Figures<Estimate>,
    /// The same less those of the first arm in the same world; missing for the first arm.
    pub difference: Option<Figures<Estimate>>,
    /// Month by month, all worlds together.
    pub months: Vec<Month>,
    /// By what exporters who adapt did, all worlds together.
    pub tactics: Vec<TacticResult>,
    /// How naive and corrected hit rates of rules compare with the truth; missing where no rule was inspected often enough.
    pub rules: Option<RuleTruth>,
    /// Each world alone, in the order of seeds.
    pub worlds: Vec<WorldResult>,
}

/// The figures by which arms are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures<T> {
    /// Consignments that violate and were found, of a year of 366 days.
    pub found_a_year: T,
    /// Inspections that found something, as a share of all inspections.
    pub hit_rate: T,
    /// The same of targeted inspections.
    pub targeted_hit_rate: T,
    /// The same of drawn inspections.
    pub random_hit_rate: T,
    /// Violating consignments that were found, as a share of all of them.
    pub found_share: T,
    /// The same by value.
    pub found_value_share: T,
    /// The same as `found_share`, of the last third of the days: after adversaries and rules had their time.
    pub late_found_share: T,
    /// Inspections that were drawn, as a share of all of them.
    pub drawn_share: T,
    /// Violating consignments lodged where nobody inspects, as a share of all of them.
    pub out_of_reach_share: T,
}

/// Counts of consignments and inspections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Declarations lodged.
    pub declarations: u64,
    /// Consignments that violate, before anybody split them.
    pub violations: u64,
    /// Those of which some part was found.
    pub violations_found: u64,
    /// The value of what violates, in cents.
    pub value_cents: u64,
    /// The value found, in cents.
    pub value_found_cents: u64,
    /// Violating consignments lodged where nobody inspects.
    pub out_of_reach: u64,
    /// Inspections of all kinds.
    pub inspections: u64,
    /// Those that found something.
    pub hits: u64,
    /// Targeted inspections.
    pub targeted: u64,
    /// Those that found something.
    pub targeted_hits: u64,
    /// Drawn inspections.
    pub drawn: u64,
    /// Those that found something.
    pub drawn_hits: u64,
    /// Declarations that exporters who adapt changed before they lodged them.
    pub disguised: u64,
}

impl Counts {
    /// The counts with their names, in the order of a table.
    pub fn named(mut self) -> [(&'static str, u64); 13] {
        self.each().map(|(name, count)| (name, *count))
    }

    fn each(&mut self) -> [(&'static str, &mut u64); 13] {
        [
            ("declarations", &mut self.declarations),
            ("disguised", &mut self.disguised),
            ("violations", &mut self.violations),
            ("violations_found", &mut self.violations_found),
            ("value_cents", &mut self.value_cents),
            ("value_found_cents", &mut self.value_found_cents),
            ("out_of_reach", &mut self.out_of_reach),
            ("inspections", &mut self.inspections),
            ("hits", &mut self.hits),
            ("targeted", &mut self.targeted),
            ("targeted_hits", &mut self.targeted_hits),
            ("drawn", &mut self.drawn),
            ("drawn_hits", &mut self.drawn_hits),
        ]
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for ((_, sum), (_, more)) in self.each().into_iter().zip(other.named()) {
            *sum += more;
        }
    }
}

/// A month of all worlds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Month {
    /// The month: `2016-03`.
    pub month: String,
    /// Its counts.
    pub counts: Counts,
    /// The share of its violating consignments that was found.
    pub found_share: Estimate,
    /// The share of its inspections that found something.
    pub hit_rate: Estimate,
}

/// What became of a tactic.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TacticResult {
    /// The tactic; `None` is the exporters who adapt while they declare as they always did.
    pub tactic: Option<Tactic>,
    /// Violating consignments lodged by it.
    pub violations: u64,
    /// Those found.
    pub violations_found: u64,
    /// Times that an exporter took it up.
    pub taken_up: u64,
    /// Those that ended with a finding.
    pub ended_found: u64,
    /// Of these, the ones where the draw made that finding.
    pub ended_by_draw: u64,
    /// Days from the first consignment to the finding, the mean of those that ended so.
    pub days_to_found: Option<f64>,
    /// Violating consignments that passed before the finding, the mean of those that ended so.
    pub passed_before: Option<f64>,
    /// Days from the first use by anybody in a world to the first finding by any inspection, the mean over the worlds
    /// where there was one.
    pub days_to_first: Option<f64>,
}

/// How estimates of the hit rates of rules compare with the truth, all worlds together. A rule in each world counts once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RuleTruth {
    /// Rules of which at least 30 declarations were inspected.
    pub rules: u64,
    /// The naive hit rates of these: violations of what was inspected, with the interval of Wilson (1927).
    pub naive: Accuracy,
    /// Those of them of which the draw tells what was not inspected.
    pub corrected_rules: u64,
    /// The corrected hit rates of these ([`qingfeng_insight::effect::Estimate`]); missing where nothing was drawn.
    pub corrected: Option<Accuracy>,
    /// What the intervals promise.
    pub confidence: f64,
    /// Violating declarations of all worlds, as inspections and their probabilities estimate them; missing where nothing
    /// was drawn.
    pub estimated_violations: Option<f64>,
    /// As many as there are among those that belong to an office.
    pub violating_declarations: u64,
}

/// How far figures are from the truth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// Figure less truth, the mean.
    pub bias: f64,
    /// The mean distance from the truth.
    pub error: f64,
    /// The share of intervals that held the truth.
    pub held: f64,
}

/// One world under one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorldResult {
    /// Its seed.
    pub seed: u64,
    /// Its counts.
    pub counts: Counts,
    /// Its figures.
    pub figures: Figures<f64>,
    /// The number of violating consignments that was estimated from inspections and their probabilities (Horvitz and
    /// Thompson 1952); missing where nothing was drawn.
    pub estimated_violations: Option<f64>,
    /// Those declarations that do violate and belong to an office: what the estimate is of.
    pub violating_declarations: u64,
    /// How many times points were fitted.
    pub calibrations: u32,
    /// Its counts month by month.
    pub months: Vec<WorldMonth>,
    /// The rules of which enough was inspected, in the order of their ids.
    pub rules: Vec<RuleWorth>,
}

/// A month of a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorldMonth {
    /// The month: `2016-03`.
    pub month: String,
    /// Its counts.
    pub counts: Counts,
}

/// A rule in a world: what is said of it, and the truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleWorth {
    /// The rule.
    pub rule: String,
    /// Declarations on which it fired, of those that belong to an office.
    pub fired: u64,
    /// Those inspected.
    pub inspected: u64,
    /// The share of all on which it fired that violates: what nobody outside a simulation knows.
    pub truth: f64,
    /// The share of those inspected that violates.
    pub naive: f64,
    /// Its interval.
    pub naive_interval: [f64; 2],
    /// The share estimated with the probabilities of selection ([`qingfeng_insight::effect::Estimate`]); missing where nothing was
    /// drawn of the rest, or some of it could not be.
    pub corrected: Option<f64>,
    /// Its interval.
    pub corrected_interval: [f64; 2],
}
