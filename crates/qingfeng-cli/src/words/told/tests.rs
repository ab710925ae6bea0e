//! Tests of `told`.

use super::*;

fn compared(standing: Standing, side: Option<Side>) -> StateReason {
    StateReason::Compared { rate: Some(0.5), chance: 0.11, standing, side, covered: 1.0, undrawn: 0.0 }
}

#[test]
fn why_rules_have_their_states() {
    for (reason, en, zh) in [
        (StateReason::NeverFires, "never fires", "从未命中"),
        (StateReason::NothingDrawn, "nothing drawn to compare with", "没有随机布控可作比较"),
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
            StateReason::Changed { earlier: 0.75, later: 0.25, p: 0.00001 },
            "hit rate fell from 75.0 % to 25.0 % (p < 0.001)",
            "查获率由 75.0 % 降至 25.0 %（p < 0.001）",
        ),
        (
            compared(Standing::Above, Some(Side::Risk)),
            "50.0 %, above the 11.0 % of chance",
            "50.0 %，高于随机水平 11.0 %",
        ),
        (
            compared(Standing::Above, Some(Side::Relief)),
            "50.0 %, above the 11.0 % of chance: it relieves what violates more often",
            "50.0 %，高于随机水平 11.0 %：所减免的正是更常违规的货物",
        ),
        (
            compared(Standing::Below, None),
            "50.0 %, below the 11.0 % of chance; good or harmful? --rules says what it is for",
            "50.0 %，低于随机水平 11.0 %；好坏未定：--rules 可说明该规则是加险还是减免",
        ),
        (
            StateReason::Compared {
                rate: Some(0.923),
                chance: 0.05,
                standing: Standing::Above,
                side: Some(Side::Risk),
                covered: 0.39,
                undrawn: 0.25,
            },
            "92.3 %, above the 5.0 % of chance; of the 39.0 % that could be drawn; 25.0 % of it is at offices where \
             nothing of it was drawn",
            "92.3 %，高于随机水平 5.0 %；仅就可随机抽取的 39.0 % 而言；其中 25.0 % 所在查验单位未随机抽取其任何一票",
        ),
    ] {
        assert_eq!([En.reason(&reason, false), Zh.reason(&reason, false)], [en, zh]);
    }
}

#[test]
fn whole_units_of_value() {
    let (watch, options) = (Watch::default(), WatchOptions::default());
    let [en, zh] = [En, Zh].map(|w| Teller { w, watch: &watch, options: &options, pack: None });
    for (cents, in_en, in_zh) in [
        (0, "0", "0"),
        (-99, "0", "\u{2212}1"),
        (999_900, "9,999", "9\u{202f}999"),
        (123_456_789, "1,234,567", "123.5 万"),
        (-100_000, "-1,000", "\u{2212}1\u{202f}000"),
        (1_234_567_890_000, "12,345,678,900", "123.46 亿"),
    ] {
        assert_eq!([en.amount(cents), zh.amount(cents)], [in_en, in_zh]);
    }
}

#[test]
fn why_an_inspection_is_planned_is_told_in_chinese() {
    let title = |name: &str| (name == "apparel").then(|| "服装".to_owned());
    for (why, zh) in [
        ("quota border", "按查验指标布控：边贸口岸"),
        ("exploration: rule A-1 is young", "探索：规则 A-1 积累的结果尚少"),
        ("a finding is expected in 3.1 of 100 such inspections", "预期每百票此类查验查获 3.1 票"),
        ("drawn among 12 of apparel/known", "在 12 票（服装，一般信用企业）中随机抽中"),
        ("rule A-1 forces red", "规则 A-1 要求“红：开箱查验”"),
        ("rule A-1 has the tag ban", "规则 A-1 带有必查标签 ban"),
        ("drawn by its ticket", "随机布控抽中"),
        ("opened yesterday", "opened yesterday"),
    ] {
        assert_eq!(tell_why(Zh, why, title), zh);
    }
    for why in ["quota ports", "drawn among 12 of apparel", "rule A-1 has the tag ban"] {
        assert_eq!(
            tell_why(En, why, |_| Some("apparel".to_owned()).filter(|_| why.contains("apparel"))),
            why
        );
    }
}
