//! Visits: who is chosen for what is known, that the order of inputs, the plan of inspections and the threads change nothing,
//! and that stated probabilities are true.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use qingfeng_rules::selection::{Amount, Millionths, Visits};
use qingfeng_rules::{ChannelId, Date, Month, SelectionKind};
use qingfeng_store::Verdict;

use super::super::visits::{PlannedVisits, Visit};
use super::super::{AssessedDeclaration, Candidates, Capacity, Plan, Planner, Policy, PolicySite};
use super::world::{candidate, candidates, date, key, outcome, policy, selection};
use crate::outcomes::Timeline;

/// Two producing areas beside a market and two ports: 3 is `east`, 4 is `west`.
fn visiting(per_month: u32, random: u32, pause_days: u32) -> Policy {
    let mut visits = Visits::new("production", per_month);
    visits.random = Millionths(random);
    visits.pause_days = pause_days;
    let mut policy = policy(selection());
    policy.selection.visits = Some(visits);
    policy.sites.extend(
        ["east", "west"].map(|name| PolicySite { name: name.into(), kind: Some("production".into()) }),
    );
    policy
}

/// A declaration of an enterprise at sites, in a channel.
fn declared(day: &str, number: u32, enterprise: &str, sites: &[u32], channel: u8) -> AssessedDeclaration {
    AssessedDeclaration {
        sites: sites.into(),
        trader: Some(enterprise.into()),
        channel: ChannelId(channel),
        score: [5, 45, 85][usize::from(channel)],
        ..candidate(day, number)
    }
}

fn visited(day: &str, enterprise: &str, verdict: Verdict) -> Visit {
    let outcomes = vec![qingfeng_store::Outcome::new("", date(day), verdict)];
    Visit { visited_on: date(day), site: "east".into(), enterprise: enterprise.into(), outcomes }
}

/// What a planner plans from.
struct Given<'g> {
    policy: &'g Policy,
    candidates: &'g Candidates,
    outcomes: Option<&'g Timeline>,
    visited: &'g [Visit],
    number: u64,
}

impl Given<'_> {
    fn plan(&self, [from, until]: [&str; 2], with_visits: bool) -> Plan {
        let capacity = Capacity::of_sites([("yiwu", Amount::Inspections(5))]);
        let key = key(self.number);
        let mut planner = Planner::new(self.policy, &capacity);
        if let Some(outcomes) = self.outcomes {
            planner = planner.with_outcomes(outcomes);
        }
        if with_visits {
            planner = planner.with_visits(self.visited, Some(&key));
        }
        let day_key = |day: Date| Some(key.of_day(day));
        planner.plan(self.candidates, date(from), date(until), &day_key).unwrap()
    }
}

/// The visits of a plan: `2016-09 east targeted E1`.
fn told(plan: &Plan) -> Vec<String> {
    let of = |planned: &PlannedVisits| -> Vec<String> {
        let PlannedVisits { month, site, visits, .. } = planned;
        let told =
            visits.iter().map(|visit| format!("{month} {site} {} {}", visit.kind.name(), visit.enterprise));
        told.collect()
    };
    plan.visits.iter().flat_map(of).collect()
}

#[test]
fn the_worthiest_are_visited_for_what_was_declared_before_the_month() {
    let all = || {
        vec![
            // Much of what may not be targeted is worth no visit; E2 has more that may be than E1.
            declared("2016-08-01", 1, "E0", &[3], 0),
            declared("2016-08-01", 2, "E0", &[3], 0),
            declared("2016-08-02", 3, "E1", &[3], 1),
            declared("2016-08-02", 4, "E2", &[0, 3], 1),
            declared("2016-08-03", 5, "E2", &[3], 1),
            // Two of three are in the west, so that is where it is visited.
            declared("2016-08-03", 6, "E3", &[3], 2),
            declared("2016-08-04", 7, "E3", &[4], 2),
            declared("2016-08-04", 8, "E3", &[4], 2),
            // Known too late, at no site that has visits, of nobody.
            declared("2016-09-01", 9, "E4", &[3], 2),
            declared("2016-08-05", 10, "E5", &[0], 2),
            AssessedDeclaration { trader: None, ..declared("2016-08-05", 11, "", &[3], 2) },
            AssessedDeclaration { day: None, ..declared("2016-08-05", 12, "E6", &[3], 2) },
        ]
    };
    let clear = [visited("2016-08-20", "E2", Verdict::Clear)];
    for (what, per_month, random, pause_days, visited, days, wanted) in [
        (
            "by worth",
            9,
            0,
            0,
            &[][..],
            ["2016-09-05", "2016-09-06"],
            vec!["2016-09 east targeted E2", "2016-09 east targeted E1", "2016-09 west targeted E3"],
        ),
        (
            "as many as there are places",
            1,
            0,
            0,
            &[][..],
            ["2016-09-01", "2016-09-01"],
            vec!["2016-09 east targeted E2", "2016-09 west targeted E3"],
        ),
        (
            "the draw keeps its place, and takes who is left",
            3,
            1,
            0,
            &[][..],
            ["2016-09-05", "2016-09-06"],
            vec![
                "2016-09 east targeted E2",
                "2016-09 east targeted E1",
                "2016-09 east random E0",
                "2016-09 west targeted E3",
            ],
        ),
        (
            "not again within the pause",
            9,
            0,
            12,
            &clear[..],
            ["2016-09-05", "2016-09-06"],
            vec!["2016-09 east targeted E1", "2016-09 west targeted E3"],
        ),
        (
            "the pause is over",
            9,
            0,
            11,
            &clear[..],
            ["2016-09-05", "2016-09-06"],
            vec!["2016-09 east targeted E2", "2016-09 east targeted E1", "2016-09 west targeted E3"],
        ),
        (
            "a plan of two months pauses whom it has itself",
            1,
            0,
            30,
            &[][..],
            ["2016-09-30", "2016-10-01"],
            vec!["2016-09 east targeted E2", "2016-09 west targeted E3", "2016-10 east targeted E4"],
        ),
        ("nothing is known", 9, 0, 0, &[][..], ["2016-08-01", "2016-08-31"], vec![]),
    ] {
        let (policy, candidates) = (visiting(per_month, random, pause_days), candidates(all()));
        let given = Given { policy: &policy, candidates: &candidates, outcomes: None, visited, number: 1 };
        assert_eq!(told(&given.plan(days, true)), wanted, "{what}");
    }
}

#[test]
fn a_visit_says_what_is_known_of_the_enterprise() {
    let with_rules = |one: AssessedDeclaration, rules: &[u32], score: i64| AssessedDeclaration {
        rules: rules.into(),
        score,
        line_groups: ["toys", "other"].map(Into::into).into(),
        ..one
    };
    let candidates = candidates(vec![
        with_rules(declared("2016-08-01", 1, "E1", &[3], 1), &[1, 2], 60),
        with_rules(declared("2016-08-02", 2, "E1", &[3], 1), &[2], 40),
        with_rules(declared("2016-08-03", 3, "E1", &[3], 0), &[2], 90),
        declared("2016-08-03", 4, "E1", &[4], 2),
    ]);
    let policy = visiting(2, 0, 0);
    let outcomes = Timeline::new([outcome("D00001", date("2016-09-01"), true)]);
    let visit = |outcomes| {
        let given = Given { policy: &policy, candidates: &candidates, outcomes, visited: &[], number: 1 };
        let plan = given.plan(["2016-09-05", "2016-09-06"], true);
        assert_eq!((plan.visits[0].enterprises, plan.visits[1].enterprises), (1, 0));
        plan.visits[0].visits[0].clone()
    };
    let known = visit(None);
    assert_eq!((known.declarations, known.items, known.rules.clone()), (3, 6, vec![2, 1]));
    assert_eq!((known.channel, known.score), (ChannelId(1), 60), "of the gravest channel");
    assert!(
        known.why.starts_with("findings expected in 2 declarations that may be targeted: 0."),
        "{}",
        known.why
    );
    // What is found in the month changes nothing of it, though the plan of its later days has learnt it.
    assert_eq!(visit(Some(&outcomes)), known);
    let before = Timeline::new([outcome("D00001", date("2016-08-31"), true)]);
    assert!(visit(Some(&before)).worth > known.worth);
}

#[test]
fn who_is_waived_or_still_open_is_paused_as_it_was() {
    let candidates = candidates(vec![declared("2016-08-01", 1, "E1", &[3], 1)]);
    let policy = visiting(2, 0, 60);
    for (verdict, day, is_visited) in [
        (Verdict::Waived, "2016-08-20", true),
        (Verdict::Open, "2016-08-20", false),
        // Not known when the month begins.
        (Verdict::Clear, "2016-09-01", true),
    ] {
        let visited = [visited(day, "E1", verdict)];
        let given =
            Given { policy: &policy, candidates: &candidates, outcomes: None, visited: &visited, number: 1 };
        let plan = given.plan(["2016-09-05", "2016-09-06"], true);
        assert_eq!(plan.visits[0].visits.len() == 1, is_visited, "{verdict:?} {day}");
        assert_eq!(plan.visits[0].paused, u64::from(!is_visited), "{verdict:?} {day}");
    }
}

/// Forty enterprises of which ten may be targeted; three of nine places are drawn.
#[test]
fn enterprises_are_visited_as_often_as_is_stated() {
    const KEYS: u64 = 4_000;
    let all = (0..40).map(|number| {
        let channel = u8::from(number % 4 == 0);
        declared("2016-08-01", number, &format!("E{number}"), &[3 + number % 2], channel)
    });
    let (policy, candidates) = (visiting(9, 300_000, 0), candidates(all.collect()));
    let mut times: BTreeMap<String, u64> = BTreeMap::new();
    let mut stated: BTreeMap<String, f64> = BTreeMap::new();
    for number in 0..KEYS {
        let given = Given { policy: &policy, candidates: &candidates, outcomes: None, visited: &[], number };
        for planned in given.plan(["2016-09-05", "2016-09-05"], true).visits {
            assert_eq!(planned.visits.len() as u64, planned.targeted() + 3);
            for visit in planned.visits {
                let enterprise = visit.enterprise.to_string();
                assert_eq!(*stated.entry(enterprise.clone()).or_insert(visit.probability), visit.probability);
                *times.entry(enterprise).or_default() += 1;
            }
        }
    }
    // Ten even ones are targeted in the east but for what the draw keeps: six of ten; the others of it and the west are drawn.
    assert_eq!(times.len(), 40);
    let (mut sum, mut open) = (0.0, 0.0);
    for (enterprise, &times) in &times {
        let probability = stated[enterprise];
        let variance = KEYS as f64 * probability * (1.0 - probability);
        if variance == 0.0 {
            assert_eq!(times, KEYS, "{enterprise}");
            continue;
        }
        sum += (times as f64 - KEYS as f64 * probability).powi(2) / variance;
        open += 1.0;
    }
    assert_eq!(open, 34.0);
    assert!(sum < open + 5.0 * (2.0_f64 * open).sqrt(), "{sum} for {open}");
}

/// Declarations of half a year, of few enterprises, and what earlier visits there were.
fn any_year() -> impl Strategy<Value = (Vec<AssessedDeclaration>, Vec<Visit>)> {
    let sites = prop::sample::subsequence(vec![0_u32, 3, 4], 0..=3);
    let declaration = (0..180_i64, 0..9_u8, sites, 0..3_u8, any::<bool>());
    let earlier =
        (0..240_i64, 0..9_u8, prop::sample::select(vec![Verdict::Clear, Verdict::Waived, Verdict::Open]));
    let begin = date("2016-03-01");
    (prop::collection::vec(declaration, 0..80), prop::collection::vec(earlier, 0..6)).prop_map(
        move |(declarations, earlier)| {
            let day = |days: i64| begin.plus_days(days).unwrap().to_string();
            let all =
                declarations.into_iter().zip(0..).map(|((days, trader, sites, channel, named), number)| {
                    let one = declared(&day(days), number, &format!("E{trader}"), &sites, channel);
                    AssessedDeclaration { trader: one.trader.filter(|_| named), ..one }
                });
            let visits = earlier
                .into_iter()
                .map(|(days, trader, verdict)| visited(&day(days), &format!("E{trader}"), verdict));
            (all.collect(), visits.collect())
        },
    )
}

proptest! {
    #[test]
    fn visits_keep_what_the_policy_says_whatever_the_order(
        (mut all, visited) in any_year(),
        (per_month, random, pause_days) in (1..4_u32, prop_oneof![Just(0), 0..=1_000_000_u32], 0..90_u32),
        turns in 0..80_usize,
        number in any::<u64>(),
    ) {
        let policy = visiting(per_month, random, pause_days);
        let days = ["2016-05-11", "2016-09-02"];
        let results: Vec<_> = all.iter().step_by(3).map(|one| outcome(&one.declaration_id, one.day.unwrap(), true)).collect();
        let outcomes = Timeline::new(results.clone());
        let sorted = candidates(all.clone());
        let given = Given { policy: &policy, candidates: &sorted, outcomes: Some(&outcomes), visited: &visited, number };
        let plan = given.plan(days, true);

        // The order of declarations, results and earlier visits.
        let turn = turns.min(all.len());
        all.rotate_left(turn);
        all.reverse();
        let (turned, mut earlier) = (candidates(all), visited.clone());
        earlier.reverse();
        let outcomes = Timeline::new(results.into_iter().rev());
        let again = Given { candidates: &turned, outcomes: Some(&outcomes), visited: &earlier, ..given }.plan(days, true);
        prop_assert_eq!(&again, &plan);
        // The plan of inspections is the same without visits.
        let alone = given.plan(days, false);
        prop_assert_eq!((&alone.days, &alone.no_office, alone.outcomes), (&plan.days, &plan.no_office, plan.outcomes));
        prop_assert!(alone.visits.is_empty());

        let months: BTreeSet<Month> = plan.visits.iter().map(|planned| planned.month).collect();
        prop_assert_eq!(months.len(), 5);
        for planned in &plan.visits {
            let begins = planned.month.day(1);
            prop_assert!(planned.visits.len() <= per_month as usize);
            let asked = Millionths(random).of_at_least(per_month.into());
            prop_assert_eq!(planned.random(), asked.min(planned.population));
            for visit in &planned.visits {
                let earlier = visited.iter().filter(|of| of.enterprise == visit.enterprise && of.was_made());
                let earlier = earlier.map(|of| of.visited_on).filter(|day| *day < begins);
                for day in earlier {
                    prop_assert!(i64::from(begins.days() - day.days()) > i64::from(pause_days), "{:?}", visit);
                }
                prop_assert!(visit.probability > 0.0 && visit.probability <= 1.0);
                prop_assert!(visit.kind == SelectionKind::Random || visit.probability == 1.0);
                prop_assert!(visit.declarations > 0 && visit.kind != SelectionKind::Mandatory);
            }
        }
        // No enterprise twice in a month or within the pause, at whatever site.
        let mut last: BTreeMap<&str, Date> = BTreeMap::new();
        for month in months {
            let of_month = plan.visits.iter().filter(|planned| planned.month == month).flat_map(|planned| &planned.visits);
            for visit in of_month {
                let before = last.insert(&visit.enterprise, month.day(31));
                if let Some(before) = before {
                    prop_assert!(i64::from(month.day(1).days() - before.days()) > i64::from(pause_days));
                }
            }
        }
    }
}
