//! What conditions mean on a line: missing values, exact comparisons, faults, functions, lookups.

use crate::support::{interpreter, pack, text};
use qingfeng_rules::internals::Scalar;
use qingfeng_rules::{Date, Fault};

fn line() -> Vec<(&'static str, Scalar)> {
    vec![
        ("declaration_id", text("D1")),
        ("destination", text("KE")),
        ("mode", text("0110")),
        ("hs", text("8711209000")),
        ("hs4", text("8711")),
        ("goods", text("Motorcycle 125cc, no logo")),
        ("quantity", Scalar::Number(10.0)),
        ("value", Scalar::Number(2000.0)),
        ("unit_value", Scalar::Number(200.0)),
        ("packages", Scalar::Integer(7)),
        ("item_no", Scalar::Integer(1)),
        ("item_count", Scalar::Integer(3)),
        ("declared_on", Scalar::Date(Date::from_ymd(2016, 5, 4).unwrap())),
    ]
}

#[track_caller]
fn outcome(condition: &str) -> Result<bool, Fault> {
    let rules = format!("const LOW = 300.0;\nrule(\"R\", #{{ title: \"t\", when: |d| {condition} }});");
    let pack = pack(&rules).unwrap_or_else(|mistakes| panic!("{condition}: {mistakes}"));
    interpreter(&pack, &line(), Some(3)).holds(0)
}

#[test]
fn conditions_mean_what_the_language_says() {
    let cases = [
        // Missing values.
        ("d.brand == ()", true),
        ("d.brand != ()", false),
        ("d.brand == \"DELI\"", false),
        ("d.brand != \"DELI\"", true),
        ("d.net_kg < 10.0", false),
        ("d.net_kg >= 10.0", false),
        ("d.brand in [\"DELI\"]", false),
        ("!(d.brand in [\"DELI\"])", true),
        ("d.brand !in [\"DELI\"]", true),
        ("d.brand.contains(\"x\")", false),
        ("d.brand.to_lower().contains(\"x\")", false),
        ("d.brand.to_lower() == ()", true),
        ("d.value / d.net_kg == ()", true),
        ("d.net_kg + 1 == ()", true),
        ("-d.net_kg == ()", true),
        ("(d.net_kg ?? 0.0) == 0", true),
        ("d.brand.len() == ()", true),
        ("d.brand.is_empty()", false),
        ("d.certified == true", false),
        ("d.certified == false", false),
        ("d.certified ?? true", true),
        ("d.brand + \"x\" == ()", true),
        ("d.currency.resembles(\"USD\")", false),
        // Numbers are compared exactly, whole numbers with fractional ones.
        ("0.1 + 0.2 == 0.3", false),
        ("0.1 + 0.2 > 0.3", true),
        ("d.quantity == 10", true),
        ("d.packages > 6.5", true),
        ("9007199254740993 > 9007199254740992.0", true),
        ("-0.0 == 0", true),
        ("7 / 2 == 3", true),
        ("-7 % 3 == -1", true),
        ("2 ** 10 == 1024", true),
        ("2.0 ** -1 == 0.5", true),
        ("d.packages * 2.5 == 17.5", true),
        // Captured values, texts, lists, ranges.
        ("d.unit_value < LOW", true),
        ("d.hs.starts_with(\"8711\")", true),
        ("d.hs.sub_string(0, 4) == d.hs4", true),
        ("\"125\" in d.goods", true),
        ("d.goods.has_word(\"no logo\")", true),
        ("d.goods.has_any_word([\"replica\", \"LOGO\"])", true),
        ("d.goods.matches(\"(?i)^motorcycle \\\\d+cc\")", true),
        ("d.goods.index_of(\"125\") == 11", true),
        ("d.packages in 1..7", false),
        ("d.packages in 1..=7", true),
        ("[1, 2.0, 3].contains(2)", true),
        ("[1, 2, 3].some(|x| x > 2)", true),
        ("[1, 2, 3].all(|x| x > d.item_count)", false),
        ("[1, 2, 3].filter(|x| x > 1).len() == 2", true),
        ("[1, 2, 3].map(|x| x * 2)[2] == 6", true),
        ("#{a: 1}.a == 1", true),
        ("\"a\" in #{a: 1}", true),
        ("[1, 2] == [1, 2.0]", true),
        ("\"HA0JUE\".resembles(\"HAOJUE\")", true),
        ("`${d.packages} of ${d.brand}` == \"7 of \"", true),
        ("`${d.unit_value}` == \"200.0\"", true),
        ("12.3456.round(2) == 12.35", true),
        ("(2.6).to_int() == 2", true),
        ("min(d.packages, 2.5) == 2.5", true),
        // Dates.
        ("d.declared_on >= date(\"2016-05-04\")", true),
        ("d.declared_on.year == 2016 && d.declared_on.weekday == 3", true),
        ("d.declared_on - date(\"2016-05-01\") == 3", true),
        ("date(\"2016-05-01\") + 3 == d.declared_on", true),
        // Lookups.
        ("d.listed(\"blacklist\")", true),
        ("d.lookup(\"blacklist\") != ()", true),
        ("d.lookup(\"blacklist\").grade == 3", true),
        ("d.lookup(\"blacklist\").listed_on.year == 2015", true),
        // Statements.
        ("{ let x = d.packages; x += 1; x == 8 }", true),
        ("if d.brand == () { true } else { false }", true),
        ("switch d.mode { \"0110\" => true, _ => false }", true),
        ("switch d.packages { 1..5 => false, 5..=7 => true, _ => false }", true),
        ("switch d.quantity { 1..11 => true, _ => false }", true),
        ("switch d.brand { () => true, _ => false }", true),
        ("switch d.brand == () { true => true, _ => false }", true),
        ("switch d.hs { \"1\" | \"8711209000\" => true, _ => false }", true),
        (
            "switch d.hs { \"8711209000\" if d.packages > 9 => false, \"8711209000\" => true, _ => false }",
            true,
        ),
        ("{ for x in [1, 2, 3] { if x == 2 { return true; } } false }", true),
        ("{ let sum = 0; for x in 0..4 { sum += x; } sum == 6 }", true),
        ("{ let list = []; list.push(1); list.push(d.packages); list.len() == 2 }", true),
        ("{ let n = 0; while n < 10 { n += 3; if n > 5 { break; } } n == 6 }", true),
        ("(d.packages & 3) == 3 && (true ^ false)", true),
    ];
    for (condition, expected) in cases {
        assert_eq!(outcome(condition), Ok(expected), "{condition}");
    }
}

#[test]
fn what_has_no_value_is_a_fault_unless_short_circuiting_avoids_it() {
    let cases = [
        ("d.packages / 0 == 1", Err(Fault::DivisionByZero)),
        ("d.packages % 0 == 1", Err(Fault::DivisionByZero)),
        ("d.value / 0.0 > 1000", Err(Fault::NotFinite)),
        ("1e300 * 1e300 > 1", Err(Fault::NotFinite)),
        ("9223372036854775807 + d.packages > 0", Err(Fault::Overflow)),
        ("{ let x = 9223372036854775807; x += 1; x > 0 }", Err(Fault::Overflow)),
        ("2 ** 64 > 1", Err(Fault::Overflow)),
        ("[1, 2][d.item_count] == 1", Err(Fault::IndexOutOfRange)),
        ("(-1.0).sqrt() > 0", Err(Fault::NotFinite)),
        ("{ loop { } true }", Err(Fault::OutOfOperations)),
        ("{ let s = \"ab\"; loop { s += s; } true }", Err(Fault::TooLarge)),
        ("{ let s = \"ab\"; for i in 0..1000 { s = `${s}${s}`; } true }", Err(Fault::TooLarge)),
        ("{ let a = [1]; loop { a += a; } true }", Err(Fault::TooLarge)),
        ("{ let a = [1]; loop { a = [a, a]; } true }", Err(Fault::TooLarge)),
        ("{ let a = [1]; loop { a.push(a); } true }", Err(Fault::TooLarge)),
        ("{ let a = #{}; loop { a = #{x: a, y: a}; } true }", Err(Fault::TooLarge)),
        ("{ let a = [1,2,3,4]; loop { let b = a; a = [1,2,3,4].map(|x| b); } true }", Err(Fault::TooLarge)),
        ("#{a: \"x\"}.a > 1", Err(Fault::TypeMismatch)),
        ("#{a: \"x\"}.a == 1", Err(Fault::TypeMismatch)),
        ("#{a: 1}.a.b == 1", Err(Fault::TypeMismatch)),
        ("false && d.packages / 0 == 1", Ok(false)),
        ("true || d.packages / 0 == 1", Ok(true)),
        ("d.brand ?? \"x\" == \"x\" || d.packages / 0 == 1", Ok(true)),
    ];
    for (condition, expected) in cases {
        let condition = condition.replace("d.brand ?? \"x\" ==", "(d.brand ?? \"x\") ==");
        assert_eq!(outcome(&condition), expected, "{condition}");
    }
}

#[test]
fn a_function_that_calls_itself_for_ever_is_a_fault() {
    let pack = pack("fn f(x) { f(x + 1) }\nrule(\"R\", #{ title: \"t\", when: |d| f(1) == 2 });").unwrap();
    assert_eq!(interpreter(&pack, &line(), None).holds(0), Err(Fault::TooDeep));
}

#[test]
fn captured_values_are_fixed_when_the_rule_is_made() {
    let pack = pack(
        r#"
        let limit = 1;
        for brand in ["DELI", "HAOJUE", "LIFAN"] {
            limit += 1;
            rule(`BR-${brand}`, #{ title: brand, when: |d| (d.brand ?? brand) == brand && limit < 9,
                 reason: |d| `${brand} ${limit}`, score: |d| limit });
        }
        limit = 100;
        "#,
    )
    .unwrap();
    let interpreter = interpreter(&pack, &[("brand", text("HAOJUE"))], None);
    let found: Vec<_> = (0..3)
        .map(|rule| (interpreter.holds(rule), interpreter.reason(rule), interpreter.points(rule)))
        .collect();
    let expected = [(false, "DELI 2", 2), (true, "HAOJUE 3", 3), (false, "LIFAN 4", 4)]
        .map(|(holds, reason, points)| (Ok(holds), reason.to_owned(), Ok(points)));
    assert_eq!(found, expected);
}

#[test]
fn maps_of_constants_are_read_by_key() {
    let pack = pack(
        r#"
        const PRICE = #{ "8711": 300.0, "8517": 40.0 };
        rule("A", #{ title: "a", when: |d| d.unit_value < PRICE[d.hs.sub_string(0, 4)] });
        rule("B", #{ title: "b", when: |d| d.unit_value < PRICE["8517"] });
        rule("C", #{ title: "c", when: |d| PRICE[d.hs] == () });
        "#,
    )
    .unwrap();
    let interpreter = interpreter(&pack, &line(), None);
    assert_eq!([0, 1, 2].map(|rule| interpreter.holds(rule)), [Ok(true), Ok(false), Ok(true)]);
}

#[test]
fn computed_fields_are_shared_and_their_faults_reach_the_rules_that_read_them() {
    let pack = pack(
        r#"
        field("per_package", |d| d.value / d.packages);
        field("twice", |d| d.per_package * 2);
        field("broken", |d| d.item_count / 0);
        rule("A", #{ title: "a", when: |d| d.twice > 500.0 });
        rule("B", #{ title: "b", when: |d| d.broken > 1 });
        rule("C", #{ title: "c", when: |d| d.packages > 1 || d.broken > 1, score: |d| d.broken });
        "#,
    )
    .unwrap();
    let interpreter = interpreter(&pack, &line(), None);
    assert_eq!(interpreter.holds(0), Ok(true));
    assert_eq!(interpreter.holds(1), Err(Fault::DivisionByZero));
    assert_eq!(interpreter.holds(2), Ok(true));
    assert_eq!(interpreter.points(2), Err(Fault::DivisionByZero));
}

#[test]
fn a_reason_that_faults_is_the_title_with_a_note() {
    let pack = pack("rule(\"R\", #{ title: \"Cheap\", reason: |d| `${d.packages / 0}` });").unwrap();
    let reason = interpreter(&pack, &line(), None).reason(0);
    assert_eq!(reason, "Cheap (the evidence could not be filled in: division by zero)");
}

#[test]
fn points_beyond_the_limit_are_a_fault() {
    let pack = pack("rule(\"R\", #{ title: \"t\", score: |d| d.item_count * 1000000 });").unwrap();
    assert_eq!(interpreter(&pack, &line(), None).points(0), Err(Fault::Overflow));
}

#[test]
fn an_explanation_shows_each_part_with_the_values_it_saw() {
    let pack = pack(
        "const LOW = 300.0;\nrule(\"R\", #{ title: \"t\", when: |d| { let cheap = d.unit_value < LOW; \
         cheap && (d.brand != () || d.goods.has_word(\"no logo\")) && d.packages > 9 && d.listed(\"blacklist\") } });",
    )
    .unwrap();
    let part = interpreter(&pack, &line(), None).explain(0).unwrap();
    let mut lines = Vec::new();
    fn show(part: &qingfeng_rules::internals::Part, depth: usize, lines: &mut Vec<String>) {
        let values: Vec<String> =
            part.values.iter().map(|(source, value)| format!("{source} = {value}")).collect();
        lines.push(format!("{}{:?} {} [{}]", "  ".repeat(depth), part.outcome, part.text, values.join(", ")));
        part.parts.iter().for_each(|part| show(part, depth + 1, lines));
    }
    show(&part, 0, &mut lines);
    assert_eq!(
        lines,
        [
            "Failed cheap && (d.brand != () || d.goods.has_word(\"no logo\")) && d.packages > 9 && d.listed(\"blacklist\") []",
            "  Held cheap [cheap = true]",
            "  Held d.brand != () || d.goods.has_word(\"no logo\") []",
            "    Failed d.brand != () [d.brand = ()]",
            "    Held d.goods.has_word(\"no logo\") [d.goods = \"Motorcycle 125cc, no logo\"]",
            "  Failed d.packages > 9 [d.packages = 7]",
            "  NotReached d.listed(\"blacklist\") []",
        ]
    );
}
