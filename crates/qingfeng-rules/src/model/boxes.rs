//! Boxes of the declaration form that hold several fields, and how they are taken apart.
//!
//! The form has one box for the name and the elements of goods, one for up to three quantities, one for price, total and
//! currency. What cannot be taken apart is given as it stands, so that the field finds that it is no value of its own.

use std::borrow::Cow;

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
    /// What the field takes of the text of a box; empty if the box does not have it.
    ///
    /// ```
    /// use qingfeng_rules::Part;
    /// let text = "圆珠笔|1|3|塑料|品牌:得力|型号:6506";
    /// assert_eq!(Part::Name.of(text), "圆珠笔");
    /// assert_eq!((Part::BrandKind.of(text), Part::Brand.of(text)), ("1".into(), "得力".into()));
    /// assert_eq!(Part::NetKg.of("1.2吨/1000支"), "1200");
    /// ```
    pub fn of(self, text: &str) -> Cow<'_, str> {
        let text = text.trim();
        if text.is_empty() {
            return "".into();
        }
        match self {
            Self::Whole => text.into(),
            Self::Name => text.split(BETWEEN).next().unwrap_or_default().trim().into(),
            Self::Elements => text
                .split_once(BETWEEN)
                .map_or("", |(_, rest)| {
                    rest.trim_matches(|of: char| of.is_whitespace() || BETWEEN.contains(&of))
                })
                .into(),
            Self::BrandKind => {
                labelled(text, "品牌类型").or_else(|| digits(text).0).unwrap_or_default().into()
            }
            Self::Benefit => {
                labelled(text, "出口享惠情况").or_else(|| digits(text).1).unwrap_or_default().into()
            }
            Self::Brand => brand(text).into(),
            Self::Model => labelled(text, "型号").unwrap_or_default().into(),
            Self::Quantity | Self::Unit => measure(text, self == Self::Unit, |all| all.last()),
            Self::LegalQuantity | Self::LegalUnit => {
                measure(text, self == Self::LegalUnit, |all| all.first())
            }
            Self::SecondLegalQuantity | Self::SecondLegalUnit => {
                measure(text, self == Self::SecondLegalUnit, |all| all.get(1).filter(|_| all.len() > 2))
            }
            Self::NetKg => measures(text)
                .and_then(|all| all.into_iter().find_map(|(number, unit)| kilograms(number, unit)))
                .unwrap_or_default(),
            Self::UnitPrice | Self::Total | Self::Currency => price(text, self),
            Self::DocumentCodes => document_codes(text).into(),
        }
    }
}

/// What follows a label and a colon, up to the end of its element.
fn labelled<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    text.match_indices(label).find_map(|(at, _)| {
        let after = text[at + label.len()..].trim_start().strip_prefix([':', '：'])?;
        Some(after.split(BETWEEN).next().unwrap_or_default().split([',', '，', '、']).next()?.trim())
    })
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
    if let Some(brand) = labelled(text, "品牌").or_else(|| labelled(text, "商标")) {
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

/// The quantities of a box with their units, or nothing if something else stands in it.
fn measures(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut found = Vec::new();
    let between = |letter: char| letter.is_whitespace() || matches!(letter, '/' | ';' | '；' | '|' | '、');
    let mut rest = text.trim_start_matches(between);
    while !rest.is_empty() {
        let end = rest
            .find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '.' | ',')))
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let number = number.trim_end_matches(',');
        if !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let after = after.trim_start_matches([' ', '\u{3000}']);
        let end =
            after.find(|letter: char| letter.is_ascii_digit() || between(letter)).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        found.push((number, unit));
        rest = after.trim_start_matches(between);
    }
    (!found.is_empty() && found.len() <= 3).then_some(found)
}

/// The number or the unit of one of the quantities; the text as it is if it is no list of quantities.
fn measure<'a>(
    text: &'a str,
    is_unit: bool,
    which: impl for<'m> Fn(&'m [(&'a str, &'a str)]) -> Option<&'m (&'a str, &'a str)>,
) -> Cow<'a, str> {
    match measures(text) {
        Some(all) => which(&all).map_or("", |&(number, unit)| if is_unit { unit } else { number }).into(),
        None => text.into(),
    }
}

/// A mass in kilograms; `None` if the unit is none of a mass.
fn kilograms<'a>(number: &'a str, unit: &str) -> Option<Cow<'a, str>> {
    let factor = match unit.to_ascii_uppercase().as_str() {
        "千克" | "公斤" | "KG" | "KGS" | "KGM" => return Some(number.into()),
        "克" | "G" | "GRM" => 1e-3,
        "吨" | "公吨" | "T" | "MT" | "TNE" => 1e3,
        "磅" | "LB" | "LBS" | "LBR" => 0.453_592_37,
        _ => return None,
    };
    match number.replace(',', "").parse::<f64>() {
        // Nine decimals are more than any balance has, and hide that a factor is no binary number.
        Ok(value) => Some(((value * factor * 1e9).round() / 1e9).to_string().into()),
        Err(_) => Some(number.into()),
    }
}

/// A part of price, total and currency; the text as it is if it is not three of them.
fn price(text: &str, part: Part) -> Cow<'_, str> {
    let of = |separators: fn(char) -> bool| -> Vec<&str> {
        text.split(separators).map(str::trim).filter(|piece| !piece.is_empty()).collect()
    };
    let mut pieces = of(|letter| matches!(letter, '/' | '|' | ';' | '；' | '\n' | '\r'));
    if pieces.len() == 1 {
        pieces = of(char::is_whitespace);
    }
    match (&pieces[..], part) {
        ([price, _, _], Part::UnitPrice) => (*price).into(),
        ([_, total, _], Part::Total) => (*total).into(),
        ([_, _, currency], _) => (*currency).into(),
        _ => text.into(),
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
