//! `qingfeng schema`: the fields of a pack.

mod listing;
mod matching;

use std::path::PathBuf;

use qingfeng::rules::{Field, FieldId, Level, Pack};

use crate::exit::{self, Exit, Failure};
use crate::inputs::ReadArgs;
use crate::stores::DirectoryArgs;
use crate::table::{Cell, table, titled};
use crate::terminal::{BOLD, DIM, Format, clean};

use matching::Match;

/// List the fields that rules can use and files can have.
///
/// The fields of declarations with the column headers that files may have for them, derived and computed fields, and the
/// lookup tables with their columns.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng schema rules/clean-wind",
    "qingfeng schema rules/clean-wind --match declarations.csv",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    pack: DirectoryArgs,

    /// Show which column of this file fills which field, with examples, which columns are left, and which fields that
    /// rules read are empty. The first 10,000 lines are looked at.
    #[arg(long = "match", value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    how: ReadArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let engine = args.pack.open()?;
    if let Some(file) = &args.file {
        let found = Match::of(engine.pack(), file, args.how)?;
        args.format.print(&found.listing(), || found.human())?;
        return Ok(Exit::Done);
    }
    args.format.print(&listing::listing(&engine), || human(engine.pack()))?;
    Ok(Exit::Done)
}

fn human(pack: &Pack) -> String {
    let mut out = String::new();
    let levels = [(Level::Header, "Fields of the declaration"), (Level::Item, "Fields of each goods line")];
    for (level, heading) in levels {
        let fields: Vec<&Field> = pack.schema.fields().iter().filter(|field| field.level == level).collect();
        if fields.is_empty() {
            continue;
        }
        out += &format!("{BOLD}{heading}{BOLD:#}\n");
        let rows: Vec<_> = fields.iter().map(|field| field_row(field)).collect();
        for (line, field) in table("  ", &rows).lines().zip(fields) {
            out += line;
            out.push('\n');
            if !field.columns.is_empty() {
                out += &format!("      {DIM}headers: {}{DIM:#}\n", clean(&field.columns.join(", ")));
            }
        }
        out.push('\n');
    }
    let derived = pack.derived().map(|derived| {
        let name = Cell::new(derived.name()).style(BOLD);
        vec![name, Cell::new(derived.kind().name()), Cell::new(derived.title())]
    });
    let computed = pack.computed.iter().map(|field| {
        let missing = if field.missing { "perhaps missing" } else { "" };
        vec![Cell::new(&field.name).style(BOLD), Cell::new(field.kind.name()), Cell::new(missing)]
    });
    let sections = [
        ("Derived fields", derived.collect::<Vec<_>>()),
        ("Fields that the pack computes", computed.collect()),
        ("Lookup tables", lookup_rows(pack)),
        ("Keys of rules", key_rows(pack)),
    ];
    let sections = sections.iter().map(|(heading, rows)| titled(heading, rows));
    out + &sections.filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn field_row(field: &Field) -> Vec<Cell> {
    let bounds = match (field.min, field.max) {
        (None, None) => String::new(),
        (Some(min), None) => format!("from {min}"),
        (None, Some(max)) => format!("to {max}"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
    };
    vec![
        Cell::new(&field.name).style(BOLD),
        Cell::new(field.kind.name()),
        Cell::new(if field.required { "required" } else { "" }),
        Cell::new(field.unit.as_deref().unwrap_or_default()),
        Cell::new(bounds),
        Cell::new(&field.title),
        Cell::new(field.title_zh.as_deref().unwrap_or_default()),
    ]
}

fn lookup_rows(pack: &Pack) -> Vec<Vec<Cell>> {
    let rows = pack.lookups.iter().map(|lookup| {
        let key: Vec<&str> = lookup.key_names().collect();
        let columns = lookup.columns.iter().map(|(name, kind)| format!("{name} ({kind})"));
        vec![
            Cell::new(&lookup.name).style(BOLD),
            Cell::new(lookup.source.to_string()),
            Cell::new(format!("by {}", key.join(", "))),
            Cell::new(columns.collect::<Vec<_>>().join(", ")).style(DIM),
        ]
    });
    rows.collect()
}

fn key_rows(pack: &Pack) -> Vec<Vec<Cell>> {
    let schema = &pack.schema;
    let row = |name: &str, field: FieldId| {
        vec![Cell::new(name).style(BOLD), Cell::new(format!("reads {}", schema[field].name))]
    };
    let keys =
        [("region", schema.keys.region), ("commodity", schema.keys.commodity), ("mode", schema.keys.mode)];
    let mut rows: Vec<_> = keys.into_iter().filter_map(|(name, field)| Some(row(name, field?))).collect();
    rows.extend(schema.keys.site.iter().map(|(kind, field)| row(&format!("site of kind {kind}"), *field)));
    rows
}
