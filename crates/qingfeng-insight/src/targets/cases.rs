//! Outcomes as cases.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::Date;

use super::{Found, Notice, TipOff, Verdict, verdict_of};

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
    pub(super) by_key: BTreeMap<&'f str, Case<'f>>,
    /// Of each declaration with a violation the case.
    by_declaration: BTreeMap<&'f str, &'f str>,
    /// By site: planned inspections of the year, those that are open, those that are waived.
    pub(super) inspections: BTreeMap<&'f str, [u64; 3]>,
}

impl<'f> Cases<'f> {
    pub(super) fn of(
        found: impl IntoIterator<Item = Found<'f>>,
        in_year: impl Fn(Date) -> bool,
        as_of: Date,
        notices: &[Notice],
        tip_offs: &[TipOff],
    ) -> Self {
        let mut found: Vec<Found<'f>> = found.into_iter().collect();
        // Sums of fines are taken in one order, whatever that of the files was.
        found.sort_by(|a, b| (a.declaration_id, a.day).cmp(&(b.declaration_id, b.day)));
        let mut cases =
            Self { by_key: BTreeMap::new(), by_declaration: BTreeMap::new(), inspections: BTreeMap::new() };
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
        let told = |day: Date| day <= as_of;
        let numbers =
            notices.iter().filter(|notice| told(notice.received_on)).map(|notice| &notice.case_number);
        let tips = || tip_offs.iter().filter(|tip| told(tip.received_on));
        let numbers: BTreeSet<&str> =
            numbers.chain(tips().map(|tip| &tip.case_number)).flatten().map(String::as_str).collect();
        let declarations = tips().filter_map(|tip| cases.by_declaration.get(tip.declaration_id.as_deref()?));
        let led: BTreeSet<&str> = declarations.copied().collect();
        for (key, case) in &mut cases.by_key {
            case.is_led = led.contains(key) || numbers.contains(key);
        }
        cases
    }

    fn take(&mut self, found: Found<'f>, as_of: Date) {
        let violations =
            || found.outcomes.iter().filter(|line| matches!(line.verdict, Verdict::Violation(_)));
        let number = violations().find_map(|line| line.case_number.as_deref());
        let days = violations().filter_map(|line| line.found_on.or(found.day).or(line.known_on));
        // A violation without any day counts as of the last day that is told of.
        let day = days.min().unwrap_or(as_of);
        if violations().next().is_none() {
            return;
        }
        let key = number.unwrap_or(found.declaration_id);
        self.by_declaration.insert(found.declaration_id, key);
        let of = (day, found.declaration_id);
        let case = self.by_key.entry(key).or_insert(Case {
            day,
            first: found.declaration_id,
            office: found.office,
            is_major: false,
            fines: 0.0,
            pieces: 0,
            is_led: false,
        });
        if of < (case.day, case.first) {
            (case.day, case.first) = of;
            case.office = found.office.or(case.office);
        } else {
            case.office = case.office.or(found.office);
        }
        for line in violations() {
            case.is_major |= line.major_case;
            case.fines += line.fine.unwrap_or(0.0);
            let pieces = line.pieces.and_then(|pieces| u64::try_from(pieces).ok()).unwrap_or(0);
            case.pieces = case.pieces.saturating_add(pieces);
        }
    }

    /// The case to which a tip-off led, if it has a violation.
    pub(super) fn of_tip(&self, tip: &TipOff) -> Option<(&'f str, &Case<'f>)> {
        let of_declaration = || self.by_declaration.get(tip.declaration_id.as_deref()?).copied();
        let key = tip.case_number.as_deref().and_then(|number| self.by_key.get_key_value(number));
        match key {
            Some((key, case)) => Some((key, case)),
            None => of_declaration().and_then(|key| Some((key, self.by_key.get(key)?))),
        }
    }
}
