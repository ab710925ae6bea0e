//! Results in the record of past trade, as an operator adds them and an officer's rules read them.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::support::Desk;

const PACK: &str = r#"
[pack]
name = "port"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[score]
cap = 1000
[risks.goods]
levels = [["hs2"], ["exporter"]]
prior = 0.1
"#;

const RULES: &str = r#"
rule("RISK", #{
    title: "Goods like these were found bad",
    score: |d| (d.goods_rate * 1000.0).to_int(),
    when: |d| d.goods_upper > 0.0,
    reason: |d| `${d.lookup("goods_1").inspected} ${d.goods_inspected}`,
});
"#;

const PAST: &str = "\
declaration_id,declared_on,exporter,destination,mode,hs
D1,2016-09-01,E1,KE,0110,8711209000
D2,2016-09-01,E1,KE,0110,8711209000
";

const RESULTS: &str = "\
declaration_id,found_on,result
D1,2016-09-02,fake
D2,2016-09-02,clear
D3,2016-09-02,claer
";

const PLAN: &str = "\
day,office,order,declaration_id,selected,probability,score,channel,cost,pack
2016-09-01,ningbo,1,D1,targeted,1,80,green,1,port@1#ab
2016-09-01,ningbo,2,D2,random,0.1,0,green,1,port@1#ab
";

fn desk() -> Desk {
    let desk = Desk::empty();
    desk.write("port/pack.toml", PACK);
    desk.write("port/rules.rhai", RULES);
    desk.write("past.csv", PAST);
    desk.write("results.csv", RESULTS);
    desk.write("plan.csv", PLAN);
    desk.write(
        "today.csv",
        PAST.replace("D1,2016-09-01", "N1,2016-09-05").replace("D2,2016-09-01", "N2,2016-09-02"),
    );
    desk.run("trade add past.csv --rules port").exits(0);
    desk
}

/// The scores of a declaration that knows the results, and of one of the day on which they came.
fn scores(desk: &Desk) -> (u64, u64, String) {
    desk.run("score today.csv --rules port --reasons -o out.ndjson").exits(0);
    let lines: Vec<serde_json::Value> =
        desk.read("out.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let score = |at: usize| lines[at]["score"].as_u64().unwrap();
    (score(0), score(1), lines[0]["reasons"][0].as_str().unwrap().to_owned())
}

#[test]
fn each_result_counts_by_the_probability_of_its_selection() {
    let without = desk();
    let ran = without.run("trade results --outcomes results.csv --rules port").exits(0);
    assert!(ran.stdout.contains("Added 2 results"), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 row cannot be read") && ran.stderr.contains("claer"), "{}", ran.stderr);
    // (1 + 2 × (1 + 2 × 0.1) / 4) / 4; nothing was known on the day of the results.
    let (late, same_day, reason) = scores(&without);
    assert_eq!((late, same_day, reason.as_str()), (400, 100, "RISK: 2.0 2.0"));

    let with = desk();
    let ran =
        with.run("trade results --outcomes results.csv --plan plan.csv --rules port --format json").exits(0);
    assert_eq!((ran.json()["added"].as_u64(), ran.json()["kept"]["results"].as_u64()), (Some(2), Some(2)));
    // One in eleven, of (1 + 10)² / (1 + 100) equal results.
    let inspected = 121.0 / 101.0;
    let level = |before: f64| (inspected / 11.0 + 2.0 * before) / (inspected + 2.0);
    let (late, same_day, reason) = scores(&with);
    assert_eq!((late, same_day), ((level(level(0.1)) * 1000.0) as u64, 100));
    assert!(reason.starts_with("RISK: 1.19801980198"), "{reason}");
}

#[test]
fn tests_of_rules_give_the_levels() {
    let desk = desk();
    desk.write("port/tests/a.rhai", "test(\"bad before\", #{ hs: \"8711209000\", exporter: \"E1\", destination: \"KE\", mode: \"0110\", declared_on: date(\"2016-09-05\") }, #{ fires: \"RISK\", points: #{ \"RISK\": 400 } });\n");
    desk.write("port/tests/lookups/goods_1.csv", "hs2,inspected,found\n87,6,3\n");
    let ran = desk.run("test port");
    assert!(ran.code != 0 && ran.stderr.contains("goods_2.csv"), "{}{}", ran.stdout, ran.stderr);
    desk.write("port/tests/lookups/goods_2.csv", "exporter,inspected,found\n");
    let ran = desk.run("test port");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn results_must_come_from_somewhere() {
    let desk = desk();
    let ran = desk.run("trade results --rules port").exits(2);
    assert!(ran.stderr.contains("--outcomes"), "{}", ran.stderr);
    let ran = desk.run("trade results --outcomes nothing.csv --rules port").exits(3);
    assert!(ran.stderr.contains("nothing.csv"), "{}", ran.stderr);
    assert!(!desk.read("port/lookups/trade/trade.json").contains("results"));
}
