//! Changed rules, those with the same changes put together: a group that gets a member changes all rules that use it.

use std::collections::BTreeMap;

use qingfeng::tools::diff::{Change, ChangedRule};

/// Rules with the same changes.
pub struct Group<'d> {
    /// The rules, in the order of the pack.
    pub rules: Vec<&'d ChangedRule>,
    /// What decides otherwise in all of them.
    pub changes: &'d [Change],
    /// What reads otherwise in all of them.
    pub wording: &'d [Change],
}

/// The rules in groups, in the order of the first of each.
pub fn grouped(changed: &[ChangedRule]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<(&[Change], &[Change]), usize> = BTreeMap::new();
    for rule in changed {
        let key = (&rule.changes[..], &rule.wording[..]);
        match known.get(&key) {
            Some(&at) => groups[at].rules.push(rule),
            None => {
                known.insert(key, groups.len());
                groups.push(Group { rules: vec![rule], changes: key.0, wording: key.1 });
            }
        }
    }
    groups
}
