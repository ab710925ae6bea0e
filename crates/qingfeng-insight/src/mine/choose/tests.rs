//! Tests of `choose`.

use super::*;

/// Lines, of which the first so many are found.
fn lines(found: usize, of: &[(f64, f64)]) -> Vec<Tried> {
    let line = |(at, &(chance, weight)): (usize, &(f64, f64))| Tried { found: at < found, chance, weight };
    of.iter().enumerate().map(line).collect()
}

#[test]
fn tails_are_those_of_the_binomial_distribution() {
    for (at_least, count, chance, expected) in
        [(0, 5, 0.5, 1.0), (3, 3, 0.5, 0.125), (1, 2, 0.1, 0.19), (8, 10, 0.2, 7.8e-5)]
    {
        // What all lines count has no bearing.
        for weight in [1.0, 7.3] {
            let found = tail(&lines(at_least, &vec![(chance, weight); count]));
            assert!((found - expected).abs() < 1e-6, "{at_least} of {count} at {chance}: {found}");
        }
    }
}

#[test]
fn one_heavy_line_proves_no_more_than_a_line_does() {
    // It is found with a chance of 5 %, whatever it counts.
    let mut of = vec![(0.05, 1.0); 100];
    of[0] = (0.05, 1_000.0);
    let heavy = tail(&lines(1, &of));
    assert!((heavy - 0.05).abs() < 1e-9, "{heavy}");
    // As many findings on lines that count alike are no surprise, on light lines among heavy ones even less.
    of[0] = (0.05, 1.0);
    assert!(tail(&lines(1, &of)) > 0.9);
}

#[test]
fn weighted_tails_are_those_of_all_ways() {
    let of = [(0.3, 1.0), (0.1, 3.0), (0.5, 2.0), (0.2, 5.0)];
    let found = [false, true, false, true];
    let observed = 8.0;
    let mut expected = 0.0;
    for way in 0_u32..16 {
        let chosen = |at: usize| way & (1 << at) > 0;
        let sum: f64 = (0..4).filter(|&at| chosen(at)).map(|at| of[at].1).sum();
        let chance: f64 = (0..4).map(|at| if chosen(at) { of[at].0 } else { 1.0 - of[at].0 }).product();
        expected += if sum >= observed { chance } else { 0.0 };
    }
    let tried: Vec<Tried> =
        of.iter().zip(found).map(|(&(chance, weight), found)| Tried { found, chance, weight }).collect();
    assert!((tail(&tried) - expected).abs() < 1e-12, "{} {expected}", tail(&tried));
}
