//! Tests of `places`.

use super::*;

#[test]
fn every_place_is_complete() {
    assert_eq!((PORTS.len(), MARKETS.len()), (35, 5));
    for port in PORTS.iter() {
        assert_eq!(port.kind == PortKind::Border, !port.neighbours.is_empty(), "{}", port.code);
        assert_eq!(port.neighbours.is_empty(), port.crossing.is_empty(), "{}", port.code);
        assert_eq!(port.neighbours.is_empty(), !port.provinces.is_empty(), "{}", port.code);
    }
    assert!(MARKETS.iter().all(|market| !market.ports.is_empty()));
}

#[test]
fn places_have_codes_of_the_lists() {
    let (offices, districts) = (codes::table("customs-office").unwrap(), codes::table("district").unwrap());
    for office in PORTS.iter().map(|port| port.code).chain(MARKETS.iter().map(|market| market.office)) {
        assert_eq!(offices.find(office).map(|entry| entry.code), Some(office));
        // The first two digits alone are a whole customs district; where an office has a code of its own, that is written.
        assert!(!office.ends_with("00"), "{office}");
    }
    let mut random = Random::new(1, 1);
    for market in MARKETS.iter() {
        assert!(districts.find(&market.district.to_string()).is_some(), "{}", market.code);
    }
    for province in PORTS.iter().flat_map(|port| port.provinces.iter().copied()).chain(REMOTE) {
        let district = draw_district(province, &mut random);
        assert_eq!(district / 1_000, u32::from(province));
        assert!(districts.find(&district.to_string()).is_some(), "{district}");
    }
}

#[test]
fn unlikely_provinces_make_something_else() {
    let mut random = Random::new(1, 1);
    for _ in 0..100 {
        assert_ne!(unlikely_province(&[54, 63], &mut random), 54);
    }
}
