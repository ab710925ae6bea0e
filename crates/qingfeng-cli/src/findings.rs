//! The options that say which inspections were planned and what they found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use qingfeng::Engine;
use qingfeng::read::{Encoding, ReadOptions};
use qingfeng::rules::Date;

use crate::exit::Failure;
use crate::inputs::{EncodingArgs, InputFormatArgs};
use crate::stores::{LookupArgs, store_url};
use crate::studies::{Declared, Inspected, Results, files};
use crate::terminal;

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
    fn options(&self) -> ReadOptions {
        let options = self.encoding.options(ReadOptions::default());
        if self.gb18030 { ReadOptions { encoding: Encoding::Gb18030, ..options } } else { options }
    }

    /// What was found; rows that cannot be read are reported on standard error.
    pub fn results(&self) -> Result<Results, Failure> {
        let outcomes = self.outcomes.clone();
        Ok(Results {
            outcomes: (!outcomes.is_empty()).then(|| Arc::new(move || files(&outcomes)) as _),
            store: self.store.as_deref().map(|url| store_url("--store", url)).transpose()?,
            options: self.options(),
            as_of: self.as_of,
            warn: Box::new(terminal::summary),
        })
    }

    /// The engine of the pack in a directory; its living lookup tables come from the store of the results, if one is named.
    pub fn engine(&self, rules: &Path, snapshot: Option<u64>) -> Result<Engine, Failure> {
        LookupArgs::of_store(self.store.clone(), snapshot).open(rules)
    }

    /// Files with declarations, and the engine of the rules that are evaluated on them.
    pub fn declared(&self, engine: Engine, declarations: &[PathBuf], format: InputFormatArgs) -> Declared {
        let options = format.with(self.encoding).options(ReadOptions::default());
        Declared { engine, inputs: files(declarations), options }
    }

    /// Assessments with what plans selected of them and what was found.
    pub fn inspected(&self, assessments: &[PathBuf], plans: &[PathBuf]) -> Result<Inspected, Failure> {
        Ok(Inspected { assessments: files(assessments), plans: plans.to_vec(), results: self.results()? })
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

    /// Assessments with what plans selected of them and what was found.
    pub fn inspected(&self, assessments: &[PathBuf]) -> Result<Inspected, Failure> {
        self.results.inspected(assessments, &self.plans)
    }
}
