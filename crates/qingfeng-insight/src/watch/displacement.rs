//! Whether trade went elsewhere when a rule came into force.
//!
//! What the rule catches, in force or not, and what is like it but for one part of its key, is counted by port, mode and
//! code in whole weeks before and after the day, and compared with other trade in the same weeks. Of the exporters that the
//! rule caught before, what it does not catch is counted in the same way: had their trade not changed, it would not
//! have grown, however they were chosen.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::Date;

use super::flows::{FORMS, Row, WHOLE, WatchedRule};
use super::trade::{RELAXED, Trade};
use super::{Against, RuleDisplacement, Shift, ShiftTo, WatchOptions};
use crate::statistics::{Z95, dispersion, false_discovery, normal_above};

/// The fewest weeks on each side.
const WEEKS_MIN: u32 = 4;
/// Other trade of the same place is compared with if there is so much of it on each side.
const OTHER_MIN: u64 = 50;
/// The places of each rule that are kept.
const SHIFTS_KEPT: usize = 100;

/// Consignments by week, and their value on each side.
#[derive(Clone, Debug, Default)]
struct Cell {
    weekly: Vec<u32>,
    cents: [i64; 2],
}

impl Cell {
    fn add(&mut self, week: usize, weeks: [u32; 2], cents: i64) {
        self.weekly.resize((weeks[0] + weeks[1]) as usize, 0);
        self.weekly[week] = self.weekly[week].saturating_add(1);
        let side = usize::from(week >= weeks[0] as usize);
        self.cents[side] = self.cents[side].saturating_add(cents);
    }

    fn sides(&self, weeks: [u32; 2]) -> [&[u32]; 2] {
        let (before, after) = self.weekly.split_at((weeks[0] as usize).min(self.weekly.len()));
        [before, after]
    }

    fn counts(&self, weeks: [u32; 2]) -> [u64; 2] {
        self.sides(weeks).map(|side| side.iter().map(|&count| u64::from(count)).sum())
    }
}

/// Which places of a row are counted, by kind.
const PLACES: [(ShiftTo, ShiftTo); 3] = [
    (ShiftTo::Port, ShiftTo::ExportersPort),
    (ShiftTo::Mode, ShiftTo::ExportersMode),
    (ShiftTo::Code, ShiftTo::ExportersCode),
];

fn chapter(code: &str) -> &str {
    code.get(..2).unwrap_or(code)
}

/// One rule's look at the trade.
struct Look<'t> {
    trade: &'t Trade,
    rule: &'t WatchedRule,
    weeks: [u32; 2],
    /// By number of a set: which forms of the rule it has.
    forms: Vec<[bool; FORMS as usize]>,
}

impl Look<'_> {
    /// The week of a row, from the first that is compared.
    fn week(&self, row: &Row) -> Option<usize> {
        let week =
            (i64::from(row.day) - i64::from(self.rule.since.days())).div_euclid(7) + i64::from(self.weeks[0]);
        let all = i64::from(self.weeks[0] + self.weeks[1]);
        (0..all).contains(&week).then_some(week as usize)
    }

    fn rows(&self) -> impl Iterator<Item = (usize, &Row, [bool; FORMS as usize])> {
        self.trade
            .flows
            .rows
            .iter()
            .filter_map(|row| Some((self.week(row)?, row, self.forms[row.set as usize])))
    }

    fn text(&self, number: u32) -> &str {
        self.trade.flows.texts.text(number)
    }

    fn shifts(&self) -> (Option<Shift>, Vec<Shift>) {
        let weeks = self.weeks;
        let mut exporters: BTreeSet<u32> = BTreeSet::new();
        let mut chapters: BTreeSet<&str> = BTreeSet::new();
        for (week, row, forms) in self.rows() {
            if forms[WHOLE as usize] && week < weeks[0] as usize {
                exporters.insert(row.exporter);
                chapters.insert(chapter(self.text(row.code)));
            }
        }
        exporters.remove(&0);
        let mut caught = Cell::default();
        let mut cells: BTreeMap<(ShiftTo, u32), Cell> = BTreeMap::new();
        let mut other = Cell::default();
        let mut other_at: [BTreeMap<u32, Cell>; 2] = Default::default();
        for (week, row, forms) in self.rows() {
            let places = [row.port, row.mode, row.code];
            let is_caught = forms[WHOLE as usize];
            let is_of_exporter = !is_caught && exporters.contains(&row.exporter);
            let mut is_like = is_caught;
            if is_caught {
                caught.add(week, weeks, row.cents);
            }
            for (axis, &(to, of_exporter)) in PLACES.iter().enumerate() {
                // Without such a key the rule follows the trade, which may still go where fewer look.
                let counted = if self.rule.keyed[axis] {
                    forms[RELAXED[axis] as usize] && !is_caught
                } else {
                    is_caught
                };
                let is_near = axis < 2 || chapters.contains(chapter(self.text(row.code)));
                is_like |= counted;
                if places[axis] == 0 || !is_near {
                    continue;
                }
                for to in [counted.then_some(to), is_of_exporter.then_some(of_exporter)].into_iter().flatten()
                {
                    cells.entry((to, places[axis])).or_default().add(week, weeks, row.cents);
                }
            }
            if !is_like && !is_of_exporter {
                other.add(week, weeks, row.cents);
                for (at, cells) in other_at.iter_mut().enumerate() {
                    cells.entry(places[at]).or_default().add(week, weeks, row.cents);
                }
            }
        }
        let mut shifts: Vec<Shift> = Vec::new();
        for ((to, place), cell) in &cells {
            let axis = match to {
                ShiftTo::Port | ShiftTo::ExportersPort => Some(0),
                ShiftTo::Mode | ShiftTo::ExportersMode => Some(1),
                _ => None,
            };
            let here = axis.and_then(|axis: usize| other_at[axis].get(place));
            let here = here.filter(|cell| cell.counts(weeks).iter().all(|&count| count >= OTHER_MIN));
            let against = match (here.is_some(), axis) {
                (true, Some(0)) => Against::Port,
                (true, _) => Against::Mode,
                (false, _) => Against::All,
            };
            shifts.push(shift(*to, self.text(*place), cell, here.unwrap_or(&other), against, weeks));
        }
        shifts.extend(self.new_exporters());
        let caught = (!caught.weekly.is_empty()).then(|| {
            let mut caught = shift(ShiftTo::Caught, "", &caught, &other, Against::All, weeks);
            caught.p = 1.0 - caught.p;
            caught
        });
        (caught, shifts)
    }

    /// Exporters that nobody saw in as many weeks before, with trade that the rule catches: in the weeks after the day
    /// against as many before, and against exporters as new with other trade.
    fn new_exporters(&self) -> Option<Shift> {
        let span = (self.weeks[0] / 2).min(self.weeks[1]);
        if span < WEEKS_MIN {
            return None;
        }
        let start = self.weeks[0] - 2 * span;
        // By exporter: the periods in which it was seen at all, with caught trade, with other trade.
        let mut seen: BTreeMap<u32, [[bool; 3]; 3]> = BTreeMap::new();
        let mut cents: BTreeMap<u32, [i64; 3]> = BTreeMap::new();
        for (week, row, forms) in self.rows() {
            let Some(period) = (week as u32).checked_sub(start).map(|week| (week / span) as usize) else {
                continue;
            };
            if period > 2 || row.exporter == 0 {
                continue;
            }
            let is_caught = forms[WHOLE as usize];
            let seen = seen.entry(row.exporter).or_default();
            seen[0][period] = true;
            seen[if is_caught { 1 } else { 2 }][period] = true;
            if is_caught {
                let cents = &mut cents.entry(row.exporter).or_default()[period];
                *cents = cents.saturating_add(row.cents);
            }
        }
        let mut new = [[0_u32; 2]; 2];
        let mut value = [0_i64; 2];
        for (exporter, seen) in &seen {
            for side in 0..2 {
                if seen[0][side] {
                    continue;
                }
                new[0][side] += u32::from(seen[1][side + 1]);
                new[1][side] += u32::from(seen[2][side + 1] && !seen[1][side + 1]);
                value[side] =
                    value[side].saturating_add(cents.get(exporter).map_or(0, |cents| cents[side + 1]));
            }
        }
        // Each exporter counts once, in its period: one number on each side.
        let cell = |new: [u32; 2], cents| Cell { weekly: new.to_vec(), cents };
        let other = cell(new[1], [0; 2]);
        Some(shift(ShiftTo::NewExporters, "", &cell(new[0], value), &other, Against::NewExporters, [1, 1]))
    }
}

/// A cell before and after, against other trade.
fn shift(to: ShiftTo, at: &str, cell: &Cell, other: &Cell, against: Against, weeks: [u32; 2]) -> Shift {
    let [before, after] = cell.counts(weeks);
    let [other_before, other_after] = other.counts(weeks);
    let varies = dispersion(&cell.sides(weeks));
    let other_varies = dispersion(&other.sides(weeks));
    // Half a consignment is added to each count, so that none is zero (Haldane 1956).
    let half = |count: u64| count as f64 + 0.5;
    let length = f64::from(weeks[0]) / f64::from(weeks[1]).max(1.0);
    let other_ratio = half(other_after) / half(other_before) * length;
    let ratio = half(after) / half(before) * length / other_ratio;
    let other_variance = other_varies * (1.0 / half(other_before) + 1.0 / half(other_after));
    let deviation = (varies * (1.0 / half(before) + 1.0 / half(after)) + other_variance).sqrt();
    // Of all consignments those after the day are binomial given their number, if only other trade's growth is at work; how
    // well that growth is known adds to the variance.
    let growth = other_ratio / length;
    let share = growth / (1.0 + growth);
    let all = (before + after) as f64;
    let spread = share * (1.0 - share);
    let variance = varies * all * spread + all * all * spread * spread * other_variance;
    let excess = after as f64 - all * share;
    // A continuity correction of a half, towards no change.
    let z = excess.signum() * (excess.abs() - 0.5).max(0.0) / variance.sqrt().max(1e-12);
    Shift {
        to,
        at: at.to_owned(),
        before,
        after,
        value_before_cents: cell.cents[0],
        value_after_cents: cell.cents[1],
        other_before,
        other_after,
        against,
        ratio,
        low: ratio * (-Z95 * deviation).exp(),
        high: ratio * (Z95 * deviation).exp(),
        dispersion: varies,
        p: normal_above(z),
        p_adjusted: 1.0,
    }
}

/// What became of trade after each watched rule's day.
pub(super) fn displacement(trade: &Trade, options: &WatchOptions) -> Vec<RuleDisplacement> {
    let days = || trade.flows.rows.iter().map(|row| row.day).filter(|&day| is_past(day, options.as_of));
    let range = days().min().zip(days().max());
    let mut found: Vec<RuleDisplacement> = Vec::new();
    for (at, rule) in trade.rules.iter().enumerate() {
        let weeks = range.map_or([0, 0], |(first, last)| weeks(rule.since, first, last, options));
        let mut of_rule = RuleDisplacement {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            title_zh: rule.title_zh.clone(),
            since: rule.since,
            weeks: (weeks[0], weeks[1]),
            not_judged: None,
            caught: None,
            shifts: Vec::new(),
            compared: 0,
        };
        if weeks[0] < WEEKS_MIN || weeks[1] < WEEKS_MIN {
            of_rule.not_judged = Some(format!(
                "{} whole weeks before and {} after; it takes {WEEKS_MIN} of each",
                weeks[0], weeks[1]
            ));
            found.push(of_rule);
            continue;
        }
        let number = at as u32 * FORMS;
        let has = |set: &[u32], form: u32| set.binary_search(&(number + form)).is_ok();
        let sets = trade.flows.sets.iter();
        let forms = sets.map(|set| std::array::from_fn(|form| has(set, form as u32))).collect();
        let look = Look { trade, rule, weeks, forms };
        let (caught, mut shifts) = look.shifts();
        shifts.retain(|shift| shift.before + shift.after >= options.least_count.max(1));
        of_rule.caught = caught;
        of_rule.compared = shifts.len() as u64;
        of_rule.shifts = shifts;
        found.push(of_rule);
    }
    let p: Vec<f64> = found.iter().flat_map(|of| &of.shifts).map(|shift| shift.p).collect();
    let mut adjusted = false_discovery(&p).into_iter();
    for of_rule in &mut found {
        for shift in &mut of_rule.shifts {
            shift.p_adjusted = adjusted.next().unwrap_or(1.0);
        }
        of_rule.shifts.sort_by(|a, b| a.p.total_cmp(&b.p).then_with(|| (a.to, &a.at).cmp(&(b.to, &b.at))));
        of_rule.shifts.truncate(SHIFTS_KEPT.min(options.list_max));
    }
    let p: Vec<f64> = found.iter().filter_map(|of| of.caught.as_ref()).map(|caught| caught.p).collect();
    let mut adjusted = false_discovery(&p).into_iter();
    for caught in found.iter_mut().filter_map(|of| of.caught.as_mut()) {
        caught.p_adjusted = adjusted.next().unwrap_or(1.0);
    }
    found
}

fn is_past(day: i32, as_of: Option<Date>) -> bool {
    as_of.is_none_or(|as_of| day <= as_of.days())
}

/// Whole weeks before and after a day that are in the data and in the window.
fn weeks(since: Date, first: i32, last: i32, options: &WatchOptions) -> [u32; 2] {
    let most = i64::from(options.window_days / 7);
    let whole = |days: i64| (days / 7).clamp(0, most) as u32;
    let (since, first, last) = (i64::from(since.days()), i64::from(first), i64::from(last));
    [whole(since - first), whole(last + 1 - since)]
}
