//! The functions of the language: a closed list. Each row says what the function takes, what it gives, and what
//! it does; the interpreter registers these rows and nothing else.

use crate::base::text;
use crate::base::value::{Date, Value};
use crate::lang::kernel::{self, Fault, Scalar};
use crate::lang::types::{Base, Type};

/// A function of the language on single values.
pub(crate) struct Function {
    pub name: &'static str,
    /// How it is written, for messages and the reference.
    pub usage: &'static str,
    /// The type of the result, or `None` where the arguments do not fit.
    pub result: fn(&[Type]) -> Option<Type>,
    /// What it does. Functions on lists, maps and closures have none here; the interpreter provides them.
    pub run: Option<fn(&[Value<'_>]) -> kernel::Result>,
}

fn takes(args: &[Type], bases: &[Base]) -> bool {
    args.len() == bases.len() && args.iter().zip(bases).all(|(arg, base)| arg.fits(base))
}

fn any_missing(args: &[Type]) -> bool {
    args.iter().any(|arg| arg.missing)
}

/// A test: false where something is missing.
fn test(args: &[Type], bases: &[Base]) -> Option<Type> {
    takes(args, bases).then_some(Type::FLAG)
}

/// A value: missing where something is missing.
fn value(args: &[Type], bases: &[Base], result: Type) -> Option<Type> {
    takes(args, bases).then(|| result.or_missing(any_missing(args)))
}

/// The same type as the argument, a whole number or a number.
fn same_number(args: &[Type]) -> Option<Type> {
    match args {
        [arg] if arg.is_numeric() => Some(arg.clone()),
        _ => None,
    }
}

/// A whole number if both are, else a number.
fn either_number(args: &[Type]) -> Option<Type> {
    match args {
        [a, b] if a.is_numeric() && b.is_numeric() => Some(match (&a.base, &b.base) {
            (Base::Integer, Base::Integer) => Type::INTEGER.or_missing(any_missing(args)),
            (Base::Any, _) | (_, Base::Any) => Type::ANY,
            _ => Type::NUMBER.or_missing(any_missing(args)),
        }),
        _ => None,
    }
}

fn is_list(arg: &Type) -> bool {
    matches!(arg.base, Base::Array(_) | Base::Any | Base::Missing)
}

fn sized(args: &[Type]) -> bool {
    matches!(args, [arg] if matches!(arg.base, Base::Text | Base::Array(_) | Base::Map | Base::Any | Base::Missing))
}

fn texts(args: &[Value<'_>], run: fn(&str, &str) -> bool) -> kernel::Result {
    match args {
        [Value::Text(a), Value::Text(b)] => Ok(Scalar::Flag(run(a, b))),
        [Value::Missing | Value::Text(_), Value::Missing | Value::Text(_)] => Ok(Scalar::Flag(false)),
        _ => Err(Fault::TypeMismatch),
    }
}

fn on_text(args: &[Value<'_>], run: fn(&str) -> kernel::Result) -> kernel::Result {
    match args {
        [Value::Text(text)] => run(text),
        [Value::Missing] => Ok(Scalar::Missing),
        _ => Err(Fault::TypeMismatch),
    }
}

fn on_number(
    args: &[Value<'_>],
    integer: fn(i64) -> kernel::Result,
    number: fn(f64) -> kernel::Result,
) -> kernel::Result {
    match args {
        [Value::Integer(a)] => integer(*a),
        [Value::Number(a)] => number(*a),
        [Value::Missing] => Ok(Scalar::Missing),
        _ => Err(Fault::TypeMismatch),
    }
}

fn keep(integer: i64) -> kernel::Result {
    Ok(Scalar::Integer(integer))
}

/// The smaller or the larger of two; a number if either is one.
fn extreme(args: &[Value<'_>], first: fn(std::cmp::Ordering) -> bool) -> kernel::Result {
    let [a, b] = args else { return Err(Fault::TypeMismatch) };
    if matches!(a, Value::Missing) || matches!(b, Value::Missing) {
        return Ok(Scalar::Missing);
    }
    if matches!((a, b), (Value::Integer(_) | Value::Number(_), Value::Integer(_) | Value::Number(_))) {
        let chosen = if kernel::ordered(*a, *b, first)? { *a } else { *b };
        return Ok(match (chosen, a, b) {
            (Value::Integer(chosen), Value::Number(_), _) | (Value::Integer(chosen), _, Value::Number(_)) => {
                Scalar::Number(chosen as f64)
            }
            (chosen, ..) => chosen.into(),
        });
    }
    Err(Fault::TypeMismatch)
}

fn parity(args: &[Value<'_>], even: bool) -> kernel::Result {
    match args {
        [Value::Integer(a)] => Ok(Scalar::Flag((a % 2 == 0) == even)),
        [Value::Missing] => Ok(Scalar::Flag(false)),
        _ => Err(Fault::TypeMismatch),
    }
}

fn sub_string(args: &[Value<'_>]) -> kernel::Result {
    match args {
        [Value::Text(text), Value::Integer(start)] => {
            kernel::text(kernel::sub_string(text, *start, i64::MAX))
        }
        [Value::Text(text), Value::Integer(start), Value::Integer(length)] => {
            kernel::text(kernel::sub_string(text, *start, *length))
        }
        _ if args.contains(&Value::Missing) => Ok(Scalar::Missing),
        _ => Err(Fault::TypeMismatch),
    }
}

fn index_of(args: &[Value<'_>]) -> kernel::Result {
    match args {
        [Value::Text(text), Value::Text(part)] => Ok(Scalar::Integer(
            text.find(part).map_or(-1, |at| i64::try_from(text[..at].chars().count()).unwrap_or(i64::MAX)),
        )),
        _ if args.contains(&Value::Missing) => Ok(Scalar::Missing),
        _ => Err(Fault::TypeMismatch),
    }
}

fn round(args: &[Value<'_>]) -> kernel::Result {
    match args {
        [Value::Number(number)] => kernel::round(*number, 0),
        [Value::Number(number), Value::Integer(digits)] => kernel::round(*number, *digits),
        [Value::Integer(integer)] | [Value::Integer(integer), Value::Integer(0..=12)] => {
            Ok(Scalar::Integer(*integer))
        }
        [Value::Integer(_), Value::Integer(_)] => Err(Fault::BadArgument),
        _ if args.contains(&Value::Missing) => Ok(Scalar::Missing),
        _ => Err(Fault::TypeMismatch),
    }
}

fn date(args: &[Value<'_>]) -> kernel::Result {
    on_text(args, |text| text.parse::<Date>().map(Scalar::Date).map_err(|_| Fault::BadArgument))
}

/// The functions in the order of the reference.
pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "contains",
        usage: "text.contains(\"part\"), list.contains(value)",
        result: |args| match args {
            [whole, part] if matches!(whole.base, Base::Array(_)) => match &whole.base {
                Base::Array(element) if element.comparable(part) => Some(Type::FLAG),
                _ => None,
            },
            [whole, part] if matches!(whole.base, Base::Range) => {
                part.fits(&Base::Integer).then_some(Type::FLAG)
            }
            [whole, part] if matches!(whole.base, Base::Map) => part.fits(&Base::Text).then_some(Type::FLAG),
            _ => test(args, &[Base::Text, Base::Text]),
        },
        run: None,
    },
    Function {
        name: "starts_with",
        usage: "text.starts_with(\"part\")",
        result: |args| test(args, &[Base::Text, Base::Text]),
        run: Some(|args| texts(args, |a, b| a.starts_with(b))),
    },
    Function {
        name: "ends_with",
        usage: "text.ends_with(\"part\")",
        result: |args| test(args, &[Base::Text, Base::Text]),
        run: Some(|args| texts(args, |a, b| a.ends_with(b))),
    },
    Function {
        name: "has_word",
        usage: "text.has_word(\"replica\")",
        result: |args| test(args, &[Base::Text, Base::Text]),
        run: Some(|args| texts(args, text::has_word)),
    },
    Function {
        name: "has_any_word",
        usage: "text.has_any_word([\"replica\", \"仿\"])",
        result: |args| match args {
            [whole, words] if whole.fits(&Base::Text) && is_list(words) => match &words.base {
                Base::Array(element) if !element.fits(&Base::Text) => None,
                _ => Some(Type::FLAG),
            },
            _ => None,
        },
        run: None,
    },
    Function {
        name: "resembles",
        usage: "text.resembles(\"DELI\")",
        result: |args| test(args, &[Base::Text, Base::Text]),
        run: Some(|args| texts(args, text::resembles)),
    },
    Function {
        name: "matches",
        usage: "text.matches(\"^[A-Z]{2}[0-9]+$\")",
        result: |args| test(args, &[Base::Text, Base::Text]),
        run: None,
    },
    Function {
        name: "to_lower",
        usage: "text.to_lower()",
        result: |args| value(args, &[Base::Text], Type::TEXT),
        run: Some(|args| on_text(args, |text| kernel::text(text.to_lowercase()))),
    },
    Function {
        name: "to_upper",
        usage: "text.to_upper()",
        result: |args| value(args, &[Base::Text], Type::TEXT),
        run: Some(|args| on_text(args, |text| kernel::text(text.to_uppercase()))),
    },
    Function {
        name: "sub_string",
        usage: "text.sub_string(start, length)",
        result: |args| {
            value(args, &[Base::Text, Base::Integer], Type::TEXT)
                .or_else(|| value(args, &[Base::Text, Base::Integer, Base::Integer], Type::TEXT))
        },
        run: Some(sub_string),
    },
    Function {
        name: "index_of",
        usage: "text.index_of(\"part\")",
        result: |args| value(args, &[Base::Text, Base::Text], Type::INTEGER),
        run: Some(index_of),
    },
    Function {
        name: "len",
        usage: "text.len(), list.len()",
        result: |args| sized(args).then(|| Type::INTEGER.or_missing(any_missing(args))),
        run: None,
    },
    Function {
        name: "is_empty",
        usage: "text.is_empty(), list.is_empty()",
        result: |args| sized(args).then_some(Type::FLAG),
        run: None,
    },
    Function {
        name: "to_string",
        usage: "to_string(value)",
        result: |args| matches!(args, [_]).then_some(Type::TEXT),
        run: Some(|args| match args {
            [value] => kernel::text(kernel::display(*value)),
            _ => Err(Fault::TypeMismatch),
        }),
    },
    Function {
        name: "abs",
        usage: "number.abs()",
        result: same_number,
        run: Some(|args| {
            on_number(
                args,
                |a| a.checked_abs().map(Scalar::Integer).ok_or(Fault::Overflow),
                |a| Ok(Scalar::Number(a.abs())),
            )
        }),
    },
    Function {
        name: "sign",
        usage: "number.sign()",
        result: |args| value(args, &[Base::Number], Type::INTEGER),
        run: Some(|args| {
            on_number(
                args,
                |a| Ok(Scalar::Integer(a.signum())),
                |a| Ok(Scalar::Integer(i64::from(a > 0.0) - i64::from(a < 0.0))),
            )
        }),
    },
    Function {
        name: "floor",
        usage: "number.floor()",
        result: same_number,
        run: Some(|args| on_number(args, keep, |a| Ok(Scalar::Number(a.floor())))),
    },
    Function {
        name: "ceiling",
        usage: "number.ceiling()",
        result: same_number,
        run: Some(|args| on_number(args, keep, |a| Ok(Scalar::Number(a.ceil())))),
    },
    Function {
        name: "round",
        usage: "number.round(), number.round(digits)",
        result: |args| match args {
            [number, digits] if number.is_numeric() && digits.fits(&Base::Integer) => {
                Some(number.clone().or_missing(digits.missing))
            }
            _ => same_number(args),
        },
        run: Some(round),
    },
    Function {
        name: "int",
        usage: "number.int()",
        result: |args| value(args, &[Base::Number], Type::INTEGER),
        run: Some(|args| on_number(args, keep, kernel::to_integer)),
    },
    Function {
        name: "to_int",
        usage: "number.to_int()",
        result: |args| value(args, &[Base::Number], Type::INTEGER),
        run: Some(|args| on_number(args, keep, kernel::to_integer)),
    },
    Function {
        name: "to_float",
        usage: "number.to_float()",
        result: |args| value(args, &[Base::Number], Type::NUMBER),
        run: Some(|args| on_number(args, |a| Ok(Scalar::Number(a as f64)), |a| Ok(Scalar::Number(a)))),
    },
    Function {
        name: "sqrt",
        usage: "number.sqrt()",
        result: |args| value(args, &[Base::Number], Type::NUMBER),
        run: Some(|args| {
            let root = |a: f64| if a >= 0.0 { Ok(Scalar::Number(a.sqrt())) } else { Err(Fault::NotFinite) };
            match args {
                [Value::Integer(a)] => root(*a as f64),
                [Value::Number(a)] => root(*a),
                [Value::Missing] => Ok(Scalar::Missing),
                _ => Err(Fault::TypeMismatch),
            }
        }),
    },
    Function {
        name: "min",
        usage: "min(a, b)",
        result: either_number,
        run: Some(|args| extreme(args, std::cmp::Ordering::is_le)),
    },
    Function {
        name: "max",
        usage: "max(a, b)",
        result: either_number,
        run: Some(|args| extreme(args, std::cmp::Ordering::is_ge)),
    },
    Function {
        name: "is_even",
        usage: "number.is_even()",
        result: |args| test(args, &[Base::Integer]),
        run: Some(|args| parity(args, true)),
    },
    Function {
        name: "is_odd",
        usage: "number.is_odd()",
        result: |args| test(args, &[Base::Integer]),
        run: Some(|args| parity(args, false)),
    },
    Function {
        name: "date",
        usage: "date(\"2016-09-06\")",
        result: |args| value(args, &[Base::Text], Type::DATE),
        run: Some(date),
    },
    Function {
        name: "push",
        usage: "list.push(value)",
        result: |args| matches!(args, [list, _] if is_list(list)).then_some(Type::MISSING),
        run: None,
    },
    Function {
        name: "keys",
        usage: "map.keys()",
        result: |args| value(args, &[Base::Map], Type::of(Base::Array(Box::new(Type::TEXT)))),
        run: None,
    },
    Function {
        name: "values",
        usage: "map.values()",
        result: |args| value(args, &[Base::Map], Type::of(Base::Array(Box::new(Type::ANY)))),
        run: None,
    },
];

/// Functions that take a closure, by what they give: a flag, or a list.
pub(crate) const CLOSURE_FUNCTIONS: &[(&str, &str)] = &[
    ("some", "list.some(|x| condition)"),
    ("all", "list.all(|x| condition)"),
    ("filter", "list.filter(|x| condition)"),
    ("map", "list.map(|x| value)"),
];

/// Functions that Rhai has elsewhere and the rule language leaves out.
pub(crate) const LEFT_OUT: &[&str] = &[
    "call",
    "curry",
    "debug",
    "eval",
    "exit",
    "Fn",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "rand",
    "sleep",
    "timestamp",
    "type_of",
];

/// How many arguments a function on single values takes.
pub(crate) fn arities(name: &str) -> &'static [usize] {
    match name {
        "sub_string" => &[2, 3],
        "round" => &[1, 2],
        "min" | "max" | "starts_with" | "ends_with" | "has_word" | "resembles" | "index_of" => &[2],
        _ => &[1],
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All names that a rule can call.
pub(crate) fn names<'n>() -> impl Iterator<Item = &'n str> + Clone {
    FUNCTIONS
        .iter()
        .map(|function| function.name)
        .chain(CLOSURE_FUNCTIONS.iter().map(|&(name, _)| name))
        .chain(["listed", "lookup"])
}
