//! Tests of `countries`.

use super::countries;

#[test]
fn the_table_is_whole_and_sorted() {
    assert_eq!(countries().len(), 249);
    assert!(countries().is_sorted_by(|left, right| left.alpha2 < right.alpha2));
    for country in countries() {
        assert_eq!(
            (country.alpha2.len(), country.alpha3.len(), country.number.len()),
            (2, 3, 3),
            "{country:?}"
        );
        assert!(country.number.bytes().all(|byte| byte.is_ascii_digit()), "{country:?}");
        assert!(!country.name.is_empty() && !country.name_zh.is_ascii(), "{country:?}");
    }
}
