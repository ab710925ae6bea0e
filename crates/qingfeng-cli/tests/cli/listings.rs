//! `qingfeng rules` and `qingfeng schema`.

use crate::support::{Desk, PASSED_RULES, golden};

#[test]
fn rules_for_people() {
    let ran = Desk::new().run("rules harbour").exits(0);
    golden("rules.txt", &ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn rules_as_data() {
    let json = Desk::new().run("rules harbour --format json").exits(0).json();
    let rules = json["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 9);
    let price = &rules[0];
    assert_eq!(
        *price,
        serde_json::json!({
            "id": "PRICE",
            "title": "Motorcycles far below the usual price, no brand",
            "title_zh": null,
            "status": "active",
            "file": "campaign.rhai",
            "line": 6,
            "region": ["africa", "FJ"],
            "commodity": ["motorcycles"],
            "mode": ["general"],
            "site": [],
            "from": "2016-01-01",
            "until": null,
            "when": "d.brand == () && d.cheap",
            "points": 35,
            "points_computed": null,
            "at_least": null,
            "at_most": null,
            "reason": price["reason"],
            "basis": "Notice 31 of 2016",
            "owner": "harbour office",
            "tags": ["price"],
            "fields": price["fields"],
            "compiled": true,
            "residual": [],
            "always": false,
            "witness": "d.brand == ()",
        })
    );
    for field in ["brand", "cheap", "unit_value"] {
        assert!(price["fields"].as_array().unwrap().contains(&field.into()), "{field}");
    }
    let black = &rules[1];
    assert!(black["points"].is_null() && black["points_computed"].is_string());
    assert_eq!(black["at_least"], "yellow");
}

/// The pack with two rules more.
fn with_passed_rules() -> Desk {
    let desk = Desk::new();
    desk.write("harbour/passed.rhai", PASSED_RULES);
    desk
}

#[test]
fn rules_that_are_left_to_the_interpreter() {
    let desk = with_passed_rules();
    golden("rules-residual.txt", &desk.run("rules harbour").exits(0).stdout);
    let json = desk.run("rules harbour --format json").exits(0).json();
    let rule = |id: &str| {
        let rules = json["rules"].as_array().unwrap();
        rules.iter().find(|rule| rule["id"] == id).unwrap().clone()
    };
    let residual = &rule("LOOPS")["residual"];
    assert_eq!(rule("LOOPS")["compiled"], false);
    assert_eq!(
        *residual,
        serde_json::json!([
            { "closure": "when", "reason": residual[0]["reason"], "file": "passed.rhai", "line": 13, "column": 36 },
            { "closure": "score", "reason": residual[1]["reason"], "file": "passed.rhai", "line": 12, "column": 29 },
        ])
    );
    assert!(residual[1]["reason"].as_str().unwrap().contains("loop"), "{residual}");
    assert_eq!(rule("LOOPS")["witness"], "d.brand == \"DELI\"", "by the first part of its condition");
    let border = rule("BORDER");
    assert_eq!((&border["always"], &border["witness"]), (&true.into(), &serde_json::Value::Null));
    let draft = rule("IDEA");
    assert_eq!((&draft["status"], &draft["compiled"]), (&"draft".into(), &true.into()));
}

#[test]
fn the_program_of_a_rule_pass_by_pass() {
    let desk = with_passed_rules();
    for (id, file) in [("PASSED", "program-passed.txt"), ("LOOPS", "program-residual.txt")] {
        let ran = desk.run(&format!("rules harbour --program {id}")).exits(0);
        golden(file, &ran.stdout);
        assert_eq!(ran.stderr, "");
    }
    let passed = desk.run("rules harbour --program PASSED").stdout;
    assert!(!passed.contains("no change"), "each pass changes it:\n{passed}");
    let ran = desk.run("rules harbour --program PASED").exits(2);
    assert!(ran.stderr.contains("there is no rule `PASED`; did you mean `PASSED`?"), "{}", ran.stderr);
    desk.run("rules harbour --program PASSED --format json").exits(2);
}

#[test]
fn the_schema_for_people() {
    golden("schema.txt", &Desk::new().run("schema harbour").exits(0).stdout);
}

#[test]
fn the_schema_as_data() {
    let json = Desk::new().run("schema harbour --format json").exits(0).json();
    let field = |name: &str| {
        let fields = json["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(field("hs")["required"], true);
    assert_eq!(field("sealed")["title_zh"], "海关封志");
    assert_eq!((&field("plates")["unit"], &field("plates")["max"]), (&"pieces".into(), &100.0.into()));
    assert_eq!(json["declaration"], "declaration_id");
    assert_eq!(json["computed"][0]["name"], "cheap");
    assert_eq!(json["lookups"][0]["key"], serde_json::json!(["exporter"]));
    assert_eq!(json["lookups"][0]["columns"].as_array().unwrap().len(), 3);
    assert_eq!(json["keys"]["region"], "destination");
    assert!(json["derived"].as_array().unwrap().iter().any(|derived| derived["name"] == "unit_value"));
}

/// What docs/rule-language.md says under "Fast rules".
#[test]
fn what_can_be_a_witness() {
    let cases: &[(&str, Option<&str>)] = &[
        ("d.brand == \"DELI\"", Some("d.brand == \"DELI\"")),
        ("d.brand in [\"DELI\", \"LIFAN\"]", Some("d.brand in [\"DELI\", \"LIFAN\"]")),
        ("d.hs.starts_with(\"8711\")", Some("d.hs begins with \"8711\"")),
        ("d.hs4 == \"8711\"", Some("d.hs4 == \"8711\"")),
        ("d.goods.has_word(\"replica\")", Some("d.goods has the word \"replica\"")),
        ("d.goods.contains(\"高仿\")", Some("d.goods contains \"高仿\"")),
        ("d.goods.to_lower() == \"goods\"", Some("d.goods.to_lower() == \"goods\"")),
        ("d.brand == ()", Some("d.brand == ()")),
        ("d.value == ()", Some("d.value == ()")),
        ("d.unit_value < 30.0", Some("d.unit_value up to 30")),
        ("d.packages in 1..10", Some("d.packages from 1 to 9")),
        ("d.declared_on >= date(\"2016-07-01\")", Some("d.declared_on from 2016-07-01")),
        ("d.listed(\"blacklist\")", Some("listed in \"blacklist\"")),
        ("d.lookup(\"blacklist\").grade == \"A\"", Some("listed in \"blacklist\"")),
        (
            "d.brand == \"A\" || d.goods.has_word(\"b\")",
            Some("d.brand == \"A\" or d.goods has the word \"b\""),
        ),
        ("d.brand != \"DELI\"", None),
        ("!(d.packages > 3)", None),
        ("d.goods.ends_with(\"x\")", None),
        ("d.goods.matches(\"x+\")", None),
        ("d.brand.resembles(\"DELI\")", None),
        ("d.quantity != 1.0", None),
        ("d.goods + d.brand == \"x\"", None),
        ("d.brand != ()", None),
        ("d.net_kg > d.gross_kg", None),
        ("!d.listed(\"blacklist\")", None),
        ("d.brand == \"A\" || d.brand != \"B\"", None),
    ];
    let desk = Desk::new();
    let rules: String = cases
        .iter()
        .enumerate()
        .map(|(at, (when, _))| format!("rule(\"W{at:02}\", #{{ title: \"t\", when: |d| {when} }});\n"))
        .collect();
    desk.write("harbour/witnesses.rhai", rules);
    let json = desk.run("rules harbour --format json").exits(0).json();
    let rules = json["rules"].as_array().unwrap();
    for (at, (when, witness)) in cases.iter().enumerate() {
        let rule = rules.iter().find(|rule| rule["id"] == format!("W{at:02}")).unwrap();
        assert_eq!(rule["witness"].as_str(), *witness, "{when}");
        assert_eq!(rule["compiled"], true, "{when}");
    }
}

#[test]
fn a_match_shows_which_column_fills_which_field() {
    let desk = Desk::new();
    let form = "海关编号,申报日期,运抵国（地区）,监管方式,商品编号,商品名称及规格型号,数量及单位,单价/总价/币制,船员\n\
                531720180465100023,2018-09-05,KEN,一般贸易,9608100000,圆珠笔|1|0|品牌:得力,1200千克/60000支,0.46/27600/USD,8\n";
    desk.write("form.csv", form);
    let told = desk.run("schema harbour --match form.csv").exits(0).stdout;
    for line in [
        "form.csv, the first 1 line",
        "商品名称及规格型号",
        "a part",
        "Columns that fill no field",
        "船员",
        "Fields that rules read and that are empty here",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let json = desk.run("schema harbour --match form.csv --format json").exits(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let column = |field: &str| {
        json["columns"].as_array().unwrap().iter().find(|of| of["field"] == field).cloned().unwrap()
    };
    assert_eq!(column("brand")["examples"][0], "得力");
    assert_eq!(column("net_kg")["examples"][0], "1200");
    assert_eq!(column("mode")["column"], "监管方式");
    assert_eq!(json["unused_columns"][0], "船员");
    // A file that lacks what each line needs is refused with what is lacking.
    desk.write("poor.csv", "海关编号,商品编号\n1,9608100000\n");
    assert!(
        desk.run("schema harbour --match poor.csv").exits(3).stderr.contains("no column for `destination`")
    );
}
