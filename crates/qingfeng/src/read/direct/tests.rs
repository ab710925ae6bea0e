//! Declarations of a program against what their JSON gives.

use proptest::prelude::*;
use qingfeng_rules::{FieldId, Level};

use super::*;
use crate::declaration::Item;
use crate::read::MAX_LINES;

fn assert_same(direct: &Direct, declaration: &Declaration) {
    let json = serde_json::to_vec(declaration).unwrap();
    let (expected, found) = (direct.read_json(&json), direct.read(declaration));
    assert_eq!(found.chunk.rejects, expected.chunk.rejects, "{declaration:?}");
    assert_eq!(found.chunk.lines.batch(), expected.chunk.lines.batch(), "{declaration:?}");
    assert_eq!(found.chunk.lines.starts(), expected.chunk.lines.starts());
    assert_eq!(found.chunk.lines.places(), expected.chunk.lines.places());
    assert_eq!(found.chunk.lines_read(), expected.chunk.lines_read());
    // A declaration that is rejected as a whole may be so before all of its keys are seen.
    let sorted = |unknown: &[String]| unknown.iter().cloned().collect::<std::collections::BTreeSet<_>>();
    if found.chunk.rejects.is_empty() {
        assert_eq!(sorted(&found.unknown_fields), sorted(&expected.unknown_fields), "{declaration:?}");
        assert_eq!(found.chunk.lines.declaration_count(), 1, "{declaration:?}");
    }
}

fn field(name: &str, kind: Kind, required: bool) -> Field {
    Field {
        name: name.into(),
        kind,
        level: Level::Header,
        required,
        unit: None,
        title: name.into(),
        title_zh: None,
        columns: Vec::new(),
        codes: None,
        min: None,
        max: Some(1e6),
        reading: qingfeng_rules::Reading::default(),
    }
}

/// The export declaration; one whose id and numbers are unusual; one with a field under the name of the list.
fn schemas() -> Vec<Arc<Schema>> {
    let fields = || {
        vec![
            field("id", Kind::Integer, true),
            field("hs", Kind::Text, true),
            field("value", Kind::Number, false),
            field("packages", Kind::Flag, false),
            field("item_no", Kind::Integer, true),
        ]
    };
    let mut strict = Schema::new(fields(), FieldId(0)).unwrap();
    strict.item = Some(FieldId(4));
    let mut with_list = fields();
    with_list.push(field("items", Kind::Code, false));
    let with_list = Schema::new(with_list, FieldId(1)).unwrap();
    [Schema::export(), strict, with_list].map(Arc::new).into()
}

fn keys() -> impl Strategy<Value = String> {
    let known = [
        "declaration_id",
        "海关编号",
        "Declaration ID",
        "id",
        "declared_on",
        "destination",
        "mode",
        "exporter",
        "hs",
        "HS Code",
        "ｈｓ",
        "goods",
        "brand",
        "quantity",
        "value",
        "net_kg",
        "packages",
        "item_no",
        "port",
        "items",
        "Items",
        "colour",
        "",
        "a\"b\\\n",
        "\u{1}",
    ];
    prop_oneof![20 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".*"]
}

fn values() -> impl Strategy<Value = FieldValue> {
    let texts = [
        "",
        " ",
        "KEN",
        "ke",
        " 8711.20 90.00 ",
        "2016-09-06",
        "6 Sept",
        "12.5",
        "12",
        "1,234",
        "-3",
        "1e999",
        "NaN",
        "true",
        "是",
        "a\u{0}b",
        "say \"so\"\\",
        "品牌\n",
        "A",
    ];
    let numbers = [0.0, -0.0, 1.0, 12.5, 1e16, 1e300, -3.0, 8_711_209_000.0, 0.1 + 0.2, 5e-324];
    prop_oneof![
        2 => Just(FieldValue::Missing),
        1 => any::<bool>().prop_map(FieldValue::Flag),
        2 => prop_oneof![Just(7), Just(i64::MIN), -5..100_i64, any::<i64>()].prop_map(FieldValue::Integer),
        3 => prop_oneof![prop::sample::select(numbers.to_vec()), prop::num::f64::NORMAL]
            .prop_map(FieldValue::Number),
        6 => prop::sample::select(texts.to_vec()).prop_map(FieldValue::from),
        2 => ".*".prop_map(FieldValue::Text),
        1 => (65_530..65_540_usize, "[a中]")
            .prop_map(|(count, letter)| FieldValue::Text(letter.repeat(count / letter.len()))),
    ]
}

/// A declaration that can be read, if nothing is put over its values.
fn declarations() -> impl Strategy<Value = Declaration> {
    let more = || prop::collection::btree_map(keys(), values(), 0..3);
    let item = (0..4_usize, prop_oneof![2 => Just(BTreeMap::new()), 1 => more()]);
    let parts = (
        any::<bool>(),
        prop_oneof![2 => Just(BTreeMap::new()), 1 => more()],
        prop::collection::vec(item, 0..6),
    );
    parts.prop_map(|(has_id, over, items)| {
        let mut declaration = Declaration::new()
            .with("declared_on", "2016-09-06")
            .with("destination", "KEN")
            .with("mode", "0110");
        if has_id {
            declaration = declaration.with("declaration_id", "D 1").with("id", 1);
        }
        declaration.header.extend(over);
        for (number, (kind, over)) in items.into_iter().enumerate() {
            let mut item = Item::new().with("hs", "8711.20").with("value", 8000.5).with("packages", 1);
            if !has_id {
                item =
                    item.with("declaration_id", if kind == 3 { "D 2" } else { "D 1" }).with("id", kind % 2);
            }
            if kind == 1 {
                item = item.with("goods", "摩托车").with("quantity", 40);
            }
            if kind > 1 {
                item = item.with("item_no", number as i64 + 1).with("brand", FieldValue::Missing);
            }
            item.fields.extend(over);
            declaration = declaration.item(item);
        }
        declaration
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn a_declaration_gives_what_its_json_gives(
        declarations in prop::collection::vec(declarations(), 1..4),
    ) {
        for schema in schemas() {
            // One after the other: what is kept from the last one must not show.
            let direct = Direct::new(&schema, MAX_LINES);
            declarations.iter().for_each(|declaration| assert_same(&direct, declaration));
        }
    }
}

#[test]
fn long_declarations_give_what_their_json_gives() {
    let schema = Arc::new(Schema::export());
    let direct = Direct::new(&schema, 2_000);
    let header =
        Declaration::new().with("declaration_id", "1").with("destination", "KE").with("mode", "0110");
    let item = Item::new().with("hs", "871120");
    let with_items = |count: usize| Declaration { items: vec![item.clone(); count], ..header.clone() };
    for count in [KEPT_LINES, KEPT_LINES + 1, 2_000, 2_001, MAX_LINES] {
        assert_same(&direct, &with_items(count));
    }
    assert_eq!(direct.read(&with_items(2_002)).chunk.rejects.len(), 2);
    // About the most bytes that a line of JSON can have, from below and from above.
    let empty = serde_json::to_vec(&header.clone().with("colour", "")).unwrap().len();
    for bytes in [MAX_LINE_BYTES, MAX_LINE_BYTES + 1] {
        assert_same(&direct, &header.clone().with("colour", "x".repeat(bytes - empty)));
    }
    assert_same(&direct, &header.with("colour", "\n".repeat(MAX_LINE_BYTES / 2)));
}

fn ordinary() -> Declaration {
    let item = |hs: &str| Item::new().with("hs", hs).with("quantity", 40).with("value", 8000.0);
    Declaration::new()
        .with("declaration_id", "1")
        .with("destination", "KE")
        .with("mode", "0110")
        .with("colour", "red")
        .item(item("871120").with("brand", "清风"))
        .item(item("871130"))
}

#[test]
fn an_ordinary_declaration_is_read_field_by_field() {
    let schema = Arc::new(Schema::export());
    let direct = Direct::new(&schema, MAX_LINES);
    let mut unused = Vec::new();
    let lines = direct.fields(&ordinary(), &mut Builder::new(&schema), &mut unused);
    assert_eq!(lines.expect("nothing is unusual in it").len(), 2);
    assert_eq!(unused, ["colour"]);
    assert_same(&direct, &ordinary());
}

#[test]
fn numbers_that_are_not_finite_reject_their_line_whatever_the_field() {
    let direct = Direct::new(&Arc::new(Schema::export()), MAX_LINES);
    for field in ["value", "packages", "goods", "hs", "declared_on"] {
        let mut declaration = ordinary();
        declaration.items[1].fields.insert(field.into(), f64::INFINITY.into());
        let rejects = direct.read(&declaration).chunk.rejects;
        assert_eq!(rejects.len(), 1, "{field}");
        assert_eq!((rejects[0].field.as_deref(), rejects[0].value.as_deref()), (Some(field), Some("inf")));
    }
}

#[test]
fn keys_that_nobody_claims_are_not_kept() {
    let schema = Arc::new(Schema::export());
    let direct = Direct::new(&schema, MAX_LINES);
    for key in 0..3_000 {
        let declaration = ordinary().with(format!("{key}{}", "x".repeat(50)), 1).with("D".repeat(key), 1);
        assert_same(&direct, &declaration);
    }
    let builder = direct.idle.borrow().unwrap();
    let (header, items) = (&builder.header_keys.known, &builder.item_keys.known);
    assert!(header.len() < 20 + REMEMBERED_UNUSED && items.len() < 20);
    assert!(direct.parsers.borrow().unwrap().remembered_keys() < 20);
}

#[test]
fn what_a_rush_needed_is_not_kept() {
    let idle = Idle::default();
    (0..1_000).for_each(|item| idle.give_back(item));
    assert!(idle.len() <= crate::threads::processors());
    idle.clear();
    assert_eq!(idle.borrow(), None);
}
