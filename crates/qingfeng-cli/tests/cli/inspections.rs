//! `qingfeng roll`, `qingfeng override` and `qingfeng worklist`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as they do")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::support::{Desk, golden, is_harmful};

const SELECTION: &str = r#"
[selection]
offices = ["port", "border"]
trader = "exporter"
groups = ["motorcycles", "batteries"]
targeted_from = "green"
[selection.mandatory]
forced = true
[selection.random]
rate = 0.02
[selection.cost]
declaration = 10
line = 5
points_per_hour = 60
[[selection.capacity]]
site = "shanghai"
inspections = 3
[[selection.capacity]]
site = "khorgos"
inspections = 1
[[selection.overrides]]
actions = ["drop"]
selected = ["mandatory", "random"]
second_person = true
[[selection.overrides]]
actions = ["add", "reroute"]
score_from = 70
second_person = true
"#;

const PLAN: &str = "\
day,office,order,declaration_id,selected,why,probability,score,channel,worth,cost,trader,trader_class,group,mode,destination,items,packages,value,rules,stratum,drawn,population,commitment,pack,inputs
2016-03-01,shanghai,1,D1,mandatory,rule BLACK forces red,1,95,red,300000,1,E1,known,motorcycles,0110,KE,2,13,2500,BLACK;PRICE,motorcycles,0,3,cedbe1de2c17d09147b09318e6c4e92f,harbour@3#ab,1f
2016-03-01,shanghai,2,D4,targeted,,1,35,blue,50000,1,E9,known,motorcycles,0110,FJ,2,10,5000,PRICE,motorcycles,0,3,cedbe1de2c17d09147b09318e6c4e92f,harbour@3#ab,1f
2016-03-01,shanghai,3,D2,random,drawn 2 of 57,0.03508771929824561,0,green,5000,1,E2,known,other,0110,DE,1,5,300,,other,2,57,cedbe1de2c17d09147b09318e6c4e92f,harbour@3#ab,1f
2016-03-01,khorgos,1,D3,targeted,,1,2,green,6000,1,<b>E9\u{202e},known,motorcycles,4019,KZ,1,5,4000,BORDER,motorcycles,0,1,,harbour@3#ab,1f
";

fn desk() -> Desk {
    let desk = Desk::new();
    let manifest = desk.read("harbour/pack.toml") + SELECTION;
    desk.write("harbour/pack.toml", manifest);
    desk.write("plan.csv", PLAN.replace("\\u{202e}", "\u{202e}"));
    desk
}

/// Runs an override with a reason of several words.
#[track_caller]
fn change(desk: &Desk, args: &str, code: i32) -> crate::support::Ran {
    let mut command = desk.command(&format!("override {args} --rules harbour"));
    let reason = if args.contains("--reason") { &[][..] } else { &["--reason", "opened yesterday"][..] };
    crate::support::run(command.args(reason).args(["--by", "Li Wei"])).exits(code)
}

#[test]
fn lists_of_the_day() {
    let desk = desk();
    let plain = desk.run("worklist plan.csv").exits(0);
    golden("worklist.txt", &plain.stdout);
    assert!(!is_harmful(&plain.stdout));
    change(&desk, "drop plan.csv D4", 0);
    change(&desk, "drop plan.csv D1 --second Wang", 0);
    change(&desk, "reroute plan.csv D2 --to khorgos", 0);
    change(&desk, "add plan.csv D77 --to shanghai --second Wang", 0);
    let with = desk.run("worklist plan.csv --rules harbour").exits(0);
    golden("worklist-overrides.txt", &with.stdout);
    golden(
        "worklist-zh.txt",
        &desk.run("worklist plan.csv --rules harbour --lang zh --office khorgos").exits(0).stdout,
    );
    let json = desk.run("worklist plan.csv --office shanghai --format json").exits(0).json();
    assert_eq!(json["lists"][0]["dropped"], 3);
    assert_eq!(json["lists"][0]["lines"][1]["changed"], "dropped");
    assert_eq!(json["lists"][0]["lines"][3]["overrides"][0]["known"], false);
    let ran = desk.run("worklist plan.csv --office yiwu").exits(2);
    assert!(
        ran.stderr.contains("it is for 2016-03-01 to 2016-03-01 and the sites khorgos, shanghai"),
        "{}",
        ran.stderr
    );
    assert_eq!(desk.read("plan.csv"), PLAN.replace("\\u{202e}", "\u{202e}"), "the plan is not touched");
}

#[test]
fn a_list_for_paper_stands_alone() {
    let desk = desk();
    change(&desk, "drop plan.csv D4", 0);
    desk.run("worklist plan.csv --rules harbour --format html -o list.html").exits(0);
    let page = desk.read("list.html");
    assert!(page.starts_with("<!DOCTYPE html>") && !is_harmful(&page));
    for needs in ["<script", "http:", "https:", "url(", "@import", "src="] {
        assert!(!page.contains(needs), "{needs}");
    }
    for shows in [
        "&lt;b&gt;E9",
        "1 in 28.5 (3.5 %)",
        "opened yesterday",
        "Exporter on the blacklist",
        "class=\"gone\"",
    ] {
        assert!(page.contains(shows), "{shows}");
    }
    assert!(!page.contains("brand =="), "nothing of conditions is shown");
    desk.run("worklist plan.csv --format html --lang zh -o list.html").exits(0);
    assert!(desk.read("list.html").contains("<html lang=\"zh-Hans\">"));
}

#[test]
fn overrides_are_checked() {
    let desk = desk();
    change(&desk, "drop plan.csv D4", 0);
    let mut said = String::new();
    for args in [
        "drop plan.csv D4",
        "drop plan.csv D99",
        "drop plan.csv D1",
        "drop plan.csv D1 --second liwei",
        "drop plan.csv D3 --reason \u{3000}",
        "drop plan.csv D3 --day 2016-03-02",
        "reroute plan.csv D3 --to khorgos",
        "reroute plan.csv D3 --to shangai",
        "reroute plan.csv D4 --to khorgos",
        "add plan.csv D3 --to shanghai",
        "add plan.csv D50",
        "add plan.csv D50 --to shanghai",
    ] {
        let ran = change(&desk, args, 2);
        assert_eq!(ran.stdout, "", "{args}");
        said += &format!("$ qingfeng override {args}\n{}\n", ran.stderr);
    }
    golden("override-errors.txt", &said);
    // A dropped one comes back to where it was.
    change(&desk, "add plan.csv D4", 0);
    let listed = desk.run("override list plan.csv --format json").exits(0).json();
    let fields = |at: usize| ["number", "action", "from", "to"].map(|field| listed[at][field].clone());
    assert_eq!(fields(0), [1.into(), "drop".into(), "shanghai".into(), serde_json::Value::Null]);
    assert_eq!(fields(1), [2.into(), "add".into(), serde_json::Value::Null, "shanghai".into()]);
    assert!(desk.run("override list plan.csv").exits(0).stdout.contains("2 overrides; the last hash is "));
}

#[test]
fn what_was_tampered_with_is_told() {
    let desk = desk();
    for id in ["D4", "D3"] {
        change(&desk, &format!("drop plan.csv {id}"), 0);
    }
    let whole = desk.read("plan.csv.overrides.ndjson");
    let lines: Vec<&str> = whole.lines().collect();
    for (name, text, says) in [
        (
            "changed",
            whole.replace("opened yesterday", "opened today"),
            "line 1 does not follow from the line before",
        ),
        ("first taken out", format!("{}\n", lines[1]), "line 1 does not follow"),
        ("exchanged", format!("{}\n{}\n", lines[1], lines[0]), "line 1 does not follow"),
        ("cut off", whole[..whole.len() - 10].to_owned(), "line 2 is cut off"),
        ("no json", whole.clone() + "nonsense\n", "line 3 is no override"),
        ("not text", whole.clone() + "\u{0}\n", "line 3 is no override"),
    ] {
        desk.write("plan.csv.overrides.ndjson", text);
        for args in ["override list plan.csv", "worklist plan.csv"] {
            let ran = desk.run(args).exits(3);
            assert!(ran.stderr.contains(says), "{name}: {}", ran.stderr);
        }
    }
    desk.write("plan.csv.overrides.ndjson", &whole);
    desk.write("plan.csv", PLAN.replace("E1,known", "E2,known"));
    let ran = desk.run("worklist plan.csv").exits(3);
    assert!(ran.stderr.contains("line 1 changes another plan"), "{}", ran.stderr);
}

#[test]
fn rolling_takes_declarations_as_they_come() {
    let desk = desk();
    desk.run("score declarations.csv --rules harbour -o assessments.ndjson").exits(0);
    let ran = desk.run("roll assessments.ndjson --rules harbour --without-draw").exits(0);
    golden("roll.ndjson", &crate::support::steady(&ran.stdout.replace(pack_id(&ran.stdout), "PACK")));
    golden("roll.txt", &ran.stderr);
    // The same from every format.
    desk.run("score declarations.csv --rules harbour -o assessments.csv").exits(0);
    desk.run("score declarations.csv --rules harbour -o assessments.parquet").exits(0);
    desk.run("score declarations.csv --rules harbour -o assessments.arrow").exits(0);
    for file in ["assessments.csv", "assessments.parquet", "assessments.arrow"] {
        let other = desk.run(&format!("roll {file} --rules harbour --without-draw")).exits(0);
        assert_eq!(other.stdout, ran.stdout, "{file}");
    }
    desk.run("roll assessments.csv --rules harbour --without-draw -o decisions.csv --summary sums.json")
        .exits(0);
    assert!(
        desk.read("decisions.csv").starts_with("number,day,office,declaration_id,selected,why,probability")
    );
    assert!(desk.read("sums.json").contains("\"declarations\": 6"));
    for (code, args, says) in [
        (2, "roll assessments.csv --rules harbour", "takes a key"),
        (2, "roll - - --rules harbour --without-draw", "standard input is named more than once"),
        (3, "roll declarations.csv --rules harbour --without-draw", "has no column `score`"),
        (3, "roll nowhere.csv --rules harbour --without-draw", "cannot be opened"),
    ] {
        let ran = desk.run(args).exits(code);
        assert!(ran.stderr.contains(says), "{args}: {}", ran.stderr);
    }
}

/// What comes again is answered word for word, what was amended in place of the old, also by the next run.
#[test]
fn a_declaration_is_decided_once() {
    let desk = desk();
    desk.write("draw.key", "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210\n");
    desk.run("score declarations.csv --rules harbour -o all.ndjson").exits(0);
    let all = desk.read("all.ndjson");
    // Each declaration once.
    let mut seen = std::collections::BTreeSet::new();
    let id =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["declaration_id"].to_string();
    let rows: Vec<&str> = all.lines().filter(|line| seen.insert(id(line))).collect();
    let amended = rows[0].replacen("\"packages\":", "\"packages\":1", 1);
    assert_ne!(amended, rows[0]);
    let roll = |name: &str, lines: &[&str], options: &str| {
        desk.write("feed.ndjson", lines.join("\n") + "\n");
        let ran =
            desk.run(&format!("roll feed.ndjson --rules harbour --key-file draw.key {options} -o {name}"));
        (desk.read(name), ran.exits(0).stderr)
    };
    let (once, _) = roll("once.ndjson", &rows, "");
    let once: Vec<&str> = once.lines().collect();
    let (twice, said) = roll("twice.ndjson", &[&rows[..], &rows[..]].concat(), "");
    assert_eq!(twice.lines().collect::<Vec<_>>(), [&once[..], &once[..]].concat());
    assert!(
        said.contains(&format!("{} declarations that came again, answered as before", rows.len())),
        "{said}"
    );

    let feed: Vec<&str> = rows.iter().copied().chain([amended.as_str()]).collect();
    let (whole, said) = roll("whole.ndjson", &feed, "");
    assert!(said.contains("1 declaration amended, decided again"), "{said}");
    let last: serde_json::Value = serde_json::from_str(whole.lines().last().unwrap()).unwrap();
    assert_eq!((last["replaces"].as_u64(), last["number"].as_u64()), (Some(1), Some(rows.len() as u64 + 1)));
    // Broken off after three, in each format, and gone on.
    for format in ["ndjson", "csv", "parquet"] {
        desk.write("feed.ndjson", rows[..3].join("\n") + "\n");
        desk.run(&format!("roll feed.ndjson --rules harbour --key-file draw.key -o first.{format}")).exits(0);
        let (rest, _) = roll("rest.ndjson", &feed[3..], &format!("--decided first.{format}"));
        assert_eq!(rest.lines().collect::<Vec<_>>(), whole.lines().skip(3).collect::<Vec<_>>(), "{format}");
        let (again, _) = roll("again.ndjson", &rows[..3], &format!("--decided first.{format}"));
        assert_eq!(again.lines().collect::<Vec<_>>(), once[..3].to_vec(), "{format}");
    }
    let refused =
        desk.run("roll feed.ndjson --rules harbour --key-file draw.key --decided feed.ndjson").exits(3);
    assert!(refused.stderr.contains("`number` is missing"), "{}", refused.stderr);
}

fn pack_id(text: &str) -> &str {
    let start = text.find("harbour@").unwrap();
    &text[start..start + text[start..].find('"').unwrap()]
}

#[test]
fn standard_input_is_answered_row_by_row() {
    let desk = desk();
    let scored = desk.run("score declarations.csv --rules harbour").exits(0).stdout;
    let mut command = desk.command("roll - --rules harbour --without-draw");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for line in scored.lines() {
        writeln!(input, "{line}").unwrap();
        // The answer comes before anything more is written.
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        let [asked, answered]: [serde_json::Value; 2] =
            [line, &answer].map(|text| serde_json::from_str(text).unwrap());
        assert_eq!(asked["declaration_id"], answered["declaration_id"]);
    }
    writeln!(input, "{{\"declaration_id\": 7, \"score\": []}}").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("standard input: line 7: "), "{said}");
}
