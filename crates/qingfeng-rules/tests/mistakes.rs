//! The message of every mistake a pack's author can make, word for word.

mod support;

use qingfeng_rules::{Code, Pack, PackFiles};
use support::{MANIFEST, files};

#[track_caller]
fn messages(files: &PackFiles) -> Vec<String> {
    match Pack::load(files) {
        Ok(pack) => pack.warnings.items.iter().map(|item| pack.warnings.line(item)).collect(),
        Err(mistakes) => mistakes.items.iter().map(|item| mistakes.line(item)).collect(),
    }
}

#[track_caller]
fn rules(source: &str, expected: &[&str]) {
    assert_eq!(messages(&files(source)), expected, "{source}");
}

#[track_caller]
fn when(condition: &str, expected: &str) {
    rules(&format!("rule(\"R\", #{{ title: \"t\", when: |d| {condition} }});"), &[expected]);
}

#[test]
fn show() {
    for condition in [
        "d.unit_vale < 300.0",
        "d.quantty > 1",
        "d.hs == 8711",
        "d.value == \"10\"",
        "d.declared_on > \"2016-01-01\"",
        "d.brand && true",
        "d.certified",
        "d.certified && true",
        "!d.certified",
        "d.value < ()",
        "d.certified < true",
        "d.brand + 1 == ()",
        "d.mode in [110]",
        "d.brand in 5",
        "d.goods.contans(\"x\")",
        "d.goods.contains(1)",
        "unit_value < 3",
        "LIMIT > 3",
        "d.unit_value",
        "d.value()",
        "d.goods.length > 3",
        "d.listed(\"blaklist\")",
        "d.listed",
        "d.listed(d.brand)",
        "d.lookup(\"blacklist\").grad == 1",
        "d.goods.matches(\"(\")",
        "d.goods.matches(d.brand)",
        "d.declared_on.hour == 3",
        "date(\"2016-02-30\") < d.declared_on",
        "d[\"hs\"] == \"1\"",
        "d.goods[0] == \"x\"",
        "d.value ** 0.5 > 1",
        "d.packages / 2 > 1",
        "this.x",
        "d?.hs == \"1\"",
        "{ let m = #{}; m[\"a\"] = 1; true }",
        "{ d.hs = \"1\"; true }",
        "{ try { true } catch { false } }",
        "{ throw 1; }",
        "eval(\"1\") == 1",
        "{ import \"x\" as y; true }",
        "global::X == 1",
        "'a' == d.brand",
        "type_of(d) == \"x\"",
        "print(\"x\") == ()",
        "switch d.mode { 110 => true, _ => false }",
        "d.hs << 2",
        "if d.brand { true } else { false }",
        "[1,2].some(|x| x)",
        "d.value.some(|x| true)",
        "d.brand ?? 5 == 5",
        "d.value & 1 == 1",
        "timestamp() == 1",
        "sleep(1) == ()",
        "for x in 5 { }",
        "d.brand == brand",
        "rule(\"X\", #{})== ()",
        "",
    ] {
        for message in messages(&files(&format!("rule(\"R\", #{{ title: \"t\", when: |d| {condition} }});")))
        {
            println!("WHEN {condition:50} {message}");
        }
    }
    for source in [
        "rule(\"R\", #{ titel: \"t\" });",
        "rule(\"R\", #{ title: 5 });",
        "rule(\"R R\", #{ title: \"t\" });",
        "rule(5, #{ title: \"t\" });",
        "rule(\"R\");",
        "rule(\"R\", 5);",
        "rule(\"R\", #{ title: \"t\" });\nrule(\"R\", #{ title: \"u\" });",
        "rule(\"R\", #{ title: \"t\", region: [\"KE\", \"afrika\"] });",
        "rule(\"R\", #{ title: \"t\", region: 5 });",
        "rule(\"R\", #{ title: \"t\", commodity: [\"motorcicles\"] });",
        "rule(\"R\", #{ title: \"t\", mode: \"0111\" });",
        "rule(\"R\", #{ title: \"t\", site: [\"qindao\", \"prot\"] });",
        "rule(\"R\", #{ title: \"t\", status: \"activ\" });",
        "rule(\"R\", #{ title: \"t\", from: \"2016-13-01\" });",
        "rule(\"R\", #{ title: \"t\", from: \"2016-02-01\", until: \"2016-01-01\" });",
        "rule(\"R\", #{ title: \"t\", at_least: \"purple\" });",
        "rule(\"R\", #{ title: \"t\", score: 3.5 });",
        "rule(\"R\", #{ title: \"t\", score: 3000000 });",
        "rule(\"R\", #{ title: \"t\", score: |d| d.unit_value });",
        "rule(\"R\", #{ title: \"t\", score: |d| d.packages });",
        "rule(\"R\", #{ title: \"t\", reason: |d| 5 });",
        "rule(\"R\", #{ title: \"t\", reason: \"x\" });",
        "rule(\"R\", #{ title: \"t\", when: true });",
        "rule(\"R\", #{ title: \"t\", when: |a, b| true });",
        "rule(\"R\", #{ title: \"t\", tags: [1] });",
        "field(\"X\", |d| 1);",
        "field(\"hs\", |d| 1);",
        "field(\"x\", 5);",
        "field(\"x\", |d| [1]);",
        "field(\"x\");",
        "rule(\"R\", #{ title: \"t\", when: |d| d.x > 1 });\nfield(\"x\", |d| 1);",
        "rule(\"R\", #{ title: \"t\", ",
        "let x = ;",
        "loop { }",
        "let s = \"ab\"; loop { s += s; }",
        "1 / 0",
        "x + 1",
        "fn f(x) { f(x) }\nf(1);",
        "[1][5]",
        "rul(\"R\", #{});",
        "const LIMIT = 5;\nfn f(d) { d.packages > LIMIT }\nrule(\"R\", #{ title: \"t\", when: |d| f(d) });",
        "fn contains(a, b) { true }",
        "rule(\"R\", #{ title: \"t\", title: \"u\" });",
        "",
        "rule(\"R\", #{ title: \"t\", status: \"draft\" });",
        "let a = []; let f = |x| a; a.push(f); rule(\"R\", #{ title: \"t\", when: |d| a.len() == 1 });",
        "let x = \"abc;",
        "rule(\"R\", #{ title: \"t\", when: |d| d.value < 1 });\nrule(\"S\", #{ title: \"t\", when: |d| d.vlue < 1 });\nrule(\"T\", #{ titl: \"t\" });",
        "let t = #{ title: \"t\", regio: \"KE\" };\nrule(\"R\", t);",
        "for b in [\"A\", \"B C\"] { rule(b, #{ title: b }); }",
    ] {
        for message in messages(&files(source)) {
            println!("RULE {:60} {message}", source.replace('\n', "⏎"));
        }
    }
    let _ = (MANIFEST, Code::BadLookup);
}
