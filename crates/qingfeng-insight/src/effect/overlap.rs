//! Which rules fire together.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::{Only, Overlap};
use qingfeng_inspection::evidence::{Evidence, Judged, RuleAt};

/// Of a declaration on which more rules fired, nothing is told of which fired together: there it says nothing, and would
/// take long.
const MOST_RULES: usize = 500;

/// The distinct sets of rules that fired, with the number of their declarations.
pub(crate) struct Sets {
    sets: Vec<(Vec<RuleAt>, u64)>,
    /// By rule, the sets that it is in.
    of_rule: Vec<Vec<u32>>,
}

/// The active rules that fired, and the shadow rules.
type ActiveAndShadow = (Arc<[RuleAt]>, Arc<[RuleAt]>);

/// How many declarations each set of rules has.
#[derive(Default)]
pub(crate) struct SetCounts(HashMap<ActiveAndShadow, u64, FixedState>);

impl SetCounts {
    pub fn add(&mut self, judged: &Judged) {
        if judged.rules.len() + judged.shadow_rules.len() <= MOST_RULES {
            let set = (Arc::clone(&judged.rules), Arc::clone(&judged.shadow_rules));
            *self.0.entry(set).or_default() += 1;
        }
    }
}

impl Sets {
    pub fn of(counts: SetCounts, evidence: &Evidence) -> Self {
        let mut counts: Vec<_> = counts.0.into_iter().collect();
        counts.sort_unstable();
        let sets: Vec<(Vec<RuleAt>, u64)> = counts
            .into_iter()
            .map(|((active, shadow), count)| {
                let mut rules: Vec<RuleAt> = active.iter().chain(&*shadow).copied().collect();
                rules.sort_unstable();
                rules.dedup();
                (rules, count)
            })
            .collect();
        let mut of_rule = vec![Vec::new(); evidence.rules.len()];
        for (at, (rules, _)) in sets.iter().enumerate() {
            rules.iter().for_each(|&rule| of_rule[rule as usize].push(at as u32));
        }
        Self { sets, of_rule }
    }

    /// The partners of a rule. `both` has a place for each rule and is 0 all over, before and after.
    pub fn partners(
        &self,
        rule: usize,
        most: usize,
        evidence: &Evidence,
        fired: &dyn Fn(usize) -> u64,
        both: &mut [u64],
    ) -> Vec<Overlap> {
        let mut touched: Vec<RuleAt> = Vec::new();
        for &set in &self.of_rule[rule] {
            let (rules, count) = &self.sets[set as usize];
            for &other in rules.iter().filter(|&&other| other as usize != rule) {
                if both[other as usize] == 0 {
                    touched.push(other);
                }
                both[other as usize] += count;
            }
        }
        let own = fired(rule);
        let mut partners: Vec<Overlap> = touched
            .iter()
            .map(|&other| {
                let both = std::mem::take(&mut both[other as usize]);
                let either = (own + fired(other as usize)).saturating_sub(both).max(1);
                Overlap {
                    rule: evidence.rules[other as usize].clone(),
                    both,
                    share: both as f64 / own.max(1) as f64,
                    jaccard: both as f64 / either as f64,
                }
            })
            .collect();
        partners.sort_by(|a, b| b.jaccard.total_cmp(&a.jaccard).then_with(|| a.rule.cmp(&b.rule)));
        partners.truncate(most);
        partners
    }
}

impl Only {
    pub(crate) fn add(&mut self, found: Option<bool>) {
        self.fired += 1;
        self.inspected += u64::from(found.is_some());
        self.found += u64::from(found == Some(true));
    }
}
