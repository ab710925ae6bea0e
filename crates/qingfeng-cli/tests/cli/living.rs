//! Results of inspections come in, and rules read the history that they make.

use crate::support::Desk;

const PACK: &str = r#"
[pack]
name = "harbour"
version = "4"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "red"
from = 50
[lookups.past]
history = "exporter"
[lookups.agents]
history = "agent"
"#;

const RULES: &str = r#"
rule("AGAIN", #{ title: "Found before", score: 60, when: |d| d.lookup("past").violations_12m > 0,
    reason: |d| `${d.lookup("past").violations_12m} of ${d.lookup("past").inspections_12m}, grade ${d.lookup("past").grade}` });
rule("AGENT", #{ title: "Agent found before", score: 5, when: |d| d.lookup("agents").violations_36m > 0 });
"#;

const DECLARATIONS: &str = "\
declaration_id,item_no,declared_on,destination,mode,exporter,agent,hs,goods
D1,1,2016-03-01,KE,0110,E1,A1,8711209000,motorcycle
D2,1,2016-03-02,KE,0110,E2,A1,8711209000,motorcycle
D3,1,2016-03-10,KE,0110,E1,A2,8711209000,motorcycle
D4,1,2016-03-11,KE,0110,E1,A2,8711209000,motorcycle
";

const RESULTS: &str = "\
declaration_id,item_no,day,result,pieces,fine,major_case
D1,1,2016-03-10,fake,5,1000,false
D2,1,2016-03-05,clear,0,0,false
D9,1,2016-03-05,fake,1,0,false
D2,2,2016-03-05,clear,3,0,false
D2,3,2016-03-05,fakee,3,0,false
";

fn desk() -> Desk {
    let desk = Desk::empty();
    desk.write("harbour/pack.toml", PACK);
    desk.write("harbour/a.rhai", RULES);
    desk.write("declarations.csv", DECLARATIONS);
    desk.write("results.csv", RESULTS);
    desk
}

const IMPORT: &str =
    "outcome import results.csv --declarations declarations.csv --rules harbour --author Li --backfill";

#[test]
fn results_make_a_history_that_lines_of_later_days_see() {
    let desk = desk();
    let missing = desk.run("score declarations.csv --rules harbour -o -").exits(4).stderr;
    assert!(missing.contains("QF0402") && missing.contains("--store"), "{missing}");

    let told = desk.run(&format!("{IMPORT} --rejects rejects.csv")).exits(0).stdout;
    assert!(told.contains("Snapshot 2#"), "{told}");
    let rejects = desk.read("rejects.csv");
    for part in [
        "no declaration that was given has this line",
        "the result is clear, and yet",
        "did you mean `fake`?",
    ] {
        assert!(rejects.contains(part), "{part}: {rejects}");
    }

    // The result of 10 March is seen on the 11th, and not on the 10th.
    let run =
        desk.run("score declarations.csv --rules harbour --summary summary.json -o assessments.csv").exits(0);
    assert!(run.stderr.contains("Lookups 2#"), "{}", run.stderr);
    let assessments = desk.read("assessments.csv");
    let channel = |id: &str| {
        let line = assessments.lines().find(|line| line.starts_with(id)).unwrap_or_default();
        assert!(line.contains("+lookups@2#"), "{line}");
        if line.contains("red") { "red" } else { "green" }
    };
    assert_eq!(["D1", "D2", "D3", "D4"].map(channel), ["green", "green", "green", "red"]);
    assert!(desk.read("summary.json").contains("\"lookups\": \"2#"));
    let explained = desk.run("explain D4 declarations.csv --rules harbour").exits(0).stdout;
    assert!(explained.contains("1 of 1, grade C"), "{explained}");
    desk.run("verify declarations.csv --rules harbour").exits(0);

    // The same file again adds nothing; what came later is not seen through the old snapshot.
    let again = desk.run(IMPORT).exits(0).stdout;
    assert!(again.contains("Snapshot 2#"), "{again}");
    desk.write("correction.csv", "declaration_id,item_no,day,result,exporter\nD1,1,2016-03-10,clear,E1\n");
    let early = "outcome import correction.csv --rules harbour --author Li --strict --known-on 2016-03-09";
    desk.run(early).exits(1);
    let told = desk
        .run("outcome import correction.csv --rules harbour --author Li --known-on 2016-03-10")
        .exits(0)
        .stdout;
    assert!(told.contains("1 of lines that had another result"), "{told}");
    desk.run("score declarations.csv --rules harbour -o later.csv").exits(0);
    assert!(!desk.read("later.csv").contains("red"), "{}", desk.read("later.csv"));
    desk.run("score declarations.csv --rules harbour --snapshot 2 -o replay.csv").exits(0);
    assert_eq!(desk.read("replay.csv"), assessments);

    let list = desk
        .run("outcome list --rules harbour --as-of 2016-03-11 --snapshot 2 --format json")
        .exits(0)
        .stdout;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap_or_default();
    assert_eq!(list["parties"][0]["name"], "E1");
    assert_eq!(list["parties"][0]["violations_12m"], 1);
    let of = desk.run("outcome list --rules harbour --declaration D1 --as-of 2016-03-11").exits(0).stdout;
    assert!(of.contains("clear") && of.contains("exporter E1"), "{of}");
    desk.run("score declarations.csv --rules harbour --snapshot 99 -o no.csv").exits(4);
}

#[test]
fn tests_of_rules_do_not_see_the_store() {
    let desk = desk();
    desk.write(
        "harbour/tests/a.rhai",
        r#"test("found before", #{ destination: "KE", mode: "0110", hs: "87", exporter: "E7", declared_on: date("2016-05-04") }, #{ fires: "AGAIN" });"#,
    );
    let refused = desk.run("test harbour").exits(4).stderr;
    assert!(refused.contains("tests/lookups/past.csv"), "{refused}");
    desk.write("harbour/tests/lookups/past.csv", "exporter,violations_12m\nE7,2\n");
    desk.write("harbour/tests/lookups/agents.csv", "agent\n");
    desk.run("test harbour").exits(0);
}
