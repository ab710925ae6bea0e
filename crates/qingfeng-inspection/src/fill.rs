//! An office's day before the draw: what must be inspected, and what is targeted within the room.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::Date;
use qingfeng_rules::selection::{Amount, Quota};

use super::candidate::AssessedDeclaration;
use super::experience::Expected;
use super::plan::Because;
use super::policy::{Policy, asked};

/// A declaration of an office's day.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its position among the candidates.
    pub(super) candidate: usize,
    pub(super) cost: u32,
    /// Its expected worth, and that by the upper confidence bound.
    pub(super) worth: i64,
    pub(super) hoped: i64,
    pub(super) expected: Expected,
    /// Why it must be inspected.
    pub(super) mandatory: Option<String>,
    pub(super) is_targeted: bool,
    pub(super) young_rule: Option<usize>,
    pub(super) left_alone: Option<Date>,
    pub(super) stratum: usize,
}

/// What an office's day is planned from.
pub(super) struct Office<'o> {
    pub(super) policy: &'o Policy,
    pub(super) candidates: &'o [AssessedDeclaration],
    pub(super) capacity: Amount,
    /// In the order of the candidates, and so of their ids.
    pub(super) members: Vec<Member>,
    /// Whether what is targeted goes by the upper confidence bound.
    pub(super) by_bound: bool,
}

/// Why a member that could be targeted is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It costs more than so many units, which were left.
    Room(u64),
    /// Its trader is left alone.
    LeftAlone(Date),
    /// Its trader has had all inspections of a day.
    PerDay(u32),
}

/// What was targeted, by positions among the members, with why; and why the others were not.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    pub(super) taken: Vec<(usize, String)>,
    pub(super) refused: BTreeMap<usize, Refusal>,
    pub(super) used: u64,
}

/// Targeting in progress.
struct Filling<'f> {
    office: &'f Office<'f>,
    left: u64,
    filled: Filled,
    is_taken: Vec<bool>,
    traders: BTreeMap<&'f str, u32>,
}

impl Office<'_> {
    fn candidate(&self, member: usize) -> &AssessedDeclaration {
        &self.candidates[self.members[member].candidate]
    }

    /// The members in an order: the greatest key first, then the higher score, then the id.
    pub(super) fn ordered(&self, members: &mut [usize], key: impl Fn(&Member) -> i64) {
        members.sort_by_cached_key(|&at| {
            let member = &self.members[at];
            let score = self.candidates[member.candidate].score;
            (std::cmp::Reverse((key(member), score)), member.candidate)
        });
    }

    /// What must be inspected: those that the capacity suffices for, and the others.
    pub(super) fn mandatory(&self, capacity: u64) -> (Vec<usize>, Vec<usize>) {
        let must = (0..self.members.len()).filter(|&at| self.members[at].mandatory.is_some());
        let mut must: Vec<usize> = must.collect();
        self.ordered(&mut must, |_| 0);
        let mut left = capacity;
        must.into_iter().partition(|&at| {
            let cost = u64::from(self.members[at].cost);
            let fits = cost <= left;
            if fits {
                left -= cost;
            }
            fits
        })
    }

    /// What is targeted within a room, with the first so many quotas. `must` are the mandatory ones that are inspected.
    pub(super) fn fill(&self, must: &[usize], room: u64, quotas: usize) -> Filled {
        let mut is_taken = vec![false; self.members.len()];
        must.iter().for_each(|&at| is_taken[at] = true);
        let mut filling = Filling {
            office: self,
            left: room,
            filled: Filled::default(),
            is_taken,
            traders: BTreeMap::new(),
        };
        let eligible = |at: &usize| {
            let member = &self.members[*at];
            member.mandatory.is_none() && member.is_targeted
        };
        let mut by_worth: Vec<usize> = (0..self.members.len()).filter(eligible).collect();
        self.ordered(&mut by_worth, |member| if self.by_bound { member.hoped } else { member.worth });

        for quota in &self.policy.selection.quotas[..quotas] {
            let wanted = asked(quota, self.capacity);
            let counts = |at: &usize| self.policy.counts(quota, self.candidate(*at));
            let taken = filling.filled.taken.iter().map(|(at, _)| at);
            let mut got: u64 =
                must.iter().chain(taken).filter(|&at| counts(at)).map(|&at| self.counted(quota, at)).sum();
            for &at in by_worth.iter().filter(|&at| counts(at)) {
                if got >= wanted {
                    break;
                }
                if filling.take(at, || format!("quota {}", quota.name)) {
                    got += self.counted(quota, at);
                }
            }
        }

        let share = self.policy.selection.exploration.share;
        let wanted = share.of_at_least(super::policy::units(self.capacity));
        if wanted > 0 {
            let is_young = |at: &usize| self.members[*at].young_rule.is_some();
            let taken = filling.filled.taken.iter().map(|(at, _)| at);
            let known = must.iter().chain(taken).filter(|&at| is_young(at));
            let mut got: u64 = known.map(|&at| u64::from(self.members[at].cost)).sum();
            let mut young: Vec<usize> = by_worth.iter().copied().filter(is_young).collect();
            self.ordered(&mut young, |member| member.hoped);
            for at in young {
                if got >= wanted {
                    break;
                }
                let rule = self.members[at].young_rule.and_then(|rule| self.policy.rules.get(rule));
                let rule = rule.map_or("", |rule| rule.id.as_str());
                if filling.take(at, || format!("exploration: rule {rule} is young")) {
                    got += u64::from(self.members[at].cost);
                }
            }
        }

        for &at in &by_worth {
            let probability = f64::from(self.members[at].expected.mean) / 1e6;
            filling.take(at, || {
                format!("a finding is expected in {:.1} of 100 such inspections", probability * 100.0)
            });
        }
        filling.filled
    }

    /// What a declaration counts for a quota: 1, or its cost where the quota is a share of the capacity.
    pub(super) fn counted(&self, quota: &Quota, member: usize) -> u64 {
        match quota.least {
            qingfeng_rules::selection::Least::Count(_) => 1,
            qingfeng_rules::selection::Least::Share(_) => self.members[member].cost.into(),
        }
    }

    /// The members that each quota displaced: those that the plan would have without it and those after it, in the
    /// same room, and that it does not have with it.
    pub(super) fn displaced(&self, must: &[usize], room: u64, filled: &Filled) -> Vec<Vec<usize>> {
        let quotas = self.policy.selection.quotas.len();
        let taken = |filled: &Filled| -> BTreeSet<usize> { filled.taken.iter().map(|&(at, _)| at).collect() };
        let planned = taken(filled);
        let mut before = if quotas == 0 { BTreeSet::new() } else { taken(&self.fill(must, room, 0)) };
        let mut told = BTreeSet::new();
        (1..=quotas)
            .map(|with| {
                let after =
                    if with == quotas { planned.clone() } else { taken(&self.fill(must, room, with)) };
                let gone: Vec<usize> = before
                    .difference(&after)
                    .copied()
                    .filter(|at| !planned.contains(at) && told.insert(*at))
                    .collect();
                before = after;
                gone
            })
            .collect()
    }
}

impl Filling<'_> {
    /// Takes a member if nothing speaks against it. A member that was refused may be asked for again.
    fn take(&mut self, at: usize, why: impl FnOnce() -> String) -> bool {
        if self.is_taken[at] {
            return false;
        }
        let office = self.office;
        let member = &office.members[at];
        let trader = office.candidates[member.candidate].trader.as_deref();
        let per_day = office.policy.selection.traders.per_day;
        let had = trader.and_then(|trader| self.traders.get(trader)).copied().unwrap_or(0);
        let refusal = if let Some(until) = member.left_alone {
            Some(Refusal::LeftAlone(until))
        } else if let Some(most) = per_day.filter(|&most| trader.is_some() && had >= most) {
            Some(Refusal::PerDay(most))
        } else if u64::from(member.cost) > self.left {
            Some(Refusal::Room(self.left))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.filled.refused.insert(at, refusal);
            return false;
        }
        self.left -= u64::from(member.cost);
        self.filled.used += u64::from(member.cost);
        self.is_taken[at] = true;
        self.filled.refused.remove(&at);
        self.filled.taken.push((at, why()));
        if let Some(trader) = trader {
            *self.traders.entry(trader).or_insert(0) += 1;
        }
        true
    }
}

impl Refusal {
    /// As people read it.
    pub(super) fn told(self, cost: u32, capacity: Amount) -> String {
        match (self, capacity) {
            (Self::LeftAlone(until), _) => format!("trader left alone until {until}"),
            (Self::PerDay(most), _) => {
                let plural = if most == 1 { "" } else { "s" };
                format!("the trader has {most} targeted inspection{plural} here on this day already")
            }
            (Self::Room(_), Amount::Points(0) | Amount::Inspections(0)) => Because::Closed.told().to_owned(),
            (Self::Room(_), Amount::Points(all)) if cost > all => {
                format!("costs {cost} points, more than the whole day's {all}")
            }
            (Self::Room(0), _) | (Self::Room(_), Amount::Inspections(_)) => Because::Room.told().to_owned(),
            (Self::Room(left), Amount::Points(_)) => format!("costs {cost} points, {left} were left"),
        }
    }
}
