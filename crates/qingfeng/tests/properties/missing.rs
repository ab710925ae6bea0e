//! Taking a value away makes nothing true that compares or searches.

use std::fmt::Write as _;
use std::sync::OnceLock;

use proptest::collection::vec;
use proptest::prelude::*;
use qingfeng::{Declaration, Engine, FieldValue, Item};

use super::cases;

const NUMBERS: [&str; 4] = ["value", "quantity", "net_kg", "packages"];
const TEXTS: [&str; 4] = ["goods", "brand", "exporter", "model"];

/// Conditions that are false where a value in them is missing, with the fields they read.
fn conditions() -> Vec<(String, Vec<&'static str>)> {
    let mut all = Vec::new();
    for a in NUMBERS {
        for operator in ["<", "<=", ">", ">=", "=="] {
            for limit in ["0", "1.5", "-3", "100"] {
                all.push((format!("d.{a} {operator} {limit}"), vec![a]));
                all.push((format!("{limit} {operator} d.{a}"), vec![a]));
                all.push((format!("d.{a} * 2 - 1 {operator} {limit}"), vec![a]));
                all.push((format!("-d.{a}.abs() {operator} {limit}"), vec![a]));
                all.push((format!("max(d.{a}, 3) {operator} {limit}"), vec![a]));
            }
            for b in NUMBERS.into_iter().filter(|b| *b != a) {
                // Two missing values equal each other.
                if operator != "==" {
                    all.push((format!("d.{a} {operator} d.{b}"), vec![a, b]));
                }
                all.push((format!("d.{a} + d.{b} {operator} 7.5"), vec![a, b]));
                all.push((format!("d.{a} / d.{b} {operator} 2"), vec![a, b]));
            }
        }
        all.push((format!("d.{a} in [0, 1, 2, 3.0]"), vec![a]));
        all.push((format!("[0, 1, 2].contains(d.{a})"), vec![a]));
    }
    for operator in ["<", "<=", ">", ">=", "=="] {
        all.push((format!("d.unit_value {operator} 2"), vec!["value", "quantity"]));
        all.push((format!("d.unit_mass {operator} 2"), vec!["net_kg", "quantity"]));
        all.push((format!("d.value_per_kg {operator} 2"), vec!["value", "net_kg"]));
        all.push((format!("d.declaration_value {operator} 2"), vec!["value"]));
    }
    for a in TEXTS {
        for text in ["\"\"", "\"a\"", "\"DELI\"", "\"no logo\""] {
            for test in ["contains", "starts_with", "ends_with", "has_word", "resembles"] {
                all.push((format!("d.{a}.{test}({text})"), vec![a]));
                all.push((format!("d.{a}.to_lower().{test}({text})"), vec![a]));
            }
            for operator in ["<", "<=", ">", ">=", "=="] {
                all.push((format!("d.{a} {operator} {text}"), vec![a]));
            }
            all.push((format!("{text} in d.{a}"), vec![a]));
            all.push((format!("d.{a}.sub_string(0, 2) == {text}"), vec![a]));
        }
        for operator in ["<", "<=", ">", ">=", "=="] {
            all.push((format!("d.{a}.len() {operator} 3"), vec![a]));
            all.push((format!("d.{a}.index_of(\"a\") {operator} 0"), vec![a]));
        }
        all.push((format!("d.{a}.matches(\"\")"), vec![a]));
        all.push((format!("d.{a}.is_empty()"), vec![a]));
        all.push((format!("d.{a}.has_any_word([\"a\", \"deli\"])"), vec![a]));
        all.push((format!("d.{a} in [\"a\", \"DELI\", \"\"]"), vec![a]));
        for b in TEXTS.into_iter().filter(|b| *b != a) {
            all.push((format!("d.{a}.contains(d.{b})"), vec![a, b]));
            all.push((format!("d.{a} + d.{b} >= \"a\""), vec![a, b]));
            all.push((format!("d.{a} == d.{b} && d.{a} != ()"), vec![a, b]));
        }
    }
    all
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let manifest = "[pack]\nname = \"m\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n";
        std::fs::write(directory.path().join("pack.toml"), manifest).unwrap();
        let mut rules = String::new();
        for (at, (condition, _)) in conditions().iter().enumerate() {
            writeln!(rules, "rule(\"R{at}\", #{{ title: \"t\", when: |d| {condition} }});").unwrap();
        }
        std::fs::write(directory.path().join("rules.rhai"), rules).unwrap();
        Engine::open(directory.path()).unwrap()
    })
}

fn fired(values: &[(&'static str, FieldValue)]) -> Vec<usize> {
    let item = values.iter().fold(Item::new(), |item, (field, value)| item.with(*field, value.clone()));
    let mut declaration =
        Declaration::new().with("declaration_id", "D").with("destination", "KE").with("mode", "0110");
    let mut item = item.with("hs", "8711");
    // The exporter is a field of the header.
    if let Some(exporter) = item.fields.remove("exporter") {
        declaration = declaration.with("exporter", exporter);
    }
    let assessment = engine().assess(&declaration.item(item)).unwrap();
    assessment.items[0].fired.iter().map(|fired| fired.rule[1..].parse().unwrap()).collect()
}

fn values() -> impl Strategy<Value = Vec<(&'static str, FieldValue)>> {
    let number = prop::sample::select(vec![0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 99.5, 1e12]);
    let text = prop::sample::select(vec!["a", "DELI", "DEL1", "deli a", "no logo", "摩托车", "zz", "1"]);
    (vec(number, 3), 0..4_i64, vec(text, 4)).prop_map(|(numbers, packages, texts)| {
        let mut values: Vec<(&str, FieldValue)> =
            NUMBERS.into_iter().zip(numbers.into_iter().map(FieldValue::from)).collect();
        values.push(("packages", packages.into()));
        values.extend(TEXTS.into_iter().zip(texts.into_iter().map(FieldValue::from)));
        values
    })
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn a_value_taken_away_makes_nothing_true(values in values(), taken in prop::sample::subsequence([NUMBERS, TEXTS].concat(), 1..8)) {
        let conditions = conditions();
        let before = fired(&values);
        let left: Vec<_> = values.into_iter().filter(|(field, _)| !taken.contains(field)).collect();
        for rule in fired(&left) {
            let (condition, fields) = &conditions[rule];
            prop_assert!(before.contains(&rule), "`{}` became true without {:?}", condition, taken);
            prop_assert!(!fields.iter().any(|field| taken.contains(field)), "`{}` is true without {:?}", condition, taken);
        }
    }
}

#[test]
fn the_conditions_can_be_true() {
    let values = [
        ("value", FieldValue::from(3.0)),
        ("quantity", 2.0.into()),
        ("net_kg", 1.5.into()),
        ("packages", 2.into()),
        ("goods", "deli a no logo".into()),
        ("brand", "DEL1".into()),
        ("exporter", "DELI".into()),
        ("model", "a".into()),
    ];
    let count = fired(&values).len();
    assert!(count * 4 > conditions().len(), "only {count} of {} are true", conditions().len());
}
