//! The files of `reference/`.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::codes::{self, Life};
use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::keys::Table;
use crate::model::money::Money;
use crate::model::reference::{Group, Member};
use crate::model::schema::{CodeList, Kind, PackCode, PackCodes, Schema};

use super::document::{Document, Toml};
use super::is_plain_name;

/// Reads one reference file. Kinds of site are given for sites, and are `None` for all else.
pub(crate) fn read_groups(
    file: &str,
    text: &str,
    site_kinds: Option<&[String]>,
    member_kind: MemberKind,
    diagnostics: &mut Diagnostics,
) -> Vec<Group> {
    let document = Document::parse(file, text, None, diagnostics);
    let (mut toml, root) = document.reader(diagnostics);
    let toml = &mut toml;
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
            toml.report(Code::BadValue, key.span(), title, help);
        }
        toml.known_keys(table, if site_kinds.is_some() { Table::Site } else { Table::Group });
        let title = toml.required_text(table, key.span(), "title", "\"...\"").unwrap_or_default();
        let title_zh = toml.plain_text(table, "title_zh");
        let kind = site_kinds.and_then(|kinds| {
            let missing = format!("the site `{name}` has no `kind`");
            let help = format!("add `kind`: {}", kinds.join(", "));
            toml.require(table, key.span(), "kind", missing, help);
            let choices: Vec<(&str, usize)> =
                kinds.iter().enumerate().map(|(at, kind)| (kind.as_str(), at)).collect();
            toml.choice(table, "kind", &choices).map(|at| kinds[at].clone())
        });
        let members = read_members(toml, name, table, key.span(), member_kind);
        groups.push((key.span().start, Group { name: name.to_owned(), title, title_zh, kind, members }));
    }
    groups.sort_by_key(|(at, _)| *at);
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Reads `reference/codes.toml`: by field, its codes and their writings.
pub(crate) fn read_codes(
    file: &str,
    text: &str,
    schema: &Schema,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, PackCodes> {
    let document = Document::parse(file, text, None, diagnostics);
    let (mut toml, root) = document.reader(diagnostics);
    let toml = &mut toml;
    let mut read = BTreeMap::new();
    for (key, value) in root.iter() {
        let name = key.get_ref().as_ref();
        let DeValue::Table(table) = value.get_ref() else {
            toml.wrong_type(name, value, "a table: write `[field]`");
            continue;
        };
        let Some(field) = toml.field(schema, name, key.span()) else { continue };
        if !matches!(schema[field].kind, Kind::Text | Kind::Code)
            || schema[field].codes.is_some_and(|list| list.is_country() || list == CodeList::Hs)
        {
            let title = format!("the codes of `{name}` are no list that a pack can extend");
            toml.report(Code::BadValue, key.span(), title, "name a field of text or of codes");
            continue;
        }
        toml.known_keys(table, Table::Codes);
        let mut writings = Writings::default();
        for (writing, span) in toml.texts(table, "nothing") {
            writings.add(toml, &writing, None, span);
        }
        if let Some((of_codes, _)) = toml.table(table, "writings") {
            for (code, _) in of_codes.iter() {
                writings.add(toml, code.get_ref(), Some(code.get_ref()), code.span());
                for (writing, span) in toml.texts(of_codes, code.get_ref()) {
                    writings.add(toml, &writing, Some(code.get_ref()), span);
                }
            }
        }
        let mut own = BTreeMap::new();
        if let Some((of_codes, _)) = toml.table(table, "codes") {
            for (code, _) in of_codes.iter() {
                let Some((of, span)) = toml.table(of_codes, code.get_ref()) else { continue };
                toml.known_keys(of, Table::PackCode);
                writings.add(toml, code.get_ref(), Some(code.get_ref()), code.span());
                for title in ["title", "title_zh"] {
                    if let Some((title, span)) = toml.text(of, title) {
                        writings.add(toml, &title, Some(code.get_ref()), span);
                    }
                }
                let life = read_life(toml, code.get_ref(), of, span);
                let (title, title_zh) = (toml.plain_text(of, "title"), toml.plain_text(of, "title_zh"));
                own.insert(codes::normal(code.get_ref()), PackCode { title, title_zh, life });
            }
        }
        let only = toml.flag(table, "only").unwrap_or(false);
        if only && own.is_empty() {
            let help = "add the codes as `[FIELD.codes]`, or remove `only`";
            toml.bad(
                table,
                "only",
                format!("without codes of the pack nothing would be a code of `{name}`"),
                help,
            );
        }
        read.insert(name.to_owned(), PackCodes { writings: writings.codes, codes: own, only });
    }
    read
}

/// The writings of a field's codes while they are read.
#[derive(Default)]
struct Writings {
    /// For each writing its code; empty for words that say that there is none.
    codes: BTreeMap<String, String>,
}

impl Writings {
    fn add(&mut self, toml: &mut Toml<'_>, writing: &str, code: Option<&str>, span: Range<usize>) {
        let (normal, of) = (codes::normal(writing), codes::normal(code.unwrap_or_default()));
        if normal.is_empty() || (code.is_some() && of.is_empty()) {
            let help = "an empty cell is empty without it; remove it";
            return toml.report(Code::BadValue, span, "a code or a writing of one cannot be blank", help);
        }
        let known = self.codes.insert(normal, of.clone());
        if let Some(known) = known.filter(|known| *known != of) {
            let shown = |code: &str| {
                if code.is_empty() { "nothing".to_owned() } else { format!("`{code}`") }
            };
            let title = format!("`{writing}` stands for {} and for {}", shown(&known), shown(&of));
            toml.report(Code::Duplicate, span, title, "case and width do not matter; leave one of them out");
        }
    }
}

/// When a code is in use.
fn read_life(toml: &mut Toml<'_>, code: &str, table: &DeTable<'_>, span: Range<usize>) -> Life {
    let (from, until) = (toml.date(table, "from"), toml.date(table, "until"));
    if let (Some(from), Some(until)) = (from, until)
        && from > until
    {
        let title = format!("`{code}` ends on {until}, before it begins on {from}");
        let mistake = Diagnostic::found(Code::EndsBeforeItBegins, toml.place(span), title, None)
            .note("both days count: from the first to the last")
            .fix(toml.exchanged(table));
        toml.diagnostics.push(mistake);
    }
    Life { from, until }
}

/// Reads `reference/rates.toml`: the currency of the pack, and the rates of others.
pub(crate) fn read_rates(file: &str, text: &str, diagnostics: &mut Diagnostics) -> Option<Money> {
    let document = Document::parse(file, text, None, diagnostics);
    let (mut toml, root) = document.reader(diagnostics);
    let toml = &mut toml;
    toml.known_keys(root, Table::Rates);
    let known = |toml: &mut Toml<'_>, code: &str, span: Range<usize>| {
        let found = codes::table("currency").and_then(|currencies| currencies.find(code));
        match found {
            Some(entry) if entry.code == code => {}
            Some(entry) => {
                let title = format!("`{code}` is not written as ISO 4217 has it");
                toml.report(Code::BadValue, span, title, format!("write `{}`", entry.code));
            }
            None => {
                let title = format!("`{code}` is no currency of ISO 4217");
                toml.report(Code::BadValue, span, title, "write three capital letters, as `USD`");
            }
        }
    };
    let currency = toml.required_text(root, 0..0, "currency", "\"USD\"")?;
    known(toml, &currency, root.get("currency").map_or(0..0, Spanned::span));
    let mut rates: BTreeMap<String, Vec<(Date, f64)>> = BTreeMap::new();
    if let Some((tables, _)) = toml.table(root, "rates") {
        for (code, _) in tables.iter() {
            known(toml, code.get_ref(), code.span());
            if *code.get_ref() == *currency {
                let title = format!("the pack's own currency `{currency}` needs no rate");
                toml.report(Code::BadValue, code.span(), title, "remove it");
            }
            let Some((days, _)) = toml.table(tables, code.get_ref()) else { continue };
            let of = rates.entry(code.get_ref().to_string()).or_default();
            for (day, value) in days.iter() {
                let rate = toml.number(days, day.get_ref());
                match (day.get_ref().parse::<Date>(), rate) {
                    (Ok(day), Some(rate)) if rate > 0.0 && rate.is_finite() => of.push((day, rate)),
                    (Err(_), _) => {
                        let title = format!("`{}` is no day", day.get_ref());
                        toml.report(Code::BadValue, day.span(), title, "write it as \"2016-09-01\"");
                    }
                    (_, Some(_)) => {
                        let help = "write what one unit is worth in the pack's currency";
                        toml.report(Code::BadValue, value.span(), "a rate is above zero", help);
                    }
                    (_, None) => {}
                }
            }
            of.sort_by_key(|(day, _)| *day);
            if let Some(twice) = of.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let title = format!("`{}` has two rates from {}", code.get_ref(), twice[0].0);
                toml.report(Code::Duplicate, code.span(), title, "leave one of them out");
            }
        }
    }
    Some(Money { currency, rates, until: toml.date(root, "until") })
}

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
    toml.require(table, span, "members", format!("the group `{group}` has no `members`"), None);
    let Some(value) = table.get("members") else { return Vec::new() };
    let DeValue::Array(items) = value.get_ref() else {
        toml.wrong_type("members", value, "a list");
        return Vec::new();
    };
    let mut members = Vec::new();
    for item in items.iter() {
        let (code, code_span, Life { from, until }) = match item.get_ref() {
            DeValue::String(code) => (code.as_ref().to_owned(), item.span(), Life::default()),
            DeValue::Table(dated) => {
                toml.known_keys(dated, Table::Member);
                toml.require(dated, item.span(), "code", "`code` is missing", None);
                let Some((code, code_span)) = toml.text(dated, "code") else { continue };
                let life = read_life(toml, &code, dated, item.span());
                (code, code_span, life)
            }
            _ => {
                toml.wrong_type("members", item, "a list of codes in quotes");
                continue;
            }
        };
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
                let help = "use the ISO 3166-1 code of two letters, such as `KE`";
                toml.report(Code::UnknownName, span, format!("there is no country `{code}`"), help);
                return None;
            }
            member(&canonical, false)
        }
        MemberKind::HsPrefix => {
            let digits = CodeList::Hs.canonical(&upper);
            if !is_hs_prefix(&digits) {
                let title = format!("`{code}` is not an HS prefix");
                toml.report(Code::BadValue, span, title, "use 2 to 10 digits");
                return None;
            }
            member(&digits, true)
        }
        MemberKind::Code => {
            let (stem, prefix) = upper.strip_suffix('*').map_or((upper.as_str(), false), |stem| (stem, true));
            if stem.is_empty() {
                toml.report(Code::BadValue, span, "a code cannot be empty", None);
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
