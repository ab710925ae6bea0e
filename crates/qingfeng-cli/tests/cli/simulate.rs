//! `qingfeng simulate`.

use crate::support::Desk;

/// A simulation of the campaign's pack, small enough for a test.
fn small(more: &str) -> String {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
    format!(
        "simulate --rules {rules} --from 2016-03-27 --days 10 --lines-per-day 200 --seeds 2 --inspections 8 {more}"
    )
}

const ARMS: &str = "--arms random-25,random-0+steady,random-25+explore";

#[test]
fn people_see_arms_differences_months_tactics_and_rules() {
    let ran = Desk::empty().run(&small(ARMS)).exits(0);
    for part in [
        "Simulated trade\n  2016-03-27 to 2016-04-05, 10 days, 200 lines a day, 8 inspections a day, as one office",
        "2 worlds from seed 2016",
        "What each arm found, mean of the worlds",
        "Against random-25, in the same worlds",
        "Violations found of all, month by month",
        "2016-03  2016-04",
        "Exporters who adapt, under random-25, all worlds together",
        "as always",
        "shows the mechanism",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
    assert_eq!(ran.stderr, "");
    let one =
        Desk::empty().run(&small("--arms random-25,random-0").replace("--seeds 2", "--seeds 1")).exits(0);
    assert!(one.stdout.contains("One world says nothing of others"), "{}", one.stdout);
}

#[test]
fn the_seed_alone_decides() {
    let desk = Desk::empty();
    let json = |more: &str| desk.run(&small(&format!("{ARMS} --format json {more}"))).exits(0).stdout;
    let one = json("--threads 1");
    assert!(one == json("--threads 2"), "threads change the figures");
    assert_ne!(one, json("--seed 1"));
    let read: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(read["arms"][1]["arm"], "random-0+steady");
    assert!(read["arms"][0]["difference"].is_null());
    let violations = |arm: usize| read["arms"][arm]["worlds"][1]["counts"]["violations"].as_u64();
    assert!(violations(0) > Some(0));
    assert_eq!(violations(0), violations(1));
}

#[test]
fn two_packs_are_held_against_each_other_on_the_same_trade() {
    let desk = Desk::empty();
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
    let json = desk.run(&small(&format!("--other {rules} --format json"))).exits(0).json();
    assert_eq!(
        (json["arms"][0]["arm"].as_str(), json["arms"][1]["arm"].as_str()),
        (Some("random-10"), Some("random-10+other"))
    );
    // A pack held against itself: nothing differs.
    assert_eq!((&json["pack"], &json["arms"][0]["worlds"]), (&json["other"], &json["arms"][1]["worlds"]));
    let none = desk.run(&small("--arms random-10+other")).exits(2).stderr;
    assert!(none.contains("name it with --other"), "{none}");
}

#[test]
fn a_table_has_each_arm_world_and_month() {
    let desk = Desk::empty();
    desk.run(&small(&format!("{ARMS} -o counts.csv"))).exits(0);
    let table = desk.read("counts.csv");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("arm,seed,month,declarations,disguised,violations"), "{}", lines[0]);
    assert_eq!(lines.len(), 1 + 3 * 2 * 2);
    assert!(lines[1].starts_with("random-25,2016,2016-03,"), "{}", lines[1]);
}

#[test]
fn capacities_can_come_from_a_table() {
    let desk = Desk::empty();
    desk.write("capacity.csv", "site,from,until,inspections\nningbo,,2016-03-31,4\nyiwu,,,2\n");
    let command = small("--arms random-50 --capacity capacity.csv --offices sites --format json");
    let ran = desk.run(&command.replace("--inspections 8", "")).exits(0);
    let read: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let inspections = |month: usize| {
        read["arms"][0]["worlds"][0]["months"][month]["counts"]["inspections"].as_u64().unwrap_or_default()
    };
    assert!(inspections(0) > 0 && inspections(0) <= 5 * 6, "{read}");
    assert!(inspections(1) <= 5 * 2, "{read}");
}

#[test]
fn what_cannot_be_is_told_with_its_remedy() {
    let desk = Desk::empty();
    desk.write("capacity.csv", "site,inspections\nnowhere,4\n");
    desk.write("mixed.csv", "site,inspections,hours\nningbo,4,\nyiwu,,8\n");
    for (code, more, expected) in [
        (2, "--days 367", "1..=366"),
        (2, "--days 300", "within 2016"),
        (2, "--lines-per-day 1000000000", "1..=50000"),
        (2, "--lines-per-day 0", "1..=50000"),
        (2, "--inspections 0", "the inspections of a day are 0"),
        (2, "--seeds 0", "the worlds are 0"),
        (2, "--seeds 1001", "from 1 to 1000"),
        (2, "--adapting 101", "0..=100"),
        (2, "--arms random-5,random-5", "the arm random-5 is there twice"),
        (2, "--arms random-5+sleep", "`sleep` is no part of an arm"),
        (2, "--arms random-5,", "is no part of an arm"),
        (2, "-o counts.xlsx", ".csv"),
        (2, "-o -", "give --output a file"),
        (3, "-o nowhere/counts.csv", "nowhere"),
        (3, "--capacity capacity.csv", "there is no site `nowhere` in the pack"),
        (2, "--capacity mixed.csv", "in another unit"),
        (3, "--capacity missing.csv", "missing.csv"),
    ] {
        let (flag, _) = more.split_once(' ').unwrap();
        // A flag is given once; a table of capacities takes the place of a number.
        let mut command = small("");
        for (own, given) in [
            ("--days 10", "--days"),
            ("--lines-per-day 200", "--lines-per-day"),
            ("--inspections 8", "--inspections"),
            ("--inspections 8", "--capacity"),
            ("--seeds 2", "--seeds"),
        ] {
            if flag == given {
                command = command.replace(own, "");
            }
        }
        let arms = if flag == "--arms" { "" } else { "--arms random-5" };
        let ran = desk.run(&format!("{command} {arms} {more}"));
        assert_eq!(ran.code, code, "{more}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{more}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{more}");
    }
}
