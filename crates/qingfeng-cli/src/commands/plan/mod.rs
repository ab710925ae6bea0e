//! `qingfeng plan`: each site's list of inspections, day by day.

mod report;

use std::path::{Path, PathBuf};

use qingfeng::read::Input;
use qingfeng::rules::Date;
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::{
    Candidates, Capacity, Outcomes, Plan, PlanMarks, PlanSummary, Planner, Policy, inputs_digest,
    left_out_rows, left_out_schema, plan_rows, plan_schema,
};

use crate::args::Format;
use crate::draw_key::{KeyArgs, VARIABLE};
use crate::exit::{self, Exit, Failure};
use crate::outputs::{check_apart, output, write_text};
use crate::{render, terminal};

/// Make each site's list of inspections for a day, or for many.
///
/// Reads assessments by declaration, as `score` writes them, and selects by the pack's `[selection]`: first what must be
/// inspected; then, with room kept for the draw, quotas, what there is to learn and the worthiest; then the surprise
/// inspections, drawn by a secret key. Every row has the probability with which its declaration was to be inspected.
/// The same inputs give the same plan, in whatever order they come.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng plan assessments.parquet --rules rules/clean-wind --key-file draw.key -o plan.csv",
    "qingfeng plan *.parquet --rules rules/clean-wind --capacity capacity.csv --outcomes outcomes.csv \\\n      \
     --from 2016-09-05 --until 2016-09-11 --key-file draw.key -o plan.csv --left-out left-out.csv",
]))]
pub struct Args {
    /// Assessments by declaration: CSV, NDJSON, Parquet or Arrow. Those of days before the first planned day are what
    /// outcomes are learnt from.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    /// The directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    /// What each site can inspect on each day: columns site, day (or from and until), weekdays, inspections or hours.
    /// Without it, the pack says it.
    #[arg(long, value_name = "FILE")]
    capacity: Option<PathBuf>,

    /// What earlier inspections showed, a row a line: columns declaration_id, found_on, result. May be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    outcomes: Vec<PathBuf>,

    /// The first day to plan; without it, the first day of the assessments.
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,

    /// The last day to plan; without it, the last day of the assessments.
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,

    #[command(flatten)]
    key: KeyArgs,

    /// Where to write the plan, one row an inspection: .csv, .ndjson, .parquet or .arrow; the first two also with .gz or
    /// .zst. `-` is standard output, as NDJSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Where to write what was left out, and why, in the same formats.
    #[arg(long, value_name = "FILE")]
    left_out: Option<PathBuf>,

    /// Where to write the summary of each office and day as JSON.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// End with exit code 1 if a declaration that must be inspected is left out.
    #[arg(long)]
    strict: bool,

    /// How many threads plan; without it, one for each processor. The plan is the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// For whom the summary at the end is written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    check_files(args)?;
    let engine = render::open_policy(&args.rules)?;
    let pack = engine.pack();
    let Some(policy) = Policy::of(pack) else {
        return Err(Failure::Usage(format!(
            "{}/pack.toml has no [selection], which says who is inspected; see `qingfeng reference selection`",
            args.rules.display()
        )));
    };
    let key = args.key.find()?;
    if key.is_none() && policy.draws() {
        return Err(Failure::Usage(format!(
            "the policy draws surprise inspections, and there is no key to draw them by; give it with --key-file or in \
             {VARIABLE} (`qingfeng draw new-key` makes one)"
        )));
    }
    let files = |error: &dyn std::fmt::Display| Failure::Files(error.to_string());
    let capacity = match &args.capacity {
        Some(path) => Capacity::read(&Input::from(path.clone()), &policy).map_err(|error| files(&error))?,
        None => Capacity::of_policy(&policy),
    };
    let outcomes = match args.outcomes.as_slice() {
        [] => None,
        paths => {
            let inputs: Vec<Input> = paths.iter().cloned().map(Input::from).collect();
            Some(Outcomes::read(&inputs).map_err(|error| files(&error))?)
        }
    };
    let inputs: Vec<Input> = args.assessments.iter().cloned().map(Input::from).collect();
    let candidates = Candidates::read(&inputs, &engine)?;
    let (Some(first), Some(last)) = (candidates.all.first(), candidates.all.last()) else {
        return Err(Failure::Files(
            "the assessments have no declaration with a day; `declared_on` is what score writes of the pack's date field"
                .into(),
        ));
    };
    let days = [args.from.unwrap_or(first.day), args.until.unwrap_or(last.day)];

    let mut planner = Planner::new(&policy, &capacity);
    if let Some(outcomes) = &outcomes {
        planner = planner.with_outcomes(outcomes);
    }
    let day_key = |day| key.as_ref().map(|key| key.of_day(day));
    let plan = planner
        .with_threads(args.threads.map(Into::into))
        .plan(&candidates, days[0], days[1], &day_key)
        .map_err(|error| Failure::Usage(error.to_string()))?;

    let marks =
        PlanMarks { pack: candidates.packs.join(" "), inputs: inputs_digest(&capacity, outcomes.as_ref()) };
    write(args, &plan, &policy, &candidates, key.as_ref(), &marks)?;
    let summary = PlanSummary::new(&plan, &candidates, &policy, days, key.is_some());
    if let Some(path) = &args.summary {
        write_text(path, &terminal::json(&summary)?)?;
    }
    terminal::note(&match args.format {
        Format::Human => report::human(&summary, args.left_out.is_some()),
        Format::Json => terminal::json(&summary)?,
    });
    let missed = summary.total.mandatory_missed > 0;
    Ok(if args.strict && missed { Exit::Finding } else { Exit::Done })
}

/// Refuses outputs that would overwrite each other or an input.
fn check_files(args: &Args) -> Result<(), Failure> {
    let mut outputs: Vec<(&str, &Path)> = vec![("--output", &args.output)];
    outputs.extend(args.left_out.as_deref().map(|path| ("--left-out", path)));
    outputs.extend(args.summary.as_deref().map(|path| ("--summary", path)));
    let mut inputs = args.assessments.clone();
    inputs.extend(args.outcomes.iter().chain(&args.capacity).chain(&args.key.key_file).cloned());
    check_apart(&outputs, &inputs)
}

/// Writes the plan, and what it left out.
fn write(
    args: &Args,
    plan: &Plan,
    policy: &Policy,
    candidates: &Candidates,
    key: Option<&Key>,
    marks: &PlanMarks,
) -> Result<(), Failure> {
    let fits = |output: &Output| {
        let output = output.to_string();
        move |source| WriteError::Table { output: output.clone(), source }
    };
    let target = output(Some(&args.output));
    let mut rows = TableWriter::create(&target, plan_schema())?;
    let left_out_target = output(args.left_out.as_ref());
    let mut left_out = match &args.left_out {
        Some(_) => Some(TableWriter::create(&left_out_target, left_out_schema())?),
        None => None,
    };
    for planned in &plan.days {
        if !planned.selected.is_empty() {
            let commitment = key.map(|key| key.of_day(planned.day).commitment());
            let batch = plan_rows(planned, policy, &candidates.all, commitment.as_deref(), marks);
            rows.write(&batch.map_err(fits(&target))?)?;
        }
        if let Some(left_out) = left_out.as_mut().filter(|_| !planned.left_out.is_empty()) {
            let batch = left_out_rows(planned, policy, &candidates.all, marks);
            left_out.write(&batch.map_err(fits(&left_out_target))?)?;
        }
    }
    rows.finish()?;
    left_out.map_or(Ok(()), TableWriter::finish)?;
    Ok(())
}
