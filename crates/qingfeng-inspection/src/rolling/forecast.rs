//! What a day is expected to bring, from the days before it.

use std::collections::BTreeMap;

use qingfeng_rules::Date;
use qingfeng_rules::selection::Millionths;

use super::Arrival;
use super::mass::{Mass, bin};

/// The weight of yesterday. It halves every [`HALF_LIFE`] days.
const WEIGHT: u64 = 1 << 10;
/// After so many days a day counts half.
const HALF_LIFE: i64 = 28;
/// Older days than this count nothing.
const OLDEST: i64 = HALF_LIFE * 9;
/// The number of declarations of a day of the same weekday counts so many times that of another working day.
const SAME_WEEKDAY: u64 = 16;
/// Declarations of a day that are kept one by one at most; of busier days the first ones stand for all.
const KEPT_MAX: usize = 200_000;
const DAYS_MAX: usize = 400;

/// What is remembered of a declaration.
#[derive(Clone, Copy, Debug)]
struct Seen {
    bin: u16,
    cost: u32,
    kind: SeenAs,
    rate: Millionths,
    groups: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SeenAs {
    Mandatory,
    Eligible,
    Other,
}

/// What an office saw on earlier days.
#[derive(Clone, Debug, Default)]
pub struct History {
    days: BTreeMap<Date, Day>,
}

#[derive(Clone, Debug, Default)]
struct Day {
    declarations: u64,
    seen: Vec<Seen>,
}

impl History {
    /// Remembers a declaration of a day.
    pub fn add(&mut self, day: Date, arrival: &Arrival<'_>) {
        let of_day = self.days.entry(day).or_default();
        of_day.declarations += 1;
        if of_day.seen.len() < KEPT_MAX {
            let kind = match (arrival.mandatory, arrival.is_eligible()) {
                (Some(_), _) => SeenAs::Mandatory,
                (None, true) => SeenAs::Eligible,
                (None, false) => SeenAs::Other,
            };
            let bin = bin(arrival.worth, arrival.cost) as u16;
            of_day.seen.push(Seen {
                bin,
                cost: arrival.cost,
                kind,
                rate: arrival.rate,
                groups: arrival.groups,
            });
        }
        if self.days.len() > DAYS_MAX {
            self.days.pop_first();
        }
    }

    /// The days of which something is known.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// The days before this one of which something is known.
    pub fn before(&self, day: Date) -> usize {
        self.days.range(..day).count()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// What a day will bring, by the days before it; `groups` is the number of quotas and like groups. `None` if
    /// nothing is known.
    pub fn forecast(&self, day: Date, groups: usize) -> Option<Forecast> {
        let mut forecast = Forecast {
            mass: Mass::new(),
            weight: 0,
            mandatory: 0,
            random: 0,
            groups: vec![Mass::new(); groups],
            days: Vec::new(),
        };
        let mut days = Vec::new();
        for (&earlier, of_day) in self.days.range(..day) {
            let age = i64::from(day.days()) - i64::from(earlier.days());
            if age > OLDEST || of_day.seen.is_empty() {
                continue;
            }
            let halvings = (age - 1) / HALF_LIFE;
            let (whole, part) = (WEIGHT >> halvings, ((age - 1) % HALF_LIFE).unsigned_abs());
            // Between two halvings on a straight line.
            let weight = (whole - whole * part / (2 * HALF_LIFE.unsigned_abs())).max(1);
            forecast.add(of_day, weight);
            let weekend = |day: Date| day.weekday() > 5;
            let alike = match earlier.weekday() == day.weekday() {
                true => SAME_WEEKDAY * SAME_WEEKDAY,
                false if weekend(earlier) == weekend(day) => SAME_WEEKDAY,
                false => 1,
            };
            days.push((of_day.declarations, weight * alike));
        }
        days.sort_unstable();
        // From the busiest down: sums of weights, and of weights times declarations.
        let (mut weights, mut sums) = (0_u64, 0_u128);
        for &(declarations, weight) in days.iter().rev() {
            weights += weight;
            sums += u128::from(weight) * u128::from(declarations);
            forecast.days.push(Tail { declarations, weights, sums });
        }
        forecast.days.reverse();
        (!forecast.days.is_empty()).then_some(forecast)
    }
}

/// The days that were at least as busy as one.
#[derive(Clone, Debug)]
struct Tail {
    declarations: u64,
    weights: u64,
    sums: u128,
}

/// What a day is expected to bring: sums over earlier days, the recent ones with more weight.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// Cost of what may be targeted, by worth per cost.
    pub(super) mass: Mass,
    /// The weighted number of declarations.
    pub(super) weight: u64,
    /// Cost of what must be inspected.
    pub(super) mandatory: u64,
    /// Cost of draws, times a million.
    pub(super) random: u128,
    /// For each group the cost of its declarations that may be targeted.
    pub(super) groups: Vec<Mass>,
    days: Vec<Tail>,
}

impl Forecast {
    fn add(&mut self, day: &Day, weight: u64) {
        for seen in &day.seen {
            self.weight += weight;
            let cost = weight * u64::from(seen.cost);
            match seen.kind {
                SeenAs::Mandatory => {
                    self.mandatory += cost;
                    continue;
                }
                SeenAs::Eligible => {
                    self.mass.add(seen.bin.into(), cost);
                    for (at, group) in self.groups.iter_mut().enumerate() {
                        if seen.groups >> at & 1 == 1 {
                            group.add(seen.bin.into(), cost);
                        }
                    }
                }
                SeenAs::Other => {}
            }
            self.random += u128::from(cost) * u128::from(seen.rate.0);
        }
    }

    /// How many declarations are still to come when so many have come: the mean over the earlier days that had more.
    /// If none had, a twentieth of those that came, and one.
    pub fn remaining(&self, seen: u64) -> f64 {
        let at = self.days.partition_point(|day| day.declarations < seen);
        match self.days.get(at) {
            Some(day) if day.sums > u128::from(day.weights) * u128::from(seen) => {
                (day.sums - u128::from(day.weights) * u128::from(seen)) as f64 / day.weights as f64
            }
            _ => seen as f64 / 20.0 + 1.0,
        }
    }
}
