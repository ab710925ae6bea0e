//! The options that say which inspections were planned and what they found.

use std::path::{Path, PathBuf};

use qingfeng::evidence::{Evidence, Unplanned};
use qingfeng::outcomes::Outcomes;
use qingfeng::read::{Encoding, ReadOptions};
use qingfeng::rules::Date;
use qingfeng::selection::PlanFile;
use qingfeng::store::{Store, StoreUrl};

use crate::exit::Failure;
use crate::inputs::ReadArgs;
use crate::terminal::{self, WARNING, clean, count, grouped, styled};

/// The rejects that are shown.
const SHOWN_REJECTS: usize = 3;

/// Which inspections were planned, and what they found.
#[derive(Debug, clap::Args)]
pub struct FindingsArgs {
    /// Plans, as `qingfeng plan` writes them. They say who was selected, how, and how likely it was.
    #[arg(long = "plan", value_name = "FILE", num_args = 1.., required = true)]
    pub plans: Vec<PathBuf>,

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

    /// Outcomes are in GB 18030 (and with it GBK and GB 2312) instead of UTF-8.
    #[arg(long)]
    pub outcomes_gb18030: bool,
}

impl FindingsArgs {
    /// The plans, read.
    pub fn plans(&self) -> Result<Vec<PlanFile>, Failure> {
        Ok(self.plans.iter().map(|path| PlanFile::read(path)).collect::<Result<_, _>>()?)
    }

    /// What was found, of the declarations that `keep` says yes to; rejects are told on standard error.
    pub fn outcomes(&self, keep: &mut dyn FnMut(&str) -> bool) -> Result<Outcomes, Failure> {
        if let Some(url) = &self.store {
            let wrong = |error| Failure::Usage(format!("--store: {error}"));
            let mut store = Store::open(&StoreUrl::parse(url, Path::new("")).map_err(wrong)?)?;
            let snapshot = store.snapshot(None)?;
            return Ok(Outcomes::of_store(&mut store, &snapshot, self.as_of, keep)?);
        }
        let encoding = if self.outcomes_gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 };
        let options = ReadOptions { encoding, ..ReadOptions::default() };
        let inputs = ReadArgs::inputs(&self.outcomes);
        let outcomes = Outcomes::read_as_of(&inputs, &options, self.as_of, keep)?;
        tell_rejects(&outcomes);
        Ok(outcomes)
    }

    /// Assessments with what the plans selected of them and what was found; rejects are told on standard error.
    pub fn evidence(&self, assessments: &[PathBuf]) -> Result<Evidence, Failure> {
        let plans = self.plans()?;
        let mut unplanned = Unplanned::of(&plans);
        let outcomes = self.outcomes(&mut |id| unplanned.keeps(id))?;
        Ok(Evidence::with_outcomes(&ReadArgs::inputs(assessments), &plans, outcomes, unplanned)?)
    }

    /// All files that are read, to refuse outputs that would overwrite one.
    pub fn files(&self) -> Vec<PathBuf> {
        self.plans.iter().chain(&self.outcomes).cloned().collect()
    }
}

/// Tells rows that do not count.
fn tell_rejects(outcomes: &Outcomes) {
    let (rejects, rejected) = outcomes.rejects();
    if rejected == 0 {
        return;
    }
    let mut out = format!(
        "{}; what they say does not count\n",
        styled(WARNING, &format!("outcomes: {} cannot be read", count(rejected, "row")))
    );
    for reject in rejects.iter().take(SHOWN_REJECTS) {
        out += &format!("  {}\n", clean(&reject.to_string()));
    }
    if rejected > SHOWN_REJECTS as u64 {
        out += &format!("  and {} more\n", grouped(rejected - SHOWN_REJECTS as u64));
    }
    terminal::note(&out);
}
