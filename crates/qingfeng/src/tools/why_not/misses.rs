//! The lines on which a rule nearly holds.

use std::collections::BinaryHeap;

use qingfeng_rules::internals::Memo;
use qingfeng_rules::{Fault, FieldRef, Value};

use super::tally::{Asked, Counter, Node, Outcome, View};
use super::{Miss, MissedPart, named};
use crate::eval::key_index::{KeyMemo, KeyStage, Unfit};
use crate::read::{Lines, Place};

/// How near a line is: nearest first. What comes later counts where all before is equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    failed: u32,
    /// A distance, never negative, by its bits: they have the same order.
    distance: u64,
    /// Parts of the key among those that fail.
    keys: u32,
    pub chunk: u64,
    pub line: usize,
}

impl Rank {
    pub fn new(failed: u32, distance: f64, keys: u32, line: usize) -> Self {
        Self { failed, distance: distance.to_bits(), keys, chunk: 0, line }
    }
}

/// The nearest lines so far, not more than some.
pub(super) struct Nearest {
    pub heap: BinaryHeap<Rank>,
    limit: usize,
}

impl Nearest {
    pub fn new(limit: usize) -> Self {
        Self { heap: BinaryHeap::new(), limit }
    }

    /// Whether a line with so many parts that fail can be among the nearest.
    pub fn takes(&self, failed: u32) -> bool {
        self.heap.len() < self.limit || self.heap.peek().is_some_and(|worst| failed <= worst.failed)
    }

    pub fn add(&mut self, rank: Rank) {
        if self.heap.len() < self.limit {
            self.heap.push(rank);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && rank < *worst
        {
            *worst = rank;
        }
    }
}

/// A miss, and where its line was read.
pub(super) struct Found {
    pub rank: Rank,
    pub place: Place,
    pub miss: Miss,
}

/// What cannot be measured is this far away.
const FAR: f64 = 1.0;

impl Counter<'_> {
    /// How many parts a line lacks, and how far it is from holding; `None` if others are nearer anyway.
    pub fn rank<'b>(
        &'b self,
        unfit: Unfit,
        holds: Outcome,
        outcomes: &[Outcome],
        view: &View<'b>,
        memo: &mut Memo<'b>,
        nearest: &Nearest,
    ) -> Option<(u32, f64)> {
        let keys = unfit.blocked.count_ones();
        let (lacking, _) = self.lacked(0, holds, outcomes, &mut |_| None, &mut Vec::new());
        if !nearest.takes(keys + lacking) {
            return None;
        }
        let mut measure = |leaf| self.parts.distance(leaf, view, memo);
        let (_, mut distance) = self.lacked(0, holds, outcomes, &mut measure, &mut Vec::new());
        for stage in KeyStage::ALL.into_iter().filter(|stage| unfit.blocked >> *stage as u8 & 1 == 1) {
            distance += match (stage, view.values.day(view.line)) {
                (KeyStage::Validity, Some(day)) => (f64::from(self.key.days_off(day)) / 365.0).min(FAR),
                _ => FAR,
            };
        }
        Some((keys + lacking, distance))
    }

    /// How many parts would have to hold besides for a part to hold, how far they are from it together, and which these
    /// are.
    fn lacked(
        &self,
        at: usize,
        outcome: Outcome,
        outcomes: &[Outcome],
        distance: &mut dyn FnMut(usize) -> Option<f64>,
        which: &mut Vec<usize>,
    ) -> (u32, f64) {
        if outcome == Outcome::Held || at == self.nodes.len() {
            return (0, 0.0);
        }
        let (all, end) = match self.nodes[at] {
            Node::Leaf(leaf) => {
                which.push(leaf);
                let measured = if outcome == Outcome::Fault { None } else { distance(leaf) };
                return (1, measured.unwrap_or(FAR));
            }
            Node::Joined { all, end } => (all, end),
        };
        let mut best = if all { (0, 0.0) } else { (u32::MAX, f64::INFINITY) };
        let start = which.len();
        let mut part = at + 1;
        while part < end {
            let before = which.len();
            let (lacking, away) = self.lacked(part, outcomes[part], outcomes, distance, which);
            if all {
                best = (best.0 + lacking, best.1 + away);
            } else if (lacking, away) < best {
                best = (lacking, away);
                which.drain(start..before);
            } else {
                which.truncate(before);
            }
            // What comes after an alternative that faults is not looked at.
            if !all && outcomes[part] == Outcome::Fault {
                break;
            }
            part = self.end(part);
        }
        // Where the interpreter alone knows why.
        if best.0 == 0 || best.0 == u32::MAX { (1, FAR) } else { best }
    }

    /// A line on which the rule nearly holds, as people read of it.
    #[expect(clippy::too_many_arguments, reason = "what a line is looked at with, each of its own life")]
    pub fn found<'b>(
        &'b self,
        rank: Rank,
        lines: &Lines,
        holds: Outcome,
        outcomes: &[Outcome],
        view: &View<'b>,
        memo: &mut Memo<'b>,
        asked: &mut Asked<'_>,
        keys: &mut KeyMemo,
    ) -> Found {
        let (values, line) = (view.values, view.line);
        let unfit = self.key.unfit(keys, values, line);
        let mut missed: Vec<MissedPart> = Vec::new();
        for stage in KeyStage::ALL.into_iter().filter(|stage| unfit.blocked >> *stage as u8 & 1 == 1) {
            missed.push(self.missed_stage(stage, view));
        }
        let mut which = Vec::new();
        let mut measure = |leaf| self.parts.distance(leaf, view, memo);
        self.lacked(0, holds, outcomes, &mut measure, &mut which);
        for leaf in which {
            missed.push(self.missed_part(leaf, view, memo, asked));
        }
        let schema = &values.pack.schema;
        let place = lines.places()[line];
        let item_no = match schema.item.map(|item| values.declared(line, item)) {
            Some(Value::Integer(number)) => Some(number),
            _ => None,
        };
        let miss = Miss {
            declaration_id: values.text_of(line, schema.declaration).unwrap_or_default().to_owned(),
            item_no,
            input: String::new(),
            position: place.position.to_string(),
            failed: rank.failed,
            distance: f64::from_bits(rank.distance),
            parts: missed,
        };
        Found { rank, place, miss }
    }

    fn missed_stage(&self, stage: KeyStage, view: &View<'_>) -> MissedPart {
        let schema = &view.values.pack.schema;
        let fields: Vec<_> = match stage {
            KeyStage::Validity => schema.date.into_iter().collect(),
            stage => self.key.fields(stage).collect(),
        };
        let shown = |field: &qingfeng_rules::FieldId| {
            let value = view.values.field(view.line, FieldRef::Declared(*field));
            (format!("d.{}", schema[*field].name), value.to_string())
        };
        let mut values: Vec<(String, String)> = Vec::new();
        for value in fields.iter().map(shown) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        // Sites are looked up in several fields, of which a line has one or two.
        if values.iter().any(|(_, value)| value != "()") {
            values.retain(|(_, value)| value != "()");
        }
        let only = if values.len() == 1 { values.pop() } else { None };
        let (of, value) = only.unzip();
        let pack = &view.values.pack;
        let wanted = super::wanted(pack, &pack.rules[self.parts.rule()], stage);
        let wanted = if stage == KeyStage::Validity { wanted } else { format!("in {wanted}") };
        MissedPart {
            text: stage.name().to_owned(),
            of,
            value,
            wanted: Some(wanted),
            values: named(values),
            fault: None,
        }
    }

    fn missed_part<'b>(
        &'b self,
        leaf: usize,
        view: &View<'b>,
        memo: &mut Memo<'b>,
        asked: &mut Asked<'_>,
    ) -> MissedPart {
        let holds = self.parts.holds(leaf, view, memo);
        let compiled = holds.is_some();
        let interpreter = if compiled { None } else { asked.on(view.line) };
        let holds = holds.or_else(|| interpreter.map(|on| on.part_holds(self.parts, leaf)));
        let fault: Option<Fault> = holds.and_then(Result::err);
        let wanted = if fault.is_some() { None } else { self.parts.wanted(leaf, view, memo) };
        let mut values = match interpreter {
            Some(interpreter) => interpreter.part_values(self.parts, leaf),
            None => self.parts.values(leaf, view, memo),
        };
        if values.is_empty() {
            let pack = &view.values.pack;
            let fields = self.parts.leaves()[leaf].fields.iter();
            let shown = |field: &FieldRef| {
                let value = view.values.field(view.line, *field);
                (format!("d.{}", pack.field_name(*field)), value.to_string())
            };
            values = fields.map(shown).collect();
        }
        values.retain(|(source, _)| wanted.as_ref().is_none_or(|wanted| wanted.of != *source));
        let (of, value, wanted) = match wanted {
            Some(wanted) => (Some(wanted.of), Some(wanted.value), Some(wanted.wanted)),
            None => (None, None, None),
        };
        MissedPart {
            text: self.parts.leaves()[leaf].text.clone(),
            of,
            value,
            wanted,
            values: named(values),
            fault: fault.map(|fault| fault.to_string()),
        }
    }
}
