//! What holds of every plan.

use std::collections::BTreeMap;

use proptest::prelude::*;
use qingfeng_rules::selection::{Amount, Least, Millionths, Quota, QuotaOf};

use super::super::plan::{Because, NoOffice};
use super::super::planner::PlanError;
use super::super::policy::{asked, units};
use super::super::sorted::Sorter;
use super::super::{
    Capacity, DeclarationDays, PlanInputs, PlanMarks, PlanSummaries, PlanSummary, PlannedDeclarations,
    left_out_rows, no_office_rows, plan_rows,
};
use super::world::*;
use qingfeng::Pipeline;
use qingfeng::read::ReadError;
use qingfeng_rules::SelectionKind;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_plan_keeps_its_promises(world in any_world(), number in 0..50_u64) {
        let plan = world.plan(number);
        let all = &world.candidates.all;
        let mut seen: BTreeMap<usize, u32> = BTreeMap::new();
        for planned in &plan.days {
            let cost = |at: usize| u64::from(world.policy.cost(&all[at], planned.capacity));
            let capacity = units(planned.capacity);
            let used: u64 = planned.selected.iter().map(|selected| cost(selected.candidate)).sum();
            prop_assert_eq!(used, planned.used);
            prop_assert!(used <= capacity, "{used} of {capacity}");

            let selected: BTreeMap<usize, SelectionKind> =
                planned.selected.iter().map(|selected| (selected.candidate, selected.kind)).collect();
            prop_assert_eq!(selected.len(), planned.selected.len(), "each once");
            prop_assert!(planned.selected.is_sorted_by_key(|selected| selected.kind));
            for selected in &planned.selected {
                *seen.entry(selected.candidate).or_default() += 1;
                prop_assert!(selected.probability > 0.0 && selected.probability <= 1.0, "{selected:?}");
                let is_random = selected.kind == SelectionKind::Random;
                let stratum = &planned.strata[selected.stratum];
                let said = if is_random { stratum.probability } else { 1.0 };
                prop_assert_eq!(selected.probability, said);
            }
            for left_out in &planned.left_out {
                prop_assert!(!selected.contains_key(&left_out.candidate), "{left_out:?}");
            }

            // What must be comes before all: whoever is missed would not have fitted with all that must be.
            let must: u64 = planned
                .selected
                .iter()
                .filter(|selected| selected.kind == SelectionKind::Mandatory)
                .map(|selected| cost(selected.candidate))
                .sum();
            let missed = planned.left_out.iter().filter(|left_out| left_out.kind == SelectionKind::Mandatory);
            for left_out in missed {
                prop_assert!(must + cost(left_out.candidate) > capacity || selected.is_empty() && capacity == 0);
            }

            // The draw: as many as the rates ask, or less and said so.
            let drawn = planned.strata.iter().map(|stratum| stratum.drawn).sum::<u64>();
            let is_cut = planned.strata.iter().any(|stratum| stratum.cut);
            let population: u64 = planned.strata.iter().map(|stratum| stratum.population).sum();
            for stratum in &planned.strata {
                let rate = f64::from(stratum.rate.0) / 1e6;
                prop_assert!(
                    stratum.cut || is_cut || stratum.population == 0 || stratum.probability >= rate * (1.0 - 1e-9),
                    "{stratum:?}"
                );
            }
            prop_assert!(drawn >= planned.draw_asked.min(population) || is_cut || drawn == population
                || planned.strata.iter().any(|stratum| stratum.population < stratum.asked), "{planned:?}");

            // Quotas: met, or all there was is taken, or the capacity before the draw is gone.
            for (quota, met) in world.policy.selection.quotas.iter().zip(&planned.quotas) {
                prop_assert_eq!(met.asked, asked(quota, planned.capacity));
                let could = planned.left_out.iter().filter(|left_out| {
                    left_out.kind == SelectionKind::Targeted
                        && !left_out.because.is_limit()
                        && world.policy.counts(quota, &all[left_out.candidate])
                });
                let before: u64 = planned
                    .selected
                    .iter()
                    .filter(|selected| selected.kind != SelectionKind::Random)
                    .map(|selected| cost(selected.candidate))
                    .sum();
                let room = capacity.saturating_sub(planned.reserved).saturating_sub(before);
                for left_out in could {
                    prop_assert!(met.selected >= met.asked || cost(left_out.candidate) > room, "{quota:?} {met:?}");
                }
            }
            let per_day = world.policy.selection.traders.per_day;
            let mut of_trader: BTreeMap<&str, u32> = BTreeMap::new();
            for selected in planned.selected.iter().filter(|selected| selected.kind == SelectionKind::Targeted) {
                if let Some(trader) = &all[selected.candidate].trader {
                    let had = of_trader.entry(trader).or_default();
                    *had += 1;
                    prop_assert!(per_day.is_none_or(|most| *had <= most), "{trader}");
                }
            }
            // Rows and summary take whatever comes.
            let rows = plan_rows(planned, &world.policy, all, Some("c"), &PlanMarks::default()).unwrap();
            prop_assert_eq!(rows.num_rows(), planned.selected.len());
            let rows = left_out_rows(planned, &world.policy, all, &PlanMarks::default()).unwrap();
            prop_assert_eq!(rows.num_rows(), planned.left_out.len());
        }
        prop_assert!(seen.values().all(|&times| times == 1));
        // Each assessment is somewhere, and in one place.
        let mut places: Vec<usize> = seen.keys().copied().collect();
        places.extend(plan.days.iter().flat_map(|day| &day.left_out).map(|left_out| left_out.candidate));
        places.extend(plan.no_office.iter().map(|of| of.candidate));
        places.sort_unstable();
        prop_assert_eq!(places, (0..all.len()).collect::<Vec<_>>());
        let rows = no_office_rows(&plan.no_office, &world.policy, all, &PlanMarks::default()).unwrap();
        prop_assert_eq!(rows.num_rows(), plan.no_office.len());
        let days = [date(DAYS[1]), date(DAYS[2])];
        let summary = PlanSummary::new(&plan, &world.candidates, &world.policy, days, true);
        let declared = all.iter().filter(|candidate| candidate.day >= Some(days[0])).count() as u64;
        prop_assert_eq!(summary.declarations, declared);
        prop_assert_eq!(summary.total.declarations + summary.without_office, declared);
        let planned: BTreeMap<usize, u32> = seen;
        let is_open = |at: &usize| {
            let known = plan.no_office.iter().any(|of| of.candidate == *at && of.because == Because::Known);
            !planned.contains_key(at) && !known
        };
        let of = |counts: &dyn Fn(usize) -> bool| (0..all.len()).filter(|at| is_open(at) && counts(*at)).count();
        let mandatory = of(&|at| world.policy.mandatory(&all[at]).is_some());
        prop_assert_eq!(summary.mandatory_not_inspected.declarations, mandatory as u64);
        let severest = of(&|at| all[at].channel.index() == 2);
        prop_assert_eq!(summary.severest_not_inspected.declarations, severest as u64);
    }

    /// A plan made day by day from declarations in a file, in any order, on one thread or two, is the plan made in memory.
    #[test]
    fn a_plan_by_day_is_the_plan(world in any_world(), number in 0..50_u64, room in 1_usize..2_000) {
        let days = [date(DAYS[1]), date(DAYS[2])];
        let mut sorter = Sorter::with_room(room);
        world.candidates.all.iter().rev().for_each(|declaration| sorter.push(declaration).unwrap());
        let sorted = sorter.finish().unwrap();
        let key = key(number);
        let day_key = |day| Some(key.of_day(day));
        let planned = world.plan(number);
        let planner = world.planner();
        for threads in [1, 2] {
            let pool = Pipeline::new().threads(threads);
            let whole = pool.install(|| planner.plan_whole(&sorted, days, &day_key)).unwrap();
            prop_assert_eq!(&whole.unwrap(), &planned);
            let mut summaries = PlanSummaries::new(&world.policy, days, true);
            let add = |of_day: PlannedDeclarations<'_>| {
                summaries.add(&of_day);
                Ok::<(), PlanError>(())
            };
            let made = pool.install(|| planner.plan_by_day(&sorted, days, &day_key, add)).unwrap();
            let (outcomes, visits) = made.unwrap();
            let by_day = summaries.finish(sorted.read_count(), outcomes, &visits);
            let whole = PlanSummary::new(&planned, &world.candidates, &world.policy, days, true);
            prop_assert_eq!(serde_json::to_string(&by_day).unwrap(), serde_json::to_string(&whole).unwrap());
        }
        let inputs = PlanInputs::new(days, &sorted, &world.capacity, None).unwrap();
        prop_assert_eq!(inputs, PlanInputs::new(days, &world.candidates, &world.capacity, None).unwrap());
        let (mut no_office, mut first) = (Vec::new(), 0);
        let each = sorted.each_day(|day, of_day| {
            let of = planner.no_office(days, day, of_day);
            no_office.extend(of.into_iter().map(|of| NoOffice { candidate: of.candidate + first, ..of }));
            first += of_day.len();
            Ok::<(), ReadError>(())
        });
        each.unwrap();
        prop_assert_eq!(no_office, planned.no_office);
    }

    /// What is targeted depends on no key; with none nothing is drawn and the rest is the same.
    #[test]
    fn what_is_targeted_does_not_depend_on_the_draw(mut world in any_world(), number in 0..50_u64) {
        // Learning from drawn inspections is the one thing by which a draw bears on later days.
        world.outcomes = None;
        let before = |plan: super::super::Plan| -> Vec<_> {
            let kept = |selected: &super::super::Selected| selected.kind != SelectionKind::Random;
            plan.days
                .into_iter()
                .map(|day| day.selected.into_iter().filter(kept).collect::<Vec<_>>())
                .collect()
        };
        let without = before(world.plan_by(&|_| None));
        prop_assert_eq!(&before(world.plan(number)), &without);
        prop_assert_eq!(&before(world.plan(number + 1)), &without);
    }

    #[test]
    fn threads_change_nothing(world in any_world()) {
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        prop_assert_eq!(pool(1).install(|| world.plan(7)), pool(3).install(|| world.plan(7)));
    }
}

#[test]
fn a_quota_says_whom_it_displaced() {
    let mut selection = selection();
    selection.random.rate = Millionths(0);
    selection.quotas =
        vec![Quota { name: "dalian".into(), of: QuotaOf::Site("dalian".into()), least: Least::Count(1) }];
    let one = |number, score, sites: &[u32]| super::super::AssessedDeclaration {
        score,
        sites: sites.into(),
        channel: qingfeng_rules::ChannelId(1),
        ..candidate(DAYS[1], number)
    };
    let all = vec![one(1, 90, &[1]), one(2, 80, &[1]), one(3, 10, &[1, 2]), one(4, 5, &[1])];
    let world = World {
        policy: policy(selection),
        capacity: Capacity::of_sites([("ningbo", Amount::Inspections(2))]),
        candidates: candidates(all),
        outcomes: None,
    };
    let plan = world.plan(1);
    let day = &plan.days[0];
    let ids = |at: usize| world.candidates.all[at].declaration_id.to_string();
    let selected: Vec<_> = day.selected.iter().map(|one| (ids(one.candidate), one.why.join("; "))).collect();
    assert_eq!(
        selected,
        [
            ("D00001".to_owned(), "a finding is expected in 27.1 of 100 such inspections".to_owned()),
            ("D00003".to_owned(), "quota dalian".to_owned()),
        ]
    );
    let targeted = day.left_out.iter().filter(|one| one.kind == SelectionKind::Targeted);
    let left: Vec<_> = targeted.map(|one| (ids(one.candidate), &*one.why)).collect();
    assert_eq!(
        left,
        [("D00002".to_owned(), "displaced by quota dalian"), ("D00004".to_owned(), "no capacity left")]
    );
    assert_eq!(day.quotas[0].displaced, [1]);
}

#[test]
fn absurd_declarations_cost_and_are_worth_something_finite() {
    let group: std::sync::Arc<str> = "toys".into();
    let huge = super::super::AssessedDeclaration {
        line_groups: vec![group; 1_000_000].into(),
        packages: Some(i64::MAX),
        value: Some(f64::NAN),
        score: i64::MAX,
        channel: qingfeng_rules::ChannelId(2),
        ..candidate(DAYS[1], 1)
    };
    let mut selection = selection();
    selection.worth = qingfeng_rules::selection::Worth::Value;
    selection.cost.hundred_packages = u32::MAX;
    let world = World {
        policy: policy(selection),
        capacity: Capacity::of_sites([("yiwu", Amount::Points(960))]),
        candidates: candidates(vec![huge, candidate(DAYS[1], 2)]),
        outcomes: None,
    };
    let plan = world.plan(1);
    assert_eq!(plan.days[0].left_out[0].cost, u32::MAX);
    assert_eq!(plan.days[0].left_out[0].why, "costs 4294967295 points, more than the whole day's 960");
    assert!(world.plan(1).days[0].selected.len() <= 1);

    // An inspection costs no more than the most of the policy, and so can be made.
    let mut selection = world.policy.selection.clone();
    selection.cost.most = Some(60);
    let world = World { policy: policy(selection), ..world };
    let costs: Vec<u32> = world.plan(1).days[0].selected.iter().map(|selected| selected.cost).collect();
    assert!(costs.contains(&60), "{costs:?}");
}

#[test]
fn a_trader_is_left_alone_after_inspections_without_a_finding() {
    let mut selection = selection();
    selection.random.rate = Millionths(0);
    selection.traders = qingfeng_rules::selection::TraderLimits {
        inspections: Some(2),
        days: 60,
        pause_days: 30,
        per_day: None,
    };
    for (results, expected) in [
        (&[("2016-08-01", false), ("2016-09-01", false)][..], Some("trader left alone until 2016-10-01")),
        (&[("2016-08-01", false), ("2016-09-01", true)], None),
        (&[("2016-08-01", true), ("2016-09-01", false)], None),
        (&[("2016-05-01", false), ("2016-09-01", false)], None),
        (&[("2016-06-01", false), ("2016-07-01", false)], None),
        (&[("2016-07-01", false), ("2016-08-07", false)], Some("trader left alone until 2016-09-06")),
        // The result of the day itself is not known yet.
        (&[("2016-09-01", false), ("2016-09-06", false)], None),
    ] {
        let one = |(number, day): (usize, &str)| super::super::AssessedDeclaration {
            trader: Some("E1".into()),
            channel: qingfeng_rules::ChannelId(1),
            ..candidate(day, number as u32)
        };
        let days = results.iter().map(|&(day, _)| day).chain([DAYS[1]]);
        let all: Vec<_> = days.enumerate().map(one).collect();
        let outcomes = results.iter().zip(&all);
        let outcomes = outcomes.map(|(&(day, found), one)| outcome(&one.declaration_id, date(day), found));
        let world = World {
            policy: policy(selection.clone()),
            capacity: Capacity::of_sites([("yiwu", Amount::Inspections(9))]),
            outcomes: Some(crate::outcomes::Timeline::new(outcomes)),
            candidates: candidates(all),
        };
        let plan = world.plan(1);
        let last = world.candidates.all.iter().rposition(|one| one.day == Some(date(DAYS[1])));
        let left = plan.days[0].left_out.iter().find(|one| Some(one.candidate) == last);
        assert_eq!(left.map(|left| &*left.why), expected, "{results:?}");
    }
}
