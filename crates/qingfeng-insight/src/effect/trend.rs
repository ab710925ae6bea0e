//! Whether a hit rate changed.

use super::Trend;
use crate::statistics::normal_below;

/// The results of a month: of those selected for certain, and of those drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct OfMonth {
    /// Months since year 0.
    pub month: i64,
    pub fired: u64,
    /// Inspected and found, by way of selection.
    pub results: [(u64, u64); 2],
}

impl OfMonth {
    pub fn inspected(&self) -> u64 {
        self.results.iter().map(|(inspected, _)| inspected).sum()
    }

    pub fn found(&self) -> u64 {
        self.results.iter().map(|(_, found)| found).sum()
    }
}

/// The test of Cochran and Armitage for a trend in shares, summed over the ways of selection as Mantel has it, so that a
/// change of what is selected is not taken for a change of what is found.
///
/// - P. Armitage: Tests for Linear Trends in Proportions and Frequencies. Biometrics 11 (1955), 375–386.
/// - N. Mantel: Chi-Square Tests with One Degree of Freedom. Journal of the American Statistical Association 58 (1963),
///   690–700.
pub(crate) fn trend(months: &[OfMonth]) -> Option<Trend> {
    let (mut sum, mut variance) = (0.0, 0.0);
    for way in 0..2 {
        let of =
            |month: &OfMonth| (month.month as f64, month.results[way].0 as f64, month.results[way].1 as f64);
        let count: f64 = months.iter().map(|month| of(month).1).sum();
        let found: f64 = months.iter().map(|month| of(month).2).sum();
        if count < 2.0 {
            continue;
        }
        let middle = months.iter().map(|month| of(month).0 * of(month).1).sum::<f64>() / count;
        let rate = found / count;
        sum += months
            .iter()
            .map(|month| (of(month).0 - middle) * (of(month).2 - of(month).1 * rate))
            .sum::<f64>();
        let spread: f64 = months.iter().map(|month| of(month).1 * (of(month).0 - middle).powi(2)).sum();
        variance += found * (count - found) / (count * (count - 1.0)) * spread;
    }
    let total: u64 = months.iter().map(OfMonth::inspected).sum();
    let months_with_results = months.iter().filter(|month| month.inspected() > 0).count();
    if months_with_results < 2 {
        return None;
    }
    // The month that ends the earlier half of the results; the last one with results stays with the later half.
    let last = months.iter().rposition(|month| month.inspected() > 0).unwrap_or(0);
    let (mut early, mut late) = ((0, 0), (0, 0));
    for (at, month) in months.iter().enumerate() {
        let half = if at < last && (early.0 == 0 || 2 * (early.0 + month.inspected()) <= total) {
            &mut early
        } else {
            &mut late
        };
        half.0 += month.inspected();
        half.1 += month.found();
    }
    let share =
        |(inspected, found): (u64, u64)| if inspected == 0 { 0.0 } else { found as f64 / inspected as f64 };
    let z = if variance > 0.0 { sum / variance.sqrt() } else { 0.0 };
    Some(Trend {
        z,
        p_fall: normal_below(z),
        p_rise: normal_below(-z),
        earlier: share(early),
        later: share(late),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(counts: &[(u64, u64)]) -> Vec<OfMonth> {
        let month = |(at, &of): (usize, &(u64, u64))| OfMonth {
            month: at as i64,
            fired: of.0,
            results: [of, (0, 0)],
        };
        counts.iter().enumerate().map(month).collect()
    }

    #[test]
    fn falls_and_rises() {
        // prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82)) of R: X-squared 8.2249, but with N − 1 in the variance.
        let smokers = trend(&months(&[(86, 83), (93, 90), (136, 129), (82, 70)])).unwrap();
        assert!((smokers.z.powi(2) - 8.2249 * 396.0 / 397.0).abs() < 0.001, "{smokers:?}");
        assert!(smokers.p_fall < 0.01 && smokers.later < smokers.earlier);
        let rising = trend(&months(&[(100, 2), (100, 10)])).unwrap();
        assert!(rising.p_rise < 0.05 && rising.p_fall > 0.95, "{rising:?}");
        assert_eq!((rising.earlier, rising.later), (0.02, 0.1));
        assert_eq!(trend(&months(&[(100, 2)])), None);
        assert_eq!(trend(&months(&[(100, 0), (100, 0)])).unwrap().z, 0.0);
    }

    #[test]
    fn a_change_of_selection_is_no_change_of_what_is_found() {
        // Targeted ones hold half, drawn ones 2 of 100; only their numbers change.
        let of = |month, targeted: u64, drawn: u64| OfMonth {
            month,
            fired: 0,
            results: [(targeted, targeted / 2), (drawn, drawn / 50)],
        };
        let trend = trend(&[of(0, 1000, 100), of(1, 100, 1000)]).unwrap();
        assert!(trend.p_fall > 0.3 && trend.later < trend.earlier, "{trend:?}");
    }
}
