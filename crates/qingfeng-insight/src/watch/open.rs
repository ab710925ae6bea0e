//! What was known of declarations on the day, and inspections that are open.

use qingfeng::read::ReadError;
use qingfeng_rules::Date;

use super::{OpenAtSite, OpenInspection, OpenInspections, OpenWhy, Share, WatchOptions};
use qingfeng_inspection::evidence::{Evidence, Inspection, Judged};
use qingfeng_store::Verdict;

/// What an inspection came to, as of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A coded result: whether it is a finding.
    Found(bool),
    /// Waived with a coded reason.
    Waived,
    /// Open.
    Open(OpenWhy),
}

/// A planned inspection as of a day.
#[derive(Clone, Copy)]
pub(super) struct KnownInspection<'e> {
    pub inspection: &'e Inspection,
    pub state: State,
}

/// What was known as of a day.
pub(super) struct Known<'e> {
    pub evidence: &'e Evidence,
    pub as_of: Option<Date>,
}

impl<'e> Known<'e> {
    fn is_past(&self, day: Option<Date>) -> bool {
        match (day, self.as_of) {
            (Some(day), Some(as_of)) => day <= as_of,
            _ => true,
        }
    }

    /// Gives out the declarations up to the day.
    pub fn each(&self, mut take: impl FnMut(&Judged) + Send) -> Result<(), ReadError> {
        self.evidence.each(|judged| {
            if self.is_past(judged.day) {
                take(judged);
            }
        })
    }

    /// The inspections up to the day, with the ids of their declarations.
    pub fn inspected(&self) -> impl Iterator<Item = (&'e str, KnownInspection<'e>)> + '_ {
        let past = self.evidence.inspections().filter(|&(day, ..)| self.is_past(day));
        past.filter_map(|(_, id, inspection)| Some((id, self.known(inspection)?)))
    }

    /// The inspection of a declaration, if it has one up to the day.
    pub fn inspection<'j>(&self, judged: &'j Judged) -> Option<KnownInspection<'j>> {
        self.known(judged.inspection.as_deref()?)
    }

    fn known<'j>(&self, inspection: &'j Inspection) -> Option<KnownInspection<'j>> {
        let known = KnownInspection { inspection, state: self.state(inspection) };
        self.is_past(Some(inspection.day)).then_some(known)
    }

    /// As `verdict_of`, of the results known on the day.
    fn state(&self, inspection: &Inspection) -> State {
        let (mut open, mut clear, mut waived) = (false, false, false);
        for outcome in &inspection.outcomes {
            if !self.is_past(outcome.known_on.or(outcome.found_on)) {
                continue;
            }
            match outcome.verdict {
                Verdict::Violation(_) => return State::Found(true),
                Verdict::Open => open = true,
                Verdict::Clear => clear = true,
                Verdict::Waived => waived = true,
            }
        }
        match (open, clear, waived) {
            (true, false, false) => State::Open(OpenWhy::Uncoded),
            (true, ..) => State::Open(OpenWhy::Partly),
            (false, true, _) => State::Found(false),
            (false, false, true) => State::Waived,
            (false, false, false) => State::Open(OpenWhy::Nothing),
        }
    }
}

/// What is open, by site and age.
pub(super) fn open(known: &Known, options: &WatchOptions) -> OpenInspections {
    let evidence = known.evidence;
    let mut sites: Vec<OpenAtSite> = evidence
        .sites
        .iter()
        .map(|site| OpenAtSite { site: site.to_string(), ..OpenAtSite::default() })
        .collect();
    let mut found = OpenInspections::default();
    for (id, KnownInspection { inspection, state }) in known.inspected() {
        let Some(site) = sites.get_mut(inspection.office as usize) else { continue };
        found.inspections += 1;
        site.inspections += 1;
        let State::Open(why) = state else { continue };
        found.open += 1;
        match why {
            OpenWhy::Nothing => site.nothing += 1,
            OpenWhy::Uncoded => site.uncoded += 1,
            OpenWhy::Partly => site.partly += 1,
        }
        let age = known.as_of.map_or(0, |as_of| as_of.days() - inspection.day.days());
        site.ages[[7, 30, 90].iter().position(|&most| age <= most).unwrap_or(3)] += 1;
        site.late += u64::from(i64::from(age) > i64::from(options.late_after_days));
        found.listed.push(OpenInspection {
            declaration_id: id.to_owned(),
            site: site.site.clone(),
            day: inspection.day,
            age,
            why,
        });
        // Kept short on the way: only the oldest are listed.
        if found.listed.len() >= options.list_max.saturating_mul(2).max(1_024) {
            shorten(&mut found.listed, options.list_max);
        }
    }
    shorten(&mut found.listed, options.list_max);
    sites.retain(|site| site.inspections > 0);
    for site in &mut sites {
        site.open = Share::new(site.nothing + site.uncoded + site.partly, site.inspections);
    }
    found.sites = sites;
    found
}

fn shorten(listed: &mut Vec<OpenInspection>, most: usize) {
    listed.sort_by(|a, b| (a.day, &a.site, &a.declaration_id).cmp(&(b.day, &b.site, &b.declaration_id)));
    listed.truncate(most);
}
