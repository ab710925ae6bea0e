//! `qingfeng learn`.

use std::collections::BTreeMap;

use crate::support::Desk;

/// Goods of 80 days. What is found depends on the goods and on the office together; the exporter tells nothing.
fn desk() -> Desk {
    let desk = Desk::empty();
    desk.write("port/pack.toml", PACK);
    desk.write("port/rules.rhai", RULES);
    let mut dice = 20_160_901_u64;
    let mut below = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let (mut past, mut later) = (HEADER.to_owned(), HEADER.to_owned());
    let mut results = "declaration_id,found_on,result\n".to_owned();
    for at in 0..4_000 {
        let day = at / 50;
        let date = format!("2016-{:02}-{:02}", 6 + day / 28, day % 28 + 1);
        let goods = ["8711209000", "8507600000", "6109100000", "9102110000", "6403999000"][below(5) as usize];
        let (port, exporter) = (["CNSHA", "CNKHG", "CNNGB"][below(3) as usize], below(40));
        let chance = match (goods, port) {
            ("8711209000", "CNKHG") => 70,
            ("8711209000", _) => 20,
            ("9102110000", "CNSHA") => 50,
            _ => 3,
        };
        let found = if below(100) < chance { "fake" } else { "clear" };
        let of = if day < 60 { &mut past } else { &mut later };
        of.push_str(&format!("D{at:05},{date},E{exporter},KE,0110,{port},{goods}\n"));
        results.push_str(&format!("D{at:05},{date},{found}\n"));
    }
    desk.write("past.csv", past);
    desk.write("later.csv", later);
    desk.write("results.csv", results);
    desk.run("trade add past.csv --rules port").exits(0);
    desk
}

const HEADER: &str = "declaration_id,declared_on,exporter,destination,mode,port,hs\n";

const PACK: &str = r#"# qingfeng: allow QF1504 because these tests bring no tests of rules
[pack]
name = "port"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[score]
cap = 1000
[risks.goods]
levels = [["exporter"]]
prior = 0.5
# Kept as it is.
[risks.other]
levels = [["hs2"]]
prior = 0.1
"#;

const RULES: &str = r#"
rule("OTHER", #{ title: "Another risk", score: 1, when: |d| d.other_rate > 0.9 });
"#;

const LEARN: &str = "learn past.csv --judge later.csv --outcomes results.csv --rules port --active";

#[test]
fn a_learned_risk_is_what_planted_findings_follow_and_scores_as_it_is_said() {
    let desk = desk();
    let learned = desk.run(&format!("{LEARN} --format json -o new")).exits(0).json();
    let levels = learned["risk"]["levels"].as_array().unwrap();
    let fields: Vec<String> = levels.iter().map(|level| level["fields"].to_string()).collect();
    let told_by_both = |fields: &String| fields.contains("\"hs") && fields.contains("\"port\"");
    assert!(fields.iter().any(told_by_both), "{fields:?}");
    assert!(fields.iter().all(|fields| !fields.contains("exporter")), "{fields:?}");
    let manifest = desk.read("new/pack.toml");
    assert!(
        manifest.contains(learned["risk"]["toml"].as_str().unwrap()) && !manifest.contains("prior = 0.5")
    );
    assert!(manifest.contains("# Kept as it is.\n[risks.other]"), "{manifest}");
    // With the past in its record the new pack gives later lines the points that were judged.
    desk.run("trade add past.csv --rules new").exits(0);
    let past: String = desk.read("results.csv").lines().take(3_001).map(|line| format!("{line}\n")).collect();
    desk.write("known.csv", past);
    desk.run("trade results --outcomes known.csv --rules new").exits(0);
    desk.run("check new").exits(0);
    desk.run("score later.csv --rules new -o scores.ndjson").exits(0);
    let results = desk.read("results.csv");
    let found: BTreeMap<&str, bool> = results
        .lines()
        .skip(1)
        .map(|line| (line.split(',').next().unwrap(), line.ends_with("fake")))
        .collect();
    let mut scores: Vec<(i64, bool)> = Vec::new();
    for line in desk.read("scores.ndjson").lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        scores.push((row["score"].as_i64().unwrap(), found[row["declaration_id"].as_str().unwrap()]));
    }
    let judged = &learned["with_risk"]["best"][3];
    let best = qingfeng_insight::mine::Judgement::of(scores).unwrap().best[3];
    assert_eq!((judged["lines"].as_u64(), judged["hits"].as_f64()), (Some(best.lines), Some(best.hits)));
    assert!(best.precision > 0.5, "{best:?}");
}

#[test]
fn what_learn_says_does_not_depend_on_threads_and_shows_the_levels() {
    let desk = desk();
    let one = desk.run(&format!("{LEARN} --threads 1")).exits(0).stdout;
    assert_eq!(desk.run(&format!("{LEARN} --threads 2")).exits(0).stdout, one);
    for shown in ["Risk goods\n", "known before", "all goods, ", "the risk ", "all together"] {
        assert!(one.contains(shown), "{shown} is not in\n{one}");
    }
}

#[test]
fn mistakes_name_the_option_and_leave_nothing_behind() {
    let desk = desk();
    desk.write(
        "port/rules.rhai",
        format!("{RULES}rule(\"RISK-GOODS\", #{{ title: \"Mine\", score: 1 }});\n"),
    );
    for (arguments, said) in [
        ("--risk Of-Goods", "--risk: `Of-Goods` cannot name a risk"),
        ("--levels colour", "`colour` is no field"),
        ("--levels port,hs4 -o new", "--risk: the pack has a rule `RISK-GOODS` already"),
        ("-o port", "port is there already"),
    ] {
        let ran = desk.run(&format!("{LEARN} {arguments}"));
        assert!(ran.code != 0 && ran.stderr.contains(said), "{arguments}: {}", ran.stderr);
        assert!(!desk.path().join("new").exists(), "{arguments}");
    }
}
