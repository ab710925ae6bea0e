//! What is studied of inspections: the worth of rules, points, new rules, signs, aims, the report; and the proof of a draw.
//! All of it is the command's; here are the ways in and out.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use pyo3::prelude::*;
use pyo3::types::PyAnyMethods;
use qingfeng::read::{Input, ReadOptions};
use qingfeng::rules::{Date, Pack, Status};
use qingfeng::{Cancel, OpenedPack, Pipeline};
use qingfeng_cli::reports::{
    self, Language, LearnGiven, MineGiven, MineLabels, ProofGiven, ReportGiven, WatchGiven, tell_effect,
};
use qingfeng_cli::studies::{Declared, Inspected, LedgerInputs, Results, StudyError, read_aims};
use qingfeng_insight::calibrate::{CalibrateOptions, CurrentPoints, calibrate as fitted};
use qingfeng_insight::effect::{Effect, EffectOptions, effect_rows, effect_schema};
use qingfeng_insight::mine::MineOptions;
use qingfeng_insight::report::{ReportOptions, Survey};
use qingfeng_insight::watch::{Limit, WatchOptions};
use qingfeng_inspection::draw::{DayKey, Key};
use qingfeng_inspection::evidence::Evidence;
use qingfeng_inspection::{Capacity, Policy};

use crate::engine::{Engine, ReadGiven, Source};
use crate::reports::{Found, day, found};
use crate::tables::Table;
use crate::{errors, tables, waiting};

/// What stopped a piece of work: words for the caller.
pub enum Stopped {
    Study(StudyError),
    Open(Box<qingfeng::OpenError>),
    Other(String),
}

impl<E: Into<StudyError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Study(error.into())
    }
}

impl Stopped {
    pub fn other(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }

    pub fn raised(self, py: Python<'_>, name: &str) -> PyErr {
        match self {
            Self::Open(error) => errors::open(py, name, &error),
            Self::Other(message) => errors::plain(py, &message),
            Self::Study(error) => match error {
                StudyError::Option(option, message) => {
                    errors::plain(py, &format!("{}: {message}", option.replace('-', "_")))
                }
                StudyError::Asked(message) => errors::plain(py, &message),
                StudyError::Read(error) => errors::read(py, &error),
                StudyError::Job(error) => errors::job(py, &error),
                StudyError::Store(error) => errors::plain(py, &error.to_string()),
                StudyError::Override(error) => errors::input(py, &error.to_string()),
                StudyError::Failed(message) => errors::input(py, &message),
                _ => errors::plain(py, "it cannot be studied"),
            },
        }
    }
}

/// The pack of a study: one that is opened for it, or that of an engine.
pub enum PackGiven {
    Source(Source),
    Engine(qingfeng::Engine),
}

impl PackGiven {
    pub fn of(py: Python<'_>, pack: &Bound<'_, PyAny>) -> PyResult<Self> {
        match pack.cast::<Engine>() {
            Ok(engine) => Ok(Self::Engine(engine.get().engine.clone())),
            Err(_) => Source::of(py, pack).map(Self::Source),
        }
    }

    /// What stands before the names of its files.
    pub fn name(&self) -> String {
        match self {
            Self::Source(source) => source.name().display().to_string(),
            Self::Engine(engine) => engine.pack_id().to_string(),
        }
    }

    /// Without what assesses.
    pub fn opened(&self) -> Result<OpenedPack, Stopped> {
        match self {
            Self::Source(source) => {
                source.builder().open_pack().map_err(|error| Stopped::Open(Box::new(error)))
            }
            Self::Engine(engine) => Ok(engine.opened().clone()),
        }
    }

    /// For its policy.
    pub fn policy(&self) -> Result<(OpenedPack, Policy), Stopped> {
        let opened = self.opened()?;
        let policy = Policy::of(opened.pack());
        let policy = policy
            .ok_or_else(|| Stopped::other("the pack has no [selection], which says who is inspected"))?;
        Ok((opened, policy))
    }
}

/// What is to be read once.
pub fn inputs(given: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<Input>> {
    Ok(tables::given(given, name)?.inputs)
}

pub fn capacity(given: Option<Vec<Input>>, policy: &Policy) -> Result<Capacity, Stopped> {
    match given.unwrap_or_default().first() {
        None => Ok(Capacity::of_policy(policy)),
        Some(input) => Ok(Capacity::read(input, policy)?),
    }
}

pub fn parsed_key(py: Python<'_>, key: Option<&str>) -> PyResult<Option<Key>> {
    key.map(|text| Key::parse(text).map_err(|error| errors::plain(py, &format!("key: {error}")))).transpose()
}

/// What was reported while something was studied, to be raised as warnings of Python.
#[derive(Clone, Default)]
pub struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn note(&self) -> Box<dyn Fn(&str) + Send + Sync> {
        let warnings = Arc::clone(&self.0);
        Box::new(move |text| {
            let text = reports::plain(text).trim_end().to_owned();
            warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        })
    }

    pub fn raise(&self, py: Python<'_>) -> PyResult<()> {
        let warnings = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let class = py.import("qingfeng._errors")?.getattr("UnreadRowsWarning")?;
        let warn = py.import("warnings")?.getattr("warn")?;
        warnings.iter().try_for_each(|text| warn.call1((text, &class, 2)).map(drop))
    }
}

/// What inspections found; a table of a library is kept, since some of it is read twice.
pub fn results(
    outcomes: Option<&Bound<'_, PyAny>>,
    as_of: Option<Date>,
    warnings: &Warnings,
) -> PyResult<Results> {
    let outcomes = outcomes.map(|given| tables::again(given, "the outcomes")).transpose()?;
    Ok(Results { outcomes, store: None, options: ReadOptions::default(), as_of, warn: warnings.note() })
}

/// What was inspected, and what was found.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct InspectedGiven<'py> {
    assessments: Option<Bound<'py, PyAny>>,
    plans: Vec<PathBuf>,
    outcomes: Bound<'py, PyAny>,
    as_of: Option<String>,
}

impl InspectedGiven<'_> {
    fn inspected(&self, py: Python<'_>, warnings: &Warnings) -> PyResult<Inspected> {
        let assessments = match &self.assessments {
            Some(given) => inputs(given, "the assessments")?,
            None => Vec::new(),
        };
        let as_of = day(py, "as_of", self.as_of.as_deref())?;
        let results = results(Some(&self.outcomes), as_of, warnings)?;
        Ok(Inspected { assessments, plans: self.plans.clone(), results })
    }
}

/// With plans what was selected, and what people changed of it; without them everything was inspected.
fn evidence(inspected: &Inspected, label: Option<&str>, pack: Option<&Pack>) -> Result<Evidence, Stopped> {
    if inspected.plans.is_empty() {
        return Ok(inspected.results.history(&inspected.assessments, label, pack)?);
    }
    Ok(inspected.evidence(inspected.results.as_of, pack)?.0)
}

/// Does the work beside Python in a pool of its own, which a forked process makes anew, then raises the warnings.
pub fn study<T: Send + 'static>(
    py: Python<'_>,
    name: &str,
    warnings: &Warnings,
    threads: Option<usize>,
    work: impl FnOnce() -> Result<T, Stopped> + Send + 'static,
) -> PyResult<T> {
    let done = waiting::during(py, &Cancel::new(), move || Pipeline::from(threads).install(work)?)?;
    warnings.raise(py)?;
    done.map_err(|stopped| stopped.raised(py, name))
}

/// The worth of rules as a table, and as JSON.
#[pyfunction]
#[pyo3(signature = (inspected, label, pack, level))]
pub fn effect(
    py: Python<'_>,
    inspected: InspectedGiven<'_>,
    label: Option<String>,
    pack: Option<&Bound<'_, PyAny>>,
    level: f64,
) -> PyResult<(Table, String)> {
    let pack = pack.map(|pack| PackGiven::of(py, pack)).transpose()?;
    let name = pack.as_ref().map_or_else(String::new, PackGiven::name);
    if !(level > 0.0 && level < 1.0) {
        return Err(errors::plain(py, &format!("level: {level} is no share; give one such as 0.95")));
    }
    let warnings = Warnings::default();
    let inspected = inspected.inspected(py, &warnings)?;
    let (rows, json) = study(py, &name, &warnings, None, move || {
        let opened = pack.map(|pack| pack.opened()).transpose()?;
        let pack = opened.as_ref().map(|opened| &**opened.pack());
        let evidence = evidence(&inspected, label.as_deref(), pack)?;
        let mut options = EffectOptions { level, ..EffectOptions::default() };
        if let Some(pack) = pack {
            options = options.with_pack(pack);
        }
        let mut effect = Effect::of(&evidence, &options)?;
        tell_effect(&mut effect);
        let rows: RecordBatch = effect_rows(&effect)?;
        Ok((rows, serde_json::to_string(&effect).map_err(Stopped::other)?))
    })?;
    Ok((Table::new(effect_schema(), vec![rows]), json))
}

/// Points that fit what was found, as JSON.
#[pyfunction]
#[pyo3(signature = (inspected, label, pack))]
pub fn calibrate(
    py: Python<'_>,
    inspected: InspectedGiven<'_>,
    label: Option<String>,
    pack: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let pack = PackGiven::of(py, pack)?;
    let (name, warnings) = (pack.name(), Warnings::default());
    let inspected = inspected.inspected(py, &warnings)?;
    study(py, &name, &warnings, None, move || {
        let opened = pack.opened()?;
        let evidence = evidence(&inspected, label.as_deref(), Some(opened.pack()))?;
        let current = CurrentPoints::of(opened.pack());
        let fitted = fitted(&evidence, &current, &CalibrateOptions::default()).map_err(Stopped::other)?;
        serde_json::to_string(&fitted).map_err(Stopped::other)
    })
}

/// Declarations, and how they are read. Their engine is opened in Python, so that it has the store that is named there.
#[derive(FromPyObject)]
pub struct DeclaredGiven<'py>(Py<Engine>, Bound<'py, PyAny>, ReadGiven);

impl DeclaredGiven<'_> {
    fn declared(&self, py: Python<'_>) -> PyResult<Declared> {
        let Self(engine, table, read) = self;
        let engine = engine.get();
        let options = read.over(py, engine.read_options())?;
        let inputs = inputs(table, tables::TABLE)?;
        Ok(Declared { engine: engine.engine.clone(), inputs, options })
    }
}

/// The options of `watch`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct WatchAsked {
    since: Vec<(String, String)>,
    value_limits: Vec<(String, f64)>,
    false_discovery_rate: f64,
    least_ratio: f64,
    window: u32,
    late: u32,
    limit: usize,
    threads: Option<usize>,
}

/// Signs, as JSON and in words.
#[pyfunction]
#[pyo3(signature = (inspected, pack, declared, asked))]
pub fn watch(
    py: Python<'_>,
    inspected: InspectedGiven<'_>,
    pack: Option<&Bound<'_, PyAny>>,
    declared: Option<DeclaredGiven<'_>>,
    asked: WatchAsked,
) -> PyResult<Found> {
    let pack = pack.map(|pack| PackGiven::of(py, pack)).transpose()?;
    let (name, warnings) = (pack.as_ref().map_or_else(String::new, PackGiven::name), Warnings::default());
    let inspected = inspected.inspected(py, &warnings)?;
    let declared = declared.map(|declared| declared.declared(py)).transpose()?;
    let mut since = Vec::new();
    for (rule, first) in asked.since {
        since.extend(day(py, "since", Some(&first))?.map(|first| (rule, first)));
    }
    let mut options = WatchOptions {
        as_of: inspected.results.as_of,
        level: asked.false_discovery_rate,
        least_ratio: asked.least_ratio,
        window_days: asked.window,
        late_after_days: asked.late,
        list_max: asked.limit,
        ..WatchOptions::default()
    };
    if !asked.value_limits.is_empty() {
        let limit = |(mode, value)| Limit { mode, value, source: "value_limits".to_owned() };
        options.limits = asked.value_limits.into_iter().map(limit).collect();
    }
    let threads = asked.threads;
    let report = study(py, &name, &warnings, None, move || {
        let opened = pack.map(|pack| pack.opened()).transpose()?;
        let given = WatchGiven { inspected, opened, declared, since, threads, options };
        Ok(reports::watch(given, &mut |_| {})?)
    })?;
    found(py, report)
}

/// Tables that are held against aims.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct LedgersGiven<'py> {
    notices: Option<Bound<'py, PyAny>>,
    tip_offs: Option<Bound<'py, PyAny>>,
    visited: Option<Bound<'py, PyAny>>,
}

impl LedgersGiven<'_> {
    fn ledgers(&self) -> PyResult<LedgerInputs> {
        let given = |table: &Option<Bound<'_, PyAny>>, name| {
            table.as_ref().map(|table| inputs(table, name)).transpose()
        };
        Ok(LedgerInputs {
            notices: given(&self.notices, "the notices")?,
            tip_offs: given(&self.tip_offs, "the tip-offs")?,
            visited: given(&self.visited, "the visits")?,
        })
    }
}

/// The accounts of a year, as JSON and in words.
#[pyfunction]
#[pyo3(signature = (aims, inspected, pack, ledgers))]
pub fn targets(
    py: Python<'_>,
    aims: PathBuf,
    inspected: InspectedGiven<'_>,
    pack: &Bound<'_, PyAny>,
    ledgers: LedgersGiven<'_>,
) -> PyResult<Found> {
    let pack = PackGiven::of(py, pack)?;
    let (name, warnings) = (pack.name(), Warnings::default());
    let (inspected, ledgers) = (inspected.inspected(py, &warnings)?, ledgers.ledgers()?);
    let report = study(py, &name, &warnings, None, move || {
        let opened = pack.opened()?;
        let aims = read_aims(&aims, opened.pack())?;
        Ok(reports::targets(&inspected, opened.pack(), &aims, &ledgers)?)
    })?;
    found(py, report)
}

/// The options of `report`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ReportAsked {
    aims: Option<PathBuf>,
    as_of: String,
    first_day: Option<String>,
    surveys: Vec<String>,
    title: Option<String>,
    is_chinese: bool,
}

/// A report as JSON and as a page.
#[pyfunction]
#[pyo3(signature = (inspected, pack, declared, ledgers, asked))]
pub fn report(
    py: Python<'_>,
    inspected: InspectedGiven<'_>,
    pack: &Bound<'_, PyAny>,
    declared: Option<DeclaredGiven<'_>>,
    ledgers: LedgersGiven<'_>,
    asked: ReportAsked,
) -> PyResult<(String, String)> {
    let pack = PackGiven::of(py, pack)?;
    let (name, warnings) = (pack.name(), Warnings::default());
    let (inspected, ledgers) = (inspected.inspected(py, &warnings)?, ledgers.ledgers()?);
    let declared = declared.map(|declared| declared.declared(py)).transpose()?;
    let as_of = day(py, "as_of", Some(&asked.as_of))?.unwrap_or(Date::MAX);
    let from = day(py, "first_day", asked.first_day.as_deref())?;
    let surveys = asked.surveys.iter().map(|survey| survey.parse());
    let surveys = surveys.collect::<Result<Vec<Survey>, _>>();
    let surveys = surveys.map_err(|error| errors::plain(py, &format!("surveys: {error}")))?;
    let options = ReportOptions { title: asked.title, as_of, from, surveys };
    let language = if asked.is_chinese { Language::Zh } else { Language::En };
    let report = study(py, &name, &warnings, None, move || {
        let opened = pack.opened()?;
        let aims = asked.aims.map(|aims| read_aims(&aims, opened.pack())).transpose()?;
        let given = ReportGiven { inspected, opened, declared, aims, ledgers, options };
        Ok(reports::campaign(given, language, &mut |_| {})?)
    })?;
    let report = report.map_err(|error| errors::plain(py, &error.to_string()))?;
    Ok((report.json, report.html))
}

/// The options of `mine` and of `learn`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct MineAsked {
    label: Option<String>,
    as_of: Option<String>,
    until: Option<String>,
    cold: Vec<String>,
    conditions: usize,
    most: usize,
    least_lines: u32,
    plans: Vec<PathBuf>,
    alone: bool,
    parties: bool,
    active: bool,
    prefix: String,
    threads: Option<usize>,
    /// Of `learn`.
    risk: String,
    levels: Vec<String>,
}

/// The history that rules are learned from.
fn history(
    py: Python<'_>,
    engine: &Engine,
    tables: [Option<&Bound<'_, PyAny>>; 3],
    read: ReadGiven,
    asked: MineAsked,
    warnings: &Warnings,
) -> PyResult<MineGiven> {
    let [declarations, judge, outcomes] = tables;
    let as_of = day(py, "as_of", asked.as_of.as_deref())?;
    let labels = match asked.label {
        Some(label) => MineLabels::Column(label),
        None => MineLabels::Results(results(outcomes, as_of, warnings)?),
    };
    let of = |table: Option<&Bound<'_, PyAny>>, what| {
        Ok::<_, PyErr>(table.map(|table| inputs(table, what)).transpose()?.unwrap_or_default())
    };
    Ok(MineGiven {
        engine: engine.engine.clone(),
        declarations: of(declarations, tables::TABLE)?,
        judge: of(judge, "the table to judge by")?,
        read: read.over(py, engine.read_options())?,
        labels,
        plans: asked.plans,
        parties: asked.parties,
        alone: asked.alone,
        threads: asked.threads,
        options: MineOptions {
            until: day(py, "until", asked.until.as_deref())?,
            conditions: asked.conditions,
            most: asked.most,
            least_lines: asked.least_lines,
            cold: asked.cold,
            status: if asked.active { Status::Active } else { Status::Shadow },
            prefix: asked.prefix,
            ..MineOptions::default()
        },
    })
}

/// Rules that history proposes, as JSON, in words, and as the file of the rules.
#[pyfunction]
#[pyo3(signature = (engine, declarations, judge, outcomes, read, asked))]
pub fn mine(
    py: Python<'_>,
    engine: &Engine,
    declarations: &Bound<'_, PyAny>,
    judge: Option<&Bound<'_, PyAny>>,
    outcomes: Option<&Bound<'_, PyAny>>,
    read: ReadGiven,
    asked: MineAsked,
) -> PyResult<(String, String, String)> {
    let warnings = Warnings::default();
    let given = history(py, engine, [Some(declarations), judge, outcomes], read, asked, &warnings)?;
    let mined = study(py, "", &warnings, None, move || Ok(reports::mine(given, &mut |_| {})?))?;
    let (report, rules) = mined.map_err(|error| errors::plain(py, &error.to_string()))?;
    Ok((report.json, report.text, rules))
}

/// A risk and rules beside it that history proposes, as JSON, in words, and as the file of the rules.
#[pyfunction]
#[pyo3(signature = (engine, declarations, judge, outcomes, read, asked))]
pub fn learn(
    py: Python<'_>,
    engine: &Engine,
    declarations: &Bound<'_, PyAny>,
    judge: Option<&Bound<'_, PyAny>>,
    outcomes: Option<&Bound<'_, PyAny>>,
    read: ReadGiven,
    mut asked: MineAsked,
) -> PyResult<(String, String, String)> {
    let warnings = Warnings::default();
    let (name, levels) = (std::mem::take(&mut asked.risk), std::mem::take(&mut asked.levels));
    let history = history(py, engine, [Some(declarations), judge, outcomes], read, asked, &warnings)?;
    let given = LearnGiven { history, name, levels };
    let learned = study(py, "", &warnings, None, move || Ok(reports::learn(given, &mut |_| {})?))?;
    let (report, rules) = learned.map_err(|error| errors::plain(py, &error.to_string()))?;
    Ok((report.json, report.text, rules))
}

/// What is proved, and by what.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ProofAsked<'py> {
    day: String,
    key: Option<String>,
    day_key: Option<String>,
    commitment: Option<String>,
    office: Option<String>,
    capacity: Option<Bound<'py, PyAny>>,
    outcomes: Option<Bound<'py, PyAny>>,
    as_of: Option<String>,
}

/// The proof of a day's draw, as JSON and in words.
#[pyfunction]
#[pyo3(signature = (pack, plan, assessments, asked))]
pub fn prove(
    py: Python<'_>,
    pack: &Bound<'_, PyAny>,
    plan: PathBuf,
    assessments: &Bound<'_, PyAny>,
    asked: ProofAsked<'_>,
) -> PyResult<Found> {
    let pack = PackGiven::of(py, pack)?;
    let (name, warnings) = (pack.name(), Warnings::default());
    let day_proved = day(py, "day", Some(&asked.day))?.unwrap_or(Date::MAX);
    let all_days = parsed_key(py, asked.key.as_deref())?;
    let of_day = asked.day_key.as_deref().map(|text| DayKey::parse(day_proved, text));
    let of_day = of_day.transpose().map_err(|error| errors::plain(py, &format!("day_key: {error}")))?;
    let Some(key) = of_day.or_else(|| all_days.as_ref().map(|key| key.of_day(day_proved))) else {
        return Err(errors::plain(py, "there is no key: give `day_key`, or `key`"));
    };
    let capacities = asked.capacity.as_ref().map(|given| inputs(given, "the capacities")).transpose()?;
    let results = results(asked.outcomes.as_ref(), day(py, "as_of", asked.as_of.as_deref())?, &warnings)?;
    let assessments = inputs(assessments, "the assessments")?;
    let (office, commitment) = (asked.office, asked.commitment);
    let report = study(py, &name, &warnings, None, move || {
        let (opened, policy) = pack.policy()?;
        let capacity = capacity(capacities, &policy)?;
        let given = ProofGiven { assessments, plan, capacity, results, key, all_days, office, commitment };
        Ok(reports::prove(&opened, &policy, given)?)
    })?;
    found(py, report)
}
