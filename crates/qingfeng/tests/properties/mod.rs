//! What holds for all packs, declarations and ways to run.
//!
//! | property | module |
//! | --- | --- |
//! | threads and batch sizes change no byte of the output and nothing in the summary | `determinism` |
//! | one seed generates the same bytes; the order of declarations changes no assessment | `determinism` |
//! | the same declarations in every format give the same assessments | `formats` |
//! | a rule meets a line where a definition written without an index says so | `keys` |
//! | the coverage of a policy is what a definition without an index says, on every code and day | `policy` |
//! | trade counted in cells is that of a definition, whatever the number of threads | `policy` |
//! | taking a value away makes no ordered comparison and no text test true | `missing` |
//! | damaged files: lines in = assessed + left out, and other lines keep their assessments | `damage` |
//! | what a value was lies within what is possible without it | `unreadable` |
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod damage;
mod determinism;
mod formats;
mod keys;
mod missing;
mod policy;
mod unreadable;

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use proptest::test_runner::Config as ProptestConfig;
use qingfeng::read::{Input, ReadOptions};
use qingfeng::write::{Output, TableWriter};
use qingfeng::{By, Engine, Outputs, Summary};
use qingfeng_lab::Generator;

/// So many cases, or more: `QINGFENG_PROPERTY_TIMES` says how many times as many.
fn cases(usual: u32) -> ProptestConfig {
    let times: u32 =
        std::env::var("QINGFENG_PROPERTY_TIMES").map_or(1, |text| text.parse().expect("a number"));
    ProptestConfig::with_cases(usual * times)
}

/// The pack of the campaign, opened once.
fn clean_wind() -> &'static Engine {
    static ENGINE: std::sync::OnceLock<Engine> = std::sync::OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind")).unwrap())
}

/// So many generated goods lines.
fn generated(seed: u64, lines: u64) -> RecordBatch {
    let batches: Vec<RecordBatch> =
        Generator::new(seed, lines).map(|generated| generated.declarations).collect();
    concat_batches(&Generator::schema(), &batches).unwrap()
}

/// Writes a table; the extension says how.
fn write(path: &Path, table: &RecordBatch) {
    let mut writer = TableWriter::create(&Output::Path(path.to_owned()), table.schema()).unwrap();
    writer.write(table).unwrap();
    writer.finish().unwrap();
}

/// What a run gave: the files it wrote, how many rejects, and its summary.
struct Run {
    files: Vec<Vec<u8>>,
    rejects: usize,
    summary: Summary,
}

impl Run {
    /// The summary as JSON, without what a clock and the number of threads say.
    fn counts(&self) -> serde_json::Value {
        let mut counts = serde_json::to_value(&self.summary).unwrap();
        for key in ["load_seconds", "seconds", "threads"] {
            counts.as_object_mut().unwrap().remove(key).unwrap();
        }
        counts
    }

    /// The first file as lines of text.
    fn lines(&self) -> Vec<&str> {
        std::str::from_utf8(&self.files[0]).unwrap().lines().collect()
    }
}

/// How to score.
struct Job {
    by: By,
    reasons: bool,
    threads: usize,
}

/// Scores a file and writes the rows in these formats.
fn score(engine: &Engine, input: &Path, read: ReadOptions, job: &Job, formats: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> =
        formats.iter().map(|format| directory.path().join(format!("out.{format}"))).collect();
    let mut writers: Vec<TableWriter> = paths
        .iter()
        .map(|path| {
            TableWriter::create(&Output::Path(path.clone()), engine.output_schema(job.by, job.reasons))
                .unwrap()
        })
        .collect();
    let mut rejects = 0;
    let outputs = Outputs {
        assessments: &mut |rows| writers.iter_mut().try_for_each(|writer| writer.write(rows)),
        rejects: &mut |more| {
            rejects += more.len();
            Ok(())
        },
        progress: &mut |_| {},
    };
    let Job { by, reasons, threads } = *job;
    let scoring = engine.score(Input::Path(input.to_owned())).read(read).by(by).reasons(reasons);
    let summary = scoring.threads(threads).run(outputs).unwrap();
    assert_eq!(summary.lines_read, summary.lines_assessed + summary.lines_rejected);
    let unreadable: u64 = summary.unreadable.values().map(|values| values.lines).sum();
    // A header field with several values is unreadable on all lines of its declaration, and told once.
    assert!(summary.lines_rejected + unreadable >= rejects as u64);
    writers.into_iter().for_each(|writer| writer.finish().unwrap());
    let files = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    Run { files, rejects, summary }
}

/// One thread, by declaration and with reasons, as NDJSON.
fn score_plainly(engine: &Engine, input: &Path) -> Run {
    let job = Job { by: By::Declaration, reasons: true, threads: 1 };
    score(engine, input, ReadOptions::default(), &job, &["ndjson"])
}
