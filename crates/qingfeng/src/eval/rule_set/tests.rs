use proptest::prelude::*;

use super::*;

/// The rules that a list of bounds takes, found one by one.
fn taken(bounds: &[Bounds], number: f64, candidates: &RuleSet) -> Vec<u32> {
    let mut rules: Vec<u32> =
        bounds.iter().filter(|of| of.low <= number && number <= of.high).map(|of| of.rule).collect();
    rules.retain(|&rule| candidates.contains(rule as usize));
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// Numbers that are often the same, and ends without a number.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-20_i32..20).prop_map(f64::from),
        2 => -20.0_f64..20.0,
        1 => prop_oneof![Just(f64::NEG_INFINITY), Just(f64::INFINITY), Just(-0.0), Just(f64::MAX)],
    ]
}

proptest! {
    #[test]
    fn intervals_take_what_their_bounds_take(
        all in 1_usize..400,
        bounds in prop::collection::vec((number(), number(), any::<u32>()), 0..300),
        candidates in prop::collection::vec(any::<u32>(), 0..200),
        numbers in prop::collection::vec(number(), 1..40),
    ) {
        let bounds: Vec<Bounds> =
            bounds.into_iter().map(|(low, high, rule)| Bounds { low, high, rule: rule % all as u32 }).collect();
        let mut set = RuleSet::empty(all);
        candidates.iter().for_each(|rule| set.insert(*rule as usize % all));
        let intervals = Intervals::new(&bounds, all);
        for number in numbers {
            let mut visits = RuleSet::empty(all);
            intervals.add(number, &set, &mut visits);
            prop_assert_eq!(visits.iter().collect::<Vec<_>>(), taken(&bounds, number, &set), "{}", number);
        }
    }

    #[test]
    fn dependents_are_the_same_as_a_list_and_as_bits(
        all in 1_usize..2_000,
        rules in prop::collection::vec(any::<u32>(), 0..60),
        candidates in prop::collection::vec(any::<u32>(), 0..200),
    ) {
        let rules: Vec<u32> = rules.into_iter().map(|rule| rule % all as u32).collect();
        let mut set = RuleSet::empty(all);
        candidates.iter().for_each(|rule| set.insert(*rule as usize % all));
        let mut expected: Vec<u32> = rules.iter().copied().filter(|rule| set.contains(*rule as usize)).collect();
        expected.sort_unstable();
        expected.dedup();
        let dependents = Dependents::new(rules, all);
        let mut visits = RuleSet::empty(all);
        dependents.add(&set, &mut visits);
        prop_assert_eq!(dependents.meets(&set), !expected.is_empty());
        prop_assert_eq!(visits.iter().collect::<Vec<_>>(), expected);
    }
}
