//! The commands, one a file.

pub mod check;
pub mod explain;
pub mod explain_code;
pub mod generate;
pub mod rules;
pub mod schema;
pub mod score;
pub mod test;
pub mod verify;
