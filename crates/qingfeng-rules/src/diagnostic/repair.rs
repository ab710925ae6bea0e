//! Usual slips of the pen, and what was meant.

use std::ops::Range;

use super::{Diagnostic, Fix, Place, nearest, suggestion};
use crate::base::value::Date;

impl Diagnostic {
    /// The same with the nearest of the known names as its remedy, and as a fix where the name stands in the source as
    /// it was written; it does not where it was computed. `source` is what stands at the first place.
    #[must_use]
    pub(crate) fn respelt<'n>(
        self,
        source: &str,
        written: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) -> Self {
        let help = suggestion(written, known.clone());
        self.help(help).respelling(source, written, known)
    }

    /// The same without the remedy in words.
    #[must_use]
    pub(crate) fn respelling<'n>(
        self,
        source: &str,
        written: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) -> Self {
        let (Some(near), Some(label)) = (nearest(written, known.clone()), self.labels.first()) else {
            return self;
        };
        let Some((before, after)) = source.split_once(written) else { return self };
        if !matches!((before, after), ("", "") | ("\"", "\"") | ("'", "'") | ("`", "`")) {
            return self;
        }
        let (title, place) = (format!("write `{near}`"), label.place.clone());
        let replacement = format!("{before}{near}{after}");
        let is_certain = certain(written, known) == Some(near);
        self.fix(if is_certain {
            Fix::safe(title, place, replacement)
        } else {
            Fix::suggested(title, place, replacement)
        })
    }
}

/// The only one of the known names that can be meant: one or two letters away, and every other one at least twice as
/// far.
fn certain<'n>(written: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = written.to_lowercase();
    let bound = if written.chars().count() > 4 { 2 } else { 1 };
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance < 2 * bound)
        .collect();
    near.sort_unstable();
    near.dedup();
    match near.as_slice() {
        [(distance, name)] if *distance <= bound => Some(name),
        [(distance, name), (next, _), ..] if *distance <= bound && *next >= (2 * distance).max(1) => {
            Some(name)
        }
        _ => None,
    }
}

/// The parameter of the outermost closure in which a place stands.
pub(crate) fn parameter_around(text: &str, at: usize) -> Option<&str> {
    const BYTES_BACK: usize = 4_000;
    let from = text.floor_char_boundary(at.saturating_sub(BYTES_BACK));
    let before = text.get(from..at)?;
    // Two in a row are an operator.
    let is_bar = |at: &usize| !before[..*at].ends_with('|') && !before[at + 1..].starts_with('|');
    let bars: Vec<usize> = before.match_indices('|').map(|(at, _)| at).filter(is_bar).collect();
    bars.windows(2).find_map(|bars| {
        let name = before[bars[0] + 1..bars[1]].trim();
        let is_name = name.starts_with(|letter: char| letter.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && is_open(&before[bars[1] + 1..])).then_some(name)
    })
}

/// Whether the expression that begins with this text goes on behind it.
fn is_open(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some('"'), '\\') => {
                letters.next();
            }
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return false,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',' | ';') if depth == 0 => return false,
            _ => {}
        }
    }
    quote.is_none()
}

/// The numbers that stand in a literal, one or a list of them, where texts belong; none where something else than
/// whole numbers and texts stands in it.
pub(crate) fn whole_numbers(source: &str) -> Vec<Range<usize>> {
    let bytes = source.as_bytes();
    let mut numbers = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => match source[at + 1..].find(['"', '\\']) {
                Some(end) if bytes[at + 1 + end] == b'"' => at += end + 2,
                _ => return Vec::new(),
            },
            b'[' | b']' | b',' => at += 1,
            byte if byte.is_ascii_whitespace() => at += 1,
            byte if byte.is_ascii_digit() => {
                let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                let is_whole = |next: &u8| b",] \t\r\n".contains(next);
                if !bytes.get(at + length).is_none_or(is_whole) {
                    return Vec::new();
                }
                numbers.push(at..at + length);
                at += length;
            }
            _ => return Vec::new(),
        }
    }
    numbers
}

/// A fix that puts whole numbers where texts belong into quotes.
pub(crate) fn quote_numbers(source: &str, place: &Place) -> Option<Fix> {
    let numbers = whole_numbers(source);
    let edits = numbers.iter().map(|number| {
        let start = place.span.start + number.start;
        let place = Place { file: place.file.clone(), span: start..place.span.start + number.end };
        (place, format!("\"{}\"", &source[number.clone()]))
    });
    let mut edits = edits;
    let (first, text) = edits.next()?;
    let title =
        if numbers.len() == 1 { format!("write `{text}`") } else { "put the codes into quotes".to_owned() };
    Some(edits.fold(Fix::safe(title, first, text), |fix, (place, text)| fix.and(place, text)))
}

/// The day meant by a text in a form that is not read: `2016-9-6`, `6.9.2016`, `2016年9月6日`.
pub(crate) fn loose_day(text: &str) -> Option<Date> {
    let parts: Vec<&str> =
        text.split(['-', '/', '.', ' ', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let number = |part: &str| part.parse::<u32>().ok();
    // With the year at the end the day may stand before the month or behind it, unless it is above 12.
    let (year, month, day) = match (first.len(), last.len()) {
        (4, 1 | 2) => (number(first)?, number(month)?, number(last)?),
        (1 | 2, 4) if number(first)? > 12 => (number(last)?, number(month)?, number(first)?),
        _ => return None,
    };
    Date::from_ymd(year as i32, month, day)
}

/// A fix for a text that means a day but is not written as one.
pub(crate) fn rewrite_day(source: &str, text: &str, place: &Place) -> Option<Fix> {
    let day = loose_day(text)?;
    let quoted = format!("\"{day}\"");
    (source == format!("\"{text}\""))
        .then(|| Fix::safe(format!("write `{quoted}`"), place.clone(), quoted.clone()))
}

#[cfg(test)]
mod tests;
