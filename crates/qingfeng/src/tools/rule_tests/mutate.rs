//! Changes of rules that no test notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use qingfeng_rules::cases::{self, Mutation, MutationKind};
use qingfeng_rules::{Pack, PackFiles, Place};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

use super::judge::Seen;
use super::{Batch, Tests};

/// How to change rules.
#[derive(Clone, Debug, Default)]
pub struct MutateOptions {
    /// The most changes to try; they are spread over the rules. `None` tries all.
    pub limit: Option<usize>,
}

/// What became of the changes.
#[derive(Clone, Debug, Serialize)]
pub struct MutationReport {
    /// Changes that were tried and gave a valid pack.
    pub tried: u64,
    /// Those that a test noticed.
    pub noticed: u64,
    /// Changes that gave no valid pack, and so were not counted.
    pub invalid: u64,
    /// Changes there are.
    pub possible: u64,
    /// Those that no test noticed, in the order of files and places.
    pub survivors: Vec<Survivor>,
    /// How long it took.
    pub seconds: f64,
}

impl MutationReport {
    /// Of a hundred changes those that a test noticed; 100 where there was nothing to change.
    pub fn percent(&self) -> f64 {
        if self.tried == 0 { 100.0 } else { self.noticed as f64 * 100.0 / self.tried as f64 }
    }
}

/// A change that no test noticed.
#[derive(Clone, Debug, Serialize)]
pub struct Survivor {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is changed.
    pub kind: MutationKind,
    /// The text there.
    pub original: String,
    /// The text in its place.
    pub replacement: String,
    /// The rules that act differently, by their ids.
    pub rules: Vec<String>,
    /// Whether no test has a line for which one of the rules is a candidate in force.
    pub untested: bool,
}

enum Fate {
    Noticed,
    Survived { untested: bool },
    Invalid,
}

impl Tests {
    /// Changes the rules one thing at a time and runs the tests on each change. `progress` gets how many changes of
    /// how many are done, from any thread. The result does not depend on threads.
    ///
    /// Tests that fail before anything is changed are left out: they would notice everything.
    pub fn mutate(&self, options: &MutateOptions, progress: &(dyn Fn(u64, u64) + Sync)) -> MutationReport {
        let started = Instant::now();
        let pack = self.engine.pack();
        let files = PackFiles::read(&self.directory);
        let all = cases::mutations(pack);
        let possible = all.len() as u64;
        let chosen = spread(all, options.limit);
        let failing: Vec<bool> = self.run().results.iter().map(|result| !result.passed()).collect();
        let mut passing = failing.iter();
        let tests: Vec<_> =
            self.tests.iter().filter(|_| passing.next().is_some_and(|failing| !failing)).cloned().collect();
        let kept = Self {
            engine: self.engine.clone(),
            directory: self.directory.clone(),
            loaded: tests.len(),
            tests,
            expectations: Vec::new(),
        };
        let batches = kept.batches();
        let candidates = kept.candidates(&batches);
        let with_reasons: Vec<bool> = batches.iter().map(asks_for_reasons).collect();
        let done = AtomicU64::new(0);
        let fates: Vec<Fate> = chosen
            .par_iter()
            .map(|mutation| {
                let fate = kept.fate(mutation, &files, &batches, &candidates, &with_reasons);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, chosen.len() as u64);
                fate
            })
            .collect();
        let mut report = MutationReport {
            tried: 0,
            noticed: 0,
            invalid: 0,
            possible,
            survivors: Vec::new(),
            seconds: started.elapsed().as_secs_f64(),
        };
        for (mutation, fate) in chosen.into_iter().zip(fates) {
            match fate {
                Fate::Invalid => report.invalid += 1,
                Fate::Noticed => {
                    report.tried += 1;
                    report.noticed += 1;
                }
                Fate::Survived { untested } => {
                    report.tried += 1;
                    report.survivors.push(survivor(pack, mutation, untested));
                }
            }
        }
        report
    }

    /// The rules that are candidates in force on some line of the tests.
    fn candidates(&self, batches: &[Batch<'_>]) -> Vec<bool> {
        let pack = self.engine.pack();
        let evaluator = self.engine.evaluator();
        let mut found = vec![false; pack.rules.len()];
        for batch in batches {
            let values = evaluator.values(&batch.lines);
            for line in 0..batch.lines.len() {
                let day = values.day(line);
                for rule in evaluator.keys.candidates(&values.key(line)) {
                    found[rule as usize] |= pack.rules[rule as usize].is_in_force(day);
                }
            }
        }
        found
    }

    fn fate(
        &self,
        mutation: &Mutation,
        files: &PackFiles,
        batches: &[Batch<'_>],
        candidates: &[bool],
        with_reasons: &[bool],
    ) -> Fate {
        // Nobody looks at a condition of a rule that is never a candidate.
        if mutation.kind.is_of_condition() && !mutation.rules.iter().any(|&rule| candidates[rule]) {
            return Fate::Survived { untested: true };
        }
        let pack = self.engine.pack();
        let Ok(changed) = Pack::load(&mutation.applied(files, pack)) else { return Fate::Invalid };
        // What is expected names rules by their positions.
        let ids = |pack: &Pack| pack.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
        if ids(pack) != ids(&changed) {
            return Fate::Invalid;
        }
        let engine = self.engine.of_changed(Arc::new(changed));
        for (batch, &with_reasons) in batches.iter().zip(with_reasons) {
            let results = engine.evaluate(&batch.lines);
            let reasons = if with_reasons { engine.reasons(&results) } else { Vec::new() };
            for (test, range) in batch.tests.iter().zip(batch.lines.declarations()) {
                let seen = Seen { pack: engine.pack(), results: &results, reasons: &reasons, range };
                if !seen.fits(&test.case.expected) {
                    return Fate::Noticed;
                }
            }
        }
        Fate::Survived { untested: !mutation.rules.iter().any(|&rule| candidates[rule]) }
    }
}

fn asks_for_reasons(batch: &Batch<'_>) -> bool {
    batch.tests.iter().any(|test| {
        let expected = &test.case.expected;
        let mut all = std::iter::once(&expected.declaration).chain(&expected.items);
        all.any(|outcomes| !outcomes.reasons.is_empty() || !outcomes.reason_contains.is_empty())
    })
}

/// So many of the changes, spread evenly.
fn spread(all: Vec<Mutation>, limit: Option<usize>) -> Vec<Mutation> {
    let (count, limit) = (all.len(), limit.unwrap_or(usize::MAX));
    if count <= limit {
        return all;
    }
    let is_chosen = |at: &usize| (at + 1) * limit / count > at * limit / count;
    all.into_iter().enumerate().filter(|(at, _)| is_chosen(at)).map(|(_, mutation)| mutation).collect()
}

fn survivor(pack: &Pack, mutation: Mutation, untested: bool) -> Survivor {
    let Place { file, .. } = &mutation.place;
    let (line, column) = pack.warnings.sources.line_and_column(&mutation.place);
    Survivor {
        file: Arc::clone(file),
        line,
        column,
        kind: mutation.kind,
        original: mutation.original,
        replacement: mutation.replacement,
        rules: mutation.rules.iter().map(|&rule| pack.rules[rule].id.clone()).collect(),
        untested,
    }
}
