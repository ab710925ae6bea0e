//! `expect.toml`: on how many lines of a file a rule fires.

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expected::Ids;
use crate::base::limits;
use crate::diagnostic::{Code, Diagnostics, Place};
use crate::lang::rule::Status;
use crate::model::manifest::{Document, Toml};
use crate::pack::Pack;

/// The file with expectations on whole files, in the pack's directory.
pub(super) const FILE: &str = "expect.toml";

const CODE: Code = Code::BadExpectation;

/// What is expected of a rule on a file of declarations.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The rule, by its position in the pack.
    pub rule: usize,
    /// The file, as it is written: relative to the directory with data.
    pub file: String,
    /// On how many goods lines the rule fires.
    pub bound: Option<Bound>,
    /// Lines on which it fires, as `declaration` or `declaration/item`.
    pub lines: Vec<String>,
    /// What to do with lines on which it fires and that are not named.
    pub unexpected: Unexpected,
    /// Where the expectation stands.
    pub place: Place,
    /// Where its file is named.
    pub file_place: Place,
}

/// How many lines are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// So many.
    Exactly(u64),
    /// So many or more.
    AtLeast(u64),
    /// So many or fewer.
    AtMost(u64),
}

impl Bound {
    /// Whether this number of lines is within the bound.
    pub fn allows(self, count: u64) -> bool {
        match self {
            Self::Exactly(bound) => count == bound,
            Self::AtLeast(bound) => count >= bound,
            Self::AtMost(bound) => count <= bound,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(bound) => write!(f, "exactly {bound}"),
            Self::AtLeast(bound) => write!(f, "at least {bound}"),
            Self::AtMost(bound) => write!(f, "at most {bound}"),
        }
    }
}

/// What to do with lines on which a rule fires although the expectation does not name them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unexpected {
    /// Nothing.
    Ignore,
    /// Show them.
    #[default]
    List,
    /// Fail.
    Fail,
}

const UNEXPECTED: [(&str, Unexpected); 3] =
    [("ignore", Unexpected::Ignore), ("list", Unexpected::List), ("fail", Unexpected::Fail)];

type MakeBound = fn(u64) -> Bound;

const BOUNDS: [(&str, MakeBound); 3] =
    [("exactly", Bound::Exactly), ("at_least", Bound::AtLeast), ("at_most", Bound::AtMost)];

const KEYS: [&str; 7] = ["rule", "file", "exactly", "at_least", "at_most", "lines", "unexpected"];

/// The expectations in the text of `expect.toml`, checked against the pack. Those with a mistake are left out.
pub fn expectations(text: &str, pack: &Pack, diagnostics: &mut Diagnostics) -> Vec<Expectation> {
    diagnostics.sources.insert(FILE, text);
    let document = Document::parse(FILE, text, Some(CODE), diagnostics);
    let (mut toml, root) = document.reader(diagnostics);
    let ids = Ids::new(pack);
    let mut found = Vec::new();
    for (key, value) in root.iter() {
        let tables = match (key.get_ref().as_ref(), value.get_ref()) {
            ("expect", DeValue::Array(tables)) => tables,
            ("expect", _) => {
                toml.report(
                    CODE,
                    value.span(),
                    "`expect` must be a list of tables",
                    "begin each with `[[expect]]`",
                );
                continue;
            }
            (other, _) => {
                let help = "begin each expectation with `[[expect]]`";
                toml.report(CODE, key.span(), format!("unknown key `{other}`"), help);
                continue;
            }
        };
        for table in tables.iter() {
            if found.len() >= limits::EXPECTATIONS_MAX {
                let title = format!("more than {} expectations", limits::EXPECTATIONS_MAX);
                toml.report(CODE, table.span(), title, None);
                return found;
            }
            let before = toml.diagnostics.errors();
            let one = expectation(&mut toml, table, pack, &ids);
            if toml.diagnostics.errors() == before {
                found.extend(one);
            }
        }
    }
    found
}

fn expectation(
    toml: &mut Toml<'_>,
    value: &Spanned<DeValue<'_>>,
    pack: &Pack,
    ids: &Ids<'_>,
) -> Option<Expectation> {
    let span = value.span();
    let DeValue::Table(table) = value.get_ref() else {
        toml.report(CODE, span, "an expectation must be a table", "begin it with `[[expect]]`");
        return None;
    };
    for (key, _) in table.iter() {
        let name = key.get_ref().as_ref();
        if !KEYS.contains(&name) {
            toml.unknown(CODE, key.span(), format!("unknown key `{name}`"), name, KEYS);
        }
    }
    let rule = toml.required_text(table, span.clone(), "rule", "\"MC-01\"").and_then(|id| {
        let rule = ids.get(&id);
        match rule {
            None => toml.bad(table, "rule", format!("there is no rule `{id}`"), ids.suggestion(&id)),
            Some(rule) if pack.rules[rule].status == Status::Retired => {
                let help = "remove the expectation, or give the rule another `status`";
                toml.bad(table, "rule", format!("the rule `{id}` is retired and never evaluated"), help);
            }
            Some(_) => {}
        }
        rule
    });
    let file = toml.required_text(table, span.clone(), "file", "\"march.csv\"");
    if let Some(name) = &file {
        let mut parts = std::path::Path::new(name).components();
        let is_within = parts.all(|part| matches!(part, std::path::Component::Normal(_)));
        if name.is_empty() || !is_within {
            let help = "give its path below the directory of `--data`: `file = \"2016/march.csv\"`";
            toml.bad(table, "file", format!("`{name}` is no file below the directory with data"), help);
        }
    }
    let lines = lines(toml, table);
    let bound = bound(toml, table);
    if bound.is_none() && lines.is_empty() && table.iter().all(|(key, _)| !is_bound(key.get_ref().as_ref())) {
        let help = "add `exactly`, `at_least` or `at_most`, or name `lines`";
        toml.report(CODE, span.clone(), "the expectation expects nothing", help);
    }
    let unexpected = toml.choice(table, "unexpected", &UNEXPECTED).unwrap_or_default();
    if lines.is_empty() {
        let help = "name the expected ones in `lines`, or leave `unexpected` out";
        toml.bad(table, "unexpected", "without `lines` no line is unexpected", help);
    }
    let file_place = toml.place(table.get("file")?.span());
    let place = toml.place(span);
    Some(Expectation { rule: rule?, file: file?, bound, lines, unexpected, place, file_place })
}

fn is_bound(key: &str) -> bool {
    BOUNDS.iter().any(|(known, _)| *known == key)
}

fn bound(toml: &mut Toml<'_>, table: &DeTable<'_>) -> Option<Bound> {
    let mut found = None;
    for (key, make) in BOUNDS {
        let Some(value) = table.get(key) else { continue };
        let count = match value.get_ref() {
            DeValue::Integer(integer) => {
                u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
            }
            _ => None,
        };
        let Some(count) = count else {
            toml.bad(table, key, format!("`{key}` must be a number of lines"), format!("write `{key} = 12`"));
            continue;
        };
        if found.is_some() {
            let help = "write another `[[expect]]` for it";
            toml.bad(table, key, "an expectation has one bound", help);
        }
        found = Some(make(count));
    }
    found
}

fn lines(toml: &mut Toml<'_>, table: &DeTable<'_>) -> Vec<String> {
    let Some(value) = table.get("lines") else { return Vec::new() };
    let DeValue::Array(items) = value.get_ref() else {
        let help = "write `lines = [\"D1/2\", \"D7\"]`: declaration, or declaration and item";
        toml.bad(table, "lines", "`lines` must be a list of texts", help);
        return Vec::new();
    };
    let mut lines = Vec::new();
    for item in items.iter() {
        match item.get_ref() {
            DeValue::String(text) => lines.push(text.as_ref().to_owned()),
            _ => toml.report(CODE, item.span(), "`lines` must be a list of texts", None),
        }
    }
    lines
}
