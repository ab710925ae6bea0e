//! What is studied of inspections: assessments, the plans that selected some of them, and what was found. Inputs may be the
//! files of a command line or the tables of a program; [`reports`](crate::reports) has what is made of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::ArrowError;
use qingfeng::read::{Input, ReadError, ReadOptions, Reader, Reject};
use qingfeng::rules::{Date, Pack};
use qingfeng::write::WriteError;
use qingfeng::{Engine, JobError, Progress};
use qingfeng_insight::targets::{Aims, Ledgers, MAX_AIMS_BYTES, Notice, Targets, TipOff, site_kinds};
use qingfeng_insight::watch::{Trade, TradeWatchOptions, WatchOptions};
use qingfeng_inspection::evidence::{Changed, Evidence, Labels, Unplanned};
use qingfeng_inspection::outcomes::{Outcomes, Timeline};
use qingfeng_inspection::overrides::{ChangedPlan, OverrideError, Overrides};
use qingfeng_inspection::visits::Visit;
use qingfeng_inspection::{Ledger, PlanFile, Policy};
use qingfeng_store::gathered::{each_row, each_stored};
use qingfeng_store::{Outcome, SnapshotId, Store, StoreError, StoreUrl};

use crate::inputs::small_text;
use crate::numbers::count;
use crate::rejects;
use crate::terminal::{WARNING, styled};

/// The rejects that are shown.
const SHOWN_REJECTS: usize = 3;

/// Why something cannot be studied.
#[derive(Debug)]
#[non_exhaustive]
pub enum StudyError {
    /// What was asked for: the option by the name that the command gives it, without hyphens, and what is wrong with it.
    Option(&'static str, String),
    /// What was asked for, where that is no single option.
    Asked(String),
    /// An input.
    Read(ReadError),
    /// Work over declarations.
    Job(JobError),
    /// A store.
    Store(StoreError),
    /// What people changed of a plan.
    Override(OverrideError),
    /// A file, or what else failed.
    Failed(String),
}

macro_rules! study_errors {
    ($($error:ty => $variant:ident;)*) => {$(
        impl From<$error> for StudyError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

study_errors! {
    ReadError => Read;
    JobError => Job;
    StoreError => Store;
    OverrideError => Override;
}

impl From<ArrowError> for StudyError {
    fn from(error: ArrowError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<WriteError> for StudyError {
    fn from(error: WriteError) -> Self {
        Self::Job(error.into())
    }
}

/// Inputs that are read more than once: each call gives them from the start.
pub type Inputs = Arc<dyn Fn() -> Vec<Input> + Send + Sync>;

/// Paths as inputs, of which `-` is standard input.
pub fn files(paths: &[PathBuf]) -> Vec<Input> {
    let input = |path: &PathBuf| {
        if crate::inputs::is_standard(path) { Input::Stdin } else { Input::Path(path.clone()) }
    };
    paths.iter().map(input).collect()
}

/// What hears of progress.
pub type Watcher<'w> = dyn FnMut(Progress) + Send + 'w;

/// What inspections found.
pub struct Results {
    /// Tables of results, if there are some.
    pub outcomes: Option<Inputs>,
    /// The store that has the results, in their place.
    pub store: Option<StoreUrl>,
    /// How tables that people keep are read.
    pub options: ReadOptions,
    /// The last day of which something is known; without one all is.
    pub as_of: Option<Date>,
    /// Takes the words that say which rows of tables do not count.
    pub warn: Box<dyn Fn(&str) + Send + Sync>,
}

impl Results {
    /// What was found, of the declarations that `keep` says yes to, as of a day. Rows that cannot be read are reported.
    ///
    /// # Errors
    ///
    /// Tables and stores that cannot be read.
    pub fn read(
        &self,
        as_of: Option<Date>,
        keep: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Outcomes, StudyError> {
        let outcomes = self.outcomes(as_of, keep)?;
        let (rejects, rejected) = outcomes.rejects();
        self.report_rejects("outcomes", rejects, rejected);
        Ok(outcomes)
    }

    /// All that was found as of a day, once more: what does not count was reported when it was read before.
    fn read_again(&self, as_of: Option<Date>) -> Result<Outcomes, StudyError> {
        self.outcomes(as_of, &mut |_| true)
    }

    /// What was known on which day, for what learns from it; nothing where no results are given.
    ///
    /// # Errors
    ///
    /// Tables and stores that cannot be read.
    pub fn timeline(&self) -> Result<Option<Timeline>, StudyError> {
        let timeline = match (self.stored()?, &self.outcomes) {
            (Some((mut store, snapshot)), _) => Timeline::of_store(&mut store, &snapshot, self.as_of)?,
            (None, None) => return Ok(None),
            (None, Some(inputs)) => Timeline::read(&inputs(), &self.options, self.as_of)?,
        };
        let (rejects, rejected) = timeline.rejects();
        self.report_rejects("outcomes", rejects, rejected);
        Ok(Some(timeline))
    }

    /// Every row, also those that a later one corrects.
    ///
    /// # Errors
    ///
    /// Tables and stores that cannot be read.
    pub fn rows_of_all(&self) -> Result<Vec<Outcome>, StudyError> {
        let mut rows = Vec::new();
        let (mut keep, mut take) = (|_: &str| true, |row| rows.push(row));
        let gathered = match self.stored()? {
            Some((mut store, snapshot)) => {
                each_stored(&mut store, &snapshot, self.as_of, &mut keep, &mut take)?
            }
            None => each_row(&self.inputs(), &self.options, self.as_of, &mut keep, &mut take)?,
        };
        self.report_rejects("outcomes", &gathered.rejects.rejects, gathered.rejects.rejected);
        Ok(rows)
    }

    /// The store and its latest snapshot, if one is named.
    fn stored(&self) -> Result<Option<(Store, SnapshotId)>, StudyError> {
        let Some(url) = &self.store else { return Ok(None) };
        let mut store = Store::open(url)?;
        let snapshot = store.snapshot(None)?;
        Ok(Some((store, snapshot)))
    }

    fn inputs(&self) -> Vec<Input> {
        self.outcomes.as_ref().map_or_else(Vec::new, |inputs| inputs())
    }

    fn outcomes(
        &self,
        as_of: Option<Date>,
        keep: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Outcomes, StudyError> {
        if let Some((mut store, snapshot)) = self.stored()? {
            return Ok(Outcomes::of_store(&mut store, &snapshot, as_of, keep)?);
        }
        Ok(Outcomes::read(&self.inputs(), &self.options, as_of, keep)?)
    }

    /// Assessments of a history in which everything was inspected, with results in outcomes or in a column of declarations.
    ///
    /// # Errors
    ///
    /// Inputs that cannot be read.
    pub fn history(
        &self,
        assessments: &[Input],
        label: Option<&str>,
        pack: Option<&Pack>,
    ) -> Result<Evidence, StudyError> {
        let outcomes = match label {
            Some(label) => Labels::new(label, pack).read(&self.inputs())?,
            None => self.read(self.as_of, &mut |_| true)?,
        };
        Ok(Evidence::read_history(assessments, outcomes, pack)?)
    }

    fn report_rejects(&self, table: &str, found: &[Reject], rejected: u64) {
        if rejected == 0 {
            return;
        }
        let mut out = format!(
            "{}; what they say does not count\n",
            styled(WARNING, &format!("{table}: {} cannot be read", count(rejected, "row")))
        );
        out += &rejects::shown(found, rejected, SHOWN_REJECTS, "");
        (self.warn)(&out);
    }

    /// The rows of a table that people keep, of which those that cannot be read are reported.
    fn rows<T>(&self, table: &str, ledger: Ledger<T>) -> Vec<T> {
        self.report_rejects(table, &ledger.rejects, ledger.rejected);
        ledger.rows
    }

    /// Results of visits to enterprises.
    ///
    /// # Errors
    ///
    /// A pack without visits, tables that cannot be read.
    pub fn visits(&self, inputs: &[Input], policy: Option<&Policy>) -> Result<Vec<Visit>, StudyError> {
        let Some(policy) = policy.filter(|policy| policy.selection.visits.is_some()) else {
            return Err(StudyError::Asked(
                "the pack does not say which sites have visits; write `[selection.visits]` with `kind` and `per_month` into \
                 pack.toml"
                    .to_owned(),
            ));
        };
        let ledger = Visit::read(inputs, &self.options, policy)?;
        Ok(self.rows("visits", ledger))
    }
}

/// Plans, and what people changed of them.
pub struct Plans {
    /// The plans.
    pub files: Vec<PlanFile>,
    overrides: Vec<Overrides>,
}

impl Plans {
    /// Reads plans, and of each the changes in the file beside it.
    ///
    /// # Errors
    ///
    /// Files that cannot be read, changes that are not of the plan.
    pub fn read(paths: &[PathBuf]) -> Result<Self, StudyError> {
        let (mut files, mut overrides) = (Vec::new(), Vec::new());
        for path in paths {
            let plan = PlanFile::read(path)?;
            overrides.push(Overrides::read(&plan)?);
            files.push(plan);
        }
        Ok(Self { files, overrides })
    }

    /// As people left them.
    pub fn changed(self) -> Vec<ChangedPlan> {
        let plans = self.files.into_iter().zip(&self.overrides);
        plans.map(|(plan, overrides)| ChangedPlan::of(plan, overrides)).collect()
    }
}

/// Assessments, the plans that selected inspections of them, and what these found.
pub struct Inspected {
    /// Assessments by declaration.
    pub assessments: Vec<Input>,
    /// The plans, as paths: what people changed stands beside them.
    pub plans: Vec<PathBuf>,
    /// What was found.
    pub results: Results,
}

impl Inspected {
    /// All of it by declaration, as it was known on a day, with the plans.
    ///
    /// # Errors
    ///
    /// Inputs that cannot be read.
    pub fn evidence(
        &self,
        as_of: Option<Date>,
        pack: Option<&Pack>,
    ) -> Result<(Evidence, Changed, Plans), StudyError> {
        let plans = Plans::read(&self.plans)?;
        let mut unplanned = Unplanned::of(&plans.files);
        let outcomes = self.results.read(as_of, &mut |id| unplanned.keeps(id))?;
        let mut evidence =
            Evidence::with_outcomes(&self.assessments, &plans.files, outcomes, unplanned, pack)?;
        let mut changed = Changed::default();
        for (plan, overrides) in plans.files.iter().zip(&plans.overrides) {
            changed += evidence.change(plan, overrides);
        }
        Ok((evidence, changed, plans))
    }
}

/// The declarations of a time, with the rules that are evaluated on them.
pub struct Declared {
    /// The engine of the rules.
    pub engine: Engine,
    /// The declarations.
    pub inputs: Vec<Input>,
    /// How they are read.
    pub options: ReadOptions,
}

impl Declared {
    /// What is watched of the trade in them.
    pub(crate) fn trade(
        self,
        watched: &TradeWatchOptions,
        options: &WatchOptions,
        progress: &mut Watcher<'_>,
    ) -> Result<Trade, StudyError> {
        let reader = Reader::new(Arc::clone(&self.engine.pack().schema), self.inputs, self.options)?;
        Ok(Trade::read(&self.engine, reader, watched, options, progress)?)
    }
}

/// What came from outside in a year, and what visits found.
#[derive(Default)]
pub struct LedgerInputs {
    /// Notices of partner authorities abroad.
    pub notices: Option<Vec<Input>>,
    /// Tip-offs.
    pub tip_offs: Option<Vec<Input>>,
    /// Results of visits to enterprises.
    pub visited: Option<Vec<Input>>,
}

/// The aims of a file; they may name the kinds of sites that the pack has.
///
/// # Errors
///
/// A file that cannot be read, or has no aims.
pub fn read_aims(path: &Path, pack: &Pack) -> Result<Aims, StudyError> {
    let kinds = site_kinds(pack);
    let names: BTreeSet<&str> = kinds.values().map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let (too_long, no_text) =
        ("is longer than 1 MiB; is it a file of aims?", "is not UTF-8; save the file as UTF-8");
    let text = small_text(path, MAX_AIMS_BYTES, too_long, no_text)?;
    Aims::parse(&text, &path.display().to_string(), &names)
        .map_err(|error| StudyError::Asked(error.to_string()))
}

impl LedgerInputs {
    /// The accounts of the year as of a day. Rows of ledgers that cannot be read are reported.
    pub(crate) fn targets(
        &self,
        aims: &Aims,
        pack: &Pack,
        plans: &[ChangedPlan],
        outcomes: &Outcomes,
        results: &Results,
        as_of: Date,
    ) -> Result<Targets, StudyError> {
        let options = &results.options;
        let notices = self.notices.as_ref().map(|inputs| Notice::read(inputs, options)).transpose()?;
        let notices = notices.map(|ledger| results.rows("notices", ledger));
        let tip_offs = self.tip_offs.as_ref().map(|inputs| TipOff::read(inputs, options)).transpose()?;
        let tip_offs = tip_offs.map(|ledger| results.rows("tip-offs", ledger));
        let visits = match &self.visited {
            None => None,
            Some(inputs) => Some(results.visits(inputs, Policy::of(pack).as_ref())?),
        };
        let ledgers =
            Ledgers { notices: notices.as_deref(), tip_offs: tip_offs.as_deref(), visits: visits.as_deref() };
        Ok(Targets::of_plans(plans, outcomes, &site_kinds(pack), aims, ledgers, as_of))
    }

    /// The accounts within a report: its outcomes are read once more, since tip-offs and notices lead to declarations that no
    /// plan selected.
    pub(crate) fn targets_again(
        &self,
        aims: &Aims,
        pack: &Pack,
        plans: &[ChangedPlan],
        results: &Results,
        as_of: Date,
    ) -> Result<Targets, StudyError> {
        let outcomes = results.read_again(Some(as_of))?;
        self.targets(aims, pack, plans, &outcomes, results, as_of)
    }
}
