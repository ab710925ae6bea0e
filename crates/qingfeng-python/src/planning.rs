//! What comes after scores: plans, commitments of the draw, the worth of rules, points that fit. As tables.

use std::fmt::Display;
use std::path::PathBuf;

use arrow_array::RecordBatch;
use pyo3::prelude::*;
use qingfeng::read::{Input, ReadOptions};
use qingfeng::rules::{Date, Pack};
use qingfeng::{Cancel, OpenedPack};
use qingfeng_cli::reports::tell_effect;
use qingfeng_insight::calibrate::{CalibrateOptions, CurrentPoints, calibrate as fitted};
use qingfeng_insight::effect::{Effect, EffectOptions, effect_rows, effect_schema};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::evidence::{Evidence, Labels, Unplanned};
use qingfeng_inspection::outcomes::{Outcomes, Timeline};
use qingfeng_inspection::overrides::Overrides;
use qingfeng_inspection::{
    Candidates, Capacity, LeftOutColumns, PlanColumns, PlanFile, PlanInputs, PlanMarks, PlanSummary, Planner,
    Policy, left_out_rows, no_office_rows, plan_rows,
};

use crate::engine::Source;
use crate::reports::day;
use crate::tables::Table;
use crate::{errors, tables, waiting};

/// What stopped a piece of work: words for the caller.
enum Stopped {
    Input(String),
    Open(Box<qingfeng::OpenError>),
    Other(String),
}

impl Stopped {
    fn raised(self, py: Python<'_>, name: &str) -> PyErr {
        match self {
            Self::Input(message) => errors::input(py, &message),
            Self::Open(error) => errors::open(py, name, &error),
            Self::Other(message) => errors::plain(py, &message),
        }
    }
}

fn input(error: impl Display) -> Stopped {
    Stopped::Input(error.to_string())
}

fn other(error: impl Display) -> Stopped {
    Stopped::Other(error.to_string())
}

/// A pack for its policy alone.
fn policy(source: &Source) -> Result<(OpenedPack, Policy), Stopped> {
    let opened = source.builder().open_pack().map_err(|error| Stopped::Open(Box::new(error)))?;
    let policy = Policy::of(opened.pack());
    let policy = policy.ok_or_else(|| other("the pack has no [selection], which says who is inspected"))?;
    Ok((opened, policy))
}

fn inputs(given: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Vec<Input>> {
    given.map_or_else(|| Ok(Vec::new()), |given| Ok(tables::given(given, name)?.inputs))
}

fn capacity(given: &[Input], policy: &Policy) -> Result<Capacity, Stopped> {
    match given.first() {
        None => Ok(Capacity::of_policy(policy)),
        Some(input) => Capacity::read(input, policy).map_err(self::input),
    }
}

fn parsed_key(py: Python<'_>, key: Option<&str>) -> PyResult<Option<Key>> {
    key.map(|text| Key::parse(text).map_err(|error| errors::plain(py, &format!("key: {error}")))).transpose()
}

/// Plan, what it left out, and the summary as JSON.
#[pyfunction]
#[pyo3(signature = (pack, assessments, key, capacity_table, outcomes, as_of, first_day, last_day, threads))]
#[expect(clippy::too_many_arguments, reason = "they are the command's options, named in Python")]
pub fn plan(
    py: Python<'_>,
    pack: &Bound<'_, PyAny>,
    assessments: &Bound<'_, PyAny>,
    key: Option<&str>,
    capacity_table: Option<&Bound<'_, PyAny>>,
    outcomes: Option<&Bound<'_, PyAny>>,
    as_of: Option<&str>,
    first_day: Option<&str>,
    last_day: Option<&str>,
    threads: Option<usize>,
) -> PyResult<(Table, Table, String)> {
    let source = Source::of(py, pack)?;
    let name = source.name().display().to_string();
    let given = inputs(Some(assessments), "the assessments")?;
    let capacities = inputs(capacity_table, "the capacities")?;
    let found = inputs(outcomes, "the outcomes")?;
    let has_outcomes = outcomes.is_some();
    let (key, as_of) = (parsed_key(py, key)?, day(py, "as_of", as_of)?);
    let (from, until) = (day(py, "first_day", first_day)?, day(py, "last_day", last_day)?);
    let made = waiting::during(py, &Cancel::new(), move || {
        let (opened, policy) = policy(&source)?;
        if key.is_none() && policy.draws() {
            return Err(other(
                "the policy draws random inspections, and there is no key to draw them by; give `key` (`qingfeng.new_key()` makes \
                 one)",
            ));
        }
        let capacity = capacity(&capacities, &policy)?;
        let timeline = match has_outcomes {
            true => Some(Timeline::read(&found, &ReadOptions::default(), as_of).map_err(input)?),
            false => None,
        };
        let candidates = Candidates::read(&given, &opened).map_err(input)?;
        let days = from.zip(until).or_else(|| {
            let (first, last) = candidates.days()?;
            Some((from.unwrap_or(first), until.unwrap_or(last)))
        });
        let Some((from, until)) = days else {
            return Err(input(
                "the assessments have no declaration with a day; `declared_on` is what score writes of it",
            ));
        };
        let mut planner = Planner::new(&policy, &capacity);
        if let Some(timeline) = &timeline {
            planner = planner.with_outcomes(timeline);
        }
        let day_key = |day| key.as_ref().map(|key| key.of_day(day));
        let plan = planner.with_threads(threads).plan(&candidates, from, until, &day_key).map_err(other)?;
        let days = [from, until];
        let inputs = PlanInputs::new(days, &candidates, &capacity, timeline.as_ref()).to_string();
        let marks = PlanMarks { pack: candidates.packs.join(" "), inputs };
        let (mut rows, mut left_out) = (Vec::new(), Vec::new());
        for planned in &plan.days {
            let terms = policy.draw_terms(opened.pack_id(), &capacity, planned.day);
            let commitment = key.as_ref().map(|key| key.of_day(planned.day).commitment(&terms));
            if !planned.selected.is_empty() {
                let batch = plan_rows(planned, &policy, &candidates.all, commitment.as_deref(), &marks);
                rows.push(batch.map_err(other)?);
            }
            if !planned.left_out.is_empty() {
                left_out.push(left_out_rows(planned, &policy, &candidates.all, &marks).map_err(other)?);
            }
        }
        if !plan.no_office.is_empty() {
            left_out.push(no_office_rows(&plan.no_office, &policy, &candidates.all, &marks).map_err(other)?);
        }
        let summary = PlanSummary::new(&plan, &candidates, &policy, days, key.is_some());
        Ok((rows, left_out, serde_json::to_string(&summary).map_err(other)?))
    })?;
    let (rows, left_out, summary) = made.map_err(|stopped| stopped.raised(py, &name))?;
    let plan = Table::new(PlanColumns::TABLE.schema(), rows);
    Ok((plan, Table::new(LeftOutColumns::TABLE.schema(), left_out), summary))
}

/// The commitments of days as the command's JSON has them.
#[pyfunction]
#[pyo3(signature = (pack, key, first_day, last_day, capacity_table))]
pub fn commitments(
    py: Python<'_>,
    pack: &Bound<'_, PyAny>,
    key: &str,
    first_day: &str,
    last_day: &str,
    capacity_table: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<(String, String, String)>> {
    let source = Source::of(py, pack)?;
    let name = source.name().display().to_string();
    let capacities = inputs(capacity_table, "the capacities")?;
    let key = parsed_key(py, Some(key))?;
    let days = day(py, "first_day", Some(first_day))?.zip(day(py, "last_day", Some(last_day))?);
    let (Some(key), Some((from, until))) = (key, days) else { return Ok(Vec::new()) };
    let made = py.detach(move || {
        let (opened, policy) = policy(&source)?;
        let capacity = capacity(&capacities, &policy)?;
        let days =
            (0..=until.days().saturating_sub(from.days())).filter_map(|after| from.plus_days(after.into()));
        let each = days.map(|day| {
            let terms = policy.draw_terms(opened.pack_id(), &capacity, day);
            (day.to_string(), key.of_day(day).commitment(&terms), terms.to_string())
        });
        Ok(each.collect())
    });
    made.map_err(|stopped: Stopped| stopped.raised(py, &name))
}

/// What was inspected, and what was found.
struct Findings {
    assessments: Vec<Input>,
    plans: Vec<PathBuf>,
    outcomes: Vec<Input>,
    label: Option<String>,
    as_of: Option<Date>,
}

impl Findings {
    fn given(
        py: Python<'_>,
        assessments: &Bound<'_, PyAny>,
        plans: Vec<PathBuf>,
        outcomes: &Bound<'_, PyAny>,
        label: Option<String>,
        as_of: Option<&str>,
    ) -> PyResult<Self> {
        Ok(Self {
            assessments: inputs(Some(assessments), "the assessments")?,
            plans,
            outcomes: inputs(Some(outcomes), "the outcomes")?,
            label,
            as_of: day(py, "as_of", as_of)?,
        })
    }

    /// With plans what was selected, and what people changed of it; without them everything was inspected.
    fn evidence(&self, pack: Option<&Pack>) -> Result<Evidence, Stopped> {
        let options = ReadOptions::default();
        if self.plans.is_empty() {
            let outcomes = match &self.label {
                Some(label) => Labels::new(label, pack).read(&self.outcomes).map_err(input)?,
                None => Outcomes::read(&self.outcomes, &options, self.as_of, &mut |_| true).map_err(input)?,
            };
            return Evidence::read_history(&self.assessments, outcomes, pack).map_err(input);
        }
        let plans = self.plans.iter().map(|path| PlanFile::read(path));
        let plans = plans.collect::<Result<Vec<_>, _>>().map_err(input)?;
        let mut unplanned = Unplanned::of(&plans);
        let keep = &mut |id: &str| unplanned.keeps(id);
        let outcomes = Outcomes::read(&self.outcomes, &options, self.as_of, keep).map_err(input)?;
        let evidence = Evidence::with_outcomes(&self.assessments, &plans, outcomes, unplanned, pack);
        let mut evidence = evidence.map_err(input)?;
        for plan in &plans {
            evidence.change(plan, &Overrides::read(plan).map_err(input)?);
        }
        Ok(evidence)
    }
}

/// The worth of rules as a table, and as JSON.
#[pyfunction]
#[pyo3(signature = (assessments, plans, outcomes, label, as_of, pack, level))]
#[expect(clippy::too_many_arguments, reason = "they are the command's options, named in Python")]
pub fn effect(
    py: Python<'_>,
    assessments: &Bound<'_, PyAny>,
    plans: Vec<PathBuf>,
    outcomes: &Bound<'_, PyAny>,
    label: Option<String>,
    as_of: Option<&str>,
    pack: Option<&Bound<'_, PyAny>>,
    level: f64,
) -> PyResult<(Table, String)> {
    let source = pack.map(|pack| Source::of(py, pack)).transpose()?;
    let name = source.as_ref().map_or_else(String::new, |source| source.name().display().to_string());
    if !(level > 0.0 && level < 1.0) {
        return Err(errors::plain(py, &format!("level: {level} is no share; give one such as 0.95")));
    }
    let findings = Findings::given(py, assessments, plans, outcomes, label, as_of)?;
    let made = waiting::during(py, &Cancel::new(), move || {
        let opened = source.map(|source| source.builder().open_pack()).transpose();
        let opened = opened.map_err(|error| Stopped::Open(Box::new(error)))?;
        let pack = opened.as_ref().map(|opened| &**opened.pack());
        let evidence = findings.evidence(pack)?;
        let mut options = EffectOptions { level, ..EffectOptions::default() };
        if let Some(pack) = pack {
            options = options.with_pack(pack);
        }
        let mut effect = Effect::of(&evidence, &options);
        tell_effect(&mut effect);
        let rows: RecordBatch = effect_rows(&effect).map_err(other)?;
        Ok((rows, serde_json::to_string(&effect).map_err(other)?))
    })?;
    let (rows, json) = made.map_err(|stopped: Stopped| stopped.raised(py, &name))?;
    Ok((Table::new(effect_schema(), vec![rows]), json))
}

/// Points that fit what was found, as JSON.
#[pyfunction]
#[pyo3(signature = (assessments, plans, outcomes, label, as_of, pack))]
pub fn calibrate(
    py: Python<'_>,
    assessments: &Bound<'_, PyAny>,
    plans: Vec<PathBuf>,
    outcomes: &Bound<'_, PyAny>,
    label: Option<String>,
    as_of: Option<&str>,
    pack: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let source = Source::of(py, pack)?;
    let name = source.name().display().to_string();
    let findings = Findings::given(py, assessments, plans, outcomes, label, as_of)?;
    let made = waiting::during(py, &Cancel::new(), move || {
        let opened = source.builder().open_pack().map_err(|error| Stopped::Open(Box::new(error)))?;
        let evidence = findings.evidence(Some(opened.pack()))?;
        let current = CurrentPoints::of(opened.pack());
        let calibration = fitted(&evidence, &current, &CalibrateOptions::default()).map_err(other)?;
        serde_json::to_string(&calibration).map_err(other)
    })?;
    made.map_err(|stopped: Stopped| stopped.raised(py, &name))
}
