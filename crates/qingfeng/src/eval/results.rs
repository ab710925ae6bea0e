//! What evaluating a batch gives: the rules that fired on each line, and those that could not be evaluated.

use std::ops::Range;
use std::sync::Arc;

use qingfeng_rules::Fault;

use crate::assessment::{Effects, LineResult};
use crate::eval::values::BatchValues;

/// What evaluates the rules. The answer is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Evaluation {
    /// The programs that the rules were compiled to.
    #[default]
    Compiled,
    /// The interpreter, which defines what a rule means: slow.
    Interpreted,
}

/// The results of a batch. Only pairs of a line and a rule that fired, or that
/// could not be evaluated, are kept.
pub struct BatchResults {
    /// One for each line.
    pub lines: Vec<LineResult>,
    /// The rules that fired, by position in the pack, and their points: those of the first line, then the next.
    fired: Vec<(u32, i64)>,
    /// Where the fired rules of each line end.
    fired_ends: Vec<u32>,
    faults: Vec<(u32, Fault)>,
    fault_ends: Vec<u32>,
    pub values: Arc<BatchValues>,
}

impl BatchResults {
    fn range(ends: &[u32], line: usize) -> Range<usize> {
        let start = if line == 0 { 0 } else { ends[line - 1] as usize };
        start..ends[line] as usize
    }

    /// The rules that fired on a line and their points, in the order of the pack.
    pub fn fired(&self, line: usize) -> &[(u32, i64)] {
        &self.fired[Self::range(&self.fired_ends, line)]
    }

    /// The rules that could not be evaluated on a line, in the order of the pack.
    pub fn faults(&self, line: usize) -> &[(u32, Fault)] {
        &self.faults[Self::range(&self.fault_ends, line)]
    }

    /// Of the reasons of all fired pairs those of a line.
    pub fn of_line<'r>(&self, reasons: &'r [String], line: usize) -> &'r [String] {
        if reasons.is_empty() { &[] } else { &reasons[Self::range(&self.fired_ends, line)] }
    }

    /// All pairs of a line and a rule that fired on it.
    pub fn all_fired(&self) -> &[(u32, i64)] {
        &self.fired
    }

    /// Gives rules other points, where `points` has them by position in the pack, and computes scores and channels
    /// again.
    pub fn replace_points(&mut self, effects: &Effects, points: &[Option<i64>]) {
        for (rule, given) in &mut self.fired {
            if let Some(Some(other)) = points.get(*rule as usize) {
                *given = *other;
            }
        }
        for line in 0..self.lines.len() {
            self.lines[line] = effects.result(self.fired(line), self.faults(line));
        }
    }

    /// All pairs of a line and a rule that could not be evaluated on it.
    pub fn all_faults(&self) -> &[(u32, Fault)] {
        &self.faults
    }
}

/// The results of lines in whatever order.
pub(super) struct Found {
    fired: Vec<(u32, i64)>,
    faults: Vec<(u32, Fault)>,
    /// For each line where its fired rules begin and end, and its faults.
    spans: Vec<[u32; 4]>,
}

impl Found {
    pub(super) fn new(lines: usize) -> Self {
        Self { fired: Vec::new(), faults: Vec::new(), spans: vec![[0; 4]; lines] }
    }

    pub(super) fn begin(&mut self, line: usize) {
        let (fired, faults) = (self.fired.len() as u32, self.faults.len() as u32);
        self.spans[line] = [fired, fired, faults, faults];
    }

    pub(super) fn add(&mut self, rule: u32, points: Result<Option<i64>, Fault>) {
        match points {
            Ok(Some(points)) => self.fired.push((rule, points)),
            Ok(None) => {}
            Err(fault) => self.faults.push((rule, fault)),
        }
    }

    pub(super) fn end(&mut self, line: usize) {
        let [_, fired, _, faults] = &mut self.spans[line];
        (*fired, *faults) = (self.fired.len() as u32, self.faults.len() as u32);
    }

    /// The results in the order of the lines.
    pub(super) fn results(self, values: Arc<BatchValues>, effects: &Effects) -> BatchResults {
        let lines = self.spans.len();
        let mut results = BatchResults {
            lines: Vec::with_capacity(lines),
            fired: Vec::with_capacity(self.fired.len()),
            fired_ends: Vec::with_capacity(lines),
            faults: Vec::with_capacity(self.faults.len()),
            fault_ends: Vec::with_capacity(lines),
            values,
        };
        for [fired, fired_end, faults, faults_end] in self.spans {
            let fired = &self.fired[fired as usize..fired_end as usize];
            let faults = &self.faults[faults as usize..faults_end as usize];
            results.lines.push(effects.result(fired, faults));
            results.fired.extend_from_slice(fired);
            results.faults.extend_from_slice(faults);
            results.fired_ends.push(results.fired.len() as u32);
            results.fault_ends.push(results.faults.len() as u32);
        }
        results
    }
}
