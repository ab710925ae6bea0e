//! From assessments in memory to candidates of a plan.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, Date32Array, DictionaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
};
use foldhash::fast::FixedState;
use qingfeng_rules::{ChannelId, Date, Pack};

use super::SimulateError;
use qingfeng_inspection::Candidate;

/// A text that is stored once.
type Text = Arc<str>;

/// Texts and lists that declarations share.
pub(super) struct Shared {
    rules: HashMap<Box<str>, u32, FixedState>,
    sites: HashMap<Box<str>, u32, FixedState>,
    channels: Vec<Box<str>>,
    texts: HashMap<Box<str>, Arc<str>, FixedState>,
    numbers: HashMap<Vec<u32>, Arc<[u32]>, FixedState>,
    groups: HashMap<Vec<Arc<str>>, Arc<[Text]>, FixedState>,
}

/// A candidate, and the shadow rules that fired on it, by position in the pack.
pub(super) type Assessed = (Candidate, Arc<[u32]>);

/// Shared texts at most; further ones are copied.
const SHARED_MAX: usize = 200_000;

impl Shared {
    pub(super) fn new(pack: &Pack) -> Self {
        let numbered = |names: Vec<&str>| {
            let numbers = names.into_iter().enumerate().map(|(at, name)| (name.into(), at as u32));
            numbers.collect::<HashMap<Box<str>, u32, FixedState>>()
        };
        Self {
            rules: numbered(pack.rules.iter().map(|rule| rule.id.as_str()).collect()),
            sites: numbered(pack.reference.sites.iter().map(|site| site.name.as_str()).collect()),
            channels: pack.channels.iter().map(|channel| channel.name.as_str().into()).collect(),
            texts: HashMap::default(),
            numbers: HashMap::default(),
            groups: HashMap::default(),
        }
    }

    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        if self.texts.len() < SHARED_MAX {
            self.texts.insert(text.into(), Arc::clone(&new));
        }
        new
    }

    pub(super) fn numbers(&mut self, numbers: Vec<u32>) -> Arc<[u32]> {
        if let Some(known) = self.numbers.get(&numbers) {
            return Arc::clone(known);
        }
        let new: Arc<[u32]> = numbers.as_slice().into();
        if self.numbers.len() < SHARED_MAX {
            self.numbers.insert(numbers, Arc::clone(&new));
        }
        new
    }

    fn positions(&mut self, names: &StringArray, of_sites: bool) -> Arc<[u32]> {
        let known = if of_sites { &self.sites } else { &self.rules };
        let mut numbers: Vec<u32> =
            names.iter().flatten().filter_map(|name| known.get(name).copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.numbers(numbers)
    }

    /// The declarations of rows as [`BatchAssessment::rows`](crate::BatchAssessment::rows) gives them by declaration.
    pub(super) fn candidates(
        &mut self,
        rows: &RecordBatch,
        into: &mut Vec<Assessed>,
    ) -> Result<(), SimulateError> {
        let ids = Texts::of(rows, "declaration_id")?;
        let channels = Texts::of(rows, "channel")?;
        let [traders, classes, groups] =
            [Texts::of(rows, "trader")?, Texts::of(rows, "trader_class")?, Texts::of(rows, "group")?];
        let [modes, destinations] = [Texts::of(rows, "mode")?, Texts::of(rows, "destination")?];
        let [rules, shadow_rules, sites, line_groups]: [&ListArray; 4] = [
            column(rows, "rules")?,
            column(rows, "shadow_rules")?,
            column(rows, "sites")?,
            column(rows, "line_groups")?,
        ];
        let days: &Date32Array = column(rows, "declared_on")?;
        let [scores, packages]: [&Int64Array; 2] = [column(rows, "score")?, column(rows, "packages")?];
        let values: &Float64Array = column(rows, "value")?;
        into.reserve(rows.num_rows());
        for row in 0..rows.num_rows() {
            let (Some(id), Some(day)) =
                (ids.at(row), days.is_valid(row).then(|| Date::from_days(days.value(row))).flatten())
            else {
                continue;
            };
            let channel = channels.at(row).unwrap_or_default();
            let channel = self.channels.iter().position(|known| **known == *channel).unwrap_or(0);
            let texts_of = |list: &ListArray| list.value(row).as_any().downcast_ref::<StringArray>().cloned();
            let none = || StringArray::from(Vec::<&str>::new());
            let names: Vec<Arc<str>> = texts_of(line_groups)
                .unwrap_or_else(none)
                .iter()
                .flatten()
                .map(|group| self.text(group))
                .collect();
            let line_groups = match self.groups.get(&names) {
                Some(known) => Arc::clone(known),
                None => {
                    let new: Arc<[Arc<str>]> = names.as_slice().into();
                    if self.groups.len() < SHARED_MAX {
                        self.groups.insert(names, Arc::clone(&new));
                    }
                    new
                }
            };
            let mut text = |texts: &Texts<'_>| texts.at(row).map(|text| self.text(text));
            let (trader, trader_class, group) = (text(&traders), text(&classes), text(&groups));
            let (mode, destination) = (text(&modes), text(&destinations));
            let candidate = Candidate {
                declaration_id: id.into(),
                day,
                sites: self.positions(&texts_of(sites).unwrap_or_else(none), true),
                trader,
                trader_class: trader_class.unwrap_or_else(|| "unnamed".into()),
                group: group.unwrap_or_else(|| "other".into()),
                line_groups,
                mode,
                destination,
                packages: packages.is_valid(row).then(|| packages.value(row)),
                value: values.is_valid(row).then(|| values.value(row)),
                score: scores.value(row),
                channel: ChannelId(channel as u8),
                rules: self.positions(&texts_of(rules).unwrap_or_else(none), false),
            };
            let shadow = self.positions(&texts_of(shadow_rules).unwrap_or_else(none), false);
            into.push((candidate, shadow));
        }
        Ok(())
    }
}

/// A column of texts, coded or not.
enum Texts<'r> {
    Plain(&'r StringArray),
    Coded(&'r DictionaryArray<Int32Type>, &'r StringArray),
}

impl<'r> Texts<'r> {
    fn of(rows: &'r RecordBatch, name: &'static str) -> Result<Self, SimulateError> {
        let any = rows.column_by_name(name).ok_or(SimulateError::NoColumn(name))?.as_any();
        if let Some(plain) = any.downcast_ref() {
            return Ok(Self::Plain(plain));
        }
        let coded: &DictionaryArray<Int32Type> = any.downcast_ref().ok_or(SimulateError::NoColumn(name))?;
        let texts = coded.values().as_any().downcast_ref().ok_or(SimulateError::NoColumn(name))?;
        Ok(Self::Coded(coded, texts))
    }

    fn at(&self, row: usize) -> Option<&'r str> {
        match self {
            Self::Plain(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Coded(coded, texts) => coded.key(row).map(|key| texts.value(key)),
        }
    }
}

fn column<'r, T: 'static>(rows: &'r RecordBatch, name: &'static str) -> Result<&'r T, SimulateError> {
    rows.column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref())
        .ok_or(SimulateError::NoColumn(name))
}
