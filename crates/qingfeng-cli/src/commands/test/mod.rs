//! `qingfeng test`: the tests of a pack's rules.

mod backtest;
mod coverage;
mod human;
mod json;
mod junit;
mod mutate;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use qingfeng::Engine;
use qingfeng::rules::Pack;
use qingfeng::tools::rule_tests::{
    self, Backtest, BacktestError, Coverage, MutateOptions, MutationReport, TestReport,
};
use serde::Serialize;

use crate::exit::{self, Exit, Failure};
use crate::numbers::count;
use crate::progress::Bar;
use crate::render::{self, Checked};
use crate::terminal;

/// Run the tests of a rule pack.
///
/// Tests are kept beside the rules: tests/*.rhai, and tables in tests/*.csv. Each is a declaration and what is expected of
/// it. A failing test shows what was expected, what came out, and which part of which condition decided. With --data it
/// also runs what expect.toml expects of whole files.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng test rules/clean-wind",
    "qingfeng test rules/clean-wind --filter motorcycle",
    "qingfeng test rules/clean-wind --coverage --mutate --mutate-min 80",
    "qingfeng test rules/clean-wind --data /data/2016",
], &[exit::finding("a test fails or cannot be read, there is none, or --mutate-min is missed"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Directory of the rule pack.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Run only tests whose name or file contains this text, ignoring case.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Show what no test covers: rules that never fire or are never silent, points, parts of conditions.
    #[arg(long)]
    coverage: bool,

    /// Change thresholds, operators, codes, keys, days and points one at a time, and list changes that no test notices.
    #[arg(long)]
    mutate: bool,

    /// Try at most this many changes, spread over all rules.
    #[arg(long, value_name = "N", alias = "limit", requires = "mutate", value_parser = clap::value_parser!(u32).range(1..))]
    mutate_limit: Option<u32>,

    /// Fail where the tests notice a smaller share of the changes.
    #[arg(long, value_name = "PERCENT", requires = "mutate", value_parser = clap::value_parser!(u8).range(0..=100))]
    mutate_min: Option<u8>,

    /// Also run what expect.toml expects of files, which are in this directory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: failures, with what decided.
    Human,
    /// For programs.
    Json,
    /// JUnit XML, for build servers.
    Junit,
}

/// What to run besides the tests.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only tests whose name or file contains this text.
    pub filter: Option<String>,
    /// What no test covers.
    pub coverage: bool,
    /// How rules are changed, to see whether a test notices.
    pub mutate: Option<MutateOptions>,
    /// Where the files are of which `expect.toml` expects something.
    pub data: Option<PathBuf>,
}

/// All that a run of the command found.
pub struct Run {
    /// The mistakes of files of tests.
    checked: Checked,
    /// Tests there are, filtered or not.
    loaded: usize,
    report: TestReport,
    backtests: Option<Vec<Backtest>>,
    coverage: Option<Coverage>,
    mutations: Option<MutationReport>,
    mutate_min: Option<u8>,
}

impl Run {
    /// Runs the tests of the pack in a directory. `tried` is called with the number of changes of rules that were tried, and that of all.
    pub fn new(
        engine: &Engine,
        directory: &Path,
        options: &Options,
        tried: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Self, BacktestError> {
        let (tests, diagnostics) = rule_tests::load(engine, directory);
        let loaded = tests.loaded();
        let tests = match &options.filter {
            Some(text) => tests.filter(text),
            None => tests,
        };
        let mut checked = Checked::of(directory, diagnostics);
        let report = tests.run();
        let backtests = match &options.data {
            Some(data) if !tests.expectations().is_empty() => match tests.backtest(data) {
                Ok(backtests) => Some(backtests),
                Err(BacktestError::Missing(mistakes)) => {
                    checked.diagnostics.items.extend(mistakes.items);
                    Some(Vec::new())
                }
                Err(error) => return Err(error),
            },
            Some(_) => Some(Vec::new()),
            None => None,
        };
        let coverage = options.coverage.then(|| tests.coverage());
        let mutations =
            options.mutate.as_ref().map(|mutate| tests.mutate(mutate, &|done, total| tried(done, total)));
        Ok(Self { checked, loaded, report, backtests, coverage, mutations, mutate_min: None })
    }

    /// What it found, as `--format json` has it.
    pub fn json<'r>(&'r self, pack: &'r Pack) -> impl Serialize + use<'r> {
        json::report(self, pack)
    }

    /// The same for people.
    pub fn human(&self, pack: &Pack) -> String {
        human::human(self, pack)
    }

    /// Whether all is well.
    pub fn is_well(&self) -> bool {
        self.exit() == Exit::Done
    }

    fn exit(&self) -> Exit {
        let backtests_fail = self.backtests.iter().flatten().any(|backtest| !backtest.passed());
        let nothing = self.report.results.is_empty() && self.backtests.as_ref().is_none_or(Vec::is_empty);
        let finding = self.checked.diagnostics.errors() > 0
            || self.report.failed() > 0
            || nothing
            || backtests_fail
            || (self.mutations.as_ref().zip(self.mutate_min))
                .is_some_and(|(report, least)| report.percent() < f64::from(least));
        if finding { Exit::Finding } else { Exit::Done }
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    // Tests do not see the store: what is in it changes from day to day.
    let engine = render::open_for_tests(&args.directory)?;
    let mutate = MutateOptions { limit: args.mutate_limit.map(|limit| limit as usize) };
    let options = Options {
        filter: args.filter.clone(),
        coverage: args.coverage,
        mutate: args.mutate.then_some(mutate),
        data: args.data.clone(),
    };
    let bar = args.mutate.then(|| Bar::new(Some(0)));
    let tried = |done, total| {
        bar.iter().for_each(|bar| bar.tell(done, total, format!("{} tried", count(done, "change"))));
    };
    let run = Run::new(&engine, &args.directory, &options, &tried);
    if let Some(bar) = bar {
        bar.end();
    }
    let run = Run { mutate_min: args.mutate_min, ..run? };
    match args.format {
        Format::Human => {
            if !run.checked.diagnostics.items.is_empty() {
                terminal::note(&render::human(&run.checked));
            }
            terminal::print(&human::human(&run, engine.pack()))?;
        }
        Format::Json => terminal::print_json(&json::report(&run, engine.pack()))?,
        Format::Junit => terminal::print(&junit::xml(&run, engine.pack()))?,
    }
    Ok(run.exit())
}
