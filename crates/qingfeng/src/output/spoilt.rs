//! The columns that say what of a declaration could not be read, and what that leaves open.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, new_null_array};
use arrow_schema::{ArrowError, DataType, Field};
use qingfeng_rules::{ChannelId, Pack};

use super::{By, TextLists, coded_text, item_no, list_of_texts};
use crate::eval::BatchResults;
use crate::read::Lines;

/// The columns.
pub(super) fn fields() -> [Field; 6] {
    [
        Field::new("unreadable", list_of_texts(), false),
        Field::new("undecided", list_of_texts(), false),
        Field::new("score_least", DataType::Int64, true),
        Field::new("score_most", DataType::Int64, true),
        Field::new("channel_least", coded_text(), true),
        Field::new("channel_most", coded_text(), true),
    ]
}

/// The columns of these rows. Mostly there is nothing to say.
pub(super) fn columns(
    pack: &Pack,
    lines: &Lines,
    results: &BatchResults,
    rows: &[Range<usize>],
    by: By,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let (mut unreadable, mut undecided) = (TextLists::new(), TextLists::new());
    if !results.has_spoilt() {
        for _ in rows {
            unreadable.push::<&str>([]);
            undecided.push::<&str>([]);
        }
        let missing = |of: DataType| new_null_array(&of, rows.len());
        let (numbers, channels) = (missing(DataType::Int64), missing(coded_text()));
        return Ok(vec![
            unreadable.finish(),
            undecided.finish(),
            Arc::clone(&numbers),
            numbers,
            Arc::clone(&channels),
            channels,
        ]);
    }
    let (mut least, mut most) = (Int64Builder::new(), Int64Builder::new());
    let mut mildest = StringDictionaryBuilder::<Int32Type>::new();
    let mut gravest = StringDictionaryBuilder::<Int32Type>::new();
    let channel = |channel: ChannelId| pack.channels[channel.index()].name.as_str();
    for row in rows {
        let cells = lines.unreadable_in(row).iter();
        unreadable.push(cells.map(|of| {
            let field = of.field.map(|field| pack.schema[field].name.as_str());
            match (by, item_no(pack, results, of.line), field) {
                (By::Item, _, Some(field)) => field.to_owned(),
                (By::Item, ..) | (_, None, None) => "line".to_owned(),
                (_, None, Some(field)) => field.to_owned(),
                (_, Some(number), Some(field)) => format!("item {number}: {field}"),
                (_, Some(number), None) => format!("item {number}"),
            }
        }));
        let mut rules: Vec<u32> = row
            .clone()
            .filter_map(|line| results.spoilt(line))
            .flat_map(|spoilt| spoilt.undecided.iter().map(|of| of.rule))
            .collect();
        rules.sort_unstable();
        rules.dedup();
        undecided.push(rules.iter().map(|&rule| pack.rules[rule as usize].id.as_str()));
        let range = results.range(row.clone());
        least.append_option(range.map(|range| range.least.1));
        most.append_option(range.map(|range| range.most.1));
        mildest.append_option(range.map(|range| channel(range.least.0)));
        gravest.append_option(range.map(|range| channel(range.most.0)));
    }
    Ok(vec![
        unreadable.finish(),
        undecided.finish(),
        Arc::new(least.finish()),
        Arc::new(most.finish()),
        Arc::new(mildest.finish()),
        Arc::new(gravest.finish()),
    ])
}
