//! `qingfeng effect`: what each rule is worth.

mod human;
mod one;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use qingfeng::write::TableWriter;
use qingfeng_insight::effect::{
    CAPACITIES, Effect, EffectOptions, FiredLines, RuleEffect, effect_rows, effect_schema,
};
use qingfeng_insight::rating::Thresholds;
use qingfeng_inspection::evidence::{Changed, Evidence};

use crate::exit::{self, Exit, Failure};
use crate::findings::NeededResults;
use crate::inputs::{part, share};
use crate::outputs::{Kept, check_apart, output};
use crate::render;
use crate::studies::files;
use crate::terminal::{self, Format};
use crate::words::tell_effect;

/// Estimate what each rule is worth.
///
/// Joins assessments by declaration, the plans that selected inspections, and their results. The hit rate among inspected
/// declarations tells how good the selection is, not the rule: so each rate appears twice, as observed, and as estimated
/// from random inspections, each weighted by 1/probability. What has no coded result, or was waived, counts neither as a
/// finding nor as clear. Changes of a plan by people are read from the file beside it: a dropped inspection without a
/// result is waived.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng effect assessments.parquet --plan plan.csv --outcomes results.csv --rules rules/clean-wind",
    "qingfeng effect assessments.parquet --plan plan-*.csv --outcomes results.csv --rule FO-AF",
    "qingfeng effect history.parquet --full --label Fraud --outcomes train.csv --rules rules/import-fraud -o worth.csv",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Assessments by declaration, as `qingfeng score` writes them.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    /// Plans, as `qingfeng plan` wrote them. Changes by people are read from the file beside each.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "full")]
    plan: Vec<PathBuf>,

    #[command(flatten)]
    results: NeededResults,

    /// All assessments that the plan does not have, as `plan --left-out` wrote them. They give the probability of strata from which
    /// nothing was drawn.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "full")]
    left_out: Vec<PathBuf>,

    /// Assessments by goods line (`score --by item`). With them a rule has a finding only where it fired on the violating
    /// line, else where it fired on the declaration.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    items: Vec<PathBuf>,

    /// Directory of the rule pack. Says which rules add risk and which relieve, without which none is good or harmful; gives
    /// titles, rules that never fired, and points per hour.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,

    /// All declarations have results, as in labelled history, so that no plan is needed.
    #[arg(long, conflicts_with = "plan")]
    full: bool,

    /// Column with the result of a declaration, in the files of --outcomes, which are then declarations: 1 for a violation,
    /// 0 for none. Needs --full.
    #[arg(
        long,
        value_name = "COLUMN",
        requires = "full",
        conflicts_with_all = ["plan", "store", "as_of", "encoding", "gb18030"]
    )]
    label: Option<String>,

    /// Id of a rule. Shows everything about it.
    #[arg(long, value_name = "ID")]
    rule: Option<String>,

    /// Shares of all declarations at which precision and recall are shown.
    #[arg(long, alias = "capacity", value_name = "SHARE", value_delimiter = ',', default_values_t = CAPACITIES, value_parser = share)]
    share: Vec<f64>,

    /// Confidence level of intervals.
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = part)]
    level: f64,

    /// Minimum number of results of a rule. A rule with fewer is young.
    #[arg(long, value_name = "N", default_value_t = Thresholds::default().young_results)]
    young_results: u64,

    /// Minimum age of a rule in days, at the end of the data. A younger rule is young.
    #[arg(long, value_name = "DAYS", default_value_t = Thresholds::default().young_days)]
    young_days: u32,

    /// Number of results without a finding after which a rule that adds risk is dead.
    #[arg(long, value_name = "N", default_value_t = Thresholds::default().dead_results)]
    dead_results: u64,

    /// Number of days without firing after which a rule is dead.
    #[arg(long, value_name = "DAYS", default_value_t = Thresholds::default().dead_days)]
    dead_days: u32,

    /// False discovery rate: the share of the rules called good, harmful or tired that may be chance.
    #[arg(long, value_name = "SHARE", default_value_t = Thresholds::default().level, value_parser = part)]
    false_discovery_rate: f64,

    /// Sort by this column, descending: estimated findings with harmful rules on top, estimated hit rate, findings per officer
    /// hour, findings of this rule only, or state.
    #[arg(long, value_name = "COLUMN", default_value = "worth")]
    sort: Sort,

    /// Maximum number of rows to show. JSON and tables have all of them.
    #[arg(long, value_name = "N", default_value = "40", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    /// Output file with a table of the rules: .csv or .ndjson, also with .gz or .zst, .parquet or .arrow.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Worth,
    Rate,
    Hour,
    Only,
    State,
}

/// What is reported besides the effect itself.
struct Told<'a> {
    changed: Changed,
    lines: Option<&'a FiredLines>,
    evidence: &'a Evidence,
    full: bool,
    limit: usize,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    check_files(args)?;
    let engine = args.rules.as_deref().map(render::open_policy).transpose()?;
    let pack = engine.as_ref().map(|engine| &**engine.pack());
    let inspected = args.results.inspected(&args.assessments, &args.plan)?;
    let (mut evidence, changed) = if args.full {
        let history = inspected.results.history(&inspected.assessments, args.label.as_deref(), pack)?;
        (history, Changed::default())
    } else {
        let (evidence, changed, _) = inspected.evidence(args.results.as_of, pack)?;
        (evidence, changed)
    };
    evidence.read_left_out(&files(&args.left_out))?;
    let lines = match args.items.as_slice() {
        [] => None,
        items => Some(FiredLines::read(&files(items), &evidence)?),
    };
    let mut options = EffectOptions {
        level: args.level,
        capacities: args.share.clone(),
        lines,
        thresholds: Thresholds {
            young_results: args.young_results,
            young_days: args.young_days,
            dead_results: args.dead_results,
            dead_days: args.dead_days,
            level: args.false_discovery_rate,
        },
        partners: if args.rule.is_some() { 15 } else { 5 },
        ..EffectOptions::default()
    };
    if let Some(pack) = pack {
        options = options.with_pack(pack);
    }
    let mut effect = Effect::of(&evidence, &options)?;
    tell_effect(&mut effect);
    sort(&mut effect.rules, args.sort);
    if let Some(path) = &args.output {
        let mut writer = TableWriter::create(&output(Some(path)), effect_schema())?;
        let rows = effect_rows(&effect)?;
        writer.write(&rows)?;
        writer.finish()?;
    }
    let told = Told {
        changed,
        lines: options.lines.as_ref(),
        evidence: &evidence,
        full: args.full,
        limit: args.limit as usize,
    };
    match (&args.rule, args.format) {
        (Some(id), format) => {
            let rule =
                effect.rules.iter().find(|rule| *rule.rule == **id).ok_or_else(|| unknown(id, &effect))?;
            match format {
                Format::Json => terminal::print_json(rule)?,
                Format::Human => terminal::print(&one::one(rule, &effect))?,
            }
        }
        // The table may go to standard output, where nothing else must stand.
        (None, _) if args.output.as_deref().is_some_and(crate::inputs::is_standard) => {}
        (None, Format::Json) => terminal::print_json(&effect)?,
        (None, Format::Human) => terminal::print(&human::human(&effect, &told))?,
    }
    Ok(Exit::Done)
}

/// Refuses what cannot be read twice or would be overwritten, before anything is read.
fn check_files(args: &Args) -> Result<(), Failure> {
    let read: Vec<PathBuf> =
        [&args.assessments, &args.plan, &args.results.outcomes, &args.left_out, &args.items]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
    if read.iter().filter(|path| crate::inputs::is_standard(path)).count() > 1 {
        return Err(Failure::Usage("`-` is standard input, which can be read once; give files".to_owned()));
    }
    if let Some(path) = &args.output {
        let packs: Vec<&Path> = args.rules.as_deref().into_iter().collect();
        let kept = Kept { packs: &packs, store: args.results.store.as_deref() };
        check_apart(&[("--output", path)], &read, kept)?;
        if args.format == Format::Json && crate::inputs::is_standard(path) {
            return Err(Failure::Usage("--output - and --format json both go to standard output".to_owned()));
        }
    }
    Ok(())
}

/// A rule of this name is not there: which there are.
fn unknown(id: &str, effect: &Effect) -> Failure {
    let folded = id.to_lowercase();
    let near = effect.rules.iter().find(|rule| rule.rule.to_lowercase() == folded);
    let first: Vec<&str> = effect.rules.iter().take(5).map(|rule| &*rule.rule).collect();
    let hint = match near {
        Some(near) => format!("did you mean `{}`?", near.rule),
        None if first.is_empty() => "no rule fired at all".to_owned(),
        None => format!("there are {} rules, among them {}", effect.rules.len(), first.join(", ")),
    };
    Failure::Usage(format!("--rule: no rule `{id}` fired, and the pack has none; {hint}"))
}

/// In descending order; of equals the one first that is worth most.
fn sort(rules: &mut [RuleEffect], by: Sort) {
    let rate = |rule: &RuleEffect| rule.figures.estimate.rate.unwrap_or(-1.0);
    let hour = |rule: &RuleEffect| rule.figures.found_per_hour.unwrap_or(-1.0);
    match by {
        Sort::Worth => {}
        Sort::Rate => rules.sort_by(|a, b| rate(b).total_cmp(&rate(a))),
        Sort::Hour => rules.sort_by(|a, b| hour(b).total_cmp(&hour(a))),
        Sort::Only => rules.sort_by_key(|rule| std::cmp::Reverse(rule.only.found)),
        Sort::State => rules.sort_by_key(|rule| rule.rating.state),
    }
}
