//! Results of tables and files, while they come.
//!
//! A thread scores and puts batches into a channel of few places; whoever reads the results takes them out. So memory does
//! not grow with the table, and what was answered before a failure has been given out when the failure is raised.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::{PyKeyboardInterrupt, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng::{By, Cancel, JobError, Progress, ScoredBatch, Scoring, Summary};

use crate::engine::{Engine, ReadGiven};
use crate::rejects::Rejects;
use crate::tables::Table;
use crate::{errors, tables, waiting};

/// Batches that wait to be taken.
const WAITING: usize = 4;

/// How to score.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    by: String,
    reasons: bool,
    threads: Option<usize>,
    memory_limit: Option<usize>,
    batch_lines: Option<usize>,
    name: Option<String>,
    progress: Option<Py<PyAny>>,
    read: ReadGiven,
}

/// What the thread says.
enum Message {
    Batch(ScoredBatch, Option<Progress>),
    Ended(Box<Summary>),
    Failed(JobError),
}

/// How far the results are.
enum Stage {
    Coming(Receiver<Message>),
    /// All came.
    Ended(Box<Summary>),
    /// The exception, which is raised once more where it is asked for.
    Failed(PyErr),
    /// Nobody wants the rest.
    Closed,
}

/// What is shared by the object of Python and the streams that it gave out.
struct Shared {
    schema: SchemaRef,
    cancel: Cancel,
    /// Threads stay behind where a process is forked.
    process: u32,
    progress: Option<Py<PyAny>>,
    bytes_total: Option<u64>,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    /// Batches that came while it was made sure that inputs can be read.
    ready: VecDeque<RecordBatch>,
    rejects: Rejects,
    /// Which stream reads, since two would each get a part.
    reader: Option<u32>,
    streams: u32,
    /// Whether somebody was told that nothing more comes.
    is_end_told: bool,
    seen: Option<Progress>,
}

impl State {
    /// Whether there is nothing to be read any more. What failed says why whenever it is asked.
    fn is_over(&self) -> bool {
        self.is_end_told || matches!(self.stage, Stage::Closed)
    }
}

/// What comes next.
enum Next {
    Rows(RecordBatch),
    Seen(Progress),
    Failed(JobError),
    Raised(PyErr),
    Wait,
    End,
}

impl Shared {
    /// The lock is held by nobody who waits for Python, and so must not be waited for with the lock of Python in hand.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread says next, if it says something soon.
    fn look(&self) -> Next {
        let mut state = self.lock();
        if let Some(rows) = state.ready.pop_front() {
            return Next::Rows(rows);
        }
        let Stage::Coming(receiver) = &state.stage else {
            return match &state.stage {
                Stage::Failed(error) => Next::Raised(Python::attach(|py| error.clone_ref(py))),
                _ => Next::End,
            };
        };
        match receiver.recv_timeout(waiting::POLL) {
            Ok(Message::Batch(batch, progress)) => {
                if let Err(source) = state.rejects.add(&batch.rejects) {
                    let output = "the temporary file of rejects".to_owned();
                    return Next::Failed(WriteError::Table { output, source }.into());
                }
                if batch.rows.num_rows() > 0 {
                    if progress.is_some() {
                        state.seen = progress;
                    }
                    return Next::Rows(batch.rows);
                }
                progress.map_or(Next::Wait, Next::Seen)
            }
            Ok(Message::Ended(summary)) => {
                state.stage = Stage::Ended(summary);
                Next::End
            }
            Ok(Message::Failed(error)) => Next::Failed(error),
            Err(RecvTimeoutError::Timeout) => Next::Wait,
            Err(RecvTimeoutError::Disconnected) => {
                Next::Failed(JobError::Threads("the thread that scores ended without a word".to_owned()))
            }
        }
    }

    /// The next rows; `None` at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        if self.process != std::process::id() {
            return Err(errors::plain(
                py,
                "these results are of another process: the threads that score are not copied by a fork; call score again here",
            ));
        }
        loop {
            let next = py.detach(|| self.look());
            match next {
                Next::Rows(rows) => {
                    self.tell(py)?;
                    return Ok(Some(rows));
                }
                Next::Seen(progress) => {
                    py.detach(|| self.lock().seen = Some(progress));
                    self.tell(py)?;
                }
                Next::Wait => {}
                Next::End => {
                    if !py.detach(|| std::mem::replace(&mut self.lock().is_end_told, true)) {
                        self.tell(py)?;
                    }
                    return Ok(None);
                }
                Next::Failed(error) => return Err(self.failed(py, errors::job(py, &error))),
                Next::Raised(error) => return Err(error),
            }
            py.check_signals().map_err(|error| self.failed(py, error))?;
        }
    }

    /// Notes why nothing more comes.
    fn failed(&self, py: Python<'_>, error: PyErr) -> PyErr {
        self.cancel.cancel();
        let kept = error.clone_ref(py);
        py.detach(|| self.lock().stage = Stage::Failed(kept));
        error
    }

    /// Tells whoever wants to know how far it is.
    fn tell(&self, py: Python<'_>) -> PyResult<()> {
        let Some(progress) = &self.progress else { return Ok(()) };
        let told = py.detach(|| {
            let mut state = self.lock();
            match (&state.stage, state.seen) {
                (Stage::Ended(summary), _) => {
                    let bytes = self.bytes_total;
                    Some((summary.lines_read, bytes.unwrap_or_default(), bytes, true))
                }
                (_, Some(seen)) => {
                    state.seen = None;
                    Some((seen.lines, seen.bytes_read, seen.bytes_total, false))
                }
                (_, None) => None,
            }
        });
        match told {
            Some(told) => progress.call1(py, told).map(drop).map_err(|error| self.failed(py, error)),
            None => Ok(()),
        }
    }

    /// Makes this stream the one that reads.
    fn claim(&self, py: Python<'_>, stream: u32) -> PyResult<()> {
        let claimed = py.detach(|| {
            let mut state = self.lock();
            let is_free = state.reader.is_none_or(|reader| reader == stream);
            if is_free && !state.is_over() {
                state.reader = Some(stream);
                return true;
            }
            false
        });
        if claimed { Ok(()) } else { Err(errors::plain(py, READ_BEFORE)) }
    }

    fn close(&self) {
        self.cancel.cancel();
        let mut state = self.lock();
        state.ready.clear();
        if let Stage::Coming(_) = state.stage {
            state.stage = Stage::Closed;
        }
    }
}

const READ_BEFORE: &str = "these results were read already, and can be read once; call score again, or keep the table that was \
                           made of them";

/// The number of whoever goes over the results in Python.
const ITERATOR: u32 = 0;

/// The results of a table or of files, while they come.
#[pyclass(frozen, weakref, module = "qingfeng")]
pub struct Scores {
    shared: Arc<Shared>,
}

impl Drop for Scores {
    fn drop(&mut self) {
        // Streams that were given out go on.
        if Arc::strong_count(&self.shared) == 1 {
            self.shared.cancel.cancel();
        }
    }
}

impl Scores {
    pub fn start(opened: &Engine, table: &Bound<'_, PyAny>, options: Options) -> PyResult<Self> {
        let py = table.py();
        let engine = &opened.engine;
        let by = match options.by.as_str() {
            "declaration" => By::Declaration,
            "item" => By::Item,
            other => {
                let message = format!("by: `{other}` is neither `declaration` nor `item`");
                return Err(errors::plain(py, &message));
            }
        };
        let mut read = options.read.over(py, opened.read_options())?;
        if let Some(lines) = options.batch_lines {
            read.batch_lines = lines;
        }
        let name = options.name.as_deref().unwrap_or(tables::TABLE);
        let given = tables::given(table, name)?;
        if let Some(schema) = &given.schema {
            fit(py, engine, schema, name, &read)?;
        }
        let is_files = given.is_files;
        let reader = Reader::new(Arc::clone(&engine.pack().schema), given.inputs, read);
        let reader = reader.map_err(|error| errors::read(py, &error))?;
        let (cancel, bytes_total) = (Cancel::new(), reader.bytes_total());
        let mut scoring = engine.score(reader).by(by).reasons(options.reasons).cancel(&cancel);
        if let Some(threads) = options.threads {
            scoring = scoring.threads(threads.max(1));
        }
        if let Some(bytes) = options.memory_limit {
            scoring = scoring.memory_limit(bytes);
        }
        let (sender, receiver) = sync_channel(WAITING);
        waiting::start(py, move || score(scoring, &sender))?;
        let state = State {
            stage: Stage::Coming(receiver),
            ready: VecDeque::new(),
            rejects: Rejects::default(),
            reader: None,
            streams: ITERATOR,
            is_end_told: false,
            seen: None,
        };
        let shared = Shared {
            schema: engine.output_schema(by, options.reasons),
            cancel,
            process: std::process::id(),
            progress: options.progress,
            bytes_total,
            state: Mutex::new(state),
        };
        let scores = Self { shared: Arc::new(shared) };
        // A file that is not there, or has other columns, is said at once.
        if is_files {
            let first = scores.shared.next(py)?;
            py.detach(|| {
                let mut state = scores.shared.lock();
                state.ready.extend(first);
                state.is_end_told = false;
            });
        }
        Ok(scores)
    }
}

/// The thread: scores, and gives each batch away as soon as there is room.
fn score(scoring: Scoring, to: &SyncSender<Message>) {
    let mut batches = scoring.into_iter();
    loop {
        let message = match batches.next() {
            Some(Ok(batch)) => Message::Batch(batch, batches.progress()),
            Some(Err(error)) => Message::Failed(error),
            None => match batches.summary() {
                Some(summary) => Message::Ended(Box::new(summary.clone())),
                None => return,
            },
        };
        let is_last = !matches!(message, Message::Batch(..));
        // Nobody reads any more.
        if to.send(message).is_err() || is_last {
            return;
        }
    }
}

/// Whether a table has the columns that the pack needs, of kinds that it can read.
fn fit(
    py: Python<'_>,
    engine: &qingfeng::Engine,
    schema: &SchemaRef,
    name: &str,
    options: &ReadOptions,
) -> PyResult<()> {
    let empty = RecordBatch::new_empty(Arc::clone(schema));
    let inputs = vec![Input::batches(name, [empty])];
    let reader = Reader::new(Arc::clone(&engine.pack().schema), inputs, options.clone());
    let read = reader.and_then(|mut reader| reader.next().transpose());
    read.map(drop).map_err(|error| errors::read(py, &error))
}

/// A stream of the results for a library.
struct Stream {
    shared: Arc<Shared>,
    number: u32,
    is_reading: bool,
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = Python::try_attach(|py| {
            if !self.is_reading {
                self.shared.claim(py, self.number).map_err(|error| told(py, &error))?;
                self.is_reading = true;
            }
            // The library has the message alone; `failure` keeps the exception.
            self.shared.next(py).map_err(|error| told(py, &error))
        });
        let next = next.unwrap_or_else(|| Err("Python has ended".to_owned()));
        next.map_err(|message| ArrowError::ExternalError(message.into())).transpose()
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.shared.schema)
    }
}

/// The words of an exception.
fn told(py: Python<'_>, error: &PyErr) -> String {
    let name = error.get_type(py).name().map(|name| name.to_string()).unwrap_or_default();
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        return format!("{name}: the work was stopped");
    }
    format!("{name}: {}", error.value(py))
}

#[pymethods]
impl Scores {
    /// The results for a library that reads Arrow's C interface. They can be read once.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The consumer casts, as the interface leaves it to the producer whether it does.
        drop(requested_schema);
        let number = py.detach(|| {
            let mut state = self.shared.lock();
            state.streams += 1;
            let is_taken = state.reader.is_some_and(|reader| reader != ITERATOR) || state.is_over();
            // What Python has begun to go over may be given away to its end.
            if !is_taken {
                state.reader = None;
            }
            (!is_taken).then_some(state.streams)
        });
        let Some(number) = number else { return Err(errors::plain(py, READ_BEFORE)) };
        tables::capsule(py, Box::new(Stream { shared: Arc::clone(&self.shared), number, is_reading: false }))
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        tables::schema_capsule(py, &self.shared.schema)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// The next rows, as a record batch of PyArrow.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if !self.is_mine(py) {
            self.shared.claim(py, ITERATOR)?;
        }
        match self.shared.next(py)? {
            Some(batch) => tables::to_pyarrow(py, &batch),
            None => Err(PyStopIteration::new_err(())),
        }
    }

    /// The rest of the results as a table of PyArrow. An exception that ends them carries the rows that came before it, as
    /// `rows`.
    fn read_all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.shared.claim(py, ITERATOR)?;
        let mut batches = Vec::new();
        loop {
            match self.shared.next(py) {
                Ok(Some(batch)) => batches.push(batch),
                Ok(None) => return tables::to_pyarrow_table(py, &self.shared.schema, batches),
                Err(error) => {
                    let rows = Table::new(Arc::clone(&self.shared.schema), batches);
                    error.value(py).setattr("rows", rows.into_pyobject(py)?)?;
                    return Err(error);
                }
            }
        }
    }

    /// Writes the rest of the results to a file as the command writes them. Its extension names the format: `.csv` or
    /// `.ndjson`, also with `.gz` or `.zst`, `.parquet` or `.arrow`.
    fn write(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.shared.claim(py, ITERATOR)?;
        let failed = |error: WriteError| errors::write(py, &error);
        let output = Output::Path(path);
        let schema = Arc::clone(&self.shared.schema);
        let mut writer = py.detach(|| TableWriter::create(&output, schema)).map_err(failed)?;
        while let Some(rows) = self.shared.next(py)? {
            py.detach(|| writer.write(&rows)).map_err(failed)?;
        }
        py.detach(|| writer.finish()).map_err(failed)
    }

    /// The lines that could not be read, so far: the same columns as the command's.
    #[getter]
    fn rejects(&self, py: Python<'_>) -> PyResult<Table> {
        let rejects = py.detach(|| self.shared.lock().rejects.table());
        rejects.map_err(|error| errors::plain(py, &error.to_string()))
    }

    /// The counts of the whole, once all was read.
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let json = py.detach(|| match &self.shared.lock().stage {
            Stage::Ended(summary) => serde_json::to_string(summary).map_err(|error| error.to_string()),
            Stage::Coming(_) => Err("the summary is known once all results were read".to_owned()),
            Stage::Failed(_) | Stage::Closed => {
                Err("there is no summary: the results were not read to their end".to_owned())
            }
        });
        errors::from_json(py, &json.map_err(|message| errors::plain(py, &message))?)
    }

    /// What ended the results before their end, if something did.
    #[getter]
    fn failure(&self, py: Python<'_>) -> Option<PyErr> {
        py.detach(|| match &self.shared.lock().stage {
            Stage::Failed(error) => Some(Python::attach(|py| error.clone_ref(py))),
            _ => None,
        })
    }

    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.shared.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Stops, and drops what was not read.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.shared.close());
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, py: Python<'_>, _args: &Bound<'_, pyo3::types::PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let stage = py.detach(|| match &self.shared.lock().stage {
            Stage::Coming(_) => "to be read",
            Stage::Ended(_) => "read",
            Stage::Failed(_) => "failed",
            Stage::Closed => "closed",
        });
        format!("<qingfeng.Scores, {stage}: {}>", self.column_names().join(", "))
    }
}

impl Scores {
    /// Whether it is Python that goes over the results.
    fn is_mine(&self, py: Python<'_>) -> bool {
        py.detach(|| self.shared.lock().reader == Some(ITERATOR))
    }
}
