//! `qingfeng lookup import`

use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::rules::Date;
use qingfeng_store::{self as store, Import, ImportError, ImportOptions, Known, Store, TableForm};

use super::existing;
use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::imports::{Imported, write_rejects};
use crate::inputs::ReadArgs;
use crate::numbers::grouped;
use crate::outputs::check_apart;
use crate::stores::{AuthorArgs, StoreArgs, load_pack};
use crate::terminal;

/// Add the rows of files to a lookup table of the store.
///
/// Each row is checked by itself; those that cannot be taken are counted and written to --rejects. A row that is there
/// already adds nothing, so a list can be imported again and again. A row that says something else of a key ends what
/// was said of the key for its days or later, and follows it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng lookup import blacklist list.csv --rules rules/clean-wind --by \"Li Wei\" --source \"market supervision\"",
    "qingfeng lookup import notices old.csv --rules rules/clean-wind --by \"Li Wei\" --backfill --dry-run",
]))]
pub struct Args {
    /// The lookup table, as pack.toml names it.
    #[arg(value_name = "TABLE")]
    table: String,

    /// Files with its rows: CSV, NDJSON, Parquet or Arrow; the first two also packed with gzip or zstd. `-` is standard
    /// input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    author: AuthorArgs,

    /// Where rows come from that do not say it.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,

    /// The grade of rows that have none.
    #[arg(long, value_name = "TEXT")]
    grade: Option<String>,

    /// The day from which on the rows count as known; without it, today. Lines of earlier days do not see them.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day, conflicts_with = "backfill")]
    known_on: Option<Date>,

    /// Each row counts as known from its own first day on, as if it had been here at once. For a table that moves into
    /// the store; scores of old days change.
    #[arg(long)]
    backfill: bool,

    /// Take rows too whose first day is after the one on which they are known.
    #[arg(long)]
    future: bool,

    /// Where to write the rows that cannot be taken: .csv, .ndjson, .parquet or .arrow.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Say what would happen, and change nothing.
    #[arg(long)]
    dry_run: bool,

    /// End with exit code 1 if a row cannot be taken. The others are added all the same.
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
    // A store that cannot be used is told before a long file is read.
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

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Read(error) => error.into(),
            ImportError::Store(error) => error.into(),
            error => Self::Files(error.to_string()),
        }
    }
}
