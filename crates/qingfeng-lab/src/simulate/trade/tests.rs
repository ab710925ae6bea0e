//! Tests of `trade`.

use super::*;

#[test]
fn days_come_whole_and_in_order() {
    let [from, until]: [Date; 2] = ["2016-03-01", "2016-03-20"].map(|day| day.parse().unwrap());
    let mut lines = 0;
    let mut last = None;
    for (day, pieces) in Days::new(5, 40_000, from, until).unwrap() {
        assert!(last.is_none_or(|last| last < day));
        last = Some(day);
        for piece in &pieces {
            assert_eq!(first_day(piece), Some((day, piece.declarations.num_rows())));
            assert_eq!(piece.declarations.num_rows(), piece.outcomes.num_rows());
            lines += piece.declarations.num_rows();
        }
    }
    assert_eq!((lines, last), (40_000, Some(until)));
    assert!(Days::new(5, 10, until, from).is_none());
}
