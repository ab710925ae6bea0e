//! The reference of the rule language, generated from what the code takes: keys, fields and functions.
//!
//! The readers of rules, `pack.toml` and reference files accept the keys of the page and no others; fields come from
//! the built-in schema; what the examples of functions give is checked with the interpreter. [`page`] is a document as
//! Markdown, [`find`] gives single entries.
//!
//! ```
//! let found = qingfeng_rules::manual::find("has_word");
//! assert_eq!(found[0].name, "has_word");
//! assert!(found[0].examples.iter().any(|example| example.result.as_deref() == Some("true")));
//! ```

mod page;

use crate::base::markdown::{cells, plain};
use crate::lang::functions as language;
use crate::model::derived::Derived;
use crate::model::keys::Table;
use crate::model::schema::{CodeList, Field, Level, Schema};
pub use page::page;

/// The functions and operators, each with its examples and what they give.
const FUNCTIONS: &str = include_str!("functions.md");

/// A part of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Keys of rules, of `pack.toml` and of reference files.
    Keys,
    /// Fields of the built-in declaration, and those computed from them.
    Fields,
    /// Functions and operators.
    Functions,
}

impl Part {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("keys", Self::Keys), ("fields", Self::Fields), ("functions", Self::Functions)];

    /// The name of its document.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, part)| *part == self).map_or("", |&(name, _)| name)
    }
}

/// Something written, and what it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// As it is written.
    pub source: String,
    /// What it gives on the line of the examples, for formulas.
    pub result: Option<String>,
}

/// One thing of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The part it belongs to.
    pub part: Part,
    /// The section: where a key stands, to what a function belongs.
    pub section: String,
    /// The name, or several parted by blanks.
    pub name: String,
    /// How it is written, where that is not the name.
    pub usage: Option<String>,
    /// What there is to know in a word or two, each with what it is: what it takes, what it gives, its unit.
    pub facts: Vec<(&'static str, String)>,
    /// What it means.
    pub meaning: String,
    /// Examples; of formulas with what they give.
    pub examples: Vec<Example>,
}

impl Entry {
    /// Whether it is called so.
    pub fn is_called(&self, name: &str) -> bool {
        let plain = |text: &str| text.trim_start_matches('.').to_owned();
        self.name == name || self.name.split(' ').any(|known| known == name || plain(known) == name)
    }
}

/// The line that the examples of functions are about: each field with its value. All other fields are missing.
pub fn example_line() -> Vec<(String, String)> {
    let head = FUNCTIONS.split("\n## ").next().unwrap_or_default();
    let rows = head.lines().filter_map(cells).skip(1);
    rows.filter_map(|row| {
        Some((plain(row.first()?).strip_prefix("d.")?.to_owned(), plain(row.get(1)?).to_owned()))
    })
    .collect()
}

/// All entries of a part, in the order of its document.
pub fn entries(part: Part) -> Vec<Entry> {
    match part {
        Part::Keys => key_entries(),
        Part::Fields => field_entries(),
        Part::Functions => function_entries(),
    }
}

/// The entries of this name, of all parts.
pub fn find(name: &str) -> Vec<Entry> {
    let all = Part::ALL.into_iter().flat_map(|(_, part)| entries(part));
    all.filter(|entry| entry.is_called(name)).collect()
}

fn key_entries() -> Vec<Entry> {
    let of_table = |&(table, title): &(Table, &'static str)| {
        table.rows().iter().map(move |row| Entry {
            part: Part::Keys,
            section: title.to_owned(),
            name: row.name.clone(),
            usage: None,
            facts: vec![("takes", row.takes.clone()), ("left out", row.default.clone())],
            meaning: row.meaning.clone(),
            examples: vec![Example { source: row.example.clone(), result: None }],
        })
    };
    Table::ALL.iter().flat_map(of_table).collect()
}

const SECTION_OF_DERIVED: &str = "Derived fields";

fn field_entries() -> Vec<Entry> {
    let schema = Schema::export();
    let levels = [(Level::Header, "Fields of the declaration"), (Level::Item, "Fields of each goods line")];
    let mut entries = Vec::new();
    for (level, section) in levels {
        let fields = schema.fields().iter().filter(|field| field.level == level);
        entries.extend(fields.map(|field| field_entry(&schema, field, section)));
    }
    let derived = schema.derived();
    entries.extend(derived.map(|derived| Entry {
        part: Part::Fields,
        section: SECTION_OF_DERIVED.to_owned(),
        name: derived.name().to_owned(),
        usage: Some(format!("d.{}", derived.name())),
        facts: vec![
            ("kind", derived.kind().name().to_owned()),
            ("formula", derived.title().to_owned()),
            ("missing where", missing_where(derived).to_owned()),
        ],
        meaning: String::new(),
        examples: Vec::new(),
    }));
    entries
}

fn missing_where(derived: Derived) -> &'static str {
    match derived {
        Derived::UnitValue | Derived::UnitMass | Derived::ValuePerKg => {
            "a side is missing, or the divisor is zero"
        }
        Derived::Hs2 | Derived::Hs4 | Derived::Hs6 => "the code is missing or shorter",
        Derived::ItemCount => "never",
        Derived::DeclarationValue | Derived::DeclarationNetKg | Derived::DeclarationQuantity => {
            "no line of the declaration has one"
        }
        Derived::HsInForce => "the code or the day is missing, or the code is none",
        Derived::LegalUnitFits => "the code or the unit is missing, or nothing is known of one of them",
        _ => "the code or the day is missing, or neither list nor pack has it",
    }
}

fn field_entry(schema: &Schema, field: &Field, section: &str) -> Entry {
    let mut facts = vec![("kind", field.kind.name().to_owned())];
    let is_counted = schema.item == schema.field(&field.name);
    let presence = match (field.required, is_counted) {
        (true, _) => "always there: a line without it is rejected",
        (false, true) => "always there: counted where it is not given",
        (false, false) => "perhaps missing",
    };
    facts.push(("presence", presence.to_owned()));
    facts.extend(field.unit.iter().map(|unit| ("unit", unit.clone())));
    let codes = field.codes.map(|codes| match codes {
        CodeList::Country => "countries, ISO 3166-1; three letters become two letters".to_owned(),
        CodeList::CountryIsoNumeric => {
            "countries, ISO 3166-1; three letters and its numbers become two letters".to_owned()
        }
        CodeList::CountryGac => {
            "countries, ISO 3166-1; three letters and the numbers of China Customs until August 2018 become two letters"
                .to_owned()
        }
        CodeList::Hs => "HS, digits; dots and blanks are removed".to_owned(),
        CodeList::Party => "none; of a name and a code in one cell the code is read".to_owned(),
        CodeList::Table(name) => format!("the list `{name}`; names and other writings become codes"),
    });
    facts.extend(codes.map(|codes| ("codes", codes)));
    facts.extend(field.min.map(|min| ("at least", min.to_string())));
    facts.extend(field.max.map(|max| ("at most", max.to_string())));
    facts.extend(field.title_zh.iter().map(|title| ("Chinese", title.clone())));
    facts.push(("headers", field.columns.join(", ")));
    Entry {
        part: Part::Fields,
        section: section.to_owned(),
        name: field.name.clone(),
        usage: Some(format!("d.{}", field.name)),
        facts,
        meaning: field.title.clone(),
        examples: Vec::new(),
    }
}

fn function_entries() -> Vec<Entry> {
    let sections = FUNCTIONS.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    sections
        .flat_map(|(section, text)| text.split("\n### ").skip(1).filter_map(|text| function(section, text)))
        .collect()
}

fn function(section: &str, text: &str) -> Option<Entry> {
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let (name, meaning) = (lines.next()?, lines.next()?);
    let facts = ["takes", "gives"].map(|name| {
        let fact =
            lines.next().and_then(|line| line.strip_prefix("- ")?.strip_prefix(name)?.strip_prefix(": "));
        (name, fact.unwrap_or_default().to_owned())
    });
    let examples = lines.filter_map(cells).skip(1).map(|row| Example {
        source: row.first().map_or("", |formula| plain(formula)).to_owned(),
        result: row.get(1).map(|result| plain(result).to_owned()),
    });
    Some(Entry {
        part: Part::Functions,
        section: section.to_owned(),
        name: name.to_owned(),
        usage: usage(name),
        facts: facts.into(),
        meaning: meaning.to_owned(),
        examples: examples.collect(),
    })
}

/// How a function is written, as messages say it.
fn usage(name: &str) -> Option<String> {
    let closures =
        language::CLOSURE_FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, usage)| *usage);
    let lookups = match name {
        "listed" => Some("d.listed(\"table\")"),
        "lookup" => Some("d.lookup(\"table\").column"),
        _ => None,
    };
    language::find(name).map(|function| function.usage).or(closures).or(lookups).map(str::to_owned)
}

#[cfg(test)]
mod tests;
