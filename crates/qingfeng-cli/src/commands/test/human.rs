//! The results of tests, for a risk officer to read.

use qingfeng::rules::Pack;
use qingfeng::tools::rule_tests::{TestResult, Trace};

use super::{Run, backtest, coverage, mutate};
use crate::condition;
use crate::numbers::{count, grouped};
use crate::table::{Cell, heads, table};
use crate::terminal::{BAD, BOLD, DIM, ERROR, GOOD, Verbosity, WARNING, clean, styled, verbosity};

/// Failures first, then what was asked for, then the verdict.
pub fn human(run: &Run, pack: &Pack) -> String {
    let mut out = String::new();
    for result in run.report.results.iter().filter(|result| !result.passed()) {
        out += &failure(result);
        out.push('\n');
    }
    if let Some(backtests) = &run.backtests {
        out += &backtest::human(backtests);
    }
    if let Some(coverage) = &run.coverage {
        out += &coverage::human(coverage, pack);
    }
    if let Some(mutations) = &run.mutations {
        out += &mutate::human(mutations, run.mutate_min);
    }
    out += &verdict(run);
    out
}

fn verdict(run: &Run) -> String {
    let (all, failed) = (run.report.results.len() as u64, run.report.failed() as u64);
    let directory = run.checked.directory.display().to_string();
    let directory = clean(&directory).into_owned();
    if failed == 0 && all > 0 && run.checked.diagnostics.errors() == 0 && verbosity() == Verbosity::Quiet {
        return String::new();
    }
    let mut out = if all == 0 && run.loaded > 0 {
        format!("{}: none of {} is meant\n", styled(WARNING, "No test"), count(run.loaded as u64, "test"))
    } else if all == 0 {
        format!(
            "{} in {directory}: write some in {directory}/tests, as docs/testing.md shows\n",
            styled(WARNING, "No test")
        )
    } else if failed > 0 {
        let told = format!("{} of {} failed", grouped(failed), count(all, "test"));
        format!("{}\n", styled(ERROR, &told))
    } else {
        format!("{}\n", styled(GOOD, &format!("{} passed", count(all, "test"))))
    };
    let mistakes = run.checked.diagnostics.errors() as u64;
    if mistakes > 0 {
        let told = format!("{} in the files of tests", count(mistakes, "mistake"));
        out += &format!("{}\n", styled(ERROR, &told));
    }
    out += &format!("Took {:.1} s\n", run.report.seconds);
    out
}

fn failure(result: &TestResult) -> String {
    let mut out = format!(
        "{} {BOLD}{}{BOLD:#}\n  {DIM}{}:{}:{}{DIM:#}\n",
        styled(ERROR, "FAILED"),
        clean(&result.name),
        clean(&result.file),
        result.line,
        result.column
    );
    if !result.mismatches.is_empty() {
        let several = result.lines > 1;
        let mut rows = vec![heads(&["", "expected", "got"], &[0, 1, 2])];
        for mismatch in &result.mismatches {
            let what = mismatch.rule.as_deref().unwrap_or(mismatch.what);
            let line = match mismatch.item {
                Some(item) if several => format!("line {item}: "),
                _ => String::new(),
            };
            rows.push(vec![
                Cell::new(format!("{line}{what}")).style(BOLD),
                Cell::new(&mismatch.expected),
                Cell::new(&mismatch.got).style(BAD),
            ]);
        }
        out += &table("  ", &rows);
    }
    for trace in &result.traces {
        out += &traced(trace, result.lines > 1);
    }
    if let Some(difference) = &result.evaluators_differ {
        let told =
            "The compiled rules differ from the interpreter. This is a fault of qingfeng, not of the rules.";
        out += &format!("  {}\n", styled(ERROR, told));
        for line in difference.lines() {
            out += &format!("  {}\n", clean(line));
        }
    }
    out
}

/// What became of a rule, and which part decided.
fn traced(trace: &Trace, several: bool) -> String {
    let line = if several { format!("  {DIM}on line {}{DIM:#}", trace.item) } else { String::new() };
    let mut out = format!("\n  {BOLD}{}{BOLD:#}  {}{line}\n", clean(&trace.rule), clean(&trace.title));
    out += &format!("    {}\n", clean(&trace.sentence));
    for field in &trace.computed {
        let of: Vec<String> = field
            .from
            .iter()
            .map(|value| format!("{} {}", clean(&value.source), clean(&value.value)))
            .collect();
        let from = if of.is_empty() { String::new() } else { format!(", from {}", of.join(", ")) };
        out +=
            &format!("    {DIM}{} is computed: {}{from}{DIM:#}\n", clean(&field.name), clean(&field.value));
    }
    if let Some(part) = trace.condition.as_ref().filter(|part| !part.parts.is_empty()) {
        out += &condition::all(part);
    }
    out
}
