//! Tests of rules: what risk officers write in `tests/` beside the rules is run on the engine itself.
//!
//! Each test is a declaration and what is expected of it. It runs compiled and interpreted; drafts are evaluated too,
//! and count nothing.
//!
//! ```
//! use qingfeng::Engine;
//! use qingfeng::tools::rule_tests;
//!
//! let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
//! let engine = Engine::open(directory)?;
//! let (tests, mistakes) = rule_tests::load(&engine, directory.as_ref());
//! assert_eq!(mistakes.errors(), 0, "{mistakes}");
//! let report = tests.run();
//! assert_eq!(report.failed(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backtest;
mod coverage;
mod judge;
mod mutate;
mod trace;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow_select::concat::concat_batches;
use qingfeng_rules::cases::{self, CaseLine, Expectation, TestCase, TestFiles};
use qingfeng_rules::internals::Scalar;
use qingfeng_rules::{Code, Date, Diagnostic, Diagnostics, Level, Schema};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

pub use backtest::{Backtest, BacktestError};
pub use coverage::{Coverage, CoverageTotals, PartCoverage, RuleCoverage};
pub use judge::Mismatch;
pub use mutate::{MutateOptions, MutationReport, Survivor};
pub use trace::{ComputedValue, Decision, Trace};

use crate::declaration::{Declaration, FieldValue, Item};
use crate::engine::Engine;
use crate::eval::{BatchResults, Evaluation};
use crate::read::{Lines, Reject, arrow_schema};
use crate::tools::verify;
use judge::Seen;

/// Goods lines of tests that are evaluated together.
const BATCH_LINES: usize = 500;

/// The tests of a pack, ready to run.
#[derive(Debug)]
pub struct Tests {
    engine: Engine,
    directory: PathBuf,
    tests: Vec<Test>,
    expectations: Vec<Expectation>,
    /// How many there were before a filter.
    loaded: usize,
}

#[derive(Clone, Debug)]
struct Test {
    case: TestCase,
    /// Where it stands, as an editor counts.
    line: usize,
    column: usize,
    lines: Lines,
}

/// Tests whose lines stand in one batch, in order.
struct Batch<'t> {
    tests: &'t [Test],
    lines: Lines,
}

/// Loads the tests of the pack in a directory, and says what is wrong with them. Tests with mistakes are left out.
pub fn load(engine: &Engine, directory: &Path) -> (Tests, Diagnostics) {
    load_files(engine, directory, &TestFiles::read(directory))
}

fn load_files(engine: &Engine, directory: &Path, files: &TestFiles) -> (Tests, Diagnostics) {
    let cases = cases::load(files, engine.pack());
    let mut diagnostics = cases.diagnostics;
    let engine = engine.with_drafts();
    let mut tests = Vec::with_capacity(cases.tests.len());
    for (at, case) in cases.tests.into_iter().enumerate() {
        let declaration = declaration(&case, at + 1, &engine.pack().schema);
        let chunk = engine.direct().read(&declaration).chunk;
        if chunk.rejects.is_empty() {
            let (line, column) = diagnostics.sources.line_and_column(&case.place);
            tests.push(Test { case, line, column, lines: chunk.lines });
        } else {
            let mistakes = chunk.rejects.iter().map(|reject| mistake(&case, reject, &engine.pack().schema));
            diagnostics.items.extend(mistakes);
        }
    }
    diagnostics.sort();
    let loaded = tests.len();
    let directory = directory.to_owned();
    (Tests { engine, directory, tests, expectations: cases.expectations, loaded }, diagnostics)
}

/// The declaration of a test. Its number stands for its id.
fn declaration(case: &TestCase, number: usize, schema: &Schema) -> Declaration {
    let mut declaration = Declaration::new().with(&schema[schema.declaration].name, number.to_string());
    let put = |fields: &mut std::collections::BTreeMap<String, FieldValue>, line: &CaseLine, level: Level| {
        for value in line.values.iter().filter(|value| schema[value.field].level == level) {
            let written = match &value.value {
                Scalar::Missing => continue,
                Scalar::Flag(flag) => FieldValue::Flag(*flag),
                Scalar::Integer(integer) => FieldValue::Integer(*integer),
                Scalar::Number(number) => FieldValue::Number(*number),
                Scalar::Text(text) => FieldValue::Text(text.clone()),
                Scalar::Date(date) => FieldValue::Text(date.to_string()),
            };
            fields.insert(schema[value.field].name.clone(), written);
        }
    };
    if let Some(first) = case.lines.first() {
        put(&mut declaration.header, first, Level::Header);
    }
    for line in &case.lines {
        let mut item = Item::new();
        put(&mut item.fields, line, Level::Item);
        declaration = declaration.item(item);
    }
    declaration
}

/// A value of a test that a file could not have either.
fn mistake(case: &TestCase, reject: &Reject, schema: &Schema) -> Diagnostic {
    let line = match reject.position {
        crate::read::Position::Item { item, .. } => item as usize - 1,
        _ => 0,
    };
    let field = reject.field.as_deref().and_then(|name| schema.field(name));
    let value = field.and_then(|field| {
        let lines = case.lines.get(line).into_iter().chain(&case.lines);
        lines.flat_map(|line| &line.values).find(|value| value.field == field)
    });
    let (what, help) = match reject.reason.split_once("; ") {
        Some((what, help)) => (what, Some(help)),
        None => (reject.reason.as_str(), None),
    };
    let title = match &reject.field {
        Some(field) => format!("`{field}`: {what}"),
        None => what.to_owned(),
    };
    let place = value.map_or(&case.place, |value| &value.place);
    let mut diagnostic = Diagnostic::new(Code::BadTest, title).at(place.clone(), "");
    diagnostic.help = help.map(str::to_owned);
    diagnostic
}

/// What came of tests.
#[derive(Clone, Debug, Serialize)]
pub struct TestReport {
    /// The results, in the order of files and places.
    pub results: Vec<TestResult>,
    /// How long it took.
    pub seconds: f64,
}

impl TestReport {
    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| !result.passed()).count()
    }
}

/// What came of one test.
#[derive(Clone, Debug, Serialize)]
pub struct TestResult {
    /// The name of the test.
    pub name: String,
    /// Its file, within the pack.
    pub file: Arc<str>,
    /// The line of the file, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many goods lines its declaration has.
    pub lines: usize,
    /// In what the outcome differs from what was expected.
    pub mismatches: Vec<Mismatch>,
    /// What became of the rules in question.
    pub traces: Vec<Trace>,
    /// In what the compiled rules differ from the interpreter: a fault of the engine, not of the rules.
    pub evaluators_differ: Option<String>,
}

impl TestResult {
    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.mismatches.is_empty() && self.evaluators_differ.is_none()
    }
}

impl Tests {
    /// How many tests there are.
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// How many tests there are without a filter.
    pub fn loaded(&self) -> usize {
        self.loaded
    }

    /// What each test declares, in order, with its number for its id.
    pub fn declarations(&self) -> impl Iterator<Item = Declaration> + '_ {
        let schema = &self.engine.pack().schema;
        self.tests.iter().enumerate().map(|(at, test)| declaration(&test.case, at + 1, schema))
    }

    /// The expectations of `expect.toml` on whole files.
    pub fn expectations(&self) -> &[Expectation] {
        &self.expectations
    }

    /// Keeps the tests in whose name or file the text stands, whatever its case.
    #[must_use]
    pub fn filter(mut self, text: &str) -> Self {
        let wanted = text.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        self.tests.retain(|test| has(&test.case.name) || has(&test.case.place.file));
        self
    }

    /// Runs the tests, on all processors. The results do not depend on their number.
    pub fn run(&self) -> TestReport {
        let started = Instant::now();
        let batches = self.batches();
        let results: Vec<Vec<TestResult>> = batches.par_iter().map(|batch| self.results(batch)).collect();
        let results = results.into_iter().flatten().collect();
        TestReport { results, seconds: started.elapsed().as_secs_f64() }
    }

    /// The tests in batches, whole tests in each.
    fn batches(&self) -> Vec<Batch<'_>> {
        let schema = arrow_schema(&self.engine.pack().schema);
        let mut batches = Vec::new();
        let mut rest = self.tests.as_slice();
        while !rest.is_empty() {
            let (mut count, mut lines) = (0, 0);
            while let Some(test) = rest.get(count)
                && (count == 0 || lines + test.lines.len() <= BATCH_LINES)
            {
                lines += test.lines.len();
                count += 1;
            }
            let (tests, more) = rest.split_at(count);
            rest = more;
            let mut starts = vec![0];
            starts.extend(tests.iter().scan(0, |end, test| {
                *end += test.lines.len() as u32;
                Some(*end)
            }));
            let places = tests.iter().flat_map(|test| test.lines.places().iter().copied()).collect();
            // Batches of one schema; their texts are those of files of tests, which are bounded.
            if let Ok(batch) = concat_batches(&schema, tests.iter().map(|test| test.lines.batch())) {
                batches.push(Batch { tests, lines: Lines::new(batch, starts, places, Vec::new()) });
            }
        }
        batches
    }

    fn results(&self, batch: &Batch<'_>) -> Vec<TestResult> {
        let [compiled, interpreted] = [Evaluation::Compiled, Evaluation::Interpreted]
            .map(|evaluation| self.engine.clone().with_evaluation(evaluation));
        let evaluated = |engine: &Engine| {
            let results = engine.evaluate(&batch.lines);
            let reasons = engine.reasons(&results);
            (results, reasons)
        };
        let ((a, reasons_a), (b, reasons_b)) = (evaluated(&interpreted), evaluated(&compiled));
        let assessed = |engine: &Engine, results: &BatchResults, reasons: &[String], range| {
            engine.assessment(&batch.lines, results, reasons, range)
        };
        let each = batch.tests.iter().zip(batch.lines.declarations());
        each.map(|(test, range)| {
            let seen =
                Seen { pack: self.engine.pack(), results: &a, reasons: &reasons_a, range: range.clone() };
            let mismatches = seen.mismatches(&test.case.expected);
            let x = assessed(&interpreted, &a, &reasons_a, range.clone());
            let y = assessed(&compiled, &b, &reasons_b, range.clone());
            let differ = verify::differences(&[x], &[y]).into_iter().next().map(|line| {
                let names = ["interpreted", "compiled"];
                let line = verify::LineDifference { declaration: 0, ..line };
                verify::Difference::of(&interpreted, &test.lines, &[], line, names, 1).to_string()
            });
            TestResult {
                name: test.case.name.clone(),
                file: Arc::clone(&test.case.place.file),
                line: test.line,
                column: test.column,
                lines: range.len(),
                traces: self.traces(&a, range, &mismatches),
                mismatches: mismatches.into_iter().map(|found| found.shown(self.engine.pack())).collect(),
                evaluators_differ: differ,
            }
        })
        .collect()
    }
}

impl Engine {
    /// All that is to be said of this pack, which stands in a directory: the warnings of its files, what its rules show
    /// before any line is seen, mistakes in its tests, points that they do not cover; without what comments allow.
    /// `as_of` is the day for which validities are judged; without it the one that the pack names.
    ///
    /// ```
    /// use qingfeng::Engine;
    ///
    /// let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/import-fraud");
    /// let found = Engine::open(directory)?.review(directory, None);
    /// assert_eq!((found.errors(), found.warnings()), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn review(&self, directory: impl AsRef<Path>, as_of: Option<Date>) -> Diagnostics {
        let mut found = self.pack().warnings.clone();
        let (tests, mistakes) = load(self, directory.as_ref());
        let tests_are_sound = mistakes.errors() == 0;
        found.extend(mistakes);
        if tests_are_sound {
            tests.uncovered_points().into_iter().for_each(|item| found.push(item));
        }
        let as_of = as_of.or(self.pack().check_as_of);
        self.pack().analyse(self.program(), as_of).into_iter().for_each(|item| found.push(item));
        found.sort();
        // While tests have mistakes it is not known which comments are needed.
        found.suppress(|_| tests_are_sound);
        found
    }
}
