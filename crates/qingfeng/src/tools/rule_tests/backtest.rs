//! Expectations on whole files: on how many lines of a file a rule fires.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use qingfeng_rules::cases::{Bound, Expectation, Unexpected};
use qingfeng_rules::{Code, Diagnostic, Diagnostics};
use serde::Serialize;

use super::Tests;
use crate::output;
use crate::pipeline::{JobError, Pipeline};
use crate::read::{Chunk, Input, ReadOptions, Reader};

const SHOWN: usize = 20;

/// What came of one expectation of `expect.toml`.
#[derive(Clone, Debug, Serialize)]
pub struct Backtest {
    /// The rule's id.
    pub rule: String,
    /// The file, as `expect.toml` names it.
    pub file: String,
    /// The line of `expect.toml` on which the expectation begins.
    pub line: usize,
    /// On how many lines it was expected to fire.
    pub bound: Option<Bound>,
    /// On how many lines it fired.
    pub fired: u64,
    /// Named lines on which it did not fire.
    pub missed: Vec<String>,
    /// Lines on which it fired and that are not named: the first ones.
    pub unexpected: Vec<String>,
    /// How many they are.
    pub unexpected_count: u64,
    /// What was to be done with them.
    pub on_unexpected: Unexpected,
    /// Goods lines of the file.
    pub lines: u64,
    /// Lines of the file that could not be read, and so were not counted.
    pub rejected: u64,
}

impl Backtest {
    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.bound.is_none_or(|bound| bound.allows(self.fired))
            && self.missed.is_empty()
            && !(self.on_unexpected == Unexpected::Fail && self.unexpected_count > 0)
    }
}

/// Why backtests could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BacktestError {
    /// Files that `expect.toml` names are not there.
    #[error("{0}")]
    Missing(Box<Diagnostics>),
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] JobError),
}

#[derive(Clone, Default)]
struct Counted {
    fired: u64,
    seen: BTreeSet<String>,
    unexpected: Vec<String>,
    unexpected_count: u64,
}

impl Tests {
    /// Runs the expectations of `expect.toml` on the files in a directory.
    ///
    /// # Errors
    ///
    /// A file that is missing, with its place in `expect.toml`; a file that cannot be read.
    pub fn backtest(&self, data: &Path) -> Result<Vec<Backtest>, BacktestError> {
        let mut sources = qingfeng_rules::diagnostics::Sources::default();
        if let Ok(text) = std::fs::read_to_string(self.directory.join("expect.toml")) {
            sources.insert("expect.toml", &text);
        }
        let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, expectation) in self.expectations.iter().enumerate() {
            files.entry(&expectation.file).or_default().push(at);
        }
        let path = |file: &str| -> PathBuf { data.join(file) };
        let missing: Vec<Diagnostic> = files
            .iter()
            .filter(|(file, _)| !path(file).is_file())
            .map(|(file, ats)| {
                let title = format!("there is no file `{file}` in {}", data.display());
                let place = self.expectations[ats[0]].file_place.clone();
                let help = "correct `file`, or give the directory that has it with `--data`";
                Diagnostic::new(Code::BadExpectation, title).at(place, "").help(help)
            })
            .collect();
        if !missing.is_empty() {
            let mut diagnostics = Diagnostics::default();
            diagnostics.sources = sources;
            missing.into_iter().for_each(|item| diagnostics.push(item));
            return Err(BacktestError::Missing(Box::new(diagnostics)));
        }
        let mut results: Vec<Option<Backtest>> = vec![None; self.expectations.len()];
        for (file, ats) in files {
            let (counted, lines, rejected) = self.count(&path(file), &ats)?;
            for (at, counted) in ats.into_iter().zip(counted) {
                let expectation = &self.expectations[at];
                let named = &expectation.lines;
                let missed = named.iter().filter(|line| !counted.seen.contains(*line)).cloned().collect();
                results[at] = Some(Backtest {
                    rule: self.engine.pack().rules[expectation.rule].id.clone(),
                    file: file.to_owned(),
                    line: sources.line_and_column(&expectation.place).0,
                    bound: expectation.bound,
                    fired: counted.fired,
                    missed,
                    unexpected: counted.unexpected,
                    unexpected_count: counted.unexpected_count,
                    on_unexpected: expectation.unexpected,
                    lines,
                    rejected,
                });
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Counts in a file what each of some expectations speaks of; and the lines of the file, and its rejects.
    fn count(&self, path: &Path, ats: &[usize]) -> Result<(Vec<Counted>, u64, u64), JobError> {
        let schema = std::sync::Arc::clone(&self.engine.pack().schema);
        let reader = Reader::new(schema, vec![Input::Path(path.to_owned())], ReadOptions::default())?;
        let mut counted = vec![Counted::default(); ats.len()];
        let (mut lines, mut rejected) = (0, 0);
        let each = |chunk: Chunk, _: u64| {
            (self.count_chunk(&chunk, ats), chunk.lines.len() as u64, chunk.lines_amiss())
        };
        let mut take = |(parts, more, rejects): (Vec<Counted>, u64, u64)| {
            lines += more;
            rejected += rejects;
            for (total, part) in counted.iter_mut().zip(parts) {
                total.fired += part.fired;
                total.unexpected_count += part.unexpected_count;
                total.seen.extend(part.seen);
                let room = SHOWN.saturating_sub(total.unexpected.len());
                total.unexpected.extend(part.unexpected.into_iter().take(room));
            }
            Ok(ControlFlow::Continue(()))
        };
        Pipeline::new().map(reader, &each, &mut take, &mut |_| {})?;
        Ok((counted, lines, rejected))
    }

    fn count_chunk(&self, chunk: &Chunk, ats: &[usize]) -> Vec<Counted> {
        let results = self.engine.evaluate(&chunk.lines);
        let pack = self.engine.pack();
        let mut counted = vec![Counted::default(); ats.len()];
        let of_rule = |rule: u32| {
            let expectations = ats.iter().map(|&at| &self.expectations[at]).enumerate();
            expectations.filter(move |(_, expectation)| expectation.rule == rule as usize)
        };
        let named_lines: Vec<BTreeSet<&str>> =
            ats.iter().map(|&at| self.expectations[at].lines.iter().map(String::as_str).collect()).collect();
        for line in 0..chunk.lines.len() {
            for &(rule, _) in results.fired(line) {
                for (at, expectation) in of_rule(rule) {
                    let Expectation { lines, unexpected, .. } = expectation;
                    let counted = &mut counted[at];
                    counted.fired += 1;
                    if lines.is_empty() {
                        continue;
                    }
                    let declaration = output::declaration_id(pack, &results, line).unwrap_or_default();
                    let item = output::item_no(pack, &results, line).unwrap_or(0);
                    let name = format!("{declaration}/{item}");
                    let mut named = false;
                    for written in [name.as_str(), declaration] {
                        if named_lines[at].contains(written) {
                            counted.seen.insert(written.to_owned());
                            named = true;
                        }
                    }
                    if !named && *unexpected != Unexpected::Ignore {
                        counted.unexpected_count += 1;
                        if counted.unexpected.len() < SHOWN {
                            counted.unexpected.push(name);
                        }
                    }
                }
            }
        }
        counted
    }
}
