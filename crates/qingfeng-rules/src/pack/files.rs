//! The files of a pack: from a directory or from memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::limits;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// How deep the directories of a pack may nest.
const DEPTH_MAX: usize = 8;

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
#[derive(Clone, Debug)]
pub struct PackFiles(pub(super) Files);

impl Default for PackFiles {
    fn default() -> Self {
        Self(Files::new(Code::UnreadableFile))
    }
}

impl PackFiles {
    /// Adds a file.
    pub fn insert(&mut self, path: impl Into<String>, content: Vec<u8>) {
        self.0.files.insert(path.into(), content);
    }

    /// The content of a file.
    pub fn content(&self, path: &str) -> Option<&[u8]> {
        self.0.files.get(path).map(Vec::as_slice)
    }

    /// The paths of all files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.files.keys().map(String::as_str)
    }

    /// What could not be read, as errors.
    pub fn unreadable(&self) -> &[Diagnostic] {
        &self.0.unreadable
    }

    /// Reads the files of the pack in a directory. What cannot be read becomes an error of the pack.
    pub fn read(directory: &Path) -> Self {
        let mut files = Self::default();
        if directory.is_dir() {
            // Lookup tables are data, and tests decide nothing.
            let wanted = |path: &str, is_directory: bool| match is_directory {
                true => !matches!(path, "lookups" | "tests"),
                false => {
                    let name = path.strip_prefix("reference/").filter(|name| !name.contains('/'));
                    let is_reference = name.is_some_and(|name| name.ends_with(".toml"));
                    path == "pack.toml" || is_reference || path.ends_with(".rhai")
                }
            };
            files.0.read_directory(directory, directory, "", &wanted);
        } else {
            let title = format!("`{}` is not a directory", directory.display());
            files.0.refuse(title, "give the directory that holds `pack.toml`");
        }
        files
    }

    /// The texts, with errors for those that are not UTF-8.
    pub(super) fn texts(&self, diagnostics: &mut Diagnostics) -> BTreeMap<&str, Arc<str>> {
        let mut texts = BTreeMap::new();
        for (path, content) in &self.0.files {
            match text_of(path, content) {
                Ok(text) => {
                    let text: Arc<str> = text.into();
                    diagnostics.sources.share(path, Arc::clone(&text));
                    texts.insert(path.as_str(), text);
                }
                Err(title) => {
                    let help = "save the file as UTF-8";
                    diagnostics.push(Diagnostic::new(Code::UnreadableFile, title).help(help));
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

/// The text of a file without a byte order mark; what to say where it has none.
pub(crate) fn text_of<'c>(path: &str, content: &'c [u8]) -> Result<&'c str, String> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
        format!("`{path}` is not UTF-8: line {line} has bytes that are no text")
    })?;
    Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}

/// Why a file of a pack is not read.
#[derive(Debug)]
pub enum Unreadable {
    /// The system cannot.
    Io(io::Error),
    /// It is none that a pack may have, or too large: what it is, and what to do.
    Refused(String, &'static str),
}

/// Reads a regular file in the directory of a pack, or one within it to which a link leads; so many bytes at most.
///
/// # Errors
///
/// It cannot be read, is none of the pack, is no regular file, or has more bytes.
pub fn read_file(pack: &Path, path: &Path, bytes_max: usize) -> Result<Vec<u8>, Unreadable> {
    let refused = |what: String, help| Err(Unreadable::Refused(what, help));
    let real = path.canonicalize().map_err(Unreadable::Io)?;
    if !real.starts_with(pack.canonicalize().map_err(Unreadable::Io)?) {
        return refused(
            "lies outside of the pack".to_owned(),
            "copy the file into the pack, and remove the link",
        );
    }
    // Opening a pipe would wait for somebody to write.
    let kind = real.metadata().map_err(Unreadable::Io)?.file_type();
    if kind.is_dir() {
        return refused("is a directory".to_owned(), "name a file in it, or rename it");
    }
    if !kind.is_file() {
        return refused("is no file but a pipe, a socket or a device".to_owned(), "put a file in its place");
    }
    let mut content = Vec::new();
    let file = File::open(&real).map_err(Unreadable::Io)?;
    file.take(bytes_max as u64 + 1).read_to_end(&mut content).map_err(Unreadable::Io)?;
    if content.len() > bytes_max {
        return refused(format!("is larger than {} MiB", bytes_max >> 20), "split it into several files");
    }
    Ok(content)
}

/// Files by their paths, and what could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub files: BTreeMap<String, Vec<u8>>,
    pub unreadable: Vec<Diagnostic>,
    /// Of what kind of mistake it is that a file cannot be read.
    code: Code,
    /// The bytes of all.
    bytes: usize,
}

impl Files {
    pub fn new(code: Code) -> Self {
        Self { files: BTreeMap::new(), unreadable: Vec::new(), code, bytes: 0 }
    }

    fn refuse(&mut self, title: String, help: &str) {
        self.unreadable.push(Diagnostic::new(self.code, title).help(help));
    }

    /// Reads what is wanted in a directory of a pack: of paths, and whether each is a directory.
    pub fn read_directory(
        &mut self,
        pack: &Path,
        directory: &Path,
        prefix: &str,
        wanted: &dyn Fn(&str, bool) -> bool,
    ) {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                let title = format!("`{}` cannot be read: {error}", directory.display());
                self.refuse(title, "check its permissions");
                return;
            }
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                let title = format!("the name of `{}` is not UTF-8", path.display());
                self.refuse(title, "rename it");
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let relative = format!("{prefix}{name}");
            let is_directory = path.is_dir();
            if !wanted(&relative, is_directory) {
                continue;
            }
            if is_directory {
                let real = path.canonicalize().and_then(|real| Ok((real, pack.canonicalize()?)));
                if path.is_symlink() && !real.is_ok_and(|(real, pack)| real.starts_with(pack)) {
                    let title = format!("`{relative}` lies outside of the pack");
                    self.refuse(title, "copy the directory into the pack, and remove the link");
                    continue;
                }
                let inner = format!("{relative}/");
                if inner.matches('/').count() > DEPTH_MAX {
                    let help = format!("use at most {DEPTH_MAX} levels of directories");
                    self.refuse(format!("`{relative}` lies too deep"), &help);
                } else {
                    self.read_directory(pack, &path, &inner, wanted);
                }
                continue;
            }
            if self.files.len() >= limits::FILES_MAX {
                let of = if self.code == Code::BadTest { " of tests" } else { "" };
                let title = format!("a pack cannot have more than {} files{of}", limits::FILES_MAX);
                self.refuse(title, "join some");
                return;
            }
            if self.bytes > limits::PACK_BYTES_MAX {
                let of = if self.code == Code::BadTest { "tests of a pack" } else { "files of a pack" };
                let title = format!("the {of} are larger than {} MiB together", limits::PACK_BYTES_MAX >> 20);
                self.refuse(title, "keep long lists in lookup tables");
                return;
            }
            self.read_file(pack, &path, relative);
        }
    }

    pub fn read_file(&mut self, pack: &Path, path: &Path, relative: String) {
        match read_file(pack, path, limits::FILE_BYTES_MAX) {
            Ok(content) => {
                self.bytes += content.len();
                self.files.insert(relative, content);
            }
            Err(Unreadable::Refused(what, help)) => self.refuse(format!("`{relative}` {what}"), help),
            Err(Unreadable::Io(error)) => {
                self.refuse(format!("`{relative}` cannot be read: {error}"), "check its permissions");
            }
        }
    }
}
