//! The parts of one rule over the lines of a batch.

use std::sync::Arc;

use qingfeng_rules::internals::{Interpreter, LineSource, Memo, PartTree, Parts};
use qingfeng_rules::{Fault, FieldRef, Value};

use super::misses::{Found, Nearest, Rank};
use crate::engine::Engine;
use crate::eval::key_index::{KeyMemo, KeyStage, RuleKey, Unfit};
use crate::eval::values::BatchValues;
use crate::read::Lines;

/// A line of a batch as the parts of a rule see it.
pub(super) struct View<'b> {
    pub values: &'b BatchValues,
    pub line: usize,
}

impl<'b> LineSource<'b> for View<'b> {
    #[inline]
    fn value(&self, field: FieldRef) -> Value<'b> {
        self.values.field(self.line, field)
    }

    #[inline]
    fn number(&self, field: FieldRef) -> f64 {
        self.values.number(self.line, field).unwrap_or(f64::NAN)
    }

    fn entry(&self, table: usize) -> Option<u32> {
        self.values.lookup_entry(self.line, table)
    }

    fn entry_value(&self, table: usize, entry: u32, column: usize) -> Value<'b> {
        self.values.lookup_value(table, entry, column)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Held,
    Failed,
    Fault,
}

impl Outcome {
    fn of(holds: Result<bool, Fault>) -> Self {
        match holds {
            Ok(true) => Self::Held,
            Ok(false) => Self::Failed,
            Err(_) => Self::Fault,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeCount {
    pub held: u64,
    pub failed: u64,
    pub missing: u64,
    pub faults: u64,
    pub not_reached: u64,
    pub alone: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub lines: u64,
    pub fired: u64,
    pub faults: u64,
    pub asked: u64,
    /// By stage: lines that reached it, that it blocked, of these without a value, and those that it alone blocked.
    pub stages: [[u64; 4]; KeyStage::ALL.len()],
    /// By part, each before those in it.
    pub nodes: Vec<NodeCount>,
}

impl Counts {
    pub fn new(nodes: usize) -> Self {
        Self { nodes: vec![NodeCount::default(); nodes], ..Self::default() }
    }

    pub fn add(&mut self, more: &Self) {
        self.lines += more.lines;
        self.fired += more.fired;
        self.faults += more.faults;
        self.asked += more.asked;
        for (all, more) in self.stages.iter_mut().flatten().zip(more.stages.iter().flatten()) {
            *all += more;
        }
        for (all, more) in self.nodes.iter_mut().zip(&more.nodes) {
            all.held += more.held;
            all.failed += more.failed;
            all.missing += more.missing;
            all.faults += more.faults;
            all.not_reached += more.not_reached;
            all.alone += more.alone;
        }
    }
}

/// A part and those in it, in a row: each before those in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Leaf(usize),
    /// All, or else any, of the parts up to the node of this number.
    Joined {
        all: bool,
        end: usize,
    },
}

/// Counts one rule over batches. Shared by threads.
pub(super) struct Counter<'c> {
    engine: &'c Engine,
    pub key: &'c RuleKey,
    pub parts: &'c Parts,
    pub nodes: Vec<Node>,
    limit: usize,
}

/// The interpreter on the lines of a batch, for what was not compiled.
pub(super) struct Asked<'a> {
    pub interpreter: Option<&'a mut Interpreter>,
    pub values: &'a Arc<BatchValues>,
    pub begun: Option<usize>,
}

impl Asked<'_> {
    pub fn on(&mut self, line: usize) -> Option<&Interpreter> {
        let interpreter = self.interpreter.as_deref_mut()?;
        if self.begun != Some(line) {
            interpreter.begin(Arc::clone(self.values) as _, line);
            self.begun = Some(line);
        }
        Some(interpreter)
    }
}

impl<'c> Counter<'c> {
    pub fn new(engine: &'c Engine, key: &'c RuleKey, parts: &'c Parts, limit: usize) -> Self {
        fn flatten(tree: &PartTree, nodes: &mut Vec<Node>) {
            let (all, inside) = match tree {
                PartTree::Leaf(leaf) => return nodes.push(Node::Leaf(*leaf)),
                PartTree::All(inside) => (true, inside),
                PartTree::Any(inside) => (false, inside),
            };
            let at = nodes.len();
            nodes.push(Node::Leaf(0));
            inside.iter().for_each(|part| flatten(part, nodes));
            nodes[at] = Node::Joined { all, end: nodes.len() };
        }
        let mut nodes = Vec::new();
        if let Some(tree) = parts.tree() {
            flatten(tree, &mut nodes);
        }
        Self { engine, key, parts, nodes, limit }
    }

    /// The number of the node after a node and all in it.
    pub fn end(&self, node: usize) -> usize {
        match self.nodes[node] {
            Node::Leaf(_) => node + 1,
            Node::Joined { end, .. } => end,
        }
    }

    /// Counts the lines of a batch, and finds those on which the rule nearly holds.
    pub fn count(&self, lines: &Lines) -> (Counts, Vec<Found>) {
        let values = self.engine.evaluator().values(lines);
        if self.parts.is_compiled() {
            return self.counted(lines, &values, Asked { interpreter: None, values: &values, begun: None });
        }
        self.engine.evaluator().with_interpreter(|interpreter| {
            let interpreter = Some(interpreter);
            self.counted(lines, &values, Asked { interpreter, values: &values, begun: None })
        })
    }

    fn counted(
        &self,
        lines: &Lines,
        values: &Arc<BatchValues>,
        mut asked: Asked<'_>,
    ) -> (Counts, Vec<Found>) {
        let mut counts = Counts::new(self.nodes.len());
        let mut nearest = Nearest::new(self.limit);
        let mut keys = KeyMemo::default();
        let mut memo = Memo::default();
        let mut outcomes = vec![Outcome::Failed; self.nodes.len()];
        counts.lines = values.len() as u64;
        for line in 0..values.len() {
            let unfit = self.key.unfit(&mut keys, values, line);
            let blocking = unfit.blocked.count_ones();
            self.count_stages(unfit, &mut counts);
            // Such a line counts at no part, and is among the nearest only while these are few.
            if blocking > 1 && !nearest.takes(blocking) {
                continue;
            }
            let view = View { values, line };
            let holds = self.evaluate(&view, &mut memo, &mut asked, &mut outcomes);
            match blocking {
                0 => {
                    counts.asked += 1;
                    if !self.nodes.is_empty() {
                        let decides = holds != Outcome::Held;
                        self.count_part(0, true, decides, &outcomes, &view, &mut counts.nodes);
                    }
                    match holds {
                        Outcome::Held if self.has_points(&view, &mut memo, &mut asked) => counts.fired += 1,
                        Outcome::Held | Outcome::Fault => counts.faults += 1,
                        Outcome::Failed => {}
                    }
                }
                1 if holds == Outcome::Held => {
                    counts.stages[unfit.blocked.trailing_zeros() as usize][3] += 1;
                }
                _ => {}
            }
            if (blocking > 0 || holds != Outcome::Held) && self.limit > 0 {
                let rank = self.rank(unfit, holds, &outcomes, &view, &mut memo, &nearest);
                if let Some((failed, distance)) = rank {
                    nearest.add(Rank::new(failed, distance, blocking, line));
                }
            }
            memo.clear();
        }
        let ranks = nearest.heap.into_sorted_vec();
        let mut misses = Vec::with_capacity(ranks.len());
        for rank in ranks {
            let view = View { values, line: rank.line };
            let holds = self.evaluate(&view, &mut memo, &mut asked, &mut outcomes);
            misses.push(self.found(rank, lines, holds, &outcomes, &view, &mut memo, &mut asked, &mut keys));
            memo.clear();
        }
        (counts, misses)
    }

    fn count_stages(&self, unfit: Unfit, counts: &mut Counts) {
        for (stage, counts) in counts.stages.iter_mut().enumerate() {
            let [reached, blocked, missing, _] = counts;
            *reached += 1;
            if unfit.blocked >> stage & 1 == 1 {
                *blocked += 1;
                *missing += u64::from(unfit.missing >> stage & 1);
                break;
            }
        }
    }

    /// How each part comes out on a line, and the condition as a whole.
    fn evaluate<'b>(
        &'b self,
        view: &View<'b>,
        memo: &mut Memo<'b>,
        asked: &mut Asked<'_>,
        outcomes: &mut [Outcome],
    ) -> Outcome {
        // Backwards, so that the parts of a part come before it.
        for at in (0..self.nodes.len()).rev() {
            outcomes[at] = match self.nodes[at] {
                Node::Leaf(leaf) => {
                    let holds = self.parts.holds(leaf, view, memo).or_else(|| {
                        asked.on(view.line).map(|interpreter| interpreter.part_holds(self.parts, leaf))
                    });
                    holds.map_or(Outcome::Fault, Outcome::of)
                }
                Node::Joined { all, end } => {
                    let goes_on = if all { Outcome::Held } else { Outcome::Failed };
                    let mut part = at + 1;
                    while part < end && outcomes[part] == goes_on {
                        part = self.end(part);
                    }
                    if part < end { outcomes[part] } else { goes_on }
                }
            };
        }
        if !self.parts.condition_is_compiled()
            && let Some(interpreter) = asked.on(view.line)
        {
            // The rule's own answer is what counts.
            return Outcome::of(interpreter.holds(self.parts.rule()));
        }
        outcomes.first().copied().unwrap_or(Outcome::Held)
    }

    fn has_points<'b>(&'b self, view: &View<'b>, memo: &mut Memo<'b>, asked: &mut Asked<'_>) -> bool {
        match self.parts.points(view, memo) {
            Some(points) => points.is_ok(),
            None => asked.on(view.line).is_some_and(|on| on.points(self.parts.rule()).is_ok()),
        }
    }

    /// Counts a part and those in it. `reached`: whether the rule looks at it; `decides`: whether the rule would hold if
    /// this part did.
    fn count_part(
        &self,
        at: usize,
        reached: bool,
        decides: bool,
        outcomes: &[Outcome],
        view: &View<'_>,
        counts: &mut [NodeCount],
    ) {
        let count = &mut counts[at];
        match outcomes[at] {
            Outcome::Held => count.held += 1,
            Outcome::Failed => count.failed += 1,
            Outcome::Fault if reached => count.faults += 1,
            Outcome::Fault => count.not_reached += 1,
        }
        count.alone += u64::from(decides && outcomes[at] != Outcome::Held);
        match self.nodes[at] {
            Node::Leaf(leaf) => {
                if outcomes[at] == Outcome::Failed && self.parts.is_missing(leaf, view) {
                    count.missing += 1;
                }
            }
            Node::Joined { all, end } => {
                // Of all the rest must hold; of any one will do, unless one before it faults.
                let mut lacking = 0_u32;
                let mut part = at + 1;
                while part < end {
                    lacking += u32::from(outcomes[part] != Outcome::Held);
                    part = self.end(part);
                }
                let (mut reached, mut faulted) = (reached, false);
                part = at + 1;
                while part < end {
                    let outcome = outcomes[part];
                    let decides = decides
                        && if all { lacking == u32::from(outcome != Outcome::Held) } else { !faulted };
                    self.count_part(part, reached, decides, outcomes, view, counts);
                    faulted |= outcome == Outcome::Fault;
                    reached &= outcome == if all { Outcome::Held } else { Outcome::Failed };
                    part = self.end(part);
                }
            }
        }
    }
}
