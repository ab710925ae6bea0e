//! Violations: how likely they are, by what they may be told, and what an inspection finds.

use super::countries::Region;
use super::goods::{Family, Trade};
use super::random::{MILLION, Random, WIDE};

/// By what a violation can be told from the declaration or from what is known of its parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    /// A unit price far below the usual one.
    Price,
    /// No brand where there should be one.
    NoBrand,
    /// A brand that looks like a protected one.
    LookAlike,
    /// A protected brand of an exporter without authorisation.
    Unauthorised,
    /// A mass a piece that does not fit the goods.
    Mass,
    /// A goods name that gives it away.
    Wording,
    /// Market procurement split just under the limit of a declaration.
    Split,
    /// An origin district that does not make such goods.
    District,
    /// A transit country that hides the destination.
    Transit,
    /// Many small parcels of one branded product on a day.
    Parcels,
    /// A new exporter with large volume.
    Newcomer,
    /// No certificate for goods that need one.
    Certificate,
    /// An exporter or producer found before.
    FoundBefore,
}

impl Tell {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::NoBrand => "no_brand",
            Self::LookAlike => "look_alike",
            Self::Unauthorised => "unauthorised",
            Self::Mass => "mass",
            Self::Wording => "wording",
            Self::Split => "split",
            Self::District => "district",
            Self::Transit => "transit",
            Self::Parcels => "parcels",
            Self::Newcomer => "newcomer",
            Self::Certificate => "certificate",
            Self::FoundBefore => "found_before",
        }
    }

    /// A tell of one line's violation.
    pub(super) fn draw(line: &Suspect, random: &mut Random) -> Self {
        let branded = !matches!(line.family, Family::Ordinary | Family::Building);
        let imitable = line.family != Family::Ordinary && !line.authorised;
        let certified = line.family.is_certified();
        let choices = [
            (Self::Price, 22),
            (Self::NoBrand, if branded { 13 } else { 4 }),
            (Self::LookAlike, if imitable { 16 } else { 0 }),
            (Self::Unauthorised, if imitable { 14 } else { 0 }),
            (Self::Mass, 10),
            (Self::Wording, if branded { 10 } else { 3 }),
            (Self::Certificate, if certified { 60 } else { 0 }),
            (Self::FoundBefore, if line.found_before { 40 } else { 0 }),
        ];
        choices[random.weighted(&choices.map(|(_, weight)| weight))].0
    }
}

/// What decides how likely a violation is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suspect {
    pub(super) family: Family,
    /// Of the true destination, not of the declared one.
    pub(super) region: Region,
    pub(super) trade: Trade,
    pub(super) offender_exporter: bool,
    pub(super) offender_producer: bool,
    pub(super) newcomer: bool,
    pub(super) trusted: bool,
    pub(super) authorised: bool,
    /// Any of the parties was found before.
    pub(super) found_before: bool,
    pub(super) leaning_tenths: u32,
}

/// A violation's likelihood where nothing speaks for or against it, in parts of a million.
const USUAL_HAZARD: u64 = 8_000;
/// Even the worst are not caught out every time.
const MOST_HAZARD: u64 = 550_000;

impl Suspect {
    /// How likely a line violates, in parts of a million.
    pub(super) fn hazard(&self) -> u32 {
        let region_tenths = match self.region {
            Region::Focus => 19,
            Region::Africa => 17,
            Region::Arab => 14,
            Region::Latin => 12,
            Region::Belt => 10,
            Region::Other => 6,
        };
        let trade_tenths = match self.trade {
            Trade::Market => 16,
            Trade::Border | Trade::Residents => 14,
            Trade::Parcel => 13,
            Trade::Platform => 11,
            Trade::General => 8,
            Trade::Processing => 4,
        };
        let factors = [
            self.family.hazard_tenths(),
            region_tenths,
            trade_tenths,
            self.leaning_tenths,
            if self.offender_exporter { 400 } else { 10 },
            if self.offender_producer { 200 } else { 10 },
            if self.newcomer { 15 } else { 10 },
            if self.trusted { 5 } else { 10 },
            if self.authorised { 3 } else { 10 },
        ];
        let parts = factors.iter().fold(USUAL_HAZARD, |parts, &tenths| parts * u64::from(tenths) / 10);
        parts.min(MOST_HAZARD) as u32
    }

    /// A tell of a whole declaration that violates, mostly none.
    pub(super) fn draw_scheme(&self, random: &mut Random) -> Option<Tell> {
        if !random.chance(self.hazard() / 3) {
            return None;
        }
        let choices = [
            (Tell::District, 34),
            (Tell::Transit, if self.trade == Trade::Residents { 0 } else { 34 }),
            (Tell::Split, if self.trade == Trade::Market { 16 } else { 0 }),
            (Tell::Parcels, if self.trade == Trade::Parcel && !self.authorised { 12 } else { 0 }),
        ];
        Some(choices[random.weighted(&choices.map(|(_, weight)| weight))].0)
    }
}

/// What a full inspection of a line finds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finding {
    pub(super) result: &'static str,
    /// The planted tell; none where the violation does not show.
    pub(super) tell: Option<Tell>,
    /// How much of the line violates, in percent.
    pub(super) share_percent: u32,
}

const COUNTERFEIT: &str = "counterfeit";
const FAKE: &str = "fake";
const INFERIOR: &str = "inferior";
const SAFETY: &str = "safety";
const HEALTH: &str = "health";
const ENVIRONMENT: &str = "environment";
const MISDECLARED: &str = "misdeclared";
/// The result of a line without a violation.
pub(super) const CLEAR: &str = "clear";

impl Finding {
    pub(super) fn draw(tell: Option<Tell>, family: Family, random: &mut Random) -> Self {
        let likely: &[(&str, u32)] = match tell {
            Some(Tell::Price) => &[(COUNTERFEIT, 38), (INFERIOR, 42), (FAKE, 20)],
            Some(Tell::NoBrand) => &[(INFERIOR, 50), (FAKE, 35), (COUNTERFEIT, 15)],
            Some(Tell::LookAlike | Tell::Unauthorised) => &[(COUNTERFEIT, 85), (FAKE, 15)],
            Some(Tell::Mass) => &[(INFERIOR, 50), (MISDECLARED, 50)],
            Some(Tell::Wording) => &[(COUNTERFEIT, 60), (FAKE, 30), (INFERIOR, 10)],
            Some(Tell::Split) => &[(MISDECLARED, 50), (COUNTERFEIT, 30), (INFERIOR, 20)],
            Some(Tell::District) => &[(FAKE, 50), (MISDECLARED, 50)],
            Some(Tell::Transit) => &[(MISDECLARED, 60), (COUNTERFEIT, 40)],
            Some(Tell::Parcels) => &[(COUNTERFEIT, 85), (FAKE, 15)],
            Some(Tell::Newcomer) => &[(COUNTERFEIT, 40), (INFERIOR, 30), (FAKE, 30)],
            Some(Tell::Certificate) => match family {
                Family::Batteries => &[(SAFETY, 60), (ENVIRONMENT, 40)],
                Family::Toys => &[(SAFETY, 50), (HEALTH, 50)],
                _ => &[(SAFETY, 90), (ENVIRONMENT, 10)],
            },
            Some(Tell::FoundBefore) | None => match family {
                Family::Luxury | Family::Apparel | Family::Footwear | Family::Bags => {
                    &[(COUNTERFEIT, 60), (INFERIOR, 30), (HEALTH, 10)]
                }
                Family::Appliances | Family::Batteries | Family::Phones => {
                    &[(SAFETY, 55), (COUNTERFEIT, 30), (ENVIRONMENT, 15)]
                }
                Family::Toys | Family::Stationery => &[(HEALTH, 40), (SAFETY, 30), (COUNTERFEIT, 30)],
                Family::Building => &[(INFERIOR, 70), (ENVIRONMENT, 15), (SAFETY, 15)],
                Family::Motorcycles | Family::Diesel | Family::Hardware => {
                    &[(INFERIOR, 45), (COUNTERFEIT, 35), (SAFETY, 20)]
                }
                Family::Ordinary => &[(INFERIOR, 50), (MISDECLARED, 40), (ENVIRONMENT, 10)],
            },
        };
        let mut at = random.below(likely.iter().map(|&(_, weight)| weight).sum());
        let mut result = likely[0].0;
        for &(name, weight) in likely {
            if at < weight {
                result = name;
                break;
            }
            at -= weight;
        }
        let share_percent = if random.percent(60) { 100 } else { random.between(20, 99) };
        Self { result, tell, share_percent }
    }

    /// The fine of the case in hundreds of yuan. A case is a declaration: it is fined once.
    pub(super) fn draw_fine(&self, random: &mut Random) -> u64 {
        // The mean of a draw from WIDE is one and a half times its middle.
        let middle = match self.tell {
            Some(Tell::Parcels) => 12,
            _ if self.result == MISDECLARED => 60,
            _ => 93,
        };
        random.spread(middle, &WIDE).max(5)
    }

    /// Whether the case is a major one: the value found, in cents, speaks for it.
    pub(super) fn draw_major(value_cents: u64, random: &mut Random) -> bool {
        let parts = match value_cents {
            0..1_000_000 => 10_000,
            1_000_000..5_000_000 => 220_000,
            _ => 450_000,
        };
        debug_assert!(parts <= MILLION);
        random.chance(parts)
    }
}

#[cfg(test)]
mod tests;
