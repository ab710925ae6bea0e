//! Rolling selection by a pack's policy: all its offices, day after day.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::Date;
use qingfeng_rules::selection::{Amount, Worth};

use super::super::candidate::AssessedDeclaration;
use super::super::capacity::Capacity;
use super::super::draw::{DayKey, Key};
use super::super::experience::Experience;
use super::super::policy::{Policy, asked, units};
use super::{Arrival, Decision, GroupLeast, Hindsight, History, MAX_GROUPS, Rolling};
use crate::outcomes::Timeline;

/// The office's days that are open at the same time at most; the earliest is closed for a further one.
const OPEN_MAX: usize = 4_096;

/// What became of a declaration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Taken {
    /// The site that inspects, if there is one with a capacity.
    pub office: Option<String>,
    /// What was decided there.
    pub decision: Option<Decision>,
    /// Its expected worth, in millionths of a finding (or of the value's unit).
    pub worth: i64,
    /// What its inspection takes of the capacity, in the capacity's unit.
    pub cost: u32,
    /// What is left of the capacity, in its unit.
    pub left: u64,
}

/// What an office's day came to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OfficeDay {
    /// The day.
    pub day: Date,
    /// The office.
    pub office: String,
    /// Its capacity.
    pub capacity: Amount,
    /// What of it was used.
    pub used: u64,
    /// The declarations that came.
    pub declarations: u64,
    /// Inspections that had to be.
    pub mandatory: u64,
    /// Those that were targeted.
    pub targeted: u64,
    /// Those that were drawn.
    pub random: u64,
    /// Those that had to be inspected and were not, since no capacity was left.
    pub missed: u64,
    /// Those that were drawn and not inspected, since no capacity was left.
    pub cut: u64,
    /// The worth of what was targeted.
    pub reached: i128,
    /// The most worth that could have been targeted, had the day been known: see [`Hindsight::best`].
    pub best: i128,
    /// The earlier days that were known when it began.
    pub known_days: usize,
}

#[derive(Debug)]
struct Open {
    rolling: Rolling,
    hindsight: Hindsight,
    so_far: OfficeDay,
}

/// What will be known of an inspection, and what will have been known before.
#[derive(Debug)]
struct Waiting {
    number: usize,
    candidate: Arc<AssessedDeclaration>,
    office: Option<String>,
    before: Option<(Date, bool)>,
    now: Option<(Date, bool)>,
}

/// Rolling selection at all offices of a policy.
///
/// A day begins at each office with its first declaration, by what is known then: the declarations of earlier days that
/// came, and the outcomes of days before it.
#[derive(Debug)]
pub struct Roll<'p> {
    policy: &'p Policy,
    capacity: &'p Capacity,
    outcomes: Option<&'p Timeline>,
    key: Option<&'p Key>,
    day_key: Option<DayKey>,
    groups: Vec<GroupLeast>,
    experience: Experience,
    known_until: Option<Date>,
    waiting: BTreeMap<Date, Vec<Waiting>>,
    number: usize,
    histories: BTreeMap<String, History>,
    /// Sums and numbers of declared values, for those that are missing.
    values: BTreeMap<String, (i128, i128)>,
    open: BTreeMap<(Date, String), Open>,
    closed: Vec<OfficeDay>,
}

impl<'p> Roll<'p> {
    /// A selection that knows nothing yet. Without outcomes nothing is learnt of findings; without a key nothing is drawn.
    pub fn new(
        policy: &'p Policy,
        capacity: &'p Capacity,
        outcomes: Option<&'p Timeline>,
        key: Option<&'p Key>,
    ) -> Self {
        Self {
            policy,
            capacity,
            outcomes,
            key,
            day_key: None,
            groups: Vec::new(),
            experience: Experience::none(policy),
            known_until: None,
            waiting: BTreeMap::new(),
            number: 0,
            histories: BTreeMap::new(),
            values: BTreeMap::new(),
            open: BTreeMap::new(),
            closed: Vec::new(),
        }
    }

    /// Learns a declaration of an earlier day: what an office sees, and its outcome if there is one.
    pub fn remember(&mut self, candidate: &AssessedDeclaration) {
        let Some(day) = candidate.day else { return };
        let office = self.office(candidate, day);
        self.wait_for(candidate, day, office.as_ref().map(|(office, _)| office.clone()));
        let Some((office, amount)) = office else { return };
        self.know(day);
        let left_alone = self.left_alone(candidate, day);
        let arrival = self.arrival(candidate, day, &office, amount, left_alone.as_deref());
        self.histories.entry(office).or_default().add(day, &arrival);
    }

    /// Decides on a declaration that has come. One without a day belongs to no office.
    pub fn take(&mut self, candidate: &AssessedDeclaration) -> Taken {
        let nowhere = |cost| Taken { office: None, decision: None, worth: 0, cost, left: 0 };
        let Some(day) = candidate.day else { return nowhere(self.policy.points(candidate)) };
        self.know(day);
        let Some((office, amount)) = self.office(candidate, day) else {
            return nowhere(self.policy.points(candidate));
        };
        let left_alone = self.left_alone(candidate, day);
        let mut arrival = self.arrival(candidate, day, &office, amount, left_alone.as_deref());
        if self.day_key.as_ref().is_none_or(|key| key.day() != day) {
            self.day_key = self.key.map(|key| key.of_day(day));
        }
        arrival.ticket = self.day_key.as_ref().map(|key| key.ticket(&candidate.declaration_id));
        let place = (day, office.clone());
        if !self.open.contains_key(&place) {
            if self.open.len() >= OPEN_MAX
                && let Some((_, open)) = self.open.pop_first()
            {
                self.closed.push(open.close());
            }
            let history = self.histories.get(&office);
            let forecast = history.and_then(|history| history.forecast(day, self.groups.len()));
            let groups = self.groups.clone();
            let open = Open::new(day, &office, amount, groups, self.policy, forecast, history);
            self.open.insert(place.clone(), open);
        }
        let Some(open) = self.open.get_mut(&place) else {
            return Taken { office: Some(office), decision: None, worth: 0, cost: 0, left: 0 };
        };
        let decision = open.rolling.decide(&arrival);
        open.add(&arrival, &decision);
        let left = open.rolling.left();
        self.histories.entry(office.clone()).or_default().add(day, &arrival);
        let (worth, cost) = (arrival.worth, arrival.cost);
        if decision.selected.is_some() {
            self.wait_for(candidate, day, Some(office.clone()));
        }
        Taken { office: Some(office), decision: Some(decision), worth, cost, left }
    }

    /// What each office's day came to, by day and office.
    pub fn finish(mut self) -> Vec<OfficeDay> {
        self.closed.extend(self.open.into_values().map(Open::close));
        self.closed.sort_by(|a, b| (a.day, &a.office).cmp(&(b.day, &b.office)));
        self.closed
    }

    fn wait_for(&mut self, candidate: &AssessedDeclaration, day: Date, office: Option<String>) {
        let known = self.outcomes.map(|all| all.of(&candidate.declaration_id, day)).unwrap_or_default();
        if known.is_empty() {
            return;
        }
        self.number += 1;
        let (candidate, mut before) = (Arc::new(candidate.clone()), None);
        for known in known {
            let (candidate, office) = (Arc::clone(&candidate), office.clone());
            let waiting = Waiting { number: self.number, candidate, office, before, now: known.found };
            self.waiting.entry(known.known_on).or_default().push(waiting);
            before = known.found;
        }
    }

    /// Brings what is known up to a day: what became known on a day counts from the next. It never goes back.
    fn know(&mut self, day: Date) {
        if self.known_until.is_some_and(|known| known >= day) {
            return;
        }
        self.known_until = Some(day);
        let later = self.waiting.split_off(&day);
        let known = std::mem::replace(&mut self.waiting, later);
        for Waiting { number, candidate, office, before, now } in known.into_values().flatten() {
            let cell = Experience::cell(self.policy, &candidate, office.as_deref());
            self.experience.learn(number, &candidate, cell, before, now);
        }
        self.experience.settle();
    }

    /// The office that inspects a declaration, with its capacity.
    fn office(&self, candidate: &AssessedDeclaration, day: Date) -> Option<(String, Amount)> {
        let at = self.policy.office(candidate, day, self.capacity)?;
        let office = self.policy.sites.get(at)?.name.clone();
        let amount = self.capacity.on(&office, day)?;
        Some((office, amount))
    }

    /// Why a declaration is not targeted, if its trader is left alone.
    fn left_alone(&self, candidate: &AssessedDeclaration, day: Date) -> Option<String> {
        let until = self.experience.left_alone(self.policy, candidate.trader.as_deref()?, day)?;
        Some(format!("its trader is left alone until {until}"))
    }

    /// What a declaration is at an office, without its ticket; the groups of its day are noted.
    fn arrival<'a>(
        &mut self,
        candidate: &'a AssessedDeclaration,
        day: Date,
        office: &str,
        amount: Amount,
        left_alone: Option<&'a str>,
    ) -> Arrival<'a>
    where
        'p: 'a,
    {
        let policy = self.policy;
        let cell = Experience::cell(policy, candidate, Some(office));
        let expected = self.experience.expected(&cell, candidate.score);
        let value = match policy.selection.worth {
            Worth::Findings => 1,
            Worth::Value => self.value(candidate, office),
        };
        let targetable = policy.is_targeted(candidate);
        let mut members = 0_u64;
        let mut least = Vec::new();
        for quota in policy.selection.quotas.iter().take(MAX_GROUPS - 1) {
            members |= u64::from(policy.counts(quota, candidate)) << least.len();
            least.push(GroupLeast {
                name: format!("quota {}", quota.name),
                least: asked(quota, amount),
                by_count: matches!(quota.least, qingfeng_rules::selection::Least::Count(_)),
            });
        }
        let share = policy.selection.exploration.share;
        let young = (targetable && share.0 > 0)
            .then(|| self.experience.young_rule(policy, candidate, day, self.outcomes.is_some()))
            .flatten();
        if share.0 > 0 {
            members |= u64::from(young.is_some()) << least.len();
            least.push(GroupLeast {
                name: "exploration: a rule is young".to_owned(),
                least: share.of_at_least(units(amount)),
                by_count: false,
            });
        }
        self.groups = least;
        Arrival {
            worth: i64::from(expected.mean).saturating_mul(value),
            cost: policy.cost(candidate, amount),
            mandatory: policy.mandatory(candidate),
            targetable,
            left_alone,
            trader: candidate.trader.as_deref(),
            rate: policy.rate(office, candidate),
            ticket: None,
            groups: members,
        }
    }

    /// The declared value; in place of one that is missing or absurd the mean of the office's others, so that leaving it out
    /// is no way to be left out.
    fn value(&mut self, candidate: &AssessedDeclaration, office: &str) -> i64 {
        let (sum, count) = self.values.entry(office.to_owned()).or_default();
        match candidate.whole_value() {
            Some(value) => {
                *sum += i128::from(value);
                *count += 1;
                value
            }
            None if *count == 0 => 1,
            None => i64::try_from(*sum / *count).unwrap_or(i64::MAX),
        }
    }
}

impl Open {
    fn new(
        day: Date,
        office: &str,
        amount: Amount,
        groups: Vec<GroupLeast>,
        policy: &Policy,
        forecast: Option<super::Forecast>,
        history: Option<&History>,
    ) -> Self {
        let known_days = history.map_or(0, |history| history.before(day));
        Self {
            rolling: Rolling::new(amount, groups, policy.selection.traders.per_day, forecast),
            hindsight: Hindsight::default(),
            so_far: OfficeDay {
                day,
                office: office.to_owned(),
                capacity: amount,
                used: 0,
                declarations: 0,
                mandatory: 0,
                targeted: 0,
                random: 0,
                missed: 0,
                cut: 0,
                reached: 0,
                best: 0,
                known_days,
            },
        }
    }

    fn add(&mut self, arrival: &Arrival<'_>, decision: &Decision) {
        use qingfeng_rules::SelectionKind::{Mandatory, Random, Targeted};
        self.hindsight.add(arrival, decision);
        match decision.selected {
            Some(Mandatory) => self.so_far.mandatory += 1,
            Some(Targeted) => self.so_far.targeted += 1,
            Some(Random) => self.so_far.random += 1,
            None => {}
        }
    }

    fn close(self) -> OfficeDay {
        let amount = units(self.so_far.capacity);
        OfficeDay {
            used: amount - self.rolling.left(),
            declarations: self.rolling.seen(),
            missed: self.rolling.missed(),
            cut: self.rolling.cut(),
            reached: self.hindsight.reached(),
            best: self.hindsight.best(amount),
            ..self.so_far
        }
    }
}
