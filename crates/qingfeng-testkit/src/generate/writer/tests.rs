//! Tests of `writer`.

use super::*;

#[test]
fn operands_are_enclosed_where_they_must_be() {
    for (text, expected) in [
        ("d.value", "d.value"),
        ("a + b", "(a + b)"),
        ("(a + b)", "(a + b)"),
        ("\"a b\"", "\"a b\""),
        ("\"say \\\"x y\\\"\"", "\"say \\\"x y\\\"\""),
        ("-1", "(-1)"),
        ("1..3", "(1..3)"),
        ("{ a }", "({ a })"),
        ("if a { b } else { c }", "(if a { b } else { c })"),
        ("d.lookup(\"t u\").x", "d.lookup(\"t u\").x"),
    ] {
        assert_eq!(operand(text.to_owned()), expected);
    }
    assert_eq!(receiver("1.5".into()), "(1.5)");
}
