//! `qingfeng plan`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as they do")]

use crate::support::{Desk, golden, is_harmful};

const KEY: &str = "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210\n";

const SELECTION: &str = r#"
[selection]
offices = ["border", "port"]
trader = "exporter"
groups = ["motorcycles", "batteries"]
targeted_from = "green"
[selection.mandatory]
tags = ["price"]
[selection.random]
rate = 0.2
[[selection.quotas]]
name = "border"
kind = "border"
count = 1
[selection.cost]
declaration = 10
line = 5
points_per_hour = 60
[[selection.capacity]]
site = "shanghai"
inspections = 2
[[selection.capacity]]
site = "khorgos"
hours = 1
"#;

/// The pack `harbour` with a policy, its declarations all of one day, scored.
fn desk() -> Desk {
    let desk = Desk::new();
    let manifest = desk.read("harbour/pack.toml");
    desk.write("harbour/pack.toml", format!("{manifest}{SELECTION}"));
    let mut declarations = desk.read("declarations.csv");
    for day in 2..=6 {
        declarations = declarations.replace(&format!("2016-03-0{day}"), "2016-03-01");
    }
    desk.write("declarations.csv", declarations);
    desk.write("draw.key", KEY);
    only_mine(&desk, "draw.key");
    desk.run("score declarations.csv --rules harbour -o scored.csv").exits(0);
    desk
}

#[test]
fn a_day_of_two_offices() {
    let desk = desk();
    let plan = "plan scored.csv --rules harbour --key-file draw.key";
    let ran = desk.run(&format!("{plan} -o plan.csv --left-out left.csv --summary summary.json")).exits(0);
    assert_eq!(ran.stdout, "");
    assert!(!is_harmful(&ran.stderr));
    let digest = pack_digest(&desk.read("scored.csv"));
    let shown = format!("{}\n{}\n{}", ran.stderr, desk.read("plan.csv"), desk.read("left.csv"));
    // The commitment binds the pack.
    let planned = desk.read("plan.csv");
    let at = planned.lines().next().unwrap().split(',').position(|name| name == "commitment").unwrap();
    let commitment = planned.lines().nth(1).unwrap().split(',').nth(at).unwrap();
    golden("plan.txt", &shown.replace(&digest, "…").replace(commitment, "…"));
    let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    assert_eq!(summary["offices"].as_object().unwrap().len(), 2);
    // Whatever the number of threads, and wherever the key comes from.
    desk.run(&format!("{plan} -o again.csv --threads 3")).exits(0);
    assert_eq!(desk.read("again.csv"), desk.read("plan.csv"));
    let mut command = desk.command("plan scored.csv --rules harbour -o third.csv");
    crate::support::run(command.env("QINGFENG_DRAW_KEY", KEY)).exits(0);
    assert_eq!(desk.read("third.csv"), desk.read("plan.csv"));
}

/// Takes a file from the sight of others, where there are any.
fn only_mine(desk: &Desk, file: &str) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let path = desk.path().join(file);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (desk, file);
}

/// The digest of the pack, which every change of it changes.
fn pack_digest(scored: &str) -> String {
    scored.split_once("harbour@3#").unwrap().1.chars().take_while(char::is_ascii_hexdigit).collect()
}

#[test]
fn the_order_and_the_split_of_inputs_change_nothing() {
    let desk = desk();
    let scored = desk.read("scored.csv");
    let (header, rows) = scored.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let (first, second) = rows.split_at(rows.len() / 2);
    let file = |rows: &[&str]| {
        let rows: Vec<&str> = rows.iter().rev().copied().collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    desk.write("one.csv", file(first));
    desk.write("two.csv", file(second));
    desk.run("plan scored.csv --rules harbour --key-file draw.key -o a.csv --left-out al.csv").exits(0);
    desk.run("plan two.csv one.csv --rules harbour --key-file draw.key -o b.csv --left-out bl.csv").exits(0);
    assert_eq!(desk.read("a.csv"), desk.read("b.csv"));
    assert_eq!(desk.read("al.csv"), desk.read("bl.csv"));
}

#[test]
fn strict_tells_of_what_must_be_and_is_not() {
    let desk = desk();
    desk.write("capacity.csv", "site,day,inspections\nshanghai,2016-03-01,0\nkhorgos,2016-03-01,1\n");
    let args = "plan scored.csv --rules harbour --key-file draw.key --capacity capacity.csv -o plan.csv";
    let ran = desk.run(args).exits(0);
    assert!(ran.stderr.contains("must be inspected"), "{}", ran.stderr);
    desk.run(&format!("{args} --strict")).exits(1);
}

/// The assessments with these cells changed: declaration, column, value.
fn edit(desk: &Desk, edits: &[(&str, &str, &str)]) {
    let scored = desk.read("scored.csv");
    let (header, rows) = scored.split_once('\n').unwrap();
    let names: Vec<&str> = header.split(',').collect();
    let edited = rows.lines().map(|row| {
        let mut cells: Vec<&str> = row.split(',').collect();
        let id = cells[0];
        for (_, column, value) in edits.iter().filter(|(of, ..)| *of == id) {
            cells[names.iter().position(|name| name == column).unwrap()] = value;
        }
        cells.join(",")
    });
    desk.write("edited.csv", format!("{header}\n{}\n", edited.collect::<Vec<_>>().join("\n")));
}

/// D4 is red, and must be inspected.
#[test]
fn every_assessment_is_in_the_plan_or_left_out_with_a_reason() {
    let desk = desk();
    // The site `east` does not inspect.
    let sites = desk.read("harbour/reference/sites.toml");
    let east = "[east]\ntitle = \"East\"\nkind = \"production\"\nmembers = [\"CNXXX\"]\n";
    desk.write("harbour/reference/sites.toml", sites + east);
    desk.run("score declarations.csv --rules harbour -o scored.csv").exits(0);
    let plan = "plan edited.csv --rules harbour --key-file draw.key --from 2016-03-01 --until 2016-03-02 -o plan.csv \
                --left-out left.csv --summary summary.json";
    let ids = |file: &str| -> Vec<String> {
        let text = desk.read(file);
        let at = text.lines().next().unwrap().split(',').position(|name| name == "declaration_id").unwrap();
        text.lines().skip(1).map(|line| line.split(',').nth(at).unwrap().to_owned()).collect()
    };
    for (edits, why, because) in [
        (vec![("D4", "declared_on", "")], "no office: no day", "no day"),
        (vec![("D4", "sites", "")], "no office: no site", "no site"),
        (vec![("D4", "sites", "east")], "no office: no site that inspects", "no site that inspects"),
        (
            vec![("D4", "declared_on", "2016-02-01")],
            "no office: a day before the first planned one",
            "a day before the first planned one",
        ),
        (
            vec![("D4", "declared_on", "2016-03-03")],
            "no office: a day after the last planned one",
            "a day after the last planned one",
        ),
    ] {
        edit(&desk, &edits);
        let ran = desk.run(&format!("{plan} --strict")).exits(1);
        let first = ran.stderr.lines().next().unwrap();
        assert_eq!(first, format!("red and not inspected: 1, because {because} (1)"));
        assert!(ran.stderr.contains("1 declaration that must be inspected is left out: "), "{}", ran.stderr);
        let row = desk.read("left.csv").lines().find(|line| line.contains(",D4,")).unwrap().to_owned();
        assert!(row.contains(&format!(",D4,mandatory,{why},")) && row.contains(",85,red,"), "{row}");
        let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
        assert_eq!(summary["severest_not_inspected"]["because"][because], 1);
        let mut all = [ids("plan.csv"), ids("left.csv")].concat();
        all.sort_unstable();
        assert_eq!(all, ["D1", "D2", "D3", "D4", "D5"]);
    }
    // A day without capacity, and one that was opened on an earlier day.
    edit(&desk, &[]);
    desk.write("capacity.csv", "site,day,inspections\nshanghai,2016-03-01,0\nkhorgos,2016-03-01,9\n");
    let ran = desk.run(&format!("{plan} --strict --capacity capacity.csv")).exits(1);
    assert!(
        ran.stderr.starts_with("red and not inspected: 1, because no capacity on its day (1)\n"),
        "{}",
        ran.stderr
    );
    edit(&desk, &[("D4", "declared_on", "2016-02-01")]);
    desk.write("opened.csv", format!("{HEADER}D4,1,2016-02-02,,clear\n"));
    let ran = desk.run(&format!("{plan} --strict --outcomes opened.csv")).exits(0);
    assert!(!ran.stderr.contains("must be inspected"), "{}", ran.stderr);
    assert!(
        desk.read("left.csv").contains(
            ",D4,mandatory,\"no office: a day before the first planned one, and a result is known\","
        )
    );
    let told = desk.run(&plan.replace(" -o", " -q -o")).exits(0);
    assert_eq!(told.stderr, "");
}

#[test]
fn lists_say_what_could_not_be_read() {
    let desk = desk();
    edit(&desk, &[("D4", "unreadable", "item 1: quantity"), ("D2", "unreadable", "item 1: value")]);
    let ran = desk
        .run("plan edited.csv --rules harbour --key-file draw.key -o plan.csv --left-out left.csv")
        .exits(0);
    assert!(
        ran.stderr.contains("2 declarations could not be read whole: 1 in the plan, 1 not"),
        "{}",
        ran.stderr
    );
    assert!(
        desk.read("plan.csv").contains("item 1: quantity") && desk.read("left.csv").contains("item 1: value")
    );
    let list = desk.run("worklist plan.csv --rules harbour").exits(0).stdout;
    assert!(list.contains("could not be read: item 1: quantity"), "{list}");
    desk.run("worklist plan.csv --rules harbour --format html --lang zh -o list.html").exits(0);
    assert!(desk.read("list.html").contains("无法读取: 第 1 项：成交数量"));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let desk = desk();
    let capacity = |rows: &str| format!("site,day,from,until,weekdays,inspections,hours\n{rows}");
    let mut said = String::new();
    for (name, rows) in [
        ("unknown site", "shanghia,,,,,5,\n"),
        ("twice", "shanghai,2016-03-01,,,,5,\nshanghai,,2016-02-01,,mon-fri,,8\n"),
        ("negative", "shanghai,,,,,-1,\n"),
        ("absurd", "shanghai,,,,,,1e9\n"),
        ("two amounts", "shanghai,,,,,1,1\n"),
        ("no amount", "shanghai,,,,,,\n"),
        ("order", "shanghai,,2016-03-02,2016-03-01,,1,\n"),
        ("weekday", "shanghai,,,,someday,1,\n"),
        ("number", "shanghai,,,,,many,\n"),
    ] {
        desk.write("capacity.csv", capacity(rows));
        let ran =
            desk.run("plan scored.csv --rules harbour --key-file draw.key --capacity capacity.csv -o p.csv");
        said += &format!("{name}: {}", ran.exits(3).stderr);
    }
    desk.write("no-amount.csv", "site\nshanghai\n");
    desk.write("outcomes.csv", "declaration_id,found_on,verdikt\nD1,2016-03-01,clear\n");
    desk.write("short.key", "abcd\n");
    only_mine(&desk, "short.key");
    for (code, args) in [
        (3, "--key-file draw.key --capacity no-amount.csv"),
        (3, "--key-file draw.key --outcomes outcomes.csv"),
        (3, "--key-file nowhere.key"),
        (3, "--key-file short.key"),
        (2, ""),
        (2, "--key-file draw.key --from 2016-03-02 --until 2016-03-01"),
        (2, "--key-file draw.key --from 0001-01-01"),
    ] {
        let ran = desk.run(&format!("plan scored.csv --rules harbour -o p.csv {args}"));
        said += &format!("{args}: {}", ran.exits(code).stderr);
    }
    assert!(!desk.has("p.csv"));
    golden("plan-errors.txt", &said);
}

/// Declarations of the 1st, of which results may come, and one of the 5th and of the 20th to be planned.
fn learner() -> Desk {
    let desk = desk();
    let mut declarations = desk.read("declarations.csv");
    for day in ["05", "20"] {
        declarations +=
            &format!("H{day},1,2016-03-{day},CNSHA,FJ,0110,E9,8711209000,motorcycle,,5,5,1000,,no,,\n");
    }
    desk.write("declarations.csv", declarations);
    desk.run("score declarations.csv --rules harbour -o scored.csv").exits(0);
    desk
}

const PLAN: &str = "plan scored.csv --rules harbour --key-file draw.key --from 2016-03-05 --until 2016-03-20";

/// The worth of the declarations of the 5th and the 20th, and the digest of the inputs, in a plan made with these options.
fn worths(desk: &Desk, options: &str) -> (i64, i64, String) {
    desk.run(&format!("{PLAN} {options} -o learnt.csv --left-out learnt-left.csv")).exits(0);
    let tables = [desk.read("learnt.csv"), desk.read("learnt-left.csv")];
    let cell = |id: &str, column: &str| {
        let cells = tables.iter().find_map(|table| {
            let (header, rows) = table.split_once('\n').unwrap();
            let row = rows.lines().find(|row| row.split(',').any(|cell| cell == id))?;
            let at = header.split(',').position(|name| name == column).unwrap();
            Some(row.split(',').nth(at).unwrap().to_owned())
        });
        cells.unwrap_or_else(|| panic!("{id} is nowhere"))
    };
    let worth = |id: &str| cell(id, "worth").parse().unwrap();
    (worth("H05"), worth("H20"), cell("H20", "inputs"))
}

/// The worths when these results are given as `outcomes.csv`.
fn learns(desk: &Desk, outcomes: &str) -> (i64, i64, String) {
    desk.write("outcomes.csv", outcomes);
    worths(desk, "--outcomes outcomes.csv")
}

const HEADER: &str = "declaration_id,item_no,found_on,known_on,result\n";

#[test]
fn a_plan_takes_results_in_whatever_form_every_other_command_takes_them() {
    let desk = learner();
    let nothing = learns(&desk, &format!("{HEADER}X1,1,2016-03-02,,fake\n"));
    let found = learns(&desk, &format!("{HEADER}D4,1,2016-03-02,,counterfeit\n"));
    assert!(found.0 > nothing.0 && found.1 > nothing.1, "{nothing:?} {found:?}");

    let chinese = "报关单号,项号,查验日期,查验结果\nD4,1,2016-03-02,侵权\n";
    assert_eq!(learns(&desk, chinese), found);
    desk.write(
        "gb.csv",
        b"\xb1\xa8\xb9\xd8\xb5\xa5\xba\xc5,\xcf\xee\xba\xc5,\xb2\xe9\xd1\xe9\xc8\xd5\xc6\xda,\xb2\xe9\xd1\xe9\xbd\xe1\xb9\xfb\nD4,1,2016-03-02,\xc7\xd6\xc8\xa8\n",
    );
    assert_eq!(worths(&desk, "--outcomes gb.csv --gb18030"), found);
    desk.write(
        "o.ndjson",
        r#"{"declaration_id":"D4","item_no":1,"found_on":"2016-03-02","result":"counterfeit"}"#,
    );
    assert_eq!(worths(&desk, "--outcomes o.ndjson"), found);

    // A row that cannot be read is reported; the others count.
    let with_mistake = format!("{HEADER}D1,1,2016-03-02,,faek\nD4,1,2016-03-02,,counterfeit\n");
    assert_eq!(learns(&desk, &with_mistake), found);
    let told = desk.run(&format!("{PLAN} --outcomes outcomes.csv -o told.csv")).exits(0).stderr;
    assert!(told.contains("1 row cannot be read") && told.contains("did you mean `fake`?"), "{told}");

    // As of a day before it, a result is as if it had not come.
    desk.write("outcomes.csv", format!("{HEADER}D4,1,2016-03-02,,counterfeit\n"));
    let (fifth, twentieth, _) = worths(&desk, "--outcomes outcomes.csv --as-of 2016-03-01");
    assert_eq!((fifth, twentieth), (nothing.0, nothing.1));

    // Out of a store.
    desk.write(
        "results.csv",
        "declaration_id,item_no,declared_on,found_on,result,exporter\nD4,1,2016-03-01,2016-03-02,counterfeit,E9\n",
    );
    desk.run("outcome import results.csv --rules harbour --store sqlite:s.sqlite --by clerk --backfill")
        .exits(0);
    assert_eq!(worths(&desk, "--store sqlite:s.sqlite"), found);
}

#[test]
fn a_plan_learns_of_a_result_when_it_is_known_and_not_before() {
    let desk = learner();
    let nothing = learns(&desk, &format!("{HEADER}X1,1,2016-03-02,,fake\n"));
    let at_once = learns(&desk, &format!("{HEADER}D4,1,2016-03-02,,fake\n"));
    let late = learns(&desk, &format!("{HEADER}D4,1,2016-03-02,2016-03-19,fake\n"));
    assert_eq!((late.0, late.1), (nothing.0, at_once.1), "{nothing:?} {at_once:?} {late:?}");
    let too_late = learns(&desk, &format!("{HEADER}D4,1,2016-03-02,2016-03-20,fake\n"));
    assert_eq!((too_late.0, too_late.1), (nothing.0, nothing.1));
    assert!(late.2 != too_late.2 && late.2 != at_once.2, "the digest tells what was known when");
}

#[test]
fn a_correction_undoes_a_finding_from_the_day_on_which_it_is_known() {
    let desk = learner();
    let fake = learns(&desk, &format!("{HEADER}D4,1,2016-03-02,,fake\n"));
    let clear = learns(&desk, &format!("{HEADER}D4,1,2016-03-02,,clear\n"));
    assert!(fake.1 > clear.1, "{fake:?} {clear:?}");
    let corrected = "D4,1,2016-03-02,,fake\nD4,1,2016-03-02,2016-03-10,clear\n";
    let undone = learns(&desk, &format!("{HEADER}{corrected}"));
    assert_eq!((undone.0, undone.1), (fake.0, clear.1), "{fake:?} {clear:?} {undone:?}");
    // What was open, or is again, teaches nothing.
    let nothing = learns(&desk, &format!("{HEADER}X1,1,2016-03-02,,fake\n"));
    let reopened = learns(&desk, &format!("{HEADER}{}", corrected.replace("clear", "open")));
    assert_eq!((reopened.0, reopened.1), (fake.0, nothing.1));
}

const VISITS: &str = r#"
[selection.visits]
kind = "production"
per_month = 2
random = 0.5
pause_days = 60
"#;

/// The pack with a producing area that has visits, and assessments of February that belong to it.
fn visiting() -> Desk {
    let desk = desk();
    desk.write("harbour/pack.toml", desk.read("harbour/pack.toml") + VISITS);
    let east = "[east]\ntitle = \"East\"\nkind = \"production\"\nmembers = [\"CNXXX\"]\n";
    desk.write("harbour/reference/sites.toml", desk.read("harbour/reference/sites.toml") + east);
    desk.run("score declarations.csv --rules harbour -o scored.csv").exits(0);
    let edits = ["D1", "D2", "D4", "D5"]
        .map(|id| [(id, "declared_on", "2016-02-10"), (id, "sites", "shanghai;east")])
        .concat();
    edit(&desk, &edits);
    desk
}

const VISIT: &str = "plan edited.csv --rules harbour --key-file draw.key --from 2016-03-01 --until 2016-03-02 -o plan.csv \
                     --visits visits.csv --summary summary.json";

/// The cells of these columns of each visit.
fn visits(desk: &Desk, columns: &[&str]) -> Vec<String> {
    let text = desk.read("visits.csv");
    let (header, rows) = text.split_once('\n').unwrap();
    let at = |column: &&str| header.split(',').position(|name| name == *column).unwrap();
    let cells = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        columns.iter().map(|column| cells[at(column)]).collect::<Vec<_>>().join(" ")
    };
    rows.lines().map(cells).collect()
}

#[test]
fn enterprises_are_visited_by_the_month() {
    let desk = visiting();
    let ran = desk.run(VISIT).exits(0);
    assert!(ran.stderr.contains("Visits to enterprises"), "{}", ran.stderr);
    // D4 of E9 is red. Of the three others one is drawn; E9's D3 is of no producing area.
    let columns =
        ["month", "site", "order", "enterprise", "selected", "declarations", "items", "channel", "score"];
    let planned = visits(&desk, &columns);
    assert_eq!((planned.len(), planned[0].as_str()), (2, "2016-03 east 1 E9 targeted 1 2 red 85"));
    assert!(planned[1].starts_with("2016-03 east 2 E") && planned[1].contains(" random 1 "), "{planned:?}");
    assert_eq!(
        visits(&desk, &["probability", "drawn", "population"]),
        ["1.0 1 3", "0.3333333333333333 1 3"],
        "{planned:?}"
    );
    let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    assert_eq!(
        (&summary["visits"][0]["enterprises"], &summary["visits"][0]["places"]),
        (&4.into(), &2.into())
    );

    // Whatever the order of rows; the plan is the same without visits.
    let first = desk.read("visits.csv");
    let plan = desk.read("plan.csv");
    let edited = desk.read("edited.csv");
    let (header, rows) = edited.split_once('\n').unwrap();
    let turned: Vec<&str> = rows.lines().rev().collect();
    desk.write("edited.csv", format!("{header}\n{}\n", turned.join("\n")));
    desk.run(VISIT).exits(0);
    assert_eq!(desk.read("visits.csv"), first);
    desk.run(&VISIT.replace("--visits visits.csv ", "")).exits(0);
    assert_eq!(desk.read("plan.csv"), plan);

    // The proof of a day says that it is none of visits.
    let prove = "draw prove plan.csv edited.csv --rules harbour --key-file draw.key --day 2016-03-01";
    let told = desk.run(prove).exits(1).stdout;
    assert!(told.contains("visits to enterprises are no part of a day's proof"), "{told}");

    // Who was visited is not visited again so soon; a visit that was not made, or is of this month, is none.
    desk.write(
        "visited.csv",
        "走访日期,产地,企业,走访结果,免查代码\n2016-02-20,east,E9,正常,\n2016-02-20,east,E1,免查,W1\n2016-03-01,east,E2,正常,\n",
    );
    desk.run(&format!("{VISIT} --visited visited.csv")).exits(0);
    assert!(visits(&desk, &["enterprise"]).iter().all(|enterprise| enterprise != "E9"));
    let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    assert_eq!(
        (&summary["visits"][0]["enterprises"], &summary["visits"][0]["paused"]),
        (&3.into(), &1.into())
    );
    assert_ne!(visits(&desk, &["inputs"])[0], first.lines().nth(1).unwrap().rsplit(',').next().unwrap());
}

#[test]
fn what_is_wrong_with_visits_is_said_with_its_place() {
    let desk = visiting();
    let header = "visited_on,site,enterprise,result,fine";
    for (row, part) in [
        ("2016-02-20,esat,E9,clear,", "did you mean `east`?"),
        ("2016-02-20,shanghai,E9,clear,", "the site `shanghai` has no visits: its kind is not `production`"),
        ("2016-02-20,east,E9,clera,", "did you mean `clear`?"),
        ("2016-02-30,east,E9,clear,", "visited_on"),
        ("2016-02-20,east,E9,clear,100", "the result is clear, and yet there is a fine"),
        ("2016-02-20,east,E9,fake,-1", "`fine` is -1; it must be 0 or more"),
        ("2016-02-20,east,,fake,", "`enterprise`"),
    ] {
        desk.write("visited.csv", format!("{header}\n2016-02-20,east,E7,clear,\n{row}\n"));
        let told = desk.run(&format!("{VISIT} --visited visited.csv")).exits(0).stderr;
        assert!(told.contains("visits: 1 row cannot be read") && told.contains("line 3"), "{row}: {told}");
        assert!(told.contains(part), "{row}: {told}");
    }
    desk.write("visited.csv", format!("{header}\n2016-02-20,east,E7,clear,\n2016-02-20,east,E7,open,\n"));
    let told = desk.run(&format!("{VISIT} --visited visited.csv")).exits(0).stderr;
    assert!(told.contains("the visit is there twice"), "{told}");

    desk.write("visited.csv", "visited_on,enterprise,result\n2016-02-20,E7,clear\n");
    let told = desk.run(&format!("{VISIT} --visited visited.csv")).exits(3).stderr;
    assert!(told.contains("`site`"), "{told}");
    desk.run(&format!("{VISIT} --visited visits.csv")).exits(2);
    desk.run(&format!("{} --visited visited.csv", VISIT.replace("--visits visits.csv", ""))).exits(2);
    let manifest = desk.read("harbour/pack.toml");
    desk.write("harbour/pack.toml", manifest.replace(VISITS, ""));
    let told = desk.run(VISIT).exits(2).stderr;
    assert!(told.contains("[selection.visits]"), "{told}");
    // Where nothing else is drawn, visits need the key all the same.
    desk.write("harbour/pack.toml", manifest.replace("rate = 0.2", "rate = 0"));
    let told = desk.run(&VISIT.replace("--key-file draw.key ", "")).exits(2).stderr;
    assert!(told.contains("the policy draws random visits, and there is no key"), "{told}");
}
