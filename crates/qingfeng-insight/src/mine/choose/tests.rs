//! Tests of `choose`.

use super::*;

#[test]
fn tails_are_those_of_the_binomial_distribution() {
    for (at_least, lines, chance, expected) in
        [(0, 5, 0.5, 1.0), (3, 3, 0.5, 0.125), (1, 2, 0.1, 0.19), (8, 10, 0.2, 7.8e-5)]
    {
        let found = tail(at_least, &vec![chance; lines]);
        assert!((found - expected).abs() < 1e-6, "{at_least} of {lines} at {chance}: {found}");
    }
}
