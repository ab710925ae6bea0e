//! What the rows of a table of the store are made of.

use arrow_array::ArrayRef;
use qingfeng_rules::lookups::LookupSource;
use qingfeng_rules::{Date, Field, Kind, Pack, Schema, Value};

use super::{Entry, StoreError};
use qingfeng::internals::{Column, Typed};

/// What the rows of a table of the store are made of, as a pack declares it: key, days, columns, and always `source`
/// and `grade`.
#[derive(Clone, Debug)]
pub struct TableForm {
    /// The table's name in the store.
    pub(super) table: String,
    /// The columns as fields, and a last one that no file has.
    pub(super) schema: Schema,
    /// The number of columns.
    width: usize,
    /// How many of the first columns are the key.
    key: usize,
    from: Option<usize>,
    until: Option<usize>,
    source: Option<usize>,
    grade: Option<usize>,
}

/// What is wrong with a row.
pub(super) struct Mistake {
    pub field: Option<String>,
    pub value: Option<String>,
    pub reason: String,
}

impl TableForm {
    /// The form of a lookup table of a pack, by the name that rules use.
    ///
    /// # Errors
    ///
    /// The pack has no such table, or its rows do not come from the store.
    pub fn new(pack: &Pack, name: &str) -> Result<Self, StoreError> {
        let of_store = |source: &LookupSource| matches!(source, LookupSource::Store(_));
        let Some(lookup) = pack.lookups.iter().find(|lookup| lookup.name == name) else {
            let names: Vec<&str> = pack
                .lookups
                .iter()
                .filter(|lookup| of_store(&lookup.source))
                .map(|lookup| lookup.name.as_str())
                .collect();
            let known = match names.as_slice() {
                [] => format!("the pack has none yet: declare `[lookups.{name}]` with `store = \"{name}\"`"),
                names => format!("the pack has {}", names.join(", ")),
            };
            return Err(StoreError::refused(format!(
                "there is no lookup table `{name}` in the store; {known}"
            )));
        };
        let LookupSource::Store(table) = &lookup.source else {
            return Err(StoreError::refused(format!(
                "the rows of the lookup table `{name}` come from elsewhere ({}); in pack.toml give it `store = \"{name}\"` \
                 instead to keep them in the store",
                lookup.source
            )));
        };
        // A table without columns for its days has them in the store all the same.
        let mut lookup = lookup.clone();
        for (place, usual) in [(&mut lookup.from, "from"), (&mut lookup.until, "until")] {
            if place.is_none() && !lookup.columns.iter().any(|(column, _)| column == usual) {
                lookup.columns.push((usual.to_owned(), Kind::Date));
                *place = Some(usual.to_owned());
            }
        }
        let schema = qingfeng::internals::table_schema(&lookup, &pack.schema).map_err(|clash| {
            StoreError::refused(format!("lookup table `{name}`: {clash}; give its columns other names"))
        })?;
        let position = |name: &str| lookup.columns.iter().position(|(column, _)| column == name);
        Ok(Self {
            table: table.clone(),
            schema,
            width: lookup.columns.len(),
            key: lookup.key.len(),
            from: lookup.from.as_deref().and_then(position),
            until: lookup.until.as_deref().and_then(position),
            source: position("source"),
            grade: position("grade"),
        })
    }

    /// The table's name in the store.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The names of the key's columns.
    pub fn key(&self) -> impl Iterator<Item = &str> {
        self.fields()[..self.key].iter().map(|field| field.name.as_str())
    }

    fn fields(&self) -> &[Field] {
        &self.schema.fields()[..self.width]
    }

    /// Whether a file without this column says enough: days, source and grade may be missing.
    pub(super) fn may_lack(&self, column: &str) -> bool {
        let free = [self.from, self.until, self.source, self.grade];
        !self.fields().iter().enumerate().any(|(at, field)| field.name == column && !free.contains(&Some(at)))
    }

    /// The name of the column with the first day.
    pub(super) fn first_day_column(&self) -> &str {
        self.from.map_or("from", |at| &self.fields()[at].name)
    }

    /// An entry of texts by the names of columns, as someone types them; days, source and grade may be among them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`]: an unknown column, a value that is none of its kind, no key, a last day before the first.
    pub fn entry(&self, values: &[(String, String)]) -> Result<Entry, StoreError> {
        let mut texts: Vec<Option<String>> = vec![None; self.width];
        for (name, raw) in values {
            let Some(at) = self.fields().iter().position(|field| field.name == *name) else {
                let names: Vec<&str> = self.fields().iter().map(|field| field.name.as_str()).collect();
                return Err(StoreError::refused(format!(
                    "the table `{}` has no column `{name}`; it has {}",
                    self.table,
                    names.join(", ")
                )));
            };
            if texts[at].is_some() {
                return Err(StoreError::refused(format!("`{name}` is given twice; give it once")));
            }
            let field = &self.fields()[at];
            let text = canonical(field, raw).map_err(|reason| {
                StoreError::refused(format!("`{name}` is `{}`: {reason}", qingfeng::internals::shown(raw)))
            })?;
            texts[at] = text;
        }
        if let Some(missing) = self.key().zip(&texts).find(|(_, text)| text.is_none()) {
            return Err(StoreError::refused(format!(
                "an entry of `{}` needs `{}`, which is part of its key; add {}=VALUE",
                self.table, missing.0, missing.0
            )));
        }
        self.of_texts(texts).map_err(|mistake| StoreError::refused(mistake.reason))
    }

    /// The entry of a row of the columns.
    pub(super) fn row(&self, columns: &[Typed], row: usize) -> Result<Entry, Mistake> {
        self.of_texts(columns.iter().take(self.width).map(|column| text(column.value(row))).collect())
    }

    /// Columns as the values of their kinds.
    pub(super) fn typed(&self, columns: &[ArrayRef]) -> Vec<Typed> {
        columns.iter().zip(self.fields()).map(|(column, field)| Typed::new(column, field.kind)).collect()
    }

    fn of_texts(&self, mut texts: Vec<Option<String>>) -> Result<Entry, Mistake> {
        let mut take = |at: Option<usize>| at.and_then(|at| texts.get_mut(at)?.take());
        let (from, until) = (take(self.from), take(self.until));
        let (source, grade) = (take(self.source), take(self.grade));
        let day = |text: Option<String>| text.and_then(|text| text.parse::<Date>().ok());
        let (from, until) = (day(from), day(until));
        if let (Some(first), Some(last)) = (from, until)
            && last < first
        {
            return Err(Mistake {
                field: self.until.map(|at| self.fields()[at].name.clone()),
                value: Some(last.to_string()),
                reason: format!("the last day {last} is before the first, {first}; correct one of them"),
            });
        }
        let mut values: Vec<(String, String)> = self
            .fields()
            .iter()
            .zip(texts)
            .filter_map(|(field, text)| Some((field.name.clone(), text?)))
            .collect();
        values.sort();
        Ok(Entry { table: self.table.clone(), values, from, until, source, grade })
    }

    /// What tells the key of an entry from other keys.
    pub(super) fn key_of(&self, entry: &Entry) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in self.key() {
            let value = entry.values.iter().find(|(column, _)| column == name).map_or("", |(_, value)| value);
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
            bytes.extend_from_slice(value.as_bytes());
        }
        bytes
    }
}

/// A value as a store keeps it: dates as `2016-09-06`, flags as `true` and `false`.
fn text(value: Value<'_>) -> Option<String> {
    Some(match value {
        Value::Missing => return None,
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_owned(),
        Value::Date(date) => date.to_string(),
    })
}

/// What someone typed, as a value of a field in the form in which a file's cell would be kept.
fn canonical(field: &Field, raw: &str) -> Result<Option<String>, String> {
    let mut column = Column::new(&Field { required: false, ..field.clone() });
    column.push_new(raw)?;
    let typed = Typed::new(&column.finish(), field.kind);
    Ok(text(typed.value(0)))
}
