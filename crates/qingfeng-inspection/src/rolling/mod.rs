//! Rolling selection: who gets inspected when declarations come one at a time and the day is not over.
//!
//! What must be inspected is, as long as the capacity goes. A surprise inspection is a declaration whose ticket is below
//! the rate (Poisson sampling: each by itself, so that its probability is the rate exactly); for those still to come
//! room is kept as an expectation. What is left goes to the declarations of the highest expected worth per cost: one is
//! targeted if it would be among those that the rest of the capacity suffices for, were the rest of the day as
//! expected. What is expected is anew worked out at each declaration, from earlier days and from what came today; so a
//! threshold too high comes down while the capacity stays unused, and the other way round. For a known number of
//! declarations of a known distribution the loss against the best choice in hindsight does not grow with the day
//! (Arlotto and Gurvich, *Uniformly bounded regret in the multisecretary problem*, Stochastic Systems 9, 2019).
//!
//! A decision takes time in the logarithm of the number of distinct worths, and is kept: a declaration that comes again is
//! answered as before, and one that was amended is decided again in the place of the old one, without a second draw.

mod arriving;
mod decided;
mod forecast;
mod hindsight;
mod mass;
mod roll;

use std::collections::HashMap;

use qingfeng_rules::selection::{Amount, Millionths};

pub use super::rows::DecisionColumns;
pub(crate) use arriving::without_lookups;
pub use arriving::{ArrivingDeclarations, AssessmentColumns, AssessmentDecoder};
pub use forecast::{Forecast, History};
pub use hindsight::Hindsight;
pub use roll::{OfficeDay, Roll, Taken};

use super::AssessedDeclaration;
use mass::{Expected, Mass, Threshold, bin};
use qingfeng_rules::SelectionKind;

/// Where nothing is known of earlier days, a capacity is taken to suffice for one declaration in so many.
const DECLARATIONS_PER_INSPECTION: u64 = 10;

/// Earlier days together weigh as much as so many days like today.
const EARLIER: f64 = 5.0;

/// Of what is still expected so much is counted on: capacity that stays unused at the end of a quiet day costs more than
/// some that is used a little too early. Found by trial, see docs/rolling.md.
const COUNTED_ON: f64 = 0.8;

/// So many standard deviations of what must be inspected and what will be drawn are kept room for. Found by trial too.
const SPREAD: f64 = 0.3;

/// Groups, quotas and such, at most.
const MAX_GROUPS: usize = 64;

/// A declaration that has come.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Its expected worth, in millionths of a finding (or of the value's unit).
    pub worth: i64,
    /// What its inspection takes of the capacity, in the capacity's unit.
    pub cost: u32,
    /// Why it must be inspected, if it must.
    pub mandatory: Option<&'a str>,
    /// Whether its channel is one that may be targeted.
    pub targetable: bool,
    /// Why its trader is left alone, if it is: it is not targeted then.
    pub left_alone: Option<&'a str>,
    /// Its trader, for the limit of a day.
    pub trader: Option<&'a str>,
    /// The rate of the draw.
    pub rate: Millionths,
    /// Its ticket under the day's key; without one it is not drawn.
    pub ticket: Option<[u8; 32]>,
    /// The groups that it belongs to, by their number, a bit each.
    pub groups: u64,
}

impl Arrival<'_> {
    pub(super) fn is_eligible(&self) -> bool {
        self.targetable && self.left_alone.is_none()
    }

    /// Whether the draw falls on it: its ticket, as a fraction of all there could be, is below the rate.
    pub fn is_drawn(&self) -> bool {
        let Some(ticket) = self.ticket else { return false };
        let high = ticket[..8].iter().fold(0_u128, |number, &byte| number << 8 | u128::from(byte));
        (high * 1_000_000) >> 64 < u128::from(self.rate.0)
    }
}

/// A group of declarations of which some are to be inspected: a quota, or what is spent on learning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLeast {
    /// Its name, as decisions give it as their reason: `quota markets`.
    pub name: String,
    /// How much is to be inspected ...
    pub least: u64,
    /// ... in inspections rather than in the capacity's unit.
    pub by_count: bool,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// As what it is inspected, if it is.
    pub selected: Option<SelectionKind>,
    /// Why, or why not.
    pub why: String,
    /// How likely it was to be inspected, given all that was known when it came: 1, the rate, or 0 where no capacity was
    /// left.
    pub probability: f64,
    /// The worth per unit of capacity, in millionths, from which declarations were targeted when it came.
    pub threshold: f64,
}

/// As what a decision was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    /// What of the capacity it took.
    units: u64,
    missed: bool,
    cut: bool,
}

/// A group and what came of it.
#[derive(Clone, Debug)]
struct GroupState {
    of: GroupLeast,
    met: u64,
    today: Mass,
    declarations: u64,
}

/// An office's day while declarations come.
///
/// ```
/// use qingfeng::rules::selection::{Amount, Millionths};
/// use qingfeng_inspection::rolling::{Arrival, Rolling};
/// use qingfeng_rules::SelectionKind;
///
/// let mut day = Rolling::new(Amount::Inspections(2), Vec::new(), None, None);
/// let plain = Arrival {
///     worth: 50_000, cost: 1, mandatory: None, targetable: true, left_alone: None, trader: None,
///     rate: Millionths(0), ticket: None, groups: 0,
/// };
/// let must = Arrival { mandatory: Some("rule COURT has the tag court-order"), ..plain };
/// assert_eq!(day.decide(&must).selected, Some(SelectionKind::Mandatory));
/// assert_eq!(day.left(), 1);
/// // Nothing is known of other days: better ones may come.
/// assert_eq!(day.decide(&plain).selected, None);
/// // The last one of the day takes what is left.
/// day.expect(1);
/// assert_eq!(day.decide(&plain).selected, Some(SelectionKind::Targeted));
/// assert_eq!(day.decide(&plain).why, "no capacity left");
/// ```
#[derive(Clone, Debug)]
pub struct Rolling {
    capacity: u64,
    used: u64,
    /// The inspections that used it.
    taken: u64,
    seen: u64,
    per_day: Option<u32>,
    forecast: Option<Forecast>,
    /// What is still to come, where the caller knows it better: at which declaration, and how many.
    told: Option<(u64, u64)>,
    nothing: Mass,
    today: Mass,
    mandatory: u64,
    random: u128,
    groups: Vec<GroupState>,
    traders: HashMap<Box<str>, u32>,
    missed: u64,
    cut: u64,
}

impl Rolling {
    /// An office's day at its beginning. `groups` are at most 64, further ones do not count; `per_day` is
    /// the most targeted inspections of a trader. Without a forecast the day is expected to bring ten declarations for each
    /// that can be inspected, and worths are learnt as they come.
    pub fn new(
        capacity: Amount,
        groups: Vec<GroupLeast>,
        per_day: Option<u32>,
        forecast: Option<Forecast>,
    ) -> Self {
        let (Amount::Inspections(units) | Amount::Points(units)) = capacity;
        let state = |of| GroupState { of, met: 0, today: Mass::new(), declarations: 0 };
        Self {
            capacity: units.into(),
            used: 0,
            taken: 0,
            seen: 0,
            per_day,
            forecast,
            told: None,
            nothing: Mass::new(),
            today: Mass::new(),
            mandatory: 0,
            random: 0,
            groups: groups.into_iter().take(MAX_GROUPS).map(state).collect(),
            traders: HashMap::new(),
            missed: 0,
            cut: 0,
        }
    }

    /// What is left of the capacity, in its own unit.
    pub fn left(&self) -> u64 {
        self.capacity.saturating_sub(self.used)
    }

    /// The declarations that came.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Those that had to be inspected and could not be, since no capacity was left.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Those that were drawn and could not be inspected, since no capacity was left.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Tells that so many declarations are still to come, for callers who know it better than earlier days do, by the
    /// clock or from announcements. It counts from now on, less each that comes.
    pub fn expect(&mut self, declarations: u64) {
        self.told = Some((self.seen, declarations));
    }

    /// How many declarations are counted on to come after the one that was decided last: what the caller told, or
    /// four fifths of what is expected.
    pub fn expected(&self) -> f64 {
        if let Some((at, more)) = self.told {
            return more.saturating_sub(self.seen.saturating_sub(at)) as f64;
        }
        match &self.forecast {
            Some(forecast) => forecast.remaining(self.seen) * COUNTED_ON,
            None => {
                let usual = match self.today.total() {
                    // Costs are not known before the first.
                    0 => self.capacity,
                    total => self.capacity * self.seen / total.max(1),
                } * DECLARATIONS_PER_INSPECTION;
                let more = if usual > self.seen {
                    (usual - self.seen) as f64
                } else {
                    self.seen as f64 / 20.0 + 1.0
                };
                more * COUNTED_ON
            }
        }
    }

    /// Decides on the next declaration.
    pub fn decide(&mut self, arrival: &Arrival<'_>) -> Decision {
        self.decide_after(arrival, None).0
    }

    /// Decides on a declaration of which `before` was decided until it was amended, and which was
    /// [withdrawn](Self::withdraw).
    fn decide_after(&mut self, arrival: &Arrival<'_>, before: Option<&Decision>) -> (Decision, Counted) {
        self.note(arrival, true);
        let decision = self.judge(arrival, before);
        let counted = self.settle(arrival, before, &decision);
        (decision, counted)
    }

    /// Takes a decision that was made before for made.
    fn recall(&mut self, arrival: &Arrival<'_>, before: Option<&Decision>, decision: &Decision) -> Counted {
        self.note(arrival, true);
        self.settle(arrival, before, decision)
    }

    /// What is to be decided, by what came so far.
    fn judge(&self, arrival: &Arrival<'_>, before: Option<&Decision>) -> Decision {
        let at = bin(arrival.worth, arrival.cost);
        let left = self.left();
        let room = u64::from(arrival.cost) <= left;
        if let Some(why) = arrival.mandatory {
            let probability = f64::from(u8::from(room));
            let why = if room { why.to_owned() } else { format!("{why}, but no capacity left") };
            let selected = room.then_some(SelectionKind::Mandatory);
            return Decision { selected, why, probability, threshold: 0.0 };
        }
        let (threshold, targeted) = self.target(arrival, at);
        let threshold = threshold.density();
        // Whoever amends a declaration that is to be inspected does not get out of it, whatever it costs now.
        if let Some(before) = before.filter(|before| before.selected.is_some()) {
            let why = roll::unamended(&before.why).to_owned();
            let selected = before.selected.filter(|_| left > 0);
            return match selected {
                Some(_) => Decision { selected, why, probability: before.probability, threshold },
                None => {
                    let why = format!("{why}, but no capacity left");
                    Decision { selected, why, probability: 0.0, threshold }
                }
            };
        }
        if room && let Some(why) = targeted {
            return Decision { selected: Some(SelectionKind::Targeted), why, probability: 1.0, threshold };
        }
        // Without a ticket nothing can be drawn; one that was not drawn keeps the chance that it had.
        let rate = match (arrival.ticket, before) {
            (Some(_), _) if room => f64::from(arrival.rate.0) / 1e6,
            (None, Some(before)) => before.probability,
            _ => 0.0,
        };
        if room && arrival.is_drawn() {
            let why = "drawn by its ticket".to_owned();
            return Decision { selected: Some(SelectionKind::Random), why, probability: rate, threshold };
        }
        let why = if !room {
            "no capacity left".to_owned()
        } else if let Some(why) = arrival.left_alone {
            why.to_owned()
        } else if !arrival.targetable {
            "its channel is not targeted".to_owned()
        } else if self.is_full(arrival.trader) {
            "its trader has as many targeted inspections today as there may be".to_owned()
        } else {
            "its worth is below the threshold".to_owned()
        };
        Decision { selected: None, why, probability: rate, threshold }
    }

    /// Learns what came; or, of what was amended, forgets it.
    fn note(&mut self, arrival: &Arrival<'_>, comes: bool) {
        let at = bin(arrival.worth, arrival.cost);
        let cost = u64::from(arrival.cost);
        self.seen = if comes { self.seen + 1 } else { self.seen.saturating_sub(1) };
        if arrival.mandatory.is_some() {
            self.mandatory = if comes { self.mandatory + cost } else { self.mandatory.saturating_sub(cost) };
            return;
        }
        let random = u128::from(cost) * u128::from(arrival.rate.0);
        self.random = if comes { self.random + random } else { self.random.saturating_sub(random) };
        if arrival.is_eligible() {
            let change = |mass: &mut Mass| if comes { mass.add(at, cost) } else { mass.remove(at, cost) };
            change(&mut self.today);
            for (number, group) in self.groups.iter_mut().enumerate() {
                if arrival.groups >> number & 1 == 1 {
                    change(&mut group.today);
                    let declarations = group.declarations;
                    group.declarations =
                        if comes { declarations + 1 } else { declarations.saturating_sub(1) };
                }
            }
        }
    }

    /// Uses capacity for what was decided.
    fn settle(&mut self, arrival: &Arrival<'_>, before: Option<&Decision>, decision: &Decision) -> Counted {
        let mut counted = Counted::default();
        let left = self.left();
        let Some(kind) = decision.selected else {
            let was_selected = before.is_some_and(|before| before.selected.is_some());
            counted.missed = arrival.mandatory.is_some() || was_selected;
            counted.cut = !counted.missed && arrival.is_drawn() && u64::from(arrival.cost) > left;
            self.missed += u64::from(counted.missed);
            self.cut += u64::from(counted.cut);
            return counted;
        };
        counted.units = u64::from(arrival.cost).min(left);
        self.used += counted.units;
        self.taken += 1;
        for (number, group) in self.groups.iter_mut().enumerate() {
            if arrival.groups >> number & 1 == 1 {
                group.met += if group.of.by_count { 1 } else { u64::from(arrival.cost) };
            }
        }
        if kind == SelectionKind::Targeted
            && let Some(trader) = arrival.trader.filter(|_| self.per_day.is_some())
        {
            *self.traders.entry(trader.into()).or_default() += 1;
        }
        counted
    }

    /// Takes back a declaration that is decided again, since it was amended: as if it had not come.
    fn withdraw(&mut self, arrival: &Arrival<'_>, selected: Option<SelectionKind>, counted: Counted) {
        self.note(arrival, false);
        self.missed = self.missed.saturating_sub(counted.missed.into());
        self.cut = self.cut.saturating_sub(counted.cut.into());
        let Some(kind) = selected else { return };
        self.used = self.used.saturating_sub(counted.units);
        self.taken = self.taken.saturating_sub(1);
        for (number, group) in self.groups.iter_mut().enumerate() {
            if arrival.groups >> number & 1 == 1 {
                let met = if group.of.by_count { 1 } else { u64::from(arrival.cost) };
                group.met = group.met.saturating_sub(met);
            }
        }
        if kind == SelectionKind::Targeted
            && let Some(count) = arrival.trader.and_then(|trader| self.traders.get_mut(trader))
        {
            *count = count.saturating_sub(1);
        }
    }

    fn is_full(&self, trader: Option<&str>) -> bool {
        let (Some(most), Some(trader)) = (self.per_day, trader) else { return false };
        self.traders.get(trader).is_some_and(|&count| count >= most)
    }

    /// By what earlier days and today count, for so many declarations still to come: earlier days together count as
    /// [`EARLIER`] days. So a day that begins with its best or worst is not taken for a day of such ones.
    fn factors(&self, remaining: f64) -> (f64, f64) {
        let seen = self.seen as f64;
        match &self.forecast {
            Some(forecast) if forecast.weight > 0 => {
                let prior = (remaining + seen) * EARLIER + 1.0;
                let each = remaining / (prior + seen);
                (each * prior / forecast.weight as f64, each)
            }
            _ => (0.0, remaining / seen.max(1.0)),
        }
    }

    /// The room to keep for what must be inspected and what will be drawn, of which so much is counted on. Unlike what is
    /// targeted these cannot be made up for by others, so that all that is expected counts, and [`SPREAD`] standard
    /// deviations of it more, as if each came by itself (Poisson).
    fn kept_room(&self, counted_on: f64) -> f64 {
        let expected = if self.told.is_some() { counted_on } else { counted_on / COUNTED_ON };
        let each = (self.used as f64 / self.taken.max(1) as f64).max(1.0);
        expected + (expected * each).sqrt() * SPREAD
    }

    /// The threshold, and why the declaration is targeted, if it is.
    fn target(&self, arrival: &Arrival<'_>, at: usize) -> (Threshold, Option<String>) {
        // The declaration itself is part of what is decided on.
        let remaining = self.expected() + 1.0;
        let (earlier, today) = self.factors(remaining);
        let forecast = self.forecast.as_ref();
        let all = Expected {
            earlier: (forecast.map_or(&self.nothing, |forecast| &forecast.mass), earlier),
            today: (&self.today, today),
        };
        let after = (remaining - 1.0) / remaining;
        let kept = forecast
            .map_or(0.0, |forecast| earlier * (forecast.mandatory as f64 + forecast.random as f64 / 1e6))
            + today * (self.mandatory as f64 + self.random as f64 / 1e6);
        let left = self.left() as f64 - self.kept_room(kept * after);
        let mut threshold = all.threshold(left.max(0.0));
        // What quotas will take beyond what passes anyway.
        let mut more = 0.0;
        let mut own = None;
        for (number, group) in self.groups.iter().enumerate() {
            let short = group.of.least.saturating_sub(group.met);
            if short == 0 {
                continue;
            }
            let earlier_mass =
                forecast.and_then(|forecast| forecast.groups.get(number)).unwrap_or(&self.nothing);
            let expected = Expected { earlier: (earlier_mass, earlier), today: (&group.today, today) };
            let unit = if group.of.by_count {
                group.today.total() as f64 / group.declarations.max(1) as f64
            } else {
                1.0
            };
            let short = short as f64 * unit.max(1.0);
            more += (short.min(expected.total()) - expected.passing(threshold)).max(0.0);
            if arrival.groups >> number & 1 == 1 && own.is_none() && expected.threshold(short).passes(at) {
                own = Some(group.of.name.clone());
            }
        }
        if more > 0.0 {
            threshold = all.threshold((left - more).max(0.0));
        }
        if !arrival.is_eligible() || self.is_full(arrival.trader) {
            return (threshold, None);
        }
        // What does not fit by less than half of itself is taken: room is kept for what may not come.
        let fits = left >= f64::from(arrival.cost) / 2.0;
        let why = match own {
            _ if !fits => None,
            _ if threshold.passes(at) => Some("among the best of what is expected today".to_owned()),
            own => own,
        };
        (threshold, why)
    }
}

#[cfg(test)]
mod tests;
