//! The countries of ISO 3166-1, with their names in English and Chinese.
//!
//! Inside Qingfeng a country is its alpha-2 code; files may use the alpha-3 or the numeric code, as the
//! Chinese export declaration does.

use std::sync::LazyLock;

/// A country of ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Country {
    /// The alpha-2 code: `KE`.
    pub alpha2: &'static str,
    /// The alpha-3 code: `KEN`.
    pub alpha3: &'static str,
    /// The numeric code, three digits: `404`.
    pub number: &'static str,
    /// The English short name of the standard.
    pub name: &'static str,
    /// The Chinese short name, as the Foreign Ministry and customs statistics use it.
    pub name_zh: &'static str,
}

static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let lines = include_str!("countries.tsv").lines().skip(1);
    lines
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next();
            Some(Country {
                alpha2: cell()?,
                alpha3: cell()?,
                number: cell()?,
                name: cell()?,
                name_zh: cell()?,
            })
        })
        .collect()
});

/// The country with this alpha-2, alpha-3 or numeric code (upper case), if ISO 3166-1 has it.
///
/// ```
/// use qingfeng_rules::countries::country;
///
/// let kenya = country("KE").unwrap();
/// assert_eq!((kenya.name, kenya.name_zh), ("Kenya", "肯尼亚"));
/// assert_eq!(country("KEN"), Some(kenya));
/// assert_eq!(country("404"), Some(kenya));
/// assert_eq!(country("XX"), None);
/// ```
pub fn country(code: &str) -> Option<&'static Country> {
    let all = countries();
    match code.len() {
        2 => all.binary_search_by(|country| country.alpha2.cmp(code)).ok().map(|index| &all[index]),
        3 if code.as_bytes()[0].is_ascii_digit() => all.iter().find(|country| country.number == code),
        3 => all.iter().find(|country| country.alpha3 == code),
        _ => None,
    }
}

/// All countries, in the order of their alpha-2 codes.
pub fn countries() -> &'static [Country] {
    &COUNTRIES
}

#[cfg(test)]
mod tests;
