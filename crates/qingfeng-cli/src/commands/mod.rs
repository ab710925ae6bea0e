//! The commands, one a file.

pub mod check;
pub mod coverage;
pub mod diff;
pub mod explain;
pub mod explain_code;
pub mod generate;
pub mod lookup;
pub mod outcome;
pub mod profile;
pub mod reference;
pub mod rules;
pub mod schema;
pub mod score;
pub mod test;
pub mod verify;
pub mod why_not;
