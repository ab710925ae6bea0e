//! Exporters and their habits.
//!
//! A habit is computed from the seed and the exporter's number whenever it is needed, so that nothing grows
//! with the number of exporters or declarations.

use super::brands::{self, INVENTED_COUNT, PROTECTED};
use super::countries::{self, COUNTRIES};
use super::goods::{Catalogue, Family, Trade};
use super::places::{self, PORTS, PortKind};
use super::random::{Random, Weighted, mix};

pub(super) const EXPORTERS: u32 = 50_000;
const PRODUCERS: u32 = 20_000;
const AGENTS: u32 = 3_000;
/// Exporters with higher numbers were registered during the year, in the order of their numbers.
pub(super) const ESTABLISHED: u32 = 46_000;
const NEWCOMERS: u32 = EXPORTERS - ESTABLISHED;
const YEAR_DAYS: u32 = 366;

/// Exporters with such a number have been found before.
pub(super) const EXPORTER_OFFENDER: u32 = 997;
/// Producers with such a number have been found before.
pub(super) const PRODUCER_OFFENDER: u32 = 499;
/// Trusted traders are the exporters with even numbers up to this.
const LAST_TRUSTED: u32 = 90;

/// What an exporter does as a rule.
#[derive(Debug, Clone)]
pub(super) struct Habits {
    pub(super) exporter: u32,
    pub(super) trade: Trade,
    goods: [u16; 3],
    /// Favourite destinations, indices of [`COUNTRIES`].
    destinations: [u16; 4],
    pub(super) port: u8,
    /// Index of [`places::MARKETS`]; of meaning in market procurement only.
    pub(super) market: u8,
    producers: [u32; 2],
    pub(super) agent: u32,
    /// Usual price level, in percent of the goods' price.
    pub(super) price_percent: u32,
    /// Number of the exporter's own, unprotected brand.
    pub(super) own_brand: u32,
    /// How much of the exporter's goods carries a brand.
    pub(super) branded_percent: u32,
    /// The protected brand for which the exporter is authorised.
    pub(super) authorised: Option<u8>,
    /// How much of the goods is named in English; the rest is named in Chinese.
    pub(super) english_percent: u32,
    /// A leaning to violations that no record shows, in tenths.
    pub(super) leaning_tenths: u32,
}

/// Chooses exporters and destinations as often as they trade.
#[derive(Debug)]
pub(super) struct Traders {
    seed: u64,
    exporters: Weighted,
    destinations: [Weighted; 3],
}

impl Traders {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            // Zipf's law, flattened at its head: no one trader is a tenth of a country's trade.
            exporters: Weighted::new((0..EXPORTERS).map(|rank| 20_000_000 / (rank + 40))),
            destinations: [
                Weighted::new(COUNTRIES.iter().map(|country| country.general_weight())),
                Weighted::new(COUNTRIES.iter().map(|country| country.market_weight())),
                Weighted::new(COUNTRIES.iter().map(|country| country.parcel_weight())),
            ],
        }
    }

    /// An exporter that trades on this day of the year, from 0.
    pub(super) fn draw_exporter(&self, day: u32, random: &mut Random) -> u32 {
        // Those found before are few, and busier than their rank.
        if random.chance(2_500) {
            return EXPORTER_OFFENDER * random.between(1, ESTABLISHED / EXPORTER_OFFENDER);
        }
        let number = self.exporters.draw(random) as u32 + 1;
        // Who is not registered yet leaves the trade to an older one.
        if number <= registered(day) { number } else { number - NEWCOMERS }
    }

    /// An exporter registered within the last five weeks.
    pub(super) fn draw_newcomer(&self, day: u32, random: &mut Random) -> u32 {
        let last = registered(day).max(ESTABLISHED + 1);
        let first = registered(day.saturating_sub(35)).max(ESTABLISHED) + 1;
        random.between(first.min(last), last)
    }

    pub(super) fn is_trusted(exporter: u32) -> bool {
        exporter <= LAST_TRUSTED && exporter.is_multiple_of(2)
    }

    pub(super) fn is_newcomer(exporter: u32, day: u32) -> bool {
        exporter > registered(day.saturating_sub(60)).max(ESTABLISHED)
    }

    pub(super) fn habits(&self, exporter: u32, catalogue: &Catalogue) -> Habits {
        let mut draws = Random::new(self.seed, mix(u64::from(exporter)));
        let random = &mut draws;
        let authorised = brands::authorised(exporter);
        let trade = match authorised {
            Some(_) => Trade::General,
            // Those who pass an audit for it are makers, not stalls and parcels.
            None if Self::is_trusted(exporter) => {
                if random.percent(75) {
                    Trade::General
                } else {
                    Trade::Processing
                }
            }
            None => Trade::ALL[random.weighted(&[530, 85, 190, 100, 32, 38, 25])],
        };
        let goods = match authorised {
            Some(brand) => {
                let families = &PROTECTED[usize::from(brand)].families;
                [0; 3].map(|_| catalogue.draw_of(families, random))
            }
            None => draw_goods(trade, catalogue, random),
        };
        let main_province = catalogue.get(goods[0]).provinces[0];
        let mut market = 0;
        let port = match trade {
            Trade::Market => {
                let (place, port) = places::draw_market(random);
                market = place;
                port
            }
            Trade::Parcel => places::draw_port(PortKind::Air, main_province, random),
            Trade::Border | Trade::Residents => places::draw_port(PortKind::Border, main_province, random),
            Trade::General if random.percent(4) => places::draw_port(PortKind::Air, main_province, random),
            _ => places::draw_port(PortKind::Sea, main_province, random),
        };
        let destinations = [0; 4].map(|_| match &*PORTS[usize::from(port)].neighbours {
            // A market in Xinjiang sells across its own border too.
            neighbours if !neighbours.is_empty() => countries::index(random.pick(neighbours)),
            _ => self.draw_destination(trade, random),
        });
        Habits {
            exporter,
            trade,
            goods,
            destinations,
            port,
            market,
            producers: [draw_producer(random), draw_producer(random)],
            agent: skewed(AGENTS, random),
            price_percent: random.between(80, 130),
            own_brand: random.below(INVENTED_COUNT),
            branded_percent: match trade {
                Trade::Market | Trade::Residents => random.between(20, 75),
                _ => random.between(55, 95),
            },
            authorised,
            english_percent: if random.percent(50) { 85 } else { 15 },
            // Whoever is audited for the grade of a trusted trader has no such leaning.
            leaning_tenths: if random.percent(6) && !Self::is_trusted(exporter) { 40 } else { 8 },
        }
    }

    /// A destination of the day: mostly one of the exporter's favourites.
    pub(super) fn destination(&self, habits: &Habits, random: &mut Random) -> u16 {
        match random.below(100) {
            0..=44 => habits.destinations[0],
            45..=66 => habits.destinations[1],
            67..=78 => habits.destinations[2],
            79..=87 => habits.destinations[3],
            _ if PORTS[usize::from(habits.port)].kind == PortKind::Border => habits.destinations[0],
            _ => self.draw_destination(habits.trade, random),
        }
    }

    fn draw_destination(&self, trade: Trade, random: &mut Random) -> u16 {
        let table = match trade {
            Trade::Market => 1,
            Trade::Parcel | Trade::Platform => 2,
            _ => 0,
        };
        self.destinations[table].draw(random) as u16
    }
}

impl Habits {
    /// Goods of a line: mostly the exporter's own kinds, now and then anything.
    pub(super) fn draw_goods(&self, catalogue: &Catalogue, random: &mut Random) -> u16 {
        // Markets consolidate what many stalls sell.
        let usual = if self.trade == Trade::Market { 65 } else { 93 };
        if random.percent(usual) {
            self.goods[random.weighted(&[60, 25, 15])]
        } else {
            catalogue.draw(self.trade, random)
        }
    }

    pub(super) fn draw_producer(&self, random: &mut Random) -> u32 {
        match random.below(100) {
            0..=67 => self.producers[0],
            68..=91 => self.producers[1],
            _ => draw_producer(random),
        }
    }
}

/// The kinds of goods an exporter deals in: two of them akin.
fn draw_goods(trade: Trade, catalogue: &Catalogue, random: &mut Random) -> [u16; 3] {
    let first = catalogue.draw(trade, random);
    let family = catalogue.get(first).family;
    let second = match family {
        Family::Ordinary => catalogue.draw(trade, random),
        family => catalogue.draw_of(&[family], random),
    };
    [first, second, catalogue.draw(trade, random)]
}

/// The highest number registered on this day of the year.
pub(super) fn registered(day: u32) -> u32 {
    ESTABLISHED + NEWCOMERS * day.min(YEAR_DAYS) / YEAR_DAYS
}

fn draw_producer(random: &mut Random) -> u32 {
    if random.chance(5_000) {
        return PRODUCER_OFFENDER * random.between(1, PRODUCERS / PRODUCER_OFFENDER);
    }
    skewed(PRODUCERS, random)
}

/// A number from 1 to `n`, the small ones more often.
fn skewed(n: u32, random: &mut Random) -> u32 {
    let reach = random.between(1, n);
    random.between(1, reach)
}

#[cfg(test)]
mod tests;
