//! The options that say which inspections were planned and what they found.

use std::path::{Path, PathBuf};

use qingfeng::Engine;
use qingfeng::read::{Encoding, ReadOptions, Reject};
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::watch::{Trade, TradeWatchOptions, WatchOptions};
use qingfeng_inspection::PlanFile;
use qingfeng_inspection::evidence::{Changed, Evidence, Labels, Unplanned};
use qingfeng_inspection::outcomes::{Outcomes, Timeline};
use qingfeng_inspection::overrides::{ChangedPlan, Overrides};
use qingfeng_store::{SnapshotId, Store};

use crate::exit::Failure;
use crate::inputs::{EncodingArgs, InputFormatArgs, ReadArgs};
use crate::numbers::count;
use crate::progress::Bar;
use crate::rejects;
use crate::stores::{LookupArgs, store_url};
use crate::terminal::{self, WARNING, styled};

/// The rejects that are shown.
const SHOWN_REJECTS: usize = 3;

/// What inspections found, where a command cannot go without it.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("found").args(["outcomes", "store"]).required(true))]
pub struct NeededResults {
    #[command(flatten)]
    pub results: ResultsArgs,
}

impl std::ops::Deref for NeededResults {
    type Target = ResultsArgs;

    fn deref(&self) -> &ResultsArgs {
        &self.results
    }
}

/// What inspections found.
#[derive(Debug, clap::Args)]
pub struct ResultsArgs {
    /// Results of inspections, with the columns declaration_id, item_no, found_on, result, and optionally others. Of several
    /// rows of a goods line the one known last counts.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "store")]
    pub outcomes: Vec<PathBuf>,

    /// Store of lookup tables and results: sqlite:PATH or postgresql://USER@HOST/DATABASE. Gives the results instead of
    /// --outcomes.
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,

    /// Use the state as of this day: results that were known at its end. Default: all.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    pub as_of: Option<Date>,

    #[command(flatten)]
    pub encoding: EncodingArgs,

    /// The same as `--encoding gb18030`, of outcomes and other tables that people keep alone.
    #[arg(long, hide = true)]
    gb18030: bool,
}

impl ResultsArgs {
    /// How tables that people keep are read.
    pub fn options(&self) -> ReadOptions {
        let options = self.encoding.options(ReadOptions::default());
        if self.gb18030 { ReadOptions { encoding: Encoding::Gb18030, ..options } } else { options }
    }

    /// What was found, of the declarations that `keep` says yes to, as of a day; rejects are reported on standard error.
    pub fn read(&self, as_of: Option<Date>, keep: &mut dyn FnMut(&str) -> bool) -> Result<Outcomes, Failure> {
        let outcomes = self.outcomes(as_of, keep)?;
        let (rejects, rejected) = outcomes.rejects();
        tell_rejects("outcomes", rejects, rejected);
        Ok(outcomes)
    }

    /// All that was found as of a day, once more: rejects were reported when it was read before.
    pub fn read_again(&self, as_of: Option<Date>) -> Result<Outcomes, Failure> {
        self.outcomes(as_of, &mut |_| true)
    }

    /// What was known on which day, for commands that learn from it; nothing where no results are given.
    pub fn timeline(&self) -> Result<Option<Timeline>, Failure> {
        let timeline = match self.stored()? {
            Some((mut store, snapshot)) => Timeline::of_store(&mut store, &snapshot, self.as_of)?,
            None if self.outcomes.is_empty() => return Ok(None),
            None => Timeline::read(&ReadArgs::inputs(&self.outcomes), &self.options(), self.as_of)?,
        };
        let (rejects, rejected) = timeline.rejects();
        tell_rejects("outcomes", rejects, rejected);
        Ok(Some(timeline))
    }

    /// The engine of the pack in a directory; its living lookup tables come from the store of the results, if one is named.
    pub fn engine(&self, rules: &Path, snapshot: Option<u64>) -> Result<Engine, Failure> {
        LookupArgs::of_store(self.store.clone(), snapshot).open(rules)
    }

    /// What is watched of the trade in declarations, of which the rules are evaluated.
    pub fn trade(
        &self,
        engine: &Engine,
        declarations: &[PathBuf],
        format: InputFormatArgs,
        watched: &TradeWatchOptions,
        options: &WatchOptions,
    ) -> Result<Trade, Failure> {
        let how = format.with(self.encoding);
        let reader = how.reader(declarations, engine.pack(), ReadOptions::default())?;
        Ok(Bar::during(reader.bytes_total(), |progress| {
            Trade::read(engine, reader, watched, options, progress)
        })?)
    }

    /// The store and its latest snapshot, if one is named.
    fn stored(&self) -> Result<Option<(Store, SnapshotId)>, Failure> {
        let Some(url) = &self.store else { return Ok(None) };
        let mut store = Store::open(&store_url("--store", url)?)?;
        let snapshot = store.snapshot(None)?;
        Ok(Some((store, snapshot)))
    }

    fn outcomes(&self, as_of: Option<Date>, keep: &mut dyn FnMut(&str) -> bool) -> Result<Outcomes, Failure> {
        if let Some((mut store, snapshot)) = self.stored()? {
            return Ok(Outcomes::of_store(&mut store, &snapshot, as_of, keep)?);
        }
        let inputs = ReadArgs::inputs(&self.outcomes);
        Ok(Outcomes::read(&inputs, &self.options(), as_of, keep)?)
    }

    /// Assessments with what plans selected of them, what people changed of these, and what was found.
    pub fn evidence(
        &self,
        assessments: &[PathBuf],
        plans: &Plans,
        as_of: Option<Date>,
        pack: Option<&Pack>,
    ) -> Result<(Evidence, Changed), Failure> {
        let mut unplanned = Unplanned::of(&plans.files);
        let outcomes = self.read(as_of, &mut |id| unplanned.keeps(id))?;
        let inputs = ReadArgs::inputs(assessments);
        let mut evidence = Evidence::with_outcomes(&inputs, &plans.files, outcomes, unplanned, pack)?;
        let mut changed = Changed::default();
        for (plan, overrides) in plans.files.iter().zip(&plans.overrides) {
            changed += evidence.change(plan, overrides);
        }
        Ok((evidence, changed))
    }
}

/// Assessments of a history in which everything was inspected, with results in outcomes or in a column of declarations.
pub fn history(
    assessments: &[PathBuf],
    label: Option<&str>,
    results: &ResultsArgs,
    pack: Option<&Pack>,
) -> Result<Evidence, Failure> {
    let outcomes = match label {
        Some(label) => Labels::new(label, pack).read(&ReadArgs::inputs(&results.outcomes))?,
        None => results.read(results.as_of, &mut |_| true)?,
    };
    Ok(Evidence::read_history(&ReadArgs::inputs(assessments), outcomes, pack)?)
}

pub struct Plans {
    pub files: Vec<PlanFile>,
    overrides: Vec<Overrides>,
}

impl Plans {
    pub fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
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

/// Which inspections were planned, and what they found.
#[derive(Debug, clap::Args)]
pub struct FindingsArgs {
    /// Plans, as `qingfeng plan` wrote them. Changes by people are read from the file beside each.
    #[arg(long = "plan", value_name = "FILE", num_args = 1.., required = true)]
    pub plans: Vec<PathBuf>,

    #[command(flatten)]
    pub results: NeededResults,
}

impl FindingsArgs {
    /// All files that are read, to refuse outputs that would overwrite one.
    pub fn files(&self) -> Vec<PathBuf> {
        self.plans.iter().chain(&self.results.outcomes).cloned().collect()
    }
}

/// Tells rows of a table that do not count, on standard error.
pub fn tell_rejects(table: &str, found: &[Reject], rejected: u64) {
    if rejected == 0 {
        return;
    }
    let mut out = format!(
        "{}; what they say does not count\n",
        styled(WARNING, &format!("{table}: {} cannot be read", count(rejected, "row")))
    );
    out += &rejects::shown(found, rejected, SHOWN_REJECTS, "");
    terminal::summary(&out);
}
