//! `check --fix`: what is certain is corrected in the files.
//!
//! All is tried in memory first, so nothing is written that would make a pack worse.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use qingfeng::rules::diagnostics::Applied;
use qingfeng::rules::{Diagnostics, Pack, PackFiles};

use crate::exit::Failure;
use crate::numbers::{count, grouped};
use crate::terminal::{GOOD, WARNING, clean, clean_but, styled};
use crate::unified;

/// Correcting one mistake can bring out another behind it. Each round finds what it can.
const ROUNDS_MAX: usize = 20;

/// How many corrections are listed; a diff shows all.
const LISTED_MAX: usize = 50;

/// What correcting a pack comes to.
pub struct Outcome {
    before: PackFiles,
    after: PackFiles,
    /// What is corrected, each with the file and the line as they were when it was found.
    applied: Vec<(Applied, usize)>,
    errors_before: usize,
    /// How many errors the files of the pack have then; lookup tables aside.
    pub errors_after: usize,
    /// How many errors there would have been if that was more than before.
    refused: Option<usize>,
}

/// Finds out what can be corrected in the pack in a directory.
pub fn plan(directory: &Path) -> Outcome {
    let before = PackFiles::read(directory);
    let mut mistakes = mistakes(&before);
    let errors_before = mistakes.errors();
    let mut after = before.clone();
    let mut applied = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let more = mistakes.apply_safe_fixes(&mut after);
        if more.is_empty() {
            break;
        }
        applied.extend(more.into_iter().map(|applied| {
            let (line, _) = mistakes.sources.line_and_column(&applied.place);
            (applied, line)
        }));
        mistakes = self::mistakes(&after);
    }
    let errors_after = mistakes.errors();
    if errors_after > errors_before {
        let (after, applied) = (before.clone(), Vec::new());
        let refused = Some(errors_after);
        return Outcome { before, after, applied, errors_before, errors_after: errors_before, refused };
    }
    Outcome { before, after, applied, errors_before, errors_after, refused: None }
}

/// What is wrong with the files of a pack, without what comments allow.
fn mistakes(files: &PackFiles) -> Diagnostics {
    let mut mistakes = match Pack::load(files) {
        Ok(pack) => pack.warnings,
        Err(mistakes) => mistakes,
    };
    mistakes.suppress(|_| false);
    mistakes
}

impl Outcome {
    /// The files that change: path, old and new content.
    fn changes(&self) -> impl Iterator<Item = (&str, &[u8], &[u8])> {
        self.before.paths().filter_map(|path| {
            let (before, after) = (self.before.content(path)?, self.after.content(path)?);
            (before != after).then_some((path, before, after))
        })
    }
}

pub fn diff(outcome: &Outcome) -> String {
    let mut diff = String::new();
    for (path, before, after) in outcome.changes() {
        let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
        let text = format!("--- a/{path}\n+++ b/{path}\n{}", unified::hunks(&before, &after));
        // A diff is read by programs too: tabs and line ends stay, all else that a terminal could obey does not.
        diff += &clean_but(&text, &['\n', '\t']).replace("\u{240d}\n", "\r\n");
    }
    diff
}

/// What was corrected, or would be: `2 mistakes were corrected in harbour/a.rhai`, and each of them.
pub fn told(outcome: &Outcome, verb: &str) -> String {
    if let Some(refused) = outcome.refused {
        let than = count(outcome.errors_before as u64, "error");
        return format!(
            "{}: what could be corrected would leave {} in the place of {than}, so nothing is changed\n",
            styled(WARNING, "not corrected"),
            count(refused as u64, "error")
        );
    }
    if outcome.applied.is_empty() {
        return "Nothing can be corrected with certainty.\n".to_owned();
    }
    let mut told = String::new();
    for (applied, line) in outcome.applied.iter().take(LISTED_MAX) {
        told += &format!(
            "{}:{line}: {} {}\n",
            clean(&applied.place.file),
            applied.code.id(),
            clean(&applied.title)
        );
    }
    if let more @ 1.. = outcome.applied.len().saturating_sub(LISTED_MAX) {
        told += &format!("and {} more\n", grouped(more as u64));
    }
    let mistakes = count(outcome.applied.len() as u64, "mistake");
    let files = count(outcome.changes().count() as u64, "file");
    let verb = if outcome.applied.len() == 1 { verb.replace("were", "was") } else { verb.to_owned() };
    told += &styled(GOOD, &format!("{mistakes} {verb} corrected in {files}"));
    told.push('\n');
    told
}

/// Writes the files that change, all or none of them.
pub fn write(directory: &Path, outcome: &Outcome) -> Result<(), Failure> {
    let changes: Vec<(PathBuf, &[u8], &[u8])> =
        outcome.changes().map(|(path, before, after)| (directory.join(path), before, after)).collect();
    for ((path, before, _), (file, ..)) in changes.iter().zip(outcome.changes()) {
        writable(directory, file, path, before)?;
    }
    for (at, (path, _, after)) in changes.iter().enumerate() {
        if let Err(error) = replace(path, after) {
            let mut message = format!("{}: cannot be written: {error}", path.display());
            // What was written before it goes back.
            for (path, before, _) in &changes[..at] {
                if let Err(error) = replace(path, before) {
                    message += &format!("\n{}: cannot be put back: {error}", path.display());
                }
            }
            return Err(Failure::Files(message));
        }
    }
    Ok(())
}

/// Whether a file can be replaced by another: it is one of its own, is not protected, and has not changed.
fn writable(directory: &Path, file: &str, path: &Path, before: &[u8]) -> Result<(), Failure> {
    let failed = |path: &Path, why: &str| Failure::Files(format!("{}: {why}", path.display()));
    let mut part = directory.to_owned();
    for name in Path::new(file).components().filter(|name| matches!(name, Component::Normal(_))) {
        part.push(name);
        if part.is_symlink() {
            return Err(failed(&part, "is a symbolic link; correct what it leads to by hand"));
        }
    }
    let cannot = |error: io::Error| failed(path, &format!("cannot be read: {error}"));
    if fs::metadata(path).map_err(cannot)?.permissions().readonly() {
        return Err(failed(path, "is read-only; make it writable, or correct it by hand"));
    }
    if fs::read(path).map_err(cannot)? != before {
        return Err(failed(path, "has changed meanwhile; run the command again"));
    }
    Ok(())
}

/// Puts a file in the place of another in one step, so that it is never seen half written.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name with a dot in front is no file of a pack.
    let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    let written = fs::File::create_new(&partial).and_then(|mut file| {
        file.write_all(content)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&partial, path)).inspect_err(|_| {
        let _ = fs::remove_file(&partial);
    })
}
