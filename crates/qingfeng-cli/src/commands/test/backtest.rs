//! What expect.toml expects of whole files.

use qingfeng::tools::rule_tests::Backtest;

use crate::numbers::{count, grouped};
use crate::table::{Cell, first_of, heads, table};
use crate::terminal::{BAD, BOLD, DIM, GOOD, WARNING, clean};

/// Lines that are named.
const SHOWN: usize = 10;

pub fn human(backtests: &[Backtest]) -> String {
    let mut out = format!("{BOLD}Expectations on files{BOLD:#}\n");
    if backtests.is_empty() {
        out += "  expect.toml has none that could be run\n\n";
        return out;
    }
    let mut rows = vec![heads(&["", "rule", "file", "expected", "fired", ""], &[0, 1, 2, 3, 4, 5])];
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
        say(format!("does not fire on {}", first_of(&backtest.missed, SHOWN, backtest.missed.len())));
    }
    if backtest.unexpected_count > 0 {
        let lines = first_of(&backtest.unexpected, SHOWN, backtest.unexpected_count as usize);
        say(format!("fires on lines that are not named: {lines}"));
    }
    if backtest.rejected > 0 {
        let lines = count(backtest.rejected, "line");
        say(format!("{WARNING}{lines} could not be read whole{WARNING:#}; `qingfeng score` shows why"));
    }
    out
}
