//! The commands, one a file.

pub mod check;
pub mod coverage;
pub mod explain;
pub mod generate;
pub mod reference;
pub mod rules;
pub mod schema;
pub mod score;
pub mod verify;
