//! `qingfeng outcome import`

use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::rules::Date;
use qingfeng_inspection::outcomes::check::PlanCheck;
use qingfeng_store::{Known, Outcomes, OutcomesImported, Store};

use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::findings::Plans;
use crate::imports::{Imported, write_rejects};
use crate::inputs::{ReadArgs, is_standard};
use crate::numbers::grouped;
use crate::outputs::check_apart;
use crate::render::load_pack;
use crate::stores::{AuthorArgs, StoreArgs, existing};
use crate::terminal;

/// Import results of inspections into the store.
///
/// Columns: declaration_id, item_no, found_on (or day, or declared_on), result (clear, counterfeit, fake, inferior,
/// safety, health, environment, misdeclared, waived, open), and optionally known_on, selected, waiver, pieces, value, fine,
/// case_number, major_case, disposal (destroyed, returned, confiscated, rectified), disclosed_on, hours, exporter,
/// producer, agent, brand. A goods line without a coded result, or waived without a coded reason, is open: no history
/// counts it. Parties that a row does not name are taken from the declarations, by id and line. A row that is already
/// there adds nothing; a row that says something else of a line corrects it from the day on which it is known.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng outcome import results.csv --rules rules/clean-wind --author \"Li Wei\"",
    "qingfeng outcome import outcomes.parquet --declarations declarations.parquet --rules rules/clean-wind \
     --author import --backfill",
], &[exit::finding("with --strict: a row is rejected or does not fit the plan"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Files to read, with results: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow. `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    author: AuthorArgs,

    /// Files with declarations. Parties that results do not name are taken from them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    declarations: Vec<PathBuf>,

    /// Plans, as `qingfeng plan` wrote them. Rows that do not fit are reported, and added all the same.
    #[arg(long = "plan", value_name = "FILE", num_args = 1..)]
    plans: Vec<PathBuf>,

    /// Day from which the change counts as known, for rows without `known_on`. Default: today. Goods lines of this day and
    /// of earlier ones do not see it.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day, conflicts_with = "backfill")]
    known_on: Option<Date>,

    /// Count rows as known from their own first day on: the day on which the result was found. For past results that move
    /// into the store; scores of past days change.
    #[arg(long)]
    backfill: bool,

    /// Write rejected rows to this file: .csv, .ndjson, .parquet or .arrow.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Change nothing. Print what would be changed.
    #[arg(long)]
    dry_run: bool,

    /// Exit with code 1 if anything is found: a row that is rejected or does not fit the plan. The others are added all the
    /// same.
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    read: ReadArgs,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let outputs: Vec<(&str, &Path)> =
        args.rejects.as_deref().map(|path| ("--rejects", path)).into_iter().collect();
    let inputs: Vec<PathBuf> =
        args.files.iter().chain(&args.declarations).chain(&args.plans).cloned().collect();
    check_apart(&outputs, &inputs)?;
    let author = args.author.author()?;
    let pack = load_pack(&args.rules)?;
    let url = args.store.url(Some((&args.rules, &pack)))?;
    let known = if args.backfill {
        Known::FromFirstDay
    } else {
        Known::On(args.known_on.unwrap_or_else(clock::today))
    };
    // A store that cannot be used is an error before a long file is read.
    let store = existing(&url)?;
    let files = ReadArgs::inputs(&args.files);
    let declarations = ReadArgs::inputs(&args.declarations);
    let read = args.read.options(ReadOptions::default());
    let check = checked(args, &read)?;
    let mut outcomes = Outcomes::read(&pack, files, declarations, known, &read)?;
    let (imported, after) = match (args.dry_run, store) {
        (true, mut store) => (outcomes.preview(store.as_mut())?, None),
        (false, store) => {
            let mut store = match store {
                Some(store) => store,
                None => Store::create(&url)?,
            };
            let (imported, snapshot) = outcomes.add(&mut store, &author)?;
            (imported, Some(format!("{snapshot} of {store}")))
        }
    };
    write_rejects(args.rejects.as_deref(), outcomes.rejects())?;
    let mut out = human(args, &outcomes, &imported, after.as_deref());
    if let Some(check) = &check {
        out += "\n";
        out += &super::check::human(check);
    }
    terminal::print(&out)?;
    let fits = imported.rejected == 0 && check.is_none_or(|check| check.is_clean());
    Ok(if args.strict && !fits { Exit::Finding } else { Exit::Done })
}

/// The results against the plans, if there are any.
fn checked(args: &Args, read: &ReadOptions) -> Result<Option<PlanCheck>, Failure> {
    if args.plans.is_empty() {
        return Ok(None);
    }
    if args.files.iter().any(|path| is_standard(path)) {
        return Err(Failure::Usage(
            "--plan reads the results twice, which standard input cannot be; write them to a file".to_owned(),
        ));
    }
    let plans = Plans::read(&args.plans)?.changed();
    Ok(Some(PlanCheck::read(&ReadArgs::inputs(&args.files), &plans, read, None)?))
}

fn human(args: &Args, outcomes: &Outcomes, imported: &OutcomesImported, after: Option<&str>) -> String {
    let &OutcomesImported {
        read,
        added,
        corrections,
        violations,
        unresolved,
        unchanged,
        rejected,
        ref unused_columns,
        ..
    } = imported;
    let mut of_added = Vec::new();
    if added > 0 {
        of_added.push(format!("{} with a violation", grouped(violations)));
    }
    if unresolved > 0 {
        of_added.push(format!("{} waived or open, which no history counts", grouped(unresolved)));
    }
    if added > 0 && corrections > 0 {
        of_added.push(format!("{} of lines that had another result", grouped(corrections)));
    }
    let of_added = of_added.join("; ");
    let title = if args.dry_run { "Results that would be added" } else { "Results of inspections" };
    Imported {
        title: title.to_owned(),
        read,
        added: (added, of_added),
        unchanged: (unchanged, if unchanged > 0 { "there already" } else { "" }.to_owned()),
        rejects: outcomes.rejects(),
        rejected,
        rejects_file: args.rejects.as_deref(),
        unused_columns: ("Columns that are not read:", unused_columns),
        after,
    }
    .human()
}
