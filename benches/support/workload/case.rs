//! One workload to measure: the engine with its pack, the same rules by hand, and what both must find.

use arrow_array::RecordBatch;
use qingfeng::read::Lines;
use qingfeng::{Engine, Evaluation};
use tempfile::TempDir;

use super::{Checksum, Mix, SEED, Workload};
use crate::hand::{GoodsLine, HandRules, KnownKeys};

/// How much the rules have to do with the lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Density {
    /// Rules whose keys fit a line, on average.
    pub candidates: f64,
    /// Rules that fire on a line, on average.
    pub fired: f64,
}

/// A workload with all that evaluates it.
#[derive(Debug)]
pub struct Case {
    rules: usize,
    mix: Mix,
    directory: TempDir,
    engine: Engine,
    by_hand: HandRules,
}

impl Case {
    /// So many rules of a mix, drawn with [`SEED`].
    ///
    /// # Panics
    ///
    /// The pack cannot be written or is refused.
    pub fn new(rules: usize, mix: Mix) -> Self {
        let workload = Workload::new(SEED, rules, mix);
        let directory =
            workload.lay_out().unwrap_or_else(|error| panic!("the pack cannot be written: {error}"));
        let engine = Engine::open(directory.path()).unwrap_or_else(|error| panic!("{error}"));
        Self { rules, mix, directory, engine, by_hand: HandRules::new(workload.rules()) }
    }

    /// How many rules, of which mix.
    pub fn name(&self) -> String {
        format!("{} rules, {}", self.rules, self.mix.name())
    }

    /// The directory of the pack.
    pub fn pack(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// The engine.
    pub fn engine(&self, evaluation: Evaluation) -> Engine {
        self.engine.clone().with_evaluation(evaluation)
    }

    /// The rules by hand.
    pub fn by_hand(&self) -> &HandRules {
        &self.by_hand
    }

    /// Checks that the engine finds on these lines what the rules by hand find.
    ///
    /// # Panics
    ///
    /// It does not.
    pub fn check(&self, evaluation: Evaluation, batches: &[RecordBatch]) -> Density {
        let engine = self.engine(evaluation);
        let (mut found, mut expected) = (Checksum::default(), Checksum::default());
        let mut candidates = 0;
        for batch in batches {
            let assessed = engine.assess_batch(batch).unwrap_or_else(|error| panic!("{error}"));
            assert!(assessed.rejects().is_empty(), "lines were rejected");
            assessed.assessments().for_each(|assessment| found.add_assessment(&assessment));
            let (lines, mut known) = (GoodsLine::of_batch(batch), KnownKeys::default());
            expected.add_results(&self.by_hand.evaluate(&mut known, &lines));
            candidates +=
                lines.iter().map(|line| self.by_hand.candidates(&mut known, line).len()).sum::<usize>();
        }
        assert_eq!(found, expected, "{}, {evaluation:?}: other rules fire than by hand", self.name());
        let lines = expected.lines.max(1) as f64;
        Density { candidates: candidates as f64 / lines, fired: expected.fired as f64 / lines }
    }
}

/// The goods lines of tables as an engine reads them.
///
/// # Panics
///
/// A table does not fit the pack's schema.
pub fn bound(engine: &Engine, batches: &[RecordBatch]) -> Vec<Lines> {
    let read = |batch| match engine.assess_batch(batch) {
        Ok(assessed) => assessed.lines().clone(),
        Err(error) => panic!("{error}"),
    };
    batches.iter().map(read).collect()
}

/// Assesses goods lines, a batch after another. Gives the lines assessed, for the bench to look at.
pub fn assess(engine: &Engine, batches: &[Lines]) -> usize {
    batches.iter().map(|lines| engine.assess_lines(lines.clone()).lines().len()).sum()
}
