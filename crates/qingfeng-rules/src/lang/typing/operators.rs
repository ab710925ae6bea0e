//! The types of operators, and what goes together.

use std::ops::Range;

use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostic, Fix, Help, quote_numbers};
use crate::lang::expr::{Comparison, Constant, Expr, ExprKind, Operator};
use crate::lang::kernel::Arithmetic;
use crate::lang::types::{Base, Type};

use super::Checker;

impl Checker<'_> {
    pub(super) fn operator(&mut self, operator: Operator, args: &[Expr], span: &Range<usize>) -> Type {
        let types = self.exprs(args);
        let sign = operator.sign();
        match (operator, types.as_slice()) {
            (Operator::Compare(comparison), [a, b]) => {
                let ordering = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                let ordered = |ty: &Type| {
                    matches!(ty.base, Base::Integer | Base::Number | Base::Text | Base::Date | Base::Any)
                };
                let entry = |ty: &Type, other: &Type| {
                    matches!(ty.base, Base::Entry(_)) && other.base == Base::Missing && !ordering
                };
                let fits =
                    if ordering { a.comparable(b) && ordered(a) && ordered(b) } else { a.comparable(b) };
                if !fits && !entry(a, b) && !entry(b, a) {
                    let title = format!("`{sign}` cannot compare {a} with {b}");
                    let fix = self.comparable(a, b, args).filter(|_| self.is_outermost());
                    self.mismatch_with(&title, args, &types, span, compare_help(a, b, args), fix);
                }
                Type::FLAG
            }
            (Operator::In, [item, whole]) => {
                let fits = match &whole.base {
                    Base::Array(element) => element.comparable(item),
                    Base::Range => item.fits(&Base::Number),
                    Base::Text => item.fits(&Base::Text),
                    Base::Map => item.fits(&Base::Text),
                    Base::Any | Base::Missing => true,
                    _ => false,
                };
                if !fits {
                    let title = match &whole.base {
                        Base::Array(element) => {
                            format!("`in` cannot find {item} in a list whose values are {}", plural(element))
                        }
                        _ => format!("`in` cannot find {item} in {whole}"),
                    };
                    let list = &args[1].span;
                    let fix = match (&whole.base, &item.base) {
                        (Base::Array(element), Base::Text) if element.base == Base::Integer => {
                            quote_numbers(self.written(list), &self.place(list))
                        }
                        _ => None,
                    };
                    let fix = fix.filter(|_| self.is_outermost());
                    self.mismatch_with(&title, args, &types, span, None, fix);
                }
                Type::FLAG
            }
            (Operator::Arithmetic(arithmetic), [a, b]) => self.arithmetic(arithmetic, a, b, args, span),
            (Operator::Negate | Operator::Plus, [a]) => {
                if !a.is_numeric() {
                    self.mismatch(&format!("`{sign}` needs a number, not {a}"), args, &types, span, None);
                    return Type::ANY;
                }
                a.clone()
            }
            (Operator::Not, [a]) => {
                if !a.fits(&Base::Flag) || a.base == Base::Missing {
                    self.mismatch(&format!("`!` needs a flag, not {a}"), args, &types, span, None);
                    return Type::FLAG;
                }
                if a.base == Base::Flag && a.missing {
                    let title = format!("`!` needs a flag, and `{}` may be missing", args[0]);
                    let help = format!("write `{0} == false`, or `!({0} ?? false)`", args[0]);
                    let whole = self.place(span);
                    // What a missing flag means is for the author to say.
                    let fixes = [format!("{} == false", args[0]), format!("!({} ?? false)", args[0])]
                        .map(|text| Fix::suggested(format!("write `{text}`"), whole.clone(), text));
                    let [no, not_yes] =
                        if self.written(span).starts_with('!') { fixes.map(Some) } else { [None, None] };
                    let place = self.place(&args[0].span);
                    let diagnostic = Diagnostic::found(Code::TypeMismatch, place, title, help);
                    self.push(diagnostic.fix(no).fix(not_yes));
                }
                Type::FLAG
            }
            (Operator::Range | Operator::RangeInclusive, [a, b]) => {
                if !(a.fits(&Base::Integer) && b.fits(&Base::Integer))
                    || a.missing && !a.is_any()
                    || b.missing && !b.is_any()
                {
                    let title = format!("`{sign}` needs whole numbers, not {a} and {b}");
                    self.mismatch(&title, args, &types, span, None);
                }
                Type::of(Base::Range)
            }
            (Operator::Bits(_), [a, b]) => {
                for base in [Base::Flag, Base::Integer] {
                    if a.fits(&base) && b.fits(&base) {
                        return if a.is_any() && b.is_any() {
                            Type::ANY
                        } else {
                            Type::of(base).or_missing(a.missing || b.missing)
                        };
                    }
                }
                let help = format!("`{sign}{sign}` joins conditions");
                self.mismatch(&format!("`{sign}` cannot join {a} and {b}"), args, &types, span, help);
                Type::ANY
            }
            _ => Type::ANY,
        }
    }

    pub(super) fn arithmetic(
        &mut self,
        operator: Arithmetic,
        a: &Type,
        b: &Type,
        args: &[Expr],
        span: &Range<usize>,
    ) -> Type {
        use Arithmetic::{Add, Divide, Power, Subtract};
        let missing = a.missing || b.missing;
        let sign = Operator::Arithmetic(operator).sign();
        match (operator, &a.base, &b.base) {
            (_, Base::Missing, other) | (_, other, Base::Missing) => {
                Type { base: other.clone(), missing: true }
            }
            (Power, Base::Number | Base::Integer, Base::Number) => {
                let title = "the exponent of `**` must be a whole number";
                let types = [a.clone(), b.clone()];
                self.mismatch(title, args, &types, span, "use a whole number, or `sqrt()`");
                Type::NUMBER
            }
            (Divide, Base::Integer, Base::Integer) => {
                let [dividend, divisor] = [&args[0], &args[1]].map(crate::lang::expr::Operand);
                let title =
                    format!("`{dividend} / {divisor}` drops the remainder: both sides are whole numbers");
                let help = format!("write `{dividend}.to_float() / {divisor}` to keep the fraction");
                let fix = is_operand(&args[0]).then(|| {
                    let end = args[0].span.end;
                    let place = self.place(&(end..end));
                    Fix::suggested("keep the fraction", place, ".to_float()")
                });
                let diagnostic = Diagnostic::found(Code::IntegerDivision, self.place(span), title, help)
                    .note("7 / 2 gives 3 here, not 3.5");
                self.push(diagnostic.fix(fix));
                Type::INTEGER.or_missing(missing)
            }
            (_, Base::Integer, Base::Integer) => Type::INTEGER.or_missing(missing),
            (_, Base::Integer | Base::Number, Base::Integer | Base::Number) => {
                Type::NUMBER.or_missing(missing)
            }
            (Add, Base::Text, Base::Text) => Type::TEXT.or_missing(missing),
            (Add | Subtract, Base::Date, Base::Integer) | (Add, Base::Integer, Base::Date) => {
                Type::DATE.or_missing(missing)
            }
            (Subtract, Base::Date, Base::Date) => Type::INTEGER.or_missing(missing),
            (Add, Base::Array(x), Base::Array(y)) => Type::of(Base::Array(Box::new(x.join(y)))),
            (
                _,
                Base::Any,
                Base::Any | Base::Integer | Base::Number | Base::Text | Base::Date | Base::Array(_),
            )
            | (_, Base::Integer | Base::Number | Base::Text | Base::Date | Base::Array(_), Base::Any) => {
                Type::ANY
            }
            _ => {
                let help = match (&a.base, &b.base) {
                    (Base::Text, _) | (_, Base::Text) if operator == Add => {
                        Some("to put values into a text write `` `...${value}...` ``".to_owned())
                    }
                    _ => None,
                };
                let title = format!("`{sign}` cannot take {a} and {b}");
                self.mismatch(&title, args, &[a.clone(), b.clone()], span, help);
                Type::ANY
            }
        }
    }

    /// Reports an operator whose operands do not go together, with the type of each.
    pub(super) fn mismatch(
        &mut self,
        title: &str,
        args: &[Expr],
        types: &[Type],
        span: &Range<usize>,
        help: impl Into<Help>,
    ) {
        self.mismatch_with(title, args, types, span, help, None);
    }

    pub(super) fn mismatch_with(
        &mut self,
        title: &str,
        args: &[Expr],
        types: &[Type],
        span: &Range<usize>,
        help: impl Into<Help>,
        fix: Option<Fix>,
    ) {
        let mut diagnostic = Diagnostic::found(Code::TypeMismatch, self.place(span), title, help);
        if args.len() > 1 {
            for (arg, ty) in args.iter().zip(types) {
                diagnostic = diagnostic.at(self.place(&arg.span), ty.to_string());
            }
        }
        self.push(diagnostic.fix(fix));
    }

    /// A literal of a comparison written in the type of the other side.
    pub(super) fn comparable(&self, a: &Type, b: &Type, args: &[Expr]) -> Option<Fix> {
        let (literal, other) = match (&args[0].kind, &args[1].kind) {
            (_, ExprKind::Constant(_)) => (&args[1], &a.base),
            (ExprKind::Constant(_), _) => (&args[0], &b.base),
            _ => return None,
        };
        let written = self.written(&literal.span);
        let inside = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let replacement = match (&literal.kind, other) {
            (ExprKind::Constant(Constant::Text(text)), Base::Date) if inside == Some(&**text) => {
                text.parse::<Date>().ok()?;
                format!("date({written})")
            }
            (ExprKind::Constant(Constant::Text(text)), Base::Integer | Base::Number)
                if inside == Some(&**text) =>
            {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let is_number = digits.starts_with(|digit: char| digit.is_ascii_digit())
                    && digits.ends_with(|digit: char| digit.is_ascii_digit())
                    && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let fits = match other {
                    Base::Integer => text.parse::<i64>().is_ok(),
                    _ => text.parse::<f64>().is_ok_and(f64::is_finite),
                };
                (is_number && fits).then(|| text.to_string())?
            }
            // Digits as they are written: a code may begin with a zero.
            (ExprKind::Constant(Constant::Integer(_)), Base::Text) => {
                let is_code = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
                is_code.then(|| format!("\"{written}\""))?
            }
            _ => return None,
        };
        Some(Fix::safe(format!("write `{replacement}`"), self.place(&literal.span), replacement.clone()))
    }
}

/// Whether something can be put behind an expression without parentheses.
pub(super) fn is_operand(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Property(..) | ExprKind::Variable(_) | ExprKind::Call { .. })
}

fn plural(ty: &Type) -> &'static str {
    match ty.base {
        Base::Flag => "flags",
        Base::Integer => "whole numbers",
        Base::Number => "numbers",
        Base::Text => "texts",
        Base::Date => "dates",
        Base::Array(_) => "lists",
        _ => "of mixed types",
    }
}

/// The remedy for a comparison, where there is a usual one.
fn compare_help(a: &Type, b: &Type, args: &[Expr]) -> Option<String> {
    let (text, other) = match (&a.base, &b.base) {
        (Base::Text, _) => (&args[0], &b.base),
        (_, Base::Text) => (&args[1], &a.base),
        (Base::Missing, _) | (_, Base::Missing) => {
            return Some(
                "nothing is less or more than a missing value; compare with `== ()` or `!= ()`".into(),
            );
        }
        (Base::Flag, Base::Flag) => return Some("flags are compared with `==` and `!=`".into()),
        _ => return None,
    };
    let literal = match &text.kind {
        ExprKind::Constant(Constant::Text(text)) => Some(text.clone()),
        _ => None,
    };
    match (other, literal) {
        (Base::Date, Some(text)) => Some(format!("write `date(\"{text}\")`")),
        (Base::Integer | Base::Number, Some(text)) if text.parse::<f64>().is_ok() => {
            Some(format!("write `{text}` without quotes"))
        }
        (Base::Integer | Base::Number, None) => {
            let number = if std::ptr::eq(text, &args[0]) { &args[1] } else { &args[0] };
            match &number.kind {
                ExprKind::Constant(Constant::Integer(integer)) => {
                    Some(format!("write `\"{integer}\"` in quotes: codes are texts"))
                }
                _ => None,
            }
        }
        _ => None,
    }
}
