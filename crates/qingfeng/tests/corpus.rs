//! The corpus of `testdata/` through the library: one declaration at a time, and as a file through the streaming job.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fmt::Write as _;
use std::path::Path;

use qingfeng::read::{Format, Input, ReadOptions};
use qingfeng::rules::{Diagnostics, Severity};
use qingfeng::write::{Output, TableWriter};
use qingfeng::{By, Engine, Outputs};
use qingfeng_testkit::corpus::{
    Assess, Corpus, FoundDeclaration, Outcome, differences, found_in_rows, outcome,
};
use serde_json::Value;

fn corpus() -> Corpus {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    Corpus::read(directory.as_ref()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn lines(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.items.iter().map(|item| diagnostics.line(item)).collect()
}

/// Opens a pack, or gives the outcome of one that is refused.
fn open(pack: &Path) -> Result<(Engine, Vec<String>), Outcome> {
    let checked = Engine::check(pack);
    match (checked.diagnostics, checked.opened) {
        (warnings, Some(engine)) => {
            assert!(warnings.items.iter().all(|item| item.severity() == Severity::Warning));
            Ok((engine, lines(&warnings)))
        }
        (mistakes, None) => {
            assert!(mistakes.errors() > 0, "a pack is refused for an error");
            Err(Outcome::Refused(lines(&mistakes)))
        }
    }
}

/// `Engine::assess`, a declaration at a time.
struct OneByOne;

impl Assess for OneByOne {
    fn assess(&mut self, pack: &Path, declarations: &[Value]) -> Result<Outcome, String> {
        let (engine, warnings) = match open(pack) {
            Ok(opened) => opened,
            Err(refused) => return Ok(refused),
        };
        let assess = |declaration: &Value| {
            let message = declaration.to_string();
            engine
                .assess_json(message.as_bytes())
                .map(FoundDeclaration::from)
                .map_err(|error| error.to_string())
        };
        let declarations = declarations.iter().map(assess).collect::<Result<_, _>>()?;
        Ok(Outcome::Assessed { warnings: Some(warnings), declarations })
    }
}

/// The streaming job over an NDJSON file, by declaration and by item, on two threads and in small batches.
struct Job;

impl Assess for Job {
    fn assess(&mut self, pack: &Path, declarations: &[Value]) -> Result<Outcome, String> {
        let (engine, warnings) = match open(pack) {
            Ok(opened) => opened,
            Err(refused) => return Ok(refused),
        };
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let input = directory.path().join("declarations.ndjson");
        let mut text = String::new();
        declarations.iter().for_each(|declaration| writeln!(text, "{declaration}").unwrap());
        std::fs::write(&input, text).map_err(|error| error.to_string())?;
        let by_declaration = score(&engine, &input, By::Declaration)?;
        let by_item = score(&engine, &input, By::Item)?;
        let declarations = found_in_rows(&by_declaration, &by_item)?;
        Ok(Outcome::Assessed { warnings: Some(warnings), declarations })
    }
}

/// The rows of the output, as objects.
fn score(engine: &Engine, input: &Path, by: By) -> Result<Vec<Value>, String> {
    let output = input.with_file_name("assessments.ndjson");
    let options = ReadOptions { format: Some(Format::Ndjson), batch_lines: 2, ..ReadOptions::default() };
    let mut writer = TableWriter::create(&Output::Path(output.clone()), engine.output_schema(by, true))
        .map_err(|error| error.to_string())?;
    let mut rejects = Vec::new();
    let outputs = Outputs {
        assessments: &mut |rows| writer.write(rows),
        rejects: &mut |more| {
            rejects.extend(more.iter().map(ToString::to_string));
            Ok(())
        },
        progress: &mut |_| {},
    };
    let scoring = engine.score(Input::Path(input.to_owned())).read(options).by(by).reasons(true).threads(2);
    let summary = scoring.run(outputs).map_err(|error| error.to_string())?;
    assert_eq!(summary.lines_read, summary.lines_assessed + summary.lines_rejected);
    if !rejects.is_empty() {
        return Err(rejects.join("\n"));
    }
    writer.finish().map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(output).map_err(|error| error.to_string())?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
}

#[track_caller]
fn assert_all_pass(engine: &mut dyn Assess) {
    let failed = corpus().run(engine);
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn one_declaration_at_a_time() {
    assert_all_pass(&mut OneByOne);
}

#[test]
fn as_a_file_through_the_job() {
    assert_all_pass(&mut Job);
}

/// Only cases about errors may err, so a corpus cannot pass because nothing ran; and there are enough of each.
#[test]
fn only_cases_about_errors_err() {
    let corpus = corpus();
    let (mut refused, mut assessed) = (0, 0);
    for (file, case) in corpus.cases() {
        match outcome(case, corpus.base_pack(), &mut OneByOne) {
            Ok(Outcome::Refused(_)) => {
                assert!(!case.errors.is_empty(), "{file}, {:?}", case.name);
                refused += 1;
            }
            Ok(Outcome::Assessed { .. }) => {
                assert!(case.errors.is_empty(), "{file}, {:?}", case.name);
                assessed += 1;
            }
            Err(problem) => panic!("{file}, {:?}: {problem}", case.name),
        }
    }
    assert!(assessed >= 150 && refused >= 40, "{assessed} assessed, {refused} refused");
}

/// Each expectation of each case, made wrong, is found out.
#[test]
fn wrong_expectations_are_found_out() {
    let corpus = corpus();
    let mut planted = 0;
    for (file, case) in corpus.cases() {
        let right = outcome(case, corpus.base_pack(), &mut OneByOne).unwrap();
        for spoilt in case.spoilt() {
            // A changed condition is a changed pack; all else leaves the outcome as it is.
            let found = if case.holds == spoilt.holds && case.fails == spoilt.fails {
                right.clone()
            } else {
                outcome(&spoilt, corpus.base_pack(), &mut OneByOne).unwrap()
            };
            let found = differences(&spoilt, &found);
            assert!(!found.is_empty(), "{file}, {:?}: passes with {spoilt:?}", case.name);
            planted += 1;
        }
    }
    assert!(planted > 500, "{planted}");
}
