//! Bodies with many declarations: answered as a stream while they are read, by a thread of their own.

use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arrow_array::RecordBatch;
use axum::body::Body;
use bytes::Bytes;
use qingfeng::internals::ndjson;
use qingfeng::read::{Format, Input, ReadOptions, Reject};
use qingfeng::{By, JobError, Summary};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::body::{pump, too_large};
use crate::log::LogRecord;
use crate::problem::{Problem, ProblemCode};
use crate::routes::milliseconds;
use crate::spool::{Spool, SpoolReader};
use crate::state::{Live, State, lock};
use crate::trace::Trace;

/// Pieces of a body that wait for the thread.
const PIECES: usize = 8;
/// Goods lines that are assessed together: fewer than of files, so that answers begin early.
const BATCH_LINES: usize = 1_024;
/// What compressed data begins with. They are not unpacked: how large they are would not be known.
const COMPRESSED: [&[u8]; 2] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];

/// What was asked for.
pub(crate) struct BatchWish {
    pub format: Format,
    pub by: By,
    pub reasons: bool,
    /// Whether rules and reasons may be seen.
    pub may_explain: bool,
}

/// The body as the engine reads it.
struct Pieces {
    from: mpsc::Receiver<Result<Bytes, Problem>>,
    rest: Bytes,
    is_begun: bool,
    format: Format,
    /// What ended the body before its time.
    problem: Arc<Mutex<Option<Problem>>>,
}

impl Read for Pieces {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        // A body that failed once has no end, however often it is read.
        if let Some(problem) = &*lock(&self.problem) {
            return Err(io::Error::other(problem.message.clone()));
        }
        while self.rest.is_empty() {
            match self.from.blocking_recv() {
                None => return Ok(0),
                Some(Ok(piece)) => self.rest = piece,
                Some(Err(problem)) => {
                    let message = problem.message.clone();
                    *lock(&self.problem) = Some(problem);
                    return Err(io::Error::other(message));
                }
            }
        }
        if !std::mem::replace(&mut self.is_begun, true)
            && self.format != Format::Arrow
            && COMPRESSED.iter().any(|mark| self.rest.starts_with(mark))
        {
            let problem = Problem::new(
                ProblemCode::UnsupportedFormat,
                "the body is compressed",
                "send it as it is, without compression",
            );
            let message = problem.message.clone();
            *lock(&self.problem) = Some(problem);
            return Err(io::Error::other(message));
        }
        let count = self.rest.len().min(to.len());
        to[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

/// A line of an answer that is no row.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'l> {
    Reject(&'l Reject),
    Summary(Value),
    Error(&'l Problem),
}

fn line(line: &Line<'_>) -> Bytes {
    // Texts, numbers, lists and maps of them are always JSON.
    (serde_json::to_string(line).unwrap_or_default() + "\n").into()
}

/// Why an answer cannot be given on.
fn not_kept(error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Problem::new(ProblemCode::BadRequest, "the client is gone", "read the answer to its end");
    }
    Problem::busy(&format!("the answer cannot be kept in a temporary file until it is read: {error}"))
}

/// The rows without what says why.
fn without_reasons(rows: &RecordBatch) -> Result<RecordBatch, JobError> {
    let schema = rows.schema();
    let kept: Vec<usize> = (0..rows.num_columns())
        .filter(|at| {
            !matches!(
                schema.field(*at).name().as_str(),
                "rules" | "shadow_rules" | "faults" | "undecided" | "reasons"
            )
        })
        .collect();
    Ok(rows.project(&kept)?)
}

/// Begins to answer. Mistakes that stand at the beginning of the body are an error of the request; later ones are the last line of the
/// answer.
pub(crate) async fn answer(
    state: &Arc<State>,
    live: Arc<Live>,
    body: Body,
    wish: BatchWish,
    trace: Trace,
    permit: OwnedSemaphorePermit,
) -> Result<Body, Problem> {
    let (to, from) = mpsc::channel(PIECES);
    tokio::spawn(pump(state.options.limits.clone(), body, to));
    let spool = Spool::new(state.options.limits.answer_bytes);
    let reader = SpoolReader::new(&spool);
    let (begun, begins) = oneshot::channel();
    let work = {
        let state = Arc::clone(state);
        move || {
            let _permit = permit;
            let work = Work { state: &state, live: &live, wish: &wish, spool: &spool, trace: &trace };
            work.run(from, begun);
            spool.end();
        }
    };
    let thread = std::thread::Builder::new().name("batch".to_owned()).spawn(work);
    thread.map_err(|error| Problem::busy(&format!("no thread can be started: {error}")))?;
    // A thread that panicked tells nothing.
    begins.await.unwrap_or_else(|_| Err(Problem::panicked()))?;
    let pieces = futures_util::stream::unfold(reader, |reader| async move {
        let piece = reader.next().await?;
        Some((piece, reader))
    });
    Ok(Body::from_stream(pieces))
}

struct Work<'w> {
    state: &'w Arc<State>,
    live: &'w Live,
    wish: &'w BatchWish,
    spool: &'w Spool,
    trace: &'w Trace,
}

impl Work<'_> {
    fn run(&self, from: mpsc::Receiver<Result<Bytes, Problem>>, begun: oneshot::Sender<Result<(), Problem>>) {
        let started = Instant::now();
        let mut begun = Some(begun);
        let summary = self.score(from, &mut begun);
        let counters = &self.state.counters;
        let (declarations, message) = match &summary {
            Ok(summary) => {
                counters.declarations.fetch_add(summary.declarations, Ordering::Relaxed);
                counters.lines.fetch_add(summary.lines_assessed, Ordering::Relaxed);
                self.live.count_all(summary);
                let inputs = summary.inputs.iter();
                self.state.note_unknown(inputs.flat_map(|input| &input.unused_columns));
                (Some(summary.declarations), None)
            }
            Err(problem) => (None, Some(problem.code.name().to_owned())),
        };
        counters.batches[usize::from(summary.is_err())].fetch_add(1, Ordering::Relaxed);
        match (&summary, begun.take()) {
            // Nothing was answered yet, so it can be said with a status.
            (Err(problem), Some(begun)) => {
                let _ = begun.send(Err(problem.clone()));
            }
            (Err(problem), None) => {
                let _ = self.spool.push(line(&Line::Error(problem)));
            }
            (Ok(summary), begun) => {
                begun.map(|begun| begun.send(Ok(())));
                let _ = self.spool.push(line(&Line::Summary(self.told(summary))));
            }
        }
        self.state.log(LogRecord {
            event: "batch",
            level: if summary.is_ok() { "info" } else { "warn" },
            trace: Some(self.trace.id.clone()),
            declarations,
            pack: Some(self.live.engine.pack_id().to_string()),
            ms: Some(milliseconds(started)),
            message,
            ..LogRecord::default()
        });
    }

    /// The summary, for those who may not see why without what it counts by rule.
    fn told(&self, summary: &Summary) -> Value {
        let mut told = serde_json::to_value(summary).unwrap_or_default();
        if let (false, Some(fields)) = (self.wish.may_explain, told.as_object_mut()) {
            fields.remove("rules");
        }
        told
    }

    fn score(
        &self,
        from: mpsc::Receiver<Result<Bytes, Problem>>,
        begun: &mut Option<oneshot::Sender<Result<(), Problem>>>,
    ) -> Result<Summary, Problem> {
        let limits = &self.state.options.limits;
        let problem: Arc<Mutex<Option<Problem>>> = Arc::default();
        let pieces = Pieces {
            from,
            rest: Bytes::new(),
            is_begun: false,
            format: self.wish.format,
            problem: Arc::clone(&problem),
        };
        let failed = |error: JobError| lock(&problem).clone().unwrap_or_else(|| error.into());
        let options = ReadOptions {
            format: Some(self.wish.format),
            batch_lines: BATCH_LINES,
            max_declaration_lines: limits.declaration_lines,
            ..ReadOptions::default()
        };
        let mut batches = self
            .live
            .engine
            .score(Input::reader("the body", pieces))
            .by(self.wish.by)
            .reasons(self.wish.reasons)
            .read(options)
            .threads(1)
            .memory_limit(limits.batch_memory_bytes)
            .into_iter();
        while let Some(batch) = batches.next() {
            let batch = batch.map_err(&failed)?;
            begun.take().map(|begun| begun.send(Ok(())));
            let rows = if self.wish.may_explain {
                batch.rows
            } else {
                without_reasons(&batch.rows).map_err(&failed)?
            };
            let mut answer = ndjson(&rows).map_err(|error| failed(error.into()))?;
            for reject in &batch.rejects {
                self.state.count_reject(Some(reject.kind));
                answer.extend_from_slice(&line(&Line::Reject(reject)));
            }
            self.spool.push(answer.into()).map_err(|error| not_kept(&error))?;
            if batches.progress().is_some_and(|progress| progress.lines > limits.batch_lines) {
                let lines = limits.batch_lines;
                let message = format!("the body has more than {lines} goods lines");
                return Err(Problem { message, ..too_large(0) });
            }
        }
        match &*lock(&problem) {
            Some(problem) => Err(problem.clone()),
            None => batches.summary().cloned().ok_or_else(Problem::panicked),
        }
    }
}
