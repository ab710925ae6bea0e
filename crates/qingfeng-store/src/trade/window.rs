//! What a profile tells of a window that moves over the lines of one key.

use std::collections::HashMap;
use std::ops::Range;

use qingfeng_rules::lookups::Statistic;
use qingfeng_rules::{Date, Value};

/// Sums are of whole millionths, so that no order of adding shows in them.
const MILLIONTHS: f64 = 1e6;

/// The lines of one key, in order of their days.
#[derive(Debug, Default)]
pub(super) struct KeyLines {
    /// The days on which there are lines, rising, as days since 1970-01-01.
    pub days: Vec<i32>,
    /// Where the lines of each day begin, and their number at the end.
    pub starts: Vec<usize>,
    /// How many declarations each day has.
    pub declarations: Vec<u64>,
    /// The declaration of each line; those of one stand together.
    pub declaration_of: Vec<u64>,
}

impl KeyLines {
    fn lines(&self, days: &Range<usize>) -> Range<usize> {
        self.starts[days.start]..self.starts[days.end]
    }
}

/// The values of a field on the lines of one key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'v> {
    /// The lines as such.
    None,
    /// Numbers; not a number where they are missing.
    Numbers(&'v [f64]),
    /// Hashes of values; 0 where they are missing.
    Hashes(&'v [u64]),
    /// Flags.
    Flags(&'v [Option<bool>]),
}

/// What is counted of a window for one measure.
#[derive(Debug)]
pub(super) enum Count {
    Lines,
    Declarations(u64),
    /// Those with the flag.
    FlaggedLines(u64),
    /// Those with a line that has the flag.
    FlaggedDeclarations(u64),
    FirstDay,
    LastDay,
    /// The sum in millionths and the number of values.
    Sum(i128, u64),
    Mean(i128, u64),
    Distinct(HashMap<u64, u64>),
    Quantile(Ranks),
    /// Where the flag holds, and where it is known.
    Share(u64, u64),
}

impl Count {
    /// Of an empty window; `values` are those of all lines of the key.
    pub fn new(what: Statistic, values: Values<'_>) -> Self {
        match (what, values) {
            (Statistic::Lines, Values::Flags(_)) => Self::FlaggedLines(0),
            (Statistic::Declarations, Values::Flags(_)) => Self::FlaggedDeclarations(0),
            (Statistic::Declarations, _) => Self::Declarations(0),
            (Statistic::FirstDay, _) => Self::FirstDay,
            (Statistic::LastDay, _) => Self::LastDay,
            (Statistic::Sum, _) => Self::Sum(0, 0),
            (Statistic::Mean, _) => Self::Mean(0, 0),
            (Statistic::Distinct, _) => Self::Distinct(HashMap::new()),
            (Statistic::Quantile(millionths), Values::Numbers(numbers)) => {
                Self::Quantile(Ranks::new(numbers, millionths))
            }
            (Statistic::Share, _) => Self::Share(0, 0),
            _ => Self::Lines,
        }
    }

    /// The days from `days.start` to `days.end` come into the window, or leave it.
    pub fn change(&mut self, lines: &KeyLines, values: Values<'_>, days: Range<usize>, comes: bool) {
        if days.is_empty() {
            return;
        }
        let step = |count: &mut u64| *count = if comes { *count + 1 } else { *count - 1 };
        match (self, values) {
            (Self::Declarations(count), _) => {
                let more: u64 = lines.declarations[days].iter().sum();
                *count = if comes { *count + more } else { *count - more };
            }
            (Self::FlaggedLines(count), Values::Flags(flags)) => {
                flags[lines.lines(&days)]
                    .iter()
                    .filter(|flag| **flag == Some(true))
                    .for_each(|_| step(count));
            }
            (Self::FlaggedDeclarations(count), Values::Flags(flags)) => {
                let range = lines.lines(&days);
                let flagged = lines.declaration_of[range.clone()].iter().zip(&flags[range]);
                let mut before = None;
                for (declaration, _) in flagged.filter(|(_, flag)| **flag == Some(true)) {
                    if before.replace(declaration) != Some(declaration) {
                        step(count);
                    }
                }
            }
            (Self::Sum(sum, count) | Self::Mean(sum, count), Values::Numbers(numbers)) => {
                for number in numbers[lines.lines(&days)].iter().filter(|number| !number.is_nan()) {
                    let millionths = millionths(*number);
                    *sum = if comes { sum.wrapping_add(millionths) } else { sum.wrapping_sub(millionths) };
                    step(count);
                }
            }
            (Self::Distinct(counts), Values::Hashes(hashes)) => {
                for &hash in hashes[lines.lines(&days)].iter().filter(|hash| **hash != 0) {
                    let count = counts.entry(hash).or_default();
                    step(count);
                    if *count == 0 {
                        counts.remove(&hash);
                    }
                }
            }
            (Self::Quantile(ranks), Values::Numbers(numbers)) => {
                for &number in numbers[lines.lines(&days)].iter().filter(|number| !number.is_nan()) {
                    ranks.change(number, comes);
                }
            }
            (Self::Share(holds, known), Values::Flags(flags)) => {
                for flag in flags[lines.lines(&days)].iter().copied().flatten() {
                    step(known);
                    if flag {
                        step(holds);
                    }
                }
            }
            _ => {}
        }
    }

    /// What the window of these days tells, of `least` values at least where it needs so many.
    pub fn told(&self, lines: &KeyLines, days: &Range<usize>, least: u64) -> Value<'static> {
        let day = |at: Option<usize>| {
            at.and_then(|at| Date::from_days(lines.days[at])).map_or(Value::Missing, Value::Date)
        };
        let is_empty = days.is_empty();
        match self {
            Self::Lines => Value::Integer(lines.lines(days).len() as i64),
            Self::Declarations(count) | Self::FlaggedLines(count) | Self::FlaggedDeclarations(count) => {
                Value::Integer(*count as i64)
            }
            Self::FirstDay => day((!is_empty).then_some(days.start)),
            Self::LastDay => day((!is_empty).then(|| days.end - 1)),
            Self::Sum(sum, _) => Value::Number(*sum as f64 / MILLIONTHS),
            Self::Mean(sum, count) if *count >= least.max(1) => {
                Value::Number(*sum as f64 / MILLIONTHS / *count as f64)
            }
            Self::Distinct(counts) => Value::Integer(counts.len() as i64),
            Self::Quantile(ranks) => {
                ranks.value().filter(|_| ranks.count >= least).map_or(Value::Missing, Value::Number)
            }
            Self::Share(holds, known) if *known >= least.max(1) => {
                Value::Number(*holds as f64 / *known as f64)
            }
            Self::Mean(..) | Self::Share(..) => Value::Missing,
        }
    }
}

/// A number in whole millionths, the nearest.
pub(super) fn millionths(number: f64) -> i128 {
    (number * MILLIONTHS).round() as i128
}

/// A multiset of numbers that are known beforehand, from which the one of a rank is found: a tree of partial counts (P. M.
/// Fenwick, A new data structure for cumulative frequency tables, 1994).
#[derive(Debug)]
pub(super) struct Ranks {
    /// All numbers that there can be, rising.
    numbers: Vec<f64>,
    tree: Vec<u64>,
    count: u64,
    /// Which is asked for: the share below or at it, in millionths.
    millionths: u32,
}

impl Ranks {
    fn new(numbers: &[f64], millionths: u32) -> Self {
        let mut numbers: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup_by(|a, b| a.total_cmp(b).is_eq());
        let tree = vec![0; numbers.len() + 1];
        Self { numbers, tree, count: 0, millionths }
    }

    fn change(&mut self, number: f64, comes: bool) {
        let Ok(at) = self.numbers.binary_search_by(|known| known.total_cmp(&number)) else { return };
        let mut node = at + 1;
        while node < self.tree.len() {
            self.tree[node] = if comes { self.tree[node] + 1 } else { self.tree[node] - 1 };
            node += node & node.wrapping_neg();
        }
        self.count = if comes { self.count + 1 } else { self.count - 1 };
    }

    /// The least number that at least the share of all numbers does not exceed.
    fn value(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = (u128::from(self.count) * u128::from(self.millionths)).div_ceil(1_000_000);
        let mut rest = (wanted as u64).max(1);
        let mut node = 0;
        let mut step = self.tree.len().next_power_of_two();
        while step > 0 {
            let next = node + step;
            if next < self.tree.len() && self.tree[next] < rest {
                rest -= self.tree[next];
                node = next;
            }
            step /= 2;
        }
        self.numbers.get(node).copied()
    }
}
