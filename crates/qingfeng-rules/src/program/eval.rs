//! The value of a node on a goods line.
//!
//! Single values go through the same kernels as in the interpreter; lists, maps and ranges do what Rhai does with
//! them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::base::limits;
use crate::base::text;
use crate::base::value::{Date, Value};
use crate::lang::expr::{Bits, Comparison, Constant};
use crate::lang::functions;
use crate::lang::kernel::{self, Arithmetic, Fault, Scalar};
use crate::model::derived::FieldRef;

use super::check::own_cost;
use super::node::{DatePart, NodeId, Nodes, Op, Special};

/// Where a compiled program gets the values of one goods line from; `'b` is the life of the batch.
pub trait LineSource<'b> {
    /// The value of a declared or derived field. Never asked for a computed field.
    fn value(&self, field: FieldRef) -> Value<'b>;
    /// The value of a declared or derived field of numbers; not a number where it is missing.
    fn number(&self, field: FieldRef) -> f64 {
        match self.value(field) {
            Value::Number(number) => number,
            _ => f64::NAN,
        }
    }
    /// The entry of a lookup table (by its position in the pack) that the line has on its own date, if any.
    fn entry(&self, table: usize) -> Option<u32>;
    /// The value of a column (by its position in the table's `columns`) of an entry.
    fn entry_value(&self, table: usize, entry: u32, column: usize) -> Value<'b>;
    /// How a test on the text of one field came out before on the same text, if that is remembered. Tests are
    /// numbered in [`Program::tests`](super::Program::tests).
    fn remembered(&self, test: u32) -> Option<bool> {
        let _ = test;
        None
    }
    /// Whether the text of a field has what a find looks for, if an index knows. Finds are numbered in
    /// [`Program::finds`](super::Program::finds).
    fn found(&self, find: u32) -> Option<bool> {
        let _ = find;
        None
    }
    /// Remembers the result of a test.
    fn remember(&self, test: u32, holds: bool) {
        let _ = (test, holds);
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Val<'b> {
    Missing,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(&'b str),
    /// A text that was made.
    Made(Rc<str>),
    Date(Date),
    Array(Rc<[Val<'b>]>),
    Map(&'b BTreeMap<String, Constant>),
    Range(i64, i64, bool),
    Entry(u32, u32),
}

pub(crate) type Evaluated<'b> = Result<Val<'b>, Fault>;

impl<'b> Val<'b> {
    pub fn of_constant(constant: &'b Constant) -> Self {
        match constant {
            Constant::Missing | Constant::Function(..) => Self::Missing,
            Constant::Flag(flag) => Self::Flag(*flag),
            Constant::Integer(integer) => Self::Integer(*integer),
            Constant::Number(number) => Self::Number(*number),
            Constant::Text(text) => Self::Text(text),
            Constant::Date(date) => Self::Date(*date),
            Constant::Array(items) => Self::Array(items.iter().map(Self::of_constant).collect()),
            Constant::Map(entries) => Self::Map(entries),
        }
    }

    pub fn of_value(value: Value<'b>) -> Self {
        match value {
            Value::Missing => Self::Missing,
            Value::Flag(flag) => Self::Flag(flag),
            Value::Integer(integer) => Self::Integer(integer),
            Value::Number(number) => Self::Number(number),
            Value::Text(text) => Self::Text(text),
            Value::Date(date) => Self::Date(date),
        }
    }

    fn of_scalar(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Missing => Self::Missing,
            Scalar::Flag(flag) => Self::Flag(flag),
            Scalar::Integer(integer) => Self::Integer(integer),
            Scalar::Number(number) => Self::Number(number),
            Scalar::Text(text) => Self::Made(text.into()),
            Scalar::Date(date) => Self::Date(date),
        }
    }

    pub fn single(&self) -> Result<Value<'_>, Fault> {
        Ok(match self {
            Self::Missing => Value::Missing,
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text),
            Self::Made(text) => Value::Text(text),
            Self::Date(date) => Value::Date(*date),
            _ => return Err(Fault::TypeMismatch),
        })
    }

    fn flag(&self) -> Result<bool, Fault> {
        match self {
            Self::Flag(flag) => Ok(*flag),
            _ => Err(Fault::TypeMismatch),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Made(text) => Some(text),
            _ => None,
        }
    }

    fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The constant that it is; a line's values are none.
    pub fn to_constant(&self) -> Option<Constant> {
        Some(match self {
            Self::Missing => Constant::Missing,
            Self::Flag(flag) => Constant::Flag(*flag),
            Self::Integer(integer) => Constant::Integer(*integer),
            Self::Number(number) => Constant::Number(*number),
            Self::Text(text) => Constant::Text((*text).into()),
            Self::Made(text) => Constant::Text(text.as_ref().into()),
            Self::Date(date) => Constant::Date(*date),
            Self::Array(items) => {
                Constant::Array(items.iter().map(Self::to_constant).collect::<Option<_>>()?)
            }
            Self::Map(entries) => Constant::Map((*entries).clone()),
            Self::Range(..) | Self::Entry(..) => return None,
        })
    }

    /// How much Rhai counts for a value: elements of lists, entries of maps, bytes of texts, those inside included.
    fn sizes(&self) -> [usize; 3] {
        match self {
            Self::Text(text) => [0, 0, text.len()],
            Self::Made(text) => [0, 0, text.len()],
            Self::Array(items) => items.iter().fold([0; 3], |all, item| {
                let [lists, maps, texts] = item.sizes();
                [all[0] + lists + 1, all[1] + maps, all[2] + texts]
            }),
            Self::Map(entries) => entries.values().fold([0, entries.len(), 0], |all, value| {
                let [lists, maps, texts] = Val::of_constant(value).sizes();
                [all[0] + lists, all[1] + maps, all[2] + texts]
            }),
            _ => [0; 3],
        }
    }

    /// How much a value holds, as `map` counts it: bytes of text, and elements.
    fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Made(text) => text.len(),
            Self::Array(items) => items.len() + items.iter().map(Self::weight).sum::<usize>(),
            Self::Map(entries) => {
                entries.len() + entries.values().map(|value| Val::of_constant(value).weight()).sum::<usize>()
            }
            _ => 1,
        }
    }
}

fn check_sizes([lists, maps, texts]: [usize; 3]) -> Result<(), Fault> {
    let fits =
        texts <= limits::TEXT_BYTES_MAX && lists <= limits::ARRAY_LEN_MAX && maps <= limits::MAP_LEN_MAX;
    if fits { Ok(()) } else { Err(Fault::TooLarge) }
}

/// Lists of texts shorter than this are searched from front to back.
pub(super) const SET_LEN_MIN: usize = 9;

/// The slot of a node whose value is not remembered.
const NO_SLOT: u32 = u32::MAX;

/// Nodes, and what evaluating them needs besides.
#[derive(Debug)]
pub(crate) struct Machine {
    pub nodes: Nodes,
    /// For each node its slot in a [`Memo`], if its value is remembered on a line; else [`NO_SLOT`].
    slots: Vec<u32>,
    /// Regular expressions, by the node that matches them.
    patterns: HashMap<NodeId, regex::Regex, FixedState>,
    /// Lists of many texts, by the node of the list.
    sets: HashMap<NodeId, HashSet<Arc<str>, FixedState>, FixedState>,
}

impl Machine {
    pub fn new(nodes: Nodes) -> Self {
        Self { nodes, slots: Vec::new(), patterns: HashMap::default(), sets: HashMap::default() }
    }

    /// What the nodes need besides themselves: regular expressions, sets, and which values are worth remembering.
    pub(super) fn prepare(&mut self, roots: impl Iterator<Item = NodeId>) {
        let mut uses = vec![0_u32; self.nodes.len()];
        let mut costs = vec![0_u32; self.nodes.len()];
        let mut compiled: BTreeMap<Arc<str>, regex::Regex> = BTreeMap::new();
        for at in 0..self.nodes.len() {
            let id = NodeId(at as u32);
            let node = &self.nodes[id];
            for arg in &node.args {
                uses[arg.index()] += 1;
            }
            let parts: u32 = node.args.iter().map(|arg| costs[arg.index()]).fold(0, u32::saturating_add);
            costs[at] = parts.saturating_add(own_cost(node));
            if let Op::Matches(pattern) = &node.op {
                let known = compiled.get(pattern).cloned();
                let regex =
                    || regex::RegexBuilder::new(pattern).size_limit(limits::REGEX_BYTES_MAX).build().ok();
                if let Some(regex) = known.or_else(regex) {
                    compiled.insert(Arc::clone(pattern), regex.clone());
                    self.patterns.insert(id, regex);
                }
            }
            if let Some(Constant::Array(items)) = node.constant()
                && items.len() >= SET_LEN_MIN
            {
                let texts = items.iter().map(|item| match item {
                    Constant::Text(text) => Some(Arc::clone(text)),
                    _ => None,
                });
                if let Some(texts) = texts.collect::<Option<_>>() {
                    self.sets.insert(id, texts);
                }
            }
        }
        for root in roots {
            uses[root.index()] += 1;
        }
        let cheap = 4;
        let mut slots = 0..NO_SLOT;
        self.slots = (0..self.nodes.len())
            .map(|at| {
                let worth =
                    !matches!(self.nodes[NodeId(at as u32)].op, Op::Test(_) | Op::Find(_) | Op::Computed(_));
                let slot = (worth && uses[at] > 1 && costs[at] > cheap).then(|| slots.next());
                slot.flatten().unwrap_or(NO_SLOT)
            })
            .collect();
    }

    pub fn is_remembered(&self, id: NodeId) -> bool {
        self.slot(id) != NO_SLOT
    }

    #[inline]
    fn slot(&self, id: NodeId) -> u32 {
        self.slots.get(id.index()).copied().unwrap_or(NO_SLOT)
    }

    fn pattern(&self, node: NodeId) -> Option<&regex::Regex> {
        self.patterns.get(&node)
    }

    fn set(&self, list: NodeId) -> Option<&HashSet<Arc<str>, FixedState>> {
        self.sets.get(&list)
    }
}

/// Values of nodes that several rules use, on the current line.
#[derive(Debug, Default)]
pub struct Memo<'b> {
    /// By slot.
    values: Vec<Option<Evaluated<'b>>>,
    /// The slots that have a value.
    filled: Vec<u32>,
}

impl<'b> Memo<'b> {
    /// Forgets the line.
    pub fn clear(&mut self) {
        for slot in self.filled.drain(..) {
            self.values[slot as usize] = None;
        }
    }

    #[inline]
    fn get(&self, slot: u32) -> Option<&Evaluated<'b>> {
        self.values.get(slot as usize)?.as_ref()
    }

    fn set(&mut self, slot: u32, value: Evaluated<'b>) {
        if self.values.len() <= slot as usize {
            self.values.resize_with(slot as usize + 1, || None);
        }
        self.values[slot as usize] = Some(value);
        self.filled.push(slot);
    }
}

/// Evaluates the nodes of a program on one line.
pub(crate) struct Evaluation<'e, 'b, S> {
    pub machine: &'b Machine,
    pub source: &'e S,
    pub memo: &'e mut Memo<'b>,
}

impl<'b, S: LineSource<'b>> Evaluation<'_, 'b, S> {
    pub fn flag(&mut self, id: NodeId) -> Result<bool, Fault> {
        self.value(id)?.flag()
    }

    pub fn value(&mut self, id: NodeId) -> Evaluated<'b> {
        let slot = self.machine.slot(id);
        if slot == NO_SLOT {
            return self.evaluate(id);
        }
        if let Some(known) = self.memo.get(slot) {
            return known.clone();
        }
        let value = self.evaluate(id);
        self.memo.set(slot, value.clone());
        value
    }

    fn evaluate(&mut self, id: NodeId) -> Evaluated<'b> {
        let machine = self.machine;
        let node = &machine.nodes[id];
        let args = &node.args;
        match &node.op {
            Op::Constant(constant) => Ok(Val::of_constant(constant)),
            Op::Field(field) => Ok(Val::of_value(self.source.value(*field))),
            Op::Computed(_) => self.value(args[0]),
            Op::DatePart(part) => match self.value(args[0])? {
                Val::Date(date) => Ok(Val::Integer(match part {
                    DatePart::Year => date.year(),
                    DatePart::Month => date.month(),
                    DatePart::Day => date.day(),
                    DatePart::Weekday => date.weekday(),
                })),
                _ => Ok(Val::Missing),
            },
            Op::Listed(table) => Ok(Val::Flag(self.source.entry(*table as usize).is_some())),
            Op::Entry(table) => Ok(match self.source.entry(*table as usize) {
                Some(row) => Val::Entry(*table, row),
                None => Val::Missing,
            }),
            Op::Column(_, column) => match self.value(args[0])? {
                Val::Entry(table, row) => {
                    Ok(Val::of_value(self.source.entry_value(table as usize, row, *column as usize)))
                }
                _ => Ok(Val::Missing),
            },
            Op::And => {
                for &arg in args {
                    if !self.flag(arg)? {
                        return Ok(Val::Flag(false));
                    }
                }
                Ok(Val::Flag(true))
            }
            Op::Or => {
                for &arg in args {
                    if self.flag(arg)? {
                        return Ok(Val::Flag(true));
                    }
                }
                Ok(Val::Flag(false))
            }
            Op::Not => kernel::not(self.value(args[0])?.single()?).map(Val::of_scalar),
            Op::If => {
                if self.flag(args[0])? {
                    self.value(args[1])
                } else {
                    self.value(args[2])
                }
            }
            Op::Then => {
                self.value(args[0])?;
                self.value(args[1])
            }
            Op::Coalesce => {
                let mut value = Val::Missing;
                for &arg in args {
                    value = self.value(arg)?;
                    if !value.is_missing() {
                        break;
                    }
                }
                Ok(value)
            }
            Op::Compare(comparison) => {
                let (a, b) = (self.value(args[0])?, self.value(args[1])?);
                compare(*comparison, &a, &b).map(Val::Flag)
            }
            Op::In => self.contains(args[1], args[0]).map(Val::Flag),
            Op::Arithmetic(operator) => {
                let (a, b) = (self.value(args[0])?, self.value(args[1])?);
                arithmetic(*operator, &a, &b)
            }
            Op::Negate => kernel::negate(self.value(args[0])?.single()?).map(Val::of_scalar),
            Op::Plus => match self.value(args[0])? {
                value @ (Val::Missing | Val::Integer(_) | Val::Number(_)) => Ok(value),
                _ => Err(Fault::TypeMismatch),
            },
            Op::Index => {
                let index = self.value(args[1])?;
                if let Some(Constant::Array(items)) = machine.nodes[args[0]].constant() {
                    let at = position(items.len(), &index)?;
                    return Ok(Val::of_constant(&items[at]));
                }
                match self.value(args[0])? {
                    Val::Array(items) => Ok(items[position(items.len(), &index)?].clone()),
                    Val::Map(entries) => match index.text() {
                        Some(key) => Ok(entries.get(key).map_or(Val::Missing, Val::of_constant)),
                        None => Err(Fault::TypeMismatch),
                    },
                    _ => Err(Fault::TypeMismatch),
                }
            }
            Op::Get(name, of_missing) => match self.value(args[0])? {
                Val::Map(entries) => Ok(entries.get(&**name).map_or(Val::Missing, Val::of_constant)),
                Val::Missing if *of_missing => Ok(Val::Missing),
                _ => Err(Fault::TypeMismatch),
            },
            Op::Switch(table) => {
                let subject = self.value(args[0])?;
                let arm = match &subject {
                    Val::Text(text) => table.arm_of_text(text),
                    Val::Made(text) => table.arm_of_text(text),
                    Val::Missing => table.arm(|value| *value == Constant::Missing),
                    Val::Integer(integer) => table.arm(|value| *value == Constant::Integer(*integer)),
                    Val::Flag(flag) => table.arm(|value| *value == Constant::Flag(*flag)),
                    _ => None,
                };
                let at = arm.map_or(args.len() - 1, |arm| arm as usize + 1);
                self.value(args[at])
            }
            Op::Fail(fault) => Err(*fault),
            Op::Find(find) => match self.source.found(*find) {
                Some(found) => Ok(Val::Flag(found)),
                None => self.value(args[0]),
            },
            Op::Test(test) => {
                if let Some(known) = self.source.remembered(*test) {
                    return Ok(Val::Flag(known));
                }
                let holds = self.flag(args[0])?;
                self.source.remember(*test, holds);
                Ok(Val::Flag(holds))
            }
            Op::Bits(_)
            | Op::Range(_)
            | Op::Function(_)
            | Op::Special(_)
            | Op::Matches(_)
            | Op::Array
            | Op::Mapped
            | Op::Filter
            | Op::Interpolated => self.evaluate_rare(id),
        }
    }

    /// The same for operations that need room on the stack, which the others need not make.
    #[inline(never)]
    fn evaluate_rare(&mut self, id: NodeId) -> Evaluated<'b> {
        let machine = self.machine;
        let node = &machine.nodes[id];
        let args = &node.args;
        match &node.op {
            Op::Bits(bits) => {
                let (a, b) = (self.value(args[0])?, self.value(args[1])?);
                match (bits, a.single()?, b.single()?) {
                    (_, Value::Missing, _) | (_, _, Value::Missing) => Ok(Val::Missing),
                    (Bits::And, Value::Flag(a), Value::Flag(b)) => Ok(Val::Flag(a & b)),
                    (Bits::Or, Value::Flag(a), Value::Flag(b)) => Ok(Val::Flag(a | b)),
                    (Bits::Xor, Value::Flag(a), Value::Flag(b)) => Ok(Val::Flag(a ^ b)),
                    (Bits::And, Value::Integer(a), Value::Integer(b)) => Ok(Val::Integer(a & b)),
                    (Bits::Or, Value::Integer(a), Value::Integer(b)) => Ok(Val::Integer(a | b)),
                    (Bits::Xor, Value::Integer(a), Value::Integer(b)) => Ok(Val::Integer(a ^ b)),
                    _ => Err(Fault::TypeMismatch),
                }
            }
            Op::Range(inclusive) => match (self.value(args[0])?, self.value(args[1])?) {
                (Val::Integer(first), Val::Integer(end)) => Ok(Val::Range(first, end, *inclusive)),
                _ => Err(Fault::TypeMismatch),
            },
            Op::Function(at) => {
                let function = &functions::FUNCTIONS[*at as usize];
                let Some(run) = function.run else { return Err(Fault::Failed) };
                match args[..] {
                    [a] => run(&[self.value(a)?.single()?]),
                    [a, b] => {
                        let (a, b) = (self.value(a)?, self.value(b)?);
                        run(&[a.single()?, b.single()?])
                    }
                    _ => {
                        let values =
                            args.iter().map(|&arg| self.value(arg)).collect::<Result<Vec<_>, _>>()?;
                        let values = values.iter().map(Val::single).collect::<Result<Vec<_>, _>>()?;
                        run(&values)
                    }
                }
                .map(Val::of_scalar)
            }
            Op::Special(special) => self.special(*special, args),
            Op::Matches(_) => match self.value(args[0])? {
                Val::Missing => Ok(Val::Flag(false)),
                value => match value.text() {
                    Some(text) => {
                        let regex = machine.pattern(id).ok_or(Fault::BadArgument)?;
                        Ok(Val::Flag(regex.is_match(text)))
                    }
                    None => Err(Fault::TypeMismatch),
                },
            },
            Op::Array => {
                let mut items = Vec::with_capacity(args.len());
                let mut sizes = [0; 3];
                for &arg in args {
                    let item = self.value(arg)?;
                    let [lists, maps, texts] = item.sizes();
                    sizes = [sizes[0] + lists + 1, sizes[1] + maps, sizes[2] + texts];
                    check_sizes(sizes)?;
                    items.push(item);
                }
                Ok(Val::Array(items.into()))
            }
            Op::Mapped => {
                let mut items = Vec::with_capacity(args.len());
                let mut total = 0;
                for &arg in args {
                    let item = self.value(arg)?;
                    total += item.weight();
                    if total > limits::TEXT_BYTES_MAX {
                        return Err(Fault::TooLarge);
                    }
                    items.push(item);
                }
                let list = Val::Array(items.into());
                check_sizes(list.sizes())?;
                Ok(list)
            }
            Op::Filter => {
                let mut items = Vec::with_capacity(args.len() / 2);
                for pair in args.chunks_exact(2) {
                    if self.flag(pair[1])? {
                        items.push(self.value(pair[0])?);
                    }
                }
                Ok(Val::Array(items.into()))
            }
            Op::Interpolated => {
                let mut text = String::new();
                for &arg in args {
                    let part = self.value(arg)?;
                    match part.single()? {
                        Value::Text(part) => text.push_str(part),
                        other => text.push_str(&kernel::display(other)),
                    }
                    if text.len() > limits::TEXT_BYTES_MAX {
                        return Err(Fault::TooLarge);
                    }
                }
                Ok(Val::Made(text.into()))
            }
            // The common ones, of which none is handed on to here.
            _ => self.evaluate(id),
        }
    }

    /// Whether a list, range, map or text has an item.
    fn contains(&mut self, whole: NodeId, item: NodeId) -> Result<bool, Fault> {
        if let Some(constant) = self.machine.nodes[whole].constant() {
            let item = self.value(item)?;
            return match (constant, &item) {
                (Constant::Missing, _) | (_, Val::Missing) => Ok(false),
                (Constant::Array(items), _) => {
                    if let (Some(text), Some(set)) = (item.text(), self.machine.set(whole)) {
                        return Ok(set.contains(text));
                    }
                    for known in items {
                        if equal_constant(known, &item)? {
                            return Ok(true);
                        }
                    }
                    Ok(false)
                }
                (constant, _) => holds_item(&Val::of_constant(constant), &item),
            };
        }
        let whole = self.value(whole)?;
        let item = self.value(item)?;
        holds_item(&whole, &item)
    }

    fn special(&mut self, special: Special, args: &[NodeId]) -> Evaluated<'b> {
        let machine = self.machine;
        if special == Special::HasAnyWord {
            let whole = self.value(args[0])?;
            if let Some(words) = machine.nodes[args[1]].constant() {
                return has_any_word(&whole, words).map(Val::Flag);
            }
            let words = self.value(args[1])?;
            let words = words.to_constant().ok_or(Fault::TypeMismatch)?;
            return has_any_word(&whole, &words).map(Val::Flag);
        }
        let count = |len: usize| Val::Integer(len as i64);
        let value = self.value(args[0])?;
        let size = match (&value, value.text()) {
            (Val::Missing, _) => None,
            (_, Some(text)) => Some(text.chars().count()),
            (Val::Array(items), _) => Some(items.len()),
            (Val::Map(entries), _) => Some(entries.len()),
            _ => return Err(Fault::TypeMismatch),
        };
        match (special, &value) {
            (Special::Len, _) => Ok(size.map_or(Val::Missing, count)),
            (Special::IsEmpty, _) => Ok(Val::Flag(size == Some(0))),
            (_, Val::Missing) => Ok(Val::Missing),
            (Special::Keys, Val::Map(entries)) => {
                Ok(Val::Array(entries.keys().map(|key| Val::Text(key.as_str())).collect()))
            }
            (Special::Values, Val::Map(entries)) => {
                Ok(Val::Array(entries.values().map(Val::of_constant).collect()))
            }
            _ => Err(Fault::TypeMismatch),
        }
    }
}

/// Where an index points; a negative one counts from the end.
fn position(len: usize, index: &Val<'_>) -> Result<usize, Fault> {
    let Val::Integer(index) = *index else { return Err(Fault::TypeMismatch) };
    let at = if index < 0 { len as i64 + index } else { index };
    usize::try_from(at).ok().filter(|at| *at < len).ok_or(Fault::IndexOutOfRange)
}

pub(crate) fn compare(comparison: Comparison, a: &Val<'_>, b: &Val<'_>) -> Result<bool, Fault> {
    let holds = match comparison {
        Comparison::Equal => return equal(a, b),
        Comparison::NotEqual => return equal(a, b).map(|equal| !equal),
        Comparison::Less => Ordering::is_lt,
        Comparison::LessOrEqual => Ordering::is_le,
        Comparison::Greater => Ordering::is_gt,
        Comparison::GreaterOrEqual => Ordering::is_ge,
    };
    kernel::ordered(a.single()?, b.single()?, holds)
}

fn equal(a: &Val<'_>, b: &Val<'_>) -> Result<bool, Fault> {
    match (a, b) {
        (Val::Array(a), Val::Array(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Val::Missing, b) => Ok(b.is_missing()),
        (a, Val::Missing) => Ok(a.is_missing()),
        (a, b) => kernel::equal(a.single()?, b.single()?),
    }
}

fn equal_constant(constant: &Constant, value: &Val<'_>) -> Result<bool, Fault> {
    match constant {
        Constant::Text(text) => match value.text() {
            Some(value) => Ok(**text == *value),
            None => equal(&Val::Text(text), value),
        },
        constant => equal(&Val::of_constant(constant), value),
    }
}

fn holds_item(whole: &Val<'_>, item: &Val<'_>) -> Result<bool, Fault> {
    if whole.is_missing() || item.is_missing() {
        return Ok(false);
    }
    match whole {
        Val::Array(items) => {
            for known in items.iter() {
                if equal(known, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Val::Map(entries) => match item.text() {
            Some(key) => Ok(entries.contains_key(key)),
            None => Err(Fault::TypeMismatch),
        },
        Val::Range(first, end, inclusive) => {
            let end_holds = if *inclusive { Ordering::is_le } else { Ordering::is_lt };
            let item = item.single()?;
            Ok(kernel::ordered(item, Value::Integer(*first), Ordering::is_ge)?
                && kernel::ordered(item, Value::Integer(*end), end_holds)?)
        }
        whole => match (whole.single()?, item.single()?) {
            (Value::Text(whole), Value::Text(part)) => Ok(whole.contains(part)),
            _ => Err(Fault::TypeMismatch),
        },
    }
}

fn has_any_word(whole: &Val<'_>, words: &Constant) -> Result<bool, Fault> {
    if whole.is_missing() || *words == Constant::Missing {
        return Ok(false);
    }
    let (Some(whole), Constant::Array(words)) = (whole.text(), words) else {
        return Err(Fault::TypeMismatch);
    };
    let whole = text::folded(whole);
    for word in words {
        match word {
            Constant::Text(word) if text::has_folded_word(&whole, word) => return Ok(true),
            Constant::Text(_) | Constant::Missing => {}
            _ => return Err(Fault::TypeMismatch),
        }
    }
    Ok(false)
}

fn arithmetic<'b>(operator: Arithmetic, a: &Val<'b>, b: &Val<'b>) -> Evaluated<'b> {
    if let (Arithmetic::Add, Val::Array(a), Val::Array(b)) = (operator, a, b) {
        if a.len() + b.len() > limits::ARRAY_LEN_MAX {
            return Err(Fault::TooLarge);
        }
        let both = Val::Array(a.iter().chain(b.iter()).cloned().collect());
        check_sizes(both.sizes())?;
        return Ok(both);
    }
    // The common ones, without a detour over the kernel's owned values.
    match (operator, a, b) {
        (Arithmetic::Multiply, Val::Number(a), Val::Number(b)) => finite(a * b),
        (Arithmetic::Divide, Val::Number(a), Val::Number(b)) => finite(a / b),
        (Arithmetic::Add, Val::Number(a), Val::Number(b)) => finite(a + b),
        (Arithmetic::Subtract, Val::Number(a), Val::Number(b)) => finite(a - b),
        _ => kernel::arithmetic(operator, a.single()?, b.single()?).map(Val::of_scalar),
    }
}

fn finite<'b>(number: f64) -> Evaluated<'b> {
    if number.is_finite() { Ok(Val::Number(number)) } else { Err(Fault::NotFinite) }
}
