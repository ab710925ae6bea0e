//! The packs that are there: the corpus, and both of `rules/`.

use std::path::Path;

use arrow_array::RecordBatch;
use qingfeng::tools::verify::differences;
use qingfeng::{Assessment, Engine};
use qingfeng_lab::Generator;
use qingfeng_testkit::corpus::{Assess, Corpus, Outcome, outcome};
use qingfeng_testkit::equality::{Tally, compare, table};
use qingfeng_testkit::generate::{Choices, declarations_for};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use serde_json::Value;

use super::both;

/// Assesses each declaration in both ways. The outcome says nothing but that they agree.
#[derive(Default)]
struct Both {
    fired: usize,
    faults: usize,
}

impl Assess for Both {
    fn assess(&mut self, pack: &Path, declarations: &[Value]) -> Result<Outcome, String> {
        let Ok(engine) = Engine::open(pack) else { return Ok(Outcome::Refused(Vec::new())) };
        let (interpreted, compiled) = both(&engine);
        for declaration in declarations {
            let message = declaration.to_string();
            let assess =
                |engine: &Engine| engine.assess_json(message.as_bytes()).map_err(|error| error.to_string());
            let answers: [Result<Assessment, String>; 2] = [assess(&interpreted), assess(&compiled)];
            match answers {
                [Ok(a), Ok(b)] => {
                    self.fired += a.items.iter().map(|item| item.fired.len()).sum::<usize>();
                    self.faults += a.items.iter().map(|item| item.faults.len()).sum::<usize>();
                    let found = differences(&[a], &[b]);
                    if !found.is_empty() {
                        return Err(format!("{found:#?}"));
                    }
                }
                [a, b] if a == b => {}
                [a, b] => return Err(format!("{a:?}\n{b:?}")),
            }
        }
        Ok(Outcome::Refused(Vec::new()))
    }
}

#[test]
fn the_corpus_has_the_interpreters_answers() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let corpus = Corpus::read(directory.as_ref()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut engines = Both::default();
    let mut failed = Vec::new();
    for (file, case) in corpus.cases() {
        if let Err(problem) = outcome(case, corpus.base_pack(), &mut engines) {
            failed.push(format!("{file}, {:?}: {problem}", case.name));
        }
    }
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
    assert!(engines.fired > 150 && engines.faults > 20, "{} {}", engines.fired, engines.faults);
}

pub(super) fn pack(name: &str) -> Engine {
    Engine::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules").join(name)).unwrap()
}

/// Lines of the pack's own fields, with values out of its rules.
pub(super) fn made_up_lines(engine: &Engine, lines: usize) -> RecordBatch {
    let mut bytes = vec![0; 200 * lines];
    Pcg64Mcg::seed_from_u64(7).fill_bytes(&mut bytes);
    let declarations = declarations_for(engine.pack(), &mut Choices::new(&bytes), lines);
    table(&engine.pack().schema, &declarations).unwrap()
}

fn compare_on_made_up_lines(engine: &Engine, lines: usize) -> Tally {
    let lines = made_up_lines(engine, lines);
    let (interpreted, compiled) = both(engine);
    let tally = compare(&interpreted, &compiled, &lines).unwrap_or_else(|difference| panic!("{difference}"));
    println!("{tally:?}");
    tally
}

#[test]
fn clean_wind_has_the_interpreters_answers() {
    let engine = pack("clean-wind");
    let (interpreted, compiled) = both(&engine);
    let lines = Generator::new(2016, 1_000).next().unwrap().declarations;
    let tally = compare(&interpreted, &compiled, &lines).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(tally.lines == 1_000 && tally.fired > 200, "{tally:?}");
    let tally = compare_on_made_up_lines(&engine, 600);
    assert!(tally.fired > 1_000, "{tally:?}");
}

#[test]
fn import_fraud_has_the_interpreters_answers() {
    let tally = compare_on_made_up_lines(&pack("import-fraud"), 1_500);
    assert!(tally.fired > 1_500, "{tally:?}");
}
