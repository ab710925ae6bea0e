//! Inputs that cannot be read as a whole, or not to their end, and what is said of them.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, RecordBatch, StringArray, TimestampSecondArray};
use qingfeng::read::{Format, Input, ReadOptions, Reader};
use qingfeng::write::{Output, TableWriter};
use qingfeng_rules::Schema;

use super::{HEADER, files, read, read_bytes, read_file, read_inputs};

const ACCEPTED_HS: &str = "hs, 商品编号, hs code, hs10, hs6, hs6 code, commodity code, tariff code, codeTs, 商品编码, 税号, \
                           税则号, 税则号列";

#[test]
fn inputs_that_are_no_declarations_are_refused_with_a_remedy() {
    let json = "is JSON over several lines or in a list; write one object a line, without brackets and commas around \
                them (`jq -c '.[]'` does it for a list, `jq -c .` for objects)";
    let no_hs = format!("no column for `hs` (accepted headers: {ACCEPTED_HS})");
    let cases: &[(&str, &[u8], &str)] = &[
        ("empty.csv", b"", "is empty; a file without declarations has at least its header"),
        ("empty.parquet", b"", "is empty; a file without declarations has at least its header"),
        ("blank.csv", b"\n\n  \n", "has no header; its first line must name the columns"),
        ("mark.csv", b"\xEF\xBB\xBF", "has no header; its first line must name the columns"),
        ("wide.csv", b"\xFF\xFEh\0s\0", "is UTF-16; save it as UTF-8"),
        ("wide.ndjson", b"\xFE\xFF\0{", "is UTF-16; save it as UTF-8"),
        (
            "gbk.csv",
            b"\xC9\xCC\xC6\xB7,hs",
            "has a header that is not UTF-8 (byte 0xC9); if the whole file is GB 18030 or GBK, give --encoding gb18030",
        ),
        ("sheet.csv", b"PK\x03\x04", "is a spreadsheet or an archive; save its table as CSV"),
        ("list.json", b"[\n{\"hs\":1}]", json),
        ("list", b"  [{}]", json),
        ("pretty.ndjson", b"{\n  \"hs\": 1\n}", json),
        (
            "twice.csv",
            b"declaration_id,destination,mode,HS-Code,HS Code\n",
            "the columns 4 (`HS-Code`) and 5 (`HS Code`) both \
            stand for `hs`; remove or rename one of them (accepted headers: ACCEPTED)",
        ),
        (
            "twice.csv",
            b"hs,hs\n",
            "the columns 1 (`hs`) and 2 (`hs`) both stand for `hs`; remove or rename one of them \
            (accepted headers: ACCEPTED)",
        ),
        ("lacking.csv", b"declaration_id,destination,mode,goods\n", &no_hs),
        ("text.parquet", b"declaration_id", "is no Parquet file: it does not begin with `PAR1`"),
        ("cut.parquet", b"PAR1PAR1", "cannot be read after its start: the table is cut short or corrupt"),
        (
            "cut.arrow",
            b"ARROW1\0\0ARROW1",
            "cannot be read after its start: the table is cut short or corrupt",
        ),
        (
            "stream.arrow",
            b"\xFF\xFF\xFF\xFF\x10\0\0\0x",
            "cannot be read after its start: the table is cut short or \
            corrupt",
        ),
        (
            "cut.csv.gz",
            b"\x1F\x8B\x08",
            "cannot be read after its start: the compressed data end too early; the file is \
            cut short, so get it again",
        ),
        ("bad.csv.zst", b"\x28\xB5\x2F\xFDxxxxxxxx", "cannot be read after its start"),
    ];
    for (name, bytes, problem) in cases {
        let outcome = read_bytes(name, bytes, ReadOptions::default());
        let (error, problem) = (outcome.error(), problem.replace("ACCEPTED", ACCEPTED_HS));
        assert!(error.contains(&format!("{name}: {problem}")), "{name}: {error}");
        assert_eq!(outcome.places.len() + outcome.rejects.len(), 0);
    }
}

#[test]
fn slips_in_headers_are_guessed() {
    let error = read("slip.csv", "declaration_id,destinaton,mode,hs\n").error();
    assert!(error.contains("no column for `destination` (accepted headers: destination, 运抵国"), "{error}");
    assert!(error.ends_with("; `destinaton` may be meant, then rename it"), "{error}");
    let error = read("none.csv", "D1,KE,0110,8711209000\n").error();
    assert!(
        error.contains(
            "none.csv: no header is known, the first are `D1`, `KE`, `0110`, `8711209000`: is the header row there?"
        ),
        "{error}"
    );
}

#[test]
fn files_are_looked_for_before_anything_is_read() {
    let (directory, paths) = files(&[("good.csv", HEADER.as_bytes())]);
    let good = Input::Path(paths[0].clone());
    let missing = Input::Path(directory.path().join("missing.csv"));
    let folder = Input::Path(directory.path().to_owned());
    let error = |inputs| read_inputs(inputs, ReadOptions::default()).error();
    assert!(error(vec![good.clone(), missing]).contains("missing.csv: cannot be opened: "));
    assert!(error(vec![good, folder]).ends_with(": is a directory; name the files in it"));
    assert_eq!(error(vec![]), "no input to read; name a file, or `-` for standard input");
    assert_eq!(
        error(vec![Input::Stdin, Input::Stdin]),
        "standard input is named more than once; it can be read once"
    );
}

#[test]
fn a_header_without_lines_is_no_error() {
    for text in [HEADER.to_owned(), format!("{HEADER}\n"), format!("\u{FEFF}{HEADER}\r\n\r\n")] {
        let outcome = read("header.csv", &text);
        assert_eq!((outcome.error().as_str(), outcome.places.len()), ("", 0));
        assert_eq!(outcome.notes[0].absent_fields.len(), outcome.batch.num_columns() - 10);
    }
}

fn many_lines() -> String {
    let line = |at: u32| format!("D{},KE,0110,8711209000,,{at},1,2016-09-06,goods {at},\n", at / 3);
    format!("{HEADER}\n{}", (0..20_000).map(line).collect::<String>())
}

#[test]
fn compressed_text_that_is_cut_gives_all_whole_lines_before_the_cut() {
    let text = many_lines();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let whole = read("whole.csv", &text);
    for (name, bytes) in [("cut.csv.gz", gzip), ("cut.csv.zst", zstd)] {
        let complete = read_bytes(name, &bytes, ReadOptions::default());
        assert_eq!((complete.error().as_str(), &complete.batch), ("", &whole.batch));

        let cut = read_bytes(name, &bytes[..bytes.len() * 2 / 3], ReadOptions::default());
        let lines = cut.places.len();
        assert!((1000..20_000).contains(&lines), "{lines}");
        assert_eq!(cut.batch, whole.batch.slice(0, lines), "the last declaration is whole");
        // A declaration that may have more lines is not assessed in part.
        let broken_off: Vec<_> = cut.rejects.iter().map(|reject| reject.reason.as_str()).collect();
        let expected = "the input breaks off within this declaration, so it is not assessed; mend the input and read \
                        it again";
        assert!(
            !broken_off.is_empty() && broken_off.iter().all(|reason| *reason == expected),
            "{broken_off:?}"
        );
        let expected = format!(
            "{name}: cannot be read after line {}: the compressed data end too early; the file is cut short, so get \
             it again",
            lines + broken_off.len() + 1
        );
        assert!(cut.error().ends_with(&expected), "{}", cut.error());
    }
}

#[test]
fn members_of_gzip_follow_each_other() {
    let text = many_lines();
    let mut both = Vec::new();
    for part in [&text[..1000], &text[1000..]] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(part.as_bytes()).unwrap();
        both.extend(gzip.finish().unwrap());
    }
    assert_eq!(read_bytes("two.csv", &both, ReadOptions::default()).places.len(), 20_000);
}

#[test]
fn tables_that_are_cut_or_corrupt_are_told() {
    let (directory, paths) = files(&[("lines.csv", many_lines().as_bytes())]);
    let whole = read_file(&paths[0], ReadOptions::default());
    for name in ["lines.parquet", "lines.arrow"] {
        let path = directory.path().join(name);
        let mut writer = TableWriter::create(&Output::Path(path.clone()), whole.batch.schema()).unwrap();
        for first in (0..20_000).step_by(5000) {
            writer.write(&whole.batch.slice(first, 5000)).unwrap();
        }
        writer.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let cut = read_bytes(name, &bytes[..bytes.len() / 2], ReadOptions::default());
        assert!(
            cut.error().contains(&format!("{name}: cannot be read after its start: ")),
            "{}",
            cut.error()
        );

        // Compressed pages show damage; Arrow files are plain, without checksums, and may be damaged unseen.
        if name.ends_with("parquet") {
            let mut corrupt = bytes.clone();
            let middle = corrupt.len() / 2;
            for byte in &mut corrupt[middle / 4..middle] {
                *byte = byte.wrapping_mul(31) ^ 0x5A;
            }
            let outcome = read_bytes(name, &corrupt, ReadOptions::default());
            assert!(outcome.error().contains("the table is cut short or corrupt"), "{}", outcome.error());
        }
    }
}

#[test]
fn columns_of_types_without_a_text_are_refused() {
    let text = |values: &[&str]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let base = [("declaration_id", "D"), ("destination", "KE"), ("mode", "0110"), ("hs", "87")];
    let list = ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>([Some(vec![Some(1)])]);
    let zoned = TimestampSecondArray::from(vec![0]).with_timezone("Europe/Berlin");
    for (name, column, problem) in [
        ("goods", Arc::new(list) as ArrayRef, "; write text, numbers, dates or truth values"),
        (
            "declared_on",
            Arc::new(zoned) as ArrayRef,
            "; which day it is depends on the clocks of Europe/Berlin; name the zone that days are of, as `days = \"+08:00\"` \
             in `[schema]` or as --zone +08:00, or write days",
        ),
    ] {
        let columns = base.iter().map(|(name, value)| (*name, text(&[value])));
        let batch = RecordBatch::try_from_iter(columns.chain([(name, column)])).unwrap();
        let inputs = vec![Input::batches("batch", [batch])];
        let mut reader = Reader::new(Arc::new(Schema::export()), inputs, ReadOptions::default()).unwrap();
        let error = reader.next().unwrap().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("batch: the column `{name}` for `{name}` is of type ")),
            "{error}"
        );
        assert!(error.ends_with(problem), "{error}");
    }
}

#[test]
fn a_demanded_format_overrides_the_extension() {
    let text = many_lines();
    let demand = |format| ReadOptions { format: Some(format), ..ReadOptions::default() };
    assert_eq!(read_bytes("lines.parquet", text.as_bytes(), demand(Format::Csv)).places.len(), 20_000);
    let outcome = read_bytes("lines.csv", text.as_bytes(), demand(Format::Parquet));
    assert!(outcome.error().ends_with("is no Parquet file: it does not begin with `PAR1`"));
}
