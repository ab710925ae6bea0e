//! Outcomes against the plan.
