//! The goods that are traded, those of the campaign's groups and ordinary ones: their family in the campaign, codes,
//! names, price, mass, and where they are made.
//!
//! Codes and names of an entry belong together in their order. Where an edition of the Harmonized System put goods
//! elsewhere, the code is followed by the year and the new code: electric motorcycles were 8711.90 until 2016, glazed tiles
//! 6908, mobile phones 8517.12 until 2021.

use std::sync::LazyLock;

use qingfeng_rules::Date;
use serde::Deserialize;

use super::data::{list, named, number, rows};
use super::random::{Random, Weighted};

/// The campaign's groups of goods, and everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Family {
    Luxury,
    Apparel,
    Footwear,
    Bags,
    Phones,
    Motorcycles,
    Diesel,
    Stationery,
    Batteries,
    Toys,
    Appliances,
    Hardware,
    Building,
    Ordinary,
}

impl Family {
    /// Whether the goods travel with a certificate.
    pub(super) fn is_certified(self) -> bool {
        matches!(self, Self::Batteries | Self::Toys | Self::Appliances)
    }

    /// How often these goods violate, in tenths of the average.
    pub(super) fn hazard_tenths(self) -> u32 {
        match self {
            Self::Luxury => 30,
            Self::Apparel | Self::Footwear | Self::Bags => 24,
            Self::Phones | Self::Motorcycles => 20,
            Self::Batteries | Self::Toys | Self::Appliances => 18,
            Self::Diesel | Self::Stationery => 15,
            Self::Hardware | Self::Building => 12,
            Self::Ordinary => 4,
        }
    }
}

/// Unit of the declared quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Unit {
    #[serde(rename = "PCS")]
    Piece,
    #[serde(rename = "011")]
    Article,
    #[serde(rename = "012")]
    Stick,
    #[serde(rename = "001")]
    Machine,
    #[serde(rename = "PR")]
    Pair,
    #[serde(rename = "KG")]
    Kilogram,
}

impl Unit {
    /// Its code in the list of units.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Piece => "PCS",
            Self::Article => "011",
            Self::Stick => "012",
            Self::Machine => "001",
            Self::Pair => "PR",
            Self::Kilogram => "KG",
        }
    }
}

/// The ten digits of goods, edition by edition.
#[derive(Debug)]
pub(super) struct Codes(Box<[(i64, &'static str)]>);

impl Codes {
    /// `CODE` or `CODE,YEAR:CODE`: the code of the earliest edition, and those of later ones with the years they begin in.
    fn read(cell: &'static str) -> Self {
        let edition = |text: &'static str| match text.split_once(':') {
            Some((year, code)) => (number(year), code),
            None => (0, text),
        };
        Self(cell.split(',').map(edition).collect())
    }

    /// The code that the tariff of a day has.
    pub(super) fn on(&self, day: Date) -> &'static str {
        let year = day.year();
        self.0.iter().rfind(|(from, _)| *from <= year).map_or("", |&(_, code)| code)
    }
}

#[derive(Debug)]
pub(super) struct Goods {
    pub(super) family: Family,
    /// How often the goods are traded, among all.
    pub(super) weight: u32,
    pub(super) hs: Box<[Codes]>,
    pub(super) english: Box<[&'static str]>,
    pub(super) chinese: Box<[&'static str]>,
    pub(super) unit: Unit,
    /// Thousandths of a US dollar a unit, so that a screw has a price.
    pub(super) price_mills: u32,
    pub(super) unit_grams: u32,
    /// Units in a middling lot of general trade.
    pub(super) lot: u32,
    /// First two digits of the districts that make the goods, the main one first.
    pub(super) provinces: Box<[u8]>,
}

/// All goods: those of the campaign's groups, then the ordinary ones, which are most of the trade.
pub(super) static GOODS: LazyLock<Vec<Goods>> = LazyLock::new(|| {
    let goods = |[family, weight, hs, english, chinese, unit, price, grams, lot, provinces]: [&'static str;
                     10]| Goods {
        family: named(family),
        weight: number(weight),
        hs: list(hs).map(Codes::read).collect(),
        english: list(english).collect(),
        chinese: list(chinese).collect(),
        unit: named(unit),
        price_mills: number(price),
        unit_grams: number(grams),
        lot: number(lot),
        provinces: list(provinces).map(number).collect(),
    };
    rows(include_str!("data/goods.tsv")).map(goods).collect()
});

/// How an exporter trades; it decides modes, places, sizes of lots, and the choice of goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trade {
    General,
    /// Market procurement.
    Market,
    /// Cross-border e-commerce, retail.
    Parcel,
    Processing,
    /// Small-scale border trade of companies.
    Border,
    /// Trade of border residents.
    Residents,
    /// Cross-border e-commerce between businesses; before that, what visitors bought and had sent home.
    Platform,
}

impl Trade {
    pub(super) const ALL: [Self; 7] = [
        Self::General,
        Self::Market,
        Self::Parcel,
        Self::Processing,
        Self::Border,
        Self::Residents,
        Self::Platform,
    ];

    /// How much of these goods is traded this way, in percent of what general trade does.
    fn affinity_percent(self, goods: &Goods) -> u32 {
        use Family::{
            Apparel, Appliances, Bags, Batteries, Building, Diesel, Footwear, Hardware, Luxury, Motorcycles,
            Ordinary, Phones, Stationery, Toys,
        };
        // A car is neither sold on a market nor sent in a parcel.
        let cheap = goods.price_mills <= 1_000_000;
        match self {
            Self::General => 100,
            Self::Market | Self::Parcel | Self::Platform | Self::Residents if !cheap => 0,
            Self::Market => match goods.family {
                Ordinary => 55,
                Apparel | Footwear | Bags | Stationery | Toys | Hardware => 250,
                Luxury | Appliances | Phones | Batteries => 160,
                Building => 120,
                Motorcycles | Diesel => 60,
            },
            Self::Parcel => match goods.family {
                Phones | Apparel | Luxury | Bags | Footwear | Toys => 400,
                Appliances | Batteries | Stationery => 150,
                _ if goods.unit == Unit::Kilogram || goods.unit_grams > 4_000 => 0,
                _ => 100,
            },
            Self::Processing => match goods.family {
                Apparel | Footwear | Phones | Ordinary => 100,
                _ => 50,
            },
            Self::Border | Self::Residents => match goods.family {
                Apparel | Footwear | Motorcycles | Appliances | Building => 220,
                _ => 90,
            },
            Self::Platform => match goods.family {
                _ if goods.unit == Unit::Kilogram => 0,
                Phones | Toys | Appliances | Bags => 250,
                _ => 100,
            },
        }
    }
}

/// The choice among [`GOODS`], a table for each kind of trade.
#[derive(Debug)]
pub(super) struct Catalogue {
    by_trade: [Weighted; 7],
}

impl Catalogue {
    pub(super) fn new() -> Self {
        let by_trade = Trade::ALL.map(|trade| {
            Weighted::new(GOODS.iter().map(|goods| goods.weight * trade.affinity_percent(goods)))
        });
        Self { by_trade }
    }

    pub(super) fn get(&self, index: u16) -> &'static Goods {
        &GOODS[usize::from(index)]
    }

    pub(super) fn draw(&self, trade: Trade, random: &mut Random) -> u16 {
        self.by_trade[trade as usize].draw(random) as u16
    }

    /// Goods of one of these families; the choice belongs to the draw, not to the trade.
    pub(super) fn draw_of(&self, families: &[Family], random: &mut Random) -> u16 {
        let among = |goods: &&Goods| families.contains(&goods.family);
        let count = GOODS.iter().filter(among).count() as u32;
        let chosen = random.below(count) as usize;
        GOODS
            .iter()
            .enumerate()
            .filter(|(_, goods)| among(goods))
            .nth(chosen)
            .map_or(0, |(index, _)| index as u16)
    }
}

#[cfg(test)]
mod tests;
