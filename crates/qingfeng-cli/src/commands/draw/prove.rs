//! `qingfeng draw prove`: a day's draw repeated.

use std::path::PathBuf;

use qingfeng::rules::Date;
use qingfeng_inspection::proof::{Proof, ProofOf};
use qingfeng_inspection::{Candidates, PlanFile};

use crate::draw_key::{KeyArgs, day_key};
use crate::exit::{self, Exit, Failure};
use crate::inputs::ReadArgs;
use crate::numbers::{count, grouped, more};
use crate::policy::PolicyArgs;
use crate::record::record;
use crate::table::{Cell, table};
use crate::terminal::{ERROR, Format, GOOD, clean, styled};

/// The differences that are shown of an office.
const SHOWN: usize = 100;

/// Repeat the draw of a day, and compare it with the plan.
///
/// From the assessments, the mandatory and targeted inspections of the plan, the rates of the pack, the capacities and
/// the key it computes who was to be drawn, and how likely each was. Every difference is named.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng draw prove plan.csv assessments.parquet --rules rules/clean-wind --day 2016-09-06 --day-key day.key",
    "qingfeng draw prove plan.csv assessments.parquet --rules rules/clean-wind --day 2016-09-06 --key-file draw.key \
     --office yiwu",
], &[exit::finding("the plan is not what the draw gives"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Plan, as `qingfeng plan` wrote it.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Assessments by declaration, as `qingfeng score` writes them: those from which the plan was made.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Day of inspections.
    #[arg(long, value_name = "DAY")]
    day: Date,

    /// Site of inspections. Default: all.
    #[arg(long, value_name = "SITE")]
    office: Option<String>,

    #[command(flatten)]
    key: KeyArgs,

    /// File with the key of the day alone, made by `qingfeng draw day-key`.
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    day_key: Option<PathBuf>,

    /// Commitment that was published before the day, 64 hex digits.
    #[arg(long, value_name = "HEX")]
    commitment: Option<String>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(commitment) = &args.commitment
        && (commitment.trim().len() != 64
            || !commitment.trim().bytes().all(|digit| digit.is_ascii_hexdigit()))
    {
        let message = "--commitment must be 64 hex digits, as `qingfeng draw commit` prints them";
        return Err(Failure::Usage(message.to_owned()));
    }
    let key = match &args.day_key {
        Some(path) => day_key(path, args.day)?,
        None => args.key.get()?.of_day(args.day),
    };
    let (opened, policy) = args.policy.open()?;
    if let Some(office) = &args.office
        && !policy.offices().contains(office.as_str())
    {
        let known: Vec<&str> = policy.offices().into_iter().collect();
        let message =
            format!("--office: no site that inspects is called `{office}`; there are {}", known.join(", "));
        return Err(Failure::Usage(message));
    }
    let capacity = args.policy.capacity(&policy)?;
    let plan = PlanFile::read(&args.plan)?;
    let candidates = Candidates::read(&ReadArgs::inputs(&args.assessments), &opened)?;
    let of = ProofOf { policy: &policy, capacity: &capacity, candidates: &candidates, plan: &plan };
    let proof = of.prove(&key, args.office.as_deref(), args.commitment.as_deref());
    let report = record!({
        day: proof.day,
        proved: proof.is_proved(),
        commitment: &proof.commitment,
        differences: &proof.differences,
        offices: &proof.offices,
    });
    args.format.print(&report, || human(&proof))?;
    Ok(if proof.is_proved() { Exit::Done } else { Exit::Finding })
}

fn human(proof: &Proof) -> String {
    let mut out = format!("{}, commitment {}\n", proof.day, proof.commitment);
    let mut rows = Vec::new();
    for of in &proof.offices {
        let verdict = if of.differences.is_empty() && of.drawn.is_some() {
            Cell::new("as drawn").style(GOOD)
        } else if of.differences.is_empty() {
            Cell::new("not compared").style(ERROR)
        } else {
            Cell::new(count(of.differences.len() as u64, "difference")).style(ERROR)
        };
        let number = |number: u64, what: &str| Cell::new(format!("{} {what}", grouped(number))).right();
        rows.push(vec![
            Cell::new(&of.office),
            number(of.declarations, "declarations"),
            number(of.mandatory, "mandatory"),
            number(of.targeted, "targeted"),
            number(of.random, "random"),
            verdict,
        ]);
    }
    out += &table("  ", &rows);
    let mut tell = |at: &str, differences: &[String]| {
        for difference in differences.iter().take(SHOWN) {
            out += &format!("{}{}\n", clean(at), clean(difference));
        }
        out += &more(&clean(at), differences.len() as u64, SHOWN, "; --format json has all");
    };
    tell("", &proof.differences);
    for of in &proof.offices {
        tell(&format!("{}: ", of.office), &of.differences);
    }
    let total: u64 = proof.offices.iter().map(|of| of.random).sum();
    out += &match proof.is_proved() {
        true => format!(
            "{}: {} of {} drawn as the key says\n",
            styled(GOOD, "PROVED"),
            count(total, "declaration"),
            count(proof.offices.len() as u64, "office")
        ),
        false => format!("{}: the plan is not what the draw gives\n", styled(ERROR, "REFUSED")),
    };
    out
}
