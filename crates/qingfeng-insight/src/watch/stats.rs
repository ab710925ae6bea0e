//! The tests of watching. Formulas have their sources beside them.

/// The two-sided 95 % quantile of the normal distribution.
pub(crate) const Z95: f64 = 1.959_963_984_540_054;
/// The two-sided 99.8 % quantile, at which funnels are drawn.
pub(crate) const Z998: f64 = 3.090_232_306_167_813;

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
