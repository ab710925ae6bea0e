//! Selection against capacity.

use std::collections::BTreeMap;

use qingfeng_rules::SelectionKind;
use qingfeng_rules::selection::Amount;
use serde::Serialize;

use super::{Names, ReportOptions, Titled, in_time, site};
use qingfeng_inspection::{PlanFile, PlanRow};

/// What plans used of the capacity, on the days on which something was planned.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Capacity {
    /// All offices.
    pub all: OfficeUse,
    /// Each, in the order of the pack's sites.
    pub offices: Vec<OfficeUse>,
}

/// An office.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OfficeUse {
    /// The site.
    #[serde(flatten)]
    pub of: Titled,
    /// Its days with a plan.
    pub days: u64,
    /// Planned inspections.
    pub inspections: u64,
    /// Those that had to be inspected.
    pub mandatory: u64,
    /// Those selected by rules and scores.
    pub targeted: u64,
    /// Those drawn.
    pub random: u64,
    /// The share of the drawn.
    pub random_share: Option<f64>,
    /// Capacity where it is in inspections.
    pub inspections_possible: u64,
    /// What was used of it.
    pub inspections_used: u64,
    /// Capacity where it is in points of work.
    pub points_possible: u64,
    /// What was used of it.
    pub points_used: u64,
    /// The share of the capacity that was used. Of days in inspections and in points the shares are weighted by
    /// their inspections.
    pub used_share: Option<f64>,
    /// Inspections of days without a capacity in their plan.
    pub without_capacity: u64,
}

impl OfficeUse {
    fn add(&mut self, day: &[PlanRow]) {
        self.days += 1;
        self.inspections += day.len() as u64;
        for row in day {
            match row.selected {
                SelectionKind::Mandatory => self.mandatory += 1,
                SelectionKind::Targeted => self.targeted += 1,
                SelectionKind::Random => self.random += 1,
            }
        }
        match day.iter().find_map(|row| row.capacity) {
            Some(Amount::Inspections(possible)) => {
                self.inspections_possible += u64::from(possible);
                self.inspections_used += day.len() as u64;
            }
            Some(Amount::Points(possible)) => {
                self.points_possible += u64::from(possible);
                self.points_used += day.iter().map(|row| u64::from(row.cost)).sum::<u64>();
            }
            None => self.without_capacity += day.len() as u64,
        }
    }

    fn finish(&mut self, in_points: u64) {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        self.random_share = share(self.random, self.inspections);
        let inspections = share(self.inspections_used, self.inspections_possible);
        let points = share(self.points_used, self.points_possible);
        self.used_share = match (inspections, points) {
            (Some(inspections), Some(points)) => {
                let (a, b) = (self.inspections_used as f64, in_points as f64);
                Some((inspections * a + points * b) / (a + b))
            }
            (inspections, points) => inspections.or(points),
        };
    }
}

impl Capacity {
    /// What the plans say of the days that the report counts.
    pub(super) fn of(plans: &[PlanFile], names: &Names<'_>, options: &ReportOptions) -> Self {
        let mut offices: BTreeMap<(usize, &str), (OfficeUse, u64)> = BTreeMap::new();
        let mut all = (OfficeUse { of: Titled::plain("all"), ..OfficeUse::default() }, 0);
        let sites = &names.pack.reference.sites;
        for day in plans.iter().flat_map(PlanFile::days) {
            let Some(first) = day.first().filter(|row| in_time(options, Some(row.day))) else { continue };
            let at = sites.iter().position(|site| site.name == first.office).unwrap_or(usize::MAX);
            let of = offices.entry((at, first.office.as_str())).or_default();
            of.0.of = site(names.pack, &first.office);
            let points = day.iter().any(|row| matches!(row.capacity, Some(Amount::Points(_))));
            for (office, in_points) in [of, &mut all] {
                office.add(day);
                *in_points += if points { day.len() as u64 } else { 0 };
            }
        }
        let finished = |(mut office, in_points): (OfficeUse, u64)| {
            office.finish(in_points);
            office
        };
        Self { all: finished(all), offices: offices.into_values().map(finished).collect() }
    }
}
