//! What each cell of each facet adds beside all others: a logistic regression with a ridge, one coordinate at a time.

use std::sync::Arc;

use super::facets::Facet;

/// The weight of the ridge: as if each cell had so many more lines that say nothing.
const RIDGE: f64 = 20.0;
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

impl Model {
    /// Fits on these lines. Cells of fewer than `least` of them weigh nothing. Sums run in the order of the lines.
    pub(super) fn fit(facets: &[Arc<Facet>], lines: &[u32], found: &[bool], least: u32) -> Self {
        let hits = lines.iter().filter(|&&line| found[line as usize]).count() as f64;
        let base = (hits + 0.5) / (lines.len() as f64 + 1.0);
        let mut intercept = (base / (1.0 - base)).ln();
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
        let targets: Vec<f64> = lines.iter().map(|&line| f64::from(u8::from(found[line as usize]))).collect();
        let mut sums = vec![intercept; lines.len()];
        for _ in 0..ROUNDS {
            let mut largest: f64 = 0.0;
            for (facet, cell, places) in &members {
                let weight = weights[*facet][*cell];
                let (mut slope, mut curve) = (-RIDGE * weight, RIDGE);
                for &place in places {
                    let chance = chance(sums[place as usize]);
                    slope += targets[place as usize] - chance;
                    curve += chance * (1.0 - chance);
                }
                let step = (slope / curve).clamp(-1.0, 1.0);
                weights[*facet][*cell] += step;
                for &place in places {
                    sums[place as usize] += step;
                }
                largest = largest.max(step.abs());
            }
            let (mut slope, mut curve) = (0.0, 1e-6);
            for (sum, target) in sums.iter().zip(&targets) {
                let chance = chance(*sum);
                slope += target - chance;
                curve += chance * (1.0 - chance);
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

    /// How likely a finding is on a line.
    pub(super) fn chance(&self, facets: &[Arc<Facet>], line: u32) -> f64 {
        let weights = facets.iter().zip(&self.weights);
        let sum = weights.map(|(facet, weights)| weights[facet.of_line[line as usize] as usize]);
        chance(self.intercept + sum.sum::<f64>())
    }
}
