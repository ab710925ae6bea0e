//! Plans: day by day, each office apart.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use qingfeng_rules::Date;
use qingfeng_rules::selection::{Amount, Least};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::candidate::{Candidate, Candidates};
use super::capacity::Capacity;
use super::draw::DayKey;
use super::experience::{Cell, Experience};
use super::fill::{Filled, Member, Office, Refusal};
use super::learning::{Outcome, Outcomes};
use super::lottery::{self, StratumOf};
use super::plan::{LeftOut, PlannedDay, QuotaMet, Selected};
use super::policy::{Policy, asked, units};
use qingfeng_rules::SelectionKind;

/// The most days of a plan: ten years.
pub const MAX_DAYS: i64 = 3_660;

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
    outcomes: Option<&'p Outcomes>,
    targeting: Targeting,
    threads: Option<usize>,
}

/// The plans of some days, and what belongs to no office's plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The plans, by day and office.
    pub days: Vec<PlannedDay>,
    /// Declarations of these days that no site with capacity inspects, by position in the candidates.
    pub without_office: Vec<usize>,
    /// What the outcomes were worth.
    pub outcomes: OutcomesUsed,
}

/// What became of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomesUsed {
    /// Declarations with an outcome.
    pub declarations: u64,
    /// Those of them from which the plan learnt, of days before it or selected by it.
    pub used: u64,
    /// Those that are not among the assessments, so that nothing can be learnt from them.
    pub unknown: u64,
}

/// Days cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The first day is after the last.
    #[error("the first day, {from}, is after the last, {until}; exchange them")]
    Order {
        /// The first.
        from: Date,
        /// The last.
        until: Date,
    },
    /// Too many days.
    #[error(
        "from {from} to {until} are {days} days, more than {MAX_DAYS}; plan a part of them, by --from and --until"
    )]
    Days {
        /// The first.
        from: Date,
        /// The last.
        until: Date,
        /// How many.
        days: i64,
    },
    /// No site can inspect anything.
    #[error(
        "no site has a capacity: give a table with `--capacity FILE` (columns site, day, inspections), or write \
         `[[selection.capacity]]` with `site` and `inspections` or `hours` into pack.toml"
    )]
    NoCapacity,
    /// The threads cannot be started.
    #[error("cannot start the threads: {0}")]
    Threads(String),
}

/// An inspection whose result will be known.
#[derive(Clone, Debug)]
struct Pending {
    candidate: usize,
    cell: Cell,
    outcome: Outcome,
}

impl<'p> Planner<'p> {
    /// A planner that has learnt nothing.
    pub fn new(policy: &'p Policy, capacity: &'p Capacity) -> Self {
        Self { policy, capacity, outcomes: None, targeting: Targeting::default(), threads: None }
    }

    /// The same, learning from what inspections showed: of declarations before the first planned day from all, of
    /// those of planned days from those that the plan itself selected; each from the day after its result on.
    pub fn with_outcomes(self, outcomes: &'p Outcomes) -> Self {
        Self { outcomes: Some(outcomes), ..self }
    }

    /// The same with another order of what is targeted.
    pub fn with_targeting(self, targeting: Targeting) -> Self {
        Self { targeting, ..self }
    }

    /// The same with so many threads; without a number, and without this, those of the pool in which it is called.
    pub fn with_threads(self, threads: Option<usize>) -> Self {
        Self { threads, ..self }
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
        let Some(threads) = self.threads else {
            return Ok(self.plan_days(candidates, from, days, day_key));
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| PlanError::Threads(error.to_string()))?;
        Ok(pool.install(|| self.plan_days(candidates, from, days, day_key)))
    }

    fn plan_days(
        &self,
        candidates: &Candidates,
        from: Date,
        days: i64,
        day_key: &(dyn Fn(Date) -> Option<DayKey> + Sync),
    ) -> Plan {
        let all = &candidates.all;
        let mut plan = Plan::default();
        let mut experience = Experience::none(self.policy);
        let mut pending: BTreeMap<Date, Vec<Pending>> = BTreeMap::new();
        self.remember(all, from, &mut pending, &mut plan.outcomes);

        let mut at = all.partition_point(|candidate| candidate.day < from);
        for day in (0..days).filter_map(|after| from.plus_days(after)) {
            let known = pending.split_off(&day);
            for Pending { candidate, cell, outcome } in
                std::mem::replace(&mut pending, known).into_values().flatten()
            {
                experience.learn(candidate, &all[candidate], cell, outcome.day, outcome.found);
                plan.outcomes.used += 1;
            }
            experience.settle();

            let end = at + all[at..].partition_point(|candidate| candidate.day <= day);
            let (planned, without_office) =
                self.plan_day(all, at..end, day, &experience, day_key(day).as_ref());
            plan.without_office.extend(without_office);
            at = end;

            for of_office in planned {
                for selected in &of_office.selected {
                    let candidate = &all[selected.candidate];
                    let outcome = self.outcomes.and_then(|all| all.of(&candidate.declaration_id, day));
                    if let Some(outcome) = outcome {
                        let cell = Experience::cell(self.policy, candidate, Some(&of_office.office));
                        let waits = Pending { candidate: selected.candidate, cell, outcome };
                        pending.entry(outcome.day).or_default().push(waits);
                    }
                }
                plan.days.push(of_office);
            }
        }
        plan
    }

    /// Plans one day, whose declarations are this part of all, with what is known on it: each office's plan, in the order
    /// of their names, and the declarations without an office.
    #[doc(hidden)]
    pub fn plan_day(
        &self,
        all: &[Candidate],
        of_day: Range<usize>,
        day: Date,
        experience: &Experience,
        key: Option<&DayKey>,
    ) -> (Vec<PlannedDay>, Vec<usize>) {
        let capacities = self.capacity.of_day(self.policy, day);
        let mut offices: BTreeMap<&str, (Amount, Vec<usize>)> = BTreeMap::new();
        for (site, amount) in self.policy.sites.iter().zip(&capacities) {
            if let Some(amount) = *amount {
                offices.insert(&site.name, (amount, Vec::new()));
            }
        }
        let mut without_office = Vec::new();
        for candidate in of_day {
            let declared = &all[candidate];
            let office = self.policy.office_by(declared, |site| capacities.get(site).copied().flatten());
            let office = office.and_then(|site| offices.get_mut(&*self.policy.sites[site].name));
            match office {
                Some((_, members)) => members.push(candidate),
                None => without_office.push(candidate),
            }
        }
        let offices: Vec<_> = offices.into_iter().collect();
        let planned = offices
            .into_par_iter()
            .map(|(office, (amount, members))| {
                self.plan_office(office, day, amount, &members, all, experience, key)
            })
            .collect();
        (planned, without_office)
    }

    /// Puts the outcomes of declarations before the first planned day where they wait to be known.
    fn remember(
        &self,
        all: &[Candidate],
        from: Date,
        pending: &mut BTreeMap<Date, Vec<Pending>>,
        used: &mut OutcomesUsed,
    ) {
        let Some(outcomes) = self.outcomes else { return };
        used.declarations = outcomes.len() as u64;
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let mut capacities = (None, Vec::new());
        for (at, candidate) in all.iter().enumerate() {
            let Some(outcome) = outcomes.of(&candidate.declaration_id, candidate.day) else { continue };
            known.insert(&candidate.declaration_id);
            if candidate.day >= from {
                continue;
            }
            if capacities.0 != Some(candidate.day) {
                capacities = (Some(candidate.day), self.capacity.of_day(self.policy, candidate.day));
            }
            let office = self.policy.office_by(candidate, |site| capacities.1.get(site).copied().flatten());
            let office = office.map(|site| self.policy.sites[site].name.as_str());
            let cell = Experience::cell(self.policy, candidate, office);
            pending.entry(outcome.day).or_default().push(Pending { candidate: at, cell, outcome });
        }
        used.unknown = used.declarations - known.len() as u64;
    }

    fn member(
        &self,
        candidate: &Candidate,
        office: &str,
        day: Date,
        capacity: Amount,
        experience: &Experience,
    ) -> Member {
        let policy = self.policy;
        let expected =
            experience.expected(&Experience::cell(policy, candidate, Some(office)), candidate.score);
        let is_targeted = policy.is_targeted(candidate);
        let trader = candidate.trader.as_deref();
        Member {
            candidate: 0,
            cost: policy.cost(candidate, capacity),
            worth: 0,
            hoped: 0,
            expected,
            mandatory: policy.mandatory(candidate).map(str::to_owned),
            is_targeted,
            young_rule: if is_targeted {
                experience.young_rule(policy, candidate, day, self.outcomes.is_some())
            } else {
                None
            },
            left_alone: trader.and_then(|trader| experience.left_alone(policy, trader, day)),
            stratum: 0,
        }
    }

    /// The members of an office's day, with their worth.
    fn office<'o>(
        &self,
        office: &str,
        day: Date,
        capacity: Amount,
        members: &[usize],
        all: &'o [Candidate],
        experience: &Experience,
    ) -> Office<'o>
    where
        'p: 'o,
    {
        let usual = self.usual_value(members, all);
        let members = members.iter().map(|&at| {
            let member = self.member(&all[at], office, day, capacity, experience);
            let value = if self.policy.selection.worth == qingfeng_rules::selection::Worth::Value {
                whole_value(&all[at]).unwrap_or(usual)
            } else {
                1
            };
            let worth = |parts: u32| i64::from(parts).saturating_mul(value);
            let (worth, hoped) = (worth(member.expected.mean), worth(member.expected.upper));
            let by_score = self.targeting == Targeting::Score;
            Member {
                candidate: at,
                worth: if by_score { 0 } else { worth },
                hoped: if by_score { 0 } else { hoped },
                ..member
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

    /// The value that stands for one that is missing or absurd: the middle one of the office's day, so that leaving the
    /// value out is no way to be left out.
    fn usual_value(&self, members: &[usize], all: &[Candidate]) -> i64 {
        let mut values: Vec<i64> = members.iter().filter_map(|&at| whole_value(&all[at])).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(1)
    }

    #[expect(clippy::too_many_arguments, reason = "all that an office's day depends on, and nothing else")]
    fn plan_office(
        &self,
        office: &str,
        day: Date,
        capacity: Amount,
        members: &[usize],
        all: &[Candidate],
        experience: &Experience,
        key: Option<&DayKey>,
    ) -> PlannedDay {
        let mut of_day = self.office(office, day, capacity, members, all, experience);
        let mut strata = self.strata(office, &mut of_day);

        let amount = units(capacity);
        let (must, missed) = of_day.mandatory(amount);
        let cost = |at: usize| u64::from(of_day.members[at].cost);
        let after_must = amount - must.iter().map(|&at| cost(at)).sum::<u64>();

        let mut is_selected = vec![false; of_day.members.len()];
        must.iter().for_each(|&at| is_selected[at] = true);
        for (at, member) in of_day.members.iter().enumerate().filter(|&(at, _)| !is_selected[at]) {
            strata[member.stratum].population.push((at, member.cost));
        }
        let least = self.policy.selection.random.at_least;
        let reserve = lottery::reserve(&strata, least, after_must);
        let draw_asked = lottery::asked(&strata, least);
        let room = after_must - reserve.cost;
        let filled = of_day.fill(&must, room, self.policy.selection.quotas.len());
        let displaced = of_day.displaced(&must, room, &filled);

        filled.taken.iter().for_each(|&(at, _)| is_selected[at] = true);
        for stratum in &mut strata {
            stratum.population.retain(|&(at, _)| !is_selected[at]);
        }
        let id = |at: usize| &*all[of_day.members[at].candidate].declaration_id;
        let (draws, drawn) = lottery::draw(&strata, least, &reserve, key.map(|key| (key, office)), id);
        drawn.iter().for_each(|&at| is_selected[at] = true);

        let selected_of = |at: usize, kind, why: Vec<String>, probability| {
            let Member { candidate, worth, cost, stratum, .. } = of_day.members[at];
            Selected { candidate, kind, why, probability, worth, cost, stratum }
        };
        let mut selected = Vec::new();
        let mut push = |mut members: Vec<(usize, String)>, kind| {
            let mut order: Vec<usize> = members.iter().map(|&(at, _)| at).collect();
            of_day.ordered(&mut order, |member| member.worth);
            let mut why: BTreeMap<usize, String> = members.drain(..).collect();
            for at in order {
                let why: Vec<String> = why.remove(&at).into_iter().collect();
                let probability = match kind {
                    SelectionKind::Random => draws[of_day.members[at].stratum].probability,
                    _ => 1.0,
                };
                selected.push(selected_of(at, kind, why, probability));
            }
        };
        let forced = |at: usize| of_day.members[at].mandatory.clone().unwrap_or_default();
        push(must.iter().map(|&at| (at, forced(at))).collect(), SelectionKind::Mandatory);
        let used_before = amount - after_must + filled.used;
        let used = used_before + drawn.iter().map(|&at| cost(at)).sum::<u64>();
        let how = |at: usize| {
            let draw = &draws[of_day.members[at].stratum];
            format!("drawn among {} of {}", draw.population, draw.name)
        };
        push(filled.taken.clone(), SelectionKind::Targeted);
        push(drawn.iter().map(|&at| (at, how(at))).collect(), SelectionKind::Random);

        let quotas = self.quotas(&of_day, &is_selected, &displaced);
        let left_out = left_out(&of_day, &missed, &filled, &displaced, &is_selected, self.policy);
        PlannedDay {
            office: office.to_owned(),
            day,
            capacity,
            used,
            reserved: reserve.cost,
            draw_asked,
            selected,
            left_out,
            strata: draws,
            quotas,
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

/// What was left out of an office's day, the worthiest first.
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
    let refused = filled.refused.keys().copied();
    let mut all: Vec<usize> = missed.iter().copied().chain(refused).filter(|&at| !is_selected[at]).collect();
    of_day.ordered(&mut all, |member| member.worth);
    all.into_iter()
        .map(|at| {
            let member = &of_day.members[at];
            let quota = by_quota.get(&at).map(|&quota| quota.to_owned());
            let (kind, why) = if is_missed.contains(&at) {
                let why = member.mandatory.as_deref().unwrap_or_default();
                let no_room = Refusal::Room(0).told(member.cost, of_day.capacity);
                (SelectionKind::Mandatory, format!("must be inspected ({why}), but {no_room}"))
            } else if let Some(quota) = &quota {
                (SelectionKind::Targeted, format!("displaced by quota {quota}"))
            } else {
                let refusal = filled.refused.get(&at).copied().unwrap_or(Refusal::Room(0));
                (SelectionKind::Targeted, refusal.told(member.cost, of_day.capacity))
            };
            let refusal = filled.refused.get(&at);
            let limited = !matches!(refusal, None | Some(Refusal::Room(_)));
            LeftOut {
                candidate: member.candidate,
                kind,
                why,
                displaced_by: quota,
                limited,
                worth: member.worth,
                cost: member.cost,
                stratum: member.stratum,
            }
        })
        .collect()
}

/// A declaration's value in whole units, if it has one that can be a value.
fn whole_value(candidate: &Candidate) -> Option<i64> {
    let value = candidate.value.filter(|value| value.is_finite() && *value >= 0.0)?;
    // A conversion to integers stops at the largest.
    Some((value as i64).clamp(1, 1_000_000_000_000))
}
