//! An unreadable value leaves a result open, and never lowers it.

use std::collections::BTreeMap;

use qingfeng::{Declaration, Engine, FieldValue, ItemAssessment};
use qingfeng_testkit::generate::Choices;

use crate::equality::generated::seeded;
use crate::equality::number;

/// More than a cell can have, whatever its field.
fn unreadable() -> FieldValue {
    FieldValue::from("x".repeat(65_537))
}

/// The ends of the result of an item: channel by its position, score.
fn ends(engine: &Engine, item: &ItemAssessment) -> [(usize, i64); 2] {
    let at = |name: &str| engine.pack().channels.iter().position(|channel| channel.name == name).unwrap();
    match &item.range {
        Some(range) => {
            [(at(&range.channel_least), range.score_least), (at(&range.channel_most), range.score_most)]
        }
        None => [(at(&item.channel), item.score); 2],
    }
}

/// The declaration with one of its values unreadable, if there is a readable one at that place.
fn spoilt(engine: &Engine, declaration: &Declaration, choices: &mut Choices<'_>) -> Option<Declaration> {
    let schema = &engine.pack().schema;
    let id = &schema[schema.declaration].name;
    let mut declaration = declaration.clone();
    let item = choices.below(declaration.items.len() + 1);
    let fields: &mut BTreeMap<String, FieldValue> = match declaration.items.get_mut(item) {
        Some(item) => &mut item.fields,
        None => &mut declaration.header,
    };
    let keys: Vec<String> =
        fields.keys().filter(|key| *key != id && schema.field_of_header(key).is_some()).cloned().collect();
    if keys.is_empty() {
        return None;
    }
    *fields.get_mut(choices.pick(&keys))? = unreadable();
    Some(declaration)
}

#[test]
fn what_a_value_was_lies_within_what_is_possible_without_it() {
    let cases = number("QINGFENG_CASES", 300);
    let (mut compared, mut open) = (0, 0);
    for (seed, case) in seeded(cases) {
        let directory = tempfile::tempdir().unwrap();
        case.write(directory.path()).unwrap();
        let Ok(engine) = Engine::open(directory.path()) else { continue };
        let random = seed.to_le_bytes().repeat(16);
        let mut choices = Choices::new(&random);
        for declaration in &case.declarations {
            let Ok(before) = engine.assess(declaration) else { continue };
            let Some(declaration) = spoilt(&engine, declaration, &mut choices) else { continue };
            let after = engine.assess(&declaration).unwrap();
            for (before, after) in
                before.items.iter().zip(&after.items).filter(|(before, _)| before.range.is_none())
            {
                let [value, _] = ends(&engine, before);
                let [least, most] = ends(&engine, after);
                compared += 1;
                open += u32::from(least != most);
                let is_within =
                    least.0 <= value.0 && value.0 <= most.0 && least.1 <= value.1 && value.1 <= most.1;
                assert!(is_within, "seed {seed}: {value:?}\n{after:#?}\n{before:#?}\n{case}");
                if engine.pack().on_unreadable.is_none() && after.range.is_some() {
                    assert_eq!((after.score, &after.channel), (most.1, &engine.pack().channels[most.0].name));
                }
            }
        }
    }
    if cases >= 100 {
        assert!(compared > 200 && open > 20, "{compared} compared, {open} open");
    }
}
