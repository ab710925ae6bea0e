//! Lines with values that could not be read: rules that depend on these values are undecided there.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use qingfeng_rules::internals::{Decision, Dependence, Memo, Read};
use qingfeng_rules::{Derived, Fault, FieldId, FieldRef, Key, Rule, Status};

use super::evaluator::{Evaluator, LineView};
use super::results::{BatchResults, Found};
use super::rule_set::RuleSet;
use super::values::{BatchValues, SUMS};
use super::worker::Worker;
use crate::assessment::UndecidedPoints;
use crate::read::Lines;

/// The sets of unread values whose rules are remembered at once.
const KNOWN_MAX: usize = 64;

/// What of a line could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Unread {
    fields: Vec<FieldId>,
    /// Of other lines of its declaration, for what is summed over them.
    of_others: Vec<FieldId>,
    /// Whether there is nothing but the declaration's id.
    all: bool,
    /// Whether that is so of any line of its declaration, which may stand for several.
    any_all: bool,
}

/// The rules to which unread values make a difference.
struct Affected {
    dependence: Dependence,
    /// By position in the pack, rising.
    rules: Vec<u32>,
}

impl Evaluator {
    /// The results once more, for lines of which something could not be read: only rules to which that makes no difference
    /// fire as before.
    pub(super) fn reconsider(
        &self,
        worker: &mut Worker,
        lines: &Lines,
        before: BatchResults,
    ) -> BatchResults {
        let values = Arc::clone(&before.values);
        let mut found = Found::new(&values, self.effects());
        let mut known: HashMap<Unread, Rc<Affected>> = HashMap::new();
        let mut memo = Memo::default();
        for range in lines.declarations() {
            let unreadable = lines.unreadable_in(&range);
            let any_all = unreadable.iter().any(|of| of.field.is_none());
            let summed = SUMS.iter().flat_map(|sum| self.sources.of(*sum));
            let summed = summed.chain(self.total_sources.iter().flatten()).copied();
            let summed =
                summed.filter(|field| any_all || unreadable.iter().any(|of| of.field == Some(*field)));
            let mut of_others: Vec<FieldId> = summed.collect();
            of_others.sort_unstable();
            for line in range {
                let of_line = || lines.unreadable_in(&(line..line + 1)).iter();
                let unread = Unread {
                    fields: of_line().filter_map(|of| of.field).collect(),
                    of_others: of_others.clone(),
                    all: of_line().any(|of| of.field.is_none()),
                    any_all,
                };
                if unread == Unread::default() {
                    before.fired(line).iter().for_each(|&(rule, points)| found.add(rule, Ok(Some(points))));
                    before.faults(line).iter().for_each(|&(rule, fault)| found.add(rule, Err(fault)));
                    found.end();
                    continue;
                }
                let affected = match known.get(&unread) {
                    Some(affected) => Rc::clone(affected),
                    None => {
                        let affected = Rc::new(self.affected(&unread));
                        // Lines can lack their values in more ways than there is memory for.
                        if known.len() == KNOWN_MAX {
                            known.clear();
                        }
                        known.insert(unread.clone(), Rc::clone(&affected));
                        affected
                    }
                };
                let is_affected = |rule: u32| affected.rules.binary_search(&rule).is_ok();
                let mut undecided = Vec::new();
                let mut all: Vec<(u32, Result<i64, Fault>)> = Vec::new();
                let fired = before.fired(line).iter().map(|&(rule, points)| (rule, Ok(points)));
                let faults = before.faults(line).iter().map(|&(rule, fault)| (rule, Err(fault)));
                all.extend(fired.chain(faults).filter(|(rule, _)| !is_affected(*rule)));
                let view = LineView {
                    values: &values,
                    texts: &[],
                    tests: &worker.tests,
                    evaluator: self,
                    dispatch: self.guessed(),
                    line,
                };
                let allowed = self.keys.allowed(&values.key(line));
                let mut may_fault = false;
                for &rule in &affected.rules {
                    let (decision, faults) =
                        self.decide(rule, &unread, &affected.dependence, &allowed, &view, &mut memo);
                    may_fault |= faults && self.pack().rules[rule as usize].status == Status::Active;
                    match decision {
                        Decision::Known(Ok(None)) => {}
                        Decision::Known(Ok(Some(points))) => all.push((rule, Ok(points))),
                        Decision::Known(Err(fault)) => all.push((rule, Err(fault))),
                        // A shadow rule counts nothing.
                        Decision::Undecided { .. }
                            if self.pack().rules[rule as usize].status != Status::Active => {}
                        Decision::Undecided { fires, least, most } => {
                            undecided.push(UndecidedPoints { rule, fires, least, most });
                        }
                    }
                }
                memo.clear();
                all.sort_unstable_by_key(|(rule, _)| *rule);
                all.into_iter().for_each(|(rule, result)| found.add(rule, result.map(Some)));
                found.end_spoilt(undecided, may_fault);
            }
        }
        found.results()
    }

    fn affected(&self, unread: &Unread) -> Affected {
        let schema = &self.pack().schema;
        let id = schema.declaration;
        let declared = |field: FieldId| (unread.all && field != id) || unread.fields.contains(&field);
        let derived = |derived: Derived| {
            let sources = self.sources.of(derived);
            if SUMS.contains(&derived) {
                sources.iter().any(|field| unread.of_others.contains(field))
            } else {
                (derived == Derived::ItemCount && unread.any_all)
                    || sources.iter().any(|&field| declared(field))
            }
        };
        let dependence = self.program().dependence(&|read| match read {
            Read::Field(FieldRef::Declared(field)) => declared(field),
            Read::Field(FieldRef::Derived(of)) => derived(of),
            Read::Field(FieldRef::Computed(_)) => false,
            Read::Field(FieldRef::Total(at)) => {
                unread.any_all || self.total_sources[at].iter().any(|field| unread.of_others.contains(field))
            }
            Read::Table(table) => {
                let lookup = &self.pack().lookups[table as usize];
                let key = lookup.key.iter().copied().chain(schema.date.map(FieldRef::Declared));
                key.into_iter().any(|field| match field {
                    FieldRef::Declared(field) => declared(field),
                    FieldRef::Derived(of) => derived(of),
                    FieldRef::Computed(_) | FieldRef::Total(_) => false,
                })
            }
        });
        let makes_difference = |&rule: &u32| {
            let of = &self.pack().rules[rule as usize];
            dependence.of_rule(rule as usize)
                || self.has_unread_key(of, unread)
                || (self.has_unread_day(unread) && self.depends_on_day(of))
        };
        let rules = self.keys.rules().iter().copied().filter(makes_difference).collect();
        Affected { dependence, rules }
    }

    /// Whether a key could not be read.
    fn is_unread_key(&self, key: Key, unread: &Unread) -> bool {
        let schema = &self.pack().schema;
        let is_unread =
            |field: Option<FieldId>| field.is_some_and(|field| unread.all || unread.fields.contains(&field));
        match key {
            Key::Region => is_unread(schema.keys.region),
            Key::Commodity => is_unread(schema.keys.commodity),
            Key::Mode => is_unread(schema.keys.mode),
            Key::Site => {
                schema.keys.site.iter().any(|&(_, field)| is_unread(Some(field)))
                    || is_unread(schema.keys.site_kind)
            }
        }
    }

    fn has_unread_key(&self, rule: &Rule, unread: &Unread) -> bool {
        let keys = [
            (Key::Region, &rule.region),
            (Key::Commodity, &rule.commodity),
            (Key::Mode, &rule.mode),
            (Key::Site, &rule.site),
        ];
        keys.into_iter().any(|(key, values)| !values.is_empty() && self.is_unread_key(key, unread))
    }

    fn has_unread_day(&self, unread: &Unread) -> bool {
        self.pack().schema.date.is_some_and(|field| unread.all || unread.fields.contains(&field))
    }

    /// Whether it depends on the day that a rule is in force or that its keys fit.
    fn depends_on_day(&self, rule: &Rule) -> bool {
        let has_keys =
            [&rule.region, &rule.commodity, &rule.mode, &rule.site].iter().any(|key| !key.is_empty());
        rule.from.is_some() || rule.until.is_some() || (has_keys && self.keys.has_turns())
    }

    fn decide<'b>(
        &'b self,
        rule: u32,
        unread: &Unread,
        dependence: &Dependence,
        allowed: &[(Key, RuleSet); 4],
        view: &LineView<'b>,
        memo: &mut Memo<'b>,
    ) -> (Decision, bool) {
        const NOT: (Decision, bool) = (Decision::Known(Ok(None)), false);
        let values: &BatchValues = view.values;
        let of = &self.pack().rules[rule as usize];
        let day = values.day(view.line);
        if !of.is_in_force(day) {
            return NOT;
        }
        let blocking = self.keys.blocking(allowed, rule);
        if blocking.iter().any(|&key| !self.is_unread_key(key, unread)) {
            return NOT;
        }
        let fits = blocking.is_empty() && !(self.has_unread_day(unread) && self.depends_on_day(of));
        let (decision, may_fault) = self.program().decide(rule as usize, dependence, view, memo);
        let decision = match decision {
            decision if fits => decision,
            Decision::Known(Ok(Some(points))) => {
                Decision::Undecided { fires: false, least: points, most: points }
            }
            Decision::Undecided { least, most, .. } => Decision::Undecided { fires: false, least, most },
            // A fault where the keys may not fit is none that is certain.
            Decision::Known(_) => Decision::Known(Ok(None)),
        };
        (decision, may_fault)
    }
}
