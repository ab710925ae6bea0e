//! The report as a page, made from its JSON alone.

use maud::{Markup, html};
use serde_json::Value;

use super::accounts;
use super::charts;
use super::doc::{As, Doc};
use super::rules;
use super::watch;
use super::words::word;
use crate::html::{ScriptedPage, text};

/// A part of the page: where it is, its heading, and what it has.
struct Section {
    id: &'static str,
    heading: &'static str,
    content: Markup,
}

/// The page of a report.
pub fn page(report: &Value, zh: bool) -> String {
    let doc = Doc { root: report, zh };
    let sections = sections(&doc);
    let title = match doc.text("title_zh") {
        zh_title if zh && !zh_title.is_empty() => zh_title,
        _ => doc.text("title"),
    };
    let footer = if zh {
        concat!("由 qingfeng ", env!("CARGO_PKG_VERSION"), " 生成")
    } else {
        concat!("Written by qingfeng ", env!("CARGO_PKG_VERSION"))
    };
    let page = ScriptedPage {
        language: if zh { "zh-Hans" } else { "en" },
        title,
        subtitle: &subtitle(&doc),
        style: include_str!("page.css"),
        script: include_str!("page.js"),
        footer,
    };
    page.with(&html! {
        (key_figures(&doc))
        (statements(&doc))
        nav aria-label=(doc.say("Contents", "目录")) {
            ol.contents { @for part in &sections { li { a href=(format!("#{}", part.id)) { (part.heading) } } } }
        }
        @for part in &sections {
            section id=(part.id) { h2 { (part.heading) } (part.content) }
        }
    })
}

fn subtitle(doc: &Doc<'_>) -> String {
    let (from, until) = (doc.text("from"), doc.text("until"));
    let time = match (from, until) {
        ("", _) | (_, "") => doc.say("no declarations with a day", "没有带日期的报关单").to_owned(),
        _ => format!("{from} – {until}"),
    };
    let as_of = doc.text("as_of");
    format!(
        "{}{time} · {} {as_of} · {} {}",
        doc.say("Declarations of ", "申报日期 "),
        doc.say("as of", "截至"),
        doc.say("pack", "规则包"),
        doc.text("pack")
    )
}

fn key_figures(doc: &Doc<'_>) -> Markup {
    let figures = [
        ("counts.all.cases", As::Count, doc.say("cases", "案件（起）")),
        ("counts.all.major_cases", As::Count, doc.say("major cases", "大案（起）")),
        ("counts.all.fines", As::Round, doc.say("yuan in fines", "罚款（元）")),
        ("counts.all.pieces", As::Count, doc.say("pieces", "违规商品（件）")),
        ("counts.all.hit_rate.rate", As::Share, doc.say("of inspections found a violation", "查获率")),
    ];
    html! {
        ul.figures {
            @for (path, kind, name) in figures {
                li { b { (doc.figure(path, kind)) } span { (name) } }
            }
        }
    }
}

/// The sentences at the head, each with its numbers.
fn statements(doc: &Doc<'_>) -> Markup {
    html! {
        ul.statements {
            @for path in doc.items("statements") {
                li class=(doc.text(&format!("{path}.tone"))) { (statement(doc, &path)) }
            }
        }
    }
}

fn statement(doc: &Doc<'_>, path: &str) -> Markup {
    let f = |field: &str, kind: As| doc.figure(&format!("{path}.{field}"), kind);
    let share = |field: &str| f(field, As::Share);
    let count = |field: &str| f(field, As::Count);
    let round = |field: &str| f(field, As::Round);
    let has = |field: &str| doc.has(&format!("{path}.{field}"));
    match (doc.text(&format!("{path}.about")), doc.zh) {
        ("nothing", false) => html! {
            "Of " (count("declarations")) " declarations no inspection has a result yet: there is nothing to report."
        },
        ("nothing", true) => html! {
            (count("declarations")) " 票报关单中尚无一票有查验结果，无可报告内容。"
        },
        ("targeting", false) => html! {
            "Inspections chosen by rules found a violation in " (share("chosen")) " of " (count("chosen_inspected"))
            ", those drawn at random in " (share("drawn")) " of " (count("drawn_inspected"))
            @if has("times") { ": " (f("times", As::Decimal)) " times as often." } @else { "." }
        },
        ("targeting", true) => html! {
            "按规则选查 " (count("chosen_inspected")) " 票，查获率 " (share("chosen")) "；随机抽查 "
            (count("drawn_inspected")) " 票，查获率 " (share("drawn"))
            @if has("times") { "，前者为后者的 " (f("times", As::Decimal)) " 倍。" } @else { "。" }
        },
        ("no_comparison", false) => html! {
            "Only " (count("drawn_inspected")) " inspections drawn at random have a result: too few to say what \
             targeting is worth against chance."
        },
        ("no_comparison", true) => html! {
            "随机抽查中仅 " (count("drawn_inspected")) " 票有结果，不足以与布控查获率比较。"
        },
        ("missed", false) => html! {
            "By the draw, about " (round("violating")) " declarations (" (round("low")) " to " (round("high"))
            ") violate; " (count("found")) " of them were found, " (share("share")) "."
        },
        ("missed", true) => html! {
            "据随机抽查推算，约有 " (round("violating")) " 票（" (round("low")) " 至 " (round("high"))
            " 票）违规，其中查获 " (count("found")) " 票，占 " (share("share")) "。"
        },
        ("open", false) => html! {
            (count("open")) " of " (count("planned")) " planned inspections, " (share("share"))
            ", have no coded result; they count neither as found nor as clear."
        },
        ("open", true) => html! {
            "计划查验 " (count("planned")) " 票，其中 " (count("open")) " 票（" (share("share"))
            "）无编码结果，既不计为查获，也不计为正常。"
        },
        ("aim", false) => html! {
            (round("done")) " cases of the " (round("aim")) " aimed at in " (f("year", As::Text))
            @if has("needed_a_month") { "; " (f("needed_a_month", As::Decimal)) " a month are needed in the days left." }
            @else { ", and no day is left." }
        },
        ("aim", true) => html! {
            (f("year", As::Text)) " 年目标案件 " (round("aim")) " 起，已完成 " (round("done")) " 起"
            @if has("needed_a_month") { "，余下时间每月需 " (f("needed_a_month", As::Decimal)) " 起。" }
            @else { "，本年度已结束。" }
        },
        ("capacity", false) => html! {
            (count("inspections")) " inspections used " (share("share")) " of the capacity of the days planned."
        },
        ("capacity", true) => html! {
            "查验 " (count("inspections")) " 票，占计划日查验能力的 " (share("share")) "。"
        },
        _ => html! {},
    }
}

fn sections(doc: &Doc<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut add =
        |id, en, zh, content: Markup| sections.push(Section { id, heading: doc.say(en, zh), content });
    if doc.has("targets") {
        add("targets", "The year against its aims", "年度目标完成情况", accounts::section(doc));
    }
    add("results", "Results", "总体情况", results(doc, "counts", true));
    add("sites", "Sites", "站点", sites(doc, "counts"));
    add("destinations", "Destinations", "目的国和地区", destinations(doc, "counts"));
    add("goods", "Goods and trade modes", "商品与贸易方式", goods(doc, "counts"));
    add("violations", "Kinds of violation", "违规类型与处置", violations(doc, "counts"));
    if doc.has("effect") {
        add("rules", "The worth of rules", "规则效果", rules::section(doc));
    }
    add("capacity", "Selection and capacity", "选查与查验能力", capacity(doc));
    if doc.has("watch") {
        add("watch", "Displacement and unequal treatment", "贸易转移与执法统一", watch::section(doc));
    }
    if doc.has("surveys") {
        add("surveys", "Special surveys", "专项调查", surveys(doc));
    }
    add("quality", "Quality of the data", "数据质量", quality(doc));
    add("method", "How to read the figures", "指标说明", method(doc));
    sections
}

fn results(doc: &Doc<'_>, path: &str, with_charts: bool) -> Markup {
    let of = |field: &str| format!("{path}.{field}");
    let months = doc.items(&of("by_month"));
    let values = |field: &str| -> Vec<f64> {
        months.iter().map(|row| doc.number(&format!("{row}.{field}")).unwrap_or(0.0)).collect()
    };
    let names: Vec<String> = months.iter().map(|row| doc.title(row)).collect();
    html! {
        @if with_charts {
            div.charts {
                (charts::lines(
                    doc.say("Inspected and found, by month", "各月查验与查获（票）"),
                    &names,
                    &[
                        (doc.say("Inspected", "已查验"), values("inspected")),
                        (doc.say("Found", "查获"), values("found")),
                    ],
                ))
                (charts::lines(
                    doc.say("Cases and major cases, by month", "各月案件与大案（起）"),
                    &names,
                    &[(doc.say("Cases", "案件"), values("cases")), (doc.say("Major", "大案"), values("major_cases"))],
                ))
            }
        }
        h3 { (doc.say("By month of the declaration", "按申报月份")) }
        (doc.counts(&of("by_month"), doc.say("Month", "月份"), Some(&of("all"))))
        @if doc.has(&of("by_selection")) {
            h3 { (doc.say("By reason of selection", "按选查方式")) }
            (doc.counts(&of("by_selection"), doc.say("Selected", "选查方式"), Some(&of("all"))))
        }
        h3 { (doc.say("By channel", "按通道")) }
        (doc.counts(&of("by_channel"), doc.say("Channel", "通道"), Some(&of("all"))))
    }
}

fn sites(doc: &Doc<'_>, path: &str) -> Markup {
    let of = |field: &str| format!("{path}.{field}");
    html! {
        p.soft {
            (doc.say(
                "A declaration counts at each of its sites: a consignment from a producing area that leaves by a port is in \
                 both rows, so rows do not add up.",
                "一票报关单计入其所属的每个站点：产地货物经口岸出口，两行均计入，故各行不可相加。",
            ))
        }
        div.charts {
            (doc.bars(&of("by_site"), "cases", doc.say("Cases by site", "各站点案件（起）")))
            (doc.share_bars(&of("by_site_kind"), "hit_rate.rate", doc.say("Hit rate by kind of site, per cent", "各类站点查获率（%）")))
        }
        h3 { (doc.say("By kind of site", "按站点类型")) }
        (doc.counts(&of("by_site_kind"), doc.say("Kind", "类型"), None))
        h3 { (doc.say("By site", "按站点")) }
        (doc.counts(&of("by_site"), doc.say("Site", "站点"), None))
    }
}

fn destinations(doc: &Doc<'_>, path: &str) -> Markup {
    let of = |field: &str| format!("{path}.{field}");
    html! {
        p.soft {
            (doc.say(
                "Regions are those of the pack; a country may be in several, so rows do not add up.",
                "区域以规则包为准；一国可属于多个区域，故各行不可相加。",
            ))
        }
        div.charts {
            (doc.bars(&of("by_region"), "found", doc.say("Violations found by region", "各区域查获（票）")))
            (doc.bars(&of("by_destination"), "found", doc.say("Violations found by destination", "各目的国查获（票）")))
        }
        h3 { (doc.say("By region", "按区域")) }
        (doc.counts(&of("by_region"), doc.say("Region", "区域"), None))
        h3 { (doc.say("Regions and goods", "区域与商品")) }
        p.soft {
            (doc.say(
                "Hit rate, found of inspected, and after ≈ the estimate for all declarations, where enough were drawn. The \
                 deeper the colour, the higher the hit rate is at least (lower end of its interval); without colour nothing \
                 was inspected.",
                "查获率、查获数/查验数；≈ 后为全部报关单违规率的估计（随机抽查足够时）。颜色越深，查获率的置信下限越高；\
                 无底色表示未查验。",
            ))
        }
        (doc.matrix(&of("matrix")))
        h3 { (doc.say("Destinations with the most found", "查获最多的目的国")) }
        @if doc.number(&of("destinations")).unwrap_or(0.0) > doc.len(&of("by_destination")) as f64 {
            p.soft {
                (doc.say("The first of ", "共 ")) (doc.figure(&of("destinations"), As::Count))
                (doc.say(" destinations.", " 个目的国，仅列前若干个。"))
            }
        }
        (doc.counts(&of("by_destination"), doc.say("Destination", "目的国"), None))
    }
}

fn goods(doc: &Doc<'_>, path: &str) -> Markup {
    let of = |field: &str| format!("{path}.{field}");
    html! {
        p.soft {
            (doc.say(
                "A declaration counts in the goods group and the mode of its decisive line.",
                "报关单按其决定性商品项的类别和贸易方式计入。",
            ))
        }
        div.charts {
            (doc.bars(&of("by_group"), "found", doc.say("Violations found by goods group", "各类商品查获（票）")))
            (doc.share_bars(&of("by_group"), "hit_rate.rate", doc.say("Hit rate by goods group, per cent", "各类商品查获率（%）")))
        }
        h3 { (doc.say("By goods group", "按商品类别")) }
        (doc.counts(&of("by_group"), doc.say("Goods", "商品"), Some(&of("all"))))
        h3 { (doc.say("By trade mode", "按贸易方式")) }
        (doc.counts(&of("by_mode"), doc.say("Mode", "贸易方式"), Some(&of("all"))))
        h3 { (doc.say("By class of trader", "按企业类别")) }
        (doc.counts(&of("by_trader_class"), doc.say("Class", "类别"), Some(&of("all"))))
    }
}

fn violations(doc: &Doc<'_>, path: &str) -> Markup {
    let of = |field: &str| format!("{path}.{field}");
    if !doc.has(&of("by_violation")) {
        return html! { p { (doc.say("No violation was found.", "未查获违规。")) } };
    }
    html! {
        h3 { (doc.say("By kind", "按类型")) }
        (doc.kinds(&of("by_violation"), doc.say("Kind", "类型")))
        h3 { (doc.say("What became of the goods", "处置方式")) }
        (doc.kinds(&of("by_disposal"), doc.say("Disposal", "处置")))
    }
}

fn capacity(doc: &Doc<'_>) -> Markup {
    if !doc.has("capacity.offices") {
        return html! { p { (doc.say("No plan was given, or it has no inspections.", "未提供计划，或计划中没有查验。")) } };
    }
    html! {
        p.soft {
            (doc.say(
                "Of the days on which an office had inspections planned.",
                "仅含各站点有查验计划的日期。",
            ))
        }
        div.charts {
            (doc.share_bars("capacity.offices", "used_share", doc.say("Capacity used, per cent", "能力使用率（%）")))
            (doc.share_bars("capacity.offices", "random_share", doc.say("Drawn at random, per cent of inspections", "随机抽查占比（%）")))
        }
        (doc.capacity())
    }
}

fn surveys(doc: &Doc<'_>) -> Markup {
    html! {
        @for (at, survey) in doc.items("surveys").iter().enumerate() {
            @let counts = format!("{survey}.counts");
            @let of = |field: &str| format!("{counts}.{field}");
            section.survey id=(format!("survey-{at}")) {
                h3.survey { (text(doc.text(&format!("{survey}.name")))) }
                p.soft {
                    code data-f=(format!("{survey}.filter")) data-as="text" { (text(doc.text(&format!("{survey}.filter")))) }
                    @for title in doc.items(&format!("{survey}.titles")) { " · " (text(&doc.title(&title))) }
                }
                @if doc.number(&of("all.declarations")) == Some(0.0) {
                    p { (doc.say("No declaration meets its conditions.", "没有符合条件的报关单。")) }
                } @else {
                    (doc.counts(&of("by_month"), doc.say("Month", "月份"), Some(&of("all"))))
                    (doc.counts(&of("by_site"), doc.say("Site", "站点"), None))
                    (doc.counts(&of("by_destination"), doc.say("Destination", "目的国"), None))
                    (doc.counts(&of("by_group"), doc.say("Goods", "商品"), Some(&of("all"))))
                    (doc.counts(&of("by_mode"), doc.say("Mode", "贸易方式"), Some(&of("all"))))
                    @if doc.has(&of("by_violation")) {
                        (doc.kinds(&of("by_violation"), doc.say("Kind of violation", "违规类型")))
                    }
                }
            }
        }
    }
}

fn quality(doc: &Doc<'_>) -> Markup {
    html! {
        h3 { (doc.say("Declarations", "报关单")) }
        (doc.checks("quality.declarations"))
        h3 { (doc.say("Inspections and results", "查验与结果")) }
        (doc.checks("quality.inspections"))
        @for (path, en, zh) in [
            ("quality.planned_elsewhere", "Planned without an assessment, the first", "计划中有而无评估结果的报关单（前几票）"),
            ("quality.unplanned", "Results without a plan, the first", "计划外结果的报关单（前几票）"),
        ] {
            @if doc.has(path) {
                p.soft {
                    (doc.say(en, zh)) ": "
                    @for (at, id) in doc.items(path).iter().enumerate() {
                        @if at > 0 { ", " }
                        code data-f=(id) data-as="text" { (text(doc.text(id))) }
                    }
                }
            }
        }
        @if doc.has("quality.codes") {
            h3 { (doc.say("Codes that the pack does not have", "规则包中没有的代码")) }
            p.soft { (doc.figure("quality.codes_in_all", As::Count)) (doc.say(" codes in all.", " 个代码。")) }
            (super::tables::table(
                &[
                    (doc.say("Field", "字段"), false),
                    (doc.say("Code", "代码"), false),
                    (doc.say("Declarations", "报关单"), true),
                ],
                &html! {
                    @for code in doc.items("quality.codes") {
                        tr {
                            @let field = doc.text(&format!("{code}.field"));
                            td { (text(word(field, doc.zh).unwrap_or(field))) }
                            (doc.text_cell(&format!("{code}.code")))
                            (doc.cell(&format!("{code}.declarations"), As::Count))
                        }
                    }
                },
                None,
            ))
        }
    }
}

fn method(doc: &Doc<'_>) -> Markup {
    let terms = [
        (
            doc.say("Inspected", "已查验"),
            doc.say(
                "Planned inspections with a coded result: clear or a violation. Open and waived ones are not among them.",
                "有编码结果（正常或违规）的计划查验。未反馈和免查的不计入。",
            ),
        ),
        (
            doc.say("Cases", "案件"),
            doc.say(
                "Declarations with a violation; those with the same case number are one case. Against the year's aims a case is \
                 of the day on which it was found, elsewhere of the day of its declaration.",
                "有违规的报关单计为一起，同一案号合为一起。年度目标按查获日期计，其余按申报日期计。",
            ),
        ),
        (
            doc.say("Hit rate", "查获率"),
            doc.say(
                "Found of inspected, with the interval of Wilson (1927) for 95 %. Of what was selected because it was \
                 suspect it says nothing about the rest.",
                "查获数除以已查验数，附 Wilson（1927）95% 置信区间。因可疑而选查的结果不能代表其余货物。",
            ),
        ),
        (
            doc.say("Of all, estimated", "总体违规率（估计）"),
            doc.say(
                "The share of all declarations that violate, each inspection weighted by one over the probability with which \
                 it was selected (Hájek 1971); the interval is that of the drawn (Kish 1965, Wilson 1927). Shown where at \
                 least ten drawn inspections have a result.",
                "全部报关单中违规的比例，每票查验按入选概率的倒数加权（Hájek 1971），区间取自随机抽查部分（Kish 1965、\
                 Wilson 1927）。随机抽查有结果不少于十票时列出。",
            ),
        ),
        (
            doc.say("Without a day", "无日期"),
            doc.say(
                "Declarations without a day are counted, since nothing says that they are outside the time of the report.",
                "无申报日期的报关单计入，因为无法说明其不在报告期内。",
            ),
        ),
    ];
    html! {
        dl.terms { @for (term, meaning) in terms { dt { (term) } dd { (meaning) } } }
        p.soft { (doc.say("Packs that assessed", "评估所用规则包")) ": "
            @for (at, pack) in doc.items("packs").iter().enumerate() {
                @if at > 0 { ", " }
                code data-f=(pack) data-as="text" { (text(doc.text(pack))) }
            }
        }
    }
}
