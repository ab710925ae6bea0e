//! Outcomes as cases.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::Date;

use qingfeng_inspection::visits::Visit;
use qingfeng_store::Outcome;

use super::{Found, Ledgers, TipOff, Verdict, verdict_of};

/// By what a case is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CaseKey<'f> {
    /// Its number, or its declaration where it has none.
    Named(&'f str),
    /// Its visit, where it names neither: day, site and enterprise.
    Visit(Date, &'f str, &'f str),
}

/// One case.
#[derive(Clone, Debug)]
pub(super) struct Case<'f> {
    /// The day on which the first of its violations was found.
    pub(super) day: Date,
    first: &'f str,
    /// The site that found it; `None` where no plan selected it.
    pub(super) office: Option<&'f str>,
    pub(super) is_major: bool,
    pub(super) fines: f64,
    pub(super) pieces: u64,
    /// Whether a tip-off or a notice names it.
    pub(super) is_led: bool,
}

/// All cases, by number or by declaration.
pub(super) struct Cases<'f> {
    pub(super) by_key: BTreeMap<CaseKey<'f>, Case<'f>>,
    /// Of each declaration with a violation the case.
    by_declaration: BTreeMap<&'f str, &'f str>,
    /// Of each declaration whose goods a visit found the number that it gave the case.
    numbers: BTreeMap<&'f str, &'f str>,
    /// By site: planned inspections of the year, those that are open, those that are waived.
    pub(super) inspections: BTreeMap<&'f str, [u64; 3]>,
}

impl<'f> Cases<'f> {
    pub(super) fn of(
        found: impl IntoIterator<Item = Found<'f>>,
        in_year: impl Fn(Date) -> bool,
        as_of: Date,
        ledgers: Ledgers<'f>,
    ) -> Self {
        let (notices, tip_offs) = (ledgers.notices.unwrap_or(&[]), ledgers.tip_offs.unwrap_or(&[]));
        let mut visits: Vec<&Visit> =
            ledgers.visits.unwrap_or(&[]).iter().filter(|visit| visit.visited_on <= as_of).collect();
        visits.sort_by_key(|visit| (visit.visited_on, &visit.site, &visit.enterprise));
        let named = visits.iter().flat_map(|visit| violations(&visit.outcomes)).filter_map(|found| {
            Some((&*found.declaration_id, found.case_number.as_deref()?))
                .filter(|(declaration, _)| !declaration.is_empty())
        });
        let mut found: Vec<Found<'f>> = found.into_iter().collect();
        // Sums of fines are taken in one order, whatever that of the files was.
        found.sort_by(|a, b| (a.declaration_id, a.day).cmp(&(b.declaration_id, b.day)));
        let mut cases = Self {
            by_key: BTreeMap::new(),
            by_declaration: BTreeMap::new(),
            numbers: named.collect(),
            inspections: BTreeMap::new(),
        };
        for found in found {
            if let (Some(office), Some(day)) = (found.office, found.day)
                && in_year(day)
            {
                let counts = cases.inspections.entry(office).or_default();
                counts[0] += 1;
                match verdict_of(found.outcomes) {
                    Verdict::Open => counts[1] += 1,
                    Verdict::Waived => counts[2] += 1,
                    Verdict::Clear | Verdict::Violation(_) => {}
                }
            }
            cases.take(found, as_of);
        }
        visits.into_iter().for_each(|visit| cases.take_visit(visit));
        let told = |day: Date| day <= as_of;
        let numbers =
            notices.iter().filter(|notice| told(notice.received_on)).map(|notice| &notice.case_number);
        let tips = || tip_offs.iter().filter(|tip| told(tip.received_on));
        let numbers: BTreeSet<&str> =
            numbers.chain(tips().map(|tip| &tip.case_number)).flatten().map(String::as_str).collect();
        let declarations = tips().filter_map(|tip| cases.by_declaration.get(tip.declaration_id.as_deref()?));
        let led: BTreeSet<&str> = declarations.copied().collect();
        for (key, case) in &mut cases.by_key {
            let CaseKey::Named(name) = key else { continue };
            case.is_led = led.contains(name) || numbers.contains(name);
        }
        cases
    }

    fn take(&mut self, found: Found<'f>, as_of: Date) {
        let number = violations(found.outcomes).find_map(|line| line.case_number.as_deref());
        let number = number.or_else(|| self.numbers.get(found.declaration_id).copied());
        let days =
            violations(found.outcomes).filter_map(|line| line.found_on.or(found.day).or(line.known_on));
        // A violation without any day counts as of the last day that is told of.
        let day = days.min().unwrap_or(as_of);
        if violations(found.outcomes).next().is_none() {
            return;
        }
        let key = number.unwrap_or(found.declaration_id);
        self.by_declaration.insert(found.declaration_id, key);
        self.add(CaseKey::Named(key), (day, found.declaration_id), found.office, violations(found.outcomes));
    }

    /// The cases that a visit found: each is of its number, else of its declaration, else of the visit.
    fn take_visit(&mut self, visit: &'f Visit) {
        for found in violations(&visit.outcomes) {
            let declaration = Some(&*found.declaration_id).filter(|declaration| !declaration.is_empty());
            let known = declaration.map(|id| self.by_declaration.get(id).copied().unwrap_or(id));
            let name = found.case_number.as_deref().or(known);
            if let Some((declaration, name)) = declaration.zip(name) {
                self.by_declaration.entry(declaration).or_insert(name);
            }
            let key =
                name.map_or(CaseKey::Visit(visit.visited_on, &visit.site, &visit.enterprise), CaseKey::Named);
            let first = (visit.visited_on, &*visit.enterprise);
            self.add(key, first, Some(&visit.site), std::iter::once(found));
        }
    }

    /// Adds violations to their case. It is of the day and the site of the one that was found first.
    fn add(
        &mut self,
        key: CaseKey<'f>,
        of: (Date, &'f str),
        office: Option<&'f str>,
        violations: impl Iterator<Item = &'f Outcome>,
    ) {
        let case = self.by_key.entry(key).or_insert(Case {
            day: of.0,
            first: of.1,
            office,
            is_major: false,
            fines: 0.0,
            pieces: 0,
            is_led: false,
        });
        if of < (case.day, case.first) {
            (case.day, case.first) = of;
            case.office = office.or(case.office);
        } else {
            case.office = case.office.or(office);
        }
        for line in violations {
            case.is_major |= line.major_case;
            case.fines += line.fine.unwrap_or(0.0);
            let pieces = line.pieces.and_then(|pieces| u64::try_from(pieces).ok()).unwrap_or(0);
            case.pieces = case.pieces.saturating_add(pieces);
        }
    }

    /// The case to which a tip-off led, if it has a violation.
    pub(super) fn of_tip<'t>(&'t self, tip: &'t TipOff) -> Option<(&'t str, &'t Case<'t>)> {
        let of_declaration = || self.by_declaration.get(tip.declaration_id.as_deref()?).copied();
        let of = |name: &'t str| match self.by_key.get_key_value(&CaseKey::Named(name))? {
            (&CaseKey::Named(name), case) => Some((name, case)),
            _ => None,
        };
        tip.case_number.as_deref().and_then(of).or_else(|| of_declaration().and_then(of))
    }
}

/// Those of some results that are violations.
fn violations(outcomes: &[Outcome]) -> impl Iterator<Item = &Outcome> {
    outcomes.iter().filter(|line| matches!(line.verdict, Verdict::Violation(_)))
}
