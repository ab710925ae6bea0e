//! Tests of `tactics`.

use proptest::prelude::*;

use super::super::consignment::Columns;
use super::*;
use crate::generate::Generator;

fn violating() -> Vec<Consignment> {
    let mut all = Vec::new();
    for generated in Generator::new(11, 30_000) {
        let columns = Columns::new(&generated).unwrap();
        let consignments = columns.declarations().into_iter().map(|lines| columns.consignment(lines));
        all.extend(consignments.filter(|consignment| consignment.truth().violation.is_some()));
    }
    all
}

fn sums(consignments: &[Consignment]) -> Vec<i64> {
    let columns = [column::QUANTITY, column::PACKAGES, column::NET, column::GROSS, column::VALUE];
    let lines = || consignments.iter().flat_map(|consignment| &consignment.lines);
    let declared = columns.map(|column| lines().filter_map(|line| line.hundredths(column)).sum());
    let truth = |of: fn(&LineTruth) -> i64| lines().map(|line| of(&line.truth)).sum();
    let truths = [
        truth(|line| line.pieces),
        truth(|line| line.value_cents),
        truth(|line| line.fine),
        truth(|line| line.major_case.into()),
    ];
    declared.into_iter().chain(truths).collect()
}

#[test]
fn whatever_is_declared_the_goods_and_their_truth_stay() {
    let all = violating();
    assert!(all.len() > 300);
    let observed = ObservedRates::default();
    let day = "2016-03-01".parse().unwrap();
    let mut number = 0;
    for tactic in Tactic::ALL {
        let mut used = 0;
        for (way, consignment) in all.iter().enumerate() {
            if !tactic.fits(consignment) {
                continue;
            }
            let lodged = tactic.declare(consignment, way as u64, day, &observed, &mut number);
            used += 1;
            assert_eq!(sums(&lodged), sums(std::slice::from_ref(consignment)), "{tactic:?} {consignment:?}");
            assert!(lodged.iter().any(|declaration| declaration.truth().violation.is_some()), "{tactic:?}");
            assert_eq!(lodged.len() > 1, tactic == Tactic::Split, "{tactic:?} {consignment:?}");
            assert_ne!(lodged[0], *consignment);
            for declaration in &lodged {
                let items: Vec<_> =
                    declaration.lines.iter().map(|line| line.hundredths(column::ITEM_NO)).collect();
                assert_eq!(items[0], Some(100));
            }
        }
        assert!(used > 20, "{tactic:?} was used {used} times");
    }
}

#[test]
fn numbers_are_each_used_once() {
    let observed = ObservedRates::default();
    let day = "2016-03-01".parse().unwrap();
    let mut number = 0;
    let mut ids = std::collections::BTreeSet::new();
    for consignment in violating().iter().filter(|consignment| Tactic::Split.fits(consignment)) {
        for declaration in Tactic::Split.declare(consignment, 1, day, &observed, &mut number) {
            assert!(ids.insert(declaration.header(column::ID).unwrap().to_owned()));
        }
    }
    assert!(ids.iter().all(|id| id.len() == 18 && id.bytes().all(|digit| digit.is_ascii_digit())));
}

proptest! {
    #[test]
    fn parts_add_up(whole in 0..=i64::MAX, parts in 1_i64..50) {
        let all: Vec<i64> = (0..parts).map(|at| part(whole, at, parts)).collect();
        prop_assert_eq!(all.iter().map(|&part| i128::from(part)).sum::<i128>(), i128::from(whole));
        prop_assert!(all.iter().all(|&part| part >= 0));
    }
}
