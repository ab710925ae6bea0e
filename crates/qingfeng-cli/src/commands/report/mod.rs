//! `qingfeng report`: what a campaign came to, as a page for a browser or for paper.

mod accounts;
pub mod page;
mod place;
mod rules;
mod tables;
mod watch;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use qingfeng::OpenedPack;
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::effect::{Effect, EffectOptions};
use qingfeng_insight::report::{MAX_SURVEYS, Report, ReportOptions, ReportParts, Survey};
use qingfeng_insight::targets::Aims;
use qingfeng_insight::watch::{Since, TradeWatchOptions, Watch, WatchOptions};
use qingfeng_inspection::PlanFile;
use qingfeng_inspection::evidence::Evidence;

use crate::exit::{self, Exit, Failure};
use crate::findings::FindingsArgs;
use crate::inputs::InputFormatArgs;
use crate::ledgers::LedgerArgs;
use crate::outputs::{Kept, check_apart, write_text};
use crate::progress::Bar;
use crate::studies::{Declared, Inspected, LedgerInputs, StudyError, Watcher, read_aims};
use crate::words::{Language, tell_effect, tell_watch};
use crate::{clock, render, terminal};
use page::Doc;

/// Write the report of a campaign.
///
/// The report is one HTML page that needs nothing else, for a browser or for paper. It has counts by site, kind of site,
/// region, goods, trade mode and month; regions by goods; kinds of violation and what happened to the goods; use of
/// capacity; special surveys; and the quality of the data. Its JSON has the same figures.
///
/// A declaration counts at each of its sites and in each region of its destination, so rows of these overlap.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng report assessments.parquet --rules rules/clean-wind --plan plan.csv --outcomes results.csv \
     --as-of 2016-12-31 -o report.html",
    "qingfeng report assessments.parquet --rules rules/clean-wind --plan plan.csv --outcomes results.csv \
     --survey \"Border trade to Myanmar=destination:MM,kind:border\" --lang zh -o report.html --json report.json",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Assessments by declaration, as `qingfeng score` writes them.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    /// Directory of the rule pack. Gives regions, goods groups and titles.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    findings: FindingsArgs,

    /// Targets of the year, as `qingfeng targets` reads them.
    #[arg(long, value_name = "FILE")]
    aims: Option<PathBuf>,

    #[command(flatten)]
    ledgers: LedgerArgs,

    /// Files with declarations. They show where trade moved when rules came into force, and what accumulates just under
    /// value limits.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    declarations: Vec<PathBuf>,

    #[command(flatten)]
    read: InputFormatArgs,

    /// First day. Default: that of the assessments.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    from: Option<Date>,

    /// Special survey: NAME=CONDITION,… with conditions such as destination:MM, region:africa, site:yiwu, kind:border,
    /// group:toys, mode:1039, class:new, channel:red or rule:ID; several values are separated by `|`. May be repeated.
    #[arg(long, value_name = "NAME=CONDITIONS")]
    survey: Vec<Survey>,

    /// Title. Default: that of the pack.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Language of headings. Titles are in it where the pack has them.
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    lang: Language,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "html")]
    format: ReportFormat,

    /// Output file. Default, and `-`: standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Open inspections that are listed.
const OPEN_LISTED: usize = 100;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// A page for a browser or for paper.
    Html,
    /// For programs.
    Json,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    check_files(args)?;
    let engine = render::open_policy(&args.rules)?;
    let pack = engine.pack();
    let results = &args.findings.results;
    let as_of = results.as_of.unwrap_or_else(clock::today);
    if let Some(from) = args.from.filter(|from| *from > as_of) {
        return Err(Failure::Usage(format!("--from {from} is after --as-of {as_of}; give an earlier day")));
    }
    let aims = args.aims.as_deref().map(|path| read_aims(path, pack)).transpose()?;
    // Rules are evaluated on the trade, so there the lookup tables are needed.
    let declared = match args.declarations.as_slice() {
        [] => None,
        declarations => Some(results.declared(results.engine(&args.rules, None)?, declarations, args.read)),
    };
    let given = ReportGiven {
        inspected: args.findings.inspected(&args.assessments)?,
        opened: engine.clone(),
        declared,
        aims,
        ledgers: args.ledgers.inputs(),
        options: ReportOptions {
            title: args.title.clone(),
            as_of,
            from: args.from,
            surveys: args.survey.clone(),
        },
    };
    let report = Bar::during(None, |progress| reported(given, progress))?;
    let json = terminal::json(&report)?;
    if let Some(path) = &args.json {
        write_text(path, &json)?;
    }
    let text = match args.format {
        ReportFormat::Json => json,
        ReportFormat::Html => page::page(&report, args.lang),
    };
    write_text(args.output.as_deref().unwrap_or(Path::new("-")), &text)?;
    Ok(Exit::Done)
}

/// What is reported.
pub struct ReportGiven {
    /// Assessments, plans and outcomes.
    pub inspected: Inspected,
    /// The pack.
    pub opened: OpenedPack,
    /// Declarations, which show where trade went. Their engine is of the pack.
    pub declared: Option<Declared>,
    /// The aims of the year.
    pub aims: Option<Aims>,
    /// What is held against them.
    pub ledgers: LedgerInputs,
    /// Title, days and surveys.
    pub options: ReportOptions,
}

/// What a campaign came to.
pub fn reported(given: ReportGiven, progress: &mut Watcher<'_>) -> Result<Report, StudyError> {
    let ReportGiven { inspected, opened, declared, aims, ledgers, options } = given;
    let (pack, as_of) = (&**opened.pack(), options.as_of);
    if options.surveys.len() > MAX_SURVEYS {
        let message = format!("there are more than {MAX_SURVEYS}; make two reports");
        return Err(StudyError::Option("survey", message));
    }
    for survey in &options.surveys {
        survey.check(pack).map_err(|error| StudyError::Option("survey", error.to_string()))?;
    }
    let (mut evidence, _, plans) = inspected.evidence(Some(as_of), Some(pack))?;
    let out_of_time = options.cut(&mut evidence);
    let effect = Effect::of(&evidence, &EffectOptions::default().with_pack(pack))?;
    let defaults = WatchOptions { as_of: Some(as_of), list_max: OPEN_LISTED, ..WatchOptions::default() };
    let watch_options = defaults.of_pack(pack);
    let watch = watched(&evidence, declared, pack, as_of, &watch_options, progress)?;
    let plans = plans.changed();
    let results = &inspected.results;
    let targets = aims.map(|aims| ledgers.targets_again(&aims, pack, &plans, results, as_of)).transpose()?;
    let plans: Vec<PlanFile> = plans.into_iter().map(|changed| changed.plan).collect();
    let parts = ReportParts { effect: Some(effect), watch: Some(watch), targets, out_of_time };
    let mut report = Report::of(&evidence, pack, &plans, &options, parts)?;
    if let Some(effect) = &mut report.effect {
        tell_effect(effect);
    }
    if let Some(watch) = &mut report.watch {
        tell_watch(watch, &watch_options, Some(pack));
    }
    Ok(report)
}

/// What stands out: of the evidence, and where declarations are given of trade.
fn watched(
    evidence: &Evidence,
    declared: Option<Declared>,
    pack: &Pack,
    as_of: Date,
    options: &WatchOptions,
    progress: &mut Watcher<'_>,
) -> Result<Watch, StudyError> {
    let mut watch = Watch::of(evidence, options)?;
    if let Some(declared) = declared {
        let since = Since::of_pack(pack).into_iter().filter(|since| since.day <= as_of).collect();
        let watched = TradeWatchOptions { since, ..TradeWatchOptions::default() };
        let trade = declared.trade(&watched, options, progress)?;
        watch.add_trade(&trade, options);
    }
    watch.add_pack(pack, options);
    Ok(watch)
}

/// Refuses outputs that would overwrite each other or an input.
fn check_files(args: &Args) -> Result<(), Failure> {
    let mut outputs: Vec<(&str, &Path)> =
        vec![("--output", args.output.as_deref().unwrap_or(Path::new("-")))];
    outputs.extend(args.json.as_deref().map(|path| ("--json", path)));
    let mut inputs = args.assessments.clone();
    inputs.extend(args.findings.files());
    inputs.extend(args.declarations.iter().chain(&args.aims).chain(args.ledgers.files()).cloned());
    let kept = Kept { packs: &[&args.rules], store: args.findings.results.store.as_deref() };
    check_apart(&outputs, &inputs, kept)
}
