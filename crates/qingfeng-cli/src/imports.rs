//! Imports of rows into the store, whatever they are.

use std::path::{Path, PathBuf};

use qingfeng::read::Reject;
use qingfeng::rules::{Date, Pack};
use qingfeng::write::{TableWriter, WriteError};
use qingfeng_store::{Author, Known, SnapshotId, Store, StoreError, StoreUrl};

use crate::clock;
use crate::exit::Failure;
use crate::inputs::{ReadArgs, day};
use crate::numbers::{count, grouped};
use crate::outputs::{Kept, check_apart, output};
use crate::rejects;
use crate::render::load_pack;
use crate::stores::{AuthorArgs, StoreArgs, existing};
use crate::table::{Cell, table};
use crate::terminal::{BOLD, DIM, WARNING, clean, styled};

/// The rejects that are shown when they go to no file.
const SHOWN_REJECTS: usize = 5;

/// What is imported, and how.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Files to read: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow. `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    author: AuthorArgs,

    /// Day from which the change counts as known, for rows that do not name one. Default: today. Goods lines see entries of
    /// tables from this day on, and results from the day after.
    #[arg(long, value_name = "DAY", value_parser = day, conflicts_with = "backfill")]
    known_on: Option<Date>,

    /// Count rows as known from their own first day on: of a result, the day on which it was found. For what moves into the
    /// store; scores of past days change.
    #[arg(long)]
    backfill: bool,

    /// Write rejected rows to this file: .csv, .ndjson, .parquet or .arrow.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Change nothing. Print what would be changed.
    #[arg(long)]
    pub dry_run: bool,

    /// Exit with code 1 if anything is found: a row that is rejected or does not fit a plan. The others are added all the
    /// same.
    #[arg(long)]
    pub strict: bool,

    #[command(flatten)]
    pub read: ReadArgs,
}

impl ImportArgs {
    /// The pack, and the store that the rows go into; refuses an output that would overwrite one of the inputs. A store that
    /// cannot be used is reported before a long file is read.
    pub fn open(&self, others: &[&[PathBuf]]) -> Result<(Pack, Target), Failure> {
        let outputs: Vec<(&str, &Path)> =
            self.rejects.as_deref().map(|path| ("--rejects", path)).into_iter().collect();
        let inputs: Vec<PathBuf> = [&[&*self.files], others].concat().concat();
        let kept = Kept { packs: &[&self.rules], store: self.store.name() };
        check_apart(&outputs, &inputs, kept)?;
        let author = self.author.author()?;
        let pack = load_pack(&self.rules)?;
        let url = self.store.url(Some((&self.rules, &pack)))?;
        let store = existing(&url)?;
        Ok((pack, Target { store, url, author }))
    }

    /// From which day on rows count as known.
    pub fn known(&self) -> Known {
        match self.known_on {
            _ if self.backfill => Known::FromFirstDay,
            day => Known::On(day.unwrap_or_else(clock::today)),
        }
    }
}

/// The store that rows are imported into, if it is there already, and who does it.
pub struct Target {
    pub store: Option<Store>,
    url: StoreUrl,
    author: Author,
}

impl Target {
    /// Adds rows. Gives what became of them, and the snapshot after.
    pub fn add<T>(
        self,
        add: impl FnOnce(&mut Store, &Author) -> Result<(T, SnapshotId), StoreError>,
    ) -> Result<(T, Option<String>), Failure> {
        let mut store = match self.store {
            Some(store) => store,
            None => Store::create(&self.url)?,
        };
        let (imported, snapshot) = add(&mut store, &self.author)?;
        Ok((imported, Some(format!("{snapshot} of {store}"))))
    }
}

/// An import, for people.
pub struct Imported<'i> {
    /// What was done: `Added to blacklist`.
    pub title: String,
    pub read: u64,
    /// Numbers of rows, and what is to be said of them.
    pub added: (u64, String),
    pub unchanged: (u64, String),
    pub rejects: &'i [Reject],
    pub rejected: u64,
    /// Where the rejects were written.
    pub rejects_file: Option<&'i Path>,
    /// Columns that nobody read, and what that means.
    pub unused_columns: (&'static str, &'i [String]),
    /// The snapshot after it, unless nothing was to be changed.
    pub after: Option<&'i str>,
}

impl Imported<'_> {
    pub fn human(&self) -> String {
        let row = |name: &str, number: u64, note: &str| {
            vec![Cell::new(name), Cell::new(grouped(number)).right(), Cell::new(note).style(DIM)]
        };
        let of_rejected = match (self.rejected, self.rejects_file) {
            (0, _) => String::new(),
            (_, Some(path)) => format!("see {}", path.display()),
            (_, None) => "see below".to_owned(),
        };
        let mut out = format!("{BOLD}{}{BOLD:#}\n", clean(&self.title));
        out += &table(
            "  ",
            &[
                row("rows read", self.read, ""),
                row("added", self.added.0, &self.added.1),
                row("unchanged", self.unchanged.0, &self.unchanged.1),
                row("rejected", self.rejected, &of_rejected),
            ],
        );
        let (heading, columns) = self.unused_columns;
        if !columns.is_empty() {
            out += &format!("{} {}\n", styled(WARNING, heading), clean(&columns.join(", ")));
        }
        if self.rejects_file.is_none() && self.rejected > 0 {
            out += &format!(
                "{}\n",
                styled(WARNING, &format!("{} cannot be taken", count(self.rejected, "row")))
            );
            let rest = "; --rejects FILE writes them all, with field and value";
            out += &rejects::shown(self.rejects, self.rejected, SHOWN_REJECTS, rest);
        }
        match self.after {
            Some(after) => out += &format!("Snapshot {}\n", clean(after)),
            None => out += "Nothing was changed\n",
        }
        out
    }
}

/// Writes the rows that cannot be taken, if they are wanted.
pub fn write_rejects(path: Option<&Path>, found: &[Reject]) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let target = output(Some(&path.to_owned()));
    let mut writer = TableWriter::create(&target, rejects::schema())?;
    let rows =
        rejects::rows(found).map_err(|source| WriteError::Table { output: target.to_string(), source })?;
    writer.write(&rows)?;
    Ok(writer.finish()?)
}
