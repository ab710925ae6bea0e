//! Rules that a field left empty would silence.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::diagnostic::Code;
use crate::model::derived::{Derived, FieldRef};
use crate::model::schema::FieldId;
use crate::program::node::{NodeId, Op};

use super::pairs::listed;
use super::set::Set;
use super::terms::{Formula, Shape, TermId, walk};
use super::{Analysis, raises};

impl Analysis<'_> {
    /// Finds rules that fire on no line on which a field is left empty, where no other rule takes their place.
    pub(super) fn silent(&mut self) {
        let guards = self.guards();
        for at in self.active() {
            let rule = self.rule(at);
            let Some((_, canonical)) = self.rules[at].when else { continue };
            self.terms.next_rule();
            let fires = Rc::clone(&self.rules[at].fires);
            // What never fires cannot be silenced.
            if !raises(rule) || self.terms.never(&[(&fires, true)]) {
                continue;
            }
            let mut silencing = Vec::new();
            for field in self.optional_fields(canonical) {
                let empty = self.empty(field);
                if !self.terms.never(&[(&fires, true), (&empty, true)]) {
                    continue;
                }
                let asked: Vec<Formula> = self.rules[at].asked().into_iter().cloned().collect();
                let mut claims: Vec<(&Formula, bool)> = asked.iter().map(|part| (part, true)).collect();
                claims.push((&empty, true));
                // A key that needs the field is not reached without it.
                if self.terms.never(&claims) {
                    continue;
                }
                let terms = self.terms_of(field);
                // A rule that faults over its points has not been silent either.
                let guarded = terms
                    .iter()
                    .filter_map(|term| guards.get(term))
                    .flatten()
                    .any(|&guard| guard != at && self.covers(guard, at, vec![Rc::clone(&empty)], false));
                if !guarded {
                    silencing.push(self.pack.schema[field].name.clone());
                }
            }
            if silencing.is_empty() {
                continue;
            }
            let names: Vec<String> = silencing.iter().map(|name| format!("`{name}`")).collect();
            let title = format!("leaving {} empty silences the rule `{}`", listed(&names, "or"), rule.id);
            let example = &silencing[0];
            let note = "a smuggler can leave a field empty too, and no other rule fires because of it";
            let help = format!(
                "add a rule for such goods with `when: |d| d.{example} == ()`, or `|| d.{example} == ()` here"
            );
            self.say(Code::SilencedByMissing, at, self.when_place(at), title, note, help);
        }
    }

    /// For each field, the rules that raise the risk and may fire because it is empty.
    fn guards(&self) -> BTreeMap<TermId, Vec<usize>> {
        let mut guards: BTreeMap<TermId, Vec<usize>> = BTreeMap::new();
        for at in self.active().filter(|&at| raises(self.rule(at))) {
            let mut terms = BTreeSet::new();
            missing_terms(&self.rules[at].holds, &mut terms);
            for term in terms {
                guards.entry(term).or_default().push(at);
            }
        }
        guards
    }

    /// A field and what is derived from it: a rule may ask for either to be missing.
    fn terms_of(&mut self, field: FieldId) -> Vec<TermId> {
        let schema = &self.pack.schema;
        let is_source =
            |derived: &Derived| derived.sources(schema).is_some_and(|sources| sources.contains(&field));
        let derived = Derived::ALL.into_iter().filter(is_source).map(FieldRef::Derived);
        std::iter::once(FieldRef::Declared(field))
            .chain(derived)
            .map(|field| self.terms.field_term(field))
            .collect()
    }

    fn empty(&mut self, field: FieldId) -> Formula {
        let node = self.terms.field(FieldRef::Declared(field));
        let term = self.terms.field_term(FieldRef::Declared(field));
        let missing = Set::only_missing(self.terms.universe(term));
        self.terms.literal(node, missing)
    }

    /// The declared fields that a condition reads and a line may lack.
    fn optional_fields(&mut self, canonical: NodeId) -> BTreeSet<FieldId> {
        let schema = &self.pack.schema;
        let mut fields = BTreeSet::new();
        for leaf in self.terms.leaves(canonical) {
            match self.terms.nodes[leaf].op {
                Op::Field(FieldRef::Declared(field)) => {
                    fields.insert(field);
                }
                Op::Field(FieldRef::Derived(derived)) => {
                    fields.extend(derived.sources(schema).into_iter().flatten())
                }
                Op::Listed(table) | Op::Entry(table) => {
                    fields.extend(self.pack.lookups[table as usize].key_sources(schema));
                }
                _ => {}
            }
        }
        let present = |field: &FieldId| {
            schema[*field].required || schema.item == Some(*field) || schema.declaration == *field
        };
        fields.retain(|field| !present(field));
        fields
    }
}

/// The terms that a formula wants missing somewhere.
fn missing_terms(formula: &Formula, terms: &mut BTreeSet<TermId>) {
    walk(formula, &mut |part| {
        if let Shape::Literal(term, set) = &**part
            && set.missing
        {
            terms.insert(*term);
        }
        true
    });
}
