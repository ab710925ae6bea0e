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
    /// How many arguments it takes, if it has something to run.
    pub arities: &'static [usize],
    /// What a call costs about, in comparisons of numbers.
    pub cost: u32,
    /// On about which share of lines a test holds.
    pub share: f64,
    /// How an index finds the texts for which a test of a text and a constant holds.
    pub found_by: Option<FoundBy>,
}

#[derive(Clone, Copy)]
pub(crate) enum FoundBy {
    Word,
    Prefix,
}

const fn function(
    name: &'static str,
    usage: &'static str,
    result: fn(&[Type]) -> Option<Type>,
    run: Option<fn(&[Value<'_>]) -> kernel::Result>,
) -> Function {
    Function { name, usage, result, run, arities: &[1], cost: 3, share: 0.5, found_by: None }
}

impl Function {
    const fn takes(self, arities: &'static [usize]) -> Self {
        Self { arities, ..self }
    }

    const fn costs(self, cost: u32) -> Self {
        Self { cost, ..self }
    }

    const fn holds_on(self, share: f64) -> Self {
        Self { share, ..self }
    }

    const fn found_by(self, found_by: FoundBy) -> Self {
        Self { found_by: Some(found_by), ..self }
    }
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

fn two_texts(args: &[Type]) -> Option<Type> {
    test(args, &[Base::Text, Base::Text])
}

fn one_integer(args: &[Type]) -> Option<Type> {
    test(args, &[Base::Integer])
}

fn text_of_text(args: &[Type]) -> Option<Type> {
    value(args, &[Base::Text], Type::TEXT)
}

fn integer_of_number(args: &[Type]) -> Option<Type> {
    value(args, &[Base::Number], Type::INTEGER)
}

fn number_of_number(args: &[Type]) -> Option<Type> {
    value(args, &[Base::Number], Type::NUMBER)
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

pub(crate) const FUNCTIONS: &[Function] = &[
    function(
        "contains",
        "text.contains(\"part\"), list.contains(value)",
        |args| match args {
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
        None,
    ),
    function(
        "starts_with",
        "text.starts_with(\"part\")",
        two_texts,
        Some(|args| texts(args, |a, b| a.starts_with(b))),
    )
    .takes(&[2])
    .holds_on(0.05)
    .found_by(FoundBy::Prefix),
    function(
        "ends_with",
        "text.ends_with(\"part\")",
        two_texts,
        Some(|args| texts(args, |a, b| a.ends_with(b))),
    )
    .takes(&[2])
    .holds_on(0.05),
    function("has_word", "text.has_word(\"replica\")", two_texts, Some(|args| texts(args, text::has_word)))
        .takes(&[2])
        .costs(40)
        .holds_on(0.01)
        .found_by(FoundBy::Word),
    function(
        "has_any_word",
        "text.has_any_word([\"replica\", \"仿\"])",
        |args| match args {
            [whole, words] if whole.fits(&Base::Text) && is_list(words) => match &words.base {
                Base::Array(element) if !element.fits(&Base::Text) => None,
                _ => Some(Type::FLAG),
            },
            _ => None,
        },
        None,
    ),
    function("resembles", "text.resembles(\"DELI\")", two_texts, Some(|args| texts(args, text::resembles)))
        .takes(&[2])
        .costs(80)
        .holds_on(0.01),
    function("matches", "text.matches(\"^[A-Z]{2}[0-9]+$\")", two_texts, None),
    function(
        "to_lower",
        "text.to_lower()",
        text_of_text,
        Some(|args| on_text(args, |text| kernel::text(text.to_lowercase()))),
    )
    .costs(20),
    function(
        "to_upper",
        "text.to_upper()",
        text_of_text,
        Some(|args| on_text(args, |text| kernel::text(text.to_uppercase()))),
    )
    .costs(20),
    function(
        "sub_string",
        "text.sub_string(start, length)",
        |args| {
            value(args, &[Base::Text, Base::Integer], Type::TEXT)
                .or_else(|| value(args, &[Base::Text, Base::Integer, Base::Integer], Type::TEXT))
        },
        Some(sub_string),
    )
    .takes(&[2, 3])
    .costs(20),
    function(
        "index_of",
        "text.index_of(\"part\")",
        |args| value(args, &[Base::Text, Base::Text], Type::INTEGER),
        Some(index_of),
    )
    .takes(&[2])
    .costs(20),
    function(
        "len",
        "text.len(), list.len()",
        |args| sized(args).then(|| Type::INTEGER.or_missing(any_missing(args))),
        None,
    ),
    function("is_empty", "text.is_empty(), list.is_empty()", |args| sized(args).then_some(Type::FLAG), None),
    function(
        "to_string",
        "to_string(value)",
        |args| matches!(args, [_]).then_some(Type::TEXT),
        Some(|args| match args {
            [value] => kernel::text(kernel::display(*value)),
            _ => Err(Fault::TypeMismatch),
        }),
    )
    .costs(20),
    function(
        "abs",
        "number.abs()",
        same_number,
        Some(|args| {
            on_number(
                args,
                |a| a.checked_abs().map(Scalar::Integer).ok_or(Fault::Overflow),
                |a| Ok(Scalar::Number(a.abs())),
            )
        }),
    ),
    function(
        "sign",
        "number.sign()",
        integer_of_number,
        Some(|args| {
            on_number(
                args,
                |a| Ok(Scalar::Integer(a.signum())),
                |a| Ok(Scalar::Integer(i64::from(a > 0.0) - i64::from(a < 0.0))),
            )
        }),
    ),
    function(
        "floor",
        "number.floor()",
        same_number,
        Some(|args| on_number(args, keep, |a| Ok(Scalar::Number(a.floor())))),
    ),
    function(
        "ceiling",
        "number.ceiling()",
        same_number,
        Some(|args| on_number(args, keep, |a| Ok(Scalar::Number(a.ceil())))),
    ),
    function(
        "round",
        "number.round(), number.round(digits)",
        |args| match args {
            [number, digits] if number.is_numeric() && digits.fits(&Base::Integer) => {
                Some(number.clone().or_missing(digits.missing))
            }
            _ => same_number(args),
        },
        Some(round),
    )
    .takes(&[1, 2]),
    function(
        "int",
        "number.int()",
        integer_of_number,
        Some(|args| on_number(args, keep, kernel::to_integer)),
    ),
    function(
        "to_int",
        "number.to_int()",
        integer_of_number,
        Some(|args| on_number(args, keep, kernel::to_integer)),
    ),
    function(
        "to_float",
        "number.to_float()",
        number_of_number,
        Some(|args| on_number(args, |a| Ok(Scalar::Number(a as f64)), |a| Ok(Scalar::Number(a)))),
    ),
    function(
        "sqrt",
        "number.sqrt()",
        number_of_number,
        Some(|args| {
            let root = |a: f64| if a >= 0.0 { Ok(Scalar::Number(a.sqrt())) } else { Err(Fault::NotFinite) };
            match args {
                [Value::Integer(a)] => root(*a as f64),
                [Value::Number(a)] => root(*a),
                [Value::Missing] => Ok(Scalar::Missing),
                _ => Err(Fault::TypeMismatch),
            }
        }),
    ),
    function("min", "min(a, b)", either_number, Some(|args| extreme(args, std::cmp::Ordering::is_le)))
        .takes(&[2]),
    function("max", "max(a, b)", either_number, Some(|args| extreme(args, std::cmp::Ordering::is_ge)))
        .takes(&[2]),
    function("is_even", "number.is_even()", one_integer, Some(|args| parity(args, true))),
    function("is_odd", "number.is_odd()", one_integer, Some(|args| parity(args, false))),
    function("date", "date(\"2016-09-06\")", |args| value(args, &[Base::Text], Type::DATE), Some(date)),
    function(
        "push",
        "list.push(value)",
        |args| matches!(args, [list, _] if is_list(list)).then_some(Type::MISSING),
        None,
    ),
    function(
        "keys",
        "map.keys()",
        |args| value(args, &[Base::Map], Type::of(Base::Array(Box::new(Type::TEXT)))),
        None,
    ),
    function(
        "values",
        "map.values()",
        |args| value(args, &[Base::Map], Type::of(Base::Array(Box::new(Type::ANY)))),
        None,
    ),
];

/// Functions that take a closure, by what they give: a flag, or a list.
pub(crate) const CLOSURE_FUNCTIONS: &[(&str, &str)] = &[
    ("some", "list.some(|x| condition)"),
    ("all", "list.all(|x| condition)"),
    ("filter", "list.filter(|x| condition)"),
    ("map", "list.map(|x| value)"),
];

/// Functions that Rhai has elsewhere and the rule language leaves out.
const LEFT_OUT: &str =
    "call curry debug eval exit Fn is_def_fn is_def_var is_shared print rand sleep timestamp type_of";

pub(crate) fn is_left_out(name: &str) -> bool {
    LEFT_OUT.split(' ').any(|known| known == name)
}

pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

pub(crate) fn names<'n>() -> impl Iterator<Item = &'n str> + Clone {
    FUNCTIONS
        .iter()
        .map(|function| function.name)
        .chain(CLOSURE_FUNCTIONS.iter().map(|&(name, _)| name))
        .chain(["listed", "lookup"])
}
