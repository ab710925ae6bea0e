//! Young, good, tired or dead, and why.

use qingfeng_rules::Date;

use super::{RuleEffect, Standing, State, Thresholds};

fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

fn days_between(from: Date, until: Date) -> i64 {
    i64::from(until.days()) - i64::from(from.days())
}

/// The state of a rule with the reason, in English and in Chinese. `days` are the first and last day of the evidence.
pub(crate) fn state(
    rule: &RuleEffect,
    days: Option<(Date, Date)>,
    of_chance: Option<f64>,
    thresholds: &Thresholds,
) -> (State, [String; 2]) {
    let figures = &rule.figures;
    if figures.fired == 0 {
        return (State::Dead, ["never fires".to_owned(), "从未命中".to_owned()]);
    }
    if let (Some(last), Some((_, end))) = (rule.last_fired, days) {
        let silent = days_between(last, end);
        if silent >= i64::from(thresholds.dead_days) {
            let words = format!("has not fired since {last}, for {silent} days");
            return (State::Dead, [words, format!("自 {last} 起 {silent} 天未命中")]);
        }
    }
    if figures.found == 0 && figures.inspected >= thresholds.dead_results {
        let inspected = figures.inspected;
        let words = format!("no finding in {inspected} results");
        return (State::Dead, [words, format!("{inspected} 次查验均未查获")]);
    }
    if figures.inspected < thresholds.young_results {
        let results = match figures.inspected {
            0 => "no results".to_owned(),
            1 => "1 result".to_owned(),
            many => format!("{many} results"),
        };
        let least = thresholds.young_results;
        let words = format!("{results}, fewer than {least}");
        return (State::Young, [words, format!("仅 {} 次结果，少于 {least} 次", figures.inspected)]);
    }
    if let (Some(first), Some((begin, end))) = (rule.first_fired, days) {
        let age = days_between(first, end) + 1;
        // What fires from the first days on may be older than the evidence.
        let new = days_between(begin, first) >= i64::from(thresholds.young_days);
        if new && age < i64::from(thresholds.young_days) {
            let words = format!("fires since {first}, for {age} days");
            return (State::Young, [words, format!("自 {first} 起命中，仅 {age} 天")]);
        }
    }
    if let Some(trend) =
        rule.trend.filter(|trend| trend.p_fall < thresholds.tired_level && trend.later < trend.earlier)
    {
        let (earlier, later) = (percent(trend.earlier), percent(trend.later));
        let p = trend.p_fall;
        let words = format!("hit rate fell from {earlier} to {later} (p {p:.4})");
        return (State::Tired, [words, format!("查获率由 {earlier} 降至 {later}（p {p:.4}）")]);
    }
    let (rate, chance) = (figures.estimate.rate.map(percent), of_chance.map(percent));
    let (Some(rate), Some(chance)) = (rate, chance) else {
        return (
            State::Good,
            ["nothing drawn to compare with".to_owned(), "没有随机抽查可作比较".to_owned()],
        );
    };
    let (state, than, than_zh) = match rule.standing {
        Some(Standing::Below) => (State::Tired, "below", "低于"),
        Some(Standing::Above) => (State::Good, "above", "高于"),
        _ => (State::Good, "not told apart from", "无法区别于"),
    };
    (state, [format!("{rate}, {than} the {chance} of chance"), format!("{rate}，{than_zh}随机水平 {chance}")])
}
