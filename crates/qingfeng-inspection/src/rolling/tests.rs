//! Rolling selection on made-up days, and against hindsight.

use proptest::prelude::*;

use super::*;

const PLAIN: Arrival<'static> = Arrival {
    worth: 0,
    cost: 1,
    mandatory: None,
    targetable: true,
    left_alone: None,
    trader: None,
    rate: Millionths(0),
    ticket: None,
    groups: 0,
};

/// Numbers that look drawn, the same on every machine (SplitMix64, Steele, Lea and Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A day's worths: most little, few high, as probabilities of a finding are.
fn worths(numbers: &mut Numbers, declarations: u64) -> Vec<(i64, u32)> {
    let mut one = || {
        let part = numbers.below(1_000) as i64 + 1;
        // Between 5,000 and 505,000, most near the lower end.
        (5_000 + part * part / 2 * part / 1_000, 10 + numbers.below(30) as u32)
    };
    (0..declarations).map(|_| one()).collect()
}

fn date(day: i64) -> qingfeng_rules::Date {
    "2016-03-07".parse::<qingfeng_rules::Date>().unwrap().plus_days(day).unwrap()
}

fn history(numbers: &mut Numbers, days: i64, declarations: u64) -> History {
    let mut history = History::default();
    for day in 0..days {
        let count = declarations * (85 + numbers.below(31)) / 100;
        for (worth, cost) in worths(numbers, count) {
            history.add(date(day), &Arrival { worth, cost, ..PLAIN });
        }
    }
    history
}

/// Reached and best of a day.
fn share(capacity: u32, day: &[(i64, u32)], forecast: Option<Forecast>) -> (i128, i128) {
    let mut rolling = Rolling::new(Amount::Points(capacity), Vec::new(), None, forecast);
    let mut hindsight = Hindsight::default();
    for &(worth, cost) in day {
        let arrival = Arrival { worth, cost, ..PLAIN };
        let decision = rolling.decide(&arrival);
        hindsight.add(&arrival, &decision);
    }
    (hindsight.reached(), hindsight.best(capacity.into()))
}

/// The least shares that are asked for, in per cent. Printed ones are in docs/rolling.md.
#[test]
fn against_hindsight_in_friendly_and_hostile_orders() {
    let mut numbers = Numbers(7);
    let history = history(&mut numbers, 20, 300);
    let mut sums: Vec<(&str, i128, i128, i128)> = Vec::new();
    for day in 0..30 {
        let forecast = || history.forecast(date(21 + day % 5), 0);
        let count = 300 * (85 + numbers.below(31)) / 100;
        let plain = worths(&mut numbers, count);
        let mut best_first = plain.clone();
        best_first.sort_unstable_by_key(|&(worth, cost)| std::cmp::Reverse(worth * 1_000 / i64::from(cost)));
        let mut best_last = best_first.clone();
        best_last.reverse();
        let half = plain[..plain.len() / 2].to_vec();
        let double = [worths(&mut numbers, count), plain.clone()].concat();
        let burst = [best_first[30..].to_vec(), best_first[..30].to_vec()].concat();
        for (name, least, capacity, order, forecast) in [
            ("as forecast", 92, 600, &plain, forecast()),
            ("small capacity", 88, 120, &plain, forecast()),
            ("no history", 88, 600, &plain, None),
            ("best first", 55, 600, &best_first, forecast()),
            ("best last", 45, 600, &best_last, forecast()),
            ("a burst of the best at the end", 85, 600, &burst, forecast()),
            ("half as busy", 62, 600, &half, forecast()),
            ("twice as busy", 75, 600, &double, forecast()),
            ("more capacity than declarations", 100, 1_000_000, &plain, forecast()),
        ] {
            let (reached, best) = share(capacity, order, forecast);
            assert!(reached <= best, "{name}: {reached} of {best}");
            match sums.iter_mut().find(|sum| sum.0 == name) {
                Some(sum) => (sum.2, sum.3) = (sum.2 + reached, sum.3 + best),
                None => sums.push((name, least, reached, best)),
            }
        }
    }
    let mut failed = false;
    for (name, least, reached, best) in sums {
        println!("{name}: {:.1} %", reached as f64 * 100.0 / best as f64);
        failed |= reached * 100 < best * least;
    }
    assert!(!failed, "see the shares above");
}

#[test]
fn a_capacity_of_nothing_selects_nothing() {
    let mut rolling = Rolling::new(Amount::Inspections(0), Vec::new(), None, None);
    let must = Arrival { mandatory: Some("rule X forces red"), ..PLAIN };
    let decision = rolling.decide(&must);
    assert_eq!((decision.selected, decision.probability), (None, 0.0));
    assert_eq!(decision.why, "rule X forces red, but no capacity left");
    let drawn = Arrival { rate: Millionths::ONE, ticket: Some([0; 32]), ..PLAIN };
    assert_eq!(rolling.decide(&drawn).why, "no capacity left");
    assert_eq!((rolling.missed(), rolling.cut()), (1, 1));
}

#[test]
fn the_ticket_decides_by_the_rate() {
    let arrival = |first: u8, rate| Arrival { rate: Millionths(rate), ticket: Some([first; 32]), ..PLAIN };
    for (first, rate, drawn) in [
        (0, 0, false),
        (0, 1, true),
        (255, 999_999, false),
        (255, 1_000_000, true),
        (127, 500_000, true),
        (128, 500_000, false),
    ] {
        assert_eq!(arrival(first, rate).is_drawn(), drawn, "{first} {rate}");
    }
    assert!(!Arrival { rate: Millionths::ONE, ..PLAIN }.is_drawn(), "without a key nothing is drawn");
}

#[test]
fn quotas_and_traders_are_kept() {
    let mut numbers = Numbers(3);
    let mut history = History::default();
    // Each tenth declaration is of the group, and worth little.
    let of_group = |at: usize| at.is_multiple_of(10);
    let arrival = |at: usize, worth: i64| Arrival {
        worth: if of_group(at) { 100 + worth / 1_000 } else { worth },
        groups: u64::from(of_group(at)),
        ..PLAIN
    };
    for day in 0..10 {
        for (at, (worth, _)) in worths(&mut numbers, 200).into_iter().enumerate() {
            history.add(date(day), &arrival(at, worth));
        }
    }
    let quota = GroupLeast { name: "quota markets".to_owned(), least: 5, by_count: true };
    let forecast = history.forecast(date(11), 1);
    let mut rolling = Rolling::new(Amount::Inspections(30), vec![quota], Some(2), forecast);
    let (mut met, mut of_trader) = (0, 0);
    for (at, (worth, _)) in worths(&mut numbers, 200).into_iter().enumerate() {
        let trader = Some("E1").filter(|_| at % 3 == 1);
        let decision = rolling.decide(&Arrival { trader, ..arrival(at, worth) });
        if decision.selected == Some(SelectionKind::Targeted) {
            met += u32::from(of_group(at));
            of_trader += u32::from(trader.is_some());
            assert!(!of_group(at) || decision.why == "quota markets", "{decision:?}");
        }
    }
    assert!((4..=6).contains(&met), "{met} of the group");
    assert_eq!(of_trader, 2);
}

prop_compose! {
    fn arrivals()(
        all in prop::collection::vec(
            (0_i64..2_000_000, 0_u32..50, 0_u8..10, any::<[u8; 32]>(), 0_u64..4, any::<bool>()), 0..200),
    ) -> Vec<(i64, u32, u8, [u8; 32], u64, bool)> { all }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn capacity_holds_and_what_must_be_is_while_there_is_room(
        all in arrivals(), capacity in 0_u32..600, known in arrivals(), rate in 0_u32..=1_000_000,
    ) {
        let arrival = |&(worth, cost, kind, ticket, groups, targetable): &(i64, u32, u8, [u8; 32], u64, bool)| Arrival {
            worth, cost, groups, targetable,
            mandatory: (kind == 0).then_some("must"),
            left_alone: (kind == 1).then_some("left alone"),
            trader: None,
            rate: Millionths(rate),
            ticket: Some(ticket),
        };
        let mut history = History::default();
        known.iter().for_each(|known| history.add(date(0), &arrival(known)));
        let groups = vec![
            GroupLeast { name: "quota a".to_owned(), least: 3, by_count: true },
            GroupLeast { name: "quota b".to_owned(), least: 40, by_count: false },
        ];
        let run = || {
            let mut rolling = Rolling::new(
                Amount::Points(capacity), groups.clone(), None, history.forecast(date(1), 2));
            let decisions: Vec<(u64, Decision, u64)> = all.iter().map(|one| {
                let before = rolling.left();
                let decision = rolling.decide(&arrival(one));
                (before, decision, rolling.left())
            }).collect();
            decisions
        };
        let decisions = run();
        prop_assert_eq!(&decisions, &run());
        for ((before, decision, after), one) in decisions.iter().zip(&all) {
            let arrival = arrival(one);
            let cost = u64::from(arrival.cost);
            match decision.selected {
                Some(_) => prop_assert_eq!(before - cost, *after),
                None => prop_assert_eq!(before, after),
            }
            if arrival.mandatory.is_some() {
                prop_assert_eq!(decision.selected.is_some(), cost <= *before);
            } else if arrival.is_drawn() {
                prop_assert_eq!(decision.selected.is_some(), cost <= *before);
            }
            prop_assert!((0.0..=1.0).contains(&decision.probability));
            prop_assert!(decision.selected.is_none() || decision.probability > 0.0);
        }
    }
}
