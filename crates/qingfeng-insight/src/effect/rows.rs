//! The worth of rules as an Arrow table.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use qingfeng_rules::Date;

use super::{Effect, RuleEffect};

/// How a cell is made of a rule.
enum Column {
    Text(fn(&RuleEffect) -> Option<String>),
    Flag(fn(&RuleEffect) -> bool),
    Count(fn(&RuleEffect) -> Option<i64>),
    Number(fn(&RuleEffect) -> Option<f64>),
    Day(fn(&RuleEffect) -> Option<Date>),
}

const COLUMNS: [(&str, Column); 39] = [
    ("rule", Column::Text(|rule| Some(rule.rule.to_string()))),
    ("title", Column::Text(|rule| rule.title.clone())),
    ("shadow", Column::Flag(|rule| rule.shadow)),
    ("state", Column::Text(|rule| Some(rule.rating.state.name().to_owned()))),
    ("reason", Column::Text(|rule| rule.rating.words.as_ref().map(|words| words.reason.clone()))),
    ("lines", Column::Count(|rule| rule.lines.map(|lines| lines as i64))),
    ("fired", Column::Count(|rule| Some(rule.figures.fired as i64))),
    ("inspected", Column::Count(|rule| Some(rule.figures.inspected as i64))),
    ("found", Column::Count(|rule| Some(rule.figures.found as i64))),
    ("unresolved", Column::Count(|rule| Some(rule.figures.unresolved as i64))),
    ("drawn", Column::Count(|rule| Some(rule.figures.drawn as i64))),
    ("drawn_found", Column::Count(|rule| Some(rule.figures.drawn_found as i64))),
    ("hit_rate", Column::Number(|rule| rule.figures.seen.map(|rate| rate.rate))),
    ("hit_rate_low", Column::Number(|rule| rule.figures.seen.map(|rate| rate.low))),
    ("hit_rate_high", Column::Number(|rule| rule.figures.seen.map(|rate| rate.high))),
    ("estimate", Column::Number(|rule| rule.figures.estimate.rate)),
    ("estimate_low", Column::Number(|rule| Some(rule.figures.estimate.low))),
    ("estimate_high", Column::Number(|rule| Some(rule.figures.estimate.high))),
    ("estimate_findings", Column::Number(|rule| rule.figures.estimate.findings)),
    ("estimate_covers", Column::Number(|rule| Some(rule.figures.estimate.covered))),
    ("undrawn", Column::Number(|rule| Some(rule.undrawn))),
    ("side", Column::Text(|rule| rule.rating.side.map(|side| side.name().to_owned()))),
    ("lift", Column::Number(|rule| rule.lift)),
    ("p", Column::Number(|rule| rule.rating.p)),
    ("p_adjusted", Column::Number(|rule| rule.rating.p_adjusted)),
    ("only_fired", Column::Count(|rule| Some(rule.only.fired as i64))),
    ("only_inspected", Column::Count(|rule| Some(rule.only.inspected as i64))),
    ("only_found", Column::Count(|rule| Some(rule.only.found as i64))),
    ("pieces", Column::Count(|rule| Some(rule.figures.pieces))),
    ("fines", Column::Number(|rule| Some(rule.figures.fines))),
    ("cost", Column::Count(|rule| Some(rule.figures.cost as i64))),
    ("hours", Column::Number(|rule| rule.figures.hours)),
    ("found_per_hour", Column::Number(|rule| rule.figures.found_per_hour)),
    ("fines_per_hour", Column::Number(|rule| rule.figures.fines_per_hour)),
    ("p_fall", Column::Number(|rule| rule.rating.trend.map(|trend| trend.p_fall))),
    ("earlier", Column::Number(|rule| rule.rating.trend.map(|trend| trend.earlier))),
    ("later", Column::Number(|rule| rule.rating.trend.map(|trend| trend.later))),
    ("first_fired", Column::Day(|rule| rule.first_fired)),
    ("last_fired", Column::Day(|rule| rule.last_fired)),
];

/// The columns of the table: one row a rule, harmful ones first, then the worthiest. `reason` is missing unless the rules have
/// [words](crate::rating::ReasonWords).
///
/// ```
/// assert_eq!(qingfeng_insight::effect::effect_schema().field(0).name(), "rule");
/// ```
pub fn effect_schema() -> SchemaRef {
    let field = |(name, column): &(&str, Column)| {
        let kind = match column {
            Column::Text(_) => DataType::Utf8,
            Column::Flag(_) => DataType::Boolean,
            Column::Count(_) => DataType::Int64,
            Column::Number(_) => DataType::Float64,
            Column::Day(_) => DataType::Date32,
        };
        Field::new(*name, kind, *name != "rule")
    };
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

/// The rules as a table.
///
/// # Errors
///
/// The columns do not fit together, which would be a mistake of this library.
pub fn effect_rows(effect: &Effect) -> Result<RecordBatch, ArrowError> {
    let column = |(_, column): &(&str, Column)| -> ArrayRef {
        let rules = effect.rules.iter();
        match column {
            Column::Text(of) => Arc::new(StringArray::from_iter(rules.map(of))),
            Column::Flag(of) => Arc::new(BooleanArray::from_iter(rules.map(|rule| Some(of(rule))))),
            Column::Count(of) => Arc::new(Int64Array::from_iter(rules.map(of))),
            Column::Number(of) => Arc::new(Float64Array::from_iter(rules.map(of))),
            Column::Day(of) => Arc::new(Date32Array::from_iter(rules.map(|rule| of(rule).map(Date::days)))),
        }
    };
    RecordBatch::try_new(effect_schema(), COLUMNS.iter().map(column).collect())
}
