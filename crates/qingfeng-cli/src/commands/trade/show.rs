//! `qingfeng trade show`

use std::path::PathBuf;

use qingfeng_store::trade::TradeRecord;

use super::kept_line;
use crate::exit::{self, Exit, Failure};
use crate::numbers::grouped;
use crate::record::record;
use crate::render::load_pack;
use crate::stores::TradeArgs;
use crate::table::{Cell, heads, table};
use crate::terminal::{self, ERROR, Format};

/// Show what the record of past trade holds, and what the profiles count.
///
/// For each profile: its key, how many different keys came before, and how often what it tells of one of them changes.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&["qingfeng trade show --rules rules/clean-wind"], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    trade: TradeArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let pack = load_pack(&args.rules)?;
    let record = TradeRecord::open(args.trade.directory(&args.rules)?)?;
    let (kept, sizes) = (record.kept(), record.sizes(&pack)?);
    if args.format == Format::Json {
        terminal::print_json(&record!({
            record: record.to_string(),
            kept: kept,
            profiles: sizes,
        }))?;
        return Ok(Exit::Done);
    }
    let mut out = kept_line(&kept);
    if !sizes.is_empty() {
        let rows = sizes.iter().map(|size| {
            let key = Cell::new(size.key.join(", "));
            let numbers = match size.changes {
                None => {
                    ["too many".to_owned(), "missing".to_owned()].map(|text| Cell::new(text).style(ERROR))
                }
                Some(changes) => [size.keys, changes].map(|number| Cell::new(grouped(number))),
            };
            [Cell::new(&size.profile), key].into_iter().chain(numbers.map(Cell::right)).collect()
        });
        let head = heads(&["profile", "key", "keys", "changes"], &[0, 1]);
        out += "\n";
        out += &table("  ", &std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }
    terminal::print(&out)?;
    Ok(Exit::Done)
}
