//! Displacement and unequal treatment on the page.

use maud::{Markup, html};
use qingfeng::watch::{Sign, SignKind, Watch};

use super::Doc;
use super::place::{As, At, at, cell};
use super::tables::{row_head, table};
use crate::html::text;

/// Signs that are listed.
const SIGNS: usize = 60;
/// Rules of which it is told where trade went.
const RULES: usize = 30;

pub fn section(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    html! {
        p.soft { (w.watch_note()) }
        h3 { (w.stands_out()) }
        (signs(doc, watch))
        h3 { (w.treatment()) }
        p.soft { (w.treatment_note()) }
        (treatment(doc, watch))
        @if !watch.displacement.is_empty() {
            h3 { (w.trade_after()) }
            (displacement(doc, watch))
        }
        @if !watch.limits.is_empty() {
            h3 { (w.under_limits()) }
            (limits(doc, watch))
        }
        h3 { (w.still_open()) }
        (open(doc, watch))
    }
}

fn sign_cells(doc: &Doc<'_>, sign: &At<'_, Sign>) -> Markup {
    let words = sign.same(|sign| &sign.words).some();
    let to = words.as_ref().map(|words| at!(words.to)).filter(|to| to.is_some() && !doc.is_chinese());
    let size = match sign.kind {
        SignKind::Open => As::Share,
        SignKind::Silent => As::Round,
        _ => As::Fine,
    };
    html! {
        td.sign { (doc.w.sign_kind(sign.kind)[0]) }
        th scope="row" {
            (text(&doc.site_title(&sign.subject)))
            @if let Some(to) = to { " → " (to.figure(As::Text)) }
        }
        (at!(sign.size).cell(size))
        (at!(sign.p_adjusted).cell(As::Chance))
        td.words {
            @if let Some(words) = words {
                (if doc.is_chinese() { at!(words.text_zh) } else { at!(words.text) }.figure(As::Text))
            }
        }
    }
}

fn signs(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    if watch.signs.is_empty() {
        return html! { p { (w.nothing_stands_out()) } };
    }
    let columns = [
        (w.sign(), false),
        (w.sign_of(), false),
        (w.size(), true),
        (w.chance(), true),
        (w.in_words(), false),
    ];
    let body = html! {
        @for sign in at!(watch.signs).items().take(SIGNS) { tr { (sign_cells(doc, &sign)) } }
    };
    let is_found = |kind: &SignKind| watch.signs.iter().any(|sign| sign.kind == *kind);
    html! {
        (table(&columns, &body, None))
        dl.terms {
            @for kind in SignKind::ALL.into_iter().filter(is_found) {
                @let [name, means, next] = w.sign_kind(kind);
                dt { (name) }
                dd { (w.may_mean(means, next)) }
            }
        }
        @if watch.signs.len() > SIGNS { p.soft { (w.json_has_all()) } }
    }
}

fn treatment(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    let columns = [
        (w.site(), false),
        (w.declarations(), true),
        (w.share_inspected(), true),
        (w.at_equal_scores(), true),
        (w.expected_inspections(), true),
        (w.inspected_by_expected(), true),
        (w.funnel(), true),
        (w.chance(), true),
        (w.found(), true),
        (w.expected_found(), true),
        (w.chance(), true),
    ];
    let body = html! {
        @for site in at!(watch.sites.sites).items() {
            tr {
                (row_head(&doc.site_title(&site.site)))
                (at!(site.declarations).cell(As::Count))
                (at!(site.share).cell(As::Share))
                (at!(site.standardised).cell(As::Share))
                (at!(site.expected).cell(As::Round))
                (at!(site.ratio).cell(As::Fine))
                td.number data-v=(site.funnel.0) {
                    (site.field(".funnel[0]", |site| &site.funnel.0).figure(As::Fine)) "–"
                    (site.field(".funnel[1]", |site| &site.funnel.1).figure(As::Fine))
                }
                (at!(site.p_adjusted).cell(As::Chance))
                (at!(site.found.hits).cell(As::Count))
                (at!(site.found_expected).cell(As::Round))
                (at!(site.found_p_adjusted).cell(As::Chance))
            }
        }
    };
    table(&columns, &body, None)
}

fn displacement(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    let columns = [
        (w.rule(), false),
        (w.since(), false),
        (w.caught_before(), true),
        (w.caught_after(), true),
        (w.ratio(), true),
        (w.went_to(), false),
        (w.ratio(), true),
        (w.chance(), true),
    ];
    let body = html! {
        @for rule in at!(watch.displacement).items().filter(|rule| rule.not_judged.is_none()).take(RULES) {
            @let caught = at!(rule.caught).some();
            @let shift = at!(rule.shifts).items().next();
            tr {
                th scope="row" { (at!(rule.rule).figure(As::Text)) small.wrap { (text(&rule.title)) } }
                (at!(rule.since).text_cell())
                (cell(caught.as_ref().map(|caught| at!(caught.before)), As::Count))
                (cell(caught.as_ref().map(|caught| at!(caught.after)), As::Count))
                (cell(caught.as_ref().map(|caught| at!(caught.ratio)), As::Fine))
                td { @if let Some(shift) = &shift { (w.shift_to(shift.to)) " " (at!(shift.at).figure(As::Text)) } }
                (cell(shift.as_ref().map(|shift| at!(shift.ratio)), As::Fine))
                (cell(shift.as_ref().map(|shift| at!(shift.p_adjusted)), As::Chance))
            }
        }
    };
    table(&columns, &body, None)
}

fn limits(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    let columns = [
        (w.mode(), false),
        (w.limit(), true),
        (w.declarations(), true),
        (w.near_limit(), true),
        (w.expected(), true),
        (w.ratio(), true),
        (w.chance(), true),
    ];
    let body = html! {
        @for limit in at!(watch.limits).items() {
            tr {
                (at!(limit.limit.mode).text_cell())
                (at!(limit.limit.value).cell(As::Round))
                (at!(limit.declarations).cell(As::Count))
                (at!(limit.under).cell(As::Count))
                (at!(limit.expected).cell(As::Round))
                (at!(limit.ratio).cell(As::Fine))
                (at!(limit.p_adjusted).cell(As::Chance))
            }
        }
    };
    table(&columns, &body, None)
}

fn open(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    if watch.open.open == 0 {
        return html! { p { (w.all_coded()) } };
    }
    let columns = [
        (w.site(), false),
        (w.inspections(), true),
        (w.open(), true),
        (w.share(), true),
        (w.nothing_came_back(), true),
        (w.not_coded(), true),
        (w.in_part(), true),
        (w.late(), true),
    ];
    let body = html! {
        @for site in at!(watch.open.sites).items() {
            tr {
                (row_head(&doc.site_title(&site.site)))
                (at!(site.inspections).cell(As::Count))
                (at!(site.open.hits).cell(As::Count))
                (at!(site.open.share).cell(As::Share))
                (at!(site.nothing).cell(As::Count))
                (at!(site.uncoded).cell(As::Count))
                (at!(site.partly).cell(As::Count))
                (at!(site.late).cell(As::Count))
            }
        }
    };
    table(&columns, &body, None)
}
