//! Tests of `places`.

use super::*;

#[test]
fn every_place_is_complete() {
    assert_eq!((DISTRICTS.len(), PORTS.len(), MARKETS.len()), (18, 23, 5));
    for port in PORTS.iter() {
        assert_eq!(port.kind == PortKind::Border, !port.neighbours.is_empty(), "{}", port.code);
        assert_eq!(port.neighbours.is_empty(), port.crossing.is_empty(), "{}", port.code);
        assert_eq!(port.neighbours.is_empty(), !port.provinces.is_empty(), "{}", port.code);
    }
    assert!(MARKETS.iter().all(|market| !market.ports.is_empty()));
}

#[test]
fn unlikely_provinces_make_something_else() {
    let mut random = Random::new(1, 1);
    for _ in 0..100 {
        assert_ne!(unlikely_province(&[54, 63], &mut random), 54);
    }
}
