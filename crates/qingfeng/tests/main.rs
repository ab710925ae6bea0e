//! All tests of the engine from outside, in one binary: each binary links Arrow and Parquet.

mod battery;
mod corpus;
mod diff;
mod equality;
mod forms;
mod fuzz_short;
mod hostile;
mod lookups;
mod one_answer;
mod opening;
mod profile;
mod properties;
mod reading;
mod scoring;
mod testing;
mod why_not;
mod writing;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use qingfeng::rules::Date;

/// A cell of a table of the engine as text; a missing one is empty.
fn text(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        return texts.value(row).to_owned();
    }
    if let Some(values) = column.as_primitive_opt::<Int64Type>() {
        return values.value(row).to_string();
    }
    if let Some(values) = column.as_primitive_opt::<Float64Type>() {
        return format!("{:?}", values.value(row));
    }
    if let Some(days) = column.as_primitive_opt::<Date32Type>() {
        return Date::from_days(days.value(row)).expect("a day of the calendar").to_string();
    }
    if let Some(flags) = column.as_boolean_opt() {
        return flags.value(row).to_string();
    }
    let coded = column.as_any_dictionary();
    text(coded.values(), coded.normalized_keys()[row])
}
