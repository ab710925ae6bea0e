//! What differs between two packs besides their rules: channels, score, faults, fields, keys, groups, tables.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::{ChannelId, Field, FieldId, Key, Pack, Schema, Score};

use super::change::Change;
use super::keys::Codes;
use super::tables::Tables;

pub(super) fn changes(old: &Pack, new: &Pack, tables: &Tables) -> Vec<Change> {
    let mut changes = channels(old, new);
    let scores = parts_of_score(old.score).into_iter().zip(parts_of_score(new.score));
    let differing = scores.filter(|(old, new)| old != new);
    changes.extend(differing.map(|((what, a), (_, b))| Change::value(format!("score {what}"), a, b)));
    let name = |pack: &Pack, floor: Option<ChannelId>| {
        floor.map(|channel| pack.channels[channel.index()].name.clone())
    };
    for (what, before, after) in [
        ("on_fault at_least", old.on_fault, new.on_fault),
        ("on_unreadable at_least", old.on_unreadable, new.on_unreadable),
    ] {
        let (before, after) = (name(old, before), name(new, after));
        changes.extend(Change::option(what, before.as_ref(), after.as_ref(), "none"));
    }
    fields(&old.schema, &new.schema, &mut changes);
    for key in Key::ALL {
        groups(old, new, key, &mut changes);
    }
    changes.extend(tables.changes.values().cloned());
    changes
}

/// How points become a score, each part with its name in `pack.toml`.
pub(super) fn parts_of_score(score: Score) -> [(&'static str, String); 3] {
    [
        ("combine", score.combine.name().to_owned()),
        ("floor", score.floor.to_string()),
        ("cap", score.cap.to_string()),
    ]
}

fn channels(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = Vec::new();
    for channel in &new.channels {
        match old.channels.iter().find(|known| known.name == channel.name) {
            None => changes.push(Change::note(
                format!("channel {}", channel.name),
                format!("new, begins at {}", channel.from),
            )),
            Some(known) => {
                if known.from != channel.from {
                    let what = format!("channel {} begins at", channel.name);
                    changes.push(Change::value(what, known.from, channel.from));
                }
                let what = format!("title of channel {}", channel.name);
                changes.extend(Change::option(&what, known.title.as_ref(), channel.title.as_ref(), "none"));
                let what = format!("Chinese title of channel {}", channel.name);
                let titles = [known, channel].map(|channel| channel.title_zh.as_ref());
                changes.extend(Change::option(&what, titles[0], titles[1], "none"));
            }
        }
    }
    let gone =
        old.channels.iter().filter(|known| new.channels.iter().all(|channel| channel.name != known.name));
    changes.extend(gone.map(|channel| Change::note(format!("channel {}", channel.name), "removed")));
    let order = |a: &Pack, b: &Pack| -> Vec<String> {
        let names = a.channels.iter().map(|channel| channel.name.clone());
        names.filter(|name| b.channels.iter().any(|channel| channel.name == *name)).collect()
    };
    let (before, after) = (order(old, new), order(new, old));
    if before != after {
        changes.push(Change::value("order of the channels", before.join(", "), after.join(", ")));
    }
    changes
}

fn fields(old: &Schema, new: &Schema, changes: &mut Vec<Change>) {
    for field in new.fields() {
        let what = format!("field `{}`", field.name);
        match old.field(&field.name) {
            None => changes.push(Change::note(what, format!("new, {} ({})", field.kind, field.title))),
            Some(id) => {
                let (a, b) = (traits(&old[id]), traits(field));
                let differing = a.iter().zip(&b).filter(|(a, b)| a != b);
                changes.extend(differing.map(|(a, b)| Change::value(format!("{what} {}", a.0), &a.1, &b.1)));
            }
        }
    }
    let gone = old.fields().iter().filter(|field| new.field(&field.name).is_none());
    changes.extend(gone.map(|field| Change::note(format!("field `{}`", field.name), "removed")));
    let (before, after) = (roles(old), roles(new));
    for role in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        changes.extend(Change::option(role, before.get(role), after.get(role), "none"));
    }
}

/// What a field's values are.
fn traits(field: &Field) -> Vec<(&'static str, String)> {
    let bound = |bound: Option<f64>| bound.map_or("none".to_owned(), |bound| bound.to_string());
    let columns: BTreeSet<&str> = field.columns.iter().map(String::as_str).collect();
    vec![
        ("kind", field.kind.to_string()),
        ("level", format!("{:?}", field.level).to_lowercase()),
        ("required", field.required.to_string()),
        ("codes", field.codes.map_or("any".to_owned(), |codes| format!("{codes:?}").to_lowercase())),
        ("min", bound(field.min)),
        ("max", bound(field.max)),
        ("columns", columns.into_iter().collect::<Vec<_>>().join(", ")),
    ]
}

/// Which field plays which part.
fn roles(schema: &Schema) -> BTreeMap<String, String> {
    let mut roles = BTreeMap::new();
    let mut role = |name: String, field: Option<FieldId>| {
        roles.extend(field.map(|field| (name, schema[field].name.clone())));
    };
    role("declaration field".into(), Some(schema.declaration));
    role("item field".into(), schema.item);
    role("date field".into(), schema.date);
    let keys = &schema.keys;
    role("key region reads".into(), keys.region);
    role("key commodity reads".into(), keys.commodity);
    role("key mode reads".into(), keys.mode);
    for (kind, field) in &keys.site {
        role(format!("key site reads for {kind}"), Some(*field));
    }
    role("key site reads for the stated kind".into(), keys.site_kind);
    roles
}

/// Groups by name. One that only got another name is no change: rules are compared by codes.
fn groups(old: &Pack, new: &Pack, key: Key, changes: &mut Vec<Change>) {
    let (before, after) = (old.reference.groups(key), new.reference.groups(key));
    for group in after {
        let Some(known) = before.iter().find(|known| known.name == group.name) else { continue };
        let what = format!("{} `{}`", key.name(), group.name);
        changes.extend(Codes::change(&what, &Codes::of_group(known), &Codes::of_group(group)));
        let what = format!("kind of {what}");
        changes.extend(Change::option(&what, known.kind.as_ref(), group.kind.as_ref(), "none"));
    }
}
