//! Work on all chunks of a reader, in rounds: while the chunks of one round are worked on by all threads, those of the
//! next are read. Order is kept and memory is bounded. Everything that goes over files goes through here.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::ArrowError;
use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::read::{Chunk, Parts, ReadError, Reader};
use crate::threads::{is_in_pool, processors};
use crate::write::WriteError;

/// The chunks of a round for each thread, if there are several threads; four are no faster. Two rounds are on their
/// way at once. It bounds the memory: a chunk holds at most `batch_lines` lines (or one declaration), its columns and
/// its results.
const CHUNKS_PER_THREAD: usize = 2;

/// The least limit of memory; smaller ones count as this.
pub(crate) const MEMORY_MIN: usize = 16 << 20;

/// Stops work from another thread, or from a callback. Clones stop the same work.
///
/// ```
/// use qingfeng::{Cancel, Engine, JobError};
/// use qingfeng::read::Input;
///
/// let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
/// let cancel = Cancel::new();
/// cancel.cancel();
/// let rows = engine.score(Input::bytes("a.csv", "declaration_id,destination,mode,hs\n")).cancel(&cancel);
/// assert!(matches!(rows.into_iter().next(), Some(Err(JobError::Cancelled))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// One that has not been called.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the work before its next round.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Which threads work on many lines, and what stops them.
///
/// Without a number of threads and without a pool, work that is started within a rayon pool is done by that pool;
/// outside of one a pool is made for it, with a thread for each processor. No answer depends on it.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    threads: Option<usize>,
    pool: Option<Arc<ThreadPool>>,
    cancel: Option<Cancel>,
    memory: Option<usize>,
}

impl Pipeline {
    /// The pool that this is called in, or one of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// A pool of its own with so many threads, 1 at least.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The threads of this pool.
    #[must_use]
    pub fn pool(mut self, pool: Arc<ThreadPool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Stops with [`JobError::Cancelled`] when this is called.
    #[must_use]
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// Bounds the bytes of declarations that were read and whose results were not given out yet, 16 MiB at least. Less
    /// is read at once then; a single declaration that does not fit is [`ReadError::Memory`], which names it. Results
    /// and what compressed formats need to be unpacked come on top.
    #[must_use]
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes.max(MEMORY_MIN));
        self
    }

    /// The number of threads that it would work with here.
    pub(crate) fn thread_count(&self) -> usize {
        match (&self.pool, self.threads) {
            (Some(pool), _) => pool.current_num_threads(),
            (None, Some(threads)) => threads.max(1),
            (None, None) if is_in_pool() => rayon::current_num_threads(),
            (None, None) => processors(),
        }
    }

    /// The threads.
    pub(crate) fn start(&self) -> Result<Threads, JobError> {
        if self.pool.is_some() || (self.threads.is_none() && is_in_pool()) {
            return Ok(Threads(self.pool.clone()));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.thread_count())
            .thread_name(|at| format!("qingfeng-{at}"))
            .build();
        pool.map(|pool| Threads(Some(pool.into()))).map_err(|error| JobError::Threads(error.to_string()))
    }

    /// Does work in its threads. Outside of any pool, what works with rayon would start rayon's own, which goes by no
    /// limit, and whose threads a forked process lacks and waits for.
    ///
    /// ```
    /// assert_eq!(qingfeng::Pipeline::new().threads(2).install(rayon::current_num_threads)?, 2);
    /// # Ok::<(), qingfeng::JobError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Threads that cannot be started.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R, JobError> {
        Ok(self.start()?.install(work))
    }

    /// The rounds in which these threads work on a reader.
    pub(crate) fn rounds(&self, threads: &Threads, mut reader: Reader) -> Rounds {
        let count = threads.count();
        let mut chunks = if count == 1 { 1 } else { count * CHUNKS_PER_THREAD };
        if let Some(bytes) = self.memory {
            // Two rounds of chunks and what waits to become one: each has a quarter for each chunk of a round.
            chunks = chunks.min(bytes / MEMORY_MIN).max(1);
            reader.limit_memory(bytes / (4 * chunks));
        }
        reader.decode_ahead(chunks);
        let bytes_total = reader.bytes_total();
        Rounds {
            reader,
            chunks,
            bytes_total,
            next: None,
            lines_read: 0,
            lines_given: 0,
            cancel: self.cancel.clone(),
            has_ended: false,
        }
    }

    /// Gives each chunk and the number of goods lines before it to `each`, on any thread, and what it makes to `take`, in the order of the input and one at a
    /// time, until that says to stop. Gives the reader back.
    ///
    /// # Errors
    ///
    /// An input that cannot be read; threads that cannot be started; what `take` fails with.
    pub fn map<T: Send>(
        &self,
        reader: Reader,
        each: &(dyn Fn(Chunk, u64) -> T + Sync),
        take: &mut (dyn FnMut(T) -> Result<ControlFlow<()>, JobError> + Send),
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Reader, JobError> {
        let threads = self.start()?;
        let mut rounds = self.rounds(&threads, reader);
        threads.install(|| {
            while rounds.step(each, take, progress)? {}
            Ok(rounds.reader)
        })
    }
}

impl From<Option<usize>> for Pipeline {
    /// So many threads, or as by [`Pipeline::new`].
    fn from(threads: Option<usize>) -> Self {
        Self { threads, ..Self::default() }
    }
}

/// The threads of a piece of work: a pool, or without one those of the pool in which the work was started.
pub(crate) struct Threads(Option<Arc<ThreadPool>>);

impl Threads {
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or_else(rayon::current_num_threads, |pool| pool.current_num_threads())
    }

    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// How far work is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Lines that were read and worked on.
    pub lines: u64,
    /// Bytes read so far, as they stand in the files.
    pub bytes_read: u64,
    /// The bytes of all inputs, if all are files or bytes in memory.
    pub bytes_total: Option<u64>,
}

/// Work on many lines failed. What was read before was worked on, and given to the outputs.
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
    /// The work was stopped by a [`Cancel`].
    #[error("the work was cancelled")]
    Cancelled,
}

/// Chunks that are read together and worked on together.
struct Round {
    chunks: Vec<Parts>,
    bytes_read: u64,
    /// Why nothing follows, if nothing does: the inputs have ended, or cannot be read on.
    end: Option<Result<(), ReadError>>,
}

impl Round {
    /// Up to `chunks_max` further chunks.
    fn read(reader: &mut Reader, chunks_max: usize) -> Self {
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

/// Gives on what threads make, in order and one at a time, while they make more.
struct InOrder<'t, T> {
    made: Vec<Mutex<Option<T>>>,
    taker: Mutex<Taker<'t, T>>,
}

struct Taker<'t, T> {
    take: &'t mut (dyn FnMut(T) -> Result<ControlFlow<()>, JobError> + Send),
    /// What comes next.
    next: usize,
    state: Result<ControlFlow<()>, JobError>,
}

impl<'t, T: Send> InOrder<'t, T> {
    /// Gives so many things to `take`, until that says to stop or fails.
    fn new(count: usize, take: &'t mut (dyn FnMut(T) -> Result<ControlFlow<()>, JobError> + Send)) -> Self {
        let made = (0..count).map(|_| Mutex::new(None)).collect();
        Self { made, taker: Mutex::new(Taker { take, next: 0, state: Ok(ControlFlow::Continue(())) }) }
    }

    fn put(&self, at: usize, made: T) {
        *lock(&self.made[at]) = Some(made);
        // Whoever is giving something on gives this on, too: no thread waits for it.
        while let Ok(mut taker) = self.taker.try_lock() {
            let next = taker.next;
            let made = self.made.get(next).and_then(|made| lock(made).take());
            match made {
                Some(made) => {
                    taker.next += 1;
                    if matches!(taker.state, Ok(ControlFlow::Continue(()))) {
                        taker.state = (taker.take)(made);
                    }
                }
                None => {
                    drop(taker);
                    // It may have come since, from a thread that found the taker at work.
                    if self.made.get(next).is_none_or(|made| lock(made).is_none()) {
                        return;
                    }
                }
            }
        }
    }

    /// How it ended, when all was put.
    fn end(self) -> Result<ControlFlow<()>, JobError> {
        self.taker.into_inner().unwrap_or_else(PoisonError::into_inner).state
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rounds of a reader.
pub(crate) struct Rounds {
    pub(crate) reader: Reader,
    chunks: usize,
    pub(crate) bytes_total: Option<u64>,
    next: Option<Round>,
    /// Lines of the chunks whose results were taken, rejected ones included.
    lines_read: u64,
    /// Goods lines of the chunks that were handed out.
    lines_given: u64,
    cancel: Option<Cancel>,
    has_ended: bool,
}

impl Rounds {
    /// Works on the next round, in the pool that this is called in, while the one after it is read. Says whether more
    /// may follow; after an error nothing does.
    pub(crate) fn step<T: Send>(
        &mut self,
        each: &(dyn Fn(Chunk, u64) -> T + Sync),
        take: &mut (dyn FnMut(T) -> Result<ControlFlow<()>, JobError> + Send),
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<bool, JobError> {
        if std::mem::replace(&mut self.has_ended, true) {
            return Ok(false);
        }
        if self.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(JobError::Cancelled);
        }
        let Round { chunks, bytes_read, end } = match self.next.take() {
            Some(round) => round,
            None => Round::read(&mut self.reader, self.chunks),
        };
        let Self { reader, lines_read, lines_given, bytes_total, chunks: chunks_max, .. } = self;
        let mut before = Vec::with_capacity(chunks.len());
        for parts in &chunks {
            before.push(*lines_given);
            *lines_given += parts.lines() as u64;
        }
        let work = || {
            let mut take = |(lines, made)| {
                if take(made)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                *lines_read += lines;
                progress(Progress { lines: *lines_read, bytes_read, bytes_total: *bytes_total });
                Ok(ControlFlow::Continue(()))
            };
            let made = InOrder::new(chunks.len(), &mut take);
            let work = chunks.into_par_iter().zip(before).enumerate().with_max_len(1);
            work.for_each(|(at, (parts, before))| {
                let chunk = parts.chunk();
                made.put(at, (chunk.lines_read(), each(chunk, before)));
            });
            made.end()
        };
        if let Some(end) = end {
            let worked = work()?;
            if worked.is_continue() {
                end?;
            }
            return Ok(false);
        }
        // The thread that comes here works first: if it is the only one, results are given out before more is read.
        let (worked, next) = rayon::join(work, || Round::read(reader, *chunks_max));
        self.has_ended = worked?.is_break();
        self.next = Some(next);
        Ok(!self.has_ended)
    }
}
