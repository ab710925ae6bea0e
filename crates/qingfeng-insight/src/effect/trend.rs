//! Whether a hit rate changed.

use qingfeng_rules::Month;

use super::Trend;
use crate::statistics::{self, normal_below};

/// The results of a month: of those selected for certain, and of those drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OfMonth {
    pub month: Month,
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

/// The trend of the hit rate over months, each way of selection a stratum of its own, and the rates of the earlier and the
/// later half of the results.
pub(crate) fn trend(months: &[OfMonth]) -> Option<Trend> {
    let first = months.first()?.month;
    let of_way = |way: usize| {
        let group =
            |month: &OfMonth| (month.month.since(first) as f64, month.results[way].0, month.results[way].1);
        months.iter().map(group).collect()
    };
    let z = statistics::trend((0..2).map(of_way)).unwrap_or(0.0);
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

    fn number(months: i64) -> Month {
        Month::from_ym(2016, 1).unwrap().plus(months).unwrap()
    }

    fn months(counts: &[(u64, u64)]) -> Vec<OfMonth> {
        let month = |(at, &of): (usize, &(u64, u64))| OfMonth {
            month: number(at as i64),
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
            month: number(month),
            fired: 0,
            results: [(targeted, targeted / 2), (drawn, drawn / 50)],
        };
        let trend = trend(&[of(0, 1000, 100), of(1, 100, 1000)]).unwrap();
        assert!(trend.p_fall > 0.3 && trend.later < trend.earlier, "{trend:?}");
    }
}
