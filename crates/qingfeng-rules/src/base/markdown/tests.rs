//! Tests of `markdown`.

use super::*;

#[test]
fn a_row_is_read_as_it_was_written() {
    let texts = ["when: |d| d.brand == ()", "a text", "", "`value ${d.value}`"];
    let row: Vec<String> = texts.map(|text| code(text).replace('|', "\\|")).to_vec();
    let read = cells(&format!("| {} |", row.join(" | "))).unwrap();
    assert_eq!(read.iter().map(|cell| plain(cell)).collect::<Vec<_>>(), texts);
    assert_eq!((cells("| --- | --- |"), cells("Text")), (None, None));
}
