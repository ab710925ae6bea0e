//! Tests of `goods`.

use qingfeng_rules::codes;

use super::super::calendar;
use super::*;

#[test]
fn every_entry_is_complete() {
    for goods in GOODS.iter() {
        let name = goods.english[0];
        let digits = |code: &str| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit());
        let mut codes = goods.hs.iter().flat_map(|codes| codes.0.iter());
        assert!(codes.all(|(_, code)| digits(code)), "{name}");
        assert!(goods.weight > 0 && goods.price_mills > 0 && goods.lot > 0, "{name}");
        assert!(!goods.chinese.is_empty() && !goods.provinces.is_empty(), "{name}");
        assert!(goods.unit != Unit::Kilogram || goods.unit_grams == 1_000, "{name}");
    }
    let campaign = GOODS.iter().take_while(|goods| goods.family != Family::Ordinary).count();
    assert!(GOODS[campaign..].iter().all(|goods| goods.family == Family::Ordinary));
    assert_eq!((campaign, GOODS.len()), (61, 109));
}

#[test]
fn codes_are_in_the_tariff_of_their_day() {
    for year in calendar::YEARS {
        for (month, day) in [(1, 1), (12, 31)] {
            let day = Date::from_ymd(year, month, day).unwrap();
            for code in GOODS.iter().flat_map(|goods| &goods.hs).map(|codes| codes.on(day)) {
                assert!(codes::in_force(code, day), "{code} on {day}");
            }
        }
    }
}

#[test]
fn units_are_written_with_the_codes_of_their_list() {
    let units = codes::table("unit").unwrap();
    for goods in GOODS.iter() {
        let code = goods.unit.code();
        assert_eq!(units.find(code).map(|unit| unit.code), Some(code), "{}", goods.english[0]);
    }
}
