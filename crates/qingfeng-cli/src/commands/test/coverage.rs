//! What no test shows.

use qingfeng::rules::Pack;
use qingfeng::tools::rule_tests::{Coverage, RuleCoverage};

use crate::numbers::{count, grouped};
use crate::table::{Cell, table};
use crate::terminal::{BOLD, DIM, clean};

/// Rules of one place that are named before the others are only counted.
const NAMED: usize = 3;

pub fn human(coverage: &Coverage, pack: &Pack) -> String {
    let totals = coverage.totals();
    let row = |what: &str, covered: usize, all: usize| {
        vec![
            Cell::new(what),
            Cell::new(grouped(covered as u64)).right(),
            Cell::new(format!("of {}", grouped(all as u64))),
            Cell::new(format!("{} %", (covered * 100).checked_div(all).unwrap_or(100))).style(DIM).right(),
        ]
    };
    let mut out = format!("{BOLD}Coverage{BOLD:#}\n");
    out += &table(
        "  ",
        &[
            row("rules that fire in a test", totals.fired, totals.rules),
            row("rules that a test keeps silent", totals.silent, totals.rules),
            row("rules whose points a test expects", totals.points_covered, totals.points),
            row("parts of conditions that held and failed", totals.parts_covered, totals.parts),
        ],
    );
    out.push('\n');
    // Rules of a loop stand in one place, and mostly lack the same.
    let mut groups: Vec<(String, Vec<String>, Vec<&RuleCoverage>)> = Vec::new();
    for rule in coverage.rules.iter().filter(|rule| !rule.is_complete()) {
        let (line, _) = pack.warnings.sources.line_and_column(&rule.place);
        let place = format!("{}:{line}", rule.place.file);
        let missing = missing(rule);
        match groups.iter_mut().find(|(known, lacks, _)| *known == place && *lacks == missing) {
            Some((_, _, rules)) => rules.push(rule),
            None => groups.push((place, missing, vec![rule])),
        }
    }
    if !groups.is_empty() {
        out += &format!("{BOLD}What no test shows{BOLD:#}\n");
    }
    for (place, missing, rules) in &groups {
        let names: Vec<_> = rules.iter().take(NAMED).map(|rule| clean(&rule.id).into_owned()).collect();
        let more = rules.len() - names.len();
        let more = if more > 0 {
            format!(" and {} of its loop", count(more as u64, "more rule"))
        } else {
            String::new()
        };
        out += &format!("  {BOLD}{}{BOLD:#}{more}  {DIM}{}{DIM:#}\n", names.join(", "), clean(place));
        for what in missing {
            out += &format!("    {}\n", clean(what));
        }
    }
    if !groups.is_empty() {
        out.push('\n');
    }
    out
}

/// What is missing of a rule, in words.
fn missing(rule: &RuleCoverage) -> Vec<String> {
    let mut missing = Vec::new();
    match (rule.fired, rule.silent) {
        (false, false) => missing.push("no test has a line for it".to_owned()),
        (false, true) => missing.push("never fires".to_owned()),
        (true, false) if rule.parts.is_empty() => missing.push("no test says that it is silent".to_owned()),
        (true, false) => missing.push("is never silent where its key fits".to_owned()),
        (true, true) => {}
    }
    if rule.points == Some(false) && rule.fired {
        missing.push("fires, but no test expects its points or a score".to_owned());
    }
    // Where the rule is not tested at all, its parts say nothing more.
    if rule.fired || rule.silent {
        for part in &rule.parts {
            match (part.held, part.failed) {
                (true, true) => {}
                (true, false) => missing.push(format!("`{}` never fails", part.text)),
                (false, true) => missing.push(format!("`{}` never holds", part.text)),
                (false, false) => missing.push(format!("`{}` is never looked at", part.text)),
            }
        }
    }
    missing
}
