//! Who gets inspected: from assessed declarations to each site's list for the day; and what the inspections found.
//!
//! This crate knows packs, assessments and findings. It must never know how a rule is evaluated, how a store keeps what it
//! knows, nor any statistics beyond the draw and the expected worth of an inspection: what rules are worth is the business
//! of `qingfeng-insight`, on which it does not depend.
//!
//! ```text
//! assessments ──candidates──▶ AssessedDeclaration ──policy, capacity, experience──▶ PlannedDay ──rows──▶ plan
//! ```
//!
//! For each office (a site that inspects) and day, apart from all others: what must be inspected comes first; then room
//! is kept for the draw of surprise inspections; then quotas, exploration and the best of the rest fill the capacity;
//! then the surprise inspections are drawn from all declarations that were not selected. What is selected before the
//! draw does not depend on it, so each declaration's inclusion probability is known exactly: 1 where it was selected
//! before the draw, and drawn / population of its stratum elsewhere.

mod candidate;
mod capacity;
pub mod draw;
pub mod evidence;
mod experience;
mod fill;
mod ledger;
mod lottery;
pub mod outcomes;
pub mod overrides;
mod plan;
mod plan_file;
mod plan_inputs;
mod planner;
mod planning;
mod policy;
pub mod proof;
pub mod rolling;
mod rows;
mod sorted;
mod summary;
#[cfg(test)]
mod tests;
pub mod visits;

pub use candidate::{AssessedDeclaration, Candidates, Counted, Interner};
pub use capacity::{Capacity, CapacityColumns};
pub use experience::{Expected, Experience};
pub use ledger::Ledger;
pub use plan::{Because, LeftOut, NoOffice, PlannedDay, QuotaMet, Selected, StratumDraw};
pub use plan_file::{PlanFile, PlanRow};
pub use plan_inputs::PlanInputs;
pub use planner::{OutcomesUsed, Plan, PlanError, PlannedDeclarations, Planner, Targeting};
pub use policy::{Policy, PolicyRule, PolicySite};
pub use rows::{
    LeftOutColumns, PlanColumns, PlanMarks, capacity_unit, left_out_rows, no_office_rows, plan_rows,
};
pub use sorted::{DeclarationDays, SortedDeclarations};
pub use summary::{
    DaySummary, NotInspected, OfficeSummary, PlanSummaries, PlanSummary, QuotaSummary, VisitSummary,
};
