//! Tests of `cell`.

use qingfeng_rules::{Kind, Schema};

use super::*;

fn field(name: &str) -> Field {
    let schema = Schema::export();
    schema[schema.field(name).unwrap()].clone()
}

#[test]
fn codes_are_brought_to_one_form() {
    let (hs, country) = (field("hs"), field("destination"));
    assert_eq!(code(" 8711.20 90.00 ", &hs).unwrap(), "8711209000");
    assert_eq!(code("ken", &country).unwrap(), "KE");
    assert_eq!(code("\u{3000}KE\u{3000}", &country).unwrap(), "KE");
    assert_eq!(code("ß", &field("port")).unwrap(), "SS");
    assert!(code("K\0E", &country).unwrap_err().reason.contains("U+0000"));
}

#[test]
fn whole_numbers_are_strict() {
    let field = field("packages");
    for (raw, value) in
        [("0", 0), ("12", 12), ("+7", 7), ("12.0", 12), ("12.", 12), ("9223372036854775807", i64::MAX)]
    {
        assert_eq!(integer(raw, &field), Ok(value), "{raw}");
    }
    for (raw, reason) in [
        ("1,234", "`1,234` is not a whole number; write it without thousands separators, as 1234"),
        ("9223372036854775808", "`9223372036854775808` is too large; a whole number has at most 64 bits"),
        ("12.5", "`12.5` is not a whole number; the field takes whole numbers written in digits"),
        ("1e3", "`1e3` is not a whole number; the field takes whole numbers written in digits"),
        ("5 kg", "`5 kg` is not a whole number; write digits only, without units"),
        ("-3", "-3 is below 0, the least `packages` can be"),
    ] {
        assert_eq!(integer(raw, &field).unwrap_err().reason, reason, "{raw}");
    }
}

#[test]
fn numbers_are_finite() {
    let field = field("value");
    for (raw, value) in [("0.1", 0.1), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("-0", 0.0)] {
        let read = number(raw, &field).unwrap();
        assert_eq!(read, value, "{raw}");
        assert!(read.is_sign_positive());
    }
    for (raw, reason) in [
        (
            "1,234.5",
            "`1,234.5` is not a number; write it with a decimal point and without thousands separators, as 1234.5",
        ),
        ("NaN", "`NaN` is not a finite number; leave the cell empty where the value is not known"),
        ("-inf", "`-inf` is not a finite number; leave the cell empty where the value is not known"),
        ("1e999", "`1e999` is too large; a number has at most 308 digits"),
        ("12 kg", "`12 kg` is not a number; write digits and a decimal point, without units"),
        ("-3", "-3 is below 0, the least `value` can be"),
    ] {
        assert_eq!(number(raw, &field).unwrap_err().reason, reason, "{raw}");
    }
    let top = Field { max: Some(10.0), kind: Kind::Number, ..field };
    assert_eq!(number("10.5", &top).unwrap_err().reason, "10.5 is above 10, the most `value` can be");
}

#[test]
fn whole_numbers_are_written_as_their_digits() {
    for (value, text) in [
        (8_711_209_000.0, "8711209000"),
        (-0.0, "0"),
        (1e16, "10000000000000000"),
        (1e20, "1e+20"),
        (0.1, "0.1"),
    ] {
        assert_eq!(number_text(value), text);
    }
    for (written, digits) in
        [("8711209000.00", "8711209000"), ("1.10", "1.10"), ("100", "100"), ("0.0", "0"), ("0", "0")]
    {
        assert_eq!(without_zero_fraction(written), digits);
    }
}

#[test]
fn flags_have_many_words() {
    for word in ["true", "TRUE", "1", "yes", "Y", "是"] {
        assert_eq!(flag(word), Ok(true), "{word}");
    }
    for word in ["false", "False", "0", "no", "n", "否"] {
        assert_eq!(flag(word), Ok(false), "{word}");
    }
    assert!(flag("maybe").is_err());
}
