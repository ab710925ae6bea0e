//! Charts of a report: SVG in the page, in the colours of the page, light and dark.
//!
//! The library writes colours as numbers. Charts are made in colours that stand for the page's own, which then take
//! their place; the text of a chart is in the page's font. Each chart has a title for who cannot see it, and the table
//! beside it has its figures.

use charts_rs::{Box as Edges, Color, HorizontalBarChart, LineChart, Series, Theme, add_theme, get_theme};
use maud::{Markup, PreEscaped, html};

use crate::html;
use crate::terminal::clean;

/// The colours that stand for those of the page.
const COLOURS: [(Color, &str, &str); 6] = [
    (colour(1), "#010203", "var(--ink)"),
    (colour(2), "#010206", "var(--soft)"),
    (colour(3), "#010209", "var(--line)"),
    (colour(4), "#01020C", "var(--accent)"),
    (colour(5), "#01020F", "var(--warn)"),
    (colour(6), "#010212", "var(--good)"),
];
const INK: usize = 0;
const SOFT: usize = 1;
const LINE: usize = 2;
const ACCENT: usize = 3;

const fn colour(at: u8) -> Color {
    Color { r: 1, g: 2, b: 3 * at, a: 255 }
}

const THEME: &str = "qingfeng";
/// A chart is as wide as fits a telephone without its text getting too small, and two stand side by side on a desk.
const WIDTH: f32 = 470.0;
const FONT: f32 = 13.0;
/// Bars at most.
const BARS: usize = 14;
/// Letters of a bar's name at most; Chinese ones count twice.
const NAME: usize = 22;

/// Makes the theme known to the library, which keeps it.
fn theme() -> &'static str {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let mut theme: Theme = (*get_theme("light")).clone();
        theme.font_family = THEME.to_owned();
        theme.background_color = Color::transparent();
        theme.margin = Edges { left: 14.0, top: 4.0, right: 6.0, bottom: 0.0 };
        theme.width = WIDTH;
        for font in [
            &mut theme.x_axis.font,
            &mut theme.y_axis.font,
            &mut theme.legend.font,
            &mut theme.series.label.font,
        ] {
            font.size = FONT;
            font.color = COLOURS[INK].0;
        }
        theme.x_axis.font.color = COLOURS[SOFT].0;
        theme.y_axis.font.color = COLOURS[SOFT].0;
        theme.x_axis.stroke_color = COLOURS[LINE].0;
        theme.y_axis.stroke_color = COLOURS[LINE].0;
        theme.grid.stroke_color = COLOURS[LINE].0;
        theme.series.colors = COLOURS[ACCENT..].iter().map(|colour| colour.0).collect();
        add_theme(THEME, theme);
    });
    THEME
}

/// A name that leaves room for its bar.
fn short(name: &str) -> String {
    let clean = clean(name);
    let mut width = 0;
    let mut short = String::new();
    for letter in clean.chars() {
        width += if letter.is_ascii() { 1 } else { 2 };
        if width > NAME {
            short.push('…');
            break;
        }
        short.push(letter);
    }
    short
}

/// Digits about as wide as a name, for the library to measure: its font has no Chinese letters, and takes them for
/// narrow.
fn measured(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii() { "0" } else { "00" }).collect()
}

/// Without the attributes that the library writes for scripts; the page's script reads none.
fn without_data(svg: &str) -> String {
    let mut pieces = svg.split(" data-");
    let first = pieces.next().unwrap_or("").to_owned();
    pieces.filter_map(|piece| piece.splitn(3, '"').nth(2)).fold(first, |out, rest| out + rest)
}

/// The names of bars, written so that they end before the axis whatever the reader's font.
fn name_bars(svg: &str, names: &[String]) -> String {
    let edge = svg.split("<line x1=\"").nth(1).and_then(|rest| rest.split('"').next());
    let edge = edge.and_then(|edge| edge.parse::<f64>().ok()).unwrap_or(f64::from(WIDTH) / 3.0);
    let label = format!("fill=\"{}\"", COLOURS[SOFT].1);
    let mut names = names.iter();
    let mut out = String::new();
    for (at, piece) in svg.split("<text").enumerate() {
        let text = piece.split_once("</text>").filter(|(tag, _)| at > 0 && tag.contains(&label));
        let height =
            |(tag, _): &(&str, &str)| tag.split(" y=\"").nth(1)?.split('"').next().map(str::to_owned);
        match text.and_then(|text| Some((height(&text)?, text.1, names.next()?))) {
            Some((y, rest, name)) => {
                let name = html::text(name).into_string();
                out += &format!(
                    "<text font-size=\"{FONT}\" x=\"{:.1}\" y=\"{y}\" text-anchor=\"end\" {label}>{name}</text>{rest}",
                    edge - 7.0
                );
            }
            None => {
                out += if at > 0 { "<text" } else { "" };
                out += piece;
            }
        }
    }
    out
}

fn drawn(
    title: &str,
    keys: &[&str],
    svg: Result<String, charts_rs::Error>,
    names: Option<&[String]>,
) -> Markup {
    let Ok(svg) = svg else { return html! {} };
    let mut svg = without_data(&svg);
    if let Some(names) = names {
        svg = name_bars(&svg, names);
    }
    for (_, number, name) in COLOURS {
        svg = svg.replace(number, name);
    }
    svg = svg.replace(&format!("font-family=\"{THEME}\""), "");
    let Some(start) = svg.find("<svg").map(|at| at + "<svg".len()) else { return html! {} };
    let Some(end) = svg[start..].find('>').map(|at| start + at) else { return html! {} };
    // Its size is that of the page; the picture keeps its proportions by the view box.
    let view = svg[start..end].split("viewBox=\"").nth(1).and_then(|rest| rest.split('"').next());
    let view = view.unwrap_or("0 0 470 300").to_owned();
    let content = svg[end + 1..].to_owned();
    html! {
        figure.chart {
            figcaption {
                (html::text(title))
                @for (at, key) in keys.iter().enumerate() { " " span class=(format!("key key-{at}")) { (html::text(key)) } }
            }
            (PreEscaped(format!("<svg viewBox=\"{view}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\"><title>{}</title>", html::text(title).into_string())))
            (PreEscaped(content))
        }
    }
}

/// A bar for each name, with its number at the end. The first are at the top.
pub fn bars(title: &str, values: &[(String, f64)]) -> Markup {
    let shown = &values[..values.len().min(BARS)];
    if shown.len() < 2 || shown.iter().all(|(_, value)| *value <= 0.0) {
        return html! {};
    }
    // The library begins at the bottom.
    let values = shown.iter().rev().map(|(_, value)| *value as f32);
    let mut series = Series::new(title.to_owned(), values.collect());
    series.label_show = true;
    let names: Vec<String> = shown.iter().map(|(name, _)| short(name)).collect();
    let measured = names.iter().rev().map(|name| measured(name)).collect();
    let mut chart = HorizontalBarChart::new_with_theme(vec![series], measured, theme());
    chart.height = 24.0f32.mul_add(shown.len() as f32, 16.0);
    // The number of the longest bar stands behind it.
    chart.margin.right = 44.0;
    chart.legend.show = Some(false);
    chart.x_axis.hidden = true;
    chart.grid.stroke_width = 0.0;
    chart.series.label.formatter = "{t}".to_owned();
    drawn(title, &[], chart.svg(), Some(&names))
}

/// A line for each series over the same names.
pub fn lines(title: &str, names: &[String], series: &[(&str, Vec<f64>)]) -> Markup {
    if names.len() < 2 {
        return html! {};
    }
    let of = |(name, values): &(&str, Vec<f64>)| {
        Series::new((*name).to_owned(), values.iter().map(|value| *value as f32).collect())
    };
    let names = names.iter().map(|name| short(name)).collect();
    let mut chart = LineChart::new_with_theme(series.iter().map(of).collect(), names, theme());
    chart.height = 240.0;
    // The uppermost number of the axis stands half above its line.
    chart.margin.top = FONT;
    for axis in &mut chart.y_axis_configs {
        axis.formatter = Some("{t}".to_owned());
        axis.min = Some(0.0);
    }
    chart.legend.show = Some(false);
    let keys: Vec<&str> = series.iter().map(|(name, _)| *name).collect();
    drawn(title, &keys, chart.svg(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_bars_are_whole_and_escaped() {
        let values = [("越南", 63.0), ("<b>&", 2.0), ("United States of America", 1.0)];
        let values: Vec<(String, f64)> = values.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let svg = bars("查获", &values).into_string();
        for text in [
            ">越南</text>",
            ">&lt;b&gt;&amp;</text>",
            ">United States of Ameri…</text>",
            "<title>查获</title>",
        ] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert!(!svg.contains("<b>") && !svg.contains("0000"), "{svg}");
        assert!(!svg.contains("#0102"), "each colour is one of the page: {svg}");
    }

    #[test]
    fn a_chart_of_nothing_is_none() {
        assert_eq!(bars("t", &[]).into_string(), "");
        assert_eq!(bars("t", &[("a".to_owned(), 0.0), ("b".to_owned(), 0.0)]).into_string(), "");
        assert_eq!(lines("t", &["2016-01".to_owned()], &[("a", vec![1.0])]).into_string(), "");
    }
}
