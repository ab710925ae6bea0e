//! Distributions, tests, and the correction of many tests. Formulas have their sources beside them. What a library has as
//! well as we need it is the library's.

use serde::Serialize;
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

/// The x at which a beta distribution has this much below it: Newton's steps between bounds that close in.
pub(crate) fn beta_quantile(share: f64, a: f64, b: f64) -> f64 {
    let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    for _ in 0..200 {
        let off = beta_below(x, a, b) - share;
        if off < 0.0 {
            low = x
        } else {
            high = x
        }
        let density = ((a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p() - ln_beta).exp();
        let step = x - off / density;
        let next = if step > low && step < high { step } else { 0.5 * (low + high) };
        if (next - x).abs() <= 1e-14 * x {
            return next;
        }
        x = next;
    }
    x
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

/// A rate between its bounds, all in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rate {
    /// The rate.
    pub rate: f64,
    /// The lower bound of its interval.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// Wilson's interval of a share (1927).
///
/// ```
/// use qingfeng_insight::effect::wilson;
///
/// let rate = wilson(3.0, 20.0, 0.95).expect("twenty results");
/// assert_eq!((rate.rate, (rate.low * 1e4).round(), (rate.high * 1e4).round()), (0.15, 524.0, 3604.0));
/// assert_eq!(wilson(0.0, 0.0, 0.95), None);
/// ```
pub fn wilson(found: f64, of: f64, level: f64) -> Option<Rate> {
    if of <= 0.0 {
        return None;
    }
    let rate = (found / of).clamp(0.0, 1.0);
    let z = normal_quantile(0.5 + level / 2.0);
    let z2 = z * z;
    let middle = (rate + z2 / (2.0 * of)) / (1.0 + z2 / of);
    let half = z / (1.0 + z2 / of) * (rate * (1.0 - rate) / of + z2 / (4.0 * of * of)).sqrt();
    let low = if found <= 0.0 { 0.0 } else { (middle - half).clamp(0.0, rate) };
    let high = if found >= of { 1.0 } else { (middle + half).clamp(rate, 1.0) };
    Some(Rate { rate, low, high })
}

/// The interval of Clopper and Pearson (1934) for a share; counts need not be whole.
///
/// ```
/// use qingfeng_insight::effect::clopper_pearson;
///
/// // No finding in 30: at most 11.6 of 100 (the rule of three says 10 for one side).
/// let (low, high) = clopper_pearson(0.0, 30.0, 0.95);
/// assert_eq!((low, (high * 1e4).round()), (0.0, 1157.0));
/// ```
pub fn clopper_pearson(found: f64, of: f64, level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    (share_low(found, of, tail), share_high(found, of, tail))
}

/// The lower bound of Clopper and Pearson below which a share lies with this probability at most.
pub(crate) fn share_low(found: f64, of: f64, tail: f64) -> f64 {
    let found = found.min(of);
    if found <= 0.0 { 0.0 } else { beta_quantile(tail, found, of - found + 1.0) }
}

/// Their upper bound, above which it lies with this probability at most. Of the clear it is the lower one.
pub(crate) fn share_high(found: f64, of: f64, tail: f64) -> f64 {
    if of <= 0.0 { 1.0 } else { 1.0 - share_low(of - found.max(0.0), of, tail) }
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

/// The two-sided 95 % quantile of the normal distribution.
pub(crate) const Z95: f64 = 1.959_963_984_540_054;
/// The two-sided 99.8 % quantile, at which funnels are drawn.
pub(crate) const Z998: f64 = 3.090_232_306_167_813;

/// How far successes lean to high or low scores within one stratum: the sum of scores of successes less what was to be
/// expected, and its variance (Mantel 1963). Each group is its score, its number, its successes.
pub(crate) fn lean(groups: &[(f64, u64, u64)]) -> (f64, f64) {
    let sum = |of: &dyn Fn(f64, f64, f64) -> f64| -> f64 {
        groups.iter().map(|&(score, count, hits)| of(score, count as f64, hits as f64)).sum()
    };
    let count = sum(&|_, count, _| count);
    if count < 2.0 {
        return (0.0, 0.0);
    }
    let hits = sum(&|_, _, hits| hits);
    let (middle, rate) = (sum(&|score, count, _| score * count) / count, hits / count);
    let leans = sum(&|score, count, hits| (score - middle) * (hits - count * rate));
    let spread = sum(&|score, count, _| count * (score - middle).powi(2));
    (leans, hits * (count - hits) / (count * (count - 1.0)) * spread)
}

/// The trend of successes over strata: the statistic of Cochran (1954) and Armitage (1955) with N - 1 for N, summed over
/// strata as Mantel (1963) has it, so that a change of their shares is no trend. Below 0 it falls; `None` where nothing
/// varies.
///
/// - P. Armitage: Tests for Linear Trends in Proportions and Frequencies. Biometrics 11 (1955), 375–386.
/// - N. Mantel: Chi-Square Tests with One Degree of Freedom. Journal of the American Statistical Association 58 (1963),
///   690–700.
pub(crate) fn trend(strata: impl Iterator<Item = Vec<(f64, u64, u64)>>) -> Option<f64> {
    let (sum, variance) = strata.map(|groups| lean(&groups)).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    (variance > 0.0).then(|| sum / variance.sqrt())
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

/// The lower triangle whose product with its mirror image is a matrix, row by row.
#[derive(Debug)]
pub(crate) struct Cholesky {
    lower: Vec<f64>,
    size: usize,
}

impl Cholesky {
    /// Of the lower half of a symmetric matrix; `None` unless it is positive definite.
    pub(crate) fn of(mut matrix: Vec<f64>, size: usize) -> Option<Self> {
        for row in 0..size {
            for column in 0..=row {
                let (above, here) = matrix.split_at(row * size);
                let earlier = if column < row { &above[column * size..] } else { here };
                let sum: f64 = here[..column].iter().zip(earlier).map(|(a, b)| a * b).sum();
                let rest = here[column] - sum;
                let value = if column < row { rest / earlier[column] } else { rest.sqrt() };
                if !value.is_finite() || (column == row && value == 0.0) {
                    return None;
                }
                matrix[row * size + column] = value;
            }
        }
        Some(Self { lower: matrix, size })
    }

    /// The vector whose product with the matrix is this one.
    pub(crate) fn solve(&self, mut vector: Vec<f64>) -> Vec<f64> {
        let at = |row: usize, column: usize| self.lower[row * self.size + column];
        for row in 0..self.size {
            let sum: f64 = (0..row).map(|column| at(row, column) * vector[column]).sum();
            vector[row] = (vector[row] - sum) / at(row, row);
        }
        for row in (0..self.size).rev() {
            let sum: f64 = (row + 1..self.size).map(|below| at(below, row) * vector[below]).sum();
            vector[row] = (vector[row] - sum) / at(row, row);
        }
        vector
    }
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
mod tests;
