//! `qingfeng profile`: what each rule costs.

use clap::ValueEnum;
use qingfeng::Pipeline;
use qingfeng::read::ReadOptions;
use qingfeng::rules::Status;
use qingfeng::tools::profile::{EvaluatedBy, Profile, RuleProfile};

use crate::exit::{self, Exit, Failure};
use crate::inputs::InputArgs;
use crate::numbers::{count, grouped};
use crate::passes::EngineArgs;
use crate::progress::Bar;
use crate::stores::PackArgs;
use crate::table::{Cell, table};
use crate::terminal::{BOLD, DIM, Format, clean, shortened};

/// Measure the cost of each rule on your declarations.
///
/// For each rule: how many goods lines its key fits (candidates), on how many of them it is evaluated (visits: its witness
/// holds), on how many it fires, and the time of its condition and points. A visit takes less time than reading the
/// clock, so each rule is evaluated by itself over all lines that it visits, several times, and the least time counts.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng profile declarations.csv --rules rules/clean-wind",
    "qingfeng profile *.parquet --rules rules/clean-wind --sort visits --limit 50",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    inputs: InputArgs,

    #[command(flatten)]
    pack: PackArgs,

    /// Sort by this column, descending.
    #[arg(long, value_name = "COLUMN", default_value = "time")]
    sort: Sort,

    /// Maximum number of rows to show. The other rules are added up; JSON has all of them.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    #[command(flatten)]
    engine: EngineArgs,

    /// Number of threads. More than one disturb each other's times.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Time,
    Candidates,
    Visits,
    Fires,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let engine = args.engine.applied(args.pack.open()?);
    let reader = args.inputs.reader(engine.pack(), ReadOptions::default())?;
    let pipeline = Pipeline::new().threads(args.threads.into());
    let mut profile =
        Bar::during(reader.bytes_total(), |progress| engine.profile(reader, &pipeline, progress))?;
    sort(&mut profile.rules, args.sort);
    args.format.print(&profile, || human(&profile, args.limit as usize))?;
    Ok(Exit::Done)
}

/// Descending; of equals the first of the pack.
fn sort(rules: &mut [RuleProfile], by: Sort) {
    rules.sort_by(|a, b| match by {
        Sort::Time => b.seconds().total_cmp(&a.seconds()),
        Sort::Candidates => b.candidates.cmp(&a.candidates),
        Sort::Visits => b.visits.cmp(&a.visits),
        Sort::Fires => b.fired.cmp(&a.fired),
    });
}

/// Letters of a witness and of a title that are shown.
const LETTERS_MAX: usize = 100;

fn human(profile: &Profile, limit: usize) -> String {
    let heading = |text: &str| Cell::new(text).style(DIM).right();
    let with_reasons = profile.rules.iter().any(|rule| rule.reason_seconds > 0.0);
    let with_faults = profile.rules.iter().any(|rule| rule.faults > 0);
    let mut first = vec![Cell::new("rule").style(DIM)];
    first.extend(["time", "share", "a visit"].map(heading));
    first.extend(with_reasons.then(|| heading("reasons")));
    first.extend(["candidates", "visits", "fires"].map(heading));
    first.extend(with_faults.then(|| heading("faults")));
    first.push(Cell::new("evaluated").style(DIM));
    let mut rows = vec![first];
    let row = |name: Cell, rules: &[RuleProfile], how: String| {
        let sum = |of: fn(&RuleProfile) -> u64| rules.iter().map(of).sum::<u64>();
        let time: f64 = rules.iter().map(RuleProfile::seconds).sum();
        let condition: f64 = rules.iter().map(|rule| rule.condition_seconds).sum();
        let reasons: f64 = rules.iter().map(|rule| rule.reason_seconds).sum();
        let visits = sum(|rule| rule.visits);
        let share = if profile.rules_seconds > 0.0 { time / profile.rules_seconds } else { 0.0 };
        let a_visit =
            if visits > 0 && condition > 0.0 { duration(condition / visits as f64) } else { "–".into() };
        let number = |number: u64| Cell::new(if number == 0 { "–".into() } else { grouped(number) }).right();
        let mut row = vec![
            name,
            Cell::new(duration(time)).right(),
            Cell::new(format!("{:.1} %", share * 100.0)).right(),
        ];
        row.push(Cell::new(a_visit).right());
        row.extend(with_reasons.then(|| Cell::new(duration(reasons)).right()));
        row.extend([number(sum(|rule| rule.candidates)), number(visits), number(sum(|rule| rule.fired))]);
        row.extend(with_faults.then(|| number(sum(|rule| rule.faults))));
        row.push(Cell::new(how));
        row
    };
    let (shown, others) = profile.rules.split_at(limit.min(profile.rules.len()));
    for rule in shown {
        rows.push(row(Cell::new(&rule.rule).style(BOLD), std::slice::from_ref(rule), how(rule)));
    }
    if !others.is_empty() {
        rows.push(row(Cell::new(count(others.len() as u64, "other rule")), others, String::new()));
    }
    rows.push(row(
        Cell::new(format!("all {}", grouped(profile.rules.len() as u64))),
        &profile.rules,
        String::new(),
    ));
    let mut out = String::new();
    let drawn = table("", &rows);
    for (at, line) in drawn.lines().enumerate() {
        out += line;
        out.push('\n');
        if let Some(rule) = at.checked_sub(1).and_then(|at| shown.get(at)) {
            out += &format!("  {DIM}{}{DIM:#}\n", clean(&shortened(&rule.title, LETTERS_MAX)));
            if let Some(witness) = &rule.witness {
                out += &format!("  {DIM}visited where {}{DIM:#}\n", clean(&shortened(witness, LETTERS_MAX)));
            }
        }
    }
    out.push('\n');
    out += &totals(profile);
    out
}

fn how(rule: &RuleProfile) -> String {
    let how = match rule.evaluated_by {
        EvaluatedBy::Always => "always holds",
        EvaluatedBy::Compiled if rule.witness.is_none() => "compiled, on each candidate",
        EvaluatedBy::Compiled => "compiled",
        EvaluatedBy::Residual => "by the interpreter",
        EvaluatedBy::Interpreter => "interpreted",
    };
    if rule.status == Status::Shadow { format!("{how}; shadow") } else { how.to_owned() }
}

fn totals(profile: &Profile) -> String {
    let Profile { lines, rejected, rules_seconds, evaluation_seconds, reasons_seconds, seconds, .. } =
        profile;
    let mut out = format!(
        "{BOLD}{}{BOLD:#}, evaluated in {} as `score` does it",
        count(*lines, "line"),
        duration(*evaluation_seconds)
    );
    if *lines > 0 {
        out += &format!(" ({} a line)", duration(evaluation_seconds / *lines as f64));
    }
    out += &format!(
        ":\nfinding the rules to visit, and visiting them. The rules one by one take {}.\n",
        duration(*rules_seconds)
    );
    if *reasons_seconds > 0.0 {
        out += &format!("`--reasons` would take {} more.\n", duration(*reasons_seconds));
    }
    if *rejected > 0 {
        out +=
            &format!("{} could not be read whole; `qingfeng score` shows why.\n", count(*rejected, "line"));
    }
    out += &format!(
        "{DIM}time: of condition and points on all visits, each rule by itself: the least of a few rounds over the\n\
         lines of a batch. What rules share is counted with each of them.\n\
         Profiling took {seconds:.1} s on {}.{DIM:#}\n",
        count(profile.threads as u64, "thread")
    );
    out
}

/// A time with its unit, in three digits or so.
fn duration(seconds: f64) -> String {
    let (number, unit) = match seconds {
        seconds if seconds >= 1.0 => (seconds, "s"),
        seconds if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        seconds if seconds >= 1e-6 => (seconds * 1e6, "µs"),
        seconds => (seconds * 1e9, "ns"),
    };
    match number {
        0.0 => "–".to_owned(),
        number if number < 10.0 => format!("{number:.2} {unit}"),
        number if number < 100.0 => format!("{number:.1} {unit}"),
        number => format!("{number:.0} {unit}"),
    }
}
