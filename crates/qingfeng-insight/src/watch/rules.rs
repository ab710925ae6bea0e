//! Rules that do harm, become worse, or are dead.

use qingfeng_rules::{Date, Rule, Status};

use super::open::Known;
use super::{Proposal, RuleWatch, WatchOptions};
use crate::effect::MonthEffect;
use crate::effect::tally::{Cases, Tally};
use crate::rating::{
    Facts, KnownRule, Rating, RuleCounts, Setting, Side, State, StateReason, Thresholds, Trend, ratings,
};
use qingfeng_inspection::evidence::Judged;

/// Active rules, as they are counted.
pub(super) struct RuleTallies<'e> {
    cases: Cases<'e>,
    /// Where each rule of the evidence stands among the known ones.
    places: Vec<Option<usize>>,
    all: Tally,
    days: Option<(Date, Date)>,
    rules: Vec<RuleCounts>,
}

impl<'e> RuleTallies<'e> {
    pub fn new(known: &Known<'e>, options: &WatchOptions) -> Self {
        let evidence = known.evidence;
        Self {
            cases: Cases::known(evidence, None, known.as_of),
            places: options.known.places(&evidence.rules),
            all: Tally::default(),
            days: None,
            rules: vec![RuleCounts::default(); evidence.rules.len()],
        }
    }

    /// Counts a declaration.
    pub fn add(&mut self, judged: &Judged, options: &WatchOptions) {
        let case = self.cases.of(judged);
        self.all.add(&case);
        if let Some(day) = judged.day {
            self.days = Some((self.days.map_or(day, |days| days.0), day));
        }
        for &rule in judged.rules.iter() {
            if let Some(counts) = self.rules.get_mut(rule as usize) {
                counts.add(judged.day, &case, &case);
            }
        }
        if let Some((rule, points)) = options.known.computed(judged, &self.places) {
            self.rules[rule as usize].gave(points);
        }
    }
}

/// What is to be thought of the rules that fired.
pub(super) fn rules(counted: &RuleTallies<'_>, known: &Known, options: &WatchOptions) -> Vec<RuleWatch> {
    let fired: Vec<usize> =
        (0..counted.rules.len()).filter(|&at| counted.rules[at].tally.fired > 0).collect();
    let of_pack = |at: usize| -> Option<&KnownRule> { options.known.rules.get(counted.places[at]?) };
    let facts = fired.iter().map(|&at| {
        let counts = &counted.rules[at];
        Facts { counts, side: of_pack(at).and_then(|rule| rule.side(counts.given)) }
    });
    let thresholds =
        Thresholds { level: options.level, dead_days: options.silent_days, ..Thresholds::default() };
    let chance = counted.cases.chance(&counted.all.sums.estimate(options.level));
    let setting = Setting { all: &counted.all, chance, days: counted.days, thresholds: &thresholds };
    let ratings = ratings(&facts.collect::<Vec<_>>(), &setting);
    let watched = fired.into_iter().zip(ratings).map(|(at, rating)| {
        let counts = &counted.rules[at];
        RuleWatch {
            rule: known.evidence.rules[at].to_string(),
            fired: counts.tally.fired,
            last_fired: counts.days.map(|days| days.1),
            months: counts.months.iter().map(MonthEffect::of).collect(),
            proposal: proposal(&rating, chance),
            rating,
            place: None,
            change: None,
        }
    });
    watched.collect()
}

fn proposal(rating: &Rating, chance: Option<f64>) -> Proposal {
    let is_useless = |later: f64| match (rating.side, chance) {
        (Some(Side::Risk), chance) => later <= chance.unwrap_or(0.0),
        (Some(Side::Relief), Some(chance)) => later >= chance,
        _ => false,
    };
    match (rating.state, rating.reason, rating.trend) {
        (State::Harmful | State::Dead, ..) => Proposal::Retire,
        (State::Tired, StateReason::Changed { .. }, Some(Trend { later, .. })) if is_useless(later) => {
            Proposal::Retire
        }
        (State::Tired, ..) => Proposal::Review,
        _ => Proposal::Keep,
    }
}

/// What to write in the rule file. Nothing for a rule that counts no more.
pub(super) fn change(watched: &RuleWatch, rule: &Rule, as_of: Option<Date>) -> Option<String> {
    let old = |name: &str, value: Option<String>| {
        value.map_or(String::new(), |value| format!(" in place of {name} {value}"))
    };
    match watched.proposal {
        Proposal::Keep => None,
        Proposal::Review => {
            Some(format!("status: \"shadow\",{}", old("status", Some(format!("\"{}\"", rule.status.name())))))
        }
        Proposal::Retire => {
            let until = old("until", rule.until.map(|day| format!("\"{day}\"")));
            Some(format!("until: \"{}\",{until}", as_of?))
        }
    }
}

/// Whether a rule of the pack still counts.
pub(super) fn counts(rule: &Rule, as_of: Option<Date>) -> bool {
    rule.status == Status::Active
        && match (rule.until, as_of) {
            (Some(until), Some(as_of)) => until > as_of,
            _ => true,
        }
}
