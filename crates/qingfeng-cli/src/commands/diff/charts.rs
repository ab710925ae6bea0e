//! Bars and lines of the page: the workload by port and by day.

use std::fmt::Write as _;

use maud::{Markup, html};
use qingfeng::tools::diff::{DeclarationsDiff, Load};

use super::workload::{Stretches, mean, most_changed, sum};
use crate::html::{change, count, head, number, number_cell, text};
use crate::terminal::clean;

const PORTS_SHOWN: usize = 15;
const DAYS_SHOWN: usize = 8;
/// Points of a line at most.
const POINTS_MAX: usize = 80;

/// A bar as long as a part is of a whole.
pub fn bar(part: u64, whole: u64, up: bool) -> Markup {
    let width = part as f64 * 100.0 / whole.max(1) as f64;
    html! { span class={ "bar " (if up { "up" } else { "down" }) } style=(format!("width:{width:.1}%")) {} }
}

/// The colour of a channel by its severity, between the mildest and the most severe.
fn colour(at: usize, channels: usize) -> String {
    if at == 0 || channels < 2 {
        return "var(--good)".to_owned();
    }
    if at + 1 == channels {
        return "var(--bad)".to_owned();
    }
    // Between the mildest and the most severe the accent goes over into the colour of warnings.
    let share = if channels <= 3 { 100 } else { (at - 1) * 100 / (channels - 3) };
    format!("color-mix(in srgb, var(--warn) {share}%, var(--accent))")
}

/// The channels but the mildest, which is little work.
fn working(found: &DeclarationsDiff) -> std::ops::Range<usize> {
    usize::from(found.channels.len() > 1)..found.channels.len()
}

fn legend(found: &DeclarationsDiff) -> Markup {
    html! {
        p {
            @for at in working(found) {
                span.key {
                    i style=(format!("background:{}", colour(at, found.channels.len()))) {}
                    (text(&found.channels[at]))
                }
            }
            span.soft { "pale: old, full: new" }
        }
    }
}

/// Two bars of the declarations in all channels but the mildest.
fn loads(found: &DeclarationsDiff, load: &Load, most: u64) -> Markup {
    let bar = |counts: &[u64], class: &str| {
        html! {
            div class={ "load " (class) } {
                @for at in working(found) {
                    @let width = counts[at] as f64 * 100.0 / most.max(1) as f64;
                    @if counts[at] > 0 {
                        span title=(clean(&format!("{}: {}", found.channels[at], number(counts[at]))))
                            style=(format!("width:{width:.2}%;background:{}", colour(at, found.channels.len()))) {}
                    }
                }
            }
        }
    };
    html! { (bar(&load.old, "old")) (bar(&load.new, "new")) }
}

fn work(found: &DeclarationsDiff, counts: &[u64]) -> u64 {
    working(found).map(|at| counts[at]).sum()
}

/// The ports where the work changes most.
pub fn by_port(found: &DeclarationsDiff) -> Markup {
    let shown = most_changed(&found.by_port, PORTS_SHOWN);
    let (Some(field), false) = (&found.by_port.field, shown.is_empty()) else { return html! {} };
    let most =
        shown.iter().flat_map(|load| [work(found, &load.old), work(found, &load.new)]).max().unwrap_or(0);
    let mut columns = vec![(field.as_str(), false), ("", false)];
    columns.extend(working(found).map(|at| (found.channels[at].as_str(), true)));
    let changed = found.by_port.loads.iter().filter(|load| load.distance() > 0).count();
    html! {
        h2 { "Work by port, where it changes most" }
        (legend(found))
        div.scroll {
            table.wide.ports {
                (head(&columns))
                tbody {
                    @for load in &shown {
                        tr {
                            td { (text(&load.value)) }
                            td.loads { (loads(found, load, most)) }
                            @for at in working(found) { (changed_cell(load.old[at], load.new[at])) }
                        }
                    }
                }
            }
        }
        @if changed > shown.len() { p.soft { "and " (number((changed - shown.len()) as u64)) " more ports with changes" } }
    }
}

/// A count and by how much it changed.
fn changed_cell(old: u64, new: u64) -> Markup {
    html! {
        td.number {
            (number(new))
            @if old != new { br; span.soft { (change(i128::from(new) - i128::from(old))) } }
        }
    }
}

/// A line for each channel over the days, and the days that change most.
pub fn by_day(found: &DeclarationsDiff) -> Markup {
    let shown = most_changed(&found.by_day, DAYS_SHOWN);
    if found.by_day.field.is_none() || shown.is_empty() {
        return html! {};
    }
    let channels = found.channels.len();
    let days = &found.by_day.loads;
    let all = sum(days, channels);
    let stretches = Stretches::of(&found.by_day, channels, POINTS_MAX);
    let unit = match stretches.days {
        1 => String::new(),
        7 => ", the mean of each week".to_owned(),
        days => format!(", the mean of each {days} days"),
    };
    html! {
        h2 { "Work by day" }
        p.soft {
            (count(days.len() as u64, "day")) ". The lines show declarations a day" (unit) ": grey under the old pack, in colour under the new one."
        }
        div.strips {
            @for at in working(found) {
                figure.strip {
                    figcaption {
                        span { (text(&found.channels[at])) }
                        span { (mean(all.old[at], days.len())) " → " b { (mean(all.new[at], days.len())) } " a day" }
                    }
                    (line(&stretches, at, channels))
                }
            }
        }
        @let columns: Vec<(&str, bool)> = std::iter::once(("Day", false))
            .chain(working(found).map(|at| (found.channels[at].as_str(), true))).collect();
        h3 { "Days that change most" }
        table {
            (head(&columns))
            tbody {
                @for load in &shown {
                    tr {
                        td { (text(&load.value)) }
                        @for at in working(found) {
                            @if load.old[at] == load.new[at] { (number_cell(&number(load.new[at]))) }
                            @else { td.number { (number(load.old[at])) " → " b { (number(load.new[at])) } } }
                        }
                    }
                }
            }
        }
    }
}

/// Two lines over stretches of days: the old pack and the new one.
fn line(stretches: &Stretches, channel: usize, channels: usize) -> Markup {
    const WIDTH: f64 = 460.0;
    const HEIGHT: f64 = 110.0;
    const TOP: f64 = 8.0;
    const BOTTOM: f64 = 92.0;
    const LEFT: f64 = 36.0;
    const RIGHT: f64 = WIDTH - 4.0;
    let old = stretches.a_day(|load| load.old[channel]);
    let new = stretches.a_day(|load| load.new[channel]);
    let most = old.iter().chain(&new).copied().fold(0.0, f64::max);
    let x = |at: usize| LEFT + (RIGHT - LEFT) * at as f64 / (old.len().max(2) - 1) as f64;
    let y = |a_day: f64| BOTTOM - (BOTTOM - TOP) * a_day / if most > 0.0 { most } else { 1.0 };
    let points = |a_day: &[f64]| {
        let mut points = String::new();
        for (at, a_day) in a_day.iter().enumerate() {
            let _ = write!(points, "{:.1},{:.1} ", x(at), y(*a_day));
        }
        // A single stretch is a line across.
        if let [only] = a_day {
            let _ = write!(points, "{RIGHT:.1},{:.1}", y(*only));
        }
        points.trim_end().to_owned()
    };
    let loads = &stretches.loads;
    let ends = [loads.first(), loads.last()].map(|load| load.map_or("", |load| load.value.as_str()));
    let most = if most >= 10.0 { format!("{most:.0}") } else { format!("{most:.1}") };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label="declarations a day" {
            line.axis x1=(LEFT) x2=(RIGHT) y1=(BOTTOM) y2=(BOTTOM) {}
            text x=(LEFT - 6.0) y=(TOP + 4.0) text-anchor="end" { (most) }
            text x=(LEFT - 6.0) y=(BOTTOM + 3.0) text-anchor="end" { "0" }
            text x=(LEFT) y=(BOTTOM + 14.0) { (text(ends[0])) }
            @if loads.len() > 1 { text x=(RIGHT) y=(BOTTOM + 14.0) text-anchor="end" { (text(ends[1])) } }
            polyline.old points=(points(&old)) {}
            polyline.new points=(points(&new)) style=(format!("stroke:{}", colour(channel, channels))) {}
        }
    }
}
