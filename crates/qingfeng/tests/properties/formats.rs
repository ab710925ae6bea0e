//! The same declarations in every format.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use qingfeng::Notes;
use qingfeng::rules::Level;
use serde_json::{Map, Value};

use super::{cases, clean_wind, generated, score_plainly, write};

/// Flat lines as declarations with `items`.
fn nested(flat: &str) -> Vec<Value> {
    let schema = &clean_wind().pack().schema;
    let of_header: BTreeSet<&str> = schema
        .fields()
        .iter()
        .filter(|field| field.level == Level::Header)
        .map(|field| field.name.as_str())
        .collect();
    let mut declarations: Vec<Map<String, Value>> = Vec::new();
    for line in flat.lines() {
        let line: Map<String, Value> = serde_json::from_str(line).unwrap();
        let (mut header, item): (Map<_, _>, Map<_, _>) =
            line.into_iter().partition(|(key, _)| of_header.contains(key.as_str()));
        match declarations.last_mut() {
            Some(last) if last["declaration_id"] == header["declaration_id"] => {
                last["items"].as_array_mut().unwrap().push(item.into());
            }
            _ => {
                header.insert("items".into(), Value::Array(vec![item.into()]));
                declarations.push(header);
            }
        }
    }
    declarations.into_iter().map(Value::Object).collect()
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn every_format_gives_the_same_assessments(seed in any::<u64>(), lines in 1..250_u64) {
        let directory = tempfile::tempdir().unwrap();
        let table = generated(seed, lines);
        let path = |name: &str| directory.path().join(name);
        let flat = path("flat.ndjson");
        write(&flat, &table);
        let first = score_plainly(clean_wind(), &flat);
        prop_assert_eq!(first.rejects, 0);

        let declarations = nested(&std::fs::read_to_string(&flat).unwrap());
        let mut text = String::new();
        declarations.iter().for_each(|declaration| writeln!(text, "{declaration}").unwrap());
        std::fs::write(path("nested.ndjson"), text).unwrap();
        let other = score_plainly(clean_wind(), &path("nested.ndjson"));
        prop_assert_eq!(other.lines(), first.lines());

        for name in ["a.csv", "a.csv.gz", "a.csv.zst", "a.ndjson.gz", "a.parquet", "a.arrow"] {
            write(&path(name), &table);
            let other = score_plainly(clean_wind(), &path(name));
            prop_assert_eq!(other.lines(), first.lines(), "{}", name);
        }

        // A table in memory, and one declaration at a time.
        let batch = clean_wind().assess_batch(&table).unwrap();
        let of_batch: Vec<_> = batch.assessments().collect();
        let one_by_one: Vec<_> = declarations
            .into_iter()
            .map(|declaration| {
                let mut assessment = clean_wind().assess_json(declaration.to_string().as_bytes()).unwrap();
                // Of a table they are noted for all declarations together.
                assessment.notes = Notes::default();
                assessment
            })
            .collect();
        prop_assert_eq!(&of_batch, &one_by_one);
        let rows: Vec<Value> = first.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(rows.len(), of_batch.len());
        for (row, assessment) in rows.iter().zip(&of_batch) {
            prop_assert_eq!(row["declaration_id"].as_str(), Some(assessment.declaration_id.as_str()));
            prop_assert_eq!(row["score"].as_i64(), Some(assessment.score));
            prop_assert_eq!(row["channel"].as_str(), Some(assessment.channel.as_str()));
            prop_assert_eq!(row["decisive_item"].as_i64(), assessment.decisive_item);
        }
    }
}
