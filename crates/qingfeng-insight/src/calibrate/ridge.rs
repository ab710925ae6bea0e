//! A logistic regression with a ridge: weights, offsets and sparse rows, by Newton's method.
//!
//! Minimised is
//!
//! ```text
//! −Σ weight · (share · ln p + (1 − share) · ln (1 − p)) + penalty/2 · Σ β²
//! log odds of p = offset + β₀ + Σ over the terms of a row of β · value
//! ```
//!
//! over β, of which β₀, the intercept, is not penalised (le Cessie and van Houwelingen 1992). With a penalty above 0 there
//! is one minimum, unless all shares are 0 or all are 1.

/// The steps of a fit at most, and the halvings of a step.
const STEPS: usize = 100;
const HALVINGS: usize = 30;
/// A step that changes the loss by a smaller part ends the fit. Steps converge quadratically, so that coefficients are much
/// nearer to the minimum than this.
const TOLERANCE: f64 = 1e-13;
/// A column whose part across all earlier ones is shorter than this part of it is made of them.
const MADE_OF_OTHERS: f64 = 1e-7;

/// What was seen under the same conditions.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Columns with their values, the intercept as column 0 among them.
    pub terms: Vec<(usize, f64)>,
    /// Of the weight the part that violates.
    pub share: f64,
    pub weight: f64,
    /// What is given of the log odds.
    pub offset: f64,
}

impl Row {
    fn log_odds(&self, beta: &[f64]) -> f64 {
        self.offset + self.times(beta)
    }

    /// The row times a vector over the columns.
    pub(super) fn times(&self, vector: &[f64]) -> f64 {
        self.terms.iter().map(|&(column, value)| value * vector[column]).sum()
    }
}

/// The probability of these log odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Coefficients by column, the intercept first, and the penalised information there.
#[derive(Debug)]
pub(super) struct Ridge {
    pub beta: Vec<f64>,
    information: Cholesky,
}

impl Ridge {
    /// Fits `columns` of them, the intercept included. `None` where the information has no inverse.
    pub(super) fn fit(rows: &[Row], columns: usize, penalty: f64) -> Option<Self> {
        let mut beta = vec![0.0; columns];
        let mut before = loss(rows, &beta, penalty);
        for _ in 0..STEPS {
            let (slope, information) = derivatives(rows, &beta, penalty);
            let step = Cholesky::of(information, columns)?.solve(slope);
            let mut part = 1.0;
            let mut after = f64::INFINITY;
            let mut next = beta.clone();
            for _ in 0..HALVINGS {
                next = beta.iter().zip(&step).map(|(beta, step)| beta + part * step).collect();
                after = loss(rows, &next, penalty);
                if after <= before * (1.0 + TOLERANCE) {
                    break;
                }
                part *= 0.5;
            }
            let change = before - after;
            (beta, before) = (next, after);
            if change.abs() <= TOLERANCE * (0.1 + before.abs()) {
                break;
            }
        }
        let (_, information) = derivatives(rows, &beta, penalty);
        Some(Self { information: Cholesky::of(information, columns)?, beta })
    }

    /// Standard errors by the sandwich: the inverse of the penalised information on both sides of the sum of the squares
    /// of what each declaration says (Huber 1967; Binder 1983). `squares` are the latter by row.
    pub(super) fn errors(&self, rows: &[Row], squares: &[f64]) -> Vec<f64> {
        let columns = self.beta.len();
        let error = |column: usize| {
            let mut unit = vec![0.0; columns];
            unit[column] = 1.0;
            let inverse = self.information.solve(unit);
            let variance: f64 =
                rows.iter().zip(squares).map(|(row, square)| square * row.times(&inverse).powi(2)).sum();
            variance.sqrt()
        };
        (0..columns).map(error).collect()
    }
}

fn loss(rows: &[Row], beta: &[f64], penalty: f64) -> f64 {
    let of_row = |row: &Row| {
        let odds = row.log_odds(beta);
        // ln (1 + e^odds), whatever the size of the odds.
        row.weight * (odds.max(0.0) + (-odds.abs()).exp().ln_1p() - row.share * odds)
    };
    rows.iter().map(of_row).sum::<f64>()
        + penalty / 2.0 * beta[1..].iter().map(|beta| beta * beta).sum::<f64>()
}

/// Where the loss falls, and its second derivative: the lower half, row by row.
fn derivatives(rows: &[Row], beta: &[f64], penalty: f64) -> (Vec<f64>, Vec<f64>) {
    let size = beta.len();
    let mut slope: Vec<f64> = beta.iter().map(|beta| -penalty * beta).collect();
    slope[0] = 0.0;
    let mut information = vec![0.0; size * size];
    for row in rows {
        let p = probability(row.log_odds(beta));
        for &(a, value) in &row.terms {
            slope[a] += row.weight * (row.share - p) * value;
            let curve = row.weight * p * (1.0 - p) * value;
            for &(b, other) in row.terms.iter().filter(|(b, _)| *b <= a) {
                information[a * size + b] += curve * other;
            }
        }
    }
    (1..size).for_each(|at| information[at * size + at] += penalty);
    (slope, information)
}

/// The lower triangle whose product with its mirror image is a matrix, row by row.
#[derive(Debug)]
struct Cholesky {
    lower: Vec<f64>,
    size: usize,
}

impl Cholesky {
    /// Of the lower half of a symmetric matrix; `None` unless it is positive definite.
    fn of(mut matrix: Vec<f64>, size: usize) -> Option<Self> {
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
    fn solve(&self, mut vector: Vec<f64>) -> Vec<f64> {
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

/// By column whether it says something of its own: whether it is no sum of multiples of earlier ones (Gram and Schmidt,
/// each column twice).
pub(super) fn are_separate(rows: &[Row], columns: usize) -> Vec<bool> {
    let mut across: Vec<Vec<f64>> = Vec::new();
    let mut separate = Vec::with_capacity(columns);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut dense = vec![vec![0.0; rows.len()]; columns];
    for (at, row) in rows.iter().enumerate() {
        row.terms.iter().for_each(|&(column, value)| dense[column][at] = value);
    }
    for mut column in dense {
        let length = product(&column, &column).sqrt();
        for unit in across.iter().chain(&across) {
            let part = product(unit, &column);
            column.iter_mut().zip(unit).for_each(|(value, unit)| *value -= part * unit);
        }
        let rest = product(&column, &column).sqrt();
        separate.push(rest > MADE_OF_OTHERS * length);
        if rest > MADE_OF_OTHERS * length {
            column.iter_mut().for_each(|value| *value /= rest);
            across.push(column);
        }
    }
    separate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |columns: &[usize], share, weight, offset| Row {
            terms: columns.iter().map(|&column| (column, 1.0)).collect(),
            share,
            weight,
            offset,
        };
        vec![
            row(&[0], 0.1, 40.0, 0.2),
            row(&[0, 1], 0.35, 20.0, -0.1),
            row(&[0, 2], 0.6, 10.0, 0.0),
            row(&[0, 1, 2], 0.9, 5.0, 0.5),
        ]
    }

    #[test]
    fn coefficients_are_those_of_another_implementation() {
        // anofox-regression 0.9.0: BinomialRegressor::logistic() with these weights, offsets and lambda.
        for (penalty, wanted) in [
            (0.001, [-2.351_174_997_487_177_6, 1.795_409_276_514_000_4, 2.687_483_929_082_381]),
            (1.0, [-1.844_302_550_418_734, 1.153_574_804_434_504, 1.715_467_141_042_594_3]),
            (10.0, [-1.250_390_110_931_065, 0.351_934_752_150_082_6, 0.475_091_232_660_162_3]),
        ] {
            let found = Ridge::fit(&rows(), 3, penalty).unwrap().beta;
            assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-10), "{penalty}: {found:?}");
        }
    }

    /// Of two groups the coefficient is the difference of their log odds, and its variance the sum of 1/np(1-p).
    #[test]
    fn two_groups_are_fitted_by_their_odds() {
        let group = |terms: &[usize], share: f64, weight: f64| Row {
            terms: terms.iter().map(|&column| (column, 1.0)).collect(),
            share,
            weight,
            offset: 0.0,
        };
        let rows = [group(&[0], 0.2, 50.0), group(&[0, 1], 0.5, 30.0)];
        let fitted = Ridge::fit(&rows, 2, 1e-9).unwrap();
        let odds = |share: f64| (share / (1.0 - share)).ln();
        assert!((fitted.beta[0] - odds(0.2)).abs() < 1e-8, "{fitted:?}");
        assert!((fitted.beta[1] - (odds(0.5) - odds(0.2))).abs() < 1e-8, "{fitted:?}");
        // With the binomial variance in the middle the sandwich is the inverse of the information.
        let squares = rows.iter().map(|row| row.weight * row.share * (1.0 - row.share));
        let errors = fitted.errors(&rows, &squares.collect::<Vec<_>>());
        let variance = 1.0 / (50.0 * 0.2 * 0.8) + 1.0 / (30.0 * 0.5 * 0.5);
        assert!((errors[1] * errors[1] - variance).abs() < 1e-8, "{errors:?}");
    }

    #[test]
    fn shares_of_one_and_none_stay_finite_under_a_penalty() {
        let mut rows = rows();
        rows.iter_mut().for_each(|row| row.share = f64::from(u8::from(row.terms.len() > 2)));
        let fitted = Ridge::fit(&rows, 3, 1e-3).unwrap();
        assert!(fitted.beta.iter().all(|beta| beta.is_finite() && beta.abs() < 100.0), "{fitted:?}");
    }

    #[test]
    fn columns_made_of_others_are_found() {
        let mut rows = rows();
        // The third is the sum of the first two, the fourth fires with the first.
        for row in &mut rows {
            let both: f64 = row.terms.iter().filter(|(column, _)| *column > 0).map(|(_, value)| value).sum();
            let first = row.terms.iter().any(|(column, _)| *column == 1);
            row.terms.push((3, both));
            row.terms.extend(first.then_some((4, 1.0)));
        }
        assert_eq!(are_separate(&rows, 5), [true, true, true, false, false]);
    }
}
