//! What the tests of a pack show of its rules.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use qingfeng_rules::cases::{ConditionPart, Outcomes};
use qingfeng_rules::internals::{Outcome, Part};
use qingfeng_rules::{Code, Diagnostic, Pack, Place, Points, Status};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{Batch, Tests};
use crate::eval::Evaluation;

/// What tests show of the rules that are not retired.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// By rule, in the order of the pack.
    pub rules: Vec<RuleCoverage>,
}

/// What tests show of one rule.
#[derive(Clone, Debug)]
pub struct RuleCoverage {
    /// The rule, by its position in the pack.
    pub rule: usize,
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it fires in a test.
    pub fired: bool,
    /// Whether a test keeps it silent: its key fits and it is in force, and its condition does not hold. Of a rule
    /// without a condition, whether a test says that it is silent.
    pub silent: bool,
    /// Whether a test in which it fires expects its points, or the score they go into; `None` if it gives none.
    pub points: Option<bool>,
    /// The parts of its condition that have no parts themselves.
    pub parts: Vec<PartCoverage>,
}

/// What tests show of a part of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartCoverage {
    /// The part as Rhai source.
    pub text: String,
    /// Whether it held in a test.
    pub held: bool,
    /// Whether it did not hold in a test.
    pub failed: bool,
}

impl RuleCoverage {
    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.fired
            && self.silent
            && self.points != Some(false)
            && self.parts.iter().all(|part| part.held && part.failed)
    }

    fn knows_all(&self) -> bool {
        self.fired && self.silent && self.parts.iter().all(|part| part.held && part.failed)
    }
}

impl Coverage {
    /// How many rules are fired by some test, kept silent by one, and how many there are.
    pub fn totals(&self) -> CoverageTotals {
        let count = |has: &dyn Fn(&RuleCoverage) -> bool| self.rules.iter().filter(|rule| has(rule)).count();
        let parts = || self.rules.iter().flat_map(|rule| &rule.parts);
        CoverageTotals {
            rules: self.rules.len(),
            fired: count(&|rule| rule.fired),
            silent: count(&|rule| rule.silent),
            complete: count(&RuleCoverage::is_complete),
            points: count(&|rule| rule.points.is_some()),
            points_covered: count(&|rule| rule.points == Some(true)),
            parts: parts().count(),
            parts_covered: parts().filter(|part| part.held && part.failed).count(),
        }
    }

    /// The rules, by their positions in the pack, whose points no test expects.
    pub fn uncovered_points(&self) -> Vec<usize> {
        self.rules.iter().filter(|rule| rule.points == Some(false)).map(|rule| rule.rule).collect()
    }

    /// Warnings about the rules whose points no test expects; one for all of them where the pack has no tests.
    fn warnings(&self, pack: &Pack, has_tests: bool) -> Vec<Diagnostic> {
        let uncovered = self.rules.iter().filter(|rule| rule.points == Some(false));
        if has_tests {
            let warning = |rule: &RuleCoverage| {
                Diagnostic::new(
                    Code::UncoveredPoints,
                    format!("no test covers the points of the rule `{}`", rule.id),
                )
                .at(rule.place.clone(), "")
                .about(&rule.id)
                .help("let a test in which it fires expect `points` or `score`")
            };
            return uncovered.map(warning).collect();
        }
        let table = "[pack]";
        let text = pack.warnings.sources.text("pack.toml").unwrap_or("");
        let span = text.find(table).map_or(0..0, |at| at..at + table.len());
        let count = uncovered.count();
        if count == 0 {
            return Vec::new();
        }
        let points = if count == 1 {
            "the points of its rule".into()
        } else {
            format!("the points of its {count} rules")
        };
        let warning = Diagnostic::new(
            Code::UncoveredPoints,
            format!("the pack has no tests: none covers {points}"),
        )
        .at(Place { file: "pack.toml".into(), span }, "")
        .note("a test keeps a rule from being changed unnoticed")
        .help("write one in `tests/NAME.rhai`: `test(\"what it shows\", #{ ... }, #{ fires: \"RULE\" })`");
        vec![warning]
    }
}

/// The counts of a [`Coverage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CoverageTotals {
    /// Rules that are not retired.
    pub rules: usize,
    /// Those that fire in a test.
    pub fired: usize,
    /// Those that a test keeps silent.
    pub silent: usize,
    /// Those without a gap.
    pub complete: usize,
    /// Those that give points.
    pub points: usize,
    /// Those whose points a test expects.
    pub points_covered: usize,
    /// Parts of conditions.
    pub parts: usize,
    /// Those that held in a test and did not in one.
    pub parts_covered: usize,
}

struct Covered {
    coverage: RuleCoverage,
    condition: Option<ConditionPart>,
}

impl Tests {
    /// Warnings about rules whose points no test expects.
    pub fn uncovered_points(&self) -> Vec<Diagnostic> {
        self.coverage().warnings(self.engine.pack(), !self.is_empty())
    }

    /// What the tests show of the rules.
    pub fn coverage(&self) -> Coverage {
        let pack = self.engine.pack();
        let covered: Vec<Mutex<Covered>> = (0..pack.rules.len())
            .map(|rule| {
                let condition = pack.condition(rule);
                let leaf = |part: &ConditionPart| PartCoverage {
                    text: part.text.clone(),
                    held: false,
                    failed: false,
                };
                let parts = condition.iter().flat_map(|part| part.leaves().into_iter().map(leaf)).collect();
                let definition = &pack.rules[rule];
                let gives = !matches!(definition.points, Points::Fixed(0));
                let coverage = RuleCoverage {
                    rule,
                    id: definition.id.clone(),
                    place: definition.place.clone(),
                    fired: false,
                    silent: false,
                    points: gives.then_some(false),
                    parts,
                };
                Mutex::new(Covered { coverage, condition })
            })
            .collect();
        self.batches().par_iter().for_each(|batch| self.cover(batch, &covered));
        let rules = covered
            .into_iter()
            .map(|covered| covered.into_inner().unwrap_or_else(PoisonError::into_inner).coverage)
            .filter(|covered| pack.rules[covered.rule].status != Status::Retired);
        Coverage { rules: rules.collect() }
    }

    fn cover(&self, batch: &Batch<'_>, covered: &[Mutex<Covered>]) {
        let pack = self.engine.pack();
        let results = self.engine.clone().with_evaluation(Evaluation::Compiled).evaluate(&batch.lines);
        let lock = |rule: usize| covered[rule].lock().unwrap_or_else(PoisonError::into_inner);
        for (test, range) in batch.tests.iter().zip(batch.lines.declarations()) {
            let expected = &test.case.expected;
            let said: BTreeSet<usize> = silent_by_name(pack, &expected.declaration)
                .chain(expected.items.iter().flat_map(|outcomes| silent_by_name(pack, outcomes)))
                .collect();
            for rule in said {
                lock(rule).coverage.silent = true;
            }
            for (at, line) in range.clone().enumerate() {
                let day = results.values.day(line);
                for &(rule, _) in results.fired(line) {
                    let rule = rule as usize;
                    let mut covered = lock(rule);
                    covered.coverage.fired = true;
                    let of_line = expected.items.get(at);
                    if covered.coverage.points.is_some()
                        && std::iter::once(&expected.declaration)
                            .chain(of_line)
                            .any(|outcomes| sees_points(pack, outcomes, rule))
                    {
                        covered.coverage.points = Some(true);
                    }
                }
                self.engine.evaluator().on_line(&results.values, line, |interpreter, candidates| {
                    for &rule in candidates {
                        let at = rule as usize;
                        if !pack.rules[at].is_in_force(day) || lock(at).coverage.knows_all() {
                            continue;
                        }
                        let Some(part) = interpreter.explain(at) else { continue };
                        let mut covered = lock(at);
                        let Covered { coverage, condition } = &mut *covered;
                        coverage.silent |= part.outcome == Outcome::Failed;
                        if let Some(condition) = condition {
                            see(&part, condition, &mut coverage.parts.iter_mut());
                        }
                    }
                });
            }
        }
    }
}

/// Rules without a condition of which a test says that they are silent.
fn silent_by_name<'o>(pack: &'o Pack, outcomes: &'o Outcomes) -> impl Iterator<Item = usize> + 'o {
    outcomes.silent.iter().copied().filter(|&rule| pack.rules[rule].when.is_none())
}

/// Whether an expectation would notice other points of a rule that fired.
fn sees_points(pack: &Pack, outcomes: &Outcomes, rule: usize) -> bool {
    outcomes.points.iter().any(|&(known, _)| known == rule)
        || (outcomes.score.is_some() && pack.rules[rule].status == Status::Active)
}

/// Notes how the parts of a condition came out. `leaves` are those of the condition, in order.
fn see<'c>(part: &Part, condition: &ConditionPart, leaves: &mut impl Iterator<Item = &'c mut PartCoverage>) {
    if condition.parts.is_empty() {
        if let Some(leaf) = leaves.next() {
            leaf.held |= part.outcome == Outcome::Held;
            leaf.failed |= part.outcome == Outcome::Failed;
        }
    } else if part.parts.len() == condition.parts.len() {
        for (part, condition) in part.parts.iter().zip(&condition.parts) {
            see(part, condition, leaves);
        }
    } else {
        // Not reached, or not taken apart since a `let` before it has no value.
        leaves.by_ref().take(condition.leaves().len()).for_each(|_| {});
    }
}
