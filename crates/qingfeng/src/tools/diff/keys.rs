//! What the keys of a rule fit, as codes: groups expanded, so that neither their names nor their order count.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::reference::{Group, Member};
use qingfeng_rules::{Date, Key, KeyValue, Pack, Rule};

use super::change::Change;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Codes {
    /// The rule does not ask.
    Any,
    /// These codes, each in these stretches of days, which neither touch nor overlap.
    These(BTreeMap<Code, Vec<Days>>),
}

/// A code as keys compare it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Code {
    code: String,
    /// Whether it stands for all codes that begin with it.
    prefix: bool,
    /// The kind of site in whose field it is looked for; any of them for a code that a rule names itself.
    site: Option<String>,
    /// Whether the declaration itself states this kind of site.
    stated: bool,
}

/// Days from the first to the last, each open if it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Days {
    from: Option<Date>,
    until: Option<Date>,
}

impl Days {
    const ALL: Self = Self { from: None, until: None };

    fn covers(self, other: Self) -> bool {
        let begins = self.from.is_none_or(|from| other.from.is_some_and(|other| from <= other));
        let ends = self.until.is_none_or(|until| other.until.is_some_and(|other| other <= until));
        begins && ends
    }

    /// As a text after a code.
    fn text(self) -> String {
        match (self.from, self.until) {
            (None, None) => String::new(),
            (Some(from), None) => format!(" from {from}"),
            (None, Some(until)) => format!(" until {until}"),
            (Some(from), Some(until)) => format!(" from {from} until {until}"),
        }
    }
}

/// Stretches in order, those that touch or overlap put together.
fn joined(mut days: Vec<Days>) -> Vec<Days> {
    days.sort_unstable();
    let mut joined: Vec<Days> = Vec::with_capacity(days.len());
    for next in days {
        match joined.last_mut() {
            // What has no beginning sorts first, so only ends decide.
            Some(last)
                if last.until.is_none_or(|until| {
                    next.from.is_none_or(|from| until.plus_days(1).is_none_or(|after| from <= after))
                }) =>
            {
                last.until = match (last.until, next.until) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    _ => None,
                };
            }
            _ => joined.push(next),
        }
    }
    joined
}

impl Codes {
    /// What a key of a rule fits in a pack.
    pub fn of(pack: &Pack, rule: &Rule, key: Key) -> Self {
        if rule.key(key).is_empty() {
            return Self::Any;
        }
        let groups = pack.reference.groups(key);
        let mut codes = Collected::default();
        for value in rule.key(key) {
            match value {
                KeyValue::Group(at) => codes.group(&groups[*at]),
                KeyValue::Code(code) => codes.add(code, key == Key::Commodity, false),
                KeyValue::SiteKind(kind) => {
                    codes.add(kind, false, true);
                    let of_kind = groups.iter().filter(|group| group.kind.as_ref() == Some(kind));
                    of_kind.for_each(|group| codes.group(group));
                }
            }
        }
        codes.end()
    }

    pub fn of_group(group: &Group) -> Self {
        let mut codes = Collected::default();
        codes.group(group);
        codes.end()
    }

    pub fn change(what: &str, old: &Self, new: &Self) -> Option<Change> {
        if old == new {
            return None;
        }
        match (old, new) {
            (Self::These(old), Self::These(new)) => {
                let (old, new) = (texts(old), texts(new));
                let minus = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
                Change::members(what, minus(&old, &new), minus(&new, &old))
            }
            (old, new) => Some(Change::value(what, old.text(), new.text())),
        }
    }

    fn text(&self) -> String {
        const SHOWN: usize = 12;
        let Self::These(codes) = self else { return "any".to_owned() };
        let texts = texts(codes);
        let more = texts.len().checked_sub(SHOWN + 1).map(|more| format!("{} more", more + 1));
        let shown: Vec<&str> = texts.iter().take(SHOWN).chain(&more).map(String::as_str).collect();
        if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
    }
}

/// Each code with each of its stretches, as text.
fn texts(codes: &BTreeMap<Code, Vec<Days>>) -> BTreeSet<String> {
    let texts = codes.iter().flat_map(|(code, days)| {
        let star =
            if code.prefix && code.code.bytes().any(|letter| !letter.is_ascii_digit()) { "*" } else { "" };
        let text = match (&code.site, code.stated) {
            (_, true) => format!("any {}", code.code),
            (Some(kind), _) => format!("{}{star} ({kind})", code.code),
            (None, _) => format!("{}{star}", code.code),
        };
        days.iter().map(move |days| format!("{text}{}", days.text()))
    });
    texts.collect()
}

#[derive(Default)]
struct Collected(BTreeMap<Code, Vec<Days>>);

impl Collected {
    fn add(&mut self, code: &str, prefix: bool, stated: bool) {
        let code = Code { code: code.to_owned(), prefix, site: None, stated };
        self.0.entry(code).or_default().push(Days::ALL);
    }

    fn group(&mut self, group: &Group) {
        for Member { code, prefix, from, until } in group.members.iter().cloned() {
            let code = Code { code, prefix, site: group.kind.clone(), stated: false };
            self.0.entry(code).or_default().push(Days { from, until });
        }
    }

    /// The codes without those that a shorter prefix says already.
    fn end(self) -> Codes {
        let codes: BTreeMap<Code, Vec<Days>> =
            self.0.into_iter().map(|(code, days)| (code, joined(days))).collect();
        let said = |code: &Code, days: Days| {
            let ends = (1..=code.code.len()).filter(|&end| code.code.is_char_boundary(end));
            ends.filter(|&end| !code.prefix || end < code.code.len()).any(|end| {
                let shorter = Code { code: code.code[..end].to_owned(), prefix: true, ..code.clone() };
                codes.get(&shorter).is_some_and(|spans| spans.iter().any(|span| span.covers(days)))
            })
        };
        let mut kept = BTreeMap::new();
        for (code, days) in &codes {
            let days: Vec<Days> =
                days.iter().copied().filter(|&days| code.stated || !said(code, days)).collect();
            if !days.is_empty() {
                kept.insert(code.clone(), days);
            }
        }
        Codes::These(kept)
    }
}

#[cfg(test)]
mod tests;
