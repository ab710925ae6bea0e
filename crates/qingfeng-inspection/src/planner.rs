//! Plans: day by day, each office apart.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use qingfeng::read::ReadError;
use qingfeng_rules::selection::{Amount, Least, RandomLeast, Worth};
use qingfeng_rules::{Date, SelectionKind};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::candidate::{AssessedDeclaration, Candidates};
use super::capacity::Capacity;
use super::draw::{DayKey, Key, Reserve};
use super::experience::{Cell, Experience};
use super::fill::{Filled, Member, Office, Refusal};
use super::lottery::{self, StratumOf};
use super::plan::{Because, LeftOut, NoOffice, PlannedDay, QuotaMet, Selected, StratumDraw};
use super::planning::{Learning, Planning};
use super::policy::{Policy, asked, units};
use super::sorted::DeclarationDays;
use crate::outcomes::{KnownResult, Timeline};
use crate::visits::{PlannedVisits, Visit, Visiting};

/// The most days of a plan: ten years.
const MAX_DAYS: i64 = 3_660;

/// How the declarations that are targeted are put in order.
///
/// Chosen by `examples/targeting.rs`: made-up years of 150,000 lines (two seeds, rules of clean-wind, one office that
/// begins with nothing known and learns from its own inspections alone), as the share of all declarations with a finding
/// that were inspected:
///
/// | capacity | drawn | by score | by mean | by bound | by mean, 10 % for young rules |
/// | --- | --- | --- | --- | --- | --- |
/// | 2 % | 0 % | .284 | .290 | .288 | .290 |
/// | 5 % | 0 % | .455 | .464 | .464 | .463 |
/// | 5 % | 2 % | .283 | .288 | .289 | .289 |
/// | 10 % | 0 % | .613 | .616 | .613 | .616 |
/// | 10 % | 2 % | .558 | .563 | .563 | .564 |
/// | 10 % | 5 % | .417 | .429 | .428 | .426 |
///
/// The mean is never behind the score and, within the noise, never behind the bound, so it is the default; a share for
/// young rules costs next to nothing. In these years nothing drifts; where it does, the draw and that share are what
/// notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Targeting {
    /// By expected worth.
    #[default]
    Mean,
    /// By the upper confidence bound of the expected worth.
    UpperBound,
    /// By score alone, whatever was learnt. For comparison.
    Score,
}

/// Makes plans by a policy.
///
/// The plan depends on the policy, the capacities, the outcomes, the candidates and the key, and on nothing else: not on
/// the order of files, threads or the machine.
#[derive(Clone, Debug)]
pub struct Planner<'p> {
    policy: &'p Policy,
    capacity: &'p Capacity,
    outcomes: Option<&'p Timeline>,
    targeting: Targeting,
    visits: Option<(&'p [Visit], Option<&'p Key>)>,
}

/// The plans of some days, and what belongs to no office's plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The plans, by day and office.
    pub days: Vec<PlannedDay>,
    /// The declarations that belong to no office's plan, in the order of the candidates.
    pub no_office: Vec<NoOffice>,
    /// What the outcomes were worth.
    pub outcomes: OutcomesUsed,
    /// The visits of each month that has a planned day, by month and site, if they were asked for.
    pub visits: Vec<PlannedVisits>,
}

/// The declarations of a day, and what a plan says of them. Positions are among them.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlannedDeclarations<'d> {
    /// The day; a planned one may have no declarations.
    pub day: Option<Date>,
    /// All declarations of the day.
    pub declarations: &'d [AssessedDeclaration],
    /// The plans of its offices, in the order of their names.
    pub offices: Vec<PlannedDay>,
    /// What belongs to no office's plan.
    pub no_office: Vec<NoOffice>,
}

/// What became of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutcomesUsed {
    /// Declarations with an outcome.
    pub declarations: u64,
    /// Those of them from which the plan learnt, of days before it or selected by it.
    pub used: u64,
    /// Those that are not among the assessments, so that nothing can be learnt from them.
    pub unknown: u64,
}

/// Days cannot be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum PlanError {
    /// The first day is after the last.
    #[error("the first day, {from}, is after the last, {until}; exchange them")]
    Order { from: Date, until: Date },
    /// Too many days.
    #[error(
        "from {from} to {until} are {days} days, more than {MAX_DAYS}; plan a part of them, by --from and --until"
    )]
    Days { from: Date, until: Date, days: i64 },
    /// No site can inspect anything.
    #[error(
        "no site has a capacity: give a table with `--capacity FILE` (columns site, day, inspections), or write \
         `[[selection.capacity]]` with `site` and `inspections` or `hours` into pack.toml"
    )]
    NoCapacity,
    /// The declarations can no longer be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl<'p> Planner<'p> {
    /// A planner that has learnt nothing.
    pub fn new(policy: &'p Policy, capacity: &'p Capacity) -> Self {
        Self { policy, capacity, outcomes: None, targeting: Targeting::default(), visits: None }
    }

    /// The same, learning from what inspections showed: of declarations before the first planned day from all, of
    /// those of planned days from those that the plan itself selected; each from the day after it became known on, as
    /// far as it was known then.
    pub fn with_outcomes(self, outcomes: &'p Timeline) -> Self {
        Self { outcomes: Some(outcomes), ..self }
    }

    /// The outcomes from which it learns.
    pub(crate) fn outcomes(&self) -> Option<&'p Timeline> {
        self.outcomes
    }

    /// The visits of months, if they are to be planned.
    pub(crate) fn visiting(&self) -> Option<Visiting<'p>> {
        let (visited, key) = self.visits?;
        Visiting::new(self.policy, self.capacity, visited, key)
    }

    /// The cell of a declaration at an office.
    pub(crate) fn cell(&self, declaration: &AssessedDeclaration, office: Option<&str>) -> Cell {
        Experience::cell(self.policy, declaration, office)
    }

    /// Nothing known, and the offices of declarations.
    pub(crate) fn begin(&self) -> (Experience, OfficeOf<'p>) {
        (Experience::none(self.policy), OfficeOf::new(self.policy, self.capacity))
    }

    /// The same with another order of what is targeted.
    pub fn with_targeting(self, targeting: Targeting) -> Self {
        Self { targeting, ..self }
    }

    /// The same, with the visits to enterprises of each month that has a planned day, if the policy has visits. `visited` are
    /// earlier ones; those of days before a month count in it. What is drawn of them is drawn by `key`, and without one
    /// nothing. The plan of inspections is the same with and without.
    pub fn with_visits(self, visited: &'p [Visit], key: Option<&'p Key>) -> Self {
        Self { visits: Some((visited, key)), ..self }
    }

    /// Plans the days from `from` to `until`, both included. `day_key` gives the key of a day; without one nothing is
    /// drawn, though the room for the draw is kept and its probabilities are as they would be.
    ///
    /// # Errors
    ///
    /// Days in the wrong order or too many, or no capacity anywhere.
    pub fn plan(
        &self,
        candidates: &Candidates,
        from: Date,
        until: Date,
        day_key: &(dyn Fn(Date) -> Option<DayKey> + Sync),
    ) -> Result<Plan, PlanError> {
        self.plan_whole(candidates, [from, until], day_key)
    }

    /// The days of [`plan_by_day`](Self::plan_by_day) in one; positions are among all declarations.
    pub(crate) fn plan_whole(
        &self,
        declarations: &(impl DeclarationDays + Sync),
        days: [Date; 2],
        day_key: &(dyn Fn(Date) -> Option<DayKey> + Sync),
    ) -> Result<Plan, PlanError> {
        let mut plan = Plan::default();
        let mut first = 0;
        let (outcomes, visits) = self.plan_by_day(declarations, days, day_key, |planned| {
            let place = |at: &mut usize| *at += first;
            for mut of_office in planned.offices {
                of_office.selected.iter_mut().for_each(|of| place(&mut of.candidate));
                of_office.left_out.iter_mut().for_each(|of| place(&mut of.candidate));
                of_office.quotas.iter_mut().flat_map(|quota| &mut quota.displaced).for_each(place);
                plan.days.push(of_office);
            }
            for mut of in planned.no_office {
                place(&mut of.candidate);
                plan.no_office.push(of);
            }
            first += planned.declarations.len();
            Ok::<(), PlanError>(())
        })?;
        (plan.outcomes, plan.visits) = (outcomes, visits);
        Ok(plan)
    }

    /// Whether days can be planned.
    ///
    /// # Errors
    ///
    /// Days in the wrong order or too many, or no capacity anywhere.
    pub fn check(&self, [from, until]: [Date; 2]) -> Result<(), PlanError> {
        if from > until {
            return Err(PlanError::Order { from, until });
        }
        let days = i64::from(until.days()) - i64::from(from.days()) + 1;
        if days > MAX_DAYS {
            return Err(PlanError::Days { from, until, days });
        }
        if self.capacity.is_empty() {
            return Err(PlanError::NoCapacity);
        }
        Ok(())
    }

    /// The same a day at a time, in the order of days: `take` gets all declarations, those of each planned day with its
    /// plan. Returns what the outcomes were worth, and the visits. Memory is bounded by the declarations of a day and by
    /// those with outcomes.
    ///
    /// # Errors
    ///
    /// Those of [`plan`](Self::plan), declarations that can no longer be read, and what `take` ends with.
    pub fn plan_by_day<E: From<PlanError> + From<ReadError> + Send>(
        &self,
        declarations: &(impl DeclarationDays + Sync),
        [from, until]: [Date; 2],
        day_key: &(dyn Fn(Date) -> Option<DayKey> + Sync),
        mut take: impl FnMut(PlannedDeclarations<'_>) -> Result<(), E> + Send,
    ) -> Result<(OutcomesUsed, Vec<PlannedVisits>), E> {
        self.check([from, until])?;
        let mut planning = Planning::new(self, declarations, [from, until], day_key)?;
        declarations.each_day(|day, of_day| planning.take(day, of_day, &mut take))?;
        planning.finish(&mut take)
    }

    /// Plans one day of a plan that began on `from` and selected these on its days before this one, each by its position
    /// and with its office: what a proof compares with.
    pub(crate) fn plan_again(
        &self,
        candidates: &Candidates,
        from: Date,
        selected_before: &[(usize, String)],
        day: Date,
        key: Option<&DayKey>,
    ) -> Result<(Vec<PlannedDay>, Vec<usize>), ReadError> {
        let all = &candidates.all;
        let mut learning = Learning::new(self);
        learning.remember(candidates, from)?;
        for &(at, ref office) in selected_before {
            learning.expect(at, &all[at], Some(office));
        }
        learning.learn(day);
        Ok(self.plan_day(all, candidates.of_days(day, day), day, learning.experience(), key))
    }

    /// Why declarations of a day belong to no office's plan of the days from `from` to `until`, by their positions.
    pub fn no_office(
        &self,
        [from, until]: [Date; 2],
        day: Option<Date>,
        declarations: &[AssessedDeclaration],
    ) -> Vec<NoOffice> {
        let all = declarations.iter().enumerate();
        match day {
            Some(day) if from <= day && day <= until => {
                let (_, without_office) = self.policy.by_office(all, day, self.capacity);
                self.without_office(without_office, declarations)
            }
            _ if day > Some(until) => {
                all.map(|(candidate, _)| NoOffice { candidate, because: Because::Later }).collect()
            }
            _ => all.map(|(at, candidate)| self.before(at, candidate)).collect(),
        }
    }

    /// Why no office has these.
    pub(crate) fn without_office(
        &self,
        without_office: Vec<usize>,
        all: &[AssessedDeclaration],
    ) -> Vec<NoOffice> {
        let no_office = |at: usize| NoOffice { candidate: at, because: self.policy.no_office(&all[at]) };
        without_office.into_iter().map(no_office).collect()
    }

    /// A declaration without a day, or of one before the first planned day.
    fn before(&self, at: usize, candidate: &AssessedDeclaration) -> NoOffice {
        let known = |day| self.known(candidate, day).last().is_some_and(|known| known.found.is_some());
        let because = match candidate.day {
            None => Because::NoDay,
            Some(day) if known(day) => Because::Known,
            Some(_) => Because::Earlier,
        };
        NoOffice { candidate: at, because }
    }

    /// What became known of the inspection of a declaration of a day.
    pub(crate) fn known(&self, candidate: &AssessedDeclaration, day: Date) -> Vec<KnownResult> {
        self.outcomes.map(|all| all.of(&candidate.declaration_id, day)).unwrap_or_default()
    }

    /// Plans one day, whose declarations are this part of all, with what is known on it: each office's plan, in the order
    /// of their names, and the declarations without an office.
    #[doc(hidden)]
    pub fn plan_day(
        &self,
        all: &[AssessedDeclaration],
        of_day: Range<usize>,
        day: Date,
        experience: &Experience,
        key: Option<&DayKey>,
    ) -> (Vec<PlannedDay>, Vec<usize>) {
        let declarations = of_day.map(|at| (at, &all[at]));
        let (offices, without_office) = self.policy.by_office(declarations, day, self.capacity);
        let offices: Vec<_> = offices.into_iter().collect();
        let planned = offices
            .into_par_iter()
            .map(|(office, (amount, members))| {
                self.plan_office(office, amount, &members, DayOf { day, all, experience, key })
            })
            .collect();
        (planned, without_office)
    }

    /// The members of an office's day, with their worth.
    fn office<'o>(
        &self,
        office: &str,
        capacity: Amount,
        members: &[usize],
        DayOf { day, all, experience, .. }: DayOf<'o>,
    ) -> Office<'o>
    where
        'p: 'o,
    {
        let policy = self.policy;
        let usual = self.usual_value(members, all);
        let members = members.iter().map(|&at| {
            let candidate = &all[at];
            let cell = Experience::cell(policy, candidate, Some(office));
            let expected = experience.expected(&cell, candidate.score);
            let worth = |parts: u32| self.worth(candidate.whole_value(), parts, usual);
            let is_targeted = policy.is_targeted(candidate);
            let young_rule = || experience.young_rule(policy, candidate, day, self.outcomes.is_some());
            let trader = candidate.trader.as_deref();
            Member {
                candidate: at,
                cost: policy.cost(candidate, capacity),
                worth: worth(expected.mean),
                hoped: worth(expected.upper),
                expected,
                mandatory: policy.mandatory(candidate).map(str::to_owned),
                is_targeted,
                young_rule: is_targeted.then(young_rule).flatten(),
                left_alone: trader.and_then(|trader| experience.left_alone(policy, trader, day)),
                stratum: 0,
            }
        });
        Office {
            policy: self.policy,
            candidates: all,
            capacity,
            members: members.collect(),
            by_bound: self.targeting == Targeting::UpperBound,
        }
    }

    /// What the inspection of a declaration is worth where a finding is as likely as so many millionths; `usual` is the
    /// value of one that has none.
    pub(crate) fn worth(&self, whole_value: Option<i64>, parts: u32, usual: i64) -> i64 {
        let value = match self.policy.selection.worth {
            Worth::Value => whole_value.unwrap_or(usual),
            Worth::Findings => 1,
        };
        match self.targeting {
            Targeting::Score => 0,
            _ => i64::from(parts).saturating_mul(value),
        }
    }

    /// The value that stands for one that is missing or absurd: the middle one of the office's day, so that leaving the
    /// value out is no way to be left out.
    pub(crate) fn usual_value(&self, members: &[usize], all: &[AssessedDeclaration]) -> i64 {
        middle(members.iter().filter_map(|&at| all[at].whole_value()).collect())
    }

    /// The plan of an office's day, in four steps: what must be inspected; the room that is kept for the draw; what is
    /// targeted within the rest; the draw.
    fn plan_office(&self, name: &str, capacity: Amount, members: &[usize], day: DayOf<'_>) -> PlannedDay {
        let mut office = self.office(name, capacity, members, day);
        let strata = self.strata(name, &mut office);
        let mut office_day = OfficeDay {
            name,
            day,
            least: self.policy.selection.random.at_least,
            is_selected: vec![false; office.members.len()],
            left: units(capacity),
            selected: Vec::new(),
            strata,
            office,
        };
        let (must, missed) = office_day.take_mandatory();
        let (reserve, draw_asked) = office_day.keep_room();
        let (filled, displaced) = office_day.target(&must, &reserve);
        let strata = office_day.draw(&reserve);
        let OfficeDay { office, is_selected, left, selected, .. } = office_day;
        PlannedDay {
            office: name.to_owned(),
            day: day.day,
            capacity,
            used: units(capacity) - left,
            reserved: reserve.cost,
            draw_asked,
            quotas: self.quotas(&office, &is_selected, &displaced),
            left_out: left_out(&office, &missed, &filled, &displaced, &is_selected, self.policy),
            selected,
            strata,
        }
    }

    /// The strata of an office's day, by name.
    fn strata(&self, office: &str, of_day: &mut Office<'_>) -> Vec<StratumOf> {
        let mut found: BTreeMap<String, StratumOf> = BTreeMap::new();
        let names: Vec<String> = of_day
            .members
            .iter()
            .map(|member| self.policy.stratum(&of_day.candidates[member.candidate]))
            .collect();
        for (member, name) in of_day.members.iter().zip(&names) {
            let rate = || self.policy.rate(office, &of_day.candidates[member.candidate]);
            let of = found.entry(name.clone()).or_insert_with(|| StratumOf::new(name.clone(), rate()));
            of.declarations += 1;
        }
        let positions: BTreeMap<&String, usize> =
            found.keys().enumerate().map(|(at, name)| (name, at)).collect();
        for (member, name) in of_day.members.iter_mut().zip(&names) {
            member.stratum = positions.get(name).copied().unwrap_or(0);
        }
        found.into_values().collect()
    }

    fn quotas(&self, of_day: &Office<'_>, is_selected: &[bool], displaced: &[Vec<usize>]) -> Vec<QuotaMet> {
        let quotas = self.policy.selection.quotas.iter().zip(displaced);
        quotas
            .map(|(quota, displaced)| {
                let mut met = QuotaMet {
                    name: quota.name.clone(),
                    points: matches!(quota.least, Least::Share(_))
                        && matches!(of_day.capacity, Amount::Points(_)),
                    asked: asked(quota, of_day.capacity),
                    available: 0,
                    selected: 0,
                    displaced: displaced.iter().map(|&at| of_day.members[at].candidate).collect(),
                };
                for (at, member) in of_day.members.iter().enumerate() {
                    if self.policy.counts(quota, &of_day.candidates[member.candidate]) {
                        let counted = of_day.counted(quota, at);
                        let can_be = member.mandatory.is_some() || member.is_targeted;
                        met.available += if can_be { counted } else { 0 };
                        met.selected += if is_selected[at] { counted } else { 0 };
                    }
                }
                met
            })
            .collect()
    }
}

/// The middle one of some values.
pub(crate) fn middle(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(1)
}

/// The offices of declarations that come in the order of their days.
pub(crate) struct OfficeOf<'p> {
    policy: &'p Policy,
    capacity: &'p Capacity,
    /// The capacities of the day that was asked for last.
    of_day: (Option<Date>, Vec<Option<Amount>>),
}

impl<'p> OfficeOf<'p> {
    pub(crate) fn new(policy: &'p Policy, capacity: &'p Capacity) -> Self {
        Self { policy, capacity, of_day: (None, Vec::new()) }
    }

    /// The site that inspects a declaration on its day.
    pub(crate) fn of(&mut self, candidate: &AssessedDeclaration) -> Option<&'p str> {
        let day = candidate.day?;
        if self.of_day.0 != Some(day) {
            self.of_day = (Some(day), self.capacity.of_day(self.policy, day));
        }
        let capacities = &self.of_day.1;
        let office = self.policy.office_by(candidate, |site| capacities.get(site).copied().flatten());
        office.map(|site| self.policy.sites[site].name.as_str())
    }
}

/// What the plans of all offices of a day depend on.
#[derive(Clone, Copy)]
struct DayOf<'d> {
    day: Date,
    all: &'d [AssessedDeclaration],
    experience: &'d Experience,
    key: Option<&'d DayKey>,
}

/// An office's day in the making.
struct OfficeDay<'d> {
    name: &'d str,
    day: DayOf<'d>,
    office: Office<'d>,
    least: RandomLeast,
    strata: Vec<StratumOf>,
    is_selected: Vec<bool>,
    /// What is left of the capacity.
    left: u64,
    selected: Vec<Selected>,
}

impl OfficeDay<'_> {
    /// Selects members, the worthiest first, each with why and how likely it was to be.
    fn select(&mut self, kind: SelectionKind, members: Vec<(usize, String, f64)>) {
        let mut why: BTreeMap<usize, (String, f64)> =
            members.into_iter().map(|(at, why, probability)| (at, (why, probability))).collect();
        let mut order: Vec<usize> = why.keys().copied().collect();
        self.office.ordered(&mut order, |member| member.worth);
        for at in order {
            let Member { candidate, worth, cost, stratum, .. } = self.office.members[at];
            let Some((why, probability)) = why.remove(&at) else { continue };
            self.is_selected[at] = true;
            self.left -= u64::from(cost);
            self.selected.push(Selected {
                candidate,
                kind,
                why: vec![why],
                probability,
                worth,
                cost,
                stratum,
            });
        }
    }

    /// Takes what must be inspected, as far as the capacity goes; returns it and what was missed.
    fn take_mandatory(&mut self) -> (Vec<usize>, Vec<usize>) {
        let (must, missed) = self.office.mandatory(self.left);
        let forced = |at: usize| self.office.members[at].mandatory.clone().unwrap_or_default();
        self.select(SelectionKind::Mandatory, must.iter().map(|&at| (at, forced(at), 1.0)).collect());
        (must, missed)
    }

    /// Keeps room for the draw from all that is not selected; returns it and how many inspections the rates ask for.
    fn keep_room(&mut self) -> (Reserve, u64) {
        for (at, member) in self.office.members.iter().enumerate().filter(|&(at, _)| !self.is_selected[at]) {
            self.strata[member.stratum].population.push((at, member.cost));
        }
        let reserve = lottery::reserve(&self.strata, self.least, self.left);
        (reserve, lottery::asked(&self.strata, self.least))
    }

    /// Targets within what the draw leaves; returns what was and was not taken, and what quotas displaced.
    fn target(&mut self, must: &[usize], reserve: &Reserve) -> (Filled, Vec<Vec<usize>>) {
        let room = self.left - reserve.cost;
        let filled = self.office.fill(must, room, self.office.policy.selection.quotas.len());
        let displaced = self.office.displaced(must, room, &filled);
        let taken = filled.taken.iter().map(|(at, why)| (*at, why.clone(), 1.0)).collect();
        self.select(SelectionKind::Targeted, taken);
        for stratum in &mut self.strata {
            stratum.population.retain(|&(at, _)| !self.is_selected[at]);
        }
        (filled, displaced)
    }

    /// Draws from the rest.
    fn draw(&mut self, reserve: &Reserve) -> Vec<StratumDraw> {
        let id = |at: usize| &*self.day.all[self.office.members[at].candidate].declaration_id;
        let key = self.day.key.map(|key| (key, self.name));
        let (draws, drawn) = lottery::draw(&self.strata, self.least, reserve, key, id);
        let drawn = drawn.into_iter().map(|at| {
            let draw = &draws[self.office.members[at].stratum];
            (at, format!("drawn among {} of {}", draw.population, draw.name), draw.probability)
        });
        self.select(SelectionKind::Random, drawn.collect());
        draws
    }
}

/// All of an office's day that is not selected, the worthiest first.
fn left_out(
    of_day: &Office<'_>,
    missed: &[usize],
    filled: &Filled,
    displaced: &[Vec<usize>],
    is_selected: &[bool],
    policy: &Policy,
) -> Vec<LeftOut> {
    let mut by_quota: BTreeMap<usize, &str> = BTreeMap::new();
    for (quota, displaced) in policy.selection.quotas.iter().zip(displaced) {
        displaced.iter().for_each(|&at| {
            by_quota.insert(at, &quota.name);
        });
    }
    let is_missed: BTreeSet<usize> = missed.iter().copied().collect();
    let mut all: Vec<usize> = (0..of_day.members.len()).filter(|&at| !is_selected[at]).collect();
    of_day.ordered(&mut all, |member| member.worth);
    all.into_iter()
        .map(|at| {
            let member = &of_day.members[at];
            let quota = by_quota.get(&at).map(|&quota| quota.to_owned());
            let refusal = filled.refused.get(&at).copied();
            let no_room = if units(of_day.capacity) == 0 { Because::Closed } else { Because::Room };
            let refused = match refusal {
                Some(Refusal::LeftAlone(_)) => Because::LeftAlone,
                Some(Refusal::PerDay(_)) => Because::PerDay,
                Some(Refusal::Room(_)) | None => no_room,
            };
            let (kind, because, why) = if is_missed.contains(&at) {
                let why = member.mandatory.as_deref().unwrap_or_default();
                let refusal = Refusal::Room(0).told(member.cost, of_day.capacity);
                let why = format!("must be inspected ({why}), but {refusal}");
                (SelectionKind::Mandatory, no_room, Cow::Owned(why))
            } else if let Some(quota) = &quota {
                let because = if refused.is_limit() { refused } else { Because::Quota };
                (SelectionKind::Targeted, because, Cow::Owned(format!("displaced by quota {quota}")))
            } else if let Some(refusal) = refusal {
                (SelectionKind::Targeted, refused, Cow::Owned(refusal.told(member.cost, of_day.capacity)))
            } else {
                let because = if no_room == Because::Closed { no_room } else { Because::NotDrawn };
                (SelectionKind::Random, because, Cow::Borrowed(because.told()))
            };
            LeftOut {
                candidate: member.candidate,
                kind,
                because,
                why,
                displaced_by: quota,
                worth: member.worth,
                cost: member.cost,
                stratum: member.stratum,
            }
        })
        .collect()
}
