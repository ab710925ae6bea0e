//! Changes of rules that no test notices.

use qingfeng::testing::{MutationReport, Survivor};

use crate::terminal::{BAD, BOLD, DIM, ERROR, GOOD, clean, count, grouped, styled};

/// Characters of a replaced text that are shown.
const SHOWN: usize = 60;
/// Rules that are named before the others are only counted.
const NAMED: usize = 3;

pub fn human(report: &MutationReport, least: Option<u8>) -> String {
    let mut out = format!("{BOLD}Changes that no test notices{BOLD:#}\n");
    let mut file = "";
    for survivor in &report.survivors {
        if file != &*survivor.file {
            file = &survivor.file;
            out += &format!("  {}\n", clean(file));
        }
        out += &line(survivor);
    }
    let percent = report.percent();
    let style = if least.is_some_and(|least| percent < f64::from(least)) { ERROR } else { GOOD };
    let noticed = format!("{} of {} noticed", grouped(report.noticed), count(report.tried, "change"));
    out += &format!("  {}, {:.0} %", styled(style, &noticed), percent.floor());
    if report.tried + report.invalid < report.possible {
        out += &format!(" {DIM}(of {} possible){DIM:#}", grouped(report.possible));
    }
    out += &format!("; {} not valid\n", were(report.invalid));
    if let Some(least) = least {
        let met = if percent < f64::from(least) { "is missed" } else { "is met" };
        out += &format!("  the least of {least} % {met}\n");
    }
    out += &format!("Took {:.1} s\n\n", report.seconds);
    out
}

fn were(number: u64) -> String {
    format!("{} more {}", grouped(number), if number == 1 { "was" } else { "were" })
}

fn line(survivor: &Survivor) -> String {
    let names: Vec<_> = survivor.rules.iter().take(NAMED).map(|id| clean(id).into_owned()).collect();
    let more = survivor.rules.len() - names.len();
    let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
    let untested = if survivor.untested { "  (no test has a line for it)" } else { "" };
    let replacement = if survivor.replacement.is_empty() { "left out".to_owned() } else { shown(&survivor.replacement) };
    format!(
        "    {DIM}{:>4}:{:<3}{DIM:#} {} {DIM}→{DIM:#} {}  {DIM}{}{more}{untested}{DIM:#}\n",
        survivor.line,
        survivor.column,
        shown(&survivor.original),
        styled(BAD, &replacement),
        names.join(", "),
    )
}

/// A piece of source on one line.
fn shown(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = match one_line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    };
    clean(&short).into_owned()
}
