//! Rules whose hit rate falls, or that fire no more.

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Month, Rule, SelectionKind, Status};

use super::open::{Known, State};
use super::{MonthHits, Proposal, RuleDecay, Share, WatchOptions};
use crate::statistics::{false_discovery, normal_above, trend};
use qingfeng_inspection::evidence::Judged;

/// The months that count as the last.
const LAST_MONTHS: usize = 3;
/// The kinds of selection, each a stratum of the trend.
const KINDS: [SelectionKind; 3] = [SelectionKind::Mandatory, SelectionKind::Targeted, SelectionKind::Random];
/// How likely silence may be by chance to be one.
const SILENCE: f64 = 0.01;

/// Inspections and findings, by kind of selection.
type Hits = [[u64; 2]; 3];

#[derive(Default)]
struct Fired {
    count: u64,
    first: Option<Date>,
    last: Option<Date>,
    months: BTreeMap<Month, Hits>,
}

/// The trend of some kinds of selection together: negative is falling.
fn trend_of(months: &BTreeMap<Month, Hits>, kinds: &[usize]) -> Option<f64> {
    let first = *months.keys().next()?;
    let of_kind = |&kind: &usize| {
        months
            .iter()
            .map(|(&month, hits)| (month.since(first) as f64, hits[kind][0], hits[kind][1]))
            .collect()
    };
    trend(kinds.iter().map(of_kind))
}

/// The hit rates of rules over time, as they are counted.
#[derive(Default)]
pub(super) struct DecayCounts {
    fired: Vec<Fired>,
    /// The weights of drawn inspections with a result, and of those with a finding.
    drawn: [f64; 2],
    drawn_results: u64,
    last_day: Option<Date>,
}

impl DecayCounts {
    pub fn new(known: &Known) -> Self {
        let mut counts = Self::default();
        counts.fired.resize_with(known.evidence.rules.len(), Fired::default);
        counts
    }

    /// Counts a declaration.
    pub fn add(&mut self, known: &Known, judged: &Judged) {
        let Self { fired, drawn, drawn_results, last_day } = self;
        *last_day = (*last_day).max(judged.day);
        let inspection = known.inspection(judged);
        let result = inspection.and_then(|inspection| match inspection.state {
            State::Found(found) => Some((inspection.inspection, found)),
            _ => None,
        });
        if let Some((inspection, found)) = result
            && inspection.selected == SelectionKind::Random
        {
            // The hit rate of a draw, each weighed by the inverse of its chance (Hajek 1971).
            let weight = 1.0 / inspection.probability.max(1e-9);
            drawn[0] += weight;
            drawn[1] += if found { weight } else { 0.0 };
            *drawn_results += 1;
        }
        for &rule in judged.rules.iter() {
            let Some(fired) = fired.get_mut(rule as usize) else { continue };
            fired.count += 1;
            fired.last = fired.last.max(judged.day);
            fired.first = match (fired.first, judged.day) {
                (Some(first), Some(day)) => Some(first.min(day)),
                (first, day) => first.or(day),
            };
            if let Some((inspection, found)) = result {
                let kind = KINDS.iter().position(|kind| *kind == inspection.selected).unwrap_or(0);
                let hits = &mut fired.months.entry(Month::of(inspection.day)).or_default()[kind];
                hits[0] += 1;
                hits[1] += u64::from(found);
            }
        }
    }
}

/// The hit rates of rules over time.
pub(super) fn decay(counted: DecayCounts, known: &Known, options: &WatchOptions) -> Vec<RuleDecay> {
    let rules = &known.evidence.rules;
    let DecayCounts { fired, drawn, drawn_results, last_day } = counted;
    let base = (drawn_results >= options.least_count && drawn[0] > 0.0).then(|| drawn[1] / drawn[0]);
    let mut decays: Vec<RuleDecay> = fired
        .iter()
        .zip(rules)
        .filter(|(fired, _)| fired.count > 0)
        .map(|(fired, rule)| of_rule(rule, fired))
        .collect();
    let tested: Vec<usize> = (0..decays.len()).filter(|&at| decays[at].p.is_some()).collect();
    let adjusted = false_discovery(&tested.iter().filter_map(|&at| decays[at].p).collect::<Vec<_>>());
    for (&at, adjusted) in tested.iter().zip(&adjusted) {
        decays[at].p_adjusted = Some(*adjusted);
    }
    let of_rule = fired.iter().filter(|fired| fired.count > 0);
    for (decay, fired) in decays.iter_mut().zip(of_rule) {
        decay.silent_days = silence(fired, last_day, options);
        decay.proposal = proposal(decay, base, options);
    }
    decays
}

fn of_rule(rule: &str, fired: &Fired) -> RuleDecay {
    let all = |hits: &Hits, at: usize| hits.iter().map(|of_kind| of_kind[at]).sum::<u64>();
    let months: Vec<MonthHits> = fired
        .months
        .iter()
        .map(|(&month, hits)| MonthHits {
            month: month.to_string(),
            inspected: all(hits, 0),
            found: all(hits, 1),
            random: hits[2][0],
            random_found: hits[2][1],
        })
        .collect();
    let share = |months: &[MonthHits]| {
        Share::new(
            months.iter().map(|month| month.found).sum(),
            months.iter().map(|month| month.inspected).sum(),
        )
    };
    let inspected: u64 = months.iter().map(|month| month.inspected).sum();
    let mut half = 0;
    let mut so_far = 0;
    while half < months.len() && so_far * 2 < inspected {
        so_far += months[half].inspected;
        half += 1;
    }
    // Of few months the last ones must not be among the first.
    let last_from = months.len().saturating_sub(LAST_MONTHS);
    let first = &months[..half.min(if last_from > 0 { last_from } else { months.len() })];
    let is_enough = months.len() >= 3;
    let z = if is_enough { trend_of(&fired.months, &[0, 1, 2]) } else { None };
    RuleDecay {
        rule: rule.to_owned(),
        fired: fired.count,
        last_fired: fired.last,
        first: share(first),
        last: share(&months[last_from..]),
        last_from: months.get(last_from).map(|month| month.month.clone()),
        months,
        z,
        p: z.map(|z| normal_above(-z)),
        p_adjusted: None,
        z_random: if is_enough { trend_of(&fired.months, &[2]) } else { None },
        silent_days: None,
        proposal: Proposal::Keep,
        place: None,
        change: None,
    }
}

/// Whether a rule fired before and is silent now, longer than chance would have it: the days of silence.
fn silence(fired: &Fired, last_day: Option<Date>, options: &WatchOptions) -> Option<i32> {
    let (first, last, now) = (fired.first?, fired.last?, last_day?);
    let silent = now.days() - last.days();
    let active = f64::from(last.days() - first.days() + 1);
    let chance = (-(fired.count as f64) / active * f64::from(silent)).exp();
    let is_long = i64::from(silent) >= i64::from(options.silent_days);
    (is_long && fired.count >= options.least_count && chance < SILENCE).then_some(silent)
}

fn proposal(decay: &RuleDecay, base: Option<f64>, options: &WatchOptions) -> Proposal {
    if decay.silent_days.is_some() {
        return Proposal::Retire;
    }
    let (Some(first), Some(last)) = (decay.first.share, decay.last.share) else { return Proposal::Keep };
    let falls = decay.p_adjusted.is_some_and(|p| p <= options.level)
        && decay.last.of >= options.least_count
        && first >= last * options.least_ratio;
    match (falls, base) {
        (false, _) => Proposal::Keep,
        (true, Some(base)) if last <= base => Proposal::Retire,
        (true, _) if decay.last.hits == 0 => Proposal::Retire,
        (true, _) => Proposal::Review,
    }
}

/// What to write in the rule file. Nothing for a rule that counts no more.
pub(super) fn change(decay: &RuleDecay, rule: &Rule, as_of: Option<Date>) -> Option<String> {
    let old = |name: &str, value: Option<String>| {
        value.map_or(String::new(), |value| format!(" in place of {name} {value}"))
    };
    match decay.proposal {
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
