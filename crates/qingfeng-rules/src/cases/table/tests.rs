//! Tests of `table`.

use super::*;

#[test]
fn cells_are_taken_apart_with_their_places() {
    let text = "test;a;b\r\n\"x; \"\"y\"\"\";1;\n\nlast;2;\"two\nlines\"";
    let found: Vec<Vec<(String, &str)>> = records(text)
        .into_iter()
        .map(|record| record.into_iter().map(|cell| (cell.text, &text[cell.span])).collect())
        .collect();
    let plain = |cells: &[&'static str]| cells.iter().map(|cell| ((*cell).to_owned(), *cell)).collect();
    let expected: Vec<Vec<(String, &str)>> = vec![
        plain(&["test", "a", "b"]),
        vec![("x; \"y\"".into(), "\"x; \"\"y\"\"\""), ("1".into(), "1"), (String::new(), "")],
        plain(&[""]),
        vec![("last".into(), "last"), ("2".into(), "2"), ("two\nlines".into(), "\"two\nlines\"")],
    ];
    assert_eq!(found, expected);
}
