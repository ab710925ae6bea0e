//! Tests of `estimate`.

use super::*;

#[test]
fn a_group_of_three_parts() {
    // The worked example of docs/inclusion-probabilities.md: 6 certain with 3 findings, 2 of 54 drawn with one.
    let mut sums = Sums { certain: 6.0, certain_found: 3.0, unseen: 52.0, ..Sums::default() };
    sums.draw(2.0 / 54.0, true);
    sums.draw(2.0 / 54.0, false);
    let estimate = sums.estimate(0.95);
    assert!((estimate.findings.unwrap() - 30.0).abs() < 1e-9, "{estimate:?}");
    assert!((estimate.rate.unwrap() - 0.5).abs() < 1e-9);
    assert!(estimate.low < 0.2 && estimate.high > 0.8, "{estimate:?}");
    // All inspected: nothing is open.
    let all = Sums { certain: 6.0, certain_found: 3.0, ..Sums::default() }.estimate(0.95);
    assert_eq!((all.rate, all.low, all.high, all.covered), (Some(0.5), 0.5, 0.5, 1.0));
    // Nothing drawn: between none and all of the unseen.
    let none = Sums { certain: 6.0, certain_found: 3.0, unseen: 4.0, out: 10.0, ..Sums::default() };
    let none = none.estimate(0.95);
    assert_eq!((none.rate, none.low, none.high, none.covered), (None, 0.3, 0.7, 0.5));
    // Six results of the certain did not come: they are like those that did.
    let open = Sums { certain: 6.0, certain_found: 3.0, certain_open: 6.0, ..Sums::default() };
    let open = open.estimate(0.95);
    assert_eq!((open.rate, open.findings, open.covered), (Some(0.5), Some(6.0), 1.0));
    assert!(open.low > 0.25 && open.low < 0.35 && open.high > 0.65 && open.high < 0.75, "{open:?}");
    // None of them came: nothing is said of them.
    let lost = Sums { certain_open: 6.0, unseen: 2.0, out: 4.0, ..Sums::default() }.estimate(0.95);
    assert_eq!((lost.rate, lost.low, lost.high), (None, 0.0, 1.0));
    assert!((lost.covered - 2.0 / 12.0).abs() < 1e-12, "{lost:?}");
}
