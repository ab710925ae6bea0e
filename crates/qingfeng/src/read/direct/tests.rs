//! Declarations read directly against what their JSON gives.

use proptest::prelude::*;
use qingfeng_rules::{FieldId, Level};

use super::*;
use crate::read::Pieces;
use crate::read::frame::Framer;
use crate::read::ndjson::Ndjson;
use crate::read::text::Encoding;

/// What the reader of NDJSON makes of a declaration.
fn by_json(schema: &Arc<Schema>, declaration: &Declaration) -> Chunk {
    let input = Input::Stdin;
    let json = serde_json::to_vec(declaration).unwrap();
    let framer = Framer::new(Box::new(io::Cursor::new(json)));
    let mut ndjson = Ndjson::open(schema, &input, 0, framer, Encoding::Utf8, 1);
    let mut pieces = Vec::new();
    loop {
        let Pieces { pieces: next, end } = ndjson.pieces(&input, 8192);
        pieces.extend(next);
        if let Some(end) = end {
            end.unwrap();
            break;
        }
    }
    let mut chunk = one_chunk(schema, INPUT, MAX_LINES, pieces.into_iter()).unwrap();
    chunk.rejects.iter_mut().for_each(|reject| reject.input = INPUT.into());
    chunk
}

fn assert_same(schema: &Arc<Schema>, direct: &Direct, declaration: &Declaration) {
    let expected = by_json(schema, declaration);
    let found = direct.read(declaration).unwrap();
    assert_eq!(found.rejects, expected.rejects, "{declaration:?}");
    assert_eq!(found.lines.batch(), expected.lines.batch(), "{declaration:?}");
    assert_eq!(found.lines.starts(), expected.lines.starts());
    assert_eq!(found.lines.places(), expected.lines.places());
    assert_eq!(found.lines_read, expected.lines_read);
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
    let numbers = [0.0, -0.0, 1.0, 12.5, 1e300, -3.0, f64::NAN, f64::INFINITY, 0.1 + 0.2, 5e-324];
    prop_oneof![
        2 => Just(FieldValue::Missing),
        1 => any::<bool>().prop_map(FieldValue::Flag),
        2 => prop_oneof![Just(7), Just(i64::MIN), -5..100_i64, any::<i64>()].prop_map(FieldValue::Integer),
        3 => prop_oneof![prop::sample::select(numbers.to_vec()), any::<f64>()].prop_map(FieldValue::Number),
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
    let parts = (prop_oneof![2 => Just(BTreeMap::new()), 1 => more()], prop::collection::vec(item, 0..6));
    parts.prop_map(|(over, items)| {
        let mut declaration = Declaration::new()
            .with("declaration_id", "D 1")
            .with("declared_on", "2016-09-06")
            .with("destination", "KEN")
            .with("id", 1)
            .with("mode", "0110");
        declaration.header.extend(over);
        for (number, (kind, over)) in items.into_iter().enumerate() {
            let mut item = Item::new().with("hs", "8711.20").with("value", 8000.5).with("packages", 1);
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
            let direct = Direct::new(&schema);
            declarations.iter().for_each(|declaration| assert_same(&schema, &direct, declaration));
        }
    }
}

#[test]
fn long_declarations_give_what_their_json_gives() {
    let schema = Arc::new(Schema::export());
    let direct = Direct::new(&schema);
    let header =
        Declaration::new().with("declaration_id", "1").with("destination", "KE").with("mode", "0110");
    let item = Item::new().with("hs", "871120");
    let with_items = |count: usize| Declaration { items: vec![item.clone(); count], ..header.clone() };
    for count in [KEPT_LINES, KEPT_LINES + 1, 1_000, MAX_LINES, MAX_LINES + 1] {
        assert_same(&schema, &direct, &with_items(count));
    }
    // About the most bytes that a line of JSON can have, from below and from above.
    let empty = serde_json::to_vec(&header.clone().with("colour", "")).unwrap().len();
    for bytes in [MAX_LINE_BYTES, MAX_LINE_BYTES + 1] {
        assert_same(&schema, &direct, &header.clone().with("colour", "x".repeat(bytes - empty)));
    }
    assert_same(&schema, &direct, &header.with("colour", "\n".repeat(MAX_LINE_BYTES / 2)));
}

#[test]
fn an_ordinary_declaration_is_read_field_by_field() {
    let schema = Arc::new(Schema::export());
    let direct = Direct::new(&schema);
    let item = |hs: &str| Item::new().with("hs", hs).with("quantity", 40).with("value", 8000.0);
    let declaration = Declaration::new()
        .with("declaration_id", "1")
        .with("destination", "KE")
        .with("mode", "0110")
        .with("colour", "red")
        .item(item("871120").with("brand", "清风"))
        .item(item("871130"));
    let mut builder = Builder::new(&schema);
    let lines = direct.fields(&declaration, &mut builder).expect("nothing is unusual in it");
    assert_eq!(lines.len(), 2);
    assert_same(&schema, &direct, &declaration);
}
