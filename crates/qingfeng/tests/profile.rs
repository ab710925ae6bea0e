//! `Engine::profile`: its counts are those of a scoring run and of explanations, whatever the threads.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::tools::profile::Profile;
use qingfeng::write::{Output, TableWriter};
use qingfeng::{Engine, Evaluation, Outputs, Pipeline};
use qingfeng_lab::Generator;

fn engine(pack: &str) -> Engine {
    Engine::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules").join(pack)).unwrap()
}

fn reader(engine: &Engine, path: &Path, batch_lines: usize) -> Reader {
    let options = ReadOptions { batch_lines, ..ReadOptions::default() };
    Reader::new(engine.pack().schema.clone(), vec![Input::Path(path.into())], options).unwrap()
}

fn trade(directory: &Path, lines: u64) -> PathBuf {
    let path = directory.join("trade.csv");
    let mut writer = None;
    for batch in Generator::new(11, lines) {
        let table = batch.declarations;
        let writer = writer
            .get_or_insert_with(|| TableWriter::create(&Output::Path(path.clone()), table.schema()).unwrap());
        writer.write(&table).unwrap();
    }
    writer.unwrap().finish().unwrap();
    path
}

/// Candidates, visits, fires and faults by rule.
fn counts(profile: &Profile) -> BTreeMap<String, [u64; 4]> {
    let of = |rule: &qingfeng::tools::profile::RuleProfile| {
        [rule.candidates, rule.visits, rule.fired, rule.faults]
    };
    profile.rules.iter().map(|rule| (rule.rule.clone(), of(rule))).collect()
}

#[test]
fn fires_and_faults_are_those_of_a_scoring_run() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 6_000);
    let engine = engine("clean-wind");
    let outputs = Outputs { assessments: &mut |_| Ok(()), rejects: &mut |_| Ok(()), progress: &mut |_| {} };
    let summary = engine.score(reader(&engine, &path, 8192)).run(outputs).unwrap();
    for evaluation in [Evaluation::Compiled, Evaluation::Interpreted] {
        let engine = engine.clone().with_evaluation(evaluation);
        let profile =
            engine.profile(reader(&engine, &path, 1_000), &Pipeline::new().threads(1), &mut |_| {}).unwrap();
        assert_eq!(profile.lines, summary.lines_assessed);
        assert_eq!(profile.rules.len(), summary.rules.len());
        for (rule, (id, count)) in profile.rules.iter().zip(&summary.rules) {
            assert_eq!((&rule.rule, rule.fired, rule.faults), (id, count.fired, count.faults));
            assert!(rule.fired + rule.faults <= rule.visits && rule.visits <= rule.candidates, "{rule:?}");
            assert!(
                rule.condition_seconds >= 0.0 && rule.points_seconds >= 0.0 && rule.reason_seconds >= 0.0
            );
        }
        let shares: f64 = profile.rules.iter().map(|rule| rule.share).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{shares}");
        assert!(profile.rules_seconds > 0.0 && profile.evaluation_seconds > 0.0);
        if evaluation == Evaluation::Interpreted {
            assert!(profile.rules.iter().all(|rule| rule.witness.is_none()));
        } else {
            let visits: u64 = profile.rules.iter().map(|rule| rule.visits).sum();
            let candidates: u64 = profile.rules.iter().map(|rule| rule.candidates).sum();
            assert!(visits * 3 < candidates, "witnesses spare most visits: {visits} of {candidates}");
        }
    }
}

/// An explanation has the rules whose key fits; the interpreter evaluates those that are in force.
#[test]
fn candidates_are_those_of_explanations() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 300);
    let engine = engine("clean-wind");
    let mut expected: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for chunk in reader(&engine, &path, 8192) {
        let chunk = chunk.unwrap();
        for declaration in 0..chunk.lines.declaration_count() {
            let explained = engine.explain_lines(&chunk.lines, declaration);
            for rule in explained.items.iter().flat_map(|item| &item.rules) {
                let [candidates, in_force] = expected.entry(rule.id.clone()).or_default();
                *candidates += 1;
                *in_force += u64::from(rule.in_force);
            }
        }
    }
    assert!(!expected.is_empty());
    let interpreted = engine.with_evaluation(Evaluation::Interpreted);
    let options = Pipeline::new().threads(1);
    let profile = interpreted.profile(reader(&interpreted, &path, 8192), &options, &mut |_| {}).unwrap();
    for (rule, [candidates, visits, ..]) in counts(&profile) {
        assert_eq!([candidates, visits], expected.get(&rule).copied().unwrap_or_default(), "{rule}");
    }
}

#[test]
fn counts_do_not_depend_on_threads() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 8_000);
    let of = |threads| {
        // A new engine each time: what the first lines show is remembered.
        let engine = engine("clean-wind");
        let options = Pipeline::from(Some(threads));
        counts(&engine.profile(reader(&engine, &path, 700), &options, &mut |_| {}).unwrap())
    };
    let first = of(1);
    assert!(first.values().any(|[_, visits, ..]| *visits > 0));
    for threads in [2, 5] {
        assert_eq!(of(threads), first, "{threads} threads");
    }
}
