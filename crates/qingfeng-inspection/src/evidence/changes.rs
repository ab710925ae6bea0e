//! What people changed of plans, in the evidence.

use std::ops::AddAssign;

use serde::Serialize;

use super::Evidence;
use crate::PlanFile;
use crate::overrides::Overrides;
use qingfeng_store::{Outcome, Verdict, verdict_of};

/// What overrides did to the inspections of evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Changed {
    /// Inspections that were dropped and of which nothing came back: they count as waived.
    pub dropped: u64,
    /// Inspections that were dropped and have a result all the same: it counts.
    pub dropped_with_result: u64,
    /// Inspections at another site.
    pub rerouted: u64,
    /// Inspections that people added. Nobody knows how likely they were, so they are not counted.
    pub added: u64,
}

impl AddAssign for Changed {
    fn add_assign(&mut self, other: Self) {
        self.dropped += other.dropped;
        self.dropped_with_result += other.dropped_with_result;
        self.rerouted += other.rerouted;
        self.added += other.added;
    }
}

impl Evidence {
    /// Applies what people changed of a plan: a dropped inspection without a result is waived, a rerouted one is at its new
    /// site.
    pub fn change(&mut self, plan: &PlanFile, overrides: &Overrides) -> Changed {
        let mut changed = Changed::default();
        if overrides.all.is_empty() {
            return changed;
        }
        for row in overrides.apply(plan).into_iter().filter(|row| !row.changes.is_empty()) {
            if row.row.is_none() {
                changed.added += u64::from(!row.dropped);
                continue;
            }
            let site = self.sites.binary_search_by(|site| (**site).cmp(&row.office));
            let inspection = self.declarations.inspection_mut(Some(row.day), &row.declaration_id);
            let Some(inspection) = inspection else { continue };
            if row.dropped {
                if verdict_of(&inspection.outcomes).found().is_some() {
                    changed.dropped_with_result += 1;
                    continue;
                }
                changed.dropped += 1;
                let waiver = row.changes.last().map(|change| change.reason.as_str().into());
                let waived = Outcome::undated(&row.declaration_id, Verdict::Waived);
                inspection.outcomes = vec![Outcome { waiver, ..waived }];
            } else if let Ok(site) = site {
                changed.rerouted += u64::from(inspection.office != site as u32);
                inspection.office = site as u32;
            }
        }
        changed
    }
}
