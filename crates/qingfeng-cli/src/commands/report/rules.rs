//! The worth of rules on the page.

use maud::{Markup, html};

use super::charts;
use super::doc::{As, Doc};
use super::tables::table;
use super::words::word;
use crate::html::text;

/// Rules that are listed by worth.
const BEST: usize = 30;
/// Rules that are listed because they find less than they did, or nothing.
const DOUBTFUL: usize = 40;

pub fn section(doc: &Doc<'_>) -> Markup {
    let rules = doc.items("effect.rules");
    let state = |rule: &String| doc.text(&format!("{rule}.state"));
    let fired = |rule: &&String| doc.number(&format!("{rule}.fired")) > Some(0.0);
    let best: Vec<String> = rules.iter().filter(fired).take(BEST).cloned().collect();
    let doubtful: Vec<String> = rules
        .iter()
        .filter(|rule| matches!(state(rule), "tired" | "dead"))
        .filter(|rule| !best.contains(rule))
        .take(DOUBTFUL)
        .cloned()
        .collect();
    if rules.is_empty() {
        return html! { p { (doc.say("No rule fired.", "没有规则命中。")) } };
    }
    let found: Vec<(String, f64)> = best
        .iter()
        .map(|rule| {
            (
                doc.text(&format!("{rule}.rule")).to_owned(),
                doc.number(&format!("{rule}.found")).unwrap_or(0.0),
            )
        })
        .collect();
    let precision: Vec<(String, f64)> = doc
        .items("effect.capacity")
        .iter()
        .filter_map(|point| {
            let share = doc.number(&format!("{point}.share"))? * 100.0;
            let rate = doc.number(&format!("{point}.precision.rate"))? * 100.0;
            Some((format!("{share:.1} %"), (rate * 10.0).round() / 10.0))
        })
        .collect();
    html! {
        p.soft {
            (doc.say(
                "Seen is the hit rate of what was inspected, estimated that of everything on which the rule fired, as the draw \
                 tells it. Lift compares the estimate with that of all declarations. Only this rule: found where no other \
                 rule fired.",
                "“实际”为已查验部分的查获率，“估计”为该规则全部命中报关单的违规率（据随机抽查推算）。“提升”为与总体违规率之比。\
                 “独有”为仅此规则命中的查获数。",
            ))
        }
        div.charts {
            (charts::bars(doc.say("Found by the worthiest rules", "最有效规则的查获（票）"), &found))
            (charts::bars(
                doc.say("Hit rate if the highest scores were inspected up to this share, per cent", "按分值由高到低查验至此比例时的查获率（%）"),
                &precision,
            ))
        }
        h3 { (doc.say("The worthiest", "最有效的规则")) }
        (rule_table(doc, &best, false))
        @if !doubtful.is_empty() {
            h3 { (doc.say("To look at: tired or dead", "需检视：减弱或失效")) }
            (rule_table(doc, &doubtful, true))
        }
        h3 { (doc.say("Score and capacity", "分值与能力")) }
        (capacity(doc))
    }
}

fn rule_table(doc: &Doc<'_>, rules: &[String], with_reason: bool) -> Markup {
    let mut columns = vec![
        (doc.say("Rule", "规则"), false),
        (doc.say("State", "状态"), false),
        (doc.say("Fired", "命中"), true),
        (doc.say("Inspected", "已查验"), true),
        (doc.say("Found", "查获"), true),
        (doc.say("Seen", "实际"), true),
        (doc.say("Estimated", "估计"), true),
        (doc.say("Lift", "提升"), true),
        (doc.say("Only this rule", "独有"), true),
    ];
    if with_reason {
        columns.push((doc.say("Why", "原因"), false));
    }
    let body = html! {
        @for rule in rules {
            @let of = |field: &str| format!("{rule}.{field}");
            tr {
                th scope="row" {
                    span data-f=(of("rule")) data-as="text" { (text(doc.text(&of("rule")))) }
                    @if doc.has(&of("title")) { small.wrap { (text(doc.text(&of("title")))) } }
                }
                td {
                    @let state = doc.text(&of("state"));
                    (text(word(state, doc.zh).unwrap_or(state)))
                    @if doc.at(&of("shadow")).as_bool() == Some(true) { small { (doc.say("on trial", "试行")) } }
                }
                (doc.cell(&of("fired"), As::Count))
                (doc.cell(&of("inspected"), As::Count))
                (doc.cell(&of("found"), As::Count))
                (doc.rate_cell(&of("seen")))
                (doc.rate_cell(&of("estimate")))
                (doc.cell(&of("lift"), As::Decimal))
                (doc.cell(&of("only.found"), As::Count))
                @if with_reason { (doc.text_cell(&of(doc.say("reason", "reason_zh")))) }
            }
        }
    };
    table(&columns, &body, None)
}

/// Precision and recall where the highest scores are inspected.
fn capacity(doc: &Doc<'_>) -> Markup {
    let columns = [
        (doc.say("Inspected of all", "查验比例"), true),
        (doc.say("Inspections", "查验"), true),
        (doc.say("From score", "分值下限"), true),
        (doc.say("Found, estimated", "查获（估计）"), true),
        (doc.say("Hit rate", "查获率"), true),
        (doc.say("Of all violations", "占全部违规"), true),
    ];
    let body = html! {
        @for point in doc.items("effect.capacity") {
            @let of = |field: &str| format!("{point}.{field}");
            tr {
                (doc.cell(&of("share"), As::Share))
                (doc.cell(&of("inspections"), As::Count))
                (doc.cell(&of("score"), As::Count))
                (doc.cell(&of("found"), As::Round))
                (doc.rate_cell(&of("precision")))
                (doc.cell(&of("recall"), As::Share))
            }
        }
    };
    table(&columns, &body, None)
}
