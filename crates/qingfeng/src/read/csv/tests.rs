//! Tests of `csv`.

use super::*;

fn scan(bytes: &str, cells: usize) -> Scan {
    Records { delimiter: b',', cells: Some(cells) }.scan(bytes.as_bytes(), true, 0)
}

fn record(length: usize, with_end: usize, lines: u64) -> Scan {
    Scan::Record { length, with_end, lines, quoted: true }
}

#[test]
fn quoted_records_end_where_their_quotes_say() {
    assert_eq!(scan("\"a\",b\nc", 2), record(5, 6, 1));
    assert_eq!(scan("\"a\nb\",c\r\nd", 2), record(7, 9, 2));
    assert_eq!(scan("\"a\r\nb\rc\",d", 2), record(10, 10, 3));
    assert_eq!(scan("\"a\"\"\",b", 2), record(7, 7, 1));
    assert_eq!(scan("\"\",", 2), record(3, 3, 1));
    assert_eq!(scan("5\" pipe,b\n", 2), record(9, 10, 1));
}

#[test]
fn a_stray_quote_costs_one_physical_line() {
    for text in [
        "a,\"b\nc,d\n",        // never closed
        "a,\"b\nc,\"d\"\n",    // closed inside another cell
        "a,\"b\nc\",d\ne,f\n", // closed, with too many cells
        "\"a\nb\nc\nd\"\n",    // closed, with too few
        "a,\"b\"x\nc,d\n",     // text after the quote
    ] {
        let line = text.find('\n').unwrap();
        match scan(text, 2) {
            Scan::Bad { length, with_end, .. } => {
                assert_eq!((length, with_end), (line, line + 1), "{text}")
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn an_unfinished_record_waits_for_more() {
    let records = Records { delimiter: b',', cells: Some(2) };
    for text in ["a,b", "a,b\r", "\"a\"", "\"a\",\"", "\"a\",\"b\"", "\"a\",b\r", "\"a\",\"b\nc"] {
        assert_eq!(records.scan(text.as_bytes(), false, 0), Scan::More, "{text:?}");
    }
}

#[test]
fn the_separator_is_the_one_that_gives_most_known_headers() {
    let schema = Schema::export();
    for (text, delimiter, count) in [
        ("declaration_id,hs,mode", b',', 3),
        ("declaration_id;hs;mode,x", b';', 3),
        ("declaration_id\ths\tmode", b'\t', 3),
        ("\"declaration_id\";\"hs, code\"", b';', 2),
        ("colour,size", b',', 2),
    ] {
        let (found, headers) =
            headers(&|header| schema.field_of_header(header).is_some(), text, text.contains('"'), b"\t;,");
        assert_eq!((found, headers.len()), (delimiter, count), "{text}");
    }
}
