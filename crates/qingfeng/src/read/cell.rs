//! The meaning of a cell: text as it stands in a file becomes a value of its field, or the reason why it is none.
//!
//! What can mean one thing only is read so, however a spreadsheet, a database or a keyboard wrote it, and the
//! [`Change`] is reported. What can mean two things is no value.

use std::borrow::Cow;

use qingfeng_rules::internals::{is_invisible, normal_writing};
use qingfeng_rules::{CodeList, Date, Field, Kind, Part, Zone, countries};

use super::changes::Change;
use super::reject::{Problem, RejectKind, shown};

/// The number of bytes of a text or code at most; a longer one cannot be read.
pub const MAX_TEXT_BYTES: usize = 65_536;
/// From here on a 64-bit float does not have all whole numbers.
const FLOAT_WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The text without blanks around it, the full-width one (U+3000) included.
#[inline]
pub fn trim(raw: &str) -> &str {
    match raw.as_bytes() {
        [] => raw,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => raw,
        _ => raw.trim(),
    }
}

/// Notes the first thing that was done to a cell.
fn note(change: &mut Option<Change>, new: Change) {
    change.get_or_insert(new);
}

/// Whether the cell of a field says that there is none, as databases and spreadsheets write it out.
#[inline]
pub fn is_null(text: &str, field: &Field) -> bool {
    let may_be = (2..=8).contains(&text.len())
        && matches!(text.as_bytes()[0], b'N' | b'n' | b'\\' | b'#' | b'(' | b'<' | b'[');
    may_be && is_null_word(text, field)
}

fn is_null_word(text: &str, field: &Field) -> bool {
    match text {
        // Namibia.
        "NA" => !field.codes.is_some_and(CodeList::is_country),
        "NULL" | "null" | "Null" | "(null)" | "(NULL)" | "<null>" | "<NULL>" | "[NULL]" | "[null]"
        | "\\N" | "#N/A" | "#NA" | "#NULL!" | "N/A" | "n/a" | "<NA>" | "None" | "nan" | "NaN" | "NaT" => true,
        _ => {
            let is = |word: &str| text.eq_ignore_ascii_case(word);
            !matches!(field.kind, Kind::Text | Kind::Code)
                && (is("none") || is("nan") || is("na") || is("nil"))
        }
    }
}

/// What a field takes of a box that holds several.
pub fn part(part: Part, text: &str) -> Result<Cow<'_, str>, Problem> {
    part.of(text).ok_or_else(|| {
        Problem::value(format!(
            "`{}` cannot be taken apart; write it as `{}`, or give each field a column of its own",
            shown(text),
            part.example()
        ))
    })
}

/// Text without blanks around it. It may hold control characters, even NUL: people paste such text, and a rule
/// that looks for a word must see the line all the same. The id of a declaration is read as a code is, in its own case.
pub fn text<'a>(raw: &'a str, field: &Field, change: &mut Option<Change>) -> Result<Cow<'a, str>, Problem> {
    let text = trim(raw);
    if text.len() > MAX_TEXT_BYTES {
        return Err(too_long(text, field));
    }
    if field.reading.is_id {
        let plain = |byte: u8| byte.is_ascii_graphic() & is_plain(byte);
        return if text.bytes().fold(true, |all, byte| all & plain(byte)) && !is_null(text, field) {
            Ok(text.into())
        } else {
            written_out(text, field, change)
        };
    }
    if is_null(text, field) {
        note(change, Change::Null);
        return Ok("".into());
    }
    let formula = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = formula.filter(|inner| !inner.contains('"')) {
        note(change, Change::Quotes);
        return Ok(named(trim(inner).into(), field, change));
    }
    Ok(named(text.into(), field, change))
}

/// Whether a byte of a code is none that spreadsheets and databases add to codes.
#[inline]
pub fn is_plain(byte: u8) -> bool {
    (byte != b'\'')
        & (byte != b'"')
        & (byte != b'=')
        & (byte != b'.')
        & (byte != b'+')
        & (byte != b'(')
        & (byte != b'[')
        & (byte != b'<')
        & (byte != b'#')
        & (byte != b'\\')
}

/// A code in the form that rules see.
pub fn code<'a>(raw: &'a str, field: &Field, change: &mut Option<Change>) -> Result<Cow<'a, str>, Problem> {
    let code = trim(raw);
    if code.len() > MAX_TEXT_BYTES {
        return Err(too_long(code, field));
    }
    let plain = |byte: u8| (b' '..0x7F).contains(&byte) & !byte.is_ascii_lowercase() & is_plain(byte);
    // Without a way out early this is done many bytes at once.
    let is_plain = code.bytes().fold(true, |all, byte| all & plain(byte));
    if is_plain && !is_null(code, field) {
        return listed(Cow::Borrowed(code), field, change);
    }
    let written = written_out(code, field, change)?;
    if written.is_ascii() {
        let upper = match written {
            Cow::Borrowed(code) if !code.bytes().any(|byte| byte.is_ascii_lowercase()) => code.into(),
            other => other.to_ascii_uppercase().into(),
        };
        return listed(upper, field, change);
    }
    if let Some(letter) = written.chars().find(|letter| merges(*letter)) {
        let capital: String = letter.to_uppercase().collect();
        return Err(Problem::value(format!(
            "`{}` holds `{letter}`, whose capital is `{capital}`, and so would be another code; write it in capitals",
            shown(&written)
        )));
    }
    listed(Cow::Owned(written.to_uppercase()), field, change)
}

/// Whether a letter that is not ASCII has a capital that is.
fn merges(letter: char) -> bool {
    !letter.is_ascii() && letter.to_uppercase().all(|capital| capital.is_ascii())
}

/// A code or an id without what keyboards, spreadsheets and databases add to it.
fn written_out<'a>(
    code: &'a str,
    field: &Field,
    change: &mut Option<Change>,
) -> Result<Cow<'a, str>, Problem> {
    let mut code = seen(code, change);
    if let Some(inner) = unquoted(&code) {
        note(change, Change::Quotes);
        code = Cow::Owned(inner.to_owned());
    }
    let name = &field.name;
    if let Some(control) = code.chars().find(|letter| letter.is_control()) {
        let number = u32::from(control);
        return Err(Problem::value(format!(
            "`{name}` holds the control character U+{number:04X}; codes have none, so remove it"
        )));
    }
    if is_null(&code, field) {
        note(change, Change::Null);
        return Ok("".into());
    }
    if field.kind == Kind::Code && code.starts_with(['"', '=']) {
        return Err(Problem::value(format!("`{}` is no code; write the code alone", shown(&code))));
    }
    if code.len() > 1
        && code.starts_with('#')
        && (code.ends_with(['!', '?']) || code.bytes().all(|byte| byte == b'#'))
    {
        return Err(Problem::value(format!(
            "`{}` is what a spreadsheet shows instead of a value; export the value",
            shown(&code)
        )));
    }
    if is_scientific(&code) {
        return Err(Problem::value(format!(
            "`{}` is how a spreadsheet writes a long number: the digits are lost; export the column as text",
            shown(&code)
        )));
    }
    if let Some((whole, zeros)) = zero_fraction(&code) {
        if zeros == 1 && whole.parse::<f64>().is_ok_and(|value| value > FLOAT_WHOLE_MAX) {
            return Err(beyond_floats(&code));
        }
        // 8711.00 is a heading with a subheading; of ten digits with zeros after a point the zeros are none.
        let is_hs = field.codes == Some(CodeList::Hs);
        if !is_hs || zeros == 1 || whole.len() >= 9 {
            note(change, Change::Decimals);
            return Ok(whole.to_owned().into());
        }
        if whole.len() >= 5 {
            return Err(Problem::value(format!(
                "`{}` can be {whole} or {whole}{}; write the digits without a point",
                shown(&code),
                "0".repeat(zeros)
            )));
        }
    }
    Ok(code)
}

/// The letters that are seen, wide ones as narrow ones.
fn seen<'a>(text: &'a str, change: &mut Option<Change>) -> Cow<'a, str> {
    if text.is_ascii() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{FF01}'..='\u{FF5E}' => {
                note(change, Change::Wide);
                out.extend(char::from_u32(u32::from(letter) - 0xFEE0));
            }
            letter if letter.is_ascii() => out.push(letter),
            letter if letter.is_whitespace() => out.push(' '),
            letter if is_invisible(letter) => note(change, Change::Invisible),
            letter => out.push(letter),
        }
    }
    trim(&out).to_owned().into()
}

/// What stands within the quotes that spreadsheets put around a text so that it stays one.
fn unquoted(text: &str) -> Option<&str> {
    let formula = || text.strip_prefix("=\"")?.strip_suffix('"');
    let quoted = || text.strip_prefix('"')?.strip_suffix('"');
    let marked = || {
        let rest = text.strip_prefix('\'')?;
        Some(rest.strip_suffix('\'').unwrap_or(rest))
    };
    let inner = formula().or_else(quoted).or_else(marked)?;
    (!inner.contains('"')).then(|| trim(inner))
}

/// Whether a text is a number with an exponent, as spreadsheets shorten long ones.
fn is_scientific(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    let plus = exponent.strip_prefix('+');
    let (whole, point) = match digits.split_once(['.', ',']) {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (digits, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (plus.is_some() || point.is_some())
        && is_number(whole)
        && point.is_none_or(is_number)
        && is_number(plus.unwrap_or(exponent))
}

/// Of digits, a point and zeros the digits, and how many zeros there are.
fn zero_fraction(text: &str) -> Option<(&str, usize)> {
    let (whole, zeros) = text.split_once('.')?;
    let is = |text: &str, fits: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(fits);
    (is(whole, u8::is_ascii_digit) && is(zeros, |byte| *byte == b'0')).then_some((whole, zeros.len()))
}

fn beyond_floats(text: &str) -> Problem {
    Problem::value(format!(
        "`{}` was kept as a floating-point number, which has no more than 15 digits of a code for certain; keep codes as text",
        shown(text)
    ))
}

/// A code in the form of its list.
fn listed<'a>(
    code: Cow<'a, str>,
    field: &Field,
    change: &mut Option<Change>,
) -> Result<Cow<'a, str>, Problem> {
    if code.is_empty() {
        return Ok(code);
    }
    match field.codes {
        Some(CodeList::Hs) => commodity(code, change),
        Some(CodeList::Party | CodeList::Table(_)) | None => known(code, field, change),
        Some(list) => country(code, list, change),
    }
}

/// A name and a code of one cell: `Kenya (KE)`, `KE-Kenya`.
fn name_and_code(cell: &str) -> Option<(&str, &str)> {
    if let Some((name, code)) = cell.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        let (name, code) = (trim(name), trim(code));
        return (!name.is_empty() && !code.is_empty()).then_some((name, code));
    }
    let end = cell.find([' ', '-', '/', ':', '_', '|'])?;
    let (code, name) = (&cell[..end], trim(cell[end..].trim_start_matches([' ', '-', '/', ':', '_', '|'])));
    let is_code = code.len() > 1 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_code && !name.is_empty()).then_some((name, code))
}

fn both_in_one(cell: &str, field: &Field) -> Problem {
    let reason = format!(
        "`{}` holds a name and a code; give the code a cell of its own under the header of `{}`",
        shown(cell),
        field.name
    );
    Problem::value(reason)
}

/// A code of a field whose codes a list or the reference data may have.
fn known<'a>(
    code: Cow<'a, str>,
    field: &Field,
    change: &mut Option<Change>,
) -> Result<Cow<'a, str>, Problem> {
    if let Some(known) = &field.reading.known {
        match known.find(&code) {
            Some(found) if found == code => return Ok(code),
            Some(found) => {
                note(change, if found.is_empty() { Change::Nothing } else { Change::NameAndCode });
                return Ok(found.to_owned().into());
            }
            None => {}
        }
        let is_number = code.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && code.len() < known.digits() {
            let padded = format!("{code:0>width$}", width = known.digits());
            if known.has(&padded) {
                note(change, Change::Zeros);
                return Ok(padded.into());
            }
        }
        if let Some((name, inner)) = name_and_code(&code) {
            // A code without its zeros in front may stand beside the name, too.
            let padded = format!("{inner:0>width$}", width = known.digits());
            let of_code = [inner, &padded].into_iter().find_map(|code| known.find(code));
            let found = match (of_code, known.find(name)) {
                (Some(one), Some(other)) if one != other => {
                    return Err(Problem::value(format!(
                        "`{}` names two codes, {one} and {other}; write one of them",
                        shown(&code)
                    )));
                }
                (Some(found), _) => Some(found),
                // A code that no list has beside a name that one has: either may be wrong.
                (None, Some(_)) if inner.bytes().any(|byte| byte.is_ascii_digit()) => {
                    return Err(both_in_one(&code, field));
                }
                (None, found) if known.has_names() => found,
                _ => None,
            };
            if let Some(found) = found.filter(|found| !found.is_empty()) {
                note(change, Change::NameAndCode);
                return Ok(found.to_owned().into());
            }
        }
    }
    if field.codes == Some(CodeList::Party)
        && let Some((name, inner)) = code.ends_with(')').then(|| name_and_code(&code)).flatten()
        && !name.is_ascii()
        && inner.len() >= 5
        && inner.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && inner.bytes().any(|byte| byte.is_ascii_digit())
    {
        note(change, Change::NameAndCode);
        return Ok(inner.to_owned().into());
    }
    if code.ends_with(')')
        && let Some((name, inner)) = name_and_code(&code)
        && inner.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (!name.is_ascii() || (name.contains(' ') && inner.bytes().any(|byte| byte.is_ascii_digit())))
    {
        return Err(both_in_one(&code, field));
    }
    Ok(code)
}

/// The code that a text stands for, where the field has codes with names: a brand in another script, a word for nothing.
fn named<'a>(text: Cow<'a, str>, field: &Field, change: &mut Option<Change>) -> Cow<'a, str> {
    let Some(known) = field.reading.known.as_ref().filter(|known| known.has_names()) else { return text };
    let normal = normal_writing(&text);
    let without_blanks = || normal.split_whitespace().collect::<String>();
    let found = known.find(&normal).or_else(|| known.find(&without_blanks())).or_else(|| {
        // One name in two scripts: `得力DELI`, `DELI/得力`.
        let at = normal
            .char_indices()
            .zip(normal.chars().skip(1))
            .find(|((_, one), other)| one.is_ascii() != other.is_ascii());
        let at = at.map(|((at, letter), _)| at + letter.len_utf8())?;
        let (one, other) = normal.split_at(at);
        let bare = |part: &str| known.find(part.trim_matches([' ', '/', '(', ')', '-', '·', '|']));
        bare(one).filter(|code| bare(other) == Some(*code))
    });
    match found {
        Some(found) if found == text => text,
        Some(found) => {
            note(change, if found.is_empty() { Change::Nothing } else { Change::NameAndCode });
            found.to_owned().into()
        }
        None => text,
    }
}

/// A country, by letters, number or name.
fn country<'a>(
    code: Cow<'a, str>,
    list: CodeList,
    change: &mut Option<Change>,
) -> Result<Cow<'a, str>, Problem> {
    if let Some(number) = countries::number_of(&code) {
        return match list.country(&code) {
            Some(country) => {
                *change = Some(match list.numbers() {
                    Some(countries::Numbers::Gac) => Change::NumberGac,
                    _ => Change::NumberIso,
                });
                Ok(country.alpha2.into())
            }
            None if list.numbers().is_some() || number < 100 => Ok(code),
            None => Err(unnamed_list(&code)),
        };
    }
    let by_letters = |code: &str| list.country(code).filter(|_| countries::number_of(code).is_none());
    if let Some(country) = by_letters(&code) {
        return Ok(country.alpha2.into());
    }
    if let Some(country) = countries::country_named(&code) {
        note(change, Change::NameAndCode);
        return Ok(country.alpha2.into());
    }
    let Some((name, inner)) = name_and_code(&code) else { return Ok(code) };
    if countries::number_of(inner).is_some_and(|number| number >= 100) && list.numbers().is_none() {
        return Err(unnamed_list(inner));
    }
    let of = |text: &str| list.country(text).or_else(|| countries::country_named(text));
    match (of(name), of(inner)) {
        (Some(one), Some(other)) if one != other => Err(Problem::value(format!(
            "`{}` names two countries, {} and {}; write the code of one",
            shown(&code),
            one.alpha2,
            other.alpha2
        ))),
        (_, Some(country)) => {
            note(change, Change::NameAndCode);
            Ok(country.alpha2.into())
        }
        _ => Ok(code),
    }
}

fn unnamed_list(number: &str) -> Problem {
    Problem::value(format!(
        "`{number}` is a country's number, and which list it is from is not said; name the list, as `country_numbers = \
         \"iso\"` (or \"gac\", China Customs until August 2018) in `[schema]` or as --country-numbers, or write two letters"
    ))
}

/// The number of headings of the first nine chapters of the Harmonized System.
const HEADINGS: [u8; 9] = [6, 10, 9, 10, 11, 4, 14, 14, 10];

/// A commodity code: digits, without the dots and blanks between them.
fn commodity<'a>(code: Cow<'a, str>, change: &mut Option<Change>) -> Result<Cow<'a, str>, Problem> {
    let digits = match &code {
        _ if !code.contains(['.', ' ']) => code.clone(),
        code => CodeList::Hs.canonical(code).into_owned().into(),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(&digits) {
        let inner = name_and_code(&code).map(|(_, inner)| CodeList::Hs.canonical(inner).into_owned());
        return Ok(match inner.filter(|inner| CodeList::Hs.knows(inner)) {
            Some(inner) => {
                note(change, Change::NameAndCode);
                inner.into()
            }
            None => digits,
        });
    }
    if digits.len() % 2 == 0 || digits.len() > 11 {
        return Ok(digits);
    }
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<usize>().ok());
    let headings = part(0..1).and_then(|chapter| HEADINGS.get(chapter.wrapping_sub(1)));
    let is_heading = digits.len() < 3
        || part(1..3)
            .zip(headings)
            .is_some_and(|(heading, most)| (1..=usize::from(*most)).contains(&heading));
    if digits.len() < 11 && headings.is_some() && is_heading {
        note(change, Change::Zeros);
        return Ok(format!("0{digits}").into());
    }
    Err(Problem::value(format!(
        "`{}` has {} digits; a commodity code has an even number of them, or 13: is a zero in front lost, or a digit?",
        shown(&digits),
        digits.len()
    )))
}

fn too_long(text: &str, field: &Field) -> Problem {
    let (name, bytes) = (&field.name, text.len());
    let reason = format!("`{name}` has {bytes} bytes; {MAX_TEXT_BYTES} is the most a cell can have");
    Problem::new(RejectKind::TooLong, reason)
}

/// The cell of a number, a flag or a day without what keyboards and spreadsheets add to it.
pub fn bare<'a>(text: &'a str, change: &mut Option<Change>) -> Cow<'a, str> {
    if text.is_ascii() && !text.starts_with(['\'', '"', '=']) {
        return text.into();
    }
    let text = seen(text, change);
    match unquoted(&text) {
        Some(inner) => {
            note(change, Change::Quotes);
            inner.to_owned().into()
        }
        None => text,
    }
}

/// A whole number: digits, perhaps a sign, perhaps a point with nothing but zeros after it.
pub fn integer(text: &str, field: &Field, change: &mut Option<Change>) -> Result<i64, Problem> {
    let value = match text.parse() {
        Ok(value) => value,
        Err(_) => {
            let plain = number_of(text, true, change)?;
            let whole = match plain.split_once('.') {
                Some((whole, rest)) if rest.bytes().all(|byte| byte == b'0') => whole,
                _ => &plain,
            };
            whole.parse().map_err(|_| not_whole(text))?
        }
    };
    in_bounds_integer(value, field)?;
    Ok(value)
}

#[cold]
fn not_whole(text: &str) -> Problem {
    let cell = shown(text);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let reason = if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
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
pub fn number(text: &str, field: &Field, change: &mut Option<Change>) -> Result<f64, Problem> {
    let value: f64 = match text.parse() {
        Ok(value) if !(field.reading.semicolons && text.contains('.')) => value,
        _ => number_of(text, field.reading.semicolons, change)?.parse().map_err(|_| not_a_number(text))?,
    };
    if !value.is_finite() {
        return Err(not_finite(text));
    }
    in_bounds(value, field)?;
    Ok(value + 0.0)
}

#[cold]
fn not_a_number(text: &str) -> Problem {
    let cell = shown(text);
    let is_separated = text.bytes().all(|byte| byte.is_ascii_digit() || !byte.is_ascii_alphabetic())
        && text.contains(is_separator);
    Problem::value(if is_separated {
        format!("`{cell}` is not a number; write a decimal point, and nothing between thousands")
    } else {
        format!("`{cell}` is not a number; write digits and a decimal point, without units")
    })
}

/// A number with a decimal point and nothing between thousands, of one that may have other separators. A point before three
/// digits may stand between thousands only where `points` says so.
fn number_of<'a>(text: &'a str, points: bool, change: &mut Option<Change>) -> Result<Cow<'a, str>, Problem> {
    let text = bare(text, change);
    let body = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let mut groups: Vec<&str> = Vec::new();
    let mut between: Vec<char> = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find(is_separator).filter(|_| between.len() < 32) {
        groups.push(&rest[..at]);
        let mut letters = rest[at..].chars();
        between.extend(letters.next());
        rest = letters.as_str();
    }
    groups.push(rest);
    let is_number = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(&last), true) = (between.last(), groups.iter().all(is_number)) else { return Ok(text) };
    let thousands = |groups: &[&str]| {
        (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3)
    };
    let sign = &text[..text.len() - body.len()];
    let end = groups.len() - 1;
    let with_point = |groups: &[&str]| format!("{sign}{}.{}", groups[..end].concat(), groups[end]);
    let is_decimal = matches!(last, ',' | '.');
    let number = if between.iter().any(|separator| *separator != between[0]) {
        // The last one stands before decimals, and those before it between thousands.
        let others = between[..end - 1].iter().all(|separator| *separator == between[0]);
        if !(is_decimal && others && thousands(&groups[..end])) {
            return Ok(text);
        }
        with_point(&groups)
    } else if end == 1 && is_decimal {
        let is_either = groups[1].len() == 3 && groups[0].len() <= 3 && !groups[0].starts_with('0');
        if last == '.' && !(is_either && points) {
            return Ok(text);
        }
        if is_either {
            let (whole, decimals) = (groups.concat(), groups[1].trim_end_matches('0'));
            let point = if decimals.is_empty() { "" } else { "." };
            return Err(Problem::value(format!(
                "`{}` can be {sign}{whole} or {sign}{}{point}{decimals}; write a decimal point, and nothing between thousands",
                shown(&text),
                groups[0]
            )));
        }
        with_point(&groups)
    } else if thousands(&groups) {
        format!("{sign}{}", groups.concat())
    } else {
        return Ok(text);
    };
    note(change, Change::Separators);
    Ok(number.into())
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

fn is_separator(letter: char) -> bool {
    matches!(letter, ',' | '.' | '\'' | '’' | ' ')
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

/// A calendar day, in days since 1970-01-01; `None` where the cell says that there is no day.
pub fn date(text: &str, field: &Field, change: &mut Option<Change>) -> Result<Option<i32>, Problem> {
    // As nearly all files have it.
    let days = if matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _])
        && let Ok(date) = text.parse::<Date>()
    {
        date
    } else {
        match written_day(text, field.reading.zone, change)? {
            Some(date) => date,
            None => return Ok(None),
        }
    };
    if is_no_day(days) {
        note(change, Change::NoDay);
        return Ok(None);
    }
    in_bounds(f64::from(days.days()), field).map(|()| Some(days.days()))
}

/// Whether a day stands for none: the last and the first one that programs can write.
pub fn is_no_day(day: Date) -> bool {
    day == Date::MAX || day == Date::MIN
}

/// A day in one of the forms in which spreadsheets, messages and forms have it.
fn written_day(text: &str, zone: Option<Zone>, change: &mut Option<Change>) -> Result<Option<Date>, Problem> {
    let bare = bare(text, change);
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let compact =
        digits == bare.len() || matches!(bare.as_bytes().get(digits), Some(b'T' | b't' | b' ' | b'Z'));
    let number = |text: &str| text.parse::<u32>().ok();
    let (parts, rest): ([Option<u32>; 3], &str) = if compact && matches!(digits, 8 | 12 | 14 | 17) {
        let part = |range: std::ops::Range<usize>| bare.get(range).and_then(number);
        ([part(0..4), part(4..6), part(6..8)], &bare[8..])
    } else {
        let mut parts = [None; 3];
        let mut rest = &*bare;
        let mut separator = None;
        for (at, part) in parts.iter_mut().enumerate() {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let fits = if at == 0 { length == 4 } else { matches!(length, 1 | 2) };
            if !fits {
                return Err(no_day(text, &bare));
            }
            *part = number(&rest[..length]);
            rest = &rest[length..];
            let marks = ['年', '月', '日'];
            if let Some(after) = rest.strip_prefix(marks[at]) {
                if at > 0 && separator != Some('年') {
                    return Err(no_day(text, &bare));
                }
                separator = Some('年');
                rest = after;
            } else if at < 2 {
                let found = rest.chars().next().filter(|letter| matches!(letter, '-' | '/' | '.'));
                if found.is_none() || (at == 1 && found != separator) {
                    return Err(no_day(text, &bare));
                }
                separator = found;
                rest = &rest[1..];
            } else if separator == Some('年') {
                return Err(no_day(text, &bare));
            }
        }
        (parts, rest)
    };
    let [Some(year), Some(month), Some(day)] = parts else { return Err(no_day(text, &bare)) };
    let clock = clock(rest).ok_or_else(|| no_day(text, &bare))?;
    if (year == 0 && month == 0 && day == 0) || (year == 1900 && day == 0) || (year == 9999 && month == 99) {
        note(change, Change::NoDay);
        return Ok(None);
    }
    let date = Date::from_ymd(year as i32, month, day).ok_or_else(|| no_day(text, &bare))?;
    match clock {
        (Some(seconds), Some(offset)) => {
            let moment = i64::from(date.days()) * 86_400 + i64::from(seconds) - i64::from(offset.offset());
            day_of(moment, Some(offset).filter(|offset| offset.offset() != 0), zone, change)
                .map(Some)
                .ok_or_else(|| moment_without_zone(text))
        }
        // Without a zone it is the day that is written, and a day with one is a day all the same.
        _ => Ok(Some(date)),
    }
}

/// The day of a moment in seconds since 1970: by the zone that days are of, or else by the one that it states itself.
pub fn day_of(
    moment: i64,
    stated: Option<Zone>,
    days: Option<Zone>,
    change: &mut Option<Change>,
) -> Option<Date> {
    if days.is_some() {
        note(change, Change::Moment);
    }
    days.or(stated).and_then(|zone| zone.day(moment))
}

/// A moment in seconds since 1970-01-01, as it is written in UTC.
pub fn moment_text(seconds: i64) -> Option<String> {
    let (day, second) = (Zone::UTC.day(seconds)?, seconds.rem_euclid(86_400));
    Some(format!("{day}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60))
}

/// Why a moment is no day.
pub fn moment_without_zone(text: &str) -> Problem {
    Problem::value(format!(
        "`{}` is a moment, and which day it is depends on the zone; name the zone that days are of, as `days = \"+08:00\"` in \
         `[schema]` or as --zone +08:00, or write days",
        shown(text)
    ))
}

/// A time of day in seconds, and the zone after it. `None` if the text is neither.
fn clock(text: &str) -> Option<(Option<u32>, Option<Zone>)> {
    let text = text.strip_prefix(['T', 't']).unwrap_or(text).trim();
    if text.is_empty() {
        return Some((None, None));
    }
    let end = text.find(['Z', 'z', '+', '-', 'U', 'G']).unwrap_or(text.len());
    let (time, zone) = (text[..end].trim(), &text[end..]);
    let zone = if zone.is_empty() { None } else { Some(zone.parse::<Zone>().ok()?) };
    let (time, afternoon) = ["上午", "AM", "am", "下午", "PM", "pm"]
        .iter()
        .enumerate()
        .find_map(|(at, word)| {
            let time = time.strip_prefix(word).or_else(|| time.strip_suffix(word))?;
            Some((time.trim(), Some(at > 2)))
        })
        .unwrap_or((time, None));
    if time.is_empty() {
        return (afternoon.is_none()).then_some((None, zone));
    }
    let number = |text: &str| {
        (matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<u32>().ok())
            .flatten()
    };
    let mut parts = [0; 3];
    if time.bytes().all(|byte| byte.is_ascii_digit()) {
        if !matches!(time.len(), 4 | 6 | 9) {
            return None;
        }
        for (at, part) in parts.iter_mut().enumerate().take(time.len().min(6) / 2) {
            *part = number(time.get(at * 2..at * 2 + 2)?)?;
        }
    } else {
        let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut given = whole.split(':');
        for (at, part) in parts.iter_mut().enumerate() {
            match given.next() {
                Some(text) => *part = number(text)?,
                None if at > 1 => {}
                None => return None,
            }
        }
        let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        if given.next().is_some() || !is_fraction {
            return None;
        }
    }
    let [hour, minute, second] = parts;
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    // A leap second belongs to the day that it ends.
    let seconds = hour * 3600 + minute * 60 + second.min(59);
    (hour < 24 && minute < 60 && second <= 60).then_some((Some(seconds), zone))
}

#[cold]
fn no_day(text: &str, bare: &str) -> Problem {
    let cell = shown(text);
    let groups: Vec<&str> = bare.split(['/', '.', '-']).collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let reason = if matches!(groups[..], [one, two, year] if is_number(one) && is_number(two) && one.len() < 3 && year.len() >= 2 && is_number(&year[..2]))
    {
        "can be read as two days; write the year first, as 2016-09-06"
    } else if is_number(bare) && matches!(bare.len(), 5 | 10 | 13) {
        "is a number of days or seconds, not a day; write it as 2016-09-06"
    } else {
        "is not a day of the calendar; write it as 2016-09-06"
    };
    Problem::value(format!("`{cell}` {reason}"))
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

/// A number as a code: its digits, as long as it can have all of them.
pub fn number_code(value: f64) -> Result<String, Problem> {
    let text = number_text(value);
    if value.trunc() == value && value.abs() > FLOAT_WHOLE_MAX { Err(beyond_floats(&text)) } else { Ok(text) }
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
