//! The regressions of a calibration: points over sets of rules, and log odds over a score.

use super::CalibrateError;
use super::design::Found;
use super::ridge::{Ridge, Row, are_separate, probability};

/// Products that a step may take: rows by the square of the columns.
pub(super) const PRODUCTS_MAX: u64 = 500_000_000;

/// The value of a column whose coefficient is so small that the penalty does not matter.
const HARDLY_PENALISED: f64 = 100.0;

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
    // In tens of points, so that the slope is of the size of the intercept.
    let row = |(score, (violations, clear)): (i64, (f64, f64))| Row {
        terms: vec![(0, 1.0), (1, score as f64 / 10.0)],
        share: violations / (violations + clear),
        weight: violations + clear,
        offset: 0.0,
    };
    let rows: Vec<Row> = by_score.into_iter().map(row).collect();
    let fitted = Ridge::fit(&rows, 2, LINE_PENALTY).ok_or(CalibrateError::Singular)?;
    Ok(Line { intercept: fitted.beta[0], slope: fitted.beta[1] / 10.0 })
}

/// The log odds over rules that fired or did not, beside what is given of each set.
pub(super) struct Regression {
    /// The rules, rising.
    pub rules: Vec<u32>,
    /// The column of the first rule, after the intercept and what declarations of one line differ in.
    first: usize,
    rows: Vec<Row>,
    /// By row the squares of the weights of violations and of clear.
    squares: Vec<(f64, f64)>,
}

/// Coefficients of a regression.
pub(super) struct Coefficients {
    pub intercept: f64,
    /// By rule.
    pub values: Vec<f64>,
    /// Their standard errors; empty unless they were asked for.
    pub errors: Vec<f64>,
}

impl Regression {
    /// Over those of the rules (rising) that say something beside the intercept and earlier ones. Weights are scaled to a
    /// mean of one. Which number a rule chose is known of declarations of one line alone, which may violate less often than
    /// others whatever rules fire: what they differ in has a column, so that it is not taken for the number's.
    pub(super) fn new(found: &[Found<'_>], rules: Vec<u32>) -> Result<Self, CalibrateError> {
        let products = found.len() as u64 * (rules.len() as u64 + 1).pow(2);
        if products > PRODUCTS_MAX {
            return Err(CalibrateError::TooLarge { sets: found.len() as u64, rules: rules.len() as u64 });
        }
        let unit = unit(found);
        let count = found.iter().filter(|found| found.set.is_of_one_line).count();
        let first = if (1..found.len()).contains(&count) { 2 } else { 1 };
        let row = |found: &Found<'_>, rules: &[u32]| {
            let columns = found.set.rules.iter().filter_map(|rule| rules.binary_search(rule).ok());
            let of_one_line = (first == 2 && found.set.is_of_one_line).then_some((1, HARDLY_PENALISED));
            let columns = columns.map(|column| (column + first, 1.0));
            Row {
                terms: [(0, 1.0)].into_iter().chain(of_one_line).chain(columns).collect(),
                share: found.violations.weight / found.both().weight,
                weight: found.both().weight * unit,
                offset: 0.0,
            }
        };
        let rows = |rules: &[u32]| -> Vec<Row> { found.iter().map(|found| row(found, rules)).collect() };
        let separate = are_separate(&rows(&rules), rules.len() + first);
        let rules: Vec<u32> =
            rules.into_iter().zip(&separate[first..]).filter_map(|(rule, is)| is.then_some(rule)).collect();
        let squares = found.iter().map(|row| (row.violations.square, row.clear.square));
        let squares = squares.map(|(violations, clear)| (unit * unit * violations, unit * unit * clear));
        Ok(Self { rows: rows(&rules), squares: squares.collect(), rules, first })
    }

    /// The same with what is given of the log odds of each set.
    pub(super) fn given(mut self, offsets: impl Iterator<Item = f64>) -> Self {
        self.rows.iter_mut().zip(offsets).for_each(|(row, offset)| row.offset = offset);
        self
    }

    pub(super) fn fit(&self, penalty: f64, with_errors: bool) -> Result<Coefficients, CalibrateError> {
        let columns = self.rules.len() + self.first;
        let fitted = Ridge::fit(&self.rows, columns, penalty).ok_or(CalibrateError::Singular)?;
        let errors = if with_errors {
            let square = |(row, (violations, clear)): (&Row, &(f64, f64))| {
                let p = probability(row.offset + row.times(&fitted.beta));
                violations * (1.0 - p) * (1.0 - p) + clear * p * p
            };
            let squares: Vec<f64> = self.rows.iter().zip(&self.squares).map(square).collect();
            fitted.errors(&self.rows, &squares).split_off(self.first)
        } else {
            Vec::new()
        };
        let mut values = fitted.beta;
        let rest = values.split_off(self.first);
        Ok(Coefficients { intercept: values[0], values: rest, errors })
    }
}

/// What makes the mean weight one.
pub(super) fn unit(found: &[Found<'_>]) -> f64 {
    let (count, weight) = found
        .iter()
        .fold((0, 0.0), |(count, weight), row| (count + row.both().count, weight + row.both().weight));
    count as f64 / weight
}
