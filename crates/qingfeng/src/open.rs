//! Opening a pack: from a directory, an archive or memory, with lookup tables from its files, a store or a program.
//!
//! Every file is read once: the bytes that are parsed are those that the digest names, whatever happens to the
//! directory meanwhile.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow_array::RecordBatch;
use qingfeng_rules::internals::{Passes, Unreadable, read_file};
use qingfeng_rules::limits::{FILE_BYTES_MAX, FILES_MAX, LOOKUP_BYTES_MAX, PACK_BYTES_MAX};
use qingfeng_rules::lookups::Lookup;
use qingfeng_rules::{Code, Diagnostic, Diagnostics, Pack, PackFiles};

use crate::engine::Engine;
use crate::eval::Evaluation;
use crate::lookup::{self, LookupTable, Rows};
use crate::read::{Input, ReadError, ReadOptions};

/// A pack cannot be used. Prints one line for each mistake.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.message())]
pub struct OpenError {
    pack: String,
    kind: OpenErrorKind,
    diagnostics: Box<Diagnostics>,
    source: Option<io::Error>,
}

/// Why a pack cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// The pack has mistakes, or a store of its lookup tables has.
    Invalid,
    /// A file or the directory cannot be read; the error's `source` says why. Another attempt may succeed.
    Unreadable,
    /// The pack is another one than the one that was expected.
    Digest {
        /// The digest that was expected.
        expected: String,
        /// The digest of the pack.
        found: String,
    },
}

impl OpenError {
    /// All mistakes of the pack.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Why the pack cannot be used.
    pub fn kind(&self) -> &OpenErrorKind {
        &self.kind
    }

    fn message(&self) -> String {
        let Self { pack, kind, diagnostics, .. } = self;
        match kind {
            OpenErrorKind::Digest { expected, found } => format!(
                "the pack in {pack} is not the one that was expected: its digest is {found}, not {expected}; open the right \
                 one, or wait until its files are exchanged"
            ),
            OpenErrorKind::Invalid | OpenErrorKind::Unreadable => {
                format!("the pack in {pack} is invalid:\n{diagnostics}")
            }
        }
    }
}

/// All that was found about a pack, and what was opened if there are no errors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// What was opened.
    pub opened: Option<Engine>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// What holds the rows of lookup tables that are no files of the pack: a store, a program.
///
/// It is asked once, when an engine is opened, with all that the pack declares; so all tables are of one snapshot.
pub trait LivingLookups {
    /// The rows of each table of `pack` that has no file of its own, by its position in `pack.lookups`. `directory` is
    /// where the pack stands, if it stands in one.
    ///
    /// # Errors
    ///
    /// Mistakes of the pack, each at the place of the table it speaks of.
    fn read(&self, pack: &Pack, directory: Option<&Path>) -> Result<LivingTables, Vec<Diagnostic>>;
}

/// What [`LivingLookups`] gives: one snapshot.
#[derive(Debug)]
pub struct LivingTables {
    /// Which, as results name it; `None` where nothing names it.
    pub snapshot: Option<LookupsSnapshot>,
    /// The rows of tables, by position in the pack.
    pub tables: Vec<(usize, Rows)>,
    /// What the pack can be used with all the same.
    pub warnings: Vec<Diagnostic>,
}

/// The store of an engine's lookup tables, and what of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupsSnapshot {
    /// The store, without a password.
    pub store: String,
    /// The snapshot, as answers name it: `1234#9f3a06c4d2e1`.
    pub snapshot: String,
}

/// Where the files of a pack are.
#[derive(Clone, Debug)]
enum Source {
    Directory(PathBuf),
    Archive(Vec<u8>),
    Memory(PackFiles),
}

/// What an engine is made of: a pack, lookup tables, and how it evaluates.
///
/// ```
/// use std::sync::Arc;
///
/// use qingfeng::arrow::{ArrayRef, RecordBatch, StringArray};
/// use qingfeng::rules::PackFiles;
/// use qingfeng::{Declaration, Engine};
///
/// let manifest = r#"
///     [pack]
///     name = "demo"
///     version = "1"
///     [schema]
///     extends = "export"
///     [[channels]]
///     name = "green"
///     from = 0
///     [[channels]]
///     name = "red"
///     from = 50
///     [lookups.blacklist]
///     file = "lookups/blacklist.csv"
///     key = ["exporter"]
///     [lookups.blacklist.columns]
///     grade = "text"
/// "#;
/// let rule = r#"rule("LISTED", #{ title: "Listed", score: 60, when: |d| d.listed("blacklist") });"#;
/// let mut pack = PackFiles::default();
/// pack.insert("pack.toml", manifest.into());
/// pack.insert("listed.rhai", rule.into());
/// let column = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
/// let rows = RecordBatch::try_from_iter([("exporter", column("E1")), ("grade", column("A"))])?;
///
/// let engine = Engine::builder().pack(pack).lookup("blacklist", rows).build()?;
/// let declaration = Declaration::new()
///     .with("declaration_id", "D1")
///     .with("destination", "KE")
///     .with("mode", "0110")
///     .with("hs", "8711209000")
///     .with("exporter", "E1");
/// assert_eq!(engine.assess(&declaration)?.channel, "red");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder opens nothing until `build` is called"]
pub struct EngineBuilder<'b> {
    source: Source,
    /// Files of a pack in memory that hold no policy, by path.
    files: BTreeMap<String, Vec<u8>>,
    rows: BTreeMap<String, RecordBatch>,
    living: Option<&'b dyn LivingLookups>,
    for_tests: bool,
    expected_digest: Option<String>,
    passes: Passes,
    evaluation: Evaluation,
    max_declaration_lines: usize,
}

impl<'b> EngineBuilder<'b> {
    pub(crate) fn new() -> Self {
        Self {
            source: Source::Memory(PackFiles::default()),
            files: BTreeMap::new(),
            rows: BTreeMap::new(),
            living: None,
            for_tests: false,
            expected_digest: None,
            passes: Passes::ALL,
            evaluation: Evaluation::default(),
            max_declaration_lines: ReadOptions::default().max_declaration_lines,
        }
    }

    /// The pack in a directory.
    pub fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.source = Source::Directory(directory.as_ref().to_owned());
        self
    }

    /// The pack whose files are these. Its lookup tables are added with [`file`](Self::file) or
    /// [`lookup`](Self::lookup).
    pub fn pack(mut self, files: PackFiles) -> Self {
        self.source = Source::Memory(files);
        self
    }

    /// The pack in a tar archive, lookup tables included; it may be packed with gzip or zstd. It holds the directory of
    /// one pack, or its files.
    pub fn archive(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.source = Source::Archive(bytes.into());
        self
    }

    /// A file of a lookup table, by its path in a pack that is no directory.
    pub fn file(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }

    /// The rows of a lookup table, in place of those that its file or a store has. Columns are found by name. The digest
    /// takes them as it takes a file.
    pub fn lookup(mut self, name: impl Into<String>, rows: RecordBatch) -> Self {
        self.rows.insert(name.into(), rows);
        self
    }

    /// Where the rows of lookup tables come from that are no files of the pack.
    pub fn lookups(mut self, lookups: &'b dyn LivingLookups) -> Self {
        self.living = Some(lookups);
        self
    }

    /// For the pack's tests: a lookup table for which there is a file `tests/lookups/NAME.csv` has its rows, and nothing
    /// else is asked for rows, so that tests do not depend on what is in a store today.
    pub fn for_tests(mut self) -> Self {
        self.for_tests = true;
        self
    }

    /// Refuses a pack with another digest: one whose files are just being exchanged, or have been.
    pub fn expected_digest(mut self, digest: impl Into<String>) -> Self {
        self.expected_digest = Some(digest.into());
        self
    }

    /// The passes by which rules are compiled; all of them otherwise. No answer depends on it.
    pub fn passes(mut self, passes: Passes) -> Self {
        self.passes = passes;
        self
    }

    /// What evaluates the rules. No answer depends on it.
    pub fn evaluation(mut self, evaluation: Evaluation) -> Self {
        self.evaluation = evaluation;
        self
    }

    /// The lines of a declaration that are assessed together at most, 10,000 otherwise, and 32,767 at most; further ones
    /// are rejected. It counts for [`assess`](Engine::assess), for tables and messages, and for [`score`](Engine::score).
    pub fn max_declaration_lines(mut self, lines: usize) -> Self {
        self.max_declaration_lines = lines;
        self
    }

    /// The engine.
    ///
    /// # Errors
    ///
    /// The mistakes of the pack, all of them; lookups that cannot be read are one. A digest that was not expected.
    pub fn build(&self) -> Result<Engine, OpenError> {
        let span = tracing::debug_span!("open", pack = tracing::field::Empty);
        let _entered = span.enter();
        let started = Instant::now();
        let mut loaded = self.load(true)?;
        let tables = std::mem::take(&mut loaded.tables);
        let lookups = loaded.snapshot.clone();
        let opened = loaded.opened();
        span.record("pack", &*opened.pack_id);
        Ok(Engine::new(
            opened,
            lookups,
            tables.into(),
            self.passes,
            self.evaluation,
            self.max_declaration_lines,
            started,
        ))
    }

    /// All mistakes of the pack, errors and warnings, those of its lookup tables included; and the engine, if there are
    /// no errors.
    pub fn check(&self) -> Checked {
        let error = match self.build() {
            Ok(engine) => {
                let diagnostics = engine.pack().warnings.clone();
                return Checked { opened: Some(engine), diagnostics };
            }
            Err(error) => error,
        };
        let mut diagnostics = *error.diagnostics;
        if let OpenErrorKind::Digest { expected, found } = error.kind {
            let title = format!("the digest of the pack is {found}, not {expected}");
            diagnostics.push(Diagnostic::new(Code::UnreadableFile, title));
        }
        Checked { opened: None, diagnostics }
    }

    /// The pack by itself, without rows that a store or a program has: what cannot assess.
    ///
    /// # Errors
    ///
    /// The mistakes of the pack, all of them. A digest that was not expected.
    pub fn open_pack(&self) -> Result<OpenedPack, OpenError> {
        self.load(false).map(Loaded::opened)
    }

    fn error(&self, diagnostics: Diagnostics, mut source: Option<io::Error>) -> OpenError {
        let pack = match &self.source {
            Source::Directory(directory) => directory.display().to_string(),
            Source::Archive(_) => "the archive".to_owned(),
            Source::Memory(_) => "memory".to_owned(),
        };
        if let Source::Directory(directory) = &self.source
            && diagnostics.items.iter().any(|item| item.code == Code::UnreadableFile)
        {
            let manifest = directory.join("pack.toml");
            let unreadable = || match read_file(directory, &manifest, FILE_BYTES_MAX) {
                Err(Unreadable::Io(error)) => Some(error),
                _ => None,
            };
            source = source.or_else(|| std::fs::read_dir(directory).err()).or_else(unreadable);
        }
        let kind = if source.is_some() { OpenErrorKind::Unreadable } else { OpenErrorKind::Invalid };
        OpenError { pack, kind, diagnostics: Box::new(diagnostics), source }
    }
}

/// A pack without the rows of living lookups: its rules, channels and inspection policy, for plans, proofs and lists of what
/// was assessed before, where the store may not be there. It cannot assess; an [`Engine`] can.
#[derive(Clone, Debug)]
pub struct OpenedPack {
    pack: Arc<Pack>,
    digest: String,
    pack_id: Arc<str>,
}

impl OpenedPack {
    /// Opens the pack in a directory: checks its files and those of its lookup tables.
    ///
    /// # Errors
    ///
    /// The mistakes of the pack, all of them.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        EngineBuilder::new().directory(directory).open_pack()
    }

    /// The pack.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// The digest of the pack, its lookup files included: BLAKE3 in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The pack by name, version and digest: `name@version#digest`. Where an engine's lookup tables come from a store,
    /// `+lookups@` follows and the snapshot: `clean-wind@2016.3#5d1f...+lookups@1234#9f3a06c4d2e1`; where it has profiles,
    /// `+trade@` and the digest of the record that they are counted from.
    pub fn pack_id(&self) -> &Arc<str> {
        &self.pack_id
    }

    /// Another pack under the names of this one.
    pub(crate) fn with_pack(&self, pack: Arc<Pack>) -> Self {
        Self { pack, digest: self.digest.clone(), pack_id: Arc::clone(&self.pack_id) }
    }
}

/// What was read of a pack.
struct Loaded {
    pack: Pack,
    tables: Vec<LookupTable>,
    digest: String,
    snapshot: Option<LookupsSnapshot>,
}

impl Loaded {
    fn opened(self) -> OpenedPack {
        let living = self.snapshot.map_or(String::new(), |of| match of.snapshot.starts_with("trade@") {
            true => format!("+{}", of.snapshot),
            false => format!("+lookups@{}", of.snapshot),
        });
        let pack_id = format!("{}@{}#{}{living}", self.pack.name, self.pack.version, self.digest).into();
        OpenedPack { pack: Arc::new(self.pack), digest: self.digest, pack_id }
    }
}

impl EngineBuilder<'_> {
    /// Reads a pack and its lookup tables; without `living` those that are files of it.
    fn load(&self, living: bool) -> Result<Loaded, OpenError> {
        let mut unpacked = BTreeMap::new();
        let files = match &self.source {
            Source::Directory(directory) => PackFiles::read(directory),
            Source::Memory(files) => files.clone(),
            Source::Archive(bytes) => {
                let unpack = unpack(bytes, &mut unpacked);
                unpack.map_err(|title| {
                    let mut diagnostics = Diagnostics::default();
                    diagnostics.push(Diagnostic::new(Code::UnreadableFile, title));
                    self.error(diagnostics, None)
                })?
            }
        };
        let directory = match &self.source {
            Source::Directory(directory) => Some(directory.as_path()),
            Source::Archive(_) | Source::Memory(_) => None,
        };
        let exists = |path: &str| match directory {
            Some(directory) => directory.join(path).exists(),
            None => self.files.contains_key(path) || unpacked.contains_key(path),
        };
        let content = |path: &str| match directory {
            Some(directory) => {
                let read = read_file(directory, &directory.join(path), LOOKUP_BYTES_MAX);
                read.map_err(|error| match error {
                    Unreadable::Io(error) => ReadError::open(&path, error),
                    Unreadable::Refused(what, help) => ReadError::content(&path, format!("{what}; {help}")),
                })
            }
            None => {
                let found = self.files.get(path).or_else(|| unpacked.get(path)).cloned();
                found.ok_or_else(|| ReadError::open(&path, io::ErrorKind::NotFound.into()))
            }
        };
        let mut pack = Pack::load(&files).map_err(|diagnostics| self.error(diagnostics, None))?;
        let mut tables = Vec::with_capacity(pack.lookups.len());
        let mut contents: Vec<(String, Vec<u8>)> = Vec::with_capacity(pack.lookups.len());
        let mut mistakes: Vec<Diagnostic> = Vec::new();
        let mut changed: Vec<Diagnostic> = Vec::new();
        let (mut snapshot, mut source) = (None, None);
        let mut living_rows: Vec<(usize, Rows)> = Vec::new();
        for name in self.rows.keys() {
            if pack.lookups.iter().all(|lookup| lookup.name != *name) {
                let title =
                    format!("rows were given for the lookup table `{name}`, which the pack does not have");
                mistakes
                    .push(Diagnostic::new(Code::BadLookup, title).help("declare it, or leave the rows out"));
            }
        }
        let is_living =
            |lookup: &&Lookup| lookup.source.file().is_none() && !self.rows.contains_key(&lookup.name);
        if let (Some(first), true, false) = (pack.lookups.iter().find(is_living), living, self.for_tests) {
            match self.living {
                Some(lookups) => match lookups.read(&pack, directory) {
                    Ok(read) => {
                        (snapshot, living_rows) = (read.snapshot, read.tables);
                        changed.extend(read.warnings);
                    }
                    Err(more) => mistakes.extend(more),
                },
                None => mistakes.push(no_living(first)),
            }
        }
        for (at, lookup) in pack.lookups.iter().enumerate() {
            let for_tests = format!("tests/lookups/{}.csv", lookup.name);
            let has_test_rows = self.for_tests && exists(&for_tests);
            let file = if has_test_rows { Some(for_tests.as_str()) } else { lookup.source.file() };
            let given = self.rows.get(&lookup.name).filter(|_| !has_test_rows);
            let rows = match (given, file) {
                (Some(rows), _) => {
                    let input = Input::batches(format!("the rows of `{}`", lookup.name), [rows.clone()]);
                    lookup::read(input, lookup, &pack.schema).inspect(|(rows, _)| {
                        contents.push((format!("lookup:{}", lookup.name), written(rows)));
                    })
                }
                (None, Some(file)) => match content(file) {
                    Ok(content) => {
                        let input = Input::bytes(file, content.clone());
                        // What tests see instead is no part of the pack.
                        if !has_test_rows {
                            contents.push((file.to_owned(), content));
                        }
                        lookup::read(input, lookup, &pack.schema)
                    }
                    Err(error) => {
                        let mistake = lookup::unreadable(lookup, &error);
                        if let ReadError::Open { source: error, .. } = error {
                            source = Some(error);
                        }
                        Err(vec![mistake])
                    }
                },
                (None, None) => {
                    if self.for_tests {
                        mistakes.push(no_test_rows(lookup, &for_tests));
                    }
                    let found = living_rows.iter().position(|(table, _)| *table == at);
                    let none = || Rows::none(&lookup.columns);
                    Ok((found.map_or_else(none, |found| living_rows.swap_remove(found).1), Vec::new()))
                }
            };
            match rows {
                Ok((rows, told)) => {
                    tables.push(LookupTable::new(rows, lookup));
                    changed.extend(told);
                }
                Err(more) => mistakes.extend(more),
            }
        }
        if !mistakes.is_empty() {
            let mut all = pack.warnings;
            mistakes.append(&mut all.items);
            all.items = mistakes;
            return Err(self.error(all, source));
        }
        pack.warnings.items.extend(changed);
        let digest = pack.digest(contents.iter().map(|(path, content)| (path.as_str(), content.as_slice())));
        match &self.expected_digest {
            Some(expected) if *expected != digest => {
                let kind = OpenErrorKind::Digest { expected: expected.clone(), found: digest };
                Err(OpenError { kind, ..self.error(pack.warnings, None) })
            }
            _ => Ok(Loaded { pack, tables, digest, snapshot }),
        }
    }
}

/// The rows of a lookup table as the digest takes them: each value on a line, and before it how long it is.
fn written(rows: &Rows) -> Vec<u8> {
    let mut text = String::new();
    for row in 0..rows.days.len() {
        for column in &rows.columns {
            let value = column.value(row).to_string();
            let _ = writeln!(text, "{}:{value}", value.len());
        }
    }
    text.into_bytes()
}

/// Writes the files of the pack in an archive into a directory, as [`EngineBuilder::archive`] sees them: for tools that need
/// a directory, such as `Engine::review`.
///
/// # Errors
///
/// What is no archive of a pack, and files that cannot be written.
pub fn unpack_archive(bytes: &[u8], directory: impl AsRef<Path>) -> io::Result<()> {
    let mut files = BTreeMap::new();
    let pack = unpack(bytes, &mut files).map_err(io::Error::other)?;
    let of_pack = pack.paths().filter_map(|path| Some((path.to_owned(), pack.content(path)?.to_vec())));
    files.extend(of_pack);
    for (path, content) in files {
        let path = directory.as_ref().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(path, content)?;
    }
    Ok(())
}

/// The files of a pack in a tar archive: those that hold policy, and the others by path.
fn unpack(bytes: &[u8], others: &mut BTreeMap<String, Vec<u8>>) -> Result<PackFiles, String> {
    let failed = |error: io::Error| format!("the archive of the pack cannot be read: {error}");
    let unpacked = crate::read::unpacked(bytes).map_err(failed)?;
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for entry in tar::Archive::new(unpacked).entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().map_err(failed)?;
        let parts: Option<Vec<&str>> = path
            .components()
            .filter(|part| !matches!(part, std::path::Component::CurDir))
            .map(|part| match part {
                std::path::Component::Normal(name) => name.to_str().filter(|name| !name.starts_with('.')),
                _ => None,
            })
            .collect();
        let Some(path) = parts.map(|parts| parts.join("/")) else { continue };
        if files.len() >= FILES_MAX {
            return Err(format!("a pack cannot have more than {FILES_MAX} files"));
        }
        let mut content = Vec::new();
        entry.take(LOOKUP_BYTES_MAX as u64 + 1).read_to_end(&mut content).map_err(failed)?;
        if content.len() > LOOKUP_BYTES_MAX {
            return Err(format!("`{path}` is larger than {} MiB", LOOKUP_BYTES_MAX >> 20));
        }
        files.insert(path, content);
    }
    let manifests = files.keys().filter_map(|path| path.strip_suffix("pack.toml"));
    let roots = manifests.filter(|root| root.is_empty() || root.ends_with('/'));
    let root = roots.min_by_key(|root| root.len()).map(str::to_owned).unwrap_or_default();
    let mut pack = PackFiles::default();
    let mut policy = 0;
    for (path, content) in files {
        let Some(path) = path.strip_prefix(&root) else { continue };
        let top = path.split_once('/').map(|(top, _)| top);
        let is_reference =
            top == Some("reference") && path.ends_with(".toml") && path.matches('/').count() == 1;
        let is_rule = path.ends_with(".rhai") && !matches!(top, Some("lookups" | "tests"));
        if path == "pack.toml" || is_reference || is_rule {
            if content.len() > FILE_BYTES_MAX {
                return Err(format!("`{path}` is larger than {} MiB", FILE_BYTES_MAX >> 20));
            }
            policy += content.len();
            if policy > PACK_BYTES_MAX {
                return Err(format!(
                    "the files of the pack are larger than {} MiB together",
                    PACK_BYTES_MAX >> 20
                ));
            }
            pack.insert(path, content);
        } else {
            others.insert(path.to_owned(), content);
        }
    }
    Ok(pack)
}

/// The pack has tables of a store, and none was given.
fn no_living(lookup: &Lookup) -> Diagnostic {
    let title = format!("no store was given, and the lookup table `{}` comes from one", lookup.name);
    Diagnostic::new(Code::UnusableStore, title)
        .at(lookup.place.clone(), "comes from the store")
        .help("open the pack with its store: `Engine::builder().directory(..).lookups(&store)`")
}

fn no_test_rows(lookup: &Lookup, file: &str) -> Diagnostic {
    let title = format!("tests do not see the store, and {file} is not there");
    let help = format!(
        "write {file} with the rows of `{}` that the tests need: a header with the key and the columns, and perhaps nothing \
         else",
        lookup.name
    );
    Diagnostic::new(Code::BadLookup, title).at(lookup.place.clone(), "comes from the store").help(help)
}
