//! Each pass of the compiler switched off, and all of them; and a wrong kernel, which must be found.

use std::path::Path;

use arrow_array::RecordBatch;
use qingfeng::rules::internals::Passes;
use qingfeng::tools::verify::differences;
use qingfeng::{Assessment, Engine, Evaluation};
use qingfeng_lab::Generator;
use qingfeng_testkit::corpus::{Assess, Corpus, Outcome, outcome};
use qingfeng_testkit::equality::table;
use serde_json::Value;

use super::generated::seeded;
use super::packs::{made_up_lines, pack};

/// The engine with each pass off, with all off, and with the planted fault, each with what it is called.
fn variants(engine: &Engine) -> Vec<(String, Engine)> {
    let mut variants: Vec<(String, Engine)> = Passes::NAMES
        .into_iter()
        .map(|name| {
            let mut passes = Passes::ALL;
            *passes.get_mut(name).unwrap() = false;
            (format!("without {name}"), engine.with_passes(passes))
        })
        .collect();
    variants.push(("without any pass".to_owned(), engine.with_passes(Passes::NONE)));
    variants.push((PLANTED.to_owned(), engine.with_planted_fault()));
    variants
}

const PLANTED: &str = "with a planted fault";

/// What was compared, and on how many tables the planted fault was found.
#[derive(Debug, Default)]
struct Compared {
    tables: usize,
    fired: usize,
    planted_found: usize,
}

impl Compared {
    fn compare(&mut self, engine: &Engine, lines: &RecordBatch) -> Result<(), String> {
        let assess = |engine: &Engine| -> Result<Vec<Assessment>, String> {
            Ok(engine.assess_batch(lines).map_err(|error| error.to_string())?.assessments().collect())
        };
        let right = assess(&engine.clone().with_evaluation(Evaluation::Interpreted))?;
        self.tables += 1;
        self.fired +=
            right.iter().flat_map(|answer| &answer.items).map(|item| item.fired.len()).sum::<usize>();
        for (name, variant) in variants(engine) {
            let found = differences(&right, &assess(&variant)?);
            match found.first() {
                Some(_) if name == PLANTED => self.planted_found += 1,
                Some(difference) => return Err(format!("{name}: {difference:#?}")),
                None => {}
            }
        }
        Ok(())
    }
}

#[test]
fn made_up_packs() {
    let mut compared = Compared::default();
    let cases = super::number("QINGFENG_CASES", 300);
    for (seed, case) in seeded(cases) {
        let directory = tempfile::tempdir().unwrap();
        case.write(directory.path()).unwrap();
        let Ok(engine) = Engine::open(directory.path()) else { continue };
        let lines = table(&engine.pack().schema, &case.declarations).unwrap();
        compared.compare(&engine, &lines).unwrap_or_else(|problem| panic!("seed {seed}: {problem}\n{case}"));
    }
    println!("{compared:?}");
    if cases >= 300 {
        assert!(compared.tables > 250 && compared.planted_found > 0, "{compared:?}");
    }
}

impl Assess for Compared {
    fn assess(&mut self, pack: &Path, declarations: &[Value]) -> Result<Outcome, String> {
        let Ok(engine) = Engine::open(pack) else { return Ok(Outcome::Refused(Vec::new())) };
        let lines = table(&engine.pack().schema, declarations)?;
        self.compare(&engine, &lines)?;
        Ok(Outcome::Refused(Vec::new()))
    }
}

#[test]
fn the_corpus() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let corpus = Corpus::read(directory.as_ref()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut compared = Compared::default();
    let mut failed = Vec::new();
    for (file, case) in corpus.cases() {
        if let Err(problem) = outcome(case, corpus.base_pack(), &mut compared) {
            failed.push(format!("{file}, {:?}: {problem}", case.name));
        }
    }
    println!("{compared:?}");
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
    assert!(compared.fired > 150 && compared.planted_found > 0, "{compared:?}");
}

#[test]
fn clean_wind() {
    let engine = pack("clean-wind");
    let mut compared = Compared::default();
    let generated = Generator::new(2016, 600).next().unwrap().declarations;
    compared.compare(&engine, &generated).unwrap();
    compared.compare(&engine, &made_up_lines(&engine, 600)).unwrap();
    println!("{compared:?}");
    assert!(compared.planted_found > 0, "{compared:?}");
}

#[test]
fn import_fraud() {
    let engine = pack("import-fraud");
    let mut compared = Compared::default();
    compared.compare(&engine, &made_up_lines(&engine, 600)).unwrap();
    println!("{compared:?}");
    assert!(compared.fired > 500, "{compared:?}");
}
