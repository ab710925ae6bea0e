//! `qingfeng calibrate`: from inspections to a proposal beside the pack.

use std::fmt::Write as _;

use crate::support::{Desk, golden, is_harmful};

const MANIFEST: &str = r#"
[pack]
name    = "quay"
version = "2016.1"   # of January
[schema]
extends = "export"
[score]
combine = "sum"
floor   = 0
cap     = 100
[[channels]]
name = "green"
from = 0
[[channels]]
name = "blue"
from = 20
[[channels]]
name = "red"
from = 50
"#;

const RULES: &str = r#"// Prices: score: 10 in a comment stays.
rule("PRICE", #{
    title: "Cheap",
    score:   10,   // a guess of 2015
    when:  |d| d.value < 300.0,
});
rule("BRAND", #{ title: "No brand, score: 30", when: |d| d.brand == (), score: 30 });
rule("GOODS", #{ title: "Replica", when: |d| d.goods.contains("replica"), score: 10 });
rule("TRUSTED", #{ title: "Heavy", when: |d| d.net_kg > 9000.0, score: -10 });
rule("MANY", #{ title: "Many packages", when: |d| d.packages > 900, score: |d| if d.packages > 2000 { 20 } else { 12 } });
rule("FORCED", #{ title: "Listed", when: |d| d.exporter == "E1", score: 20, at_least: "red" });
rule("SELDOM", #{ title: "Seldom", when: |d| d.packages == 7, score: 15 });
for place in ["1", "2"] {
    rule(`AREA-${place}`, #{ title: "Area", when: |d| d.mode == "0110", score: 4 });
}
"#;

/// Sixty declarations a day for half a year; every fifth is drawn, and those with a high score are targeted.
fn desk() -> Desk {
    let desk = Desk::empty();
    desk.write("quay/pack.toml", MANIFEST);
    desk.write("quay/rules.rhai", RULES);
    desk.write("quay/lookups/note.txt", "kept");
    // Points of today, how often of a hundred it fires, and violations of a hundred that it adds.
    let rules: [(&str, i64, u64, u64); 6] = [
        ("BRAND", 30, 20, 2),
        ("FORCED", 20, 3, 10),
        ("GOODS", 10, 8, 45),
        ("MANY", 12, 10, 10),
        ("PRICE", 10, 30, 20),
        ("TRUSTED", -10, 15, 0),
    ];
    let mut seed = 1_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut files = [String::new(), String::new()];
    files.iter_mut().for_each(|file| *file += "declaration_id,score,channel,rules,pack,declared_on\n");
    let mut plan = String::from(
        "day,office,order,declaration_id,selected,probability,score,channel,cost,stratum,drawn,population,pack\n",
    );
    let mut outcomes = String::from("declaration_id,item_no,found_on,result,waiver\n");
    let mut labels = String::from("declaration_id,declared_on,Fraud\n");
    for at in 0..6_000_u64 {
        let fired: Vec<&(&str, i64, u64, u64)> = rules.iter().filter(|rule| random(100) < rule.2).collect();
        let score = fired.iter().map(|rule| rule.1).sum::<i64>().clamp(0, 100);
        let odds = 4 + fired.iter().map(|rule| rule.3).sum::<u64>();
        let odds = if fired.iter().any(|rule| rule.0 == "TRUSTED") { odds / 3 } else { odds };
        let violates = random(100) < odds;
        let channel = if score >= 50 {
            "red"
        } else if score >= 20 {
            "blue"
        } else {
            "green"
        };
        let day = format!("2016-{:02}-{:02}", 1 + at / 1_000, 1 + at % 1_000 / 40);
        let ids: Vec<&str> = fired.iter().map(|rule| rule.0).collect();
        let file = &mut files[(at % 2) as usize];
        let _ = writeln!(file, "D{at},{score},{channel},{},quay@2016.1#ab,{day}", ids.join(";"));
        let is_targeted = score >= 40;
        if is_targeted || random(5) == 0 {
            let how = if is_targeted { "targeted,1" } else { "random,0.2" };
            let _ = writeln!(plan, "{day},port,{at},D{at},{how},{score},{channel},1,all,1,5,quay@2016.1#ab");
        }
        let result = match (at % 97, violates) {
            (0, _) => ",",
            (1, _) => "waived,W2",
            (_, true) => "fake,",
            (_, false) => "clear,",
        };
        let _ = writeln!(outcomes, "D{at},1,{day},{result}");
        let _ = writeln!(labels, "D{at},{day},{}", u8::from(violates));
    }
    let [first, second] = files;
    desk.write("first.csv", first);
    desk.write("second.csv", second);
    desk.write("plan.csv", plan);
    desk.write("outcomes.csv", outcomes);
    desk.write("labels.csv", labels);
    desk
}

const FOUND: &str = "calibrate first.csv second.csv --rules quay --plan plan.csv --outcomes outcomes.csv";

#[test]
fn a_proposal_beside_the_pack() {
    let desk = desk();
    let ran = desk.run(&format!("{FOUND} -o proposal")).exits(0);
    golden("calibrate.txt", &ran.stdout);
    assert!(
        ran.stdout.contains("qingfeng diff quay proposal DECLARATIONS --html change.html"),
        "{}",
        ran.stdout
    );
    // The pack is as it was; the proposal has other numbers and nothing else.
    assert_eq!((desk.read("quay/rules.rhai"), desk.read("quay/pack.toml")), (RULES.into(), MANIFEST.into()));
    assert_eq!(desk.read("proposal/lookups/note.txt"), "kept");
    let manifest = MANIFEST.replace("\"2016.1\"", "\"2016.1+calibrated\"");
    // Channels begin where as many declarations reach them, unless they are to stay.
    let proposed = desk.read("proposal/pack.toml");
    assert_ne!(proposed, manifest);
    for (before, after) in manifest.lines().zip(proposed.lines()) {
        assert!(before == after || before.starts_with("from = "), "{after}");
    }
    desk.run(&format!("{FOUND} --keep-channels -o kept")).exits(0);
    assert_eq!(desk.read("kept/pack.toml"), manifest);
    let before: Vec<&str> = RULES.lines().collect();
    let rules = desk.read("proposal/rules.rhai");
    let after: Vec<&str> = rules.lines().collect();
    assert_eq!(before.len(), after.len());
    let letters = |line: &str| line.replace(|letter: char| letter.is_ascii_digit() || letter == '-', "");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(letters(before), letters(after), "only numbers change");
    }
    assert!(
        after[3].starts_with("    score:   ") && after[3].ends_with(",   // a guess of 2015"),
        "{}",
        after[3]
    );
    assert_ne!(after[3], before[3]);
    for kept in [after[0], after[10], after[11], after[13]] {
        assert!(RULES.contains(kept), "{kept}");
    }
    // Of the numbers among which a rule chooses the one that was seen is fitted, where it stands.
    assert!(after[9].contains("{ 20 } else { ") && !after[9].contains("{ 12 }"), "{}", after[9]);
    desk.run("check proposal --as-of 2016-12-31").exits(0);
    let diff = desk.run("diff quay proposal --format json").exits(0).stdout;
    assert!(diff.contains("PRICE") && !diff.contains("FORCED"), "{diff}");
    golden("calibrate-proposal.md", &desk.read("proposal/PROPOSAL.md"));
    let json: serde_json::Value =
        serde_json::from_str(&desk.read("proposal/proposal.json")).unwrap_or_default();
    assert_eq!(json["proposed_version"], "2016.1+calibrated");
    assert!(json["totals"]["waived"].as_u64() > Some(0), "{}", json["totals"]);
    let reason = |id: &str| {
        let rules = json["rules"].as_array().cloned().unwrap_or_default();
        rules.into_iter().find(|rule| rule["rule"] == id).map(|rule| rule["reason"].clone())
    };
    for (id, expected) in [
        ("MANY", "computed"),
        ("FORCED", "forced_channel"),
        ("SELDOM", "silent"),
        ("AREA-1", "shared_number"),
        ("GOODS", "fitted"),
    ] {
        assert_eq!(reason(id), Some(expected.into()), "{id}");
    }
    // The proposal of a proposal counts on.
    desk.run(&format!("{} -o again", FOUND.replace("quay", "proposal"))).exits(0);
    assert!(desk.read("again/pack.toml").contains("\"2016.1+calibrated.2\""));
}

#[test]
fn the_same_in_any_order_and_with_labels() {
    let desk = desk();
    let json = |args: &str| desk.run(&format!("{args} --format json")).exits(0).stdout;
    let once = json(FOUND);
    assert_eq!(once, json(&FOUND.replace("first.csv second.csv", "second.csv first.csv")));
    assert!(!desk.has("proposal"), "nothing is written without --output");
    let full = "calibrate first.csv second.csv --rules quay";
    let by_label =
        desk.run(&format!("{full} --outcomes labels.csv --label Fraud --format json")).exits(0).json();
    assert_eq!(by_label["totals"]["judged"], 6_000);
    assert_eq!(by_label["totals"]["effective"].as_f64().map(f64::round), Some(6_000.0));
    let by_outcomes =
        desk.run(&format!("{full} --outcomes outcomes.csv --full --format json")).exits(0).json();
    assert_eq!(by_outcomes["totals"]["open"], 62);
    assert_eq!(by_outcomes["totals"]["waived"], 62);
    let kept = desk.run(&format!("{FOUND} --keep PRICE --until 2016-03-31 --format json")).exits(0).json();
    assert_eq!(kept["totals"]["assessed"], 3_000);
    assert!(kept["rules"].to_string().contains("as_asked"));
}

#[test]
fn what_cannot_be_done_is_said() {
    let desk = desk();
    desk.write("full/file.txt", "");
    desk.write("none.csv", "declaration_id,item_no,found_on,result\n");
    desk.write("clear.csv", desk.read("outcomes.csv").replace(",fake,", ",clear,"));
    desk.write("evil.csv", "declaration_id,Fraud\nD1,\u{1b}[31m\n");
    let labelled = "calibrate first.csv --rules quay --outcomes evil.csv --label Fraud";
    let max = format!("{FOUND} --min 10 --max 5");
    for (code, args, text) in [
        (2, format!("{FOUND} -o full"), "full is not empty; name a directory that is not there yet"),
        (2, format!("{FOUND} -o quay/new"), "lies within the pack or around it"),
        (2, format!("{FOUND} -o plan.csv"), "is there and is no directory"),
        (3, format!("{FOUND} -o nowhere/new"), "the directory of --output cannot be found"),
        (2, format!("{FOUND} --keep PRISE"), "the pack has no active rule `PRISE`; did you mean `PRICE`?"),
        (2, max, "the least points, 10, are more than the most, 5"),
        (2, format!("{FOUND} --penalty 0"), "a penalty of 0 is out of bounds"),
        (2, "calibrate first.csv --rules quay --outcomes outcomes.csv".into(), "--plan"),
        (2, "calibrate first.csv --rules quay --plan plan.csv".into(), "--outcomes"),
        (
            3,
            FOUND.replace("outcomes.csv", "none.csv"),
            "no assessed declaration has an inspection with a coded result",
        ),
        (3, FOUND.replace("outcomes.csv", "clear.csv"), "judged declarations are clear"),
        (3, format!("{FOUND} --support 100000"), "fired on 100000 judged declarations"),
        (3, labelled.into(), "line 2: `Fraud` is `"),
        (3, labelled.replace("Fraud", "Guilt"), "evil.csv: has no column `Guilt`"),
        (4, FOUND.replace("--rules quay", "--rules full"), "pack.toml"),
    ] {
        let ran = desk.run(&args).exits(code);
        assert!(ran.stderr.contains(text), "{args}: {}", ran.stderr);
        assert!(!is_harmful(&ran.stderr), "{args}");
    }
    assert!(!desk.has(".full.partial") && !desk.has("quay/new"));
    // A directory that is empty is taken.
    std::fs::create_dir(desk.path().join("empty")).unwrap_or_default();
    desk.run(&format!("{FOUND} -o empty")).exits(0);
    assert!(desk.has("empty/pack.toml"));
}
