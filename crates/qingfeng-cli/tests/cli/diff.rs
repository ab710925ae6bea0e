//! `qingfeng diff`: what another pack would change.

use crate::support::{Desk, golden, is_harmful};

/// The pack `next`: the pack `harbour` with these texts of its files put in place of others.
fn desk(changes: &[(&str, &str, &str)]) -> Desk {
    let desk = Desk::new();
    for file in [
        "pack.toml",
        "campaign.rhai",
        "other.rhai",
        "lookups/blacklist.csv",
        "reference/regions.toml",
        "reference/commodities.toml",
        "reference/modes.toml",
        "reference/sites.toml",
    ] {
        let mut text = desk.read(&format!("harbour/{file}"));
        for (_, old, new) in changes.iter().filter(|(of, ..)| *of == file) {
            assert!(text.contains(old), "{old} is not in {file}");
            text = text.replace(old, new);
        }
        desk.write(&format!("next/{file}"), text);
    }
    desk
}

/// A proposal as an officer would make it, with a title that would rather be something else.
const PROPOSAL: &[(&str, &str, &str)] = &[
    ("campaign.rhai", "LOW_PRICE = 300.0", "LOW_PRICE = 150.0"),
    ("campaign.rhai", "score: -10, at_most: \"blue\"", "score: -20, at_most: \"green\""),
    (
        "other.rhai",
        "rule(\"PAST\"",
        "rule(\"CHEAP\", #{ title: \"<script>\u{1b}[2J Cheap goods\", score: 45,\n    when: |d| d.value < 600.0 && d.brand != (), reason: |d| `value ${d.value} USD` });\nrule(\"FORMER\"",
    ),
    ("other.rhai", "title: \"Packages by the dozen\"", "title: \"Packages by dozens\""),
    (
        "other.rhai",
        "rule(\"GONE\", #{ title: \"Survey of 2015\", until: \"2015-12-31\", score: 8, when: |d| d.quantity > 1.0 });",
        "",
    ),
    ("reference/regions.toml", "\"KE\", \"TZ\"", "\"TZ\", \"ZA\""),
    ("reference/commodities.toml", "\"8506\", ", ""),
    ("lookups/blacklist.csv", "E8,2015-06-01,B\n", "E5,2016-01-01,C\n"),
    ("pack.toml", "from = 20", "from = 18"),
];

#[test]
fn a_proposal_is_shown_to_people() {
    let desk = desk(PROPOSAL);
    golden("diff-packs.txt", &desk.run("diff harbour next").exits(0).stdout);
    let ran = desk.run("diff harbour next declarations.csv --html page.html").exits(0);
    golden("diff.txt", &ran.stdout);
    assert_eq!(ran.stderr, "");
    let page = desk.read("page.html");
    for text in [&ran.stdout, &page] {
        assert!(!is_harmful(text), "{text}");
    }
    for part in ["<script", "http:", "https:", "src=", "url("] {
        assert!(!page.contains(part), "{part} in {page}");
    }
    for part in
        ["&lt;script&gt;␛[2J Cheap goods", "the new rule CHEAP fires", "value 300.0 USD", "<svg", "CNSHA"]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn what_means_the_same_is_no_difference() {
    let desk = desk(&[
        ("campaign.rhai", "LOW_PRICE", "SMALL"),
        ("campaign.rhai", "d.brand == () && d.cheap", "d.cheap && () == d.brand"),
        ("campaign.rhai", "africa", "south"),
        ("reference/regions.toml", "africa", "south"),
        ("other.rhai", "score: 15,", "score: 10 + 5,"),
    ]);
    let ran = desk.run("diff harbour next declarations.csv --strict").exits(0);
    golden("diff-none.txt", &ran.stdout);
    let page = desk.run("diff harbour next --html page.html").exits(0);
    assert!(page.stdout.contains("No difference"), "{}", page.stdout);
    assert!(desk.read("page.html").contains("Nothing: the packs mean the same"));
}

#[test]
fn exit_codes_tell_what_became_of_it() {
    let desk = desk(PROPOSAL);
    desk.write("broken/pack.toml", "[pack]\nname = \"x\"\n");
    desk.write("fields/a.rhai", "rule(\"A\", #{ title: \"a\", score: 1 });");
    let manifest =
        desk.read("harbour/pack.toml").replace("[schema.fields.plates]", "[schema.fields.number_plates]");
    desk.write("fields/pack.toml", manifest);
    desk.write("fields/lookups/blacklist.csv", "exporter,listed_on,grade\n");
    for (args, code, said) in [
        ("diff harbour next", 0, ""),
        ("diff harbour next --strict", 1, ""),
        ("diff harbour harbour --strict", 0, ""),
        ("diff harbour", 2, "<NEW>"),
        ("diff harbour next nowhere.csv", 3, "nowhere.csv"),
        ("diff harbour broken", 4, "the new pack is invalid"),
        ("diff broken harbour", 4, "the old pack is invalid"),
        ("diff harbour next declarations.csv --html declarations.csv", 2, "would overwrite the input"),
        ("diff harbour next declarations.csv --html -", 2, "both go to standard output"),
        (
            "diff harbour next declarations.csv --html no/such/page.html",
            3,
            "no/such/page.html: cannot be written",
        ),
        ("diff harbour fields -", 2, "can be read only once; write it to a file"),
        ("diff harbour fields declarations.csv", 0, ""),
    ] {
        let ran = desk.run(args);
        assert!(ran.stderr.contains(said), "{args}: {}", ran.stderr);
        ran.exits(code);
    }
    let ran =
        desk.run_with("diff harbour next - --input-format csv", &desk.read("declarations.csv")).exits(0);
    assert!(ran.stdout.contains("declarations, "), "{}", ran.stdout);
}

#[test]
fn json_has_everything_and_does_not_depend_on_threads() {
    let desk = desk(PROPOSAL);
    let ran = desk.run("diff harbour next declarations.csv --format json --threads 1").exits(0);
    for threads in [2, 5] {
        let other =
            desk.run(&format!("diff harbour next declarations.csv --format json --threads {threads}"));
        assert_eq!(other.exits(0).stdout, ran.stdout, "{threads} threads");
    }
    let json = ran.json();
    let found = &json["declarations"];
    let cells = found["matrix"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    assert_eq!(cells.map(|cell| cell.as_u64().unwrap()).sum::<u64>(), found["compared"].as_u64().unwrap());
    assert_eq!(json["rules"]["renamed"][0]["new"], "FORMER");
    assert_eq!(json["rules"]["removed"][0]["id"], "GONE");
    let example = &found["moves"][0]["examples"][0];
    assert!(example["new"]["fired"][0]["reason"].is_string(), "{example}");
    let none = desk.run("diff harbour next declarations.csv --format json --examples 0").exits(0).json();
    assert_eq!(none["declarations"]["moves"][0]["examples"].as_array().unwrap().len(), 0);
}
