//! The report as JSON, and its figures on a page.
//!
//! The page is made from the JSON alone: every figure names its place there (`data-f`) and how it is written
//! (`data-as`), so that no page can show what the JSON does not have.

use maud::{Markup, html};
use serde_json::Value;

use super::words::word;
use crate::html;

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
    /// A probability: three decimals, or less than a thousandth.
    Chance,
    /// A text or a day as it stands.
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
            Self::Chance => "chance",
            Self::Text => "text",
        }
    }

    fn write(self, value: &Value) -> String {
        let number = value.as_f64();
        match (self, number) {
            (Self::Text, _) => match value {
                Value::String(text) => text.clone(),
                Value::Null => NONE.to_owned(),
                other => other.to_string(),
            },
            (_, None) => NONE.to_owned(),
            (Self::Count, Some(number)) => {
                value.as_i64().map_or_else(|| html::number(number.round() as i128), html::number)
            }
            (Self::Share, Some(number)) => format!("{}\u{202f}%", decimals(number * 100.0, 1)),
            (Self::Per100, Some(number)) => decimals(number * 100.0, 1),
            (Self::Round, Some(number)) => html::number(number.round() as i128),
            (Self::Decimal, Some(number)) => decimals(number, 1),
            (Self::Fine, Some(number)) => decimals(number, 2),
            (Self::Chance, Some(number)) if number < 0.001 => "< 0.001".to_owned(),
            (Self::Chance, Some(number)) => decimals(number, 3),
        }
    }
}

/// What stands where there is no figure.
const NONE: &str = "–";

/// A number with decimals, its thousands apart and a true minus; nothing rounds to `−0.0`.
fn decimals(number: f64, places: usize) -> String {
    let text = format!("{:.places$}", number.abs());
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse::<i128>().map_or_else(|_| whole.to_owned(), html::number);
    let sign = if number < 0.0 && !is_zero { "\u{2212}" } else { "" };
    format!("{sign}{whole}.{rest}")
}

/// A report and the language in which it is shown.
#[derive(Clone, Copy)]
pub struct Doc<'d> {
    pub root: &'d Value,
    pub zh: bool,
}

static NULL: Value = Value::Null;

/// The value at a place such as `counts.by_site[0].cases`.
pub fn at<'v>(root: &'v Value, path: &str) -> &'v Value {
    let mut value = root;
    for part in path.split(['.', '[']) {
        let next = match part.strip_suffix(']') {
            Some(index) => index.parse::<usize>().ok().and_then(|index| value.get(index)),
            None => value.get(part),
        };
        let Some(next) = next else { return &NULL };
        value = next;
    }
    value
}

impl<'d> Doc<'d> {
    /// One of two wordings.
    pub fn say<'w>(&self, en: &'w str, zh: &'w str) -> &'w str {
        if self.zh { zh } else { en }
    }

    /// The value at a place.
    pub fn at(&self, path: &str) -> &'d Value {
        at(self.root, path)
    }

    /// Whether there is something at a place.
    pub fn has(&self, path: &str) -> bool {
        match self.at(path) {
            Value::Null => false,
            Value::Array(items) => !items.is_empty(),
            _ => true,
        }
    }

    /// How many are in the list at a place.
    pub fn len(&self, path: &str) -> usize {
        self.at(path).as_array().map_or(0, Vec::len)
    }

    /// The places of the items of a list.
    pub fn items(&self, path: &str) -> Vec<String> {
        (0..self.len(path)).map(|at| format!("{path}[{at}]")).collect()
    }

    /// The text at a place; empty where there is none.
    pub fn text(&self, path: &str) -> &'d str {
        self.at(path).as_str().unwrap_or("")
    }

    /// The number at a place.
    pub fn number(&self, path: &str) -> Option<f64> {
        self.at(path).as_f64()
    }

    /// What people call the thing at a place: its title in the page's language, a word for its name, or the name.
    pub fn title(&self, path: &str) -> String {
        let name = self.text(&format!("{path}.name"));
        let (title, zh) = (self.text(&format!("{path}.title")), self.text(&format!("{path}.title_zh")));
        let own = if self.zh { zh } else { title };
        if (own.is_empty() || own == name)
            && let Some(word) = word(name, self.zh)
        {
            return word.to_owned();
        }
        [own, title, name].into_iter().find(|text| !text.is_empty()).unwrap_or("").to_owned()
    }

    /// What people call a site of this name; of another name itself.
    pub fn site_title(&self, name: &str) -> String {
        let sites = self.at("counts.by_site").as_array().map_or(&[][..], Vec::as_slice);
        let at = sites.iter().position(|site| site["name"] == name);
        at.map_or_else(|| name.to_owned(), |at| self.title(&format!("counts.by_site[{at}]")))
    }

    /// A figure in a text.
    pub fn figure(&self, path: &str, kind: As) -> Markup {
        html! { span.figure data-f=(path) data-as=(kind.name()) { (html::text(&kind.write(self.at(path)))) } }
    }

    /// A figure in a table.
    pub fn cell(&self, path: &str, kind: As) -> Markup {
        let value = self.at(path);
        html! {
            td.number data-f=(path) data-as=(kind.name()) data-v=(sort_value(value)) {
                (html::text(&kind.write(value)))
            }
        }
    }

    /// A share with its interval in a table: `9.6 %` and below it `5.5–17.4`.
    pub fn rate_cell(&self, path: &str) -> Markup {
        let rate = format!("{path}.rate");
        html! {
            td.number data-v=(sort_value(self.at(&rate))) {
                @if self.has(&rate) {
                    (self.figure(&rate, As::Share))
                    small {
                        (self.figure(&format!("{path}.low"), As::Per100)) "–"
                        (self.figure(&format!("{path}.high"), As::Per100))
                    }
                } @else { (NONE) }
            }
        }
    }

    /// A text in a table, with its place.
    pub fn text_cell(&self, path: &str) -> Markup {
        html! { td data-f=(path) data-as="text" { (html::text(&As::Text.write(self.at(path)))) } }
    }
}

/// The number by which a column is sorted, as JSON has it.
fn sort_value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_lead_to_values() {
        let root = json!({"a": {"b": [{"c": 1}, {"c": 2}]}});
        assert_eq!(at(&root, "a.b[1].c"), &json!(2));
        assert_eq!(at(&root, "a.b[2].c"), &Value::Null);
        assert_eq!(at(&root, "a.x"), &Value::Null);
    }

    #[test]
    fn figures_are_written_as_people_read_them() {
        for (kind, value, text) in [
            (As::Count, json!(1_234_567), "1\u{202f}234\u{202f}567"),
            (As::Share, json!(0.0956), "9.6\u{202f}%"),
            (As::Per100, json!(0.5), "50.0"),
            (As::Round, json!(-1234.5), "\u{2212}1\u{202f}235"),
            (As::Decimal, json!(-0.04), "0.0"),
            (As::Fine, json!(1.005), "1.00"),
            (As::Decimal, json!(-538_800.04), "\u{2212}538\u{202f}800.0"),
            (As::Chance, json!(0.0004), "< 0.001"),
            (As::Text, json!("2016-09-06"), "2016-09-06"),
            (As::Share, json!(null), "–"),
        ] {
            assert_eq!(kind.write(&value), text);
        }
    }
}
