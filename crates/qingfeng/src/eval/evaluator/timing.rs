//! What each rule costs over a batch. Apart from scoring, which stays as fast as it is.
//!
//! A visit takes some ten nanoseconds, less than asking the clock. So each rule is evaluated by itself over all lines of
//! the batch that it visits, several times in a row, and the least of a few such rounds counts: what disturbs a round
//! makes it longer, never shorter.

use std::hint::black_box;
use std::time::Instant;

use qingfeng_rules::Fault;

use super::*;

/// What one rule did and took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RuleTally {
    /// Lines that its key fits.
    pub candidates: u64,
    /// Lines on which it is looked at.
    pub visits: u64,
    pub fired: u64,
    pub faults: u64,
    /// Seconds of all visits, of all points, of all reasons.
    pub condition: f64,
    pub points: f64,
    pub reason: f64,
}

impl RuleTally {
    pub(crate) fn add(&mut self, more: &Self) {
        self.candidates += more.candidates;
        self.visits += more.visits;
        self.fired += more.fired;
        self.faults += more.faults;
        self.condition += more.condition;
        self.points += more.points;
        self.reason += more.reason;
    }
}

/// What a batch took as it is scored, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BatchTime {
    pub evaluation: f64,
    pub reasons: f64,
}

/// Pairs of a rule and a line that are collected before they are timed.
const PAIRS_MAX: usize = 1 << 20;
/// A round lasts so long at least, so that the clock does not count.
const ROUND_SECONDS_MIN: f64 = 4e-6;
/// What takes longer than this is not repeated as often.
const LONG_SECONDS: f64 = 2e-3;
const REPEATS_MAX: f64 = 256.0;

/// The seconds that something takes, at least.
fn seconds(clock: f64, mut run: impl FnMut()) -> f64 {
    let mut round = |repeats: u32| {
        let started = Instant::now();
        for _ in 0..repeats {
            run();
        }
        (started.elapsed().as_secs_f64() - clock).max(0.0) / f64::from(repeats)
    };
    // The first round finds nothing in the caches.
    let first = round(1);
    let repeats = (ROUND_SECONDS_MIN / first.max(1e-9)).clamp(1.0, REPEATS_MAX) as u32;
    let rounds = if first > LONG_SECONDS { 1 } else { 3 };
    (0..rounds).map(|_| round(repeats)).fold(first, f64::min)
}

/// The seconds that asking the clock takes.
pub(crate) fn clock_seconds() -> f64 {
    let ask = |_| {
        let started = Instant::now();
        started.elapsed().as_secs_f64()
    };
    (0..1_000).map(ask).fold(f64::INFINITY, f64::min)
}

impl Evaluator {
    /// Evaluates a batch as it is scored, then rule by rule for what each of them takes. `tallies` has one for each rule
    /// of the pack.
    pub(crate) fn profiled(
        &self,
        lines: &Lines,
        evaluation: Evaluation,
        clock: f64,
        tallies: &mut [RuleTally],
    ) -> BatchTime {
        let scored = || {
            let started = Instant::now();
            let results = self.evaluate(lines, evaluation);
            let evaluation_time = started.elapsed().as_secs_f64();
            let started = Instant::now();
            drop(self.reasons(&results, evaluation));
            (results, BatchTime { evaluation: evaluation_time, reasons: started.elapsed().as_secs_f64() })
        };
        let (results, first) = scored();
        // Interpreted, a batch takes so long that the caches do not count.
        let second = if evaluation == Evaluation::Compiled { scored().1 } else { first };
        let time = BatchTime {
            evaluation: first.evaluation.min(second.evaluation),
            reasons: first.reasons.min(second.reasons),
        };
        for &(rule, _) in results.all_fired() {
            tallies[rule as usize].fired += 1;
        }
        for &(rule, _) in results.all_faults() {
            tallies[rule as usize].faults += 1;
        }
        let values = results.values;
        let mut worker = self.borrow();
        let dispatch = self.prepare(&mut worker, &values);
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut visits = RuleSet::empty(self.keys.rules().len());
        for line in 0..values.len() {
            let Worker { keys, texts, tests, .. } = &mut worker;
            let candidates = self.candidates(keys, texts, &values, line);
            for rule in candidates.iter() {
                tallies[self.keys.rules()[rule as usize] as usize].candidates += 1;
            }
            match evaluation {
                Evaluation::Interpreted => visits.copy_from(candidates),
                Evaluation::Compiled => {
                    let view = LineView { values: &values, texts, tests, evaluator: self, dispatch, line };
                    self.look(candidates, &view, &mut Memo::default(), &mut visits);
                }
            }
            let day = values.day(line);
            let in_force = visits.iter().filter(|rule| self.in_force(*rule, day));
            pairs.extend(in_force.map(|rule| (rule, line as u32)));
            if pairs.len() >= PAIRS_MAX {
                self.time_pairs(&mut pairs, &mut worker, &values, dispatch, evaluation, clock, tallies);
            }
        }
        self.time_pairs(&mut pairs, &mut worker, &values, dispatch, evaluation, clock, tallies);
        self.give_back(worker);
        time
    }

    /// Times the visits of each rule, and forgets them.
    #[expect(clippy::too_many_arguments, reason = "what a batch is evaluated with")]
    fn time_pairs(
        &self,
        pairs: &mut Vec<(u32, u32)>,
        worker: &mut Worker,
        values: &Arc<BatchValues>,
        dispatch: &Dispatch,
        evaluation: Evaluation,
        clock: f64,
        tallies: &mut [RuleTally],
    ) {
        pairs.sort_unstable();
        let Worker { interpreter, texts, tests, .. } = worker;
        let mut visits =
            RuleVisits { evaluator: self, interpreter, values, texts, tests, dispatch, evaluation };
        for of_rule in pairs.chunk_by(|a, b| a.0 == b.0) {
            let position = self.keys.rules()[of_rule[0].0 as usize] as usize;
            let tally = &mut tallies[position];
            tally.visits += of_rule.len() as u64;
            let lines = of_rule.iter().map(|(_, line)| *line as usize);
            if self.program.visit(position) != Visit::Always || evaluation == Evaluation::Interpreted {
                tally.condition += seconds(clock, || {
                    visits.conditions(position, lines.clone(), &mut |_, holds| _ = black_box(holds));
                });
            }
            let mut held: Vec<usize> = Vec::new();
            visits.conditions(position, lines, &mut |line, holds| {
                if holds == Ok(true) {
                    held.push(line);
                }
            });
            if held.is_empty() {
                continue;
            }
            if matches!(self.pack.rules[position].points, qingfeng_rules::Points::Computed(_)) {
                tally.points += seconds(clock, || visits.points(position, &held));
            }
            if self.pack.rules[position].reason.is_some() {
                tally.reason += seconds(clock, || visits.reasons(position, &held));
            }
        }
        pairs.clear();
    }
}

/// The closures of one rule over lines of a batch.
struct RuleVisits<'a> {
    evaluator: &'a Evaluator,
    interpreter: &'a mut Option<Interpreter>,
    values: &'a Arc<BatchValues>,
    texts: &'a [FieldTexts],
    tests: &'a RefCell<TestTables>,
    dispatch: &'a Dispatch,
    evaluation: Evaluation,
}

impl<'a> RuleVisits<'a> {
    /// Gives `use_it` each of these lines, with what programs and the interpreter need there.
    fn each(
        &mut self,
        lines: impl Iterator<Item = usize>,
        mut use_it: impl FnMut(usize, &LineView<'a>, &mut Memo<'a>, &mut Asked<'_>),
    ) {
        let Self { evaluator, values, texts, tests, dispatch, .. } = *self;
        let mut memo = Memo::default();
        for line in lines {
            let view = LineView { values, texts, tests, evaluator, dispatch, line };
            let mut asked = Asked { evaluator, interpreter: &mut *self.interpreter, values, begun: false };
            use_it(line, &view, &mut memo, &mut asked);
            memo.clear();
        }
    }

    /// The programs, where the rules are evaluated by them.
    fn program(&self) -> Option<&'a Program> {
        (self.evaluation == Evaluation::Compiled).then_some(&self.evaluator.program)
    }

    /// Gives `use_it` whether the condition holds on each of these lines.
    fn conditions(
        &mut self,
        rule: usize,
        lines: impl Iterator<Item = usize>,
        use_it: &mut impl FnMut(usize, Result<bool, Fault>),
    ) {
        let program = self.program();
        self.each(lines, |line, view, memo, asked| {
            let compiled = program.map(|program| (program.holds(rule, view, memo), program.visit(rule)));
            use_it(
                line,
                match compiled {
                    None | Some((Ok(true), Visit::Residual)) => asked.on(line).holds(rule),
                    Some((holds, _)) => holds,
                },
            );
        });
    }

    fn points(&mut self, rule: usize, lines: &[usize]) {
        let program = self.program();
        self.each(lines.iter().copied(), |line, view, memo, asked| {
            let points = program.and_then(|program| program.points(rule, view, memo));
            black_box(points.unwrap_or_else(|| asked.on(line).points(rule))).ok();
        });
    }

    fn reasons(&mut self, rule: usize, lines: &[usize]) {
        let program = self.program();
        self.each(lines.iter().copied(), |line, view, memo, asked| {
            let reason = program.and_then(|program| program.reason(rule, view, memo));
            black_box(reason.unwrap_or_else(|| asked.on(line).reason(rule)));
        });
    }
}
