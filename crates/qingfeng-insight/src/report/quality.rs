//! How far the data of a report can be trusted.

use std::collections::BTreeMap;

use qingfeng_rules::countries;
use serde::Serialize;

use super::Names;
use qingfeng_inspection::evidence::{Chance, Evidence, Judged};
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

impl Quality {
    pub(super) fn of(counted: &[&Judged], evidence: &Evidence, names: &Names<'_>, out_of_time: u64) -> Self {
        let all = counted.len() as u64;
        let check = |what: &'static str, count: u64, of: u64| Check {
            what,
            count,
            of,
            share: (of > 0).then(|| count as f64 / of as f64),
        };
        let having =
            |has: &dyn Fn(&Judged) -> bool| counted.iter().filter(|judged| has(judged)).count() as u64;
        let with_destination = having(&|judged| judged.destination.is_some());
        let declarations = vec![
            check("out_of_time", out_of_time, all + out_of_time),
            check("without_day", having(&|judged| judged.day.is_none()), all),
            check("without_trader", having(&|judged| judged.trader.is_none()), all),
            check("without_site", having(&|judged| judged.sites.is_empty()), all),
            check("without_destination", all - with_destination, all),
            check(
                "in_no_region",
                having(&|judged| {
                    let code = judged.destination.as_deref();
                    code.is_some_and(|code| names.regions(code, judged.day).is_empty())
                }),
                with_destination,
            ),
            check("without_mode", having(&|judged| judged.mode.is_none()), all),
            check("without_value", having(&|judged| judged.value.is_none()), all),
            check("group_other", having(&|judged| &*judged.group == "other"), all),
        ];
        let inspections: Vec<_> = counted.iter().filter_map(|judged| judged.inspection.as_deref()).collect();
        let planned = inspections.len() as u64;
        let without_chance = having(&|judged| evidence.chance(judged) == Chance::None);
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
            check("without_chance", without_chance, all),
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
        let (codes, codes_in_all) = codes(counted, evidence, names);
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

fn codes(counted: &[&Judged], evidence: &Evidence, names: &Names<'_>) -> (Vec<Code>, u64) {
    let mut unknown: [BTreeMap<&str, u64>; 4] = Default::default();
    let sites: Vec<bool> = evidence
        .sites
        .iter()
        .map(|site| names.pack.reference.sites.iter().any(|group| *group.name == **site))
        .collect();
    let known_rules: std::collections::BTreeSet<&str> =
        names.pack.rules.iter().map(|rule| rule.id.as_str()).collect();
    let rules: Vec<bool> = evidence.rules.iter().map(|rule| known_rules.contains(&**rule)).collect();
    for judged in counted {
        if let Some(code) = judged.destination.as_deref()
            && countries::country(code).is_none()
            && !names.regions.knows(code)
        {
            *unknown[0].entry(code).or_default() += 1;
        }
        if let Some(code) = judged.mode.as_deref()
            && !names.modes.knows(code)
        {
            *unknown[1].entry(code).or_default() += 1;
        }
        for &site in judged.sites.iter().filter(|&&site| !sites[site as usize]) {
            *unknown[2].entry(&evidence.sites[site as usize]).or_default() += 1;
        }
        for &rule in judged.rules.iter().filter(|&&rule| !rules[rule as usize]) {
            *unknown[3].entry(&evidence.rules[rule as usize]).or_default() += 1;
        }
    }
    let in_all = unknown.iter().map(|codes| codes.len() as u64).sum();
    let mut listed = Vec::new();
    for (field, codes) in ["destination", "mode", "site", "rule"].into_iter().zip(unknown) {
        let mut codes: Vec<(&str, u64)> = codes.into_iter().collect();
        codes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let code = |(code, declarations): (&str, u64)| Code { field, code: code.to_owned(), declarations };
        listed.extend(codes.into_iter().take(CODES_SHOWN).map(code));
    }
    (listed, in_all)
}
