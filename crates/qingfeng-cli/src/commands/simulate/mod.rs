//! `qingfeng simulate`: days of synthetic trade with exporters who adapt, and what a way of selecting is worth.

mod human;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use clap::ValueEnum;
use qingfeng::read::Input;
use qingfeng::rules::Date;
use qingfeng::rules::selection::Millionths;
use qingfeng_inspection::{Capacity, Policy};
use qingfeng_lab::{
    Adversaries, Arm, Inspections, MAX_ARMS, MAX_LINES_PER_DAY, Offices, SimulateError, SimulateOptions,
    Simulation,
};

use crate::exit::{self, Exit, Failure};
use crate::inputs::is_standard;
use crate::outputs::{Kept, check_apart};
use crate::passes::ThreadArgs;
use crate::progress::Bar;
use crate::stores::PackArgs;
use crate::terminal::Format;

/// Simulate trade that adapts, to compare ways of selecting inspections.
///
/// Runs the whole cycle day by day on synthetic trade of 2016 with planted violations: assessments by the pack, plans by its
/// policy, inspections, learning from results. Exporters who violate adapt: those who were found, or heard of it, change
/// the port, the trade mode, the spelling of the brand, split the consignment or use another name. All arms see the same
/// trade; each is compared with the first. The same seed gives the same figures on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng simulate --rules rules/clean-wind",
    "qingfeng simulate --rules rules/clean-wind --days 366 --seeds 5 --arms random-10,random-0,random-10+calibrate",
    "qingfeng simulate --rules rules/clean-wind --arms random-10+steady,random-0+steady --format json",
    "qingfeng simulate --rules rules/clean-wind --other proposal",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    pack: PackArgs,

    /// Directory of another rule pack, to hold against the first on the same trade: arms with the part `other` are run by it.
    #[arg(long, value_name = "DIR")]
    other: Option<PathBuf>,

    /// First day.
    #[arg(long, value_name = "DAY", default_value = "2016-01-01")]
    from: Date,

    /// Number of days. All must be of 2016.
    #[arg(long, value_name = "N", default_value_t = 91, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,

    /// Mean number of goods lines per day. 1,000 are about 380 declarations.
    #[arg(long, value_name = "N", default_value_t = 1_000,
          value_parser = clap::value_parser!(u64).range(1..=MAX_LINES_PER_DAY))]
    lines_per_day: u64,

    /// Number of inspections per day of all offices, divided among them in proportion to the pack's capacities. Default: one
    /// per 50 goods lines, about one declaration in twenty.
    #[arg(long, value_name = "N", conflicts_with = "capacity")]
    inspections: Option<u32>,

    /// Capacity of each site by day, as for `plan`.
    #[arg(long, value_name = "FILE")]
    capacity: Option<PathBuf>,

    /// Which sites share an office. An office draws whole declarations: many small ones draw more than their share.
    #[arg(long, value_name = "WHICH", default_value = "one")]
    offices: OfficesOf,

    /// Arms to compare, the first with all others. Parts, joined by `+`: random-N (N percent of inspections drawn),
    /// random-pack (the pack's rates), explore (capacity for young rules), calibrate (points fitted each month), steady
    /// (no exporter adapts), score (targeted by score alone), other (the pack of --other). Default: random-10, and what differs
    /// from it in one thing; with --other: random-10 and random-10+other.
    #[arg(long, value_name = "ARM,...", value_delimiter = ',')]
    arms: Vec<Arm>,

    /// Percentage of violating exporters who adapt at all.
    #[arg(long, value_name = "PERCENT", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=100))]
    adapting: u32,

    /// Percentage of findings at others of the same trade and method that make an exporter change.
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100))]
    alert: u32,

    /// Seed of random numbers, of the first world.
    #[arg(long, value_name = "SEED", default_value_t = 2016)]
    seed: u64,

    /// Number of worlds, each with its own trade, exporters and draws. Intervals are over them.
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u32,

    #[command(flatten)]
    threads: ThreadArgs,

    /// Output file with the counts of each arm, world and month: .csv or .ndjson, also with .gz or .zst, .parquet or .arrow.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// [`Offices`] on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OfficesOf {
    /// All are one.
    One,
    /// Those of a kind are one: all markets, all ports.
    Kinds,
    /// Each site is its own.
    Sites,
}

/// The least time between two pictures of the bar.
const PICTURES_MILLIS: u128 = 100;

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let outputs: Vec<(&str, &Path)> =
        args.output.as_deref().map(|path| ("--output", path)).into_iter().collect();
    if args.output.as_deref().is_some_and(is_standard) {
        let message = "the figures go to standard output; give --output a file for the table";
        return Err(Failure::Usage(message.to_owned()));
    }
    let packs: Vec<&Path> =
        std::iter::once(&args.pack.rules).chain(&args.other).map(PathBuf::as_path).collect();
    let kept = Kept { packs: &packs, store: args.pack.lookups.name() };
    check_apart(&outputs, &args.capacity.iter().cloned().collect::<Vec<_>>(), kept)?;
    let engine = args.pack.open()?;
    let inspections = match &args.capacity {
        Some(path) => {
            let policy = Policy::of(engine.pack()).ok_or_else(|| failure(SimulateError::NoPolicy))?;
            let capacity = Capacity::read(&Input::from(path.clone()), &policy);
            Inspections::Table(capacity?)
        }
        None => Inspections::PerDay(args.inspections.unwrap_or((args.lines_per_day / 50).max(1) as u32)),
    };
    let percent = |percent: u32| Millionths(percent.saturating_mul(10_000));
    let options = SimulateOptions {
        seed: args.seed,
        seeds: args.seeds,
        from: args.from,
        until: args.from.plus_days(i64::from(args.days) - 1).unwrap_or(Date::MAX),
        lines_per_day: args.lines_per_day,
        inspections,
        offices: match args.offices {
            OfficesOf::One => Offices::One,
            OfficesOf::Kinds => Offices::Kinds,
            OfficesOf::Sites => Offices::Sites,
        },
        adversaries: Adversaries { share: percent(args.adapting), speed: percent(args.alert) },
        arms: match (args.arms.as_slice(), &args.other) {
            ([], None) => Arm::usual(),
            ([], Some(_)) => {
                let first = Arm { random: Some(percent(10)), ..Arm::default() };
                vec![first, Arm { other: true, ..first }]
            }
            (arms, _) => arms.iter().take(MAX_ARMS + 1).copied().collect(),
        },
        threads: args.threads.number(),
    };
    let mut simulation = Simulation::new(&engine, options).map_err(failure)?;
    if let Some(other) = &args.other {
        simulation = simulation.with_other(&args.pack.lookups.open(other)?).map_err(failure)?;
    }
    let table = args.output.as_ref().map(rows::Table::create).transpose()?;
    let bar = Mutex::new((Bar::new(Some(1)), Instant::now()));
    let simulated = simulation.run(&|done, total| {
        let Ok(mut bar) = bar.lock() else { return };
        if done == total || bar.1.elapsed().as_millis() >= PICTURES_MILLIS {
            bar.0.tell(
                done,
                total,
                format!("{} of {} days", crate::numbers::grouped(done), crate::numbers::grouped(total)),
            );
            bar.1 = Instant::now();
        }
    });
    if let Ok((bar, _)) = bar.into_inner() {
        bar.end();
    }
    let simulated = simulated.map_err(failure)?;
    if let Some(table) = table {
        table.write(&simulated)?;
    }
    args.format.print(&simulated, || human::human(&simulated))?;
    Ok(Exit::Done)
}

fn failure(error: SimulateError) -> Failure {
    let message = match &error {
        SimulateError::Days => {
            "--from and --days must lie within 2016, the year of the made-up trade".to_owned()
        }
        error => error.to_string(),
    };
    match error {
        SimulateError::Table(_) | SimulateError::Threads(_) => Failure::Files(message),
        _ => Failure::Usage(message),
    }
}
