//! `pack.toml` and the reference files: from TOML with places to checked data.

mod document;
mod groups;
mod lookups;
mod profiles;
mod risks;
mod schema;
pub(crate) mod selection;

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostics};
use crate::model::channel::{Channel, ChannelId, Combine, Score, by_name};
use crate::model::keys::Table;
use crate::model::schema::Schema;

use document::Value;
use schema::{read_keys, read_schema};

pub(crate) use document::{Document, Toml};
pub(crate) use groups::{MemberKind, is_hs_prefix, read_codes, read_groups, read_rates};
pub use lookups::{HISTORY_COLUMNS, History, HistoryGrade, HistoryRole, Lookup, LookupSource};
pub(crate) use profiles::resolve as resolve_profiles;
pub(crate) use risks::Risk;

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
    /// The risks, with the texts that define their fields.
    pub risks: Vec<(Risk, Arc<str>)>,
    pub store: String,
    pub history: History,
    pub check_as_of: Option<Date>,
}

/// The remedy of a name that is not plain.
const PLAIN_NAME: &str = "use lower case letters, digits, `-` and `_`";

/// Whether a name can be used in rules without quotes going wrong: lower case letters, digits, `-` and `_`.
fn is_plain_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|letter| letter.is_ascii_lowercase())
        && letters.all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

pub(crate) fn read(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Manifest {
    let (mut toml, root) = document.reader(diagnostics);
    let toml = &mut toml;
    let start = document.root.span().start..document.root.span().start;
    toml.known_keys(root, Table::Manifest);
    let help = "begin the file with `[pack]`, `name = \"...\"` and `version = \"...\"`";
    toml.require(root, start.clone(), "pack", "`[pack]` is missing", help);
    let (mut name, mut version, mut title, mut title_zh) = (None, None, None, None);
    if let Some((pack, span)) = toml.table(root, "pack") {
        toml.known_keys(pack, Table::Pack);
        name = toml.required_text(pack, span.clone(), "name", "\"clean-wind\"");
        version = toml.required_text(pack, span, "version", "\"2016.1\"");
        title = toml.plain_text(pack, "title");
        title_zh = toml.plain_text(pack, "title_zh");
    }
    let mut schema = read_schema(toml, root, start.clone());
    read_keys(toml, root, &mut schema);
    let score = read_score(toml, root);
    let channels = read_channels(toml, root, start);
    let names = by_name(&channels);
    let on_fault = read_at_least(toml, root, "on_fault", Table::OnFault, &names);
    let on_unreadable = read_at_least(toml, root, "on_unreadable", Table::OnUnreadable, &names);
    let mut lookups = lookups::read_lookups(toml, root, &schema);
    profiles::read_profiles(toml, root, &schema, &mut lookups);
    let risks = risks::read_risks(toml, root, &schema, &mut lookups);
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
        risks,
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
        toml.report(Code::BadValue, span, "`cap` is below `floor`", None);
    }
    score
}

fn read_channels(toml: &mut Toml<'_>, root: &DeTable<'_>, start: Range<usize>) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    for (table, span) in toml.tables(root, "channels", usize::from(u8::MAX), Table::Channel) {
        let Some(name) = toml.required_text(table, span.clone(), "name", "\"green\"") else { continue };
        let missing = format!("the channel `{name}` has no `from`");
        toml.require(table, span.clone(), "from", missing, "add the least score that leads to it");
        let from = toml.integer(table, "from").unwrap_or(i64::MAX);
        if !is_plain_name(&name) {
            toml.bad(table, "name", format!("`{name}` cannot name a channel"), PLAIN_NAME);
        }
        if channels.iter().any(|channel| channel.name == name) {
            let span = table.get("name").map_or(span, Spanned::span);
            toml.report(Code::Duplicate, span, format!("there are two channels `{name}`"), None);
            continue;
        }
        if let Some(before) = channels.last()
            && before.from >= from
        {
            let span = table.get("from").map_or(span, Spanned::span);
            let title =
                format!("the channel `{name}` begins at {from}, not above `{}` before it", before.name);
            let help = "list the channels from mild to severe, with rising `from`";
            toml.report(Code::BadValue, span, title, help);
        }
        let (title, title_zh) = (toml.plain_text(table, "title"), toml.plain_text(table, "title_zh"));
        channels.push(Channel { name, title, title_zh, from });
    }
    let given = root.get("channels");
    if given.is_none_or(|value| matches!(value.get_ref(), DeValue::Array(items) if items.is_empty())) {
        let help = "add `[[channels]]` with `name` and `from`, from mild to severe";
        let span = given.map_or(start, Spanned::span);
        toml.report(Code::MissingKey, span, "the pack has no channels", help);
    }
    channels
}

fn escapes_pack(file: &str) -> bool {
    file.starts_with(['/', '\\']) || file.contains(':') || file.split(['/', '\\']).any(|part| part == "..")
}
