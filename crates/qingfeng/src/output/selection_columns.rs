//! The columns that assessments of a pack with an inspection policy carry besides: what selection asks of a declaration.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{
    Date32Builder, Float64Builder, Int64Builder, StringBuilder, StringDictionaryBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow_schema::{ArrowError, DataType, Field};
use foldhash::fast::FixedState;
use qingfeng_rules::internals::rounded;
use qingfeng_rules::reference::{Groups, Membership};
use qingfeng_rules::selection::{KNOWN_TRADERS, OTHER_GROUP, UNNAMED_TRADERS};
use qingfeng_rules::{Date, FieldId, Kind, Level, Pack, Selection, Value};

use crate::eval::values::BatchValues;
use crate::output::{TextLists, coded_text, list_of_texts};
use crate::threads::Idle;

/// The columns, after those of every assessment.
pub(crate) fn fields() -> Vec<Field> {
    vec![
        Field::new("declared_on", DataType::Date32, true),
        Field::new("sites", list_of_texts(), false),
        Field::new("trader", DataType::Utf8, true),
        Field::new("trader_class", coded_text(), false),
        Field::new("group", coded_text(), false),
        Field::new("mode", coded_text(), true),
        Field::new("destination", coded_text(), true),
        Field::new("line_groups", list_of_texts(), false),
        Field::new("packages", DataType::Int64, true),
        Field::new("value", DataType::Float64, true),
    ]
}

/// Codes of a field that are remembered at most.
const CODES_MAX: usize = 1 << 16;

/// What codes of one field belong to, each found once.
#[derive(Default)]
struct Remembered {
    by_code: HashMap<Box<str>, Box<[Membership]>, FixedState>,
}

impl Remembered {
    /// The memberships of a code, in the order of `rank`, without those that have none.
    fn of(&mut self, groups: &Groups, code: &str, rank: impl Fn(usize) -> Option<usize>) -> &[Membership] {
        if self.by_code.len() >= CODES_MAX && !self.by_code.contains_key(code) {
            self.by_code.clear();
        }
        // Looked up twice, since an entry would need an owned code each time.
        if !self.by_code.contains_key(code) {
            let ranked = groups.of(code).filter_map(|membership| Some((rank(membership.group)?, membership)));
            let mut ranked: Vec<(usize, Membership)> = ranked.collect();
            ranked.sort_by_key(|&(rank, _)| rank);
            let found = ranked.into_iter().map(|(rank, membership)| membership.of_group(rank)).collect();
            self.by_code.insert(code.into(), found);
        }
        self.by_code.get(code).map_or(&[], |found| found)
    }
}

/// What one thread remembers.
#[derive(Default)]
struct Memory {
    /// By field in which sites are looked up.
    sites: Vec<Remembered>,
    goods: Remembered,
}

/// What a pack's policy asks of declarations.
pub(crate) struct Carrier {
    site_groups: Groups,
    /// Each field in which sites are looked up, with the kinds of its sites.
    site_fields: Vec<(FieldId, Vec<String>)>,
    /// By site: its kind and its name.
    sites: Vec<(String, String)>,
    commodities: Groups,
    /// By goods group of the pack its position in the policy.
    group_ranks: Vec<Option<usize>>,
    /// The goods groups of the policy, and `other`.
    groups: Vec<String>,
    /// The classes of the policy, then `known` and `unnamed`.
    classes: Vec<String>,
    /// The lookup table of each class, and whether all fields of its key belong to the whole declaration.
    listed: Vec<(usize, bool)>,
    trader: Option<FieldId>,
    packages: Option<FieldId>,
    value: Option<FieldId>,
    idle: Idle<Memory>,
}

impl Carrier {
    pub(crate) fn new(pack: &Pack) -> Option<Self> {
        let policy: &Selection = pack.selection.as_ref()?;
        let schema = &pack.schema;
        let mut site_fields: Vec<(FieldId, Vec<String>)> = Vec::new();
        for (kind, field) in &schema.keys.site {
            match site_fields.iter_mut().find(|(known, _)| known == field) {
                Some((_, kinds)) => kinds.push(kind.clone()),
                None => site_fields.push((*field, vec![kind.clone()])),
            }
        }
        let rank = |name: &String| policy.groups.iter().position(|group| group == name);
        let of_kind = |name: &str, kinds: &[Kind]| {
            schema.field(name).filter(|&field| kinds.contains(&schema[field].kind))
        };
        let is_header = |field: FieldId| schema[field].level == Level::Header;
        let listed = policy.trader_classes.iter().map(|class| {
            let fields = pack.lookups[class.lookup].key_sources(schema);
            (class.lookup, fields.into_iter().chain(schema.date).all(is_header))
        });
        let names = policy.trader_classes.iter().map(|class| class.name.clone());
        Some(Self {
            site_groups: Groups::new(&pack.reference.sites),
            site_fields,
            sites: pack
                .reference
                .sites
                .iter()
                .map(|site| (site.kind.clone().unwrap_or_default(), site.name.clone()))
                .collect(),
            commodities: Groups::new(&pack.reference.commodities),
            group_ranks: pack.reference.commodities.iter().map(|group| rank(&group.name)).collect(),
            groups: policy.groups.iter().cloned().chain([OTHER_GROUP.to_owned()]).collect(),
            classes: names.chain([KNOWN_TRADERS, UNNAMED_TRADERS].map(str::to_owned)).collect(),
            listed: listed.collect(),
            trader: policy.trader,
            packages: of_kind("packages", &[Kind::Integer]),
            value: of_kind("value", &[Kind::Number, Kind::Integer]),
            idle: Idle::default(),
        })
    }

    /// The columns of these declarations; each comes with its lines and its decisive line.
    pub(crate) fn columns(
        &self,
        values: &BatchValues,
        declarations: &[(Range<usize>, usize)],
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut memory = self.idle.borrow().unwrap_or_default();
        memory.sites.resize_with(self.site_fields.len(), Remembered::default);
        let columns = self.fill(&mut memory, values, declarations);
        self.idle.give_back(memory);
        columns
    }

    fn fill(
        &self,
        memory: &mut Memory,
        values: &BatchValues,
        declarations: &[(Range<usize>, usize)],
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let count = declarations.len();
        let keys = &values.pack.schema.keys;
        let mut days = Date32Builder::with_capacity(count);
        let (mut sites, mut line_groups) = (TextLists::new(), TextLists::new());
        let mut traders = StringBuilder::with_capacity(count, count * 20);
        let (mut classes, mut groups) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut modes = StringDictionaryBuilder::<Int32Type>::new();
        let mut destinations = StringDictionaryBuilder::<Int32Type>::new();
        let mut packages = Int64Builder::with_capacity(count);
        let mut all_values = Float64Builder::with_capacity(count);
        let mut found: Vec<usize> = Vec::new();
        let mut of_lines: Vec<usize> = Vec::new();
        for (range, decisive) in declarations {
            let first_of = |of: &dyn Fn(usize) -> bool| {
                std::iter::once(*decisive).chain(range.clone()).find(|&line| of(line))
            };
            let day = first_of(&|line| values.day(line).is_some()).and_then(|line| values.day(line));
            days.append_option(day.map(Date::days));
            found.clear();
            self.find_sites(memory, values, range.clone(), &mut found);
            sites.push(found.iter().map(|&site| &self.sites[site].1));
            of_lines.clear();
            of_lines.extend(range.clone().map(|line| self.group(memory, values, line)));
            line_groups.push(of_lines.iter().map(|&group| &self.groups[group]));
            groups.push(of_lines.get(decisive - range.start).copied().unwrap_or_default());
            let trader = self.trader.and_then(|field| {
                let line = first_of(&|line| values.text_of(line, field).is_some())?;
                values.text_of(line, field)
            });
            traders.append_option(trader);
            classes.push(match trader {
                Some(_) => self.class(values, range.clone()),
                None => self.classes.len() - 1,
            });
            modes.append_option(keys.mode.and_then(|field| values.text_of(*decisive, field)));
            destinations.append_option(keys.region.and_then(|field| values.text_of(*decisive, field)));
            packages.append_option(self.packages.and_then(|field| packages_of(values, field, range.clone())));
            let value = self.value.map_or(f64::NAN, |field| values.sum(field, range.clone()));
            all_values.append_option((!value.is_nan()).then(|| rounded(value)));
        }
        Ok(vec![
            Arc::new(days.finish()),
            sites.finish(),
            Arc::new(traders.finish()),
            coded(&classes, &self.classes)?,
            coded(&groups, &self.groups)?,
            Arc::new(modes.finish()),
            Arc::new(destinations.finish()),
            line_groups.finish(),
            Arc::new(packages.finish()),
            Arc::new(all_values.finish()),
        ])
    }

    /// The sites, by position, to which any of the lines belongs, rising.
    fn find_sites(
        &self,
        memory: &mut Memory,
        values: &BatchValues,
        lines: Range<usize>,
        found: &mut Vec<usize>,
    ) {
        for ((field, kinds), remembered) in self.site_fields.iter().zip(&mut memory.sites) {
            let mut last: Option<(&str, Option<Date>)> = None;
            for line in lines.clone() {
                let Some(code) = values.text_of(line, *field) else { continue };
                let day = values.day(line);
                if last == Some((code, day)) {
                    continue;
                }
                last = Some((code, day));
                // A code can be a port in one field and a district in another: only sites of the field's kinds.
                let rank = |site: usize| kinds.contains(&self.sites[site].0).then_some(site);
                let memberships = remembered.of(&self.site_groups, code, rank);
                found.extend(memberships.iter().filter(|site| site.holds(day)).map(|site| site.group));
            }
        }
        found.sort_unstable();
        found.dedup();
    }

    /// The goods group of a line, by its position in the policy.
    fn group(&self, memory: &mut Memory, values: &BatchValues, line: usize) -> usize {
        let commodity = values.pack.schema.keys.commodity;
        let other = self.groups.len() - 1;
        let Some(code) = commodity.and_then(|field| values.text_of(line, field)) else { return other };
        let memberships = memory.goods.of(&self.commodities, code, |group| self.group_ranks[group]);
        if memberships.is_empty() {
            return other;
        }
        let day = values.day(line);
        memberships.iter().find(|group| group.holds(day)).map_or(other, |group| group.group)
    }

    /// The class of the trader of some lines, by its position.
    fn class(&self, values: &BatchValues, lines: Range<usize>) -> usize {
        let is_listed = |&(table, of_header): &(usize, bool)| {
            let key = &values.pack.lookups[table].key;
            lines.clone().any(|line| {
                // Where a line repeats the header of the line before, its entry is the same.
                let repeats = of_header
                    && line > lines.start
                    && values.day(line) == values.day(line - 1)
                    && key.iter().all(|&field| {
                        let value = |line| values.field(line, field);
                        value(line) == value(line - 1)
                    });
                !repeats && values.lookup_entry(line, table).is_some()
            })
        };
        self.listed.iter().position(is_listed).unwrap_or(self.listed.len())
    }
}

/// The packages of some lines, as far as they are given.
fn packages_of(values: &BatchValues, field: FieldId, lines: Range<usize>) -> Option<i64> {
    let of = |line: usize| match values.declared(line, field) {
        Value::Integer(packages) => Some(packages),
        _ => None,
    };
    lines.filter_map(of).reduce(i64::saturating_add)
}

/// Texts of a short list.
fn coded(positions: &[usize], texts: &[String]) -> Result<ArrayRef, ArrowError> {
    let keys = Int32Array::from_iter_values(positions.iter().map(|&position| position as i32));
    let texts = StringArray::from_iter_values(texts);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(texts))?))
}
