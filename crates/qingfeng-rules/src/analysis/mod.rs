//! What can be said of a pack's rules before any line is seen: conditions that never hold, rules that count twice,
//! keys that nothing reaches.
//!
//! Nothing is said that is not certain. A condition becomes a [formula](terms) over what the fields can be: codes in
//! upper case, numbers within their bounds, days, texts that are not empty. That such formulas cannot be true together
//! is [proved](prove); where a proof would take too long, nothing is said.

mod conditions;
mod keys;
mod pairs;
mod prove;
mod reach;
mod set;
mod silent;
mod terms;
mod texts;
mod unused;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Help, Place};
use crate::lang::rule::{Rule, Status};
use crate::lang::syntax::balanced;
use crate::pack::Pack;
use crate::program::node::{NodeId, Nodes};
use crate::program::{self, Lowered, Program, Visit};

use keys::{KeyPart, Keys};
use terms::{Formula, Shape, TermId, Terms, all};

struct RuleFormulas {
    /// Where each part of the key fits: region, commodity, mode, site.
    key: [KeyPart; 4],
    valid: Formula,
    /// The condition as written in the file, and in the form that all equal conditions share.
    when: Option<(NodeId, NodeId)>,
    holds: Formula,
    /// Where its points, if they are computed, come out without a fault.
    gives: Formula,
    key_terms: [BTreeSet<TermId>; 4],
    /// The terms that its condition, its points and its validity mention.
    spoken: BTreeSet<TermId>,
    /// Where it fires: its points, if they are computed, come out without a fault too.
    fires: Formula,
}

impl RuleFormulas {
    /// Where it is looked at.
    fn asked(&self) -> Vec<&Formula> {
        self.key.iter().map(|(_, part)| part).chain([&self.valid]).collect()
    }
}

struct Analysis<'p> {
    pack: &'p Pack,
    /// The closures as they were written.
    apart: &'p Lowered,
    terms: Terms<'p>,
    rules: Vec<RuleFormulas>,
    keys: Keys,
    /// For each rule the numbers of the parts of its key.
    parts: Vec<[u32; 4]>,
    /// The form that all equal parts of closures share, by the part as it was written.
    canonical: HashMap<NodeId, NodeId>,
    found: Vec<Diagnostic>,
}

impl Pack {
    /// What is to be said of the rules besides the mistakes with which the pack does not load: warnings and notes, in
    /// the order of files and places. `program` is this pack's, `as_of` the day for which validities are judged.
    ///
    /// What is said is certain: a condition that is said never to hold holds on no line. Not everything that is certain
    /// is found.
    ///
    /// ```
    /// use qingfeng_rules::{Code, Pack, PackFiles};
    /// use qingfeng_rules::internals::Passes;
    ///
    /// # let mut files = PackFiles::default();
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// # files.insert("pack.toml", manifest.as_bytes().to_vec());
    /// files.insert("a.rhai", br#"rule("R", #{ title: "t", when: |d| d.value > 500.0 && d.value < 300.0 });"#.to_vec());
    /// let pack = Pack::load(&files).unwrap();
    /// let found = pack.analyse(&pack.program(Passes::ALL), None);
    /// assert!(found.iter().any(|item| item.code == Code::NeverHolds));
    /// ```
    pub fn analyse(&self, program: &Program, as_of: Option<Date>) -> Vec<Diagnostic> {
        let apart = program::lower(&self.source(), false);
        let facts = Arc::clone(&apart.facts);
        let mut found = program::with_context(&facts, |context| {
            let mut analysis = Analysis {
                pack: self,
                apart: &apart,
                terms: Terms::new(context, &facts),
                rules: Vec::with_capacity(self.rules.len()),
                keys: Keys::default(),
                parts: Vec::with_capacity(self.rules.len()),
                canonical: HashMap::new(),
                found: Vec::new(),
            };
            analysis.build();
            analysis.conditions();
            analysis.texts();
            analysis.keys(as_of);
            analysis.channels();
            analysis.pairs();
            analysis.silent();
            analysis.unused();
            if analysis.terms.effort.is_spent() {
                analysis.stopped("its conditions had taken as much work as is spent on a pack");
            }
            analysis.found
        });
        self.speed(program, &mut found);
        let mut all = Diagnostics::default();
        of_closures(found).into_iter().for_each(|item| all.push(item));
        all.sort();
        all.items
    }

    /// What makes rules slow.
    fn speed(&self, program: &Program, found: &mut Vec<Diagnostic>) {
        for (at, rule) in self.rules.iter().enumerate() {
            let residuals = program.residuals(at).iter();
            found.extend(residuals.map(|residual| residual.diagnostic(&rule.id)));
            let compiled = program.visit(at) == Visit::Compiled;
            if rule.status.is_evaluated() && compiled && program.witness(at).is_none() {
                let title = format!(
                    "the rule `{}` has no witness: it is looked at on each line that its key fits",
                    rule.id
                );
                let note = "this costs time and changes no answer; a witness is a comparison of a field with a value, a word or a lookup, joined by `&&`";
                let item = Diagnostic::found(Code::NoWitness, when_place(self, rule), title, None);
                found.push(item.about(&rule.id).note(note));
            }
        }
    }
}

/// Rules that a loop makes of one closure have one mistake: it is reported once, with the number of rules.
fn of_closures(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<(Diagnostic, usize)> = Vec::with_capacity(found.len());
    let mut known: HashMap<(Code, Place, String), usize> = HashMap::new();
    for item in found {
        let (Some(rule), Some(label)) = (&item.rule, item.labels.first()) else {
            kept.push((item, 0));
            continue;
        };
        let shape = item.title.replace(&format!("`{rule}`"), "``");
        match known.get(&(item.code, label.place.clone(), shape.clone())) {
            Some(&at) => kept[at].1 += usize::from(kept[at].0.rule != item.rule),
            None => {
                known.insert((item.code, label.place.clone(), shape), kept.len());
                kept.push((item, 0));
            }
        }
    }
    let reported = kept.into_iter().map(|(mut item, more)| {
        if more > 0
            && let Some(rule) = &item.rule
        {
            let rules = if more == 1 { "one more rule" } else { "more rules" };
            let count = if more == 1 { String::new() } else { format!("{more} ") };
            let name = format!("`{rule}`");
            item.title =
                item.title.replacen(&name, &format!("{name} (and {count}{rules} made of the same lines)"), 1);
        }
        item
    });
    reported.collect()
}

/// Where the condition of a rule stands, or else its id.
fn when_place(pack: &Pack, rule: &Rule) -> Place {
    let Some(when) = &rule.when else { return rule.place.clone() };
    let text = pack.warnings.sources.text(&rule.place.file).unwrap_or("");
    Place { file: Arc::clone(&rule.place.file), span: balanced(text, when.body.span.clone()) }
}

impl<'p> Analysis<'p> {
    fn nodes(&self) -> &'p Nodes {
        &self.apart.nodes
    }

    fn build(&mut self) {
        for (at, rule) in self.pack.rules.iter().enumerate() {
            let before = self.terms.nodes.added();
            let is_spent = self.terms.effort.is_spent();
            let when = match &self.apart.rules[at].when {
                Some(Ok(root)) if !is_spent => {
                    Some((*root, self.terms.canonical(&self.apart.nodes, *root, &mut self.canonical)))
                }
                _ => None,
            };
            let holds = match (&rule.when, when) {
                (None, _) => terms::constant(true),
                (Some(_), Some((_, canonical))) => self.terms.holds(canonical),
                (Some(_), None) => self.terms.other(format!("condition {at}")),
            };
            let gives = match &self.apart.rules[at].points {
                None => terms::constant(true),
                Some(Ok(points)) if !is_spent => {
                    let points = self.terms.canonical(&self.apart.nodes, *points, &mut self.canonical);
                    self.terms.gives_points(points)
                }
                Some(_) => self.terms.other(format!("points {at}")),
            };
            let key = self.keys.of(self.pack, &mut self.terms, rule);
            let valid = keys::valid(self.pack, &mut self.terms, rule.from, rule.until);
            let parts = key.iter().map(|(_, part)| part).chain([&valid, &holds, &gives]).cloned();
            let fires = all(parts.collect());
            let key_terms = key.each_ref().map(|(_, part)| {
                let mut terms = BTreeSet::new();
                self.terms.spoken(part, &mut terms);
                terms
            });
            let mut spoken = BTreeSet::new();
            [&valid, &holds, &gives].into_iter().for_each(|part| self.terms.spoken(part, &mut spoken));
            self.terms.effort.spend_parts(self.terms.nodes.added() - before);
            self.parts.push(key.each_ref().map(|(number, _)| *number));
            self.rules.push(RuleFormulas { key, valid, when, holds, gives, key_terms, spoken, fires });
        }
        self.keys.compare(&self.terms);
    }

    fn rule(&self, at: usize) -> &'p Rule {
        &self.pack.rules[at]
    }

    /// Reports something of a rule at one place.
    fn say(
        &mut self,
        code: Code,
        rule: usize,
        place: Place,
        title: String,
        note: impl Into<String>,
        help: impl Into<Help>,
    ) {
        let item = Diagnostic::found(code, place, title, help).about(&self.rule(rule).id).note(note);
        self.found.push(item);
    }

    /// Whether a rule is met, its key, its validity and its condition, and gives points if that is asked, wherever the
    /// claims are true of a line on which another one is asked.
    fn covers(&mut self, outer: usize, inner: usize, mut claims: Vec<Formula>, with_points: bool) -> bool {
        if !self.key_within(inner, outer) {
            return false;
        }
        let rule = &self.rules[outer];
        let mut conclusion = vec![Rc::clone(&rule.valid), Rc::clone(&rule.holds)];
        conclusion.extend(with_points.then(|| Rc::clone(&rule.gives)));
        let mut spoken = rule.spoken.clone();
        for ((_, part), terms) in rule.key.iter().zip(&rule.key_terms).filter(|((_, part), _)| is_timed(part))
        {
            spoken.extend(terms);
            conclusion.push(Rc::clone(part));
        }
        claims.push(Rc::clone(&self.rules[inner].valid));
        let inner = &self.rules[inner];
        for ((_, part), terms) in inner.key.iter().zip(&inner.key_terms) {
            // Keys are long lists; what the conclusion does not speak of need not be looked at.
            if !terms.is_disjoint(&spoken) {
                claims.push(Rc::clone(part));
            }
        }
        let claims: Vec<_> = claims.iter().map(|claim| (claim, true)).collect();
        self.terms.follows(&claims, &all(conclusion))
    }

    /// Whether the key of one rule fits only where that of the other does, as far as it does not depend on the day.
    fn key_within(&mut self, inner: usize, outer: usize) -> bool {
        let parts = self.parts[inner].into_iter().zip(self.parts[outer]).enumerate();
        for (part, (of_inner, of_outer)) in parts {
            let within = match self.keys.within(of_inner, of_outer) {
                Some(within) => within,
                None => {
                    let [inner, outer] = [inner, outer].map(|rule| &self.rules[rule].key[part].1);
                    let within = self.terms.follows(&[(inner, true)], outer);
                    self.keys.proved(of_inner, of_outer, within);
                    within
                }
            };
            if !within {
                return false;
            }
        }
        true
    }

    /// The rules that count, by position.
    fn active(&self) -> impl Iterator<Item = usize> + 'p {
        let rules = &self.pack.rules;
        (0..rules.len()).filter(move |&at| rules[at].status == Status::Active)
    }

    /// The rules that are no mere record.
    fn living(&self) -> impl Iterator<Item = usize> + 'p {
        let rules = &self.pack.rules;
        (0..rules.len()).filter(move |&at| rules[at].status != Status::Retired)
    }

    /// Where the condition of a rule stands, or else its id.
    fn when_place(&self, at: usize) -> Place {
        when_place(self.pack, self.rule(at))
    }

    /// Where a key of a rule stands, as far as it can be found from its id on; else the id.
    fn key_place(&self, at: usize, key: &str) -> Place {
        let place = &self.rule(at).place;
        let sources = &self.pack.warnings.sources;
        let found = sources.text(&place.file).and_then(|text| {
            let rest = text.get(place.span.end..)?;
            let rest = rest.split("rule(").next()?;
            key_in(rest, key).map(|span| place.span.end + span.start..place.span.end + span.end)
        });
        match found {
            Some(span) => Place { file: Arc::clone(&place.file), span },
            None => place.clone(),
        }
    }

    /// A piece of a rule file, on one line.
    fn source(&self, place: &Place) -> String {
        let text = self.pack.warnings.sources.text(&place.file).and_then(|text| text.get(place.span.clone()));
        let text: Vec<&str> = text.unwrap_or("").split_whitespace().collect();
        let text = text.join(" ");
        if text.chars().count() > 80 { text.chars().take(79).chain(['…']).collect() } else { text }
    }

    fn place_of(&self, node: NodeId) -> Place {
        let span = &self.nodes()[node].span;
        let file = &self.apart.facts.files[span.file as usize];
        let text = self.pack.warnings.sources.text(file).unwrap_or("");
        let span = balanced(text, span.start as usize..span.end as usize);
        Place { file: Arc::clone(file), span }
    }
}

/// Whether a part of a key has more than one test: which codes belong to it depends on the day, or several fields are
/// looked at.
fn is_timed(part: &Formula) -> bool {
    matches!(&**part, Shape::And(_) | Shape::Or(_))
}

/// Whether a rule raises the risk of the lines it fires on.
fn raises(rule: &Rule) -> bool {
    rule.points.fixed().is_none_or(|points| points > 0) || rule.at_least.is_some()
}

/// The key of a map literal with this name.
fn key_in(text: &str, key: &str) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(at) = text[from..].find(key).map(|at| from + at) {
        let end = at + key.len();
        let before = text[..at].chars().next_back();
        let bounded = before.is_none_or(|letter| letter.is_whitespace() || matches!(letter, ',' | '{' | '"'));
        let after = text[end..].trim_start_matches(['"', ' ']);
        if bounded && after.starts_with(':') {
            return Some(at..end);
        }
        from = end;
    }
    None
}
