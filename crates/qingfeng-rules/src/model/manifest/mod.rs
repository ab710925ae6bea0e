//! `pack.toml` and the reference files: from TOML with places to checked data.

mod lookups;
pub(crate) mod selection;

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Fix, Place, rewrite_day};
use crate::model::channel::{Channel, ChannelId, Combine, Score};
use crate::model::keys::{self, KeyTable};
use crate::model::reference::{Group, Member};
use crate::model::schema::{CodeList, Field, FieldId, HeaderClash, Kind, Level, Schema};

pub use lookups::{HISTORY_COLUMNS, History, HistoryGrade, HistoryRole, Lookup, LookupSource};

/// `pack.toml`, checked.
pub(crate) struct Manifest {
    pub name: String,
    pub version: String,
    pub title: Option<String>,
    pub title_zh: Option<String>,
    pub schema: Schema,
    pub score: Score,
    pub channels: Vec<Channel>,
    pub on_fault: Option<ChannelId>,
    pub lookups: Vec<Lookup>,
    pub store: String,
    pub history: History,
    pub check_as_of: Option<Date>,
}

/// Reads one TOML file and collects every mistake in it.
struct Toml<'a> {
    file: Arc<str>,
    diagnostics: &'a mut Diagnostics,
}

type Value<'t> = Spanned<DeValue<'t>>;

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a flag",
        DeValue::Datetime(_) => "a date without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Toml<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place { file: self.file.clone(), span }
    }

    fn report(&mut self, code: Code, span: Range<usize>, title: String, help: impl Into<Option<String>>) {
        let mut diagnostic = Diagnostic::new(code, title).at(self.place(span), "");
        diagnostic.help = help.into();
        self.diagnostics.push(diagnostic);
    }

    fn written(&self, span: &Range<usize>) -> String {
        let text = self.diagnostics.sources.text(&self.file);
        text.and_then(|text| text.get(span.clone())).unwrap_or("").to_owned()
    }

    /// Reports a name that nothing has, with those that there are.
    fn unknown<'n>(
        &mut self,
        code: Code,
        span: Range<usize>,
        title: String,
        written: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) {
        let source = self.written(&span);
        let mistake = Diagnostic::new(code, title).at(self.place(span), "");
        self.diagnostics.push(mistake.respelt(&source, written, known));
    }

    fn wrong_type(&mut self, key: &str, value: &Value<'_>, expected: &str) {
        let title = format!("`{key}` must be {expected}, not {}", type_name(value.get_ref()));
        let (place, written) = (self.place(value.span()), self.written(&value.span()));
        let rewritten = match value.get_ref() {
            // A version, a date or a code without its quotes.
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_)
                if matches!(expected, "a text" | "a list of texts" | "a list of codes in quotes") =>
            {
                Some(format!("\"{written}\""))
            }
            DeValue::String(text) if expected == "a whole number" => {
                text.parse::<i64>().ok().map(|number| number.to_string())
            }
            DeValue::String(text)
                if expected == "true or false" && matches!(text.as_ref(), "true" | "false") =>
            {
                Some(text.to_string())
            }
            _ => None,
        };
        let fix = rewritten.map(|text| Fix::safe(format!("write `{text}`"), place.clone(), text));
        self.diagnostics.push(Diagnostic::new(Code::WrongType, title).at(place, "").fix(fix));
    }

    /// The first and the last day of a member exchanged.
    fn exchanged(&self, item: &Value<'_>) -> Option<Fix> {
        let DeValue::Table(dated) = item.get_ref() else { return None };
        let (first, last) = (dated.get("from")?.span(), dated.get("until")?.span());
        let (from, until) = (self.written(&first), self.written(&last));
        Some(Fix::suggested("exchange the two days", self.place(first), until).and(self.place(last), from))
    }

    fn known_keys(&mut self, table: &DeTable<'_>, known: &KeyTable) {
        for (key, _) in table.iter() {
            let name = key.get_ref().as_ref();
            if !known.has(name) {
                let title = format!("unknown key `{name}`");
                self.unknown(Code::UnknownKey, key.span(), title, name, known.names());
            }
        }
    }

    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.as_ref().to_owned(), value.span())),
            _ => {
                self.wrong_type(key, value, "a text");
                None
            }
        }
    }

    fn required_text(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        key: &str,
        example: &str,
    ) -> Option<String> {
        if table.get(key).is_none() {
            self.report(
                Code::MissingKey,
                span,
                format!("`{key}` is missing"),
                format!("add `{key} = {example}`"),
            );
        }
        self.text(table, key).map(|(text, _)| text)
    }

    fn integer(&mut self, table: &DeTable<'_>, key: &str) -> Option<i64> {
        let value = table.get(key)?;
        let parsed = match value.get_ref() {
            DeValue::Integer(integer) => {
                i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
            }
            _ => {
                self.wrong_type(key, value, "a whole number");
                return None;
            }
        };
        if parsed.is_none() {
            self.report(Code::BadValue, value.span(), format!("`{key}` is too large"), None);
        }
        parsed
    }

    fn number(&mut self, table: &DeTable<'_>, key: &str) -> Option<f64> {
        let value = table.get(key)?;
        let text = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => {
                self.wrong_type(key, value, "a number");
                return None;
            }
        };
        let number = text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            self.report(Code::BadValue, value.span(), format!("`{key}` is not a finite number"), None);
        }
        number
    }

    fn flag(&mut self, table: &DeTable<'_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong_type(key, value, "true or false");
                None
            }
        }
    }

    fn table<'t>(&mut self, table: &'t DeTable<'_>, key: &str) -> Option<(&'t DeTable<'t>, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some((inner, value.span())),
            _ => {
                self.wrong_type(key, value, "a table");
                None
            }
        }
    }

    fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Vec<(String, Range<usize>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, "a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => texts.push((text.as_ref().to_owned(), item.span())),
                _ => self.wrong_type(key, item, "a list of texts"),
            }
        }
        texts
    }

    fn date(&mut self, table: &DeTable<'_>, key: &str) -> Option<Date> {
        let (text, span) = self.text(table, key)?;
        let date = text.parse().ok();
        if date.is_none() {
            let title = format!("`{text}` is not a day of the calendar");
            let (place, source) = (self.place(span.clone()), self.written(&span));
            let mistake = Diagnostic::new(Code::BadValue, title)
                .help(format!("write `{key} = \"2016-09-06\"`"))
                .fix(rewrite_day(&source, &text, &place));
            self.diagnostics.push(mistake.at(place, ""));
        }
        date
    }

    /// One of the named values.
    fn choice<T: Copy>(&mut self, table: &DeTable<'_>, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let (text, span) = self.text(table, key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|&(_, value)| value);
        if found.is_none() {
            let known = choices.iter().map(|(name, _)| *name);
            self.unknown(Code::BadValue, span, format!("`{key}` cannot be `{text}`"), &text, known);
        }
        found
    }

    /// A field of the schema.
    fn field(&mut self, schema: &Schema, text: &str, span: Range<usize>) -> Option<FieldId> {
        let found = schema.field(text);
        if found.is_none() {
            let known = schema.fields().iter().map(|field| field.name.as_str());
            self.unknown(Code::UnknownField, span, format!("the schema has no field `{text}`"), text, known);
        }
        found
    }

    fn field_at(&mut self, schema: &Schema, table: &DeTable<'_>, key: &str) -> Option<FieldId> {
        let (text, span) = self.text(table, key)?;
        self.field(schema, &text, span)
    }
}

fn parse<T>(
    file: &Arc<str>,
    text: &str,
    diagnostics: &mut Diagnostics,
    read: impl FnOnce(&mut Toml<'_>, &DeTable<'_>, Range<usize>) -> T,
) -> T {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let place = Place { file: file.clone(), span: error.span().unwrap_or(0..0) };
        let title = error.message().trim().replace('\n', ", ");
        diagnostics.push(Diagnostic::new(Code::TomlSyntax, format!("not TOML: {title}")).at(place, ""));
    }
    let span = table.span();
    read(&mut Toml { file: file.clone(), diagnostics }, table.get_ref(), span.start..span.start)
}

/// Whether a name can be used in rules without quotes going wrong: lower case letters, digits, `-` and `_`.
fn is_plain_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|letter| letter.is_ascii_lowercase())
        && letters.all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-' || letter == b'_'
        })
}

/// Names that a field cannot have, because `d.name` means something else.
const RESERVED_FIELDS: &[&str] = &["listed", "lookup", "year", "month", "day", "weekday", "len", "is_empty"];

pub(crate) fn read(file: &Arc<str>, text: &str, diagnostics: &mut Diagnostics) -> Manifest {
    parse(file, text, diagnostics, |toml, root, start| {
        toml.known_keys(root, &keys::MANIFEST);
        let (mut name, mut version, mut title, mut title_zh) = (None, None, None, None);
        match toml.table(root, "pack") {
            Some((pack, span)) => {
                toml.known_keys(pack, &keys::PACK);
                name = toml.required_text(pack, span.clone(), "name", "\"clean-wind\"");
                version = toml.required_text(pack, span, "version", "\"2016.1\"");
                title = toml.text(pack, "title").map(|(text, _)| text);
                title_zh = toml.text(pack, "title_zh").map(|(text, _)| text);
            }
            None if root.get("pack").is_none() => {
                let help = "begin the file with `[pack]`, `name = \"...\"` and `version = \"...\"`";
                toml.report(Code::MissingKey, start.clone(), "`[pack]` is missing".into(), help.to_owned());
            }
            None => {}
        }
        let mut schema = read_schema(toml, root, start.clone());
        read_keys(toml, root, &mut schema);
        let score = read_score(toml, root);
        let channels = read_channels(toml, root, start);
        let on_fault = toml.table(root, "on_fault").and_then(|(table, _)| {
            toml.known_keys(table, &keys::ON_FAULT);
            let names: Vec<(&str, ChannelId)> = channels
                .iter()
                .enumerate()
                .map(|(at, channel)| (channel.name.as_str(), ChannelId(at as u8)))
                .collect();
            toml.choice(table, "at_least", &names)
        });
        let lookups = lookups::read_lookups(toml, root, &schema);
        let store = lookups::read_store(toml, root);
        let history = lookups::read_history(toml, root);
        let check_as_of = toml.table(root, "check").and_then(|(table, _)| {
            toml.known_keys(table, &keys::CHECK);
            toml.date(table, "as_of")
        });
        Manifest {
            name: name.unwrap_or_default(),
            version: version.unwrap_or_default(),
            title,
            title_zh,
            schema,
            score,
            channels,
            on_fault,
            lookups,
            store,
            history,
            check_as_of,
        }
    })
}

fn read_schema(toml: &mut Toml<'_>, root: &DeTable<'_>, start: Range<usize>) -> Schema {
    let Some((table, span)) = toml.table(root, "schema") else {
        if root.get("schema").is_none() {
            let help = "add `[schema]` with `extends = \"export\"`, or define the fields of your own";
            toml.report(Code::MissingKey, start, "`[schema]` is missing".into(), help.to_owned());
        }
        return Schema::export();
    };
    toml.known_keys(table, &keys::SCHEMA);
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
                toml.report(Code::Duplicate, key.span(), title, "give the field another name".to_owned());
                continue;
            }
            if !is_plain_name(name) || name.contains('-') || RESERVED_FIELDS.contains(&name) {
                let title = format!("`{name}` cannot be the name of a field");
                let help =
                    "use lower case letters, digits and `_`, and no name that the language uses itself";
                toml.report(Code::BadValue, key.span(), title, help.to_owned());
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
        toml.report(Code::BadValue, span.clone(), "a schema cannot have more than 65535 fields".into(), None);
        fields.truncate(usize::from(u16::MAX));
    }
    if fields.is_empty() {
        let help = "add `extends = \"export\"`, or fields as `[schema.fields.NAME]`";
        toml.report(Code::MissingKey, span, "the schema has no fields".into(), help.to_owned());
        return base;
    }
    let mut schema = match Schema::new(fields.clone(), FieldId(0)) {
        Ok(schema) => schema,
        Err(HeaderClash { header, first, second }) => {
            let at = fields.iter().rposition(|field| field.name == second);
            let place = at.and_then(|at| places[at].clone()).unwrap_or(span);
            let title = format!("the header `{header}` is claimed by the fields `{first}` and `{second}`");
            toml.report(Code::Duplicate, place, title, "take it out of one of them".to_owned());
            return base;
        }
    };
    if extends {
        (schema.declaration, schema.item, schema.date) = (base.declaration, base.item, base.date);
        schema.keys = base.keys;
    }
    match toml.field_at(&schema, table, "declaration") {
        Some(declaration) => schema.declaration = declaration,
        None if extends => {}
        None => {
            if table.get("declaration").is_none() {
                let help = "add `declaration = \"FIELD\"` to `[schema]`, the field with the declaration's id";
                toml.report(Code::MissingKey, span, "`declaration` is missing".into(), help.to_owned());
            }
        }
    }
    if let Some(item) = toml.field_at(&schema, table, "item") {
        schema.item = Some(item);
    }
    if let Some(date) = toml.field_at(&schema, table, "date") {
        schema.date = Some(date);
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
    toml.known_keys(table, &keys::SCHEMA_FIELD);
    if table.get("kind").is_none() {
        let help = "add `kind = \"text\"`, or code, integer, number, flag, date";
        toml.report(Code::MissingKey, span, format!("the field `{name}` has no `kind`"), help.to_owned());
    }
    let kind = toml.choice(table, "kind", &Kind::ALL).unwrap_or(Kind::Text);
    let codes = toml.choice(table, "codes", &[("country", CodeList::Country), ("hs", CodeList::Hs)]);
    if let (Some(_), Some(value)) = (codes, table.get("codes"))
        && kind != Kind::Code
    {
        let title = "`codes` belongs to a field of kind code".to_owned();
        toml.report(Code::BadValue, value.span(), title, "set `kind = \"code\"`".to_owned());
    }
    let (min, max) = (toml.number(table, "min"), toml.number(table, "max"));
    if let (Some(value), false) =
        (table.get("min").or(table.get("max")), matches!(kind, Kind::Integer | Kind::Number))
    {
        let title = "`min` and `max` belong to a field of kind integer or number".to_owned();
        toml.report(Code::BadValue, value.span(), title, None);
    }
    if let (Some(least), Some(most), Some(value)) = (min, max, table.get("max"))
        && least > most
    {
        toml.report(Code::BadValue, value.span(), "`max` is below `min`".into(), None);
    }
    Field {
        name: name.to_owned(),
        kind,
        level: toml
            .choice(table, "level", &[("header", Level::Header), ("item", Level::Item)])
            .unwrap_or(Level::Item),
        required: toml.flag(table, "required").unwrap_or(false),
        unit: toml.text(table, "unit").map(|(text, _)| text),
        title: toml.text(table, "title").map_or_else(|| name.replace('_', " "), |(text, _)| text),
        title_zh: toml.text(table, "title_zh").map(|(text, _)| text),
        columns: toml.texts(table, "columns").into_iter().map(|(text, _)| text).collect(),
        codes,
        min,
        max,
    }
}

fn read_keys(toml: &mut Toml<'_>, root: &DeTable<'_>, schema: &mut Schema) {
    let Some((table, _)) = toml.table(root, "keys") else { return };
    toml.known_keys(table, &keys::KEYS);
    let code_field = |toml: &mut Toml<'_>, table: &DeTable<'_>, key: &str| {
        let field = toml.field_at(schema, table, key)?;
        if let (false, Some(value)) = (schema[field].kind == Kind::Code, table.get(key)) {
            toml.report(
                Code::WrongType,
                value.span(),
                format!("`{key}` must name a field of kind code"),
                None,
            );
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

fn read_score(toml: &mut Toml<'_>, root: &DeTable<'_>) -> Score {
    let default = Score { combine: Combine::Sum, floor: 0, cap: 100 };
    let Some((table, span)) = toml.table(root, "score") else { return default };
    toml.known_keys(table, &keys::SCORE);
    let score = Score {
        combine: toml
            .choice(table, "combine", &[("sum", Combine::Sum), ("max", Combine::Max)])
            .unwrap_or(default.combine),
        floor: toml.integer(table, "floor").unwrap_or(default.floor),
        cap: toml.integer(table, "cap").unwrap_or(default.cap),
    };
    if score.floor > score.cap {
        toml.report(Code::BadValue, span, "`cap` is below `floor`".into(), None);
    }
    score
}

fn read_channels(toml: &mut Toml<'_>, root: &DeTable<'_>, start: Range<usize>) -> Vec<Channel> {
    let help = "add `[[channels]]` with `name` and `from`, from mild to severe";
    let Some(value) = root.get("channels") else {
        toml.report(Code::MissingKey, start, "the pack has no channels".into(), help.to_owned());
        return Vec::new();
    };
    let DeValue::Array(items) = value.get_ref() else {
        toml.wrong_type("channels", value, "a list of tables: write `[[channels]]`");
        return Vec::new();
    };
    let mut channels: Vec<Channel> = Vec::new();
    for item in items.iter() {
        let DeValue::Table(table) = item.get_ref() else {
            toml.wrong_type("channels", item, "a list of tables: write `[[channels]]`");
            continue;
        };
        toml.known_keys(table, &keys::CHANNEL);
        let Some(name) = toml.required_text(table, item.span(), "name", "\"green\"") else { continue };
        if table.get("from").is_none() {
            let title = format!("the channel `{name}` has no `from`");
            toml.report(
                Code::MissingKey,
                item.span(),
                title,
                "add the least score that leads to it".to_owned(),
            );
        }
        let from = toml.integer(table, "from").unwrap_or(i64::MAX);
        let name_span = table.get("name").map_or(item.span(), Spanned::span);
        if !is_plain_name(&name) {
            let help = "use lower case letters, digits, `-` and `_`".to_owned();
            toml.report(Code::BadValue, name_span.clone(), format!("`{name}` cannot name a channel"), help);
        }
        if channels.iter().any(|channel| channel.name == name) {
            toml.report(Code::Duplicate, name_span, format!("there are two channels `{name}`"), None);
            continue;
        }
        if let Some(before) = channels.last()
            && before.from >= from
        {
            let span = table.get("from").map_or(item.span(), Spanned::span);
            let title =
                format!("the channel `{name}` begins at {from}, not above `{}` before it", before.name);
            let help = "list the channels from mild to severe, with rising `from`".to_owned();
            toml.report(Code::BadValue, span, title, help);
        }
        channels.push(Channel { name, title: toml.text(table, "title").map(|(text, _)| text), from });
    }
    match channels.len() {
        0 => toml.report(Code::MissingKey, value.span(), "the pack has no channels".into(), help.to_owned()),
        1..=255 => {}
        more => {
            let title = format!("{more} channels are more than the 255 there can be");
            toml.report(Code::BadValue, value.span(), title, None);
            channels.truncate(255);
        }
    }
    channels
}

fn escapes_pack(file: &str) -> bool {
    file.starts_with(['/', '\\']) || file.contains(':') || file.split(['/', '\\']).any(|part| part == "..")
}

/// Reads one reference file. Kinds of site are given for sites, and are `None` for all else.
pub(crate) fn read_groups(
    file: &Arc<str>,
    text: &str,
    site_kinds: Option<&[String]>,
    member_kind: MemberKind,
    diagnostics: &mut Diagnostics,
) -> Vec<Group> {
    parse(file, text, diagnostics, |toml, root, _| {
        let mut groups: Vec<(usize, Group)> = Vec::new();
        for (key, value) in root.iter() {
            let name = key.get_ref().as_ref();
            let DeValue::Table(table) = value.get_ref() else {
                toml.wrong_type(name, value, "a table: write `[group-name]`");
                continue;
            };
            if !is_plain_name(name) {
                let title = format!("`{name}` cannot name a group");
                let help = "begin with a lower case letter; then lower case letters, digits, `-` and `_`";
                toml.report(Code::BadValue, key.span(), title, help.to_owned());
            }
            toml.known_keys(table, if site_kinds.is_some() { &keys::SITE } else { &keys::GROUP });
            let title = toml.required_text(table, key.span(), "title", "\"...\"").unwrap_or_default();
            let title_zh = toml.text(table, "title_zh").map(|(text, _)| text);
            let kind = site_kinds.and_then(|kinds| {
                if table.get("kind").is_none() {
                    let title = format!("the site `{name}` has no `kind`");
                    let help = format!("add `kind`: {}", kinds.join(", "));
                    toml.report(Code::MissingKey, key.span(), title, help);
                }
                let choices: Vec<(&str, usize)> =
                    kinds.iter().enumerate().map(|(at, kind)| (kind.as_str(), at)).collect();
                toml.choice(table, "kind", &choices).map(|at| kinds[at].clone())
            });
            let members = read_members(toml, name, table, key.span(), member_kind);
            groups.push((key.span().start, Group { name: name.to_owned(), title, title_zh, kind, members }));
        }
        groups.sort_by_key(|(at, _)| *at);
        groups.into_iter().map(|(_, group)| group).collect()
    })
}

/// What the members of a reference file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    /// Countries of ISO 3166-1, if the key's field is one of countries.
    Country,
    /// HS prefixes.
    HsPrefix,
    /// Any code.
    Code,
}

fn read_members(
    toml: &mut Toml<'_>,
    group: &str,
    table: &DeTable<'_>,
    span: Range<usize>,
    kind: MemberKind,
) -> Vec<Member> {
    let Some(value) = table.get("members") else {
        toml.report(Code::MissingKey, span, format!("the group `{group}` has no `members`"), None);
        return Vec::new();
    };
    let DeValue::Array(items) = value.get_ref() else {
        toml.wrong_type("members", value, "a list");
        return Vec::new();
    };
    let mut members = Vec::new();
    for item in items.iter() {
        let (code, code_span, from, until) = match item.get_ref() {
            DeValue::String(code) => (code.as_ref().to_owned(), item.span(), None, None),
            DeValue::Table(dated) => {
                toml.known_keys(dated, &keys::MEMBER);
                let Some((code, code_span)) = toml.text(dated, "code") else {
                    if dated.get("code").is_none() {
                        toml.report(Code::MissingKey, item.span(), "`code` is missing".into(), None);
                    }
                    continue;
                };
                (code, code_span, toml.date(dated, "from"), toml.date(dated, "until"))
            }
            _ => {
                toml.wrong_type("members", item, "a list of codes in quotes");
                continue;
            }
        };
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            let title = format!("`{code}` ends on {until}, before it begins on {from}");
            let place = toml.place(item.span());
            let mistake = Diagnostic::new(Code::EndsBeforeItBegins, title)
                .at(place, "")
                .note("both days count: from the first to the last")
                .fix(toml.exchanged(item));
            toml.diagnostics.push(mistake);
        }
        if let Some(member) = read_member(toml, &code, code_span, kind) {
            members.push(Member { from, until, ..member });
        }
    }
    members
}

fn read_member(toml: &mut Toml<'_>, code: &str, span: Range<usize>, kind: MemberKind) -> Option<Member> {
    let member = |code: &str, prefix| Some(Member { code: code.to_owned(), prefix, from: None, until: None });
    let upper = code.trim().to_uppercase();
    match kind {
        MemberKind::Country => {
            let canonical = CodeList::Country.canonical(&upper);
            if !CodeList::Country.knows(&canonical) {
                let help = "use the ISO 3166-1 code of two letters, such as `KE`".to_owned();
                toml.report(Code::UnknownName, span, format!("there is no country `{code}`"), help);
                return None;
            }
            member(&canonical, false)
        }
        MemberKind::HsPrefix => {
            let digits = CodeList::Hs.canonical(&upper);
            if !is_hs_prefix(&digits) {
                let help = "use 2 to 10 digits".to_owned();
                toml.report(Code::BadValue, span, format!("`{code}` is not an HS prefix"), help);
                return None;
            }
            member(&digits, true)
        }
        MemberKind::Code => {
            let (stem, prefix) = upper.strip_suffix('*').map_or((upper.as_str(), false), |stem| (stem, true));
            if stem.is_empty() {
                toml.report(Code::BadValue, span, "a code cannot be empty".into(), None);
                return None;
            }
            member(stem, prefix)
        }
    }
}

/// Whether a text is an HS prefix: 2 to 10 digits.
pub(crate) fn is_hs_prefix(text: &str) -> bool {
    (2..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
