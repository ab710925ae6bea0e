//! Tests of `estimate`.

use super::*;

/// So many with a result and no finding, and so many with one, that were to have a result with this probability.
fn half(probability: f64, clear: usize, found: usize, unseen: f64) -> Half {
    let mut half = Half { unseen, ..Half::default() };
    (0..clear).for_each(|_| half.result(probability, false, [0.0; 2]));
    (0..found).for_each(|_| half.result(probability, true, [2.0, 100.0]));
    half
}

#[test]
fn a_group_of_three_parts() {
    // The worked example of docs/inclusion-probabilities.md: 6 certain with 3 findings, 2 of 54 drawn with one.
    let certain = half(1.0, 3, 3, 0.0);
    let sums = Sums { certain, drawn: half(2.0 / 54.0, 1, 1, 52.0), out: 0.0 };
    let estimate = sums.estimate(0.95);
    assert!((estimate.findings.unwrap() - 30.0).abs() < 1e-9, "{estimate:?}");
    assert!((estimate.rate.unwrap() - 0.5).abs() < 1e-9);
    assert!(estimate.low < 0.2 && estimate.high > 0.8, "{estimate:?}");
    // Pieces and fines likewise: 3 certain ones with a finding, one drawn one, 26 of the others.
    let held = sums.held().unwrap();
    assert!((held[0] - 60.0).abs() < 1e-9 && (held[1] - 3_000.0).abs() < 1e-6, "{held:?}");
    // All inspected: nothing is open.
    let all = Sums { certain, ..Sums::default() }.estimate(0.95);
    assert_eq!((all.rate, all.low, all.high, all.covered), (Some(0.5), 0.5, 0.5, 1.0));
    // Nothing drawn: between none and all of the unseen.
    let none = Sums { certain, drawn: half(1.0, 0, 0, 4.0), out: 10.0 };
    assert_eq!(none.held(), None);
    let none = none.estimate(0.95);
    assert_eq!((none.rate, none.low, none.high, none.covered), (None, 0.3, 0.7, 0.5));
    // Of the half of which nothing is said, all or nothing may violate.
    assert!((none.whole().0 - 0.15).abs() < 1e-12 && (none.whole().1 - 0.85).abs() < 1e-12);
    // Six results of the certain did not come: they are like those that did.
    let open = Sums { certain: half(0.5, 3, 3, 6.0), ..Sums::default() }.estimate(0.95);
    assert_eq!((open.rate, open.findings, open.covered), (Some(0.5), Some(6.0), 1.0));
    assert!(open.low > 0.25 && open.low < 0.35 && open.high > 0.65 && open.high < 0.75, "{open:?}");
    // None of them came: nothing is said of them.
    let lost = Sums { certain: half(1.0, 0, 0, 6.0), drawn: half(1.0, 0, 0, 2.0), out: 4.0 };
    let lost = lost.estimate(0.95);
    assert_eq!((lost.rate, lost.low, lost.high), (None, 0.0, 1.0));
    assert!((lost.covered - 2.0 / 12.0).abs() < 1e-12, "{lost:?}");
}

#[test]
fn what_is_missing_is_like_what_came_of_its_own_office() {
    // One office sent back 2 of 10, both with a finding; the other all 10, none with one.
    let mut certain = half(0.2, 0, 2, 8.0);
    certain.add(&half(1.0, 10, 0, 0.0), 1.0);
    let estimate = Sums { certain, ..Sums::default() }.estimate(0.95);
    assert!((estimate.rate.unwrap() - 0.5).abs() < 1e-12, "{estimate:?}");
}

#[test]
fn two_groups_are_compared_by_their_intervals() {
    let inspected = |clear, found| Sums { certain: half(1.0, clear, found, 0.0), ..Sums::default() };
    let (high, low) = (inspected(60, 40), inspected(900, 100));
    let (order, p) = high.compared(&low).unwrap();
    // Fisher's exact test of 40 of 100 against 100 of 1,000 gives 1e-13.
    assert!(order == Ordering::Greater && p < 1e-8, "{p}");
    assert_eq!(low.compared(&high), Some((Ordering::Less, p)));
    // 3 of 30 against 100 of 1,000: alike. 5 of 30: Fisher's p is 0.22.
    assert_eq!(inspected(27, 3).compared(&low), Some((Ordering::Equal, 1.0)));
    let (_, p) = inspected(25, 5).compared(&low).unwrap();
    assert!((0.1..0.6).contains(&p), "{p}");
    // Nothing is known of one, or next to nothing.
    assert_eq!(Sums::default().compared(&low), None);
    let mut one_unseen = high;
    one_unseen.drawn.unseen = 1.0;
    assert!(one_unseen.estimate(0.95).rate.is_none() && one_unseen.compared(&low).unwrap().1 < 1e-7);
    let unseen = Sums { drawn: half(1.0, 0, 0, 100.0), ..Sums::default() };
    assert_eq!(unseen.compared(&low), Some((Ordering::Equal, 1.0)));
}
