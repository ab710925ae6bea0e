//! `qingfeng generate`.

use crate::support::Desk;

const FORMATS: [&str; 8] =
    ["csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst", "parquet", "arrow"];

#[test]
fn every_format_holds_the_same_declarations() {
    let desk = Desk::new();
    let mut scored = Vec::new();
    for format in FORMATS {
        let ran = desk.run(&format!("generate --lines 300 --seed 7 -o made.{format}")).exits(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "{format}");
        assert!(!desk.has(&format!("made.{format}.partial")));
        scored.push(desk.run(&format!("score made.{format} --rules harbour")).exits(0).stdout);
    }
    assert!(scored[0].lines().count() > 50);
    for (format, other) in FORMATS.iter().zip(&scored) {
        assert_eq!(other, &scored[0], "{format}");
    }
}

#[test]
fn the_seed_decides_and_outcomes_follow_the_lines() {
    let desk = Desk::empty();
    for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] {
        desk.run(&format!("generate --lines 100 --seed {seed} --outcomes {name}-found.csv -o {name}.csv"))
            .exits(0);
    }
    assert_eq!(desk.read("a.csv"), desk.read("b.csv"));
    assert_ne!(desk.read("a.csv"), desk.read("c.csv"));
    let (lines, found) = (desk.read("a.csv"), desk.read("a-found.csv"));
    assert_eq!((lines.lines().count(), found.lines().count()), (101, 101));
    let id = |line: &str| line.split(',').next().map(str::to_owned);
    assert!(lines.lines().map(id).eq(found.lines().map(id)));
}

#[test]
fn standard_output_takes_ndjson() {
    let ran = Desk::empty().run("generate --lines 5 -o -").exits(0);
    assert_eq!(ran.stdout.lines().count(), 5);
    assert!(ran.stdout.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_month_has_its_days_alone() {
    let desk = Desk::empty();
    desk.run("generate --lines 2000 --from 2016-09-01 --until 2016-09-30 -o month.ndjson").exits(0);
    let text = desk.read("month.ndjson");
    let mut days: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["declared_on"].as_str().unwrap().to_owned())
        .collect();
    assert!(days.is_sorted());
    days.dedup();
    assert_eq!((days.len(), days[0].as_str(), days[29].as_str()), (30, "2016-09-01", "2016-09-30"));
    for days in [
        "--from 2014-12-31 --until 2014-12-31",
        "--from 2015-12-31",
        "--until 2017-01-01",
        "--from 2016-03-01 --until 2016-02-29",
    ] {
        let ran = desk.run(&format!("generate --lines 10 {days} -o month.ndjson")).exits(2);
        assert!(ran.stderr.contains("--from and --until must be days of one year"), "{}", ran.stderr);
    }
    desk.run("generate --lines 10 --from 2016-02-30 -o month.ndjson").exits(2);
}
