//! Schemas: which fields a declaration has, of which kind, and under which headers files name them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::base::codes::{self, CodeTable};
use crate::base::countries::{self, Numbers};
use crate::base::zone::Zone;
use crate::model::boxes::{BOXES, Part};
use crate::model::money::Money;
use crate::model::reference::{Group, Member, Reference};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeList {
    /// ISO 3166-1: alpha-2 inside; alpha-3 codes are accepted. Numbers from 100 on are not, for it is not said which list
    /// they are from.
    Country,
    /// The same, and numbers of ISO 3166-1 are accepted.
    CountryIsoNumeric,
    /// The same, and the numbers that China Customs had until August 2018 are accepted.
    CountryGac,
    /// Harmonized System: digits; dots and blanks between them are removed.
    Hs,
    /// Traders and agents. There is no list; of a name and a code in one cell the code is read.
    Party,
    /// A list of [`codes`] by its name; names and other writings become codes.
    Table(&'static str),
}

impl Serialize for CodeList {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl CodeList {
    /// The list of this name in packs.
    pub fn from_name(name: &str) -> Option<Self> {
        let own = [Self::Country, Self::CountryIsoNumeric, Self::CountryGac, Self::Hs, Self::Party];
        let of_table = || codes::NAMES.iter().find(|known| **known == name).map(|name| Self::Table(name));
        own.into_iter().find(|list| list.name() == name).or_else(of_table)
    }

    /// The names of all lists.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ["country", "country-iso-numeric", "country-gac", "hs", "party"]
            .into_iter()
            .chain(codes::NAMES.iter().copied())
    }

    /// Its name in packs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::CountryIsoNumeric => "country-iso-numeric",
            Self::CountryGac => "country-gac",
            Self::Hs => "hs",
            Self::Party => "party",
            Self::Table(name) => name,
        }
    }

    /// Whether its codes are countries.
    pub fn is_country(self) -> bool {
        matches!(self, Self::Country | Self::CountryIsoNumeric | Self::CountryGac)
    }

    /// The list of numbers that countries are read by, if one is named.
    pub fn numbers(self) -> Option<Numbers> {
        match self {
            Self::CountryIsoNumeric => Some(Numbers::Iso),
            Self::CountryGac => Some(Numbers::Gac),
            Self::Country | Self::Hs | Self::Party | Self::Table(_) => None,
        }
    }

    /// The country with this code of letters or number. Without a list of numbers those below 100 count as ISO 3166-1 has
    /// them: no list that is known here has others.
    pub fn country(self, code: &str) -> Option<&'static countries::Country> {
        match countries::number_of(code) {
            Some(number) => match self.numbers() {
                Some(list) => list.country(number),
                None if number < 100 => Numbers::Iso.country(number),
                None => None,
            },
            None => countries::country(code),
        }
    }

    /// The code in the form that rules see. A code that the list does not have is kept as it is: unknown
    /// codes are data.
    pub fn canonical(self, code: &str) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Hs if code.contains(['.', ' ']) => code.replace(['.', ' '], "").into(),
            Self::Hs | Self::Party => code.into(),
            Self::Table(name) => match codes::table(name).and_then(|table| table.find(code)) {
                Some(entry) => entry.code.into(),
                None => code.into(),
            },
            _ => self.country(code).map_or(code.into(), |country| std::borrow::Cow::Borrowed(country.alpha2)),
        }
    }

    /// Whether the code, in its canonical form, is one of the list: a country of ISO 3166-1, or an HS code of
    /// 6 to 13 digits, an even number of them or 13 (an odd number is the trace of a lost leading zero).
    pub fn knows(self, code: &str) -> bool {
        match self {
            Self::Hs => {
                matches!(code.len(), 6 | 8 | 10 | 12 | 13) && code.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Party => true,
            Self::Table(name) => {
                codes::table(name).and_then(|table| table.find(code)).is_some_and(|entry| entry.code == code)
            }
            _ => code.len() == 2 && countries::country(code).is_some(),
        }
    }
}

/// How the cells of a field are read, besides its kind and code list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The field names a declaration: letters that nobody sees, quotes around it and the like are no part of it.
    pub is_id: bool,
    /// The zone that days are of: of a moment it decides on which day it is.
    pub zone: Option<Zone>,
    /// The codes that the reference data have for a field without a code list.
    pub known: Option<Arc<KnownCodes>>,
    /// The input separates cells by semicolons, as is done where a comma stands before decimals.
    pub semicolons: bool,
    /// The cells are those of a box that holds several fields: the field takes this of it.
    pub part: Option<Part>,
}

/// The codes of a field: those of its code list and those that reference data have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownCodes {
    /// The code list of the field, if the pack leaves it one.
    list: Option<&'static CodeTable>,
    /// What the pack has, which goes before the list: for each writing its code, a code for itself; an empty one for a word
    /// that says that there is none.
    writings: HashMap<String, Arc<str>, FixedState>,
    /// The members of groups that are beginnings of codes: what begins so is a code of the pack.
    prefixes: Vec<String>,
    /// The number of digits of all codes that are digits, if they have one number of digits.
    digits: usize,
    /// Whether there are writings besides the codes.
    has_names: bool,
    /// When the codes of the pack are in use.
    lives: BTreeMap<String, codes::Life>,
}

impl KnownCodes {
    fn of<'g>(
        list: Option<&'static CodeTable>,
        more: Option<&PackCodes>,
        groups: impl Iterator<Item = &'g Group>,
    ) -> Option<Self> {
        let mut writings: HashMap<String, Arc<str>, FixedState> = HashMap::default();
        let mut lives = BTreeMap::new();
        let list = list.filter(|_| more.is_none_or(|more| !more.only));
        let has_names = list.is_some() || more.is_some();
        if let Some(more) = more {
            let own = more.writings.iter().map(|(writing, code)| (writing.clone(), code.as_str().into()));
            writings.extend(own);
            lives.extend(more.codes.iter().map(|(code, of)| (code.clone(), of.life)));
        }
        let members: Vec<&Member> = groups.flat_map(|group| &group.members).collect();
        let prefixes =
            members.iter().filter(|member| member.prefix).map(|member| member.code.clone()).collect();
        for member in members.into_iter().filter(|member| !member.prefix) {
            // What the pack has for a member is one, whatever the list has it for.
            writings.insert(member.code.clone(), member.code.as_str().into());
        }
        // Groups may have members of other fields, so that those of a list go before them.
        let digits = match list {
            Some(list) => one_length(list.entries().iter().map(|entry| entry.code)),
            None => {
                one_length(writings.iter().filter(|(of, code)| ***code == ***of).map(|(code, _)| &**code))
            }
        };
        let is_any = list.is_some() || !writings.is_empty();
        is_any.then_some(Self { list, writings, prefixes, digits, has_names, lives })
    }

    /// The code that has this writing in the pack or else in the list; empty if the writing says that there is none.
    fn code(&self, writing: &str) -> Option<&str> {
        let of_pack = self.writings.get(writing).map(|code| &**code);
        of_pack.or_else(|| self.list?.code(writing))
    }

    /// Whether it has the code, or a beginning of it.
    pub fn knows(&self, code: &str) -> bool {
        self.has(code) || self.begins_so(code)
    }

    /// When the code was in use; `None` if it is none of the list's or the pack's.
    pub fn life(&self, code: &str) -> Option<&codes::Life> {
        self.lives.get(code).or_else(|| self.list?.entry(code).map(|entry| &entry.life))
    }

    /// Whether it has the code.
    pub fn has(&self, code: &str) -> bool {
        self.code(code) == Some(code)
    }

    /// The code with this writing, in capitals and narrow letters; empty if the writing says that there is none.
    pub fn find(&self, writing: &str) -> Option<&str> {
        let code = self.code(writing)?;
        (*code == *writing || !self.begins_so(writing)).then_some(code)
    }

    fn begins_so(&self, writing: &str) -> bool {
        self.prefixes.iter().any(|prefix| writing.starts_with(prefix.as_str()))
    }

    /// Whether a text is certain to be left as it is: it is a code, or no writing of one. Only ASCII is looked at.
    pub fn leaves(&self, text: &str) -> bool {
        if !self.has_names {
            return true;
        }
        let is_capital = |byte: u8| byte.is_ascii() && !byte.is_ascii_lowercase();
        if !text.bytes().all(is_capital) {
            return text.is_ascii() && self.code(text.to_ascii_uppercase().trim()).is_none();
        }
        self.code(text).is_none_or(|code| *code == *text || self.begins_so(text))
    }

    /// Whether codes have other writings, too.
    pub fn has_names(&self) -> bool {
        self.has_names
    }

    /// The number of digits of all codes that are digits; 0 if they differ, or if there are none.
    pub fn digits(&self) -> usize {
        self.digits
    }
}

/// The number of digits of all codes that are digits, if it is one; else 0.
fn one_length<'c>(codes: impl Iterator<Item = &'c str>) -> usize {
    let numbers = codes.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
    let mut lengths = numbers.map(str::len);
    let first = lengths.next().unwrap_or(0);
    if lengths.all(|length| length == first) { first } else { 0 }
}

/// What a pack says of a field's codes, besides the code list that it has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackCodes {
    /// For each writing its code; an empty one for a word that says that there is none.
    pub writings: BTreeMap<String, String>,
    /// The codes that the pack adds, or has otherwise than the list.
    pub codes: BTreeMap<String, PackCode>,
    /// The codes of the pack are all that the field has; those of its list are none.
    pub only: bool,
}

/// A code of a pack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackCode {
    /// What people call it, in English and in Chinese.
    pub title: Option<String>,
    pub title_zh: Option<String>,
    /// When it is in use.
    pub life: codes::Life,
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
    /// How its cells are read.
    #[serde(skip)]
    pub reading: Reading,
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
    money: Option<Arc<Money>>,
    /// Whether files may have the boxes of the declaration form that hold several fields.
    pub(crate) has_boxes: bool,
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
        let keys = Keys::default();
        let mut schema = Self {
            fields,
            by_name,
            by_header,
            declaration,
            item: None,
            date: None,
            keys,
            money: None,
            has_boxes: false,
        };
        schema.set_declaration(declaration);
        Ok(schema)
    }

    /// Makes a field that of the declaration's id.
    pub(crate) fn set_declaration(&mut self, declaration: FieldId) {
        for (id, is_id) in [(self.declaration, false), (declaration, true)] {
            if let Some(field) = self.fields.get_mut(id.index()) {
                field.reading.is_id = is_id && field.kind == Kind::Text;
            }
        }
        self.declaration = declaration;
    }

    /// The currency of values, and the rates by which others become it, if the pack has them.
    pub fn money(&self) -> Option<&Money> {
        self.money.as_deref()
    }

    pub(crate) fn set_money(&mut self, money: Option<Money>) {
        self.money = money.map(Arc::new);
    }

    /// Names the zone that days are of.
    pub fn set_days(&mut self, zone: Zone) {
        self.fields.iter_mut().for_each(|field| field.reading.zone = Some(zone));
    }

    /// The zone that days are of, if one is named.
    pub fn days(&self) -> Option<Zone> {
        self.fields.first().and_then(|field| field.reading.zone)
    }

    /// Names the list that countries' numbers are from, for the fields that say nothing of it themselves.
    pub fn set_country_numbers(&mut self, numbers: Numbers) {
        for list in self.fields.iter_mut().filter_map(|field| field.codes.as_mut()) {
            if *list == CodeList::Country {
                *list = match numbers {
                    Numbers::Iso => CodeList::CountryIsoNumeric,
                    Numbers::Gac => CodeList::CountryGac,
                };
            }
        }
    }

    /// Takes note of the codes that code lists and reference data have for fields.
    pub(crate) fn know(&mut self, reference: &Reference) {
        // A rule may ask for the code of a site whichever field has it.
        let of_sites = |id: FieldId| {
            let is_of_sites = self.keys.site.iter().any(|site| site.1 == id);
            reference.sites.iter().filter(|_| is_of_sites).collect()
        };
        let known: Vec<Option<KnownCodes>> = self
            .ids()
            .map(|id| {
                let list = match self[id].codes {
                    Some(CodeList::Table(name)) => codes::table(name),
                    Some(CodeList::Party) | None => None,
                    Some(_) => return None,
                };
                let more = reference.codes.get(&self[id].name);
                let groups: Vec<&Group> = match Some(id) {
                    mode if mode == self.keys.mode => reference.modes.iter().collect(),
                    region if region == self.keys.region => reference.regions.iter().collect(),
                    _ => of_sites(id),
                };
                KnownCodes::of(list, more, groups.into_iter())
            })
            .collect();
        for (field, known) in self.fields.iter_mut().zip(known) {
            if matches!(field.kind, Kind::Code | Kind::Text) {
                field.reading.known = known.map(Arc::new);
            }
        }
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

    /// Whether a file's column with this header fills a field, or several.
    pub fn knows_header(&self, header: &str) -> bool {
        self.field_of_header(header).is_some() || !self.parts_of_header(header).is_empty()
    }

    /// The fields that a column with this header fills with parts of its cells, where it is one of the boxes of the form
    /// that hold several fields. A column of its own goes before a part.
    pub fn parts_of_header(&self, header: &str) -> Vec<(FieldId, Part)> {
        let found = self.box_of_header(header).and_then(|of| BOXES.get(of));
        let parts = found.into_iter().flat_map(|of| of.parts);
        parts.filter_map(|&(field, part)| Some((self.field(field)?, part))).collect()
    }

    /// The box with this header, by its number.
    pub fn box_of_header(&self, header: &str) -> Option<usize> {
        // Asked for each key of a message that no field claims.
        static BY_HEADER: LazyLock<HashMap<String, usize, FixedState>> = LazyLock::new(|| {
            let headers = BOXES
                .iter()
                .enumerate()
                .rev()
                .flat_map(|(at, of)| of.headers.iter().map(move |header| (at, header)));
            headers.map(|(at, header)| (normal_header(header), at)).collect()
        });
        let of = self.has_boxes.then(|| BY_HEADER.get(&normal_header(header)))?;
        of.copied()
    }

    /// What a field takes of the box of this number.
    pub fn part_of_box(&self, of: usize, field: FieldId) -> Option<Part> {
        let name = &self[field].name;
        BOXES.get(of)?.parts.iter().find(|(known, _)| known == name).map(|&(_, part)| part)
    }

    /// The header of the box of this number, as the form has it.
    pub fn box_name(&self, of: usize) -> &'static str {
        BOXES.get(of).and_then(|of| of.headers.first()).unwrap_or(&"")
    }

    /// How a field prefers the header of one column to that of another, the best first: its name, then its accepted headers
    /// in order.
    pub fn rank(&self, field: FieldId, header: &str) -> usize {
        let header = normal_header(header);
        let accepted = std::iter::once(&self[field].name).chain(&self[field].columns);
        accepted.map(|known| normal_header(known)).position(|known| known == header).unwrap_or(usize::MAX)
    }

    /// The accepted header of a field that has this rank.
    pub fn header(&self, field: FieldId, rank: usize) -> &str {
        let field = &self[field];
        rank.checked_sub(1).and_then(|at| field.columns.get(at)).unwrap_or(&field.name)
    }

    /// The field that a column with this header fills where the field that has the header prefers another column.
    pub fn spare_of_header(&self, header: &str) -> Option<FieldId> {
        let (_, field) = SPARE_HEADERS.iter().find(|(known, _)| *known == header)?;
        self.field(field)
    }

    /// Gives headers to a field, before those that it has; no other field has them from now on.
    pub(crate) fn set_columns(&mut self, field: FieldId, headers: Vec<String>) {
        for header in &headers {
            let normal = normal_header(header);
            for (at, other) in self.fields.iter_mut().enumerate() {
                if at != field.index() {
                    other.columns.retain(|known| normal_header(known) != normal);
                }
            }
            self.by_header.insert(normal, field);
        }
        let known = &mut self.fields[field.index()].columns;
        known.retain(|known| headers.iter().all(|header| normal_header(header) != normal_header(known)));
        known.splice(0..0, headers);
    }
}

/// The single window names the country of final destination with the words that elsewhere name the country of arrival; what
/// it calls `cusTradeCountry` is that.
const SPARE_HEADERS: &[(&str, &str)] = &[("destinationCountry", "final_destination")];

/// A header as it is compared: compatibility forms, lower case, letters and digits only.
fn normal_header(header: &str) -> String {
    header.nfkc().flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests;
