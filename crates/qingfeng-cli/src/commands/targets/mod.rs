//! `qingfeng targets`: the accounts of a year against its aims.

mod human;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::targets::{Aims, MAX_AIMS_BYTES, Notice, Targets, TipOff, site_kinds};
use qingfeng_inspection::ChangedPlan;
use qingfeng_inspection::outcomes::Outcomes;

use crate::args::Format;
use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::findings::{FindingsArgs, Plans, tell_rejects};
use crate::inputs::ReadArgs;
use crate::stores::load_pack;
use crate::terminal;

/// Account for a year's aims: cases and major cases by kind of site, and the pace that is still needed.
///
/// The file of aims is TOML: the year, and what is to be reached of `cases`, `major_cases`, `fines` (yuan) and `pieces`, of
/// all sites and by kind. A case is a declaration with a violation; declarations with the same case number are one case.
/// Planned inspections without a coded result are open and never count as clear. With tables of notices from abroad and of
/// tip-offs, it tells how many notices are answered, open, untraceable and overdue, and what tip-offs yielded, with the
/// reward for each: a tenth of the proceeds, 100,000 yuan at most, unless the aims say otherwise. As of today, unless
/// --as-of says otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng targets aims.toml --rules rules/clean-wind --plan plans/*.csv --outcomes outcomes.csv --as-of 2016-09-30",
    "qingfeng targets aims.toml --rules rules/clean-wind --plan plans/*.csv --store sqlite:lookups.db \\\n      \
     --notices notices.csv --tip-offs tip-offs.csv --format json",
]))]
pub struct Args {
    /// The aims of the year.
    #[arg(value_name = "AIMS")]
    aims: PathBuf,

    /// The directory of the rule pack, which says of which kind each site is.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    findings: FindingsArgs,

    #[command(flatten)]
    ledgers: LedgerArgs,

    /// For whom the accounts are written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// What came from outside.
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    /// Notices of partner authorities abroad: columns notice_id, received_on, country, brand, producer, exporter, status
    /// (answered, open, untraceable; open without one), answered_on, case_number.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "aims")]
    pub notices: Vec<PathBuf>,

    /// Tip-offs: columns tip_id, received_on, kind, declaration_id or case_number to which it led, proceeds (yuan; without
    /// them the fines of the case).
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "aims")]
    pub tip_offs: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let pack = load_pack(&args.rules)?;
    let aims = read_aims(&args.aims, &pack)?;
    let results = &args.findings.results;
    let as_of = results.as_of.unwrap_or_else(clock::today);
    let plans = Plans::read(&args.findings.plans)?.changed();
    let outcomes = results.read(Some(as_of), &mut |_| true)?;
    let targets = args.ledgers.targets(&aims, &pack, &plans, &outcomes, &results.options(), as_of)?;
    match args.format {
        Format::Json => terminal::print_json(&targets)?,
        Format::Human => terminal::print(&human::human(&targets, &aims))?,
    }
    Ok(Exit::Done)
}

/// The aims of a file; they may name the kinds of sites that the pack has.
pub fn read_aims(path: &Path, pack: &Pack) -> Result<Aims, Failure> {
    let kinds = site_kinds(pack);
    let names: BTreeSet<&str> = kinds.values().map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    Aims::parse(&text_of(path)?, &path.display().to_string(), &names)
        .map_err(|error| Failure::Usage(error.to_string()))
}

impl LedgerArgs {
    /// The accounts of the year; rows of ledgers that cannot be read are told on standard error.
    pub fn targets(
        &self,
        aims: &Aims,
        pack: &Pack,
        plans: &[ChangedPlan],
        outcomes: &Outcomes,
        options: &ReadOptions,
        as_of: Date,
    ) -> Result<Targets, Failure> {
        let notices = match self.notices.as_slice() {
            [] => None,
            paths => {
                let ledger = Notice::read(&ReadArgs::inputs(paths), options)?;
                tell_rejects("notices", &ledger.rejects, ledger.rejected);
                Some(ledger.rows)
            }
        };
        let tip_offs = match self.tip_offs.as_slice() {
            [] => None,
            paths => {
                let ledger = TipOff::read(&ReadArgs::inputs(paths), options)?;
                tell_rejects("tip-offs", &ledger.rejects, ledger.rejected);
                Some(ledger.rows)
            }
        };
        let (notices, tip_offs) = (notices.as_deref(), tip_offs.as_deref());
        Ok(Targets::of_plans(plans, outcomes, &site_kinds(pack), aims, notices, tip_offs, as_of))
    }
}

/// The text of a small file.
fn text_of(path: &Path) -> Result<String, Failure> {
    let failed = |what: String| Failure::Files(format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|error| failed(format!("cannot be opened: {error}")))?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_AIMS_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_AIMS_BYTES {
        return Err(failed("is longer than 1 MiB; is it a file of aims?".to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| failed("is not UTF-8; save the file as UTF-8".to_owned()))
}
