use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use qingfeng_rules::codes;

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

fn day(text: &str) -> Date {
    text.parse().expect("a day")
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
    assert_eq!(format!("{:016x}", checksum(&declarations)), "cdc6cdf63ea8cc77");
    assert_eq!(format!("{:016x}", checksum(&outcomes)), "dbc0d5909edf7fd6");
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
    let [first, last] = [day("2016-01-01"), day("2016-12-31")];
    assert_eq!((days[0], days[days.len() - 1]), (first.days(), last.days()));
}

#[test]
fn required_fields_are_never_missing_and_the_others_sometimes() {
    let (declarations, outcomes) = stream(7, 100_000);
    let schema = Generator::schema();
    for field in schema.fields() {
        let missing = texts(&declarations, field.name()).iter().filter(|cell| cell.is_none()).count();
        let is_always_there =
            ["declaration_id", "declared_on", "declaration_office", "destination", "mode", "item_no", "hs"]
                .contains(&field.name().as_str());
        assert_eq!(missing == 0, is_always_there, "{}: {missing}", field.name());
        // The form did not ask for it in 2016.
        assert_eq!(missing == 100_000, field.name() == "brand_kind", "{}: {missing}", field.name());
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

#[test]
fn trusted_traders_violate_less_and_new_ones_more() {
    let (declarations, outcomes) = stream(2016, 100_000);
    let (exporters, results) = (texts(&declarations, "exporter"), texts(&outcomes, "result"));
    let [mut trusted, mut known, mut new] = [[0_u32; 2]; 3];
    for (exporter, result) in exporters.iter().zip(results) {
        let Some(exporter) = exporter.as_deref().and_then(|code| code[1..].parse::<u32>().ok()) else {
            continue;
        };
        let tally = match exporter {
            _ if traders::Traders::is_trusted(exporter) => &mut trusted,
            _ if exporter.is_multiple_of(traders::EXPORTER_OFFENDER) => continue,
            _ if exporter > traders::ESTABLISHED => &mut new,
            _ => &mut known,
        };
        tally[0] += u32::from(result.as_deref() != Some("clear"));
        tally[1] += 1;
    }
    let all = format!("{trusted:?}, {known:?}, {new:?}");
    assert!(trusted[1] > 3_000 && new[1] > 500, "{all}");
    assert!(2 * trusted[0] * known[1] < known[0] * trusted[1], "less than half as often: {all}");
    assert!(2 * new[0] * known[1] > 3 * known[0] * new[1], "half as often again: {all}");
}

/// Lines of a few days, one stream before each change of the form and one after it.
fn lines_of(from: &str, until: &str) -> Vec<RecordBatch> {
    let generator = Generator::new(12, 8_000).between(day(from), day(until)).expect("days of one year");
    generator.map(|generated| generated.declarations).collect()
}

#[test]
fn codes_are_those_of_the_lists_on_the_day() {
    for (from, until) in [
        ("2015-01-01", "2015-12-31"),
        ("2016-01-01", "2016-12-31"),
        ("2017-07-01", "2017-08-31"),
        ("2018-01-01", "2018-12-31"),
        ("2020-06-01", "2020-07-31"),
        ("2023-01-01", "2023-12-31"),
    ] {
        let declarations = lines_of(from, until);
        let days: Vec<Date> = texts(&declarations, "declared_on")
            .iter()
            .map(|day| {
                Date::from_days(day.as_deref().and_then(|day| day.parse().ok()).expect("a day"))
                    .expect("a day")
            })
            .collect();
        for (column, list) in [
            ("port", "customs-office"),
            ("declaration_office", "customs-office"),
            ("origin_district", "district"),
            ("mode", "trade-mode"),
            ("transport", "transport"),
            ("currency", "currency"),
            ("brand_kind", "brand-kind"),
            ("unit", "unit"),
        ] {
            let list = codes::table(list).expect("a list");
            for (code, &day) in texts(&declarations, column).iter().zip(&days) {
                let Some(code) = code.as_deref().filter(|code| *code != "BORDER-RESIDENTS") else { continue };
                let entry = list.find(code).unwrap_or_else(|| panic!("{column} {code}"));
                assert_eq!(entry.code, code, "read otherwise than written");
                assert!(entry.life.has(day), "{column} {code} on {day}");
            }
        }
        for (hs, &day) in texts(&declarations, "hs").iter().flatten().zip(&days) {
            assert!(codes::in_force(hs, day), "{hs} on {day}");
        }
    }
}

#[test]
fn modes_and_kinds_of_brand_come_and_go_with_their_days() {
    let count = |from, until, column, code: &str| {
        let cells = texts(&lines_of(from, until), column);
        cells.iter().flatten().filter(|cell| cell.as_str() == code).count()
    };
    assert!(count("2016-01-01", "2016-12-31", "mode", "0139") > 50);
    assert!(count("2017-07-01", "2017-07-31", "mode", "0139") > 50);
    assert_eq!(count("2017-08-01", "2017-08-31", "mode", "0139"), 0);
    assert_eq!(count("2020-06-01", "2020-06-30", "mode", "9710"), 0);
    for mode in ["9710", "9810"] {
        assert!(count("2020-07-01", "2020-07-31", "mode", mode) > 20, "{mode}");
    }
    assert_eq!(count("2017-12-01", "2017-12-31", "brand_kind", "NONE"), 0);
    assert!(count("2018-01-01", "2018-01-31", "brand_kind", "NONE") > 1_000);
}

#[test]
fn numbers_begin_with_the_office_where_the_declaration_is_made() {
    let (declarations, _) = stream(13, 30_000);
    let ids = texts(&declarations, "declaration_id");
    let (ports, offices) = (texts(&declarations, "port"), texts(&declarations, "declaration_office"));
    let modes = texts(&declarations, "mode");
    let mut beside_markets = 0;
    for at in 0..ids.len() {
        let (id, office) = (ids[at].as_deref().unwrap(), offices[at].as_deref().unwrap());
        assert_eq!((&id[..4], &id[4..9]), (office, "20160"));
        let elsewhere = ports[at].as_deref().is_some_and(|port| port != office);
        assert!(!elsewhere || modes[at].as_deref() == Some("1039"), "{id}");
        beside_markets += u32::from(office == "2921" && elsewhere);
    }
    assert!(beside_markets > 1_000, "{beside_markets}");
}

#[test]
fn destinations_differ_where_the_way_is_hidden() {
    let (declarations, outcomes) = stream(14, 200_000);
    let [first, last, buyers] =
        ["destination", "final_destination", "trading_country"].map(|name| texts(&declarations, name));
    let tells = texts(&outcomes, "tell");
    // Lines with another final destination, and another trading country, and all; hidden and others.
    let mut counts = [[0_u32; 3]; 2];
    for at in 0..first.len() {
        let count = &mut counts[usize::from(tells[at].as_deref() != Some("transit"))];
        count[0] += u32::from(last[at].is_some() && last[at] != first[at]);
        count[1] += u32::from(buyers[at].is_some() && buyers[at] != first[at]);
        count[2] += 1;
    }
    let [hidden, others] = counts;
    assert!(hidden[2] > 100 && 5 * hidden[0] > hidden[2], "{hidden:?}");
    assert!(others[0] > 0 && 50 * others[0] < others[2], "{others:?}");
    assert!(others[1] > others[0] && 10 * others[1] < others[2], "{others:?}");
}

#[test]
fn visitors_take_no_more_than_was_allowed() {
    let (declarations, _) = stream(15, 100_000);
    let [ids, modes, values] = ["declaration_id", "mode", "value"].map(|name| texts(&declarations, name));
    let mut totals = std::collections::HashMap::new();
    for at in (0..ids.len()).filter(|&at| modes[at].as_deref() == Some("0139")) {
        let value: f64 = values[at].as_deref().map_or(0.0, |value| value.parse().expect("a number"));
        *totals.entry(ids[at].clone()).or_insert(0.0) += value;
    }
    assert!(totals.len() > 500, "{}", totals.len());
    assert!(totals.values().all(|&total| total <= 50_000.0));
}
