//! What evaluating a batch gives: the rules that fired on each line, and those that could not be evaluated.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use qingfeng_rules::Fault;

use crate::assessment::{Effects, LineResult, ResultRange, UndecidedPoints};
use crate::eval::codes::CodesAmiss;
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
    /// The lines of which something could not be read.
    spoilt: BTreeMap<usize, SpoiltLine>,
    /// Codes that are amiss.
    pub(crate) amiss: CodesAmiss,
    pub values: Arc<BatchValues>,
}

/// What is not certain of a line.
#[derive(Clone, Debug)]
pub struct SpoiltLine {
    /// The active rules that are undecided, in the order of the pack.
    pub undecided: Vec<UndecidedPoints>,
    /// Whether an active rule may fault.
    pub may_fault: bool,
    /// What is certain and what is possible.
    pub range: ResultRange,
}

impl BatchResults {
    fn part(ends: &[u32], line: usize) -> Range<usize> {
        let start = if line == 0 { 0 } else { ends[line - 1] as usize };
        start..ends[line] as usize
    }

    /// The rules that fired on a line and their points, in the order of the pack.
    pub fn fired(&self, line: usize) -> &[(u32, i64)] {
        &self.fired[Self::part(&self.fired_ends, line)]
    }

    /// The rules that could not be evaluated on a line, in the order of the pack.
    pub fn faults(&self, line: usize) -> &[(u32, Fault)] {
        &self.faults[Self::part(&self.fault_ends, line)]
    }

    /// Of the reasons of all fired pairs those of a line.
    pub fn of_line<'r>(&self, reasons: &'r [String], line: usize) -> &'r [String] {
        if reasons.is_empty() { &[] } else { &reasons[Self::part(&self.fired_ends, line)] }
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
        for line in self.spoilt.keys().copied().collect::<Vec<_>>() {
            let SpoiltLine { mut undecided, may_fault, .. } = self.spoilt[&line].clone();
            for of in &mut undecided {
                if let Some(Some(other)) = points.get(of.rule as usize) {
                    (of.least, of.most) = (*other, *other);
                }
            }
            let (fired, faults) = (self.fired(line), self.faults(line));
            let (result, range) = effects.undecided(fired, faults, &undecided, may_fault);
            self.lines[line] = result;
            self.spoilt.insert(line, SpoiltLine { undecided, may_fault, range });
        }
    }

    /// What is not certain of a line, if something of it could not be read.
    pub fn spoilt(&self, line: usize) -> Option<&SpoiltLine> {
        if self.spoilt.is_empty() { None } else { self.spoilt.get(&line) }
    }

    /// Whether something could not be read of any line.
    pub fn has_spoilt(&self) -> bool {
        !self.spoilt.is_empty()
    }

    /// What is certain and what is possible of some lines of one declaration together, if it is not the same.
    pub fn range(&self, lines: Range<usize>) -> Option<ResultRange> {
        self.spoilt.range(lines.clone()).next()?;
        let of_line = |line: usize| match self.spoilt.get(&line) {
            Some(spoilt) => spoilt.range,
            None => ResultRange::certain(&self.lines[line]),
        };
        lines.map(of_line).reduce(ResultRange::worst)
    }

    /// All pairs of a line and a rule that could not be evaluated on it.
    pub fn all_faults(&self) -> &[(u32, Fault)] {
        &self.faults
    }
}

/// Rules that fired on a line with their points, and those that could not be evaluated.
type OfLine<'r> = (&'r [(u32, i64)], &'r [(u32, Fault)]);

/// The results of a batch while its lines are evaluated, one after the other.
pub(super) struct Found<'e> {
    effects: &'e Effects,
    results: BatchResults,
}

impl<'e> Found<'e> {
    pub(super) fn new(values: &Arc<BatchValues>, effects: &'e Effects) -> Self {
        let lines = values.len();
        let results = BatchResults {
            lines: Vec::with_capacity(lines),
            fired: Vec::new(),
            fired_ends: Vec::with_capacity(lines),
            faults: Vec::new(),
            fault_ends: Vec::with_capacity(lines),
            spoilt: BTreeMap::new(),
            amiss: CodesAmiss::default(),
            values: Arc::clone(values),
        };
        Self { effects, results }
    }

    /// Notes what a rule of the present line gives.
    pub(super) fn add(&mut self, rule: u32, points: Result<Option<i64>, Fault>) {
        match points {
            Ok(Some(points)) => self.results.fired.push((rule, points)),
            Ok(None) => {}
            Err(fault) => self.results.faults.push((rule, fault)),
        }
    }

    /// Ends the present line.
    pub(super) fn end(&mut self) {
        let (fired, faults) = self.of_line();
        let result = self.effects.result(fired, faults);
        self.results.lines.push(result);
        self.results.fired_ends.push(self.results.fired.len() as u32);
        self.results.fault_ends.push(self.results.faults.len() as u32);
    }

    /// Ends the present line, of which something could not be read, with the rules that are undecided for it, and whether
    /// one may fault.
    pub(super) fn end_spoilt(&mut self, undecided: Vec<UndecidedPoints>, may_fault: bool) {
        let (fired, faults) = self.of_line();
        let (result, range) = self.effects.undecided(fired, faults, &undecided, may_fault);
        let line = self.results.lines.len();
        self.end();
        self.results.lines[line] = result;
        self.results.spoilt.insert(line, SpoiltLine { undecided, may_fault, range });
    }

    /// The rules that fired on the present line, and those that could not be evaluated.
    fn of_line(&self) -> OfLine<'_> {
        let start = |ends: &[u32]| ends.last().map_or(0, |end| *end as usize);
        let results = &self.results;
        (&results.fired[start(&results.fired_ends)..], &results.faults[start(&results.fault_ends)..])
    }

    pub(super) fn results(self) -> BatchResults {
        self.results
    }
}
