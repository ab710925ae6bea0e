//! Columns of any kind, built value by value.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder};
use qingfeng_rules::{Kind, Value};

/// A column as it grows.
#[derive(Debug)]
pub(super) enum Growing {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Flag(BooleanBuilder),
    Date(Date32Builder),
}

impl Growing {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Code => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
        }
    }

    /// Takes a value of the column's kind; another is missing.
    pub fn push(&mut self, value: Value<'_>) {
        match (self, value) {
            (Self::Text(column), Value::Text(text)) => column.append_value(text),
            (Self::Integer(column), Value::Integer(integer)) => column.append_value(integer),
            (Self::Number(column), Value::Number(number)) => column.append_value(number),
            (Self::Number(column), Value::Integer(integer)) => column.append_value(integer as f64),
            (Self::Flag(column), Value::Flag(flag)) => column.append_value(flag),
            (Self::Date(column), Value::Date(date)) => column.append_value(date.days()),
            (Self::Text(column), _) => column.append_null(),
            (Self::Integer(column), _) => column.append_null(),
            (Self::Number(column), _) => column.append_null(),
            (Self::Flag(column), _) => column.append_null(),
            (Self::Date(column), _) => column.append_null(),
        }
    }

    pub fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Integer(mut column) => Arc::new(column.finish()),
            Self::Number(mut column) => Arc::new(column.finish()),
            Self::Flag(mut column) => Arc::new(column.finish()),
            Self::Date(mut column) => Arc::new(column.finish()),
        }
    }
}
