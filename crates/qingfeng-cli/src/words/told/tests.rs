//! Tests of `told`.

use super::*;

#[test]
fn why_rules_have_their_states() {
    for (reason, en, zh) in [
        (StateReason::NeverFires, "never fires", "从未命中"),
        (StateReason::NothingDrawn, "nothing drawn to compare with", "没有随机抽查可作比较"),
        (StateReason::NoFinding { inspected: 120 }, "no finding in 120 results", "120 次查验均未查获"),
        (
            StateReason::FewResults { inspected: 1, least: 30 },
            "1 result, fewer than 30",
            "仅 1 次结果，少于 30 次",
        ),
        (
            StateReason::FewResults { inspected: 20, least: 30 },
            "20 results, fewer than 30",
            "仅 20 次结果，少于 30 次",
        ),
        (
            StateReason::Fell { earlier: 0.75, later: 0.25, p: 0.00001 },
            "hit rate fell from 75.0 % to 25.0 % (p 0.0000)",
            "查获率由 75.0 % 降至 25.0 %（p 0.0000）",
        ),
        (
            StateReason::Compared { rate: 0.5, chance: 0.11, standing: Some(Standing::Above) },
            "50.0 %, above the 11.0 % of chance",
            "50.0 %，高于随机水平 11.0 %",
        ),
    ] {
        assert_eq!([En.reason(&reason), Zh.reason(&reason)], [en, zh]);
    }
}

#[test]
fn whole_units_of_value() {
    for (cents, text) in [(0, "0"), (-99, "0"), (123_456_789, "1,234,567"), (-100_000, "-1,000")] {
        assert_eq!(amount(cents), text);
    }
}
