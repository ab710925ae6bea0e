//! Files that a command writes.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use qingfeng::write::Output;

use crate::exit::Failure;
use crate::inputs::is_standard;
use crate::terminal;

/// Files and levels of a pack that are copied at most.
const FILES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 16;

/// An output by its path on the command line; none, and `-`, are standard output.
pub fn output(path: Option<&PathBuf>) -> Output {
    match path {
        Some(path) if !is_standard(path) => Output::Path(path.clone()),
        _ => Output::Stdout,
    }
}

/// Refuses outputs that would overwrite each other or an input. Each comes with the flag that names it; a path of
/// `-` is standard output.
pub fn check_apart(outputs: &[(&str, &Path)], inputs: &[PathBuf]) -> Result<(), Failure> {
    for (at, (flag, path)) in outputs.iter().enumerate() {
        for (earlier_flag, earlier) in &outputs[..at] {
            if is_standard(path) && is_standard(earlier) {
                return Err(Failure::Usage(format!(
                    "{earlier_flag} and {flag} both go to standard output; give one of them a file"
                )));
            }
            if same_file(path, earlier) {
                let message = format!("{earlier_flag} and {flag} are the same file, {}", path.display());
                return Err(Failure::Usage(message));
            }
        }
        if !is_standard(path) && inputs.iter().any(|input| same_file(path, input)) {
            let message = format!("{flag} would overwrite the input {}", path.display());
            return Err(Failure::Usage(message));
        }
    }
    Ok(())
}

fn same_file(a: &Path, b: &Path) -> bool {
    real_path(a) == real_path(b)
}

/// The path without links, `.` and `..`; of a file that is not there yet, by the directory that it will be in.
fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new(".")).canonicalize();
        match (directory, path.file_name()) {
            (Ok(directory), Some(name)) => directory.join(name),
            _ => path.to_owned(),
        }
    })
}

/// Writes a text to a file or, for `-`, to standard output.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    if !is_standard(path) {
        return fs::write(path, text).map_err(|error| failed(path, "cannot be written", &error));
    }
    Ok(terminal::print_bytes(text.as_bytes())?)
}

/// An input or output that failed.
pub fn failed(path: &Path, what: &str, error: &std::io::Error) -> Failure {
    Failure::Files(format!("{}: {what}: {error}", path.display()))
}

/// Copies the files of a pack into a directory, stores and hidden files left out.
pub fn copy_pack(from: &Path, to: &Path) -> Result<(), Failure> {
    copy(from, to, 0, &mut 0)
}

fn copy(from: &Path, to: &Path, depth: usize, count: &mut usize) -> Result<(), Failure> {
    let unreadable = |error: &std::io::Error| failed(from, "cannot be read", error);
    let entries = fs::read_dir(from).map_err(|error| unreadable(&error))?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name()))
        .collect::<Result<Vec<_>, std::io::Error>>()
        .map_err(|error| unreadable(&error))?;
    names.sort();
    for name in names {
        let is_hidden = name.to_string_lossy().starts_with('.');
        let (source, target) = (from.join(&name), to.join(&name));
        let data = fs::metadata(&source).map_err(|error| failed(&source, "cannot be read", &error))?;
        *count += 1;
        if *count > FILES_MAX || depth > DEPTH_MAX {
            return Err(Failure::Files(format!(
                "{}: a pack with more than {FILES_MAX} files or {DEPTH_MAX} levels of directories is not copied",
                source.display()
            )));
        }
        if is_hidden || is_store(&source, data.is_file()) {
            continue;
        }
        if data.is_dir() {
            fs::create_dir(&target).map_err(|error| failed(&target, "cannot be made", &error))?;
            copy(&source, &target, depth + 1, count)?;
        } else if data.is_file() {
            let content = fs::read(&source).map_err(|error| failed(&source, "cannot be read", &error))?;
            fs::write(&target, content).map_err(|error| failed(&target, "cannot be written", &error))?;
        }
    }
    Ok(())
}

/// A store of SQLite, or what it keeps beside it: it goes on changing, and a copy would not.
fn is_store(path: &Path, is_file: bool) -> bool {
    let name = path.to_string_lossy();
    let is_sqlite = || {
        let mut head = [0; 16];
        let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
        read.is_ok() && &head == b"SQLite format 3\0"
    };
    is_file && (name.ends_with("-wal") || name.ends_with("-shm") || is_sqlite())
}
