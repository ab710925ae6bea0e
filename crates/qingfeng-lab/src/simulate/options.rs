//! What is simulated: days, trade, capacity, adversaries, and the arms that are compared.

use std::fmt;
use std::str::FromStr;

use qingfeng_rules::Date;
use qingfeng_rules::selection::Millionths;
use serde::{Serialize, Serializer};

use qingfeng_inspection::Capacity;

/// The most worlds of a simulation.
pub const MAX_SEEDS: u32 = 1_000;
/// The most arms of a simulation.
pub const MAX_ARMS: usize = 32;
/// The most goods lines of a day.
pub const MAX_LINES_PER_DAY: u64 = 50_000;
/// The most goods lines of all arms and worlds together.
pub const MAX_LINES: u64 = 2_000_000_000;
/// The most inspections of a day, all offices together.
pub const MAX_INSPECTIONS_PER_DAY: u32 = 100_000;

/// How a simulation is run.
#[derive(Clone, Debug)]
pub struct SimulateOptions {
    /// The seed of the first world; the next has the next number.
    pub seed: u64,
    /// How many worlds: each with trade, traders and a draw of its own, the same for all arms.
    pub seeds: u32,
    /// The first day, of 2016.
    pub from: Date,
    /// The last day, of 2016.
    pub until: Date,
    /// Goods lines of a day, on average over the days.
    pub lines_per_day: u64,
    /// What can be inspected in a day.
    pub inspections: Inspections,
    /// Which declarations share an office.
    pub offices: Offices,
    /// Who adapts, and how fast.
    pub adversaries: Adversaries,
    /// What is compared; the first is what the others are held against.
    pub arms: Vec<Arm>,
    /// The threads; without a number those of the pool in which it is called. The result is the same.
    pub threads: Option<usize>,
}

impl SimulateOptions {
    /// A quarter of a year of 1,000 lines a day, one world, the usual arms, an inspection for every 50 lines.
    ///
    /// ```
    /// use qingfeng_lab::SimulateOptions;
    ///
    /// assert_eq!(SimulateOptions::default().arms.len(), 7);
    /// ```
    pub fn new() -> Self {
        Self {
            seed: 2016,
            seeds: 1,
            from: Date::from_days(16_801).unwrap_or(Date::MIN),
            until: Date::from_days(16_891).unwrap_or(Date::MIN),
            lines_per_day: 1_000,
            inspections: Inspections::PerDay(20),
            offices: Offices::One,
            adversaries: Adversaries::default(),
            arms: Arm::usual(),
            threads: None,
        }
    }

    /// How many days it has.
    pub fn days(&self) -> i64 {
        i64::from(self.until.days()) - i64::from(self.from.days()) + 1
    }
}

impl Default for SimulateOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What can be inspected in a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspections {
    /// So many inspections of all offices together, each office as large a part of them as it has of the capacity that
    /// the pack names (`[[selection.capacity]]`), by largest remainders.
    PerDay(u32),
    /// What each site can do on each day. Offices that are put together have what their sites have.
    Table(Capacity),
}

/// Which declarations share an office.
///
/// An office draws whole declarations: of three inspections it cannot draw a tenth. A small world with the twenty offices
/// of a country therefore draws far more than its rate says. Offices put together draw what the rate says. The sites of
/// declarations, and with them quotas, remain what they are; a declaration that none of the pack's offices inspects is
/// inspected nowhere here either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Offices {
    /// All offices are one.
    #[default]
    One,
    /// Those of a kind are one: all markets, all ports.
    Kinds,
    /// Each site is an office of its own, as in life.
    Sites,
}

/// Who adapts, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Adversaries {
    /// Which part of the exporters who violate adapts at all.
    #[serde(serialize_with = "share")]
    pub share: Millionths,
    /// How likely an exporter is to change for each finding at others of its trade that use its way: the same trade mode
    /// and chapter of goods. One who was found changes for certain.
    #[serde(serialize_with = "share")]
    pub speed: Millionths,
}

fn share<S: Serializer>(parts: &Millionths, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(f64::from(parts.0) / 1e6)
}

impl Default for Adversaries {
    /// Six of ten adapt, one in five findings at others is heard of and acted upon.
    fn default() -> Self {
        Self { share: Millionths(600_000), speed: Millionths(200_000) }
    }
}

/// One way of running the same ports.
///
/// It is written as its parts, with `+` between them: `random-5+explore+calibrate`.
///
/// | part | |
/// | --- | --- |
/// | `random-N` | N percent of each day's inspections are drawn, with decimals if need be; `random-0` draws none |
/// | `random-pack` | the rates of the pack, which are shares of the declarations; the same if no `random` is given |
/// | `explore` | the pack's share of the capacity goes to declarations with young rules (a tenth where the pack has none) |
/// | `calibrate` | each month the points of rules are fitted to what was found so far |
/// | `steady` | no exporter adapts |
/// | `score` | targets by score alone, whatever was learnt |
/// | `other` | the other pack assesses and plans ([`Simulation::with_other`](super::Simulation::with_other)) |
///
/// ```
/// use qingfeng_lab::Arm;
///
/// let arm: Arm = "random-2.5+explore".parse()?;
/// assert!(arm.explore && !arm.calibrate);
/// assert_eq!(arm.to_string(), "random-2.5+explore");
/// assert!("random-200".parse::<Arm>().is_err());
/// # Ok::<(), qingfeng_lab::ArmError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arm {
    /// Which share of a day's inspections is drawn; `None` leaves the pack's rates.
    pub random: Option<Millionths>,
    /// Whether capacity is kept for declarations with young rules.
    pub explore: bool,
    /// Whether points are fitted each month.
    pub calibrate: bool,
    /// Whether no exporter adapts.
    pub steady: bool,
    /// Whether what is targeted is ordered by score alone.
    pub by_score: bool,
    /// Whether the other pack assesses and plans.
    pub other: bool,
}

/// A text that is no arm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{part}` is no part of an arm; write parts of random-N (N percent, 0 to 100), random-pack, explore, calibrate, steady, score, other with `+` between them, as in random-5+explore"
)]
pub struct ArmError {
    part: String,
}

impl Arm {
    /// A tenth of the inspections drawn, and what differs from it in one thing each.
    pub fn usual() -> Vec<Self> {
        let base = Self { random: Some(Millionths(100_000)), ..Self::default() };
        let drawn = |parts| Self { random: Some(Millionths(parts)), ..base };
        vec![
            base,
            drawn(0),
            drawn(50_000),
            drawn(200_000),
            Self { explore: true, ..base },
            Self { calibrate: true, ..base },
            Self { steady: true, ..base },
        ]
    }
}

impl FromStr for Arm {
    type Err = ArmError;

    fn from_str(text: &str) -> Result<Self, ArmError> {
        let mut arm = Self::default();
        for part in text.split('+').map(str::trim) {
            let refused = || ArmError { part: qingfeng::internals::shown(part) };
            match part {
                "explore" => arm.explore = true,
                "calibrate" => arm.calibrate = true,
                "steady" => arm.steady = true,
                "score" => arm.by_score = true,
                "other" => arm.other = true,
                "random-pack" => arm.random = None,
                _ => {
                    let percent = part.strip_prefix("random-").ok_or_else(refused)?;
                    arm.random = Some(millionths(percent).ok_or_else(refused)?);
                }
            }
        }
        Ok(arm)
    }
}

/// A percentage with up to four decimals as millionths, exactly.
fn millionths(percent: &str) -> Option<Millionths> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || part.len() > 4 || !digits(whole) || !digits(part) {
        return None;
    }
    let parts: u32 = format!("{whole}{part:0<4}").parse().ok()?;
    (parts <= Millionths::ONE.0).then_some(Millionths(parts))
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.random {
            None => f.write_str("random-pack")?,
            Some(Millionths(parts)) => {
                write!(f, "random-{}", parts / 10_000)?;
                let decimals = format!("{:04}", parts % 10_000);
                let decimals = decimals.trim_end_matches('0');
                if !decimals.is_empty() {
                    write!(f, ".{decimals}")?;
                }
            }
        }
        for (is_set, part) in [
            (self.explore, "+explore"),
            (self.calibrate, "+calibrate"),
            (self.steady, "+steady"),
            (self.by_score, "+score"),
            (self.other, "+other"),
        ] {
            f.write_str(if is_set { part } else { "" })?;
        }
        Ok(())
    }
}

impl Serialize for Arm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests;
