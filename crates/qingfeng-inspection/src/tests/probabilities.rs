//! Stated probabilities are true, and an estimate made with them is right on average.

use qingfeng_rules::selection::{Amount, Millionths, RandomLeast};
use qingfeng_rules::{ChannelId, SelectionKind};

use super::super::{AssessedDeclaration, Capacity};
use super::world::*;

/// Sixty declarations of two groups on two days, some of them forced, some that may be targeted, a third violating.
fn world(least: RandomLeast, amount: Amount) -> (World, Vec<bool>) {
    let mut selection = selection();
    selection.random.at_least = least;
    selection.random.rate = Millionths(150_000);
    let all: Vec<AssessedDeclaration> = (0..60_u32)
        .map(|number| AssessedDeclaration {
            group: ["batteries", "toys", "other"][(number % 7 % 3) as usize].into(),
            score: i64::from(number * 37 % 101),
            channel: ChannelId(if number % 5 == 0 { 1 } else { 0 }),
            rules: if number % 17 == 0 { [0].into() } else { [].into() },
            packages: Some(i64::from(number * 53 % 700)),
            ..candidate(DAYS[1 + (number % 2) as usize], number)
        })
        .collect();
    let candidates = candidates(all);
    let violates = candidates.all.iter().map(|one| one.score % 3 == 0).collect();
    let capacity = Capacity::of_sites([("yiwu", amount)]);
    (World { policy: policy(selection), capacity, candidates, outcomes: None }, violates)
}

#[test]
fn declarations_are_inspected_as_often_as_is_stated_and_the_estimate_is_unbiased() {
    const KEYS: u64 = 3_000;
    for least in [RandomLeast::Stratum, RandomLeast::Day] {
        for amount in [Amount::Inspections(11), Amount::Inspections(5), Amount::Points(330)] {
            let (world, violates) = world(least, amount);
            let mut stated = vec![0.0; violates.len()];
            let first = world.plan(0);
            for day in &first.days {
                for (at, one) in
                    world.candidates.all.iter().enumerate().filter(|(_, one)| one.day == Some(day.day))
                {
                    let stratum = world.policy.stratum(one);
                    let of = day.strata.iter().find(|draw| draw.name == stratum).unwrap();
                    stated[at] = of.probability;
                }
                for selected in &day.selected {
                    stated[selected.candidate] = selected.probability;
                }
            }
            let mut times = vec![0_u32; violates.len()];
            let mut estimates = 0.0;
            let mut squares = 0.0;
            for number in 0..KEYS {
                let plan = world.plan(number);
                let mut estimate = 0.0;
                for selected in plan.days.iter().flat_map(|day| &day.selected) {
                    times[selected.candidate] += 1;
                    assert_eq!(selected.probability, stated[selected.candidate], "whatever the key");
                    if selected.kind != SelectionKind::Random {
                        assert_eq!(selected.probability, 1.0);
                    }
                    if violates[selected.candidate] {
                        estimate += 1.0 / selected.probability;
                    }
                }
                estimates += estimate;
                squares += estimate * estimate;
            }
            // The sum of squared deviations in units of their variance: its mean is the number of declarations that
            // can be drawn, and its standard deviation about the root of twice that.
            let mut sum = 0.0;
            let mut open = 0.0;
            for (&times, &stated) in times.iter().zip(&stated) {
                let (found, variance) = (f64::from(times), KEYS as f64 * stated * (1.0 - stated));
                if variance > 0.0 {
                    sum += (found - KEYS as f64 * stated).powi(2) / variance;
                    open += 1.0;
                } else {
                    assert_eq!(found, KEYS as f64 * stated);
                }
            }
            assert!(sum < open + 5.0 * (2.0_f64 * open).sqrt(), "{least:?} {amount:?}: {sum} for {open}");

            let mean = estimates / KEYS as f64;
            let deviation = ((squares / KEYS as f64 - mean * mean) / KEYS as f64).sqrt();
            let reached = violates.iter().zip(&stated).filter(|&(&bad, &stated)| bad && stated > 0.0);
            let truth = reached.count() as f64;
            assert!((mean - truth).abs() <= 4.0 * deviation + 1e-9, "{least:?} {amount:?}: {mean}, {truth}");
        }
    }
}
