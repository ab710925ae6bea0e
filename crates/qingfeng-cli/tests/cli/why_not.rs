//! `qingfeng why-not`.

use crate::support::{DECLARATIONS, Desk, PASSED_RULES, golden, is_harmful};

/// Lines that miss rules by little, and one that wants to write to a terminal.
const MORE_LINES: &str = "\
D6,1,2016-03-06,CNSHA,KE,0110,E1,8711209000,motorcycle,,10,3,3125,,no,,
D6,2,2016-03-06,CNSHA,KE,0110,E1,8711209000,motorcycle,\u{1b}[2JHAO,10,15,2900,,no,,
D7,1,2015-12-30,CNSHA,NG,0110,E8,8711209000,motorcycle,,10,3,1000,,yes,50,
D\u{202e}8,1,2016-02-01,CNSHA,TZ,0110,E4,8711209000,motorcycle,,10,9,4000,,yes,7,
D9,1,2015-06-01,CNSHA,DE,0110,E9,8507600000,battery,VOLT,3,3,10,,yes,49,
";

const RESIDUAL: &str = r#"
fn down(n) { if n <= 0.0 { 0.0 } else { down(n - 1.0) } }
rule("DOWN", #{ title: "A part for the interpreter", score: 1,
    when: |d| { let n = d.packages + 0.0; d.brand == () && (d.value < 1500.0 || !(down(n) == 0.0 && d.sealed == true)) } });
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("harbour/passed.rhai", PASSED_RULES);
    desk.write("harbour/residual.rhai", RESIDUAL);
    desk.write("made.csv", format!("{DECLARATIONS}{MORE_LINES}"));
    desk
}

#[test]
fn rules_of_every_kind() {
    let desk = desk();
    for rule in ["PRICE", "TRUST", "PARITY", "BORDER", "GONE", "IDEA", "PAST", "LOOPS", "DOWN", "TRIAL"] {
        let ran = desk.run(&format!("why-not {rule} made.csv --rules harbour --limit 4")).exits(0);
        golden(&format!("why-not-{}.txt", rule.to_lowercase()), &ran.stdout);
        assert_eq!(ran.stderr, "");
        assert!(!is_harmful(&ran.stdout), "{rule}");
    }
}

#[test]
fn nothing_to_read() {
    let desk = desk();
    desk.write(
        "bad.csv",
        DECLARATIONS.lines().next().unwrap().to_owned()
            + "\nD4,1,2016-03-04,CNSHA,FJ,0110,E9,8711,m,,many,5,4,,no,,\n",
    );
    golden("why-not-nothing.txt", &desk.run("why-not PRICE bad.csv --rules harbour").exits(0).stdout);
}

#[test]
fn as_data() {
    let desk = desk();
    desk.write("more.csv", desk.read("made.csv").replace("\nD", "\nE"));
    let run = |threads: u8| {
        let args =
            format!("why-not PRICE made.csv more.csv --rules harbour --format json --threads {threads}");
        desk.run(&args).exits(0)
    };
    let json = run(1).json();
    assert_eq!(json, run(3).json());
    assert_eq!((&json["rule"], &json["status"]), (&"PRICE".into(), &"active".into()));
    assert_eq!(json["stages"][0]["name"], "validity");
    assert_eq!(json["condition"]["joined"], "all");
    assert_eq!(json["condition"]["parts"][0]["text"], "d.brand == ()");
    let miss = &json["misses"][0];
    assert_eq!(
        (&miss["declaration_id"], &miss["item_no"], &miss["failed"]),
        (&"D7".into(), &1.into(), &1.into())
    );
    assert_eq!(miss["parts"][0]["text"], "validity");
    let none = desk.run("why-not PRICE made.csv --rules harbour --format json --limit 0").exits(0).json();
    assert_eq!(none["misses"].as_array().map(Vec::len), Some(0));
}

#[test]
fn it_agrees_with_score() {
    let desk = desk();
    desk.run("generate --lines 3000 -o many.csv").exits(0);
    desk.run("score many.csv --rules harbour -o out.csv --summary summary.json").exits(0);
    let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    for (rule, count) in summary["rules"].as_object().unwrap() {
        let why = desk.run(&format!("why-not {rule} many.csv --rules harbour --format json")).exits(0).json();
        assert_eq!((&why["fired"], &why["faults"]), (&count["fired"], &count["faults"]), "{rule}");
        assert_eq!(why["lines"], 3000);
    }
}

#[test]
fn a_rule_that_is_not_there() {
    let ran = desk().run("why-not PRIZE made.csv --rules harbour").exits(2);
    assert!(ran.stderr.contains("there is no rule `PRIZE`; did you mean `PRICE`?"), "{}", ran.stderr);
}
