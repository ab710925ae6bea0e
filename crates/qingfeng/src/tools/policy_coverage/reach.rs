//! Which rules reach which segment: the key index, asked for every code that can make a difference.

use std::collections::BTreeSet;

use qingfeng_rules::reference::Groups;
use qingfeng_rules::{Date, Key, Pack, Rule, Status};

use super::{Axis, CoverageError, STEPS_MAX, Segment, common};
use crate::eval::key_index::Dimension;
use crate::eval::rule_set::RuleSet;

/// The most words of 64 rules that the sets of all segments and periods may have; each stands twice.
const SET_WORDS_MAX: u64 = 32 << 20;

/// The rules of one segment of an axis in one period.
#[derive(Clone, Debug)]
struct OfSegment {
    /// Those that fit at least one code.
    some: RuleSet,
    /// Those that fit all codes; `None` where there is no code.
    all: Option<RuleSet>,
}

/// A stretch of days in which no membership begins or ends.
#[derive(Debug, Clone)]
struct Period {
    /// Evaluated and draft rules that are in force on some day of it.
    in_force: RuleSet,
    /// By axis and segment.
    segments: [Vec<OfSegment>; 3],
}

#[derive(Clone, Debug)]
pub(super) struct Reaches {
    /// The rules that are looked at, by their positions in the pack: all but the retired.
    pub rules: Vec<usize>,
    periods: Vec<Period>,
}

impl Reaches {
    pub(super) fn new(
        pack: &Pack,
        axes: &[Axis; 3],
        as_of: Option<Date>,
        cells: usize,
    ) -> Result<Self, CoverageError> {
        let positions: Vec<usize> =
            (0..pack.rules.len()).filter(|&at| pack.rules[at].status != Status::Retired).collect();
        let rules: Vec<&Rule> = positions.iter().map(|&at| &pack.rules[at]).collect();
        let periods = periods(pack, as_of);
        let words = rules.len().div_ceil(64) as u64;
        let sets = (periods.len() as u64).saturating_mul(words);
        let steps = (cells as u64).saturating_mul(sets.saturating_add(rules.len() as u64));
        let segment_count: usize = axes.iter().map(|axis| axis.segments.len()).sum();
        let too_many = CoverageError::TooManySteps { cells, rules: rules.len(), periods: periods.len() };
        if steps > STEPS_MAX || (segment_count as u64).saturating_mul(sets) > SET_WORDS_MAX {
            return Err(too_many);
        }
        let reference = &pack.reference;
        let dimensions = [
            Dimension::new(&reference.regions, &rules, |rule| &rule.region, false),
            Dimension::new(&reference.commodities, &rules, |rule| &rule.commodity, true),
            Dimension::new(&reference.modes, &rules, |rule| &rule.mode, false),
        ];
        let codes: [Vec<String>; 3] =
            std::array::from_fn(|axis| codes(pack, axes[axis].key, &dimensions[axis]));
        let looked_up: usize = codes.iter().map(Vec::len).sum();
        if (looked_up as u64).saturating_mul(sets + segment_count as u64) > STEPS_MAX {
            return Err(too_many);
        }
        let of_period = |&(from, until): &(Option<Date>, Option<Date>)| {
            let mut in_force = RuleSet::empty(rules.len());
            for (at, rule) in rules.iter().enumerate() {
                let begins = rule.from.is_none_or(|first| until.is_none_or(|until| first <= until));
                let lasts = rule.until.is_none_or(|last| from.is_none_or(|from| from <= last));
                if begins && lasts {
                    in_force.insert(at);
                }
            }
            let day = from.or(until);
            let segments = std::array::from_fn(|axis| {
                segments(&axes[axis], &dimensions[axis], &codes[axis], day, rules.len())
            });
            Period { in_force, segments }
        };
        let periods = periods.iter().map(of_period).collect();
        Ok(Self { rules: positions, periods })
    }

    /// The rules that reach a cell, those of them that cover it wholly, and whether the cell is empty.
    pub(super) fn of_cell(&self, at: [usize; 3]) -> (RuleSet, RuleSet, bool) {
        let mut reach = RuleSet::empty(self.rules.len());
        let mut partly = reach.clone();
        let mut is_empty = true;
        for period in &self.periods {
            let [region, commodity, mode] = [0, 1, 2].map(|axis: usize| &period.segments[axis][at[axis]]);
            let (Some(regions), Some(commodities), Some(modes)) = (&region.all, &commodity.all, &mode.all)
            else {
                continue;
            };
            is_empty = false;
            reach.unite(&common(&region.some, &commodity.some, &mode.some, &period.in_force));
            let mut not_wholly = period.in_force.clone();
            not_wholly.remove(&common(regions, commodities, modes, &period.in_force));
            partly.unite(&not_wholly);
        }
        let mut wholly = reach.clone();
        wholly.remove(&partly);
        (reach, wholly, is_empty)
    }
}

/// The first and the last day of each period; a period without a first day has a last one, unless it is the only
/// one.
fn periods(pack: &Pack, as_of: Option<Date>) -> Vec<(Option<Date>, Option<Date>)> {
    if as_of.is_some() {
        return vec![(as_of, as_of)];
    }
    let mut turns = BTreeSet::new();
    for key in super::AXES {
        for member in pack.reference.groups(key).iter().flat_map(|group| &group.members) {
            turns.extend(member.from);
            turns.extend(member.until.and_then(|until| until.plus_days(1)));
        }
    }
    let turns: Vec<Date> = turns.into_iter().collect();
    let mut periods = Vec::with_capacity(turns.len() + 1);
    let before = turns.first().map(|first| first.plus_days(-1));
    // Before the first day of the calendar there is no period.
    if before != Some(None) {
        periods.push((None, before.flatten()));
    }
    for (at, &turn) in turns.iter().enumerate() {
        periods.push((Some(turn), turns.get(at + 1).and_then(|next| next.plus_days(-1))));
    }
    periods
}

/// A letter that no code has.
const NO_LETTER: char = '\0';

/// Codes of an axis, one at least for each set of codes that all keys and groups treat alike: every code that a rule
/// or a group names, what follows a prefix and is named by nothing longer, and what is named by nothing at all.
fn codes(pack: &Pack, key: Key, dimension: &Dimension) -> Vec<String> {
    let mut codes = BTreeSet::from([NO_LETTER.to_string()]);
    for member in pack.reference.groups(key).iter().flat_map(|group| &group.members) {
        // Codes of goods are prefixes everywhere: what follows one is treated as the prefix itself.
        if member.prefix && key != Key::Commodity {
            codes.insert(format!("{}{NO_LETTER}", member.code));
        }
        codes.insert(member.code.clone());
    }
    codes.extend(dimension.named_codes().map(str::to_owned));
    codes.into_iter().collect()
}

/// The rules of each segment of an axis on a day.
fn segments(
    axis: &Axis,
    dimension: &Dimension,
    codes: &[String],
    day: Option<Date>,
    rules: usize,
) -> Vec<OfSegment> {
    let none = OfSegment { some: RuleSet::empty(rules), all: None };
    let mut found = vec![none; axis.segments.len()];
    for code in codes {
        let allowed = dimension.allowed(code, day);
        let member = Member::of(&dimension.groups, Some(code), day);
        for (segment, found) in axis.segments.iter().zip(&mut found) {
            if member.is_in(segment.segment) {
                found.some.unite(&allowed);
                match &mut found.all {
                    Some(all) => all.keep(&allowed),
                    None => found.all = Some(allowed.clone()),
                }
            }
        }
    }
    found
}

/// The groups of a code on a day, by their positions.
pub(super) struct Member(Vec<usize>);

impl Member {
    /// A line without a code is as one with a code that no group has.
    pub(super) fn of(groups: &Groups, code: Option<&str>, day: Option<Date>) -> Self {
        Self(code.into_iter().flat_map(|code| groups.on(code, day)).collect())
    }

    pub(super) fn is_in(&self, segment: Segment) -> bool {
        match segment {
            Segment::All => true,
            Segment::Group(group) => self.0.contains(&group),
            Segment::Other => self.0.is_empty(),
        }
    }
}
