//! Work on all chunks of a reader, spread over threads: while one round of chunks is worked on, the next is read. Order
//! is kept and memory is bounded, as in a scoring run.

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::job::{CHUNKS_PER_THREAD, JobError, Progress, Round};
use crate::read::{Chunk, Reader};

/// Gives each chunk to `each`, on any thread, and what it makes to `take`, in the order of the input.
///
/// # Errors
///
/// An input that cannot be read; threads that cannot be started.
pub fn over_chunks<T: Send>(
    mut reader: Reader,
    threads: Option<usize>,
    each: &(dyn Fn(Chunk) -> T + Sync),
    take: &mut (dyn FnMut(T) + Send),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Reader, JobError> {
    let available = || std::thread::available_parallelism().map_or(1, Into::into);
    let threads = threads.unwrap_or_else(available).max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| JobError::Threads(error.to_string()))?;
    let chunks_max = if threads == 1 { 1 } else { threads * CHUNKS_PER_THREAD };
    let bytes_total = reader.bytes_total();
    reader.decode_ahead(chunks_max);
    pool.install(move || {
        let mut lines = 0;
        let mut round = Round::read(&mut reader, chunks_max);
        loop {
            let Round { chunks, bytes_read, end } = round;
            let work = || {
                let made = chunks.into_par_iter().with_max_len(1).map(|parts| {
                    let chunk = parts.chunk();
                    (chunk.lines_read, each(chunk))
                });
                let made: Vec<(u64, T)> = made.collect();
                for (lines_read, made) in made {
                    lines += lines_read;
                    take(made);
                }
                progress(Progress { lines, bytes_read, bytes_total });
            };
            if let Some(end) = end {
                work();
                end?;
                return Ok(reader);
            }
            ((), round) = rayon::join(work, || Round::read(&mut reader, chunks_max));
        }
    })
}
