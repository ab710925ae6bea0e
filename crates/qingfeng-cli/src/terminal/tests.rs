//! What stands in `terminal.rs`.

use super::*;

#[test]
fn what_a_terminal_would_obey_is_shown_as_a_picture() {
    assert_eq!(clean("a\x1b[31mb\u{9b}2Jc\u{202e}d\te\r\n\x7f"), "a␛[31mb\u{fffd}2Jc\u{fffd}d e␍␊␡");
    assert_eq!(clean("电池 batteries"), "电池 batteries");
}

#[test]
fn cleaned_source_keeps_its_places() {
    let source = "a\u{9b}b\u{202e}c\u{61c}d\u{feff}";
    let cleaned = clean_source(source);
    assert_eq!(cleaned.len(), source.len());
    assert_eq!(cleaned, "a¿b\u{fffd}c¿d\u{fffd}");
}

#[test]
fn json_escapes_what_a_terminal_would_obey() {
    assert_eq!(json(&"a\x1b\u{9b}\u{202e}").unwrap_or_default(), "\"a\\u001b\\u009b\\u202e\"\n");
}

#[test]
fn what_slipped_through_is_shown_and_styles_stay() {
    assert_eq!(guarded("\x1b[1;31mred\x1b[0m\n"), "\x1b[1;31mred\x1b[0m\n");
    assert_eq!(guarded("a\x1b]0;t\x07b\x1b[2Jc\u{202e}d\te\rf\r\ng"), "a␛]0;t␇b␛[2Jc\u{fffd}d\te␍f\r\ng");
}
