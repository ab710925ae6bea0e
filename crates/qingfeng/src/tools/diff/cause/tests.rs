//! Tests of `cause`.

use super::*;

#[test]
fn channels_of_both_packs_stand_in_one_order() {
    let merge = |old: &str, new: &str| {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        merged(&list(old), &list(new)).join(" ")
    };
    for (old, new, both) in [
        ("green red", "green red", "green red"),
        ("green red", "green blue red", "green blue red"),
        ("green blue red", "green red", "green blue red"),
        ("white green red black", "green red", "white green red black"),
        ("green red", "red green", "red green"),
    ] {
        assert_eq!(merge(old, new), both, "{old} / {new}");
    }
}
