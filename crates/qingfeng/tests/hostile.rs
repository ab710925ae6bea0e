//! Declarations such as nobody should send: values of the wrong kind, unknown fields and codes, repeated numbers of items,
//! ten thousand items. The tests of the engine and those of the command take the same ones.

use proptest::prelude::*;
use qingfeng::{Declaration, FieldValue, Item};

pub fn motorcycle() -> Item {
    Item::new()
        .with("hs", "8711209000")
        .with("goods", "motorcycle")
        .with("quantity", 10)
        .with("value", 2000.0)
}

/// Values of any kind for any field.
fn values() -> impl Strategy<Value = FieldValue> {
    let texts = [
        "",
        " ",
        "KEN",
        "ke",
        "ZZZ",
        "9999",
        " 8711.20 90.00 ",
        "8711209000",
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
    let numbers = [0.0, -0.0, 1.0, 12.5, 1e15, 8_711_209_000.0, -3.0, 0.1 + 0.2, f64::NAN, f64::INFINITY];
    prop_oneof![
        2 => Just(FieldValue::Missing),
        1 => any::<bool>().prop_map(FieldValue::Flag),
        3 => prop_oneof![Just(1), Just(2), Just(8_711_209_000), -5..100_i64, any::<i64>()].prop_map(FieldValue::Integer),
        3 => prop::sample::select(numbers.to_vec()).prop_map(FieldValue::Number),
        6 => prop::sample::select(texts.to_vec()).prop_map(FieldValue::from),
    ]
}

/// Declarations that a program, a message, a table and a file can all have: no key in both header and items.
pub fn declarations() -> impl Strategy<Value = Declaration> {
    let header = ["declared_on", "destination", "mode", "exporter", "port", "vlaue", "colour"];
    let item =
        ["hs", "HS Code", "goods", "brand", "quantity", "value", "net_kg", "packages", "item_no", "size"];
    let over = |keys: &[&'static str], more: usize| {
        prop::collection::btree_map(prop::sample::select(keys.to_vec()), values(), 0..more)
    };
    let line = (over(&item, 4), prop::option::weighted(0.3, 1..4_i64));
    let parts = (0..3_usize, over(&header, 3), prop::collection::vec(line, 1..6), prop::bool::weighted(0.02));
    parts.prop_map(|(ids, over, lines, is_long)| {
        let mut declaration = Declaration::new().with("destination", "KE").with("mode", "0110");
        declaration = match ids {
            0 => declaration.with("declaration_id", 7),
            1 => declaration.with("declaration_id", "D 1"),
            _ => declaration,
        };
        declaration.header.extend(over.into_iter().map(|(key, value)| (key.to_owned(), value)));
        for (over, number) in lines {
            let mut item = motorcycle();
            if ids == 2 {
                item = item.with("declaration_id", " D 1");
            }
            if let Some(number) = number {
                item = item.with("item_no", number);
            }
            if over.contains_key("HS Code") {
                item.fields.remove("hs");
            }
            let over =
                over.into_iter().filter(|(key, _)| *key != "hs" || !item.fields.contains_key("HS Code"));
            let over: Vec<_> = over.map(|(key, value)| (key.to_owned(), value)).collect();
            item.fields.extend(over);
            if item.fields.contains_key("HS Code") {
                item.fields.remove("hs");
            }
            declaration = declaration.item(item);
        }
        if is_long {
            let first = declaration.items[0].clone();
            declaration.items.resize(10_001, first);
        }
        declaration
    })
}
