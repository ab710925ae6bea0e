//! Ports, procurement markets and producing districts, and which of them belong together.

use std::sync::LazyLock;

use serde::Deserialize;

use qingfeng_rules::codes;

use super::data::{list, named, number, rows};
use super::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PortKind {
    Sea,
    Air,
    Border,
    /// A railway station inland, from which sealed trains leave.
    Inland,
}

#[derive(Debug)]
pub(super) struct Port {
    /// The customs office that handles it, as the declaration names it.
    pub(super) code: &'static str,
    pub(super) kind: PortKind,
    weight: u32,
    /// Provinces whose goods leave here.
    pub(super) provinces: Box<[u8]>,
    /// Countries on the other side of a border crossing.
    pub(super) neighbours: Box<[&'static str]>,
    /// How goods cross the border here: 3 rail, 4 road.
    pub(super) crossing: Box<[&'static str]>,
}

/// The nine sea ports of the campaign, some by two offices, two more ports, airports, and border crossings.
pub(super) static PORTS: LazyLock<Vec<Port>> = LazyLock::new(|| {
    let port = |[code, kind, provinces, neighbours, crossing, weight]: [&'static str; 6]| Port {
        code,
        kind: named(kind),
        weight: number(weight),
        provinces: list(provinces).map(number).collect(),
        neighbours: list(neighbours).collect(),
        crossing: list(crossing).collect(),
    };
    rows(include_str!("data/ports.tsv")).map(port).collect()
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
    /// The customs office beside it, where most of its goods are declared.
    pub(super) office: &'static str,
    /// The district that it lies in.
    pub(super) district: u32,
    /// Indices of [`PORTS`].
    pub(super) ports: Box<[u8]>,
}

pub(super) static MARKETS: LazyLock<Vec<Market>> = LazyLock::new(|| {
    let port =
        |code: &str| PORTS.iter().position(|port| port.code == code).expect("a port of the table") as u8;
    let market = |[code, weight, office, district, ports]: [&'static str; 5]| Market {
        code,
        weight: number(weight),
        office,
        district: number(district),
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

/// Whether a district is a city or county, not a zone. All of Hainan is a zone.
fn is_plain(district: u32) -> bool {
    district % 10 == if district / 1_000 == 46 { 1 } else { 9 }
}

/// The plain districts of each province in the code list.
static DISTRICTS: LazyLock<Vec<(u8, Vec<u32>)>> = LazyLock::new(|| {
    let mut provinces: Vec<(u8, Vec<u32>)> = Vec::new();
    let entries = codes::table("district").into_iter().flat_map(|table| table.entries());
    for code in entries.filter_map(|entry| entry.code.parse().ok()).filter(|&code: &u32| is_plain(code)) {
        let province = (code / 1_000) as u8;
        match provinces.last_mut().filter(|(last, _)| *last == province) {
            Some((_, districts)) => districts.push(code),
            None => provinces.push((province, vec![code])),
        }
    }
    provinces
});

/// A district of the province, as five digits: mostly its first cities.
pub(super) fn draw_district(province: u8, random: &mut Random) -> u32 {
    let reach = random.between(1, 18);
    let at = random.below(reach) as usize;
    let districts = DISTRICTS.iter().find(|(known, _)| *known == province).map(|(_, districts)| districts);
    let districts = districts.expect("every province has districts");
    districts[at % districts.len()]
}

#[cfg(test)]
mod tests;
