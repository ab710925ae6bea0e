//! A single declaration, as a program makes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use qingfeng_rules::Date;
use serde::{Serialize, Serializer};

use crate::read::whole;

/// One declaration: the values of its header, and its goods lines.
///
/// Fields go by their names in the pack's schema, or by any header that the schema accepts in files. As JSON it is
/// what an NDJSON file has on a line. It is not read back from JSON: a map forgets that a key stood there twice, and a
/// number how it was written. [`Engine::assess_json`](crate::Engine::assess_json) reads JSON as files are read.
///
/// ```
/// use qingfeng::{Declaration, Item};
/// let declaration = Declaration::new()
///     .with("declaration_id", "530120160001")
///     .with("destination", "KE")
///     .with("mode", "0110")
///     .item(Item::new().with("hs", "8711209000").with("quantity", 10).with("value", 2000.5));
/// let json = serde_json::to_string(&declaration).unwrap();
/// assert_eq!(
///     json,
///     r#"{"declaration_id":"530120160001","destination":"KE","mode":"0110","items":[{"hs":"8711209000","quantity":10,"value":2000.5}]}"#
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Declaration {
    /// The values of the header; without `items`, also those of the only line.
    #[serde(flatten)]
    pub header: BTreeMap<String, FieldValue>,
    /// The goods lines. Without any, the declaration is one flat line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// One goods line of a declaration.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Item {
    /// The values of the line.
    pub fields: BTreeMap<String, FieldValue>,
}

/// The value of a field before it is brought to the field's kind.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldValue {
    /// The declaration does not have it.
    Missing,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number. One that is not finite rejects its line, and has no JSON.
    Number(f64),
    /// Text, a code, or a day as `2016-09-06`.
    Text(String),
}

impl Serialize for FieldValue {
    /// Whole numbers without a fraction, whatever they are kept as, as far as a float has all of them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
            Self::Number(number) if !number.is_finite() => {
                Err(serde::ser::Error::custom(format!("`{number}` is not a finite number; JSON has none")))
            }
            Self::Number(number) => match whole(*number).filter(|whole| whole.unsigned_abs() <= 1 << 53) {
                Some(whole) => serializer.serialize_i64(whole),
                None => serializer.serialize_f64(*number),
            },
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

macro_rules! field_value_from {
    ($($from:ty => $make:expr),* $(,)?) => {
        $(impl From<$from> for FieldValue {
            fn from(value: $from) -> Self {
                let make: fn($from) -> Self = $make;
                make(value)
            }
        })*
    };
}

field_value_from! {
    bool => Self::Flag,
    i64 => Self::Integer,
    i32 => |value| Self::Integer(value.into()),
    i16 => |value| Self::Integer(value.into()),
    u32 => |value| Self::Integer(value.into()),
    // As digits where it has more than 63 bits, so that an identifier loses none.
    u64 => |value| i64::try_from(value).map_or_else(|_| Self::Text(value.to_string()), Self::Integer),
    usize => |value| i64::try_from(value).map_or_else(|_| Self::Text(value.to_string()), Self::Integer),
    f64 => Self::Number,
    // The digits with which it is written: 0.1 is 0.1, not 0.10000000149.
    f32 => |value| Self::Number(value.to_string().parse().unwrap_or(f64::from(value))),
    String => Self::Text,
    &String => |value| Self::Text(value.clone()),
    &str => |value| Self::Text(value.to_owned()),
    Cow<'_, str> => |value| Self::Text(value.into_owned()),
    Date => |value| Self::Text(value.to_string()),
}

impl From<&Option<String>> for FieldValue {
    fn from(value: &Option<String>) -> Self {
        value.as_deref().into()
    }
}

impl<T: Into<FieldValue>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

impl Declaration {
    /// A declaration without any value.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a value in its header.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        self.header.insert(field.into(), value.into());
        self
    }

    /// The same with one more goods line.
    #[must_use]
    pub fn item(mut self, item: Item) -> Self {
        self.items.push(item);
        self
    }
}

impl Item {
    /// A line without any value.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a value.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        self.fields.insert(field.into(), value.into());
        self
    }
}
