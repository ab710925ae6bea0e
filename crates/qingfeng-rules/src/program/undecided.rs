//! What a rule does on a line some of whose values could not be read.
//!
//! An unreadable value can be anything, so that a part of a condition that needs it is neither true nor false. The whole is
//! known all the same where its other parts decide it, as in the three-valued logic of Kleene (Introduction to
//! Metamathematics, 1952, § 64). Everything else that needs an unreadable value is unknown. So what is called known holds
//! whatever the value is. Where a part that could fault was passed over, the rule may fault instead, which is reported
//! besides.

use std::collections::HashMap;

use crate::base::limits::POINTS_MAX;
use crate::lang::functions::FUNCTIONS;
use crate::lang::kernel::{self, Fault};
use crate::model::derived::FieldRef;

use super::eval::{Evaluated, Evaluation, LineSource, Memo, Val};
use super::node::{NodeId, Op};
use super::{Condition, Program, ValueSource};

/// What of a line a program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// A declared or derived field.
    Field(FieldRef),
    /// The entry of a lookup table, by the table's position in the pack.
    Table(u32),
}

/// What a rule does on a line with unreadable values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The same whatever these values are: its points if it fires. It may fault if that is reported.
    Known(Result<Option<i64>, Fault>),
    /// It depends on these values.
    Undecided {
        /// Whether it fires in any case, and only its points depend on them.
        fires: bool,
        /// The fewest points that it gives where it fires.
        least: i64,
        /// The most points that it gives where it fires.
        most: i64,
    },
}

/// The parts of a program that depend on some values.
#[derive(Debug)]
pub struct Dependence {
    nodes: Vec<bool>,
    rules: Vec<bool>,
}

impl Dependence {
    /// Whether the condition or the points of a rule, by its position in the pack, may depend on them. What is left to
    /// the interpreter may.
    pub fn of_rule(&self, rule: usize) -> bool {
        self.rules[rule]
    }
}

/// A value, as far as it is known.
#[derive(Clone)]
enum Possible<'b> {
    Known(Evaluated<'b>),
    Unknown,
}

impl Possible<'_> {
    /// Whether it holds; `None` where that is unknown.
    fn flag(&self) -> Option<Result<bool, Fault>> {
        match self {
            Self::Known(Ok(Val::Flag(flag))) => Some(Ok(*flag)),
            Self::Known(Ok(_)) => Some(Err(Fault::TypeMismatch)),
            Self::Known(Err(fault)) => Some(Err(*fault)),
            Self::Unknown => None,
        }
    }
}

impl Program {
    /// What depends on the values that could not be read.
    pub fn dependence(&self, is_unreadable: &dyn Fn(Read) -> bool) -> Dependence {
        let all = &self.machine.nodes;
        let mut nodes = vec![false; all.len()];
        // The parts of a node stand before it.
        for at in 0..all.len() {
            let node = &all[NodeId(at as u32)];
            nodes[at] = match &node.op {
                Op::Field(field) => is_unreadable(Read::Field(*field)),
                Op::Listed(table) | Op::Entry(table) => is_unreadable(Read::Table(*table)),
                _ => node.args.iter().any(|arg| nodes[arg.index()]),
            };
        }
        let rules = self.rules.iter().map(|rule| {
            let points = match rule.points {
                ValueSource::Fixed => false,
                ValueSource::Node(node) => nodes[node.index()],
                ValueSource::Residual => true,
            };
            points
                || match &rule.condition {
                    Condition::Always => false,
                    Condition::Check { root, .. } => nodes[root.index()],
                    Condition::Residual { .. } => true,
                }
        });
        Dependence { rules: rules.collect(), nodes }
    }

    /// What a rule, by its position in the pack, does on a line if its keys fit it; and whether some of these values could
    /// make it fault.
    pub fn decide<'b, S: LineSource<'b>>(
        &'b self,
        rule: usize,
        dependence: &Dependence,
        source: &S,
        memo: &mut Memo<'b>,
    ) -> (Decision, bool) {
        let on = Evaluation { machine: &self.machine, source, memo };
        let mut deciding =
            Deciding { dependence, on, values: HashMap::new(), points: HashMap::new(), may_fault: false };
        let holds = match &self.rules[rule].condition {
            Condition::Always => Some(Ok(true)),
            Condition::Check { root, .. } => deciding.possible(*root).flag(),
            // Where the guard fails the interpreter need not be asked.
            Condition::Residual { guard: Some((root, _)) } => {
                deciding.possible(*root).flag().filter(|guard| *guard != Ok(true))
            }
            Condition::Residual { guard: None } => None,
        };
        match holds {
            Some(Ok(false)) => return (Decision::Known(Ok(None)), deciding.may_fault),
            Some(Err(fault)) => return (Decision::Known(Err(fault)), true),
            Some(Ok(true)) | None => {}
        }
        let (least, most) = match self.rules[rule].points {
            ValueSource::Fixed => (self.facts.points[rule], self.facts.points[rule]),
            ValueSource::Residual => (-POINTS_MAX, POINTS_MAX),
            ValueSource::Node(node) => match deciding.points(node) {
                Ok(points) => points,
                Err(fault) if holds.is_some() => return (Decision::Known(Err(fault)), true),
                // Where the condition holds the points fault, and the rule gives none.
                Err(_) => (0, 0),
            },
        };
        let is_residual = holds.is_none() && matches!(self.rules[rule].condition, Condition::Residual { .. });
        let may_fault =
            deciding.may_fault || is_residual || matches!(self.rules[rule].points, ValueSource::Residual);
        let fires = holds.is_some() && !may_fault;
        let decision = if fires && least == most {
            Decision::Known(Ok(Some(least)))
        } else {
            Decision::Undecided { fires, least, most }
        };
        (decision, may_fault)
    }
}

struct Deciding<'d, 'e, 'b, S> {
    dependence: &'d Dependence,
    on: Evaluation<'e, 'b, S>,
    /// What was found out: parts that are written once may be used many times.
    values: HashMap<NodeId, Possible<'b>>,
    points: HashMap<NodeId, Result<(i64, i64), Fault>>,
    /// Whether a part that is not known could fault.
    may_fault: bool,
}

impl<'b, S: LineSource<'b>> Deciding<'_, '_, 'b, S> {
    fn possible(&mut self, id: NodeId) -> Possible<'b> {
        if !self.dependence.nodes[id.index()] {
            return Possible::Known(self.on.value(id));
        }
        if let Some(known) = self.values.get(&id) {
            return known.clone();
        }
        let value = self.dependent(id);
        self.may_fault |= matches!(value, Possible::Unknown) && self.on.machine.nodes[id].fallible;
        self.values.insert(id, value.clone());
        value
    }

    fn dependent(&mut self, id: NodeId) -> Possible<'b> {
        let node = &self.on.machine.nodes[id];
        match &node.op {
            Op::And => self.decided_by(false, &node.args),
            Op::Or => self.decided_by(true, &node.args),
            Op::Computed(_) | Op::Test(_) | Op::Find(_) => self.possible(node.args[0]),
            Op::Not => match self.possible(node.args[0]).flag() {
                Some(flag) => Possible::Known(flag.map(|flag| Val::Flag(!flag))),
                None => Possible::Unknown,
            },
            Op::Then => match self.possible(node.args[0]) {
                Possible::Known(Err(fault)) => Possible::Known(Err(fault)),
                _ => self.possible(node.args[1]),
            },
            Op::If => match self.possible(node.args[0]).flag() {
                Some(Ok(holds)) => self.possible(node.args[if holds { 1 } else { 2 }]),
                Some(Err(fault)) => Possible::Known(Err(fault)),
                None => self.same(&node.args[1..]),
            },
            Op::Switch(_) if self.dependence.nodes[node.args[0].index()] => self.same(&node.args[1..]),
            Op::Coalesce => self.same(&node.args),
            _ => Possible::Unknown,
        }
    }

    /// Whether one of the parts has the deciding value: with `true` any of them, with `false` all.
    fn decided_by(&mut self, deciding: bool, parts: &[NodeId]) -> Possible<'b> {
        let mut is_known = true;
        for &part in parts {
            match self.possible(part).flag() {
                Some(Ok(flag)) if flag == deciding => return Possible::Known(Ok(Val::Flag(deciding))),
                Some(Ok(_)) => {}
                // A part before this one may have decided.
                Some(Err(fault)) if is_known => return Possible::Known(Err(fault)),
                Some(Err(_)) => return Possible::Unknown,
                None => is_known = false,
            }
        }
        if is_known { Possible::Known(Ok(Val::Flag(!deciding))) } else { Possible::Unknown }
    }

    /// The value of all parts, if they have the same single one.
    fn same(&mut self, parts: &[NodeId]) -> Possible<'b> {
        let mut same: Option<Val<'b>> = None;
        for &part in parts {
            let Possible::Known(Ok(value)) = self.possible(part) else { return Possible::Unknown };
            match (&same, value.single()) {
                (_, Err(_)) => return Possible::Unknown,
                (None, Ok(_)) => same = Some(value),
                (Some(known), Ok(single)) if known.single() == Ok(single) => {}
                _ => return Possible::Unknown,
            }
        }
        same.map_or(Possible::Unknown, |value| Possible::Known(Ok(value)))
    }

    /// The fewest and the most points that a node gives.
    fn points(&mut self, id: NodeId) -> Result<(i64, i64), Fault> {
        if let Some(known) = self.points.get(&id) {
            return *known;
        }
        let points = self.points_of(id);
        self.points.insert(id, points);
        points
    }

    fn points_of(&mut self, id: NodeId) -> Result<(i64, i64), Fault> {
        match self.possible(id) {
            Possible::Known(Ok(Val::Integer(points))) => {
                return kernel::checked_points(points).map(|points| (points, points));
            }
            Possible::Known(Ok(_)) => return Err(Fault::TypeMismatch),
            Possible::Known(Err(fault)) => return Err(fault),
            Possible::Unknown => {}
        }
        let node = &self.on.machine.nodes[id];
        let limited = |(least, most): (i64, i64)| (least.max(-POINTS_MAX), most.min(POINTS_MAX));
        Ok(match &node.op {
            Op::Computed(_) | Op::Test(_) | Op::Find(_) => self.points(node.args[0])?,
            Op::Then => self.points(node.args[1])?,
            Op::If => match self.possible(node.args[0]).flag() {
                Some(holds) => self.points(node.args[if holds? { 1 } else { 2 }])?,
                None => self.any_of(&node.args[1..]),
            },
            Op::Switch(_) if self.dependence.nodes[node.args[0].index()] => self.any_of(&node.args[1..]),
            Op::Function(at) if matches!(FUNCTIONS[*at as usize].name, "min" | "max") => {
                let parts: Vec<_> = node.args.iter().map(|&arg| self.part(arg)).collect();
                let ends = |of: fn((i64, i64)) -> i64| parts.iter().copied().map(of);
                let (least, most) = (ends(|part| part.0), ends(|part| part.1));
                if FUNCTIONS[*at as usize].name == "min" {
                    limited((least.min().unwrap_or(-POINTS_MAX), most.min().unwrap_or(POINTS_MAX)))
                } else {
                    limited((least.max().unwrap_or(-POINTS_MAX), most.max().unwrap_or(POINTS_MAX)))
                }
            }
            _ => (-POINTS_MAX, POINTS_MAX),
        })
    }

    /// The points of a part that may be unknown.
    fn part(&mut self, id: NodeId) -> (i64, i64) {
        self.points(id).unwrap_or((-POINTS_MAX, POINTS_MAX))
    }

    /// The fewest and the most points of any of the parts; one that faults gives none.
    fn any_of(&mut self, parts: &[NodeId]) -> (i64, i64) {
        let all = parts.iter().map(|&part| self.points(part).unwrap_or((0, 0)));
        all.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0))
    }
}
