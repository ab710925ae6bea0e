//! The commands, one a file.

pub mod check;
pub mod coverage;
pub mod diff;
pub mod draw;
pub mod explain;
pub mod explain_code;
pub mod generate;
pub mod lookup;
pub mod outcome;
pub mod overrides;
pub mod plan;
pub mod profile;
pub mod reference;
pub mod roll;
pub mod rules;
pub mod schema;
pub mod score;
pub mod test;
pub mod verify;
pub mod why_not;
pub mod worklist;
