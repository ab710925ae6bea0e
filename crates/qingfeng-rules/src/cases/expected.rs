//! What a test may expect, checked against the pack.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Outcomes, Reading};
use crate::diagnostic::suggestion;
use crate::lang::expr::Constant;
use crate::lang::kernel::Fault;
use crate::lang::rule::Status;
use crate::model::channel::ChannelId;
use crate::pack::Pack;

pub(super) struct Ids<'p> {
    rules: BTreeMap<&'p str, usize>,
}

impl<'p> Ids<'p> {
    pub(super) fn new(pack: &'p Pack) -> Self {
        Self { rules: pack.rules.iter().enumerate().map(|(at, rule)| (rule.id.as_str(), at)).collect() }
    }

    pub(super) fn get(&self, id: &str) -> Option<usize> {
        self.rules.get(id).copied()
    }

    pub(super) fn suggestion(&self, id: &str) -> String {
        suggestion(id, self.rules.keys().copied())
    }
}

/// What may be expected of a line and of a declaration.
pub(super) const KEYS: &[&str] = &[
    "fires",
    "fires_exactly",
    "silent",
    "score",
    "channel",
    "points",
    "faults",
    "reasons",
    "reason_contains",
];

pub(super) fn read(
    reading: &mut Reading<'_>,
    outcomes: &mut Outcomes,
    key: &str,
    value: &Constant,
    place: &Range<usize>,
) {
    match key {
        "fires" => outcomes.fires = rules(reading, key, value, place),
        "fires_exactly" => outcomes.fires_exactly = Some(rules(reading, key, value, place)),
        "silent" => outcomes.silent = rules(reading, key, value, place),
        "score" => match value {
            Constant::Integer(score) => outcomes.score = Some(*score),
            other => wrong(reading, key, other, "a whole number", place),
        },
        "channel" => match value {
            Constant::Text(name) => outcomes.channel = channel(reading, name, place),
            other => wrong(reading, key, other, "the name of a channel", place),
        },
        "points" => {
            outcomes.points = pairs(reading, key, value, "#{ \"RULE\": 25 }", place, |value| match value {
                Constant::Integer(points) => Some(*points),
                _ => None,
            });
        }
        "faults" => outcomes.faults = faults(reading, value, place),
        "reasons" | "reason_contains" => {
            let found = pairs(reading, key, value, "#{ \"RULE\": \"text\" }", place, |value| match value {
                Constant::Text(text) => Some(text.to_string()),
                _ => None,
            });
            if key == "reasons" {
                outcomes.reasons = found;
            } else {
                outcomes.reason_contains = found;
            }
        }
        _ => {}
    }
}

/// Rules that are expected to fire and to be silent at once, on a line or on a whole declaration.
pub(super) fn check(reading: &mut Reading<'_>, outcomes: &Outcomes, place: &Range<usize>) {
    let fires = |rule: &usize| {
        outcomes.fires.contains(rule)
            || outcomes.points.iter().any(|(known, _)| known == rule)
            || outcomes.reasons.iter().chain(&outcomes.reason_contains).any(|(known, _)| known == rule)
            || outcomes.fires_exactly.iter().flatten().any(|known| known == rule)
    };
    if let Some(rule) = outcomes.silent.iter().find(|rule| fires(rule)) {
        let id = reading.pack.rules[*rule].id.clone();
        let title = format!("`{id}` is expected to fire and to be silent at once");
        reading.report(place.clone(), title, "leave it out of one of the two");
    }
}

fn wrong(reading: &mut Reading<'_>, key: &str, value: &Constant, expected: &str, place: &Range<usize>) {
    let given = kind_of(value);
    reading.report(place.clone(), format!("`{key}` must be {expected}, not {given}"), None);
}

/// What a value is, in plain words.
pub(super) fn kind_of(value: &Constant) -> &'static str {
    match value {
        Constant::Missing => "missing",
        Constant::Flag(_) => "a flag",
        Constant::Integer(_) => "a whole number",
        Constant::Number(_) => "a number",
        Constant::Text(_) => "a text",
        Constant::Date(_) => "a date",
        Constant::Array(_) => "a list",
        Constant::Map(_) => "a map",
        Constant::Function(..) => "a closure",
    }
}

fn channel(reading: &mut Reading<'_>, name: &str, place: &Range<usize>) -> Option<ChannelId> {
    let channels = &reading.pack.channels;
    let found = channels.iter().position(|channel| channel.name == name);
    if found.is_none() {
        let help = suggestion(name, channels.iter().map(|channel| channel.name.as_str()));
        reading.report(place.clone(), format!("there is no channel `{name}`"), help);
    }
    found.map(|at| ChannelId(at as u8))
}

/// A rule that a test can say something of.
fn rule(reading: &mut Reading<'_>, id: &str, place: &Range<usize>) -> Option<usize> {
    let Some(at) = reading.ids.get(id) else {
        let help = reading.ids.suggestion(id);
        reading.report(place.clone(), format!("there is no rule `{id}`"), help);
        return None;
    };
    if reading.pack.rules[at].status == Status::Retired {
        let help = "remove the test, or give the rule another `status`";
        reading.report(place.clone(), format!("the rule `{id}` is retired and never evaluated"), help);
        return None;
    }
    Some(at)
}

fn rules(reading: &mut Reading<'_>, key: &str, value: &Constant, place: &Range<usize>) -> Vec<usize> {
    let list = match value {
        Constant::Array(list) => list.as_slice(),
        one @ Constant::Text(_) => std::slice::from_ref(one),
        other => {
            wrong(reading, key, other, "the id of a rule, or a list of ids", place);
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for id in list {
        match id {
            Constant::Text(id) => found.extend(rule(reading, id, place)),
            other => wrong(reading, key, other, "a list of ids of rules", place),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Rules with something each: a map, or, where ids are made in a loop, a list of pairs.
fn entries<'c>(value: &'c Constant) -> Option<Vec<(&'c str, &'c Constant)>> {
    match value {
        Constant::Map(entries) => Some(entries.iter().map(|(id, value)| (id.as_str(), value)).collect()),
        Constant::Array(pairs) => {
            let pair = |pair: &'c Constant| match pair {
                Constant::Array(pair) => match pair.as_slice() {
                    [Constant::Text(id), value] => Some((&**id, value)),
                    _ => None,
                },
                _ => None,
            };
            pairs.iter().map(pair).collect()
        }
        _ => None,
    }
}

/// Something for each of some rules.
fn pairs<T>(
    reading: &mut Reading<'_>,
    key: &str,
    value: &Constant,
    example: &str,
    place: &Range<usize>,
    take: impl Fn(&Constant) -> Option<T>,
) -> Vec<(usize, T)> {
    let Some(entries) = entries(value) else {
        let title = format!("`{key}` must be a map from rules, not {}", kind_of(value));
        reading.report(place.clone(), title, format!("write `{key}: {example}`"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (id, value) in entries {
        match (rule(reading, id, place), take(value)) {
            (Some(rule), Some(taken)) => found.push((rule, taken)),
            (_, None) => {
                let title = format!("`{key}` of `{id}` cannot be {}", kind_of(value));
                reading.report(place.clone(), title, format!("write `{key}: {example}`"));
            }
            (None, _) => {}
        }
    }
    found
}

pub(super) fn fault(reading: &mut Reading<'_>, name: &str, place: &Range<usize>) -> Option<Fault> {
    let found = Fault::ALL.into_iter().find(|fault| fault.name() == name);
    if found.is_none() {
        let help = suggestion(name, Fault::ALL.iter().map(|fault| fault.name()));
        reading.report(place.clone(), format!("there is no fault `{name}`"), help);
    }
    found
}

fn faults(reading: &mut Reading<'_>, value: &Constant, place: &Range<usize>) -> Vec<(usize, Option<Fault>)> {
    let is_list =
        matches!(value, Constant::Array(list) if list.iter().all(|id| matches!(id, Constant::Text(_))));
    let pairs = entries(value).filter(|_| !is_list);
    let Some(entries) = pairs else {
        return rules(reading, "faults", value, place).into_iter().map(|rule| (rule, None)).collect();
    };
    let mut found = Vec::new();
    for (id, value) in entries {
        let rule = rule(reading, id, place);
        let Constant::Text(name) = value else {
            let title = format!("the fault of `{id}` must be a text, not {}", kind_of(value));
            reading.report(place.clone(), title, "write `faults: #{ \"RULE\": \"division by zero\" }`");
            continue;
        };
        if let (Some(rule), Some(fault)) = (rule, fault(reading, name, place)) {
            found.push((rule, Some(fault)));
        }
    }
    found
}
