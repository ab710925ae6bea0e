//! Tests of `rewrite`.

use super::*;
use crate::lang::rule::Points;

fn pack(rules: &str) -> (PackFiles, Pack) {
    let mut files = PackFiles::default();
    let manifest = "[pack]\nname = \"p\"\nversion   = '1'  # of May\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n";
    files.insert("pack.toml", manifest.as_bytes().to_vec());
    files.insert("a.rhai", rules.as_bytes().to_vec());
    let pack = Pack::load(&files).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (files, pack)
}

/// What a rule's points become in the source, when they are to be 7; `None` where they are left.
#[test]
fn only_the_number_changes() {
    let cases: [(&str, Option<&str>); 12] = [
        ("rule(\"R\", #{ title: \"t\", score: 5 });", Some("rule(\"R\", #{ title: \"t\", score: 7 });")),
        ("rule(\"R\",#{score:-20,title:\"t\"});", Some("rule(\"R\",#{score:7,title:\"t\"});")),
        (
            "rule(\"R\", #{ title: \"t\", score: - 20 /* why */ });",
            Some("rule(\"R\", #{ title: \"t\", score: 7 /* why */ });"),
        ),
        (
            "rule(\"R\", #{ title: \"score: 5\", /* score: 5 */ score:  1_0, });",
            Some("rule(\"R\", #{ title: \"score: 5\", /* score: 5 */ score:  7, });"),
        ),
        (
            "// 清风 score: 5\r\nrule(\"R\", #{\r\n  title: \"t\",\r\n  score: 5, // five\r\n});\r\n",
            Some("// 清风 score: 5\r\nrule(\"R\", #{\r\n  title: \"t\",\r\n  score: 7, // five\r\n});\r\n"),
        ),
        (
            "\u{feff}rule(\"R\", #{ title: \"t\", score: 5 });",
            Some("\u{feff}rule(\"R\", #{ title: \"t\", score: 7 });"),
        ),
        ("const P = 5; rule(\"R\", #{ title: \"t\", score: P });", None),
        ("rule(\"R\", #{ title: \"t\", score: 2 + 3 });", None),
        ("rule(\"R\", #{ title: \"t\", score: |d| 5 });", None),
        ("rule(\"R\", #{ title: \"t\" });", None),
        ("for id in [\"R\", \"S\"] { rule(id, #{ title: \"t\", score: 5 }); }", None),
        ("rule(\"R\", #{ title: \"t\", score: 0x0f });", None),
    ];
    for (source, expected) in cases {
        let (files, pack) = pack(source);
        let today = pack.rules[0].points.fixed().unwrap_or(5);
        let points: BTreeMap<(usize, i64), i64> = [((0, today), 7)].into();
        let (changed, left) = pack.rewritten(&files, &points, Some("1+\"x\""));
        let text = String::from_utf8(changed.content("a.rhai").unwrap().to_vec()).unwrap();
        assert_eq!(text, expected.unwrap_or(source), "{source}");
        assert_eq!(left.is_empty(), expected.is_some(), "{source}");
        let after = Pack::load(&changed).unwrap_or_else(|mistakes| panic!("{source}: {mistakes}"));
        assert_eq!(after.version, "1+\"x\"");
        if expected.is_some() {
            assert!(matches!(after.rules[0].points, Points::Fixed(7)), "{source}");
        }
        let manifest = String::from_utf8(changed.content("pack.toml").unwrap().to_vec()).unwrap();
        assert!(manifest.contains("version   = \"1+\\\"x\\\"\"  # of May"), "{manifest}");
    }
}

#[test]
fn numbers_among_which_a_rule_chooses_change_where_they_stand() {
    let rule = |id: &str, score: &str| {
        format!(
            "rule(\"{id}\", #{{ title: \"score: 3 }}\", // score: 1\n score: {score}, when: |d| d.value > 1.0 }});\n"
        )
    };
    let numbers = |score: &str| -> Vec<i64> {
        // The same closure once more before it: the tree has the places of one of them.
        let (files, pack) = pack(&(rule("A", score) + &rule("B", score)));
        let of_b =
            pack.written_points().into_iter().filter(|written| written.is_chosen && written.rules == [1]);
        let found: Vec<i64> = of_b.map(|written| written.points).collect();
        let points = found.iter().map(|&points| ((1, points), points + 1)).collect();
        let (changed, left) = pack.rewritten(&files, &points, None);
        assert!(left.is_empty());
        let text = String::from_utf8(changed.content("a.rhai").unwrap().to_vec()).unwrap();
        assert!(text.starts_with(&rule("A", score)), "{text}");
        let after = Pack::load(&changed).unwrap_or_else(|mistakes| panic!("{score}: {mistakes}"));
        let after =
            after.written_points().into_iter().filter(|written| written.is_chosen && written.rules == [1]);
        assert_eq!(
            after.map(|of| of.points).collect::<Vec<_>>(),
            found.iter().map(|of| of + 1).collect::<Vec<_>>()
        );
        found
    };
    assert_eq!(numbers("|d| if d.value < 40.0 { 44 } else { 9 }"), [44, 9]);
    let long = "|d| if d.brand == () || d.brand.contains(\"}\") { -1_0 } /* else */ else if abs(d.value) in [1.0] { 26 }\n else { 44 }";
    assert_eq!(numbers(long), [-10, 26, 44]);
    for other in [
        "20",
        "|d| 20",
        "|d| min(d.packages ?? 0, 9)",
        "|d| if d.value < 1.0 { d.packages ?? 0 } else { 2 }",
        "|d| { let x = 1; if d.value < 1.0 { x } else { 2 } }",
        "|d| switch d.brand { \"A\" => 2, _ => 3 }",
    ] {
        assert_eq!(numbers(other), [] as [i64; 0], "{other}");
    }
}

#[test]
fn each_rule_of_the_packs_here_is_found_or_left_with_a_reason() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");
    for name in ["clean-wind", "import-fraud"] {
        let files = PackFiles::read(&std::path::Path::new(rules).join(name));
        let pack = Pack::load(&files).unwrap();
        let mut written: BTreeMap<usize, (i64, usize)> = BTreeMap::new();
        for call in pack.written_points() {
            let of = |&rule: &usize| (rule, (call.points, call.rules.len()));
            written.extend(call.rules.iter().map(of));
        }
        for (at, rule) in pack.rules.iter().enumerate() {
            let Points::Fixed(points) = rule.points else { continue };
            let Some(&(number, rules)) = written.get(&at) else {
                assert_eq!(points, 0, "{}: a rule without points of its own", rule.id);
                continue;
            };
            assert_eq!(points, number, "{}", rule.id);
            // Only the rules on protected brands are made in loops.
            assert_eq!(
                rules > 1,
                rule.id.starts_with("BR-UA-") || rule.id.starts_with("BR-LA-"),
                "{}",
                rule.id
            );
        }
    }
}
