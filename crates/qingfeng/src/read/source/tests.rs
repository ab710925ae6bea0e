//! Tests of `source`.

use super::*;

#[test]
fn formats_are_told_by_extension_and_else_by_content() {
    for (path, start, format) in [
        ("a.csv", "x", Format::Csv),
        ("a.CSV.GZ", "{", Format::Csv),
        ("a.tsv.zst", "x", Format::Csv),
        ("a.txt", "{", Format::Ndjson),
        ("a.txt", "x", Format::Csv),
        ("a.jsonl", "x", Format::Ndjson),
        ("a.json.gz", "x", Format::Ndjson),
        ("a.parquet", "x", Format::Parquet),
        ("a.feather", "x", Format::Arrow),
        ("a", "PAR1", Format::Parquet),
        ("a.csv", "ARROW1", Format::Arrow),
        ("a", "\u{FEFF} \n{", Format::Ndjson),
        ("a.b/c", "declaration_id", Format::Csv),
    ] {
        assert_eq!(guess(Some(Path::new(path)), start.as_bytes()), format, "{path} {start}");
    }
    assert_eq!(guess(None, &[0xFF, 0xFF, 0xFF, 0xFF, 0x10]), Format::Arrow);
}
