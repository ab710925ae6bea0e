//! `qingfeng rules` and `qingfeng schema`.

use crate::support::{Desk, golden};

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
            "status": "active",
            "file": "campaign.rhai",
            "line": 5,
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
        })
    );
    for field in ["brand", "cheap", "unit_value"] {
        assert!(price["fields"].as_array().unwrap().contains(&field.into()), "{field}");
    }
    let black = &rules[1];
    assert!(black["points"].is_null() && black["points_computed"].is_string());
    assert_eq!(black["at_least"], "yellow");
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
