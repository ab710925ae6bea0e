//! What exporters of a simulation know of the synthetic trade: where else goods could leave, how else a brand can be spelt,
//! which firm was registered lately.

use qingfeng_rules::Date;

use super::brands::write_look_alike;
use super::calendar::day_of_year;
use super::places::{MARKETS, PORTS, PortKind};
use super::random::{self, Random};
use super::traders::{ESTABLISHED, registered};

/// Draws that follow from a seed, the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct SeededRandom(Random);

impl SeededRandom {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(Random::new(seed, stream))
    }

    /// A number below `n`, 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        self.0.below(n)
    }

    /// True in `parts` of a million draws.
    pub(crate) fn chance(&mut self, parts: u32) -> bool {
        self.0.chance(parts)
    }

    /// One of `choices`, if there is one.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        choices.get(self.below(choices.len() as u32) as usize).copied()
    }

    /// A number of 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        (u64::from(self.below(1 << 31)) << 33)
            ^ (u64::from(self.below(1 << 31)) << 11)
            ^ u64::from(self.below(1 << 11))
    }
}

/// Scrambles a number so that neighbours have nothing in common.
pub(crate) fn mix(value: u64) -> u64 {
    random::mix(value)
}

/// A number below `n` that belongs to `key` for good.
pub(crate) fn pinned(key: u64, n: u32) -> u32 {
    random::pinned(key, n)
}

/// The ports through which goods could leave instead: sea ports for a sea port, airports for an airport, crossings to
/// the same neighbour for a crossing.
pub(crate) fn other_ports(port: &str) -> Vec<&'static str> {
    let Some(own) = PORTS.iter().find(|known| known.code == port) else { return Vec::new() };
    let serves = |other: &&super::places::Port| {
        other.code != own.code
            && other.kind == own.kind
            && (own.kind != PortKind::Border
                || other.neighbours.iter().any(|land| own.neighbours.contains(land)))
    };
    PORTS.iter().filter(serves).map(|other| other.code).collect()
}

/// A market where goods could be bought instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OtherMarket {
    pub(crate) code: &'static str,
    /// The office beside it.
    pub(crate) office: &'static str,
    /// The port by which its goods leave.
    pub(crate) port: &'static str,
}

/// The markets where goods could be bought instead.
pub(crate) fn other_markets(market: &str) -> Vec<OtherMarket> {
    let others = MARKETS.iter().filter(|other| other.code != market);
    let other = |other: &super::places::Market| {
        let port = PORTS[usize::from(*other.ports.first()?)].code;
        Some(OtherMarket { code: other.code, office: other.office, port })
    };
    others.filter_map(other).collect()
}

/// Letters that look like others in print.
const TWINS: [(char, char); 8] =
    [('A', 'А'), ('E', 'Е'), ('O', 'О'), ('P', 'Р'), ('C', 'С'), ('T', 'Т'), ('H', 'Н'), ('X', 'Х')];

/// A brand as somebody spells it who does not want it read by a machine; `None` leaves it out.
pub(crate) fn respelt(brand: &str, random: &mut SeededRandom) -> Option<String> {
    let mut other = String::new();
    match random.below(4) {
        0 => return None,
        // Letters of another alphabet that print alike.
        1 => other.extend(brand.chars().map(|letter| {
            let twin = TWINS.iter().find(|(latin, _)| latin.eq_ignore_ascii_case(&letter));
            twin.map_or(letter, |&(_, twin)| twin)
        })),
        2 => {
            for (at, letter) in brand.chars().filter(|letter| !letter.is_whitespace()).enumerate() {
                other.push_str(if at > 0 { " " } else { "" });
                other.push(letter);
            }
        }
        // The slips of honest clerks take names of plain letters.
        _ if brand.len() > 2 && brand.is_ascii() => write_look_alike(brand, &mut random.0, &mut other),
        _ => {}
    }
    if other == brand || other.is_empty() {
        other = format!("{brand}.");
    }
    Some(other)
}

/// The code of an exporter registered within the five weeks before a day.
pub(crate) fn lately_registered(day: Date, random: &mut SeededRandom) -> String {
    let day = day_of_year(day);
    let last = registered(day).max(ESTABLISHED + 1);
    let first = (registered(day.saturating_sub(35)) + 1).min(last);
    format!("E{:06}", random.0.between(first, last))
}

#[cfg(test)]
mod tests;
