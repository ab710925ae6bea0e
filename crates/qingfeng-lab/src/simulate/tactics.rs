//! What exporters who adapt do to a consignment before they declare it.
//!
//! The truth moves with the goods: nothing that violates appears or is lost, whatever is written on the declaration.

use serde::Serialize;

use super::consignment::{Consignment, Line, LineTruth, column};
use super::exporters::ObservedRates;
use crate::generate::disguise::{SeededRandom, lately_registered, other_markets, other_ports, respelt};
use qingfeng_rules::Date;

/// A way to be inspected less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tactic {
    /// Another port, airport or crossing of the same kind, or another market: of two candidates the one where less
    /// was inspected lately.
    Port,
    /// Another trade mode: market procurement as general trade, parcels or what visitors bought; general trade as what
    /// visitors bought or as market procurement; and so on.
    Mode,
    /// The brand spelt otherwise on lines that violate, with letters that look alike or blanks between, or left out.
    Brand,
    /// The consignment split into two to five declarations, each well under what it was.
    Split,
    /// In the name of a firm registered within the last five weeks.
    Name,
}

/// Consignments of less are not worth splitting, in cents of a US dollar.
const SPLIT_FROM_CENTS: i64 = 50_000;

impl Tactic {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Port, Self::Mode, Self::Brand, Self::Split, Self::Name];

    /// Its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Mode => "mode",
            Self::Brand => "brand",
            Self::Split => "split",
            Self::Name => "name",
        }
    }

    /// Whether a consignment can be declared in this way.
    pub(super) fn fits(self, consignment: &Consignment) -> bool {
        let header = |column| consignment.header(column);
        match self {
            Self::Port if is_market(consignment) => true,
            Self::Port => header(column::PORT).is_some_and(|port| !other_ports(port).is_empty()),
            Self::Mode => header(column::MODE).is_some_and(|mode| !other_modes(mode).is_empty()),
            Self::Brand => consignment.lines.iter().any(is_branded_violation),
            Self::Split => {
                let value = consignment.lines.iter().filter_map(|line| line.hundredths(column::VALUE));
                value.sum::<i64>() >= SPLIT_FROM_CENTS
                    && consignment.lines.iter().any(|line| pieces(line).is_none_or(|pieces| pieces > 1))
            }
            Self::Name => header(column::EXPORTER).is_some(),
        }
    }

    /// The declarations that are lodged instead; `way` decides how, the same for as long as an exporter keeps to it.
    /// Their numbers begin at `number` and count on.
    pub(super) fn declare(
        self,
        consignment: &Consignment,
        way: u64,
        day: Date,
        observed: &ObservedRates,
        number: &mut u64,
    ) -> Vec<Consignment> {
        let mut random = SeededRandom::new(way, 1);
        let mut other = consignment.clone();
        let mut lodged = match self {
            Self::Port => {
                elsewhere(&mut other, observed, &mut random);
                vec![other]
            }
            Self::Mode => {
                let modes = other_modes(other.header(column::MODE).unwrap_or_default());
                if let Some(mode) = random.pick(modes) {
                    other.set_header(column::MODE, Some(mode));
                    if mode != "1039" && other.header(column::PLACE).is_some() {
                        other.set_header(column::PLACE, None);
                        other.set_header(column::SITE_KIND, Some("PORT"));
                    }
                }
                vec![other]
            }
            Self::Brand => {
                for line in other.lines.iter_mut().filter(|line| is_branded_violation(line)) {
                    let brand = line.text(column::BRAND).and_then(|brand| respelt(brand, &mut random));
                    if brand.is_none() {
                        line.set_text(column::BRAND_KIND, Some("NONE".to_owned()));
                    }
                    line.set_text(column::BRAND, brand);
                }
                vec![other]
            }
            Self::Split => split(&other, 2 + random.below(4) as usize),
            Self::Name => {
                let shell = lately_registered(day, &mut random);
                other.set_header(column::EXPORTER, Some(&shell));
                vec![other]
            }
        };
        for declaration in &mut lodged {
            renumber(declaration, *number);
            *number += 1;
        }
        lodged
    }
}

fn is_market(consignment: &Consignment) -> bool {
    consignment.header(column::PLACE).is_some()
}

fn is_branded_violation(line: &Line) -> bool {
    line.truth.violation.is_some() && line.text(column::BRAND).is_some()
}

/// The modes under which goods of a mode can be declared instead, in 2016.
fn other_modes(mode: &str) -> &'static [&'static str] {
    match mode {
        "1039" => &["0110", "0139", "9610"],
        "0110" | "3010" | "3422" | "3339" | "2700" => &["0139", "1039"],
        "9610" | "1210" => &["0139", "0110"],
        "0139" | "0615" | "0214" | "0715" | "4019" => &["0110"],
        "BORDER-RESIDENTS" => &["4019"],
        _ => &[],
    }
}

/// Sends goods by another port, or has them bought at another market.
fn elsewhere(consignment: &mut Consignment, observed: &ObservedRates, random: &mut SeededRandom) {
    if let Some(market) = consignment.header(column::PLACE) {
        let others = other_markets(market);
        if let (Some(one), Some(two)) = (random.pick(&others), random.pick(&others)) {
            let market = if observed.share(two.code) < observed.share(one.code) { two } else { one };
            consignment.set_header(column::PLACE, Some(market.code));
            consignment.set_header(column::PORT, Some(market.port));
            consignment.set_header(column::OFFICE, Some(market.office));
        }
        return;
    }
    let others = consignment.header(column::PORT).map(other_ports).unwrap_or_default();
    if let (Some(one), Some(two)) = (random.pick(&others), random.pick(&others)) {
        let port = if observed.share(two) < observed.share(one) { two } else { one };
        consignment.set_header(column::PORT, Some(port));
        consignment.set_header(column::OFFICE, Some(port));
    }
}

/// The declared pieces.
fn pieces(line: &Line) -> Option<i64> {
    line.hundredths(column::QUANTITY).map(|quantity| quantity / 100)
}

/// How much of a whole falls to part `at` of `parts`: whole numbers that add up to it.
fn part(whole: i64, at: i64, parts: i64) -> i64 {
    let upto = |end: i64| (i128::from(whole) * i128::from(end) / i128::from(parts.max(1))) as i64;
    upto(at + 1) - upto(at)
}

/// Splits a consignment into at most so many, each with a part of each line's goods. Pieces stay whole: a line of two
/// pieces is in two parts. What is declared, and what violates, adds up to what it was.
fn split(consignment: &Consignment, parts: usize) -> Vec<Consignment> {
    let mut split: Vec<Consignment> = vec![Consignment { lines: Vec::new() }; parts];
    for line in &consignment.lines {
        let parts = match pieces(line) {
            Some(pieces) => pieces.clamp(1, parts as i64),
            None => parts as i64,
        };
        let mut is_fined = false;
        let mut pieces_before = 0;
        for (at, consignment) in split.iter_mut().enumerate().take(parts as usize) {
            let at = at as i64;
            let mut piece = line.clone();
            for column in [column::QUANTITY, column::PACKAGES] {
                let whole = line.hundredths(column).map(|amount| amount / 100);
                piece.set_hundredths(column, whole.map(|whole| part(whole, at, parts) * 100));
            }
            for column in [column::NET, column::GROSS, column::VALUE] {
                piece.set_hundredths(column, line.hundredths(column).map(|whole| part(whole, at, parts)));
            }
            let truth = line.truth;
            let violating = part(truth.pieces, at, parts);
            piece.truth = LineTruth::default();
            if violating > 0 {
                // Value goes with the pieces, so that a part without any has none.
                let upto = |pieces: i64| {
                    (i128::from(truth.value_cents) * i128::from(pieces) / i128::from(truth.pieces)) as i64
                };
                piece.truth = LineTruth {
                    violation: truth.violation,
                    pieces: violating,
                    value_cents: upto(pieces_before + violating) - upto(pieces_before),
                    fine: if is_fined { 0 } else { truth.fine },
                    major_case: truth.major_case && !is_fined,
                };
                is_fined = true;
                pieces_before += violating;
            }
            consignment.lines.push(piece);
        }
    }
    split.retain(|consignment| !consignment.lines.is_empty());
    split
}

/// Gives a declaration a number of its own, of the office where it is made, and its lines theirs.
fn renumber(declaration: &mut Consignment, number: u64) {
    let office = declaration.header(column::OFFICE).unwrap_or("0000");
    let former = declaration.header(column::ID).unwrap_or_default();
    let year = former.get(4..8).unwrap_or("2016");
    // Serial numbers of the generator do not come near nine hundred million.
    let id = format!("{office}{year}{:010}", 900_000_000 + number % 100_000_000);
    declaration.set_header(column::ID, Some(&id));
    for (line, item) in declaration.lines.iter_mut().zip(1..) {
        line.set_whole(column::ITEM_NO, item);
    }
}

#[cfg(test)]
mod tests;
