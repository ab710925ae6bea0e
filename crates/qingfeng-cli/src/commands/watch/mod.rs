//! `qingfeng watch`: where trade goes, how sites treat it, which rules decay, what stays open.

mod human;

use std::path::PathBuf;

use qingfeng::Engine;
use qingfeng::read::ReadOptions;
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::watch::{Limit, Since, Trade, TradeWatchOptions, Watch, WatchOptions};
use qingfeng_inspection::evidence::Evidence;
use serde::Serialize;

use crate::args::Format;
use crate::commands::why_not::position;
use crate::exit::{self, Exit, Failure};
use crate::findings::{FindingsArgs, Plans};
use crate::inputs::{ReadArgs, day};
use crate::progress::Bar;
use crate::stores::LookupArgs;
use crate::terminal;
use crate::words::tell_watch;

/// Watch for displacement, unequal treatment, decaying rules and open inspections.
///
/// From assessments, plans and outcomes it shows sites that inspect or find more or less than others at the same scores,
/// rules whose hit rate falls or that fire no more, and inspections without a coded result: they are open, never clear. With
/// --declarations it shows besides trade that moved to another port, mode, HS code or to new exporters after a rule came
/// into force, and declarations that gather just under a value limit. Each is a sign and no proof.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng watch assessments.parquet --plan plan.csv --outcomes results.csv --rules rules/clean-wind",
    "qingfeng watch assessments.parquet --plan plan.csv --outcomes results.csv --rules rules/clean-wind \\\n      \
     --declarations 2016.parquet --rule MP-01 --since 2016-09-01",
]))]
pub struct Args {
    /// Assessments by declaration, as `score` writes them: CSV, NDJSON, Parquet or Arrow.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    #[command(flatten)]
    findings: FindingsArgs,

    /// The directory of the rule pack: says where rules stand, and which site a declaration belongs to. Its living lookup
    /// tables come from --store, if that is given.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,

    /// The declarations themselves, as they were scored: shows where trade goes, and what gathers under limits.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "rules")]
    declarations: Vec<PathBuf>,

    #[command(flatten)]
    how: ReadArgs,

    /// A rule whose trade is looked at, with --since, in place of all active rules that have a first day. May be
    /// repeated, each with a --since of its own.
    #[arg(long = "rule", value_name = "ID", requires_all = ["since", "declarations"])]
    rule: Vec<String>,

    /// The day on which the rule came into force, or became known.
    #[arg(long, value_name = "DAY", value_parser = day, requires = "rule")]
    since: Vec<Date>,

    /// A value limit of a declaration of a trade mode, in the unit of declared values, as 1039=150000. May be repeated.
    /// Without it, 150,000 for market procurement (1039; announcement 2014 no. 54).
    #[arg(long, value_name = "MODE=VALUE", value_parser = limit)]
    limit: Vec<Limit>,

    /// The share of the signs of a kind that may be chance.
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = share)]
    level: f64,

    /// The least change that is a sign: 1.25 is a quarter more, or a fifth less.
    #[arg(long, value_name = "RATIO", default_value = "1.25", value_parser = ratio)]
    least_ratio: f64,

    /// Days before and after a rule's first day that are compared.
    #[arg(long, value_name = "DAYS", default_value = "91", value_parser = clap::value_parser!(u32).range(28..=3660))]
    window: u32,

    /// Days after which an inspection without a result is late.
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = clap::value_parser!(u32).range(0..=3660))]
    late: u32,

    /// How many open inspections, places and exporters to list at most.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    list: u32,

    /// End with exit code 1 if there is any sign.
    #[arg(long)]
    strict: bool,

    /// How many threads read declarations; without it, one for each processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// For whom the answer is written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

fn limit(text: &str) -> Result<Limit, String> {
    let wrong = || "no limit; write a mode and a value above 0, such as 1039=150000".to_owned();
    let (mode, value) = text.split_once('=').ok_or_else(wrong)?;
    let value: f64 = value.trim().parse().map_err(|_| wrong())?;
    let mode = mode.trim().to_owned();
    let is_limit = !mode.is_empty() && value.is_finite() && value > 0.0;
    is_limit.then(|| Limit { mode, value, source: "--limit".to_owned() }).ok_or_else(wrong)
}

fn share(text: &str) -> Result<f64, String> {
    let wrong = || "no share; write a number between 0 and 1, such as 0.05".to_owned();
    text.parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1.0).ok_or_else(wrong)
}

fn ratio(text: &str) -> Result<f64, String> {
    let wrong = || "no ratio; write a number of 1 or more, such as 1.25".to_owned();
    text.parse().ok().filter(|ratio: &f64| *ratio >= 1.0 && ratio.is_finite()).ok_or_else(wrong)
}

/// What was read besides, for both outputs.
#[derive(Debug, Default, Serialize)]
struct Read {
    /// Goods lines of declarations.
    lines: u64,
    /// Goods lines that could not be read, and are left out.
    rejected: u64,
    /// Declarations without a day, which are left out of displacement.
    undated: u64,
    /// Planned inspections of declarations that the assessments do not have.
    planned_elsewhere: u64,
    /// Declarations with outcomes that no plan selected.
    unplanned: u64,
}

#[derive(Serialize)]
struct Answer<'w> {
    read: &'w Read,
    #[serde(flatten)]
    watch: &'w Watch,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if args.rule.len() != args.since.len() {
        return Err(Failure::Usage(format!(
            "--rule is given {} times and --since {} times; give each rule its own day, as --rule MP-01 --since 2016-09-01",
            args.rule.len(),
            args.since.len()
        )));
    }
    // Where nothing is evaluated the store of living lookups need not be there.
    let engine = match &args.rules {
        Some(rules) if !args.declarations.is_empty() => {
            Some(LookupArgs::of_store(args.findings.results.store.clone()).open(rules)?)
        }
        _ => None,
    };
    let opened = match (&engine, &args.rules) {
        (Some(engine), _) => Some(engine.opened().clone()),
        (None, rules) => rules.as_deref().map(crate::render::open_policy).transpose()?,
    };
    let pack = opened.as_ref().map(|opened| &**opened.pack());
    let mut options = WatchOptions {
        as_of: args.findings.results.as_of,
        level: args.level,
        least_ratio: args.least_ratio,
        window_days: args.window,
        late_after_days: args.late,
        list_max: args.list as usize,
        ..WatchOptions::default()
    };
    if !args.limit.is_empty() {
        options.limits.clone_from(&args.limit);
    }
    if let Some(pack) = pack {
        options = options.of_pack(pack);
    }
    // The rules on the command line are looked for before anything is read.
    let since = pack.map(|pack| since(pack, args)).transpose()?.unwrap_or_default();
    let findings = &args.findings;
    let plans = Plans::read(&findings.plans)?;
    let (evidence, _) = findings.results.evidence(&args.assessments, &plans, findings.results.as_of)?;
    let mut watch = Watch::of(&evidence, &options);
    let mut read = read(&evidence);
    if let Some(engine) = &engine {
        let trade = trade(engine, since, &options, args)?;
        (read.lines, read.rejected, read.undated) = (trade.lines, trade.rejected, trade.undated);
        watch.add_trade(&trade, &options);
    }
    if let Some(pack) = pack {
        watch.add_pack(pack, &options);
    }
    tell_watch(&mut watch, &options);
    match args.format {
        Format::Human => terminal::print(&human::human(&watch, &read, &options))?,
        Format::Json => terminal::print_json(&Answer { read: &read, watch: &watch })?,
    }
    Ok(if args.strict && !watch.signs.is_empty() { Exit::Finding } else { Exit::Done })
}

fn read(evidence: &Evidence) -> Read {
    Read {
        planned_elsewhere: evidence.planned_elsewhere.0,
        unplanned: evidence.unplanned.0,
        ..Read::default()
    }
}

fn since(pack: &Pack, args: &Args) -> Result<Vec<Since>, Failure> {
    if args.rule.is_empty() {
        return Ok(Since::of_pack(pack));
    }
    let named = args.rule.iter().zip(&args.since);
    named.map(|(id, &day)| Ok(Since { rule: position(pack, id)?, day })).collect()
}

fn trade(engine: &Engine, since: Vec<Since>, options: &WatchOptions, args: &Args) -> Result<Trade, Failure> {
    let reader = args.how.reader(&args.declarations, engine.pack(), ReadOptions::default())?;
    let bar = Bar::new(reader.bytes_total());
    let watched = TradeWatchOptions { since, threads: args.threads.map(Into::into) };
    let trade = Trade::read(engine, reader, &watched, options, &mut |progress| {
        bar.show(progress.bytes_read, progress.lines);
    });
    bar.end();
    Ok(trade?)
}
