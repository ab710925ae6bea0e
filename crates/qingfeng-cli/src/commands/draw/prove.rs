//! `qingfeng draw prove`: a day of a plan made again.

use std::path::PathBuf;

use qingfeng::OpenedPack;
use qingfeng::read::Input;
use qingfeng::rules::Date;
use qingfeng_inspection::draw::{DayKey, Key};
use qingfeng_inspection::proof::{Proof, ProofOf, ProofVerdict};
use qingfeng_inspection::{Candidates, Capacity, PlanFile, Policy};
use serde::Serialize;

use crate::draw_key::{KeyArgs, day_key};
use crate::exit::{self, Exit, Failure};
use crate::findings::ResultsArgs;
use crate::numbers::{count, grouped, more};
use crate::policy::PolicyArgs;
use crate::record::record;
use crate::studies::{Results, StudyError, files};
use crate::table::{Cell, table};
use crate::terminal::{DIM, ERROR, Format, GOOD, WARNING, clean, styled};

/// The differences that are shown of an office.
const SHOWN: usize = 100;

/// Make the plan of a day again, and compare it with the plan.
///
/// From the assessments, the pack, the capacities, the outcomes and the key it computes who is mandatory, targeted and drawn,
/// and every cell of every row. Every difference is named, and so is what could not be checked. It ends with PROVED only if
/// nothing differs, all could be checked, and a commitment published before the day is given. Visits to enterprises are of
/// months, and no part of what is proved: `plan --visits` makes them again.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng draw prove plan.csv assessments.parquet --rules rules/clean-wind --day 2016-09-06 --day-key day.key \
     --commitment HEX",
    "qingfeng draw prove plan.csv *.parquet --rules rules/clean-wind --capacity capacity.csv --outcomes outcomes.csv \
     --day 2016-09-06 --key-file draw.key --office yiwu",
], &[exit::finding("the plan is not the one that follows (REFUSED), or not all of it could be proved (CONSISTENT, NOT PROVED)"),
     exit::FILES, exit::PACK]))]
pub struct Args {
    /// Plan, as `qingfeng plan` wrote it.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Assessments by declaration, as `qingfeng score` writes them: all those from which the plan was made.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    assessments: Vec<PathBuf>,

    #[command(flatten)]
    policy: PolicyArgs,

    #[command(flatten)]
    results: ResultsArgs,

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
    check_commitment(args.commitment.as_deref())?;
    let (key, all_days) = match &args.day_key {
        Some(path) => (day_key(path, args.day)?, None),
        None => {
            let key = args.key.get()?;
            (key.of_day(args.day), Some(key))
        }
    };
    let (opened, policy) = args.policy.open()?;
    let capacity = args.policy.capacity(&policy)?;
    let given = ProofGiven {
        assessments: files(&args.assessments),
        plan: args.plan.clone(),
        capacity,
        results: args.results.results()?,
        key,
        all_days,
        office: args.office.clone(),
        commitment: args.commitment.clone(),
    };
    let proven = proven(&opened, &policy, given)?;
    args.format.print(&proven.answer(), || proven.human())?;
    Ok(if proven.is_proved() { Exit::Done } else { Exit::Finding })
}

/// What is proved, and by what.
pub struct ProofGiven {
    /// All assessments from which the plan was made.
    pub assessments: Vec<Input>,
    /// The plan.
    pub plan: PathBuf,
    /// What each site can do.
    pub capacity: Capacity,
    /// What was found before.
    pub results: Results,
    /// The key of the day.
    pub key: DayKey,
    /// The key of all days, if it is known.
    pub all_days: Option<Key>,
    /// The only site, if not all are proved.
    pub office: Option<String>,
    /// What was published before the day.
    pub commitment: Option<String>,
}

/// What became of a proof.
pub struct Proven {
    proof: Proof,
    has_visits: bool,
}

fn check_commitment(commitment: Option<&str>) -> Result<(), StudyError> {
    match commitment.map(str::trim) {
        Some(digits) if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            let message = "it must be 64 hex digits, as `qingfeng draw commit` prints them".to_owned();
            Err(StudyError::Option("commitment", message))
        }
        _ => Ok(()),
    }
}

/// Makes the plan of a day again.
pub fn proven(opened: &OpenedPack, policy: &Policy, given: ProofGiven) -> Result<Proven, StudyError> {
    check_commitment(given.commitment.as_deref())?;
    if let Some(office) = &given.office
        && !policy.offices().contains(office.as_str())
    {
        let known: Vec<&str> = policy.offices().into_iter().collect();
        let message = format!("no site that inspects is called `{office}`; there are {}", known.join(", "));
        return Err(StudyError::Option("office", message));
    }
    let plan = PlanFile::read(&given.plan)?;
    let candidates = Candidates::read(&given.assessments, opened)?;
    let outcomes = given.results.timeline()?;
    let of = ProofOf {
        pack: opened.pack_id(),
        policy,
        capacity: &given.capacity,
        outcomes: outcomes.as_ref(),
        candidates: &candidates,
        plan: &plan,
    };
    let (office, commitment) = (given.office.as_deref(), given.commitment.as_deref());
    let proof = of.prove(&given.key, given.all_days.as_ref(), office, commitment)?;
    Ok(Proven { proof, has_visits: policy.selection.visits.is_some() })
}

impl Proven {
    /// Whether nothing differs, and all of it could be checked.
    pub fn is_proved(&self) -> bool {
        self.proof.verdict() == ProofVerdict::Proved
    }

    /// As data.
    pub fn answer(&self) -> impl Serialize {
        let proof = &self.proof;
        record!({
            day: proof.day,
            verdict: proof.verdict(),
            proved: self.is_proved(),
            commitment: &proof.commitment,
            differences: &proof.differences,
            unchecked: &proof.unchecked,
            offices: &proof.offices,
        })
    }

    /// For people.
    pub fn human(&self) -> String {
        human(&self.proof, self.has_visits)
    }
}

fn human(proof: &Proof, has_visits: bool) -> String {
    let mut out = format!("{}, commitment {}\n", proof.day, proof.commitment);
    let mut rows = Vec::new();
    for of in &proof.offices {
        let verdict = if of.differences.is_empty() && of.drawn.is_some() {
            Cell::new("as it must be").style(GOOD)
        } else if of.differences.is_empty() {
            Cell::new("draw not compared").style(ERROR)
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
    for unchecked in &proof.unchecked {
        out += &format!("not checked: {}\n", clean(unchecked));
    }
    if has_visits {
        let told = "visits to enterprises are no part of a day's proof; `plan --visits` with the same inputs makes them again";
        out += &format!("{}\n", styled(DIM, told));
    }
    let total: u64 = proof.offices.iter().map(|of| of.mandatory + of.targeted + of.random).sum();
    let all = || {
        let offices = count(proof.offices.len() as u64, "office");
        format!("{} of {offices} are those that policy, inputs and key give", count(total, "inspection"))
    };
    out += &match proof.verdict() {
        ProofVerdict::Proved => format!("{}: {}\n", styled(GOOD, "PROVED"), all()),
        ProofVerdict::Consistent => {
            format!("{}: {}, as far as could be checked\n", styled(WARNING, "CONSISTENT, NOT PROVED"), all())
        }
        ProofVerdict::Refused => {
            format!("{}: the plan is not what policy, inputs and key give\n", styled(ERROR, "REFUSED"))
        }
    };
    out
}
