//! The options that say which inspections were planned and what they found.

use std::path::{Path, PathBuf};

use qingfeng::read::{Encoding, ReadOptions, Reject};
use qingfeng::rules::{Date, Pack};
use qingfeng_inspection::evidence::{Changed, Evidence, Labels, Unplanned};
use qingfeng_inspection::outcomes::Outcomes;
use qingfeng_inspection::{ChangedPlan, Overrides, PlanFile};
use qingfeng_store::{Store, StoreUrl};

use crate::exit::Failure;
use crate::inputs::ReadArgs;
use crate::numbers::{count, grouped};
use crate::terminal::{self, WARNING, clean, styled};

/// The rejects that are shown.
const SHOWN_REJECTS: usize = 3;

/// What inspections found.
#[derive(Debug, clap::Args)]
pub struct ResultsArgs {
    /// What inspections found, a row a line: columns declaration_id, item_no, found_on, result, and others where they are
    /// known. Of several rows of a line the one known last counts.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "store", conflicts_with = "store")]
    pub outcomes: Vec<PathBuf>,

    /// Take what inspections found from a store: sqlite:PATH or postgresql://USER@HOST/DATABASE.
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,

    /// Use only the results that were known at the end of this day; without it, all.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    pub as_of: Option<Date>,

    /// Outcomes, and other tables that people keep, are in GB 18030 (and with it GBK and GB 2312) instead of UTF-8.
    #[arg(long)]
    pub gb18030: bool,
}

impl ResultsArgs {
    /// How tables that people keep are read.
    pub fn options(&self) -> ReadOptions {
        let encoding = if self.gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 };
        ReadOptions { encoding, ..ReadOptions::default() }
    }

    /// What was found, of the declarations that `keep` says yes to, as of a day; rejects are told on standard error.
    pub fn read(&self, as_of: Option<Date>, keep: &mut dyn FnMut(&str) -> bool) -> Result<Outcomes, Failure> {
        let outcomes = self.outcomes(as_of, keep)?;
        let (rejects, rejected) = outcomes.rejects();
        tell_rejects("outcomes", rejects, rejected);
        Ok(outcomes)
    }

    /// All that was found as of a day, once more: rejects were told when it was read before.
    pub fn read_again(&self, as_of: Option<Date>) -> Result<Outcomes, Failure> {
        self.outcomes(as_of, &mut |_| true)
    }

    fn outcomes(&self, as_of: Option<Date>, keep: &mut dyn FnMut(&str) -> bool) -> Result<Outcomes, Failure> {
        if let Some(url) = &self.store {
            let wrong = |error| Failure::Usage(format!("--store: {error}"));
            let mut store = Store::open(&StoreUrl::parse(url, Path::new("")).map_err(wrong)?)?;
            let snapshot = store.snapshot(None)?;
            return Ok(Outcomes::of_store(&mut store, &snapshot, as_of, keep)?);
        }
        let inputs = ReadArgs::inputs(&self.outcomes);
        Ok(Outcomes::read_as_of(&inputs, &self.options(), as_of, keep)?)
    }

    /// Assessments with what plans selected of them, what people changed of these, and what was found.
    pub fn evidence(
        &self,
        assessments: &[PathBuf],
        plans: &Plans,
        as_of: Option<Date>,
    ) -> Result<(Evidence, Changed), Failure> {
        let mut unplanned = Unplanned::of(&plans.files);
        let outcomes = self.read(as_of, &mut |id| unplanned.keeps(id))?;
        let inputs = ReadArgs::inputs(assessments);
        let mut evidence = Evidence::with_outcomes(&inputs, &plans.files, outcomes, unplanned)?;
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
    Ok(Evidence::read_history(&ReadArgs::inputs(assessments), outcomes)?)
}

/// Plans, and what people changed of each.
pub struct Plans {
    pub files: Vec<PlanFile>,
    overrides: Vec<Overrides>,
}

impl Plans {
    /// Reads plans and the changes beside them.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let (mut files, mut overrides) = (Vec::new(), Vec::new());
        for path in paths {
            let plan = PlanFile::read(path)?;
            overrides.push(Overrides::read(&plan).map_err(|error| Failure::Files(error.to_string()))?);
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
    /// Plans, as `qingfeng plan` writes them. They say who was selected, how, and how likely it was. Changes by people are
    /// read from the file beside each.
    #[arg(long = "plan", value_name = "FILE", num_args = 1.., required = true)]
    pub plans: Vec<PathBuf>,

    #[command(flatten)]
    pub results: ResultsArgs,
}

impl FindingsArgs {
    /// All files that are read, to refuse outputs that would overwrite one.
    pub fn files(&self) -> Vec<PathBuf> {
        self.plans.iter().chain(&self.results.outcomes).cloned().collect()
    }
}

/// Tells rows of a table that do not count, on standard error.
pub fn tell_rejects(table: &str, rejects: &[Reject], rejected: u64) {
    if rejected == 0 {
        return;
    }
    let mut out = format!(
        "{}; what they say does not count\n",
        styled(WARNING, &format!("{table}: {} cannot be read", count(rejected, "row")))
    );
    for reject in rejects.iter().take(SHOWN_REJECTS) {
        out += &format!("  {}\n", clean(&reject.to_string()));
    }
    if rejected > SHOWN_REJECTS as u64 {
        out += &format!("  and {} more\n", grouped(rejected - SHOWN_REJECTS as u64));
    }
    terminal::note(&out);
}
