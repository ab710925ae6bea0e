//! The statistics of watching: tail probabilities, intervals, tests. Formulas have their sources beside them.

/// The two-sided 95 % quantile of the normal distribution.
pub(crate) const Z95: f64 = 1.959_963_984_540_054;
/// The two-sided 99.8 % quantile, at which funnels are drawn.
pub(crate) const Z998: f64 = 3.090_232_306_167_813;

/// The logarithm of the gamma function of a positive number (Lanczos 1964, with g = 7 and nine terms).
pub(crate) fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    for (at, term) in TERMS.iter().enumerate() {
        sum += term / (x + at as f64 + 1.0);
    }
    let t = x + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The upper regularised incomplete gamma function Q(a, x): a series below `a + 1`, a continued fraction above
/// (Abramowitz and Stegun 1964, 6.5.29 and 6.5.31).
pub(crate) fn gamma_q(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    // Steps grow with the square root of `a`; a bound keeps hostile numbers from taking for ever.
    let steps = 200 + (10.0 * a.sqrt()).min(1e6) as u32;
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..steps {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return (1.0 - scale * sum).clamp(0.0, 1.0);
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for step in 1..=steps {
        let n = f64::from(step);
        let an = -n * (n - a);
        b += 2.0;
        d = an * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + an / c;
        c = if c.abs() < TINY { TINY } else { c };
        let factor = d * c;
        h *= factor;
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (scale * h).clamp(0.0, 1.0)
}

/// The probability that a standard normal number is above `z`.
pub(crate) fn normal_above(z: f64) -> f64 {
    let half = 0.5 * gamma_q(0.5, z * z / 2.0);
    if z >= 0.0 { half } else { 1.0 - half }
}

/// The probability that a chi-square number is above `x`.
pub(crate) fn chi_square_above(x: f64, degrees: u32) -> f64 {
    if degrees == 0 { 1.0 } else { gamma_q(f64::from(degrees) / 2.0, x / 2.0) }
}

/// The probability that a Poisson number is `count` or more.
pub(crate) fn poisson_at_least(count: u64, mean: f64) -> f64 {
    if count == 0 { 1.0 } else { (1.0 - gamma_q(count as f64, mean)).max(0.0) }
}

/// The 95 % interval of a share (Wilson 1927).
pub(crate) fn wilson(hits: f64, of: f64) -> (f64, f64) {
    if of <= 0.0 {
        return (0.0, 1.0);
    }
    let (share, z2) = (hits / of, Z95 * Z95);
    let middle = share + z2 / (2.0 * of);
    let half = Z95 * (share * (1.0 - share) / of + z2 / (4.0 * of * of)).sqrt();
    let whole = 1.0 + z2 / of;
    (((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0))
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

/// How far successes lean to high or low scores within one stratum: the sum of scores of successes less what was to be
/// expected, and its variance (Mantel 1963). Divided by its deviation it is the trend of Cochran (1954) and Armitage
/// (1955) with N - 1 for N. Each group is its score, its number, its successes.
pub(crate) fn lean(groups: &[(f64, u64, u64)]) -> (f64, f64) {
    let n: f64 = groups.iter().map(|group| group.1 as f64).sum();
    let hits: f64 = groups.iter().map(|group| group.2 as f64).sum();
    if n < 2.0 {
        return (0.0, 0.0);
    }
    let of_hits: f64 = groups.iter().map(|&(score, _, hits)| score * hits as f64).sum();
    let of_all: f64 = groups.iter().map(|&(score, n, _)| score * n as f64).sum();
    let squares: f64 = groups.iter().map(|&(score, n, _)| score * score * n as f64).sum();
    let variance = hits * (n - hits) / (n * n * (n - 1.0)) * (n * squares - of_all * of_all);
    (of_hits - of_all * hits / n, variance.max(0.0))
}

/// Solves `matrix · x = right` for a symmetric positive semidefinite matrix, and gives `right · x` and the rank: the
/// statistic of a score test whose parts may depend on each other.
pub(crate) fn quadratic(mut matrix: Vec<Vec<f64>>, right: &[f64]) -> (f64, u32) {
    let size = right.len();
    let largest = (0..size).map(|at| matrix[at][at]).fold(0.0, f64::max);
    let mut rest = right.to_vec();
    let mut used = vec![false; size];
    let (mut statistic, mut rank) = (0.0, 0);
    // Cholesky without roots: each pivot takes its part of the statistic and is swept out of what remains.
    for _ in 0..size {
        let free = (0..size).filter(|&at| !used[at]);
        let Some(pivot) = free.max_by(|&a, &b| matrix[a][a].total_cmp(&matrix[b][b]).then(b.cmp(&a))) else {
            break;
        };
        let of_pivot = matrix[pivot][pivot];
        if of_pivot <= largest * 1e-9 || of_pivot <= 0.0 {
            break;
        }
        used[pivot] = true;
        rank += 1;
        statistic += rest[pivot] * rest[pivot] / of_pivot;
        let row = matrix[pivot].clone();
        let at_pivot = rest[pivot];
        for other in (0..size).filter(|&at| !used[at]) {
            let factor = row[other] / of_pivot;
            rest[other] -= factor * at_pivot;
            for column in 0..size {
                matrix[other][column] -= factor * row[column];
            }
        }
    }
    (statistic, rank)
}

/// How much numbers vary about the mean of their group beyond what Poisson numbers do, at least 1: Pearson's statistic
/// by its degrees of freedom (McCullagh and Nelder 1989, 6.2).
pub(crate) fn dispersion(groups: &[&[u32]]) -> f64 {
    let (mut pearson, mut degrees) = (0.0, 0.0);
    for group in groups {
        let mean = group.iter().map(|&count| f64::from(count)).sum::<f64>() / group.len().max(1) as f64;
        if mean > 0.0 {
            pearson += group.iter().map(|&count| (f64::from(count) - mean).powi(2) / mean).sum::<f64>();
            degrees += group.len() as f64 - 1.0;
        }
    }
    if degrees > 0.0 { (pearson / degrees).max(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64, within: f64) {
        assert!((found - wanted).abs() <= within * wanted.abs().max(1e-300), "{found} is not {wanted}");
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
    fn logarithms_of_factorials() {
        for (n, factorial) in [(1.0_f64, 1.0_f64), (5.0, 24.0), (11.0, 3_628_800.0)] {
            assert!((ln_gamma(n) - factorial.ln()).abs() < 1e-12, "{n}");
        }
        near(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-12);
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
}
