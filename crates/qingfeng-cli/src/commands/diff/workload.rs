//! The workload by port and by day, as it is shown: the greatest changes, means, stretches of days.

use qingfeng::rules::Date;
use qingfeng::tools::diff::{Load, Workload};

/// Up to `most` loads, those with the greatest change first; those without a change are left out. Equals stay in
/// their order.
pub fn most_changed(workload: &Workload, most: usize) -> Vec<&Load> {
    let mut loads: Vec<&Load> = workload.loads.iter().filter(|load| load.distance() > 0).collect();
    loads.sort_by_key(|load| std::cmp::Reverse(load.distance()));
    loads.truncate(most);
    loads
}

/// All loads together.
pub fn sum<'l>(loads: impl IntoIterator<Item = &'l Load>, channels: usize) -> Load {
    let mut sum = Load { value: String::new(), old: vec![0; channels], new: vec![0; channels] };
    for load in loads {
        sum.old.iter_mut().zip(&load.old).for_each(|(a, b)| *a += b);
        sum.new.iter_mut().zip(&load.new).for_each(|(a, b)| *a += b);
    }
    sum
}

/// A number of declarations a day, with as many decimals as tell something.
pub fn mean(count: u64, days: usize) -> String {
    let mean = count as f64 / days.max(1) as f64;
    if mean >= 100.0 { format!("{mean:.0}") } else { format!("{mean:.1}") }
}

/// Days in stretches of the same length, so that there are not too many: the first day of each, and its loads
/// together. Days without declarations count; the last stretch may be shorter.
pub struct Stretches {
    /// The days of a stretch.
    pub days: u64,
    /// The days of the last one.
    pub last_days: u64,
    /// The stretches, in order.
    pub loads: Vec<Load>,
}

impl Stretches {
    /// The declarations a day in each stretch, by what is counted of a load.
    pub fn a_day(&self, count: impl Fn(&Load) -> u64) -> Vec<f64> {
        let last = self.loads.len().saturating_sub(1);
        let days = |at: usize| if at == last { self.last_days } else { self.days };
        self.loads.iter().enumerate().map(|(at, load)| count(load) as f64 / days(at).max(1) as f64).collect()
    }

    /// The days of a workload in at most so many stretches: single days, weeks, four weeks, or more.
    pub fn of(workload: &Workload, channels: usize, most: usize) -> Self {
        let days: Vec<(i32, &Load)> = workload
            .loads
            .iter()
            .filter_map(|load| Some((load.value.parse::<Date>().ok()?.days(), load)))
            .collect();
        let (Some(first), Some(last)) = (days.first(), days.last()) else {
            return Self { days: 1, last_days: 1, loads: Vec::new() };
        };
        let (first, span) = (first.0, i64::from(last.0) - i64::from(first.0) + 1);
        let fits = |length: &i64| span.div_euclid(*length) < most as i64;
        let longer = (1..).map(|times| 28 * times);
        let length = [1, 7].into_iter().chain(longer).find(fits).unwrap_or(span).max(1);
        let count = (span + length - 1) / length;
        let mut loads: Vec<Load> = (0..count)
            .map(|at| {
                let day = i64::from(first) + at * length;
                let value = i32::try_from(day).ok().and_then(Date::from_days);
                let value = value.map_or(String::new(), |day| day.to_string());
                Load { value, old: vec![0; channels], new: vec![0; channels] }
            })
            .collect();
        for (day, load) in days {
            let at = (i64::from(day) - i64::from(first)) / length;
            if let Some(stretch) = usize::try_from(at).ok().and_then(|at| loads.get_mut(at)) {
                *stretch = Load { value: stretch.value.clone(), ..sum([&*stretch, load], channels) };
            }
        }
        let last_days = span - (count - 1) * length;
        Self { days: length.unsigned_abs(), last_days: last_days.unsigned_abs(), loads }
    }
}

#[cfg(test)]
mod tests;
