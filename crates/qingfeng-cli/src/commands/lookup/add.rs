//! `qingfeng lookup add`

use std::path::PathBuf;

use qingfeng::rules::Date;
use qingfeng_store::{self as store, Store, TableForm};

use super::entry_line;
use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::render::load_pack;
use crate::stores::{AuthorArgs, StoreArgs};
use crate::terminal::{self, GOOD, clean, styled};

/// Add one entry to a lookup table.
///
/// An earlier entry of its key for these days or later ends on the day before its first day.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(
    &["qingfeng lookup add blacklist exporter=91330782MA28 --rules rules/clean-wind --from 2016-09-06 --grade A \
       --source \"market supervision of Yiwu\" --author \"Li Wei\" --reason \"case 2016-118\""],
    &[exit::FILES, exit::PACK],
))]
pub struct Args {
    /// Lookup table, as pack.toml names it.
    #[arg(value_name = "TABLE")]
    table: String,

    /// Values of its columns. Those of the key are required.
    #[arg(value_name = "COLUMN=VALUE", required = true, value_parser = pair)]
    values: Vec<(String, String)>,

    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    author: AuthorArgs,

    /// First day. Default: none.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    from: Option<Date>,

    /// Last day. Default: none.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    until: Option<Date>,

    /// Source of entries.
    #[arg(long, value_name = "TEXT", required = true)]
    source: String,

    /// Grade of entries, in the source's own grades.
    #[arg(long, value_name = "TEXT")]
    grade: Option<String>,

    /// Day from which the change counts as known. Default: today. Goods lines of earlier days do not see it.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    known_on: Option<Date>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as COLUMN=VALUE".to_owned()),
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let author = args.author.author()?;
    let pack = load_pack(&args.rules)?;
    let form = TableForm::new(&pack, &args.table)?;
    let mut entry = form.entry(&args.values)?;
    entry.from = args.from.or(entry.from);
    entry.until = args.until.or(entry.until);
    let source = args.source.trim();
    if source.is_empty() {
        return Err(Failure::Usage("--source is empty; say where the entry comes from".to_owned()));
    }
    entry.source = Some(source.to_owned());
    entry.grade = args.grade.as_deref().map(str::trim).map(str::to_owned).or(entry.grade);
    let known_on = args.known_on.unwrap_or_else(clock::today);
    let mut store = Store::create(&args.store.url(Some((&args.rules, &pack)))?)?;
    let (number, ended) = store::add(&mut store, &author, &form, &entry, known_on)?;
    let line = clean(&entry_line(&entry)).into_owned();
    let mut out = match number {
        Some(number) => {
            format!("{}, known on {known_on}\n  {line}\n", styled(GOOD, &format!("Added entry {number}")))
        }
        None => format!("It is there already, and nothing was changed\n  {line}\n"),
    };
    for entry in ended {
        out += &format!("Entry {entry} ends because of it\n");
    }
    out += &format!("Snapshot {} of {}\n", store.snapshot(None)?, clean(&store.to_string()));
    terminal::print(&out)?;
    Ok(Exit::Done)
}
