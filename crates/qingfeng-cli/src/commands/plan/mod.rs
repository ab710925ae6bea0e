//! `qingfeng plan`: each site's list of inspections, day by day.

mod summary;

use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;

use qingfeng::Pipeline;
use qingfeng::rules::Date;
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::visits::{PlannedVisits, VisitColumns, visit_rows};
use qingfeng_inspection::{
    AssessedDeclaration, Capacity, DeclarationDays, LeftOutColumns, NoOffice, PlanColumns, PlanInputs,
    PlanMarks, PlanSummaries, PlanSummary, Planner, Policy, SortedDeclarations, left_out_rows,
    no_office_rows, plan_rows,
};

use crate::draw_key::{KeyArgs, VARIABLE};
use crate::exit::{self, Exit, Failure};
use crate::findings::ResultsArgs;
use crate::outputs::{Kept, check_apart, output, write_text};
use crate::passes::ThreadArgs;
use crate::policy::PolicyArgs;
use crate::studies::files;
use crate::terminal::{self, Format};

/// The rows that go to a file at a time.
const BATCH_ROWS: usize = 8_192;

/// Plan the inspections of each site.
///
/// Reads assessments by declaration, as `score` writes them, and selects by the pack's `[selection]`: first what must be
/// inspected; then, with room kept for the draw, quotas, exploration and the declarations of highest worth; then the
/// random inspections, drawn by a secret key. Each row has the probability with which its declaration was to be inspected.
/// The same inputs give the same plan, in any order.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng plan assessments.parquet --rules rules/clean-wind --key-file draw.key -o plan.csv",
    "qingfeng plan *.parquet --rules rules/clean-wind --capacity capacity.csv --outcomes outcomes.csv \
     --from 2016-09-05 --until 2016-09-11 --key-file draw.key -o plan.csv --left-out left-out.csv",
    "qingfeng plan *.parquet --rules rules/clean-wind --outcomes outcomes.csv --from 2016-09-01 --until 2016-09-30 \
     --key-file draw.key -o plan.csv --visits visits.csv --visited visited.csv",
], &[exit::finding("with --strict: a declaration that must be inspected, or of the most severe channel, is not in the plan"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Assessments by declaration, as `qingfeng score` writes them. From those of days before the first planned day, and
    /// their outcomes, the plan learns.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    #[command(flatten)]
    policy: PolicyArgs,

    #[command(flatten)]
    results: ResultsArgs,

    /// First day. Default: that of the assessments.
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,

    /// Last day. Default: that of the assessments.
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,

    #[command(flatten)]
    key: KeyArgs,

    /// Output file, a row an inspection: .csv or .ndjson, also with .gz or .zst, .parquet or .arrow. `-`: NDJSON on standard
    /// output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// All assessments that the plan does not have: write them to this file, each with the reason. Those that belong to no
    /// office come last.
    #[arg(long, value_name = "FILE")]
    left_out: Option<PathBuf>,

    /// Visits to enterprises: write those of each month that has a planned day to this file, a row a visit. The pack's
    /// `[selection.visits]` says at which sites and how many. They follow from what was known before the month begins.
    #[arg(long, value_name = "FILE")]
    visits: Option<PathBuf>,

    /// Results of visits to enterprises, as `qingfeng targets` reads them: those visited are not visited again too soon.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "visits")]
    visited: Vec<PathBuf>,

    /// Write a summary as JSON to this file.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Exit with code 1 if anything is found: a declaration that must be inspected, or of the most severe channel, is not in
    /// the plan, on whatever day. Of earlier days those with a result do not count.
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    threads: ThreadArgs,

    /// Output format: of the summary on standard error.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    check_files(args)?;
    Pipeline::from(args.threads.number()).install(|| planned(args))?
}

fn planned(args: &Args) -> Result<Exit, Failure> {
    let (opened, policy) = args.policy.open()?;
    let key = args.key.find()?;
    let what = if policy.draws() { "inspections" } else { "visits" };
    if key.is_none() && (policy.draws() || args.visits.is_some() && policy.draws_visits()) {
        return Err(Failure::Usage(format!(
            "the policy draws random {what}, and there is no key to draw them by; give it with --key-file or in \
             {VARIABLE} (`qingfeng draw new-key` makes one)"
        )));
    }
    let results = args.results.results()?;
    let visited = match &args.visits {
        Some(_) => results.visits(&files(&args.visited), Some(&policy))?,
        None => Vec::new(),
    };
    let capacity = args.policy.capacity(&policy)?;
    let outcomes = results.timeline()?;
    let inputs = files(&args.assessments);
    let declarations = SortedDeclarations::read(&inputs, &opened)?;
    let days = args.from.zip(args.until).or_else(|| {
        let (first, last) = declarations.days()?;
        Some((args.from.unwrap_or(first), args.until.unwrap_or(last)))
    });
    let Some((from, until)) = days else {
        return Err(Failure::Files(
            "the assessments have no declaration with a day; `declared_on` is what score writes of the pack's date field. \
             With --from and --until they are listed as left out"
                .into(),
        ));
    };
    let days = [from, until];

    let mut planner = Planner::new(&policy, &capacity);
    if let Some(outcomes) = &outcomes {
        planner = planner.with_outcomes(outcomes);
    }
    if args.visits.is_some() {
        planner = planner.with_visits(&visited, key.as_ref());
    }
    planner.check(days)?;

    let inputs = PlanInputs::new(days, &declarations, &capacity, outcomes.as_ref())?;
    let made = Made {
        planner,
        policy: &policy,
        capacity: &capacity,
        pack: opened.pack_id(),
        key: key.as_ref(),
        days,
        marks: PlanMarks { pack: declarations.packs().join(" "), inputs: inputs.to_string() },
    };
    let (summary, visits) = made.write(args, &declarations)?;
    if args.visits.is_some() {
        let marks = PlanMarks { inputs: inputs.of_visits(&visited), ..made.marks };
        write_visits(&output(args.visits.as_ref()), &visits, &policy, &marks)?;
    }
    if let Some(path) = &args.summary {
        write_text(path, &terminal::json(&summary)?)?;
    }
    let told = match args.format {
        Format::Human => summary::human(&summary, args.left_out.is_some()),
        Format::Json => terminal::json(&summary)?,
    };
    let missed = [&summary.severest_not_inspected, &summary.mandatory_not_inspected];
    if args.strict && missed.iter().any(|missed| missed.declarations > 0) {
        terminal::note(&told);
        return Ok(Exit::Finding);
    }
    terminal::summary(&told);
    Ok(Exit::Done)
}

/// Refuses outputs that would overwrite each other or an input.
fn check_files(args: &Args) -> Result<(), Failure> {
    let mut outputs: Vec<(&str, &Path)> = vec![("--output", &args.output)];
    outputs.extend(args.left_out.as_deref().map(|path| ("--left-out", path)));
    outputs.extend(args.visits.as_deref().map(|path| ("--visits", path)));
    outputs.extend(args.summary.as_deref().map(|path| ("--summary", path)));
    let mut inputs = args.assessments.clone();
    let others = args.results.outcomes.iter().chain(&args.policy.capacity).chain(&args.key.key_file);
    inputs.extend(others.chain(&args.visited).cloned());
    let kept = Kept { packs: &[&args.policy.rules], store: args.results.store.as_deref() };
    check_apart(&outputs, &inputs, kept)
}

/// What is wrong with rows that do not fit their table.
fn unfit(output: &Output) -> impl Fn(ArrowError) -> WriteError + use<> {
    let output = output.to_string();
    move |source| WriteError::Table { output: output.clone(), source }
}

/// Writes the visits.
fn write_visits(
    target: &Output,
    visits: &[PlannedVisits],
    policy: &Policy,
    marks: &PlanMarks,
) -> Result<(), Failure> {
    let mut rows = TableWriter::create(target, VisitColumns::TABLE.schema())?;
    for planned in visits.iter().filter(|planned| !planned.visits.is_empty()) {
        rows.write(&visit_rows(planned, policy, marks).map_err(unfit(target))?)?;
    }
    rows.finish()?;
    Ok(())
}

/// A plan as it is made and written.
struct Made<'m> {
    planner: Planner<'m>,
    policy: &'m Policy,
    capacity: &'m Capacity,
    pack: &'m str,
    key: Option<&'m Key>,
    days: [Date; 2],
    marks: PlanMarks,
}

impl Made<'_> {
    /// The commitment of a day's key.
    fn commitment(&self, day: Date) -> Option<String> {
        let terms = self.policy.draw_terms(self.pack, self.capacity, day);
        self.key.map(|key| key.of_day(day).commitment(&terms))
    }

    /// Plans day by day and writes the plan, and what it left out. What belongs to no office stands after all days, so it
    /// is found once more.
    fn write(
        &self,
        args: &Args,
        declarations: &SortedDeclarations,
    ) -> Result<(PlanSummary, Vec<PlannedVisits>), Failure> {
        let Self { policy, marks, key, days, .. } = self;
        let target = output(Some(&args.output));
        let mut rows = TableWriter::create(&target, PlanColumns::TABLE.schema())?;
        let left_out_target = output(args.left_out.as_ref());
        let mut left_out = match &args.left_out {
            Some(_) => Some(TableWriter::create(&left_out_target, LeftOutColumns::TABLE.schema())?),
            None => None,
        };
        let mut summaries = PlanSummaries::new(policy, *days, key.is_some());
        let day_key = |day| key.map(|key| key.of_day(day));
        let (outcomes, visits) = self.planner.plan_by_day(declarations, *days, &day_key, |of_day| {
            let all = of_day.declarations;
            for planned in &of_day.offices {
                if !planned.selected.is_empty() {
                    let commitment = self.commitment(planned.day);
                    let batch = plan_rows(planned, policy, all, commitment.as_deref(), marks);
                    rows.write(&batch.map_err(unfit(&target))?)?;
                }
                if let Some(left_out) = left_out.as_mut().filter(|_| !planned.left_out.is_empty()) {
                    let batch = left_out_rows(planned, policy, all, marks);
                    left_out.write(&batch.map_err(unfit(&left_out_target))?)?;
                }
            }
            summaries.add(&of_day);
            Ok::<(), Failure>(())
        })?;
        rows.finish()?;
        if let Some(mut left_out) = left_out {
            let mut held: (Vec<NoOffice>, Vec<AssessedDeclaration>) = (Vec::new(), Vec::new());
            let mut write = |(of, all): &mut (Vec<NoOffice>, Vec<AssessedDeclaration>)| {
                let batch = no_office_rows(of, policy, all, marks);
                left_out.write(&batch.map_err(unfit(&left_out_target))?)?;
                of.clear();
                all.clear();
                Ok::<(), Failure>(())
            };
            declarations.each_day(|day, of_day| {
                for of in self.planner.no_office(*days, day, of_day) {
                    held.0.push(NoOffice { candidate: held.1.len(), ..of });
                    held.1.push(of_day[of.candidate].clone());
                    if held.0.len() == BATCH_ROWS {
                        write(&mut held)?;
                    }
                }
                Ok::<(), Failure>(())
            })?;
            if !held.0.is_empty() {
                write(&mut held)?;
            }
            left_out.finish()?;
        }
        Ok((summaries.finish(declarations.read_count(), outcomes, &visits), visits))
    }
}
