//! The rule language of Qingfeng.
pub mod countries;
mod export;
mod schema;
mod value;

pub use schema::{CodeList, Field, FieldId, HeaderClash, Keys, Kind, Level, Schema};
pub use value::{Date, ParseDateError, Value};
