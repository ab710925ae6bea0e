//! `qingfeng explain`.

use crate::support::{DECLARATIONS, Desk, golden, is_harmful, run};

#[test]
fn several_lines_and_a_fault() {
    let ran = Desk::new().run("explain D1 declarations.csv --rules harbour --all").exits(0);
    golden("explain-fault.txt", &ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_ceiling_under_a_floor() {
    golden(
        "explain-limits.txt",
        &Desk::new().run("explain D3 declarations.csv --rules harbour --all").exits(0).stdout,
    );
}

#[test]
fn a_declaration_with_something_unreadable() {
    golden(
        "explain-reject.txt",
        &Desk::new().run("explain D4 declarations.csv --rules harbour --all").exits(0).stdout,
    );
}

#[test]
fn a_declaration_on_which_nothing_fired() {
    golden(
        "explain-nothing.txt",
        &Desk::new().run("explain D2 declarations.csv --rules harbour --all").exits(0).stdout,
    );
}

#[test]
fn a_shadow_rule_and_a_trusted_exporter() {
    golden(
        "explain-shadow.txt",
        &Desk::new().run("explain D5 declarations.csv --rules harbour --all").exits(0).stdout,
    );
}

#[test]
fn the_largest_points_and_the_cap() {
    let desk = Desk::new();
    let manifest = desk.read("harbour/pack.toml");
    desk.write("harbour/pack.toml", manifest.replace("cap = 100", "cap = 40\ncombine = \"max\""));
    golden("explain-max.txt", &desk.run("explain D4 declarations.csv --rules harbour --all").exits(0).stdout);
}

#[test]
fn what_fired_and_what_nearly_did() {
    let desk = Desk::new();
    let mut shown = String::new();
    for id in ["D1", "D2", "D3", "D4", "D5"] {
        let command = format!("explain {id} declarations.csv --rules harbour");
        shown += &format!("$ qingfeng {command}\n{}\n", desk.run(&command).exits(0).stdout);
    }
    golden("explain-short.txt", &shown);
}

#[test]
fn an_explanation_fits_a_screen() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let declarations = root.join("docs/examples/declarations.csv");
    let text = std::fs::read_to_string(&declarations).unwrap();
    let mut ids: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    ids.dedup();
    assert!(ids.len() > 3);
    let desk = Desk::empty();
    for id in ids {
        let mut command = desk.command("explain");
        command.arg(id).arg(&declarations).arg("--rules").arg(root.join("rules/clean-wind"));
        let lines = run(&mut command).exits(0).stdout.lines().count();
        assert!(lines <= 40, "{id}: {lines} lines");
    }
    // Twenty goods lines with several rules each, and more rejects than are shown.
    let desk = Desk::new();
    let mut many = DECLARATIONS.lines().next().unwrap().to_owned() + "\n";
    for item in 1..=30 {
        let quantity = if item % 3 == 0 { "many" } else { "10" };
        many += &format!(
            "D1,{item},2016-03-01,CNKHG,KE,0110,E9,8711209000,motorcycle,,{quantity},10,2000,,no,,red\n"
        );
    }
    desk.write("many.csv", many);
    let shown = desk.run("explain D1 many.csv --rules harbour").exits(0).stdout;
    assert!(shown.lines().count() <= 40 && shown.contains("more line"), "{shown}");
}

#[test]
fn an_explanation_as_data() {
    let json = Desk::new().run("explain D4 declarations.csv --rules harbour --format json").exits(0).json();
    assert_eq!(json["declaration_id"], "D4");
    assert_eq!(json["channel"], "red");
    assert_eq!(json["rejects"][0]["field"], "quantity");
    let item = &json["items"][0];
    assert_eq!((&item["decisive"], &item["unreadable"][0]["value"]), (&true.into(), &"many".into()));
    assert_eq!(
        (&item["undecided"][0]["rule"], &item["undecided"][0]["fires"]),
        (&"PRICE".into(), &false.into())
    );
    assert_eq!((&json["range"]["score_least"], &json["range"]["channel_most"]), (&85.into(), &"red".into()));
    let rules = json["items"][1]["rules"].as_array().unwrap();
    let price = rules.iter().find(|rule| rule["id"] == "PRICE").unwrap();
    assert_eq!(price["fired"], true);
    assert_eq!(price["condition"]["joined"], "and");
}

#[test]
fn it_agrees_with_score() {
    let desk = Desk::new();
    desk.run("generate --lines 200 -o made.ndjson").exits(0);
    let scored = desk.run("score made.ndjson --rules harbour").exits(0).stdout;
    let rows: Vec<serde_json::Value> =
        scored.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for row in rows.iter().step_by(rows.len() / 5) {
        let id = row["declaration_id"].as_str().unwrap();
        let json =
            desk.run(&format!("explain {id} made.ndjson --rules harbour --format json")).exits(0).json();
        for column in ["declaration_id", "score", "channel", "decisive_item"] {
            assert_eq!(json[column], row[column], "{id} {column}");
        }
    }
}

#[test]
fn a_declaration_that_is_not_there() {
    let ran = Desk::new().run("explain D99 declarations.csv --rules harbour").exits(1);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "The inputs have no declaration D99.\n"));
}

#[test]
fn a_declaration_of_which_little_can_be_read() {
    let desk = Desk::new();
    desk.write("bad.csv", "declaration_id,destination,mode,hs\nD1,DE,0110,\nD2,DE,0110,610910\n");
    let ran = desk.run("explain D1 bad.csv --rules harbour").exits(0);
    assert!(ran.stdout.contains("bad.csv, line 2: `hs` is missing"), "{}", ran.stdout);
    // A line without an id is found by its place.
    desk.write("bad.csv", "declaration_id,destination,mode,hs\nbroken\nD2,DE,0110,610910\n");
    let mut command = desk.command("explain");
    command.args(["bad.csv, line 2", "bad.csv", "--rules", "harbour"]);
    let shown = run(&mut command).exits(0).stdout;
    assert!(shown.contains("the line cannot be read, so"), "{shown}");
}

#[test]
fn standard_input() {
    let desk = Desk::new();
    let from_file = desk.run("explain D2 declarations.csv --rules harbour --all").exits(0).stdout;
    assert_eq!(desk.run_with("explain D2 - --rules harbour --all", DECLARATIONS).exits(0).stdout, from_file);
}

#[test]
fn colours_are_for_terminals_and_change_nothing_else() {
    let desk = Desk::new();
    let plain = desk.run("explain D1 declarations.csv --rules harbour --all").exits(0).stdout;
    assert!(!plain.contains('\u{1b}'));
    let mut forced = desk.command("explain D1 declarations.csv --rules harbour --all");
    let coloured = run(forced.env("CLICOLOR_FORCE", "1")).stdout;
    let mut without = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        without += before;
        rest = after.split_once('m').unwrap().1;
    }
    without += rest;
    assert_eq!(without, plain);
}

#[test]
fn what_declarations_hold_cannot_reach_a_terminal() {
    let desk = Desk::new();
    desk.write(
        "hostile.csv",
        "declaration_id,destination,mode,hs,exporter,goods,brand\nD1,DE,0110,871120,E9,\u{1b}[2J\u{202e},\u{9b}\n",
    );
    for format in ["human", "json"] {
        let ran = desk.run(&format!("explain D1 hostile.csv --rules harbour --format {format}")).exits(0);
        assert!(!is_harmful(&ran.stdout), "{:?}", ran.stdout);
    }
}
