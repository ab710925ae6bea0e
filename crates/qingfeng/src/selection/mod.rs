//! Who gets inspected: from assessed declarations to each site's list for the day.
//!
//! ```text
//! assessments ──candidates──▶ Candidate ──policy, capacity, experience──▶ PlannedDay ──rows──▶ plan
//! ```
//!
//! For each office (a site that inspects) and day, apart from all others: what must be inspected comes first; then room
//! is kept for the draw of surprise inspections; then quotas, exploration and the best of the rest fill the capacity;
//! then the surprise inspections are drawn from all declarations that were not selected. What is selected before the
//! draw does not depend on it, so each declaration's inclusion probability is known exactly: 1 where it was selected
//! before the draw, and drawn / population of its stratum elsewhere.

mod candidate;
pub mod draw;
mod plan;

pub use candidate::{Candidate, Candidates};
pub use plan::{LeftOut, PlannedDay, QuotaMet, Selected, SelectionKind, StratumDraw};
