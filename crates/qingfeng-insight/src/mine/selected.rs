//! Which lines plans selected, and how likely that was.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng_inspection::PlanFile;
use qingfeng_rules::{Date, SelectionKind};

use crate::effect::tally::Responses;

/// Probabilities below this are taken as this.
const LEAST: f64 = 1e-6;

struct Row {
    day: Date,
    probability: f64,
    office: u32,
    is_certain: bool,
    stratum: Option<Arc<str>>,
}

/// The declarations that plans selected.
pub(super) struct Selected {
    rows: Vec<Row>,
    by_id: HashMap<Box<str>, Vec<u32>, FixedState>,
}

impl Selected {
    /// Those of some plans; `None` without a plan.
    pub(super) fn of(plans: &[PlanFile]) -> Option<Self> {
        if plans.is_empty() {
            return None;
        }
        let mut selected = Self { rows: Vec::new(), by_id: HashMap::default() };
        let mut offices: BTreeMap<&str, u32> = BTreeMap::new();
        for row in plans.iter().flat_map(|plan| &plan.rows) {
            let next = offices.len() as u32;
            let at = selected.rows.len() as u32;
            selected.rows.push(Row {
                day: row.day,
                probability: row.probability,
                office: *offices.entry(&row.office).or_insert(next),
                is_certain: row.selected != SelectionKind::Random,
                stratum: row.stratum.as_deref().map(Arc::from),
            });
            selected.by_id.entry(row.declaration_id.as_str().into()).or_default().push(at);
        }
        Some(selected)
    }

    /// The row that selected a declaration of a day, by its number; of several plans that of the last, as in `effect`.
    pub(super) fn row(&self, id: &str, day: Option<Date>) -> Option<u32> {
        let mut rows = self.by_id.get(id)?.iter().rev().copied();
        let is_of_day = |at: &u32| day.is_none_or(|day| self.rows[*at as usize].day == day);
        rows.find(is_of_day)
    }

    /// By row the number of lines that each of its lines stands for: 1/probability of its selection and of a result, where
    /// what is missing is like what came back of the same office and stratum. `seen` are the rows whose declarations were
    /// read, and whether a line of theirs has a result.
    pub(super) fn weights(&self, seen: &[(u32, bool)]) -> Vec<f64> {
        let mut responses = Responses::default();
        for &(at, has_result) in seen {
            let row = &self.rows[at as usize];
            responses.take(row.office, row.is_certain, row.stratum.as_ref(), has_result);
        }
        let weight = |row: &Row| {
            let rate = responses.rate_of(row.office, row.is_certain, row.stratum.as_ref());
            1.0 / (row.probability * rate).clamp(LEAST, 1.0)
        };
        self.rows.iter().map(weight).collect()
    }
}

#[cfg(test)]
mod tests;
