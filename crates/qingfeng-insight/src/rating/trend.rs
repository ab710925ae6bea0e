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
mod tests;
