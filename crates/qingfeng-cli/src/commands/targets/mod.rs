//! `qingfeng targets`: the accounts of a year against its aims.

pub mod human;

use std::path::PathBuf;

use qingfeng::rules::Pack;
use qingfeng_insight::targets::{Aims, Targets};

use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::findings::FindingsArgs;
use crate::ledgers::LedgerArgs;
use crate::render::load_pack;
use crate::studies::{Inspected, LedgerInputs, Plans, StudyError, read_aims};
use crate::terminal::Format;

/// Compare results with the targets of a year.
///
/// The file of targets is TOML: the year, and what is to be reached of `cases`, `major_cases`, `fines` (yuan) and `pieces`,
/// for all sites and by kind of site. A case is a declaration with a violation; declarations with the same case number are
/// one case. Planned inspections without a coded result are open and never count as clear. With tables of notices from
/// abroad and of tip-offs, it reports how many notices are answered, open, untraceable and overdue, and what tip-offs
/// yielded, with the reward for each: a tenth of the proceeds, at most 100,000 yuan, unless the targets say otherwise. With a
/// table of visits to enterprises, what they found counts at their sites.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng targets aims.toml --rules rules/clean-wind --plan plans/*.csv --outcomes outcomes.csv --as-of 2016-09-30",
    "qingfeng targets aims.toml --rules rules/clean-wind --plan plans/*.csv --store sqlite:lookups.db \
     --notices notices.csv --tip-offs tip-offs.csv --visited visited.csv --format json",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Targets of the year.
    #[arg(value_name = "TARGETS")]
    aims: PathBuf,

    /// Directory of the rule pack. Gives the kind of each site.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    findings: FindingsArgs,

    #[command(flatten)]
    ledgers: LedgerArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let pack = load_pack(&args.rules)?;
    let aims = read_aims(&args.aims, &pack)?;
    let inspected = args.findings.inspected(&[])?;
    let targets = accounts(&inspected, &pack, &aims, &args.ledgers.inputs())?;
    args.format.print(&targets, || human::human(&targets, &aims))?;
    Ok(Exit::Done)
}

/// The accounts of a year. Without a day they are those of today.
pub fn accounts(
    inspected: &Inspected,
    pack: &Pack,
    aims: &Aims,
    ledgers: &LedgerInputs,
) -> Result<Targets, StudyError> {
    let results = &inspected.results;
    let as_of = results.as_of.unwrap_or_else(clock::today);
    let plans = Plans::read(&inspected.plans)?.changed();
    let outcomes = results.read(Some(as_of), &mut |_| true)?;
    ledgers.targets(aims, pack, &plans, &outcomes, results, as_of)
}
