//! `qingfeng watch` over evidence and declarations in which something is planted.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Desk, golden, is_harmful};

const WATCH: &str = "watch assessments.csv --plan plan.csv --outcomes outcomes.csv";

/// The day so many days after 1 January 2016.
fn day(at: usize) -> String {
    let months = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut day = at;
    for (month, days) in months.iter().enumerate() {
        if day < *days {
            return format!("2016-{:02}-{:02}", month + 1, day + 1);
        }
        day -= days;
    }
    panic!("day {at} is not in 2016")
}

/// Assessments, plan and outcomes: one of three sites inspects a fifth of what the others do, and another sends no
/// results in May.
fn evidence(desk: &Desk) {
    let mut assessments = String::from("declaration_id,score,channel,rules,pack,declared_on,sites\n");
    let mut plan: Vec<String> = Vec::new();
    let mut outcomes = String::from("declaration_id,item_no,found_on,result\n");
    for at in 0..900 {
        let (id, on) = (format!("D{at:04}"), day(at / 6));
        let site = ["ningbo", "shanghai", "yantian"][at % 3];
        let score = 40 + at % 2 * 20;
        let _ = writeln!(assessments, "{id},{score},red,PRICE,harbour@3#ab,{on},{site}");
        let turn = at / 3 % 10;
        if turn >= if site == "yantian" { 1 } else { 5 } {
            continue;
        }
        let order = at % 6 / 3 + 1;
        plan.push(format!("{on},{site},{order},{id},targeted,1,{score},red,1,harbour@3#ab\n"));
        let is_found = at / 3 % 4 == 0;
        if site != "shanghai" || at < 720 {
            let _ = writeln!(outcomes, "{id},1,{on},{}", if is_found { "fake" } else { "clear" });
        } else if at % 2 == 0 {
            let _ = writeln!(outcomes, "{id},1,{on},");
        }
    }
    desk.write("assessments.csv", assessments);
    plan.sort();
    let header = "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n";
    desk.write("plan.csv", header.to_owned() + &plan.concat());
    desk.write("outcomes.csv", outcomes);
}

/// Motorcycles without a brand that leave Shanghai for Ningbo when a rule for Shanghai comes into force on 1 April, and
/// market procurement split under its limit.
fn declarations(desk: &Desk) {
    desk.write(
        "harbour/reference/sites.toml",
        "[khorgos]\ntitle = \"Khorgos\"\nkind = \"border\"\nmembers = [\"CNKHG\"]\n[shanghai]\ntitle = \"Shanghai\"\n\
         kind = \"port\"\nmembers = [\"CNSHA\"]\n[ningbo]\ntitle = \"Ningbo\"\nkind = \"port\"\nmembers = [\"CNNGB\"]\n",
    );
    desk.write(
        "harbour/april.rhai",
        "rule(\"APRIL\", #{ title: \"Motorcycles without a brand, Shanghai\", site: [\"shanghai\"], \
         commodity: [\"motorcycles\"], from: \"2016-04-01\", score: 40, when: |d| d.brand == () });\n",
    );
    let mut lines = String::from(
        "declaration_id,item_no,declared_on,port,destination,mode,exporter,hs,brand,quantity,value\n",
    );
    for at in 0..1_800 {
        let on = day(at / 10);
        let mut port = if at % 2 == 0 { "CNSHA" } else { "CNNGB" };
        let (hs, brand) = if at % 5 < 2 { ("8711209000", "") } else { ("6109100000", "PLAIN") };
        if hs.starts_with("8711") && at >= 910 && at % 20 != 0 {
            port = "CNNGB";
        }
        let exporter = at * 7 % 40;
        let _ = writeln!(
            lines,
            "D{at:04},1,{on},{port},KE,0110,E{exporter:02},{hs},{brand},10,{}",
            900 + at % 100
        );
        let value = if at % 3 == 0 { 140_000 + at % 100 * 90 } else { 60_000 + at * 37 % 75_000 };
        let _ = writeln!(lines, "M{at:04},1,{on},CNNGB,KE,1039,E{exporter:02},6109100000,PLAIN,10,{value}");
    }
    desk.write("trade.csv", lines);
}

fn kinds(answer: &Value) -> Vec<(String, String)> {
    let signs = answer["signs"].as_array().expect("signs").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    signs.map(|sign| (text(&sign["kind"]), text(&sign["subject"]))).collect()
}

#[test]
fn planted_signs_are_told() {
    let desk = Desk::new();
    evidence(&desk);
    let human = desk.run(&format!("{WATCH} --late 10 --limit 3")).exits(0);
    golden("watch.txt", &human.stdout);
    let answer = desk.run(&format!("{WATCH} --late 10 --format json --strict")).exits(1).json();
    let kinds = kinds(&answer);
    for wanted in [("unequal-treatment", "yantian"), ("open", "shanghai")] {
        assert!(
            kinds.contains(&(wanted.0.to_owned(), wanted.1.to_owned())),
            "{wanted:?} is not in {kinds:?}"
        );
    }
    let open = &answer["open"]["sites"][1];
    assert_eq!((open["nothing"].as_u64(), open["uncoded"].as_u64()), (Some(18), Some(12)), "{open}");
}

#[test]
fn trade_that_moves_and_trade_under_a_limit_is_told() {
    let desk = Desk::new();
    evidence(&desk);
    declarations(&desk);
    let command = format!("{WATCH} --rules harbour --declarations trade.csv");
    let human = desk.run(&format!("{command} --limit 3")).exits(0);
    golden("watch-trade.txt", &human.stdout);
    let json = desk.run(&format!("{command} --format json --threads 1")).exits(0);
    let kinds = kinds(&json.json());
    for wanted in [("displacement", "APRIL"), ("just-under-limit", "1039")] {
        assert!(
            kinds.contains(&(wanted.0.to_owned(), wanted.1.to_owned())),
            "{wanted:?} is not in {kinds:?}"
        );
    }
    // Neither threads nor the order of declarations and rows change anything.
    let mut rows: Vec<String> = desk.read("trade.csv").lines().map(str::to_owned).collect();
    rows[1..].reverse();
    desk.write("turned.csv", rows.join("\n"));
    let mut rows: Vec<String> = desk.read("assessments.csv").lines().map(str::to_owned).collect();
    rows[1..].reverse();
    desk.write("assessments.csv", rows.join("\n"));
    let turned =
        desk.run(&format!("{WATCH} --rules harbour --declarations turned.csv --format json --threads 3"));
    assert_eq!(turned.exits(0).stdout, json.stdout);
    // A rule without a first day, from a day of the user's.
    let named = desk.run(&format!("{command} --rule TRIAL --since 2016-03-01 --format json")).exits(0).json();
    assert_eq!(named["displacement"][0]["rule"], "TRIAL");
    assert_eq!(named["displacement"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_wrong_is_said_with_its_remedy() {
    let desk = Desk::new();
    evidence(&desk);
    declarations(&desk);
    desk.write("evil.csv", "declaration_id,score,channel,rules,pack,declared_on,sites\n\u{1b}[31mD,1,red,\u{1b}]0;R,p,2016-01-01,\u{202e}s\n");
    desk.write(
        "evil-plan.csv",
        "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n2016-01-01,\u{202e}s,1,\u{1b}[31mD,targeted,1,1,red,1,p\n",
    );
    let trade = format!("{WATCH} --rules harbour --declarations trade.csv");
    for (args, code, wanted) in [
        (format!("{trade} --rule NONE --since 2016-03-01"), 2, "there is no rule `NONE`"),
        (format!("{trade} --rule TRIAL"), 2, "--since"),
        (format!("{trade} --rule TRIAL --rule BLACK --since 2016-03-01"), 2, "give each rule its own day"),
        (format!("{trade} --value-limit 1039"), 2, "1039=150000"),
        (format!("{trade} --value-limit 1039=NaN"), 2, "1039=150000"),
        (format!("{trade} --false-discovery-rate 2"), 2, "0.05"),
        (format!("{trade} --window 7"), 2, "28"),
        (format!("{WATCH} --declarations trade.csv"), 2, "--rules"),
        ("watch nothing.csv --plan plan.csv --outcomes outcomes.csv".to_owned(), 3, "nothing.csv"),
        (format!("{WATCH} --rules nowhere"), 4, "nowhere"),
    ] {
        let ran = desk.run(&args).exits(code);
        assert!(ran.stderr.contains(wanted), "{args}\n{}", ran.stderr);
    }
    let evil = desk
        .run("watch evil.csv --plan evil-plan.csv --outcomes outcomes.csv --late 0 --as-of 2016-06-01")
        .exits(0);
    assert!(evil.stdout.contains("[31mD") && !is_harmful(&evil.stdout), "{}", evil.stdout);
}
