//! Points from synthetic worlds whose log odds are known.

use std::sync::Arc;

use proptest::prelude::*;
use qingfeng_rules::{Date, SelectionKind};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

use super::*;
use qingfeng_inspection::AssessedDeclaration;
use qingfeng_inspection::evidence::{Inspection, Judged};
use qingfeng_store::{Outcome, Verdict as Result_, Violation};

/// Rules that fire by chance and add to the log odds.
struct World {
    seed: u64,
    declarations: usize,
    intercept: f64,
    /// For each rule how often it fires, what it adds, and its points today.
    rules: Vec<(f64, f64, Option<i64>)>,
}

/// A declaration before it is inspected.
struct Seen<'s> {
    fired: &'s [u32],
    score: i64,
    /// Something that no rule of the pack sees. Such declarations have two lines.
    hidden: bool,
}

fn chance(random: &mut Pcg64Mcg) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn day(number: usize) -> Date {
    Date::from_ymd(2016, 1, 1).unwrap().plus_days(number as i64).unwrap()
}

fn outcome(id: &str, verdict: Result_) -> Outcome {
    Outcome { item_no: Some(1), ..Outcome::undated(id, verdict) }
}

impl World {
    fn current(&self) -> CurrentPoints {
        let rules = self.rules.iter().enumerate().map(|(at, &(_, _, points))| CurrentRule {
            id: format!("R{at:02}"),
            points,
            kept: points.is_none().then_some(Reason::Computed),
            is_band: false,
        });
        CurrentPoints {
            rules: rules.collect(),
            floor: 0,
            cap: 100,
            channels: vec![("green".into(), 0), ("blue".into(), 20), ("red".into(), 40)],
            summed: true,
        }
    }

    /// What comes of it; `chosen` says how likely a declaration is to be inspected.
    fn evidence(&self, hidden_adds: f64, chosen: &dyn Fn(&Seen<'_>) -> f64) -> Evidence {
        let mut random = Pcg64Mcg::new(u128::from(self.seed) << 1 | 1);
        let mut declarations = Vec::new();
        for at in 0..self.declarations {
            let mut fired: Vec<u32> = Vec::new();
            for (rule, &(often, ..)) in self.rules.iter().enumerate() {
                if chance(&mut random) < often {
                    fired.push(rule as u32);
                }
            }
            let added: f64 = fired.iter().map(|&rule| self.rules[rule as usize].1).sum();
            let score: i64 = fired.iter().map(|&rule| self.rules[rule as usize].2.unwrap_or(12)).sum();
            let hidden = chance(&mut random) < 0.2;
            let odds = self.intercept + added + if hidden { hidden_adds } else { 0.0 };
            let violates = chance(&mut random) < ridge::probability(odds);
            let seen = Seen { fired: &fired, score, hidden };
            let probability = chosen(&seen);
            let is_inspected = chance(&mut random) < probability;
            let id = format!("D{at:07}");
            let day = day(at * 180 / self.declarations);
            let verdict = if violates { Result_::Violation(Violation::Fake) } else { Result_::Clear };
            let selected = if probability < 1.0 { SelectionKind::Random } else { SelectionKind::Targeted };
            declarations.push(Judged {
                assessed: AssessedDeclaration {
                    score: score.clamp(0, 100),
                    rules: fired.into(),
                    sites: Arc::from([0]),
                    trader_class: Arc::from("known"),
                    line_groups: vec![Arc::from("toys"); if hidden { 2 } else { 1 }].into(),
                    ..AssessedDeclaration::new(&id, Some(day))
                },
                inspection: is_inspected.then(|| {
                    Box::new(Inspection {
                        day,
                        office: 0,
                        selected,
                        probability,
                        cost: 1,
                        stratum: None,
                        outcomes: vec![outcome(&id, verdict)],
                    })
                }),
            });
        }
        Evidence {
            rules: (0..self.rules.len()).map(|at| format!("R{at:02}").into()).collect(),
            sites: vec!["port".into()],
            channels: vec!["green".into()],
            packs: vec!["p@1#ab".into()],
            declarations: declarations.into(),
            ..Evidence::default()
        }
    }
}

const ALL: &dyn Fn(&Seen<'_>) -> f64 = &|_| 1.0;

fn world(declarations: usize) -> World {
    World {
        seed: 7,
        declarations,
        intercept: -2.0,
        rules: vec![
            (0.2, 1.2, Some(10)),
            (0.1, 0.0, Some(30)),
            (0.3, 0.6, Some(10)),
            (0.05, 2.0, Some(10)),
            (0.1, -0.8, Some(-10)),
            (0.1, 0.5, None),
        ],
    }
}

fn options(penalty: f64) -> CalibrateOptions {
    CalibrateOptions { penalties: vec![penalty], ..CalibrateOptions::default() }
}

#[test]
fn known_log_odds_come_back() {
    let world = world(40_000);
    let evidence = world.evidence(0.0, ALL);
    for toward in [Toward::Pack, Toward::Zero] {
        let calibration =
            calibrate(&evidence, &world.current(), &CalibrateOptions { toward, ..options(1.0) }).unwrap();
        for (rule, &(_, truth, points)) in calibration.rules.iter().zip(&world.rules) {
            if points.is_none() {
                assert_eq!((rule.reason, rule.after), (Reason::Computed, None));
                continue;
            }
            let (found, error) = (rule.coefficient.unwrap(), rule.standard_error.unwrap());
            // The rule with computed points takes part as the pack's score has it, not as it is.
            assert!((found - truth).abs() < 4.0 * error + 0.05, "{toward:?} {rule:?}: {found} for {truth}");
            assert!(error < 0.1, "{rule:?}");
        }
        let points = |at: usize| calibration.rules[at].after.unwrap();
        assert!(points(3) > points(0) && points(0) > points(2) && points(2) > points(1), "{calibration:?}");
        assert!(points(4) < 0, "a rule below 0 may stay so");
        let validation = calibration.validation.unwrap();
        assert_eq!(validation.verdict, Verdict::Better, "{validation:?}");
        assert_eq!((validation.period, validation.periods.len()), ("month", 4));
    }
}

/// Inspections are chosen by what no rule sees, where a rule fires: among what was looked at the rule seems worth far
/// more than among what came.
#[test]
fn weights_undo_the_bias_of_selection() {
    let world = World { seed: 3, ..world(60_000) };
    let by_hunch = |seen: &Seen<'_>| if seen.hidden && seen.fired.contains(&0) { 1.0 } else { 0.15 };
    let (all, chosen) = (world.evidence(2.5, ALL), world.evidence(2.5, &by_hunch));
    let current = world.current();
    let coefficient = |evidence: &Evidence, weighted: bool| {
        let calibration =
            calibrate(evidence, &current, &CalibrateOptions { weighted, ..options(1.0) }).unwrap();
        let rule = &calibration.rules[0];
        (rule.coefficient.unwrap(), rule.standard_error.unwrap())
    };
    let (truth, _) = coefficient(&all, true);
    let (weighted, error) = coefficient(&chosen, true);
    let (naive, _) = coefficient(&chosen, false);
    assert!((weighted - truth).abs() < 3.0 * error, "{weighted} for {truth}, error {error}");
    assert!(naive - truth > 0.5, "{naive} for {truth}");
}

#[test]
fn what_is_expected_is_what_was_found() {
    let world = world(20_000);
    let calibration = calibrate(&world.evidence(0.0, ALL), &world.current(), &options(1.0)).unwrap();
    for rule in calibration.rules.iter().filter(|rule| rule.reason == Reason::Fitted) {
        let off = (rule.observed - rule.expected).abs();
        assert!(off < 5.0 * rule.expected_error, "{rule:?}");
    }
    let totals = &calibration.totals;
    assert_eq!((totals.assessed, totals.judged, totals.not_inspected), (20_000, 20_000, 0));
    assert!((totals.effective - 20_000.0).abs() < 1e-6);
}

/// A pack whose points are right already is left nearly as it is.
#[test]
fn right_points_stay() {
    let mut world = world(40_000);
    world.rules =
        vec![(0.2, 1.0, Some(20)), (0.1, 0.5, Some(10)), (0.3, 0.25, Some(5)), (0.05, 1.5, Some(30))];
    let calibration =
        calibrate(&world.evidence(0.0, ALL), &world.current(), &CalibrateOptions::default()).unwrap();
    for rule in &calibration.rules {
        assert!(rule.change().abs() <= 4, "{rule:?}");
    }
    assert_ne!(calibration.validation.as_ref().unwrap().verdict, Verdict::Worse, "{calibration:?}");
    for channel in &calibration.channels {
        assert!((channel.before - channel.after).abs() < 0.05, "{channel:?}");
    }
}

/// A rule whose points are computed gives 12 on all lines here: where it is known, that band is fitted like a rule. What
/// declarations of one line, of which alone it is known, differ in from others is not taken for the band's.
#[test]
fn the_numbers_among_which_a_rule_chooses_are_fitted() {
    let mut world = world(40_000);
    world.rules = vec![(0.2, 1.0, None), (0.1, 0.5, Some(10)), (0.3, 0.25, Some(5)), (0.2, 1.5, Some(30))];
    let mut current = world.current();
    let options = CalibrateOptions { penalties: vec![1.0], ..CalibrateOptions::default() };
    let plain = calibrate(&world.evidence(2.0, ALL), &current, &options).unwrap();
    for points in [12, 40] {
        let band = CurrentRule { id: "R00".into(), points: Some(points), kept: None, is_band: true };
        current.rules.push(band);
    }
    let banded = calibrate(&world.evidence(2.0, ALL), &current, &options).unwrap();
    let [band, never] = &banded.rules[4..] else { panic!("{banded:?}") };
    assert!(band.is_band && band.reason == Reason::Fitted && band.support > 3_000, "{band:?}");
    assert_eq!((never.reason, never.after), (Reason::Silent, Some(40)));
    // It adds 1 to the log odds, as R03 adds 1.5.
    let adds = |at: usize| banded.rules[at].coefficient.unwrap();
    assert!((adds(4) / adds(3) - 1.0 / 1.5).abs() < 0.1, "{:?}", banded.rules);
    assert_eq!((banded.rules[0].after, plain.rules.len()), (None, 4));
}

#[test]
fn each_channel_keeps_its_workload_unless_channels_are_to_stay() {
    let mut world = world(40_000);
    // Guessed the wrong way round.
    world.rules =
        vec![(0.2, 1.0, Some(5)), (0.1, 0.5, Some(30)), (0.3, 0.25, Some(20)), (0.05, 1.5, Some(10))];
    let evidence = world.evidence(0.0, ALL);
    let with = |keep_channels| {
        let options = CalibrateOptions { keep_channels, ..CalibrateOptions::default() };
        calibrate(&evidence, &world.current(), &options).unwrap()
    };
    let (moved, kept) = (with(false), with(true));
    assert_eq!(moved.rules, kept.rules, "where channels begin says nothing of rules");
    let off = |of: &ChannelShare| (of.after - of.before).abs();
    for (moved, kept) in moved.channels.iter().zip(&kept.channels) {
        assert_eq!((kept.from, moved.from), (kept.from_after, kept.from));
        assert!(off(moved) <= off(kept), "{moved:?} {kept:?}");
    }
    let sum = |of: &Calibration| of.channels.iter().map(off).sum::<f64>();
    assert!(sum(&moved) < 0.7 * sum(&kept), "{:?} {:?}", moved.channels, kept.channels);
    assert!(moved.channels.is_sorted_by(|a, b| a.from_after < b.from_after), "{:?}", moved.channels);
}

#[test]
fn what_cannot_be_fitted_is_said() {
    let world = world(2_000);
    let none = world.evidence(0.0, &|_| 0.0);
    let with = |verdict: Result_| {
        let mut evidence = world.evidence(0.0, ALL);
        for judged in &mut evidence.declarations.held {
            judged.inspection.as_mut().unwrap().outcomes[0].verdict = verdict;
        }
        evidence
    };
    let violation = Result_::Violation(Violation::Fake);
    let good = world.evidence(0.0, ALL);
    let bad = |change: &dyn Fn(&mut CalibrateOptions)| {
        let mut options = CalibrateOptions::default();
        change(&mut options);
        options
    };
    let defaults = CalibrateOptions::default();
    let cases: [(&Evidence, CalibrateOptions, &str); 10] = [
        (&Evidence::default(), defaults.clone(), "no assessed declaration has an inspection"),
        (&none, defaults.clone(), "(2000 assessed, 0 open, 0 waived)"),
        (&with(Result_::Clear), defaults.clone(), "all 2000 judged declarations are clear"),
        (&with(violation), defaults.clone(), "all 2000 judged declarations are violations"),
        (&with(Result_::Open), defaults, "(2000 assessed, 2000 open, 0 waived)"),
        (&good, bad(&|options| options.support = 5_000), "no rule whose points can be changed fired on 5000"),
        (&good, bad(&|options| options.penalties.clear()), "give 1 to 100 penalties"),
        (&good, bad(&|options| options.penalties = vec![f64::NAN]), "a penalty of NaN is out of bounds"),
        (&good, bad(&|options| options.periods = 1_000), "1000 periods are too many"),
        (
            &good,
            bad(&|options| (options.least, options.most) = (Some(5), Some(4))),
            "the least points, 5, are more than the most, 4",
        ),
    ];
    for (evidence, options, text) in cases {
        let error = calibrate(evidence, &world.current(), &options).unwrap_err().to_string();
        assert!(error.contains(text), "{error} for {text}");
    }
    let current = CurrentPoints { summed: false, ..world.current() };
    assert_eq!(calibrate(&good, &current, &options(1.0)), Err(CalibrateError::NotSummed));
}

/// Rules that cannot be distinguished from others, or from everything, keep their points; perfect separation ends at the bounds.
#[test]
fn rules_that_say_nothing_of_their_own() {
    let mut world = world(6_000);
    // Always, never, always with the first, exactly where there is a violation, too seldom.
    world.rules = vec![
        (0.3, 1.0, Some(10)),
        (1.0, 0.0, Some(5)),
        (0.0, 0.0, Some(7)),
        (0.0, 0.0, Some(9)),
        (0.0, 0.0, Some(8)),
        (0.0, 0.0, Some(6)),
    ];
    let mut evidence = world.evidence(0.0, ALL);
    for (at, judged) in evidence.declarations.held.iter_mut().enumerate() {
        let mut rules = judged.rules.to_vec();
        rules.extend(rules.contains(&0).then_some(3));
        rules.extend((judged.found() == Some(true)).then_some(4));
        rules.extend((at < 20).then_some(5));
        rules.sort_unstable();
        judged.rules = rules.into();
    }
    let calibration = calibrate(&evidence, &world.current(), &CalibrateOptions::default()).unwrap();
    let reasons: Vec<Reason> = calibration.rules.iter().map(|rule| rule.reason).collect();
    assert_eq!(reasons[1..4], [Reason::AlwaysFires, Reason::Silent, Reason::Inseparable]);
    assert_eq!(reasons[5], Reason::LittleSupport);
    assert!(reasons[4].is_fitted(), "{reasons:?}");
    for at in [1, 2, 3, 5] {
        assert_eq!(calibration.rules[at].change(), 0);
    }
    assert!(calibration.rules[4].after.unwrap() > calibration.rules[0].after.unwrap());
    assert!(calibration.rules.iter().all(|rule| rule.coefficient.is_none_or(f64::is_finite)));
}

#[test]
fn the_same_for_any_number_of_threads() {
    let world = world(5_000);
    let evidence = world.evidence(0.5, &|seen| if seen.score > 30 { 1.0 } else { 0.2 });
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| calibrate(&evidence, &world.current(), &CalibrateOptions::default()).unwrap())
    };
    assert_eq!(with(1), with(3));
}

/// Few days are divided by weeks or days; with hardly any nothing is judged.
#[test]
fn periods_are_as_long_as_the_days_allow() {
    let world = world(8_000);
    for (days, period, periods) in
        [(180, Some("month"), 4), (25, Some("week"), 3), (4, Some("day"), 3), (1, None, 0)]
    {
        let mut evidence = world.evidence(0.0, ALL);
        for (at, judged) in evidence.declarations.held.iter_mut().enumerate() {
            judged.day = Some(day(at * days / world.declarations));
        }
        let calibration = calibrate(&evidence, &world.current(), &options(10.0)).unwrap();
        let validation = calibration.validation;
        assert_eq!(validation.as_ref().map(|validation| validation.period), period);
        let judged = validation.map_or(0, |validation| validation.periods.len());
        assert!(judged >= periods.min(3), "{days} days: {judged}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was found, points are whole and within bounds, kept rules keep theirs, and a sign stays.
    #[test]
    fn points_stay_within_bounds(
        seed in any::<u64>(),
        rules in prop::collection::vec((0.0..1.0_f64, -4.0..4.0_f64, prop::option::of(-60..60_i64)), 2..6),
        bounds in prop::option::of((-50..0_i64, 0..50_i64)),
    ) {
        let world = World { seed, declarations: 600, intercept: -1.0, rules };
        let evidence = world.evidence(0.0, &|seen| if seen.score > 20 { 1.0 } else { 0.3 });
        let options = CalibrateOptions {
            least: bounds.map(|bounds| bounds.0),
            most: bounds.map(|bounds| bounds.1),
            ..CalibrateOptions::default()
        };
        let current = world.current();
        if let Ok(calibration) = calibrate(&evidence, &current, &options) {
            for (rule, today) in calibration.rules.iter().zip(&current.rules) {
                prop_assert_eq!(&rule.rule, &today.id);
                prop_assert_eq!(rule.before, today.points);
                match (rule.before, rule.after, rule.reason.is_fitted()) {
                    (before, after, false) => prop_assert_eq!(before, after),
                    (Some(before), Some(after), true) => {
                        let (least, most) = options.bounds(before, &current);
                        prop_assert!((least..=most).contains(&after), "{:?}", rule);
                        if bounds.is_none() {
                            prop_assert!(after == 0 || (after < 0) == (before < 0), "{:?}", rule);
                        }
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                prop_assert!(rule.violations <= rule.support);
            }
        }
    }
}
