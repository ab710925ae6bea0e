//! Small worlds: a policy, capacities, declarations.

use std::sync::Arc;

use proptest::prelude::*;
use qingfeng_rules::selection::{
    Amount, CellPart, Exploration, InspectionCost, Least, Mandatory, Millionths, Quota, QuotaOf, RandomLeast,
    RandomRates, Stratum, TraderLimits, Worth,
};
use qingfeng_rules::{ChannelId, Date, Selection};

use super::super::draw::{DayKey, Key};
use super::super::{
    AssessedDeclaration, Candidates, Capacity, Plan, Planner, Policy, PolicyRule, PolicySite,
};
use crate::outcomes::Timeline;
use qingfeng_store::Violation;
use qingfeng_store::{Outcome, Verdict};

pub(super) const DAYS: [&str; 3] = ["2016-09-05", "2016-09-06", "2016-09-07"];

pub(super) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) policy: Policy,
    pub(super) capacity: Capacity,
    pub(super) candidates: Candidates,
    pub(super) outcomes: Option<Timeline>,
}

pub(super) fn key(number: u64) -> Key {
    Key::from_bytes(blake3::hash(&number.to_le_bytes()).as_bytes()).unwrap()
}

impl World {
    pub(super) fn plan(&self, number: u64) -> Plan {
        let key = key(number);
        self.plan_by(&|day| Some(key.of_day(day)))
    }

    pub(super) fn planner(&self) -> Planner<'_> {
        let planner = Planner::new(&self.policy, &self.capacity);
        match &self.outcomes {
            Some(outcomes) => planner.with_outcomes(outcomes),
            None => planner,
        }
    }

    pub(super) fn plan_by(&self, key: &(dyn Fn(Date) -> Option<DayKey> + Sync)) -> Plan {
        self.planner().plan(&self.candidates, date(DAYS[1]), date(DAYS[2]), key).unwrap()
    }
}

pub(super) fn selection() -> Selection {
    Selection {
        offices: vec!["market".into(), "port".into()],
        trader: None,
        groups: vec!["batteries".into(), "toys".into()],
        trader_classes: Vec::new(),
        worth: Worth::Findings,
        targeted_from: ChannelId(1),
        mandatory: Mandatory::default(),
        random: RandomRates {
            rate: Millionths(100_000),
            strata: vec![Stratum::Group],
            at_least: RandomLeast::Stratum,
            rates: Vec::new(),
        },
        quotas: Vec::new(),
        cost: InspectionCost {
            declaration: 10,
            line: 5,
            hundred_packages: 2,
            most: None,
            groups: vec![("toys".into(), 8)],
            points_per_hour: 60,
        },
        traders: TraderLimits::default(),
        exploration: Exploration::default(),
        visits: None,
        capacity: Vec::new(),
        overrides: Vec::new(),
    }
}

/// Three sites: a market and two ports. Three rules: one forces, one is young, one is neither.
pub(super) fn policy(selection: Selection) -> Policy {
    let site = |name: &str, kind: &str| PolicySite { name: name.into(), kind: Some(kind.into()) };
    let rule = |id: &str, from: Option<&str>, mandatory: Option<&str>| PolicyRule {
        id: id.into(),
        from: from.map(date),
        mandatory: mandatory.map(str::to_owned),
    };
    Policy {
        selection,
        sites: vec![site("yiwu", "market"), site("ningbo", "port"), site("dalian", "port")],
        rules: vec![
            rule("FORCE", None, Some("rule FORCE forces red")),
            rule("YOUNG", Some("2016-09-01"), None),
            rule("OLD", Some("2015-01-01"), None),
        ],
        channels: ["green", "yellow", "red"].map(str::to_owned).to_vec(),
    }
}

pub(super) fn candidate(day: &str, number: u32) -> AssessedDeclaration {
    AssessedDeclaration {
        sites: Arc::from([0]),
        trader_class: "known".into(),
        ..AssessedDeclaration::new(&format!("D{number:05}"), Some(date(day)))
    }
}

/// What the inspection of a declaration found on a day.
pub(super) fn outcome(declaration_id: &str, day: Date, found: bool) -> Outcome {
    let verdict = if found { Verdict::Violation(Violation::Fake) } else { Verdict::Clear };
    Outcome::new(declaration_id, day, verdict)
}

pub(super) fn candidates(mut all: Vec<AssessedDeclaration>) -> Candidates {
    all.sort_by(|a, b| (a.day, &a.declaration_id).cmp(&(b.day, &b.declaration_id)));
    Candidates { read: all.len() as u64, all, ..Candidates::default() }
}

fn any_candidate() -> impl Strategy<Value = AssessedDeclaration> {
    let value = prop_oneof![
        Just(None),
        (0..1_000_000_u32).prop_map(|value| Some(f64::from(value))),
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-5.0), Just(1e300)].prop_map(Some),
    ];
    let packages =
        prop_oneof![Just(None), (0..2_000_i64).prop_map(Some), Just(Some(-7)), Just(Some(i64::MAX))];
    let sites = prop::sample::subsequence(vec![0_u32, 1, 2], 0..=3);
    let rules = prop::sample::subsequence(vec![0_u32, 1, 2], 0..=3);
    (
        (0..3_usize, sites, 0..4_u8, 0..3_usize, 1..5_usize),
        (packages, value, prop_oneof![8 => 0..120_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)], 0..3_u8),
        (rules, any::<bool>()),
    )
        .prop_map(
            |((day, sites, trader, group, lines), (packages, value, score, channel), (rules, forced))| {
                let group: Arc<str> = ["batteries", "toys", "other"][group].into();
                let rules: Vec<u32> = rules.into_iter().filter(|&rule| rule != 0 || forced).collect();
                AssessedDeclaration {
                    sites: sites.into(),
                    trader: (trader > 0).then(|| format!("E{trader}").into()),
                    trader_class: ["unnamed", "known", "new", "trusted"][usize::from(trader)].into(),
                    line_groups: vec![Arc::clone(&group); lines].into(),
                    group,
                    packages,
                    value,
                    score,
                    channel: ChannelId(channel),
                    rules: rules.into(),
                    ..candidate(DAYS[day], 0)
                }
            },
        )
}

fn any_selection() -> impl Strategy<Value = Selection> {
    let least = prop_oneof![
        (0..6_u32).prop_map(Least::Count),
        (0..500_000_u32).prop_map(|share| Least::Share(Millionths(share))),
    ];
    let of = prop_oneof![
        Just(QuotaOf::Kind("port".into())),
        Just(QuotaOf::Kind("market".into())),
        Just(QuotaOf::Site("dalian".into())),
    ];
    let quotas = prop::collection::vec((of, least), 0..3);
    let rate = prop_oneof![Just(0), 0..300_000_u32, Just(1_000_000)];
    let strata = prop::sample::subsequence(vec![Stratum::Group, Stratum::TraderClass], 0..=2);
    let limits = (prop::option::of(1..3_u32), prop::option::of(1..3_u32));
    (rate, strata, any::<[bool; 2]>(), quotas, limits, 0..400_000_u32, 0..2_u8).prop_map(
        |(rate, strata, [by_day, by_value], quotas, (inspections, per_day), share, channel)| Selection {
            targeted_from: ChannelId(channel),
            worth: if by_value { Worth::Value } else { Worth::Findings },
            random: RandomRates {
                rate: Millionths(rate),
                strata,
                at_least: if by_day { RandomLeast::Day } else { RandomLeast::Stratum },
                rates: Vec::new(),
            },
            quotas: quotas
                .into_iter()
                .enumerate()
                .map(|(at, (of, least))| Quota { name: format!("q{at}"), of, least })
                .collect(),
            traders: TraderLimits { inspections, days: 60, pause_days: 30, per_day },
            exploration: Exploration {
                share: Millionths(share),
                young_days: 30,
                young_results: 2,
                cell: vec![CellPart::Band, CellPart::Group],
            },
            ..selection()
        },
    )
}

pub(super) fn any_world() -> impl Strategy<Value = World> {
    let amount = prop_oneof![
        (0..12_u32).prop_map(Amount::Inspections),
        (0..400_u32).prop_map(Amount::Points),
        Just(Amount::Inspections(1_000)),
    ];
    let amounts = prop::collection::vec(amount, 1..=3);
    let declarations = prop::collection::vec((any_candidate(), prop::option::of(any::<bool>())), 0..70);
    (any_selection(), amounts, declarations, any::<bool>()).prop_map(
        |(selection, amounts, declarations, with_outcomes)| {
            let names = ["yiwu", "ningbo", "dalian"];
            let (mut all, mut outcomes) = (Vec::new(), Vec::new());
            for (number, (candidate, found)) in declarations.into_iter().enumerate() {
                let id = format!("D{number:05}");
                outcomes.extend(found.map(|found| outcome(&id, candidate.day.unwrap(), found)));
                all.push(AssessedDeclaration { declaration_id: id.into(), ..candidate });
            }
            World {
                policy: policy(selection),
                capacity: Capacity::of_sites(names.into_iter().zip(amounts)),
                candidates: candidates(all),
                outcomes: with_outcomes.then(|| Timeline::new(outcomes)),
            }
        },
    )
}
