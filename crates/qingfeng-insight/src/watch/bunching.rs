//! Declarations that gather just under a value limit.
//!
//! The numbers of declarations in bands of 2 % of the limit, from 40 to 90 %, are fitted by a smooth curve, whose logarithm
//! is a polynomial of the logarithm of the value: a straight line is a Pareto distribution, a parabola a lognormal one.
//! Continued to the limit it says how many there would be if nobody minded the limit (after Saez 2010, and Kleven 2016,
//! section 2, with bands above the limit left out, as few may be declared there at all).

use std::collections::BTreeMap;

use super::trade::Trade;
use super::{Bunching, BunchingAt, WatchOptions};
use crate::statistics::{Cholesky, Z95, false_discovery, normal_above, poisson_at_least};

/// Bands of 2 % of the limit.
const BANDS_A_WHOLE: f64 = 50.0;
/// The first and the last band, from 0 at no value.
const FIRST: usize = 20;
const LAST: usize = 59;
/// Where what is fitted ends, and where the limit is, in bands.
const FIT_END: usize = 45;
const LIMIT_AT: usize = 50;
/// Declarations to fit a curve to, and to fit a parabola.
const FIT_MIN: u64 = 100;
const PARABOLA_MIN: u64 = 1_000;
/// The fewest declarations under the limit of a place or an exporter that is told.
const AT_MIN: u64 = 5;

/// The band of a value, its upper end inside, if it is one that is looked at.
fn band(value: f64, limit: f64) -> Option<usize> {
    // Values come in hundredths; what differs by less is rounding.
    let at = (value / limit * BANDS_A_WHOLE - 1e-9).ceil();
    let at = if at >= 1.0 { at as usize - 1 } else { return None };
    (FIRST..=LAST).contains(&at).then_some(at)
}

/// A smooth curve through counts.
struct Curve {
    coefficients: Vec<f64>,
    information: Cholesky,
    dispersion: f64,
}

/// The powers of the logarithm of the middle of a band, against the limit.
fn powers(band: usize, degree: usize) -> Vec<f64> {
    let x = ((band as f64 + 0.5) / BANDS_A_WHOLE).ln();
    (0..=degree).map(|power| x.powi(power as i32)).collect()
}

impl Curve {
    /// Poisson regression by iterated weighted least squares (McCullagh and Nelder 1989, 2.5).
    fn fit(counts: &[u64], first: usize, degree: usize) -> Option<Self> {
        let rows: Vec<Vec<f64>> = (0..counts.len()).map(|at| powers(first + at, degree)).collect();
        let mean = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        let mut coefficients = vec![0.0; degree + 1];
        coefficients[0] = mean.max(1e-3).ln();
        let of = |coefficients: &[f64], row: &[f64]| -> f64 {
            let sum: f64 = coefficients.iter().zip(row).map(|(a, b)| a * b).sum();
            sum.clamp(-30.0, 30.0).exp()
        };
        let mut found = None;
        for _ in 0..50 {
            let mut information = vec![0.0; (degree + 1).pow(2)];
            let mut gradient = vec![0.0; degree + 1];
            for (row, &count) in rows.iter().zip(counts) {
                let expected = of(&coefficients, row);
                for a in 0..=degree {
                    gradient[a] += row[a] * (count as f64 - expected);
                    for b in 0..=a {
                        information[a * (degree + 1) + b] += row[a] * row[b] * expected;
                    }
                }
            }
            let information = Cholesky::of(information, degree + 1)?;
            let step = information.solve(gradient);
            found = Some(information);
            let largest = step.iter().fold(0.0_f64, |most, step| most.max(step.abs()));
            // Long steps are cut, so that a poor start does not run away.
            let scale = if largest > 2.0 { 2.0 / largest } else { 1.0 };
            coefficients.iter_mut().zip(&step).for_each(|(value, step)| *value += scale * step);
            if largest < 1e-9 {
                break;
            }
        }
        let pearson: f64 = rows
            .iter()
            .zip(counts)
            .map(|(row, &count)| {
                let expected = of(&coefficients, row);
                (count as f64 - expected).powi(2) / expected
            })
            .sum();
        let degrees = counts.len() as f64 - degree as f64 - 1.0;
        Some(Self { coefficients, information: found?, dispersion: (pearson / degrees.max(1.0)).max(1.0) })
    }

    /// How many there are in some bands, and the variance of that number as an estimate.
    fn sum(&self, bands: std::ops::Range<usize>) -> (f64, f64) {
        let degree = self.coefficients.len() - 1;
        let mut sum = 0.0;
        let mut slope = vec![0.0; degree + 1];
        for band in bands {
            let row = powers(band, degree);
            let exponent: f64 = self.coefficients.iter().zip(&row).map(|(a, b)| a * b).sum();
            let expected = exponent.clamp(-30.0, 30.0).exp();
            sum += expected;
            slope.iter_mut().zip(&row).for_each(|(slope, power)| *slope += expected * power);
        }
        let covariance = self.information.solve(slope.clone());
        let variance: f64 = slope.iter().zip(covariance).map(|(slope, covariance)| slope * covariance).sum();
        (sum, variance * self.dispersion)
    }
}

/// Declarations from 40 to 90 % of the limit, and from there to it.
type Around = BTreeMap<u32, [u64; 2]>;

/// What gathers under each limit.
pub(super) fn bunching(trade: &Trade, options: &WatchOptions) -> Vec<Bunching> {
    let mut found: Vec<Bunching> = trade
        .limits
        .iter()
        .map(|limit| Bunching {
            limit: limit.clone(),
            bins: vec![0; LAST + 1 - FIRST],
            ..Bunching::default()
        })
        .collect();
    let mut places: Vec<Around> = vec![Around::new(); found.len()];
    let mut exporters: Vec<Around> = vec![Around::new(); found.len()];
    for declared in &trade.flows.declared {
        let at = declared.limit as usize;
        let Some(bunching) = found.get_mut(at) else { continue };
        bunching.declarations += 1;
        let Some(band) = band(declared.value, bunching.limit.value) else { continue };
        bunching.bins[band - FIRST] += 1;
        let side = match band {
            ..FIT_END => 0,
            FIT_END..LIMIT_AT => 1,
            _ => continue,
        };
        places[at].entry(declared.place).or_default()[side] += 1;
        exporters[at].entry(declared.exporter).or_default()[side] += 1;
    }
    for (at, bunching) in found.iter_mut().enumerate() {
        let of = |bands: std::ops::Range<usize>, bins: &[u64]| -> u64 {
            bins[bands.start - FIRST..bands.end - FIRST].iter().sum()
        };
        bunching.under = of(FIT_END..LIMIT_AT, &bunching.bins);
        bunching.above = of(LIMIT_AT..LIMIT_AT + 5, &bunching.bins);
        let below = of(FIRST..FIT_END, &bunching.bins);
        if below < FIT_MIN {
            continue;
        }
        let degree = if below < PARABOLA_MIN { 1 } else { 2 };
        let Some(curve) = Curve::fit(&bunching.bins[..FIT_END - FIRST], FIRST, degree) else { continue };
        let (expected, variance) = curve.sum(FIT_END..LIMIT_AT);
        let under = bunching.under as f64;
        let z = (under - expected - 0.5) / (curve.dispersion * expected + variance).sqrt().max(1e-12);
        let deviation =
            (curve.dispersion / under.max(0.5) + variance / expected.max(1e-9).powi(2)).sqrt().min(50.0);
        let ratio = under.max(0.5) / expected.max(1e-9);
        bunching.expected = Some(expected);
        bunching.ratio = Some(ratio);
        bunching.low = Some(ratio * (-Z95 * deviation).exp());
        bunching.high = Some(ratio * (Z95 * deviation).exp());
        bunching.p = Some(normal_above(z));
        bunching.excess_value = Some((under - expected).max(0.0) * bunching.limit.value * 0.95);
        let share = expected / below as f64;
        let name = |number: u32| trade.flows.texts.text(number).to_owned();
        bunching.places = around(&places[at], share, options.list_max, &name);
        bunching.exporters = around(&exporters[at], share, options.list_max, &name);
    }
    let tested: Vec<usize> = (0..found.len()).filter(|&at| found[at].p.is_some()).collect();
    let adjusted = false_discovery(&tested.iter().filter_map(|&at| found[at].p).collect::<Vec<_>>());
    for (&at, p) in tested.iter().zip(adjusted) {
        found[at].p_adjusted = Some(p);
    }
    found
}

fn around(of: &Around, share: f64, most: usize, name: &dyn Fn(u32) -> String) -> Vec<BunchingAt> {
    let tested = of.iter().filter(|(number, _)| **number != 0);
    let mut found: Vec<BunchingAt> = tested
        .map(|(&number, &[below, under])| {
            // One with none below is compared with half a declaration there.
            let expected = (below as f64).max(0.5) * share;
            // Those with few there are not told; that they were looked at counts for the correction all the same.
            let p = if under < AT_MIN { 1.0 } else { poisson_at_least(under, expected) };
            BunchingAt { name: name(number), below, under, expected, p, p_adjusted: 1.0 }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let adjusted = false_discovery(&found.iter().map(|at| at.p).collect::<Vec<_>>());
    found.iter_mut().zip(adjusted).for_each(|(at, p)| at.p_adjusted = p);
    found.retain(|at| at.under >= AT_MIN);
    let excess = |at: &BunchingAt| at.under as f64 - at.expected;
    found.sort_by(|a, b| excess(b).total_cmp(&excess(a)).then_with(|| a.name.cmp(&b.name)));
    found.truncate(most);
    found
}
