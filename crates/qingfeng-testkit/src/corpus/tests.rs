//! The runner itself: what it accepts as a case, and that it sees what differs.

use serde_json::Value;

use super::*;

#[track_caller]
fn problem(text: &str, expected: &str) {
    let problems = cases(text).expect_err("the case is not whole").join("\n");
    assert!(problems.contains(expected), "{problems}");
}

#[track_caller]
fn case(text: &str) -> Case {
    cases(text).unwrap().remove(0)
}

#[test]
fn a_case_that_is_not_whole_is_refused() {
    problem("[[case]]\nname = \"a\"\n", "one of the three");
    problem("[[case]]\nname = \"a\"\nholds = ['true']\nerrors = ['x']\n", "one of the three");
    problem(
        "[[case]]\nname = \"a\"\nholds = ['true']\ndeclarations = [{}]\n",
        "conditions are on one `line`",
    );
    problem("[[case]]\nname = \"a\"\ndeclarations = [{}, {}]\n[[case.expect]]\n", "as many `expect`");
    problem("[[case]]\nname = \"a\"\nline = { hs = \"1\" }\nerrors = ['x']\n", "assesses nothing");
    problem(
        "[[case]]\nname = \"a\"\nholds = ['x']\n[[case]]\nname = \"a\"\nholds = ['x']\n",
        "has this name",
    );
    problem(
        "[[case]]\nname = \"a\"\nholds = ['x']\nfiles.a = ''\nappend.a = ''\n",
        "in `files` and in `append`",
    );
}

#[test]
fn an_unknown_key_is_refused() {
    problem("[[case]]\nname = \"a\"\nhold = ['true']\n", "hold");
    problem("[[case]]\nname = \"a\"\n[[case.expect]]\nfire = [\"R\"]\n", "fire");
    problem("[[case]]\nname = \"a\"\n[[case.expect]]\nitems = [{ itemno = 1 }]\n", "itemno");
    problem("[[cases]]\nname = \"a\"\n", "case");
}

#[test]
fn declarations_get_the_usual_values_where_they_state_none() {
    let case = case(
        "[[case]]\nname = \"a\"\ndeclarations = [{ value = 1.5, seen_on = 2016-05-04 }, { mode = \"9610\", items = [{}, { hs = \"64\" }] }]\n\
         [[case.expect]]\n[[case.expect]]\n",
    );
    let expected = serde_json::json!([
        { "declaration_id": "D1", "destination": "KE", "mode": "0110", "hs": "8711209000", "value": 1.5, "seen_on": "2016-05-04" },
        { "declaration_id": "D2", "destination": "KE", "mode": "9610", "items": [{ "hs": "8711209000" }, { "hs": "64" }] },
    ]);
    assert_eq!(Value::from(case.declarations_as_json()), expected);
}

/// An engine that always gives the same answer, and remembers the pack that it was given.
struct Answers(Outcome, String);

impl Assess for Answers {
    fn assess(&mut self, pack: &Path, _: &[Value]) -> Result<Outcome, String> {
        let file = |name: &str| std::fs::read_to_string(pack.join(name)).unwrap_or_default();
        self.1 = format!("{}\n{}\n{}", file("pack.toml"), file("rules.rhai"), file("reference/regions.toml"));
        Ok(self.0.clone())
    }
}

fn found() -> Outcome {
    let item = FoundItem {
        item_no: 1,
        score: 30,
        channel: "blue".into(),
        points: Some(30),
        shadow_points: Some(0),
        fired: vec!["H1".into()],
        shadow: Vec::new(),
        faults: vec!["F1: overflow".into()],
        reasons: vec!["H1: H1".into()],
    };
    let declaration = FoundDeclaration {
        declaration_id: "D1".into(),
        score: 30,
        channel: "blue".into(),
        decisive_item: 1,
        items: vec![item],
    };
    Outcome::Assessed { warnings: Some(Vec::new()), declarations: vec![declaration] }
}

#[test]
fn the_pack_is_the_base_pack_with_the_changes_of_the_case() {
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/base-pack");
    let case = case(
        "[[case]]\nname = \"a\"\nmanifest.score.cap = 7\nappend.\"reference/regions.toml\" = \"[more]\\n\"\nrules = 'const X = 1;'\n\
         holds = ['one']\nfails = ['two']\nfaults = [['three', 'overflow']]\n",
    );
    let mut engine = Answers(found(), String::new());
    assert_eq!(run(&case, base.as_ref(), &mut engine), [""; 0]);
    for part in [
        "cap = 7",
        "name = \"corpus\"",
        "const X = 1;\nrule(\"H1\", #{ title: \"H1\", when: |d| one });",
        "rule(\"N1\", #{ title: \"N1\", when: |d| two });\nrule(\"F1\", #{ title: \"F1\", when: |d| three });",
        "[africa]",
        "[more]\n",
    ] {
        assert!(engine.1.contains(part), "{part} in {}", engine.1);
    }
}

#[test]
fn what_differs_is_named() {
    let conditions = case("[[case]]\nname = \"a\"\nfails = ['one', 'two']\nholds = ['three', 'four']\n");
    assert_eq!(
        differences(&conditions, &found()),
        ["declaration 1, fired: missing H2 `four`", "declaration 1, faults: unexpected F1: overflow",]
    );
    let expect = case(
        "[[case]]\nname = \"a\"\n[[case.expect]]\nfired = [\"H1\"]\nfaults = [\"F1: overflow\"]\nscore = 31\nchannel = \"red\"\n",
    );
    assert_eq!(
        differences(&expect, &found()),
        [
            "declaration 1, score: expected 31, found 30",
            "declaration 1, channel: expected \"red\", found \"blue\""
        ]
    );
    let refused = case("[[case]]\nname = \"a\"\nerrors = ['x', 'y']\n");
    assert_eq!(differences(&refused, &found()), ["the pack is accepted and should be refused"]);
    let lines = |lines: &[&str]| Outcome::Refused(lines.iter().map(ToString::to_string).collect());
    assert_eq!(differences(&refused, &lines(&["x", "y"])), [""; 0]);
    assert_eq!(differences(&refused, &lines(&["y", "x"])).len(), 1);
    assert_eq!(
        differences(&refused, &lines(&["x", "z"])),
        ["an unexpected message: z", "a message is missing: y"]
    );
    assert_eq!(differences(&expect, &lines(&["x"])), ["the pack is refused:", "x"]);
}
