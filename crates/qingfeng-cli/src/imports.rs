//! What came of rows that were imported into the store, whatever they were.

use std::path::Path;

use qingfeng::read::Reject;
use qingfeng::write::{TableWriter, WriteError};

use crate::exit::Failure;
use crate::numbers::{count, grouped};
use crate::outputs::output;
use crate::rejects;
use crate::table::{Cell, table};
use crate::terminal::{BOLD, DIM, WARNING, clean, styled};

/// The rejects that are shown when they go to no file.
const SHOWN_REJECTS: usize = 5;

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
            out += &rejects::listed(self.rejects, SHOWN_REJECTS);
            if self.rejected > SHOWN_REJECTS as u64 {
                let more = grouped(self.rejected - SHOWN_REJECTS as u64);
                out += &format!("  and {more} more; --rejects FILE writes them all, with field and value\n");
            }
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
