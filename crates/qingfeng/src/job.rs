//! Scoring files, in rounds: while the chunks of one round are scored and written, those of the next are read. Order
//! is kept and memory is bounded.

use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::engine::Engine;
use crate::output::By;
use crate::read::{Chunk, Parts, Place, ReadError, Reader, Reject};
use crate::summary::{InputSummary, ScatteredPlaces, Summary, Tally};
use crate::write::WriteError;

/// How to score.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// What a row of the output stands for.
    pub by: By,
    /// Whether rows have the reasons of the rules that fired.
    pub reasons: bool,
    /// The threads that decode, score and encode, 1 at least; `None` takes one for each processor. The output does
    /// not depend on it.
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

/// What becomes of the results. Called in input order and one at a time, on the threads of the job.
///
/// They are part of its work: what an output does with rayon is spread over the threads of the job, as
/// [`TableWriter`](crate::write::TableWriter) spreads its encoding.
pub struct Outputs<'o> {
    /// Takes the rows of a batch; [`Engine::output_schema`] says which columns they have.
    pub assessments: &'o mut (dyn FnMut(&RecordBatch) -> Result<(), WriteError> + Send),
    /// Takes the lines that could not be read.
    pub rejects: &'o mut (dyn FnMut(&[Reject]) -> Result<(), WriteError> + Send),
    /// Is told how far the run is, after each batch.
    pub progress: &'o mut (dyn FnMut(Progress) + Send),
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

/// Chunks that are read together, and scored and written together.
pub(crate) struct Round {
    pub chunks: Vec<Parts>,
    pub bytes_read: u64,
    /// Why nothing follows, if nothing does: the inputs have ended, or cannot be read on.
    pub end: Option<Result<(), ReadError>>,
}

/// What became of a chunk.
struct Scored {
    lines_read: u64,
    rows: Result<RecordBatch, ArrowError>,
    rejects: Vec<Reject>,
    tally: Tally,
}

/// The chunks of a round for each thread, if there are several threads; four are no faster. Two rounds are on their
/// way at once. It bounds the memory: a chunk holds at most `batch_lines` lines (or one declaration), its columns and
/// its rows.
pub(crate) const CHUNKS_PER_THREAD: usize = 2;

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
        let chunks = if threads == 1 { 1 } else { threads * CHUNKS_PER_THREAD };
        pool.install(|| self.run_rounds(reader, outputs, options, chunks)).map(|done| {
            let (reader, tally, lines) = done;
            self.summary(&reader, &tally, lines, threads, started)
        })
    }

    /// Runs a job in the pool that this is called in.
    fn run_rounds(
        &self,
        mut reader: Reader,
        outputs: Outputs<'_>,
        options: &JobOptions,
        chunks: usize,
    ) -> Result<(Reader, Tally, [u64; 2]), JobError> {
        let bytes_total = reader.bytes_total();
        reader.decode_ahead(chunks);
        let mut writer = Writer { outputs, tally: Tally::empty(self.pack()), lines: [0; 2], bytes_total };
        let mut round = Round::read(&mut reader, chunks);
        loop {
            let Round { chunks: read, bytes_read, end } = round;
            if let Some(end) = end {
                self.score_and_write(read, bytes_read, &mut writer, options)?;
                end?;
                return Ok((reader, writer.tally, writer.lines));
            }
            // The thread that comes here scores first: if it is the only one, rows are written before more is read.
            let (written, next) = rayon::join(
                || self.score_and_write(read, bytes_read, &mut writer, options),
                || Round::read(&mut reader, chunks),
            );
            written?;
            round = next;
        }
    }

    fn score_and_write(
        &self,
        chunks: Vec<Parts>,
        bytes_read: u64,
        writer: &mut Writer<'_>,
        options: &JobOptions,
    ) -> Result<(), JobError> {
        let scored = chunks.into_par_iter().with_max_len(1).map(|parts| self.score(parts, options));
        let scored: Vec<Scored> = scored.collect();
        scored.into_iter().try_for_each(|scored| writer.write(scored, bytes_read))
    }

    fn score(&self, parts: Parts, options: &JobOptions) -> Scored {
        let Chunk { lines, rejects, lines_read } = parts.chunk();
        let results = self.evaluate(&lines);
        let reasons = options.reasons.then(|| self.reasons(&results));
        let tally = Tally::of(self.pack(), self.evaluator(), &lines, &results);
        let rows = self.rows(&lines, &results, options.by, reasons.as_deref());
        Scored { lines_read, rows, rejects, tally }
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
            lookups: self.lookups().map(|lookups| lookups.snapshot.clone()),
            load_seconds: self.load_time().as_secs_f64(),
            seconds: started.elapsed().as_secs_f64(),
            threads,
        }
    }
}

impl Round {
    /// The next chunks, so many at most.
    pub(crate) fn read(reader: &mut Reader, chunks_max: usize) -> Self {
        let mut chunks = Vec::with_capacity(chunks_max);
        let end = loop {
            if chunks.len() == chunks_max {
                break None;
            }
            match reader.parts() {
                Some(Ok(parts)) => chunks.push(parts),
                Some(Err(error)) => break Some(Err(error)),
                None => break Some(Ok(())),
            }
        };
        Self { chunks, bytes_read: reader.bytes_read(), end }
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
    /// Gives the results of the next chunk to the outputs.
    fn write(&mut self, scored: Scored, bytes_read: u64) -> Result<(), JobError> {
        let rows = scored.rows?;
        if !scored.rejects.is_empty() {
            (self.outputs.rejects)(&scored.rejects)?;
        }
        if rows.num_rows() > 0 {
            (self.outputs.assessments)(&rows)?;
        }
        self.tally.add(&scored.tally);
        self.lines[0] += scored.lines_read;
        self.lines[1] += scored.rejects.len() as u64;
        let bytes_total = self.bytes_total;
        (self.outputs.progress)(Progress { lines: self.lines[0], bytes_read, bytes_total });
        Ok(())
    }
}
