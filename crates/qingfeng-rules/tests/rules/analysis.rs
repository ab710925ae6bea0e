//! What the analysis says of rules, and what it must not say.

use qingfeng_rules::internals::Passes;
use qingfeng_rules::{Code, Date, Diagnostic, Pack, PackFiles};

const MANIFEST: &str = r#"
[pack]
name = "harbour"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "yellow"
from = 40
[[channels]]
name = "red"
from = 70
[lookups.blacklist]
file = "lookups/blacklist.csv"
key = ["exporter"]
[lookups.blacklist.columns]
grade = "text"
"#;

const REGIONS: &str = r#"
[africa]
title = "Africa"
members = ["KE", "NG", "TZ"]
[east-africa]
title = "East Africa"
members = ["KE", "TZ"]
[nowhere]
title = "Nowhere"
members = []
[once]
title = "Once"
members = [{ code = "GH", until = "2015-12-31" }]
"#;

const COMMODITIES: &str = r#"
[motorcycles]
title = "Motorcycles"
members = ["8711"]
[electric]
title = "Electric motorcycles"
members = ["871160"]
"#;

const MODES: &str = r#"
[general]
title = "General trade"
members = ["0110"]
[market]
title = "Market procurement"
members = ["1039"]
"#;

/// A rule that keeps the pack in order: each channel can be had, the table is used.
const KEEPER: &str = r#"rule("KEEPER", #{ title: "t", score: 100, at_least: "yellow", when: |d| d.exporter == () || d.listed("blacklist") });"#;

fn pack(rules: &str) -> Pack {
    let mut files = PackFiles::default();
    for (path, text) in [
        ("pack.toml", MANIFEST),
        ("reference/regions.toml", REGIONS),
        ("reference/commodities.toml", COMMODITIES),
        ("reference/modes.toml", MODES),
        ("a.rhai", rules),
        ("keeper.rhai", KEEPER),
    ] {
        files.insert(path, text.as_bytes().to_vec());
    }
    Pack::load(&files).unwrap_or_else(|mistakes| panic!("{mistakes}\n{rules}"))
}

fn found(rules: &str) -> Vec<Diagnostic> {
    let pack = pack(rules);
    let as_of: Date = "2016-09-06".parse().unwrap();
    let mut found = pack.analyse(&pack.program(Passes::ALL), Some(as_of));
    found.retain(|item| item.code != Code::NoWitness);
    found
}

/// A condition on `d` as a rule that gives nothing, so that nothing else is said of it.
fn when(condition: &str) -> String {
    format!("rule(\"R\", #{{ title: \"t\", when: |d| {condition} }});")
}

fn keyed(key: &str, condition: &str) -> String {
    format!("rule(\"R\", #{{ title: \"t\", {key}, when: |d| {condition} }});")
}

/// What is said of the rule `R` besides what this test is not about.
fn codes(rules: &str, about: &[Code]) -> Vec<Code> {
    found(rules).into_iter().map(|item| item.code).filter(|code| about.contains(code)).collect()
}

const OF_CONDITIONS: &[Code] = &[Code::NeverHolds, Code::AlwaysHolds, Code::AddsNothing, Code::UnknownCode];

#[test]
fn conditions_that_never_hold() {
    for condition in [
        "d.value > 500.0 && d.value < 300.0",
        "d.value > 5 && d.value <= 5",
        "d.value == 1.5 && d.value == 2.5",
        "d.packages > 2 && d.packages < 3",
        "d.packages >= 2.5 && d.packages < 3",
        "d.quantity < 0.0",
        "d.quantity < -1",
        "d.item_count < 1",
        "d.unit_value < 0.0",
        "d.brand == \"A\" && d.brand == \"B\"",
        "d.brand in [\"A\", \"B\"] && d.brand == \"C\"",
        "d.brand == () && d.brand == \"A\"",
        "d.brand == () && d.brand != ()",
        "d.brand == () && d.brand.has_word(\"x\")",
        "d.brand == () && d.brand.to_lower() == \"x\"",
        "d.brand in [\"deli\"] && d.brand.has_word(\"haojue\")",
        "d.value == () && d.unit_value < 3.0",
        "d.exporter == () && d.listed(\"blacklist\")",
        "!d.listed(\"blacklist\") && d.lookup(\"blacklist\").grade == \"A\"",
        "d.hs.starts_with(\"87\") && d.hs.starts_with(\"85\")",
        "d.hs2 == \"87\" && d.hs.starts_with(\"85\")",
        "d.hs2 == \"8711\"",
        "d.hs2 == \"87\" && d.hs4 == \"8501\"",
        "d.mode == \"a110\"",
        "d.destination == \"KEN\"",
        "d.destination == \"ke\"",
        "d.hs == \"8711.20\"",
        "d.brand == \"\"",
        "d.brand == \" DELI\"",
        "d.goods.to_lower() == \"Replica\"",
        "d.brand.to_upper() == \"deli\"",
        "d.declared_on < date(\"2016-01-01\") && d.declared_on > date(\"2016-06-01\")",
        "d.declared_on.month == 13",
        "d.declared_on.weekday > 7",
        "d.net_kg < d.gross_kg && d.net_kg > d.gross_kg",
        "d.net_kg < d.gross_kg && d.gross_kg < d.net_kg",
        "d.net_kg == () && d.net_kg < d.gross_kg",
        "!(d.value > 3.0 || d.value <= 3.0 || d.value == ())",
        "d.value < 3.0 && (d.value > 5.0 || d.value > 4.0)",
        "if d.value > 3.0 { d.value < 2.0 } else { d.value > 4.0 }",
        "(d.value ?? 0.0) > 10.0 && d.value == ()",
        "d.value in 1..5 && d.value > 5.0",
        "switch d.brand { \"A\" => d.brand == \"B\", _ => false }",
        "{ let cheap = d.value < 3.0; cheap && d.value > 4.0 }",
        "[1.0, 2.0].some(|limit| d.value < limit && d.value > 3.0)",
        "false",
        "\"DELI\" == \"HAOJUE\"",
    ] {
        assert_eq!(codes(&when(condition), OF_CONDITIONS), [Code::NeverHolds], "{condition}");
    }
    for (key, condition) in [
        ("region: [\"africa\"]", "d.destination == \"US\""),
        ("commodity: [\"motorcycles\"]", "d.hs2 == \"85\""),
        ("commodity: [\"electric\"]", "d.hs.starts_with(\"871120\")"),
        ("mode: [\"general\"]", "d.mode == \"1039\""),
        ("from: \"2016-01-01\"", "d.declared_on < date(\"2015-06-01\")"),
    ] {
        assert_eq!(codes(&keyed(key, condition), OF_CONDITIONS), [Code::NeverHolds], "{key} {condition}");
    }
}

#[test]
fn conditions_that_always_hold() {
    for condition in [
        "true",
        "d.value > 3.0 || d.value <= 3.0 || d.value == ()",
        "d.value != 3.0 || d.value != 4.0",
        "d.brand != \"A\" || d.brand == \"A\"",
        "d.destination != ()",
        "d.item_count >= 1",
        "d.net_kg == d.net_kg",
        "d.declared_on.month == () || d.declared_on.month <= 12",
        "d.declared_on == () || d.declared_on.month <= 12",
        "d.goods == () || d.goods.len() >= 0",
        // What could fault is never reached.
        "d.goods == () || d.goods.len() >= 0 || d.goods.to_lower() == \"x\"",
        // Read as `KE`.
        "d.destination != \"KEN\"",
        "d.origin_country != \"chn\"",
    ] {
        assert_eq!(codes(&when(condition), OF_CONDITIONS), [Code::AlwaysHolds], "{condition}");
    }
    for (key, condition) in [
        ("region: [\"east-africa\"]", "d.destination in [\"KE\", \"NG\", \"TZ\"]"),
        ("commodity: [\"electric\"]", "d.hs4 == \"8711\""),
    ] {
        assert_eq!(codes(&keyed(key, condition), OF_CONDITIONS), [Code::AlwaysHolds], "{key} {condition}");
    }
}

#[test]
fn parts_that_add_nothing() {
    for (condition, part) in [
        ("d.value > 3.0 && d.value > 5.0", "d.value > 3.0"),
        ("d.value > 5.0 && d.value > 3.0", "d.value > 3.0"),
        ("d.value != () && d.value > 3.0", "d.value != ()"),
        ("d.brand != () && d.brand.has_word(\"x\")", "d.brand != ()"),
        ("d.brand == \"A\" && d.brand in [\"A\", \"B\"]", "d.brand in [\"A\", \"B\"]"),
        ("d.brand == \"A\" || d.brand in [\"A\", \"B\"]", "d.brand == \"A\""),
        ("d.value > 3.0 || d.value > 5.0", "d.value > 5.0"),
        ("d.value > 3.0 || d.brand == \"A\" && d.brand == \"B\"", "d.brand == \"A\" && d.brand == \"B\""),
        ("d.value > 3.0 && (d.value > 2.0 || d.brand == \"A\")", "(d.value > 2.0 || d.brand == \"A\")"),
        ("d.value < 3.0 && (d.value > 5.0 || d.brand == \"A\")", "d.value > 5.0"),
        ("d.value < 3.0 && d.quantity >= 0.0 && d.unit == \"KG\" && d.quantity != ()", "d.quantity != ()"),
        ("d.hs2 == \"87\" && d.hs.starts_with(\"8711\")", "d.hs2 == \"87\""),
        ("d.value > 3.0 && true", "true"),
        ("d.mode == \"0110\" && d.mode != \"1039\"", "d.mode != \"1039\""),
        ("d.value > 3.0 && d.origin_country != \"CHN\"", "d.origin_country != \"CHN\""),
        (
            "d.goods.has_word(\"x\") && d.goods.has_any_word([\"x\", \"y\"])",
            "d.goods.has_any_word([\"x\", \"y\"])",
        ),
    ] {
        let items = found(&when(condition));
        let items: Vec<&Diagnostic> =
            items.iter().filter(|item| OF_CONDITIONS.contains(&item.code)).collect();
        let [item] = items.as_slice() else { panic!("{condition}: {items:?}") };
        assert_eq!(item.code, Code::AddsNothing, "{condition}");
        let text = when(condition);
        let written = &text[item.labels[0].place.span.clone()];
        let bare = |text: &str| text.trim_start_matches('(').trim_end_matches(')').to_owned();
        assert_eq!(bare(written), bare(part), "{condition}");
    }
}

#[test]
fn a_part_that_the_key_says_already() {
    let items = found(&keyed("region: [\"africa\"]", "d.destination != \"US\" && d.value > 3.0"));
    let item = items.iter().find(|item| item.code == Code::AddsNothing).expect("a part adds nothing");
    assert_eq!(item.note.as_deref(), Some("the key `region` says so already"));
}

/// All these can hold and can fail, and each part of them decides on some line.
#[test]
fn conditions_of_which_nothing_is_to_be_said() {
    for condition in [
        "d.value > 3.0 && d.value < 5.0",
        "d.packages > 2 && d.packages < 4",
        "d.value > 2 && d.value < 3",
        "d.brand != \"A\" && d.brand != \"B\"",
        "d.brand == () || d.brand == \"A\"",
        "d.value != 3.0 && d.value != ()",
        "d.quantity <= 0.0",
        "d.unit_value == 0.0",
        // Missing is neither more nor less.
        "!(d.value > 3.0) && !(d.value <= 3.0)",
        "d.value > 3.0 || d.value <= 3.0",
        // A fault is not false.
        "d.packages > 0 && 100 / d.packages > 3",
        "d.packages != 0 && 100 / d.packages > 3",
        "d.value / d.quantity > 3.0 || d.value / d.quantity <= 3.0 || d.value == () || d.quantity == ()",
        // Words may stand side by side.
        "d.goods.has_word(\"replica\") && d.goods.has_word(\"watch\")",
        "d.goods.contains(\"a\") && !d.goods.contains(\"b\")",
        "d.goods.to_lower() == \"replica\"",
        // The sum over the declaration is there although the line has none.
        "d.value == () && d.declaration_value > 3.0",
        "d.listed(\"blacklist\") && d.lookup(\"blacklist\").grade == \"A\" || d.exporter == ()",
        "d.hs2 == \"87\" && d.hs4 != \"8711\"",
        "d.net_kg <= d.gross_kg && d.net_kg != d.gross_kg",
        "d.transit != \"XX\" && d.transit != ()",
    ] {
        let about = [Code::NeverHolds, Code::AlwaysHolds];
        assert_eq!(codes(&when(condition), &about), [], "{condition}");
    }
    for condition in [
        "d.value > 3.0 && d.brand == \"A\"",
        "d.packages != 0 && 100 / d.packages > 3",
        "(d.value > 3.0 || d.brand == \"A\") && (d.value < 5.0 || d.brand == \"B\")",
        "d.value > 3.0 || d.value == ()",
        "d.brand != \"A\" && d.brand != ()",
        "d.mode == \"0110\" || d.destination == \"KE\"",
    ] {
        assert_eq!(codes(&when(condition), OF_CONDITIONS), [], "{condition}");
    }
}

/// One closure makes two rules; what adds nothing to one decides in the other.
#[test]
fn a_part_is_idle_only_if_it_is_idle_in_all_rules_of_a_loop() {
    let of = |limits: &str| {
        format!(
            "for limit in [{limits}] {{ rule(`R-${{limit}}`, #{{ title: \"t\", when: |d| d.packages > 3 && d.packages > limit }}); }}"
        )
    };
    assert_eq!(codes(&of("1, 5"), OF_CONDITIONS), []);
    assert_eq!(codes(&of("5, 6"), OF_CONDITIONS), [Code::AddsNothing]);
}

#[test]
fn codes_that_no_list_has() {
    for (condition, word) in [
        ("d.destination == \"UK\"", "United Kingdom"),
        ("d.transit in [\"KE\", \"ZQ\"]", "ISO 3166-1"),
        ("d.hs == \"8711\"", "d.hs4"),
        ("d.mode == \"0119\"", "0110"),
        ("switch d.destination { \"UK\" => true, _ => false }", "ISO 3166-1"),
    ] {
        let items = found(&when(condition));
        let item = items.iter().find(|item| item.code == Code::UnknownCode).expect(condition);
        let said = format!("{} {:?}", item.title, item.help);
        assert!(said.contains(word), "{condition}: {said}");
    }
    for condition in
        ["d.destination == \"GB\"", "d.hs == \"8711209000\"", "d.mode == \"0110\"", "d.port == \"ZZ\""]
    {
        assert_eq!(codes(&when(condition), OF_CONDITIONS), [], "{condition}");
    }
}

fn two(first: &str, second: &str) -> String {
    format!("rule(\"A\", #{{ title: \"t\", {first} }});\nrule(\"B\", #{{ title: \"t\", {second} }});")
}

const OF_PAIRS: &[Code] = &[Code::SameCondition, Code::ImpliedRule, Code::BeatenCeiling];

#[test]
fn rules_against_each_other() {
    let cases: &[(&str, &str, &[Code])] = &[
        ("score: 5, when: |d| d.value < 3.0", "score: 7, when: |d| d.value < 3.0", &[Code::SameCondition]),
        // By meaning, not by text.
        (
            "score: 5, when: |d| d.value < 3.0",
            "score: 7, when: |line| 3.0 > line.value",
            &[Code::SameCondition],
        ),
        (
            "score: 5, region: [\"africa\"], when: |d| d.value < 3.0",
            "score: 7, region: [\"KE\"], when: |d| d.value < 3.0",
            &[Code::SameCondition],
        ),
        // Keys that do not overlap.
        (
            "score: 5, region: [\"KE\"], when: |d| d.value < 3.0",
            "score: 7, region: [\"US\"], when: |d| d.value < 3.0",
            &[],
        ),
        (
            "score: 5, mode: [\"general\"], when: |d| d.value < 3.0",
            "score: 7, mode: [\"market\"], when: |d| d.value < 3.0",
            &[],
        ),
        (
            "score: 5, until: \"2016-01-01\", when: |d| d.value < 3.0 && d.declared_on != ()",
            "score: 7, from: \"2016-01-02\", when: |d| d.value < 3.0 && d.declared_on != ()",
            &[],
        ),
        // One gives points and the other a channel.
        ("score: 5, when: |d| d.value < 3.0", "at_least: \"red\", when: |d| d.value < 3.0", &[]),
        ("score: 5, when: |d| d.value < 3.0", "score: -7, when: |d| d.value < 3.0", &[]),
        ("score: 5, status: \"shadow\", when: |d| d.value < 3.0", "score: 7, when: |d| d.value < 3.0", &[]),
        // Implied.
        ("score: 5, when: |d| d.value < 3.0", "score: 7, when: |d| d.value < 5.0", &[Code::ImpliedRule]),
        (
            "score: 5, when: |d| d.value < 3.0 && d.brand == ()",
            "score: 7, when: |d| d.brand == () || d.model == ()",
            &[Code::ImpliedRule],
        ),
        (
            "score: 5, region: [\"KE\"], when: |d| d.brand == ()",
            "score: 7, when: |d| d.destination == \"KE\" && (d.brand == () || d.brand == \"NONE\")",
            &[Code::ImpliedRule],
        ),
        (
            "score: 5, region: [\"east-africa\"], commodity: [\"electric\"], when: |d| d.value < 3.0",
            "score: 7, region: [\"africa\"], commodity: [\"motorcycles\"], when: |d| d.value < 5.0",
            &[Code::ImpliedRule],
        ),
        (
            "score: 5, when: |d| d.goods.has_word(\"x\")",
            "score: 7, when: |d| d.goods.has_any_word([\"x\", \"y\"])",
            &[Code::ImpliedRule],
        ),
        (
            "score: 5, when: |d| d.value < 3.0 && d.goods.has_word(\"x\")",
            "score: |d| 7, when: |d| d.goods != ()",
            &[Code::ImpliedRule],
        ),
        ("score: 5, when: |d| d.unit_value < 3.0", "score: 7, when: |d| d.value != ()", &[Code::ImpliedRule]),
        (
            "score: 5, when: |d| d.brand in [\"deli\", \"DELI\"]",
            "score: 7, when: |d| d.brand.has_word(\"deli\")",
            &[Code::ImpliedRule],
        ),
        // Not implied: the key of the first is wider.
        (
            "score: 5, region: [\"africa\"], when: |d| d.value < 3.0",
            "score: 7, region: [\"east-africa\"], when: |d| d.value < 5.0",
            &[],
        ),
        ("score: 5, when: |d| d.value < 3.0", "score: 7, from: \"2016-01-01\", when: |d| d.value < 5.0", &[]),
        ("score: 5, when: |d| d.value < 5.0", "score: -7, when: |d| d.value < 6.0", &[]),
        ("score: 5, when: |d| d.value <= 5.0", "score: 7, when: |d| d.value < 5.0 || d.brand == \"A\"", &[]),
        ("score: 5, when: |d| d.value < 3.0 || d.value == ()", "score: 7, when: |d| d.value < 5.0", &[]),
        // The second may fault where the first holds.
        (
            "score: 5, when: |d| d.packages > 5",
            "score: 7, when: |d| 10 / (d.packages - 7) > 0 || d.packages > 4",
            &[],
        ),
        // A base that others build on.
        ("score: 5, when: |d| d.value < 3.0", "score: 7, region: [\"africa\"]", &[]),
        // Ceilings.
        (
            "at_most: \"green\", when: |d| d.value < 3.0",
            "at_least: \"red\", when: |d| d.value < 5.0",
            &[Code::BeatenCeiling],
        ),
        ("at_most: \"red\", when: |d| d.value < 3.0", "at_least: \"yellow\", when: |d| d.value < 5.0", &[]),
        ("at_most: \"green\", when: |d| d.value < 5.0", "at_least: \"red\", when: |d| d.value < 3.0", &[]),
    ];
    for (first, second, expected) in cases {
        let rules = two(first, second);
        assert_eq!(codes(&rules, OF_PAIRS), *expected, "{rules}");
    }
}

#[test]
fn what_two_rules_share_is_named() {
    let rules = two(
        "score: 5, region: [\"east-africa\"], commodity: [\"electric\"], when: |d| d.value < 3.0",
        "score: 7, region: [\"africa\"], commodity: [\"motorcycles\"], mode: [\"general\"], when: |d| d.value < 3.0",
    );
    let items = found(&rules);
    let item = items.iter().find(|item| item.code == Code::SameCondition).unwrap();
    let note = item.note.as_deref().unwrap();
    assert!(note.contains("5 and 7 points: region east-africa; commodity electric; mode general"), "{note}");
}

#[test]
fn keys_that_nothing_reaches() {
    let of = |key: &str| {
        codes(
            &format!("rule(\"R\", #{{ title: \"t\", {key} }});"),
            &[Code::UnreachableKey, Code::ExpiredRule],
        )
    };
    assert_eq!(of("region: [\"nowhere\"]"), [Code::UnreachableKey]);
    assert_eq!(of("region: [\"nowhere\", \"africa\"]"), [Code::UnreachableKey]);
    assert_eq!(of("region: [\"once\"], from: \"2016-01-01\""), [Code::UnreachableKey]);
    assert_eq!(of("commodity: [\"7711\"]"), [Code::UnreachableKey]);
    assert_eq!(of("until: \"2016-09-05\""), [Code::ExpiredRule]);
    assert_eq!(of("region: [\"once\"]"), []);
    assert_eq!(of("region: [\"africa\"], from: \"2016-01-01\", until: \"2016-09-06\""), []);
    assert_eq!(of("until: \"2016-09-05\", status: \"retired\""), []);
    assert_eq!(of("commodity: [\"97\"]"), []);
}

#[test]
fn channels_that_nothing_reaches() {
    let of = |rules: &str, keeper: bool| {
        let mut files = PackFiles::default();
        let manifest = MANIFEST.split("[lookups").next().unwrap();
        files.insert("pack.toml", manifest.as_bytes().to_vec());
        files.insert("a.rhai", rules.as_bytes().to_vec());
        if keeper {
            files.insert(
                "b.rhai",
                br#"rule("K", #{ title: "t", score: 70, when: |d| d.value > 3.0 });"#.to_vec(),
            );
        }
        let pack = Pack::load(&files).unwrap();
        let found = pack.analyse(&pack.program(Passes::ALL), None);
        let found = found.into_iter().filter(|item| item.code == Code::UnreachableChannel);
        found.map(|item| item.title).collect::<Vec<_>>()
    };
    let no = |name: &str| format!("no declaration can get the channel `{name}`");
    let rule = |score: &str| format!("rule(\"R\", #{{ title: \"t\", {score}, when: |d| d.brand == () }});");
    assert_eq!(of(&rule("score: 39"), false), [no("yellow"), no("red")]);
    assert_eq!(of(&rule("score: 40"), false), [no("red")]);
    assert_eq!(of(&rule("score: 40, at_least: \"red\""), false), Vec::<String>::new());
    assert_eq!(of(&rule("score: |d| if d.value > 3.0 { 90 } else { 1 }"), false), Vec::<String>::new());
    let far = MANIFEST.replace("from = 70", "from = 170");
    let pack = {
        let mut files = PackFiles::default();
        files.insert("pack.toml", far.split("[lookups").next().unwrap().as_bytes().to_vec());
        files.insert("a.rhai", rule("score: |d| if d.value > 3.0 { 90 } else { 1 }").into_bytes());
        Pack::load(&files).unwrap()
    };
    let beyond = pack.analyse(&pack.program(Passes::ALL), None);
    assert!(beyond.iter().any(|item| item.code == Code::UnreachableChannel && item.title == no("red")));
    // 70 and nothing between.
    assert_eq!(of(&rule("score: 70"), true), [no("yellow")]);
    assert_eq!(of(&rule("score: 69"), true), Vec::<String>::new());
    assert_eq!(of(&rule("score: -30"), true), Vec::<String>::new());
}

#[test]
fn rules_that_an_empty_field_silences() {
    let of = |rules: &str| {
        let items = found(rules).into_iter().filter(|item| item.code == Code::SilencedByMissing);
        items.map(|item| item.title).collect::<Vec<_>>()
    };
    let rule =
        |condition: &str| format!("rule(\"R\", #{{ title: \"t\", score: 5, when: |d| {condition} }});");
    let silenced = |fields: &str| vec![format!("leaving {fields} empty silences the rule `R`")];
    assert_eq!(of(&rule("d.brand == \"A\"")), silenced("`brand`"));
    assert_eq!(of(&rule("d.unit_value < 3.0")), silenced("`quantity` or `value`"));
    assert_eq!(of(&rule("d.goods.has_word(\"x\") || d.goods.contains(\"y\")")), silenced("`goods`"));
    assert_eq!(of(&rule("d.lookup(\"blacklist\").grade == \"A\" && d.brand != ()")), silenced("`brand`"));
    for quiet in [
        "d.brand == ()",
        "d.brand != \"A\"",
        "d.brand == \"A\" || d.model == \"B\"",
        "(d.value ?? 0.0) < 3.0",
        "d.destination == \"KE\"",
        "!(d.value > 3.0)",
    ] {
        assert_eq!(of(&rule(quiet)), Vec::<String>::new(), "{quiet}");
    }
    // Another rule takes its place.
    let guard = "rule(\"G\", #{ title: \"t\", score: 5, when: |d| d.brand == () });";
    assert_eq!(of(&(rule("d.brand == \"A\"") + guard)), Vec::<String>::new());
    let elsewhere =
        "rule(\"G\", #{ title: \"t\", region: [\"africa\"], score: 5, when: |d| d.brand == () });";
    assert_eq!(of(&(rule("d.brand == \"A\"") + elsewhere)), silenced("`brand`"));
    let shadow = "rule(\"G\", #{ title: \"t\", status: \"shadow\", score: 5, when: |d| d.brand == () });";
    assert_eq!(of(&(rule("d.brand == \"A\"") + shadow)), silenced("`brand`"));
    let derived = "rule(\"G\", #{ title: \"t\", score: 5, when: |d| d.unit_value == () });";
    assert_eq!(of(&(rule("d.unit_value < 3.0") + derived)), Vec::<String>::new());
    assert_eq!(of(&(rule("d.net_kg < 3.0") + derived)), silenced("`net_kg`"));
    // A rule that lowers the risk may be silent.
    let trusted = "rule(\"R\", #{ title: \"t\", score: -5, when: |d| d.brand == \"A\" });";
    assert_eq!(of(trusted), Vec::<String>::new());
}

#[test]
fn texts_that_people_write_in_many_ways() {
    let of = |condition: &str| codes(&when(condition), &[Code::LiteralText, Code::EmptyMatch]);
    for condition in [
        "d.goods == \"Replica watch\"",
        "d.goods.contains(\"replica\")",
        "d.goods.starts_with(\"Fake\")",
        "d.goods.ends_with(\"copy\")",
        "d.brand in [\"DELI\", \"无\"]",
        "\"copy\" in d.goods",
    ] {
        assert_eq!(of(condition), [Code::LiteralText], "{condition}");
    }
    for condition in [
        "d.goods.has_word(\"replica\")",
        "d.goods.contains(\"仿\")",
        "d.goods.to_lower().contains(\"replica\")",
        "d.brand.to_upper() == \"DELI\"",
        "d.exporter == \"E1\"",
        "d.goods.matches(\"[a-z]+\")",
        "d.goods.matches(\"仿([^皮]|$)\")",
        "d.brand != ()",
    ] {
        assert_eq!(of(condition), [], "{condition}");
    }
    for pattern in ["x*", "(a|b)?", "^$", "^(OEM)?$", "a|"] {
        assert_eq!(of(&format!("d.goods.matches(\"{pattern}\")")), [Code::EmptyMatch], "{pattern}");
    }
}

#[test]
fn what_nothing_uses() {
    let unused = &[Code::UnusedLookup, Code::UnusedFunction, Code::UnusedField];
    let of = |rules: &str| codes(rules, unused);
    let rule = "rule(\"R\", #{ title: \"t\", when: |d| d.value > 3.0 });";
    assert_eq!(of(rule), []);
    assert_eq!(of(&format!("fn low(x) {{ x < 3.0 }}\n{rule}")), [Code::UnusedFunction]);
    assert_eq!(of(&format!("field(\"low\", |d| d.value < 3.0);\n{rule}")), [Code::UnusedField]);
    let used = "fn half(x) { x / 2.0 }\nfn low(x) { half(x) < 3.0 }\nfield(\"low\", |d| low(d.value));\nfield(\"very\", |d| d.low);\n\
                rule(\"R\", #{ title: \"t\", when: |d| d.very == true });";
    assert_eq!(of(used), []);
    let at_the_top = "fn limits() { [1.0, 2.0] }\nfor limit in limits() { rule(`R-${limit}`, #{ title: \"t\", when: |d| d.value > limit }); }";
    assert_eq!(of(at_the_top), []);
    let mut files = PackFiles::default();
    files.insert("pack.toml", MANIFEST.as_bytes().to_vec());
    files.insert("a.rhai", rule.as_bytes().to_vec());
    let pack = Pack::load(&files).unwrap();
    let found = pack.analyse(&pack.program(Passes::ALL), None);
    assert!(found.iter().any(|item| item.code == Code::UnusedLookup), "{found:?}");
    let risk = format!("{MANIFEST}\n[risks.goods]\nlevels = [[\"hs2\"], [\"exporter\"]]\nprior = 0.1\n");
    files.insert("pack.toml", risk.into_bytes());
    for (condition, unused) in [("d.value > 3.0", true), ("d.goods_lower > 0.3", false)] {
        let rule = format!("rule(\"R\", #{{ title: \"t\", when: |d| {condition} }});");
        files.insert("a.rhai", rule.into_bytes());
        let pack = Pack::load(&files).unwrap();
        let found = pack.analyse(&pack.program(Passes::ALL), None);
        let titles: Vec<&str> = found.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(titles.contains(&"no rule uses the risk `goods`"), unused, "{titles:?}");
        assert!(!titles.iter().any(|title| title.contains("goods_")), "{titles:?}");
    }
}

#[test]
fn rules_of_one_closure_are_told_once() {
    let rules = "for brand in [\"A\", \"B\", \"C\"] { rule(`R-${brand}`, #{ title: \"t\", score: 5, when: |d| d.exporter == brand && d.value < 3.0 && d.value > 4.0 }); }";
    let items = found(rules);
    let titles: Vec<&str> = items.iter().map(|item| item.title.as_str()).collect();
    assert_eq!(
        titles,
        ["the condition of the rule `R-A` (and 2 more rules made of the same lines) can never hold"]
    );
}

/// A loop that joins a condition with itself makes no more of it than it is.
#[test]
fn conditions_joined_with_themselves_stay_small() {
    for step in ["a = a && (a || a)", "a = a || (a && a)", "a = a && a", "a = !(a && !(a || a))"] {
        let condition =
            format!("{{ let a = d.value > 3.0 || d.brand == \"x\"; for i in 0..90 {{ {step}; }} a }}");
        let rules = when(&condition);
        let _ = found(&rules);
        let pack = pack(&rules);
        // The second rule is the one that keeps the pack in order.
        let listing = pack.program(Passes::ALL).listing(0, &|_| String::new());
        assert!(listing.lines().count() < 20, "{step}: {} lines", listing.lines().count());
    }
}

/// A closure that nests and branches without end takes bounded time, and nothing is said of it.
#[test]
fn hard_conditions_are_given_up() {
    let parts: Vec<String> = (0..24)
        .map(|at| format!("(d.value < {at}.5 || d.goods.has_word(\"w{at}\") || d.brand.has_word(\"b{at}\"))"))
        .collect();
    let rules = when(&parts.join(" && "));
    let started = std::time::Instant::now();
    let _ = found(&rules);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
