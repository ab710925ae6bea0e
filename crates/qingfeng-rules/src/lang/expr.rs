//! Expressions of the rule language as a tree with source spans, independent of Rhai.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use crate::base::value::Date;
use crate::lang::kernel::Arithmetic;

/// A value known when a rule file has run: a literal, or what a closure captured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Constant {
    Missing,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(Arc<str>),
    Date(Date),
    Array(Vec<Constant>),
    Map(BTreeMap<String, Constant>),
    /// A closure or a function, by name, with what it captured.
    Function(String, Vec<Constant>),
}

impl Constant {
    /// Whether two constants are the same to the bit: `0.0` and `-0.0` are equal and not the same.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.to_bits() == b.to_bits(),
            (Self::Array(a), Self::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((a, x), (b, y))| a == b && x.is_same(y))
            }
            (a, b) => a == b,
        }
    }

    /// Whether it is a value and has no function in it, of which not all that it captured may be known.
    pub fn is_value(&self) -> bool {
        match self {
            Self::Function(..) => false,
            Self::Array(items) => items.iter().all(Self::is_value),
            Self::Map(entries) => entries.values().all(Self::is_value),
            _ => true,
        }
    }
}

/// A constant as the key of a map.
#[derive(Clone, Debug)]
pub(crate) struct SameConstant(pub Arc<Constant>);

impl PartialEq for SameConstant {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.is_same(&other.0)
    }
}

impl Eq for SameConstant {}

impl Hash for SameConstant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Hash for Constant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Missing => {}
            Self::Flag(flag) => flag.hash(state),
            Self::Integer(integer) => integer.hash(state),
            Self::Number(number) => number.to_bits().hash(state),
            Self::Text(text) => text.hash(state),
            Self::Date(date) => date.hash(state),
            Self::Array(items) => items.hash(state),
            Self::Map(entries) => entries.hash(state),
            Self::Function(name, _) => name.hash(state),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub kind: ExprKind,
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub text: String,
    pub span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Compare(Comparison),
    Arithmetic(Arithmetic),
    /// `a in b`
    In,
    /// `-a`
    Negate,
    /// `+a`
    Plus,
    /// `!a`
    Not,
    /// `a..b`
    Range,
    /// `a..=b`
    RangeInclusive,
    /// `a & b` and its like
    Bits(Bits),
}

/// Bit by bit on whole numbers, without short cut on flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bits {
    And,
    Or,
    Xor,
}

/// Each operator with its sign and its number of operands.
const OPERATORS: [(Operator, &str, usize); 21] = [
    (Operator::Compare(Comparison::Equal), "==", 2),
    (Operator::Compare(Comparison::NotEqual), "!=", 2),
    (Operator::Compare(Comparison::Less), "<", 2),
    (Operator::Compare(Comparison::LessOrEqual), "<=", 2),
    (Operator::Compare(Comparison::Greater), ">", 2),
    (Operator::Compare(Comparison::GreaterOrEqual), ">=", 2),
    (Operator::Arithmetic(Arithmetic::Add), "+", 2),
    (Operator::Arithmetic(Arithmetic::Subtract), "-", 2),
    (Operator::Arithmetic(Arithmetic::Multiply), "*", 2),
    (Operator::Arithmetic(Arithmetic::Divide), "/", 2),
    (Operator::Arithmetic(Arithmetic::Remainder), "%", 2),
    (Operator::Arithmetic(Arithmetic::Power), "**", 2),
    (Operator::In, "in", 2),
    (Operator::Negate, "-", 1),
    (Operator::Plus, "+", 1),
    (Operator::Not, "!", 1),
    (Operator::Range, "..", 2),
    (Operator::RangeInclusive, "..=", 2),
    (Operator::Bits(Bits::And), "&", 2),
    (Operator::Bits(Bits::Or), "|", 2),
    (Operator::Bits(Bits::Xor), "^", 2),
];

impl Operator {
    pub fn of(sign: &str, operands: usize) -> Option<Self> {
        OPERATORS.iter().find(|&&(_, known, count)| (known, count) == (sign, operands)).map(|known| known.0)
    }

    pub fn sign(self) -> &'static str {
        OPERATORS.iter().find(|known| known.0 == self).map_or("", |known| known.1)
    }
}

#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Constant(Constant),
    Variable(String),
    /// `object.name`
    Property(Box<Expr>, Name),
    /// `object[index]`
    Index(Box<Expr>, Box<Expr>),
    /// A call of a function, or of a method (the object is then the first argument).
    Call {
        name: Name,
        args: Vec<Expr>,
        method: bool,
    },
    Operator(Operator, Vec<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Coalesce(Vec<Expr>),
    Interpolated(Vec<Expr>),
    Array(Vec<Expr>),
    Map(Vec<(String, Expr)>),
    /// A closure: the function's name, and the variables it captures.
    Closure(String, Vec<Name>),
    Block(Vec<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Switch(Box<Switch>),
    Let(Name, Box<Expr>),
    /// `name = value`, or with the operator `name += value`.
    Assign(Name, Option<Operator>, Box<Expr>),
    Return(Option<Box<Expr>>),
    /// `while`, `loop` and `do`: condition and body.
    While(Box<Expr>, Box<Expr>),
    For(Box<For>),
    Break(Option<Box<Expr>>),
    Continue,
    /// Something that the language does not have, with what to say about it. Its parts are kept, so that
    /// mistakes in them are found too.
    Unsupported(&'static str, Vec<Expr>),
}

#[derive(Clone, Debug)]
pub(crate) struct Switch {
    pub subject: Expr,
    pub cases: Vec<Case>,
    pub default: Option<Expr>,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The values of the case, or the bounds of a range (the end excluded or not).
    pub values: Vec<Constant>,
    pub ranges: Vec<(i64, i64, bool)>,
    /// `if` after the value.
    pub condition: Option<Expr>,
    pub body: Expr,
}

#[derive(Clone, Debug)]
pub(crate) struct For {
    pub variable: Name,
    pub counter: Option<Name>,
    pub over: Expr,
    pub body: Expr,
}

impl Expr {
    /// Calls `visit` for this expression and all in it, outermost first.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }

    /// The expressions right below this one, in the order of evaluation.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Constant(_) | ExprKind::Variable(_) | ExprKind::Closure(..) | ExprKind::Continue => {
                vec![]
            }
            ExprKind::Property(object, _) => vec![object],
            ExprKind::Index(object, index) => vec![object, index],
            ExprKind::Call { args: parts, .. }
            | ExprKind::Operator(_, parts)
            | ExprKind::And(parts)
            | ExprKind::Or(parts)
            | ExprKind::Coalesce(parts)
            | ExprKind::Interpolated(parts)
            | ExprKind::Array(parts)
            | ExprKind::Block(parts)
            | ExprKind::Unsupported(_, parts) => parts.iter().collect(),
            ExprKind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            ExprKind::If(condition, then, otherwise) => vec![condition, then, otherwise],
            ExprKind::Switch(switch) => std::iter::once(&switch.subject)
                .chain(switch.cases.iter().flat_map(|case| case.condition.iter().chain([&case.body])))
                .chain(&switch.default)
                .collect(),
            ExprKind::Let(_, value) | ExprKind::Assign(_, _, value) => vec![value],
            ExprKind::Return(value) | ExprKind::Break(value) => value.iter().map(AsRef::as_ref).collect(),
            ExprKind::While(condition, body) => vec![condition, body],
            ExprKind::For(each) => vec![&each.over, &each.body],
        }
    }

    /// The `let`s at the beginning of a closure, and the expression after them if that is all.
    pub fn after_lets(&self) -> (&[Self], &Self) {
        if let ExprKind::Block(statements) = &self.kind
            && let Some((last, lets)) = statements.split_last()
            && lets.iter().all(|statement| matches!(statement.kind, ExprKind::Let(..)))
        {
            return (lets, last);
        }
        (&[], self)
    }

    pub fn is_plain_let(&self) -> bool {
        matches!(&self.kind, ExprKind::Let(_, value) if value.is_plain())
    }

    /// Whether the expression is evaluated as a whole and has no statement in it, so that it can be shown and
    /// evaluated part by part.
    pub fn is_plain(&self) -> bool {
        let mut plain = true;
        self.walk(&mut |expr| {
            plain &= matches!(
                expr.kind,
                ExprKind::Constant(_)
                    | ExprKind::Variable(_)
                    | ExprKind::Property(..)
                    | ExprKind::Index(..)
                    | ExprKind::Call { .. }
                    | ExprKind::Operator(..)
                    | ExprKind::And(_)
                    | ExprKind::Or(_)
                    | ExprKind::Coalesce(_)
                    | ExprKind::Interpolated(_)
                    | ExprKind::Array(_)
                    | ExprKind::Map(_)
            );
        });
        plain
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("()"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(i64::MIN) => f.write_str("(-9223372036854775807 - 1)"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Number(number) => write!(f, "{}", rhai_number(*number)),
            Self::Text(text) => write_text(f, text),
            Self::Date(date) => write!(f, "date(\"{date}\")"),
            Self::Array(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => write_map(f, entries),
            Self::Function(name, _) => f.write_str(name),
        }
    }
}

/// A number so that Rhai reads a number back: with a point, or a point and an exponent.
fn rhai_number(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => text,
    }
}

fn write_text(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            letter if letter.is_control() => write!(f, "\\x{:02x}", u32::from(letter))?,
            letter => f.write_char(letter)?,
        }
    }
    f.write_char('"')
}

fn write_map<'m, V: fmt::Display + 'm>(
    f: &mut fmt::Formatter<'_>,
    entries: impl IntoIterator<Item = (&'m String, &'m V)>,
) -> fmt::Result {
    f.write_str("#{")?;
    for (at, (key, value)) in entries.into_iter().enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        write_text(f, key)?;
        write!(f, ": {value}")?;
    }
    f.write_str("}")
}

fn write_list(f: &mut fmt::Formatter<'_>, items: &[Expr], separator: &str) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if at > 0 { separator } else { "" })?;
    }
    Ok(())
}

/// An operand, in parentheses unless it needs none.
pub(crate) struct Operand<'e>(pub &'e Expr);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExprKind::Operator(..) | ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Coalesce(_) => {
                write!(f, "({})", self.0)
            }
            ExprKind::Constant(Constant::Integer(integer)) if *integer < 0 => write!(f, "({})", self.0),
            ExprKind::Constant(Constant::Number(number)) if number.is_sign_negative() => {
                write!(f, "({})", self.0)
            }
            _ => write!(f, "{}", self.0),
        }
    }
}

/// A part of `&&` or `||`: comparisons bind tighter and need no parentheses.
struct Condition<'e>(&'e Expr);

impl fmt::Display for Condition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExprKind::Operator(..) => write!(f, "{}", self.0),
            _ => write!(f, "{}", Operand(self.0)),
        }
    }
}

impl fmt::Display for Expr {
    /// As Rhai source; statements in an outline that is only for reading.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Expr], sign: &str| {
            for (at, part) in parts.iter().enumerate() {
                write!(f, "{}{}", if at > 0 { sign } else { "" }, Condition(part))?;
            }
            Ok(())
        };
        match &self.kind {
            ExprKind::Constant(constant) => write!(f, "{constant}"),
            ExprKind::Variable(name) => f.write_str(name),
            ExprKind::Property(object, name) => write!(f, "{}.{}", Operand(object), name.text),
            ExprKind::Index(object, index) => write!(f, "{}[{index}]", Operand(object)),
            ExprKind::Call { name, args, method } => {
                let (object, args) = match args.split_first() {
                    Some((object, args)) if *method => (Some(object), args),
                    _ => (None, args.as_slice()),
                };
                if let Some(object) = object {
                    write!(f, "{}.", Operand(object))?;
                }
                write!(f, "{}(", name.text)?;
                write_list(f, args, ", ")?;
                f.write_str(")")
            }
            ExprKind::Operator(operator, parts) => match parts.as_slice() {
                [operand] => write!(f, "{}{}", operator.sign(), Operand(operand)),
                [a, b] if matches!(operator, Operator::Range | Operator::RangeInclusive) => {
                    write!(f, "{}{}{}", Operand(a), operator.sign(), Operand(b))
                }
                [a, b] => write!(f, "{} {} {}", Operand(a), operator.sign(), Operand(b)),
                _ => Ok(()),
            },
            ExprKind::And(parts) => joined(f, parts, " && "),
            ExprKind::Or(parts) => joined(f, parts, " || "),
            ExprKind::Coalesce(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    write!(f, "{}{}", if at > 0 { " ?? " } else { "" }, Operand(part))?;
                }
                Ok(())
            }
            ExprKind::Interpolated(parts) => {
                f.write_str("`")?;
                for part in parts {
                    match &part.kind {
                        ExprKind::Constant(Constant::Text(text)) if !text.contains(['`', '$', '\\']) => {
                            f.write_str(text)?;
                        }
                        _ => write!(f, "${{{part}}}")?,
                    }
                }
                f.write_str("`")
            }
            ExprKind::Array(items) => {
                f.write_str("[")?;
                write_list(f, items, ", ")?;
                f.write_str("]")
            }
            ExprKind::Map(entries) => write_map(f, entries.iter().map(|(key, value)| (key, value))),
            ExprKind::Closure(..) => f.write_str("|..| .."),
            ExprKind::Block(statements) => {
                f.write_str("{ ")?;
                write_list(f, statements, "; ")?;
                f.write_str(" }")
            }
            ExprKind::If(condition, then, otherwise) => {
                write!(f, "if {condition} {then}")?;
                match &otherwise.kind {
                    ExprKind::Block(parts) if parts.is_empty() => Ok(()),
                    _ => write!(f, " else {otherwise}"),
                }
            }
            ExprKind::Switch(switch) => write!(f, "switch {} {{ .. }}", switch.subject),
            ExprKind::Let(name, value) => write!(f, "let {} = {value}", name.text),
            ExprKind::Assign(name, operator, value) => {
                write!(f, "{} {}= {value}", name.text, operator.map_or("", Operator::sign))
            }
            ExprKind::Return(None) => f.write_str("return"),
            ExprKind::Return(Some(value)) => write!(f, "return {value}"),
            ExprKind::While(condition, body) => write!(f, "while {condition} {body}"),
            ExprKind::For(each) => write!(f, "for {} in {} {}", each.variable.text, each.over, each.body),
            ExprKind::Break(_) => f.write_str("break"),
            ExprKind::Continue => f.write_str("continue"),
            ExprKind::Unsupported(what, _) => f.write_str(what),
        }
    }
}
