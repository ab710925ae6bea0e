//! The record of past trade, and the profiles that are counted from it.
//!
//! ```text
//! declarations ──add──▶ TradeRecord (Parquet files beside the lookups) ──rows──▶ profiles, which are lookup tables
//! ```
//!
//! A record holds of each goods line its day, its declaration, and the fields that the pack's profiles ask for: nothing
//! is counted until a pack is opened, so a window or a least number can be changed without reading declarations again.
//!
//! Results of inspections are kept beside the lines, with what each stands for; profiles of results count them by the keys
//! that the lines of their declarations have.
//!
//! A profile tells of a line what was declared on the days before its own. Each change of what a key's window holds makes a
//! row that counts from that day on, as versions of an entry of the store do: so a declaration of an old day sees the
//! state of that day, and nothing of its own day or later.

mod columns;
mod count;
mod record;
mod results;
mod window;

pub use record::{Added, Kept, ProfileSize, ResultsAdded, TradeError, TradeRecord};
pub use results::WeightedResult;
