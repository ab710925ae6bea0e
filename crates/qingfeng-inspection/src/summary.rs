//! What a plan comes to.

use std::collections::BTreeMap;

use qingfeng_rules::selection::Amount;
use qingfeng_rules::{Date, Month};
use serde::Serialize;

use super::candidate::{AssessedDeclaration, Candidates};
use super::plan::{Because, LeftOut, NoOffice, PlannedDay};
use super::planner::{OutcomesUsed, Plan, PlannedDeclarations};
use super::policy::{Policy, units};
use super::visits::PlannedVisits;
use qingfeng_rules::SelectionKind;

/// The ids of missed declarations that are shown.
const SHOWN: usize = 20;

/// Declarations that are not inspected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotInspected {
    /// How many.
    pub declarations: u64,
    /// By reason, see [`Because::name`].
    pub because: BTreeMap<&'static str, u64>,
    /// The first of their ids.
    pub first: Vec<String>,
}

impl NotInspected {
    fn add(&mut self, because: Because, id: &str) {
        self.declarations += 1;
        *self.because.entry(because.name()).or_default() += 1;
        if self.first.len() < SHOWN {
            self.first.push(id.to_owned());
        }
    }

    /// Adds others, which stand after these.
    fn and(&mut self, other: &Self) {
        self.declarations += other.declarations;
        for (because, count) in &other.because {
            *self.because.entry(because).or_default() += count;
        }
        self.first.extend(other.first.iter().take(SHOWN.saturating_sub(self.first.len())).cloned());
    }
}

/// What a plan comes to: by office over all days, and by day.
#[derive(Clone, Debug, Serialize)]
pub struct PlanSummary {
    /// The most severe channel of the pack.
    pub severest_channel: String,
    /// Declarations of that channel that are not in the plan, of whatever day; those of earlier days with a result apart.
    pub severest_not_inspected: NotInspected,
    /// Declarations that must be inspected and are not in the plan, likewise.
    pub mandatory_not_inspected: NotInspected,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// Declarations of these days.
    pub declarations: u64,
    /// Those of them that no site with capacity inspects.
    pub without_office: u64,
    /// Declarations that belong to no office's plan, by reason, see [`Because::name`].
    pub no_office: NotInspected,
    /// Declarations of which something could not be read, in the plan and not in it.
    pub unreadable: [u64; 2],
    /// Assessments that were put together with another of the same declaration and day.
    pub merged_duplicates: u64,
    /// Whether a key was given, so that something could be drawn.
    pub drawn_with_key: bool,
    /// All offices together.
    pub total: OfficeSummary,
    /// Each office over all days, by name.
    pub offices: BTreeMap<String, OfficeSummary>,
    /// Each office's day.
    pub days: Vec<DaySummary>,
    /// Declarations with an outcome, those of them that were learnt from, and those without an assessment.
    pub outcomes: [u64; 3],
    /// The visits of each site and month, if they were planned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<VisitSummary>,
}

/// What becomes of the visits of a site and month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VisitSummary {
    /// The month.
    pub month: Month,
    /// The site.
    pub site: String,
    /// The most visits of a month.
    pub places: u64,
    /// The enterprises that could be visited.
    pub enterprises: u64,
    /// Those that were visited so short a time ago that they are not.
    pub paused: u64,
    /// The visits that are targeted.
    pub targeted: u64,
    /// Those that were drawn.
    pub random: u64,
    /// Those that were to be drawn.
    pub random_asked: u64,
}

impl VisitSummary {
    fn of(planned: &PlannedVisits) -> Self {
        Self {
            month: planned.month,
            site: planned.site.clone(),
            places: planned.places,
            enterprises: planned.enterprises,
            paused: planned.paused,
            targeted: planned.targeted(),
            random: planned.random(),
            random_asked: planned.random_asked,
        }
    }
}

/// What became of an office, on a day or over all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OfficeSummary {
    /// Days on which it can inspect.
    pub days: u64,
    /// Days without inspections.
    pub closed_days: u64,
    /// Its declarations.
    pub declarations: u64,
    /// Its capacity in inspections.
    pub inspections: u64,
    /// What of that is used.
    pub inspections_used: u64,
    /// Its capacity in points, on days where it is said in hours.
    pub points: u64,
    /// What of that is used.
    pub points_used: u64,
    /// Kept for the draw, in either unit.
    pub reserved: u64,
    /// Free after the draw, in either unit.
    pub free: u64,
    /// Inspections that must be.
    pub mandatory: u64,
    /// Those targeted.
    pub targeted: u64,
    /// Those drawn.
    pub random: u64,
    /// Of `targeted` those for quotas.
    pub for_quotas: u64,
    /// Of `targeted` those for young rules.
    pub for_exploration: u64,
    /// The least inspections that the rates of the draw ask for.
    pub random_asked: u64,
    /// Strata of which less could be drawn than asked.
    pub strata_cut: u64,
    /// Declarations that had to be inspected and are not.
    pub mandatory_missed: u64,
    /// Declarations that could be targeted and are not selected.
    pub left_out: u64,
    /// Of `left_out` those that a quota displaced.
    pub displaced: u64,
    /// Of `left_out` those whose trader is left alone or has had its inspections.
    pub limited: u64,
    /// Each quota's inspections or points.
    pub quotas: BTreeMap<String, QuotaSummary>,
}

/// What became of a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QuotaSummary {
    /// Whether these are points; else inspections.
    pub points: bool,
    /// Asked for.
    pub asked: u64,
    /// What of that could be: the less of what was asked and what there was, day by day.
    pub possible: u64,
    /// What of that was selected.
    pub met: u64,
    /// What there was.
    pub available: u64,
    /// Selected, of whatever kind.
    pub selected: u64,
    /// Office's days on which less was selected than asked and there was more.
    pub days_short: u64,
}

/// An office's day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DaySummary {
    /// The day.
    pub day: Date,
    /// The office.
    pub office: String,
    /// What became of it.
    #[serde(flatten)]
    pub of: OfficeSummary,
    /// Declarations that had to be inspected and are not: the first ids.
    pub missed_first: Vec<String>,
    /// What of it fell short, in words.
    pub short: Vec<String>,
}

impl OfficeSummary {
    fn of_day(planned: &PlannedDay) -> Self {
        let capacity = units(planned.capacity);
        let mut of = Self {
            days: u64::from(capacity > 0),
            closed_days: u64::from(capacity == 0),
            declarations: planned.strata.iter().map(|stratum| stratum.declarations).sum(),
            reserved: planned.reserved,
            random_asked: planned.draw_asked,
            free: capacity.saturating_sub(planned.used),
            ..Self::default()
        };
        match planned.capacity {
            Amount::Inspections(_) => (of.inspections, of.inspections_used) = (capacity, planned.used),
            Amount::Points(_) => (of.points, of.points_used) = (capacity, planned.used),
        }
        for selected in &planned.selected {
            match selected.kind {
                SelectionKind::Mandatory => of.mandatory += 1,
                SelectionKind::Random => of.random += 1,
                SelectionKind::Targeted => {
                    of.targeted += 1;
                    let starts = |with: &str| selected.why.iter().any(|why| why.starts_with(with));
                    of.for_quotas += u64::from(starts("quota "));
                    of.for_exploration += u64::from(starts("exploration: "));
                }
            }
        }
        for stratum in &planned.strata {
            of.strata_cut += u64::from(stratum.cut);
        }
        for left_out in &planned.left_out {
            match left_out.kind {
                SelectionKind::Mandatory => of.mandatory_missed += 1,
                SelectionKind::Targeted => {
                    of.left_out += 1;
                    of.displaced += u64::from(left_out.displaced_by.is_some());
                    of.limited += u64::from(left_out.because.is_limit());
                }
                SelectionKind::Random => {}
            }
        }
        for quota in &planned.quotas {
            let short = quota.selected < quota.asked.min(quota.available);
            let summary = QuotaSummary {
                points: quota.points,
                possible: quota.asked.min(quota.available),
                met: quota.asked.min(quota.available).min(quota.selected),
                asked: quota.asked,
                available: quota.available,
                selected: quota.selected,
                days_short: short.into(),
            };
            of.quotas.insert(quota.name.clone(), summary);
        }
        of
    }

    fn add(&mut self, other: &Self) {
        for (sum, part) in [
            (&mut self.days, other.days),
            (&mut self.closed_days, other.closed_days),
            (&mut self.declarations, other.declarations),
            (&mut self.inspections, other.inspections),
            (&mut self.inspections_used, other.inspections_used),
            (&mut self.points, other.points),
            (&mut self.points_used, other.points_used),
            (&mut self.reserved, other.reserved),
            (&mut self.free, other.free),
            (&mut self.mandatory, other.mandatory),
            (&mut self.targeted, other.targeted),
            (&mut self.random, other.random),
            (&mut self.for_quotas, other.for_quotas),
            (&mut self.for_exploration, other.for_exploration),
            (&mut self.random_asked, other.random_asked),
            (&mut self.strata_cut, other.strata_cut),
            (&mut self.mandatory_missed, other.mandatory_missed),
            (&mut self.left_out, other.left_out),
            (&mut self.displaced, other.displaced),
            (&mut self.limited, other.limited),
        ] {
            *sum = sum.saturating_add(part);
        }
        for (name, quota) in &other.quotas {
            let sum = self.quotas.entry(name.clone()).or_default();
            sum.points |= quota.points;
            sum.asked += quota.asked;
            sum.possible += quota.possible;
            sum.met += quota.met;
            sum.available += quota.available;
            sum.selected += quota.selected;
            sum.days_short += quota.days_short;
        }
    }
}

/// The summary of a plan in the making.
#[derive(Debug)]
pub struct PlanSummaries<'p> {
    policy: &'p Policy,
    summary: PlanSummary,
    /// Of the severest channel and mandatory ones, what belongs to no office: it stands after what was left out.
    no_office: [NotInspected; 2],
    declarations: u64,
}

impl<'p> PlanSummaries<'p> {
    /// Of the plan of some days, whose days are added one after the other.
    pub fn new(policy: &'p Policy, [from, until]: [Date; 2], with_key: bool) -> Self {
        let summary = PlanSummary {
            severest_channel: policy.channels.last().cloned().unwrap_or_default(),
            severest_not_inspected: NotInspected::default(),
            mandatory_not_inspected: NotInspected::default(),
            from,
            until,
            declarations: 0,
            without_office: 0,
            no_office: NotInspected::default(),
            unreadable: [0, 0],
            merged_duplicates: 0,
            drawn_with_key: with_key,
            total: OfficeSummary::default(),
            offices: BTreeMap::new(),
            days: Vec::new(),
            outcomes: [0; 3],
            visits: Vec::new(),
        };
        Self { policy, summary, no_office: Default::default(), declarations: 0 }
    }

    /// Adds a declaration that is not inspected to what was left out, or to what belongs to no office.
    fn missed(&mut self, candidate: &AssessedDeclaration, because: Because, no_office: bool) {
        let Self { policy, summary, no_office: without, .. } = self;
        summary.unreadable[1] += u64::from(!candidate.unreadable.is_empty());
        if because == Because::Known {
            return;
        }
        let [severe, mandatory] = if no_office {
            without.each_mut()
        } else {
            [&mut summary.severest_not_inspected, &mut summary.mandatory_not_inspected]
        };
        if Some(candidate.channel.index()) == policy.channels.len().checked_sub(1) {
            severe.add(because, &candidate.declaration_id);
        }
        if policy.mandatory(candidate).is_some() {
            mandatory.add(because, &candidate.declaration_id);
        }
    }

    /// Adds the plan of an office's day, whose positions are among these declarations.
    fn add_day(&mut self, planned: &PlannedDay, all: &[AssessedDeclaration]) {
        for left_out in &planned.left_out {
            self.missed(&all[left_out.candidate], left_out.because, false);
        }
        for selected in &planned.selected {
            self.summary.unreadable[0] += u64::from(!all[selected.candidate].unreadable.is_empty());
        }
        let of = OfficeSummary::of_day(planned);
        let summary = &mut self.summary;
        summary.declarations += of.declarations;
        self.declarations += of.declarations;
        summary.total.add(&of);
        summary.offices.entry(planned.office.clone()).or_default().add(&of);
        let missed = planned.left_out.iter().filter(|left_out| left_out.kind == SelectionKind::Mandatory);
        let id = |left_out: &LeftOut| all[left_out.candidate].declaration_id.to_string();
        let missed_first = missed.take(SHOWN).map(id).collect();
        let short = short(&of, self.policy);
        let (day, office) = (planned.day, planned.office.clone());
        summary.days.push(DaySummary { day, office, of, missed_first, short });
    }

    /// Adds what belongs to no office's plan.
    fn add_no_office(&mut self, no_office: &[NoOffice], all: &[AssessedDeclaration]) {
        for of in no_office {
            let candidate = &all[of.candidate];
            self.declarations += 1;
            self.missed(candidate, of.because, true);
            let summary = &mut self.summary;
            summary.no_office.add(of.because, &candidate.declaration_id);
            let is_in_days = candidate.day.is_some_and(|day| summary.from <= day && day <= summary.until);
            summary.declarations += u64::from(is_in_days);
            summary.without_office += u64::from(is_in_days);
        }
    }

    /// Adds the declarations of a day.
    pub fn add(&mut self, planned: &PlannedDeclarations<'_>) {
        planned.offices.iter().for_each(|of_office| self.add_day(of_office, planned.declarations));
        self.add_no_office(&planned.no_office, planned.declarations);
    }

    /// The summary of the plan, of so many assessments that were read.
    pub fn finish(self, read: u64, outcomes: OutcomesUsed, visits: &[PlannedVisits]) -> PlanSummary {
        let mut summary = self.summary;
        let [severe, mandatory] = &self.no_office;
        summary.severest_not_inspected.and(severe);
        summary.mandatory_not_inspected.and(mandatory);
        summary.merged_duplicates = read.saturating_sub(self.declarations);
        summary.outcomes = [outcomes.declarations, outcomes.used, outcomes.unknown];
        summary.visits = visits.iter().map(VisitSummary::of).collect();
        summary
    }
}

impl PlanSummary {
    /// What a plan of these days comes to.
    pub fn new(
        plan: &Plan,
        candidates: &Candidates,
        policy: &Policy,
        days: [Date; 2],
        with_key: bool,
    ) -> Self {
        let mut summaries = PlanSummaries::new(policy, days, with_key);
        plan.days.iter().for_each(|planned| summaries.add_day(planned, &candidates.all));
        summaries.add_no_office(&plan.no_office, &candidates.all);
        summaries.finish(candidates.read, plan.outcomes, &plan.visits)
    }
}

/// What of an office's day fell short.
fn short(of: &OfficeSummary, policy: &Policy) -> Vec<String> {
    let mut short = Vec::new();
    if of.closed_days > 0 && of.declarations > 0 {
        let plural = if of.declarations == 1 { "" } else { "s" };
        short.push(format!("no inspections on this day, {} declaration{plural}", of.declarations));
    }
    if of.mandatory_missed > 0 {
        short.push(format!(
            "{} of {} mandatory left out",
            of.mandatory_missed,
            of.mandatory + of.mandatory_missed
        ));
    }
    if of.strata_cut > 0 && of.closed_days == 0 {
        short.push(format!("draw cut: {} of {} asked", of.random, of.random_asked));
    }
    for quota in policy.selection.quotas.iter() {
        if let Some(summary) = of.quotas.get(&quota.name).filter(|summary| summary.days_short > 0) {
            let unit = if summary.points { " points" } else { "" };
            let (selected, asked) = (summary.selected, summary.possible);
            short.push(format!("quota {}: {selected} of {asked}{unit}", quota.name));
        }
    }
    short
}
