//! Rhai engines with nothing in them but the rule language: our operators and functions, and bounds.

use std::any::TypeId;
use std::cmp::Ordering;
use std::ops::{Range, RangeInclusive};

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, OptimizationLevel, Position, Token};

use crate::base::limits;
use crate::base::text;
use crate::base::value::{Date, Value};
use crate::lang::functions::FUNCTIONS;
use crate::lang::kernel::{self, Arithmetic, Fault, Scalar};

/// A value taken out of Rhai, so that it can be borrowed.
enum Held {
    Text(ImmutableString),
    Other(Value<'static>),
}

impl Held {
    fn of(value: &Dynamic) -> Result<Self, Fault> {
        if let Ok(text) = value.as_immutable_string_ref() {
            return Ok(Self::Text(text.clone()));
        }
        Ok(Self::Other(if value.is_unit() {
            Value::Missing
        } else if let Ok(integer) = value.as_int() {
            Value::Integer(integer)
        } else if let Ok(number) = value.as_float() {
            Value::Number(number)
        } else if let Ok(flag) = value.as_bool() {
            Value::Flag(flag)
        } else {
            Value::Date(*value.read_lock::<Date>().ok_or(Fault::TypeMismatch)?)
        }))
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Other(value) => *value,
        }
    }
}

/// The scalar that a Rhai value is, or a mismatch if it is a list, a map or something else.
pub(crate) fn scalar_of(value: &Dynamic) -> Result<Scalar, Fault> {
    Ok(Held::of(value)?.value().into())
}

pub(crate) fn dynamic_of(value: Value<'_>) -> Dynamic {
    match value {
        Value::Missing => Dynamic::UNIT,
        Value::Flag(flag) => flag.into(),
        Value::Integer(integer) => integer.into(),
        Value::Number(number) => number.into(),
        Value::Text(text) => Dynamic::from(ImmutableString::from(text)),
        Value::Date(date) => Dynamic::from(date),
    }
}

fn dynamic_of_scalar(scalar: Scalar) -> Dynamic {
    match scalar {
        Scalar::Text(text) => Dynamic::from(ImmutableString::from(text)),
        other => dynamic_of(other.as_value()),
    }
}

pub(crate) fn raise<T>(fault: Fault) -> Result<T, Box<EvalAltResult>> {
    Err(Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(fault), Position::NONE)))
}

pub(crate) fn fault_of(error: &EvalAltResult) -> Fault {
    match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(value, _) => {
            value.read_lock::<Fault>().map_or(Fault::Failed, |fault| *fault)
        }
        EvalAltResult::ErrorTooManyOperations(_) => Fault::OutOfOperations,
        EvalAltResult::ErrorStackOverflow(_) => Fault::TooDeep,
        EvalAltResult::ErrorDataTooLarge(..) | EvalAltResult::ErrorTooManyVariables(_) => Fault::TooLarge,
        EvalAltResult::ErrorArrayBounds(..)
        | EvalAltResult::ErrorStringBounds(..)
        | EvalAltResult::ErrorIndexNotFound(..) => Fault::IndexOutOfRange,
        EvalAltResult::ErrorMismatchDataType(..)
        | EvalAltResult::ErrorMismatchOutputType(..)
        | EvalAltResult::ErrorFunctionNotFound(..)
        | EvalAltResult::ErrorIndexingType(..)
        | EvalAltResult::ErrorFor(_)
        | EvalAltResult::ErrorDotExpr(..) => Fault::TypeMismatch,
        _ => Fault::Failed,
    }
}

type Native = Result<Dynamic, Box<EvalAltResult>>;

fn scalar_types() -> [TypeId; 6] {
    [
        TypeId::of::<()>(),
        TypeId::of::<bool>(),
        TypeId::of::<i64>(),
        TypeId::of::<f64>(),
        TypeId::of::<ImmutableString>(),
        TypeId::of::<Date>(),
    ]
}

/// Registers a function for arguments of any type. Rhai looks for the exact types first, and for each argument
/// that may be anything once more, in each call; so one or two single values are also registered as they are.
fn register(
    engine: &mut Engine,
    name: &str,
    arity: usize,
    run: impl Fn(&[&Dynamic]) -> Result<Dynamic, Fault> + Send + Sync + 'static,
) {
    let run = std::sync::Arc::new(run);
    let mut add = |types: &[TypeId]| {
        let run = std::sync::Arc::clone(&run);
        engine.register_raw_fn(name, types, move |_, args| -> Native {
            match args {
                [a] => run(&[&**a]),
                [a, b] => run(&[&**a, &**b]),
                args => run(&args.iter().map(|arg| &**arg).collect::<Vec<_>>()),
            }
            .or_else(raise)
        });
    };
    add(&vec![TypeId::of::<Dynamic>(); arity]);
    if arity == 1 {
        scalar_types().into_iter().for_each(|a| add(&[a]));
    } else if arity == 2 {
        for a in scalar_types() {
            scalar_types().into_iter().for_each(|b| add(&[a, b]));
        }
    }
}

fn register_scalar(
    engine: &mut Engine,
    name: &str,
    arity: usize,
    run: impl Fn(&[Value<'_>]) -> kernel::Result + Send + Sync + 'static,
) {
    register(engine, name, arity, move |args| match args {
        [a] => run(&[Held::of(a)?.value()]).map(dynamic_of_scalar),
        [a, b] => run(&[Held::of(a)?.value(), Held::of(b)?.value()]).map(dynamic_of_scalar),
        args => {
            let held = args.iter().map(|arg| Held::of(arg)).collect::<Result<Vec<_>, _>>()?;
            let values: Vec<Value<'_>> = held.iter().map(Held::value).collect();
            run(&values).map(dynamic_of_scalar)
        }
    });
}

fn equal(a: &Dynamic, b: &Dynamic) -> Result<bool, Fault> {
    if let (Ok(a), Ok(b)) = (a.as_array_ref(), b.as_array_ref()) {
        if a.len() != b.len() {
            return Ok(false);
        }
        for (x, y) in a.iter().zip(b.iter()) {
            if !equal(x, y)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if a.is_unit() || b.is_unit() {
        return Ok(a.is_unit() && b.is_unit());
    }
    kernel::equal(Held::of(a)?.value(), Held::of(b)?.value())
}

fn contains(whole: &Dynamic, part: &Dynamic) -> Result<bool, Fault> {
    if whole.is_unit() || part.is_unit() {
        return Ok(false);
    }
    if let Ok(items) = whole.as_array_ref() {
        for item in items.iter() {
            if equal(item, part)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Ok(entries) = whole.as_map_ref() {
        return match Held::of(part)? {
            Held::Text(key) => Ok(entries.contains_key(key.as_str())),
            Held::Other(_) => Err(Fault::TypeMismatch),
        };
    }
    let range = match (whole.read_lock::<Range<i64>>(), whole.read_lock::<RangeInclusive<i64>>()) {
        (Some(range), _) => Some((range.start, range.end, false)),
        (_, Some(range)) => Some((*range.start(), *range.end(), true)),
        _ => None,
    };
    let part = Held::of(part)?;
    if let Some((start, end, inclusive)) = range {
        let end_holds = if inclusive { Ordering::is_le } else { Ordering::is_lt };
        return Ok(kernel::ordered(part.value(), Value::Integer(start), Ordering::is_ge)?
            && kernel::ordered(part.value(), Value::Integer(end), end_holds)?);
    }
    match (Held::of(whole)?.value(), part.value()) {
        (Value::Text(whole), Value::Text(part)) => Ok(whole.contains(part)),
        _ => Err(Fault::TypeMismatch),
    }
}

/// The number of characters, elements or entries.
fn len(value: &Dynamic) -> Result<Option<i64>, Fault> {
    let count = if value.is_unit() {
        return Ok(None);
    } else if let Ok(text) = value.as_immutable_string_ref() {
        text.chars().count()
    } else if let Ok(items) = value.as_array_ref() {
        items.len()
    } else if let Ok(entries) = value.as_map_ref() {
        entries.len()
    } else {
        return Err(Fault::TypeMismatch);
    };
    Ok(Some(count as i64))
}

/// How much a value holds: bytes of text, and elements.
pub(crate) fn weight(value: &Dynamic) -> usize {
    if let Ok(text) = value.as_immutable_string_ref() {
        text.len()
    } else if let Ok(items) = value.as_array_ref() {
        items.len() + items.iter().map(weight).sum::<usize>()
    } else if let Ok(entries) = value.as_map_ref() {
        entries.len() + entries.values().map(weight).sum::<usize>()
    } else {
        1
    }
}

fn register_operators(engine: &mut Engine) {
    type Comparison = (&'static str, fn(Ordering) -> bool);
    let comparisons: [Comparison; 4] =
        [("<", Ordering::is_lt), ("<=", Ordering::is_le), (">", Ordering::is_gt), (">=", Ordering::is_ge)];
    for (sign, holds) in comparisons {
        register(engine, sign, 2, move |args| {
            Ok(kernel::ordered(Held::of(args[0])?.value(), Held::of(args[1])?.value(), holds)?.into())
        });
    }
    register(engine, "==", 2, |args| Ok(equal(args[0], args[1])?.into()));
    register(engine, "!=", 2, |args| Ok((!equal(args[0], args[1])?).into()));
    let arithmetic = [
        ("+", Arithmetic::Add),
        ("-", Arithmetic::Subtract),
        ("*", Arithmetic::Multiply),
        ("/", Arithmetic::Divide),
        ("%", Arithmetic::Remainder),
        ("**", Arithmetic::Power),
    ];
    for (sign, operator) in arithmetic {
        let run = move |args: &[&Dynamic]| -> Result<Dynamic, Fault> {
            if let (Arithmetic::Add, Ok(a), Ok(b)) =
                (operator, args[0].as_array_ref(), args[1].as_array_ref())
            {
                if a.len() + b.len() > limits::ARRAY_LEN_MAX {
                    return Err(Fault::TooLarge);
                }
                return Ok(a.iter().chain(b.iter()).cloned().collect::<Array>().into());
            }
            kernel::arithmetic(operator, Held::of(args[0])?.value(), Held::of(args[1])?.value())
                .map(dynamic_of_scalar)
        };
        register(engine, sign, 2, run);
        register_assignment(engine, sign, run);
    }
    type Bits = (&'static str, fn(bool, bool) -> bool, fn(i64, i64) -> i64);
    let bits: [Bits; 3] = [
        ("&", |a, b| a & b, |a, b| a & b),
        ("|", |a, b| a | b, |a, b| a | b),
        ("^", |a, b| a ^ b, |a, b| a ^ b),
    ];
    for (sign, flags, integers) in bits {
        let run = move |args: &[&Dynamic]| -> Result<Dynamic, Fault> {
            match (Held::of(args[0])?.value(), Held::of(args[1])?.value()) {
                (Value::Missing, _) | (_, Value::Missing) => Ok(Dynamic::UNIT),
                (Value::Flag(a), Value::Flag(b)) => Ok(flags(a, b).into()),
                (Value::Integer(a), Value::Integer(b)) => Ok(integers(a, b).into()),
                _ => Err(Fault::TypeMismatch),
            }
        };
        register(engine, sign, 2, run);
        register_assignment(engine, sign, run);
    }
    register_scalar(engine, "-", 1, |args| kernel::negate(args[0]));
    register_scalar(engine, "+", 1, |args| match args[0] {
        value @ (Value::Missing | Value::Integer(_) | Value::Number(_)) => Ok(value.into()),
        _ => Err(Fault::TypeMismatch),
    });
    register_scalar(engine, "!", 1, |args| kernel::not(args[0]));
}

/// `a += b` as `a = a + b`; without it Rhai would use its own, unchecked `+=`.
fn register_assignment(
    engine: &mut Engine,
    sign: &str,
    run: impl Fn(&[&Dynamic]) -> Result<Dynamic, Fault> + Send + Sync + 'static,
) {
    let types = [TypeId::of::<Dynamic>(); 2];
    engine.register_raw_fn(format!("{sign}="), types, move |_, args| -> Native {
        let result = run(&[&*args[0], &*args[1]]).or_else(raise)?;
        *args[0] = result;
        Ok(Dynamic::UNIT)
    });
}

fn register_collections(engine: &mut Engine) {
    register(engine, "contains", 2, |args| Ok(contains(args[0], args[1])?.into()));
    for name in ["len", "get$len"] {
        register(engine, name, 1, |args| Ok(len(args[0])?.map_or(Dynamic::UNIT, Into::into)));
    }
    register(engine, "is_empty", 1, |args| Ok(len(args[0])?.is_some_and(|len| len == 0).into()));
    register(engine, "has_any_word", 2, |args| {
        if args[0].is_unit() || args[1].is_unit() {
            return Ok(false.into());
        }
        let (Held::Text(whole), Ok(words)) = (Held::of(args[0])?, args[1].as_array_ref()) else {
            return Err(Fault::TypeMismatch);
        };
        let whole = text::folded(&whole);
        for word in words.iter() {
            match Held::of(word)? {
                Held::Text(word) if text::has_folded_word(&whole, &word) => return Ok(true.into()),
                Held::Text(_) | Held::Other(Value::Missing) => {}
                Held::Other(_) => return Err(Fault::TypeMismatch),
            }
        }
        Ok(false.into())
    });
    engine.register_fn("push", |list: &mut Array, item: Dynamic| list.push(item.flatten()));
    engine.register_fn("keys", |map: &mut Map| -> Array {
        map.keys().map(|key| Dynamic::from(ImmutableString::from(key.as_str()))).collect()
    });
    engine.register_fn("values", |map: &mut Map| -> Array { map.values().cloned().collect() });
    for name in ["keys", "values"] {
        engine.register_fn(name, |(): ()| ());
    }
    type Visit = fn(&mut Array, bool, &Dynamic) -> Option<bool>;
    let visits: [(&str, bool, Visit); 3] = [
        ("some", false, |_, holds, _| holds.then_some(true)),
        ("all", true, |_, holds, _| (!holds).then_some(false)),
        ("filter", false, |kept, holds, item| {
            if holds {
                kept.push(item.clone());
            }
            None
        }),
    ];
    for (name, otherwise, visit) in visits {
        engine.register_fn(
            name,
            move |context: rhai::NativeCallContext<'_>, list: &mut Array, closure: rhai::FnPtr| -> Native {
                let mut kept = Array::new();
                for item in list.iter() {
                    let holds: Dynamic = closure.call_within_context(&context, (item.clone(),))?;
                    let Ok(holds) = holds.as_bool() else { return raise(Fault::TypeMismatch) };
                    if let Some(result) = visit(&mut kept, holds, item) {
                        return Ok(result.into());
                    }
                }
                Ok(if name == "filter" { kept.into() } else { otherwise.into() })
            },
        );
    }
    engine.register_fn(
        "map",
        |context: rhai::NativeCallContext<'_>, list: &mut Array, closure: rhai::FnPtr| -> Native {
            let mut results = Array::with_capacity(list.len());
            // Each result is within the limits; together they must be too, before they are all there.
            let mut total = 0;
            for item in list.iter() {
                let result = closure.call_within_context::<Dynamic>(&context, (item.clone(),))?.flatten();
                total += weight(&result);
                if total > limits::TEXT_BYTES_MAX {
                    return raise(Fault::TooLarge);
                }
                results.push(result);
            }
            Ok(results.into())
        },
    );
    engine.register_iterator::<Array>();
    engine.register_iterator::<Range<i64>>();
    engine.register_iterator::<RangeInclusive<i64>>();
}

/// An engine of the rule language. `operations` bounds each run.
pub(crate) fn engine(operations: u64, variables: usize) -> Engine {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    // With fast operators Rhai would use its own comparisons, which are within a tolerance.
    engine.set_fast_operators(false);
    engine.set_max_operations(operations);
    engine.set_max_call_levels(limits::CALL_LEVELS_MAX);
    engine.set_max_expr_depths(limits::EXPRESSION_DEPTH_MAX, limits::EXPRESSION_DEPTH_MAX);
    engine.set_max_variables(variables);
    engine.set_max_string_size(limits::TEXT_BYTES_MAX);
    engine.set_max_array_size(limits::ARRAY_LEN_MAX);
    engine.set_max_map_size(limits::MAP_LEN_MAX);
    engine.set_max_modules(0);
    // Engines of several threads contend on interned strings.
    engine.set_max_strings_interned(0);
    for symbol in ["eval", "import", "export", "try", "catch", "throw"] {
        engine.disable_symbol(symbol);
    }
    // `until` is a key of rules; Rhai would read it as the end of `do ... until`.
    #[expect(
        deprecated,
        reason = "the way Rhai offers to change how a word is read; it is marked as volatile, not as obsolete"
    )]
    engine.on_parse_token(|token, _, _| match token {
        Token::Until => Token::Identifier(Box::new("until".into())),
        token => token,
    });
    register_operators(&mut engine);
    register_collections(&mut engine);
    for function in FUNCTIONS {
        if let Some(run) = function.run {
            for &arity in function.arities {
                register_scalar(&mut engine, function.name, arity, run);
            }
        }
    }
    for (name, part) in [
        ("get$year", Date::year as fn(Date) -> i64),
        ("get$month", Date::month),
        ("get$day", Date::day),
        ("get$weekday", Date::weekday),
    ] {
        engine.register_raw_fn(name, [TypeId::of::<Date>()], move |_, args| -> Native {
            Ok(args[0].read_lock::<Date>().map_or(Dynamic::UNIT, |date| part(*date).into()))
        });
        register_missing(&mut engine, name);
    }
    engine
}

/// A property of a missing value is missing.
pub(crate) fn register_missing(engine: &mut Engine, getter: &str) {
    engine.register_raw_fn(getter, [TypeId::of::<()>()], |_, _| -> Native { Ok(Dynamic::UNIT) });
}

/// Adds `matches` for the regular expressions that the rules use; no other is compiled.
pub(crate) fn register_patterns(engine: &mut Engine, patterns: impl IntoIterator<Item = String>) {
    let compiled: std::collections::BTreeMap<String, regex::Regex> = patterns
        .into_iter()
        .filter_map(|pattern| {
            let built =
                regex::RegexBuilder::new(&pattern).size_limit(limits::REGEX_BYTES_MAX).build().ok()?;
            Some((pattern, built))
        })
        .collect();
    register(engine, "matches", 2, move |args| match (Held::of(args[0])?, Held::of(args[1])?) {
        (Held::Text(text), Held::Text(pattern)) => {
            let regex = compiled.get(pattern.as_str()).ok_or(Fault::BadArgument)?;
            Ok(regex.is_match(&text).into())
        }
        (Held::Other(Value::Missing), _) | (_, Held::Other(Value::Missing)) => Ok(false.into()),
        _ => Err(Fault::TypeMismatch),
    });
}
