//! `pack.toml` and the reference files: from TOML with places to checked data.

mod document;
mod groups;
mod lookups;
mod schema;
pub(crate) mod selection;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostics};
use crate::model::channel::{Channel, ChannelId, Combine, Score};
use crate::model::keys::Table;
use crate::model::schema::Schema;

use document::{Toml, Value};
use schema::{read_keys, read_schema};

pub(crate) use document::Document;
pub(crate) use groups::{MemberKind, is_hs_prefix, read_groups};
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
    pub on_unreadable: Option<ChannelId>,
    pub lookups: Vec<Lookup>,
    pub store: String,
    pub history: History,
    pub check_as_of: Option<Date>,
}

/// Whether a name can be used in rules without quotes going wrong: lower case letters, digits, `-` and `_`.
fn is_plain_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|letter| letter.is_ascii_lowercase())
        && letters.all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-' || letter == b'_'
        })
}

pub(crate) fn read(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Manifest {
    let (mut toml, root) = document.reader(diagnostics);
    let toml = &mut toml;
    let start = document.root.span().start..document.root.span().start;
    toml.known_keys(root, Table::Manifest);
    let (mut name, mut version, mut title, mut title_zh) = (None, None, None, None);
    match toml.table(root, "pack") {
        Some((pack, span)) => {
            toml.known_keys(pack, Table::Pack);
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
    let names: Vec<(&str, ChannelId)> = channels
        .iter()
        .enumerate()
        .map(|(at, channel)| (channel.name.as_str(), ChannelId(at as u8)))
        .collect();
    let on_fault = read_at_least(toml, root, "on_fault", Table::OnFault, &names);
    let on_unreadable = read_at_least(toml, root, "on_unreadable", Table::OnUnreadable, &names);
    let lookups = lookups::read_lookups(toml, root, &schema);
    let store = lookups::read_store(toml, root);
    let history = lookups::read_history(toml, root);
    let check_as_of = toml.table(root, "check").and_then(|(table, _)| {
        toml.known_keys(table, Table::Check);
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
        on_unreadable,
        lookups,
        store,
        history,
        check_as_of,
    }
}

/// The channel that a line gets at least where something is amiss on it.
fn read_at_least(
    toml: &mut Toml<'_>,
    root: &DeTable<'_>,
    key: &str,
    keys: Table,
    names: &[(&str, ChannelId)],
) -> Option<ChannelId> {
    let (table, _) = toml.table(root, key)?;
    toml.known_keys(table, keys);
    toml.choice(table, "at_least", names)
}

fn read_score(toml: &mut Toml<'_>, root: &DeTable<'_>) -> Score {
    let default = Score { combine: Combine::Sum, floor: 0, cap: 100 };
    let Some((table, span)) = toml.table(root, "score") else { return default };
    toml.known_keys(table, Table::Score);
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
        toml.known_keys(table, Table::Channel);
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
