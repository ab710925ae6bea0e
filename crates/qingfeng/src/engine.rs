//! The engine: a pack with its lookup tables, ready to assess declarations.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use qingfeng_rules::internals::{Passes, Program};
use qingfeng_rules::{Pack, Status};

use crate::assessment::{
    Assessment, AssessmentRange, Effects, FiredRule, ItemAssessment, RuleFault, UndecidedRule,
    UnreadableValue, decisive,
};
use crate::declaration::Declaration;
use crate::eval::{BatchResults, Evaluation, Evaluator};
use crate::explain::Explanation;
use crate::lookup::LookupTable;
use crate::open::{Checked, EngineBuilder, LookupsSnapshot, OpenError, OpenedPack};
use crate::output::selection_columns::Carrier;
use crate::output::summary::Notes;
use crate::output::{self, By, Names};
use crate::read::bind::Binding;
use crate::read::{BindError, Changes, Direct, Lines, OneRead, Reject, Scattered};

/// A declaration or a table cannot be assessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssessError {
    /// Lines of a declaration cannot be read; each with field, value and reason. A declaration is not assessed in part.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Rejected(Vec<Reject>),
    /// The columns of a table do not fit the schema, or its rows do not fit into one batch.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// A pack, ready to assess declarations. Cloning is cheap: clones share everything. The page of the crate shows each of
/// the ways to use it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    evaluation: Evaluation,
}

struct Inner {
    opened: OpenedPack,
    lookups: Option<Arc<LookupsSnapshot>>,
    evaluator: Evaluator,
    direct: Direct,
    /// What the inspection policy of the pack, if it has one, asks of declarations.
    carrier: Option<Carrier>,
    names: Names,
    load_time: Duration,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("pack", self.inner.opened.pack_id()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the pack in a directory: checks its files and reads its lookup tables, all of which must be files of it.
    ///
    /// # Errors
    ///
    /// The mistakes of the pack, all of them.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder().directory(directory).build()
    }

    /// What an engine is made of: a pack from a directory, an archive or memory, and its lookup tables.
    pub fn builder<'b>() -> EngineBuilder<'b> {
        EngineBuilder::new()
    }

    /// All mistakes of the pack in a directory, errors and warnings, those of its lookup tables included; and
    /// the engine, if there are no errors.
    pub fn check(directory: impl AsRef<Path>) -> Checked {
        Self::builder().directory(directory).check()
    }

    pub(crate) fn new(
        opened: OpenedPack,
        lookups: Option<LookupsSnapshot>,
        tables: Arc<[LookupTable]>,
        passes: Passes,
        evaluation: Evaluation,
        max_declaration_lines: usize,
        started: Instant,
    ) -> Self {
        let pack = opened.pack();
        let inner = Inner {
            evaluator: Evaluator::new(Arc::clone(pack), tables, passes, false),
            direct: Direct::new(&pack.schema, max_declaration_lines),
            carrier: Carrier::new(pack),
            names: Names::new(pack, opened.pack_id()),
            lookups: lookups.map(Arc::new),
            opened,
            load_time: started.elapsed(),
        };
        Self { inner: Arc::new(inner), evaluation }
    }

    /// The pack without what assesses.
    pub fn opened(&self) -> &OpenedPack {
        &self.inner.opened
    }

    /// The pack.
    pub fn pack(&self) -> &Arc<Pack> {
        self.inner.opened.pack()
    }

    /// The digest of the pack, its lookup tables included: BLAKE3 in hexadecimal.
    pub fn digest(&self) -> &str {
        self.inner.opened.digest()
    }

    /// The store and the snapshot of its lookup tables, if one of them comes from a store.
    pub fn lookups(&self) -> Option<&LookupsSnapshot> {
        self.inner.lookups.as_deref()
    }

    /// The pack by name, version and digest: `name@version#digest`. Where lookup tables come from a store, `+lookups@`
    /// follows and the snapshot: `clean-wind@2016.3#5d1f...+lookups@1234#9f3a06c4d2e1`.
    pub fn pack_id(&self) -> &Arc<str> {
        self.inner.opened.pack_id()
    }

    /// The columns of assessments as tables:
    ///
    /// | column | type | |
    /// | --- | --- | --- |
    /// | `declaration_id` | text | |
    /// | `item_no` | integer | by item only |
    /// | `score` | integer | |
    /// | `channel` | text | |
    /// | `decisive_item` | integer | by declaration only: the number of its worst line |
    /// | `rules` | list of texts | ids of the active rules that fired, in the order of the pack; by declaration on any of its lines |
    /// | `shadow_rules` | list of texts | the same of shadow rules |
    /// | `faults` | list of texts | `ID: fault` of the rules that could not be evaluated |
    /// | `reasons` | list of texts | when asked: `ID: reason`, with `item N, ` before it where a declaration has several lines |
    /// | `pack` | text | `name@version#digest` |
    ///
    /// and by declaration, if the pack has an inspection policy, what selection asks for:
    ///
    /// | column | type | |
    /// | --- | --- | --- |
    /// | `declared_on` | date | the declaration's own day |
    /// | `sites` | list of texts | the sites, of all kinds, to which any of its lines belongs, in the order of the pack |
    /// | `trader` | text | |
    /// | `trader_class` | text | the first class of the policy that lists a line, else `known`, or `unnamed` |
    /// | `group` | text | the goods group of the decisive line, or `other` |
    /// | `mode`, `destination` | text | those of the decisive line |
    /// | `line_groups` | list of texts | the goods group of each line, in order |
    /// | `packages` | integer | the sum of the field `packages` |
    /// | `value` | number | the sum of the field `value` |
    ///
    /// ```
    /// use qingfeng::{By, Engine};
    ///
    /// let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
    /// assert!(engine.output_schema(By::Declaration, false).field_with_name("sites").is_ok());
    /// assert!(engine.output_schema(By::Item, false).field_with_name("sites").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn output_schema(&self, by: By, reasons: bool) -> SchemaRef {
        output::schema_with(by, reasons, self.inner.carrier.is_some())
    }

    /// The rows of a batch.
    pub(crate) fn rows(
        &self,
        lines: &Lines,
        results: &BatchResults,
        by: By,
        reasons: Option<&[String]>,
    ) -> Result<RecordBatch, ArrowError> {
        let Inner { names, carrier, .. } = &*self.inner;
        output::rows(self.pack(), names, lines, results, by, reasons, carrier.as_ref())
    }

    /// How long it took to open the pack.
    pub fn load_time(&self) -> Duration {
        self.inner.load_time
    }

    /// The same engine, with what evaluates its rules. All of its answers are the same.
    #[must_use]
    pub fn with_evaluation(mut self, evaluation: Evaluation) -> Self {
        self.evaluation = evaluation;
        self
    }

    /// What evaluates the rules.
    pub fn evaluation(&self) -> Evaluation {
        self.evaluation
    }

    /// The same engine, its rules compiled with these passes. All of its answers are the same.
    #[must_use]
    pub fn with_passes(&self, passes: Passes) -> Self {
        self.with(Arc::clone(self.pack()), passes, false)
    }

    /// The same engine, drafts evaluated too: like shadow rules they are reported and count nothing. For tests of
    /// rules.
    #[must_use]
    pub(crate) fn with_drafts(&self) -> Self {
        self.with(Arc::clone(self.pack()), self.program().passes(), true)
    }

    /// An engine of a pack that differs from this one's in its rules alone. Its digest remains that of this one.
    #[must_use]
    #[doc(hidden)]
    pub fn of_changed(&self, pack: Arc<Pack>) -> Self {
        self.with(pack, self.program().passes(), false)
    }

    fn with(&self, pack: Arc<Pack>, passes: Passes, drafts: bool) -> Self {
        let inner = &self.inner;
        let inner = Inner {
            lookups: inner.lookups.clone(),
            evaluator: inner.evaluator.of_pack(&pack, passes, drafts),
            direct: Direct::new(&pack.schema, inner.direct.max_declaration_lines()),
            carrier: Carrier::new(&pack),
            names: Names::new(&pack, inner.opened.pack_id()),
            load_time: inner.load_time,
            opened: inner.opened.with_pack(pack),
        };
        Self { inner: Arc::new(inner), evaluation: self.evaluation }
    }

    pub(crate) fn direct(&self) -> &Direct {
        &self.inner.direct
    }

    /// The same engine with a wrong kernel, so that tests can show that it is found: where it is compiled, `<` on
    /// numbers holds where they are equal.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_planted_fault(&self) -> Self {
        self.with_passes(Passes { planted_fault: true, ..self.program().passes() })
    }

    /// The compiled rules.
    pub fn program(&self) -> &Program {
        self.inner.evaluator.program()
    }

    #[doc(hidden)]
    pub fn evaluator(&self) -> &Evaluator {
        &self.inner.evaluator
    }

    /// Assesses one declaration.
    ///
    /// # Errors
    ///
    /// A line that cannot be read: a required field missing, a value of the wrong kind, more lines than are assessed
    /// together, items of several declarations. No part of the declaration is assessed then.
    pub fn assess(&self, declaration: &Declaration) -> Result<Assessment, AssessError> {
        self.assess_one(self.inner.direct.read(declaration), |_| {})
    }

    /// Assesses one declaration that is a JSON message: an object, read as a line of an NDJSON file is. Keys that stand
    /// there twice reject it, numbers count as they are written, and keys that no field claims are noted.
    ///
    /// ```
    /// # let engine = qingfeng::Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
    /// let message = br#"{"declaration_id": 530120160001, "destination": "KE", "mode": "0110", "vlaue": 1,
    ///                    "items": [{"hs": 8711209000.0, "quantity": 40, "value": 8000.0}]}"#;
    /// let assessment = engine.assess_json(message)?;
    /// assert_eq!(assessment.channel, "red");
    /// assert_eq!(assessment.notes.unknown_fields, ["vlaue"]);
    /// println!("{}", serde_json::to_string(&assessment)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`assess`](Self::assess); and what is no JSON, or has more than 16 MiB of it.
    pub fn assess_json(&self, json: &[u8]) -> Result<Assessment, AssessError> {
        self.assess_one(self.inner.direct.read_json(json), |_| {})
    }

    /// The same; the goods lines, as they were read, are shown to `seen`.
    ///
    /// # Errors
    ///
    /// As [`assess_json`](Self::assess_json).
    #[doc(hidden)]
    pub fn assess_json_seen(
        &self,
        json: &[u8],
        seen: impl FnOnce(&Lines),
    ) -> Result<Assessment, AssessError> {
        self.assess_one(self.inner.direct.read_json(json), seen)
    }

    fn assess_one(&self, read: OneRead, seen: impl FnOnce(&Lines)) -> Result<Assessment, AssessError> {
        let (lines, unknown_fields, changes) = one_declaration(read)?;
        seen(&lines);
        let _span = tracing::trace_span!("assess", lines = lines.len()).entered();
        let results = self.evaluate(&lines);
        let reasons = self.reasons(&results);
        let notes = Notes::of(self.pack(), &results, &lines, unknown_fields, &changes);
        Ok(Assessment { notes, ..self.assessment(&lines, &results, &reasons, 0..lines.len()) })
    }

    /// Explains the decision about one declaration.
    ///
    /// # Errors
    ///
    /// As [`assess`](Self::assess).
    pub fn explain(&self, declaration: &Declaration) -> Result<Explanation, AssessError> {
        let (lines, ..) = one_declaration(self.inner.direct.read(declaration))?;
        Ok(self.explain_lines(&lines, 0))
    }

    /// Explains the decision about one declaration that is a JSON message.
    ///
    /// # Errors
    ///
    /// As [`assess_json`](Self::assess_json).
    pub fn explain_json(&self, json: &[u8]) -> Result<Explanation, AssessError> {
        let (lines, ..) = one_declaration(self.inner.direct.read_json(json))?;
        Ok(self.explain_lines(&lines, 0))
    }

    /// Assesses a table of goods lines, one row a line, on the thread that calls. Columns are found by the schema's
    /// names and headers. The lines of one declaration must be adjacent: where they are not, each run of them is
    /// assessed as a declaration, and [`BatchAssessment::scattered`] says so. Tables that are parts of one table, whose
    /// declarations may go on from one to the next, are [`Input::batches`](crate::read::Input::batches) for
    /// [`score`](Self::score).
    ///
    /// # Errors
    ///
    /// Columns that do not fit the schema. Rows that cannot be read are no error but rejects.
    pub fn assess_batch(&self, batch: &RecordBatch) -> Result<BatchAssessment, AssessError> {
        let _span = tracing::debug_span!("assess_batch", rows = batch.num_rows()).entered();
        let schema = Arc::clone(&self.pack().schema);
        let binding = Binding::new(schema, batch.schema_ref(), "the table")?;
        let (chunk, scattered) = binding.chunk(batch, self.inner.direct.max_declaration_lines())?;
        let assessed = self.assess_lines(chunk.lines);
        let unknown_fields = binding.unused_columns().to_vec();
        let (rejects, changes) = (chunk.rejects, chunk.changes);
        Ok(BatchAssessment { rejects, scattered, unknown_fields, changes, ..assessed })
    }

    /// Assesses goods lines that a [`Reader`](crate::read::Reader) of the pack's schema read.
    ///
    /// # Panics
    ///
    /// If the lines were read by another schema.
    pub fn assess_lines(&self, lines: Lines) -> BatchAssessment {
        self.check_schema(&lines);
        BatchAssessment {
            results: self.evaluate(&lines),
            engine: self.clone(),
            lines,
            reasons: OnceLock::new(),
            rejects: Vec::new(),
            scattered: Scattered::default(),
            unknown_fields: Vec::new(),
            changes: Changes::default(),
        }
    }

    pub(crate) fn check_schema(&self, lines: &Lines) {
        let columns = lines.batch().schema_ref();
        let fields = self.pack().schema.fields().iter().map(|field| &field.name);
        assert!(columns.fields().iter().map(|column| column.name()).eq(fields), "lines of another schema");
    }

    /// Drops what is kept idle for the next calls: interpreters, numbered texts, columns. Calls after it make their
    /// own again.
    pub fn trim(&self) {
        self.inner.evaluator.trim();
        self.inner.direct.trim();
    }

    /// Evaluates the rules on the lines of a batch.
    #[doc(hidden)]
    pub fn evaluate(&self, lines: &Lines) -> BatchResults {
        self.inner.evaluator.evaluate(lines, self.evaluation)
    }

    /// The reasons of all fired pairs of a batch.
    pub(crate) fn reasons(&self, results: &BatchResults) -> Vec<String> {
        self.inner.evaluator.reasons(results, self.evaluation)
    }

    pub(crate) fn assessment(
        &self,
        lines: &Lines,
        results: &BatchResults,
        reasons: &[String],
        range: Range<usize>,
    ) -> Assessment {
        let pack = self.pack();
        let rule_id = |rule: u32| pack.rules[rule as usize].id.clone();
        let channel = |line: usize| pack.channels[results.lines[line].channel.index()].name.clone();
        let worst = range.start + decisive(&results.lines[range.clone()]);
        let items = range
            .clone()
            .map(|line| {
                let result = &results.lines[line];
                let reasons = results.of_line(reasons, line);
                ItemAssessment {
                    item_no: output::item_no(pack, results, line),
                    score: result.score,
                    points: result.points,
                    shadow_points: result.shadow_points,
                    channel: channel(line),
                    fired: results
                        .fired(line)
                        .iter()
                        .enumerate()
                        .map(|(at, &(rule, points))| FiredRule {
                            rule: rule_id(rule),
                            points,
                            shadow: pack.rules[rule as usize].status != Status::Active,
                            reason: reasons.get(at).cloned(),
                        })
                        .collect(),
                    faults: results
                        .faults(line)
                        .iter()
                        .map(|&(rule, fault)| RuleFault { rule: rule_id(rule), fault })
                        .collect(),
                    unreadable: UnreadableValue::of_line(pack, lines, line),
                    undecided: UndecidedRule::of_line(pack, results, line),
                    range: results.range(line..line + 1).map(|range| AssessmentRange::new(pack, range)),
                }
            })
            .collect();
        Assessment {
            declaration_id: output::declaration_id(pack, results, range.start).unwrap_or_default().to_owned(),
            score: results.lines[worst].score,
            channel: channel(worst),
            decisive_item: output::item_no(pack, results, worst),
            decisive_index: Some(worst - range.start),
            items,
            range: results.range(range).map(|range| AssessmentRange::new(pack, range)),
            pack: Arc::clone(self.inner.opened.pack_id()),
            notes: Notes::default(),
        }
    }
}

/// The lines of a declaration whose id could be read, its unknown fields, and what was done to cells.
fn one_declaration(read: OneRead) -> Result<(Lines, Vec<String>, Changes), AssessError> {
    let OneRead { chunk, unknown_fields } = read;
    if chunk.rejects.iter().any(|reject| reject.declaration_id.is_none()) {
        return Err(AssessError::Rejected(chunk.rejects));
    }
    debug_assert_eq!(
        chunk.lines.declaration_count(),
        1,
        "a line of another declaration has no id of its own here"
    );
    Ok((chunk.lines, unknown_fields, chunk.changes))
}

/// The results of a table of goods lines.
pub struct BatchAssessment {
    engine: Engine,
    lines: Lines,
    results: BatchResults,
    /// The reasons of all fired pairs, once somebody asked for them.
    reasons: OnceLock<Vec<String>>,
    rejects: Vec<Reject>,
    scattered: Scattered,
    unknown_fields: Vec<String>,
    changes: Changes,
}

impl std::fmt::Debug for BatchAssessment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchAssessment")
            .field("lines", &self.lines.len())
            .field("declarations", &self.lines.declaration_count())
            .field("rejects", &self.rejects.len())
            .finish_non_exhaustive()
    }
}

impl BatchAssessment {
    /// The assessments of the declarations, in the order of the table.
    pub fn assessments(&self) -> impl Iterator<Item = Assessment> + '_ {
        let Self { engine, lines, results, .. } = self;
        let reasons = self.reasons();
        lines.declarations().map(move |range| engine.assessment(lines, results, reasons, range))
    }

    fn reasons(&self) -> &[String] {
        self.reasons.get_or_init(|| self.engine.reasons(&self.results))
    }

    /// Explains the decision about one declaration of the table, `None` if there is none of this number. The rules are
    /// evaluated again only to see which missing values could change its channel.
    pub fn explain(&self, declaration: usize) -> Option<Explanation> {
        let &[start, end] = self.lines.starts().get(declaration..)?.first_chunk()?;
        Some(self.engine.explained(&self.lines, &self.results, self.reasons(), start as usize..end as usize))
    }

    /// The same assessments as if each rule that fired had given the points that `points` names for it, and what it gave
    /// where it names none; by position in the pack.
    #[must_use]
    #[doc(hidden)]
    pub fn with_points(mut self, points: &[Option<i64>]) -> Self {
        self.results.replace_points(&Effects::new(self.engine.pack()), points);
        self
    }

    /// How many pairs there are of a goods line and a rule that fired on it.
    pub fn fired_total(&self) -> usize {
        self.results.all_fired().len()
    }

    /// The same as a table; [`Engine::output_schema`] says which columns it has.
    ///
    /// # Errors
    ///
    /// More text than an Arrow array of type `Utf8` holds, 2 GiB.
    pub fn rows(&self, by: By, reasons: bool) -> Result<RecordBatch, ArrowError> {
        let reasons = reasons.then(|| self.reasons());
        self.engine.rows(&self.lines, &self.results, by, reasons)
    }

    /// The rows that could not be read.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// The declarations whose rows do not stand together. Each part of them was assessed as if it were the whole.
    pub fn scattered(&self) -> &Scattered {
        &self.scattered
    }

    /// What of the table was not understood: columns that no field claims, unknown codes, repeated item numbers.
    pub fn notes(&self) -> Notes {
        let Self { engine, lines, results, unknown_fields, changes, .. } = self;
        Notes::of(engine.pack(), results, lines, unknown_fields.clone(), changes)
    }

    /// The goods lines that were assessed.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }
}
