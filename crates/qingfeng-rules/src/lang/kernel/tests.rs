//! Tests of `kernel`.

use super::*;

#[test]
fn whole_numbers_are_compared_with_numbers_exactly() {
    let big = (1_i64 << 53) + 1;
    for (a, b, expected) in [
        (1, 1.0, Ordering::Equal),
        (1, 1.5, Ordering::Less),
        (-1, -1.5, Ordering::Greater),
        (0, -0.0, Ordering::Equal),
        (big, (1_i64 << 53) as f64, Ordering::Greater),
        (i64::MAX, 9_223_372_036_854_775_808.0, Ordering::Less),
        (i64::MIN, -9_223_372_036_854_775_808.0, Ordering::Equal),
        (i64::MIN, -1e300, Ordering::Greater),
    ] {
        assert_eq!(compare_integer_number(a, b), expected, "{a} {b}");
    }
}

#[test]
fn comparisons_are_exact_not_within_a_tolerance() {
    assert_eq!(equal(Value::Number(0.1 + 0.2), Value::Number(0.3)), Ok(false));
    assert_eq!(equal(Value::Number(-0.0), Value::Integer(0)), Ok(true));
}

#[test]
fn what_is_not_finite_is_a_fault() {
    use Arithmetic::{Add, Divide, Multiply, Power, Remainder};
    for (operator, a, b, fault) in [
        (Divide, Value::Number(1.0), Value::Number(0.0), Fault::NotFinite),
        (Divide, Value::Number(0.0), Value::Integer(0), Fault::NotFinite),
        (Multiply, Value::Number(1e300), Value::Number(1e300), Fault::NotFinite),
        (Remainder, Value::Number(1.0), Value::Number(0.0), Fault::NotFinite),
        (Power, Value::Number(1e200), Value::Integer(2), Fault::NotFinite),
        (Power, Value::Number(0.0), Value::Integer(-1), Fault::NotFinite),
        (Divide, Value::Integer(1), Value::Integer(0), Fault::DivisionByZero),
        (Remainder, Value::Integer(1), Value::Integer(0), Fault::DivisionByZero),
        (Divide, Value::Integer(i64::MIN), Value::Integer(-1), Fault::Overflow),
        (Add, Value::Integer(i64::MAX), Value::Integer(1), Fault::Overflow),
        (Power, Value::Integer(10), Value::Integer(19), Fault::Overflow),
        (Power, Value::Integer(2), Value::Integer(-1), Fault::BadArgument),
        (Add, Value::Text("a"), Value::Integer(1), Fault::TypeMismatch),
        (Add, Value::Date(Date::MAX), Value::Integer(1), Fault::Overflow),
    ] {
        assert_eq!(arithmetic(operator, a, b), Err(fault), "{operator:?} {a} {b}");
    }
}

#[test]
fn parts_of_a_text_are_counted_in_characters() {
    for (text, start, length, expected) in [
        ("8711209000", 0, 4, "8711"),
        ("摩托车", 1, 1, "托"),
        ("abc", -2, 5, "bc"),
        ("abc", -9, 2, "ab"),
        ("abc", 9, 2, ""),
        ("abc", 1, -1, ""),
        ("abc", 1, i64::MAX, "bc"),
    ] {
        assert_eq!(sub_string(text, start, length), expected, "{text} {start} {length}");
    }
}

#[test]
fn rounding_is_half_away_from_zero() {
    for (number, digits, expected) in
        [(2.5, 0, 3.0), (-2.5, 0, -3.0), (12.345_67, 2, 12.35), (1e300, 12, 1e300)]
    {
        assert_eq!(round(number, digits), Ok(Scalar::Number(expected)));
    }
    assert_eq!(round(1.0, 13), Err(Fault::BadArgument));
    assert_eq!(to_integer(1e19), Err(Fault::Overflow));
    assert_eq!(to_integer(-1.9), Ok(Scalar::Integer(-1)));
}
