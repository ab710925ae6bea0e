//! Plans of inspections, and the commitments of their draws. As tables.

use pyo3::prelude::*;
use qingfeng_inspection::{
    Candidates, LeftOutColumns, PlanColumns, PlanInputs, PlanMarks, PlanSummary, Planner, left_out_rows,
    no_office_rows, plan_rows,
};

use crate::reports::day;
use crate::studies::{PackGiven, Stopped, Warnings, capacity, inputs, parsed_key, results, study};
use crate::tables::Table;

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
    let pack = PackGiven::of(py, pack)?;
    let (name, warnings) = (pack.name(), Warnings::default());
    let given = inputs(assessments, "the assessments")?;
    let capacities = capacity_table.map(|given| inputs(given, "the capacities")).transpose()?;
    let key = parsed_key(py, key)?;
    let results = results(outcomes, day(py, "as_of", as_of)?, &warnings)?;
    let (from, until) = (day(py, "first_day", first_day)?, day(py, "last_day", last_day)?);
    let work = move || {
        let (opened, policy) = pack.policy()?;
        if key.is_none() && policy.draws() {
            return Err(Stopped::other(
                "the policy draws random inspections, and there is no key to draw them by; give `key` (`qingfeng.new_key()` makes \
                 one)",
            ));
        }
        let capacity = capacity(capacities, &policy)?;
        let timeline = results.timeline()?;
        let candidates = Candidates::read(&given, &opened)?;
        let days = from.zip(until).or_else(|| {
            let (first, last) = candidates.days()?;
            Some((from.unwrap_or(first), until.unwrap_or(last)))
        });
        let Some((from, until)) = days else {
            return Err(Stopped::other(
                "the assessments have no declaration with a day; `declared_on` is what score writes of it",
            ));
        };
        let mut planner = Planner::new(&policy, &capacity);
        if let Some(timeline) = &timeline {
            planner = planner.with_outcomes(timeline);
        }
        let day_key = |day| key.as_ref().map(|key| key.of_day(day));
        let plan = planner.plan(&candidates, from, until, &day_key).map_err(Stopped::other)?;
        let days = [from, until];
        let inputs = PlanInputs::new(days, &candidates, &capacity, timeline.as_ref())?.to_string();
        let marks = PlanMarks { pack: candidates.packs.join(" "), inputs };
        let (mut rows, mut left_out) = (Vec::new(), Vec::new());
        for planned in &plan.days {
            let terms = policy.draw_terms(opened.pack_id(), &capacity, planned.day);
            let commitment = key.as_ref().map(|key| key.of_day(planned.day).commitment(&terms));
            if !planned.selected.is_empty() {
                let batch = plan_rows(planned, &policy, &candidates.all, commitment.as_deref(), &marks);
                rows.push(batch?);
            }
            if !planned.left_out.is_empty() {
                left_out.push(left_out_rows(planned, &policy, &candidates.all, &marks)?);
            }
        }
        if !plan.no_office.is_empty() {
            left_out.push(no_office_rows(&plan.no_office, &policy, &candidates.all, &marks)?);
        }
        let summary = PlanSummary::new(&plan, &candidates, &policy, days, key.is_some());
        Ok((rows, left_out, serde_json::to_string(&summary).map_err(Stopped::other)?))
    };
    let (rows, left_out, summary) = study(py, &name, &warnings, threads, work)?;
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
    let pack = PackGiven::of(py, pack)?;
    let name = pack.name();
    let capacities = capacity_table.map(|given| inputs(given, "the capacities")).transpose()?;
    let key = parsed_key(py, Some(key))?;
    let days = day(py, "first_day", Some(first_day))?.zip(day(py, "last_day", Some(last_day))?);
    let (Some(key), Some((from, until))) = (key, days) else { return Ok(Vec::new()) };
    let made = py.detach(move || {
        let (opened, policy) = pack.policy()?;
        let capacity = capacity(capacities, &policy)?;
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
