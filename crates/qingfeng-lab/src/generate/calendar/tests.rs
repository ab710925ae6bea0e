//! Tests of `calendar`.

use super::*;

#[test]
fn the_stream_begins_and_ends_with_the_year() {
    let calendar = Calendar::new(1);
    for lines in [100_000, u64::MAX] {
        assert_eq!(calendar.day(0, lines), 0);
        assert_eq!(calendar.day(lines - 1, lines), 365);
    }
    assert_eq!(calendar.day(0, 0), 0);
}

#[test]
fn a_stream_of_some_days_has_all_of_them_and_no_other() {
    let calendar = Calendar::new(1).within(244..=273);
    let days: Vec<u32> = (0..10_000).map(|position| calendar.day(position, 10_000)).collect();
    assert!(days.is_sorted());
    assert_eq!((days[0], days[9_999]), (244, 273));
    let one_day = Calendar::new(1).within(365..=365);
    assert_eq!((one_day.day(0, 2), one_day.day(1, 2)), (365, 365));
}

#[test]
fn weekends_and_holidays_are_quiet() {
    let calendar = Calendar::new(1);
    let share = |day: usize| calendar.cumulative[day] - calendar.cumulative[day - 1];
    // Friday 4 March and Sunday 6 March; Tuesday 9 February, within the spring festival.
    assert!(share(63) > 3 * share(65));
    assert!(share(63) > 4 * share(39));
}
