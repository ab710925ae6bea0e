//! The rules for benches: both of their forms mean the same, and they are as dense as they should be.

use crate::hand::{GoodsLine, HandRules, KnownKeys};
use crate::workload::{Case, Checksum, LINES_SEED, Mix, SEED, Workload, lines};
use qingfeng::Evaluation;

#[test]
fn the_pack_and_the_rules_by_hand_find_the_same() {
    let batches = lines(LINES_SEED, 600);
    for mix in Mix::ALL {
        let case = Case::new(200, mix);
        for evaluation in [Evaluation::Interpreted, Evaluation::Compiled] {
            let density = case.check(evaluation, &batches);
            assert!(density.fired > 0.0, "{}: no rule fires", case.name());
        }
    }
}

/// What the rules by hand find on 20,000 lines. Times of other rules or other lines cannot be compared with those
/// noted before: whoever changes either changes these numbers too, and measures again.
#[test]
fn the_rules_that_are_measured_are_those_of_the_noted_times() {
    let batches = lines(LINES_SEED, 20_000);
    let goods_lines: Vec<GoodsLine<'_>> = batches.iter().flat_map(GoodsLine::of_batch).collect();
    let mut found = String::new();
    for (mix, rules) in [
        (Mix::Standard, 100),
        (Mix::Standard, 1_000),
        (Mix::Standard, 10_000),
        (Mix::NoKeys, 1_000),
        (Mix::Keywords, 1_000),
        (Mix::Numeric, 1_000),
        (Mix::Residual10, 1_000),
    ] {
        let by_hand = HandRules::new(Workload::new(SEED, rules, mix).rules());
        let mut known = KnownKeys::default();
        let candidates: usize =
            goods_lines.iter().map(|line| by_hand.candidates(&mut known, line).len()).sum();
        let mut checksum = Checksum::default();
        checksum.add_results(&by_hand.evaluate(&mut known, &goods_lines));
        found += &format!("{rules} {}: {candidates} candidates, {checksum}\n", mix.name());
    }
    assert_eq!(found, include_str!("noted.txt"));
}

#[test]
fn the_same_seed_gives_the_same_rules() {
    let workload = Workload::new(SEED, 50, Mix::Residual10);
    assert_eq!(workload, Workload::new(SEED, 50, Mix::Residual10));
    assert_ne!(workload, Workload::new(SEED + 1, 50, Mix::Residual10));
}
