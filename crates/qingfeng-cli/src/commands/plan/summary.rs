//! The summary of a plan, for people.

use qingfeng_inspection::{DaySummary, NotInspected, OfficeSummary, PlanSummary};

use crate::numbers::{count, grouped, more};
use crate::table::{Cell, heads, table};
use crate::terminal::{BOLD, DIM, ERROR, WARNING, clean, styled};

const SHOWN_DAYS: usize = 20;
const SHOWN_IDS: usize = 5;

/// By office over all days; then what fell short, on which day.
pub fn human(summary: &PlanSummary, left_out_written: bool) -> String {
    [
        severest(summary),
        offices(summary),
        missed(summary),
        short(summary),
        quotas(summary),
        visits(summary),
        unplanned(summary),
        outcomes(summary),
        left_out(summary, left_out_written),
    ]
    .concat()
}

/// `8 of 10`, in inspections, points, or both.
fn used(of: &OfficeSummary) -> String {
    let inspections = (of.inspections > 0 || of.points == 0)
        .then(|| format!("{} of {}", grouped(of.inspections_used), grouped(of.inspections)));
    let points =
        (of.points > 0).then(|| format!("{} of {} points", grouped(of.points_used), grouped(of.points)));
    inspections.into_iter().chain(points).collect::<Vec<_>>().join(", ")
}

fn offices(summary: &PlanSummary) -> String {
    let names =
        ["office", "declarations", "mandatory", "targeted", "random", "asked", "capacity used", "left out"];
    let mut rows = vec![heads(&names, &[0])];
    let row = |name: &str, of: &OfficeSummary| {
        let numbers = [of.declarations, of.mandatory, of.targeted, of.random, of.random_asked];
        let mut row = vec![Cell::new(name).style(BOLD)];
        row.extend(numbers.iter().map(|&number| Cell::new(grouped(number)).right()));
        row.push(Cell::new(used(of)).right());
        row.push(Cell::new(grouped(of.left_out + of.mandatory_missed)).right());
        row
    };
    rows.extend(summary.offices.iter().map(|(name, of)| row(name, of)));
    if summary.offices.len() > 1 {
        rows.push(row("all", &summary.total));
    }
    let days = if summary.from == summary.until {
        format!("Inspections on {}", summary.from)
    } else {
        format!("Inspections from {} to {}", summary.from, summary.until)
    };
    let drawn = if summary.drawn_with_key { "" } else { " (nothing was drawn: no key)" };
    let closed = match summary.total.closed_days {
        0 => String::new(),
        closed => {
            format!("  {}\n", styled(DIM, &format!("office's days without inspections: {}", grouped(closed))))
        }
    };
    format!("{BOLD}{days}{BOLD:#}{drawn}\n{}{closed}", table("  ", &rows))
}

fn ids(ids: &[String], all: u64) -> String {
    let mut shown =
        ids.iter().take(SHOWN_IDS).map(|id| clean(id).into_owned()).collect::<Vec<_>>().join(", ");
    if all > SHOWN_IDS as u64 {
        shown += ", …";
    }
    shown
}

/// `no site that inspects (187), its trader is left alone (16)`: the most frequent first.
fn because(missed: &NotInspected) -> String {
    let mut reasons: Vec<(&str, u64)> = missed.because.iter().map(|(&reason, &all)| (reason, all)).collect();
    reasons.sort_by_key(|&(reason, all)| (std::cmp::Reverse(all), reason));
    let reasons = reasons.iter().map(|(reason, all)| format!("{reason} ({})", grouped(*all)));
    reasons.collect::<Vec<_>>().join(", ")
}

/// What a head of bureau asks first.
fn severest(summary: &PlanSummary) -> String {
    let missed = &summary.severest_not_inspected;
    let all = grouped(missed.declarations);
    let heading = format!("{} and not inspected: {all}", clean(&summary.severest_channel));
    match missed.declarations {
        0 => format!("{heading}\n"),
        all => {
            let because = because(missed);
            format!("{}, because {because}\n  {}\n", styled(ERROR, &heading), ids(&missed.first, all))
        }
    }
}

/// The loudest thing that a plan can say.
fn missed(summary: &PlanSummary) -> String {
    let missed = &summary.mandatory_not_inspected;
    if missed.declarations == 0 {
        return String::new();
    }
    let verb = if missed.declarations == 1 { "is" } else { "are" };
    let heading =
        format!("{} that must be inspected {verb} left out", count(missed.declarations, "declaration"));
    let heading = styled(ERROR, &heading);
    format!("\n{heading}: {}\n  {}\n", because(missed), ids(&missed.first, missed.declarations))
}

fn short(summary: &PlanSummary) -> String {
    let short: Vec<&DaySummary> = summary.days.iter().filter(|day| !day.short.is_empty()).collect();
    if short.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = short
        .iter()
        .take(SHOWN_DAYS)
        .map(|day| {
            vec![
                Cell::new(day.day.to_string()),
                Cell::new(&day.office).style(BOLD),
                Cell::new(day.short.join("; ")),
            ]
        })
        .collect();
    let rest = more("  ", short.len() as u64, SHOWN_DAYS, "; --summary FILE has them all");
    format!("\n{}\n{}{rest}", styled(WARNING, "Days on which something fell short"), table("  ", &rows))
}

fn quotas(summary: &PlanSummary) -> String {
    if summary.total.quotas.is_empty() {
        return String::new();
    }
    let rows = summary.total.quotas.iter().map(|(name, quota)| {
        vec![
            Cell::new(name).style(BOLD),
            Cell::new(grouped(quota.asked)).right(),
            Cell::new(grouped(quota.possible)).right(),
            Cell::new(grouped(quota.met)).right(),
            Cell::new(if quota.points { "points" } else { "inspections" }).style(DIM),
        ]
    });
    let heading = heads(&["quota", "asked", "possible", "met", ""], &[0, 4]);
    let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
    let displaced = match summary.total.displaced {
        0 => String::new(),
        displaced => format!("  they displaced {}\n", count(displaced, "declaration")),
    };
    format!("\n{BOLD}Quotas{BOLD:#}\n{}{displaced}", table("  ", &rows))
}

/// The visits of each month, by site.
fn visits(summary: &PlanSummary) -> String {
    if summary.visits.is_empty() {
        return String::new();
    }
    let mut rows = vec![heads(
        &["month", "site", "enterprises", "targeted", "random", "asked", "places", "paused"],
        &[0, 1],
    )];
    rows.extend(summary.visits.iter().take(SHOWN_DAYS).map(|of| {
        let numbers = [of.enterprises, of.targeted, of.random, of.random_asked, of.places, of.paused];
        let numbers = numbers.into_iter().map(|number| Cell::new(grouped(number)).right());
        [Cell::new(of.month.to_string()), Cell::new(&of.site).style(BOLD)]
            .into_iter()
            .chain(numbers)
            .collect()
    }));
    let rest = more("  ", summary.visits.len() as u64, SHOWN_DAYS, "; --summary FILE has them all");
    format!("\n{BOLD}Visits to enterprises{BOLD:#}\n{}{rest}", table("  ", &rows))
}

/// Declarations of which no list can know.
fn unplanned(summary: &PlanSummary) -> String {
    let mut out = String::new();
    let none = &summary.no_office;
    if none.declarations > 0 {
        let heading =
            styled(WARNING, &format!("{} without an office", count(none.declarations, "declaration")));
        let first = ids(&none.first, none.declarations);
        out += &format!("\n{heading}: {}\n  {first}\n", because(none));
    }
    let [planned, others] = summary.unreadable;
    if planned + others > 0 {
        let heading = format!("{} could not be read whole", count(planned + others, "declaration"));
        let heading = styled(WARNING, &heading);
        out += &format!("\n{heading}: {} in the plan, {} not\n", grouped(planned), grouped(others));
    }
    if summary.merged_duplicates > 0 {
        let merged = count(summary.merged_duplicates, "assessment");
        out += &format!("\n{merged} of a declaration that is there twice on a day: the worst counts\n");
    }
    out
}

fn outcomes(summary: &PlanSummary) -> String {
    let [declarations, used, unknown] = summary.outcomes;
    if declarations == 0 {
        return String::new();
    }
    let without = match unknown {
        0 => String::new(),
        unknown => format!("; {} not among the assessments", grouped(unknown)),
    };
    format!("\nLearnt from {} of {}{without}\n", grouped(used), count(declarations, "inspected declaration"))
}

fn left_out(summary: &PlanSummary, written: bool) -> String {
    let OfficeSummary { left_out, limited, mandatory_missed, .. } = summary.total;
    if left_out + mandatory_missed == 0 || written {
        return String::new();
    }
    let limited = match limited {
        0 => String::new(),
        limited => format!(", {} by limits on traders", grouped(limited)),
    };
    let all = count(left_out + mandatory_missed, "declaration");
    format!("\n{all} left out{limited} (--left-out FILE says why)\n")
}
