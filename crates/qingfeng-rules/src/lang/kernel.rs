//! What operators and functions do with single values. This is the meaning of the language; every evaluator
//! calls it or is tested against it.
//!
//! A missing value makes every test false and every other result missing; only `== ()`, `!=` and `??` see it.
//! Numbers are compared exactly, a whole number with a fractional one too; `-0.0` equals `0.0`. A result that
//! is not finite is a fault, so that no NaN and no infinity ever reaches a comparison.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::limits;
use crate::base::value::{Date, Value};

/// Why an expression has no value on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fault {
    /// A whole number was divided by zero.
    DivisionByZero,
    /// A whole number or a date left its range.
    Overflow,
    /// A number became infinite or undefined.
    NotFinite,
    /// An index into an array is outside of it.
    IndexOutOfRange,
    /// An argument that the function cannot take.
    BadArgument,
    /// Values of types that do not go together met where the types could not be known before.
    TypeMismatch,
    /// More operations than one closure may take on one line.
    OutOfOperations,
    /// Functions called each other too deep.
    TooDeep,
    /// A text, an array or a map became too large.
    TooLarge,
    /// Anything else that stopped the rule.
    Failed,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::DivisionByZero,
        Self::Overflow,
        Self::NotFinite,
        Self::IndexOutOfRange,
        Self::BadArgument,
        Self::TypeMismatch,
        Self::OutOfOperations,
        Self::TooDeep,
        Self::TooLarge,
        Self::Failed,
    ];

    /// The name of the fault as it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::DivisionByZero => "division by zero",
            Self::Overflow => "overflow",
            Self::NotFinite => "result not finite",
            Self::IndexOutOfRange => "index out of range",
            Self::BadArgument => "bad argument",
            Self::TypeMismatch => "types that do not go together",
            Self::OutOfOperations => "out of operations",
            Self::TooDeep => "calls too deep",
            Self::TooLarge => "value too large",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Fault {}

/// A single value that owns its text.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `()`
    Missing,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// Text.
    Text(String),
    /// A calendar day.
    Date(Date),
}

impl Scalar {
    /// The same value, borrowed.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Missing => Value::Missing,
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text),
            Self::Date(date) => Value::Date(*date),
        }
    }
}

impl From<Value<'_>> for Scalar {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Missing => Self::Missing,
            Value::Flag(flag) => Self::Flag(flag),
            Value::Integer(integer) => Self::Integer(integer),
            Value::Number(number) => Self::Number(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Date(date) => Self::Date(date),
        }
    }
}

/// The result of an operator or a function.
pub type Result<T = Scalar> = std::result::Result<T, Fault>;

fn finite(number: f64) -> Result {
    if number.is_finite() { Ok(Scalar::Number(number)) } else { Err(Fault::NotFinite) }
}

fn integer(result: Option<i64>) -> Result {
    result.map(Scalar::Integer).ok_or(Fault::Overflow)
}

/// Checks the size of a text that was made.
pub fn text(text: String) -> Result {
    if text.len() <= limits::TEXT_BYTES_MAX { Ok(Scalar::Text(text)) } else { Err(Fault::TooLarge) }
}

/// Compares a whole number with a number, exactly: the whole number is never rounded.
pub fn compare_integer_number(integer: i64, number: f64) -> Ordering {
    const RANGE: f64 = 9_223_372_036_854_775_808.0; // 2^63, the first number above every i64
    if number >= RANGE {
        Ordering::Less
    } else if number < -RANGE {
        Ordering::Greater
    } else {
        let whole = number.trunc();
        let fraction = number - whole;
        integer.cmp(&(whole as i64)).then(0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal))
    }
}

fn compare(a: Value<'_>, b: Value<'_>) -> Result<Ordering> {
    use Value::{Date, Flag, Integer, Number, Text};
    match (a, b) {
        (Integer(a), Integer(b)) => Ok(a.cmp(&b)),
        (Number(a), Number(b)) => a.partial_cmp(&b).ok_or(Fault::NotFinite),
        (Integer(a), Number(b)) => Ok(compare_integer_number(a, b)),
        (Number(a), Integer(b)) => Ok(compare_integer_number(b, a).reverse()),
        (Text(a), Text(b)) => Ok(a.cmp(b)),
        (Date(a), Date(b)) => Ok(a.cmp(&b)),
        (Flag(a), Flag(b)) => Ok(a.cmp(&b)),
        _ => Err(Fault::TypeMismatch),
    }
}

/// `a == b`. A missing value equals only a missing one.
pub fn equal(a: Value<'_>, b: Value<'_>) -> Result<bool> {
    match (a, b) {
        (Value::Missing, Value::Missing) => Ok(true),
        (Value::Missing, _) | (_, Value::Missing) => Ok(false),
        _ => Ok(compare(a, b)?.is_eq()),
    }
}

/// `a < b`, `a <= b`, `a > b`, `a >= b`, given which orders hold; false where a side is missing.
pub fn ordered(a: Value<'_>, b: Value<'_>, holds: fn(Ordering) -> bool) -> Result<bool> {
    match (a, b) {
        (Value::Missing, _) | (_, Value::Missing) => Ok(false),
        (Value::Flag(_), _) => Err(Fault::TypeMismatch),
        _ => Ok(holds(compare(a, b)?)),
    }
}

/// The binary operators that make a value of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `**`
    Power,
}

/// `a + b` and its like; missing where a side is missing.
pub fn arithmetic(operator: Arithmetic, a: Value<'_>, b: Value<'_>) -> Result {
    use Arithmetic::{Add, Divide, Multiply, Power, Remainder, Subtract};
    use Value::{Date, Integer, Missing, Number, Text};
    match (operator, a, b) {
        (_, Missing, _) | (_, _, Missing) => Ok(Scalar::Missing),
        (_, Integer(a), Integer(b)) => match operator {
            Add => integer(a.checked_add(b)),
            Subtract => integer(a.checked_sub(b)),
            Multiply => integer(a.checked_mul(b)),
            Divide | Remainder if b == 0 => Err(Fault::DivisionByZero),
            Divide => integer(a.checked_div(b)),
            Remainder => Ok(Scalar::Integer(a.checked_rem(b).unwrap_or(0))),
            Power => {
                let exponent = u32::try_from(b);
                match exponent {
                    Ok(exponent) => integer(a.checked_pow(exponent)),
                    Err(_) if b < 0 => Err(Fault::BadArgument),
                    Err(_) if matches!(a, 0 | 1) => Ok(Scalar::Integer(a)),
                    Err(_) if a == -1 => Ok(Scalar::Integer(if b % 2 == 0 { 1 } else { -1 })),
                    Err(_) => Err(Fault::Overflow),
                }
            }
        },
        (Power, Number(a), Integer(b)) => finite(power(a, b)),
        (_, Number(_) | Integer(_), Number(_) | Integer(_)) => {
            let (a, b) = (as_number(a), as_number(b));
            match operator {
                Add => finite(a + b),
                Subtract => finite(a - b),
                Multiply => finite(a * b),
                Divide => finite(a / b),
                Remainder => finite(a % b),
                Power => Err(Fault::TypeMismatch),
            }
        }
        (Add, Text(a), Text(b)) => {
            if a.len() + b.len() > limits::TEXT_BYTES_MAX {
                return Err(Fault::TooLarge);
            }
            text([a, b].concat())
        }
        (Add, Date(date), Integer(days)) | (Add, Integer(days), Date(date)) => {
            date.plus_days(days).map(Scalar::Date).ok_or(Fault::Overflow)
        }
        (Subtract, Date(date), Integer(days)) => {
            days.checked_neg().and_then(|days| date.plus_days(days)).map(Scalar::Date).ok_or(Fault::Overflow)
        }
        (Subtract, Date(a), Date(b)) => Ok(Scalar::Integer(i64::from(a.days()) - i64::from(b.days()))),
        _ => Err(Fault::TypeMismatch),
    }
}

/// Powers by repeated squaring: the platform's `pow` does not give the same bits everywhere.
fn power(base: f64, exponent: i64) -> f64 {
    let mut left = exponent.unsigned_abs();
    let (mut result, mut square) = (1.0, base);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    if exponent < 0 { 1.0 / result } else { result }
}

fn as_number(value: Value<'_>) -> f64 {
    match value {
        Value::Integer(integer) => integer as f64,
        Value::Number(number) => number,
        _ => f64::NAN,
    }
}

/// `-a`
pub fn negate(a: Value<'_>) -> Result {
    match a {
        Value::Missing => Ok(Scalar::Missing),
        Value::Integer(a) => integer(a.checked_neg()),
        Value::Number(a) => Ok(Scalar::Number(-a)),
        _ => Err(Fault::TypeMismatch),
    }
}

/// `!a`; a missing flag stays missing.
pub fn not(a: Value<'_>) -> Result {
    match a {
        Value::Missing => Ok(Scalar::Missing),
        Value::Flag(a) => Ok(Scalar::Flag(!a)),
        _ => Err(Fault::TypeMismatch),
    }
}

/// A value as `${}` writes it: text as it is, nothing for a missing value, numbers as people write them, with 15
/// significant digits at most.
pub fn display(value: Value<'_>) -> String {
    match value {
        Value::Missing => String::new(),
        Value::Text(text) => text.to_owned(),
        other => other.shown(),
    }
}

/// Part of a text, by characters; a negative start counts from the end, what is outside is left out.
pub fn sub_string(text: &str, start: i64, length: i64) -> String {
    let start = if start < 0 {
        (i64::try_from(text.chars().count()).unwrap_or(i64::MAX)).saturating_add(start).max(0)
    } else {
        start
    };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let length = usize::try_from(length).unwrap_or(0);
    text.chars().skip(start).take(length).collect()
}

/// A number rounded half away from zero to this number of digits after the point (0 to 12).
pub fn round(number: f64, digits: i64) -> Result {
    let scale = match u32::try_from(digits) {
        Ok(digits @ 0..=12) => 10_i64.pow(digits) as f64,
        _ => return Err(Fault::BadArgument),
    };
    let scaled = number * scale;
    // A number so large that scaling overflows has no digits after the point.
    if scaled.is_finite() { finite(scaled.round() / scale) } else { Ok(Scalar::Number(number)) }
}

/// A number without its fraction, as a whole number.
pub fn to_integer(number: f64) -> Result {
    let whole = number.trunc();
    if compare_integer_number(i64::MAX, whole).is_lt() || compare_integer_number(i64::MIN, whole).is_gt() {
        return Err(Fault::Overflow);
    }
    Ok(Scalar::Integer(whole as i64))
}

/// The points that a closure gave, if they are within what a rule can give.
pub(crate) fn checked_points(points: i64) -> Result<i64> {
    let fits = points.unsigned_abs() <= limits::POINTS_MAX.unsigned_abs();
    if fits { Ok(points) } else { Err(Fault::Overflow) }
}

/// What is shown of a rule that fired, given its title and its evidence.
pub(crate) fn reason_text(title: &str, evidence: Result) -> String {
    match evidence {
        Ok(Scalar::Text(text)) if text.chars().count() <= limits::REASON_CHARS_MAX => text,
        Ok(Scalar::Text(text)) => text.chars().take(limits::REASON_CHARS_MAX - 1).chain(['…']).collect(),
        Ok(_) => title.to_owned(),
        Err(fault) => format!("{title} (the evidence could not be filled in: {fault})"),
    }
}

#[cfg(test)]
mod tests;
