//! Tests of `value`.

use super::*;

#[test]
fn dates_are_read_in_the_forms_customs_files_have() {
    let day = Date::from_ymd(2016, 9, 6).unwrap();
    for text in
        ["2016-09-06", "20160906", "2016/09/06", "2016-09-06T10:11:12Z", "2016-09-06 10:11:12.000+08:00"]
    {
        assert_eq!(text.parse::<Date>(), Ok(day), "{text}");
    }
}

#[test]
fn what_is_no_day_is_refused() {
    for text in [
        "",
        "2016",
        "2016-13-01",
        "2016-02-30",
        "16-09-06",
        "2016-9-6",
        "2016-09/06",
        "0000-01-01",
        "06.09.2016",
        "2016-09-06x",
        "2016-09-06 noon",
        "二〇一六",
    ] {
        assert_eq!(text.parse::<Date>(), Err(ParseDateError), "{text}");
    }
}

#[test]
fn the_bounds_are_the_first_and_last_four_digit_years() {
    assert_eq!(Date::from_ymd(1, 1, 1), Some(Date::MIN));
    assert_eq!(Date::from_ymd(9999, 12, 31), Some(Date::MAX));
    assert_eq!(Date::MAX.plus_days(1), None);
    assert_eq!(Date::MIN.plus_days(-1), None);
    assert_eq!(Date::MIN.plus_days(i64::MAX), None);
}

#[test]
fn months_are_counted_over_the_turns_of_years() {
    let month = |text: &str| Month::of(text.parse().unwrap());
    let december = month("2015-12-31");
    assert_eq!(december.next(), Some(month("2016-01-01")));
    assert_eq!(month("2016-01-01").previous(), Some(december));
    assert_eq!(december.plus(14), Month::from_ym(2017, 2));
    assert_eq!(month("2017-02-01").since(december), 14);
    assert_eq!((december.year(), december.month(), december.to_string()), (2015, 12, "2015-12".to_owned()));
    assert!(december < month("2016-01-31"));
    assert_eq!((Month::from_ym(2016, 13), Month::from_ym(0, 1)), (None, None));
    assert_eq!(Month::of(Date::MIN).to_string(), "0001-01");
    assert_eq!((Month::of(Date::MIN).previous(), Month::of(Date::MAX).next()), (None, None));
    assert_eq!(december.plus(i64::MAX), None);
}

#[test]
fn a_day_of_a_month_is_never_outside_of_it() {
    let february = Month::from_ym(2015, 2).unwrap();
    assert_eq!(
        [0, 1, 28, 30].map(|day| february.day(day).to_string()),
        ["2015-02-01", "2015-02-01", "2015-02-28", "2015-02-28"]
    );
    assert_eq!(Month::of(Date::MAX).day(31), Date::MAX);
    assert_eq!(Month::of(Date::MIN).day(1), Date::MIN);
}
