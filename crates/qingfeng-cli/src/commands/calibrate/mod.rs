//! `qingfeng calibrate`: points for rules, from what inspections found.

mod human;
mod proposal;

use std::path::PathBuf;

use clap::ValueEnum;
use qingfeng::rules::{Date, Pack, PackFiles};
use qingfeng_insight::calibrate::{CalibrateOptions, Calibration, CurrentPoints, Reason, Toward, calibrate};
use qingfeng_inspection::evidence::Evidence;
use serde::Serialize;

use crate::exit::{self, Exit, Failure};
use crate::findings::NeededResults;
use crate::outputs::{Kept, check_apart};
use crate::render::load_pack;
use crate::terminal::Format;

/// Propose points for rules from results of inspections.
///
/// A regression of findings on the rules that fired gives each rule the points that it deserves beside the others. Each
/// inspected declaration is weighted by 1/probability of its selection. Each of the last months is predicted from what
/// was known before it, and so are the points of today. Rules with computed points, with a channel of their own or with
/// too few inspections keep their points. The proposal is a copy of the pack with other points, for `qingfeng diff` and
/// for the officers to judge; the pack itself stays unchanged.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng calibrate assessments.parquet --rules rules/clean-wind --plan plan.parquet --outcomes results.csv -o proposal",
    "qingfeng calibrate assessments.parquet --rules rules/clean-wind --plan plan-*.parquet --store sqlite:port.sqlite",
    "qingfeng calibrate assessments.csv --rules rules/import-fraud --outcomes train.csv --label Fraud -o proposal",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Assessments by declaration, as `qingfeng score` writes them.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    /// Plans, as `qingfeng plan` wrote them. Changes by people are read from the file beside each.
    #[arg(long = "plan", value_name = "FILE", num_args = 1.., required_unless_present_any = ["full", "label"])]
    plans: Vec<PathBuf>,

    #[command(flatten)]
    results: NeededResults,

    /// All declarations have results, as in labelled history, so that no plan is needed. With results of selected
    /// inspections alone the points would follow the selection.
    #[arg(long, conflicts_with = "plans")]
    full: bool,

    /// Column with the result of a declaration, in the files of --outcomes, which are then declarations: 0 or clear, 1 or
    /// the name of a violation. Implies --full.
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["plans", "store", "as_of", "encoding", "gb18030"])]
    label: Option<String>,

    /// First day, of declarations to learn from.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    from: Option<Date>,

    /// Last day, of declarations to learn from.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    until: Option<Date>,

    /// Output directory for the proposal. It must not exist, or be empty. Default: nothing is written.
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Version of the proposal. Default: that of the pack with `+calibrated` appended.
    #[arg(long, value_name = "VERSION")]
    pack_version: Option<String>,

    /// Minimum points of a rule. Default: 0; for a rule that is below 0 today, -40 or the minimum of all rules.
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    min: Option<i64>,

    /// Maximum points of a rule. Default: 40 or the maximum of all rules; for a rule that is below 0 today, 0.
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    max: Option<i64>,

    /// Minimum number of judged declarations on which a rule fired. A rule with fewer keeps its points.
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    support: u32,

    /// Rules that keep their points whatever was found.
    #[arg(long, value_name = "ID", num_args = 1..)]
    keep: Vec<String>,

    /// Points towards which the fit is drawn where little was found.
    #[arg(long, value_name = "WHAT", default_value = "pack")]
    toward: TowardArg,

    /// Strengths of that pull to try, in declarations.
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = CalibrateOptions::default().penalties)]
    penalty: Vec<f64>,

    /// Channels keep their `from`. Without it they begin where as many declarations reach each by score as today.
    #[arg(long)]
    keep_channels: bool,

    /// Number of latest periods (months, or weeks or days where there are few) that are predicted from those before.
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u32).range(0..=120))]
    periods: u32,

    /// Maximum number of rows to show: of changed rules. JSON and the proposal have all of them.
    #[arg(long, value_name = "N", default_value = "40")]
    limit: usize,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TowardArg {
    /// The points of today.
    Pack,
    /// None.
    Zero,
}

/// What is written for programs.
#[derive(Serialize)]
struct Report<'r> {
    pack: String,
    /// The version that the proposal has.
    proposed_version: &'r str,
    proposal: Option<String>,
    /// What judges it.
    diff: Option<&'r str>,
    /// Whether each declaration with a result was taken as inspected for certain.
    full: bool,
    /// Declarations with outcomes that no plan selected, and planned ones without an assessment: left out.
    unplanned: u64,
    planned_elsewhere: u64,
    options: &'r CalibrateOptions,
    #[serde(flatten)]
    calibration: &'r Calibration,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut inputs = args.assessments.clone();
    inputs.extend(args.plans.iter().chain(&args.results.outcomes).cloned());
    check_apart(&[], &inputs, Kept::default())?;
    let files = PackFiles::read(&args.rules);
    let pack = load_pack(&args.rules)?;
    let target = args.output.as_deref().map(|output| proposal::target(output, &args.rules)).transpose()?;
    let mut current = CurrentPoints::of(&pack);
    for id in &args.keep {
        if !current.rules.iter().any(|rule| rule.id == *id) {
            let near =
                qingfeng::rules::internals::nearest(id, pack.rules.iter().map(|rule| rule.id.as_str()));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(Failure::Usage(format!("--keep: the pack has no active rule `{id}`{near}")));
        }
        for rule in current.rules.iter_mut().filter(|rule| rule.id == *id) {
            rule.kept = Some(rule.kept.unwrap_or(Reason::AsAsked));
        }
    }
    let options = CalibrateOptions {
        least: args.min,
        most: args.max,
        support: args.support,
        toward: match args.toward {
            TowardArg::Pack => Toward::Pack,
            TowardArg::Zero => Toward::Zero,
        },
        penalties: args.penalty.clone(),
        periods: args.periods,
        keep_channels: args.keep_channels,
        ..CalibrateOptions::default()
    };
    let evidence = evidence(args, &pack)?;
    let calibration = calibrate(&evidence, &current, &options)?;
    let version = args.pack_version.clone().unwrap_or_else(|| next_version(&pack.version));
    let diff = target.as_ref().map(|target| target.diff_command(&pack));
    let report = Report {
        pack: format!("{}@{}", pack.name, pack.version),
        proposed_version: &version,
        proposal: args.output.as_ref().map(|output| output.display().to_string()),
        diff: diff.as_deref(),
        full: args.full || args.label.is_some(),
        unplanned: evidence.unplanned.total,
        planned_elsewhere: evidence.planned_elsewhere.total,
        options: &options,
        calibration: &calibration,
    };
    if let Some(target) = &target {
        target.write(&files, &pack, &report)?;
    }
    args.format.print(&report, || human::human(&report, args.limit))?;
    Ok(Exit::Done)
}

/// The version with a mark, which counts where there is one already.
fn next_version(version: &str) -> String {
    const MARK: &str = "+calibrated";
    match version.split_once(MARK) {
        None => format!("{version}{MARK}"),
        Some((base, rest)) => {
            let number = rest.strip_prefix('.').and_then(|rest| rest.parse::<u32>().ok()).unwrap_or(1);
            format!("{base}{MARK}.{}", number.saturating_add(1))
        }
    }
}

fn evidence(args: &Args, pack: &Pack) -> Result<Evidence, Failure> {
    let inspected = args.results.inspected(&args.assessments, &args.plans)?;
    let mut evidence = if args.full || args.label.is_some() {
        inspected.results.history(&inspected.assessments, args.label.as_deref(), Some(pack))?
    } else {
        inspected.evidence(args.results.as_of, Some(pack))?.0
    };
    evidence.keep_days(args.from, args.until);
    Ok(evidence)
}

#[cfg(test)]
mod tests;
