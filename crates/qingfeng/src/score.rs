//! Scoring inputs of any length: rows, rejects and a summary, by callbacks or as an iterator.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::engine::Engine;
use crate::output::By;
use crate::output::summary::{Summary, Tally};
use crate::pipeline::{Cancel, JobError, Pipeline, Progress, Rounds, Threads};
use crate::read::{Chunk, Input, ReadOptions, Reader, Reject};
use crate::write::WriteError;

/// What becomes of the results. Called in input order and one at a time, on the threads that score.
///
/// They are part of its work: what an output does with rayon is spread over those threads, as
/// [`TableWriter`](crate::write::TableWriter) spreads its encoding.
pub struct Outputs<'o> {
    /// Takes the rows of a batch; [`Engine::output_schema`] says which columns they have. An error of its own, of any
    /// kind, is a [`WriteError::Io`] by [`WriteError::other`].
    pub assessments: &'o mut (dyn FnMut(&RecordBatch) -> Result<(), WriteError> + Send),
    /// Takes the lines that could not be read.
    pub rejects: &'o mut (dyn FnMut(&[Reject]) -> Result<(), WriteError> + Send),
    /// Is given how far the work is, after each batch.
    pub progress: &'o mut (dyn FnMut(Progress) + Send),
}

/// What declarations are scored: inputs, or a reader of the pack's schema.
#[derive(Debug)]
pub struct Inputs(Result<Vec<Input>, Box<Reader>>);

impl From<Input> for Inputs {
    fn from(input: Input) -> Self {
        Self(Ok(vec![input]))
    }
}

impl From<Vec<Input>> for Inputs {
    fn from(inputs: Vec<Input>) -> Self {
        Self(Ok(inputs))
    }
}

impl From<Reader> for Inputs {
    fn from(reader: Reader) -> Self {
        Self(Err(Box::new(reader)))
    }
}

/// How inputs are scored, made by [`Engine::score`]. Run it with callbacks, or go over its batches.
#[derive(Debug)]
#[must_use = "nothing is scored until it is run or gone over"]
pub struct Scoring {
    engine: Engine,
    inputs: Inputs,
    read: ReadOptions,
    by: By,
    reasons: bool,
    pipeline: Pipeline,
}

impl Engine {
    /// Scores all declarations of inputs, one after the other. Rows, rejects and the summary do not depend on the
    /// threads.
    ///
    /// ```
    /// use qingfeng::{By, Engine};
    /// use qingfeng::read::Input;
    ///
    /// let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
    /// let csv = "declaration_id,destination,mode,hs,quantity\nD1,KE,0110,8711209000,40\nD2,KE,0110,,1\n";
    /// let mut batches = engine.score(Input::bytes("a.csv", csv)).by(By::Item).reasons(true).into_iter();
    /// for batch in &mut batches {
    ///     let batch = batch?;
    ///     println!("{} rows, {} rejects", batch.rows.num_rows(), batch.rejects.len());
    /// }
    /// let summary = batches.summary().expect("all was scored");
    /// assert_eq!((summary.lines_assessed, summary.lines_unreadable), (2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn score(&self, inputs: impl Into<Inputs>) -> Scoring {
        Scoring {
            engine: self.clone(),
            inputs: inputs.into(),
            read: ReadOptions {
                max_declaration_lines: self.direct().max_declaration_lines(),
                ..ReadOptions::default()
            },
            by: By::default(),
            reasons: false,
            pipeline: Pipeline::new(),
        }
    }
}

impl Scoring {
    /// What a row stands for: a declaration, unless another is said.
    pub fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// Whether rows have the reasons of the rules that fired.
    pub fn reasons(mut self, reasons: bool) -> Self {
        self.reasons = reasons;
        self
    }

    /// How inputs are read, unless a reader was given.
    pub fn read(mut self, options: ReadOptions) -> Self {
        self.read = options;
        self
    }

    /// The threads, what cancels them and the limit of memory, all at once.
    pub fn pipeline(mut self, pipeline: impl Into<Pipeline>) -> Self {
        self.pipeline = pipeline.into();
        self
    }

    /// [`Pipeline::threads`].
    pub fn threads(mut self, threads: usize) -> Self {
        self.pipeline = self.pipeline.threads(threads);
        self
    }

    /// [`Pipeline::pool`].
    pub fn pool(mut self, pool: Arc<rayon::ThreadPool>) -> Self {
        self.pipeline = self.pipeline.pool(pool);
        self
    }

    /// [`Pipeline::cancel`].
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.pipeline = self.pipeline.cancel(cancel);
        self
    }

    /// [`Pipeline::memory_limit`].
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.pipeline = self.pipeline.memory_limit(bytes);
        self
    }

    /// Scores everything, and gives the results to callbacks while more is read.
    ///
    /// # Errors
    ///
    /// An input or an output that fails; everything before the failure was given to the outputs.
    pub fn run(self, outputs: Outputs<'_>) -> Result<Summary, JobError> {
        let _span = tracing::debug_span!("score").entered();
        let Outputs { assessments, rejects, progress } = outputs;
        let mut run = self.start()?;
        let Run { scorer, threads, rounds, tally, .. } = &mut run;
        let mut take = |scored: Scored| {
            let rows = scored.rows?;
            if !scored.rejects.is_empty() {
                rejects(&scored.rejects)?;
            }
            if rows.num_rows() > 0 {
                assessments(&rows)?;
            }
            tally.add(&scored.tally);
            Ok(ControlFlow::Continue(()))
        };
        threads.install(|| {
            while rounds.step(&|chunk, _| scorer.score(chunk), &mut take, progress)? {}
            Ok::<_, JobError>(())
        })?;
        Ok(run.summary())
    }

    fn start(self) -> Result<Run, JobError> {
        let started = Instant::now();
        let Self { engine, inputs, read, by, reasons, pipeline } = self;
        let reader = match inputs.0 {
            Ok(inputs) => Reader::new(Arc::clone(&engine.pack().schema), inputs, read)?,
            Err(reader) => *reader,
        };
        let threads = pipeline.start()?;
        let rounds = pipeline.rounds(&threads, reader);
        let tally = Tally::empty(engine.pack());
        Ok(Run { scorer: Scorer { engine, by, reasons }, threads, rounds, tally, started })
    }
}

impl IntoIterator for Scoring {
    type Item = Result<ScoredBatch, JobError>;
    type IntoIter = ScoredBatches;

    /// The batches in input order, each scored when it is asked for, a round at a time. What fails comes as an error
    /// after the batches before it, and ends them.
    fn into_iter(self) -> ScoredBatches {
        let (run, failure) = match self.start() {
            Ok(run) => (Some(run), None),
            Err(error) => (None, Some(error)),
        };
        ScoredBatches { run, ready: VecDeque::new(), failure, summary: None }
    }
}

/// The results of some declarations.
#[derive(Debug)]
#[non_exhaustive]
pub struct ScoredBatch {
    /// Their rows; [`Engine::output_schema`] says which columns they have. There may be none.
    pub rows: RecordBatch,
    /// The lines that could not be read.
    pub rejects: Vec<Reject>,
}

/// The results of inputs, batch by batch. As many batches are scored at once as there are threads, twice over, and
/// wait to be taken.
pub struct ScoredBatches {
    run: Option<Run>,
    ready: VecDeque<ScoredBatch>,
    failure: Option<JobError>,
    summary: Option<Summary>,
}

impl ScoredBatches {
    /// The counts of the whole, once all batches were taken and nothing failed.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// How far the work is.
    pub fn progress(&self) -> Option<Progress> {
        let Run { rounds, tally, .. } = self.run.as_ref()?;
        let (bytes_read, bytes_total) = (rounds.reader.bytes_read(), rounds.bytes_total);
        Some(Progress { lines: tally.lines_read, bytes_read, bytes_total })
    }
}

impl Iterator for ScoredBatches {
    type Item = Result<ScoredBatch, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty()
            && let Some(run) = &mut self.run
        {
            let Run { scorer, threads, rounds, tally, .. } = run;
            let ready = &mut self.ready;
            let mut take = |scored: Scored| {
                ready.push_back(ScoredBatch { rows: scored.rows?, rejects: scored.rejects });
                tally.add(&scored.tally);
                Ok(ControlFlow::Continue(()))
            };
            match threads.install(|| rounds.step(&|chunk, _| scorer.score(chunk), &mut take, &mut |_| {})) {
                Ok(true) => {}
                Ok(false) => self.summary = self.run.take().map(Run::summary),
                Err(error) => {
                    self.failure = Some(error);
                    self.run = None;
                }
            }
        }
        match self.ready.pop_front() {
            Some(batch) => Some(Ok(batch)),
            None => self.failure.take().map(Err),
        }
    }
}

/// What became of a chunk.
struct Scored {
    rows: Result<RecordBatch, ArrowError>,
    rejects: Vec<Reject>,
    tally: Tally,
}

struct Scorer {
    engine: Engine,
    by: By,
    reasons: bool,
}

impl Scorer {
    fn score(&self, chunk: Chunk) -> Scored {
        let Self { engine, by, reasons } = self;
        let lines_read = chunk.lines_read();
        let Chunk { lines, rejects, lines_lost, changes } = chunk;
        let _span = tracing::debug_span!("batch", lines = lines.len(), rejects = rejects.len()).entered();
        let results = engine.evaluate(&lines);
        let reasons = reasons.then(|| engine.reasons(&results));
        let mut tally = Tally::of(engine.pack(), &lines, &results);
        (tally.lines_read, tally.lines_rejected, tally.changes) = (lines_read, lines_lost, changes);
        let rows = engine.rows(&lines, &results, *by, reasons.as_deref());
        Scored { rows, rejects, tally }
    }
}

/// A scoring under way.
struct Run {
    scorer: Scorer,
    threads: Threads,
    rounds: Rounds,
    tally: Tally,
    started: Instant,
}

impl Run {
    fn summary(self) -> Summary {
        let Self { scorer, threads, rounds, tally, started } = self;
        let seconds = started.elapsed().as_secs_f64();
        let (lines, rejected, declarations) = (tally.lines_read, tally.lines_rejected, tally.declarations);
        tracing::debug!(lines, rejected, declarations, seconds, "scored");
        Summary::of(&scorer.engine, &rounds.reader, &tally, threads.count(), seconds)
    }
}
