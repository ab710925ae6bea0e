use super::*;

#[test]
fn a_rate_holds_from_its_day_until_the_next() {
    let day = |text: &str| text.parse::<Date>().unwrap_or(Date::MIN);
    let rates = [("CNY".to_owned(), vec![(day("2016-01-01"), 0.15), (day("2016-02-01"), 0.16)])].into();
    let money = Money { currency: "USD".into(), rates, until: Some(day("2016-02-29")) };
    for (currency, on, rate) in [
        ("USD", "2020-01-01", Some(1.0)),
        ("CNY", "2015-12-31", None),
        ("CNY", "2016-01-01", Some(0.15)),
        ("CNY", "2016-01-31", Some(0.15)),
        ("CNY", "2016-02-29", Some(0.16)),
        ("CNY", "2016-03-01", None),
        ("EUR", "2016-01-01", None),
    ] {
        assert_eq!(money.rate(currency, day(on)), rate, "{currency} {on}");
    }
}
