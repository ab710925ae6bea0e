//! Charts of pages: SVG in the colours of the page, light and dark, without styles or scripts of its own.
//!
//! Each has a title for people who cannot see it. Texts are as wide as the reader's font makes them, so room for them is
//! estimated, and generously.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::html::{number, text};
use crate::terminal::clean;

/// Two charts stand side by side on a desk, and one on a telephone without its text getting too small.
const WIDTH: f64 = 470.0;
/// The size of text; `html.css` says the same.
const FONT: f64 = 13.0;
/// Bars at most.
const BARS: usize = 14;
const BAR: f64 = 24.0;
/// Columns that the name of a bar takes at most; Chinese letters take two.
const NAME: usize = 22;
/// The points of a line that are marked one by one, at most.
const MARKED: usize = 40;

pub struct Line<'l> {
    /// What it shows.
    pub name: &'l str,
    /// A colour as styles have it.
    pub colour: &'l str,
    /// By name of the chart.
    pub values: Vec<f64>,
}

/// The width of a text, rather too much than too little.
fn width(text: &str) -> f64 {
    let letter = |letter: char| match letter {
        '\u{202f}' | ' ' | '.' | ',' | '-' | 'i' | 'l' | 'j' | 't' | 'f' | 'r' => 0.4,
        letter if letter.is_ascii_uppercase() => 0.74,
        'm' | 'w' | '%' => 0.9,
        letter if letter.is_ascii() => 0.64,
        _ => 1.05,
    };
    text.chars().map(letter).sum::<f64>() * FONT
}

/// A name that leaves room for its bar.
fn short(name: &str) -> String {
    let name = clean(name);
    let mut columns = 0;
    let mut short = String::new();
    for letter in name.chars() {
        columns += if letter.is_ascii() { 1 } else { 2 };
        if columns > NAME {
            short.push('…');
            break;
        }
        short.push(letter);
    }
    short
}

/// How the numbers of a chart are written: whole if all of them are, else with one decimal.
fn writer(values: &[f64]) -> impl Fn(f64) -> String {
    let whole = values.iter().all(|value| value.fract() == 0.0);
    move |value| if whole { number(value as i64) } else { format!("{value:.1}") }
}

fn figure(title: &str, keys: &[Line<'_>], picture: &Markup) -> Markup {
    html! {
        figure.chart {
            figcaption {
                (text(title))
                @for (at, line) in keys.iter().enumerate() { " " span class=(format!("key key-{at}")) { (text(line.name)) } }
            }
            (picture)
        }
    }
}

/// A bar for each name, with its number at the end. The first are at the top.
pub fn bars(title: &str, values: &[(String, f64)]) -> Markup {
    let shown = &values[..values.len().min(BARS)];
    let numbers: Vec<f64> = shown.iter().map(|(_, value)| *value).collect();
    let most = numbers.iter().copied().fold(0.0, f64::max);
    if shown.len() < 2 || most <= 0.0 {
        return html! {};
    }
    let write = writer(&numbers);
    let names: Vec<String> = shown.iter().map(|(name, _)| short(name)).collect();
    let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
    let left = widest(&mut names.iter().map(|name| width(name))) + 8.0;
    let right = WIDTH - widest(&mut numbers.iter().map(|value| width(&write(*value)))) - 8.0;
    let height = BAR * shown.len() as f64;
    let rows = names.iter().zip(&numbers).enumerate().map(|(at, (name, value))| {
        let middle = BAR * (at as f64 + 0.5);
        let long = ((right - left) * value / most).max(1.0);
        html! {
            text.name x=(at_place(left - 7.0)) y=(at_place(middle + 4.5)) text-anchor="end" { (name) }
            rect x=(at_place(left)) y=(at_place(middle - 7.5)) width=(at_place(long)) height="15" rx="2" fill="var(--accent)" {}
            text x=(at_place(left + long + 6.0)) y=(at_place(middle + 4.5)) { (write(*value)) }
        }
    });
    let picture = html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { (text(title)) }
            @for row in rows { (row) }
        }
    };
    figure(title, &[], &picture)
}

/// Lines over the same names, with a caption that says which is which.
pub fn lines(title: &str, names: &[String], lines: &[Line<'_>]) -> Markup {
    if names.len() < 2 {
        html! {}
    } else {
        figure(title, lines, &plot(title, 220.0, names, lines))
    }
}

/// The picture of lines over the same names, of the given height. A single point is a line across.
pub fn plot(title: &str, height: f64, names: &[String], lines: &[Line<'_>]) -> Markup {
    const TOP: f64 = 10.0;
    const BELOW: f64 = 24.0;
    let most = lines.iter().flat_map(|line| &line.values).copied().fold(0.0, f64::max);
    let whole = lines.iter().flat_map(|line| &line.values).all(|value| value.fract() == 0.0);
    let bottom = height - BELOW;
    let ticks = ticks(most, ((bottom - TOP) / 34.0) as usize, whole);
    let write = writer(&ticks);
    let scale = ticks.last().copied().unwrap_or(1.0);
    let left = ticks.iter().map(|tick| width(&write(*tick))).fold(0.0, f64::max) + 10.0;
    let right = WIDTH - 8.0;
    let x = |at: usize| left + (right - left) * at as f64 / (names.len().max(2) - 1) as f64;
    let y = |value: f64| bottom - (bottom - TOP) * value / scale;
    let points = |values: &[f64]| {
        let mut points = String::new();
        for (at, value) in values.iter().enumerate() {
            let _ = write!(points, "{:.1},{:.1} ", x(at), y(*value));
        }
        if let [only] = values {
            let _ = write!(points, "{right:.1},{:.1}", y(*only));
        }
        points.trim_end().to_owned()
    };
    let names: Vec<String> = names.iter().map(|name| short(name)).collect();
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { (text(title)) }
            @for tick in &ticks {
                line x1=(at_place(left)) x2=(at_place(right)) y1=(at_place(y(*tick))) y2=(at_place(y(*tick))) stroke="var(--line)" {}
                text x=(at_place(left - 6.0)) y=(at_place(y(*tick) + 4.5)) text-anchor="end" { (write(*tick)) }
            }
            @for (at, anchor) in named(&names, right - left) {
                text x=(at_place(x(at))) y=(at_place(height - 5.0)) text-anchor=(anchor) { (names[at]) }
            }
            @for line in lines {
                polyline points=(points(&line.values)) fill="none" stroke=(line.colour) stroke-width="2" stroke-linejoin="round" {}
                @if line.values.len() <= MARKED {
                    @for (at, value) in line.values.iter().enumerate() {
                        circle cx=(at_place(x(at))) cy=(at_place(y(*value))) r="2.5" fill=(line.colour) {}
                    }
                }
            }
        }
    }
}

/// A place in a picture, to a tenth.
fn at_place(place: f64) -> String {
    format!("{place:.1}")
}

/// The names below a chart that have room, from the first to the last, and which side of them stands at their point.
fn named(names: &[String], room: f64) -> Vec<(usize, &'static str)> {
    let Some(last) = names.len().checked_sub(1) else { return Vec::new() };
    if last == 0 {
        return vec![(0, "start")];
    }
    // The first and the last stand beside their points, those between on both sides of theirs.
    let widest = 1.5 * names.iter().map(|name| width(name)).fold(0.0, f64::max) + 12.0;
    let fit = ((room / widest) as usize).clamp(1, last);
    let step = last.div_ceil(fit);
    let anchor = |at: usize| match at {
        0 => "start",
        at if at == last => "end",
        _ => "middle",
    };
    // The last stands at the right edge: what comes right before it makes room.
    let between = (0..=last).step_by(step).filter(|at| *at == 0 || *at == last || last - at >= step);
    let mut named: Vec<_> = between.map(|at| (at, anchor(at))).collect();
    if named.last().is_some_and(|(at, _)| *at != last) {
        named.push((last, "end"));
    }
    named
}

/// Numbers of an axis from 0 that people like: the last is the first of them that is not below the most.
fn ticks(most: f64, count: usize, whole: bool) -> Vec<f64> {
    let rough = if most > 0.0 { most / count.max(1) as f64 } else { 1.0 };
    let power = 10_f64.powi(rough.log10().floor() as i32);
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step = steps.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(rough);
    let step = if whole { step.max(1.0) } else { step };
    let count = (most / step - 1e-9).ceil().max(1.0) as usize;
    (0..=count).map(|at| at as f64 * step).collect()
}

#[cfg(test)]
mod tests;
