//! Schemas: which fields a declaration has, of which kind, and under which headers files name them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::base::countries;

/// The kind of values a field holds. It decides the field's type in rules and its Arrow type in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Free text as people write it; blanks around it are removed.
    Text,
    /// A code: text without blanks around it, in upper case.
    Code,
    /// A whole number of 64 bits.
    Integer,
    /// A finite number of 64 bits.
    Number,
    /// True or false.
    Flag,
    /// A calendar day.
    Date,
}

impl Kind {
    /// All kinds, as `pack.toml` names them.
    pub const ALL: [(&'static str, Self); 6] = [
        ("text", Self::Text),
        ("code", Self::Code),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("flag", Self::Flag),
        ("date", Self::Date),
    ];

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, kind)| kind)
    }

    /// The name of this kind in `pack.toml`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |&(name, _)| name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a field belongs to the whole declaration or to one of its goods lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The declaration; in a flat table the value is repeated on each line.
    Header,
    /// One goods line.
    Item,
}

/// A code list with writings of its own, brought to one form when a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeList {
    /// ISO 3166-1: alpha-2 inside; alpha-3 and numeric codes are accepted.
    Country,
    /// Harmonized System: digits; dots and blanks between them are removed.
    Hs,
}

impl CodeList {
    /// The code in the form that rules see. A code that the list does not have is kept as it is: unknown
    /// codes are data.
    pub fn canonical(self, code: &str) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Country => countries::country(code)
                .map_or(code.into(), |country| std::borrow::Cow::Borrowed(country.alpha2)),
            Self::Hs if code.contains(['.', ' ']) => code.replace(['.', ' '], "").into(),
            Self::Hs => code.into(),
        }
    }

    /// Whether the code, in its canonical form, is one of the list: a country of ISO 3166-1, or an HS code of
    /// 6 to 13 digits, an even number of them or 13 (an odd number is the trace of a lost leading zero).
    pub fn knows(self, code: &str) -> bool {
        match self {
            Self::Country => code.len() == 2 && countries::country(code).is_some(),
            Self::Hs => {
                matches!(code.len(), 6 | 8 | 10 | 12 | 13) && code.bytes().all(|byte| byte.is_ascii_digit())
            }
        }
    }
}

/// One field of a schema.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// The name in rules, in tables and in JSON.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it belongs to the declaration or to a goods line.
    pub level: Level,
    /// A line without it is rejected.
    pub required: bool,
    /// The unit of its values, if they have one.
    pub unit: Option<String>,
    /// What people read, in English.
    pub title: String,
    /// What people read, in Chinese.
    pub title_zh: Option<String>,
    /// Headers accepted in files besides the name. Case, width, blanks and punctuation do not matter.
    pub columns: Vec<String>,
    /// The code list of a `code` field.
    pub codes: Option<CodeList>,
    /// The smallest value accepted; a line with a smaller one is rejected.
    pub min: Option<f64>,
    /// The largest value accepted; a line with a larger one is rejected.
    pub max: Option<f64>,
}

/// The position of a field in its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u16);

impl FieldId {
    /// The position as an index.
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// The fields of a declaration, and which of them identify a line and supply the keys of rules.
///
/// ```
/// use qingfeng_rules::{Kind, Schema};
/// let schema = Schema::export();
/// let hs = schema.field_of_header("商品编号").unwrap();
/// assert_eq!(schema[hs].name, "hs");
/// assert_eq!(schema[hs].kind, Kind::Code);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    fields: Vec<Field>,
    by_name: BTreeMap<String, FieldId>,
    by_header: BTreeMap<String, FieldId>,
    /// The field with the declaration's id.
    pub declaration: FieldId,
    /// The field with the line's number; lines are counted where it is missing.
    pub item: Option<FieldId>,
    /// The field with the declaration's own date, by which validities are judged.
    pub date: Option<FieldId>,
    /// The fields that the keys of rules read.
    pub keys: Keys,
}

/// Which fields the keys of a rule (`region`, `commodity`, `mode`, `site`) read.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Keys {
    /// The field compared with `region`.
    pub region: Option<FieldId>,
    /// The field compared with `commodity`.
    pub commodity: Option<FieldId>,
    /// The field compared with `mode`.
    pub mode: Option<FieldId>,
    /// For each kind of site the field in which its members are looked up, in the order of the kinds' names.
    pub site: Vec<(String, FieldId)>,
    /// The field in which the declaration itself states a kind of site.
    pub site_kind: Option<FieldId>,
}

impl std::ops::Index<FieldId> for Schema {
    type Output = Field;

    fn index(&self, id: FieldId) -> &Field {
        &self.fields[id.index()]
    }
}

/// Two fields claim one name or one header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header `{header}` is claimed by the fields `{first}` and `{second}`")]
pub struct HeaderClash {
    /// The header or name.
    pub header: String,
    /// The field that had it first.
    pub first: String,
    /// The field that claims it too.
    pub second: String,
}

impl Schema {
    /// A schema with these fields; `declaration` names the field with the declaration's id and must be one of
    /// them. Keys are left empty.
    ///
    /// # Errors
    ///
    /// Two fields with one name or one header.
    pub fn new(fields: Vec<Field>, declaration: FieldId) -> Result<Self, HeaderClash> {
        let mut by_name = BTreeMap::new();
        let mut by_header: BTreeMap<String, FieldId> = BTreeMap::new();
        let clash = |header: &str, first: FieldId, second: &Field| HeaderClash {
            header: header.to_owned(),
            first: fields[first.index()].name.clone(),
            second: second.name.clone(),
        };
        for (at, field) in fields.iter().enumerate() {
            let id = FieldId(at as u16);
            if let Some(first) = by_name.insert(field.name.clone(), id) {
                return Err(clash(&field.name, first, field));
            }
            for header in std::iter::once(&field.name).chain(&field.columns) {
                match by_header.insert(normal_header(header), id) {
                    Some(first) if first != id => return Err(clash(header, first, field)),
                    _ => {}
                }
            }
        }
        Ok(Self { fields, by_name, by_header, declaration, item: None, date: None, keys: Keys::default() })
    }

    /// All fields, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The ids of all fields, in order.
    pub fn ids(&self) -> impl Iterator<Item = FieldId> + use<> {
        (0..self.fields.len() as u16).map(FieldId)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.by_name.get(name).copied()
    }

    /// The field that a file's column with this header fills: by its name or one of its accepted headers.
    /// Case, width, blanks and punctuation do not matter.
    pub fn field_of_header(&self, header: &str) -> Option<FieldId> {
        self.by_header.get(&normal_header(header)).copied()
    }
}

/// A header as it is compared: compatibility forms, lower case, letters and digits only.
fn normal_header(header: &str) -> String {
    header.nfkc().flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests;
