//! Which rules mean the same, however they are written, and which do not.

use qingfeng_rules::internals::PackMeaning;
use qingfeng_rules::{Pack, PackFiles};

const MANIFEST: &str = r#"
[pack]
name = "demo"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[lookups.blacklist]
file = "blacklist.csv"
key = ["exporter"]
[lookups.blacklist.columns]
grade = "text"
[lookups.notices]
file = "notices.csv"
key = ["exporter"]
"#;

fn load(rules: &str) -> Pack {
    let mut files = PackFiles::default();
    files.insert("pack.toml", MANIFEST.as_bytes().to_vec());
    files.insert("a.rhai", rules.as_bytes().to_vec());
    Pack::load(&files).unwrap_or_else(|mistakes| panic!("{rules}\n{mistakes}"))
}

/// The meaning of a pack in which `{}` stands for a condition or for a whole file.
fn meaning(text: &str) -> PackMeaning {
    if text.contains("rule(") {
        return load(text).meaning();
    }
    let (before, condition) =
        text.split_once("\n|").map_or(("", text), |(before, _)| (before, &text[before.len() + 1..]));
    load(&format!("{before}\nrule(\"R\", #{{ title: \"t\", when: {condition} }});")).meaning()
}

/// Pairs of conditions, each with what stands before it on lines of its own.
const EQUAL: &[(&str, &str, &str)] = &[
    ("layout", "|d| d.value<300.0", "|d|   d.value /* USD */ < 300.0"),
    ("the line's name", "|d| d.value < 300.0", "|line| line.value < 300.0"),
    ("a constant moved", "|d| d.value < 300.0", "const LOW = 300.0;\n|d| d.value < LOW"),
    ("a constant renamed", "const LOW = 3;\n|d| d.value < LOW", "const SMALL = 3;\n|d| d.value < SMALL"),
    ("arithmetic of constants", "|d| d.value < 300.0", "|d| d.value < 3.0 * 100.0"),
    ("a whole number compared", "|d| d.value < 300.0", "|d| d.value < 300"),
    ("sides exchanged", "|d| d.value < 300.0", "|d| 300.0 > d.value"),
    ("sides of ==", "|d| d.brand == \"DELI\"", "|d| \"DELI\" == d.brand"),
    ("order of &&", "|d| d.value < 3.0 && d.brand == ()", "|d| d.brand == () && d.value < 3.0"),
    ("order of ||", "|d| d.value < 3.0 || d.brand == ()", "|d| d.brand == () || d.value < 3.0"),
    (
        "parentheses",
        "|d| (d.value < 3.0 && d.brand == ()) && d.hs == ()",
        "|d| d.value < 3.0 && (d.hs == () && d.brand == ())",
    ),
    ("a part twice", "|d| d.value < 3.0", "|d| d.value < 3.0 && d.value < 3.0"),
    ("what always holds", "|d| d.value < 3.0", "|d| d.value < 3.0 && true"),
    ("not equal", "|d| d.brand != ()", "|d| !(d.brand == ())"),
    ("a variable", "|d| d.value < 3.0", "|d| { let v = d.value; v < 3.0 }"),
    ("a function", "|d| d.value < 3.0", "fn low(v, limit) { v < limit }\n|d| low(d.value, 3.0)"),
    ("if for a flag", "|d| d.value < 3.0", "|d| if d.value < 3.0 { true } else { false }"),
    ("order in a list", "|d| d.brand in [\"A\", \"B\"]", "|d| d.brand in [\"B\", \"A\", \"A\"]"),
    (
        "words in another order",
        "|d| d.goods.has_any_word([\"a\", \"b\"])",
        "|d| d.goods.has_any_word([\"b\", \"a\"])",
    ),
    ("a sum's sides", "|d| d.value + d.net_kg > 3.0", "|d| d.net_kg + d.value > 3.0"),
    (
        "a computed field put in",
        "|d| d.value < 3.0 && d.brand == ()",
        "field(\"cheap\", |d| d.value < 3.0);\n|d| d.cheap && d.brand == ()",
    ),
    (
        "a computed field of parts",
        "|d| d.value < 3.0 && d.brand == () && d.hs == ()",
        "field(\"cheap\", |d| d.value < 3.0 && d.hs == ());\n|d| d.cheap && d.brand == ()",
    ),
    (
        "cases of a switch in another order",
        "|d| switch d.brand { \"A\" => true, \"B\" => false, _ => true }",
        "|d| switch d.brand { \"B\" => false, \"A\" => true, _ => true }",
    ),
    (
        "layout of what is left to the interpreter",
        "|d| { let n = 0; while n < 3 { n += 1; } d.packages > n }",
        "|d| {\n  let n = 0;  // counts\n while n < 3 { n += 1; }\n d.packages > n\n}",
    ),
];

const DIFFERENT: &[(&str, &str, &str)] = &[
    ("a bound", "|d| d.value < 300.0", "|d| d.value < 250.0"),
    ("a constant", "const LOW = 300;\n|d| d.value < LOW", "const LOW = 250;\n|d| d.value < LOW"),
    ("with or without", "|d| d.value < 300.0", "|d| d.value <= 300.0"),
    ("another field", "|d| d.value < 300.0", "|d| d.net_kg < 300.0"),
    ("sides of <", "|d| d.value < d.net_kg", "|d| d.net_kg < d.value"),
    ("and, or", "|d| d.value < 3.0 && d.brand == ()", "|d| d.value < 3.0 || d.brand == ()"),
    ("not less is not greater or equal: missing", "|d| !(d.value < 3.0)", "|d| d.value >= 3.0"),
    ("a part more", "|d| d.value < 3.0", "|d| d.value < 3.0 && d.brand == ()"),
    ("a member more", "|d| d.brand in [\"A\", \"B\"]", "|d| d.brand in [\"A\", \"B\", \"C\"]"),
    ("the letters of a text", "|d| d.brand == \"deli\"", "|d| d.brand == \"DELI\""),
    ("a difference's sides", "|d| d.value - d.net_kg > 3.0", "|d| d.net_kg - d.value > 3.0"),
    (
        "before what can fault, and after it",
        "|d| 12 % d.packages == 0 && d.brand == ()",
        "|d| d.brand == () && 12 % d.packages == 0",
    ),
    ("a table", "|d| d.listed(\"blacklist\")", "|d| d.listed(\"notices\")"),
    (
        "a table's column",
        "|d| d.lookup(\"blacklist\").grade == \"A\"",
        "|d| d.lookup(\"blacklist\").exporter == \"A\"",
    ),
    (
        "what is below a computed field",
        "field(\"cheap\", |d| d.value < 3.0);\n|d| d.cheap",
        "field(\"cheap\", |d| d.value < 4.0);\n|d| d.cheap",
    ),
    (
        "what is left to the interpreter",
        "|d| { let n = 0; while n < 3 { n += 1; } d.packages > n }",
        "|d| { let n = 0; while n < 4 { n += 1; } d.packages > n }",
    ),
    (
        "a function below what is left to the interpreter",
        "fn more(n) { n + 1 }\n|d| { let n = 0; while n < 3 { n = more(n); } d.packages > n }",
        "fn more(n) { n + 2 }\n|d| { let n = 0; while n < 3 { n = more(n); } d.packages > n }",
    ),
    (
        "what such a closure captured",
        "let most = 3;\n|d| { let n = 0; while n < most { n += 1; } d.packages > n }",
        "let most = 4;\n|d| { let n = 0; while n < most { n += 1; } d.packages > n }",
    ),
    (
        "a computed field below such a closure",
        "field(\"some\", |d| d.packages + 1);\n|d| { let n = 0; while n < 3 { n += 1; } d.some > n }",
        "field(\"some\", |d| d.packages + 2);\n|d| { let n = 0; while n < 3 { n += 1; } d.some > n }",
    ),
];

#[test]
fn what_means_the_same_has_one_digest() {
    for (what, a, b) in EQUAL {
        let (x, y) = (meaning(a), meaning(b));
        assert_eq!(x.rules[0].when.digest, y.rules[0].when.digest, "{what}:\n{a}\n{b}\n{x:#?}\n{y:#?}");
    }
}

#[test]
fn what_differs_on_some_line_has_two() {
    for (what, a, b) in DIFFERENT {
        let (x, y) = (meaning(a), meaning(b));
        assert_ne!(x.rules[0].when.digest, y.rules[0].when.digest, "{what}:\n{a}\n{b}");
    }
}

#[test]
fn points_and_reasons_are_compared_by_what_they_give() {
    let of = |content: &str| {
        meaning(&format!("const LOW = 3;\nrule(\"R\", #{{ title: \"t\", {content} }});")).rules.remove(0)
    };
    assert_eq!(of("score: 25").points.digest, of("score: |d| 20 + 5").points.digest);
    assert_ne!(of("score: 25").points.digest, of("score: 30").points.digest);
    assert_eq!(of("score: 1").when.digest, of("score: 1, when: |d| true").when.digest);
    assert_eq!(of("score: 1").reason.digest, of("score: 1, reason: |d| \"t\"").reason.digest);
    assert_eq!(
        of("reason: |d| `below ${LOW} USD: ${d.value}`").reason.digest,
        of("reason: |d| `below 3 USD: ${d.value}`").reason.digest
    );
    assert_eq!(of("reason: |d| `below ${LOW} USD: ${d.value}`").reason.text(), "`below 3 USD: ${d.value}`");
}

#[test]
fn a_closure_is_shown_with_its_constants_and_part_by_part() {
    let when = |text: &str| meaning(text).rules.remove(0).when;
    let parts = |text: &str| when(text).parts.into_iter().map(|part| part.text).collect::<Vec<_>>();
    assert_eq!(
        parts(
            "const LOW = 300.0;\nfield(\"cheap\", |d| d.unit_value < LOW);\n|d| d.cheap && (d.brand == () || d.value < LOW)"
        ),
        ["d.cheap", "(d.brand == () || d.value < 300.0)"]
    );
    assert_eq!(parts("|d| d.brand == ()"), ["d.brand == ()"]);
    let listed = when("|d| d.listed(\"notices\") && d.lookup(\"blacklist\").grade == \"A\"");
    assert_eq!(listed.tables.into_iter().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(listed.parts[1].text, "d.lookup(\"blacklist\").grade == \"A\"");
    let residual = when("|d| { let n = 0; while n < 3 { n += 1; } d.packages > n && d.listed(\"notices\") }");
    assert!(!residual.compiled && residual.tables.contains(&1));
}
