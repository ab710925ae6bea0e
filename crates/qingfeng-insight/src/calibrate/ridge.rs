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

use crate::statistics::Cholesky;

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
pub(crate) struct Row {
    /// Columns with their values, the intercept as column 0 among them.
    pub terms: Vec<(usize, f64)>,
    /// Of the weight the part that violates.
    pub share: f64,
    pub weight: f64,
    /// What is given of the log odds.
    pub offset: f64,
}

impl Row {
    /// The log odds of the row.
    pub(crate) fn log_odds(&self, beta: &[f64]) -> f64 {
        self.offset + self.times(beta)
    }

    /// The row times a vector over the columns.
    pub(crate) fn times(&self, vector: &[f64]) -> f64 {
        self.terms.iter().map(|&(column, value)| value * vector[column]).sum()
    }
}

/// The probability of these log odds.
pub(crate) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Coefficients by column, the intercept first, and the penalised information there.
#[derive(Debug)]
pub(crate) struct Ridge {
    pub beta: Vec<f64>,
    information: Cholesky,
}

impl Ridge {
    /// Fits `columns` of them, the intercept included. `None` where the information has no inverse.
    pub(crate) fn fit(rows: &[Row], columns: usize, penalty: f64) -> Option<Self> {
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
mod tests;
