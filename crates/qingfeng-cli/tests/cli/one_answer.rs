//! The command gives the answers that the library gives, whatever declarations come.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use qingfeng::{Assessment, Declaration, Engine, FieldValue};
use serde_json::{Value, json};

use crate::support::Desk;

#[path = "../../../qingfeng/tests/hostile.rs"]
mod hostile;

const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
const DECLARATIONS: usize = 150;

/// A declaration under another id, written where its own was.
fn renamed(mut declaration: Declaration, number: usize) -> Declaration {
    let fields = declaration.items.iter_mut().map(|item| &mut item.fields);
    for id in fields.chain([&mut declaration.header]).filter_map(|fields| fields.get_mut("declaration_id")) {
        *id = match id {
            FieldValue::Text(_) => format!(" D{number}").into(),
            _ => FieldValue::from(number),
        };
    }
    declaration
}

/// What could not be read of the message on a line, as the command writes it.
fn rejects(assessment: &Assessment, line: usize) -> Vec<Value> {
    let items = (1..).zip(&assessment.items);
    let of_items = items.flat_map(|(item, assessed)| {
        assessed.unreadable.iter().map(move |of| {
            let position = format!("line {line}, item {item}");
            json!({ "input": "in.ndjson", "position": position, "declaration_id": assessment.declaration_id,
                "field": of.field, "value": of.value, "reason": of.reason })
        })
    });
    of_items.collect()
}

/// The rows of an assessment as the command writes them, without what only selection asks for: that of the declaration,
/// then those of its items.
fn rows(engine: &Engine, assessment: &Assessment) -> Vec<Value> {
    let of = |score: i64, channel: &str, items: &[qingfeng::ItemAssessment]| {
        let fired = |shadow: bool| -> Vec<&str> {
            let fired = |id: &str| {
                items.iter().flat_map(|item| &item.fired).any(|rule| rule.rule == id && rule.shadow == shadow)
            };
            engine.pack().rules.iter().map(|rule| rule.id.as_str()).filter(|id| fired(id)).collect()
        };
        json!({ "declaration_id": assessment.declaration_id, "score": score, "channel": channel, "rules": fired(false),
            "shadow_rules": fired(true), "pack": &*assessment.pack })
    };
    let mut whole = of(assessment.score, &assessment.channel, &assessment.items);
    whole["decisive_item"] = json!(assessment.decisive_item);
    let items = assessment.items.iter().map(|item| {
        let mut row = of(item.score, &item.channel, std::slice::from_ref(item));
        row["item_no"] = json!(item.item_no);
        row["reasons"] = item
            .fired
            .iter()
            .map(|rule| json!(format!("{}: {}", rule.rule, rule.reason.as_deref().unwrap())))
            .collect();
        row
    });
    std::iter::once(whole).chain(items).collect()
}

/// Lines of NDJSON, by declaration.
fn lines(desk: &Desk, file: &str) -> BTreeMap<String, Vec<Value>> {
    let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in desk.read(file).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        lines.entry(line["declaration_id"].as_str().unwrap_or_default().to_owned()).or_default().push(line);
    }
    lines
}

#[test]
fn the_command_gives_the_answers_of_the_library() {
    let engine = Engine::open(PACK).unwrap();
    let mut runner = TestRunner::deterministic();
    let declarations = hostile::declarations();
    let (mut text, mut assessments, mut all_rejects) = (String::new(), Vec::new(), Vec::new());
    for number in 0..DECLARATIONS {
        let declaration = renamed(declarations.new_tree(&mut runner).unwrap().current(), number);
        // What has no JSON cannot come in a file.
        let Ok(message) = serde_json::to_string(&declaration) else { continue };
        text += &message;
        text.push('\n');
        let assessment = engine.assess_json(message.as_bytes()).unwrap();
        all_rejects.extend(rejects(&assessment, text.lines().count()));
        assessments.push((assessment, message));
    }
    assert!(all_rejects.len() > DECLARATIONS / 4, "much is unreadable");

    let desk = Desk::empty();
    desk.write("in.ndjson", &text);
    let score = format!("score in.ndjson --rules {PACK} --reasons");
    desk.run(&format!("{score} -o out.ndjson --rejects bad.ndjson --summary summary.json")).exits(0);
    desk.run(&format!("{score} --by item -o items.ndjson --engine interpreted --threads 2")).exits(0);

    let mut found: Vec<Value> = lines(&desk, "bad.ndjson").into_values().flatten().collect();
    let summary: Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    let unreadable = summary["unreadable"].as_object().unwrap().values();
    assert_eq!(unreadable.map(|of| of["lines"].as_u64().unwrap()).sum::<u64>() as usize, found.len());
    for all in [&mut found, &mut all_rejects] {
        all.sort_by_key(Value::to_string);
    }
    assert_eq!(found, all_rejects);

    let (whole, items) = (lines(&desk, "out.ndjson"), lines(&desk, "items.ndjson"));
    for (assessment, _) in &assessments {
        let id = &assessment.declaration_id;
        let found: Vec<&Value> = whole[id].iter().chain(&items[id]).collect();
        let expected = rows(&engine, assessment);
        assert_eq!(found.len(), expected.len(), "{id}");
        for (found, expected) in found.into_iter().zip(expected) {
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(found[key], *value, "{id}: {key}");
            }
        }
    }
    let unknown: u64 = assessments.iter().map(|(assessment, _)| assessment.notes.repeated_items).sum();
    assert!(summary["repeated_items"].as_u64().unwrap() >= unknown);

    let short = assessments.iter().filter(|(_, message)| message.len() < 10_000);
    for (assessment, message) in short.step_by(20) {
        let id = &assessment.declaration_id;
        let mut explained =
            desk.run(&format!("explain {id} in.ndjson --rules {PACK} --format json")).exits(0).json();
        explained.as_object_mut().unwrap().remove("rejects").unwrap();
        let expected = engine.explain_json(message.as_bytes()).unwrap();
        assert_eq!(explained, serde_json::to_value(expected).unwrap(), "{id}");
    }
}
