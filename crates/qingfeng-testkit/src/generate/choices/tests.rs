//! Tests of `choices`.

use super::*;

#[test]
fn no_bytes_are_the_first_of_everything() {
    let mut choices = Choices::new(&[]);
    assert!(choices.is_exhausted());
    assert_eq!(choices.between(3, 9), 3);
    assert_eq!(choices.pick(&["a", "b"]), &"a");
    assert_eq!(choices.weighted(&[0, 3, 1]), 1, "what has no weight is never chosen");
    assert!(!choices.percent(99));
}

#[test]
fn weights_are_kept() {
    let bytes: Vec<u8> = (0..=255).collect();
    let mut choices = Choices::new(&bytes);
    let mut counts = [0; 3];
    (0..256).for_each(|_| counts[choices.weighted(&[1, 2, 1])] += 1);
    assert_eq!(counts, [64, 128, 64]);
}
