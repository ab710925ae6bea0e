//! The regression itself, by `anofox-regression`.

use anofox_regression::faer::{Col, Mat};
use anofox_regression::solvers::{BinomialRegressor, FittedRegressor, Regressor};

use super::CalibrateError;
use super::design::Found;

/// The steps of a fit at most.
const STEPS: usize = 100;
const TOLERANCE: f64 = 1e-10;
/// Products that a step may take: rows by the square of the columns.
pub(super) const PRODUCTS_MAX: u64 = 500_000_000;

/// A log-odds line over a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub intercept: f64,
    pub slope: f64,
}

impl Line {
    pub(super) fn probability(self, score: f64) -> f64 {
        probability(self.intercept + self.slope * score)
    }
}

/// The probability of these log odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// A point's worth is next to not penalised: enough that scores which part violations from clear without fault have one.
const LINE_PENALTY: f64 = 1e-3;

/// How the log odds of a violation rise with a score. Each item is a score with the weights of violations and of clear.
pub(super) fn line(items: &[(i64, f64, f64)]) -> Result<Line, CalibrateError> {
    let mut by_score = std::collections::BTreeMap::<i64, (f64, f64)>::new();
    for &(score, violations, clear) in items {
        let sums = by_score.entry(score).or_default();
        sums.0 += violations;
        sums.1 += clear;
    }
    let all: f64 = by_score.values().map(|sums| sums.0 + sums.1).sum();
    let violations: f64 = by_score.values().map(|sums| sums.0).sum();
    if by_score.len() < 2 {
        // Half a declaration on either side keeps the odds finite.
        let intercept = ((violations + 0.5) / (all - violations + 0.5)).ln();
        return Ok(Line { intercept, slope: 0.0 });
    }
    let rows: Vec<(f64, f64, f64)> =
        by_score.into_iter().map(|(score, sums)| (score as f64, sums.0, sums.1)).collect();
    // In tens of points, so that the slope is of the size of the intercept.
    let x = Mat::from_fn(rows.len(), 1, |row, _| rows[row].0 / 10.0);
    let y = Col::from_fn(rows.len(), |row| rows[row].1 / (rows[row].1 + rows[row].2));
    let weights = Col::from_fn(rows.len(), |row| rows[row].1 + rows[row].2);
    let fitted = BinomialRegressor::logistic()
        .weights(weights)
        .lambda(LINE_PENALTY)
        .max_iterations(STEPS)
        .tolerance(TOLERANCE)
        .error_on_non_convergence(false)
        .build()
        .fit(&x, &y)
        .map_err(|error| CalibrateError::Failed(error.to_string()))?;
    let slope = fitted.result().coefficients[0] / 10.0;
    let intercept = fitted.result().intercept.unwrap_or_default();
    Ok(Line { intercept, slope: if slope.is_finite() { slope } else { 0.0 } })
}

/// What a fit gives for the columns.
#[derive(Clone, Debug)]
pub(super) struct Coefficients {
    pub intercept: f64,
    /// By column; `None` where a column is made of others.
    pub values: Vec<Option<f64>>,
    /// Their standard errors, of the sandwich; empty unless they were asked for.
    pub errors: Vec<f64>,
}

/// Fits the log odds over the columns (rules), beside what is given of each row (`offset`), with weights that have a mean
/// of one.
pub(super) fn fit(
    rows: &[Found<'_>],
    columns: &[u32],
    offset: &[f64],
    penalty: f64,
    with_errors: bool,
) -> Result<Coefficients, CalibrateError> {
    let products = rows.len() as u64 * (columns.len() as u64 + 1).pow(2);
    if products > PRODUCTS_MAX {
        return Err(CalibrateError::TooLarge { sets: rows.len() as u64, rules: columns.len() as u64 });
    }
    let (count, weight) = rows
        .iter()
        .fold((0, 0.0), |(count, weight), row| (count + row.both().count, weight + row.both().weight));
    let unit = count as f64 / weight;
    // The library asks for as many rows as columns; those without weight add nothing.
    let padded = rows.len().max(columns.len() + 2);
    let mut x = Mat::<f64>::zeros(padded, columns.len());
    for (at, row) in rows.iter().enumerate() {
        for rule in &row.set.rules {
            if let Ok(column) = columns.binary_search(rule) {
                x[(at, column)] = 1.0;
            }
        }
    }
    let share = |at: usize| rows.get(at).map_or(0.5, |row| row.violations.weight / row.both().weight);
    let y = Col::from_fn(padded, share);
    let weights = Col::from_fn(padded, |at| rows.get(at).map_or(0.0, |row| row.both().weight * unit));
    let offsets = Col::from_fn(padded, |at| offset.get(at).copied().unwrap_or_default());
    let fitted = BinomialRegressor::logistic()
        .weights(weights)
        .offset(offsets)
        .lambda(penalty)
        .compute_inference(with_errors)
        .max_iterations(STEPS)
        .tolerance(TOLERANCE)
        .error_on_non_convergence(false)
        .build()
        .fit(&x, &y)
        .map_err(|error| CalibrateError::Failed(error.to_string()))?;
    let result = fitted.result();
    let values: Vec<Option<f64>> =
        result.coefficients.iter().map(|&value| value.is_finite().then_some(value)).collect();
    let intercept = result
        .intercept
        .filter(|value| value.is_finite())
        .ok_or_else(|| CalibrateError::Failed("it found no intercept".to_owned()))?;
    let errors = match fitted.vcov() {
        Some(inverse) if with_errors => {
            let chance = |row: &Found<'_>, offset: f64| {
                let fired = row.set.rules.iter().filter_map(|rule| columns.binary_search(rule).ok());
                let sum: f64 = fired.filter_map(|column| values[column]).sum();
                probability(intercept + offset + sum)
            };
            sandwich(rows, columns, offset, unit, &inverse, &chance)
        }
        _ => Vec::new(),
    };
    Ok(Coefficients { intercept, values, errors })
}

/// Standard errors by the sandwich: the inverse of the penalised information on both sides of the sum of the squares of
/// what each declaration says (Huber 1967; Binder 1983).
fn sandwich(
    rows: &[Found<'_>],
    columns: &[u32],
    offset: &[f64],
    unit: f64,
    inverse: &Mat<f64>,
    chance: &dyn Fn(&Found<'_>, f64) -> f64,
) -> Vec<f64> {
    let size = columns.len() + 1;
    let mut middle = Mat::<f64>::zeros(size, size);
    for (row, &offset) in rows.iter().zip(offset) {
        let p = chance(row, offset);
        let square = unit * unit * (row.violations.square * (1.0 - p) * (1.0 - p) + row.clear.square * p * p);
        let mut terms = vec![0];
        terms.extend(row.set.rules.iter().filter_map(|rule| Some(columns.binary_search(rule).ok()? + 1)));
        for &a in &terms {
            for &b in &terms {
                middle[(a, b)] += square;
            }
        }
    }
    let variance = inverse * &middle * inverse;
    (1..size).map(|at| variance[(at, at)].max(0.0).sqrt()).collect()
}
