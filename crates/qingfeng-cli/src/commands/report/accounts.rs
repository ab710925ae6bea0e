//! The year's aims on the page: cases by kind of site, notices, tip-offs.

use maud::{Markup, html};

use super::doc::{As, Doc};
use super::tables::table;
use super::words::word;
use crate::html::text;

/// Overdue notices that are listed.
const OVERDUE: usize = 20;

pub fn section(doc: &Doc<'_>) -> Markup {
    html! {
        p.soft {
            (doc.figure("targets.days_over", As::Count)) (doc.say(" days of ", " 天已过（"))
            (doc.figure("targets.year", As::Text)) (doc.say(" are over, ", " 年），余 "))
            (doc.figure("targets.days_left", As::Count)) (doc.say(" are left. The pace is what is needed in each month from now.", " 天。“每月需”为余下时间每月所需数量。"))
        }
        @for (what, en, zh) in [
            ("cases", "Cases", "案件"),
            ("major_cases", "Major cases", "大案"),
            ("fines", "Fines, yuan", "罚款（元）"),
            ("pieces", "Pieces", "件数"),
        ] {
            @if what == "cases" || doc.has(&format!("targets.all.{what}.aim")) {
                h3 { (doc.say(en, zh)) }
                (paces(doc, what))
            }
        }
        @if doc.number("targets.unplanned_cases") > Some(0.0) {
            p {
                (doc.say(
                    "Cases of declarations that no plan selected and no tip-off or notice names, not counted: ",
                    "未计入的案件（报关单不在任何计划内，也无举报或通报线索）：",
                ))
                (doc.figure("targets.unplanned_cases", As::Count))
            }
        }
        @if doc.has("targets.notices") {
            h3 { (doc.say("Notices from abroad", "境外通报")) }
            (notices(doc))
        }
        @if doc.has("targets.tip_offs") {
            h3 { (doc.say("Tip-offs", "举报")) }
            (tip_offs(doc))
        }
    }
}

fn paces(doc: &Doc<'_>, what: &str) -> Markup {
    let with_work = what == "cases";
    let mut columns = vec![
        (doc.say("Kind of site", "站点类型"), false),
        (doc.say("Done", "已完成"), true),
        (doc.say("Aim", "目标"), true),
        (doc.say("By now", "应完成"), true),
        (doc.say("Needed a month", "每月需"), true),
        (doc.say("Standing", "状态"), false),
    ];
    if with_work {
        columns.extend([(doc.say("Planned", "计划查验"), true), (doc.say("Open", "未结"), true)]);
    }
    let row = |path: &str| {
        let of = |field: &str| format!("{path}.{what}.{field}");
        let kind = doc.text(&format!("{path}.kind"));
        let standing = doc.text(&of("standing"));
        html! {
            tr {
                th scope="row" {
                    @if path == "targets.all" { (doc.say("All", "合计")) }
                    @else { (text(word(kind, doc.zh).unwrap_or(kind))) }
                }
                (doc.cell(&of("done"), As::Round))
                (doc.cell(&of("aim"), As::Round))
                (doc.cell(&of("expected"), As::Round))
                (doc.cell(&of("needed_a_month"), As::Decimal))
                td class=[match standing { "ahead" | "reached" => Some("good"), "behind" | "missed" => Some("bad"), _ => None }] {
                    (text(word(standing, doc.zh).unwrap_or(standing)))
                }
                @if with_work {
                    (doc.cell(&format!("{path}.planned"), As::Count))
                    (doc.cell(&format!("{path}.open"), As::Count))
                }
            }
        }
    };
    let body = html! { @for kind in doc.items("targets.kinds") { (row(&kind)) } };
    table(&columns, &body, Some(&row("targets.all")))
}

/// The rows of a table by name that can be named in a place; other names are in the JSON alone.
fn named(doc: &Doc<'_>, path: &str) -> Vec<(String, String)> {
    let names = doc.at(path).as_object().into_iter().flat_map(|table| table.keys());
    names
        .filter(|name| !name.contains(['.', '[', ']']) && !name.is_empty())
        .map(|name| (name.clone(), format!("{path}.{name}")))
        .collect()
}

/// What people call a country, or what a table has for it.
fn country(doc: &Doc<'_>, code: &str) -> String {
    let named = qingfeng_insight::report::country(code);
    named.title_zh.filter(|_| doc.zh).unwrap_or(named.title)
}

fn notices(doc: &Doc<'_>) -> Markup {
    let columns = [
        (doc.say("Country", "国家"), false),
        (doc.say("Received", "收到"), true),
        (doc.say("Answered", "已答复"), true),
        (doc.say("Open", "未答复"), true),
        (doc.say("Untraceable", "无法追溯"), true),
        (doc.say("With a case", "已立案"), true),
    ];
    let row = |name: &str, path: &str| {
        html! {
            tr {
                th scope="row" { (text(name)) }
                @for field in ["received", "answered", "open", "untraceable", "with_case"] {
                    (doc.cell(&format!("{path}.{field}"), As::Count))
                }
            }
        }
    };
    let body = html! {
        @for (name, path) in named(doc, "targets.notices.countries") {
            (row(&country(doc, &name), &path))
        }
    };
    let overdue = doc.items("targets.notices.overdue_notices");
    html! {
        p {
            (doc.say("Answered: ", "答复率：")) (doc.figure("targets.notices.answered_share", As::Share))
            @if doc.has("targets.notices.answered_aim") {
                (doc.say("; aim ", "；目标 ")) (doc.figure("targets.notices.answered_aim", As::Share))
            }
            @if doc.has("targets.notices.median_days") {
                (doc.say("; median days to answer ", "；答复天数中位数 "))
                (doc.figure("targets.notices.median_days", As::Decimal))
            }
            (doc.say("; overdue ", "；逾期 ")) (doc.figure("targets.notices.overdue", As::Count))
            (doc.say("; still open of earlier years ", "；以前年度未答复 "))
            (doc.figure("targets.notices.earlier_open", As::Count))
        }
        (table(&columns, &body, Some(&row(doc.say("All", "合计"), "targets.notices.all"))))
        @if !overdue.is_empty() {
            h4 { (doc.say("Overdue, the oldest first", "逾期通报（最早者在前）")) }
            (table(
                &[
                    (doc.say("Notice", "通报"), false),
                    (doc.say("Country", "国家"), false),
                    (doc.say("Received", "收到日期"), false),
                    (doc.say("Days", "天数"), true),
                ],
                &html! {
                    @for notice in overdue.iter().take(OVERDUE) {
                        tr {
                            (doc.text_cell(&format!("{notice}.notice_id")))
                            (doc.text_cell(&format!("{notice}.country")))
                            (doc.text_cell(&format!("{notice}.received_on")))
                            (doc.cell(&format!("{notice}.days"), As::Count))
                        }
                    }
                },
                None,
            ))
        }
    }
}

fn tip_offs(doc: &Doc<'_>) -> Markup {
    let columns = [
        (doc.say("Kind", "类型"), false),
        (doc.say("Received", "收到"), true),
        (doc.say("Led somewhere", "有线索"), true),
        (doc.say("Confirmed", "查实"), true),
        (doc.say("Proceeds, yuan", "罚没款（元）"), true),
        (doc.say("Rewards, yuan", "奖励（元）"), true),
    ];
    let row = |name: &str, path: &str| {
        html! {
            tr {
                th scope="row" { (text(name)) }
                @for field in ["received", "led", "confirmed"] { (doc.cell(&format!("{path}.{field}"), As::Count)) }
                @for field in ["proceeds", "rewards"] { (doc.cell(&format!("{path}.{field}"), As::Round)) }
            }
        }
    };
    let body = html! {
        @for (name, path) in named(doc, "targets.tip_offs.kinds") { (row(&name, &path)) }
    };
    table(&columns, &body, Some(&row(doc.say("All", "合计"), "targets.tip_offs.all")))
}
