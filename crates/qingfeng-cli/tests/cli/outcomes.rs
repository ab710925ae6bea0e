//! Results are checked against the plan, and a year is accounted for.

use crate::support::{Desk, golden};

const PACK: &str = r#"
[pack]
name = "harbour"
version = "4"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[lookups.past]
history = "exporter"
"#;

const SITES: &str = r#"
[yiwu]
title = "Yiwu"
kind = "market"
members = ["YIWU"]
[ningbo]
title = "Ningbo"
kind = "port"
members = ["NINGBO"]
"#;

const PLAN: &str = "\
day,office,order,declaration_id,selected,probability,score,channel,cost,trader,pack
2016-03-01,ningbo,1,D1,targeted,1,80,green,1,E1,harbour@4#ab
2016-03-01,ningbo,2,D2,random,0.5,0,green,1,E2,harbour@4#ab
2016-03-01,yiwu,1,D3,targeted,1,60,green,1,E3,harbour@4#ab
2016-03-02,yiwu,1,D4,random,0.25,0,green,1,E4,harbour@4#ab
2016-03-02,yiwu,2,D5,random,0.25,0,green,1,E5,harbour@4#ab
";

/// Of D1 a late correction; of D3 a waiver in words; of D5 nothing came back.
const OUTCOMES: &str = "\
declaration_id,item_no,found_on,known_on,selected,office,result,waiver,pieces,value,fine,case_number,major_case,disposal,exporter
D1,1,2016-03-02,,targeted,ningbo,clear,,,,,,,,E1
D1,1,2016-03-02,2016-05-10,targeted,ningbo,counterfeit,,900,4500,12000,C7,yes,destroyed,E1
D2,1,2016-02-28,,targeted,yiwu,fake,,5,20,500,C7,no,returned,E2
D3,1,2016-03-02,,,,waived,the chief said so,,,,,,,E3
D4,1,2016-03-03,,,,waived,W03,,,,,,,E4
D9,1,2016-03-03,,,,inferior,,1,2,300,,no,,E9
D9,2,2016-03-03,,,,inferor,,1,2,3,,no,,E9
";

const AIMS: &str = "\
year = 2016
[all]
cases = 240
major_cases = 20
[kinds.market]
cases = 60
[notices]
answered = 0.3
days = 60
";

const NOTICES: &str = "\
notice_id,received_on,country,brand,status,answered_on,case_number
KE-1,2016-01-10,KE,Deli,answered,2016-02-01,C7
KE-2,2016-02-10,KE,,,,
SD-1,2015-11-10,SD,,open,,
SD-2,2016-02-11,SD,,untraceable,,
";

const TIP_OFFS: &str = "\
tip_id,received_on,kind,declaration_id,case_number,proceeds
T1,2016-03-02,producing area,D9,,
T2,2016-03-03,producing area,,C7,2000000
T3,2016-03-04,brand owner,D4,,50
";

fn desk() -> Desk {
    let desk = Desk::empty();
    for (file, text) in [
        ("harbour/pack.toml", PACK),
        ("harbour/reference/sites.toml", SITES),
        ("harbour/a.rhai", "rule(\"A\", #{ title: \"a\", score: 1, when: |d| d.hs == \"1\" });\n"),
        ("plan.csv", PLAN),
        ("outcomes.csv", OUTCOMES),
        ("aims.toml", AIMS),
        ("notices.csv", NOTICES),
        ("tips.csv", TIP_OFFS),
    ] {
        desk.write(file, text);
    }
    desk
}

#[test]
fn results_are_checked_against_the_plan() {
    let desk = desk();
    let check = desk.run("outcome check outcomes.csv --plan plan.csv").exits(0).stdout;
    golden("outcome-check.txt", &check);
    desk.run("outcome check outcomes.csv --plan plan.csv --strict").exits(1);
    let json = desk.run("outcome check outcomes.csv --plan plan.csv --format json").exits(0).json();
    assert_eq!(json["all"]["planned"], 5);
    assert_eq!(json["all"]["nothing"], 1);
    assert_eq!(json["offices"]["yiwu"]["open_since"], "2016-03-01");
    // As of April nobody knows the correction.
    let then = desk.run("outcome check outcomes.csv --plan plan.csv --as-of 2016-04-01 --format json");
    assert_eq!(then.exits(0).json()["corrected"], 0);

    desk.write("good.csv", "报关单号,项号,查验日期,查验结果\nD1,1,2016-03-02,侵权\n");
    desk.run("outcome check good.csv --plan plan.csv --strict").exits(0);
    for (args, part) in [
        ("outcome check outcomes.csv --plan aims.toml", "aims.toml: has no column `day`"),
        ("outcome check aims.toml --plan plan.csv", "no column for `declaration_id`"),
        ("outcome check no.csv --plan plan.csv", "no.csv: cannot be opened"),
    ] {
        let told = desk.run(args).exits(3).stderr;
        assert!(told.contains(part), "{args}: {told}");
    }
}

#[test]
fn a_year_is_accounted_for_against_its_aims() {
    let desk = desk();
    let targets = "targets aims.toml --rules harbour --plan plan.csv --outcomes outcomes.csv";
    let ledgers = "--notices notices.csv --tip-offs tips.csv --as-of 2016-06-30";
    let human = desk.run(&format!("{targets} {ledgers}")).exits(0);
    assert!(human.stderr.contains("did you mean `inferior`?"), "{}", human.stderr);
    golden("targets.txt", &human.stdout);
    let json = desk.run(&format!("{targets} {ledgers} --format json")).exits(0).json();
    // D1 and D2 have one case number; D9 counts, since a tip-off led to it.
    assert_eq!(json["all"]["cases"]["done"], 2.0);
    assert_eq!(json["all"]["fines"]["done"], 12_800.0);
    assert_eq!(json["all"]["open"], 2);
    let then = desk.run(&format!("{targets} --as-of 2016-04-30 --format json")).exits(0).json();
    assert_eq!((&then["all"]["fines"]["done"], &then["unplanned_cases"]), (&500.0.into(), &1.into()));

    // What goods are worth is not what the case brought in.
    for (header, is_read) in [("罚没金额", true), ("收缴金额", true), ("案值", false)] {
        desk.write("tips.csv", format!("举报编号,收到日期,案号,{header}\nT2,2016-03-03,C7,2000000\n"));
        let json = desk.run(&format!("{targets} {ledgers} --format json")).exits(0).json();
        assert_eq!(
            json["tip_offs"]["all"]["proceeds"] == 2_000_000.0,
            is_read,
            "{header}: {}",
            json["tip_offs"]
        );
    }

    desk.write("aims.toml", "year = 2016\n[kinds.markt]\ncases = 1\n");
    let told = desk.run(targets).exits(2).stderr;
    assert!(told.contains("aims.toml, line 2") && told.contains("did you mean `market`?"), "{told}");
}

#[test]
fn a_store_gives_the_same_accounts_and_its_histories_count_no_waiver() {
    let desk = desk();
    let import = "outcome import outcomes.csv --rules harbour --author Li --backfill --store sqlite:s.db --plan plan.csv";
    let told = desk.run(import).exits(0).stdout;
    assert!(told.contains("waived or open, which no history counts"), "{told}");
    assert!(told.contains("1 of lines that had another result"), "{told}");
    assert!(told.contains("not in the plan"), "{told}");
    let again = desk.run(&format!("{import} --strict")).exits(1).stdout;
    assert!(again.contains("unchanged"), "{again}");
    for as_of in ["2016-04-30", "2016-06-30"] {
        let of = |from: &str| {
            let args = format!(
                "targets aims.toml --rules harbour --plan plan.csv {from} --as-of {as_of} --format json"
            );
            desk.run(&args).exits(0).stdout
        };
        assert_eq!(of("--store sqlite:s.db"), of("--outcomes outcomes.csv"));
    }
    let list = "outcome list --rules harbour --store sqlite:s.db --as-of 2016-12-31 --format json";
    let list = desk.run(list).exits(0).json();
    let parties: Vec<&str> =
        list["parties"].as_array().unwrap().iter().filter_map(|party| party["name"].as_str()).collect();
    assert_eq!(parties, ["E1", "E2", "E9"]);
    desk.run("outcome import - --rules harbour --author Li --plan plan.csv --store sqlite:s.db").exits(2);
}

#[test]
fn what_visits_find_counts_for_the_aim_of_their_sites() {
    let desk = desk();
    let policy = "[selection]\noffices = [\"market\", \"port\"]\n[selection.random]\nrate = 0.1\n\
                  [selection.visits]\nkind = \"production\"\nper_month = 3\n";
    let hebei = "[hebei]\ntitle = \"Hebei\"\nkind = \"production\"\nmembers = [\"13*\"]\n";
    let targets =
        "targets aims.toml --rules harbour --plan plan.csv --outcomes outcomes.csv --as-of 2016-06-30";
    desk.write(
        "visited.csv",
        "visited_on,site,enterprise,result,case_number,fines,pieces\n2016-04-06,hebei,E7,fake,H1,500,2\n\
         2016-04-05,hebei,E7,counterfeit,H1,3000,40\n2016-04-05,hebei,E8,clear,,,\n2016-04-07,hebie,E7,fake,H2,,\n\
         2016-08-01,hebei,E7,fake,H3,,\n",
    );
    let told = desk.run(&format!("{targets} --visited visited.csv")).exits(2).stderr;
    assert!(told.contains("[selection.visits]"), "{told}");

    desk.write("harbour/pack.toml", format!("{PACK}{policy}"));
    desk.write("harbour/reference/sites.toml", format!("{SITES}{hebei}"));
    desk.write("aims.toml", format!("{AIMS}[kinds.production]\ncases = 10\n"));
    let before = desk.run(&format!("{targets} --format json")).exits(0).json();
    let ran = desk.run(&format!("{targets} --visited visited.csv")).exits(0);
    assert!(ran.stderr.contains("visits: 1 row cannot be read"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `hebei`?"), "{}", ran.stderr);
    assert!(ran.stdout.contains("Visits to enterprises of the year so far"), "{}", ran.stdout);
    let json = desk.run(&format!("{targets} --visited visited.csv --format json")).exits(0).json();
    let of = |json: &serde_json::Value| {
        let kinds = json["kinds"].as_array().unwrap().clone();
        kinds.into_iter().find(|account| account["kind"] == "production").unwrap()
    };
    let production = of(&json);
    assert_eq!((&production["cases"]["done"], &production["fines"]["done"]), (&1.0.into(), &3_500.0.into()));
    assert_eq!((&production["pieces"]["done"], &of(&before)["cases"]["done"]), (&42.0.into(), &0.0.into()));
    assert_eq!(json["visits"]["all"], serde_json::json!({ "made": 3, "open": 0, "found": 2, "waived": 0 }));
    assert_eq!(before["visits"], serde_json::Value::Null);
}
