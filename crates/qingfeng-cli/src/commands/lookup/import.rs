//! `qingfeng lookup import`

use qingfeng::read::ReadOptions;
use qingfeng_store::{self as store, Import, ImportOptions, TableForm};

use crate::exit::{self, Exit, Failure};
use crate::imports::{ImportArgs, Imported, write_rejects};
use crate::numbers::grouped;
use crate::studies::files;
use crate::terminal;

/// Import files into a lookup table.
///
/// Each row is checked by itself; rejected rows are counted and written to --rejects. A row that is already there adds
/// nothing, so a list can be imported repeatedly. A row that says something else about a key ends the earlier entry for
/// the days of the row and later, and replaces it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng lookup import blacklist list.csv --rules rules/clean-wind --author \"Li Wei\" \
     --source \"market supervision\"",
    "qingfeng lookup import notices old.csv --rules rules/clean-wind --author \"Li Wei\" --backfill --dry-run",
], &[exit::finding("with --strict: a row is rejected"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Lookup table, as pack.toml names it.
    #[arg(value_name = "TABLE")]
    table: String,

    #[command(flatten)]
    import: ImportArgs,

    /// Source of entries. For rows that do not name one.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,

    /// Grade of entries, in the source's own grades. For rows that have none.
    #[arg(long, value_name = "TEXT")]
    grade: Option<String>,

    /// Accept rows whose first day is after the day on which they are known.
    #[arg(long)]
    future: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let how = &args.import;
    let (pack, mut target) = how.open(&[])?;
    let form = TableForm::new(&pack, &args.table)?;
    let text = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let options = ImportOptions {
        known: how.known(),
        source: text(&args.source),
        grade: text(&args.grade),
        future: args.future,
        read: how.read.options(ReadOptions::default()),
    };
    let import = Import::read(form, files(&how.files), &options)?;
    write_rejects(how.rejects.as_deref(), import.rejects())?;
    let (imported, after) = if how.dry_run {
        (import.preview(target.store.as_mut())?, None)
    } else {
        target.add(|store, author| import.add(store, author))?
    };
    terminal::print(&human(args, &import, &imported, after.as_deref()))?;
    Ok(if how.strict && imported.rejected > 0 { Exit::Finding } else { Exit::Done })
}

fn human(args: &Args, import: &Import, imported: &store::Imported, after: Option<&str>) -> String {
    let &store::Imported { read, added, unchanged, unchanged_ended, rejected, ended, ref unused_columns } =
        imported;
    let of_unchanged = match unchanged_ended {
        0 => "there already".to_owned(),
        ended => format!("there already; of these, {} ended since and stay so", grouped(ended)),
    };
    let of_added = match ended {
        0 => String::new(),
        1 => "1 entry of before ends because of them".to_owned(),
        ended => format!("{} entries of before end because of them", grouped(ended)),
    };
    let title = if args.import.dry_run { "Would be added to" } else { "Added to" };
    Imported {
        title: format!("{title} {}", args.table),
        read,
        added: (added, of_added),
        unchanged: (unchanged, of_unchanged),
        rejects: import.rejects(),
        rejected,
        rejects_file: args.import.rejects.as_deref(),
        unused_columns: ("Columns that the table does not have:", unused_columns),
        after,
    }
    .human()
}
