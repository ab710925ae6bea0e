//! `qingfeng profile`: what each rule costs.

use std::path::PathBuf;

use clap::ValueEnum;
use qingfeng::profile::EvaluatedBy;
use qingfeng::read::ReadOptions;
use qingfeng::rules::Status;
use qingfeng::{Evaluation, Profile, ProfileOptions, RuleProfile};

use crate::args::Format;
use crate::exit::{self, Exit, Failure};
use crate::inputs::InputArgs;
use crate::numbers::{count, grouped};
use crate::passes::PassArgs;
use crate::progress::Bar;
use crate::stores::LookupArgs;
use crate::table::{Cell, table};
use crate::terminal::{self, BOLD, DIM, clean};

/// Show what each rule costs on your own declarations, the dearest first.
///
/// For each rule: how many goods lines its key fits (candidates), on how many of them it is looked at (visits: its
/// witness holds), on how many it fires, and the time that its condition and its points take. A visit takes less time
/// than asking the clock, so each rule is evaluated by itself over all lines that it visits, several times in a row, and
/// the least of these times counts.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng profile declarations.csv --rules rules/clean-wind",
    "qingfeng profile *.parquet --rules rules/clean-wind --sort visits --limit 50",
]))]
pub struct Args {
    #[command(flatten)]
    inputs: InputArgs,

    /// The directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    lookups: LookupArgs,

    /// What the rules are sorted by, the most first.
    #[arg(long, value_name = "COLUMN", default_value = "time")]
    sort: Sort,

    /// How many rules to show; the others are added up. JSON has all of them.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    /// What evaluates the rules.
    #[arg(long, value_name = "ENGINE", default_value = "compiled")]
    engine: EngineKind,

    /// How many threads evaluate. More are sooner done, and disturb each other's times.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,

    /// For whom the profile is written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    #[command(flatten)]
    passes: PassArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EngineKind {
    Compiled,
    Interpreted,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Time,
    Candidates,
    Visits,
    Fires,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let evaluation = match args.engine {
        EngineKind::Compiled => Evaluation::Compiled,
        EngineKind::Interpreted => Evaluation::Interpreted,
    };
    let engine = args.passes.applied(args.lookups.open(&args.rules)?).with_evaluation(evaluation);
    let reader = args.inputs.reader(engine.pack(), ReadOptions::default())?;
    let bar = Bar::new(reader.bytes_total());
    let options = ProfileOptions { threads: args.threads.into() };
    let profile =
        engine.profile(reader, &options, &mut |progress| bar.show(progress.bytes_read, progress.lines));
    bar.end();
    let mut profile = profile?;
    sort(&mut profile.rules, args.sort);
    match args.format {
        Format::Human => terminal::print(&human(&profile, args.limit as usize))?,
        Format::Json => terminal::print_json(&profile)?,
    }
    Ok(Exit::Done)
}

/// The most first; of equals the first of the pack.
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
            out += &format!("  {DIM}{}{DIM:#}\n", clean(&shortened(&rule.title)));
            if let Some(witness) = &rule.witness {
                out += &format!("  {DIM}visited where {}{DIM:#}\n", clean(&shortened(witness)));
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
        out += &format!("{} could not be read; `qingfeng score` shows why.\n", count(*rejected, "line"));
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

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
