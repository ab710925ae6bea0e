//! Tests of `calendar`.

use super::*;

#[test]
fn the_stream_begins_and_ends_with_the_year() {
    for (year, last) in [(2016, 365), (2018, 364)] {
        let calendar = Calendar::new(1, year);
        for lines in [100_000, u64::MAX] {
            assert_eq!(calendar.day(0, lines), 0);
            assert_eq!(calendar.day(lines - 1, lines), last);
        }
        assert_eq!(calendar.day(0, 0), 0);
        assert_eq!(calendar.date(last), Date::from_ymd(year, 12, 31).unwrap());
    }
}

#[test]
fn a_stream_of_some_days_has_all_of_them_and_no_other() {
    let calendar = Calendar::new(1, 2016).within(244..=273);
    let days: Vec<u32> = (0..10_000).map(|position| calendar.day(position, 10_000)).collect();
    assert!(days.is_sorted());
    assert_eq!((days[0], days[9_999]), (244, 273));
    let one_day = Calendar::new(1, 2016).within(365..=365);
    assert_eq!((one_day.day(0, 2), one_day.day(1, 2)), (365, 365));
}

#[test]
fn weekends_and_holidays_are_quiet() {
    for (year, friday, sunday, festival) in [(2016, (3, 4), (3, 6), (2, 9)), (2024, (3, 1), (3, 3), (2, 13))]
    {
        let calendar = Calendar::new(1, year);
        let share = |(month, day)| {
            let at = day_of_year(Date::from_ymd(year, month, day).unwrap()) as usize;
            calendar.cumulative[at] - calendar.cumulative[at - 1]
        };
        assert!(share(friday) > 3 * share(sunday));
        assert!(share(friday) > 4 * share(festival));
    }
}

#[test]
fn every_year_has_its_holidays() {
    for year in YEARS {
        assert_eq!(holidays(year).iter().filter(|((month, _), ..)| *month < 3).count(), 2, "{year}");
        Calendar::new(1, year);
    }
    assert_eq!(MOON_DAYS.len(), YEARS.count());
}
