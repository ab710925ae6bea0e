//! Tests of `goods`.

use super::*;

#[test]
fn every_entry_is_complete() {
    for goods in GOODS.iter() {
        let name = goods.english[0];
        assert!(goods.hs.iter().all(|code| code.len() == 10), "{name}");
        assert!(goods.hs.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_digit())), "{name}");
        assert!(goods.weight > 0 && goods.price_mills > 0 && goods.lot > 0, "{name}");
        assert!(!goods.chinese.is_empty() && !goods.provinces.is_empty(), "{name}");
        assert!(goods.unit != Unit::Kg || goods.unit_grams == 1_000, "{name}");
    }
    let campaign = GOODS.iter().take_while(|goods| goods.family != Family::Ordinary).count();
    assert!(GOODS[campaign..].iter().all(|goods| goods.family == Family::Ordinary));
    assert_eq!((campaign, GOODS.len()), (60, 108));
}
