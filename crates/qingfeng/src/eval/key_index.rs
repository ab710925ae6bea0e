//! The key index: which rules can fire on a line, found from its destination, commodity, mode and sites alone.
//!
//! Each dimension maps a code to the set of rules whose key it fits; the candidates of a line are what all
//! dimensions have in common. What a code allows is computed once and remembered. What its codes have in common is
//! computed for each line: most lines have other codes than those before them.

#[cfg(feature = "tools")]
mod rule_key;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use qingfeng_rules::reference::{Group, Groups};
use qingfeng_rules::{CodeList, Date, FieldId, Key, KeyValue, Pack, Rule, Schema, Status};

use super::rule_set::RuleSet;

#[cfg(feature = "tools")]
pub(crate) use rule_key::{KeyMemo, KeyStage, RuleKey, Unfit};

/// One dimension: rules by group, by code, by kind of site, and those that ask for nothing. Most rules ask for
/// little, so what a group or a code has are lists, not bits for all rules.
#[derive(Debug)]
pub(crate) struct Dimension {
    pub groups: Groups,
    any: RuleSet,
    by_group: Vec<Vec<u32>>,
    by_code: BTreeMap<String, Vec<u32>>,
    by_kind: BTreeMap<String, Vec<u32>>,
    /// Codes are prefixes (HS).
    by_prefix: bool,
}

impl Dimension {
    pub(crate) fn new(
        groups: &[Group],
        rules: &[&Rule],
        key: impl Fn(&Rule) -> &[KeyValue],
        by_prefix: bool,
    ) -> Self {
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

    /// Whether any rule is keyed on this.
    fn is_asked(&self) -> bool {
        !(self.by_code.is_empty() && self.by_kind.is_empty() && self.by_group.iter().all(Vec::is_empty))
    }

    /// The rules that a code allows: those that it fits, and those that ask for nothing.
    pub(crate) fn allowed(&self, code: &str, day: Option<Date>) -> RuleSet {
        let mut rules = self.any.clone();
        self.add(&mut rules, code, day);
        rules
    }

    /// The codes that rules name themselves.
    pub(crate) fn named_codes(&self) -> impl Iterator<Item = &str> {
        self.by_code.keys().map(String::as_str)
    }

    /// Adds the rules that a code fits.
    fn add(&self, rules: &mut RuleSet, code: &str, day: Option<Date>) {
        for group in self.groups.on(code, day) {
            rules.add(&self.by_group[group]);
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
pub struct LineKey<'k> {
    pub region: Option<&'k str>,
    pub commodity: Option<&'k str>,
    pub mode: Option<&'k str>,
    /// The values of the fields in which sites are looked up, in the order of the schema's kinds of site.
    pub sites: Vec<Option<&'k str>>,
    pub site_kind: Option<&'k str>,
    pub day: Option<Date>,
}

/// A part of the key of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Region,
    Commodity,
    Mode,
    SiteKind,
    /// The field at this position of the schema's kinds of site.
    Site(usize),
}

/// A set of rules by its number in a [`KeyCache`].
type SetId = u32;

/// What one thread remembers of keys: the sets of rules that codes allow.
pub(crate) struct KeyCache {
    /// The parts of the key that the schema has and rules ask for, each with its field; the commodity comes last.
    parts: Vec<(Part, FieldId, PartSets)>,
    /// The rules that the parts allow which no line has.
    base: RuleSet,
    /// Different sets, by their numbers.
    sets: Vec<RuleSet>,
    known: HashTable<SetId>,
    /// What each part allows on the line before.
    last: Vec<SetId>,
    /// What all parts but the commodity allow there.
    outer: RuleSet,
    candidates: RuleSet,
}

/// The sets that the codes of one field allow, by period and code.
#[derive(Default)]
struct PartSets {
    generation: u64,
    by_period: Vec<Vec<SetId>>,
    any: Option<SetId>,
}

const UNKNOWN: SetId = SetId::MAX;

/// The memory that remembered sets may take.
const SETS_BYTES_MAX: usize = 64 << 20;

impl KeyCache {
    pub(crate) fn new(schema: &Schema, index: &KeyIndex) -> Self {
        let keys = &schema.keys;
        let mut base = RuleSet::empty(index.rules.len());
        (0..index.rules.len()).for_each(|rule| base.insert(rule));
        let mut parts: Vec<(Part, FieldId, PartSets)> = Vec::new();
        let mut add = |part, field: Option<FieldId>| match field {
            // What no rule is keyed on need not be looked at.
            Some(field) if index.dimension(part).is_asked() => parts.push((part, field, PartSets::default())),
            Some(_) => {}
            // A schema without such a field: only rules that do not ask for it.
            None => base.keep(&index.dimension(part).any),
        };
        add(Part::Region, keys.region);
        add(Part::Mode, keys.mode);
        if keys.site_kind.is_some() || keys.site.is_empty() {
            add(Part::SiteKind, keys.site_kind);
        }
        for (at, &(_, field)) in keys.site.iter().enumerate() {
            add(Part::Site(at), Some(field));
        }
        add(Part::Commodity, keys.commodity);
        Self {
            last: vec![UNKNOWN; parts.len()],
            outer: base.clone(),
            candidates: base.clone(),
            parts,
            base,
            sets: Vec::new(),
            known: HashTable::new(),
        }
    }

    /// The fields of the key.
    pub(crate) fn fields(&self) -> impl Iterator<Item = FieldId> + '_ {
        self.parts.iter().map(|(_, field, _)| *field)
    }

    /// Forgets everything if too much is remembered. Sets get other numbers then.
    fn make_room(&mut self) {
        let bytes = self.base.bytes() + 32;
        if self.sets.len() * bytes > SETS_BYTES_MAX {
            self.known.clear();
            self.sets.clear();
            self.last.fill(UNKNOWN);
            for (_, _, part) in &mut self.parts {
                *part = PartSets::default();
            }
        }
    }

    fn intern(&mut self, set: RuleSet) -> SetId {
        let hash = |set: &RuleSet| FixedState::default().hash_one(set);
        let sets = &self.sets;
        let of_set = hash(&set);
        if let Some(&id) = self.known.find(of_set, |&id| sets[id as usize] == set) {
            return id;
        }
        let id = self.sets.len() as SetId;
        self.known.insert_unique(of_set, id, |&id| hash(&sets[id as usize]));
        self.sets.push(set);
        id
    }

    /// The candidates of a line. `code` gives the code of a field on the line and the generation of its codes, `text`
    /// its text.
    pub(crate) fn candidates<'t>(
        &mut self,
        index: &KeyIndex,
        day: Option<Date>,
        code: impl Fn(FieldId) -> (u32, u64),
        text: impl Fn(FieldId) -> Option<&'t str>,
    ) -> &RuleSet {
        self.make_room();
        let period = index.period(day);
        let commodity = self.parts.last().is_some_and(|(part, ..)| *part == Part::Commodity);
        let outer_parts = self.parts.len() - usize::from(commodity);
        let (mut outer_changed, mut changed) = (false, false);
        for at in 0..self.parts.len() {
            let set = self.set_of_code(index, at, period, day, &code, &text);
            if self.last[at] != set {
                self.last[at] = set;
                changed = true;
                outer_changed |= at < outer_parts;
            }
        }
        if outer_changed {
            self.find_outer(outer_parts);
        }
        if changed && commodity {
            self.candidates.copy_common(&self.outer, &self.sets[self.last[outer_parts] as usize]);
        } else if changed {
            self.candidates.copy_from(&self.outer);
        }
        &self.candidates
    }

    /// What the parts of the key but the commodity have in common; of sites what any of them allows.
    fn find_outer(&mut self, parts: usize) {
        let is_site = |part: &Part| matches!(part, Part::SiteKind | Part::Site(_));
        let mut sites = (0..parts).filter(|at| is_site(&self.parts[*at].0));
        match sites.next() {
            None => self.outer.copy_from(&self.base),
            Some(first) => {
                self.outer.copy_from(&self.sets[self.last[first] as usize]);
                for at in sites {
                    self.outer.unite(&self.sets[self.last[at] as usize]);
                }
                self.outer.keep(&self.base);
            }
        }
        for at in (0..parts).filter(|at| !is_site(&self.parts[*at].0)) {
            self.outer.keep(&self.sets[self.last[at] as usize]);
        }
    }

    fn set_of_code<'t>(
        &mut self,
        index: &KeyIndex,
        at: usize,
        period: usize,
        day: Option<Date>,
        code: &impl Fn(FieldId) -> (u32, u64),
        text: &impl Fn(FieldId) -> Option<&'t str>,
    ) -> SetId {
        let (part, field, sets) = &mut self.parts[at];
        let (part, field) = (*part, *field);
        let (code, generation) = code(field);
        if sets.generation != generation {
            sets.by_period.clear();
            sets.generation = generation;
        }
        if code == crate::eval::dictionary::MISSING {
            if let Some(any) = sets.any {
                return any;
            }
            let any = self.intern(index.rules_of(part, None, day));
            self.parts[at].2.any = Some(any);
            return any;
        }
        if let Some(&known) = sets.by_period.get(period).and_then(|sets| sets.get(code as usize))
            && known != UNKNOWN
        {
            return known;
        }
        let id = self.intern(index.rules_of(part, text(field), day));
        let by_period = &mut self.parts[at].2.by_period;
        if by_period.len() <= period {
            by_period.resize_with(period + 1, Vec::new);
        }
        let by_code = &mut by_period[period];
        if by_code.len() <= code as usize {
            by_code.resize(code as usize + 1, UNKNOWN);
        }
        by_code[code as usize] = id;
        id
    }
}

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
    /// The index of the rules that are evaluated; tests of rules evaluate drafts too.
    pub(crate) fn new(pack: &Pack, drafts: bool) -> Self {
        let is_evaluated = |status: Status| status.is_evaluated() || (drafts && status == Status::Draft);
        let evaluated = |at: &u32| is_evaluated(pack.rules[*at as usize].status);
        Self::of(pack, (0..pack.rules.len() as u32).filter(evaluated).collect())
    }

    /// The index of some rules, by their positions in the pack.
    fn of(pack: &Pack, positions: Vec<u32>) -> Self {
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

    /// Whether some code belongs to a group on some days only.
    pub(super) fn has_turns(&self) -> bool {
        !self.turns.is_empty()
    }

    /// The evaluated rules, by their positions in the pack.
    pub(crate) fn rules(&self) -> &[u32] {
        &self.rules
    }

    /// The rules that can fire on a line with this key, as positions in the pack, in order.
    pub(crate) fn candidates(&self, key: &LineKey<'_>) -> Vec<u32> {
        let mut found = self.rules_of(Part::Region, key.region, key.day);
        for (part, code) in [(Part::Commodity, key.commodity), (Part::Mode, key.mode)] {
            found.keep(&self.rules_of(part, code, key.day));
        }
        found.keep(&self.at_sites(key));
        found.iter().map(|at| self.rules[at as usize]).collect()
    }

    /// The rules that each key of a line allows.
    pub(crate) fn allowed(&self, key: &LineKey<'_>) -> [(Key, RuleSet); 4] {
        [
            (Key::Region, self.rules_of(Part::Region, key.region, key.day)),
            (Key::Commodity, self.rules_of(Part::Commodity, key.commodity, key.day)),
            (Key::Mode, self.rules_of(Part::Mode, key.mode, key.day)),
            (Key::Site, self.at_sites(key)),
        ]
    }

    /// The keys of a rule, by its position in the pack, that keep it away from a line whose keys allow these rules.
    pub(crate) fn blocking(&self, allowed: &[(Key, RuleSet); 4], position: u32) -> Vec<Key> {
        let Ok(rule) = self.rules.binary_search(&position) else { return Vec::new() };
        allowed.iter().filter(|(_, rules)| !rules.contains(rule)).map(|(key, _)| *key).collect()
    }

    /// The rules that any of the sites of a line allows.
    fn at_sites(&self, key: &LineKey<'_>) -> RuleSet {
        let mut sites = self.rules_of(Part::SiteKind, key.site_kind, key.day);
        for (at, code) in key.sites.iter().enumerate() {
            sites.unite(&self.rules_of(Part::Site(at), *code, key.day));
        }
        sites
    }

    /// The stretch of days, between two days on which some membership turns, that a day lies in.
    fn period(&self, day: Option<Date>) -> usize {
        match day {
            None => self.turns.len() + 1,
            Some(day) => self.turns.partition_point(|turn| *turn <= day),
        }
    }

    fn dimension(&self, part: Part) -> &Dimension {
        match part {
            Part::Region => &self.region,
            Part::Commodity => &self.commodity,
            Part::Mode => &self.mode,
            Part::SiteKind | Part::Site(_) => &self.site,
        }
    }

    /// The rules that the value of one part of the key allows: for sites those that any of them allows.
    fn rules_of(&self, part: Part, code: Option<&str>, day: Option<Date>) -> RuleSet {
        let dimension = self.dimension(part);
        let mut rules = dimension.any.clone();
        let Some(code) = code else { return rules };
        match part {
            Part::Region | Part::Commodity | Part::Mode => dimension.add(&mut rules, code, day),
            // The kind that a declaration states; codes are in upper case, kinds in lower case.
            Part::SiteKind => {
                if let Some(more) = dimension.by_kind.get(&code.to_lowercase()) {
                    rules.add(more);
                }
            }
            Part::Site(at) => {
                let kind = &self.site_kinds[at];
                for group in dimension.groups.on(code, day) {
                    // A code can be a port in one field and a district in another: only sites of the field's kind.
                    if self.kind_of_site[group] == *kind {
                        rules.add(&dimension.by_group[group]);
                        if let Some(more) = dimension.by_kind.get(kind) {
                            rules.add(more);
                        }
                    }
                }
                if let Some(more) = dimension.by_code.get(code) {
                    rules.add(more);
                }
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
            // What is known has the codes of the list, of the pack and of its groups.
            (Some(CodeList::Table(_)), _) => {
                schema[field].reading.known.as_ref().is_some_and(|known| known.knows(code))
            }
            (Some(list), _) => list.knows(code) || groups.knows(code),
            (None, Key::Commodity) => true,
            // Without groups there is nothing to know.
            (None, _) => groups.is_empty() || groups.knows(code),
        }
    }
}
