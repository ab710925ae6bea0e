//! The results of tests as JUnit XML: a suite for each file. What build servers read is little, so it is written here.

use std::fmt::Write as _;

use qingfeng::rules::{Pack, Severity};
use qingfeng::tools::rule_tests::{Backtest, TestResult};

use super::Run;
use crate::terminal::clean_but;

struct Case {
    name: String,
    /// The message of the failure, and the text in it; with `error` it is no failure but a mistake.
    failure: Option<(&'static str, String, String)>,
}

pub fn xml(run: &Run, pack: &Pack) -> String {
    let mut suites: Vec<(String, Vec<Case>)> = Vec::new();
    let mut add = |suite: &str, case: Case| match suites.iter_mut().find(|(name, _)| name == suite) {
        Some((_, cases)) => cases.push(case),
        None => suites.push((suite.to_owned(), vec![case])),
    };
    for result in &run.report.results {
        add(&result.file, of_test(result));
    }
    let diagnostics = &run.checked.diagnostics;
    for item in diagnostics.items.iter().filter(|item| item.severity() == Severity::Error) {
        let file = item.labels.first().map_or("tests", |label| &*label.place.file);
        let line = diagnostics.line(item);
        add(file, Case { name: item.title.clone(), failure: Some(("error", item.title.clone(), line)) });
    }
    for backtest in run.backtests.iter().flatten() {
        add("expect.toml", of_backtest(backtest));
    }
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"{}\" {} time=\"{:.3}\">",
        escaped(&pack.name),
        counts(all()),
        run.report.seconds
    );
    for (name, cases) in &suites {
        let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", escaped(name), counts(cases.iter()));
        for case in cases {
            let (class, name) = (escaped(name), escaped(&case.name));
            match &case.failure {
                None => {
                    let _ = writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\"/>");
                }
                Some((kind, message, text)) => {
                    let _ = writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\">");
                    let _ = writeln!(
                        out,
                        "      <{kind} message=\"{}\">{}</{kind}>",
                        escaped(message),
                        escaped(text)
                    );
                    out.push_str("    </testcase>\n");
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts<'c>(cases: impl Iterator<Item = &'c Case>) -> String {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for case in cases {
        tests += 1;
        match case.failure {
            Some(("error", ..)) => errors += 1,
            Some(_) => failures += 1,
            None => {}
        }
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"")
}

fn of_test(result: &TestResult) -> Case {
    let name = result.name.clone();
    if result.passed() {
        return Case { name, failure: None };
    }
    let mut text = format!("{}:{}:{}\n", result.file, result.line, result.column);
    let mut told = Vec::new();
    for mismatch in &result.mismatches {
        let line = mismatch.item.map_or(String::new(), |item| format!("line {item}: "));
        let what = mismatch.rule.as_deref().unwrap_or(mismatch.what);
        told.push(format!("{line}{what}: expected {}, got {}", mismatch.expected, mismatch.got));
    }
    if let Some(difference) = &result.evaluators_differ {
        told.push("the compiled rules differ from the interpreter".to_owned());
        text += difference;
    }
    text += &told.join("\n");
    for trace in &result.traces {
        let _ = write!(text, "\n{}: {}", trace.rule, trace.sentence);
    }
    Case { name, failure: Some(("failure", told.join("; "), text)) }
}

fn of_backtest(backtest: &Backtest) -> Case {
    let bound = backtest.bound.map_or("named lines".to_owned(), |bound| bound.to_string());
    let name = format!("{} on {}: {bound}", backtest.rule, backtest.file);
    if backtest.passed() {
        return Case { name, failure: None };
    }
    let mut message = format!("expected {bound}, fired on {}", backtest.fired);
    if !backtest.missed.is_empty() {
        message += &format!("; not on {}", backtest.missed.join(", "));
    }
    if backtest.unexpected_count > 0 {
        message += &format!("; not named: {}", backtest.unexpected.join(", "));
    }
    Case { name, failure: Some(("failure", message.clone(), message)) }
}

/// A text in XML. What XML cannot hold is replaced, and what a terminal could obey with it.
fn escaped(text: &str) -> String {
    let text = clean_but(text, &['\n']).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
