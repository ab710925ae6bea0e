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
