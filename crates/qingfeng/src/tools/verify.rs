//! Whether compiled rules give the interpreter's answer: on files with [`Engine::verify`], on answers at hand with
//! [`differences`].
//!
//! ```
//! use qingfeng::Engine;
//! use qingfeng::tools::verify::VerifyOptions;
//! use qingfeng::read::{Input, ReadOptions, Reader};
//!
//! let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
//! let engine = Engine::open(format!("{root}rules/clean-wind"))?;
//! let inputs = vec![Input::Path(format!("{root}docs/examples/declarations.csv").into())];
//! let reader = Reader::new(engine.pack().schema.clone(), inputs, ReadOptions::default())?;
//! let verification = engine.verify(reader, &VerifyOptions::default(), &mut |_| {})?;
//! assert!(verification.difference.is_none() && verification.lines == 60);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Instant;

use crate::assessment::{Assessment, ItemAssessment};
use crate::engine::Engine;
use crate::eval::Evaluation;
use crate::explain::{ExplainedPart, NamedValue};
use crate::pipeline::{JobError, Pipeline, Progress};
use crate::read::{Chunk, Input, Lines, Reader};

/// How to verify.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// The threads that evaluate. The answer does not depend on it.
    pub pipeline: Pipeline,
    /// Stop when so many goods lines were compared; the declaration at hand is finished.
    pub limit: Option<u64>,
}

/// What was compared, and the first difference.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Verification {
    /// Goods lines that were compared.
    pub lines: u64,
    /// Goods lines that could not be read, and so were not compared.
    pub rejected: u64,
    /// Declarations that were compared.
    pub declarations: u64,
    /// Pairs of a line and a rule that fired on it, with points and reason.
    pub fired: u64,
    /// Pairs of a line and a rule that could not be evaluated on it.
    pub faults: u64,
    /// How long it took.
    pub seconds: f64,
    /// The first line on which the answers differ; what comes after its batch was not compared.
    pub difference: Option<Box<Difference>>,
}

/// One thing in which two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discrepancy {
    /// The rule it is about, if it is about one.
    pub rule: Option<String>,
    /// What was answered: `score`, `channel`, or what became of the rule.
    pub what: &'static str,
    /// The first answer.
    pub first: String,
    /// The second answer.
    pub second: String,
}

/// A goods line on which two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineDifference {
    /// The position of the declaration.
    pub declaration: usize,
    /// The declaration's id.
    pub declaration_id: String,
    /// The position of the line in the declaration; `None` where the answers on the declaration differ although
    /// those on its lines do not.
    pub item: Option<usize>,
    /// The number of the line.
    pub item_no: Option<i64>,
    /// In what they differ; at least one thing.
    pub discrepancies: Vec<Discrepancy>,
}

/// All lines on which the answers differ, in order. The packs by which they were made are not compared.
pub fn differences(first: &[Assessment], second: &[Assessment]) -> Vec<LineDifference> {
    let mut found = Vec::new();
    if first.len() != second.len() {
        found.push(LineDifference {
            declaration: first.len().min(second.len()),
            declaration_id: String::new(),
            item: None,
            item_no: None,
            discrepancies: vec![plain("declarations", first.len(), second.len())],
        });
    }
    for (declaration, (a, b)) in first.iter().zip(second).enumerate() {
        let at = |item: Option<usize>, item_no, discrepancies| LineDifference {
            declaration,
            declaration_id: a.declaration_id.clone(),
            item,
            item_no,
            discrepancies,
        };
        let lines = a.items.iter().zip(&b.items).enumerate();
        let of_lines = lines.map(|(item, (a, b))| at(Some(item), a.item_no, discrepancies(a, b)));
        let decisive = |item: Option<i64>| item.map_or("none".to_owned(), |item| item.to_string());
        let whole = [
            plain("id of the declaration", &a.declaration_id, &b.declaration_id),
            plain("goods lines", a.items.len(), b.items.len()),
            plain("score of the declaration", a.score, b.score),
            plain("channel of the declaration", &a.channel, &b.channel),
            plain("decisive item", decisive(a.decisive_item), decisive(b.decisive_item)),
        ];
        let differing = whole.into_iter().filter(|part| part.first != part.second).collect();
        // What differs on a line shows on the declaration too; the line says why.
        let before = found.len();
        found.extend(of_lines.filter(|line| !line.discrepancies.is_empty()));
        if found.len() == before {
            found.extend(Some(at(None, None, differing)).filter(|whole| !whole.discrepancies.is_empty()));
        }
    }
    found
}

fn plain(what: &'static str, first: impl ToString, second: impl ToString) -> Discrepancy {
    Discrepancy { rule: None, what, first: first.to_string(), second: second.to_string() }
}

/// In what two answers on one line differ: rules first, then what follows from them.
fn discrepancies(first: &ItemAssessment, second: &ItemAssessment) -> Vec<Discrepancy> {
    let ids = |item: &ItemAssessment| {
        let fired = item.fired.iter().map(|fired| fired.rule.clone());
        fired.chain(item.faults.iter().map(|fault| fault.rule.clone())).collect::<Vec<_>>()
    };
    let rules: BTreeSet<String> = ids(first).into_iter().chain(ids(second)).collect();
    let of_rules = rules.into_iter().map(|rule| Discrepancy {
        first: fate(first, &rule),
        second: fate(second, &rule),
        rule: Some(rule),
        what: "rule",
    });
    let of_rules: Vec<Discrepancy> = of_rules.filter(|part| part.first != part.second).collect();
    // Where rules differ it says nothing that they stand in another order.
    let order = plain("order of the rules", ids(first).join(", "), ids(second).join(", "));
    let order = Some(order).filter(|_| of_rules.is_empty());
    let item_no = |item: &ItemAssessment| format!("{:?}", item.item_no);
    of_rules
        .into_iter()
        .chain(order)
        .chain([
            plain("points", first.points, second.points),
            plain("points of shadow rules", first.shadow_points, second.shadow_points),
            plain("score", first.score, second.score),
            plain("channel", &first.channel, &second.channel),
            plain("number of the line", item_no(first), item_no(second)),
        ])
        .filter(|part| part.first != part.second)
        .collect()
}

/// What became of a rule on a line.
fn fate(item: &ItemAssessment, rule: &str) -> String {
    if let Some(fault) = item.faults.iter().find(|fault| fault.rule == rule) {
        return format!("fault: {}", fault.fault);
    }
    match item.fired.iter().find(|fired| fired.rule == rule) {
        Some(fired) => {
            let shadow = if fired.shadow { " as a shadow rule" } else { "" };
            let reason =
                fired.reason.as_deref().map_or(String::new(), |reason| format!(", reason {reason:?}"));
            format!("fired{shadow}, {} points{reason}", fired.points)
        }
        None => "did not fire".to_owned(),
    }
}

/// A rule on which answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleInQuestion {
    /// Its id.
    pub id: String,
    /// Where it stands: file, line and column.
    pub place: String,
    /// Its source.
    pub source: String,
    /// Its condition part by part on the line, as the interpreter explains it: one line each.
    pub condition: Vec<String>,
}

/// The first line on which two answers differ, with all that is needed to see why. Printed, it shows both answers,
/// the rules in question and the line's values.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// The line and in what the answers differ.
    pub line: LineDifference,
    /// Where the line was read, if it was read from a file.
    pub place: String,
    /// What the two answers are called.
    pub names: [&'static str; 2],
    /// On how many of the lines that were compared the answers differ.
    pub count: usize,
    /// The rules in question.
    pub rules: Vec<RuleInQuestion>,
    /// The values of the line: declared, derived and computed ones.
    pub values: Vec<NamedValue>,
}

impl Difference {
    /// Adds to a difference what stands in the pack and in the lines. `engine` explains; `inputs` are those of the
    /// reader, if there was one.
    pub fn of(
        engine: &Engine,
        lines: &Lines,
        inputs: &[Input],
        line: LineDifference,
        names: [&'static str; 2],
        count: usize,
    ) -> Box<Self> {
        let (pack, sources) = (engine.pack(), &engine.pack().warnings.sources);
        let in_question: BTreeSet<&str> =
            line.discrepancies.iter().filter_map(|part| part.rule.as_deref()).collect();
        let rules = pack.rules.iter().filter(|rule| in_question.contains(rule.id.as_str()));
        let mut rules: Vec<RuleInQuestion> = rules
            .map(|rule| {
                let text = sources.text(&rule.place.file).unwrap_or_default();
                RuleInQuestion {
                    id: rule.id.clone(),
                    place: sources.located(&rule.place),
                    source: source(text, rule.place.span.start),
                    condition: Vec::new(),
                }
            })
            .collect();
        let (mut values, mut place) = (Vec::new(), String::new());
        if let Some(range) = lines.declarations().nth(line.declaration) {
            let item = line.item.unwrap_or(0);
            if let Some(at) = lines.places().get(range.start + item) {
                place = at.within(inputs);
            }
            if let Some(item) = engine.explain_lines(lines, line.declaration).items.into_iter().nth(item) {
                values = item.fields;
                for rule in &mut rules {
                    let explained = item.rules.iter().find(|explained| explained.id == rule.id);
                    if let Some(part) = explained.and_then(|explained| explained.condition.as_ref()) {
                        outline(part, 1, &mut rule.condition);
                    }
                }
            }
        }
        Box::new(Self { line, place, names, count, rules, values })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, names: [first, second], .. } = self;
        write!(f, "declaration {}", line.declaration_id)?;
        if line.item.is_some() {
            let number = line.item_no.map_or_else(|| "?".to_owned(), |number| number.to_string());
            write!(f, ", item {number}")?;
        }
        writeln!(f, "{}:", if self.place.is_empty() { String::new() } else { format!(" ({})", self.place) })?;
        let width = first.len().max(second.len()) + 1;
        for part in &line.discrepancies {
            match &part.rule {
                Some(rule) => writeln!(f, "  {} {rule}", part.what)?,
                None => writeln!(f, "  {}", part.what)?,
            }
            writeln!(f, "    {:<width$} {}", format!("{first}:"), part.first)?;
            writeln!(f, "    {:<width$} {}", format!("{second}:"), part.second)?;
        }
        for rule in &self.rules {
            writeln!(f, "rule {} at {}:\n{}", rule.id, rule.place, rule.source.trim_end())?;
            if !rule.condition.is_empty() {
                writeln!(f, "its condition, as the interpreter explains it:\n{}", rule.condition.join("\n"))?;
            }
        }
        writeln!(f, "values of the line:")?;
        for value in &self.values {
            writeln!(f, "  {} = {}", value.source, value.value)?;
        }
        match self.count {
            0 | 1 => Ok(()),
            2 => writeln!(f, "and 1 more line differs"),
            more => writeln!(f, "and {} more lines differ", more - 1),
        }
    }
}

fn outline(part: &ExplainedPart, depth: usize, lines: &mut Vec<String>) {
    let values: Vec<String> =
        part.values.iter().map(|value| format!("{} = {}", value.source, value.value)).collect();
    let values = if values.is_empty() { String::new() } else { format!("   [{}]", values.join(", ")) };
    lines.push(format!("{}{}: {}{values}", "  ".repeat(depth), part.outcome, part.text));
    part.parts.iter().for_each(|part| outline(part, depth + 1, lines));
}

/// The lines of a rule, from the one on which its id stands to the one that closes it.
fn source(text: &str, at: usize) -> String {
    const LINES_MAX: usize = 60;
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let mut source = String::new();
    for line in text.get(start..).unwrap_or_default().lines().take(LINES_MAX) {
        source.push_str(line);
        source.push('\n');
        if line.trim_end().ends_with("});") {
            break;
        }
    }
    source
}

impl Engine {
    /// Evaluates the rules on all lines of a reader twice, compiled and interpreted, and compares fired rules, points,
    /// scores, channels, faults and reasons.
    ///
    /// # Errors
    ///
    /// An input that cannot be read; threads that cannot be started. A difference is no error.
    pub fn verify(
        &self,
        reader: Reader,
        options: &VerifyOptions,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Verification, JobError> {
        let started = Instant::now();
        let inputs = reader.inputs().to_vec();
        let mut done = Verification::default();
        // No more lines than the limit leaves after those of the chunks before.
        let each = |chunk: Chunk, before: u64| {
            let room = options.limit.map_or(u64::MAX, |limit| limit.saturating_sub(before));
            let lines = usize::try_from(room).unwrap_or(usize::MAX);
            (lines > 0).then(|| self.verified(&chunk, lines, &inputs))
        };
        let mut take = |part: Option<Verification>| {
            let Some(part) = part else { return Ok(ControlFlow::Break(())) };
            done.add(part);
            Ok(if done.difference.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        options.pipeline.map(reader, &each, &mut take, progress)?;
        done.seconds = started.elapsed().as_secs_f64();
        Ok(done)
    }

    /// Compares the declarations of a batch that begin within the first `lines` lines.
    fn verified(&self, chunk: &Chunk, lines: usize, inputs: &[Input]) -> Verification {
        let [interpreted, compiled] = [Evaluation::Interpreted, Evaluation::Compiled]
            .map(|evaluation| self.clone().with_evaluation(evaluation));
        let (a, b) = (interpreted.evaluate(&chunk.lines), compiled.evaluate(&chunk.lines));
        let reasons = [interpreted.reasons(&a), compiled.reasons(&b)];
        let mut part = Verification { rejected: chunk.lines_amiss(), ..Verification::default() };
        let (mut first, mut count) = (None, 0);
        for (declaration, range) in chunk.lines.declarations().enumerate() {
            if range.start >= lines {
                break;
            }
            part.declarations += 1;
            part.lines += range.len() as u64;
            part.fired += range.clone().map(|line| a.fired(line).len() as u64).sum::<u64>();
            part.faults += range.clone().map(|line| a.faults(line).len() as u64).sum::<u64>();
            let differing = range.clone().filter(|&line| {
                a.lines[line] != b.lines[line]
                    || a.fired(line) != b.fired(line)
                    || a.faults(line) != b.faults(line)
                    || a.of_line(&reasons[0], line) != b.of_line(&reasons[1], line)
            });
            let differing = differing.count();
            count += differing;
            if differing > 0 && first.is_none() {
                let x = interpreted.assessment(&chunk.lines, &a, &reasons[0], range.clone());
                let y = compiled.assessment(&chunk.lines, &b, &reasons[1], range.clone());

                let found = differences(&[x], &[y]).into_iter().next();
                first = found.map(|line| LineDifference { declaration, ..line });
            }
        }
        part.difference = first.map(|line| {
            Difference::of(&interpreted, &chunk.lines, inputs, line, ["interpreted", "compiled"], count)
        });
        part
    }
}

impl Verification {
    fn add(&mut self, next: Self) {
        self.lines += next.lines;
        self.rejected += next.rejected;
        self.declarations += next.declarations;
        self.fired += next.fired;
        self.faults += next.faults;
        self.difference = self.difference.take().or(next.difference);
    }
}
