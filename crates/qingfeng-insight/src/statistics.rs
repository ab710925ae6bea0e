//! Distributions, and the correction of many tests. What a library has as well as we need it is the library's.

use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::{gamma_ur, ln_gamma};

/// The part of a standard normal distribution below `z`.
pub(crate) fn normal_below(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The part of a standard normal distribution above `z`.
pub(crate) fn normal_above(z: f64) -> f64 {
    normal_below(-z)
}

/// The z below which a standard normal distribution has this part, in (0, 1).
pub(crate) fn normal_quantile(share: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * share)
}

/// The probability that a chi-square number is above `x`.
pub(crate) fn chi_square_above(x: f64, degrees: u32) -> f64 {
    if degrees == 0 || x <= 0.0 { 1.0 } else { upper_gamma(f64::from(degrees) / 2.0, x / 2.0) }
}

/// The probability that a Poisson number is `count` or more.
pub(crate) fn poisson_at_least(count: u64, mean: f64) -> f64 {
    if count == 0 {
        1.0
    } else if mean <= 0.0 {
        0.0
    } else {
        (1.0 - upper_gamma(count as f64, mean)).max(0.0)
    }
}

/// The upper regularised incomplete gamma function of positive numbers; of no number nothing.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x.is_finite() { gamma_ur(a, x).clamp(0.0, 1.0) } else { 0.0 }
}

/// The x at which a beta distribution has this much below it.
pub(crate) fn beta_quantile(share: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if beta_below(middle, a, b) < share { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The regularised incomplete beta function, by its continued fraction (Lentz's method, as in Press and others: Numerical
/// Recipes). That of `statrs` ends after 140 steps, which are too few where counts go beyond some ten thousands.
fn beta_below(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for step in 1..20_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        let change = d * c;
        result *= change;
        if (change - 1.0).abs() < 1e-14 {
            break;
        }
    }
    result
}

/// Probabilities corrected for their number, so that a threshold on them bounds the share of false discoveries
/// (Benjamini and Hochberg 1995).
pub(crate) fn false_discovery(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    let mut adjusted = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(p[at] * p.len() as f64 / (rank + 1) as f64);
        adjusted[at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64, within: f64) {
        assert!((found - wanted).abs() <= within * wanted.abs().max(1e-300), "{found} is not {wanted}");
    }

    #[test]
    fn quantiles_are_those_of_tables() {
        // R: qnorm
        for (share, z) in
            [(0.975, 1.959_963_985), (0.995, 2.575_829_304), (0.5, 0.0), (0.001, -3.090_232_306)]
        {
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
}
