//! `[schema]` and `[keys]`.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::base::countries::Numbers;
use crate::diagnostic::Code;
use crate::model::keys::Table;
use crate::model::schema::{CodeList, Field, FieldId, HeaderClash, Kind, Level, Reading, Schema};

use super::document::Toml;
use super::is_plain_name;

/// Names that a field cannot have, because `d.name` means something else.
const RESERVED_FIELDS: &[&str] = &["listed", "lookup", "year", "month", "day", "weekday", "len", "is_empty"];

pub(super) fn read_schema(toml: &mut Toml<'_>, root: &DeTable<'_>, start: Range<usize>) -> Schema {
    let Some((table, span)) = toml.table(root, "schema") else {
        let help = "add `[schema]` with `extends = \"export\"`, or define the fields of your own";
        toml.require(root, start, "schema", "`[schema]` is missing", help);
        return Schema::export();
    };
    toml.known_keys(table, Table::Schema);
    let extends =
        toml.choice(table, "extends", &[("export", ())]).is_some() || table.get("extends").is_some();
    let base = Schema::export();
    let mut fields: Vec<Field> = if extends { base.fields().to_vec() } else { Vec::new() };
    let mut places: Vec<Option<Range<usize>>> = vec![None; fields.len()];
    if let Some((definitions, _)) = toml.table(table, "fields") {
        for (key, value) in definitions.iter() {
            let name = key.get_ref().as_ref();
            if fields.iter().any(|field| field.name == name) {
                let title = format!("the built-in schema already has a field `{name}`");
                toml.report(Code::Duplicate, key.span(), title, "give the field another name");
                continue;
            }
            if !is_plain_name(name) || name.contains('-') || RESERVED_FIELDS.contains(&name) {
                let title = format!("`{name}` cannot be the name of a field");
                let help =
                    "use lower case letters, digits and `_`, and no name that the language uses itself";
                toml.report(Code::BadValue, key.span(), title, help);
                continue;
            }
            let DeValue::Table(definition) = value.get_ref() else {
                toml.wrong_type(name, value, "a table");
                continue;
            };
            fields.push(read_field(toml, name, definition, key.span()));
            places.push(Some(key.span()));
        }
    }
    if fields.len() > usize::from(u16::MAX) {
        toml.report(Code::BadValue, span.clone(), "a schema cannot have more than 65535 fields", None);
        fields.truncate(usize::from(u16::MAX));
    }
    if fields.is_empty() {
        let help = "add `extends = \"export\"`, or fields as `[schema.fields.NAME]`";
        toml.report(Code::MissingKey, span, "the schema has no fields", help);
        return base;
    }
    let mut schema = match Schema::new(fields.clone(), FieldId(0)) {
        Ok(schema) => schema,
        Err(HeaderClash { header, first, second }) => {
            let at = fields.iter().rposition(|field| field.name == second);
            let place = at.and_then(|at| places[at].clone()).unwrap_or(span);
            let title = format!("the header `{header}` is claimed by the fields `{first}` and `{second}`");
            toml.report(Code::Duplicate, place, title, "take it out of one of them");
            return base;
        }
    };
    if extends {
        schema.set_declaration(base.declaration);
        (schema.item, schema.date) = (base.item, base.date);
        schema.keys = base.keys;
        schema.has_boxes = base.has_boxes;
    }
    if let Some((columns, _)) = toml.table(table, "columns") {
        for (key, _) in columns.iter() {
            let headers: Vec<String> =
                toml.texts(columns, key.get_ref()).into_iter().map(|(text, _)| text).collect();
            match schema.field(key.get_ref()) {
                Some(field) => schema.set_columns(field, headers),
                None => drop(toml.field(&schema, key.get_ref(), key.span())),
            }
        }
    }
    match toml.field_at(&schema, table, "declaration") {
        Some(declaration) => schema.set_declaration(declaration),
        None if extends => {}
        None => {
            let help = "add `declaration = \"FIELD\"` to `[schema]`, the field with the declaration's id";
            toml.require(table, span, "declaration", "`declaration` is missing", help);
        }
    }
    schema.item = toml.field_at(&schema, table, "item").or(schema.item);
    schema.date = toml.field_at(&schema, table, "date").or(schema.date);
    if let Some((days, place)) = toml.text(table, "days") {
        match days.parse() {
            Ok(zone) => schema.set_days(zone),
            Err(error) => toml.report(Code::BadValue, place, format!("`days` is `{days}`: {error}"), None),
        }
    }
    if let Some(numbers) =
        toml.choice(table, "country_numbers", &[("iso", Numbers::Iso), ("gac", Numbers::Gac)])
    {
        schema.set_country_numbers(numbers);
    }
    check_role(toml, table, "declaration", &schema, Some(schema.declaration), &[Kind::Text, Kind::Code]);
    check_role(toml, table, "item", &schema, schema.item, &[Kind::Integer]);
    check_role(toml, table, "date", &schema, schema.date, &[Kind::Date]);
    schema
}

fn check_role(
    toml: &mut Toml<'_>,
    table: &DeTable<'_>,
    key: &str,
    schema: &Schema,
    field: Option<FieldId>,
    kinds: &[Kind],
) {
    if let (Some(field), Some(value)) = (field, table.get(key))
        && !kinds.contains(&schema[field].kind)
    {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let title = format!("`{key}` must be a field of kind {}", kinds.join(" or "));
        toml.report(Code::WrongType, value.span(), title, None);
    }
}

fn read_field(toml: &mut Toml<'_>, name: &str, table: &DeTable<'_>, span: Range<usize>) -> Field {
    toml.known_keys(table, Table::SchemaField);
    let help = "add `kind = \"text\"`, or code, integer, number, flag, date";
    toml.require(table, span, "kind", format!("the field `{name}` has no `kind`"), help);
    let kind = toml.choice(table, "kind", &Kind::ALL).unwrap_or(Kind::Text);
    let lists: Vec<(&str, CodeList)> =
        CodeList::names().filter_map(|name| Some((name, CodeList::from_name(name)?))).collect();
    let codes = toml.choice(table, "codes", &lists);
    if codes.is_some() && kind != Kind::Code {
        toml.bad(table, "codes", "`codes` belongs to a field of kind code", "set `kind = \"code\"`");
    }
    let (min, max) = (toml.number(table, "min"), toml.number(table, "max"));
    if !matches!(kind, Kind::Integer | Kind::Number) {
        let key = if table.get("min").is_some() { "min" } else { "max" };
        toml.bad(table, key, "`min` and `max` belong to a field of kind integer or number", None);
    }
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        toml.bad(table, "max", "`max` is below `min`", None);
    }
    Field {
        name: name.to_owned(),
        kind,
        level: toml
            .choice(table, "level", &[("header", Level::Header), ("item", Level::Item)])
            .unwrap_or(Level::Item),
        required: toml.flag(table, "required").unwrap_or(false),
        unit: toml.plain_text(table, "unit"),
        title: toml.plain_text(table, "title").unwrap_or_else(|| name.replace('_', " ")),
        title_zh: toml.plain_text(table, "title_zh"),
        columns: toml.texts(table, "columns").into_iter().map(|(text, _)| text).collect(),
        codes,
        min,
        max,
        reading: Reading::default(),
    }
}

pub(super) fn read_keys(toml: &mut Toml<'_>, root: &DeTable<'_>, schema: &mut Schema) {
    let Some((table, _)) = toml.table(root, "keys") else { return };
    toml.known_keys(table, Table::Keys);
    let code_field = |toml: &mut Toml<'_>, table: &DeTable<'_>, key: &str| {
        let field = toml.field_at(schema, table, key)?;
        if let (false, Some(value)) = (schema[field].kind == Kind::Code, table.get(key)) {
            let title = format!("`{key}` must name a field of kind code");
            toml.report(Code::WrongType, value.span(), title, None);
        }
        Some(field)
    };
    let region = code_field(toml, table, "region");
    let commodity = code_field(toml, table, "commodity");
    let mode = code_field(toml, table, "mode");
    let mut site = Vec::new();
    if let Some((kinds, _)) = toml.table(table, "site") {
        for (key, _) in kinds.iter() {
            let kind = key.get_ref().as_ref();
            if let Some(field) = code_field(toml, kinds, kind) {
                site.push((kind.to_owned(), field));
            }
        }
        site.sort();
        schema.keys.site = site;
    }
    schema.keys.region = region.or(schema.keys.region);
    schema.keys.commodity = commodity.or(schema.keys.commodity);
    schema.keys.mode = mode.or(schema.keys.mode);
}
