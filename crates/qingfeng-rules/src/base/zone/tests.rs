//! Tests of `zone`.

use super::*;

#[test]
fn zones_are_offsets_or_have_no_summer_time() {
    for (text, seconds) in [
        ("Z", 0),
        ("UTC", 0),
        ("+00:00", 0),
        ("+08:00", 28_800),
        ("+0800", 28_800),
        ("+08", 28_800),
        ("-03:30", -12_600),
        ("Asia/Shanghai", 28_800),
        ("PRC", 28_800),
        ("Asia/Kathmandu", 20_700),
    ] {
        assert_eq!(text.parse::<Zone>().map(Zone::offset), Ok(seconds), "{text}");
    }
    for text in ["", "08:00", "+8", "+25:00", "+08:60", "Europe/Berlin", "America/New_York", "+０８:00"] {
        assert_eq!(text.parse::<Zone>(), Err(ParseZoneError), "{text}");
    }
    assert_eq!("-0330".parse::<Zone>().unwrap().to_string(), "-03:30");
    assert!(NAMED.is_sorted_by(|one, next| one.0 < next.0));
}

#[test]
fn a_moment_has_a_day_by_the_zone() {
    let midnight_in_china = 1_473_091_200;
    let day = |zone: &str| zone.parse::<Zone>().unwrap().day(midnight_in_china).unwrap().to_string();
    assert_eq!(day("+08:00"), "2016-09-06");
    assert_eq!(day("Z"), "2016-09-05");
    // China had summer time until 1991.
    let summer_of_1990 = 646_876_800;
    assert_eq!("Asia/Shanghai".parse::<Zone>().unwrap().day(summer_of_1990), None);
    assert!("+08:00".parse::<Zone>().unwrap().day(summer_of_1990).is_some());
    assert_eq!(Zone::UTC.day(i64::MAX), None);
}
