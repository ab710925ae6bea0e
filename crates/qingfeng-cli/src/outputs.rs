//! Files that a command writes.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use qingfeng::write::{Output, Unfinished, WholeFile};
use qingfeng_store::trade::TradeRecord;

use crate::exit::Failure;
use crate::inputs::is_standard;
use crate::stores::STORE;
use crate::terminal;

/// Files and levels of a pack that are copied at most.
const FILES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 16;
/// The bytes of a manifest that are looked at.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// An output by its path on the command line; none, and `-`, are standard output.
pub fn output(path: Option<&PathBuf>) -> Output {
    match path {
        Some(path) if !is_standard(path) => Output::Path(path.clone()),
        _ => Output::Stdout,
    }
}

/// What a run reads besides its inputs: packs, and a store, if the command line names one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept<'k> {
    pub packs: &'k [&'k Path],
    pub store: Option<&'k str>,
}

/// Refuses outputs that would overwrite each other, an input, a file of a pack or a store. Each comes with the flag that
/// names it; a path of `-` is standard output.
pub fn check_apart(outputs: &[(&str, &Path)], inputs: &[PathBuf], kept: Kept<'_>) -> Result<(), Failure> {
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
        if is_standard(path) {
            continue;
        }
        let overwritten = match kept.packs.iter().find(|pack| is_of_pack(path, pack)) {
            Some(pack) => format!("of the pack in {}", pack.display()),
            None if is_store_of(path, kept) => "with a store of lookup tables".to_owned(),
            None => continue,
        };
        let message =
            format!("{flag} would overwrite {}, a file {overwritten}; name another file", path.display());
        return Err(Failure::Usage(message));
    }
    Ok(())
}

fn same_file(a: &Path, b: &Path) -> bool {
    real_path(a) == real_path(b) || is_linked(a, b)
}

/// Whether two names lead to one file, as hard links do.
#[cfg(unix)]
fn is_linked(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let file = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    file(a).is_some_and(|a| Some(a) == file(b))
}

#[cfg(not(unix))]
fn is_linked(_: &Path, _: &Path) -> bool {
    false
}

/// Whether a path is that of a file of the pack, or of one that would become a file of it.
fn is_of_pack(path: &Path, pack: &Path) -> bool {
    let (real, directory) = (real_path(path), real_path(pack));
    let is_inside = real.strip_prefix(&directory).is_ok_and(|inside| {
        let first =
            inside.components().next().map(|name| name.as_os_str().to_string_lossy().to_ascii_lowercase());
        let is_known =
            first.is_some_and(|first| matches!(&*first, "pack.toml" | "reference" | "lookups" | "tests"));
        is_known || (real.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("rhai")) && real.exists())
    });
    is_inside || named_in(pack).any(|of_pack| same_file(path, &of_pack)) || links_into(path, pack, 0)
}

/// What the manifest of a pack names within the pack: its tables, its store. The manifest may be invalid, so each text in
/// quotes counts.
fn named_in(pack: &Path) -> impl Iterator<Item = PathBuf> {
    let mut manifest = String::new();
    let path = pack.join("pack.toml");
    // Opening a pipe would wait for somebody to write.
    if path.is_file()
        && let Ok(file) = fs::File::open(path)
    {
        // What is no text names nothing.
        let _ = file.take(MANIFEST_BYTES_MAX).read_to_string(&mut manifest);
    }
    let texts: Vec<PathBuf> = manifest
        .lines()
        .flat_map(|line| line.split(['"', '\'']).skip(1).step_by(2))
        .filter(|text| !text.is_empty())
        .flat_map(|text| of_store(pack.join(text.strip_prefix("sqlite:").unwrap_or(text))))
        .collect();
    texts.into_iter()
}

/// The files of a store of SQLite.
fn of_store(path: PathBuf) -> [PathBuf; 4] {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    [beside("-wal"), beside("-shm"), beside("-journal"), path]
}

/// Whether a path is that of the store that the command line or the environment names.
fn is_store_of(path: &Path, kept: Kept<'_>) -> bool {
    let environment = std::env::var(STORE).ok();
    let named = kept.store.into_iter().chain(environment.as_deref());
    let mut files =
        named.filter_map(|url| url.trim().strip_prefix("sqlite:")).flat_map(|file| of_store(file.into()));
    files.any(|file| same_file(path, &file))
}

/// Whether an output is another name of a file of the pack, by a hard link.
fn links_into(path: &Path, directory: &Path, depth: usize) -> bool {
    if !has_other_names(path) || depth > DEPTH_MAX {
        return false;
    }
    let Ok(entries) = fs::read_dir(directory) else { return false };
    entries.take(FILES_MAX).flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => links_into(path, &entry.path(), depth + 1),
        Ok(_) => is_linked(path, &entry.path()),
        Err(_) => false,
    })
}

#[cfg(unix)]
fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().is_ok_and(|found| found.is_file() && found.nlink() > 1)
}

#[cfg(not(unix))]
fn has_other_names(_: &Path) -> bool {
    false
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
        return WholeFile::write(path, text.as_bytes())
            .map_err(|error| failed(path, "cannot be written", &error));
    }
    Ok(terminal::print_bytes(terminal::guarded(text).as_bytes())?)
}

/// An input or output that failed.
pub fn failed(path: &Path, what: &str, error: &std::io::Error) -> Failure {
    Failure::Files(format!("{}: {what}: {error}", path.display()))
}

/// Writes a copy of a pack with other files, or in the place of its own, into a directory that is not there yet. Its record of
/// past trade is in the copy only if it is asked for.
pub fn write_pack(
    pack: &Path,
    directory: &Path,
    files: &[(&str, &str)],
    record: bool,
) -> Result<(), Failure> {
    let cannot = |error: &std::io::Error| failed(directory, "cannot be made", error);
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent).map_err(|error| cannot(&error))?;
    }
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let partial = directory.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    fs::create_dir(&partial).map_err(|error| cannot(&error))?;
    let unfinished = Unfinished::new(partial.clone(), directory.to_owned());
    let written = || files.iter().try_for_each(|(file, text)| write_text(&partial.join(file), text));
    let made = copy(pack, &partial, record, 0, &mut 0)
        .and_then(|()| written())
        .and_then(|()| unfinished.publish().map_err(|error| cannot(&error)));
    if made.is_err() {
        // What is half written helps nobody; that it cannot be removed either is no news.
        let _ = fs::remove_dir_all(&partial);
    }
    made
}

/// Copies the files of a pack into a directory, stores and hidden files left out.
pub fn copy_pack(from: &Path, to: &Path) -> Result<(), Failure> {
    copy(from, to, true, 0, &mut 0)
}

fn copy(from: &Path, to: &Path, record: bool, depth: usize, count: &mut usize) -> Result<(), Failure> {
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
        let is_record = !record && data.is_dir() && TradeRecord::is_in(&source);
        if is_hidden || is_record || is_store(&source, data.is_file()) {
            continue;
        }
        if data.is_dir() {
            fs::create_dir(&target).map_err(|error| failed(&target, "cannot be made", &error))?;
            copy(&source, &target, record, depth + 1, count)?;
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
