//! One declaration has one answer, whichever way it comes: as values of a program, as a JSON message, as a table, as a
//! file. And what is the same mistake in each of them is the same reject.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray};
use proptest::prelude::*;
use qingfeng::read::{Input, Position, ReadOptions, Reader, Reject, RejectKind};
use qingfeng::{
    AssessError, Assessment, Declaration, Engine, FieldValue, Item, Notes, Summary, UnreadableValue,
};

use crate::hostile::{declarations, motorcycle};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind")).unwrap())
}

fn header(id: &str) -> Declaration {
    Declaration::new().with("declaration_id", id).with("destination", "KE").with("mode", "0110")
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Lines of these declarations, and more columns.
fn table(ids: &[&str], more: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let same = |value: &str| texts(&vec![value; ids.len()]);
    let columns = vec![
        ("declaration_id", texts(ids)),
        ("destination", same("KE")),
        ("mode", same("0110")),
        ("hs", same("8711209000")),
    ];
    let columns = columns.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    RecordBatch::try_from_iter(columns.collect::<Vec<_>>().into_iter().chain(more)).unwrap()
}

/// What could not be read of an item.
fn unreadable(assessment: &Assessment, item: usize) -> &UnreadableValue {
    let [only] = &assessment.items[item].unreadable[..] else { panic!("{assessment:?}") };
    only
}

#[test]
fn an_item_of_another_declaration_is_unreadable_everywhere() {
    let item = |id: &str| motorcycle().with("declaration_id", id);
    let without_id = || Declaration::new().with("destination", "KE").with("mode", "0110");
    let several = without_id().item(item("A")).item(item(" A ")).item(item("B"));
    let assessment = engine().assess(&several).unwrap();
    assert_eq!((assessment.items.len(), assessment.declaration_id.as_str()), (3, "A"));
    let UnreadableValue { field, kind, reason, .. } = unreadable(&assessment, 2);
    assert_eq!((field, *kind), (&None, RejectKind::Conflict));

    let json = serde_json::to_string(&several).unwrap();
    assert_eq!(engine().assess_json(json.as_bytes()).unwrap(), assessment);
    let inputs = vec![Input::bytes("a.ndjson", json)];
    let reader = Reader::new(engine().pack().schema.clone(), inputs, ReadOptions::default()).unwrap();
    let chunk = { reader }.next().unwrap().unwrap();
    assert_eq!((chunk.lines.declaration_count(), chunk.rejects.len()), (1, 1));
    assert_eq!(chunk.rejects[0].reason, *reason);

    let one = without_id().item(item("A")).item(item(" A "));
    assert_eq!(engine().assess(&one).unwrap().items.len(), 2);
}

#[test]
fn a_declaration_has_the_same_limit_of_lines_everywhere() {
    let most = ReadOptions::default().max_declaration_lines;
    let mut long = header("D1");
    long.items = vec![motorcycle(); most + 2];
    let assessment = engine().assess(&long).unwrap();
    // One line stands for those beyond the limit.
    assert_eq!(assessment.items.len(), most + 1);
    let UnreadableValue { kind, reason, .. } = unreadable(&assessment, most);
    assert_eq!(*kind, RejectKind::TooManyLines);
    assert!(reason.ends_with("split the declaration"));
    assert_eq!(assessment.channel, "red");

    let json = serde_json::to_string(&long).unwrap();
    assert_eq!(engine().assess_json(json.as_bytes()).unwrap(), assessment);
    let batch = engine().assess_batch(&table(&vec!["D1"; most + 2], Vec::new())).unwrap();
    assert_eq!((batch.lines().len(), batch.rejects().len()), (most + 1, 2));
    assert_eq!(batch.rejects()[0].reason, *reason);
    let reader = Reader::new(
        engine().pack().schema.clone(),
        vec![Input::bytes("a.ndjson", json)],
        ReadOptions::default(),
    );
    let read: Vec<_> = reader.unwrap().map(Result::unwrap).collect();
    assert_eq!(read.iter().map(|chunk| chunk.lines.len()).sum::<usize>(), most + 1);
    assert_eq!(read.iter().map(|chunk| chunk.lines_lost).sum::<u64>(), 1);
    assert!(read.iter().flat_map(|chunk| &chunk.rejects).all(|reject| reject.reason == *reason));
}

#[test]
fn numbers_become_the_same_codes_everywhere() {
    let decimals = Decimal128Array::from(vec![871_120_900_000]).with_precision_and_scale(12, 2).unwrap();
    let oracle =
        Decimal128Array::from(vec![87_112_090_000_000_000_000]).with_precision_and_scale(38, 10).unwrap();
    let columns: [ArrayRef; 4] = [
        Arc::new(decimals),
        Arc::new(oracle),
        Arc::new(Float64Array::from(vec![8_711_209_000.0])),
        Arc::new(Int64Array::from(vec![8_711_209_000])),
    ];
    let expected = engine().assess(&header("D1").item(Item::new().with("hs", "8711209000"))).unwrap();
    assert!(!expected.items[0].fired.is_empty());
    for hs in columns {
        let batch = engine().assess_batch(&table(&["D1"], vec![("hs", Arc::clone(&hs))])).unwrap();
        assert_eq!(batch.assessments().collect::<Vec<_>>(), std::slice::from_ref(&expected), "{hs:?}");
    }
    let number = header("D1").item(Item::new().with("hs", 8_711_209_000.0));
    assert_eq!(engine().assess(&number).unwrap(), expected);
    for hs in ["8711209000", "8711209000.0", "8711209000.00", "\"8711.20.9000\""] {
        let json = format!(
            r#"{{"declaration_id": "D1", "destination": "KE", "mode": "0110", "items": [{{"hs": {hs}}}]}}"#
        );
        assert_eq!(engine().assess_json(json.as_bytes()).unwrap(), expected, "{hs}");
    }
    let id = engine().assess(&header("").with("declaration_id", 530_120_160_001.0).item(motorcycle()));
    assert_eq!(id.unwrap().declaration_id, "530120160001");
}

#[test]
fn what_is_no_finite_number_is_unreadable_everywhere() {
    for (value, shown) in [(f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let assessment = engine().assess(&header("D1").item(motorcycle().with("value", value))).unwrap();
        let of = unreadable(&assessment, 0);
        let column: ArrayRef = Arc::new(Float64Array::from(vec![value]));
        let batch = engine().assess_batch(&table(&["D1"], vec![("value", column)])).unwrap();
        assert_eq!((of.field.as_deref(), of.value.as_deref()), (Some("value"), Some(shown)));
        assert_eq!(of.kind, RejectKind::Value);
        assert_eq!(*unreadable(&batch.assessments().next().unwrap(), 0), *of);
        assert_eq!(batch.rejects()[0].reason, of.reason);
    }
}

#[test]
fn declarations_whose_rows_do_not_stand_together_are_told() {
    let batch = engine().assess_batch(&table(&["A", "B", "A"], Vec::new())).unwrap();
    assert_eq!(batch.assessments().count(), 3);
    let scattered = batch.scattered();
    assert_eq!(scattered.count, 1);
    assert_eq!(scattered.first[0].first.position.to_string(), "row 1");
    assert_eq!(scattered.first[0].again.position.to_string(), "row 3");
    assert_eq!(engine().assess_batch(&table(&["A", "A", "B"], Vec::new())).unwrap().scattered().count, 0);
}

/// The declarations of a reader over batches: id, lines.
fn streamed(batches: Vec<RecordBatch>) -> Vec<(String, usize)> {
    let inputs = vec![Input::batches("the table", batches)];
    let reader = Reader::new(engine().pack().schema.clone(), inputs, ReadOptions::default()).unwrap();
    let assessments = reader.flat_map(|chunk| {
        let assessed = engine().assess_lines(chunk.unwrap().lines);
        assessed.assessments().collect::<Vec<_>>()
    });
    assessments.map(|assessment| (assessment.declaration_id, assessment.items.len())).collect()
}

#[test]
fn batches_of_one_table_are_one_stream() {
    let batches = vec![
        table(&["A", "B"], Vec::new()),
        table(&["B", "B"], Vec::new()),
        table(&["C"], vec![("value", Arc::new(Float64Array::from(vec![1.0])))]),
    ];
    let expected = [("A", 1), ("B", 3), ("C", 1)].map(|(id, lines)| (id.to_owned(), lines));
    assert_eq!(streamed(batches), expected);
}

#[test]
fn columns_are_found_by_name_in_each_batch() {
    let plain = table(&["A"], vec![("exporter", texts(&["E000360"])), ("producer", texts(&["P01086"]))]);
    let order: Vec<usize> = (0..plain.num_columns()).rev().collect();
    let turned = plain.project(&order).unwrap();
    let fewer = table(&["A"], Vec::new());
    let inputs = vec![Input::batches("the table", vec![plain, turned, fewer])];
    let mut reader = Reader::new(engine().pack().schema.clone(), inputs, ReadOptions::default()).unwrap();
    let chunk = reader.next().unwrap().unwrap();
    let exporter = engine().pack().schema.field("exporter").unwrap();
    let exporters: Vec<_> = chunk.lines.text(exporter).unwrap().iter().collect();
    assert_eq!(exporters, [Some("E000360"), Some("E000360"), None]);
    assert!(reader.next().is_none());

    let lacking = table(&["A"], Vec::new()).project(&[0, 1]).unwrap();
    let inputs = vec![Input::batches("the table", vec![table(&["A"], Vec::new()), lacking])];
    let reader = Reader::new(engine().pack().schema.clone(), inputs, ReadOptions::default()).unwrap();
    let error = reader.filter_map(Result::err).next().unwrap();
    assert!(error.to_string().starts_with("the table: no column for `mode`"), "{error}");
}

#[test]
fn the_line_that_decided_has_a_position_whatever_its_number() {
    let mild = Item::new().with("hs", "9403").with("goods", "chair").with("quantity", 1);
    let declaration = header("D1").item(mild.with("item_no", 1)).item(motorcycle().with("item_no", 1));
    let assessment = engine().assess(&declaration).unwrap();
    assert_eq!((assessment.decisive_item, assessment.decisive_index), (Some(1), Some(1)));
    assert_eq!(assessment.decisive(), Some(&assessment.items[1]));
    assert_eq!(assessment.notes.repeated_items, 1);

    let columns = vec![
        ("item_no", Arc::new(Int64Array::from(vec![1, 1])) as ArrayRef),
        ("hs", texts(&["9403", "8711209000"])),
        ("goods", texts(&["chair", "motorcycle"])),
    ];
    let batch = engine().assess_batch(&table(&["D1", "D1"], columns)).unwrap();
    assert_eq!(batch.notes().repeated_items, 1);
    assert_eq!(batch.assessments().next().unwrap().decisive_index, Some(1));
}

#[test]
fn what_an_older_version_wrote_is_read() {
    let old = r#"{"declaration_id": "D1", "score": 5, "channel": "green", "decisive_item": 2, "pack": "p@1#0",
        "items": [{"item_no": 2, "score": 5, "points": 5, "channel": "green", "fired": [{"rule": "R", "points": 5}]}]}"#;
    let read: Assessment = serde_json::from_str(old).unwrap();
    assert_eq!((read.decisive_index, read.decisive().unwrap().item_no), (None, Some(2)));
    assert!(read.notes.is_empty());
}

#[test]
fn what_was_not_understood_is_told_everywhere() {
    let declaration = header("D1")
        .with("destination", "ZZZ")
        .with("vlaue", 7)
        .item(motorcycle().with("mode", "0110").with("colour", "red"));
    let mut notes = engine().assess(&declaration).unwrap().notes;
    notes.unknown_fields.sort();
    assert_eq!(notes.unknown_fields, ["colour", "vlaue"]);
    assert_eq!(notes.unknown_codes["destination"].codes["ZZZ"], 1);

    let columns =
        vec![("vlaue", texts(&["7"])), ("colour", texts(&["red"])), ("destination", texts(&["ZZZ"]))];
    let mut of_table = engine().assess_batch(&table(&["D1"], columns)).unwrap().notes();
    of_table.unknown_fields.sort();
    assert_eq!(of_table, notes);
}

#[test]
fn what_is_unreadable_has_its_field_and_its_kind() {
    let assessment = engine().assess(&header("D1").item(motorcycle().with("quantity", "x"))).unwrap();
    let of = unreadable(&assessment, 0);
    assert_eq!(of.reason, "`x` is not a number; write digits and a decimal point, without units");
    assert_eq!((of.field.as_deref(), of.kind), (Some("quantity"), RejectKind::Value));
    let assessment = engine().assess(&header("D1")).unwrap();
    let of = unreadable(&assessment, 0);
    assert_eq!(of.reason, "`hs` is missing; each line needs it");
    assert_eq!((of.field.as_deref(), of.kind), (Some("hs"), RejectKind::Missing));
}

#[test]
fn a_declaration_without_an_id_is_refused() {
    let without_id = Declaration::new().with("destination", "KE").with("mode", "0110").item(motorcycle());
    let AssessError::Rejected(rejects) = engine().assess(&without_id).unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(
        rejects[0].to_string(),
        "the declaration, item 1: `declaration_id` is missing; each line needs it"
    );
    assert!(matches!(engine().assess_json(b"{"), Err(AssessError::Rejected(_))));
}

#[test]
fn a_declaration_is_explained_by_itself() {
    let declaration = header("D1").item(motorcycle());
    let explained = engine().explain(&declaration).unwrap();
    assert_eq!(explained.score, engine().assess(&declaration).unwrap().score);
    let json = serde_json::to_vec(&declaration).unwrap();
    assert_eq!(engine().explain_json(&json).unwrap(), explained);
    let batch = engine().assess_batch(&table(&["A", "B"], Vec::new())).unwrap();
    assert_eq!(batch.explain(1), Some(engine().explain_lines(batch.lines(), 1)));
    assert_eq!(batch.explain(2), None);
}

/// Number of the item, field, value, kind, reason.
type Rejected = (u64, Option<String>, Option<String>, RejectKind, String);

/// What a path made of one declaration.
#[derive(Debug, PartialEq)]
struct Answer {
    assessments: Vec<Assessment>,
    rejects: Vec<Rejected>,
    notes: Notes,
}

fn answer(assessments: Vec<Assessment>, rejects: &[Reject], mut notes: Notes) -> Answer {
    notes.unknown_fields.sort();
    let assessments = assessments.into_iter().map(|mut assessment| {
        assessment.notes = Notes::default();
        assessment
    });
    let rejects = rejects.iter().map(|reject| {
        let number = match reject.position {
            Position::Row(row) => row,
            Position::Item { item, .. } => item.into(),
            Position::Line(line) => line.saturating_sub(1),
        };
        (number, reject.field.clone(), reject.value.clone(), reject.kind, reject.reason.clone())
    });
    Answer { assessments: assessments.collect(), rejects: rejects.collect(), notes }
}

/// The answer of [`Engine::assess`] and the like.
fn answer_of_one(result: Result<Assessment, AssessError>) -> Answer {
    match result {
        Ok(mut assessment) => {
            let notes = std::mem::take(&mut assessment.notes);
            let items = (1..).zip(&assessment.items);
            let rejects = items.flat_map(|(number, item)| {
                item.unreadable
                    .iter()
                    .cloned()
                    .map(move |of| (number, of.field, of.value, of.kind, of.reason))
            });
            let rejects = rejects.collect();
            Answer { rejects, ..answer(vec![assessment], &[], notes) }
        }
        Err(AssessError::Rejected(rejects)) => answer(Vec::new(), &rejects, Notes::default()),
        Err(other) => panic!("{other}"),
    }
}

/// A declaration as text cells, one row a line.
fn rows(declaration: &Declaration) -> (Vec<String>, Vec<Vec<Option<FieldValue>>>) {
    let keys: BTreeSet<&String> = declaration
        .header
        .keys()
        .chain(declaration.items.iter().flat_map(|item| item.fields.keys()))
        .collect();
    let of_line = |item: &Item| {
        let value = |key: &&String| item.fields.get(*key).or_else(|| declaration.header.get(*key)).cloned();
        keys.iter().map(value).collect()
    };
    (keys.iter().map(|key| (*key).clone()).collect(), declaration.items.iter().map(of_line).collect())
}

fn text(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::Text(text) => Some(text.clone()),
        FieldValue::Number(number) if !number.is_finite() => Some(number.to_string()),
        FieldValue::Missing => None,
        other => Some(serde_json::to_string(other).unwrap()),
    }
}

/// The same lines as a table: columns of numbers where all values are numbers, of texts otherwise.
fn as_table(declaration: &Declaration) -> Option<RecordBatch> {
    let (keys, rows) = rows(declaration);
    let mut columns = Vec::new();
    for (at, key) in keys.into_iter().enumerate() {
        let values = || rows.iter().map(|row| row[at].clone().unwrap_or(FieldValue::Missing));
        let is_missing = |value: &FieldValue| *value == FieldValue::Missing;
        let numbers: Option<Float64Array> = values()
            .map(|value| match value {
                FieldValue::Number(number) => Some(Some(number)),
                FieldValue::Missing => Some(None),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(Float64Array::from);
        let integers: Option<Int64Array> = values()
            .map(|value| match value {
                FieldValue::Integer(integer) => Some(Some(integer)),
                FieldValue::Missing => Some(None),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(Int64Array::from);
        let column: ArrayRef = match (numbers, integers) {
            (_, Some(integers)) => Arc::new(integers),
            (Some(numbers), _) => Arc::new(numbers),
            // A text has no number that is none; only what it looks like.
            _ if values().any(|value| matches!(value, FieldValue::Number(number) if !number.is_finite())) => {
                return None;
            }
            _ => Arc::new(values().map(|value| text(&value)).collect::<StringArray>()),
        };
        // A field that no line has is no column.
        if !values().all(|value| is_missing(&value)) {
            columns.push((key, column));
        }
    }
    let has = |name: &str| columns.iter().any(|(key, _)| key == name);
    // Both columns for one field are refused, where each item has but one of the keys.
    (has("declaration_id") && has("mode") && has("destination") && (has("hs") != has("HS Code")))
        .then(|| RecordBatch::try_from_iter(columns).unwrap())
}

/// What scoring an input gives.
fn scored(input: Input) -> (Vec<Reject>, Vec<(String, i64, String)>, Summary) {
    let (mut rejects, mut rows) = (Vec::new(), Vec::new());
    let mut batches = engine().score(input).threads(2).into_iter();
    for batch in &mut batches {
        let batch = batch.unwrap();
        rejects.extend(batch.rejects);
        let text = |name: &str, row: usize| crate::text(batch.rows.column_by_name(name).unwrap(), row);
        rows.extend((0..batch.rows.num_rows()).map(|row| {
            (text("declaration_id", row), text("score", row).parse().unwrap(), text("channel", row))
        }));
    }
    let summary = batches.summary().unwrap().clone();
    (rejects, rows, summary)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_way_gives_the_same_answer(declaration in declarations()) {
        let first = answer_of_one(engine().assess(&declaration));
        let is_rejected = first.assessments.is_empty();
        if let Ok(json) = serde_json::to_string(&declaration) {
            let of_json = answer_of_one(engine().assess_json(json.as_bytes()));
            prop_assert_eq!(&of_json, &first);

            let (rejects, rows, summary) = scored(Input::bytes("a.ndjson", format!("{json}\n")));
            prop_assert_eq!(&answer(Vec::new(), &rejects, Notes::default()).rejects, &first.rejects);
            if !is_rejected {
                let expected = first.assessments.iter().map(|assessment| {
                    (assessment.declaration_id.clone(), assessment.score, assessment.channel.clone())
                });
                prop_assert_eq!(rows, expected.collect::<Vec<_>>());
                let mut unknown = summary.inputs[0].unused_columns.clone();
                unknown.sort();
                prop_assert_eq!(&unknown, &first.notes.unknown_fields);
                prop_assert_eq!(&summary.unknown_codes, &first.notes.unknown_codes);
                prop_assert_eq!(summary.repeated_items, first.notes.repeated_items);
            }
        }
        let Some(table) = as_table(&declaration) else { return Ok(()) };
        let batch = engine().assess_batch(&table).unwrap();
        let of_table = answer(batch.assessments().collect(), batch.rejects(), batch.notes());
        prop_assert_eq!(&of_table.rejects, &first.rejects);
        let (rejects, _, summary) = scored(Input::batches("a table", vec![table]));
        prop_assert_eq!(&answer(Vec::new(), &rejects, Notes::default()).rejects, &first.rejects);
        if !is_rejected {
            prop_assert_eq!(&of_table.assessments, &first.assessments);
            prop_assert_eq!(&of_table.notes.unknown_codes, &first.notes.unknown_codes);
            prop_assert_eq!(of_table.notes.repeated_items, first.notes.repeated_items);
            prop_assert_eq!(summary.repeated_items, first.notes.repeated_items);
            prop_assert_eq!(&summary.unknown_codes, &first.notes.unknown_codes);
        }
    }
}
