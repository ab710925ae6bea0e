//! The built-in schema: the standard export declaration, one line for each item of goods.
//!
//! Names follow the export declaration and the WCO Data Model in plain English. The Chinese headers are those
//! of the customs declaration form and of the single window. The fields stand in `export.tsv`.

use crate::base::codes;

use super::schema::{CodeList, Field, FieldId, Kind, Level, Reading, Schema};

const SITES: [(&str, &str); 4] = [
    ("border", "port"),
    ("market", "procurement_place"),
    ("port", "port"),
    ("production", "origin_district"),
];

fn field(line: &str) -> Option<Field> {
    let mut cells = line.split('\t');
    let mut cell = || cells.next();
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (name, kind) = (cell()?.to_owned(), Kind::from_name(cell()?)?);
    let level = if cell()? == "item" { Level::Item } else { Level::Header };
    let required = cell()? == "required";
    let codes = match cell()? {
        "country" => Some(CodeList::Country),
        "hs" => Some(CodeList::Hs),
        "party" => Some(CodeList::Party),
        list => codes::NAMES.iter().find(|name| **name == list).map(|name| CodeList::Table(name)),
    };
    let (unit, min) = (given(cell()?), cell()?.parse().ok());
    let (title, title_zh) = (cell()?.to_owned(), cell()?);
    // The Chinese title is a header of files too.
    let columns = std::iter::once(title_zh).chain(cell()?.split(", ")).map(str::to_owned).collect();
    let title_zh = given(title_zh);
    Some(Field {
        name,
        kind,
        level,
        required,
        unit,
        title,
        title_zh,
        columns,
        codes,
        min,
        max: None,
        reading: Reading::default(),
    })
}

impl Schema {
    /// The schema of a standard export declaration.
    pub fn export() -> Self {
        let fields = include_str!("export.tsv").lines().skip(1).filter_map(field).collect();
        #[expect(clippy::expect_used, reason = "a constant table, and the tests build it")]
        let mut schema = Self::new(fields, FieldId(0)).expect("the built-in headers are distinct");
        schema.has_boxes = true;
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
}

#[cfg(test)]
mod tests;
