//! What becomes of declarations under two packs, as data.

use serde::Serialize;

use crate::assessment::FiredRule;

use super::cause::Cause;

/// What becomes of declarations under two packs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeclarationsDiff {
    /// Declarations that both packs could read.
    pub compared: u64,
    /// Declarations of which only the old pack could read a line.
    pub only_old: u64,
    /// Declarations of which only the new pack could read a line.
    pub only_new: u64,
    /// Goods lines that both packs could read.
    pub lines: u64,
    /// Goods lines that only the old pack could read.
    pub lines_only_old: u64,
    /// Goods lines that only the new pack could read.
    pub lines_only_new: u64,
    /// Goods lines that the old pack rejected, and the new one.
    pub lines_rejected: [u64; 2],
    /// The channels of both packs, from mild to severe. All counts by channel are in this order.
    pub channels: Vec<String>,
    /// Declarations by channel in the old pack (rows) and in the new one (columns).
    pub matrix: Vec<Vec<u64>>,
    /// How scores change.
    pub scores: ScoreDiff,
    /// Each pair of two channels between which declarations go, the most frequent first.
    pub moves: Vec<Move>,
    /// Rules that fire on another number of lines, those with the greatest change first.
    pub rules: Vec<RuleEffect>,
    /// Declarations in each channel by port.
    pub by_port: Workload,
    /// Declarations in each channel by day.
    pub by_day: Workload,
}

impl DeclarationsDiff {
    /// The declarations that change their channel.
    pub fn moved(&self) -> u64 {
        self.moves.iter().map(|step| step.declarations).sum()
    }

    /// Whether all declarations keep channel and score, and all lines are read by both packs.
    pub fn is_empty(&self) -> bool {
        let Self { only_old, only_new, lines_only_old, lines_only_new, scores, .. } = self;
        self.moved() == 0
            && [only_old, only_new, lines_only_old, lines_only_new, &scores.raised, &scores.lowered]
                .iter()
                .all(|count| **count == 0)
    }

    /// Declarations in each channel, under the old pack and under the new one.
    pub fn totals(&self) -> [Vec<u64>; 2] {
        let channels = 0..self.channels.len();
        let old = self.matrix.iter().map(|row| row.iter().sum()).collect();
        let new = channels.map(|at| self.matrix.iter().map(|row| row[at]).sum()).collect();
        [old, new]
    }
}

/// How the scores of declarations change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ScoreDiff {
    /// Declarations with a higher score than before.
    pub raised: u64,
    /// Declarations with a lower score.
    pub lowered: u64,
    /// Declarations with the same score.
    pub same: u64,
    /// The sum of all scores under the old pack.
    pub old_total: i64,
    /// The sum of all scores under the new pack.
    pub new_total: i64,
}

/// Declarations that go from one channel to another, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Move {
    /// The channel under the old pack.
    pub from: String,
    /// The channel under the new pack.
    pub to: String,
    /// Whether the new one is more severe.
    pub raised: bool,
    /// How many declarations.
    pub declarations: u64,
    /// The causes, the most frequent first.
    pub causes: Vec<CauseCount>,
    /// Declarations with causes beyond those that are kept.
    pub others: u64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// Differences that together moved declarations: each of them was needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CauseCount {
    /// The differences.
    pub causes: Vec<Cause>,
    /// How many declarations.
    pub declarations: u64,
}

/// A declaration that changes its channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// Its id.
    pub declaration_id: String,
    /// Where its first line was read.
    pub place: String,
    /// Its port.
    pub port: Option<String>,
    /// Its day.
    pub day: Option<String>,
    /// What the old pack made of it.
    pub old: Outcome,
    /// What the new pack makes of it.
    pub new: Outcome,
    /// Why the channel changes.
    pub causes: Vec<Cause>,
}

/// What one pack makes of a declaration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Its channel.
    pub channel: String,
    /// Its score.
    pub score: i64,
    /// The number of the line that decided.
    pub decisive_item: Option<i64>,
    /// The rules that fired on that line, with their evidence.
    pub fired: Vec<FiredRule>,
}

/// On how many lines a rule fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleEffect {
    /// The rule.
    pub rule: String,
    /// Lines under the old pack.
    pub old: u64,
    /// Lines under the new pack.
    pub new: u64,
}

/// Declarations in each channel by some value of theirs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Workload {
    /// The field, if the packs have one.
    pub field: Option<String>,
    /// By value, in order.
    pub loads: Vec<Load>,
    /// Declarations that have no value.
    pub missing: Option<Load>,
    /// Declarations with values beyond those that are kept.
    pub others: Option<Load>,
}

/// Declarations in each channel, of one port or one day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// The port or the day.
    pub value: String,
    /// In each channel under the old pack.
    pub old: Vec<u64>,
    /// In each channel under the new pack.
    pub new: Vec<u64>,
}

impl Load {
    /// By how much the channels change together: declarations that went elsewhere, at least.
    pub fn distance(&self) -> u64 {
        self.old.iter().zip(&self.new).map(|(a, b)| a.abs_diff(*b)).sum()
    }

    /// All declarations under the old pack and under the new one.
    pub fn totals(&self) -> [u64; 2] {
        [self.old.iter().sum(), self.new.iter().sum()]
    }
}
