//! Ports, procurement markets and producing districts, and which of them belong together.

use std::sync::LazyLock;

use serde::Deserialize;

use super::data::{list, named, number, rows};
use super::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PortKind {
    Sea,
    Air,
    Border,
}

#[derive(Debug)]
pub(super) struct Port {
    /// UN/LOCODE.
    pub(super) code: &'static str,
    /// Index of the customs district in [`DISTRICTS`].
    pub(super) district: u8,
    pub(super) kind: PortKind,
    weight: u32,
    /// Provinces whose goods leave here.
    pub(super) provinces: Box<[u8]>,
    /// Countries on the other side of a border crossing.
    pub(super) neighbours: Box<[&'static str]>,
    /// How goods cross the border here: 3 rail, 4 road.
    pub(super) crossing: Box<[&'static str]>,
}

const PORTS_TABLE: &str = include_str!("data/ports.tsv");

/// Codes of the customs districts in which the ports lie, in the order of their first ports; they open the
/// declarations' numbers.
pub(super) static DISTRICTS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut districts = Vec::new();
    for [_, district, ..] in rows::<7>(PORTS_TABLE) {
        if !districts.contains(&district) {
            districts.push(district);
        }
    }
    districts
});

/// The nine sea ports of the campaign, two more, airports, and border crossings.
pub(super) static PORTS: LazyLock<Vec<Port>> = LazyLock::new(|| {
    let port = |[code, district, kind, provinces, neighbours, crossing, weight]: [&'static str; 7]| Port {
        code,
        district: DISTRICTS.iter().position(|known| *known == district).unwrap_or_default() as u8,
        kind: named(kind),
        weight: number(weight),
        provinces: list(provinces).map(number).collect(),
        neighbours: list(neighbours).collect(),
        crossing: list(crossing).collect(),
    };
    rows(PORTS_TABLE).map(port).collect()
});

/// A port of a kind, by preference one that serves the province.
pub(super) fn draw_port(kind: PortKind, province: u8, random: &mut Random) -> u8 {
    let weight = |port: &Port| match port.provinces.contains(&province) {
        _ if port.kind != kind => 0,
        true => port.weight * 12,
        false => port.weight,
    };
    let weights: Vec<u32> = PORTS.iter().map(weight).collect();
    random.weighted(&weights) as u8
}

/// A market where goods are bought for export under market procurement.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) code: &'static str,
    weight: u32,
    /// Indices of [`PORTS`].
    pub(super) ports: Box<[u8]>,
}

pub(super) static MARKETS: LazyLock<Vec<Market>> = LazyLock::new(|| {
    let port =
        |code: &str| PORTS.iter().position(|port| port.code == code).expect("a port of the table") as u8;
    let market = |[code, weight, ports]: [&'static str; 3]| Market {
        code,
        weight: number(weight),
        ports: list(ports).map(port).collect(),
    };
    rows(include_str!("data/markets.tsv")).map(market).collect()
});

/// A market and the port its goods leave by.
pub(super) fn draw_market(random: &mut Random) -> (u8, u8) {
    let weights: Vec<u32> = MARKETS.iter().map(|market| market.weight).collect();
    let market = random.weighted(&weights);
    (market as u8, random.pick(&MARKETS[market].ports))
}

/// Provinces that make little for export.
const REMOTE: [u8; 9] = [54, 63, 64, 62, 46, 15, 52, 22, 14];

/// A province that is not known for making what `makers` make.
pub(super) fn unlikely_province(makers: &[u8], random: &mut Random) -> u8 {
    let start = random.below(REMOTE.len() as u32) as usize;
    let mut candidates = REMOTE[start..].iter().chain(&REMOTE[..start]);
    candidates.find(|province| !makers.contains(province)).copied().unwrap_or(REMOTE[0])
}

/// A district of the province, as five digits: mostly its first cities.
pub(super) fn draw_district(province: u8, random: &mut Random) -> u32 {
    let cities = random.between(1, 18);
    let city = random.between(1, cities);
    u32::from(province) * 1_000 + city * 10 + 9
}

#[cfg(test)]
mod tests;
