//! The worth of rules on the page.

use maud::{Markup, html};
use qingfeng_insight::effect::{CapacityPoint, Effect, RuleEffect};
use qingfeng_insight::rating::State;

use super::Doc;
use super::place::{As, At, HasInterval as _, at};
use super::tables::{Column, number, numbers, per_cent, table, texts};
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
    let harmful: Vec<_> =
        at!(effect.rules).items().filter(|rule| rule.rating.state == State::Harmful).collect();
    let is_best = |rule: &RuleEffect| rule.figures.fired > 0 && rule.rating.state != State::Harmful;
    let best: Vec<_> = at!(effect.rules).items().filter(|rule| is_best(rule)).take(BEST).collect();
    let later = at!(effect.rules).items().filter(|rule| !best.iter().any(|best| best.rule == rule.rule));
    let doubtful: Vec<_> =
        later.filter(|rule| matches!(rule.rating.state, State::Tired | State::Dead)).take(DOUBTFUL).collect();
    let found: Vec<(String, f64)> =
        best.iter().map(|rule| (rule.rule.to_string(), rule.figures.found as f64)).collect();
    let precision = effect
        .capacity
        .iter()
        .filter_map(|point| Some((format!("{:.1} %", point.share * 100.0), per_cent(point.precision.rate?))));
    html! {
        p.soft { (w.rules_note()) }
        div.charts {
            (charts::bars(w.chart_rules(), &found))
            (charts::bars(w.chart_precision(), &precision.collect::<Vec<_>>()))
        }
        @if !harmful.is_empty() {
            h3 { (w.harmful_rules()) }
            (rule_table(doc, &harmful, true))
        }
        h3 { (w.best_rules()) }
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
    /// A column of the figures of a rule.
    macro_rules! figure {
        ($head:expr, $field:ident, $cell:ident($($kind:ident)?)) => {
            numbers($head, |rule: &At<'_, RuleEffect>| {
                let figures = rule.same(|rule| &rule.figures);
                at!(figures.$field).$cell($(As::$kind)?)
            })
        };
    }
    let name = |rule: &At<'_, RuleEffect>| {
        html! {
            th scope="row" {
                (at!(rule.rule).figure(As::Text))
                @if let Some(title) = &rule.title { small.wrap { (text(w.titled(title, rule.title_zh.as_deref()))) } }
            }
        }
    };
    let state = |rule: &At<'_, RuleEffect>| {
        html! { td { (text(w.named(rule.rating.state.name()))) @if rule.shadow { small { (w.on_trial()) } } } }
    };
    let mut columns: Vec<Column<'_, RuleEffect>> = vec![
        texts(w.rule(), name),
        texts(w.state(), state),
        figure!(w.fired(), fired, cell(Count)),
        figure!(w.inspected(), inspected, cell(Count)),
        figure!(w.found(), found, cell(Count)),
        figure!(w.seen(), seen, rate_cell()),
        figure!(w.estimated(), estimate, rate_cell()),
        number!(RuleEffect: w.lift(), lift, Decimal),
        number!(RuleEffect: w.only_this_rule(), only.found, Count),
    ];
    if with_reason {
        columns.push(texts(w.why(), |rule: &At<'_, RuleEffect>| {
            match rule.same(|rule| &rule.rating.words).some() {
                Some(words) if doc.is_chinese() => at!(words.reason_zh).text_cell(),
                Some(words) => at!(words.reason).text_cell(),
                None => html! { td {} },
            }
        }));
    }
    table(&columns, rules.iter().cloned())
}

/// Precision and recall where the highest scores are inspected.
fn capacity(doc: &Doc<'_>, effect: &At<'_, Effect>) -> Markup {
    let w = doc.w;
    let columns: [Column<'_, CapacityPoint>; 8] = [
        number!(CapacityPoint: w.inspected_of_all(), share, Share),
        number!(CapacityPoint: w.inspections(), inspections, Count),
        number!(CapacityPoint: w.from_score(), score, Count),
        number!(CapacityPoint: w.found_estimated(), precision.findings, Round),
        numbers(w.hit_rate(), |point: &At<'_, CapacityPoint>| at!(point.precision).rate_cell()),
        numbers(w.of_all_violations(), |point: &At<'_, CapacityPoint>| at!(point.recall).rate_cell()),
        number!(CapacityPoint: w.pieces(), pieces, Round),
        number!(CapacityPoint: w.fines_yuan(), fines, Round),
    ];
    table(&columns, at!(effect.capacity).items())
}
