use super::*;

#[test]
fn bins_rise_with_worth_per_cost() {
    let mut last = (0, 0.0);
    for (worth, cost) in [
        (0, 1),
        (1, u32::MAX),
        (1, 1_000),
        (1, 1),
        (3, 2),
        (2, 1),
        (1_000_000, 1),
        (i64::MAX, 7),
        (i64::MAX, 1),
    ] {
        let at = bin(worth, cost);
        assert!(at >= last.0 && at < BINS, "{worth} {cost}");
        let exact = worth as f64 / f64::from(cost);
        assert!(
            density(at) <= exact && exact - density(at) <= exact / 127.0,
            "{worth} {cost} {}",
            density(at)
        );
        last = (at, exact);
    }
    assert_eq!([bin(-5, 1), bin(0, 0)], [0, 0]);
}

#[test]
fn the_threshold_serves_the_best_first() {
    let (mut mass, none) = (Mass::new(), Mass::new());
    for (worth, cost) in [(10, 1), (20, 1), (30, 1), (40, 2)] {
        mass.add(bin(worth, cost), cost.into());
    }
    let expected = Expected { earlier: (&none, 0.0), today: (&mass, 2.0) };
    assert_eq!(expected.total(), 10.0);
    for (amount, passing) in [(0.0, 0.0), (1.0, 2.0), (2.0, 2.0), (5.0, 8.0), (9.5, 10.0), (10.0, 10.0)] {
        let threshold = expected.threshold(amount);
        assert_eq!(expected.passing(threshold), passing, "{amount}: {threshold:?}");
    }
    assert!(expected.threshold(2.0).passes(bin(30, 1)) && !expected.threshold(2.0).passes(bin(20, 1)));
}
