//! Results of single declarations.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use qingfeng::rules::Status;
use qingfeng::{Assessment as Found, AssessmentRange, Engine, ItemAssessment};

use crate::errors;

/// What reads an assessment back, and what it is given: JSON, and the rules that fired.
type Pickled<'py> = (Bound<'py, PyAny>, (String, Vec<String>));

/// What became of a declaration.
#[pyclass(frozen, module = "qingfeng")]
pub struct Assessment {
    found: Arc<Found>,
    /// The active rules that fired on any line, in the order of the pack, once somebody asked.
    rules: OnceLock<Vec<String>>,
    /// What assessed; not there of what was read back.
    engine: Option<Engine>,
}

impl Assessment {
    pub fn new(found: Found, engine: Engine) -> Self {
        Self { found: Arc::new(found), rules: OnceLock::new(), engine: Some(engine) }
    }

    fn fired_rules(&self) -> &[String] {
        self.rules.get_or_init(|| {
            let fired = self.found.items.iter().flat_map(|item| &item.fired);
            let fired: HashSet<&str> = fired.map(|fired| fired.rule.as_str()).collect();
            let Some(engine) = self.engine.as_ref().filter(|_| !fired.is_empty()) else { return Vec::new() };
            let rules = engine.pack().rules.iter().filter(|rule| rule.status == Status::Active);
            rules.map(|rule| &rule.id).filter(|id| fired.contains(id.as_str())).cloned().collect()
        })
    }

    fn json(&self, py: Python<'_>) -> PyResult<String> {
        serde_json::to_string(&*self.found).map_err(|error| errors::plain(py, &error.to_string()))
    }
}

#[pymethods]
impl Assessment {
    /// Reads back what `to_json` wrote.
    #[staticmethod]
    #[pyo3(signature = (text, rules=None))]
    fn from_json(text: &str, rules: Option<Vec<String>>) -> PyResult<Self> {
        let found = serde_json::from_str(text)
            .map_err(|error| PyValueError::new_err(format!("this is no assessment: {error}")))?;
        let known = OnceLock::new();
        if let Some(rules) = rules {
            let _ = known.set(rules);
        }
        Ok(Self { found: Arc::new(found), rules: known, engine: None })
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        let class = py.get_type::<Self>();
        Ok((class.getattr("from_json")?, (self.json(py)?, self.fired_rules().to_vec())))
    }

    /// The declaration's id.
    #[getter]
    fn declaration_id(&self) -> &str {
        &self.found.declaration_id
    }

    /// The score of its worst line.
    #[getter]
    fn score(&self) -> i64 {
        self.found.score
    }

    /// The channel of its worst line.
    #[getter]
    fn channel(&self) -> &str {
        &self.found.channel
    }

    /// The number of its worst line.
    #[getter]
    fn decisive_item(&self) -> Option<i64> {
        self.found.decisive_item
    }

    /// The position of that line in `items`, from 0.
    #[getter]
    fn decisive_index(&self) -> Option<usize> {
        self.found.decisive_index
    }

    /// The pack that decided: name, version and digest.
    #[getter]
    fn pack(&self) -> &str {
        &self.found.pack
    }

    /// The ids of the active rules that fired on any of its lines, in the order of the pack.
    #[getter]
    fn rules(&self) -> Vec<String> {
        self.fired_rules().to_vec()
    }

    /// Each goods line, in order.
    #[getter]
    fn items(&self) -> Vec<ItemResult> {
        (0..self.found.items.len()).map(|at| ItemResult { of: Arc::clone(&self.found), at }).collect()
    }

    /// The goods line that decided.
    #[getter]
    fn decisive(&self) -> Option<ItemResult> {
        let decisive = self.found.decisive()?;
        let at = self.found.items.iter().position(|item| std::ptr::eq(item, decisive))?;
        Some(ItemResult { of: Arc::clone(&self.found), at })
    }

    /// The rules that fired, line by line, shadow rules included.
    #[getter]
    fn fired(&self) -> Vec<FiredRule> {
        (0..self.found.items.len()).flat_map(|at| fired(&self.found, at)).collect()
    }

    /// What of it could not be read, line by line.
    #[getter]
    fn unreadable(&self) -> Vec<UnreadableValue> {
        (0..self.found.items.len()).flat_map(|at| unreadable(&self.found, at)).collect()
    }

    /// The active rules of which it is not known whether they fire, line by line.
    #[getter]
    fn undecided(&self) -> Vec<UndecidedRule> {
        (0..self.found.items.len()).flat_map(|at| undecided(&self.found, at)).collect()
    }

    /// What is certain and what is possible, where something could not be read.
    #[getter]
    fn range(&self) -> Option<Range> {
        self.found.range.clone().map(Range)
    }

    /// What of the declaration was read and not understood, as a dictionary.
    #[getter]
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let json = serde_json::to_string(&self.found.notes);
        errors::from_json(py, &json.map_err(|error| errors::plain(py, &error.to_string()))?)
    }

    /// All of it as JSON.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        self.json(py)
    }

    /// All of it as dictionaries and lists.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        errors::from_json(py, &self.json(py)?)
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.found == other.found
    }

    fn __repr__(&self) -> String {
        let Found { declaration_id, channel, score, .. } = &*self.found;
        format!("<qingfeng.Assessment of {declaration_id}: {channel}, score {score}>")
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("qingfeng._html")?.call_method1("assessment", (slf,))
    }
}

fn item(found: &Found, at: usize) -> Option<&ItemAssessment> {
    found.items.get(at)
}

fn fired(of: &Arc<Found>, at: usize) -> Vec<FiredRule> {
    let count = item(of, at).map_or(0, |item| item.fired.len());
    (0..count).map(|rule| FiredRule { of: Arc::clone(of), at, rule }).collect()
}

fn unreadable(of: &Arc<Found>, at: usize) -> Vec<UnreadableValue> {
    let Some(item) = item(of, at) else { return Vec::new() };
    let each = item.unreadable.iter().map(|value| UnreadableValue {
        item_no: item.item_no,
        field: value.field.clone(),
        value: value.value.clone(),
        kind: value.kind.name(),
        reason: value.reason.clone(),
    });
    each.collect()
}

fn undecided(of: &Arc<Found>, at: usize) -> Vec<UndecidedRule> {
    let Some(item) = item(of, at) else { return Vec::new() };
    let each = item.undecided.iter().map(|rule| UndecidedRule {
        item_no: item.item_no,
        rule: rule.rule.clone(),
        fires: rule.fires,
        points_least: rule.points_least,
        points_most: rule.points_most,
    });
    each.collect()
}

/// What became of a goods line.
#[pyclass(frozen, module = "qingfeng")]
pub struct ItemResult {
    of: Arc<Found>,
    at: usize,
}

impl ItemResult {
    fn item(&self) -> PyResult<&ItemAssessment> {
        item(&self.of, self.at).ok_or_else(|| PyValueError::new_err("the assessment has no such line"))
    }
}

#[pymethods]
impl ItemResult {
    /// The number of the line.
    #[getter]
    fn item_no(&self) -> PyResult<Option<i64>> {
        Ok(self.item()?.item_no)
    }

    /// The points put together, within the pack's floor and cap.
    #[getter]
    fn score(&self) -> PyResult<i64> {
        Ok(self.item()?.score)
    }

    /// The points put together, before floor and cap.
    #[getter]
    fn points(&self) -> PyResult<i64> {
        Ok(self.item()?.points)
    }

    /// The points that shadow rules would have given.
    #[getter]
    fn shadow_points(&self) -> PyResult<i64> {
        Ok(self.item()?.shadow_points)
    }

    /// The channel.
    #[getter]
    fn channel(&self) -> PyResult<&str> {
        Ok(&self.item()?.channel)
    }

    /// The rules that fired, in the order of the pack.
    #[getter]
    fn fired(&self) -> Vec<FiredRule> {
        fired(&self.of, self.at)
    }

    /// The rules that could not be evaluated: pairs of rule and fault.
    #[getter]
    fn faults(&self) -> PyResult<Vec<(String, String)>> {
        let each = self.item()?.faults.iter();
        Ok(each.map(|fault| (fault.rule.clone(), fault.fault.to_string())).collect())
    }

    /// What of the line could not be read.
    #[getter]
    fn unreadable(&self) -> Vec<UnreadableValue> {
        unreadable(&self.of, self.at)
    }

    /// The active rules of which it is not known whether they fire.
    #[getter]
    fn undecided(&self) -> Vec<UndecidedRule> {
        undecided(&self.of, self.at)
    }

    /// What is certain and what is possible.
    #[getter]
    fn range(&self) -> PyResult<Option<Range>> {
        Ok(self.item()?.range.clone().map(Range))
    }

    fn __repr__(&self) -> PyResult<String> {
        let item = self.item()?;
        let name = item.item_no.map_or("of a line".to_owned(), |number| format!("of item {number}"));
        Ok(format!("<qingfeng.ItemResult {name}: {}, score {}>", item.channel, item.score))
    }
}

/// A rule that fired on a goods line.
#[pyclass(frozen, module = "qingfeng")]
pub struct FiredRule {
    of: Arc<Found>,
    at: usize,
    rule: usize,
}

impl FiredRule {
    fn fired(&self) -> PyResult<&qingfeng::FiredRule> {
        let found = item(&self.of, self.at).and_then(|item| item.fired.get(self.rule));
        found.ok_or_else(|| PyValueError::new_err("the line has no such rule"))
    }
}

#[pymethods]
impl FiredRule {
    /// The number of the line.
    #[getter]
    fn item_no(&self) -> Option<i64> {
        item(&self.of, self.at)?.item_no
    }

    /// The rule's id.
    #[getter]
    fn id(&self) -> PyResult<&str> {
        Ok(&self.fired()?.rule)
    }

    /// The points it gave.
    #[getter]
    fn points(&self) -> PyResult<i64> {
        Ok(self.fired()?.points)
    }

    /// Whether it is a shadow rule, which counts nothing.
    #[getter]
    fn shadow(&self) -> PyResult<bool> {
        Ok(self.fired()?.shadow)
    }

    /// Its evidence on this line.
    #[getter]
    fn reason(&self) -> PyResult<Option<&str>> {
        Ok(self.fired()?.reason.as_deref())
    }

    fn __repr__(&self) -> PyResult<String> {
        let fired = self.fired()?;
        Ok(format!("<qingfeng.FiredRule {} {:+}>", fired.rule, fired.points))
    }
}

/// A value that could not be read.
#[pyclass(frozen, get_all, module = "qingfeng")]
pub struct UnreadableValue {
    item_no: Option<i64>,
    field: Option<String>,
    value: Option<String>,
    kind: &'static str,
    reason: String,
}

#[pymethods]
impl UnreadableValue {
    fn __repr__(&self) -> String {
        let field = self.field.as_deref().unwrap_or("the line");
        format!("<qingfeng.UnreadableValue {field}: {}>", self.reason)
    }
}

/// A rule of which it is not known whether it fires.
#[pyclass(frozen, get_all, module = "qingfeng")]
pub struct UndecidedRule {
    item_no: Option<i64>,
    rule: String,
    fires: bool,
    points_least: i64,
    points_most: i64,
}

#[pymethods]
impl UndecidedRule {
    fn __repr__(&self) -> String {
        format!("<qingfeng.UndecidedRule {}>", self.rule)
    }
}

/// The ends of what is possible.
#[pyclass(frozen, module = "qingfeng")]
pub struct Range(AssessmentRange);

#[pymethods]
impl Range {
    /// The least score.
    #[getter]
    fn score_least(&self) -> i64 {
        self.0.score_least
    }

    /// The highest score.
    #[getter]
    fn score_most(&self) -> i64 {
        self.0.score_most
    }

    /// The mildest channel.
    #[getter]
    fn channel_least(&self) -> &str {
        &self.0.channel_least
    }

    /// The most severe channel.
    #[getter]
    fn channel_most(&self) -> &str {
        &self.0.channel_most
    }

    fn __repr__(&self) -> String {
        let AssessmentRange { score_least, score_most, channel_least, channel_most, .. } = &self.0;
        format!("<qingfeng.Range {score_least} to {score_most}, {channel_least} to {channel_most}>")
    }
}
