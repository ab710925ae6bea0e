//! The report as a page.

use maud::{Markup, PreEscaped, html};
use qingfeng_insight::report::{Code, Condition, Counts, Cuts, Report, Statement, SurveyReport, Tone};

use super::place::{As, At, at};
use super::tables::{Column, number, numbers, table, texts};
use super::{accounts, rules, watch};
use crate::charts::{self, Line};
use crate::html::{Page, text};
use crate::numbers::is_part;
use crate::words::Language;

/// A report and the language in which it is shown.
#[derive(Clone, Copy)]
pub struct Doc<'r> {
    pub report: &'r Report,
    pub w: Language,
}

impl<'r> Doc<'r> {
    /// The report with its place, which is the root of the JSON.
    pub fn place(&self) -> At<'r, Report> {
        At::root(self.report)
    }

    pub fn is_chinese(&self) -> bool {
        self.w == Language::Zh
    }
}

/// The page of a report.
pub fn page(report: &Report, w: Language) -> String {
    let doc = Doc { report, w };
    let sections = sections(&doc);
    let page = Page {
        language: w,
        title: w.titled(&report.title, report.title_zh.as_deref()),
        subtitle: &subtitle(&doc),
        style: include_str!("page.css"),
        script: Some(include_str!("page.js")),
    };
    page.with(&html! {
        (key_figures(&doc))
        (statements(&doc))
        nav aria-label=(w.contents()) {
            ol.contents { @for (id, heading, _) in &sections { li { a href=(format!("#{id}")) { (heading) } } } }
        }
        @for (id, heading, content) in &sections {
            section id=(id) { h2 { (heading) } (content) }
        }
    })
}

fn subtitle(doc: &Doc<'_>) -> String {
    let time = match (doc.report.from, doc.report.until) {
        (Some(from), Some(until)) => format!("{from} – {until}"),
        _ => doc.w.no_days().to_owned(),
    };
    doc.w.subtitle(time, doc.report.as_of, &doc.report.pack)
}

fn key_figures(doc: &Doc<'_>) -> Markup {
    let (w, report) = (doc.w, doc.place());
    let all = at!(report.counts.all);
    let rate = at!(all.hit_rate).some().map(|rate| at!(rate.rate).figure(As::Share));
    let figures = [
        (at!(all.cases).figure(As::Count), w.figure_cases()),
        (at!(all.major_cases).figure(As::Count), w.figure_major()),
        (at!(all.fines).figure(doc.yuan()), w.figure_fines()),
        (at!(all.pieces).figure(As::Count), w.figure_pieces()),
        (rate.unwrap_or_else(|| html! { "–" }), w.figure_hit_rate()),
    ];
    html! {
        ul.figures { @for (figure, name) in figures { li { b { (figure) } span { (name) } } } }
    }
}

/// The sentences at the head, each with its numbers.
fn statements(doc: &Doc<'_>) -> Markup {
    let report = doc.place();
    let tone = |tone| match tone {
        Tone::Good => "good",
        Tone::Plain => "plain",
        Tone::Worry => "worry",
    };
    html! {
        ul.statements {
            @for one in at!(report.statements).items() {
                li class=(tone(one.tone())) { (PreEscaped(statement(doc.w, &one))) }
            }
        }
    }
}

/// A statement as text of a page.
fn statement(w: Language, one: &At<'_, Statement>) -> String {
    /// A field of a statement, by its name.
    macro_rules! said {
        ($field:ident, $kind:ident) => {
            one.field(concat!(".", stringify!($field)), |_| $field).said(As::$kind)
        };
    }
    match one.value() {
        Statement::Nothing { declarations } => w.says_nothing(said!(declarations, Count)),
        Statement::Targeting { chosen, chosen_inspected, drawn, drawn_inspected, times, .. } => {
            let more = match times {
                Some(_) => w.says_times(said!(times, Decimal)),
                None => w.full_stop().to_owned(),
            };
            w.says_targeting(
                said!(chosen, Share),
                said!(chosen_inspected, Count),
                said!(drawn, Share),
                said!(drawn_inspected, Count),
                more,
            )
        }
        Statement::NoComparison { drawn_inspected } => w.says_no_comparison(said!(drawn_inspected, Count)),
        Statement::Missed { violating, low, high, found, share, covered, .. } => {
            let is_part = is_part(*covered);
            w.says_missed(
                if is_part { w.says_covered(said!(covered, Share)) } else { String::new() },
                said!(violating, Round),
                said!(low, Round),
                said!(high, Round),
                said!(found, Count),
                said!(share, Share),
                if is_part { w.says_not_covered(As::Share.write(&(1.0 - covered))) } else { String::new() },
            )
        }
        Statement::Harmful { count: 1, rules } => {
            w.says_harmful_one(rules.first().map_or_else(String::new, |rule| text(rule).into_string()))
        }
        Statement::Harmful { count, rules } => {
            let rules: Vec<String> = rules.iter().map(|rule| text(rule).into_string()).collect();
            w.says_harmful(said!(count, Count), rules.join(", "))
        }
        Statement::Open { open, planned, share, .. } => {
            w.says_open(said!(open, Count), said!(planned, Count), said!(share, Share))
        }
        Statement::Aim { year, done, aim, needed_a_month, .. } => {
            let rest = match needed_a_month {
                Some(_) => w.says_needed(said!(needed_a_month, Decimal)),
                None => w.says_no_day_left().to_owned(),
            };
            w.says_aim(said!(done, Round), said!(aim, Round), said!(year, Text), rest)
        }
        Statement::Capacity { share, inspections, .. } => {
            w.says_capacity(said!(inspections, Count), said!(share, Share))
        }
    }
}

/// The parts of the page: where each is, its heading, and what it has.
fn sections(doc: &Doc<'_>) -> Vec<(&'static str, &'static str, Markup)> {
    let (w, report) = (doc.w, doc.place());
    let counts = &at!(report.counts);
    let mut sections = Vec::new();
    if let Some(targets) = at!(report.targets).some() {
        sections.push(("targets", w.section_targets(), accounts::section(doc, &targets)));
    }
    sections.push(("results", w.section_results(), results(doc, counts)));
    sections.push(("sites", w.section_sites(), sites(doc, counts)));
    sections.push(("destinations", w.section_destinations(), destinations(doc, counts)));
    sections.push(("goods", w.section_goods(), goods(doc, counts)));
    sections.push(("violations", w.section_violations(), violations(doc, counts)));
    if let Some(effect) = at!(report.effect).some() {
        sections.push(("rules", w.section_rules(), rules::section(doc, &effect)));
    }
    sections.push(("capacity", w.section_capacity(), capacity(doc)));
    if let Some(found) = at!(report.watch).some() {
        sections.push(("watch", w.section_watch(), watch::section(doc, &found)));
    }
    if !doc.report.surveys.is_empty() {
        sections.push(("surveys", w.section_surveys(), surveys(doc)));
    }
    sections.push(("quality", w.section_quality(), quality(doc)));
    sections.push(("method", w.section_method(), method(doc)));
    sections
}

fn results(doc: &Doc<'_>, counts: &At<'_, Cuts>) -> Markup {
    let w = doc.w;
    let names: Vec<String> = counts.by_month.iter().map(|row| doc.title(&row.of)).collect();
    let line = |name, colour, count: fn(&Counts) -> u64| Line {
        name,
        colour,
        values: counts.by_month.iter().map(|row| count(&row.counts) as f64).collect(),
    };
    let all = || Some(at!(counts.all));
    html! {
        div.charts {
            (charts::lines(w.chart_inspected(), &names, &[
                line(w.inspected(), "var(--accent)", |counts| counts.inspected),
                line(w.found(), "var(--warn)", |counts| counts.found),
            ]))
            (charts::lines(w.chart_cases(), &names, &[
                line(w.cases(), "var(--accent)", |counts| counts.cases),
                line(w.major(), "var(--warn)", |counts| counts.major_cases),
            ]))
        }
        h3 { (w.by_month()) }
        (doc.counts(&at!(counts.by_month), w.month(), all()))
        @if !counts.by_selection.is_empty() {
            h3 { (w.by_selection()) }
            (doc.counts(&at!(counts.by_selection), w.selected(), all()))
        }
        h3 { (w.by_channel()) }
        (doc.counts(&at!(counts.by_channel), w.channel(), all()))
    }
}

fn sites(doc: &Doc<'_>, counts: &At<'_, Cuts>) -> Markup {
    let w = doc.w;
    html! {
        p.soft { (w.sites_overlap()) }
        div.charts {
            (doc.bars(&counts.by_site, w.chart_sites(), |counts| counts.cases))
            (doc.rate_bars(&counts.by_site_kind, w.chart_site_kinds()))
        }
        h3 { (w.by_site_kind()) }
        (doc.counts(&at!(counts.by_site_kind), w.kind(), None))
        h3 { (w.by_site()) }
        (doc.counts(&at!(counts.by_site), w.site(), None))
    }
}

fn destinations(doc: &Doc<'_>, counts: &At<'_, Cuts>) -> Markup {
    let w = doc.w;
    html! {
        p.soft { (w.regions_overlap()) }
        div.charts {
            (doc.bars(&counts.by_region, w.chart_regions(), |counts| counts.found))
            (doc.bars(&counts.by_destination, w.chart_destinations(), |counts| counts.found))
        }
        h3 { (w.by_region()) }
        (doc.counts(&at!(counts.by_region), w.region(), None))
        h3 { (w.regions_and_goods()) }
        p.soft { (w.matrix_note()) }
        (doc.matrix(&at!(counts.matrix)))
        h3 { (w.most_found_at()) }
        @if counts.destinations > counts.by_destination.len() as u64 {
            p.soft { (PreEscaped(w.first_of(at!(counts.destinations).said(As::Count)))) }
        }
        (doc.counts(&at!(counts.by_destination), w.destination(), None))
    }
}

fn goods(doc: &Doc<'_>, counts: &At<'_, Cuts>) -> Markup {
    let w = doc.w;
    let all = || Some(at!(counts.all));
    html! {
        p.soft { (w.decisive_line()) }
        div.charts {
            (doc.bars(&counts.by_group, w.chart_goods(), |counts| counts.found))
            (doc.rate_bars(&counts.by_group, w.chart_goods_rate()))
        }
        h3 { (w.by_goods()) }
        (doc.counts(&at!(counts.by_group), w.goods(), all()))
        h3 { (w.by_mode()) }
        (doc.counts(&at!(counts.by_mode), w.mode(), all()))
        h3 { (w.by_class()) }
        (doc.counts(&at!(counts.by_trader_class), w.class(), all()))
    }
}

fn violations(doc: &Doc<'_>, counts: &At<'_, Cuts>) -> Markup {
    let w = doc.w;
    if counts.by_violation.is_empty() {
        return html! { p { (w.no_violation()) } };
    }
    html! {
        h3 { (w.by_kind()) }
        (doc.kinds(&at!(counts.by_violation), w.kind()))
        h3 { (w.by_disposal()) }
        (doc.kinds(&at!(counts.by_disposal), w.disposal()))
    }
}

fn capacity(doc: &Doc<'_>) -> Markup {
    let w = doc.w;
    if doc.report.capacity.offices.is_empty() {
        return html! { p { (w.no_plan()) } };
    }
    html! {
        p.soft { (w.planned_days()) }
        div.charts {
            (doc.office_bars(w.chart_used(), |office| office.used_share))
            (doc.office_bars(w.chart_drawn(), |office| office.random_share))
        }
        (doc.capacity())
    }
}

fn surveys(doc: &Doc<'_>) -> Markup {
    let (w, report) = (doc.w, doc.place());
    html! {
        @for (number, survey) in at!(report.surveys).items().enumerate() {
            @let counts = at!(survey.counts);
            @let all = || Some(at!(counts.all));
            section.survey id=(format!("survey-{number}")) {
                h3.survey { (text(&survey.survey.name)) }
                p.soft {
                    @if doc.is_chinese() { (text(&conditions(doc, &survey))) } @else {
                        (at!(survey.filter).code())
                        @for title in &survey.titles { " · " (text(&doc.title(title))) }
                    }
                }
                @if counts.all.declarations == 0 {
                    p { (w.nothing_surveyed()) }
                } @else {
                    (doc.counts(&at!(counts.by_month), w.month(), all()))
                    (doc.counts(&at!(counts.by_site), w.site(), None))
                    (doc.counts(&at!(counts.by_destination), w.destination(), None))
                    (doc.counts(&at!(counts.by_group), w.goods(), all()))
                    (doc.counts(&at!(counts.by_mode), w.mode(), all()))
                    @if !counts.by_violation.is_empty() {
                        (doc.kinds(&at!(counts.by_violation), w.kind_of_violation()))
                    }
                }
            }
        }
    }
}

/// The conditions of a survey in words: `目的国：缅甸、老挝；商品类别：玩具`.
fn conditions(doc: &Doc<'_>, survey: &SurveyReport) -> String {
    let mut titles = survey.titles.iter().map(|title| doc.title(title));
    let one = |condition: &Condition| {
        let values: Vec<String> = titles.by_ref().take(condition.values.len()).collect();
        format!("{}：{}", doc.w.named(condition.by.name()), values.join("、"))
    };
    survey.survey.conditions.iter().map(one).collect::<Vec<_>>().join("；")
}

/// Texts of data, with commas between them.
fn listed(texts: &At<'_, Vec<String>>) -> Markup {
    html! {
        @for (number, one) in texts.items().enumerate() {
            @if number > 0 { ", " }
            (one.code())
        }
    }
}

fn quality(doc: &Doc<'_>) -> Markup {
    let (w, report) = (doc.w, doc.place());
    let quality = at!(report.quality);
    let firsts =
        [(w.planned_elsewhere(), at!(quality.planned_elsewhere)), (w.unplanned(), at!(quality.unplanned))];
    let codes: [Column<'_, Code>; 3] = [
        texts(w.field(), |code: &At<'_, Code>| html! { td { (text(w.named(code.field))) } }),
        texts(w.code(), |code: &At<'_, Code>| at!(code.code).text_cell()),
        number!(Code: w.declarations(), declarations, Count),
    ];
    html! {
        h3 { (w.declarations()) }
        (doc.checks(&at!(quality.declarations)))
        h3 { (w.of_inspections()) }
        (doc.checks(&at!(quality.inspections)))
        @for (what, ids) in &firsts {
            @if !ids.is_empty() { p.soft { (what) ": " (listed(ids)) } }
        }
        @if !quality.codes.is_empty() {
            h3 { (w.unknown_codes()) }
            p.soft { (PreEscaped(w.codes_in_all(at!(quality.codes_in_all).said(As::Count)))) }
            (table(&codes, at!(quality.codes).items()))
        }
    }
}

fn method(doc: &Doc<'_>) -> Markup {
    let (w, report) = (doc.w, doc.place());
    let terms = [
        (w.inspected(), w.term_inspected()),
        (w.cases(), w.term_cases()),
        (w.hit_rate(), w.term_hit_rate()),
        (w.of_all(), w.term_of_all()),
        (w.without_day(), w.term_without_day()),
    ];
    html! {
        dl.terms { @for (term, meaning) in terms { dt { (term) } dd { (meaning) } } }
        p.soft { (w.packs()) ": " (listed(&at!(report.packs))) }
    }
}
