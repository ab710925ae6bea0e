//! Rolling selection by a pack's policy: all its offices, day after day.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng_rules::selection::{Amount, Millionths, Worth};
use qingfeng_rules::{Date, SelectionKind};

use super::super::candidate::AssessedDeclaration;
use super::super::capacity::Capacity;
use super::super::draw::{DayKey, Key};
use super::super::experience::Experience;
use super::super::policy::{Policy, asked, units};
use super::{Arrival, Counted, Decision, GroupLeast, Hindsight, History, MAX_GROUPS, Rolling};
use crate::outcomes::Timeline;

/// The office's days that are open at the same time at most; the earliest is closed for a further one.
const OPEN_MAX: usize = 4_096;

/// The declarations of which a selection knows what it decided, at most.
const DECIDED_MAX: usize = 5_000_000;

/// What became of a declaration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Taken {
    /// The number of the decision, from 1. A declaration that comes again has that of its decision.
    pub number: u64,
    /// The number of the decision that this one replaces, where the declaration was amended.
    pub replaces: Option<u64>,
    /// Whether the declaration had come before, the same: this is what was decided then.
    pub again: bool,
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

/// What the reason of an amended declaration goes on with.
const AMENDED: &str = "; amended";

/// The reason of a decision without what was said of amendments.
pub(super) fn unamended(why: &str) -> &str {
    why.split_once(AMENDED).map_or(why, |(why, _)| why)
}

/// What was decided on a declaration, and what is needed to take it back.
#[derive(Debug)]
struct Decided {
    content: [u8; 16],
    taken: Taken,
    day: Option<Date>,
    is_mandatory: bool,
    is_eligible: bool,
    trader: Option<Arc<str>>,
    rate: Millionths,
    groups: u64,
    counted: Counted,
    /// Whether the draw was held.
    is_drawn: bool,
}

impl Decided {
    fn selected(&self) -> Option<SelectionKind> {
        self.taken.decision.as_ref()?.selected
    }

    /// What it was when it came.
    fn arrival(&self) -> Arrival<'_> {
        Arrival {
            worth: self.taken.worth,
            cost: self.taken.cost,
            mandatory: self.is_mandatory.then_some(""),
            targetable: self.is_eligible,
            left_alone: None,
            trader: self.trader.as_deref(),
            rate: self.rate,
            ticket: None,
            groups: self.groups,
        }
    }

    /// For people: `random at yiwu`.
    fn told(&self) -> String {
        let kind = self.selected().map_or("not inspected", |kind| kind.name());
        match &self.taken.office {
            Some(office) => format!("{kind} at {office}"),
            None => "no office".to_owned(),
        }
    }
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
    decided: HashMap<Box<str>, Decided, FixedState>,
    /// The number of the last decision.
    last: u64,
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
            decided: HashMap::default(),
            last: 0,
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
        let arrival = self.arrival(candidate, day, &office, amount, left_alone.as_deref(), true);
        self.histories.entry(office).or_default().add(day, &arrival);
    }

    /// Decides on a declaration that has come. One without a day belongs to no office.
    ///
    /// One that comes again, the same, is answered as before. One that was amended is decided again, in the place of what was
    /// decided before: it takes no capacity twice, is not drawn a second time, and stays selected if it was.
    pub fn take(&mut self, candidate: &AssessedDeclaration) -> Taken {
        self.answer(candidate, None)
    }

    /// Takes what an earlier run decided for decided, so that this one goes on where it ended.
    pub fn recall(&mut self, candidate: &AssessedDeclaration, taken: Taken) {
        self.answer(candidate, Some(taken));
    }

    /// Whether it knows so many declarations that it should take no more.
    pub fn is_full(&self) -> bool {
        self.decided.len() >= DECIDED_MAX
    }

    fn answer(&mut self, candidate: &AssessedDeclaration, made: Option<Taken>) -> Taken {
        let content = candidate.content();
        let known = self.decided.get(&candidate.declaration_id);
        if let Some(known) = known.filter(|known| known.content == content) {
            return Taken { again: true, ..known.taken.clone() };
        }
        let before = self.decided.remove(&candidate.declaration_id);
        let number = made.as_ref().map_or(self.last.saturating_add(1), |made| made.number);
        self.last = self.last.max(number);
        let replaces = before.as_ref().map(|before| before.taken.number);
        let mut decided = self.decide(candidate, before, made.as_ref());
        decided.content = content;
        decided.taken = Taken { number, replaces, ..decided.taken };
        let taken = made.unwrap_or_else(|| decided.taken.clone());
        decided.taken.clone_from(&taken);
        self.decided.insert(candidate.declaration_id.clone(), decided);
        taken
    }

    fn decide(
        &mut self,
        candidate: &AssessedDeclaration,
        before: Option<Decided>,
        made: Option<&Taken>,
    ) -> Decided {
        let day = candidate.day;
        if let Some(day) = day {
            self.know(day);
        }
        let office = day.and_then(|day| Some((day, self.office(candidate, day)?)));
        let Some((day, (office, amount))) = office else {
            return match before {
                // Its site keeps it: no amendment gets out of an inspection.
                Some(mut before) if before.selected().is_some() => {
                    if let Some(decision) = &mut before.taken.decision {
                        let why = unamended(&decision.why);
                        decision.why = format!("{why}{AMENDED}, and no site inspects it any more");
                    }
                    before
                }
                before => {
                    self.withdraw(before.as_ref());
                    self.nowhere(candidate, before.is_some_and(|before| before.is_drawn))
                }
            };
        };
        self.withdraw(before.as_ref());
        let left_alone = self.left_alone(candidate, day);
        let is_new = before.is_none();
        let mut arrival = self.arrival(candidate, day, &office, amount, left_alone.as_deref(), is_new);
        if self.day_key.as_ref().is_none_or(|key| key.day() != day) {
            self.day_key = self.key.map(|key| key.of_day(day));
        }
        let was_drawn = before.as_ref().is_some_and(|before| before.is_drawn);
        let ticket = self.day_key.as_ref().map(|key| key.ticket(&candidate.declaration_id));
        arrival.ticket = ticket.filter(|_| !was_drawn);
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
            return self.nowhere(candidate, was_drawn);
        };
        let before_decision = before.as_ref().and_then(|before| before.taken.decision.as_ref());
        let (decision, counted) = match made.and_then(|made| made.decision.clone()) {
            Some(decision) => {
                let counted = open.rolling.recall(&arrival, before_decision, &decision);
                (decision, counted)
            }
            None => {
                let (mut decision, counted) = open.rolling.decide_after(&arrival, before_decision);
                if let Some(before) = &before {
                    let (number, told) = (before.taken.number, before.told());
                    decision.why += &format!("{AMENDED}, in place of decision {number} ({told})");
                }
                (decision, counted)
            }
        };
        open.add(&arrival, &decision);
        let left = open.rolling.left();
        let is_held = arrival.ticket.is_some() && arrival.mandatory.is_none();
        let decided = Decided {
            content: [0; 16],
            taken: Taken {
                number: 0,
                replaces: None,
                again: false,
                office: Some(office.clone()),
                decision: Some(decision),
                worth: arrival.worth,
                cost: arrival.cost,
                left,
            },
            day: Some(day),
            is_mandatory: arrival.mandatory.is_some(),
            is_eligible: arrival.is_eligible(),
            trader: candidate.trader.clone(),
            rate: arrival.rate,
            groups: arrival.groups,
            counted,
            is_drawn: was_drawn || is_held,
        };
        let was_here = before.as_ref().is_some_and(|before| {
            before.day == Some(day) && before.taken.office.as_deref() == Some(&*office)
        });
        if !was_here {
            self.histories.entry(office.clone()).or_default().add(day, &arrival);
        }
        let was_selected = before.is_some_and(|before| before.selected().is_some());
        if decided.selected().is_some() && !was_selected {
            self.wait_for(candidate, day, Some(office));
        }
        decided
    }

    /// Takes back what was decided on a declaration that is decided again.
    fn withdraw(&mut self, before: Option<&Decided>) {
        let Some(before) = before else { return };
        let place = before.day.zip(before.taken.office.clone());
        if let Some(open) = place.and_then(|place| self.open.get_mut(&place)) {
            open.withdraw(before);
        }
    }

    /// A declaration of no office.
    fn nowhere(&self, candidate: &AssessedDeclaration, is_drawn: bool) -> Decided {
        Decided {
            content: [0; 16],
            taken: Taken {
                number: 0,
                replaces: None,
                again: false,
                office: None,
                decision: None,
                worth: 0,
                cost: self.policy.points(candidate),
                left: 0,
            },
            day: candidate.day,
            is_mandatory: false,
            is_eligible: false,
            trader: None,
            rate: Millionths(0),
            groups: 0,
            counted: Counted::default(),
            is_drawn,
        }
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

    /// What a declaration is at an office, without its ticket; the groups of its day are noted, and the value of one that is
    /// new.
    fn arrival<'a>(
        &mut self,
        candidate: &'a AssessedDeclaration,
        day: Date,
        office: &str,
        amount: Amount,
        left_alone: Option<&'a str>,
        is_new: bool,
    ) -> Arrival<'a>
    where
        'p: 'a,
    {
        let policy = self.policy;
        let cell = Experience::cell(policy, candidate, Some(office));
        let expected = self.experience.expected(&cell, candidate.score);
        let value = match policy.selection.worth {
            Worth::Findings => 1,
            Worth::Value => self.value(candidate, office, is_new),
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
    fn value(&mut self, candidate: &AssessedDeclaration, office: &str, is_new: bool) -> i64 {
        let (sum, count) = self.values.entry(office.to_owned()).or_default();
        match candidate.whole_value() {
            Some(value) if is_new => {
                *sum += i128::from(value);
                *count += 1;
                value
            }
            Some(value) => value,
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
        self.hindsight.add(arrival, decision);
        if let Some(count) = self.count(decision.selected) {
            *count += 1;
        }
    }

    /// Takes a declaration back that is decided again.
    fn withdraw(&mut self, of: &Decided) {
        self.rolling.withdraw(&of.arrival(), of.selected(), of.counted);
        self.hindsight.remove(&of.arrival(), of.selected());
        if let Some(count) = self.count(of.selected()) {
            *count = count.saturating_sub(1);
        }
    }

    fn count(&mut self, selected: Option<SelectionKind>) -> Option<&mut u64> {
        match selected? {
            SelectionKind::Mandatory => Some(&mut self.so_far.mandatory),
            SelectionKind::Targeted => Some(&mut self.so_far.targeted),
            SelectionKind::Random => Some(&mut self.so_far.random),
        }
    }

    fn close(self) -> OfficeDay {
        let amount = units(self.so_far.capacity);
        OfficeDay {
            used: amount.saturating_sub(self.rolling.left()),
            declarations: self.rolling.seen(),
            missed: self.rolling.missed(),
            cut: self.rolling.cut(),
            reached: self.hindsight.reached(),
            best: self.hindsight.best(amount),
            ..self.so_far
        }
    }
}
