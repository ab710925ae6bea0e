//! `qingfeng reference`: keys, fields and functions of the rule language.

use std::fmt::Write as _;

use qingfeng::rules::internals::suggestion;
use qingfeng::rules::manual::{self, Entry, Part};

use crate::exit::{self, Exit, Failure};
use crate::table::{Cell, table, width, wrapped};
use crate::terminal::{self, BOLD, DIM};

/// Look up a key, field or function of the rule language.
///
/// Without a name it lists all names; with `keys`, `fields` or `functions` it prints that part as a Markdown document.
/// The results of examples are computed.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(
    &["qingfeng reference has_word", "qingfeng reference at_least", "qingfeng reference functions"],
    &[],
))]
pub struct Args {
    /// Name, operator in quotes, or one of `keys`, `fields` and `functions`.
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    name: Option<String>,
}

/// Columns that names and explanations may take.
const WIDTH_MAX: usize = 100;

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let text = match args.name.as_deref() {
        None => overview(),
        Some(name) => match Part::ALL.into_iter().find(|(known, _)| *known == name) {
            // The first line says for whom looks at the file that it is generated.
            Some((_, part)) => {
                manual::page(part).lines().skip(2).fold(String::new(), |out, line| out + line + "\n")
            }
            None => named(name)?,
        },
    };
    terminal::print(&text)?;
    Ok(Exit::Done)
}

/// All names by part and section.
fn overview() -> String {
    let mut out = String::new();
    for (name, part) in Part::ALL {
        let entries = manual::entries(part);
        let _ = writeln!(out, "{BOLD}{}{name}{BOLD:#}", if out.is_empty() { "" } else { "\n" });
        for here in entries.chunk_by(|a, b| a.section == b.section) {
            let _ = writeln!(out, "  {DIM}{}{DIM:#}", here[0].section);
            let names =
                here.iter().map(|entry| entry.name.replace(' ', "\u{a0}")).collect::<Vec<_>>().join(", ");
            for line in wrapped(&names, WIDTH_MAX - 4) {
                let _ = writeln!(out, "    {}", line.replace('\u{a0}', " "));
            }
        }
    }
    out
}

fn named(name: &str) -> Result<String, Failure> {
    let entries = manual::find(name);
    if entries.is_empty() {
        let all: Vec<Entry> = Part::ALL.into_iter().flat_map(|(_, part)| manual::entries(part)).collect();
        let names = all.iter().map(|entry| entry.name.as_str());
        let help = suggestion(name, names);
        let message = format!("there is no key, field or function `{name}`; {help}");
        return Err(Failure::Usage(message));
    }
    let mut out = String::new();
    for entry in &entries {
        if !out.is_empty() {
            out.push('\n');
        }
        out += &shown(entry);
    }
    if entries.iter().any(|entry| entry.part == Part::Functions) {
        let values: Vec<String> =
            manual::example_line().into_iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let note = format!("The line of the examples: {}; all else is missing.", values.join(", "));
        out.push('\n');
        for line in wrapped(&note, WIDTH_MAX) {
            let _ = writeln!(out, "{DIM}{line}{DIM:#}");
        }
    }
    Ok(out)
}

fn shown(entry: &Entry) -> String {
    let part = match entry.part {
        Part::Keys => "key",
        Part::Fields => "field",
        Part::Functions if entry.usage.is_some() => "function",
        Part::Functions => "in formulas",
    };
    let mut out = format!("{BOLD}{}{BOLD:#}  {DIM}{part}, {}{DIM:#}\n", entry.name, entry.section);
    if let Some(usage) = entry.usage.as_ref().filter(|usage| **usage != entry.name) {
        let _ = writeln!(out, "  {usage}");
    }
    for line in wrapped(&entry.meaning, WIDTH_MAX - 2) {
        let _ = writeln!(out, "  {line}");
    }
    let labels = entry.facts.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    for (name, text) in &entry.facts {
        for (at, line) in wrapped(text, WIDTH_MAX - labels - 4).into_iter().enumerate() {
            let label = if at == 0 { name } else { "" };
            let _ = writeln!(out, "  {DIM}{label:labels$}{DIM:#}  {line}");
        }
    }
    let rows = entry.examples.iter().map(|example| {
        let result = example.result.as_ref().map(|result| Cell::new(format!("→ {result}")));
        std::iter::once(Cell::new(&example.source)).chain(result).collect()
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    if !rows.is_empty() {
        out.push('\n');
        out += &table("    ", &rows);
    }
    out
}
