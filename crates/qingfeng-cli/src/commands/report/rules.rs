//! The worth of rules on the page.

use maud::{Markup, html};
use qingfeng::effect::{Effect, RuleEffect, State};

use super::Doc;
use super::place::{As, At, HasInterval as _, at};
use super::tables::{per_cent, table};
use crate::charts;
use crate::html::text;

/// Rules that are listed by worth.
const BEST: usize = 30;
/// Rules that are listed because they find less than they did, or nothing.
const DOUBTFUL: usize = 40;

pub fn section(doc: &Doc<'_>, effect: &At<'_, Effect>) -> Markup {
    let w = doc.w;
    if effect.rules.is_empty() {
        return html! { p { (w.no_rule_fired()) } };
    }
    let is_best = |rule: &RuleEffect| rule.figures.fired > 0;
    let best: Vec<_> = at!(effect.rules).items().filter(|rule| is_best(rule)).take(BEST).collect();
    let later = at!(effect.rules).items().filter(|rule| !best.iter().any(|best| best.rule == rule.rule));
    let doubtful: Vec<_> =
        later.filter(|rule| matches!(rule.state, State::Tired | State::Dead)).take(DOUBTFUL).collect();
    let found: Vec<(String, f64)> =
        best.iter().map(|rule| (rule.rule.to_string(), rule.figures.found as f64)).collect();
    let precision = effect.capacity.iter().filter_map(|point| {
        Some((format!("{:.1} %", point.share * 100.0), per_cent(point.precision.as_ref()?.rate)))
    });
    html! {
        p.soft { (w.rules_note()) }
        div.charts {
            (charts::bars(w.chart_rules(), &found))
            (charts::bars(w.chart_precision(), &precision.collect::<Vec<_>>()))
        }
        h3 { (w.worthiest()) }
        (rule_table(doc, &best, false))
        @if !doubtful.is_empty() {
            h3 { (w.doubtful()) }
            (rule_table(doc, &doubtful, true))
        }
        h3 { (w.score_and_capacity()) }
        (capacity(doc, effect))
    }
}

fn rule_table(doc: &Doc<'_>, rules: &[At<'_, RuleEffect>], with_reason: bool) -> Markup {
    let w = doc.w;
    let mut columns = vec![
        (w.rule(), false),
        (w.state(), false),
        (w.fired(), true),
        (w.inspected(), true),
        (w.found(), true),
        (w.seen(), true),
        (w.estimated(), true),
        (w.lift(), true),
        (w.only_this_rule(), true),
    ];
    if with_reason {
        columns.push((w.why(), false));
    }
    let reason = |rule: &At<'_, RuleEffect>| {
        let words = rule.same(|rule| &rule.words).some()?;
        Some(if doc.is_chinese() { at!(words.reason_zh).text_cell() } else { at!(words.reason).text_cell() })
    };
    let body = html! {
        @for rule in rules {
            @let figures = rule.same(|rule| &rule.figures);
            tr {
                th scope="row" {
                    (at!(rule.rule).figure(As::Text))
                    @if let Some(title) = &rule.title { small.wrap { (text(title)) } }
                }
                td {
                    (text(w.named(rule.state.name())))
                    @if rule.shadow { small { (w.on_trial()) } }
                }
                (at!(figures.fired).cell(As::Count))
                (at!(figures.inspected).cell(As::Count))
                (at!(figures.found).cell(As::Count))
                (at!(figures.seen).rate_cell())
                (at!(figures.estimate).rate_cell())
                (at!(rule.lift).cell(As::Decimal))
                (at!(rule.only.found).cell(As::Count))
                @if with_reason { @if let Some(cell) = reason(rule) { (cell) } @else { td {} } }
            }
        }
    };
    table(&columns, &body, None)
}

/// Precision and recall where the highest scores are inspected.
fn capacity(doc: &Doc<'_>, effect: &At<'_, Effect>) -> Markup {
    let w = doc.w;
    let columns = [
        (w.inspected_of_all(), true),
        (w.inspections(), true),
        (w.from_score(), true),
        (w.found_estimated(), true),
        (w.hit_rate(), true),
        (w.of_all_violations(), true),
    ];
    let body = html! {
        @for point in at!(effect.capacity).items() {
            tr {
                (at!(point.share).cell(As::Share))
                (at!(point.inspections).cell(As::Count))
                (at!(point.score).cell(As::Count))
                (at!(point.found).cell(As::Round))
                (at!(point.precision).rate_cell())
                (at!(point.recall).cell(As::Share))
            }
        }
    };
    table(&columns, &body, None)
}
