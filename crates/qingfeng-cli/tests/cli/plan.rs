//! `qingfeng plan`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as they do")]

use crate::support::{Desk, golden, is_harmful};

const KEY: &str = "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210\n";

const SELECTION: &str = r#"
[selection]
offices = ["border", "port"]
trader = "exporter"
groups = ["motorcycles", "batteries"]
targeted_from = "green"
[selection.mandatory]
tags = ["price"]
[selection.random]
rate = 0.2
[[selection.quotas]]
name = "border"
kind = "border"
count = 1
[selection.cost]
declaration = 10
line = 5
points_per_hour = 60
[[selection.capacity]]
site = "shanghai"
inspections = 2
[[selection.capacity]]
site = "khorgos"
hours = 1
"#;

/// The pack `harbour` with a policy, its declarations all of one day, scored.
fn desk() -> Desk {
    let desk = Desk::new();
    let manifest = desk.read("harbour/pack.toml");
    desk.write("harbour/pack.toml", format!("{manifest}{SELECTION}"));
    let mut declarations = desk.read("declarations.csv");
    for day in 2..=6 {
        declarations = declarations.replace(&format!("2016-03-0{day}"), "2016-03-01");
    }
    desk.write("declarations.csv", declarations);
    desk.write("draw.key", KEY);
    only_mine(&desk, "draw.key");
    desk.run("score declarations.csv --rules harbour -o scored.csv").exits(0);
    desk
}

#[test]
fn a_day_of_two_offices() {
    let desk = desk();
    let plan = "plan scored.csv --rules harbour --key-file draw.key";
    let ran = desk.run(&format!("{plan} -o plan.csv --left-out left.csv --summary summary.json")).exits(0);
    assert_eq!(ran.stdout, "");
    assert!(!is_harmful(&ran.stderr));
    let digest = pack_digest(&desk.read("scored.csv"));
    let shown = format!("{}\n{}\n{}", ran.stderr, desk.read("plan.csv"), desk.read("left.csv"));
    golden("plan.txt", &shown.replace(&digest, "…"));
    let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    assert_eq!(summary["offices"].as_object().unwrap().len(), 2);
    // Whatever the number of threads, and wherever the key comes from.
    desk.run(&format!("{plan} -o again.csv --threads 3")).exits(0);
    assert_eq!(desk.read("again.csv"), desk.read("plan.csv"));
    let mut command = desk.command("plan scored.csv --rules harbour -o third.csv");
    crate::support::run(command.env("QINGFENG_DRAW_KEY", KEY)).exits(0);
    assert_eq!(desk.read("third.csv"), desk.read("plan.csv"));
}

/// Takes a file from the sight of others, where there are any.
fn only_mine(desk: &Desk, file: &str) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let path = desk.path().join(file);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (desk, file);
}

/// The digest of the pack, which every change of it changes.
fn pack_digest(scored: &str) -> String {
    scored.split_once("harbour@3#").unwrap().1.chars().take_while(char::is_ascii_hexdigit).collect()
}

#[test]
fn the_order_and_the_split_of_inputs_change_nothing() {
    let desk = desk();
    let scored = desk.read("scored.csv");
    let (header, rows) = scored.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let (first, second) = rows.split_at(rows.len() / 2);
    let file = |rows: &[&str]| {
        let rows: Vec<&str> = rows.iter().rev().copied().collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    desk.write("one.csv", file(first));
    desk.write("two.csv", file(second));
    desk.run("plan scored.csv --rules harbour --key-file draw.key -o a.csv --left-out al.csv").exits(0);
    desk.run("plan two.csv one.csv --rules harbour --key-file draw.key -o b.csv --left-out bl.csv").exits(0);
    assert_eq!(desk.read("a.csv"), desk.read("b.csv"));
    assert_eq!(desk.read("al.csv"), desk.read("bl.csv"));
}

#[test]
fn strict_tells_of_what_must_be_and_is_not() {
    let desk = desk();
    desk.write("capacity.csv", "site,day,inspections\nshanghai,2016-03-01,0\nkhorgos,2016-03-01,1\n");
    let args = "plan scored.csv --rules harbour --key-file draw.key --capacity capacity.csv -o plan.csv";
    let ran = desk.run(args).exits(0);
    assert!(ran.stderr.contains("must be inspected"), "{}", ran.stderr);
    desk.run(&format!("{args} --strict")).exits(1);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let desk = desk();
    let capacity = |rows: &str| format!("site,day,from,until,weekdays,inspections,hours\n{rows}");
    let mut said = String::new();
    for (name, rows) in [
        ("unknown site", "shanghia,,,,,5,\n"),
        ("twice", "shanghai,2016-03-01,,,,5,\nshanghai,,2016-02-01,,mon-fri,,8\n"),
        ("negative", "shanghai,,,,,-1,\n"),
        ("absurd", "shanghai,,,,,,1e9\n"),
        ("two amounts", "shanghai,,,,,1,1\n"),
        ("no amount", "shanghai,,,,,,\n"),
        ("order", "shanghai,,2016-03-02,2016-03-01,,1,\n"),
        ("weekday", "shanghai,,,,someday,1,\n"),
        ("number", "shanghai,,,,,many,\n"),
    ] {
        desk.write("capacity.csv", capacity(rows));
        let ran =
            desk.run("plan scored.csv --rules harbour --key-file draw.key --capacity capacity.csv -o p.csv");
        said += &format!("{name}: {}", ran.exits(3).stderr);
    }
    desk.write("no-amount.csv", "site\nshanghai\n");
    desk.write("outcomes.csv", "declaration_id,found_on,result\nD1,2016-03-01,nothing\n");
    desk.write("short.key", "abcd\n");
    only_mine(&desk, "short.key");
    for (code, args) in [
        (3, "--key-file draw.key --capacity no-amount.csv"),
        (3, "--key-file draw.key --outcomes outcomes.csv"),
        (3, "--key-file nowhere.key"),
        (3, "--key-file short.key"),
        (2, ""),
        (2, "--key-file draw.key --from 2016-03-02 --until 2016-03-01"),
        (2, "--key-file draw.key --from 0001-01-01"),
    ] {
        let ran = desk.run(&format!("plan scored.csv --rules harbour -o p.csv {args}"));
        said += &format!("{args}: {}", ran.exits(code).stderr);
    }
    assert!(!desk.has("p.csv"));
    golden("plan-errors.txt", &said);
}
