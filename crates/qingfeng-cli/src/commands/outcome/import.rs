//! `qingfeng outcome import`

use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::rules::Date;
use qingfeng::store::{Known, Outcomes, OutcomesImported, Store};

use crate::clock;
use crate::commands::lookup::existing;
use crate::exit::{self, Exit, Failure};
use crate::imports::{Imported, write_rejects};
use crate::inputs::ReadArgs;
use crate::outputs::check_apart;
use crate::stores::{AuthorArgs, StoreArgs, load_pack};
use crate::terminal::{self, grouped};

/// Add the results of inspections to the store.
///
/// Columns: declaration_id, item_no, found_on (or day, or declared_on), result (clear, counterfeit, fake, inferior,
/// safety, health, environment, misdeclared), and, where they are known, pieces, fine, major_case, exporter, producer,
/// agent, brand. Who answers for a row that does not say it is taken from the declarations, by id and line. A row that is
/// there already adds nothing; a row that says something else of a line corrects it from the day on which it is known.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng outcome import results.csv --rules rules/clean-wind --by \"Li Wei\"",
    "qingfeng outcome import outcomes.parquet --declarations declarations.parquet --rules rules/clean-wind --by import \
     --backfill",
]))]
pub struct Args {
    /// Files with results: CSV, NDJSON, Parquet or Arrow; the first two also packed with gzip or zstd. `-` is standard
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

    /// Files with the declarations, for rows that do not say who answers for them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    declarations: Vec<PathBuf>,

    /// The day on which the results count as known; without it, today. Lines of this day and of earlier ones do not see
    /// them.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day, conflicts_with = "backfill")]
    known_on: Option<Date>,

    /// Each result counts as known on the day on which it was found. For results of the past that move into the store;
    /// scores of old days change.
    #[arg(long)]
    backfill: bool,

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
    let inputs: Vec<PathBuf> = args.files.iter().chain(&args.declarations).cloned().collect();
    check_apart(&outputs, &inputs)?;
    let author = args.author.author()?;
    let pack = load_pack(&args.rules)?;
    let url = args.store.url(Some((&args.rules, &pack)))?;
    let known = if args.backfill {
        Known::FromFirstDay
    } else {
        Known::On(args.known_on.unwrap_or_else(clock::today))
    };
    // A store that cannot be used is told before a long file is read.
    let store = existing(&url)?;
    let files = ReadArgs::inputs(&args.files);
    let declarations = ReadArgs::inputs(&args.declarations);
    let read = args.read.options(ReadOptions::default());
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
    terminal::print(&human(args, &outcomes, &imported, after.as_deref()))?;
    Ok(if args.strict && imported.rejected > 0 { Exit::Finding } else { Exit::Done })
}

fn human(args: &Args, outcomes: &Outcomes, imported: &OutcomesImported, after: Option<&str>) -> String {
    let &OutcomesImported { read, added, corrections, violations, unchanged, rejected, ref unused_columns } =
        imported;
    let of_added = match (added, corrections) {
        (0, _) => String::new(),
        (_, 0) => format!("{} with a violation", grouped(violations)),
        _ => format!(
            "{} with a violation; {} of lines that had another result",
            grouped(violations),
            grouped(corrections)
        ),
    };
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
