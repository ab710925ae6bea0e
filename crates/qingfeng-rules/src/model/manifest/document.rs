//! A file of TOML, read with places: every mistake in it is collected.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Fix, Help, Place, rewrite_day};
use crate::model::derived::FieldRef;
use crate::model::keys::Table;
use crate::model::schema::{FieldId, Kind, Schema};

/// Reads one TOML file and collects every mistake in it.
pub(crate) struct Toml<'a> {
    pub(crate) file: Arc<str>,
    pub(crate) diagnostics: &'a mut Diagnostics,
    /// The code of all mistakes in it, where they have one code.
    code: Option<Code>,
}

pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

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
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        Place { file: self.file.clone(), span }
    }

    pub(crate) fn report(
        &mut self,
        code: Code,
        span: Range<usize>,
        title: impl Into<String>,
        help: impl Into<Help>,
    ) {
        let code = self.code.unwrap_or(code);
        self.diagnostics.push(Diagnostic::found(code, self.place(span), title, help));
    }

    /// Reports a value that is given and not allowed.
    pub(crate) fn bad(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        title: impl Into<String>,
        help: impl Into<Help>,
    ) {
        if let Some(value) = table.get(key) {
            self.report(Code::BadValue, value.span(), title, help);
        }
    }

    /// Reports a key that is not given.
    pub(crate) fn require(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        key: &str,
        title: impl Into<String>,
        help: impl Into<Help>,
    ) {
        if table.get(key).is_none() {
            self.report(Code::MissingKey, span, title, help);
        }
    }

    /// Whether a name is one of those that there are; another is reported.
    pub(crate) fn is_known<'n>(
        &mut self,
        name: &str,
        span: Range<usize>,
        title: String,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) -> bool {
        let found = known.clone().into_iter().any(|known| known == name);
        if !found {
            self.unknown(Code::UnknownName, span, title, name, known);
        }
        found
    }

    pub(crate) fn written(&self, span: &Range<usize>) -> String {
        let text = self.diagnostics.sources.text(&self.file);
        text.and_then(|text| text.get(span.clone())).unwrap_or("").to_owned()
    }

    /// Reports a name that nothing has, with those that there are.
    pub(crate) fn unknown<'n>(
        &mut self,
        code: Code,
        span: Range<usize>,
        title: String,
        written: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) {
        let source = self.written(&span);
        let mistake = Diagnostic::found(self.code.unwrap_or(code), self.place(span), title, None);
        self.diagnostics.push(mistake.respelt(&source, written, known));
    }

    pub(crate) fn wrong_type(&mut self, key: &str, value: &Value<'_>, expected: &str) {
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
        let code = self.code.unwrap_or(Code::WrongType);
        self.diagnostics.push(Diagnostic::found(code, place, title, None).fix(fix));
    }

    /// The first and the last day of a member exchanged.
    pub(crate) fn exchanged(&self, dated: &DeTable<'_>) -> Option<Fix> {
        let (first, last) = (dated.get("from")?.span(), dated.get("until")?.span());
        let (from, until) = (self.written(&first), self.written(&last));
        Some(Fix::suggested("exchange the two days", self.place(first), until).and(self.place(last), from))
    }

    pub(crate) fn known_keys(&mut self, table: &DeTable<'_>, known: Table) {
        for (key, _) in table.iter() {
            let name = key.get_ref().as_ref();
            if !known.has(name) {
                let title = format!("unknown key `{name}`");
                self.unknown(Code::UnknownKey, key.span(), title, name, known.names());
            }
        }
    }

    pub(crate) fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.as_ref().to_owned(), value.span())),
            _ => {
                self.wrong_type(key, value, "a text");
                None
            }
        }
    }

    pub(crate) fn required_text(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        key: &str,
        example: &str,
    ) -> Option<String> {
        self.require(table, span, key, format!("`{key}` is missing"), format!("add `{key} = {example}`"));
        self.plain_text(table, key)
    }

    pub(crate) fn plain_text(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        self.text(table, key).map(|(text, _)| text)
    }

    pub(crate) fn integer(&mut self, table: &DeTable<'_>, key: &str) -> Option<i64> {
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

    pub(crate) fn number(&mut self, table: &DeTable<'_>, key: &str) -> Option<f64> {
        self.number_of(key, table.get(key)?)
    }

    /// A value of a key as a number.
    pub(crate) fn number_of(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<f64> {
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

    pub(crate) fn flag(&mut self, table: &DeTable<'_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong_type(key, value, "true or false");
                None
            }
        }
    }

    pub(crate) fn table<'t>(
        &mut self,
        table: &'t DeTable<'_>,
        key: &str,
    ) -> Option<(&'t DeTable<'t>, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some((inner, value.span())),
            _ => {
                self.wrong_type(key, value, "a table");
                None
            }
        }
    }

    /// The tables of a list, each with its place, their keys looked over.
    pub(crate) fn tables<'t>(
        &mut self,
        table: &'t DeTable<'_>,
        key: &str,
        most: usize,
        keys: Table,
    ) -> Vec<(&'t DeTable<'t>, Range<usize>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let expected = format!("a list of tables: write `{}`", keys.heading());
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, &expected);
            return Vec::new();
        };
        if items.len() > most {
            let title = format!("{} tables `{key}` are more than the {most} there can be", items.len());
            self.report(Code::BadValue, value.span(), title, "take some out");
            return Vec::new();
        }
        let mut tables = Vec::with_capacity(items.len());
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(inner) => {
                    self.known_keys(inner, keys);
                    tables.push((inner, item.span()));
                }
                _ => self.wrong_type(key, item, &expected),
            }
        }
        tables
    }

    pub(crate) fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Vec<(String, Range<usize>)> {
        table.get(key).map_or_else(Vec::new, |value| self.texts_of(key, value))
    }

    /// The texts of a list.
    pub(crate) fn texts_of(&mut self, key: &str, value: &Value<'_>) -> Vec<(String, Range<usize>)> {
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

    pub(crate) fn date(&mut self, table: &DeTable<'_>, key: &str) -> Option<Date> {
        let (text, span) = self.text(table, key)?;
        let date = text.parse().ok();
        if date.is_none() {
            let title = format!("`{text}` is not a day of the calendar");
            let (place, source) = (self.place(span.clone()), self.written(&span));
            let fix = rewrite_day(&source, &text, &place);
            let help = format!("write `{key} = \"2016-09-06\"`");
            self.diagnostics.push(Diagnostic::found(Code::BadValue, place, title, help).fix(fix));
        }
        date
    }

    pub(crate) fn choice<T: Copy>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let (text, span) = self.text(table, key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|&(_, value)| value);
        if found.is_none() {
            let known = choices.iter().map(|(name, _)| *name);
            self.unknown(Code::BadValue, span, format!("`{key}` cannot be `{text}`"), &text, known);
        }
        found
    }

    pub(crate) fn field(&mut self, schema: &Schema, text: &str, span: Range<usize>) -> Option<FieldId> {
        let found = schema.field(text);
        if found.is_none() {
            let known = schema.fields().iter().map(|field| field.name.as_str());
            self.unknown(Code::UnknownField, span, format!("the schema has no field `{text}`"), text, known);
        }
        found
    }

    /// As [`field`](Self::field), derived fields included.
    pub(crate) fn known_field(
        &mut self,
        schema: &Schema,
        text: &str,
        span: Range<usize>,
    ) -> Option<(FieldRef, Kind)> {
        let found = schema.known_field(text);
        if found.is_none() {
            let title = format!("there is no field `{text}`");
            self.unknown(Code::UnknownField, span, title, text, schema.known_names());
        }
        found
    }

    pub(crate) fn field_at(&mut self, schema: &Schema, table: &DeTable<'_>, key: &str) -> Option<FieldId> {
        let (text, span) = self.text(table, key)?;
        self.field(schema, &text, span)
    }
}

/// A file of TOML with the places of all that is in it.
pub(crate) struct Document<'t> {
    file: Arc<str>,
    code: Option<Code>,
    pub(super) root: Spanned<DeTable<'t>>,
    pub(super) is_whole: bool,
}

impl<'t> Document<'t> {
    /// Reads a file whose mistakes have this code, or each its own.
    pub(crate) fn parse(
        file: &str,
        text: &'t str,
        code: Option<Code>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let is_whole = errors.is_empty();
        let file: Arc<str> = file.into();
        for error in errors {
            let place = Place { file: file.clone(), span: error.span().unwrap_or(0..0) };
            let title = format!("not TOML: {}", error.message().trim().replace('\n', ", "));
            diagnostics.push(Diagnostic::found(code.unwrap_or(Code::TomlSyntax), place, title, None));
        }
        Self { file, code, root, is_whole }
    }

    pub(crate) fn reader<'d>(&self, diagnostics: &'d mut Diagnostics) -> (Toml<'d>, &DeTable<'t>) {
        (Toml { file: self.file.clone(), diagnostics, code: self.code }, self.root.get_ref())
    }
}
