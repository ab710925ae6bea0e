//! Rules written by hand: what an engineer would write in a day for a fixed set of rules, to compare the engine with.
//!
//! Goods lines are structs with borrowed texts, rules are structs with a tree of tests, and a loop over the lines
//! tries each line's candidates. The candidates of a destination, commodity and mode are found with one set of bits
//! for each of the three, and remembered. Texts are searched with prepared searchers, and a line's goods name is
//! folded at most once. There is no schema, no rule language, no check of the input, no reasons, and one thread.

mod search;

use std::collections::HashMap;
use std::rc::Rc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};

use crate::workload::{Condition, HandRule, KeySet, NumberField, TextField};
use search::{Folded, Part, Word};

/// A goods line with the fields that the rules of a [`Workload`](crate::workload::Workload) read.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields of the export declaration")]
pub struct GoodsLine<'a> {
    pub destination: &'a str,
    pub hs: &'a str,
    pub mode: &'a str,
    pub brand: Option<&'a str>,
    pub exporter: Option<&'a str>,
    pub port: Option<&'a str>,
    pub unit: Option<&'a str>,
    pub goods: Option<&'a str>,
    pub quantity: Option<f64>,
    pub net_kg: Option<f64>,
    pub value: Option<f64>,
}

impl<'a> GoodsLine<'a> {
    /// The lines of a table of [`Generator`](qingfeng_lab::Generator).
    ///
    /// # Panics
    ///
    /// A column is missing or of another type.
    pub fn of_batch(batch: &'a RecordBatch) -> Vec<Self> {
        let column = |name: &str| {
            batch.column_by_name(name).unwrap_or_else(|| panic!("the table has no column {name}")).as_ref()
        };
        let text = |name: &str| column(name).as_string::<i32>();
        let number = |name: &str| column(name).as_primitive::<Float64Type>();
        let [destination, hs, mode] = ["destination", "hs", "mode"].map(text);
        let texts = ["brand", "exporter", "port", "unit", "goods"].map(text);
        let numbers = ["quantity", "net_kg", "value"].map(number);
        (0..batch.num_rows())
            .map(|row| {
                let [brand, exporter, port, unit, goods] =
                    texts.map(|column| column.is_valid(row).then(|| column.value(row)));
                let [quantity, net_kg, value] =
                    numbers.map(|column| column.is_valid(row).then(|| column.value(row)));
                let (destination, hs, mode) = (destination.value(row), hs.value(row), mode.value(row));
                Self { destination, hs, mode, brand, exporter, port, unit, goods, quantity, net_kg, value }
            })
            .collect()
    }

    /// A text field.
    pub fn text(&self, field: TextField) -> Option<&'a str> {
        match field {
            TextField::Brand => self.brand,
            TextField::Exporter => self.exporter,
            TextField::Port => self.port,
            TextField::Unit => self.unit,
        }
    }

    /// A number field.
    pub fn number(&self, field: NumberField) -> Option<f64> {
        match field {
            NumberField::Quantity => self.quantity,
            NumberField::NetKg => self.net_kg,
            NumberField::Value => self.value,
            NumberField::UnitValue => {
                Some(self.value? / self.quantity?).filter(|quotient| quotient.is_finite())
            }
        }
    }
}

/// What is found on a line: the sum of the points, and the rules that fired, by position, with theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct HandResult {
    pub points: i64,
    pub fired: Vec<(u32, i64)>,
}

/// A condition, ready to be tried.
#[derive(Debug)]
enum Test {
    All(Box<[Test]>),
    Any(Box<[Test]>),
    Is(TextField, Box<str>),
    IsMissing(TextField),
    IsIn(TextField, Box<[Box<str>]>),
    Below(NumberField, f64),
    Above(NumberField, f64),
    HasWord(Word),
    Contains(Part),
    HsStartsWith(Box<str>),
}

impl Test {
    fn new(condition: &Condition) -> Self {
        let all = |conditions: &[Condition]| conditions.iter().map(Self::new).collect();
        match condition {
            Condition::All(conditions) => Self::All(all(conditions)),
            Condition::Any(conditions) => Self::Any(all(conditions)),
            Condition::Is(field, text) => Self::Is(*field, text.as_str().into()),
            Condition::IsMissing(field) => Self::IsMissing(*field),
            Condition::IsIn(field, texts) => {
                Self::IsIn(*field, texts.iter().map(|text| text.as_str().into()).collect())
            }
            Condition::Below(field, limit) => Self::Below(*field, *limit),
            Condition::Above(field, limit) => Self::Above(*field, *limit),
            Condition::HasWord(word) => Self::HasWord(Word::new(word)),
            Condition::Contains(part) => Self::Contains(Part::new(part)),
            Condition::HsStartsWith(prefix) => Self::HsStartsWith(prefix.as_str().into()),
        }
    }

    fn holds<'l>(&self, line: &GoodsLine<'l>, goods: &mut Folded<'l>) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(line, goods)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(line, goods)),
            Self::Is(field, text) => line.text(*field) == Some(text),
            Self::IsMissing(field) => line.text(*field).is_none(),
            Self::IsIn(field, texts) => {
                line.text(*field).is_some_and(|known| texts.iter().any(|text| **text == *known))
            }
            Self::Below(field, limit) => line.number(*field).is_some_and(|number| number < *limit),
            Self::Above(field, limit) => line.number(*field).is_some_and(|number| number > *limit),
            Self::HasWord(word) => goods.folded().is_some_and(|folded| word.is_in(folded)),
            Self::Contains(part) => line.goods.is_some_and(|goods| part.is_in(goods)),
            Self::HsStartsWith(prefix) => line.hs.starts_with(&**prefix),
        }
    }
}

type Bits = Vec<u64>;

/// The rules that fit a value of one key field.
#[derive(Debug)]
struct Dimension {
    any: Bits,
    by_code: HashMap<String, Bits>,
    /// How long codes are; a line's code fits by any of its beginnings.
    lengths: Option<Vec<usize>>,
}

impl Dimension {
    fn new(rules: &[HandRule], key: impl Fn(&HandRule) -> Option<&KeySet>, by_prefix: bool) -> Self {
        let empty = vec![0; rules.len().div_ceil(64)];
        let mut any = empty.clone();
        let mut by_code: HashMap<String, Bits> = HashMap::new();
        let mut lengths = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            let Some(key) = key(rule) else {
                any[at / 64] |= 1 << (at % 64);
                continue;
            };
            for code in &key.codes {
                by_code.entry(code.clone()).or_insert_with(|| empty.clone())[at / 64] |= 1 << (at % 64);
                lengths.push(code.len());
            }
        }
        lengths.sort_unstable();
        lengths.dedup();
        Self { any, by_code, lengths: by_prefix.then_some(lengths) }
    }

    fn rules(&self, code: &str) -> Bits {
        let mut rules = self.any.clone();
        let mut add = |code: Option<&str>| {
            if let Some(more) = code.and_then(|code| self.by_code.get(code)) {
                rules.iter_mut().zip(more).for_each(|(rules, more)| *rules |= more);
            }
        };
        match &self.lengths {
            Some(lengths) => lengths.iter().for_each(|&length| add(code.get(..length))),
            None => add(Some(code)),
        }
        rules
    }
}

/// Destination, commodity and mode of a line.
type LineKey<'l> = (&'l str, &'l str, &'l str);

/// What was found of keys before.
#[derive(Debug, Default)]
pub struct KnownKeys<'l> {
    candidates: HashMap<LineKey<'l>, Rc<[u32]>>,
    of_dimension: [HashMap<&'l str, Bits>; 3],
}

/// The rules, ready for lines.
#[derive(Debug)]
pub struct HandRules {
    rules: Vec<(Test, i64)>,
    dimensions: [Dimension; 3],
}

impl HandRules {
    /// Prepares rules.
    pub fn new(rules: &[HandRule]) -> Self {
        let dimensions = [
            Dimension::new(rules, |rule| rule.region.as_ref(), false),
            Dimension::new(rules, |rule| rule.commodity.as_ref(), true),
            Dimension::new(rules, |rule| rule.mode.as_ref(), false),
        ];
        let rules = rules.iter().map(|rule| (Test::new(&rule.condition), rule.score)).collect();
        Self { rules, dimensions }
    }

    /// The rules whose keys fit a line, by position, in order.
    pub fn candidates<'l>(&self, known: &mut KnownKeys<'l>, line: &GoodsLine<'l>) -> Rc<[u32]> {
        let key = (line.destination, line.hs, line.mode);
        if let Some(candidates) = known.candidates.get(&key) {
            return Rc::clone(candidates);
        }
        let codes = [line.destination, line.hs, line.mode];
        for ((code, dimension), known) in codes.iter().zip(&self.dimensions).zip(&mut known.of_dimension) {
            known.entry(code).or_insert_with(|| dimension.rules(code));
        }
        let [regions, commodities, modes] = [0, 1, 2].map(|at| &known.of_dimension[at][codes[at]]);
        let mut candidates = Vec::new();
        for (at, ((region, commodity), mode)) in regions.iter().zip(commodities).zip(modes).enumerate() {
            let mut left = region & commodity & mode;
            while left != 0 {
                candidates.push((at * 64) as u32 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        let candidates: Rc<[u32]> = candidates.into();
        known.candidates.insert(key, Rc::clone(&candidates));
        candidates
    }

    /// Tries the candidates of each line.
    pub fn evaluate<'l>(&self, known: &mut KnownKeys<'l>, lines: &[GoodsLine<'l>]) -> Vec<HandResult> {
        let mut goods = Folded::default();
        let mut results = Vec::with_capacity(lines.len());
        for line in lines {
            goods.begin(line.goods);
            let mut result = HandResult::default();
            for &rule in self.candidates(known, line).iter() {
                let (condition, score) = &self.rules[rule as usize];
                if condition.holds(line, &mut goods) {
                    result.points += score;
                    result.fired.push((rule, *score));
                }
            }
            results.push(result);
        }
        results
    }
}
