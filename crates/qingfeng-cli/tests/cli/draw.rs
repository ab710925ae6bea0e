//! `qingfeng draw`: keys, commitments, and the proof of a day, which a single changed id, key or rate refuses.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as they do")]

use qingfeng::Engine;
use qingfeng::read::Input;
use qingfeng::write::{Output, TableWriter};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::{
    Candidates, Capacity, PlanColumns, PlanInputs, PlanMarks, Planner, Policy, plan_rows,
};

use crate::support::Desk;

const KEY: &str = "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210";
const PROVE: &str = "draw prove plan.csv assessments.csv --rules harbour --day 2016-09-06";

const POLICY: &str = r#"
[selection]
groups = ["motorcycles", "batteries"]
targeted_from = "blue"
[[selection.trader_classes]]
name = "found"
listed = "blacklist"
[selection.random]
rate = 0.1
strata = ["group"]
[[selection.capacity]]
site = "shanghai"
inspections = 40
[[selection.capacity]]
site = "khorgos"
hours = 8
"#;

/// A desk with a policy, 160 declarations of two days, their assessments and the plan.
fn planned(policy: &str) -> Desk {
    let desk = Desk::new();
    desk.write("harbour/pack.toml", desk.read("harbour/pack.toml") + policy);
    let mut lines = String::from(
        "declaration_id,declared_on,port,destination,mode,exporter,hs,goods,quantity,packages,value\n",
    );
    for at in 0..160 {
        let day = 6 + at % 2;
        let port = if at % 5 == 0 { "CNKHG" } else { "CNSHA" };
        let hs = ["8711209000", "8507600000", "6109100000"][at % 3];
        let exporter = if at % 40 == 7 { "E9".to_owned() } else { format!("E{}", 100 + at % 30) };
        lines += &format!("D{at:03},2016-09-0{day},{port},DE,0110,{exporter},{hs},goods,10,{at},900\n");
    }
    desk.write("many.csv", lines);
    desk.write("draw.key", format!("{KEY}\n"));
    desk.run("score many.csv --rules harbour -o assessments.csv").exits(0);
    plan(&desk);
    desk
}

/// Writes the plan, as the library makes it.
fn plan(desk: &Desk) {
    let engine = Engine::open(desk.path().join("harbour")).unwrap();
    let inputs = [Input::Path(desk.path().join("assessments.csv"))];
    let candidates = Candidates::read(&inputs, engine.opened()).unwrap();
    let policy = Policy::of(engine.pack()).unwrap();
    let capacity = Capacity::of_policy(&policy);
    let key = Key::parse(KEY).unwrap();
    let (from, until) = ("2016-09-06".parse().unwrap(), "2016-09-07".parse().unwrap());
    let made = Planner::new(&policy, &capacity)
        .plan(&candidates, from, until, &|day| Some(key.of_day(day)))
        .unwrap();
    let output = Output::Path(desk.path().join("plan.csv"));
    let mut writer = TableWriter::create(&output, PlanColumns::TABLE.schema()).unwrap();
    let inputs = PlanInputs::new([from, until], &candidates, &capacity, None).unwrap().to_string();
    let marks = PlanMarks { pack: candidates.packs.join(" "), inputs };
    for day in &made.days {
        let terms = policy.draw_terms(engine.pack_id(), &capacity, day.day);
        let commitment = key.of_day(day.day).commitment(&terms);
        writer.write(&plan_rows(day, &policy, &candidates.all, Some(&commitment), &marks).unwrap()).unwrap();
    }
    writer.finish().unwrap();
}

/// The commitment of the 6th.
fn commitment(desk: &Desk) -> String {
    let list = desk.run("draw commit --rules harbour --key-file draw.key --from 2016-09-06 --format json");
    list.exits(0).json()[0]["commitment"].as_str().unwrap().to_owned()
}

/// The lines of the plan whose cells have these values, by column.
fn lines_with(plan: &str, day: &str, selected: &str) -> Vec<String> {
    let lines = plan.lines().filter(|line| line.starts_with(day) && line.contains(&format!(",{selected},")));
    lines.map(str::to_owned).collect()
}

fn cell(plan: &str, line: &str, column: &str) -> String {
    let at = plan.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    line.split(',').nth(at).unwrap().to_owned()
}

#[test]
fn a_plan_is_proved_by_the_key_and_by_that_of_the_day() {
    for policy in [POLICY.to_owned(), POLICY.replace("strata =", "at_least = \"day\"\nstrata =")] {
        let desk = planned(&policy);
        let unpublished = desk.run(&format!("{PROVE} --key-file draw.key")).exits(1).stdout;
        assert!(unpublished.contains("\nCONSISTENT, NOT PROVED: "), "{unpublished}");
        assert!(
            unpublished.contains("not checked: whether key, pack, rates and capacities were fixed"),
            "{unpublished}"
        );
        let commitment = commitment(&desk);
        assert!(unpublished.contains(&commitment), "{unpublished}");
        let prove = format!("{PROVE} --commitment {commitment}");
        let said = desk.run(&format!("{prove} --key-file draw.key")).exits(0).stdout;
        assert!(
            said.contains("\nPROVED: ") && said.contains("shanghai") && said.contains("khorgos"),
            "{said}"
        );
        desk.run("draw day-key --key-file draw.key --day 2016-09-06 -o day.key").exits(0);
        let report = desk.run(&format!("{prove} --day-key day.key --format json")).exits(0).json();
        assert_eq!((&report["proved"], &report["verdict"]), (&true.into(), &"proved".into()));
        assert!(
            report["offices"].as_array().unwrap().iter().any(|office| office["drawn"].as_u64() > Some(0))
        );
        let one = desk.run(&format!("{prove} --key-file draw.key --office khorgos")).exits(0).stdout;
        assert!(!one.contains("shanghai"), "{one}");
        let variable = crate::support::run(desk.command(&prove).env("QINGFENG_DRAW_KEY", KEY)).exits(0);
        assert_eq!(variable.stdout, said);
        // A commitment binds pack, rates and capacities too.
        desk.write("capacity.csv", "site,inspections,hours\nshanghai,41,\nkhorgos,,8\n");
        let other = desk.run(&format!("{prove} --key-file draw.key --capacity capacity.csv")).exits(1).stdout;
        assert!(other.contains("key does not match the commitment: published was"), "{other}");
        assert!(other.contains("the capacities are not those that the plan names"), "{other}");
    }
}

#[test]
fn a_plan_is_refused_when_one_thing_is_changed() {
    let desk = planned(POLICY);
    let honest = desk.read("plan.csv");
    let random = lines_with(&honest, "2016-09-06,shanghai", "random");
    let victim = cell(&honest, &random[0], "declaration_id");
    let stratum = cell(&honest, &random[0], "stratum");
    let probability = cell(&honest, &random[0], "probability");
    // A declaration of the same office, day and group that nothing selected.
    let spared = (0..160)
        .map(|at| format!("D{at:03}"))
        .filter(|id| !honest.contains(id))
        .find(|id| {
            let at: usize = id[1..].parse().unwrap();
            let group = ["motorcycles", "batteries", "other"][at % 3];
            at.is_multiple_of(2) && !at.is_multiple_of(5) && group == stratum
        })
        .unwrap();
    let prove = |plan: &str| {
        desk.write("plan.csv", plan);
        let ran = desk.run(&format!("{PROVE} --key-file draw.key")).exits(1);
        assert!(ran.stdout.contains("REFUSED") && !ran.stdout.contains("PROVED"), "{}", ran.stdout);
        assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY));
        ran.stdout
    };
    let said = prove(&honest.replace(&victim, &spared));
    assert!(
        said.contains(&format!("shanghai: declaration {spared} is in the plan as random and was not drawn")),
        "{said}"
    );
    assert!(
        said.contains(&format!("shanghai: declaration {victim} was drawn and is missing in the plan")),
        "{said}"
    );

    let said = prove(&honest.replace(&format!("{}\n", random[0]), ""));
    assert!(said.contains(&format!("rate 0.1 of stratum {stratum} asks for ")), "{said}");

    let said = prove(&honest.replace(&random[0], &random[0].replacen(",random,", ",mandatory,", 1)));
    assert!(
        said.contains(&format!("{victim} is in the plan as mandatory, and no rule of it asks for that")),
        "{said}"
    );

    let doubled = random[0].replace(&format!(",{probability},"), ",0.9,");
    let said = prove(&honest.replace(&random[0], &doubled));
    assert!(
        said.contains(&format!("{victim} has `probability` 0.9 in the plan, and it is {probability}")),
        "{said}"
    );

    // Another key: of nobody is it said whether he was drawn.
    desk.write("plan.csv", &honest);
    desk.write("other.key", KEY.replace("8f1d", "8f1e"));
    let said = desk.run(&format!("{PROVE} --key-file other.key")).exits(1).stdout;
    assert!(said.contains("key does not match the commitment") && !said.contains("was drawn"), "{said}");
    let published = format!("{PROVE} --key-file draw.key --commitment {}", "0".repeat(64));
    let said = desk.run(&published).exits(1).stdout;
    assert!(said.contains("key does not match the commitment"), "{said}");

    // Another rate: another pack, whose assessments these are not; and with new assessments another draw.
    desk.write("harbour/pack.toml", desk.read("harbour/pack.toml").replace("rate = 0.1", "rate = 0.3"));
    let refused = desk.run(&format!("{PROVE} --key-file draw.key")).exits(3).stderr;
    assert!(refused.contains("assessments.csv: line 2: was assessed by the pack harbour@3#"), "{refused}");
    desk.run("score many.csv --rules harbour -o assessments.csv").exits(0);
    let said = desk.run(&format!("{PROVE} --key-file draw.key")).exits(1).stdout;
    assert!(said.contains("key does not match the commitment: the plan has"), "{said}");
}

/// What is targeted is made again too.
#[test]
fn a_plan_without_a_targeted_inspection_is_refused() {
    let desk = planned(&POLICY.replace(r#"targeted_from = "blue""#, r#"targeted_from = "green""#));
    let honest = desk.read("plan.csv");
    let commitment = commitment(&desk);
    for (selected, says) in
        [("targeted", "is targeted ("), ("random", "was drawn and is missing in the plan")]
    {
        let line = &lines_with(&honest, "2016-09-06", selected)[0];
        desk.write("plan.csv", honest.replace(&format!("{line}\n"), ""));
        let prove = format!("{PROVE} --key-file draw.key --commitment {commitment}");
        let said = desk.run(&prove).exits(1).stdout;
        let id = cell(&honest, line, "declaration_id");
        assert!(said.contains(&format!("declaration {id} {says}")) && said.contains("REFUSED"), "{said}");
    }
}

#[test]
fn keys_are_made_kept_and_never_shown() {
    let desk = Desk::new();
    desk.write("harbour/pack.toml", desk.read("harbour/pack.toml") + POLICY);
    let made = desk.run("draw new-key -o draw.key").exits(0);
    let key = desk.read("draw.key");
    assert_eq!(key.trim().len(), 64);
    assert!(!made.stdout.contains(key.trim()) && !made.stderr.contains(key.trim()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(desk.path().join("draw.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = desk.run("draw new-key -o draw.key").exits(3).stderr;
    assert!(again.contains("a key is never overwritten"), "{again}");
    assert_eq!(desk.read("draw.key"), key);
    let list = desk
        .run("draw commit --rules harbour --key-file draw.key --from 2016-09-01 --until 2016-09-30")
        .exits(0);
    assert_eq!(list.stdout.lines().count(), 30);
    assert_eq!(list.stderr, "");

    for (content, code, message) in [
        ("", 3, "draw.key: the key of the draw has 0 hex digits, fewer than 64"),
        ("0000000000000000000000000000000000000000000000000000000000000000", 3, "was not made at random"),
        ("not a key", 3, "has something at position 1 that is no hex digit"),
    ] {
        desk.write("draw.key", content);
        let said =
            desk.run("draw commit --rules harbour --key-file draw.key --from 2016-09-01").exits(code).stderr;
        assert!(said.contains(message), "{said}");
    }
    for (args, code, message) in [
        (
            "draw commit --rules harbour --from 2016-09-01",
            2,
            "no key of the draw: give --key-file FILE, or set QINGFENG_DRAW_KEY",
        ),
        ("draw commit --rules harbour --key-file nowhere --from 2016-09-01", 3, "nowhere: cannot be read"),
        (
            "draw commit --rules harbour --key-file draw.key --from 2016-09-02 --until 2016-09-01",
            2,
            "exchange them",
        ),
        (
            "draw commit --rules harbour --key-file draw.key --from 1900-01-01 --until 2016-09-01",
            2,
            "more than the 3660 of one list",
        ),
        ("draw commit --rules harbour --key-file draw.key --from 2016-02-30", 2, "2016-02-30"),
        (
            "draw prove plan.csv a.csv --rules harbour --day 2016-09-06 --key-file draw.key --commitment 12",
            2,
            "64 hex digits",
        ),
    ] {
        let said = desk.run(args).exits(code).stderr;
        assert!(said.contains(message), "{args}: {said}");
    }
}

#[test]
fn assessments_that_cannot_be_used_are_named_with_place_and_remedy() {
    let desk = planned(POLICY);
    let honest = desk.read("assessments.csv");
    let prove = format!("{PROVE} --key-file draw.key --commitment {}", commitment(&desk));
    let first = honest.lines().nth(1).unwrap();
    for (name, changed, message) in [
        (
            "a channel",
            first.replacen(",green,", ",mauve,", 1).replacen(",blue,", ",mauve,", 1),
            "line 2: `channel` is `mauve`",
        ),
        ("a day", first.replace("2016-09-06", "2016-09-31"), "line 2: `declared_on` is `2016-09-31`"),
        (
            "a site",
            first.replace("khorgos", "khorgus"),
            "line 2: `sites` has `khorgus`, which is no site of the pack",
        ),
        ("a pack", first.replace("harbour@3", "harbour@4"), "line 2: was assessed by the pack harbour@4#"),
    ] {
        desk.write("assessments.csv", honest.replacen(first, &changed, 1));
        let said = desk.run(&prove).exits(3).stderr;
        assert!(said.contains(message), "{name}: {said}");
    }
    desk.run("score many.csv --rules harbour --by item -o assessments.csv").exits(0);
    let said = desk.run(&prove).exits(3).stderr;
    assert!(said.contains("by declaration with a pack that has [selection]"), "{said}");
    desk.run("score many.csv --rules harbour --by item -o items.ndjson").exits(0);
    let said = desk.run(&prove.replace("assessments.csv", "items.ndjson")).exits(3).stderr;
    assert!(said.contains("write assessments by declaration"), "{said}");
    // In all formats, in any order, in parts: the same proof.
    desk.write("assessments.csv", &honest);
    let expected = desk.run(&prove).exits(0).stdout;
    for format in ["ndjson", "parquet", "arrow"] {
        desk.run(&format!("score many.csv --rules harbour -o a.{format}")).exits(0);
        let said = desk.run(&prove.replace("assessments.csv", &format!("a.{format}"))).exits(0).stdout;
        assert_eq!(said, expected, "{format}");
    }
    let mut rows: Vec<&str> = honest.lines().skip(1).collect();
    rows.reverse();
    let header = honest.lines().next().unwrap();
    desk.write("one.csv", format!("{header}\n{}\n", rows[..50].join("\n")));
    desk.write("two.csv", format!("{header}\n{}\n", rows[50..].join("\n")));
    let said = desk.run(&prove.replace("assessments.csv", "two.csv one.csv")).exits(0).stdout;
    assert_eq!(said, expected);
}

#[test]
fn assessments_carry_what_selection_asks_for() {
    let desk = planned(POLICY);
    desk.run("score declarations.csv --rules harbour -o a.ndjson").exits(0);
    let rows: Vec<serde_json::Value> =
        desk.read("a.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |id: &str| rows.iter().find(|row| row["declaration_id"] == id).unwrap();
    let first = of("D1");
    assert_eq!(first["declared_on"], "2016-03-01");
    assert_eq!(first["sites"], serde_json::json!(["shanghai"]));
    assert_eq!(first["line_groups"], serde_json::json!(["motorcycles", "batteries"]));
    assert_eq!((first["packages"].as_i64(), first["value"].as_f64()), (Some(13), Some(2500.0)));
    assert_eq!((&first["trader"], &first["trader_class"]), (&"E1".into(), &"known".into()));
    let listed = of("D3");
    assert_eq!(listed["sites"], serde_json::json!(["khorgos"]));
    assert_eq!((&listed["trader_class"], &listed["mode"]), (&"found".into(), &"4019".into()));
    assert_eq!((&listed["group"], &listed["destination"]), (&"motorcycles".into(), &"KZ".into()));
    assert_eq!(of("D2")["group"], "other");
    let items = desk.run("score declarations.csv --rules harbour --by item").exits(0).stdout;
    assert!(!items.contains("trader_class"), "{items}");
}
