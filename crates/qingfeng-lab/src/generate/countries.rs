//! Destinations: every country of ISO 3166-1, how much of the trade it takes, and its place in the campaign.

use std::sync::LazyLock;

use serde::Deserialize;

use super::data::{named, number, rows};
use Region::{Africa, Arab, Belt, Focus, Latin, Other};

/// The campaign's region of a country; where several fit, the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Region {
    /// Named by the campaign: Saudi Arabia, UAE, Iran, Iraq, Sudan, Cambodia.
    Focus,
    Africa,
    /// The Arab League and the Middle East.
    Arab,
    /// Latin America and the Caribbean.
    Latin,
    /// The rest of the countries along the Belt and Road.
    Belt,
    Other,
}

#[derive(Debug)]
pub(super) struct Country {
    pub(super) code: &'static str,
    pub(super) region: Region,
    /// A country that goods for this landlocked one pass through.
    pub(super) transit: Option<&'static str>,
    /// Share of general trade, in no particular unit.
    weight: u32,
}

impl Country {
    pub(super) fn general_weight(&self) -> u32 {
        self.weight
    }

    /// Procurement markets sell to Africa, the Arab states and Latin America above all.
    pub(super) fn market_weight(&self) -> u32 {
        self.weight
            * match self.region {
                Focus => 14,
                Africa => 12,
                Arab => 9,
                Latin => 7,
                Belt => 3,
                Other => 1,
            }
    }

    /// Small parcels go where people order over the net.
    pub(super) fn parcel_weight(&self) -> u32 {
        match self.code {
            "RU" | "BR" | "ES" | "FR" | "GB" | "UA" | "BY" => self.weight * 7,
            _ if self.region == Other => self.weight * 3,
            _ => self.weight,
        }
    }
}

/// All of them, in the order of their codes.
pub(super) static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let country = |[code, region, transit, weight]: [&'static str; 4]| Country {
        code,
        region: named(region),
        transit: (!transit.is_empty()).then_some(transit),
        weight: number(weight),
    };
    rows(include_str!("data/countries.tsv")).map(country).collect()
});

/// The index in [`COUNTRIES`] of a code that is known to be there.
pub(super) fn index(code: &str) -> u16 {
    COUNTRIES.binary_search_by(|country| country.code.cmp(code)).unwrap_or_default() as u16
}

#[cfg(test)]
mod tests;
