//! How numbers are written, for a terminal, on pages and in sentences.

/// The digits of a whole number, its thousands apart.
fn apart(number: i128, minus: &str, separator: char) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { minus } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// A whole number with its thousands apart: `1,234,567`.
pub fn grouped(number: impl Into<i128>) -> String {
    apart(number.into(), "-", ',')
}

/// A whole number for a page, with thin blanks between its thousands, which never break, and a true minus.
pub fn thin(number: impl Into<i128>) -> String {
    apart(number.into(), "\u{2212}", '\u{202f}')
}

/// The same with its sign, `+` as well: a change. Nothing changed is `0`.
pub fn thin_change(change: impl Into<i128>) -> String {
    let change = change.into();
    if change > 0 { format!("+{}", thin(change)) } else { thin(change) }
}

/// `1 line`, `2 lines`, for a page.
pub fn thin_count(count: u64, noun: &str) -> String {
    format!("{}\u{a0}{noun}{}", thin(count), if count == 1 { "" } else { "s" })
}

/// A part of a whole in per cent, for a page; empty where there is no whole.
pub fn per_cent(part: u64, whole: u64) -> String {
    if whole == 0 { String::new() } else { format!("{:.1}\u{202f}%", part as f64 * 100.0 / whole as f64) }
}

/// A number for a page with so many decimals; nothing rounds to `−0.0`.
pub fn thin_decimals(number: f64, places: usize) -> String {
    let text = format!("{:.places$}", number.abs());
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse::<i128>().map_or_else(|_| whole.to_owned(), thin);
    let sign = if number < 0.0 && !is_zero { "\u{2212}" } else { "" };
    format!("{sign}{whole}.{rest}")
}

/// A sum for a Chinese page, in ten thousands and hundred millions as people write them: `9 999`, `12.3 万`, `4.6 亿`.
pub fn ten_thousands(sum: f64) -> String {
    match sum.abs() {
        size if size < 9_999.5 => thin(sum.round() as i128),
        size if size < 99_995_000.0 => format!("{} 万", thin_decimals(sum / 1e4, 1)),
        _ => format!("{} 亿", thin_decimals(sum / 1e8, 2)),
    }
}

/// `1 line`, `2 lines`: a count and its noun, the plural by an `s`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// That there are more than those shown, as a line of its own, and what has them all; nothing where all are shown.
pub fn more(indent: &str, all: u64, shown: usize, rest: &str) -> String {
    match all.saturating_sub(shown as u64) {
        0 => String::new(),
        more => format!("{indent}and {} more{rest}\n", grouped(more)),
    }
}

/// A share in per cent with one decimal: `9.6 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Whether a share, as it is written, is not all.
pub fn is_part(share: f64) -> bool {
    share < 0.9995
}

/// A ratio with two decimals, or none where it is large.
pub fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

/// A probability in a sentence.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p {p:.3}") }
}

#[cfg(test)]
mod tests;
