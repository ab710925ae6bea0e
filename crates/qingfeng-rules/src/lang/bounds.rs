//! Between which bounds the points lie that a closure computes, as far as its source shows it.

use crate::lang::expr::{Constant, Expr, ExprKind, Operator};
use crate::lang::kernel::Arithmetic;
use crate::lang::rule::Closure;

/// The least and the most that a number can be; `None` where nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    least: Option<i64>,
    most: Option<i64>,
}

impl Bounds {
    const UNKNOWN: Self = Self { least: None, most: None };

    fn exactly(value: i64) -> Self {
        Self { least: Some(value), most: Some(value) }
    }

    fn or(self, other: Self) -> Self {
        let both = |a: Option<i64>, b: Option<i64>, choose: fn(i64, i64) -> i64| Some(choose(a?, b?));
        Self { least: both(self.least, other.least, i64::min), most: both(self.most, other.most, i64::max) }
    }

    fn negated(self) -> Self {
        let negated = |bound: Option<i64>| bound?.checked_neg();
        Self { least: negated(self.most), most: negated(self.least) }
    }

    fn plus(self, other: Self) -> Self {
        let sum = |a: Option<i64>, b: Option<i64>| a?.checked_add(b?);
        Self { least: sum(self.least, other.least), most: sum(self.most, other.most) }
    }

    fn times(self, other: Self) -> Self {
        let corners = || {
            let (a, b) = ([self.least?, self.most?], [other.least?, other.most?]);
            let products = a.into_iter().flat_map(|a| b.map(|b| a.checked_mul(b)));
            products.collect::<Option<Vec<i64>>>()
        };
        let Some(corners) = corners() else { return Self::UNKNOWN };
        Self { least: corners.iter().copied().min(), most: corners.into_iter().max() }
    }

    /// The smaller of two is at most either of them.
    fn smaller(self, other: Self) -> Self {
        let either = [self.most, other.most].into_iter().flatten().min();
        Self { least: self.or(other).least, most: either }
    }

    fn larger(self, other: Self) -> Self {
        self.negated().smaller(other.negated()).negated()
    }
}

impl Closure {
    /// The most that the closure can give, where its source shows it: literals, the branches of `if` and `switch`, sums
    /// and products of such, `min` and `max`, the length of a list that is written out. No line gets more from it;
    /// where nothing is known it is `None`.
    pub fn most(&self) -> Option<i64> {
        let mut leaves_early = false;
        self.body.walk(&mut |expr| {
            leaves_early |= matches!(
                expr.kind,
                ExprKind::Return(_) | ExprKind::Break(_) | ExprKind::Let(..) | ExprKind::Assign(..)
            );
        });
        if leaves_early {
            return None;
        }
        self.bounds(&self.body).most
    }

    /// What a parameter was given when `rule` was called.
    fn captured(&self, name: &str) -> Option<Constant> {
        let at = self.params.iter().position(|param| param == name)?;
        self.captured.get(at).map(|value| (**value.constant()).clone())
    }

    fn bounds(&self, expr: &Expr) -> Bounds {
        let of_all = |parts: &mut dyn Iterator<Item = &Expr>| {
            parts.map(|part| self.bounds(part)).reduce(Bounds::or).unwrap_or(Bounds::UNKNOWN)
        };
        match &expr.kind {
            ExprKind::Constant(Constant::Integer(value)) => Bounds::exactly(*value),
            ExprKind::Variable(name) => match self.captured(name) {
                Some(Constant::Integer(value)) => Bounds::exactly(value),
                _ => Bounds::UNKNOWN,
            },
            ExprKind::Block(statements) if statements.len() == 1 => self.bounds(&statements[0]),
            ExprKind::If(_, then, otherwise) => self.bounds(then).or(self.bounds(otherwise)),
            ExprKind::Switch(switch) => match &switch.default {
                Some(default) => of_all(&mut switch.cases.iter().map(|case| &case.body).chain([default])),
                None => Bounds::UNKNOWN,
            },
            ExprKind::Coalesce(parts) => of_all(&mut parts.iter()),
            ExprKind::Operator(Operator::Negate, parts) if parts.len() == 1 => {
                self.bounds(&parts[0]).negated()
            }
            ExprKind::Operator(Operator::Arithmetic(sign), parts) => match &parts[..] {
                [a, b] => {
                    let (a, b) = (self.bounds(a), self.bounds(b));
                    match sign {
                        Arithmetic::Add => a.plus(b),
                        Arithmetic::Subtract => a.plus(b.negated()),
                        Arithmetic::Multiply => a.times(b),
                        _ => Bounds::UNKNOWN,
                    }
                }
                _ => Bounds::UNKNOWN,
            },
            ExprKind::Call { name, args, .. } => match (name.text.as_str(), &args[..]) {
                ("min", [a, b]) => self.bounds(a).smaller(self.bounds(b)),
                ("max", [a, b]) => self.bounds(a).larger(self.bounds(b)),
                ("len", [list]) => Bounds { least: Some(0), most: longest(list) },
                _ => Bounds::UNKNOWN,
            },
            _ => Bounds::UNKNOWN,
        }
    }
}

/// How many values a list can have that is written out, or what is left of it.
fn longest(list: &Expr) -> Option<i64> {
    match &list.kind {
        ExprKind::Array(items) => i64::try_from(items.len()).ok(),
        ExprKind::Constant(Constant::Array(items)) => i64::try_from(items.len()).ok(),
        ExprKind::Call { name, args, .. } if matches!(name.text.as_str(), "filter" | "map") => {
            longest(args.first()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
