//! Sets of values: what a field or another part of a condition can be where the condition holds.
//!
//! A set says of each value whether it is in it, so that sets have exact complements. Sets of texts count texts
//! between which there is none as possible; a set that is empty is sure to be empty.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::lang::kernel::compare_integer_number;

#[derive(Clone, Copy, Debug)]
pub(super) enum Num {
    Integer(i64),
    Number(f64),
}

impl Ord for Num {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            // No number is NaN here, and `-0.0` equals `0.0`.
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::Integer(a), Self::Number(b)) => compare_integer_number(*a, *b),
            (Self::Number(a), Self::Integer(b)) => compare_integer_number(*b, *a).reverse(),
        }
    }
}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Num {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Num {}

/// A place between numbers: right before one, or right after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NumberCut {
    pub at: Num,
    pub after: bool,
}

/// A place between texts in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextCut {
    pub at: Arc<str>,
    pub side: TextSide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TextSide {
    /// Before the text.
    Before,
    /// After the text, before all that begin with it.
    After,
    /// After all texts that begin with the text.
    AfterAll,
}

impl Ord for TextCut {
    fn cmp(&self, other: &Self) -> Ordering {
        let within = |outer: &Self, inner: &Self| {
            inner.at.len() > outer.at.len()
                && inner.at.starts_with(&*outer.at)
                && outer.side == TextSide::AfterAll
        };
        if within(self, other) {
            return Ordering::Greater;
        }
        if within(other, self) {
            return Ordering::Less;
        }
        self.at.as_bytes().cmp(other.at.as_bytes()).then(self.side.cmp(&other.side))
    }
}

impl PartialOrd for TextCut {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End<C> {
    /// Before all values.
    Start,
    At(C),
    /// After all values.
    Finish,
}

/// Intervals in order, none touching the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Intervals<C>(pub Vec<(End<C>, End<C>)>);

impl<C: Ord + Clone> Intervals<C> {
    pub fn none() -> Self {
        Self(Vec::new())
    }

    pub fn all() -> Self {
        Self(vec![(End::Start, End::Finish)])
    }

    pub fn between(from: End<C>, to: End<C>) -> Self {
        if from < to { Self(vec![(from, to)]) } else { Self::none() }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The intervals of all of these together.
    pub fn union(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<(End<C>, End<C>)> = parts.into_iter().flat_map(|part| part.0).collect();
        all.sort();
        let mut out: Vec<(End<C>, End<C>)> = Vec::with_capacity(all.len());
        for (from, to) in all {
            match out.last_mut() {
                Some(last) if from <= last.1 => {
                    if to > last.1 {
                        last.1 = to;
                    }
                }
                _ => out.push((from, to)),
            }
        }
        Self(out)
    }

    pub fn complement(&self) -> Self {
        let mut out = Vec::with_capacity(self.0.len() + 1);
        let mut from = End::Start;
        for (start, end) in &self.0 {
            if from < *start {
                out.push((from, start.clone()));
            }
            from = end.clone();
        }
        if from < End::Finish {
            out.push((from, End::Finish));
        }
        Self(out)
    }

    pub fn intersection(&self, other: &Self) -> Self {
        let mut out = Vec::new();
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            let from = (&x.0).max(&y.0);
            let to = (&x.1).min(&y.1);
            if from < to {
                out.push((from.clone(), to.clone()));
            }
            if x.1 < y.1 {
                a.next();
            } else {
                b.next();
            }
        }
        Self(out)
    }
}

impl<C: Ord> Intervals<C> {
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let (mut a, mut b) = (0, 0);
        while let (Some(x), Some(y)) = (self.0.get(a), other.0.get(b)) {
            if (&x.0).max(&y.0) < (&x.1).min(&y.1) {
                return false;
            }
            if x.1 < y.1 {
                a += 1;
            } else {
                b += 1;
            }
        }
        true
    }
}

impl Intervals<TextCut> {
    pub fn text(text: &Arc<str>) -> Self {
        let cut = |side| End::At(TextCut { at: Arc::clone(text), side });
        Self::between(cut(TextSide::Before), cut(TextSide::After))
    }

    /// All texts that begin with this one.
    pub fn prefix(text: &Arc<str>) -> Self {
        let cut = |side| End::At(TextCut { at: Arc::clone(text), side });
        Self::between(cut(TextSide::Before), cut(TextSide::AfterAll))
    }

    /// The texts, if there are no others in the set and not many.
    pub fn texts(&self) -> Option<Vec<&Arc<str>>> {
        self.0.iter().map(single_text).collect()
    }
}

/// The text of an interval that holds one text and no other.
pub(super) fn single_text(interval: &(End<TextCut>, End<TextCut>)) -> Option<&Arc<str>> {
    match interval {
        (End::At(from), End::At(to))
            if from.at == to.at && from.side == TextSide::Before && to.side == TextSide::After =>
        {
            Some(&from.at)
        }
        _ => None,
    }
}

/// The prefix of an interval that holds all texts with a prefix and no other.
pub(super) fn prefix_text(interval: &(End<TextCut>, End<TextCut>)) -> Option<&Arc<str>> {
    match interval {
        (End::At(from), End::At(to))
            if from.at == to.at && from.side == TextSide::Before && to.side == TextSide::AfterAll =>
        {
            Some(&from.at)
        }
        _ => None,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    Numbers(Intervals<NumberCut>),
    Texts(Intervals<TextCut>),
    /// A few cases, a bit each.
    Bits(u8),
}

impl Values {
    fn is_empty(&self) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.is_empty(),
            Self::Texts(texts) => texts.is_empty(),
            Self::Bits(bits) => *bits == 0,
        }
    }

    fn none(&self) -> Self {
        match self {
            Self::Numbers(_) => Self::Numbers(Intervals::none()),
            Self::Texts(_) => Self::Texts(Intervals::none()),
            Self::Bits(_) => Self::Bits(0),
        }
    }

    fn complement(&self) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(numbers.complement()),
            Self::Texts(texts) => Self::Texts(texts.complement()),
            Self::Bits(bits) => Self::Bits(!bits),
        }
    }

    fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Numbers(a), Self::Numbers(b)) => Self::Numbers(a.intersection(b)),
            (Self::Texts(a), Self::Texts(b)) => Self::Texts(a.intersection(b)),
            (Self::Bits(a), Self::Bits(b)) => Self::Bits(a & b),
            // A term has values of one kind.
            _ => self.none(),
        }
    }
}

/// A set of values, which may include the missing one and the cases in which there is a fault instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    pub missing: bool,
    pub fault: bool,
    pub values: Values,
}

pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;

impl Set {
    pub fn of(values: Values) -> Self {
        Self { missing: false, fault: false, values }
    }

    /// The missing value of a kind, and nothing else.
    pub fn only_missing(like: &Self) -> Self {
        Self { missing: true, fault: false, values: like.values.none() }
    }

    /// All values of the universe that are there.
    pub fn present(universe: &Self) -> Self {
        Self { missing: false, fault: false, values: universe.values.clone() }
    }

    pub fn is_empty(&self) -> bool {
        !self.missing && !self.fault && self.values.is_empty()
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            missing: self.missing && other.missing,
            fault: self.fault && other.fault,
            values: self.values.intersection(&other.values),
        }
    }

    pub fn is_disjoint(&self, other: &Self) -> bool {
        let values = match (&self.values, &other.values) {
            (Values::Numbers(a), Values::Numbers(b)) => a.is_disjoint(b),
            (Values::Texts(a), Values::Texts(b)) => a.is_disjoint(b),
            (Values::Bits(a), Values::Bits(b)) => a & b == 0,
            _ => true,
        };
        values && !(self.missing && other.missing) && !(self.fault && other.fault)
    }

    pub fn complement(&self) -> Self {
        Self { missing: !self.missing, fault: !self.fault, values: self.values.complement() }
    }

    pub fn within(&self, other: &Self) -> bool {
        self.is_disjoint(&other.complement())
    }
}

#[cfg(test)]
mod tests;
