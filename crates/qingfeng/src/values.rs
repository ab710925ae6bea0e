//! The values of goods lines as rules see them: declared fields, derived fields, lookup entries.

use std::sync::Arc;

use arrow_array::ArrayRef;
use qingfeng_rules::{Date, Derived, FieldId, FieldRef, Kind, LineValues, Pack, Value};

use crate::key_index::LineKey;
use crate::lookup::{LookupTable, push_key, value_at};
use crate::read::Lines;

/// A batch of goods lines with what is derived from them.
pub(crate) struct BatchValues {
    pack: Arc<Pack>,
    tables: Arc<[LookupTable]>,
    columns: Vec<(ArrayRef, Kind)>,
    /// The declaration of each line, by its position in the batch.
    declaration_of: Vec<u32>,
    /// For each declaration how many lines it has.
    item_counts: Vec<i64>,
    /// For each derived sum its value by declaration.
    sums: Vec<(Derived, Vec<Option<f64>>)>,
    /// For each derived quotient its dividend and its divisor.
    quotients: Vec<(Derived, FieldId, FieldId)>,
}

/// The fields from which a derived field is computed; the pack's schema has them, or the field would not exist.
fn sources(derived: Derived, pack: &Pack) -> Vec<FieldId> {
    derived.sources(&pack.schema).unwrap_or_default()
}

fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        Value::Integer(integer) => Some(integer as f64),
        _ => None,
    }
}

impl BatchValues {
    pub(crate) fn new(pack: Arc<Pack>, tables: Arc<[LookupTable]>, lines: &Lines) -> Self {
        let columns: Vec<(ArrayRef, Kind)> = pack
            .schema
            .fields()
            .iter()
            .zip(lines.batch().columns())
            .map(|(field, column)| (Arc::clone(column), field.kind))
            .collect();
        let mut declaration_of = vec![0; lines.len()];
        let mut item_counts = Vec::with_capacity(lines.declaration_count());
        for (at, range) in lines.declarations().enumerate() {
            item_counts.push(range.len() as i64);
            declaration_of[range].fill(at as u32);
        }
        let mut batch = Self {
            pack,
            tables,
            columns,
            declaration_of,
            item_counts,
            sums: Vec::new(),
            quotients: Vec::new(),
        };
        for derived in [Derived::DeclarationValue, Derived::DeclarationNetKg, Derived::DeclarationQuantity] {
            if let Some(&field) = sources(derived, &batch.pack).first() {
                let sums = lines.declarations().map(|range| batch.sum(field, range)).collect();
                batch.sums.push((derived, sums));
            }
        }
        for derived in [Derived::UnitValue, Derived::UnitMass, Derived::ValuePerKg] {
            if let [dividend, divisor] = *sources(derived, &batch.pack) {
                batch.quotients.push((derived, dividend, divisor));
            }
        }
        batch
    }

    /// The sum of a field over lines that have it, in their order; `None` if none has it or the sum is not
    /// finite.
    fn sum(&self, field: FieldId, lines: std::ops::Range<usize>) -> Option<f64> {
        let values = lines.filter_map(|line| number(self.declared(line, field)));
        values.reduce(|sum, value| sum + value).filter(|sum| sum.is_finite())
    }

    pub(crate) fn declared(&self, line: usize, field: FieldId) -> Value<'_> {
        let (column, kind) = &self.columns[field.index()];
        value_at(column, *kind, line)
    }

    fn text(&self, line: usize, field: Option<FieldId>) -> Option<&str> {
        match self.declared(line, field?) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The declaration's own date on a line.
    pub(crate) fn day(&self, line: usize) -> Option<Date> {
        match self.declared(line, self.pack.schema.date?) {
            Value::Date(date) => Some(date),
            _ => None,
        }
    }

    pub(crate) fn key(&self, line: usize) -> LineKey<'_> {
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

    fn derived(&self, line: usize, derived: Derived) -> Value<'_> {
        if let Some(digits) = derived.digits() {
            let code = self.text(line, self.pack.schema.keys.commodity);
            return code.and_then(|code| code.get(..digits)).map_or(Value::Missing, Value::Text);
        }
        let declaration = self.declaration_of[line] as usize;
        if derived == Derived::ItemCount {
            return Value::Integer(self.item_counts[declaration]);
        }
        if let Some((_, sums)) = self.sums.iter().find(|(known, _)| *known == derived) {
            return sums[declaration].map_or(Value::Missing, Value::Number);
        }
        let sides = self.quotients.iter().find(|(known, ..)| *known == derived);
        let quotient = sides.and_then(|&(_, dividend, divisor)| {
            Some(number(self.declared(line, dividend))? / number(self.declared(line, divisor))?)
        });
        // A quotient that is not finite (the divisor is zero, or nearly so) is missing.
        quotient.filter(|quotient| quotient.is_finite()).map_or(Value::Missing, Value::Number)
    }
}

impl LineValues for BatchValues {
    fn value(&self, line: usize, field: FieldRef) -> Value<'_> {
        match field {
            FieldRef::Declared(id) => self.declared(line, id),
            FieldRef::Derived(derived) => self.derived(line, derived),
            FieldRef::Computed(_) => Value::Missing,
        }
    }

    fn entry(&self, line: usize, table: usize) -> Option<u32> {
        let table = &self.tables[table];
        let mut key = Vec::new();
        let complete = table.key.iter().all(|&field| push_key(&mut key, self.declared(line, field)));
        if complete { table.entry(&key, self.day(line)) } else { None }
    }

    fn entry_value(&self, table: usize, entry: u32, column: usize) -> Value<'_> {
        self.tables[table].value(entry, column, self.pack.lookups[table].columns[column].1)
    }
}
