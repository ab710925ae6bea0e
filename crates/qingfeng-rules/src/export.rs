//! The built-in schema: the standard export declaration, one line for each item of goods.
//!
//! Names follow the export declaration and the WCO Data Model in plain English. The Chinese headers are those
//! of the customs declaration form and of the single window.

use crate::schema::{CodeList, Field, FieldId, Kind, Level, Schema};

struct Row {
    name: &'static str,
    kind: Kind,
    level: Level,
    title: &'static str,
    title_zh: &'static str,
    columns: &'static [&'static str],
}

const fn row(
    name: &'static str,
    kind: Kind,
    level: Level,
    title: &'static str,
    title_zh: &'static str,
    columns: &'static [&'static str],
) -> Row {
    Row { name, kind, level, title, title_zh, columns }
}

use Kind::{Code, Date, Integer, Number, Text};
use Level::{Header, Item};

const ROWS: &[Row] = &[
    row(
        "declaration_id",
        Text,
        Header,
        "number of the declaration",
        "海关编号",
        &[
            "declaration number",
            "declaration no",
            "declaration",
            "entry id",
            "entry number",
            "报关单号",
            "报关单编号",
        ],
    ),
    row(
        "declared_on",
        Date,
        Header,
        "day of the declaration",
        "申报日期",
        &["declaration date", "declare date", "date of declaration", "date", "日期"],
    ),
    row(
        "port",
        Code,
        Header,
        "port of exit",
        "出境口岸",
        &[
            "port of exit",
            "exit port",
            "exit customs",
            "customs office",
            "office of exit",
            "离境口岸",
            "出境关别",
            "出口口岸",
            "口岸",
        ],
    ),
    row(
        "site_kind",
        Code,
        Header,
        "kind of site: port, market, production, border",
        "环节",
        &["kind of site", "监管环节"],
    ),
    row(
        "procurement_place",
        Code,
        Header,
        "place of market procurement",
        "市场采购地",
        &["procurement market", "market", "采购地", "市场采购集聚区"],
    ),
    row(
        "origin_district",
        Code,
        Header,
        "district where the goods come from",
        "境内货源地",
        &["domestic source", "district of origin", "origin district code", "货源地"],
    ),
    row(
        "destination",
        Code,
        Header,
        "country of destination",
        "运抵国（地区）",
        &[
            "destination country",
            "country of destination",
            "final destination",
            "运抵国",
            "最终目的国",
            "目的国",
        ],
    ),
    row(
        "transit",
        Code,
        Header,
        "country of transit",
        "中转国（地区）",
        &["transit country", "country of transit", "中转国", "经停国"],
    ),
    row(
        "mode",
        Code,
        Header,
        "trade mode (customs procedure)",
        "监管方式",
        &["trade mode", "supervision mode", "customs procedure", "procedure code", "贸易方式"],
    ),
    row("transport", Code, Header, "mode of transport", "运输方式", &["transport mode", "mode of transport"]),
    row(
        "exporter",
        Code,
        Header,
        "exporter",
        "境内发货人",
        &["exporter id", "exporter code", "consignor", "shipper", "发货人", "经营单位"],
    ),
    row(
        "producer",
        Code,
        Header,
        "producer",
        "生产销售单位",
        &["producer id", "producer code", "manufacturer", "生产单位"],
    ),
    row(
        "agent",
        Code,
        Header,
        "customs agent",
        "申报单位",
        &["declarant", "agent id", "broker", "customs broker"],
    ),
    row("consignee", Text, Header, "consignee abroad", "境外收货人", &["overseas consignee", "收货人"]),
    row("contract", Text, Header, "contract", "合同协议号", &["contract no", "contract number", "合同号"]),
    row("currency", Code, Header, "currency of the contract", "币制", &["currency code", "币种"]),
    row(
        "item_no",
        Integer,
        Item,
        "number of the line",
        "项号",
        &["item", "item number", "line", "line no", "line number", "goods item number", "商品序号", "序号"],
    ),
    row(
        "hs",
        Code,
        Item,
        "commodity code",
        "商品编号",
        &[
            "hs code",
            "hs10",
            "hs6",
            "hs6 code",
            "commodity code",
            "tariff code",
            "商品编码",
            "税号",
            "税则号",
        ],
    ),
    row(
        "goods",
        Text,
        Item,
        "name of the goods",
        "商品名称",
        &["goods name", "description", "goods description", "commodity", "品名", "货物名称"],
    ),
    row("brand", Text, Item, "brand", "品牌", &["brand name", "trade mark", "trademark", "商标"]),
    row(
        "brand_kind",
        Code,
        Item,
        "kind of brand: none, own, bought, OEM, foreign",
        "品牌类型",
        &["brand type"],
    ),
    row("model", Text, Item, "model", "型号", &["specification", "spec", "规格型号", "规格"]),
    row("quantity", Number, Item, "quantity", "成交数量", &["qty", "数量"]),
    row(
        "unit",
        Code,
        Item,
        "unit of the quantity",
        "成交单位",
        &["unit of measure", "uom", "计量单位", "单位"],
    ),
    row(
        "net_kg",
        Number,
        Item,
        "net weight",
        "净重",
        &["net weight", "net mass", "net weight kg", "净重（千克）"],
    ),
    row(
        "gross_kg",
        Number,
        Item,
        "gross weight",
        "毛重",
        &["gross weight", "gross mass", "gross weight kg", "毛重（千克）"],
    ),
    row(
        "value",
        Number,
        Item,
        "value of the line",
        "总价",
        &["total price", "line value", "item price", "amount", "fob", "金额", "货值"],
    ),
    row(
        "packages",
        Integer,
        Item,
        "number of packages",
        "件数",
        &["package count", "number of packages", "包装件数"],
    ),
    row(
        "certificate",
        Text,
        Item,
        "certificate",
        "证书编号",
        &["certificate no", "certificate number", "documents", "随附单证", "许可证号"],
    ),
    row(
        "origin_country",
        Code,
        Item,
        "country of origin",
        "原产国（地区）",
        &["country of origin", "原产国"],
    ),
];

const REQUIRED: &[&str] = &["declaration_id", "destination", "mode", "hs"];
const UNITS: &[(&str, &str)] = &[("net_kg", "kg"), ("gross_kg", "kg"), ("value", "currency of the pack")];
const COUNTRY_FIELDS: &[&str] = &["destination", "transit", "origin_country"];
const NOT_NEGATIVE: &[&str] = &["quantity", "net_kg", "gross_kg", "value", "packages"];
const SITES: &[(&str, &str)] = &[
    ("border", "port"),
    ("market", "procurement_place"),
    ("port", "port"),
    ("production", "origin_district"),
];

fn field(row: &Row) -> Field {
    let min = match row.name {
        "item_no" => Some(1.0),
        name if NOT_NEGATIVE.contains(&name) => Some(0.0),
        _ => None,
    };
    let codes = match row.name {
        "hs" => Some(CodeList::Hs),
        name if COUNTRY_FIELDS.contains(&name) => Some(CodeList::Country),
        _ => None,
    };
    Field {
        name: row.name.into(),
        kind: row.kind,
        level: row.level,
        required: REQUIRED.contains(&row.name),
        unit: UNITS.iter().find(|(name, _)| *name == row.name).map(|&(_, unit)| unit.into()),
        title: row.title.into(),
        title_zh: Some(row.title_zh.into()),
        columns: std::iter::once(row.title_zh).chain(row.columns.iter().copied()).map(Into::into).collect(),
        codes,
        min,
        max: None,
    }
}

pub(crate) fn schema() -> Schema {
    let fields: Vec<Field> = ROWS.iter().map(field).collect();
    #[expect(clippy::expect_used, reason = "a constant table, and the tests build it")]
    let mut schema = Schema::new(fields, FieldId(0)).expect("the built-in headers are distinct");
    schema.item = schema.field("item_no");
    schema.date = schema.field("declared_on");
    schema.keys.region = schema.field("destination");
    schema.keys.commodity = schema.field("hs");
    schema.keys.mode = schema.field("mode");
    schema.keys.site =
        SITES.iter().filter_map(|&(kind, field)| Some((kind.to_owned(), schema.field(field)?))).collect();
    schema.keys.site_kind = schema.field("site_kind");
    schema
}
