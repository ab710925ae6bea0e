//! Zones that days are of.

use std::fmt;
use std::str::FromStr;

use super::value::Date;

/// A zone whose clocks are not changed: how far it is ahead of UTC, and since when.
///
/// ```
/// use qingfeng_rules::{Date, Zone};
///
/// let shanghai: Zone = "Asia/Shanghai".parse().unwrap();
/// let (noon, evening) = (1_473_076_800, 1_473_091_200);
/// assert_eq!(shanghai.day(noon), Date::from_ymd(2016, 9, 5));
/// assert_eq!(shanghai.day(evening), Date::from_ymd(2016, 9, 6));
/// assert_eq!("+08:00".parse::<Zone>().unwrap().offset(), shanghai.offset());
/// assert!("Europe/Berlin".parse::<Zone>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone {
    /// The seconds that it is ahead of UTC.
    offset: i32,
    /// The first year from which on it is so.
    since: i32,
}

/// Zones without summer time, each with its hours ahead of UTC in quarters, and the first year from which on it is so.
const NAMED: [(&str, i32, i32); 30] = [
    ("Africa/Johannesburg", 8, 1945),
    ("Africa/Lagos", 4, 1920),
    ("Africa/Nairobi", 12, 1961),
    ("Asia/Bangkok", 28, 1921),
    ("Asia/Chongqing", 32, 1992),
    ("Asia/Chungking", 32, 1992),
    ("Asia/Colombo", 22, 2007),
    ("Asia/Dhaka", 24, 2010),
    ("Asia/Dubai", 16, 1921),
    ("Asia/Harbin", 32, 1992),
    ("Asia/Ho_Chi_Minh", 28, 1976),
    ("Asia/Hong_Kong", 32, 1980),
    ("Asia/Jakarta", 28, 1965),
    ("Asia/Karachi", 20, 2010),
    ("Asia/Kathmandu", 23, 1987),
    ("Asia/Kolkata", 22, 1946),
    ("Asia/Kuala_Lumpur", 32, 1982),
    ("Asia/Macau", 32, 1980),
    ("Asia/Manila", 32, 1991),
    ("Asia/Seoul", 36, 1989),
    ("Asia/Shanghai", 32, 1992),
    ("Asia/Singapore", 32, 1982),
    ("Asia/Taipei", 32, 1980),
    ("Asia/Tokyo", 36, 1952),
    ("Asia/Urumqi", 24, 1992),
    ("Hongkong", 32, 1980),
    ("Japan", 36, 1952),
    ("PRC", 32, 1992),
    ("ROC", 32, 1980),
    ("Singapore", 32, 1982),
];

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { offset: 0, since: i32::MIN };

    /// The zone that is so many seconds ahead of UTC; `None` beyond a day.
    pub fn ahead(seconds: i32) -> Option<Self> {
        (seconds.abs() < 86_400).then_some(Self { offset: seconds, since: i32::MIN })
    }

    /// The seconds that it is ahead of UTC.
    pub fn offset(self) -> i32 {
        self.offset
    }

    /// The day of a moment, given in seconds since 1970-01-01 in UTC. `None` outside the years 1 to 9999, and before the
    /// year from which on the zone is so.
    pub fn day(self, seconds: i64) -> Option<Date> {
        let days = seconds.saturating_add(self.offset.into()).div_euclid(86_400);
        let day = Date::from_days(i32::try_from(days).ok()?)?;
        (day.year() >= self.since.into()).then_some(day)
    }
}

impl FromStr for Zone {
    type Err = ParseZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if matches!(text, "Z" | "z" | "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT" | "Etc/Universal" | "Zulu") {
            return Ok(Self::UTC);
        }
        if let Ok(at) = NAMED.binary_search_by_key(&text, |zone| zone.0) {
            let (_, quarters, since) = NAMED[at];
            return Ok(Self { offset: quarters * 900, since });
        }
        let (sign, rest) = match text.as_bytes() {
            [b'+', ..] => (1, &text[1..]),
            [b'-', ..] => (-1, &text[1..]),
            _ => return Err(ParseZoneError),
        };
        let digits = match rest.split_once(':') {
            Some((hours, minutes)) if hours.len() == 2 && minutes.len() == 2 => format!("{hours}{minutes}"),
            Some(_) => return Err(ParseZoneError),
            None => rest.to_owned(),
        };
        if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseZoneError);
        }
        let number =
            |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<i32>().ok());
        let (hours, minutes) = (number(0..2).ok_or(ParseZoneError)?, number(2..4).unwrap_or(0));
        if hours > 14 || minutes > 59 {
            return Err(ParseZoneError);
        }
        Ok(Self { offset: sign * (hours * 3600 + minutes * 60), since: i32::MIN })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.abs() / 60);
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// The text is no zone of which days can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no zone without summer time; write an offset from UTC such as +08:00")]
pub struct ParseZoneError;

#[cfg(test)]
mod tests;
