//! Tests of `random`.

use super::*;

#[test]
fn draws_stay_in_their_bounds() {
    let mut random = Random::new(7, 0);
    for _ in 0..10_000 {
        assert!(random.below(10) < 10);
        assert!((3..=5).contains(&random.between(3, 5)));
        assert!((534..=1874).contains(&random.spread(1_000, &NARROW)));
    }
    assert_eq!(random.below(0), 0);
}

#[test]
fn weights_are_respected() {
    let table = Weighted::new([1, 0, 3].into_iter());
    let mut random = Random::new(7, 1);
    let mut seen = [0; 3];
    for _ in 0..40_000 {
        seen[table.draw(&mut random)] += 1;
    }
    assert_eq!(seen[1], 0);
    assert!((9_000..11_000).contains(&seen[0]), "{seen:?}");
    let mut seen = [0; 3];
    for _ in 0..40_000 {
        seen[random.weighted(&[1, 0, 3])] += 1;
    }
    assert_eq!(seen[1], 0);
    assert!((9_000..11_000).contains(&seen[0]), "{seen:?}");
}

#[test]
fn the_first_draws_of_a_stream_never_change() {
    let mut random = Random::new(1, 2);
    let drawn: Vec<u32> = (0..4).map(|_| random.below(1_000_000)).collect();
    assert_eq!(drawn, [178_817, 599_991, 415_322, 65_694]);
}
