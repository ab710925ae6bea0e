//! The year's aims on the page: cases by kind of site, notices, tip-offs.

use maud::{Markup, PreEscaped, html};
use qingfeng::targets::{
    Account, NoticeAccount, NoticeCounts, Pace, Standing, Targets, TipOffAccount, TipOffCounts,
};

use super::Doc;
use super::place::{As, At, at};
use super::tables::{row_head, table};
use crate::html::text;

/// Overdue notices that are listed.
const OVERDUE: usize = 20;

pub fn section(doc: &Doc<'_>, targets: &At<'_, Targets>) -> Markup {
    let w = doc.w;
    let pace = w.pace(
        at!(targets.days_over).said(As::Count),
        at!(targets.year).said(As::Text),
        at!(targets.days_left).said(As::Count),
    );
    let paces: [(&str, bool, Pick); 4] = [
        (w.cases(), true, |account| at!(account.cases)),
        (w.major_cases(), targets.all.major_cases.aim.is_some(), |account| at!(account.major_cases)),
        (w.fines_yuan(), targets.all.fines.aim.is_some(), |account| at!(account.fines)),
        (w.pieces(), targets.all.pieces.aim.is_some(), |account| at!(account.pieces)),
    ];
    html! {
        p.soft { (PreEscaped(pace)) }
        @for (number, (what, _, pick)) in paces.into_iter().enumerate().filter(|(_, (_, is_aimed_at, _))| *is_aimed_at) {
            h3 { (what) }
            (table_of(doc, targets, pick, number == 0))
        }
        @if targets.unplanned_cases > 0 {
            p { (w.not_counted()) (at!(targets.unplanned_cases).figure(As::Count)) }
        }
        @if let Some(account) = at!(targets.notices).some() {
            h3 { (w.notices()) }
            (notices(doc, &account))
        }
        @if let Some(account) = at!(targets.tip_offs).some() {
            h3 { (w.tip_offs()) }
            (tip_offs(doc, &account))
        }
    }
}

/// One of the paces of an account.
type Pick = for<'r> fn(&At<'r, Account>) -> At<'r, Pace>;

fn table_of(doc: &Doc<'_>, targets: &At<'_, Targets>, pick: Pick, with_work: bool) -> Markup {
    let w = doc.w;
    let mut columns = vec![
        (w.kind_of_site(), false),
        (w.done(), true),
        (w.aim(), true),
        (w.by_now(), true),
        (w.needed_a_month(), true),
        (w.standing(), false),
    ];
    if with_work {
        columns.extend([(w.planned(), true), (w.open(), true)]);
    }
    let row = |account: &At<'_, Account>, name: &str| {
        let pace = pick(account);
        let (class, standing) = match pace.standing {
            Some(Standing::Ahead) => (Some("good"), "ahead"),
            Some(Standing::Reached) => (Some("good"), "reached"),
            Some(Standing::Behind) => (Some("bad"), "behind"),
            Some(Standing::Missed) => (Some("bad"), "missed"),
            None => (None, ""),
        };
        html! {
            tr {
                (row_head(name))
                (at!(pace.done).cell(As::Round))
                (at!(pace.aim).cell(As::Round))
                (at!(pace.expected).cell(As::Round))
                (at!(pace.needed_a_month).cell(As::Decimal))
                td class=[class] { (text(w.named(standing))) }
                @if with_work {
                    (at!(account.planned).cell(As::Count))
                    (at!(account.open).cell(As::Count))
                }
            }
        }
    };
    let body = html! {
        @for account in at!(targets.kinds).items() { (row(&account, w.named(&account.kind))) }
    };
    table(&columns, &body, Some(&row(&at!(targets.all), w.all())))
}

/// What people call a country, or what a table has for it.
fn country(doc: &Doc<'_>, code: &str) -> String {
    let named = qingfeng::report::country(code);
    named.title_zh.filter(|_| doc.is_chinese()).unwrap_or(named.title)
}

fn notices(doc: &Doc<'_>, account: &At<'_, NoticeAccount>) -> Markup {
    let w = doc.w;
    let columns = [
        (w.country(), false),
        (w.received(), true),
        (w.answered(), true),
        (w.unanswered(), true),
        (w.untraceable(), true),
        (w.with_case(), true),
    ];
    let row = |counts: &At<'_, NoticeCounts>, name: &str| {
        html! {
            tr {
                (row_head(name))
                (at!(counts.received).cell(As::Count))
                (at!(counts.answered).cell(As::Count))
                (at!(counts.open).cell(As::Count))
                (at!(counts.untraceable).cell(As::Count))
                (at!(counts.with_case).cell(As::Count))
            }
        }
    };
    let body = html! {
        @for (code, counts) in at!(account.countries).rows() { (row(&counts, &country(doc, code))) }
    };
    let mut answers = w.answered_share(at!(account.answered_share).said(As::Share));
    if account.answered_aim.is_some() {
        answers += &w.answered_aim(at!(account.answered_aim).said(As::Share));
    }
    if account.median_days.is_some() {
        answers += &w.median_days(at!(account.median_days).said(As::Decimal));
    }
    answers += &w.overdue(at!(account.overdue).said(As::Count));
    answers += &w.earlier_open(at!(account.earlier_open).said(As::Count));
    let overdue = html! {
        @for notice in at!(account.overdue_notices).items().take(OVERDUE) {
            tr {
                (at!(notice.notice_id).text_cell())
                (at!(notice.country).text_cell())
                (at!(notice.received_on).text_cell())
                (at!(notice.days).cell(As::Count))
            }
        }
    };
    html! {
        p { (PreEscaped(answers)) }
        (table(&columns, &body, Some(&row(&at!(account.all), w.all()))))
        @if !account.overdue_notices.is_empty() {
            h4 { (w.overdue_list()) }
            (table(
                &[(w.notice(), false), (w.country(), false), (w.received_on(), false), (w.days(), true)],
                &overdue,
                None,
            ))
        }
    }
}

fn tip_offs(doc: &Doc<'_>, account: &At<'_, TipOffAccount>) -> Markup {
    let w = doc.w;
    let columns = [
        (w.kind(), false),
        (w.received(), true),
        (w.led(), true),
        (w.confirmed(), true),
        (w.proceeds(), true),
        (w.rewards(), true),
    ];
    let row = |counts: &At<'_, TipOffCounts>, name: &str| {
        html! {
            tr {
                (row_head(name))
                (at!(counts.received).cell(As::Count))
                (at!(counts.led).cell(As::Count))
                (at!(counts.confirmed).cell(As::Count))
                (at!(counts.proceeds).cell(As::Round))
                (at!(counts.rewards).cell(As::Round))
            }
        }
    };
    let body = html! { @for (kind, counts) in at!(account.kinds).rows() { (row(&counts, kind)) } };
    table(&columns, &body, Some(&row(&at!(account.all), w.all())))
}
