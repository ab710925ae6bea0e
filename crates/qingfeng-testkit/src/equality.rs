//! Whether two engines give the same answer on the same goods lines: fired rules, points, scores, channels, faults
//! and reasons.
//!
//! ```
//! use qingfeng::{Engine, Evaluation};
//! use qingfeng_testkit::equality::{compare, table};
//! use qingfeng_testkit::generate::{Choices, declarations_for};
//!
//! let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind")).unwrap();
//! let declarations = declarations_for(engine.pack(), &mut Choices::new(&[7; 500]), 20);
//! let lines = table(&engine.pack().schema, &declarations).unwrap();
//! let interpreted = engine.clone().with_evaluation(Evaluation::Interpreted);
//! let tally = compare(&interpreted, &engine, &lines).unwrap_or_else(|difference| panic!("{difference}"));
//! assert!(tally.lines >= 20);
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use qingfeng::read::{Format, Input, ReadOptions, Reader, arrow_schema};
use qingfeng::rules::{Fault, Schema};
use qingfeng::tools::verify::{Difference, differences};
use qingfeng::{Assessment, Engine};
use serde::Serialize;

/// What was compared, so that a test can insist on having compared something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packs.
    pub packs: usize,
    /// Rules of the packs.
    pub rules: usize,
    /// Goods lines assessed.
    pub lines: usize,
    /// Goods lines rejected.
    pub rejected: usize,
    /// Pairs of a line and a rule that is evaluated.
    pub pairs: usize,
    /// Pairs of a line and a rule that fired on it.
    pub fired: usize,
    /// Pairs of a line and a rule that could not be evaluated on it.
    pub faults: usize,
    /// The same by what kept them from being evaluated.
    pub fault_kinds: BTreeMap<Fault, usize>,
    /// Fired pairs whose evidence could not be filled in.
    pub reason_faults: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.packs += other.packs;
        self.rules += other.rules;
        self.lines += other.lines;
        self.rejected += other.rejected;
        self.pairs += other.pairs;
        self.fired += other.fired;
        self.faults += other.faults;
        for (fault, count) in other.fault_kinds {
            *self.fault_kinds.entry(fault).or_default() += count;
        }
        self.reason_faults += other.reason_faults;
    }
}

/// Why two engines are not equal.
#[derive(Clone, Debug)]
pub enum Unequal {
    /// One of them has no answer, or they reject other lines.
    Problem(String),
    /// They differ on a line.
    Difference(Box<Difference>),
}

impl fmt::Display for Unequal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => f.write_str(problem),
            Self::Difference(difference) => difference.fmt(f),
        }
    }
}

impl std::error::Error for Unequal {}

/// Compares the answers of two engines on a table of goods lines; mostly of one pack that is evaluated in two ways.
///
/// # Errors
///
/// The first line on which they differ; or the reason why one of them has no answer.
pub fn compare(first: &Engine, second: &Engine, lines: &RecordBatch) -> Result<Tally, Unequal> {
    let [a, b] = [("first", first), ("second", second)].map(|(name, engine)| {
        engine
            .assess_batch(lines)
            .map_err(|error| Unequal::Problem(format!("the {name} engine does not assess: {error}")))
    });
    let (a, b) = (a?, b?);
    let rejects = |rejects: &[qingfeng::read::Reject]| {
        rejects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let (rejected, rejected_by_second) = (rejects(a.rejects()), rejects(b.rejects()));
    if rejected != rejected_by_second {
        return Err(Unequal::Problem(format!(
            "the first engine rejects:\n{rejected}\nthe second engine rejects:\n{rejected_by_second}"
        )));
    }
    let (answers, others): (Vec<Assessment>, Vec<Assessment>) =
        (a.assessments().collect(), b.assessments().collect());
    let found = differences(&answers, &others);
    if let Some(line) = found.first().cloned() {
        let names = ["first", "second"];
        return Err(Unequal::Difference(Difference::of(first, a.lines(), &[], line, names, found.len())));
    }
    let mut tally = counted(first, &answers);
    tally.rejected = a.rejects().len();
    Ok(tally)
}

/// Counts the answers on lines that were compared.
fn counted(engine: &Engine, answers: &[Assessment]) -> Tally {
    let rules = &engine.pack().rules;
    let mut tally = Tally { packs: 1, rules: rules.len(), ..Tally::default() };
    let evaluated = rules.iter().filter(|rule| rule.status.is_evaluated()).count();
    for item in answers.iter().flat_map(|answer| &answer.items) {
        tally.lines += 1;
        tally.pairs += evaluated;
        tally.fired += item.fired.len();
        tally.faults += item.faults.len();
        for fault in &item.faults {
            *tally.fault_kinds.entry(fault.fault).or_default() += 1;
        }
        let cut = |reason: &str| reason.contains("(the evidence could not be filled in: ");
        let reasons = item.fired.iter().filter_map(|fired| fired.reason.as_deref());
        tally.reason_faults += reasons.filter(|reason| cut(reason)).count();
    }
    tally
}

/// The goods lines of declarations as a table of the schema, read as a file of them is read.
///
/// # Errors
///
/// What keeps them from being read, and the lines that are rejected.
pub fn table(schema: &Arc<Schema>, declarations: &[impl Serialize]) -> Result<RecordBatch, String> {
    let mut lines = String::new();
    for declaration in declarations {
        lines += &serde_json::to_string(declaration).map_err(|error| error.to_string())?;
        lines.push('\n');
    }
    let options = ReadOptions { format: Some(Format::Ndjson), ..ReadOptions::default() };
    let inputs = vec![Input::bytes("declarations", lines)];
    let mut reader = Reader::new(Arc::clone(schema), inputs, options).map_err(|error| error.to_string())?;
    let mut batches = Vec::new();
    for chunk in &mut reader {
        let chunk = chunk.map_err(|error| error.to_string())?;
        batches.push(chunk.lines.batch().clone());
    }
    concat_batches(&arrow_schema(schema), &batches).map_err(|error| error.to_string())
}
