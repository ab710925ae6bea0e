//! Values of fields: what a rule sees of a goods line.

use std::fmt;

use chrono::{Datelike, Duration, NaiveDate};
use serde::{Deserialize, Serialize};

/// A calendar day, without a time and without a time zone, stored as days since 1970-01-01
/// (Arrow's `Date32`).
///
/// ```
/// use qingfeng_rules::Date;
/// let day: Date = "2016-09-06".parse().unwrap();
/// assert_eq!((day.year(), day.month(), day.day(), day.weekday()), (2016, 9, 6, 2));
/// assert_eq!(day.to_string(), "2016-09-06");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// The first day that has a four-digit year: 0001-01-01.
    pub const MIN: Self = Self(-719_162);
    /// The last day that has a four-digit year: 9999-12-31.
    pub const MAX: Self = Self(2_932_896);

    /// The day this number of days after (or before) 1970-01-01, or `None` outside the years 1 to 9999.
    pub fn from_days(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&days).then_some(Self(days))
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// The day of this year (1 to 9999), month and day of the month, if there is one.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        let days = date.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days();
        Self::from_days(i32::try_from(days).ok()?)
    }

    /// The day this number of days later (or earlier), or `None` outside the years 1 to 9999.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        Self::from_days(i32::try_from(i64::from(self.0).checked_add(days)?).ok()?)
    }

    fn naive(self) -> NaiveDate {
        NaiveDate::default() + Duration::days(i64::from(self.0))
    }

    /// The year, 1 to 9999.
    pub fn year(self) -> i64 {
        self.naive().year().into()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i64 {
        self.naive().month().into()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i64 {
        self.naive().day().into()
    }

    /// The day of the week as in ISO 8601: 1 is Monday, 7 is Sunday.
    pub fn weekday(self) -> i64 {
        self.naive().weekday().number_from_monday().into()
    }
}

impl std::str::FromStr for Date {
    type Err = ParseDateError;

    /// Reads `YYYY-MM-DD`, and as customs files have them `YYYYMMDD` and `YYYY/MM/DD`. A time of day after
    /// a `T` or a space is read over; the day is the one written.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let day_end = bytes.iter().position(|&byte| byte == b'T' || byte == b' ').unwrap_or(bytes.len());
        let (day, time) = bytes.split_at(day_end);
        let number = |range: std::ops::Range<usize>| -> Option<u32> {
            let digits = day.get(range)?;
            digits
                .iter()
                .try_fold(0, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
        };
        let parts = match day.len() {
            10 if (day[4] == b'-' || day[4] == b'/') && day[7] == day[4] => {
                (number(0..4), number(5..7), number(8..10))
            }
            8 => (number(0..4), number(4..6), number(6..8)),
            _ => (None, None, None),
        };
        let time_is_plain = time.iter().skip(1).all(|byte| byte.is_ascii_digit() || b":.+-Z".contains(byte));
        match parts {
            (Some(year), Some(month), Some(day)) if time_is_plain => {
                Self::from_ymd(year as i32, month, day).ok_or(ParseDateError)
            }
            _ => Err(ParseDateError),
        }
    }
}

/// The text is not a calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day of the calendar; write it as 2016-09-06")]
pub struct ParseDateError;

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.naive();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("`{text}` is {error}")))
    }
}

/// A month of the calendar, as the number of months since January of the year 0.
///
/// ```
/// use qingfeng_rules::{Date, Month};
///
/// let day: Date = "2016-01-31".parse().unwrap();
/// let month = Month::of(day);
/// assert_eq!(month.to_string(), "2016-01");
/// let next = month.plus(1).unwrap();
/// assert_eq!(next.day(31).to_string(), "2016-02-29");
/// assert_eq!(next.since(month), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// The month of this year (1 to 9999) and number (1 to 12), if there is one.
    pub fn from_ym(year: i32, month: u32) -> Option<Self> {
        Date::from_ymd(year, month, 1).map(Self::of)
    }

    /// The month that a day lies in.
    pub fn of(day: Date) -> Self {
        let day = day.naive();
        Self(day.year() * 12 + day.month0() as i32)
    }

    /// The year, 1 to 9999.
    pub fn year(self) -> i64 {
        self.0.div_euclid(12).into()
    }

    /// The number in the year, 1 to 12.
    pub fn month(self) -> i64 {
        i64::from(self.0.rem_euclid(12)) + 1
    }

    /// The month this number of months later (or earlier), or `None` outside the years 1 to 9999.
    pub fn plus(self, months: i64) -> Option<Self> {
        let months = i64::from(self.0).checked_add(months)?;
        (12..120_000).contains(&months).then_some(Self(months as i32))
    }

    /// The month before, unless it is January of the year 1.
    pub fn previous(self) -> Option<Self> {
        self.plus(-1)
    }

    /// The month after, unless it is December of the year 9999.
    pub fn next(self) -> Option<Self> {
        self.plus(1)
    }

    /// How many months this one is after another; negative if it is before.
    pub fn since(self, other: Self) -> i64 {
        i64::from(self.0) - i64::from(other.0)
    }

    /// The day of this month with this number, or the first or last day of the month if the number is lower or higher:
    /// `day(1)` is the first day, `day(31)` the last.
    pub fn day(self, day: i64) -> Date {
        let last = self.next().map_or(Date::MAX, |next| Date(next.first().0 - 1));
        Date(self.first().0 + day.clamp(1, 31) as i32 - 1).min(last)
    }

    fn first(self) -> Date {
        Date::from_ymd(self.year() as i32, self.month() as u32, 1).unwrap_or(Date::MIN)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The value of one field of one goods line, borrowed from the columns that hold it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The declaration does not have it; a rule sees `()`.
    Missing,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number; always finite.
    Number(f64),
    /// Text, and codes.
    Text(&'a str),
    /// A calendar day.
    Date(Date),
}

/// A number as people write it: 15 significant digits, which are those that arithmetic gets right, or all digits of a
/// whole one. 0.1 + 0.2 is 0.3.
///
/// ```
/// use qingfeng_rules::internals::rounded;
/// assert_eq!(rounded(38_061.929_999_999_99), 38_061.93);
/// assert_eq!(rounded(9_007_199_254_740_991.0), 9_007_199_254_740_991.0);
/// ```
pub fn rounded(number: f64) -> f64 {
    // An amount of money is there already, nearly always.
    let cents = (number * 100.0).round() / 100.0;
    if cents == number || number.trunc() == number || !number.is_finite() {
        return number;
    }
    format!("{number:.14e}").parse().unwrap_or(number)
}

impl Value<'_> {
    /// The value as an explanation shows it: as it is displayed, but a number as people write it, with 15 significant digits
    /// at most.
    pub fn shown(self) -> String {
        match self {
            Self::Number(number) => Self::Number(rounded(number)).to_string(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Value<'_> {
    /// With all its digits, text in quotes, a missing value as `()`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("()"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Date(date) => write!(f, "{date}"),
        }
    }
}

#[cfg(test)]
mod tests;
