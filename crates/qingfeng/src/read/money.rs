//! Values in the currency of their contract become values in the currency of the pack.

use std::sync::Arc;

use arrow_array::builder::Float64Builder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type};
use arrow_array::{Array, RecordBatch};
use qingfeng_rules::{Date, FieldId, Kind, Schema};

use super::InputNames;
use super::assemble::id_at;
use super::lines::{Place, Unreadable};
use super::reject::{Problem, Reject, shown};

/// The fields that a conversion reads and writes.
struct Fields {
    value: FieldId,
    currency: FieldId,
    day: FieldId,
    /// Keeps the value as it was declared.
    declared: Option<FieldId>,
}

impl Fields {
    fn of(schema: &Schema) -> Option<Self> {
        let number = |name: &str| schema.field(name).filter(|&id| schema[id].kind == Kind::Number);
        let currency = schema.field("currency").filter(|&id| schema[id].kind == Kind::Code)?;
        Some(Self {
            value: number("value")?,
            currency,
            day: schema.date?,
            declared: number("declared_value"),
        })
    }
}

/// The batch with values in the currency of the pack, and those that cannot be had in it, in order. Nothing is done where the
/// pack has no rates. A value without a currency counts as one in the pack's.
pub(super) fn convert(
    schema: &Schema,
    inputs: &InputNames,
    batch: RecordBatch,
    places: &[Place],
    unreadable: &[Unreadable],
) -> (RecordBatch, Vec<Unreadable>) {
    let Some((money, fields)) = schema.money().zip(Fields::of(schema)) else { return (batch, Vec::new()) };
    let values = batch.column(fields.value.index()).as_primitive::<Float64Type>().clone();
    let currencies = batch.column(fields.currency.index()).as_string::<i32>().clone();
    let days = batch.column(fields.day.index()).as_primitive::<Date32Type>().clone();
    let mut converted = Float64Builder::with_capacity(values.len());
    let mut amiss = Vec::new();
    // Of a value whose currency could not be read nobody knows what it is worth.
    let mut without_currency: Vec<usize> =
        unreadable.iter().filter(|of| of.field == Some(fields.currency)).map(|of| of.line).collect();
    without_currency.dedup();
    for (line, place) in places.iter().enumerate() {
        let is_unread = without_currency.binary_search(&line).is_ok();
        let is_plain = currencies.is_null(line) || currencies.value(line) == money.currency;
        if values.is_null(line) || is_plain && !is_unread {
            converted.append_option(values.is_valid(line).then(|| values.value(line)));
            continue;
        }
        let currency = currencies.value(line);
        let day = days.is_valid(line).then(|| Date::from_days(days.value(line))).flatten();
        let rate = day.filter(|_| !is_unread).and_then(|day| money.rate(currency, day));
        let value = rate.map(|rate| values.value(line) * rate).filter(|value| value.is_finite());
        converted.append_option(value);
        if value.is_some() {
            continue;
        }
        let on = day.map_or_else(|| "a day that is not given".to_owned(), |day| day.to_string());
        let reason = if is_unread {
            "its currency cannot be read; mend the currency".to_owned()
        } else {
            format!(
                "there is no rate from {} to {} on {on}; add it to `reference/rates.toml`",
                shown(currency),
                money.currency
            )
        };
        let input = inputs.get(place.input as usize).cloned().unwrap_or_default();
        let id = id_at(batch.column(schema.declaration.index()), line);
        let value = format!("{} {}", values.value(line), shown(currency));
        let reject = Reject::new(input, place.position, Problem::value(reason))
            .of(Some(shown(&id)))
            .at(Some(schema[fields.value].name.clone()), Some(value));
        amiss.push(Unreadable { line, field: Some(fields.value), reject });
    }
    let (arrow, mut columns, _) = batch.into_parts();
    if let Some(declared) = fields.declared {
        columns[declared.index()] = Arc::clone(&columns[fields.value.index()]);
    }
    columns[fields.value.index()] = Arc::new(converted.finish());
    #[expect(clippy::expect_used, reason = "the columns have their types and lengths as before")]
    let batch = RecordBatch::try_new(arrow, columns).expect("the columns fit");
    (batch, amiss)
}
