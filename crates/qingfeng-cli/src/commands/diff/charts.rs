//! Bars and lines of the page: the workload by port and by day.

use maud::{Markup, html};
use qingfeng::tools::diff::{DeclarationsDiff, Load};

use super::workload::{Stretches, mean, most_changed, sum};
use crate::charts::{Line, plot};
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
                figure.chart {
                    figcaption {
                        span { (text(&found.channels[at])) }
                        span { (mean(all.old[at], days.len())) " → " b { (mean(all.new[at], days.len())) } " a day" }
                    }
                    (lines(&stretches, at, channels))
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
fn lines(stretches: &Stretches, channel: usize, channels: usize) -> Markup {
    let colour = colour(channel, channels);
    let names: Vec<String> = stretches.loads.iter().map(|load| load.value.clone()).collect();
    let old = Line { name: "old", colour: "var(--faint)", values: stretches.a_day(|load| load.old[channel]) };
    let new = Line { name: "new", colour: &colour, values: stretches.a_day(|load| load.new[channel]) };
    plot("declarations a day", 130.0, &names, &[old, new])
}
