//! The same declarations in every format.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, ArrayRef, DictionaryArray, RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use qingfeng::read::ReadOptions;
use qingfeng::rules::Level;
use qingfeng::{By, Notes};
use serde_json::{Map, Value};

use super::{Job, cases, clean_wind, generated, score, score_plainly, write};

/// Cells that are read as another value, or not at all.
const ODD: [&str; 8] = [" ke ", "坦桑尼亚", "??", "'0110", "NULL", "", "\u{200b}N/M", "1039.0"];

/// The table with odd cells in columns of text.
fn spoilt(table: &RecordBatch, odd: &[(usize, usize, usize)]) -> RecordBatch {
    let (schema, mut columns, rows) = table.clone().into_parts();
    let texts: Vec<usize> =
        (0..columns.len()).filter(|&at| *columns[at].data_type() == DataType::Utf8).collect();
    for &(row, column, text) in odd {
        let column = &mut columns[texts[column % texts.len()]];
        let mut cells: Vec<Option<&str>> = column.as_string::<i32>().iter().collect();
        cells[row % rows] = Some(ODD[text % ODD.len()]);
        *column = Arc::new(StringArray::from(cells));
    }
    RecordBatch::try_new(schema, columns).unwrap()
}

fn write_parquet(path: &Path, table: &RecordBatch, properties: WriterProperties) {
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), table.schema(), Some(properties)).unwrap();
    writer.write(table).unwrap();
    writer.close().unwrap();
}

/// An Arrow file in which each column of text is a dictionary.
fn write_dictionaries(path: &Path, table: &RecordBatch) {
    let columns: Vec<(&str, ArrayRef)> = table
        .schema_ref()
        .fields()
        .iter()
        .zip(table.columns())
        .map(|(field, column)| match column.as_string_opt::<i32>() {
            Some(texts) => {
                let texts: DictionaryArray<Int32Type> = texts.iter().collect();
                (field.name().as_str(), Arc::new(texts) as ArrayRef)
            }
            None => (field.name().as_str(), Arc::clone(column)),
        })
        .collect();
    let fields: Vec<arrow_schema::Field> = columns
        .iter()
        .map(|(name, column)| arrow_schema::Field::new(*name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let mut writer = FileWriter::try_new(File::create(path).unwrap(), table.schema_ref()).unwrap();
    writer.write(&table).unwrap();
    writer.finish().unwrap();
}

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

    #[test]
    fn how_columns_are_encoded_does_not_show(
        seed in any::<u64>(),
        lines in 1..250_u64,
        odd in prop::collection::vec((0..250_usize, 0..64_usize, 0..ODD.len()), 0..6),
        group in prop::sample::select(vec![3_usize, 40, 1000]),
        batch_lines in prop::sample::select(vec![2_usize, 50, 8192]),
    ) {
        let directory = tempfile::tempdir().unwrap();
        // Of one name for all, since names stand in what is said; the content says the format.
        let path = directory.path().join("declarations");
        let table = spoilt(&generated(seed, lines), &odd);
        let run = || {
            let read = ReadOptions { batch_lines, ..ReadOptions::default() };
            score(clean_wind(), &path, read, &Job { by: By::Item, reasons: true, threads: 1 }, &["ndjson"])
        };
        let properties = || WriterProperties::builder().set_max_row_group_row_count(Some(group));
        write_parquet(&path, &table, properties().set_dictionary_enabled(false).build());
        let plain = run();
        write_parquet(&path, &table, properties().build());
        let of_parquet = run();
        write_dictionaries(&path, &table);
        let of_arrow = run();
        for (other, name) in [(of_parquet, "Parquet"), (of_arrow, "Arrow")] {
            prop_assert_eq!(other.lines(), plain.lines(), "{}", name);
            prop_assert_eq!(other.rejects, plain.rejects, "{}", name);
            prop_assert_eq!(other.counts(), plain.counts(), "{}", name);
        }
    }
}
