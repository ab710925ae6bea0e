//! `qingfeng lookup import`

use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::rules::Date;
use qingfeng_store::{self as store, Import, ImportOptions, Known, Store, TableForm};

use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::imports::{Imported, write_rejects};
use crate::inputs::ReadArgs;
use crate::numbers::grouped;
use crate::outputs::check_apart;
use crate::render::load_pack;
use crate::stores::{AuthorArgs, StoreArgs, existing};
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

    /// Files to read, with rows of the table: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow. `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    author: AuthorArgs,

    /// Source of entries. For rows that do not name one.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,

    /// Grade of entries, in the source's own grades. For rows that have none.
    #[arg(long, value_name = "TEXT")]
    grade: Option<String>,

    /// Day from which the change counts as known. Default: today. Goods lines of earlier days do not see it.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day, conflicts_with = "backfill")]
    known_on: Option<Date>,

    /// Count rows as known from their own first day on. For a table that moves into the store; scores of past days change.
    #[arg(long)]
    backfill: bool,

    /// Accept rows whose first day is after the day on which they are known.
    #[arg(long)]
    future: bool,

    /// Write rejected rows to this file: .csv, .ndjson, .parquet or .arrow.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Change nothing. Print what would be changed.
    #[arg(long)]
    dry_run: bool,

    /// Exit with code 1 if anything is found: a rejected row. The others are added all the same.
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    read: ReadArgs,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let outputs: Vec<(&str, &Path)> =
        args.rejects.as_deref().map(|path| ("--rejects", path)).into_iter().collect();
    check_apart(&outputs, &args.files)?;
    let author = args.author.author()?;
    let pack = load_pack(&args.rules)?;
    let form = TableForm::new(&pack, &args.table)?;
    let url = args.store.url(Some((&args.rules, &pack)))?;
    let known = if args.backfill {
        Known::FromFirstDay
    } else {
        Known::On(args.known_on.unwrap_or_else(clock::today))
    };
    let text = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let options = ImportOptions {
        known,
        source: text(&args.source),
        grade: text(&args.grade),
        future: args.future,
        read: args.read.options(ReadOptions::default()),
    };
    // A store that cannot be used is an error before a long file is read.
    let mut store = existing(&url)?;
    let import = Import::read(form, ReadArgs::inputs(&args.files), &options)?;
    write_rejects(args.rejects.as_deref(), import.rejects())?;
    let (imported, after) = if args.dry_run {
        (import.preview(store.as_mut())?, None)
    } else {
        let mut store = match store {
            Some(store) => store,
            None => Store::create(&url)?,
        };
        let (imported, snapshot) = import.add(&mut store, &author)?;
        (imported, Some(format!("{snapshot} of {store}")))
    };
    terminal::print(&human(args, &import, &imported, after.as_deref()))?;
    Ok(if args.strict && imported.rejected > 0 { Exit::Finding } else { Exit::Done })
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
    let title = if args.dry_run { "Would be added to" } else { "Added to" };
    Imported {
        title: format!("{title} {}", args.table),
        read,
        added: (added, of_added),
        unchanged: (unchanged, of_unchanged),
        rejects: import.rejects(),
        rejected,
        rejects_file: args.rejects.as_deref(),
        unused_columns: ("Columns that the table does not have:", unused_columns),
        after,
    }
    .human()
}
