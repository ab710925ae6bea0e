//! `qingfeng check --format sarif`: what the standard asks of each part, by hand.

use serde_json::Value;

use crate::support::Desk;

#[track_caller]
fn list<'v>(value: &'v Value, name: &str) -> &'v Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("`{name}` is no list: {value:#}"))
}

#[track_caller]
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("`{name}` is no text: {value:#}"))
}

#[track_caller]
fn region(value: &Value) {
    let number =
        |name: &str| value[name].as_u64().unwrap_or_else(|| panic!("`{name}` is no number: {value:#}"));
    let start = (number("startLine"), number("startColumn"));
    let end = (number("endLine"), number("endColumn"));
    assert!(start.0 >= 1 && start.1 >= 1 && start <= end, "{value:#}");
}

#[track_caller]
fn location(value: &Value) {
    let physical = &value["physicalLocation"];
    let uri = text(&physical["artifactLocation"], "uri");
    assert!(uri.starts_with("harbour/") && uri.is_ascii() && !uri.contains([' ', '\\']), "{uri}");
    region(&physical["region"]);
}

#[test]
fn the_log_has_what_the_standard_asks() {
    let desk = Desk::new();
    desk.write(
        "harbour/更多 rules.rhai",
        "rule(\"A\", #{ title: \"t\", when: |d| d.unit_vale < \"300\" });\n\
         rule(\"B\", #{ title: \"t\", from: \"2016-02-01\", until: \"2016-01-01\" });\n\
         rule(\"PRICE\", #{ title: \"t\" });\n\
         // qingfeng: allow QF1001 because pairs are meant\n\
         rule(\"C\", #{ title: \"t\", when: |d| d.packages / 2 > 5 });\n\
         rule(\"D\", #{ title: \"t\", when: |d| d.packages / 3 > 5 });\n",
    );
    let log = desk.run("check harbour --format sarif").exits(1).json();
    assert_eq!(text(&log, "version"), "2.1.0");
    assert!(text(&log, "$schema").contains("sarif-schema-2.1.0"));
    let [run] = list(&log, "runs").as_slice() else { panic!("one run") };
    let driver = &run["tool"]["driver"];
    assert_eq!(text(driver, "name"), "qingfeng");
    let rules = list(driver, "rules");
    for rule in rules {
        assert!(text(rule, "id").starts_with("QF"));
        assert!(!text(&rule["shortDescription"], "text").is_empty());
        assert!(!text(&rule["help"], "text").trim().is_empty(), "{rule:#}");
        assert_eq!(text(rule, "helpUri"), format!("crates/qingfeng-rules/codes/{}.md", text(rule, "id")));
        assert!(["error", "warning", "note"].contains(&text(&rule["defaultConfiguration"], "level")));
    }
    let results = list(run, "results");
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&text(result, "level")));
        assert!(!text(&result["message"], "text").is_empty());
        assert_eq!(text(&result["partialFingerprints"], "qingfeng/v1").len(), 16);
        list(result, "locations").iter().for_each(location);
        assert_eq!(list(result, "locations").len(), 1);
        for related in result["relatedLocations"].as_array().into_iter().flatten() {
            location(related);
            assert!(related["id"].as_u64().is_some_and(|id| id > 0));
        }
        for fix in result["fixes"].as_array().into_iter().flatten() {
            assert!(!text(&fix["description"], "text").is_empty());
            assert!(!list(fix, "artifactChanges").is_empty());
            for change in list(fix, "artifactChanges") {
                assert!(text(&change["artifactLocation"], "uri").starts_with("harbour/"));
                assert!(!list(change, "replacements").is_empty());
                for replacement in list(change, "replacements") {
                    region(&replacement["deletedRegion"]);
                    text(&replacement["insertedContent"], "text");
                }
            }
        }
    }
    let of = |code: &str| results.iter().filter(|result| result["ruleId"] == code).collect::<Vec<_>>();
    assert_eq!(list(of("QF0105")[0], "relatedLocations").len(), 1);
    assert_eq!(of("QF0201")[0]["fixes"][0]["description"]["text"], "write `unit_value`");
    let divisions = of("QF1001");
    let [said, allowed] = divisions.as_slice() else { panic!("{divisions:#?}") };
    assert_eq!((&said["properties"]["rule"], &allowed["properties"]["rule"]), (&"D".into(), &"C".into()));
    assert!(list(said, "suppressions").is_empty());
    let [suppression] = list(allowed, "suppressions").as_slice() else { panic!("one suppression") };
    assert_eq!(
        (text(suppression, "kind"), text(suppression, "justification")),
        ("inSource", "pairs are meant")
    );
    location(&suppression["location"]);
    let uri = of("QF0201")[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(uri, "harbour/%E6%9B%B4%E5%A4%9A%20rules.rhai");
}

#[test]
fn a_mistake_is_known_again_when_lines_move() {
    let marks = |rules: &str| {
        let desk = Desk::new();
        desk.write("harbour/more.rhai", rules);
        let log = desk.run("check harbour --format sarif").exits(1).json();
        let results = list(&log["runs"][0], "results").clone();
        results.iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    let rule = "rule(\"A\", #{ title: \"t\", when: |d| d.unit_vale < 300.0 });\n";
    assert_eq!(marks(rule), marks(&format!("// moved\n\n{rule}")));
    assert_ne!(marks(rule), marks(&rule.replace("\"A\"", "\"B\"")));
}

#[test]
fn a_pack_that_is_not_there_has_a_result_without_a_place() {
    let log = Desk::empty().run("check nowhere --format sarif").exits(1).json();
    let [result] = list(&log["runs"][0], "results").as_slice() else { panic!("one result") };
    assert_eq!(text(result, "ruleId"), "QF0001");
    assert!(list(result, "locations").is_empty());
}
