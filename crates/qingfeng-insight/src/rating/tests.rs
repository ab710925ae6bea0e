//! Worlds in which it is known what rules are worth.

use std::sync::Arc;

use qingfeng_rules::{Date, SelectionKind};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

use super::{KnownRule, KnownRules, Rating, Side, Standing, State, StateReason};
use crate::effect::{Effect, EffectOptions};
use crate::watch::{Watch, WatchOptions};
use qingfeng_inspection::AssessedDeclaration;
use qingfeng_inspection::evidence::{Evidence, Inspection, Judged, PlannedDraw};
use qingfeng_store::{Outcome, Verdict as Result, Violation};

fn day(month: u32, day: u32) -> Date {
    Date::from_ymd(2016, month, day).unwrap()
}

fn judged(id: String, day: Date, rules: &[u32]) -> Judged {
    let assessed = AssessedDeclaration {
        rules: rules.into(),
        sites: Arc::new([0]),
        ..AssessedDeclaration::new(&id, Some(day))
    };
    Judged { assessed, inspection: None }
}

/// The same, inspected: drawn with this probability, or for certain.
fn inspected(mut judged: Judged, probability: f64, found: bool) -> Judged {
    let (id, day) = (judged.declaration_id.clone(), judged.day.unwrap());
    let verdict = if found { Result::Violation(Violation::Fake) } else { Result::Clear };
    judged.inspection = Some(Box::new(Inspection {
        day,
        office: 0,
        selected: if probability < 1.0 { SelectionKind::Random } else { SelectionKind::Targeted },
        probability,
        cost: 1,
        stratum: None,
        outcomes: vec![Outcome::new(&id, day, verdict)],
    }));
    judged
}

fn evidence(rules: &[&str], declarations: Vec<Judged>) -> Evidence {
    let mut evidence = Evidence {
        rules: rules.iter().map(|&rule| rule.into()).collect(),
        sites: vec!["port".into()],
        channels: vec!["green".into()],
        packs: vec!["p".into()],
        ..Evidence::default()
    };
    for judged in &declarations {
        let Some(inspection) = &judged.inspection else { continue };
        let draw = PlannedDraw {
            day: inspection.day,
            office: 0,
            capacity: None,
            selected: inspection.selected,
            probability: inspection.probability,
            stratum: "all",
            drawn_of: None,
        };
        evidence.chances.take(&draw, "other", "unnamed");
    }
    evidence.declarations = declarations.into();
    evidence.declarations.held.sort_by(|a, b| (a.day, &a.declaration_id).cmp(&(b.day, &b.declaration_id)));
    evidence
}

fn known(rules: &[(&str, i64)]) -> KnownRules {
    let mut known = KnownRules::default();
    known.rules.extend(rules.iter().map(|&(id, points)| KnownRule::with_points(id, points)));
    known
}

/// The rating of `effect` on a rule, and the signs of rules of `watch`, which must be of the same.
fn rating_of(evidence: &Evidence, known: &KnownRules, rule: &str) -> Rating {
    let options = EffectOptions { known: known.clone(), ..EffectOptions::default() };
    let effect = Effect::of(evidence, &options).unwrap();
    let rating = effect.rules.into_iter().find(|of| &*of.rule == rule).unwrap().rating;
    let options = WatchOptions { known: known.clone(), ..WatchOptions::default() };
    let watched = Watch::of(evidence, &options).unwrap().rules.into_iter().find(|of| of.rule == rule);
    if let Some(watched) = watched {
        assert_eq!(watched.rating, rating, "watch and effect judge {rule} differently");
    }
    rating
}

/// A rule that fired and found by month, all of a hundred declarations a month inspected, of which one violates on which it
/// did not fire.
fn by_month(months: &[(u64, u64)]) -> Evidence {
    let mut all = Vec::new();
    for (month, (fired, findings)) in months.iter().enumerate() {
        for number in 0..100 {
            let rules: &[u32] = if number < *fired { &[0] } else { &[] };
            let judged = judged(format!("{month:02}-{number:03}"), day(month as u32 + 1, 10), rules);
            all.push(inspected(judged, 1.0, number < *findings || number == 99));
        }
    }
    evidence(&["r"], all)
}

#[test]
fn states_and_their_reasons() {
    let risk = known(&[("r", 10), ("never", 10)]);
    for (months, state, reason) in [
        (vec![(10, 2), (10, 2)], State::Young, StateReason::FewResults { inspected: 20, least: 30 }),
        (vec![(0, 0), (0, 0), (40, 20)], State::Young, StateReason::New { since: day(3, 10), days: 1 }),
        (vec![(60, 0), (60, 0)], State::Dead, StateReason::NoFinding { inspected: 120 }),
        (
            vec![(40, 20), (0, 0), (0, 0), (0, 0), (0, 0)],
            State::Dead,
            StateReason::Silent { since: day(1, 10), days: 121 },
        ),
    ] {
        let evidence = by_month(&months);
        let rating = rating_of(&evidence, &risk, "r");
        assert_eq!((rating.state, rating.reason), (state, reason), "{months:?}");
        let never = rating_of(&evidence, &risk, "never");
        assert_eq!((never.state, never.reason), (State::Dead, StateReason::NeverFires));
    }
    let good = rating_of(&by_month(&[(20, 10), (20, 10)]), &risk, "r");
    let StateReason::Compared { rate: Some(rate), chance, standing, .. } = good.reason else {
        panic!("{good:?}")
    };
    assert_eq!((good.state, standing), (State::Good, Standing::Above));
    assert!((rate - 0.5).abs() < 1e-9 && (chance - 0.11).abs() < 1e-9, "{good:?}");
    let tired = rating_of(&by_month(&[(40, 30), (40, 10)]), &risk, "r");
    let StateReason::Changed { earlier, later, p } = tired.reason else { panic!("{tired:?}") };
    assert_eq!((tired.state, earlier, later), (State::Tired, 0.75, 0.25));
    assert!(p < 0.0001, "{p}");
}

#[test]
fn a_rate_of_few_is_not_told_apart_from_chance() {
    // All 30 were inspected, so that nothing of them is open; of those to come that says little.
    let rating = rating_of(&by_month(&[(15, 1), (15, 1)]), &known(&[("r", 10)]), "r");
    assert_eq!((rating.standing, rating.state), (Some(Standing::Alike), State::CannotBeTold));
}

#[test]
fn a_rule_that_seldom_fires_is_not_dead_for_being_silent() {
    // Two in January on one day and one in June: that it was not seen in the last four months is no wonder.
    let months: Vec<(u64, u64)> =
        (0..10).map(|month| if month == 0 { (2, 1) } else { (u64::from(month == 5), 0) }).collect();
    let rating = rating_of(&by_month(&months), &known(&[("r", 10)]), "r");
    assert_eq!(rating.state, State::Young, "{rating:?}");
}

#[test]
fn relief_is_good_where_it_releases_what_is_clean() {
    // Of 400 on which it fires none, or two in five, violate; of the others one in ten.
    let world = |of_rule: f64| {
        let mut all = Vec::new();
        for at in 0..2_000_u32 {
            let (fires, turn) = (at % 5 == 0, f64::from(at / 5 % 40) / 40.0);
            let id = format!("{at:05}");
            let rules: &[u32] = if fires { &[0] } else { &[] };
            let judged = judged(id, day(1 + at / 400, 10), rules);
            all.push(inspected(judged, 1.0, turn < if fires { of_rule } else { 0.1 }));
        }
        evidence(&["r"], all)
    };
    let [risk, relief, unknown] = [known(&[("r", 10)]), known(&[("r", -10)]), known(&[])];
    let (clean, dirty) = (world(0.0), world(0.4));
    for (evidence, known, state, side) in [
        (&clean, &relief, State::Good, Some(Side::Relief)),
        (&clean, &risk, State::Dead, Some(Side::Risk)),
        (&clean, &unknown, State::CannotBeTold, None),
        (&dirty, &relief, State::Harmful, Some(Side::Relief)),
        (&dirty, &risk, State::Good, Some(Side::Risk)),
        (&dirty, &unknown, State::CannotBeTold, None),
    ] {
        let rating = rating_of(evidence, known, "r");
        assert_eq!((rating.state, rating.side), (state, side), "{rating:?}");
    }
    // One that finds something, but less than chance, burdens the clean.
    let rating = rating_of(&world(0.025), &risk, "r");
    assert_eq!((rating.state, rating.standing), (State::Harmful, Some(Standing::Below)));
}

#[test]
fn relief_that_becomes_cleaner_is_not_tired_and_one_that_becomes_dirtier_is() {
    let falls = by_month(&[(40, 20), (40, 10), (40, 2)]);
    let state = |evidence: &Evidence, points| rating_of(evidence, &known(&[("r", points)]), "r").state;
    assert_eq!(state(&falls, 10), State::Tired);
    assert_ne!(state(&by_month(&[(90, 8), (90, 0), (90, 0)]), -10), State::Tired);
    let dirtier = by_month(&[(50, 0), (50, 0), (50, 1), (50, 4)]);
    assert_eq!(state(&dirtier, -10), State::Tired);
}

#[test]
fn of_rules_that_fire_by_chance_few_are_judged() {
    // 40 rules that fire on a tenth of the declarations each, whatever these hold, and two that do not.
    const WORLDS: u64 = 100;
    const RULES: usize = 40;
    let names: Vec<String> = (0..RULES + 2).map(|at| format!("r{at:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rules: Vec<(&str, i64)> =
        names.iter().enumerate().map(|(at, &id)| (id, if at % 2 == 0 { 10 } else { -10 })).collect();
    let options = EffectOptions { known: known(&rules), capacities: Vec::new(), ..EffectOptions::default() };
    let (mut false_alarms, mut told) = (0, [0; 2]);
    for world in 0..WORLDS {
        let mut dice = Pcg64Mcg::new(u128::from(world) * 2 + 1);
        let mut holds = |share: f64| ((dice.next_u64() >> 11) as f64 / (1_u64 << 53) as f64) < share;
        let mut all = Vec::new();
        for at in 0..3_000 {
            let violates = holds(0.1);
            let mut fired: Vec<u32> = (0..RULES as u32).filter(|_| holds(0.1)).collect();
            fired.extend(holds(if violates { 0.3 } else { 0.1 }).then_some(RULES as u32));
            fired.extend(holds(if violates { 0.3 } else { 0.1 }).then_some(RULES as u32 + 1));
            let judged = judged(format!("{at:05}"), day(1 + at / 500, 1 + at % 28), &fired);
            all.push(if holds(0.1) {
                inspected(judged, 1.0, violates)
            } else if holds(0.3) {
                inspected(judged, 0.3, violates)
            } else {
                judged
            });
        }
        let effect = Effect::of(&evidence(&names, all), &options).unwrap();
        let state = |id: &str| effect.rules.iter().find(|of| &*of.rule == id).unwrap().rating.state;
        let is_judged = |id: &&&str| state(id) != State::CannotBeTold;
        false_alarms += usize::from(names[..RULES].iter().find(is_judged).is_some());
        told[0] += usize::from(state(names[RULES]) == State::Good);
        told[1] += usize::from(state(names[RULES + 1]) == State::Harmful);
    }
    // Two tests of 5 % each; 20 of 100 would come once in five hundred times.
    assert!(false_alarms < 20, "{false_alarms} of {WORLDS} worlds judge a rule that fires by chance");
    assert!(told.iter().all(|told| *told > 90), "{told:?} of {WORLDS} worlds tell the planted rules");
}

#[test]
fn what_a_rule_is_for() {
    let of = |points: Option<i64>, given| {
        let mut rule = KnownRule::with_points("r", 0);
        rule.points = points;
        rule.side(given)
    };
    for (points, given, side) in [
        (Some(10), None, Some(Side::Risk)),
        (Some(-10), None, Some(Side::Relief)),
        // A rule without points is there to be looked at.
        (Some(0), None, Some(Side::Risk)),
        (None, None, None),
        (None, Some((5, 20)), Some(Side::Risk)),
        (None, Some((-20, 0)), Some(Side::Relief)),
        (None, Some((-5, 5)), None),
    ] {
        assert_eq!(of(points, given), side, "{points:?} {given:?}");
    }
}
