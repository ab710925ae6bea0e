//! A single declaration, as a program makes it or as JSON has it.

use std::collections::BTreeMap;

use qingfeng_rules::Date;
use serde::{Deserialize, Serialize};

/// One declaration: the values of its header, and its goods lines.
///
/// Fields go by their names in the pack's schema, or by any header that the schema accepts in files. In JSON it is
/// what an NDJSON file has on a line.
///
/// ```
/// use qingfeng::{Declaration, Item};
/// let declaration = Declaration::new()
///     .with("declaration_id", "530120160001")
///     .with("destination", "KE")
///     .with("mode", "0110")
///     .item(Item::new().with("hs", "8711209000").with("quantity", 10).with("value", 2000.0));
/// let json = serde_json::to_string(&declaration).unwrap();
/// assert_eq!(
///     json,
///     r#"{"declaration_id":"530120160001","destination":"KE","mode":"0110","items":[{"hs":"8711209000","quantity":10,"value":2000.0}]}"#
/// );
/// assert_eq!(serde_json::from_str::<Declaration>(&json).unwrap(), declaration);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// The values of the header; without `items`, also those of the only line.
    #[serde(flatten)]
    pub header: BTreeMap<String, FieldValue>,
    /// The goods lines. Without any, the declaration is one flat line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// One goods line of a declaration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Item {
    /// The values of the line.
    pub fields: BTreeMap<String, FieldValue>,
}

/// The value of a field before it is brought to the field's kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// The declaration does not have it.
    Missing,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text, a code, or a day as `2016-09-06`.
    Text(String),
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
    f64 => Self::Number,
    String => Self::Text,
    &str => |value| Self::Text(value.to_owned()),
    Date => |value| Self::Text(value.to_string()),
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
