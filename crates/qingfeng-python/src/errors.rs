//! Errors as exceptions. Their classes are Python's, in `qingfeng._errors`; which error becomes which stands here alone.

use std::path::Path;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use qingfeng::read::{BindError, BindErrorKind, ReadError, Reject};
use qingfeng::rules::Diagnostics;
use qingfeng::write::WriteError;
use qingfeng::{AssessError, JobError, OpenError, OpenErrorKind};
use qingfeng_cli::reports;

/// A value of JSON as Python's own.
pub fn from_json<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (json,))
}

/// An exception of the package's, with data. What goes wrong while it is made is raised in its place.
fn exception(py: Python<'_>, class: &str, message: &str, data: &[(&str, Bound<'_, PyAny>)]) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let keywords = PyDict::new(py);
        for (name, value) in data {
            keywords.set_item(name, value)?;
        }
        let class = py.import("qingfeng._errors")?.getattr(class)?;
        Ok(PyErr::from_value(class.call((message,), Some(&keywords))?))
    };
    make().unwrap_or_else(|error| error)
}

/// What has no class of its own.
pub fn plain(py: Python<'_>, message: &str) -> PyErr {
    exception(py, "QingfengError", message, &[])
}

/// An input that cannot be read.
pub fn input(py: Python<'_>, message: &str) -> PyErr {
    exception(py, "InputError", message, &[])
}

/// A pack with mistakes, or one that cannot be read.
pub fn open(py: Python<'_>, name: &str, error: &OpenError) -> PyErr {
    match error.kind() {
        OpenErrorKind::Digest { expected, found } => {
            let text = |text: &str| pyo3::types::PyString::new(py, text).into_any();
            exception(
                py,
                "DigestError",
                &error.to_string(),
                &[("expected", text(expected)), ("found", text(found))],
            )
        }
        _ => pack(py, name, error.diagnostics()),
    }
}

/// A pack with these mistakes.
pub fn pack(py: Python<'_>, name: &str, found: &Diagnostics) -> PyErr {
    let json = reports::diagnostics(found).unwrap_or_default();
    let text = reports::drawn(Path::new(name), found.clone());
    match from_json(py, &json) {
        Ok(diagnostics) => exception(py, "PackError", text.trim_end(), &[("diagnostics", diagnostics)]),
        Err(error) => error,
    }
}

/// Rejects as a list of dictionaries.
fn reject_list<'py>(py: Python<'py>, rejects: &[Reject]) -> PyResult<Bound<'py, PyAny>> {
    let json = serde_json::to_string(rejects).map_err(|error| plain(py, &error.to_string()))?;
    from_json(py, &json)
}

/// A declaration or a table that is not assessed.
pub fn assess(py: Python<'_>, error: &AssessError) -> PyErr {
    match error {
        AssessError::Rejected(rejects) => match reject_list(py, rejects) {
            Ok(list) => exception(py, "RejectedError", &error.to_string(), &[("rejects", list)]),
            Err(error) => error,
        },
        AssessError::Bind(error) => columns(py, error),
        error => plain(py, &error.to_string()),
    }
}

/// Columns that do not fit the schema.
fn columns(py: Python<'_>, error: &BindError) -> PyErr {
    let kind = match error.kind() {
        BindErrorKind::Repeated => "repeated",
        BindErrorKind::Missing => "missing",
        BindErrorKind::ColumnType => "type",
        BindErrorKind::TooLarge => "too_large",
        _ => "other",
    };
    let data = || -> PyResult<[(&str, Bound<'_, PyAny>); 2]> {
        Ok([
            ("kind", kind.into_pyobject(py)?.into_any()),
            ("fields", error.fields().into_pyobject(py)?.into_any()),
        ])
    };
    match data() {
        Ok(data) => exception(py, "ColumnError", &error.to_string(), &data),
        Err(error) => error,
    }
}

/// An input that cannot be read.
pub fn read(py: Python<'_>, error: &ReadError) -> PyErr {
    match error {
        ReadError::Columns(error) => columns(py, error),
        error => input(py, &error.to_string()),
    }
}

/// A file that cannot be written.
pub fn write(py: Python<'_>, error: &WriteError) -> PyErr {
    exception(py, "OutputError", &error.to_string(), &[])
}

/// Work that failed.
pub fn job(py: Python<'_>, error: &JobError) -> PyErr {
    match error {
        JobError::Read(error) => read(py, error),
        JobError::Write(error) => write(py, error),
        JobError::Cancelled => PyKeyboardInterrupt::new_err("the work was stopped"),
        error => plain(py, &error.to_string()),
    }
}

/// A declaration or a rule that is not there.
pub fn not_found(py: Python<'_>, message: &str) -> PyErr {
    exception(py, "NotFoundError", message, &[])
}
