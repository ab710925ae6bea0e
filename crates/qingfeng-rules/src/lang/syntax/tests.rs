//! Tests of `syntax`.

use super::balanced;

#[test]
fn a_span_gets_the_brackets_that_belong_to_it() {
    for (text, inside, whole) in [
        ("|d| (d.value ?? 0.0) != 2.0 && x", "d.value ?? 0.0) != 2.0", "(d.value ?? 0.0) != 2.0"),
        ("|d| ((a) && (b))", "a) && (b", "(a) && (b)"),
        ("when: |d| list.some(|x| x > 3), score", "list.some(|", "list.some(|x| x > 3)"),
        ("f(\")\", x)", "f(\")\"", "f(\")\", x)"),
        ("a > 3", "a > 3", "a > 3"),
        ("a) > 3", "a) > 3", "a) > 3"),
        ("f(a", "f(a", "f(a"),
    ] {
        let at = text.find(inside).expect("the part stands in the text");
        assert_eq!(&text[balanced(text, at..at + inside.len())], whole, "{text}");
    }
}
