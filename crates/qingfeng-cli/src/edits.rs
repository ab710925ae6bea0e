//! Files of a pack that a command changes where they stand.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path};

use crate::exit::Failure;
use crate::terminal::clean_but;
use crate::unified;

/// A file that changes.
pub struct Change<'c> {
    /// Its path in the pack.
    pub file: &'c str,
    /// Its content.
    pub before: &'c [u8],
    /// What it becomes.
    pub after: &'c [u8],
}

/// What changes, as a unified diff.
pub fn diff(changes: &[Change<'_>]) -> String {
    let mut diff = String::new();
    for Change { file, before, after } in changes {
        let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
        let text = format!("--- a/{file}\n+++ b/{file}\n{}", unified::hunks(&before, &after));
        // A diff is read by programs too: tabs and line ends stay, all else that a terminal could obey does not.
        diff += &clean_but(&text, &['\n', '\t']).replace("\u{240d}\n", "\r\n");
    }
    diff
}

/// Writes the files that change, all or none of them.
pub fn write(directory: &Path, changes: &[Change<'_>]) -> Result<(), Failure> {
    for change in changes {
        writable(directory, change)?;
    }
    for (at, change) in changes.iter().enumerate() {
        let path = directory.join(change.file);
        if let Err(error) = replace(&path, change.after) {
            let mut message = format!("{}: cannot be written: {error}", path.display());
            // What was written before it goes back.
            for change in &changes[..at] {
                let path = directory.join(change.file);
                if let Err(error) = replace(&path, change.before) {
                    message += &format!("\n{}: cannot be put back: {error}", path.display());
                }
            }
            return Err(Failure::Files(message));
        }
    }
    Ok(())
}

/// Whether a file can be replaced by another: it is one of its own, is not protected, and has not changed.
fn writable(directory: &Path, change: &Change<'_>) -> Result<(), Failure> {
    let path = directory.join(change.file);
    let failed = |path: &Path, why: &str| Failure::Files(format!("{}: {why}", path.display()));
    let mut part = directory.to_owned();
    for name in Path::new(change.file).components().filter(|name| matches!(name, Component::Normal(_))) {
        part.push(name);
        if part.is_symlink() {
            return Err(failed(&part, "is a symbolic link; correct what it leads to by hand"));
        }
    }
    let cannot = |error: io::Error| failed(&path, &format!("cannot be read: {error}"));
    if fs::metadata(&path).map_err(cannot)?.permissions().readonly() {
        return Err(failed(&path, "is read-only; make it writable, or correct it by hand"));
    }
    if fs::read(&path).map_err(cannot)? != change.before {
        return Err(failed(&path, "has changed meanwhile; run the command again"));
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
