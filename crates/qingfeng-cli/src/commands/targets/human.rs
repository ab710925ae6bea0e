//! Accounts for people.

use qingfeng_insight::targets::{
    Account, Aims, NoticeCounts, Pace, Standing, Targets, TipOffCounts, VisitCounts,
};

use crate::numbers::{count, grouped, more, percent};
use crate::table::{Cell, heads, table};
use crate::terminal::{BOLD, DIM, ERROR, WARNING, styled};

/// The overdue notices and the rewards that are shown.
const SHOWN: usize = 10;
const ALL: &str = "; --format json has them";

/// A number, to one digit unless it is whole.
fn number(number: f64) -> String {
    let tenths = (number * 10.0).round();
    let whole = grouped((tenths / 10.0).trunc() as i128);
    match (tenths % 10.0).abs() as u8 {
        0 => whole,
        tenth => format!("{whole}.{tenth}"),
    }
}

/// Yuan, to the fen.
fn yuan(amount: f64) -> String {
    let fen = (amount * 100.0).round() as i128;
    format!("{}.{:02}", grouped(fen / 100), fen % 100)
}

pub fn human(targets: &Targets, aims: &Aims) -> String {
    let mut out = format!(
        "{BOLD}Aims of {} as of {}{BOLD:#}\n  {}\n",
        targets.year,
        targets.as_of,
        styled(
            DIM,
            &format!("{} over, {} left", count(targets.days_over.into(), "day"), grouped(targets.days_left))
        )
    );
    out += &accounts(targets);
    out += &inspections(targets);
    if targets.unplanned_cases > 0 {
        out += &format!(
            "{}: no plan selected their declarations, and no tip-off or notice names them; they are not counted\n",
            styled(WARNING, &count(targets.unplanned_cases, "further case"))
        );
    }
    out + &notices(targets, aims) + &tip_offs(targets) + &visits(targets)
}

/// By aim, then by kind of site, what was done and what is needed.
fn accounts(targets: &Targets) -> String {
    type Of = fn(&Account) -> &Pace;
    let aims: [(&str, Of); 4] = [
        ("cases", |account| &account.cases),
        ("major cases", |account| &account.major_cases),
        ("fines, yuan", |account| &account.fines),
        ("pieces", |account| &account.pieces),
    ];
    let mut rows = vec![heads(&["", "", "done", "aim", "expected by now", "needed a month", ""], &[0, 1, 6])];
    for (name, of) in aims {
        let all = &targets.all;
        // A kind that has nothing and aims at nothing says nothing.
        let worth = |account: &&Account| of(account).aim.is_some() || of(account).done > 0.0;
        let kinds = targets.kinds.iter().filter(worth);
        for (at, account) in std::iter::once(all).chain(kinds).enumerate() {
            let pace = of(account);
            let optional = |value: Option<f64>| Cell::new(value.map_or(String::new(), number)).right();
            let (style, standing) = match pace.standing {
                None => (DIM, ""),
                Some(Standing::Reached) => (DIM, "reached"),
                Some(Standing::Ahead) => (DIM, "on pace"),
                Some(Standing::Behind) => (WARNING, "behind"),
                Some(Standing::Missed) => (ERROR, "missed"),
            };
            rows.push(vec![
                Cell::new(if at == 0 { name } else { "" }).style(BOLD),
                Cell::new(&account.kind),
                Cell::new(number(pace.done)).right(),
                optional(pace.aim),
                optional(pace.expected),
                optional(pace.needed_a_month),
                Cell::new(standing).style(style),
            ]);
        }
    }
    table("  ", &rows)
}

/// What came of planned inspections.
fn inspections(targets: &Targets) -> String {
    let mut rows = vec![heads(&["", "planned", "open", "waived"], &[0])];
    for account in targets.kinds.iter().filter(|of| of.planned > 0).chain([&targets.all]) {
        rows.push(vec![
            Cell::new(&account.kind),
            Cell::new(grouped(account.planned)).right(),
            Cell::new(grouped(account.open)).right(),
            Cell::new(grouped(account.waived)).right(),
        ]);
    }
    let note = match targets.all.open {
        0 => String::new(),
        _ => format!("  {}\n", styled(DIM, "open: without a coded result, or waived without a coded reason")),
    };
    format!("\n{BOLD}Planned inspections of the year so far{BOLD:#}\n{}{note}", table("  ", &rows))
}

fn notices(targets: &Targets, aims: &Aims) -> String {
    let Some(account) = &targets.notices else { return String::new() };
    let mut rows =
        vec![heads(&["", "received", "answered", "open", "untraceable", "with a case", "answered"], &[0])];
    let row = |name: &str, of: &NoticeCounts| {
        let mut cells = vec![Cell::new(name)];
        let numbers = [of.received, of.answered, of.open, of.untraceable, of.with_case];
        cells.extend(numbers.map(|number| Cell::new(grouped(number)).right()));
        let share = (of.received > 0).then(|| of.answered as f64 / of.received as f64);
        cells.push(Cell::new(share.map_or(String::new(), percent)).right());
        cells
    };
    for (country, counts) in &account.countries {
        rows.push(row(if country.is_empty() { "(no country)" } else { country }, counts));
    }
    rows.push(row("all", &account.all));
    let mut out = format!("\n{BOLD}Notices from abroad{BOLD:#}\n{}", table("  ", &rows));
    if let Some(aim) = account.answered_aim {
        let (style, standing) = match account.reached {
            Some(true) => (DIM, "reached"),
            Some(false) => (WARNING, "not reached"),
            None => (DIM, "no notices yet"),
        };
        out += &format!("  aim: {} answered; {}\n", percent(aim), styled(style, standing));
    }
    if let Some(days) = account.median_days {
        out += &format!("  half of the answers came within {} days\n", number(days));
    }
    if account.earlier_open > 0 {
        out += &format!("  {} of earlier years still open\n", count(account.earlier_open, "notice"));
    }
    if account.overdue > 0 {
        let days = aims.notice_days.map_or(0, u64::from);
        let heading =
            format!("{} open for more than {}", count(account.overdue, "notice"), count(days, "day"));
        out += &format!("  {}\n", styled(WARNING, &heading));
        let rows = account.overdue_notices.iter().take(SHOWN).map(|notice| {
            vec![
                Cell::new(&notice.notice_id).style(BOLD),
                Cell::new(notice.country.as_deref().unwrap_or_default()),
                Cell::new(notice.received_on.to_string()),
                Cell::new(format!("{} days", grouped(notice.days))).right(),
            ]
        });
        out += &table("    ", &rows.collect::<Vec<_>>());
        out += &more("    ", account.overdue, SHOWN, ALL);
    }
    out
}

fn tip_offs(targets: &Targets) -> String {
    let Some(account) = &targets.tip_offs else { return String::new() };
    let names = ["", "received", "led on", "confirmed", "proceeds, yuan", "rewards, yuan"];
    let mut rows = vec![heads(&names, &[0])];
    let row = |name: &str, of: &TipOffCounts| {
        let mut cells = vec![Cell::new(name)];
        cells.extend([of.received, of.led, of.confirmed].map(|number| Cell::new(grouped(number)).right()));
        cells.extend([of.proceeds, of.rewards].map(|amount| Cell::new(yuan(amount)).right()));
        cells
    };
    for (kind, counts) in &account.kinds {
        rows.push(row(if kind.is_empty() { "(no kind)" } else { kind }, counts));
    }
    rows.push(row("all", &account.all));
    let mut out = format!("\n{BOLD}Tip-offs{BOLD:#}\n{}", table("  ", &rows));
    if !account.rewards.is_empty() {
        let mut rows = vec![heads(&["reward for", "case", "proceeds, yuan", "reward, yuan", ""], &[0, 1, 4])];
        rows.extend(account.rewards.iter().take(SHOWN).map(|reward| {
            vec![
                Cell::new(&reward.tip_id).style(BOLD),
                Cell::new(&reward.case),
                Cell::new(yuan(reward.proceeds)).right(),
                Cell::new(yuan(reward.reward)).right(),
                Cell::new(if reward.from_fines { "of the fines" } else { "" }).style(DIM),
            ]
        }));
        out += &table("    ", &rows);
        out += &more("    ", account.rewards.len() as u64, SHOWN, ALL);
    }
    out
}

fn visits(targets: &Targets) -> String {
    let Some(account) = &targets.visits else { return String::new() };
    let row = |name: &str, of: &VisitCounts| {
        let numbers = [of.made, of.open, of.found, of.waived];
        let numbers = numbers.into_iter().map(|number| Cell::new(grouped(number)).right());
        std::iter::once(Cell::new(name)).chain(numbers).collect()
    };
    let mut rows = vec![heads(&["", "visits", "open", "found", "waived"], &[0])];
    rows.extend(account.sites.iter().map(|(site, counts)| row(site, counts)));
    rows.push(row("all", &account.all));
    format!("\n{BOLD}Visits to enterprises of the year so far{BOLD:#}\n{}", table("  ", &rows))
}
