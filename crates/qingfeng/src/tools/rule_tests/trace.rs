//! What became of a rule on a line, and which part decided.

use std::ops::Range;
use std::sync::Arc;

use qingfeng_rules::{FieldRef, Key, Pack, Rule, Value};
use serde::Serialize;

use super::Tests;
use super::judge::Found;
use crate::eval::BatchResults;
use crate::eval::values::BatchValues;
use crate::explain::{ExplainedPart, NamedValue, explained};

/// The lines of a declaration on which a rule is traced.
const TRACED_LINES: usize = 3;

/// What became of a rule on a goods line of a test.
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// The goods line, counted from 1.
    pub item: usize,
    /// What decided.
    pub decision: Decision,
    /// The same in plain words.
    pub sentence: String,
    /// The condition part by part, if it was looked at.
    pub condition: Option<ExplainedPart>,
    /// The fields of the pack's own that the condition reads.
    pub computed: Vec<ComputedValue>,
}

/// A field that the pack computes, and what it was computed from.
#[derive(Clone, Debug, Serialize)]
pub struct ComputedValue {
    /// The name.
    pub name: String,
    /// The value; a missing one is `missing`.
    pub value: String,
    /// The fields that it reads, with their values.
    pub from: Vec<NamedValue>,
}

/// What decided whether a rule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The rule's key does not fit the line.
    Key,
    /// The rule is not in force on the day of the declaration.
    Validity,
    /// The condition.
    Condition,
    /// The rule has no condition: its key is enough.
    NoCondition,
}

impl Tests {
    /// The rules in question on the lines in question.
    pub(super) fn traces(&self, results: &BatchResults, range: Range<usize>, found: &[Found]) -> Vec<Trace> {
        let mut wanted: Vec<(usize, usize)> = Vec::new();
        for mismatch in found {
            let Some(rule) = mismatch.rule else { continue };
            let fired = |line: &usize| results.fired(*line).iter().any(|&(known, _)| known as usize == rule);
            match mismatch.item {
                Some(item) => wanted.push((range.start + item, rule)),
                None => {
                    let lines: Vec<usize> = range.clone().filter(fired).collect();
                    let lines = if lines.is_empty() { range.clone().collect() } else { lines };
                    wanted.extend(lines.into_iter().take(TRACED_LINES).map(|line| (line, rule)));
                }
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted.into_iter().map(|(line, rule)| self.trace(results, line, line - range.start, rule)).collect()
    }

    fn trace(&self, results: &BatchResults, line: usize, item: usize, rule: usize) -> Trace {
        let pack = self.engine.pack();
        let definition = &pack.rules[rule];
        let evaluator = self.engine.evaluator();
        let values = &results.values;
        let fired = results.fired(line).iter().any(|&(known, _)| known as usize == rule);
        let key = values.key(line);
        let blocking = evaluator.keys.blocking(&evaluator.keys.allowed(&key), rule as u32);
        let trace = |decision, sentence, condition: Option<ExplainedPart>| Trace {
            rule: definition.id.clone(),
            title: definition.title.clone(),
            item: item + 1,
            decision,
            sentence,
            computed: if condition.is_some() { self.computed(values, line, rule) } else { Vec::new() },
            condition,
        };
        if !blocking.is_empty() {
            let parts: Vec<String> = blocking
                .iter()
                .map(|key_name| {
                    let code = match key_name {
                        Key::Region => key.region.map(str::to_owned),
                        Key::Commodity => key.commodity.map(str::to_owned),
                        Key::Mode => key.mode.map(str::to_owned),
                        Key::Site => {
                            let codes = key.sites.iter().copied().chain([key.site_kind]).flatten();
                            Some(codes.collect::<Vec<_>>().join(", ")).filter(|codes| !codes.is_empty())
                        }
                    };
                    misfit(pack, definition, *key_name, code.as_deref())
                })
                .collect();
            let sentence = format!("Its key does not fit the line: {}.", parts.join("; "));
            return trace(Decision::Key, sentence, None);
        }
        let day = values.day(line);
        if let Some(day) = day.filter(|&day| !definition.is_in_force(Some(day))) {
            let bound = match (definition.from, definition.until) {
                (Some(from), _) if day < from => format!("it is in force from {from} on"),
                (_, Some(until)) => format!("it was in force until {until}"),
                _ => String::new(),
            };
            return trace(Decision::Validity, format!("It is not in force on {day}: {bound}."), None);
        }
        let part = evaluator.on_line(values, line, |interpreter, _| interpreter.explain(rule));
        let fault = results.faults(line).iter().find(|&&(known, _)| known as usize == rule);
        match part.map(explained) {
            None => {
                let sentence = match fault {
                    Some((_, fault)) => format!("It has no condition, and its points fault: {fault}."),
                    None => "It has no condition: it fires on every line that its key fits.".to_owned(),
                };
                trace(Decision::NoCondition, sentence, None)
            }
            Some(condition) => {
                let sentence = match fault {
                    Some((_, fault)) if condition.outcome == "held" => {
                        format!("Its condition holds, and its points fault: {fault}.")
                    }
                    _ => decided(&condition, fired),
                };
                trace(Decision::Condition, sentence, Some(condition))
            }
        }
    }

    /// The fields of the pack's own that a condition reads, with what they were computed from.
    fn computed(&self, values: &Arc<BatchValues>, line: usize, rule: usize) -> Vec<ComputedValue> {
        let pack = self.engine.pack();
        let Some(when) = &pack.rules[rule].when else { return Vec::new() };
        self.engine.evaluator().on_line(values, line, |interpreter, _| {
            let shown = |field: FieldRef| match field {
                FieldRef::Computed(at) => match interpreter.computed_value(at) {
                    Ok(value) => shown(value.as_value()),
                    Err(fault) => format!("fault: {fault}"),
                },
                field => shown(values.field(line, field)),
            };
            let of_field = |(field, at): (FieldRef, usize)| ComputedValue {
                name: pack.computed[at].name.clone(),
                value: shown(field),
                from: pack.computed[at]
                    .closure
                    .fields()
                    .map(|field| NamedValue {
                        source: pack.field_name(field).to_owned(),
                        value: shown(field),
                    })
                    .collect(),
            };
            let read = when.fields().filter_map(|field| match field {
                FieldRef::Computed(at) | FieldRef::Total(at) => Some((field, at)),
                _ => None,
            });
            read.map(of_field).collect()
        })
    }
}

fn shown(value: Value<'_>) -> String {
    if value == Value::Missing { "missing".to_owned() } else { value.to_string() }
}

/// Why a key does not fit: `region (africa, KE) does not have DE`.
fn misfit(pack: &Pack, rule: &Rule, key: Key, code: Option<&str>) -> String {
    let names = pack.key_names(rule, key).join(", ");
    match code {
        Some(code) => format!("{} ({names}) does not have `{code}`", key.name()),
        None => format!("{} ({names}) needs a code, and the line has none", key.name()),
    }
}

/// Which part of a condition decided.
fn decided(condition: &ExplainedPart, fired: bool) -> String {
    let part = deciding(condition);
    let text = |part: &ExplainedPart| {
        let values: Vec<String> = part
            .values
            .iter()
            .filter(|seen| seen.source != part.text)
            .map(|seen| match seen.value.as_str() {
                "()" => format!("`{}` is missing", seen.source),
                value => format!("`{}` is {value}", seen.source),
            })
            .collect();
        if values.is_empty() {
            format!("`{}`", part.text)
        } else {
            format!("`{}` ({})", part.text, values.join(", "))
        }
    };
    if let Some(fault) = part.outcome.strip_prefix("fault: ") {
        return format!("{} could not be evaluated: {fault}.", text(part));
    }
    match (fired, part.joined) {
        (true, Some("and")) => "It fires because all parts of its condition hold.".to_owned(),
        (true, _) => format!("It fires because {} holds.", text(part)),
        (false, Some("or")) => format!("It does not fire: of `{}` no part holds.", part.text),
        (false, _) => format!("It does not fire: {} does not hold.", text(part)),
    }
}

/// The part that decided: of several that must hold the first that did not, of several of which one would do the
/// first that did.
fn deciding(part: &ExplainedPart) -> &ExplainedPart {
    let decides = match (part.joined, part.outcome.as_str()) {
        (Some("and"), "failed") => "failed",
        (Some("or"), "held") => "held",
        (Some(_), outcome) if outcome.starts_with("fault: ") => outcome,
        _ => return part,
    };
    part.parts.iter().find(|child| child.outcome == decides).map_or(part, deciding)
}
