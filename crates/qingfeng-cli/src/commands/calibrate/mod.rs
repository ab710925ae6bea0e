//! `qingfeng calibrate`: points for rules, from what inspections found.

mod human;
mod proposal;

use std::path::PathBuf;

use clap::ValueEnum;
use qingfeng::rules::{Date, Pack, PackFiles};
use qingfeng_insight::calibrate::{CalibrateOptions, Calibration, CurrentPoints, Reason, Toward, calibrate};
use qingfeng_inspection::evidence::Evidence;
use serde::Serialize;

use crate::args::Format;
use crate::exit::{self, Exit, Failure};
use crate::findings::{Plans, ResultsArgs, history};
use crate::outputs::check_apart;
use crate::stores::load_pack;
use crate::terminal;

/// Propose points for rules from what inspections found.
///
/// A regression of findings on the rules that fired gives each rule the points that it deserves beside the others. Each
/// inspected declaration counts by one over its probability of being selected, so that what was looked at most does not
/// look worst; each of the last months is judged by what was learnt before it, and the points of today with it. Rules with
/// points that are computed, with a channel of their own or with too few inspections keep what they have. The proposal is a
/// copy of the pack with other numbers in it, for `qingfeng diff` and for the officers to judge; the pack stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng calibrate assessments.parquet --rules rules/clean-wind --plan plan.parquet --outcomes results.csv -o proposal",
    "qingfeng calibrate assessments.parquet --rules rules/clean-wind --plan plan-*.parquet --store sqlite:port.sqlite",
    "qingfeng calibrate assessments.csv --rules rules/import-fraud --outcomes train.csv --label Fraud -o proposal",
]))]
pub struct Args {
    /// Assessments, as `qingfeng score` writes them by declaration.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    /// The directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    /// Plans, as `qingfeng plan` writes them. They say who was selected, how, and how likely it was.
    #[arg(long = "plan", value_name = "FILE", num_args = 1.., required_unless_present_any = ["full", "label"])]
    plans: Vec<PathBuf>,

    #[command(flatten)]
    results: ResultsArgs,

    /// Everything is known: each declaration with an outcome counts as one, and no plan is needed. For history of which
    /// each declaration was inspected, and for made-up worlds; with results of chosen inspections alone points follow the
    /// choice.
    #[arg(long, conflicts_with = "plans")]
    full: bool,

    /// The same with results in a column of the declarations that --outcomes names: 0 or clear, 1 or the name of a
    /// violation.
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["plans", "store", "as_of", "gb18030"])]
    label: Option<String>,

    /// Learn only from declarations from this day on.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    from: Option<Date>,

    /// Learn only from declarations up to this day.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    until: Option<Date>,

    /// Where to write the proposal: a directory that is not there yet, or is empty. Without it, nothing is written.
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,

    /// The version of the proposal; without it that of the pack with `+calibrated` behind it.
    #[arg(long, value_name = "VERSION")]
    pack_version: Option<String>,

    /// The least points of a rule; without it 0, and for a rule below 0 today -40 or the least that any
    /// rule has.
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    min: Option<i64>,

    /// The most points of a rule; without it 40 or the most that any rule has today, and 0 for a rule below 0.
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    max: Option<i64>,

    /// On how many judged declarations a rule must have fired; one with fewer keeps its points.
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    support: u32,

    /// Rules that keep their points whatever was found.
    #[arg(long, value_name = "RULE", num_args = 1..)]
    keep: Vec<String>,

    /// Towards what points are drawn where little was found.
    #[arg(long, value_name = "WHAT", default_value = "pack")]
    toward: TowardArg,

    /// The strengths of that pull that are tried, in declarations.
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = CalibrateOptions::default().penalties)]
    penalty: Vec<f64>,

    /// How many of the latest periods (months, or weeks or days where there are few) are judged by what was learnt before.
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u32).range(0..=120))]
    periods: u32,

    /// How many changed rules are listed for people. JSON and the proposal have all.
    #[arg(long, value_name = "N", default_value = "40")]
    limit: usize,

    /// For whom the result is written.
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
    check_apart(&[], &inputs)?;
    let files = PackFiles::read(&args.rules);
    let pack = load_pack(&args.rules)?;
    let target = args.output.as_deref().map(|output| proposal::target(output, &args.rules)).transpose()?;
    let mut current = CurrentPoints::of(&pack);
    for id in &args.keep {
        let rule = current.rules.iter_mut().find(|rule| rule.id == *id).ok_or_else(|| {
            let near =
                qingfeng::rules::internals::nearest(id, pack.rules.iter().map(|rule| rule.id.as_str()));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Failure::Usage(format!("--keep: the pack has no active rule `{id}`{near}"))
        })?;
        rule.kept = Some(rule.kept.unwrap_or(Reason::AsAsked));
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
        ..CalibrateOptions::default()
    };
    let evidence = evidence(args, &pack)?;
    let calibration = calibrate(&evidence, &current, &options).map_err(|error| match error {
        qingfeng_insight::calibrate::CalibrateError::Option(_) => Failure::Usage(error.to_string()),
        error => Failure::Files(error.to_string()),
    })?;
    let version = args.pack_version.clone().unwrap_or_else(|| next_version(&pack.version));
    let diff = target.as_ref().map(|target| target.diff_command(&pack));
    let report = Report {
        pack: format!("{}@{}", pack.name, pack.version),
        proposed_version: &version,
        proposal: args.output.as_ref().map(|output| output.display().to_string()),
        diff: diff.as_deref(),
        full: args.full || args.label.is_some(),
        unplanned: evidence.unplanned.0,
        planned_elsewhere: evidence.planned_elsewhere.0,
        options: &options,
        calibration: &calibration,
    };
    if let Some(target) = &target {
        target.write(&files, &pack, &report)?;
    }
    match args.format {
        Format::Human => terminal::print(&human::human(&report, args.limit))?,
        Format::Json => terminal::print_json(&report)?,
    }
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
    let mut evidence = if args.full || args.label.is_some() {
        history(&args.assessments, args.label.as_deref(), &args.results, Some(pack))?
    } else {
        let plans = Plans::read(&args.plans)?;
        args.results.evidence(&args.assessments, &plans, args.results.as_of)?.0
    };
    let is_within = |day: Option<Date>| {
        day.is_none_or(|day| {
            args.from.is_none_or(|from| from <= day) && args.until.is_none_or(|until| day <= until)
        })
    };
    evidence.declarations.retain(|judged| is_within(judged.day));
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::next_version;

    #[test]
    fn versions_are_marked() {
        for (version, next) in [
            ("2016.3", "2016.3+calibrated"),
            ("2016.3+calibrated", "2016.3+calibrated.2"),
            ("2016.3+calibrated.2", "2016.3+calibrated.3"),
            ("2016.3+calibrated-by-hand", "2016.3+calibrated.2"),
        ] {
            assert_eq!(next_version(version), next);
        }
    }
}
