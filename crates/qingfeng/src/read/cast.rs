//! Columns of any Arrow type, cast to the canonical type of a field, value by value.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::take::take;
use qingfeng_rules::{CodeList, Date, Field, Kind, KnownCodes, Zone};

use super::cell;
use super::changes::Changes;
use super::coded::Coded;
use super::column::Column;
use super::reject::{Problem, RejectKind};

/// A value that is none of its field.
#[derive(Clone, Debug)]
pub(crate) struct Bad {
    pub(crate) value: Option<String>,
    pub(crate) problem: Problem,
}

/// What is reported of a bad value: its row, and what is wrong.
type Report<'a> = &'a mut dyn FnMut(usize, Bad);

const DAY_SECONDS: i64 = 86_400;
/// 0001-01-01 and 9999-12-31, in days since 1970-01-01.
const FIRST_DAY: i32 = -719_162;
const LAST_DAY: i32 = 2_932_896;

/// Whether columns of this type can be cast; if not, the remedy.
pub(crate) fn check(found: &DataType, days: Option<Zone>) -> Result<(), String> {
    use DataType as D;
    match found {
        D::Dictionary(_, values) if !matches!(**values, D::Dictionary(..)) => check(values, days),
        D::Timestamp(_, Some(zone)) if days.is_none() && zone.parse::<Zone>().is_err() => Err(format!(
            "which day it is depends on the clocks of {zone}; name the zone that days are of, as `days = \"+08:00\"` in \
             `[schema]` or as --zone +08:00, or write days"
        )),
        D::Null | D::Boolean | D::Date32 | D::Date64 | D::Timestamp(..) => Ok(()),
        D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Binary | D::LargeBinary | D::BinaryView => Ok(()),
        D::Decimal32(..) | D::Decimal64(..) | D::Decimal128(..) | D::Decimal256(..) => Ok(()),
        number if number.is_integer() || number.is_floating() => Ok(()),
        _ => Err("write text, numbers, dates or truth values".into()),
    }
}

/// Casts a column of `rows` rows, or makes one of missing values; and gives the numbers of its texts, if they came with it. A
/// bad value is reported, and missing in the result. `column` is empty before and after.
pub(crate) fn column(
    source: Option<&ArrayRef>,
    rows: usize,
    column: &mut Column,
    report: Report<'_>,
) -> (ArrayRef, Option<Coded>) {
    let Some(source) = source.filter(|source| *source.data_type() != DataType::Null) else {
        let all = column.absent(rows);
        if column.field().required {
            (0..rows)
                .for_each(|row| report(row, Bad { value: None, problem: cell::missing(column.field()) }));
        }
        return (all, None);
    };
    if let Some(unchanged) = unchanged(source, column) {
        return (unchanged, None);
    }
    if let DataType::Dictionary(..) = source.data_type() {
        return dictionary(source, column, report);
    }
    values(source, column, report);
    (column.finish(), None)
}

/// The source itself, if its values are in canonical form already, as they mostly are.
fn unchanged(source: &ArrayRef, column: &Column) -> Option<ArrayRef> {
    let field = column.field();
    if field.required && source.null_count() > 0 || field.reading.part.is_some() {
        return None;
    }
    let bounds = (field.min.unwrap_or(f64::NEG_INFINITY), field.max.unwrap_or(f64::INFINITY));
    let within = |value: f64| bounds.0 <= value && value <= bounds.1;
    // A check without a way out early is done on many values at once.
    let is_unchanged = match (field.kind, source.data_type()) {
        (Kind::Text | Kind::Code, DataType::Utf8) => are_canonical(source.as_string(), field),
        (Kind::Number, DataType::Float64) => {
            // -0.0 has another form, and infinite numbers are none.
            let plain =
                |value: f64| value.is_finite() & within(value) & (value.to_bits() != (-0.0_f64).to_bits());
            let values = source.as_primitive::<Float64Type>().values();
            values.iter().fold(true, |all, &value| all & plain(value))
        }
        (Kind::Integer, DataType::Int64) => {
            let values = source.as_primitive::<Int64Type>().values();
            values.iter().fold(true, |all, &value| all & within(value as f64))
        }
        (Kind::Date, DataType::Date32) => {
            // The first and the last day stand for none.
            let days = FIRST_DAY + 1..=LAST_DAY - 1;
            let values = source.as_primitive::<Date32Type>().values();
            values.iter().fold(true, |all, &day| all & days.contains(&day) & within(f64::from(day)))
        }
        _ => false,
    };
    is_unchanged.then(|| Arc::clone(source))
}

/// Whether all texts are in canonical form.
fn are_canonical(texts: &StringArray, field: &Field) -> bool {
    let offsets = texts.value_offsets();
    let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else { return true };
    let bytes = &texts.value_data()[first as usize..last as usize];
    if field.kind == Kind::Text {
        let is_canonical = |text: &str| {
            let (first, last) = (text.as_bytes().first(), text.as_bytes().last());
            let graphic = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
            let plain =
                graphic(first) && graphic(last) || (text.trim().len() == text.len() && !text.is_empty());
            plain
                && text.len() <= cell::MAX_TEXT_BYTES
                && !text.starts_with('=')
                && !cell::is_null(text, field)
        };
        let is_plain = |byte: u8| byte.is_ascii_graphic() & cell::is_plain(byte);
        let named = |known: &KnownCodes| texts.iter().flatten().all(|text| known.leaves(text));
        if !field.reading.known.as_deref().is_none_or(named) {
            return false;
        }
        return (!field.reading.is_id || bytes.iter().fold(true, |all, &byte| all & is_plain(byte)))
            && texts.iter().flatten().all(is_canonical);
    }
    let is_country = field.codes.is_some_and(CodeList::is_country);
    if is_country && !bytes.iter().fold(true, |all, byte| all & byte.is_ascii_uppercase()) {
        return false;
    }
    // A name may stand beside a code that is known.
    let is_known = field.reading.known.is_some();
    let beside = |byte: u8| is_known & matches!(byte, b'-' | b'/' | b':' | b'_' | b'|');
    let plain = |byte: u8| {
        byte.is_ascii_graphic() & !byte.is_ascii_lowercase() & cell::is_plain(byte) & !beside(byte)
    };
    // Two letters are a country's code already, or no country. What is short may have lost zeros.
    let least = field.reading.known.as_ref().map_or(1, |known| known.digits().max(1) as i32);
    let lengths = if is_country { 2..=2 } else { least..=cell::MAX_TEXT_BYTES as i32 };
    let odd = if field.codes == Some(CodeList::Hs) { 1 } else { 0 };
    let named = field.reading.known.as_deref().filter(|known| known.has_names());
    // Lines mostly have the value of the line before them.
    let mut left = "";
    let mut is_left = |text| {
        let is_left = text == left || named.is_none_or(|known| known.leaves(text));
        left = if is_left { text } else { left };
        is_left
    };
    let is_canonical = |row: usize| {
        let length = texts.value_length(row);
        texts.is_null(row)
            || (lengths.contains(&length)
                && (length & odd == 0 || length > 11)
                && (is_country || length > 8 || !cell::is_null(texts.value(row), field))
                && is_left(texts.value(row)))
    };
    bytes.iter().fold(true, |all, &byte| all & plain(byte)) && (0..texts.len()).all(is_canonical)
}

/// The values of a dictionary, each cast once.
#[derive(Debug)]
pub(super) struct CastDictionary {
    source: ArrayRef,
    cast: ArrayRef,
    /// The same if they are texts.
    texts: Option<Arc<StringArray>>,
    /// The values that are none of the field, and what was done to others, both by position.
    bad: Vec<(usize, Bad)>,
    changes: Vec<(usize, Changes)>,
}

impl CastDictionary {
    fn new(source: &ArrayRef, column: &mut Column) -> Self {
        let mut bad: Vec<(usize, Bad)> = Vec::new();
        values(source, column, &mut |value, problem| bad.push((value, problem)));
        let cast = column.finish();
        let mut changes = Vec::new();
        if !column.take_changes().is_empty() {
            for value in 0..source.len() {
                values(&source.slice(value, 1), column, &mut |_, _| {});
                column.finish();
                let done = column.take_changes();
                if !done.is_empty() {
                    changes.push((value, done));
                }
            }
        }
        let texts = cast.as_string_opt::<i32>().cloned().map(Arc::new);
        Self { source: Arc::clone(source), cast, texts, bad, changes }
    }

    /// The values of a column's dictionary: those cast last, if it is the same.
    fn of(source: &ArrayRef, column: &mut Column) -> Arc<Self> {
        match &column.dictionary {
            Some(known) if known.source.to_data().ptr_eq(&source.to_data()) => Arc::clone(known),
            _ => {
                let made = Arc::new(Self::new(source, column));
                column.dictionary = Some(Arc::clone(&made));
                made
            }
        }
    }
}

/// The rows of a column whose different values stand apart. What is wrong with values, and what was done to them, is counted
/// by rows.
fn dictionary(source: &ArrayRef, column: &mut Column, report: Report<'_>) -> (ArrayRef, Option<Coded>) {
    let dictionary = source.as_any_dictionary();
    let required = column.field().required;
    if dictionary.values().is_empty() {
        return self::column(None, source.len(), column, report);
    }
    let missing = cell::missing(column.field());
    let known = CastDictionary::of(dictionary.values(), column);
    let keys = match dictionary.keys().as_primitive_opt::<Int32Type>() {
        Some(keys) => keys.clone(),
        None => {
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            keys.map(|(row, key)| (!dictionary.keys().is_null(row)).then_some(key as i32)).collect()
        }
    };
    if required && keys.null_count() > 0 || !known.bad.is_empty() || !known.changes.is_empty() {
        for (row, key) in keys.iter().enumerate() {
            let Some(key) = key.map(|key| key as usize) else {
                if required {
                    report(row, Bad { value: None, problem: missing.clone() });
                }
                continue;
            };
            if let Ok(at) = known.bad.binary_search_by_key(&key, |(value, _)| *value) {
                report(row, known.bad[at].1.clone());
            }
            if let Ok(at) = known.changes.binary_search_by_key(&key, |(value, _)| *value) {
                column.add_changes(known.changes[at].1.clone());
            }
        }
    }
    #[expect(clippy::expect_used, reason = "the keys of a dictionary array lie within its values")]
    let array = take(&known.cast, &keys, None).expect("keys lie within the values");
    let coded = known.texts.as_ref().map(|texts| Coded { texts: Arc::clone(texts), keys });
    (array, coded)
}

/// Appends all values of the source.
fn values(source: &ArrayRef, column: &mut Column, report: Report<'_>) {
    use DataType as D;
    let kind = column.field().kind;
    match source.data_type() {
        D::Utf8 => texts(source.as_string::<i32>().iter(), column, report),
        D::LargeUtf8 => texts(source.as_string::<i64>().iter(), column, report),
        D::Utf8View => texts(source.as_string_view().iter(), column, report),
        D::Binary => bytes(source.as_binary::<i32>().iter(), column, report),
        D::LargeBinary => bytes(source.as_binary::<i64>().iter(), column, report),
        D::BinaryView => bytes(source.as_binary_view().iter(), column, report),
        D::Boolean => {
            let words = source.as_boolean().iter();
            texts(words.map(|word| word.map(|word| if word { "true" } else { "false" })), column, report);
        }
        D::Int8 => integers::<Int8Type>(source, column, report),
        D::Int16 => integers::<Int16Type>(source, column, report),
        D::Int32 => integers::<Int32Type>(source, column, report),
        D::Int64 => integers::<Int64Type>(source, column, report),
        D::UInt8 => integers::<UInt8Type>(source, column, report),
        D::UInt16 => integers::<UInt16Type>(source, column, report),
        D::UInt32 => integers::<UInt32Type>(source, column, report),
        D::UInt64 => {
            let push = |column: &mut Column, value: &u64| match i64::try_from(*value) {
                Ok(value) => column.push_integer(value),
                Err(_) if kind == Kind::Number => column.push_number(*value as f64),
                Err(_) => column.push(&value.to_string()),
            };
            let values = source.as_primitive::<UInt64Type>().iter();
            each(values, column, report, push, |value| Some(value.to_string()));
        }
        D::Float16 => {
            numbers(
                source.as_primitive::<Float16Type>().iter().map(|value| value.map(f64::from)),
                column,
                report,
            );
        }
        // The digits of a 32-bit number as it is written: 0.1 is 0.1, not 0.10000000149.
        D::Float32 => {
            let written = |value: f32| value.to_string().parse().unwrap_or(f64::from(value));
            let values = source.as_primitive::<Float32Type>().iter().map(|value| value.map(written));
            numbers(values, column, report);
        }
        D::Float64 => numbers(source.as_primitive::<Float64Type>().iter(), column, report),
        D::Decimal32(_, scale) => decimals::<Decimal32Type>(source, *scale, column, report),
        D::Decimal64(_, scale) => decimals::<Decimal64Type>(source, *scale, column, report),
        D::Decimal128(_, scale) => decimals::<Decimal128Type>(source, *scale, column, report),
        D::Decimal256(_, scale) => decimals::<Decimal256Type>(source, *scale, column, report),
        D::Date32 => {
            days(source.as_primitive::<Date32Type>().iter().map(|day| day.map(i64::from)), column, report)
        }
        D::Date64 => timestamps::<Date64Type>(source, 1_000, None, column, report),
        D::Timestamp(unit, zone) => {
            let zone = zone.as_deref();
            match unit {
                TimeUnit::Second => timestamps::<TimestampSecondType>(source, 1, zone, column, report),
                TimeUnit::Millisecond => {
                    timestamps::<TimestampMillisecondType>(source, 1_000, zone, column, report);
                }
                TimeUnit::Microsecond => {
                    timestamps::<TimestampMicrosecondType>(source, 1_000_000, zone, column, report);
                }
                TimeUnit::Nanosecond => {
                    timestamps::<TimestampNanosecondType>(source, 1_000_000_000, zone, column, report);
                }
            }
        }
        // `check` has refused all other types.
        _ => numbers((0..source.len()).map(|_| None), column, report),
    }
}

/// Appends values one by one; `show` shows a bad one.
fn each<V>(
    values: impl Iterator<Item = Option<V>>,
    column: &mut Column,
    report: Report<'_>,
    push: impl Fn(&mut Column, &V) -> Result<(), Problem>,
    show: impl Fn(&V) -> Option<String>,
) {
    for (row, value) in values.enumerate() {
        let pushed = match &value {
            Some(value) => push(column, value),
            None => column.push_missing(),
        };
        if let Err(problem) = pushed {
            column.push_null();
            report(row, Bad { value: value.as_ref().and_then(&show), problem });
        }
    }
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>, column: &mut Column, report: Report<'_>) {
    let show = |text: &&str| (!text.trim().is_empty()).then(|| super::reject::shown(text));
    each(values, column, report, |column, text| column.push(text), show);
}

/// Text that its writer did not declare as such.
fn bytes<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, column: &mut Column, report: Report<'_>) {
    let push = |column: &mut Column, bytes: &&[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => column.push(text),
        Err(_) => {
            let reason = format!("`{}` is not UTF-8; write it as text", column.field().name);
            Err(Problem::new(RejectKind::Encoding, reason))
        }
    };
    let show = |bytes: &&[u8]| Some(super::reject::shown(&String::from_utf8_lossy(bytes)));
    each(values, column, report, push, show);
}

fn numbers(values: impl Iterator<Item = Option<f64>>, column: &mut Column, report: Report<'_>) {
    // As JSON writes it, and what is no number by its name.
    let show =
        |value: &f64| Some(if value.is_finite() { cell::number_text(*value) } else { value.to_string() });
    each(values, column, report, |column, value| column.push_number(*value), show);
}

fn integers<T: ArrowPrimitiveType>(source: &ArrayRef, column: &mut Column, report: Report<'_>)
where
    T::Native: Into<i64> + ToString,
{
    let values = source.as_primitive::<T>().iter();
    let push = |column: &mut Column, value: &T::Native| column.push_integer((*value).into());
    each(values, column, report, push, |value| Some(value.to_string()));
}

/// A fraction of zeros says how a database stores the number, not what it is: a code has the digits before it.
fn decimals<T: DecimalType>(source: &ArrayRef, scale: i8, column: &mut Column, report: Report<'_>) {
    let texts = source.as_primitive::<T>().iter();
    let texts = texts.map(|value| value.map(|value| T::format_decimal(value, T::MAX_PRECISION, scale)));
    let push = |column: &mut Column, text: &String| column.push(cell::without_zero_fraction(text));
    each(texts, column, report, push, |text| Some(text.clone()));
}

/// Appends days since 1970-01-01.
fn days(values: impl Iterator<Item = Option<i64>>, column: &mut Column, report: Report<'_>) {
    let date = |days: &i64| i32::try_from(*days).ok().and_then(Date::from_days);
    let push = |column: &mut Column, days: &i64| match date(days) {
        Some(date) => column.push_date(date),
        None => Err(Problem::new(
            RejectKind::OutOfRange,
            "the day lies outside the years 1 to 9999; write a date within them",
        )),
    };
    let show = |days: &i64| {
        Some(date(days).map_or_else(|| format!("{days} days after 1970-01-01"), |date| date.to_string()))
    };
    each(values, column, report, push, show);
}

/// Appends the days of timestamps, `unit` of which make a second. Without a zone they are days and times of day; with one
/// they are moments, and a zone other than UTC says by itself of which days.
fn timestamps<T: ArrowPrimitiveType<Native = i64>>(
    source: &ArrayRef,
    unit: i64,
    zone: Option<&str>,
    column: &mut Column,
    report: Report<'_>,
) {
    let values = source.as_primitive::<T>().iter();
    let Some(zone) = zone else {
        let day = |value: i64| value.div_euclid(unit).div_euclid(DAY_SECONDS);
        return days(values.map(|value| value.map(day)), column, report);
    };
    let stated = zone.parse::<Zone>().ok().filter(|zone| zone.offset() != 0);
    let push = |column: &mut Column, seconds: &i64| column.push_moment(*seconds, stated);
    let show = |seconds: &i64| cell::moment_text(*seconds);
    each(values.map(|value| value.map(|value| value.div_euclid(unit))), column, report, push, show);
}

#[cfg(test)]
mod tests;
