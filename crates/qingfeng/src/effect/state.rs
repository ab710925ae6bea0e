//! Young, good, tired or dead, and why.

use qingfeng_rules::Date;

use super::{RuleEffect, Standing, State, Thresholds};

fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

fn days_between(from: Date, until: Date) -> i64 {
    i64::from(until.days()) - i64::from(from.days())
}

/// The state of a rule with the reason. `days` are the first and last day of the evidence.
pub(crate) fn state(
    rule: &RuleEffect,
    days: Option<(Date, Date)>,
    of_chance: Option<f64>,
    thresholds: &Thresholds,
) -> (State, String) {
    let figures = &rule.figures;
    if figures.fired == 0 {
        return (State::Dead, "never fires".to_owned());
    }
    if let (Some(last), Some((_, end))) = (rule.last_fired, days) {
        let silent = days_between(last, end);
        if silent >= i64::from(thresholds.dead_days) {
            return (State::Dead, format!("has not fired since {last}, for {silent} days"));
        }
    }
    if figures.found == 0 && figures.inspected >= thresholds.dead_results {
        return (State::Dead, format!("no finding in {} results", figures.inspected));
    }
    if figures.inspected < thresholds.young_results {
        let results = match figures.inspected {
            0 => "no results".to_owned(),
            1 => "1 result".to_owned(),
            many => format!("{many} results"),
        };
        return (State::Young, format!("{results}, fewer than {}", thresholds.young_results));
    }
    if let (Some(first), Some((begin, end))) = (rule.first_fired, days) {
        let age = days_between(first, end) + 1;
        // What fires from the first days on may be older than the evidence.
        let new = days_between(begin, first) >= i64::from(thresholds.young_days);
        if new && age < i64::from(thresholds.young_days) {
            return (State::Young, format!("fires since {first}, for {age} days"));
        }
    }
    if let Some(trend) =
        rule.trend.filter(|trend| trend.p_fall < thresholds.tired_level && trend.later < trend.earlier)
    {
        let (earlier, later) = (percent(trend.earlier), percent(trend.later));
        return (State::Tired, format!("hit rate fell from {earlier} to {later} (p {:.4})", trend.p_fall));
    }
    let (rate, chance) = (figures.estimate.rate.map(percent), of_chance.map(percent));
    match (rule.standing, rate, chance) {
        (Some(Standing::Below), Some(rate), Some(chance)) => {
            (State::Tired, format!("{rate}, below the {chance} of chance"))
        }
        (Some(Standing::Above), Some(rate), Some(chance)) => {
            (State::Good, format!("{rate}, above the {chance} of chance"))
        }
        (_, Some(rate), Some(chance)) => {
            (State::Good, format!("{rate}, not told apart from the {chance} of chance"))
        }
        _ => (State::Good, "nothing drawn to compare with".to_owned()),
    }
}
