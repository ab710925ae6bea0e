//! Tables in and out, by Arrow's C interfaces: whatever has `__arrow_c_stream__` or `__arrow_c_array__` can be read, and what
//! is given out has the former.

use std::io::{BufReader, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_ipc::reader::StreamReader;
use arrow_pyarrow::{FromPyArrow, IntoPyArrow, ToPyArrow};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyCapsule, PyDict, PyList, PyString, PyTuple};
use qingfeng::read::Input;
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng_cli::studies::Inputs;
use tempfile::NamedTempFile;

use crate::errors;

/// What a table is called in messages and rejects.
pub const TABLE: &str = "the table";

/// What a caller gave to be read.
pub struct Given {
    pub inputs: Vec<Input>,
    /// The columns, where they are known before anything is read.
    pub schema: Option<SchemaRef>,
    /// Whether these are files, which are opened when they are read.
    pub is_files: bool,
}

impl Given {
    fn files(inputs: Vec<Input>) -> Self {
        Self { inputs, schema: None, is_files: true }
    }

    fn table(input: Input, schema: Option<SchemaRef>) -> Self {
        Self { inputs: vec![input], schema, is_files: false }
    }
}

/// A path: a text, or what `os.fspath` takes.
pub fn path(value: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    if value.is_instance_of::<PyString>() || value.hasattr("__fspath__")? {
        return value.extract::<PathBuf>().map(Some);
    }
    Ok(None)
}

/// What is to be read: a path, several paths, a table, or record batches one after the other. `name` stands in messages.
pub fn given(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Given> {
    if let Some(path) = path(value)? {
        return Ok(Given::files(vec![path.into()]));
    }
    if value.hasattr("__arrow_c_stream__")? {
        let batches = RecordBatchStreamReader::from_pyarrow_bound(value)?;
        let schema = batches.schema();
        return Ok(Given::table(Input::table(name, Arc::clone(&schema), batches), Some(schema)));
    }
    if value.hasattr("__arrow_c_array__")? {
        let batch = RecordBatch::from_pyarrow_bound(value)?;
        let schema = batch.schema();
        return Ok(Given::table(Input::batches(name, [batch]), Some(schema)));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let paths: Option<Vec<Input>> =
            value.try_iter()?.map(|item| Ok(path(&item?)?.map(Input::from))).collect::<PyResult<_>>()?;
        if let Some(inputs) = paths.filter(|paths| !paths.is_empty()) {
            return Ok(Given::files(inputs));
        }
    }
    if value.hasattr("__next__")? {
        let mut batches = Batches { iterator: Some(value.clone().unbind()), first: None };
        // The columns are those of the first batch.
        batches.first = batches.pull(value.py())?;
        let schema = batches.first.as_ref().map(RecordBatch::schema);
        return Ok(Given::table(Input::batch_results(name, batches), schema));
    }
    Err(not_a_table(value)?)
}

/// What is read more than once: paths, or a table, which is taken into memory.
pub fn again(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Inputs> {
    if path(value)?.is_some() || value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let inputs = given(value, name)?.inputs;
        return Ok(Arc::new(move || inputs.clone()));
    }
    let rows = whole(value)?;
    Ok(Arc::new(move || vec![Input::batches(name, [rows.clone()])]))
}

/// Why a value is no table, with what to write instead.
fn not_a_table(value: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let kind = value.get_type().fully_qualified_name()?.to_string();
    let remedy = if value.hasattr("collect")? && kind.contains("LazyFrame") {
        "call .collect() on it"
    } else if kind.starts_with("pandas.") {
        "install pandas 2.2 or later and pyarrow, which give it Arrow's interface"
    } else if value.is_instance_of::<PyDict>() {
        "use assess() for one declaration, or make a table of it: polars.DataFrame(columns), pyarrow.table(columns)"
    } else if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>() {
        "write it to a file and give its path, or read it with pyarrow or polars"
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        "make a table of it: pyarrow.Table.from_pylist(rows), polars.DataFrame(rows); a list is one of paths"
    } else {
        "give a table of Polars, pandas, PyArrow or DuckDB, an iterator of record batches, or a path"
    };
    let message = format!("a value of type {kind} is no table: it has no __arrow_c_stream__; {remedy}");
    Ok(PyTypeError::new_err(message))
}

/// Record batches that Python makes one after the other, as `mapInArrow` of Spark gives them.
struct Batches {
    /// `None` after its end, and after an error: it is not asked again.
    iterator: Option<Py<PyAny>>,
    /// What was taken to see its columns.
    first: Option<RecordBatch>,
}

impl Batches {
    fn pull(&mut self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        let Some(iterator) = self.iterator.take() else { return Ok(None) };
        let Some(batch) = iterator.bind(py).try_iter()?.next().transpose()? else { return Ok(None) };
        let batch = RecordBatch::from_pyarrow_bound(&batch)?;
        self.iterator = Some(iterator);
        Ok(Some(batch))
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        let next = Python::try_attach(|py| self.pull(py));
        let next = next?.map_err(|error| ArrowError::ExternalError(Box::new(error)));
        next.transpose()
    }
}

/// The whole of a table that a caller gave, as one batch.
pub fn whole(value: &Bound<'_, PyAny>) -> PyResult<RecordBatch> {
    let failed = |error: ArrowError| PyValueError::new_err(error.to_string());
    if value.hasattr("__arrow_c_stream__")? {
        let reader = RecordBatchStreamReader::from_pyarrow_bound(value)?;
        let schema = reader.schema();
        let batches = value.py().detach(|| reader.collect::<Result<Vec<_>, _>>()).map_err(failed)?;
        return arrow_select::concat::concat_batches(&schema, &batches).map_err(failed);
    }
    if value.hasattr("__arrow_c_array__")? {
        return RecordBatch::from_pyarrow_bound(value);
    }
    Err(not_a_table(value)?)
}

/// A stream as a capsule of Arrow's C interface.
pub fn capsule<'py>(
    py: Python<'py>,
    reader: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")
}

/// Columns as a capsule of Arrow's C interface.
pub fn schema_capsule<'py>(py: Python<'py>, schema: &SchemaRef) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema.as_ref());
    let schema = schema.map_err(|error| errors::plain(py, &error.to_string()))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

/// A record batch as PyArrow's; without PyArrow an error says what to do.
pub fn to_pyarrow<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyAny>> {
    needs_pyarrow(py)?;
    batch.to_pyarrow(py)
}

fn needs_pyarrow(py: Python<'_>) -> PyResult<()> {
    py.import("pyarrow").map(drop).map_err(|error| {
        let message = "pyarrow is not installed, and this gives tables of PyArrow; install it, or give the object to a library \
                       that reads Arrow's C interface, such as polars.DataFrame";
        let wrapped = pyo3::exceptions::PyImportError::new_err(message);
        wrapped.set_cause(py, Some(error));
        wrapped
    })
}

/// Batches as a table of PyArrow.
pub fn to_pyarrow_table<'py>(
    py: Python<'py>,
    schema: &SchemaRef,
    batches: Vec<RecordBatch>,
) -> PyResult<Bound<'py, PyAny>> {
    pyarrow_table(py, Box::new(RecordBatchIterator::new(batches.into_iter().map(Ok), Arc::clone(schema))))
}

fn pyarrow_table<'py>(
    py: Python<'py>,
    reader: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'py, PyAny>> {
    needs_pyarrow(py)?;
    reader.into_pyarrow(py)?.call_method0("read_all")
}

/// A table in memory, or where it is large in a temporary file. Anything that reads Arrow's C interface takes it, as often as it
/// likes.
#[pyclass(frozen, module = "qingfeng")]
pub struct Table {
    schema: SchemaRef,
    rows: Rows,
}

enum Rows {
    Held(Vec<RecordBatch>),
    File(FileRows),
}

/// The beginning of a file of Arrow's stream format, which may be written on.
#[derive(Clone)]
pub struct FileRows {
    pub file: Arc<NamedTempFile>,
    pub length: u64,
    pub rows: usize,
}

/// Batches that are read from the start.
type Reading = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

impl FileRows {
    fn batches(&self) -> Result<Reading, ArrowError> {
        let bytes = BufReader::new(self.file.reopen()?.take(self.length));
        let reader = StreamReader::try_new(bytes, None)?;
        // The file is there as long as it is read.
        let file = Arc::clone(&self.file);
        Ok(Box::new(reader.inspect(move |_| {
            let _open = &file;
        })))
    }
}

impl Table {
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, rows: Rows::Held(batches) }
    }

    pub fn of_file(schema: SchemaRef, rows: FileRows) -> Self {
        Self { schema, rows: Rows::File(rows) }
    }

    fn rows(&self) -> usize {
        match &self.rows {
            Rows::Held(batches) => batches.iter().map(RecordBatch::num_rows).sum(),
            Rows::File(file) => file.rows,
        }
    }

    fn reader(&self) -> Result<Box<dyn RecordBatchReader + Send>, ArrowError> {
        let batches: Reading = match &self.rows {
            Rows::Held(batches) => Box::new(batches.clone().into_iter().map(Ok)),
            Rows::File(file) => file.batches()?,
        };
        Ok(Box::new(RecordBatchIterator::new(batches, Arc::clone(&self.schema))))
    }
}

#[pymethods]
impl Table {
    /// The table for a library that reads Arrow's C interface.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The consumer casts, as the interface leaves it to the producer whether it does.
        drop(requested_schema);
        capsule(py, self.reader().map_err(|error| errors::plain(py, &error.to_string()))?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &self.schema)
    }

    /// The names of its columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.rows()
    }

    /// The table as one of PyArrow.
    fn to_pyarrow<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let reader = self.reader().map_err(|error| errors::plain(py, &error.to_string()))?;
        pyarrow_table(py, reader)
    }

    /// A table of another library, its batches taken into memory.
    #[staticmethod]
    fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let batch = whole(value)?;
        Ok(Self::new(batch.schema(), vec![batch]))
    }

    /// Writes it to a file as the command writes tables. Its extension names the format.
    fn write(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let written = py.detach(|| {
            let output = Output::Path(path);
            let read = |source| WriteError::Table { output: output.to_string(), source };
            let mut writer = TableWriter::create(&output, Arc::clone(&self.schema))?;
            for batch in self.reader().map_err(read)? {
                writer.write(&batch.map_err(read)?)?;
            }
            writer.finish()
        });
        written.map_err(|error| errors::write(py, &error))
    }

    /// The rows as dictionaries.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.to_pyarrow(py)?.call_method0("to_pylist")
    }

    fn __repr__(&self) -> String {
        format!("<qingfeng.Table of {} rows: {}>", self.rows(), self.column_names().join(", "))
    }
}
