//! The days of 2016 and how much is declared on each: weekdays, seasons, the long holidays.

use std::ops::RangeInclusive;

use super::random::{Random, pinned};

/// 1 January 2016, a Friday, in days since 1 January 1970.
pub(super) const FIRST_DAY: i32 = 16_801;
pub(super) const DAYS: usize = 366;

/// Monday to Sunday, in percent of a plain working day.
const WEEKDAY_PERCENT: [u32; 7] = [100, 103, 104, 103, 99, 44, 24];
const MONTH_DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// January to December, in percent of a plain month.
const MONTH_PERCENT: [u32; 12] = [96, 70, 90, 96, 100, 102, 104, 106, 108, 100, 110, 114];
/// First day of the year counted from 0, number of days, percent left: New Year, the spring festival,
/// labour day, mid-autumn, the national holidays.
const HOLIDAYS: [(usize, usize, u32); 5] =
    [(0, 1, 30), (37, 7, 18), (120, 2, 45), (258, 3, 60), (274, 7, 35)];

/// Where each day of the year ends in a stream of any length.
#[derive(Debug)]
pub(super) struct Calendar {
    cumulative: [u32; DAYS],
    /// The days that the stream is spread over, from 0.
    days: RangeInclusive<usize>,
}

impl Calendar {
    pub(super) fn new(seed: u64) -> Self {
        let mut cumulative = [0; DAYS];
        let (mut total, mut month, mut day_of_month) = (0, 0, 0);
        for (day, bound) in cumulative.iter_mut().enumerate() {
            if day_of_month == MONTH_DAYS[month] {
                (month, day_of_month) = (month + 1, 0);
            }
            day_of_month += 1;
            // No day is quite like the next.
            let noise = 90 + pinned(seed ^ (0xCA1E << 32) ^ day as u64, 21);
            let mut weight = WEEKDAY_PERCENT[(day + 4) % 7] * MONTH_PERCENT[month] * noise / 100;
            for (first, days, percent) in HOLIDAYS {
                if (first..first + days).contains(&day) {
                    weight = weight * percent / 100;
                }
            }
            total += weight;
            *bound = total;
        }
        Self { cumulative, days: 0..=DAYS - 1 }
    }

    /// The same calendar for a stream of some days of the year alone, from 0.
    pub(super) fn within(mut self, days: RangeInclusive<usize>) -> Self {
        assert!(days.start() <= days.end() && *days.end() < DAYS, "days of one year, in order");
        self.days = days;
        self
    }

    /// The day of the year, from 0, of the line at `position` among `lines`. It never falls while the
    /// position rises.
    pub(super) fn day(&self, position: u64, lines: u64) -> u32 {
        let before = self.days.start().checked_sub(1).map_or(0, |day| self.cumulative[day]);
        let total = self.cumulative[*self.days.end()] - before;
        let at = u128::from(before) + u128::from(position) * u128::from(total) / u128::from(lines.max(1));
        let day = self.cumulative.partition_point(|&bound| u128::from(bound) <= at);
        day.min(*self.days.end()) as u32
    }
}

/// How many goods lines a declaration has, before the mode has its say: mostly one to four.
pub(super) fn line_count(random: &mut Random) -> u32 {
    match random.below(100) {
        0..=46 => 1,
        47..=67 => 2,
        68..=79 => 3,
        80..=87 => 4,
        88..=95 => random.between(5, 8),
        _ => random.between(9, 20),
    }
}

#[cfg(test)]
mod tests;
