//! Tests of `statistics`.

use super::*;

#[test]
fn intervals_are_those_of_tables() {
    // From R: binom.test.
    for (found, of, low, high) in [
        (0.0, 10.0, 0.0, 0.308_497),
        (1.0, 10.0, 0.002_529, 0.445_016),
        (5.0, 10.0, 0.187_086, 0.812_914),
        (10.0, 10.0, 0.691_503, 1.0),
        (3.0, 1000.0, 0.000_619, 0.008_742),
        (20_000.0, 1_000_000.0, 0.019_726_5, 0.020_276_3),
    ] {
        let (l, h) = clopper_pearson(found, of, 0.95);
        assert!((l - low).abs() < 2e-6 && (h - high).abs() < 2e-6, "{found} of {of}: {l} to {h}");
    }
}

fn near(found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() <= within * wanted.abs().max(1e-300), "{found} is not {wanted}");
}

#[test]
fn quantiles_are_those_of_tables() {
    // R: qnorm
    for (share, z) in [(0.975, 1.959_963_985), (0.995, 2.575_829_304), (0.5, 0.0), (0.001, -3.090_232_306)] {
        assert!((normal_quantile(share) - z).abs() < 1e-8, "{share}: {}", normal_quantile(share));
    }
    // R: qbeta(0.025, 20000, 980001)
    near(beta_quantile(0.025, 20_000.0, 980_001.0), 0.019_726_5, 1e-5);
}

#[test]
fn tails_are_those_of_tables() {
    // R: pnorm(z, lower.tail = FALSE)
    for (z, p) in [
        (0.0, 0.5),
        (1.0, 0.158_655_253_931_457),
        (1.959_963_984_540_054, 0.025),
        (-2.0, 0.977_249_868_051_821),
        (6.0, 9.865_876_450_376_98e-10),
    ] {
        near(normal_above(z), p, 1e-10);
    }
    // R: pchisq(x, df, lower.tail = FALSE); 3.841459 and 18.30704 are the 5 % points of 1 and 10 degrees.
    for (x, degrees, p) in [
        (3.841_458_820_694_124, 1, 0.05),
        (18.307_038_053_275_14, 10, 0.05),
        (0.0, 3, 1.0),
        (100.0, 4, 9.836_624_2e-21),
    ] {
        near(chi_square_above(x, degrees), p, 1e-3);
    }
    // P(X >= 5), X ~ Poisson(2) = 1 - e^-2 (1 + 2 + 2 + 4/3 + 2/3)
    near(poisson_at_least(5, 2.0), 1.0 - (-2.0_f64).exp() * 7.0, 1e-10);
    assert_eq!(poisson_at_least(0, 2.0), 1.0);
}

#[test]
fn false_discoveries_as_in_r() {
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "BH")
    let adjusted = false_discovery(&[0.01, 0.04, 0.03, 0.005]);
    for (found, wanted) in adjusted.iter().zip([0.02, 0.04, 0.04, 0.02]) {
        near(*found, wanted, 1e-12);
    }
    assert!(false_discovery(&[]).is_empty());
}

#[test]
fn false_discoveries_are_kept_to_their_rate() {
    for (p, expected) in [
        (vec![0.01, 0.04, 0.5], vec![true, false, false]),
        (vec![0.02, 0.03, 0.04], vec![true, true, true]),
        (vec![0.2], vec![false]),
    ] {
        let kept: Vec<bool> = false_discovery(&p).iter().map(|&p| p <= 0.05).collect();
        assert_eq!(kept, expected, "{p:?}");
    }
}

#[test]
fn a_trend_as_in_the_literature() {
    // Agresti (2002), table 5.3: malformations by alcohol, scores 0, .5, 1.5, 4, 7. Trend with N: z² = 6.5701,
    // prop.trend.test in R; with N - 1 the same to the fourth figure.
    let groups = [(0.0, 17_114, 48), (0.5, 14_502, 38), (1.5, 793, 5), (4.0, 127, 1), (7.0, 38, 1)];
    let (sum, variance) = lean(&groups);
    near(sum * sum / variance, 6.57, 1e-3);
    assert_eq!(lean(&[(0.0, 1, 1)]), (0.0, 0.0));
}

#[test]
fn a_quadratic_form_of_dependent_parts() {
    // x' V^-1 x with V = [[2, 1], [1, 2]], x = [1, 0]: 2/3; a third part that repeats the first adds nothing.
    let (statistic, rank) = quadratic(vec![vec![2.0, 1.0], vec![1.0, 2.0]], &[1.0, 0.0]);
    near(statistic, 2.0 / 3.0, 1e-12);
    assert_eq!(rank, 2);
    let repeated = vec![vec![2.0, 1.0, 2.0], vec![1.0, 2.0, 1.0], vec![2.0, 1.0, 2.0]];
    let (statistic, rank) = quadratic(repeated, &[1.0, 0.0, 1.0]);
    near(statistic, 2.0 / 3.0, 1e-12);
    assert_eq!(rank, 2);
}

#[test]
fn dispersion_is_one_for_what_varies_less_than_chance() {
    assert_eq!(dispersion(&[&[5, 5, 5], &[9, 9]]), 1.0);
    near(dispersion(&[&[0, 10]]), 10.0, 1e-12);
    assert_eq!(dispersion(&[&[], &[0, 0]]), 1.0);
}
