//! The options that say which inspections were planned and what they found.

use std::path::{Path, PathBuf};

use qingfeng::evidence::{Evidence, Unplanned};
use qingfeng::outcomes::Outcomes;
use qingfeng::read::{Encoding, ReadOptions, Reject};
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

    /// Outcomes, and other tables that people keep, are in GB 18030 (and with it GBK and GB 2312) instead of UTF-8.
    #[arg(long)]
    pub gb18030: bool,
}

#[allow(dead_code, reason = "each command takes what it needs")]
impl FindingsArgs {
    /// The plans, read.
    pub fn plans(&self) -> Result<Vec<PlanFile>, Failure> {
        Ok(self.plans.iter().map(|path| PlanFile::read(path)).collect::<Result<_, _>>()?)
    }

    /// How tables that people keep are read.
    pub fn options(&self) -> ReadOptions {
        let encoding = if self.gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 };
        ReadOptions { encoding, ..ReadOptions::default() }
    }

    /// What was found, of the declarations that `keep` says yes to; rejects are told on standard error.
    pub fn outcomes(&self, keep: &mut dyn FnMut(&str) -> bool) -> Result<Outcomes, Failure> {
        self.outcomes_as_of(self.as_of, keep)
    }

    /// The same as of another day than the command line's.
    pub fn outcomes_as_of(
        &self,
        as_of: Option<Date>,
        keep: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Outcomes, Failure> {
        if let Some(url) = &self.store {
            let wrong = |error| Failure::Usage(format!("--store: {error}"));
            let mut store = Store::open(&StoreUrl::parse(url, Path::new("")).map_err(wrong)?)?;
            let snapshot = store.snapshot(None)?;
            return Ok(Outcomes::of_store(&mut store, &snapshot, as_of, keep)?);
        }
        let inputs = ReadArgs::inputs(&self.outcomes);
        let outcomes = Outcomes::read_as_of(&inputs, &self.options(), as_of, keep)?;
        let (rejects, rejected) = outcomes.rejects();
        tell_rejects("outcomes", rejects, rejected);
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
