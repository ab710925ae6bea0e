//! Tests of `trend`.

use super::*;

fn number(months: i64) -> Month {
    Month::from_ym(2016, 1).unwrap().plus(months).unwrap()
}

fn months(counts: &[(u64, u64)]) -> Vec<OfMonth> {
    let month = |(at, &of): (usize, &(u64, u64))| OfMonth {
        month: number(at as i64),
        fired: of.0,
        results: [of, (0, 0)],
    };
    counts.iter().enumerate().map(month).collect()
}

#[test]
fn falls_and_rises() {
    // prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82)) of R: X-squared 8.2249, but with N − 1 in the variance.
    let smokers = trend(&months(&[(86, 83), (93, 90), (136, 129), (82, 70)])).unwrap();
    assert!((smokers.z.powi(2) - 8.2249 * 396.0 / 397.0).abs() < 0.001, "{smokers:?}");
    assert!(smokers.p_fall < 0.01 && smokers.later < smokers.earlier);
    let rising = trend(&months(&[(100, 2), (100, 10)])).unwrap();
    assert!(rising.p_rise < 0.05 && rising.p_fall > 0.95, "{rising:?}");
    assert_eq!((rising.earlier, rising.later), (0.02, 0.1));
    assert_eq!(trend(&months(&[(100, 2)])), None);
    assert_eq!(trend(&months(&[(100, 0), (100, 0)])).unwrap().z, 0.0);
}

#[test]
fn a_change_of_selection_is_no_change_of_what_is_found() {
    // Targeted ones hold half, drawn ones 2 of 100; only their numbers change.
    let of = |month, targeted: u64, drawn: u64| OfMonth {
        month: number(month),
        fired: 0,
        results: [(targeted, targeted / 2), (drawn, drawn / 50)],
    };
    let trend = trend(&[of(0, 1000, 100), of(1, 100, 1000)]).unwrap();
    assert!(trend.p_fall > 0.3 && trend.later < trend.earlier, "{trend:?}");
}
