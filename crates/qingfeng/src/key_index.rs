//! The key index: which rules can fire on a line, found from its destination, commodity, mode and sites alone.
//!
//! Each dimension maps a code to the set of rules whose key it fits; the candidates of a line are what all
//! dimensions have in common. They are computed once for each distinct key and remembered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use qingfeng_rules::{CodeList, Date, FieldId, Group, Key, KeyValue, Pack, Rule, Schema};

/// A set of rules, one bit for each evaluated rule.
#[derive(Clone, Debug, Default, PartialEq)]
struct RuleSet(Vec<u64>);

impl RuleSet {
    fn empty(rules: usize) -> Self {
        Self(vec![0; rules.div_ceil(64)])
    }

    fn insert(&mut self, rule: usize) {
        self.0[rule / 64] |= 1 << (rule % 64);
    }

    fn add(&mut self, rules: &[u32]) {
        rules.iter().for_each(|&rule| self.insert(rule as usize));
    }

    fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.checked_sub(1)?;
                Some(at * 64 + bit)
            })
        })
    }
}

/// The groups that a code belongs to.
#[derive(Debug, Default)]
struct Groups {
    exact: BTreeMap<String, Vec<Membership>>,
    prefixes: BTreeMap<String, Vec<Membership>>,
    prefix_len_max: usize,
}

/// A group by its position, and while the code belongs to it.
#[derive(Clone, Copy, Debug)]
struct Membership {
    group: usize,
    from: Option<Date>,
    until: Option<Date>,
}

impl Membership {
    /// A declaration without a date cannot show that the membership does not hold, so it does.
    fn holds(&self, day: Option<Date>) -> bool {
        day.is_none_or(|day| {
            self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
        })
    }
}

impl Groups {
    fn new(groups: &[Group]) -> Self {
        let mut index = Self::default();
        for (at, group) in groups.iter().enumerate() {
            for member in &group.members {
                let membership = Membership { group: at, from: member.from, until: member.until };
                let map = if member.prefix { &mut index.prefixes } else { &mut index.exact };
                map.entry(member.code.clone()).or_default().push(membership);
                if member.prefix {
                    index.prefix_len_max = index.prefix_len_max.max(member.code.len());
                }
            }
        }
        index
    }

    fn of<'g>(&'g self, code: &'g str) -> impl Iterator<Item = Membership> + 'g {
        let exact = self.exact.get(code).into_iter().flatten();
        let prefixes = (1..=self.prefix_len_max.min(code.len()))
            .filter_map(|len| self.prefixes.get(code.get(..len)?))
            .flatten();
        exact.chain(prefixes).copied()
    }

    /// Whether any group has the code, on whatever day.
    fn knows(&self, code: &str) -> bool {
        self.of(code).next().is_some()
    }

    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty()
    }
}

/// One dimension: rules by group, by code, by kind of site, and those that ask for nothing. Most rules ask for
/// little, so what a group or a code has are lists, not bits for all rules.
#[derive(Debug)]
struct Dimension {
    groups: Groups,
    any: RuleSet,
    by_group: Vec<Vec<u32>>,
    by_code: BTreeMap<String, Vec<u32>>,
    by_kind: BTreeMap<String, Vec<u32>>,
    /// Codes are prefixes (HS).
    by_prefix: bool,
}

impl Dimension {
    fn new(groups: &[Group], rules: &[&Rule], key: impl Fn(&Rule) -> &[KeyValue], by_prefix: bool) -> Self {
        let mut dimension = Self {
            groups: Groups::new(groups),
            any: RuleSet::empty(rules.len()),
            by_group: vec![Vec::new(); groups.len()],
            by_code: BTreeMap::new(),
            by_kind: BTreeMap::new(),
            by_prefix,
        };
        for (at, rule) in (0..).zip(rules) {
            let values = key(rule);
            if values.is_empty() {
                dimension.any.insert(at as usize);
            }
            for value in values {
                match value {
                    KeyValue::Group(group) => dimension.by_group[*group].push(at),
                    KeyValue::Code(code) => dimension.by_code.entry(code.clone()).or_default().push(at),
                    KeyValue::SiteKind(kind) => dimension.by_kind.entry(kind.clone()).or_default().push(at),
                }
            }
        }
        dimension
    }

    /// Adds the rules that a code fits.
    fn add(&self, rules: &mut RuleSet, code: &str, day: Option<Date>) {
        for membership in self.groups.of(code).filter(|membership| membership.holds(day)) {
            rules.add(&self.by_group[membership.group]);
        }
        if self.by_prefix {
            for len in 1..=code.len() {
                if let Some(more) = code.get(..len).and_then(|prefix| self.by_code.get(prefix)) {
                    rules.add(more);
                }
            }
        } else if let Some(more) = self.by_code.get(code) {
            rules.add(more);
        }
    }
}

/// The key of a line: the values that decide which rules can fire on it.
pub(crate) struct LineKey<'k> {
    pub region: Option<&'k str>,
    pub commodity: Option<&'k str>,
    pub mode: Option<&'k str>,
    /// The values of the fields in which sites are looked up, in the order of the schema's kinds of site.
    pub sites: Vec<Option<&'k str>>,
    pub site_kind: Option<&'k str>,
    pub day: Option<Date>,
}

/// Candidates by distinct key, remembered. Each thread has its own.
#[derive(Default)]
pub(crate) struct CandidateCache {
    known: HashMap<Vec<u8>, Arc<[u32]>>,
    key: Vec<u8>,
}

/// Distinct keys that are remembered at most; a file with more of them begins anew.
const CACHED_KEYS_MAX: usize = 1 << 16;

/// Which rules can fire on which key.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    /// The evaluated rules, by their positions in the pack.
    rules: Vec<u32>,
    region: Dimension,
    commodity: Dimension,
    mode: Dimension,
    site: Dimension,
    site_kinds: Vec<String>,
    /// For each site its kind, by position.
    kind_of_site: Vec<String>,
    /// The days on which some membership begins or has just ended, in order.
    turns: Vec<Date>,
}

impl KeyIndex {
    pub(crate) fn new(pack: &Pack) -> Self {
        let positions: Vec<u32> = (0..pack.rules.len() as u32)
            .filter(|&at| pack.rules[at as usize].status.is_evaluated())
            .collect();
        let rules: Vec<&Rule> = positions.iter().map(|&at| &pack.rules[at as usize]).collect();
        let reference = &pack.reference;
        let mut turns = BTreeSet::new();
        for key in [Key::Region, Key::Commodity, Key::Mode, Key::Site] {
            for member in reference.groups(key).iter().flat_map(|group| &group.members) {
                turns.extend(member.from);
                turns.extend(member.until.and_then(|until| until.plus_days(1)));
            }
        }
        Self {
            region: Dimension::new(&reference.regions, &rules, |rule| &rule.region, false),
            commodity: Dimension::new(&reference.commodities, &rules, |rule| &rule.commodity, true),
            mode: Dimension::new(&reference.modes, &rules, |rule| &rule.mode, false),
            site: Dimension::new(&reference.sites, &rules, |rule| &rule.site, false),
            site_kinds: pack.schema.keys.site.iter().map(|(kind, _)| kind.clone()).collect(),
            kind_of_site: reference.sites.iter().map(|site| site.kind.clone().unwrap_or_default()).collect(),
            turns: turns.into_iter().collect(),
            rules: positions,
        }
    }

    /// The rules that can fire on a line with this key, as positions in the pack, in order.
    pub(crate) fn candidates(&self, cache: &mut CandidateCache, key: &LineKey<'_>) -> Arc<[u32]> {
        cache.key.clear();
        let texts = [key.region, key.commodity, key.mode, key.site_kind];
        for text in texts.into_iter().chain(key.sites.iter().copied()) {
            // Lengths keep the parts apart; a missing part is not an empty one.
            let length = text.map_or(u32::MAX, |text| text.len() as u32);
            cache.key.extend_from_slice(&length.to_le_bytes());
            cache.key.extend_from_slice(text.unwrap_or("").as_bytes());
        }
        let turn = key.day.map_or(u32::MAX, |day| self.turns.partition_point(|turn| *turn <= day) as u32);
        cache.key.extend_from_slice(&turn.to_le_bytes());
        if let Some(candidates) = cache.known.get(&cache.key) {
            return Arc::clone(candidates);
        }
        let candidates = self.find(key);
        if cache.known.len() >= CACHED_KEYS_MAX {
            cache.known.clear();
        }
        cache.known.insert(cache.key.clone(), Arc::clone(&candidates));
        candidates
    }

    fn find(&self, key: &LineKey<'_>) -> Arc<[u32]> {
        let mut found = self.region.any.clone();
        if let Some(code) = key.region {
            self.region.add(&mut found, code, key.day);
        }
        for (dimension, code) in [(&self.commodity, key.commodity), (&self.mode, key.mode)] {
            let mut rules = dimension.any.clone();
            if let Some(code) = code {
                dimension.add(&mut rules, code, key.day);
            }
            found.keep(&rules);
        }
        found.keep(&self.rules_of_sites(key));
        found.iter().map(|at| self.rules[at]).collect()
    }

    fn rules_of_sites(&self, key: &LineKey<'_>) -> RuleSet {
        let mut rules = self.site.any.clone();
        let mut kinds = BTreeSet::new();
        // The kind that a declaration states; codes are in upper case, kinds in lower case.
        kinds.extend(key.site_kind.map(str::to_lowercase));
        for (kind, code) in self.site_kinds.iter().zip(&key.sites) {
            let Some(code) = code else { continue };
            for membership in self.site.groups.of(code).filter(|membership| membership.holds(key.day)) {
                // A code can be a port in one field and a district in another: only sites of the field's kind.
                if self.kind_of_site[membership.group] == *kind {
                    rules.add(&self.site.by_group[membership.group]);
                    kinds.insert(kind.clone());
                }
            }
            if let Some(more) = self.site.by_code.get(*code) {
                rules.add(more);
            }
        }
        for kind in kinds {
            if let Some(more) = self.site.by_kind.get(&kind) {
                rules.add(more);
            }
        }
        rules
    }

    /// Whether a code of a key is one that the reference data or its code list knows.
    pub(crate) fn knows(&self, schema: &Schema, key: Key, field: FieldId, code: &str) -> bool {
        let groups = match key {
            Key::Region => &self.region.groups,
            Key::Commodity => &self.commodity.groups,
            Key::Mode => &self.mode.groups,
            Key::Site => &self.site.groups,
        };
        let list: Option<CodeList> = schema[field].codes;
        match (list, key) {
            (Some(list), _) => list.knows(code),
            (None, Key::Commodity) => true,
            // Without groups there is nothing to know.
            (None, _) => groups.is_empty() || groups.knows(code),
        }
    }
}
