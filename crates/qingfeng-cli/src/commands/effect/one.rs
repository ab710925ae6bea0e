//! Everything of one rule.

use qingfeng_insight::effect::{Effect, RuleEffect};
use qingfeng_insight::rating::{Side, Standing};

use super::human::{
    bounds, covers, decimal, estimate, number, percent, rate, rate_and_bounds, reason, state_style,
};
use crate::numbers::{count, grouped, p_value};
use crate::table::{Cell, heads, table};
use crate::terminal::{BOLD, DIM, clean, styled};

pub fn one(rule: &RuleEffect, effect: &Effect) -> String {
    let figures = &rule.figures;
    let mut out = format!("{BOLD}{}{BOLD:#}", clean(&rule.rule));
    if let Some(title) = &rule.title {
        out += &format!("  {}", clean(title));
    }
    if rule.shadow {
        out += &format!("  {DIM}shadow: adds no points, and is no reason for an inspection{DIM:#}");
    }
    let rating = &rule.rating;
    match rating.side {
        Some(Side::Relief) => out += &format!("  {DIM}relieves{DIM:#}"),
        Some(Side::Risk) if !rule.shadow => out += &format!("  {DIM}adds risk{DIM:#}"),
        _ => {}
    }
    let state = styled(state_style(rating.state), rating.state.name());
    out += &format!("\n{state}: {}\n\n", clean(reason(rule)));
    let mut rows: Vec<[String; 3]> = Vec::new();
    let mut row = |name: &str, value: String, more: String| rows.push([name.to_owned(), value, more]);
    if let Some(lines) = rule.lines {
        row("goods lines fired", grouped(lines), String::new());
    }
    let days = match (rule.first_fired, rule.last_fired) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(first), _) => first.to_string(),
        _ => String::new(),
    };
    row("declarations fired", grouped(figures.fired), days);
    let drawn = format!("{} of them drawn", grouped(figures.drawn));
    row("inspected", grouped(figures.inspected), drawn);
    row("found", grouped(figures.found), format!("{} by the draw", grouped(figures.drawn_found)));
    if figures.unresolved > 0 {
        row("without a result", grouped(figures.unresolved), "waived or not coded".to_owned());
    }
    row("hit rate seen", rate_and_bounds(figures.seen), "of what was inspected".to_owned());
    row("hit rate of all", estimate(&figures.estimate), "had all been inspected".to_owned());
    let covered = covers(&figures.estimate);
    if let Some(findings) = figures.estimate.findings {
        let of = covered.as_ref().map_or_else(String::new, |covered| format!(", of {covered}"));
        row("findings of all", decimal(Some(findings)), format!("estimated{of}"));
    }
    if let Some(covered) = covered.filter(|_| figures.fired > 0) {
        row("covered", covered, "no draw could choose the rest, or nothing came back".to_owned());
        let (low, high) = figures.estimate.whole();
        row("hit rate of everything", bounds(low, high), "whatever the rest is".to_owned());
    }
    if rule.undrawn > 0.0 {
        let what = "at offices where nothing of it was drawn; taken to be like the others";
        row("not drawn from", percent(rule.undrawn), what.to_owned());
    }
    let chance = effect.all.estimate;
    row("by chance", estimate(&chance), "all declarations".to_owned());
    let standing = rating.standing.zip(rating.p_adjusted).map(|(standing, p)| {
        let what = match standing {
            Standing::Above => "above chance",
            Standing::Alike => "not told apart from chance",
            Standing::Below => "below chance",
        };
        format!("{what}: {} after correction for the number of rules", p_value(p))
    });
    let standing = standing.unwrap_or_default();
    row("lift", decimal(rule.lift), standing);
    let only = &rule.only;
    let of = format!("of {} inspected, {} fired alone", grouped(only.inspected), grouped(only.fired));
    row(if rule.shadow { "no active rule found" } else { "only it found" }, grouped(only.found), of);
    row("pieces, fines", grouped(figures.pieces), format!("{} yuan", grouped(figures.fines.round() as i64)));
    let hours = figures.hours.map_or_else(
        || "hours not known".to_owned(),
        |hours| format!("{} officer hours", decimal(Some(hours))),
    );
    row("cost", grouped(figures.cost), format!("points or inspections; {hours}"));
    if figures.hours.is_some() {
        let fines = format!("{} yuan of fines", decimal(figures.fines_per_hour));
        row("found in an hour", decimal(figures.found_per_hour), fines);
    }
    if let Some(trend) = rating.trend {
        let what = format!(
            "{} then {}; chance of such a fall {:.3}, of such a rise {:.3}",
            percent(trend.earlier),
            percent(trend.later),
            trend.p_fall,
            trend.p_rise
        );
        row("trend", format!("{:+.1}", trend.z), what);
    }
    let cells = |[name, value, more]: [String; 3]| {
        vec![Cell::new(name).style(DIM), Cell::new(value).right(), Cell::new(more)]
    };
    out += &table("  ", &rows.into_iter().map(cells).collect::<Vec<_>>());
    out += &overlaps(rule);
    out += &months(rule, effect.level);
    out
}

fn overlaps(rule: &RuleEffect) -> String {
    if rule.overlaps.is_empty() {
        return String::new();
    }
    let mut rows = vec![heads(&["rule", "both fired", "of its own", "of either"], &[0])];
    for overlap in &rule.overlaps {
        rows.push(vec![
            Cell::new(&overlap.rule),
            number(overlap.both),
            Cell::new(percent(overlap.share)).right(),
            Cell::new(percent(overlap.jaccard)).right(),
        ]);
    }
    format!("\n{BOLD}Fires together with{BOLD:#}\n{}", table("  ", &rows))
}

/// The months that are shown.
const MONTHS: usize = 36;

fn months(rule: &RuleEffect, level: f64) -> String {
    if rule.months.is_empty() {
        return String::new();
    }
    let mut rows = vec![heads(&["month", "fired", "inspected", "found", "seen", "interval"], &[0])];
    let hidden = rule.months.len().saturating_sub(MONTHS);
    for month in &rule.months[hidden..] {
        let seen = qingfeng_insight::effect::wilson(month.found as f64, month.inspected as f64, level);
        let interval = seen.map_or_else(String::new, |seen| bounds(seen.low, seen.high));
        rows.push(vec![
            Cell::new(&month.month),
            number(month.fired),
            number(month.inspected),
            number(month.found),
            Cell::new(rate(seen.map(|seen| seen.rate))).right(),
            Cell::new(interval).right(),
        ]);
    }
    let before = match hidden {
        0 => String::new(),
        hidden => format!("  {DIM}{} before{DIM:#}\n", count(hidden as u64, "month")),
    };
    format!("\n{BOLD}Months{BOLD:#}\n{before}{}", table("  ", &rows))
}
