//! What the figures of a report say: the sentences at its head, as data. A page puts them into words.

use serde::Serialize;

use super::{Report, Row};
use crate::rating::State;
use crate::targets::Standing;

/// Whether a statement is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It went well.
    Good,
    /// A matter of fact.
    Plain,
    /// To worry about.
    Worry,
}

/// A sentence with its numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Statement {
    /// Nothing was inspected, so there is nothing to say.
    Nothing {
        /// Assessed declarations.
        declarations: u64,
    },
    /// Inspections chosen by rules and scores against those drawn.
    Targeting {
        /// Good where the chosen ones find clearly more.
        tone: Tone,
        /// The hit rate of the chosen, mandatory and targeted together.
        chosen: f64,
        /// Inspections chosen, with a result.
        chosen_inspected: u64,
        /// The hit rate of the drawn.
        drawn: f64,
        /// Inspections drawn, with a result.
        drawn_inspected: u64,
        /// How many times as often the chosen find something, where the drawn found anything.
        times: Option<f64>,
    },
    /// Too few were drawn for a comparison with chance.
    NoComparison {
        /// Inspections drawn, with a result.
        drawn_inspected: u64,
    },
    /// How much of what violates was found.
    Missed {
        /// Good where little was missed, and little is unknown.
        tone: Tone,
        /// Declarations that violate, estimated.
        violating: f64,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
        /// Those found.
        found: u64,
        /// The share that was found.
        share: f64,
        /// The part of all declarations that the draw speaks of, in [0, 1]. Of the others nothing is known.
        covered: f64,
    },
    /// Active rules that do harm.
    Harmful {
        /// How many.
        count: u64,
        /// The ids of the first, those first that fire on most violations.
        rules: Vec<Box<str>>,
    },
    /// Inspections without a result.
    Open {
        /// A worry from a twentieth on.
        tone: Tone,
        /// Without a result.
        open: u64,
        /// Planned.
        planned: u64,
        /// The share.
        share: f64,
    },
    /// The cases of the year against their aim.
    Aim {
        /// Good where the pace suffices.
        tone: Tone,
        /// The year.
        year: i64,
        /// Cases so far.
        done: f64,
        /// The aim.
        aim: f64,
        /// What is needed in each month that is left, if any is.
        needed_a_month: Option<f64>,
        /// The days left.
        days_left: u32,
    },
    /// The use of the capacity.
    Capacity {
        /// A worry below three quarters.
        tone: Tone,
        /// The share used.
        share: f64,
        /// Planned inspections.
        inspections: u64,
    },
}

impl Statement {
    /// Whether it is good news.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Nothing { .. } | Self::NoComparison { .. } | Self::Harmful { .. } => Tone::Worry,
            Self::Targeting { tone, .. }
            | Self::Missed { tone, .. }
            | Self::Open { tone, .. }
            | Self::Aim { tone, .. }
            | Self::Capacity { tone, .. } => *tone,
        }
    }
}

/// The least draws with a result for a comparison.
const LEAST_DRAWN: u64 = 30;

/// The least part of all declarations of which the draw must speak for what it says to be good news.
const LEAST_COVERED: f64 = 0.9;

/// The statements at the head of a report at most: what a reader takes along.
const MOST: usize = 3;

/// The statements of a report.
pub(super) fn of(report: &Report) -> Vec<Statement> {
    let all = &report.counts.all;
    if all.inspected == 0 {
        return vec![Statement::Nothing { declarations: all.declarations }];
    }
    let mut statements = aim(report);
    statements.push(targeting(&report.counts.by_selection));
    if let Some((estimate, rate)) = all.estimate.as_ref().and_then(|of| Some((of, of.rate?))) {
        // Of those of which the draw speaks: who could not be drawn may be otherwise.
        let of = |rate: f64| rate * estimate.covered * all.declarations as f64;
        let violating = of(rate);
        // What was found is certain to violate, whatever the draw says.
        let least = all.found as f64;
        let share = (least / violating.max(least)).clamp(0.0, 1.0);
        let tone = match share {
            // What is never inspected may violate as it likes.
            _ if estimate.covered < LEAST_COVERED => Tone::Worry,
            share if share >= 0.5 => Tone::Good,
            share if share >= 0.2 => Tone::Plain,
            _ => Tone::Worry,
        };
        statements.push(Statement::Missed {
            tone,
            violating: violating.max(least),
            low: of(estimate.low).max(least),
            high: of(estimate.high).max(least),
            found: all.found,
            share,
            covered: estimate.covered,
        });
    } else if let Some(share) = report.capacity.all.used_share {
        let tone = if share >= 0.75 { Tone::Good } else { Tone::Worry };
        statements.push(Statement::Capacity { tone, share, inspections: report.capacity.all.inspections });
    }
    statements.extend(harmful(report));
    let share = all.open as f64 / all.planned as f64;
    let tone = if share < 0.05 { Tone::Good } else { Tone::Worry };
    statements.push(Statement::Open { tone, open: all.open, planned: all.planned, share });
    // What need not worry anybody makes room, the last first.
    while statements.len() > MOST {
        let calm = statements.iter().rposition(|statement| statement.tone() != Tone::Worry);
        statements.remove(calm.unwrap_or(statements.len() - 1));
    }
    statements
}

/// Harmful rules that are named.
const NAMED: usize = 3;

fn harmful(report: &Report) -> Option<Statement> {
    let rules = report.effect.iter().flat_map(|effect| &effect.rules);
    let harmful: Vec<Box<str>> = rules
        .filter(|rule| rule.rating.state == State::Harmful && !rule.shadow)
        .map(|rule| rule.rule.clone())
        .collect();
    let count = harmful.len() as u64;
    (count > 0).then(|| Statement::Harmful { count, rules: harmful.into_iter().take(NAMED).collect() })
}

fn aim(report: &Report) -> Vec<Statement> {
    let Some(targets) = &report.targets else { return Vec::new() };
    let pace = &targets.all.cases;
    let (Some(aim), Some(standing)) = (pace.aim, pace.standing) else { return Vec::new() };
    let tone = match standing {
        Standing::Reached | Standing::Ahead => Tone::Good,
        Standing::Behind | Standing::Missed => Tone::Worry,
    };
    vec![Statement::Aim {
        tone,
        year: targets.year,
        done: pace.done,
        aim,
        needed_a_month: pace.needed_a_month,
        days_left: targets.days_left,
    }]
}

fn targeting(by_selection: &[Row]) -> Statement {
    let mut chosen = (0, 0);
    let mut drawn = (0, 0);
    for row in by_selection {
        let sums = if row.of.name == "random" { &mut drawn } else { &mut chosen };
        sums.0 += row.counts.found;
        sums.1 += row.counts.inspected;
    }
    if drawn.1 < LEAST_DRAWN || chosen.1 == 0 {
        return Statement::NoComparison { drawn_inspected: drawn.1 };
    }
    let rate = |(found, of): (u64, u64)| found as f64 / of as f64;
    let times = (drawn.0 > 0).then(|| rate(chosen) / rate(drawn));
    let tone = match times {
        Some(times) if times < 1.5 => Tone::Worry,
        _ => Tone::Good,
    };
    Statement::Targeting {
        tone,
        chosen: rate(chosen),
        chosen_inspected: chosen.1,
        drawn: rate(drawn),
        drawn_inspected: drawn.1,
        times,
    }
}
