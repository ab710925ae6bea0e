//! Why a declaration changes its channel: the differences without which it would not have.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::{ChannelId, Combine, Pack, Score, Status};
use serde::Serialize;

use crate::eval::BatchResults;

use super::pack::parts_of_score;
use super::rules::Matching;

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// A rule counts that did not: it fires now, or it is new or active now.
    Counts,
    /// A rule counts no more.
    CountsNoMore,
    /// A rule that fires gives other points.
    Points,
    /// A rule that fires asks for another channel, at least or at most.
    Limits,
    /// A rule cannot be evaluated.
    Faults,
    /// A rule can be evaluated that could not.
    FaultsNoMore,
    /// What the pack makes of points and faults: where a channel begins, the score, the channel of faults.
    Policy,
    /// Another line decides, or something that cannot be read.
    Lines,
}

/// One difference that moved a declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// What it is about.
    pub kind: CauseKind,
    /// The rule, if it is about one; by its id in the new pack if that has it.
    pub rule: Option<String>,
    /// The same in words: `MC-01 now fires`.
    pub text: String,
}

/// A cause while they are counted: the rule by its number in [`Deciders`], or the part of the policy.
pub(super) type CauseKey = (CauseKind, u32);

/// What a rule that counted on a line did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Fired { points: i64, at_least: Option<u8>, at_most: Option<u8> },
    Fault,
}

/// How a pack makes channels of what counted. Channels are numbered over both packs.
#[derive(Clone, Debug, PartialEq)]
struct Policy {
    score: Score,
    on_fault: Option<u8>,
    /// Whether the worst that is possible decides where something cannot be read.
    is_worst: bool,
    from: BTreeMap<u8, i64>,
}

/// The parts of a policy: how points make a score, what becomes of faults, and from this number on the channels.
const SCORE: u32 = 0;
const ON_FAULT: u32 = 1;
const CHANNELS: u32 = 2;

impl Policy {
    /// The parts in which two policies differ.
    fn differing(&self, new: &Self) -> BTreeSet<u32> {
        let mut parts = BTreeSet::new();
        parts.extend((self.score != new.score).then_some(SCORE));
        parts.extend((self.on_fault != new.on_fault).then_some(ON_FAULT));
        let channels: BTreeSet<u8> = self.from.keys().chain(new.from.keys()).copied().collect();
        let other = channels.into_iter().filter(|channel| self.from.get(channel) != new.from.get(channel));
        parts.extend(other.map(|channel| CHANNELS + u32::from(channel)));
        parts
    }

    /// This policy with these parts of another.
    fn with(&self, new: &Self, parts: &BTreeSet<u32>) -> Self {
        let mut mixed = self.clone();
        for &part in parts {
            match part {
                SCORE => mixed.score = new.score,
                ON_FAULT => mixed.on_fault = new.on_fault,
                channel => {
                    let channel = (channel - CHANNELS) as u8;
                    match new.from.get(&channel) {
                        Some(from) => mixed.from.insert(channel, *from),
                        None => mixed.from.remove(&channel),
                    };
                }
            }
        }
        mixed
    }

    fn channel(&self, parts: impl Iterator<Item = Part>) -> u8 {
        let (mut points, mut ceiling, mut floor) = (None, None::<u8>, None::<u8>);
        for part in parts {
            match part {
                Part::Fault => floor = floor.max(self.on_fault),
                Part::Fired { points: more, at_least, at_most } => {
                    points = Some(match (points, self.score.combine) {
                        (None, _) => more,
                        (Some(sum), Combine::Sum) => sum + more,
                        (Some(largest), Combine::Max) => i64::max(largest, more),
                    });
                    ceiling = match (ceiling, at_most) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                    floor = floor.max(at_least);
                }
            }
        }
        let score = points.unwrap_or(0).clamp(self.score.floor, self.score.cap);
        let of_score =
            self.from.iter().rev().find(|(_, from)| **from <= score).or(self.from.first_key_value());
        let channel = of_score.map_or(0, |(channel, _)| *channel);
        let limited = ceiling.map_or(channel, |ceiling| channel.min(ceiling));
        floor.map_or(limited, |floor| limited.max(floor))
    }
}

#[derive(Debug)]
struct Decider {
    policy: Policy,
    /// By position in the pack: the number over both packs, whether the rule counts, its floor and its ceiling.
    rules: Vec<(u32, bool, Option<u8>, Option<u8>)>,
}

/// The channels of two packs in one order, and what decides under each.
#[derive(Debug)]
pub(super) struct Deciders {
    pub channels: Vec<String>,
    /// By pack, old and new, the number of each of its channels.
    pub ranks: [Vec<u8>; 2],
    pub rules: Vec<String>,
    /// For each cause about a rule, by its number, what is known of the rule.
    fates: Vec<Fate>,
    /// What differs in each part of the policy, in words.
    policy_texts: BTreeMap<u32, String>,
    sides: [Decider; 2],
}

/// What became of a rule from the old pack to the new one.
#[derive(Clone, Debug)]
enum Fate {
    Added,
    Removed,
    /// Its status and, if they are the same on every line, its points; in the old pack and in the new one.
    Kept([(Status, Option<i64>); 2]),
}

impl Deciders {
    pub fn new(old: &Pack, new: &Pack, matching: &Matching) -> Self {
        let names =
            |pack: &Pack| pack.channels.iter().map(|channel| channel.name.clone()).collect::<Vec<_>>();
        let channels = merged(&names(old), &names(new));
        let rank = |name: &str| channels.iter().position(|known| known == name).unwrap_or(0) as u8;
        let ranks = [old, new].map(|pack| pack.channels.iter().map(|channel| rank(&channel.name)).collect());
        let kept = |pack: &Pack, at: usize| (pack.rules[at].status, pack.rules[at].points.fixed());
        // The rules of the new pack come first, then those that are gone.
        let mut rules: Vec<String> = new.rules.iter().map(|rule| rule.id.clone()).collect();
        let mut fates: Vec<Fate> = (0..new.rules.len())
            .map(|at| match matching.old_of_new[at] {
                Some(before) => Fate::Kept([kept(old, before), kept(new, at)]),
                None => Fate::Added,
            })
            .collect();
        let mut old_numbers: Vec<u32> = Vec::with_capacity(old.rules.len());
        for (rule, after) in old.rules.iter().zip(&matching.new_of_old) {
            old_numbers.push(after.unwrap_or(rules.len()) as u32);
            if after.is_none() {
                rules.push(rule.id.clone());
                fates.push(Fate::Removed);
            }
        }
        let new_numbers: Vec<u32> = (0..new.rules.len() as u32).collect();
        let decider = |pack: &Pack, numbers: &[u32], ranks: &[u8]| Decider {
            policy: Policy {
                score: pack.score,
                from: pack.channels.iter().zip(ranks).map(|(channel, rank)| (*rank, channel.from)).collect(),
                on_fault: pack.on_fault.map(|channel| ranks[channel.index()]),
                is_worst: pack.on_unreadable.is_none(),
            },
            rules: Vec::from_iter(pack.rules.iter().zip(numbers).map(|(rule, &number)| {
                let rank = |channel: Option<ChannelId>| channel.map(|at| ranks[at.index()]);
                (number, rule.status == Status::Active, rank(rule.at_least), rank(rule.at_most))
            })),
        };
        let ranks: [Vec<u8>; 2] = ranks;
        let sides = [decider(old, &old_numbers, &ranks[0]), decider(new, &new_numbers, &ranks[1])];
        let policy_texts = policy_texts(&sides, &channels);
        Self { channels, ranks, rules, fates, policy_texts, sides }
    }

    /// The number of a rule over both packs.
    pub fn number(&self, side: usize, rule: u32) -> u32 {
        self.sides[side].rules[rule as usize].0
    }

    /// What counted on a line, by number.
    fn parts(&self, side: usize, results: &BatchResults, line: usize) -> BTreeMap<u32, Part> {
        let rules = &self.sides[side].rules;
        let fired = results.fired(line).iter().map(|&(rule, points)| {
            let (number, counts, at_least, at_most) = rules[rule as usize];
            (number, counts, Part::Fired { points, at_least, at_most })
        });
        let faults = results.faults(line).iter().map(|&(rule, _)| {
            let (number, counts, ..) = rules[rule as usize];
            (number, counts, Part::Fault)
        });
        // Where the worst decides, undecided rules fire as far as that makes the result worse.
        let spoilt = results.spoilt(line).filter(|_| self.sides[side].policy.is_worst);
        let undecided = spoilt.map_or(&[][..], |spoilt| &spoilt.undecided).iter().map(|of| {
            let (number, counts, at_least, at_most) = rules[of.rule as usize];
            let points = if of.fires { of.most } else { of.most.max(0) };
            (number, counts, Part::Fired { points, at_least, at_most: at_most.filter(|_| of.fires) })
        });
        let counting = fired.chain(faults).chain(undecided).filter(|(_, counts, _)| *counts);
        counting.map(|(number, _, part)| (number, part)).collect()
    }

    /// The differences on a line that were needed to bring it from the old channel at least to the new one. `channels`
    /// are those of the declaration.
    pub fn causes(
        &self,
        results: [&BatchResults; 2],
        lines: [Option<usize>; 2],
        channels: [u8; 2],
    ) -> Vec<CauseKey> {
        let [Some(old_line), Some(new_line)] = lines else { return vec![(CauseKind::Lines, 0)] };
        let old = self.parts(0, results[0], old_line);
        let new = self.parts(1, results[1], new_line);
        let numbers: BTreeSet<u32> = old.keys().chain(new.keys()).copied().collect();
        let differing: Vec<u32> = numbers.iter().copied().filter(|at| old.get(at) != new.get(at)).collect();
        let mut from_new: BTreeSet<u32> = differing.iter().copied().collect();
        let raised = channels[1] > channels[0];
        let arrives = |from_new: &BTreeSet<u32>, policy: &Policy| {
            let part = |at: &u32| if from_new.contains(at) { new.get(at) } else { old.get(at) };
            let channel = policy.channel(numbers.iter().filter_map(part).copied());
            if raised { channel >= channels[1] } else { channel <= channels[1] }
        };
        let [old_policy, new_policy] = [&self.sides[0].policy, &self.sides[1].policy];
        if !arrives(&from_new, new_policy) {
            // The channel of the line is not the declaration's: another line decides.
            return vec![(CauseKind::Lines, 0)];
        }
        // Differences are taken back one by one as long as the line arrives all the same: those of the policy first,
        // so that rules are named where they are enough, then the smallest.
        let mut policy_parts = old_policy.differing(new_policy);
        for part in policy_parts.clone() {
            policy_parts.remove(&part);
            if !arrives(&from_new, &old_policy.with(new_policy, &policy_parts)) {
                policy_parts.insert(part);
            }
        }
        let policy = old_policy.with(new_policy, &policy_parts);
        let weight = |at: u32| match (old.get(&at), new.get(&at)) {
            (Some(Part::Fault), _) | (_, Some(Part::Fault)) => i64::MAX,
            (a, b) => {
                let of = |part: Option<&Part>| match part {
                    Some(Part::Fired { points, at_least, at_most }) => (*points, *at_least, *at_most),
                    _ => (0, None, None),
                };
                let (a, b) = (of(a), of(b));
                if (a.1, a.2) == (b.1, b.2) { (b.0 - a.0).abs() } else { i64::MAX }
            }
        };
        let mut by_weight: Vec<(i64, u32)> = differing.iter().map(|&at| (weight(at), at)).collect();
        by_weight.sort_unstable();
        for (_, at) in by_weight {
            from_new.remove(&at);
            if !arrives(&from_new, &policy) {
                from_new.insert(at);
            }
        }
        let mut causes: Vec<CauseKey> =
            from_new.iter().map(|at| (kind(old.get(at), new.get(at)), *at)).collect();
        causes.extend(policy_parts.into_iter().map(|part| (CauseKind::Policy, part)));
        if causes.is_empty() {
            // The two packs disagree on which channel is more severe.
            causes.push((CauseKind::Policy, u32::MAX));
        }
        causes.sort_unstable();
        causes
    }

    pub fn cause(&self, (kind, at): CauseKey) -> Cause {
        let (id, fate) = (self.rules.get(at as usize), self.fates.get(at as usize));
        let id = id.map_or("", String::as_str);
        let text = match (kind, fate) {
            (CauseKind::Policy, _) => match self.policy_texts.get(&at) {
                Some(text) => text.clone(),
                None => "the channels stand in another order".to_owned(),
            },
            (CauseKind::Lines, _) => "another line decides, or something that cannot be read".to_owned(),
            (CauseKind::Counts, Some(Fate::Added)) => format!("the new rule {id} fires"),
            (CauseKind::Counts, Some(Fate::Kept([(before, _), _]))) if *before != Status::Active => {
                format!("{id} counts now, it was {}", before.name())
            }
            (CauseKind::Counts, _) => format!("{id} now fires"),
            (CauseKind::CountsNoMore, Some(Fate::Removed)) => format!("{id} is gone"),
            (CauseKind::CountsNoMore, Some(Fate::Kept([_, (after, _)]))) if *after != Status::Active => {
                format!("{id} counts no more, it is {}", after.name())
            }
            (CauseKind::CountsNoMore, _) => format!("{id} no longer fires"),
            (CauseKind::Points, Some(Fate::Kept([(_, Some(before)), (_, Some(after))]))) => {
                format!("{id} gives {after} points, not {before}")
            }
            (CauseKind::Points, _) => format!("{id} gives other points"),
            (CauseKind::Limits, _) => format!("{id} asks for another channel"),
            (CauseKind::Faults, _) => format!("{id} cannot be evaluated"),
            (CauseKind::FaultsNoMore, _) => format!("{id} can be evaluated again"),
        };
        let about_rule = !matches!(kind, CauseKind::Policy | CauseKind::Lines);
        Cause { kind, rule: about_rule.then(|| id.to_owned()), text }
    }
}

/// What differs in each part of the policy, in words.
fn policy_texts([old, new]: &[Decider; 2], channels: &[String]) -> BTreeMap<u32, String> {
    let (old, new) = (&old.policy, &new.policy);
    let name = |channel: Option<u8>| channel.map_or("none", |channel| &channels[usize::from(channel)]);
    let text = |part: u32| match part {
        SCORE => {
            let parts = parts_of_score(old.score).into_iter().zip(parts_of_score(new.score));
            let parts = parts.filter(|(old, new)| old != new);
            let parts =
                parts.map(|((what, old), (_, new))| format!("the score's {what} is {new}, not {old}"));
            parts.collect::<Vec<_>>().join(", ")
        }
        ON_FAULT => format!("a fault leads to {} at least, not {}", name(new.on_fault), name(old.on_fault)),
        channel => {
            let channel = (channel - CHANNELS) as u8;
            let name = name(Some(channel));
            match (old.from.get(&channel), new.from.get(&channel)) {
                (Some(old), Some(new)) => format!("{name} begins at {new}, not {old}"),
                (None, Some(new)) => format!("the new channel {name} begins at {new}"),
                _ => format!("there is no channel {name}"),
            }
        }
    };
    old.differing(new).into_iter().map(|part| (part, text(part))).collect()
}

fn kind(old: Option<&Part>, new: Option<&Part>) -> CauseKind {
    match (old, new) {
        (_, Some(Part::Fault)) => CauseKind::Faults,
        (Some(Part::Fault), _) => CauseKind::FaultsNoMore,
        (None, _) => CauseKind::Counts,
        (_, None) => CauseKind::CountsNoMore,
        (
            Some(Part::Fired { at_least: a, at_most: x, .. }),
            Some(Part::Fired { at_least: b, at_most: y, .. }),
        ) if (a, x) == (b, y) => CauseKind::Points,
        _ => CauseKind::Limits,
    }
}

/// Two lists as one, in the order of the second; what only the first has comes after what it came after there.
fn merged(old: &[String], new: &[String]) -> Vec<String> {
    let mut merged: Vec<String> = new.to_vec();
    let mut after = 0;
    for name in old {
        match merged.iter().position(|known| known == name) {
            Some(at) => after = at + 1,
            None => {
                merged.insert(after, name.clone());
                after += 1;
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests;
