//! Rules over a batch of goods lines: candidates by key, validity, conditions, points, reasons.

use std::sync::{Arc, Mutex, PoisonError};

use qingfeng_rules::{Interpreter, Pack};

use crate::assessment::LineResult;
use crate::key_index::{CandidateCache, KeyIndex};
use crate::lookup::LookupTable;
use crate::read::Lines;
use crate::values::BatchValues;

/// What evaluates the rules. The answer is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Evaluation {
    /// The programs that the rules were compiled to.
    #[default]
    Compiled,
    /// The interpreter, which defines what a rule means: slow.
    Interpreted,
}

/// The results of a batch, with reasons where they were asked for.
pub(crate) struct BatchResults {
    /// One for each line.
    pub lines: Vec<LineResult>,
    /// For each line the reasons of its fired rules, in the same order; empty if they were not asked for.
    pub reasons: Vec<Vec<String>>,
    pub values: Arc<BatchValues>,
}

/// What one thread needs to evaluate rules.
struct Worker {
    interpreter: Interpreter,
    cache: CandidateCache,
}

/// Evaluates the rules of a pack. Shared by threads; each borrows a worker for the time of a batch.
pub(crate) struct Evaluator {
    pack: Arc<Pack>,
    tables: Arc<[LookupTable]>,
    pub(crate) keys: KeyIndex,
    idle: Mutex<Vec<Worker>>,
}

impl Evaluator {
    pub(crate) fn new(pack: Arc<Pack>, tables: Arc<[LookupTable]>) -> Self {
        let keys = KeyIndex::new(&pack);
        Self { pack, tables, keys, idle: Mutex::default() }
    }

    fn borrow(&self) -> Worker {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Worker {
            interpreter: Interpreter::new(Arc::clone(&self.pack)),
            cache: CandidateCache::default(),
        })
    }

    fn give_back(&self, mut worker: Worker) {
        worker.interpreter.end();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    pub(crate) fn values(&self, lines: &Lines) -> Arc<BatchValues> {
        Arc::new(BatchValues::new(Arc::clone(&self.pack), Arc::clone(&self.tables), lines))
    }

    /// Evaluates all rules on all lines of a batch.
    pub(crate) fn evaluate(&self, lines: &Lines, with_reasons: bool) -> BatchResults {
        let mut worker = self.borrow();
        let values = self.values(lines);
        let mut results = Vec::with_capacity(lines.len());
        let mut reasons = Vec::new();
        for line in 0..lines.len() {
            let day = values.day(line);
            let candidates = self.keys.candidates(&mut worker.cache, &values.key(line));
            let (mut fired, mut faults) = (Vec::new(), Vec::new());
            if !candidates.is_empty() {
                worker.interpreter.begin(Arc::clone(&values) as _, line);
            }
            for &rule in candidates.iter() {
                let at = rule as usize;
                if !self.pack.rules[at].is_in_force(day) {
                    continue;
                }
                let points = worker
                    .interpreter
                    .holds(at)
                    .and_then(|holds| if holds { worker.interpreter.points(at).map(Some) } else { Ok(None) });
                match points {
                    Ok(Some(points)) => fired.push((rule, points)),
                    Ok(None) => {}
                    Err(fault) => faults.push((rule, fault)),
                }
            }
            if with_reasons {
                reasons
                    .push(fired.iter().map(|&(rule, _)| worker.interpreter.reason(rule as usize)).collect());
            }
            results.push(LineResult::new(&self.pack, fired, faults));
        }
        self.give_back(worker);
        BatchResults { lines: results, reasons, values }
    }

    /// Gives `use_it` an interpreter and the candidates of a line.
    pub(crate) fn on_line<T>(
        &self,
        values: &Arc<BatchValues>,
        line: usize,
        use_it: impl FnOnce(&Interpreter, &[u32]) -> T,
    ) -> T {
        let mut worker = self.borrow();
        let candidates = self.keys.candidates(&mut worker.cache, &values.key(line));
        worker.interpreter.begin(Arc::clone(values) as _, line);
        let result = use_it(&worker.interpreter, &candidates);
        self.give_back(worker);
        result
    }
}
