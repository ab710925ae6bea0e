//! The results of tests as data. docs/testing.md says what each key holds.

use qingfeng::rules::Pack;
use qingfeng::tools::rule_tests::{Backtest, Coverage, CoverageTotals, MutationReport, TestResult};
use serde::Serialize;

use super::Run;
use crate::exit::Failure;

#[derive(Serialize)]
pub struct Report<'r> {
    pack: String,
    passed: usize,
    failed: usize,
    seconds: f64,
    tests: Vec<Test<'r>>,
    mistakes: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    expectations: Option<Vec<Expectation<'r>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Covered<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutations: Option<Mutated<'r>>,
}

#[derive(Serialize)]
struct Test<'r> {
    passed: bool,
    #[serde(flatten)]
    result: &'r TestResult,
}

#[derive(Serialize)]
struct Expectation<'r> {
    passed: bool,
    #[serde(flatten)]
    backtest: &'r Backtest,
}

#[derive(Serialize)]
struct Mutated<'r> {
    percent: f64,
    #[serde(flatten)]
    report: &'r MutationReport,
}

#[derive(Serialize)]
struct Covered<'r> {
    totals: CoverageTotals,
    rules: Vec<Rule<'r>>,
}

#[derive(Serialize)]
struct Rule<'r> {
    rule: &'r str,
    file: &'r str,
    line: usize,
    fired: bool,
    silent: bool,
    points: Option<bool>,
    parts: Vec<Part<'r>>,
}

#[derive(Serialize)]
struct Part<'r> {
    text: &'r str,
    held: bool,
    failed: bool,
}

pub fn report<'r>(run: &'r Run, pack: &'r Pack) -> Result<Report<'r>, Failure> {
    let mistakes = serde_json::to_value(crate::report::Report::new(&run.checked))
        .map_err(|error| Failure::Files(error.to_string()))?;
    let results = &run.report.results;
    Ok(Report {
        pack: format!("{}@{}", pack.name, pack.version),
        passed: results.len() - run.report.failed(),
        failed: run.report.failed(),
        seconds: run.report.seconds,
        tests: results.iter().map(|result| Test { passed: result.passed(), result }).collect(),
        mistakes: mistakes.get("diagnostics").cloned().unwrap_or_default(),
        expectations: run.backtests.as_ref().map(|backtests| {
            backtests.iter().map(|backtest| Expectation { passed: backtest.passed(), backtest }).collect()
        }),
        coverage: run.coverage.as_ref().map(|coverage| covered(coverage, pack)),
        mutations: run.mutations.as_ref().map(|report| Mutated { percent: report.percent(), report }),
    })
}

fn covered<'r>(coverage: &'r Coverage, pack: &Pack) -> Covered<'r> {
    let rules = coverage.rules.iter().map(|rule| Rule {
        rule: &rule.id,
        file: &rule.place.file,
        line: pack.warnings.sources.line_and_column(&rule.place).0,
        fired: rule.fired,
        silent: rule.silent,
        points: rule.points,
        parts: rule
            .parts
            .iter()
            .map(|part| Part { text: &part.text, held: part.held, failed: part.failed })
            .collect(),
    });
    Covered { totals: coverage.totals(), rules: rules.collect() }
}
