//! Values of a report together with the place where its JSON has them.
//!
//! Every figure of the page names its place (`data-f`) and how it is written (`data-as`). The compiler checks the path of
//! [`at!`] against the types of the report, and a test checks that JSON has the same value there.

use std::ops::Deref;

use maud::{Markup, html};
use qingfeng::rules::Date;
use qingfeng_insight::effect::{Bounded, Estimate, Rate};

use crate::html::text;
use crate::numbers::{is_part, ten_thousands, thin, thin_decimals};

/// What stands where there is no figure.
const NONE: &str = "–";

/// A value and its place, such as `counts.by_site[0].cases`.
#[derive(Debug)]
pub struct At<'r, T: ?Sized> {
    value: &'r T,
    path: String,
}

/// A field, or a field of a field, of a value with a place: `at!(report.counts.all)`.
macro_rules! at {
    ($place:ident . $($field:ident).+) => {
        $place.field(concat!($(".", stringify!($field)),+), |value| &value.$($field).+)
    };
}
pub(super) use at;

impl<T: ?Sized> Clone for At<'_, T> {
    fn clone(&self) -> Self {
        Self { value: self.value, path: self.path.clone() }
    }
}

impl<T: ?Sized> Deref for At<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<'r, T: ?Sized> At<'r, T> {
    /// The value that JSON has as a whole.
    pub fn root(value: &'r T) -> Self {
        Self { value, path: String::new() }
    }

    /// The value, for as long as the report is there.
    pub fn value(&self) -> &'r T {
        self.value
    }

    /// A part of it, whose place begins with a point. Use [`at!`].
    pub fn field<U: ?Sized>(&self, path: &str, get: impl FnOnce(&'r T) -> &'r U) -> At<'r, U> {
        let path = format!("{}{path}", self.path);
        At { value: get(self.value), path: path.trim_start_matches('.').to_owned() }
    }

    /// A part whose fields JSON has among those of the whole (`flatten`).
    pub fn same<U: ?Sized>(&self, get: impl FnOnce(&'r T) -> &'r U) -> At<'r, U> {
        self.field("", get)
    }
}

impl<'r, T> At<'r, Option<T>> {
    /// What is there, if anything is.
    pub fn some(&self) -> Option<At<'r, T>> {
        Some(At { value: self.value.as_ref()?, path: self.path.clone() })
    }
}

impl<'r, T> At<'r, Vec<T>> {
    /// The items of a list.
    pub fn items(&self) -> impl Iterator<Item = At<'r, T>> + use<'r, T> {
        let path = self.path.clone();
        self.value.iter().enumerate().map(move |(at, value)| At { value, path: format!("{path}[{at}]") })
    }
}

impl<'r, T> At<'r, std::collections::BTreeMap<String, T>> {
    /// The rows by name whose names can stand in a place; others are in the JSON alone.
    pub fn rows(&self) -> impl Iterator<Item = (&'r str, At<'r, T>)> + use<'r, T> {
        let path = self.path.clone();
        let named = self.value.iter().filter(|(name, _)| !name.contains(['.', '[', ']']) && !name.is_empty());
        named.map(move |(name, value)| (name.as_str(), At { value, path: format!("{path}.{name}") }))
    }
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// A whole number with its thousands apart.
    Count,
    /// A share in per cent, one decimal.
    Share,
    /// The same without the sign.
    Per100,
    /// A number rounded to a whole one.
    Round,
    /// A number with one decimal.
    Decimal,
    /// A number with two decimals.
    Fine,
    /// A sum in the unit of its heading, in ten thousands where it is one: `12.3 万`.
    Sum,
    /// A sum of yuan with its unit: `800 元`, `12.3 万元`.
    Yuan,
    /// A probability: three decimals, or less than a thousandth.
    Chance,
    /// A text or a day, unchanged.
    Text,
}

impl As {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Per100 => "per100",
            Self::Round => "round",
            Self::Decimal => "decimal",
            Self::Fine => "fine",
            Self::Sum => "sum",
            Self::Yuan => "yuan",
            Self::Chance => "chance",
            Self::Text => "text",
        }
    }

    /// A figure as the page has it.
    pub fn write(self, figure: &dyn Figure) -> String {
        if self == Self::Text {
            return figure.text().unwrap_or_else(|| NONE.to_owned());
        }
        let Some(number) = figure.number().filter(|number| number.is_finite()) else {
            return NONE.to_owned();
        };
        match self {
            Self::Count | Self::Round | Self::Text => thin(number.round() as i128),
            Self::Share => format!("{}\u{202f}%", thin_decimals(number * 100.0, 1)),
            Self::Per100 => thin_decimals(number * 100.0, 1),
            Self::Decimal => thin_decimals(number, 1),
            Self::Fine => thin_decimals(number, 2),
            Self::Sum => ten_thousands(number),
            Self::Yuan => {
                let sum = ten_thousands(number);
                if sum.ends_with(['万', '亿']) { format!("{sum}元") } else { format!("{sum} 元") }
            }
            Self::Chance if number < 0.001 => "< 0.001".to_owned(),
            Self::Chance => thin_decimals(number, 3),
        }
    }
}

/// What can be a figure of the page.
pub trait Figure {
    /// Its number, if it is one.
    fn number(&self) -> Option<f64> {
        None
    }

    /// Its text, by which it is also sorted.
    fn text(&self) -> Option<String>;
}

macro_rules! figures {
    ($($kind:ty $(: $number:ident)?),*) => {
        $(impl Figure for $kind {
            $(fn number(&self) -> Option<f64> {
                let $number = *self as f64;
                Some($number)
            })?

            fn text(&self) -> Option<String> {
                Some(self.to_string())
            }
        })*
    };
}

figures!(u64: number, i64: number, u32: number, f64: number, str, String, Box<str>, Date);

impl<T: Figure> Figure for Option<T> {
    fn number(&self) -> Option<f64> {
        self.as_ref().and_then(Figure::number)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(Figure::text)
    }
}

impl<T: Figure> At<'_, T> {
    /// A figure in a text.
    pub fn figure(&self, kind: As) -> Markup {
        html! { span.figure data-f=(self.path) data-as=(kind.name()) { (text(&kind.write(self.value))) } }
    }

    /// The same as text of a page, for a sentence.
    pub fn said(&self, kind: As) -> String {
        self.figure(kind).into_string()
    }

    /// A figure in a table.
    pub fn cell(&self, kind: As) -> Markup {
        let sort = self.value.text().unwrap_or_default();
        html! {
            td.number data-f=(self.path) data-as=(kind.name()) data-v=(sort) { (text(&kind.write(self.value))) }
        }
    }

    /// A text in a table.
    pub fn text_cell(&self) -> Markup {
        html! { td data-f=(self.path) data-as="text" { (text(&As::Text.write(self.value))) } }
    }

    /// A text of data that is shown as such.
    pub fn code(&self) -> Markup {
        html! { code data-f=(self.path) data-as="text" { (text(&As::Text.write(self.value))) } }
    }
}

/// The cell of a figure that may not be there.
pub fn cell<T: Figure>(place: Option<At<'_, T>>, kind: As) -> Markup {
    place.map_or_else(|| html! { td.number data-v="" { (NONE) } }, |place| place.cell(kind))
}

/// A share with its interval in a table: `9.6 %` and below it `5.5–17.4`; and what part of the whole it speaks of, where
/// that is not all: `(75.6 %)`. What is only known within bounds has these alone.
fn interval<T: Figure>(
    rate: &At<'_, T>,
    low: &At<'_, f64>,
    high: &At<'_, f64>,
    covered: Option<&At<'_, f64>>,
) -> Markup {
    let is_bounded = *low.value > 0.0 || *high.value < 1.0;
    let covered = covered.filter(|covered| is_part(*covered.value));
    html! {
        td.number data-v=(rate.value.text().unwrap_or_default()) {
            @if rate.value.number().is_some() || is_bounded {
                @if rate.value.number().is_some() { (rate.figure(As::Share)) } @else { "?" }
                small { (low.figure(As::Per100)) "–" (high.figure(As::Per100)) }
                @if let Some(covered) = covered { small { "(" (covered.figure(As::Share)) ")" } }
            } @else { (NONE) }
        }
    }
}

/// What has a rate and the bounds of its interval.
pub trait HasInterval {
    /// Its cell in a table.
    fn rate_cell(&self) -> Markup;
}

impl HasInterval for At<'_, Rate> {
    fn rate_cell(&self) -> Markup {
        interval(&at!(self.rate), &at!(self.low), &at!(self.high), None)
    }
}

impl HasInterval for At<'_, Bounded> {
    fn rate_cell(&self) -> Markup {
        interval(&at!(self.rate), &at!(self.low), &at!(self.high), None)
    }
}

impl HasInterval for At<'_, Estimate> {
    fn rate_cell(&self) -> Markup {
        interval(&at!(self.rate), &at!(self.low), &at!(self.high), Some(&at!(self.covered)))
    }
}

impl<'r, T> HasInterval for At<'r, Option<T>>
where
    At<'r, T>: HasInterval,
{
    fn rate_cell(&self) -> Markup {
        self.some().map_or_else(|| html! { td.number data-v="" { (NONE) } }, |place| place.rate_cell())
    }
}

#[cfg(test)]
mod tests;
