//! Cells of Arrow columns, whatever their exact type.

use std::borrow::Cow;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow_schema::{ArrowError, DataType};
use qingfeng_rules::Date;

/// A cell as a table has it.
pub(super) enum Cell<'r> {
    Missing,
    Text(Cow<'r, str>),
    Day(Date),
    Integer(i64),
    Number(f64),
    List(List<'r>),
    /// Something else, in words.
    Other(&'static str),
}

/// A list of texts as a table has it.
pub(super) enum List<'r> {
    Json(&'r [serde_json::Value]),
    Array(&'r ArrayCells, Range<usize>),
}

impl<'r> List<'r> {
    /// Its texts; `None` if something else is among them.
    pub(super) fn texts(self) -> Option<Vec<Cow<'r, str>>> {
        let text = |cell: Cell<'r>| match cell {
            Cell::Text(text) => Some(text),
            Cell::Integer(integer) => Some(Cow::Owned(integer.to_string())),
            _ => None,
        };
        match self {
            Self::Json(list) => list.iter().map(|element| element.as_str().map(Cow::Borrowed)).collect(),
            Self::Array(elements, range) => range.map(|at| text(elements.cell(at))).collect(),
        }
    }
}

/// The cells of a column.
pub(super) enum ArrayCells {
    Texts(StringArray),
    Days(Date32Array),
    /// As they are, and as they are where they fit.
    Integers(ArrayRef, Int64Array),
    Numbers(Float64Array),
    Flags(BooleanArray),
    /// Lists stand one after the other in the elements.
    Lists(ArrayRef, Vec<usize>, Box<Self>),
    Other(ArrayRef),
}

impl ArrayCells {
    pub(super) fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        let cast = |to: &DataType| arrow_cast::cast(column, to);
        let kind = match column.data_type() {
            DataType::Dictionary(_, value) => value.as_ref().clone(),
            kind => kind.clone(),
        };
        Ok(match &kind {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Self::Texts(cast(&DataType::Utf8)?.as_string::<i32>().clone())
            }
            DataType::Date32 | DataType::Date64 => {
                Self::Days(cast(&DataType::Date32)?.as_primitive::<Date32Type>().clone())
            }
            kind if kind.is_integer() => {
                let column = cast(kind)?;
                let integers = arrow_cast::cast(&column, &DataType::Int64)?;
                Self::Integers(column, integers.as_primitive::<Int64Type>().clone())
            }
            kind if kind.is_floating() => {
                Self::Numbers(cast(&DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            DataType::Boolean => Self::Flags(cast(&DataType::Boolean)?.as_boolean().clone()),
            DataType::List(_) => {
                let lists = column.as_list::<i32>();
                let offsets = lists.value_offsets().iter().map(|&at| at as usize).collect();
                Self::Lists(column.clone(), offsets, Box::new(Self::of(lists.values())?))
            }
            DataType::LargeList(_) => {
                let lists = column.as_list::<i64>();
                let offsets = lists.value_offsets().iter().map(|&at| at as usize).collect();
                Self::Lists(column.clone(), offsets, Box::new(Self::of(lists.values())?))
            }
            _ => Self::Other(column.clone()),
        })
    }

    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        let is_null = match self {
            Self::Texts(cells) => cells.is_null(row),
            Self::Days(cells) => cells.is_null(row),
            Self::Numbers(cells) => cells.is_null(row),
            Self::Flags(cells) => cells.is_null(row),
            Self::Integers(column, _) | Self::Lists(column, ..) => column.is_null(row),
            Self::Other(column) => column.is_null(row) || *column.data_type() == DataType::Null,
        };
        if is_null {
            return Cell::Missing;
        }
        match self {
            Self::Texts(texts) => Cell::Text(Cow::Borrowed(texts.value(row))),
            Self::Days(days) => match Date::from_days(days.value(row)) {
                Some(day) => Cell::Day(day),
                None => Cell::Other("a day beyond the calendar"),
            },
            Self::Integers(_, integers) if integers.is_null(row) => Cell::Other("a number out of bounds"),
            Self::Integers(_, integers) => Cell::Integer(integers.value(row)),
            Self::Numbers(numbers) => Cell::Number(numbers.value(row)),
            Self::Flags(flags) => Cell::Text(Cow::Borrowed(if flags.value(row) { "true" } else { "false" })),
            Self::Lists(_, offsets, elements) => {
                Cell::List(List::Array(elements, offsets[row]..offsets[row + 1]))
            }
            Self::Other(_) => Cell::Other("of another type"),
        }
    }
}
