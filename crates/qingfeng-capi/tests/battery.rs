//! Through C come the answers that the crate and the command give.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchIterator, StringArray};
use qingfeng::Assessment;
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::write::{Output, TableWriter};
use qingfeng_capi::{QINGFENG_BY_ITEM, QINGFENG_REASONS, QingfengStatus};
use qingfeng_testkit::corpus::{Assess, Corpus, Outcome, found_in_rows};
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

/// The mistakes of a problem, as `check --format plain` writes them.
fn lines(diagnostics: &Value) -> Vec<String> {
    let line = |item: &Value| {
        let of = |key: &str| item[key].as_str().unwrap().to_owned();
        let mut line = String::new();
        if let Some(label) = item["labels"].get(0) {
            let file = label["file"].as_str().unwrap();
            line = format!("{file}:{}:{}: ", label["start_line"], label["start_column"]);
        }
        line += &format!("{}[{}]: {}", of("severity"), of("code"), of("title"));
        item["help"].as_str().map_or(line.clone(), |help| format!("{line}; {help}"))
    };
    diagnostics.as_array().unwrap().iter().map(line).collect()
}

/// Opens a pack, or gives the outcome of one that is refused.
fn open(pack: &Path) -> Result<(Engine, Vec<String>), Outcome> {
    match Engine::open(pack) {
        Ok((engine, opened)) => {
            let opened: Value = serde_json::from_str(&opened).unwrap();
            assert_eq!(engine.pack_id().unwrap(), opened["pack"].as_str().unwrap());
            Ok((engine, lines(&opened["diagnostics"])))
        }
        Err((status, problem)) => {
            assert_eq!(status, QingfengStatus::BadPack);
            let problem: Value = serde_json::from_str(&problem).unwrap();
            Err(Outcome::Refused(lines(&problem["diagnostics"])))
        }
    }
}

/// `qingfeng_assess`, a declaration at a time; and `qingfeng_explain` says the same.
struct Messages;

impl Assess for Messages {
    fn assess(&mut self, pack: &Path, declarations: &[Value]) -> Result<Outcome, String> {
        let (engine, warnings) = match open(pack) {
            Ok(opened) => opened,
            Err(refused) => return Ok(refused),
        };
        let crate_engine = qingfeng::Engine::open(pack).map_err(|error| error.to_string())?;
        let assess = |declaration: &Value| {
            let message = declaration.to_string();
            let json = engine.assess(&message).map_err(|(_, problem)| problem)?;
            let of_crate = crate_engine.assess_json(message.as_bytes()).map_err(|error| error.to_string())?;
            assert_eq!(json, serde_json::to_string(&of_crate).unwrap());
            let explained = engine.explain(&message).map_err(|(_, problem)| problem)?;
            let of_crate =
                crate_engine.explain_json(message.as_bytes()).map_err(|error| error.to_string())?;
            assert_eq!(explained, serde_json::to_string(&of_crate).unwrap());
            Ok(serde_json::from_str::<Assessment>(&json).unwrap().into())
        };
        let declarations = declarations.iter().map(assess).collect::<Result<_, String>>()?;
        Ok(Outcome::Assessed { warnings: Some(warnings), declarations })
    }
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

/// `qingfeng_assess_batch`, all declarations of a case as one table.
struct Tables;

impl Assess for Tables {
    fn assess(&mut self, pack: &Path, declarations: &[Value]) -> Result<Outcome, String> {
        let (engine, warnings) = match open(pack) {
            Ok(opened) => opened,
            Err(refused) => return Ok(refused),
        };
        let mut text = String::new();
        declarations.iter().for_each(|declaration| writeln!(text, "{declaration}").unwrap());
        let lines = table(pack, Input::bytes("case.ndjson", text));
        let rows = |flags: u32| -> Result<Vec<Value>, String> {
            let (rows, _) = engine.assess_batch(lines.clone(), flags).map_err(|(_, problem)| problem)?;
            Ok(written(&[rows]).lines().map(|line| serde_json::from_str(line).unwrap()).collect())
        };
        let declarations =
            found_in_rows(&rows(QINGFENG_REASONS)?, &rows(QINGFENG_REASONS | QINGFENG_BY_ITEM)?)?;
        Ok(Outcome::Assessed { warnings: Some(warnings), declarations })
    }
}

fn assert_all_pass(engine: &mut dyn Assess) {
    let corpus = Corpus::read(&root().join("testdata")).unwrap_or_else(|problems| panic!("{problems}"));
    let failed = corpus.run(engine);
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn messages_give_the_answers_of_the_corpus() {
    assert_all_pass(&mut Messages);
}

#[test]
fn tables_give_the_answers_of_the_corpus() {
    assert_all_pass(&mut Tables);
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

/// A pack with mistakes of each kind that files can have: what the problem lists is what the command lists.
#[test]
fn mistakes_are_those_of_the_command() {
    struct Compared(usize);
    impl Assess for Compared {
        fn assess(&mut self, pack: &Path, _: &[Value]) -> Result<Outcome, String> {
            let Err((status, problem)) = Engine::open(pack) else { return Err("not refused".into()) };
            assert_eq!(status, QingfengStatus::BadPack);
            let (code, checked) = command(&["check", "--format", "json", pack.to_str().unwrap()]);
            assert_eq!(code, Some(1));
            let checked: Value = serde_json::from_str(&checked).unwrap();
            let problem: Value = serde_json::from_str(&problem).unwrap();
            assert_eq!(problem["diagnostics"], checked["diagnostics"]);
            assert_eq!(problem["status"], "bad_pack");
            self.0 += 1;
            Err("compared".into())
        }
    }
    let corpus = Corpus::read(&root().join("testdata")).unwrap_or_else(|problems| panic!("{problems}"));
    let mut compared = Compared(0);
    for (_, case) in corpus.cases().filter(|(_, case)| !case.errors.is_empty()) {
        let _ = qingfeng_testkit::corpus::outcome(case, corpus.base_pack(), &mut compared);
    }
    assert!(compared.0 >= 40, "{}", compared.0);
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
