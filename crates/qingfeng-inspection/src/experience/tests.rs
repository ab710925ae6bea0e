use super::*;

#[test]
fn the_fixed_prior_never_falls() {
    let all: Vec<u64> = (-300..1_200).map(fixed_prior).collect();
    assert!(all.is_sorted());
    assert_eq!((fixed_prior(0), fixed_prior(100)), (5_000, 300_000));
    assert_eq!((fixed_prior(i64::MIN), fixed_prior(i64::MAX)), (1_000, 499_800));
}

#[test]
fn the_learnt_prior_never_falls_and_follows_what_was_found() {
    let mut experience = Experience::default();
    // Of 1,000 inspections each: half at 35, none at 55, all at 95.
    for (score, found) in [(35, 500), (55, 0), (95, 1_000)] {
        experience.bands.insert(score / 10, Tally { inspected: 1_000, found });
    }
    experience.settle();
    let all: Vec<u64> = (-300..1_200).map(|score| experience.prior(score)).collect();
    assert!(all.is_sorted());
    assert!((240_000..260_000).contains(&experience.prior(45)), "35 and 55 are pooled");
    assert!(experience.prior(95) > 950_000);
    assert!(experience.prior(25) < 100_000);
}

#[test]
fn the_bound_is_above_the_mean_and_comes_down_with_inspections() {
    let mut experience = Experience::default();
    let cell: Cell = vec![Arc::from("a")];
    let mut gap = u32::MAX;
    for inspected in [0, 10, 100, 1_000, 1_000_000] {
        experience.cells.insert(cell.clone(), Tally { inspected, found: inspected / 10 });
        let expected = experience.expected(&cell, 30);
        assert!(expected.upper > expected.mean && expected.upper - expected.mean < gap, "{expected:?}");
        gap = expected.upper - expected.mean;
    }
}
