//! Tests of `text`.

use super::*;

#[test]
fn numbers_have_their_width() {
    let mut out = String::new();
    push_number(&mut out, 42, 5);
    out.push(' ');
    push_number(&mut out, 123_456, 3);
    out.push(' ');
    push_number(&mut out, 0, 1);
    assert_eq!(out, "00042 123456 0");
}

#[test]
fn names_have_at_most_eight_words() {
    let mut random = Random::new(1, 1);
    for goods in super::super::goods::GOODS.iter() {
        for telling in [false, true] {
            for variant in 0..100 {
                let mut name = String::new();
                let wording = Wording { english_percent: 60, telling, brand: Some(8) };
                write_goods(goods, variant, wording, &mut random, &mut name);
                assert!((1..=8).contains(&name.split(' ').count()), "{name}");
            }
        }
    }
}
