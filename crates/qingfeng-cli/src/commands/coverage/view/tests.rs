//! Tests of `view`.

use super::*;

#[test]
fn hundredths_in_few_letters() {
    let cases = [
        (0, "0"),
        (149, "1"),
        (150, "2"),
        (99_949, "999"),
        (99_950, "1.0k"),
        (123_456, "1.2k"),
        (1_234_567, "12k"),
        (123_456_789, "1.2M"),
        (99_999_999_999_999, "1.0T"),
        (-123_456, "-1.2k"),
    ];
    for (cents, text) in cases {
        assert_eq!(short(cents), text, "{cents}");
    }
}
