//! `[lookups.NAME]`, `[store]` and `[history]` of `pack.toml`.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::{PLAIN_NAME, Toml, Value, escapes_pack, is_plain_name};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::model::derived::FieldRef;
use crate::model::keys::Table;
use crate::model::profile::{Counted, Profile};
use crate::model::schema::{FieldId, Kind, Schema};

const GRADES_MAX: usize = 100;

/// The store of a pack that names none.
const STORE_DEFAULT: &str = "sqlite:lookups/store.sqlite";

/// As what a party answers for a finding; the field of that name is the key of its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryRole {
    /// The exporter.
    Exporter,
    /// The producer.
    Producer,
    /// The agent.
    Agent,
    /// The brand.
    Brand,
}

impl HistoryRole {
    /// All of them with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("exporter", Self::Exporter),
        ("producer", Self::Producer),
        ("agent", Self::Agent),
        ("brand", Self::Brand),
    ];

    /// The name, which is that of the field.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, role)| *role == self).map_or("", |&(name, _)| name)
    }
}

impl fmt::Display for HistoryRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The columns of a history after its key, in order.
pub const HISTORY_COLUMNS: [(&str, Kind); 8] = [
    ("inspections_12m", Kind::Integer),
    ("inspections_36m", Kind::Integer),
    ("violations_12m", Kind::Integer),
    ("violations_36m", Kind::Integer),
    ("last_finding", Kind::Date),
    ("last_inspection", Kind::Date),
    ("clear_since_finding", Kind::Integer),
    ("grade", Kind::Text),
];

/// Where the rows of a lookup table come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupSource {
    /// A file, relative to the pack.
    File(String),
    /// A table of the store, by its name there.
    Store(String),
    /// The findings of the store about parties in a role.
    History(HistoryRole),
    /// Past declarations.
    Profile(Profile),
}

impl LookupSource {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File(file) => Some(file),
            Self::Store(_) | Self::History(_) | Self::Profile(_) => None,
        }
    }
}

impl fmt::Display for LookupSource {
    /// ``lookups/blacklist.csv``, ``table `blacklist` of the store``, ``history of the exporter``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => f.write_str(file),
            Self::Store(table) => write!(f, "table `{table}` of the store"),
            Self::History(role) => write!(f, "history of the {role}"),
            Self::Profile(profile) => f.write_str(match profile.of {
                Counted::Declared => "past declarations",
                Counted::Results { .. } => "past inspections",
            }),
        }
    }
}

/// A lookup table as `pack.toml` declares it. Its rows are read by the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookup {
    /// The name that rules use.
    pub name: String,
    /// Where the rows come from.
    pub source: LookupSource,
    /// The fields whose values a row must have, all of them.
    pub key: Vec<FieldRef>,
    /// The column with the first day on which a row holds.
    pub from: Option<String>,
    /// The column with the last day on which a row holds.
    pub until: Option<String>,
    /// All columns that rules can read, with their kinds: the key, the days, and the others, among them those that
    /// tables of the store and histories have without declaring them.
    pub columns: Vec<(String, Kind)>,
    /// Whether texts of the key are compared as words are, without regard to case, width and blanks.
    pub fold: bool,
    /// The position in the key of the field whose values in the table are prefixes; the longest that fits counts.
    pub prefix: Option<usize>,
    /// Whether a table that the store has never had is taken as empty.
    pub may_be_empty: bool,
    /// Where the table is declared.
    pub place: Place,
}

impl Lookup {
    /// The names of the key's fields, which are those of the first columns.
    pub fn key_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().take(self.key.len()).map(|(name, _)| name.as_str())
    }

    /// What it counts, if it is a profile.
    pub fn profile(&self) -> Option<&Profile> {
        match &self.source {
            LookupSource::Profile(profile) => Some(profile),
            _ => None,
        }
    }

    /// The fields of the schema from which the key has its values.
    pub fn key_sources(&self, schema: &Schema) -> Vec<FieldId> {
        self.key.iter().flat_map(|field| field.sources(schema)).collect()
    }
}

/// How the history of a party is graded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct History {
    /// The grades, from grave to light: a party has the first that fits, or none.
    pub grades: Vec<HistoryGrade>,
}

/// A grade of a party. All that it asks for must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryGrade {
    /// What rules read as `grade`.
    pub name: String,
    /// The least violations in 12 months.
    pub violations_12m: Option<i64>,
    /// The least violations in 36 months.
    pub violations_36m: Option<i64>,
    /// Whether there must be a major case in 36 months.
    pub major: bool,
}

impl Default for History {
    /// A: a major case, or 3 violations in 12 months. B: 2 in 12 months, or 3 in 36. C: 1 in 36.
    fn default() -> Self {
        let grade = |name: &str| HistoryGrade { name: name.to_owned(), ..HistoryGrade::default() };
        Self {
            grades: vec![
                HistoryGrade { major: true, ..grade("A") },
                HistoryGrade { violations_12m: Some(3), ..grade("A") },
                HistoryGrade { violations_12m: Some(2), ..grade("B") },
                HistoryGrade { violations_36m: Some(3), ..grade("B") },
                HistoryGrade { violations_36m: Some(1), ..grade("C") },
            ],
        }
    }
}

pub(super) fn read_lookups(toml: &mut Toml<'_>, root: &DeTable<'_>, schema: &Schema) -> Vec<Lookup> {
    let Some((tables, _)) = toml.table(root, "lookups") else { return Vec::new() };
    let mut lookups = Vec::new();
    for (key, value) in tables.iter() {
        let name = key.get_ref().as_ref();
        if !is_plain_name(name) {
            let title = format!("`{name}` cannot name a lookup table");
            toml.report(Code::BadValue, key.span(), title, PLAIN_NAME);
        }
        let DeValue::Table(table) = value.get_ref() else {
            toml.wrong_type(name, value, "a table");
            continue;
        };
        toml.known_keys(table, Table::Lookup);
        let place = toml.place(key.span());
        let source = read_source(toml, table, name, &place);
        if let Some(LookupSource::History(role)) = source {
            lookups.extend(read_history_table(toml, table, schema, name, role, place));
            continue;
        }
        let source = source.unwrap_or_else(|| LookupSource::File(String::new()));
        let of_store = matches!(source, LookupSource::Store(_));
        let may_be_empty = toml.flag(table, "may_be_empty").unwrap_or(false);
        if !of_store {
            let title = "`may_be_empty` belongs to a table of the store";
            toml.bad(table, "may_be_empty", title, "take it out");
        }
        let key_fields = read_key(toml, table, schema, name, &place, Numbers::Refused);
        let fold = toml.flag(table, "fold").unwrap_or(false);
        let is_text = |kind: Kind| matches!(kind, Kind::Text | Kind::Code);
        if fold && !key_fields.iter().any(|(.., kind)| is_text(*kind)) {
            toml.bad(table, "fold", "`fold` is for texts, and the key has none", "take it out");
        }
        let prefix = toml.text(table, "prefix").and_then(|(field, span)| {
            let at = key_fields.iter().position(|(_, known, _)| *known == field);
            let at = at.filter(|&at| is_text(key_fields[at].2));
            if at.is_none() {
                let title = format!("`prefix` names a text or code of the key, and `{field}` is none");
                toml.report(Code::BadValue, span, title, None);
            }
            at
        });
        let (from, until) = (toml.text(table, "from"), toml.text(table, "until"));
        let mut columns: Vec<(String, Kind)> =
            key_fields.iter().map(|(_, name, kind)| (name.clone(), *kind)).collect();
        for (column, span) in from.iter().chain(&until) {
            if columns.iter().any(|(known, _)| known == column) {
                let title = format!("the column `{column}` is named twice");
                toml.report(Code::Duplicate, span.clone(), title, None);
            } else {
                columns.push((column.clone(), Kind::Date));
            }
        }
        read_columns(toml, table, of_store, &mut columns);
        if of_store {
            for always in STORE_COLUMNS {
                match columns.iter().find(|(column, _)| column == always) {
                    None => columns.push((always.to_owned(), Kind::Text)),
                    Some((_, Kind::Text)) => {}
                    Some((_, kind)) => {
                        let title =
                            format!("the column `{always}` of a table of the store is a text, not {kind}");
                        let help = "give the column of the pack another name";
                        toml.report(Code::Duplicate, place.span.clone(), title, help);
                    }
                }
            }
        }
        lookups.push(Lookup {
            name: name.to_owned(),
            source,
            key: key_fields.into_iter().map(|(field, _, _)| field).collect(),
            from: from.map(|(text, _)| text),
            until: until.map(|(text, _)| text),
            columns,
            fold,
            prefix,
            may_be_empty,
            place,
        });
    }
    lookups.sort_by(|a, b| a.name.cmp(&b.name));
    lookups
}

/// The columns that each table of the store has.
const STORE_COLUMNS: [&str; 2] = ["source", "grade"];

/// Where a table's rows come from: exactly one of `file`, `store` and `history`.
fn read_source(toml: &mut Toml<'_>, table: &DeTable<'_>, name: &str, place: &Place) -> Option<LookupSource> {
    let given: Vec<(&str, &Value<'_>)> =
        ["file", "store", "history"].into_iter().filter_map(|key| Some((key, table.get(key)?))).collect();
    match given.as_slice() {
        [] => {
            let title = format!("the lookup table `{name}` has no `file`, `store` or `history`");
            let help = format!(
                "add `file = \"lookups/{name}.csv\"`, or `store = \"{name}\"` for a table of the store, or `history = \
                 \"exporter\"` for what its findings say of exporters"
            );
            toml.report(Code::MissingKey, place.span.clone(), title, help);
            None
        }
        [("file", _)] => {
            let file = toml.plain_text(table, "file")?;
            if escapes_pack(&file) {
                let title = format!("`{file}` is outside of the pack");
                toml.bad(table, "file", title, "keep the table in the pack's `lookups`");
            }
            Some(LookupSource::File(file))
        }
        [("store", _)] => {
            let text = toml.plain_text(table, "store")?;
            if !is_plain_name(&text) {
                let title = format!("`{text}` cannot name a table of the store");
                toml.bad(table, "store", title, PLAIN_NAME);
            }
            Some(LookupSource::Store(text))
        }
        [(_, _)] => toml.choice(table, "history", &HistoryRole::ALL).map(LookupSource::History),
        [(first, _), .., (last, value)] => {
            let title = format!("the lookup table `{name}` has both `{first}` and `{last}`");
            toml.report(Code::Duplicate, value.span(), title, "keep one of them");
            None
        }
    }
}

/// Whether numbers can be in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// What is counted from declarations has their numbers to the last digit.
    Taken,
    /// What somebody writes into a table seldom has.
    Refused,
}

pub(super) fn read_key(
    toml: &mut Toml<'_>,
    table: &DeTable<'_>,
    schema: &Schema,
    name: &str,
    place: &Place,
    numbers: Numbers,
) -> Vec<(FieldRef, String, Kind)> {
    let texts = toml.texts(table, "key");
    let key_fields = key_fields(toml, schema, texts, numbers);
    if key_fields.is_empty() && toml.diagnostics.errors() == 0 {
        let title = format!("the lookup table `{name}` has no `key`");
        let help = "add `key = [\"exporter\"]`, the fields to compare";
        toml.report(Code::MissingKey, place.span.clone(), title, help);
    }
    key_fields
}

/// The fields of these names, which a key can have.
pub(super) fn key_fields(
    toml: &mut Toml<'_>,
    schema: &Schema,
    texts: Vec<(String, Range<usize>)>,
    numbers: Numbers,
) -> Vec<(FieldRef, String, Kind)> {
    let mut key_fields = Vec::new();
    for (text, span) in texts {
        let known = toml.diagnostics.items.len();
        let found = toml.known_field(schema, &text, span.clone());
        // Whatever name is near: a table keyed by another field is another table.
        toml.diagnostics.items.iter_mut().skip(known).for_each(Diagnostic::only_suggest);
        if let Some((field, kind)) = found {
            if kind == Kind::Number && numbers == Numbers::Refused {
                let title = format!("`{text}` is a number; numbers cannot be keys");
                toml.report(Code::BadValue, span, title, None);
            }
            key_fields.push((field, text, kind));
        }
    }
    key_fields
}

fn read_columns(toml: &mut Toml<'_>, table: &DeTable<'_>, of_store: bool, columns: &mut Vec<(String, Kind)>) {
    let Some((declared, _)) = toml.table(table, "columns") else { return };
    for (column, value) in declared.iter() {
        let column_name = column.get_ref().as_ref();
        let kind = toml.choice(declared, column_name, &Kind::ALL).unwrap_or(Kind::Text);
        if of_store && STORE_COLUMNS.contains(&column_name) && kind != Kind::Text {
            let title = format!("the column `{column_name}` of a table of the store is a text");
            let help = "take it out of `columns`: it is there without being declared";
            toml.report(Code::WrongType, value.span(), title, help);
            continue;
        }
        match columns.iter().find(|(known, _)| known == column_name) {
            Some((_, known)) if *known == kind => {}
            Some((_, known)) => {
                let title = format!("the column `{column_name}` is of kind {known} already");
                toml.report(Code::Duplicate, value.span(), title, "take it out of `columns`");
            }
            None => columns.push((column_name.to_owned(), kind)),
        }
    }
}

/// A table made of findings: its key is the field of the role's name, its columns are those of each history.
fn read_history_table(
    toml: &mut Toml<'_>,
    table: &DeTable<'_>,
    schema: &Schema,
    name: &str,
    role: HistoryRole,
    place: Place,
) -> Option<Lookup> {
    for (key, _) in table.iter() {
        let written = key.get_ref().as_ref();
        if written != "history" && Table::Lookup.has(written) {
            let title =
                format!("`{written}` does not go with `history`, which has its own key, days and columns");
            toml.report(Code::BadValue, key.span(), title, "take it out");
        }
    }
    let span = table.get("history").map_or(place.span.clone(), toml::Spanned::span);
    let Some(field) = schema.field(role.name()) else {
        let title = format!("the schema has no field `{role}`, by which the history of the {role} is found");
        let help = format!("add the field: `[schema.fields.{role}]` with `kind = \"text\"`");
        toml.report(Code::UnknownField, span, title, help);
        return None;
    };
    if !matches!(schema[field].kind, Kind::Text | Kind::Code) {
        let title = format!(
            "the field `{role}` is of kind {}; a history is found by a text or a code",
            schema[field].kind
        );
        toml.report(Code::WrongType, span, title, None);
    }
    let columns = std::iter::once((role.name().to_owned(), schema[field].kind))
        .chain(HISTORY_COLUMNS.map(|(column, kind)| (column.to_owned(), kind)));
    Some(Lookup {
        name: name.to_owned(),
        source: LookupSource::History(role),
        key: vec![FieldRef::Declared(field)],
        from: None,
        until: None,
        columns: columns.collect(),
        fold: false,
        prefix: None,
        may_be_empty: true,
        place,
    })
}

pub(super) fn read_store(toml: &mut Toml<'_>, root: &DeTable<'_>) -> String {
    let default = STORE_DEFAULT.to_owned();
    let Some((table, span)) = toml.table(root, "store") else { return default };
    toml.known_keys(table, Table::Store);
    let Some(url) = toml.required_text(table, span, "url", &format!("\"{STORE_DEFAULT}\"")) else {
        return default;
    };
    let authority = ["postgresql://", "postgres://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    match authority {
        Some(rest) => {
            let before = rest.split('/').next().unwrap_or("");
            let user = before.rsplit_once('@').map_or("", |(user, _)| user);
            if user.contains(':') || rest.contains("password=") {
                let title = "the address of the store holds a password, and whoever has the pack can read it";
                let help = "take the password out; give the whole address in the environment variable `QINGFENG_STORE`";
                toml.bad(table, "url", title, help);
            }
        }
        None if url.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty()) => {}
        None => {
            let title = format!("`{url}` is no address of a store");
            let help = "write `sqlite:lookups/store.sqlite`, or `postgresql://USER@HOST/DATABASE`";
            toml.bad(table, "url", title, help);
        }
    }
    url
}

pub(super) fn read_history(toml: &mut Toml<'_>, root: &DeTable<'_>) -> History {
    let Some((table, span)) = toml.table(root, "history") else { return History::default() };
    toml.known_keys(table, Table::History);
    let help = "add `[[history.grades]]` with `name` and what the grade asks for, or take `[history]` out";
    toml.require(table, span, "grades", "`grades` is missing", help);
    if table.get("grades").is_none() {
        return History::default();
    }
    let mut grades = Vec::new();
    for (table, span) in toml.tables(table, "grades", GRADES_MAX, Table::HistoryGrade) {
        let name = toml.required_text(table, span.clone(), "name", "\"A\"").unwrap_or_default();
        if name.trim().is_empty() || name.len() > 64 {
            toml.bad(table, "name", "the name of a grade has 1 to 64 bytes", None);
        }
        let mut least = |key: &str| {
            let number = toml.integer(table, key)?;
            if number < 1 {
                toml.bad(table, key, format!("`{key}` must be at least 1"), None);
            }
            Some(number)
        };
        let (violations_12m, violations_36m) = (least("violations_12m"), least("violations_36m"));
        let major = toml.flag(table, "major").unwrap_or(false);
        if violations_12m.is_none() && violations_36m.is_none() && !major {
            let title = format!("the grade `{name}` asks for nothing");
            let help = "add `violations_12m`, `violations_36m` or `major = true`";
            toml.report(Code::MissingKey, span, title, help);
        }
        grades.push(HistoryGrade { name, violations_12m, violations_36m, major });
    }
    History { grades }
}
