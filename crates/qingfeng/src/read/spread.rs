//! Work spread over the threads of the pool that it is called in.

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator,
};

use crate::threads::is_in_pool;

/// Does each piece of work with the worker of its number, by the threads of the pool that this is called in; outside
/// of a pool by the calling thread alone, so that whoever reads without asking for threads gets none.
pub(crate) fn each<S: Send, W: Send, R: Send>(
    workers: &mut [S],
    work: Vec<W>,
    do_it: impl Fn(&mut S, W) -> R + Sync,
) -> Vec<R> {
    if work.len() > 1 && is_in_pool() {
        let all = workers.par_iter_mut().zip(work.into_par_iter()).with_max_len(1);
        all.map(|(worker, work)| do_it(worker, work)).collect()
    } else {
        workers.iter_mut().zip(work).map(|(worker, work)| do_it(worker, work)).collect()
    }
}
