//! What expect.toml expects of whole files.

use qingfeng::tools::rule_tests::Backtest;

use crate::numbers::{count, grouped};
use crate::table::{Cell, table};
use crate::terminal::{BAD, BOLD, DIM, GOOD, WARNING, clean};

pub fn human(backtests: &[Backtest]) -> String {
    let mut out = format!("{BOLD}Expectations on files{BOLD:#}\n");
    if backtests.is_empty() {
        out += "  expect.toml has none that could be run\n\n";
        return out;
    }
    let head = |text: &str| Cell::new(text).style(DIM);
    let mut rows =
        vec![vec![head(""), head("rule"), head("file"), head("expected"), head("fired"), head("")]];
    for backtest in backtests {
        let (mark, style) = if backtest.passed() { ("✓", GOOD) } else { ("✗", BAD) };
        let expected = match backtest.bound {
            Some(bound) => bound.to_string(),
            None => "the named lines".to_owned(),
        };
        rows.push(vec![
            Cell::new(mark).style(style),
            Cell::new(&backtest.rule).style(BOLD),
            Cell::new(&backtest.file),
            Cell::new(expected),
            Cell::new(grouped(backtest.fired)).right(),
            Cell::new(format!("of {}", count(backtest.lines, "line"))).style(DIM),
        ]);
    }
    out += &table("  ", &rows);
    for backtest in backtests {
        out += &details(backtest);
    }
    out.push('\n');
    out
}

fn details(backtest: &Backtest) -> String {
    let mut out = String::new();
    let mut say = |text: String| {
        out += &format!(
            "  {} on {}: {text} {DIM}(expect.toml:{}){DIM:#}\n",
            clean(&backtest.rule),
            clean(&backtest.file),
            backtest.line
        );
    };
    if !backtest.missed.is_empty() {
        say(format!("does not fire on {}", listed(&backtest.missed, backtest.missed.len() as u64)));
    }
    if backtest.unexpected_count > 0 {
        let lines = listed(&backtest.unexpected, backtest.unexpected_count);
        say(format!("fires on lines that are not named: {lines}"));
    }
    if backtest.rejected > 0 {
        let lines = count(backtest.rejected, "line");
        say(format!("{WARNING}{lines} could not be read{WARNING:#}; `qingfeng score` shows why"));
    }
    out
}

/// The first of some names, and how many more there are.
fn listed(names: &[String], all: u64) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| clean(name).into_owned()).collect();
    let more = all.saturating_sub(shown.len() as u64);
    if more == 0 { shown.join(", ") } else { format!("{} and {} more", shown.join(", "), grouped(more)) }
}
