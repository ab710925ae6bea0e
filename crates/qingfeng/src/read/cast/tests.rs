//! Tests of `cast`.

use super::*;

#[test]
fn the_first_and_the_last_day_are_those_of_dates() {
    for (day, beyond) in [(FIRST_DAY, FIRST_DAY - 1), (LAST_DAY, LAST_DAY + 1)] {
        assert!(Date::from_days(day).is_some() && Date::from_days(beyond).is_none(), "{day}");
    }
}
