//! Changes of rules that no test notices.

use std::collections::BTreeMap;

use qingfeng::tools::rule_tests::{MutationReport, Survivor};

use crate::numbers::{count, grouped};
use crate::table::first_of;
use crate::terminal::{BAD, BOLD, DIM, ERROR, GOOD, clean, shortened, styled};

/// Characters of a replaced text that are shown.
const SHOWN: usize = 60;
/// Rules that are named before the others are only counted.
const NAMED: usize = 3;

pub fn human(report: &MutationReport, least: Option<u8>) -> String {
    let mut out = format!("{BOLD}Changes that no test notices{BOLD:#}\n");
    let mut file = "";
    // Rules that no test looks at at all are named once.
    let mut untested: BTreeMap<&str, u64> = BTreeMap::new();
    for survivor in report.survivors.iter().filter(|survivor| survivor.untested) {
        survivor.rules.iter().for_each(|rule| *untested.entry(rule).or_default() += 1);
    }
    for survivor in report.survivors.iter().filter(|survivor| !survivor.untested) {
        if file != &*survivor.file {
            file = &survivor.file;
            out += &format!("  {}\n", clean(file));
        }
        out += &line(survivor);
    }
    if !untested.is_empty() {
        let rules: Vec<_> = untested.keys().map(|rule| clean(rule).into_owned()).collect();
        let all = report.survivors.iter().filter(|survivor| survivor.untested).count() as u64;
        out += &format!(
            "  {} of rules for which no test has a line: {}\n",
            count(all, "change"),
            rules.join(", ")
        );
    }
    let percent = report.percent();
    let style = if least.is_some_and(|least| percent < f64::from(least)) { ERROR } else { GOOD };
    let noticed = format!("{} of {} noticed", grouped(report.noticed), count(report.tried, "change"));
    out += &format!("  {}, {:.0} %", styled(style, &noticed), percent.floor());
    if report.tried + report.invalid < report.possible {
        out += &format!(" {DIM}(of {} possible){DIM:#}", grouped(report.possible));
    }
    if report.invalid > 0 {
        out += &format!("; {} gave no valid pack", count(report.invalid, "other"));
    }
    out.push('\n');
    if let Some(least) = least {
        let met = if percent < f64::from(least) { "is missed" } else { "is met" };
        out += &format!("  the least of {least} % {met}\n");
    }
    out += &format!("Took {:.1} s\n\n", report.seconds);
    out
}

fn line(survivor: &Survivor) -> String {
    let replacement =
        if survivor.replacement.is_empty() { "left out".to_owned() } else { shown(&survivor.replacement) };
    format!(
        "    {DIM}{:>4}:{:<3}{DIM:#} {} {DIM}→{DIM:#} {}  {DIM}{}{DIM:#}\n",
        survivor.line,
        survivor.column,
        shown(&survivor.original),
        styled(BAD, &replacement),
        first_of(&survivor.rules, NAMED, survivor.rules.len()),
    )
}

/// A piece of source on one line.
fn shown(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    clean(&shortened(&one_line, SHOWN)).into_owned()
}
