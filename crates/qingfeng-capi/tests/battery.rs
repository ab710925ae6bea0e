//! Through C come the answers that the crate and the command give.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchIterator, StringArray};
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::write::{Output, TableWriter};
use qingfeng_capi::{QINGFENG_BY_ITEM, QINGFENG_REASONS, QingfengStatus};
use qingfeng_testkit::battery::Battery;
use serde_json::Value;

use crate::support::{Engine, built, root};

/// What the command writes to standard output.
pub fn command(arguments: &[&str]) -> (Option<i32>, String) {
    let path = built().join(format!("qingfeng{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is not built: cargo build --workspace --bin qingfeng", path.display());
    let output = Command::new(path).args(arguments).current_dir(root()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// JSON without what only indents it.
pub fn compact(json: &str) -> String {
    let (mut out, mut within, mut escaped) = (String::new(), false, false);
    for letter in json.chars() {
        if within {
            within = letter != '"' || escaped;
            escaped = letter == '\\' && !escaped;
        } else if letter.is_ascii_whitespace() {
            continue;
        } else {
            within = letter == '"';
        }
        out.push(letter);
    }
    out
}

/// The goods lines of an input as a table of the pack's fields.
fn table(pack: &Path, input: Input) -> RecordBatch {
    let engine = qingfeng::Engine::open(pack).unwrap();
    let mut reader =
        Reader::new(Arc::clone(&engine.pack().schema), vec![input], ReadOptions::default()).unwrap();
    let chunk = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none() && chunk.rejects.is_empty());
    chunk.lines.batch().clone()
}

/// Tables as the command writes them.
fn written(tables: &[RecordBatch]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.ndjson");
    let mut writer = TableWriter::create(&Output::Path(path.clone()), tables[0].schema()).unwrap();
    tables.iter().for_each(|rows| writer.write(rows).unwrap());
    writer.finish().unwrap();
    std::fs::read_to_string(path).unwrap()
}

/// Messages, tables, and streams that cut declarations; and packs that are refused, with mistakes of each kind.
#[test]
fn c_gives_the_answers_of_the_battery() {
    let directory = tempfile::tempdir().unwrap();
    let battery = Battery::write(&root(), directory.path()).unwrap_or_else(|problem| panic!("{problem}"));
    for case in &battery.cases {
        let (engine, opened) = match Engine::open(&case.pack) {
            Ok(opened) => opened,
            Err((status, problem)) => {
                assert!(case.refused && status == QingfengStatus::BadPack, "{}: {problem}", case.name);
                let problem: Value = serde_json::from_str(&problem).unwrap();
                let mistakes: Value = serde_json::from_str(&battery.text(case, "mistakes.json")).unwrap();
                assert_eq!(problem["diagnostics"], mistakes, "{}", case.name);
                assert_eq!(problem["status"], "bad_pack");
                continue;
            }
        };
        assert!(!case.refused, "{}", case.name);
        let opened: Value = serde_json::from_str(&opened).unwrap();
        assert_eq!(engine.pack_id().unwrap(), opened["pack"].as_str().unwrap());
        let texts = ["declarations", "assessments", "explanations"];
        let [messages, assessments, explanations] =
            texts.map(|name| battery.text(case, &format!("{name}.ndjson")));
        for (message, assessment) in messages.lines().zip(assessments.lines()) {
            assert_eq!(engine.assess(message).unwrap(), assessment, "{}", case.name);
        }
        for (message, explanation) in messages.lines().zip(explanations.lines()) {
            assert_eq!(engine.explain(message).unwrap(), explanation, "{}", case.name);
        }
        let lines = battery.lines(case).unwrap();
        for (by, flags) in [("declaration", 0), ("item", QINGFENG_BY_ITEM)] {
            let expected = battery.text(case, &format!("by-{by}.ndjson"));
            let flags = flags | QINGFENG_REASONS;
            let (rows, _) = engine.assess_batch(lines.clone(), flags).unwrap();
            assert_eq!(written(&[rows]), expected, "{}", case.name);
            let parts: Vec<_> = (0..lines.num_rows())
                .step_by(2)
                .map(|from| Ok(lines.slice(from, 2.min(lines.num_rows() - from))))
                .collect();
            let (rows, _) = engine.score(RecordBatchIterator::new(parts, lines.schema()), flags, 1).unwrap();
            assert_eq!(written(&rows), expected, "{}", case.name);
        }
    }
}

/// The stream says which columns it has, and that is all.
#[test]
fn a_stream_without_tables_has_no_declarations() {
    let pack = root().join("rules/clean-wind");
    let (engine, _) = Engine::open(&pack).unwrap();
    let lines = table(&pack, Input::Path(root().join("docs/examples/declarations.csv")));
    let (rows, reports) = engine.score(RecordBatchIterator::new([], lines.schema()), 0, 1).unwrap();
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    let last: Value = serde_json::from_str(reports.last().unwrap()).unwrap();
    assert_eq!(last["summary"]["lines_read"], 0);
}

/// As one table and as a stream that cuts declarations: the bytes of the command.
#[test]
fn tables_and_streams_give_the_bytes_of_the_command() {
    let pack = root().join("rules/clean-wind");
    let file = "docs/examples/declarations.csv";
    let (engine, _) = Engine::open(&pack).unwrap();
    let lines = table(&pack, Input::Path(root().join(file)));
    for (by, flags) in [("declaration", QINGFENG_REASONS), ("item", QINGFENG_REASONS | QINGFENG_BY_ITEM)] {
        let (code, expected) =
            command(&["score", file, "--rules", "rules/clean-wind", "--reasons", "--by", by]);
        assert_eq!(code, Some(0));
        assert!(expected.lines().count() >= 40);
        let (rows, report) = engine.assess_batch(lines.clone(), flags).unwrap();
        assert_eq!(written(&[rows]), expected);
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["scattered_declarations"], 0);
        for (size, threads) in [(1, 1), (7, 2), (1_000, 0)] {
            let parts: Vec<_> = (0..lines.num_rows())
                .step_by(size)
                .map(|from| Ok(lines.slice(from, size.min(lines.num_rows() - from))))
                .collect();
            let stream = RecordBatchIterator::new(parts, lines.schema());
            let (rows, reports) = engine.score(stream, flags, threads).unwrap();
            assert_eq!(written(&rows), expected, "{size} lines at a time, {threads} threads");
            let last: Value = serde_json::from_str(reports.last().unwrap()).unwrap();
            assert_eq!(last["summary"]["lines_assessed"], lines.num_rows());
        }
    }
}

#[test]
fn an_archive_is_opened_by_its_digest() {
    let pack = root().join("rules/clean-wind");
    let (of_directory, opened) = Engine::open(&pack).unwrap();
    let opened: Value = serde_json::from_str(&opened).unwrap();
    let digest = opened["digest"].as_str().unwrap();
    let tar = Command::new("tar").arg("-C").arg(&pack).args(["-cf", "-", "."]).output().unwrap().stdout;
    let (engine, _) = Engine::open_archive(&tar, digest).unwrap();
    assert_eq!(engine.pack_id(), of_directory.pack_id());
    let Err((status, problem)) = Engine::open_archive(&tar, "5d1f") else { panic!("another digest") };
    assert_eq!(status, QingfengStatus::OtherDigest);
    assert!(problem.contains(digest), "{problem}");
}

/// The header says that rows are released during the call: no result holds on to them, nor does the engine.
#[test]
fn rows_are_released_during_the_call() {
    let (engine, _) = Engine::open(&root().join("rules/clean-wind")).unwrap();
    let columns = [("declaration_id", "D1"), ("mode", "0110"), ("destination", "KE"), ("hs", "8711209000")];
    let columns = columns.map(|(name, value)| (name, StringArray::from(vec![value; 100])));
    let memory = columns.each_ref().map(|(_, column)| column.values().clone());
    let columns = columns.map(|(name, column)| (name, Arc::new(column) as ArrayRef));
    let (rows, _) =
        engine.assess_batch(RecordBatch::try_from_iter(columns).unwrap(), QINGFENG_REASONS).unwrap();
    assert_eq!(memory.map(|bytes| bytes.strong_count()), [1; 4]);
    assert_eq!(rows.num_rows(), 1);
}
