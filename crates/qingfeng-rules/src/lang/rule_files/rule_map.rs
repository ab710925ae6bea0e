//! The map of a call of `rule`, read key by key.

use std::collections::BTreeSet;
use std::ops::Range;

use rhai::{Dynamic, FnPtr};

use crate::base::limits;
use crate::base::value::Date;
use crate::diagnostic::{Code, Fix, Help, quote_numbers, rewrite_day};
use crate::lang::rule::{Closure, KeyValue, Points, Rule, Status};
use crate::lang::syntax::constant_of;
use crate::lang::types::{Base, Type};
use crate::lang::typing::compared_with_true;
use crate::model::channel::{ChannelId, by_name};
use crate::model::keys::Table;
use crate::model::manifest::is_hs_prefix;
use crate::model::reference::{Group, Key, Reference};
use crate::model::schema::{CodeList, Schema};

use super::{File, Registration, result_span};

pub(super) struct RuleMap<'r, 'f> {
    pub(super) file: &'r mut File<'f>,
    pub(super) call: &'r Registration,
    pub(super) map: &'r rhai::Map,
    pub(super) id: &'r str,
    pub(super) computed: &'r [(String, Type, bool)],
    pub(super) patterns: &'r mut BTreeSet<String>,
}

impl RuleMap<'_, '_> {
    pub(super) fn read(&mut self, id_place: Range<usize>) -> Rule {
        for key in self.map.keys() {
            if !Table::Rule.has(key) {
                let (place, _) = self.file.key_place(self.call, key);
                let title = format!("a rule has no key `{key}`");
                self.file.unknown(Code::UnknownKey, place, title, key, Table::Rule.names());
            }
        }
        let [title, title_zh] = ["title", "title_zh"].map(|key| {
            let title = self.text(key)?;
            if title.trim().is_empty() {
                let mistake = format!("the rule `{}` has an empty `{key}`", self.id);
                self.report(Code::BadValue, key, mistake, "say what an officer reads when it fires");
            }
            Some(title)
        });
        if !self.map.contains_key("title") {
            let title = format!("the rule `{}` has no `title`", self.id);
            let help = "add `title: \"what an officer reads when it fires\"`";
            self.file.report(Code::MissingKey, id_place.clone(), title, help);
        }
        let (from, until) = (self.date("from"), self.date("until"));
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            let (_, place) = self.file.key_place(self.call, "until");
            let title = format!("the rule `{}` ends on {until}, before it begins on {from}", self.id);
            let fix = self.exchanged("from", "until");
            let mistake = self.file.mistake(Code::EndsBeforeItBegins, place, title, None);
            let mistake = mistake.note("both days count: from the first to the last").fix(fix);
            self.file.push(mistake);
        }
        Rule {
            id: self.id.to_owned(),
            title: title.unwrap_or_default(),
            title_zh,
            place: self.file.place(id_place),
            region: self.key(Key::Region),
            commodity: self.key(Key::Commodity),
            mode: self.key(Key::Mode),
            site: self.key(Key::Site),
            from,
            until,
            status: self.choice("status", &Status::ALL).unwrap_or(Status::Active),
            when: self.when(),
            points: self.points(),
            reason: self.reason(),
            at_least: self.channel("at_least"),
            at_most: self.channel("at_most"),
            basis: self.text("basis"),
            owner: self.text("owner"),
            tags: self.texts("tags").into_iter().collect(),
        }
    }

    /// Reports a value.
    fn report(&mut self, code: Code, key: &str, title: impl Into<String>, help: impl Into<Help>) {
        let (_, place) = self.file.key_place(self.call, key);
        self.file.report(code, place, title, help);
    }

    fn value(&self, key: &str) -> Option<&Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit())
    }

    /// The values of two keys exchanged, if both are texts that are written out.
    fn exchanged(&self, first: &str, second: &str) -> Option<Fix> {
        let [first, second] = [first, second].map(|key| self.file.key_place(self.call, key).1);
        let source = |span: &Range<usize>| self.file.translator.source.slice(span.clone()).to_owned();
        let (a, b) = (source(&first), source(&second));
        let are_texts =
            [&a, &b].iter().all(|text| text.len() > 2 && text.starts_with('"') && text.ends_with('"'));
        are_texts.then(|| {
            Fix::suggested("exchange the two days", self.file.place(first), b).and(self.file.place(second), a)
        })
    }

    fn wrong_type(&mut self, key: &str, expected: &str) {
        let (_, place) = self.file.key_place(self.call, key);
        let given = self
            .map
            .get(key)
            .and_then(constant_of)
            .map_or_else(|| "a value".to_owned(), |value| Type::of_constant(&value).to_string());
        let given = if given == "a list" { "a list of other values".to_owned() } else { given };
        let title = format!("`{key}` must be {expected}, not {given}");
        let fix = match key {
            "region" | "commodity" | "mode" | "site" => {
                let source = self.file.translator.source.slice(place.clone());
                quote_numbers(source, &self.file.place(place.clone()))
            }
            "score" => {
                let source = self.file.translator.source.slice(place.clone());
                let inside = source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                let points = inside.filter(|inside| inside.parse::<i64>().is_ok());
                points.map(|points| {
                    Fix::safe(format!("write `{points}`"), self.file.place(place.clone()), points)
                })
            }
            _ => None,
        };
        let mistake = self.file.mistake(Code::WrongType, place, title, None).fix(fix);
        self.file.push(mistake);
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.value(key)?.clone().into_string() {
            Ok(text) => Some(text),
            Err(_) => {
                self.wrong_type(key, "a text");
                None
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        if let Ok(text) = value.clone().into_string() {
            return vec![text];
        }
        let texts: Option<Vec<String>> = value
            .as_array_ref()
            .ok()
            .and_then(|items| items.iter().map(|item| item.clone().into_string().ok()).collect());
        texts.unwrap_or_else(|| {
            self.wrong_type(key, "a list of texts");
            Vec::new()
        })
    }

    fn date(&mut self, key: &str) -> Option<Date> {
        if let Some(date) = self.value(key)?.read_lock::<Date>() {
            return Some(*date);
        }
        let text = self.text(key)?;
        let date = text.parse().ok();
        if date.is_none() {
            let (_, place) = self.file.key_place(self.call, key);
            let help = format!("write `{key}: \"2016-09-06\"`");
            let source = self.file.translator.source.slice(place.clone());
            let fix = rewrite_day(source, &text, &self.file.place(place.clone()));
            let title = format!("`{text}` is not a day of the calendar");
            let mistake = self.file.mistake(Code::BadValue, place, title, help).fix(fix);
            self.file.push(mistake);
        }
        date
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|&(_, value)| value);
        if found.is_none() {
            let (_, place) = self.file.key_place(self.call, key);
            let known = choices.iter().map(|(name, _)| *name);
            self.file.unknown(Code::UnknownName, place, format!("`{key}` cannot be `{text}`"), &text, known);
        }
        found
    }

    fn channel(&mut self, key: &str) -> Option<ChannelId> {
        self.choice(key, &by_name(self.file.environment.channels))
    }

    fn key(&mut self, key: Key) -> Vec<KeyValue> {
        let names = self.texts(key.name());
        let environment = self.file.environment;
        let keys = &environment.schema.keys;
        let field = match key {
            Key::Region => keys.region,
            Key::Commodity => keys.commodity,
            Key::Mode => keys.mode,
            Key::Site => keys.site.first().map(|&(_, field)| field),
        };
        if !names.is_empty() && field.is_none() {
            let (place, _) = self.file.key_place(self.call, key.name());
            let title = format!("the schema says of no field that `{}` is compared with it", key.name());
            let help = format!("name one in `pack.toml`, under `[keys]`, as `{}`", key.name());
            self.file.report(Code::UnknownName, place, title, help);
            return Vec::new();
        }
        // An empty list would fit every line; who writes one means something else.
        if names.is_empty()
            && self.value(key.name()).is_some_and(|value| value.is_array())
            && self.file.diagnostics.errors() == 0
        {
            let title = format!("`{}` is an empty list", key.name());
            let help = format!("leave `{}` out to mean any, or name something", key.name());
            self.report(Code::BadValue, key.name(), title, help);
        }
        names.iter().filter_map(|name| self.key_value(key, name)).collect()
    }

    fn key_value(&mut self, key: Key, name: &str) -> Option<KeyValue> {
        let environment = self.file.environment;
        if let Some(value) = key_value(environment.schema, environment.reference, key, name) {
            return Some(value);
        }
        let (_, place) = self.file.key_place(self.call, key.name());
        let place = self.element_place(place, name);
        let groups = environment.reference.groups(key);
        let kinds =
            environment.schema.keys.site.iter().map(|(kind, _)| kind.as_str()).filter(|_| key == Key::Site);
        let known = groups.iter().map(|group| group.name.as_str()).chain(kinds);
        let (what, file, code) = match key {
            Key::Region => ("region", "regions", "a country code"),
            Key::Commodity => ("goods group", "commodities", "an HS prefix"),
            Key::Mode => ("group of trade modes", "modes", "a mode code in it"),
            Key::Site => ("site", "sites", "a kind of site"),
        };
        let title = format!("`{name}` is neither a {what} of `reference/{file}.toml` nor {code}");
        self.file.unknown(Code::UnknownName, place, title, name, known);
        None
    }

    /// The place of one text in a list that is written out from `place` on.
    fn element_place(&self, place: Range<usize>, text: &str) -> Range<usize> {
        let source = self.file.translator.source.slice(place.clone());
        let quoted = format!("\"{text}\"");
        match source.find(&quoted) {
            Some(at) => place.start + at..place.start + at + quoted.len(),
            None => place,
        }
    }

    fn closure(&mut self, key: &str) -> Option<(Type, Closure)> {
        let pointer = self.value(key)?.clone().try_cast::<FnPtr>()?;
        let checked = self.file.check(pointer, self.computed, self.patterns);
        if checked.is_none() {
            let title = format!("the closure of `{key}` takes the goods line and nothing else");
            self.report(Code::WrongType, key, title, "write `|d| ...`");
        }
        checked
    }

    fn when(&mut self) -> Option<Closure> {
        if !self.value("when")?.is::<FnPtr>() {
            self.wrong_type("when", "a closure `|d| ...`");
            return None;
        }
        let (ty, closure) = self.closure("when")?;
        let span = result_span(&closure.body);
        if !ty.fits(&Base::Flag) || ty.base == Base::Missing {
            let title = format!("`when` must give a flag, and gives {ty}");
            self.file.report(Code::TypeMismatch, span, title, None);
        } else if ty.base == Base::Flag && ty.missing {
            let text = closure.body.to_string();
            let help = format!("write `{text} == true`, or `{text} ?? false`");
            let title = "`when` must give a flag, and this may be missing";
            let fix = compared_with_true(&closure.body, &self.file.place(span.clone()));
            let mistake = self.file.mistake(Code::TypeMismatch, span, title, help).fix(fix);
            self.file.push(mistake);
        }
        Some(closure)
    }

    fn points(&mut self) -> Points {
        let fixed = Points::Fixed(0);
        let Some(value) = self.value("score") else { return fixed };
        if value.is::<FnPtr>() {
            let Some((ty, closure)) = self.closure("score") else { return fixed };
            let span = result_span(&closure.body);
            if !ty.fits(&Base::Integer) || ty.base == Base::Missing {
                let title = format!("`score` must give whole points, and gives {ty}");
                let help = (ty.base == Base::Number).then(|| "round it: `(...).round().to_int()`".to_owned());
                self.file.report(Code::TypeMismatch, span, title, help);
            } else if ty.base == Base::Integer && ty.missing {
                let title = "`score` must give whole points, and this may be missing";
                self.file.report(Code::TypeMismatch, span, title, "write `(...) ?? 0`");
            }
            return Points::Computed(closure);
        }
        match value.as_int() {
            Ok(points) if points.unsigned_abs() <= limits::POINTS_MAX.unsigned_abs() => Points::Fixed(points),
            Ok(points) => {
                let title =
                    format!("{points} points are more than the {} that a rule can give", limits::POINTS_MAX);
                self.report(Code::BadValue, "score", title, None);
                fixed
            }
            Err(_) => {
                self.wrong_type("score", "whole points, or a closure `|d| ...` that gives them");
                fixed
            }
        }
    }

    fn reason(&mut self) -> Option<Closure> {
        if !self.value("reason")?.is::<FnPtr>() {
            self.wrong_type("reason", "a closure ``|d| `...` ``");
            return None;
        }
        let (ty, closure) = self.closure("reason")?;
        if !ty.fits(&Base::Text) {
            let title = format!("`reason` must give a text, and gives {ty}");
            let help = "write it in back quotes: `` `... ${value}` ``";
            self.file.report(Code::TypeMismatch, result_span(&closure.body), title, help);
        }
        Some(closure)
    }
}

/// What a name in a key of rules stands for, by the schema and the reference data of a pack; `None` where it is an error.
pub(crate) fn key_value(schema: &Schema, reference: &Reference, key: Key, name: &str) -> Option<KeyValue> {
    let groups = reference.groups(key);
    if let Some(at) = groups.iter().position(|group| group.name == name) {
        return Some(KeyValue::Group(at));
    }
    let upper = name.trim().to_uppercase();
    let site_kinds = &schema.keys.site;
    match key {
        Key::Region => {
            let is_country =
                schema.keys.region.is_some_and(|field| schema[field].codes.is_some_and(CodeList::is_country));
            let code = CodeList::Country.canonical(&upper);
            if is_country && CodeList::Country.knows(&code) {
                return Some(KeyValue::Code(code.into_owned()));
            }
            if !is_country && is_member(groups, &upper) {
                return Some(KeyValue::Code(upper));
            }
        }
        Key::Commodity => {
            let digits = CodeList::Hs.canonical(&upper);
            if is_hs_prefix(&digits) {
                return Some(KeyValue::Code(digits.into_owned()));
            }
        }
        // A mode without a group of its own is known if any group lists it.
        Key::Mode => {
            if is_member(groups, &upper) || (groups.is_empty() && !upper.is_empty()) {
                return Some(KeyValue::Code(upper));
            }
        }
        Key::Site => {
            if site_kinds.iter().any(|(kind, _)| kind == name) {
                return Some(KeyValue::SiteKind(name.to_owned()));
            }
            if is_member(groups, &upper) {
                return Some(KeyValue::Code(upper));
            }
        }
    }
    None
}

fn is_member(groups: &[Group], code: &str) -> bool {
    groups.iter().flat_map(|group| &group.members).any(|member| member.has(code))
}
