//! How far the data of a report can be trusted.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::countries;
use serde::Serialize;

use super::{Names, ReportOptions, in_time};
use crate::effect::tally::{Case, Way};
use qingfeng_inspection::evidence::{Evidence, Judged};
use qingfeng_store::Verdict;

/// Unknown codes that are listed, by kind.
const CODES_SHOWN: usize = 20;

const REJECTS_SHOWN: usize = 5;

/// Something that is counted because it should be rare.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What: `without_day`, `without_trader`, `group_other` …
    pub what: &'static str,
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The share.
    pub share: Option<f64>,
}

/// A code that declarations have and the pack does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Code {
    /// `destination`, `mode`, `site` or `rule`.
    pub field: &'static str,
    /// The code.
    pub code: String,
    /// Declarations with it.
    pub declarations: u64,
}

/// Data quality.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Quality {
    /// Of the declarations.
    pub declarations: Vec<Check>,
    /// Of inspections and results.
    pub inspections: Vec<Check>,
    /// Codes that the pack does not have, the most frequent of each kind.
    pub codes: Vec<Code>,
    /// How many such codes there are in all.
    pub codes_in_all: u64,
    /// The first rows of results that could not be read, with the reason.
    pub rejects: Vec<String>,
    /// The first ids of planned inspections without an assessment.
    pub planned_elsewhere: Vec<String>,
    /// The first ids of declarations with results that no plan has.
    pub unplanned: Vec<String>,
}

/// What of declarations is counted for [`Quality`].
#[derive(Default)]
pub(super) struct QualityCounts<'n> {
    all: u64,
    without_day: u64,
    without_trader: u64,
    without_site: u64,
    with_destination: u64,
    in_no_region: u64,
    without_mode: u64,
    without_value: u64,
    group_other: u64,
    without_chance: u64,
    codes: Codes<'n>,
}

impl<'n> QualityCounts<'n> {
    pub(super) fn new(evidence: &'n Evidence, names: &Names<'_>) -> Self {
        Self { codes: Codes::new(evidence, names), ..Self::default() }
    }

    /// Counts a declaration, which is this case.
    pub(super) fn add(&mut self, judged: &Judged, case: &Case, names: &Names<'_>) {
        let code = judged.destination.as_deref();
        let in_no_region = code.is_some_and(|code| names.regions(code, judged.day).is_empty());
        self.all += 1;
        self.without_day += u64::from(judged.day.is_none());
        self.without_trader += u64::from(judged.trader.is_none());
        self.without_site += u64::from(judged.sites.is_empty());
        self.with_destination += u64::from(code.is_some());
        self.in_no_region += u64::from(in_no_region);
        self.without_mode += u64::from(judged.mode.is_none());
        self.without_value += u64::from(judged.value.is_none());
        self.group_other += u64::from(&*judged.group == "other");
        self.without_chance += u64::from(case.way == Way::Out);
        self.codes.add(judged, names);
    }
}

impl Quality {
    pub(super) fn of(
        counts: QualityCounts<'_>,
        evidence: &Evidence,
        options: &ReportOptions,
        out_of_time: u64,
    ) -> Self {
        let all = counts.all;
        let check = |what: &'static str, count: u64, of: u64| Check {
            what,
            count,
            of,
            share: (of > 0).then(|| count as f64 / of as f64),
        };
        let declarations = vec![
            check("out_of_time", out_of_time, all + out_of_time),
            check("without_day", counts.without_day, all),
            check("without_trader", counts.without_trader, all),
            check("without_site", counts.without_site, all),
            check("without_destination", all - counts.with_destination, all),
            check("in_no_region", counts.in_no_region, counts.with_destination),
            check("without_mode", counts.without_mode, all),
            check("without_value", counts.without_value, all),
            check("group_other", counts.group_other, all),
        ];
        let counted = evidence.inspections().filter(|&(day, ..)| in_time(options, day));
        let inspections: Vec<_> = counted.map(|(.., inspection)| inspection).collect();
        let planned = inspections.len() as u64;
        let count = |has: &dyn Fn(&qingfeng_inspection::evidence::Inspection) -> bool| {
            inspections.iter().filter(|inspection| has(inspection)).count() as u64
        };
        let rows: Vec<_> = inspections.iter().flat_map(|inspection| &inspection.outcomes).collect();
        let violations: Vec<_> =
            rows.iter().filter(|row| matches!(row.verdict, Verdict::Violation(_))).collect();
        let of_violations = |has: &dyn Fn(&qingfeng_store::Outcome) -> bool| {
            violations.iter().filter(|row| has(row)).count() as u64
        };
        let found = violations.len() as u64;
        let inspections = vec![
            check("nothing_came_back", count(&|inspection| inspection.outcomes.is_empty()), planned),
            check(
                "result_open",
                count(&|one| !one.outcomes.is_empty() && one.verdict() == Verdict::Open),
                planned,
            ),
            check("waived", count(&|one| one.verdict() == Verdict::Waived), planned),
            check(
                "result_before_inspection",
                count(&|one| one.outcomes.iter().any(|row| row.found_on.is_some_and(|day| day < one.day))),
                planned,
            ),
            check(
                "result_without_day",
                rows.iter().filter(|row| row.found_on.is_none()).count() as u64,
                rows.len() as u64,
            ),
            check("violation_without_pieces", of_violations(&|row| row.pieces.is_none()), found),
            check("violation_without_value", of_violations(&|row| row.value.is_none()), found),
            check("violation_without_case", of_violations(&|row| row.case_number.is_none()), found),
            check("violation_without_disposal", of_violations(&|row| row.disposal.is_none()), found),
            check(
                "results_rejected",
                evidence.outcome_rejects.total,
                rows.len() as u64 + evidence.outcome_rejects.total,
            ),
            check("results_corrected", evidence.corrected, rows.len() as u64 + evidence.corrected),
            check("without_chance", counts.without_chance, all),
            check(
                "planned_elsewhere",
                evidence.planned_elsewhere.total,
                planned + evidence.planned_elsewhere.total,
            ),
            check(
                "unplanned",
                evidence.unplanned.total,
                evidence.unplanned.total + count(&|one| !one.outcomes.is_empty()),
            ),
        ];
        let (codes, codes_in_all) = counts.codes.finish();
        let ids = |ids: &[Box<str>]| ids.iter().map(ToString::to_string).collect();
        Self {
            declarations,
            inspections,
            codes,
            codes_in_all,
            rejects: evidence
                .outcome_rejects
                .first
                .iter()
                .take(REJECTS_SHOWN)
                .map(ToString::to_string)
                .collect(),
            planned_elsewhere: ids(&evidence.planned_elsewhere.first),
            unplanned: ids(&evidence.unplanned.first),
        }
    }
}

/// Codes that the pack does not have, with the number of their declarations.
#[derive(Default)]
struct Codes<'n> {
    evidence: Option<&'n Evidence>,
    /// Which sites and rules of the evidence the pack has.
    sites: Vec<bool>,
    rules: Vec<bool>,
    unknown: [BTreeMap<Box<str>, u64>; 4],
}

impl<'n> Codes<'n> {
    fn new(evidence: &'n Evidence, names: &Names<'_>) -> Self {
        let sites = &names.pack.reference.sites;
        let is_site = |site: &str| sites.iter().any(|group| group.name == site);
        let rules: BTreeSet<&str> = names.pack.rules.iter().map(|rule| rule.id.as_str()).collect();
        Self {
            evidence: Some(evidence),
            sites: evidence.sites.iter().map(|site| is_site(site)).collect(),
            rules: evidence.rules.iter().map(|rule| rules.contains(&**rule)).collect(),
            unknown: Default::default(),
        }
    }

    fn count(&mut self, kind: usize, code: &str) {
        match self.unknown[kind].get_mut(code) {
            Some(count) => *count += 1,
            None => {
                self.unknown[kind].insert(code.into(), 1);
            }
        }
    }

    fn add(&mut self, judged: &Judged, names: &Names<'_>) {
        if let Some(code) = judged.destination.as_deref()
            && countries::country(code).is_none()
            && !names.regions.knows(code)
        {
            self.count(0, code);
        }
        if let Some(code) = judged.mode.as_deref()
            && !names.modes.knows(code)
        {
            self.count(1, code);
        }
        let Some(evidence) = self.evidence else { return };
        for &site in judged.sites.iter() {
            if !self.sites[site as usize] {
                self.count(2, &evidence.sites[site as usize]);
            }
        }
        for &rule in judged.rules.iter() {
            if !self.rules[rule as usize] {
                self.count(3, &evidence.rules[rule as usize]);
            }
        }
    }

    fn finish(self) -> (Vec<Code>, u64) {
        let unknown = self.unknown;
        let in_all = unknown.iter().map(|codes| codes.len() as u64).sum();
        let mut listed = Vec::new();
        for (field, codes) in ["destination", "mode", "site", "rule"].into_iter().zip(unknown) {
            let mut codes: Vec<(Box<str>, u64)> = codes.into_iter().collect();
            codes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let code =
                |(code, declarations): (Box<str>, u64)| Code { field, code: code.into(), declarations };
            listed.extend(codes.into_iter().take(CODES_SHOWN).map(code));
        }
        (listed, in_all)
    }
}
