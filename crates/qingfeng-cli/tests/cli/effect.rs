//! `qingfeng effect`.

use crate::support::{Desk, is_harmful};

/// Two offices' day, their plan and results; ids and rules are not what a terminal should obey.
fn desk() -> Desk {
    let desk = Desk::empty();
    desk.write(
        "a.csv",
        "declaration_id,score,channel,rules,shadow_rules,pack,declared_on,sites\n\
         D1,50,red,A;B,,p@1,2016-09-06,shanghai\n\
         D2,20,green,B,T,p@1,2016-09-06,shanghai\n\
         D3,20,green,B,T,p@1,2016-09-06,shanghai\n\
         D4,0,green,,,p@1,2016-09-06,nowhere\n",
    );
    desk.write(
        "plan.csv",
        "day,office,order,declaration_id,selected,probability,score,channel,cost,pack,stratum,drawn,population\n\
         2016-09-06,shanghai,1,D1,targeted,1,50,red,1,p@1,all,,\n\
         2016-09-06,shanghai,2,D2,random,0.5,20,green,1,p@1,all,1,2\n",
    );
    desk.write(
        "r.csv",
        "declaration_id,item_no,found_on,result\nD1,1,2016-09-06,fake\nD2,1,2016-09-06,clear\n",
    );
    desk
}

const COMMAND: &str = "effect a.csv --plan plan.csv --outcomes r.csv";

#[test]
fn figures_of_rules_as_json_and_as_a_table() {
    let desk = desk();
    let effect = desk.run(&format!("{COMMAND} --format json")).exits(0).json();
    let rule = |id: &str| {
        let rules = effect["rules"].as_array().unwrap();
        rules.iter().find(|rule| rule["rule"] == id).unwrap().clone()
    };
    let of = |id: &str| {
        let rule = rule(id);
        let rate = rule["estimate"]["rate"].as_f64().map(|rate| (rate * 1000.0).round());
        (rule["fired"].as_u64(), rule["inspected"].as_u64(), rule["found"].as_u64(), rate)
    };
    assert_eq!(of("A"), (Some(1), Some(1), Some(1), Some(1000.0)));
    assert_eq!(of("B"), (Some(3), Some(2), Some(1), Some(333.0)));
    assert_eq!(of("T"), (Some(2), Some(1), Some(0), Some(0.0)));
    assert_eq!((rule("T")["shadow"].as_bool(), rule("B")["only"]["fired"].as_u64()), (Some(true), Some(2)));
    assert_eq!(effect["without_chance"], 1);
    // The same in whatever order inputs come.
    let lines = desk.read("a.csv");
    let (header, rows) = lines.split_once('\n').unwrap();
    let turned: Vec<&str> = rows.lines().rev().collect();
    desk.write("a.csv", format!("{header}\n{}\n", turned.join("\n")));
    assert_eq!(desk.run(&format!("{COMMAND} --format json")).exits(0).json(), effect);
    desk.run(&format!("{COMMAND} -o worth.csv")).exits(0);
    let table = desk.read("worth.csv");
    assert!(table.starts_with("rule,title,shadow,state,reason,lines,fired,"), "{table}");
    assert_eq!(table.lines().count(), 4);
}

#[test]
fn a_dropped_inspection_is_waived() {
    let desk = desk();
    desk.write("r.csv", "declaration_id,item_no,found_on,result\nD1,1,2016-09-06,fake\n");
    let harbour = Desk::new();
    for file in ["a.csv", "plan.csv", "r.csv"] {
        harbour.write(file, desk.read(file));
    }
    harbour.run("override drop plan.csv D2 --reason opened --author Li --rules harbour").exits(0);
    let shown = harbour.run(COMMAND).exits(0).stdout;
    assert!(shown.contains("1 selected without a coded result or waived"), "{shown}");
    assert!(shown.contains("Changed by people: 1 dropped (waived)"), "{shown}");
    // All commands that count inspections see it so: it is waived and not open, and clear nowhere.
    let json = |command: &str| harbour.run(command).exits(0).json();
    let check = json("outcome check r.csv --plan plan.csv --format json");
    let returns = |of: &str| check["all"][of].as_u64();
    assert_eq!(
        (returns("planned"), returns("coded"), returns("waived"), returns("nothing")),
        (Some(2), Some(1), Some(1), Some(0))
    );
    harbour.write("aims.toml", "year = 2016\n[all]\ncases = 3\n");
    let results = "--plan plan.csv --outcomes r.csv --as-of 2016-10-31";
    let targets = json(&format!("targets aims.toml --rules harbour {results} --format json"));
    let of = |what: &str| targets["all"][what].as_u64();
    assert_eq!((of("planned"), of("waived"), of("open")), (Some(2), Some(1), Some(0)), "{targets}");
    let watch = json(&format!("watch a.csv {results} --format json"));
    assert_eq!(
        (watch["open"]["inspections"].as_u64(), watch["open"]["open"].as_u64()),
        (Some(2), Some(0)),
        "{watch}"
    );
    let report = json(&format!("report a.csv --rules harbour {results} --format json"));
    assert_eq!(
        (report["counts"]["all"]["waived"].as_u64(), report["counts"]["all"]["open"].as_u64()),
        (Some(1), Some(0)),
        "{}",
        report["counts"]["all"]
    );
}

#[test]
fn what_people_add_and_reroute_is_due_where_they_sent_it() {
    let harbour = Desk::new();
    let desk = desk();
    for file in ["a.csv", "plan.csv"] {
        harbour.write(file, desk.read(file));
    }
    harbour.write(
        "r.csv",
        "declaration_id,item_no,found_on,result,office\nD1,1,2016-09-06,fake,khorgos\nD3,1,2016-09-06,fake,shanghai\n",
    );
    let by = "--reason asked --author Li --rules harbour";
    harbour.run(&format!("override reroute plan.csv D1 --to khorgos {by}")).exits(0);
    harbour.run(&format!("override add plan.csv D3 --to shanghai --day 2016-09-06 {by}")).exits(0);
    let results = "--plan plan.csv --outcomes r.csv --as-of 2016-10-31 --format json";
    let check = harbour.run("outcome check r.csv --plan plan.csv --format json --strict").exits(0).json();
    let of = |office: &str| {
        check["offices"][office]["planned"].as_u64().zip(check["offices"][office]["coded"].as_u64())
    };
    assert_eq!((of("khorgos"), of("shanghai")), (Some((1, 1)), Some((2, 1))), "{check}");
    // What was added counts as a case, and in no hit rate.
    harbour.write("aims.toml", "year = 2016\n[all]\ncases = 3\n");
    let targets = harbour.run(&format!("targets aims.toml --rules harbour {results}")).exits(0).json();
    assert_eq!(targets["all"]["cases"]["done"].as_f64(), Some(2.0), "{targets}");
    let effect = harbour.run(&format!("effect a.csv {results}")).exits(0).json();
    assert_eq!((effect["all"]["inspected"].as_u64(), effect["all"]["found"].as_u64()), (Some(1), Some(1)));
    // Ledgers say nothing without aims, and so are refused rather than passed over.
    harbour.write("tips.csv", "tip_id,received_on,kind\n");
    let report =
        "report a.csv --rules harbour --plan plan.csv --outcomes r.csv -o page.html --tip-offs tips.csv";
    assert!(harbour.run(report).exits(2).stderr.contains("--aims"));
}

#[test]
fn results_that_cannot_be_read_and_those_of_later_days_do_not_count_and_are_told() {
    let desk = desk();
    desk.write(
        "r.csv",
        "declaration_id,item_no,found_on,known_on,result\nD1,1,2016-09-06,,fake\nD2,1,2016-09-06,,perhaps\n\
         D2,1,2016-09-06,2016-09-20,fake\n",
    );
    let found = |command: &str| {
        let ran = desk.run(&format!("{command} --format json")).exits(0);
        assert!(ran.stderr.contains("outcomes: 1 row cannot be read"), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("r.csv, line 3, `result`: there is no result `perhaps`"),
            "{}",
            ran.stderr
        );
        ran.json()["all"]["found"].as_u64()
    };
    assert_eq!(found(COMMAND), Some(2));
    assert_eq!(found(&format!("{COMMAND} --as-of 2016-09-19")), Some(1));
}

#[test]
fn labelled_history_needs_no_plan() {
    let desk = desk();
    desk.write("labels.csv", "declaration_id,fraud\nD1,1\nD2,0\nD3,\nD9,1\n");
    let command = "effect a.csv --full --label fraud --outcomes labels.csv --format json";
    let effect = desk.run(command).exits(0).json();
    assert_eq!((effect["all"]["inspected"].as_u64(), effect["all"]["found"].as_u64()), (Some(2), Some(1)));
    assert_eq!((effect["all"]["unresolved"].as_u64(), effect["unplanned"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let desk = desk();
    desk.write("labels.csv", "declaration_id,fraud\nD1,perhaps\n");
    desk.write("empty.csv", "");
    desk.write("items.csv", "declaration_id,item_no,rules,shadow_rules\nD1,first,A,\n");
    desk.write("left.csv", "day,office,declaration_id,probability,stratum\n2016-09-06,shanghai,D3,2,all\n");
    let mut hostile = desk.read("plan.csv");
    hostile += "2016-09-07,shanghai,1,D9,random,0,20,green,1,p@1,all,1,2\n";
    desk.write("zero.csv", hostile);
    for (code, args, message) in [
        (2, "effect a.csv --outcomes r.csv", "--plan"),
        (2, "effect a.csv --full --plan plan.csv --outcomes r.csv", "--full"),
        (2, "effect a.csv --plan plan.csv --outcomes r.csv --label fraud", "--label"),
        (2, "effect a.csv --plan plan.csv --outcomes r.csv --rule b", "did you mean `B`?"),
        (2, "effect a.csv --plan plan.csv --outcomes r.csv --capacity 2", "no share"),
        (2, "effect a.csv --plan plan.csv --outcomes r.csv --level 1", "no share"),
        (2, "effect a.csv --plan plan.csv --outcomes r.csv -o a.csv", "overwrite the input"),
        (2, "effect a.csv --plan plan.csv --outcomes r.csv -o worth.xlsx", "worth.xlsx"),
        (2, "effect - --plan plan.csv --outcomes -", "can be read once"),
        (3, "effect a.csv --plan zero.csv --outcomes r.csv", "`probability` is 0"),
        (3, "effect a.csv --plan plan.csv --outcomes empty.csv", "empty.csv"),
        (3, "effect r.csv --plan plan.csv --outcomes r.csv", "has no column `score`"),
        (3, "effect a.csv --full --label fraud --outcomes labels.csv", "line 2: `fraud` is `perhaps`"),
        (3, "effect a.csv --full --label gone --outcomes labels.csv", "has no column `gone`"),
        (
            3,
            "effect a.csv --plan plan.csv --outcomes r.csv --items items.csv",
            "line 2: `item_no` is `first`",
        ),
        (3, "effect a.csv --plan plan.csv --outcomes r.csv --left-out left.csv", "line 2: `probability`"),
        (4, "effect a.csv --plan plan.csv --outcomes r.csv --rules gone", "gone"),
    ] {
        let ran = desk.run(args);
        assert!(ran.stderr.contains(message), "{args}: {}", ran.stderr);
        ran.exits(code);
    }
}

#[test]
fn hostile_names_are_shown_and_not_obeyed() {
    let desk = desk();
    for file in ["a.csv", "plan.csv", "r.csv"] {
        desk.write(
            file,
            desk.read(file).replace("D1", "D\u{1b}[31m\u{202e}1").replace("B,", "B\u{1b}]0;x\u{7},"),
        );
    }
    desk.write("r.csv", desk.read("r.csv") + "X\u{1b}[2J,1,2016-09-06,clear\n");
    let ran = desk.run(COMMAND).exits(0);
    assert!(!is_harmful(&ran.stdout) && !is_harmful(&ran.stderr), "{}", ran.stdout);
    let shown = desk.run(&format!("{COMMAND} --rule A")).exits(0).stdout;
    assert!(!is_harmful(&shown), "{shown}");
}

#[test]
fn nothing_at_all_is_no_mistake() {
    let desk = desk();
    let header = "declaration_id,score,channel,rules,shadow_rules,pack,declared_on,sites\n";
    desk.write("a.csv", header);
    let shown = desk.run(COMMAND).exits(0).stdout;
    assert!(shown.contains("0 declarations"), "{shown}");
    assert!(
        shown.contains("2 planned inspections of declarations that the assessments do not have"),
        "{shown}"
    );
}
