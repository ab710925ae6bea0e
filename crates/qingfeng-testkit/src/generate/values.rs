//! The values of one case: rules compare with them and lines have them, so that conditions hold now and then.

use std::str::FromStr;
use std::sync::LazyLock;

use qingfeng::FieldValue;

use super::choices::Choices;

/// The kinds of single values in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Integer,
    Number,
    Text,
    Date,
}

/// All kinds, the most usual in rules first.
pub(super) const KINDS: [Kind; 5] = [Kind::Number, Kind::Text, Kind::Integer, Kind::Date, Kind::Flag];

pub(super) static INTEGERS: LazyLock<Vec<i64>> = LazyLock::new(|| {
    // Around 2^53 not every whole number is one of `f64`.
    numbers(
        "1 0 2 3 -1 5 7 10 12 64 -3 100 1000 8711 20000 9007199254740991 9007199254740992 9007199254740993 \
         9223372036854775807 9223372036854775806 -9223372036854775808 -9223372036854775807",
    )
});

pub(super) static NUMBERS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    numbers(
        "1 0 2 0.5 3 1.5 -1 10 0.1 0.3 2.5 -2.5 300 99.995 12.345 -0 1e-9 1e15 9007199254740992 9007199254740994 \
         9223372036854775808 -9223372036854775808 1e300 -1e300 2.2250738585072014e-308",
    )
});

fn numbers<T: FromStr>(text: &str) -> Vec<T> {
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

pub(super) static TEXTS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let texts = "DELI / a / deli / DEL1 / D E L I / DЕLI / HAOJUE / HA0JUE / ＤＥＬＩ / no logo / shoes, no  logo / \
         replica watch / Ｒｅｐｌｉｃａ bag / replicas / 摩托车 / 高仿A货 / 手机（无牌） / 贴牌手机 phone / 8711209000 / 8711 / \
         2016-09-06 / 2016-13-01 / 12.5 / true / E1 / E2 / ß / İ / éclair / e\u{301}clair / 🏍 motor / M&G / a\\b / \
         say \"x\" / A / B / 0110 / KE";
    texts.split(" / ").collect()
});

/// Texts that a test of texts can tell apart, and words to tell them by.
const FAMILIES: &[(&[&str], &[&str])] = &[
    (&["DELI", "deli", "DEL1", "D E L I", "DЕLI", "ＤＥＬＩ", "DELLI"], &["DELI", "DEL1", "LI"]),
    (
        &["replica watch", "Ｒｅｐｌｉｃａ bag", "replicas", "no logo", "shoes, no  logo", "logos"],
        &["replica", "no logo", "logo", "s"],
    ),
    (&["高仿A货", "手机（无牌）", "贴牌手机 phone", "摩托车"], &["仿", "贴牌", "phone", "A"]),
    (&["HAOJUE", "HA0JUE", "haojue", "ß", "İ", "E1"], &["HAOJUE", "HA", "E", "1"]),
    (&["8711209000", "8711", "0110", "12.5", "2016-09-06"], &["8711", "0", "1", "2016"]),
];

/// Words that `has_word` and its like look for, besides the values.
const WORDS: &[&str] = &["replica", "no logo", "仿", "贴牌", "logo", "deli", "", " ", "phone", "Ａ"];

pub(super) static PATTERNS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    r"^[A-Z]+$ [0-9] (?i)deli ^.{4}$ 仿|牌 \d{4} \bno\b ^$ ^(?:D|H).*(?:I|E)$ \p{Han} [^a-z]$"
        .split_whitespace()
        .collect()
});

pub(super) static DATES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let dates = "2016-09-06 2016-01-01 2016-12-31 2016-02-29 2015-12-31 2017-01-01 1970-01-01 1969-12-31 0001-01-01 \
         9999-12-31 2016-09-05";
    dates.split(' ').collect()
});

pub(super) const COUNTRIES: &[&str] = &["KE", "TZ", "AE", "SD", "DE", "PA"];
pub(super) const HS: &[&str] =
    &["8711209000", "8711", "871120", "4202210000", "61091000", "8517121000", "87", "9102110000"];
pub(super) const MODES: &[&str] = &["0110", "9610", "1039", "9710"];
pub(super) const PORTS: &[&str] = &["CNTAO", "CNRUI", "5301"];
pub(super) const EXPORTERS: &[&str] = &["E1", "E2", "E3", "DELI", "A"];
pub(super) const UNITS: &[&str] = &["PCE", "KGM", "A", "B"];

/// The few values of each kind that a case mostly draws from.
#[derive(Clone, Debug)]
pub(super) struct Values {
    integers: Vec<i64>,
    numbers: Vec<f64>,
    texts: Vec<&'static str>,
    words: &'static [&'static str],
    dates: Vec<&'static str>,
}

/// Mostly from the front of a table, where the everyday values are.
fn few<T: Copy>(choices: &mut Choices<'_>, table: &[T], count: usize) -> Vec<T> {
    (0..count)
        .map(|_| {
            let end = if choices.percent(25) { table.len() } else { table.len().min(table.len() / 2 + 1) };
            table[choices.below(end)]
        })
        .collect()
}

impl Values {
    pub(super) fn new(choices: &mut Choices<'_>) -> Self {
        let (family, words) = *choices.pick(FAMILIES);
        let mut texts = few(choices, &TEXTS, 2);
        texts.extend(family);
        Self {
            integers: few(choices, &INTEGERS, 4),
            numbers: few(choices, &NUMBERS, 4),
            texts,
            words,
            dates: few(choices, &DATES, 3),
        }
    }

    pub(super) fn word(&self, choices: &mut Choices<'_>) -> &'static str {
        let words = if choices.percent(20) { WORDS } else { self.words };
        choices.word(words)
    }

    pub(super) fn integer(&self, choices: &mut Choices<'_>) -> i64 {
        let near = [0, 0, 0, 1, -1];
        if choices.percent(12) {
            return *choices.pick(&INTEGERS);
        }
        let integer = *choices.pick(&self.integers);
        integer.saturating_add(*choices.pick(&near))
    }

    pub(super) fn number(&self, choices: &mut Choices<'_>) -> f64 {
        if choices.percent(12) { *choices.pick(&NUMBERS) } else { *choices.pick(&self.numbers) }
    }

    pub(super) fn text(&self, choices: &mut Choices<'_>) -> &'static str {
        let of = if choices.percent(12) { &*TEXTS } else { &self.texts };
        choices.word(of)
    }

    pub(super) fn date(&self, choices: &mut Choices<'_>) -> &'static str {
        let of = if choices.percent(12) { &*DATES } else { &self.dates };
        choices.word(of)
    }

    /// A value as a rule file writes it.
    pub(super) fn literal(&self, choices: &mut Choices<'_>, kind: Kind) -> String {
        match kind {
            Kind::Flag => choices.pick(&["true", "false"]).to_string(),
            Kind::Integer => integer_literal(self.integer(choices)),
            Kind::Number => {
                // A whole number may stand where a number is wanted.
                if choices.percent(15) {
                    integer_literal(self.integer(choices))
                } else {
                    number_literal(self.number(choices))
                }
            }
            Kind::Text => text_literal(self.text(choices)),
            Kind::Date => format!("date(\"{}\")", self.date(choices)),
        }
    }

    /// A value as a declaration has it.
    pub(super) fn of_field(&self, choices: &mut Choices<'_>, kind: Kind) -> FieldValue {
        match kind {
            Kind::Flag => choices.percent(50).into(),
            Kind::Integer => self.integer(choices).into(),
            Kind::Number => match choices.below(8) {
                7 => (self.integer(choices) as f64).into(),
                _ => self.number(choices).into(),
            },
            Kind::Text => self.text(choices).into(),
            Kind::Date => self.date(choices).into(),
        }
    }
}

/// A whole number as a rule file writes it, in parentheses where a sign stands before it.
pub(super) fn integer_literal(integer: i64) -> String {
    match integer {
        // The positive number would not fit.
        i64::MIN => "(-9223372036854775807 - 1)".to_owned(),
        _ if integer < 0 => format!("({integer})"),
        _ => integer.to_string(),
    }
}

/// A number as a rule file writes it.
pub(super) fn number_literal(number: f64) -> String {
    if number.is_sign_negative() { format!("({number:?})") } else { format!("{number:?}") }
}

pub(super) fn text_literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
