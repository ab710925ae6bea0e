//! Tests of `ridge`.

use super::*;

fn rows() -> Vec<Row> {
    let row = |columns: &[usize], share, weight, offset| Row {
        terms: columns.iter().map(|&column| (column, 1.0)).collect(),
        share,
        weight,
        offset,
    };
    vec![
        row(&[0], 0.1, 40.0, 0.2),
        row(&[0, 1], 0.35, 20.0, -0.1),
        row(&[0, 2], 0.6, 10.0, 0.0),
        row(&[0, 1, 2], 0.9, 5.0, 0.5),
    ]
}

#[test]
fn coefficients_are_those_of_another_implementation() {
    // anofox-regression 0.9.0: BinomialRegressor::logistic() with these weights, offsets and lambda.
    for (penalty, wanted) in [
        (0.001, [-2.351_174_997_487_177_6, 1.795_409_276_514_000_4, 2.687_483_929_082_381]),
        (1.0, [-1.844_302_550_418_734, 1.153_574_804_434_504, 1.715_467_141_042_594_3]),
        (10.0, [-1.250_390_110_931_065, 0.351_934_752_150_082_6, 0.475_091_232_660_162_3]),
    ] {
        let found = Ridge::fit(&rows(), 3, penalty).unwrap().beta;
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-10), "{penalty}: {found:?}");
    }
}

/// Of two groups the coefficient is the difference of their log odds, and its variance the sum of 1/np(1-p).
#[test]
fn two_groups_are_fitted_by_their_odds() {
    let group = |terms: &[usize], share: f64, weight: f64| Row {
        terms: terms.iter().map(|&column| (column, 1.0)).collect(),
        share,
        weight,
        offset: 0.0,
    };
    let rows = [group(&[0], 0.2, 50.0), group(&[0, 1], 0.5, 30.0)];
    let fitted = Ridge::fit(&rows, 2, 1e-9).unwrap();
    let odds = |share: f64| (share / (1.0 - share)).ln();
    assert!((fitted.beta[0] - odds(0.2)).abs() < 1e-8, "{fitted:?}");
    assert!((fitted.beta[1] - (odds(0.5) - odds(0.2))).abs() < 1e-8, "{fitted:?}");
    // With the binomial variance in the middle the sandwich is the inverse of the information.
    let squares = rows.iter().map(|row| row.weight * row.share * (1.0 - row.share));
    let errors = fitted.errors(&rows, &squares.collect::<Vec<_>>());
    let variance = 1.0 / (50.0 * 0.2 * 0.8) + 1.0 / (30.0 * 0.5 * 0.5);
    assert!((errors[1] * errors[1] - variance).abs() < 1e-8, "{errors:?}");
}

#[test]
fn shares_of_one_and_none_stay_finite_under_a_penalty() {
    let mut rows = rows();
    rows.iter_mut().for_each(|row| row.share = f64::from(u8::from(row.terms.len() > 2)));
    let fitted = Ridge::fit(&rows, 3, 1e-3).unwrap();
    assert!(fitted.beta.iter().all(|beta| beta.is_finite() && beta.abs() < 100.0), "{fitted:?}");
}

#[test]
fn columns_made_of_others_are_found() {
    let mut rows = rows();
    // The third is the sum of the first two, the fourth fires with the first.
    for row in &mut rows {
        let both: f64 = row.terms.iter().filter(|(column, _)| *column > 0).map(|(_, value)| value).sum();
        let first = row.terms.iter().any(|(column, _)| *column == 1);
        row.terms.push((3, both));
        row.terms.extend(first.then_some((4, 1.0)));
    }
    assert_eq!(are_separate(&rows, 5), [true, true, true, false, false]);
}
