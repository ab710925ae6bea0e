//! Tests of `numbers`.

use super::*;

#[test]
fn thousands_stand_apart() {
    for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
        assert_eq!(grouped(number), text);
    }
    for (number, text) in [(1_000, "1\u{202f}000"), (-1_234_567, "−1\u{202f}234\u{202f}567")] {
        assert_eq!(thin(number), text);
    }
    assert_eq!([thin_change(12), thin_change(0), thin_change(-3)], ["+12", "0", "−3"]);
    assert_eq!([count(1, "line"), count(2_000, "line")], ["1 line", "2,000 lines"]);
}

#[test]
fn sums_on_chinese_pages() {
    for (sum, text) in [
        (0.4, "0"),
        (-9_999.4, "−9\u{202f}999"),
        (9_999.5, "1.0 万"),
        (123_456.0, "12.3 万"),
        (-12_345_678.0, "−1\u{202f}234.6 万"),
        (99_994_999.0, "9\u{202f}999.5 万"),
        (123_456_789.0, "1.23 亿"),
    ] {
        assert_eq!(ten_thousands(sum), text);
    }
}

#[test]
fn decimals_on_pages() {
    for (number, places, text) in
        [(-0.04, 1, "0.0"), (1.005, 2, "1.00"), (-538_800.04, 1, "\u{2212}538\u{202f}800.0")]
    {
        assert_eq!(thin_decimals(number, places), text);
    }
}
