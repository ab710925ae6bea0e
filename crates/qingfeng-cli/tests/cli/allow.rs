//! Comments that allow what `check` would say, `--deny`, and the day for which a pack is checked.

use crate::support::{Desk, golden};

/// The pack `harbour` with one more rule file.
fn with(rules: &str) -> Desk {
    let desk = Desk::new();
    desk.write("harbour/more.rhai", rules);
    desk
}

const HALF: &str = "rule(\"HALF\", #{ title: \"t\", when: |d| d.packages / 2 > 5 });";

#[test]
fn what_a_comment_allows_is_counted_and_listed() {
    let desk = with(&format!("// qingfeng: allow QF1001 because whole pairs are meant\n{HALF}\n"));
    let ran = desk.run("check harbour").exits(0);
    golden("check-suppressed.txt", &ran.stdout);
    desk.run("check harbour --deny warnings").exits(0);
    let json = desk.run("check harbour --format json").exits(0).json();
    assert_eq!((&json["warnings"], &json["diagnostics"]), (&0.into(), &serde_json::json!([])));
    let all = json["suppressed"].as_array().unwrap();
    let suppressed = all.iter().find(|item| item["rule"] == "HALF").unwrap();
    assert_eq!(suppressed["code"], "QF1001");
    assert_eq!(suppressed["reason"], "whole pairs are meant");
    assert_eq!(suppressed["comment"]["start_line"], 1);
}

/// Each comment, with what is left of the warning `QF1001`.
#[test]
fn where_a_comment_stands() {
    let allow = "// qingfeng: allow QF1001 because pairs are meant";
    let cases = [
        ("above the rule", format!("{allow}\n{HALF}"), ""),
        ("above it, with other comments between", format!("{allow}\n\n// pairs\n{HALF}"), ""),
        (
            "within it",
            format!(
                "rule(\"HALF\", #{{\n    title: \"t\",\n    {allow}\n    when: |d| d.packages / 2 > 5 }});"
            ),
            "",
        ),
        (
            "above a loop",
            format!(
                "{allow}\nfor n in [1, 2] {{ rule(`R${{n}}`, #{{ title: \"t\", when: |d| d.packages / 2 > n }}); }}"
            ),
            "",
        ),
        (
            "above a rule that calls a function with the mistake",
            format!(
                "fn half(d) {{ d.packages / 2 }}\n{allow}\nrule(\"HALF\", #{{ title: \"t\", when: |d| half(d) > 5 }});"
            ),
            "",
        ),
        (
            "above another rule",
            format!("{allow}\nrule(\"A\", #{{ title: \"t\" }});\n{HALF}"),
            "QF1001 QF1004",
        ),
        ("in a text", format!("let a = `\n{allow}\n`;\n{HALF}"), "QF1001"),
        ("in a comment of lines", format!("/*\n{allow}\n*/\n{HALF}"), "QF1001"),
        ("of another code", format!("// qingfeng: allow QF1002 because it is\n{HALF}"), "QF1001 QF1004"),
        ("of two codes", format!("// Qingfeng: allow QF1001, qf1002 because it is\n{HALF}"), "QF1004"),
        ("of what is not there", format!("// qingfeng: allow QF1504 because it is\n{HALF}"), "QF1001 QF1004"),
        (
            "with signs of Chinese",
            format!("// qingfeng： allow QF1001，QF1003 because 成对\n{HALF}"),
            "QF1004",
        ),
        ("in a sentence", format!("// qingfeng allows this\n// see qingfeng: allow\n{HALF}"), "QF1001"),
        (
            "of an error",
            "// qingfeng: allow QF0101 because\nrule(\"A\", #{ title: \"t\", x: 1 });".into(),
            "QF0101 QF0108",
        ),
        ("of no code", format!("// qingfeng: allow because it is\n{HALF}"), "QF0108 QF1001"),
        (
            "of a code that does not exist",
            format!("// qingfeng: allow QF1011 because\n{HALF}"),
            "QF0108 QF1001",
        ),
        ("without a reason", format!("// qingfeng: allow QF1001\n{HALF}"), "QF0108 QF1001"),
        ("without because", format!("// qingfeng: allow QF1001 pairs are meant\n{HALF}"), "QF0108 QF1001"),
        ("without a colon", format!("// qingfeng allow QF1001 because it is\n{HALF}"), "QF0108 QF1001"),
        ("with another order", format!("// qingfeng: ignore QF1001 because it is\n{HALF}"), "QF0108 QF1001"),
        ("behind something", format!("let a = 1; {allow}\n{HALF}"), "QF0108 QF1001"),
        ("at the end", format!("{HALF}\n{allow}\n"), "QF0108 QF1001"),
    ];
    for (what, rules, expected) in cases {
        let json = with(&rules).run("check harbour --format json").json();
        let mut codes: Vec<&str> = json["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["code"].as_str().unwrap())
            .collect();
        codes.sort_unstable();
        assert_eq!(codes.join(" "), expected, "{what}:\n{rules}\n{json:#}");
    }
}

#[test]
fn comments_that_allow_nothing_are_told() {
    let desk = with(
        "// qingfeng: allow QF1001 because it was so\nrule(\"A\", #{ title: \"t\" });\n\
         // qingfeng: allow QF1001\nrule(\"B\", #{ title: \"t\" });\n\
         // qingfeng: allow QF0101 because I say so\nrule(\"C\", #{ title: \"t\" });\n\
         // qingfeng: allow QF1011 because it is\nrule(\"D\", #{ title: \"t\" });\n\
         // qingfeng: ignore QF1001 because it is\nrule(\"E\", #{ title: \"t\" });\n\
         rule(\"F\", #{ title: \"t\" }); // qingfeng: allow QF1001 because it is\n",
    );
    golden("check-bad-suppressions.txt", &desk.run("check harbour").exits(1).stdout);
}

#[test]
fn comments_of_the_manifest() {
    let desk = Desk::empty();
    let manifest = "[pack]\nname = \"a\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\n\
                    from = 0\n";
    desk.write("pack/pack.toml", manifest);
    assert!(desk.run("check pack").exits(0).stdout.contains("QF1002"));
    desk.write("pack/pack.toml", format!("# qingfeng: allow QF1002 because rules come later\n{manifest}"));
    assert!(desk.run("check pack").exits(0).stdout.contains("1 suppressed"));
}

#[test]
fn any_code_can_be_denied() {
    let desk = with(HALF);
    for (code, deny) in [
        (1, "QF1001"),
        (1, "qf1001"),
        (1, "warnings"),
        (1, "QF1002,warnings"),
        (1, "QF1002 --deny QF1001"),
        (0, "QF1002"),
        (0, "residual"),
        (0, "QF0101"),
        (2, "QF1010"),
        (2, "warning"),
        (2, "everything"),
    ] {
        let ran = desk.run(&format!("check harbour --deny {deny}"));
        assert_eq!(ran.code, code, "--deny {deny}\n{}\n{}", ran.stdout, ran.stderr);
    }
    let refused = desk.run("check harbour --deny warning").exits(2).stderr;
    assert!(refused.contains("did you mean `warnings`?"), "{refused}");
}

#[test]
fn notes_fail_nothing_unless_they_are_denied() {
    let desk = with(
        "rule(\"COUNT\", #{ title: \"t\", when: |d| { let n = 0; while n < 3 { n += 1; } n > d.packages } });",
    );
    let ran = desk.run("check harbour --deny warnings --notes").exits(0);
    assert!(ran.stdout.contains("note[QF1003]") && ran.stdout.contains("valid: 1 note, "), "{}", ran.stdout);
    let quiet = desk.run("check harbour").exits(0).stdout;
    assert!(!quiet.contains("QF1003") && quiet.contains("1 note (see them with --notes)"), "{quiet}");
    desk.run("check harbour --deny QF1003").exits(1);
}

#[test]
fn the_day_for_which_a_pack_is_checked() {
    let desk = Desk::new();
    let day = |args: &str| {
        desk.run(&format!("check harbour --format json {args}")).exits(0).json()["as_of"].clone()
    };
    assert_eq!(day("").as_str().unwrap().len(), "2016-12-31".len());
    assert_eq!(day("--as-of 2017-01-31"), "2017-01-31");
    let manifest = desk.read("harbour/pack.toml");
    desk.write("harbour/pack.toml", format!("{manifest}[check]\nas_of = \"2016-12-31\"\n"));
    assert_eq!(day(""), "2016-12-31");
    assert_eq!(day("--as-of 2017-01-31"), "2017-01-31");
    desk.write("harbour/pack.toml", format!("{manifest}[check]\nas_of = 2016-12-31\n"));
    let ran = desk.run("check harbour").exits(1).stdout;
    assert!(ran.contains("`as_of` must be a text") && ran.contains("\"2016-12-31\""), "{ran}");
    desk.run("check harbour --as-of tomorrow").exits(2);
}
