//! `qingfeng check`.

use crate::support::{Desk, PASSED_RULES, golden, is_harmful, run};

/// A pack with one mistake of most kinds.
fn mistaken() -> Desk {
    let desk = Desk::new();
    desk.write(
        "harbour/mistakes.rhai",
        "rule(\"MISSPELT\", #{ title: \"t\", when: |d| d.unit_vale < 300.0 });\n\
         rule(\"KINDS\", #{ title: \"t\", when: |d| d.quantity == \"ten\" });\n\
         rule(\"KEYS\", #{ title: \"t\", regoin: \"KE\" });\n\
         rule(\"PLACE\", #{ title: \"t\", region: [\"afrika\"] });\n\
         rule(\"PRICE\", #{ title: \"t\" });\n\
         rule(\"HALF\", #{ title: \"电池 t\", when: |d| d.packages / 2 > d.plates });\n",
    );
    desk.write("harbour/broken.rhai", "rule(\"BROKEN\", #{ title: \"t\"\n");
    desk
}

#[test]
fn a_valid_pack() {
    let ran = Desk::new().run("check harbour").exits(0);
    golden("check-valid.txt", &ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn mistakes_are_drawn_for_people() {
    let ran = mistaken().run("check harbour").exits(1);
    golden("check-mistakes.txt", &ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn mistakes_are_lines_for_editors() {
    let ran = mistaken().run("check harbour --format plain").exits(1);
    golden("check-mistakes-plain.txt", &ran.stdout);
}

#[test]
fn mistakes_are_data_for_programs() {
    let json = mistaken().run("check harbour --format json").exits(1).json();
    assert!(json["pack"].is_null() && json["digest"].is_null());
    let diagnostics = json["diagnostics"].as_array().unwrap();
    assert_eq!(
        json["errors"].as_u64().unwrap() + json["warnings"].as_u64().unwrap(),
        diagnostics.len() as u64
    );
    let misspelt = diagnostics.iter().find(|item| item["code"] == "QF0201").unwrap();
    assert_eq!(misspelt["severity"], "error");
    assert_eq!(misspelt["title"], "there is no field `unit_vale`");
    assert_eq!(misspelt["help"], "did you mean `unit_value`?");
    let label = &misspelt["labels"][0];
    assert_eq!(label["file"], "mistakes.rhai");
    assert_eq!((label["start_line"].as_u64(), label["end_line"].as_u64()), (Some(1), Some(1)));
    assert!(label["start_column"].as_u64() < label["end_column"].as_u64());
    assert!(label["text"].is_string());
}

#[test]
fn a_valid_pack_as_data() {
    let json = Desk::new().run("check harbour --format json").exits(0).json();
    let digest = json["digest"].as_str().unwrap();
    assert_eq!(json["pack"], format!("harbour@3#{digest}"));
    assert_eq!((&json["errors"], &json["warnings"]), (&0.into(), &0.into()));
}

#[test]
fn warnings_are_no_errors() {
    let desk = Desk::new();
    desk.write("harbour/half.rhai", "rule(\"HALF\", #{ title: \"t\", when: |d| d.packages / 2 > 5 });\n");
    golden("check-warning.txt", &desk.run("check harbour").exits(0).stdout);
}

#[test]
fn closures_that_are_left_to_the_interpreter_are_denied() {
    let desk = Desk::new();
    desk.run("check harbour --deny residual").exits(0);
    desk.write("harbour/passed.rhai", PASSED_RULES);
    desk.run("check harbour").exits(0);
    golden("check-residual.txt", &desk.run("check harbour --deny residual").exits(1).stdout);
    let plain = desk.run("check harbour --deny residual --format plain").exits(1).stdout;
    golden("check-residual-plain.txt", &plain);
    let json = desk.run("check harbour --deny residual,residual --format json").exits(1).json();
    assert_eq!(json["errors"], 2);
    let residual: Vec<&serde_json::Value> =
        json["diagnostics"].as_array().unwrap().iter().filter(|item| item["code"] == "QF1003").collect();
    assert!(residual.len() == 2 && residual.iter().all(|item| item["severity"] == "error"), "{json:#}");
    desk.run("check harbour --deny everything").exits(2);
}

#[test]
fn lookup_tables_are_checked() {
    let desk = Desk::new();
    desk.write("harbour/lookups/blacklist.csv", "exporter,listed_on\nE9,yesterday\n");
    golden("check-lookup.txt", &desk.run("check harbour").exits(1).stdout);
}

#[test]
fn a_directory_that_is_not_there() {
    let ran = Desk::empty().run("check nowhere").exits(1);
    golden("check-nowhere.txt", &ran.stdout);
}

#[test]
fn an_empty_rule_file_and_an_empty_manifest() {
    let desk = Desk::empty();
    desk.write("pack/pack.toml", "");
    desk.write("pack/empty.rhai", "");
    golden("check-empty.txt", &desk.run("check pack").exits(1).stdout);
}

#[test]
fn what_authors_write_cannot_reach_a_terminal() {
    let desk = Desk::new();
    desk.write(
        "harbour/hostile.rhai",
        "// \u{1b}[2J\u{9b}2J\u{202e}\r\nrule(\"A\u{1b}[31m\", #{ title: \"\u{9b}2J\", regi\u{9b}on: 1 });\nrule(\"B\", #{ \
         title: \"t\", region: \"\\x1b[2J\\u202e\", when: |d| d.goods == \"\u{1b}]0;\u{7}\u{202e}\" + d.x });\n",
    );
    for format in ["--format human", "--format plain", "--format json", "--format sarif", "--fix --dry-run"] {
        let ran = desk.run(&format!("check harbour {format}")).exits(1);
        assert!(!is_harmful(&ran.stderr), "{format}: {:?}", ran.stderr);
        assert!(!is_harmful(&ran.stdout), "{format}: {:?}", ran.stdout);
    }
}

#[test]
fn colours_are_for_terminals() {
    let desk = mistaken();
    assert!(!desk.run("check harbour").stdout.contains('\u{1b}'));
    let forced = run(desk.command("check harbour").env("CLICOLOR_FORCE", "1"));
    assert!(forced.stdout.contains("\u{1b}["));
    let refused = run(desk.command("check harbour").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!refused.stdout.contains('\u{1b}'));
}
