//! Cells of Arrow columns, whatever their exact type.

use std::borrow::Cow;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date64Type, Float32Type, Int8Type, Int16Type, Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Float64Array, Int64Array,
    OffsetSizeTrait, StringArray,
};
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
        Ok(match column.data_type() {
            DataType::Dictionary(..) => {
                let coded = column.as_any_dictionary();
                Self::of(&arrow_select::take::take(coded.values(), coded.keys(), None)?)?
            }
            DataType::Utf8 => Self::Texts(column.as_string().clone()),
            DataType::LargeUtf8 => Self::Texts(column.as_string::<i64>().iter().collect()),
            DataType::Utf8View => Self::Texts(column.as_string_view().iter().collect()),
            DataType::Date32 => Self::Days(column.as_primitive().clone()),
            DataType::Date64 => {
                let day = |millis: i64| i32::try_from(millis.div_euclid(86_400_000)).unwrap_or(i32::MAX);
                Self::Days(column.as_primitive::<Date64Type>().unary(day))
            }
            DataType::Int64 => Self::Integers(column.clone(), column.as_primitive().clone()),
            DataType::Int8 => integers::<Int8Type>(column),
            DataType::Int16 => integers::<Int16Type>(column),
            DataType::Int32 => integers::<Int32Type>(column),
            DataType::UInt8 => integers::<UInt8Type>(column),
            DataType::UInt16 => integers::<UInt16Type>(column),
            DataType::UInt32 => integers::<UInt32Type>(column),
            DataType::UInt64 => integers::<UInt64Type>(column),
            DataType::Float64 => Self::Numbers(column.as_primitive().clone()),
            DataType::Float32 => Self::Numbers(column.as_primitive::<Float32Type>().unary(f64::from)),
            DataType::Boolean => Self::Flags(column.as_boolean().clone()),
            DataType::List(_) => Self::lists::<i32>(column)?,
            DataType::LargeList(_) => Self::lists::<i64>(column)?,
            _ => Self::Other(column.clone()),
        })
    }

    fn lists<O: OffsetSizeTrait>(column: &ArrayRef) -> Result<Self, ArrowError> {
        let lists = column.as_list::<O>();
        let offsets = lists.value_offsets().iter().map(|at| at.as_usize()).collect();
        Ok(Self::Lists(column.clone(), offsets, Box::new(Self::of(lists.values())?)))
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

/// Whole numbers of another width; those beyond 64 bits are missing there.
fn integers<T: ArrowPrimitiveType<Native: TryInto<i64>>>(column: &ArrayRef) -> ArrayCells {
    ArrayCells::Integers(column.clone(), column.as_primitive::<T>().unary_opt(|value| value.try_into().ok()))
}
