//! One table in every format, and every Arrow type that a column can have.

use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date64Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int32Array, Int64Array, LargeStringArray, NullArray, RecordBatch, StringArray,
    StringViewArray, TimestampMillisecondArray, TimestampSecondArray, UInt64Array,
};
use qingfeng::read::{Chunk, Format, Input, Position, ReadOptions, Reader};
use qingfeng::write::{Output, TableWriter};

use super::{Outcome, read, read_bytes, read_file, read_inputs, schema};

const TABLE: &str = "\
declaration_id,destination,mode,hs,item_no,quantity,packages,declared_on,goods,fragile,exporter,value
D1,KE,0110,8711209000,1,2.5,12,2016-09-06,\"shoes, \"\"black\"\"\",true,E1,0.1
D1,KE,0110,8711209000,2,,,2016-09-06,\"two
lines\",false,E1,100
D2,NG,1039,640399,1,1000000,0,,手机,,,
";

fn check(outcome: &Outcome, expected: &Outcome, what: &str) {
    assert_eq!(outcome.error(), "", "{what}");
    assert_eq!(outcome.problems(), [""; 0], "{what}");
    assert_eq!(outcome.batch, expected.batch, "{what}");
    assert_eq!(outcome.declarations, expected.declarations, "{what}");
}

#[test]
fn every_format_gives_the_same_lines() {
    let expected = read("table.csv", TABLE);
    assert_eq!(expected.values("goods"), ["shoes, \"black\"", "two\nlines", "手机"]);
    assert_eq!(expected.values("fragile"), ["true", "false", ""]);
    assert_eq!(expected.places[2].position, Position::Line(5));

    let directory = tempfile::tempdir().unwrap();
    for name in [
        "t.csv",
        "t.csv.gz",
        "t.csv.zst",
        "t.ndjson",
        "t.jsonl",
        "t.ndjson.gz",
        "t.ndjson.zst",
        "t.parquet",
        "t.arrow",
    ] {
        let path = directory.path().join(name);
        for _ in 0..2 {
            let mut writer =
                TableWriter::create(&Output::Path(path.clone()), expected.batch.schema()).unwrap();
            writer.write(&expected.batch).unwrap();
            writer.finish().unwrap();
        }
        check(&read_file(&path, ReadOptions::default()), &expected, name);
        // The content tells the format as well.
        let bytes = std::fs::read(&path).unwrap();
        check(&read_bytes("table", &bytes, ReadOptions::default()), &expected, name);
        // A program may have the bytes in memory, or give them out bit by bit.
        let memory =
            [Input::bytes("table", bytes.clone()), Input::reader("table", std::io::Cursor::new(bytes))];
        for input in memory {
            check(&read_inputs(vec![input], ReadOptions::default()), &expected, name);
        }
    }
}

#[test]
fn an_arrow_stream_is_read_as_it_comes() {
    let expected = read("table.csv", TABLE);
    let mut stream = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &expected.batch.schema()).unwrap();
    stream.write(&expected.batch.slice(0, 1)).unwrap();
    stream.write(&expected.batch.slice(1, 2)).unwrap();
    let bytes = stream.into_inner().unwrap();
    for name in ["table.arrow", "table"] {
        let outcome = read_bytes(name, &bytes, ReadOptions::default());
        check(&outcome, &expected, name);
        assert_eq!(outcome.places[2].position, Position::Row(3));
        assert_eq!(outcome.notes[0].format, Format::Arrow);
    }
    let cut = read_bytes("table.arrow", &bytes[..bytes.len() - 200], ReadOptions::default());
    assert!(cut.error().contains("cannot be read after row 1: "), "{}", cut.error());
}

#[test]
fn separators_are_found_out_and_told() {
    let plain = "declaration_id,destination,mode,hs,colour\nD1,KE,0110,87,red\n";
    for (name, separator) in [("t.csv", ','), ("t.csv", ';'), ("t.tsv", '\t'), ("t.txt", ';')] {
        let outcome = read(name, &plain.replace(',', &separator.to_string()));
        assert_eq!(outcome.values("hs"), ["87"], "{name}");
        assert_eq!(outcome.notes[0].delimiter, Some(separator));
        assert_eq!(outcome.notes[0].unused_columns, ["colour"]);
    }
}

#[test]
fn line_ends_and_marks_do_not_matter() {
    let plain = TABLE.replace("two\nlines", "two lines");
    let expected = read("t.csv", &plain);
    for end in ["\r\n", "\r", "\n\n", "\r\n \r\n"] {
        check(&read("t.csv", &plain.replace('\n', end)), &expected, end);
    }
    check(&read("t.csv", &format!("\u{FEFF}{plain}")), &expected, "mark");
    check(&read("t.csv", plain.trim_end()), &expected, "no line end");
}

fn bind(columns: Vec<(&str, ArrayRef)>) -> (Chunk, Vec<String>) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    );
    let batch = batch.expect("columns have one length");
    let rows = batch.num_rows();
    let inputs = vec![Input::batches("batch", [batch])];
    let mut reader = Reader::new(schema(), inputs, ReadOptions::default()).expect("an input");
    let chunk = reader.next().expect("a chunk").expect("the columns fit the schema");
    assert_eq!(chunk.lines_read() as usize, rows);
    let problems = chunk.rejects.iter().map(|reject| {
        format!("{} [{}] {}", reject.position, reject.field.as_deref().unwrap_or_default(), reject.reason)
    });
    let problems = problems.collect();
    (chunk, problems)
}

/// The columns that each line needs, for so many lines of one declaration.
fn base(rows: usize) -> Vec<(&'static str, ArrayRef)> {
    let text = |value: &str| Arc::new(StringArray::from(vec![value; rows])) as ArrayRef;
    vec![
        ("declaration_id", text("D1")),
        ("destination", text("ke")),
        ("mode", text("0110")),
        ("hs", text("87")),
    ]
}

fn values(chunk: &Chunk, field: &str) -> Vec<String> {
    let column = chunk.lines.batch().column_by_name(field).expect("the schema has the field");
    (0..column.len()).map(|row| crate::text(column, row)).collect()
}

#[test]
fn columns_of_many_types_become_canonical() {
    let day = 17_050 * 86_400;
    let cases: Vec<(&str, ArrayRef, [&str; 2])> = vec![
        ("goods", Arc::new(LargeStringArray::from(vec![" shoes ", ""])), ["shoes", ""]),
        (
            "goods",
            Arc::new(StringViewArray::from(vec!["\u{3000}手机", "a longer text than twelve bytes"])),
            ["手机", "a longer text than twelve bytes"],
        ),
        ("goods", Arc::new(BinaryArray::from(vec![&b"shoes"[..], b"bags"])), ["shoes", "bags"]),
        ("goods", Arc::new(DictionaryArray::<Int8Type>::from_iter([Some(" x"), None])), ["x", ""]),
        ("goods", Arc::new(NullArray::new(2)), ["", ""]),
        ("exporter", Arc::new(Int64Array::from(vec![Some(8_711_209_000), None])), ["8711209000", ""]),
        ("exporter", Arc::new(Float64Array::from(vec![Some(8_711_209_000.0), None])), ["8711209000", ""]),
        ("unit", Arc::new(StringArray::from(vec!["e1", "É"])), ["E1", "É"]),
        ("transit", Arc::new(DictionaryArray::<Int8Type>::from_iter(["KEN", "ke"])), ["KE", "KE"]),
        ("packages", Arc::new(StringArray::from(vec![" 7 ", ""])), ["7", ""]),
        ("packages", Arc::new(Int32Array::from(vec![7, 8])), ["7", "8"]),
        ("packages", Arc::new(Float64Array::from(vec![7.0, 8.0])), ["7", "8"]),
        ("packages", Arc::new(UInt64Array::from(vec![7, 8])), ["7", "8"]),
        (
            "packages",
            Arc::new(Decimal128Array::from(vec![700, 800]).with_precision_and_scale(10, 2).unwrap()),
            ["7", "8"],
        ),
        (
            "quantity",
            Arc::new(Decimal128Array::from(vec![705, 800]).with_precision_and_scale(10, 2).unwrap()),
            ["7.05", "8.0"],
        ),
        ("quantity", Arc::new(Float32Array::from(vec![0.1, -0.0])), ["0.1", "0.0"]),
        ("quantity", Arc::new(Int64Array::from(vec![3, 4])), ["3.0", "4.0"]),
        ("quantity", Arc::new(Float64Array::from(vec![f64::NAN, 7.0])), ["", "7.0"]),
        ("quantity", Arc::new(StringArray::from(vec!["1e3", "0.5"])), ["1000.0", "0.5"]),
        (
            "declared_on",
            Arc::new(TimestampSecondArray::from(vec![day, day + 86_399])),
            ["2016-09-06", "2016-09-06"],
        ),
        (
            "declared_on",
            Arc::new(
                TimestampMillisecondArray::from(vec![day * 1000 - 1, day * 1000]).with_timezone("+08:00"),
            ),
            ["2016-09-06", "2016-09-06"],
        ),
        ("declared_on", Arc::new(Date64Array::from(vec![Some(day * 1000), None])), ["2016-09-06", ""]),
        (
            "declared_on",
            Arc::new(Int32Array::from(vec![20_160_906, 20_160_906])),
            ["2016-09-06", "2016-09-06"],
        ),
        ("fragile", Arc::new(BooleanArray::from(vec![Some(true), None])), ["true", ""]),
        ("fragile", Arc::new(Int32Array::from(vec![0, 1])), ["false", "true"]),
        ("fragile", Arc::new(StringArray::from(vec!["是", "N"])), ["true", "false"]),
    ];
    for (field, column, expected) in cases {
        let kind = column.data_type().clone();
        let (chunk, problems) = bind([base(2), vec![(field, column)]].concat());
        assert_eq!(problems, [""; 0], "{field} from {kind}");
        assert_eq!(values(&chunk, field), expected, "{field} from {kind}");
        assert_eq!(values(&chunk, "destination"), ["KE", "KE"]);
        assert_eq!(values(&chunk, "item_no"), ["1", "2"]);
    }
}

#[test]
fn bad_values_spoil_their_row_and_no_other() {
    let cases: Vec<(&str, ArrayRef, &str)> = vec![
        (
            "packages",
            Arc::new(Float64Array::from(vec![1.5, 7.0])),
            "`1.5` is not a whole number; the field takes whole \
            numbers written in digits",
        ),
        (
            "packages",
            Arc::new(UInt64Array::from(vec![u64::MAX, 7])),
            "`18446744073709551615` is too large; a whole \
            number has at most 64 bits",
        ),
        ("packages", Arc::new(Int64Array::from(vec![-1, 7])), "-1 is below 0, the least `packages` can be"),
        (
            "quantity",
            Arc::new(Float64Array::from(vec![f64::INFINITY, 7.0])),
            "`inf` is not a finite number; leave the cell \
            empty where the value is not known",
        ),
        (
            "quantity",
            Arc::new(DictionaryArray::<Int8Type>::from_iter(["x", "7"])),
            "`x` is not a number; write digits \
            and a decimal point, without units",
        ),
        (
            "goods",
            Arc::new(BinaryArray::from(vec![&b"\xFF"[..], b"7"])),
            "`goods` is not UTF-8; write it as text",
        ),
        (
            "declared_on",
            Arc::new(TimestampSecondArray::from(vec![i64::MAX, 7])),
            "the day lies outside the years 1 to \
            9999; write a date within them",
        ),
        (
            "declared_on",
            Arc::new(BooleanArray::from(vec![Some(true), None])),
            "`true` is not a day of the calendar; \
            write it as 2016-09-06",
        ),
        (
            "fragile",
            Arc::new(Int32Array::from(vec![2, 1])),
            "`2` is neither true nor false; write true or false, yes or \
            no, Y or N, 1 or 0, 是 or 否",
        ),
    ];
    for (field, column, problem) in cases {
        let (chunk, problems) = bind([base(2), vec![(field, column)]].concat());
        assert_eq!(problems, [format!("row 1 [{field}] {problem}")]);
        assert_eq!(chunk.rejects[0].declaration_id.as_deref(), Some("D1"));
        assert_eq!(values(&chunk, "item_no"), ["1", "2"]);
        assert_eq!(values(&chunk, field)[0], "", "what cannot be read is missing");
        let unreadable: Vec<_> = chunk.lines.unreadable().iter().map(|of| (of.line, of.field)).collect();
        assert_eq!(unreadable, [(0, schema().field(field))]);
    }
    let mut columns = base(3);
    columns[3].1 = Arc::new(DictionaryArray::<Int8Type>::from_iter([Some("87"), None, Some(" ")]));
    columns[2].1 = Arc::new(StringArray::from(vec![Some("0110"), Some("0110"), None]));
    let (_, problems) = bind(columns);
    assert_eq!(
        problems,
        [
            "row 2 [hs] `hs` is missing; each line needs it",
            "row 3 [mode] `mode` is missing; each line needs it",
            "row 3 [hs] `hs` is missing; each line needs it"
        ]
    );
}
