//! Tests of `disguise`.

use super::*;

#[test]
fn goods_leave_by_ports_of_their_kind() {
    for (port, expected) in [
        ("2233", vec!["5141", "4604", "8003"]),
        ("1903", vec!["0603", "0609", "1902", "1925", "0702"]),
        ("8603", vec![]),
        ("2921", vec![]),
        ("unknown", vec![]),
    ] {
        assert_eq!(other_ports(port), expected, "{port}");
    }
    assert_eq!(other_ports("2248").len(), 13);
    assert_eq!(other_markets("YIWU").len(), 4);
    assert!(other_markets("LINYI").iter().any(|market| (market.office, market.port) == ("2921", "3104")));
}

#[test]
fn respelt_brands_differ() {
    let mut random = SeededRandom::new(1, 1);
    for brand in ["HAOJUE", "X", "得力", "D E L I", "AURELIO"] {
        for _ in 0..100 {
            let other = respelt(brand, &mut random);
            assert_ne!(other.as_deref(), Some(brand));
            assert_ne!(other.as_deref(), Some(""));
        }
    }
}

#[test]
fn shells_are_new_on_their_day() {
    let mut random = SeededRandom::new(1, 1);
    for after in [0, 1, 100, 365] {
        let day = Date::from_ymd(2016, 1, 1).unwrap().plus_days(after).unwrap();
        let code = lately_registered(day, &mut random);
        let number: u32 = code[1..].parse().unwrap();
        assert!(number > ESTABLISHED && number <= registered(after as u32).max(ESTABLISHED + 1), "{code}");
    }
}
