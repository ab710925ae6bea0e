//! The engine: a pack with its lookup tables, ready to assess declarations.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use qingfeng_rules::internals::{Passes, Program};
use qingfeng_rules::lookups::Lookup;
use qingfeng_rules::{Code, Date, Diagnostic, Diagnostics, Pack, PackFiles, Status};

use crate::assessment::{Assessment, Effects, FiredRule, ItemAssessment, RuleFault, decisive};
use crate::bind::{BindError, Binding};
use crate::carried::Carrier;
use crate::declaration::Declaration;
use crate::evaluate::{BatchResults, Evaluation, Evaluator};
use crate::lookup::{self, LookupTable, Rows};
use crate::output::{self, By};
use crate::read::{Direct, Lines, MAX_LINES, ReadError, Reject};
use crate::testing;

/// A pack cannot be used. Prints one line for each mistake.
#[derive(Debug, thiserror::Error)]
#[error("the pack in {directory} is invalid:\n{diagnostics}")]
pub struct OpenError {
    directory: String,
    diagnostics: Box<Diagnostics>,
}

impl OpenError {
    /// All mistakes of the pack.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }
}

impl OpenError {
    fn new(directory: &Path, diagnostics: Diagnostics) -> Self {
        Self { directory: directory.display().to_string(), diagnostics: Box::new(diagnostics) }
    }
}

/// A declaration or a table cannot be assessed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssessError {
    /// Lines of the declaration cannot be read; each with field, value and reason.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Rejected(Vec<Reject>),
    /// The declaration has no goods line.
    #[error("the declaration has no goods line")]
    Empty,
    /// The columns of the table do not fit the schema.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The declaration has more text than a table can hold.
    #[error("the declaration cannot be read: {0}")]
    Json(String),
}

impl From<ReadError> for AssessError {
    fn from(error: ReadError) -> Self {
        Self::Json(error.to_string())
    }
}

/// What holds the rows of lookup tables that are no files of the pack: a store, a program.
///
/// It is asked once, when an engine is opened, with all that the pack declares; so all tables are of one snapshot.
pub trait LivingLookups {
    /// The rows of each table of `pack` that has no file of its own, by its position in `pack.lookups`. `directory` is
    /// where the pack stands, if it stands in one.
    ///
    /// # Errors
    ///
    /// Mistakes of the pack, each at the place of the table it speaks of.
    fn read(&self, pack: &Pack, directory: Option<&Path>) -> Result<LivingTables, Vec<Diagnostic>>;
}

/// What [`LivingLookups`] gives: one snapshot.
#[derive(Debug)]
pub struct LivingTables {
    /// Which, as results name it; `None` where nothing names it.
    pub snapshot: Option<LookupsSnapshot>,
    /// The rows of tables, by position in the pack.
    pub tables: Vec<(usize, Rows)>,
}

/// How an engine is opened: from which pack, with which lookups.
///
/// ```
/// use qingfeng::Engine;
///
/// let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
/// let engine = Engine::builder(directory).build()?;
/// assert_eq!(engine.pack().name, "clean-wind");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder opens nothing until `build` is called"]
pub struct EngineBuilder<'b> {
    directory: PathBuf,
    living: Option<&'b dyn LivingLookups>,
    for_tests: bool,
}

impl<'b> EngineBuilder<'b> {
    /// Where the rows of lookup tables come from that are no files of the pack.
    pub fn living(mut self, lookups: &'b dyn LivingLookups) -> Self {
        self.living = Some(lookups);
        self
    }

    /// For the pack's tests: a lookup table for which there is a file `tests/lookups/NAME.csv` has its rows, and nothing
    /// else is asked for rows, so that tests do not depend on what is in a store today.
    pub fn for_tests(mut self) -> Self {
        self.for_tests = true;
        self
    }

    /// The engine.
    ///
    /// # Errors
    ///
    /// The mistakes of the pack, all of them; lookups that cannot be read are one.
    pub fn build(&self) -> Result<Engine, OpenError> {
        Engine::load(self).map_err(|diagnostics| OpenError::new(&self.directory, diagnostics))
    }

    /// All mistakes of the pack, errors and warnings, those of its lookup tables included; and the engine, if there are
    /// no errors.
    pub fn check(&self) -> (Diagnostics, Option<Engine>) {
        match Engine::load(self) {
            Ok(engine) => (engine.pack().warnings.clone(), Some(engine)),
            Err(diagnostics) => (diagnostics, None),
        }
    }
}

/// A pack without the rows of living lookups: its rules, channels and inspection policy, for plans, proofs and lists of what
/// was assessed before, where the store may not be there. It cannot assess; an [`Engine`] can.
#[derive(Clone, Debug)]
pub struct OpenedPack {
    pack: Arc<Pack>,
    digest: String,
    pack_id: Arc<str>,
}

impl OpenedPack {
    /// Opens the pack in a directory: checks its files and those of its lookup tables.
    ///
    /// # Errors
    ///
    /// The mistakes of the pack, all of them.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        let (opened, diagnostics) = Self::check(&directory);
        opened.ok_or_else(|| OpenError::new(directory.as_ref(), diagnostics))
    }

    /// The same, with all mistakes, warnings too.
    pub fn check(directory: impl AsRef<Path>) -> (Option<Self>, Diagnostics) {
        match load(&Engine::builder(directory), false) {
            Ok(loaded) => {
                let warnings = loaded.pack.warnings.clone();
                (Some(loaded.opened()), warnings)
            }
            Err(diagnostics) => (None, diagnostics),
        }
    }

    /// The pack.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// The digest of the pack, its lookup files included: BLAKE3 in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The pack by name, version and digest: `name@version#digest`. Where an engine's lookup tables come from a store,
    /// `+lookups@` follows and the snapshot: `clean-wind@2016.3#5d1f...+lookups@1234#9f3a06c4d2e1`.
    pub fn pack_id(&self) -> &Arc<str> {
        &self.pack_id
    }
}

/// A pack, ready to assess declarations. Cloning is cheap: clones share everything.
///
/// ```
/// use qingfeng::{Declaration, Engine, Item};
///
/// let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
/// let assessment = engine.assess(
///     &Declaration::new()
///         .with("declaration_id", "D1")
///         .with("destination", "KE")
///         .with("mode", "0110")
///         .item(Item::new().with("hs", "8711209000").with("goods", "motorcycle").with("quantity", 10).with("value", 2000.0)),
/// )?;
/// println!("{} {} {:?}", assessment.channel, assessment.score, assessment.items[0].fired);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    load_time: Duration,
}

/// The store of an engine's lookup tables, and what of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupsSnapshot {
    /// The store, without a password.
    pub store: String,
    /// The snapshot, as answers name it: `1234#9f3a06c4d2e1`.
    pub snapshot: String,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("pack", &self.inner.opened.pack_id).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the pack in a directory: checks its files and reads its lookup tables, all of which must be files of it.
    ///
    /// # Errors
    ///
    /// The mistakes of the pack, all of them.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder(directory).build()
    }

    /// How the pack in a directory is opened.
    pub fn builder<'b>(directory: impl AsRef<Path>) -> EngineBuilder<'b> {
        EngineBuilder { directory: directory.as_ref().to_owned(), living: None, for_tests: false }
    }

    /// All mistakes of the pack in a directory, errors and warnings, those of its lookup tables included; and
    /// the engine, if there are no errors.
    pub fn check(directory: impl AsRef<Path>) -> (Diagnostics, Option<Self>) {
        Self::builder(directory).check()
    }

    /// All that is to be said of this pack, which stands in a directory: the warnings of its files, what its rules show
    /// before any line is seen, mistakes in its tests, points that they do not cover; without what comments allow.
    /// `as_of` is the day for which validities are judged; without it the one that the pack names.
    ///
    /// ```
    /// use qingfeng::Engine;
    ///
    /// let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/import-fraud");
    /// let found = Engine::open(directory)?.review(directory, None);
    /// assert_eq!((found.errors(), found.warnings()), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn review(&self, directory: impl AsRef<Path>, as_of: Option<Date>) -> Diagnostics {
        let mut found = self.pack().warnings.clone();
        let (tests, mistakes) = testing::load(self, directory.as_ref());
        let tests_are_sound = mistakes.errors() == 0;
        found.extend(mistakes);
        if tests_are_sound {
            tests.uncovered_points().into_iter().for_each(|item| found.push(item));
        }
        let as_of = as_of.or(self.pack().check_as_of);
        self.pack().analyse(self.program(), as_of).into_iter().for_each(|item| found.push(item));
        found.sort();
        // While tests have mistakes it is not known which comments are needed.
        found.suppress(|_| tests_are_sound);
        found
    }

    fn load(builder: &EngineBuilder<'_>) -> Result<Self, Diagnostics> {
        let started = Instant::now();
        let mut loaded = load(builder, true)?;
        let tables: Vec<LookupTable> = std::mem::take(&mut loaded.tables);
        let lookups = loaded.snapshot.clone().map(Arc::new);
        let opened = loaded.opened();
        let pack = Arc::clone(&opened.pack);
        let evaluator = Evaluator::new(Arc::clone(&pack), tables.into(), Passes::ALL, false);
        let direct = Direct::new(&pack.schema);
        let carrier = Carrier::new(&pack);
        let load_time = started.elapsed();
        let inner = Arc::new(Inner { opened, lookups, evaluator, direct, carrier, load_time });
        Ok(Self { inner, evaluation: Evaluation::default() })
    }

    /// The pack without what assesses.
    pub fn opened(&self) -> &OpenedPack {
        &self.inner.opened
    }

    /// The pack.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.inner.opened.pack
    }

    /// The digest of the pack, its lookup tables included: BLAKE3 in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.inner.opened.digest
    }

    /// The store and the snapshot of its lookup tables, if one of them comes from a store.
    pub fn lookups(&self) -> Option<&LookupsSnapshot> {
        self.inner.lookups.as_deref()
    }

    /// The pack by name, version and digest: `name@version#digest`. Where lookup tables come from a store, `+lookups@`
    /// follows and the snapshot: `clean-wind@2016.3#5d1f...+lookups@1234#9f3a06c4d2e1`.
    pub fn pack_id(&self) -> &Arc<str> {
        &self.inner.opened.pack_id
    }

    /// The columns of assessments as tables: those of [`output_schema`](crate::output_schema), and by declaration, if the
    /// pack has an inspection policy, what selection asks for:
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
        output::rows(self.pack(), self.pack_id(), lines, results, by, reasons, self.inner.carrier.as_ref())
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
        self.with(Arc::clone(self.pack()), self.inner.evaluator.with_passes(passes))
    }

    /// The same engine, drafts evaluated too: like shadow rules they are reported and count nothing. For tests of
    /// rules.
    #[must_use]
    pub(crate) fn with_drafts(&self) -> Self {
        self.with(Arc::clone(self.pack()), self.inner.evaluator.with_drafts())
    }

    /// An engine of a pack that differs from this one's in its rules alone. Its digest remains that of this one.
    #[must_use]
    #[doc(hidden)]
    pub fn of_changed(&self, pack: Arc<Pack>) -> Self {
        let evaluator = self.inner.evaluator.of_changed(Arc::clone(&pack));
        self.with(pack, evaluator)
    }

    fn with(&self, pack: Arc<Pack>, evaluator: Evaluator) -> Self {
        let inner = &self.inner;
        let inner = Inner {
            lookups: inner.lookups.clone(),
            evaluator,
            direct: Direct::new(&pack.schema),
            carrier: Carrier::new(&pack),
            load_time: inner.load_time,
            opened: OpenedPack { pack, ..inner.opened.clone() },
        };
        Self { inner: Arc::new(inner), evaluation: self.evaluation }
    }

    pub(crate) fn direct(&self) -> &Direct {
        &self.inner.direct
    }

    /// The same engine with a wrong kernel, so that tests can show that it is found: where it is compiled, `<` on
    /// numbers holds where they are equal.
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
    /// A line that cannot be read (a required field missing, a value of the wrong kind), or no line at all.
    pub fn assess(&self, declaration: &Declaration) -> Result<Assessment, AssessError> {
        let chunk = self.inner.direct.read(declaration)?;
        if !chunk.rejects.is_empty() {
            return Err(AssessError::Rejected(chunk.rejects));
        }
        let results = self.evaluate(&chunk.lines);
        let reasons = self.reasons(&results);
        self.assessments(&chunk.lines, &results, &reasons).next().ok_or(AssessError::Empty)
    }

    /// Assesses a table of goods lines, one row a line. Columns are found by the schema's names and headers; the
    /// lines of one declaration must be adjacent.
    ///
    /// # Errors
    ///
    /// Columns that do not fit the schema. Rows that cannot be read are no error but rejects.
    pub fn assess_batch(&self, batch: &RecordBatch) -> Result<BatchAssessment, AssessError> {
        let schema = Arc::clone(&self.pack().schema);
        let binding = Binding::new(schema, &batch.schema(), "the table")?;
        let chunk = binding.chunk(batch, MAX_LINES)?;
        let mut assessed = self.assess_lines(chunk.lines);
        assessed.rejects = chunk.rejects;
        Ok(assessed)
    }

    /// Assesses goods lines that were read before, by a [`Reader`](crate::read::Reader) or a
    /// [`Binding`](crate::bind::Binding) of the pack's schema.
    ///
    /// # Panics
    ///
    /// If the lines were read by another schema.
    pub fn assess_lines(&self, lines: Lines) -> BatchAssessment {
        let columns = lines.batch().schema();
        let fields = self.pack().schema.fields().iter().map(|field| &field.name);
        assert!(columns.fields().iter().map(|column| column.name()).eq(fields), "lines of another schema");
        let results = self.evaluate(&lines);
        let reasons = OnceCell::new();
        BatchAssessment { engine: self.clone(), lines, results, reasons, rejects: Vec::new() }
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

    fn assessments<'r>(
        &'r self,
        lines: &'r Lines,
        results: &'r BatchResults,
        reasons: &'r [String],
    ) -> impl Iterator<Item = Assessment> + 'r {
        lines.declarations().map(move |range| self.assessment(results, reasons, range))
    }

    pub(crate) fn assessment(
        &self,
        results: &BatchResults,
        reasons: &[String],
        range: std::ops::Range<usize>,
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
                }
            })
            .collect();
        Assessment {
            declaration_id: output::declaration_id(pack, results, range.start).unwrap_or_default().to_owned(),
            score: results.lines[worst].score,
            channel: channel(worst),
            decisive_item: output::item_no(pack, results, worst),
            items,
            pack: Arc::clone(&self.inner.opened.pack_id),
        }
    }
}

/// What was read of a pack.
struct Loaded {
    pack: Pack,
    tables: Vec<LookupTable>,
    digest: String,
    snapshot: Option<LookupsSnapshot>,
}

impl Loaded {
    fn opened(self) -> OpenedPack {
        let of_store = self.snapshot.map_or(String::new(), |of| format!("+lookups@{}", of.snapshot));
        let pack_id = format!("{}@{}#{}{of_store}", self.pack.name, self.pack.version, self.digest).into();
        OpenedPack { pack: Arc::new(self.pack), digest: self.digest, pack_id }
    }
}

/// Reads a pack and its lookup tables; without `living` those that are files of it.
fn load(builder: &EngineBuilder<'_>, living: bool) -> Result<Loaded, Diagnostics> {
    let directory = builder.directory.as_path();
    let pack = Pack::load(&PackFiles::read(directory))?;
    let mut tables = Vec::with_capacity(pack.lookups.len());
    let mut contents: Vec<(String, Vec<u8>)> = Vec::with_capacity(pack.lookups.len());
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    let mut snapshot = None;
    let mut living_rows: Vec<(usize, Rows)> = Vec::new();
    let without_file = pack.lookups.iter().find(|lookup| lookup.source.file().is_none());
    if let (Some(first), true, false) = (without_file, living, builder.for_tests) {
        match builder.living {
            Some(lookups) => match lookups.read(&pack, Some(directory)) {
                Ok(read) => (snapshot, living_rows) = (read.snapshot, read.tables),
                Err(more) => mistakes.extend(more),
            },
            None => mistakes.push(no_living(first)),
        }
    }
    for (at, lookup) in pack.lookups.iter().enumerate() {
        let for_tests = format!("tests/lookups/{}.csv", lookup.name);
        let has_test_rows = builder.for_tests && directory.join(&for_tests).exists();
        let file = if has_test_rows { Some(for_tests.as_str()) } else { lookup.source.file() };
        let Some(file) = file else {
            if builder.for_tests {
                mistakes.push(no_test_rows(lookup, &for_tests));
            }
            let rows = living_rows.iter().position(|(table, _)| *table == at);
            let rows =
                rows.map_or_else(|| Rows::none(&lookup.columns), |found| living_rows.swap_remove(found).1);
            tables.push(LookupTable::new(rows, lookup.key.clone()));
            continue;
        };
        match lookup::read_file(directory, lookup, file, &pack.schema) {
            Ok(rows) => tables.push(LookupTable::new(rows, lookup.key.clone())),
            Err(more) => mistakes.extend(more),
        }
        match std::fs::read(directory.join(file)) {
            // What tests see instead is no part of the pack.
            Ok(_) if has_test_rows => {}
            Ok(content) => contents.push((file.to_owned(), content)),
            Err(error) if mistakes.is_empty() => {
                let title = format!("{file} cannot be read: {error}");
                mistakes.push(Diagnostic::new(Code::BadLookup, title).at(lookup.place.clone(), ""));
            }
            Err(_) => {}
        }
    }
    if !mistakes.is_empty() {
        let mut all = pack.warnings;
        mistakes.append(&mut all.items);
        all.items = mistakes;
        return Err(all);
    }
    let digest = pack.digest(contents.iter().map(|(path, content)| (path.as_str(), content.as_slice())));
    Ok(Loaded { pack, tables, digest, snapshot })
}

/// The pack has tables of a store, and none was given.
fn no_living(lookup: &Lookup) -> Diagnostic {
    let title = format!("no store was given, and the lookup table `{}` comes from one", lookup.name);
    Diagnostic::new(Code::UnusableStore, title)
        .at(lookup.place.clone(), "comes from the store")
        .help("open the pack with its store: `Engine::builder(directory).living(&store)`")
}

fn no_test_rows(lookup: &Lookup, file: &str) -> Diagnostic {
    let title = format!("tests do not see the store, and {file} is not there");
    let help = format!(
        "write {file} with the rows of `{}` that the tests need: a header with the key and the columns, and perhaps nothing \
         else",
        lookup.name
    );
    Diagnostic::new(Code::BadLookup, title).at(lookup.place.clone(), "comes from the store").help(help)
}

/// The results of a table of goods lines.
pub struct BatchAssessment {
    engine: Engine,
    lines: Lines,
    results: BatchResults,
    /// The reasons of all fired pairs, once somebody asked for them.
    reasons: OnceCell<Vec<String>>,
    rejects: Vec<Reject>,
}

impl BatchAssessment {
    /// The assessments of the declarations, in the order of the table.
    pub fn assessments(&self) -> impl Iterator<Item = Assessment> + '_ {
        self.engine.assessments(&self.lines, &self.results, self.reasons())
    }

    fn reasons(&self) -> &[String] {
        self.reasons.get_or_init(|| self.engine.reasons(&self.results))
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

    /// The goods lines that were assessed.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }
}
