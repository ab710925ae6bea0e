//! The engine, and what it is opened from.

use std::path::{Path, PathBuf};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict};
use qingfeng::rules::Status;
use qingfeng::{Cancel, EngineBuilder, read};
use qingfeng_store::{StoreLookups, StoreUrl};

use crate::assessment::Assessment;
use crate::declaration;
use crate::scores::{Options, Scores};
use crate::{errors, tables, waiting};

/// What a pack in an archive is called.
pub const ARCHIVE: &str = "archive";

/// Where a pack is.
pub enum Source {
    Directory(PathBuf),
    Archive(Vec<u8>),
}

impl Source {
    /// A path, of a directory or of an archive, or the bytes of an archive.
    pub fn of(py: Python<'_>, pack: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Some(path) = tables::path(pack)? {
            if !path.is_file() {
                return Ok(Self::Directory(path));
            }
            let bytes = py.detach(|| std::fs::read(&path));
            return bytes
                .map(Self::Archive)
                .map_err(|error| errors::input(py, &format!("{}: cannot be read: {error}", path.display())));
        }
        if let Ok(bytes) = pack.cast::<PyBytes>() {
            return Ok(Self::Archive(bytes.as_bytes().to_owned()));
        }
        if let Ok(bytes) = pack.cast::<PyByteArray>() {
            return Ok(Self::Archive(bytes.to_vec()));
        }
        let kind = pack.get_type().fully_qualified_name()?.to_string();
        Err(PyTypeError::new_err(format!(
            "a value of type {kind} is no pack; give the path of its directory or of its archive, or the bytes of an archive"
        )))
    }

    /// What stands before the names of its files.
    pub fn name(&self) -> &Path {
        match self {
            Self::Directory(directory) => directory,
            Self::Archive(_) => Path::new(ARCHIVE),
        }
    }

    pub fn builder<'b>(&self) -> EngineBuilder<'b> {
        match self {
            Self::Directory(directory) => qingfeng::Engine::builder().directory(directory),
            Self::Archive(bytes) => qingfeng::Engine::builder().archive(bytes.clone()),
        }
    }
}

/// The store that is named, and of it the snapshot.
pub fn lookups(py: Python<'_>, store: Option<&str>, snapshot: Option<u64>) -> PyResult<StoreLookups> {
    let url = store.map(|url| StoreUrl::parse(url, Path::new(""))).transpose();
    let url = url.map_err(|error| errors::plain(py, &format!("store: {error}")))?;
    Ok(StoreLookups::default().store(url).snapshot(snapshot))
}

/// An opened pack. Threads share it.
#[pyclass(subclass, frozen, module = "qingfeng._native")]
pub struct Engine {
    pub engine: qingfeng::Engine,
    max_declaration_lines: Option<usize>,
}

impl Engine {
    /// How its inputs are read, where nothing else is said.
    pub fn read_options(&self) -> read::ReadOptions {
        let usual = read::ReadOptions::default();
        let max_declaration_lines = self.max_declaration_lines.unwrap_or(usual.max_declaration_lines);
        read::ReadOptions { max_declaration_lines, ..usual }
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (pack, *, digest=None, store=None, snapshot=None, lookups=None, max_declaration_lines=None))]
    fn new(
        py: Python<'_>,
        pack: &Bound<'_, PyAny>,
        digest: Option<String>,
        store: Option<&str>,
        snapshot: Option<u64>,
        lookups: Option<&Bound<'_, PyDict>>,
        max_declaration_lines: Option<usize>,
    ) -> PyResult<Self> {
        let source = Source::of(py, pack)?;
        let name = source.name().display().to_string();
        let of_store = self::lookups(py, store, snapshot)?;
        let mut rows = Vec::new();
        for (table, given) in lookups.into_iter().flatten() {
            rows.push((table.extract::<String>()?, tables::whole(&given)?));
        }
        let opened = waiting::during(py, &Cancel::new(), move || {
            let mut builder = source.builder().lookups(&of_store);
            for (table, rows) in rows {
                builder = builder.lookup(table, rows);
            }
            if let Some(digest) = digest {
                builder = builder.expected_digest(digest);
            }
            if let Some(lines) = max_declaration_lines {
                builder = builder.max_declaration_lines(lines);
            }
            builder.build()
        })?;
        let engine = opened.map_err(|error| errors::open(py, &name, &error))?;
        Ok(Self { engine, max_declaration_lines })
    }

    /// The pack by name, version and digest, and the snapshot of a store where tables come from one.
    #[getter]
    fn pack_id(&self) -> &str {
        self.engine.pack_id()
    }

    /// The digest of the pack, its lookup tables included.
    #[getter]
    fn digest(&self) -> &str {
        self.engine.digest()
    }

    /// The name of the pack.
    #[getter]
    fn name(&self) -> &str {
        &self.engine.pack().name
    }

    /// The version of the pack.
    #[getter]
    fn version(&self) -> &str {
        &self.engine.pack().version
    }

    /// The snapshot of the store of its lookup tables, `1234#9f3a06c4d2e1`, if one of them comes from a store.
    #[getter]
    fn snapshot(&self) -> Option<String> {
        self.engine.lookups().map(|lookups| lookups.snapshot.clone())
    }

    /// The channels, from mild to severe.
    #[getter]
    fn channels(&self) -> Vec<String> {
        self.engine.pack().channels.iter().map(|channel| channel.name.clone()).collect()
    }

    /// The rules: id, title and status, in the order of the pack.
    #[getter]
    fn rules(&self) -> Vec<(String, String, &'static str)> {
        let rules = self.engine.pack().rules.iter();
        rules.map(|rule| (rule.id.clone(), rule.title.clone(), rule.status.name())).collect()
    }

    /// How many rules are evaluated: those in force, and shadow rules.
    #[getter]
    fn rule_count(&self) -> usize {
        let rules = self.engine.pack().rules.iter();
        rules.filter(|rule| matches!(rule.status, Status::Active | Status::Shadow)).count()
    }

    /// Assesses one declaration.
    fn assess(&self, py: Python<'_>, declaration: &Bound<'_, PyAny>) -> PyResult<Assessment> {
        let given = declaration::Given::new(declaration)?;
        match py.detach(|| given.assess(&self.engine)) {
            Ok(found) => Ok(Assessment::new(found, self.engine.clone())),
            Err(error) => Err(errors::assess(py, &error)),
        }
    }

    /// Scores a table, files or record batches; the results are read from what it returns.
    #[pyo3(signature = (table, options))]
    fn _score(&self, table: &Bound<'_, PyAny>, options: Options) -> PyResult<Scores> {
        Scores::start(self, table, options)
    }

    /// Drops what is kept idle for the next calls.
    fn trim(&self, py: Python<'_>) {
        py.detach(|| self.engine.trim());
    }

    fn __repr__(&self) -> String {
        format!("<qingfeng.Engine {}>", self.engine.pack_id())
    }
}

/// How inputs are read.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ReadGiven {
    format: Option<String>,
    encoding: Option<String>,
    zone: Option<String>,
    country_numbers: Option<String>,
}

/// One of some words, or what they are.
fn word<T: Copy>(
    py: Python<'_>,
    name: &str,
    given: Option<&str>,
    words: &[(&str, T)],
) -> PyResult<Option<T>> {
    let Some(given) = given else { return Ok(None) };
    match words.iter().find(|(word, _)| *word == given) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Err(errors::plain(py, &format!("{name}: `{given}` is none of {}", words.join(", "))))
        }
    }
}

impl ReadGiven {
    /// These options over others.
    pub fn over(&self, py: Python<'_>, options: read::ReadOptions) -> PyResult<read::ReadOptions> {
        use qingfeng::rules::countries::Numbers;
        use read::{Encoding, Format};
        let formats = [
            ("csv", Format::Csv),
            ("ndjson", Format::Ndjson),
            ("parquet", Format::Parquet),
            ("arrow", Format::Arrow),
        ];
        let encodings = [("utf-8", Encoding::Utf8), ("gb18030", Encoding::Gb18030)];
        let numbers = [("iso", Numbers::Iso), ("gac", Numbers::Gac)];
        let zone = self.zone.as_deref().map(str::parse).transpose();
        Ok(read::ReadOptions {
            format: word(py, "format", self.format.as_deref(), &formats)?,
            encoding: word(py, "encoding", self.encoding.as_deref(), &encodings)?.unwrap_or(options.encoding),
            zone: zone.map_err(|error: qingfeng::rules::ParseZoneError| {
                errors::plain(py, &format!("zone: {error}"))
            })?,
            country_numbers: word(py, "country_numbers", self.country_numbers.as_deref(), &numbers)?,
            ..options
        })
    }
}
