//! Tests of rules as a program runs them: the same results for any threads, places that are right, both evaluators.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use qingfeng::Engine;
use qingfeng::rules::cases::{self, MutationKind};
use qingfeng::tools::rule_tests::{self, MutateOptions, Tests};
use tempfile::TempDir;

const MANIFEST: &str = "[pack]\nname = \"p\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n\
    [[channels]]\nname = \"green\"\nfrom = 0\n[[channels]]\nname = \"red\"\nfrom = 50\n";

const RULES: &str = r#"
const LIMIT = 300.0;
fn low(price, limit) { price < limit }
rule("A", #{ title: "a", score: 10, when: |d| d.brand == () && low(d.unit_value, LIMIT) });
rule("B", #{ title: "b", region: ["KE", "NG"], score: -5, when: |d| d.brand == () });
rule("C", #{ title: "c", status: "draft", score: 50, at_least: "red", when: |d| d.brand == () });
for x in [1, 2] { rule(`L-${x}`, #{ title: "l", score: x, when: |d| d.packages > x }); }
rule("D", #{ title: "d", from: "2016-01-01", score: |d| if d.quantity > 5.0 { 7 } else { 3 }, when: |d| d.goods in ["a", "b"] || !d.hs.starts_with("87") });
"#;

const TESTS: &str = r#"
let line = #{ destination: "KE", mode: "0110", hs: "8711200000", quantity: 10, value: 2000.0, packages: 2 };
test("cheap", line, #{ fires: ["A", "B", "C", "L-1"], silent: ["L-2", "D"], score: 6, channel: "green" });
test("dear", line + #{ value: 3000.0, brand: "X" }, #{ silent: ["A", "B", "C"] });
test("other goods", line + #{ goods: "a" }, #{ points: #{ "D": 7 } });
"#;

fn pack(tests: &str) -> (TempDir, Engine) {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(directory.path().join(path), text).unwrap();
    std::fs::create_dir(directory.path().join("tests")).unwrap();
    write("pack.toml", MANIFEST);
    write("rules.rhai", RULES);
    write("tests/t.rhai", tests);
    let engine = Engine::open(directory.path()).unwrap();
    (directory, engine)
}

fn loaded(engine: &Engine, directory: &Path) -> Tests {
    let (tests, mistakes) = rule_tests::load(engine, directory);
    assert_eq!(mistakes.errors(), 0, "{mistakes}");
    tests
}

#[test]
fn tests_pass_or_fail_as_they_should() {
    let (directory, engine) = pack(TESTS);
    let report = loaded(&engine, directory.path()).run();
    assert_eq!(report.failed(), 0, "{report:?}");
    let (directory, engine) = pack(&TESTS.replace("score: 6", "score: 7"));
    let report = loaded(&engine, directory.path()).run();
    let mismatches = &report.results[0].mismatches;
    assert_eq!((report.failed(), mismatches.len()), (1, 1));
    assert_eq!(mismatches[0].got, "6: A +10, B -5, L-1 +1");
}

#[test]
fn drafts_are_evaluated_in_tests_alone() {
    let (directory, engine) = pack(TESTS);
    let declaration = qingfeng::Declaration::new()
        .with("declaration_id", "D1")
        .with("destination", "KE")
        .with("mode", "0110")
        .item(qingfeng::Item::new().with("hs", "8711200000"));
    let before = engine.assess(&declaration).unwrap();
    assert!(before.items[0].fired.iter().all(|fired| fired.rule != "C"));
    loaded(&engine, directory.path()).run();
    assert_eq!(engine.assess(&declaration).unwrap(), before);
}

#[test]
fn a_wrong_kernel_is_a_failure_of_its_own() {
    let tests = "test(\"at the limit\", #{ destination: \"KE\", mode: \"0110\", hs: \"87\", quantity: 1, value: 300.0 }, #{ silent: \"A\" });";
    let (directory, engine) = pack(tests);
    let report = loaded(&engine.with_planted_fault(), directory.path()).run();
    let result = &report.results[0];
    assert!(result.mismatches.is_empty(), "the interpreter is right");
    assert!(result.evaluators_differ.as_deref().unwrap().contains("rule A"), "{result:?}");
    assert!(!result.passed());
}

#[test]
fn results_do_not_depend_on_threads() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
    let engine = Engine::open(directory).unwrap();
    let tests = loaded(&engine, directory.as_ref());
    let all = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let results = serde_json::to_string(&tests.run().results).unwrap();
            let coverage = format!("{:?}", tests.coverage());
            let mutations = tests.mutate(&MutateOptions { limit: Some(40) }, &|_, _| {});
            let survivors = serde_json::to_string(&mutations.survivors).unwrap();
            (results, coverage, mutations.noticed, survivors)
        })
    };
    assert!(all(1) == all(5));
}

#[test]
fn changes_stand_where_they_say() {
    for pack in ["clean-wind", "import-fraud"] {
        let directory = format!("{}/../../rules/{pack}", env!("CARGO_MANIFEST_DIR"));
        let engine = Engine::open(&directory).unwrap();
        let mutations = cases::mutations(engine.pack());
        assert!(mutations.len() > 100);
        for mutation in &mutations {
            let text = engine.pack().warnings.sources.text(&mutation.place.file).unwrap();
            assert_eq!(
                text.get(mutation.place.span.clone()),
                Some(mutation.original.as_str()),
                "{mutation:?}"
            );
            assert!(!mutation.rules.is_empty(), "{mutation:?}");
        }
    }
}

#[test]
fn each_thing_is_changed_once() {
    let (_directory, engine) = pack(TESTS);
    let pack = engine.pack();
    let mutations = cases::mutations(pack);
    let shown: Vec<String> = mutations
        .iter()
        .map(|mutation| {
            let (line, _) = pack.warnings.sources.line_and_column(&mutation.place);
            let rules: Vec<&str> = mutation.rules.iter().map(|&rule| pack.rules[rule].id.as_str()).collect();
            format!("{line} {} -> {} ({})", mutation.original, mutation.replacement, rules.join(" "))
        })
        .collect();
    let has = |wanted: &str| assert!(shown.iter().any(|one| one == wanted), "no {wanted} in {shown:#?}");
    has("2 300.0 -> 270.0 (A)");
    has("3 < -> <= (A)");
    has("4 && -> || (A)");
    has("4 10 -> 11 (A)");
    // Closures with one text are one function to Rhai; each is changed at its own place.
    has("5 == -> != (B)");
    has("6 == -> != (C)");
    has("5 , \"NG\" ->  (B)");
    has("5 -5 -> -4 (B)");
    has("6 \"red\" -> \"green\" (C)");
    has("7 > -> >= (L-1 L-2)");
    has("8 \"2016-01-01\" -> \"2016-01-02\" (D)");
    has("8 ! ->  (D)");
    has("8 5.0 -> 5.5 (D)");
    assert!(mutations.iter().any(|mutation| mutation.kind == MutationKind::Negation));
}

#[test]
fn points_that_no_test_expects() {
    let (directory, engine) = pack(TESTS);
    let coverage = loaded(&engine, directory.path()).coverage();
    let ids: Vec<&str> =
        coverage.uncovered_points().into_iter().map(|rule| engine.pack().rules[rule].id.as_str()).collect();
    assert_eq!(ids, ["C", "L-2"]);
    let rule = coverage.rules.iter().find(|rule| rule.id == "D").unwrap();
    let parts: Vec<(&str, bool, bool)> =
        rule.parts.iter().map(|part| (part.text.as_str(), part.held, part.failed)).collect();
    assert_eq!(
        parts,
        [("d.goods in [\"a\", \"b\"]", true, true), ("!d.hs.starts_with(\"87\")", false, true)]
    );
}
