//! The results of tests as data. docs/testing.md says what each key holds.

use qingfeng::rules::Pack;
use qingfeng::tools::rule_tests::Coverage;
use serde::Serialize;

use super::Run;
use crate::record::{is_none, record};

pub fn report<'r>(run: &'r Run, pack: &'r Pack) -> impl Serialize + use<'r> {
    let results = &run.report.results;
    let tests = results.iter().map(|result| {
        record!({
            passed: result.passed(),
            #[serde(flatten)]
            result: result,
        })
    });
    let expectations = run.backtests.as_ref().map(|backtests| {
        let each = backtests.iter().map(|backtest| {
            record!({
                passed: backtest.passed(),
                #[serde(flatten)]
                backtest: backtest,
            })
        });
        each.collect::<Vec<_>>()
    });
    let mutations = run.mutations.as_ref().map(|report| {
        record!({
            percent: report.percent(),
            #[serde(flatten)]
            report: report,
        })
    });
    // With its keys in the order of the alphabet.
    let mistakes = serde_json::to_value(run.checked.diagnostics.data()).unwrap_or_default();
    record!({
        pack: format!("{}@{}", pack.name, pack.version),
        passed: results.len() - run.report.failed(),
        failed: run.report.failed(),
        seconds: run.report.seconds,
        tests: tests.collect::<Vec<_>>(),
        mistakes: mistakes,
        #[serde(skip_serializing_if = "is_none")]
        expectations: expectations,
        #[serde(skip_serializing_if = "is_none")]
        coverage: run.coverage.as_ref().map(|coverage| covered(coverage, pack)),
        #[serde(skip_serializing_if = "is_none")]
        mutations: mutations,
    })
}

fn covered<'r>(coverage: &'r Coverage, pack: &'r Pack) -> impl Serialize + use<'r> {
    let rules = coverage.rules.iter().map(|rule| {
        let parts =
            rule.parts.iter().map(|part| record!({ text: &part.text, held: part.held, failed: part.failed }));
        record!({
            rule: &rule.id,
            file: &*rule.place.file,
            line: pack.warnings.sources.line_and_column(&rule.place).0,
            fired: rule.fired,
            silent: rule.silent,
            points: rule.points,
            parts: parts.collect::<Vec<_>>(),
        })
    });
    record!({ totals: coverage.totals(), rules: rules.collect::<Vec<_>>() })
}
