//! `qingfeng mine`.

use std::collections::BTreeMap;

use crate::support::{Desk, is_harmful};

/// Numbers that look drawn, the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

const HEADER: &str = "declaration_id,item_no,declared_on,port,destination,mode,exporter,hs,goods,brand,quantity,value,Found,Seal\n";

/// What is planted: how likely a finding is, in a hundred.
fn planted(destination: &str, mode: &str, hs: &str, goods: &str) -> u64 {
    let joint = hs.starts_with("8711") && mode == "4019";
    5 + if destination == "NG" { 15 } else { 0 }
        + if joint { 50 } else { 0 }
        + if goods.contains("replica") { 40 } else { 0 }
}

/// Lines of 100 days of 2016, with a label that follows what is planted, or nothing.
fn lines(seed: u64, count: u64, noise: bool) -> Vec<String> {
    let mut dice = Dice(seed);
    let line = |at: u64| {
        let day = at * 100 / count;
        let (month, day) = (day / 25 + 1, day % 25 + 1);
        let port = dice.one_of(&["CNSHA", "CNKHG", "CNNGB"]);
        let destination = dice.one_of(&["KE", "TZ", "NG", "DE", "KZ", "FJ", "US", "FR"]);
        let mode = dice.one_of(&["0110", "4019", "1039"]);
        let hs = dice.one_of(&["8711209000", "8507600000", "610910", "9102110000", "640399", "950300"]);
        let goods = dice.one_of(&[
            "motorcycle",
            "replica watch",
            "plain shirts",
            "toys",
            "shoes, leather",
            "lithium cells",
        ]);
        let brand = dice.one_of(&["", "HAO", "VOLT", "DELI"]);
        let (quantity, value) = (dice.below(500) + 1, dice.below(90_000) + 100);
        let chance = if noise { 20 } else { planted(destination, mode, hs, goods) };
        let found = u8::from(dice.below(100) < chance);
        let seal = if found == 1 { "CUT" } else { dice.one_of(&["", "A", "B"]) };
        format!(
            "D{at:05},1,2016-{month:02}-{day:02},{port},{destination},{mode},E{},{hs},\"{goods}\",{brand},{quantity},{value},{found},{seal}",
            dice.below(300)
        )
    };
    (0..count).map(line).collect()
}

fn desk(rows: &[String]) -> Desk {
    let desk = Desk::new();
    desk.write("history.csv", HEADER.to_owned() + &rows.join("\n") + "\n");
    desk
}

const MINE: &str = "mine history.csv --label Found --rules harbour --until 2016-03-20";

#[test]
fn planted_patterns_are_found_confirmed_and_worth_what_is_said() {
    let desk = desk(&lines(1, 6000, false));
    let mined = desk.run(&format!("{MINE} --format json -o new")).exits(0).json();
    let rules = mined["rules"].as_array().unwrap();
    let said: Vec<String> = rules.iter().map(|rule| rule["rhai"].as_str().unwrap().to_owned()).collect();
    let any = |parts: &[&str]| said.iter().any(|rule| parts.iter().all(|part| rule.contains(part)));
    for parts in
        [&["region: [\"NG\"]"][..], &["d.goods.has_word(\"replica\")"], &["[\"4019\"]", "[\"motorcycles\"]"]]
    {
        assert!(any(parts), "no rule has {parts:?} in\n{}", said.join("\n"));
    }
    assert!(rules.len() <= 20, "{}", said.join("\n"));
    let best = mined["judgement"]["best"].as_array().unwrap();
    assert!(best[3]["precision"].as_f64().unwrap() > 0.5, "{best:?}");

    desk.run("check new").exits(0);
    // What is said of held-out lines is what scoring them shows.
    let later: Vec<String> = desk
        .read("history.csv")
        .lines()
        .skip(1)
        .filter(|line| line.split(',').nth(2) > Some("2016-03-20"))
        .map(str::to_owned)
        .collect();
    desk.write("later.csv", HEADER.to_owned() + &later.join("\n") + "\n");
    desk.run("score later.csv --rules new --by item -o later.ndjson").exits(0);
    let found: BTreeMap<&str, bool> = later
        .iter()
        .map(|line| (line.split(',').next().unwrap(), line.rsplit(',').nth(1) == Some("1")))
        .collect();
    let mut counted: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for line in desk.read("later.ndjson").lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        for rule in row["shadow_rules"].as_array().unwrap() {
            let count = counted.entry(rule.as_str().unwrap().to_owned()).or_default();
            count.0 += 1;
            count.1 += u64::from(found[row["declaration_id"].as_str().unwrap()]);
        }
    }
    for rule in rules {
        let count = counted.get(rule["id"].as_str().unwrap()).copied().unwrap_or_default();
        let said = &rule["held_out"];
        assert_eq!((said["lines"].as_u64(), said["hits"].as_u64()), (Some(count.0), Some(count.1)), "{rule}");
    }
    assert_eq!(mined["held_out"]["lines"], later.len());
}

#[test]
fn nothing_is_proposed_from_noise_but_for_few_seeds() {
    let proposed: Vec<u64> = (1..=20)
        .filter(|&seed| {
            let desk = desk(&lines(seed, 2000, true));
            let mined = desk.run(&format!("{MINE} --format json")).exits(0).json();
            !mined["rules"].as_array().unwrap().is_empty()
        })
        .collect();
    // One in twenty is expected; four or more of twenty come about with a chance of 1.6 %.
    assert!(proposed.len() <= 3, "seeds with rules from noise: {proposed:?}");
}

#[test]
fn neither_threads_nor_the_order_of_rows_change_anything() {
    let mut rows = lines(2, 3000, false);
    let first = desk(&rows);
    let one = first.run(&format!("{MINE} --format json --threads 1")).exits(0).stdout;
    assert_eq!(first.run(&format!("{MINE} --format json --threads 3")).exits(0).stdout, one);
    let mut dice = Dice(7);
    for at in (1..rows.len()).rev() {
        rows.swap(at, dice.below(at as u64 + 1) as usize);
    }
    assert_eq!(desk(&rows).run(&format!("{MINE} --format json")).exits(0).stdout, one);
}

#[test]
fn results_are_no_fields_and_what_looks_like_one_is_a_draft() {
    let desk = desk(&lines(3, 4000, false));
    let manifest = desk.read("harbour/pack.toml");
    let field = |name: &str, columns: &str| {
        format!("\n[schema.fields.{name}]\nkind = \"code\"\ntitle = \"planted\"\ncolumns = [\"{columns}\"]\n")
    };
    // The label itself as a field.
    desk.write("harbour/pack.toml", manifest.clone() + &field("hit", "Found"));
    let refused = desk.run(MINE).exits(2).stderr;
    assert!(refused.contains("is read as the field `hit` of the pack"), "{refused}");
    // A field with the name of a result.
    desk.write("harbour/pack.toml", manifest.clone() + &field("disposal", "Seal"));
    let mined = desk.run(&format!("{MINE} --format json")).exits(0).json();
    assert!(!mined["rules"].to_string().contains("disposal"), "{mined}");
    assert!(mined["left_out"].to_string().contains("\"disposal\""), "{mined}");
    // A field that nobody can know for a result but by what it finds.
    desk.write("harbour/pack.toml", manifest + &field("seal", "Seal"));
    let mined = desk.run(&format!("{MINE} --format json --active -o leaky.rhai")).exits(0).json();
    let leak = mined["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["rhai"].to_string().contains("d.seal == \\\"CUT"));
    let leak = leak.unwrap_or_else(|| panic!("{mined}"));
    assert!(leak["suspicious"].as_str().unwrap().contains("Looks like a result, not a cause"), "{leak}");
    let written = leak["rhai"].as_str().unwrap();
    assert!(written.contains("status: \"draft\"") && desk.read("leaky.rhai").contains(written), "{written}");
    let shown = desk.run(MINE).exits(0).stdout;
    assert!(shown.contains("Looks like a result, not a cause"), "{shown}");
}

#[test]
fn parties_are_named_only_where_that_is_asked_for() {
    let mut rows = lines(4, 3000, true);
    // One exporter with findings alone, often.
    for row in rows.iter_mut().step_by(20) {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells[6] = "E777";
        let at = cells.len() - 2;
        cells[at] = "1";
        *row = cells.join(",");
    }
    let desk = desk(&rows);
    let plain = desk.run(&format!("{MINE} --format json")).exits(0).stdout;
    assert!(!plain.contains("E777"), "{plain}");
    let asked = desk.run(&format!("{MINE} --parties --format json")).exits(0).stdout;
    assert!(asked.contains("d.exporter == \\\"E777\\\""), "{asked}");
}

#[test]
fn outcomes_of_inspections_serve_as_labels() {
    let rows = lines(5, 3000, false);
    let desk = desk(&rows);
    let mut outcomes = String::from("declaration_id,item_no,found_on,result\n");
    for row in &rows {
        let result = if row.rsplit(',').nth(1) == Some("1") { "counterfeit" } else { "clear" };
        outcomes += &format!("{},1,2016-12-01,{result}\n", row.split(',').next().unwrap());
    }
    desk.write("outcomes.csv", &outcomes);
    let (before, after) = outcomes.split_once("result").unwrap();
    let result = b"\xb2\xe9\xd1\xe9\xbd\xe1\xb9\xfb";
    desk.write("gb.csv", [before.as_bytes(), result, after.as_bytes()].concat());
    desk.run(
        "outcome import outcomes.csv --declarations history.csv --rules harbour --author Li --backfill \
         --store sqlite:s.db",
    )
    .exits(0);
    let mine = "mine history.csv --rules harbour --until 2016-03-20 --format json";
    let by_label = desk.run(&format!("{mine} --label Found")).exits(0).stdout;
    for results in [
        "--outcomes outcomes.csv",
        "--outcomes outcomes.csv --as-of 2016-12-01",
        "--outcomes gb.csv --encoding gb18030",
        "--store sqlite:s.db",
        "--label Found --store sqlite:s.db",
    ] {
        assert_eq!(desk.run(&format!("{mine} {results}")).exits(0).stdout, by_label, "{results}");
    }
    for earlier in ["--outcomes outcomes.csv --as-of 2016-11-30", "--store sqlite:s.db --as-of 2016-11-30"] {
        let refused = desk.run(&format!("{mine} {earlier}")).exits(3).stderr;
        assert!(refused.contains("no line has a result in the outcomes"), "{refused}");
    }
}

#[test]
fn cold_lines_share_nothing_with_what_is_judged() {
    let rows = lines(6, 3000, false);
    let desk = desk(&rows);
    let mined =
        desk.run(&format!("{MINE} --cold destination,hs,exporter --parties --format json")).exits(0).json();
    let key = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        (cells[4].to_owned(), cells[6].to_owned(), cells[7].to_owned())
    };
    let is_late = |row: &&String| row.split(',').nth(2) > Some("2016-03-20");
    let late: std::collections::BTreeSet<_> = rows.iter().filter(is_late).map(|row| key(row)).collect();
    let dropped = rows.iter().filter(|row| !is_late(row) && late.contains(&key(row))).count();
    assert!(dropped > 100);
    assert_eq!(mined["dropped"], dropped);
    assert!(mined["as_it_is"]["best"].is_array());
    let wrong = desk.run(&format!("{MINE} --cold colour")).exits(2).stderr;
    assert!(wrong.contains("`colour` is no field that conditions may be on; these are:"), "{wrong}");
}

#[test]
fn a_code_that_a_key_does_not_take_becomes_a_condition() {
    // In this pack only countries that a group lists may stand in `region`. AZ is in none.
    let pack = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/import-fraud");
    let desk = Desk::new();
    let mut dice = Dice(11);
    let mut rows = String::from(
        "Declaration ID,Date,Import Type,Importer ID,HS6 Code,Country of Departure,Tax Rate,Net Mass,Item Price,Fraud\n",
    );
    for at in 0..3_000 {
        let departure = dice.one_of(&["AZ", "CN", "FR", "US"]);
        let is_found = dice.below(100) < if departure == "AZ" { 60 } else { 10 };
        let (mass, price) = (dice.below(900) + 1, dice.below(90_000) + 1);
        let (month, day) = (at / 250 + 1, at % 28 + 1);
        rows += &format!(
            "{at},2020-{month:02}-{day:02},11,I{},610910,{departure},8,{mass},{price},{}\n",
            dice.below(400),
            u8::from(is_found)
        );
    }
    desk.write("history.csv", rows);
    let command =
        format!("mine history.csv --label Fraud --rules {} --until 2020-10-31 -o new", pack.display());
    desk.run(&command).exits(0);
    let mined = desk.read("new/mined.rhai");
    assert!(mined.contains("d.departure == \"AZ\""), "{mined}");
    desk.run("check new").exits(0);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let mut rows = lines(8, 400, false);
    let desk = desk(&rows);
    desk.write("there/pack.toml", "");
    for (args, code, said) in [
        ("mine history.csv --rules harbour", 2, "--outcomes"),
        ("mine history.csv --label Found --outcomes history.csv --rules harbour", 2, "cannot be used with"),
        ("mine history.csv --label Nowhere --rules harbour", 3, "no line has a label"),
        ("mine history.csv --label value --rules harbour", 2, "is read as the field `value`"),
        ("mine history.csv --label Found --rules harbour --until 2015-01-01", 2, "give a later --until"),
        ("mine history.csv --label Found --rules harbour --conditions 4", 2, "--conditions"),
        ("mine history.csv --label Found --rules harbour -o there", 2, "is there already"),
        ("mine history.csv --label Found --rules harbour -o history.csv", 2, "would overwrite the input"),
        ("mine history.csv --label Found --rules harbour --prefix a/b", 2, "ids begin with"),
        ("mine history.csv --label Found --rules nowhere", 4, ""),
    ] {
        let ran = desk.run(args).exits(code);
        assert!(ran.stderr.contains(said), "{args}\n{}", ran.stderr);
    }
    rows[7] = rows[7].rsplitn(3, ',').last().unwrap().to_owned() + ",perhaps\u{1b}[31m,A";
    desk.write("history.csv", HEADER.to_owned() + &rows.join("\n") + "\n");
    let wrong = desk.run(MINE).exits(3).stderr;
    assert!(wrong.contains("history.csv: line 9: the label is `perhaps"), "{wrong}");
    assert!(!is_harmful(&wrong), "{wrong:?}");
}

#[test]
fn hostile_codes_are_quoted_or_left_alone() {
    let mut rows = lines(9, 3000, true);
    let codes = ["\"A\"\"B\\\"", "`${x}`", "\"x\n// y\"", "\u{202e}evil", "a\u{7}b", "*/ }); //"];
    for (at, row) in rows.iter_mut().enumerate().filter(|(at, _)| at % 3 == 0) {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        cells[3] = codes[at / 3 % codes.len()].to_owned();
        let label = cells.len() - 2;
        cells[label] = u8::from(at % 7 > 0).to_string();
        *row = cells.join(",");
    }
    let desk = desk(&rows);
    let ran = desk.run(&format!("{MINE} -o new")).exits(0);
    assert!(!is_harmful(&ran.stdout), "{:?}", ran.stdout);
    let text = desk.read("new/mined.rhai");
    assert!(!is_harmful(&text) && text.contains("rule("), "{text:?}");
    desk.run("check new").exits(0);
    let count = text.matches("\nrule(").count();
    let rules = desk.run("rules new --format json").exits(0).stdout;
    assert_eq!(rules.matches("\"MINED-").count(), count, "{text}\n{rules}");
}

/// Lines of 100 days with findings on 2.3 % of them, and on 30 % of the goods for one of 36 countries. With `noise` on 3 %
/// of all.
fn rare(seed: u64, count: u64, noise: bool) -> Vec<String> {
    const COUNTRIES: [&str; 36] = [
        "KE", "TZ", "NG", "DE", "KZ", "FJ", "US", "FR", "GH", "EG", "MA", "ZA", "ES", "IT", "NL", "PL", "TR",
        "SA", "AE", "IN", "ID", "VN", "TH", "MY", "SG", "JP", "KR", "AU", "BR", "AR", "CL", "PE", "MX", "CA",
        "GB", "RU",
    ];
    let mut dice = Dice(seed);
    let line = |at: u64| {
        let day = at * 100 / count;
        let (month, day) = (day / 25 + 1, day % 25 + 1);
        let destination = dice.one_of(&COUNTRIES);
        let hs =
            dice.one_of(&["871120", "850760", "610910", "910211", "640399", "950300", "420221", "330300"]);
        let mode = dice.one_of(&["0110", "4019", "1039"]);
        let goods = dice.one_of(&["parts", "shoes", "plain shirts", "toys", "cells", "travel bags"]);
        let brand = dice.one_of(&["", "HAO", "VOLT", "DELI"]);
        let (quantity, value) = (dice.below(500) + 1, dice.below(90_000) + 100);
        let chance = match (noise, destination) {
            (true, _) => 30,
            (_, "NG") => 300,
            _ => 23,
        };
        let found = u8::from(dice.below(1_000) < chance);
        format!(
            "D{at:05},1,2016-{month:02}-{day:02},CNSHA,{destination},{mode},E{},{hs},{goods},{brand},{quantity},{value},{found},",
            dice.below(300)
        )
    };
    (0..count).map(line).collect()
}

#[test]
fn what_leads_to_findings_is_confirmed_where_they_are_rare() {
    for seed in 1..=6 {
        let desk = desk(&rare(seed, 6_700, false));
        let mined = desk.run("mine history.csv --label Found --rules harbour --format json").exits(0).json();
        let rules = mined["rules"].as_array().unwrap();
        let hits = mined["learned"]["hits"].as_u64().unwrap();
        assert!((150..=250).contains(&hits), "{hits}");
        // It is one rule, with points that say what it is worth: 2.9 of log odds are 70.
        let of_nigeria: Vec<_> =
            rules.iter().filter(|rule| rule["title"].to_string().contains("NG")).collect();
        let [rule] = of_nigeria[..] else { panic!("seed {seed}: {of_nigeria:#?}") };
        assert_eq!(rule["conditions"].as_array().unwrap().len(), 1, "seed {seed}: {rule}");
        assert!(rule["points"].as_i64() >= Some(40), "seed {seed}: {rule}");
        assert!(rule["confirmed"]["lines"].as_u64() > Some(50), "seed {seed}: {rule}");
    }
}

#[test]
fn nothing_is_proposed_from_noise_where_findings_are_rare() {
    let proposed: Vec<u64> = (1..=20)
        .filter(|&seed| {
            let desk = desk(&rare(seed, 3_000, true));
            let mined = desk.run(&format!("{MINE} --format json")).exits(0).json();
            mined["confirmed"].as_u64() > Some(0)
        })
        .collect();
    assert!(proposed.len() <= 3, "seeds with patterns from noise: {proposed:?}");
}

const NIGERIA: &str = r#"
// qingfeng: allow QF1401, QF1601 because it is for a test
rule("NG", #{ title: "Nigeria", score: 5, when: |d| d.destination == "NG" });
"#;

#[test]
fn what_the_pack_says_is_not_mined_again() {
    let desk = desk(&lines(1, 6000, false));
    let about_nigeria = |mined: &serde_json::Value| {
        let rules = mined["rules"].as_array().unwrap().clone();
        rules.iter().filter(|rule| rule["rhai"].to_string().contains("\\\"NG\\\"")).count()
    };
    let mined = |more: &str| desk.run(&format!("{MINE} --format json {more}")).exits(0).json();
    // The pack says nothing of it: it is found.
    assert_eq!(about_nigeria(&mined("")), 1);
    // It says so, with points that are far too low: what it finds counts, not what it is given.
    desk.write("harbour/nigeria.rhai", NIGERIA);
    let beside = mined("");
    assert_eq!(about_nigeria(&beside), 0, "{beside}");
    // What it does not say is found as before.
    assert!(beside["rules"].to_string().contains("replica"), "{beside}");
    assert!(beside["beside"]["both"]["best"].is_array(), "{beside}");
    let shown = desk.run(MINE).exits(0).stdout;
    assert!(shown.contains(" active rules of the pack: what they say is not proposed again"), "{shown}");
    assert_eq!(about_nigeria(&mined("--alone")), 1);
    // A shadow rule decides nothing, and a rule of the file that the new one replaces goes with it.
    desk.write("harbour/nigeria.rhai", NIGERIA.replace("score: 5", "status: \"shadow\", score: 5"));
    assert_eq!(about_nigeria(&mined("")), 1);
    desk.write("harbour/nigeria.rhai", "");
    desk.write("harbour/mined.rhai", NIGERIA);
    assert_eq!(about_nigeria(&mined("")), 1);
}

#[test]
fn rules_that_held_out_lines_contradict_are_not_written() {
    // What is planted ends with the learning days: later NG has fewer findings than others.
    let mut rows = lines(1, 6000, false);
    for row in &mut rows {
        let mut cells: Vec<&str> = row.split(',').collect();
        if cells[2] > "2016-03-20" && cells[4] == "NG" {
            let label = cells.len() - 2;
            cells[label] = "0";
            *row = cells.join(",");
        }
    }
    let desk = desk(&rows);
    for active in ["", "--active"] {
        let mined = desk.run(&format!("{MINE} --format json {active}")).exits(0).json();
        assert!(mined["refuted"].as_u64() > Some(0), "{mined}");
        for rule in mined["rules"].as_array().unwrap() {
            let is_relief = rule["points"].as_i64() < Some(0);
            for lift in [&rule["lift"], &rule["lift_beside"]] {
                assert!(
                    lift.as_f64().is_none_or(|lift| if is_relief { lift <= 1.0 } else { lift >= 1.0 }),
                    "{rule}"
                );
            }
        }
        let rhai = mined["rules"].to_string();
        assert!(!rhai.contains("\\\"NG\\\""), "{rhai}");
    }
    let shown = desk.run(MINE).exits(0).stdout;
    assert!(shown.contains("that held-out lines contradict"), "{shown}");
}

/// A plan of one site that selects what `chance` says, with its probability, out of these lines.
fn planned(rows: &[String], chance: impl Fn(&[&str]) -> f64) -> String {
    let mut dice = Dice(77);
    let mut plan =
        String::from("day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n");
    let (mut last, mut order) = (String::new(), 0);
    for row in rows {
        let cells: Vec<&str> = row.split(',').collect();
        let probability = chance(&cells);
        if dice.below(1_000) as f64 >= probability * 1_000.0 {
            continue;
        }
        order = if cells[2] == last { order + 1 } else { 1 };
        last = cells[2].to_owned();
        let selected = if probability < 1.0 { "random" } else { "targeted" };
        plan +=
            &format!("{last},dock,{order},{},{selected},{probability},0,green,1,harbour@3#ab\n", cells[0]);
    }
    plan
}

#[test]
fn lines_count_by_the_probability_of_their_selection() {
    let rows = lines(1, 12_000, false);
    let desk = desk(&rows);
    // Everything for NG is inspected, and a tenth of the rest.
    let plan = planned(&rows, |cells| if cells[4] == "NG" { 1.0 } else { 0.1 });
    let selected = plan.lines().count() - 1;
    desk.write("plan.csv", plan);
    let truth = {
        let learned = rows.iter().filter(|row| row.split(',').nth(2) <= Some("2016-03-20"));
        let found = learned.clone().filter(|row| row.rsplit(',').nth(1) == Some("1")).count();
        found as f64 / learned.count() as f64
    };
    let blind = desk.run(&format!("{MINE} --alone --format json")).exits(0).json();
    assert_eq!(blind["rates_of"], "lines_given");
    assert!(blind["warning"].as_str().unwrap().contains("--plan"), "{blind}");
    let mined =
        desk.run(&format!("{MINE} --alone --plan plan.csv --format json -o new.rhai")).exits(0).json();
    assert_eq!((mined["rates_of"].as_str(), mined["warning"].is_null()), (Some("trade"), true));
    assert_eq!(mined["unselected"].as_u64(), Some(12_000 - selected as u64));
    let learned = &mined["learned"];
    let (lines, hits) = (learned["lines"].as_f64().unwrap(), learned["hits"].as_f64().unwrap());
    let trade = &learned["trade"];
    let estimated = trade["hits"].as_f64().unwrap() / trade["lines"].as_f64().unwrap();
    assert!((estimated - truth).abs() < 0.025, "{estimated}, of all {truth}");
    // Of the lines inspected far more have a finding.
    assert!(hits / lines > truth + 0.02, "{} of {lines}, of all {truth}", hits / lines);
    assert!((trade["lines"].as_f64().unwrap() - 8_400.0).abs() < 700.0, "{trade}");
    assert!(mined["rules"].to_string().contains("replica"), "{mined}");
    let written = desk.read("new.rhai");
    assert!(written.contains("// Rates are of all trade that the plans could select"), "{written}");
    assert!(written.contains(" of trade, "), "{written}");
    let shown = desk.run(&format!("{MINE} --alone --plan plan.csv")).exits(0).stdout;
    assert!(
        shown.contains("each line counts by 1/probability") && !shown.contains("taken as all"),
        "{shown}"
    );
    assert!(shown.contains("lines that no plan selected had no part in this"), "{shown}");
    desk.run(&format!("{MINE} --alone -o blind.rhai")).exits(0);
    assert!(desk.read("blind.rhai").contains("// The lines are taken as all of trade"));
    let shown = desk.run(MINE).exits(0).stdout;
    assert!(shown.contains("The lines are taken as all of trade") && shown.contains("--plan"), "{shown}");
    // A plan that inspected everything changes no rule.
    desk.write("all.csv", planned(&rows, |_| 1.0));
    let all = desk.run(&format!("{MINE} --alone --plan all.csv --format json")).exits(0).json();
    let kept = |mined: &serde_json::Value| -> Vec<String> {
        let rules = mined["rules"].as_array().unwrap();
        rules
            .iter()
            .map(|rule| format!("{} {} {}", rule["conditions"], rule["points"], rule["lift"]))
            .collect()
    };
    assert_eq!(kept(&all), kept(&blind));
    // A plan of other days selected none of these.
    desk.write("other.csv", planned(&rows, |_| 1.0).replace("2016-", "2015-"));
    let refused = desk.run(&format!("{MINE} --plan other.csv")).exits(3).stderr;
    assert!(refused.contains("are they the plans of these days"), "{refused}");
}

#[test]
fn noise_under_a_plan_gives_no_rules() {
    let proposed: Vec<u64> = (1..=20)
        .filter(|&seed| {
            let rows = lines(seed, 4_000, true);
            let desk = desk(&rows);
            desk.write("plan.csv", planned(&rows, |cells| if cells[4] == "NG" { 1.0 } else { 0.2 }));
            let mined = desk.run(&format!("{MINE} --plan plan.csv --format json")).exits(0).json();
            mined["confirmed"].as_u64() > Some(0)
        })
        .collect();
    assert!(proposed.len() <= 3, "seeds with patterns from noise: {proposed:?}");
}

#[test]
fn the_score_of_another_model_is_read_as_a_field_and_from_a_table() {
    let rows = lines(1, 1_000, false);
    let desk = Desk::new();
    let score = |row: &str| if row.rsplit(',').nth(1) == Some("1") { "0.9" } else { "0.1" };
    let scored: Vec<String> = rows.iter().map(|row| format!("{row},{}", score(row))).collect();
    desk.write("history.csv", format!("{},ml_score\n{}\n", HEADER.trim_end(), scored.join("\n")));
    let mut table = String::from("declaration_id,scored_on,score,model,digest\n");
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        // Every other score was made after the fact.
        let day = if at % 2 == 0 { cells[2] } else { "2016-12-31" };
        table += &format!("{},{day},{},fraud-2015,5d1f09c2\n", cells[0], score(row));
    }
    desk.write("harbour/lookups/model.csv", table);
    let manifest = desk.read("harbour/pack.toml")
        + r#"
[schema.fields.ml_score]
kind    = "number"
title   = "chance of a finding by the model fraud-2015"
min     = 0
max     = 1
columns = ["ml_score"]
[lookups.model]
file = "lookups/model.csv"
key  = ["declaration_id"]
from = "scored_on"
[lookups.model.columns]
score  = "number"
model  = "text"
digest = "text"
"#;
    desk.write("harbour/pack.toml", manifest);
    let rules = r#"
// qingfeng: allow QF1401 because a line without a score is judged by the other rules
rule("ML-1", #{ title: "The model is nearly sure", status: "shadow", score: 40, when: |d| d.ml_score >= 0.5 });
// qingfeng: allow QF1401 because a line without a score is judged by the other rules
rule("ML-2", #{ title: "The same by its table", status: "shadow", score: 40,
    when: |d| d.lookup("model").score >= 0.5 });
"#;
    desk.write("harbour/model.rhai", rules);
    desk.run("check harbour").exits(0);
    desk.run("score history.csv --rules harbour -o scored.parquet").exits(0);
    let worth =
        "effect scored.parquet --full --outcomes history.csv --label Found --rules harbour --format json";
    let worth = desk.run(worth).exits(0).json();
    let of =
        |id: &str| worth["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == id).unwrap().clone();
    let found = |step: usize| rows.iter().step_by(step).filter(|row| score(row) == "0.9").count() as u64;
    assert_eq!(of("ML-1")["fired"].as_u64(), Some(found(1)), "{}", of("ML-1"));
    assert_eq!(of("ML-2")["fired"].as_u64(), Some(found(2)), "{}", of("ML-2"));
    // A line that no model scored fires neither.
    desk.write(
        "harbour/lookups/model.csv",
        "declaration_id,scored_on,score,model,digest\nD99999,2016-01-01,0.9,m,d\n",
    );
    let none = desk.run("score history.csv --rules harbour -o none.parquet").exits(0);
    assert!(!none.stderr.contains("ML-2"), "{}", none.stderr);
}
