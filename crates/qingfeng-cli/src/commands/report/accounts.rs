//! The year's aims on the page: cases by kind of site, notices, tip-offs, visits.

use maud::{Markup, PreEscaped, html};
use qingfeng_insight::targets::{
    Account, NoticeAccount, NoticeCounts, Overdue, Pace, Standing, Targets, TipOffAccount, TipOffCounts,
    VisitAccount, VisitCounts,
};

use super::Doc;
use super::place::{As, At, at};
use super::tables::{Column, named_table, names, number, numbers, table, texts};
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
    let paces: [(&str, bool, Pick, As); 4] = [
        (w.cases(), true, |account| at!(account.cases), As::Round),
        (
            w.major_cases(),
            targets.all.major_cases.aim.is_some(),
            |account| at!(account.major_cases),
            As::Round,
        ),
        (w.fines_yuan(), targets.all.fines.aim.is_some(), |account| at!(account.fines), doc.yuan()),
        (w.pieces(), targets.all.pieces.aim.is_some(), |account| at!(account.pieces), As::Round),
    ];
    html! {
        p.soft { (PreEscaped(pace)) }
        @for (number, (what, _, pick, kind)) in paces.into_iter().enumerate().filter(|(_, (_, is_aimed_at, ..))| *is_aimed_at) {
            h3 { (what) }
            (table_of(doc, targets, (pick, kind), number == 0))
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
        @if let Some(account) = at!(targets.visits).some() {
            h3 { (w.visits()) }
            (visits(doc, &account))
        }
    }
}

/// One of the paces of an account.
type Pick = for<'r> fn(&At<'r, Account>) -> At<'r, Pace>;

/// A table of paces, which are written as `kind`.
fn table_of(doc: &Doc<'_>, targets: &At<'_, Targets>, (pick, kind): (Pick, As), with_work: bool) -> Markup {
    let w = doc.w;
    let standing = |account: &At<'_, Account>| {
        let (class, name) = match pick(account).standing {
            Some(Standing::Ahead) => (Some("good"), "ahead"),
            Some(Standing::Reached) => (Some("good"), "reached"),
            Some(Standing::Behind) => (Some("bad"), "behind"),
            Some(Standing::Missed) => (Some("bad"), "missed"),
            None => (None, ""),
        };
        html! { td class=[class] { (text(w.named(name))) } }
    };
    /// A column of a pace.
    macro_rules! pace {
        ($head:expr, $field:ident, $kind:expr) => {
            numbers($head, move |account: &At<'_, Account>| {
                let pace = pick(account);
                at!(pace.$field).cell($kind)
            })
        };
    }
    let mut columns: Vec<Column<'_, Account>> = vec![
        names(w.kind_of_site()),
        pace!(w.done(), done, kind),
        pace!(w.aim(), aim, kind),
        pace!(w.by_now(), expected, kind),
        pace!(w.needed_a_month(), needed_a_month, if kind == As::Yuan { kind } else { As::Decimal }),
        texts(w.standing(), standing),
    ];
    if with_work {
        columns
            .extend([number!(Account: w.planned(), planned, Count), number!(Account: w.open(), open, Count)]);
    }
    let kinds = at!(targets.kinds).items().map(|account| (w.named(&account.kind).to_owned(), account));
    named_table(&columns, kinds, Some((w.all(), at!(targets.all))))
}

/// What people call a country, or what a table has for it.
fn country(doc: &Doc<'_>, code: &str) -> String {
    let named = qingfeng_insight::report::country(code);
    doc.w.titled(&named.title, named.title_zh.as_deref()).to_owned()
}

fn notices(doc: &Doc<'_>, account: &At<'_, NoticeAccount>) -> Markup {
    let w = doc.w;
    let columns: [Column<'_, NoticeCounts>; 6] = [
        names(w.country()),
        number!(NoticeCounts: w.received(), received, Count),
        number!(NoticeCounts: w.answered(), answered, Count),
        number!(NoticeCounts: w.unanswered(), open, Count),
        number!(NoticeCounts: w.untraceable(), untraceable, Count),
        number!(NoticeCounts: w.with_case(), with_case, Count),
    ];
    let countries = at!(account.countries).rows().map(|(code, counts)| (country(doc, code), counts));
    let overdue: [Column<'_, Overdue>; 4] = [
        texts(w.notice(), |notice: &At<'_, Overdue>| at!(notice.notice_id).text_cell()),
        texts(w.country(), |notice: &At<'_, Overdue>| {
            html! { td { (text(&notice.country.as_deref().map_or(String::new(), |code| country(doc, code)))) } }
        }),
        texts(w.received_on(), |notice: &At<'_, Overdue>| at!(notice.received_on).text_cell()),
        number!(Overdue: w.days(), days, Count),
    ];
    let mut answers = w.answered_share(at!(account.answered_share).said(As::Share));
    if account.answered_aim.is_some() {
        answers += &w.answered_aim(at!(account.answered_aim).said(As::Share));
    }
    if account.median_days.is_some() {
        answers += &w.median_days(at!(account.median_days).said(As::Decimal));
    }
    answers += &w.overdue(at!(account.overdue).said(As::Count));
    answers += &w.earlier_open(at!(account.earlier_open).said(As::Count));
    html! {
        p { (PreEscaped(answers)) }
        (named_table(&columns, countries, Some((w.all(), at!(account.all)))))
        @if !account.overdue_notices.is_empty() {
            h4 { (w.overdue_list()) }
            (table(&overdue, at!(account.overdue_notices).items().take(OVERDUE)))
        }
    }
}

fn tip_offs(doc: &Doc<'_>, account: &At<'_, TipOffAccount>) -> Markup {
    let w = doc.w;
    let columns: [Column<'_, TipOffCounts>; 6] = [
        names(w.kind()),
        number!(TipOffCounts: w.received(), received, Count),
        number!(TipOffCounts: w.led(), led, Count),
        number!(TipOffCounts: w.confirmed(), confirmed, Count),
        numbers(w.proceeds(), |tips: &At<'_, TipOffCounts>| at!(tips.proceeds).cell(doc.yuan())),
        numbers(w.rewards(), |tips: &At<'_, TipOffCounts>| at!(tips.rewards).cell(doc.yuan())),
    ];
    let kinds = at!(account.kinds).rows().map(|(kind, counts)| (kind.to_owned(), counts));
    named_table(&columns, kinds, Some((w.all(), at!(account.all))))
}

fn visits(doc: &Doc<'_>, account: &At<'_, VisitAccount>) -> Markup {
    let w = doc.w;
    let columns: [Column<'_, VisitCounts>; 5] = [
        names(w.site()),
        number!(VisitCounts: w.visits_made(), made, Count),
        number!(VisitCounts: w.open(), open, Count),
        number!(VisitCounts: w.found(), found, Count),
        number!(VisitCounts: w.waived(), waived, Count),
    ];
    // The sites of declarations have titles; one that has none of them is called by its name.
    let titled = |site: &str| {
        let known = doc.report.counts.by_site.iter().find(|row| row.of.name == site);
        known.map_or_else(|| site.to_owned(), |row| doc.title(&row.of))
    };
    let sites = at!(account.sites).rows().map(|(site, counts)| (titled(site), counts));
    named_table(&columns, sites, Some((w.all(), at!(account.all))))
}
