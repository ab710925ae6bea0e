//! The files of a pack: from a directory or from memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::limits;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// What some editors put at the beginning of a file. It is no part of the text.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The files of a pack that hold policy, as texts by their paths within the pack (`/` between the parts):
/// `pack.toml`, `reference/*.toml` and all `*.rhai` files outside `tests/`.
///
/// ```
/// use qingfeng_rules::PackFiles;
/// let mut files = PackFiles::default();
/// files.insert("pack.toml", "[pack]\nname = \"demo\"".as_bytes().to_vec());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PackFiles {
    files: BTreeMap<String, Vec<u8>>,
    pub(super) unreadable: Vec<Diagnostic>,
}

impl PackFiles {
    /// Adds a file.
    pub fn insert(&mut self, path: impl Into<String>, content: Vec<u8>) {
        self.files.insert(path.into(), content);
    }

    /// The content of a file.
    pub fn content(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The paths of all files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Reads the files of the pack in a directory. What cannot be read becomes an error of the pack.
    pub fn read(directory: &Path) -> Self {
        let mut files = Self::default();
        if !directory.is_dir() {
            let title = format!("`{}` is not a directory", directory.display());
            files.unreadable(title, "give the directory that holds `pack.toml`");
            return files;
        }
        files.read_directory(directory, "", 0);
        files
    }

    fn unreadable(&mut self, title: String, help: &str) {
        self.unreadable.push(Diagnostic::new(Code::UnreadableFile, title).help(help));
    }

    fn read_directory(&mut self, directory: &Path, prefix: &str, depth: usize) {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                self.unreadable(
                    format!("`{}` cannot be read: {error}", directory.display()),
                    "check its permissions",
                );
                return;
            }
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                let title = format!("the name of `{}` is not UTF-8", path.display());
                self.unreadable(title, "rename it");
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let relative = format!("{prefix}{name}");
            if path.is_dir() {
                // Lookup tables are data, and tests decide nothing.
                if depth < 8 && !(prefix.is_empty() && matches!(name, "lookups" | "tests")) {
                    self.read_directory(&path, &format!("{relative}/"), depth + 1);
                }
                continue;
            }
            let is_reference = prefix == "reference/" && name.ends_with(".toml");
            if !(relative == "pack.toml" || is_reference || name.ends_with(".rhai")) {
                continue;
            }
            if self.files.len() >= limits::FILES_MAX {
                let title = format!("a pack cannot have more than {} files", limits::FILES_MAX);
                self.unreadable(title, "split it");
                return;
            }
            let too_large = path.metadata().is_ok_and(|data| data.len() > limits::FILE_BYTES_MAX as u64);
            if too_large {
                let title = format!("`{relative}` is larger than {} MiB", limits::FILE_BYTES_MAX >> 20);
                self.unreadable(title, "split it into several files");
                continue;
            }
            match std::fs::read(&path) {
                Ok(content) => self.insert(relative, content),
                Err(error) => {
                    self.unreadable(format!("`{relative}` cannot be read: {error}"), "check its permissions");
                }
            }
        }
    }

    /// The texts, with errors for those that are not UTF-8.
    pub(super) fn texts(&self, diagnostics: &mut Diagnostics) -> BTreeMap<&str, Arc<str>> {
        let mut texts = BTreeMap::new();
        for (path, content) in &self.files {
            match std::str::from_utf8(content) {
                Ok(text) => {
                    let text: Arc<str> = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).into();
                    diagnostics.sources.share(path, Arc::clone(&text));
                    texts.insert(path.as_str(), text);
                }
                Err(error) => {
                    let line =
                        content[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
                    let title = format!("`{path}` is not UTF-8: line {line} has bytes that are no text");
                    diagnostics
                        .push(Diagnostic::new(Code::UnreadableFile, title).help("save the file as UTF-8"));
                }
            }
        }
        texts
    }

    /// A file's content as the digest takes it: line ends do not count, nor does a byte order mark.
    pub(super) fn canonical(text: &str) -> Cow<'_, str> {
        if text.contains('\r') { text.replace("\r\n", "\n").into() } else { text.into() }
    }
}
