//! Conditions that never hold, that always hold, and parts of them that add nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::model::reference::Key;
use crate::program::node::{NodeId, NodeSpan, Op};

use super::Analysis;
use super::prove::Claim;
use super::terms::Formula;
use super::texts::Asked;

/// How many parts of a condition are compared with each other.
const PARTS_MAX: usize = 64;

/// A part of a condition that adds nothing, and why.
struct Idle {
    part: NodeId,
    why: Why,
}

/// The search for parts of one condition that add nothing.
struct IdleSearch {
    closure: Place,
    /// What holds besides the parts that are looked at: first those that the key implies (this number), then other parts.
    context: Vec<Formula>,
    of_key: usize,
    /// Parts that stand once and are asked several times.
    repeated: HashSet<NodeSpan>,
    visited: BTreeSet<NodeId>,
    found: Vec<Idle>,
}

/// Where a closure stands: file, and the bytes of it.
type ClosureAt = (String, usize, usize);

enum Why {
    /// It holds wherever the rule is asked.
    Always,
    /// The key says so already.
    Key,
    /// Another part says so already.
    Part(NodeId),
    /// The other parts together say so already.
    Parts,
    /// An alternative that cannot hold.
    Never,
    /// An alternative that another one includes.
    Within(NodeId),
    WithinOthers,
}

impl Analysis<'_> {
    pub(super) fn conditions(&mut self) {
        // A closure in a loop makes many rules; a part of it adds nothing only if it adds nothing to any of them.
        let mut rules_of: BTreeMap<ClosureAt, Vec<usize>> = BTreeMap::new();
        let mut idle_of: BTreeMap<ClosureAt, Vec<(usize, Vec<Idle>)>> = BTreeMap::new();
        for at in self.living() {
            let Some((root, _)) = self.rules[at].when else { continue };
            self.terms.next_rule();
            let place = self.when_place(at);
            let closure = (place.file.to_string(), place.span.start, place.span.end);
            rules_of.entry(closure.clone()).or_default().push(at);
            let asked: Vec<Formula> = self.rules[at].asked().into_iter().cloned().collect();
            let claims: Vec<Claim<'_>> = asked.iter().map(|part| (part, true)).collect();
            // What no line reaches is said of the key.
            if self.terms.never(&claims) {
                continue;
            }
            let holds = Rc::clone(&self.rules[at].holds);
            let mut with_condition = claims.clone();
            with_condition.push((&holds, true));
            if self.terms.never(&with_condition) {
                let alone = self.terms.never(&[(&holds, true)]);
                self.never_holds(at, root, alone);
                continue;
            }
            if self.terms.follows(&claims, &holds) {
                let alone = self.terms.follows(&[], &holds);
                self.always_holds(at, alone);
                continue;
            }
            let mut search = IdleSearch {
                of_key: asked.len(),
                closure: place,
                context: asked,
                repeated: self.repeated(root),
                visited: BTreeSet::new(),
                found: Vec::new(),
            };
            self.idle_parts(root, &mut search);
            if !search.found.is_empty() {
                idle_of.entry(closure).or_default().push((at, search.found));
            }
        }
        for (closure, found) in idle_of {
            let rules = &rules_of[&closure];
            let Some((at, parts)) = found.first() else { continue };
            for idle in parts {
                let place = self.place_of(idle.part);
                let everywhere = found.len() == rules.len()
                    && found
                        .iter()
                        .all(|(_, parts)| parts.iter().any(|other| self.place_of(other.part) == place));
                if everywhere {
                    self.adds_nothing(*at, idle, place);
                }
            }
        }
    }

    fn never_holds(&mut self, at: usize, root: NodeId, alone: bool) {
        let rule = self.rule(at);
        let title = if alone {
            format!("the condition of the rule `{}` can never hold", rule.id)
        } else {
            format!("the condition of the rule `{}` can never hold where its key fits", rule.id)
        };
        let mut item = Diagnostic::new(Code::NeverHolds, title).at(self.when_place(at), "").about(&rule.id);
        let mut note = None;
        if let Some((first, second)) = self.contradiction(root) {
            let what = if second.is_some() { "this" } else { "this can never hold" };
            item = item.at(self.place_of(first), what);
            if let Some(second) = second {
                item = item.at(self.place_of(second), "and this exclude each other");
            }
            note = self.why_impossible(first);
        }
        let usual = if alone {
            "no declaration can meet all of it at once, so the rule is silent"
        } else {
            "the lines that its key lets through cannot meet it, so the rule is silent"
        };
        self.found.push(item.note(note.unwrap_or_else(|| usual.to_owned())));
    }

    /// The part of a conjunction that cannot hold, or two that exclude each other.
    fn contradiction(&mut self, root: NodeId) -> Option<(NodeId, Option<NodeId>)> {
        let parts = self.conjuncts(root);
        let formulas: Vec<Formula> = parts.iter().map(|&part| self.formula(part)).collect();
        for (part, formula) in parts.iter().zip(&formulas) {
            if self.terms.never(&[(formula, true)]) {
                return (parts.len() > 1 || self.why_impossible(*part).is_some()).then_some((*part, None));
            }
        }
        for (at, first) in formulas.iter().enumerate() {
            for (second, part) in formulas[at + 1..].iter().zip(&parts[at + 1..]) {
                if self.terms.never(&[(first, true), (second, true)]) {
                    return Some((parts[at], Some(*part)));
                }
            }
        }
        None
    }

    /// The parts that are joined by `&&`, however deep.
    fn conjuncts(&self, root: NodeId) -> Vec<NodeId> {
        let mut parts = Vec::new();
        self.nodes().visit(root, |id, node| {
            let joins = node.op == Op::And;
            if !joins {
                parts.push(id);
            }
            joins
        });
        parts.truncate(PARTS_MAX);
        parts
    }

    fn formula(&mut self, part: NodeId) -> Formula {
        let canonical = self.terms.canonical(&self.apart.nodes, part, &mut self.canonical);
        self.terms.holds(canonical)
    }

    /// The places of parts that stand once and are asked several times: in a loop that is written out.
    fn repeated(&self, root: NodeId) -> HashSet<NodeSpan> {
        let mut repeated = HashSet::new();
        let mut seen = HashSet::new();
        self.nodes().visit(root, |_, node| {
            if !seen.insert(node.span.clone()) {
                repeated.insert(node.span.clone());
            }
            matches!(node.op, Op::And | Op::Or)
        });
        repeated
    }

    /// Whether a part as it was written is true or false on every line, without a fault.
    fn is_sure(&mut self, part: NodeId) -> bool {
        let canonical = self.terms.canonical(&self.apart.nodes, part, &mut self.canonical);
        self.terms.nodes[canonical].is_sure_flag()
    }

    fn always_holds(&mut self, at: usize, alone: bool) {
        let rule = self.rule(at);
        let (title, note) = if alone {
            let title = format!("the condition of the rule `{}` always holds", rule.id);
            (title, "the rule fires on every line that its key fits")
        } else {
            let title = format!("the condition of the rule `{}` always holds where its key fits", rule.id);
            (title, "the key lets through only lines that meet it")
        };
        let help = "leave `when` out if that is meant";
        self.say(Code::AlwaysHolds, at, self.when_place(at), title, note, help);
    }

    fn idle_parts(&mut self, root: NodeId, search: &mut IdleSearch) {
        let node = &self.nodes()[root];
        let and = match node.op {
            Op::And => true,
            Op::Or => false,
            _ => return,
        };
        let args: Vec<NodeId> = node.args.to_vec();
        if args.len() > PARTS_MAX || !search.visited.insert(root) {
            return;
        }
        let formulas: Vec<Formula> = args.iter().map(|&arg| self.formula(arg)).collect();
        // Whether each part comes out without a fault on every line.
        let sure: Vec<bool> = args.iter().map(|&arg| self.is_sure(arg)).collect();
        let mut kept: Vec<bool> = vec![true; args.len()];
        for at in (0..args.len()).rev() {
            let part = args[at];
            let place = self.place_of(part);
            let closure = &search.closure;
            let within = place.file == closure.file
                && closure.span.start <= place.span.start
                && place.span.end <= closure.span.end;
            let repeated = search.repeated.contains(&self.nodes()[part].span);
            if !within || place.span.is_empty() || !sure[at] || repeated {
                continue;
            }
            // What comes later may rely on this part to be spared a fault.
            let sure_after = sure[at + 1..].iter().all(|&sure| sure);
            let others: Vec<usize> = (0..args.len())
                .filter(|&other| other != at && kept[other] && (other < at || sure_after))
                .collect();
            let why = if and {
                self.why_idle(at, &args, &formulas, &others, search)
            } else if sure_after {
                self.why_dead(at, &args, &formulas, &others, search)
            } else {
                None
            };
            if let Some(why) = why {
                kept[at] = false;
                search.found.push(Idle { part, why });
            }
        }
        for (at, &part) in args.iter().enumerate() {
            if !kept[at] {
                continue;
            }
            let before = search.context.len();
            if and {
                // Without a part of this one, what comes after it within this one is asked more often: that it could fault
                // there would be news, which what comes after this one cannot prevent.
                let sure_after = sure[at..].iter().all(|&sure| sure);
                for other in 0..args.len() {
                    if other != at && kept[other] && (other < at || sure_after) {
                        search.context.push(Rc::clone(&formulas[other]));
                    }
                }
            }
            self.idle_parts(part, search);
            search.context.truncate(before);
        }
    }

    /// Why a part of a conjunction holds wherever the others do, if so.
    fn why_idle(
        &mut self,
        at: usize,
        args: &[NodeId],
        formulas: &[Formula],
        others: &[usize],
        search: &IdleSearch,
    ) -> Option<Why> {
        let formula = &formulas[at];
        let mut claims: Vec<Claim<'_>> = search.context.iter().map(|part| (part, true)).collect();
        claims.extend(others.iter().map(|&other| (&formulas[other], true)));
        if !self.terms.follows(&claims, formula) {
            return None;
        }
        if self.terms.follows(&[], formula) {
            return Some(Why::Always);
        }
        for &other in others {
            if self.terms.follows(&[(&formulas[other], true)], formula) {
                return Some(Why::Part(args[other]));
            }
        }
        let key: Vec<Claim<'_>> = search.context[..search.of_key].iter().map(|part| (part, true)).collect();
        Some(if self.terms.follows(&key, formula) { Why::Key } else { Why::Parts })
    }

    /// Why an alternative adds nothing to the others, if so.
    fn why_dead(
        &mut self,
        at: usize,
        args: &[NodeId],
        formulas: &[Formula],
        others: &[usize],
        search: &IdleSearch,
    ) -> Option<Why> {
        let formula = &formulas[at];
        let mut claims: Vec<Claim<'_>> = search.context.iter().map(|part| (part, true)).collect();
        claims.push((formula, true));
        if self.terms.never(&claims) {
            return Some(Why::Never);
        }
        let all = claims.len();
        claims.extend(others.iter().map(|&other| (&formulas[other], false)));
        if !self.terms.never(&claims) {
            return None;
        }
        for &other in others {
            let mut alone = claims[..all].to_vec();
            alone.push((&formulas[other], false));
            if self.terms.never(&alone) {
                return Some(Why::Within(args[other]));
            }
        }
        Some(Why::WithinOthers)
    }

    fn adds_nothing(&mut self, at: usize, idle: &Idle, place: Place) {
        let rule = self.rule(at);
        let text = match self.source(&place) {
            keyword if matches!(keyword.as_str(), "if" | "switch") => format!("this `{keyword}`"),
            text => format!("`{text}`"),
        };
        let dead = if matches!(idle.why, Why::Never) { " can never hold here, so it" } else { "" };
        let title = format!("{text}{dead} adds nothing to the condition of the rule `{}`", rule.id);
        let mut item = Diagnostic::new(Code::AddsNothing, title).at(place, "").about(&rule.id);
        let said = "says so already";
        item = match idle.why {
            Why::Always => {
                let why = self.why_impossible(idle.part);
                item.note(why.unwrap_or_else(|| "it holds on every line".to_owned()))
            }
            Why::Key => match self.saying_key(at, idle.part) {
                Some(key) => item.at(self.key_place(at, key), said).note(format!("the key `{key}` {said}")),
                None => item.note(format!("the key of the rule {said}")),
            },
            Why::Part(other) => {
                item.at(self.place_of(other), said).note("the rule fires on the same lines without it")
            }
            Why::Parts => item.note("the other parts together say so already"),
            Why::Never => {
                let why = self.why_impossible(idle.part);
                item.note(why.unwrap_or_else(|| "what is asked around it excludes it".to_owned()))
            }
            Why::Within(other) => item
                .at(self.place_of(other), "this holds wherever the other does")
                .note("the rule fires on the same lines without it"),
            Why::WithinOthers => item.note("the other alternatives hold wherever it does"),
        };
        self.found.push(item.help("take it out, or write what was meant"));
    }

    /// The part of the key that says what a part of the condition says.
    fn saying_key(&mut self, at: usize, part: NodeId) -> Option<&'static str> {
        let formula = self.formula(part);
        let parts = self.rules[at].key.clone();
        let mut keys = Key::ALL.into_iter().zip(&parts);
        keys.find(|(_, (_, said))| self.terms.follows(&[(said, true)], &formula)).map(|(key, _)| key.name())
    }

    /// Why a comparison cannot hold, where it is the text in it.
    fn why_impossible(&mut self, part: NodeId) -> Option<String> {
        let mut why = None;
        self.nodes().visit(part, |id, node| {
            if why.is_none() {
                let canonical = self.terms.canonical(&self.apart.nodes, id, &mut self.canonical);
                let texts = self.texts_compared(canonical).into_iter();
                why =
                    texts.filter(|(_, _, asked)| *asked != Asked::Within).find_map(|(node, text, asked)| {
                        self.terms.why_never(node, &text, asked == Asked::Beginning)
                    });
            }
            why.is_none() && matches!(node.op, Op::And | Op::Or | Op::Not)
        });
        why
    }
}
