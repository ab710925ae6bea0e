//! `qingfeng draw`: the key of the random inspections, its commitments, and the proof of a day.

pub mod prove;

use std::path::PathBuf;

use clap::Subcommand;
use qingfeng::rules::Date;
use qingfeng_inspection::draw::Key;

use crate::draw_key::{KeyArgs, write_secret};
use crate::exit::{self, Exit, Failure};
use crate::policy::PolicyArgs;
use crate::record::record;
use crate::table::{Cell, table};
use crate::terminal::{self, Format, clean};

/// The days of one list of commitments at most: ten years.
const DAYS_MAX: i64 = 3_660;

/// Manage the key of random inspections, and prove a day's draw.
///
/// Who is inspected at random follows from a secret key and from nothing that anybody can choose. A commitment published
/// before a day binds the office to its key, its pack, the rates and the capacities; with the key of that day alone, an
/// auditor can make the day's plan again.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, after_help = exit::examples(&[
    "qingfeng draw new-key -o draw.key",
    "qingfeng draw commit --rules rules/clean-wind --key-file draw.key --from 2016-09-01 --until 2016-09-30",
    "qingfeng draw prove plan.csv assessments.parquet --rules rules/clean-wind --day 2016-09-06 --day-key day.key \
     --commitment HEX",
]))]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    NewKey(NewKeyArgs),
    Commit(CommitArgs),
    DayKey(DayKeyArgs),
    Prove(prove::Args),
}

/// Make a random key.
///
/// It is written to a new file that nobody else can read. Keep a copy where it cannot be lost: without it no draw can be
/// repeated or proved. Whoever has it can foresee every draw.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&["qingfeng draw new-key -o draw.key"], &[exit::FILES]))]
struct NewKeyArgs {
    /// Output file. It must not exist.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Print commitments of days, to be published before the days.
///
/// A commitment binds the key of the day, the pack, its rates, and what each site can do on the day: change one of them, and
/// the plan of the day is not the one that was committed to. With --format json each has its terms, besides the key.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng draw commit --rules rules/clean-wind --key-file draw.key --from 2016-09-01 --until 2016-09-30",
], &[exit::FILES, exit::PACK]))]
struct CommitArgs {
    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    policy: PolicyArgs,

    /// First day.
    #[arg(long, value_name = "DAY")]
    from: Date,

    /// Last day. Default: the first.
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Write the key of one day for an auditor.
///
/// It reveals nothing of other days. While the day is not over, whoever has its key can foresee its draw.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng draw day-key --key-file draw.key --day 2016-09-06 -o day.key",
], &[exit::FILES]))]
struct DayKeyArgs {
    #[command(flatten)]
    key: KeyArgs,

    /// Day of inspections.
    #[arg(long, value_name = "DAY")]
    day: Date,

    /// Output file. It must not exist.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::NewKey(args) => new_key(args),
        Command::Commit(args) => commit(args),
        Command::DayKey(args) => day_key(args),
        Command::Prove(args) => prove::run(args),
    }
}

fn new_key(args: &NewKeyArgs) -> Result<Exit, Failure> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::Files(format!("the system gives no random numbers: {error}")))?;
    let key = Key::from_bytes(&random)?;
    write_secret(&args.output, &key.to_secret_hex())?;
    let path = args.output.display().to_string();
    terminal::summary(&format!(
        "A new key is in {}. Whoever has it can foresee every draw; without it none can be proved.\n",
        clean(&path)
    ));
    Ok(Exit::Done)
}

fn commit(args: &CommitArgs) -> Result<Exit, Failure> {
    let until = args.until.unwrap_or(args.from);
    let days = i64::from(until.days()) - i64::from(args.from.days()) + 1;
    if days < 1 {
        let message = format!("--from {} is after --until {until}; exchange them", args.from);
        return Err(Failure::Usage(message));
    }
    if days > DAYS_MAX {
        let message = format!("{days} days are more than the {DAYS_MAX} of one list; give a part of them");
        return Err(Failure::Usage(message));
    }
    let key = args.key.get()?;
    let (opened, policy) = args.policy.open()?;
    let capacity = args.policy.capacity(&policy)?;
    let days = (0..days).filter_map(|after| args.from.plus_days(after));
    let commitments: Vec<_> = days
        .map(|day| {
            let terms = policy.draw_terms(opened.pack_id(), &capacity, day);
            record!({ day: day.to_string(), commitment: key.of_day(day).commitment(&terms), terms: terms })
        })
        .collect();
    let rows = || commitments.iter().map(|of| vec![Cell::new(&of.day), Cell::new(&of.commitment)]);
    args.format.print(&commitments, || table("", &rows().collect::<Vec<_>>()))?;
    Ok(Exit::Done)
}

fn day_key(args: &DayKeyArgs) -> Result<Exit, Failure> {
    let key = args.key.get()?.of_day(args.day);
    write_secret(&args.output, &key.to_secret_hex())?;
    let path = args.output.display().to_string();
    terminal::summary(&format!("The key of {} is in {}.\n", args.day, clean(&path)));
    Ok(Exit::Done)
}
