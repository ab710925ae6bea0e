//! Tests of `traders`.

use super::*;

#[test]
fn habits_belong_to_the_exporter() {
    let (traders, catalogue) = (Traders::new(5), Catalogue::new());
    let (once, again) = (traders.habits(1234, &catalogue), traders.habits(1234, &catalogue));
    assert_eq!(format!("{once:?}"), format!("{again:?}"));
}

#[test]
fn nobody_trades_before_being_registered() {
    let traders = Traders::new(5);
    let mut random = Random::new(5, 1);
    for day in [0, 1, 100, 365] {
        for _ in 0..20_000 {
            assert!(traders.draw_exporter(day, &mut random) <= registered(day));
        }
        assert!(Traders::is_newcomer(traders.draw_newcomer(day, &mut random), day));
    }
}

#[test]
fn authorised_exporters_deal_in_the_goods_of_their_brand() {
    let (traders, catalogue) = (Traders::new(5), Catalogue::new());
    let habits = traders.habits(121, &catalogue);
    assert!(habits.goods.iter().all(|&goods| catalogue.get(goods).family == Family::Motorcycles));
}
