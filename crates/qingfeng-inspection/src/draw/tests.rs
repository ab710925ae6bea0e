//! Who is drawn, how many, and how often.

use proptest::prelude::*;
use qingfeng_rules::selection::{Millionths, RandomLeast};

use super::*;

const OFFICE: &str = "yiwu";

fn key(number: u64) -> DayKey {
    // Keys for tests: made by hashing a number.
    let bytes: Vec<u8> = blake3::hash(&number.to_le_bytes()).as_bytes().to_vec();
    Key::from_bytes(&bytes).unwrap().of_day("2016-09-06".parse().unwrap())
}

fn counts(strata: &[(u32, u64, u64)]) -> Vec<StratumCount> {
    let count = |(at, &(rate, declarations, population)): (usize, &(u32, u64, u64))| StratumCount {
        name: format!("stratum-{at}"),
        rate: Millionths(rate),
        declarations,
        population,
    };
    strata.iter().enumerate().map(count).collect()
}

fn ids(strata: &[StratumCount]) -> Vec<Vec<String>> {
    let ids = |stratum: &StratumCount| {
        (0..stratum.population).map(|at| format!("{}-{at}", stratum.name)).collect::<Vec<_>>()
    };
    strata.iter().map(ids).collect()
}

fn drawn(key: &DayKey, sizes: &DrawSizes, strata: &[StratumCount], ids: &[Vec<String>]) -> Vec<Vec<String>> {
    let populations: Vec<(&str, &[String])> =
        strata.iter().zip(ids).map(|(stratum, ids)| (stratum.name.as_str(), ids.as_slice())).collect();
    let drawn = draw(key, OFFICE, sizes, &populations);
    drawn.iter().zip(ids).map(|(drawn, ids)| drawn.iter().map(|&at| ids[at].clone()).collect()).collect()
}

fn any_strata() -> impl Strategy<Value = Vec<StratumCount>> {
    let rate = prop_oneof![1 => Just(0), 4 => 1..200_000_u32, 1 => 200_000..=1_000_000_u32];
    let stratum = (rate, 0..60_u64)
        .prop_flat_map(|(rate, declarations)| (Just(rate), Just(declarations), 0..=declarations));
    prop::collection::vec(stratum, 0..8).prop_map(|strata| counts(&strata))
}

fn any_least() -> impl Strategy<Value = RandomLeast> {
    prop_oneof![Just(RandomLeast::Stratum), Just(RandomLeast::Day)]
}

proptest! {
    /// Sizes are kept, no declaration is less likely than its rate, and probabilities add up to what is drawn.
    #[test]
    fn as_many_are_drawn_as_the_rates_ask(strata in any_strata(), least in any_least(), number in 0..1_000_u64) {
        let sizes = plan_draw(least, &strata, None);
        let drawn = drawn(&key(number), &sizes, &strata, &ids(&strata));
        prop_assert_eq!(drawn.iter().map(|drawn| drawn.len() as u64).sum::<u64>(), sizes.drawn);
        let mut expected = 0.0;
        for ((stratum, size), drawn) in strata.iter().zip(&sizes.strata).zip(&drawn) {
            prop_assert!((size.least..=size.most).contains(&(drawn.len() as u64)), "{size:?}: {}", drawn.len());
            prop_assert!(size.most <= size.least + 1 && size.most <= stratum.population, "{size:?}");
            prop_assert!(!size.cut);
            if stratum.population > 0 {
                let rate = f64::from(stratum.rate.0) / 1e6;
                prop_assert!(size.probability >= rate * (1.0 - 1e-12), "{size:?} {rate}");
                prop_assert!(size.probability <= 1.0);
            }
            expected += size.probability * stratum.population as f64;
        }
        prop_assert!((expected - sizes.drawn as f64).abs() < 1e-6, "{expected} {sizes:?}");
    }

    /// The draw is the same whatever the order of strata and of declarations.
    #[test]
    fn no_order_changes_the_draw(strata in any_strata(), least in any_least(), number in 0..1_000_u64) {
        let ids = ids(&strata);
        let forth = drawn(&key(number), &plan_draw(least, &strata, None), &strata, &ids);
        let reversed: Vec<StratumCount> = strata.iter().rev().cloned().collect();
        let back: Vec<Vec<String>> = ids.iter().rev().map(|ids| ids.iter().rev().cloned().collect()).collect();
        let mut back = drawn(&key(number), &plan_draw(least, &reversed, None), &reversed, &back);
        back.reverse();
        prop_assert_eq!(forth, back);
    }

    /// Whatever is targeted after the room was kept, the draw fits into it, and more could not have been drawn.
    #[test]
    fn the_draw_fits_into_the_room_that_is_kept(
        strata in any_strata(), least in any_least(), number in 0..1_000_u64, room in 0..400_u64,
        prices in prop::collection::vec(1..30_u32, 480), targeted in prop::collection::vec(0..4_u64, 8),
    ) {
        let mut prices = prices.into_iter().cycle();
        let costs: Vec<Vec<u32>> = strata
            .iter()
            .map(|stratum| (0..stratum.population).filter_map(|_| prices.next()).collect())
            .collect();
        let kept = reserve(least, &strata, &costs, room);
        prop_assert!(kept.cost <= room);
        // The first declarations of each stratum are targeted.
        let mut later = strata.clone();
        for (stratum, targeted) in later.iter_mut().zip(&targeted) {
            stratum.population -= stratum.population.min(*targeted);
        }
        let sizes = plan_draw(least, &later, Some(&kept));
        let populations: Vec<Vec<String>> = ids(&strata)
            .into_iter()
            .zip(&later)
            .map(|(ids, later)| ids[ids.len() - later.population as usize..].to_vec())
            .collect();
        let drawn = drawn(&key(number), &sizes, &later, &populations);
        let cost: u64 = drawn
            .iter()
            .zip(&costs)
            .flat_map(|(drawn, costs)| {
                drawn.iter().map(|id| u64::from(costs[id.rsplit('-').next().unwrap().parse::<usize>().unwrap()]))
            })
            .sum();
        prop_assert!(cost <= kept.cost, "{cost} of {kept:?}");
    }
}

/// Over many keys each declaration is drawn as often as its probability says: within four and a half standard
/// deviations, which one of a hundred declarations misses once in 1,500 times.
#[test]
fn declarations_are_drawn_as_often_as_is_said() {
    const KEYS: u64 = 2_000;
    let strata = counts(&[(20_000, 60, 40), (20_000, 7, 7), (50_000, 30, 3), (300_000, 10, 2), (0, 20, 20)]);
    for (least, expected) in [(RandomLeast::Stratum, 2 + 1 + 2 + 2), (RandomLeast::Day, 6)] {
        let sizes = plan_draw(least, &strata, None);
        assert_eq!(sizes.drawn, expected, "{sizes:?}");
        let ids = ids(&strata);
        let mut times = std::collections::BTreeMap::new();
        for number in 0..KEYS {
            for id in drawn(&key(number), &sizes, &strata, &ids).into_iter().flatten() {
                *times.entry(id).or_insert(0_u32) += 1;
            }
        }
        for (ids, size) in ids.iter().zip(&sizes.strata) {
            for id in ids {
                let found = f64::from(times.get(id).copied().unwrap_or(0)) / KEYS as f64;
                let deviation = (size.probability * (1.0 - size.probability) / KEYS as f64).sqrt();
                let off = (found - size.probability).abs();
                assert!(off <= 4.5 * deviation + 1e-12, "{id}: {found}, and {} is said", size.probability);
            }
        }
    }
}

#[test]
fn sizes_by_stratum_and_by_day() {
    // Rate in millionths, declarations, population; asked, least, most, probability of each way.
    type Case<'c> = (&'c [(u32, u64, u64)], &'c str, &'c str);
    let cases: &[Case<'_>] = &[
        (&[], "0:", "0:"),
        (&[(20_000, 50, 50)], "1: 1/1-1/0.02", "1: 1/1-1/0.02"),
        (&[(20_000, 51, 51)], "2: 2/2-2/0.0392", "2: 2/2-2/0.0392"),
        (&[(20_000, 10, 10), (20_000, 10, 5)], "2: 1/1-1/0.1, 1/1-1/0.2", "1: 1/0-1/0.05, 1/0-1/0.1"),
        // All that are left are drawn, and the others get what they lack.
        (&[(500_000, 10, 1), (500_000, 10, 10)], "6: 5/1-1/1, 5/5-5/0.5", "10: 5/1-1/1, 5/9-9/0.9"),
        (&[(0, 100, 100)], "0: 0/0-0/0", "0: 0/0-0/0"),
        (&[(20_000, 3, 0)], "0: 1/0-0/0", "0: 1/0-0/0"),
        (&[(1_000_000, 3, 3)], "3: 3/3-3/1", "3: 3/3-3/1"),
    ];
    for (strata, by_stratum, by_day) in cases {
        for (least, expected) in [(RandomLeast::Stratum, by_stratum), (RandomLeast::Day, by_day)] {
            let sizes = plan_draw(least, &counts(strata), None);
            let strata: Vec<String> = sizes
                .strata
                .iter()
                .map(|size| {
                    let probability = (size.probability * 1e4).floor() / 1e4;
                    format!("{}/{}-{}/{probability}", size.asked, size.least, size.most)
                })
                .collect();
            let found = format!("{}: {}", sizes.drawn, strata.join(", "));
            assert_eq!(found.trim(), *expected, "{least:?} of {strata:?}");
        }
    }
}

#[test]
fn a_room_too_small_takes_from_all_strata() {
    let strata = counts(&[(100_000, 100, 100), (100_000, 50, 50), (100_000, 10, 10)]);
    let costs = [vec![1; 100], vec![1; 50], vec![1; 10]];
    let kept = reserve(RandomLeast::Stratum, &strata, &costs, 8);
    assert_eq!((kept.most.as_slice(), kept.total, kept.cut), ([5, 3, 0].as_slice(), 8, true));
    let sizes = plan_draw(RandomLeast::Stratum, &strata, Some(&kept));
    assert_eq!((sizes.drawn, sizes.strata[0].asked, sizes.strata[0].most), (8, 10, 5));
    assert!(sizes.strata.iter().all(|size| size.cut));
    let kept = reserve(RandomLeast::Day, &strata, &costs, 8);
    let sizes = plan_draw(RandomLeast::Day, &strata, Some(&kept));
    assert_eq!((sizes.drawn, sizes.strata[0].probability), (8, 0.05));
    assert!(reserve(RandomLeast::Stratum, &strata, &costs, 0).most.iter().all(|&most| most == 0));
}
