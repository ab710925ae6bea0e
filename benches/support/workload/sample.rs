//! Lines from which rules are drawn.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use super::{KeySet, NumberField};
use crate::hand::GoodsLine;

/// The lines of some goods.
#[derive(Debug)]
pub(super) struct GoodsSample<'a> {
    pub(super) lines: Vec<GoodsLine<'a>>,
    /// For each number field its values, in order.
    numbers: [Vec<f64>; 4],
}

const FIELDS: [NumberField; 4] =
    [NumberField::UnitValue, NumberField::Quantity, NumberField::NetKg, NumberField::Value];

impl<'a> GoodsSample<'a> {
    fn new(lines: Vec<GoodsLine<'a>>) -> Self {
        let numbers = FIELDS.map(|field| {
            let mut values: Vec<f64> = lines.iter().filter_map(|line| line.number(field)).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        });
        Self { lines, numbers }
    }

    /// A limit below which so many thousandths of the values are, with three digits.
    pub(super) fn quantile(&self, field: NumberField, thousandths: usize) -> f64 {
        let values = FIELDS.iter().position(|&known| known == field).map(|at| &self.numbers[at]);
        let value = values.and_then(|values| values.get(values.len() * thousandths / 1_000)).copied();
        let value = value.unwrap_or(1.0);
        format!("{value:.2e}").parse().unwrap_or(value)
    }
}

/// The lines, all together and by goods.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    all: GoodsSample<'a>,
    by_goods: BTreeMap<String, GoodsSample<'a>>,
}

/// Of goods with fewer lines than this all lines are taken.
const FEWEST_LINES: usize = 50;

impl<'a> Sample<'a> {
    pub(super) fn new(batches: &'a [RecordBatch]) -> Self {
        let lines: Vec<GoodsLine<'a>> = batches.iter().flat_map(GoodsLine::of_batch).collect();
        let mut by_goods = BTreeMap::new();
        for (goods, _) in &super::keys::KeyChoices::new().commodity {
            let fits = |line: &&GoodsLine<'a>| goods.codes.iter().any(|code| line.hs.starts_with(code));
            let of_goods: Vec<GoodsLine<'a>> = lines.iter().filter(fits).copied().collect();
            if of_goods.len() >= FEWEST_LINES {
                by_goods.insert(goods.names.join(" "), GoodsSample::new(of_goods));
            }
        }
        Self { all: GoodsSample::new(lines), by_goods }
    }

    /// The lines of the goods of a key.
    pub(super) fn of(&self, goods: Option<&KeySet>) -> &GoodsSample<'a> {
        goods.and_then(|goods| self.by_goods.get(&goods.names.join(" "))).unwrap_or(&self.all)
    }
}
