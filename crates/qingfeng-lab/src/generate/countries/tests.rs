//! Tests of `countries`.

use qingfeng_rules::countries;

use super::*;

#[test]
fn every_country_has_its_row() {
    let codes = countries::countries().iter().map(|country| country.alpha2);
    assert!(COUNTRIES.iter().map(|country| country.code).eq(codes));
    assert_eq!(COUNTRIES[usize::from(index("KE"))].code, "KE");
    for country in COUNTRIES.iter() {
        assert!(country.weight > 0, "{}", country.code);
        assert!(
            country.transit.is_none_or(|transit| countries::country(transit).is_some()),
            "{}",
            country.code
        );
    }
}
