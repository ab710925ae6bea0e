//! Writing of tables.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use qingfeng::write::{Output, TableWriter};

fn table() -> RecordBatch {
    let mut reasons = ListBuilder::new(StringBuilder::new());
    reasons.append_value([Some("new exporter"), Some("brand; unknown")]);
    reasons.append_value([None::<&str>; 0]);
    reasons.append_null();
    let columns: [(&str, ArrayRef); 4] = [
        ("declaration_id", Arc::new(StringArray::from(vec!["D1", "D\"2\"", "D,3"]))),
        ("score", Arc::new(Int64Array::from(vec![Some(70), None, Some(0)]))),
        ("share", Arc::new(Float64Array::from(vec![0.1, 1.0, 1e21]))),
        ("reasons", Arc::new(reasons.finish())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .expect("columns have one length")
}

fn write(path: &Path, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = TableWriter::create(&Output::Path(path.to_owned()), table().schema())
        .expect("the file can be created");
    batches.iter().for_each(|batch| writer.write(batch).expect("the batch can be written"));
    writer.finish().expect("the file can be finished");
    std::fs::read(path).expect("the file is there")
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut decoded: Box<dyn Read> = match bytes {
        [0x1F, 0x8B, ..] => Box::new(flate2::read::GzDecoder::new(bytes)),
        [0x28, 0xB5, ..] => Box::new(zstd::Decoder::new(bytes).expect("zstd")),
        _ => Box::new(bytes),
    };
    decoded.read_to_string(&mut text).expect("text");
    text
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn text_formats_say_what_the_table_says() {
    let directory = tempfile::tempdir().unwrap();
    let csv = "declaration_id,score,share,reasons\nD1,70,0.1,\"new exporter;brand, unknown\"\n\"D\"\"2\"\"\",,1.0,\n\
               \"D,3\",0,1e+21,\n";
    let json = "{\"declaration_id\":\"D1\",\"score\":70,\"share\":0.1,\"reasons\":[\"new exporter\",\"brand; unknown\"]}\n\
                {\"declaration_id\":\"D\\\"2\\\"\",\"score\":null,\"share\":1.0,\"reasons\":[]}\n\
                {\"declaration_id\":\"D,3\",\"score\":0,\"share\":1e+21,\"reasons\":null}\n";
    for (name, expected) in [("t.csv", csv), ("t.ndjson", json)] {
        for compression in ["", ".gz", ".zst"] {
            let path = directory.path().join(format!("{name}{compression}"));
            assert_eq!(text(&write(&path, &[table()])), expected, "{name}{compression}");
        }
    }
}

#[test]
fn equal_tables_give_equal_bytes_and_nothing_is_left_beside_them() {
    let directory = tempfile::tempdir().unwrap();
    let files = ["t.arrow", "t.csv", "t.csv.gz", "t.csv.zst", "t.ndjson", "t.parquet"];
    for name in files {
        let path = directory.path().join(name);
        let once = write(&path, &[table(), table()]);
        assert_eq!(write(&path, &[table(), table()]), once, "{name}");
    }
    assert_eq!(names(directory.path()), files);
}

#[test]
fn a_table_without_lines_is_a_table() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(
        text(&write(&directory.path().join("t.csv"), &[])),
        "declaration_id,score,share,reasons\n",
        "a header"
    );
    assert_eq!(text(&write(&directory.path().join("t.ndjson"), &[])), "");
    assert!(write(&directory.path().join("t.parquet"), &[]).starts_with(b"PAR1"));
}

#[test]
fn a_run_that_fails_leaves_what_it_wrote_and_the_older_file() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["t.csv", "t.csv.gz", "t.csv.zst", "t.ndjson", "t.parquet", "t.arrow"] {
        let path = directory.path().join(name);
        std::fs::write(&path, "older").unwrap();
        let mut writer = TableWriter::create(&Output::Path(path.clone()), table().schema()).unwrap();
        writer.write(&table()).unwrap();
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), b"older", "{name}");
        let partial = std::fs::read(directory.path().join(format!("{name}.partial"))).unwrap();
        let whole = write(&directory.path().join(format!("whole-{name}")), &[table()]);
        assert_eq!(partial, whole, "{name}");
    }
}

#[test]
fn what_cannot_be_written_is_told() {
    let create = |path: &str| {
        let output = Output::Path(PathBuf::from(path));
        TableWriter::create(&output, table().schema()).map(drop).unwrap_err().to_string()
    };
    for path in ["t.txt", "t", "t.parquet.gz", "t.arrow.zst", ".csv.xlsx"] {
        assert_eq!(
            create(path),
            format!(
                "{path}: its extension names no format; use .csv, .csv.gz, .csv.zst, .ndjson, .ndjson.gz, \
                 .ndjson.zst, .parquet or .arrow"
            )
        );
    }
    assert!(create("/no/such/directory/t.csv").starts_with("/no/such/directory/t.csv: cannot be written: "));
}
