//! Scoring files: reader, workers and writer run side by side; order is kept and memory is bounded.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use rayon::iter::{ParallelBridge, ParallelIterator};

use crate::engine::Engine;
use crate::output::{self, By};
use crate::read::{Chunk, Place, ReadError, Reader, Reject};
use crate::summary::{InputSummary, ScatteredPlaces, Summary, Tally};
use crate::write::WriteError;

/// How to score.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// What a row of the output stands for.
    pub by: By,
    /// Whether rows have the reasons of the rules that fired.
    pub reasons: bool,
    /// The threads that score, 1 at least; `None` takes one for each processor. The output does not depend on it.
    pub threads: Option<usize>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Goods lines that were read, scored and written.
    pub lines: u64,
    /// Bytes read so far, as they stand in the files.
    pub bytes_read: u64,
    /// The bytes of all inputs, if all are files.
    pub bytes_total: Option<u64>,
}

/// What becomes of the results. Called on the thread that runs the job, in input order.
pub struct Outputs<'o> {
    /// Takes the rows of a batch; [`output_schema`](crate::output_schema) says which columns they have.
    pub assessments: &'o mut dyn FnMut(&RecordBatch) -> Result<(), WriteError>,
    /// Takes the lines that could not be read.
    pub rejects: &'o mut dyn FnMut(&[Reject]) -> Result<(), WriteError>,
    /// Is told how far the run is, after each batch.
    pub progress: &'o mut dyn FnMut(Progress),
}

/// A run failed. What was read before was scored and given to the outputs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// An input cannot be read, or breaks off.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An output cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A batch has more text than a table can hold.
    #[error("a batch is too large: {0}; use smaller batches")]
    Batch(#[from] ArrowError),
    /// The threads cannot be started.
    #[error("the threads cannot be started: {0}")]
    Threads(String),
}

/// A batch on its way: its number, and what became of it.
struct Done {
    number: u64,
    lines_read: u64,
    rows: Result<RecordBatch, ArrowError>,
    rejects: Vec<Reject>,
    tally: Tally,
    bytes_read: u64,
}

/// What the reader leaves when it has ended.
struct ReadEnd {
    reader: Reader,
    error: Option<ReadError>,
}

/// The batches that may be on their way at once, for each thread. It bounds the memory: a batch holds at most
/// `batch_lines` lines (or one declaration), its columns and its rows.
const BATCHES_PER_THREAD: usize = 3;

impl Engine {
    /// Scores all declarations of a reader. Rows, rejects and the summary do not depend on the number of threads.
    ///
    /// # Errors
    ///
    /// An input or an output that fails; everything before the failure was given to the outputs.
    pub fn run(
        &self,
        reader: Reader,
        outputs: Outputs<'_>,
        options: &JobOptions,
    ) -> Result<Summary, JobError> {
        let started = Instant::now();
        let available = || std::thread::available_parallelism().map_or(1, Into::into);
        let threads = options.threads.unwrap_or_else(available).max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|at| format!("qingfeng-{at}"))
            .build()
            .map_err(|error| JobError::Threads(error.to_string()))?;
        let bytes_total = reader.bytes_total();
        let in_flight = threads * BATCHES_PER_THREAD;
        // A permit travels with each batch from the reader to the writer and back.
        let (give_permit, permits) = sync_channel::<()>(in_flight);
        for _ in 0..in_flight {
            let _ = give_permit.send(());
        }
        let (send_chunk, chunks) = sync_channel::<(u64, Chunk, u64)>(in_flight);
        let (send_done, done) = sync_channel::<Done>(in_flight);
        let read_end: Arc<Mutex<Option<ReadEnd>>> = Arc::default();

        let (tally, lines, written) = std::thread::scope(|scope| {
            let end = Arc::clone(&read_end);
            scope.spawn(move || {
                let mut reader = reader;
                let mut error = None;
                let mut number = 0;
                while permits.recv().is_ok() {
                    match reader.next() {
                        Some(Ok(chunk)) => {
                            if send_chunk.send((number, chunk, reader.bytes_read())).is_err() {
                                break;
                            }
                            number += 1;
                        }
                        Some(Err(failure)) => {
                            error = Some(failure);
                            break;
                        }
                        None => break,
                    }
                }
                *end.lock().unwrap_or_else(PoisonError::into_inner) = Some(ReadEnd { reader, error });
            });
            scope.spawn(move || pool.install(|| self.score(chunks, &send_done, options)));
            let mut writer = Writer { outputs, tally: Tally::empty(self.pack()), lines: [0; 2], bytes_total };
            // When writing fails, letting go of the channels stops the reader and the workers.
            let written = writer.write_in_order(done, &give_permit);
            drop(give_permit);
            (writer.tally, writer.lines, written)
        });
        written?;
        let end = read_end.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(ReadEnd { reader, error }) = end else {
            return Err(JobError::Threads("the reader ended without a result".into()));
        };
        if let Some(error) = error {
            return Err(error.into());
        }
        Ok(self.summary(&reader, &tally, lines, threads, started))
    }

    fn score(
        &self,
        chunks: Receiver<(u64, Chunk, u64)>,
        done: &std::sync::mpsc::SyncSender<Done>,
        options: &JobOptions,
    ) {
        chunks.into_iter().par_bridge().for_each(|(number, chunk, bytes_read)| {
            let results = self.evaluate(&chunk.lines);
            let reasons = options.reasons.then(|| self.reasons(&results));
            let tally = Tally::of(self.pack(), self.evaluator(), &chunk.lines, &results);
            let rows = output::rows(
                self.pack(),
                self.pack_id(),
                &chunk.lines,
                &results,
                options.by,
                reasons.as_deref(),
            );
            let Chunk { rejects, lines_read, .. } = chunk;
            // If the writer has ended there is nobody to tell.
            let _ = done.send(Done { number, lines_read, rows, rejects, tally, bytes_read });
        });
    }

    fn summary(
        &self,
        reader: &Reader,
        tally: &Tally,
        [lines_read, lines_rejected]: [u64; 2],
        threads: usize,
        started: Instant,
    ) -> Summary {
        let pack = self.pack();
        let place = |place: Place| {
            let input = reader.inputs().get(place.input as usize).map_or(String::new(), ToString::to_string);
            format!("{input}, {}", place.position)
        };
        let unknown = tally.unknown.iter().filter(|(_, unknown)| unknown.lines() > 0);
        Summary {
            lines_read,
            lines_assessed: lines_read - lines_rejected,
            lines_rejected,
            declarations: tally.declarations,
            channels: pack
                .channels
                .iter()
                .zip(&tally.channels)
                .map(|(channel, &count)| (channel.name.clone(), count))
                .collect(),
            points_total: tally.points,
            points_raw_total: tally.points_raw,
            fired_total: tally.fired_total(),
            faults_total: tally.faults_total(),
            rules: tally.rule_counts(pack),
            unknown_codes: unknown
                .map(|(id, unknown)| (pack.schema[*id].name.clone(), unknown.clone()))
                .collect(),
            scattered_declarations: reader.scattered().count,
            scattered_places: reader
                .scattered()
                .first
                .iter()
                .map(|scattered| ScatteredPlaces {
                    first: place(scattered.first),
                    again: place(scattered.again),
                })
                .collect(),
            inputs: reader
                .notes()
                .iter()
                .map(|notes| InputSummary {
                    input: notes.input.clone(),
                    unused_columns: notes.unused_columns.clone(),
                    absent_fields: notes.absent_fields.clone(),
                })
                .collect(),
            pack: self.pack_id().to_string(),
            digest: self.digest().to_owned(),
            load_seconds: self.load_time().as_secs_f64(),
            seconds: started.elapsed().as_secs_f64(),
            threads,
        }
    }
}

struct Writer<'o> {
    outputs: Outputs<'o>,
    tally: Tally,
    /// Lines read, and lines rejected.
    lines: [u64; 2],
    bytes_total: Option<u64>,
}

impl Writer<'_> {
    /// Gives the batches to the outputs in the order in which they were read.
    fn write_in_order(
        &mut self,
        done: Receiver<Done>,
        permits: &std::sync::mpsc::SyncSender<()>,
    ) -> Result<(), JobError> {
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for batch in done {
            waiting.insert(batch.number, batch);
            while let Some(batch) = waiting.remove(&next) {
                self.write(batch)?;
                next += 1;
                // The reader may have ended.
                let _ = permits.try_send(());
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: Done) -> Result<(), JobError> {
        let rows = batch.rows?;
        if !batch.rejects.is_empty() {
            (self.outputs.rejects)(&batch.rejects)?;
        }
        if rows.num_rows() > 0 {
            (self.outputs.assessments)(&rows)?;
        }
        self.tally.add(&batch.tally);
        self.lines[0] += batch.lines_read;
        self.lines[1] += batch.rejects.len() as u64;
        (self.outputs.progress)(Progress {
            lines: self.lines[0],
            bytes_read: batch.bytes_read,
            bytes_total: self.bytes_total,
        });
        Ok(())
    }
}
