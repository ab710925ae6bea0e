//! Tests of `repair`.

use super::*;

#[test]
fn only_one_name_can_be_certain() {
    let known = ["unit_value", "unit_mass", "value", "net_kg", "title", "site", "hs2", "hs4", "hs6"];
    let cases = [
        ("unit_vale", Some("unit_value")),
        ("Unit_Value", Some("unit_value")),
        ("valeu", Some("value")),
        ("hs5", None),
        ("net_weight", None),
        ("titel", Some("title")),
        ("hs", None),
    ];
    for (written, meant) in cases {
        assert_eq!(certain(written, known), meant, "{written}");
    }
}

#[test]
fn the_closure_around_a_place() {
    let cases = [
        ("when: |d| ", Some("d")),
        ("when: |line| { let a = `x, ${1}`; f(1, ", Some("line")),
        ("when: |d| [1, 2].some(|x| x == ", Some("d")),
        ("when: |d| d.x, score: ", None),
        ("when: |d| (d.x), score: |e| 1 + ", Some("e")),
        ("a || b || ", None),
        ("when: |d| \"", None),
        ("", None),
    ];
    for (before, name) in cases {
        assert_eq!(parameter_around(&format!("{before}brand"), before.len()), name, "{before}");
    }
}

#[test]
fn numbers_of_a_literal() {
    let cases = [
        ("8711", "8711"),
        ("[8711, \"8712\", 0110]", "8711 0110"),
        ("[8711.5]", ""),
        ("[x, 1]", ""),
        ("8711 + 1", ""),
        ("[\"\\\"\", 1]", ""),
        ("", ""),
    ];
    for (source, numbers) in cases {
        let found: Vec<&str> = whole_numbers(source).into_iter().map(|number| &source[number]).collect();
        assert_eq!(found.join(" "), numbers, "{source}");
    }
}

#[test]
fn days_that_are_written_otherwise() {
    let cases = [
        ("2016-9-6", Some("2016-09-06")),
        ("2016.09.06", Some("2016-09-06")),
        ("2016年9月6日", Some("2016-09-06")),
        ("16.9.2016", Some("2016-09-16")),
        ("6.9.2016", None),
        ("2016-02-30", None),
        ("16-9-6", None),
        ("soon", None),
    ];
    for (text, day) in cases {
        assert_eq!(loose_day(text).map(|day| day.to_string()), day.map(str::to_owned), "{text}");
    }
}
