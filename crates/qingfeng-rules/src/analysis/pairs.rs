//! Rules against each other: the same condition twice, one that fires wherever another does, a ceiling that a floor
//! always beats.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::lang::rule::Rule;
use crate::model::channel::{ChannelId, Combine};
use crate::model::reference::Key;

use super::Analysis;
use super::keys::KeyPart;
use super::prove::State;
use super::set::Set;
use super::terms::{Formula, Shape, TermId, walk};

const PAIRS_MAX: usize = 1_000_000;

/// How many rules of one condition are compared each with each.
const ALIKE_MAX: usize = 200;

/// Whether the effects of two rules on one line add up to more than either.
fn count_twice(combine: Combine, a: &Rule, b: &Rule) -> bool {
    combine == Combine::Sum && sign(a) != 0 && sign(a) == sign(b)
}

/// Whether a rule raises the score, lowers it, or leaves it.
fn sign(rule: &Rule) -> i8 {
    rule.points.fixed().map_or(1, |points| points.signum() as i8)
}

/// What a condition says without any choice, and the terms that its alternatives mention.
struct Known {
    state: State,
    chosen: BTreeSet<TermId>,
}

/// The rules whose formula mentions a term.
type Speaking = BTreeMap<TermId, Vec<usize>>;

impl Analysis<'_> {
    pub(super) fn pairs(&mut self) {
        let mut told = self.same_conditions();
        let speaking = self.speaking();
        let known: Vec<Option<Known>> = (0..self.rules.len())
            .map(|at| {
                let (state, open) = self.terms.without_choice(&self.rules[at].holds)?;
                let mut chosen = BTreeSet::new();
                open.iter().for_each(|formula| collect(formula, &mut chosen));
                Some(Known { state, chosen })
            })
            .collect();
        // What is asked of nearly all pairs stands near each other.
        let effects: Vec<(i8, Option<ChannelId>)> =
            self.pack.rules.iter().map(|rule| (sign(rule), rule.at_most)).collect();
        let sums = self.pack.score.combine == Combine::Sum;
        let mut may_fire: Vec<Option<bool>> = vec![None; effects.len()];
        let mut pairs = 0;
        for broad in self.active() {
            if self.terms.effort.is_spent() {
                return;
            }
            let rule = self.rule(broad);
            // Rules that ask for nothing but their key are a base on which others build.
            if rule.when.is_none() {
                continue;
            }
            // That a condition always holds is said of it already; that all others imply it need not be.
            let holds = Rc::clone(&self.rules[broad].holds);
            let always = self.terms.follows(&[], &holds);
            let floor = rule.at_least;
            let mut parts = Vec::new();
            conjuncts(&self.rules[broad].holds, &mut parts);
            let asked: Vec<(TermId, Set)> = parts
                .iter()
                .filter_map(|part| match &**part {
                    Shape::Literal(term, set) => Some((*term, set.complement())),
                    _ => None,
                })
                .collect();
            let narrower = self.narrower(broad, &speaking);
            self.terms.effort.spend(narrower.len() * (1 + asked.len()));
            for narrow in narrower {
                let (sign, at_most) = effects[narrow];
                let beaten = matches!((at_most, floor), (Some(most), Some(least)) if most < least);
                let twice = !always && sums && sign != 0 && sign == effects[broad].0;
                if narrow == broad
                    || !(beaten || twice)
                    || !self.key_within(narrow, broad)
                    || !known[narrow].as_ref().is_some_and(|known| {
                        asked.iter().all(|(term, outside)| {
                            self.may_say(known, *term, outside)
                                || self.key_says(known, narrow, *term, outside)
                        })
                    })
                    || !beaten && told.contains(&pair(broad, narrow))
                {
                    continue;
                }
                pairs += 1;
                if pairs > PAIRS_MAX {
                    self.stopped(&format!("{PAIRS_MAX} pairs of rules had been compared"));
                    return;
                }
                self.terms.next_rule();
                let inner = &self.rules[narrow];
                let claims = vec![Rc::clone(&inner.holds), Rc::clone(&inner.gives)];
                if !self.covers(broad, narrow, claims, true) {
                    continue;
                }
                // A rule that never fires would imply everything.
                let fires = &self.rules[narrow].fires;
                if !*may_fire[narrow].get_or_insert_with(|| self.terms.fit(&[(fires, true)])) {
                    continue;
                }
                let (a, b) = (Rc::clone(&self.rules[narrow].holds), Rc::clone(&self.rules[broad].holds));
                if beaten {
                    self.beaten(narrow, broad);
                } else if self.terms.follows(&[(&b, true)], &a) && self.terms.follows(&[(&a, true)], &b) {
                    // One condition, written in two ways.
                    told.insert(pair(narrow, broad));
                    self.same_condition(narrow.max(broad), &[narrow.min(broad)]);
                } else {
                    self.implied(narrow, broad);
                }
            }
        }
    }

    /// Whether a part of a rule's key, or its validity, may keep a term out of a set.
    fn key_says(&self, known: &Known, at: usize, term: TermId, outside: &Set) -> bool {
        let rule = &self.rules[at];
        let may_say = |((_, part), terms): (&KeyPart, &BTreeSet<TermId>)| match &**part {
            Shape::Literal(of, set) if *of == term => match known.state.get(&term) {
                Some(known) => known.intersection(set).is_disjoint(outside),
                None => set.is_disjoint(outside),
            },
            _ => terms.contains(&term),
        };
        rule.key.iter().zip(&rule.key_terms).any(may_say)
            || matches!(&*rule.valid, Shape::Literal(of, _) if *of == term)
    }

    /// Whether a condition may keep a term out of a set wherever it holds.
    fn may_say(&self, known: &Known, term: TermId, outside: &Set) -> bool {
        if known.state.get(&term).is_some_and(|set| set.is_disjoint(outside)) || known.chosen.contains(&term)
        {
            return true;
        }
        // A list of texts may decide a test on the same field, and alternatives may imply what they do not name.
        let leaf = self.terms.sole(term).and_then(|leaf| self.terms.known_term(leaf));
        leaf.is_some_and(|leaf| known.state.contains_key(&leaf))
            || known
                .chosen
                .iter()
                .any(|&chosen| Some(chosen) == leaf || self.terms.all_implied(chosen).contains(&term))
    }

    pub(super) fn stopped(&mut self, after: &str) {
        let title = format!("the analysis stopped after {after}");
        let place = Place { file: "pack.toml".into(), span: 0..0 };
        let item = Diagnostic::new(Code::AnalysisStopped, title)
            .at(place, "")
            .note("what it says is certain all the same, but there may be more to be said");
        self.found.push(item);
    }

    /// Rules with one condition and keys that overlap; the pairs that were reported.
    fn same_conditions(&mut self) -> BTreeSet<(usize, usize)> {
        let mut alike: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for at in self.active() {
            if let Some((_, canonical)) = self.rules[at].when {
                alike.entry(canonical.0).or_default().push(at);
            }
        }
        let mut told = BTreeSet::new();
        for rules in alike.into_values().filter(|rules| rules.len() > 1) {
            for (number, &second) in rules.iter().enumerate() {
                self.terms.next_rule();
                let alike: Vec<usize> = rules[..number]
                    .iter()
                    .copied()
                    .rev()
                    .take(ALIKE_MAX)
                    .filter(|&first| self.overlap(first, second))
                    .collect();
                if !alike.is_empty() {
                    told.extend(alike.iter().map(|&first| pair(first, second)));
                    self.same_condition(second, &alike);
                }
            }
        }
        told
    }

    /// Whether both rules act on one line somewhere, if their conditions are one.
    fn overlap(&mut self, first: usize, second: usize) -> bool {
        let (a, b) = (self.rule(first), self.rule(second));
        let same_limit =
            a.at_least.is_some() && b.at_least.is_some() || a.at_most.is_some() && b.at_most.is_some();
        if !count_twice(self.pack.score.combine, a, b) && !same_limit {
            return false;
        }
        let parts = [Rc::clone(&self.rules[first].fires), Rc::clone(&self.rules[second].fires)];
        self.terms.fit(&[(&parts[0], true), (&parts[1], true)])
    }

    fn same_condition(&mut self, second: usize, alike: &[usize]) {
        let rule = self.rule(second);
        let names: Vec<String> = alike.iter().map(|&first| format!("`{}`", self.rule(first).id)).collect();
        let title = format!(
            "the rule `{}` has the same condition as {}, and its key overlaps",
            rule.id,
            listed(&names, "and")
        );
        let mut notes = Vec::new();
        for &first in alike {
            let other = self.rule(first);
            let shared = self.shared(first, second);
            notes.push(match (other.points.fixed(), rule.points.fixed()) {
                (Some(x), Some(y)) if x != 0 && y != 0 => {
                    format!("`{}`, {x} and {y} points: {shared}", other.id)
                }
                _ => format!("`{}`: {shared}", other.id),
            });
        }
        let item = Diagnostic::new(Code::SameCondition, title)
            .at(self.when_place(second), "this")
            .at(self.when_place(alike[0]), "and this are one condition")
            .about(&rule.id)
            .note(format!("where the keys overlap both rules count; with {}", notes.join("; with ")))
            .help("make one rule of them, or part their keys");
        self.found.push(item);
    }

    /// For each term, the rules whose formula mentions it or something that implies it.
    fn speaking(&self) -> Speaking {
        let mut speaking = Speaking::new();
        for at in self.active() {
            let mut terms = self.rules[at].spoken.clone();
            self.rules[at].key_terms.iter().for_each(|of_key| terms.extend(of_key));
            for term in terms {
                speaking.entry(term).or_default().push(at);
            }
        }
        speaking
    }

    /// The rules that may fire only where this one does: those that mention what one of its parts mentions.
    fn narrower(&self, broad: usize, speaking: &Speaking) -> Vec<usize> {
        let mut parts = Vec::new();
        conjuncts(&self.rules[broad].fires, &mut parts);
        let mut best: Option<(usize, BTreeSet<TermId>)> = None;
        for part in parts {
            let mut terms = BTreeSet::new();
            collect(&part, &mut terms);
            // A list of texts may decide a test on the same field.
            let leaves: Vec<TermId> = terms
                .iter()
                .filter_map(|&term| self.terms.sole(term).and_then(|leaf| self.terms.known_term(leaf)))
                .collect();
            terms.extend(leaves);
            let count: usize = terms.iter().filter_map(|term| speaking.get(term)).map(Vec::len).sum();
            if best.as_ref().is_none_or(|(least, _)| count < *least) {
                best = Some((count, terms));
            }
        }
        let terms = best.map(|(_, terms)| terms).unwrap_or_default();
        let mut rules: Vec<usize> =
            terms.iter().filter_map(|term| speaking.get(term)).flatten().copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn implied(&mut self, narrow: usize, broad: usize) {
        let (rule, other) = (self.rule(narrow), self.rule(broad));
        let title = format!("wherever the rule `{}` fires, `{}` fires too", rule.id, other.id);
        let points = match (rule.points.fixed(), other.points.fixed()) {
            (Some(a), Some(b)) => format!("both are counted, {a} and {b} points"),
            _ => "the points of both are counted".to_owned(),
        };
        let item = Diagnostic::new(Code::ImpliedRule, title)
            .at(self.when_place(narrow), "this holds only where")
            .at(self.when_place(broad), "this holds")
            .about(&rule.id)
            .note(format!("{points}: {}", self.shared(narrow, broad)))
            .help("if the points are meant to add up, say so with a comment that allows it");
        self.found.push(item);
    }

    fn beaten(&mut self, narrow: usize, broad: usize) {
        let (rule, other) = (self.rule(narrow), self.rule(broad));
        let name = |channel: Option<ChannelId>| {
            channel.map_or("", |channel| self.pack.channels[channel.index()].name.as_str())
        };
        let (most, least) = (name(rule.at_most), name(other.at_least));
        let title =
            format!("`at_most: \"{most}\"` of the rule `{}` is always beaten by `{}`", rule.id, other.id);
        let item = Diagnostic::new(Code::BeatenCeiling, title)
            .at(self.key_place(narrow, "at_most"), "this never counts")
            .at(
                self.key_place(broad, "at_least"),
                format!("`{}` asks for `{least}` on all of its lines", other.id),
            )
            .about(&rule.id)
            .note("a floor beats a ceiling")
            .help("take `at_most` out, or let the other rule spare these lines");
        self.found.push(item);
    }

    /// The region, goods and mode that two rules have in common.
    fn shared(&mut self, first: usize, second: usize) -> String {
        let mut shared = Vec::new();
        for (at, key) in Key::ALL.into_iter().enumerate() {
            let (a, b) = (self.rule(first).key(key), self.rule(second).key(key));
            let common = match (a.is_empty(), b.is_empty()) {
                (true, true) => continue,
                (false, true) => a.to_vec(),
                (true, false) => b.to_vec(),
                (false, false) => {
                    let (part, all) = (self.parts[first][at], &self.rules[second].key[at]);
                    self.keys.common(self.pack, &mut self.terms, (key, a), part, all)
                }
            };
            let names: Vec<&str> = common.iter().map(|value| self.pack.key_name(key, value)).collect();
            shared.push(format!("{} {}", key.name(), names.join(", ")));
        }
        if shared.is_empty() { "on any declaration".to_owned() } else { shared.join("; ") }
    }
}

/// `a`, `a and b`, `a, b and c`
pub(super) fn listed(names: &[String], joint: &str) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [names @ .., last] => format!("{} {joint} {last}", names.join(", ")),
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// The terms that a formula mentions.
fn collect(formula: &Formula, terms: &mut BTreeSet<TermId>) {
    walk(formula, &mut |part| {
        if let Shape::Literal(term, _) = &**part {
            terms.insert(*term);
        }
        true
    });
}

fn conjuncts(formula: &Formula, parts: &mut Vec<Formula>) {
    walk(formula, &mut |part| {
        let joins = matches!(&**part, Shape::And(_));
        if !joins {
            parts.push(Rc::clone(part));
        }
        joins
    });
}
