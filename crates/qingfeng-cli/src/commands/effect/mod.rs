//! `qingfeng effect`: what each rule is worth.

mod human;
mod one;

use std::path::PathBuf;

use clap::ValueEnum;
use qingfeng::read::Input;
use qingfeng::write::TableWriter;
use qingfeng_insight::effect::{
    CAPACITIES, Effect, EffectOptions, FiredLines, RuleEffect, State, Thresholds, effect_rows, effect_schema,
};
use qingfeng_inspection::evidence::{Changed, Evidence};

use crate::args::Format;
use crate::exit::{self, Exit, Failure};
use crate::findings::{Plans, ResultsArgs, history};
use crate::outputs::{check_apart, output};
use crate::words::tell_effect;
use crate::{render, terminal};

/// Show what each rule is worth: what it found, and what it would find if all it fires on were inspected.
///
/// Puts together assessments by declaration, the plans that chose inspections, and their results. Hit rates of what was
/// selected say how good the selection is, not the rule: so each rate stands here twice, as it was seen, and as the
/// surprise inspections say it is, each counted for all those that could have been drawn in its place. What has no coded
/// result, or was waived, counts neither as a finding nor as clear. Changes of a plan by people are read from the file
/// beside it: a dropped inspection without a result is waived.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng effect assessments.parquet --plan plan.csv --outcomes results.csv --rules rules/clean-wind",
    "qingfeng effect assessments.parquet --plan plan-*.csv --outcomes results.csv --rule FO-AF",
    "qingfeng effect history.parquet --full --label Fraud --outcomes train.csv --rules rules/import-fraud \\\n      \
     -o worth.csv",
]))]
pub struct Args {
    /// Assessments by declaration, as `score` writes them: CSV, NDJSON, Parquet or Arrow.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    /// Plans, as `plan` writes them.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "full")]
    plan: Vec<PathBuf>,

    #[command(flatten)]
    results: ResultsArgs,

    /// What plans left out (`plan --left-out`): it tells the chance of strata of which nothing was drawn.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "full")]
    left_out: Vec<PathBuf>,

    /// Assessments by goods line (`score --by item`): a rule has found something only where it fired on the violating
    /// line. Without them, where it fired on the declaration.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    items: Vec<PathBuf>,

    /// The directory of the rule pack: gives titles, rules that never fired, and points per hour.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,

    /// The results are of all declarations, so that no plan is needed: labelled history.
    #[arg(long, conflicts_with = "plan")]
    full: bool,

    /// With --full: the column of the results with 1 for a violation and 0 for none, in files of declarations.
    #[arg(long, value_name = "COLUMN", requires = "full", conflicts_with_all = ["plan", "store", "as_of", "gb18030"])]
    label: Option<String>,

    /// Show everything of one rule.
    #[arg(long, value_name = "ID")]
    rule: Option<String>,

    /// Shares of all declarations at which precision and recall are shown.
    #[arg(long, value_name = "SHARE", value_delimiter = ',', default_values_t = CAPACITIES, value_parser = share)]
    capacity: Vec<f64>,

    /// How often intervals shall hold the truth.
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = level)]
    level: f64,

    /// A rule with fewer results is young.
    #[arg(long, value_name = "N", default_value_t = Thresholds::default().young_results)]
    young_results: u64,

    /// A rule that began to fire less than so many days before the end is young.
    #[arg(long, value_name = "DAYS", default_value_t = Thresholds::default().young_days)]
    young_days: u32,

    /// A rule without a finding in so many results is dead.
    #[arg(long, value_name = "N", default_value_t = Thresholds::default().dead_results)]
    dead_results: u64,

    /// A rule that has not fired for so many days is dead.
    #[arg(long, value_name = "DAYS", default_value_t = Thresholds::default().dead_days)]
    dead_days: u32,

    /// A rule is tired if so great a fall of its hit rate is less likely than this by chance.
    #[arg(long, value_name = "SHARE", default_value_t = Thresholds::default().tired_level, value_parser = level)]
    tired_level: f64,

    /// What the rules are sorted by, the most first: what they are estimated to find, their estimated hit rate, what was
    /// found in an officer's hour, what only they found, or their state.
    #[arg(long, value_name = "COLUMN", default_value = "worth")]
    sort: Sort,

    /// How many rules to show. JSON and tables have all of them.
    #[arg(long, value_name = "N", default_value = "40", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    /// Where to write a table of the rules: .csv, .ndjson, .parquet or .arrow; the first two also with .gz or .zst.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// For whom the worth of rules is written.
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

fn share(text: &str) -> Result<f64, String> {
    let wrong = || "no share; write a number above 0 and at most 1, such as 0.05".to_owned();
    text.parse().ok().filter(|share: &f64| *share > 0.0 && *share <= 1.0).ok_or_else(wrong)
}

fn level(text: &str) -> Result<f64, String> {
    let wrong = || "no share; write a number between 0 and 1, such as 0.95".to_owned();
    text.parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1.0).ok_or_else(wrong)
}

/// What is told besides the effect itself.
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
    let inputs = |paths: &[PathBuf]| -> Vec<Input> { paths.iter().cloned().map(Input::from).collect() };
    let (mut evidence, changed) = if args.full {
        let evidence = history(&args.assessments, args.label.as_deref(), &args.results, pack)?;
        (evidence, Changed::default())
    } else {
        args.results.evidence(&args.assessments, &Plans::read(&args.plan)?, args.results.as_of)?
    };
    evidence.read_left_out(&inputs(&args.left_out))?;
    let lines = match args.items.as_slice() {
        [] => None,
        items => Some(FiredLines::read(&inputs(items), &evidence)?),
    };
    let mut options = EffectOptions {
        level: args.level,
        capacities: args.capacity.clone(),
        lines,
        thresholds: Thresholds {
            young_results: args.young_results,
            young_days: args.young_days,
            dead_results: args.dead_results,
            dead_days: args.dead_days,
            tired_level: args.tired_level,
        },
        partners: if args.rule.is_some() { 15 } else { 5 },
        ..EffectOptions::default()
    };
    if let Some(pack) = pack {
        options = options.with_pack(pack);
    }
    let mut effect = Effect::of(&evidence, &options);
    tell_effect(&mut effect);
    sort(&mut effect.rules, args.sort);
    if let Some(path) = &args.output {
        let mut writer = TableWriter::create(&output(Some(path)), effect_schema())?;
        let rows = effect_rows(&effect).map_err(|error| Failure::Files(error.to_string()))?;
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
        check_apart(&[("--output", path)], &read)?;
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

/// In descending order; of equals the worthiest first.
fn sort(rules: &mut [RuleEffect], by: Sort) {
    let rate = |rule: &RuleEffect| rule.figures.estimate.rate.unwrap_or(-1.0);
    let hour = |rule: &RuleEffect| rule.figures.found_per_hour.unwrap_or(-1.0);
    let order = |state: State| match state {
        State::Dead => 0,
        State::Tired => 1,
        State::Young => 2,
        State::Good => 3,
    };
    match by {
        Sort::Worth => {}
        Sort::Rate => rules.sort_by(|a, b| rate(b).total_cmp(&rate(a))),
        Sort::Hour => rules.sort_by(|a, b| hour(b).total_cmp(&hour(a))),
        Sort::Only => rules.sort_by_key(|rule| std::cmp::Reverse(rule.only.found)),
        Sort::State => rules.sort_by_key(|rule| order(rule.state)),
    }
}
