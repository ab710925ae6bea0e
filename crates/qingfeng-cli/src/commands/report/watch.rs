//! Displacement and unequal treatment on the page.

use maud::{Markup, PreEscaped, html};
use qingfeng_insight::watch::{
    Bunching, OpenAtSite, RuleDisplacement, Shift, Sign, SignKind, SiteTreatment, Watch,
};

use super::Doc;
use super::place::{As, At, at, cell};
use super::tables::{Column, named_table, names, number, numbers, table, texts};
use crate::html::text;

/// Signs that are listed.
const SIGNS: usize = 60;
/// Rules whose trade is listed.
const RULES: usize = 30;

pub fn section(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    html! {
        p.soft { (w.watch_note()) }
        h3 { (w.stands_out()) }
        (signs(doc, watch))
        h3 { (w.treatment()) }
        p.soft { (w.treatment_note()) }
        @if watch.sites.apart > 1 {
            p { (sites_differ(doc, watch)) }
        }
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

fn signs(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    if watch.signs.is_empty() {
        return html! { p { (w.nothing_stands_out()) } };
    }
    let subject = |sign: &At<'_, Sign>| {
        let words = sign.same(|sign| &sign.words).some();
        let to = words.map(|words| at!(words.to)).filter(|to| to.is_some() && !doc.is_chinese());
        html! {
            th scope="row" {
                (text(&doc.name_of(&sign.subject)))
                @if let Some(to) = to { " → " (to.figure(As::Text)) }
            }
        }
    };
    let in_words = |sign: &At<'_, Sign>| {
        let words = sign.same(|sign| &sign.words).some();
        let text = words.map(|words| if doc.is_chinese() { at!(words.text_zh) } else { at!(words.text) });
        html! { td.words { @if let Some(text) = text { (text.figure(As::Text)) } } }
    };
    let columns: [Column<'_, Sign>; 5] = [
        texts(w.sign(), |sign: &At<'_, Sign>| html! { td.sign { (w.sign_kind(sign.kind)[0]) } }),
        texts(w.sign_of(), subject),
        numbers(w.size(), |sign: &At<'_, Sign>| {
            at!(sign.size).cell(match sign.kind {
                SignKind::Open => As::Share,
                SignKind::Dead => As::Round,
                _ => As::Fine,
            })
        }),
        number!(Sign: w.chance(), p_adjusted, Chance),
        texts(w.in_words(), in_words),
    ];
    let is_found = |kind: &SignKind| watch.signs.iter().any(|sign| sign.kind == *kind);
    html! {
        (table(&columns, at!(watch.signs).items().take(SIGNS)))
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

fn sites_differ(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let sites = doc.w.digits(watch.sites.sites.len() as i128);
    PreEscaped(doc.w.sites_differ(at!(watch.sites.apart).said(As::Count), sites))
}

fn treatment(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    let columns: [Column<'_, SiteTreatment>; 11] = [
        names(w.site()),
        number!(SiteTreatment: w.declarations(), declarations, Count),
        number!(SiteTreatment: w.share_inspected(), share, Share),
        number!(SiteTreatment: w.at_equal_scores(), standardised, Share),
        number!(SiteTreatment: w.expected_inspections(), expected, Round),
        number!(SiteTreatment: w.inspected_by_expected(), ratio, Fine),
        numbers(w.funnel(), |site: &At<'_, SiteTreatment>| {
            html! {
                td.number data-v=(site.funnel.0) {
                    (site.field(".funnel[0]", |site| &site.funnel.0).figure(As::Fine)) "–"
                    (site.field(".funnel[1]", |site| &site.funnel.1).figure(As::Fine))
                }
            }
        }),
        number!(SiteTreatment: w.chance(), p_adjusted, Chance),
        number!(SiteTreatment: w.found(), found.hits, Count),
        number!(SiteTreatment: w.expected_found(), found_expected, Round),
        number!(SiteTreatment: w.chance(), found_p_adjusted, Chance),
    ];
    let sites = at!(watch.sites.sites).items().map(|site| (doc.name_of(&site.site), site));
    named_table(&columns, sites, None)
}

fn displacement(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    /// A column of the trade that a rule catches, or of where most of it may have gone.
    macro_rules! shift {
        ($head:expr, $shift:ident, $field:ident, $kind:ident) => {
            numbers($head, |rule: &At<'_, RuleDisplacement>| {
                cell($shift(rule).map(|shift| at!(shift.$field)), As::$kind)
            })
        };
    }
    let name = |rule: &At<'_, RuleDisplacement>| {
        html! { th scope="row" { (at!(rule.rule).figure(As::Text)) small.wrap { (text(w.titled(&rule.title, rule.title_zh.as_deref()))) } } }
    };
    let went_to = |rule: &At<'_, RuleDisplacement>| {
        html! { td { @if let Some(to) = strongest(rule) { (w.shift_to(to.to)) " " (text(&doc.name_of(&to.at))) } } }
    };
    let columns: [Column<'_, RuleDisplacement>; 8] = [
        texts(w.rule(), name),
        texts(w.since(), |rule: &At<'_, RuleDisplacement>| at!(rule.since).text_cell()),
        shift!(w.caught_before(), caught, before, Count),
        shift!(w.caught_after(), caught, after, Count),
        shift!(w.ratio(), caught, ratio, Fine),
        texts(w.went_to(), went_to),
        shift!(w.ratio(), strongest, ratio, Fine),
        shift!(w.chance(), strongest, p_adjusted, Chance),
    ];
    let judged = at!(watch.displacement).items().filter(|rule| rule.not_judged.is_none());
    table(&columns, judged.take(RULES))
}

fn caught<'r>(rule: &At<'r, RuleDisplacement>) -> Option<At<'r, Shift>> {
    at!(rule.caught).some()
}

fn strongest<'r>(rule: &At<'r, RuleDisplacement>) -> Option<At<'r, Shift>> {
    at!(rule.shifts).items().next()
}

fn limits(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    let columns: [Column<'_, Bunching>; 7] = [
        texts(w.mode(), |limit: &At<'_, Bunching>| html! { td { (text(&doc.name_of(&limit.limit.mode))) } }),
        numbers(w.limit(), |limit: &At<'_, Bunching>| at!(limit.limit.value).cell(doc.sum())),
        number!(Bunching: w.declarations(), declarations, Count),
        number!(Bunching: w.near_limit(), under, Count),
        number!(Bunching: w.expected(), expected, Round),
        number!(Bunching: w.ratio(), ratio, Fine),
        number!(Bunching: w.chance(), p_adjusted, Chance),
    ];
    table(&columns, at!(watch.limits).items())
}

fn open(doc: &Doc<'_>, watch: &At<'_, Watch>) -> Markup {
    let w = doc.w;
    if watch.open.open == 0 {
        return html! { p { (w.all_coded()) } };
    }
    let columns: [Column<'_, OpenAtSite>; 8] = [
        names(w.site()),
        number!(OpenAtSite: w.inspections(), inspections, Count),
        number!(OpenAtSite: w.open(), open.hits, Count),
        number!(OpenAtSite: w.share(), open.share, Share),
        number!(OpenAtSite: w.nothing_came_back(), nothing, Count),
        number!(OpenAtSite: w.not_coded(), uncoded, Count),
        number!(OpenAtSite: w.in_part(), partly, Count),
        number!(OpenAtSite: w.late(), late, Count),
    ];
    let sites = at!(watch.open.sites).items().map(|site| (doc.name_of(&site.site), site));
    named_table(&columns, sites, None)
}
