//! `qingfeng watch`: where trade goes, how sites treat it, which rules are worth nothing, what stays open.

mod human;

use std::path::PathBuf;

use qingfeng::OpenedPack;
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::watch::{Limit, Since, TradeWatchOptions, Watch, WatchOptions};
use qingfeng_inspection::evidence::Evidence;
use serde::Serialize;

use crate::exit::{self, Exit, Failure};
use crate::findings::FindingsArgs;
use crate::inputs::{InputFormatArgs, checked_part, day, part};
use crate::passes::ThreadArgs;
use crate::progress::Bar;
use crate::render::rule_position;
use crate::studies::{Declared, Inspected, StudyError, Watcher};
use crate::terminal::Format;
use crate::words::tell_watch;

/// Watch for displacement, unequal treatment, harmful rules and open inspections.
///
/// From assessments, plans and outcomes it shows sites that inspect or find more or less than others at equal scores, rules
/// that do harm, become worse or are dead, and inspections without a coded result, which are open and never clear.
/// With --declarations it also shows trade that moved to another port, mode, HS code or to new exporters after a rule came
/// into force, and declarations that accumulate just under a value limit. Each is a sign, not a proof.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng watch assessments.parquet --plan plan.csv --outcomes results.csv --rules rules/clean-wind",
    "qingfeng watch assessments.parquet --plan plan.csv --outcomes results.csv --rules rules/clean-wind \
     --declarations 2016.parquet --rule MP-01 --since 2016-09-01",
], &[exit::finding("with --strict: there is a sign"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Assessments by declaration, as `qingfeng score` writes them.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    #[command(flatten)]
    findings: FindingsArgs,

    /// Directory of the rule pack. Says which rules add risk and which relieve, without which none is judged; gives the places
    /// of rules and the sites of declarations. Its living lookup tables come from --store, if that is given.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,

    /// Files with declarations. They show where trade moved, and what accumulates just under value limits.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "rules")]
    declarations: Vec<PathBuf>,

    #[command(flatten)]
    how: InputFormatArgs,

    /// Id of a rule. Its trade is compared before and after --since; may be repeated, each with its own --since. Default: all
    /// active rules that have a first day.
    #[arg(long = "rule", value_name = "ID", requires_all = ["since", "declarations"])]
    rule: Vec<String>,

    /// Day on which the rule of --rule came into force, or became known.
    #[arg(long, value_name = "DAY", value_parser = day, requires = "rule")]
    since: Vec<Date>,

    /// Limit of the value of a declaration in a trade mode, in the unit of declared values, such as 1039=150000. May be
    /// repeated. Default: 150,000 for market procurement (1039; announcement 2014 no. 54).
    #[arg(long, value_name = "MODE=VALUE", value_parser = limit)]
    value_limit: Vec<Limit>,

    /// False discovery rate: the share of the signs of a kind that may be chance.
    #[arg(long, alias = "level", value_name = "SHARE", default_value = "0.05", value_parser = part)]
    false_discovery_rate: f64,

    /// Smallest ratio that is a sign: 1.25 is a quarter more, or a fifth less.
    #[arg(long, value_name = "RATIO", default_value = "1.25", value_parser = ratio)]
    least_ratio: f64,

    /// Number of days before and after the first day of a rule that are compared.
    #[arg(long, value_name = "DAYS", default_value = "91", value_parser = clap::value_parser!(u32).range(28..=3660))]
    window: u32,

    /// Number of days after which an inspection without a result is late.
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = clap::value_parser!(u32).range(0..=3660))]
    late: u32,

    /// Maximum number of rows to show: of open inspections, of sites and of exporters.
    #[arg(
        long,
        alias = "list",
        value_name = "N",
        default_value = "20",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    limit: u32,

    /// Exit with code 1 if anything is found: a sign.
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    threads: ThreadArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

fn limit(text: &str) -> Result<Limit, String> {
    let wrong = || "no limit; write a mode and a value above 0, such as 1039=150000".to_owned();
    let (mode, value) = text.split_once('=').ok_or_else(wrong)?;
    let value: f64 = value.trim().parse().map_err(|_| wrong())?;
    let mode = mode.trim().to_owned();
    let is_limit = !mode.is_empty() && value.is_finite() && value > 0.0;
    is_limit.then(|| Limit { mode, value, source: "--value-limit".to_owned() }).ok_or_else(wrong)
}

fn ratio(text: &str) -> Result<f64, String> {
    checked_ratio(text.parse().unwrap_or(f64::NAN))
}

fn checked_ratio(ratio: f64) -> Result<f64, String> {
    let wrong = || "no ratio; write a number of 1 or more, such as 1.25".to_owned();
    Some(ratio).filter(|ratio| *ratio >= 1.0 && ratio.is_finite()).ok_or_else(wrong)
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
    /// Assessments that gave way to one in another channel, where no pack said which is the graver.
    guessed_channels: u64,
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
    let results = &args.findings.results;
    let engine = match &args.rules {
        Some(rules) if !args.declarations.is_empty() => Some(results.engine(rules, None)?),
        _ => None,
    };
    let opened = match (&engine, &args.rules) {
        (Some(engine), _) => Some(engine.opened().clone()),
        (None, rules) => rules.as_deref().map(crate::render::open_policy).transpose()?,
    };
    let mut options = WatchOptions {
        as_of: results.as_of,
        level: args.false_discovery_rate,
        least_ratio: args.least_ratio,
        window_days: args.window,
        late_after_days: args.late,
        list_max: args.limit as usize,
        ..WatchOptions::default()
    };
    if !args.value_limit.is_empty() {
        options.limits.clone_from(&args.value_limit);
    }
    let given = WatchGiven {
        inspected: args.findings.inspected(&args.assessments)?,
        declared: engine.map(|engine| results.declared(engine, &args.declarations, args.how)),
        opened,
        since: args.rule.iter().cloned().zip(args.since.iter().copied()).collect(),
        threads: args.threads.number(),
        options,
    };
    let watched = Bar::during(None, |progress| watched(given, progress))?;
    args.format.print(&watched.answer(), || watched.human())?;
    Ok(if args.strict && !watched.watch.signs.is_empty() { Exit::Finding } else { Exit::Done })
}

/// What is watched.
pub struct WatchGiven {
    /// Assessments, plans and outcomes.
    pub inspected: Inspected,
    /// The pack, if one is named.
    pub opened: Option<OpenedPack>,
    /// Declarations, which show where trade went. Their engine is of the pack.
    pub declared: Option<Declared>,
    /// Rules by their ids, each with the day since which it is known; none for those that the pack has days for.
    pub since: Vec<(String, Date)>,
    /// The threads at most.
    pub threads: Option<usize>,
    /// How it is watched; the pack adds to it.
    pub options: WatchOptions,
}

/// What watching found.
pub struct Watched {
    read: Read,
    /// The signs and what they are made of.
    pub watch: Watch,
    options: WatchOptions,
}

impl Watched {
    /// As data.
    pub fn answer(&self) -> impl Serialize {
        Answer { read: &self.read, watch: &self.watch }
    }

    /// For people.
    pub fn human(&self) -> String {
        human::human(&self.watch, &self.read, &self.options)
    }
}

/// Watches.
pub fn watched(given: WatchGiven, progress: &mut Watcher<'_>) -> Result<Watched, StudyError> {
    let WatchGiven { inspected, opened, declared, since, threads, mut options } = given;
    let wrong = |option| move |message| StudyError::Option(option, message);
    checked_part(options.level).map_err(wrong("false-discovery-rate"))?;
    checked_ratio(options.least_ratio).map_err(wrong("least-ratio"))?;
    let pack = opened.as_ref().map(|opened| &**opened.pack());
    if let Some(pack) = pack {
        options = options.of_pack(pack);
    }
    // Rules are looked for before anything is read.
    let since = pack.map(|pack| rules_since(pack, &since)).transpose()?.unwrap_or_default();
    let (evidence, _, _) = inspected.evidence(inspected.results.as_of, pack)?;
    let mut watch = Watch::of(&evidence, &options)?;
    let mut read = read(&evidence);
    if let Some(declared) = declared {
        let watched = TradeWatchOptions { since, threads };
        let trade = declared.trade(&watched, &options, progress)?;
        (read.lines, read.rejected, read.undated) = (trade.lines, trade.rejected, trade.undated);
        watch.add_trade(&trade, &options);
    }
    if let Some(pack) = pack {
        watch.add_pack(pack, &options);
    }
    tell_watch(&mut watch, &options, pack);
    Ok(Watched { read, watch, options })
}

fn read(evidence: &Evidence) -> Read {
    Read {
        planned_elsewhere: evidence.planned_elsewhere.total,
        unplanned: evidence.unplanned.total,
        guessed_channels: evidence.guessed_channels,
        ..Read::default()
    }
}

fn rules_since(pack: &Pack, named: &[(String, Date)]) -> Result<Vec<Since>, StudyError> {
    if named.is_empty() {
        return Ok(Since::of_pack(pack));
    }
    named.iter().map(|(id, day)| Ok(Since { rule: rule_position(pack, id)?, day: *day })).collect()
}
