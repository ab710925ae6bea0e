//! The countries of ISO 3166-1, with their names in English and Chinese.
//!
//! Inside Qingfeng a country is its alpha-2 code. Files may use the alpha-3 code, and numbers where it is said which list
//! they are from: that of ISO 3166-1, or the one that Chinese declarations had until August 2018.

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

/// A list of countries' numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Numbers {
    /// ISO 3166-1: 404 is Kenya.
    Iso,
    /// China Customs until August 2018: 404 is the Bahamas.
    Gac,
}

/// The list of the country codes of Chinese declarations before August 2018, compared line by line with a copy in public
/// declaration software. Left out is what stands for no country of ISO 3166-1 today: the Canaries, Ceuta and Melilla, Saint
/// Martin, the former Netherlands Antilles, Serbia and Montenegro, and the groups of other and unknown countries. The island
/// groups of French Polynesia count as it.
static GAC: LazyLock<Vec<(u16, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("countries-gac.tsv").lines().skip(1);
    lines
        .filter_map(|line| {
            let (number, alpha2) = line.split_once('\t')?;
            Some((number.parse().ok()?, alpha2))
        })
        .collect()
});

impl Numbers {
    /// The list's name in packs and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iso => "iso",
            Self::Gac => "gac",
        }
    }

    /// The country with this number, which may lack zeros in front.
    ///
    /// ```
    /// use qingfeng_rules::countries::Numbers;
    ///
    /// let of = |list: Numbers, number| list.country(number).map(|country| country.alpha2);
    /// assert_eq!((of(Numbers::Iso, 404), of(Numbers::Gac, 404)), (Some("KE"), Some("BS")));
    /// assert_eq!((of(Numbers::Iso, 24), of(Numbers::Gac, 24)), (Some("AO"), None));
    /// ```
    pub fn country(self, number: u16) -> Option<&'static Country> {
        match self {
            Self::Iso => countries().iter().find(|country| country.number.parse() == Ok(number)),
            Self::Gac => {
                let at = GAC.binary_search_by_key(&number, |&(known, _)| known).ok()?;
                country(GAC[at].1)
            }
        }
    }
}

/// The number that a code of digits writes, if it has three digits at most.
pub fn number_of(code: &str) -> Option<u16> {
    let is_number = (1..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { code.parse().ok() } else { None }
}

/// Other names of countries: those of the customs' own list until August 2018 that differ, and short and long forms in use.
static ALSO: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    include_str!("countries-also.tsv").lines().skip(1).filter_map(|line| line.split_once('\t')).collect()
});

/// The country with this name, in English or Chinese; case does not matter.
pub fn country_named(name: &str) -> Option<&'static Country> {
    let named = |country: &&Country| country.name.eq_ignore_ascii_case(name) || country.name_zh == name;
    let also = || {
        ALSO.iter().find(|(also, _)| also.eq_ignore_ascii_case(name)).and_then(|(_, alpha2)| country(alpha2))
    };
    countries().iter().find(named).or_else(also)
}

/// All countries, in the order of their alpha-2 codes.
pub fn countries() -> &'static [Country] {
    &COUNTRIES
}

#[cfg(test)]
mod tests;
