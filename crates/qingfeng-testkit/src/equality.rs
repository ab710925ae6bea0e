//! Whether two engines give the same answer on the same goods lines: fired rules, points, scores, channels, faults
//! and reasons.
//!
//! ```
//! use qingfeng::{Engine, Evaluation};
//! use qingfeng::generate::Generator;
//! use qingfeng_testkit::equality::compare;
//!
//! let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind")).unwrap();
//! let lines = Generator::new(1, 20).next().unwrap().declarations;
//! let interpreted = engine.clone().with_evaluation(Evaluation::Interpreted);
//! let tally = compare(&interpreted, &engine, &lines).unwrap_or_else(|difference| panic!("{difference}"));
//! assert_eq!(tally.lines, 20);
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use qingfeng::read::{Format, Input, Lines, ReadOptions, Reader, arrow_schema};
use qingfeng::rules::{Fault, Schema};
use qingfeng::{Assessment, Declaration, Engine, ExplainedPart, ItemAssessment, NamedValue};

/// What was compared, so that a test can insist on having compared something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packs.
    pub packs: usize,
    /// Rules of the packs.
    pub rules: usize,
    /// Goods lines assessed.
    pub lines: usize,
    /// Goods lines rejected.
    pub rejected: usize,
    /// Pairs of a line and a rule that is evaluated.
    pub pairs: usize,
    /// Pairs of a line and a rule that fired on it.
    pub fired: usize,
    /// Pairs of a line and a rule that could not be evaluated on it.
    pub faults: usize,
    /// The same by what kept them from being evaluated.
    pub fault_kinds: BTreeMap<Fault, usize>,
    /// Fired pairs whose evidence could not be filled in.
    pub reason_faults: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.packs += other.packs;
        self.rules += other.rules;
        self.lines += other.lines;
        self.rejected += other.rejected;
        self.pairs += other.pairs;
        self.fired += other.fired;
        self.faults += other.faults;
        for (fault, count) in other.fault_kinds {
            *self.fault_kinds.entry(fault).or_default() += count;
        }
        self.reason_faults += other.reason_faults;
    }
}

/// One thing in which two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
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
pub fn discrepancies(first: &ItemAssessment, second: &ItemAssessment) -> Vec<Discrepancy> {
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
    let item_no = |item: &ItemAssessment| format!("{:?}", item.item_no);
    of_rules
        .chain([
            plain("order of the rules", ids(first).join(", "), ids(second).join(", ")),
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
            format!("fired{shadow}, {} points, reason {:?}", fired.points, fired.reason)
        }
        None => "did not fire".to_owned(),
    }
}

/// The first line on which two engines differ, with all that is needed to see why. Printed, it shows the rules in
/// question, the line's values and both answers.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The line and in what the answers differ; `None` where one of the engines has no answer.
    pub line: Option<LineDifference>,
    /// Why an engine has no answer.
    pub problem: Option<String>,
    /// On how many lines the answers differ.
    pub count: usize,
    /// The rules in question, and their source.
    pub rules: Vec<(String, String)>,
    /// The values of the line: declared, derived and computed ones.
    pub values: Vec<NamedValue>,
    /// The conditions of these rules part by part, as the first engine explains them.
    pub parts: Vec<String>,
}

impl Difference {
    fn problem(problem: String) -> Box<Self> {
        let empty = Vec::new();
        Box::new(Self {
            line: None,
            problem: Some(problem),
            count: 0,
            rules: Vec::new(),
            values: Vec::new(),
            parts: empty,
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(problem) = &self.problem {
            writeln!(f, "{problem}")?;
        }
        let Some(line) = &self.line else { return Ok(()) };
        let number = line.item_no.map_or_else(|| "?".to_owned(), |number| number.to_string());
        match line.item {
            Some(_) => writeln!(f, "declaration {}, line {number}:", line.declaration_id)?,
            None => writeln!(f, "declaration {}:", line.declaration_id)?,
        }
        for part in &line.discrepancies {
            let rule = part.rule.as_deref().unwrap_or_default();
            writeln!(f, "  {} {rule}\n    first:  {}\n    second: {}", part.what, part.first, part.second)?;
        }
        for (id, source) in &self.rules {
            writeln!(f, "rule {id}:\n{source}")?;
        }
        for part in &self.parts {
            writeln!(f, "{part}")?;
        }
        writeln!(f, "values of the line:")?;
        for value in &self.values {
            writeln!(f, "  {} = {}", value.source, value.value)?;
        }
        if self.count > 1 {
            writeln!(f, "and {} more lines differ", self.count - 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Difference {}

/// Compares the answers of two engines on a table of goods lines; mostly of one pack that is evaluated in two ways.
///
/// # Errors
///
/// The first line on which they differ; or the reason why one of them has no answer.
pub fn compare(first: &Engine, second: &Engine, lines: &RecordBatch) -> Result<Tally, Box<Difference>> {
    let [a, b] = [("first", first), ("second", second)].map(|(name, engine)| {
        engine
            .assess_batch(lines)
            .map_err(|error| Difference::problem(format!("the {name} engine does not assess: {error}")))
    });
    let (a, b) = (a?, b?);
    let rejects = |rejects: &[qingfeng::read::Reject]| {
        rejects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let (rejected, rejected_by_second) = (rejects(a.rejects()), rejects(b.rejects()));
    if rejected != rejected_by_second {
        return Err(Difference::problem(format!(
            "the first engine rejects:\n{rejected}\nthe second engine rejects:\n{rejected_by_second}"
        )));
    }
    let (answers, others): (Vec<Assessment>, Vec<Assessment>) =
        (a.assessments().collect(), b.assessments().collect());
    let found = differences(&answers, &others);
    if let Some(line) = found.first().cloned() {
        return Err(described(first, a.lines(), line, found.len()));
    }
    let mut tally = counted(first, &answers);
    tally.rejected = a.rejects().len();
    Ok(tally)
}

/// Counts the answers on lines that were compared.
fn counted(engine: &Engine, answers: &[Assessment]) -> Tally {
    let rules = &engine.pack().rules;
    let mut tally = Tally { packs: 1, rules: rules.len(), ..Tally::default() };
    let evaluated = rules.iter().filter(|rule| rule.status.is_evaluated()).count();
    for item in answers.iter().flat_map(|answer| &answer.items) {
        tally.lines += 1;
        tally.pairs += evaluated;
        tally.fired += item.fired.len();
        tally.faults += item.faults.len();
        for fault in &item.faults {
            *tally.fault_kinds.entry(fault.fault).or_default() += 1;
        }
        let cut = |reason: &str| reason.contains("(the evidence could not be filled in: ");
        let reasons = item.fired.iter().filter_map(|fired| fired.reason.as_deref());
        tally.reason_faults += reasons.filter(|reason| cut(reason)).count();
    }
    tally
}

/// A difference with the rules' source and the line's values.
fn described(engine: &Engine, lines: &Lines, line: LineDifference, count: usize) -> Box<Difference> {
    let pack = engine.pack();
    let in_question: BTreeSet<&str> =
        line.discrepancies.iter().filter_map(|part| part.rule.as_deref()).collect();
    let rules = pack.rules.iter().filter(|rule| in_question.contains(rule.id.as_str()));
    let rules = rules
        .map(|rule| {
            let text = pack.warnings.sources.text(&rule.place.file).unwrap_or_default();
            (rule.id.clone(), source(text, rule.place.span.start))
        })
        .collect();
    let (mut values, mut parts) = (Vec::new(), Vec::new());
    if line.declaration < lines.declaration_count() {
        let explanation = engine.explain(lines, line.declaration);
        if let Some(item) = explanation.items.into_iter().nth(line.item.unwrap_or(0)) {
            values = item.fields;
            let conditions = item.rules.into_iter().filter(|rule| in_question.contains(rule.id.as_str()));
            for rule in conditions {
                if let Some(part) = &rule.condition {
                    parts.push(format!("the condition of {}, as it is explained:", rule.id));
                    outline(part, 1, &mut parts);
                }
            }
        }
    }
    Box::new(Difference { line: Some(line), problem: None, count, rules, values, parts })
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
        if line.trim() == "});" {
            break;
        }
    }
    source
}

/// The goods lines of declarations as a table of the schema, read as a file of them is read.
///
/// # Errors
///
/// What keeps them from being read, and the lines that are rejected.
pub fn table(schema: &Arc<Schema>, declarations: &[Declaration]) -> Result<RecordBatch, String> {
    let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    for declaration in declarations {
        let line = serde_json::to_string(declaration).map_err(|error| error.to_string())?;
        writeln!(file, "{line}").map_err(|error| error.to_string())?;
    }
    let options = ReadOptions { format: Some(Format::Ndjson), ..ReadOptions::default() };
    let mut reader = Reader::new(Arc::clone(schema), vec![Input::Path(file.path().into())], options)
        .map_err(|error| error.to_string())?;
    let mut batches = Vec::new();
    for chunk in &mut reader {
        let chunk = chunk.map_err(|error| error.to_string())?;
        if !chunk.rejects.is_empty() {
            return Err(chunk.rejects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
        batches.push(chunk.lines.batch().clone());
    }
    concat_batches(&arrow_schema(schema), &batches).map_err(|error| error.to_string())
}
