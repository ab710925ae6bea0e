//! What is counted of a rule.

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Month};

use super::OfMonth;
use crate::effect::estimate::Sums;
use crate::effect::tally::{Case, Tally, Way};

/// What is counted of a rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleCounts {
    pub tally: Tally,
    /// What is counted of its declarations where each finding on them counts, whichever line it is on.
    pub whole: Sums,
    /// The first and the last day on which it fired.
    pub days: Option<(Date, Date)>,
    pub months: Vec<OfMonth>,
    /// By office, what could have been drawn and has no result, and whether something drawn has one.
    offices: BTreeMap<u32, (u64, bool)>,
    /// The least and the most points that it gave, where they are computed.
    pub given: Option<(i64, i64)>,
}

impl RuleCounts {
    /// Counts a declaration on which it fired: `whole` with all that was found on it, `case` with what was found on the lines
    /// on which the rule fired.
    pub fn add(&mut self, day: Option<Date>, whole: &Case, case: &Case) {
        self.tally.add(case);
        whole.add_to(&mut self.whole);
        if let (Some(office), Way::Drawn | Way::Drawable) = (case.office, case.way) {
            let (unseen, is_drawn) = self.offices.entry(office).or_default();
            *unseen += u64::from(case.found.is_none());
            *is_drawn |= case.found.is_some();
        }
        // Declarations come by day.
        let Some(day) = day else { return };
        self.days = Some((self.days.map_or(day, |days| days.0), day));
        let month = Month::of(day);
        if self.months.last().is_none_or(|last| last.month != month) {
            self.months.push(OfMonth { month, fired: 0, results: [(0, 0); 2] });
        }
        let Some(of_month) = self.months.last_mut() else { return };
        of_month.fired += 1;
        if let Some(found) = case.found {
            let (inspected, findings) = &mut of_month.results[usize::from(case.way != Way::Certain)];
            *inspected += 1;
            *findings += u64::from(found);
        }
    }

    /// Notes the points that it gave.
    pub fn gave(&mut self, points: i64) {
        let (least, most) = self.given.unwrap_or((points, points));
        self.given = Some((least.min(points), most.max(points)));
    }

    /// The part of its declarations that could have been drawn at offices where nothing of it was: the estimate takes them to
    /// be like those of other offices.
    pub fn undrawn(&self) -> f64 {
        let unseen = self.offices.values().filter(|(_, is_drawn)| !is_drawn).map(|(unseen, _)| unseen);
        unseen.sum::<u64>() as f64 / self.tally.fired.max(1) as f64
    }
}
