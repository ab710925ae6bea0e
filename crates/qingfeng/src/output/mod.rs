//! Assessments as Arrow tables: the rows that `score` writes.

pub(crate) mod selection_columns;
mod spoilt;
pub(crate) mod summary;

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use qingfeng_rules::{Pack, Status, Value};

use crate::assessment::decisive;
use crate::eval::BatchResults;
use crate::read::Lines;

use selection_columns::Carrier;

/// What a row of the output stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// One declaration; its score and channel are those of its worst line.
    #[default]
    Declaration,
    /// One goods line.
    Item,
}

pub(crate) fn list_of_texts() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, false)))
}

pub(crate) fn coded_text() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The columns of the output of a pack, with those that its inspection policy asks for.
pub(crate) fn schema_with(by: By, reasons: bool, policy: bool) -> SchemaRef {
    let mut fields = vec![Field::new("declaration_id", DataType::Utf8, true)];
    if by == By::Item {
        fields.push(Field::new("item_no", DataType::Int64, true));
    }
    fields.push(Field::new("score", DataType::Int64, false));
    fields.push(Field::new("channel", coded_text(), false));
    if by == By::Declaration {
        fields.push(Field::new("decisive_item", DataType::Int64, true));
    }
    for name in ["rules", "shadow_rules", "faults"] {
        fields.push(Field::new(name, list_of_texts(), false));
    }
    if reasons {
        fields.push(Field::new("reasons", list_of_texts(), false));
    }
    fields.extend(spoilt::fields());
    fields.push(Field::new("pack", coded_text(), false));
    if policy && by == By::Declaration {
        fields.extend(selection_columns::fields());
    }
    Arc::new(Schema::new(fields))
}

pub(crate) struct TextLists(ListBuilder<StringBuilder>);

impl TextLists {
    pub(crate) fn new() -> Self {
        let field = Field::new("item", DataType::Utf8, false);
        Self(ListBuilder::new(StringBuilder::new()).with_field(Arc::new(field)))
    }

    pub(crate) fn push<T: AsRef<str>>(&mut self, texts: impl IntoIterator<Item = T>) {
        texts.into_iter().for_each(|text| self.0.values().append_value(text));
        self.0.append(true);
    }

    pub(crate) fn finish(mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// Texts out of a short list, each stored once: those that are used, in the order in which they were used first.
struct Coded {
    keys: Vec<i32>,
    /// The texts used so far, by their position in the list.
    used: Vec<usize>,
}

impl Coded {
    fn with_capacity(rows: usize) -> Self {
        Self { keys: Vec::with_capacity(rows), used: Vec::new() }
    }

    fn push(&mut self, text: usize) {
        let key = self.used.iter().position(|&used| used == text).unwrap_or_else(|| {
            self.used.push(text);
            self.used.len() - 1
        });
        self.keys.push(key as i32);
    }

    fn finish<'t>(self, texts: impl Iterator<Item = &'t str>) -> Result<ArrayRef, ArrowError> {
        let texts: Vec<&str> = texts.collect();
        let used = StringArray::from_iter_values(self.used.iter().map(|&text| texts[text]));
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::from(self.keys), Arc::new(used))?))
    }
}

/// The names that stand in rows: that of the pack, and the ids of its rules with their status, near each other in memory.
pub(crate) struct Names {
    pack: Arc<str>,
    text: String,
    /// By position in the pack: where the id ends, and the status.
    rules: Vec<(usize, Status)>,
}

impl Names {
    /// Those of a pack that is called by this id.
    pub(crate) fn new(pack: &Pack, id: &Arc<str>) -> Self {
        let mut text = String::new();
        let rules = pack.rules.iter().map(|rule| {
            text.push_str(&rule.id);
            (text.len(), rule.status)
        });
        let rules = rules.collect();
        Self { pack: Arc::clone(id), text, rules }
    }

    fn id(&self, rule: u32) -> &str {
        let start = if rule == 0 { 0 } else { self.rules[rule as usize - 1].0 };
        &self.text[start..self.rules[rule as usize].0]
    }

    fn status(&self, rule: u32) -> Status {
        self.rules[rule as usize].1
    }
}

fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(integer) => Some(integer),
        _ => None,
    }
}

/// The number of a line.
pub(crate) fn item_no(pack: &Pack, results: &BatchResults, line: usize) -> Option<i64> {
    integer(results.values.declared(line, pack.schema.item?))
}

/// The id of the declaration of a line.
pub(crate) fn declaration_id<'r>(pack: &Pack, results: &'r BatchResults, line: usize) -> Option<&'r str> {
    match results.values.declared(line, pack.schema.declaration) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The rows of a batch. Their order is that of the lines.
pub(crate) fn rows(
    pack: &Pack,
    names: &Names,
    lines: &Lines,
    results: &BatchResults,
    by: By,
    all_reasons: Option<&[String]>,
    carrier: Option<&Carrier>,
) -> Result<RecordBatch, ArrowError> {
    let carrier = carrier.filter(|_| by == By::Declaration);
    let ranges: Vec<std::ops::Range<usize>> = match by {
        By::Declaration => lines.declarations().collect(),
        By::Item => (0..lines.len()).map(|line| line..line + 1).collect(),
    };
    let mut ids = StringBuilder::with_capacity(ranges.len(), ranges.len() * 24);
    let mut numbers = Int64Builder::with_capacity(ranges.len());
    let mut scores = Int64Builder::with_capacity(ranges.len());
    let mut channels = Coded::with_capacity(ranges.len());
    let (mut rules, mut shadow_rules) = (TextLists::new(), TextLists::new());
    let (mut faults, mut reasons) = (TextLists::new(), TextLists::new());
    let rule_id = |rule: u32| names.id(rule);
    let mut fired: Vec<u32> = Vec::new();
    let mut declarations: Vec<(std::ops::Range<usize>, usize)> = Vec::new();
    for range in ranges.iter().cloned() {
        let worst = range.start + decisive(&results.lines[range.clone()]);
        if carrier.is_some() {
            declarations.push((range.clone(), worst));
        }
        ids.append_option(declaration_id(pack, results, range.start));
        numbers.append_option(item_no(pack, results, worst));
        scores.append_value(results.lines[worst].score);
        channels.push(results.lines[worst].channel.index());
        fired.clear();
        fired.extend(range.clone().flat_map(|line| results.fired(line)).map(|&(rule, _)| rule));
        if range.len() > 1 {
            fired.sort_unstable();
            fired.dedup();
        }
        let of_status = |status| {
            let fired = fired.iter().copied();
            fired.filter(move |&rule| names.status(rule) == status).map(rule_id)
        };
        rules.push(of_status(Status::Active));
        shadow_rules.push(of_status(Status::Shadow));
        if results.all_faults().is_empty() {
            faults.push::<&str>([]);
        } else {
            let mut faulted: Vec<_> =
                range.clone().flat_map(|line| results.faults(line).iter().copied()).collect();
            faulted.sort_unstable();
            faulted.dedup();
            faults.push(faulted.iter().map(|&(rule, fault)| format!("{}: {fault}", rule_id(rule))));
        }
        if let Some(all_reasons) = all_reasons {
            let several = range.len() > 1;
            reasons.push(range.flat_map(|line| {
                let number = item_no(pack, results, line);
                results.fired(line).iter().zip(results.of_line(all_reasons, line)).map(
                    move |(&(rule, _), reason)| match number.filter(|_| several) {
                        Some(number) => format!("item {number}, {}: {reason}", rule_id(rule)),
                        None => format!("{}: {reason}", rule_id(rule)),
                    },
                )
            }));
        }
    }
    let (ids, numbers): (ArrayRef, ArrayRef) = (Arc::new(ids.finish()), Arc::new(numbers.finish()));
    let (scores, channels): (ArrayRef, ArrayRef) = (
        Arc::new(scores.finish()),
        channels.finish(pack.channels.iter().map(|channel| channel.name.as_str()))?,
    );
    let packs = DictionaryArray::try_new(
        Int32Array::from(vec![0; ids.len()]),
        Arc::new(StringArray::from(vec![&*names.pack])),
    )?;
    let mut columns = vec![ids];
    match by {
        By::Item => columns.extend([numbers, scores, channels]),
        By::Declaration => columns.extend([scores, channels, numbers]),
    }
    columns.extend([rules.finish(), shadow_rules.finish(), faults.finish()]);
    if all_reasons.is_some() {
        columns.push(reasons.finish());
    }
    columns.extend(spoilt::columns(pack, lines, results, &ranges, by)?);
    columns.push(Arc::new(packs));
    if let Some(carrier) = carrier {
        columns.extend(carrier.columns(&results.values, &declarations)?);
    }
    RecordBatch::try_new(schema_with(by, all_reasons.is_some(), carrier.is_some()), columns)
}
