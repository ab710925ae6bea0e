//! Why a declaration got its channel: each line, each candidate rule, each part of its condition.

use arrow_array::Array as _;
use qingfeng_rules::internals::{Outcome, Part};
use qingfeng_rules::{ChannelId, FieldRef, Value};
use serde::Serialize;

use crate::assessment::{AssessmentRange, ResultRange, UndecidedRule, UnreadableValue, decisive};
use crate::engine::Engine;
use crate::eval::BatchResults;
use crate::output;
use crate::read::Lines;

/// The decision about one declaration, with everything that led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The declaration's id.
    pub declaration_id: String,
    /// The score of its worst line.
    pub score: i64,
    /// The channel of its worst line.
    pub channel: String,
    /// What people read of the channel.
    pub channel_title: Option<String>,
    /// The same in Chinese.
    pub channel_title_zh: Option<String>,
    /// The number of its worst line.
    pub decisive_item: Option<i64>,
    /// The pack that decided.
    pub pack: String,
    /// What is certain and what is possible, where something could not be read.
    pub range: Option<AssessmentRange>,
    /// The fields that are missing and could change the channel. Of a declaration with more than 200 lines none is sought.
    pub missing: Vec<MissingField>,
    /// Each goods line, in order.
    pub items: Vec<ExplainedItem>,
}

/// A field that no rule could look at, since it has no value where it could have one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MissingField {
    /// The field.
    pub field: String,
    /// The mildest channel that some value of it would lead to.
    pub channel_least: String,
    /// The most severe channel.
    pub channel_most: String,
}

/// The decision about one goods line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedItem {
    /// The number of the line.
    pub item_no: Option<i64>,
    /// Whether the declaration's result is that of this line.
    pub decisive: bool,
    /// The points put together, before floor and cap.
    pub points: i64,
    /// The points within the pack's floor and cap.
    pub score: i64,
    /// The points that shadow rules would have given.
    pub shadow_points: i64,
    /// The channel that the score alone leads to.
    pub channel_of_score: String,
    /// The strictest `at_most` of the rules that fired.
    pub ceiling: Option<Limit>,
    /// The highest `at_least` of the rules that fired, or of a fault. A floor beats a ceiling.
    pub floor: Option<Limit>,
    /// The channel.
    pub channel: String,
    /// What of the line could not be read.
    pub unreadable: Vec<UnreadableValue>,
    /// The active rules of which it is not known whether they fire, or with how many points.
    pub undecided: Vec<UndecidedRule>,
    /// What is certain and what is possible, where something could not be read.
    pub range: Option<AssessmentRange>,
    /// The fields that have a value, with it: declared, derived and computed ones.
    pub fields: Vec<NamedValue>,
    /// The rules whose key fits the line, in the order of the pack.
    pub rules: Vec<ExplainedRule>,
}

/// A limit to the channel and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Limit {
    /// The channel.
    pub channel: String,
    /// The rule that sets it; a floor without one comes from a fault.
    pub rule: Option<String>,
}

/// A name or a piece of source, and its value as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NamedValue {
    /// The name or the source.
    pub source: String,
    /// The value.
    pub value: String,
}

/// What became of one rule on one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedRule {
    /// The rule's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// Whether it is a shadow rule, which counts nothing.
    pub shadow: bool,
    /// Whether the declaration's date is within its validity; outside it is not evaluated.
    pub in_force: bool,
    /// Whether it fired.
    pub fired: bool,
    /// The points it gave.
    pub points: Option<i64>,
    /// Its evidence, if it fired.
    pub reason: Option<String>,
    /// Why it could not be evaluated, if so.
    pub fault: Option<String>,
    /// The channel it asks for at least.
    pub at_least: Option<String>,
    /// The channel it asks for at most.
    pub at_most: Option<String>,
    /// Its condition part by part; `None` for a rule without one, or one that is not in force.
    pub condition: Option<ExplainedPart>,
}

/// A part of a condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedPart {
    /// The part as Rhai source.
    pub text: String,
    /// `held`, `failed`, `not reached`, or `fault: ` and which.
    pub outcome: String,
    /// The values that it saw.
    pub values: Vec<NamedValue>,
    /// `and` or `or` between its parts, if it has some.
    pub joined: Option<&'static str>,
    /// Its parts.
    pub parts: Vec<ExplainedPart>,
}

pub(crate) fn explained(part: Part) -> ExplainedPart {
    ExplainedPart {
        text: part.text,
        outcome: match part.outcome {
            Outcome::Held => "held".into(),
            Outcome::Failed => "failed".into(),
            Outcome::NotReached => "not reached".into(),
            Outcome::Fault(fault) => format!("fault: {fault}"),
        },
        values: part.values.into_iter().map(|(source, value)| NamedValue { source, value }).collect(),
        joined: part.joined,
        parts: part.parts.into_iter().map(explained).collect(),
    }
}

/// The lines of a declaration for which missing fields are sought.
const MISSING_LINES_MAX: usize = 200;

impl Engine {
    /// Explains the decision about one declaration of lines that a [`Reader`](crate::read::Reader) of the pack's schema
    /// read. The rules are evaluated on its lines alone.
    ///
    /// # Panics
    ///
    /// If there is no declaration of this number, or if the lines were read by another schema.
    pub fn explain_lines(&self, lines: &Lines, declaration: usize) -> Explanation {
        self.check_schema(lines);
        let starts = &lines.starts()[declaration..=declaration + 1];
        let part = lines.part(starts[0] as usize..starts[1] as usize);
        let results = self.evaluate(&part);
        self.explained(&part, &results, &self.reasons(&results), 0..part.len())
    }

    /// The fields that some lines lack and that could change the channel of their declaration.
    fn missing(
        &self,
        lines: &Lines,
        range: &std::ops::Range<usize>,
        channel: ChannelId,
    ) -> Vec<MissingField> {
        let pack = self.pack();
        let mut missing = Vec::new();
        // The rules are evaluated once for each field that is missing.
        if range.len() > MISSING_LINES_MAX {
            return missing;
        }
        let part = lines.part(range.clone());
        for field in pack.schema.ids().filter(|field| Some(*field) != pack.schema.item) {
            let column = part.column(field);
            let lacks =
                |line: &usize| column.is_null(*line) && part.unreadable_in(&(*line..line + 1)).is_empty();
            let without: Vec<usize> = (0..part.len()).filter(lacks).collect();
            if without.is_empty() {
                continue;
            }
            let results = self.evaluate(&part.without(field, &without));
            if let Some(ResultRange { least, most }) = results.range(0..part.len())
                && (least.0 != channel || most.0 != channel)
            {
                let name = |channel: ChannelId| pack.channels[channel.index()].name.clone();
                missing.push(MissingField {
                    field: pack.schema[field].name.clone(),
                    channel_least: name(least.0),
                    channel_most: name(most.0),
                });
            }
        }
        missing
    }

    pub(crate) fn explained(
        &self,
        lines: &Lines,
        results: &BatchResults,
        reasons: &[String],
        range: std::ops::Range<usize>,
    ) -> Explanation {
        let pack = self.pack();
        let worst = range.start + decisive(&results.lines[range.clone()]);
        let name = |channel: ChannelId| pack.channels[channel.index()].name.clone();
        let items = range
            .clone()
            .map(|line| {
                let result = &results.lines[line];
                let routing =
                    self.evaluator().effects().route(result.score, results.fired(line), results.faults(line));
                let rule_id = |rule: u32| pack.rules[rule as usize].id.clone();
                ExplainedItem {
                    item_no: output::item_no(pack, results, line),
                    decisive: line == worst,
                    points: result.points,
                    score: result.score,
                    shadow_points: result.shadow_points,
                    channel_of_score: name(routing.of_score),
                    ceiling: routing
                        .ceiling
                        .map(|(channel, rule)| Limit { channel: name(channel), rule: Some(rule_id(rule)) }),
                    floor: routing
                        .floor
                        .map(|(channel, rule)| Limit { channel: name(channel), rule: rule.map(rule_id) }),
                    channel: name(result.channel),
                    unreadable: UnreadableValue::of_line(pack, lines, line),
                    undecided: UndecidedRule::of_line(pack, results, line),
                    range: results.range(line..line + 1).map(|range| AssessmentRange::new(pack, range)),
                    fields: self.fields(&results.values, line),
                    rules: self.rules(results, results.of_line(reasons, line), line),
                }
            })
            .collect();
        let channel = &pack.channels[results.lines[worst].channel.index()];
        Explanation {
            declaration_id: output::declaration_id(pack, results, range.start).unwrap_or_default().to_owned(),
            score: results.lines[worst].score,
            channel: channel.name.clone(),
            channel_title: channel.title.clone(),
            channel_title_zh: channel.title_zh.clone(),
            decisive_item: output::item_no(pack, results, worst),
            pack: self.pack_id().to_string(),
            range: results.range(range.clone()).map(|range| AssessmentRange::new(pack, range)),
            missing: self.missing(lines, &range, results.lines[worst].channel),
            items,
        }
    }

    fn rules(&self, results: &BatchResults, reasons: &[String], line: usize) -> Vec<ExplainedRule> {
        let values = &results.values;
        let all_fired = results.fired(line);
        let pack = self.pack();
        let name = |channel: ChannelId| pack.channels[channel.index()].name.clone();
        let day = values.day(line);
        self.evaluator().on_line(values, line, |interpreter, candidates| {
            let explain = |&rule: &u32| {
                let definition = &pack.rules[rule as usize];
                let in_force = definition.is_in_force(day);
                let fired = all_fired.iter().position(|&(known, _)| known == rule);
                let fault = results.faults(line).iter().find(|&&(known, _)| known == rule);
                ExplainedRule {
                    id: definition.id.clone(),
                    title: definition.title.clone(),
                    title_zh: definition.title_zh.clone(),
                    shadow: definition.status != qingfeng_rules::Status::Active,
                    in_force,
                    fired: fired.is_some(),
                    points: fired.map(|at| all_fired[at].1),
                    reason: fired.and_then(|at| reasons.get(at).cloned()),
                    fault: fault.map(|(_, fault)| fault.to_string()),
                    at_least: definition.at_least.map(name),
                    at_most: definition.at_most.map(name),
                    condition: if in_force {
                        interpreter.explain(rule as usize).map(explained)
                    } else {
                        None
                    },
                }
            };
            candidates.iter().map(explain).collect()
        })
    }

    fn fields(
        &self,
        values: &std::sync::Arc<crate::eval::values::BatchValues>,
        line: usize,
    ) -> Vec<NamedValue> {
        use qingfeng_rules::internals::LineValues;
        let pack = self.pack();
        let declared = pack.schema.ids().map(FieldRef::Declared);
        let known = declared.chain(pack.derived().map(FieldRef::Derived)).filter_map(|field| {
            let value = values.value(line, field);
            (value != Value::Missing)
                .then(|| NamedValue { source: pack.field_name(field).to_owned(), value: value.shown() })
        });
        let mut fields: Vec<NamedValue> = known.collect();
        self.evaluator().on_line(values, line, |interpreter, _| {
            for (at, field) in pack.computed.iter().enumerate() {
                if field.total {
                    let value = values.value(line, FieldRef::Total(at));
                    if value != Value::Missing {
                        fields.push(NamedValue { source: field.name.clone(), value: value.shown() });
                    }
                    continue;
                }
                let value = match interpreter.computed_value(at) {
                    Ok(value) if value.as_value() == Value::Missing => continue,
                    Ok(value) => value.as_value().shown(),
                    Err(fault) => format!("fault: {fault}"),
                };
                fields.push(NamedValue { source: field.name.clone(), value });
            }
        });
        fields
    }
}
