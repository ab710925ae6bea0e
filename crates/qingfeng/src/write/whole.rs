//! Files that bear their names when they are whole, each written by one run at a time.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the name of a file ends with while it is written.
pub(crate) const PARTIAL: &str = ".partial";

/// What this process has begun to write: the name while it is written, and the name that it gets.
static UNFINISHED: Mutex<BTreeMap<PathBuf, PathBuf>> = Mutex::new(BTreeMap::new());

fn unfinished() -> MutexGuard<'static, BTreeMap<PathBuf, PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file or a directory that is written under another name than the one that it gets.
#[derive(Debug)]
pub struct Unfinished {
    partial: PathBuf,
    path: PathBuf,
}

impl Unfinished {
    /// Says that `partial` is being written to become `path`.
    pub fn new(partial: PathBuf, path: PathBuf) -> Self {
        unfinished().insert(partial.clone(), path.clone());
        Self { partial, path }
    }

    /// What is written.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Gives it its name.
    ///
    /// # Errors
    ///
    /// It cannot be renamed.
    pub fn publish(&self) -> io::Result<()> {
        // Not while another thread gives all up.
        let mut all = unfinished();
        fs::rename(&self.partial, &self.path)?;
        all.remove(&self.partial);
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        unfinished().remove(&self.partial);
    }
}

/// Removes what this process has begun to write and not finished, for a process that ends now: nothing gets its name any
/// more. Gives the names that they would have got.
pub fn give_up() -> Vec<PathBuf> {
    let all = unfinished();
    for partial in all.keys() {
        // Who ends has nobody to tell it to.
        let _ = if partial.is_dir() { fs::remove_dir_all(partial) } else { fs::remove_file(partial) };
    }
    let paths = all.values().cloned().collect();
    std::mem::forget(all);
    paths
}

/// A file that is being written. It stands beside the file that it becomes, under that name with `.partial` after it, and
/// is locked, so that no other run writes it too; what a run left that was killed is written over.
#[derive(Debug)]
pub struct WholeFile {
    file: File,
    unfinished: Unfinished,
}

impl WholeFile {
    /// Begins to write the file of this path. A link is followed, so that it stays.
    ///
    /// # Errors
    ///
    /// The file cannot be created, or another run is writing it.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut partial = path.as_os_str().to_owned();
        partial.push(PARTIAL);
        let partial = PathBuf::from(partial);
        loop {
            if fs::symlink_metadata(&partial).is_ok_and(|found| !found.is_file()) {
                let reason = format!("{} is in the way and no file; remove it", partial.display());
                return Err(io::Error::new(ErrorKind::AlreadyExists, reason));
            }
            let mut options = OpenOptions::new();
            options.read(true).write(true);
            let (file, is_new) = match options.clone().create_new(true).open(&partial) {
                Ok(file) => (file, true),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => match options.open(&partial) {
                    Ok(file) => (file, false),
                    // It has just got its name.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                },
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                // Without locks there is still one run alone that makes the file.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported && is_new => {}
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    let partial = partial.display();
                    let reason = format!(
                        "another run is writing it, or one that was killed left {partial}; remove that file if no other run goes on"
                    );
                    return Err(io::Error::new(ErrorKind::ResourceBusy, reason));
                }
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) => {
                    let reason = "another run is writing it; wait until that has ended, or name another file";
                    return Err(io::Error::new(ErrorKind::ResourceBusy, reason));
                }
                // Between the opening and the lock another run may have given the file its name.
                Ok(()) if !is_at(&file, &partial)? => continue,
                Ok(()) => file.set_len(0)?,
            }
            return Ok(Self { file, unfinished: Unfinished::new(partial, path) });
        }
    }

    /// Another handle to write it with.
    ///
    /// # Errors
    ///
    /// The system gives none.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Gives the file its name. All handles are closed by then.
    ///
    /// # Errors
    ///
    /// It cannot be renamed.
    pub fn finish(self) -> io::Result<()> {
        // Who may read the older file may read this one.
        if let Ok(older) = self.unfinished.path.metadata() {
            self.file.set_permissions(older.permissions())?;
        }
        self.unfinished.publish()
    }

    /// Writes a file as a whole; if that fails, nothing is left. What is no file, as a terminal or a pipe, is written to as
    /// it is.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or another run is writing it.
    pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
        if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            return fs::write(path, content);
        }
        let whole = Self::create(path)?;
        let mut file = &whole.file;
        let partial = whole.unfinished.partial().to_owned();
        let written = file.write_all(content).and_then(|()| whole.finish());
        if written.is_err() {
            let _ = fs::remove_file(partial);
        }
        written
    }
}

/// Whether the path still leads to this file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let found = file.metadata()?;
    Ok(path.metadata().is_ok_and(|at| (at.dev(), at.ino()) == (found.dev(), found.ino())))
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    Ok(path.exists())
}
