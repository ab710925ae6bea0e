//! Whole simulations of small worlds.

use qingfeng_rules::Date;
use qingfeng_rules::selection::Millionths;

use super::*;
use qingfeng_inspection::Capacity;

fn engine() -> Engine {
    Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind")).unwrap()
}

fn small(arms: &[&str]) -> SimulateOptions {
    SimulateOptions {
        seed: 7,
        seeds: 2,
        from: date("2016-03-25"),
        until: date("2016-04-08"),
        lines_per_day: 300,
        inspections: Inspections::PerDay(10),
        adversaries: Adversaries { share: Millionths::ONE, speed: Millionths(500_000) },
        arms: arms.iter().map(|arm| arm.parse().unwrap()).collect(),
        ..SimulateOptions::new()
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn run(options: SimulateOptions) -> Simulated {
    Simulation::new(&engine(), options).unwrap().run(&|_, _| {}).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_any_number_of_threads() {
    let arms = ["random-10", "random-pack+explore+steady+score", "random-20+calibrate"];
    let bytes = |seed, threads| {
        let options = SimulateOptions { seed, threads: Some(threads), ..small(&arms) };
        serde_json::to_string(&run(options)).unwrap()
    };
    let one = bytes(7, 1);
    assert!(one == bytes(7, 2), "threads change the figures");
    assert_ne!(one, bytes(9, 2));
}

#[test]
fn a_world_is_the_same_whatever_is_compared_with_it() {
    let alone = run(small(&["random-0"]));
    let beside = run(small(&["random-10", "random-0"]));
    assert_eq!(alone.arms[0].worlds, beside.arms[1].worlds);
    let less = beside.arms[1].difference.unwrap();
    let expected = beside.arms[1].figures.found_share.mean - beside.arms[0].figures.found_share.mean;
    assert!((less.found_share.mean - expected).abs() < 1e-12);
}

#[test]
fn whatever_adversaries_do_the_violations_are_the_same() {
    let simulated = run(small(&["random-10", "random-10+steady", "random-0", "random-40+explore"]));
    let violations = |arm: &ArmResult| -> Vec<(u64, u64)> {
        arm.worlds.iter().map(|world| (world.counts.violations, world.counts.value_cents)).collect()
    };
    for arm in &simulated.arms[1..] {
        assert_eq!(violations(arm), violations(&simulated.arms[0]), "{}", arm.arm);
    }
    let by_way = |arm: &ArmResult| arm.tactics.iter().map(|of| of.violations).sum::<u64>();
    // All adapt but those whose exporter is not named.
    let all: u64 = simulated.arms[0].worlds.iter().map(|world| world.counts.violations).sum();
    assert!(by_way(&simulated.arms[0]) <= all && by_way(&simulated.arms[0]) * 100 > all * 95);
    assert!(simulated.arms[0].worlds.iter().all(|world| world.counts.disguised > 0));
}

#[test]
fn tactics_never_appear_where_nobody_adapts() {
    let steady = run(small(&["random-10+steady"]));
    assert!(steady.arms[0].tactics.iter().all(|of| of.violations == 0 && of.taken_up == 0));
    let nobody = Adversaries { share: Millionths(0), ..Adversaries::default() };
    let nobody = run(SimulateOptions { adversaries: nobody, ..small(&["random-10"]) });
    for (steady, nobody) in steady.arms[0].worlds.iter().zip(&nobody.arms[0].worlds) {
        assert_eq!(steady.counts.disguised, 0);
        assert_eq!(steady, nobody);
    }
}

#[test]
fn the_draw_has_its_share_of_the_inspections() {
    for (arm, offices, drawn) in [
        ("random-0", Offices::One, 0..=0),
        // A day may have fewer that can be inspected than its share.
        ("random-20", Offices::One, 25..=30),
        ("random-20", Offices::Kinds, 30..=90),
    ] {
        let simulated = run(SimulateOptions { offices, ..small(&[arm]) });
        for world in &simulated.arms[0].worlds {
            let counts = &world.counts;
            assert!(drawn.contains(&counts.drawn), "{arm} {offices:?}: {counts:?}");
            assert!(counts.inspections <= 150, "{counts:?}");
            assert!(counts.violations_found <= counts.violations.min(counts.hits));
        }
    }
}

#[test]
fn each_site_can_be_an_office_of_its_own_with_a_table() {
    let sites = ["ningbo", "shanghai", "yiwu", "yantian"];
    let table =
        Capacity::of_sites(sites.map(|site| (site, qingfeng_rules::selection::Amount::Inspections(3))));
    for (offices, most) in [(Offices::Sites, 12), (Offices::Kinds, 12), (Offices::One, 12)] {
        let inspections = Inspections::Table(table.clone());
        let simulated = run(SimulateOptions { offices, inspections, ..small(&["random-30"]) });
        for world in &simulated.arms[0].worlds {
            assert!(
                world.counts.inspections > 15 && world.counts.inspections <= most * 15,
                "{:?}",
                world.counts
            );
            assert!(world.counts.out_of_reach > 0);
        }
    }
}

/// In many small worlds the mean of what is estimated less what is true is nothing, within four standard errors: a run
/// of luck of one in 16,000.
#[test]
fn the_estimate_from_the_draw_is_unbiased() {
    let options = SimulateOptions {
        seeds: 400,
        from: date("2016-05-16"),
        until: date("2016-05-18"),
        lines_per_day: 120,
        inspections: Inspections::PerDay(20),
        arms: vec!["random-50".parse().unwrap()],
        ..small(&[])
    };
    let simulated = run(options);
    let worlds = &simulated.arms[0].worlds;
    let differences: Vec<f64> = worlds
        .iter()
        .map(|world| world.estimated_violations.unwrap() - world.violating_declarations as f64)
        .collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let variance = differences.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt();
    assert!(error > 0.0 && mean.abs() < 4.0 * error, "{mean} with a standard error of {error}");
    // It is not right because all was inspected.
    assert!(
        worlds.iter().map(|world| world.counts.inspections).sum::<u64>() * 2
            < worlds.iter().map(|world| world.counts.declarations).sum::<u64>()
    );
}

#[test]
fn the_naive_hit_rate_is_too_high_and_the_corrected_interval_holds() {
    let simulated = run(SimulateOptions {
        seeds: 3,
        from: date("2016-03-01"),
        until: date("2016-04-30"),
        lines_per_day: 600,
        inspections: Inspections::PerDay(20),
        ..small(&["random-20", "random-0"])
    });
    let drawn = simulated.arms[0].rules.unwrap();
    let corrected = drawn.corrected.unwrap();
    assert!(drawn.corrected_rules > 20, "{drawn:?}");
    assert!(drawn.naive.bias > 0.03 && drawn.naive.held < 0.6, "{drawn:?}");
    assert!(corrected.bias.abs() < drawn.naive.bias / 2.0 && corrected.held >= 0.9, "{drawn:?}");
    let none = simulated.arms[1].rules.unwrap();
    assert_eq!((none.corrected, none.estimated_violations), (None, None));
    assert!(none.naive.bias > 0.03);
}

#[test]
fn options_that_cannot_be_are_refused_with_their_bounds() {
    let engine = engine();
    let arms = |count: usize| {
        (0..count).map(|at| Arm { random: Some(Millionths(at as u32)), ..Arm::default() }).collect()
    };
    type Change = Box<dyn Fn(&mut SimulateOptions)>;
    let cases: Vec<(Change, &str)> = vec![
        (Box::new(|options| options.until = date("2016-03-24")), "must be days of 2016"),
        (Box::new(|options| options.from = date("2015-12-31")), "must be days of 2016"),
        (Box::new(|options| options.until = date("2017-01-01")), "must be days of 2016"),
        (
            Box::new(|options| options.lines_per_day = 0),
            "lines of a day are 0; give a number from 1 to 50000",
        ),
        (Box::new(|options| options.lines_per_day = 1_000_000_000), "from 1 to 50000"),
        (Box::new(|options| options.lines_per_day = u64::MAX), "from 1 to 50000"),
        (Box::new(|options| options.seeds = 0), "the worlds are 0"),
        (Box::new(|options| options.seeds = u32::MAX), "from 1 to 1000"),
        (Box::new(|options| options.inspections = Inspections::PerDay(0)), "inspections of a day are 0"),
        (
            Box::new(|options| options.inspections = Inspections::Table(Capacity::default())),
            "no site that inspects",
        ),
        (Box::new(|options| options.arms.clear()), "the arms are 0"),
        (Box::new(move |options| options.arms = arms(33)), "the arms are 33"),
        (Box::new(|options| options.arms = vec![Arm::default(); 2]), "the arm random-pack is there twice"),
        (Box::new(|options| options.adversaries.share = Millionths(1_000_001)), "adversaries are 1000001"),
        (
            Box::new(|options| (options.lines_per_day, options.seeds) = (50_000, 1_000)),
            "more than 2000000000; simulate fewer",
        ),
    ];
    for (change, expected) in cases {
        let mut options = small(&["random-10", "random-0", "random-5"]);
        change(&mut options);
        let error = Simulation::new(&engine, options).and_then(|simulation| simulation.run(&|_, _| {}));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "`{error}` lacks `{expected}`");
    }
    let without = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/import-fraud")).unwrap();
    let error = Simulation::new(&without, small(&["random-10"])).unwrap_err().to_string();
    assert!(error.contains("has no [selection]"), "{error}");
}
