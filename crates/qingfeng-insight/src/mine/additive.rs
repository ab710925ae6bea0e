//! What each cell of each facet adds beside all others: a logistic regression with a ridge, one coordinate at a time.

use std::sync::Arc;

use super::facets::Facet;

/// The weight of the ridge: as if each cell had so many more lines that say nothing. What a line says grows with the
/// variance of findings; a ridge that did not would leave nothing of the largest effects where findings are rare.
const RIDGE_LINES: f64 = 120.0;
/// Rounds over all cells at most, and the step at which they end.
const ROUNDS: usize = 40;
const STEP: f64 = 1e-3;

/// Log odds by cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    pub(super) intercept: f64,
    /// By facet and cell; the first is that of lines in no cell, 0.
    pub(super) weights: Vec<Vec<f64>>,
}

pub(super) fn chance(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds.clamp(-30.0, 30.0)).exp())
}

/// What is known of lines when weights are fitted to them, by line.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) found: &'a [bool],
    /// What lines count, 1 each without them.
    pub(super) weights: Option<&'a [f64]>,
    /// Log odds that the rules of the pack give lines already.
    pub(super) given: Option<&'a [f64]>,
}

impl Seen<'_> {
    /// What makes the weights of these lines sum to the number of lines of equal weight that would say as much (Kish 1965).
    pub(super) fn scale(&self, lines: &[u32]) -> f64 {
        let Some(weights) = self.weights else { return 1.0 };
        let (sum, squares) = lines.iter().fold((0.0, 0.0), |(sum, squares), &line| {
            let weight = weights[line as usize];
            (sum + weight, squares + weight * weight)
        });
        if squares > 0.0 { sum / squares } else { 1.0 }
    }

    pub(super) fn weight(&self, line: u32) -> f64 {
        self.weights.map_or(1.0, |weights| weights[line as usize])
    }

    pub(super) fn given(&self, line: u32) -> f64 {
        self.given.map_or(0.0, |given| given[line as usize])
    }
}

impl Model {
    /// Fits on these lines. Cells of fewer than `least` of them weigh nothing. Sums run in the order of the lines.
    pub(super) fn fit(facets: &[Arc<Facet>], lines: &[u32], seen: Seen<'_>, least: u32) -> Self {
        let scale = seen.scale(lines);
        let counts: Vec<f64> = lines.iter().map(|&line| seen.weight(line) * scale).collect();
        let targets: Vec<f64> =
            lines.iter().map(|&line| f64::from(u8::from(seen.found[line as usize]))).collect();
        let hits: f64 = counts.iter().zip(&targets).map(|(count, target)| count * target).sum();
        let base = (hits + 0.5) / (counts.iter().sum::<f64>() + 1.0);
        let ridge = RIDGE_LINES * base * (1.0 - base);
        let mut intercept = if seen.given.is_some() { 0.0 } else { (base / (1.0 - base)).ln() };
        let mut weights: Vec<Vec<f64>> =
            facets.iter().map(|facet| vec![0.0; facet.cells.len() + 1]).collect();
        let mut members: Vec<(usize, usize, Vec<u32>)> = Vec::new();
        for (at, facet) in facets.iter().enumerate() {
            let mut of_cell: Vec<Vec<u32>> = vec![Vec::new(); facet.cells.len() + 1];
            for (place, &line) in lines.iter().enumerate() {
                let cell = facet.of_line[line as usize] as usize;
                if cell > 0 {
                    of_cell[cell].push(place as u32);
                }
            }
            let large = of_cell.into_iter().enumerate().filter(|(_, places)| places.len() >= least as usize);
            members.extend(
                large.filter(|(_, places)| !places.is_empty()).map(|(cell, places)| (at, cell, places)),
            );
        }
        let mut sums: Vec<f64> = lines.iter().map(|&line| intercept + seen.given(line)).collect();
        for _ in 0..ROUNDS {
            let mut largest: f64 = 0.0;
            for (facet, cell, places) in &members {
                let weight = weights[*facet][*cell];
                let (mut slope, mut curve) = (-ridge * weight, ridge);
                for &place in places {
                    let (place, chance) = (place as usize, chance(sums[place as usize]));
                    slope += counts[place] * (targets[place] - chance);
                    curve += counts[place] * chance * (1.0 - chance);
                }
                let step = (slope / curve).clamp(-1.0, 1.0);
                weights[*facet][*cell] += step;
                for &place in places {
                    sums[place as usize] += step;
                }
                largest = largest.max(step.abs());
            }
            let (mut slope, mut curve) = (0.0, 1e-6);
            for ((sum, target), count) in sums.iter().zip(&targets).zip(&counts) {
                let chance = chance(*sum);
                slope += count * (target - chance);
                curve += count * chance * (1.0 - chance);
            }
            let step = (slope / curve).clamp(-1.0, 1.0);
            intercept += step;
            sums.iter_mut().for_each(|sum| *sum += step);
            if largest.max(step.abs()) < STEP {
                break;
            }
        }
        Self { intercept, weights }
    }

    /// How likely a finding is on a line, with the log odds that it is given.
    pub(super) fn chance(&self, facets: &[Arc<Facet>], given: f64, line: u32) -> f64 {
        let weights = facets.iter().zip(&self.weights);
        let sum = weights.map(|(facet, weights)| weights[facet.of_line[line as usize] as usize]);
        chance(self.intercept + given + sum.sum::<f64>())
    }
}
