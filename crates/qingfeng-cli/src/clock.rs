//! The machine's clock: the commands read it, the library does not.

use std::time::{SystemTime, UNIX_EPOCH};

use qingfeng::rules::Date;

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn day(seconds: u64) -> Date {
    i32::try_from(seconds / 86_400).ok().and_then(Date::from_days).unwrap_or(Date::MAX)
}

pub fn today() -> Date {
    day(seconds())
}

/// The moment in UTC: `2016-09-06T08:30:00Z`.
pub fn now() -> String {
    let seconds = seconds();
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{}T{hours:02}:{minutes:02}:{:02}Z", day(seconds), seconds % 60)
}
