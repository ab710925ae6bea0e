//! The values of goods lines as rules see them: declared fields, derived fields, lookup entries.

use std::sync::{Arc, OnceLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow_buffer::ScalarBuffer;
use qingfeng_rules::internals::LineValues;
use qingfeng_rules::{Date, Derived, FieldId, FieldRef, Kind, Pack, Value, codes};

use crate::eval::key_index::LineKey;
use crate::lookup::{self, Compared, LineKeys, LookupTable};
use crate::read::Lines;
use crate::read::coded::{Coded, CodedColumns};

/// A column of canonical type.
#[derive(Clone, Debug)]
pub enum Typed {
    Text(StringArray),
    Integer(Int64Array),
    Number(Float64Array),
    Flag(BooleanArray),
    Date(Date32Array),
}

impl Typed {
    pub fn new(column: &ArrayRef, kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Code => Self::Text(column.as_string::<i32>().clone()),
            Kind::Integer => Self::Integer(column.as_primitive::<Int64Type>().clone()),
            Kind::Number => Self::Number(column.as_primitive::<Float64Type>().clone()),
            Kind::Flag => Self::Flag(column.as_boolean().clone()),
            Kind::Date => Self::Date(column.as_primitive::<Date32Type>().clone()),
        }
    }

    /// Whether it has no value on any line.
    pub(crate) fn is_absent(&self) -> bool {
        let column: &dyn Array = match self {
            Self::Text(column) => column,
            Self::Integer(column) => column,
            Self::Number(column) => column,
            Self::Flag(column) => column,
            Self::Date(column) => column,
        };
        column.null_count() == column.len()
    }

    #[inline]
    pub fn value(&self, row: usize) -> Value<'_> {
        match self {
            Self::Text(column) if column.is_valid(row) => Value::Text(column.value(row)),
            Self::Integer(column) if column.is_valid(row) => Value::Integer(column.value(row)),
            Self::Number(column) if column.is_valid(row) => Value::Number(column.value(row)),
            Self::Flag(column) if column.is_valid(row) => Value::Flag(column.value(row)),
            Self::Date(column) if column.is_valid(row) => {
                Date::from_days(column.value(row)).map_or(Value::Missing, Value::Date)
            }
            _ => Value::Missing,
        }
    }
}

/// Numbers of a column, not a number where they are missing.
fn with_gaps(column: &Float64Array) -> ScalarBuffer<f64> {
    match column.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => column.values().clone(),
        Some(nulls) => {
            let values = column.values().iter().zip(nulls.iter());
            values.map(|(&value, valid)| if valid { value } else { f64::NAN }).collect()
        }
    }
}

/// Whole numbers of a column as numbers, not a number where they are missing.
fn whole_with_gaps(column: &Int64Array) -> ScalarBuffer<f64> {
    match column.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => column.values().iter().map(|&value| value as f64).collect(),
        Some(_) => column.iter().map(|value| value.map_or(f64::NAN, |value| value as f64)).collect(),
    }
}

/// A batch of goods lines with what is derived from them.
pub struct BatchValues {
    pub pack: Arc<Pack>,
    tables: Arc<[LookupTable]>,
    columns: Vec<Typed>,
    /// The numbers of texts of each column, where they are known.
    coded: Arc<CodedColumns>,
    /// The declaration of each line, by its position in the batch.
    declaration_of: Vec<u32>,
    /// For each declaration how many lines it has.
    item_counts: Vec<i64>,
    /// Numbers of declared fields, whole ones among them, by field; of those that are no numbers none.
    numbers: Vec<Option<ScalarBuffer<f64>>>,
    /// Derived sums by declaration, and derived quotients by line, not a number where they are missing.
    derived: Vec<OnceLock<Vec<f64>>>,
    /// Totals of the pack on each line, by position among its computed fields, not a number where they are missing.
    totals: Vec<OnceLock<Vec<f64>>>,
    /// For each lookup table, once a rule asks it, the row of each line.
    entries: Vec<OnceLock<Box<[u32]>>>,
    /// For each lookup table the hash of its key on each line, at the first of the tables with that key.
    hashes: Vec<OnceLock<Box<[u64]>>>,
    /// Where each declaration starts, and the number of lines at the end.
    starts: Vec<u32>,
    sources: Arc<Sources>,
}

pub(super) const SUMS: [Derived; 3] =
    [Derived::DeclarationValue, Derived::DeclarationNetKg, Derived::DeclarationQuantity];

/// The fields from which each derived field is computed; none for those that the pack's schema does not give.
#[derive(Debug)]
pub struct Sources(Vec<Vec<FieldId>>);

impl Sources {
    /// Those of a derived field.
    pub(super) fn of(&self, derived: Derived) -> &[FieldId] {
        &self.0[derived as usize]
    }

    pub fn new(pack: &Pack) -> Self {
        Self(Derived::ALL.iter().map(|derived| derived.sources(&pack.schema).unwrap_or_default()).collect())
    }
}

/// A number as a derived field has it: missing if it is not finite (the divisor is zero, or nearly so).
fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { f64::NAN }
}

impl BatchValues {
    pub fn new(pack: Arc<Pack>, tables: Arc<[LookupTable]>, sources: Arc<Sources>, lines: &Lines) -> Self {
        let columns: Vec<Typed> = pack
            .schema
            .fields()
            .iter()
            .zip(lines.batch().columns())
            .map(|(field, column)| Typed::new(column, field.kind))
            .collect();
        let mut declaration_of = vec![0; lines.len()];
        let mut item_counts = Vec::with_capacity(lines.declaration_count());
        for (at, range) in lines.declarations().enumerate() {
            item_counts.push(range.len() as i64);
            declaration_of[range].fill(at as u32);
        }
        // Most numbers that a declaration can have are not in the file; all of these share one column.
        let mut absent: Option<ScalarBuffer<f64>> = None;
        let numbers = columns.iter().map(|column| match column {
            Typed::Number(_) | Typed::Integer(_) if column.is_absent() => {
                Some(absent.get_or_insert_with(|| vec![f64::NAN; lines.len()].into()).clone())
            }
            Typed::Number(column) => Some(with_gaps(column)),
            Typed::Integer(column) => Some(whole_with_gaps(column)),
            _ => None,
        });
        let numbers = numbers.collect();
        let entries = vec![OnceLock::new(); tables.len()];
        let hashes = vec![OnceLock::new(); tables.len()];
        let totals = vec![OnceLock::new(); pack.computed.len()];
        Self {
            pack,
            totals,
            tables,
            columns,
            coded: Arc::clone(lines.coded_columns()),
            declaration_of,
            item_counts,
            numbers,
            derived: vec![OnceLock::new(); Derived::ALL.len()],
            entries,
            hashes,
            starts: lines.starts().to_vec(),
            sources,
        }
    }

    /// A field as numbers, not a number where it is missing.
    fn as_numbers(&self, field: FieldId) -> std::borrow::Cow<'_, [f64]> {
        match &self.numbers[field.index()] {
            Some(numbers) => numbers[..].into(),
            None => vec![f64::NAN; self.declaration_of.len()].into(),
        }
    }

    fn quotients(&self, dividend: FieldId, divisor: FieldId) -> Vec<f64> {
        let (dividends, divisors) = (self.as_numbers(dividend), self.as_numbers(divisor));
        dividends.iter().zip(divisors.iter()).map(|(a, b)| finite(a / b)).collect()
    }

    /// The sum of a field over lines that have it, in their order; missing if none has it or the sum is not finite.
    pub fn sum(&self, field: FieldId, lines: std::ops::Range<usize>) -> f64 {
        let numbers = self.numbers[field.index()].as_deref().unwrap_or_default();
        let values = numbers.get(lines).unwrap_or_default().iter().copied().filter(|value| !value.is_nan());
        values.reduce(|sum, value| sum + value).map_or(f64::NAN, finite)
    }

    /// The number of lines.
    pub(crate) fn len(&self) -> usize {
        self.declaration_of.len()
    }

    pub fn column(&self, field: FieldId) -> &Typed {
        &self.columns[field.index()]
    }

    /// The numbers of the texts of a field, if they are known.
    pub(super) fn coded(&self, field: FieldId) -> Option<&Coded> {
        self.coded.get(field.index())?.as_ref()
    }

    pub fn declared(&self, line: usize, field: FieldId) -> Value<'_> {
        self.columns[field.index()].value(line)
    }

    fn text(&self, line: usize, field: Option<FieldId>) -> Option<&str> {
        self.text_of(line, field?)
    }

    /// The text of a field on a line, if it has one.
    pub fn text_of(&self, line: usize, field: FieldId) -> Option<&str> {
        match self.declared(line, field) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The declaration's own date on a line.
    pub fn day(&self, line: usize) -> Option<Date> {
        match self.declared(line, self.pack.schema.date?) {
            Value::Date(date) => Some(date),
            _ => None,
        }
    }

    pub fn key(&self, line: usize) -> LineKey<'_> {
        let keys = &self.pack.schema.keys;
        LineKey {
            region: self.text(line, keys.region),
            commodity: self.text(line, keys.commodity),
            mode: self.text(line, keys.mode),
            sites: keys.site.iter().map(|&(_, field)| self.text(line, Some(field))).collect(),
            site_kind: self.text(line, keys.site_kind),
            day: self.day(line),
        }
    }

    #[inline]
    fn derived_number(&self, line: usize, derived: Derived) -> f64 {
        let values = self.derived[derived as usize].get_or_init(|| self.derive(derived));
        values.get(line).copied().unwrap_or(f64::NAN)
    }

    /// A derived number of all lines; computed when the first line is asked for it.
    fn derive(&self, derived: Derived) -> Vec<f64> {
        match self.sources.0[derived as usize][..] {
            [dividend, divisor] => self.quotients(dividend, divisor),
            [field] if SUMS.contains(&derived) => {
                let mut sums = Vec::with_capacity(self.len());
                for pair in self.starts.windows(2) {
                    let sum = self.sum(field, pair[0] as usize..pair[1] as usize);
                    sums.resize(pair[1] as usize, sum);
                }
                sums
            }
            _ => Vec::new(),
        }
    }

    /// Adds up what the lines of each declaration add to a total, in their order; missing where none adds something. A number
    /// of lines is 0 there.
    pub(super) fn set_total(&self, at: usize, part: &mut dyn FnMut(usize) -> f64) {
        let none = if self.pack.computed[at].kind == Kind::Integer { 0.0 } else { f64::NAN };
        let mut totals = Vec::with_capacity(self.len());
        for pair in self.starts.windows(2) {
            let parts = (pair[0] as usize..pair[1] as usize).map(&mut *part).filter(|part| !part.is_nan());
            let total = parts.reduce(|sum, part| sum + part).map_or(none, finite);
            totals.resize(pair[1] as usize, total);
        }
        // Whoever comes second has the same.
        let _ = self.totals[at].set(totals);
    }

    fn total(&self, line: usize, at: usize) -> f64 {
        self.totals[at].get().and_then(|totals| totals.get(line)).copied().unwrap_or(f64::NAN)
    }

    /// A field as a number, not a number where it is missing; `None` for fields that hold no numbers as such.
    #[inline]
    pub fn number(&self, line: usize, field: FieldRef) -> Option<f64> {
        match field {
            FieldRef::Declared(id) => self.numbers[id.index()].as_ref().map(|numbers| numbers[line]),
            FieldRef::Derived(derived) if derived.kind() == Kind::Number => {
                Some(self.derived_number(line, derived))
            }
            FieldRef::Total(at) => Some(self.total(line, at)),
            _ => None,
        }
    }

    fn derived_value(&self, line: usize, derived: Derived) -> Value<'_> {
        if let Some(digits) = derived.digits() {
            let code = self.text(line, self.pack.schema.keys.commodity);
            return code.and_then(|code| code.get(..digits)).map_or(Value::Missing, Value::Text);
        }
        if derived.kind() == Kind::Flag {
            let [field, other] = self.sources.of(derived) else { return Value::Missing };
            let flag = match (self.declared(line, *field), self.declared(line, *other)) {
                (Value::Text(code), Value::Date(day)) => {
                    let lives = derived.lives(&self.pack.schema[*field], code);
                    lives.map(|lives| lives.iter().any(|life| life.has(day)))
                }
                (Value::Text(hs), Value::Text(unit)) => codes::unit_fits(hs, unit),
                _ => None,
            };
            return flag.map_or(Value::Missing, Value::Flag);
        }
        if derived == Derived::ItemCount {
            return Value::Integer(self.item_counts[self.declaration_of[line] as usize]);
        }
        let number = self.derived_number(line, derived);
        if number.is_nan() { Value::Missing } else { Value::Number(number) }
    }

    /// The value of a declared or derived field.
    #[inline]
    pub fn field(&self, line: usize, field: FieldRef) -> Value<'_> {
        match field {
            FieldRef::Declared(id) => self.declared(line, id),
            FieldRef::Derived(derived) => self.derived_value(line, derived),
            FieldRef::Total(at) => match (self.total(line, at), self.pack.computed[at].kind) {
                (total, _) if total.is_nan() => Value::Missing,
                (total, Kind::Integer) => Value::Integer(total as i64),
                (total, _) => Value::Number(total),
            },
            FieldRef::Computed(_) => Value::Missing,
        }
    }

    /// The entry of a lookup table that a line has on its own date.
    #[inline]
    pub fn lookup_entry(&self, line: usize, table: usize) -> Option<u32> {
        let entries = self.entries[table].get_or_init(|| self.lookup_entries(table));
        let entry = entries[line];
        (entry != lookup::NONE).then_some(entry)
    }

    /// The entries of all lines; found when the first line is asked for one.
    fn lookup_entries(&self, table: usize) -> Box<[u32]> {
        let asked = &self.tables[table];
        let Compared { key, fold, prefix } = &asked.compared;
        let days = self.pack.schema.date.map(|field| &self.columns[field.index()]);
        // Texts as they are compared.
        let folded: Vec<Option<Typed>> =
            key.iter().map(|&field| fold.then(|| self.folded(field)).flatten()).collect();
        let value = |line, at: usize| match &folded[at] {
            Some(column) => column.value(line),
            None => self.field(line, key[at]),
        };
        let (width, lines) = (key.len(), self.len());
        let Some((cut, lengths)) = prefix else {
            let texts = match key[..] {
                [FieldRef::Declared(field)] => match folded[0].as_ref().unwrap_or(self.column(field)) {
                    Typed::Text(texts) => Some(texts),
                    _ => None,
                },
                _ => None,
            };
            let keys = LineKeys { width, lines, value: &value, texts };
            if *fold {
                return asked.entries(&keys.hashes(), &keys, days);
            }
            let first =
                self.tables.iter().position(|known| known.compared == asked.compared).unwrap_or(table);
            let hashes = self.hashes[first].get_or_init(|| keys.hashes());
            return asked.entries(hashes, &keys, days);
        };
        let mut found = vec![lookup::NONE; lines].into_boxed_slice();
        for &length in lengths {
            let value = |line, at: usize| match value(line, at) {
                Value::Text(text) if at == *cut => text.get(..length).map_or(Value::Missing, Value::Text),
                value => value,
            };
            let keys = LineKeys { width, lines, value: &value, texts: None };
            let entries = asked.entries(&keys.hashes(), &keys, days);
            for (found, entry) in found.iter_mut().zip(entries) {
                if *found == lookup::NONE {
                    *found = entry;
                }
            }
        }
        found
    }

    /// The texts of a field as words are compared; of one that has none nothing.
    fn folded(&self, field: FieldRef) -> Option<Typed> {
        match field {
            FieldRef::Declared(id) => match self.column(id) {
                column @ Typed::Text(_) => Some(lookup::folded_column(column)),
                _ => None,
            },
            // What is derived of codes is in capitals and digits, and stands as it is in the folded table.
            _ => None,
        }
    }

    pub fn lookup_value(&self, table: usize, entry: u32, column: usize) -> Value<'_> {
        self.tables[table].value(entry, column)
    }
}

impl LineValues for BatchValues {
    fn value(&self, line: usize, field: FieldRef) -> Value<'_> {
        self.field(line, field)
    }

    fn entry(&self, line: usize, table: usize) -> Option<u32> {
        self.lookup_entry(line, table)
    }

    fn entry_value(&self, table: usize, entry: u32, column: usize) -> Value<'_> {
        self.lookup_value(table, entry, column)
    }
}
