use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::*;

/// One column of a stream, as text; missing cells are `None`.
fn texts(batches: &[RecordBatch], name: &str) -> Vec<Option<String>> {
    let mut cells = Vec::new();
    for batch in batches {
        let column = batch.column_by_name(name).expect("the column is part of the schema");
        cells.extend((0..column.len()).map(|row| text(column, row)));
    }
    cells
}

fn text(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Date32 => column.as_primitive::<Date32Type>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        other => panic!("no column is a {other}"),
    })
}

fn stream(seed: u64, lines: u64) -> (Vec<RecordBatch>, Vec<RecordBatch>) {
    Generator::new(seed, lines).map(|generated| (generated.declarations, generated.outcomes)).unzip()
}

fn count(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// FNV-1a over the text of all cells, row by row. A missing cell is unlike any text.
fn checksum(batches: &[RecordBatch]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    for batch in batches {
        for row in 0..batch.num_rows() {
            for column in batch.columns() {
                match text(column, row) {
                    Some(text) => text.bytes().for_each(&mut add),
                    None => add(0xFE),
                }
                add(0xFF);
            }
        }
    }
    hash
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (once, again) = (stream(7, 20_000), stream(7, 20_000));
    assert_eq!(once, again);
    assert_ne!(checksum(&once.0), checksum(&stream(8, 20_000).0));
}

#[test]
fn the_first_thousand_lines_never_change() {
    let (declarations, outcomes) = stream(2016, 1_000);
    assert_eq!(format!("{:016x}", checksum(&declarations)), "5e5af5493a33efb3");
    assert_eq!(format!("{:016x}", checksum(&outcomes)), "41b5c6824e875a70");
}

#[test]
fn there_are_as_many_lines_as_asked_for() {
    for lines in [0, 1, 2, 19, 8_191, 8_192, 8_193, 30_000] {
        let (declarations, outcomes) = stream(3, lines);
        assert_eq!(count(&declarations) as u64, lines);
        assert_eq!(count(&outcomes) as u64, lines);
        assert!(declarations.iter().all(|batch| batch.num_rows() > 0));
    }
    // A stream without an end in sight starts like any other.
    let mut endless = Generator::new(3, u64::MAX);
    assert!(endless.next().is_some_and(|generated| generated.declarations.num_rows() >= BATCH_LINES));
}

#[test]
fn batches_end_with_their_declarations() {
    let (declarations, _) = stream(4, 50_000);
    for pair in declarations.windows(2) {
        assert!((BATCH_LINES..BATCH_LINES + MOST_LINES as usize).contains(&pair[0].num_rows()));
        let last = text(&pair[0].columns()[0], pair[0].num_rows() - 1);
        assert_ne!(last, text(&pair[1].columns()[0], 0));
    }
}

#[test]
fn declarations_are_contiguous_and_their_items_counted() {
    let (declarations, _) = stream(5, 60_000);
    let ids = texts(&declarations, "declaration_id");
    let items = texts(&declarations, "item_no");
    let (mut seen, mut last, mut item) = (HashSet::new(), None, 0);
    for (id, item_no) in ids.iter().zip(&items) {
        let id = id.as_deref().expect("every line has a number");
        if last != Some(id) {
            assert!(id.len() == 18 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
            assert!(seen.insert(id), "{id} comes twice");
            (last, item) = (Some(id), 0);
        }
        item += 1;
        assert_eq!(item_no.as_deref(), Some(item.to_string().as_str()));
        assert!(item <= MOST_LINES);
    }
}

#[test]
fn lines_of_a_declaration_share_its_header() {
    let (declarations, _) = stream(5, 20_000);
    let schema = Generator::schema();
    let header = schema.fields().iter().map(|field| field.name()).take_while(|name| *name != "item_no");
    let ids = texts(&declarations, "declaration_id");
    for name in header {
        let cells = texts(&declarations, name);
        for at in 1..ids.len() {
            assert!(ids[at] != ids[at - 1] || cells[at] == cells[at - 1], "{name} of {:?}", ids[at]);
        }
    }
}

#[test]
fn the_year_passes_in_order() {
    let (declarations, _) = stream(6, 100_000);
    let days: Vec<i32> = texts(&declarations, "declared_on")
        .iter()
        .map(|day| day.as_deref().and_then(|day| day.parse().ok()).expect("every line has a date"))
        .collect();
    assert!(days.is_sorted());
    assert_eq!((days[0], days[days.len() - 1]), (calendar::FIRST_DAY, calendar::FIRST_DAY + 365));
}

#[test]
fn required_fields_are_never_missing_and_the_others_sometimes() {
    let (declarations, outcomes) = stream(7, 100_000);
    let schema = Generator::schema();
    for field in schema.fields() {
        let missing = texts(&declarations, field.name()).iter().filter(|cell| cell.is_none()).count();
        let is_always_there = ["declaration_id", "declared_on", "destination", "mode", "item_no", "hs"]
            .contains(&field.name().as_str());
        assert_eq!(missing == 0, is_always_there, "{}: {missing}", field.name());
    }
    for field in Generator::outcomes_schema().fields().iter().filter(|field| !field.is_nullable()) {
        assert!(texts(&outcomes, field.name()).iter().all(Option::is_some), "{}", field.name());
    }
}

#[test]
fn codes_have_their_form() {
    let (declarations, _) = stream(8, 30_000);
    let has_form = |code: &str, prefix: &str, digits: usize| {
        code.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == digits && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    for (name, prefix, digits) in [
        ("hs", "", 10),
        ("exporter", "E", 6),
        ("producer", "P", 5),
        ("agent", "A", 4),
        ("origin_district", "", 5),
    ] {
        for code in texts(&declarations, name).iter().flatten() {
            assert!(has_form(code, prefix, digits), "{name} {code}");
        }
    }
}

#[test]
fn rates_are_believable() {
    for seed in [1, 2, 3] {
        let (declarations, outcomes) = stream(seed, 200_000);
        let results = texts(&outcomes, "result");
        let violations = results.iter().filter(|result| result.as_deref() != Some("clear")).count();
        assert!((2_000..=6_000).contains(&violations), "{violations} of seed {seed}");
        let unbranded = texts(&declarations, "brand").iter().filter(|brand| brand.is_none()).count();
        assert!((50_000..=80_000).contains(&unbranded), "{unbranded} of seed {seed}");

        let tells: HashSet<_> = texts(&outcomes, "tell").into_iter().collect();
        assert_eq!(tells.len(), 14, "thirteen tells, and none: {tells:?}");
    }
}

#[test]
fn amounts_are_finite_and_positive() {
    let (declarations, outcomes) = stream(9, 100_000);
    for name in ["quantity", "net_kg", "gross_kg", "value", "packages"] {
        for cell in texts(&declarations, name).iter().flatten() {
            let amount: f64 = cell.parse().expect("a number");
            assert!(amount.is_finite() && amount > 0.0, "{name} {amount}");
        }
    }
    let results = texts(&outcomes, "result");
    for name in ["pieces", "value"] {
        for (cell, result) in texts(&outcomes, name).iter().flatten().zip(&results) {
            let amount: f64 = cell.parse().expect("a number");
            assert_eq!(amount > 0.0, result.as_deref() != Some("clear"), "{name} {amount}");
        }
    }
    for (net, gross) in texts(&declarations, "net_kg").iter().zip(&texts(&declarations, "gross_kg")) {
        if let (Some(net), Some(gross)) = (net, gross) {
            let (net, gross): (f64, f64) = (net.parse().expect("a number"), gross.parse().expect("a number"));
            assert!(net < gross);
        }
    }
}

#[test]
fn split_consignments_stay_just_under_the_limit() {
    let (declarations, outcomes) = stream(10, 300_000);
    let ids = texts(&declarations, "declaration_id");
    let values = texts(&declarations, "value");
    let tells = texts(&outcomes, "tell");
    let (mut splits, mut at) = (0, 0);
    while at < ids.len() {
        let end = (at..ids.len()).find(|&row| ids[row] != ids[at]).unwrap_or(ids.len());
        let is_split = tells[at..end].iter().any(|tell| tell.as_deref() == Some("split"));
        if is_split && values[at..end].iter().all(Option::is_some) {
            let total: f64 =
                values[at..end].iter().flatten().map(|value| value.parse::<f64>().expect("a number")).sum();
            assert!((130_000.0..150_000.0).contains(&total), "{total} of {:?}", ids[at]);
            splits += 1;
        }
        at = end;
    }
    assert!(splits > 10, "{splits}");
}

#[test]
fn those_found_before_violate_far_more_often() {
    let (declarations, outcomes) = stream(11, 300_000);
    let number = |code: &Option<String>| code.as_deref().and_then(|code| code[1..].parse::<u32>().ok());
    let exporters = texts(&declarations, "exporter");
    let (mut known, mut others) = ([0_u32; 2], [0_u32; 2]);
    for (exporter, result) in exporters.iter().zip(texts(&outcomes, "result")) {
        let is_known =
            number(exporter).is_some_and(|number| number.is_multiple_of(traders::EXPORTER_OFFENDER));
        let tally = if is_known { &mut known } else { &mut others };
        tally[0] += u32::from(result.as_deref() != Some("clear"));
        tally[1] += 1;
    }
    assert!(known[1] > 300, "{known:?}");
    assert!(known[0] * others[1] / known[1] > 10 * others[0], "{known:?} against {others:?}");
}
