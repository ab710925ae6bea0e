//! The meaning of a cell: text as it stands in a file becomes a value of its field, or the reason why it is none.

use std::borrow::Cow;

use qingfeng_rules::{Date, Field};

use super::reject::{Problem, RejectKind, shown};

/// The number of bytes of a text or code at most; a line with a longer one is rejected.
pub const MAX_TEXT_BYTES: usize = 65_536;

/// The text without blanks around it, the full-width one (U+3000) included.
#[inline]
pub fn trim(raw: &str) -> &str {
    match raw.as_bytes() {
        [] => raw,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => raw,
        _ => raw.trim(),
    }
}

/// Text without blanks around it. It may hold control characters, even NUL: people paste such text, and a rule
/// that looks for a word must see the line all the same.
pub fn text<'a>(raw: &'a str, field: &Field) -> Result<&'a str, Problem> {
    let text = trim(raw);
    if text.len() > MAX_TEXT_BYTES { Err(too_long(text, field)) } else { Ok(text) }
}

/// A code in the form that rules see.
pub fn code<'a>(raw: &'a str, field: &Field) -> Result<Cow<'a, str>, Problem> {
    let code = trim(raw);
    if code.len() > MAX_TEXT_BYTES {
        return Err(too_long(code, field));
    }
    let plain = |byte: u8| (b' '..0x7F).contains(&byte) && !byte.is_ascii_lowercase();
    // Without a way out early this is done many bytes at once.
    let upper = if code.bytes().fold(true, |all, byte| all & plain(byte)) {
        Cow::Borrowed(code)
    } else if let Some(control) = code.chars().find(|letter| letter.is_control()) {
        let number = u32::from(control);
        return Err(Problem::value(format!(
            "`{}` holds the control character U+{number:04X}; codes have none, so remove it",
            field.name
        )));
    } else {
        Cow::Owned(code.to_uppercase())
    };
    Ok(match field.codes {
        None => upper,
        Some(list) => match upper {
            Cow::Borrowed(upper) => list.canonical(upper),
            Cow::Owned(upper) => Cow::Owned(list.canonical(&upper).into_owned()),
        },
    })
}

fn too_long(text: &str, field: &Field) -> Problem {
    let (name, bytes) = (&field.name, text.len());
    let reason = format!("`{name}` has {bytes} bytes; {MAX_TEXT_BYTES} is the most a cell can have");
    Problem::new(RejectKind::TooLong, reason)
}

/// A whole number: digits, perhaps a sign, perhaps a point with nothing but zeros after it.
pub fn integer(text: &str, field: &Field) -> Result<i64, Problem> {
    let whole = match text.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    let value = whole.parse().map_err(|_| not_whole(text))?;
    in_bounds_integer(value, field)?;
    Ok(value)
}

#[cold]
fn not_whole(text: &str) -> Problem {
    let cell = shown(text);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let reason = if has_thousands(text) {
        format!("`{cell}` is not a whole number; write it without thousands separators, as {}", joined(text))
    } else if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let reason = format!("`{cell}` is too large; a whole number has at most 64 bits");
        return Problem::new(RejectKind::OutOfRange, reason);
    } else if text.parse().is_ok_and(f64::is_finite) {
        format!("`{cell}` is not a whole number; the field takes whole numbers written in digits")
    } else {
        format!("`{cell}` is not a whole number; write digits only, without units")
    };
    Problem::value(reason)
}

/// A finite number. -0 is 0, so that a value has one form.
pub fn number(text: &str, field: &Field) -> Result<f64, Problem> {
    let value: f64 = text.parse().map_err(|_| not_a_number(text))?;
    if !value.is_finite() {
        return Err(not_finite(text));
    }
    in_bounds(value, field)?;
    Ok(value + 0.0)
}

#[cold]
fn not_a_number(text: &str) -> Problem {
    let cell = shown(text);
    Problem::value(if has_thousands(text) {
        format!(
            "`{cell}` is not a number; write it with a decimal point and without thousands separators, as {}",
            joined(text)
        )
    } else {
        format!("`{cell}` is not a number; write digits and a decimal point, without units")
    })
}

#[cold]
pub fn not_finite(text: &str) -> Problem {
    let cell = shown(text);
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        let reason = format!("`{cell}` is too large; a number has at most 308 digits");
        Problem::new(RejectKind::OutOfRange, reason)
    } else {
        Problem::value(format!(
            "`{cell}` is not a finite number; leave the cell empty where the value is not known"
        ))
    }
}

/// Whether commas, or the blanks and quotes in use for it, are all that keeps the text from being a number.
fn has_thousands(text: &str) -> bool {
    text.contains(is_separator) && joined(text).parse().is_ok_and(f64::is_finite)
}

fn is_separator(letter: char) -> bool {
    matches!(letter, ',' | '，' | '\'' | '’' | '_') || letter.is_whitespace()
}

fn joined(text: &str) -> String {
    shown(&text.replace(is_separator, ""))
}

/// True or false.
pub fn flag(text: &str) -> Result<bool, Problem> {
    match text {
        "1" | "是" => return Ok(true),
        "0" | "否" => return Ok(false),
        _ => {}
    }
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "yes", "y"]) {
        Ok(true)
    } else if is(["false", "no", "n"]) {
        Ok(false)
    } else {
        Err(Problem::value(format!(
            "`{}` is neither true nor false; write true or false, yes or no, Y or N, 1 or 0, 是 or 否",
            shown(text)
        )))
    }
}

/// A calendar day, in days since 1970-01-01.
pub fn date(text: &str, field: &Field) -> Result<i32, Problem> {
    let date: Date = text.parse().map_err(|error| Problem::value(format!("`{}` is {error}", shown(text))))?;
    in_bounds(f64::from(date.days()), field).map(|()| date.days())
}

/// The reason why a line without a required field is rejected.
#[cold]
pub fn missing(field: &Field) -> Problem {
    Problem::new(RejectKind::Missing, format!("`{}` is missing; each line needs it", field.name))
}

pub fn in_bounds_integer(value: i64, field: &Field) -> Result<(), Problem> {
    // Exact near the bounds a schema can have; elsewhere the rounding changes nothing.
    in_bounds(value as f64, field)
}

/// Whether the value lies between the bounds of its field.
pub fn in_bounds(value: f64, field: &Field) -> Result<(), Problem> {
    let name = &field.name;
    let reason = match (field.min, field.max) {
        (Some(min), _) if value < min => format!("{value} is below {min}, the least `{name}` can be"),
        (_, Some(max)) if value > max => format!("{value} is above {max}, the most `{name}` can be"),
        _ => return Ok(()),
    };
    Err(Problem::new(RejectKind::OutOfRange, reason))
}

/// A number as text, as a field of text or codes takes it, whatever it comes from: a whole one as its digits, another
/// one as JSON writes it.
pub fn number_text(value: f64) -> String {
    match whole(value) {
        Some(whole) => whole.to_string(),
        None => serde_json::to_string(&value).unwrap_or_default(),
    }
}

/// The number as a whole one of 64 bits, if it is one.
pub fn whole(value: f64) -> Option<i64> {
    /// 2⁶³: below it each whole number is one of 64 bits.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (value.trunc() == value && value.abs() < LIMIT).then_some(value as i64)
}

/// The digits of a written number without a fraction of zeros: of 8711209000.00 those before the point.
pub fn without_zero_fraction(number: &str) -> &str {
    if !number.ends_with('0') {
        return number;
    }
    number.trim_end_matches('0').strip_suffix('.').unwrap_or(number)
}

#[cfg(test)]
mod tests;
