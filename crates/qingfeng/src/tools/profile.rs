//! What each rule costs on someone's own declarations.
//!
//! ```
//! use qingfeng::Engine;
//! use qingfeng::Pipeline;
//! use qingfeng::read::{Input, ReadOptions, Reader};
//!
//! let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
//! let engine = Engine::open(format!("{root}rules/clean-wind"))?;
//! let inputs = vec![Input::Path(format!("{root}docs/examples/declarations.csv").into())];
//! let reader = Reader::new(engine.pack().schema.clone(), inputs, ReadOptions::default())?;
//! let profile = engine.profile(reader, &Pipeline::new().threads(1), &mut |_| {})?;
//! let slowest = profile.rules.iter().max_by(|a, b| a.seconds().total_cmp(&b.seconds())).unwrap();
//! println!("{}: {} visits, {} fired", slowest.rule, slowest.visits, slowest.fired);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::ops::ControlFlow;
use std::time::Instant;

use qingfeng_rules::Status;
use qingfeng_rules::internals::Visit;
use serde::Serialize;

use crate::engine::Engine;
use crate::eval::{BatchTime, Evaluation, RuleTally, SAMPLE_LINES_MIN, clock_seconds};
use crate::pipeline::{JobError, Pipeline, Progress};
use crate::read::{Chunk, Reader};

/// What evaluates the condition of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EvaluatedBy {
    /// Nothing: it holds on every line.
    Always,
    /// A program.
    Compiled,
    /// The interpreter, where the first parts that were compiled hold.
    Residual,
    /// The interpreter, as was asked for.
    Interpreter,
}

/// What one rule did, and what it took.
///
/// The times are those of the rule by itself: all lines of a batch that it visits are evaluated in a row, a few times,
/// and the least of these times counts. So what it shares with other rules, which a scoring run computes once a line, is
/// counted with each of them, and the time to find the lines to visit with none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuleProfile {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Its status: active, or shadow.
    pub status: Status,
    /// What evaluates its condition.
    pub evaluated_by: EvaluatedBy,
    /// What must hold on a line for the rule to be visited there; none where it is visited on each candidate line.
    pub witness: Option<String>,
    /// Lines that its key fits, whatever the day.
    pub candidates: u64,
    /// Candidates on which it was evaluated: it is in force and its witness holds.
    pub visits: u64,
    /// Lines on which it fired.
    pub fired: u64,
    /// Lines on which it could not be evaluated.
    pub faults: u64,
    /// Seconds that the condition took on all visits.
    pub condition_seconds: f64,
    /// Seconds that computed points took where the condition held.
    pub points_seconds: f64,
    /// Seconds that the evidence took where the condition held; a run without reasons does not fill it in.
    pub reason_seconds: f64,
    /// What condition and points took, of what they took with all rules.
    pub share: f64,
}

impl RuleProfile {
    /// What a run without reasons pays: condition and points.
    pub fn seconds(&self) -> f64 {
        self.condition_seconds + self.points_seconds
    }
}

/// What the rules of a pack cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// Goods lines that were evaluated.
    pub lines: u64,
    /// Goods lines that could not be read.
    pub rejected: u64,
    /// The rules that are evaluated, in the order of the pack.
    pub rules: Vec<RuleProfile>,
    /// Seconds that all conditions and points took, each rule by itself.
    pub rules_seconds: f64,
    /// Seconds that the same lines took as they are scored: to find the rules to visit, and to visit them. Of each batch
    /// the better of two rounds counts.
    pub evaluation_seconds: f64,
    /// Seconds that the reasons took as they are filled in for all rules together.
    pub reasons_seconds: f64,
    /// Seconds of the whole profiling: reading, scoring, and all rounds.
    pub seconds: f64,
    /// The threads.
    pub threads: usize,
    /// The pack: `name@version#digest`.
    pub pack: String,
}

impl Engine {
    /// Evaluates all declarations of a reader for what each rule does and takes. It goes by the engine's
    /// [`Evaluation`](crate::Evaluation), and takes some times as long as evaluating them. Several threads disturb each
    /// other's times; the counts do not depend on them.
    ///
    /// # Errors
    ///
    /// An input that cannot be read; threads that cannot be started.
    pub fn profile(
        &self,
        mut reader: Reader,
        pipeline: &Pipeline,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Profile, JobError> {
        let started = Instant::now();
        let clock = clock_seconds();
        let pack = self.pack();
        let threads = pipeline.thread_count();
        let mut all = vec![RuleTally::default(); pack.rules.len()];
        let mut time = BatchTime::default();
        let (mut lines, mut rejected) = (0, 0);
        let each = |chunk: Chunk| {
            let mut tallies = vec![RuleTally::default(); pack.rules.len()];
            let time = self.evaluator().profiled(&chunk.lines, self.evaluation(), clock, &mut tallies);
            (tallies, time, chunk.lines.len() as u64, chunk.lines_amiss())
        };
        let mut take = |(tallies, more, read, rejects): (Vec<RuleTally>, BatchTime, u64, u64)| {
            for (all, more) in all.iter_mut().zip(&tallies) {
                all.add(more);
            }
            time.evaluation += more.evaluation;
            time.reasons += more.reasons;
            lines += read;
            rejected += rejects;
        };
        // What the first lines show decides where rules are visited. It must be the first lines whatever the threads.
        for chunk in reader.by_ref() {
            let chunk = chunk?;
            let enough = chunk.lines.len() >= SAMPLE_LINES_MIN;
            take(each(chunk));
            if enough {
                break;
            }
        }
        let mut take = |made| {
            take(made);
            Ok(ControlFlow::Continue(()))
        };
        pipeline.map(reader, &|chunk, _| each(chunk), &mut take, progress)?;
        let rules_seconds: f64 = all.iter().map(|tally| tally.condition + tally.points).sum();
        let rule = |(at, tally): (usize, &RuleTally)| self.rule_profile(at, tally, rules_seconds);
        let evaluated = |(at, _): &(usize, &RuleTally)| pack.rules[*at].status.is_evaluated();
        Ok(Profile {
            lines,
            rejected,
            rules: all.iter().enumerate().filter(evaluated).map(rule).collect(),
            rules_seconds,
            evaluation_seconds: time.evaluation,
            reasons_seconds: time.reasons,
            seconds: started.elapsed().as_secs_f64(),
            threads,
            pack: self.pack_id().to_string(),
        })
    }

    fn rule_profile(&self, at: usize, tally: &RuleTally, rules_seconds: f64) -> RuleProfile {
        let definition = &self.pack().rules[at];
        let program = self.program();
        let evaluated_by = match (self.evaluation(), program.visit(at)) {
            (Evaluation::Interpreted, _) => EvaluatedBy::Interpreter,
            (_, Visit::Always) => EvaluatedBy::Always,
            (_, Visit::Compiled) => EvaluatedBy::Compiled,
            (_, Visit::Residual) => EvaluatedBy::Residual,
        };
        let by_witness = matches!(evaluated_by, EvaluatedBy::Compiled | EvaluatedBy::Residual);
        let witness = self.evaluator().witness(at).filter(|_| by_witness);
        let seconds = tally.condition + tally.points;
        RuleProfile {
            rule: definition.id.clone(),
            title: definition.title.clone(),
            status: definition.status,
            evaluated_by,
            witness: witness.map(|witness| program.text_of_witness(witness)),
            candidates: tally.candidates,
            visits: tally.visits,
            fired: tally.fired,
            faults: tally.faults,
            condition_seconds: tally.condition,
            points_seconds: tally.points,
            reason_seconds: tally.reason,
            share: if rules_seconds > 0.0 { seconds / rules_seconds } else { 0.0 },
        }
    }
}
