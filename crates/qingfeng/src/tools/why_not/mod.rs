//! Why a rule does not fire more often: over whole files, how many lines each part of its key and of its condition
//! blocked, and the lines that came nearest.
//!
//! ```
//! use qingfeng::Engine;
//! use qingfeng::tools::why_not::WhyNotOptions;
//! use qingfeng::read::{Input, ReadOptions, Reader};
//!
//! let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
//! let engine = Engine::open(format!("{root}rules/clean-wind"))?;
//! let rule = engine.pack().rules.iter().position(|rule| rule.id == "MC-01").unwrap();
//! let inputs = vec![Input::Path(format!("{root}docs/examples/declarations.csv").into())];
//! let reader = Reader::new(engine.pack().schema.clone(), inputs, ReadOptions::default())?;
//! let why = engine.why_not(rule, reader, &WhyNotOptions::default(), &mut |_| {})?;
//! assert_eq!(why.lines, 60);
//! for stage in &why.stages {
//!     println!("{}: {} of {} lines blocked, {} by it alone", stage.name, stage.blocked, stage.reached, stage.alone);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod misses;
mod tally;

use std::ops::ControlFlow;

use qingfeng_rules::internals::{PartTree, Parts};
use qingfeng_rules::{Key, Pack, Rule, Status};
use serde::{Serialize, Serializer};

use crate::engine::Engine;
use crate::eval::key_index::{KeyStage, RuleKey};
use crate::explain::NamedValue;
use crate::pipeline::{JobError, Pipeline, Progress};
use crate::read::{Place, Reader};

use misses::Found;
use tally::{Counter, Counts, NodeCount};

/// How to ask why a rule does not fire.
#[derive(Clone, Debug)]
pub struct WhyNotOptions {
    /// The nearest misses that are kept, [`Self::MISSES_MAX`] at most.
    pub misses: usize,
    /// The threads that evaluate. The answer does not depend on it.
    pub pipeline: Pipeline,
}

impl WhyNotOptions {
    /// The most misses that are kept.
    pub const MISSES_MAX: usize = 10_000;
}

impl Default for WhyNotOptions {
    fn default() -> Self {
        Self { misses: 10, pipeline: Pipeline::new() }
    }
}

/// Why a rule does not fire on more lines.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WhyNot {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it stands: file, line and column.
    pub place: String,
    /// Its status. A draft or a retired rule is evaluated here and nowhere else.
    pub status: Status,
    /// Goods lines that were looked at.
    pub lines: u64,
    /// Goods lines that could not be read.
    pub rejected: u64,
    /// Lines on which the rule fires.
    pub fired: u64,
    /// Lines on which it cannot be evaluated: condition or points.
    pub faults: u64,
    /// What a line must pass before the condition is asked, in this order.
    pub stages: Vec<StageCount>,
    /// Lines that pass all stages, on which the condition is asked.
    pub asked: u64,
    /// The condition part by part; `None` for a rule without one.
    pub condition: Option<PartCount>,
    /// The lines that came nearest, nearest first.
    pub misses: Vec<Miss>,
}

/// What became of the lines at a part of the rule's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StageCount {
    /// `validity`, `region`, `commodity`, `mode` or `site`.
    pub name: &'static str,
    /// What the rule asks for: names of groups, codes; days.
    pub wanted: String,
    /// Lines that passed all stages before.
    pub reached: u64,
    /// Of these the lines that did not pass this one.
    pub blocked: u64,
    /// Of these the lines that have no value to pass it by.
    pub missing: u64,
    /// Lines on which the rule would hold if it did not ask for this.
    pub alone: u64,
}

/// What became of the lines at a part of the condition. Each part is evaluated by itself on each line that the key
/// fits, whatever the parts before it say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PartCount {
    /// The part as Rhai source.
    pub text: String,
    /// Where it stands: file, line and column.
    pub place: String,
    /// The variables in it that are the same on every line, with their values.
    pub constants: Vec<NamedValue>,
    /// `all` or `any` of its parts must hold, if it has some.
    pub joined: Option<&'static str>,
    /// Lines on which it holds.
    pub held: u64,
    /// Lines on which it does not.
    pub failed: u64,
    /// Of these the lines on which a field that it reads is empty. Of a part that has parts nothing is said.
    pub missing: u64,
    /// Lines on which the rule cannot be evaluated for it: its value is a fault, and the parts before it do not keep the
    /// rule from looking at it.
    pub faults: u64,
    /// Lines on which its value is a fault, and the parts before it do keep the rule from looking at it.
    pub not_reached: u64,
    /// Lines on which the rule would hold if this part did.
    pub alone: u64,
    /// Why it is left to the interpreter, if it is.
    pub residual: Option<String>,
    /// Its parts.
    pub parts: Vec<PartCount>,
}

/// A line on which the rule nearly holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Miss {
    /// The declaration's id.
    pub declaration_id: String,
    /// The number of the line.
    pub item_no: Option<i64>,
    /// The input that has it.
    pub input: String,
    /// Where it stands there.
    pub position: String,
    /// How many parts would have to hold besides; of alternatives the fewest.
    pub failed: u32,
    /// How far it is from holding: the sum over these parts, each from 0 (the value is at the threshold) to 1. What
    /// cannot be measured, codes and texts, counts 1.
    #[serde(serialize_with = "rounded")]
    pub distance: f64,
    /// The parts that would have to hold.
    pub parts: Vec<MissedPart>,
}

/// A part of a rule that keeps it from firing on a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MissedPart {
    /// The part of the condition as Rhai source, or the part of the key by name.
    pub text: String,
    /// What was looked at, where it can be said in short: `d.unit_value`.
    pub of: Option<String>,
    /// Its value.
    pub value: Option<String>,
    /// What was wanted: `< 300`.
    pub wanted: Option<String>,
    /// What else it saw.
    pub values: Vec<NamedValue>,
    /// Why it has no value, if so.
    pub fault: Option<String>,
}

/// Sums of floats are rounded where they leave the program, so that nobody compares their last bits.
fn rounded<S: Serializer>(distance: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((distance * 1e6).round() / 1e6)
}

impl Engine {
    /// Looks at all lines of a reader for why a rule (by its position in the pack) does not fire on more of them.
    ///
    /// # Errors
    ///
    /// An input that cannot be read; threads that cannot be started.
    ///
    /// # Panics
    ///
    /// If the pack has no rule at this position.
    pub fn why_not(
        &self,
        rule: usize,
        reader: Reader,
        options: &WhyNotOptions,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<WhyNot, JobError> {
        let pack = self.pack();
        let parts = pack.parts(rule);
        let key = RuleKey::new(pack, rule);
        let limit = options.misses.min(WhyNotOptions::MISSES_MAX);
        let counter = Counter::new(self, &key, &parts, limit);
        let mut counts = Counts::new(counter.nodes.len());
        let (mut rejected, mut chunks) = (0, 0);
        let mut nearest: Vec<Found> = Vec::new();
        let reader = options.pipeline.map(
            reader,
            &|chunk, _| {
                let (counts, misses) = counter.count(&chunk.lines);
                (counts, misses, chunk.lines_amiss())
            },
            &mut |(more, misses, rejects)| {
                counts.add(&more);
                rejected += rejects;
                nearest.extend(misses.into_iter().map(|mut found: Found| {
                    found.rank.chunk = chunks;
                    found
                }));
                chunks += 1;
                nearest.sort_by_key(|found| found.rank);
                nearest.truncate(limit);
                Ok(ControlFlow::Continue(()))
            },
            progress,
        )?;
        let definition = &pack.rules[rule];
        let inputs = reader.inputs();
        let input =
            |place: Place| inputs.get(place.input as usize).map_or(String::new(), ToString::to_string);
        let condition = parts.tree().map(|tree| {
            let mut nodes = counts.nodes.iter();
            part_count(pack, &parts, tree, &mut nodes)
        });
        Ok(WhyNot {
            rule: definition.id.clone(),
            title: definition.title.clone(),
            place: pack.warnings.sources.located(&definition.place),
            status: definition.status,
            lines: counts.lines,
            rejected,
            fired: counts.fired,
            faults: counts.faults,
            stages: stages(pack, definition, &key, &counts),
            asked: counts.asked,
            condition,
            misses: nearest
                .into_iter()
                .map(|found| Miss { input: input(found.place), ..found.miss })
                .collect(),
        })
    }
}

fn stages(pack: &Pack, rule: &Rule, key: &RuleKey, counts: &Counts) -> Vec<StageCount> {
    let of = |stage: KeyStage| {
        let [reached, blocked, missing, alone] = counts.stages[stage as usize];
        StageCount { name: stage.name(), wanted: wanted(pack, rule, stage), reached, blocked, missing, alone }
    };
    key.stages().into_iter().map(of).collect()
}

/// What a rule asks for at a stage.
fn wanted(pack: &Pack, rule: &Rule, stage: KeyStage) -> String {
    let key = match stage {
        KeyStage::Validity => {
            return match (rule.from, rule.until) {
                (Some(from), Some(until)) => format!("{from} to {until}"),
                (Some(from), None) => format!("from {from}"),
                (None, Some(until)) => format!("until {until}"),
                (None, None) => String::new(),
            };
        }
        KeyStage::Region => Key::Region,
        KeyStage::Commodity => Key::Commodity,
        KeyStage::Mode => Key::Mode,
        KeyStage::Site => Key::Site,
    };
    pack.key_names(rule, key).join(", ")
}

/// The counts of a part and of those in it; `nodes` has them in this order.
fn part_count<'c>(
    pack: &Pack,
    parts: &Parts,
    tree: &PartTree,
    nodes: &mut impl Iterator<Item = &'c NodeCount>,
) -> PartCount {
    let count = nodes.next().copied().unwrap_or_default();
    let part = PartCount {
        text: String::new(),
        place: String::new(),
        constants: Vec::new(),
        joined: None,
        held: count.held,
        failed: count.failed,
        missing: count.missing,
        faults: count.faults,
        not_reached: count.not_reached,
        alone: count.alone,
        residual: None,
        parts: Vec::new(),
    };
    let mut joined = |name, sign: &str, inside: &[PartTree]| {
        let inside: Vec<PartCount> = inside.iter().map(|part| part_count(pack, parts, part, nodes)).collect();
        let text = |part: &PartCount| match part.joined {
            Some(_) => format!("({})", part.text),
            None => part.text.clone(),
        };
        let texts: Vec<String> = inside.iter().map(text).collect();
        let place = inside.first().map_or(String::new(), |part| part.place.clone());
        PartCount { text: texts.join(sign), place, joined: Some(name), parts: inside, ..part.clone() }
    };
    match tree {
        PartTree::All(inside) => joined("all", " && ", inside),
        PartTree::Any(inside) => joined("any", " || ", inside),
        PartTree::Leaf(at) => {
            let leaf = &parts.leaves()[*at];
            PartCount {
                text: leaf.text.clone(),
                place: pack.warnings.sources.located(&leaf.place),
                constants: named(leaf.constants.clone()),
                residual: leaf.residual.clone(),
                ..part
            }
        }
    }
}

fn named(values: Vec<(String, String)>) -> Vec<NamedValue> {
    values.into_iter().map(|(source, value)| NamedValue { source, value }).collect()
}
