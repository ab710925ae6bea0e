//! The days of a year and how much is declared on each: weekdays, seasons, the long holidays.

use std::ops::RangeInclusive;

use qingfeng_rules::Date;

use super::random::{Random, pinned};

/// The years whose holidays are known here.
pub(super) const YEARS: RangeInclusive<i32> = 2015..=2026;

/// Monday to Sunday, in percent of a plain working day.
const WEEKDAY_PERCENT: [u32; 7] = [100, 103, 104, 103, 99, 44, 24];
/// January to December, in percent of a plain month.
const MONTH_PERCENT: [u32; 12] = [96, 70, 90, 96, 100, 102, 104, 106, 108, 100, 110, 114];
/// Month and day of the eve of the spring festival and of mid-autumn, year by year: both follow the moon.
const MOON_DAYS: [[(u32, u32); 2]; 12] = [
    [(2, 18), (9, 27)],
    [(2, 7), (9, 15)],
    [(1, 27), (10, 4)],
    [(2, 15), (9, 24)],
    [(2, 4), (9, 13)],
    [(1, 24), (10, 1)],
    [(2, 11), (9, 21)],
    [(1, 31), (9, 10)],
    [(1, 21), (9, 29)],
    [(2, 9), (9, 17)],
    [(1, 28), (10, 6)],
    [(2, 16), (9, 25)],
];

/// First day, number of days, percent left: New Year, the spring festival, labour day, mid-autumn, the national holidays.
fn holidays(year: i32) -> [((u32, u32), u32, u32); 5] {
    let [spring, autumn] = MOON_DAYS[(year - YEARS.start()) as usize];
    [((1, 1), 1, 30), (spring, 7, 18), ((4, 30), 2, 45), (autumn, 3, 60), ((10, 1), 7, 35)]
}

/// The days since the year of this one began.
pub(super) fn day_of_year(day: Date) -> u32 {
    first_of(day.year() as i32).map_or(0, |first| day.days().abs_diff(first.days()))
}

fn first_of(year: i32) -> Option<Date> {
    Date::from_ymd(year, 1, 1)
}

/// Where each day of a year ends in a stream of any length.
#[derive(Debug)]
pub(super) struct Calendar {
    first: Date,
    cumulative: Box<[u32]>,
    /// The days that the stream is spread over, from 0.
    days: RangeInclusive<usize>,
}

impl Calendar {
    /// The calendar of one of [`YEARS`].
    pub(super) fn new(seed: u64, year: i32) -> Self {
        assert!(YEARS.contains(&year), "a year with known holidays");
        let first = first_of(year).expect("a year of four digits");
        let holidays = holidays(year).map(|((month, day), days, percent)| {
            let from = Date::from_ymd(year, month, day).map_or(0, day_of_year);
            (from..from + days, percent)
        });
        let mut total = 0;
        let weights = (0..).map_while(|at| first.plus_days(at)).take_while(|day| day.year() == first.year());
        let cumulative = weights.zip(0_u32..).map(|(date, day)| {
            // No day is quite like the next.
            let noise = 90 + pinned(seed ^ (0xCA1E << 32) ^ u64::from(day), 21);
            let weekday = WEEKDAY_PERCENT[date.weekday() as usize - 1];
            let mut weight = weekday * MONTH_PERCENT[date.month() as usize - 1] * noise / 100;
            for (days, percent) in &holidays {
                if days.contains(&day) {
                    weight = weight * percent / 100;
                }
            }
            total += weight;
            total
        });
        let cumulative: Box<[u32]> = cumulative.collect();
        let days = 0..=cumulative.len() - 1;
        Self { first, cumulative, days }
    }

    /// The same calendar for a stream of some days of the year alone, from 0.
    pub(super) fn within(mut self, days: RangeInclusive<usize>) -> Self {
        assert!(
            days.start() <= days.end() && *days.end() < self.cumulative.len(),
            "days of the year, in order"
        );
        self.days = days;
        self
    }

    /// The day with this number, from 0.
    pub(super) fn date(&self, day: u32) -> Date {
        self.first.plus_days(day.into()).expect("a day of the year")
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
