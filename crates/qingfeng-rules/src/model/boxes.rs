//! Boxes of the declaration form that hold several fields, and how they are taken apart.
//!
//! The form has one box for the name and the elements of goods, one for up to three quantities, one for price, total and
//! currency.

use std::borrow::Cow;

use crate::base::codes;

/// What a field takes of a box that holds several fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The name of the goods: what stands before the first separator.
    Name,
    /// The elements of the declaration after the name.
    Elements,
    /// The whole text.
    Whole,
    /// The kind of brand, the first element of the form of 2018.
    BrandKind,
    /// The preferential treatment abroad, the second element of the form of 2018.
    Benefit,
    /// The brand, of an element that says so.
    Brand,
    /// The model, of an element that says so.
    Model,
    /// The quantity of the contract: the last one.
    Quantity,
    /// Its unit.
    Unit,
    /// The first statutory quantity: the first one.
    LegalQuantity,
    /// Its unit.
    LegalUnit,
    /// The second statutory quantity: the second of three.
    SecondLegalQuantity,
    /// Its unit.
    SecondLegalUnit,
    /// The first of the quantities that is a mass, in kilograms.
    NetKg,
    /// The price of one unit.
    UnitPrice,
    /// The total.
    Total,
    /// The currency.
    Currency,
    /// The codes of documents, one letter or digit each, with blanks between them.
    DocumentCodes,
}

/// A box that holds several fields.
#[derive(Debug)]
pub(crate) struct FormBox {
    pub(crate) headers: &'static [&'static str],
    pub(crate) parts: &'static [(&'static str, Part)],
}

const OF_ELEMENTS: [(&str, Part); 4] = [
    ("brand_kind", Part::BrandKind),
    ("benefit", Part::Benefit),
    ("brand", Part::Brand),
    ("model", Part::Model),
];

/// The boxes of the forms of before and after August 2018.
pub(crate) const BOXES: &[FormBox] = &[
    FormBox {
        headers: &[
            "商品名称、规格型号",
            "商品名称及规格型号",
            "商品名称/规格型号",
            "品名、规格型号",
            "品名及规格",
            "goods name and specification",
            "description and specification",
        ],
        parts: &[
            ("goods", Part::Name),
            ("specification", Part::Elements),
            OF_ELEMENTS[0],
            OF_ELEMENTS[1],
            OF_ELEMENTS[2],
            OF_ELEMENTS[3],
        ],
    },
    FormBox {
        headers: &[
            "规格型号",
            "规格",
            "商品规格型号",
            "规格、型号",
            "申报要素",
            "gModel",
            "specification",
            "spec",
            "specification and model",
            "declaration elements",
        ],
        parts: &[
            ("specification", Part::Whole),
            OF_ELEMENTS[0],
            OF_ELEMENTS[1],
            OF_ELEMENTS[2],
            OF_ELEMENTS[3],
        ],
    },
    FormBox {
        headers: &["数量及单位", "数量/单位", "数量和单位", "成交数量及单位", "quantity and unit"],
        parts: &[
            ("quantity", Part::Quantity),
            ("unit", Part::Unit),
            ("legal_quantity", Part::LegalQuantity),
            ("legal_unit", Part::LegalUnit),
            ("second_legal_quantity", Part::SecondLegalQuantity),
            ("second_legal_unit", Part::SecondLegalUnit),
            ("net_kg", Part::NetKg),
        ],
    },
    FormBox {
        headers: &["单价/总价/币制", "单价、总价、币制", "单价总价币制", "unit price/total price/currency"],
        parts: &[("unit_price", Part::UnitPrice), ("value", Part::Total), ("currency", Part::Currency)],
    },
    FormBox {
        headers: &[
            "随附单证及编号",
            "随附单证",
            "随附单证代码及编号",
            "随附单据",
            "attached documents",
            "documents",
        ],
        parts: &[("documents", Part::Whole), ("document_codes", Part::DocumentCodes)],
    },
];

/// What stands between elements.
const BETWEEN: &[char] = &['|', '｜', '\n', '\r', ';', '；'];

impl Part {
    /// What the field takes of the text of a box: empty if the box does not have it, and `None` if quantities or prices
    /// cannot be told apart.
    ///
    /// ```
    /// use qingfeng_rules::Part;
    /// let of = |part: Part, text| part.of(text).map(|text| text.into_owned());
    /// let text = "圆珠笔|1|3|塑料|品牌:得力|型号:6506";
    /// assert_eq!(of(Part::Name, text).as_deref(), Some("圆珠笔"));
    /// assert_eq!((of(Part::BrandKind, text), of(Part::Brand, text)), (Some("1".into()), Some("得力".into())));
    /// assert_eq!(of(Part::NetKg, "1.2吨/1000支").as_deref(), Some("1200"));
    /// assert_eq!(of(Part::Quantity, "1/2支"), None);
    /// ```
    pub fn of(self, text: &str) -> Option<Cow<'_, str>> {
        let text = text.trim();
        if text.is_empty() {
            return Some("".into());
        }
        let is_wide = text.contains(|letter| matches!(letter, '\u{FF01}'..='\u{FF5E}'));
        if is_wide && (self.is_measure() || self.is_price()) {
            return self.of(&codes::narrow(text)).map(|part| part.into_owned().into());
        }
        Some(match self {
            Self::Whole => text.into(),
            Self::Name => text.split(BETWEEN).next().unwrap_or_default().trim().into(),
            Self::Elements => {
                let ends = |of: char| of.is_whitespace() || BETWEEN.contains(&of);
                text.split_once(BETWEEN).map_or("", |(_, rest)| rest.trim_matches(ends)).into()
            }
            Self::BrandKind => {
                labelled(text, &["品牌类型"]).or_else(|| digits(text).0).unwrap_or_default().into()
            }
            Self::Benefit => {
                labelled(text, &["出口享惠情况"]).or_else(|| digits(text).1).unwrap_or_default().into()
            }
            Self::Brand => brand(text).into(),
            Self::Model => labelled(text, &["型号", "MODEL", "Model", "model"]).unwrap_or_default().into(),
            Self::UnitPrice | Self::Total | Self::Currency => price(text, self)?.into(),
            Self::DocumentCodes => document_codes(text).into(),
            _ => {
                let all = measures(text)?;
                let (measure, is_unit) = match self {
                    Self::Quantity => (all.last(), false),
                    Self::Unit => (all.last(), true),
                    Self::LegalQuantity => (all.first(), false),
                    Self::LegalUnit => (all.first(), true),
                    Self::SecondLegalQuantity => (all.get(1).filter(|_| all.len() > 2), false),
                    Self::SecondLegalUnit => (all.get(1).filter(|_| all.len() > 2), true),
                    _ => {
                        return Some(
                            all.iter()
                                .find_map(|&(number, unit)| kilograms(number, unit))
                                .unwrap_or_default(),
                        );
                    }
                };
                measure.map_or("", |&(number, unit)| if is_unit { unit } else { number }).into()
            }
        })
    }

    fn is_price(self) -> bool {
        matches!(self, Self::UnitPrice | Self::Total | Self::Currency)
    }

    fn is_measure(self) -> bool {
        use Part::{LegalQuantity, LegalUnit, NetKg, Quantity, SecondLegalQuantity, SecondLegalUnit, Unit};
        matches!(
            self,
            Quantity | Unit | LegalQuantity | LegalUnit | SecondLegalQuantity | SecondLegalUnit | NetKg
        )
    }

    /// What a box with this part looks like, for people.
    pub fn example(self) -> &'static str {
        if self.is_price() { "0.46/27600/USD" } else { "1200千克/60000支" }
    }
}

/// What follows one of the labels and a colon, up to the end of its element or to the next label. A note in brackets may
/// stand before the colon: `品牌（中文或外文名称）:`.
fn labelled<'a>(text: &'a str, labels: &[&str]) -> Option<&'a str> {
    let found = |label: &&str| {
        text.match_indices(*label).find_map(|(at, label)| {
            let after = text[at + label.len()..].trim_start();
            let noted = after.strip_prefix(['(', '（']).and_then(|note| note.split_once([')', '）']));
            let after = noted.map_or(after, |(_, after)| after).trim_start().strip_prefix([':', '：'])?;
            let element = after.split(BETWEEN).next()?.split([',', '，', '、']).next()?.trim();
            let next_label = element.find([':', '：']).map_or(element, |colon| &element[..colon]);
            let end =
                if next_label.len() < element.len() { next_label.rfind(char::is_whitespace) } else { None };
            Some(element[..end.unwrap_or(element.len())].trim_end())
        })
    };
    labels.iter().find_map(found)
}

/// The first two elements, if they are the digits that the form of 2018 begins with.
fn digits(text: &str) -> (Option<&str>, Option<&str>) {
    let mut elements = text.split(BETWEEN).map(str::trim);
    let digit = |element: Option<&'_ str>| element.is_some_and(|of| matches!(of.as_bytes(), [b'0'..=b'9']));
    let first = elements.next();
    // A name may stand before them.
    let first = if digit(first) { first } else { elements.next() };
    let second = elements.next();
    if digit(first) && digit(second) { (first, second) } else { (None, None) }
}

/// The brand: of an element with a label, or one that ends as a brand is written: `得力牌`.
fn brand(text: &str) -> &str {
    if let Some(brand) = labelled(text, &["品牌", "商标", "BRAND", "Brand", "brand"]) {
        return brand;
    }
    let mut elements = text.split(BETWEEN).skip(1).map(str::trim);
    let is_brand = |element: &&str| {
        let named = element.strip_suffix('牌');
        matches!(*element, "无品牌" | "无牌" | "无商标")
            || named.is_some_and(|of| {
                (1..=12).contains(&of.chars().count()) && !of.contains([' ', ',', '，', ':', '：'])
            })
    };
    match elements.find(is_brand) {
        Some(none @ ("无品牌" | "无牌" | "无商标")) => none,
        Some(element) => element.strip_suffix('牌').unwrap_or(element),
        None => "",
    }
}

/// The quantities of a box with their units, or nothing if it is not certain which they are. Of several each has its unit.
fn measures(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut found = Vec::new();
    let between =
        |letter: char| letter.is_whitespace() || matches!(letter, '/' | '\\' | ';' | '|' | '、' | ',');
    let mut rest = text.trim_start_matches(between);
    while !rest.is_empty() {
        let is_number = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ',');
        let (number, after) = rest.split_at(rest.find(|letter| !is_number(letter)).unwrap_or(rest.len()));
        let number = number.trim_end_matches(',');
        if !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let after = after.trim_start_matches([' ', '\u{3000}']);
        let end =
            after.find(|letter: char| letter.is_ascii_digit() || between(letter)).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        // `1e3` is a number that a spreadsheet wrote.
        if unit.is_ascii() && after.starts_with(|letter: char| letter.is_ascii_digit()) {
            return None;
        }
        found.push((number, unit));
        rest = after.trim_start_matches(between);
    }
    let is_certain = found.len() == 1 || found.iter().all(|(_, unit)| !unit.is_empty());
    (is_certain && (1..=3).contains(&found.len())).then_some(found)
}

/// A mass in kilograms; `None` if the unit is none of a mass.
fn kilograms<'a>(number: &'a str, unit: &str) -> Option<Cow<'a, str>> {
    let [kind, factor] = codes::table("unit")?.find(unit)?.more[..] else { return None };
    let factor: f64 = factor.parse().ok().filter(|_| kind == "mass")?;
    match number.replace(',', "").parse::<f64>() {
        // Nine decimals are more than any balance has, and hide that a factor is no binary number.
        Ok(value) if factor != 1.0 => Some(((value * factor * 1e9).round() / 1e9).to_string().into()),
        _ => Some(number.into()),
    }
}

/// A part of price, total and currency; nothing if it is not three of them, the currency last.
fn price(text: &str, part: Part) -> Option<&str> {
    let of = |separators: fn(char) -> bool| -> Vec<&str> {
        text.split(separators).map(str::trim).filter(|piece| !piece.is_empty()).collect()
    };
    let mut pieces = of(|letter| matches!(letter, '/' | '|' | ';' | '\n' | '\r'));
    if pieces.len() == 1 {
        pieces = of(char::is_whitespace);
    }
    let is_number = |piece: &str| {
        piece.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-'))
    };
    match pieces[..] {
        [price, total, currency] if is_number(price) && is_number(total) => Some(match part {
            Part::UnitPrice => price,
            Part::Total => total,
            _ => currency,
        }),
        _ => None,
    }
}

/// The codes of documents: one letter or digit before a colon, or by itself. `E` and `e` are two documents.
fn document_codes(text: &str) -> String {
    let pieces = text.split(|letter: char| {
        letter.is_whitespace() || matches!(letter, ';' | '；' | ',' | '，' | '|' | '、')
    });
    let codes = pieces.filter_map(|piece| {
        let code = piece.split([':', '：']).next().unwrap_or_default();
        matches!(code.as_bytes(), [byte] if byte.is_ascii_alphanumeric()).then_some(code)
    });
    codes.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
