//! `qingfeng explain`: why a declaration got its channel.

mod short;
mod tree;
mod why;

use qingfeng::internals::Column;
use qingfeng::read::{Lines, ReadError, ReadOptions, Reader, Reject};
use qingfeng::rules::Pack;
use qingfeng::{Engine, Explanation};
use serde::Serialize;

use crate::exit::{self, Exit, Failure};
use crate::inputs::InputArgs;
use crate::rejects::listed;
use crate::stores::PackArgs;
use crate::terminal::{self, Format};

/// The goods lines that are read at a time. All of a batch are evaluated to explain one.
const BATCH_LINES: usize = 512;

/// Show why a declaration got its channel.
///
/// Reads the inputs until the declaration is found, and shows how it got its channel: the rules that fired, and those
/// that nearly did, with the part of their condition that failed. --all shows each goods line with its values and all of
/// its rules; JSON always has everything.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng explain D2016000042 declarations.csv --rules rules/clean-wind",
    "qingfeng explain D2016000042 declarations.csv --rules rules/clean-wind --all",
], &[exit::finding("the inputs do not have the declaration, or it could not be read"), exit::FILES, exit::PACK]))]
pub struct Args {
    /// Id of a declaration.
    #[arg(value_name = "DECLARATION")]
    declaration: String,

    #[command(flatten)]
    inputs: InputArgs,

    #[command(flatten)]
    pack: PackArgs,

    /// Show everything: each goods line with all of its values and rules.
    #[arg(long)]
    all: bool,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// What was found of a declaration.
#[derive(Serialize)]
pub struct Found {
    #[serde(flatten)]
    pub explanation: Explanation,
    /// Its lines that could not be read, and so are not part of the decision.
    pub rejects: Vec<Reject>,
}

impl Found {
    /// For people: on one screen, or everything.
    pub fn human(&self, all: bool, pack: &Pack) -> String {
        if all { tree::human(self, pack) } else { short::human(self, pack) }
    }
}

/// A declaration that cannot be explained: no line of it was read.
pub struct Missing {
    wanted: String,
    rejects: Vec<Reject>,
}

/// How the inputs are to be read to explain one of their declarations.
pub fn read_options() -> ReadOptions {
    ReadOptions { batch_lines: BATCH_LINES, ..ReadOptions::default() }
}

/// Reads until the declaration is found, and explains it.
pub fn find(engine: &Engine, id: &str, reader: Reader) -> Result<Result<Found, Missing>, ReadError> {
    let wanted = canonical(id, engine.pack());
    let mut rejects = Vec::new();
    for chunk in reader {
        let chunk = chunk?;
        let of_it = |reject: &Reject| reject.declaration_id.as_deref() == Some(&*wanted);
        rejects.extend(chunk.rejects.into_iter().filter(of_it));
        if let Some(at) = position(&chunk.lines, &wanted, engine) {
            return Ok(Ok(Found { explanation: engine.explain_lines(&chunk.lines, at), rejects }));
        }
    }
    Ok(Err(Missing { wanted, rejects }))
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let engine = args.pack.open()?;
    let reader = args.inputs.reader(engine.pack(), read_options())?;
    match find(&engine, &args.declaration, reader)? {
        Ok(found) => {
            args.format.print(&found, || found.human(args.all, engine.pack()))?;
            Ok(Exit::Done)
        }
        Err(missing) => {
            terminal::note(&missing.human());
            Ok(Exit::Finding)
        }
    }
}

/// The id as the reader would have it from a file.
fn canonical(id: &str, pack: &Pack) -> String {
    let mut column = Column::new(&pack.schema[pack.schema.declaration]);
    match column.push(id) {
        Ok(()) => column.last_text().unwrap_or(id).to_owned(),
        // Such as the place of a line without an id.
        Err(_) => id.trim().to_owned(),
    }
}

/// The declaration's number among those of a batch.
fn position(lines: &Lines, wanted: &str, engine: &Engine) -> Option<usize> {
    let ids = lines.text(engine.pack().schema.declaration)?;
    let is_wanted = |id: &str| id == wanted || (id.contains(", ") && id.to_uppercase() == wanted);
    lines.declarations().position(|range| is_wanted(ids.value(range.start)))
}

impl Missing {
    /// What to say when the declaration is not there.
    pub fn human(&self) -> String {
        let Self { wanted, rejects } = self;
        let wanted = terminal::clean(wanted);
        if rejects.is_empty() {
            return format!("The inputs have no declaration {wanted}.\n");
        }
        let lines = crate::numbers::count(rejects.len() as u64, "line");
        format!("The {lines} of declaration {wanted} could not be read, so it was not assessed:\n")
            + &listed(rejects, usize::MAX)
    }
}
