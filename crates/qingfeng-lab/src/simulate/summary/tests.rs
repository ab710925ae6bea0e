//! Tests of `summary`.

use super::*;

#[test]
fn intervals_are_those_of_student() {
    let one = estimate(&[3.0]);
    assert_eq!((one.mean, one.low, one.high), (3.0, None, None));
    let two = estimate(&[1.0, 3.0]);
    assert!((two.high.unwrap() - (2.0 + 12.706)).abs() < 1e-9);
    let many: Vec<f64> = (0..60).map(f64::from).collect();
    // R: qt(.975, 59) * sd(0:59) / sqrt(60) = 4.5115
    let many = estimate(&many);
    assert!((many.high.unwrap() - many.mean - 4.5115).abs() < 0.01, "{many:?}");
}
