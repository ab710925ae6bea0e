//! Types of expressions: what is known of a value before any line is seen.

use std::fmt;

use crate::lang::expr::Constant;
use crate::model::schema::Kind;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Base {
    /// Nothing is known; checked when a line is evaluated.
    Any,
    /// `()` and nothing else.
    Missing,
    Flag,
    Integer,
    Number,
    Text,
    Date,
    Array(Box<Type>),
    Map,
    Range,
    /// The goods line, `d`.
    Line,
    /// An entry of the lookup table with this index.
    Entry(usize),
    /// A closure or function.
    Function(String, Vec<Constant>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Type {
    pub base: Base,
    pub missing: bool,
}

impl Type {
    pub const ANY: Self = Self { base: Base::Any, missing: true };
    pub const MISSING: Self = Self { base: Base::Missing, missing: true };
    pub const FLAG: Self = Self::of(Base::Flag);
    pub const INTEGER: Self = Self::of(Base::Integer);
    pub const NUMBER: Self = Self::of(Base::Number);
    pub const TEXT: Self = Self::of(Base::Text);
    pub const DATE: Self = Self::of(Base::Date);

    pub const fn of(base: Base) -> Self {
        Self { base, missing: false }
    }

    pub fn of_kind(kind: Kind, missing: bool) -> Self {
        let base = match kind {
            Kind::Text | Kind::Code => Base::Text,
            Kind::Integer => Base::Integer,
            Kind::Number => Base::Number,
            Kind::Flag => Base::Flag,
            Kind::Date => Base::Date,
        };
        Self { base, missing }
    }

    pub fn of_constant(constant: &Constant) -> Self {
        match constant {
            Constant::Missing => Self::MISSING,
            Constant::Flag(_) => Self::FLAG,
            Constant::Integer(_) => Self::INTEGER,
            Constant::Number(_) => Self::NUMBER,
            Constant::Text(_) => Self::TEXT,
            Constant::Date(_) => Self::DATE,
            Constant::Array(items) => Self::array(items.iter().map(Self::of_constant)),
            Constant::Map(_) => Self::of(Base::Map),
            Constant::Function(name, captured) => Self::of(Base::Function(name.clone(), captured.clone())),
        }
    }

    pub fn array(items: impl Iterator<Item = Self>) -> Self {
        let element = items.reduce(|a, b| a.join(&b)).unwrap_or(Self::ANY);
        Self::of(Base::Array(Box::new(element)))
    }

    #[must_use]
    pub fn or_missing(mut self, missing: bool) -> Self {
        self.missing |= missing;
        self
    }

    /// The type of a value that is of this type or of the other.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let missing = self.missing || other.missing;
        let base = match (&self.base, &other.base) {
            (a, b) if a == b => a.clone(),
            (Base::Missing, known) | (known, Base::Missing) => known.clone(),
            (Base::Integer, Base::Number) | (Base::Number, Base::Integer) => Base::Number,
            (Base::Array(a), Base::Array(b)) => Base::Array(Box::new(a.join(b))),
            _ => return Self::ANY,
        };
        Self { base, missing }
    }

    pub fn is_any(&self) -> bool {
        self.base == Base::Any
    }

    pub fn is_numeric(&self) -> bool {
        matches!(self.base, Base::Integer | Base::Number | Base::Any | Base::Missing)
    }

    /// Whether a value of this type can stand where one of that base is wanted.
    pub fn fits(&self, base: &Base) -> bool {
        matches!(self.base, Base::Any | Base::Missing)
            || self.base == *base
            || (*base == Base::Number && self.base == Base::Integer)
    }

    pub fn comparable(&self, other: &Self) -> bool {
        match (&self.base, &other.base) {
            (Base::Any | Base::Missing, _) | (_, Base::Any | Base::Missing) => true,
            (Base::Integer | Base::Number, Base::Integer | Base::Number) => true,
            (Base::Flag, Base::Flag) | (Base::Text, Base::Text) | (Base::Date, Base::Date) => true,
            (Base::Array(a), Base::Array(b)) => a.comparable(b),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Any => f.write_str("a value of unknown type"),
            Base::Missing => f.write_str("`()`"),
            Base::Flag => f.write_str("a flag"),
            Base::Integer => f.write_str("a whole number"),
            Base::Number => f.write_str("a number"),
            Base::Text => f.write_str("a text"),
            Base::Date => f.write_str("a date"),
            Base::Array(_) => f.write_str("a list"),
            Base::Map => f.write_str("a map"),
            Base::Range => f.write_str("a range"),
            Base::Line => f.write_str("the goods line"),
            Base::Entry(_) => f.write_str("a lookup entry"),
            Base::Function(..) => f.write_str("a function"),
        }
    }
}
