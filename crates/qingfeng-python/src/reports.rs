//! What the tools for those who write rules find: as the JSON of the command, and in its words.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use qingfeng::read::{ReadOptions, Reader};
use qingfeng::rules::Date;
use qingfeng::rules::internals::suggestion;
use qingfeng::tools::diff::{DiffOptions, Readers, read_alike};
use qingfeng::tools::rule_tests::MutateOptions;
use qingfeng::tools::verify::VerifyOptions;
use qingfeng::tools::why_not::WhyNotOptions;
use qingfeng::{Cancel, Pipeline};
use qingfeng_cli::reports::{self, Report, TestOptions};

use crate::declaration;
use crate::engine::{ARCHIVE, Engine, ReadGiven, Source, lookups};
use crate::{errors, tables, waiting};

/// JSON, text, and whether all is well.
pub type Found = (String, String, bool);

pub fn found(py: Python<'_>, report: serde_json::Result<Report>) -> PyResult<Found> {
    match report {
        Ok(Report { json, text, is_well }) => Ok((json, text, is_well)),
        Err(error) => Err(errors::plain(py, &error.to_string())),
    }
}

/// What is read, for a tool that needs to have it read once.
fn reader(
    py: Python<'_>,
    engine: &Engine,
    table: &Bound<'_, PyAny>,
    given: &ReadGiven,
    options: ReadOptions,
) -> PyResult<Reader> {
    let inputs = tables::given(table, tables::TABLE)?.inputs;
    let reader = Reader::new(Arc::clone(&engine.engine.pack().schema), inputs, given.over(py, options)?);
    reader.map_err(|error| errors::read(py, &error))
}

fn pipeline(threads: Option<usize>, cancel: &Cancel) -> Pipeline {
    Pipeline::from(threads).cancel(cancel)
}

/// A day of the calendar.
pub fn day(py: Python<'_>, name: &str, given: Option<&str>) -> PyResult<Option<Date>> {
    let wrong = |text| {
        errors::plain(py, &format!("{name}: `{text}` is no day of the calendar; write it as 2016-06-30"))
    };
    given.map(|text| text.parse().map_err(|_| wrong(text))).transpose()
}

#[pyfunction]
#[pyo3(signature = (pack, store, snapshot, as_of))]
pub fn check(
    py: Python<'_>,
    pack: &Bound<'_, PyAny>,
    store: Option<&str>,
    snapshot: Option<u64>,
    as_of: Option<&str>,
) -> PyResult<Found> {
    let as_of = day(py, "as_of", as_of)?;
    let of_store = lookups(py, store, snapshot)?;
    let source = Source::of(py, pack)?;
    let report = waiting::during(py, &Cancel::new(), move || match source {
        Source::Directory(directory) => Ok(reports::check(&directory, &of_store, as_of)),
        Source::Archive(bytes) => reports::check_archive(Path::new(ARCHIVE), bytes, &of_store, as_of),
    })?;
    found(py, report.map_err(|error| errors::plain(py, &format!("the archive cannot be unpacked: {error}")))?)
}

#[pyfunction]
#[pyo3(signature = (directory, filter, coverage, mutate, mutate_limit, data))]
pub fn test(
    py: Python<'_>,
    directory: PathBuf,
    filter: Option<String>,
    coverage: bool,
    mutate: bool,
    mutate_limit: Option<usize>,
    data: Option<PathBuf>,
) -> PyResult<Found> {
    let name = directory.display().to_string();
    let options = TestOptions {
        filter,
        coverage,
        mutate: mutate.then_some(MutateOptions { limit: mutate_limit }),
        data,
    };
    let run = waiting::during(py, &Cancel::new(), move || {
        let checked = qingfeng::Engine::builder().directory(&directory).for_tests().check();
        match checked.opened {
            Some(engine) => Ok(reports::test(&engine, &directory, &options, &|_, _| {})),
            None => Err(checked.diagnostics),
        }
    })?;
    let run = run.map_err(|mistakes| errors::pack(py, &name, &mistakes))?;
    found(py, run.map_err(|error| errors::input(py, &error.to_string()))?)
}

#[pyfunction]
#[pyo3(signature = (engine, declaration, all))]
pub fn explain(
    py: Python<'_>,
    engine: &Engine,
    declaration: &Bound<'_, PyAny>,
    all: bool,
) -> PyResult<Found> {
    let given = declaration::Given::new(declaration)?;
    let explained = py.detach(|| {
        let explanation = given.explain(&engine.engine)?;
        Ok(reports::explain(&engine.engine, explanation, all))
    });
    found(py, explained.map_err(|error| errors::assess(py, &error))?)
}

/// `None` with a text where the inputs do not have the declaration.
#[pyfunction]
#[pyo3(signature = (engine, declaration_id, table, read, all))]
pub fn explain_in(
    py: Python<'_>,
    engine: &Engine,
    declaration_id: String,
    table: &Bound<'_, PyAny>,
    read: ReadGiven,
    all: bool,
) -> PyResult<Found> {
    let options = ReadOptions {
        max_declaration_lines: engine.read_options().max_declaration_lines,
        ..reports::explain_options()
    };
    let reader = reader(py, engine, table, &read, options)?;
    let opened = engine.engine.clone();
    let report = waiting::during(py, &Cancel::new(), move || {
        reports::explain_in(&opened, &declaration_id, reader, all)
    })?;
    match report.map_err(|error| errors::read(py, &error))? {
        Ok(report) => found(py, Ok(report)),
        Err(missing) => Err(errors::not_found(py, &missing)),
    }
}

#[pyfunction]
#[pyo3(signature = (engine, rule, table, read, limit, threads))]
pub fn why_not(
    py: Python<'_>,
    engine: &Engine,
    rule: &str,
    table: &Bound<'_, PyAny>,
    read: ReadGiven,
    limit: usize,
    threads: Option<usize>,
) -> PyResult<Found> {
    let rules = &engine.engine.pack().rules;
    let Some(position) = rules.iter().position(|known| known.id == rule) else {
        let ids = rules.iter().map(|rule| rule.id.as_str());
        return Err(errors::not_found(py, &format!("there is no rule `{rule}`; {}", suggestion(rule, ids))));
    };
    let reader = reader(py, engine, table, &read, engine.read_options())?;
    let (opened, cancel) = (engine.engine.clone(), Cancel::new());
    let options = WhyNotOptions { misses: limit, pipeline: pipeline(threads, &cancel) };
    let why = waiting::during(py, &cancel, move || opened.why_not(position, reader, &options, &mut |_| {}))?;
    found(py, reports::why_not(&why.map_err(|error| errors::job(py, &error))?))
}

#[pyfunction]
#[pyo3(signature = (engine, table, read, lines, threads))]
pub fn verify<'py>(
    py: Python<'py>,
    engine: &Engine,
    table: &Bound<'_, PyAny>,
    read: ReadGiven,
    lines: Option<u64>,
    threads: Option<usize>,
) -> PyResult<Verified> {
    let usual = engine.read_options();
    let least = lines.and_then(|lines| usize::try_from(lines).ok()).unwrap_or(usual.batch_lines);
    let options = ReadOptions { batch_lines: least.min(usual.batch_lines), ..usual };
    let reader = reader(py, engine, table, &read, options)?;
    let (opened, cancel) = (engine.engine.clone(), Cancel::new());
    let options = VerifyOptions { pipeline: pipeline(threads, &cancel), limit: lines };
    let verified = waiting::during(py, &cancel, move || opened.verify(reader, &options, &mut |_| {}))?;
    let verified = verified.map_err(|error| errors::job(py, &error))?;
    Ok(Verified {
        lines: verified.lines,
        rejected: verified.rejected,
        declarations: verified.declarations,
        fired: verified.fired,
        faults: verified.faults,
        seconds: verified.seconds,
        difference: verified.difference.as_ref().map(ToString::to_string),
        text: reports::verify(&verified),
    })
}

/// What `verify` compared.
#[derive(IntoPyObject)]
pub struct Verified {
    lines: u64,
    rejected: u64,
    declarations: u64,
    fired: u64,
    faults: u64,
    seconds: f64,
    difference: Option<String>,
    text: String,
}

/// The difference of two packs; with a table, of what becomes of its declarations. Of two packs whose fields differ each reads
/// by itself, so that the table is given twice.
#[pyfunction]
#[pyo3(signature = (old, new, tables, read, examples, threads))]
pub fn diff(
    py: Python<'_>,
    old: &Engine,
    new: &Engine,
    tables: Option<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
    read: ReadGiven,
    examples: usize,
    threads: Option<usize>,
) -> PyResult<Found> {
    let (first, second) = (old.engine.clone(), new.engine.clone());
    let cancel = Cancel::new();
    let diff = match tables {
        None => waiting::during(py, &cancel, move || Ok(first.diff(&second)))?,
        Some((of_old, of_new)) => {
            let readers = if read_alike(&first, &second) {
                Readers::one(reader(py, old, &of_old, &read, old.read_options())?)
            } else {
                Readers::two(
                    reader(py, old, &of_old, &read, old.read_options())?,
                    reader(py, new, &of_new, &read, new.read_options())?,
                )
            };
            let options = DiffOptions { pipeline: pipeline(threads, &cancel), examples };
            waiting::during(py, &cancel, move || first.diff_over(&second, readers, &options, &mut |_| {}))?
        }
    };
    found(py, reports::diff(&diff.map_err(|error| errors::job(py, &error))?))
}
