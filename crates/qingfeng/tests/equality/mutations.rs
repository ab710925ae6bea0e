//! Engines that do differ: packs in which one thing is changed, as a wrong kernel would change it. Each must be found
//! out, by lines that are written for it and by the cases that are made up.

use qingfeng::{Declaration, Engine, FieldValue, Item};
use qingfeng_testkit::equality::{Unequal, compare, table};
use qingfeng_testkit::generate::GeneratedCase;

use super::generated::seeded;

const MANIFEST: &str = "[pack]\nname = \"mutations\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n\
     [[channels]]\nname = \"green\"\nfrom = 0\n[[channels]]\nname = \"red\"\nfrom = 50\n";

/// A rule, and the same rule with one thing changed.
const MUTATIONS: &[(&str, &str)] = &[
    // Operators.
    ("when: |d| d.value < 10.0", "when: |d| d.value <= 10.0"),
    ("when: |d| d.value > 10.0", "when: |d| d.value >= 10.0"),
    ("when: |d| d.value == 10.0", "when: |d| d.value != 10.0"),
    ("when: |d| d.value > 5.0 && d.packages > 1", "when: |d| d.value > 5.0 || d.packages > 1"),
    ("when: |d| d.value > 5.0 && d.packages > 1", "when: |d| d.value > 5.0"),
    ("when: |d| !(d.packages == 1)", "when: |d| d.packages == 1"),
    ("when: |d| d.packages + 1 == 2", "when: |d| d.packages - 1 == 2"),
    ("when: |d| d.packages * 2 == 2", "when: |d| d.packages + 2 == 2"),
    ("when: |d| d.packages % 2 == 1", "when: |d| d.packages % 3 == 1"),
    ("when: |d| d.packages in 1..3", "when: |d| d.packages in 1..=3"),
    ("when: |d| d.brand in [\"DELI\", \"A\"]", "when: |d| d.brand in [\"A\"]"),
    ("when: |d| d.brand in [\"DELI\", \"A\"]", "when: |d| d.brand !in [\"DELI\", \"A\"]"),
    // Constants off by one, or nearly the same.
    ("when: |d| d.packages >= 2", "when: |d| d.packages >= 3"),
    ("when: |d| d.value < 10.0", "when: |d| d.value < 10.000000000000002"),
    ("when: |d| d.value > 0.3", "when: |d| d.value >= 0.3"),
    ("when: |d| d.brand == \"DELI\"", "when: |d| d.brand == \"deli\""),
    ("when: |d| d.hs.sub_string(0, 4) == \"8711\"", "when: |d| d.hs.sub_string(0, 5) == \"8711\""),
    // What is missing.
    ("when: |d| d.value < 10.0", "when: |d| (d.value ?? 0.0) < 10.0"),
    ("when: |d| d.value < 10.0", "when: |d| d.value == () || d.value < 10.0"),
    ("when: |d| d.value != 10.0", "when: |d| d.value != () && d.value != 10.0"),
    ("when: |d| d.brand == d.model", "when: |d| d.brand != () && d.brand == d.model"),
    ("when: |d| !d.brand.contains(\"X\")", "when: |d| d.brand != () && !d.brand.contains(\"X\")"),
    ("when: |d| d.value + d.quantity > 5.0", "when: |d| (d.value ?? 0.0) + (d.quantity ?? 0.0) > 5.0"),
    // Words and look-alikes.
    ("when: |d| d.brand.resembles(\"DELI\")", "when: |d| d.brand.contains(\"DEL\")"),
    ("when: |d| d.goods.has_word(\"logo\")", "when: |d| d.goods.contains(\"logo\")"),
    ("when: |d| d.goods.to_lower().len() == 4", "when: |d| d.goods.to_lower().len() == 12"),
    // Faults: which, and whether at all.
    ("when: |d| 10 / d.packages == 5", "when: |d| d.packages != 0 && 10 / d.packages == 5"),
    ("when: |d| 10 / d.packages == 5", "when: |d| (10.0 / d.packages).to_int() == 5"),
    (
        "when: |d| d.packages == 1 && [1][d.packages ?? 0] == 1",
        "when: |d| d.packages == 1 && [1, 1][d.packages ?? 0] == 1",
    ),
    ("when: |d| d.packages != 0 && 1 / d.packages == 1", "when: |d| 1 / d.packages == 1 && d.packages != 0"),
    // Statements.
    (
        "when: |d| { if d.value == () { return true; } false }",
        "when: |d| { if d.value == () { true } false }",
    ),
    (
        "when: |d| { let n = 0; for x in [1, 2, 3] { if x == d.packages { break; } n += 1; } n > 1 }",
        "when: |d| { let n = 0; for x in [1, 2, 3] { if x == d.packages { continue; } n += 1; } n > 1 }",
    ),
    (
        "when: |d| { let n = 0; do { n += 1; } while n < 0; n == 1 }",
        "when: |d| { let n = 0; while n < 0 { n += 1; } n == 1 }",
    ),
    (
        "when: |d| switch d.packages { 1..3 => true, _ => false }",
        "when: |d| switch d.packages { 1..2 => true, _ => false }",
    ),
    ("when: |d| [1, 2].some(|x| x == d.packages)", "when: |d| [1, 2].all(|x| x == d.packages)"),
    // Points and reasons.
    ("score: 10", "score: 11"),
    ("score: |d| d.packages ?? 1", "score: |d| d.packages ?? 0"),
    ("reason: |d| `${d.value}`", "reason: |d| `${d.value.to_int()}`"),
    ("reason: |d| `${d.brand}`", "reason: |d| `${d.brand ?? \"()\"}`"),
    ("status: \"shadow\", score: 60", "status: \"active\", score: 60"),
];

fn open(entries: &str) -> Engine {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("pack.toml"), MANIFEST).unwrap();
    let rules = format!("rule(\"R\", #{{ title: \"t\", {entries} }});");
    std::fs::write(directory.path().join("rules.rhai"), rules).unwrap();
    Engine::open(directory.path()).unwrap_or_else(|error| panic!("{entries}: {error}"))
}

/// Every combination of a few values, with gaps.
fn lines() -> Declaration {
    const VALUES: [Option<f64>; 6] = [None, Some(0.0), Some(0.1 + 0.2), Some(10.0), Some(10.5), Some(0.3)];
    const TEXTS: [(Option<&str>, Option<&str>); 5] = [
        (None, None),
        (Some("DELI"), Some("no logo")),
        (Some("deli"), Some("logos")),
        (Some("DEL1"), Some("摩托车仿")),
        (Some("X"), None),
    ];
    let mut declaration =
        Declaration::new().with("declaration_id", "D").with("destination", "KE").with("mode", "0110");
    for value in VALUES {
        for (brand, goods) in TEXTS {
            for packages in [None, Some(0), Some(1), Some(2), Some(3)] {
                let quantity = packages.filter(|packages| packages % 2 == 0).map(f64::from);
                declaration = declaration.item(
                    Item::new()
                        .with("hs", "8711209000")
                        .with("value", value)
                        .with("brand", brand)
                        .with("goods", goods)
                        .with("model", goods)
                        .with("packages", packages.map(FieldValue::from).unwrap_or(FieldValue::Missing))
                        .with("quantity", quantity),
                );
            }
        }
    }
    declaration
}

#[test]
fn every_planted_change_is_found() {
    let lines = [lines()];
    let mut unnoticed = Vec::new();
    for &(right, wrong) in MUTATIONS {
        let (first, second) = (open(right), open(wrong));
        let lines = table(&first.pack().schema, &lines).unwrap();
        let tally = compare(&first, &first.clone(), &lines);
        assert!(tally.is_ok_and(|tally| tally.lines == 150), "{right}: an engine differs from itself");
        match compare(&first, &second, &lines) {
            Ok(_) => unnoticed.push(format!("{right}  ->  {wrong}")),
            Err(difference) => assert_is_told(&difference, right),
        }
    }
    assert!(unnoticed.is_empty(), "not found:\n{}", unnoticed.join("\n"));
}

/// The message has the rule, its source and the values of the line.
#[track_caller]
fn assert_is_told(difference: &Unequal, source: &str) {
    let text = difference.to_string();
    for part in ["rule R", source, "first:", "second:", "hs = \"8711209000\""] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// Changes of the texts of rules, as they stand in many cases that are made up.
const TEXT_MUTATIONS: &[(&str, &str)] = &[
    (" < ", " <= "),
    (" > ", " >= "),
    (" >= ", " > "),
    (" == ", " != "),
    (" && ", " || "),
    (" || ", " && "),
    (" + ", " - "),
    (" * ", " + "),
    (" in ", " !in "),
    (" ?? ", " + "),
    ("..=", ".."),
    (".some(", ".all("),
    ("has_word(", "contains("),
    ("resembles(", "contains("),
    ("starts_with(", "ends_with("),
    ("is_even(", "is_odd("),
    (".floor()", ".ceiling()"),
    ("break; }", "continue; }"),
    ("d.listed(", "!d.listed("),
    (" += ", " -= "),
    (".month", ".day"),
];

/// Of each kind of change some are found by the cases that are made up.
#[test]
fn made_up_cases_find_changes() {
    let cases: Vec<GeneratedCase> = seeded(600).map(|(_, case)| case).collect();
    let mut unnoticed = Vec::new();
    let mut shares = Vec::new();
    for &(from, to) in TEXT_MUTATIONS {
        let (mut tried, mut found) = (0, 0);
        for case in cases.iter().filter(|case| case.rules().contains(from)) {
            let mut changed = case.clone();
            for (path, text) in &mut changed.files {
                if path.ends_with(".rhai") {
                    *text = text.replacen(from, to, 1);
                }
            }
            if let (Some(first), Some(second)) = (open_case(case), open_case(&changed)) {
                tried += 1;
                let lines = table(&first.pack().schema, &case.declarations).unwrap();
                found += usize::from(compare(&first, &second, &lines).is_err());
            }
            if found > 0 {
                break;
            }
        }
        shares.push(format!("{from:?} -> {to:?}: {found} of {tried}"));
        if found == 0 {
            unnoticed.push(from);
        }
    }
    println!("{}", shares.join("\n"));
    assert!(unnoticed.is_empty(), "never found: {unnoticed:?}\n{}", shares.join("\n"));
}

fn open_case(case: &GeneratedCase) -> Option<Engine> {
    let directory = tempfile::tempdir().unwrap();
    case.write(directory.path()).unwrap();
    Engine::open(directory.path()).ok()
}
