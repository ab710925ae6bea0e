//! Ports, procurement markets and producing districts, and which of them belong together.

use super::random::Random;

/// Codes of the customs districts in which the ports lie; they open the declarations' numbers.
pub(super) const DISTRICTS: [&str; 16] = [
    "0900", "0200", "4200", "2200", "3100", "5200", "5100", "5300", "3700", "2300", "4600", "8000", "8600",
    "7200", "0600", "9400",
];
/// Districts of the border with Russia and Mongolia, after [`DISTRICTS`].
pub(super) const NORTHERN_DISTRICTS: [&str; 2] = ["1900", "0700"];
pub(super) const DISTRICT_COUNT: usize = DISTRICTS.len() + NORTHERN_DISTRICTS.len();

pub(super) fn district_code(district: u8) -> &'static str {
    let at = usize::from(district);
    if at < DISTRICTS.len() { DISTRICTS[at] } else { NORTHERN_DISTRICTS[at - DISTRICTS.len()] }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortKind {
    Sea,
    Air,
    Border,
}

#[derive(Debug)]
pub(super) struct Port {
    /// UN/LOCODE.
    pub(super) code: &'static str,
    /// Index of the customs district, for [`district_code`].
    pub(super) district: u8,
    pub(super) kind: PortKind,
    weight: u32,
    /// Provinces whose goods leave here.
    pub(super) provinces: &'static [u8],
    /// Countries on the other side of a border crossing.
    pub(super) neighbours: &'static [&'static str],
    /// How goods cross the border here: 3 rail, 4 road.
    pub(super) crossing: &'static [&'static str],
}

const fn sea(code: &'static str, district: u8, weight: u32, provinces: &'static [u8]) -> Port {
    Port { code, district, kind: PortKind::Sea, weight, provinces, neighbours: &[], crossing: &[] }
}

const fn air(code: &'static str, district: u8, weight: u32, provinces: &'static [u8]) -> Port {
    Port { code, district, kind: PortKind::Air, weight, provinces, neighbours: &[], crossing: &[] }
}

/// The nine sea ports of the campaign, two more, airports, and border crossings.
pub(super) const PORTS: &[Port] = &[
    sea("CNDLC", 0, 10, &[21, 22, 23]),
    sea("CNTSN", 1, 16, &[12, 13, 11, 15, 14, 41]),
    sea("CNTAO", 2, 18, &[37, 41, 61, 13]),
    sea("CNSHA", 3, 30, &[31, 32, 33, 34, 42, 43, 36, 50, 51]),
    sea("CNNGB", 4, 28, &[33, 36, 34]),
    sea("CNHUA", 5, 10, &[44, 43]),
    sea("CNNSA", 6, 14, &[44, 45, 43]),
    sea("CNSHK", 7, 14, &[44, 43, 50]),
    sea("CNYTN", 7, 22, &[44, 43, 36]),
    sea("CNXMN", 8, 14, &[35, 36]),
    sea("CNLYG", 9, 6, &[32, 41, 61]),
    air("CNPVG", 3, 30, &[31, 32, 33, 34, 42]),
    air("CNCAN", 6, 40, &[44, 35, 43, 36]),
    air("CNCGO", 10, 16, &[41, 37, 13, 12, 61]),
    air("CNCKG", 11, 12, &[50, 51, 53]),
    border("CNRLI", 12, 24, &["MM"], &["4"]),
    border("CNMHN", 12, 14, &["LA"], &["4"]),
    border("CNPXG", 13, 26, &["VN"], &["4", "4", "3"]),
    border("CNMZL", 14, 16, &["RU"], &["3", "3", "4"]),
    border("CNKHG", 15, 24, &["KZ", "KG", "UZ", "TJ"], &["4", "4", "3"]),
    border("CNHEK", 16, 6, &["RU"], &["4"]),
    border("CNSFE", 16, 9, &["RU"], &["3", "4"]),
    border("CNERC", 17, 7, &["MN", "RU"], &["3", "4"]),
];

const fn border(
    code: &'static str,
    district: u8,
    weight: u32,
    neighbours: &'static [&'static str],
    crossing: &'static [&'static str],
) -> Port {
    Port { code, district, kind: PortKind::Border, weight, provinces: &[], neighbours, crossing }
}

/// A port of a kind, by preference one that serves the province.
pub(super) fn draw_port(kind: PortKind, province: u8, random: &mut Random) -> u8 {
    let mut weights = [0; PORTS.len()];
    for (weight, port) in weights.iter_mut().zip(PORTS) {
        if port.kind == kind {
            *weight = port.weight * if port.provinces.contains(&province) { 12 } else { 1 };
        }
    }
    random.weighted(&weights) as u8
}

/// A market where goods are bought for export under market procurement.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) code: &'static str,
    weight: u32,
    /// Indices of [`PORTS`].
    pub(super) ports: &'static [u8],
}

/// Index of Khorgas in [`PORTS`].
const KHORGAS: u8 = 19;

pub(super) const MARKETS: [Market; 5] = [
    Market { code: "YIWU", weight: 58, ports: &[4, 4, 4, 3] },
    Market { code: "GUANGZHOU", weight: 19, ports: &[6, 6, 5] },
    Market { code: "SHENZHEN", weight: 8, ports: &[8, 7] },
    Market { code: "LINYI", weight: 9, ports: &[2] },
    Market { code: "XINJIANG", weight: 6, ports: &[KHORGAS] },
];

/// A market and the port its goods leave by.
pub(super) fn draw_market(random: &mut Random) -> (u8, u8) {
    let market = random.weighted(&MARKETS.each_ref().map(|market| market.weight));
    (market as u8, random.pick(MARKETS[market].ports))
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
mod tests {
    use super::*;

    #[test]
    fn indices_point_where_they_should() {
        assert_eq!(PORTS[usize::from(KHORGAS)].code, "CNKHG");
        assert_eq!(PORTS[4].code, "CNNGB");
        for port in PORTS {
            assert!(usize::from(port.district) < DISTRICT_COUNT);
            assert_eq!(port.kind == PortKind::Border, !port.neighbours.is_empty());
        }
        assert!(MARKETS.iter().flat_map(|market| market.ports).all(|&port| usize::from(port) < PORTS.len()));
    }

    #[test]
    fn unlikely_provinces_make_something_else() {
        let mut random = Random::new(1, 1);
        for _ in 0..100 {
            assert_ne!(unlikely_province(&[54, 63], &mut random), 54);
        }
    }
}
