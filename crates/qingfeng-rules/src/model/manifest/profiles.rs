//! `[profiles.NAME]` of `pack.toml`.

use toml::de::{DeTable, DeValue};

use super::lookups::{Lookup, LookupSource, Numbers, read_key};
use super::{PLAIN_NAME, Toml, Value, is_plain_name};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::model::derived::FieldRef;
use crate::model::keys::Table;
use crate::model::profile::{
    Counted, Measure, PROFILE_KEY_MAX, PROFILE_KEYS_DEFAULT, PROFILE_KEYS_MAX, PROFILE_WINDOW_MAX, Profile,
    Statistic,
};
use crate::model::schema::{Kind, Schema};

/// Adds the profiles to the lookup tables, which they are for rules.
pub(super) fn read_profiles(
    toml: &mut Toml<'_>,
    root: &DeTable<'_>,
    schema: &Schema,
    lookups: &mut Vec<Lookup>,
) {
    let Some((tables, span)) = toml.table(root, "profiles") else { return };
    if schema.date.is_none() {
        let title = "profiles need the day of a declaration, and the schema has none";
        toml.report(Code::MissingKey, span, title, "name its field: `date` in `[schema]`");
    }
    for (key, value) in tables.iter() {
        let name = key.get_ref().as_ref();
        if !is_plain_name(name) {
            let title = format!("`{name}` cannot name a profile");
            toml.report(Code::BadValue, key.span(), title, PLAIN_NAME);
        }
        if lookups.iter().any(|lookup| lookup.name == name) {
            let title = format!("there is a lookup table `{name}` already");
            toml.report(Code::Duplicate, key.span(), title, "give the profile another name");
        }
        let DeValue::Table(table) = value.get_ref() else {
            toml.wrong_type(name, value, "a table");
            continue;
        };
        toml.known_keys(table, Table::Profile);
        lookups.push(read_profile(toml, table, schema, name, toml.place(key.span())));
    }
    lookups.sort_by(|a, b| a.name.cmp(&b.name));
}

fn read_profile(
    toml: &mut Toml<'_>,
    table: &DeTable<'_>,
    schema: &Schema,
    name: &str,
    place: Place,
) -> Lookup {
    let key = read_key(toml, table, schema, name, &place, Numbers::Taken);
    if key.len() > PROFILE_KEY_MAX {
        let title =
            format!("{} fields are more than the {PROFILE_KEY_MAX} that a profile's key has", key.len());
        toml.bad(table, "key", title, "take some out");
    }
    let window = read_window(toml, table);
    let least = whole(toml, table, "least", 1_000_000).unwrap_or(1);
    let most_keys = whole(toml, table, "most_keys", PROFILE_KEYS_MAX).unwrap_or(PROFILE_KEYS_DEFAULT);
    let mut of = match toml.choice(table, "source", &Counted::ALL) {
        None if table.get("source").is_some() => Counted::Results { weighted: true },
        given => given.unwrap_or(Counted::Declared),
    };
    if let Some(given) = toml.flag(table, "weighted") {
        match &mut of {
            Counted::Results { weighted } => *weighted = given,
            Counted::Declared => {
                let title = "`weighted` belongs to results of inspections";
                toml.bad(table, "weighted", title, "take it out, or add `source = \"results\"`");
            }
        }
    }
    let measures = read_measures(toml, table, name, of, &place);
    let key_columns = key.iter().map(|(_, name, kind)| (name.clone(), *kind));
    let columns: Vec<(String, Kind)> = key_columns
        .chain(measures.iter().map(|measure| (measure.name.clone(), measure.what.kind())))
        .collect();
    for (at, measure) in measures.iter().enumerate() {
        if columns[..key.len() + at].iter().any(|(known, _)| *known == measure.name) {
            let title = format!("the column `{}` is named twice", measure.name);
            toml.report(Code::Duplicate, measure.place.span.clone(), title, "give the measure another name");
        }
    }
    let profile = Profile { of, window, least, most_keys, measures };
    lookup(name, profile, key.into_iter().map(|(field, _, _)| field).collect(), columns, place)
}

/// A number from 1 on.
fn whole(toml: &mut Toml<'_>, table: &DeTable<'_>, key: &str, most: u64) -> Option<u64> {
    let given = toml.integer(table, key)?;
    let found = u64::try_from(given).ok().filter(|number| (1..=most).contains(number));
    if found.is_none() {
        toml.bad(table, key, format!("`{key}` must be from 1 to {most}, not {given}"), None);
    }
    found
}

/// How many days back are looked at, if it is given.
pub(super) fn read_window(toml: &mut Toml<'_>, table: &DeTable<'_>) -> Option<u32> {
    whole(toml, table, "window", PROFILE_WINDOW_MAX.into()).map(|days| days as u32)
}

/// The table that a profile is for rules.
pub(super) fn lookup(
    name: &str,
    profile: Profile,
    key: Vec<FieldRef>,
    columns: Vec<(String, Kind)>,
    place: Place,
) -> Lookup {
    Lookup {
        name: name.to_owned(),
        source: LookupSource::Profile(profile),
        key,
        from: None,
        until: None,
        columns,
        fold: false,
        prefix: None,
        may_be_empty: false,
        place,
    }
}

fn read_measures(
    toml: &mut Toml<'_>,
    table: &DeTable<'_>,
    name: &str,
    counted: Counted,
    place: &Place,
) -> Vec<Measure> {
    let mut measures = Vec::new();
    let given = toml.table(table, "measures");
    if given.as_ref().is_none_or(|(given, _)| given.is_empty())
        && (given.is_some() || table.get("measures").is_none())
    {
        let title = format!("the profile `{name}` measures nothing");
        let help = "add `measures = { consignments = \"declarations\" }`";
        toml.report(Code::MissingKey, place.span.clone(), title, help);
    }
    for (column, value) in given.iter().flat_map(|(given, _)| given.iter()) {
        let place = toml.place(column.span());
        let column = column.get_ref().as_ref();
        if !is_property(column) {
            let title = format!("`{column}` cannot name a column");
            toml.report(Code::BadValue, place.span.clone(), title, "use lower case letters, digits and `_`");
        }
        let Some((what, of, only)) = read_statistic(toml, column, value, counted) else { continue };
        let name = column.to_owned();
        measures.push(Measure { name, what, of, field: None, only, only_field: None, place });
    }
    measures
}

/// Whether rules can read a column by this name, `d.lookup("exporter").this`.
pub(super) fn is_property(name: &str) -> bool {
    is_plain_name(name) && !name.contains('-')
}

/// `"lines"`, `{ median = "value_per_kg" }`, `{ quantile = 0.9, of = "value" }`, `{ count = "lines", where = "is_light" }`: what
/// is measured, of which field, and the flag that must hold.
fn read_statistic(
    toml: &mut Toml<'_>,
    column: &str,
    value: &Value<'_>,
    counted: Counted,
) -> Option<(Statistic, Option<String>, Option<String>)> {
    let of_results = counted != Counted::Declared;
    let DeValue::Table(table) = value.get_ref() else {
        if !matches!(value.get_ref(), DeValue::String(_)) {
            toml.wrong_type(column, value, "a text or a table");
            return None;
        }
        let DeValue::String(text) = value.get_ref() else { return None };
        let known: &[(&str, Statistic)] =
            if of_results { &Statistic::OF_RESULTS } else { &Statistic::OF_LINES };
        let found = known.iter().find(|(name, _)| name == text);
        if found.is_none() {
            let title = format!("`{text}` is no measure of {}", if of_results { "results" } else { "lines" });
            let names = |(name, _): &(&str, Statistic)| name == text;
            if !of_results && Statistic::OF_FIELDS.iter().any(names) {
                let help = format!("name the field: `{column} = {{ {text} = \"value\" }}`");
                toml.report(Code::BadValue, value.span(), title, help);
            } else if !of_results && Statistic::OF_RESULTS.iter().any(names) {
                let help = "add `source = \"results\"` to the profile";
                toml.report(Code::BadValue, value.span(), title, help);
            } else {
                toml.unknown(Code::BadValue, value.span(), title, text, known.iter().map(|(name, _)| *name));
            }
        }
        return found.map(|(_, what)| (*what, None, None));
    };
    if of_results {
        let title = format!("`{column}` is of a field, and results of inspections have none");
        let help =
            "write `\"inspected\"`, `\"found\"` or `\"rate\"`; what was declared is a profile of its own";
        toml.report(Code::BadValue, value.span(), title, help);
        return None;
    }
    toml.known_keys(table, Table::Measure);
    let given = table.iter().map(|(key, _)| key.get_ref().as_ref());
    let given: Vec<&str> = given.filter(|key| !matches!(*key, "of" | "where")).collect();
    let only = toml.plain_text(table, "where");
    match given.as_slice() {
        ["quantile"] => {
            let share = toml.number(table, "quantile")?;
            if !(0.0..=1.0).contains(&share) {
                toml.bad(table, "quantile", format!("`quantile` must be from 0 to 1, not {share}"), None);
            }
            let of = toml.required_text(table, value.span(), "of", "\"value_per_kg\"")?;
            Some((Statistic::Quantile((share.clamp(0.0, 1.0) * 1e6).round() as u32), Some(of), only))
        }
        ["count"] => {
            let counted = [("lines", Statistic::Lines), ("declarations", Statistic::Declarations)];
            Some((toml.choice(table, "count", &counted)?, None, only))
        }
        [one] => {
            let what = Statistic::OF_FIELDS.iter().find(|(name, _)| name == one).map(|&(_, what)| what)?;
            toml.bad(
                table,
                "of",
                format!("`of` does not go with `{one}`, which names the field itself"),
                "take it out",
            );
            if what == Statistic::Share {
                let title = "`where` does not go with `share`, which is a share of all lines";
                toml.bad(table, "where", title, "compute a flag that is missing on other lines");
            }
            Some((what, Some(toml.plain_text(table, one)?), only))
        }
        _ => {
            let title = format!("`{column}` must have one measure");
            let help = format!("write `{column} = {{ median = \"value_per_kg\" }}`");
            toml.report(Code::BadValue, value.span(), title, help);
            None
        }
    }
}

/// Finds the fields that are measured, computed ones among them, when all are known. `field` gives a field by its name.
pub(crate) fn resolve(
    lookups: &mut [Lookup],
    diagnostics: &mut Diagnostics,
    names: &[&str],
    field: &dyn Fn(&str) -> Option<(FieldRef, Kind)>,
    asks_a_table: &dyn Fn(FieldRef) -> bool,
) {
    let profiles = lookups.iter_mut().filter_map(|lookup| match &mut lookup.source {
        LookupSource::Profile(profile) => Some(profile),
        _ => None,
    });
    let mut found = |of: &str, measure: &Measure, wrong: &dyn Fn(Kind) -> Option<(String, &'static str)>| {
        let place = || measure.place.clone();
        let Some((found, kind)) = field(of) else {
            let title = format!("there is no field `{of}`");
            let mistake = Diagnostic::found(Code::UnknownField, place(), title, None);
            diagnostics.push(mistake.respelt("", of, names.iter().copied()));
            return None;
        };
        if let Some((title, help)) = wrong(kind) {
            diagnostics.push(Diagnostic::found(Code::WrongType, place(), title, help));
        } else if asks_a_table(found) {
            let title =
                format!("`{of}` asks a lookup table, and what is measured must stand in the declaration");
            let help = "compute a field from the declaration alone, and measure that";
            diagnostics.push(Diagnostic::found(Code::BadValue, place(), title, help));
        }
        Some(found)
    };
    for measure in profiles.flat_map(|profile| &mut profile.measures) {
        let what = measure.what;
        if let Some(of) = &measure.of {
            let wrong = |kind| {
                let title = format!("the {what} of `{of}` cannot be computed: it is of kind {kind}");
                let help = match what {
                    Statistic::Share => {
                        "a share is of a flag; compute one: `field(\"is_heavy\", |d| d.net_kg > 1000.0)`"
                    }
                    Statistic::Distinct => {
                        "count the different values of texts, codes, whole numbers, flags or days"
                    }
                    _ => "choose a number field",
                };
                (!what.takes(kind)).then_some((title, help))
            };
            measure.field = found(of, measure, &wrong);
        }
        if let Some(only) = &measure.only {
            let wrong = |kind| {
                let title = format!("`where` takes a flag, and `{only}` is of kind {kind}");
                (kind != Kind::Flag)
                    .then_some((title, "compute one: `field(\"is_light\", |d| d.net_kg < 10.0)`"))
            };
            measure.only_field = found(only, measure, &wrong);
        }
    }
}
