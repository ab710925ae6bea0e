//! `qingfeng outcome import`

use std::path::PathBuf;

use qingfeng::read::ReadOptions;
use qingfeng_inspection::outcomes::check::PlanCheck;
use qingfeng_store::{Outcomes, OutcomesImported};

use crate::exit::{self, Exit, Failure};
use crate::imports::{ImportArgs, Imported, write_rejects};
use crate::inputs::is_standard;
use crate::numbers::grouped;
use crate::studies::{self, Plans};
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
    #[command(flatten)]
    import: ImportArgs,

    /// Files with declarations. Parties that results do not name are taken from them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    declarations: Vec<PathBuf>,

    /// Plans, as `qingfeng plan` wrote them. Rows that do not fit are reported, and added all the same.
    #[arg(long = "plan", value_name = "FILE", num_args = 1..)]
    plans: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let how = &args.import;
    let (pack, mut target) = how.open(&[&args.declarations, &args.plans])?;
    let files = studies::files(&how.files);
    let declarations = studies::files(&args.declarations);
    let read = how.read.options(ReadOptions::default());
    let check = checked(args, &read)?;
    let mut outcomes = Outcomes::read(&pack, files, declarations, how.known(), &read)?;
    let (imported, after) = if how.dry_run {
        (outcomes.preview(target.store.as_mut())?, None)
    } else {
        target.add(|store, author| outcomes.add(store, author))?
    };
    write_rejects(how.rejects.as_deref(), outcomes.rejects())?;
    let mut out = human(args, &outcomes, &imported, after.as_deref());
    if let Some(check) = &check {
        out += "\n";
        out += &super::check::human(check);
    }
    terminal::print(&out)?;
    let fits = imported.rejected == 0 && check.is_none_or(|check| check.is_clean());
    Ok(if how.strict && !fits { Exit::Finding } else { Exit::Done })
}

/// The results against the plans, if there are any.
fn checked(args: &Args, read: &ReadOptions) -> Result<Option<PlanCheck>, Failure> {
    if args.plans.is_empty() {
        return Ok(None);
    }
    if args.import.files.iter().any(|path| is_standard(path)) {
        return Err(Failure::Usage(
            "--plan reads the results twice, which standard input cannot be; write them to a file".to_owned(),
        ));
    }
    let plans = Plans::read(&args.plans)?.changed();
    Ok(Some(PlanCheck::read(&studies::files(&args.import.files), &plans, read, None)?))
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
    let title = if args.import.dry_run { "Results that would be added" } else { "Results of inspections" };
    Imported {
        title: title.to_owned(),
        read,
        added: (added, of_added),
        unchanged: (unchanged, if unchanged > 0 { "there already" } else { "" }.to_owned()),
        rejects: outcomes.rejects(),
        rejected,
        rejects_file: args.import.rejects.as_deref(),
        unused_columns: ("Columns that are not read:", unused_columns),
        after,
    }
    .human()
}
