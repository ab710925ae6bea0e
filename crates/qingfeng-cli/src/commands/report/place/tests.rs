//! Tests of `place`.

use qingfeng_insight::effect::wilson;

use super::*;

#[test]
fn figures_are_written_as_people_read_them() {
    let cases: [(As, &dyn Figure, &str); 13] = [
        (As::Count, &1_234_567_u64, "1\u{202f}234\u{202f}567"),
        (As::Share, &0.0956, "9.6\u{202f}%"),
        (As::Per100, &0.5, "50.0"),
        (As::Round, &-1234.5, "\u{2212}1\u{202f}235"),
        (As::Decimal, &-0.04, "0.0"),
        (As::Fine, &1.005, "1.00"),
        (As::Decimal, &-538_800.04, "\u{2212}538\u{202f}800.0"),
        (As::Chance, &0.0004, "< 0.001"),
        (As::Sum, &123_456.0, "12.3 万"),
        (As::Yuan, &800.4, "800 元"),
        (As::Yuan, &123_456.0, "12.3 万元"),
        (As::Text, &"2016-09-06".to_owned(), "2016-09-06"),
        (As::Share, &None::<f64>, "–"),
    ];
    for (kind, figure, text) in cases {
        assert_eq!(kind.write(figure), text);
    }
    assert_eq!(As::Share.write(&f64::NAN), "–", "JSON has no such number");
}

#[test]
fn places_are_those_of_the_fields() {
    let rate = vec![wilson(5.0, 10.0, 0.95).unwrap()];
    let place = At::root(&rate);
    let first = place.items().next().unwrap();
    assert_eq!(at!(first.low).path, "[0].low");
    assert_eq!(*at!(first.low), rate[0].low);
    let whole = At::root(&rate[0]);
    assert_eq!(at!(whole.high).path, "high");
}
