//! Visits to enterprises: whom officers of a producing area go to see in a month, and what they found there.
//!
//! A plan of inspections has what is declared. A visit goes to who makes or sends the goods, so it is planned by the month,
//! by the policy's `[selection.visits]`, from what was known before the month begins. The enterprise is the trader of
//! declarations: assessments name no other party.
//!
//! In a month an enterprise belongs to one site: of those that have visits the one with most of its declarations. So no two
//! sites visit it, each site's draw is one draw without replacement, and its probabilities are exact.

mod month;
mod results;
mod rows;

pub(crate) use month::Visiting;
pub use month::{PlannedVisit, PlannedVisits};
pub use results::{Visit, VisitResultColumns};
pub use rows::{VisitColumns, visit_rows};
