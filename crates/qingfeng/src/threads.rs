//! What there is of threads here, and things that calls borrow and give back.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The processors of the machine.
pub(crate) fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, Into::into))
}

/// Whether this is called in a pool of threads. Elsewhere there is none to use: rayon's own would be started.
pub(crate) fn is_in_pool() -> bool {
    rayon::current_thread_index().is_some()
}

/// What nobody uses at present. As many are kept as can be in use at once without waiting for a processor; what a rush
/// of calls needed beyond that is dropped when it is given back.
pub(crate) struct Idle<T>(Mutex<Vec<T>>);

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Idle<T> {
    fn all(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn borrow(&self) -> Option<T> {
        self.all().pop()
    }

    pub(crate) fn give_back(&self, item: T) {
        let in_pool = if is_in_pool() { rayon::current_num_threads() } else { 0 };
        let mut idle = self.all();
        if idle.len() < processors().max(in_pool) {
            idle.push(item);
        }
    }

    /// Drops all that is idle.
    pub(crate) fn clear(&self) {
        self.all().clear();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.all().len()
    }
}
