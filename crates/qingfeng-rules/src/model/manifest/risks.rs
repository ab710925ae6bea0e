//! `[risks.NAME]` of `pack.toml`: how likely goods of a kind are to violate.
//!
//! Each level is a profile of results. The fields are rules' text: the rate of a level is that of its own results and of
//! those of the level before, which count for `strength` results, as the mean of a beta distribution with that prior is.
//! So they are typed, compiled and explained as fields that a pack computes.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Toml;
use super::lookups::{Lookup, Numbers, key_fields};
use super::profiles::{is_property, lookup, read_window};
use crate::diagnostic::{Code, Place};
use crate::model::derived::FieldRef;
use crate::model::keys::Table;
use crate::model::profile::{Counted, Measure, PROFILE_KEY_MAX, PROFILE_KEYS_DEFAULT, Profile, Statistic};
use crate::model::schema::{Kind, Schema};

/// The most levels of a risk.
const LEVELS_MAX: usize = 8;

/// For how many results the level before counts, and how many deviations the bounds are off, where a pack does not say it.
/// Found on import declarations with labels, thinned to 3 % fraud, in a loop of choosing a tenth and learning from it: among
/// strengths and deviations of 0 to 4 these found most, or nearly, and at 22 % lost nothing.
const STRENGTH: f64 = 2.0;
const DEVIATIONS: f64 = 2.0;

/// What these can be.
const PRIORS: [f64; 2] = [1e-9, 1.0 - 1e-9];
const STRENGTHS: [f64; 2] = [0.1, 1_000.0];

/// What the fields of a risk tell, by the ends of their names.
const FIELDS: [&str; 4] = ["rate", "inspected", "upper", "lower"];

/// The fields of a level's key: each with its name and kind.
type Level = Vec<(FieldRef, String, Kind)>;

/// A risk of a pack.
#[derive(Clone, Debug)]
pub(crate) struct Risk {
    pub name: String,
    pub place: Place,
    /// By what name the text goes that defines its fields.
    pub text: Arc<str>,
}

/// Adds the levels to the lookup tables, and gives the risks with the texts that define their fields.
pub(super) fn read_risks(
    toml: &mut Toml<'_>,
    root: &DeTable<'_>,
    schema: &Schema,
    lookups: &mut Vec<Lookup>,
) -> Vec<(Risk, Arc<str>)> {
    let Some((tables, span)) = toml.table(root, "risks") else { return Vec::new() };
    if schema.date.is_none() {
        let title = "risks need the day of a declaration, and the schema has none";
        toml.report(Code::MissingKey, span, title, "name its field: `date` in `[schema]`");
    }
    let mut texts = Vec::new();
    for (key, value) in tables.iter() {
        let name = key.get_ref().as_ref();
        let place = toml.place(key.span());
        let errors = toml.diagnostics.errors();
        if !is_property(name) {
            let title = format!("`{name}` cannot name a risk");
            toml.report(Code::BadValue, key.span(), title, "use lower case letters, digits and `_`");
        }
        let DeValue::Table(table) = value.get_ref() else {
            toml.wrong_type(name, value, "a table");
            continue;
        };
        toml.known_keys(table, Table::Risk);
        let levels = read_levels(toml, table, schema, &place);
        let prior = one_number(toml, table, "prior", PRIORS);
        let strengths = read_strengths(toml, table, levels.len());
        let deviations = one_number(toml, table, "deviations", [0.0, 10.0]).unwrap_or(DEVIATIONS);
        let help = "add the share of inspections with a finding: `prior = 0.03`";
        toml.require(table, place.span.clone(), "prior", format!("the risk `{name}` has no `prior`"), help);
        let window = read_window(toml, table);
        let weighted = toml.flag(table, "weighted").unwrap_or(true);
        for (at, level) in levels.iter().enumerate() {
            let level_name = level_name(name, at);
            if lookups.iter().any(|lookup| lookup.name == level_name) {
                let title = format!("there is a lookup table `{level_name}` already");
                toml.report(Code::Duplicate, place.span.clone(), title, "give the risk another name");
            }
            lookups.push(level_lookup(level_name, level, Counted::Results { weighted }, window, &place));
        }
        for field in FIELDS.map(|field| format!("{name}_{field}")) {
            if schema.known_field(&field).is_some() {
                let title = format!("there is a field `{field}` already");
                toml.report(Code::Duplicate, place.span.clone(), title, "give the risk another name");
            }
        }
        // What rules say of a risk with mistakes is not a mistake of theirs.
        let text = match (toml.diagnostics.errors() > errors, is_property(name)) {
            (false, _) => fields_of(name, prior.unwrap_or(0.5), &strengths, deviations),
            (true, true) => FIELDS.map(|field| format!("field(\"{name}_{field}\", |d| 0.5);\n")).concat(),
            (true, false) => continue,
        };
        let risk = Risk { name: name.to_owned(), place, text: Arc::from(format!("[risks.{name}]")) };
        texts.push((risk, Arc::from(text)));
    }
    lookups.sort_by(|a, b| a.name.cmp(&b.name));
    texts
}

/// A number within bounds. One out of them is reported and the nearest bound taken.
fn within(toml: &mut Toml<'_>, key: &str, value: &Spanned<DeValue<'_>>, range: [f64; 2]) -> Option<f64> {
    let given = toml.number_of(key, value)?;
    if !(range[0]..=range[1]).contains(&given) {
        let title = format!("`{key}` must be from {} to {}, not {given}", range[0], range[1]);
        toml.report(Code::BadValue, value.span(), title, None);
    }
    Some(given.clamp(range[0], range[1]))
}

fn one_number(toml: &mut Toml<'_>, table: &DeTable<'_>, key: &str, range: [f64; 2]) -> Option<f64> {
    within(toml, key, table.get(key)?, range)
}

/// The strength of each level: one number for all, or one for each.
fn read_strengths(toml: &mut Toml<'_>, table: &DeTable<'_>, levels: usize) -> Vec<f64> {
    let key = "strength";
    let Some(value) = table.get(key) else { return vec![STRENGTH; levels] };
    let DeValue::Array(given) = value.get_ref() else {
        return vec![within(toml, key, value, STRENGTHS).unwrap_or(STRENGTH); levels];
    };
    if given.len() != levels {
        let title = format!("`{key}` has {} numbers for {levels} levels", given.len());
        toml.report(Code::BadValue, value.span(), title, "give one for each level, or one number for all");
        return vec![STRENGTH; levels];
    }
    given.iter().map(|one| within(toml, key, one, STRENGTHS).unwrap_or(STRENGTH)).collect()
}

fn read_levels(toml: &mut Toml<'_>, table: &DeTable<'_>, schema: &Schema, place: &Place) -> Vec<Level> {
    let help = "name what goods have in common, from broad to narrow: `levels = [[\"hs2\"], [\"hs4\", \"destination\"]]`";
    toml.require(table, place.span.clone(), "levels", "the risk has no `levels`", help);
    let Some(value) = table.get("levels") else { return Vec::new() };
    let DeValue::Array(given) = value.get_ref() else {
        toml.wrong_type("levels", value, "a list of keys");
        return Vec::new();
    };
    if given.is_empty() || given.len() > LEVELS_MAX {
        let title = format!("a risk has 1 to {LEVELS_MAX} levels, not {}", given.len());
        toml.report(Code::BadValue, value.span(), title, help);
        return Vec::new();
    }
    let mut levels = Vec::new();
    for one in given.iter() {
        let texts = toml.texts_of("levels", one);
        if matches!(one.get_ref(), DeValue::Array(_)) && !(1..=PROFILE_KEY_MAX).contains(&texts.len()) {
            let title = format!("a level has 1 to {PROFILE_KEY_MAX} fields, not {}", texts.len());
            toml.report(Code::BadValue, one.span(), title, None);
        }
        let again = texts
            .iter()
            .enumerate()
            .find(|(at, (text, _))| texts[..*at].iter().any(|(known, _)| known == text));
        if let Some((_, (text, span))) = again {
            toml.report(
                Code::Duplicate,
                Range::clone(span),
                format!("`{text}` is named twice"),
                "take it out",
            );
        }
        levels.push(key_fields(toml, schema, texts, Numbers::Taken));
    }
    levels
}

/// The name of the lookup table of a level.
fn level_name(name: &str, at: usize) -> String {
    format!("{name}_{}", at + 1)
}

fn level_lookup(name: String, level: &Level, of: Counted, window: Option<u32>, place: &Place) -> Lookup {
    let measures: Vec<Measure> = [Statistic::Inspected, Statistic::Found]
        .map(|what| Measure {
            name: what.to_string(),
            what,
            of: None,
            field: None,
            only: None,
            only_field: None,
            place: place.clone(),
        })
        .into();
    let key_columns = level.iter().map(|(_, name, kind)| (name.clone(), *kind));
    let columns =
        key_columns.chain(measures.iter().map(|measure| (measure.name.clone(), measure.what.kind())));
    let columns = columns.collect();
    let profile = Profile { of, window, least: 1, most_keys: PROFILE_KEYS_DEFAULT, measures };
    lookup(&name, profile, level.iter().map(|(field, ..)| *field).collect(), columns, place.clone())
}

/// A number as rules write it.
fn written(number: f64) -> String {
    let text = number.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// The fields of a risk, by the strength of each level. The bounds are those many standard deviations of the beta distribution
/// from its mean.
fn fields_of(name: &str, prior: f64, strengths: &[f64], deviations: f64) -> String {
    let deviations = written(deviations);
    let last = level_name(name, strengths.len().saturating_sub(1));
    let mut text = format!("field(\"{name}_rate\", |d| {{\n    let rate_0 = {};\n", written(prior));
    for (at, strength) in strengths.iter().enumerate() {
        let (table, level, strength) = (level_name(name, at), at + 1, written(*strength));
        let of = |column: &str| format!("(d.lookup(\"{table}\").{column} ?? 0.0)");
        let _ = writeln!(
            text,
            "    let rate_{level} = ({} + {strength} * rate_{at}) / ({} + {strength});",
            of("found"),
            of("inspected"),
        );
    }
    let _ = write!(text, "    rate_{}\n}});\n", strengths.len());
    let _ = writeln!(text, "field(\"{name}_inspected\", |d| d.lookup(\"{last}\").inspected ?? 0.0);");
    let deviation = format!(
        "{deviations} * (d.{name}_rate * (1.0 - d.{name}_rate) / (d.{name}_inspected + {})).sqrt()",
        written(strengths.last().unwrap_or(&STRENGTH) + 1.0)
    );
    let _ = writeln!(text, "field(\"{name}_upper\", |d| min(1.0, d.{name}_rate + {deviation}));");
    let _ = writeln!(text, "field(\"{name}_lower\", |d| max(0.0, d.{name}_rate - {deviation}));");
    text
}
